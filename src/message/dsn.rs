//! Delivery status notifications (RFC 3464) in a `multipart/report` (RFC 6522).

use std::fmt::Write as _;

use mail_builder::{
    headers::{HeaderType, content_type::ContentType, text::Text},
    mime::{BodyPart, MimePart},
};

use crate::{
    builder::{Builder, Mailbox, line, token},
    format_date,
};

/// What became of a recipient (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Given up.
    Failed,
    /// Still trying.
    Delayed,
    /// In the mailbox.
    Delivered,
    /// Handed to a system that sends no notifications.
    Relayed,
    /// Sent on to several addresses.
    Expanded,
}

impl Action {
    /// The word of the report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Expanded => "expanded",
        }
    }
}

/// One recipient of the report (RFC 3464 §2.3).
#[derive(Debug, Clone)]
pub struct Recipient {
    /// `ORCPT` as given, type included (`rfc822;a@b`).
    pub original: Option<String>,
    /// Address the message was to be delivered to.
    pub address: String,
    /// What became of it.
    pub action: Action,
    /// Enhanced status code, such as `5.1.1` (RFC 3463).
    pub status: String,
    /// Host that refused or took the message.
    pub remote_mta: Option<String>,
    /// Last reply of that host, such as `550 5.1.1 unknown`.
    pub diagnostic: Option<String>,
    /// Last attempt in Unix seconds.
    pub last_attempt: Option<i64>,
    /// When delayed mail is given up, in Unix seconds.
    pub will_retry_until: Option<i64>,
}

/// What of the original message goes back with the report.
#[derive(Debug, Clone, Copy)]
pub enum Original<'x> {
    /// Nothing.
    None,
    /// The header only (`RET=HDRS`, RFC 3461 §4.3): the whole message may be given, its body is left out.
    Headers(&'x [u8]),
    /// The whole message (`RET=FULL`).
    Full(&'x [u8]),
}

/// A report to be written.
#[derive(Debug, Clone)]
pub struct Report<'x> {
    /// Who writes: `MAILER-DAEMON@…`, with a name.
    pub from: Mailbox,
    /// Sender of the original message; the report's envelope sender is empty (RFC 3461 §6.1).
    pub to: &'x str,
    /// `Subject`.
    pub subject: &'x str,
    /// `Date` in Unix seconds.
    pub date: i64,
    /// `Message-ID` without angle brackets.
    pub message_id: &'x str,
    /// Text that stands nowhere in the message returned.
    pub boundary: &'x str,
    /// Explanation for people.
    pub text: &'x str,
    /// Name of this host.
    pub reporting_mta: &'x str,
    /// Host the message came from.
    pub received_from: Option<&'x str>,
    /// When it came, in Unix seconds.
    pub arrival_date: Option<i64>,
    /// `ENVID` of the original, decoded.
    pub envelope_id: Option<&'x str>,
    /// Recipients reported.
    pub recipients: &'x [Recipient],
    /// What of the original goes back.
    pub original: Original<'x>,
}

impl Report<'_> {
    /// Writes the report with CRLF line ends.
    pub fn build(&self) -> Vec<u8> {
        let head = Builder {
            from: vec![self.from.clone()],
            to: vec![Mailbox {
                name: None,
                email: self.to.to_owned(),
            }],
            subject: self.subject.to_owned(),
            date: self.date,
            message_id: self.message_id.to_owned(),
            // RFC 3834 §3.1.7: nobody answers a report.
            headers: vec![("Auto-Submitted".to_owned(), "auto-replied".to_owned())],
            ..Builder::default()
        };
        let mut parts = vec![
            MimePart::new("text/plain", BodyPart::from(self.text)),
            bytes("message/delivery-status", self.status().into_bytes()),
        ];
        match self.original {
            Original::None => {}
            Original::Headers(raw) => {
                let block = raw.get(..crate::block_len(raw)).unwrap_or_default();
                parts.push(bytes("text/rfc822-headers", block.to_vec()));
            }
            Original::Full(raw) => parts.push(bytes("message/rfc822", raw.to_vec())),
        }
        let kind = ContentType::new("multipart/report")
            .attribute("report-type", "delivery-status")
            .attribute("boundary", token(self.boundary));
        head.with_body(MimePart::new(kind, BodyPart::Multipart(parts)))
    }

    /// Body of `message/delivery-status`: fields of the message, then of each recipient, blocks apart by empty lines.
    fn status(&self) -> String {
        let mut text = String::new();
        let mut put = |name: &str, value: &str| {
            let _ = write!(text, "{name}: {}\r\n", ascii(value));
        };
        if let Some(id) = self.envelope_id {
            put("Original-Envelope-Id", id);
        }
        put("Reporting-MTA", &format!("dns; {}", self.reporting_mta));
        if let Some(host) = self.received_from {
            put("Received-From-MTA", &format!("dns; {host}"));
        }
        if let Some(date) = self.arrival_date {
            put("Arrival-Date", &format_date(date));
        }
        for recipient in self.recipients {
            text.push_str("\r\n");
            recipient.write(&mut text);
        }
        text
    }
}

