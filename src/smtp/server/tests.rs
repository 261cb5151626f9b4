//! Dialogues against a small shell. A script has one step a line: `C:` the client's line, `R:` raw octets with escapes,
//! `S:` a line the server must answer, `W:` seconds that pass, `TLS` the handshake, `CLOSE` why the server closes, `DOWN`
//! the notice of a shutdown. After each step that feeds the server, all that it says must be what the script says.

use std::collections::VecDeque;

use sasl::ScramKeys;

use super::*;
use crate::EnhancedCode;

mod auth;
mod limits;
mod properties;
mod rfc;
mod smuggling;
mod tolerance;

/// Answers questions by the names in addresses and keeps what was accepted.
#[derive(Debug, Default)]
pub(crate) struct Shell {
    pub(crate) messages: Vec<Vec<u8>>,
    pub(crate) senders: Vec<Sender>,
    pub(crate) recipients: Vec<(String, RcptParameters)>,
    pub(crate) discarded: usize,
    pub(crate) signed_in: Vec<String>,
    /// A piece of the current message was refused.
    refusing: bool,
    current: Option<Vec<u8>>,
    end: Option<Answer>,
}

use crate::parameters::RcptParameters;

fn refused(code: u16, (a, b, c): (u8, u16, u16), text: &str) -> Answer {
    Answer::Reply(Reply::new(
        code,
        EnhancedCode::new(a, b, c),
        text.to_owned(),
    ))
}

impl Shell {
    pub(crate) fn answer(&mut self, question: Question) -> Answer {
        match question {
            Question::Authenticate(question) => Answer::Sasl(self.authenticate(question)),
            Question::Hello(hello) if &*hello.name == "mail.client1.com" => {
                refused(501, (5, 7, 1), "HELO name is not yours")
            }
            Question::Hello(_) => Answer::Accepted,
            Question::Sender(sender) => {
                let local = sender
                    .path
                    .as_ref()
                    .map_or("", |path| path.local())
                    .to_owned();
                self.senders.push(*sender);
                match local.as_str() {
                    "bad" => refused(550, (5, 1, 8), "host unknown: bad.example"),
                    "full" => refused(452, (4, 3, 1), "message queue is full"),
                    _ => Answer::Accepted,
                }
            }
            Question::Recipient { path, parameters } => {
                let answer = match path.local() {
                    "unknown" => refused(550, (5, 1, 1), &format!("{path} unknown user account")),
                    "later" => refused(451, (4, 3, 0), &format!("{path} temporary internal error")),
                    "closing" => refused(421, (4, 3, 2), "shutting down"),
                    "away" => Answer::Recipient(Destination::Relayed),
                    _ => Answer::Recipient(Destination::Local),
                };
                self.recipients.push((path.to_string(), parameters));
                answer
            }
            Question::Begin => {
                assert!(self.current.is_none());
                if self
                    .recipients
                    .iter()
                    .any(|(path, _)| path.starts_with("nospace"))
                {
                    return refused(452, (4, 3, 1), "cannot store");
                }
                self.current = Some(Vec::new());
                Answer::Accepted
            }
            Question::Chunk(piece) => {
                assert!(!piece.is_empty());
                assert!(!self.refusing, "a refused message goes on");
                let current = self.current.as_mut().expect("a message was begun");
                current.extend_from_slice(&piece);
                self.refusing = current.windows(9).any(|w| w == b"FULL DISK");
                match self.refusing {
                    true => refused(452, (4, 3, 1), "disk is full"),
                    false => Answer::Accepted,
                }
            }
            Question::End { size, .. } => {
                let message = self.current.take().expect("a message was begun");
                assert_eq!(message.len() as u64, size);
                self.messages.push(message);
                self.end
                    .take()
                    .unwrap_or(Answer::Message(self.messages.len() as u64))
            }
            Question::Discard => {
                self.current.take().expect("a message was begun");
                self.discarded += 1;
                self.refusing = false;
                Answer::Accepted
            }
        }
    }

    /// anna's password is `pencil`.
    fn authenticate(&mut self, question: sasl::Question) -> sasl::Answer {
        match question {
            sasl::Question::Password { identity, .. } if identity.login == "broken" => {
                sasl::Answer::Unavailable
            }
            sasl::Question::Password { identity, password } if password.reveal() == "pencil" => {
                self.signed_in.push(identity.login);
                sasl::Answer::Accepted
            }
            sasl::Question::ScramKeys { .. } => {
                sasl::Answer::Keys(ScramKeys::derive("pencil", b"salt", 4096).unwrap())
            }
            sasl::Question::Proof {
                identity,
                valid: true,
            } => {
                self.signed_in.push(identity.login);
                sasl::Answer::Accepted
            }
            _ => sasl::Answer::Refused,
        }
    }
}

