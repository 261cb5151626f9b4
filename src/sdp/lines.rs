//! Splitting a body into lines.

use std::ops::Range;

use crate::fault::{Fault, Reason};
use crate::{LONGEST, MOST_LINES};

/// One line: its letter, its value, and where the next begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) letter: u8,
    /// From the letter to before the line end.
    pub(crate) whole: Range<usize>,
    /// After the line end.
    pub(crate) next: usize,
}

impl Line {
    pub(crate) fn value(&self) -> Range<usize> {
        (self.whole.start + 2)..self.whole.end
    }
}

/// Lines end in CRLF, or in LF alone as RFC 8866 §9 wants tolerated; empty lines may only follow the last.
pub(crate) fn lines(body: &[u8]) -> Result<Vec<Line>, Fault> {
    if body.len() > LONGEST {
        return Err(Reason::TooMuch.at(LONGEST));
    }
    let mut found = Vec::with_capacity(body.len() / 24 + 1);
    let mut at = 0;
    while at < body.len() {
        let rest = body.get(at..).unwrap_or_default();
        if rest.iter().all(|octet| matches!(octet, b'\r' | b'\n')) {
            break;
        }
        let length = rest.iter().position(|octet| *octet == b'\n').unwrap_or(rest.len());
        let line = rest.get(..length).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line {
            [letter @ b'a'..=b'z', b'=', value @ ..] if !value.iter().any(|octet| matches!(octet, 0 | b'\r')) => {
                found.push(Line { letter: *letter, whole: at..at + line.len(), next: (at + length + 1).min(body.len()) });
            }
            _ => return Err(Reason::Line.at(at)),
        }
        if found.len() > MOST_LINES {
            return Err(Reason::TooMuch.at(at));
        }
        at += length + 1;
    }
    Ok(found)
}
