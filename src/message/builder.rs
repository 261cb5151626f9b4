use std::borrow::Cow;

use mail_builder::{
    MessageBuilder,
    headers::{
        HeaderType, address::Address, content_type::ContentType, date::Date, message_id::MessageId,
        text::Text,
    },
    mime::{BodyPart, MimePart},
};

/// A person or role with an address, in UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mailbox {
    /// Display name.
    pub name: Option<String>,
    /// `local@domain`.
    pub email: String,
}

/// A file of a message that is built.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attachment {
    /// File name in UTF-8.
    pub name: String,
    /// Media type, such as `image/png`.
    pub content_type: String,
    /// Id the HTML refers to (`cid:`), without angle brackets; the part is then shown inline.
    pub cid: Option<String>,
    /// The bytes themselves.
    pub content: Vec<u8>,
}

/// A message to be written: fill the fields, then [`build`](Self::build).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Builder {
    /// `From`.
    pub from: Vec<Mailbox>,
    /// `Reply-To`.
    pub reply_to: Vec<Mailbox>,
    /// `To`.
    pub to: Vec<Mailbox>,
    /// `Cc`.
    pub cc: Vec<Mailbox>,
    /// `Bcc`; only drafts have it, `repair` takes it out on submission.
    pub bcc: Vec<Mailbox>,
    /// `Subject` in UTF-8.
    pub subject: String,
    /// `Date` in Unix seconds.
    pub date: i64,
    /// `Message-ID` without angle brackets.
    pub message_id: String,
    /// Id of the message answered, without angle brackets.
    pub in_reply_to: Option<String>,
    /// Ids of the thread, oldest first, without angle brackets.
    pub references: Vec<String>,
    /// Further header fields, value in UTF-8.
    pub headers: Vec<(String, String)>,
    /// Plain text.
    pub text: Option<String>,
    /// HTML.
    pub html: Option<String>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// Text that stands nowhere in the bodies; the boundaries are made of it (RFC 2046 §5.1.1).
    pub boundary: String,
}

impl Builder {
    /// Writes the message with CRLF line ends. Line breaks and other control characters inside header values become
    /// blanks, so no value can add a header field.
    pub fn build(&self) -> Vec<u8> {
        self.with_body(self.body())
    }

    /// Writes the header fields and this body.
    pub(crate) fn with_body(&self, body: MimePart<'_>) -> Vec<u8> {
        let mut builder = MessageBuilder::new()
            .date(Date::new(self.date))
            .message_id(MessageId::new(token(&self.message_id)))
            .header("From", addresses(&self.from));
        for (name, list) in [
            ("Reply-To", &self.reply_to),
            ("To", &self.to),
            ("Cc", &self.cc),
            ("Bcc", &self.bcc),
        ] {
            if !list.is_empty() {
                builder = builder.header(name, addresses(list));
            }
        }
        builder = builder.subject(line(&self.subject));
        if let Some(id) = &self.in_reply_to {
            builder = builder.in_reply_to(MessageId::new(token(id)));
        }
        if !self.references.is_empty() {
            builder = builder.references(MessageId::new_list(
                self.references.iter().map(|id| token(id)),
            ));
        }
        for (name, value) in &self.headers {
            builder = builder.header(token(name), HeaderType::Text(Text::new(line(value))));
        }
        let mut raw = Vec::new();
        builder.body(body).serialize(&mut raw);
        raw
    }

    /// `mixed(related(alternative(text, html), inline…), file…)`, each level only when it has something to hold.
    fn body(&self) -> MimePart<'_> {
        let text = self
            .text
            .as_deref()
            .map(|text| MimePart::new("text/plain", BodyPart::from(text)));
        let html = self
            .html
            .as_deref()
            .map(|html| MimePart::new("text/html", BodyPart::from(html)));
        let shown: Vec<_> = text.into_iter().chain(html).collect();
        let (inline, files): (Vec<_>, Vec<_>) = self
            .attachments
            .iter()
            .partition(|file| file.cid.is_some() && self.html.is_some());
        let body = self.group("alternative", "1", shown);
        let body = body.map(|body| self.wrap("related", "2", body, &inline));
        let parts: Vec<_> = body
            .into_iter()
            .chain(files.into_iter().map(attachment))
            .collect();
        self.group("mixed", "3", parts)
            .unwrap_or_else(|| MimePart::new("text/plain", BodyPart::from("")))
    }

    fn wrap<'x>(
        &self,
        kind: &str,
        mark: &str,
        body: MimePart<'x>,
        files: &[&'x Attachment],
    ) -> MimePart<'x> {
        if files.is_empty() {
            return body;
        }
        let parts = std::iter::once(body)
            .chain(files.iter().map(|file| attachment(file)))
            .collect();
        MimePart::new(self.multipart(kind, mark), BodyPart::Multipart(parts))
    }

    fn group<'x>(
        &self,
        kind: &str,
        mark: &str,
        mut parts: Vec<MimePart<'x>>,
    ) -> Option<MimePart<'x>> {
        match parts.len() {
            0 | 1 => parts.pop(),
            _ => Some(MimePart::new(
                self.multipart(kind, mark),
                BodyPart::Multipart(parts),
            )),
        }
    }

    fn multipart(&self, kind: &str, mark: &str) -> ContentType<'static> {
        ContentType::new(format!("multipart/{kind}"))
            .attribute("boundary", format!("{}-{mark}", token(&self.boundary)))
    }
}

