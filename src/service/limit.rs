//! Rate limits: so many calls in a period, per principal or per address. In memory; a restart forgives.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, RwLock};

use model::server::ServerSettings;
use model::settings::{Flow, fold};
use types::Timestamp;
use uuid::Uuid;

use crate::{Access, Caller, Error, Kind, Operation, Result, Service, Submitter, now};

/// Keys remembered at a time.
const REMEMBERED: usize = 100_000;
/// Operations that ask the DNS and servers elsewhere.
const CHECKS: [&str; 2] = ["checkFirewall", "runDnsCheck"];
const CHECK: Flow = Flow { count: 60, period: 60 };
/// Instant messages of one sender.
const IMS: Flow = Flow { count: 60, period: 60 };

#[derive(Default)]
pub(crate) struct Limits {
    buckets: Mutex<HashMap<(Bucket, Key), (Timestamp, i128)>>,
    settings: RwLock<ServerSettings>,
}

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Bucket {
    Default,
    AdminRead,
    AdminWrite,
    Login,
    Anonymous,
    /// Questions to others that the caller makes the server ask.
    Check,
    /// Recipients an account sends to.
    Out,
    /// Web servers that rules of an account ask.
    Url,
    /// Instant messages an account or address sends.
    Im,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Account(Uuid),
    Address(IpAddr),
}

/// An IPv6 network of 64 bits is one neighbour.
fn neighbour(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => std::net::Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

impl Limits {
    /// Takes one call out of the bucket, which fills evenly over the period; seconds to wait when it is empty.
    fn take(&self, bucket: Bucket, key: Key, flow: Flow, moment: Timestamp) -> std::result::Result<(), u64> {
        self.take_many(bucket, key, flow, moment, 1)
    }

    /// Takes several at once, all or none.
    fn take_many(&self, bucket: Bucket, key: Key, flow: Flow, moment: Timestamp, many: usize) -> std::result::Result<(), u64> {
        if flow.count < 0 {
            return Ok(());
        }
        // One call costs the period in microseconds, each microsecond pays as much as calls are allowed: whole numbers, no drift.
        let (count, cost) = (i128::from(flow.count), i128::from(flow.period.max(1)) * 1_000_000);
        let Ok(mut buckets) = self.buckets.lock() else { return Ok(()) };
        if buckets.len() >= REMEMBERED {
            // What has filled up again needs no memory.
            buckets.retain(|_, (at, _)| moment < at.plus_seconds(3600));
            if buckets.len() >= REMEMBERED {
                buckets.clear();
            }
        }
        let (at, left) = buckets.entry((bucket, key)).or_insert((moment, count * cost));
        let passed = i128::from(moment.micros().saturating_sub(at.micros()).max(0));
        *left = (*left + passed * count).min(count * cost);
        *at = moment;
        let price = cost * i128::try_from(many).unwrap_or(i128::MAX / cost);
        if *left >= price {
            *left -= price;
            return Ok(());
        }
        let missing = if count == 0 { cost } else { (price - *left + count - 1) / count };
        Err(u64::try_from((missing + 999_999) / 1_000_000).unwrap_or(u64::MAX).max(1))
    }
}

/// How much of a limit is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Name of the limit.
    pub name: &'static str,
    /// Calls in a period.
    pub quota: i64,
    /// Seconds of the period.
    pub window: i64,
    /// Calls that are left now.
    pub left: i64,
    /// Seconds until all of them are there again.
    pub full_in: i64,
}

impl Bucket {
    fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::AdminRead => "admin_read",
            Self::AdminWrite => "admin_write",
            Self::Login => "login",
            Self::Anonymous => "anonymous",
            Self::Check => "check",
            Self::Out => "send",
            Self::Im => "im",
            Self::Url => "url",
        }
    }
}

impl Limits {
    /// What is in a bucket; `None` when it has no bottom.
    fn look(&self, bucket: Bucket, key: Key, flow: Flow, moment: Timestamp) -> Option<Allowance> {
        if flow.count < 0 {
            return None;
        }
        let (count, cost) = (i128::from(flow.count), i128::from(flow.period.max(1)) * 1_000_000);
        let whole = count * cost;
        let left = self.buckets.lock().ok()?.get(&(bucket, key)).map_or(whole, |(at, left)| {
            (*left + i128::from(moment.micros().saturating_sub(at.micros()).max(0)) * count).min(whole)
        });
        let small = |value: i128| i64::try_from(value).unwrap_or(i64::MAX);
        let full_in = if count == 0 { cost / 1_000_000 } else { ((whole - left) / count + 999_999) / 1_000_000 };
        Some(Allowance { name: bucket.name(), quota: flow.count, window: flow.period, left: small(left / cost), full_in: small(full_in) })
    }

