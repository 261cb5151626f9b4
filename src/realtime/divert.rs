//! Calls as their callees want them: refused, diverted, or rung at several places, in stages.
//!
//! The proxy core tries what it is given; here is decided what it is given next: at once, when a time has passed, when the
//! telephones are busy, or when they cannot be reached.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use service::{Destination, Sender, Signalled, Subscriber};
use sip::header::Contact;
use sip::proxy::{self, BranchId, Target};
use sip::transaction::Key;
use sip::{Request, Response};
use uuid::Uuid;

use crate::admit::address_of;
use crate::call::moment;
use crate::call_settings::{self, Caller, First, Why};
use crate::passing::Next;
use crate::switch::{Input, Switch, Task};

/// Most times a call is sent elsewhere, and most addresses it is sent to.
const REDIRECTIONS: usize = 5;
const ADDRESSES: usize = 20;

/// What may still happen to a call.
#[derive(Debug)]
pub(crate) struct Plan {
    caller: Caller,
    sender: Sender,
    callees: Vec<Callee>,
    /// Accounts that were asked once: nobody is called in a circle.
    seen: HashSet<Uuid>,
    redirections: usize,
    addresses: usize,
    /// How many answers of the Router are awaited.
    asked: usize,
    groups: u32,
    /// The Diversion fields of what was diverted, by group, the latest first.
    diversions: HashMap<u32, Vec<String>>,
}

/// An account that is called.
#[derive(Debug)]
struct Callee {
    account: Arc<Subscriber>,
    /// The group of its telephones.
    group: u32,
    /// The groups of the other addresses that ring for it.
    others: Vec<u32>,
    /// The callee for whom it rings.
    parent: Option<usize>,
    /// Whether it has telephones that were tried.
    telephones: bool,
    status: u16,
    rings_also: Option<Instant>,
    gives_up: Option<Instant>,
    /// Nothing more is done for it.
    done: bool,
}

impl Plan {
    pub(crate) fn new(request: &Request, sender: Sender) -> Self {
        Self {
            caller: Caller::of(request, &sender),
            sender,
            callees: Vec::new(),
            seen: HashSet::new(),
            redirections: 0,
            addresses: 0,
            asked: 0,
            groups: 0,
            diversions: HashMap::new(),
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.callees.iter().filter(|callee| !callee.done).flat_map(|callee| [callee.rings_also, callee.gives_up]).flatten().min()
    }

    /// The Diversion fields for a group, topmost first.
    pub(crate) fn diversions(&self, group: u32) -> &[String] {
        self.diversions.get(&group).map_or(&[], Vec::as_slice)
    }

    /// A new group; what was diverted stays so.
    fn new_group(&mut self, parent: Option<(usize, Why)>) -> u32 {
        let group = self.groups;
        self.groups += 1;
        if let Some((index, why)) = parent
            && let Some(callee) = self.callees.get_mut(index)
        {
            callee.others.push(group);
            let mut fields = vec![format!("<sip:{}>;reason={}", callee.account.address, why.reason())];
            let of_callee = self.diversions.get(&callee.group).cloned().unwrap_or_default();
            fields.extend(of_callee);
            self.diversions.insert(group, fields);
        }
        group
    }

    /// The groups of all that rings for a callee.
    fn groups_of(&self, index: usize) -> Vec<u32> {
        let belongs = |mut one: usize| loop {
            if one == index {
                return true;
            }
            match self.callees.get(one).and_then(|callee| callee.parent) {
                Some(parent) if parent < one => one = parent,
                _ => return false,
            }
        };
        let of = self.callees.iter().enumerate().filter(|(one, _)| belongs(*one)).map(|(_, callee)| callee);
        of.flat_map(|callee| std::iter::once(callee.group).chain(callee.others.iter().copied())).collect()
    }

    /// Whether the call may go on to so many more addresses; counts them.
    fn may_go_on(&mut self, why: Why, addresses: usize) -> bool {
        self.redirections += usize::from(why != Why::Together);
        self.addresses += addresses;
        self.redirections <= REDIRECTIONS && self.addresses <= ADDRESSES
    }

    /// What a branch of a group came to; that it is busy counts more than anything else.
    pub(crate) fn note(&mut self, group: u32, status: u16) {
        let busy = |status| matches!(status, 486 | 600 | 603);
        if let Some(callee) = self.callees.iter_mut().find(|callee| callee.group == group)
            && (!busy(callee.status) || busy(status))
        {
            callee.status = status;
        }
    }
}

impl Switch {
    fn plan(&mut self, key: &Key) -> Option<&mut Plan> {
        self.proxies.get_mut(key)?.plan.as_deref_mut()
    }

