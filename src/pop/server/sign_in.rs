//! The authorization state: USER, PASS, AUTH, STLS (RFC 1939 §4, RFC 2595, RFC 5034).

use std::time::Duration;

use sasl::{Failure, Identity, Mechanism, ServerExchange, Step};
use types::{
    Secret,
    stream::{Close, Output},
};

use super::{Job, Mode, Server};
use crate::{
    command::Command,
    protocol::{Answer, Question},
};

const PRIVACY: &str = "[AUTH] use TLS first";
const WRONG: &str = "[AUTH] wrong name or password";
const UNAVAILABLE: &str = "[SYS/TEMP] temporary authentication failure";

impl Server {
    pub(super) fn passwords_allowed(&self) -> bool {
        self.secure || self.config.clear_passwords
    }

    pub(super) fn mechanisms(&self) -> impl Iterator<Item = Mechanism> + use<> {
        let all = self.passwords_allowed();
        Mechanism::ALL
            .into_iter()
            .filter(move |mechanism| all || !mechanism.reveals_password())
    }

    pub(super) fn authorization(&mut self, command: Command) {
        match command {
            Command::User(_) | Command::Pass(_) if !self.passwords_allowed() => self.error(PRIVACY),
            Command::User(name) => {
                self.mode = Mode::Authorization { user: Some(name) };
                self.ok("Password, please");
            }
            Command::Pass(password) => self.pass(password),
            Command::Auth { mechanism, initial } => self.auth(&mechanism, initial.as_deref()),
            Command::Mechanisms => {
                let names: String = self
                    .mechanisms()
                    .map(|mechanism| format!("{mechanism}\r\n"))
                    .collect();
                self.ok("Mechanisms follow");
                self.out.put(&names);
                self.out.put(".\r\n");
            }
            Command::Apop => self.error("[AUTH] not supported"),
            Command::Utf8 => self.ok("UTF8"),
            Command::Stls => self.start_tls(),
            _ => self.bad("not before sign-in"),
        }
    }

    fn start_tls(&mut self) {
        if self.secure || !self.config.starttls {
            return self.error("TLS is not offered");
        }
        self.ok("Begin TLS now");
        self.mode = Mode::Tls;
        if self.buffer.is_empty() {
            self.out.push(Output::StartTls);
        } else {
            self.close(Close::Fault);
        }
    }

    pub(super) fn tls_ready(&mut self) {
        if matches!(self.mode, Mode::Tls) {
            self.secure = true;
            self.mode = Mode::Authorization { user: None };
        }
    }

    fn pass(&mut self, password: Secret) {
        let Mode::Authorization { user } = &mut self.mode else {
            return;
        };
        let Some(login) = user.take() else {
            return self.error("USER first");
        };
        let passwords = 1..=sasl::MAX_PASSWORD;
        if login.len() > sasl::MAX_NAME || !passwords.contains(&password.reveal().len()) {
            return self.failed(Failure::Refused);
        }
        let identity = Identity {
            login,
            authzid: None,
        };
        self.ask(
            Question::SignIn(sasl::Question::Password { identity, password }),
            Job::Pass,
        );
    }

    pub(super) fn pass_answer(&mut self, answer: &Answer) {
        match answer {
            Answer::SignIn(sasl::Answer::Accepted) => self.open(),
            Answer::SignIn(sasl::Answer::Unavailable) => self.failed(Failure::Unavailable),
            Answer::Refused(refusal) => self.error(refusal.text()),
            _ => self.failed(Failure::Refused),
        }
    }

    fn auth(&mut self, mechanism: &str, initial: Option<&[u8]>) {
        let Some(mechanism) = Mechanism::parse(mechanism) else {
            return self.error("[AUTH] mechanism not supported");
        };
        if mechanism.reveals_password() && !self.passwords_allowed() {
            return self.error(PRIVACY);
        }
        let (exchange, step) = ServerExchange::start(mechanism, initial, self.nonces.next_nonce());
        self.step(Box::new(exchange), step);
    }

    pub(super) fn sign_in_line(&mut self, line: &[u8]) {
        if let Mode::SignIn(mut exchange) = self.leave() {
            let step = exchange.response(line);
            self.step(exchange, step);
        }
    }

    pub(super) fn sign_in_answer(&mut self, answer: Answer) {
        let answer = match answer {
            Answer::SignIn(answer) => answer,
            Answer::Refused(refusal) => {
                self.leave();
                return self.error(refusal.text());
            }
            _ => sasl::Answer::Unavailable,
        };
        if let Mode::SignIn(mut exchange) = self.leave() {
            let step = exchange.answer(answer);
            self.step(exchange, step);
        }
    }

    fn leave(&mut self) -> Mode {
        std::mem::replace(&mut self.mode, Mode::Authorization { user: None })
    }

    fn step(&mut self, exchange: Box<ServerExchange>, step: Step) {
        match step {
            Step::Challenge(challenge) => {
                self.out.put(&format!("+ {challenge}\r\n"));
                self.mode = Mode::SignIn(exchange);
            }
            Step::Ask(question) => {
                self.mode = Mode::SignIn(exchange);
                self.ask(Question::SignIn(question), Job::SignIn);
            }
            Step::Done(_) => self.open(),
            Step::Fail(failure) => self.failed(failure),
        }
    }

    /// Answers a failure; one of guessing is answered late.
    fn failed(&mut self, failure: Failure) {
        match failure {
            Failure::Cancelled => self.bad("authentication cancelled"),
            Failure::Malformed | Failure::TooLong => self.bad("malformed authentication data"),
            Failure::ChannelBinding => self.error("[AUTH] channel binding not supported"),
            Failure::Unavailable => self.error(UNAVAILABLE),
            Failure::Refused => {
                self.failures += 1;
                let wait = Duration::from_secs(u64::from(self.failures));
                match self.now.and_then(|now| now.checked_add(wait)) {
                    Some(until) => self.mode = Mode::Held { until },
                    None => self.error(WRONG),
                }
            }
        }
    }

    /// Sends the reply that was held back.
    pub(super) fn release(&mut self) {
        self.mode = Mode::Authorization { user: None };
        self.error(WRONG);
        if self.failures >= self.config.max_failures {
            self.close(Close::Fault);
        }
    }
}
