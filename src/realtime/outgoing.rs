//! What waits to be written to one connection: so many octets and no more, and whoever reads too slowly is given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use sip::endpoint::Side;
use sip::transaction::Key;
use tokio::sync::{Notify, mpsc};

/// Messages that wait at most.
const MESSAGES: usize = 256;
/// Octets that wait at most, unless it is one message alone.
const OCTETS: usize = 256 * 1024;

/// What is written to a connection, and for which transaction.
pub(crate) type Outgoing = (Option<(Side, Key)>, Bytes);

#[derive(Debug, Default)]
struct Queue {
    octets: AtomicUsize,
    overflow: Notify,
}

/// The way to a connection.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    messages: mpsc::Sender<Outgoing>,
    queue: Arc<Queue>,
}

/// What a connection takes its messages from.
#[derive(Debug)]
pub(crate) struct Waiting {
    messages: mpsc::Receiver<Outgoing>,
    queue: Arc<Queue>,
}

/// The way to a new connection, and what its task takes from.
pub(crate) fn outgoing() -> (Sending, Waiting) {
    let ((sender, receiver), queue) = (mpsc::channel(MESSAGES), Arc::<Queue>::default());
    (Sending { messages: sender, queue: queue.clone() }, Waiting { messages: receiver, queue })
}

impl Sending {
    /// Hands a message on; `false` when the connection is gone, or so far behind that it is closed.
    pub(crate) fn send(&self, transaction: Option<(Side, Key)>, octets: Bytes) -> bool {
        let length = octets.len();
        let before = self.queue.octets.fetch_add(length, Ordering::Relaxed);
        let fits = before == 0 || before + length <= OCTETS;
        if fits && self.messages.try_send((transaction, octets)).is_ok() {
            return true;
        }
        self.queue.octets.fetch_sub(length, Ordering::Relaxed);
        self.queue.overflow.notify_one();
        false
    }
}

impl Waiting {
    /// The next message; `None` when nobody sends any more. It counts until it is written.
    pub(crate) async fn recv(&mut self) -> Option<Written> {
        let (_, octets) = self.messages.recv().await?;
        Some(Written { octets, queue: self.queue.clone() })
    }

    /// Tells when the connection is too far behind; may be waited for beside anything else.
    pub(crate) fn overflow(&self) -> impl Future<Output = ()> + use<> {
        let queue = self.queue.clone();
        async move { queue.overflow.notified().await }
    }

    /// Takes no more, and gives back whose messages were not written.
    pub(crate) fn close(&mut self) -> Vec<(Side, Key)> {
        self.messages.close();
        let mut failed = Vec::new();
        while let Ok((transaction, _)) = self.messages.try_recv() {
            failed.extend(transaction);
        }
        failed
    }
}

/// A message that is being written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) octets: Bytes,
    queue: Arc<Queue>,
}

impl Drop for Written {
    fn drop(&mut self) {
        self.queue.octets.fetch_sub(self.octets.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn so_much_waits_and_no_more() {
        let (sending, mut waiting) = outgoing();
        let message = |length| Bytes::from(vec![b'x'; length]);
        assert!(sending.send(None, message(OCTETS + 1)), "one alone may be large");
        assert!(waiting.overflow().now_or_never().is_none());
        assert!(!sending.send(None, message(1)));
        assert!(waiting.overflow().now_or_never().is_some(), "whoever is behind is given up");
        let written = waiting.recv().now_or_never().unwrap().unwrap();
        assert!(!sending.send(None, message(1)), "it counts until it is written");
        drop(written);
        for _ in 0..MESSAGES {
            assert!(sending.send(None, message(OCTETS / MESSAGES)));
        }
        assert!(!sending.send(None, message(0)));
        assert!(waiting.close().is_empty(), "they were of no transaction");
        assert!(!sending.send(None, message(1)), "nobody reads any more");
    }
}
