mod fetch;
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

use bytes::Bytes;
use types::{
    Machine,
    stream::{Close, Input, Output},
};

use crate::{
    command::{self, Command},
    cursor::Syntax,
    frame::{Frame, Framer},
    protocol::{Answer, Config, Notice, Question, Refusal},
    view::View,
};
use fetch::FetchJob;
use outbox::Outbox;
use search::SearchJob;

/// Largest command before sign-in, in octets.
const PREAUTH_COMMAND: u64 = 16 * 1024;
/// Largest refused literal that is read over, in octets.
const SKIP_MAX: u64 = 64 * 1024;
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

    fn received(&mut self, bytes: &Bytes) {
        self.last_input = self.now;
        if matches!(self.mode, Mode::Tls) {
            // RFC 3501 §6.2.1, RFC 9051 §6.2.1: clear text behind STARTTLS is an injection.
            return self.close(Close::Fault);
        }
        self.framer.push(bytes);
        if matches!(self.mode, Mode::Held { .. })
            && self.framer.so_far().len() > self.config.max_line
        {
            self.close(Close::Fault);
        }
    }

    /// Goes on with what is in the buffer as long as nothing is waited for.
    fn run(&mut self) {
        while self.waiting.is_none() && self.streaming.is_none() {
            let frame = match &self.mode {
                Mode::Commands => self.framer.next(),
                Mode::SignIn { .. } | Mode::Idle { .. } => self.framer.next_line(),
                Mode::New | Mode::Held { .. } | Mode::Tls | Mode::Over => return,
            };
            match (frame, &self.mode) {
                (Frame::Incomplete, _) => return,
                (Frame::LineTooLong, _) => {
                    self.out.put("* BAD [TOOBIG] Line too long\r\n");
                    return self.close(Close::Fault);
                }
                (Frame::Literal { size }, _) => self.literal(size, false),
                (Frame::LiteralPlus { size }, _) => self.literal(size, true),
                (Frame::Command(line), Mode::Commands) => self.command(&line),
                (Frame::Command(line), Mode::Idle { .. }) => self.idle_line(&line),
                (Frame::Command(line), _) => self.sign_in_line(&line),
            }
        }
    }

    /// Decides whether the command may have this literal.
    fn literal(&mut self, size: u64, plus: bool) {
        let text = self.framer.so_far();
        let tag = command::tag(text).map(str::to_owned);
        let verb = tag
            .as_ref()
            .and_then(|tag| text.get(tag.len() + 1..tag.len() + 8));
        let append = verb.is_some_and(|verb| verb.eq_ignore_ascii_case(b"APPEND "));
        let limit = match append {
            _ if !self.signed_in => PREAUTH_COMMAND,
            true => self.config.max_append,
            false => self.config.max_command as u64,
        };
        // The text of an APPEND may stand beside the message itself.
        let held = if append && size > SKIP_MAX {
            0
        } else {
            self.framer.held() as u64
        };
        if tag.is_some()
            && held.saturating_add(size) <= limit
            && self.framer.held() as u64 <= limit + SKIP_MAX
        {
            self.framer.accept();
            if !plus {
                self.out.put("+ Ready for the literal\r\n");
            }
            return;
        }
        self.framer.skip();
        match tag {
            Some(tag) if append => self.reply(&tag, "NO [TOOBIG] Message too large"),
            Some(tag) => self.reply(&tag, "NO [TOOBIG] Literal too large"),
            None => self.bad("*", "Syntax error: expected a tag"),
        }
        if plus && size > SKIP_MAX {
            self.bye("[TOOBIG] Literal too large", Close::Fault);
        }
    }

    fn command(&mut self, frame: &Bytes) {
        if matches!(&frame[..], b"\r\n" | b"\n") {
            return;
        }
        let Some(tag) = command::tag(frame) else {
            return self.bad("*", "Syntax error: expected a tag");
        };
        let behind = if frame.get(tag.len()) == Some(&b' ') {
            tag.len() + 1
        } else {
            frame.len()
        };
        match command::parse(frame, behind) {
            Ok(command) => self.execute(tag.to_owned(), command),
            Err(Syntax(what)) => self.bad(tag, &format!("Syntax error: {what}")),
        }
    }

    fn execute(&mut self, tag: String, command: Command) {
        let valid = match &command {
            Command::Capability | Command::Noop | Command::Logout | Command::Id => true,
            Command::StartTls | Command::Authenticate { .. } | Command::Login { .. } => {
                !self.signed_in
            }
            Command::Check
            | Command::Close
            | Command::Unselect
            | Command::Expunge(_)
            | Command::Search { .. }
            | Command::SearchCharset
            | Command::Fetch { .. }
            | Command::Store { .. }
            | Command::Copy { .. } => self.selected.is_some(),
            _ => self.signed_in,
        };
        if !valid {
            return self.bad(&tag, "Command not valid in this state");
        }
        if let Some(selected) = &mut self.selected {
            selected.view.tell_added(self.out.buffer());
        }
        self.dispatch(tag, command);
    }

    fn dispatch(&mut self, tag: String, command: Command) {
        match command {
            Command::Capability => {
                let list = format!("* {}\r\n", self.capabilities());
                self.out.put(&list);
                self.finish(tag, "OK CAPABILITY completed", true);
            }
            Command::Noop => self.finish(tag, "OK NOOP completed", true),
            Command::Check => self.finish(tag, "OK CHECK completed", true),
            Command::Id => {
                self.out.put("* ID (\"name\" \"Postamt\")\r\n");
                self.finish(tag, "OK ID completed", true);
            }
            Command::Logout => {
                self.out.put("* BYE Good-bye\r\n");
                self.reply(&tag, "OK LOGOUT completed");
                self.close(Close::Done);
            }
            Command::StartTls => self.start_tls(&tag),
            Command::Authenticate { mechanism, initial } => {
                self.authenticate(tag, &mechanism, initial.as_deref())
            }
            Command::Login { user, password } => self.login(tag, user, password),
            Command::Enable(names) => self.enable(tag, &names),
            Command::Namespace => {
                self.out.put("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
                self.finish(tag, "OK NAMESPACE completed", true);
            }
            Command::Select {
                mailbox,
                examine,
                condstore,
            } => self.select(tag, mailbox, examine, condstore),
            Command::Create { mailbox, uses } => self.create(tag, &mailbox, &uses),
            Command::Delete(mailbox) => self.delete(tag, mailbox),
            Command::Rename { from, to } => self.rename(tag, from, &to),
            Command::Subscribe { mailbox, on } => {
                let done = if on {
                    "OK SUBSCRIBE completed"
                } else {
                    "OK UNSUBSCRIBE completed"
                };
                self.ask(
                    Question::Subscribe { mailbox, on },
                    Job::Simple { tag, done },
                );
            }
            Command::List {
                reference,
                pattern,
                subscribed,
            } => self.list(tag, &reference, &pattern, subscribed),
            Command::Status { mailbox, items } => self.status(tag, mailbox, items),
            Command::Append {
                mailbox,
                flags,
                date,
                message,
            } => {
                let job = Job::Append {
                    tag,
                    mailbox: mailbox.clone(),
                };
                self.ask(
                    Question::Append {
                        mailbox,
                        flags,
                        date,
                        message,
                    },
                    job,
                );
            }
            Command::Idle => self.idle(tag),
            Command::Close => self.close_mailbox(tag),
            Command::Unselect => self.ask(
                Question::Unselect,
                Job::Unselect {
                    tag,
                    done: "OK UNSELECT completed",
                },
            ),
            Command::Expunge(set) => self.expunge(tag, set.as_ref()),
            Command::Search { uid, key } => self.search(tag, uid, &key),
            Command::SearchCharset => self.finish(
                tag,
                "NO [BADCHARSET (US-ASCII UTF-8)] Unknown charset",
                false,
            ),
            Command::Fetch {
                uid,
                set,
                items,
                changed_since,
            } => self.fetch(tag, uid, &set, items, changed_since),
            Command::Store {
                uid,
                set,
                unchanged_since,
                change,
                silent,
                flags,
            } => {
                self.store(tag, uid, &set, unchanged_since, change, silent, flags);
            }
            Command::Copy {
                uid,
                set,
                mailbox,
                moves,
            } => self.copy(tag, uid, &set, mailbox, moves),
        }
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

    fn tick(&mut self, now: Instant) {
        if let Mode::Held { until, reply } = &self.mode {
            if *until <= now {
                let reply = reply.clone();
                self.mode = Mode::Commands;
                self.out.put(&reply);
                if self.failures >= self.config.max_failures {
                    self.bye("Too many failed sign-ins", Close::Fault);
                }
            }
            return;
        }
        if self.timeout().is_some_and(|at| at <= now) {
            return self.bye("Idle for too long", Close::Timeout);
        }
        if self.alive_due().is_some_and(|at| at <= now) {
            self.last_alive = Some(now);
            self.out.put("* OK Still here\r\n");
        }
    }

    /// When the session ends for want of input; never while the shell is asked.
    fn timeout(&self) -> Option<Instant> {
        if self.waiting.is_some() || self.streaming.is_some() {
            None
        } else if self.signed_in {
            self.last_input?.checked_add(self.config.idle_timeout)
        } else {
            self.connected?.checked_add(self.config.preauth_timeout)
        }
    }

    /// When a sign of life is due.
    fn alive_due(&self) -> Option<Instant> {
        let silent = self.waiting.is_some() || matches!(self.mode, Mode::Idle { .. });
        let since = self.last_alive.filter(|_| silent && self.signed_in)?;
        since.checked_add(self.config.keep_alive)
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
