//! Packets of a call, kept for a while for who looks into it (media.md §8): bounded in time and memory.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use service::media::{CaptureRefused, Captured, CapturedPacket};
use uuid::Uuid;

use crate::control::{Shared, locked};
use crate::endpoint::Slot;
use crate::thread::{Order, Thread, micros};

/// Most octets that a capture holds, those that say of each packet when and between whom included.
const LARGEST: usize = 8 * 1024 * 1024;
/// What each packet costs beside its octets.
const COST: usize = size_of::<Seen>();
/// Captures there are at a time, those that are over included; the oldest of those makes room.
const MOST: usize = 8;

/// A packet, without its octets.
#[derive(Debug, Clone, Copy)]
struct Seen {
    at: u64,
    from: SocketAddr,
    to: SocketAddr,
    /// As it was.
    length: u32,
    /// As it is kept.
    kept: u32,
}

#[derive(Debug, Default)]
struct Packets {
    seen: Vec<Seen>,
    octets: Vec<u8>,
    truncated: bool,
}

/// One capture; the relay thread fills it.
#[derive(Debug)]
pub(crate) struct Capture {
    call: Uuid,
    began: u64,
    ends: u64,
    full: bool,
    packets: Mutex<Packets>,
}

impl Capture {
    fn packets(&self) -> MutexGuard<'_, Packets> {
        self.packets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether packets are still taken.
    pub(crate) fn is_on(&self, now: u64) -> bool {
        now < self.ends
    }

    fn note(&self, at: u64, from: SocketAddr, to: SocketAddr, datagram: &[u8]) {
        let mut packets = self.packets();
        let kept = if self.full { datagram } else { datagram.get(..head(datagram)).unwrap_or(datagram) };
        if packets.octets.len() + kept.len() + (packets.seen.len() + 1) * COST > LARGEST {
            packets.truncated = true;
            return;
        }
        let size = |octets: &[u8]| u32::try_from(octets.len()).unwrap_or(u32::MAX);
        packets.seen.push(Seen { at, from, to, length: size(datagram), kept: size(kept) });
        packets.octets.extend_from_slice(kept);
    }

    fn copy(&self, now: u64) -> Captured {
        let packets = self.packets();
        let mut rest = &packets.octets[..];
        let mut found = Vec::with_capacity(packets.seen.len());
        for seen in &packets.seen {
            let Some((octets, more)) = rest.split_at_checked(usize::try_from(seen.kept).unwrap_or(usize::MAX)) else { break };
            rest = more;
            found.push(CapturedPacket { after: seen.at.saturating_sub(self.began), from: seen.from, to: seen.to, length: seen.length, octets: octets.to_vec() });
        }
        Captured { age: now.saturating_sub(self.began), lasts: self.ends - self.began, full: self.full, truncated: packets.truncated, packets: found }
    }
}

/// Octets that say what a packet is: of RTP those before what is heard (RFC 3550 §5), of RTCP all, of others the least.
fn head(datagram: &[u8]) -> usize {
    match rtp::kind(datagram) {
        rtp::Kind::Rtp => rtp::Header::parse(datagram).map_or(12, |header| header.length),
        rtp::Kind::Rtcp => datagram.len(),
        _ => 16,
    }
}

/// The captures there are, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Captures(VecDeque<Arc<Capture>>);

impl Captures {
    fn of(&self, call: Uuid) -> Option<&Arc<Capture>> {
        self.0.iter().rev().find(|capture| capture.call == call)
    }

    /// Makes room and adds one.
    fn add(&mut self, now: u64, capture: Capture) -> Result<Arc<Capture>, CaptureRefused> {
        if self.of(capture.call).is_some_and(|other| other.is_on(now)) {
            return Err(CaptureRefused::Running);
        }
        self.0.retain(|other| other.call != capture.call);
        if self.0.len() >= MOST {
            let over = self.0.iter().position(|other| !other.is_on(now)).ok_or(CaptureRefused::TooMany)?;
            self.0.remove(over);
        }
        let capture = Arc::new(capture);
        self.0.push_back(capture.clone());
        Ok(capture)
    }
}

impl Shared {
    pub(crate) fn capture(&self, id: Uuid, seconds: u32, full: bool) -> Result<(), CaptureRefused> {
        let call = self.find(id).ok_or(CaptureRefused::NotRelayed)?;
        let call = locked(&call);
        let slots: Vec<Slot> = call.all_legs().flat_map(|leg| [leg.rtp, leg.rtcp]).collect();
        if slots.is_empty() || call.ended {
            return Err(CaptureRefused::NotRelayed);
        }
        let now = micros(self.start);
        let ends = now + u64::from(seconds) * rtp::SECOND;
        let capture = Capture { call: id, began: now, ends, full, packets: Mutex::default() };
        let capture = locked(&self.captures).add(now, capture)?;
        self.order(&call, Order::Capture(slots, capture));
        Ok(())
    }

