//! Reading the shapes of RFC 3501 §9 from one framed command.

use std::borrow::Cow;

use crate::{name, sequence::SequenceSet, write::is_atom_char};

/// What was expected where something else stood; the text goes into the `BAD` answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Syntax(pub(crate) &'static str);

pub(crate) type Parsed<T> = Result<T, Syntax>;

/// The rest of a command; literals stand in it as they came, `{3}` CRLF and the bytes.
pub(crate) struct Cursor<'x> {
    rest: &'x [u8],
}

impl<'x> Cursor<'x> {
    pub(crate) fn new(command: &'x [u8]) -> Self {
        Self { rest: command }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, len: usize) -> &'x [u8] {
        let (head, tail) = self.rest.split_at_checked(len).unwrap_or((self.rest, b""));
        self.rest = tail;
        head
    }

    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.take(1);
        }
        found
    }

    pub(crate) fn expect(&mut self, byte: u8, what: &'static str) -> Parsed<()> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(Syntax(what))
        }
    }

    pub(crate) fn space(&mut self) -> Parsed<()> {
        self.expect(b' ', "expected a blank")
    }

    pub(crate) fn end(&self) -> Parsed<()> {
        if self.is_at_end() {
            Ok(())
        } else {
            Err(Syntax("more than expected"))
        }
    }

    /// Takes bytes as long as they fit.
    pub(crate) fn run(&mut self, fits: impl Fn(u8) -> bool) -> &'x [u8] {
        let len = self
            .rest
            .iter()
            .position(|b| !fits(*b))
            .unwrap_or(self.rest.len());
        self.take(len)
    }

    pub(crate) fn atom(&mut self) -> Parsed<&'x str> {
        text(self.run(is_atom_char))
            .filter(|atom| !atom.is_empty())
            .ok_or(Syntax("expected an atom"))
    }

    /// An atom in capitals, for words of the protocol.
    pub(crate) fn word(&mut self) -> Parsed<String> {
        self.atom().map(str::to_ascii_uppercase)
    }

    /// Whether this word comes next; it is taken then.
    pub(crate) fn eat_word(&mut self, word: &str) -> bool {
        let found = self
            .rest
            .get(..word.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()));
        if found {
            self.take(word.len());
        }
        found
    }

    pub(crate) fn number(&mut self) -> Parsed<u32> {
        u32::try_from(self.number64()?).map_err(|_| Syntax("number too large"))
    }

    pub(crate) fn number64(&mut self) -> Parsed<u64> {
        let digits = text(self.run(|b| b.is_ascii_digit())).unwrap_or_default();
        // RFC 7162 §7: mod-sequences have 63 bits.
        digits
            .parse()
            .ok()
            .filter(|n| *n <= i64::MAX as u64)
            .ok_or(Syntax("expected a number"))
    }

    pub(crate) fn sequence_set(&mut self) -> Parsed<SequenceSet> {
        let set = self.run(|b| b.is_ascii_digit() || matches!(b, b'*' | b':' | b','));
        SequenceSet::parse(set).ok_or(Syntax("expected a message set"))
    }

    /// A quoted string or a literal.
    pub(crate) fn string(&mut self) -> Parsed<Cow<'x, [u8]>> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(b'{') => {
                let literal = self.literal()?;
                if literal.contains(&0) {
                    Err(Syntax("NUL in a string"))
                } else {
                    Ok(Cow::Borrowed(literal))
                }
            }
            _ => Err(Syntax("expected a string")),
        }
    }

    fn quoted(&mut self) -> Parsed<Cow<'x, [u8]>> {
        self.take(1);
        let head = self.run(|b| !matches!(b, b'"' | b'\\' | b'\r' | b'\n' | 0));
        let mut whole = Cow::Borrowed(head);
        loop {
            match self.take(1) {
                b"\"" => return Ok(whole),
                b"\\" => match self.take(1) {
                    escaped @ (b"\"" | b"\\") => whole.to_mut().extend_from_slice(escaped),
                    _ => return Err(Syntax("wrong escape in a quoted string")),
                },
                _ => return Err(Syntax("unclosed quoted string")),
            }
            let more = self.run(|b| !matches!(b, b'"' | b'\\' | b'\r' | b'\n' | 0));
            if !more.is_empty() {
                whole.to_mut().extend_from_slice(more);
            }
        }
    }

    /// A literal with any bytes.
    pub(crate) fn literal(&mut self) -> Parsed<&'x [u8]> {
        self.expect(b'{', "expected a literal")?;
        let len = self.number()? as usize;
        self.eat(b'+');
        self.expect(b'}', "broken literal")?;
        self.eat(b'\r');
        if !self.eat(b'\n') || len > self.rest.len() {
            return Err(Syntax("broken literal"));
        }
        Ok(self.take(len))
    }

    pub(crate) fn astring(&mut self) -> Parsed<Cow<'x, [u8]>> {
        match self.peek() {
            Some(b'"' | b'{') => self.string(),
            _ => match self.run(|b| is_atom_char(b) || b == b']' || b >= 0x80) {
                b"" => Err(Syntax("expected a string or an atom")),
                atom => Ok(Cow::Borrowed(atom)),
            },
        }
    }

    /// An `astring` that is text: UTF-8.
    pub(crate) fn astring_text(&mut self) -> Parsed<String> {
        owned(self.astring()?)
    }

    /// A login name: an `astring` in which `%` needs no quotes. Names like `anna%client1.com` are old custom, and not every
    /// client quotes them.
    pub(crate) fn login_name(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(b'"' | b'{') => self.astring_text(),
            _ => match self.run(|b| is_atom_char(b) || matches!(b, b']' | b'%') || b >= 0x80) {
                b"" => Err(Syntax("expected a string or an atom")),
                atom => owned(Cow::Borrowed(atom)),
            },
        }
    }

    pub(crate) fn mailbox(&mut self) -> Parsed<String> {
        let wire = self.astring()?;
        name::decode(&wire)
            .map(|name| name::canonical(&name))
            .ok_or(Syntax("not a mailbox name"))
    }

    /// Name of LIST with wildcards.
    pub(crate) fn pattern(&mut self) -> Parsed<String> {
        let wire = match self.peek() {
            Some(b'"' | b'{') => self.string()?,
            _ => Cow::Borrowed(
                self.run(|b| is_atom_char(b) || matches!(b, b']' | b'%' | b'*') || b >= 0x80),
            ),
        };
        name::decode(&wire)
            .map(|name| name::canonical(&name))
            .ok_or(Syntax("not a mailbox name"))
    }

    /// `( item item … )`, perhaps empty.
    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        self.expect(b'(', "expected a list")?;
        let mut items = Vec::new();
        while !self.eat(b')') {
            if !items.is_empty() {
                self.space()?;
            }
            items.push(item(self)?);
        }
        Ok(items)
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn owned(bytes: Cow<'_, [u8]>) -> Parsed<String> {
    String::from_utf8(bytes.into_owned()).map_err(|_| Syntax("text is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings() {
        for (wire, expected) in [
            (&b"\"\""[..], Ok("")),
            (b"\"a b\"", Ok("a b")),
            (b"\"a\\\"\\\\\"", Ok("a\"\\")),
            (b"{3}\r\na\"b", Ok("a\"b")),
            (b"{3+}\r\nabc", Ok("abc")),
            (b"{3}\n\nab", Ok("\nab")),
            (b"{3}\r\n\r\nb", Ok("\r\nb")),
            ("\"ü\"".as_bytes(), Ok("ü")),
            (b"atom]", Ok("atom]")),
            (b"\"a", Err("unclosed quoted string")),
            (b"\"\\a\"", Err("wrong escape in a quoted string")),
            (b"{4}\r\nabc", Err("broken literal")),
            (b"{1}\r\n\0", Err("NUL in a string")),
            (b"\"\xff\"", Err("text is not UTF-8")),
            (b"(", Err("expected a string or an atom")),
        ] {
            let found = Cursor::new(wire).astring_text();
            assert_eq!(found.as_deref().map_err(|e| e.0), expected, "{wire:?}");
        }
    }

    #[test]
    fn lists_and_numbers() {
        let words = |wire: &[u8]| Cursor::new(wire).list(Cursor::word);
        assert_eq!(words(b"()").unwrap(), Vec::<String>::new());
        assert_eq!(words(b"(a b)").unwrap(), ["A", "B"]);
        assert!(words(b"(a  b)").is_err() && words(b"(a").is_err());
        assert!(Cursor::new(b"4294967296").number().is_err());
        assert_eq!(
            Cursor::new(b"9223372036854775807").number64(),
            Ok(i64::MAX as u64)
        );
        assert!(Cursor::new(b"9223372036854775808").number64().is_err());
    }
}
