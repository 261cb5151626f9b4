//! How often accounts and domains register and call: limits of events in a period (`sip.md` §15).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use model::settings::Flow;
use service::{Occurrence, Subscriber};
use uuid::Uuid;

use crate::switch::Switch;
use crate::write_behind::Write;

/// What halves and thirds of events lose.
const ROUNDING: f64 = 1e-6;
/// It is told so often that an account has reached a limit, however often it tries.
const TOLD: Duration = Duration::from_secs(60);

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Metered {
    /// Registrations.
    Register,
    /// Calls that come.
    CallIn,
    /// Calls that go.
    CallOut,
}

impl Metered {
    /// Name of the setting.
    pub(crate) fn setting(self) -> &'static str {
        match self {
            Self::Register => "register_flow",
            Self::CallIn => "call_in_flow",
            Self::CallOut => "call_out_flow",
        }
    }

    /// The limits of an account, and of its domain as a whole.
    fn flows(self, account: &Subscriber) -> [(Uuid, Flow); 2] {
        let (settings, domain) = (&account.settings, account.domain_flows.as_deref());
        let (own, whole) = match self {
            Self::Register => (settings.register_flow, domain.map(|flows| flows.register)),
            Self::CallIn => (settings.call_in_flow, domain.map(|flows| flows.call_in)),
            Self::CallOut => (settings.call_out_flow, domain.map(|flows| flows.call_out)),
        };
        [(account.account_id, own), (account.domain_id, whole.unwrap_or(Flow { count: -1, period: 60 }))]
    }
}

/// What is left of a limit; it fills up evenly over its period.
#[derive(Debug, Clone, Copy)]
struct Left {
    events: f64,
    at: Instant,
    /// When it is full again at the latest.
    full_at: Instant,
}

/// All limits of which something was taken.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    left: HashMap<(Metered, Uuid), Left>,
    /// Since when accounts are known to have reached limits.
    told: HashMap<(Metered, Uuid), Instant>,
    /// Events that were refused.
    pub(crate) refused: [i64; 3],
}

impl Meters {
    fn look(&self, now: Instant, key: (Metered, Uuid), flow: Flow) -> f64 {
        let most = flow.count as f64;
        let Some(left) = self.left.get(&key) else { return most };
        (left.events + now.duration_since(left.at).as_secs_f64() * most / flow.period.max(1) as f64).min(most)
    }

    /// Counts an event of an account and its domain; seconds to wait when it is one too many, which is counted by no limit.
    pub(crate) fn take(&mut self, now: Instant, what: Metered, account: &Subscriber) -> Result<(), u64> {
        self.take_of(now, what, what.flows(account)).inspect_err(|_| tracing::info!(limit = what.setting(), account = %account.address, "too many"))
    }

    fn take_of(&mut self, now: Instant, what: Metered, limits: [(Uuid, Flow); 2]) -> Result<(), u64> {
        let limited = || limits.iter().filter(|(_, flow)| flow.count >= 0);
        // Whoever has to wait for one waits for the other meanwhile.
        let wait = |(id, flow): &(Uuid, Flow)| {
            let missing = 1.0 - self.look(now, (what, *id), *flow);
            let each = flow.period as f64 / if flow.count == 0 { 1.0 } else { flow.count as f64 };
            (missing > ROUNDING).then(|| ((missing * each - ROUNDING).ceil() as u64).max(1))
        };
        if let Some(wait) = limited().filter_map(wait).max() {
            if let Some(refused) = self.refused.get_mut(what as usize) {
                *refused += 1;
            }
            return Err(wait);
        }
        for (id, flow) in limited() {
            let events = self.look(now, (what, *id), *flow) - 1.0;
            let full_at = now + Duration::from_secs(u64::try_from(flow.period).unwrap_or(0));
            self.left.insert((what, *id), Left { events, at: now, full_at });
        }
        Ok(())
    }

    /// Whether it is to be told that an account has reached a limit.
    fn is_news(&mut self, now: Instant, what: Metered, account: Uuid) -> bool {
        let known = self.told.get(&(what, account)).is_some_and(|since| now.duration_since(*since) < TOLD);
        if !known {
            self.told.insert((what, account), now);
        }
        !known
    }

    /// Forgets what is full again.
    pub(crate) fn sweep(&mut self, now: Instant) {
        self.left.retain(|_, left| left.full_at > now);
        self.told.retain(|_, since| now.duration_since(*since) < TOLD);
    }
}

impl Switch {
    /// Counts an event of an account and its domain; seconds to wait when it is one too many, which is told.
    pub(crate) fn meter(&mut self, now: Instant, what: Metered, account: &Subscriber) -> Result<(), u64> {
        let taken = self.meters.take(now, what, account);
        if taken.is_err() && self.meters.is_news(now, what, account.account_id) {
            let object = serde_json::json!({"limit": what.setting(), "id": account.account_id, "address": account.address});
            self.write(Write::News(Occurrence { topic: "system", kind: "limit.hit", account_id: Some(account.account_id), domain_id: Some(account.domain_id), object: object.to_string() }));
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_fills_up_evenly_and_a_refusal_costs_nothing() {
        let (mut meters, start) = (Meters::default(), Instant::now());
        let ids = [Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)];
        let flow = |count| Flow { count, period: 60 };
        let after = |seconds: u64| start + Duration::from_secs(seconds);
        let own = |meters: &mut Meters, at: u64, account: usize| meters.take_of(after(at), Metered::CallIn, [(ids[account], flow(2)), (ids[2], flow(3))]);
        assert_eq!([own(&mut meters, 0, 0), own(&mut meters, 0, 0), own(&mut meters, 0, 0)], [Ok(()), Ok(()), Err(30)]);
        // One more of the domain is left, for whomever.
        assert_eq!([own(&mut meters, 0, 1), own(&mut meters, 0, 1)], [Ok(()), Err(20)]);
        assert_eq!([own(&mut meters, 20, 1), own(&mut meters, 20, 1)], [Ok(()), Err(20)]);
        assert_eq!(meters.refused, [0, 3, 0]);
        // Others are counted apart, and what has no limit is not counted.
        assert_eq!(meters.take_of(start, Metered::CallOut, [(ids[0], flow(1)), (ids[2], flow(-1))]), Ok(()));
        assert_eq!(meters.take_of(start, Metered::Register, [(ids[0], flow(0)), (ids[2], flow(-1))]), Err(60));
        assert_eq!(meters.left.len(), 4);
        meters.sweep(after(30));
        assert_eq!(meters.left.len(), 4);
        meters.sweep(after(90));
        assert!(meters.left.is_empty());
        // It is told once a minute, of each by itself.
        assert!(meters.is_news(start, Metered::CallOut, ids[0]) && !meters.is_news(after(59), Metered::CallOut, ids[0]) && meters.is_news(start, Metered::CallOut, ids[1]));
        assert!(meters.is_news(after(60), Metered::CallOut, ids[0]));
        meters.sweep(after(120));
        assert!(meters.told.is_empty());
    }
}
