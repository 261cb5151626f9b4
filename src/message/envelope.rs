use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Address, header};

/// Longest single value kept, in bytes.
pub(crate) const VALUE_MAX: usize = 4096;

/// The fields IMAP calls the envelope (RFC 3501 §7.4.2): unfolded, encoded words untouched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Envelope {
    /// `Date:` as written.
    #[serde(rename = "d", skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// `Subject:` as written.
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `From:`.
    #[serde(rename = "f", skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Address>,
    /// `Sender:`; empty when the message has none (IMAP then shows `From:`).
    #[serde(rename = "e", skip_serializing_if = "Vec::is_empty")]
    pub sender: Vec<Address>,
    /// `Reply-To:`; empty when the message has none (IMAP then shows `From:`).
    #[serde(rename = "p", skip_serializing_if = "Vec::is_empty")]
    pub reply_to: Vec<Address>,
    /// `To:`.
    #[serde(rename = "t", skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<Address>,
    /// `Cc:`.
    #[serde(rename = "c", skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<Address>,
    /// `Bcc:`.
    #[serde(rename = "b", skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<Address>,
    /// `In-Reply-To:` as written.
    #[serde(rename = "i", skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
    /// `Message-ID:` as written, angle brackets included.
    #[serde(rename = "m", skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
}

impl Envelope {
    /// Reads a header block; of fields that stand twice the first single value and all addresses count.
    pub(crate) fn of(block: &[u8]) -> Self {
        let mut envelope = Self::default();
        for field in header::fields(block) {
            envelope.take(&field);
        }
        envelope
    }

    fn take(&mut self, field: &header::Field<'_>) {
        let name = field.name.to_ascii_lowercase();
        let list = match name.as_slice() {
            b"date" => return first(&mut self.date, field.value),
            b"subject" => return first(&mut self.subject, field.value),
            b"in-reply-to" => return first(&mut self.in_reply_to, field.value),
            b"message-id" => return first(&mut self.message_id, field.value),
            b"from" => &mut self.from,
            b"sender" => &mut self.sender,
            b"reply-to" => &mut self.reply_to,
            b"to" => &mut self.to,
            b"cc" => &mut self.cc,
            b"bcc" => &mut self.bcc,
            _ => return,
        };
        if list.is_empty() {
            *list = Address::parse_list(field.value);
        }
    }

    /// Subject in UTF-8 (RFC 2047); empty when there is none.
    pub fn decoded_subject(&self) -> Cow<'_, str> {
        self.subject
            .as_deref()
            .map_or(Cow::Borrowed(""), header::decode)
    }
}

fn first(slot: &mut Option<String>, value: &[u8]) {
    if slot.is_none() {
        *slot = Some(clip(header::unfold(value)));
    }
}

/// Cuts an overlong value at a character border.
pub(crate) fn clip(mut text: String) -> String {
    if text.len() > VALUE_MAX {
        text.truncate(text.floor_char_boundary(VALUE_MAX));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelope_of_a_header_block() {
        let raw = b"Date: Tue, 1 Jul 2003 10:52:37 +0200\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\
            From: A <a@x>\r\nTo: b@x,\r\n c@x\r\nSubject: second\r\nMessage-ID: <1@x>\r\n\r\nTo: body\r\n";
        let envelope = Envelope::of(raw);
        assert_eq!(
            envelope.subject.as_deref(),
            Some("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=")
        );
        assert_eq!(envelope.decoded_subject(), "Grüße");
        assert_eq!(envelope.to.len(), 2);
        assert_eq!(envelope.message_id.as_deref(), Some("<1@x>"));
        assert!(envelope.sender.is_empty() && envelope.in_reply_to.is_none());
    }

    #[test]
    fn overlong_values_are_cut_at_a_character() {
        let subject = "ü".repeat(VALUE_MAX);
        let envelope = Envelope::of(format!("Subject: {subject}\r\n\r\n").as_bytes());
        assert_eq!(envelope.subject.unwrap().len(), VALUE_MAX);
    }
}
