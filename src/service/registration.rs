//! Registrations of telephones, shown and taken away.

use std::time::Duration;

use model::registration::{ListRegistrations, Registration, RegistrationPinged, RemoveRegistrations, Removed};
use model::{ListParams, Page};
use serde::Deserialize;
use store::registration::{BindingFilter, BindingRow};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{page_after, page_limit, page_of};
use crate::operation::{Call, Done};
use crate::voice::{Probed, VoiceCommand};
use crate::{Error, Kind, Result, Service};

/// How long a telephone has to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Names a registration.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistrationRef {
    /// Id of the registration.
    pub(crate) id: Uuid,
}

fn show((row, address): (BindingRow, String)) -> Registration {
    Registration {
        id: row.id,
        account_id: row.account_id,
        address,
        contact: row.contact,
        expires_at: row.expires_at,
        transport: row.transport,
        received: row.received,
        user_agent: row.user_agent,
        nat: row.nat,
        created_at: row.created_at,
        refreshed_at: row.refreshed_at,
        reachable: true,
        rtt_ms: None,
    }
}

/// Whose live things a caller asked for and may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Everybody's.
    All,
    /// Those of a domain.
    Domain(Uuid),
    /// Those of an account.
    Account(Uuid),
}

impl Service {
    /// Who is asked for: an account, a domain or, for who watches the server, everybody; others see their own by default.
    pub(crate) async fn whose(&self, call: &Call, account: Option<&str>, domain: Option<&str>) -> Result<Whose> {
        if let Some(account) = account {
            let account = self.find_account(call, account).await?.account;
            call.caller.may_own(account.id, account.domain_id, "domain")?;
            return Ok(Whose::Account(account.id));
        }
        if let Some(domain) = domain {
            let domain = self.find_domain(domain).await?.domain.id;
            call.caller.may_domain(domain, "domain")?;
            return Ok(Whose::Domain(domain));
        }
        let standing = call.caller.signed_in()?;
        if call.caller.may_server("monitors").is_ok() {
            return Ok(Whose::All);
        }
        if call.caller.may_domain(standing.domain_id, "domain").is_ok() {
            return Ok(Whose::Domain(standing.domain_id));
        }
        Ok(Whose::Account(standing.account_id))
    }

    /// Registrations that fit and may be seen.
    pub(crate) async fn list_registrations(self, call: Call, input: ListRegistrations) -> Result<Done<Page<Registration>>> {
        let whose = self.whose(&call, input.account.as_deref(), input.domain.as_deref()).await?;
        let page = ListParams { limit: input.limit, cursor: input.cursor, ..Default::default() };
        let limit = page_limit(&page)?;
        let wrong = |_: uuid::Error| Error::new(Kind::Malformed, "cursor_mismatch", "This cursor is not one of this collection.");
        let filter = BindingFilter {
            account: if let Whose::Account(id) = whose { Some(id) } else { None },
            domain: if let Whose::Domain(id) = whose { Some(id) } else { None },
            nat: input.nat,
            user_agent: input.user_agent.unwrap_or_default().to_lowercase(),
            after: page_after(&page)?.parse().or_else(|error| if page.cursor.is_none() { Ok(Uuid::nil()) } else { Err(wrong(error)) })?,
        };
        self.ask_voice(VoiceCommand::Flush).await?;
        let rows = self.store().bindings(&filter, limit + 1).await?;
        let ids: Vec<String> = rows.iter().map(|(row, _)| row.id.to_string()).collect();
        let mut shown: Vec<Registration> = rows.into_iter().map(show).collect();
        let asked = shown.iter().map(|one| (one.account_id, one.id)).collect();
        let reached = self.ask_voice(|answer| VoiceCommand::Reached(asked, answer)).await?;
        for (one, reached) in shown.iter_mut().zip(reached) {
            // One that was just taken away is shown as it was.
            if let Some((reachable, rtt_ms)) = reached {
                (one.reachable, one.rtt_ms) = (reachable, rtt_ms.map(i64::from));
            }
        }
        Ok(page_of(shown.into_iter().zip(ids).collect(), limit, |(_, id)| id).map(|(registration, _)| registration))
    }

    /// Asks a telephone whether it is there.
    pub(crate) async fn ping_registration(self, call: Call, input: RegistrationRef) -> Result<Done<RegistrationPinged>> {
        let (account, unknown) = (self.account_of_registration(&call, input.id).await?, || Error::not_found("registration"));
        let probed = tokio::time::timeout(PATIENCE, self.ask_voice(|answer| VoiceCommand::Probe(account, input.id, answer))).await;
        let probed = match probed {
            Ok(probed) => probed?.ok_or_else(unknown)?,
            Err(_) => Probed { code: None, rtt_ms: None },
        };
        Ok(RegistrationPinged { id: input.id, reachable: probed.code.is_some(), rtt_ms: probed.rtt_ms, code: probed.code }.into())
    }

    /// Whose a registration is that the caller may do something with.
    async fn account_of_registration(&self, call: &Call, id: Uuid) -> Result<Uuid> {
        let unknown = || Error::not_found("registration");
        call.caller.signed_in()?;
        self.ask_voice(VoiceCommand::Flush).await?;
        let account = self.store().account_of_binding(id).await?.ok_or_else(unknown)?;
        let row = self.store().account(account).await?.ok_or_else(unknown)?.account;
        call.caller.may_own(row.id, row.domain_id, "basic_settings").map_err(|_| unknown())?;
        Ok(account)
    }

    /// Takes one registration away; the telephone may register anew.
    pub(crate) async fn remove_registration(self, call: Call, input: RegistrationRef) -> Result<Done<()>> {
        let account = self.account_of_registration(&call, input.id).await?;
        let removed = self.ask_voice(|answer| VoiceCommand::Unregister(account, Some(input.id), answer)).await?;
        if removed == 0 { Err(Error::not_found("registration")) } else { Ok(().into()) }
    }

    /// Takes all registrations of an account away.
    pub(crate) async fn remove_registrations(self, call: Call, input: RemoveRegistrations) -> Result<Done<Removed>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "basic_settings")?;
        let removed = self.ask_voice(|answer| VoiceCommand::Unregister(account.id, None, answer)).await?;
        Ok(Removed { removed }.into())
    }
}
