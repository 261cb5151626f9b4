//! A message while it is received: where it ends, which dots are not part of it, whether its lines are lines.

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

use crate::header::HopCounter;

/// Pieces of at least this size are handed on as they came, without a copy.
const WHOLE: usize = 4096;
/// Smaller ones are gathered up to this size.
const GATHERED: usize = 16 * 1024;

/// What to do with a CR or LF that is not part of CRLF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BareNewline {
    /// Refuse the message and close: two servers that disagree about line ends can be played against each other.
    #[default]
    Reject,
    /// Take it for a line end inside the message. It still never ends the message.
    Normalise,
}

/// How the end of a message is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// DATA: a dot on a line by itself, and only between two CRLF (RFC 5321 §4.1.1.4).
    Dots,
    /// BDAT: counted (RFC 3030 §2).
    Octets,
}

/// What a piece of input brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// All of it belongs to the message.
    More,
    /// The message ended after so many octets of it.
    End(usize),
    /// A bare CR or LF that must not be there.
    Bare,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Behind CRLF.
    LineStart,
    /// Behind CRLF and a dot.
    Dot,
    /// Behind CRLF, a dot and CR.
    DotCr,
    /// Inside a line.
    Text,
    /// Behind CR.
    Cr,
}

/// Limits of one message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) bare_newline: BareNewline,
    /// Octets of a line.
    pub(crate) line: usize,
    /// Octets of the message.
    pub(crate) size: u64,
}

#[derive(Debug)]
pub(crate) struct Incoming {
    framing: Framing,
    limits: Limits,
    state: State,
    line_length: usize,
    line_too_long: bool,
    hops: HopCounter,
    size: u64,
    gathered: BytesMut,
    /// A piece that needs no gathering; only ever set when nothing is gathered.
    whole: Option<Bytes>,
    discarding: bool,
}

impl Incoming {
    pub(crate) fn new(framing: Framing, limits: Limits) -> Self {
        Self {
            framing,
            limits,
            state: State::LineStart,
            line_length: 0,
            line_too_long: false,
            hops: HopCounter::default(),
            size: 0,
            gathered: BytesMut::new(),
            whole: None,
            discarding: false,
        }
    }

