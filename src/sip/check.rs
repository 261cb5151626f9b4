//! The rules every message is held to before anybody sees it.

use crate::header::{Address, CSeq, Contact, Value, Via, ViaParts};
use crate::message::{Fault, Request, Response};
use crate::scan::{Cursor, Items};
use crate::uri::Scheme;
use crate::{Fields, Method, Name};

/// Largest CSeq (RFC 3261 §8.1.1.5).
const LARGEST_CSEQ: u32 = (1 << 31) - 1;

/// The header fields that every message has, each well-formed and, but for Via, once (RFC 3261 §8.1.1).
fn mandatory(fields: &Fields) -> Result<(CSeq<'_>, Option<ViaParts>), Fault> {
    let mut via: Option<&[u8]> = None;
    let (mut from, mut to, mut call_id, mut cseq, mut hops) = (None, None, None, None, None);
    for field in fields.index() {
        let place: &mut Option<&[u8]> = match field.name {
            Name::Via => {
                via = via.or(Some(fields.value_of(field)));
                continue;
            }
            Name::From => &mut from,
            Name::To => &mut to,
            Name::CallId => &mut call_id,
            Name::CSeq => &mut cseq,
            Name::MaxForwards => &mut hops,
            _ => continue,
        };
        if place.replace(fields.value_of(field)).is_some() {
            return Err(Fault::Several(field.name));
        }
    }
    let first = via.and_then(|value| Items::new(value).next());
    let via = read::<Via<'_>>(Name::Via, first)?.parts(fields);
    for (name, value) in [(Name::From, from), (Name::To, to)] {
        let address: Address<'_> = read(name, value)?;
        // A tag is a token (RFC 3261 §19.3).
        let tag = address.params.raw("tag");
        if tag.is_some_and(|tag| tag.is_empty() || tag.starts_with(b"\"")) {
            return Err(Fault::Bad(name));
        }
    }
    let call_id = call_id.ok_or(Fault::Missing(Name::CallId))?;
    if call_id.is_empty() || !call_id.iter().all(u8::is_ascii_graphic) {
        return Err(Fault::Bad(Name::CallId));
    }
    let cseq: CSeq<'_> = read(Name::CSeq, cseq)?;
    if cseq.number > LARGEST_CSEQ {
        return Err(Fault::Bad(Name::CSeq));
    }
    if let Some(value) = hops {
        hop_count(value)?;
    }
    Ok((cseq, via))
}

fn read<'a, V: Value<'a>>(name: Name, value: Option<&'a [u8]>) -> Result<V, Fault> {
    V::parse(value.ok_or(Fault::Missing(name))?).map_err(|_| Fault::Bad(name))
}

/// The number in Max-Forwards.
pub(crate) fn hop_count(value: &[u8]) -> Result<u8, Fault> {
    let mut cursor = Cursor::new(value);
    let number = cursor.number(u64::from(u8::MAX)).ok();
    number
        .filter(|_| cursor.end().is_ok())
        .and_then(|number| u8::try_from(number).ok())
        .ok_or(Fault::Bad(Name::MaxForwards))
}

/// Gives back where the parts of the topmost Via stand.
pub(crate) fn response(response: &Response) -> Result<Option<ViaParts>, Fault> {
    let (_, via) = mandatory(response)?;
    // The topmost Via is ours; behind it stands where the response goes next.
    for item in response.items(Name::Via).skip(1) {
        if read::<Via<'_>>(Name::Via, Some(item))?.is_unroutable() {
            return Err(Fault::Unroutable);
        }
    }
    Ok(via)
}

/// Gives back where the parts of the topmost Via stand.
pub(crate) fn request(request: &Request) -> Result<Option<ViaParts>, Fault> {
    let uri = request.uri()?;
    // No part of a request URI is honoured as a header (RFC 4475 §3.1.2.11).
    if uri.headers().next().is_some() {
        return Err(Fault::Uri);
    }
    let (cseq, via) = mandatory(request)?;
    if cseq.method != request.method().name() {
        return Err(Fault::Mismatch);
    }
    for item in request.values(Name::Contact).flat_map(Items::new) {
        read::<Contact<'_>>(Name::Contact, Some(item))?;
    }
    if let Some(value) = request.value(Name::Expires) {
        let digits = value.len() <= 20 && value.iter().all(u8::is_ascii_digit) && !value.is_empty();
        let fits = Cursor::new(value).number(u64::from(u32::MAX)).is_ok();
        if !digits || !fits && *request.method() != Method::Register {
            return Err(Fault::Bad(Name::Expires));
        }
    }
    let method = request.method();
    // An address of record that is not ours to serve (RFC 4475 §3.3.4).
    if *method == Method::Register && request.to()?.uri.scheme() == Scheme::Other {
        return Err(Fault::Bad(Name::To));
    }
    if *method == Method::Invite
        && !request.body().is_empty()
        && request.value(Name::ContentType).is_none()
    {
        return Err(Fault::Missing(Name::ContentType));
    }
    // What comes after the syntax (RFC 3261 §16.3).
    if !request.start_line().ends_with(b"2.0") {
        return Err(Fault::Version);
    }
    if uri.scheme() == Scheme::Other {
        return Err(Fault::Scheme);
    }
    Ok(via)
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
