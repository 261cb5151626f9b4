//! Dialogues with a small queue runner. A script has one step a line: `S:` the server's line, `C:` a line the client must
//! send, `W:` seconds that pass, `TLS` the handshake, `END` the server closes, `CLOSE` why the client closes.

use super::*;
use crate::EnhancedCode;
use crate::parameters::{Body, MailParameters, Notify, OriginalRecipient, RcptParameters, Ret};

mod outcomes;
mod pair;
mod session;

/// Hands out transactions and messages and keeps what became of them.
#[derive(Debug, Default)]
pub(crate) struct Runner {
    pub(crate) queue: VecDeque<(Transaction, Vec<Bytes>)>,
    current: VecDeque<Bytes>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) extensions: Extensions,
    pub(crate) end: Option<End>,
    /// The message cannot be read to its end.
    broken: bool,
}

impl Runner {
    pub(crate) fn answer(&mut self, question: Question) -> Answer {
        match question {
            Question::Next { done, extensions } => {
                self.outcomes.extend(done);
                self.extensions = extensions;
                let Some((transaction, pieces)) = self.queue.pop_front() else {
                    return Answer::Quit;
                };
                self.current = pieces.into();
                Answer::Transaction(Box::new(transaction))
            }
            Question::Body if self.broken && self.current.len() < 2 => Answer::Noted,
            Question::Body => {
                let bytes = self.current.pop_front().unwrap_or_default();
                Answer::Piece {
                    bytes,
                    last: self.current.is_empty(),
                }
            }
            Question::Over { done, end } => {
                self.outcomes.extend(done);
                self.end = Some(end);
                Answer::Noted
            }
        }
    }
}

pub(crate) struct Play {
    pub(crate) client: Client,
    pub(crate) runner: Runner,
    pub(crate) said: Vec<u8>,
    pub(crate) closed: Option<Close>,
    pub(crate) wants_tls: bool,
    pub(crate) now: Instant,
}

impl Play {
    pub(crate) fn new(config: Config, runner: Runner) -> Self {
        let mut play = Self {
            client: Client::new(config),
            runner,
            said: Vec::new(),
            closed: None,
            wants_tls: false,
            now: Instant::now(),
        };
        play.feed(Input::Connected);
        play
    }

    pub(crate) fn feed(&mut self, input: Input<Answer, Infallible>) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.client.handle(self.now, input);
            let mut asked = false;
            while let Some(output) = self.client.poll() {
                assert!(
                    self.closed.is_none() && !asked,
                    "nothing comes after Close or an open question"
                );
                match output {
                    Output::Send(bytes) => self.said.extend_from_slice(&bytes),
                    Output::Ask(question) => {
                        asked = true;
                        inputs.push_back(Input::Answer(self.runner.answer(question)));
                    }
                    Output::StartTls => self.wants_tls = true,
                    Output::Close(why) => self.closed = Some(why),
                }
            }
        }
    }

    fn hear(&mut self, bytes: &[u8], bytewise: bool) {
        for part in bytes.chunks(if bytewise { 1 } else { usize::MAX }) {
            self.feed(Input::Received(Bytes::copy_from_slice(part)));
        }
    }

    fn wait(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(deadline) = self.client.deadline().filter(|deadline| *deadline <= end) {
            self.now = deadline;
            self.feed(Input::Tick);
        }
        self.now = end;
    }
}

/// Plays a script, once in whole lines and once octet by octet.
fn play(config: &Config, queue: &[(Transaction, &str)], script: &str) -> Runner {
    run(config, queue, script, true);
    run(config, queue, script, false)
}

fn run(config: &Config, queue: &[(Transaction, &str)], script: &str, bytewise: bool) -> Runner {
    let queue = queue
        .iter()
        .map(|(t, body)| (t.clone(), vec![Bytes::copy_from_slice(body.as_bytes())]))
        .collect();
    let mut play = Play::new(
        config.clone(),
        Runner {
            queue,
            ..Runner::default()
        },
    );
    for (i, step) in script
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty())
        .enumerate()
    {
        match step.split_once(' ').unwrap_or((step, "")) {
            ("C:", line) => {
                let want = format!("{line}\r\n");
                let Some(rest) = play.said.strip_prefix(want.as_bytes()) else {
                    panic!(
                        "step {i} {step:?}: the client said {:?}",
                        String::from_utf8_lossy(&play.said)
                    );
                };
                play.said = rest.to_vec();
            }
            ("CLOSE", why) => assert_eq!(
                play.closed.map(|c| format!("{c:?}")).as_deref(),
                Some(why),
                "step {i}"
            ),
            (feed, rest) => {
                assert_eq!(
                    String::from_utf8_lossy(&play.said),
                    "",
                    "unexpected before step {i} {step:?}"
                );
                match feed {
                    "S:" => play.hear(format!("{rest}\r\n").as_bytes(), bytewise),
                    "W:" => play.wait(rest.parse().unwrap()),
                    "END" => play.feed(Input::Closed),
                    "TLS" => {
                        assert!(
                            std::mem::take(&mut play.wants_tls),
                            "no handshake is wanted"
                        );
                        play.feed(Input::TlsReady);
                    }
                    _ => panic!("what is {step:?}?"),
                }
            }
        }
    }
    assert_eq!(
        String::from_utf8_lossy(&play.said),
        "",
        "unexpected at the end"
    );
    play.runner
}

fn config() -> Config {
    Config::new("mail.client1.com")
}

fn mail(sender: &str, recipients: &[&str]) -> Transaction {
    let recipient = |path: &&str| Recipient {
        path: path.parse().unwrap(),
        parameters: RcptParameters::default(),
    };
    Transaction {
        sender: (!sender.is_empty()).then(|| sender.parse().unwrap()),
        parameters: MailParameters::default(),
        recipients: recipients.iter().map(recipient).collect(),
        probe: false,
    }
}

fn reply(code: u16, text: &'static str) -> Reply {
    Reply {
        code,
        enhanced: None,
        text: text.into(),
    }
}

/// A server without extensions has greeted us.
const OLD: &str = "
    S: 220 b.example
    C: EHLO mail.client1.com
    S: 500 what?
    C: HELO mail.client1.com
    S: 250 b.example
";

/// A server that can pipeline has greeted us.
const PIPELINING: &str = "
    S: 220 b.example
    C: EHLO mail.client1.com
    S: 250-b.example
    S: 250 PIPELINING
";
