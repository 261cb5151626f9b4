use bytes::{Bytes, BytesMut};
use memchr::memchr;

/// A line that was longer than allowed; its bytes are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Received bytes that wait to be used. What arrives into an empty buffer is used in place, without a copy.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    head: Bytes,
    tail: BytesMut,
    /// Octets of `head` and `tail` known to hold no line end.
    searched: usize,
    /// Inside a line whose beginning was thrown away.
    skipping: bool,
}

impl Buffer {
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if self.is_empty() {
            self.head = bytes;
        } else {
            self.tail.extend_from_slice(&bytes);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.head.len() + self.tail.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_empty() && self.tail.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Up to `max` octets of whatever is there; empty when nothing is.
    pub(crate) fn take(&mut self, max: u64) -> Bytes {
        self.searched = 0;
        if self.head.is_empty() {
            self.head = self.tail.split().freeze();
        }
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        self.head.split_to(self.head.len().min(max))
    }

    /// Puts back the unused rest of what was just taken with `take(u64::MAX)`, which empties `head`.
    pub(crate) fn put_back(&mut self, rest: Bytes) {
        self.head = rest;
    }

    /// The next line without its line end (LF, or CRLF); lines of more than `max` octets are dropped and reported once.
    pub(crate) fn take_line(&mut self, max: usize) -> Option<Result<Bytes, TooLong>> {
        let Some(end) = self.find_line_end() else {
            // A CR at the end may belong to the line end.
            let last = self.tail.last().or(self.head.last());
            if self.len() - usize::from(last == Some(&b'\r')) > max {
                self.clear();
                self.skipping = true;
            }
            return None;
        };
        let mut line = self.split_to(end + 1);
        line.truncate(end);
        if line.last() == Some(&b'\r') {
            line.truncate(end - 1);
        }
        let skipped = std::mem::take(&mut self.skipping);
        Some(if skipped || line.len() > max {
            Err(TooLong)
        } else {
            Ok(line)
        })
    }

    /// Position of the next LF over `head` and `tail`.
    fn find_line_end(&mut self) -> Option<usize> {
        let in_head = self
            .head
            .get(self.searched..)
            .and_then(|part| memchr(b'\n', part));
        if let Some(at) = in_head {
            return Some(self.searched + at);
        }
        let from = self.searched.saturating_sub(self.head.len());
        let in_tail = self.tail.get(from..).and_then(|part| memchr(b'\n', part));
        match in_tail {
            Some(at) => Some(self.head.len() + from + at),
            None => {
                self.searched = self.len();
                None
            }
        }
    }

    fn split_to(&mut self, count: usize) -> Bytes {
        self.searched = 0;
        if count > self.head.len() {
            let mut joined = BytesMut::with_capacity(self.len());
            joined.extend_from_slice(&self.head);
            joined.extend_from_slice(&self.tail);
            self.tail.clear();
            self.head = joined.freeze();
        }
        let line = self.head.split_to(count.min(self.head.len()));
        if self.head.is_empty() {
            self.head = self.tail.split().freeze();
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&'static str], max: usize) -> Vec<Result<String, TooLong>> {
        let mut buffer = Buffer::default();
        let mut lines = Vec::new();
        for piece in pieces {
            buffer.push(Bytes::from_static(piece.as_bytes()));
            while let Some(line) = buffer.take_line(max) {
                lines.push(line.map(|line| String::from_utf8(line.to_vec()).unwrap()));
            }
            assert!(buffer.len() <= max + piece.len());
        }
        lines
    }

    #[test]
    fn lines_are_found_across_pieces() {
        let want = [
            Ok("one".to_owned()),
            Ok(String::new()),
            Ok("three".to_owned()),
        ];
        assert_eq!(lines(&["one\r\n\r\nthree\nrest"], 20), want);
        assert_eq!(
            lines(&["o", "n", "e\r", "\n\r", "\nth", "ree", "\n", "rest"], 20),
            want
        );
        assert_eq!(lines(&["one\r\n\r\nth", "re", "e\nrest"], 20), want);
    }

    #[test]
    fn long_lines_are_dropped_and_reported_once() {
        let want = [Err(TooLong), Ok("ok".to_owned())];
        assert_eq!(lines(&["0123456789\r\nok\r\n"], 5), want);
        assert_eq!(
            lines(&["0123", "4567", "89", "0123456789", "\r\n", "ok\r\n"], 5),
            want
        );
    }

    #[test]
    fn a_line_end_does_not_count() {
        for pieces in [&["12345\r\n"][..], &["12345", "\r", "\n"]] {
            assert_eq!(lines(pieces, 5), [Ok("12345".to_owned())]);
        }
        for pieces in [&["12345\r\r\n"][..], &["12345", "\r", "\r", "\n"]] {
            assert_eq!(lines(pieces, 5), [Err(TooLong)]);
        }
    }

    #[test]
    fn data_can_be_taken_and_put_back() {
        let mut buffer = Buffer::default();
        buffer.push(Bytes::from_static(b"line\nda"));
        buffer.push(Bytes::from_static(b"ta and more"));
        assert_eq!(buffer.take_line(10).unwrap().unwrap(), "line");
        assert_eq!(buffer.take(1), "d");
        assert_eq!(buffer.take(u64::MAX), "a");
        let mut all = buffer.take(u64::MAX);
        buffer.put_back(all.split_off(3));
        assert_eq!(
            (all, buffer.take(u64::MAX)),
            ("ta ".into(), "and more".into())
        );
        assert!(buffer.is_empty());
    }
}
