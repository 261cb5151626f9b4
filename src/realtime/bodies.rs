//! Bodies of messages that pass: offers and answers go by the media relay, which says what to write instead.

use std::time::Instant;

use bytes::Bytes;
use service::{MediaBody, MediaEvent, MediaForce, MediaRefused, MediaSide, Occurrence};
use sip::endpoint::Flow;
use sip::proxy::{self, BranchId};
use sip::transaction::Key;
use sip::{Fields, Method, Name, Request, Response, Writer};
use types::Machine;
use uuid::Uuid;

use crate::admit::tag;
use crate::call::{Call, Reached, callee_tag, moment};
use crate::switch::Switch;

/// The media type of a body, when it may hold a description of media.
fn description(fields: &Fields) -> Option<(&str, Bytes)> {
    let body = fields.body();
    let kind = std::str::from_utf8(fields.value(Name::ContentType)?).ok()?;
    let lower = kind.to_ascii_lowercase();
    let may = lower.starts_with("application/sdp") || lower.starts_with("multipart/");
    (may && !body.is_empty()).then(|| (kind, Bytes::copy_from_slice(body)))
}

/// Whether who sends this description wants to hear nothing for now (RFC 3264 §8.4); `None` without a description.
pub(crate) fn holds(fields: &Fields) -> Option<bool> {
    let (kind, body) = description(fields)?;
    let range = sdp::part(kind, &body).ok()??;
    let described = sdp::Description::parse(&body.slice(range)).ok()?;
    let mut open = described.media.iter().filter(|media| media.port != 0).peekable();
    open.peek()?;
    Some(!open.any(|media| described.direction_of(media).receives()))
}

fn changed(body: MediaBody) -> Option<Bytes> {
    match body {
        MediaBody::Changed(body) => Some(body),
        MediaBody::Unchanged => None,
    }
}

impl Switch {
    /// The body to send instead of that of a request, by this flow.
    ///
    /// # Errors
    /// The status with which the branch fails.
    pub(crate) fn offer_body(&mut self, key: &Key, branch: BranchId, flow: &Flow) -> Result<Option<Bytes>, u16> {
        let Some(proxied) = self.proxies.get(key) else { return Ok(None) };
        let request = proxied.proxy.request();
        let (Some(id), true) = (proxied.call, matches!(request.method(), Method::Invite | Method::Update | Method::Prack)) else { return Ok(None) };
        let (Some((kind, body)), Some(call)) = (description(request), self.calls.get(id)) else { return Ok(None) };
        let way = proxied.ways.get(&branch);
        let outcome = match proxied.in_dialog {
            None => {
                let account = way.and_then(|way| way.account.as_ref());
                let to = self.side(flow, way.is_some_and(|way| way.far), account.is_some());
                let agent = request.value(Name::UserAgent).map(String::from_utf8_lossy).unwrap_or_default();
                let domain = request.from().map(|from| from.uri.host()).unwrap_or_default();
                let quirks = way.map(|way| way.quirks).unwrap_or_default();
                let quirks = quirks.and(self.peers.quirks(Some(flow.address.ip()), "", "")).and(self.peers.quirks(Some(proxied.flow.address.ip()), domain, &agent));
                let peers = if quirks.force_media_proxy { MediaForce::Always } else { MediaForce::Auto };
                let force = either(peers, either(call.caller.relay, account.map_or(MediaForce::Auto, |account| account.settings.media_force)));
                self.media.offer(id, Some(branch.0), true, &call.caller.side, &to, force, kind, &body)
            }
            Some(from_caller) => {
                let tag = callee_tag(request, from_caller);
                let Some(reached) = call.reached(tag.as_deref()) else { return Ok(None) };
                if *request.method() == Method::Prack && reached.awaits == Some(from_caller) {
                    // The offer came in the response that it confirms (RFC 3262 §5).
                    let outcome = self.media.answer(id, Some(reached.branch), from_caller, false, kind, &body);
                    if let Some(reached) = self.calls.get_mut(id).and_then(|call| call.reached_mut(tag.as_deref())) {
                        reached.awaits = None;
                    }
                    outcome
                } else {
                    let (from, to) = sides(call, reached, from_caller);
                    self.media.offer(id, Some(reached.branch), from_caller, from, to, either(call.caller.relay, reached.end.relay), kind, &body)
                }
            }
        };
        outcome.map(changed).map_err(|refused| {
            self.note_refused(id, refused);
            if let Some(proxied) = self.proxies.get_mut(key) {
                proxied.adds = refused.retry_after.map(|seconds| Box::new((503, format!("Retry-After: {seconds}"))));
                proxied.says = Some(Box::new((refused.status, refused.reason.to_owned())));
            }
            refused.status
        })
    }

