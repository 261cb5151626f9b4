use std::borrow::Cow;

use super::Value;
use crate::params::{take_value, unquote};
use crate::scan::{Cursor, Malformed};

/// A challenge or credentials: WWW-Authenticate, Proxy-Authenticate, Authorization, Proxy-Authorization (RFC 3261 §20.7,
/// §20.44, RFC 7616 §3).
#[derive(Debug, Clone, Copy)]
pub struct Authentication<'a> {
    /// The scheme, such as `Digest`.
    pub scheme: &'a str,
    params: &'a [u8],
}

impl<'a> Authentication<'a> {
    /// Whether the scheme is Digest, in any case.
    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("Digest")
    }

    /// The first parameter of this name, in any case, without quotes and escapes.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut cursor = Cursor::new(self.params);
        loop {
            let (found, value) = param(&mut cursor).ok()?;
            if found.eq_ignore_ascii_case(name) {
                return unquote(value);
            }
            if !cursor.eat_between(b',') {
                return None;
            }
        }
    }
}

fn param<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a str, &'a [u8]), Malformed> {
    let name = cursor.token()?;
    cursor.expect(b'=')?;
    Ok((name, take_value(cursor)?))
}

impl<'a> Value<'a> for Authentication<'a> {
    fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(octets);
        let scheme = cursor.token()?;
        cursor.blanks();
        let params = cursor.rest();
        loop {
            param(&mut cursor)?;
            if !cursor.eat_between(b',') {
                break;
            }
        }
        cursor.end()?;
        Ok(Self { scheme, params })
    }
}
