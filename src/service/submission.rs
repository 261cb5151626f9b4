//! Messages a user sends through the API: composed, kept until the time to call them back is over, sent once.
//!
//! A message gets its number and trace when it is handed in. Whoever sends it holds its row locked; after a crash the
//! delivery record tells whether it had gone already.

use std::sync::Arc;
use std::time::Duration;

use model::account::{Account, AccountState};
use model::mailbox::Role;
use model::routing::Flow;
use model::submission::{DsnWish, SendMessage, Submission as Shown, SubmissionRecipient, SubmissionState};
use model::{ListParams, Page};
use router::{Context, Route, Situation};
use serde::Deserialize;
use serde_json::{Value, json};
use store::mail_trace::RecordRow;
use store::submission::SubmissionRow;
use store::{News, Tx};
use tokio::sync::Notify;
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::admission::check_size_out;
use crate::domain::page_limit;
use crate::message::Arrival;
use crate::message::content::unpack;
use crate::operation::{Call, Done};
use crate::upload::packed;
use crate::{Error, Kind, Peer, Reach, Recipient, RecipientParams, Refusal, Result, Service, Standing, Submission, new_id, now};

const MOST_RECIPIENTS: usize = 1000;
const MOST_UNDO: i64 = 120;
/// How far ahead a message may be handed in, in seconds.
const AHEAD: i64 = 30 * 86_400;
/// Seconds after which a message is tried again that cannot be sent now.
const AGAIN: i64 = 60;
/// Another node may have taken a message that is to be sent.
const POLL: Duration = Duration::from_secs(5);

/// Wakes whoever sends what is due.
#[derive(Default)]
pub(crate) struct Wake(Notify);

/// Names a submission.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmissionRef {
    /// The account: id, address, name in the main domain, or `me`.
    pub(crate) account: String,
    /// The submission.
    pub(crate) id: Uuid,
}

/// Submissions of an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListSubmissions {
    /// The account: id, address, name in the main domain, or `me`.
    pub(crate) account: String,
    /// Submissions per page, 1 to 500; 50 when absent.
    pub(crate) limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// What became of a message that was due.
enum Sent {
    Gone,
    Never(String),
    Later(String),
}

/// NOTIFY as SMTP writes it (RFC 3461 §4.1).
fn notify(wishes: &[DsnWish]) -> Result<Option<String>> {
    let word = |wish: &DsnWish| match wish {
        DsnWish::Never => "NEVER",
        DsnWish::Success => "SUCCESS",
        DsnWish::Failure => "FAILURE",
        DsnWish::Delay => "DELAY",
    };
    if wishes.contains(&DsnWish::Never) && wishes.iter().any(|wish| *wish != DsnWish::Never) {
        return Err(Error::invalid("/dsn", "never stands alone"));
    }
    Ok(Some(wishes.iter().map(word).collect::<Vec<_>>().join(",")).filter(|words| !words.is_empty()))
}

/// When a message goes, and until when it can be called back.
fn times(input: &SendMessage, moment: Timestamp) -> Result<(Timestamp, Option<Timestamp>)> {
    if !(0..=MOST_UNDO).contains(&input.undo_seconds) {
        return Err(Error::invalid("/undo_seconds", "must be 0 to 120"));
    }
    if input.send_at.is_some_and(|at| at > moment.plus_seconds(AHEAD)) {
        return Err(Error::invalid("/send_at", "must be at most 30 days ahead"));
    }
    let earliest = moment.plus_seconds(input.undo_seconds);
    let at = input.send_at.map_or(earliest, |at| at.max(earliest));
    Ok((at, Some(at).filter(|at| *at > moment)))
}

