//! Events for whoever listens: read once from the outbox, handed to all in memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::event::Event;
use store::event::EventPlace;
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::{Caller, Error, Kind, Result, Service, Standing};

/// Events a slow listener may lag behind.
const BUFFER: usize = 1000;
const BATCH: i64 = 500;
const POLL: Duration = Duration::from_secs(5);
/// After a commit one looks again so soon, so many times.
const SOON: Duration = Duration::from_millis(50);
const LOOKS: u32 = 5;
const TOPICS: [&str; 10] = ["accounts", "domains", "auth", "calls", "im", "mailbox", "mail", "queue", "registrations", "system"];

/// Streams an account may hold open at a time.
const STREAMS: usize = 10;

/// An event and where it stands among all.
type Placed = (EventPlace, Arc<Event>);

pub(crate) struct Outbox {
    sender: broadcast::Sender<Placed>,
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
    past: Vec<Placed>,
    live: broadcast::Receiver<Placed>,
    last: EventPlace,
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
            self.heard_of(None);
            let mut soon = 0;
            loop {
                last = self.pass_over(last).await;
                while let Ok(events) = self.store().events_after(last, BATCH).await {
                    let Some((newest, _)) = events.last() else { break };
                    last = *newest;
                    for (place, event) in events {
                        // Nobody may be listening.
                        let _ = self.inner.outbox.sender.send((place, Arc::new(event)));
                    }
                }
                let Some(listener) = &mut notices else {
                    tokio::time::sleep(POLL).await;
                    break;
                };
                // A commit may have to wait for an older transaction, which ends without a word: one looks again soon, then at leisure.
                match tokio::time::timeout(if soon > 0 { SOON } else { POLL }, listener.next()).await {
                    Ok(Ok(notice)) => {
                        self.heard_of(notice.as_deref());
                        soon = if self.nobody_listens() { 0 } else { LOOKS };
                    }
                    Ok(Err(_)) => break,
                    Err(_) => soon = soon.saturating_sub(1),
                }
            }
        }
    }

    /// What is remembered of the directory may have been changed, also by another node.
    fn heard_of(&self, topic: Option<&str>) {
        if matches!(topic, None | Some("accounts" | "domains" | "system")) {
            self.forget_names();
        }
        if matches!(topic, None | Some("domains" | "system")) {
            self.router_is_old();
        }
    }

    /// Where to read on when nobody listens: a whole commit of events is passed over at once. Whoever begins to listen
    /// meanwhile gets what comes after its beginning, for that is after what is passed over here.
    async fn pass_over(&self, last: EventPlace) -> EventPlace {
        if !self.nobody_listens() {
            return last;
        }
        let newest = self.store().newest_event().await.unwrap_or(last).max(last);
        if self.nobody_listens() { newest } else { last }
    }

    fn nobody_listens(&self) -> bool {
        self.inner.outbox.sender.receiver_count() == 0
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
        // From the very first on, or after one that is still kept; what lay behind another is gone.
        let place = match after {
            None => None,
            Some(0) => Some(EventPlace::default()),
            Some(after) => self.store().event_place(after).await?,
        };
        let past = match place {
            Some(place) => self.store().events_after(place, BATCH * 20).await?,
            None => Vec::new(),
        };
        let too_many = i64::try_from(past.len()).unwrap_or(i64::MAX) >= BATCH * 20;
        let reset = too_many || (after.is_some() && place.is_none());
        let last = past.last().map(|(place, _)| *place).or(place).unwrap_or_default();
        let past = past.into_iter().rev().map(|(place, event)| (place, Arc::new(event))).collect();
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
            let (place, event) = match self.past.pop() {
                Some(placed) => placed,
                None => match self.live.recv().await {
                    Ok((place, _)) if place <= self.last => continue,
                    Ok(placed) => placed,
                    Err(broadcast::error::RecvError::Lagged(_)) => return Some(Heard::Overflow),
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
            };
            self.last = self.last.max(place);
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
