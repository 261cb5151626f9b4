//! Requests that are passed on: their targets, the flows that lead there, and what comes back.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use model::sip_peer::Quirks;
use service::{Destination, MediaForce, Sender, Signalled, Subscriber};
use sip::endpoint::Flow;
use sip::header::{Seconds, Transport};
use sip::identity;
use sip::locate::{Location, Lost};
use sip::proxy::{self, BranchId, Config, Outgoing, Proxy, Routing, Target, check_within};
use sip::registrar::Nat;
use sip::transaction::Key;
use sip::{Method, Name, Request, Response, Uri, nat};
use types::Machine;
use uuid::Uuid;

use crate::admit::{Decision, answer};
use crate::call::{self, End, moment};
use crate::message::Im;
use crate::meter::Metered;
use crate::own;
use crate::naming::put_identity;
use crate::peers::hide;
use crate::plan::Plan;
use crate::session;
use crate::switch::{Input, Switch};

/// A request that is passed on.
#[derive(Debug)]
pub(crate) struct Proxied {
    pub(crate) proxy: Proxy<Next>,
    /// Where it came from.
    pub(crate) flow: Flow,
    /// The call it belongs to.
    pub(crate) call: Option<Uuid>,
    /// The call that it asks a telephone to dial for.
    pub(crate) dials: Option<Uuid>,
    /// Who sent it, when it proved who it is.
    pub(crate) caller: Option<Arc<Subscriber>>,
    /// In a dialog, whether the caller of the call sent it.
    pub(crate) in_dialog: Option<bool>,
    /// What may still happen to it as its callees want it.
    pub(crate) plan: Option<Box<Plan>>,
    /// The text of the status that it is refused with, as a rule says it.
    pub(crate) says: Option<Box<(u16, String)>>,
    /// A header field that goes with a status of ours: how to go on, or why it failed.
    pub(crate) adds: Option<Box<(u16, String)>>,
    /// The instant message in it.
    pub(crate) im: Option<Box<Im>>,
    pub(crate) ways: HashMap<BranchId, Way>,
    /// When the timer is set.
    pub(crate) armed: Option<Instant>,
}

impl Proxied {
    /// A request that came by this flow.
    pub(crate) fn new(proxy: Proxy<Next>, flow: Flow) -> Self {
        Self { proxy, flow, call: None, dials: None, caller: None, in_dialog: None, plan: None, says: None, adds: None, im: None, ways: HashMap::new(), armed: None }
    }

    /// The call whose ladder shows it.
    pub(crate) fn of_call(&self) -> Option<Uuid> {
        self.call.or(self.dials)
    }

    /// When something is due of it.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let plan = self.plan.as_ref().and_then(|plan| plan.deadline());
        let im = self.im.as_ref().and_then(|im| im.due);
        [self.proxy.deadline(), plan, im].into_iter().flatten().min()
    }
}

/// What leads to a target.
#[derive(Debug, Clone)]
pub(crate) enum Next {
    /// A device of an account.
    Device { account: Arc<Subscriber>, candidates: VecDeque<Candidate>, far: bool, quirks: Quirks },
    /// A flow that is there.
    Flow(Flow, bool),
    /// The host in this URI.
    Host(String),
    /// The next Route, or the host of the request URI.
    Hop,
}

/// A way to a target that may be tried.
#[derive(Debug, Clone)]
pub(crate) enum Candidate {
    /// A flow that is there.
    Flow(Flow),
    /// An address; with the name that led to it.
    Place(Location, String),
}

/// What is known of the way of a branch.
#[derive(Debug, Default)]
pub(crate) struct Way {
    candidates: VecDeque<Candidate>,
    /// Where it was sent, and in which transaction.
    pub(crate) sent: Option<(Flow, Key)>,
    pub(crate) account: Option<Arc<Subscriber>>,
    pub(crate) far: bool,
    /// What it cannot do.
    pub(crate) quirks: Quirks,
    /// Octets of the request as it was sent.
    pub(crate) octets: Bytes,
}

