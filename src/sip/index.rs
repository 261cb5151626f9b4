//! Where the lines of a message begin and end.

use memchr::memchr3;

use crate::message::Fault;
use crate::scan::{self, is_blank};
use crate::{Limits, Name};

/// Where a header field stands in its message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: Name,
    /// The first octet of the name.
    pub(crate) start: u32,
    /// The first octet of the value, which is trimmed.
    pub(crate) value: u32,
    /// Behind the last octet of the value.
    pub(crate) value_end: u32,
    /// Behind the line end.
    pub(crate) end: u32,
}

/// Where the parts of a message stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    /// Behind the start line, without its line end.
    pub(crate) start_line: u32,
    pub(crate) fields: Vec<Field>,
    /// Behind the empty line.
    pub(crate) head: u32,
    /// What is wrong with the lines.
    pub(crate) fault: Option<Fault>,
    /// What the Content-Length fields say.
    pub(crate) length: Length,
}

/// The length of the body that a message states.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Length {
    #[default]
    Absent,
    Octets(usize),
    Bad,
}

/// Finds the lines of a head that ends in `octets`, or that is all of `octets`.
pub(crate) fn index(octets: &[u8], limits: &Limits) -> Index {
    let mut index = Index {
        fields: Vec::with_capacity(24),
        ..Index::default()
    };
    let mut lines = Lines {
        octets,
        at: 0,
        fault: None,
    };
    let Some(end) = lines.end(0, 0) else {
        index.fault = lines.fault.or(Some(Fault::Incomplete));
        index.head = offset(octets.len());
        return index;
    };
    index.start_line = offset(end);
    if end > limits.line {
        index.fault = Some(Fault::TooLarge);
    }
    while !lines.at_empty_line() {
        let start = lines.at;
        let named = name(octets, start);
        // Nothing in a name can end its line.
        let Some(end) = lines.end(start, named.map_or(start, |(_, value)| value)) else {
            index.fault = index.fault.or(Some(Fault::Incomplete));
            break;
        };
        let fault = match named {
            _ if end - start > limits.line || index.fields.len() >= limits.fields => {
                Some(Fault::TooLarge)
            }
            None => Some(Fault::Line),
            Some((name, value)) => {
                let (value, value_end) = trimmed(octets, value, end);
                if name == Name::ContentLength {
                    let octets = octets.get(value..value_end).unwrap_or_default();
                    index.length = length(index.length, octets);
                }
                index.fields.push(Field {
                    name,
                    start: offset(start),
                    value: offset(value),
                    value_end: offset(value_end),
                    end: offset(lines.at),
                });
                None
            }
        };
        index.fault = index.fault.or(fault);
    }
    index.fault = index.fault.or(lines.fault);
    index.head = offset(lines.at);
    index
}

pub(crate) fn offset(octets: usize) -> u32 {
    u32::try_from(octets).unwrap_or(u32::MAX)
}

struct Lines<'a> {
    octets: &'a [u8],
    at: usize,
    fault: Option<Fault>,
}

impl Lines<'_> {
    /// The end of a line with its folds, looked for from there; what a bare CR, LF or NUL stands in goes on and is a fault.
    fn end(&mut self, start: usize, from: usize) -> Option<usize> {
        let mut at = from;
        while let Some(found) = memchr3(b'\r', b'\n', b'\0', self.octets.get(at..)?) {
            let here = at + found;
            if let Some([b'\r', b'\n', next @ ..]) = self.octets.get(here..) {
                at = here + 2;
                // Only a field may be folded, and only by octets that are there.
                if start == 0 || !matches!(next, [b' ' | b'\t', ..]) {
                    self.at = at;
                    return Some(here);
                }
                continue;
            }
            let quoted = here
                .checked_sub(1)
                .filter(|before| *before >= start)
                .and_then(|before| self.octets.get(before))
                == Some(&b'\\');
            // A NUL may be the second half of a quoted pair (RFC 4475 §3.1.1.2).
            if !(quoted && self.octets.get(here) == Some(&b'\0')) {
                self.fault = self.fault.or(Some(Fault::Line));
            }
            at = here + 1;
        }
        self.at = self.octets.len();
        None
    }

    fn at_empty_line(&mut self) -> bool {
        let found = self
            .octets
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(b"\r\n"));
        self.at += if found { 2 } else { 0 };
        found
    }
}

/// The name that a line begins with, and where its value begins but for folds.
fn name(octets: &[u8], start: usize) -> Option<(Name, usize)> {
    let rest = octets.get(start..)?;
    let length = scan::span(rest, scan::TOKEN);
    let mut at = length;
    while let Some(b' ' | b'\t') = rest.get(at) {
        at += 1;
    }
    if length == 0 || rest.get(at) != Some(&b':') {
        return None;
    }
    at += 1;
    while let Some(b' ' | b'\t') = rest.get(at) {
        at += 1;
    }
    Some((Name::parse(rest.get(..length)?), start + at))
}

