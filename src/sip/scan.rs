//! Reading of single values: tokens, quoted strings, blanks and folds (RFC 3261 §25.1).

/// A value is malformed at this octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("syntax error at octet {position}")]
pub struct Malformed {
    /// Octets of the value before the fault.
    pub position: usize,
}

/// `token` of RFC 3261 §25.1.
pub(crate) const TOKEN: u8 = 1;
/// What a header parameter may have as its value: a token, a host with or without brackets, and what is seen in the field.
pub(crate) const VALUE: u8 = 2;
/// `user` of RFC 3261 §25.1 without escapes, with the `#` that phones send raw.
pub(crate) const USER: u8 = 4;
/// `paramchar` of RFC 3261 §25.1 without escapes.
pub(crate) const PARAM: u8 = 8;
/// Characters of `hname` and `hvalue` without escapes.
pub(crate) const URI_HEADER: u8 = 16;
/// Characters of a host name.
pub(crate) const HOST: u8 = 32;
/// Characters of an absolute URI that is not ours to read (RFC 3986 §2).
pub(crate) const ABSOLUTE: u8 = 64;

static CLASSES: [u8; 256] = classes();

const fn mark(table: &mut [u8; 256], of: &[u8], class: u8) {
    let mut at = 0;
    while at < of.len() {
        table[of[at] as usize] |= class;
        at += 1;
    }
}

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        if (byte as u8).is_ascii_alphanumeric() {
            table[byte] = 255;
        }
        byte += 1;
    }
    mark(&mut table, b"-.!%*_+`'~", TOKEN | VALUE);
    mark(&mut table, b"[]:/?@&$=|#()^{}", VALUE);
    mark(&mut table, b"-_.!~*'()", USER | PARAM | URI_HEADER);
    mark(&mut table, b"&=+$,;?/#", USER);
    mark(&mut table, b"[]/:&+$", PARAM);
    mark(&mut table, b"[]/?:+$", URI_HEADER);
    mark(&mut table, b"-._", HOST);
    mark(&mut table, b"-._~:/?#[]@!$&'()*+,;=%", ABSOLUTE);
    table
}

#[inline]
pub(crate) fn is(byte: u8, class: u8) -> bool {
    CLASSES
        .get(usize::from(byte))
        .is_some_and(|classes| classes & class != 0)
}

/// How many octets of a class these begin with.
#[inline]
pub(crate) fn span(bytes: &[u8], class: u8) -> usize {
    let end = bytes.iter().position(|byte| !is(*byte, class));
    end.unwrap_or(bytes.len())
}

/// Whether these are all of a class and at least one.
pub(crate) fn all(bytes: &[u8], class: u8) -> bool {
    !bytes.is_empty() && span(bytes, class) == bytes.len()
}

#[inline]
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Without blanks and folds at both ends.
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_blank(*first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_blank(*last)
    {
        bytes = rest;
    }
    bytes
}

