//! Drafts: messages a user has not finished, kept in the mailbox of drafts as every mail program sees them.

use model::account::Account;
use model::mailbox::Role;
use model::message::Stored;
use model::submission::{CreateDraft, ReplaceDraft, SendMessage};
use uuid::Uuid;

use crate::message::Arrival;
use crate::operation::{Call, Done};
use crate::{Error, Result, Service};

const SEEN: i32 = 1;
const DRAFT: i32 = 16;

impl Service {
    /// Keeps a message that is not finished.
    pub(crate) async fn create_draft(self, call: Call, input: CreateDraft) -> Result<Done<Stored>> {
        let account = self.sending_account(&call, &input.account).await?;
        Ok(self.store_draft(&account, &input.into()).await?.into())
    }

    /// Writes a draft anew. The old one goes when the new one is there, so that none is lost.
    pub(crate) async fn replace_draft(self, call: Call, input: ReplaceDraft) -> Result<Done<Stored>> {
        let account = self.sending_account(&call, &input.account).await?;
        let old = self.store().emails(account.id, &[input.id]).await?.pop().ok_or_else(|| Error::not_found("draft"))?;
        if old.flags & DRAFT == 0 {
            return Err(Error::wrong_state("This message is no draft."));
        }
        let stored = self.store_draft(&account, &input.into()).await?;
        self.destroy_message(account.id, old.id).await?;
        Ok(stored.into())
    }

    async fn store_draft(&self, account: &Account, message: &SendMessage) -> Result<Stored> {
        let composed = self.compose(account, message).await?;
        let mailbox = self.mailboxes(account.id).await?.into_iter().find(|mailbox| mailbox.role == Some(Role::Drafts));
        let name = match mailbox {
            Some(mailbox) => mailbox.name,
            None => self.make_drafts(account.id).await?,
        };
        Ok(self.append_message(account.id, &name, Arrival { raw: composed.raw, flags: SEEN | DRAFT, keywords: Vec::new(), received_at: None }).await?.stored)
    }

    /// Makes the mailbox of drafts, when its owner has deleted it.
    async fn make_drafts(&self, account: Uuid) -> Result<String> {
        let mut tx = self.store().begin().await?;
        let (_, all) = tx.lock_mailboxes(account, None).await?;
        crate::mailbox::special_tx(&mut tx, account, &all, Role::Drafts, "Drafts").await?;
        tx.commit().await?;
        Ok("Drafts".to_owned())
    }
}
