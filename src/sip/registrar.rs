//! The location service and the rules of registration (RFC 3261 §10, RFC 3327, RFC 5626, RFC 5627).
//!
//! [`Locations`] holds all bindings of a node in memory; [`Locations::register`] takes a REGISTER whose sender may change
//! the bindings of the account, [`Locations::reply`] writes its answer, [`Locations::targets`] says where a request goes.
//! What changed is handed out as [`Change`]s, to be stored and told to subscribers.
//!
//! Times are Unix seconds of a clock that neither jumps nor stands still, such as the time of the start and what has passed
//! since.

use std::collections::HashMap;

use crate::deadlines::Deadlines;
use crate::endpoint::Flow;
use crate::header::Transport;

mod binding;
mod contacts;
mod gruu;
mod register;
mod reply;
mod targets;
#[cfg(test)]
mod tests;

pub use crate::Refusal;
pub use binding::{Binding, Nat, State, Texts};
pub use register::{Registered, Registration, Rules};
pub use reply::Reply;
pub use targets::Target;

/// Whose a binding is: 128 bits that mean nothing here.
pub type AccountId = u128;

/// Which a binding is: counted up from a random start, so that no two nodes give the same.
pub type BindingId = u128;

/// Finds a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Whose it is.
    pub account: AccountId,
    /// Which it is.
    pub id: BindingId,
}

/// Why a binding is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Nobody confirmed it in time.
    Expired,
    /// Its client took it back.
    Unregistered,
    /// A newer one of the account took its place.
    Evicted,
    /// The connection that alone reached it is closed (RFC 5626 §5.3.2).
    FlowFailed,
    /// An administrator removed it, or its password changed: the client may register again at once.
    Deactivated,
    /// The account or its service is closed.
    Rejected,
    /// The client may register again later.
    Probation,
}

impl Cause {
    /// The event of `reg` (RFC 3680 §5.3.2).
    pub fn event(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Unregistered => "unregistered",
            Self::Evicted | Self::FlowFailed | Self::Deactivated => "deactivated",
            Self::Rejected => "rejected",
            Self::Probation => "probation",
        }
    }
}

/// What became of a binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Added(Key),
    /// It is confirmed, with other texts or from elsewhere.
    Refreshed(Key),
    /// It is confirmed as it was, but for its times, Call-ID and CSeq. Told when its end moved by a tenth of its time since it
    /// was last told of, and before the end that was told.
    Prolonged(Key),
    /// The same, too soon after the last time to be told or stored.
    Confirmed(Key),
    /// It is no more.
    Removed(Cause, Box<Binding>),
}

/// A ping to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ping {
    /// The binding.
    pub key: Key,
    /// Where it goes.
    pub flow: Flow,
}

/// All bindings of a node.
#[derive(Debug)]
pub struct Locations {
    accounts: HashMap<AccountId, Vec<Binding>>,
    /// The accounts that registered over a connection.
    flows: HashMap<u64, Vec<AccountId>>,
    expiries: Deadlines<u64, Key>,
    pings: Deadlines<u64, Key>,
    ping_interval: u64,
    next_id: BindingId,
    count: usize,
}

