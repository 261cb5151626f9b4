//! All transactions of one worker: finds the one a message belongs to, opens those of new requests, and keeps the timers.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use types::Machine;

use crate::header::Transport;
use crate::transaction::{
    ClientInput, ClientOutput, ClientTransaction, Key, ServerInput, ServerOutput,
    ServerTransaction, Timers,
};
use crate::{Message, Method, Name, Parsed, Request, Response, Writer};

mod wheel;

use wheel::Wheel;

/// Where a message came from or goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flow {
    /// The listener of datagrams or the connection, in the driver's numbers.
    pub id: u64,
    /// The other side.
    pub address: SocketAddr,
    /// How it travels.
    pub transport: Transport,
}

/// What an [`Endpoint`] is given at its start.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// The times of all timers.
    pub timers: Timers,
    /// Most transactions of received requests; requests inside dialogs have a tenth more.
    pub transactions: usize,
    /// From which tags of answers are made that nobody outside gives: random and secret.
    pub seed: u64,
}

/// What happens to an endpoint; requests are sent by [`Endpoint::send`].
#[derive(Debug, Clone)]
pub enum Input {
    /// Octets came and were read.
    Received(Flow, Parsed),
    /// Answer a request with this status, in these octets.
    Respond(Key, u16, Bytes),
    /// The same, and remember it for so long only instead of 64*T1: not at all for a challenge, so that strangers take no memory
    /// (RFC 3261 §8.2.7, §22.1), briefly for what may as well be answered anew.
    RespondFor(Key, u16, Bytes, Duration),
    /// What was transmitted for this request of ours, or in answer to that of another, could not be sent.
    Failed(Side, Key),
    /// The deadline is reached.
    Tick,
}

/// Which side of a transaction is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// We sent the request.
    Client,
    /// We received it.
    Server,
}

/// What an endpoint wants done.
#[derive(Debug, Clone)]
pub enum Output {
    /// Send these octets, for the transaction if there is one.
    Transmit(Option<(Side, Key)>, Flow, Bytes),
    /// A new request, to be answered by [`Input::Respond`]; neither ACK nor CANCEL.
    Request(Key, Flow, Request),
    /// An ACK that belongs to a 2xx, or to nothing.
    Ack(Flow, Request),
    /// This INVITE, not answered yet, is cancelled; the CANCEL has its 200.
    Cancelled(Key, Request),
    /// A response to a request of ours.
    Response(Key, Response),
    /// A 2xx to an INVITE that is over here (RFC 6026 §8.10): to be passed on by its next Via, or dropped.
    Stray(Flow, Response),
    /// No response came to a request of ours; it counts as a 408.
    TimedOut(Key),
    /// A request of ours could not be sent; it counts as a 503.
    Unreachable(Key),
    /// A received request that came to nothing: our answer was never acknowledged or could not be sent, or none was given
    /// in time.
    Unanswered(Key),
}

#[derive(Debug)]
struct Entry<M> {
    machine: M,
    flow: Flow,
    /// The slot of the wheel that counts.
    armed: Option<u64>,
    since: Instant,
    /// When it is forgotten, however it stands.
    until: Option<Instant>,
}

/// A transaction that lasts, as it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Open<'a> {
    /// Whether its request was sent or received.
    pub side: Side,
    /// Its key.
    pub key: &'a Key,
    /// Where its request came from or went to.
    pub flow: &'a Flow,
    /// Its request.
    pub request: &'a Request,
    /// Whether it has its final response.
    pub answered: bool,
    /// Since when.
    pub since: Instant,
    /// When its next timer is due.
    pub due: Option<Instant>,
}

/// All transactions of one worker (RFC 3261 §17, RFC 6026).
#[derive(Debug)]
pub struct Endpoint {
    config: Config,
    // Boxed: a table of many that are large costs more to grow and to walk than their allocation.
    clients: HashMap<Key, Box<Entry<ClientTransaction>>>,
    servers: HashMap<Key, Box<Entry<ServerTransaction>>>,
    wheel: Wheel<(Side, Key)>,
    outputs: VecDeque<Output>,
    dropped: u64,
}