    /// Who is called when one account is; it may be another who answers.
    pub(crate) fn name_callee(&mut self, call: Option<Uuid>, destinations: &[Destination]) {
        if let (Some(call), [Destination::Account(account)]) = (call.and_then(|call| self.calls.get_mut(call)), destinations) {
            call.record.callee.account_id = Some(account.account_id);
            call.record.callee.domain_id = Some(account.domain_id);
            call.ladder.kept |= account.settings.trace_calls;
        }
    }

    /// Notes a decision for who asks why a call went where it did.
    fn note_rule(&mut self, key: &Key, text: String) {
        let call = self.proxies.get(key).and_then(|proxied| proxied.call);
        if let Some(call) = call.and_then(|call| self.calls.get_mut(call)) {
            call.ladder.note(moment(), "rule", text.clone());
            call.record.routed.push(text);
        }
    }

    /// Gives a call the targets that these destinations stand for.
    pub(crate) fn add_destinations(&mut self, now: Instant, key: &Key, destinations: Vec<Destination>, parent: Option<(usize, Why)>) {
        let before = self.plan(key).map_or(0, |plan| plan.asked);
        let (targets, results) = self.enter(now, key, destinations, parent);
        let waits = self.plan(key).is_some_and(|plan| plan.asked > before);
        if !targets.is_empty() || results.is_empty() && !waits {
            self.tell(now, key, proxy::Input::Add(targets));
        }
        for status in results {
            self.tell(now, key, proxy::Input::Result(status));
        }
    }

    fn enter(&mut self, now: Instant, key: &Key, destinations: Vec<Destination>, parent: Option<(usize, Why)>) -> (Vec<Target<Next>>, Vec<u16>) {
        let (mut targets, mut results) = (Vec::new(), Vec::new());
        for destination in destinations {
            let Some(plan) = self.plan(key) else { break };
            let found = match destination {
                Destination::Account(account) => self.enter_account(now, key, account, parent),
                other => {
                    let group = plan.new_group(parent);
                    self.targets_of(now, group, other)
                }
            };
            match found {
                Ok(found) => targets.extend(found),
                Err(status) => results.push(status),
            }
        }
        (targets, results)
    }

    /// An account is called: its settings decide what happens at once.
    fn enter_account(&mut self, now: Instant, key: &Key, account: Arc<Subscriber>, parent: Option<(usize, Why)>) -> Result<Vec<Target<Next>>, u16> {
        let call = self.proxies.get(key).and_then(|proxied| proxied.call);
        let settings = &account.settings;
        // Counting costs where calls are many.
        let counts = !settings.call_waiting || settings.calls_limit >= 0;
        let others = if counts { self.calls.others_of(account.account_id, call) } else { 0 };
        let Some(plan) = self.plan(key) else { return Ok(Vec::new()) };
        if !plan.seen.insert(account.account_id) {
            self.note_rule(key, format!("{} was called already", account.address));
            return Ok(Vec::new());
        }
        let own = plan.caller.account == Some(account.account_id);
        let first = call_settings::first(&account.settings, &plan.caller, own, others > 0);
        let group = plan.new_group(parent);
        let index = plan.callees.len();
        plan.callees.push(Callee {
            account: account.clone(), group, others: Vec::new(), parent: parent.map(|(index, _)| index), telephones: false, status: 480, rings_also: None, gives_up: None,
            // Nobody is diverted by himself.
            done: own,
        });
        let limit = account.settings.calls_limit;
        let first = if limit >= 0 && i64::try_from(others).unwrap_or(i64::MAX) >= limit { First::Busy("has as many calls as it may have") } else { first };
        match first {
            First::Refuse(status, why) => {
                self.note_rule(key, format!("{} {why}: {status}", account.address));
                self.finish(key, index);
                Err(status)
            }
            First::Busy(why) => {
                self.note_rule(key, format!("{} {why}", account.address));
                self.go_on(now, key, index, 486)
            }
            First::Divert => {
                self.ask(now, key, index, Why::Always);
                Ok(Vec::new())
            }
            First::Ring => self.ring(now, key, index, group, account),
        }
    }

    /// The telephones of an account ring.
    fn alerts(&mut self, key: &Key, account: Uuid) {
        let call = self.proxies.get(key).and_then(|proxied| proxied.call);
        if let Some(call) = call.and_then(|call| self.calls.get_mut(call)) {
            call.alerted.push(account);
            self.events.calls_changed(Some(account));
        }
    }

    fn finish(&mut self, key: &Key, index: usize) {
        if let Some(callee) = self.plan(key).and_then(|plan| plan.callees.get_mut(index)) {
            callee.done = true;
        }
    }

