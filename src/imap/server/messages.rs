//! APPEND, COPY, MOVE, EXPUNGE, STORE (RFC 3501 §6.3.11, §6.4; RFC 4315, RFC 6851, RFC 7162 §3.1.3).

use std::ops::RangeInclusive;

use super::{Job, Server};
use crate::{
    FlagChange, FlagList, Flags, SequenceSet,
    protocol::{Answer, Question, Refusal},
    sequence::runs,
    view::{self, Row},
    write,
};

pub(super) const READ_ONLY: &str = "NO [READ-ONLY] Mailbox is read-only";
pub(super) const DELETED: &str = "NO [NONEXISTENT] Mailbox was deleted";

impl Server {
    /// Messages a command means. `None` after it has been answered: a number that does not exist, or no mailbox.
    pub(super) fn meant(&mut self, tag: &str, uid: bool, set: &SequenceSet) -> Option<Vec<Row>> {
        let Some(selected) = &self.selected else {
            self.bad(tag, "Command not valid in this state");
            return None;
        };
        if selected.gone {
            self.finish(tag.to_owned(), DELETED, uid);
            return None;
        }
        match self.ranges(uid, set) {
            Some(ranges) => self
                .selected
                .as_ref()
                .map(|selected| selected.view.select(uid, &ranges)),
            None => {
                self.bad(tag, "No such message number");
                None
            }
        }
    }

    /// Ranges of a set in the selected mailbox; `None` when it names a message number that does not exist.
    pub(super) fn ranges(&self, uid: bool, set: &SequenceSet) -> Option<Vec<RangeInclusive<u32>>> {
        let view = &self.selected.as_ref()?.view;
        match (uid, view.last_uid()) {
            (false, _) => set.numbers(view.count()),
            // In an empty mailbox `*` means nothing.
            (true, 0) if set.has_star() => Some(Vec::new()),
            (true, last) => Some(set.resolve(last)),
        }
    }

    pub(super) fn append_answer(&mut self, tag: String, mailbox: &str, answer: Answer) {
        match answer {
            Answer::Appended { uid_validity, uid } => {
                self.mark_stale(mailbox);
                self.finish(
                    tag,
                    &format!("OK [APPENDUID {uid_validity} {uid}] APPEND completed"),
                    true,
                );
            }
            Answer::Refused(Refusal::NotFound) => {
                self.finish(tag, "NO [TRYCREATE] No such mailbox", true)
            }
            other => self.refuse(tag, &other),
        }
    }

    /// Changes of the selected mailbox are asked for before the command ends.
    fn mark_stale(&mut self, mailbox: &str) {
        if let Some(selected) = self
            .selected
            .as_mut()
            .filter(|selected| selected.name == mailbox)
        {
            selected.stale = true;
        }
    }

    pub(super) fn copy(
        &mut self,
        tag: String,
        uid: bool,
        set: &SequenceSet,
        mailbox: String,
        moves: bool,
    ) {
        let Some(rows) = self.meant(&tag, uid, set) else {
            return;
        };
        if moves
            && self
                .selected
                .as_ref()
                .is_some_and(|selected| selected.read_only)
        {
            return self.finish(tag, READ_ONLY, uid);
        }
        if rows.is_empty() {
            return self.finish(tag, "OK No messages to copy", true);
        }
        let uids = rows.iter().map(|row| row.uid).collect();
        let question = Question::Copy {
            uids,
            mailbox: mailbox.clone(),
            moves,
        };
        self.ask(
            question,
            Job::Copy {
                tag,
                mailbox,
                moves,
            },
        );
    }

    pub(super) fn copy_answer(&mut self, tag: String, mailbox: &str, moves: bool, answer: Answer) {
        let (uid_validity, uids, modseq) = match answer {
            Answer::Copied {
                uid_validity,
                uids,
                modseq,
            } => (uid_validity, uids, modseq),
            Answer::Refused(Refusal::NotFound) => {
                return self.finish(tag, "NO [TRYCREATE] No such mailbox", true);
            }
            other => return self.refuse(tag, &other),
        };
        self.mark_stale(mailbox);
        let verb = if moves { "MOVE" } else { "COPY" };
        let mut done = format!("OK {verb} completed");
        if !uids.is_empty() {
            let (from, to) = (
                runs(uids.iter().map(|pair| pair.0)),
                runs(uids.iter().map(|pair| pair.1)),
            );
            let code = format!("OK [COPYUID {uid_validity} {from} {to}]");
            if moves {
                // RFC 6851 §4.3: before the messages are told gone.
                self.out.put(&format!("* {code} Moved\r\n"));
            } else {
                done = format!("{code} COPY completed");
            }
        }
        if let Some(selected) = self.selected.as_mut().filter(|_| moves) {
            selected.view.expunge(uids.iter().map(|pair| pair.0));
            selected.view.raise(modseq);
        }
        self.finish(tag, &done, true);
    }

