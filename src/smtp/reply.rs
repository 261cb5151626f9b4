use std::borrow::Cow;
use std::fmt::{self, Write};

use bytes::{BufMut, BytesMut};

mod parser;

pub use parser::{ReplyError, ReplyParser};

/// Longest text of one reply line in octets; with code and line end it stays below 512 (RFC 5321 §4.5.3.1.5).
const MAX_TEXT: usize = 480;

/// An enhanced status code, as `5.1.1` (RFC 3463).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnhancedCode {
    class: u8,
    subject: u16,
    detail: u16,
}

impl EnhancedCode {
    /// Makes a code; `class` is 2, 4 or 5, the others have up to three digits.
    pub const fn new(class: u8, subject: u16, detail: u16) -> Self {
        Self {
            class,
            subject,
            detail,
        }
    }

    /// 2 success, 4 transient, 5 permanent failure.
    pub fn class(self) -> u8 {
        self.class
    }

    /// What it is about: address, mailbox, system, routing, protocol, content, policy.
    pub fn subject(self) -> u16 {
        self.subject
    }

    /// The precise condition.
    pub fn detail(self) -> u16 {
        self.detail
    }

    /// Reads a code at the beginning of `text`; answers it and the text behind it, without the blank between.
    pub fn take(text: &str) -> Option<(Self, &str)> {
        let (code, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut parts = code.split('.');
        let number = |part: Option<&str>| -> Option<u16> {
            let part = part?;
            let plain = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            part.parse().ok().filter(|_| plain)
        };
        let (class, subject, detail) = (
            number(parts.next())?,
            number(parts.next())?,
            number(parts.next())?,
        );
        let class = u8::try_from(class)
            .ok()
            .filter(|class| matches!(class, 2 | 4 | 5))?;
        parts.next().is_none().then_some((
            Self {
                class,
                subject,
                detail,
            },
            rest,
        ))
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// One reply: code, enhanced code and text (RFC 5321 §4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Three digits, 200…599.
    pub code: u16,
    /// Absent in greetings, in answers to EHLO and in 3xx replies.
    pub enhanced: Option<EnhancedCode>,
    /// Human text; `\n` separates lines.
    pub text: Cow<'static, str>,
}

impl Reply {
    /// A reply with a text made at run time.
    pub fn new(code: u16, enhanced: EnhancedCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            enhanced: Some(enhanced),
            text: text.into(),
        }
    }

    /// A reply known at compile time.
    pub const fn fixed(code: u16, enhanced: EnhancedCode, text: &'static str) -> Self {
        Self {
            code,
            enhanced: Some(enhanced),
            text: Cow::Borrowed(text),
        }
    }

    /// 2xx.
    pub fn is_positive(&self) -> bool {
        matches!(self.code, 200..=299)
    }

    /// 4xx: try again later.
    pub fn is_transient(&self) -> bool {
        matches!(self.code, 400..=499)
    }

    /// 5xx: do not try again.
    pub fn is_permanent(&self) -> bool {
        matches!(self.code, 500..=599)
    }

    /// Appends the reply as it goes on the wire. Control characters become blanks; without `utf8` (RFC 6531 §3.7.4) other
    /// characters than ASCII become question marks; long lines are broken.
    pub fn write(&self, out: &mut BytesMut, utf8: bool) {
        let plain = |b: u8| matches!(b, b' '..=b'~');
        if self.text.len() <= MAX_TEXT && self.text.bytes().all(plain) {
            return self.write_line(out, ' ', &self.text);
        }
        let clean: String = self
            .text
            .chars()
            .map(|c| match c {
                '\n' => '\n',
                c if c.is_control() => ' ',
                c if !utf8 && !c.is_ascii() => '?',
                c => c,
            })
            .collect();
        let mut lines = clean.split('\n').flat_map(pieces).peekable();
        while let Some(line) = lines.next() {
            self.write_line(out, if lines.peek().is_some() { '-' } else { ' ' }, line);
        }
    }

    fn write_line(&self, out: &mut BytesMut, separator: char, text: &str) {
        // Writing to memory cannot fail.
        let _ = write!(out, "{:03}{separator}", self.code);
        if let Some(code) = self.enhanced {
            let _ = write!(out, "{code} ");
        }
        out.put_slice(text.as_bytes());
        out.put_slice(b"\r\n");
    }
}

/// Breaks a line that is too long for one reply line.
fn pieces(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut at = text.len().min(MAX_TEXT);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let (piece, more) = text.split_at(at);
        rest = (!more.is_empty()).then_some(more);
        Some(piece)
    })
}

/// As in a log or a report: `550 5.1.1 text`.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03} ", self.code)?;
        if let Some(code) = self.enhanced {
            write!(f, "{code} ")?;
        }
        for (i, line) in self.text.split('\n').enumerate() {
            write!(f, "{}{line}", if i == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