    /// The telephones of an account ring, and what rings with them.
    fn ring(&mut self, now: Instant, key: &Key, index: usize, group: u32, account: Arc<Subscriber>) -> Result<Vec<Target<Next>>, u16> {
        let found = self.targets_of(now, group, Destination::Account(account.clone())).unwrap_or_default();
        let Some(callee) = self.plan(key).and_then(|plan| plan.callees.get_mut(index)) else { return Ok(found) };
        callee.telephones = !found.is_empty();
        if !found.is_empty() {
            self.alerts(key, account.account_id);
        }
        let Some(callee) = self.plan(key).and_then(|plan| plan.callees.get_mut(index)) else { return Ok(found) };
        let settings = &account.settings;
        let seconds = |seconds: i64| now + Duration::from_secs(u64::try_from(seconds).unwrap_or(20));
        if !callee.done && !settings.simultaneous_ring.is_empty() {
            if settings.simultaneous_ring_seconds > 0 && !found.is_empty() {
                callee.rings_also = Some(seconds(settings.simultaneous_ring_seconds));
            } else {
                if !settings.divert_no_answer.trim().is_empty() {
                    callee.gives_up = Some(seconds(settings.no_answer_seconds));
                }
                self.ask(now, key, index, Why::Together);
                return Ok(found);
            }
        }
        if found.is_empty() {
            return self.go_on(now, key, index, 480);
        }
        if !callee.done && !settings.divert_no_answer.trim().is_empty() {
            callee.gives_up = Some(seconds(settings.no_answer_seconds));
        }
        Ok(found)
    }

    /// What comes for a callee whose telephones came to this status: another place, or the status.
    fn go_on(&mut self, now: Instant, key: &Key, index: usize, status: u16) -> Result<Vec<Target<Next>>, u16> {
        let Some(callee) = self.plan(key).and_then(|plan| plan.callees.get_mut(index)) else { return Err(status) };
        callee.status = status;
        let next = if callee.done { None } else { call_settings::after(&callee.account.settings, status, callee.telephones) };
        match next {
            Some(why) => {
                self.ask(now, key, index, why);
                Ok(Vec::new())
            }
            None => {
                self.finish(key, index);
                Err(status)
            }
        }
    }

    /// Asks the Router where the addresses lead that a callee's settings name, with the callee's rights.
    fn ask(&mut self, now: Instant, key: &Key, index: usize, why: Why) {
        let Some(plan) = self.plan(key) else { return };
        let Some(callee) = plan.callees.get_mut(index) else { return };
        let account = callee.account.clone();
        if why == Why::Together {
            callee.rings_also = None;
        } else {
            callee.done = true;
        }
        let domain = account.address.rsplit_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default();
        let addresses = why.addresses(&account.settings, &domain);
        if !plan.may_go_on(why, addresses.len()) {
            self.note_rule(key, format!("{} {}, but the call was sent on too often", account.address, why.text()));
            return self.tell(now, key, proxy::Input::Result(482));
        }
        plan.asked += 1;
        let (service, key) = (self.shared.service.clone(), key.clone());
        let task: Task = Box::pin(async move {
            let mut found = Vec::with_capacity(addresses.len());
            for address in addresses {
                let signalled = service.route_diverted(&address, &account).await;
                found.push((address, signalled));
            }
            Input::Diverted(key, index, why, found)
        });
        self.tasks.push(task);
    }

    /// The Router has answered.
    pub(crate) fn diverted(&mut self, now: Instant, key: &Key, index: usize, why: Why, found: Vec<(String, Signalled)>) {
        let Some(plan) = self.plan(key) else { return };
        plan.asked -= 1;
        let before = if why == Why::Together { Vec::new() } else { plan.groups_of(index) };
        let name = plan.callees.get(index).map(|callee| callee.account.address.to_string()).unwrap_or_default();
        let mut destinations = Vec::new();
        for (address, signalled) in found {
            self.note_rule(key, format!("{name} {} to {address}", why.text()));
            for step in signalled.steps {
                self.note_rule(key, step);
            }
            for destination in signalled.destinations {
                match destination {
                    Destination::Refused { status, reason } => self.note_rule(key, format!("{address} is refused: {status} {reason}")),
                    Destination::Blackhole => {}
                    other => destinations.push(other),
                }
            }
        }
        let leads = !destinations.is_empty();
        self.add_destinations(now, key, destinations, Some((index, why)));
        if leads {
            for group in before {
                self.tell(now, key, proxy::Input::Stop(Some(group)));
            }
        }
        self.drain_proxy(now, key);
    }

    /// Nobody is tried any more: the next stage of each callee comes, or the end.
    pub(crate) fn exhausted(&mut self, now: Instant, key: &Key, status: u16) {
        let Some(proxied) = self.proxies.get(key) else { return };
        if !proxied.proxy.is_exhausted() {
            return;
        }
        if self.keep_message(key, status) {
            return;
        }
        let Some(plan) = self.plan(key) else { return self.tell(now, key, proxy::Input::Finish) };
        if plan.asked > 0 {
            return;
        }
        for index in 0..plan.callees.len() {
            let Some(callee) = self.plan(key).and_then(|plan| plan.callees.get(index)) else { continue };
            let (status, together) = (callee.status, callee.rings_also.is_some());
            if callee.done {
                continue;
            }
            if together {
                // Who waits shall not wait for nothing.
                self.ask(now, key, index, Why::Together);
            } else {
                // What it came to counts already.
                let _ = self.go_on(now, key, index, status);
            }
        }
        if self.plan(key).is_some_and(|plan| plan.asked == 0) {
            self.tell(now, key, proxy::Input::Finish);
        }
    }