impl Switch {
    /// Passes on a request outside dialogs.
    pub(crate) fn pass_on(&mut self, now: Instant, key: Key, flow: Flow, request: Request, sender: Sender, signalled: Signalled) {
        let (checked, routing) = match self.checked(&request, &flow) {
            Ok(both) => both,
            Err(decision) => return self.respond(now, &key, decision),
        };
        let near = self.shared.service.is_near(flow.address.ip());
        if routing.left(&request).next().is_some() && sender.subscriber.is_none() && !near {
            return self.respond(now, &key, answer(&request, 403, "Route not allowed", &flow));
        }
        if !self.may_replace(now, &request, &sender) {
            return self.respond(now, &key, answer(&request, 403, "Not your call", &flow));
        }
        if !self.may_command(&request, &sender, near, &signalled.destinations) {
            return self.respond(now, &key, answer(&request, 403, "Not your telephone", &flow));
        }
        if signalled.destinations.iter().any(|one| matches!(one, Destination::Blackhole)) {
            return;
        }
        let call = (*request.method() == Method::Invite).then(|| self.begin_call(now, &flow, &request, &sender, near, signalled.steps.clone()));
        let most = usize::try_from(self.sip_settings().max_calls).unwrap_or(0);
        // The new call counts already.
        let full = (call.is_some() && most > 0 && self.calls.len() > most).then_some(503);
        let limited = full.or_else(|| self.over_limit(&sender)).or_else(|| self.over_stranger_limit(&sender, &flow, near));
        if let Some(limited) = limited {
            self.end_call(now, call, limited, "server");
            return self.respond(now, &key, answer(&request, limited, "", &flow));
        }
        if call.is_some() && sender.subscriber.as_ref().is_some_and(|caller| self.meter(now, Metered::CallOut, caller).is_err()) {
            self.end_call(now, call, 403, "server");
            return self.respond(now, &key, answer(&request, 403, "Call limit", &flow));
        }
        let device = self.gruu(now, &request, &signalled.destinations);
        let plan = call.is_some().then(|| Box::new(Plan::new(&request, sender.clone(), signalled.discard)));
        let proxy = Proxy::new(request, key.clone(), flow.address, checked, routing, self.proxy_config());
        let proxied = Proxied { call, caller: sender.subscriber, plan, says: signalled.says, ..Proxied::new(proxy, flow) };
        self.proxies.insert(key.clone(), proxied);
        if let Some(found) = device {
            self.name_callee(call, &signalled.destinations);
            self.tell(now, &key, proxy::Input::Add(found.into_iter().collect()));
            self.tell(now, &key, proxy::Input::Finish);
            return self.drain_proxy(now, &key);
        }
        if call.is_some() {
            self.name_callee(call, &signalled.destinations);
            self.add_destinations(now, &key, signalled.destinations, None);
            return self.drain_proxy(now, &key);
        }
        let mut targets = Vec::new();
        for (group, destination) in (0_u32..).zip(signalled.destinations) {
            match self.targets_of(now, group, destination) {
                Ok(found) => targets.extend(found),
                Err(status) => self.tell(now, &key, proxy::Input::Result(status)),
            }
        }
        self.tell(now, &key, proxy::Input::Add(targets));
        self.tell(now, &key, proxy::Input::Finish);
        self.drain_proxy(now, &key);
    }

    pub(crate) fn proxy_config(&self) -> Config {
        let settings = self.sip_settings();
        let seconds = |seconds: i64| Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        Config { timer_c: seconds(settings.timer_c), max_forks: usize::try_from(settings.max_forks).unwrap_or(1), ..Config::default() }
    }