    pub(super) fn expunge(&mut self, tag: String, set: Option<&SequenceSet>) {
        let Some(selected) = &self.selected else {
            return;
        };
        if selected.gone {
            return self.finish(tag, DELETED, true);
        }
        if selected.read_only {
            return self.finish(tag, READ_ONLY, true);
        }
        let ranges = set.and_then(|set| self.ranges(true, set));
        let deleted = selected
            .view
            .rows()
            .filter(|row| row.flags.contains(Flags::DELETED));
        let meant = deleted.filter(|row| {
            ranges
                .as_ref()
                .is_none_or(|ranges| view::meant(*row, true, ranges))
        });
        let uids: Vec<u32> = meant.map(|row| row.uid).collect();
        if uids.is_empty() {
            return self.finish(tag, "OK EXPUNGE completed", true);
        }
        self.ask(Question::Expunge { uids }, Job::Expunge { tag });
    }

    pub(super) fn expunge_answer(&mut self, tag: String, answer: Answer) {
        let Answer::Expunged { uids, modseq } = answer else {
            return self.refuse(tag, &answer);
        };
        if let Some(selected) = &mut self.selected {
            selected.view.expunge(uids);
            selected.view.raise(modseq);
        }
        self.finish(tag, "OK EXPUNGE completed", true);
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one command")]
    pub(super) fn store(
        &mut self,
        tag: String,
        uid: bool,
        set: &SequenceSet,
        unchanged_since: Option<u64>,
        change: FlagChange,
        silent: bool,
        flags: FlagList,
    ) {
        if unchanged_since.is_some() {
            self.enable_condstore();
        }
        let Some(rows) = self.meant(&tag, uid, set) else {
            return;
        };
        if self
            .selected
            .as_ref()
            .is_some_and(|selected| selected.read_only)
        {
            return self.finish(tag, READ_ONLY, uid);
        }
        if rows.is_empty() {
            return self.finish(tag, "OK STORE completed", uid);
        }
        let uids = rows.iter().map(|row| row.uid).collect();
        self.ask(
            Question::Store {
                uids,
                change,
                flags,
                unchanged_since,
            },
            Job::Store { tag, uid, silent },
        );
    }

    pub(super) fn store_answer(&mut self, tag: String, uid: bool, silent: bool, answer: Answer) {
        let Answer::Stored { messages, modified } = answer else {
            return self.refuse(tag, &answer);
        };
        let condstore = self.condstore;
        let Some(selected) = &mut self.selected else {
            return;
        };
        let view = &mut selected.view;
        for message in &messages {
            view.apply(message);
        }
        view.tell_new_keywords(self.out.buffer());
        for message in &messages {
            let Some(row) = view.find(message.uid) else {
                continue;
            };
            if !silent {
                view.fetch_flags(self.out.buffer(), row, uid, condstore);
                view.mark_told(row.uid);
            } else if condstore {
                // RFC 7162 §3.1.3: the new mod-sequence is told even so.
                fetch_modseq(self.out.buffer(), row, uid);
            }
        }
        if modified.is_empty() {
            return self.finish(tag, "OK STORE completed", uid);
        }
        let number = |modified: &u32| {
            if uid {
                Some(*modified)
            } else {
                view.find(*modified).map(|row| row.number)
            }
        };
        let list = runs(modified.iter().filter_map(number));
        self.finish(
            tag,
            &format!("OK [MODIFIED {list}] Conditional STORE failed"),
            uid,
        );
    }
}

fn fetch_modseq(out: &mut bytes::BytesMut, row: Row, uid: bool) {
    write::put(out, "* ");
    write::number(out, u64::from(row.number));
    write::put(out, " FETCH (");
    if uid {
        write::put(out, "UID ");
        write::number(out, u64::from(row.uid));
        write::put(out, " ");
    }
    view::modseq(out, row);
    write::put(out, ")\r\n");
}
