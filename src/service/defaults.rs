//! Defaults: what domains inherit from the server, and accounts from their domain.

use model::account::{AccountSettings, AccountSettingsPatch};
use model::domain::{DomainSettings, DomainSettingsPatch};
use model::settings::{SettingsChange, SettingsView, Source, change, explain, fold};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::domain::{DomainRef, check_reroutes};
use crate::operation::{Call, Done, Nothing};
use crate::server::settings_fault;
use crate::{Result, Service};

/// Changes account defaults of a domain.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateDomainAccountDefaults {
    /// The domain: id or name.
    pub(crate) domain: String,
    /// Values to set.
    pub(crate) set: Option<AccountSettingsPatch>,
    /// Names to return to inheritance.
    #[serde(default)]
    pub(crate) unset: Vec<String>,
}

impl Service {
    /// Defaults of all domains with their origin.
    pub(crate) async fn get_server_domain_defaults(self, call: Call, _input: Nothing) -> Result<Done<SettingsView>> {
        call.caller.may_server("domains_read").or_else(|_| call.caller.may_server("domains_all"))?;
        let (.., defaults, version) = self.store().server_settings().await?;
        Ok(Done::versioned(SettingsView { data: explain::<DomainSettings>(&[(Source::Server, &defaults)]), version }, version))
    }

    /// Changes defaults of all domains.
    pub(crate) async fn update_server_domain_defaults(self, call: Call, input: SettingsChange<DomainSettingsPatch>) -> Result<Done<SettingsView>> {
        let mut tx = self.lock_server(&call, "domains_all").await?;
        let (.., stored, _) = self.store().server_settings().await?;
        let next = change::<DomainSettings>(&stored, &input).map_err(settings_fault)?;
        check_reroutes(&fold(&[&next]))?;
        tx.update_domain_defaults(&next).await?;
        self.announce_server(&call, tx, "updateServerDomainDefaults", json!({"domain_defaults": next})).await?;
        self.routing_changed().await;
        self.get_server_domain_defaults(Call { expect: None, ..call }, Nothing {}).await
    }

    /// Defaults of the accounts of a domain with their origin.
    pub(crate) async fn get_domain_account_defaults(self, call: Call, input: DomainRef) -> Result<Done<SettingsView>> {
        let row = self.find_domain(&input.domain).await?;
        call.caller.may_domain(row.domain.id, "domain")?;
        let (_, server, ..) = self.store().server_settings().await?;
        let data = explain::<AccountSettings>(&[(Source::Server, &server), (Source::Domain, &row.account_defaults)]);
        Ok(Done::versioned(SettingsView { data, version: row.domain.version }, row.domain.version))
    }

    /// Changes defaults of the accounts of a domain.
    pub(crate) async fn update_domain_account_defaults(self, call: Call, input: UpdateDomainAccountDefaults) -> Result<Done<SettingsView>> {
        let row = self.find_domain(&input.domain).await?;
        call.caller.may_server("domains_all")?;
        let mut tx = self.lock_domain(&call, row.domain.id).await?;
        let row = self.find_domain(&row.domain.id.to_string()).await?;
        let next = change::<AccountSettings>(&row.account_defaults, &SettingsChange { set: input.set, unset: input.unset }).map_err(settings_fault)?;
        tx.update_account_defaults(row.domain.id, &next).await?;
        self.announce_domain(&call, tx, row.domain.id, &row.domain.name, "updateDomainAccountDefaults", "domain.updated", json!({"account_defaults": next})).await?;
        self.get_domain_account_defaults(Call { expect: None, ..call }, DomainRef { domain: input.domain }).await
    }
}
