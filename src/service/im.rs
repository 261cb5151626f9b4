//! Instant messages: sent by an operation, and the history each side keeps.

use bytes::Bytes;
use model::im::{Conversation, ConversationRef, ImMessage, ImState, ListConversations, ListImMessages, MarkRead, Marked, SendIm};
use model::{ListParams, Page, PageInfo};
use store::event::Occurrence;
use store::im::ImRow;
use uuid::Uuid;

use crate::domain::page_limit;
use crate::operation::{Call, Done};
use crate::voice::{OutgoingIm, VoiceCommand};
use crate::{Error, Kind, Result, Service, new_id, now};

/// Most octets of a message.
const LARGEST: usize = 64 * 1024;

fn show(row: ImRow) -> ImMessage {
    ImMessage {
        id: row.id,
        peer: row.peer,
        outgoing: row.outgoing,
        state: match row.state.as_str() {
            "delivered" => ImState::Delivered,
            "stored" => ImState::Stored,
            "waiting" => ImState::Waiting,
            _ => ImState::Failed,
        },
        code: row.code,
        content_type: row.content_type,
        text: String::from_utf8_lossy(&row.body).into_owned(),
        sent_at: row.at,
        read: row.read,
    }
}

fn before(cursor: Option<&str>) -> Result<Uuid> {
    let wrong = |_| Error::new(Kind::Malformed, "cursor_mismatch", "This cursor is not one of this collection.");
    cursor.map_or(Ok(Uuid::max()), |cursor| cursor.parse().map_err(wrong))
}

fn paged<T>(mut data: Vec<T>, limit: i64, id: impl Fn(&T) -> Uuid) -> Done<Page<T>> {
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = data.len() > size;
    data.truncate(size);
    let cursors: Vec<String> = data.iter().map(|one| id(one).to_string()).collect();
    let next_cursor = cursors.last().filter(|_| has_more).cloned();
    Done { cursors, ..Page { data, page: PageInfo { next_cursor, has_more, total: None } }.into() }
}

impl Service {
    /// The account whose conversations are meant, when the caller may read them.
    async fn conversing(&self, call: &Call, account: &str) -> Result<Uuid> {
        let account = self.find_account(call, account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "mailbox_read_all")?;
        Ok(account.id)
    }

    /// Conversations of an account.
    pub(crate) async fn list_conversations(self, call: Call, input: ListConversations) -> Result<Done<Page<Conversation>>> {
        let account = self.conversing(&call, &input.account).await?;
        let limit = page_limit(&ListParams { limit: input.limit, ..Default::default() })?;
        let rows = self.store().conversations(account, before(input.cursor.as_deref())?, limit + 1).await?;
        let shown = rows.into_iter().map(|row| Conversation { peer: row.last.peer.clone(), unread: row.unread, last: show(row.last) }).collect();
        Ok(paged(shown, limit, |conversation: &Conversation| conversation.last.id))
    }

    /// Messages of a conversation.
    pub(crate) async fn list_im_messages(self, call: Call, input: ListImMessages) -> Result<Done<Page<ImMessage>>> {
        let account = self.conversing(&call, &input.account).await?;
        let limit = page_limit(&ListParams { limit: input.limit, ..Default::default() })?;
        let rows = self.store().ims(account, &input.peer.to_lowercase(), before(input.cursor.as_deref())?, limit + 1).await?;
        Ok(paged(rows.into_iter().map(show).collect(), limit, |message: &ImMessage| message.id))
    }

    /// Takes a conversation away.
    pub(crate) async fn delete_conversation(self, call: Call, input: ConversationRef) -> Result<Done<()>> {
        let account = self.conversing(&call, &input.account).await?;
        if self.store().delete_conversation(account, &input.peer.to_lowercase()).await? == 0 {
            return Err(Error::not_found("conversation"));
        }
        Ok(().into())
    }

    /// Marks messages as read.
    pub(crate) async fn mark_read(self, call: Call, input: MarkRead) -> Result<Done<Marked>> {
        let account = self.conversing(&call, &input.account).await?;
        let marked = self.store().mark_ims_read(account, &input.peer.to_lowercase(), input.until.unwrap_or(Uuid::max())).await?;
        Ok(Marked { marked: i64::try_from(marked).unwrap_or(i64::MAX) }.into())
    }

    /// Sends an instant message.
    pub(crate) async fn send_im(self, call: Call, input: SendIm) -> Result<Done<ImMessage>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "can_impersonate")?;
        let content_type = input.content_type.unwrap_or_else(|| "text/plain;charset=UTF-8".to_owned());
        if content_type.len() > 200 || !content_type.contains('/') || content_type.chars().any(char::is_control) {
            return Err(Error::invalid("/content_type", "must be a media type"));
        }
        if input.text.is_empty() || input.text.len() > LARGEST {
            return Err(Error::invalid("/text", "must have 1 to 65536 octets"));
        }
        let peer = if input.peer.contains('@') { input.peer.clone() } else { format!("{}@{}", input.peer, account.domain) };
        if peer.len() > 320 || peer.chars().any(|c| c.is_control() || c.is_whitespace() || "<>\"".contains(c)) {
            return Err(Error::invalid("/peer", "must be an address, or a name or number of the own domain"));
        }
        let sender = self.subscriber(account.id).await?.ok_or_else(|| Error::not_found("account"))?;
        if !sender.active || !sender.settings.signal {
            return Err(Error::wrong_state("The account sends no instant messages."));
        }
        if let Err(seconds) = self.count_im(Some(account.id), call.caller.remote_ip) {
            return Err(Error::new(Kind::Limited(seconds), "outgoing_limit", format!("Too many messages; try again in {seconds} seconds.")));
        }
        let (id, at, body) = (new_id(), now(), Bytes::from(input.text.clone()));
        let outgoing = Box::new(OutgoingIm { id, sender, peer: peer.clone(), content_type: content_type.clone(), body, at, by_rule: false });
        let status = self.ask_voice(|answer| VoiceCommand::SendIm(outgoing, answer)).await?.status;
        if status == 404 {
            return Err(Error::new(Kind::Invalid, "unknown_recipient", "There is no such recipient.").at("/peer", "unknown_recipient", "is nobody"));
        }
        let state = match status {
            202 => ImState::Stored,
            200..300 => ImState::Delivered,
            _ => ImState::Failed,
        };
        Ok(ImMessage { id, peer: peer.to_lowercase(), outgoing: true, state, code: Some(i32::from(status)), content_type, text: input.text, sent_at: at, read: true }.into())
    }

    /// Writes instant messages and tells of them; `false` when one that is to wait has no room.
    ///
    /// # Errors
    /// When the database cannot answer; nothing was written then.
    pub async fn save_ims(&self, rows: &[ImRow], news: &[Occurrence]) -> Result<bool> {
        Ok(self.store().save_ims(rows, news).await?)
    }

    /// Accounts for which instant messages wait.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn accounts_with_waiting_ims(&self) -> Result<Vec<Uuid>> {
        Ok(self.store().accounts_with_waiting_ims().await?)
    }

    /// The oldest instant message that waits for an account.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn next_waiting_im(&self, account: Uuid) -> Result<Option<ImRow>> {
        Ok(self.store().next_waiting_im(account).await?)
    }

    /// A message that waited was delivered, or refused for good.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn settle_im(&self, account: Uuid, id: Uuid, delivered: bool, code: u16) -> Result<()> {
        Ok(self.store().settle_im(account, id, if delivered { "delivered" } else { "failed" }, i32::from(code)).await?)
    }
}
