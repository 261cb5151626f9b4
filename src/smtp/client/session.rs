use sasl::{ClientExchange, ClientStep, Mechanism};
use types::stream::Output;

use super::{Cause, Client, End, Expected, Extensions, Lack, Stage, TlsPolicy};
use crate::reply::Reply;

impl Client {
    pub(super) fn greeted(&mut self, reply: Reply) {
        if !reply.is_positive() {
            return self.over(End::Refused {
                stage: Stage::Greeting,
                reply,
            });
        }
        self.say_hello("EHLO", Expected::Ehlo);
    }

    fn say_hello(&mut self, verb: &str, expected: Expected) {
        let name: String = self
            .config
            .hello
            .chars()
            .filter(char::is_ascii_graphic)
            .collect();
        self.command(&format!("{verb} {name}\r\n"), expected);
    }

    pub(super) fn hello_answered(&mut self, expected: Expected, reply: Reply) {
        match (reply.is_positive(), expected) {
            (true, Expected::Ehlo) => self.extensions = Extensions::parse(&reply.text),
            (true, _) => self.extensions = Extensions::default(),
            // RFC 5321 §3.2: an old server does not know EHLO.
            (false, Expected::Ehlo) if reply.is_permanent() => {
                return self.say_hello("HELO", Expected::Helo);
            }
            (false, _) => {
                return self.over(End::Refused {
                    stage: Stage::Hello,
                    reply,
                });
            }
        }
        let wanted = matches!(
            self.config.tls,
            TlsPolicy::WhenOffered | TlsPolicy::Required
        );
        if wanted && !self.secure {
            if self.extensions.starttls {
                return self.command("STARTTLS\r\n", Expected::StartTls);
            }
            if self.config.tls == TlsPolicy::Required {
                return self.over(End::Unsuitable(Lack::Tls));
            }
        }
        self.sign_in();
    }

    pub(super) fn start_tls_answered(&mut self, reply: Reply) {
        if !reply.is_positive() {
            return match self.config.tls {
                TlsPolicy::Required => self.over(End::Refused {
                    stage: Stage::StartTls,
                    reply,
                }),
                _ => self.sign_in(),
            };
        }
        // RFC 3207 §4.2: what is already here was not protected.
        if !self.replies.is_empty() {
            return self.lost_at(Stage::StartTls, Cause::Protocol);
        }
        self.flush();
        self.handshake = true;
        self.outputs.push_back(Output::StartTls);
    }

    pub(super) fn tls_ready(&mut self) {
        if !std::mem::take(&mut self.handshake) {
            return;
        }
        self.secure = true;
        self.say_hello("EHLO", Expected::Ehlo);
    }

    fn sign_in(&mut self) {
        let Some(credentials) = self.config.credentials.clone() else {
            return self.next_transaction();
        };
        let may_show = self.secure || self.config.password_in_clear;
        let usable =
            |name: &&str| may_show || Mechanism::parse(name).is_some_and(|m| !m.reveals_password());
        let offered = self
            .extensions
            .auth
            .iter()
            .map(String::as_str)
            .filter(usable);
        let Some(mechanism) = Mechanism::strongest(offered) else {
            return self.over(End::Unsuitable(Lack::Auth));
        };
        let nonce = self.nonces.next_nonce();
        let (mut exchange, initial) = ClientExchange::start(mechanism, credentials, nonce);
        let line = match initial {
            Some(initial) => {
                exchange.initial_sent();
                format!("AUTH {mechanism} {initial}\r\n")
            }
            None => format!("AUTH {mechanism}\r\n"),
        };
        self.exchange = Some(exchange);
        self.command(&line, Expected::Auth);
    }

    pub(super) fn auth_answered(&mut self, reply: Reply) {
        let Some(mut exchange) = self.exchange.take() else {
            return;
        };
        match reply.code {
            334 => {
                let line = match exchange.challenge(reply.text.as_bytes()) {
                    ClientStep::Respond(text) => format!("{text}\r\n"),
                    ClientStep::Fail => "*\r\n".to_owned(),
                };
                self.exchange = Some(exchange);
                self.command(&line, Expected::Auth);
            }
            200..=299 if exchange.may_succeed() => self.next_transaction(),
            // Success without proof: this is not the server that knows our password.
            200..=299 => self.lost_at(Stage::Auth, Cause::Protocol),
            _ => self.over(End::Refused {
                stage: Stage::Auth,
                reply,
            }),
        }
    }
}
