//! Which messages fit a criterion: texts are substrings of what a reader sees, compared without regard to case.

use message::Facts;

/// What a message must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Criterion {
    /// A header field has this text in its decoded value.
    Header {
        /// Name of the field.
        field: String,
        /// The text; empty: the field is there.
        text: String,
    },
    /// The decoded body has this text.
    Body(String),
    /// Header or body have this text.
    Text(String),
    /// Received before this day since 1970, UTC.
    Before(i32),
    /// Received on this day.
    On(i32),
    /// Received on this day or later.
    Since(i32),
    /// `Date` before this day, its time zone disregarded.
    SentBefore(i32),
    /// `Date` on this day.
    SentOn(i32),
    /// `Date` on this day or later.
    SentSince(i32),
    /// More octets than this.
    Larger(u32),
    /// Fewer octets than this.
    Smaller(u32),
}

/// What is looked at of a message.
pub(crate) struct Candidate<'a> {
    pub(crate) received: i64,
    pub(crate) size: i64,
    pub(crate) facts: &'a Facts,
    /// The message, or its header when no criterion asks for more.
    pub(crate) raw: &'a [u8],
}

impl Criterion {
    /// Makes the text ready to be compared.
    pub(crate) fn folded(mut self) -> Self {
        match &mut self {
            Self::Header { text, .. } | Self::Body(text) | Self::Text(text) => *text = text.to_lowercase(),
            _ => {}
        }
        self
    }

    /// Whether the body is needed.
    pub(crate) fn needs_body(&self) -> bool {
        matches!(self, Self::Body(_) | Self::Text(_))
    }

    /// Whether the header is needed.
    pub(crate) fn needs_header(&self) -> bool {
        matches!(self, Self::Header { field, .. } if !field.eq_ignore_ascii_case("subject"))
    }

    /// Whether the facts are needed.
    pub(crate) fn needs_facts(&self) -> bool {
        matches!(self, Self::Header { .. } | Self::SentBefore(_) | Self::SentOn(_) | Self::SentSince(_)) || self.needs_body()
    }

    /// Whether the message fits; the text must be folded.
    pub(crate) fn fits(&self, message: &Candidate<'_>) -> bool {
        let received = message.received.div_euclid(86_400);
        let sent = || sent_day(message.facts);
        match self {
            Self::Header { field, text } if field.eq_ignore_ascii_case("subject") && !text.is_empty() => holds(&message.facts.subject(), text),
            Self::Header { field, text } if field.eq_ignore_ascii_case("subject") => text.is_empty() && message.facts.envelope.subject.is_some(),
            Self::Header { field, text } => header_holds(message.raw, Some(field), text),
            Self::Body(text) => holds(&message::search_text(message.raw, message.facts), text),
            Self::Text(text) => header_holds(message.raw, None, text) || holds(&message::search_text(message.raw, message.facts), text),
            Self::Before(day) => received < i64::from(*day),
            Self::On(day) => received == i64::from(*day),
            Self::Since(day) => received >= i64::from(*day),
            Self::SentBefore(day) => sent().is_some_and(|sent| sent < i64::from(*day)),
            Self::SentOn(day) => sent() == Some(i64::from(*day)),
            Self::SentSince(day) => sent().is_some_and(|sent| sent >= i64::from(*day)),
            Self::Larger(size) => message.size > i64::from(*size),
            Self::Smaller(size) => message.size < i64::from(*size),
        }
    }
}

/// Whether a text has another one in it, which is folded already.
pub(crate) fn holds(text: &str, wanted: &str) -> bool {
    wanted.is_empty() || text.to_lowercase().contains(wanted)
}

fn header_holds(raw: &[u8], name: Option<&str>, wanted: &str) -> bool {
    let block = raw.get(..message::block_len(raw)).unwrap_or_default();
    message::fields(block).filter(|field| name.is_none_or(|name| field.is(name))).any(|field| {
        let value = message::unfold(field.value);
        match name {
            Some(_) => holds(&message::decode(&value), wanted),
            None => holds(&format!("{}: {}", String::from_utf8_lossy(field.name), message::decode(&value)), wanted),
        }
    })
}

/// Day of the `Date` field as its writer saw it.
fn sent_day(facts: &Facts) -> Option<i64> {
    let zone = facts.envelope.date.as_deref().and_then(zone_seconds).unwrap_or(0);
    Some((facts.date? + zone).div_euclid(86_400))
}

/// Seconds east of UTC of a date's zone (`+0130`).
fn zone_seconds(date: &str) -> Option<i64> {
    let word = date.split_whitespace().find(|word| word.len() == 5 && word.starts_with(['+', '-']))?;
    let number: i64 = word.get(1..)?.parse().ok()?;
    let seconds = number / 100 * 3600 + number % 100 * 60;
    Some(if word.starts_with('-') { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str = "From: =?utf-8?Q?J=C3=B6rg?= <joerg@x.example>\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nDate: Tue, 1 Jul 2003 23:52:37 -0200\r\n\
        X-Note: one\r\n two\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nB=C3=84R und Hase\r\n";

    #[test]
    fn criteria_fit_what_a_reader_sees() {
        let facts = Facts::of(RAW.as_bytes());
        let message = Candidate { received: 12_234 * 86_400 + 5, size: 300, facts: &facts, raw: RAW.as_bytes() };
        let header = |field: &str, text: &str| Criterion::Header { field: field.into(), text: text.into() };
        for (criterion, fits) in [
            (header("From", "JÖRG"), true),
            (header("from", "x.EXAMPLE"), true),
            (header("Subject", "grü"), true),
            (header("Subject", ""), true),
            (header("X-Note", "one two"), true),
            (header("X-Other", ""), false),
            (Criterion::Body("bär".into()), true),
            (Criterion::Body("jörg".into()), false),
            (Criterion::Text("jörg".into()), true),
            (Criterion::Text("hase".into()), true),
            (Criterion::Text("x-note: one".into()), true),
            (Criterion::On(12_234), true),
            (Criterion::Before(12_234), false),
            (Criterion::Since(12_234), true),
            // 2003-07-01 is day 12234; in UTC it was the next day already.
            (Criterion::SentOn(12_234), true),
            (Criterion::SentBefore(12_235), true),
            (Criterion::SentSince(12_235), false),
            (Criterion::Larger(299), true),
            (Criterion::Smaller(300), false),
        ] {
            assert_eq!(criterion.clone().folded().fits(&message), fits, "{criterion:?}");
        }
    }
}
