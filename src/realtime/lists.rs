//! Lists of resources (RFC 4662): all who stand in the roster of an account, told to it in one subscription to `roster@DOMAIN`
//! instead of one for each; of each as much as a subscription of its own would tell.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use service::{RosterMember, Subscriber};
use sip::endpoint::Flow;
use sip::event_body::resource_list;
use sip::subscription::{Asked, Due, Ending, Handle, Package, Resource, Standing, Times};
use sip::transaction::Key;
use sip::{Request, Uri};
use uuid::Uuid;

use crate::admit::tag;
use crate::events::{resource, standing};
use crate::switch::{Input, Switch, Task};

/// The user of the list; whose it is says the domain and who asks.
pub(crate) const NAME: &str = "roster";
/// What lists there are of.
pub(crate) const SERVED: [Package; 2] = [Package::Presence, Package::Dialog];
/// Most members of a list, and most octets of their states in one NOTIFY, which has to fit into a datagram; the others come
/// with the next.
const MOST: usize = 200;
const MOST_OCTETS: usize = 24 * 1024;

/// Somebody in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    uri: String,
    name: String,
    account: Option<Uuid>,
    standing: Result<Standing, Ending>,
}

impl Member {
    fn new(package: Package, owner: &Subscriber, member: &RosterMember) -> Self {
        let watched = member.subscriber.as_ref().filter(|watched| watched.active && watched.settings.signal);
        let allowed = watched.map(|watched| standing(package, owner, watched, member.sees).ok_or(Ending::Rejected));
        Self { uri: format!("sip:{}", member.peer), name: member.name.clone(), account: watched.map(|watched| watched.account_id), standing: allowed.unwrap_or(Err(Ending::NoResource)) }
    }
}

/// A subscription to a list.
#[derive(Debug)]
struct List {
    package: Package,
    owner: Uuid,
    members: Vec<Member>,
    /// The members are not known, or not any more.
    stale: bool,
    /// All of it is to be told, as at first.
    whole: bool,
    /// The members whose states are to be told.
    changed: BTreeSet<usize>,
    version: u32,
}

/// Subscriptions to lists.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    lists: HashMap<Handle, List>,
    /// In which ones an account stands.
    of: HashMap<Uuid, HashSet<Handle>>,
}

/// The list of an account.
pub(crate) fn list_of(package: Package, owner: Uuid) -> Resource {
    Resource { list: true, ..resource(package, owner) }
}

/// Whether a URI names a list.
pub(crate) fn is_named(uri: &Uri<'_>) -> bool {
    uri.is_sip() && uri.user().is_some_and(|user| user.eq_ignore_ascii_case(NAME))
}

impl Lists {
    /// The state of an account is another; the lists that are to be told.
    pub(crate) fn changed(&mut self, package: Package, account: Uuid) -> Vec<Resource> {
        let mut told = Vec::new();
        for handle in self.of.get(&account).into_iter().flatten() {
            let Some(list) = self.lists.get_mut(handle).filter(|list| list.package == package) else { continue };
            let here = list.members.iter().enumerate().filter(|(_, member)| member.account == Some(account) && member.standing == Ok(Standing::Active));
            let before = list.changed.len();
            list.changed.extend(here.map(|(index, _)| index));
            if list.changed.len() > before {
                told.push(list_of(package, list.owner));
            }
        }
        told
    }

    /// The members of a list have to be found out.
    pub(crate) fn forget_members(&mut self, handle: Handle, of: Resource) {
        let new = || List { package: of.package, owner: Uuid::from_u128(of.account), members: Vec::new(), stale: true, whole: true, changed: BTreeSet::new(), version: 0 };
        self.lists.entry(handle).or_insert_with(new).stale = true;
    }

    /// What was told may not have come.
    pub(crate) fn tell_whole(&mut self, handle: Handle) {
        if let Some(list) = self.lists.get_mut(&handle) {
            list.whole = true;
        }
    }

    fn leave(&mut self, handle: Handle) {
        for member in self.lists.get(&handle).into_iter().flat_map(|list| &list.members).filter_map(|member| member.account) {
            if let Some(handles) = self.of.get_mut(&member) {
                handles.remove(&handle);
                if handles.is_empty() {
                    self.of.remove(&member);
                }
            }
        }
    }

    /// These are the members of a list; all of it is told.
    fn fill(&mut self, handle: Handle, members: Vec<Member>) {
        self.leave(handle);
        let Some(list) = self.lists.get_mut(&handle) else { return };
        for account in members.iter().filter_map(|member| member.account) {
            self.of.entry(account).or_default().insert(handle);
        }
        (list.members, list.stale, list.whole) = (members, false, true);
    }

    /// A subscription is no more.
    pub(crate) fn remove(&mut self, handle: Handle) {
        self.leave(handle);
        self.lists.remove(&handle);
    }