    /// Does what has its time.
    pub(crate) fn due_stages(&mut self, now: Instant, key: &Key) {
        let Some(plan) = self.plan(key) else { return };
        for index in 0..plan.callees.len() {
            let Some(callee) = self.plan(key).and_then(|plan| plan.callees.get_mut(index)) else { continue };
            if callee.done {
                continue;
            }
            if callee.gives_up.is_some_and(|at| at <= now) {
                callee.gives_up = None;
                self.ask(now, key, index, Why::NoAnswer);
            } else if callee.rings_also.is_some_and(|at| at <= now) {
                self.ask(now, key, index, Why::Together);
            }
        }
    }

    /// A telephone says where to call instead (3xx): followed as far as the caller may go there.
    pub(crate) fn redirected(&mut self, now: Instant, key: &Key, branch: BranchId, response: &Response) {
        let addresses = contacts(response);
        let proxied = self.proxies.get(key);
        let group = proxied.and_then(|proxied| proxied.proxy.group(branch));
        let index = self.plan(key).and_then(|plan| plan.callees.iter().position(|callee| Some(callee.group) == group));
        let (Some(plan), Some(index)) = (self.plan(key), index) else { return self.tell(now, key, proxy::Input::Redirect(branch, Vec::new())) };
        if addresses.is_empty() || !plan.may_go_on(Why::Always, addresses.len()) {
            return self.tell(now, key, proxy::Input::Redirect(branch, Vec::new()));
        }
        plan.asked += 1;
        let sender = plan.sender.clone();
        let (service, key) = (self.shared.service.clone(), key.clone());
        let task: Task = Box::pin(async move {
            let mut found = Vec::with_capacity(addresses.len());
            for address in addresses {
                let signalled = service.route_signal(&address, &sender).await;
                found.push((address, signalled));
            }
            Input::Redirected(key, branch, index, found)
        });
        self.tasks.push(task);
    }

    /// The Router knows where a telephone sends the call.
    pub(crate) fn redirects(&mut self, now: Instant, key: &Key, branch: BranchId, index: usize, found: Vec<(String, Signalled)>) {
        let Some(plan) = self.plan(key) else { return };
        plan.asked -= 1;
        let name = plan.callees.get(index).map(|callee| callee.account.address.to_string()).unwrap_or_default();
        let mut destinations = Vec::new();
        for (address, signalled) in found {
            self.note_rule(key, format!("a telephone of {name} redirects to {address}"));
            for destination in signalled.destinations {
                match destination {
                    Destination::Refused { status, reason } => self.note_rule(key, format!("{address} is refused: {status} {reason}")),
                    Destination::Blackhole => {}
                    other => destinations.push(other),
                }
            }
        }
        let (targets, results) = self.enter(now, key, destinations, Some((index, Why::Always)));
        self.tell(now, key, proxy::Input::Redirect(branch, targets));
        for status in results {
            self.tell(now, key, proxy::Input::Result(status));
        }
        self.drain_proxy(now, key);
    }
}

/// The addresses in the Contact fields of a redirection, those wanted most first.
fn contacts(response: &Response) -> Vec<String> {
    let mut found: Vec<(u16, String)> = response
        .contacts()
        .filter_map(|contact| {
            let Ok(Contact::Address(address)) = contact else { return None };
            Some((address.q(), address_of(&address.uri)?))
        })
        .collect();
    found.sort_by_key(|(q, _)| std::cmp::Reverse(*q));
    found.truncate(ADDRESSES);
    found.into_iter().map(|(_, address)| address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let octets = "INVITE sip:b@a.example SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:c@a.example>;tag=1\r\nTo: <sip:b@a.example>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n";
        match sip::parse(octets.into(), &sip::Limits::DATAGRAM) {
            sip::Parsed::Message(sip::Message::Request(request)) => Plan::new(&request, Sender::default()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_call_is_sent_on_so_often_and_no_more() {
        let mut plan = plan();
        assert!((0..REDIRECTIONS).all(|_| plan.may_go_on(Why::Busy, 1)));
        assert!(!plan.may_go_on(Why::Busy, 1));
        let mut plan = self::plan();
        assert!((0..ADDRESSES).all(|_| plan.may_go_on(Why::Together, 1)));
        assert!(!plan.may_go_on(Why::Together, 1));
    }
}
