//! Notices, IDLE and the end of every command (RFC 3501 §5.2, §7; RFC 2177).

use types::stream::Close;

use super::{Finish, Job, Mode, SelectedMailbox, Server};
use crate::protocol::{Answer, Notice, Question};

/// Most alerts kept until they can be told.
const ALERTS_MAX: usize = 10;

impl Server {
    /// Ends a command: news first, then the tagged line. `expunges` says whether message numbers may change.
    pub(super) fn finish(&mut self, tag: String, text: &str, expunges: bool) {
        let finish = Finish {
            tag,
            text: text.to_owned(),
            expunges,
        };
        match self.stale_since() {
            Some(since) => self.ask(Question::Changes { since }, Job::Changes(Some(finish))),
            None => self.end(&finish),
        }
    }

    /// Mod-sequence from which changes must be asked for, if any.
    fn stale_since(&mut self) -> Option<u64> {
        let selected = self
            .selected
            .as_mut()
            .filter(|selected| selected.stale && !selected.gone)?;
        selected.stale = false;
        Some(selected.view.synced())
    }

    fn end(&mut self, finish: &Finish) {
        self.tell(finish.expunges);
        self.reply(&finish.tag, &finish.text);
    }

    fn tell(&mut self, expunges: bool) {
        for alert in std::mem::take(&mut self.alerts) {
            let line = alert.replace(|c: char| c.is_control(), " ");
            self.out.put(&format!("* OK [ALERT] {line}\r\n"));
        }
        if let Some(selected) = &mut self.selected {
            selected
                .view
                .tell(self.out.buffer(), expunges, self.condstore);
        }
    }

    pub(super) fn changes_answer(&mut self, finish: Option<Finish>, answer: Answer) {
        if let Some(selected) = &mut self.selected {
            match answer {
                Answer::Changes {
                    messages,
                    expunged,
                    modseq,
                } => {
                    messages
                        .iter()
                        .for_each(|message| selected.view.news(message));
                    selected.view.expunge(expunged);
                    selected.view.sync(modseq);
                }
                // They are asked for again with the next command or news.
                _ => selected.stale = true,
            }
        }
        match finish {
            Some(finish) => self.end(&finish),
            None => self.tell(true),
        }
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::Shutdown => {
                return self.bye("[UNAVAILABLE] Server shutting down", Close::Shutdown);
            }
            Notice::Alert(text) if self.alerts.len() < ALERTS_MAX => self.alerts.push(text),
            Notice::Alert(_) => {}
            other => {
                let Some(selected) = &mut self.selected else {
                    return;
                };
                selected.notice(other);
            }
        }
        if self.waiting.is_none() {
            self.tell_idle();
        }
    }

    pub(super) fn idle(&mut self, tag: String) {
        self.out.put("+ idling\r\n");
        self.last_alive = self.now;
        self.mode = Mode::Idle { tag };
        self.tell_idle();
    }

    /// In IDLE news are told at once.
    fn tell_idle(&mut self) {
        if !matches!(self.mode, Mode::Idle { .. }) {
            return;
        }
        match self.stale_since() {
            Some(since) => self.ask(Question::Changes { since }, Job::Changes(None)),
            None => self.tell(true),
        }
    }

    pub(super) fn idle_line(&mut self, line: &[u8]) {
        if let Mode::Idle { tag } = std::mem::replace(&mut self.mode, Mode::Commands) {
            if line.trim_ascii().eq_ignore_ascii_case(b"DONE") {
                self.finish(tag, "OK IDLE completed", true);
            } else {
                self.bad(&tag, "Expected DONE");
            }
        }
    }
}

impl SelectedMailbox {
    fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::Gone => {
                self.view.expunge_all();
                (self.gone, self.read_only) = (true, true);
            }
            // Something was lost: what comes later would hide it, and comes again with the changes asked for.
            _ if self.stale => {}
            Notice::Resync => self.stale = true,
            Notice::Changed(messages) => {
                messages.iter().for_each(|message| self.view.news(message));
                self.view.sync(
                    messages
                        .iter()
                        .map(|message| message.modseq)
                        .max()
                        .unwrap_or(0),
                );
            }
            Notice::Expunged { uids, modseq } => {
                self.view.expunge(uids);
                self.view.sync(modseq);
            }
            Notice::Alert(_) | Notice::Shutdown => {}
        }
    }
}
