//! Mail from the hand-over to the commit: headers, destinations, packing.

use std::collections::HashSet;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use message::{Facts, Received, Repair};
use model::routing::Flow;
use model::server::ReplyCodes;
use router::{Context, Domain, Expansion, Group, Local, Outcome, Route};
use serde_json::{Value, json};
use store::delivery::{NewMail, Queued, Target};
use store::queue::{Claimed, Settled};
use types::Timestamp;
use uuid::Uuid;

use crate::admission::{account_full, check_size_out, refused, undeliverable};
use crate::message::content::{Packed, pack, thread_of};
use crate::queue::asks;
use crate::{Peer, Recipient, Refusal, Service, new_id, now};

/// Messages of at least this size are read and packed beside the tasks of other connections.
const LARGE: usize = 256 * 1024;
/// How a report of the server itself comes.
pub(crate) const REPORT: &str = "DSN";

/// A message that is handed in, with its envelope.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Return path, empty for none.
    pub return_path: String,
    /// How it came: `SMTP`, `LMTP`, …
    pub source: &'static str,
    /// Who hands it in.
    pub peer: Peer,
    /// Name the peer gave after EHLO.
    pub hello: String,
    /// Protocol keyword of the `Received` field (RFC 3848).
    pub with: &'static str,
    /// ENVID of MAIL.
    pub envelope_id: Option<String>,
    /// RET of MAIL: `FULL` or `HDRS`.
    pub ret: Option<&'static str>,
    /// Addresses or headers beyond ASCII.
    pub utf8: bool,
    /// The body has octets beyond ASCII.
    pub eight_bit: bool,
    /// Accepted recipients.
    pub recipients: Vec<Recipient>,
    /// The message, whole lines.
    pub message: Bytes,
}

/// A message that is durable: in its mailboxes, or in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Number of the message.
    pub number: i64,
    /// Shared by all records of the message.
    pub trace_id: Uuid,
    /// Mailboxes it is in: account and mailbox.
    pub mailboxes: Vec<(Uuid, Uuid)>,
    /// Recipients for whom it waits in the queue.
    pub queued: usize,
}

/// A message with its headers, read and packed.
struct Written {
    /// Octets of the `Return-Path` field in front, which does not travel on.
    skip: usize,
    facts: Facts,
    packed: Packed,
    size: i64,
}

/// What counts of a message when its destinations are decided.
#[derive(Clone, Copy)]
pub(crate) struct Mail<'a> {
    /// Return path, empty for none.
    pub(crate) return_path: &'a str,
    /// Whoever sent it may relay.
    pub(crate) trusted: bool,
    /// Who handed it in, when that is known still.
    pub(crate) peer: Option<IpAddr>,
    /// What it says of itself.
    pub(crate) facts: &'a Facts,
    /// Octets.
    pub(crate) size: i64,
}

/// Where a message goes.
#[derive(Default)]
pub(crate) struct Destinations {
    seen: HashSet<String>,
    targets: Vec<Target>,
    queued: Vec<Queued>,
    dropped: usize,
    pub(crate) failed: Vec<(String, Value, Refusal)>,
}

impl Service {
    /// Takes a message: when it returns, the message is durably in the mailboxes of its local recipients, and in the queue
    /// for all others.
    ///
    /// # Errors
    /// The refusal, when nothing of the message is kept.
    pub async fn submit(&self, submission: Submission) -> std::result::Result<Accepted, Refusal> {
        self.accept(submission, Vec::new()).await
    }

    /// The same, with claims on the queue that end in the same transaction. When one of them is no longer good, nothing is
    /// kept: somebody else has done it.
    pub(crate) async fn accept(&self, submission: Submission, claims: Vec<Settled>) -> std::result::Result<Accepted, Refusal> {
        if let Some(user) = &submission.peer.user
            && let Err(seconds) = self.count_out(user, submission.recipients.len())
        {
            return Err(Refusal::new(452, "4.5.3", format!("too many recipients in this period, try again in {seconds} seconds")));
        }
        let number = self.message_number().await?;
        self.submit_as(submission, number, new_id(), claims).await
    }