    /// The body to send instead of that of a response.
    pub(crate) fn answer_body(&mut self, key: &Key, branch: BranchId, response: &Response) -> Result<Option<Bytes>, MediaRefused> {
        let Some(proxied) = self.proxies.get(key) else { return Ok(None) };
        let request = proxied.proxy.request();
        let (Some(id), true) = (proxied.call, matches!(request.method(), Method::Invite | Method::Update | Method::Prack)) else { return Ok(None) };
        let (Some((kind, body)), Some(call)) = (description(response), self.calls.get(id)) else { return Ok(None) };
        let offered = description(request).is_some();
        let (tag, from_caller) = match proxied.in_dialog {
            None => (response.to().ok().and_then(|to| to.tag().map(str::to_owned)), false),
            Some(from_caller) => (callee_tag(request, from_caller), !from_caller),
        };
        let reached = call.reached(tag.as_deref());
        let which = if proxied.in_dialog.is_none() { Some(branch.0) } else { reached.map(|reached| reached.branch) };
        if offered {
            let preview = response.status() < 200 && response.value(Name::RSeq).is_none();
            return self.media.answer(id, which, from_caller, preview, kind, &body).map(changed);
        }
        // The offer was delayed: it comes with the response, and its answer with the PRACK or ACK.
        let Some(reached) = reached else { return Ok(None) };
        let (from, to) = sides(call, reached, from_caller);
        let outcome = self.media.offer(id, which, from_caller, from, to, either(call.caller.relay, reached.end.relay), kind, &body).map(changed);
        if let Some(reached) = self.calls.get_mut(id).and_then(|call| call.reached_mut(tag.as_deref())) {
            reached.awaits = Some(!from_caller);
        }
        outcome
    }

    /// The body to send instead of that of an ACK: the answer to a delayed offer.
    pub(crate) fn ack_body(&mut self, call: Option<Uuid>, from_caller: bool, ack: &Request) -> Option<Bytes> {
        let id = call?;
        let (kind, body) = description(ack)?;
        let reached = self.calls.get_mut(id)?.reached_mut(callee_tag(ack, from_caller).as_deref())?;
        reached.awaits.take_if(|caller| *caller == from_caller)?;
        let branch = reached.branch;
        self.media.answer(id, Some(branch), from_caller, false, kind, &body).ok().and_then(changed)
    }

    fn note_refused(&mut self, id: Uuid, refused: MediaRefused) {
        tracing::info!(call_id = %id, status = refused.status, reason = refused.reason, "media cannot be relayed");
        if let Some(call) = self.calls.get_mut(id) {
            call.ladder.note(moment(), "media", refused.reason);
        }
    }

    /// A response holds a description that cannot be relayed: the call comes to nothing at both ends (media.md §4.5).
    pub(crate) fn unusable(&mut self, now: Instant, key: &Key, branch: BranchId, response: &Response, refused: MediaRefused) {
        let Some(proxied) = self.proxies.get_mut(key) else { return };
        let (request, in_dialog, call) = (proxied.proxy.request(), proxied.in_dialog.is_some(), proxied.call);
        let mut writer = Writer::reply(request, refused.status, refused.reason, &tag(), proxied.flow.address);
        if let Some(seconds) = refused.retry_after {
            writer.field(Name::RetryAfter, seconds.to_string());
        }
        let octets = writer.finish();
        proxied.plan = None;
        let sent = proxied.ways.get(&branch).and_then(|way| Some((way.sent.as_ref()?.0, way.octets.clone())));
        // Who rings is called off; who answered is told here.
        proxied.proxy.handle(now, proxy::Input::Abandoned);
        if let Some(id) = call {
            self.note_refused(id, refused);
        }
        self.note_sent(key, octets.clone());
        self.answer(now, key, refused.status, octets);
        match call {
            Some(id) if in_dialog => drop(self.hang_up(now, id, "incompatible", "media")),
            Some(id) => {
                if let (200.., Some((flow, sent))) = (response.status(), sent) {
                    self.decline(now, id, flow, sent, response);
                }
                self.end_call(now, Some(id), refused.status, "media");
            }
            None => {}
        }
    }

