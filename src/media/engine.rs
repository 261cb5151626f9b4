//! Starting the relay threads, and giving them orders.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::eventfd::EventFd;

use crate::endpoint::{Slot, Snapshot};
use crate::sweep::Notice;
use crate::thread::{Order, Thread};

/// Orders that wait before who gives them has to.
const QUEUE: usize = 4096;
/// Patience with a thread that is asked something; it answers within its turn.
const PATIENCE: Duration = Duration::from_secs(1);

/// A relay thread as those see it who give it orders.
#[derive(Debug)]
pub(crate) struct Worker {
    orders: SyncSender<Order>,
    wake: Arc<EventFd>,
    free: Arc<Mutex<Vec<Slot>>>,
    overloaded: Arc<AtomicBool>,
    next: Mutex<Slot>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    pub(crate) fn start(number: usize, start: Instant, notices: Sender<Notice>) -> io::Result<Self> {
        let (orders, queue): (SyncSender<Order>, Receiver<Order>) = sync_channel(QUEUE);
        let free = Arc::new(Mutex::new(Vec::new()));
        let state = Thread::new(start, queue, notices, free.clone())?;
        let (wake, overloaded) = (state.wake.clone(), state.overloaded.clone());
        let thread = std::thread::Builder::new().name(format!("relay-{number}")).spawn(move || state.run())?;
        Ok(Self { orders, wake, free, overloaded, next: Mutex::new(0), thread: Mutex::new(Some(thread)) })
    }

    /// Gives an order; false when the thread is no more.
    pub(crate) fn order(&self, order: Order) -> bool {
        self.orders.send(order).is_ok() && self.wake.write(1).is_ok()
    }

    /// More packets wait than it can pass on.
    pub(crate) fn is_overloaded(&self) -> bool {
        self.overloaded.load(Ordering::Relaxed)
    }

    /// A number for an endpoint.
    pub(crate) fn slot(&self) -> Slot {
        if let Some(slot) = self.free.lock().ok().and_then(|mut free| free.pop()) {
            return slot;
        }
        self.next.lock().map_or(Slot::MAX, |mut next| {
            *next += 1;
            *next - 1
        })
    }

    pub(crate) fn report(&self, slots: Vec<Slot>) -> Vec<Snapshot> {
        let (reply, answer) = sync_channel(1);
        if slots.is_empty() || !self.order(Order::Report(slots, reply)) {
            return Vec::new();
        }
        answer.recv_timeout(PATIENCE).unwrap_or_default()
    }

    pub(crate) fn totals(&self) -> (u64, u64) {
        let (reply, answer) = sync_channel(1);
        if !self.order(Order::Totals(reply)) {
            return (0, 0);
        }
        answer.recv_timeout(PATIENCE).unwrap_or_default()
    }

    pub(crate) fn stop(&self) {
        self.order(Order::Stop);
        let thread = self.thread.lock().ok().and_then(|mut thread| thread.take());
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("a relay thread has failed");
        }
    }
}
