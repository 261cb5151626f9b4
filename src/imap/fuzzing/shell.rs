//! A shell with its mailboxes in memory, as simple as it can be: the other side of the machine in tests and fuzzing.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{
    Answer, BodyStructure, Criterion, Envelope, Fetched, FlagChange, FlagList, Flags,
    ListedMailbox, MailboxStatus, Message, MessageList, Part, Question, Refusal, Selected,
    SpecialUse,
};

/// A message and what is known of it.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// UID, flags and mod-sequence.
    pub message: Message,
    /// Internal date in Unix seconds.
    pub date: i64,
    /// The bytes.
    pub raw: Bytes,
    /// Envelope, when it matters.
    pub envelope: Envelope,
    /// Structure; one plain text when absent.
    pub structure: Option<BodyStructure>,
}

/// A mailbox.
#[derive(Debug, Clone)]
pub struct Mailbox {
    /// `UIDVALIDITY`.
    pub uid_validity: u32,
    /// `UIDNEXT`.
    pub uid_next: u32,
    /// Messages by ascending UID.
    pub messages: Vec<Stored>,
    /// UIDs gone, with the mod-sequence of that.
    pub expunged: Vec<(u32, u64)>,
    subscribed: bool,
    selectable: bool,
    special_use: Option<SpecialUse>,
}

/// The shell; user `mrc` has the password `secret`.
#[derive(Debug, Default)]
pub struct Shell {
    /// Mailboxes by name.
    pub mailboxes: BTreeMap<String, Mailbox>,
    /// Name of the selected one.
    pub selected: Option<String>,
    /// The last mod-sequence given.
    pub modseq: u64,
    /// Nobody is let in, for this reason.
    pub not_admitted: Option<Refusal>,
    /// Most messages in one answer to a fetch; 0 is no limit.
    pub fetch_max: usize,
}

impl Shell {
    /// A shell with an empty INBOX.
    pub fn new() -> Self {
        let mut shell = Self {
            modseq: 1,
            ..Self::default()
        };
        shell.create("INBOX", None);
        shell
    }

    /// Makes a mailbox.
    pub fn create(&mut self, name: &str, special_use: Option<SpecialUse>) {
        let mailbox = Mailbox {
            uid_validity: 3_857_529_045,
            uid_next: 1,
            messages: Vec::new(),
            expunged: Vec::new(),
            subscribed: false,
            selectable: true,
            special_use,
        };
        self.mailboxes.insert(name.to_owned(), mailbox);
    }

    /// Adds a message; its UID and mod-sequence are given here.
    pub fn deliver(&mut self, name: &str, mut stored: Stored) -> Message {
        self.modseq += 1;
        stored.message.modseq = self.modseq;
        if let Some(mailbox) = self.mailboxes.get_mut(name) {
            stored.message.uid = mailbox.uid_next;
            mailbox.uid_next += 1;
            mailbox.messages.push(stored.clone());
        }
        stored.message
    }

    fn open(&mut self) -> Option<&mut Mailbox> {
        let name = self.selected.as_ref()?;
        self.mailboxes.get_mut(name)
    }

    /// Answers as a real shell would.
    pub fn answer(&mut self, question: Question) -> Answer {
        match self.try_answer(question) {
            Ok(answer) => answer,
            Err(refusal) => Answer::Refused(refusal),
        }
    }

    fn try_answer(&mut self, question: Question) -> Result<Answer, Refusal> {
        if let (Question::SignIn(_), Some(refusal)) = (&question, self.not_admitted) {
            return Err(refusal);
        }
        Ok(match question {
            Question::SignIn(sasl::Question::Password { identity, password }) => {
                let right = identity.login == "mrc" && password.reveal() == "secret";
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
                let right = valid && identity.login == "mrc";
                Answer::SignIn(if right {
                    sasl::Answer::Accepted
                } else {
                    sasl::Answer::Refused
                })
            }
            question => return self.mailbox_answer(question),
        })
    }