    /// Whether a request may be passed on, and by which Routes.
    pub(crate) fn checked(&self, request: &Request, flow: &Flow) -> Result<(proxy::Checked, Routing), Decision> {
        let hops = u8::try_from(self.sip_settings().max_forwards).unwrap_or(u8::MAX);
        let checked = check_within(request, &self.shared.secret, &[], hops).map_err(|refusal| Decision::Answer(refusal.status, refusal.answer(request, flow.address)))?;
        let routing = Routing::new(request, |uri| own::is_own_uri(&self.shared.service, &self.ports, uri)).map_err(|_| answer(request, 400, "Bad Route", flow))?;
        Ok((checked, routing))
    }

    /// The status with which a call is refused that would be one too many.
    fn over_limit(&self, sender: &Sender) -> Option<u16> {
        sender.subscriber.as_ref().is_some_and(|subscriber| {
            let limit = subscriber.settings.calls_limit;
            // The new call counts already.
            limit >= 0 && i64::try_from(self.calls.others_of(subscriber.account_id, None)).unwrap_or(i64::MAX) > limit
        }).then_some(486)
    }

    /// The status with which a call of somebody who has not signed in is refused, when there are many from its address.
    fn over_stranger_limit(&self, sender: &Sender, flow: &Flow, near: bool) -> Option<u16> {
        let limit = usize::try_from(self.sip_settings().stranger_calls).unwrap_or(0);
        // The new call counts already.
        let counts = limit > 0 && !near && sender.subscriber.is_none();
        (counts && self.calls.of_stranger(flow.address.ip()) > limit).then_some(503)
    }

    /// The targets of a destination, or the status that there are none with.
    pub(crate) fn targets_of(&self, now: Instant, group: u32, destination: Destination) -> Result<Vec<Target<Next>>, u16> {
        match destination {
            Destination::Refused { status, .. } => Err(status),
            Destination::Blackhole => Err(480),
            Destination::Remote { uri, host, port } => {
                let is_its_own = Uri::parse(uri.as_bytes()).is_ok_and(|uri| uri.host().eq_ignore_ascii_case(&host));
                let next = match port {
                    None if is_its_own => Next::Hop,
                    None => Next::Host(format!("sip:{host}")),
                    Some(port) => Next::Host(format!("sip:{host}:{port}")),
                };
                let mut target = Target::new(&uri, next).map_err(|_| 404_u16)?;
                target.group = group;
                Ok(vec![target])
            }
            Destination::Account(account) => {
                let devices = self.locations.targets(self.seconds(now), account.account_id.as_u128());
                let targets: Vec<Target<Next>> = devices.iter().filter_map(|device| self.device(group, &account, device)).collect();
                if targets.is_empty() { Err(480) } else { Ok(targets) }
            }
        }
    }

    /// When a request names one device of an account by its GRUU (RFC 5627 §5.1): that device, if it is there.
    fn gruu(&self, now: Instant, request: &Request, destinations: &[Destination]) -> Option<Option<Target<Next>>> {
        let uri = request.uri().ok().filter(|uri| uri.param("gr").is_some_and(|gr| !gr.is_empty()))?;
        let [Destination::Account(account)] = destinations else { return None };
        let device = self.locations.by_gruu(self.seconds(now), account.account_id.as_u128(), &uri);
        Some(device.and_then(|device| self.device(0, account, &device)))
    }