    pub(crate) fn captured(&self, call: Uuid) -> Option<Captured> {
        let capture = locked(&self.captures).of(call)?.clone();
        Some(capture.copy(micros(self.start)))
    }
}

impl Thread {
    /// A packet of a call that is captured: what comes is noted, and what leaves because of it.
    #[cold]
    pub(crate) fn packet_captured(&mut self, now: u64, slot: Slot, from: SocketAddr, datagram: &[u8]) {
        let Some(endpoint) = self.endpoint(slot) else { return };
        endpoint.hot.captured = false;
        let capture = endpoint.capture.take().filter(|capture| capture.is_on(now));
        let (before, local) = (endpoint.tally.forwarded, endpoint.hot.socket.local_addr());
        if let (Some(capture), Ok(local)) = (&capture, local) {
            capture.note(now, from, local, datagram);
        }
        self.packet(now, slot, from, datagram);
        let Some(capture) = capture else { return };
        let Some(endpoint) = self.endpoint(slot) else { return };
        let passed = endpoint.tally.forwarded > before;
        (endpoint.hot.captured, endpoint.capture) = (true, Some(capture.clone()));
        let peer = if rtp::kind(datagram) == rtp::Kind::Rtcp && !endpoint.hot.opaque { self.rtcp_peer(slot) } else { endpoint.hot.peer };
        let ends = peer.and_then(|peer| self.endpoint(peer)).and_then(|peer| Some((peer.hot.socket.local_addr().ok()?, peer.latch.remote()?)));
        if let Some((local, to)) = ends.filter(|_| passed) {
            capture.note(now, local, to, datagram);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(call: u128, ends: u64, full: bool) -> Capture {
        Capture { call: Uuid::from_u128(call), began: 0, ends, full, packets: Mutex::default() }
    }

    fn address(port: u16) -> SocketAddr {
        ([192, 0, 2, 1], port).into()
    }

    #[test]
    fn memory_is_bounded() {
        let capture = capture(1, 10, true);
        for _ in 0..LARGEST / 1000 + 1 {
            capture.note(1, address(1), address(2), &[0x80; 1000]);
        }
        let captured = capture.copy(5);
        let octets: usize = captured.packets.iter().map(|one| one.octets.len() + COST).sum();
        assert!(captured.truncated && octets <= LARGEST && octets > LARGEST - 2 * (1000 + COST), "{octets}");
        for _ in 0..LARGEST {
            capture.note(1, address(1), address(2), &[]);
        }
        assert!(capture.packets().seen.len() * COST <= LARGEST);
    }

    #[test]
    fn a_header_holds_nothing_that_is_heard() {
        let capture = capture(1, 10, false);
        // Two sources, an extension of one word, then sound.
        let rtp = [&[0x92, 0, 0, 1][..], &[0; 8], &[1; 8], &[0, 0, 0, 1], &[2; 4], &[9; 160]].concat();
        let rtcp = [&[0x80, 201, 0, 7][..], &[3; 28]].concat();
        for packet in [&rtp[..], &rtcp, &[200; 40], &[]] {
            capture.note(1, address(1), address(2), packet);
        }
        let captured = capture.copy(5);
        let kept: Vec<(u32, usize)> = captured.packets.iter().map(|one| (one.length, one.octets.len())).collect();
        assert_eq!(kept, [(188, 28), (32, 32), (40, 16), (0, 0)]);
    }

    #[test]
    fn those_that_are_over_make_room() {
        let mut captures = Captures::default();
        for call in 0..MOST as u128 {
            captures.add(0, capture(call, 10 + u64::try_from(call).unwrap(), true)).unwrap();
        }
        assert_eq!(captures.add(5, capture(99, 20, true)).unwrap_err(), CaptureRefused::TooMany);
        assert_eq!(captures.add(5, capture(3, 20, true)).unwrap_err(), CaptureRefused::Running);
        captures.add(12, capture(99, 30, true)).unwrap();
        assert!(captures.of(Uuid::from_u128(0)).is_none() && captures.of(Uuid::from_u128(1)).is_some());
        captures.add(14, capture(1, 40, true)).unwrap();
        assert_eq!((captures.0.len(), captures.of(Uuid::from_u128(1)).unwrap().ends), (MOST, 40));
    }
}
