mod outbox;
mod sign_in;
#[cfg(test)]
mod tests;
mod transaction;

use std::time::Instant;

use bytes::BytesMut;
use types::{
    Machine,
    stream::{Close, Input, Output},
};

use crate::{
    command::{self, Command, Wrong},
    protocol::{Answer, Config, Notice, Opened, Question},
};
use outbox::Outbox;

/// Longest command line in octets, its end included; those of AUTH may be as long as SASL needs (RFC 5034 §4).
const LINE_MAX: usize = 512;
/// Longest line of all.
const SASL_LINE_MAX: usize = sasl::MAX_LINE + 64;

/// One POP session, seen from the server.
#[derive(Debug)]
pub struct Server {
    config: Config,
    buffer: BytesMut,
    /// Bytes already searched for a line end.
    searched: usize,
    out: Outbox,
    mode: Mode,
    waiting: Option<Job>,
    now: Option<Instant>,
    connected: Option<Instant>,
    last_input: Option<Instant>,
    secure: bool,
    nonces: sasl::Nonces,
    failures: u32,
    bad: u32,
}

/// The states of RFC 1939 §3, and how input is read.
#[derive(Debug)]
enum Mode {
    New,
    Authorization {
        user: Option<String>,
    },
    SignIn(Box<sasl::ServerExchange>),
    /// A reply that is held back; nothing is read until then.
    Held {
        until: Instant,
    },
    Tls,
    Transaction(Mailbox),
    Over,
}

/// The snapshot and what is to be deleted from it.
#[derive(Debug)]
struct Mailbox {
    opened: Opened,
    deleted: Vec<bool>,
}

/// What goes on when the open question is answered.
#[derive(Debug)]
enum Job {
    Pass,
    SignIn,
    Open,
    /// The lines of the body to send; all when absent.
    Retrieve {
        lines: Option<u32>,
    },
    Quit,
}

impl Server {
    /// A session about to begin.
    pub fn new(config: Config) -> Self {
        Self {
            nonces: sasl::Nonces::new(config.nonce_seed),
            secure: config.secure,
            config,
            buffer: BytesMut::new(),
            searched: 0,
            out: Outbox::default(),
            mode: Mode::New,
            waiting: None,
            now: None,
            connected: None,
            last_input: None,
            failures: 0,
            bad: 0,
        }
    }

    /// Goes on with what is in the buffer as long as nothing is waited for.
    fn run(&mut self) {
        while self.waiting.is_none()
            && !matches!(
                self.mode,
                Mode::New | Mode::Held { .. } | Mode::Tls | Mode::Over
            )
        {
            let Some(end) =
                memchr::memchr(b'\n', self.buffer.get(self.searched..).unwrap_or_default())
            else {
                self.searched = self.buffer.len();
                if self.buffer.len() > SASL_LINE_MAX {
                    self.error("line too long");
                    self.close(Close::Fault);
                }
                return;
            };
            let line = self.buffer.split_to(self.searched + end + 1).freeze();
            self.searched = 0;
            if self.buffer.is_empty() {
                // Nothing is held between commands.
                self.buffer = BytesMut::new();
            }
            self.line(&line);
        }
    }

    fn line(&mut self, line: &[u8]) {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if matches!(self.mode, Mode::SignIn(_)) {
            return self.sign_in_line(text);
        }
        let auth = text
            .get(..5)
            .is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH "));
        if line.len() > LINE_MAX && !(auth && line.len() <= SASL_LINE_MAX) {
            return self.bad("line too long");
        }
        match command::parse(text) {
            Ok(command) => {
                self.bad = 0;
                self.execute(command);
            }
            Err(Wrong::Verb) => self.bad("Unknown command"),
            Err(Wrong::Arguments) => self.bad("wrong arguments"),
        }
    }

    fn execute(&mut self, command: Command) {
        match (command, &mut self.mode) {
            (Command::Capa, _) => self.capa(),
            (Command::Quit, Mode::Transaction(_)) => self.quit(),
            (Command::Quit, _) => {
                self.ok("Good-bye");
                self.close(Close::Done);
            }
            (command, Mode::Transaction(_)) => self.transaction(command),
            (command, _) => self.authorization(command),
        }
    }

