use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Envelope, Part, envelope::clip, header, structure, text};

/// Most message ids kept for threading.
const REFERENCES_MAX: usize = 100;
/// Characters of the preview (RFC 8970 §3.1 allows 256).
const PREVIEW_CHARS: usize = 256;

/// What is known of a message once it is accepted; stored beside it, so that no listing reads the message again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Envelope of the message.
    #[serde(rename = "e")]
    pub envelope: Envelope,
    /// Ids this message refers to, oldest first, without angle brackets: `References`, then `In-Reply-To`
    /// (RFC 5322 §3.6.4).
    #[serde(rename = "r", skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// Parts in the order they stand, the message itself first; `depth` says which is inside which.
    #[serde(rename = "p")]
    pub parts: Vec<Part>,
    /// First 256 characters of the text, on one line.
    #[serde(rename = "w", skip_serializing_if = "String::is_empty")]
    pub preview: String,
    /// Whether there is something to save.
    #[serde(rename = "a", skip_serializing_if = "std::ops::Not::not")]
    pub has_attachment: bool,
    /// Whether a program wrote it (`Auto-Submitted` other than `no`, RFC 3834 §5; `Precedence: junk`).
    #[serde(rename = "u", skip_serializing_if = "std::ops::Not::not")]
    pub auto_submitted: bool,
    /// Whether it came through a list (`List-Id`, RFC 2919; `List-Post`, RFC 2369; `Precedence: list` or `bulk`).
    #[serde(rename = "l", skip_serializing_if = "std::ops::Not::not")]
    pub list: bool,
    /// Number of `Received` fields, for loop detection (RFC 5321 §6.3).
    #[serde(rename = "n")]
    pub received: u32,
    /// `Date` in Unix seconds, when it can be read.
    #[serde(rename = "d", skip_serializing_if = "Option::is_none")]
    pub date: Option<i64>,
}

impl Facts {
    /// Reads a message once. Never fails: broken parts become `text/plain` or `application/octet-stream`, more than 64
    /// levels and 1,000 parts are not told apart.
    pub fn of(raw: &[u8]) -> Self {
        let mut facts = Self {
            parts: structure::parts(raw),
            ..Self::default()
        };
        let block = raw.get(..header::block_len(raw)).unwrap_or_default();
        facts.envelope = Envelope::of(block);
        facts.date = facts.envelope.date.as_deref().and_then(crate::parse_date);
        for field in header::fields(block) {
            facts.take(&field);
        }
        if let Some(id) = &facts.envelope.in_reply_to {
            push_ids(&mut facts.references, id);
        }
        facts.has_attachment = facts.parts.iter().any(|part| facts.is_attachment(part));
        facts.preview = text::preview(raw, &facts, PREVIEW_CHARS);
        facts
    }

    fn take(&mut self, field: &header::Field<'_>) {
        match field.name.to_ascii_lowercase().as_slice() {
            b"received" => self.received += 1,
            b"references" if self.references.is_empty() => {
                push_ids(&mut self.references, &header::unfold(field.value));
                let surplus = self.references.len().saturating_sub(REFERENCES_MAX);
                // The first id names the thread, the last ones are near: the middle can go (RFC 5537 §3.4.4).
                if surplus > 0 {
                    self.references.drain(1..=surplus).for_each(drop);
                }
            }
            b"auto-submitted" => {
                self.auto_submitted |= !word(field.value).eq_ignore_ascii_case("no")
            }
            b"list-id" | b"list-post" => self.list = true,
            b"precedence" => match word(field.value).to_ascii_lowercase().as_str() {
                "list" | "bulk" => self.list = true,
                "junk" | "auto_reply" => self.auto_submitted = true,
                _ => {}
            },
            _ => {}
        }
    }

    /// `Message-ID` without angle brackets.
    pub fn message_id(&self) -> Option<&str> {
        self.envelope
            .message_id
            .as_deref()
            .and_then(|value| ids(value).next())
    }

    /// Subject in UTF-8.
    pub fn subject(&self) -> Cow<'_, str> {
        self.envelope.decoded_subject()
    }

    /// Indices of the parts directly inside the part at `index`.
    pub fn children(&self, index: usize) -> impl Iterator<Item = usize> {
        let depth = self.parts.get(index).map_or(0, |part| part.depth);
        let below = self
            .parts
            .iter()
            .enumerate()
            .skip(index + 1)
            .take_while(move |(_, part)| part.depth > depth);
        below
            .filter(move |(_, part)| part.depth == depth + 1)
            .map(|(at, _)| at)
    }

    /// Number of a part as IMAP counts them (`1.2`, RFC 3501 §6.4.5); empty for the message itself when it is a multipart.
    /// The number of a message inside a message, and of a multipart that is its body, is that of the part that holds it.
    pub fn section(&self, index: usize) -> String {
        let mut path = Vec::new();
        let mut at = index;
        while let Some(parent) = self.parent(at) {
            let multipart = self
                .parts
                .get(parent)
                .is_some_and(|p| p.kind == "multipart");
            let leaf = self.parts.get(at).is_some_and(|p| p.kind != "multipart");
            if multipart {
                path.push(
                    self.children(parent)
                        .position(|child| child == at)
                        .unwrap_or_default()
                        + 1,
                );
            } else if leaf {
                path.push(1);
            }
            at = parent;
        }
        if self.parts.first().is_some_and(|p| p.kind != "multipart") {
            path.push(1);
        }
        path.iter()
            .rev()
            .map(usize::to_string)
            .collect::<Vec<_>>()
            .join(".")
    }

    /// Index of the part with this IMAP number.
    pub fn part_at(&self, section: &str) -> Option<usize> {
        (0..self.parts.len()).find(|&at| !section.is_empty() && self.section(at) == section)
    }

    fn parent(&self, index: usize) -> Option<usize> {
        let depth = self.parts.get(index)?.depth.checked_sub(1)?;
        self.parts
            .get(..index)?
            .iter()
            .rposition(|part| part.depth == depth)
    }

    /// Whether a reader would save this part rather than read it: it says so, or it is neither text nor shown inside the
    /// HTML (which refers to it by its id).
    pub fn is_attachment(&self, part: &Part) -> bool {
        let stated = part.disposition.as_ref().map(|d| d.kind.as_str());
        match part.kind.as_str() {
            "multipart" => false,
            _ if part.depth == 0 && part.kind == "text" => stated == Some("attachment"),
            _ if stated == Some("attachment") => true,
            "text" => part.file_name().is_some() && stated != Some("inline"),
            "message" => true,
            "image" | "audio" | "video" => part.id.is_none() && stated != Some("inline"),
            _ => !part.subtype.ends_with("signature"),
        }
    }

    /// Bytes to store.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`encode`](Self::encode) wrote; `None` when it was not, so that the caller computes it again.
    pub fn decode(stored: &[u8]) -> Option<Self> {
        serde_json::from_slice(stored).ok()
    }
}

