//! What one end's packets have been through when they arrive (RFC 3550 A.1, A.3, A.8).

use crate::packet::Header;
use crate::rtcp::ReportBlock;

const MAX_DROPOUT: u16 = 3000;
const MAX_MISORDER: u16 = 100;

/// How a packet stands to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The first of its source, or the next in order, perhaps after a gap.
    InOrder,
    /// Later than it should, for the first time.
    Late,
    /// It came before.
    Duplicate,
    /// So far from the others that it counts only if the next one follows it.
    Stray,
}

/// Counters of the packets from one end, over all its sources. What every packet changes stands first and together.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub struct Stream {
    /// RTP packets.
    pub packets: u64,
    /// Their octets without IP and UDP.
    pub octets: u64,
    /// Arrival of the latest packet.
    pub last: Option<u64>,
    /// Longest time between two arrivals.
    pub longest_gap: u64,
    unique: u64,
    window: u64,
    /// Source now.
    pub ssrc: Option<u32>,
    transit: Option<u32>,
    highest: u32,
    /// Clock of the payload type now; 0 = unknown.
    pub clock: u32,
    /// Scaled by 16.
    jitter: u32,
    jitter_max: u32,
    jitter_sum: u64,
    jitter_count: u64,
    bad: Option<u16>,
    /// Payload type now.
    pub payload: u8,
    base: u32,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets that came late.
    pub reordered: u64,
    /// Changes of source.
    pub source_changes: u32,
    /// Changes of payload type.
    pub payload_changes: u32,
    /// Arrival of the first packet.
    pub first: Option<u64>,
    /// Sum of the gaps above 200 ms.
    pub silence: u64,
    lost_before: u64,
    unique_before: u64,
}

impl Stream {
    /// Takes a packet of so many octets; `clock` in Hz, 0 keeps it out of the jitter (events share a timestamp).
    pub fn arrive(&mut self, now: u64, header: &Header, octets: usize, clock: u32) -> Arrival {
        self.packets += 1;
        self.octets += octets as u64;
        let gap = self.last.replace(now).map_or(0, |last| now.saturating_sub(last));
        self.longest_gap = self.longest_gap.max(gap);
        if gap > 200_000 {
            self.silence += gap;
        }
        if self.ssrc != Some(header.ssrc) {
            self.begin(now, header);
            self.count_jitter(now, header, clock);
            return Arrival::InOrder;
        }
        if self.payload != header.payload {
            self.payload = header.payload;
            self.payload_changes += 1;
        }
        let arrival = self.order(header.sequence);
        if arrival == Arrival::InOrder {
            self.count_jitter(now, header, clock);
        }
        arrival
    }

    /// A new source: what the old one lost stays counted.
    fn begin(&mut self, now: u64, header: &Header) {
        self.keep();
        if self.ssrc.replace(header.ssrc).is_some() {
            self.source_changes += 1;
        }
        self.first.get_or_insert(now);
        self.payload = header.payload;
        self.restart(header.sequence);
    }

    fn keep(&mut self) {
        self.lost_before = self.lost();
        self.unique_before += self.unique;
    }

    fn restart(&mut self, sequence: u16) {
        self.base = u32::from(sequence);
        self.highest = self.base;
        self.unique = 1;
        self.window = 1;
        self.bad = None;
        self.transit = None;
    }

    fn order(&mut self, sequence: u16) -> Arrival {
        let highest = self.highest.to_be_bytes();
        let ahead = sequence.wrapping_sub(u16::from_be_bytes([highest[2], highest[3]]));
        if ahead == 0 {
            self.duplicates += 1;
            return Arrival::Duplicate;
        }
        if ahead < MAX_DROPOUT {
            let ahead = u32::from(ahead);
            self.highest = self.highest.wrapping_add(ahead);
            self.window = self.window.checked_shl(ahead).unwrap_or(0) | 1;
            self.unique += 1;
            self.bad = None;
            return Arrival::InOrder;
        }
        if ahead <= u16::MAX - MAX_MISORDER {
            if self.bad == Some(sequence) {
                // Two in a row from there: the sender has started anew.
                self.keep();
                self.restart(sequence);
                return Arrival::InOrder;
            }
            self.bad = Some(sequence.wrapping_add(1));
            return Arrival::Stray;
        }
        let age = u32::from(sequence.wrapping_neg().wrapping_add(u16::from_be_bytes([highest[2], highest[3]])));
        let seen = 1u64.checked_shl(age).unwrap_or(0);
        if self.window & seen != 0 {
            self.duplicates += 1;
            return Arrival::Duplicate;
        }
        self.window |= seen;
        self.reordered += 1;
        // One from before the first is not among those expected.
        if self.highest.wrapping_sub(self.base) >= age {
            self.unique += 1;
        }
        Arrival::Late
    }

