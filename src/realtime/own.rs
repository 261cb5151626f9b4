//! What is this server's own: names, addresses and ports that lead back to it, and networks it is in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;

use service::{MediaSide, Service};
use sip::endpoint::Flow;
use sip::header::Transport;
use sip::record_route::Interface;
use sip::transaction::Key;
use sip::{Method, Name, Request, Uri, Writer, nat};
use uuid::Uuid;

use crate::admit::tag;
use crate::flow::host_text;
use crate::switch::Switch;

/// What our own user agent understands.
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, MESSAGE, SUBSCRIBE, NOTIFY, PUBLISH, REFER, PRACK, UPDATE, INFO";

/// Whether a URI leads to this server: one of its names or addresses, at one of its ports.
pub(crate) fn is_own_uri(service: &Service, ports: &HashMap<Transport, u16>, uri: &Uri<'_>) -> bool {
    let secure = uri.scheme() == sip::uri::Scheme::Sips || uri.param("transport").is_some_and(|name| name.eq_ignore_ascii_case("tls"));
    let port = uri.port().unwrap_or(if secure { 5061 } else { 5060 });
    match uri.ip() {
        Some(ip) => (ip.is_loopback() || service.is_own_address(ip)) && (ports.values().any(|own| *own == port)),
        None => service.is_own_name(uri.host()) && (uri.port().is_none() || ports.values().any(|own| *own == port)),
    }
}

/// Whether an address is one that clients have behind translators (NATed IP Addresses).
pub(crate) fn is_translated(service: &Service, ip: IpAddr) -> bool {
    if service.has_list("nated_ips") { service.is_listed("nated_ips", ip) } else { nat::is_private(ip) }
}

impl Switch {
    /// Whether a request without a user in its URI, or OPTIONS at the last hop, is for this server itself.
    pub(crate) fn is_for_us(&self, request: &Request) -> bool {
        let Ok(uri) = request.uri() else { return false };
        let service = &self.shared.service;
        let is_last = matches!(request.max_forwards(), Ok(Some(0)));
        let nobody = uri.user().is_none_or(str::is_empty) && uri.is_sip();
        let no_route = request.value(Name::Route).is_none();
        *request.method() != Method::Register && (nobody && no_route && (is_own_uri(service, &self.ports, &uri) || service.is_own_name(uri.host())) || is_last && *request.method() == Method::Options)
    }

    /// Answers a request for the server itself.
    pub(crate) fn answer_ourselves(&mut self, now: Instant, key: &Key, flow: &Flow, request: &Request) {
        let status = match request.method() {
            Method::Options => 200,
            Method::Invite | Method::Message | Method::Subscribe => 404,
            Method::Bye | Method::Info | Method::Update | Method::Prack | Method::Notify | Method::Refer => 481,
            _ => 405,
        };
        let mut writer = Writer::reply(request, status, "", &tag(), flow.address);
        if matches!(status, 200 | 405) {
            writer.field(Name::Allow, ALLOW);
        }
        if status == 200 {
            writer.field(Name::Accept, "application/sdp, text/plain");
            writer.field(Name::AllowEvents, crate::events::SERVED.map(sip::subscription::Package::name).join(", "));
            writer.field(Name::Supported, "path, outbound, gruu, replaces, timer, 100rel");
        }
        let octets = writer.finish();
        self.answer(now, key, status, octets);
    }

    /// What the media relay is told of an end.
    pub(crate) fn side(&self, flow: &Flow, far_end_nat: bool, authenticated: bool) -> MediaSide {
        let source = flow.address.ip();
        MediaSide { source, lan: self.shared.service.is_lan(source), far_end_nat, authenticated }
    }

    /// Host and port by which the other side of a flow reaches us, as they stand in a Via.
    pub(crate) fn sent_by(&mut self, flow: &Flow) -> String {
        let other = flow.address.ip();
        let (service, source) = (&self.shared.service, self.flows.source(other));
        // An address that is not here can only be that of a NAT in front; without one, a wrong setting must not end dialogs.
        let behind_nat = source.is_loopback() || is_translated(service, source);
        let shown = service.shown_address(other).filter(|shown| behind_nat || service.is_host_address(*shown));
        let host = host_text(shown.unwrap_or(source));
        let port = self.flows.local_port(flow.id).or_else(|| self.ports.get(&flow.transport).copied());
        match port {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        }
    }

    /// The value of Via in a request of our own by this flow.
    pub(crate) fn new_via(&mut self, flow: &Flow) -> String {
        format!("SIP/2.0/{} {};rport;branch=z9hG4bK{}", flow.transport.name(), self.sent_by(flow), tag())
    }

    /// A request of our own to a telephone, outside dialogs: `[From, To]` are URIs. What it is about is still to be written.
    pub(crate) fn own_request(&mut self, flow: &Flow, method: &Method, uri: &str, routes: Vec<String>, [from, to]: [&str; 2]) -> Writer {
        let (sent_by, via) = (self.sent_by(flow), self.new_via(flow));
        let mut writer = Writer::request(method, uri);
        writer.field(Name::Via, via);
        writer.field(Name::MaxForwards, "70");
        for route in routes {
            writer.field(Name::Route, route);
        }
        writer.field(Name::From, format!("<{from}>;tag={}", tag()));
        writer.field(Name::To, format!("<{to}>"));
        writer.field(Name::CallId, Uuid::now_v7().to_string());
        writer.field(Name::CSeq, format!("1 {}", method.name()));
        writer.field(Name::Contact, format!("<sip:{sent_by}>"));
        writer
    }

    /// The Record-Route fields of a request that came by one flow and leaves by another.
    pub(crate) fn record_route(&mut self, request: &Request, call: u128, incoming: &Flow, outgoing: &Flow) -> Vec<String> {
        let sips = request.uri().is_ok_and(|uri| uri.scheme() == sip::uri::Scheme::Sips);
        let (in_host, out_host) = (self.sent_by(incoming), self.sent_by(outgoing));
        let interface = |host, transport| Interface { host, transport, sips };
        let (incoming, outgoing) = (interface(&*in_host, incoming.transport), interface(&*out_host, outgoing.transport));
        self.shared.routes.values(request.call_id(), (call, 0), &incoming, &outgoing)
    }
}
