//! LIST, LSUB, STATUS, CREATE, DELETE, RENAME, ENABLE (RFC 3501 §6.3, RFC 5161, RFC 6154).

use std::collections::HashSet;

use super::{Job, Server};
use crate::{
    command::{self, StatusItem},
    name,
    protocol::{Answer, ListedMailbox, Question},
    write,
};

/// Longest pattern of LIST that is matched, in octets; no mailbox name is longer.
const PATTERN_MAX: usize = 600;

impl Server {
    pub(super) fn enable(&mut self, tag: String, names: &[String]) {
        let condstore = names.iter().any(|name| name == "CONDSTORE");
        self.out.put(if condstore {
            "* ENABLED CONDSTORE\r\n"
        } else {
            "* ENABLED\r\n"
        });
        if condstore {
            self.enable_condstore();
        }
        self.finish(tag, "OK ENABLE completed", true);
    }

    /// The first command that knows mod-sequences makes FETCH responses show them (RFC 7162 §3.1).
    pub(super) fn enable_condstore(&mut self) {
        if let Some(selected) = self.selected.as_ref().filter(|_| !self.condstore) {
            let line = format!(
                "* OK [HIGHESTMODSEQ {}] Highest\r\n",
                selected.view.highest()
            );
            self.out.put(&line);
        }
        self.condstore = true;
    }

    pub(super) fn list(&mut self, tag: String, reference: &str, pattern: &str, subscribed: bool) {
        let verb = verb(subscribed);
        if pattern.is_empty() {
            // RFC 3501 §6.3.8: asks for the delimiter only.
            self.out
                .put(&format!("* {verb} (\\Noselect) \"/\" \"\"\r\n"));
            return self.finish(tag, &format!("OK {verb} completed"), true);
        }
        let pattern = name::canonical(&format!("{reference}{pattern}"));
        if pattern.len() > PATTERN_MAX {
            return self.finish(tag, &format!("OK {verb} completed"), true);
        }
        self.ask(
            Question::List { subscribed },
            Job::List {
                tag,
                pattern,
                subscribed,
            },
        );
    }

    pub(super) fn list_answer(
        &mut self,
        tag: String,
        pattern: &str,
        subscribed: bool,
        answer: Answer,
    ) {
        let Answer::Mailboxes(mailboxes) = answer else {
            return self.refuse(tag, &answer);
        };
        let verb = verb(subscribed);
        let known: HashSet<&str> = mailboxes
            .iter()
            .map(|mailbox| mailbox.name.as_str())
            .collect();
        // Every level above a mailbox, to know who has children and which levels are no mailboxes themselves.
        let mut above: HashSet<&str> = HashSet::new();
        for mailbox in &mailboxes {
            for (at, _) in mailbox.name.match_indices('/') {
                let level = mailbox.name.get(..at).unwrap_or_default();
                if above.insert(level) && !known.contains(level) && fits(pattern, level) {
                    self.list_line(verb, &["\\Noselect", "\\HasChildren"], level);
                }
            }
        }
        for mailbox in mailboxes
            .iter()
            .filter(|mailbox| fits(pattern, &mailbox.name))
        {
            let attributes = attributes(mailbox, above.contains(mailbox.name.as_str()), subscribed);
            self.list_line(verb, &attributes, &mailbox.name);
        }
        self.finish(tag, &format!("OK {verb} completed"), true);
    }

    fn list_line(&mut self, verb: &str, attributes: &[&str], mailbox: &str) {
        let out = self.out.buffer();
        write::put(out, "* ");
        write::put(out, verb);
        write::put(out, " ");
        write::list(out, attributes.iter().copied());
        write::put(out, " \"/\" ");
        write::mailbox(out, mailbox);
        write::put(out, "\r\n");
    }

    pub(super) fn status(&mut self, tag: String, mailbox: String, items: Vec<StatusItem>) {
        if items.is_empty() {
            return self.bad(&tag, "Syntax error: expected STATUS items");
        }
        let question = Question::Status {
            mailbox: mailbox.clone(),
        };
        self.ask(
            question,
            Job::Status {
                tag,
                mailbox,
                items,
            },
        );
    }

