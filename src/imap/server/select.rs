//! SELECT, EXAMINE, CLOSE (RFC 3501 §6.3.1, §6.4.2; RFC 7162 §3.1.2).

use super::{Job, SelectedMailbox, Server};
use crate::{
    flags::Flags,
    protocol::{Answer, Question, Selected},
    view::View,
    write,
};

impl Server {
    pub(super) fn select(&mut self, tag: String, mailbox: String, examine: bool, condstore: bool) {
        if self.selected.take().is_some() {
            self.out.put("* OK [CLOSED] Previous mailbox closed\r\n");
        }
        self.condstore |= condstore;
        let question = Question::Select {
            mailbox: mailbox.clone(),
            examine,
        };
        self.ask(
            question,
            Job::Select {
                tag,
                mailbox,
                examine,
            },
        );
    }

    pub(super) fn select_answer(
        &mut self,
        tag: String,
        mailbox: String,
        examine: bool,
        answer: Answer,
    ) {
        let Answer::Selected(selected) = answer else {
            return self.refuse(tag, &answer);
        };
        let Selected {
            read_only,
            permanent_flags,
            new_keywords,
            uid_validity,
            uid_next,
            ..
        } = *selected;
        let read_only = read_only || examine;
        let mut view = View::new(
            selected.messages,
            uid_next,
            selected.recent_from,
            selected.highest_modseq.max(1),
        );
        let out = self.out.buffer();
        view.tell_keywords(out);
        write::put(out, "* OK [PERMANENTFLAGS ");
        let (flags, keywords) = if read_only {
            (Flags::NONE, false)
        } else {
            (permanent_flags, new_keywords)
        };
        let known = view.keywords().filter(|_| keywords);
        write::list(
            out,
            flags.names().chain(known).chain(keywords.then_some("\\*")),
        );
        let text = format!(
            "] Flags that stay\r\n* {} EXISTS\r\n* {} RECENT\r\n{}* OK [UIDVALIDITY {uid_validity}] UIDs are valid\r\n\
             * OK [UIDNEXT {uid_next}] Next UID\r\n* OK [HIGHESTMODSEQ {}] Highest\r\n",
            view.count(),
            view.recent(),
            view.first_unseen().map_or(String::new(), |first| format!(
                "* OK [UNSEEN {first}] First unseen\r\n"
            )),
            view.highest(),
        );
        write::put(out, &text);
        self.selected = Some(Box::new(SelectedMailbox {
            name: mailbox,
            view,
            read_only,
            stale: false,
            gone: false,
        }));
        let mode = if read_only { "READ-ONLY" } else { "READ-WRITE" };
        let verb = if examine { "EXAMINE" } else { "SELECT" };
        self.finish(tag, &format!("OK [{mode}] {verb} completed"), true);
    }

    /// CLOSE expunges without telling.
    pub(super) fn close_mailbox(&mut self, tag: String) {
        let Some(selected) = self.selected.take() else {
            return;
        };
        let deleted = selected
            .view
            .rows()
            .filter(|row| row.flags.contains(Flags::DELETED));
        let uids: Vec<u32> = if selected.read_only || selected.gone {
            Vec::new()
        } else {
            deleted.map(|row| row.uid).collect()
        };
        if uids.is_empty() {
            self.ask(
                Question::Unselect,
                Job::Unselect {
                    tag,
                    done: "OK CLOSE completed",
                },
            );
        } else {
            self.ask(Question::Expunge { uids }, Job::CloseExpunge { tag });
        }
    }
}
