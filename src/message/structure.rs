//! Finds the MIME parts of a message in one pass over its lines (RFC 2046 §5.1).
//!
//! Delimiters count at the start of a line only and are compared whole, the innermost open multipart first, so that a
//! boundary which begins like another one is told apart and a missing end costs nothing.

use crate::{Envelope, Part, header::line_len};

/// Deepest nesting; a container below it is an opaque part.
pub(crate) const DEPTH_MAX: usize = 64;
/// Most parts; what follows belongs to the last one.
pub(crate) const PARTS_MAX: usize = 1000;

/// A part whose end is not found yet.
struct Open {
    part: usize,
    /// Boundary of a multipart that may still get parts.
    boundary: Option<Vec<u8>>,
    /// Line feeds seen before the body.
    lines: u32,
}

struct Walker<'x> {
    raw: &'x [u8],
    at: usize,
    /// Line feeds before `at`.
    lines: u32,
    open: Vec<Open>,
    parts: Vec<Part>,
}

/// Parts of the message in the order they stand; the first is the message itself.
pub(crate) fn parts(raw: &[u8]) -> Vec<Part> {
    // Offsets are 32 bits wide; no message that long is ever accepted.
    let raw = raw.get(..u32::MAX as usize).unwrap_or(raw);
    let mut walker = Walker {
        raw,
        at: 0,
        lines: 0,
        open: Vec::new(),
        parts: Vec::new(),
    };
    walker.begin_part(("text", "plain"));
    while walker.at < raw.len() {
        walker.line();
    }
    walker.close_down_to(0, raw.len(), walker.lines);
    for at in 0..walker.parts.len() {
        walker.settle(at);
    }
    walker.parts
}

