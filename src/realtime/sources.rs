//! Where requests come from: addresses that try passwords, scan or flood are listened to less, or not at all for a while
//! (`sip.md` §15). Who proved lately who it is, is trusted with any rate.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use model::sip::SipBan;
use serde_json::json;
use service::Occurrence;
use sip::{Method, Name, Request};
use types::Timestamp;

use crate::call::moment;
use crate::write_behind::{Write, Writes};

/// Wrong passwords from one address until they are refused for a while.
const FAILURES: u32 = 5;
/// The time in which they count, and the first while; it doubles up to an hour.
const PERIOD: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(3600);
/// Users that do not exist, tried within a period, that make a scanner.
const UNKNOWN: u32 = 10;
/// How long a scanner is not listened to.
const SCANNER: Duration = Duration::from_secs(3600);
/// Seconds' worth of requests by datagrams from one address that may come at once.
const BURST: f64 = 4.0;
/// Answers 503 to requests above that, the same way; what is above them has silence.
const ANSWERS: f64 = 50.0;
const ANSWER_RATE: f64 = 5.0;
/// How long a proof lasts.
const PROVEN: Duration = Duration::from_secs(7200);
/// Addresses remembered.
const REMEMBERED: usize = 50_000;
/// What programs call themselves that look for servers to abuse.
const SCANNERS: [&[u8]; 9] = [b"friendly-scanner", b"sipvicious", b"sipcli", b"sip-scan", b"sundayddr", b"iwar", b"vaxsipuseragent", b"pplsip", b"smap"];

/// What becomes of a request before anybody looks into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// It goes on.
    Pass,
    /// It is answered with 503.
    Busy,
    /// It is dropped.
    Silence,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    level: f64,
    at: Instant,
}

impl Bucket {
    fn take(&mut self, now: Instant, burst: f64, rate: f64) -> bool {
        self.level = (self.level + now.duration_since(self.at).as_secs_f64() * rate).min(burst);
        self.at = now;
        let enough = self.level >= 1.0;
        if enough {
            self.level -= 1.0;
        }
        enough
    }
}

/// How often something happened within a period.
#[derive(Debug, Clone, Copy)]
struct Count {
    since: Instant,
    count: u32,
}

impl Count {
    fn add(&mut self, now: Instant, period: Duration) -> u32 {
        if now.duration_since(self.since) > period {
            *self = Self { since: now, count: 0 };
        }
        self.count += 1;
        self.count
    }
}

#[derive(Debug, Clone, Copy)]
struct Ban {
    reason: &'static str,
    since: Timestamp,
    until: Instant,
}

#[derive(Debug)]
struct Source {
    requests: Bucket,
    answers: Bucket,
    wrong: Count,
    unknown: Count,
    proven_until: Option<Instant>,
    ban: Option<Ban>,
    /// How long wrong passwords are refused for the next time.
    refuse_for: Duration,
}

impl Source {
    fn new(now: Instant) -> Self {
        let nothing = Count { since: now, count: 0 };
        Self { requests: Bucket { level: f64::MAX, at: now }, answers: Bucket { level: ANSWERS, at: now }, wrong: nothing, unknown: nothing, proven_until: None, ban: None, refuse_for: PERIOD }
    }

    fn is_banned(&self, now: Instant, silent: bool) -> bool {
        self.ban.is_some_and(|ban| ban.until > now && (ban.reason == "wrong_passwords") != silent)
    }
}

/// All addresses that somebody who is not near sent requests from.
#[derive(Debug)]
pub(crate) struct Sources {
    known: Mutex<HashMap<IpAddr, Source>>,
    writes: Writes,
    limited: AtomicI64,
    silenced: AtomicI64,
}

/// An IPv6 network of 64 bits is one neighbour.
fn neighbour(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        ip => ip,
    }
}

/// Whether a request looks like those of scanners.
fn is_scan(request: &Request) -> bool {
    let agent = request.value(Name::UserAgent).unwrap_or_default().to_ascii_lowercase();
    let named = !agent.is_empty() && SCANNERS.iter().any(|name| agent.windows(name.len()).any(|part| part == *name));
    named || [Name::From, Name::To].iter().any(|name| request.value(*name).is_some_and(|value| value.windows(11).any(|part| part == b"100@1.1.1.1")))
}

impl Sources {
    pub(crate) fn new(writes: Writes) -> Self {
        Self { known: Mutex::default(), writes, limited: AtomicI64::new(0), silenced: AtomicI64::new(0) }
    }

