//! One socket of the relay and what is known of the end behind it; owned by one relay thread.

use std::net::{SocketAddr, UdpSocket};

use rtp::{Expected, Latch, Leg, Mode, Remote, RoundTrip, SECOND, Stream};

/// Number of an endpoint in its thread.
pub(crate) type Slot = u32;

/// Most formats of a stream that are told apart.
pub(crate) const FORMATS: usize = 12;

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

/// What came of the packets, beside what [`Stream`] counts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counters {
    pub(crate) received: u64,
    pub(crate) rtcp: u64,
    pub(crate) forwarded: u64,
    pub(crate) foreign: u64,
    pub(crate) implausible: u64,
    pub(crate) unwanted: u64,
    pub(crate) over_limit: u64,
    pub(crate) wrong_payload: u64,
    pub(crate) send_errors: u64,
    /// Refusals by the network of what was sent to the end, in a row.
    pub(crate) refusals: u32,
}

impl Counters {
    pub(crate) fn dropped(&self) -> u64 {
        self.foreign + self.implausible + self.unwanted + self.over_limit
    }
}

#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) socket: UdpSocket,
    pub(crate) rtcp: bool,
    pub(crate) bursts: bool,
    pub(crate) sibling: Slot,
    pub(crate) setup: Setup,
    pub(crate) latch: Latch,
    /// Nothing is taken before the first description.
    pub(crate) open: bool,
    pub(crate) stream: Stream,
    pub(crate) counters: Counters,
    pub(crate) remote: Option<Remote>,
    pub(crate) round_trip: RoundTrip,
    /// When something was last taken, of whatever kind.
    pub(crate) heard: Option<u64>,
    /// A stranger was just believed: RTCP will come from there too.
    pub(crate) loose_news: bool,
    second: u64,
    spent: u64,
}

/// A copy of what is known, for reports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Snapshot {
    pub(crate) slot: Slot,
    pub(crate) stream: Stream,
    pub(crate) counters: Counters,
    pub(crate) remote: Option<Remote>,
    pub(crate) round_trip: Option<u64>,
    pub(crate) described: Option<SocketAddr>,
    pub(crate) latched: Option<SocketAddr>,
    pub(crate) mode: Mode,
    pub(crate) loose: bool,
    pub(crate) heard: Option<u64>,
}

impl Endpoint {
    pub(crate) fn new(now: u64, new: NewEndpoint) -> Self {
        let (mode, expected) = (Mode::Off, Expected::default());
        let setup = Setup { mode, expected, peer: None, mux: false, opaque: false, formats: [None; FORMATS], limit: u64::MAX };
        Self {
            socket: new.socket,
            rtcp: new.rtcp,
            bursts: new.bursts,
            sibling: new.sibling,
            setup,
            latch: Latch::new(now, mode, expected),
            open: false,
            stream: Stream::default(),
            counters: Counters::default(),
            remote: None,
            round_trip: RoundTrip::default(),
            heard: None,
            loose_news: false,
            second: 0,
            spent: 0,
        }
    }

    pub(crate) fn configure(&mut self, now: u64, setup: Setup) {
        if self.open {
            self.latch.expect(now, setup.mode, setup.expected);
        } else {
            self.latch = Latch::new(now, setup.mode, setup.expected);
            self.open = true;
        }
        self.setup = setup;
    }

    /// Clock of a payload type; `None` when nobody agreed on it.
    #[inline]
    pub(crate) fn clock(&self, payload: u8) -> Option<u32> {
        self.setup.formats.iter().flatten().find(|(known, _)| *known == payload).map(|(_, clock)| *clock)
    }

    /// Whether so many octets more may pass in this second.
    #[inline]
    pub(crate) fn within_limit(&mut self, now: u64, octets: usize) -> bool {
        if self.setup.limit == u64::MAX {
            return true;
        }
        if self.second != now / SECOND {
            self.second = now / SECOND;
            self.spent = 0;
        }
        self.spent += octets as u64;
        self.spent <= self.setup.limit
    }

    /// Sends to the end.
    #[inline]
    pub(crate) fn send(&mut self, datagram: &[u8]) -> bool {
        let Some(to) = self.latch.remote() else { return false };
        match self.socket.send_to(datagram, to) {
            Ok(_) => true,
            Err(error) => {
                self.counters.send_errors += 1;
                if matches!(error.kind(), std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::HostUnreachable | std::io::ErrorKind::NetworkUnreachable) {
                    self.counters.refusals = self.counters.refusals.saturating_add(1);
                }
                false
            }
        }
    }

    pub(crate) fn snapshot(&self, slot: Slot) -> Snapshot {
        Snapshot {
            slot,
            stream: self.stream,
            counters: self.counters,
            remote: self.remote,
            round_trip: self.round_trip.latest,
            described: self.latch.expected().described,
            latched: self.latch.latched(),
            mode: self.latch.mode(),
            loose: self.latch.is_loose(),
            heard: self.heard,
        }
    }
}

impl Snapshot {
    /// What the verdict is told of an end.
    pub(crate) fn leg(&self, promised: bool, shown_private: bool, port: u16) -> Leg {
        let packets = self.counters.received.saturating_sub(self.counters.dropped());
        Leg {
            promised,
            packets: if self.heard.is_none() { 0 } else { packets },
            last: self.heard,
            foreign: self.counters.foreign,
            wrong_payload: self.counters.wrong_payload,
            unreachable: self.counters.refusals >= 20,
            shown_private,
            port,
        }
    }
}