    fn mailbox_answer(&mut self, question: Question) -> Result<Answer, Refusal> {
        Ok(match question {
            Question::List { subscribed } => Answer::Mailboxes(self.list(subscribed)),
            Question::Status { mailbox } => Answer::Status(self.status(&mailbox)?),
            Question::Select { mailbox, examine } => {
                self.selected = None;
                let selected = self.select(&mailbox, examine)?;
                self.selected = Some(mailbox);
                Answer::Selected(Box::new(selected))
            }
            Question::Unselect => {
                self.selected = None;
                Answer::Done
            }
            Question::Create {
                mailbox,
                container,
                special_use,
            } => {
                if self.mailboxes.contains_key(&mailbox) {
                    return Err(Refusal::AlreadyExists);
                }
                self.create(&mailbox, special_use);
                if let Some(made) = self.mailboxes.get_mut(&mailbox) {
                    made.selectable = !container;
                }
                Answer::Done
            }
            Question::Delete { mailbox } => self
                .mailboxes
                .remove(&mailbox)
                .map(|_| Answer::Done)
                .ok_or(Refusal::NotFound)?,
            Question::Rename { from, to } => {
                if self.mailboxes.contains_key(&to) {
                    return Err(Refusal::AlreadyExists);
                }
                let mailbox = self.mailboxes.remove(&from).ok_or(Refusal::NotFound)?;
                self.mailboxes.insert(to, mailbox);
                Answer::Done
            }
            Question::Subscribe { mailbox, on } => {
                self.mailboxes
                    .get_mut(&mailbox)
                    .ok_or(Refusal::NotFound)?
                    .subscribed = on;
                Answer::Done
            }
            question => return self.message_answer(question),
        })
    }

    fn message_answer(&mut self, question: Question) -> Result<Answer, Refusal> {
        Ok(match question {
            Question::Append {
                mailbox,
                flags,
                date,
                message,
            } => {
                let uid_validity = self
                    .mailboxes
                    .get(&mailbox)
                    .ok_or(Refusal::NotFound)?
                    .uid_validity;
                let FlagList { flags, keywords } = flags;
                let message = Stored {
                    message: Message {
                        flags,
                        keywords,
                        ..Message::default()
                    },
                    date: date.unwrap_or(0),
                    raw: message,
                    ..Stored::default()
                };
                Answer::Appended {
                    uid_validity,
                    uid: self.deliver(&mailbox, message).uid,
                }
            }
            Question::Fetch { uids, .. } => self.fetch(&uids),
            Question::Store {
                uids,
                change,
                flags,
                unchanged_since,
            } => self.store(&uids, change, &flags, unchanged_since),
            Question::Copy {
                uids,
                mailbox,
                moves,
            } => self.copy(&uids, &mailbox, moves)?,
            Question::Expunge { uids } => {
                let modseq = self.modseq + 1;
                self.modseq = modseq;
                let uids = self.remove(&uids, |stored| {
                    stored.message.flags.contains(Flags::DELETED)
                });
                Answer::Expunged { uids, modseq }
            }
            Question::Search { uids, criteria } => {
                let messages = self
                    .open()
                    .map(|mailbox| mailbox.messages.clone())
                    .unwrap_or_default();
                let among = |criterion: &Criterion| {
                    let fit = messages
                        .iter()
                        .filter(|m| uids.contains(&m.message.uid) && fits(m, criterion));
                    fit.map(|m| m.message.uid).collect()
                };
                Answer::Found(criteria.iter().map(among).collect())
            }
            Question::Changes { since } => self.changes(since),
            _ => return Err(Refusal::Internal),
        })
    }

    fn list(&self, subscribed: bool) -> Vec<ListedMailbox> {
        let listed = self
            .mailboxes
            .iter()
            .filter(|(_, mailbox)| !subscribed || mailbox.subscribed);
        let entry = |(name, mailbox): (&String, &Mailbox)| ListedMailbox {
            name: name.clone(),
            selectable: mailbox.selectable,
            special_use: mailbox.special_use,
        };
        listed.map(entry).collect()
    }

