//! Bodies of messages that pass: offers and answers go by the media relay, which says what to write instead.

use std::time::Instant;

use bytes::Bytes;
use service::{MediaBody, MediaEvent, MediaForce, MediaRefused, MediaSide};
use sip::endpoint::Flow;
use sip::proxy::BranchId;
use sip::transaction::Key;
use sip::{Fields, Method, Name, Request, Response};
use uuid::Uuid;

use crate::switch::Switch;

/// The media type of a body, when it may hold a description of media.
fn description(fields: &Fields) -> Option<(&str, Bytes)> {
    let body = fields.body();
    let kind = std::str::from_utf8(fields.value(Name::ContentType)?).ok()?;
    let lower = kind.to_ascii_lowercase();
    let may = lower.starts_with("application/sdp") || lower.starts_with("multipart/");
    (may && !body.is_empty()).then(|| (kind, Bytes::copy_from_slice(body)))
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
                let to = self.side(flow, way.is_some_and(|way| way.far), way.is_some_and(|way| way.account.is_some()));
                let agent = request.value(Name::UserAgent).map(String::from_utf8_lossy).unwrap_or_default();
                let domain = request.from().map(|from| from.uri.host()).unwrap_or_default();
                let quirks = way.map(|way| way.quirks).unwrap_or_default();
                let quirks = quirks.and(self.peers.quirks(Some(flow.address.ip()), "", "")).and(self.peers.quirks(Some(proxied.flow.address.ip()), domain, &agent));
                let force = if quirks.force_media_proxy { MediaForce::Always } else { MediaForce::Auto };
                self.media.offer(id, Some(branch.0), true, &call.caller.side, &to, force, kind, &body)
            }
            Some(from_caller) => {
                let Some((from, to)) = sides(&call.caller.side, call.callee.as_ref().map(|end| &end.side), from_caller) else { return Ok(None) };
                self.media.offer(id, None, from_caller, from, to, MediaForce::Auto, kind, &body)
            }
        };
        self.judged(id, outcome.map(changed))
    }

    /// The body to send instead of that of a response.
    pub(crate) fn answer_body(&mut self, key: &Key, branch: BranchId, response: &Response) -> Result<Option<Bytes>, MediaRefused> {
        let Some(proxied) = self.proxies.get(key) else { return Ok(None) };
        let request = proxied.proxy.request();
        let (Some(id), true) = (proxied.call, matches!(request.method(), Method::Invite | Method::Update | Method::Prack)) else { return Ok(None) };
        let (Some((kind, body)), Some(call)) = (description(response), self.calls.get(id)) else { return Ok(None) };
        let offered = description(request).is_some();
        let (which, from_caller) = match proxied.in_dialog {
            None => (Some(branch.0), false),
            Some(from_caller) => (None, !from_caller),
        };
        if offered {
            let preview = response.status() < 200 && response.value(Name::RSeq).is_none();
            return self.media.answer(id, which, from_caller, preview, kind, &body).map(changed);
        }
        // The offer was delayed: it comes with the response, and its answer with the ACK.
        let callee = match proxied.in_dialog {
            None => {
                let way = proxied.ways.get(&branch);
                way.and_then(|way| way.sent.as_ref().map(|(flow, _)| self.side(flow, way.far, way.account.is_some())))
            }
            Some(_) => call.callee.as_ref().map(|end| end.side),
        };
        let Some(callee) = callee else { return Ok(None) };
        let Some((from, to)) = sides(&call.caller.side, Some(&callee), from_caller) else { return Ok(None) };
        let outcome = self.media.offer(id, which, from_caller, from, to, MediaForce::Auto, kind, &body).map(changed);
        if let Some(call) = self.calls.get_mut(id) {
            call.awaits_answer = Some((which, !from_caller));
        }
        outcome
    }

    /// The body to send instead of that of an ACK: the answer to a delayed offer.
    pub(crate) fn ack_body(&mut self, call: Option<Uuid>, ack: &Request) -> Option<Bytes> {
        let id = call?;
        let (kind, body) = description(ack)?;
        let (_, from_caller) = self.calls.get_mut(id)?.awaits_answer.take()?;
        self.media.answer(id, None, from_caller, false, kind, &body).ok().and_then(changed)
    }

    fn judged(&mut self, id: Uuid, outcome: Result<Option<Bytes>, MediaRefused>) -> Result<Option<Bytes>, u16> {
        outcome.map_err(|refused| {
            if let Some(call) = self.calls.get_mut(id) {
                call.ladder.note(crate::call::moment(), "media", refused.reason);
            }
            refused.status
        })
    }

    /// Something happened to the media of a call.
    pub(crate) fn media_event(&mut self, now: Instant, event: MediaEvent) {
        match event {
            MediaEvent::OneWay { call: id, verdict } => {
                tracing::warn!(call_id = %id, ?verdict, "sound goes one way only");
                let text = serde_json::to_string(&verdict).unwrap_or_default();
                if let Some(call) = self.calls.get_mut(id) {
                    call.ladder.note(crate::call::moment(), "media", text);
                    let news = crate::call::news_with("media.one_way", &call.record, Some(&verdict), None);
                    self.tell_news(news);
                }
            }
            MediaEvent::Quality { call: id, poor } => {
                tracing::warn!(call_id = %id, ?poor, "an end of a call is heard badly");
                let text = serde_json::to_string(&poor).unwrap_or_default();
                if let Some(call) = self.calls.get_mut(id) {
                    call.ladder.note(crate::call::moment(), "media", text);
                    let news = crate::call::news_with("media.quality", &call.record, None, Some(&poor));
                    self.tell_news(news);
                }
            }
            MediaEvent::Timeout { call, .. } => drop(self.hang_up(now, call, "media_timeout", "media")),
            MediaEvent::ForeignPackets { call: id, per_second } => {
                tracing::warn!(call_id = %id, per_second, "packets come to the media ports of a call from elsewhere");
                if let Some(call) = self.calls.get_mut(id) {
                    call.ladder.note(crate::call::moment(), "media", format!("{per_second} packets a second come from elsewhere"));
                }
            }
            MediaEvent::PortsExhausted { address } => tracing::error!(%address, "no port is left for media"),
        }
    }
}

/// The ends between which a message passes: from, to.
fn sides<'a>(caller: &'a MediaSide, callee: Option<&'a MediaSide>, from_caller: bool) -> Option<(&'a MediaSide, &'a MediaSide)> {
    let callee = callee?;
    Some(if from_caller { (caller, callee) } else { (callee, caller) })
}
