//! A relay thread: it waits for packets and orders, and passes packets on.

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::EventFd;
use rtp::{Header, Kind, Report};

use crate::capture::Capture;
use crate::endpoint::{Endpoint, NewEndpoint, Setup, Slot, Snapshot};
use crate::socket;
use crate::sweep::{Notice, Sweep, Watch};

const EVENTS: usize = 256;
const LARGEST: usize = 2048;
/// Packets read from one socket before the others have their turn.
const BURST: usize = 32;
/// What the queue of orders shows in the waiting.
const ORDERS: u64 = u64::MAX;
/// How often a part of the calls is looked at.
const SWEEP: Duration = Duration::from_millis(100);

/// What a thread is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// Take over sockets.
    Open(Vec<NewEndpoint>),
    /// Endpoints behave so from now on.
    Configure(Vec<(Slot, Setup)>),
    /// What comes to these goes there.
    Peer(Vec<(Slot, Option<Slot>)>),
    /// Look after a call, as described from now on.
    Watch(Watch),
    /// Look after it no more.
    Forget(uuid::Uuid),
    /// Close endpoints at a time.
    Close(u64, Vec<Slot>),
    /// What comes to these and leaves because of it is noted for a while.
    Capture(Vec<Slot>, Arc<Capture>),
    /// Say what is known.
    Report(Vec<Slot>, SyncSender<Vec<Snapshot>>),
    /// Say what passed in total: packets received, packets dropped.
    Totals(SyncSender<(u64, u64)>),
    /// End.
    Stop,
}

pub(crate) struct Thread {
    pub(crate) start: Instant,
    pub(crate) epoll: Epoll,
    pub(crate) wake: Arc<EventFd>,
    pub(crate) orders: Receiver<Order>,
    pub(crate) notices: Sender<Notice>,
    /// Slots that are free again.
    pub(crate) free: Arc<Mutex<Vec<Slot>>>,
    pub(crate) endpoints: Vec<Option<Endpoint>>,
    pub(crate) sweep: Sweep,
    pub(crate) closing: Vec<(u64, Vec<Slot>)>,
    /// Packets of endpoints that are closed: received, dropped.
    pub(crate) past: (u64, u64),
    /// Since when there were always more packets waiting than one turn takes.
    full_since: Option<u64>,
    pub(crate) overloaded: Arc<AtomicBool>,
}

