//! What the queue runner asks: what is due, whose turn it is, what became of a try.

mod local;
mod report;
mod schedule;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use model::server::SmtpOutSettings;
use serde_json::{Value, json};
pub use store::queue::{Claimed, Due, Owner};
use store::queue::{Ending, Settled};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::message::content::unpack;
use crate::{Refusal, Result, Service};
use report::Reported;
pub(crate) use report::asks;
use schedule::{jitter, retry_delay};

/// How long an answer about the size of the queue stays good.
const FRESH: Duration = Duration::from_secs(1);
/// Characters of a reply that are kept.
const LONGEST_REPLY: usize = 2000;
/// Seconds until it is looked again for those who cannot be told now.
const LATER: i64 = 60;
/// Queues told by name before it is cheaper to look for all.
const TOLD: usize = 1000;

/// The queues to which something was added, for the runner of this process.
#[derive(Debug, Default)]
pub struct QueueNews {
    told: Mutex<Told>,
    notify: Notify,
    changed: Notify,
}

/// What the runner was told.
#[derive(Debug, Default)]
pub struct Told {
    /// Queues with something due, by module and name.
    pub queues: BTreeSet<(String, String)>,
    /// Look for everything that is due.
    pub look: bool,
    /// Something becomes due after so many seconds.
    pub after: Option<f64>,
}

/// Whose claims these are.
#[derive(Debug)]
pub(crate) struct Queue {
    owner: Uuid,
    news: QueueNews,
    full: Mutex<Fullness>,
}

/// Whether the queue was full when somebody looked.
#[derive(Debug, Default, Clone, Copy)]
struct Fullness {
    looked: Option<Instant>,
    full: bool,
}

impl Default for Queue {
    fn default() -> Self {
        Self { owner: Uuid::new_v4(), news: QueueNews::default(), full: Mutex::default() }
    }
}

/// What became of a try with another server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// It has the message.
    Delivered {
        /// What it said.
        reply: String,
        /// It sends the reports the sender asked for.
        reports: bool,
    },
    /// It wants to be asked later.
    Later(String),
    /// It never takes the message.
    Failed(String),
    /// It was not asked.
    Untried(String),
}

impl Tried {
    /// With a text that can be kept: another server may say anything.
    fn clean(self) -> Self {
        let clean = |reply: String| reply.chars().filter(|c| !c.is_control()).take(LONGEST_REPLY).collect();
        match self {
            Self::Delivered { reply, reports } => Self::Delivered { reply: clean(reply), reports },
            Self::Later(reply) => Self::Later(clean(reply)),
            Self::Failed(reply) => Self::Failed(clean(reply)),
            Self::Untried(reply) => Self::Untried(clean(reply)),
        }
    }
}

impl QueueNews {
    /// Says that something is due in a queue.
    pub fn tell(&self, module: &str, queue: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.queues.len() < TOLD {
            told.queues.insert((module.to_owned(), queue.to_owned()));
        } else {
            told.look = true;
        }
        self.notify.notify_one();
    }

