//! The questions of the machine, one by one.

use std::sync::Arc;

use imap::{Answer, Fetched, FlagList, Flags, ListedMailbox, MailboxStatus, Needs, Question, Refusal};
use model::mailbox::{Mailbox, MailboxClass};
use service::message::{Arrival, Depth, FlagChange, FlagUpdate};
use service::{Error, MailboxWish};
use types::Timestamp;
use uuid::Uuid;

use super::snapshots::Known;
use super::{ImapSession, SESSIONS_MAX, Selected, convert};

type Answered = Result<Answer, Refusal>;

fn refuse(error: Error) -> Refusal {
    convert::refusal(error)
}

fn wide(uids: &[u32]) -> Vec<i64> {
    uids.iter().map(|uid| i64::from(*uid)).collect()
}

impl ImapSession {
    pub(super) async fn sign_in(&mut self, question: sasl::Question) -> Answer {
        let (answer, standing) = self.service.answer_sign_in(&self.attempt, question).await;
        if let Some(standing) = standing {
            match self.sessions.enter(standing.account_id, SESSIONS_MAX) {
                Some(session) => self.account = Some((standing.account_id, session)),
                None => return Answer::Refused(Refusal::Limit),
            }
        }
        Answer::SignIn(answer)
    }

    pub(super) async fn serve(&mut self, account: Uuid, question: Question) -> Answered {
        match question {
            Question::List { subscribed } => self.list(account, subscribed).await,
            Question::Status { mailbox } => {
                let mailbox = self.visible(account, &mailbox).await?;
                Ok(Answer::Status(status(&mailbox)))
            }
            Question::Select { mailbox, examine } => self.select(account, &mailbox, examine).await,
            Question::Unselect => {
                self.selected = None;
                Ok(Answer::Done)
            }
            Question::Create { mailbox, container, special_use } => {
                let wish = MailboxWish { name: &mailbox, container, role: special_use.map(convert::role) };
                self.service.make_mailbox(account, &wish).await.map_err(refuse)?;
                Ok(Answer::Done)
            }
            Question::Delete { mailbox } => done(self.service.drop_mailbox(account, &mailbox).await),
            Question::Rename { from, to } => done(self.service.rename_mailbox(account, &from, &to).await),
            Question::Subscribe { mailbox, on } => done(self.service.subscribe_mailbox(account, &mailbox, on).await),
            Question::Append { mailbox, flags, date, message } => {
                let arrival = Arrival { raw: message, flags: i32::from(flags.flags.bits()), keywords: flags.keywords, received_at: date.map(Timestamp::from_seconds) };
                let place = self.service.append_message(account, &mailbox, arrival).await.map_err(refuse)?;
                Ok(Answer::Appended { uid_validity: convert::number(place.uid_validity), uid: convert::number(place.stored.uid) })
            }
            question => self.in_selected(account, question).await,
        }
    }

    async fn in_selected(&mut self, account: Uuid, question: Question) -> Answered {
        let selected = self.selected.as_mut().ok_or(Refusal::Internal)?;
        let (service, mailbox) = (&self.service, selected.mailbox);
        let before = selected.known_to();
        match question {
            Question::Fetch { uids, needs } => fetch(service, account, mailbox, &uids, needs).await,
            Question::Store { uids, change, flags, unchanged_since } => {
                let FlagList { flags, keywords } = flags;
                let change = match change {
                    imap::FlagChange::Set => FlagChange::Set,
                    imap::FlagChange::Add => FlagChange::Add,
                    imap::FlagChange::Remove => FlagChange::Remove,
                };
                let unchanged_since = unchanged_since.map(|since| i64::try_from(since).unwrap_or(i64::MAX));
                let update = FlagUpdate { change, flags: i32::from(flags.bits()), keywords: &keywords, unchanged_since };
                let flagged = service.flag_messages(account, mailbox, &wide(&uids), &update).await.map_err(refuse)?;
                if flagged.changed {
                    selected.took_part(before);
                }
                Ok(Answer::Stored { messages: flagged.entries.into_iter().map(convert::entry).collect(), modified: flagged.modified.into_iter().map(convert::number).collect() })
            }
            Question::Copy { uids, mailbox: target, moves } => {
                let copied = service.copy_messages(account, mailbox, &wide(&uids), &target, moves).await.map_err(refuse)?;
                let uids = copied.uids.into_iter().map(|(from, to)| (convert::number(from), convert::number(to))).collect();
                Ok(Answer::Copied { uid_validity: convert::number(copied.uid_validity), uids, modseq: convert::modseq(copied.modseq) })
            }
            Question::Expunge { uids } => {
                let (uids, modseq) = service.expunge_messages(account, mailbox, &wide(&uids), true).await.map_err(refuse)?;
                if !uids.is_empty() {
                    selected.took_part(before);
                }
                Ok(Answer::Expunged { uids: uids.into_iter().map(convert::number).collect(), modseq: convert::modseq(modseq) })
            }
            Question::Search { uids, criteria } => {
                let criteria = criteria.into_iter().map(convert::criterion).collect();
                let found = service.search_mailbox(account, mailbox, &wide(&uids), criteria).await.map_err(refuse)?;
                Ok(Answer::Found(found.into_iter().map(|uids| uids.into_iter().map(convert::number).collect()).collect()))
            }
            Question::Changes { since } => {
                let changes = service.mailbox_changes(account, mailbox, i64::try_from(since).unwrap_or(i64::MAX)).await.map_err(refuse)?;
                Ok(Answer::Changes {
                    messages: changes.entries.into_iter().map(convert::entry).collect(),
                    expunged: changes.expunged.into_iter().map(convert::number).collect(),
                    modseq: convert::modseq(changes.modseq),
                })
            }
            _ => Err(Refusal::Internal),
        }
    }

