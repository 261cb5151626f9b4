//! Event packages (RFC 6665, RFC 3903): who watches presence, calls, registrations and messages that wait, and telling them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::presence::SipSubscription;
use service::{Change, Destination, Occurrence, PresenceRow, Sender, Signalled, Subscriber};
use sip::endpoint::Flow;
use sip::event_body::presence::Presence;
use sip::header::{MediaType, Transport};
use sip::publication::Publications;
use sip::registrar::{Binding, Cause};
use sip::subscription::{Asked, Due, Ending, Handle, Limits, Notifier, Package, Resource, Standing, Subscriber as Watcher, Times};
use sip::transaction::Key;
use sip::{Name, Refusal, Request};
use tokio::sync::watch;
use types::Timestamp;
use uuid::Uuid;

use crate::admit::{answer, tag};
use crate::call::moment;
use crate::lists::{self, Lists};
use crate::switch::{Input, Switch, Task};
use crate::write_behind::Write;

/// The states that are told.
pub(crate) const SERVED: [Package; 5] = [Package::Presence, Package::PresenceWatchers, Package::MessageSummary, Package::Dialog, Package::Registration];
/// Between two looks at an INBOX that changes.
const PAUSE: Duration = Duration::from_millis(500);
/// How long it is told that a binding is no more, and of how many of an account.
pub(crate) const GONE: Duration = Duration::from_secs(30);
const MOST_GONE: usize = 20;

/// Who watches what, and what there is to see besides calls and bindings.
#[derive(Debug)]
pub(crate) struct Events {
    pub(crate) notifier: Notifier,
    pub(crate) lists: Lists,
    pub(crate) published: Publications<Presence>,
    /// What accounts say of themselves.
    pub(crate) said: HashMap<Uuid, PresenceRow>,
    /// Accounts that watch or are watched.
    pub(crate) known: HashMap<Uuid, Arc<Subscriber>>,
    /// Bindings that are no more, of accounts whose bindings are watched.
    pub(crate) gone: HashMap<Uuid, Vec<(Instant, Cause, Binding)>>,
    /// Transactions of NOTIFYs.
    sent: HashMap<Key, Handle>,
    /// The ids of subscriptions in the database.
    pub(crate) stored: HashMap<Handle, Uuid>,
    pub(crate) inboxes: HashSet<Uuid>,
    /// Subscriptions of accounts whose connections are gone.
    pub(crate) held: HashMap<Uuid, Vec<Handle>>,
    /// A way to somebody is open: nobody is told before.
    pub(crate) ready: bool,
}

pub(crate) fn resource(package: Package, account: Uuid) -> Resource {
    Resource { package, account: account.as_u128(), list: false }
}

impl Events {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            notifier: Notifier::new(Limits::default()),
            lists: Lists::default(),
            published: Publications::new(Times::default(), seed),
            said: HashMap::new(),
            known: HashMap::new(),
            gone: HashMap::new(),
            sent: HashMap::new(),
            stored: HashMap::new(),
            inboxes: HashSet::new(),
            held: HashMap::new(),
            ready: false,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        [self.notifier.deadline(), self.published.deadline()].into_iter().flatten().min().filter(|_| self.ready)
    }

    /// The subscription of a NOTIFY that is on its way.
    pub(crate) fn sent(&self, key: &Key) -> Option<Handle> {
        self.sent.get(key).copied()
    }

    /// A NOTIFY is not on its way any more.
    pub(crate) fn forget_sent(&mut self, key: &Key) {
        self.sent.remove(key);
    }

    /// The state of an account is another: who watches it is told, by itself or in a list.
    pub(crate) fn changed(&mut self, package: Package, account: Uuid) {
        self.notifier.changed(resource(package, account));
        for list in self.lists.changed(package, account) {
            self.notifier.changed(list);
        }
    }

    /// An account registered or took back telephones.
    pub(crate) fn registrations_changed(&mut self, account: Uuid, gone: Option<(Cause, &Binding)>) {
        if self.notifier.is_empty() {
            return;
        }
        let watched = resource(Package::Registration, account);
        if let Some((cause, binding)) = gone
            && self.notifier.of(watched).next().is_some()
        {
            let now = Instant::now();
            let all = self.gone.entry(account).or_default();
            all.retain(|(since, ..)| now.duration_since(*since) < GONE);
            if all.len() < MOST_GONE {
                all.push((now, cause, binding.clone()));
            }
        }
        self.notifier.changed(watched);
        self.changed(Package::Presence, account);
    }

    /// A call of an account is in another state.
    pub(crate) fn calls_changed(&mut self, account: Option<Uuid>) {
        if let Some(account) = account
            && !self.notifier.is_empty()
        {
            self.changed(Package::Dialog, account);
            self.changed(Package::Presence, account);
        }
    }
}

