use bytes::{BufMut, Bytes, BytesMut};
use memchr::memchr2;

/// A message while it is sent: every line ends with CRLF and nothing else, and for DATA a dot at the beginning of a line
/// is doubled (RFC 5321 §4.5.2). What needs no change is handed on without a copy.
#[derive(Debug)]
pub(crate) struct Outgoing {
    dots: bool,
    line_start: bool,
    /// A CR at the end of the piece before, kept back until its LF is there.
    held_cr: bool,
}

impl Outgoing {
    /// `dots` for DATA, where dots are doubled and the end is a dot.
    pub(crate) fn new(dots: bool) -> Self {
        Self {
            dots,
            line_start: true,
            held_cr: false,
        }
    }

    /// The piece as it goes on the wire.
    pub(crate) fn push(&mut self, piece: Bytes) -> Bytes {
        if self.is_clean(&piece) {
            self.line_start = piece.last().map_or(self.line_start, |last| *last == b'\n');
            return piece;
        }
        self.convert(&piece)
    }

    /// What follows the last piece.
    pub(crate) fn finish(&mut self) -> &'static [u8] {
        let open_line = std::mem::take(&mut self.held_cr) || (self.dots && !self.line_start);
        match (self.dots, open_line) {
            (true, true) => b"\r\n.\r\n",
            (true, false) => b".\r\n",
            (false, true) => b"\r\n",
            (false, false) => b"",
        }
    }

    fn is_clean(&self, piece: &[u8]) -> bool {
        if self.held_cr || (self.line_start && self.is_dot(piece)) {
            return false;
        }
        let mut rest = piece;
        while let Some(at) = memchr2(b'\r', b'\n', rest) {
            match rest.get(at..at + 2) {
                Some(b"\r\n") => rest = rest.get(at + 2..).unwrap_or_default(),
                _ => return false,
            }
            if self.is_dot(rest) {
                return false;
            }
        }
        true
    }

    fn is_dot(&self, rest: &[u8]) -> bool {
        self.dots && rest.first() == Some(&b'.')
    }

    fn convert(&mut self, piece: &[u8]) -> Bytes {
        let mut out = BytesMut::with_capacity(piece.len() + piece.len() / 32 + 4);
        let mut rest = piece;
        if !rest.is_empty() && std::mem::take(&mut self.held_cr) {
            out.put_slice(b"\r\n");
            self.line_start = true;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while !rest.is_empty() {
            if self.line_start && self.is_dot(rest) {
                out.put_u8(b'.');
            }
            let (line, newline) = rest.split_at(memchr2(b'\r', b'\n', rest).unwrap_or(rest.len()));
            out.put_slice(line);
            self.line_start = !newline.is_empty() && newline != b"\r";
            self.held_cr = newline == b"\r";
            if self.line_start {
                out.put_slice(b"\r\n");
            }
            rest = newline
                .strip_prefix(b"\r\n")
                .or_else(|| newline.get(1..))
                .unwrap_or_default();
        }
        out.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn send(pieces: &[&[u8]], dots: bool) -> Vec<u8> {
        let mut outgoing = Outgoing::new(dots);
        let mut out = Vec::new();
        for piece in pieces {
            out.extend_from_slice(&outgoing.push(Bytes::copy_from_slice(piece)));
        }
        out.extend_from_slice(outgoing.finish());
        out
    }

    #[test]
    fn dots_and_line_ends_are_put_right() {
        for (message, data, bdat) in [
            ("", ".\r\n", ""),
            ("a\r\n", "a\r\n.\r\n", "a\r\n"),
            ("a", "a\r\n.\r\n", "a"),
            (".\r\n", "..\r\n.\r\n", ".\r\n"),
            (".a\r\n..b\r\n", "..a\r\n...b\r\n.\r\n", ".a\r\n..b\r\n"),
            ("a\n.\nb", "a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb"),
            ("a\r.\rb\r", "a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"),
            ("\r\r\n", "\r\n\r\n.\r\n", "\r\n\r\n"),
            ("a.b\r\n", "a.b\r\n.\r\n", "a.b\r\n"),
        ] {
            for (dots, want) in [(true, data), (false, bdat)] {
                assert_eq!(
                    send(&[message.as_bytes()], dots),
                    want.as_bytes(),
                    "{message:?}"
                );
                let bytes: Vec<&[u8]> = message.as_bytes().chunks(1).collect();
                assert_eq!(send(&bytes, dots), want.as_bytes(), "{message:?} by bytes");
            }
        }
    }

    #[test]
    fn clean_pieces_are_not_copied() {
        let piece = Bytes::from_static(b"one\r\ntwo\r\n");
        assert_eq!(
            Outgoing::new(true).push(piece.clone()).as_ptr(),
            piece.as_ptr()
        );
    }

    proptest! {
        #[test]
        fn nothing_ends_the_message_early(message in "[a.\r\n]{0,40}", cut in 0usize..40) {
            let (first, second) = message.as_bytes().split_at(cut.min(message.len()));
            let sent = send(&[first, second], true);
            let body = sent.strip_suffix(b".\r\n").unwrap();
            prop_assert_eq!(send(&[message.as_bytes()], true), sent.clone());
            prop_assert!(body.is_empty() || body.ends_with(b"\r\n"));
            let text = String::from_utf8(body.to_vec()).unwrap();
            for line in text.split_inclusive("\r\n") {
                let line = line.strip_suffix("\r\n").unwrap();
                prop_assert!(line != "." && !line.contains(['\r', '\n']));
            }
        }
    }
}