impl Thread {
    /// Makes a thread's state; orders wake it through the event.
    pub(crate) fn new(start: Instant, orders: Receiver<Order>, notices: Sender<Notice>, free: Arc<Mutex<Vec<Slot>>>) -> std::io::Result<Self> {
        use nix::sys::epoll::EpollCreateFlags;
        use nix::sys::eventfd::EfdFlags;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let wake = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?);
        epoll.add(wake.as_ref().as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, ORDERS))?;
        Ok(Self { start, epoll, wake, orders, notices, free, endpoints: Vec::new(), sweep: Sweep::default(), closing: Vec::new(), past: (0, 0), full_since: None, overloaded: Arc::default() })
    }

    fn now(&self) -> u64 {
        micros(self.start)
    }

    /// Runs until it is told to stop.
    pub(crate) fn run(mut self) {
        let mut events = [EpollEvent::empty(); EVENTS];
        let mut buffer = [0u8; LARGEST];
        let mut next_sweep = SWEEP;
        loop {
            let wait = next_sweep.saturating_sub(self.start.elapsed()).as_millis() + 1;
            let timeout = EpollTimeout::from(u16::try_from(wait).unwrap_or(100));
            let ready = self.epoll.wait(&mut events, timeout).unwrap_or(0);
            let now = self.now();
            let ready = events.get(..ready).unwrap_or_default();
            // Orders first: a packet that was sent after an order was given finds it carried out.
            if ready.iter().any(|event| event.data() == ORDERS) && !self.obey(now) {
                return;
            }
            self.note_load(now, ready.len());
            self.look_ahead(ready);
            for event in ready.iter().filter(|event| event.data() != ORDERS) {
                let slot = Slot::try_from(event.data()).unwrap_or(Slot::MAX);
                if event.events().contains(EpollFlags::EPOLLERR) {
                    self.refused(slot);
                }
                self.readable(now, slot, &mut buffer);
            }
            if Duration::from_micros(now) >= next_sweep {
                next_sweep = Duration::from_micros(now) + SWEEP;
                self.look_around(now);
            }
        }
    }

    /// Touches what the packets that wait will need, so that the memory brings it all at once and not one after the other.
    fn look_ahead(&self, ready: &[EpollEvent]) {
        let of = |slot: Slot| self.endpoints.get(usize::try_from(slot).unwrap_or(usize::MAX))?.as_ref();
        let touched = ready.iter().filter_map(|event| {
            let endpoint = of(Slot::try_from(event.data()).ok()?)?;
            let peer = endpoint.hot.peer.and_then(of).is_some_and(|peer| peer.hot.believed);
            Some(endpoint.tally.received ^ endpoint.stream.packets ^ u64::from(endpoint.stream.payload) ^ u64::from(peer))
        });
        std::hint::black_box(touched.fold(0, std::ops::BitXor::bitxor));
    }

    /// Full turns for a second are more than this thread can carry; a quieter one ends it.
    fn note_load(&mut self, now: u64, ready: usize) {
        if ready < EVENTS {
            if self.full_since.take().is_some() {
                self.overloaded.store(false, Ordering::Relaxed);
            }
        } else if now.saturating_sub(*self.full_since.get_or_insert(now)) >= rtp::SECOND {
            self.overloaded.store(true, Ordering::Relaxed);
        }
    }

    fn readable(&mut self, now: u64, slot: Slot, buffer: &mut [u8]) {
        // A socket of a voice stream holds one packet; asking it again would cost as much as the packet.
        let turns = if self.endpoint(slot).is_some_and(|endpoint| endpoint.hot.bursts) { BURST } else { 1 };
        for _ in 0..turns {
            let Some(endpoint) = self.endpoint(slot) else { return };
            match socket::receive(&endpoint.hot.socket, buffer) {
                Ok((length, from)) => {
                    let Some(datagram) = buffer.get(..length) else { return };
                    self.packet(now, slot, from, datagram);
                }
                // Nothing is there, or the network refuses what was sent: that is taken from where it stands whole.
                Err(_) => return,
            }
        }
    }

    /// The network refuses what was sent from here.
    #[cold]
    pub(crate) fn refused(&mut self, slot: Slot) {
        if let Some(endpoint) = self.endpoint(slot) {
            let refusals = crate::socket::refusals(&endpoint.hot.socket);
            endpoint.note_refusals(refusals);
        }
    }

    #[inline]
    pub(crate) fn endpoint(&mut self, slot: Slot) -> Option<&mut Endpoint> {
        self.endpoints.get_mut(usize::try_from(slot).unwrap_or(usize::MAX))?.as_mut()
    }

    pub(crate) fn packet(&mut self, now: u64, slot: Slot, from: SocketAddr, datagram: &[u8]) {
        let Some(endpoint) = self.endpoint(slot) else { return };
        if endpoint.hot.captured {
            return self.packet_captured(now, slot, from, datagram);
        }
        endpoint.tally.received += 1;
        if !endpoint.hot.open {
            endpoint.counters.unwanted += 1;
            return;
        }
        let kind = if endpoint.hot.opaque { Kind::Other } else { rtp::kind(datagram) };
        let taken = match kind {
            Kind::Rtp if endpoint.is_usual(from) => endpoint.take_rtp(now, None, datagram),
            Kind::Rtp if !endpoint.hot.rtcp => {
                let stranger = !endpoint.latch.is_loose();
                let taken = endpoint.take_rtp(now, Some(from), datagram);
                if stranger && endpoint.latch.is_loose() {
                    // RTCP will come from there too.
                    let sibling = endpoint.sibling;
                    if let Some(sibling) = self.endpoint(sibling) {
                        sibling.latch.trust(from.ip());
                    }
                }
                taken
            }
            Kind::Rtcp => return self.rtcp(now, slot, from, datagram),
            Kind::Other if endpoint.hot.opaque => endpoint.take_opaque(now, from),
            // Keys of DTLS-SRTP pass between the ends.
            Kind::Dtls if !endpoint.hot.rtcp => endpoint.take_opaque(now, from),
            _ => {
                endpoint.counters.implausible += 1;
                false
            }
        };
        if taken {
            self.pass(now, slot, datagram);
        }
    }

    fn pass(&mut self, now: u64, slot: Slot, datagram: &[u8]) {
        let Some(endpoint) = self.endpoint(slot) else { return };
        if !endpoint.within_limit(now, datagram.len()) {
            endpoint.counters.over_limit += 1;
            return;
        }
        let peer = endpoint.hot.peer;
        self.forward(slot, peer, datagram);
    }

    fn forward(&mut self, slot: Slot, peer: Option<Slot>, datagram: &[u8]) {
        let sent = peer.and_then(|peer| self.endpoint(peer)).is_some_and(|peer| peer.send(datagram));
        let Some(endpoint) = self.endpoint(slot) else { return };
        if sent {
            endpoint.tally.forwarded += 1;
        } else {
            endpoint.counters.unwanted += 1;
        }
    }

    /// RTCP may come through either port and leaves through the one that the other end listens on.
    fn rtcp(&mut self, now: u64, slot: Slot, from: SocketAddr, datagram: &[u8]) {
        let Some(endpoint) = self.endpoint(slot) else { return };
        if !endpoint.is_from_end(now, from, None) {
            return;
        }
        endpoint.counters.rtcp += 1;
        endpoint.tally.heard = Some(now);
        if !endpoint.within_limit(now, datagram.len()) {
            endpoint.counters.over_limit += 1;
            return;
        }
        let media = if endpoint.hot.rtcp { endpoint.sibling } else { slot };
        let to = self.rtcp_peer(slot);
        let other_media = to.and_then(|to| self.endpoint(to).map(|other| if other.hot.rtcp { other.sibling } else { to }));
        self.note(now, media, other_media, datagram);
        self.forward(slot, to, datagram);
    }

    /// Where RTCP leaves that came to an endpoint.
    pub(crate) fn rtcp_peer(&mut self, slot: Slot) -> Option<Slot> {
        let peer = self.endpoint(slot)?.hot.peer?;
        let other = self.endpoint(peer)?;
        Some(if other.hot.rtcp == other.mux { other.sibling } else { peer })
    }

    /// Reports say how the other direction fares. Ciphertext says nothing.
    fn note(&mut self, now: u64, media: Slot, other: Option<Slot>, datagram: &[u8]) {
        let Some(compound) = rtp::compound(datagram) else { return };
        for report in compound.take(16) {
            let blocks = match report {
                Report::Sender { ntp, blocks, .. } => {
                    if let Some(other) = other.and_then(|other| self.endpoint(other)) {
                        other.round_trip.forwarded(now, ntp);
                    }
                    blocks
                }
                Report::Receiver { blocks, .. } => blocks,
                Report::Extended(Some(hears)) => {
                    if let Some(endpoint) = self.endpoint(media) {
                        endpoint.hears = Some(hears);
                    }
                    continue;
                }
                _ => continue,
            };
            for block in blocks {
                let Some(endpoint) = self.endpoint(media) else { return };
                endpoint.round_trip.heard(now, &block);
                endpoint.remote = Some((&block).into());
            }
        }
    }

    /// False when it is told to stop.
    fn obey(&mut self, now: u64) -> bool {
        let _ = self.wake.read();
        while let Ok(order) = self.orders.try_recv() {
            match order {
                Order::Open(endpoints) => endpoints.into_iter().for_each(|new| self.open(now, new)),
                Order::Configure(setups) => {
                    for (slot, setup) in setups {
                        if let Some(endpoint) = self.endpoint(slot) {
                            endpoint.configure(now, &setup);
                        }
                    }
                }
                Order::Peer(peers) => {
                    for (slot, peer) in peers {
                        if let Some(endpoint) = self.endpoint(slot) {
                            endpoint.hot.peer = peer;
                        }
                    }
                }
                Order::Capture(slots, capture) => {
                    for slot in slots {
                        if let Some(endpoint) = self.endpoint(slot) {
                            (endpoint.hot.captured, endpoint.capture) = (true, Some(capture.clone()));
                        }
                    }
                }
                Order::Watch(watch) => self.sweep.watch(watch),
                Order::Forget(call) => self.sweep.forget(call),
                Order::Close(at, slots) => {
                    self.closing.push((at, slots));
                    self.close_due(now);
                }
                Order::Report(slots, reply) => {
                    let found = slots.into_iter().filter_map(|slot| Some(self.endpoint(slot)?.snapshot(slot))).collect();
                    // Who asked may have given up.
                    let _ = reply.send(found);
                }
                Order::Totals(reply) => {
                    let totals = self.endpoints.iter().flatten().fold(self.past, |(received, dropped), endpoint| {
                        (received + endpoint.tally.received, dropped + endpoint.counters.dropped())
                    });
                    let _ = reply.send(totals);
                }
                Order::Stop => return false,
            }
        }
        true
    }

    pub(crate) fn open(&mut self, now: u64, new: NewEndpoint) {
        let slot = new.slot;
        if !new.bursts {
            socket::never_split(&new.socket);
        }
        let at = usize::try_from(slot).unwrap_or(usize::MAX);
        if self.epoll.add(&new.socket, EpollEvent::new(EpollFlags::EPOLLIN, u64::from(slot))).is_err() {
            tracing::error!("a socket of the media relay cannot be watched");
        }
        if self.endpoints.len() <= at {
            self.endpoints.resize_with(at + 1, || None);
        }
        if let Some(place) = self.endpoints.get_mut(at) {
            *place = Some(Endpoint::new(now, new));
        }
    }

    pub(crate) fn close_due(&mut self, now: u64) {
        for (at, slots) in std::mem::take(&mut self.closing) {
            if at > now {
                self.closing.push((at, slots));
                continue;
            }
            for slot in slots {
                let place = self.endpoints.get_mut(usize::try_from(slot).unwrap_or(usize::MAX));
                if let Some(endpoint) = place.and_then(Option::take) {
                    self.past.0 += endpoint.tally.received;
                    self.past.1 += endpoint.counters.dropped();
                    // Closing the socket takes it out of the waiting.
                    drop(endpoint);
                    if let Ok(mut free) = self.free.lock() {
                        free.push(slot);
                    }
                }
            }
        }
    }
}

