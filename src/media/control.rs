//! The relay as signalling sees it.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use model::media::{MediaReport, MediaStats};
use sdp::{Description, negotiate};
use service::media::{CaptureRefused, Captured, MediaBody, MediaControl, MediaEvent, MediaForce, MediaRefused, MediaSide};
use uuid::Uuid;

use crate::capture::Captures;
use crate::call::{Branch, Call, Exchange, Leg};
use crate::decide::{Local, Surroundings};
use crate::endpoint::{NewEndpoint, Slot};
use crate::engine::Worker;
use crate::loops::Toward;
use crate::ports::{NoPorts, Ports};
use crate::sweep::Notice;
use crate::thread::{Order, micros};
use crate::{report, socket};

/// How long the ports of a branch that lost stay open for what is on its way.
const LOSER: Duration = Duration::from_secs(5);
const RETRY: u32 = 30;
/// Events of exhaustion in this time are one.
const SAY_AGAIN: Duration = Duration::from_secs(10);

/// The media relay: threads, ports and calls. It ends when the last handle is dropped.
#[derive(Debug)]
pub struct Relay {
    pub(crate) shared: Arc<Shared>,
    events: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) start: Instant,
    pub(crate) workers: Vec<Worker>,
    pub(crate) ports: Mutex<Ports>,
    pub(crate) around: RwLock<Arc<Surroundings>>,
    calls: Mutex<HashMap<Uuid, Arc<Mutex<Call>>>>,
    notices: Sender<Notice>,
    streams: Mutex<i64>,
    exhausted: Mutex<Option<Instant>>,
    pub(crate) captures: Mutex<Captures>,
    /// The ports that ends were shown.
    pub(crate) shown: Mutex<HashMap<SocketAddr, Toward>>,
}

/// A lock whose holder failed is used as it is: what it guards is whole after every step.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refused(status: u16, reason: &'static str) -> MediaRefused {
    MediaRefused { status, reason, retry_after: (status == 503).then_some(RETRY) }
}

impl Relay {
    /// Starts the threads. `events` is called by a thread of its own and may take its time.
    ///
    /// # Errors
    /// When the system refuses a thread or what it needs.
    pub fn start(around: Surroundings, events: impl Fn(MediaEvent) + Send + 'static) -> io::Result<Self> {
        socket::raise_limits();
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = match usize::try_from(around.settings.threads) {
            Ok(0) | Err(_) => (cores / 2).max(1),
            Ok(threads) => threads,
        };
        let start = Instant::now();
        let (notices, heard) = channel();
        let workers = (0..threads).map(|number| Worker::start(number, start, notices.clone())).collect::<io::Result<Vec<_>>>()?;
        let shared = Arc::new(Shared {
            start,
            workers,
            ports: Mutex::new(Ports::new(around.range())),
            around: RwLock::new(Arc::new(around)),
            calls: Mutex::default(),
            notices,
            streams: Mutex::new(0),
            exhausted: Mutex::default(),
            captures: Mutex::default(),
            shown: Mutex::default(),
        });
        let listening = shared.clone();
        let thread = std::thread::Builder::new().name("relay-events".to_owned()).spawn(move || listening.listen(&heard, &events))?;
        Ok(Self { shared, events: Mutex::new(Some(thread)) })
    }