/// What is known of a recipient.
fn state_of(row: &SubmissionRow, address: &str, target: &str, records: &[RecordRow]) -> (String, String) {
    let (mut state, mut reply) = (row.state.clone(), row.reply.clone());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for record in records.iter().filter(|record| record.trace_id == row.trace_id) {
        let detail = &record.detail;
        let of = |list: &str| detail[list].as_array().and_then(|list| list.iter().find(|one| one["to"] == address)).cloned();
        match record.kind.as_str() {
            "received" => match (of("queued"), of("failed")) {
                (Some(waits), _) => (state, reply) = ("queued".to_owned(), text(&waits["reply"])),
                (None, Some(failed)) => (state, reply) = ("failed".to_owned(), text(&failed["reply"])),
                _ if detail["delivered"].as_array().is_some_and(|list| list.iter().any(|one| one == target)) => state = "delivered".to_owned(),
                _ => {}
            },
            kind @ ("delivered" | "sent" | "failed") if detail["to"] == address => (state, reply) = (kind.to_owned(), text(&detail["reply"])),
            "deferred" if detail["to"] == address => (state, reply) = ("queued".to_owned(), text(&detail["reply"])),
            _ => {}
        }
    }
    (state, reply)
}

fn show(row: &SubmissionRow, records: &[RecordRow]) -> Shown {
    let state = match row.state.as_str() {
        "sent" => SubmissionState::Sent,
        "cancelled" => SubmissionState::Cancelled,
        "failed" => SubmissionState::Failed,
        _ => SubmissionState::Pending,
    };
    let recipient = |given: &Value| {
        let text = |key: &str| given[key].as_str().unwrap_or_default().to_owned();
        let (state, reply) = state_of(row, &text("address"), &text("target"), records);
        SubmissionRecipient { address: text("address"), state, route: text("route"), reply }
    };
    Shown {
        id: row.id,
        state,
        undo_until: row.undo_until.filter(|_| state == SubmissionState::Pending),
        message_id: row.message_id.clone(),
        number: Some(row.number).filter(|_| state == SubmissionState::Sent),
        recipients: row.recipients.as_array().into_iter().flatten().map(recipient).collect(),
    }
}

impl Service {
    /// The account a message is sent for: one's own, or one that the caller may act as.
    pub(crate) async fn sending_account(&self, call: &Call, account: &str) -> Result<Account> {
        let account = self.find_account(call, account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "can_impersonate")?;
        Ok(account)
    }

    /// Who hands in mail for an account.
    async fn peer_of(&self, account: &Account, ip: std::net::IpAddr) -> Result<Peer> {
        let (server_rights, domain_rights) = self.store().rights(account.id).await?.unwrap_or_default();
        let standing = Standing { account_id: account.id, domain_id: account.domain_id, address: account.address.clone(), session_id: None, server_rights, domain_rights };
        Ok(Peer { ip, trusted: false, login_offered: true, user: Some(self.submitter(Arc::new(standing)).await?) })
    }

    /// Sends a message, at once or when its time has come.
    pub(crate) async fn send_message(self, call: Call, input: SendMessage) -> Result<Done<Shown>> {
        let account = self.sending_account(&call, &input.account).await?;
        let (send_at, undo_until) = times(&input, now())?;
        let wish = notify(&input.dsn)?;
        let peer = self.peer_of(&account, call.caller.remote_ip).await?;
        let composed = self.compose(&account, &input).await?;
        let recipients = self.check_recipients(&peer, &composed.return_path, &composed.recipients, composed.raw.len(), wish.as_deref()).await?;
        if let Some(Err(seconds)) = peer.user.as_ref().map(|user| self.count_out(user, composed.recipients.len())) {
            return Err(Error::new(Kind::Limited(seconds), "outgoing_limit", format!("Too many recipients in this period; try again in {seconds} seconds.")));
        }
        let row = SubmissionRow {
            account: account.id,
            id: new_id(),
            state: "pending".to_owned(),
            number: self.message_number().await?,
            trace_id: new_id(),
            message_id: composed.message_id,
            return_path: composed.return_path,
            recipients,
            hash: Vec::new(),
            size: 0,
            send_at,
            undo_until,
            remote_ip: call.caller.remote_ip.to_string(),
            save_sent: input.save_sent.unwrap_or(true),
            reply: String::new(),
        };
        let body = packed(&composed.raw).await?;
        let mut tx = self.store().begin().await?;
        tx.insert_submission(&row, &body).await?;
        self.tell_submission(tx, call.caller.name(), &row, "sendMessage", "pending").await?;
        if undo_until.is_none() {
            self.send_now(account.id, row.id).await;
        }
        self.inner.sending.0.notify_one();
        self.show_submission(account.id, row.id).await
    }

