//! Sessions of an account: listing them, ending one or all.

use model::Page;
use model::auth::Session;
use serde::Deserialize;
use serde_json::json;
use store::News;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::account::AccountRef;
use crate::operation::{Call, Done, Nothing};
use crate::{Error, Result, Service};

/// Names a session of an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionRef {
    /// The account: id, address, name in the main domain, or `me`.
    pub(crate) account: String,
    /// Id of the session.
    pub(crate) id: Uuid,
}

impl Service {
    /// Sessions of an account.
    pub(crate) async fn list_account_sessions(self, call: Call, input: AccountRef) -> Result<Done<Page<Session>>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "basic_settings")?;
        Ok(Page::whole(self.store().sessions(account.id).await?).into())
    }

    /// Ends one session of an account.
    pub(crate) async fn delete_account_session(self, call: Call, input: SessionRef) -> Result<Done<()>> {
        self.end_sessions(call, &input.account, Some(input.id), "deleteAccountSession").await
    }

    /// Ends all sessions of an account.
    pub(crate) async fn kill_account_sessions(self, call: Call, input: AccountRef) -> Result<Done<()>> {
        self.end_sessions(call, &input.account, None, "killAccountSessions").await
    }

    /// Ends all sessions of the caller.
    pub(crate) async fn logout_all(self, call: Call, _input: Nothing) -> Result<Done<()>> {
        self.end_sessions(call, "me", None, "logoutAll").await
    }

    async fn end_sessions(self, call: Call, account: &str, only: Option<Uuid>, action: &str) -> Result<Done<()>> {
        let account = self.find_account(&call, account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "basic_settings")?;
        let ip = call.caller.remote_ip.to_string();
        let mut tx = self.store().begin().await?;
        if !tx.revoke_sessions(account.id, only, None).await? && only.is_some() {
            return Err(Error::not_found("session"));
        }
        let object = json!({"session": only});
        let news = News { actor: call.caller.name(), remote_ip: &ip, action, name: &account.address, topic: "auth", kind: "auth.session_ended", account: Some(account.id), domain: Some(account.domain_id), object };
        tx.announce(&news).await?;
        tx.commit().await?;
        self.inner.standings.forget(account.id);
        Ok(().into())
    }
}
