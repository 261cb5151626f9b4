//! A client that believes what it is told: its message numbers must always mean the messages the server means.

use proptest::prelude::*;

use super::*;
use crate::Notice;

#[derive(Debug, Clone)]
enum Step {
    Deliver,
    /// Another session expunges the message at this place.
    Expunge(usize),
    /// Another session changes the flags of the message at this place.
    Mark(usize, u8),
    /// News come as a hint to ask instead of being told.
    Lose,
    Noop,
    Fetch,
    Search,
    Store(usize, u8),
    ExpungeHere,
    Move(usize),
    Idle,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Deliver),
        3 => (0usize..8).prop_map(Step::Expunge),
        3 => (0usize..8, 0u8..32).prop_map(|(at, flags)| Step::Mark(at, flags)),
        1 => Just(Step::Lose),
        2 => Just(Step::Noop),
        3 => Just(Step::Fetch),
        1 => Just(Step::Search),
        2 => (0usize..8, 0u8..32).prop_map(|(at, flags)| Step::Store(at, flags)),
        1 => Just(Step::ExpungeHere),
        1 => (0usize..8).prop_map(Step::Move),
        1 => Just(Step::Idle),
    ];
    proptest::collection::vec(step, 1..40)
}

/// What the client knows: for each number the UID and flags it was shown.
#[derive(Default)]
struct Client {
    messages: Vec<(Option<u32>, Option<String>)>,
}

impl Client {
    /// Reads untagged responses; `quiet` says that message numbers may not change.
    fn read(&mut self, sent: &str, quiet: bool) {
        for line in sent.lines() {
            let words: Vec<&str> = line.splitn(4, ' ').collect();
            let ["*", number, what, rest @ ..] = words.as_slice() else {
                continue;
            };
            let Ok(number) = number.parse::<usize>() else {
                continue;
            };
            match *what {
                "EXISTS" => {
                    assert!(number >= self.messages.len(), "EXISTS may not shrink");
                    self.messages.resize(number, (None, None));
                }
                "EXPUNGE" => {
                    assert!(!quiet, "EXPUNGE during FETCH, STORE or SEARCH");
                    self.messages.remove(number - 1);
                }
                "FETCH" => self.fetched(number, rest[0]),
                _ => {}
            }
        }
    }

    fn fetched(&mut self, number: usize, text: &str) {
        let entry = &mut self.messages[number - 1];
        if let Some((_, rest)) = text.split_once("UID ") {
            let uid = rest.split([' ', ')']).next().unwrap().parse().unwrap();
            assert!(
                entry.0.is_none_or(|known| known == uid),
                "number {number} was {:?}, is {uid}",
                entry.0
            );
            entry.0 = Some(uid);
        }
        if let Some((_, rest)) = text.split_once("FLAGS (") {
            let flags = rest.split_once(')').unwrap().0;
            entry.1 = Some(flags.replace("\\Recent", "").trim().to_owned());
        }
    }
}

/// Fewer than a client may give.
const MISSES: usize = 5;

struct World {
    session: Session,
    client: Client,
    /// News are not told but hinted at.
    losing: bool,
    /// Commands that named a message which is not there: who gives too many is disconnected.
    missed: usize,
}

impl World {
    fn new() -> Self {
        let mut session = signed_in(secure());
        for _ in 0..3 {
            session.shell.deliver("INBOX", Stored::new("x"));
        }
        session.receive(b"s SELECT INBOX\r\n", 100);
        let mut world = Self {
            session,
            client: Client::default(),
            losing: false,
            missed: 0,
        };
        world.take(false);
        world
    }

    fn take(&mut self, quiet: bool) -> String {
        let sent = String::from_utf8(std::mem::take(&mut self.session.sent)).unwrap();
        self.client.read(&sent, quiet);
        sent
    }