impl Endpoint {
    /// `from` is `None` when it is known already that the packet is from the end.
    #[inline]
    fn take_rtp(&mut self, now: u64, from: Option<SocketAddr>, datagram: &[u8]) -> bool {
        let Some(header) = Header::parse(datagram) else {
            self.counters.implausible += 1;
            return false;
        };
        let clock = self.clock(header.payload);
        if clock.is_none() {
            self.counters.wrong_payload += 1;
        }
        if let Some(from) = from {
            // Before somebody is believed, only what was agreed on makes believe.
            if clock.is_none() {
                self.counters.foreign += 1;
                return false;
            }
            if !self.is_from_end(now, from, Some((header.ssrc, header.sequence))) {
                return false;
            }
        }
        self.tally.refusals = 0;
        self.tally.heard = Some(now);
        self.stream.arrive(now, &header, datagram.len(), clock.unwrap_or(0));
        true
    }

    fn take_opaque(&mut self, now: u64, from: SocketAddr) -> bool {
        let taken = self.is_from_end(now, from, None);
        if taken {
            self.tally.heard = Some(now);
        }
        taken
    }
}

/// Microseconds since a start.
pub(crate) fn micros(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_says_when_it_is_overloaded() {
        let (notify, _notices) = std::sync::mpsc::channel();
        let (_, orders) = std::sync::mpsc::sync_channel(1);
        let mut thread = Thread::new(Instant::now(), orders, notify, Arc::default()).unwrap();
        for (now, ready, overloaded) in [(0, EVENTS, false), (999_999, EVENTS, false), (1_000_000, EVENTS, true), (1_000_001, EVENTS - 1, false), (1_000_002, EVENTS, false), (2_000_002, EVENTS, true)] {
            thread.note_load(now, ready);
            assert_eq!(thread.overloaded.load(Ordering::Relaxed), overloaded, "{now}");
        }
    }
}
