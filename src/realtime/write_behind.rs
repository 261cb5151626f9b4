//! Writes bindings and records of calls to the database behind the memory that counts: what changed within a second, in one
//! transaction, and again until the database takes it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use model::call::CallRecord;
use service::{BindingRow, ImRow, KeptTrace, Occurrence, Service, SubscriptionRow};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// How long changes gather.
const GATHER: Duration = Duration::from_millis(900);
/// Changes that do not wait for more.
const ENOUGH: usize = 2_000;
/// How long to wait before what the database did not take is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// Something to be written.
#[derive(Debug)]
pub(crate) enum Write {
    /// A binding, new or changed.
    Binding(Box<BindingRow>),
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

#[derive(Default)]
struct Pending {
    bindings: HashMap<Uuid, BindingRow>,
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
                self.bindings.insert(row.id, *row);
            }
            Write::Gone(id) => {
                self.bindings.remove(&id);
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

    fn len(&self) -> usize {
        self.bindings.len() + self.gone.len() + self.calls.len() + self.traces.len() + self.ims.len() + self.subscriptions.len() + self.unsubscribed.len() + self.news.len()
    }

    async fn write(&mut self, service: &Service) -> service::Result<()> {
        let (mut of_ims, news): (Vec<Occurrence>, Vec<Occurrence>) = std::mem::take(&mut self.news).into_iter().partition(|one| one.topic == "im");
        let (mut of_calls, mut others): (Vec<Occurrence>, Vec<Occurrence>) = news.into_iter().partition(|one| one.topic == "calls");
        let bindings: Vec<BindingRow> = self.bindings.values().cloned().collect();
        let gone: Vec<Uuid> = self.gone.iter().copied().collect();
        let calls: Vec<CallRecord> = self.calls.values().cloned().collect();
        let mut outcome = Ok(());
        if !(bindings.is_empty() && gone.is_empty() && others.is_empty()) {
            outcome = service.save_bindings(&bindings, &gone, &others).await;
            if outcome.is_ok() {
                self.bindings.clear();
                self.gone.clear();
                others.clear();
            }
        }
        if outcome.is_ok() && !(calls.is_empty() && of_calls.is_empty()) {
            outcome = service.save_calls(&calls, &of_calls).await;
            if outcome.is_ok() {
                self.calls.clear();
                of_calls.clear();
            }
        }
        if outcome.is_ok() && !self.traces.is_empty() {
            outcome = service.save_call_traces(&self.traces).await;
            if outcome.is_ok() {
                self.traces.clear();
            }
        }
        if outcome.is_ok() && !(self.ims.is_empty() && of_ims.is_empty()) {
            outcome = service.save_ims(&self.ims, &of_ims).await.map(|_| ());
            if outcome.is_ok() {
                self.ims.clear();
                of_ims.clear();
            }
        }
        if outcome.is_ok() && !(self.subscriptions.is_empty() && self.unsubscribed.is_empty()) {
            let (saved, removed): (Vec<_>, Vec<_>) = (self.subscriptions.values().cloned().collect(), self.unsubscribed.iter().copied().collect());
            outcome = service.save_subscriptions(&saved, &removed).await;
            if outcome.is_ok() {
                self.subscriptions.clear();
                self.unsubscribed.clear();
            }
        }
        self.news = [others, of_calls, of_ims].concat();
        outcome
    }
}

/// Writes until nobody has anything to write any more.
pub(crate) async fn run(service: Service, mut writes: mpsc::UnboundedReceiver<Write>) {
    let mut pending = Pending::default();
    while let Some(first) = writes.recv().await {
        pending.add(first);
        let gathered = tokio::time::sleep(GATHER);
        tokio::pin!(gathered);
        while pending.len() < ENOUGH && pending.waiting.is_empty() {
            tokio::select! {
                more = writes.recv() => match more { Some(write) => pending.add(write), None => break },
                () = &mut gathered => break,
            }
        }
        while let Ok(more) = writes.try_recv() {
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
