//! The rules every message is held to before anybody sees it.

use crate::header::{Address, Value, Via};
use crate::message::{Fault, Request, Response};
use crate::scan::Cursor;
use crate::{Fields, Method, Name};

/// Largest CSeq (RFC 3261 §8.1.1.5).
const LARGEST_CSEQ: u32 = (1 << 31) - 1;

/// The header fields that every message has, each well-formed and, but for Via, once (RFC 3261 §8.1.1).
fn mandatory(fields: &Fields) -> Result<(), Fault> {
    let mut seen = [0_u8; 5];
    for field in fields.index() {
        let place = match field.name {
            Name::From => 0,
            Name::To => 1,
            Name::CallId => 2,
            Name::CSeq => 3,
            Name::MaxForwards => 4,
            _ => continue,
        };
        if let Some(count) = seen.get_mut(place) {
            *count += 1;
            if *count > 1 {
                return Err(Fault::Several(field.name));
            }
        }
    }
    fields.via()?;
    for name in [Name::From, Name::To] {
        let address: Address<'_> = fields.require(name)?;
        // A tag is a token (RFC 3261 §19.3).
        if address.tag().is_none() && address.params.has("tag") {
            return Err(Fault::Bad(name));
        }
    }
    let call_id = fields
        .value(Name::CallId)
        .ok_or(Fault::Missing(Name::CallId))?;
    if call_id.is_empty() || !call_id.iter().all(u8::is_ascii_graphic) {
        return Err(Fault::Bad(Name::CallId));
    }
    if fields.cseq()?.number > LARGEST_CSEQ {
        return Err(Fault::Bad(Name::CSeq));
    }
    fields.max_forwards()?;
    Ok(())
}

pub(crate) fn response(response: &Response) -> Result<(), Fault> {
    mandatory(response)?;
    // The topmost Via is ours; behind it stands where the response goes next.
    for via in response.all::<Via<'_>>(Name::Via).skip(1) {
        if via?.is_unroutable() {
            return Err(Fault::Unroutable);
        }
    }
    Ok(())
}

pub(crate) fn request(request: &Request) -> Result<(), Fault> {
    request.uri()?;
    mandatory(request)?;
    if request.cseq()?.method != request.method().name() {
        return Err(Fault::Mismatch);
    }
    for contact in request.contacts() {
        contact?;
    }
    if let Some(value) = request.value(Name::Expires) {
        let digits = value.len() <= 20 && value.iter().all(u8::is_ascii_digit) && !value.is_empty();
        let fits = Cursor::new(value).number(u64::from(u32::MAX)).is_ok();
        if !digits || !fits && *request.method() != Method::Register {
            return Err(Fault::Bad(Name::Expires));
        }
    }
    match request.method() {
        // An address of record that is not ours to serve (RFC 4475 §3.3.4).
        Method::Register if request.to()?.uri.scheme() == crate::uri::Scheme::Other => {
            Err(Fault::Bad(Name::To))
        }
        Method::Invite if !request.body().is_empty() => request
            .value(Name::ContentType)
            .map(drop)
            .ok_or(Fault::Missing(Name::ContentType)),
        _ => Ok(()),
    }
}

/// Whether a bad request has what an answer is made of. An ACK has no answer.
pub(crate) fn is_answerable(request: &Request) -> bool {
    let via = request
        .items(Name::Via)
        .next()
        .is_some_and(|via| Via::parse(via).is_ok() || Via::has_sent_by(via));
    let present = |name| request.value(name).is_some_and(|value| !value.is_empty());
    *request.method() != Method::Ack
        && via
        && [Name::From, Name::To, Name::CallId, Name::CSeq]
            .into_iter()
            .all(present)
}