    pub(crate) fn device(&self, group: u32, account: &Arc<Subscriber>, device: &sip::registrar::Target<'_>) -> Option<Target<Next>> {
        let first = device.ways.first()?;
        let mut candidates = VecDeque::new();
        for way in &device.ways {
            // A device that nothing hides is where it says it is; it may have registered from elsewhere.
            let by_flow = way.flow.transport.is_reliable() || way.nat == Nat::FarEnd || way.is_outbound();
            let uri = way.uri();
            let place = uri.and_then(|uri| {
                let transport = way.flow.transport;
                let location = Location { ip: uri.ip()?, port: uri.port().unwrap_or(transport.default_port()), transport };
                Some(Candidate::Place(location, uri.host().to_owned()))
            });
            let flow = if way.connected { self.flows.usable(way.flow).map(Candidate::Flow) } else { None };
            let way = if by_flow { flow.or(place.filter(|_| way.nat != Nat::FarEnd)) } else { place.or(flow) };
            candidates.extend(way);
        }
        let next = Next::Device { account: account.clone(), candidates, far: first.nat == Nat::FarEnd, quirks: self.peers.quirks(None, "", first.texts().user_agent) };
        let mut target = Target::new(first.request_uri(), next).ok()?;
        (target.group, target.q, target.route) = (group, device.q, first.routes());
        Some(target)
    }

    /// Does what a request that is passed on wants done.
    pub(crate) fn drain_proxy(&mut self, now: Instant, key: &Key) {
        while let Some(output) = self.proxies.get_mut(key).and_then(|proxied| proxied.proxy.poll()) {
            match output {
                proxy::Output::Branch(branch, next) => self.begin_branch(now, key, branch, next),
                proxy::Output::Cancel(branch, octets) => self.send_cancel(now, key, branch, octets),
                proxy::Output::Forget(branch) => self.forget(key, branch),
                proxy::Output::Relay(branch, response) => self.relay(now, key, branch, &response),
                proxy::Output::Respond(status, octets) => {
                    let octets = self.with_text(key, status, octets);
                    self.note_sent(key, octets.clone());
                    self.answer(now, key, status, octets);
                    self.message_settled(key, status);
                    self.concluded(now, key, status, false);
                }
                proxy::Output::Redirected(branch, response) => self.redirected(now, key, branch, &response),
                proxy::Output::Exhausted(status) => self.exhausted(now, key, status),
                proxy::Output::Ended => self.ended(key),
            }
        }
        self.arm(key);
    }

    /// The answer with the text that a rule gives its status, and what else goes with it.
    fn with_text(&self, key: &Key, status: u16, octets: Bytes) -> Bytes {
        let (Some(proxied), Some(end)) = (self.proxies.get(key), octets.windows(2).position(|two| two == b"\r\n")) else { return octets };
        let of = |said: &Option<Box<(u16, String)>>| said.as_deref().filter(|(of, _)| *of == status).map(|(_, text)| text.clone());
        let (text, adds) = (of(&proxied.says), of(&proxied.adds));
        if text.is_none() && adds.is_none() {
            return octets;
        }
        let mut said = text.map_or_else(|| octets.get(..end).unwrap_or_default().to_vec(), |text| format!("SIP/2.0 {status} {text}").into_bytes());
        if let Some(field) = adds {
            said.extend_from_slice(format!("\r\n{field}").as_bytes());
        }
        said.extend_from_slice(octets.get(end..).unwrap_or_default());
        said.into()
    }

    pub(crate) fn tell(&mut self, now: Instant, key: &Key, input: proxy::Input<Next>) {
        if let Some(proxied) = self.proxies.get_mut(key) {
            proxied.proxy.handle(now, input);
        }
    }

    /// A branch came to nothing.
    fn failed(&mut self, now: Instant, key: &Key, branch: BranchId, status: u16) {
        self.note_status(key, branch, status);
        self.branch_over(key, branch);
        self.tell(now, key, proxy::Input::Failed(branch, status));
    }

    /// A branch of a call came to nothing: its ports go back.
    fn branch_over(&self, key: &Key, branch: BranchId) {
        let proxied = self.proxies.get(key).filter(|proxied| proxied.in_dialog.is_none());
        if let Some(call) = proxied.and_then(|proxied| proxied.call) {
            self.media.branch_ended(call, branch.0);
        }
    }

    fn note_status(&mut self, key: &Key, branch: BranchId, status: u16) {
        if let Some(proxied) = self.proxies.get_mut(key)
            && let (Some(plan), Some(group)) = (&mut proxied.plan, proxied.proxy.group(branch))
        {
            plan.note(group, status);
        }
    }