    /// The number of a new message.
    pub(crate) async fn message_number(&self) -> crate::Result<i64> {
        self.inner.committer.number(self.store()).await
    }

    /// Takes a message that has its number and trace already.
    pub(crate) async fn submit_as(&self, submission: Submission, number: i64, trace_id: Uuid, claims: Vec<Settled>) -> std::result::Result<Accepted, Refusal> {
        if submission.recipients.iter().any(|recipient| recipient.outcome.route == Route::Spamtrap) {
            return Err(Refusal::new(550, "5.7.1", "message is rejected"));
        }
        if let Some(user) = &submission.peer.user {
            check_size_out(user, submission.message.len() as u64)?;
        }
        let (host, moment) = (self.mail_host().await?, now());
        let submission = Arc::new(submission);
        let written = if submission.message.len() < LARGE {
            write(&submission, number, &host, moment)
        } else {
            let submission = submission.clone();
            let written = tokio::task::spawn_blocking(move || write(&submission, number, &host, moment)).await;
            written.map_err(|_| Refusal::new(451, "4.3.0", "temporary internal error, try again later"))?
        };
        let mut destinations = Destinations::default();
        let mail = Mail { return_path: &submission.return_path, trusted: submission.peer.trusted, peer: Some(submission.peer.ip), facts: &written.facts, size: written.size };
        for recipient in &submission.recipients {
            self.add(&mut destinations, &mail, &recipient.address, recipient.params.to_json(), &recipient.outcome).await?;
        }
        let mail = NewMail { claims, ..destinations.into_mail(&submission, written, number, trace_id, moment)? };
        let asked: Vec<Claimed> = mail.targets.iter().filter(|target| asks(&target.otherwise.params, "SUCCESS")).map(|target| delivered_at_once(&mail, target)).collect();
        let due: Vec<(&'static str, String)> = mail.queued.iter().filter(|row| !row.held && row.delay == 0).map(|row| (row.module, row.queue.clone())).collect();
        let delivered = self.inner.committer.commit(mail).await?;
        due.iter().for_each(|(module, queue)| self.queue_news().tell(module, queue));
        if delivered.queued > due.len() {
            self.queue_news().look();
        }
        for (account, mailbox) in &delivered.mailboxes {
            self.announce_mailbox(*account, *mailbox);
        }
        for recipient in asked.into_iter().filter(|recipient| delivered.mailboxes.iter().any(|(account, _)| Some(*account) == recipient.account)) {
            // A report is a message like this one.
            Box::pin(self.report_success(recipient)).await?;
        }
        Ok(Accepted { number, trace_id, mailboxes: delivered.mailboxes, queued: delivered.queued })
    }

    /// Adds what the Router now makes of a recipient of a message that is in the queue already.
    pub(crate) async fn add_again(&self, to: &mut Destinations, mail: &Mail<'_>, address: &str, params: &Value) -> std::result::Result<(), Refusal> {
        let mut params = params.clone();
        if let Value::Object(map) = &mut params {
            ["mailbox", "detail", "real_to"].iter().for_each(|word| drop(map.remove(*word)));
        }
        let outcome = self.route(address, Flow::Mail, &mail.context()).await?;
        self.add(to, mail, address, params, &outcome).await
    }

    /// Adds what a recipient leads to.
    async fn add(&self, to: &mut Destinations, mail: &Mail<'_>, address: &str, params: Value, outcome: &Outcome) -> std::result::Result<(), Refusal> {
        match &outcome.route {
            Route::Group { group, domain } => {
                if group.settings.reject_automatic && (mail.facts.auto_submitted || mail.return_path.is_empty()) {
                    to.failed.push((address.to_owned(), params, Refusal::new(550, "5.7.1", format!("{address} takes no automatic mail"))));
                    return Ok(());
                }
                self.add_group(to, mail, params, group, domain).await
            }
            _ => self.add_final(to, mail, address, params, outcome).await,
        }
    }

    /// Adds the final members of a group, nested groups included, each once.
    async fn add_group(&self, to: &mut Destinations, mail: &Mail<'_>, params: Value, group: &Group, domain: &Domain) -> std::result::Result<(), Refusal> {
        let context = mail.context();
        let mut expansion = Expansion::new(group, domain, Flow::Mail);
        while let Some(member) = expansion.next_member() {
            let outcome = self.route(&member, Flow::Mail, &context).await?;
            expansion.add(member, outcome);
        }
        if expansion.is_truncated() {
            tracing::warn!(group = %group.name, domain = %domain.name, "the group is nested too deep or too large; some members are left out");
        }
        let left_out = left_out(mail, group);
        let params = without_success(params);
        for member in expansion.into_members() {
            if !left_out.contains(&member.address.to_lowercase()) {
                self.add_final(to, mail, &member.address, params.clone(), &member.outcome).await?;
            }
        }
        Ok(())
    }

    /// Adds a result that is no group.
    async fn add_final(&self, to: &mut Destinations, mail: &Mail<'_>, address: &str, params: Value, outcome: &Outcome) -> std::result::Result<(), Refusal> {
        match &outcome.route {
            Route::Local(local) => {
                let settings = self.receiver(local.account.id).await?;
                if settings.max_message_size >= 0 && mail.size > settings.max_message_size {
                    let refusal = Refusal::new(552, "5.2.3", format!("{address} message too big for the account"));
                    to.failed.push((address.to_owned(), params, refusal));
                } else {
                    // Without a time to wait the queue only has to tell the sender.
                    let delay = if settings.quota_retry_for == 0 { 0 } else { settings.quota_retry_every };
                    to.add_local(local, mail, address, params, settings.max_account_size, delay);
                }
            }
            Route::Smtp(remote) => {
                if to.seen.insert(outcome.route.to_string()) {
                    to.queued.push(Queued {
                        account: None,
                        address: address.to_owned(),
                        params,
                        module: "smtp",
                        queue: remote.queue(),
                        target: remote.address.to_string(),
                        held: remote.hold,
                        delay: 0,
                        last_reply: String::new(),
                    });
                }
            }
            Route::Null(_) | Route::Spamtrap => to.dropped += 1,
            Route::Error(error) => to.failed.push((address.to_owned(), params, refused(error, ReplyCodes::Standard))),
            other => to.failed.push((address.to_owned(), params, undeliverable(address, other))),
        }
        Ok(())
    }
}

impl Mail<'_> {
    /// It was accepted once, so it may go anywhere.
    fn context(&self) -> Context {
        Context { relayable: true, trusted: self.trusted, client: self.trusted, peer: self.peer, ..Context::default() }
    }
}