impl Walker<'_> {
    fn rest(&self) -> &[u8] {
        self.raw.get(self.at..).unwrap_or_default()
    }

    /// Reads the header at this place and opens the part; a message inside is opened with it.
    fn begin_part(&mut self, mut fallback: (&'static str, &'static str)) {
        loop {
            let start = self.at;
            let block = self.header_block();
            let mut part = Part::of(
                self.raw.get(start..start + block).unwrap_or_default(),
                fallback,
            );
            self.lines += count(self.raw.get(start..start + block).unwrap_or_default());
            self.at += block;
            part.depth = self.open.len() as u32;
            (part.header_start, part.body_start) = (start as u32, self.at as u32);
            let room = self.open.len() + 1 < DEPTH_MAX && self.parts.len() + 1 < PARTS_MAX;
            let boundary = part
                .param("boundary")
                .filter(|b| !b.is_empty())
                .map(|b| b.trim_end().as_bytes().to_vec());
            let boundary = boundary.filter(|_| room && part.kind == "multipart");
            let message = room
                && part.kind == "message"
                && part.is_container()
                && is_identity(&part.encoding);
            self.open.push(Open {
                part: self.parts.len(),
                boundary,
                lines: self.lines,
            });
            self.parts.push(part);
            if !message {
                return;
            }
            fallback = ("text", "plain");
        }
    }

    /// Length of the header at this place with its empty line; a delimiter of an open multipart ends it too.
    fn header_block(&self) -> usize {
        let rest = self.rest();
        let mut at = 0;
        while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
            let line = tail.get(..line_len(tail)).unwrap_or_default();
            if line.starts_with(b"--") && self.delimiter(line).is_some() {
                break;
            }
            at += line.len();
            if matches!(line, b"\n" | b"\r\n") {
                break;
            }
        }
        at
    }

    /// Takes one line of a body.
    fn line(&mut self) {
        let start = self.at;
        let len = line_len(self.rest());
        let line = self.raw.get(start..start + len).unwrap_or_default();
        let found = if line.starts_with(b"--") {
            self.delimiter(line)
        } else {
            None
        };
        if let Some((level, last)) = found {
            self.close_before_delimiter(level + 1, start);
            self.advance(len, line);
            self.after_delimiter(level, last);
        } else {
            self.advance(len, line);
        }
    }

    fn advance(&mut self, len: usize, line: &[u8]) {
        self.at += len;
        self.lines += u32::from(line.ends_with(b"\n"));
    }

    /// Which open multipart this line delimits, and whether it is its end.
    fn delimiter(&self, line: &[u8]) -> Option<(usize, bool)> {
        let text = line.get(2..).unwrap_or_default().trim_ascii_end();
        self.open
            .iter()
            .enumerate()
            .rev()
            .find_map(
                |(level, open)| match text.strip_prefix(open.boundary.as_deref()?)? {
                    b"" => Some((level, false)),
                    b"--" => Some((level, true)),
                    _ => None,
                },
            )
    }

    /// Closes what is open above the multipart; the line break before the delimiter belongs to the delimiter.
    fn close_before_delimiter(&mut self, level: usize, start: usize) {
        let before = self.raw.get(..start).unwrap_or_default();
        let trimmed = before.strip_suffix(b"\n").unwrap_or(before);
        let trimmed = trimmed
            .strip_suffix(b"\r")
            .filter(|_| trimmed.len() < before.len())
            .unwrap_or(trimmed);
        let lines = self.lines - u32::from(trimmed.len() < before.len());
        self.close_down_to(level, trimmed.len(), lines);
    }

    fn after_delimiter(&mut self, level: usize, last: bool) {
        let full = self.parts.len() >= PARTS_MAX;
        let Some(open) = self.open.get_mut(level) else {
            return;
        };
        if last || full {
            open.boundary = None;
        }
        let digest = self
            .parts
            .get(open.part)
            .is_some_and(|p| p.is("multipart", "digest"));
        if !last && !full {
            self.begin_part(if digest {
                ("message", "rfc822")
            } else {
                ("text", "plain")
            });
        }
    }

    fn close_down_to(&mut self, level: usize, end: usize, lines: u32) {
        for open in self.open.drain(level..) {
            if let Some(part) = self.parts.get_mut(open.part) {
                part.body_end = (end as u32).max(part.body_start);
                let body = self.raw.get(part.body_range()).unwrap_or_default();
                let tail = !body.is_empty() && !body.ends_with(b"\n");
                part.lines = lines.saturating_sub(open.lines) + u32::from(tail);
            }
        }
    }

    /// A container without parts is no container: broken multiparts become text, unread messages become octets.
    fn settle(&mut self, at: usize) {
        let child = self
            .parts
            .get(at + 1)
            .map(|next| (next.depth, next.header_range()));
        let Some(part) = self.parts.get_mut(at) else {
            return;
        };
        if !part.is_container() {
            return;
        }
        match child {
            Some((depth, header)) if depth == part.depth + 1 => {
                if part.kind == "message" {
                    let block = self.raw.get(header).unwrap_or_default();
                    part.envelope = Some(Box::new(Envelope::of(block)));
                }
            }
            _ => {
                let text = part.kind == "multipart" && part.depth + 1 < DEPTH_MAX as u32;
                let (kind, subtype) = if text {
                    ("text", "plain")
                } else {
                    ("application", "octet-stream")
                };
                (part.kind, part.subtype) = (kind.to_owned(), subtype.to_owned());
                part.params.retain(|(name, _)| name != "boundary");
            }
        }
    }
}

fn count(bytes: &[u8]) -> u32 {
    memchr::memchr_iter(b'\n', bytes).count() as u32
}