/// A value without blanks and folds at both ends.
fn trimmed(octets: &[u8], mut value: usize, mut end: usize) -> (usize, usize) {
    let blank = |at: usize| octets.get(at).is_some_and(|byte| is_blank(*byte));
    while value < end && blank(value) {
        value += 1;
    }
    while end > value && blank(end - 1) {
        end -= 1;
    }
    (value, end)
}

fn length(before: Length, value: &[u8]) -> Length {
    let mut cursor = scan::Cursor::new(value);
    let number = cursor
        .number(u64::from(u32::MAX))
        .ok()
        .filter(|_| cursor.end().is_ok());
    match (
        before,
        number.and_then(|number| usize::try_from(number).ok()),
    ) {
        (Length::Absent, Some(octets)) => Length::Octets(octets),
        (Length::Octets(before), Some(octets)) if before == octets => before.into(),
        _ => Length::Bad,
    }
}

impl From<usize> for Length {
    fn from(octets: usize) -> Self {
        Self::Octets(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> Index {
        index(
            head.as_bytes(),
            &Limits {
                line: 40,
                fields: 3,
                ..Limits::DATAGRAM
            },
        )
    }

    #[test]
    fn lines_are_found() {
        let head = "OPTIONS sip:a SIP/2.0\r\nTo :\r\n sip:a\r\n\tb \r\nl: 2\r\nZ:\r\n\r\nab";
        let index = read(head);
        assert_eq!(index.fault, None);
        let shown: Vec<_> = index
            .fields
            .iter()
            .map(|f| (f.name, &head[f.value as usize..f.value_end as usize]))
            .collect();
        assert_eq!(
            shown,
            [
                (Name::To, "sip:a\r\n\tb"),
                (Name::ContentLength, "2"),
                (Name::Other, "")
            ]
        );
        assert_eq!(&head[index.head as usize..], "ab");
        assert_eq!((index.start_line, index.length), (21, Length::Octets(2)));
    }

    #[test]
    fn bad_lines_are_faults_and_the_rest_is_read() {
        for (head, fault) in [
            ("A b SIP/2.0\r\nX y\r\nTo: a\r\n\r\n", Fault::Line),
            ("A b SIP/2.0\r\n folded: y\r\nTo: a\r\n\r\n", Fault::Line),
            ("A b SIP/2.0\r\nX: y\nTo: a\r\nTo: a\r\n\r\n", Fault::Line),
            ("A b SIP/2.0\r\nX: y\rTo: a\r\nTo: a\r\n\r\n", Fault::Line),
            ("A b SIP/2.0\r\nX: \0\r\nTo: a\r\n\r\n", Fault::Line),
            ("A b SIP/2.0\r\nTo: a\r\n", Fault::Incomplete),
            ("A b SIP/2.0\r\nTo: a\r\nX: y", Fault::Incomplete),
            (
                "A b SIP/2.0\r\nTo: a\r\nA: b\r\nA: b\r\nA: b\r\n\r\n",
                Fault::TooLarge,
            ),
            (
                "A b SIP/2.0\r\nTo: a\r\nA: 123456789012345678901234567890123456789\r\n\r\n",
                Fault::TooLarge,
            ),
        ] {
            let index = read(head);
            assert_eq!(index.fault, Some(fault), "{head:?}");
            assert!(
                index.fields.iter().any(|field| field.name == Name::To),
                "{head:?}"
            );
        }
        assert_eq!(read("A b SIP/2.0\r\nTo: \"\\\0\" a\r\n\r\n").fault, None);
        assert_eq!(read("A b SIP/2.0").fault, Some(Fault::Incomplete));
    }

    #[test]
    fn lengths_must_agree() {
        for (fields, length) in [
            ("", Length::Absent),
            ("l: 5\r\n", Length::Octets(5)),
            ("l: 5\r\nContent-Length: 05\r\n", Length::Octets(5)),
            ("l: 5\r\nContent-Length: 6\r\n", Length::Bad),
            ("l: -5\r\n", Length::Bad),
            ("l: 5\r\nl: x\r\n", Length::Bad),
            ("l: 5 5\r\n", Length::Bad),
            ("l:\r\n", Length::Bad),
            ("l: 99999999999\r\n", Length::Bad),
        ] {
            assert_eq!(
                read(&format!("A b SIP/2.0\r\n{fields}\r\n")).length,
                length,
                "{fields}"
            );
        }
    }
}
