//! Calls that are begun by an operation: the telephones of the account ring, and the one that is picked up is asked to dial
//! (REFER, RFC 3515). What it dials comes as from any telephone, so that the same is allowed, counted, ruled and relayed, and
//! its owner hears it ring; that call takes the place of the one that the operation began. No media passes here: of both ways of
//! RFC 3725 to do the same between two telephones, one leaves the first in silence until the second answers, and the other
//! lets it time out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use model::call::{CallParty, CallRecord};
use service::{Destination, OutgoingCall, Subscriber};
use sip::endpoint::Flow;
use sip::header::Transport;
use sip::proxy::{self, BranchId, Proxy};
use sip::transaction::Key;
use sip::dialog::DialogId;
use sip::{Dialog, Limits, Message, Method, Name, Parsed, Request, Response, Writer, parse};
use uuid::Uuid;

use crate::admit::{address_of, tag};
use crate::call;
use crate::message::uri;
use crate::passing::{Candidate, Next, Proxied};
use crate::switch::Switch;

/// How long the telephones of the account ring, the one that is picked up has to dial, and what it dialled to come to something.
const RING: Duration = Duration::from_secs(60);
const DIAL: Duration = Duration::from_secs(32);
const COME: Duration = Duration::from_secs(180);
/// Most at a time, of an account and of all.
const MOST_OF_ONE: usize = 3;
const MOST: usize = 1000;
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, NOTIFY, OPTIONS, INFO, UPDATE";

/// How far one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The telephones of the account ring.
    Rings,
    /// One was picked up and is to dial.
    Asked,
    /// It has dialled.
    Dialled,
}

/// A call that an operation began.
#[derive(Debug)]
pub(crate) struct Dialling {
    account: Arc<Subscriber>,
    /// Whom to call, `name@domain`.
    to: String,
    stage: Stage,
    /// When the stage has lasted too long.
    until: Instant,
    /// The telephone that was picked up.
    talks: Option<Talk>,
}

/// The call with the telephone that was picked up.
#[derive(Debug)]
struct Talk {
    flow: Flow,
    dialog: Dialog,
    /// Sent again when the answer comes again.
    ack: Bytes,
}

/// All calls that operations began.
#[derive(Debug, Default)]
pub(crate) struct Diallings {
    all: HashMap<Uuid, Dialling>,
    /// Requests to dial that were not answered yet.
    asked: HashMap<Key, Uuid>,
}

/// The INVITE for the telephones of an account.
fn invite(id: Uuid, outgoing: &OutgoingCall) -> Bytes {
    let mut writer = Writer::request(&Method::Invite, &uri(&outgoing.account.address));
    writer.field(Name::Via, format!("SIP/2.0/TCP postamt.invalid;branch=z9hG4bK{}", tag()));
    writer.field(Name::MaxForwards, "70");
    // The telephone shows whom it will call.
    writer.field(Name::From, format!("<{}>;tag={}", uri(&outgoing.to), tag()));
    writer.field(Name::To, format!("<{}>", uri(&outgoing.account.address)));
    writer.field(Name::CallId, id.to_string());
    writer.field(Name::CSeq, "1 INVITE");
    writer.field(Name::Contact, "<sip:postamt.invalid>");
    writer.field(Name::Allow, ALLOW);
    if outgoing.auto_answer {
        // RFC 5373, and what telephones of several makers know.
        writer.other("Answer-Mode", "Auto");
        writer.field(Name::CallInfo, "<sip:postamt.invalid>;answer-after=0");
    }
    // Each telephone gets one with the address that it sees.
    writer.body("application/sdp", &silence(IpAddr::from([0, 0, 0, 0])))
}

/// A description of media that none flows for.
fn silence(address: IpAddr) -> Bytes {
    let family = if address.is_ipv4() { "IP4" } else { "IP6" };
    format!("v=0\r\no=- 1 1 IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\nm=audio 9 RTP/AVP 0 8 9 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:101 telephone-event/8000\r\na=inactive\r\n").into()
}