/// Whether an account may watch another: it is told, has to wait for a decision, or may not.
/// `shown`: by the roster.
pub(crate) fn standing(package: Package, watcher: &Subscriber, watched: &Subscriber, shown: bool) -> Option<Standing> {
    let own = watcher.account_id == watched.account_id;
    let neighbour = watcher.domain_id == watched.domain_id;
    match package {
        Package::Presence if own || shown || neighbour && watched.settings.presence_domain_open => Some(Standing::Active),
        Package::Presence => Some(Standing::Pending),
        Package::Dialog => (own || neighbour && watched.settings.dialog_info).then_some(Standing::Active),
        _ => own.then_some(Standing::Active),
    }
}

/// Whether a request is about this.
pub(crate) fn is_of(request: &Request, package: Package) -> bool {
    request.first::<sip::header::Event<'_>>(Name::Event).is_ok_and(|event| event.is_some_and(|event| Package::parse(event.package) == Some(package)))
}

/// What a request wants to watch or publish, when it is one that is told.
pub(crate) fn is_served(request: &Request) -> bool {
    request.first::<sip::header::Event<'_>>(Name::Event).is_ok_and(|event| event.and_then(|event| Package::parse(event.package)).is_some_and(|package| SERVED.contains(&package)))
}

impl Switch {
    /// An account shows its presence to another, or not any more.
    pub(crate) fn roster_changed(&mut self, now: Instant, watched: Uuid, watcher: Uuid, shown: bool) {
        let (Some(known), Some(other)) = (self.events.known.get(&watched), self.events.known.get(&watcher)) else { return };
        let allowed = standing(Package::Presence, other, known, shown) == Some(Standing::Active);
        let of = self.events.notifier.of(resource(Package::Presence, watched));
        let theirs: Vec<(Handle, Standing)> = of.filter(|(_, one)| one.watcher == Some(watcher.as_u128())).map(|(handle, one)| (handle, one.standing)).collect();
        for (handle, before) in theirs {
            match (allowed, before) {
                (true, Standing::Pending) => {
                    self.events.notifier.decide(now, handle, Standing::Active);
                    self.store_subscription(now, handle);
                }
                (false, _) => self.events.notifier.end(now, handle, Ending::Rejected),
                (true, Standing::Active) => {}
            }
        }
        self.tick_events(now);
    }

    /// Somebody wants to watch an account.
    pub(crate) fn subscribe(&mut self, now: Instant, key: Key, flow: Flow, request: Request, sender: Sender, signalled: Signalled) {
        let [Destination::Account(watched)] = signalled.destinations.as_slice() else {
            return self.pass_on(now, key, flow, request, sender, signalled);
        };
        let watched = watched.clone();
        if request.value(Name::Event).is_some() && !is_served(&request) && !self.locations.list(watched.account_id.as_u128()).is_empty() {
            // A telephone may know.
            return self.pass_on(now, key, flow, request, sender, signalled);
        }
        let asked = match Asked::read(&request, &SERVED, &Times::default()) {
            Ok(asked) => asked,
            Err(refusal) => return self.refuse_subscription(now, &key, &flow, &request, &refusal),
        };
        let standing = sender.subscriber.as_ref().and_then(|watcher| Some((watcher.clone(), standing(asked.package, watcher, &watched, signalled.shown)?)));
        let Some((watcher, standing)) = standing else { return self.respond(now, &key, answer(&request, 403, "", &flow)) };
        let of = resource(asked.package, watched.account_id);
        let user = watched.address.rsplit_once('@').map_or("", |(user, _)| user);
        let Some(handle) = self.begin_subscription(now, &key, flow, &request, &asked, (of, user), (&watcher, standing)) else { return };
        if asked.package == Package::MessageSummary && asked.expires > 0 && self.events.inboxes.insert(watched.account_id) {
            self.watch_inbox(watched.account_id);
        }
        self.events.known.insert(watcher.account_id, watcher);
        self.events.known.insert(watched.account_id, watched);
        self.store_subscription(now, handle);
        self.tick_events(now);
    }

