//! What senders are told (RFC 3464): failures, delays, and successes they asked for.

use std::fmt::Write;
use std::net::Ipv4Addr;

use bytes::Bytes;
use message::Mailbox;
use message::dsn::{Action, Original, Recipient as Reportee, Report};
use model::routing::Flow;
use router::{Context, Route};
use serde_json::Value;
use store::queue::{Claimed, Settled};

use crate::delivery::{REPORT, Submission};
use crate::{Peer, Reach, Recipient, RecipientParams, Refusal, Result, Service, new_id, now};

/// Messages up to this size go back whole when the sender asked for it.
const MAX_RETURNED: usize = 50 * 1024;

/// A recipient of whom the sender may be told.
pub(crate) struct Reported {
    /// The end of the claim, which comes with the report.
    pub(crate) end: Settled,
    pub(crate) claimed: Claimed,
    pub(crate) action: Action,
    /// What the last try ended with.
    pub(crate) reply: String,
    /// The server that said it.
    pub(crate) server: Option<String>,
}

/// Whether the sender wants to be told (RFC 3461 §4.1). Nobody is told about a report (RFC 5321 §4.5.5).
pub(crate) fn wants(claimed: &Claimed, kind: &str) -> bool {
    asks(&claimed.params, kind) && !claimed.return_path.is_empty()
}

/// Whether NOTIFY names a kind of report; without NOTIFY these are failures and delays.
pub(crate) fn asks(params: &Value, kind: &str) -> bool {
    let given = params.get("notify").and_then(Value::as_str);
    given.map_or(kind != "SUCCESS", |notify| notify.split(',').any(|word| word.eq_ignore_ascii_case(kind)))
}

fn kind(action: Action) -> &'static str {
    match action {
        Action::Failed => "FAILURE",
        Action::Delayed => "DELAY",
        Action::Delivered | Action::Relayed | Action::Expanded => "SUCCESS",
    }
}

impl Service {
    /// Ends claims of one message with one report to its sender, in one transaction; without a report when none is wanted.
    pub(crate) async fn report(&self, reported: Vec<Reported>) -> Result<()> {
        let (wanted, silent): (Vec<_>, Vec<_>) = reported.into_iter().partition(|r| wants(&r.claimed, kind(r.action)));
        for lost in silent.iter().filter(|r| r.action == Action::Failed) {
            tracing::info!(target: "mail", number = lost.claimed.message, to = %lost.claimed.address, reply = %lost.reply, "failed, and nobody is told");
        }
        let ends: Vec<Settled> = silent.into_iter().map(|r| r.end).collect();
        if !ends.is_empty() {
            self.store().settle_queue(&ends).await?;
        }
        let Some(first) = wanted.first() else { return Ok(()) };
        let (claimed, action) = (first.claimed.clone(), first.action);
        let recipients: Vec<Reportee> = wanted.iter().map(|r| self.reportee(r)).collect();
        let ends: Vec<Settled> = wanted.into_iter().map(|r| r.end).collect();
        match self.submit_report(&claimed, action, recipients, ends.clone()).await {
            Ok(()) => Ok(()),
            // A failure can be told later; what was delivered must not be delivered again.
            Err(refusal) if refusal.code < 500 && action == Action::Failed => {
                tracing::warn!(target: "mail", number = claimed.message, %refusal, "a report cannot be made now");
                Ok(())
            }
            Err(refusal) => {
                tracing::info!(target: "mail", number = claimed.message, to = %claimed.return_path, %refusal, "a report is not taken");
                self.store().settle_queue(&ends).await.map(|_| ()).map_err(Into::into)
            }
        }
    }

    /// Tells the sender that a message, whose claim has ended, is in the mailbox.
    pub(crate) async fn report_success(&self, claimed: Claimed) -> Result<()> {
        if !wants(&claimed, "SUCCESS") {
            return Ok(());
        }
        let recipient = reportee(&claimed, Action::Delivered, "250 2.0.0 delivered", None);
        if let Err(refusal) = self.submit_report(&claimed, Action::Delivered, vec![recipient], Vec::new()).await {
            tracing::info!(target: "mail", number = claimed.message, to = %claimed.return_path, %refusal, "a report is not taken");
        }
        Ok(())
    }

    fn reportee(&self, reported: &Reported) -> Reportee {
        reportee(&reported.claimed, reported.action, &reported.reply, reported.server.clone())
    }

