//! A driver with virtual time that plays upstream and downstream; what is sent is noted in words.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use types::Machine;

use super::super::*;
use crate::endpoint::{self, Endpoint, Flow, Side};
use crate::header::Transport;
use crate::transaction::{Key, Timers};
use crate::{Limits, Message, Method, Name, Parsed, Writer, parse};

pub(super) const INVITE: &str = "INVITE sip:bob@biloxi.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.1:5066;branch=z9hG4bKnashds8;rport\r\nMax-Forwards: 12\r\n\
    To: Bob <sip:bob@biloxi.com>\r\nFrom: Alice <sip:alice@atlanta.com>;tag=19\r\nCall-ID: a84b4c76e66710\r\n\
    CSeq: 7 INVITE\r\nContact: <sip:alice@192.0.2.1>\r\nContent-Length: 0\r\n\r\n";

pub(super) fn secret() -> Secret {
    Secret::new([7; 16])
}

pub(super) fn octets(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

pub(super) fn request(text: &str) -> Request {
    match parse(octets(text), &Limits::OURS) {
        Parsed::Message(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

pub(super) fn is_own(uri: &Uri<'_>) -> bool {
    uri.host() == "proxy.example.com"
}

/// The flow of a place: 0 is upstream, branch n is at n + 1.
fn flow(id: u64) -> Flow {
    Flow {
        id,
        address: format!("192.0.2.{}:5066", id + 1).parse().unwrap(),
        transport: Transport::Udp,
    }
}

pub(super) struct Play {
    pub(super) endpoint: Endpoint,
    pub(super) proxy: Proxy<u16>,
    start: Instant,
    pub(super) now: Instant,
    done: Vec<String>,
    /// Which branch a sent request belongs to.
    keys: HashMap<Key, BranchId>,
    /// The INVITE and the CANCEL of each branch as they were sent last.
    pub(super) sent: HashMap<BranchId, Request>,
    pub(super) cancels: HashMap<BranchId, Request>,
    /// What went upstream last.
    pub(super) last: String,
    /// How many more flows lead to each target.
    flows: HashMap<BranchId, u16>,
    /// All final answers that were given.
    pub(super) finals: Vec<u16>,
    pub(super) ended: u32,
    pub(super) exhausted: bool,
    pub(super) redirected: Vec<BranchId>,
    random: u64,
}

impl Play {
    pub(super) fn new(text: &str) -> Self {
        Self::with(text, Config::default())
    }

    pub(super) fn with(text: &str, config: Config) -> Self {
        let start = Instant::now();
        let endpoint = endpoint::Config {
            timers: Timers::default(),
            transactions: 10,
            seed: 1,
        };
        let mut endpoint = Endpoint::new(start, endpoint);
        let received = parse(octets(text), &Limits::DATAGRAM);
        endpoint.handle(start, endpoint::Input::Received(flow(0), received));
        let Some(endpoint::Output::Request(key, from, request)) = endpoint.poll() else {
            panic!("no request");
        };
        let checked = check(&request, &secret(), &[]).unwrap();
        let routing = Routing::new(&request, is_own).unwrap();
        let proxy = Proxy::new(request, key, from.address, checked, routing, config);
        Self {
            endpoint,
            proxy,
            start,
            now: start,
            done: Vec::new(),
            keys: HashMap::new(),
            sent: HashMap::new(),
            cancels: HashMap::new(),
            last: String::new(),
            flows: HashMap::new(),
            finals: Vec::new(),
            ended: 0,
            exhausted: false,
            redirected: Vec::new(),
            random: 0,
        }
    }

    pub(super) fn input(&mut self, input: Input<u16>) -> &mut Self {
        self.proxy.handle(self.now, input);
        self.drain();
        self
    }

    /// Adds targets: user and preference; `next` counts further flows.
    pub(super) fn add(&mut self, targets: &[(&str, u16, u32)]) -> &mut Self {
        let target = |(user, q, group): &(&str, u16, u32)| {
            let mut target = Target::new(&format!("sip:{user}@192.0.2.99"), 0).unwrap();
            (target.q, target.group) = (*q, *group);
            target
        };
        self.input(Input::Add(targets.iter().map(target).collect()))
    }

    fn drain(&mut self) {
        loop {
            if let Some(output) = self.endpoint.poll() {
                self.endpoint_output(output);
            } else if let Some(output) = self.proxy.poll() {
                self.proxy_output(output);
            } else {
                return;
            }
        }
    }

    fn proxy_output(&mut self, output: Output<u16>) {
        match output {
            Output::Branch(id, flows) => {
                self.flows.insert(id, flows);
                assert!(self.send(id));
            }
            Output::Cancel(id, octets) => {
                let parsed = self.proxy_sent(&octets);
                self.cancels.insert(id, parsed);
                let flow = flow(u64::from(id.0) + 1);
                assert!(self.endpoint.send(self.now, flow, octets).is_some());
            }
            Output::Forget(id) => {
                let mut keys = self.keys.iter();
                while let Some((key, _)) = keys.find(|(_, branch)| **branch == id) {
                    self.endpoint.forget(key);
                }
            }
            Output::Relay(_, response) => {
                self.respond(response.status(), relay(&response, |_| ()));
            }
            Output::Respond(status, octets) => self.respond(status, octets),
            Output::Redirected(id, _) => {
                self.redirected.push(id);
                self.done.push(format!("redirected {}", id.0));
            }
            Output::Exhausted(status) => {
                self.exhausted = true;
                self.done.push(format!("exhausted {status}"));
            }
            Output::Ended => {
                self.ended += 1;
                self.done.push("ended".into());
            }
        }
    }

    fn proxy_sent(&self, octets: &Bytes) -> Request {
        request(std::str::from_utf8(octets).unwrap())
    }

    fn respond(&mut self, status: u16, octets: Bytes) {
        if status >= 200 {
            self.finals.push(status);
        }
        let key = self.proxy.key().clone();
        self.endpoint
            .handle(self.now, endpoint::Input::Respond(key, status, octets));
    }

    /// Sends a branch by its next flow.
    fn send(&mut self, id: BranchId) -> bool {
        self.random += 1;
        let outgoing = Outgoing {
            transport: Transport::Udp,
            sent_by: "proxy.example.com:5060",
            random: self.random,
            record_route: &[],
        };
        let Some(octets) = self.proxy.forward(self.now, id, &outgoing, |_| ()) else {
            return false;
        };
        let parsed = self.proxy_sent(&octets);
        self.sent.insert(id, parsed);
        let flow = flow(u64::from(id.0) + 1);
        let key = self.endpoint.send(self.now, flow, octets).unwrap();
        self.keys.insert(key, id);
        true
    }

    /// Tries the next flow of a branch if there is one.
    fn next_flow(&mut self, id: BranchId) -> bool {
        let left = self.flows.get_mut(&id).filter(|left| **left > 0);
        let Some(left) = left else {
            return false;
        };
        *left -= 1;
        self.send(id)
    }

    fn endpoint_output(&mut self, output: endpoint::Output) {
        match output {
            endpoint::Output::Transmit(_, flow, octets) => {
                let text = String::from_utf8_lossy(&octets).into_owned();
                let word = text.strip_prefix("SIP/2.0 ").unwrap_or(&text);
                let word = word.split(' ').next().unwrap().to_owned();
                if flow.id == 0 {
                    self.done.push(format!("< {word}"));
                    self.last = text;
                } else {
                    self.done.push(format!("{word} {}", flow.id - 1));
                }
            }
            endpoint::Output::Response(key, response) => {
                let Some(id) = self.keys.get(&key).copied() else {
                    return;
                };
                if response.status() == 503 && self.next_flow(id) {
                    return;
                }
                self.input(Input::Response(id, response));
            }
            endpoint::Output::TimedOut(key) => self.failed(&key, 408),
            endpoint::Output::Unreachable(key) => self.failed(&key, 503),
            endpoint::Output::Cancelled(_, cancel) => {
                self.input(Input::Cancelled(cancel));
            }
            endpoint::Output::Unanswered(_) => {
                self.input(Input::Abandoned);
            }
            endpoint::Output::Stray(..) => self.done.push("stray".into()),
            endpoint::Output::Ack(..) => self.done.push("ack".into()),
            endpoint::Output::Request(..) => panic!("another request"),
        }
    }

    fn failed(&mut self, key: &Key, status: u16) {
        if let Some(id) = self.keys.get(key).copied()
            && !self.next_flow(id)
        {
            self.input(Input::Failed(id, status));
        }
    }

    /// A branch answers with these further fields.
    pub(super) fn answer_with(
        &mut self,
        branch: u32,
        status: u16,
        fields: &[(Name, &str)],
    ) -> &mut Self {
        let request = self.sent[&BranchId(branch)].clone();
        let flow = flow(u64::from(branch) + 1);
        let tag = format!("b{branch}");
        let mut writer = Writer::reply(&request, status, "", &tag, flow.address);
        for (name, value) in fields {
            writer.field(*name, value);
        }
        let parsed = parse(writer.finish(), &Limits::DATAGRAM);
        self.endpoint
            .handle(self.now, endpoint::Input::Received(flow, parsed));
        self.drain();
        self
    }

    pub(super) fn answer(&mut self, branch: u32, status: u16) -> &mut Self {
        self.answer_with(branch, status, &[])
    }

    /// A branch cannot be reached.
    pub(super) fn unreachable(&mut self, branch: u32) -> &mut Self {
        let key = Key::of_request(&self.sent[&BranchId(branch)]).unwrap();
        self.endpoint
            .handle(self.now, endpoint::Input::Failed(Side::Client, key));
        self.drain();
        self
    }

    /// Upstream follows its INVITE with an ACK or a CANCEL.
    pub(super) fn follow(&mut self, method: &Method, fields: &str) -> &mut Self {
        let text = String::from_utf8(self.proxy.request().as_bytes().to_vec()).unwrap();
        let text = text
            .replace("INVITE", method.name())
            .replace("Content-Length", &format!("{fields}Content-Length"));
        let parsed = parse(octets(&text), &Limits::DATAGRAM);
        self.endpoint
            .handle(self.now, endpoint::Input::Received(flow(0), parsed));
        self.drain();
        self
    }

    pub(super) fn until(&mut self, millis: u64) -> &mut Self {
        let end = self.start + Duration::from_millis(millis);
        while let Some(at) = [self.endpoint.deadline(), self.proxy.deadline()]
            .into_iter()
            .flatten()
            .min()
            .filter(|at| *at <= end)
        {
            self.now = self.now.max(at);
            self.endpoint.handle(self.now, endpoint::Input::Tick);
            self.drain();
            self.input(Input::Tick);
        }
        self.now = end;
        self
    }

    /// What was done since it was asked last; retransmissions and what keeps transactions alive are left out with `tidy`.
    pub(super) fn done(&mut self) -> String {
        std::mem::take(&mut self.done).join(", ")
    }
}