    /// Octets of the message so far, whether kept or not.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn is_too_big(&self) -> bool {
        self.size > self.limits.size
    }

    pub(crate) fn has_long_line(&self) -> bool {
        self.line_too_long
    }

    /// `Received` fields so far (RFC 5321 §6.3).
    pub(crate) fn hops(&self) -> u32 {
        self.hops.count()
    }

    /// Keeps nothing of what was and will be received; the end is still found.
    pub(crate) fn discard(&mut self) {
        self.discarding = true;
        self.gathered = BytesMut::new();
        self.whole = None;
    }

    /// A piece that is big enough to be handed on.
    pub(crate) fn take_piece(&mut self) -> Option<Bytes> {
        let enough = self.gathered.len() >= GATHERED;
        self.whole
            .take()
            .or_else(|| enough.then(|| self.gathered.split().freeze()))
    }

    /// What is left at the end.
    pub(crate) fn take_rest(&mut self) -> Option<Bytes> {
        let left = self
            .whole
            .take()
            .unwrap_or_else(|| self.gathered.split().freeze());
        (!left.is_empty()).then_some(left)
    }

    /// The message has ended by count: whether a line end is left half.
    pub(crate) fn finish(&mut self) -> Found {
        match (self.state, self.limits.bare_newline) {
            (State::Cr, BareNewline::Reject) => Found::Bare,
            (State::Cr, BareNewline::Normalise) => {
                self.newline();
                Found::More
            }
            _ => Found::More,
        }
    }

    /// Reads the next octets. At most one call before the pieces are taken.
    pub(crate) fn receive(&mut self, input: &Bytes) -> Found {
        let found = match self.limits.bare_newline {
            BareNewline::Reject => self.receive_strictly(input),
            BareNewline::Normalise => self.receive_leniently(input),
        };
        if self.is_too_big() {
            self.discard();
        }
        found
    }

    /// One search per line; text is not copied unless dots have to be taken out.
    fn receive_strictly(&mut self, input: &Bytes) -> Found {
        let mut start = 0;
        let mut at = 0;
        // A dot at the beginning of a line: nobody knows yet whether the message ends there.
        let mut dot = None;
        while let Some(&byte) = input.get(at) {
            match self.state {
                State::LineStart if byte == b'.' && self.framing == Framing::Dots => {
                    dot = Some(at);
                    at += 1;
                    self.state = State::Dot;
                }
                State::LineStart => self.state = State::Text,
                State::Dot if byte == b'\r' => {
                    at += 1;
                    self.state = State::DotCr;
                }
                State::Dot => {
                    self.keep(input, start, dot.take().unwrap_or(start));
                    start = at;
                    self.state = State::Text;
                }
                State::DotCr if byte == b'\n' => {
                    self.keep_in_place(input, start, dot.unwrap_or(start));
                    return Found::End(at + 1);
                }
                State::Cr if byte == b'\n' => {
                    at += 1;
                    self.end_line();
                    self.state = State::LineStart;
                }
                State::DotCr | State::Cr => return Found::Bare,
                State::Text => {
                    let rest = input.get(at..).unwrap_or_default();
                    let length = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
                    self.text(rest.get(..length).unwrap_or_default());
                    at += length;
                    match input.get(at) {
                        None => {}
                        Some(b'\n') => return Found::Bare,
                        Some(_) => {
                            at += 1;
                            self.state = State::Cr;
                        }
                    }
                }
            }
        }
        let end = match self.state {
            State::Dot | State::DotCr => dot.unwrap_or(start),
            _ => input.len(),
        };
        self.keep_in_place(input, start, end);
        Found::More
    }

    /// As above, but writes CRLF for each bare CR or LF; behind one of those a dot is text.
    fn receive_leniently(&mut self, input: &Bytes) -> Found {
        let mut at = 0;
        while let Some(&byte) = input.get(at) {
            let (used, next) = match (self.state, byte) {
                (State::LineStart, b'.') if self.framing == Framing::Dots => (1, State::Dot),
                (State::Dot, b'\r') => (1, State::DotCr),
                (State::DotCr, b'\n') => return Found::End(at + 1),
                (State::Cr, b'\n') => {
                    self.newline();
                    (1, State::LineStart)
                }
                (State::Cr | State::DotCr, _) => {
                    self.newline();
                    (0, State::Text)
                }
                (State::Dot, _) => (0, State::Text),
                (_, b'\r') => (1, State::Cr),
                (_, b'\n') => {
                    self.newline();
                    (1, State::Text)
                }
                _ => {
                    let rest = input.get(at..).unwrap_or_default();
                    let length = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
                    self.text(rest.get(..length).unwrap_or_default());
                    self.keep(input, at, at + length);
                    (length, State::Text)
                }
            };
            at += used;
            self.state = next;
        }
        Found::More
    }

    /// Part of a line, without its line end.
    fn text(&mut self, part: &[u8]) {
        self.line_length += part.len();
        self.line_too_long |= self.line_length > self.limits.line;
        self.hops.text(part);
    }

    fn end_line(&mut self) {
        self.line_length = 0;
        self.hops.end_line();
    }

    fn newline(&mut self) {
        self.end_line();
        self.size += 2;
        if !self.discarding {
            self.gathered.extend_from_slice(b"\r\n");
        }
    }

    fn keep(&mut self, input: &Bytes, from: usize, to: usize) {
        let part = input.get(from..to).unwrap_or_default();
        self.size += part.len() as u64;
        if !self.discarding {
            self.gathered.extend_from_slice(part);
        }
    }

    /// The same without a copy, when that is worth while.
    fn keep_in_place(&mut self, input: &Bytes, from: usize, to: usize) {
        if to - from < WHOLE || !self.gathered.is_empty() || self.discarding {
            return self.keep(input, from, to);
        }
        self.size += (to - from) as u64;
        self.whole = Some(input.slice(from..to));
    }
}

#[cfg(test)]
mod tests;
