mod clock;
mod dispatch;
mod fetch;
mod input;
mod mailboxes;
mod messages;
mod news;
mod outbox;
mod search;
mod select;
mod sign_in;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use types::{
    Machine,
    stream::{Close, Input, Output},
};

use crate::{
    command,
    frame::Framer,
    protocol::{Answer, Config, Notice, Question, Refusal},
    view::View,
};
use fetch::FetchJob;
use outbox::Outbox;
use search::SearchJob;

/// `BAD` answers are counted over this time.
const BAD_WINDOW: Duration = Duration::from_secs(60);

/// One IMAP session, seen from the server (RFC 3501).
#[derive(Debug)]
pub struct Server {
    config: Config,
    framer: Framer,
    out: Outbox,
    mode: Mode,
    /// What goes on when the open question is answered.
    waiting: Option<Job>,
    /// A FETCH that is answered from the view, written as the peer takes it.
    streaming: Option<FetchJob>,
    now: Option<Instant>,
    connected: Option<Instant>,
    last_input: Option<Instant>,
    last_alive: Option<Instant>,
    secure: bool,
    signed_in: bool,
    nonces: sasl::Nonces,
    failures: u32,
    bad: VecDeque<Instant>,
    condstore: bool,
    selected: Option<Box<SelectedMailbox>>,
    alerts: Vec<String>,
}

/// How input is read.
#[derive(Debug)]
enum Mode {
    New,
    Commands,
    SignIn {
        tag: String,
        exchange: Box<sasl::ServerExchange>,
    },
    Idle {
        tag: String,
    },
    /// A reply that is held back; nothing is read until then.
    Held {
        until: Instant,
        reply: String,
    },
    Tls,
    Over,
}

/// What goes on when a question is answered.
#[derive(Debug)]
enum Job {
    Login {
        tag: String,
    },
    /// The exchange itself waits in [`Mode::SignIn`].
    SignIn,
    List {
        tag: String,
        pattern: String,
        subscribed: bool,
    },
    Status {
        tag: String,
        mailbox: String,
        items: Vec<command::StatusItem>,
    },
    Select {
        tag: String,
        mailbox: String,
        examine: bool,
    },
    /// A command whose answer is yes or no.
    Simple {
        tag: String,
        done: &'static str,
    },
    CloseExpunge {
        tag: String,
    },
    Unselect {
        tag: String,
        done: &'static str,
    },
    Append {
        tag: String,
        mailbox: String,
    },
    Copy {
        tag: String,
        mailbox: String,
        moves: bool,
    },
    Expunge {
        tag: String,
    },
    Store {
        tag: String,
        uid: bool,
        silent: bool,
    },
    /// `\Seen` is set before the bodies are sent.
    FetchSeen(Box<FetchJob>),
    Fetch(Box<FetchJob>),
    Search(Box<SearchJob>),
    /// News are fetched before the command ends, or for IDLE.
    Changes(Option<Finish>),
}

/// The end of a command.
#[derive(Debug)]
struct Finish {
    tag: String,
    text: String,
    /// Whether message numbers may change.
    expunges: bool,
}

#[derive(Debug)]
struct SelectedMailbox {
    name: String,
    view: View,
    read_only: bool,
    /// There are changes the machine has not asked for.
    stale: bool,
    /// It was deleted.
    gone: bool,
}

impl Server {
    /// A session about to begin.
    pub fn new(config: Config) -> Self {
        Self {
            framer: Framer::new(config.max_line),
            nonces: sasl::Nonces::new(config.nonce_seed),
            secure: config.secure,
            config,
            out: Outbox::default(),
            mode: Mode::New,
            waiting: None,
            streaming: None,
            now: None,
            connected: None,
            last_input: None,
            last_alive: None,
            signed_in: false,
            failures: 0,
            bad: VecDeque::new(),
            condstore: false,
            selected: None,
            alerts: Vec::new(),
        }
    }

    /// Whether the user is signed in.
    pub fn is_signed_in(&self) -> bool {
        self.signed_in
    }

    fn capabilities(&self) -> String {
        let mut list = String::from("CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE");
        if self.signed_in {
            list.push_str(
                " IDLE NAMESPACE CHILDREN UIDPLUS MOVE UNSELECT CONDSTORE SPECIAL-USE CREATE-SPECIAL-USE STATUS=SIZE",
            );
            return list;
        }
        if !self.secure && self.config.starttls {
            list.push_str(" STARTTLS");
        }
        if !self.passwords_allowed() {
            list.push_str(" LOGINDISABLED");
        }
        for mechanism in sasl::Mechanism::ALL {
            if self.passwords_allowed() || !mechanism.reveals_password() {
                list.push_str(" AUTH=");
                list.push_str(mechanism.name());
            }
        }
        list
    }