impl Recipient {
    fn write(&self, text: &mut String) {
        let mut put = |name: &str, value: &str| {
            let _ = write!(text, "{name}: {}\r\n", ascii(value));
        };
        if let Some(original) = &self.original {
            put("Original-Recipient", original);
        }
        // RFC 6533 §3: an address beyond ASCII has a type of its own.
        let kind = if self.address.is_ascii() {
            "rfc822"
        } else {
            "utf-8"
        };
        put("Final-Recipient", &format!("{kind};{}", self.address));
        put("Action", self.action.as_str());
        put("Status", &self.status);
        if let Some(host) = &self.remote_mta {
            put("Remote-MTA", &format!("dns; {host}"));
        }
        if let Some(reply) = &self.diagnostic {
            put("Diagnostic-Code", &format!("smtp; {reply}"));
        }
        if let Some(date) = self.last_attempt {
            put("Last-Attempt-Date", &format_date(date));
        }
        if let Some(date) = self.will_retry_until {
            put("Will-Retry-Until", &format_date(date));
        }
    }
}

/// The value in ASCII on one line; other characters as `\x{…}` (RFC 6533 §3).
fn ascii(value: &str) -> String {
    let mut clear = String::with_capacity(value.len());
    for c in line(value).chars() {
        if c.is_ascii() {
            clear.push(c);
        } else {
            let _ = write!(clear, "\\x{{{:X}}}", u32::from(c));
        }
    }
    clear
}

/// A part whose bytes are written as they are.
fn bytes(kind: &'static str, content: Vec<u8>) -> MimePart<'static> {
    let encoding = if content.is_ascii() { "7bit" } else { "8bit" };
    MimePart {
        headers: vec![("Content-Type".into(), ContentType::new(kind).into())],
        contents: BodyPart::Binary(content.into()),
    }
    .header(
        "Content-Transfer-Encoding",
        HeaderType::Text(Text::new(encoding)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Facts, part_bytes};

    fn report(original: Original<'_>) -> (Vec<u8>, Facts) {
        let recipient = |address: &str| Recipient {
            original: Some("rfc822;x@y.example".into()),
            address: address.into(),
            action: Action::Failed,
            status: "5.1.1".into(),
            remote_mta: Some("mx.y.example".into()),
            diagnostic: Some("550 5.1.1 unknown\r\nuser".into()),
            last_attempt: Some(0),
            will_retry_until: None,
        };
        let raw = Report {
            from: Mailbox {
                name: Some("Mail Delivery".into()),
                email: "MAILER-DAEMON@a.example".into(),
            },
            to: "s@a.example",
            subject: "Undelivered",
            date: 0,
            message_id: "d@a.example",
            boundary: "bnd",
            text: "Not delivered: ü\n",
            reporting_mta: "mail.a.example",
            received_from: None,
            arrival_date: Some(0),
            envelope_id: Some("QQ1"),
            recipients: &[recipient("x@y.example"), recipient("ü@y.example")],
            original,
        }
        .build();
        let facts = Facts::of(&raw);
        (raw, facts)
    }

    #[test]
    fn report_with_headers() {
        let (raw, facts) = report(Original::Headers(b"Subject: s\r\n\r\nsecret"));
        let kinds: Vec<_> = facts
            .parts
            .iter()
            .map(|p| format!("{}/{}", p.kind, p.subtype))
            .collect();
        assert_eq!(
            kinds,
            [
                "multipart/report",
                "text/plain",
                "message/delivery-status",
                "text/rfc822-headers"
            ]
        );
        assert_eq!(facts.parts[0].param("report-type"), Some("delivery-status"));
        assert!(facts.auto_submitted);
        let status = part_bytes(&raw, &facts.parts[2]);
        let expected = "Original-Envelope-Id: QQ1\r\nReporting-MTA: dns; mail.a.example\r\n\
            Arrival-Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n\r\n\
            Original-Recipient: rfc822;x@y.example\r\nFinal-Recipient: rfc822;x@y.example\r\nAction: failed\r\n\
            Status: 5.1.1\r\nRemote-MTA: dns; mx.y.example\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown  user\r\n\
            Last-Attempt-Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n\r\n";
        let status = String::from_utf8(status.into_owned()).unwrap();
        assert!(status.starts_with(expected), "{status}");
        assert!(
            status.contains("Final-Recipient: utf-8;\\x{FC}@y.example\r\n"),
            "{status}"
        );
        assert!(!raw.windows(6).any(|w| w == b"secret"));
    }

    #[test]
    fn report_with_the_whole_message() {
        let (raw, facts) = report(Original::Full(b"Subject: s\r\n\r\n--bn\r\nbody"));
        assert!(facts.parts[3].is("message", "rfc822"));
        assert_eq!(
            &raw[facts.parts[3].body_range()],
            b"Subject: s\r\n\r\n--bn\r\nbody"
        );
        assert_eq!(report(Original::None).1.parts.len(), 3);
    }
}
