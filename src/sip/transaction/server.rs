use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use types::Machine;

use super::Timers;
use crate::{Method, Request, Writer};

/// How long whoever answers an INVITE may take before a 100 goes out by itself (RFC 3261 §17.2.1).
const TRYING: Duration = Duration::from_millis(200);

/// What happens to a request that was received.
#[derive(Debug, Clone)]
pub enum ServerInput {
    /// The request came again.
    Again,
    /// An ACK with the key of this INVITE came.
    Ack(Request),
    /// Send this response.
    Respond {
        /// Its status code.
        status: u16,
        /// All of it.
        octets: Bytes,
    },
    /// A response could not be sent.
    TransportFailed,
    /// The deadline is reached.
    Tick,
}

/// What a received request wants done.
#[derive(Debug, Clone)]
pub enum ServerOutput {
    /// Send these octets to where the request came from.
    Send(Bytes),
    /// The ACK to a 2xx, for whoever sent that.
    Ack(Request),
    /// No ACK came (timer H), or a request other than INVITE was not answered while its client waits.
    TimedOut,
    /// A response could not be sent.
    TransportFailed,
    /// Nothing more happens; forget the transaction.
    Terminated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Trying and Proceeding: no final response was sent.
    Proceeding,
    /// A final response other than 2xx to an INVITE, or any to another request, was sent.
    Completed,
    /// It was acknowledged.
    Confirmed,
    /// A 2xx to an INVITE was sent (RFC 6026 §7.1).
    Accepted,
    Terminated,
}

/// A request that was received, any but ACK (RFC 3261 §17.2, RFC 6026 §8.5).
#[derive(Debug)]
pub struct ServerTransaction {
    request: Request,
    source: SocketAddr,
    reliable: bool,
    timers: Timers,
    state: State,
    /// The last response.
    last: Option<Bytes>,
    /// When a 100 goes out by itself.
    trying: Option<Instant>,
    /// Before this no provisional response to a request other than INVITE goes out (RFC 4320 §4.1).
    early: Instant,
    /// When to send again, and the interval that led there.
    again: Option<(Instant, Duration)>,
    end: Option<Instant>,
    outputs: VecDeque<ServerOutput>,
}

impl ServerTransaction {
    /// Takes a request that came from `source`.
    pub fn new(
        now: Instant,
        request: Request,
        source: SocketAddr,
        reliable: bool,
        timers: Timers,
    ) -> Self {
        let is_invite = *request.method() == Method::Invite;
        let trying = is_invite.then(|| now + TRYING);
        Self {
            request,
            source,
            reliable,
            timers,
            state: State::Proceeding,
            last: None,
            trying,
            // By then the client's timer E has reached T2.
            early: now + timers.t2,
            again: None,
            // By then the client has given up and wants no answer (RFC 4320 §4.2); an INVITE may ring on.
            end: (!is_invite).then(|| now + timers.long()),
            outputs: VecDeque::new(),
        }
    }

    /// The request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Where it came from.
    pub fn source(&self) -> SocketAddr {
        self.source
    }

    /// Whether a final response has been sent, so that a CANCEL has no effect (RFC 3261 §9.2).
    pub fn is_answered(&self) -> bool {
        self.state != State::Proceeding
    }

    fn is_invite(&self) -> bool {
        *self.request.method() == Method::Invite
    }

    fn again(&mut self) {
        if matches!(self.state, State::Proceeding | State::Completed) {
            self.outputs
                .extend(self.last.clone().map(ServerOutput::Send));
        }
    }

    fn respond(&mut self, now: Instant, status: u16, octets: Bytes) {
        let long = self.timers.long();
        match (self.state, status) {
            (State::Proceeding, ..200) => {
                if !self.is_invite() && (status != 100 || now < self.early) {
                    return;
                }
                self.trying = None;
            }
            (State::Proceeding, 200..300) if self.is_invite() => {
                self.enter(State::Accepted, now + long)
            }
            (State::Proceeding, _) if self.is_invite() => {
                self.enter(State::Completed, now + long);
                self.again = (!self.reliable).then(|| (now + self.timers.t1, self.timers.t1));
            }
            (State::Proceeding, _) => {
                self.enter(
                    State::Completed,
                    now + if self.reliable { Duration::ZERO } else { long },
                );
            }
            // More branches were answered.
            (State::Accepted, 200..300) => {}
            _ => return,
        }
        self.last = Some(octets.clone());
        self.outputs.push_back(ServerOutput::Send(octets));
        if self.reliable && !self.is_invite() && self.state == State::Completed {
            self.terminate();
        }
    }

    fn ack(&mut self, now: Instant, ack: Request) {
        match self.state {
            State::Completed if self.is_invite() => {
                self.enter(State::Confirmed, now + self.timers.t4);
                if self.reliable {
                    self.terminate();
                }
            }
            State::Accepted => self.outputs.push_back(ServerOutput::Ack(ack)),
            _ => {}
        }
    }

    fn enter(&mut self, state: State, end: Instant) {
        self.state = state;
        (self.trying, self.again, self.end) = (None, None, Some(end));
    }

    fn terminate(&mut self) {
        self.state = State::Terminated;
        (self.trying, self.again, self.end, self.last) = (None, None, None, None);
        self.outputs.push_back(ServerOutput::Terminated);
    }

    fn tick(&mut self, now: Instant) {
        if self.end.is_some_and(|end| end <= now) {
            let unanswered = self.state == State::Proceeding;
            if unanswered || self.state == State::Completed && self.is_invite() {
                self.outputs.push_back(ServerOutput::TimedOut);
            }
            self.terminate();
        } else if let Some((_, interval)) = self.again.filter(|(at, _)| *at <= now) {
            let next = interval.saturating_mul(2).min(self.timers.t2);
            self.again = Some((now + next, next));
            self.outputs
                .extend(self.last.clone().map(ServerOutput::Send));
        } else if self.trying.is_some_and(|at| at <= now) {
            let octets = Writer::reply(&self.request, 100, "", "", self.source).finish();
            self.respond(now, 100, octets);
        }
    }
}

impl Machine for ServerTransaction {
    type Input = ServerInput;
    type Output = ServerOutput;

    fn handle(&mut self, now: Instant, input: ServerInput) {
        match input {
            ServerInput::Again => self.again(),
            ServerInput::Ack(ack) => self.ack(now, ack),
            ServerInput::Respond { status, octets } => self.respond(now, status, octets),
            ServerInput::Tick => self.tick(now),
            ServerInput::TransportFailed if self.state == State::Terminated => {}
            ServerInput::TransportFailed => {
                self.outputs.push_back(ServerOutput::TransportFailed);
                self.terminate();
            }
        }
    }

    fn poll(&mut self) -> Option<ServerOutput> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        let again = self.again.map(|(at, _)| at);
        again.into_iter().chain(self.end).chain(self.trying).min()
    }
}
