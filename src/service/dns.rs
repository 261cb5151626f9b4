//! Which name servers are asked.

use std::net::{IpAddr, SocketAddr};

use model::server::{DnsSettings, DnsSettingsPatch};
use model::settings::{SettingsChange, SettingsView, Source, change, explain, fold};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::operation::{Call, Done, Nothing};
use crate::server::settings_fault;
use crate::{Result, Service};

/// Where they stand among the stored settings of modules.
const DNS: &str = "dns";

/// Changes settings of the DNS resolver.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateDnsSettings {
    /// Values to set.
    pub(crate) set: Option<DnsSettingsPatch>,
    /// Names to return to the built-in value.
    #[serde(default)]
    pub(crate) unset: Vec<String>,
}

impl Service {
    /// Settings of the DNS resolver with their origin.
    pub(crate) async fn get_dns_settings(self, call: Call, _input: Nothing) -> Result<Done<SettingsView>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        let (stored, version) = self.store().modules_and_version().await?;
        Ok(Done::versioned(SettingsView { data: explain::<DnsSettings>(&[(Source::Server, stored.get(DNS).unwrap_or(&Value::Null))]), version }, version))
    }

    /// Changes settings of the DNS resolver; the next question goes by them.
    pub(crate) async fn update_dns_settings(self, call: Call, input: UpdateDnsSettings) -> Result<Done<SettingsView>> {
        let mut tx = self.lock_server(&call, "settings").await?;
        let mut stored = self.store().modules().await?;
        let next = change::<DnsSettings>(stored.get(DNS).unwrap_or(&Value::Null), &SettingsChange { set: input.set, unset: input.unset }).map_err(settings_fault)?;
        let wrong = fold::<DnsSettings>(&[&next]).servers.into_iter().find(|server| server.parse::<IpAddr>().is_err() && server.parse::<SocketAddr>().is_err());
        if let Some(server) = wrong {
            return Err(settings_fault(vec![("/set/servers".to_owned(), format!("{server} is no address, nor address:port."))]));
        }
        if let Some(map) = stored.as_object_mut() {
            map.insert(DNS.to_owned(), next.clone());
        }
        tx.update_modules(&stored).await?;
        self.announce_server(&call, tx, "updateDnsSettings", json!({"dns": next})).await?;
        self.load_modules().await?;
        self.get_dns_settings(Call { expect: None, ..call }, Nothing {}).await
    }
}
