//! The sending side.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use sasl::{ClientExchange, Nonces};
use types::Machine;
use types::stream::{Close, Input, Output};

use crate::reply::{Reply, ReplyParser};

mod config;
mod extensions;
mod question;
mod session;
mod transaction;

pub use config::{Config, Timeouts, TlsPolicy};
pub use extensions::Extensions;
pub use question::{
    Advice, Answer, Cause, End, Lack, Outcome, Question, Recipient, RecipientOutcome, Stage,
    Transaction,
};

/// Small pieces are sent together up to this size; pieces above it are sent as they are.
const GATHERED: usize = 16 * 1024;

/// One connection to an SMTP server, carrying one transaction after another.
#[derive(Debug)]
pub struct Client {
    config: Config,
    replies: ReplyParser,
    /// Commands and small pieces that have not been sent.
    unsent: BytesMut,
    outputs: VecDeque<Output<Question>>,
    /// The replies we wait for, in order.
    expected: VecDeque<Expected>,
    asked: Option<Asked>,
    running: Option<transaction::Running>,
    /// Kept while RSET is under way.
    done: Option<Outcome>,
    extensions: Extensions,
    secure: bool,
    exchange: Option<ClientExchange>,
    nonces: Nonces,
    handshake: bool,
    peer_closed: bool,
    closed: bool,
    clock: Option<Clock>,
}

#[derive(Debug, Clone, Copy)]
struct Clock {
    now: Instant,
    /// When we last got ahead.
    progress: Instant,
}

/// A reply that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    Auth,
    Mail,
    Rcpt(usize),
    Data,
    Chunk,
    /// The reply to the whole message, after the dot or the last chunk.
    Message,
    Reset,
    Quit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Next,
    Body,
    Over(Close),
}

impl Expected {
    fn stage(self) -> Stage {
        match self {
            Self::Greeting => Stage::Greeting,
            Self::Ehlo | Self::Helo => Stage::Hello,
            Self::StartTls => Stage::StartTls,
            Self::Auth => Stage::Auth,
            Self::Mail => Stage::Mail,
            Self::Rcpt(_) => Stage::Rcpt,
            Self::Data => Stage::Data,
            Self::Chunk => Stage::Block,
            Self::Message => Stage::End,
            Self::Reset => Stage::Reset,
            Self::Quit => Stage::Quit,
        }
    }
}

impl Client {
    /// Makes the machine of one connection.
    pub fn new(config: Config) -> Self {
        Self {
            secure: config.tls == TlsPolicy::Implicit,
            nonces: Nonces::new(config.nonce_seed),
            config,
            replies: ReplyParser::default(),
            unsent: BytesMut::new(),
            outputs: VecDeque::new(),
            expected: VecDeque::new(),
            asked: None,
            running: None,
            done: None,
            extensions: Extensions::default(),
            exchange: None,
            handshake: false,
            peer_closed: false,
            closed: false,
            clock: None,
        }
    }

    /// What we wait for now.
    fn stage(&self) -> Stage {
        match self.expected.front() {
            Some(expected) => expected.stage(),
            None if self.handshake => Stage::StartTls,
            None if self.running.is_some() => Stage::Block,
            None => Stage::Idle,
        }
    }

    fn timeout(&self) -> Duration {
        let timeouts = &self.config.timeouts;
        match self.stage() {
            Stage::Greeting => timeouts.greeting,
            Stage::Hello | Stage::StartTls | Stage::Auth | Stage::Idle | Stage::Reset => {
                timeouts.hello
            }
            Stage::Mail => timeouts.mail,
            Stage::Rcpt => timeouts.rcpt,
            Stage::Data => timeouts.data,
            Stage::Block => timeouts.block,
            Stage::End => timeouts.end,
            Stage::Quit => timeouts.quit,
        }
    }

    /// Reads the replies that are there, then sends what has gathered.
    fn advance(&mut self) {
        while self.asked.is_none() && !self.closed {
            match self.replies.next_reply() {
                Ok(Some(reply)) => self.reply(reply),
                Ok(None) if self.peer_closed => self.lost(Cause::Closed),
                Ok(None) => break,
                Err(_) => self.lost(Cause::Protocol),
            }
        }
        if !matches!(self.asked, Some(Asked::Body)) {
            self.flush();
        }
    }

    fn reply(&mut self, reply: Reply) {
        if let Some(clock) = &mut self.clock {
            clock.progress = clock.now;
        }
        let expected = self.expected.pop_front();
        if reply.code == 421 && expected != Some(Expected::Quit) {
            return self.over(End::Closing(reply));
        }
        let Some(expected) = expected.filter(|_| !self.handshake) else {
            return self.lost_at(Stage::Idle, Cause::Protocol);
        };
        match expected {
            Expected::Greeting => self.greeted(reply),
            Expected::Ehlo | Expected::Helo => self.hello_answered(expected, reply),
            Expected::StartTls => self.start_tls_answered(reply),
            Expected::Auth => self.auth_answered(reply),
            Expected::Mail
            | Expected::Rcpt(_)
            | Expected::Data
            | Expected::Chunk
            | Expected::Message => {
                self.transaction_answered(expected, reply);
            }
            Expected::Reset if reply.is_positive() => self.next_transaction(),
            Expected::Reset => self.lost_at(Stage::Reset, Cause::Protocol),
            Expected::Quit => self.close(Close::Done),
        }
    }

