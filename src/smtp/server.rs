//! The receiving side.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use sasl::{Nonces, ServerExchange};
use types::Machine;
use types::stream::{Close, Input, Output};

use crate::buffer::{Buffer, TooLong};
use crate::command::{Command, CommandError};
use crate::incoming::Incoming;
use crate::reply::Reply;

mod auth;
mod config;
mod hello;
mod message;
mod question;
mod replies;
mod transaction;

pub use config::{Config, PeerClass, Protocol, Tls};
pub use question::{Answer, Destination, Hello, Notice, Question, Sender};

/// Longest command line in octets; that of AUTH with an initial response (RFC 4954 §4).
const MAX_LINE: usize = sasl::MAX_LINE + 40;
/// Most octets that are kept while a reply is held back.
const MAX_PENDING: usize = 256 * 1024;
/// Longest tar delay.
const MAX_TAR: u32 = 10;

/// One connection of an SMTP, submission or LMTP server.
#[derive(Debug)]
pub struct Server {
    config: Config,
    input: Buffer,
    /// Replies that have not been sent; those of pipelined commands leave together (RFC 2920 §3.2).
    replies: BytesMut,
    outputs: VecDeque<Output<Question>>,
    mode: Mode,
    asked: Option<Asked>,
    /// Replies are held back until then.
    held_until: Option<Instant>,
    closing: Option<Close>,
    draining: bool,
    clock: Option<Clock>,
    hello: Option<Hello>,
    secure: bool,
    authenticated: bool,
    exchange: Option<ServerExchange>,
    transaction: Option<Transaction>,
    nonces: Nonces,
    points: u32,
    failed_logins: u32,
    messages: usize,
}

#[derive(Debug, Clone, Copy)]
struct Clock {
    now: Instant,
    started: Instant,
    active: Instant,
}

/// What the next input is.
#[derive(Debug)]
enum Mode {
    /// Nothing yet, or only noise before the banner.
    Greeting,
    Command,
    /// A line of the open exchange.
    Auth,
    /// The message, up to its dot.
    Data,
    /// The message, by count.
    Bdat(message::Chunk),
    /// Nothing: the message is complete and has to be handed over.
    Ending,
    /// The TLS handshake, which is not ours.
    Handshake,
    Closed,
}

/// The question that is open, and what its answer is needed for.
#[derive(Debug)]
enum Asked {
    Authenticate,
    Hello(Hello),
    Sender {
        address: String,
        transaction: Transaction,
    },
    Recipient {
        address: String,
    },
    Begin(Option<message::Chunk>),
    Piece,
    End,
    Discard(Then),
}

/// What happens after a message has been forgotten.
#[derive(Debug)]
enum Then {
    Reply(Reply),
    /// The reply to the message itself.
    Refuse(Reply),
    Greet(Hello),
}

/// One message on its way.
#[derive(Debug)]
struct Transaction {
    utf8: bool,
    null_sender: bool,
    /// Accepted recipients.
    recipients: usize,
    /// Whether a recipient was refused.
    refused: bool,
    message: Option<Message>,
}

#[derive(Debug)]
struct Message {
    incoming: Incoming,
    /// The shell could not take a piece of it.
    refusal: Option<Reply>,
}

impl Server {
    /// Makes the machine of one accepted connection.
    pub fn new(config: Config) -> Self {
        Self {
            secure: config.tls == Tls::Implicit,
            nonces: Nonces::new(config.nonce_seed),
            config,
            input: Buffer::default(),
            replies: BytesMut::new(),
            outputs: VecDeque::new(),
            mode: Mode::Greeting,
            asked: None,
            held_until: None,
            closing: None,
            draining: false,
            clock: None,
            hello: None,
            authenticated: false,
            exchange: None,
            transaction: None,
            points: 0,
            failed_logins: 0,
            messages: 0,
        }
    }

    fn connected(&mut self, now: Instant) {
        if let Some(refusal) = self.config.refusal.take() {
            return self.reply_and_close(&refusal, Close::Done);
        }
        let delay = self.config.prompt_delay;
        if !delay.is_zero() && self.config.class == PeerClass::Other {
            self.held_until = Some(now + delay);
        } else {
            self.banner();
        }
    }

    fn banner(&mut self) {
        self.mode = Mode::Command;
        let text = self.config.banner.clone().into();
        self.reply(&Reply {
            code: 220,
            enhanced: None,
            text,
        });
    }

    fn received(&mut self, bytes: Bytes) {
        match self.mode {
            Mode::Closed => {}
            // Clear text where the handshake should be: nobody can be told.
            Mode::Handshake => self.closing = Some(Close::Fault),
            Mode::Greeting => {
                self.held_until = None;
                self.reply_and_close(&replies::EARLY_TALKER, Close::Fault);
            }
            _ => {
                self.input.push(bytes);
                if self.held_until.is_some() && self.input.len() > MAX_PENDING {
                    self.held_until = None;
                    self.reply_and_close(&replies::TOO_MUCH_PENDING, Close::Fault);
                }
            }
        }
    }

