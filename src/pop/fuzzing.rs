//! Properties that hold for every input; run by the fuzz target and, over its corpus, by the tests.

use std::time::{Duration, Instant};

use bytes::Bytes;
use types::{
    Machine,
    stream::{Close, Input, Output},
};

use crate::{Answer, Config, Entry, Notice, Opened, Question, Refusal, Server};

/// A client's bytes against a session with some mail; user `mrose` has the password `secret`.
#[derive(Debug)]
pub struct Session {
    /// The machine.
    pub server: Server,
    /// The messages.
    pub messages: Vec<Bytes>,
    /// Messages removed at QUIT.
    pub removed: Vec<usize>,
    /// Messages read whole.
    pub seen: Vec<usize>,
    /// What it sent.
    pub sent: Vec<u8>,
    /// How it ended, when it has.
    pub closed: Option<Close>,
    /// Its clock.
    pub now: Instant,
}

impl Session {
    /// A session, greeted.
    pub fn new(config: Config, messages: &[&str]) -> Self {
        let mut session = Self {
            server: Server::new(config),
            messages: messages
                .iter()
                .map(|text| Bytes::copy_from_slice(text.as_bytes()))
                .collect(),
            removed: Vec::new(),
            seen: Vec::new(),
            sent: Vec::new(),
            closed: None,
            now: Instant::now(),
        };
        session.input(Input::Connected);
        session
    }

    /// Feeds one input and everything that follows from it.
    pub fn input(&mut self, input: Input<Answer, Notice>) {
        self.server.handle(self.now, input);
        while let Some(output) = self.server.poll() {
            match output {
                Output::Send(bytes) => self.sent.extend_from_slice(&bytes),
                Output::Close(why) => self.closed = Some(why),
                Output::StartTls => self.server.handle(self.now, Input::TlsReady),
                Output::Ask(question) => {
                    let answer = self.answer(question);
                    self.server.handle(self.now, Input::Answer(answer));
                }
            }
        }
    }

    fn answer(&mut self, question: Question) -> Answer {
        match question {
            Question::SignIn(sasl::Question::Password { identity, password }) => {
                let right = identity.login == "mrose" && password.reveal() == "secret";
                Answer::SignIn(if right {
                    sasl::Answer::Accepted
                } else {
                    sasl::Answer::Refused
                })
            }
            Question::SignIn(sasl::Question::ScramKeys { .. }) => {
                let keys = sasl::ScramKeys::derive("secret", b"salt", 4096);
                Answer::SignIn(keys.map_or(sasl::Answer::Unavailable, sasl::Answer::Keys))
            }
            Question::SignIn(sasl::Question::Proof { identity, valid }) => {
                let right = valid && identity.login == "mrose";
                Answer::SignIn(if right {
                    sasl::Answer::Accepted
                } else {
                    sasl::Answer::Refused
                })
            }
            Question::Open => {
                let entry = |(at, raw): (usize, &Bytes)| Entry {
                    uid: at as u32 + 10,
                    size: raw.len() as u32,
                };
                let messages = self.messages.iter().enumerate().map(entry).collect();
                Answer::Opened(Opened {
                    uid_validity: 0xabc,
                    messages,
                    ..Opened::default()
                })
            }
            Question::Retrieve { index, whole } => {
                if whole {
                    self.seen.push(index);
                }
                match self.messages.get(index) {
                    Some(raw) => Answer::Message(raw.clone()),
                    None => Answer::Refused(Refusal::NotFound),
                }
            }
            Question::Delete { indices } => {
                self.removed = indices;
                Answer::Done
            }
        }
    }

    fn held(&self) -> Option<Instant> {
        let soon = self.now + Duration::from_secs(10);
        self.server.deadline().filter(|at| *at < soon)
    }

    /// Feeds bytes in pieces of this size.
    pub fn receive(&mut self, bytes: &[u8], piece: usize) {
        for piece in bytes.chunks(piece) {
            self.input(Input::Received(Bytes::copy_from_slice(piece)));
            // Replies that are held back are waited for.
            while let Some(at) = self.held() {
                self.now = at;
                self.input(Input::Tick);
            }
        }
    }
}

/// A whole session: any bytes, byte by byte as in one piece; nothing is deleted without QUIT.
///
/// # Panics
/// When a property does not hold.
pub fn pop_server(data: &[u8]) {
    for signed_in in [false, true] {
        let run = |piece: usize| {
            let config = Config {
                clear_passwords: true,
                ..Config::default()
            };
            let mut session = Session::new(config, &["A: b\r\n\r\n.\r\nx", "", "\r\n..\r\n"]);
            if signed_in {
                session.receive(b"USER mrose\r\nPASS secret\r\n", 100);
            }
            session.receive(data, piece);
            session
        };
        let (whole, bytewise) = (run(data.len().max(1)), run(1));
        assert_eq!(
            String::from_utf8_lossy(&whole.sent),
            String::from_utf8_lossy(&bytewise.sent)
        );
        assert_eq!(
            (whole.closed, &whole.removed),
            (bytewise.closed, &bytewise.removed)
        );
        assert!(whole.removed.is_empty() || whole.closed == Some(Close::Done));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corpus() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/pop_server");
        let files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert!(files.len() >= 10);
        for file in files {
            pop_server(&std::fs::read(file).unwrap());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_words(words in proptest::collection::vec(proptest::sample::select(vec![
            "\r\n", "\r\n", "\n", " ", "1", "2", "9", "USER mrose", "PASS secret", "PASS x", "AUTH PLAIN", "AUTH", "QUIT", "DELE ",
            "RETR ", "TOP ", "LIST", "UIDL ", "STAT", "RSET", "NOOP", "CAPA", "AG1yb3NlAHNlY3JldA==", "*", "AUTH LOGIN", "\0", "APOP",
        ]), 0..50)) {
            pop_server(words.concat().as_bytes());
        }
    }
}