    /// Something happened to the media of a call.
    pub(crate) fn media_event(&mut self, now: Instant, event: MediaEvent) {
        match event {
            MediaEvent::OneWay { call: id, verdict } => {
                tracing::warn!(call_id = %id, ?verdict, "sound goes one way only");
                let text = serde_json::to_string(&verdict).unwrap_or_default();
                if let Some(call) = self.calls.get_mut(id) {
                    call.ladder.note(moment(), "media", text);
                    let news = crate::call::news_with("media.one_way", &call.record, Some(&verdict), None);
                    self.tell_news(news);
                }
            }
            MediaEvent::Quality { call: id, poor } => {
                tracing::warn!(call_id = %id, ?poor, "an end of a call is heard badly");
                let text = serde_json::to_string(&poor).unwrap_or_default();
                if let Some(call) = self.calls.get_mut(id) {
                    call.ladder.note(moment(), "media", text);
                    let news = crate::call::news_with("media.quality", &call.record, None, Some(&poor));
                    self.tell_news(news);
                }
            }
            MediaEvent::Timeout { call, .. } => drop(self.hang_up(now, call, "media_timeout", "media")),
            MediaEvent::ForeignPackets { call: id, per_second } => {
                tracing::warn!(call_id = %id, per_second, "packets come to the media ports of a call from elsewhere");
                if let Some(call) = self.calls.get_mut(id) {
                    call.ladder.note(moment(), "media", format!("{per_second} packets a second come from elsewhere"));
                }
            }
            MediaEvent::PortsExhausted { address } => {
                tracing::error!(%address, "no port is left for media");
                let object = serde_json::json!({"address": address}).to_string();
                self.tell_news(vec![Occurrence { topic: "system", kind: "media.ports_exhausted", account_id: None, domain_id: None, object }]);
            }
        }
    }
}

/// What both accounts want, of which one may want nothing of its own; what goes through here always works.
fn either(caller: MediaForce, callee: MediaForce) -> MediaForce {
    match (caller, callee) {
        (MediaForce::Always, _) | (_, MediaForce::Always) => MediaForce::Always,
        (MediaForce::Never, _) | (_, MediaForce::Never) => MediaForce::Never,
        _ => MediaForce::Auto,
    }
}

/// The ends between which a message passes: from, to.
fn sides<'a>(call: &'a Call, reached: &'a Reached, from_caller: bool) -> (&'a MediaSide, &'a MediaSide) {
    let (caller, callee) = (&call.caller.side, &reached.end.side);
    if from_caller { (caller, callee) } else { (callee, caller) }
}

#[cfg(test)]
mod tests {
    use sip::{Limits, Message, Parsed, parse};

    use super::*;

    #[test]
    fn a_call_is_held_when_nothing_is_to_be_heard() {
        let video = |direction: &str| format!("m=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 99\r\na={direction}\r\n");
        for (connection, media, held) in [
            ("192.0.2.1", "m=audio 4000 RTP/AVP 0\r\n".to_owned(), Some(false)),
            ("192.0.2.1", "m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n".to_owned(), Some(true)),
            ("192.0.2.1", "a=inactive\r\nm=audio 4000 RTP/AVP 0\r\n".to_owned(), Some(true)),
            ("192.0.2.1", "a=inactive\r\nm=audio 4000 RTP/AVP 0\r\na=recvonly\r\n".to_owned(), Some(false)),
            ("0.0.0.0", "m=audio 4000 RTP/AVP 0\r\n".to_owned(), Some(true)),
            ("0.0.0.0", "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n".to_owned(), Some(false)),
            ("192.0.2.1", video("inactive"), Some(false)),
            ("0.0.0.0", video("sendrecv"), Some(true)),
            ("192.0.2.1", "m=audio 0 RTP/AVP 0\r\n".to_owned(), None),
        ] {
            let body = format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 {connection}\r\nt=0 0\r\n{media}");
            let text = format!("INVITE sip:b@a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKx\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@a>;tag=2\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let Parsed::Message(Message::Request(request)) = parse(text.into(), &Limits::DATAGRAM) else { panic!() };
            assert_eq!(holds(&request), held, "{body}");
        }
    }
}