    fn command(&mut self, command: &str, quiet: bool) {
        self.session
            .receive(format!("t {command}\r\n").as_bytes(), 7);
        let sent = self.take(quiet);
        assert!(
            sent.contains("t OK") || sent.contains("t BAD No such message"),
            "{command}: {sent}"
        );
    }

    fn notice(&mut self, notice: Notice) {
        let notice = if self.losing { Notice::Resync } else { notice };
        self.session.input(Input::Notice(notice));
        let sent = self.take(true);
        assert_eq!(sent, "", "nothing is told between commands");
    }

    fn uid_at(&self, at: usize) -> Option<u32> {
        self.session.shell.mailboxes["INBOX"]
            .messages
            .get(at)
            .map(|stored| stored.message.uid)
    }

    /// Whether a command may name this message: one that is there, or is not for the first few times.
    fn may_name(&mut self, at: usize) -> bool {
        let missing = at >= self.client.messages.len();
        self.missed += usize::from(missing);
        !missing || self.missed <= MISSES
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Store(at, _) | Step::Move(at) if !self.may_name(at) => {}
            Step::Lose => self.losing = !self.losing,
            Step::Deliver => {
                let message = self.session.shell.deliver("INBOX", Stored::new("new"));
                self.notice(Notice::Changed(vec![message]));
            }
            Step::Expunge(at) => {
                let Some(uid) = self.uid_at(at) else { return };
                self.session.shell.modseq += 1;
                let modseq = self.session.shell.modseq;
                let uids = self.session.shell.remove(&[uid], |_| true);
                self.notice(Notice::Expunged { uids, modseq });
            }
            Step::Mark(at, flags) => {
                self.session.shell.modseq += 1;
                let modseq = self.session.shell.modseq;
                let mailbox = self.session.shell.mailboxes.get_mut("INBOX").unwrap();
                let Some(stored) = mailbox.messages.get_mut(at) else {
                    return;
                };
                (stored.message.flags, stored.message.modseq) = (Flags::from_bits(flags), modseq);
                let message = stored.message.clone();
                self.notice(Notice::Changed(vec![message]));
            }
            Step::Noop => self.command("NOOP", false),
            Step::Fetch => self.command("FETCH 1:* (UID FLAGS)", true),
            Step::Search => self.command("SEARCH UNSEEN", true),
            Step::Store(at, flags) => {
                let names: Vec<_> = Flags::from_bits(flags).names().collect();
                self.command(
                    &format!("STORE {} FLAGS ({})", at + 1, names.join(" ")),
                    true,
                );
            }
            Step::ExpungeHere => self.command("EXPUNGE", false),
            Step::Move(at) => self.command(&format!("MOVE {} Trash", at + 1), false),
            Step::Idle => {
                self.session.receive(b"t IDLE\r\n", 100);
                self.session.receive(b"DONE\r\n", 100);
                self.take(false);
            }
        }
    }

    /// After a NOOP and a FETCH the client knows exactly what is stored.
    fn settle(&mut self) {
        self.command("NOOP", false);
        let told: Vec<_> = self
            .client
            .messages
            .iter()
            .map(|message| message.1.clone())
            .collect();
        self.command("FETCH 1:* (UID FLAGS)", true);
        let stored = &self.session.shell.mailboxes["INBOX"].messages;
        assert_eq!(self.client.messages.len(), stored.len());
        for ((message, told), stored) in self.client.messages.iter().zip(told).zip(stored) {
            let flags: Vec<_> = stored
                .message
                .flags
                .names()
                .map(str::to_owned)
                .chain(stored.message.keywords.clone())
                .collect();
            assert_eq!(message.0, Some(stored.message.uid));
            assert_eq!(message.1, Some(flags.join(" ")));
            // Once shown, flags are kept up to date without asking.
            assert!(told.is_none() || told == message.1, "{told:?} {message:?}");
        }
    }
}

proptest! {
    #[test]
    fn numbers_always_mean_the_same_messages(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        world.settle();
    }
}
