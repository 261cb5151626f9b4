//! Mailboxes opened lately, shared by all sessions of this process: the next SELECT asks for what changed since only.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use imap::MessageList;
use service::message::{Changes, Snapshot};
use uuid::Uuid;

use super::convert;

/// Messages remembered over all mailboxes; each costs some 20 octets.
const MESSAGES_MAX: usize = 500_000;
const MAILBOXES_MAX: usize = 10_000;

/// A mailbox as it stood at a change number.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) uid_validity: i64,
    pub(super) modseq: i64,
    /// Messages below this UID have been told as recent to some session.
    pub(super) recent_told: i64,
    uids: Vec<i64>,
    flags: Vec<i32>,
    modseqs: Vec<i64>,
    /// Of the messages that have any.
    keywords: HashMap<i64, Vec<String>>,
}

impl From<Snapshot> for Known {
    fn from(snapshot: Snapshot) -> Self {
        let with_keywords = snapshot.uids.iter().zip(&snapshot.keywords).filter(|(_, words)| !words.is_empty());
        let keywords = with_keywords.map(|(uid, words)| (*uid, words.split(' ').map(str::to_owned).collect())).collect();
        let (uid_validity, modseq) = (snapshot.mailbox.uid_validity, snapshot.mailbox.modseq);
        Self { uid_validity, modseq, recent_told: 0, uids: snapshot.uids, flags: snapshot.flags, modseqs: snapshot.modseqs, keywords }
    }
}

impl Known {
    /// Takes over what has changed since.
    pub(super) fn apply(&mut self, changes: Changes) {
        if !changes.expunged.is_empty() {
            let gone: HashSet<i64> = changes.expunged.into_iter().collect();
            let kept: Vec<bool> = self.uids.iter().map(|uid| !gone.contains(uid)).collect();
            retain(&mut self.uids, &kept);
            retain(&mut self.flags, &kept);
            retain(&mut self.modseqs, &kept);
            self.keywords.retain(|uid, _| !gone.contains(uid));
        }
        for entry in changes.entries {
            match self.uids.binary_search(&entry.uid) {
                Ok(at) => {
                    if let (Some(flags), Some(modseq)) = (self.flags.get_mut(at), self.modseqs.get_mut(at)) {
                        (*flags, *modseq) = (entry.flags, entry.modseq);
                    }
                }
                Err(at) => {
                    self.uids.insert(at, entry.uid);
                    self.flags.insert(at, entry.flags);
                    self.modseqs.insert(at, entry.modseq);
                }
            }
            if entry.keywords.is_empty() {
                self.keywords.remove(&entry.uid);
            } else {
                self.keywords.insert(entry.uid, entry.keywords);
            }
        }
        self.modseq = self.modseq.max(changes.modseq);
    }

    /// UID behind the last message.
    pub(super) fn end(&self) -> i64 {
        self.uids.last().map_or(1, |last| last + 1)
    }

    /// The messages as a session takes them.
    pub(super) fn messages(&self) -> MessageList {
        let mut list = MessageList::with_capacity(self.uids.len());
        for ((uid, flags), modseq) in self.uids.iter().zip(&self.flags).zip(&self.modseqs) {
            let keywords = if self.keywords.is_empty() { None } else { self.keywords.get(uid) };
            list.push(convert::number(*uid), convert::flags(*flags), keywords.into_iter().flatten().map(String::as_str), convert::modseq(*modseq));
        }
        list
    }
}

fn retain<T>(column: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    column.retain(|_| kept.next() == Some(&true));
}

#[derive(Default)]
pub(super) struct Snapshots(Mutex<HashMap<(Uuid, Uuid), Arc<Known>>>);

impl Snapshots {
    pub(super) fn get(&self, account: Uuid, mailbox: Uuid) -> Option<Arc<Known>> {
        self.0.lock().ok()?.get(&(account, mailbox)).cloned()
    }

    pub(super) fn put(&self, account: Uuid, mailbox: Uuid, known: Arc<Known>) {
        let Ok(mut map) = self.0.lock() else { return };
        let held: usize = if map.len() >= MAILBOXES_MAX { usize::MAX } else { map.values().map(|known| known.uids.len()).sum() };
        if held.saturating_add(known.uids.len()) > MESSAGES_MAX {
            map.clear();
        }
        map.insert((account, mailbox), known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use service::message::Entry;

    #[test]
    fn changes_are_taken_over() {
        let entry = |uid, flags, modseq, keywords: &[&str]| Entry { uid, flags, keywords: keywords.iter().map(|k| (*k).to_owned()).collect(), modseq };
        let mut known = Known::default();
        known.apply(Changes { entries: vec![entry(1, 0, 1, &[]), entry(2, 1, 2, &["a"]), entry(5, 0, 3, &[])], expunged: vec![], modseq: 3 });
        known.apply(Changes { entries: vec![entry(2, 4, 5, &[]), entry(6, 0, 4, &["b"])], expunged: vec![1, 9], modseq: 5 });
        assert_eq!((known.end(), known.modseq), (7, 5));
        let mut expected = MessageList::default();
        expected.push(2, convert::flags(4), [], 5);
        expected.push(5, convert::flags(0), [], 3);
        expected.push(6, convert::flags(0), ["b"], 4);
        assert_eq!(known.messages(), expected);
    }
}