    fn begin_branch(&mut self, now: Instant, key: &Key, branch: BranchId, next: Next) {
        let Some(proxied) = self.proxies.get_mut(key) else { return };
        let mut way = Way::default();
        let host = match next {
            Next::Device { account, candidates, far, quirks } => {
                (way.account, way.candidates, way.far, way.quirks) = (Some(account), candidates, far, quirks);
                None
            }
            Next::Flow(flow, far) => {
                way.candidates.push_back(Candidate::Flow(flow));
                way.far = far;
                None
            }
            Next::Host(uri) => Some(uri),
            Next::Hop => proxied.proxy.next_hop(branch).map(|uri| uri.without_headers().to_owned()),
        };
        proxied.ways.insert(branch, way);
        match host {
            None => self.send_branch(now, key, branch, 480),
            Some(uri) => {
                let large = proxied.proxy.request().as_bytes().len() > 1000;
                let (resolver, key) = (self.resolver.clone(), key.clone());
                self.locate(now, uri, large, resolver, move |found, host| Input::Located(key, branch, found, host));
            }
        }
    }

    pub(crate) fn located(&mut self, now: Instant, key: &Key, branch: BranchId, mut found: Result<Vec<Location>, Lost>, host: &str) {
        if let Ok(locations) = &mut found {
            self.health.sort(now, locations);
            let datagrams: Vec<SocketAddr> = locations.iter().filter(|one| one.transport == Transport::Udp).map(|one| (one.ip, one.port).into()).collect();
            locations.retain(|one| {
                let both = one.transport == Transport::Tcp && datagrams.contains(&(one.ip, one.port).into());
                !both || !self.peers.quirks(Some(one.ip), host, "").no_tcp
            });
        }
        let quirks = self.peers.quirks(None, host, "");
        if let Err(lost) = &found {
            self.note_lost(key, *lost, host);
        }
        let Some(way) = self.proxies.get_mut(key).and_then(|proxied| proxied.ways.get_mut(&branch)) else { return };
        way.quirks = quirks;
        let status = match found {
            Ok(locations) => {
                way.candidates.extend(locations.into_iter().map(|location| Candidate::Place(location, host.to_owned())));
                503
            }
            Err(_) => 480,
        };
        self.send_branch(now, key, branch, status);
        self.drain_proxy(now, key);
    }

    /// Tells why there is no way to a host: in the ladder of the call, and those who are trusted by the answer.
    fn note_lost(&mut self, key: &Key, lost: Lost, host: &str) {
        let Some(proxied) = self.proxies.get_mut(key) else { return };
        let trusted = proxied.caller.is_some() || self.shared.service.is_near(proxied.flow.address.ip());
        proxied.adds = trusted.then(|| Box::new((480, format!("Warning: 399 postamt \"{lost}\""))));
        if let Some(ladder) = proxied.call.and_then(|call| self.calls.ladder(call)) {
            ladder.note(moment(), "dns", format!("{host}: {lost}"));
        }
    }

    /// Sends a branch by the next way there is; without one it fails.
    fn send_branch(&mut self, now: Instant, key: &Key, branch: BranchId, otherwise: u16) {
        loop {
            let way = self.proxies.get_mut(key).and_then(|proxied| proxied.ways.get_mut(&branch));
            let Some(candidate) = way.and_then(|way| way.candidates.pop_front()) else {
                return self.failed(now, key, branch, otherwise);
            };
            let Some(flow) = self.reach(&candidate) else { continue };
            match self.send_by(now, key, branch, flow) {
                Ok(()) => return,
                Err(status) => return self.failed(now, key, branch, status),
            }
        }
    }

