use bytes::BytesMut;
use memchr::memmem;

use crate::index::{self, Index, Length};
use crate::message::{self, Fault, Parsed};
use crate::{Limits, Name};

/// What a stream brought.
#[derive(Debug, Clone)]
pub enum Frame {
    /// A keep-alive to be answered by one CRLF at once (RFC 5626 §4.4.1).
    Ping,
    /// A message, good or bad.
    Parsed(Parsed),
    /// The stream is to be closed; nothing more is read from it.
    Close(Fault),
}

/// Cuts a stream into messages by Content-Length (RFC 3261 §18.3). Feed octets with [`push`](Self::push), then take
/// [`next_frame`](Self::next_frame) until `None`. Holds one message of at most [`Limits::message`] octets and what was fed
/// with its last octet.
#[derive(Debug)]
pub struct Framer {
    limits: Limits,
    buffer: BytesMut,
    /// Octets in which no end of a head begins.
    searched: usize,
    /// A head that waits for its body of so many octets.
    waiting: Option<(Index, usize)>,
    dropped: u32,
    closing: Option<Fault>,
    closed: bool,
}

impl Framer {
    /// A framer for a new stream.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            buffer: BytesMut::new(),
            searched: 0,
            waiting: None,
            dropped: 0,
            closing: None,
            closed: false,
        }
    }

    /// Takes octets as they came.
    pub fn push(&mut self, octets: &[u8]) {
        if !self.closed && self.closing.is_none() {
            self.buffer.extend_from_slice(octets);
        }
    }

    /// Whether a part of a message waits for the rest of it.
    pub fn is_partial(&self) -> bool {
        !self.closed
            && self
                .buffer
                .iter()
                .any(|byte| !matches!(byte, b'\r' | b'\n'))
    }

    /// What comes next, `None` when more octets are needed or the stream is over.
    pub fn next_frame(&mut self) -> Option<Frame> {
        if let Some(fault) = self.closing.take() {
            return Some(self.close(fault));
        }
        if self.closed {
            return None;
        }
        if self.waiting.is_none() {
            if let Some(frame) = self.line_ends() {
                return frame;
            }
            let from = self.searched.saturating_sub(3);
            let found = memmem::find(self.buffer.get(from..).unwrap_or_default(), b"\r\n\r\n");
            let end = found.map_or(self.buffer.len(), |found| from + found + 4);
            if end > self.limits.message {
                return Some(self.close(Fault::TooLarge));
            }
            self.searched = self.buffer.len();
            found?;
            match self.head(end) {
                (index, Ok(length)) => self.waiting = Some((index, length)),
                (mut index, Err(fault)) => {
                    index.fault = Some(fault);
                    self.closing = Some(fault);
                    let octets = self.buffer.split_to(end).freeze();
                    return Some(Frame::Parsed(message::finish(octets, index, 0)));
                }
            }
        }
        let (index, length) = self.waiting.take()?;
        let total = (index.head as usize).saturating_add(length);
        if self.buffer.len() < total {
            self.waiting = Some((index, length));
            return None;
        }
        let octets = self.buffer.split_to(total).freeze();
        self.searched = 0;
        let parsed = message::finish(octets, index, length);
        if let Parsed::Dropped(fault) = parsed {
            self.dropped += 1;
            self.closing = (self.dropped >= self.limits.dropped).then_some(fault);
        }
        Some(Frame::Parsed(parsed))
    }

    /// Line ends before a message: `Some` when there is nothing more to look at for now.
    fn line_ends(&mut self) -> Option<Option<Frame>> {
        loop {
            match &self.buffer[..] {
                [b'\r', b'\n', b'\r', b'\n', ..] => {
                    self.skip(4);
                    return Some(Some(Frame::Ping));
                }
                // It may become a keep-alive.
                [] | [b'\r'] | [b'\r', b'\n'] | [b'\r', b'\n', b'\r'] => return Some(None),
                [b'\r', b'\n', ..] => self.skip(2),
                _ => return None,
            }
        }
    }

    fn skip(&mut self, octets: usize) {
        drop(self.buffer.split_to(octets.min(self.buffer.len())));
        self.searched = 0;
    }

    /// Reads the head that ends here: how long its body is, or why that cannot be told.
    fn head(&self, end: usize) -> (Index, Result<usize, Fault>) {
        let index = index::index(self.buffer.get(..end).unwrap_or_default(), &self.limits);
        let length = match (index.length, index.fault) {
            // Where lines are bad, a length is not to be trusted.
            (_, Some(fault)) => Err(fault),
            (Length::Octets(length), None) if end.saturating_add(length) > self.limits.message => {
                Err(Fault::TooLarge)
            }
            (Length::Octets(length), None) => Ok(length),
            (Length::Absent, None) => Err(Fault::Missing(Name::ContentLength)),
            (Length::Bad, None) => Err(Fault::Bad(Name::ContentLength)),
        };
        (index, length)
    }

    fn close(&mut self, fault: Fault) -> Frame {
        self.closed = true;
        self.buffer = BytesMut::new();
        Frame::Close(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    const OPTIONS: &str = "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: sip:f;tag=1\r\nTo: sip:t\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n";

    /// One word per frame: a body, `ping`, or a fault.
    fn frames(input: &str, piece: usize) -> String {
        let mut framer = Framer::new(Limits {
            message: 400,
            ..Limits::STREAM
        });
        let mut words = Vec::new();
        for piece in input.as_bytes().chunks(piece) {
            framer.push(piece);
            while let Some(frame) = framer.next_frame() {
                words.push(match frame {
                    Frame::Ping => "ping".to_owned(),
                    Frame::Close(fault) => format!("close {fault}"),
                    Frame::Parsed(Parsed::Message(Message::Request(request))) => {
                        String::from_utf8_lossy(request.body()).into()
                    }
                    Frame::Parsed(Parsed::Refused(refused)) => {
                        format!("{} {}", refused.fault.status(), refused.fault)
                    }
                    Frame::Parsed(Parsed::Dropped(fault)) => format!("drop {fault}"),
                    other => format!("{other:?}"),
                });
            }
        }
        words.push(if framer.is_partial() {
            "partial".into()
        } else {
            String::new()
        });
        words.join(", ")
    }

    #[test]
    fn streams_are_cut() {
        let small = "A sip:b SIP/2.0\r\nl: 0\r\n\r\n";
        for (input, want) in [
            (
                format!("{OPTIONS}l: 3\r\n\r\nabc{OPTIONS}l: 2\r\n\r\nde"),
                "abc, de, ",
            ),
            (
                format!("\r\n\r\n\r\n{OPTIONS}l: 3\r\n\r\nabc\r\n\r\n\r\n"),
                "ping, abc, ping, ",
            ),
            (format!("{OPTIONS}l: 3\r\n\r\nab"), "partial"),
            (format!("{OPTIONS}l: 3\r\n"), "partial"),
            (
                format!("{OPTIONS}\r\n{OPTIONS}l: 0\r\n\r\n"),
                "400 Missing Content-Length, close Missing Content-Length, ",
            ),
            (
                format!("{OPTIONS}l: -1\r\n\r\n{OPTIONS}l: 0\r\n\r\n"),
                "400 Bad Content-Length, close Bad Content-Length, ",
            ),
            (
                format!("{OPTIONS}l: 0\r\nl: 1\r\n\r\n"),
                "400 Bad Content-Length, close Bad Content-Length, ",
            ),
            (
                format!("{OPTIONS}l: 0\r\nX\r\n\r\n"),
                "400 Bad Header Line, close Bad Header Line, ",
            ),
            (
                format!("{OPTIONS}l: 400\r\n\r\n"),
                "513 Message Too Large, close Message Too Large, ",
            ),
            (
                format!("{OPTIONS}X: {:400}", ""),
                "close Message Too Large, ",
            ),
            (
                format!("{OPTIONS}X: {:400}\r\nl: 0\r\n\r\n", ""),
                "close Message Too Large, ",
            ),
            (
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n".into(),
                "drop Bad Start Line, close Missing Content-Length, ",
            ),
            (
                small.repeat(4),
                "drop Missing Via, drop Missing Via, drop Missing Via, close Missing Via, ",
            ),
            (
                format!("{OPTIONS}l: 0\r\nX: \0\r\n\r\n"),
                "400 Bad Header Line, close Bad Header Line, ",
            ),
        ] {
            for piece in [input.len(), 1, 7] {
                let got = frames(&input, piece);
                assert_eq!(got, want, "{input:?} by {piece}");
            }
        }
    }
}
