//! Events for whoever listens: read once from the outbox, handed to all in memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::event::Event;
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::{Caller, Error, Kind, Result, Service, Standing};

/// Events a slow listener may lag behind.
const BUFFER: usize = 1000;
const BATCH: i64 = 500;
const POLL: Duration = Duration::from_secs(5);
const TOPICS: [&str; 10] = ["accounts", "domains", "auth", "calls", "im", "mailbox", "mail", "queue", "registrations", "system"];

/// Streams an account may hold open at a time.
const STREAMS: usize = 10;

pub(crate) struct Outbox {
    sender: broadcast::Sender<Arc<Event>>,
    open: Arc<Mutex<HashMap<Uuid, usize>>>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BUFFER), open: Arc::default() }
    }
}

/// One open stream; it counts until it is dropped.
struct Open {
    account: Uuid,
    all: Arc<Mutex<HashMap<Uuid, usize>>>,
}

impl Outbox {
    fn enter(&self, account: Uuid) -> Option<Open> {
        let mut open = self.open.lock().ok()?;
        let count = open.entry(account).or_default();
        if *count >= STREAMS {
            return None;
        }
        *count += 1;
        Some(Open { account, all: self.open.clone() })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Ok(mut open) = self.all.lock()
            && let Some(count) = open.get_mut(&self.account)
        {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.account);
            }
        }
    }
}

/// What a listener gets.
#[derive(Debug)]
pub enum Heard {
    /// An event.
    Event(Arc<Event>),
    /// The wanted events are no longer kept; what one has seen may be out of date.
    Reset,
    /// The listener was too slow; it must begin again.
    Overflow,
}

/// A listener's stream of events.
pub struct Events {
    service: Service,
    listener: Arc<Standing>,
    topics: BTreeSet<String>,
    past: Vec<Arc<Event>>,
    live: broadcast::Receiver<Arc<Event>>,
    last: i64,
    reset: bool,
    _open: Open,
}

impl Service {
    /// Hands events from the outbox to the listeners, for as long as the server runs.
    pub async fn run_outbox(self) {
        let mut last = loop {
            match self.store().newest_event().await {
                Ok(last) => break last,
                Err(_) => tokio::time::sleep(POLL).await,
            }
        };
        loop {
            let mut notices = self.store().notices().await.ok();
            loop {
                last = self.pass_over(last).await;
                while let Ok(events) = self.store().events_after(last, BATCH).await {
                    let Some(newest) = events.last() else { break };
                    last = newest.id;
                    for event in events {
                        // Nobody may be listening.
                        let _ = self.inner.outbox.sender.send(Arc::new(event));
                    }
                }
                let Some(listener) = &mut notices else {
                    tokio::time::sleep(POLL).await;
                    break;
                };
                // Otherwise a commit, or the net beneath: an older open transaction may have ended without a word.
                if let Ok(Err(_)) = tokio::time::timeout(POLL, listener.next()).await {
                    break;
                }
            }
        }
    }

    /// Where to read on when nobody listens: a whole commit of events is passed over at once. Whoever begins to listen
    /// meanwhile gets what comes after its beginning, for that is after what is passed over here.
    async fn pass_over(&self, last: i64) -> i64 {
        let nobody = || self.inner.outbox.sender.receiver_count() == 0;
        if !nobody() {
            return last;
        }
        let newest = self.store().newest_settled_event(last).await.unwrap_or(last);
        if nobody() { newest } else { last }
    }

    /// Events of these topics that the caller may hear, after an event number when one is given.
    ///
    /// # Errors
    /// When nobody is signed in, or a topic is unknown.
    pub async fn events(&self, caller: &Caller, topics: &[String], after: Option<i64>) -> Result<Events> {
        let listener = caller.account.clone().ok_or_else(Error::unauthenticated)?;
        if let Some(unknown) = topics.iter().find(|topic| !TOPICS.contains(&topic.as_str())) {
            let detail = format!("{unknown} is no topic; there are {}.", TOPICS.join(", "));
            return Err(Error::new(Kind::Malformed, "invalid_parameter", detail.clone()).at("/topics", "invalid_parameter", detail));
        }
        let open = self.inner.outbox.enter(listener.account_id);
        let open = open.ok_or_else(|| Error::new(Kind::Conflict, "limit_reached", format!("At most {STREAMS} streams of events may be open at a time.")))?;
        let live = self.inner.outbox.sender.subscribe();
        let newest = self.store().newest_event().await?;
        let past = match after {
            Some(after) => self.store().events_after(after, BATCH * 20).await?,
            None => Vec::new(),
        };
        // A gap before the first kept event: what lay in it is gone.
        let too_many = i64::try_from(past.len()).unwrap_or(i64::MAX) >= BATCH * 20;
        let reset = too_many || after.is_some_and(|after| after > newest || past.first().is_some_and(|first| first.id > after + BATCH * 20));
        let last = past.last().map_or(if after.is_some() { after.unwrap_or_default() } else { 0 }, |event| event.id);
        let mut past: Vec<_> = past.into_iter().map(Arc::new).collect();
        past.reverse();
        Ok(Events { service: self.clone(), listener, topics: topics.iter().cloned().collect(), past, live, last, reset, _open: open })
    }
}

impl Events {
    /// Waits for the next event; cancel-safe.
    pub async fn next(&mut self) -> Option<Heard> {
        if std::mem::take(&mut self.reset) {
            return Some(Heard::Reset);
        }
        loop {
            let event = match self.past.pop() {
                Some(event) => event,
                None => match self.live.recv().await {
                    Ok(event) if event.id <= self.last => continue,
                    Ok(event) => event,
                    Err(broadcast::error::RecvError::Lagged(_)) => return Some(Heard::Overflow),
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
            };
            self.last = event.id;
            if self.may_hear(&event) {
                return Some(Heard::Event(event));
            }
        }
    }

    fn may_hear(&self, event: &Event) -> bool {
        let wanted = self.topics.is_empty() || self.topics.contains(&event.topic);
        let listener = &self.listener;
        let own = event.account == Some(listener.account_id);
        let of_domain = event.domain == Some(listener.domain_id) && listener.domain_rights.iter().any(|r| r == "domain");
        // Mailboxes and conversations are their owner's alone.
        let private = matches!(event.topic.as_str(), "mailbox" | "im");
        wanted && (own || !private && (of_domain || listener.has_server_right("monitors")))
    }

    /// Whether the listener is still let in: its session may have ended meanwhile.
    pub async fn still_welcome(&self) -> bool {
        self.service.is_welcome(&self.listener).await
    }
}

impl Service {
    /// Whether an account is still let in: its session may have ended meanwhile.
    pub async fn is_welcome(&self, standing: &Standing) -> bool {
        match standing.session_id {
            Some(session) => self.store().standing(standing.account_id, session).await.is_ok_and(|standing| standing.is_some()),
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_bounded_and_leave() {
        let outbox = Outbox::default();
        let open: Vec<Open> = (0..STREAMS).filter_map(|_| outbox.enter(Uuid::nil())).collect();
        assert_eq!(open.len(), STREAMS);
        assert!(outbox.enter(Uuid::nil()).is_none());
        assert!(outbox.enter(Uuid::max()).is_some());
        drop(open);
        assert!(outbox.open.lock().unwrap().is_empty());
    }
}
