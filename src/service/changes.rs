//! Who in this process waits for changes of a mailbox.

use std::collections::HashMap;
use std::sync::Mutex;

use tokio::sync::watch;
use uuid::Uuid;

use crate::Service;

/// Mailboxes watched before those nobody watches any more are looked for.
const SWEEP_AT: usize = 1024;

/// Where a mailbox stands in the count of its changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Change {
    /// Rises with each commit in this process.
    pub number: u64,
    /// The mailbox was deleted.
    pub gone: bool,
}

/// Mailboxes that are watched.
#[derive(Default)]
pub struct Changes {
    watched: Mutex<HashMap<(Uuid, Uuid), watch::Sender<Change>>>,
}

impl Changes {
    /// Watches a mailbox.
    pub fn subscribe(&self, account: Uuid, mailbox: Uuid) -> watch::Receiver<Change> {
        let Ok(mut watched) = self.watched.lock() else { return watch::channel(Change::default()).1 };
        if watched.len() >= SWEEP_AT && watched.len().is_power_of_two() {
            watched.retain(|_, sender| sender.receiver_count() > 0);
        }
        watched.entry((account, mailbox)).or_default().subscribe()
    }

    fn tell(&self, account: Uuid, mailbox: Uuid, gone: bool) {
        let Ok(mut watched) = self.watched.lock() else { return };
        let Some(sender) = watched.get(&(account, mailbox)) else { return };
        if sender.receiver_count() == 0 {
            watched.remove(&(account, mailbox));
            return;
        }
        sender.send_modify(|change| {
            change.number += 1;
            change.gone |= gone;
        });
    }
}

impl Service {
    /// The changes of mailboxes, to watch them.
    pub fn changes(&self) -> &Changes {
        &self.inner.changes
    }

    /// Wakes those who watch a mailbox; call it after the commit that changed it.
    pub fn announce_mailbox(&self, account: Uuid, mailbox: Uuid) {
        self.inner.changes.tell(account, mailbox, false);
    }

    /// Tells those who watch a mailbox that it was deleted.
    pub(crate) fn announce_mailbox_gone(&self, account: Uuid, mailbox: Uuid) {
        self.inner.changes.tell(account, mailbox, true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watchers_are_told_and_forgotten() {
        let changes = Changes::default();
        let (account, mailbox) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let receiver = changes.subscribe(account, mailbox);
        changes.tell(account, mailbox, false);
        changes.tell(account, Uuid::nil(), false);
        assert_eq!(*receiver.borrow(), Change { number: 1, gone: false });
        changes.tell(account, mailbox, true);
        assert_eq!(*receiver.borrow(), Change { number: 2, gone: true });
        drop(receiver);
        changes.tell(account, mailbox, false);
        assert!(changes.watched.lock().unwrap().is_empty());
    }
}