/// The status in a message that tells what became of a request to dial (RFC 3515 §2.4.5).
fn told_status(body: &[u8]) -> Option<u16> {
    let line = body.strip_prefix(b"SIP/2.0 ")?;
    std::str::from_utf8(line.get(..3)?).ok()?.parse().ok()
}

fn is_in_browser(next: &Next) -> bool {
    matches!(next, Next::Device { candidates, .. } if candidates.iter().all(|candidate| matches!(candidate, Candidate::Flow(flow) if matches!(flow.transport, Transport::Ws | Transport::Wss))))
}

impl Switch {
    /// Begins a call as an operation wants it.
    ///
    /// # Errors
    /// The status that it comes to at once.
    pub(crate) fn start_call(&mut self, now: Instant, outgoing: &OutgoingCall) -> Result<CallRecord, u16> {
        let account = &outgoing.account;
        let own = self.diallings.all.values().filter(|one| one.account.account_id == account.account_id).count();
        if own >= MOST_OF_ONE || self.diallings.all.len() >= MOST {
            return Err(503);
        }
        let limit = account.settings.calls_limit;
        if limit >= 0 && i64::try_from(self.calls.others_of(account.account_id, None)).unwrap_or(i64::MAX) >= limit {
            return Err(486);
        }
        // Media of browsers is of another kind, and they dial by themselves.
        let mut targets = self.targets_of(now, 0, Destination::Account(account.clone()))?;
        targets.retain(|target| !is_in_browser(&target.next));
        if targets.is_empty() {
            return Err(480);
        }
        let flow = Flow { id: 0, address: ([127, 0, 0, 1], 5060).into(), transport: Transport::Tcp };
        let id = Uuid::now_v7();
        let Parsed::Message(Message::Request(request)) = parse(invite(id, outgoing), &Limits::STREAM) else { return Err(400) };
        let (Ok(key), Ok((checked, routing))) = (Key::of_request(&request), self.checked(&request, &flow)) else { return Err(400) };
        let party = CallParty {
            account_id: Some(account.account_id),
            domain_id: Some(account.domain_id),
            uri: format!("sip:{}", account.address),
            authenticated: true,
            ..CallParty::default()
        };
        let dialled = uri(&outgoing.to);
        let record = CallRecord { id, dialled: dialled.clone(), callee: CallParty { uri: dialled, ..CallParty::default() }, ..call::begin(&request, party, Vec::new()) };
        let end = self.caller_end(&request, &flow, true);
        self.calls.add(now, record.clone(), end, &request);
        self.tell_news(call::news("call.started", &record));
        self.diallings.all.insert(id, Dialling { account: account.clone(), to: outgoing.to.to_lowercase(), stage: Stage::Rings, until: now + RING, talks: None });
        let proxy = Proxy::new(request, key.clone(), flow.address, checked, routing, self.proxy_config());
        self.proxies.insert(key.clone(), Proxied { dials: Some(id), ..Proxied::new(proxy, flow) });
        self.tell(now, &key, proxy::Input::Add(targets));
        self.tell(now, &key, proxy::Input::Finish);
        self.drain_proxy(now, &key);
        self.drain(now);
        Ok(record)
    }

    /// A telephone was picked up: it is asked to dial, unless another was before.
    pub(crate) fn picked_up(&mut self, now: Instant, id: Uuid, key: &Key, branch: BranchId, response: &Response) {
        let Some(way) = self.proxies.get(key).and_then(|proxied| proxied.ways.get(&branch)) else { return };
        let (Some((flow, _)), Parsed::Message(Message::Request(sent))) = (&way.sent, parse(way.octets.clone(), &Limits::STREAM)) else { return };
        let (flow, Ok(dialog)) = (*flow, Dialog::answered(&sent, response)) else { return };
        let talks = self.diallings.all.get(&id).and_then(|dialling| dialling.talks.as_ref());
        if let Some(again) = talks.filter(|talk| talk.dialog.id() == dialog.id()).map(|talk| talk.ack.clone()) {
            self.flows.send(&flow, None, again);
            return;
        }
        let is_first = talks.is_none() && self.diallings.all.contains_key(&id);
        let ack = dialog.ack(&self.new_via(&flow), dialog.local_cseq()).finish();
        self.flows.send(&flow, None, ack.clone());
        if !is_first {
            return self.send_bye(now, id, flow, dialog);
        }
        self.ask_to_dial(now, id, Talk { flow, dialog, ack });
    }

