//! Requests inside dialogs, ACKs and answers that come again: they follow the way the dialog took.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use model::call::CallState;
use sip::endpoint::Flow;
use sip::header::Transport;
use sip::locate::Location;
use sip::proxy::{self, Checked, Config, Outgoing, Proxy, Routing, Target, forward_ack};
use sip::record_route::Token;
use sip::transaction::Key;
use sip::{Method, Name, Request, Response};
use types::Machine;
use uuid::Uuid;

use crate::admit::answer;
use crate::call::{End, callee_tag, moment};
use crate::passing::{Candidate, Next, Proxied};
use crate::switch::{Input, Switch};

/// An ACK that is passed on.
#[derive(Debug)]
pub(crate) struct Ack {
    ack: Request,
    source: Flow,
    call: Option<Uuid>,
    from_caller: bool,
    checked: Checked,
    routing: Routing,
}

impl Switch {
    /// Passes on a request inside a dialog. It proves by its Route that the dialog went through here.
    pub(crate) fn in_dialog(&mut self, now: Instant, key: Key, flow: Flow, request: Request) {
        let (checked, routing) = match self.checked(&request, &flow) {
            Ok(both) => both,
            Err(decision) => return self.respond(now, &key, decision),
        };
        let token = match self.shared.routes.verify(&request, &routing) {
            Ok(Some(token)) => token,
            Ok(None) => return self.respond(now, &key, answer(&request, 481, "", &flow)),
            Err(_) => return self.respond(now, &key, answer(&request, 403, "Route not allowed", &flow)),
        };
        let Ok(uri) = routing.uri(&request).map(|uri| uri.without_headers().to_owned()) else {
            return self.respond(now, &key, answer(&request, 400, "Bad Request URI", &flow));
        };
        let (call, from_caller) = self.side_of(&token, &request);
        let next = if routing.left(&request).next().is_some() { Next::Hop } else { self.other_end(call, from_caller, &request) };
        if let Some(call) = call {
            self.note_in_dialog(now, call, from_caller, &flow, &request);
        }
        let mut proxy = Proxy::new(request, key.clone(), flow.address, checked, routing, Config::default());
        match Target::new(&uri, next) {
            Ok(target) => proxy.handle(now, proxy::Input::Add(vec![target])),
            Err(_) => proxy.handle(now, proxy::Input::Result(416)),
        }
        proxy.handle(now, proxy::Input::Finish);
        let proxied = Proxied { call, in_dialog: Some(from_caller), ..Proxied::new(proxy, flow) };
        self.proxies.insert(key.clone(), proxied);
        self.drain_proxy(now, &key);
    }

    /// Which call a request belongs to, and whether its caller sent it.
    fn side_of(&self, token: &Token, request: &Request) -> (Option<Uuid>, bool) {
        let id = Uuid::from_u128(token.call);
        let tag = request.from().ok().and_then(|from| from.tag().map(str::to_owned));
        match self.calls.get(id) {
            Some(call) => (Some(id), tag.as_deref() == Some(&*call.caller_tag)),
            None => (None, true),
        }
    }

    /// The way to the other end of a call, when nothing but its flow leads there.
    fn other_end(&self, call: Option<Uuid>, from_caller: bool, request: &Request) -> Next {
        let call = call.and_then(|call| self.calls.get(call));
        let end = call.and_then(|call| if from_caller { call.reached(callee_tag(request, true).as_deref()).map(|reached| &reached.end) } else { Some(&call.caller) });
        match end {
            Some(End { flow, by_flow: true, side, .. }) if self.flows.usable(*flow).is_some() => Next::Flow(*flow, side.far_end_nat),
            _ => Next::Hop,
        }
    }