    /// Says that much may have changed: look for everything that is due.
    pub fn look(&self) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).look = true;
        self.notify.notify_one();
        self.changed.notify_one();
    }

    /// Says that something becomes due later.
    pub fn later(&self, seconds: f64) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.after = Some(told.after.map_or(seconds, |after| after.min(seconds)));
        self.notify.notify_one();
    }

    /// Waits until much may have changed; cancel-safe. One at a time may wait.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Waits until something was told; cancel-safe. One at a time may wait.
    pub async fn wait(&self) {
        self.notify.notified().await;
    }

    /// What was told since the last time.
    pub fn take(&self) -> Told {
        std::mem::take(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Service {
    /// What is new in the queue.
    pub fn queue_news(&self) -> &QueueNews {
        &self.inner.queue.news
    }

    /// Makes this process one that claims, and makes due at once what dead ones had claimed. The owner is to be renewed
    /// every 20 seconds; the leases last 60.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn open_queue(&self) -> Result<Owner> {
        let mut owner = self.store().queue_owner(Some(self.inner.queue.owner)).await?;
        let freed = owner.free_dead().await?;
        if freed > 0 {
            tracing::info!(recipients = freed, "taken over from a process that is gone");
        }
        Ok(owner)
    }

    /// Refuses mail while more messages wait than the settings want; the queue is asked at most once a second.
    ///
    /// # Errors
    /// The refusal.
    pub(crate) async fn check_queue(&self) -> std::result::Result<(), Refusal> {
        let most = self.module_settings().queue.max_messages;
        if most == 0 {
            return Ok(());
        }
        let known = &self.inner.queue.full;
        let (mut full, stale) = {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            let stale = known.looked.is_none_or(|looked| looked.elapsed() >= FRESH);
            if stale {
                known.looked = Some(Instant::now());
            }
            (known.full, stale)
        };
        if stale {
            full = self.store().queue_holds(most).await.map_err(crate::Error::from)?;
            known.lock().unwrap_or_else(PoisonError::into_inner).full = full;
        }
        if full { Err(Refusal::new(452, "4.3.1", "message queue is full")) } else { Ok(()) }
    }

    /// The queues that are due first, at most `limit` of them.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn queue_outlook(&self, limit: i64) -> Result<Vec<Due>> {
        Ok(self.store().queue_outlook(limit).await?)
    }

    /// Claims what is due in a queue; nothing when the queue is held or paused.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn claim_queue(&self, module: &str, queue: &str, limit: i64) -> Result<Vec<Claimed>> {
        Ok(self.store().claim_queue(self.inner.queue.owner, module, queue, limit).await?)
    }

    /// The octets of a claimed message, without the fields that do not travel on; `None` when they are gone or broken.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn queued_message(&self, claimed: &Claimed) -> Result<Option<Bytes>> {
        let skip = claimed.envelope.get("skip").and_then(Value::as_u64).and_then(|skip| usize::try_from(skip).ok()).unwrap_or(0);
        Ok(self.claimed_message(claimed).await?.filter(|raw| raw.len() >= skip).map(|raw| raw.slice(skip..)))
    }

    async fn claimed_message(&self, claimed: &Claimed) -> Result<Option<Bytes>> {
        Ok(self.store().queued_body(&claimed.hash).await?.and_then(|stored| unpack(stored, claimed.size)))
    }

    /// Lets a queue wait as a whole: its host cannot be reached.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn pause_queue(&self, module: &str, queue: &str, reply: &str) -> Result<()> {
        let settings = &self.module_settings().smtp_out;
        let (attempts, age) = self.store().queue_pause(module, queue).await?.map_or((0, 0), |pause| (pause.attempts, pause.age));
        let delay = jitter(retry_delay(settings, attempts, age));
        let reply: String = reply.chars().filter(|c| !c.is_control()).take(LONGEST_REPLY).collect();
        tracing::info!(target: "mail", module, queue, reply, seconds = delay, "the queue waits");
        self.store().pause_queue(module, queue, delay, &reply).await?;
        self.queue_news().later(delay);
        Ok(())
    }

    /// The host of a queue answers: what waited for it is due.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn resume_queue(&self, module: &str, queue: &str) -> Result<()> {
        if self.store().resume_queue(module, queue).await? {
            self.queue_news().tell(module, queue);
        }
        Ok(())
    }

    /// Writes down what became of recipients of one message that were tried with one server, and tells the sender what the
    /// sender wants to know.
    ///
    /// # Errors
    /// When nothing is written down; the claims end by themselves.
    pub async fn settle_queue(&self, server: &str, tried: Vec<(Claimed, Tried)>) -> Result<()> {
        let settings = &self.module_settings().smtp_out;
        let (mut settled, mut reported) = (Vec::new(), Vec::new());
        for (claimed, tried) in tried {
            let tried = tried.clean();
            let record = |kind, reply: &str| Some((kind, json!({"to": claimed.address, "queue": claimed.queue, "host": server, "reply": reply})));
            match tried {
                Tried::Delivered { reply, reports } => {
                    let end = settle(&claimed, Ending::Done, &reply, record("sent", &reply));
                    match report::wants(&claimed, "SUCCESS") && !reports {
                        true => reported.push(Reported { end, claimed, action: message::dsn::Action::Relayed, reply, server: Some(server.to_owned()) }),
                        false => settled.push(end),
                    }
                }
                Tried::Later(reply) => {
                    let delay = jitter(retry_delay(settings, claimed.attempts, claimed.age));
                    settled.push(settle(&claimed, Ending::Retry(delay), &reply, record("deferred", &reply)));
                    self.queue_news().later(delay);
                }
                Tried::Failed(reply) => {
                    let end = settle(&claimed, Ending::Done, &reply, record("failed", &reply));
                    let server = (!server.is_empty()).then(|| server.to_owned());
                    reported.push(Reported { end, claimed, action: message::dsn::Action::Failed, reply, server });
                }
                Tried::Untried(reply) => settled.push(settle(&claimed, Ending::Back(0.0), &reply, None)),
            }
        }
        if !settled.is_empty() {
            self.store().settle_queue(&settled).await?;
        }
        // Failures of one message at one time are one report.
        for action in [message::dsn::Action::Failed, message::dsn::Action::Relayed] {
            let (now, later): (Vec<_>, Vec<_>) = reported.into_iter().partition(|r| r.action == action);
            reported = later;
            self.report(now).await?;
        }
        Ok(())
    }

    /// Tells the senders of mail that waits too long, and gives up what has waited longest; gives the seconds until somebody
    /// is to be told again, `None` while nobody waits.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn report_old(&self) -> Result<Option<i64>> {
        let settings = &self.module_settings().smtp_out;
        let warn_after = (settings.warn_after > 0).then_some(settings.warn_after);
        loop {
            let mut claimed = self.store().claim_old(self.inner.queue.owner, warn_after, settings.give_up_after, 100).await?;
            if claimed.is_empty() {
                break;
            }
            // One report for each message, queue and kind.
            while let Some(first) = claimed.first() {
                let (message, queue, over) = (first.message, first.queue.clone(), first.age >= settings.give_up_after);
                let (same, others): (Vec<_>, Vec<_>) = claimed.into_iter().partition(|c| c.message == message && c.queue == queue && (c.age >= settings.give_up_after) == over);
                claimed = others;
                self.report(same.into_iter().map(|c| self.old(c, over, settings)).collect()).await?;
            }
        }
        self.store().drop_pauses().await?;
        let oldest = self.store().oldest_waiting().await?;
        // Who is overdue and was not claimed is held, or being tried.
        let next = |age: Option<i64>, after: Option<i64>| Some(after? - age?).map(|seconds| if seconds < 0 { LATER } else { seconds.max(1) });
        let give_up = Some(settings.give_up_after);
        Ok([next(oldest.unwarned, warn_after), next(oldest.unwarned, give_up), next(oldest.warned, give_up)].into_iter().flatten().min())
    }

    /// What is to be told of a recipient that waits long.
    fn old(&self, claimed: Claimed, over: bool, settings: &SmtpOutSettings) -> Reported {
        let reply = if claimed.last_reply.is_empty() { "451 4.4.7 not tried yet".to_owned() } else { claimed.last_reply.clone() };
        let (action, ending, kind) = if over {
            (message::dsn::Action::Failed, Ending::Done, "failed")
        } else {
            (message::dsn::Action::Delayed, Ending::Warned(claimed.due_in), "delayed")
        };
        let detail = json!({"to": claimed.address, "queue": claimed.queue, "reply": reply, "give_up_after": settings.give_up_after});
        Reported { end: settle(&claimed, ending, "", Some((kind, detail))), claimed, action, reply, server: None }
    }
}

/// The end of a claim.
fn settle(claimed: &Claimed, ending: Ending, reply: &str, record: Option<(&'static str, Value)>) -> Settled {
    Settled { message: claimed.message, n: claimed.n, fence: claimed.fence, trace_id: claimed.trace_id, ending, reply: reply.to_owned(), record }
}