impl Locations {
    /// None yet. `first_id` is random, such as a new UUID; `ping_interval` in seconds, 0 for no pings.
    pub fn new(first_id: BindingId, ping_interval: u64) -> Self {
        Self {
            accounts: HashMap::new(),
            flows: HashMap::new(),
            expiries: Deadlines::new(),
            pings: Deadlines::new(),
            ping_interval,
            next_id: first_id,
            count: 0,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All of an account, also those about to be taken away.
    pub fn list(&self, account: AccountId) -> &[Binding] {
        self.accounts
            .get(&account)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// All of the node, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Binding> {
        self.accounts.values().flatten()
    }

    /// One of them.
    pub fn get(&self, key: Key) -> Option<&Binding> {
        self.list(key.account)
            .iter()
            .find(|binding| binding.id == key.id)
    }

    fn get_mut(&mut self, key: Key) -> Option<&mut Binding> {
        let mut bindings = self.accounts.get_mut(&key.account)?.iter_mut();
        bindings.find(|binding| binding.id == key.id)
    }

    /// Puts back what was stored; `false` when it is over, or nothing reaches it as its connection ended with the process.
    /// The flow of datagrams is that of the listener as it is now. What was confirmed without being told may end later than what
    /// was stored, by a tenth of its time at most: that much is added.
    pub fn restore(&mut self, now: u64, state: State, texts: Texts<'_>) -> bool {
        let key = Key {
            account: state.account,
            id: state.id,
        };
        if state.expires_at <= now || state.needs_flow() || self.get(key).is_some() {
            return false;
        }
        let connected = !state.flow.transport.is_reliable();
        let mut binding = Binding::new(State { connected, ..state }, texts);
        let grace = binding.grace();
        binding.state_mut().expires_at += grace;
        self.insert(now, binding);
        true
    }

    fn insert(&mut self, now: u64, binding: Binding) {
        let key = Key {
            account: binding.account,
            id: binding.id,
        };
        let bindings = self.accounts.entry(key.account).or_default();
        // Most accounts have one device.
        bindings.reserve_exact(1);
        bindings.push(binding);
        self.count += 1;
        self.arm(key);
        self.note_flow(key);
        let spread = u64::try_from(key.id % 16).unwrap_or_default();
        self.arm_ping(key, now, spread.min(self.ping_interval / 2));
    }

    /// Sees to it that the wheel looks at a binding no later than it ends.
    fn arm(&mut self, key: Key) {
        let Some(binding) = self.get_mut(key) else {
            return;
        };
        let at = binding.expires_at;
        if at < binding.armed {
            binding.armed = at;
            self.expiries.set(at, key);
        }
    }

    fn note_flow(&mut self, key: Key) {
        let flow = self
            .get(key)
            .map(|binding| (binding.flow, binding.connected));
        if let Some((flow, true)) = flow
            && flow.transport.is_reliable()
        {
            let accounts = self.flows.entry(flow.id).or_default();
            if !accounts.contains(&key.account) {
                accounts.reserve_exact(1);
                accounts.push(key.account);
            }
        }
    }

    /// Forgets that an account uses a flow, unless another of its bindings does.
    fn forget_flow(&mut self, account: AccountId, flow: u64) {
        if self.list(account).iter().any(|binding| binding.uses(flow)) {
            return;
        }
        if let Some(accounts) = self.flows.get_mut(&flow) {
            accounts.retain(|other| *other != account);
            if accounts.is_empty() {
                self.flows.remove(&flow);
            }
        }
    }

    fn take(&mut self, key: Key) -> Option<Binding> {
        let bindings = self.accounts.get_mut(&key.account)?;
        let at = bindings.iter().position(|binding| binding.id == key.id)?;
        let binding = bindings.remove(at);
        if bindings.is_empty() {
            self.accounts.remove(&key.account);
        }
        self.count -= 1;
        self.forget_flow(key.account, binding.flow.id);
        Some(binding)
    }

    /// Removes one.
    pub fn remove(&mut self, key: Key, cause: Cause) -> Option<Change> {
        self.take(key)
            .map(|binding| Change::Removed(cause, Box::new(binding)))
    }

    /// Removes all of an account.
    pub fn clear(&mut self, account: AccountId, cause: Cause) -> Vec<Change> {
        let keys: Vec<Key> = self
            .list(account)
            .iter()
            .map(|b| Key { account, id: b.id })
            .collect();
        keys.into_iter()
            .filter_map(|key| self.remove(key, cause))
            .collect()
    }

    /// Removes what is over, and tells of what is not over at the end that was told.
    pub fn expire(&mut self, now: u64) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Some((at, key)) = self.expiries.pop(now) {
            match self.get_mut(key).filter(|binding| binding.armed == at) {
                Some(binding) if binding.expires_at > now => {
                    binding.armed = u64::MAX;
                    if binding.told_until < binding.expires_at {
                        binding.told_until = binding.expires_at;
                        changes.push(Change::Prolonged(key));
                    }
                    self.arm(key);
                }
                Some(_) => changes.extend(self.remove(key, Cause::Expired)),
                None => {}
            }
        }
        changes
    }

    /// When [`Locations::expire`] or [`Locations::due_pings`] has something to do.
    pub fn deadline(&self) -> Option<u64> {
        [self.expiries.next(), self.pings.next()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The connection is closed: what nothing else reaches is removed, for the rest a connection has to be opened.
    pub fn close_flow(&mut self, flow: u64) -> Vec<Change> {
        let mut changes = Vec::new();
        for account in self.flows.remove(&flow).unwrap_or_default() {
            let bindings = self.accounts.get_mut(&account).into_iter().flatten();
            let mut lost = Vec::new();
            for binding in bindings
                .filter(|b| b.connected && b.flow.transport.is_reliable() && b.flow.id == flow)
            {
                binding.state_mut().connected = false;
                if binding.needs_flow() {
                    let id = binding.id;
                    lost.push(Key { account, id });
                }
            }
            changes.extend(
                lost.into_iter()
                    .filter_map(|key| self.remove(key, Cause::FlowFailed)),
            );
        }
        changes
    }

    /// The bindings that were registered over a connection.
    pub fn of_flow(&self, flow: u64) -> impl Iterator<Item = &Binding> {
        let accounts = self.flows.get(&flow).into_iter().flatten();
        accounts
            .flat_map(|account| self.list(*account))
            .filter(move |binding| binding.uses(flow))
    }

    /// Sets the seconds between pings, 0 for none; counts from the next ping or REGISTER of each.
    pub fn set_ping_interval(&mut self, seconds: u64) {
        self.ping_interval = seconds;
    }

    /// Whether whoever sends over this connection may be taken for the account without a password, as it registered over it:
    /// of WebSockets and TLS, where nobody else can send.
    pub fn is_flow_of(&self, now: u64, flow: &Flow, account: AccountId) -> bool {
        let own = matches!(
            flow.transport,
            Transport::Tls | Transport::Ws | Transport::Wss
        );
        let mut bindings = self.list(account).iter();
        own && bindings.any(|b| b.uses(flow.id) && b.flow == *flow && b.expires_at > now)
    }

    fn arm_ping(&mut self, key: Key, now: u64, less: u64) {
        let interval = self.ping_interval;
        if let Some(binding) = self.get_mut(key)
            && !binding.pinged
            && binding.wants_pings()
            && interval > 0
        {
            binding.pinged = true;
            let wait = interval.saturating_sub(less).max(1);
            self.pings.set(now.saturating_add(wait), key);
        }
    }

    /// The pings that keep the ways to clients behind address translation open.
    pub fn due_pings(&mut self, now: u64) -> Vec<Ping> {
        let mut due = Vec::new();
        while let Some((_, key)) = self.pings.pop(now) {
            let Some(binding) = self.get_mut(key) else {
                continue;
            };
            binding.pinged = false;
            if binding.wants_pings() && binding.expires_at > now {
                let flow = binding.flow;
                due.push(Ping { key, flow });
            }
            self.arm_ping(key, now, 0);
        }
        due
    }

    /// A ping was answered.
    pub fn pong(&mut self, key: Key, rtt_ms: u32) {
        if let Some(binding) = self.get_mut(key) {
            let state = binding.state_mut();
            (state.misses, state.rtt_ms) = (0, Some(rtt_ms));
        }
    }

    /// A ping was not answered; `true` when requests no longer go there from now on.
    pub fn missed(&mut self, key: Key) -> bool {
        let Some(binding) = self.get_mut(key) else {
            return false;
        };
        let was = binding.is_reachable();
        let state = binding.state_mut();
        state.misses = state.misses.saturating_add(1);
        was && !binding.is_reachable()
    }
}

#[cfg(test)]
impl Locations {
    /// Octets that all of it occupies.
    fn octets(&self) -> usize {
        let bindings: usize = self.iter().map(Binding::octets).sum();
        let accounts =
            self.accounts.capacity() * 8 / 7 * (size_of::<(AccountId, Vec<Binding>)>() + 1);
        let flows = self.flows.capacity() * 8 / 7 * (size_of::<(u64, Vec<AccountId>)>() + 1)
            + self.flows.len() * 32;
        let waiting = self.expiries.octets() + self.pings.octets();
        bindings + accounts + flows + waiting
    }
}