    fn tls_ready(&mut self) {
        if !matches!(self.mode, Mode::Handshake) {
            return;
        }
        // RFC 3207 §4.2: both sides forget what was said in the clear.
        self.mode = Mode::Command;
        self.secure = true;
        self.authenticated = false;
        self.hello = None;
    }

    fn tick(&mut self, clock: Clock) {
        if let Some(until) = self.held_until {
            if clock.now >= until {
                self.held_until = None;
                if matches!(self.mode, Mode::Greeting) {
                    self.banner();
                }
            }
            return;
        }
        let Some(deadline) = self.deadline().filter(|deadline| clock.now >= *deadline) else {
            return;
        };
        if !matches!(self.mode, Mode::Handshake) {
            let idle = deadline == clock.active + self.config.idle_timeout;
            self.reply(if idle {
                &replies::IDLE
            } else {
                &replies::TOO_OLD
            });
        }
        self.closing = Some(Close::Timeout);
    }

    /// Goes on until something from outside is needed, then sends what has gathered.
    fn advance(&mut self) {
        while self.is_free() && self.step() {}
        let between_messages = matches!(self.mode, Mode::Command) && self.transaction.is_none();
        if self.draining && self.is_free() && between_messages {
            let text = format!("{} service not available", self.config.hostname);
            let reply = Reply::new(421, crate::EnhancedCode::new(4, 3, 2), text);
            self.reply_and_close(&reply, Close::Shutdown);
        }
        if self.asked.is_none() && self.held_until.is_none() {
            self.flush();
        }
    }

    fn is_free(&self) -> bool {
        self.asked.is_none() && self.held_until.is_none() && self.closing.is_none()
    }

    /// One step on the input that is there; whether there may be another.
    fn step(&mut self) -> bool {
        match self.mode {
            Mode::Greeting | Mode::Handshake | Mode::Closed => false,
            Mode::Command | Mode::Auth => match self.input.take_line(MAX_LINE) {
                Some(line) => {
                    self.line(line);
                    true
                }
                None => false,
            },
            Mode::Data => self.data(),
            Mode::Bdat(_) => self.bdat(),
            Mode::Ending => {
                self.ending();
                true
            }
        }
    }

    fn line(&mut self, line: Result<Bytes, TooLong>) {
        match (line, self.exchange.take()) {
            (line, Some(exchange)) => self.auth_line(line, exchange),
            (Err(TooLong), None) => self.error(1, &replies::LINE_TOO_LONG),
            (Ok(line), None) => match Command::parse(&line) {
                Ok(command) => self.command(command),
                Err(error) => self.command_error(error),
            },
        }
    }

    fn command(&mut self, command: Command<'_>) {
        let allowed = matches!(
            command,
            Command::Noop | Command::Quit | Command::StartTls | Command::Hello(..)
        );
        if self.config.tls == Tls::Required && !self.secure && !allowed {
            return self.error(1, &replies::TLS_REQUIRED);
        }
        match command {
            Command::Hello(verb, name) => self.hello(verb, name),
            Command::Mail(path, parameters, fault) => self.mail(path, parameters, fault),
            Command::Rcpt(path, parameters) => self.rcpt(path, parameters),
            Command::Data => self.begin_data(),
            Command::Bdat { size, last } => self.begin_bdat(size, last),
            Command::Rset => self.forget(Then::Reply(replies::RESET.clone())),
            Command::Noop => self.reply(&replies::NOOP),
            Command::Vrfy => self.reply(&replies::CANNOT_VERIFY),
            Command::Help => self.reply(&replies::HELP),
            Command::Quit => {
                let text = format!("{} closing connection", self.config.hostname);
                let reply = Reply::new(221, crate::EnhancedCode::new(2, 0, 0), text);
                self.reply_and_close(&reply, Close::Done);
            }
            Command::StartTls => self.start_tls(),
            Command::Auth(mechanism, initial) => self.auth(mechanism, initial),
        }
    }

    /// A malformed command; one that stands in the wrong place is told so first.
    fn command_error(&mut self, error: CommandError) {
        let out_of_place = match error {
            CommandError::Sender => self.mail_out_of_place(),
            CommandError::Recipient => self.rcpt_out_of_place(),
            _ => None,
        };
        let reply = out_of_place.unwrap_or(match error {
            CommandError::Unknown => &replies::UNKNOWN_COMMAND,
            CommandError::NotImplemented => &replies::NOT_IMPLEMENTED,
            CommandError::Characters => &replies::UNPRINTABLE,
            CommandError::Arguments => &replies::SYNTAX,
            CommandError::Sender => &replies::SENDER_SYNTAX,
            CommandError::Recipient => &replies::RECIPIENT_SYNTAX,
            // What follows may be message text; it must not be read as commands.
            CommandError::Chunk => return self.reply_and_close(&replies::SYNTAX, Close::Fault),
        });
        self.error(1, reply);
    }

