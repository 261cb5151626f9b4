//! Pools of ports: pairs of an even and an odd one, one pool for each local address.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::socket;

/// How long a pair rests after use: late packets, and who guesses.
const REST: Duration = Duration::from_secs(30);
/// How long a pair is left alone that another program holds.
const HELD: Duration = Duration::from_secs(600);

/// A pair of open ports.
#[derive(Debug)]
pub(crate) struct Pair {
    /// The even one; RTCP is on the next.
    pub(crate) port: u16,
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: u16,
    pub(crate) last: u16,
}

impl Range {
    fn start(self) -> u16 {
        self.first + self.first % 2
    }

    fn pairs(self) -> usize {
        usize::from((self.last + 1).saturating_sub(self.start())) / 2
    }
}

#[derive(Debug, Default)]
struct Pool {
    /// One flag for each pair: in use, at rest or held.
    taken: Vec<bool>,
    used: usize,
    rest: VecDeque<(Instant, usize)>,
    held: Vec<(Instant, usize)>,
}

impl Pool {
    fn wake(&mut self, now: Instant) {
        while let Some((until, pair)) = self.rest.front().copied().filter(|(until, _)| *until <= now) {
            debug_assert!(until <= now);
            self.free(pair);
            self.rest.pop_front();
        }
        if self.held.iter().any(|(until, _)| *until <= now) {
            for (until, pair) in std::mem::take(&mut self.held) {
                if until <= now { self.free(pair) } else { self.held.push((until, pair)) }
            }
        }
    }

    fn free(&mut self, pair: usize) {
        if let Some(taken) = self.taken.get_mut(pair) {
            *taken = false;
        }
    }

    /// The first free pair from a place on, around the end.
    fn take(&mut self, from: usize) -> Option<usize> {
        let (head, tail) = self.taken.split_at_checked(from)?;
        let pair = tail.iter().position(|taken| !taken).map(|at| at + from).or_else(|| head.iter().position(|taken| !taken))?;
        *self.taken.get_mut(pair)? = true;
        Some(pair)
    }
}

/// All pools.
#[derive(Debug)]
pub(crate) struct Ports {
    range: Range,
    pools: HashMap<IpAddr, Pool>,
}

/// Why there is no pair.
#[derive(Debug)]
pub(crate) enum NoPorts {
    /// All are in use or at rest.
    Exhausted,
    /// The system refuses.
    Refused(io::Error),
}

impl Ports {
    pub(crate) fn new(range: Range) -> Self {
        Self { range, pools: HashMap::new() }
    }

    /// Another range acts for new pairs; those in use stay as they are, and those at rest rest.
    pub(crate) fn set_range(&mut self, range: Range) {
        let before = std::mem::replace(&mut self.range, range);
        if before == range {
            return;
        }
        let place = |pair: usize| {
            let port = usize::from(before.start()) + 2 * pair;
            let at = port.checked_sub(usize::from(range.start()))? / 2;
            (port % 2 == 0 && at < range.pairs()).then_some(at)
        };
        for pool in self.pools.values_mut() {
            let old = std::mem::take(&mut pool.taken);
            pool.taken = vec![false; range.pairs()];
            for at in old.iter().enumerate().filter(|(_, taken)| **taken).filter_map(|(pair, _)| place(pair)) {
                if let Some(taken) = pool.taken.get_mut(at) {
                    *taken = true;
                }
            }
            pool.rest = pool.rest.iter().filter_map(|(until, pair)| Some((*until, place(*pair)?))).collect();
            pool.held = pool.held.iter().filter_map(|(until, pair)| Some((*until, place(*pair)?))).collect();
        }
    }

