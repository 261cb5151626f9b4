//! URI schemes in front of an address, and what is kept beside it.

use std::borrow::Cow;

use super::{find_outside, rfind_outside};

/// Schemes the Router takes off an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
    /// `mailto:`
    Mailto,
    /// `xmpp:`
    Xmpp,
    /// `im:`
    Im,
    /// `pres:`
    Pres,
}

/// What a URI carried beside the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// The scheme.
    pub scheme: Scheme,
    /// Parameters and headers from the first `;` or `?` on, without it; for example `transport=tcp`.
    pub parameters: String,
    /// XMPP resource.
    pub resource: String,
}

/// The address inside a URI, undecoded, with what was beside it. `None` when there is no known scheme.
pub(super) fn strip(text: &str) -> Option<(Cow<'_, str>, Beside)> {
    let (word, rest) = text.split_once(':')?;
    let scheme = [
        ("sip", Scheme::Sip),
        ("sips", Scheme::Sips),
        ("tel", Scheme::Tel),
        ("mailto", Scheme::Mailto),
        ("xmpp", Scheme::Xmpp),
        ("im", Scheme::Im),
        ("pres", Scheme::Pres),
    ]
    .into_iter()
    .find_map(|(name, scheme)| word.eq_ignore_ascii_case(name).then_some(scheme))?;
    let mut beside = Beside {
        scheme,
        parameters: String::new(),
        resource: String::new(),
    };
    if scheme == Scheme::Tel {
        return Some((Cow::Owned(telephone(rest, &mut beside)), beside));
    }
    // Parameters of the host come after it; the user part may hold `;` and `?` of its own (RFC 3261 §19.1.1).
    let host = rfind_outside(rest, b'@').map_or(0, |at| at + 1);
    let tail = rest.get(host..).unwrap_or_default();
    let (tail, parameters) = cut(tail, &[';', '?']);
    beside.parameters = parameters.to_owned();
    let (tail, resource) = if scheme == Scheme::Xmpp {
        cut(tail, &['/'])
    } else {
        (tail, "")
    };
    beside.resource = resource.to_owned();
    let Some(user) = rest
        .get(..host)
        .and_then(|user| user.strip_suffix('@'))
        .filter(|_| sip(scheme))
    else {
        return Some((
            Cow::Borrowed(rest.get(..host + tail.len()).unwrap_or_default()),
            beside,
        ));
    };
    // A password is never used (RFC 3261 §19.1.1); user parameters such as `;isub=` do not name anybody.
    let user = find_outside(user, b';')
        .and_then(|at| user.get(..at))
        .unwrap_or(user);
    let user = find_outside(user, b':')
        .and_then(|at| user.get(..at))
        .unwrap_or(user);
    Some((Cow::Owned(format!("{user}@{tail}")), beside))
}

fn sip(scheme: Scheme) -> bool {
    matches!(scheme, Scheme::Sip | Scheme::Sips)
}

fn cut<'a>(text: &'a str, marks: &[char]) -> (&'a str, &'a str) {
    match text.find(marks) {
        Some(at) => (
            text.get(..at).unwrap_or_default(),
            text.get(at + 1..).unwrap_or_default(),
        ),
        None => (text, ""),
    }
}

/// A telephone number as an address: global numbers in the domain `telnum`, local ones as a plain name (RFC 3966 §5.1).
fn telephone(rest: &str, beside: &mut Beside) -> String {
    let (number, parameters) = cut(rest, &[';']);
    beside.parameters = parameters.to_owned();
    let number: String = number
        .chars()
        .filter(|c| !matches!(c, '-' | '.' | '(' | ')' | ' '))
        .collect();
    if number.starts_with('+') {
        return format!("{number}@telnum");
    }
    let context = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("phone-context")
            .then_some(value.trim())
    });
    match context {
        Some(prefix) if prefix.starts_with('+') => format!("{prefix}{number}@telnum"),
        Some(domain) => format!("{number}@{domain}"),
        None => number,
    }
}

/// Decodes `%2B` and its like; a `%` that starts no escape stays.
pub(super) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = bytes
            .get(at + 1..at + 3)
            .filter(|_| *byte == b'%')
            .and_then(|d| std::str::from_utf8(d).ok());
        match digits
            .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|d| u8::from_str_radix(d, 16).ok())
        {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}