    /// What a request inside a dialog says of its call.
    fn note_in_dialog(&mut self, now: Instant, id: Uuid, from_caller: bool, flow: &Flow, request: &Request) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.ladder.received(moment(), *flow, request.octets());
        // Who roams is reached where the latest request came from.
        let end = if from_caller { Some(&mut call.caller) } else { call.reached_mut(callee_tag(request, false).as_deref()).map(|reached| &mut reached.end) };
        if let Some(end) = end
            && end.by_flow
        {
            end.flow = *flow;
        }
        if call.is_late(callee_tag(request, from_caller).as_deref()) {
            return;
        }
        if let (Method::Invite | Method::Update, Some(session)) = (request.method(), &mut call.session) {
            session.confirm(now);
        }
        match request.method() {
            Method::Refer => self.note_refer(now, request),
            Method::Bye => self.end_call_as(now, id, "answered", if from_caller { "caller" } else { "callee" }),
            Method::Invite | Method::Update => {
                let Some(holds) = crate::bodies::holds(request) else { return };
                let state = if holds { CallState::Held } else { CallState::Connected };
                if call.record.answered_at.is_some() && call.record.state != state {
                    call.record.state = state;
                    let news = crate::call::news(if holds { "call.held" } else { "call.resumed" }, &call.record);
                    self.tell_news(news);
                }
            }
            _ => {}
        }
    }

    /// An ACK that belongs to a 2xx: it goes to the other end, and is never answered.
    pub(crate) fn ack(&mut self, now: Instant, flow: Flow, ack: Request) {
        let Ok((checked, routing)) = self.checked(&ack, &flow) else { return };
        let Ok(Some(token)) = self.shared.routes.verify(&ack, &routing) else { return };
        let (call, from_caller) = self.side_of(&token, &ack);
        if let Some(call) = call.and_then(|call| self.calls.get_mut(call)) {
            call.ladder.received(moment(), flow, ack.octets());
        }
        let left = routing.left(&ack).next().map(|route| route.uri.without_headers().to_owned());
        let next = if left.is_some() { Next::Hop } else { self.other_end(call, from_caller, &ack) };
        let uri = left.or_else(|| routing.uri(&ack).ok().map(|uri| uri.without_headers().to_owned()));
        let passing = Ack { ack, source: flow, call, from_caller, checked, routing };
        if let Next::Flow(out, _) = next {
            return self.send_ack_by(&passing, out);
        }
        let (Some(uri), resolver) = (uri, self.resolver.clone()) else { return };
        self.locate(now, uri, false, resolver, move |found, host| Input::AckLocated(Box::new(passing), found.unwrap_or_default(), host));
    }

    pub(crate) fn send_ack(&mut self, ack: &Ack, locations: &[Location], host: &str) {
        let Some(location) = locations.first() else { return };
        if let Some(flow) = self.reach(&Candidate::Place(*location, host.to_owned())) {
            self.send_ack_by(ack, flow);
        }
    }

    fn send_ack_by(&mut self, passing: &Ack, flow: Flow) {
        let Ack { ack, source, call, from_caller, checked, routing } = passing;
        let call = *call;
        let sent_by = self.sent_by(&flow);
        let body = self.ack_body(call, *from_caller, ack);
        let outgoing = Outgoing { transport: flow.transport, sent_by: &sent_by, random: rand::random(), record_route: &[] };
        let octets = forward_ack(ack, source.address, checked, routing, &outgoing, |splice| {
            if let Some(body) = &body {
                splice.body(body);
            }
        });
        if let Some(call) = call.and_then(|call| self.calls.get_mut(call)) {
            call.ladder.sent(moment(), flow, octets.clone());
        }
        self.flows.send(&flow, None, octets);
    }

    /// A 2xx to an INVITE that comes again when its call is set up: the caller gets its own again.
    pub(crate) fn stray_again(&mut self, now: Instant, response: &Response) {
        let status = response.status();
        if !(200..300).contains(&status) || !response.cseq().is_ok_and(|cseq| cseq.method == "INVITE") {
            return;
        }
        if self.acknowledge_again(response) {
            return;
        }
        let call = response.values(Name::RecordRoute).find_map(|value| {
            let text = std::str::from_utf8(value).ok()?;
            let token = text.split(";pa=").nth(1)?.split(['>', ';', ',']).next()?;
            self.shared.routes.open(response.call_id(), token).ok()
        });
        let call = call.and_then(|token| self.calls.get(Uuid::from_u128(token.call)));
        if let Some((flow, octets)) = call.and_then(|call| Some((call.caller.flow, call.answer.clone()?)))
            && let Some(flow) = self.flows.usable(flow)
        {
            self.flows.send(&flow, None, octets);
        } else if call.is_none() {
            self.stray_on(now, response);
        }
    }

    /// A 2xx that no transaction waits for.
    pub(crate) fn stray(&mut self, now: Instant, _flow: &Flow, response: &Response) {
        self.stray_again(now, response);
    }

    /// Passes a 2xx on by its next Via (RFC 6026 §8.10).
    fn stray_on(&mut self, _now: Instant, response: &Response) {
        let Some(Ok(via)) = response.all::<sip::header::Via<'_>>(Name::Via).nth(1) else { return };
        let (host, port) = via.response_target();
        let Ok(ip) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() else { return };
        let transport = via.transport().unwrap_or(Transport::Udp);
        let address = SocketAddr::new(ip, port.unwrap_or(transport.default_port()));
        let flow = if transport == Transport::Udp { self.flows.datagrams_to(address) } else { self.flows.stream_to(address, transport) };
        if let Some(flow) = flow {
            self.flows.send(&flow, None, proxy::relay(response, |_| ()));
        }
    }
}