    /// Opens a pair on an address, from a random place on.
    pub(crate) fn open(&mut self, now: Instant, address: IpAddr, dscp: u8, random: u32) -> Result<Pair, NoPorts> {
        let (pairs, start) = (self.range.pairs(), self.range.start());
        let pool = self.pools.entry(address).or_insert_with(|| Pool { taken: vec![false; pairs], ..Pool::default() });
        pool.wake(now);
        let from = usize::try_from(random).unwrap_or(0) % pairs.max(1);
        while let Some(pair) = pool.take(from) {
            let port = start + 2 * u16::try_from(pair).unwrap_or(0);
            let both = socket::open(SocketAddr::new(address, port), dscp).and_then(|rtp| Ok((rtp, socket::open(SocketAddr::new(address, port + 1), dscp)?)));
            match both {
                Ok((rtp, rtcp)) => {
                    pool.used += 1;
                    return Ok(Pair { port, rtp, rtcp });
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => pool.held.push((now + HELD, pair)),
                Err(error) => {
                    pool.free(pair);
                    return Err(NoPorts::Refused(error));
                }
            }
        }
        Err(NoPorts::Exhausted)
    }

    /// A pair is given back, in use for so much longer.
    pub(crate) fn close(&mut self, now: Instant, address: IpAddr, port: u16, longer: Duration) {
        let start = self.range.start();
        let Some(pool) = self.pools.get_mut(&address) else { return };
        pool.used = pool.used.saturating_sub(1);
        let pair = usize::from(port.saturating_sub(start)) / 2;
        if port >= start && pair < pool.taken.len() {
            pool.rest.push_back((now + longer + REST, pair));
        }
    }

    /// Pairs in use, and pairs there are.
    pub(crate) fn count(&self) -> (usize, usize) {
        self.pools.values().fold((0, 0), |(used, all), pool| (used + pool.used, all + pool.taken.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 9, 1));

    #[test]
    fn pairs_are_even_and_rest_after_use() {
        let (start, mut ports) = (Instant::now(), Ports::new(Range { first: 41_001, last: 41_006 }));
        let first = ports.open(start, HERE, 46, 1).unwrap();
        let second = ports.open(start, HERE, 46, 1).unwrap();
        assert_eq!((first.port, second.port), (41_004, 41_002));
        assert_eq!(first.rtcp.local_addr().unwrap().port(), 41_005);
        assert!(matches!(ports.open(start, HERE, 46, 7), Err(NoPorts::Exhausted)));
        assert_eq!(ports.count(), (2, 2));
        drop((first, second));
        ports.close(start, HERE, 41_004, Duration::ZERO);
        assert!(ports.open(start + REST - Duration::from_millis(1), HERE, 46, 0).is_err());
        assert_eq!(ports.open(start + REST, HERE, 46, 0).unwrap().port, 41_004);
    }

    #[test]
    fn another_range_keeps_what_is_in_use_and_at_rest() {
        let (start, mut ports) = (Instant::now(), Ports::new(Range { first: 41_020, last: 41_025 }));
        let open: Vec<Pair> = (0..3).map(|_| ports.open(start, HERE, 46, 0).unwrap()).collect();
        drop(open);
        ports.close(start, HERE, 41_022, Duration::ZERO);
        ports.set_range(Range { first: 41_022, last: 41_027 });
        assert_eq!(ports.count(), (2, 3));
        assert_eq!(ports.open(start, HERE, 46, 0).unwrap().port, 41_026);
        assert!(ports.open(start, HERE, 46, 0).is_err());
        for port in [41_020, 41_024, 41_026] {
            ports.close(start, HERE, port, Duration::ZERO);
        }
        assert_eq!(ports.count(), (0, 3));
        let mut again: Vec<u16> = (0..3).map(|_| ports.open(start + REST, HERE, 46, 0).unwrap().port).collect();
        again.sort_unstable();
        assert_eq!(again, [41_022, 41_024, 41_026]);
    }

    #[test]
    fn a_port_of_another_program_is_left_alone() {
        let (start, mut ports) = (Instant::now(), Ports::new(Range { first: 41_010, last: 41_013 }));
        let other = UdpSocket::bind((HERE, 41_011)).unwrap();
        assert_eq!(ports.open(start, HERE, 46, 0).unwrap().port, 41_012);
        drop(other);
        assert!(ports.open(start + REST, HERE, 46, 0).is_err());
        assert_eq!(ports.open(start + HELD, HERE, 46, 0).unwrap().port, 41_010);
    }
}
