//! Writes bindings and records of calls to the database behind the memory that counts: what changed within a second, in one
//! transaction, and again until the database takes it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use model::call::CallRecord;
use service::{BindingRow, ImRow, KeptTrace, Occurrence, Prolonged, Service, SubscriptionRow};
use tokio::sync::{Notify, mpsc, oneshot};
use uuid::Uuid;

/// How long changes gather.
const GATHER: Duration = Duration::from_millis(900);
/// How long to wait before what the database did not take is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// Something to be written.
#[derive(Debug)]
pub(crate) enum Write {
    /// A binding, new or changed.
    Binding(Box<BindingRow>),
    /// A binding that was confirmed as it was.
    Prolonged(Prolonged),
    /// A binding that is no more.
    Gone(Uuid),
    /// A call, as it is now.
    Call(Box<CallRecord>),
    /// The ladder of a call that is over.
    Trace(Box<KeptTrace>),
    /// A subscription, new or refreshed.
    Subscription(Box<SubscriptionRow>),
    /// A subscription that is no more.
    Unsubscribed(Uuid),
    /// An instant message, as one side keeps it.
    Im(Box<ImRow>),
    /// What happened.
    News(Occurrence),
    /// Tell when everything before this is written.
    Flush(oneshot::Sender<()>),
}

impl Write {
    /// Whether it only tells later what was.
    pub(crate) fn is_history(&self) -> bool {
        match self {
            Self::Call(_) | Self::Trace(_) => true,
            Self::News(news) => matches!(news.topic, "calls" | "registrations"),
            _ => false,
        }
    }
}

#[derive(Default)]
struct Pending {
    bindings: HashMap<Uuid, BindingRow>,
    prolonged: HashMap<Uuid, Prolonged>,
    gone: HashSet<Uuid>,
    calls: HashMap<Uuid, CallRecord>,
    subscriptions: HashMap<Uuid, SubscriptionRow>,
    unsubscribed: HashSet<Uuid>,
    traces: Vec<KeptTrace>,
    ims: Vec<ImRow>,
    news: Vec<Occurrence>,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Pending {
    fn add(&mut self, write: Write) {
        match write {
            Write::Binding(row) => {
                self.gone.remove(&row.id);
                self.prolonged.remove(&row.id);
                self.bindings.insert(row.id, *row);
            }
            Write::Prolonged(one) => match self.bindings.get_mut(&one.id) {
                Some(row) => (row.expires_at, row.refreshed_at) = (one.expires_at, one.refreshed_at),
                None => drop(self.prolonged.insert(one.id, one)),
            },
            Write::Gone(id) => {
                self.bindings.remove(&id);
                self.prolonged.remove(&id);
                self.gone.insert(id);
            }
            Write::Call(record) => {
                self.calls.insert(record.id, *record);
            }
            Write::Subscription(row) => drop(self.subscriptions.insert(row.id, *row)),
            Write::Unsubscribed(id) => {
                self.subscriptions.remove(&id);
                self.unsubscribed.insert(id);
            }
            Write::Trace(kept) => self.traces.push(*kept),
            Write::Im(row) => self.ims.push(*row),
            Write::News(news) => self.news.push(news),
            Write::Flush(told) => self.waiting.push(told),
        }
    }

    async fn write(&mut self, service: &Service) -> service::Result<()> {
        self.write_bindings(service).await?;
        self.write_calls(service).await?;
        if !self.traces.is_empty() {
            service.save_call_traces(&self.traces).await?;
            self.traces.clear();
        }
        let news = self.take_news(|topic| topic == "im");
        if !(self.ims.is_empty() && news.is_empty()) {
            self.keep_news(service.save_ims(&self.ims, &news).await.map(drop), news)?;
            self.ims.clear();
        }
        if !(self.subscriptions.is_empty() && self.unsubscribed.is_empty()) {
            let (saved, removed): (Vec<_>, Vec<_>) = (self.subscriptions.values().cloned().collect(), self.unsubscribed.iter().copied().collect());
            service.save_subscriptions(&saved, &removed).await?;
            self.subscriptions.clear();
            self.unsubscribed.clear();
        }
        Ok(())
    }

    async fn write_bindings(&mut self, service: &Service) -> service::Result<()> {
        let news = self.take_news(|topic| topic != "im" && topic != "calls");
        if self.bindings.is_empty() && self.prolonged.is_empty() && self.gone.is_empty() && news.is_empty() {
            return Ok(());
        }
        let saved: Vec<BindingRow> = self.bindings.drain().map(|(_, row)| row).collect();
        let prolonged: Vec<Prolonged> = self.prolonged.values().copied().collect();
        let gone: Vec<Uuid> = self.gone.iter().copied().collect();
        let outcome = service.save_bindings(&saved, &prolonged, &gone, &news).await;
        if outcome.is_ok() {
            self.prolonged.clear();
            self.gone.clear();
        } else {
            self.bindings = saved.into_iter().map(|row| (row.id, row)).collect();
        }
        self.keep_news(outcome, news)
    }

    async fn write_calls(&mut self, service: &Service) -> service::Result<()> {
        let news = self.take_news(|topic| topic == "calls");
        if self.calls.is_empty() && news.is_empty() {
            return Ok(());
        }
        let calls: Vec<CallRecord> = self.calls.drain().map(|(_, record)| record).collect();
        let outcome = service.save_calls(&calls, &news).await;
        if outcome.is_err() {
            self.calls = calls.into_iter().map(|record| (record.id, record)).collect();
        }
        self.keep_news(outcome, news)
    }

    fn take_news(&mut self, wanted: impl Fn(&str) -> bool) -> Vec<Occurrence> {
        self.news.extract_if(.., |one| wanted(one.topic)).collect()
    }

    /// What was not told is told the next time, before what comes after it.
    fn keep_news(&mut self, outcome: service::Result<()>, news: Vec<Occurrence>) -> service::Result<()> {
        if outcome.is_err() {
            self.news.splice(..0, news);
        }
        outcome
    }
}

/// The way to whoever writes. Nothing waits for it, and it is not woken by each change.
#[derive(Debug, Clone)]
pub(crate) struct Writes {
    queue: mpsc::UnboundedSender<Write>,
    hurry: Arc<Notify>,
}

impl Writes {
    /// Has something written with what else comes within a second.
    pub(crate) fn write(&self, write: Write) {
        // Nobody writes any more when the server stops.
        let _ = self.queue.send(write);
    }

