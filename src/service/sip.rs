//! SIP of this node as it works now, for who watches it: bans, transactions, counters.

use std::net::IpAddr;

use model::Page;
use model::sip::{BanRef, ListTransactions, SipBan, SipStats, SipTransaction, TargetHealth, TransactionRef};
use model::ListParams;
use serde_json::json;
use store::News;

use crate::domain::page_limit;
use crate::operation::{Call, Done, Nothing};
use crate::voice::VoiceCommand;
use crate::{Error, Result, Service};

impl Service {
    pub(crate) async fn note_sip(&self, call: &Call, action: &str, name: &str) -> Result<()> {
        let mut tx = self.store().begin().await?;
        let ip = call.caller.remote_ip.to_string();
        tx.announce(&News { actor: call.caller.name(), remote_ip: &ip, action, name, topic: "system", kind: "sip.changed", account: None, domain: None, object: json!({"action": action, "name": name}) }).await?;
        Ok(tx.commit().await?)
    }

    /// Addresses that SIP does not listen to now, the newest ban first.
    pub(crate) async fn list_bans(self, call: Call, _input: Nothing) -> Result<Done<Page<SipBan>>> {
        call.caller.may_server("monitors")?;
        Ok(Page::whole(self.ask_voice(VoiceCommand::Bans).await?).into())
    }

    /// Forgives an address, with all that was counted against it.
    pub(crate) async fn remove_ban(self, call: Call, input: BanRef) -> Result<Done<()>> {
        call.caller.may_server("session_control")?;
        let ip: IpAddr = input.address.parse().map_err(|_| Error::invalid("/address", "is no IP address"))?;
        if !self.ask_voice(|answer| VoiceCommand::Unban(ip, answer)).await? {
            return Err(Error::not_found("ban"));
        }
        self.note_sip(&call, "removeBan", &ip.to_string()).await?;
        Ok(().into())
    }

    /// Transactions that last, the newest first.
    pub(crate) async fn list_transactions(self, call: Call, input: ListTransactions) -> Result<Done<Page<SipTransaction>>> {
        call.caller.may_server("monitors")?;
        let limit = usize::try_from(page_limit(&ListParams { limit: input.limit, ..ListParams::default() })?).unwrap_or(usize::MAX);
        let address: Option<IpAddr> = input.address.as_deref().map(|text| text.parse().map_err(|_| Error::invalid("/address", "is no IP address"))).transpose()?;
        let mut open = self.ask_voice(VoiceCommand::Transactions).await?;
        open.retain(|one| {
            let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(value));
            let from = |ip: IpAddr| one.remote.parse().is_ok_and(|remote: std::net::SocketAddr| remote.ip().to_canonical() == ip.to_canonical());
            is(&input.method, &one.method) && is(&input.side, &one.side) && is(&input.state, &one.state) && address.is_none_or(from)
        });
        open.truncate(limit);
        Ok(Page::whole(open).into())
    }

    /// Ends a transaction: its request is answered with 500, and what was passed on of it is cancelled.
    pub(crate) async fn abort_transaction(self, call: Call, input: TransactionRef) -> Result<Done<()>> {
        call.caller.may_server("session_control")?;
        if !self.ask_voice(|answer| VoiceCommand::Abort(input.id, answer)).await? {
            return Err(Error::not_found("transaction"));
        }
        self.note_sip(&call, "abortTransaction", &input.id.to_string()).await?;
        Ok(().into())
    }

    /// Servers elsewhere that failed and are left alone for a while, the latest first.
    pub(crate) async fn list_targets_health(self, call: Call, _input: Nothing) -> Result<Done<Page<TargetHealth>>> {
        call.caller.may_server("monitors")?;
        Ok(Page::whole(self.ask_voice(VoiceCommand::Health).await?).into())
    }

    /// Counters of SIP on this node.
    pub(crate) async fn get_sip_stats(self, call: Call, _input: Nothing) -> Result<Done<SipStats>> {
        call.caller.may_server("monitors")?;
        Ok(self.ask_voice(VoiceCommand::Stats).await?.into())
    }
}