    async fn submit_report(&self, claimed: &Claimed, action: Action, mut recipients: Vec<Reportee>, ends: Vec<Settled>) -> std::result::Result<(), Refusal> {
        let host = self.mail_host().await?;
        let whole = claimed.envelope.get("ret").and_then(Value::as_str) == Some("FULL");
        let original = self.queued_message(claimed).await?.unwrap_or_default();
        if action == Action::Delayed {
            let until = now().seconds() + (self.module_settings().smtp_out.give_up_after - claimed.age).max(0);
            recipients.iter_mut().for_each(|r| r.will_retry_until = Some(until));
        }
        let id = new_id();
        let report = Report {
            from: Mailbox { name: Some("Mail Delivery System".to_owned()), email: format!("MAILER-DAEMON@{host}") },
            to: &claimed.return_path,
            subject: subject(action),
            date: now().seconds(),
            message_id: &format!("{id}@{host}"),
            boundary: &format!("report-{}", id.simple()),
            text: &text(&host, action, &recipients),
            reporting_mta: &host,
            received_from: None,
            arrival_date: Some(claimed.submitted_at.seconds()),
            envelope_id: claimed.envelope.get("envid").and_then(Value::as_str),
            recipients: &recipients,
            original: match original.is_empty() {
                true => Original::None,
                false if whole && original.len() <= MAX_RETURNED => Original::Full(&original),
                false => Original::Headers(&original),
            },
        };
        let message = Bytes::from(report.build());
        self.submit_own(&host, &claimed.return_path, message, ends).await
    }

    /// Submits a message of the server itself, with the null return path (RFC 5321 §4.5.5).
    async fn submit_own(&self, host: &str, to: &str, message: Bytes, ends: Vec<Settled>) -> std::result::Result<(), Refusal> {
        let context = Context { relayable: true, trusted: true, client: true, ..Context::default() };
        let outcome = self.route(to, Flow::Mail, &context).await?;
        if let Route::Error(error) = &outcome.route {
            return Err(crate::admission::refused(error, model::server::ReplyCodes::Standard));
        }
        let peer = Peer { ip: Ipv4Addr::LOCALHOST.into(), trusted: true, login_offered: false, user: None };
        let recipient = Recipient { address: to.to_owned(), params: RecipientParams::default(), reach: Reach::Local, outcome };
        let submission = Submission {
            return_path: String::new(),
            source: REPORT,
            peer,
            hello: host.to_owned(),
            with: "LOCAL",
            envelope_id: None,
            ret: None,
            utf8: !to.is_ascii(),
            eight_bit: !message.is_ascii(),
            recipients: vec![recipient],
            message,
        };
        self.accept(submission, ends).await.map(|_| ())
    }
}

fn reportee(claimed: &Claimed, action: Action, reply: &str, server: Option<String>) -> Reportee {
    let word = |name: &str| claimed.params.get(name).and_then(Value::as_str).map(str::to_owned);
    Reportee {
        original: word("orcpt"),
        address: claimed.address.clone(),
        action,
        status: status(action, reply),
        remote_mta: server,
        diagnostic: Some(reply.to_owned()),
        last_attempt: Some(now().seconds()),
        will_retry_until: None,
    }
}

/// The status code of a reply (RFC 3463). What was only put off and is given up has run out of time.
fn status(action: Action, reply: &str) -> String {
    let mut words = reply.split(' ');
    let code = words.next().unwrap_or_default();
    let class = match action {
        Action::Failed => '5',
        Action::Delayed => '4',
        Action::Delivered | Action::Relayed | Action::Expanded => '2',
    };
    if action == Action::Failed && code.starts_with('4') {
        return "4.4.7".to_owned();
    }
    let enhanced = words.next().filter(|word| word.starts_with(class) && word.split('.').count() == 3 && word.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    enhanced.map_or_else(|| format!("{class}.0.0"), str::to_owned)
}

fn subject(action: Action) -> &'static str {
    match action {
        Action::Failed => "Undelivered mail",
        Action::Delayed => "Delayed mail",
        Action::Delivered | Action::Relayed | Action::Expanded => "Delivered mail",
    }
}

fn text(host: &str, action: Action, recipients: &[Reportee]) -> String {
    let what = match action {
        Action::Failed => "Your message could not be delivered to these recipients:",
        Action::Delayed => "Your message waits for these recipients. It is tried again; you need not send it again:",
        Action::Delivered => "Your message was delivered to these recipients:",
        Action::Relayed | Action::Expanded => "Your message was handed on for these recipients; no further report may come:",
    };
    let mut text = format!("This is the mail server at {host}.\r\n\r\n{what}\r\n\r\n");
    for recipient in recipients {
        // Writing to memory cannot fail.
        let _ = write!(text, "  <{}>\r\n", recipient.address);
        if let Some(reply) = &recipient.diagnostic {
            let _ = write!(text, "    {}{reply}\r\n", recipient.remote_mta.as_deref().map(|server| format!("{server} said: ")).unwrap_or_default());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_become_status_codes() {
        for (action, reply, expected) in [
            (Action::Failed, "550 5.1.1 unknown", "5.1.1"),
            (Action::Failed, "550 unknown", "5.0.0"),
            (Action::Failed, "550 5.1.x unknown", "5.0.0"),
            (Action::Failed, "451 4.4.1 no answer", "4.4.7"),
            (Action::Failed, "", "5.0.0"),
            (Action::Delayed, "451 4.4.1 no answer", "4.4.1"),
            (Action::Delayed, "451 greylisted", "4.0.0"),
            (Action::Relayed, "250 2.1.5 good", "2.1.5"),
            (Action::Relayed, "250 good", "2.0.0"),
        ] {
            assert_eq!(status(action, reply), expected, "{reply}");
        }
    }
}