    fn passwords_allowed(&self) -> bool {
        self.secure || self.config.clear_passwords
    }

    fn connected(&mut self) {
        self.connected = self.now;
        self.mode = Mode::Commands;
        let greeting = format!("* OK [{}] Postamt ready\r\n", self.capabilities());
        self.out.put(&greeting);
    }

    fn answer(&mut self, answer: Answer) {
        let Some(job) = self.waiting.take() else {
            return;
        };
        match job {
            Job::Login { tag } => self.login_answer(tag, answer),
            Job::SignIn => self.sign_in_answer(answer),
            Job::List {
                tag,
                pattern,
                subscribed,
            } => self.list_answer(tag, &pattern, subscribed, answer),
            Job::Status {
                tag,
                mailbox,
                items,
            } => self.status_answer(tag, &mailbox, &items, answer),
            Job::Select {
                tag,
                mailbox,
                examine,
            } => self.select_answer(tag, mailbox, examine, answer),
            Job::Simple { tag, done } => match answer {
                Answer::Done => self.finish(tag, done, true),
                other => self.refuse(tag, &other),
            },
            Job::CloseExpunge { tag } => {
                self.ask(
                    Question::Unselect,
                    Job::Unselect {
                        tag,
                        done: "OK CLOSE completed",
                    },
                );
            }
            Job::Unselect { tag, done } => {
                self.selected = None;
                self.finish(tag, done, false);
            }
            Job::Append { tag, mailbox } => self.append_answer(tag, &mailbox, answer),
            Job::Copy {
                tag,
                mailbox,
                moves,
            } => self.copy_answer(tag, &mailbox, moves, answer),
            Job::Expunge { tag } => self.expunge_answer(tag, answer),
            Job::Store { tag, uid, silent } => self.store_answer(tag, uid, silent, answer),
            Job::FetchSeen(job) => self.fetch_seen_answer(*job, answer),
            Job::Fetch(job) => self.fetch_answer(*job, answer),
            Job::Search(job) => self.search_answer(*job, answer),
            Job::Changes(finish) => self.changes_answer(finish, answer),
        }
    }

    fn ask(&mut self, question: Question, job: Job) {
        self.waiting = Some(job);
        self.last_alive = self.now;
        self.out.push(Output::Ask(question));
    }

    fn reply(&mut self, tag: &str, text: &str) {
        self.out.put(tag);
        self.out.put(" ");
        self.out.put(text);
        self.out.put("\r\n");
    }

    /// Answers `BAD`; too many of them within a minute end the session.
    fn bad(&mut self, tag: &str, text: &str) {
        self.reply(tag, &format!("BAD {text}"));
        let Some(now) = self.now else { return };
        self.bad.push_back(now);
        while self
            .bad
            .front()
            .is_some_and(|first| now.duration_since(*first) > BAD_WINDOW)
        {
            self.bad.pop_front();
        }
        if self.bad.len() >= self.config.max_bad {
            self.bye("Too many errors", Close::Fault);
        }
    }

    fn refuse(&mut self, tag: String, answer: &Answer) {
        let refusal = if let Answer::Refused(refusal) = answer {
            *refusal
        } else {
            Refusal::Internal
        };
        self.finish(tag, &format!("NO {}", refusal.text()), true);
    }

    fn bye(&mut self, text: &str, why: Close) {
        self.reply("*", &format!("BYE {text}"));
        self.close(why);
    }

    fn close(&mut self, why: Close) {
        if !matches!(self.mode, Mode::Over) {
            self.mode = Mode::Over;
            self.waiting = None;
            self.streaming = None;
            self.selected = None;
            self.framer.clear();
            self.out.push(Output::Close(why));
        }
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
            Input::Connected => self.connected(),
            Input::Received(bytes) => self.received(&bytes),
            Input::Closed => self.close(Close::Done),
            Input::Answer(answer) => self.answer(answer),
            Input::Notice(notice) => self.notice(notice),
            Input::TlsReady => self.tls_ready(),
            Input::Tick => self.tick(now),
        }
        self.run();
    }

    fn poll(&mut self) -> Option<Self::Output> {
        while self.out.is_empty() {
            let job = self.streaming.take()?;
            self.stream(job);
            self.run();
        }
        self.out.pop()
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.mode {
            Mode::Over | Mode::New => None,
            Mode::Held { until, .. } => Some(*until),
            _ => [self.timeout(), self.alive_due()]
                .into_iter()
                .flatten()
                .min(),
        }
    }
}
