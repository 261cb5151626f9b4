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
    /// Recipients an account sends to.
    Out,
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

impl Service {
    /// Refuses a call that is one too many.
    pub(crate) fn limit(&self, operation: &Operation, caller: &Caller) -> Result<()> {
        let limits = &self.inner.limits;
        let Ok(settings) = limits.settings.read() else { return Ok(()) };
        let address = Key::Address(neighbour(caller.remote_ip));
        let (bucket, key, flow) = match (&caller.account, operation.access) {
            (_, Access::Public) if !operation.is_query() => (Bucket::Login, address, settings.rate_login),
            (None, _) => (Bucket::Anonymous, address, settings.rate_anonymous),
            (Some(standing), Access::Server(_) | Access::Domain(_)) if operation.is_query() => (Bucket::AdminRead, Key::Account(standing.account_id), settings.rate_admin_read),
            (Some(standing), Access::Server(_) | Access::Domain(_)) => (Bucket::AdminWrite, Key::Account(standing.account_id), settings.rate_admin_write),
            (Some(standing), _) => (Bucket::Default, Key::Account(standing.account_id), settings.rate_default),
        };
        limits.take(bucket, key, flow, now()).map_err(|seconds| Error::new(Kind::Limited(seconds), "rate_limited", format!("Too many calls; try again in {seconds} seconds.")))
    }

    /// Counts recipients an account sends to; seconds to wait when there are too many of them.
    pub(crate) fn count_out(&self, user: &Submitter, recipients: usize) -> std::result::Result<(), u64> {
        self.inner.limits.take_many(Bucket::Out, Key::Account(user.standing.account_id), user.flow(), now(), recipients)
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