    fn status(&self, name: &str) -> Result<MailboxStatus, Refusal> {
        let mailbox = self.mailboxes.get(name).ok_or(Refusal::NotFound)?;
        let unseen = mailbox
            .messages
            .iter()
            .filter(|m| !m.message.flags.contains(Flags::SEEN))
            .count();
        Ok(MailboxStatus {
            messages: mailbox.messages.len() as u32,
            recent: 0,
            unseen: unseen as u32,
            uid_next: mailbox.uid_next,
            uid_validity: mailbox.uid_validity,
            highest_modseq: self.modseq,
            size: mailbox.messages.iter().map(|m| m.raw.len() as u64).sum(),
        })
    }

    fn select(&mut self, name: &str, examine: bool) -> Result<Selected, Refusal> {
        let mailbox = self
            .mailboxes
            .get(name)
            .filter(|m| m.selectable)
            .ok_or(Refusal::NotFound)?;
        let mut messages = MessageList::with_capacity(mailbox.messages.len());
        for Stored { message, .. } in &mailbox.messages {
            messages.push(
                message.uid,
                message.flags,
                message.keywords.iter().map(String::as_str),
                message.modseq,
            );
        }
        Ok(Selected {
            read_only: examine,
            permanent_flags: Flags::ALL,
            new_keywords: true,
            uid_validity: mailbox.uid_validity,
            uid_next: mailbox.uid_next,
            recent_from: mailbox.uid_next,
            highest_modseq: self.modseq,
            messages,
        })
    }

    fn fetch(&mut self, uids: &[u32]) -> Answer {
        let max = if self.fetch_max == 0 {
            uids.len()
        } else {
            self.fetch_max
        };
        let asked = uids.get(..max.min(uids.len())).unwrap_or_default().to_vec();
        let through = asked.last().copied().unwrap_or(0);
        let messages = self
            .open()
            .map(|mailbox| mailbox.messages.as_slice())
            .unwrap_or_default();
        let found = messages
            .iter()
            .filter(|stored| asked.contains(&stored.message.uid));
        Answer::Fetched {
            messages: found.map(Stored::fetched).collect(),
            through,
        }
    }

    fn store(
        &mut self,
        uids: &[u32],
        change: FlagChange,
        flags: &FlagList,
        unchanged_since: Option<u64>,
    ) -> Answer {
        let next = self.modseq + 1;
        let (mut messages, mut modified) = (Vec::new(), Vec::new());
        for Stored { message, .. } in self
            .open()
            .into_iter()
            .flat_map(|mailbox| &mut mailbox.messages)
        {
            if !uids.contains(&message.uid) {
                continue;
            }
            if unchanged_since.is_some_and(|since| message.modseq > since) {
                modified.push(message.uid);
                continue;
            }
            let before = (message.flags, message.keywords.clone());
            let named = |k: &String| flags.keywords.iter().any(|f| f.eq_ignore_ascii_case(k));
            match change {
                FlagChange::Set => {
                    (message.flags, message.keywords) = (flags.flags, flags.keywords.clone())
                }
                FlagChange::Add => {
                    message.flags = message.flags.union(flags.flags);
                    message.keywords.retain(|k| !named(k));
                    message.keywords.extend(flags.keywords.iter().cloned());
                }
                FlagChange::Remove => {
                    message.flags = message.flags.without(flags.flags);
                    message.keywords.retain(|k| !named(k));
                }
            }
            if before != (message.flags, message.keywords.clone()) {
                message.modseq = next;
            }
            messages.push(message.clone());
        }
        self.modseq = next;
        Answer::Stored { messages, modified }
    }