    fn answered(&mut self, answer: Answer) {
        match (self.asked.take(), answer) {
            (Some(Asked::Next), Answer::Transaction(transaction)) => self.begin(*transaction),
            (Some(Asked::Next), _) => self.command("QUIT\r\n", Expected::Quit),
            (Some(Asked::Body), Answer::Piece { bytes, last }) => self.piece(bytes, last),
            // A message that cannot be read to its end must not look complete to the server.
            (Some(Asked::Body), _) => self.lost_at(Stage::Block, Cause::Closed),
            (Some(Asked::Over(why)), _) => self.close(why),
            (None, _) => {}
        }
    }

    /// Asks for the next transaction, saying what became of the one before.
    fn next_transaction(&mut self) {
        self.flush();
        let question = Question::Next {
            done: self.done.take(),
            extensions: self.extensions.clone(),
        };
        self.asked = Some(Asked::Next);
        self.outputs.push_back(Output::Ask(question));
    }

    fn lost(&mut self, cause: Cause) {
        // Nobody is sorry for a connection that breaks at the good-bye.
        if self.stage() == Stage::Quit {
            return self.close(Close::Done);
        }
        self.lost_at(self.stage(), cause);
    }

    fn lost_at(&mut self, stage: Stage, cause: Cause) {
        self.over(End::Lost { stage, cause });
    }

    /// Tells the queue runner how it ended; the connection closes when it has been noted.
    fn over(&mut self, end: End) {
        let under_way = self.running.take().is_some();
        let done = self.done.take().or_else(|| match &end {
            _ if !under_way => None,
            End::Closing(reply) => Some(Outcome::SuspendMessage(reply.clone())),
            End::Lost { cause, .. } => Some(Outcome::RetryMessage(*cause)),
            End::Refused { reply, .. } => Some(Outcome::SuspendMessage(reply.clone())),
            End::Unsuitable(_) => None,
        });
        let why = match &end {
            End::Lost {
                cause: Cause::Timeout,
                ..
            } => Close::Timeout,
            End::Lost {
                cause: Cause::Protocol,
                ..
            } => Close::Fault,
            _ => Close::Done,
        };
        self.expected.clear();
        if matches!(end, End::Refused { .. } | End::Unsuitable(_)) {
            self.unsent.extend_from_slice(b"QUIT\r\n");
        }
        self.flush();
        self.asked = Some(Asked::Over(why));
        self.outputs
            .push_back(Output::Ask(Question::Over { done, end }));
    }

    fn close(&mut self, why: Close) {
        self.flush();
        self.closed = true;
        self.outputs.push_back(Output::Close(why));
    }

    fn command(&mut self, line: &str, expected: Expected) {
        self.unsent.extend_from_slice(line.as_bytes());
        self.expected.push_back(expected);
    }

    /// Sends octets, small ones together.
    fn send(&mut self, bytes: Bytes) {
        if bytes.len() < GATHERED / 4 {
            self.unsent.extend_from_slice(&bytes);
        } else {
            self.flush();
            self.outputs.push_back(Output::Send(bytes));
        }
        if self.unsent.len() >= GATHERED {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.unsent.is_empty() {
            self.outputs
                .push_back(Output::Send(self.unsent.split().freeze()));
        }
    }
}

impl Machine for Client {
    type Input = Input<Answer, Infallible>;
    type Output = Output<Question>;

    fn handle(&mut self, now: Instant, input: Self::Input) {
        if self.closed {
            return;
        }
        let mut clock = self.clock.unwrap_or(Clock { now, progress: now });
        clock.now = now;
        if matches!(input, Input::Connected | Input::Answer(_) | Input::TlsReady) {
            clock.progress = now;
        }
        self.clock = Some(clock);
        match input {
            Input::Connected => self.expected.push_back(Expected::Greeting),
            // Clear text where the handshake should be (RFC 3207 §4.2).
            Input::Received(_) if self.handshake => self.lost(Cause::Protocol),
            Input::Received(bytes) => self.replies.push(bytes),
            Input::Closed => self.peer_closed = true,
            Input::Answer(answer) => self.answered(answer),
            Input::Notice(never) => match never {},
            Input::TlsReady => self.tls_ready(),
            Input::Tick if self.deadline().is_some_and(|deadline| now >= deadline) => {
                self.lost(Cause::Timeout)
            }
            Input::Tick => {}
        }
        self.advance();
    }

    fn poll(&mut self) -> Option<Self::Output> {
        self.outputs.pop_front()
    }

    /// When the reply that is due comes too late; none while the shell owes an answer.
    fn deadline(&self) -> Option<Instant> {
        let clock = self
            .clock
            .filter(|_| self.asked.is_none() && !self.closed)?;
        Some(clock.progress + self.timeout())
    }
}

#[cfg(test)]
mod tests;