    fn with<T>(&self, ip: IpAddr, now: Instant, otherwise: T, run: impl FnOnce(&mut Source) -> T) -> T {
        let Ok(mut known) = self.known.lock() else { return otherwise };
        let ip = neighbour(ip);
        if known.len() >= REMEMBERED && !known.contains_key(&ip) {
            known.retain(|_, one| one.ban.is_some_and(|ban| ban.until > now) || one.proven_until.is_some_and(|until| until > now));
            if known.len() >= REMEMBERED {
                return otherwise;
            }
        }
        run(known.entry(ip).or_insert_with(|| Source::new(now)))
    }

    /// What becomes of a request of somebody who is not near; `rate`: so many a second, by datagrams.
    pub(crate) fn judge(&self, ip: IpAddr, now: Instant, rate: Option<f64>, request: &Request) -> Gate {
        let gate = self.with(ip, now, Gate::Pass, |source| {
            if source.is_banned(now, true) {
                Gate::Silence
            } else if source.proven_until.is_some_and(|until| until > now) {
                // Nor is an office banned for what one of its machines calls itself.
                Gate::Pass
            } else if is_scan(request) {
                self.ban(source, ip, now, "scanner", SCANNER);
                Gate::Silence
            } else if rate.is_none_or(|rate| source.requests.take(now, rate * BURST, rate)) {
                Gate::Pass
            } else if *request.method() != Method::Ack && source.answers.take(now, ANSWERS, ANSWER_RATE) {
                Gate::Busy
            } else {
                Gate::Silence
            }
        });
        match gate {
            Gate::Pass => {}
            Gate::Busy => drop(self.limited.fetch_add(1, Ordering::Relaxed)),
            Gate::Silence => drop(self.silenced.fetch_add(1, Ordering::Relaxed)),
        }
        gate
    }

    fn ban(&self, source: &mut Source, ip: IpAddr, now: Instant, reason: &'static str, time: Duration) {
        let since = moment();
        source.ban = Some(Ban { reason, since, until: now + time });
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        tracing::warn!(remote_ip = %ip, reason, seconds, "an address is banned from SIP");
        let object = json!({"protocol": "sip", "address": neighbour(ip), "reason": reason, "since": since, "until": since.plus_seconds(seconds)});
        self.writes.write(Write::News(Occurrence { topic: "auth", kind: "auth.blocked", account_id: None, domain_id: None, object: object.to_string() }));
    }

    /// Whether an address may try a password now.
    pub(crate) fn may_try(&self, ip: IpAddr, now: Instant) -> bool {
        self.with(ip, now, true, |source| !source.is_banned(now, false))
    }

    /// A wrong password, or a user that does not exist.
    pub(crate) fn failed(&self, ip: IpAddr, now: Instant, exists: bool) {
        self.with(ip, now, (), |source| {
            let period = PERIOD.max(source.refuse_for * 2);
            if now.duration_since(source.wrong.since) > period {
                source.refuse_for = PERIOD;
            }
            let wrong = source.wrong.add(now, period);
            if !exists && source.unknown.add(now, PERIOD) > UNKNOWN {
                self.ban(source, ip, now, "unknown_users", SCANNER);
            } else if wrong >= FAILURES && !source.is_banned(now, true) {
                let time = source.refuse_for;
                source.refuse_for = (time * 2).min(LONGEST);
                source.wrong.count = 0;
                self.ban(source, ip, now, "wrong_passwords", time);
            }
        });
    }

    /// Somebody there proved who it is.
    pub(crate) fn proved(&self, ip: IpAddr, now: Instant) {
        self.with(ip, now, (), |source| source.proven_until = Some(now + PROVEN));
    }

    /// The bans there are, the newest first.
    pub(crate) fn bans(&self, now: Instant) -> Vec<SipBan> {
        let Ok(known) = self.known.lock() else { return Vec::new() };
        let until = |ban: &Ban| ban.since.plus_seconds(i64::try_from(ban.until.duration_since(now).as_secs()).unwrap_or(0) + (moment().seconds() - ban.since.seconds()));
        let live = known.iter().filter_map(|(ip, source)| source.ban.as_ref().filter(|ban| ban.until > now).map(|ban| (ip, ban)));
        let mut bans: Vec<SipBan> = live.map(|(ip, ban)| SipBan { address: ip.to_string(), reason: ban.reason.to_owned(), since: ban.since, until: until(ban) }).collect();
        bans.sort_by(|one, other| (other.since, &other.address).cmp(&(one.since, &one.address)));
        bans
    }

    /// Forgives an address; whether it was banned.
    pub(crate) fn unban(&self, ip: IpAddr, now: Instant) -> bool {
        let Ok(mut known) = self.known.lock() else { return false };
        known.remove(&neighbour(ip)).is_some_and(|source| source.ban.is_some_and(|ban| ban.until > now))
    }