    /// What counts a call, under which key, and how much there is of it.
    fn of(&self, operation: &Operation, caller: &Caller) -> Option<(Bucket, Key, Flow)> {
        let settings = self.settings.read().ok()?;
        let address = Key::Address(neighbour(caller.remote_ip));
        Some(match (&caller.account, operation.access) {
            (Some(standing), _) if CHECKS.contains(&operation.id) => (Bucket::Check, Key::Account(standing.account_id), CHECK),
            // A refresh token cannot be guessed, and every page that opens brings one.
            (_, Access::Public) if !operation.is_query() && operation.id != "refreshToken" => (Bucket::Login, address, settings.rate_login),
            (None, _) => (Bucket::Anonymous, address, settings.rate_anonymous),
            (Some(standing), Access::Server(_) | Access::Domain(_)) if operation.is_query() => (Bucket::AdminRead, Key::Account(standing.account_id), settings.rate_admin_read),
            (Some(standing), Access::Server(_) | Access::Domain(_)) => (Bucket::AdminWrite, Key::Account(standing.account_id), settings.rate_admin_write),
            (Some(standing), _) => (Bucket::Default, Key::Account(standing.account_id), settings.rate_default),
        })
    }
}

impl Service {
    /// How many calls like this one the caller has left; `None` when they are not limited.
    pub fn allowance(&self, operation: &Operation, caller: &Caller) -> Option<Allowance> {
        let (bucket, key, flow) = self.inner.limits.of(operation, caller)?;
        self.inner.limits.look(bucket, key, flow, now())
    }

    /// Refuses a call that is one too many.
    pub(crate) fn limit(&self, operation: &Operation, caller: &Caller) -> Result<()> {
        let Some((bucket, key, flow)) = self.inner.limits.of(operation, caller) else { return Ok(()) };
        self.inner.limits.take(bucket, key, flow, now()).map_err(|seconds| Error::new(Kind::Limited(seconds), "rate_limited", format!("Too many calls; try again in {seconds} seconds.")))
    }

    /// Counts recipients an account sends to; seconds to wait when there are too many of them.
    pub(crate) fn count_out(&self, user: &Submitter, recipients: usize) -> std::result::Result<(), u64> {
        self.inner.limits.take_many(Bucket::Out, Key::Account(user.standing.account_id), user.flow(), now(), recipients)
    }

    /// Counts an instant message that an account sends, or a stranger from an address; seconds to wait when it is one too many.
    ///
    /// # Errors
    /// The seconds.
    pub fn count_im(&self, account: Option<Uuid>, address: IpAddr) -> std::result::Result<(), u64> {
        let key = account.map_or(Key::Address(neighbour(address)), Key::Account);
        self.inner.limits.take(Bucket::Im, key, IMS, now())
    }

    /// Counts a web server that a rule of an account, or of the server, asks; false when it were too many of late.
    pub fn may_ask_web(&self, account: Option<Uuid>) -> bool {
        self.inner.limits.take(Bucket::Url, Key::Account(account.unwrap_or_default()), IMS, now()).is_ok()
    }

    /// Reads the limits anew.
    pub(crate) async fn load_limits(&self) -> Result<()> {
        let (settings, ..) = self.store().server_settings().await?;
        if let Ok(mut current) = self.inner.limits.settings.write() {
            *current = fold(&[&settings]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let limits = Limits::default();
        let (flow, key) = (Flow { count: 3, period: 60 }, Key::Account(Uuid::nil()));
        let at = |seconds: i64| Timestamp::from_seconds(1000 + seconds);
        for _ in 0..3 {
            assert_eq!(limits.take(Bucket::Login, key, flow, at(0)), Ok(()));
        }
        assert_eq!(limits.take(Bucket::Login, key, flow, at(0)), Err(20));
        let look = |second| limits.look(Bucket::Login, key, flow, at(second)).map(|allowance| (allowance.quota, allowance.window, allowance.left, allowance.full_in));
        assert_eq!((look(0), look(20), look(600)), (Some((3, 60, 0, 60)), Some((3, 60, 1, 40)), Some((3, 60, 3, 0))));
        assert_eq!(limits.look(Bucket::Login, key, Flow { count: -1, period: 60 }, at(0)), None);
        assert_eq!(limits.take(Bucket::Default, key, flow, at(0)), Ok(()), "buckets are apart");
        assert_eq!(limits.take(Bucket::Login, key, flow, at(19)), Err(1));
        assert_eq!(limits.take(Bucket::Login, key, flow, at(20)), Ok(()));
        assert_eq!(limits.take(Bucket::Login, key, Flow { count: -1, period: 60 }, at(20)), Ok(()));
        assert_eq!(limits.take(Bucket::Anonymous, key, Flow { count: 0, period: 60 }, at(20)), Err(60));
        assert_eq!(limits.take_many(Bucket::Out, key, flow, at(0), 2), Ok(()));
        assert_eq!(limits.take_many(Bucket::Out, key, flow, at(0), 2), Err(20));
        assert_eq!(limits.take_many(Bucket::Out, key, flow, at(0), 1), Ok(()), "a refusal takes nothing");
    }

    #[test]
    fn an_ipv6_network_is_one_neighbour() {
        let parse = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(neighbour(parse("2001:db8:1:2:3::4")), neighbour(parse("2001:db8:1:2:ffff::")));
        assert_ne!(neighbour(parse("192.0.2.1")), neighbour(parse("192.0.2.2")));
    }
}