    /// Has everything written now, and then tells.
    pub(crate) fn flush(&self, told: oneshot::Sender<()>) {
        self.write(Write::Flush(told));
        self.hurry.notify_one();
    }
}

/// What is to be written, in its order.
#[derive(Debug)]
pub(crate) struct ToWrite {
    queue: mpsc::UnboundedReceiver<Write>,
    hurry: Arc<Notify>,
}

impl ToWrite {
    /// What was to be written, without waiting for it.
    #[cfg(test)]
    pub(crate) fn next(&mut self) -> Option<Write> {
        self.queue.try_recv().ok()
    }
}

/// A way to whoever writes.
pub(crate) fn writes() -> (Writes, ToWrite) {
    let (sender, queue) = mpsc::unbounded_channel();
    let hurry = Arc::new(Notify::new());
    (Writes { queue: sender, hurry: hurry.clone() }, ToWrite { queue, hurry })
}

/// Writes until nobody has anything to write any more.
pub(crate) async fn run(service: Service, mut writes: ToWrite) {
    let mut pending = Pending::default();
    while let Some(first) = writes.queue.recv().await {
        pending.add(first);
        // Looking at each change as it comes would cost more than writing it.
        tokio::select! {
            () = tokio::time::sleep(GATHER) => {}
            () = writes.hurry.notified() => {}
        }
        while let Ok(more) = writes.queue.try_recv() {
            pending.add(more);
        }
        while let Err(error) = pending.write(&service).await {
            tracing::error!(%error, "registrations and calls are not written yet");
            tokio::time::sleep(AGAIN).await;
        }
        for told in pending.waiting.drain(..) {
            // Who asked may have given up.
            let _ = told.send(());
        }
    }
}
