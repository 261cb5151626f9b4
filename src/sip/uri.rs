//! SIP, SIPS and telephone URIs (RFC 3261 §19.1, RFC 3966).

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::scan::{self, Cursor, Malformed};

mod compare;

/// The scheme of a URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `sip:`.
    Sip,
    /// `sips:`.
    Sips,
    /// `tel:` (RFC 3966).
    Tel,
    /// Any other.
    Other,
}

/// A URI in the text it was read from.
#[derive(Debug, Clone, Copy)]
pub struct Uri<'a> {
    // All ASCII, as no other octet is in a class.
    text: &'a [u8],
    scheme: Scheme,
    user: Option<&'a [u8]>,
    password: Option<&'a [u8]>,
    host: &'a [u8],
    port: Option<u16>,
    params: &'a [u8],
    headers: &'a [u8],
}

impl<'a> Uri<'a> {
    /// Reads a URI that fills `octets`.
    ///
    /// # Errors
    /// [`Malformed`] with the octet that does not fit.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let (scheme, start) = match octets {
            [b'S' | b's', b'I' | b'i', b'P' | b'p', b':', ..] => (Scheme::Sip, 4),
            _ => {
                let colon = memchr::memchr(b':', octets).ok_or(Malformed { position: 0 })?;
                let name = octets.get(..colon).and_then(scan::text);
                let scheme = name.and_then(scheme).ok_or(Malformed { position: 0 })?;
                (scheme, colon + 1)
            }
        };
        let rest = octets.get(start..).unwrap_or_default();
        let mut uri = Uri {
            text: octets,
            scheme,
            user: None,
            password: None,
            host: b"",
            port: None,
            params: b"",
            headers: b"",
        };
        let read = match uri.scheme {
            Scheme::Sip | Scheme::Sips => uri.read_sip(rest),
            Scheme::Tel => uri.read_tel(rest),
            Scheme::Other if scan::all(rest, scan::ABSOLUTE) => Ok(()),
            Scheme::Other => Err(Malformed { position: 0 }),
        };
        read.map(|()| uri).map_err(|fault| Malformed {
            position: start + fault.position,
        })
    }

    fn read_sip(&mut self, rest: &'a [u8]) -> Result<(), Malformed> {
        let between = |start, end| rest.get(start..end).unwrap_or_default();
        let mut cursor = Cursor::new(rest);
        // A user may hold what looks like parameters; only a colon ends it. Without the sign behind it there was none.
        cursor.take_escaped(scan::USER);
        let end = cursor.at();
        let password = cursor.eat(b':').then(|| {
            cursor.take_escaped(scan::USER);
            between(end + 1, cursor.at())
        });
        if end > 0 && cursor.eat(b'@') {
            self.user = Some(between(0, end));
            self.password = password;
        } else {
            cursor = Cursor::new(rest);
        }
        let start = cursor.at();
        take_host(&mut cursor)?;
        self.host = between(start, cursor.at());
        if cursor.eat(b':') {
            self.port = Some(take_port(&mut cursor)?);
        }
        let start = cursor.at();
        take_params(&mut cursor)?;
        self.params = between(start, cursor.at());
        if cursor.eat(b'?') {
            let start = cursor.at();
            loop {
                let named = !cursor.take_escaped(scan::URI_HEADER).is_empty();
                if !named || !cursor.eat(b'=') {
                    return Err(cursor.malformed());
                }
                cursor.take_escaped(scan::URI_HEADER);
                if !cursor.eat(b'&') {
                    break;
                }
            }
            self.headers = between(start, cursor.at());
        }
        if cursor.rest().is_empty() {
            Ok(())
        } else {
            Err(cursor.malformed())
        }
    }

    fn read_tel(&mut self, rest: &'a [u8]) -> Result<(), Malformed> {
        let end = memchr::memchr(b';', rest).unwrap_or(rest.len());
        let (number, params) = rest.split_at_checked(end).unwrap_or((rest, b""));
        let digits = number.strip_prefix(b"+").unwrap_or(number);
        let good = digits
            .iter()
            .any(|b| b.is_ascii_hexdigit() || matches!(b, b'*' | b'#'))
            && digits.iter().all(|b| {
                b.is_ascii_hexdigit() || matches!(b, b'-' | b'.' | b'(' | b')' | b'*' | b'#')
            });
        let mut cursor = Cursor::new(params);
        take_params(&mut cursor)?;
        if !good || !cursor.rest().is_empty() {
            return Err(Malformed {
                position: if good { end + cursor.at() } else { 0 },
            });
        }
        (self.user, self.params) = (Some(number), params);
        Ok(())
    }

    /// The text it was read from.
    pub fn text(&self) -> &'a str {
        ascii(self.text)
    }

    /// Its scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether it is `sip:` or `sips:`.
    pub fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The user part with its escapes, or the number of a telephone URI.
    pub fn user(&self) -> Option<&'a str> {
        self.user.map(ascii)
    }

    /// The password with its escapes.
    pub fn password(&self) -> Option<&'a str> {
        self.password.map(ascii)
    }

    /// The host as it is written, an IPv6 address in brackets; empty unless the scheme is SIP or SIPS.
    pub fn host(&self) -> &'a str {
        ascii(self.host)
    }

    /// The host when it is an address.
    pub fn ip(&self) -> Option<IpAddr> {
        host_ip(ascii(self.host))
    }

    /// The port, when one is written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Name and value of each parameter, with escapes.
    pub fn params(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
        ascii(self.params)
            .split(';')
            .filter(|param| !param.is_empty())
            .map(|param| match param.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (param, None),
            })
    }

    /// The value of a parameter, in any case, with escapes; empty when it has none.
    pub fn param(&self, name: &str) -> Option<&'a str> {
        let found = self
            .params()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(found.1.unwrap_or_default())
    }

    /// Whether the next hop routes loosely (RFC 3261 §16.12).
    pub fn is_loose_router(&self) -> bool {
        self.param("lr").is_some()
    }

    /// The text without the headers.
    pub fn without_headers(&self) -> &'a str {
        if self.headers.is_empty() {
            return self.text();
        }
        let end = self.text.len().saturating_sub(self.headers.len() + 1);
        self.text().get(..end).unwrap_or(self.text())
    }

    /// Name and value of each header of the URI, with escapes.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        ascii(self.headers)
            .split('&')
            .filter_map(|header| header.split_once('='))
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Octets that have been read as parts of a URI.
fn ascii(octets: &[u8]) -> &str {
    scan::text(octets).unwrap_or_default()
}

