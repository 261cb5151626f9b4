//! The transaction and update states (RFC 1939 §5 to §7).

use std::fmt::Write as _;

use types::stream::Close;

use super::{Job, Mailbox, Mode, Server};
use crate::{
    command::{Command, Number},
    multiline,
    protocol::{Answer, Entry, Question},
};

const NO_MESSAGE: &str = "no such message";

impl Mailbox {
    /// Place of a message by its number; `None` when there is none or it is deleted.
    fn index(&self, number: Number) -> Option<usize> {
        let index = usize::try_from(number?).ok()?.checked_sub(1)?;
        (self.deleted.get(index) == Some(&false)).then_some(index)
    }

    fn entry(&self, index: usize) -> Option<Entry> {
        self.opened.messages.get(index).copied()
    }

    /// Messages not deleted, with their places.
    fn entries(&self) -> impl Iterator<Item = (usize, Entry)> {
        let all = self.opened.messages.iter().copied().enumerate();
        all.filter(|(index, _)| self.deleted.get(*index) == Some(&false))
    }

    /// Number and size of the messages not deleted.
    fn total(&self) -> (usize, u64) {
        self.entries().fold((0, 0), |(count, size), (_, entry)| {
            (count + 1, size + u64::from(entry.size))
        })
    }

    /// A line of LIST or UIDL.
    fn line(&self, index: usize, entry: Entry, uidl: bool) -> String {
        if uidl {
            format!(
                "{} {:x}-{:x}",
                index + 1,
                self.opened.uid_validity,
                entry.uid
            )
        } else {
            format!("{} {}", index + 1, entry.size)
        }
    }
}

impl Server {
    pub(super) fn open(&mut self) {
        self.last_input = self.now;
        self.ask(Question::Open, Job::Open);
    }

    pub(super) fn open_answer(&mut self, answer: Answer) {
        match answer {
            Answer::Opened(mut opened) => {
                let alert = opened
                    .alert
                    .take()
                    .map(|alert| alert.replace(|c: char| c.is_control(), " "));
                let mailbox = Mailbox {
                    deleted: vec![false; opened.messages.len()],
                    opened,
                };
                let mut text = format!("{} messages", mailbox.opened.messages.len());
                if let Some(alert) = alert {
                    let _ = write!(text, "; {alert}");
                }
                self.mode = Mode::Transaction(mailbox);
                self.ok(&text);
            }
            other => {
                self.mode = Mode::Authorization { user: None };
                self.refuse(&other);
            }
        }
    }

    pub(super) fn refuse(&mut self, answer: &Answer) {
        match answer {
            Answer::Refused(refusal) => self.error(refusal.text()),
            _ => self.error("[SYS/TEMP] internal error"),
        }
    }

    pub(super) fn transaction(&mut self, command: Command) {
        let Mode::Transaction(mailbox) = &mut self.mode else {
            return;
        };
        match command {
            Command::Noop => self.ok("Nothing done"),
            Command::Stat => {
                let (count, size) = mailbox.total();
                self.ok(&format!("{count} {size}"));
            }
            Command::List(which) => self.list(which, false),
            Command::Uidl(which) => self.list(which, true),
            Command::Retr(number) => self.retrieve(number, None),
            Command::Top(number, lines) => self.retrieve(number, Some(lines)),
            Command::Dele(number) => match mailbox.index(number) {
                _ if mailbox.opened.read_only => self.error("[SYS/PERM] mailbox is read-only"),
                Some(index) => {
                    if let Some(deleted) = mailbox.deleted.get_mut(index) {
                        *deleted = true;
                    }
                    self.ok("Message deleted");
                }
                None => self.error(NO_MESSAGE),
            },
            Command::Rset => {
                mailbox.deleted.fill(false);
                let (count, size) = mailbox.total();
                self.ok(&format!("{count} messages ({size} octets)"));
            }
            _ => self.bad("not after sign-in"),
        }
    }

    fn list(&mut self, which: Option<Number>, uidl: bool) {
        let Mode::Transaction(mailbox) = &self.mode else {
            return;
        };
        if let Some(number) = which {
            let found = mailbox
                .index(number)
                .and_then(|index| Some((index, mailbox.entry(index)?)));
            return match found.map(|(index, entry)| mailbox.line(index, entry, uidl)) {
                Some(line) => self.ok(&line),
                None => self.error(NO_MESSAGE),
            };
        }
        let (count, size) = mailbox.total();
        let mut lines = format!("+OK {count} messages ({size} octets)\r\n");
        for (index, entry) in mailbox.entries() {
            lines.push_str(&mailbox.line(index, entry, uidl));
            lines.push_str("\r\n");
        }
        lines.push_str(".\r\n");
        self.out.put(&lines);
    }

    fn retrieve(&mut self, number: Number, lines: Option<u32>) {
        let Mode::Transaction(mailbox) = &self.mode else {
            return;
        };
        match mailbox.index(number) {
            Some(index) => self.ask(
                Question::Retrieve {
                    index,
                    whole: lines.is_none(),
                },
                Job::Retrieve { lines },
            ),
            None => self.error(NO_MESSAGE),
        }
    }

    pub(super) fn retrieve_answer(&mut self, lines: Option<u32>, answer: Answer) {
        let Answer::Message(raw) = answer else {
            return self.refuse(&answer);
        };
        match lines {
            Some(_) => self.ok("Top of the message follows"),
            None => self.ok(&format!("{} octets", raw.len())),
        }
        let raw = lines.map_or(raw.clone(), |lines| multiline::top(&raw, lines));
        for (at, piece) in multiline::pieces(&raw).enumerate() {
            if at > 0 {
                self.out.put(".");
            }
            self.out.body(piece);
        }
        let ended = raw.is_empty() || raw.ends_with(b"\n");
        self.out.put(if ended { ".\r\n" } else { "\r\n.\r\n" });
    }

    pub(super) fn quit(&mut self) {
        let Mode::Transaction(mailbox) = &self.mode else {
            return;
        };
        let deleted = mailbox
            .deleted
            .iter()
            .enumerate()
            .filter(|(_, deleted)| **deleted);
        let indices: Vec<usize> = deleted.map(|(index, _)| index).collect();
        if indices.is_empty() {
            return self.quit_answer(&Answer::Done);
        }
        self.ask(Question::Delete { indices }, Job::Quit);
    }

    pub(super) fn quit_answer(&mut self, answer: &Answer) {
        match answer {
            Answer::Done => self.ok("Good-bye"),
            _ => self.error("[SYS/TEMP] some deleted messages not removed"),
        }
        self.close(Close::Done);
    }
}
