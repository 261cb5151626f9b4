//! Cuts the stream into commands: a line, and while it ends in `{n}`, that many bytes and the next line
//! (RFC 3501 §4.3, RFC 7888). Each byte is looked at once, however it arrives.

use bytes::{Bytes, BytesMut};

/// What the stream holds next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A whole command with its line ends and literals.
    Command(Bytes),
    /// The command so far ends in a literal of this length which waits for leave ([`Framer::accept`]).
    Literal { size: u64 },
    /// The command so far ends in a literal which comes without leave; [`Framer::accept`] or [`Framer::skip`].
    LiteralPlus { size: u64 },
    /// More bytes are needed.
    Incomplete,
    /// A line is longer than it may be.
    LineTooLong,
}

/// The receive buffer. Its owner bounds literals; lines are bounded here.
#[derive(Debug)]
pub(crate) struct Framer {
    buffer: BytesMut,
    /// Where the line begins that is being read; before it stands the command so far.
    line: usize,
    /// Bytes already searched for a line feed.
    searched: usize,
    /// A literal was found at the end of the line and its owner has not decided yet.
    undecided: Option<(u64, bool)>,
    /// Bytes of a refused literal still to be thrown away.
    skipping: u64,
    max_line: usize,
}

impl Framer {
    pub(crate) fn new(max_line: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            line: 0,
            searched: 0,
            undecided: None,
            skipping: 0,
            max_line,
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let skip = usize::try_from(self.skipping)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        self.skipping -= skip as u64;
        self.buffer
            .extend_from_slice(bytes.get(skip..).unwrap_or_default());
    }

    /// The command so far, to learn its tag and name.
    pub(crate) fn so_far(&self) -> &[u8] {
        &self.buffer
    }

    /// Bytes of the command so far.
    pub(crate) fn held(&self) -> usize {
        self.line
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.skipping == 0
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.max_line);
    }

    /// Takes what comes next.
    pub(crate) fn next(&mut self) -> Frame {
        if let Some((size, plus)) = self.undecided {
            return if plus {
                Frame::LiteralPlus { size }
            } else {
                Frame::Literal { size }
            };
        }
        let Some(end) = self.line_end() else {
            let waiting = self.buffer.len().saturating_sub(self.line);
            return if waiting > self.max_line {
                Frame::LineTooLong
            } else {
                Frame::Incomplete
            };
        };
        let line = self.buffer.get(self.line..end).unwrap_or_default();
        if line.len() > self.max_line {
            return Frame::LineTooLong;
        }
        self.searched = end;
        self.undecided = literal(line);
        self.line = end;
        match self.undecided {
            Some(_) => self.next(),
            None => {
                let command = self.buffer.split_to(end).freeze();
                (self.line, self.searched) = (0, 0);
                if self.buffer.is_empty() {
                    // Nothing is held between commands.
                    self.buffer = BytesMut::new();
                }
                Frame::Command(command)
            }
        }
    }

    fn line_end(&mut self) -> Option<usize> {
        // After a literal was accepted the line goes on behind its bytes, which may not be here yet.
        let from = self.searched.max(self.line);
        let found = memchr::memchr(b'\n', self.buffer.get(from..)?);
        if found.is_none() {
            self.searched = self.buffer.len();
        }
        found.map(|at| from + at + 1)
    }

    /// Takes the literal into the command.
    pub(crate) fn accept(&mut self) {
        if let Some((size, _)) = self.undecided.take() {
            self.line += usize::try_from(size).unwrap_or(usize::MAX - self.line);
            self.searched = self.line;
        }
    }

    /// Throws the command so far away, and with it the literal if that comes unasked. The rest of its line is read as a
    /// command of its own.
    pub(crate) fn skip(&mut self) {
        if let Some((size, plus)) = self.undecided.take() {
            let rest = self.buffer.split_off(self.line.min(self.buffer.len()));
            self.clear();
            self.skipping = if plus { size } else { 0 };
            self.push(&rest);
        }
    }

    /// Takes one line as it is, for SASL and IDLE.
    pub(crate) fn next_line(&mut self) -> Frame {
        match self.line_end() {
            Some(end) if end <= self.max_line => {
                let line = self.buffer.split_to(end).freeze();
                (self.line, self.searched) = (0, 0);
                Frame::Command(line)
            }
            None if self.buffer.len() <= self.max_line => Frame::Incomplete,
            _ => Frame::LineTooLong,
        }
    }
}

/// Whether the line ends in `{n}` or `{n+}`; the second says whether the bytes come unasked. Lengths beyond 64 bits are
/// taken as the largest.
fn literal(line: &[u8]) -> Option<(u64, bool)> {
    let line = line.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_suffix(b"}")?;
    let (line, plus) = line
        .strip_suffix(b"+")
        .map_or((line, false), |line| (line, true));
    let open = line.iter().rposition(|b| *b == b'{')?;
    let digits = line
        .get(open + 1..)
        .filter(|d| !d.is_empty() && d.iter().all(u8::is_ascii_digit))?;
    // A literal stands alone; `a{3}` at the end of an atom is none.
    let before = open.checked_sub(1).and_then(|at| line.get(at));
    let size = std::str::from_utf8(digits)
        .ok()?
        .parse()
        .unwrap_or(u64::MAX);
    matches!(before, Some(b' ' | b'(') | None).then_some((size, plus))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the pieces, accepting literals up to 10 bytes, and shows what came out.
    fn run(pieces: &[&[u8]]) -> Vec<String> {
        let mut framer = Framer::new(40);
        let mut out = Vec::new();
        for piece in pieces {
            framer.push(piece);
            loop {
                match framer.next() {
                    Frame::Incomplete => break,
                    Frame::Command(c) => out.push(String::from_utf8_lossy(&c).into_owned()),
                    Frame::Literal { size } | Frame::LiteralPlus { size } if size > 10 => {
                        framer.skip();
                        out.push("skip".into());
                    }
                    Frame::Literal { .. } => {
                        framer.accept();
                        out.push("+".into());
                    }
                    Frame::LiteralPlus { .. } => framer.accept(),
                    Frame::LineTooLong => {
                        out.push("long".into());
                        return out;
                    }
                }
            }
        }
        out
    }

    fn check(stream: &[u8], expected: &[&str]) {
        assert_eq!(run(&[stream]), expected);
        let bytes: Vec<_> = stream.chunks(1).collect();
        assert_eq!(run(&bytes), expected, "byte at a time");
    }

    #[test]
    fn frames() {
        check(b"a NOOP\r\nb NOOP\n", &["a NOOP\r\n", "b NOOP\n"]);
        check(b"a X {3}\r\nl\r\n y\r\n", &["+", "a X {3}\r\nl\r\n y\r\n"]);
        check(
            b"a X {3+}\r\nabc {2+}\r\nde\r\nb\r\n",
            &["a X {3+}\r\nabc {2+}\r\nde\r\n", "b\r\n"],
        );
        check(b"a X {11}\r\nb\r\n", &["skip", "b\r\n"]);
        check(
            b"a X {11+}\r\n0123456789\n\r\nb\r\n",
            &["skip", "\r\n", "b\r\n"],
        );
        check(b"a X {99999999999999999999}\r\nb\r\n", &["skip", "b\r\n"]);
        check(b"a X{3}\r\n\"{1}\"\r\n", &["a X{3}\r\n", "\"{1}\"\r\n"]);
        check(&[b'x'; 41], &["long"]);
        check(&[&[b'x'; 40][..], b"\n"].concat(), &["long"]);
    }
}
