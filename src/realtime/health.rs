//! Other servers that did not answer lately: for a while the others of a name are asked before them (RFC 3263 §4.3, sip.md §6.4).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use model::sip::TargetHealth;
use sip::header::Transport;
use sip::locate::Location;
use types::Timestamp;

use crate::call::moment;

/// How long one is left alone that does not say how long itself.
const ALONE: Duration = Duration::from_secs(30);
/// The longest it may say.
const LONGEST: Duration = Duration::from_secs(3600);
/// Those remembered.
const MOST: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Failed {
    since: Timestamp,
    until: Instant,
    status: u16,
    failures: u32,
}

/// Servers that failed and are left alone.
#[derive(Debug, Default)]
pub(crate) struct Health(HashMap<(SocketAddr, Transport), Failed>);

impl Health {
    /// One did not answer, or said that it cannot, for so many seconds.
    pub(crate) fn failed(&mut self, now: Instant, target: (SocketAddr, Transport), status: u16, retry_after: Option<u32>) {
        if self.0.len() >= MOST && !self.0.contains_key(&target) {
            self.0.retain(|_, one| one.until > now);
            if self.0.len() >= MOST {
                return;
            }
        }
        let alone = retry_after.map_or(ALONE, |seconds| Duration::from_secs(seconds.into()).min(LONGEST));
        let one = self.0.entry(target).or_insert(Failed { since: moment(), until: now, status, failures: 0 });
        (one.until, one.status, one.failures) = (now + alone, status, one.failures.saturating_add(1));
    }

    /// One answered.
    pub(crate) fn answered(&mut self, target: (SocketAddr, Transport)) {
        if !self.0.is_empty() {
            self.0.remove(&target);
        }
    }

    /// Puts those that failed behind the others: when all did, they are asked all the same.
    pub(crate) fn sort(&mut self, now: Instant, locations: &mut [Location]) {
        if !self.0.is_empty() {
            locations.sort_by_key(|one| self.0.get(&(SocketAddr::new(one.ip, one.port), one.transport)).is_some_and(|failed| failed.until > now));
        }
    }

    /// Those that are left alone now, the latest first.
    pub(crate) fn list(&self, now: Instant) -> Vec<TargetHealth> {
        let mut all: Vec<TargetHealth> = self
            .0
            .iter()
            .filter(|(_, one)| one.until > now)
            .map(|((address, transport), one)| TargetHealth {
                address: address.to_string(),
                transport: transport.name().to_lowercase(),
                code: i32::from(one.status),
                failures: i64::from(one.failures),
                failed_at: one.since,
                retry_at: Timestamp::from_micros(moment().micros().saturating_add(i64::try_from((one.until - now).as_micros()).unwrap_or(i64::MAX))),
            })
            .collect();
        all.sort_by(|one, other| (other.failed_at, &other.address).cmp(&(one.failed_at, &one.address)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_failed_comes_last_until_its_time_is_over_or_it_answers() {
        let now = Instant::now();
        let location = |port| Location { ip: [192, 0, 2, 1].into(), port, transport: Transport::Tcp };
        let target = |port| (SocketAddr::from(([192, 0, 2, 1], port)), Transport::Tcp);
        let mut health = Health::default();
        let order = |health: &mut Health, at: Instant| {
            let mut all = [1, 2, 3].map(location);
            health.sort(at, &mut all);
            all.map(|one| one.port)
        };
        assert_eq!(order(&mut health, now), [1, 2, 3]);
        health.failed(now, target(1), 503, Some(5));
        health.failed(now, target(2), 408, None);
        assert_eq!(order(&mut health, now), [3, 1, 2]);
        assert_eq!(order(&mut health, now + Duration::from_secs(6)), [1, 3, 2]);
        health.answered(target(2));
        assert_eq!(order(&mut health, now), [2, 3, 1]);
        health.failed(now, target(1), 408, Some(u32::MAX));
        let [one] = &health.list(now)[..] else { panic!() };
        assert_eq!((&*one.address, &*one.transport, one.code, one.failures), ("192.0.2.1:1", "tcp", 408, 2));
        assert!(health.list(now + LONGEST).is_empty());
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let now = Instant::now();
        let mut health = Health::default();
        for port in 0..20_000_u16 {
            health.failed(now, (([192, 0, 2, 1], port).into(), Transport::Udp), 408, None);
        }
        assert_eq!(health.0.len(), MOST);
        health.failed(now + ALONE, (([192, 0, 2, 2], 1).into(), Transport::Udp), 408, None);
        assert_eq!(health.0.len(), 1);
    }
}
