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
    text: &'a str,
    scheme: Scheme,
    user: Option<&'a str>,
    password: Option<&'a str>,
    host: &'a str,
    port: Option<u16>,
    params: &'a str,
    headers: &'a str,
}

impl<'a> Uri<'a> {
    /// Reads a URI that fills `octets`.
    ///
    /// # Errors
    /// [`Malformed`] with the octet that does not fit.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let text = scan::text(octets)
            .filter(|text| text.is_ascii())
            .ok_or(Malformed { position: 0 })?;
        let colon = text.find(':').ok_or(Malformed {
            position: text.len(),
        })?;
        let name = text.get(..colon).unwrap_or_default();
        let is_scheme = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        if !is_scheme {
            return Err(Malformed { position: 0 });
        }
        let mut uri = Uri {
            text,
            scheme: scheme(name),
            user: None,
            password: None,
            host: "",
            port: None,
            params: "",
            headers: "",
        };
        let rest = text.get(colon + 1..).unwrap_or_default();
        let start = colon + 1;
        let read = match uri.scheme {
            Scheme::Sip | Scheme::Sips => uri.read_sip(rest),
            Scheme::Tel => uri.read_tel(rest),
            Scheme::Other if scan::all(rest.as_bytes(), scan::ABSOLUTE) => Ok(()),
            Scheme::Other => Err(Malformed { position: 0 }),
        };
        read.map(|()| uri).map_err(|fault| Malformed {
            position: start + fault.position,
        })
    }

    fn read_sip(&mut self, rest: &'a str) -> Result<(), Malformed> {
        let mut cursor = Cursor::new(rest.as_bytes());
        if let Some(at) = rest.find('@') {
            let userinfo = rest.get(..at).unwrap_or_default();
            // The user may hold what looks like parameters; only a colon ends it.
            let (user, password) = match userinfo.split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (userinfo, None),
            };
            let good = scan::all(user.as_bytes(), scan::USER)
                && password.is_none_or(|text| text.bytes().all(|b| scan::is(b, scan::USER)))
                && escapes_are_whole(userinfo);
            if !good {
                return Err(Malformed { position: 0 });
            }
            (self.user, self.password) = (Some(user), password);
            cursor.skip(at + 1);
        }
        self.host = take_host(&mut cursor)?;
        if cursor.eat(b':') {
            self.port = Some(take_port(&mut cursor)?);
        }
        let start = cursor.at();
        while cursor.eat(b';') {
            cursor.word(scan::PARAM)?;
            if cursor.eat(b'=') {
                cursor.take(scan::PARAM);
            }
        }
        self.params = scan::text(cursor.since(start)).unwrap_or_default();
        if cursor.eat(b'?') {
            let start = cursor.at();
            loop {
                cursor.word(scan::URI_HEADER)?;
                if !cursor.eat(b'=') {
                    return Err(cursor.malformed());
                }
                cursor.take(scan::URI_HEADER);
                if !cursor.eat(b'&') {
                    break;
                }
            }
            self.headers = scan::text(cursor.since(start)).unwrap_or_default();
        }
        let whole = cursor.rest().is_empty()
            && escapes_are_whole(self.params)
            && escapes_are_whole(self.headers);
        if whole {
            Ok(())
        } else {
            Err(cursor.malformed())
        }
    }

    fn read_tel(&mut self, rest: &'a str) -> Result<(), Malformed> {
        let end = rest.find(';').unwrap_or(rest.len());
        let (number, params) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let digits = number.strip_prefix('+').unwrap_or(number);
        let good = digits
            .bytes()
            .any(|b| b.is_ascii_hexdigit() || matches!(b, b'*' | b'#'))
            && digits.bytes().all(|b| {
                b.is_ascii_hexdigit() || matches!(b, b'-' | b'.' | b'(' | b')' | b'*' | b'#')
            });
        let mut cursor = Cursor::new(params.as_bytes());
        while cursor.eat(b';') {
            cursor.word(scan::PARAM)?;
            if cursor.eat(b'=') {
                cursor.take(scan::PARAM);
            }
        }
        if !good || !cursor.rest().is_empty() || !escapes_are_whole(params) {
            return Err(Malformed {
                position: if good { end + cursor.at() } else { 0 },
            });
        }
        (self.user, self.params) = (Some(number), params);
        Ok(())
    }

    /// The text it was read from.
    pub fn text(&self) -> &'a str {
        self.text
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
        self.user
    }

    /// The password with its escapes.
    pub fn password(&self) -> Option<&'a str> {
        self.password
    }

    /// The host as it is written, an IPv6 address in brackets; empty unless the scheme is SIP or SIPS.
    pub fn host(&self) -> &'a str {
        self.host
    }

    /// The host when it is an address.
    pub fn ip(&self) -> Option<IpAddr> {
        host_ip(self.host)
    }

    /// The port, when one is written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Name and value of each parameter, with escapes.
    pub fn params(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
        self.params
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

    /// Name and value of each header of the URI, with escapes.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.headers
            .split('&')
            .filter_map(|header| header.split_once('='))
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

fn scheme(name: &str) -> Scheme {
    match name {
        _ if name.eq_ignore_ascii_case("sip") => Scheme::Sip,
        _ if name.eq_ignore_ascii_case("sips") => Scheme::Sips,
        _ if name.eq_ignore_ascii_case("tel") => Scheme::Tel,
        _ => Scheme::Other,
    }
}

/// Whether every percent sign stands before two hexadecimal digits.
fn escapes_are_whole(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr(b'%', rest) {
        let Some([high, low, after @ ..]) = rest.get(at + 1..) else {
            return false;
        };
        if !high.is_ascii_hexdigit() || !low.is_ascii_hexdigit() {
            return false;
        }
        rest = after;
    }
    true
}

/// Takes a host; an IPv6 address stands in brackets and has no zone.
pub(crate) fn take_host<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, Malformed> {
    let start = cursor.at();
    let fault = cursor.malformed();
    if cursor.eat(b'[') {
        let end = memchr::memchr(b']', cursor.rest()).ok_or(fault)?;
        cursor.skip(end + 1);
        let host = scan::text(cursor.since(start)).ok_or(fault)?;
        host_ip(host).ok_or(fault)?;
        return Ok(host);
    }
    cursor.word(scan::HOST)
}

pub(crate) fn take_port(cursor: &mut Cursor<'_>) -> Result<u16, Malformed> {
    let fault = cursor.malformed();
    u16::try_from(cursor.number(u64::from(u16::MAX))?).map_err(|_| fault)
}

/// The address that a host is, with or without brackets.
pub(crate) fn host_ip(host: &str) -> Option<IpAddr> {
    if host.contains(':') {
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        return ipv6(host).map(IpAddr::V6);
    }
    // Most names are told from addresses by their last letter.
    if !host.ends_with(|c: char| c.is_ascii_digit()) {
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
        if byte != b'%' && byte != b'#' && scan::is(byte, scan::USER) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests;