    fn send_by(&mut self, now: Instant, key: &Key, branch: BranchId, flow: Flow) -> Result<(), u16> {
        let sent_by = self.sent_by(&flow);
        let proxied = self.proxies.get(key).ok_or(480_u16)?;
        let (call, dials, incoming, request) = (proxied.of_call(), proxied.dials, proxied.flow, proxied.proxy.request().clone());
        let makes_dialog = dials.is_none() && matches!(request.method(), Method::Invite | Method::Subscribe | Method::Refer);
        let record_route = if proxied.in_dialog.is_none() && makes_dialog { self.record_route(&request, call.unwrap_or_default().as_u128(), &incoming, &flow) } else { Vec::new() };
        let (contact, body) = match dials {
            Some(_) => Some(self.dialling_parts(&flow)).unzip(),
            None => (None, self.offer_body(key, branch, &flow)?),
        };
        let interval = self.sip_settings().session_expires;
        let of_way = self.proxies.get(key).and_then(|proxied| proxied.ways.get(&branch)).map(|way| way.quirks).unwrap_or_default();
        let quirks = of_way.and(self.peers.quirks(Some(flow.address.ip()), "", ""));
        let (service, near) = (self.shared.service.clone(), self.shared.service.is_near(incoming.address.ip()));
        let Some(proxied) = self.proxies.get_mut(key) else { return Ok(()) };
        let (in_dialog, caller) = (proxied.in_dialog.is_some(), proxied.caller.clone());
        // A telephone is nobody who keeps a secret for its caller.
        let keeps_private = proxied.ways.get(&branch).is_none_or(|way| way.account.is_none()) && service.is_near(flow.address.ip());
        let group = proxied.proxy.group(branch);
        let diversions = proxied.plan.as_ref().zip(group).map(|(plan, group)| plan.diversions(group).to_vec()).unwrap_or_default();
        let outgoing = Outgoing { transport: flow.transport, sent_by: &sent_by, random: rand::random(), record_route: &record_route };
        let octets = proxied.proxy.forward(now, branch, &outgoing, |splice| {
            if let Some(body) = &body {
                splice.body(body);
            }
            if let Some(contact) = &contact {
                splice.set(Name::Contact, contact);
            }
            hide(splice, &request, quirks);
            identity::remove_proofs(splice, &request, |realm| service.is_own_name(realm));
            if !in_dialog {
                if !quirks.no_session_timer
                    && let Some(interval) = session::asked(&request, interval)
                {
                    splice.append(Name::SessionExpires, interval);
                }
                put_identity(splice, &request, caller.as_deref(), near, keeps_private);
                for diversion in diversions.iter().rev() {
                    splice.prepend(Name::Diversion, diversion);
                }
            }
        });
        // A branch that was cancelled meanwhile is not sent.
        let Some(octets) = octets else { return Ok(()) };
        let Some(client) = self.endpoint.send(now, flow, octets.clone()) else { return Err(500) };
        if let Some(way) = proxied.ways.get_mut(&branch) {
            way.octets = octets.clone();
            if let Some((_, old)) = way.sent.replace((flow, client.clone())) {
                self.branches.remove(&old);
            }
        }
        self.branches.insert(client, (key.clone(), branch));
        if let Some(ladder) = call.and_then(|call| self.calls.ladder(call)) {
            ladder.sent(moment(), flow, octets);
        }
        Ok(())
    }

    /// The flow of a way: one that is there, or a new connection.
    pub(crate) fn reach(&mut self, candidate: &Candidate) -> Option<Flow> {
        let (location, host) = match candidate {
            Candidate::Flow(flow) => return self.flows.usable(*flow),
            Candidate::Place(location, host) => (location, host),
        };
        let address = SocketAddr::new(location.ip, location.port);
        match location.transport {
            Transport::Udp => self.flows.datagrams_to(address),
            Transport::Tcp | Transport::Tls => self.flows.stream_to(address, location.transport).or_else(|| Some(self.connect(address, location.transport, host.clone()))),
            Transport::Ws | Transport::Wss => None,
        }
    }

