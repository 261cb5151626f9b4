//! Subscribers whom nothing leads to now.

use std::time::Instant;

use super::{Handle, Notifier};
use crate::endpoint::Flow;

impl Notifier {
    /// Nothing leads to a subscriber now: he is told the state when [`Notifier::resume`] says that something does, when he
    /// refreshes, or not at all when his time is over before. `false` for one who is to be told that it is over.
    pub fn hold(&mut self, handle: Handle) -> bool {
        let Some(subscription) = self.subscriptions.get_mut(&handle) else {
            return false;
        };
        if subscription.ending.is_some() {
            return false;
        }
        (subscription.changed, subscription.not_before) = (true, subscription.expires_at);
        // What he did not get has no number.
        subscription.version = subscription.version.wrapping_sub(1);
        self.arm(handle);
        true
    }

    /// Something leads to a subscriber again: he is told what he was not told.
    pub fn resume(&mut self, now: Instant, handle: Handle) {
        if let Some(subscription) = self.subscriptions.get_mut(&handle)
            && subscription.changed
        {
            subscription.not_before = subscription.not_before.min(now);
            self.arm(handle);
        }
    }

    /// He is told by this way from now on.
    pub fn lead(&mut self, handle: Handle, flow: Flow) {
        if let Some(subscription) = self.subscriptions.get_mut(&handle) {
            subscription.flow = flow;
        }
    }
}