impl Destinations {
    /// Everything as rows of the queue, for a message that is there; who failed gets a report.
    pub(crate) fn into_queued(self) -> Vec<Queued> {
        let local = self.targets.into_iter().map(|target| Queued { delay: 0, last_reply: String::new(), ..target.otherwise });
        let mut queued: Vec<Queued> = local.chain(self.queued).collect();
        queued.extend(self.failed.into_iter().map(|(address, params, refusal)| report(address, params, &refusal)));
        queued
    }

    fn add_local(&mut self, local: &Local, mail: &Mail<'_>, address: &str, mut params: Value, quota: i64, delay: i64) {
        let mailbox = match local.mailbox.as_deref().or(local.detail.as_deref()) {
            Some(name) if !name.eq_ignore_ascii_case("INBOX") => name.to_owned(),
            _ => "INBOX".to_owned(),
        };
        if !self.seen.insert(format!("{}/{mailbox}", local.account.id)) {
            return;
        }
        if let Value::Object(map) = &mut params {
            for (name, value) in [("mailbox", &local.mailbox), ("detail", &local.detail), ("real_to", &local.real_to)] {
                if let Some(value) = value {
                    map.insert(name.to_owned(), json!(value));
                }
            }
        }
        let named = format!("{}@{}", local.account.name, local.domain.name);
        let email = new_id();
        let otherwise = Queued {
            account: Some(local.account.id),
            address: address.to_owned(),
            params,
            module: "local",
            queue: named.clone(),
            target: named.clone(),
            held: false,
            delay,
            last_reply: account_full(&named).to_string(),
        };
        let thread = thread_of(local.account.id, mail.facts, email);
        self.targets.push(Target { account: local.account.id, domain: local.domain.id, address: named, email, thread, mailbox, quota, otherwise });
    }

