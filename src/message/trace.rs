use std::{fmt::Write as _, net::IpAddr};

use crate::{builder::line, format_date, header};

/// What a `Received` field says (RFC 5321 §4.4).
#[derive(Debug, Clone)]
pub struct Received<'x> {
    /// Name the client gave in `EHLO`.
    pub helo: &'x str,
    /// Name the client's address has in DNS, when checked both ways.
    pub name: Option<&'x str>,
    /// Address of the client; `None` for mail made on this host.
    pub ip: Option<IpAddr>,
    /// Name of this host.
    pub by: &'x str,
    /// Protocol keyword: `ESMTPS`, `LMTP`, … (RFC 3848).
    pub with: &'x str,
    /// TLS version and cipher suite, as a comment.
    pub tls: Option<&'x str>,
    /// Id of the message on this host.
    pub id: &'x str,
    /// The recipient, when there is exactly one (RFC 5321 §7.2: never more).
    pub recipient: Option<&'x str>,
    /// Unix seconds.
    pub date: i64,
}

impl Received<'_> {
    /// The field with its name, folded, with its last line break.
    pub fn format(&self) -> String {
        let mut text = String::with_capacity(200);
        match self.ip {
            Some(ip) => {
                let literal = if ip.is_ipv6() {
                    format!("[IPv6:{ip}]")
                } else {
                    format!("[{ip}]")
                };
                let name = self
                    .name
                    .map(|name| format!("{} ", word(name)))
                    .unwrap_or_default();
                let _ = write!(text, "Received: from {} ({name}{literal})", word(self.helo));
            }
            None => text.push_str("Received: from localhost"),
        }
        let _ = write!(text, "\r\n by {} with {}", word(self.by), word(self.with));
        if let Some(tls) = self.tls {
            let _ = write!(text, " ({})", line(tls).replace(['(', ')', '\\'], ""));
        }
        let _ = write!(text, "\r\n id {}", word(self.id));
        if let Some(recipient) = self.recipient {
            let _ = write!(text, " for <{}>", word(recipient));
        }
        let _ = write!(text, ";\r\n {}\r\n", format_date(self.date));
        text
    }
}

/// A value without anything that would end it.
fn word(text: &str) -> String {
    text.chars()
        .filter(|c| {
            !c.is_control() && !c.is_whitespace() && !matches!(c, '(' | ')' | '<' | '>' | ';')
        })
        .collect()
}

/// How a header is made complete (RFC 6409 §8).
#[derive(Debug, Clone)]
pub struct Repair<'x> {
    /// `Date` in Unix seconds, for messages without one.
    pub date: i64,
    /// `Message-ID` without angle brackets, for messages without one.
    pub message_id: &'x str,
    /// `From` for messages without one: the sender's address.
    pub from: Option<&'x str>,
    /// Whether `Bcc` fields go.
    pub remove_bcc: bool,
}

/// Completes a header block ([`block_len`](crate::block_len)): the new block, or `None` when nothing is missing.
pub fn repair(block: &[u8], how: &Repair<'_>) -> Option<Vec<u8>> {
    let has = |name: &str| header::field(block, name).is_some();
    let bcc = how.remove_bcc && (has("Bcc") || has("Resent-Bcc"));
    let mut added = String::new();
    if !has("Date") {
        let _ = write!(added, "Date: {}\r\n", format_date(how.date));
    }
    if !has("Message-ID") {
        let _ = write!(added, "Message-ID: <{}>\r\n", word(how.message_id));
    }
    if let Some(from) = how.from.filter(|_| !has("From")) {
        let _ = write!(added, "From: <{}>\r\n", word(from));
    }
    if added.is_empty() && !bcc {
        return None;
    }
    let mut whole = added.into_bytes();
    if bcc {
        let kept = header::fields(block).filter(|f| !f.is("Bcc") && !f.is("Resent-Bcc"));
        kept.for_each(|field| whole.extend_from_slice(field.raw));
        whole.extend_from_slice(b"\r\n");
    } else {
        whole.extend_from_slice(block);
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn received_fields() {
        let mut received = Received {
            helo: "c.example",
            name: Some("host.c.example"),
            ip: "192.0.2.1".parse().ok(),
            by: "mail.a.example",
            with: "ESMTPS",
            tls: Some("TLSv1.3 (x)"),
            id: "Q1",
            recipient: Some("b@a.example"),
            date: 0,
        };
        assert_eq!(
            received.format(),
            "Received: from c.example (host.c.example [192.0.2.1])\r\n by mail.a.example with ESMTPS (TLSv1.3 x)\r\n \
             id Q1 for <b@a.example>;\r\n Thu, 01 Jan 1970 00:00:00 +0000\r\n"
        );
        received.helo = "evil)\r\nX: y";
        received.ip = "2001:db8::1".parse().ok();
        received.name = None;
        assert!(
            received
                .format()
                .starts_with("Received: from evilX:y ([IPv6:2001:db8::1])\r\n by ")
        );
    }

    fn check(block: &str, expected: Option<&str>) {
        let how = Repair {
            date: 0,
            message_id: "1@a",
            from: Some("f@a"),
            remove_bcc: true,
        };
        let found = repair(block.as_bytes(), &how).map(|b| String::from_utf8(b).unwrap());
        assert_eq!(found.as_deref(), expected, "{block}");
    }

    #[test]
    fn repairs() {
        let full = "Date: x\r\nMessage-ID: <2@a>\r\nFrom: <g@a>\r\n\r\n";
        check(full, None);
        check(
            "Subject: x\r\n\r\n",
            Some(
                "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nMessage-ID: <1@a>\r\nFrom: <f@a>\r\nSubject: x\r\n\r\n",
            ),
        );
        check(
            &full.replace("\r\nFrom", "\r\nBcc: a@b,\r\n c@d\r\nFrom"),
            Some(full),
        );
    }
}
