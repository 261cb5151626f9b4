use std::fmt::Write;

use super::{Asked, Hello, PeerClass, Protocol, Question, Server, Then, Tls, replies};
use crate::command::Verb;
use crate::reply::{EnhancedCode, Reply};

/// Longest name a client may give, in octets.
const MAX_NAME: usize = 255;
/// Points for talking on before the answer to EHLO, which tells what may be pipelined (RFC 2920 §3.1).
const IMPATIENCE: u32 = 3;

impl Server {
    pub(super) fn hello(&mut self, verb: Verb, name: &str) {
        match (verb, self.config.protocol) {
            (Verb::Lhlo, Protocol::Lmtp)
            | (Verb::Helo | Verb::Ehlo, Protocol::Smtp | Protocol::Submission) => {}
            // RFC 2033 §4.1: LMTP must not answer HELO and EHLO positively.
            (_, Protocol::Lmtp) => return self.error(1, &replies::SAY_LHLO),
            _ => return self.error(1, &replies::UNKNOWN_COMMAND),
        }
        if name.is_empty() && !self.config.lenient_hello {
            return self.error(1, &replies::NAME_MISSING);
        }
        if name.len() > MAX_NAME || !name.bytes().all(|b| b.is_ascii_graphic()) {
            return self.error(1, &replies::NAME_SYNTAX);
        }
        if !self.input.is_empty() && verb != Verb::Helo {
            self.points = self.points.saturating_add(IMPATIENCE);
        }
        let hello = Hello {
            name: name.into(),
            extended: verb != Verb::Helo,
        };
        if self.config.check_hello && !name.is_empty() {
            return self.ask(Asked::Hello(hello.clone()), Question::Hello(hello));
        }
        self.forget(Then::Greet(hello));
    }

    /// Accepts the name and says what we can.
    pub(super) fn greet(&mut self, hello: Hello) {
        let qualified = hello.name.contains('.') || hello.name.starts_with('[');
        let extended = hello.extended;
        self.hello = Some(hello);
        let what = if qualified {
            "is pleased to meet you"
        } else {
            "domain name should be qualified"
        };
        let mut text = format!("{} {what}", self.config.hostname);
        if extended {
            self.extensions(&mut text);
        }
        self.reply(&Reply {
            code: 250,
            enhanced: None,
            text: text.into(),
        });
    }

    /// One line for each extension that is there now.
    fn extensions(&self, text: &mut String) {
        text.push_str("\nPIPELINING\nSIZE");
        if let Some(size) = self.config.max_size {
            let _ = write!(text, " {size}");
        }
        text.push_str("\n8BITMIME\nDSN");
        if matches!(self.config.tls, Tls::Offered | Tls::Required) && !self.secure {
            text.push_str("\nSTARTTLS");
        }
        if self.auth_offered() && !self.authenticated {
            text.push_str("\nAUTH");
            for mechanism in &self.config.mechanisms {
                let _ = write!(text, " {mechanism}");
            }
        }
        text.push_str("\nENHANCEDSTATUSCODES\nCHUNKING\nSMTPUTF8\nHELP");
    }

    /// Whether a user can sign in on this connection as it is now.
    pub(super) fn auth_offered(&self) -> bool {
        !self.config.mechanisms.is_empty() && !self.auth_needs_tls()
    }

    pub(super) fn auth_needs_tls(&self) -> bool {
        self.config.auth_requires_tls && !self.secure && self.config.class != PeerClass::Own
    }

    /// Ends the transaction under way, if any, then goes on.
    pub(super) fn forget(&mut self, then: Then) {
        let begun = self
            .transaction
            .as_ref()
            .is_some_and(|t| t.message.is_some());
        if begun {
            return self.ask(Asked::Discard(then), Question::Discard);
        }
        self.finish_transaction(then);
    }

    pub(super) fn finish_transaction(&mut self, then: Then) {
        match then {
            Then::Reply(reply) => {
                self.transaction = None;
                self.refuse(0, &reply);
            }
            Then::Refuse(reply) => self.message_replies(vec![reply]),
            Then::Greet(hello) => {
                self.transaction = None;
                self.greet(hello);
            }
        }
    }

    /// The usual reply with an address in front of its text.
    pub(super) fn reply_about(&mut self, enhanced: EnhancedCode, address: &str, text: &str) {
        self.reply(&Reply::new(250, enhanced, format!("{address} {text}")));
    }
}
