//! Transactions (RFC 3261 §17, RFC 6026): what is sent again, what is absorbed, and when it is given up.
//!
//! Each is a [`types::Machine`] of its own, found by its [`Key`]; who finds them, and where octets go, is outside.

use std::sync::Arc;
use std::time::Duration;

use crate::header::{Address, Via};
use crate::message::Fault;
use crate::scan::Items;
use crate::{Fields, Method, Name, Request, Response, Writer};

mod client;
mod server;

pub use client::{ClientInput, ClientOutput, ClientTransaction};
pub use server::{ServerInput, ServerOutput, ServerTransaction};

/// The times from which all timers are made (RFC 3261 §17.1.1.1 and appendix A).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// T1: a round trip.
    pub t1: Duration,
    /// T2: longest interval between retransmissions.
    pub t2: Duration,
    /// T4: how long a message stays in the network.
    pub t4: Duration,
    /// Timer B: how long an INVITE waits for any answer.
    pub b: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            b: Duration::from_secs(32),
        }
    }
}

impl Timers {
    /// 64*T1: timers F, H, J, L and M.
    fn long(&self) -> Duration {
        self.t1.saturating_mul(64)
    }

    /// Timer D: at least 32 s (RFC 3261 §17.1.1.2).
    fn d(&self) -> Duration {
        self.long().max(Duration::from_secs(32))
    }
}

/// What tells a transaction from all others (RFC 3261 §17.1.3, §17.2.3). An ACK has the key of its INVITE; a CANCEL has its
/// own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(Arc<[u8]>);

impl Key {
    /// The key of a request, sent or received.
    ///
    /// # Errors
    /// [`Fault`] when the topmost Via or what stands in its stead cannot be read; it can in a message that was taken.
    pub fn of_request(request: &Request) -> Result<Self, Fault> {
        let method = match request.method() {
            Method::Ack => "INVITE",
            method => method.name(),
        };
        Self::with_method(request, method)
    }

    /// The key of the INVITE that a CANCEL is about (RFC 3261 §9.2).
    ///
    /// # Errors
    /// As [`Key::of_request`].
    pub fn of_cancelled(cancel: &Request) -> Result<Self, Fault> {
        Self::with_method(cancel, "INVITE")
    }

    /// The key of the request that a response answers; `None` when it can answer none of ours, whose branches are unique.
    pub fn of_response(response: &Response) -> Option<Self> {
        let via = response.via().ok()?;
        Some(Self::unique(
            &via,
            via.unique_branch()?,
            response.cseq().ok()?.method,
        ))
    }

    fn with_method(request: &Request, method: &str) -> Result<Self, Fault> {
        let via = request.via()?;
        if let Some(branch) = via.unique_branch() {
            return Ok(Self::unique(&via, branch, method));
        }
        // RFC 2543. The tag of To is left out, as that of an ACK comes from the response.
        let top = request
            .value(Name::Via)
            .and_then(|value| Items::new(value).next());
        let from = request.from()?.tag().unwrap_or_default();
        let number = request.cseq()?.number.to_be_bytes();
        let parts = [
            top.unwrap_or_default(),
            request.uri_octets(),
            from.as_bytes(),
            request.call_id().as_bytes(),
        ];
        Ok(Self(
            [&parts.join(&0)[..], &number, method.as_bytes()]
                .join(&0)
                .into(),
        ))
    }

    fn unique(via: &Via<'_>, branch: &str, method: &str) -> Self {
        let port = via.port().unwrap_or_default().to_be_bytes();
        let host = via.host().to_ascii_lowercase();
        Self(
            [branch.as_bytes(), host.as_bytes(), &port, method.as_bytes()]
                .join(&0)
                .into(),
        )
    }
}

/// What follows an INVITE hop by hop: its URI, topmost Via, Route, From, Call-ID and CSeq with another method.
fn following(invite: &Request, method: &Method, to: &[u8]) -> Writer {
    let uri = String::from_utf8_lossy(invite.uri_octets());
    let mut writer = Writer::request(method, &uri);
    let via = invite.items(Name::Via).next().unwrap_or_default();
    writer.field(Name::Via, via).copy_all(invite, Name::Route);
    writer
        .field(Name::MaxForwards, "70")
        .copy(invite, Name::From)
        .field(Name::To, to)
        .copy(invite, Name::CallId);
    let number = invite.cseq().map_or(0, |cseq| cseq.number);
    writer.field(Name::CSeq, format!("{number} {method}"));
    writer
}

/// The ACK to a final response other than 2xx (RFC 3261 §17.1.1.3).
pub fn ack(invite: &Request, response: &Response) -> bytes::Bytes {
    following(
        invite,
        &Method::Ack,
        response.value(Name::To).unwrap_or_default(),
    )
    .finish()
}

/// The CANCEL of an INVITE that was sent (RFC 3261 §9.1), with the values of Reason fields if there are any to give. It may be
/// sent once a provisional response has come.
pub fn cancel<'a>(invite: &Request, reasons: impl IntoIterator<Item = &'a str>) -> bytes::Bytes {
    let mut writer = following(
        invite,
        &Method::Cancel,
        invite.value(Name::To).unwrap_or_default(),
    );
    for reason in reasons {
        writer.field(Name::Reason, reason);
    }
    writer.finish()
}

/// Whether two requests without a tag in To are the same that came on two paths (RFC 3261 §8.2.2.2): equal From tag, Call-ID
/// and CSeq under different keys.
pub fn is_merged(one: &Fields, other: &Fields) -> bool {
    let untagged = |fields: &Fields| fields.to().is_ok_and(|to: Address<'_>| to.tag().is_none());
    let tag = |fields: &Fields| {
        fields
            .from()
            .ok()
            .and_then(|from| from.tag().map(str::to_owned))
    };
    untagged(one)
        && untagged(other)
        && one.call_id() == other.call_id()
        && one.cseq() == other.cseq()
        && tag(one) == tag(other)
}

#[cfg(test)]
mod tests;
