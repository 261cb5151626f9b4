//! Finding out where a URI leads (RFC 3263), with the resolver of the server.

use std::net::SocketAddr;
use std::time::Instant;

use net::{DnsError, Resolver};
use sip::Uri;
use sip::endpoint::Flow;
use sip::header::Transport;
use sip::locate::{Answer, Location, Locator, Lost, Naptr, Options, Question, Srv, Step};

use crate::flow::{open_stream, outgoing};
use crate::peers::Peers;
use crate::switch::{Input, Switch, Task};

/// Most places that are tried.
const MOST: usize = 20;

async fn locate(uri: &str, large: bool, resolver: &Resolver, peers: &Peers) -> Result<Vec<Location>, Lost> {
    let uri = Uri::parse(uri.as_bytes()).map_err(|_| Lost::Unsupported)?;
    let Some(routes) = peers.route(&uri, rand::random()) else { return by_names(&uri, large, resolver).await };
    let (mut found, mut lost) = (Vec::new(), Lost::Unknown);
    for route in routes {
        let uri = Uri::parse(route.as_bytes()).map_err(|_| Lost::Unsupported)?;
        match by_names(&uri, large, resolver).await {
            Ok(locations) => found.extend(locations),
            Err(fault) => lost = fault,
        }
    }
    found.truncate(MOST);
    if found.is_empty() { Err(lost) } else { Ok(found) }
}

async fn by_names(uri: &Uri<'_>, large: bool, resolver: &Resolver) -> Result<Vec<Location>, Lost> {
    let mut locator = Locator::new(uri, Options { large, random: rand::random() });
    loop {
        match locator.step() {
            Step::Found(locations) => return Ok(locations),
            Step::Lost(lost) => return Err(lost),
            Step::Ask(questions) => {
                for question in questions {
                    let answer = look_up(&question, resolver).await;
                    locator.answer(question, answer);
                }
            }
        }
    }
}

async fn look_up(question: &Question, resolver: &Resolver) -> Answer {
    fn found<T>(answer: Result<Vec<T>, DnsError>, make: impl Fn(Vec<T>) -> Answer) -> Answer {
        match answer {
            Ok(list) => make(list),
            Err(DnsError::NoName) => make(Vec::new()),
            Err(DnsError::Failed(_)) => Answer::Failed,
        }
    }
    match question {
        Question::Naptr(name) => found(resolver.naptr(name).await, |list| {
            Answer::Naptr(list.into_iter().map(|one| Naptr { order: one.order, preference: one.preference, flags: one.flags, service: one.service, replacement: one.replacement }).collect())
        }),
        Question::Srv(name) => found(resolver.services(name).await, |list| {
            Answer::Srv(list.into_iter().map(|one| Srv { priority: one.priority, weight: one.weight, port: one.port, target: one.target }).collect())
        }),
        Question::Addresses(name) => found(resolver.addresses(name).await, Answer::Addresses),
    }
}

impl Switch {
    /// Asks where a URI leads; the answer comes as an input, as the next one when nobody has to be asked.
    pub(crate) fn locate(&mut self, _now: Instant, uri: String, large: bool, resolver: Resolver, told: impl FnOnce(Result<Vec<Location>, Lost>, String) -> Input + Send + 'static) {
        let peers = self.peers.clone();
        let mut task: Task = Box::pin(async move {
            let found = locate(&uri, large, &resolver, &peers).await;
            let host = Uri::parse(uri.as_bytes()).map(|uri| uri.host().to_owned()).unwrap_or_default();
            told(found, host)
        });
        match self.try_now(&mut task) {
            Some(done) => self.ready.push_back(done),
            None => self.tasks.push(task),
        }
    }

    /// Opens a connection; what is sent meanwhile waits in it.
    pub(crate) fn connect(&mut self, address: SocketAddr, transport: Transport, host: String) -> Flow {
        let flow = Flow { id: crate::next_flow(), address, transport };
        let (sender, waiting) = outgoing();
        self.flows.add_stream(flow, sender);
        self.common.spawn(open_stream(flow, host, waiting, self.inputs.clone()));
        flow
    }
}
