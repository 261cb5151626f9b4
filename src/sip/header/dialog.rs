use super::{Value, blank_then_token, call_id_and_params, number};
use crate::params::Params;
use crate::scan::{Cursor, Malformed};

/// Replaces, Join or Target-Dialog: another dialog (RFC 3891 §6.1, RFC 3911 §7.1, RFC 4538 §7).
#[derive(Debug, Clone, Copy)]
pub struct Replaces<'a> {
    /// Its Call-ID.
    pub call_id: &'a str,
    /// The tag of the side that gets this request.
    pub to_tag: &'a str,
    /// The tag of its other side.
    pub from_tag: &'a str,
    /// Whether only an unanswered dialog may be replaced.
    pub early_only: bool,
}

impl<'a> Value<'a> for Replaces<'a> {
    fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let (call_id, params) = call_id_and_params(octets)?;
        let fault = Malformed {
            position: octets.len(),
        };
        // Target-Dialog speaks of the local and the remote tag.
        let tag = |name, other| params.get(name).or(params.get(other)).ok_or(fault);
        Ok(Self {
            call_id,
            to_tag: tag("to-tag", "local-tag")?,
            from_tag: tag("from-tag", "remote-tag")?,
            early_only: params.has("early-only"),
        })
    }
}

/// Session-Expires (RFC 4028 §4).
#[derive(Debug, Clone, Copy)]
pub struct SessionExpires<'a> {
    /// Seconds the session lasts without a refresh.
    pub seconds: u32,
    /// `uac`, `uas` or another.
    pub refresher: Option<&'a str>,
}

impl<'a> Value<'a> for SessionExpires<'a> {
    fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(octets);
        let seconds = number(&mut cursor)?;
        Ok(Self {
            seconds,
            refresher: Params::whole(&mut cursor)?.get("refresher"),
        })
    }
}

/// RAck (RFC 3262 §7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RAck<'a> {
    /// RSeq of the provisional response.
    pub response: u32,
    /// CSeq of the request it answered.
    pub cseq: u32,
    /// The method of that request.
    pub method: &'a str,
}

impl<'a> Value<'a> for RAck<'a> {
    fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(octets);
        let response = number(&mut cursor)?;
        let end = cursor.at();
        cursor.blanks();
        if cursor.at() == end {
            return Err(cursor.malformed());
        }
        let cseq = number(&mut cursor)?;
        let method = blank_then_token(&mut cursor)?;
        cursor.end()?;
        Ok(Self {
            response,
            cseq,
            method,
        })
    }
}