/// Whether the encoding leaves the bytes as they are, so that parts inside can be found.
pub(crate) fn is_identity(encoding: &str) -> bool {
    !matches!(encoding, "base64" | "quoted-printable")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line per part: depth, type, body, lines.
    fn show(raw: &[u8]) -> Vec<String> {
        let show = |p: &Part| {
            let body = String::from_utf8_lossy(&raw[p.body_range()]).replace("\r\n", "~");
            format!("{} {}/{} {} [{body}]", p.depth, p.kind, p.subtype, p.lines)
        };
        parts(raw).iter().map(show).collect()
    }

    fn check(raw: &str, expected: &[&str]) {
        let raw = raw.replace('\n', "\r\n");
        let mut found = show(raw.as_bytes());
        // The bodies of containers only repeat what their parts show.
        for line in &mut found {
            if line.contains(" multipart/") || line.contains(" message/") {
                line.truncate(line.find(" [").unwrap());
            }
        }
        assert_eq!(found, expected, "{raw}");
    }

    #[test]
    fn single_parts() {
        check("", &["0 text/plain 0 []"]);
        check("Subject: x", &["0 text/plain 0 []"]);
        check("Subject: x\n\na\nb", &["0 text/plain 2 [a~b]"]);
        check("\na\n", &["0 text/plain 1 [a~]"]);
        check(
            "Content-Type: multipart/mixed\n\na\n",
            &["0 text/plain 1 [a~]"],
        );
        check(
            "Content-Type: multipart/mixed; boundary=b\n\na\n",
            &["0 text/plain 1 [a~]"],
        );
        check(
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nYQ==\n",
            &["0 application/octet-stream 1 [YQ==~]"],
        );
    }

    #[test]
    fn multiparts() {
        check(
            "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\none\n--b \nContent-Type: text/html\n\ntwo\n\n--b--\nepilogue\n",
            &[
                "0 multipart/mixed 11",
                "1 text/plain 1 [one]",
                "1 text/html 1 [two~]",
            ],
        );
        // The delimiter may follow the header at once, or stand in its place.
        check(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--b\n--b--",
            &[
                "0 multipart/mixed 4",
                "1 text/plain 0 []",
                "1 text/plain 0 []",
            ],
        );
    }

    #[test]
    fn boundaries_that_begin_alike_are_told_apart() {
        check(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b2\n\n\
             --b2\n\nx --b\n--bb\n--b2--\n--b\n\ny\n--b--\n",
            &[
                "0 multipart/mixed 12",
                "1 multipart/mixed 5",
                "2 text/plain 2 [x --b~--bb]",
                "1 text/plain 1 [y]",
            ],
        );
    }

    #[test]
    fn a_missing_inner_end_is_ended_by_the_outer() {
        check(
            "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n\
             --i\n\nx\n--o\n\ny\n--o--\n",
            &[
                "0 multipart/mixed 10",
                "1 multipart/mixed 3",
                "2 text/plain 1 [x]",
                "1 text/plain 1 [y]",
            ],
        );
    }

    #[test]
    fn messages_inside() {
        let raw = "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: in\r\n\r\nbody\r\n--b--\r\n";
        let found = parts(raw.as_bytes());
        assert_eq!(found.len(), 3);
        assert_eq!(
            found[1].envelope.as_ref().unwrap().subject.as_deref(),
            Some("in")
        );
        assert_eq!((found[1].kind.as_str(), found[2].depth), ("message", 2));
        assert_eq!(&raw[found[2].header_range()], "Subject: in\r\n\r\n");
        assert_eq!(&raw[found[2].body_range()], "body");
        assert_eq!(&raw[found[1].body_range()], "Subject: in\r\n\r\nbody");
    }

    #[test]
    fn bare_line_feeds_are_understood() {
        let found = show(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n");
        assert_eq!(found[1], "1 text/plain 1 [one]");
    }

    #[test]
    fn nesting_and_number_are_bounded() {
        let deep = "Content-Type: message/rfc822\r\n\r\n".repeat(5000);
        let found = parts(deep.as_bytes());
        assert_eq!(found.len(), DEPTH_MAX);
        assert!(found.last().unwrap().is("application", "octet-stream"));
        let wide = format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}",
            "--b\r\n\r\nx\r\n".repeat(5000)
        );
        assert_eq!(parts(wide.as_bytes()).len(), PARTS_MAX);
    }
}