    async fn tell_submission(&self, mut tx: Tx, actor: &str, row: &SubmissionRow, action: &str, state: &str) -> Result<()> {
        let object = json!({"id": row.id, "state": state, "message_id": row.message_id});
        let news = News { actor, remote_ip: &row.remote_ip, action, name: &row.message_id, topic: "mail", kind: "submission.changed", account: Some(row.account), domain: None, object };
        tx.announce(&news).await?;
        Ok(tx.commit().await?)
    }

    /// Recipients as they are kept; refuses the message when one of them cannot get it.
    async fn check_recipients(&self, peer: &Peer, return_path: &str, given: &[(String, String)], size: usize, notify: Option<&str>) -> Result<Value> {
        if given.is_empty() || given.len() > MOST_RECIPIENTS {
            return Err(Error::invalid("/to", format!("A message needs 1 to {MOST_RECIPIENTS} recipients")));
        }
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        if let Some(Err(refusal)) = peer.user.as_ref().map(|user| check_size_out(user, size)) {
            return Err(Error::new(Kind::Malformed, "body_too_large", refusal.text));
        }
        let codes = self.module_settings().smtp.reply_codes;
        let (mut kept, mut fault) = (Vec::new(), Error::new(Kind::Invalid, "unknown_recipient", "A recipient cannot get this message."));
        for (pointer, address) in given {
            if !address.contains('@') {
                fault = fault.at(pointer.clone(), "unknown_recipient", format!("{address:?} is no address"));
                continue;
            }
            let params = RecipientParams { notify: notify.map(str::to_owned), original: None };
            match self.check_recipient(peer, codes, return_path, address, params, Some(size)).await {
                Ok(recipient) => kept.push(json!({"address": address, "notify": notify, "route": recipient.outcome.route.to_string(), "target": target(&recipient.outcome.route)})),
                Err(refusal) if refusal.code < 500 && refusal.enhanced == Some("4.3.0") => {
                    return Err(Error::new(Kind::Unavailable, "overloaded", "The server cannot do this now; try again later."));
                }
                Err(refusal) => fault = fault.at(pointer.clone(), "unknown_recipient", refusal.text),
            }
        }
        if fault.fields.is_empty() { Ok(Value::Array(kept)) } else { Err(fault) }
    }

    async fn show_submission(&self, account: Uuid, id: Uuid) -> Result<Done<Shown>> {
        let row = self.store().submission(account, id).await?.ok_or_else(|| Error::not_found("submission"))?;
        let records = self.store().delivery_records(&[row.trace_id]).await?;
        Ok(show(&row, &records).into())
    }

    /// A message that was sent, or will be.
    pub(crate) async fn get_submission(self, call: Call, input: SubmissionRef) -> Result<Done<Shown>> {
        let account = self.sending_account(&call, &input.account).await?;
        self.show_submission(account.id, input.id).await
    }

    /// Messages sent, the newest first.
    pub(crate) async fn list_submissions(self, call: Call, input: ListSubmissions) -> Result<Done<Page<Shown>>> {
        let account = self.sending_account(&call, &input.account).await?;
        let limit = page_limit(&ListParams { limit: input.limit, ..Default::default() })?;
        let before = input.cursor.as_deref().map(|cursor| crate::directory::after_id(Some(cursor))).transpose()?;
        let rows = self.store().submissions(account.id, before, limit + 1).await?;
        let traces: Vec<Uuid> = rows.iter().map(|row| row.trace_id).collect();
        let records = self.store().delivery_records(&traces).await?;
        let shown = rows.iter().map(|row| show(row, &records)).collect();
        Ok(crate::directory::page_by_id(shown, limit, |submission| submission.id))
    }

