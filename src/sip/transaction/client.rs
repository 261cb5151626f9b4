use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use types::Machine;

use super::{Timers, ack};
use crate::{Limits, Message, Method, Parsed, Request, Response, parse};

/// What happens to a request that was sent.
#[derive(Debug, Clone)]
pub enum ClientInput {
    /// A response with its key came.
    Response(Response),
    /// The request or an ACK could not be sent.
    TransportFailed,
    /// The deadline is reached.
    Tick,
}

/// What a sent request wants done.
#[derive(Debug, Clone)]
pub enum ClientOutput {
    /// Send these octets to where the request went.
    Send(Bytes),
    /// A response for whoever sent the request.
    Response(Response),
    /// No response came in time (timer B or F); it counts as a 408.
    TimedOut,
    /// It could not be sent; it counts as a 503.
    TransportFailed,
    /// Nothing more happens; forget the transaction.
    Terminated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Calling of an INVITE, Trying of any other.
    Sent,
    Proceeding,
    /// A final response other than 2xx to an INVITE, or any to another request, has come.
    Completed,
    /// A 2xx to an INVITE has come; more may follow from other branches (RFC 6026 §7.2).
    Accepted,
    Terminated,
}

/// A request of ours or one passed on (RFC 3261 §17.1, RFC 6026 §8.4).
#[derive(Debug)]
pub struct ClientTransaction {
    request: Request,
    octets: Bytes,
    reliable: bool,
    timers: Timers,
    state: State,
    /// When to send again, and the interval that led there.
    again: Option<(Instant, Duration)>,
    end: Option<Instant>,
    ack: Option<Bytes>,
    outputs: VecDeque<ClientOutput>,
}

impl ClientTransaction {
    /// Sends a request, any but ACK, as it is written in `octets`. `None` when they are not a request that can be read.
    pub fn send(now: Instant, octets: Bytes, reliable: bool, timers: Timers) -> Option<Self> {
        let Parsed::Message(Message::Request(request)) = parse(octets.clone(), &Limits::OURS)
        else {
            return None;
        };
        let end = if *request.method() == Method::Invite {
            timers.b
        } else {
            timers.long()
        };
        Some(Self {
            request,
            reliable,
            timers,
            state: State::Sent,
            again: (!reliable).then(|| (now + timers.t1, timers.t1)),
            end: Some(now + end),
            ack: None,
            outputs: VecDeque::from([ClientOutput::Send(octets.clone())]),
            octets,
        })
    }

    /// The request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Whether a provisional response has come and no final one, so that a CANCEL may be sent (RFC 3261 §9.1).
    pub fn may_be_cancelled(&self) -> bool {
        self.is_invite() && self.state == State::Proceeding
    }

    /// Whether a final response has come.
    pub fn is_answered(&self) -> bool {
        !matches!(self.state, State::Sent | State::Proceeding)
    }

    fn is_invite(&self) -> bool {
        *self.request.method() == Method::Invite
    }

    fn response(&mut self, now: Instant, response: Response) {
        let status = response.status();
        match (self.state, status) {
            (State::Sent | State::Proceeding, ..200) => self.provisional(now, response),
            (State::Sent | State::Proceeding, 200..300) if self.is_invite() => {
                self.enter(State::Accepted, now + self.timers.long());
                self.outputs.push_back(ClientOutput::Response(response));
            }
            (State::Sent | State::Proceeding, _) => {
                let rest = match (self.is_invite(), self.reliable) {
                    (_, true) => Duration::ZERO,
                    (true, false) => self.timers.d(),
                    (false, false) => self.timers.t4,
                };
                if self.is_invite() {
                    let ack = ack(&self.request, &response);
                    self.outputs.push_back(ClientOutput::Send(ack.clone()));
                    self.ack = Some(ack);
                }
                self.enter(State::Completed, now + rest);
                self.outputs.push_back(ClientOutput::Response(response));
                if rest.is_zero() {
                    self.terminate();
                }
            }
            (State::Accepted, 200..300) => self.outputs.push_back(ClientOutput::Response(response)),
            (State::Completed, 300..) => self
                .outputs
                .extend(self.ack.clone().map(ClientOutput::Send)),
            _ => {}
        }
    }

    fn provisional(&mut self, now: Instant, response: Response) {
        if self.is_invite() {
            // Now it may ring as long as it likes; a proxy has timer C.
            (self.again, self.end) = (None, None);
        } else if self.state == State::Sent && self.again.is_some() {
            self.again = Some((now + self.timers.t2, self.timers.t2));
        }
        self.state = State::Proceeding;
        self.outputs.push_back(ClientOutput::Response(response));
    }

    fn enter(&mut self, state: State, end: Instant) {
        self.state = state;
        (self.again, self.end) = (None, Some(end));
    }

    fn terminate(&mut self) {
        self.state = State::Terminated;
        (self.again, self.end) = (None, None);
        self.outputs.push_back(ClientOutput::Terminated);
    }

    fn tick(&mut self, now: Instant) {
        if self.end.is_some_and(|end| end <= now) {
            if matches!(self.state, State::Sent | State::Proceeding) {
                self.outputs.push_back(ClientOutput::TimedOut);
            }
            self.terminate();
        } else if let Some((_, interval)) = self.again.filter(|(at, _)| *at <= now) {
            let doubled = interval.saturating_mul(2);
            let next = if self.is_invite() {
                doubled
            } else {
                doubled.min(self.timers.t2)
            };
            self.again = Some((now + next, next));
            self.outputs
                .push_back(ClientOutput::Send(self.octets.clone()));
        }
    }
}

impl Machine for ClientTransaction {
    type Input = ClientInput;
    type Output = ClientOutput;

    fn handle(&mut self, now: Instant, input: ClientInput) {
        match input {
            ClientInput::Response(response) => self.response(now, response),
            ClientInput::Tick => self.tick(now),
            ClientInput::TransportFailed if self.state == State::Terminated => {}
            ClientInput::TransportFailed => {
                self.outputs.push_back(ClientOutput::TransportFailed);
                self.terminate();
            }
        }
    }

    fn poll(&mut self) -> Option<ClientOutput> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        self.again
            .map(|(at, _)| at)
            .into_iter()
            .chain(self.end)
            .min()
    }
}
