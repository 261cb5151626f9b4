//! Views of single header fields: borrowed from the message, read when asked for.

use crate::params::Params;
use crate::scan::{self, Cursor, Malformed};

mod address;
mod authentication;
mod dialog;
mod event;
#[cfg(test)]
mod tests;
mod via;

pub use address::{Address, Contact};
pub use authentication::Authentication;
pub use dialog::{RAck, Replaces, SessionExpires};
pub use event::{Event, Reason, SubscriptionState};
pub(crate) use via::{Source, ViaParts};
pub use via::{Transport, Via};

/// What can be read from the value of a header field, or from one item of a list.
pub trait Value<'a>: Sized {
    /// Reads a value that fills `octets`.
    ///
    /// # Errors
    /// [`Malformed`] with the octet that does not fit.
    fn parse(octets: &'a [u8]) -> Result<Self, Malformed>;
}

/// CSeq (RFC 3261 §20.16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CSeq<'a> {
    /// The number of the request in its dialog.
    pub number: u32,
    /// Its method.
    pub method: &'a str,
}

impl<'a> Value<'a> for CSeq<'a> {
    fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(octets);
        let number = number(&mut cursor)?;
        let method = blank_then_token(&mut cursor)?;
        cursor.end()?;
        Ok(Self { number, method })
    }
}

fn number(cursor: &mut Cursor<'_>) -> Result<u32, Malformed> {
    let fault = cursor.malformed();
    u32::try_from(cursor.number(u64::from(u32::MAX))?).map_err(|_| fault)
}

fn blank_then_token<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, Malformed> {
    let start = cursor.at();
    cursor.blanks();
    if cursor.at() == start {
        return Err(cursor.malformed());
    }
    cursor.token()
}

/// Seconds, as in Expires, Min-Expires, Min-SE, Retry-After and Flow-Timer; more than 32 bits hold counts as the most they
/// hold. A comment in brackets is passed over (RFC 3261 §20.33).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds<'a> {
    /// The number.
    pub seconds: u32,
    /// What follows it.
    pub params: Params<'a>,
}

impl<'a> Value<'a> for Seconds<'a> {
    fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(octets);
        let seconds = u32::try_from(cursor.number(u64::MAX)?).unwrap_or(u32::MAX);
        cursor.blanks();
        if cursor.peek() == Some(b'(') {
            let end = memchr::memrchr(b')', cursor.rest()).ok_or(cursor.malformed())?;
            cursor.skip(end + 1);
        }
        Ok(Self {
            seconds,
            params: Params::whole(&mut cursor)?,
        })
    }
}

/// A media type, as in Content-Type and Accept (RFC 3261 §20.15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaType<'a> {
    /// Before the slash.
    pub kind: &'a str,
    /// Behind it.
    pub subtype: &'a str,
    /// What follows it.
    pub params: Params<'a>,
}

impl MediaType<'_> {
    /// Whether it is this type, in any case.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }
}

impl<'a> Value<'a> for MediaType<'a> {
    fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(octets);
        let kind = cursor.token()?;
        cursor.expect(b'/')?;
        Ok(Self {
            kind,
            subtype: cursor.token()?,
            params: Params::whole(&mut cursor)?,
        })
    }
}

/// A token with parameters.
fn token_and_params<'a>(octets: &'a [u8]) -> Result<(&'a str, Params<'a>), Malformed> {
    let mut cursor = Cursor::new(octets);
    Ok((cursor.token()?, Params::whole(&mut cursor)?))
}

/// A Call-ID with parameters, as in Replaces.
fn call_id_and_params<'a>(octets: &'a [u8]) -> Result<(&'a str, Params<'a>), Malformed> {
    let end = octets
        .iter()
        .position(|byte| *byte == b';')
        .unwrap_or(octets.len());
    let call_id = scan::trim(octets.get(..end).unwrap_or_default());
    let good = !call_id.is_empty() && call_id.iter().all(u8::is_ascii_graphic);
    let call_id = scan::text(call_id)
        .filter(|_| good)
        .ok_or(Malformed { position: 0 })?;
    let mut cursor = Cursor::new(octets);
    cursor.skip(end);
    Ok((call_id, Params::whole(&mut cursor)?))
}