fn scheme(name: &str) -> Option<Scheme> {
    match name {
        _ if name.eq_ignore_ascii_case("sip") => Some(Scheme::Sip),
        _ if name.eq_ignore_ascii_case("sips") => Some(Scheme::Sips),
        _ if name.eq_ignore_ascii_case("tel") => Some(Scheme::Tel),
        _ => {
            let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
            let goes_on = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
            (begins && name.bytes().all(goes_on)).then_some(Scheme::Other)
        }
    }
}

/// `;name=value`, as often as it comes.
#[inline]
fn take_params(cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
    while cursor.eat(b';') {
        if cursor.take_escaped(scan::PARAM).is_empty() {
            return Err(cursor.malformed());
        }
        if cursor.eat(b'=') {
            cursor.take_escaped(scan::PARAM);
        }
    }
    Ok(())
}

/// Takes a host; an IPv6 address stands in brackets and has no zone.
#[inline]
pub(crate) fn take_host<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Malformed> {
    let start = cursor.at();
    let fault = cursor.malformed();
    if cursor.eat(b'[') {
        let end = memchr::memchr(b']', cursor.rest()).ok_or(fault)?;
        cursor.skip(end + 1);
        let host = cursor.since(start);
        scan::text(host).and_then(host_ip).ok_or(fault)?;
        return Ok(host);
    }
    match cursor.take(scan::HOST) {
        b"" => Err(fault),
        host => Ok(host),
    }
}

#[inline]
pub(crate) fn take_port(cursor: &mut Cursor<'_>) -> Result<u16, Malformed> {
    let fault = cursor.malformed();
    u16::try_from(cursor.number(u64::from(u16::MAX))?).map_err(|_| fault)
}

/// The address that a host is, with or without brackets.
pub(crate) fn host_ip(host: &str) -> Option<IpAddr> {
    if memchr::memchr(b':', host.as_bytes()).is_some() {
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        return ipv6(host).map(IpAddr::V6);
    }
    // Most names are told from addresses by their last letter.
    if !host.as_bytes().last().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    host.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

/// The grammar of RFC 3261 leads to three colons before an IPv4 part; they mean two (RFC 5118 §4.10).
fn ipv6(text: &str) -> Option<Ipv6Addr> {
    let parsed = text.parse().ok();
    if parsed.is_none() && text.contains(":::") && text.contains('.') {
        return text.replacen(":::", "::", 1).parse().ok();
    }
    parsed
}

/// Without escapes (RFC 3986 §2.1).
pub fn unescape(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('%') {
        return Cow::Borrowed(text.as_bytes());
    }
    Cow::Owned(compare::Decoded::new(text).map(|(byte, _)| byte).collect())
}

/// With escapes for everything that cannot stand in a user part (RFC 3261 §25.1 `user`).
pub fn escape_user(user: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(user.len());
    for byte in user.bytes() {
        if byte != b'#' && scan::is(byte, scan::USER) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests;