    /// A client transaction came to nothing: the next way, or the end of the branch.
    pub(crate) fn try_next(&mut self, now: Instant, client: &Key, status: u16) {
        if let Some((key, branch)) = self.branches.get(client).cloned() {
            self.note_health(now, &key, branch, status, true, None);
        }
        self.try_other(now, client, status);
    }

    fn try_other(&mut self, now: Instant, client: &Key, status: u16) {
        let Some((key, branch)) = self.branches.remove(client) else { return };
        let more = self.proxies.get(&key).is_some_and(|proxied| proxied.proxy.may_try_next(branch) && proxied.ways.get(&branch).is_some_and(|way| !way.candidates.is_empty()));
        if more {
            self.send_branch(now, &key, branch, status);
        } else {
            self.failed(now, &key, branch, status);
        }
        self.drain_proxy(now, &key);
    }

    /// Remembers which other servers do not answer, or cannot.
    fn note_health(&mut self, now: Instant, key: &Key, branch: BranchId, status: u16, failed: bool, retry_after: Option<u32>) {
        let way = self.proxies.get(key).and_then(|proxied| proxied.ways.get(&branch)).filter(|way| way.account.is_none());
        let Some((flow, _)) = way.and_then(|way| way.sent.as_ref()) else { return };
        let target = (flow.address, flow.transport);
        if failed {
            self.health.failed(now, target, status, retry_after);
        } else {
            self.health.answered(target);
        }
    }

    fn send_cancel(&mut self, now: Instant, key: &Key, branch: BranchId, octets: Bytes) {
        let sent = self.proxies.get(key).and_then(|proxied| Some((proxied.of_call(), proxied.ways.get(&branch)?.sent.clone()?)));
        let Some((call, (flow, _))) = sent else { return };
        if let Some(call) = call.and_then(|call| self.calls.get_mut(call)) {
            call.ladder.sent(moment(), flow, octets.clone());
        }
        // Its answer means nothing.
        let _ = self.endpoint.send(now, flow, octets);
    }

    fn forget(&mut self, key: &Key, branch: BranchId) {
        if let Some((_, client)) = self.proxies.get_mut(key).and_then(|proxied| proxied.ways.get_mut(&branch)).and_then(|way| way.sent.take()) {
            self.endpoint.forget(&client);
            self.branches.remove(&client);
        }
    }