    fn ask_to_dial(&mut self, now: Instant, id: Uuid, mut talk: Talk) {
        let Some(dialling) = self.diallings.all.get_mut(&id) else { return };
        (dialling.stage, dialling.until) = (Stage::Asked, now + DIAL);
        let (to, by, flow) = (uri(&dialling.to), uri(&dialling.account.address), talk.flow);
        let (via, contact) = (self.new_via(&flow), self.contact("dial", &flow));
        let mut writer = talk.dialog.next(&Method::Refer, &via);
        writer.field(Name::Contact, contact);
        writer.field(Name::ReferTo, format!("<{to}>"));
        writer.field(Name::ReferredBy, format!("<{by}>"));
        let octets = writer.finish();
        if let Some(ladder) = self.calls.ladder(id) {
            ladder.sent(call::moment(), flow, talk.ack.clone());
            ladder.sent(call::moment(), flow, octets.clone());
        }
        if let Some(dialling) = self.diallings.all.get_mut(&id) {
            dialling.talks = Some(talk);
        }
        match self.endpoint.send(now, flow, octets) {
            Some(key) => drop(self.diallings.asked.insert(key, id)),
            None => self.give_up(now, id, 500, "server"),
        }
    }

    /// What an INVITE to a telephone that is to dial differs in from one that is passed on: our Contact, and the body.
    pub(crate) fn dialling_parts(&mut self, flow: &Flow) -> (String, Bytes) {
        (self.contact("dial", flow), silence(self.flows.source(flow.address.ip())))
    }

    /// A request to dial was answered so, 408 or 480 when not at all; whether it was one.
    pub(crate) fn asked_to_dial(&mut self, now: Instant, key: &Key, status: u16) -> bool {
        let Some(id) = self.diallings.asked.get(key).copied() else { return false };
        if status >= 200 {
            self.diallings.asked.remove(key);
        }
        if status >= 300 {
            self.give_up(now, id, status, "caller");
        }
        true
    }

    /// A request of a telephone that was picked up; whether it was one.
    pub(crate) fn in_dialling(&mut self, now: Instant, key: &Key, flow: &Flow, request: &Request) -> bool {
        let Ok(id) = request.call_id().parse::<Uuid>() else { return false };
        let Some(talk) = self.diallings.all.get_mut(&id).and_then(|dialling| dialling.talks.as_mut()) else { return false };
        if DialogId::of_request(request).as_ref() != Some(talk.dialog.id()) {
            return false;
        }
        let status = match talk.dialog.request(request) {
            Err(error) => error.status(),
            Ok(()) => match request.method() {
                Method::Bye | Method::Options | Method::Info => 200,
                Method::Notify if request.value(Name::Event).is_some_and(|event| event.starts_with(b"refer")) => 200,
                Method::Notify => 489,
                // Whatever it offers, there is the same silence.
                Method::Invite | Method::Update if request.body().split(|octet| *octet == b'\n').filter(|line| line.starts_with(b"m=")).count() < 2 => 200,
                Method::Invite | Method::Update => 488,
                _ => 405,
            },
        };
        talk.flow = *flow;
        let mut writer = talk.dialog.reply(request, status, "", flow.address);
        if status == 405 {
            writer.field(Name::Allow, ALLOW);
        }
        let describes = status == 200 && (*request.method() == Method::Invite || *request.method() == Method::Update && !request.body().is_empty());
        let octets = if describes {
            let (contact, body) = self.dialling_parts(flow);
            writer.field(Name::Contact, contact);
            writer.body("application/sdp", &body)
        } else {
            writer.finish()
        };
        if let Some(ladder) = self.calls.ladder(id) {
            ladder.received(call::moment(), *flow, request.octets());
            ladder.sent(call::moment(), *flow, octets.clone());
        }
        self.answer(now, key, status, octets);
        match (request.method(), told_status(request.body())) {
            (Method::Bye, _) => self.hung_up(now, id),
            (Method::Notify, Some(told)) if status == 200 && told >= 200 => self.give_up(now, id, told, "caller"),
            _ => {}
        }
        true
    }

