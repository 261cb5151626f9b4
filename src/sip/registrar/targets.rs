//! Where requests to an account go.

use std::cmp::Reverse;

use super::{AccountId, Binding, Locations};

/// A device, with the ways to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target<'a> {
    /// The best preference of its ways, in thousandths.
    pub q: u16,
    /// One way after the other, to be tried when the one before fails (430, 408 without response or a fault of the
    /// transport, RFC 5626 §7); never empty.
    pub ways: Vec<&'a Binding>,
}

impl Locations {
    /// What a request to the account is sent to: each device once, as it may have several flows (RFC 5626 §7); those with
    /// the highest preference first.
    pub fn targets(&self, now: u64, account: AccountId) -> Vec<Target<'_>> {
        let mut targets: Vec<Target<'_>> = Vec::new();
        let bindings = self.list(account).iter();
        for binding in bindings.filter(|b| b.expires_at > now && b.is_reachable()) {
            let instance = binding.texts().instance;
            let device = targets.iter_mut().find(|target| {
                let first = target.ways.first();
                !instance.is_empty() && first.is_some_and(|way| way.texts().instance == instance)
            });
            match device {
                Some(target) => {
                    target.q = target.q.max(binding.q);
                    target.ways.push(binding);
                }
                None => targets.push(Target {
                    q: binding.q,
                    ways: vec![binding],
                }),
            }
        }
        for target in &mut targets {
            target
                .ways
                .sort_by_key(|way| (Reverse(way.refreshed_at), way.reg_id));
        }
        targets.sort_by_key(|target| Reverse(target.q));
        targets
    }

    /// The device of this identity, when it can be reached.
    pub fn device(&self, now: u64, account: AccountId, instance: &str) -> Option<Target<'_>> {
        let mut targets = self.targets(now, account).into_iter();
        targets.find(|target| {
            let first = target.ways.first();
            first.is_some_and(|way| !instance.is_empty() && way.texts().instance == instance)
        })
    }
}
