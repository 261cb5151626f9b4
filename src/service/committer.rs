//! Group commit: finished messages gather while a transaction is on its way, and leave together with the next one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use store::Store;
use store::delivery::{BatchError, Delivered, NewMail};
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};

mod failpoint;

use crate::{Error, Kind, Result};

/// Transactions on their way at a time, when they take long: one that waits for a lock must not keep the others waiting.
const COMMITTERS: usize = 4;
/// A transaction that takes longer is no reason to gather on: one at a time makes the largest batches, and a large batch costs
/// the least for each message.
const LONG: Duration = Duration::from_millis(30);
/// Messages that may wait for a committer.
const WAITING: usize = 256;
/// Messages of one transaction.
const BATCH: usize = 64;
/// Octets of one transaction beyond which no further message joins.
const BATCH_OCTETS: usize = 8 * 1024 * 1024;
/// A transaction that fails faster than this is tried again on another connection.
const PROMPT: Duration = Duration::from_secs(5);
/// A transaction that takes longer is given up: the database is away and does not say so.
const PATIENCE: Duration = Duration::from_secs(30);
/// Message numbers taken at a time; the sequence counts in such steps.
const NUMBERS: i64 = 1000;

/// Where finished messages are handed in.
pub(crate) struct Committer {
    jobs: mpsc::Sender<Job>,
    /// The next message number of this node, and the one that is no longer its own.
    numbers: Mutex<(i64, i64)>,
}

struct Job {
    mail: NewMail,
    done: oneshot::Sender<std::result::Result<Delivered, Failure>>,
}

/// Why a message is not durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Unavailable,
    Full,
    Internal,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable => Self::new(Kind::Unavailable, "overloaded", "The server cannot do this now; try again later."),
            Failure::Full => Self::new(Kind::Unavailable, "storage_full", "The server cannot store more."),
            Failure::Internal => Self::new(Kind::Internal, "internal", "The server made a mistake; it is in its log."),
        }
    }
}

impl Committer {
    /// Starts the committers; they end with the last sender.
    pub(crate) fn start(store: &Store) -> Self {
        let (jobs, receiver) = mpsc::channel(WAITING);
        let receiver = Arc::new(Mutex::new(receiver));
        let turn = Arc::new(Semaphore::new(1));
        for _ in 0..COMMITTERS {
            tokio::spawn(run(store.clone(), receiver.clone(), turn.clone()));
        }
        Self { jobs, numbers: Mutex::new((0, 0)) }
    }

    /// The next message number.
    pub(crate) async fn number(&self, store: &Store) -> Result<i64> {
        let mut numbers = self.numbers.lock().await;
        if numbers.0 == numbers.1 {
            let first = store.message_numbers().await?;
            *numbers = (first, first + NUMBERS);
        }
        numbers.0 += 1;
        Ok(numbers.0 - 1)
    }

    /// Makes a message durable, with whatever else is waiting.
    pub(crate) async fn commit(&self, mail: NewMail) -> Result<Delivered> {
        let (done, result) = oneshot::channel();
        let stopped = |_| Error::from(Failure::Unavailable);
        self.jobs.send(Job { mail, done }).await.map_err(|_| stopped(()))?;
        Ok(result.await.map_err(|_| stopped(()))??)
    }
}

async fn run(store: Store, jobs: Arc<Mutex<mpsc::Receiver<Job>>>, turn: Arc<Semaphore>) {
    let full = AtomicBool::new(false);
    loop {
        // Whoever holds the lock waits for work and for its turn; the other committers wait behind it.
        let mut waiting = jobs.lock().await;
        let Some(first) = waiting.recv().await else { return };
        let turn = tokio::time::timeout(LONG, turn.acquire()).await;
        let batch = gather(first, &mut waiting);
        drop(waiting);
        commit(batch, |mails| in_time(&store, mails, &full)).await;
        drop(turn);
    }
}

/// A message and all that wait behind it, within bounds.
fn gather(first: Job, jobs: &mut mpsc::Receiver<Job>) -> Vec<Job> {
    let mut octets = first.mail.data.len();
    let mut batch = vec![first];
    while batch.len() < BATCH && octets < BATCH_OCTETS {
        let Ok(job) = jobs.try_recv() else { break };
        octets += job.mail.data.len();
        batch.push(job);
    }
    batch
}

/// Commits a batch. One that fails for another reason than the database being away is split until the message at fault is
/// alone.
async fn commit<F>(batch: Vec<Job>, mut deliver: impl FnMut(Arc<Vec<NewMail>>) -> F)
where
    F: Future<Output = std::result::Result<Vec<Delivered>, (Failure, bool)>>,
{
    // Who waits no longer has told the sender to come again: what he brings then must be the only one.
    let (mails, waiting): (Vec<_>, Vec<_>) = batch.into_iter().filter(|job| !job.done.is_closed()).map(|job| (job.mail, job.done)).unzip();
    if mails.is_empty() {
        return;
    }
    let mut parts = vec![(mails, waiting)];
    while let Some((mails, mut waiting)) = parts.pop() {
        let mails = Arc::new(mails);
        let outcome = deliver(mails.clone()).await;
        let count = mails.len();
        match outcome {
            Ok(results) => {
                for (done, result) in waiting.into_iter().zip(results) {
                    // Who has gone meanwhile does not need to know.
                    let _ = done.send(Ok(result));
                }
            }
            Err((_, true)) if count > 1 => {
                let Some(mut mails) = Arc::into_inner(mails) else { continue };
                let half = count / 2;
                let (later, later_waiting) = (mails.split_off(half), waiting.split_off(half));
                parts.push((later, later_waiting));
                parts.push((mails, waiting));
            }
            Err((failure, _)) => {
                for done in waiting {
                    let _ = done.send(Err(failure));
                }
            }
        }
    }
}