    fn capa(&mut self) {
        self.ok("Capabilities follow");
        let signed_in = matches!(self.mode, Mode::Transaction(_));
        let mut lines = String::from(
            "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\nUTF8\r\n",
        );
        if !signed_in {
            if self.passwords_allowed() {
                lines.push_str("USER\r\n");
            }
            if !self.secure && self.config.starttls {
                lines.push_str("STLS\r\n");
            }
            lines.push_str("SASL");
            for mechanism in self.mechanisms() {
                lines.push(' ');
                lines.push_str(mechanism.name());
            }
            lines.push_str("\r\n");
        }
        lines.push_str("IMPLEMENTATION Postamt\r\n.\r\n");
        self.out.put(&lines);
    }

    fn answer(&mut self, answer: Answer) {
        let Some(job) = self.waiting.take() else {
            return;
        };
        match job {
            Job::Pass => self.pass_answer(&answer),
            Job::SignIn => self.sign_in_answer(answer),
            Job::Open => self.open_answer(answer),
            Job::Retrieve { lines } => self.retrieve_answer(lines, answer),
            Job::Quit => self.quit_answer(&answer),
        }
    }

    fn ask(&mut self, question: Question, job: Job) {
        self.waiting = Some(job);
        self.out.push(Output::Ask(question));
    }

    fn ok(&mut self, text: &str) {
        self.out.put("+OK ");
        self.out.put(text);
        self.out.put("\r\n");
    }

    fn error(&mut self, text: &str) {
        self.out.put("-ERR ");
        self.out.put(text);
        self.out.put("\r\n");
    }

    /// Answers what is no command; too many of them in a row end the session.
    fn bad(&mut self, text: &str) {
        self.error(text);
        self.bad += 1;
        if self.bad >= self.config.max_bad {
            self.close(Close::Fault);
        }
    }

    fn close(&mut self, why: Close) {
        if !matches!(self.mode, Mode::Over) {
            self.mode = Mode::Over;
            self.waiting = None;
            self.buffer = BytesMut::new();
            self.out.push(Output::Close(why));
        }
    }

    fn received(&mut self, bytes: &[u8]) {
        self.last_input = self.now;
        self.buffer.extend_from_slice(bytes);
        // RFC 2595 §4: clear text behind STLS is an injection. While a reply is held back nothing more need come.
        let held = matches!(self.mode, Mode::Held { .. }) && self.buffer.len() > SASL_LINE_MAX;
        if held || matches!(self.mode, Mode::Tls) {
            self.close(Close::Fault);
        }
    }

    fn tick(&mut self, now: Instant) {
        if self.deadline().is_none_or(|at| at > now) {
            return;
        }
        if matches!(self.mode, Mode::Held { .. }) {
            return self.release();
        }
        self.error("[SYS/TEMP] idle for too long");
        self.close(Close::Timeout);
    }
}

impl Machine for Server {
    type Input = Input<Answer, Notice>;
    type Output = Output<Question>;

    fn handle(&mut self, now: Instant, input: Self::Input) {
        self.now = Some(now);
        if matches!(self.mode, Mode::Over) {
            return;
        }
        match input {
            Input::Connected => {
                self.connected = Some(now);
                self.mode = Mode::Authorization { user: None };
                self.ok("Postamt ready");
            }
            Input::Received(bytes) => self.received(&bytes),
            Input::Closed => self.close(Close::Done),
            Input::Answer(answer) => self.answer(answer),
            Input::Notice(Notice::Shutdown) => {
                self.error("[SYS/TEMP] server shutting down");
                self.close(Close::Shutdown);
            }
            Input::TlsReady => self.tls_ready(),
            Input::Tick => self.tick(now),
        }
        self.run();
    }

    fn poll(&mut self) -> Option<Self::Output> {
        self.out.pop()
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.mode {
            Mode::New | Mode::Over => None,
            Mode::Held { until } => Some(*until),
            _ if self.waiting.is_some() => None,
            Mode::Transaction(_) => self.last_input?.checked_add(self.config.idle_timeout),
            _ => self.connected?.checked_add(self.config.preauth_timeout),
        }
    }
}
