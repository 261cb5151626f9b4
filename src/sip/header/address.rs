use std::borrow::Cow;

use super::Value;
use crate::params::{Params, unquote};
use crate::scan::{self, Cursor, Malformed};
use crate::uri::Uri;

/// A name with a URI and parameters: From, To, Route, Record-Route, Path, Refer-To, P-Asserted-Identity and others (RFC 3261
/// §25.1 `name-addr` and `addr-spec`).
#[derive(Debug, Clone, Copy)]
pub struct Address<'a> {
    display: &'a [u8],
    /// The URI.
    pub uri: Uri<'a>,
    /// The parameters of the field, not those of the URI.
    pub params: Params<'a>,
}

impl<'a> Address<'a> {
    /// The display name as it stands, with quotes if any; empty without one.
    pub fn display(&self) -> &'a [u8] {
        self.display
    }

    /// The display name to show: without quotes, with replacement characters for what is no text (`true`).
    pub fn display_name(&self) -> (Cow<'a, str>, bool) {
        match unquote(self.display) {
            Some(name) => (name, false),
            None => (String::from_utf8_lossy(self.display), true),
        }
    }

    /// The tag of From or To.
    pub fn tag(&self) -> Option<&'a str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }
}

impl<'a> Value<'a> for Address<'a> {
    fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(octets);
        let mut display = b"".as_slice();
        if cursor.peek() == Some(b'"') {
            display = cursor.quoted()?;
            cursor.blanks();
            if cursor.peek() != Some(b'<') {
                return Err(cursor.malformed());
            }
        }
        let open = match cursor.peek() {
            Some(b'<') => Some(0),
            _ => memchr::memchr(b'<', cursor.rest()),
        };
        let Some(open) = open else {
            return bare(octets);
        };
        if open > 0 && display.is_empty() {
            // Taken as it is even where a quoted string would be due (RFC 4475 §3.1.2.15).
            display = scan::trim(cursor.rest().get(..open).unwrap_or_default());
            if memchr::memchr3(b'"', b'>', b';', display).is_some() {
                return Err(cursor.malformed());
            }
        }
        cursor.skip(open + 1);
        let start = cursor.at();
        let close = memchr::memchr(b'>', cursor.rest()).ok_or(cursor.malformed())?;
        cursor.skip(close);
        let uri = Uri::parse(cursor.since(start)).map_err(|fault| Malformed {
            position: start + fault.position,
        })?;
        cursor.skip(1);
        Ok(Self {
            display,
            uri,
            params: Params::whole(&mut cursor)?,
        })
    }
}

/// Without angle brackets parameters belong to the field, and the URI has none of `?`, `,` and `;` (RFC 3261 §20.10).
fn bare(octets: &[u8]) -> Result<Address<'_>, Malformed> {
    let end = octets
        .iter()
        .position(|byte| *byte == b';')
        .unwrap_or(octets.len());
    let text = scan::trim(octets.get(..end).unwrap_or_default());
    let uri = Uri::parse(text)?;
    if let Some(position) = memchr::memchr2(b'?', b',', text) {
        return Err(Malformed { position });
    }
    let mut cursor = Cursor::new(octets);
    cursor.skip(end);
    Ok(Address {
        display: b"",
        uri,
        params: Params::whole(&mut cursor)?,
    })
}

/// An item of Contact (RFC 3261 §20.10).
#[derive(Debug, Clone, Copy)]
pub enum Contact<'a> {
    /// `*`: all contacts of a registration.
    All,
    /// One contact.
    Address(Address<'a>),
}

impl<'a> Value<'a> for Contact<'a> {
    fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        if octets == b"*" {
            Ok(Self::All)
        } else {
            Address::parse(octets).map(Self::Address)
        }
    }
}

impl Address<'_> {
    /// The preference of a contact in thousandths, 0 to 1000 (`q`, RFC 3261 §20.10); 1000 when none is stated or readable.
    pub fn q(&self) -> u16 {
        self.params.get("q").and_then(thousandths).unwrap_or(1000)
    }

    /// The seconds a contact asks to be bound for.
    pub fn expires(&self) -> Option<u32> {
        let value = self.params.get("expires")?;
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| value.parse().unwrap_or(u32::MAX))
    }

    /// The identity of the device, without quotes (`+sip.instance`, RFC 5626 §4.1).
    pub fn instance(&self) -> Option<Cow<'_, str>> {
        self.params
            .unquoted("+sip.instance")
            .filter(|id| !id.is_empty())
    }

    /// The number of the flow (`reg-id`, RFC 5626 §4.2).
    pub fn reg_id(&self) -> Option<u32> {
        self.params.number("reg-id").filter(|id| *id > 0)
    }
}

/// `0`, `0.33`, `1.000`.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(whole, "0" | "1")
        || part.len() > 3
        || !part.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let part: u16 = format!("{part:0<3}").parse().ok()?;
    let value = part + if whole == "1" { 1000 } else { 0 };
    (value <= 1000).then_some(value)
}
