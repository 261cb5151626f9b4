//! Where a request goes from its next hop (RFC 3263, RFC 2782): names to ask for, and the targets that follow from answers.
//!
//! A [`Locator`] is asked for its [`Step`]; whatever it wants to know is looked up, all at once if one likes, and told by
//! [`Locator::answer`]. WebSocket clients are reached by their flow and are never located.

use std::net::IpAddr;

use crate::Uri;
use crate::header::Transport;
use crate::uri::{Scheme, host_ip};

mod order;

pub use order::shuffled;

#[cfg(test)]
mod tests;

/// Most targets of one request, and most names behind them.
const MOST: usize = 20;

/// Where a request may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Location {
    /// The address.
    pub ip: IpAddr,
    /// The port.
    pub port: u16,
    /// How to get there.
    pub transport: Transport,
}

/// A name to be looked up, without the dot at its end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Question {
    /// Its NAPTR records.
    Naptr(String),
    /// Its SRV records.
    Srv(String),
    /// Its A and AAAA records, as far as such addresses can be reached.
    Addresses(String),
}

/// A NAPTR record (RFC 3403 §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naptr {
    /// Lower is tried first.
    pub order: u16,
    /// Lower is tried first among equal orders.
    pub preference: u16,
    /// `s` when the replacement has SRV records.
    pub flags: String,
    /// Such as `SIP+D2U`.
    pub service: String,
    /// The name that comes next.
    pub replacement: String,
}

/// An SRV record (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    /// Lower is tried first.
    pub priority: u16,
    /// How often it is tried first among equal priorities.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host; `.` or empty when there is decidedly none.
    pub target: String,
}

/// What was found; nothing is an empty list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Question::Naptr`].
    Naptr(Vec<Naptr>),
    /// To [`Question::Srv`].
    Srv(Vec<Srv>),
    /// To [`Question::Addresses`].
    Addresses(Vec<IpAddr>),
    /// No server answered.
    Failed,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Look these up.
    Ask(Vec<Question>),
    /// Try these in order, at most twenty.
    Found(Vec<Location>),
    /// There is nowhere to go.
    Lost(Lost),
}

/// Why a request has nowhere to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The name has no addresses.
    #[error("no DNS")]
    Unknown,
    /// No server answered.
    #[error("DNS timeout")]
    Unanswered,
    /// Neither a SIP nor a SIPS URI, or a transport that this server does not use towards others.
    #[error("unsupported transport")]
    Unsupported,
}

/// How a [`Locator`] looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether the request is too large for a datagram: more than 1300 octets (RFC 3261 §18.1.1).
    pub large: bool,
    /// Random bits that share the load among SRV records; the same for all requests of one transaction.
    pub random: u64,
}

/// Finds out where a request goes.
#[derive(Debug, Clone)]
pub struct Locator {
    options: Options,
    start: Start,
    answers: Vec<(Question, Answer)>,
}

/// What a URI says.
#[derive(Debug, Clone)]
enum Start {
    Lost(Lost),
    Address(Location),
    /// A name with a port.
    Host(String, u16, Transport),
    /// A name with a transport.
    Transport(String, Transport),
    /// A name alone.
    Name(String, Transport),
}

impl Locator {
    /// Begins at the URI of the topmost Route, or else at the request URI.
    pub fn new(next_hop: &Uri<'_>, options: Options) -> Self {
        Self {
            options,
            start: start(next_hop),
            answers: Vec::new(),
        }
    }

    /// Tells what was found.
    pub fn answer(&mut self, question: Question, answer: Answer) {
        // No more is ever asked for.
        if self.answers.len() <= 2 * MOST {
            self.answers.push((question, answer));
        }
    }

    /// What comes next.
    pub fn step(&self) -> Step {
        let mut search = Search {
            locator: self,
            missing: Vec::new(),
            found: Vec::new(),
        };
        match &self.start {
            Start::Lost(lost) => return Step::Lost(*lost),
            Start::Address(location) => {
                search.push(location.ip, location.port, location.transport);
            }
            Start::Host(host, port, transport) => search.addresses(host, *port, *transport),
            Start::Transport(host, transport) => {
                search.services(host, *transport, vec![service(*transport, host)]);
            }
            Start::Name(host, transport) => search.name(host, *transport),
        }
        if !search.missing.is_empty() {
            Step::Ask(search.missing)
        } else if !search.found.is_empty() {
            Step::Found(search.found)
        } else if self
            .answers
            .iter()
            .any(|(_, answer)| *answer == Answer::Failed)
        {
            Step::Lost(Lost::Unanswered)
        } else {
            Step::Lost(Lost::Unknown)
        }
    }
}

