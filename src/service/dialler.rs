//! Settings of the telephone in the browser.

use model::account::{DiallerSettings, DiallerSettingsPatch};
use model::settings::{SettingsChange, SettingsView, Source, change, explain};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::account::AccountRef;
use crate::operation::{Call, Done};
use crate::server::settings_fault;
use crate::{Error, Result, Service};

/// Changes settings of the telephone in the browser.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateDialler {
    /// The account: id, address, name in the main domain, or `me`.
    pub(crate) account: String,
    /// Values to set.
    pub(crate) set: Option<DiallerSettingsPatch>,
    /// Names to return to their defaults.
    #[serde(default)]
    pub(crate) unset: Vec<String>,
}

impl Service {
    /// Settings of the telephone in the browser.
    pub(crate) async fn get_dialler_settings(self, call: Call, input: AccountRef) -> Result<Done<SettingsView>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "basic_settings")?;
        let stored = self.store().dialler(account.id).await?.ok_or_else(|| Error::not_found("account"))?;
        let data = explain::<DiallerSettings>(&[(Source::Account, &stored)]);
        Ok(Done::versioned(SettingsView { data, version: account.version }, account.version))
    }

    /// Changes settings of the telephone in the browser.
    pub(crate) async fn update_dialler_settings(self, call: Call, input: UpdateDialler) -> Result<Done<SettingsView>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "basic_settings")?;
        let mut tx = self.lock_account(&call, account.id).await?;
        let stored = self.store().dialler(account.id).await?.ok_or_else(|| Error::not_found("account"))?;
        let next = change::<DiallerSettings>(&stored, &SettingsChange { set: input.set, unset: input.unset }).map_err(settings_fault)?;
        tx.save_dialler(account.id, &next).await?;
        self.announce_account(&call, tx, &account, "updateDiallerSettings", "account.updated", json!({"dialler": next})).await?;
        self.get_dialler_settings(Call { expect: None, ..call }, AccountRef { account: account.id.to_string() }).await
    }
}
