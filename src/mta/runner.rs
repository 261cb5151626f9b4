//! Empties the queues: hears what is due, and gives each queue its turn.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use net::Resolver;
use service::Service;
use service::queue::Owner;
use tokio::sync::mpsc;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use crate::outbound::{Hand, Key, Outbound};

/// Due queues looked at together.
const OUTLOOK: i64 = 1000;
/// Queues that wait for their turn in memory.
const WAITING: usize = 2000;
/// Accounts whose queues are emptied at a time.
const LOCAL: usize = 10;
/// Recipients of one account claimed at a time.
const LOCAL_WINDOW: i64 = 50;
/// The longest time without a look: another process may have ended, or written.
const LONGEST: Duration = Duration::from_secs(60);
const RENEWAL: Duration = Duration::from_secs(20);
const RETRY: Duration = Duration::from_secs(1);

/// Empties the queues for as long as the server runs.
pub struct Runner {
    service: Service,
    resolver: Resolver,
    loopback_only: bool,
    working: HashMap<Key, Vec<Arc<Hand>>>,
    tasks: JoinSet<()>,
    of_task: HashMap<Id, (Key, Arc<Hand>)>,
    remote: Turns,
    local: Turns,
    more: mpsc::UnboundedSender<Key>,
    /// There may be more that is due than was looked at.
    cut: bool,
    /// When to look again.
    next: Instant,
    looked: Instant,
    /// How long the last look took.
    cost: Duration,
}

/// Queues of a module: how many have their turn, and who waits for it.
#[derive(Default)]
struct Turns {
    busy: usize,
    waiting: VecDeque<Key>,
    known: HashSet<Key>,
}

impl Turns {
    /// Says whether there was room.
    fn add(&mut self, key: Key) -> bool {
        if self.waiting.len() >= WAITING {
            return self.known.contains(&key);
        }
        if self.known.insert(key.clone()) {
            self.waiting.push_back(key);
        }
        true
    }

    fn take(&mut self, limit: usize) -> Option<Key> {
        let key = if self.busy < limit { self.waiting.pop_front() } else { None }?;
        self.known.remove(&key);
        Some(key)
    }
}

impl Runner {
    /// A runner; with `loopback_only` nothing is sent beyond this machine.
    pub fn new(service: Service, loopback_only: bool) -> Self {
        Self {
            service,
            resolver: Resolver::default(),
            loopback_only,
            working: HashMap::new(),
            tasks: JoinSet::new(),
            of_task: HashMap::new(),
            remote: Turns::default(),
            local: Turns::default(),
            more: mpsc::unbounded_channel().0,
            cut: false,
            next: Instant::now(),
            looked: Instant::now(),
            cost: Duration::ZERO,
        }
    }

    /// Empties the queues, for as long as the server runs.
    pub async fn run(mut self) {
        let mut owner = open(&self.service).await;
        let mut old = JoinSet::new();
        old.spawn(report_old(self.service.clone()));
        let (more, mut heard) = mpsc::unbounded_channel();
        self.more = more;
        let mut renewal = interval(RENEWAL);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let service = self.service.clone();
        let mut draining = service.draining();
        loop {
            self.start();
            tokio::select! {
                () = draining.begun() => break,
                () = service.queue_news().wait() => {
                    let told = service.queue_news().take();
                    told.queues.into_iter().for_each(|key| self.wake(key));
                    if let Some(seconds) = told.after {
                        self.look_after(seconds);
                    }
                    if told.look {
                        self.look_soon().await;
                    }
                }
                Some(key) = heard.recv() => self.help(key),
                Some(ended) = self.tasks.join_next_with_id() => {
                    let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                    self.ended(id);
                    if self.cut && self.remote.waiting.is_empty() && self.local.waiting.is_empty() {
                        self.look_soon().await;
                    }
                }
                () = sleep_until(self.next) => self.look().await,
                _ = renewal.tick() => {
                    if let Err(error) = owner.renew().await {
                        tracing::warn!(%error, "the leases cannot be renewed");
                        owner = open(&service).await;
                    }
                }
            }
        }
        self.finish().await;
    }

    /// Lets what is on its way come to its end; whoever waits for this waits as long as it likes.
    async fn finish(&mut self) {
        for (_, hand) in self.of_task.values() {
            hand.stop.store(true, Ordering::Release);
            hand.notify.notify_one();
        }
        while self.tasks.join_next().await.is_some() {}
    }

    /// Looks for what is due, and when the next is.
    async fn look(&mut self) {
        self.looked = Instant::now();
        self.next = self.looked + LONGEST;
        let outlook = match self.service.queue_outlook(OUTLOOK).await {
            Ok(outlook) => outlook,
            Err(error) => {
                tracing::warn!(%error, "the queue cannot be read");
                return self.look_after(0.0);
            }
        };
        self.cost = self.looked.elapsed();
        self.cut = i64::try_from(outlook.len()).is_ok_and(|n| n >= OUTLOOK);
        for due in outlook {
            if due.seconds == 0 {
                self.wake((due.module, due.queue));
            } else {
                self.next = self.next.min(Instant::now() + Duration::from_secs(due.seconds.unsigned_abs()));
                self.cut = false;
                break;
            }
        }
    }