    /// Calls a message back; it becomes a draft again.
    pub(crate) async fn cancel_submission(self, call: Call, input: SubmissionRef) -> Result<Done<()>> {
        let account = self.sending_account(&call, &input.account).await?;
        let mut tx = self.store().begin().await?;
        let row = tx.lock_submission(account.id, input.id).await?.ok_or_else(|| Error::not_found("submission"))?;
        if row.state != "pending" || tx.was_taken(row.trace_id).await? {
            return Err(Error::wrong_state("The message has gone, or was called back before."));
        }
        tx.settle_submission(account.id, row.id, "cancelled", "", 0).await?;
        self.keep_copy(&row, Role::Drafts, 1 | 16).await?;
        self.tell_submission(tx, call.caller.name(), &row, "cancelSubmission", "cancelled").await?;
        Ok(().into())
    }

    /// Puts the message of a submission into a mailbox of the account, when there is such a one and room in it.
    async fn keep_copy(&self, row: &SubmissionRow, role: Role, flags: i32) -> Result<()> {
        let Some(mailbox) = self.mailboxes(row.account).await?.into_iter().find(|mailbox| mailbox.role == Some(role)) else { return Ok(()) };
        let Some(raw) = self.submitted(row).await? else { return Ok(()) };
        match self.append_message(row.account, &mailbox.name, Arrival { raw, flags, keywords: Vec::new(), received_at: None }).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == Kind::Conflict || error.kind == Kind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn submitted(&self, row: &SubmissionRow) -> Result<Option<bytes::Bytes>> {
        Ok(self.store().queued_body(&row.hash).await?.and_then(|stored| unpack(stored, row.size)))
    }

    /// Sends messages when they are due, for as long as the server runs.
    pub async fn run_submissions(self) {
        loop {
            let due = match self.store().next_submission().await {
                Ok(Some(0)) => match self.send_due().await {
                    Ok(true) => continue,
                    // Somebody else is sending it.
                    Ok(false) => Duration::from_millis(500),
                    Err(error) => {
                        tracing::warn!(%error, "a message that is due cannot be sent now");
                        POLL
                    }
                },
                Ok(Some(due)) => Duration::from_millis(due.unsigned_abs()),
                Ok(None) | Err(_) => POLL,
            };
            let _ = tokio::time::timeout(due.min(POLL), self.inner.sending.0.notified()).await;
        }
    }

    /// Sends the message that is due first; says whether there was one.
    async fn send_due(&self) -> Result<bool> {
        let mut tx = self.store().begin().await?;
        let Some(row) = tx.due_submission().await? else { return Ok(false) };
        self.send_locked(tx, row).await.map(|()| true)
    }

    /// Sends a message at once, unless it is being sent; what fails now is tried again by [`Service::run_submissions`].
    async fn send_now(&self, account: Uuid, id: Uuid) {
        let sent = async {
            let mut tx = self.store().begin().await?;
            match tx.lock_submission(account, id).await?.filter(|row| row.state == "pending") {
                Some(row) => self.send_locked(tx, row).await,
                None => Ok(()),
            }
        };
        if let Err(error) = sent.await {
            tracing::warn!(%error, "a message is not sent at once");
        }
    }

    /// Sends a message whose row is locked.
    async fn send_locked(&self, mut tx: Tx, row: SubmissionRow) -> Result<()> {
        let sent = if tx.was_taken(row.trace_id).await? { Sent::Gone } else { self.hand_over(&row).await? };
        let (state, reply, delay) = match &sent {
            Sent::Gone => ("sent", "", 0),
            Sent::Never(reply) => ("failed", reply.as_str(), 0),
            Sent::Later(reply) => ("pending", reply.as_str(), AGAIN),
        };
        match sent {
            Sent::Gone if row.save_sent => self.keep_copy(&row, Role::Sent, 1).await?,
            Sent::Never(_) => self.keep_copy(&row, Role::Drafts, 1 | 16).await?,
            _ => {}
        }
        tx.settle_submission(row.account, row.id, state, reply, delay).await?;
        if delay > 0 {
            return Ok(tx.commit().await?);
        }
        self.tell_submission(tx, "server", &row, "sendMessage", state).await
    }

    /// Gives a message to the queue and the mailboxes.
    async fn hand_over(&self, row: &SubmissionRow) -> Result<Sent> {
        let never = |text: &str| Ok(Sent::Never(text.to_owned()));
        let Some(account) = self.store().account(row.account).await?.map(|found| found.account) else { return never("the account is gone") };
        if account.state != AccountState::Active {
            return never("the account is suspended");
        }
        let Some(message) = self.submitted(row).await? else { return never("the message is gone") };
        let peer = self.peer_of(&account, row.remote_ip.parse().unwrap_or(std::net::Ipv4Addr::LOCALHOST.into())).await?;
        let mut recipients = Vec::new();
        for given in row.recipients.as_array().into_iter().flatten() {
            let address = given["address"].as_str().unwrap_or_default().to_owned();
            let outcome = self.route(&address, Flow::Mail, &Context { authenticated: Some(account.address.as_str().into()), trusted: true, ..Context::default() }).await?;
            if matches!(&outcome.route, Route::Error(error) if error.situation == Situation::Temporary) {
                return Ok(Sent::Later(format!("{address} cannot be looked up now")));
            }
            let params = RecipientParams { notify: given["notify"].as_str().map(str::to_owned), original: None };
            recipients.push(Recipient { address, params, reach: Reach::ForUser, outcome });
        }
        let submission = Submission {
            return_path: row.return_path.clone(),
            source: "API",
            peer,
            hello: "api".to_owned(),
            with: "HTTP",
            envelope_id: None,
            ret: None,
            utf8: !row.return_path.is_ascii() || recipients.iter().any(|recipient| !recipient.address.is_ascii()),
            eight_bit: !message.is_ascii(),
            recipients,
            message,
        };
        match self.submit_as(submission, row.number, row.trace_id, Vec::new()).await {
            Ok(_) => Ok(Sent::Gone),
            Err(refusal @ Refusal { code: 500.., .. }) => Ok(Sent::Never(refusal.to_string())),
            Err(refusal) => Ok(Sent::Later(refusal.to_string())),
        }
    }
}

/// The account an address leads to, as delivery records name it.
fn target(route: &Route) -> Option<String> {
    match route {
        Route::Local(local) => Some(format!("{}@{}", local.account.name, local.domain.name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_written_as_smtp_does() {
        assert_eq!(notify(&[]).unwrap(), None);
        assert_eq!(notify(&[DsnWish::Failure, DsnWish::Delay]).unwrap().as_deref(), Some("FAILURE,DELAY"));
        assert_eq!(notify(&[DsnWish::Never]).unwrap().as_deref(), Some("NEVER"));
        assert!(notify(&[DsnWish::Never, DsnWish::Delay]).is_err());
    }

    #[test]
    fn a_recipient_is_followed_through_the_records() {
        let trace = Uuid::from_u128(1);
        let row = SubmissionRow {
            account: Uuid::nil(),
            id: Uuid::nil(),
            state: "sent".to_owned(),
            number: 7,
            trace_id: trace,
            message_id: String::new(),
            return_path: String::new(),
            recipients: json!([]),
            hash: Vec::new(),
            size: 0,
            send_at: Timestamp::default(),
            undo_until: None,
            remote_ip: String::new(),
            save_sent: true,
            reply: String::new(),
        };
        let record = |kind: &str, detail: Value| RecordRow { at: Timestamp::default(), trace_id: trace, number: 7, message_id: String::new(), kind: kind.to_owned(), detail };
        let mut records = vec![record("received", json!({"delivered": ["bob@here.example"], "queued": [{"to": "x@far.example", "reply": ""}], "failed": [{"to": "no@here.example", "reply": "550"}]}))];
        let state = |records: &[RecordRow], address: &str, target: &str| state_of(&row, address, target, records).0;
        assert_eq!(state(&records, "b@here.example", "bob@here.example"), "delivered");
        assert_eq!(state(&records, "no@here.example", ""), "failed");
        assert_eq!(state(&records, "x@far.example", ""), "queued");
        records.push(record("deferred", json!({"to": "x@far.example", "reply": "450 later"})));
        assert_eq!(state_of(&row, "x@far.example", "", &records), ("queued".to_owned(), "450 later".to_owned()));
        records.push(record("sent", json!({"to": "x@far.example", "reply": "250 ok"})));
        assert_eq!(state(&records, "x@far.example", ""), "sent");
        assert_eq!(state(&[], "group@here.example", ""), "sent");
    }
}