    pub(crate) fn refuse_subscription(&mut self, now: Instant, key: &Key, flow: &Flow, request: &Request, refusal: &Refusal) {
        self.answer(now, key, refusal.status, refusal.reply(request, &tag(), flow.address).finish());
    }

    /// Begins to tell a watcher of something, which is answered; `None` when it is refused.
    #[expect(clippy::too_many_arguments, reason = "a request and what was found out about it")]
    pub(crate) fn begin_subscription(&mut self, now: Instant, key: &Key, flow: Flow, request: &Request, asked: &Asked<'_>, (resource, user): (Resource, &str), (watcher, standing): (&Subscriber, Standing)) -> Option<Handle> {
        let contact = self.contact(user, &flow);
        let subscriber = Watcher { resource, watcher: Some(watcher.account_id.as_u128()), standing, flow, tag: &tag(), contact: &contact };
        match self.events.notifier.subscribe(now, request, asked, &subscriber) {
            Err(refusal) => {
                self.refuse_subscription(now, key, &flow, request, &refusal);
                None
            }
            Ok(handle) => {
                let octets = self.events.notifier.reply(request, handle, asked.expires, flow);
                self.answer(now, key, 200, octets);
                Some(handle)
            }
        }
    }

    /// Our Contact in a subscription to what this user stands for.
    pub(crate) fn contact(&mut self, user: &str, flow: &Flow) -> String {
        let transport = match flow.transport {
            Transport::Udp => String::new(),
            other => format!(";transport={}", other.name().to_lowercase()),
        };
        format!("<sip:{}@{}{transport}>", sip::uri::escape_user(user), self.sent_by(flow))
    }

    /// A SUBSCRIBE in a dialog of ours; whether it was one.
    pub(crate) fn resubscribe(&mut self, now: Instant, key: &Key, flow: &Flow, request: &Request) -> bool {
        if !request.to().is_ok_and(|to| to.tag().is_some()) {
            return false;
        }
        // It may be a subscription that went through here.
        let Ok(asked) = Asked::read(request, &SERVED, &Times::default()) else { return false };
        match self.events.notifier.refresh(now, request, &asked, *flow) {
            Ok(handle) => {
                let octets = self.events.notifier.reply(request, handle, asked.expires, *flow);
                self.answer(now, key, 200, octets);
                if let Some(of) = self.events.notifier.get(handle).map(|subscription| subscription.resource).filter(|of| of.list) {
                    self.events.lists.forget_members(handle, of);
                }
                self.store_subscription(now, handle);
                self.tick_events(now);
            }
            Err(refusal) if refusal.status == 481 => return false,
            Err(refusal) => self.answer(now, key, refusal.status, refusal.reply(request, &tag(), flow.address).finish()),
        }
        true
    }