    /// The message for the store. Recipients that fail are refused when nobody else gets the message; otherwise the queue
    /// reports them to the sender.
    fn into_mail(self, submission: &Submission, written: Written, number: i64, trace_id: Uuid, moment: Timestamp) -> std::result::Result<NewMail, Refusal> {
        let reached = !self.targets.is_empty() || !self.queued.is_empty() || self.dropped > 0;
        if let (false, Some((_, _, refusal))) = (reached, self.failed.first()) {
            return Err(refusal.clone());
        }
        let user = submission.peer.user.as_ref().map(|user| &user.standing.address);
        let to: Vec<&str> = submission.recipients.iter().map(|recipient| recipient.address.as_str()).collect();
        let source = if submission.source == REPORT { REPORT.to_owned() } else { format!("{} [{}]", submission.source, submission.peer.ip) };
        let mut detail = json!({"source": source, "hello": submission.hello, "with": submission.with, "to": to});
        if let Some(map) = detail.as_object_mut() {
            if let Some(user) = user {
                map.insert("authenticated".to_owned(), json!(user));
            }
            if !self.failed.is_empty() {
                map.insert("failed".to_owned(), self.failed.iter().map(|(to, _, refusal)| json!({"to": to, "reply": refusal.to_string()})).collect());
            }
        }
        let mut queued = self.queued;
        // A failure of a report is not reported again.
        let reported = self.failed.into_iter().filter(|_| !submission.return_path.is_empty());
        queued.extend(reported.map(|(address, params, refusal)| report(address, params, &refusal)));
        let envelope = json!({
            "source": source, "authenticated": user, "trusted": submission.peer.trusted, "envid": submission.envelope_id, "ret": submission.ret,
            "utf8": submission.utf8, "eight_bit": submission.eight_bit, "skip": written.skip,
        });
        Ok(NewMail {
            number,
            trace_id,
            message_id: written.facts.message_id().unwrap_or_default().replace('\0', ""),
            hash: written.packed.hash,
            codec: written.packed.codec,
            data: written.packed.data,
            size: written.size,
            facts: written.facts.encode(),
            received_at: moment,
            return_path: submission.return_path.clone(),
            envelope,
            detail,
            targets: self.targets,
            queued,
            claims: Vec::new(),
            redelivered: false,
        })
    }
}

/// NOTIFY for the members of a group: who sends to the group is not told who they are.
fn without_success(mut params: Value) -> Value {
    if let Some(notify) = params.get("notify").and_then(Value::as_str).filter(|_| asks(&params, "SUCCESS")) {
        let others: Vec<&str> = notify.split(',').filter(|word| !word.eq_ignore_ascii_case("SUCCESS")).collect();
        let others = if others.is_empty() { "NEVER".to_owned() } else { others.join(",") };
        if let Some(map) = params.as_object_mut() {
            map.insert("notify".to_owned(), json!(others));
        }
    }
    params
}

/// A recipient who has the message, as the queue would know it.
fn delivered_at_once(mail: &NewMail, target: &Target) -> Claimed {
    Claimed {
        message: mail.number,
        n: 0,
        fence: 0,
        account: Some(target.account),
        address: target.otherwise.address.clone(),
        params: target.otherwise.params.clone(),
        module: "local".to_owned(),
        queue: target.address.clone(),
        target: target.address.clone(),
        attempts: 0,
        last_reply: String::new(),
        age: 0,
        warned: false,
        due_in: 0.0,
        trace_id: mail.trace_id,
        return_path: mail.return_path.clone(),
        envelope: mail.envelope.clone(),
        hash: mail.hash.to_vec(),
        size: mail.size,
        submitted_at: mail.received_at,
    }
}

