//! The notifier's side of subscriptions (RFC 6665): who watches what, and when each is told.
//!
//! [`Asked::read`] checks a SUBSCRIBE by itself; the driver then finds out what it is for and whether the sender may, and
//! gives it to [`Notifier::subscribe`], or to [`Notifier::refresh`] inside a dialog. [`Notifier::changed`] marks a resource;
//! [`Notifier::poll`] says whom to tell now, as often as the package allows, and the driver has [`Notifier::notify`] write
//! the request with the state as it is then: what changed meanwhile is told once.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::deadlines::Deadlines;
use crate::dialog::{Dialog, DialogId};
use crate::endpoint::Flow;
use crate::registrar::AccountId;
use crate::{Method, Name, Refusal, Request};

mod asked;
mod held;
mod package;
mod subscriber;
#[cfg(test)]
mod tests;

pub use asked::{Asked, Times};
pub(crate) use asked::{event, unknown};
pub use package::Package;
pub use subscriber::{Due, Ending, Kept, Standing, Subscriber};

/// What is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Resource {
    /// Which of its states.
    pub package: Package,
    /// Whose, in the driver's numbers.
    pub account: AccountId,
    /// Not that of the account itself, but of all that stand in its list (RFC 4662).
    pub list: bool,
}

/// Finds a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle(u64);

impl Handle {
    /// The number that nothing else of this node's subscriptions has, to be shown.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// One subscription.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// What is watched.
    pub resource: Resource,
    /// By which account, `None` for a stranger.
    pub watcher: Option<AccountId>,
    /// Whether he is told.
    pub standing: Standing,
    /// Where his last SUBSCRIBE came from.
    pub flow: Flow,
    /// When he subscribed.
    pub since: Instant,
    /// When it ends.
    pub expires_at: Instant,
    kept: Kept,
    version: u32,
    changed: bool,
    not_before: Instant,
    ending: Option<Ending>,
    /// The earliest moment that is set for it.
    armed: Option<Instant>,
}

impl Subscription {
    /// What it is made of.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Whether its last NOTIFY is still to be sent.
    pub fn is_ending(&self) -> bool {
        self.ending.is_some()
    }
}

/// Bounds of a notifier.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most subscriptions to one resource.
    pub per_resource: usize,
    /// Most subscriptions of one account.
    pub per_watcher: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_resource: 500,
            per_watcher: 200,
        }
    }
}

/// All subscriptions of a node.
#[derive(Debug)]
pub struct Notifier {
    limits: Limits,
    next: u64,
    subscriptions: HashMap<Handle, Subscription>,
    dialogs: HashMap<DialogId, Vec<Handle>>,
    resources: HashMap<Resource, Vec<Handle>>,
    watchers: HashMap<AccountId, usize>,
    deadlines: Deadlines<Instant, Handle>,
}

impl Notifier {
    /// Without subscriptions.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            next: 0,
            subscriptions: HashMap::new(),
            dialogs: HashMap::new(),
            resources: HashMap::new(),
            watchers: HashMap::new(),
            deadlines: Deadlines::new(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.subscriptions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
    }

    /// One of them.
    pub fn get(&self, handle: Handle) -> Option<&Subscription> {
        self.subscriptions.get(&handle)
    }