/// A server, its shell and its clock.
pub(crate) struct Play {
    pub(crate) server: Server,
    pub(crate) shell: Shell,
    pub(crate) said: String,
    pub(crate) closed: Option<Close>,
    pub(crate) wants_tls: bool,
    pub(crate) now: Instant,
    bytewise: bool,
}

impl Play {
    pub(crate) fn new(config: Config, bytewise: bool) -> Self {
        let mut play = Self {
            server: Server::new(config),
            shell: Shell::default(),
            said: String::new(),
            closed: None,
            wants_tls: false,
            now: Instant::now(),
            bytewise,
        };
        play.feed(Input::Connected);
        play
    }

    pub(crate) fn feed(&mut self, input: Input<Answer, Notice>) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.server.handle(self.now, input);
            let mut asked = false;
            while let Some(output) = self.server.poll() {
                assert!(self.closed.is_none(), "nothing comes after Close");
                assert!(!asked, "nothing comes after an open question");
                match output {
                    Output::Send(bytes) => self.said.push_str(std::str::from_utf8(&bytes).unwrap()),
                    Output::Ask(question) => {
                        asked = true;
                        inputs.push_back(Input::Answer(self.shell.answer(question)));
                    }
                    Output::StartTls => self.wants_tls = true,
                    Output::Close(why) => self.closed = Some(why),
                }
            }
        }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let size = if self.bytewise { 1 } else { bytes.len().max(1) };
        for part in bytes.chunks(size) {
            if self.closed.is_none() {
                self.feed(Input::Received(Bytes::copy_from_slice(part)));
            }
        }
    }

    /// Lets time pass as a driver would, from deadline to deadline.
    pub(crate) fn wait(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(deadline) = self.server.deadline().filter(|deadline| *deadline <= end) {
            self.now = deadline;
            self.feed(Input::Tick);
        }
        self.now = end;
    }

    fn step(&mut self, step: &str) {
        match step.split_once(' ').unwrap_or((step, "")) {
            ("C:", line) => self.send(format!("{line}\r\n").as_bytes()),
            ("R:", raw) => self.send(&unescape(raw)),
            ("W:", seconds) => self.wait(seconds.parse().unwrap()),
            ("TLS", _) => {
                assert!(
                    std::mem::take(&mut self.wants_tls),
                    "no handshake is wanted"
                );
                self.feed(Input::TlsReady);
            }
            ("DOWN", _) => self.feed(Input::Notice(Notice::Shutdown)),
            ("END", _) => self.feed(Input::Closed),
            _ => panic!("what is {step:?}?"),
        }
    }
}

fn unescape(raw: &str) -> Vec<u8> {
    let raw = raw
        .replace("\\r", "\r")
        .replace("\\n", "\n")
        .replace("\\0", "\0");
    raw.into_bytes()
}

/// Plays a script, once in whole lines and once octet by octet.
fn play(config: &Config, script: &str) -> Shell {
    run(config, script, true);
    run(config, script, false)
}

fn run(config: &Config, script: &str, bytewise: bool) -> Shell {
    let mut play = Play::new(config.clone(), bytewise);
    let steps: Vec<&str> = script
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty())
        .collect();
    for (i, step) in steps.iter().enumerate() {
        if let Some(want) = step.strip_prefix("S:") {
            let want = format!("{}\r\n", want.strip_prefix(' ').unwrap_or(want));
            let Some(rest) = play.said.strip_prefix(&want) else {
                panic!("step {i} {step:?}: the server said {:?}", play.said);
            };
            play.said = rest.to_owned();
        } else if let Some(why) = step.strip_prefix("CLOSE ") {
            assert_eq!(
                play.closed.map(|c| format!("{c:?}")).as_deref(),
                Some(why),
                "step {i}"
            );
        } else {
            assert_eq!(play.said, "", "unexpected before step {i} {step:?}");
            assert_eq!(play.closed, None, "closed before step {i} {step:?}");
            play.step(step);
        }
    }
    assert_eq!(play.said, "", "unexpected at the end");
    play.shell
}

const NAME: &str = "mail.client1.com";

fn smtp() -> Config {
    Config::new(NAME, Protocol::Smtp, PeerClass::Other)
}

/// A client address, with errors cheap enough for long dialogues.
fn trusted() -> Config {
    Config {
        max_errors: 1000,
        ..Config::new(NAME, Protocol::Smtp, PeerClass::Client)
    }
}

const BANNER: &str = "S: 220 mail.client1.com ESMTP Postamt is glad to see you!\n";

/// A script that begins with banner and HELO.
fn greeted(script: &str) -> String {
    format!("{BANNER}C: HELO a.example\nS: 250 mail.client1.com is pleased to meet you\n{script}")
}
