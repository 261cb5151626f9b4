//! Lexical tokens of structured header fields (RFC 5322 §3.2, RFC 2045 §5.1).

use std::borrow::Cow;

/// One token; blanks and line breaks between tokens are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token<'x> {
    /// Run of characters that are neither blank, special nor quote.
    Atom(&'x str),
    /// Quoted string without quotes and escapes.
    Quoted(Cow<'x, str>),
    /// Content of a comment, nested comments included.
    Comment(&'x str),
    /// Content of a domain literal with its brackets.
    Literal(&'x str),
    /// One special character.
    Special(u8),
}

/// Splits a structured value into tokens; never fails, an unclosed quote or comment ends with the text.
pub(crate) struct Tokens<'x> {
    rest: &'x str,
    specials: &'static [u8],
}

/// Specials of addresses (RFC 5322 §3.2.3); the dot is left inside atoms.
pub(crate) const ADDRESS: &[u8] = b"()<>[]:;@\\,\"";
/// Specials of MIME parameters (RFC 2045 §5.1); brackets, colon and at-sign are left inside values that forgot quotes.
pub(crate) const PARAMETER: &[u8] = b"()\"/;=";

impl<'x> Tokens<'x> {
    pub(crate) fn new(text: &'x str, specials: &'static [u8]) -> Self {
        Self {
            rest: text,
            specials,
        }
    }

    fn take(&mut self, len: usize) -> &'x str {
        let (head, tail) = self.rest.split_at_checked(len).unwrap_or((self.rest, ""));
        self.rest = tail;
        head
    }

    fn quoted(&mut self) -> Token<'x> {
        let body = self.rest.get(1..).unwrap_or_default();
        let end = closing(body, None, b'"').unwrap_or(body.len());
        self.rest = body.get(end + 1..).unwrap_or_default();
        Token::Quoted(unescape(body.get(..end).unwrap_or_default()))
    }

    fn comment(&mut self) -> Token<'x> {
        let body = self.rest.get(1..).unwrap_or_default();
        let end = closing(body, Some(b'('), b')').unwrap_or(body.len());
        self.rest = body.get(end + 1..).unwrap_or_default();
        Token::Comment(body.get(..end).unwrap_or_default().trim())
    }
}

impl<'x> Iterator for Tokens<'x> {
    type Item = Token<'x>;

    fn next(&mut self) -> Option<Token<'x>> {
        self.rest = self.rest.trim_ascii_start();
        let first = *self.rest.as_bytes().first()?;
        Some(match first {
            b'"' => self.quoted(),
            b'(' => self.comment(),
            b'[' if self.specials.contains(&b'[') => {
                let end = self.rest.find(']').map_or(self.rest.len(), |at| at + 1);
                Token::Literal(self.take(end))
            }
            special if self.specials.contains(&special) => {
                self.take(1);
                Token::Special(special)
            }
            _ => {
                let specials = self.specials;
                let end = self
                    .rest
                    .bytes()
                    .position(|b| b.is_ascii_whitespace() || specials.contains(&b));
                Token::Atom(self.take(end.unwrap_or(self.rest.len())))
            }
        })
    }
}

/// Position of the character that closes a quote or comment, escapes and nesting minded.
fn closing(body: &str, open: Option<u8>, close: u8) -> Option<usize> {
    let mut depth = 0usize;
    let mut escaped = false;
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b if b == close && depth == 0 => return Some(at),
            b if b == close => depth -= 1,
            b if Some(b) == open => depth += 1,
            _ => {}
        }
    }
    None
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut clear = String::with_capacity(text.len());
    let mut escaped = false;
    for c in text.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            clear.push(c);
            escaped = false;
        }
    }
    Cow::Owned(clear)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_an_address() {
        let found: Vec<_> =
            Tokens::new(r#""A \"B\"" <a.b@[1.2.3.4]> (x (y) z), q"#, ADDRESS).collect();
        assert_eq!(
            found,
            [
                Token::Quoted("A \"B\"".into()),
                Token::Special(b'<'),
                Token::Atom("a.b"),
                Token::Special(b'@'),
                Token::Literal("[1.2.3.4]"),
                Token::Special(b'>'),
                Token::Comment("x (y) z"),
                Token::Special(b','),
                Token::Atom("q"),
            ]
        );
    }

    #[test]
    fn unclosed_ends_with_the_text() {
        for text in ["\"abc", "(abc", "[abc", "\"a\\", "(a(b)"] {
            assert_eq!(Tokens::new(text, ADDRESS).count(), 1, "{text}");
        }
    }
}