/// ASCII text; `None` when it is not.
#[inline]
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// A place in a value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    #[inline]
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn between(&self, start: usize, end: usize) -> &'a [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn skip(&mut self, octets: usize) {
        self.at = (self.at + octets).min(self.bytes.len());
    }

    #[inline]
    pub(crate) fn malformed(&self) -> Malformed {
        Malformed { position: self.at }
    }

    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Blanks and folds, which may be none.
    #[inline]
    pub(crate) fn blanks(&mut self) {
        while self.peek().is_some_and(is_blank) {
            self.at += 1;
        }
    }

    /// This octet with blanks around it; nothing is taken when it is not there.
    #[inline]
    pub(crate) fn eat_between(&mut self, byte: u8) -> bool {
        // Mostly there are no blanks.
        match self.bytes.get(self.at..) {
            Some([found, next, ..]) if *found == byte && !is_blank(*next) => {
                self.at += 1;
                return true;
            }
            Some([found, ..]) if *found != byte && !is_blank(*found) => return false,
            _ => {}
        }
        let start = self.at;
        self.blanks();
        if self.eat(byte) {
            self.blanks();
            return true;
        }
        self.at = start;
        false
    }

    #[inline]
    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.eat_between(byte) {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }

    #[inline]
    pub(crate) fn take(&mut self, class: u8) -> &'a [u8] {
        let rest = self.rest();
        let length = span(rest, class);
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Octets of this class and whole escapes; half an escape is left.
    #[inline]
    pub(crate) fn take_escaped(&mut self, class: u8) -> &'a [u8] {
        let start = self.at;
        loop {
            self.take(class);
            let Some([b'%', high, low, ..]) = self.bytes.get(self.at..) else {
                break;
            };
            if !high.is_ascii_hexdigit() || !low.is_ascii_hexdigit() {
                break;
            }
            self.at += 3;
        }
        self.since(start)
    }

    /// One octet of this class or more.
    #[inline]
    pub(crate) fn word(&mut self, class: u8) -> Result<&'a str, Malformed> {
        let start = self.malformed();
        text(self.take(class))
            .filter(|word| !word.is_empty())
            .ok_or(start)
    }

    #[inline]
    pub(crate) fn token(&mut self) -> Result<&'a str, Malformed> {
        self.word(TOKEN)
    }

    /// A quoted string with its quotes.
    pub(crate) fn quoted(&mut self) -> Result<&'a [u8], Malformed> {
        let start = self.at;
        if !self.eat(b'"') {
            return Err(self.malformed());
        }
        while let Some(found) = memchr::memchr2(b'"', b'\\', self.rest()) {
            self.at += found;
            if self.eat(b'"') {
                return Ok(self.since(start));
            }
            self.skip(2);
        }
        Err(Malformed { position: start })
    }

    /// A number of at most `largest`.
    #[inline]
    pub(crate) fn number(&mut self, largest: u64) -> Result<u64, Malformed> {
        let start = self.at;
        let mut number: u64 = 0;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            number = number
                .saturating_mul(10)
                .saturating_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        if self.at == start || number > largest {
            Err(Malformed { position: start })
        } else {
            Ok(number)
        }
    }

    /// Nothing but blanks may follow.
    #[inline]
    pub(crate) fn end(&mut self) -> Result<(), Malformed> {
        self.blanks();
        if self.at >= self.bytes.len() {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }
}

/// Splits at commas that stand neither in quotes nor in angle brackets.
#[derive(Debug, Clone)]
pub(crate) struct Items<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Items<'a> {
    pub(crate) fn new(value: &'a [u8]) -> Self {
        Self { rest: Some(value) }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let end = if memchr::memchr(b',', rest).is_none() {
            None
        } else {
            comma(rest)
        };
        let Some(end) = end else {
            self.rest = None;
            return Some(trim(rest));
        };
        self.rest = rest.get(end + 1..);
        Some(trim(rest.get(..end).unwrap_or_default()))
    }
}

fn comma(value: &[u8]) -> Option<usize> {
    let mut bytes = value.iter().enumerate();
    let (mut quoted, mut bracket) = (false, false);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if quoted => drop(bytes.next()),
            b'"' => quoted = !quoted,
            b'<' if !quoted => bracket = true,
            b'>' if !quoted => bracket = false,
            b',' if !quoted && !bracket => return Some(at),
            _ => {}
        }
    }
    None
}

/// The first item of a list: what to take away with it, and whether others follow.
pub(crate) fn first_item(value: &[u8]) -> Option<usize> {
    comma(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_outside_quotes_and_brackets() {
        let items = |value: &'static str| -> Vec<&str> {
            Items::new(value.as_bytes())
                .map(|i| text(i).unwrap())
                .collect()
        };
        assert_eq!(items("a , b"), ["a", "b"]);
        assert_eq!(
            items("\"x, \\\",\" <sip:a,b@c>,\r\n  d"),
            ["\"x, \\\",\" <sip:a,b@c>", "d"]
        );
        assert_eq!(items("a,,"), ["a", "", ""]);
        assert_eq!(items(""), [""]);
    }

    #[test]
    fn numbers_are_bounded() {
        assert_eq!(Cursor::new(b"0068").number(255), Ok(68));
        for bad in ["", "-1", "256", "99999999999999999999999"] {
            assert!(Cursor::new(bad.as_bytes()).number(255).is_err(), "{bad}");
        }
    }

    #[test]
    fn quotes_end_where_they_should() {
        assert_eq!(
            Cursor::new(b"\"a\\\"b\" c").quoted(),
            Ok(&b"\"a\\\"b\""[..])
        );
        for bad in ["\"a", "\"a\\\"", "a\""] {
            assert!(Cursor::new(bad.as_bytes()).quoted().is_err(), "{bad}");
        }
    }
}