/// First word of a value.
fn word(value: &[u8]) -> String {
    let text = header::unfold(value);
    text.split([' ', ';', '('])
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn ids(value: &str) -> impl Iterator<Item = &str> {
    value
        .split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>'))
        .map(|(id, _)| id.trim())
        .filter(|id| !id.is_empty())
}

fn push_ids(list: &mut Vec<String>, value: &str) {
    for id in ids(value).take(10 * REFERENCES_MAX) {
        if list.last().is_none_or(|last| last != id) {
            list.push(clip(id.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &str = "From: a@x\r\nMessage-ID: <4@x>\r\nReferences: <1@x>\r\n <2@x>\r\nIn-Reply-To: <3@x>\r\n\
        Received: a\r\nReceived: b\r\nList-Id: <l.x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\n\r\nhello\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n\
        --c\r\n\r\nin1\r\n--c\r\nContent-Type: image/png\r\n\r\nin2\r\n--c--\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n\
        Subject: s\r\n\r\nplain\r\n--b--\r\n";

    #[test]
    fn facts_of_a_message() {
        let facts = Facts::of(MIXED.as_bytes());
        assert_eq!(facts.message_id(), Some("4@x"));
        assert_eq!(facts.references, ["1@x", "2@x", "3@x"]);
        assert_eq!(
            (facts.received, facts.list, facts.auto_submitted),
            (2, true, false)
        );
        assert!(facts.has_attachment);
        assert_eq!(facts.preview, "hello");
        let sections: Vec<_> = (0..facts.parts.len()).map(|at| facts.section(at)).collect();
        assert_eq!(sections, ["", "1", "2", "2", "2.1", "2.2", "3", "3.1"]);
        assert_eq!(facts.part_at("2.2"), Some(5));
        assert_eq!(facts.part_at("2"), Some(2));
        assert_eq!(facts.part_at("4"), None);
        assert_eq!(facts.children(0).collect::<Vec<_>>(), [1, 2, 6]);
    }

    #[test]
    fn references_may_name_nothing() {
        for value in ["", " ", " words", " <>", " <1@x"] {
            let facts = Facts::of(format!("References:{value}\r\n\r\n").as_bytes());
            assert!(facts.references.len() < 2, "{value:?}");
        }
    }

    #[test]
    fn encode_and_decode() {
        let facts = Facts::of(MIXED.as_bytes());
        assert_eq!(Facts::decode(&facts.encode()).unwrap(), facts);
        assert_eq!(Facts::decode(b"nonsense"), None);
        let deep = Facts::of(
            "Content-Type: message/rfc822\r\n\r\n"
                .repeat(100)
                .as_bytes(),
        );
        assert_eq!(Facts::decode(&deep.encode()).unwrap(), deep);
    }

    #[test]
    fn attachments() {
        for (headers, expected) in [
            ("Content-Type: text/plain", false),
            ("Content-Type: text/plain; name=a.txt", false),
            ("Content-Type: application/pdf", true),
            ("Content-Disposition: attachment", true),
            ("Content-Type: image/png\r\nContent-ID: <1>", false),
            ("Content-Type: application/pgp-signature", false),
        ] {
            assert_eq!(
                Facts::of(format!("{headers}\r\n\r\nx").as_bytes()).has_attachment,
                expected,
                "{headers}"
            );
        }
    }

    #[test]
    fn programs_and_lists() {
        for (headers, auto, list) in [
            ("Auto-Submitted: no", false, false),
            ("Auto-Submitted: auto-replied (vacation)", true, false),
            ("Precedence: bulk", false, true),
            ("Precedence: junk", true, false),
        ] {
            let facts = Facts::of(format!("{headers}\r\n\r\nx").as_bytes());
            assert_eq!(
                (facts.auto_submitted, facts.list),
                (auto, list),
                "{headers}"
            );
        }
    }

    #[test]
    fn long_references_keep_the_ends() {
        let ids: Vec<_> = (0..500).map(|n| format!("<{n}@x>")).collect();
        let facts = Facts::of(format!("References: {}\r\n\r\n", ids.join("\r\n ")).as_bytes());
        assert_eq!(facts.references.len(), REFERENCES_MAX);
        assert_eq!(
            (facts.references[0].as_str(), facts.references[99].as_str()),
            ("0@x", "499@x")
        );
    }
}