fn start(uri: &Uri<'_>) -> Start {
    let sips = uri.scheme() == Scheme::Sips;
    let usual = if sips { Transport::Tls } else { Transport::Udp };
    let stated = match uri.param("transport").filter(|name| !name.is_empty()) {
        None => None,
        Some(name) => match (Transport::parse(name), sips) {
            (Some(Transport::Tcp | Transport::Tls), true) => Some(Transport::Tls),
            (Some(it @ (Transport::Udp | Transport::Tcp | Transport::Tls)), false) => Some(it),
            _ => return Start::Lost(Lost::Unsupported),
        },
    };
    if !uri.is_sip() {
        return Start::Lost(Lost::Unsupported);
    }
    let transport = stated.unwrap_or(usual);
    let maddr = uri.param("maddr").filter(|maddr| !maddr.is_empty());
    let host = maddr.unwrap_or(uri.host());
    if let Some(ip) = host_ip(host) {
        let port = uri.port().unwrap_or(transport.default_port());
        return Start::Address(Location {
            ip,
            port,
            transport,
        });
    }
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match (uri.port(), stated) {
        (Some(port), _) => Start::Host(host, port, transport),
        (None, Some(transport)) => Start::Transport(host, transport),
        (None, None) => Start::Name(host, transport),
    }
}

/// The name under which a host offers a transport.
fn service(transport: Transport, host: &str) -> (Transport, String) {
    let prefix = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tls => "_sips._tcp",
        _ => "_sip._tcp",
    };
    (transport, format!("{prefix}.{host}"))
}

/// One walk from the start as far as the answers lead.
struct Search<'a> {
    locator: &'a Locator,
    missing: Vec<Question>,
    found: Vec<Location>,
}

impl<'a> Search<'a> {
    /// The answer, or else the question is noted.
    fn ask(&mut self, question: Question) -> Option<&'a Answer> {
        let answers = &self.locator.answers;
        let found = answers.iter().find(|(asked, _)| *asked == question);
        if found.is_none() && !self.missing.contains(&question) {
            self.missing.push(question);
        }
        found.map(|(_, answer)| answer)
    }

    fn push(&mut self, ip: IpAddr, port: u16, transport: Transport) {
        let large = self.locator.options.large && transport == Transport::Udp;
        for transport in large
            .then_some(Transport::Tcp)
            .into_iter()
            .chain([transport])
        {
            let location = Location {
                ip,
                port,
                transport,
            };
            if self.found.len() < MOST && !self.found.contains(&location) {
                self.found.push(location);
            }
        }
    }

    fn addresses(&mut self, host: &str, port: u16, transport: Transport) {
        if let Some(ip) = host_ip(host) {
            return self.push(ip, port, transport);
        }
        let answer = self.ask(Question::Addresses(host.to_owned()));
        let Some(Answer::Addresses(ips)) = answer else {
            return;
        };
        // Datagrams cannot race each other; more hosts are reached by IPv4.
        let datagrams = transport == Transport::Udp;
        let (first, last): (Vec<&IpAddr>, Vec<&IpAddr>) =
            ips.iter().partition(|ip| ip.is_ipv4() || !datagrams);
        for ip in first.into_iter().chain(last) {
            self.push(*ip, port, transport);
        }
    }

    fn name(&mut self, host: &str, transport: Transport) {
        let Some(answer) = self.ask(Question::Naptr(host.to_owned())) else {
            return;
        };
        let sips = transport == Transport::Tls;
        let records = match answer {
            Answer::Naptr(records) => order::services(records, sips),
            _ => Vec::new(),
        };
        let ours = || {
            let transports: &[Transport] = match (sips, self.locator.options.large) {
                (true, _) => &[Transport::Tls],
                (false, false) => &[Transport::Udp, Transport::Tcp],
                (false, true) => &[Transport::Tcp, Transport::Udp],
            };
            let services = transports.iter();
            services
                .map(|transport| service(*transport, host))
                .collect()
        };
        let services = if records.is_empty() { ours() } else { records };
        self.services(host, transport, services);
    }

    /// Follows SRV records; without any the host itself is meant (RFC 3263 §4.2).
    fn services(&mut self, host: &str, transport: Transport, services: Vec<(Transport, String)>) {
        let mut targets = Vec::new();
        let (mut pending, mut any) = (false, false);
        for (transport, name) in services.into_iter().take(MOST) {
            match self.ask(Question::Srv(name)) {
                Some(Answer::Srv(records)) => {
                    any |= !records.is_empty();
                    let ordered = order::shuffled(records, self.locator.options.random);
                    targets.extend(ordered.into_iter().map(|record| (record, transport)));
                }
                Some(_) => {}
                None => pending = true,
            }
        }
        if pending {
            return;
        }
        if !any {
            return self.addresses(host, transport.default_port(), transport);
        }
        for (record, transport) in targets.into_iter().take(MOST) {
            let target = record.target.trim_end_matches('.').to_ascii_lowercase();
            if !target.is_empty() {
                self.addresses(&target, record.port, transport);
            }
        }
    }
}