    fn copy(&mut self, uids: &[u32], target: &str, moves: bool) -> Result<Answer, Refusal> {
        let uid_validity = self
            .mailboxes
            .get(target)
            .ok_or(Refusal::NotFound)?
            .uid_validity;
        let messages = self
            .open()
            .map(|mailbox| mailbox.messages.clone())
            .unwrap_or_default();
        let chosen = messages
            .into_iter()
            .filter(|m| uids.contains(&m.message.uid));
        let pairs: Vec<_> = chosen
            .map(|stored| (stored.message.uid, self.deliver(target, stored).uid))
            .collect();
        self.modseq += 1;
        if moves {
            self.remove(uids, |_| true);
        }
        Ok(Answer::Copied {
            uid_validity,
            uids: pairs,
            modseq: self.modseq,
        })
    }

    /// Removes messages of the selected mailbox that fit.
    pub fn remove(&mut self, uids: &[u32], fits: impl Fn(&Stored) -> bool) -> Vec<u32> {
        let modseq = self.modseq;
        let Some(mailbox) = self.open() else {
            return Vec::new();
        };
        let mut gone = Vec::new();
        mailbox.messages.retain(|stored| {
            let goes = uids.contains(&stored.message.uid) && fits(stored);
            if goes {
                gone.push(stored.message.uid);
            }
            !goes
        });
        mailbox
            .expunged
            .extend(gone.iter().map(|uid| (*uid, modseq)));
        gone
    }

    fn changes(&mut self, since: u64) -> Answer {
        let modseq = self.modseq;
        let Some(mailbox) = self.open() else {
            return Answer::Changes {
                messages: Vec::new(),
                expunged: Vec::new(),
                modseq,
            };
        };
        let changed = mailbox
            .messages
            .iter()
            .map(|stored| &stored.message)
            .filter(|m| m.modseq > since);
        let gone = mailbox
            .expunged
            .iter()
            .filter(|(_, at)| *at > since)
            .map(|(uid, _)| *uid);
        Answer::Changes {
            messages: changed.cloned().collect(),
            expunged: gone.collect(),
            modseq,
        }
    }
}

impl Stored {
    /// A message with this text.
    pub fn new(raw: &str) -> Self {
        Self {
            raw: Bytes::copy_from_slice(raw.as_bytes()),
            ..Self::default()
        }
    }

    fn fetched(&self) -> Fetched {
        let body = self
            .raw
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .map_or(self.raw.len(), |at| at + 4);
        let part = || Part {
            kind: "TEXT".into(),
            subtype: "PLAIN".into(),
            encoding: "7BIT".into(),
            body_start: body as u32,
            body_end: self.raw.len() as u32,
            ..Part::default()
        };
        Fetched {
            uid: self.message.uid,
            date: self.date,
            size: self.raw.len() as u32,
            envelope: Some(self.envelope.clone()),
            structure: Some(
                self.structure
                    .clone()
                    .unwrap_or_else(|| BodyStructure(vec![part()])),
            ),
            raw: Some(self.raw.clone()),
        }
    }
}

fn fits(stored: &Stored, criterion: &Criterion) -> bool {
    let raw = String::from_utf8_lossy(&stored.raw).to_lowercase();
    let day = |day: &i32| i64::from(*day) * 86_400;
    match criterion {
        Criterion::Header { field, text } => {
            let field = format!("{}:", field.to_lowercase());
            raw.lines()
                .any(|line| line.starts_with(&field) && line.contains(&text.to_lowercase()))
        }
        Criterion::Body(text) | Criterion::Text(text) => raw.contains(&text.to_lowercase()),
        Criterion::Before(d) | Criterion::SentBefore(d) => stored.date < day(d),
        Criterion::On(d) | Criterion::SentOn(d) => stored.date.div_euclid(86_400) == i64::from(*d),
        Criterion::Since(d) | Criterion::SentSince(d) => stored.date >= day(d),
        Criterion::Larger(size) => stored.raw.len() > *size as usize,
        Criterion::Smaller(size) => stored.raw.len() < *size as usize,
    }
}
