//! Identity and settings of the server.

use model::account::{AccountSettings, AccountSettingsPatch};
use model::server::{Server, ServerSettings, ServerSettingsPatch, UpdateServer};
use model::settings::{SettingsChange, SettingsView, Source, change, explain};
use serde_json::{Value, json};
use store::{News, Tx};

use crate::operation::{Call, Done, Nothing};
use crate::setup::{language, time_zone};
use crate::{Error, Kind, Result, Service};

/// Refuses when the caller has seen another version.
pub(crate) fn check_version(call: &Call, current: i64) -> Result<()> {
    match call.expect {
        Some(expected) if expected != current => {
            let detail = format!("The object has version {current}, not {expected}; read it again.");
            Err(Error { current_version: Some(current), ..Error::new(Kind::Stale, "version_conflict", detail) })
        }
        _ => Ok(()),
    }
}

/// Turns the faults of a settings change into an error.
pub(crate) fn settings_fault(faults: Vec<(String, String)>) -> Error {
    let error = Error::new(Kind::Invalid, "validation_failed", "A setting cannot have this value.");
    faults.into_iter().fold(error, |error, (pointer, detail)| error.at(pointer, "validation_failed", detail))
}

impl Service {
    /// Identity of the server.
    pub(crate) async fn get_server(self, call: Call, _input: Nothing) -> Result<Done<Server>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        self.read_server().await
    }

    async fn read_server(&self) -> Result<Done<Server>> {
        let server = self.store().server().await?.ok_or_else(|| Error::not_found("server"))?;
        let version = server.version;
        Ok(Done::versioned(server, version))
    }

    pub(crate) async fn lock_server(&self, call: &Call, right: &'static str) -> Result<Tx> {
        call.caller.may_server(right)?;
        let mut tx = self.store().begin().await?;
        check_version(call, tx.lock_server().await?.1)?;
        Ok(tx)
    }

    pub(crate) async fn announce_server(&self, call: &Call, mut tx: Tx, action: &str, object: Value) -> Result<()> {
        let ip = call.caller.remote_ip.to_string();
        tx.announce(&News { actor: call.caller.name(), remote_ip: &ip, action, name: "server", topic: "system", kind: "server.updated", account: None, domain: None, object }).await?;
        tx.commit().await?;
        self.forget_names();
        Ok(())
    }

    /// Changes the identity of the server.
    pub(crate) async fn update_server(self, call: Call, input: UpdateServer) -> Result<Done<Server>> {
        let language = input.language.as_deref().map(language).transpose()?;
        let zone = input.time_zone.as_deref().map(time_zone).transpose()?;
        let mut tx = self.lock_server(&call, "master").await?;
        tx.update_server(language, zone, None, None).await?;
        self.announce_server(&call, tx, "updateServer", json!({})).await?;
        self.read_server().await
    }

    /// Settings of the server with their origin.
    pub(crate) async fn get_server_settings(self, call: Call, _input: Nothing) -> Result<Done<SettingsView>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        let (settings, .., version) = self.store().server_settings().await?;
        Ok(Done::versioned(SettingsView { data: explain::<ServerSettings>(&[(Source::Server, &settings)]), version }, version))
    }

    /// Changes settings of the server.
    pub(crate) async fn update_server_settings(self, call: Call, input: SettingsChange<ServerSettingsPatch>) -> Result<Done<SettingsView>> {
        let mut tx = self.lock_server(&call, "settings").await?;
        let (stored, ..) = self.store().server_settings().await?;
        let next = change::<ServerSettings>(&stored, &input).map_err(settings_fault)?;
        tx.update_server(None, None, Some(&next), None).await?;
        self.announce_server(&call, tx, "updateServerSettings", json!({"settings": next})).await?;
        self.load_limits().await?;
        self.get_server_settings(Call { expect: None, ..call }, Nothing {}).await
    }

    /// Defaults of all accounts with their origin.
    pub(crate) async fn get_server_account_defaults(self, call: Call, _input: Nothing) -> Result<Done<SettingsView>> {
        call.caller.may_server("domains_read").or_else(|_| call.caller.may_server("domains_all"))?;
        let (_, defaults, _, version) = self.store().server_settings().await?;
        Ok(Done::versioned(SettingsView { data: explain::<AccountSettings>(&[(Source::Server, &defaults)]), version }, version))
    }

    /// Changes defaults of all accounts.
    pub(crate) async fn update_server_account_defaults(self, call: Call, input: SettingsChange<AccountSettingsPatch>) -> Result<Done<SettingsView>> {
        let mut tx = self.lock_server(&call, "domains_all").await?;
        let (_, stored, ..) = self.store().server_settings().await?;
        let next = change::<AccountSettings>(&stored, &input).map_err(settings_fault)?;
        tx.update_server(None, None, None, Some(&next)).await?;
        self.announce_server(&call, tx, "updateServerAccountDefaults", json!({"account_defaults": next})).await?;
        self.get_server_account_defaults(Call { expect: None, ..call }, Nothing {}).await
    }
}