    /// Other settings act from now on; the number of threads stays, and calls keep their ports.
    pub fn replace(&self, around: Surroundings) {
        locked(&self.shared.ports).set_range(around.range());
        *self.shared.around.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(around);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.workers.iter().for_each(Worker::stop);
        // The listener may be gone; then there is nothing to end.
        let _ = self.shared.notices.send(Notice::Stop);
        if let Some(thread) = locked(&self.events).take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// Passes on what the threads have to say.
    fn listen(&self, heard: &Receiver<Notice>, events: &impl Fn(MediaEvent)) {
        while let Ok(notice) = heard.recv() {
            match notice {
                Notice::OneWay { call, index, verdict, now } => {
                    if let Some(found) = self.find(call) {
                        let verdict = report::verdict(&locked(&found), index, &verdict, now);
                        events(MediaEvent::OneWay { call, verdict });
                    }
                }
                Notice::Quality { call, index, from, poor } => events(MediaEvent::Quality { call, poor: report::poor(index, from, &poor) }),
                Notice::Timeout { call, seconds } => events(MediaEvent::Timeout { call, seconds: u32::try_from(seconds).unwrap_or(u32::MAX) }),
                Notice::Intrusion { call, per_second } => events(MediaEvent::ForeignPackets { call, per_second: u32::try_from(per_second).unwrap_or(u32::MAX) }),
                Notice::Abandoned { call } => {
                    tracing::warn!(call_id = %call, "nobody has ended the media of a call that is long silent");
                    self.end(call);
                }
                Notice::Exhausted { address } => events(MediaEvent::PortsExhausted { address }),
                Notice::Stop => return,
            }
        }
    }

    pub(crate) fn around(&self) -> Arc<Surroundings> {
        self.around.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn find(&self, call: Uuid) -> Option<Arc<Mutex<Call>>> {
        locked(&self.calls).get(&call).cloned()
    }

    fn find_or_begin(&self, call: Uuid) -> Arc<Mutex<Call>> {
        let worker = usize::try_from(call.as_u128() % self.workers.len().max(1) as u128).unwrap_or(0);
        locked(&self.calls).entry(call).or_insert_with(|| Arc::new(Mutex::new(Call::new(call, worker)))).clone()
    }

    pub(crate) fn order(&self, call: &Call, order: Order) {
        if let Some(worker) = self.workers.get(call.worker)
            && !worker.order(order)
        {
            tracing::error!("a relay thread takes no orders");
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the facts of the message that passes")]
    fn offer(&self, id: Uuid, branch: Option<u32>, from_caller: bool, from: &MediaSide, to: &MediaSide, force: MediaForce, content_type: &str, body: &Bytes) -> Result<MediaBody, MediaRefused> {
        let around = self.around();
        let (range, offer) = match part_of(content_type, body) {
            Ok(None) => return Ok(MediaBody::Unchanged),
            Ok(Some((range, offer))) => (range, Ok(offer)),
            Err(fault) => (0..0, Err(fault)),
        };
        let beginning = offer.as_ref().ok().and_then(|offer| self.beginning(id, from, offer)).filter(|began| !around.needs_relay(&began.side, to, force, Some(&began.description)));
        let call = self.find_or_begin(id);
        let mut call = locked(&call);
        if call.ended {
            return Ok(MediaBody::Unchanged);
        }
        call.direct = None;
        let number = call.branch_number(branch).unwrap_or(0);
        let found = call.branches.entry(number).or_default();
        let relayed = found.relayed;
        found.came_back = beginning.as_ref().filter(|_| !relayed).map(|began| began.call);
        if let (Some(began), false, Ok(offer)) = (beginning, relayed, &offer) {
            let shown = if from_caller { &mut found.to_callee } else { &mut found.to_caller };
            let text = shown.show(offer, began.place.address, &began.place.ports);
            return Ok(MediaBody::Changed(put(body, range, &text)));
        }
        if !relayed && !around.needs_relay(from, to, force, offer.as_ref().ok()) {
            return Ok(MediaBody::Unchanged);
        }
        let offer = offer.map_err(|fault| if fault.reason.is_too_much() { refused(488, "Not Acceptable Here") } else { refused(400, "Bad SDP") })?;
        let branch = call.branches.entry(number).or_default();
        let own = branch.agreed.as_ref().and_then(|before| if before.from_caller == from_caller { Some(&before.offer) } else { before.answer.as_ref() });
        if own.is_some_and(|own| negotiate::new_offer(own, &offer).is_err()) {
            return Err(refused(488, "Not Acceptable Here"));
        }
        branch.relayed = true;
        let (caller, callee) = if from_caller { (from, to) } else { (to, from) };
        call.meet(&around, number, caller, callee);
        self.ensure_legs(&around, &mut call, number, &offer)?;
        let Some(branch) = call.branches.get(&number) else { return Ok(MediaBody::Unchanged) };
        let ports = ports_of(if from_caller { &branch.legs } else { &call.legs });
        let local = if from_caller { branch.local } else { call.local };
        let address = address_of(if from_caller { &branch.legs } else { &call.legs }).or(local.map(|local| local.shown)).ok_or(refused(503, "No address for media"))?;
        let Some(branch) = call.branches.get_mut(&number) else { return Ok(MediaBody::Unchanged) };
        let shown = if from_caller { &mut branch.to_callee } else { &mut branch.to_caller };
        let text = shown.show(&offer, address, &ports);
        branch.exchange = Some(Exchange { from_caller, offer, answer: None });
        self.watch(&call);
        Ok(MediaBody::Changed(put(body, range, &text)))
    }

    fn answer(&self, id: Uuid, branch: Option<u32>, from_caller: bool, preview: bool, content_type: &str, body: &Bytes) -> Result<MediaBody, MediaRefused> {
        let Some(call) = self.find(id) else { return Ok(MediaBody::Unchanged) };
        let mut call = locked(&call);
        if call.ended {
            return Ok(MediaBody::Unchanged);
        }
        let Some(number) = call.branch_number(branch) else { return Ok(MediaBody::Unchanged) };
        let Some(found) = call.branches.get_mut(&number) else { return Ok(MediaBody::Unchanged) };
        if !found.relayed {
            let beginning = found.came_back;
            drop(call);
            if let (Some(beginning), Ok(Some((_, answer)))) = (beginning, part_of(content_type, body)) {
                self.await_directly(beginning, &answer);
            }
            return Ok(MediaBody::Unchanged);
        }
        let Some(exchange) = found.exchange.as_mut().filter(|exchange| exchange.from_caller != from_caller) else { return Ok(MediaBody::Unchanged) };
        let unfit = || refused(488, "Not Acceptable Here");
        let Some((range, answer)) = part_of(content_type, body).map_err(|_| unfit())? else { return Ok(MediaBody::Unchanged) };
        negotiate::answer(&exchange.offer, &answer).map_err(|_| unfit())?;
        if let Some(text) = self.step_aside(&mut call, number, from_caller, &answer) {
            return Ok(MediaBody::Changed(put(body, range, &text)));
        }
        let Some(found) = call.branches.get_mut(&number) else { return Ok(MediaBody::Unchanged) };
        let Some(exchange) = found.exchange.as_mut() else { return Ok(MediaBody::Unchanged) };
        exchange.answer = Some(answer.clone());
        let exchange = exchange.clone();
        let is_news = !preview || found.preview != *answer.body();
        if preview {
            found.preview = answer.body().clone();
        } else {
            found.agreed = Some(exchange.clone());
        }
        let ours = call.won.is_none_or(|won| won == number);
        if ours && is_news {
            call.active = Some(number);
            call.early.get_or_insert(micros(self.start));
        }
        self.configure(&mut call, number, &exchange);
        self.watch(&call);
        let Some(branch) = call.branches.get(&number) else { return Ok(MediaBody::Unchanged) };
        let legs = if from_caller { &branch.legs } else { &call.legs };
        let (ports, address) = (ports_of(legs), address_of(legs));
        let local = if from_caller { branch.local } else { call.local };
        let address = address.or(local.map(|local| local.shown)).ok_or(refused(503, "No address for media"))?;
        let Some(branch) = call.branches.get_mut(&number) else { return Ok(MediaBody::Unchanged) };
        let shown = if from_caller { &mut branch.to_callee } else { &mut branch.to_caller };
        let text = shown.show(&answer, address, &ports);
        if !preview {
            self.close_rejected(&mut call, number, &exchange);
        }
        Ok(MediaBody::Changed(put(body, range, &text)))
    }

    /// Opens the ports that an offer needs on both sides; those there are stay.
    fn ensure_legs(&self, around: &Surroundings, call: &mut Call, number: u32, offer: &Description) -> Result<(), MediaRefused> {
        let count = offer.media.len();
        let no_address = refused(503, "No address for media");
        let callee = call.branches.get(&number).and_then(|branch| branch.local).ok_or(no_address)?;
        let caller = call.local.ok_or(no_address)?;
        call.legs.resize(count.max(call.legs.len()), None);
        if let Some(branch) = call.branches.get_mut(&number) {
            branch.legs.resize(count.max(branch.legs.len()), None);
        }
        for (index, media) in offer.media.iter().enumerate().filter(|(_, media)| media.port != 0 && media.protocol.is_datagrams()) {
            if call.legs.get(index).is_some_and(Option::is_none) {
                let leg = self.open_leg(around, call, caller, None, media.kind)?;
                call.legs.get_mut(index).map(|place| place.replace(leg));
            }
            if call.branches.get(&number).and_then(|branch| branch.legs.get(index)).is_some_and(Option::is_none) {
                let leg = self.open_leg(around, call, callee, Some(number), media.kind)?;
                call.branches.get_mut(&number).and_then(|branch| branch.legs.get_mut(index)).map(|place| place.replace(leg));
            }
        }
        Ok(())
    }

    fn open_leg(&self, around: &Surroundings, call: &Call, local: Local, toward: Option<u32>, kind: sdp::Kind) -> Result<Leg, MediaRefused> {
        let worker = self.workers.get(call.worker).filter(|worker| !worker.is_overloaded()).ok_or(refused(503, "Media relay is overloaded"))?;
        let full = || {
            self.say_exhausted(local.bound);
            refused(503, "No port for media")
        };
        {
            let mut streams = locked(&self.streams);
            if *streams >= around.settings.max_streams {
                return Err(full());
            }
            *streams += 1;
        }
        let opened = locked(&self.ports).open(Instant::now(), local.bound, around.dscp(kind), rand::random());
        let pair = opened.map_err(|fault| {
            *locked(&self.streams) -= 1;
            match fault {
                NoPorts::Exhausted => full(),
                NoPorts::Refused(error) => {
                    tracing::error!(%error, "a port for media cannot be opened");
                    refused(503, "No port for media")
                }
            }
        })?;
        let (rtp, rtcp) = (worker.slot(), worker.slot());
        let bursts = kind != sdp::Kind::Audio;
        worker.order(Order::Open(vec![
            NewEndpoint { slot: rtp, socket: pair.rtp, rtcp: false, sibling: rtcp, bursts },
            NewEndpoint { slot: rtcp, socket: pair.rtcp, rtcp: true, sibling: rtp, bursts: false },
        ]));
        let leg = Leg { rtp, rtcp, port: pair.port, local, described: None };
        locked(&self.shown).insert(leg.shown(), (call.id, toward));
        Ok(leg)
    }

    fn say_exhausted(&self, address: IpAddr) {
        let mut said = locked(&self.exhausted);
        if said.is_none_or(|at| at.elapsed() >= SAY_AGAIN) {
            *said = Some(Instant::now());
            let _ = self.notices.send(Notice::Exhausted { address });
        }
    }

    /// Closes legs, after a time for what is on its way.
    pub(crate) fn close(&self, call: &Call, legs: &[Leg], longer: Duration) {
        if legs.is_empty() {
            return;
        }
        let slots: Vec<Slot> = legs.iter().flat_map(|leg| [leg.rtp, leg.rtcp]).collect();
        let at = micros(self.start) + u64::try_from(longer.as_micros()).unwrap_or(0);
        self.order(call, Order::Close(if longer.is_zero() { 0 } else { at }, slots));
        let (mut ports, mut shown) = (locked(&self.ports), locked(&self.shown));
        for leg in legs {
            shown.remove(&leg.shown());
            ports.close(Instant::now(), leg.local.bound, leg.port, longer);
        }
        *locked(&self.streams) -= i64::try_from(legs.len()).unwrap_or(0);
    }

    /// Gives back the ports of streams that the answer rejects (media.md §4.2).
    fn close_rejected(&self, call: &mut Call, number: u32, exchange: &Exchange) {
        let Some(answer) = &exchange.answer else { return };
        let rejected = answer.media.iter().enumerate().filter(|(_, media)| media.port == 0).map(|(index, _)| index);
        let mut gone = Vec::new();
        for index in rejected {
            gone.extend(call.branches.get_mut(&number).and_then(|branch| branch.legs.get_mut(index)?.take()));
            let shared = call.branches.values().any(|branch| branch.legs.get(index).is_some_and(Option::is_some));
            if !shared {
                gone.extend(call.legs.get_mut(index).and_then(Option::take));
            }
        }
        self.close(call, &gone, Duration::ZERO);
    }

    fn close_branch(&self, call: &mut Call, number: u32, longer: Duration) {
        let Some(branch) = call.branches.remove(&number) else { return };
        let legs: Vec<Leg> = branch.legs.into_iter().flatten().collect();
        if !legs.is_empty() {
            // Nothing of it reaches the caller any more.
            self.order(call, Order::Peer(legs.iter().flat_map(|leg| [(leg.rtp, None), (leg.rtcp, None)]).collect()));
            self.close(call, &legs, longer);
        }
        if call.active == Some(number) {
            call.active = None;
        }
    }

    fn end(&self, id: Uuid) -> Option<MediaReport> {
        let call = locked(&self.calls).remove(&id)?;
        let mut call = locked(&call);
        let last = report::report(self, &call);
        call.ended = true;
        let legs: Vec<Leg> = call.all_legs().copied().collect();
        if !legs.is_empty() {
            self.order(&call, Order::Forget(id));
            self.close(&call, &legs, Duration::ZERO);
        }
        Some(last)
    }
}

/// The description in a body, and where it stands.
fn part_of(content_type: &str, body: &Bytes) -> Result<Option<(std::ops::Range<usize>, Description)>, sdp::Fault> {
    let Some(range) = sdp::part(content_type, body)? else { return Ok(None) };
    let text = if range == (0..body.len()) { body.clone() } else { body.slice(range.clone()) };
    Ok(Some((range, Description::parse(&text)?)))
}

/// The body with its description replaced.
fn put(body: &Bytes, range: std::ops::Range<usize>, text: &Bytes) -> Bytes {
    if range == (0..body.len()) {
        return text.clone();
    }
    let mut whole = BytesMut::with_capacity(body.len() + text.len());
    whole.extend_from_slice(body.get(..range.start).unwrap_or_default());
    whole.extend_from_slice(text);
    whole.extend_from_slice(body.get(range.end..).unwrap_or_default());
    whole.freeze()
}

fn ports_of(legs: &[Option<Leg>]) -> Vec<Option<u16>> {
    legs.iter().map(|leg| leg.map(|leg| leg.port)).collect()
}

fn address_of(legs: &[Option<Leg>]) -> Option<IpAddr> {
    legs.iter().flatten().next().map(|leg| leg.local.shown)
}

impl MediaControl for Relay {
    fn offer(
        &self, call: Uuid, branch: Option<u32>, from_caller: bool, from: &MediaSide, to: &MediaSide, force: MediaForce, content_type: &str, body: &Bytes,
    ) -> Result<MediaBody, MediaRefused> {
        self.shared.offer(call, branch, from_caller, from, to, force, content_type, body)
    }

    fn answer(&self, call: Uuid, branch: Option<u32>, from_caller: bool, preview: bool, content_type: &str, body: &Bytes) -> Result<MediaBody, MediaRefused> {
        self.shared.answer(call, branch, from_caller, preview, content_type, body)
    }

    fn branch_won(&self, call: Uuid, branch: u32) {
        let Some(call) = self.shared.find(call) else { return };
        let mut call = locked(&call);
        call.won = Some(branch);
        call.answered.get_or_insert(micros(self.shared.start));
        let losers: Vec<u32> = call.branches.keys().copied().filter(|number| *number != branch).collect();
        for loser in losers {
            self.shared.close_branch(&mut call, loser, LOSER);
        }
        if call.active != Some(branch) {
            call.active = Some(branch);
            if let Some(exchange) = call.branches.get(&branch).and_then(|branch| branch.exchange.clone()).filter(|exchange| exchange.answer.is_some()) {
                self.shared.configure(&mut call, branch, &exchange);
            }
        }
        self.shared.watch(&call);
    }

    fn branch_ended(&self, call: Uuid, branch: u32) {
        let Some(call) = self.shared.find(call) else { return };
        let mut call = locked(&call);
        self.shared.close_branch(&mut call, branch, Duration::ZERO);
        self.shared.watch(&call);
    }

    fn report(&self, call: Uuid) -> Option<MediaReport> {
        let call = self.shared.find(call)?;
        let call = locked(&call);
        Some(report::report(&self.shared, &call))
    }

    fn end(&self, call: Uuid) -> Option<MediaReport> {
        self.shared.end(call)
    }

    fn capture(&self, call: Uuid, seconds: u32, full: bool) -> Result<(), CaptureRefused> {
        self.shared.capture(call, seconds, full)
    }

    fn captured(&self, call: Uuid) -> Option<Captured> {
        self.shared.captured(call)
    }

    fn stats(&self) -> MediaStats {
        let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let size = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let (packets, dropped) = self.shared.workers.iter().map(Worker::totals).fold((0, 0), |sum, totals| (sum.0 + totals.0, sum.1 + totals.1));
        let (used, ports) = locked(&self.shared.ports).count();
        MediaStats {
            calls: size(locked(&self.shared.calls).len()),
            streams: *locked(&self.shared.streams),
            packets: whole(packets),
            dropped: whole(dropped),
            ports_used: size(used),
            ports: size(ports),
        }
    }
}

impl Branch {
    /// Both ends have spoken.
    pub(crate) fn settled(&self) -> Option<&Exchange> {
        self.agreed.as_ref().or(self.exchange.as_ref()).filter(|exchange| exchange.answer.is_some())
    }
}
