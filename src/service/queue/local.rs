//! Mail from the queue into an account, or back to its sender.

use message::Facts;
use message::dsn::Action;
use model::account::AccountState;
use serde_json::{Value, json};
use store::delivery::{NewMail, Queued, Target};
use store::queue::{Claimed, Ending};

use super::report::Reported;
use super::{jitter, settle};
use crate::message::content::thread_of;
use crate::{Result, Service, new_id, now};

impl Service {
    /// Delivers to an account what waited for it. The claim ends in the transaction that puts the message into the mailbox.
    /// A recipient that stands in the queue only to be told as a failure is told.
    ///
    /// # Errors
    /// When nothing is written down; the claim ends by itself.
    pub async fn deliver_claimed(&self, claimed: Claimed) -> Result<()> {
        let Some(account) = claimed.account else {
            let reply = claimed.last_reply.clone();
            return self.fail_locally(claimed, reply).await;
        };
        let row = self.store().account(account).await?.filter(|row| row.account.state != AccountState::Deleted);
        let Some(row) = row else {
            let reply = format!("550 5.1.1 {} unknown user account", claimed.target);
            return self.fail_locally(claimed, reply).await;
        };
        let Some(raw) = self.claimed_message(&claimed).await? else {
            tracing::error!(number = claimed.message, "a message in the queue cannot be read");
            return self.fail_locally(claimed, "554 5.3.0 the message cannot be read any more".to_owned()).await;
        };
        let settings = self.receiver(account).await?;
        let facts = Facts::of(&raw);
        let named = |name: &str| claimed.params.get(name).and_then(Value::as_str);
        let mailbox = match named("mailbox").or_else(|| named("detail")) {
            Some(name) if !name.eq_ignore_ascii_case("INBOX") => name.to_owned(),
            _ => "INBOX".to_owned(),
        };
        let email = new_id();
        let packed = crate::message::content::pack(&raw);
        let record = json!({"to": claimed.address, "delivered": [claimed.target]});
        let otherwise = Queued {
            account: Some(account),
            address: claimed.address.clone(),
            params: Value::Null,
            module: "local",
            queue: claimed.queue.clone(),
            target: claimed.target.clone(),
            held: false,
            delay: 0,
            last_reply: crate::admission::account_full(&claimed.target).to_string(),
        };
        let target = Target {
            account,
            domain: row.account.domain_id,
            address: claimed.target.clone(),
            email,
            thread: thread_of(account, &facts, email),
            mailbox,
            quota: settings.max_account_size,
            otherwise,
        };
        let mail = NewMail {
            number: claimed.message,
            trace_id: claimed.trace_id,
            message_id: facts.message_id().unwrap_or_default().replace('\0', ""),
            hash: packed.hash,
            codec: packed.codec,
            data: packed.data,
            size: claimed.size,
            facts: facts.encode(),
            received_at: now(),
            return_path: claimed.return_path.clone(),
            envelope: Value::Null,
            detail: Value::Null,
            targets: vec![target],
            queued: Vec::new(),
            claims: vec![settle(&claimed, Ending::Done, "", Some(("delivered", record)))],
            redelivered: true,
        };
        let delivered = self.inner.committer.commit(mail).await?;
        for (account, mailbox) in &delivered.mailboxes {
            self.announce_mailbox(*account, *mailbox);
        }
        match delivered.refused {
            _ if delivered.stale => Ok(()),
            Some(reply) if reply.starts_with('5') => self.fail_locally(claimed, reply).await,
            Some(reply) if claimed.age >= settings.quota_retry_for => {
                let reply = reply.replacen("452 4.2.2", "552 5.2.2", 1);
                self.fail_locally(claimed, reply).await
            }
            Some(reply) => {
                let record = Some(("deferred", json!({"to": claimed.address, "queue": claimed.queue, "reply": reply})));
                let delay = jitter(settings.quota_retry_every);
                self.store().settle_queue(&[settle(&claimed, Ending::Retry(delay), &reply, record)]).await?;
                self.queue_news().later(delay);
                Ok(())
            }
            None => self.report_success(claimed).await,
        }
    }

    async fn fail_locally(&self, claimed: Claimed, reply: String) -> Result<()> {
        let record = Some(("failed", json!({"to": claimed.address, "reply": reply})));
        let end = settle(&claimed, Ending::Done, &reply, record);
        self.report(vec![Reported { end, claimed, action: Action::Failed, reply, server: None }]).await
    }
}