    /// A device says how its account can be reached.
    pub(crate) fn publish(&mut self, now: Instant, key: Key, flow: Flow, request: Request, sender: Sender, signalled: Signalled) {
        let [Destination::Account(account)] = signalled.destinations.as_slice() else {
            return self.pass_on(now, key, flow, request, sender, signalled);
        };
        let (id, refuse) = (account.account_id, |status| answer(&request, status, "", &flow));
        if let Err(refusal) = Publications::<Presence>::package(&request, &[Package::Presence]) {
            return self.answer(now, &key, refusal.status, refusal.reply(&request, &tag(), flow.address).finish());
        }
        if sender.subscriber.is_none_or(|subscriber| subscriber.account_id != id) {
            return self.respond(now, &key, refuse(403));
        }
        let state = if request.body().is_empty() {
            None
        } else if !request.first::<MediaType<'_>>(Name::ContentType).is_ok_and(|kind| kind.is_some_and(|kind| kind.is("application", "pidf+xml"))) {
            return self.respond(now, &key, refuse(415));
        } else {
            match Presence::read(request.body()) {
                Ok(presence) => Some(presence),
                Err(_) => return self.respond(now, &key, answer(&request, 400, "Bad Presence", &flow)),
            }
        };
        let watched = resource(Package::Presence, id);
        match self.events.published.publish(now, &request, watched, state) {
            Err(refusal) => self.answer(now, &key, refusal.status, refusal.reply(&request, &tag(), flow.address).finish()),
            Ok(published) => {
                self.answer(now, &key, 200, published.reply(&request, &tag(), flow.address));
                if published.changed {
                    let object = serde_json::json!({"id": id, "address": account.address});
                    self.write(Write::News(Occurrence { topic: "im", kind: "presence.changed", account_id: Some(id), domain_id: Some(account.domain_id), object: object.to_string() }));
                    self.events.changed(Package::Presence, id);
                    self.tick_events(now);
                }
            }
        }
    }

    /// Tells whom something is to be told now.
    pub(crate) fn tick_events(&mut self, now: Instant) {
        if !self.events.ready {
            return;
        }
        while let Some(expired) = self.events.published.expire(now) {
            self.events.changed(expired.package, Uuid::from_u128(expired.account));
        }
        let mut told = false;
        while let Some(due) = self.events.notifier.poll(now) {
            told = true;
            self.tell_subscriber(now, &due);
        }
        if told {
            self.drain(now);
        }
    }

    fn tell_subscriber(&mut self, now: Instant, due: &Due) {
        if due.resource.list {
            return self.tell_list(now, due);
        }
        if due.resource.package == Package::MessageSummary {
            let (service, handle, account) = (self.shared.service.clone(), due.handle, Uuid::from_u128(due.resource.account));
            let task: Task = Box::pin(async move {
                // Whoever cannot be told the truth is told nothing new.
                Input::Summary(handle, service.voice_messages(account).await.unwrap_or_default())
            });
            return self.tasks.push(task);
        }
        let body = self.event_body(now, due);
        self.send_notify(now, due.handle, body.as_deref().map(|body| (due.resource.package.body(), body)));
    }

    /// The voice messages of a subscriber are counted.
    pub(crate) fn summary(&mut self, now: Instant, handle: Handle, counts: [i64; 4]) {
        let Some(subscription) = self.events.notifier.get(handle) else { return };
        let account = Uuid::from_u128(subscription.resource.account);
        let address = self.events.known.get(&account).map(|subscriber| format!("sip:{}", subscriber.address)).unwrap_or_default();
        let body = crate::event_state::summary(&address, counts);
        self.send_notify(now, handle, Some((Package::MessageSummary.body(), &body)));
    }

    /// Sends what is to be told, with its media type; whether something leads to the subscriber.
    pub(crate) fn send_notify(&mut self, now: Instant, handle: Handle, body: Option<(&str, &str)>) -> bool {
        let Some(flow) = self.events.notifier.get(handle).map(|subscription| subscription.flow) else { return false };
        let Some(usable) = self.way_to_subscriber(handle) else {
            if !self.hold_subscriber(handle) {
                // Nothing leads there any more.
                self.events.notifier.answered(handle, 480);
                self.forget_subscription(handle);
            }
            return false;
        };
        if usable != flow && usable.transport != Transport::Udp {
            self.events.notifier.lead(handle, usable);
        }
        let via = self.new_via(&usable);
        let Some((_, octets)) = self.events.notifier.notify(now, handle, &via, body.map(|(media_type, body)| (media_type, body.as_bytes()))) else { return false };
        if let Some(key) = self.endpoint.send(now, usable, octets) {
            self.events.sent.insert(key, handle);
        }
        self.forget_subscription(handle);
        true
    }

    /// A NOTIFY was answered so, 408 when not at all; whether it was one.
    pub(crate) fn notify_answered(&mut self, key: &Key, status: u16) -> bool {
        if status < 200 {
            return self.events.sent.contains_key(key);
        }
        let Some(handle) = self.events.sent.remove(key) else { return false };
        self.events.notifier.answered(handle, status);
        self.forget_subscription(handle);
        true
    }

    pub(crate) fn watch_inbox(&mut self, account: Uuid) {
        let service = self.shared.service.clone();
        let task: Task = Box::pin(async move { Input::Inbox(account, next_change(service.watch_inbox(account).await.ok().flatten()).await) });
        self.tasks.push(task);
    }

    /// The INBOX of an account has changed, or cannot be watched any more.
    pub(crate) fn inbox_changed(&mut self, account: Uuid, inbox: Option<watch::Receiver<Change>>) {
        let watched = resource(Package::MessageSummary, account);
        let unasked = self.has_unasked(account);
        if inbox.is_none() || self.events.notifier.of(watched).next().is_none() && !unasked {
            self.events.inboxes.remove(&account);
            return;
        }
        if unasked {
            self.count_unasked(account);
        }
        self.events.notifier.changed(watched);
        self.tasks.push(Box::pin(async move { Input::Inbox(account, next_change(inbox).await) }));
    }

    /// What all accounts said of themselves before the server started.
    pub(crate) async fn restore_presences(&mut self) {
        match self.shared.service.presences().await {
            Ok(rows) => self.events.said.extend(rows.into_iter().map(|row| (row.account_id, row))),
            Err(error) => tracing::error!(%error, "presence cannot be read"),
        }
    }

    /// An account says something of itself.
    pub(crate) fn say_presence(&mut self, row: PresenceRow) {
        self.events.changed(Package::Presence, row.account_id);
        self.events.said.insert(row.account_id, row);
    }

    /// Who watches what, as the API shows it.
    pub(crate) fn list_subscriptions(&self, now: Instant) -> Vec<SipSubscription> {
        let at = |instant: Instant| {
            let (moment, ahead, ago) = (moment().micros(), instant.saturating_duration_since(now), now.saturating_duration_since(instant));
            let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
            Timestamp::from_micros(moment.saturating_add(micros(ahead)).saturating_sub(micros(ago)))
        };
        let one = |(handle, subscription): (Handle, &sip::subscription::Subscription)| {
            let watched = self.events.known.get(&Uuid::from_u128(subscription.resource.account))?;
            let watcher = subscription.watcher.and_then(|watcher| self.events.known.get(&Uuid::from_u128(watcher)));
            Some(SipSubscription {
                id: i64::try_from(handle.number()).unwrap_or(i64::MAX),
                package: subscription.resource.package.name().to_owned(),
                account_id: watched.account_id,
                domain_id: watched.domain_id,
                address: if subscription.resource.list { watched.address.rsplit_once('@').map_or_else(String::new, |(_, domain)| format!("{}@{domain}", lists::NAME)) } else { watched.address.to_string() },
                watcher_id: watcher.map(|watcher| watcher.account_id),
                watcher: watcher.map(|watcher| watcher.address.to_string()).unwrap_or_default(),
                state: if subscription.standing == Standing::Active { "active" } else { "pending" }.to_owned(),
                remote: subscription.flow.address.to_string(),
                transport: subscription.flow.transport.name().to_lowercase(),
                since: at(subscription.since),
                expires_at: at(subscription.expires_at),
            })
        };
        self.events.notifier.iter().filter(|(_, subscription)| !subscription.is_ending()).filter_map(one).collect()
    }
}

/// Waits until an INBOX changes, and a little for what changes with it.
async fn next_change(inbox: Option<watch::Receiver<Change>>) -> Option<watch::Receiver<Change>> {
    let mut inbox = inbox?;
    inbox.changed().await.ok()?;
    tokio::time::sleep(PAUSE).await;
    inbox.mark_unchanged();
    Some(inbox)
}