/// One transaction within bounds; says whether splitting may help.
async fn in_time(store: &Store, mails: Arc<Vec<NewMail>>, full: &AtomicBool) -> std::result::Result<Vec<Delivered>, (Failure, bool)> {
    failpoint::reach("before-flush");
    let outcome = tokio::time::timeout(PATIENCE, deliver(store, mails, full)).await;
    failpoint::reach("before-reply");
    outcome.unwrap_or_else(|_| {
        tracing::warn!("mail cannot be stored now: the database does not answer");
        Err((Failure::Unavailable, false))
    })
}

/// One transaction; says whether splitting may help. A connection that broke while it was idle is no reason to fail.
async fn deliver(store: &Store, mails: Arc<Vec<NewMail>>, full: &AtomicBool) -> std::result::Result<Vec<Delivered>, (Failure, bool)> {
    let begun = Instant::now();
    let mut outcome = store.deliver_batch(&mails).await;
    let broken = matches!(&outcome, Err(BatchError { error: error @ store::Error::Unavailable(_), in_doubt: false }) if !error.is_full());
    if broken && begun.elapsed() < PROMPT {
        outcome = store.deliver_batch(&mails).await;
    }
    // Said once for a time of need, not for every message.
    let was_full = full.swap(matches!(&outcome, Err(failed) if failed.error.is_full()), Ordering::Relaxed);
    outcome.map_err(|BatchError { error, in_doubt }| match &error {
        _ if error.is_full() => {
            if !was_full {
                tracing::error!(%error, "mail cannot be stored");
            }
            (Failure::Full, false)
        }
        store::Error::Unavailable(_) => {
            tracing::warn!(%error, "mail cannot be stored now");
            (Failure::Unavailable, false)
        }
        _ => {
            tracing::error!(%error, messages = mails.len(), "mail cannot be stored");
            (Failure::Internal, !in_doubt)
        }
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn mail(number: i64) -> NewMail {
        NewMail {
            number,
            trace_id: uuid::Uuid::nil(),
            message_id: String::new(),
            hash: [0; 32],
            codec: 0,
            data: bytes::Bytes::new(),
            size: 0,
            facts: Vec::new(),
            received_at: types::Timestamp::default(),
            return_path: String::new(),
            envelope: serde_json::Value::Null,
            detail: serde_json::Value::Null,
            targets: Vec::new(),
            queued: Vec::new(),
            claims: Vec::new(),
            redelivered: false,
        }
    }

    #[tokio::test]
    async fn one_bad_message_does_not_fail_the_others() {
        let (jobs, results): (Vec<_>, Vec<_>) = (0..9)
            .map(|number| {
                let (done, result) = oneshot::channel();
                (Job { mail: mail(number), done }, result)
            })
            .unzip();
        let order = RefCell::new(Vec::new());
        commit(jobs, |mails| {
            let bad = mails.iter().any(|mail| mail.number == 5);
            if !bad {
                order.borrow_mut().extend(mails.iter().map(|mail| mail.number));
            }
            let count = mails.len();
            async move { if bad { Err((Failure::Internal, true)) } else { Ok(vec![Delivered::default(); count]) } }
        })
        .await;
        assert_eq!(*order.borrow(), [0, 1, 2, 3, 4, 6, 7, 8]);
        for (number, result) in results.into_iter().enumerate() {
            assert_eq!(result.await.unwrap().is_err(), number == 5, "{number}");
        }
    }

    #[tokio::test]
    async fn an_absent_database_fails_all_at_once() {
        let (done, result) = oneshot::channel();
        let tries = RefCell::new(0);
        let (other, _waits) = oneshot::channel();
        commit(vec![Job { mail: mail(1), done }, Job { mail: mail(2), done: other }], |_| {
            *tries.borrow_mut() += 1;
            async { Err((Failure::Unavailable, false)) }
        })
        .await;
        assert_eq!((*tries.borrow(), result.await.unwrap()), (1, Err(Failure::Unavailable)));
    }

    #[tokio::test]
    async fn who_waits_no_longer_gets_nothing_stored() {
        let (done, result) = oneshot::channel();
        let gone = oneshot::channel().0;
        let stored = RefCell::new(Vec::new());
        commit(vec![Job { mail: mail(1), done: gone }, Job { mail: mail(2), done }], |mails| {
            stored.borrow_mut().extend(mails.iter().map(|mail| mail.number));
            async { Ok(vec![Delivered::default()]) }
        })
        .await;
        assert!(result.await.unwrap().is_ok());
        assert_eq!(*stored.borrow(), [2]);
    }

    #[tokio::test]
    async fn a_batch_takes_what_waits_within_bounds() {
        let (sender, mut receiver) = mpsc::channel(WAITING);
        for number in 0..100 {
            sender.send(Job { mail: mail(number), done: oneshot::channel().0 }).await.unwrap();
        }
        for expected in [BATCH, 100 - BATCH] {
            let first = receiver.recv().await.unwrap();
            assert_eq!(gather(first, &mut receiver).len(), expected);
        }
    }
}