    /// How many requests were answered with 503, and how many not at all.
    pub(crate) fn counts(&self) -> (i64, i64) {
        (self.limited.load(Ordering::Relaxed), self.silenced.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use sip::{Limits, Message, Parsed, parse};

    use super::*;
    use crate::write_behind;

    fn request(agent: &str) -> Request {
        let text = format!(
            "OPTIONS sip:a@main.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\nFrom: <sip:x@y.example>;tag=1\r\nTo: <sip:a@main.example>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n\
             User-Agent: {agent}\r\nContent-Length: 0\r\n\r\n"
        );
        let Parsed::Message(Message::Request(request)) = parse(text.into(), &Limits::DATAGRAM) else { panic!("no request") };
        request
    }

    fn sources() -> (Sources, write_behind::ToWrite) {
        let (writes, written) = write_behind::writes();
        (Sources::new(writes), written)
    }

    #[test]
    fn a_flood_is_answered_a_while_and_then_met_with_silence() {
        let ((sources, _written), now, ip) = (sources(), Instant::now(), IpAddr::from([192, 0, 2, 1]));
        let request = request("phone");
        let came = |at| (0..300).map(|_| sources.judge(ip, at, Some(50.0), &request)).collect::<Vec<_>>();
        let count = |gates: &[Gate], gate| gates.iter().filter(|one| **one == gate).count();
        let first = came(now);
        assert_eq!([Gate::Pass, Gate::Busy, Gate::Silence].map(|gate| count(&first, gate)), [200, 50, 50]);
        let later = came(now + Duration::from_secs(1));
        assert_eq!([Gate::Pass, Gate::Busy, Gate::Silence].map(|gate| count(&later, gate)), [50, 5, 245]);
        assert_eq!(sources.counts(), (55, 295));
        assert_eq!(sources.judge([192, 0, 2, 2].into(), now, Some(50.0), &request), Gate::Pass, "another address");
        assert_eq!(count(&(0..300).map(|_| sources.judge([192, 0, 2, 3].into(), now, None, &request)).collect::<Vec<_>>(), Gate::Pass), 300, "connections have limits of their own");
        sources.proved(ip, now);
        assert_eq!(count(&came(now + Duration::from_secs(1)), Gate::Pass), 300);
        assert_eq!(sources.judge(ip, now, Some(50.0), &self::request("sipcli")), Gate::Pass);
    }

    #[test]
    fn scanners_are_banned_until_forgiven() {
        let ((sources, mut written), now, ip) = (sources(), Instant::now(), IpAddr::from([192, 0, 2, 1]));
        assert_eq!(sources.judge(ip, now, Some(50.0), &request("Friendly-Scanner 1")), Gate::Silence);
        assert_eq!(sources.judge(ip, now, None, &request("phone")), Gate::Silence);
        assert!(matches!(written.next(), Some(Write::News(news)) if news.kind == "auth.blocked"));
        let [ban] = &sources.bans(now)[..] else { panic!("one ban") };
        assert_eq!((ban.address.as_str(), ban.reason.as_str(), ban.until.seconds() - ban.since.seconds()), ("192.0.2.1", "scanner", 3600));
        assert!(sources.unban(ip, now) && !sources.unban(ip, now));
        assert_eq!(sources.judge(ip, now, Some(50.0), &request("phone")), Gate::Pass);
        sources.judge(ip, now, Some(50.0), &request("sipvicious"));
        assert_eq!(sources.judge(ip, now + SCANNER, Some(50.0), &request("phone")), Gate::Pass, "an hour is enough");
    }

    #[test]
    fn wrong_passwords_are_refused_longer_each_time_and_unknown_users_are_a_scan() {
        let ((sources, _written), now, ip) = (sources(), Instant::now(), "2001:db8::1".parse::<IpAddr>().unwrap());
        let mut at = now;
        for expected in [60, 120, 240] {
            for _ in 0..FAILURES {
                assert!(sources.may_try(ip, at));
                sources.failed(ip, at, true);
            }
            assert!(!sources.may_try("2001:db8::2".parse().unwrap(), at), "the same network");
            assert_eq!(sources.judge(ip, at, Some(50.0), &request("phone")), Gate::Pass, "only passwords are refused");
            at += Duration::from_secs(expected);
            assert!(sources.may_try(ip, at));
        }
        for n in 0..=UNKNOWN {
            assert!(!sources.bans(now).iter().any(|ban| ban.reason == "unknown_users"), "{n}");
            sources.failed([192, 0, 2, 9].into(), now, false);
        }
        assert_eq!(sources.judge([192, 0, 2, 9].into(), now, Some(50.0), &request("phone")), Gate::Silence);
    }
}