    pub(super) fn status_answer(
        &mut self,
        tag: String,
        mailbox: &str,
        items: &[StatusItem],
        answer: Answer,
    ) {
        let Answer::Status(status) = answer else {
            return self.refuse(tag, &answer);
        };
        if items.contains(&StatusItem::HighestModSeq) {
            self.enable_condstore();
        }
        let out = self.out.buffer();
        write::put(out, "* STATUS ");
        write::mailbox(out, mailbox);
        for (at, item) in items.iter().enumerate() {
            let name = StatusItem::ALL
                .iter()
                .find(|(known, _)| known == item)
                .map_or("", |(_, name)| name);
            write::put(out, if at == 0 { " (" } else { " " });
            write::put(out, name);
            write::put(out, " ");
            write::number(
                out,
                match item {
                    StatusItem::Messages => status.messages.into(),
                    StatusItem::Recent => status.recent.into(),
                    StatusItem::UidNext => status.uid_next.into(),
                    StatusItem::UidValidity => status.uid_validity.into(),
                    StatusItem::Unseen => status.unseen.into(),
                    StatusItem::HighestModSeq => status.highest_modseq,
                    StatusItem::Size => status.size,
                },
            );
        }
        write::put(out, ")\r\n");
        self.finish(tag, "OK STATUS completed", true);
    }

    pub(super) fn create(&mut self, tag: String, mailbox: &str, uses: &[String]) {
        // RFC 3501 §6.3.3: a trailing delimiter says that mailboxes will be made below it.
        let (name, container) = mailbox
            .strip_suffix('/')
            .map_or((mailbox, false), |name| (name, true));
        let Some(special_use) = command::special_use(uses) else {
            return self.finish(tag, "NO [USEATTR] Special use not possible", true);
        };
        if name == "INBOX" {
            return self.finish(tag, "NO [ALREADYEXISTS] Mailbox exists", true);
        }
        if !name::is_valid(name) {
            return self.finish(tag, "NO [CANNOT] Not a valid name", true);
        }
        let question = Question::Create {
            mailbox: name.to_owned(),
            container,
            special_use,
        };
        self.ask(
            question,
            Job::Simple {
                tag,
                done: "OK CREATE completed",
            },
        );
    }

    pub(super) fn delete(&mut self, tag: String, mailbox: String) {
        if mailbox == "INBOX" {
            return self.finish(tag, "NO [CANNOT] INBOX stays", true);
        }
        self.ask(
            Question::Delete { mailbox },
            Job::Simple {
                tag,
                done: "OK DELETE completed",
            },
        );
    }

    pub(super) fn rename(&mut self, tag: String, from: String, to: &str) {
        let to = to.strip_suffix('/').unwrap_or(to);
        if to == "INBOX" || to == from {
            return self.finish(tag, "NO [ALREADYEXISTS] Mailbox exists", true);
        }
        let inside = to
            .strip_prefix(from.as_str())
            .is_some_and(|rest| rest.starts_with('/'));
        if !name::is_valid(to) || inside && from != "INBOX" {
            return self.finish(tag, "NO [CANNOT] Not a valid name", true);
        }
        let question = Question::Rename {
            from,
            to: to.to_owned(),
        };
        self.ask(
            question,
            Job::Simple {
                tag,
                done: "OK RENAME completed",
            },
        );
    }
}

fn verb(subscribed: bool) -> &'static str {
    if subscribed { "LSUB" } else { "LIST" }
}

/// INBOX fits in any case.
fn fits(pattern: &str, name: &str) -> bool {
    name::matches(pattern, name)
        || name == "INBOX" && name::matches(&pattern.to_ascii_uppercase(), name)
}

fn attributes(mailbox: &ListedMailbox, children: bool, subscribed: bool) -> Vec<&'static str> {
    let mut list = Vec::new();
    if !mailbox.selectable {
        list.push("\\Noselect");
    }
    if !subscribed {
        // A list of subscriptions does not know the children that are none.
        list.push(if children {
            "\\HasChildren"
        } else {
            "\\HasNoChildren"
        });
    }
    list.extend(mailbox.special_use.map(|special| special.name()));
    list
}
