use std::time::Duration;

use bytes::Bytes;
use sasl::{Failure, Mechanism, ServerExchange, Step};

use super::{Answer, Asked, Mode, Question, Server, replies};
use crate::buffer::TooLong;

/// Points of a failed sign-in.
const FAILED_LOGIN: u32 = 2;

impl Server {
    pub(super) fn auth(&mut self, mechanism: &str, initial: Option<&str>) {
        let out_of_place = if self.config.mechanisms.is_empty() {
            Some(&replies::NOT_IMPLEMENTED)
        } else if self.config.require_hello && self.hello.is_none() {
            Some(&replies::HELLO_FIRST)
        } else if self.authenticated {
            Some(&replies::AUTH_TWICE)
        } else if self.transaction.is_some() {
            Some(&replies::IN_TRANSACTION)
        } else if self.auth_needs_tls() {
            Some(&replies::ENCRYPTION_REQUIRED)
        } else {
            None
        };
        if let Some(reply) = out_of_place {
            return self.error(1, reply);
        }
        let known = Mechanism::parse(mechanism).filter(|m| self.config.mechanisms.contains(m));
        let Some(mechanism) = known else {
            return self.error(1, &replies::UNKNOWN_MECHANISM);
        };
        let nonce = self.nonces.next_nonce();
        let (exchange, step) = ServerExchange::start(mechanism, initial.map(str::as_bytes), nonce);
        self.auth_step(exchange, step);
    }

    pub(super) fn auth_line(&mut self, line: Result<Bytes, TooLong>, mut exchange: ServerExchange) {
        let step = match line {
            Ok(line) => exchange.response(&line),
            Err(TooLong) => Step::Fail(Failure::TooLong),
        };
        self.auth_step(exchange, step);
    }

    pub(super) fn auth_answered(&mut self, answer: Answer) {
        let Some(mut exchange) = self.exchange.take() else {
            return;
        };
        let answer = match answer {
            Answer::Sasl(answer) => answer,
            _ => sasl::Answer::Unavailable,
        };
        let step = exchange.answer(answer);
        self.auth_step(exchange, step);
    }

    fn auth_step(&mut self, exchange: ServerExchange, step: Step) {
        self.mode = Mode::Command;
        match step {
            Step::Challenge(text) => {
                self.mode = Mode::Auth;
                self.exchange = Some(exchange);
                for part in [b"334 ", text.as_bytes(), b"\r\n"] {
                    self.replies.extend_from_slice(part);
                }
            }
            Step::Ask(question) => {
                self.exchange = Some(exchange);
                self.ask(Asked::Authenticate, Question::Authenticate(question));
            }
            Step::Done(_) => {
                self.authenticated = true;
                self.reply(&replies::AUTHENTICATED);
            }
            Step::Fail(failure) => self.auth_failed(failure),
        }
    }

    fn auth_failed(&mut self, failure: Failure) {
        match failure {
            Failure::Refused => {
                // 1, 2, 4, 8 and then always 16 seconds.
                let delay = Duration::from_secs(1 << self.failed_logins.min(4));
                self.failed_logins = self.failed_logins.saturating_add(1);
                self.delayed_error(FAILED_LOGIN, delay, &replies::AUTH_REFUSED);
            }
            Failure::Unavailable => self.reply(&replies::AUTH_UNAVAILABLE),
            Failure::Cancelled => self.error(1, &replies::AUTH_CANCELLED),
            Failure::TooLong => self.error(1, &replies::AUTH_TOO_LONG),
            Failure::Malformed | Failure::ChannelBinding => self.error(1, &replies::AUTH_MALFORMED),
        }
    }
}