/// The row of a recipient that failed: the queue tells the sender.
fn report(address: String, params: Value, refusal: &Refusal) -> Queued {
    Queued { account: None, queue: address.clone(), target: address.clone(), address, params, module: "local", held: false, delay: 0, last_reply: refusal.to_string() }
}

/// Members who get no copy: the author, and who is named in To or Cc, as the group wants it.
fn left_out(mail: &Mail<'_>, group: &Group) -> HashSet<String> {
    let mut out = HashSet::new();
    let envelope = &mail.facts.envelope;
    if group.settings.remove_author {
        out.extend(envelope.from.iter().filter_map(message::Address::email).map(|address| address.to_lowercase()));
        out.insert(mail.return_path.to_lowercase());
    }
    if group.settings.remove_to_cc {
        out.extend(envelope.to.iter().chain(&envelope.cc).filter_map(message::Address::email).map(|address| address.to_lowercase()));
    }
    out
}

/// Puts the trace fields on top (RFC 5321 §4.4), completes the header, reads and packs the message.
fn write(submission: &Submission, number: i64, host: &str, moment: Timestamp) -> Written {
    let (head, skip) = write_head(submission, number, host, moment);
    let mut raw = Vec::with_capacity(submission.message.len() + 1024);
    raw.extend_from_slice(head.as_bytes());
    let (block, body) = submission.message.split_at(message::block_len(&submission.message));
    let identity = format!("{number}.{}@{host}", moment.seconds());
    let user = submission.peer.user.as_ref();
    let how = Repair { date: moment.seconds(), message_id: &identity, from: user.map(|user| user.standing.address.as_str()), remove_bcc: user.is_some() };
    let repaired = if user.is_some() || submission.peer.trusted { message::repair(block, &how) } else { None };
    let block = repaired.as_deref().unwrap_or(block);
    if message::field(block, "Return-Path").is_some() {
        // The field belongs to the last server on the way, which is this one.
        message::fields(block).filter(|field| !field.is("Return-Path")).for_each(|field| raw.extend_from_slice(field.raw));
        raw.extend_from_slice(b"\r\n");
    } else {
        raw.extend_from_slice(block);
    }
    raw.extend_from_slice(body);
    let raw = Bytes::from(raw);
    Written { skip, facts: Facts::of(&raw), packed: pack(&raw), size: i64::try_from(raw.len()).unwrap_or(i64::MAX) }
}

/// The trace fields, and how many octets of them stay here.
fn write_head(submission: &Submission, number: i64, host: &str, moment: Timestamp) -> (String, usize) {
    let mut head = String::with_capacity(512);
    // Writing to memory cannot fail.
    let _ = write!(head, "Return-Path: <{}>\r\n", submission.return_path);
    let skip = head.len();
    let id = number.to_string();
    let recipient = match submission.recipients.as_slice() {
        [only] => Some(only.address.as_str()),
        _ => None,
    };
    let received = Received {
        helo: &submission.hello,
        name: None,
        ip: Some(submission.peer.ip),
        by: host,
        with: submission.with,
        tls: None,
        id: &id,
        recipient,
        date: moment.seconds(),
    };
    // What begins here was received from nobody.
    if submission.source != REPORT {
        head.push_str(&received.format());
    }
    (head, skip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_not_told_of() {
        for (given, left) in [("SUCCESS", "NEVER"), ("success,DELAY", "DELAY"), ("SUCCESS,FAILURE,DELAY", "FAILURE,DELAY"), ("NEVER", "NEVER"), ("FAILURE", "FAILURE")] {
            assert_eq!(without_success(json!({"notify": given, "orcpt": "x"})), json!({"notify": left, "orcpt": "x"}), "{given}");
        }
        assert_eq!(without_success(json!({})), json!({}));
    }
}