impl Endpoint {
    /// An endpoint without transactions.
    pub fn new(now: Instant, config: Config) -> Self {
        Self {
            config,
            clients: HashMap::new(),
            servers: HashMap::new(),
            wheel: Wheel::new(now),
            outputs: VecDeque::new(),
            dropped: 0,
        }
    }

    /// Takes other times and limits; transactions that last keep theirs.
    pub fn configure(&mut self, timers: Timers, transactions: usize) {
        (self.config.timers, self.config.transactions) = (timers, transactions);
    }

    /// Sends a request, any but ACK, whose topmost Via has a unique branch. `None` when it is no such request or its branch
    /// is in use.
    pub fn send(&mut self, now: Instant, flow: Flow, octets: Bytes) -> Option<Key> {
        let machine = ClientTransaction::send(
            now,
            octets,
            flow.transport.is_reliable(),
            self.config.timers,
        )?;
        let key = Key::of_request(machine.request()).ok()?;
        let unique = machine
            .request()
            .via()
            .is_ok_and(|via| via.unique_branch().is_some());
        if !unique || *machine.request().method() == Method::Ack || self.clients.contains_key(&key)
        {
            return None;
        }
        self.clients.insert(
            key.clone(),
            Box::new(Entry {
                machine,
                flow,
                armed: None,
                since: now,
                until: None,
            }),
        );
        self.drain_client(&key);
        Some(key)
    }

    /// Forgets a request of ours that was given up though a response may still come, such as a cancelled INVITE (RFC 3261 §9.1).
    pub fn forget(&mut self, key: &Key) {
        self.clients.remove(key);
    }

    /// The request of ours with this key, while its transaction lasts.
    pub fn sent(&self, key: &Key) -> Option<&ClientTransaction> {
        self.clients.get(key).map(|entry| &entry.machine)
    }

    /// The request with this key that was received, while its transaction lasts.
    pub fn received(&self, key: &Key) -> Option<&ServerTransaction> {
        self.servers.get(key).map(|entry| &entry.machine)
    }

    /// Transactions of requests that were sent, and of those that were received.
    pub fn transactions(&self) -> (usize, usize) {
        (self.clients.len(), self.servers.len())
    }