    fn count_jitter(&mut self, now: u64, header: &Header, clock: u32) {
        if clock == 0 {
            return;
        }
        if self.clock != clock {
            self.clock = clock;
            self.transit = None;
            self.jitter = 0;
        }
        let transit = units(now, clock).wrapping_sub(header.timestamp);
        let Some(before) = self.transit.replace(transit) else { return };
        let distance = transit.wrapping_sub(before).cast_signed().unsigned_abs();
        // A jump of ten seconds is a new timestamp origin, no jitter.
        if distance > clock.saturating_mul(10) {
            return;
        }
        self.jitter = self.jitter.wrapping_add(distance).wrapping_sub((self.jitter + 8) >> 4);
        self.jitter_max = self.jitter_max.max(self.jitter);
        self.jitter_sum += u64::from(self.jitter);
        self.jitter_count += 1;
    }

    /// Packets that were expected of all sources.
    pub fn expected(&self) -> u64 {
        self.unique_before + self.unique + self.lost()
    }

    /// Packets that were expected and have not come (RFC 3550 A.3).
    pub fn lost(&self) -> u64 {
        let expected = if self.ssrc.is_none() { 0 } else { u64::from(self.highest.wrapping_sub(self.base)) + 1 };
        self.lost_before + expected.saturating_sub(self.unique)
    }

    /// Share of the expected packets that is lost, 0 to 100.
    pub fn loss_percent(&self) -> f64 {
        if self.expected() == 0 { 0.0 } else { 100.0 * self.lost() as f64 / self.expected() as f64 }
    }

    /// Interarrival jitter now (RFC 3550 A.8), in milliseconds.
    pub fn jitter_ms(&self) -> f64 {
        self.milliseconds(f64::from(self.jitter) / 16.0)
    }

    /// Largest jitter, in milliseconds.
    pub fn jitter_max_ms(&self) -> f64 {
        self.milliseconds(f64::from(self.jitter_max) / 16.0)
    }

    /// Mean jitter, in milliseconds.
    pub fn jitter_mean_ms(&self) -> f64 {
        if self.jitter_count == 0 { 0.0 } else { self.milliseconds(self.jitter_sum as f64 / 16.0 / self.jitter_count as f64) }
    }

    fn milliseconds(&self, units: f64) -> f64 {
        if self.clock == 0 { 0.0 } else { units * 1000.0 / f64::from(self.clock) }
    }
}

/// Time in units of a clock, modulo 2^32.
fn units(now: u64, clock: u32) -> u32 {
    let clock = u64::from(clock);
    let units = (now / 1_000_000).wrapping_mul(clock).wrapping_add(now % 1_000_000 * clock / 1_000_000);
    u32::try_from(units & u64::from(u32::MAX)).unwrap_or_default()
}

/// What the other end says in its reports of what it received.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Remote {
    /// Share lost since its report before, in percent.
    pub loss_percent: f64,
    /// Packets lost since the beginning.
    pub lost: i32,
    /// Jitter in units of the clock.
    pub jitter: u32,
}

impl From<&ReportBlock> for Remote {
    fn from(block: &ReportBlock) -> Self {
        Self { loss_percent: f64::from(block.fraction) * 100.0 / 256.0, lost: block.lost, jitter: block.jitter }
    }
}

/// Round trip between the relay and one end, from reports that pass through (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, Default)]
pub struct RoundTrip {
    sent: [Option<(u32, u64)>; 2],
    /// The latest round trip.
    pub latest: Option<u64>,
}

impl RoundTrip {
    /// A sender report with this NTP time was passed on to the end.
    pub fn forwarded(&mut self, now: u64, ntp: u32) {
        self.sent = [Some((ntp, now)), self.sent[0]];
    }

    /// A report block came back from the end.
    pub fn heard(&mut self, now: u64, block: &ReportBlock) {
        let found = self.sent.iter().flatten().find(|(ntp, _)| block.last_report != 0 && *ntp == block.last_report);
        if let Some((_, at)) = found {
            let delay = u64::from(block.delay) * 1_000_000 / 65_536;
            self.latest = now.checked_sub(*at).and_then(|passed| passed.checked_sub(delay)).or(self.latest);
        }
    }
}