    /// All of the node, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Handle, &Subscription)> {
        self.subscriptions.iter().map(|(handle, s)| (*handle, s))
    }

    /// Those to a resource, in the order they came.
    pub fn of(&self, resource: Resource) -> impl Iterator<Item = (Handle, &Subscription)> {
        let handles = self.resources.get(&resource).into_iter().flatten();
        handles.filter_map(|handle| Some((*handle, self.get(*handle)?)))
    }

    /// Takes a SUBSCRIBE outside of dialogs; a 200 by [`Notifier::reply`] is due, then what [`Notifier::poll`] says.
    ///
    /// # Errors
    /// [`Refusal`] with the answer to give.
    pub fn subscribe(
        &mut self,
        now: Instant,
        request: &Request,
        asked: &Asked<'_>,
        subscriber: &Subscriber<'_>,
    ) -> Result<Handle, Refusal> {
        let resource = subscriber.resource;
        if resource.list && !asked.lists {
            return Err(Refusal::new(421, "").with(Name::Require, "eventlist"));
        }
        let watched = self.resources.get(&resource).map_or(0, Vec::len);
        let watcher = subscriber.watcher;
        let watching = watcher.and_then(|watcher| self.watchers.get(&watcher));
        if watched >= self.limits.per_resource
            || watching.is_some_and(|n| *n >= self.limits.per_watcher)
        {
            return Err(Refusal::new(403, "Too many subscriptions"));
        }
        let mut dialog = Dialog::answering(request, subscriber.tag, 1)
            .map_err(|_| Refusal::new(400, "Bad Contact"))?;
        dialog.confirm();
        let kept = Kept {
            dialog,
            event_id: asked.id.map(Into::into),
            contact: subscriber.contact.into(),
        };
        let expires_at = now + seconds(asked.expires);
        let handle = self.insert(now, subscriber, kept, expires_at);
        if asked.expires == 0 {
            self.end(now, handle, Ending::Timeout);
        }
        Ok(handle)
    }

    /// Puts back what was stored; its subscriber is told the state at once, with numbers from the start.
    pub fn restore(
        &mut self,
        now: Instant,
        subscriber: &Subscriber<'_>,
        kept: Kept,
        expires_at: Instant,
    ) -> Handle {
        self.insert(now, subscriber, kept, expires_at)
    }

    fn insert(
        &mut self,
        now: Instant,
        subscriber: &Subscriber<'_>,
        kept: Kept,
        expires_at: Instant,
    ) -> Handle {
        let (resource, handle) = (subscriber.resource, Handle(self.next));
        self.next += 1;
        self.dialogs
            .entry(kept.dialog.id().clone())
            .or_default()
            .push(handle);
        self.resources.entry(resource).or_default().push(handle);
        if let Some(watcher) = subscriber.watcher {
            *self.watchers.entry(watcher).or_default() += 1;
        }
        let subscription = Subscription {
            resource,
            watcher: subscriber.watcher,
            standing: subscriber.standing,
            flow: subscriber.flow,
            since: now,
            expires_at,
            kept,
            version: 0,
            changed: true,
            not_before: now,
            ending: None,
            armed: None,
        };
        self.subscriptions.insert(handle, subscription);
        self.arm(handle);
        self.watched(resource);
        handle
    }

    /// Takes a SUBSCRIBE inside a dialog: a refresh, or the end when it asks for 0 seconds.
    ///
    /// # Errors
    /// [`Refusal`] with the answer to give: 481 when there is no such subscription, 500 when it was overtaken.
    pub fn refresh(
        &mut self,
        now: Instant,
        request: &Request,
        asked: &Asked<'_>,
        flow: Flow,
    ) -> Result<Handle, Refusal> {
        let dialog = DialogId::of_request(request);
        let handles = dialog.and_then(|id| self.dialogs.get(&id)).into_iter();
        let fits = |handle: &&Handle| {
            self.subscriptions.get(handle).is_some_and(|s| {
                s.resource.package == asked.package
                    && s.kept.event_id.as_deref() == asked.id
                    && s.ending.is_none()
            })
        };
        let handle = handles.flatten().find(fits).copied();
        let found = handle.and_then(|handle| Some((handle, self.subscriptions.get_mut(&handle)?)));
        let Some((handle, subscription)) = found else {
            return Err(Refusal::new(481, "Subscription Does Not Exist"));
        };
        let taken = subscription.kept.dialog.request(request);
        taken.map_err(|error| Refusal::new(error.status(), ""))?;
        subscription.flow = flow;
        subscription.expires_at = now + seconds(asked.expires);
        // Whoever refreshes is told at once (RFC 6665 §4.2.1.2).
        (subscription.changed, subscription.not_before) = (true, now);
        if asked.expires == 0 {
            subscription.ending = Some(Ending::Timeout);
        }
        self.arm(handle);
        Ok(handle)
    }

    /// The 200 to a SUBSCRIBE.
    pub fn reply(&self, request: &Request, handle: Handle, expires: u32, flow: Flow) -> Bytes {
        let Some(subscription) = self.get(handle) else {
            return crate::Writer::reply(request, 481, "", "", flow.address).finish();
        };
        let mut writer = subscription
            .kept
            .dialog
            .reply(request, 200, "", flow.address);
        writer.field(Name::Contact, subscription.kept.contact.as_bytes());
        writer.field(Name::Expires, expires.to_string());
        if subscription.resource.list {
            writer.field(Name::Require, "eventlist");
        }
        writer.finish()
    }

    /// The state of a resource is another; who waits for a decision is not told.
    pub fn changed(&mut self, resource: Resource) {
        for handle in self.resources.get(&resource).cloned().unwrap_or_default() {
            if let Some(subscription) = self.subscriptions.get_mut(&handle)
                && !subscription.changed
                && subscription.standing == Standing::Active
            {
                subscription.changed = true;
                self.arm(handle);
            }
        }
    }

    /// Somebody decided about a subscriber.
    pub fn decide(&mut self, now: Instant, handle: Handle, standing: Standing) {
        let Some(subscription) = self.subscriptions.get_mut(&handle) else {
            return;
        };
        if subscription.standing != standing {
            subscription.standing = standing;
            (subscription.changed, subscription.not_before) = (true, now);
            let resource = subscription.resource;
            self.arm(handle);
            self.watched(resource);
        }
    }

    /// Ends a subscription; its subscriber is told.
    pub fn end(&mut self, now: Instant, handle: Handle, ending: Ending) {
        if let Some(subscription) = self.subscriptions.get_mut(&handle)
            && subscription.ending.is_none()
        {
            subscription.ending = Some(ending);
            (subscription.changed, subscription.not_before) = (true, now);
            self.arm(handle);
        }
    }

    /// Ends all subscriptions to a resource.
    pub fn end_all(&mut self, now: Instant, resource: Resource, ending: Ending) {
        for handle in self.resources.get(&resource).cloned().unwrap_or_default() {
            self.end(now, handle, ending);
        }
    }

    /// A NOTIFY was answered with this status, 408 when not at all. Some statuses end the subscription (RFC 6665 §4.2.2, RFC
    /// 5057 §5): `true` then.
    pub fn answered(&mut self, handle: Handle, status: u16) -> bool {
        let ends = matches!(
            status,
            404 | 405 | 408 | 410 | 416 | 480..=485 | 489 | 501 | 604
        );
        ends && self.remove(handle).is_some()
    }

    /// When [`Notifier::poll`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Whom to tell now; to be called until it answers `None`, and [`Notifier::notify`] after each.
    pub fn poll(&mut self, now: Instant) -> Option<Due> {
        while let Some((at, handle)) = self.deadlines.pop(now) {
            let subscription = self.subscriptions.get_mut(&handle);
            let Some(subscription) = subscription.filter(|s| s.armed == Some(at)) else {
                continue;
            };
            subscription.armed = None;
            if subscription.expires_at <= now && subscription.ending.is_none() {
                subscription.ending = Some(Ending::Timeout);
                (subscription.changed, subscription.not_before) = (true, now);
            }
            let tells = subscription.changed && subscription.not_before <= now;
            if tells {
                subscription.changed = false;
                subscription.not_before = now + subscription.resource.package.pause();
                let due = Due {
                    handle,
                    resource: subscription.resource,
                    version: subscription.version,
                    standing: subscription.standing,
                    ending: subscription.ending,
                };
                subscription.version = subscription.version.wrapping_add(1);
                self.arm(handle);
                return Some(due);
            }
            self.arm(handle);
        }
        None
    }

    /// Writes the NOTIFY that is due: where it goes, and the octets. `via` is the value of Via with a new branch, the body
    /// has its media type: that of the package, or that of a list
    /// ([`resource_list::write`](crate::event_body::resource_list::write)). After the last one the subscription is gone.
    pub fn notify(
        &mut self,
        now: Instant,
        handle: Handle,
        via: &str,
        body: Option<(&str, &[u8])>,
    ) -> Option<(Flow, Bytes)> {
        let subscription = self.subscriptions.get_mut(&handle)?;
        let package = subscription.resource.package;
        let mut writer = subscription.kept.dialog.next(&Method::Notify, via);
        writer.field(Name::Contact, subscription.kept.contact.as_bytes());
        let event = match &subscription.kept.event_id {
            Some(id) => format!("{};id={id}", package.name()),
            None => package.name().to_owned(),
        };
        writer.field(Name::Event, event);
        let left = subscription.expires_at.saturating_duration_since(now);
        let state = match (subscription.ending, subscription.standing) {
            (Some(Ending::Probation(after)), _) => {
                format!("terminated;reason=probation;retry-after={after}")
            }
            (Some(ending), _) => format!("terminated;reason={}", ending.name()),
            (None, Standing::Active) => format!("active;expires={}", left.as_secs()),
            (None, Standing::Pending) => format!("pending;expires={}", left.as_secs()),
        };
        writer.field(Name::SubscriptionState, state);
        if subscription.resource.list {
            writer.field(Name::Require, "eventlist");
        }
        let octets = match body {
            Some((media_type, body)) => writer.body(media_type, body),
            None => writer.finish(),
        };
        let flow = subscription.flow;
        if subscription.ending.is_some() {
            self.remove(handle);
        }
        Some((flow, octets))
    }

    fn arm(&mut self, handle: Handle) {
        let Some(subscription) = self.subscriptions.get_mut(&handle) else {
            return;
        };
        let at = match (subscription.changed, subscription.ending) {
            (true, Some(_)) => subscription.not_before,
            (true, None) => subscription.not_before.min(subscription.expires_at),
            // Its last NOTIFY is being written.
            (false, Some(_)) => return,
            (false, None) => subscription.expires_at,
        };
        if subscription.armed.is_none_or(|armed| at < armed) {
            subscription.armed = Some(at);
            self.deadlines.set(at, handle);
        }
    }

    fn remove(&mut self, handle: Handle) -> Option<Subscription> {
        let subscription = self.subscriptions.remove(&handle)?;
        forget(&mut self.dialogs, subscription.kept.dialog.id(), handle);
        forget(&mut self.resources, &subscription.resource, handle);
        if let Some(watcher) = subscription.watcher
            && let Some(count) = self.watchers.get_mut(&watcher)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.watchers.remove(&watcher);
            }
        }
        self.watched(subscription.resource);
        Some(subscription)
    }

    /// Who watches a presence is itself a state.
    fn watched(&mut self, resource: Resource) {
        if resource.package == Package::Presence && !resource.list {
            self.changed(Resource {
                package: Package::PresenceWatchers,
                ..resource
            });
        }
    }
}

fn forget<K: std::hash::Hash + Eq>(map: &mut HashMap<K, Vec<Handle>>, key: &K, handle: Handle) {
    if let Some(handles) = map.get_mut(key) {
        handles.retain(|other| *other != handle);
        if handles.is_empty() {
            map.remove(key);
        }
    }
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}