    async fn list(&self, account: Uuid, subscribed: bool) -> Answered {
        let mailboxes = self.service.mailboxes(account).await.map_err(refuse)?;
        let shown = mailboxes.into_iter().filter(|m| m.class == MailboxClass::Mail && (m.subscribed || !subscribed));
        let listed = shown.map(|m| ListedMailbox { special_use: m.role.and_then(convert::special_use), selectable: m.selectable, name: m.name });
        Ok(Answer::Mailboxes(listed.collect()))
    }

    /// A mailbox that may be opened: one that can hold mail.
    async fn visible(&self, account: Uuid, name: &str) -> Result<Mailbox, Refusal> {
        let mailbox = self.service.mailbox_named(account, name).await.map_err(refuse)?;
        if mailbox.selectable && mailbox.class == MailboxClass::Mail { Ok(mailbox) } else { Err(Refusal::NotFound) }
    }

    async fn select(&mut self, account: Uuid, name: &str, examine: bool) -> Answered {
        self.selected = None;
        let mailbox = self.visible(account, name).await?;
        // Watched before it is read: what happens in between is told, not lost.
        let mut changes = self.service.changes().subscribe(account, mailbox.id);
        changes.borrow_and_update();
        let known = self.known(account, name, &mailbox, examine).await?;
        let (mut shown, recent_from) = known;
        let uid_next = mailbox.uid_next.max(shown.end());
        let messages = shown.messages();
        if !examine && shown.recent_told < uid_next {
            Arc::make_mut(&mut shown).recent_told = uid_next;
        }
        let selected = imap::Selected {
            read_only: examine,
            permanent_flags: Flags::ALL,
            new_keywords: true,
            uid_validity: convert::number(shown.uid_validity),
            uid_next: convert::number(uid_next),
            recent_from: convert::number(recent_from.unwrap_or(uid_next)),
            highest_modseq: convert::modseq(shown.modseq),
            messages,
        };
        self.snapshots.put(account, mailbox.id, shown);
        self.selected = Some(Selected { mailbox: mailbox.id, changes });
        Ok(Answer::Selected(Box::new(selected)))
    }

    /// The messages of a mailbox, from memory as far as nothing has changed, and the first UID that is recent, if any.
    async fn known(&self, account: Uuid, name: &str, mailbox: &Mailbox, examine: bool) -> Result<(Arc<Known>, Option<i64>), Refusal> {
        let known = match self.snapshots.get(account, mailbox.id).filter(|known| known.uid_validity == mailbox.uid_validity) {
            Some(known) if known.modseq >= mailbox.modseq => known,
            Some(mut known) => {
                let changes = self.service.mailbox_changes(account, mailbox.id, known.modseq).await.map_err(refuse)?;
                Arc::make_mut(&mut known).apply(changes);
                known
            }
            None => Arc::new(self.service.open_mailbox(account, name).await.map_err(refuse)?.into()),
        };
        let uid_next = mailbox.uid_next.max(known.end());
        if examine || known.recent_told >= uid_next {
            return Ok((known, None));
        }
        let recent = self.service.take_recent(account, mailbox.id, uid_next).await.map_err(refuse)?;
        Ok((known, recent))
    }
}

fn done(result: Result<(), Error>) -> Answered {
    result.map(|()| Answer::Done).map_err(refuse)
}

fn status(mailbox: &Mailbox) -> MailboxStatus {
    MailboxStatus {
        messages: convert::number(mailbox.messages),
        recent: 0,
        unseen: convert::number(mailbox.unseen),
        uid_next: convert::number(mailbox.uid_next),
        uid_validity: convert::number(mailbox.uid_validity),
        highest_modseq: convert::modseq(mailbox.modseq),
        size: convert::modseq(mailbox.size),
    }
}

async fn fetch(service: &service::Service, account: Uuid, mailbox: Uuid, uids: &[u32], needs: Needs) -> Answered {
    let depth = if needs.body {
        Depth::Body
    } else if needs.header {
        Depth::Header
    } else if needs.envelope || needs.structure {
        Depth::Facts
    } else {
        Depth::Row
    };
    let (messages, through) = service.read_messages(account, mailbox, &wide(uids), depth).await.map_err(refuse)?;
    let fetched = messages.into_iter().map(|message| {
        let (envelope, structure) = convert::facts(message.facts, needs);
        Fetched { uid: convert::number(message.uid), date: message.received_at.seconds(), size: convert::number(message.size), envelope, structure, raw: message.raw }
    });
    Ok(Answer::Fetched { messages: fetched.collect(), through: convert::number(through) })
}