    /// A response on a branch.
    pub(crate) fn branch_response(&mut self, now: Instant, key: &Key, branch: BranchId, client: &Key, response: Response) {
        let Some(proxied) = self.proxies.get(key) else { return self.stray_again(now, &response) };
        if let Some(ladder) = proxied.of_call().and_then(|call| self.calls.ladder(call))
            && let Some((flow, _)) = proxied.ways.get(&branch).and_then(|way| way.sent.as_ref())
            && response.status() > 100
        {
            ladder.received(moment(), *flow, response.octets());
        }
        let retry_after = if response.status() == 503 { response.first::<Seconds<'_>>(Name::RetryAfter).ok().flatten().map(|after| after.seconds) } else { None };
        self.note_health(now, key, branch, response.status(), response.status() == 503, retry_after);
        let Some(proxied) = self.proxies.get(key) else { return };
        // The flow of a device that is broken is not its only one, maybe (RFC 5626 §7).
        let elsewhere = |way: &Way| !way.candidates.is_empty() && (response.status() == 503 || response.status() == 430 && way.account.is_some());
        if proxied.proxy.may_try_next(branch) && proxied.ways.get(&branch).is_some_and(elsewhere) {
            return self.try_other(now, client, response.status());
        }
        if response.status() >= 300 {
            self.note_status(key, branch, response.status());
            self.branch_over(key, branch);
        }
        self.tell(now, key, proxy::Input::Response(branch, response));
        self.drain_proxy(now, key);
    }

    /// Passes a response of a branch back.
    fn relay(&mut self, now: Instant, key: &Key, branch: BranchId, response: &Response) {
        let status = response.status();
        if let Some(id) = self.proxies.get(key).and_then(|proxied| proxied.dials).filter(|_| status < 300) {
            if status >= 200 {
                self.picked_up(now, id, key, branch, response);
            }
            return;
        }
        self.note_reached(key, branch, response);
        let body = match self.answer_body(key, branch, response) {
            Ok(body) => body,
            Err(refused) => return self.unusable(now, key, branch, response, refused),
        };
        let octets = proxy::relay(response, |splice| {
            if let Some(body) = &body {
                splice.body(body);
            }
        });
        if status >= 200
            && let Some(proxied) = self.proxies.get_mut(key)
        {
            proxied.plan = None;
        }
        self.note_sent(key, octets.clone());
        self.answer(now, key, status, octets.clone());
        self.progressed(now, key, branch, response, octets);
        if status >= 200 {
            self.message_settled(key, status);
        }
        if status >= 300 {
            self.concluded(now, key, status, true);
        }
    }

    pub(crate) fn note_sent(&mut self, key: &Key, octets: Bytes) {
        if let Some(proxied) = self.proxies.get(key)
            && let Some(ladder) = proxied.call.and_then(|call| self.calls.ladder(call))
        {
            ladder.sent(moment(), proxied.flow, octets);
        }
    }

    pub(crate) fn ended(&mut self, key: &Key) {
        // Nobody is answered who has given up waiting.
        self.message_settled(key, 408);
        let Some(proxied) = self.proxies.remove(key) else { return };
        for way in proxied.ways.values() {
            if let Some((_, client)) = &way.sent {
                self.branches.remove(client);
            }
        }
    }

    /// Whether and where the caller of a call is behind a translator.
    pub(crate) fn caller_end(&self, request: &Request, flow: &Flow, authenticated: bool) -> End {
        let far = nat::is_far_caller(request, flow.address, |ip| own::is_translated(&self.shared.service, ip));
        let direct = request.items(Name::Via).take(2).count() == 1;
        End { flow: *flow, side: self.side(flow, far, authenticated), by_flow: direct && (far || flow.transport.is_reliable()), relay: MediaForce::Auto }
    }

    fn begin_call(&mut self, now: Instant, flow: &Flow, request: &Request, sender: &Sender, near: bool, steps: Vec<String>) -> Uuid {
        let account = sender.subscriber.as_ref().or(sender.claimed.as_ref()).map(|subscriber| (subscriber.account_id, subscriber.domain_id));
        let party = call::caller_party(request, flow, account, sender.subscriber.is_some());
        let mut record = call::begin(request, party, steps.clone());
        let began = self.has_dialled(now, account.map(|(account, _)| account), request).and_then(|id| self.calls.take(id));
        if let Some(began) = &began {
            (record.id, record.started_at) = (began.record.id, began.record.started_at);
        }
        let mut end = self.caller_end(request, flow, sender.subscriber.is_some() || near);
        end.relay = sender.subscriber.as_ref().or(sender.claimed.as_ref()).map_or(MediaForce::Auto, |subscriber| subscriber.settings.media_force);
        let news = if began.is_none() { call::news("call.started", &record) } else { Vec::new() };
        let id = self.calls.add(now, record, end, request);
        let off = !self.keeps_history();
        if let Some(call) = self.calls.get_mut(id) {
            call.ladder = began.map(|began| began.ladder).unwrap_or_default();
            let at = moment();
            call.ladder.off = off;
            call.ladder.received(at, *flow, request.octets());
            for step in steps {
                call.ladder.note(at, "route", step);
            }
            call.ladder.kept = sender.subscriber.as_ref().or(sender.claimed.as_ref()).is_some_and(|subscriber| subscriber.settings.trace_calls);
        }
        self.tell_news(news);
        id
    }
}