fn attachment(file: &Attachment) -> MimePart<'_> {
    let kind = token(&file.content_type);
    let kind = if kind
        .split_once('/')
        .is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
        && !kind.starts_with("multipart/")
    {
        kind
    } else {
        "application/octet-stream".into()
    };
    let mut part = MimePart::new(
        ContentType::new(kind),
        BodyPart::Binary(Cow::Borrowed(&file.content)),
    );
    let stated = if file.cid.is_some() {
        "inline"
    } else {
        "attachment"
    };
    let mut disposition = ContentType::new(stated);
    if !file.name.is_empty() {
        disposition = disposition.attribute("filename", line(&file.name));
    }
    part = part.header("Content-Disposition", disposition);
    match &file.cid {
        Some(cid) => part.cid(token(cid)),
        None => part,
    }
}

fn addresses(list: &[Mailbox]) -> Address<'_> {
    Address::new_list(list.iter().map(address).collect())
}

fn address(mailbox: &Mailbox) -> Address<'_> {
    Address::new_address(mailbox.name.as_deref().map(line), token(&mailbox.email))
}

/// Value of a header without control characters.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        Cow::Owned(text.replace(char::is_control, " "))
    } else {
        Cow::Borrowed(text)
    }
}

/// A word without blanks, angle brackets and control characters: addresses, ids, names.
pub(crate) fn token(text: &str) -> Cow<'_, str> {
    let bad = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>');
    if text.contains(bad) {
        Cow::Owned(text.replace(bad, ""))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Facts, part_bytes, text_body};

    fn letter() -> Builder {
        Builder {
            from: vec![Mailbox {
                name: Some("Jörg, der".into()),
                email: "joerg@a.example".into(),
            }],
            to: vec![Mailbox {
                name: None,
                email: "b@b.example".into(),
            }],
            subject: "Grüße an alle".into(),
            date: 1_700_000_000,
            message_id: "1@a.example".into(),
            text: Some("Hallo ü\n.\nFrom me\n".into()),
            boundary: "bnd".into(),
            ..Builder::default()
        }
    }

    #[test]
    fn what_is_built_is_read() {
        let raw = letter().build();
        let facts = Facts::of(&raw);
        assert_eq!(facts.subject(), "Grüße an alle");
        assert_eq!(facts.envelope.from[0].display_name().unwrap(), "Jörg, der");
        assert_eq!(facts.envelope.from[0].email().unwrap(), "joerg@a.example");
        assert_eq!(
            (facts.message_id(), facts.date),
            (Some("1@a.example"), Some(1_700_000_000))
        );
        assert_eq!(
            text_body(&raw, &facts).replace("\r\n", "\n"),
            "Hallo ü\n.\nFrom me\n"
        );
        assert!(
            raw.windows(2)
                .filter(|w| w[1] == b'\n')
                .all(|w| w[0] == b'\r')
        );
    }

    #[test]
    fn all_levels() {
        let file = |cid: Option<&str>| Attachment {
            name: "ü.png".into(),
            content_type: "image/png".into(),
            cid: cid.map(str::to_owned),
            content: vec![0, 1, 2, 255],
        };
        let builder = Builder {
            html: Some("<img src=cid:i>".into()),
            attachments: vec![file(Some("i")), file(None)],
            ..letter()
        };
        let raw = builder.build();
        let facts = Facts::of(&raw);
        let kinds: Vec<_> = facts
            .parts
            .iter()
            .map(|p| format!("{}{}", p.depth, p.subtype))
            .collect();
        assert_eq!(
            kinds,
            [
                "0mixed",
                "1related",
                "2alternative",
                "3plain",
                "3html",
                "2png",
                "1png"
            ]
        );
        let last = facts.parts.last().unwrap();
        assert_eq!(last.file_name().as_deref(), Some("ü.png"));
        assert_eq!(&*part_bytes(&raw, last), [0, 1, 2, 255]);
    }

    #[test]
    fn values_add_no_fields() {
        let evil = "x\r\nEvil: yes\r\n\r\nbody";
        let builder = Builder {
            subject: evil.into(),
            message_id: evil.into(),
            in_reply_to: Some(evil.into()),
            from: vec![Mailbox {
                name: Some(evil.into()),
                email: evil.into(),
            }],
            headers: vec![(evil.into(), evil.into())],
            attachments: vec![Attachment {
                name: evil.into(),
                content_type: evil.into(),
                ..Attachment::default()
            }],
            ..letter()
        };
        let raw = builder.build();
        assert!(
            crate::field(&raw, "Evil").is_none(),
            "{}",
            String::from_utf8_lossy(&raw)
        );
        assert!(crate::fields(&raw).any(|f| f.is("Content-Type")));
    }
}
