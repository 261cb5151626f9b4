//! Whose packets are taken for those of one end, and where to send to it (media.md §6).

use std::net::{IpAddr, SocketAddr};

use crate::SECOND;

/// Silence of whom we believe before another port of the same address may take its place.
const QUIET: u64 = 2 * SECOND;
/// Patience before a stranger may be believed.
const PATIENCE: u64 = 3 * SECOND;
/// How long after the answer a stranger may be believed.
const LATEST: u64 = 10 * SECOND;
/// Packets that must follow each other.
const CONSISTENT: u8 = 3;

/// How far an end is trusted to know its own address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Its description is right: nothing else is taken.
    Off,
    /// The address must be that of its description or of its signalling; the port may differ.
    Strict,
    /// As strict, and once anybody when nothing comes and the described address is a private one.
    #[default]
    Auto,
}

/// What is known of an end from its signalling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expected {
    /// Address in its description; `None` when it has none that can be sent to.
    pub described: Option<SocketAddr>,
    /// Where its signalling comes from.
    pub signalling: Option<IpAddr>,
    /// The described address is a private one, and may mean nothing here.
    pub private: bool,
}

/// What a packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// From the end: it is passed on.
    Taken,
    /// From the end, and it is believed from now on: it is passed on, and what is sent to the end goes there.
    Latched,
    /// Perhaps from the end: not passed on yet.
    Candidate,
    /// Not from the end: dropped and counted.
    Foreign,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    from: SocketAddr,
    ssrc: u32,
    sequence: u16,
    count: u8,
}

/// The decision, packet by packet.
#[derive(Debug, Clone, Copy)]
pub struct Latch {
    mode: Mode,
    expected: Expected,
    opened: u64,
    candidate: Option<Candidate>,
    latched: Option<SocketAddr>,
    ssrc: Option<u32>,
    heard: u64,
    loose: bool,
}

impl Latch {
    /// A latch that has heard nothing.
    pub fn new(now: u64, mode: Mode, expected: Expected) -> Self {
        Self { mode, expected, opened: now, candidate: None, latched: None, ssrc: None, heard: now, loose: false }
    }

    /// A new description of the end. Unless the described address moves, who is believed stays believed.
    pub fn expect(&mut self, now: u64, mode: Mode, expected: Expected) {
        if expected.described == self.expected.described && mode == self.mode {
            self.expected = expected;
            self.opened = now;
        } else {
            *self = Self::new(now, mode, expected);
        }
    }

    /// Who is believed was heard meanwhile, with this source: packets that were not shown one by one.
    pub fn touch(&mut self, heard: u64, ssrc: Option<u32>) {
        if self.latched.is_some() && heard > self.heard {
            self.heard = heard;
            self.ssrc = ssrc.or(self.ssrc);
        }
    }

    /// Takes another address for that of the end's signalling: where its media was found to come from.
    pub fn trust(&mut self, address: IpAddr) {
        self.expected.signalling = Some(address);
    }

    /// Where to send to: whom we believe, else the described address.
    pub fn remote(&self) -> Option<SocketAddr> {
        self.latched.or(self.expected.described)
    }

    /// Who is believed.
    pub fn latched(&self) -> Option<SocketAddr> {
        self.latched
    }

    /// A stranger is believed.
    pub fn is_loose(&self) -> bool {
        self.loose
    }

    /// Its mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What it was told to expect.
    pub fn expected(&self) -> &Expected {
        &self.expected
    }

    /// A packet arrives. `source` is its SSRC and sequence number; `None` for what is no RTP but plausible.
    #[inline]
    pub fn packet(&mut self, now: u64, from: SocketAddr, source: Option<(u32, u16)>) -> Seen {
        if self.latched == Some(from) {
            self.heard = now;
            if let Some((ssrc, _)) = source {
                self.ssrc = Some(ssrc);
            }
            return Seen::Taken;
        }
        self.unknown(now, from, source)
    }

    fn unknown(&mut self, now: u64, from: SocketAddr, source: Option<(u32, u16)>) -> Seen {
        if self.latched.is_some() {
            return self.relatch(now, from, source);
        }
        if self.expected.described == Some(from) {
            return self.believe(now, from, source, false);
        }
        if self.mode == Mode::Off {
            return Seen::Foreign;
        }
        let known = Some(from.ip()) == self.expected.signalling || Some(from.ip()) == self.expected.described.map(|described| described.ip());
        match (known, self.mode) {
            (true, Mode::Strict) => self.believe(now, from, source, false),
            // What is no RTP cannot show that it continues.
            (true, _) if source.is_none() || self.consistent(from, source) => self.believe(now, from, source, false),
            (true, _) => Seen::Taken,
            (false, Mode::Auto) if self.stranger_may(now) => match self.consistent(from, source) {
                true => self.believe(now, from, source, true),
                false => Seen::Candidate,
            },
            (false, _) => Seen::Foreign,
        }
    }

    fn stranger_may(&self, now: u64) -> bool {
        let age = now.saturating_sub(self.opened);
        self.expected.private && (PATIENCE..=LATEST).contains(&age)
    }

    /// The same address and source from another port, when whom we believe is silent.
    fn relatch(&mut self, now: u64, from: SocketAddr, source: Option<(u32, u16)>) -> Seen {
        let same_address = self.latched.is_some_and(|latched| latched.ip() == from.ip());
        // A new description may come with a new source.
        let same_source = source.is_some_and(|(ssrc, _)| Some(ssrc) == self.ssrc || self.heard < self.opened);
        if self.mode != Mode::Off && same_address && same_source && now.saturating_sub(self.heard) >= QUIET {
            return self.believe(now, from, source, self.loose);
        }
        Seen::Foreign
    }

    fn believe(&mut self, now: u64, from: SocketAddr, source: Option<(u32, u16)>, loose: bool) -> Seen {
        self.latched = Some(from);
        self.ssrc = source.map(|(ssrc, _)| ssrc);
        self.heard = now;
        self.loose = loose;
        self.candidate = None;
        Seen::Latched
    }

    fn consistent(&mut self, from: SocketAddr, source: Option<(u32, u16)>) -> bool {
        let Some((ssrc, sequence)) = source else { return false };
        let count = match self.candidate {
            Some(before) if before.from == from && before.ssrc == ssrc && sequence == before.sequence.wrapping_add(1) => before.count + 1,
            _ => 1,
        };
        self.candidate = Some(Candidate { from, ssrc, sequence, count });
        count >= CONSISTENT
    }
}