    /// The telephone that was picked up is put down: some do so when they dial.
    fn hung_up(&mut self, now: Instant, id: Uuid) {
        let Some(dialling) = self.diallings.all.get_mut(&id) else { return };
        dialling.talks = None;
        let is_asked = self.diallings.asked.values().any(|of| *of == id);
        if is_asked || dialling.stage == Stage::Dialled {
            self.give_up(now, id, 487, "caller");
        }
    }

    /// The call that an operation began, when this INVITE is what a telephone was asked to dial.
    pub(crate) fn has_dialled(&mut self, now: Instant, account: Option<Uuid>, request: &Request) -> Option<Uuid> {
        if self.diallings.all.is_empty() {
            return None;
        }
        let to = request.uri().ok().and_then(|uri| address_of(&uri))?.to_lowercase();
        let is = |dialling: &Dialling| dialling.stage == Stage::Asked && account == Some(dialling.account.account_id) && dialling.to == to;
        let (id, dialling) = self.diallings.all.iter_mut().find(|(_, dialling)| is(dialling))?;
        (dialling.stage, dialling.until) = (Stage::Dialled, now + COME);
        Some(*id)
    }

    /// Hangs up the telephone that was picked up; the call it dialled goes on.
    pub(crate) fn let_go(&mut self, now: Instant, id: Uuid) -> bool {
        let Some(dialling) = self.diallings.all.remove(&id) else { return false };
        self.diallings.asked.retain(|_, of| *of != id);
        if let Some(talk) = dialling.talks
            && let Some(flow) = self.flows.usable(talk.flow)
        {
            self.send_bye(now, id, flow, talk.dialog);
        }
        dialling.stage != Stage::Dialled
    }

    /// The same, and when nothing was dialled the call comes to this status.
    pub(crate) fn give_up(&mut self, now: Instant, id: Uuid, status: u16, ended_by: &str) {
        if self.let_go(now, id) {
            self.end_call(now, Some(id), status, ended_by);
        }
    }

    /// Ends what has lasted too long.
    pub(crate) fn sweep_diallings(&mut self, now: Instant) {
        let over: Vec<(Uuid, Stage)> = self.diallings.all.iter().filter(|(_, one)| one.until <= now).map(|(id, one)| (*id, one.stage)).collect();
        for (id, stage) in over {
            match stage {
                Stage::Rings => drop(self.hang_up(now, id, "no_answer", "timer")),
                Stage::Asked | Stage::Dialled => self.give_up(now, id, 408, "timer"),
            }
        }
    }

    /// The ACK that is due again for an answer that came again.
    pub(crate) fn acknowledge_again(&mut self, response: &Response) -> bool {
        let talk = response.call_id().parse().ok().and_then(|id: Uuid| self.diallings.all.get(&id)?.talks.as_ref());
        let Some((flow, ack)) = talk.filter(|talk| DialogId::of_response(response).as_ref() == Some(talk.dialog.id())).map(|talk| (talk.flow, talk.ack.clone())) else { return false };
        self.flows.send(&flow, None, ack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_dialling_is_read() {
        for (body, status) in [("SIP/2.0 100 Trying\r\n", Some(100)), ("SIP/2.0 486 Busy Here", Some(486)), ("SIP/2.0 2", None), ("HTTP/1.1 200 OK", None), ("", None)] {
            assert_eq!(told_status(body.as_bytes()), status, "{body}");
        }
    }

    #[test]
    fn silence_is_of_the_right_family() {
        let text = |address: &str| String::from_utf8(silence(address.parse().unwrap()).to_vec()).unwrap();
        assert!(text("192.0.2.1").contains("\r\nc=IN IP4 192.0.2.1\r\n") && text("2001:db8::1").contains("\r\nc=IN IP6 2001:db8::1\r\n"));
    }
}
