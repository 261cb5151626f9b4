//! Sends what waits for one destination: finds its hosts, tries them in turn, hands messages over while the connection lasts.

mod envelope;
mod session;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use model::server::{DnsSettings, OutgoingTls, SmtpOutSettings};
use net::{Dns, MailHost, NoHost, Resolver, Rules};
use service::Service;
use service::queue::{Claimed, Tried};
use smtp::client::{Advice, Client, Config, TlsPolicy};
use tokio::sync::{Notify, mpsc};

use crate::destination::Destination;
use session::Session;

/// Recipients claimed at a time; when there are more, another connection may take them.
const WINDOW: i64 = 20;
/// What was sent must be written down, though the database be away for a while.
const PATIENCE: Duration = Duration::from_secs(120);
const AGAIN: Duration = Duration::from_millis(500);
/// Connections in a row to one address that hand nothing over.
const FRUITLESS: u32 = 3;

/// Module and name of a queue.
pub(crate) type Key = (String, String);

/// How the runner reaches one that works for it.
#[derive(Debug, Default)]
pub(crate) struct Hand {
    /// Something new may be due that was not seen yet.
    pub(crate) poked: AtomicBool,
    /// Others wait for their turn: no time for what may come.
    pub(crate) hurry: AtomicBool,
    /// The server stops: nothing new is begun.
    pub(crate) stop: AtomicBool,
    pub(crate) notify: Notify,
}

/// Messages for one transaction.
struct Parcel {
    rows: Vec<Claimed>,
    /// Its connection was lost once.
    retried: bool,
}

/// Works for one remote queue.
pub(crate) struct Outbound {
    pub(crate) service: Service,
    pub(crate) resolver: Resolver,
    settings: SmtpOutSettings,
    /// Nothing leaves this machine.
    pub(crate) loopback_only: bool,
    pub(crate) queue: String,
    pub(crate) hand: Arc<Hand>,
    /// Where to say that there is more than one connection can send.
    pub(crate) more: mpsc::UnboundedSender<Key>,
    waiting: VecDeque<Parcel>,
    /// Recipients claimed in this turn.
    claimed: usize,
}

/// How a connection ended.
enum Visit {
    /// Nothing is left to send, or the connection has done its share.
    Done,
    /// The handshake failed.
    NoTls(String),
    /// Nobody answered.
    Unreachable(String),
    /// The server, or the net, ended it.
    Over { advice: Advice, reply: String, handed: usize },
}

impl Outbound {
    pub(crate) fn new(service: Service, resolver: Resolver, loopback_only: bool, queue: String, more: mpsc::UnboundedSender<Key>) -> Self {
        let settings = service.module_settings().smtp_out.clone();
        Self { service, resolver, settings, loopback_only, queue, hand: Arc::default(), more, waiting: VecDeque::new(), claimed: 0 }
    }

    /// Sends until nothing is due.
    pub(crate) async fn run(mut self) {
        while self.refill().await {
            let reply = match self.hosts().await {
                Ok((hosts, port)) => match self.visit_all(&hosts, port).await {
                    Some(reply) => return self.pause(&reply).await,
                    None => continue,
                },
                Err(NoHost::Dns(text)) => return self.pause(&format!("451 4.4.3 DNS error: {text}")).await,
                Err(NoHost::Null) => format!("556 5.1.10 {} takes no mail", self.queue),
                Err(NoHost::Unknown) => format!("550 5.1.2 {} host unknown", self.queue),
                Err(NoHost::Unusable) => format!("550 5.4.4 {} has no usable address", self.queue),
                Err(NoHost::Loop) => format!("554 5.4.6 {} DNS loop", self.queue),
            };
            self.settle_waiting(|| Tried::Failed(reply.clone())).await;
        }
        self.settle_waiting(|| Tried::Untried(String::new())).await;
    }

    async fn settle_waiting(&mut self, tried: impl Fn() -> Tried) {
        while let Some(parcel) = self.waiting.pop_front() {
            self.settle("", parcel.rows.into_iter().map(|row| (row, tried())).collect()).await;
        }
    }