    fn start_tls(&mut self) {
        if self.secure {
            return self.error(1, &replies::TLS_TWICE);
        }
        if self.config.tls == Tls::Off {
            return self.error(1, &replies::NOT_IMPLEMENTED);
        }
        if self.transaction.is_some() {
            return self.error(1, &replies::IN_TRANSACTION);
        }
        if !self.input.is_empty() {
            return self.reply_and_close(&replies::INJECTION, Close::Fault);
        }
        self.reply(&replies::TLS_READY);
        self.flush();
        self.mode = Mode::Handshake;
        self.outputs.push_back(Output::StartTls);
    }

    fn answered(&mut self, answer: Answer) {
        let Some(asked) = self.asked.take() else {
            return;
        };
        match asked {
            Asked::Authenticate => self.auth_answered(answer),
            Asked::Hello(hello) => match answer {
                Answer::Reply(reply) if !reply.is_positive() => self.refuse(1, &reply),
                _ => self.forget(Then::Greet(hello)),
            },
            Asked::Sender {
                address,
                transaction,
            } => self.sender_answered(&address, transaction, answer),
            Asked::Recipient { address } => self.recipient_answered(&address, answer),
            Asked::Begin(chunk) => self.begin_answered(chunk, answer),
            Asked::Piece => self.piece_answered(answer),
            Asked::End => self.end_answered(answer),
            Asked::Discard(then) => {
                self.finish_transaction(then);
            }
        }
    }

    fn ask(&mut self, asked: Asked, question: Question) {
        self.asked = Some(asked);
        self.outputs.push_back(Output::Ask(question));
    }

    fn reply(&mut self, reply: &Reply) {
        let utf8 = self.transaction.as_ref().is_some_and(|t| t.utf8);
        reply.write(&mut self.replies, utf8);
    }

    fn reply_and_close(&mut self, reply: &Reply, why: Close) {
        self.reply(reply);
        self.closing = Some(why);
    }

    /// A refusal of the shell, which may also end the connection.
    fn refuse(&mut self, points: u32, reply: &Reply) {
        self.error(points, reply);
        if matches!(reply.code, 421 | 521) {
            self.closing.get_or_insert(Close::Fault);
        }
    }

    /// A reply that costs the peer points.
    fn error(&mut self, points: u32, reply: &Reply) {
        self.delayed_error(points, Duration::ZERO, reply);
    }

    /// The same, held back for some time. Beyond half of the budget every further point holds it back by a second.
    fn delayed_error(&mut self, points: u32, delay: Duration, reply: &Reply) {
        self.points = self.points.saturating_add(points);
        let beyond = self.points.saturating_sub(self.config.max_errors / 2);
        let tar = if points == 0 { 0 } else { beyond.min(MAX_TAR) };
        let delay = delay.max(Duration::from_secs(tar.into()));
        if let Some(clock) = self.clock.filter(|_| !delay.is_zero()) {
            // Only this reply waits, not the ones before it.
            self.flush();
            self.held_until = Some(clock.now + delay);
        }
        self.reply(reply);
        if points > 0 && self.points >= self.config.max_errors {
            self.reply_and_close(&replies::TOO_MANY_ERRORS, Close::Fault);
        }
    }

    fn flush(&mut self) {
        if !self.replies.is_empty() {
            self.outputs
                .push_back(Output::Send(self.replies.split().freeze()));
        }
        if let Some(why) = self.closing.take() {
            self.mode = Mode::Closed;
            self.outputs.push_back(Output::Close(why));
        }
    }
}

impl Machine for Server {
    type Input = Input<Answer, Notice>;
    type Output = Output<Question>;

    fn handle(&mut self, now: Instant, input: Self::Input) {
        let mut clock = self.clock.unwrap_or(Clock {
            now,
            started: now,
            active: now,
        });
        clock.now = now;
        if !matches!(input, Input::Tick | Input::Notice(_)) {
            clock.active = now;
        }
        self.clock = Some(clock);
        match input {
            _ if matches!(self.mode, Mode::Closed) => return,
            Input::Connected => self.connected(now),
            Input::Received(bytes) => self.received(bytes),
            Input::Closed => {
                self.replies.clear();
                self.held_until = None;
                self.asked = None;
                self.closing = Some(Close::Done);
            }
            Input::Answer(answer) => self.answered(answer),
            Input::Notice(Notice::Shutdown) => self.draining = true,
            Input::TlsReady => self.tls_ready(),
            Input::Tick => self.tick(clock),
        }
        self.advance();
    }

    fn poll(&mut self) -> Option<Self::Output> {
        self.outputs.pop_front()
    }

    /// The end of a held reply, of the peer's silence or of the connection; none while the shell owes an answer.
    fn deadline(&self) -> Option<Instant> {
        let clock = self
            .clock
            .filter(|_| self.asked.is_none() && !matches!(self.mode, Mode::Closed))?;
        let silence = clock.active + self.config.idle_timeout;
        Some(
            self.held_until
                .unwrap_or(silence.min(clock.started + self.config.total_time)),
        )
    }
}

#[cfg(test)]
pub(crate) mod tests;
