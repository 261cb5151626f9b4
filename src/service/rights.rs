//! Rights: who may do what over the server and in a domain.

use std::collections::BTreeSet;

use model::account::{ReplaceRights, Rights};
use serde_json::json;

use crate::account::AccountRef;
use crate::operation::{Call, Done};
use crate::{Error, Kind, Result, Service};

/// Rights over the server.
pub(crate) const SERVER: [&str; 15] = [
    "master",
    "settings",
    "settings_read",
    "domains_all",
    "domains_read",
    "monitors",
    "queue_control",
    "log_control",
    "session_control",
    "pbx_service",
    "media_capture",
    "directory",
    "audit_read",
    "trace_full",
    "mailbox_read_all",
];

/// Rights in a domain.
pub(crate) const DOMAIN: [&str; 20] = [
    "domain",
    "basic_settings",
    "pstn_settings",
    "web_user_settings",
    "can_create_accounts",
    "can_create_aliases",
    "can_create_groups",
    "can_create_lists",
    "can_create_named_tasks",
    "can_create_telnums",
    "can_access_web_sites",
    "can_create_web_skins",
    "can_create_pbx_apps",
    "can_post_alerts",
    "can_impersonate",
    "can_control_calls",
    "mail_rules",
    "signal_rules",
    "can_credit_accounts",
    "can_view_logs",
];

/// Rights to single settings, by what stands before the colon.
const PER_SETTING: [&str; 2] = ["domain_settings", "account_settings"];

/// The right by its name in the tables above.
fn domain_right(name: &str) -> Option<&'static str> {
    let per_setting = || name.split_once(':').filter(|(_, key)| !key.is_empty() && key.len() <= 64).and_then(|(kind, _)| PER_SETTING.into_iter().find(|known| *known == kind));
    DOMAIN.into_iter().find(|known| *known == name).or_else(per_setting)
}

impl Service {
    /// Rights of an account.
    pub(crate) async fn get_rights(self, call: Call, input: AccountRef) -> Result<Done<Rights>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "domain")?;
        let (server, domain) = self.store().rights(account.id).await?.ok_or_else(|| Error::not_found("account"))?;
        Ok(Done::versioned(Rights { server, domain, version: account.version }, account.version))
    }

    /// Replaces the rights of an account. Nobody gives or takes a right he does not hold.
    pub(crate) async fn replace_rights(self, call: Call, input: ReplaceRights) -> Result<Done<Rights>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_domain(account.domain_id, "domain")?;
        let server = known(&input.server, "/server", |name| SERVER.contains(&name))?;
        let domain = known(&input.domain, "/domain", |name| domain_right(name).is_some())?;
        if account.builtin && account.name == "postmaster" {
            return Err(Error::builtin_protected());
        }
        if !server.is_empty() && account.domain_id != self.router().await?.domains().main().id {
            let detail = "Only accounts of the main domain can have rights over the server.";
            return Err(Error::new(Kind::Invalid, "right_scope", detail).at("/server", "right_scope", detail));
        }
        let mut tx = self.lock_account(&call, account.id).await?;
        let (server_now, domain_now) = self.store().rights(account.id).await?.ok_or_else(|| Error::not_found("account"))?;
        let server_now: BTreeSet<String> = server_now.into_iter().collect();
        let domain_now: BTreeSet<String> = domain_now.into_iter().collect();
        if server_now != server {
            call.caller.may_server("master")?;
        }
        for right in domain_now.symmetric_difference(&domain) {
            self.holds(&call, account.domain_id, right)?;
        }
        if server_now.contains("master") && !server.contains("master") && tx.other_masters(account.id).await? == 0 {
            return Err(Error::new(Kind::Conflict, "last_master", "This is the last account with the right master."));
        }
        let (server, domain): (Vec<String>, Vec<String>) = (server.into_iter().collect(), domain.into_iter().collect());
        tx.set_rights(account.id, &server, &domain).await?;
        let object = json!({"server": server, "domain": domain});
        self.announce_account(&call, tx, &account, "replaceRights", "rights.changed", object).await?;
        self.get_rights(Call { expect: None, ..call }, AccountRef { account: account.id.to_string() }).await
    }

    fn holds(&self, call: &Call, domain: uuid::Uuid, right: &str) -> Result<()> {
        match domain_right(right) {
            Some(known) if known == right => call.caller.may_domain(domain, known),
            // A right to a single setting is held by its own name.
            _ => {
                let standing = call.caller.signed_in()?;
                if standing.has_server_right("domains_all") || standing.domain_rights.iter().any(|held| held == right) {
                    return Ok(());
                }
                Err(Error::right_required(domain_right(right).unwrap_or("master")))
            }
        }
    }
}

fn known(names: &[String], pointer: &str, is_known: impl Fn(&str) -> bool) -> Result<BTreeSet<String>> {
    match names.iter().position(|name| !is_known(name)) {
        Some(index) => Err(Error::invalid(format!("{pointer}/{index}"), "is no right")),
        None => Ok(names.iter().cloned().collect()),
    }
}
