//! STARTTLS, LOGIN and AUTHENTICATE (RFC 3501 §6.2, RFC 4959).

use std::time::Duration;

use sasl::{Failure, Identity, Mechanism, ServerExchange, Step};
use types::{
    Secret,
    stream::{Close, Output},
};

use super::{Job, Mode, Server};
use crate::protocol::{Answer, Question, Refusal};

const PRIVACY: &str = "NO [PRIVACYREQUIRED] Use TLS first";

impl Server {
    pub(super) fn start_tls(&mut self, tag: &str) {
        if self.secure || !self.config.starttls {
            return self.bad(tag, "TLS is not offered");
        }
        self.reply(tag, "OK Begin TLS now");
        self.mode = Mode::Tls;
        if self.framer.is_empty() {
            self.out.push(Output::StartTls);
        } else {
            // RFC 9051 §6.2.1: what was sent behind the command is an injection.
            self.close(Close::Fault);
        }
    }

    pub(super) fn tls_ready(&mut self) {
        if matches!(self.mode, Mode::Tls) {
            self.secure = true;
            self.mode = Mode::Commands;
        }
    }

    pub(super) fn login(&mut self, tag: String, login: String, password: Secret) {
        if !self.passwords_allowed() {
            return self.reply(&tag, PRIVACY);
        }
        let names = 1..=sasl::MAX_NAME;
        let passwords = 1..=sasl::MAX_PASSWORD;
        if !names.contains(&login.len()) || !passwords.contains(&password.reveal().len()) {
            return self.failed(&tag, Failure::Refused);
        }
        let identity = Identity {
            login,
            authzid: None,
        };
        let question = sasl::Question::Password { identity, password };
        self.ask(Question::SignIn(question), Job::Login { tag });
    }

    pub(super) fn login_answer(&mut self, tag: String, answer: Answer) {
        match answer {
            Answer::SignIn(sasl::Answer::Accepted) => self.signed_in(tag),
            Answer::SignIn(sasl::Answer::Unavailable) => self.failed(&tag, Failure::Unavailable),
            Answer::Refused(refusal) => self.not_admitted(&tag, refusal),
            _ => self.failed(&tag, Failure::Refused),
        }
    }

    pub(super) fn authenticate(&mut self, tag: String, mechanism: &str, initial: Option<&[u8]>) {
        let Some(mechanism) = Mechanism::parse(mechanism) else {
            return self.reply(&tag, "NO [CANNOT] Mechanism not supported");
        };
        if mechanism.reveals_password() && !self.passwords_allowed() {
            return self.reply(&tag, PRIVACY);
        }
        let (exchange, step) = ServerExchange::start(mechanism, initial, self.nonces.next_nonce());
        self.step(tag, Box::new(exchange), step);
    }

    pub(super) fn sign_in_line(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Mode::SignIn { tag, mut exchange } =
            std::mem::replace(&mut self.mode, Mode::Commands)
        {
            let step = exchange.response(line);
            self.step(tag, exchange, step);
        }
    }

    pub(super) fn sign_in_answer(&mut self, answer: Answer) {
        let answer = match answer {
            Answer::SignIn(answer) => answer,
            Answer::Refused(refusal) => {
                if let Mode::SignIn { tag, .. } = std::mem::replace(&mut self.mode, Mode::Commands)
                {
                    self.not_admitted(&tag, refusal);
                }
                return;
            }
            _ => sasl::Answer::Unavailable,
        };
        if let Mode::SignIn { tag, mut exchange } =
            std::mem::replace(&mut self.mode, Mode::Commands)
        {
            let step = exchange.answer(answer);
            self.step(tag, exchange, step);
        }
    }

    fn step(&mut self, tag: String, exchange: Box<ServerExchange>, step: Step) {
        match step {
            Step::Challenge(challenge) => {
                self.reply("+", &challenge);
                self.mode = Mode::SignIn { tag, exchange };
            }
            Step::Ask(question) => {
                self.mode = Mode::SignIn { tag, exchange };
                self.ask(Question::SignIn(question), Job::SignIn);
            }
            Step::Done(_) => self.signed_in(tag),
            Step::Fail(failure) => self.failed(&tag, failure),
        }
    }

    fn signed_in(&mut self, tag: String) {
        self.signed_in = true;
        self.last_input = self.now;
        let text = format!("OK [{}] Signed in", self.capabilities());
        self.finish(tag, &text, false);
    }

    /// Answers a user who is known and not let in.
    fn not_admitted(&mut self, tag: &str, refusal: Refusal) {
        match refusal {
            Refusal::Limit => self.reply(tag, "NO [LIMIT] Too many connections"),
            Refusal::Forbidden => {
                self.reply(tag, "NO [AUTHORIZATIONFAILED] Not allowed for this account")
            }
            _ => self.failed(tag, Failure::Unavailable),
        }
    }

    /// Answers a failure; one of guessing is answered late.
    fn failed(&mut self, tag: &str, failure: Failure) {
        match failure {
            Failure::Cancelled => self.bad(tag, "Authentication cancelled"),
            Failure::Malformed | Failure::TooLong => {
                self.bad(tag, "[CLIENTBUG] Malformed authentication data")
            }
            Failure::Unavailable => {
                self.reply(tag, "NO [UNAVAILABLE] Temporary authentication failure")
            }
            Failure::ChannelBinding => self.reply(tag, "NO [CANNOT] Channel binding not supported"),
            Failure::Refused => {
                self.failures += 1;
                let reply = format!("{tag} NO [AUTHENTICATIONFAILED] Wrong name or password\r\n");
                let wait = Duration::from_secs(u64::from(self.failures));
                match self.now.and_then(|now| now.checked_add(wait)) {
                    Some(until) => self.mode = Mode::Held { until, reply },
                    None => self.out.put(&reply),
                }
            }
        }
    }
}
