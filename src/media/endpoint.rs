//! One socket of the relay and what is known of the end behind it; owned by one relay thread.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use rtp::{Expected, Latch, Leg, Mode, Remote, RoundTrip, SECOND, Seen, Stream, Voip};

use crate::capture::Capture;
use crate::socket;

/// Number of an endpoint in its thread.
pub(crate) type Slot = u32;

/// Most formats of a stream that are told apart.
pub(crate) const FORMATS: usize = 12;

/// Refusals in a row that say that nobody listens: who refuses says it seldom (RFC 1812 §4.3.2.8).
const REFUSED: u32 = 5;

fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable)
}

/// How an endpoint behaves until the next order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) mode: Mode,
    pub(crate) expected: Expected,
    /// The endpoint of the other end, of the same kind; `None` drops what comes.
    pub(crate) peer: Option<Slot>,
    /// RTCP of this end comes and goes through the RTP port.
    pub(crate) mux: bool,
    /// What comes is not looked into.
    pub(crate) opaque: bool,
    /// Payload types and their clocks; 0 where timestamps do not follow time.
    pub(crate) formats: [Option<(u8, u32)>; FORMATS],
    /// Octets per second that are passed on; `u64::MAX` = all.
    pub(crate) limit: u64,
}

/// A socket that a thread takes over.
#[derive(Debug)]
pub(crate) struct NewEndpoint {
    pub(crate) slot: Slot,
    pub(crate) socket: UdpSocket,
    /// The RTCP port of a pair.
    pub(crate) rtcp: bool,
    /// The other port of the pair.
    pub(crate) sibling: Slot,
    /// May hold many packets at a time.
    pub(crate) bursts: bool,
}

/// What came of the packets, beside what [`Stream`] counts and what every packet changes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counters {
    pub(crate) rtcp: u64,
    pub(crate) foreign: u64,
    pub(crate) implausible: u64,
    pub(crate) unwanted: u64,
    pub(crate) over_limit: u64,
    pub(crate) wrong_payload: u64,
    pub(crate) send_errors: u64,
}

impl Counters {
    pub(crate) fn dropped(&self) -> u64 {
        self.foreign + self.implausible + self.unwanted + self.over_limit
    }
}

/// What every packet to and from an endpoint reads: one line of the cache, as a thousand endpoints do not fit a near one.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Hot {
    pub(crate) socket: UdpSocket,
    /// Nothing is taken before the first description.
    pub(crate) open: bool,
    pub(crate) rtcp: bool,
    pub(crate) bursts: bool,
    pub(crate) opaque: bool,
    /// Where it sends to is who is believed.
    pub(crate) believed: bool,
    /// Its packets are noted.
    pub(crate) captured: bool,
    pub(crate) peer: Option<Slot>,
    /// The first format.
    format: Option<(u8, u32)>,
    /// Where it sends to.
    to: Option<SocketAddr>,
}

/// What every packet changes beside its stream: another line.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Tally {
    pub(crate) received: u64,
    pub(crate) forwarded: u64,
    /// When something was last taken, of whatever kind.
    pub(crate) heard: Option<u64>,
    limit: u64,
    second: u64,
    spent: u64,
    /// Refusals by the network of what was sent to the end, in a row.
    pub(crate) refusals: u32,
}

#[derive(Debug)]
#[repr(C)]
pub(crate) struct Endpoint {
    pub(crate) hot: Hot,
    pub(crate) tally: Tally,
    pub(crate) stream: Stream,
    pub(crate) latch: Latch,
    pub(crate) counters: Counters,
    pub(crate) sibling: Slot,
    pub(crate) mux: bool,
    formats: [Option<(u8, u32)>; FORMATS],
    pub(crate) remote: Option<Remote>,
    pub(crate) hears: Option<Voip>,
    pub(crate) round_trip: RoundTrip,
    /// Where its packets are noted.
    pub(crate) capture: Option<Arc<Capture>>,
}

/// A copy of what is known, for reports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Snapshot {
    pub(crate) slot: Slot,
    pub(crate) stream: Stream,
    pub(crate) tally: Tally,
    pub(crate) counters: Counters,
    pub(crate) remote: Option<Remote>,
    /// How the end hears, by its own measure.
    pub(crate) hears: Option<Voip>,
    pub(crate) round_trip: Option<u64>,
    pub(crate) described: Option<SocketAddr>,
    pub(crate) latched: Option<SocketAddr>,
    pub(crate) mode: Mode,
    pub(crate) loose: bool,
}