    /// All transactions, in no order.
    pub fn open(&self) -> impl Iterator<Item = Open<'_>> {
        let clients = self.clients.iter().map(|(key, entry)| Open {
            side: Side::Client,
            key,
            flow: &entry.flow,
            request: entry.machine.request(),
            answered: entry.machine.is_answered(),
            since: entry.since,
            due: entry.machine.deadline(),
        });
        let servers = self.servers.iter().map(|(key, entry)| Open {
            side: Side::Server,
            key,
            flow: &entry.flow,
            request: entry.machine.request(),
            answered: entry.machine.is_answered(),
            since: entry.since,
            due: entry.machine.deadline(),
        });
        clients.chain(servers)
    }

    /// Messages that were dropped: malformed ones without an answer and responses to nothing.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn parsed(&mut self, now: Instant, flow: Flow, parsed: Parsed) {
        match parsed {
            Parsed::Message(Message::Request(request)) => self.request(now, flow, request),
            Parsed::Message(Message::Response(response)) => self.response(now, flow, response),
            Parsed::Refused(refused) => {
                let tag = self.tag(&refused.request);
                let octets = Writer::refuse(&refused, &tag, flow.address).finish();
                self.outputs.push_back(Output::Transmit(None, flow, octets));
            }
            Parsed::Dropped(_) => self.dropped += 1,
            Parsed::Nothing => {}
        }
    }

    /// The same for each retransmission, and not to be guessed.
    fn tag(&self, request: &Request) -> String {
        let mut hasher = DefaultHasher::new();
        (
            self.config.seed,
            request.call_id(),
            request.value(Name::CSeq),
            request.value(Name::From),
        )
            .hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    fn request(&mut self, now: Instant, flow: Flow, request: Request) {
        let Ok(key) = Key::of_request(&request) else {
            self.dropped += 1;
            return;
        };
        let is_ack = *request.method() == Method::Ack;
        if let Some(entry) = self.servers.get_mut(&key) {
            let input = if is_ack {
                ServerInput::Ack(request)
            } else {
                ServerInput::Again
            };
            entry.machine.handle(now, input);
            self.drain_server(&key);
        } else if is_ack {
            self.outputs.push_back(Output::Ack(flow, request));
        } else {
            self.new_request(now, flow, key, request);
        }
    }

    fn new_request(&mut self, now: Instant, flow: Flow, key: Key, request: Request) {
        let limit = self.config.transactions;
        let in_dialog = || request.to().is_ok_and(|to| to.tag().is_some());
        let open = self.servers.len();
        if open >= limit && !(in_dialog() && open < limit.saturating_add(limit / 10)) {
            let mut writer = Writer::reply(&request, 503, "", &self.tag(&request), flow.address);
            writer.field(Name::RetryAfter, "5");
            self.outputs
                .push_back(Output::Transmit(None, flow, writer.finish()));
            return;
        }
        let reliable = flow.transport.is_reliable();
        let machine = ServerTransaction::new(
            now,
            request.clone(),
            flow.address,
            reliable,
            self.config.timers,
        );
        self.servers.insert(
            key.clone(),
            Box::new(Entry {
                machine,
                flow,
                armed: None,
                since: now,
                until: None,
            }),
        );
        if *request.method() == Method::Cancel {
            self.cancel(now, flow, &key, request);
        } else {
            self.outputs
                .push_back(Output::Request(key.clone(), flow, request));
        }
        self.drain_server(&key);
    }

    /// A CANCEL is never challenged; so it has to come from where its INVITE came from.
    fn cancel(&mut self, now: Instant, flow: Flow, key: &Key, request: Request) {
        let same_source = |entry: &Entry<_>| {
            let near = entry.flow.address.ip() == flow.address.ip()
                && entry.flow.transport == flow.transport;
            near && (entry.flow.id == flow.id || !flow.transport.is_reliable())
        };
        let invite = Key::of_cancelled(&request).ok();
        let found = invite.filter(|invite| self.servers.get(invite).is_some_and(|entry| same_source(entry)));
        let status = if found.is_some() { 200 } else { 481 };
        let octets =
            Writer::reply(&request, status, "", &self.tag(&request), flow.address).finish();
        self.respond(now, key, status, octets);
        if let Some(invite) = found
            && self
                .servers
                .get(&invite)
                .is_some_and(|entry| !entry.machine.is_answered())
        {
            self.outputs.push_back(Output::Cancelled(invite, request));
        }
    }

    fn respond(&mut self, now: Instant, key: &Key, status: u16, octets: Bytes) {
        if let Some(entry) = self.servers.get_mut(key) {
            entry
                .machine
                .handle(now, ServerInput::Respond { status, octets });
            self.drain_server(key);
        }
    }

    fn respond_for(
        &mut self,
        now: Instant,
        key: Key,
        (status, octets): (u16, Bytes),
        lasting: Duration,
    ) {
        if lasting.is_zero() {
            if let Some(entry) = self.servers.remove(&key) {
                self.outputs
                    .push_back(Output::Transmit(None, entry.flow, octets));
            }
            return;
        }
        self.respond(now, &key, status, octets);
        if let Some(entry) = self.servers.get_mut(&key) {
            entry.until = Some(now + lasting);
            entry.armed = Some(self.wheel.set(now + lasting, (Side::Server, key)));
        }
    }

    fn response(&mut self, now: Instant, flow: Flow, response: Response) {
        let key = Key::of_response(&response);
        if let Some((key, entry)) =
            key.and_then(|key| self.clients.get_mut(&key).map(|entry| (key, entry)))
        {
            entry.machine.handle(now, ClientInput::Response(response));
            self.drain_client(&key);
        } else if (200..300).contains(&response.status())
            && response.cseq().is_ok_and(|cseq| cseq.method == "INVITE")
        {
            self.outputs.push_back(Output::Stray(flow, response));
        } else {
            self.dropped += 1;
        }
    }

    fn drain_client(&mut self, key: &Key) {
        let Some(entry) = self.clients.get_mut(key) else {
            return;
        };
        let mut ended = false;
        while let Some(output) = entry.machine.poll() {
            self.outputs.push_back(match output {
                ClientOutput::Send(octets) => {
                    Output::Transmit(Some((Side::Client, key.clone())), entry.flow, octets)
                }
                ClientOutput::Response(response) => Output::Response(key.clone(), response),
                ClientOutput::TimedOut => Output::TimedOut(key.clone()),
                ClientOutput::TransportFailed => Output::Unreachable(key.clone()),
                ClientOutput::Terminated => {
                    ended = true;
                    continue;
                }
            });
        }
        arm(&mut self.wheel, Side::Client, key, entry);
        if ended {
            self.clients.remove(key);
        }
    }

    fn drain_server(&mut self, key: &Key) {
        let Some(entry) = self.servers.get_mut(key) else {
            return;
        };
        let mut ended = false;
        while let Some(output) = entry.machine.poll() {
            self.outputs.push_back(match output {
                ServerOutput::Send(octets) => {
                    Output::Transmit(Some((Side::Server, key.clone())), entry.flow, octets)
                }
                ServerOutput::Ack(request) => Output::Ack(entry.flow, request),
                ServerOutput::TimedOut | ServerOutput::TransportFailed => {
                    Output::Unanswered(key.clone())
                }
                ServerOutput::Terminated => {
                    ended = true;
                    continue;
                }
            });
        }
        arm(&mut self.wheel, Side::Server, key, entry);
        if ended {
            self.servers.remove(key);
        }
    }

    fn tick(&mut self, now: Instant) {
        while let Some((slot, due)) = self.wheel.due(now) {
            for (side, key) in due {
                match side {
                    Side::Client => {
                        if let Some(entry) = self
                            .clients
                            .get_mut(&key)
                            .filter(|entry| entry.armed == Some(slot))
                        {
                            entry.armed = None;
                            entry.machine.handle(now, ClientInput::Tick);
                            self.drain_client(&key);
                        }
                    }
                    Side::Server => {
                        if let Some(entry) = self
                            .servers
                            .get_mut(&key)
                            .filter(|entry| entry.armed == Some(slot))
                        {
                            entry.armed = None;
                            if entry.until.is_some_and(|until| until <= now) {
                                self.servers.remove(&key);
                                continue;
                            }
                            entry.machine.handle(now, ServerInput::Tick);
                            self.drain_server(&key);
                        }
                    }
                }
            }
        }
    }

    fn failed(&mut self, now: Instant, side: Side, key: &Key) {
        match side {
            Side::Client => {
                if let Some(entry) = self.clients.get_mut(key) {
                    entry.machine.handle(now, ClientInput::TransportFailed);
                    self.drain_client(key);
                }
            }
            Side::Server => {
                if let Some(entry) = self.servers.get_mut(key) {
                    entry.machine.handle(now, ServerInput::TransportFailed);
                    self.drain_server(key);
                }
            }
        }
    }
}

/// Sees to it that the wheel turns no later than the machine's deadline; a later slot that is set already will do no harm.
fn arm<M: Machine>(wheel: &mut Wheel<(Side, Key)>, side: Side, key: &Key, entry: &mut Entry<M>) {
    if let Some(at) = entry.machine.deadline()
        && entry.armed.is_none_or(|slot| wheel.is_before(at, slot))
    {
        entry.armed = Some(wheel.set(at, (side, key.clone())));
    }
}

impl Machine for Endpoint {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Received(flow, parsed) => self.parsed(now, flow, parsed),
            Input::Respond(key, status, octets) => self.respond(now, &key, status, octets),
            Input::RespondFor(key, status, octets, lasting) => {
                self.respond_for(now, key, (status, octets), lasting);
            }
            Input::Failed(side, key) => self.failed(now, side, &key),
            Input::Tick => self.tick(now),
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        self.wheel.deadline()
    }
}

#[cfg(test)]
mod tests;