    /// What is to be told of a list now: the members with their states, as far as they fit. The others are to be told next.
    fn body(&self, handle: Handle, uri: &str, state: impl Fn(Uuid, u32) -> Option<String>) -> Option<(String, String, BTreeSet<usize>)> {
        let list = self.lists.get(&handle)?;
        let mut left = if list.whole { (0..list.members.len()).collect() } else { list.changed.clone() };
        let mut octets = 0;
        let (mut bodies, mut told) = (HashMap::new(), BTreeSet::new());
        for index in left.clone() {
            let Some(member) = list.members.get(index) else { continue };
            let body = member.account.filter(|_| member.standing == Ok(Standing::Active)).and_then(|account| state(account, list.version));
            octets += body.as_ref().map_or(0, String::len);
            if octets > MOST_OCTETS && !told.is_empty() {
                break;
            }
            told.insert(index);
            left.remove(&index);
            bodies.extend(body.map(|body| (index, body)));
        }
        let shown = list.members.iter().enumerate().filter(|(index, _)| list.whole || told.contains(index));
        let shown: Vec<_> = shown.map(|(index, member)| resource_list::Member { uri: &member.uri, name: &member.name, standing: member.standing, body: bodies.get(&index).map(String::as_str) }).collect();
        let (media_type, body) = resource_list::write(list.version, !list.whole, uri, list.package, &shown, &tag());
        Some((media_type, body, left))
    }

    /// What was to be told was, but for these.
    fn told(&mut self, handle: Handle, left: BTreeSet<usize>) -> bool {
        let Some(list) = self.lists.get_mut(&handle) else { return false };
        (list.whole, list.version, list.changed) = (false, list.version.wrapping_add(1), left);
        !list.changed.is_empty()
    }
}

impl Switch {
    /// An account wants to watch all whom it has in its roster.
    pub(crate) fn subscribe_list(&mut self, now: Instant, key: &Key, flow: Flow, request: &Request, owner: Arc<Subscriber>) {
        let asked = match Asked::read(request, &SERVED, &Times::default()) {
            Ok(asked) => asked,
            Err(refusal) => return self.refuse_subscription(now, key, &flow, request, &refusal),
        };
        let of = list_of(asked.package, owner.account_id);
        let Some(handle) = self.begin_subscription(now, key, flow, request, &asked, (of, NAME), (&owner, Standing::Active)) else { return };
        self.events.lists.forget_members(handle, of);
        self.events.known.insert(owner.account_id, owner);
        self.store_subscription(now, handle);
        self.tick_events(now);
    }

    /// A subscriber to a list is to be told.
    pub(crate) fn tell_list(&mut self, now: Instant, due: &Due) {
        let known = self.events.lists.lists.get(&due.handle).is_some_and(|list| !list.stale);
        if known {
            return self.send_list(now, due.handle);
        }
        let (service, handle, owner) = (self.shared.service.clone(), due.handle, Uuid::from_u128(due.resource.account));
        let task: Task = Box::pin(async move { Input::Listed(handle, service.roster_members(owner, MOST).await.ok()) });
        self.tasks.push(task);
    }

    /// Who stands in a list is known, or cannot be found out now.
    pub(crate) fn listed(&mut self, now: Instant, handle: Handle, members: Option<Vec<RosterMember>>) {
        let Some(subscription) = self.events.notifier.get(handle) else { return };
        let (of, ending) = (subscription.resource, subscription.is_ending());
        let owner = self.events.known.get(&Uuid::from_u128(of.account)).cloned();
        let Some((members, owner)) = members.zip(owner) else {
            if ending {
                self.send_notify(now, handle, None);
            } else {
                // It is asked again.
                self.events.notifier.changed(of);
            }
            return;
        };
        let all = members.iter().map(|member| Member::new(of.package, &owner, member)).collect();
        for subscriber in members.into_iter().filter_map(|member| member.subscriber) {
            self.events.known.insert(subscriber.account_id, subscriber);
        }
        self.events.lists.forget_members(handle, of);
        self.events.lists.fill(handle, all);
        self.send_list(now, handle);
        self.drain(now);
    }

    fn send_list(&mut self, now: Instant, handle: Handle) {
        let Some(of) = self.events.notifier.get(handle).map(|subscription| subscription.resource) else { return };
        let domain = self.events.known.get(&Uuid::from_u128(of.account)).and_then(|owner| owner.address.rsplit_once('@')).map_or("", |(_, domain)| domain);
        let uri = format!("sip:{NAME}@{domain}");
        let state = |account: Uuid, version: u32| {
            let of = resource(of.package, account);
            self.event_body(now, &Due { handle, resource: of, version, standing: Standing::Active, ending: None })
        };
        let Some((media_type, body, left)) = self.events.lists.body(handle, &uri, state) else { return };
        if self.send_notify(now, handle, Some((&media_type, &body))) && self.events.lists.told(handle, left) {
            self.events.notifier.changed(of);
        }
    }