impl Endpoint {
    pub(crate) fn new(now: u64, new: NewEndpoint) -> Self {
        Self {
            hot: Hot { socket: new.socket, open: false, rtcp: new.rtcp, bursts: new.bursts, opaque: false, believed: false, captured: false, peer: None, format: None, to: None },
            tally: Tally { received: 0, forwarded: 0, heard: None, limit: u64::MAX, second: 0, spent: 0, refusals: 0 },
            stream: Stream::default(),
            latch: Latch::new(now, Mode::Off, Expected::default()),
            counters: Counters::default(),
            sibling: new.sibling,
            mux: false,
            formats: [None; FORMATS],
            remote: None,
            hears: None,
            round_trip: RoundTrip::default(),
            capture: None,
        }
    }

    pub(crate) fn configure(&mut self, now: u64, setup: &Setup) {
        if self.hot.open {
            self.touch();
            self.latch.expect(now, setup.mode, setup.expected);
        } else {
            self.latch = Latch::new(now, setup.mode, setup.expected);
            self.hot.open = true;
        }
        self.hot.peer = setup.peer;
        self.hot.opaque = setup.opaque;
        self.hot.format = setup.formats.first().copied().flatten();
        self.tally.limit = setup.limit;
        self.mux = setup.mux;
        self.formats = setup.formats;
        self.follow();
    }

    fn touch(&mut self) {
        self.latch.touch(self.tally.heard.unwrap_or(0), self.stream.ssrc);
    }

    /// Keeps at hand what the latch says.
    fn follow(&mut self) {
        self.hot.to = self.latch.remote();
        self.hot.believed = self.latch.latched().is_some();
    }

    /// From whom we believe, and to be read as RTP first.
    #[inline]
    pub(crate) fn is_usual(&self, from: SocketAddr) -> bool {
        self.hot.believed && self.hot.to == Some(from) && !self.hot.rtcp && !self.hot.opaque
    }

    /// Whether a packet is from the end; `source` is its SSRC and sequence number.
    pub(crate) fn is_from_end(&mut self, now: u64, from: SocketAddr, source: Option<(u32, u16)>) -> bool {
        self.touch();
        match self.latch.packet(now, from, source) {
            Seen::Taken => true,
            Seen::Latched => {
                self.follow();
                true
            }
            Seen::Candidate | Seen::Foreign => {
                self.counters.foreign += 1;
                false
            }
        }
    }

    /// Clock of a payload type; `None` when nobody agreed on it.
    #[inline]
    pub(crate) fn clock(&self, payload: u8) -> Option<u32> {
        match self.hot.format {
            Some((first, clock)) if first == payload => Some(clock),
            _ => self.formats.iter().flatten().find(|(known, _)| *known == payload).map(|(_, clock)| *clock),
        }
    }

    /// Whether so many octets more may pass in this second.
    #[inline]
    pub(crate) fn within_limit(&mut self, now: u64, octets: usize) -> bool {
        let tally = &mut self.tally;
        if tally.limit == u64::MAX {
            return true;
        }
        if tally.second != now / SECOND {
            tally.second = now / SECOND;
            tally.spent = 0;
        }
        tally.spent += octets as u64;
        tally.spent <= tally.limit
    }

    /// Sends to the end.
    #[inline]
    pub(crate) fn send(&mut self, datagram: &[u8]) -> bool {
        let Some(to) = self.hot.to else { return false };
        // Not connected, so that what comes from elsewhere is seen and counted; connecting was measured and saves nothing.
        match socket::send(&self.hot.socket, datagram, to) {
            Ok(()) => true,
            Err(error) => self.send_again(datagram, to, &error),
        }
    }

    /// What the network says of an earlier packet comes instead of sending this one.
    #[cold]
    fn send_again(&mut self, datagram: &[u8], to: SocketAddr, error: &io::Error) -> bool {
        let sent = is_refusal(error) && socket::send(&self.hot.socket, datagram, to).is_ok();
        if !sent {
            self.counters.send_errors += 1;
            self.note_refusals(u32::from(is_refusal(error)));
        }
        sent
    }

    pub(crate) fn note_refusals(&mut self, count: u32) {
        self.tally.refusals = self.tally.refusals.saturating_add(count);
    }

    pub(crate) fn snapshot(&self, slot: Slot) -> Snapshot {
        Snapshot {
            slot,
            stream: self.stream,
            tally: self.tally,
            counters: self.counters,
            remote: self.remote,
            hears: self.hears,
            round_trip: self.round_trip.latest,
            described: self.latch.expected().described,
            latched: self.latch.latched(),
            mode: self.latch.mode(),
            loose: self.latch.is_loose(),
        }
    }
}

impl Snapshot {
    /// What the verdict is told of an end.
    pub(crate) fn leg(&self, promised: bool, shown_private: bool, port: u16) -> Leg {
        let packets = self.tally.received.saturating_sub(self.counters.dropped());
        Leg {
            promised,
            packets: if self.tally.heard.is_none() { 0 } else { packets },
            last: self.tally.heard,
            foreign: self.counters.foreign,
            wrong_payload: self.counters.wrong_payload,
            unreachable: self.tally.refusals >= REFUSED,
            shown_private,
            port,
        }
    }
}