    /// Claims when nothing is at hand; says whether there is something to send.
    async fn refill(&mut self) -> bool {
        if self.hand.stop.load(Ordering::Acquire) {
            return false;
        }
        if !self.waiting.is_empty() {
            return true;
        }
        let turn = usize::try_from(self.settings.reuse).unwrap_or(1);
        if self.claimed >= turn && self.hand.hurry.load(Ordering::Acquire) {
            // The others first; the runner comes back to this queue.
            self.hand.poked.store(true, Ordering::Release);
            return false;
        }
        self.hand.poked.store(false, Ordering::Release);
        let claimed = match self.service.claim_queue("smtp", &self.queue, WINDOW).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(%error, queue = self.queue, "the queue cannot be read");
                return false;
            }
        };
        if i64::try_from(claimed.len()).is_ok_and(|n| n >= WINDOW) {
            let _ = self.more.send(("smtp".to_owned(), self.queue.clone()));
        }
        self.claimed += claimed.len();
        let most = usize::try_from(self.settings.max_rcpt).unwrap_or(1).max(1);
        for row in claimed {
            match self.waiting.back_mut() {
                Some(last) if last.rows.len() < most && last.rows.first().is_some_and(|first| first.message == row.message) => last.rows.push(row),
                _ => self.waiting.push_back(Parcel { rows: vec![row], retried: false }),
            }
        }
        !self.waiting.is_empty()
    }

    /// The hosts of the destination, and their port.
    async fn hosts(&self) -> Result<(Vec<MailHost>, u16), NoHost> {
        let via = self.settings.relay_via.as_str();
        let destination = Destination::parse(if via.is_empty() { &self.queue } else { via });
        let dns = |error: &dyn std::fmt::Display| NoHost::Dns(error.to_string());
        let servers = servers(&self.service.module_settings().dns);
        if self.loopback_only && (servers.servers.is_empty() || servers.servers.iter().any(|server| !server.ip().is_loopback())) {
            return Err(NoHost::Dns("nobody is asked: the server was started without --allow-outbound".to_owned()));
        }
        self.resolver.configure(&servers).map_err(|error| dns(&error))?;
        let port = destination.port.unwrap_or_else(|| u16::try_from(self.settings.port).unwrap_or(25));
        let rules = Rules {
            own_names: self.service.mail_host().await.map(|host| host.to_string()).into_iter().collect(),
            own_addresses: self.service.own_addresses(port),
            allow_private: self.settings.allow_private,
            seed: rand::random(),
        };
        Ok((self.resolver.mail_hosts(&destination.host, destination.lookup, rules).await?, port))
    }

    /// Tries the hosts in turn until one has taken what is there; otherwise gives the reason of the last.
    async fn visit_all(&mut self, hosts: &[MailHost], port: u16) -> Option<String> {
        let mut last = None;
        for host in hosts {
            for address in &host.addresses {
                if self.loopback_only && !address.is_loopback() {
                    last = Some("451 4.4.1 mail does not leave this machine: the server was started without --allow-outbound".to_owned());
                    continue;
                }
                match self.visit(&host.name, SocketAddr::new(*address, port)).await {
                    Ok(()) => return None,
                    Err((reply, Advice::SuspendIfFirst)) => return Some(reply),
                    Err((reply, _)) => last = Some(reply),
                }
            }
        }
        last.or_else(|| Some("451 4.4.1 no host answers".to_owned()))
    }

    /// Connects to one address as often as it helps.
    async fn visit(&mut self, host: &str, address: SocketAddr) -> Result<(), (String, Advice)> {
        let mut tls = match self.settings.tls {
            OutgoingTls::Nobody => TlsPolicy::Never,
            OutgoingTls::WhenOffered => TlsPolicy::WhenOffered,
            OutgoingTls::Always => TlsPolicy::Required,
        };
        let mut fruitless = 0;
        while !self.waiting.is_empty() && !self.hand.stop.load(Ordering::Acquire) {
            match self.connect(host, address, tls).await {
                Visit::Done => {}
                // One clear try: whoever can break the handshake could have taken the offer away.
                Visit::NoTls(_) if tls == TlsPolicy::WhenOffered => tls = TlsPolicy::Never,
                Visit::NoTls(reply) | Visit::Unreachable(reply) => return Err((reply, Advice::NextHost)),
                Visit::Over { advice: Advice::SuspendIfFirst, reply, handed: 0 } => return Err((reply, Advice::SuspendIfFirst)),
                Visit::Over { advice: Advice::Reconnect | Advice::SuspendIfFirst, reply, handed } => {
                    fruitless = if handed > 0 { 0 } else { fruitless + 1 };
                    if fruitless >= FRUITLESS {
                        return Err((reply, Advice::NextHost));
                    }
                }
                Visit::Over { advice, reply, .. } => return Err((reply, advice)),
            }
        }
        Ok(())
    }

    async fn connect(&mut self, host: &str, address: SocketAddr, tls: TlsPolicy) -> Visit {
        let patience = Duration::from_secs(self.settings.connect_timeout.unsigned_abs());
        let unreachable = |error: &dyn std::fmt::Display| Visit::Unreachable(format!("451 4.4.1 {host} [{}]: {error}", address.ip()));
        let hello = match self.service.mail_host().await {
            Ok(hello) => hello,
            Err(error) => return unreachable(&error),
        };
        let stream = match net::connect(address, patience).await {
            Ok(stream) => stream,
            Err(error) => return unreachable(&error),
        };
        let config = Config { tls, nonce_seed: rand::random(), ..Config::new(&*hello) };
        let mut session = Session::new(self, host);
        let ended = net::drive(stream, &mut Client::new(config), &mut session).await;
        session.close(ended).await
    }

    /// Lets the whole queue wait.
    async fn pause(&mut self, reply: &str) {
        if let Err(error) = self.service.pause_queue("smtp", &self.queue, reply).await {
            tracing::warn!(%error, queue = self.queue, "the queue cannot be paused");
        }
        self.settle_waiting(|| Tried::Untried(reply.to_owned())).await;
    }

    async fn settle(&self, server: &str, tried: Vec<(Claimed, Tried)>) {
        let give_up = Instant::now() + PATIENCE;
        while let Err(error) = self.service.settle_queue(server, tried.clone()).await {
            if Instant::now() > give_up {
                // The claims end by themselves; what was sent is sent again.
                return tracing::error!(%error, queue = self.queue, "what became of a message cannot be written down");
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

fn servers(settings: &DnsSettings) -> Dns {
    Dns { servers: settings.servers.iter().filter_map(|server| Dns::server(server)).collect(), timeout: Duration::from_secs(settings.timeout.unsigned_abs()) }
}
