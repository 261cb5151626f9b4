//! Which command goes where, and in which state it may come (RFC 3501 §3).

use types::stream::Close;

use super::{Job, Server};
use crate::{command::Command, protocol::Question};

impl Server {
    pub(super) fn execute(&mut self, tag: String, command: Command) {
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
            command => self.mailbox_command(tag, command),
        }
    }

    fn mailbox_command(&mut self, tag: String, command: Command) {
        match command {
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
            command => self.message_command(tag, command),
        }
    }

    fn message_command(&mut self, tag: String, command: Command) {
        match command {
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
            // Every other command is answered above.
            _ => self.bad(&tag, "Command not valid in this state"),
        }
    }
}