    /// Looks now, unless looking takes so long that most of the time would go into it.
    async fn look_soon(&mut self) {
        let earliest = self.looked + self.cost * 4;
        if Instant::now() >= earliest {
            self.look().await;
        } else {
            self.next = self.next.min(earliest);
        }
    }

    /// Looks again after so many seconds, but not all the time.
    fn look_after(&mut self, seconds: f64) {
        let at = Instant::now() + Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST);
        self.next = self.next.min(at.max(self.looked + RETRY.max(self.cost * 4)));
    }

    /// Something is due in a queue.
    fn wake(&mut self, key: Key) {
        match self.working.get(&key) {
            Some(hands) => hands.iter().for_each(|hand| {
                hand.poked.store(true, Ordering::Release);
                hand.notify.notify_one();
            }),
            None if key.0 == "smtp" => self.cut |= !self.remote.add(key),
            None => self.cut |= !self.local.add(key),
        }
    }

    fn channels(&self) -> usize {
        let settings = &self.service.module_settings().smtp_out;
        if settings.enabled { usize::try_from(settings.channels).unwrap_or(usize::MAX) } else { 0 }
    }

    /// Gives turns while there are any.
    fn start(&mut self) {
        while let Some(key) = self.remote.take(self.channels()) {
            self.send(key);
        }
        if self.remote.busy > 0 && !self.remote.waiting.is_empty() {
            for (_, hand) in self.of_task.values().filter(|(key, _)| key.0 == "smtp") {
                hand.hurry.store(true, Ordering::Release);
                hand.notify.notify_one();
            }
        }
        while let Some(key) = self.local.take(LOCAL) {
            let hand = Arc::<Hand>::default();
            self.local.busy += 1;
            let task = self.tasks.spawn(deliver(self.service.clone(), key.1.clone(), hand.clone()));
            self.note(task.id(), key, hand);
        }
    }

    fn send(&mut self, key: Key) {
        let outbound = Outbound::new(self.service.clone(), self.resolver.clone(), self.loopback_only, key.1.clone(), self.more.clone());
        let hand = outbound.hand.clone();
        self.remote.busy += 1;
        let task = self.tasks.spawn(outbound.run());
        self.note(task.id(), key, hand);
    }

    fn note(&mut self, id: Id, key: Key, hand: Arc<Hand>) {
        self.working.entry(key.clone()).or_default().push(hand.clone());
        self.of_task.insert(id, (key, hand));
    }

    /// One connection is not enough for a queue.
    fn help(&mut self, key: Key) {
        let most = usize::try_from(self.service.module_settings().smtp_out.channels_per_host).unwrap_or(1);
        let working = self.working.get(&key).map_or(0, Vec::len);
        if working > 0 && working < most && self.remote.busy < self.channels() {
            self.send(key);
        }
    }

    fn ended(&mut self, id: Id) {
        let Some((key, hand)) = self.of_task.remove(&id) else { return };
        let turns = if key.0 == "smtp" { &mut self.remote } else { &mut self.local };
        turns.busy = turns.busy.saturating_sub(1);
        if let Some(hands) = self.working.get_mut(&key) {
            hands.retain(|other| !Arc::ptr_eq(other, &hand));
            if hands.is_empty() {
                self.working.remove(&key);
            }
        }
        // What came while it was about to end.
        if hand.poked.load(Ordering::Acquire) {
            self.wake(key);
        }
    }
}

/// Makes this process one that claims; the database may be away for a while.
async fn open(service: &Service) -> Owner {
    loop {
        match service.open_queue().await {
            Ok(owner) => return owner,
            Err(error) => {
                tracing::warn!(%error, "the queue cannot be opened");
                sleep(RETRY).await;
            }
        }
    }
}

/// Empties the queue of an account.
async fn deliver(service: Service, queue: String, hand: Arc<Hand>) {
    while !hand.stop.load(Ordering::Acquire) {
        hand.poked.store(false, Ordering::Release);
        let claimed = match service.claim_queue("local", &queue, LOCAL_WINDOW).await {
            Ok(claimed) if claimed.is_empty() => return,
            Ok(claimed) => claimed,
            Err(error) => return tracing::warn!(%error, queue, "the queue cannot be read"),
        };
        for claimed in claimed.into_iter().take_while(|_| !hand.stop.load(Ordering::Acquire)) {
            let number = claimed.message;
            if let Err(error) = service.deliver_claimed(claimed).await {
                // The claim ends by itself.
                tracing::error!(%error, queue, number, "a message cannot be delivered from the queue");
            }
        }
    }
}

/// Tells senders of mail that waits long, for as long as the server runs.
async fn report_old(service: Service) {
    loop {
        let pause = match service.report_old().await {
            Ok(next) => {
                let settings = &service.module_settings().smtp_out;
                let new = [settings.warn_after, settings.give_up_after].into_iter().filter(|after| *after > 0).min();
                let seconds = next.into_iter().chain(new).min().unwrap_or(60);
                Duration::from_secs(seconds.unsigned_abs()).min(LONGEST)
            }
            Err(error) => {
                tracing::warn!(%error, "mail that waits long cannot be looked for");
                LONGEST
            }
        };
        tokio::select! {
            () = sleep(pause.max(RETRY)) => {}
            () = service.queue_news().changed() => {}
        }
    }
}
