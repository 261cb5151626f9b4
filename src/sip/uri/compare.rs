//! When two URIs are the same (RFC 3261 §19.1.4).

use super::{Scheme, Uri};

/// Parameters that must stand in both or in none.
const BOTH: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];

impl Uri<'_> {
    /// Whether both name the same resource (RFC 3261 §19.1.4). Not transitive, as parameters of one alone do not count.
    pub fn same_as(&self, other: &Uri<'_>) -> bool {
        if self.scheme != other.scheme {
            return false;
        }
        match self.scheme {
            Scheme::Other => self.text == other.text,
            Scheme::Tel => {
                same_number(self.user(), other.user())
                    && self.has_params_of(other)
                    && other.has_params_of(self)
            }
            Scheme::Sip | Scheme::Sips => {
                same_text(self.user(), other.user())
                    && same_text(self.password(), other.password())
                    && same_host(self, other)
                    && self.port == other.port
                    && same_params(self, other)
                    && same_headers(self, other)
            }
        }
    }

    /// Whether every parameter of the other is here with the same value (RFC 3966 §4).
    fn has_params_of(&self, other: &Uri<'_>) -> bool {
        other.params().all(|(name, value)| {
            self.params()
                .any(|(found, other)| found.eq_ignore_ascii_case(name) && same_value(value, other))
        })
    }
}

fn same_host(one: &Uri<'_>, other: &Uri<'_>) -> bool {
    one.host.eq_ignore_ascii_case(other.host) || one.ip().is_some_and(|ip| other.ip() == Some(ip))
}

/// Case counts, escapes of characters that are not reserved do not.
fn same_text(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other || Decoded::new(one).eq(Decoded::new(other)),
        (one, other) => one.is_none() && other.is_none(),
    }
}

fn same_value(one: Option<&str>, other: Option<&str>) -> bool {
    let lower = |(byte, reserved): (u8, bool)| (byte.to_ascii_lowercase(), reserved);
    Decoded::new(one.unwrap_or_default())
        .map(lower)
        .eq(Decoded::new(other.unwrap_or_default()).map(lower))
}

/// Visual separators do not count (RFC 3966 §4).
fn same_number(one: Option<&str>, other: Option<&str>) -> bool {
    let digits = |number: Option<&str>| -> Vec<u8> {
        let bytes = number.unwrap_or_default().bytes();
        bytes
            .filter(|b| !matches!(b, b'-' | b'.' | b'(' | b')'))
            .map(|b| b.to_ascii_lowercase())
            .collect()
    };
    digits(one) == digits(other)
}

fn same_params(one: &Uri<'_>, other: &Uri<'_>) -> bool {
    let shared_agree = one.params().all(|(name, value)| {
        let mut found = other
            .params()
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .peekable();
        found.peek().is_none() || found.any(|(_, other)| same_value(value, other))
    });
    shared_agree
        && BOTH
            .iter()
            .all(|name| one.param(name).is_some() == other.param(name).is_some())
}

/// The order of headers does not count.
fn same_headers(one: &Uri<'_>, other: &Uri<'_>) -> bool {
    let within = |one: &Uri<'_>, other: &Uri<'_>| {
        one.headers().all(|(name, value)| {
            let same = |(found, other): (&str, &str)| {
                found.eq_ignore_ascii_case(name) && same_text(Some(value), Some(other))
            };
            other.headers().any(same)
        })
    };
    one.headers == other.headers
        || one.headers().count() == other.headers().count()
            && within(one, other)
            && within(other, one)
}

/// The octets of escaped text; `true` marks an escape that is not the same as the character, as that is reserved.
pub(super) struct Decoded<'a> {
    rest: &'a [u8],
}

impl<'a> Decoded<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text.as_bytes(),
        }
    }
}

impl Iterator for Decoded<'_> {
    type Item = (u8, bool);

    fn next(&mut self) -> Option<(u8, bool)> {
        let hex = |digit: u8| {
            char::from(digit)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        if let [b'%', high, low, rest @ ..] = self.rest
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            self.rest = rest;
            let byte = high * 16 + low;
            return Some((
                byte,
                matches!(
                    byte,
                    b';' | b'/' | b'?' | b':' | b'@' | b'&' | b'=' | b'+' | b'$' | b','
                ),
            ));
        }
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some((*first, false))
    }
}