    /// The rosters of accounts are others: who watches them is told.
    pub(crate) fn rosters_changed(&mut self, now: Instant, accounts: &[Uuid]) {
        for of in accounts.iter().flat_map(|account| SERVED.map(|package| list_of(package, *account))) {
            let watching: Vec<Handle> = self.events.notifier.of(of).map(|(handle, _)| handle).collect();
            watching.into_iter().for_each(|handle| self.events.lists.forget_members(handle, of));
            self.events.notifier.changed(of);
        }
        self.tick_events(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A handle of a notifier that has none yet.
    fn handle() -> Handle {
        let request = "SUBSCRIBE sip:roster@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nMax-Forwards: 70\r\nFrom: <sip:a@h>;tag=a\r\nTo: <sip:roster@h>\r\nCall-ID: a\r\nCSeq: 1 SUBSCRIBE\r\nContact: <sip:a@h>\r\nSupported: eventlist\r\nEvent: presence\r\nContent-Length: 0\r\n\r\n";
        let sip::Parsed::Message(sip::Message::Request(request)) = sip::parse(bytes::Bytes::from_static(request.as_bytes()), &sip::Limits::STREAM) else { panic!("unreadable") };
        let mut notifier = sip::subscription::Notifier::new(sip::subscription::Limits::default());
        let asked = sip::subscription::Asked::read(&request, &SERVED, &sip::subscription::Times::default()).unwrap();
        let flow = Flow { id: 0, address: "127.0.0.1:5060".parse().unwrap(), transport: sip::header::Transport::Udp };
        let watcher = sip::subscription::Subscriber { resource: list_of(Package::Presence, Uuid::nil()), watcher: None, standing: Standing::Active, flow, tag: "t", contact: "<sip:us>" };
        notifier.subscribe(Instant::now(), &request, &asked, &watcher).unwrap()
    }

    fn member(n: u128, standing: Result<Standing, Ending>) -> Member {
        Member { uri: format!("sip:{n}@h"), name: String::new(), account: Some(Uuid::from_u128(n)), standing }
    }

    fn parts(told: &str) -> usize {
        told.matches("application/pidf+xml").count()
    }

    #[test]
    fn first_all_is_told_and_then_what_changed() {
        let (mut lists, handle) = (Lists::default(), handle());
        lists.forget_members(handle, list_of(Package::Presence, Uuid::nil()));
        lists.fill(handle, vec![member(1, Ok(Standing::Active)), member(2, Ok(Standing::Pending)), member(3, Ok(Standing::Active)), member(4, Err(Ending::Rejected))]);
        let tell = |lists: &mut Lists| {
            let (_, body, left) = lists.body(handle, "sip:roster@h", |account, version| Some(format!("<{account}.{version}/>"))).unwrap();
            (lists.told(handle, left), body)
        };
        let (more, whole) = tell(&mut lists);
        assert!(!more && whole.contains("fullState=\"true\"") && whole.matches("<resource ").count() == 4 && parts(&whole) == 2, "{whole}");
        assert!(lists.changed(Package::Dialog, Uuid::from_u128(1)).is_empty(), "another package");
        assert!(lists.changed(Package::Presence, Uuid::from_u128(2)).is_empty(), "may not be told");
        assert!(lists.changed(Package::Presence, Uuid::from_u128(9)).is_empty(), "stands in none");
        assert_eq!(lists.changed(Package::Presence, Uuid::from_u128(3)), [list_of(Package::Presence, Uuid::nil())]);
        let (_, part) = tell(&mut lists);
        assert!(part.contains("version=\"1\" fullState=\"false\"") && part.matches("<resource ").count() == 1 && part.contains("sip:3@h") && parts(&part) == 1, "{part}");
        // What may not have come is told again, and who left is told of no more.
        lists.tell_whole(handle);
        assert!(tell(&mut lists).1.contains("version=\"2\" fullState=\"true\""));
        lists.fill(handle, vec![member(1, Ok(Standing::Active))]);
        assert!(lists.changed(Package::Presence, Uuid::from_u128(3)).is_empty());
        lists.remove(handle);
        assert!(lists.of.is_empty() && lists.lists.is_empty());
    }

    #[test]
    fn what_does_not_fit_comes_next() {
        let (mut lists, handle) = (Lists::default(), handle());
        lists.forget_members(handle, list_of(Package::Presence, Uuid::nil()));
        lists.fill(handle, (0..200).map(|n| member(n, Ok(Standing::Active))).collect());
        let (mut sizes, mut more) = (Vec::new(), true);
        while more {
            let (_, body, left) = lists.body(handle, "sip:roster@h", |_, _| Some("x".repeat(500))).unwrap();
            assert!(body.len() < 65_000);
            sizes.push((body.matches("<resource ").count(), parts(&body)));
            more = lists.told(handle, left);
        }
        assert_eq!(sizes.iter().map(|(_, parts)| parts).sum::<usize>(), 200);
        assert_eq!((sizes[0].0, sizes.len()), (200, 5));
        assert!(sizes[1..].iter().all(|(shown, parts)| shown == parts));
    }
}
