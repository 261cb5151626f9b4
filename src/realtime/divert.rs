//! Calls as their callees want them: refused, diverted, or rung at several places, in stages.
//!
//! The proxy core tries what it is given; here is decided what it is given next: at once, when a time has passed, when the
//! telephones are busy, or when they cannot be reached.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rules::{Account, Course, Facts, Lead, Outcome, Situation, Why};
use service::{Destination, Signalled, Subscriber};
use sip::header::{Contact, Transport};
use sip::proxy::{self, BranchId, Target};
use sip::registrar;
use sip::transaction::Key;
use sip::{Response, Uri, caller_preferences};
use uuid::Uuid;

use crate::admit::address_of;
use crate::call::moment;
use crate::meter::Metered;
use crate::passing::Next;
use crate::plan::{ADDRESSES, Callee, Leading, Plan};
use crate::ruled::{account_of, to_dialled};
use crate::switch::{Input, Switch, Task};

impl Switch {
    fn plan(&mut self, key: &Key) -> Option<&mut Plan> {
        self.proxies.get_mut(key)?.plan.as_deref_mut()
    }

    /// Who is called when one account is; it may be another who answers.
    pub(crate) fn name_callee(&mut self, call: Option<Uuid>, destinations: &[Destination]) {
        let (Some(id), [Destination::Account(account)]) = (call, destinations) else { return };
        self.calls.set_callee(id, account.account_id, account.domain_id);
        if let Some(call) = self.calls.get_mut(id) {
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

    /// An account is called: its rules and settings decide what happens at once.
    fn enter_account(&mut self, now: Instant, key: &Key, account: Arc<Subscriber>, parent: Option<(usize, Why)>) -> Result<Vec<Target<Next>>, u16> {
        let call = self.proxies.get(key).and_then(|proxied| proxied.call);
        let settings = &account.settings;
        let others = self.calls.others_of(account.account_id, call);
        let limit = settings.calls_limit;
        let Some(plan) = self.plan(key) else { return Ok(Vec::new()) };
        if !plan.seen.insert(account.account_id) {
            self.note_rule(key, format!("{} was called already", account.address));
            return Ok(Vec::new());
        }
        let own = plan.caller.account == Some(account.account_id);
        if !own && self.meter(now, Metered::CallIn, &account).is_err() {
            self.note_rule(key, format!("{} gets more calls than it may", account.address));
            return Err(480);
        }
        let Some(plan) = self.plan(key) else { return Ok(Vec::new()) };
        let at_limit = limit >= 0 && i64::try_from(others).unwrap_or(i64::MAX) >= limit;
        let situation = Situation { own, in_call: others > 0, at_limit };
        let (group, course) = (plan.new_group(parent), Course::new(plan.discarded));
        let (index, caller) = (plan.callees.len(), std::mem::take(&mut plan.caller));
        plan.callees.push(Callee { account: account.clone(), group, others: Vec::new(), parent: parent.map(|(index, _)| index), counts: vec![group], telephones: false, status: 480, course, began: now });
        let outcome = self.decide(now, key, index, |course, account, facts, _| course.begin(account, facts, &caller, situation));
        if let Some(plan) = self.plan(key) {
            plan.caller = caller;
        }
        let rings = outcome.redirect.is_none();
        match self.follow(now, key, index, outcome) {
            Some(status) => Err(status),
            None if rings => self.ring(now, key, index, group, account),
            None => Ok(Vec::new()),
        }
    }

    /// Asks the course of a callee.
    fn decide(&mut self, now: Instant, key: &Key, index: usize, ask: impl FnOnce(&mut Course, &Account<'_>, &dyn Facts, Duration) -> Outcome) -> Outcome {
        let Some(callee) = self.plan(key).and_then(|plan| plan.callees.get_mut(index)) else { return Outcome::default() };
        let (account, mut course, at) = (callee.account.clone(), std::mem::take(&mut callee.course), now.duration_since(callee.began));
        let Some(proxied) = self.proxies.get(key) else { return Outcome::default() };
        let facts = self.facts(now, Some(proxied.proxy.request()), &proxied.flow, proxied.caller.clone(), &account);
        let outcome = ask(&mut course, &account_of(&account), &facts, at);
        if let Some(callee) = self.plan(key).and_then(|plan| plan.callees.get_mut(index)) {
            callee.course = course;
        }
        outcome
    }

    /// Lets an outcome happen; the status when the callee refuses the call.
    fn follow(&mut self, now: Instant, key: &Key, index: usize, outcome: Outcome) -> Option<u16> {
        let account = self.plan(key)?.callees.get(index)?.account.clone();
        for step in &outcome.steps {
            self.note_rule(key, step.note(&account.address));
        }
        if !outcome.effects.is_empty()
            && let Some(request) = self.proxies.get(key).map(|proxied| proxied.proxy.request().clone())
        {
            self.do_beside(&account, &request, outcome.effects);
        }
        if let Some((status, reason)) = outcome.refuse {
            if !reason.is_empty()
                && let Some(proxied) = self.proxies.get_mut(key)
            {
                proxied.says = Some(Box::new((status, reason)));
            }
            return Some(status);
        }
        let redirect = outcome.redirect.map(|lead| (lead, true));
        for (lead, redirects) in redirect.into_iter().chain(outcome.forks.into_iter().map(|lead| (lead, false))) {
            self.ask(now, key, index, lead, redirects);
        }
        None
    }

    /// Lets an outcome happen after the call began: whoever refuses is not called any more.
    fn follow_later(&mut self, now: Instant, key: &Key, index: usize, outcome: Outcome) {
        let Some(status) = self.follow(now, key, index, outcome) else { return };
        let groups = self.plan(key).map(|plan| plan.groups_of(index)).unwrap_or_default();
        for group in groups {
            self.tell(now, key, proxy::Input::Stop(Some(group)));
        }
        self.tell(now, key, proxy::Input::Result(status));
    }

    /// The telephones of an account ring.
    fn alerts(&mut self, key: &Key, account: Uuid) {
        let call = self.proxies.get(key).and_then(|proxied| proxied.call);
        if let Some(call) = call {
            self.calls.alert(call, account);
            self.events.calls_changed(Some(account));
        }
    }

    /// Whether a device is called: one in a browser only when its owner wants it.
    fn is_called(account: &Subscriber, device: &registrar::Target<'_>) -> bool {
        let in_browser = device.ways.first().is_some_and(|way| matches!(way.flow.transport, Transport::Ws | Transport::Wss));
        !in_browser || account.dialler.incoming_calls
    }

    /// How many telephones of an account a call rings.
    pub(crate) fn telephones(&self, now: Instant, account: &Subscriber) -> usize {
        let devices = self.locations.targets(self.seconds(now), account.account_id.as_u128());
        devices.iter().filter(|device| Self::is_called(account, device)).count()
    }

    /// The telephones of an account that a call rings.
    fn called(&self, now: Instant, key: &Key, group: u32, account: &Arc<Subscriber>) -> Vec<Target<Next>> {
        let mut devices = self.locations.targets(self.seconds(now), account.account_id.as_u128());
        if let Some(proxied) = self.proxies.get(key) {
            caller_preferences::choose(proxied.proxy.request(), &mut devices);
        }
        devices.iter().filter(|device| Self::is_called(account, device)).filter_map(|device| self.device(group, account, device)).collect()
    }

    /// The telephones of an account ring.
    fn ring(&mut self, now: Instant, key: &Key, index: usize, group: u32, account: Arc<Subscriber>) -> Result<Vec<Target<Next>>, u16> {
        let found = self.called(now, key, group, &account);
        let Some(plan) = self.plan(key) else { return Ok(found) };
        let waits = plan.asked > 0;
        let Some(callee) = plan.callees.get_mut(index) else { return Ok(found) };
        callee.telephones = !found.is_empty();
        if !found.is_empty() {
            self.alerts(key, account.account_id);
            return Ok(found);
        }
        // Others ring with it; whatever they come to counts first.
        if waits { Ok(found) } else { self.go_on(now, key, index, 480).map_or(Ok(found), Err) }
    }

    /// What comes for a callee whose telephones came to this status; the status when nothing does.
    fn go_on(&mut self, now: Instant, key: &Key, index: usize, status: u16) -> Option<u16> {
        let callee = self.plan(key)?.callees.get_mut(index)?;
        callee.status = status;
        let telephones = callee.telephones;
        let outcome = self.decide(now, key, index, |course, account, facts, at| course.failed(at, status, telephones, account, facts));
        let decides = outcome.decides();
        self.follow(now, key, index, outcome).or((!decides).then_some(status))
    }

    /// Asks the Router where the targets of a callee lead, with the callee's rights.
    fn ask(&mut self, now: Instant, key: &Key, index: usize, lead: Lead, redirects: bool) {
        let Some(plan) = self.plan(key) else { return };
        let Some(callee) = plan.callees.get(index) else { return };
        let account = callee.account.clone();
        if !plan.may_go_on(redirects, lead.targets.len()) {
            if let Some(callee) = plan.callees.get_mut(index) {
                callee.course.finish();
            }
            self.note_rule(key, format!("{} sends the call on, but that was done too often", account.address));
            return self.tell(now, key, proxy::Input::Result(482));
        }
        plan.asked += 1;
        let leading = Leading { why: lead.why, redirects, telephones: lead.targets.iter().any(|target| target == "*") };
        let (service, key) = (self.shared.service.clone(), key.clone());
        let task: Task = Box::pin(async move {
            let mut found = Vec::with_capacity(lead.targets.len());
            for address in lead.targets.into_iter().filter(|target| target != "*") {
                let signalled = service.route_diverted(&address, &account).await;
                found.push((address, signalled));
            }
            Input::Diverted(key, index, leading, found)
        });
        self.tasks.push(task);
    }

    /// The Router has answered.
    pub(crate) fn diverted(&mut self, now: Instant, key: &Key, index: usize, leading: Leading, found: Vec<(String, Signalled)>) {
        let Some(plan) = self.plan(key) else { return };
        plan.asked -= 1;
        let before = if leading.redirects { plan.groups_of(index) } else { Vec::new() };
        let Some(callee) = plan.callees.get(index) else { return };
        let (account, known) = (callee.account.clone(), callee.others.len());
        let mut destinations = Vec::new();
        for (address, signalled) in found {
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
        let telephones = if leading.telephones { self.ring_again(now, key, index, &account) } else { Vec::new() };
        let leads = !destinations.is_empty() || !telephones.is_empty();
        let only = !telephones.is_empty() && destinations.is_empty();
        if !telephones.is_empty() {
            self.tell(now, key, proxy::Input::Add(telephones));
        }
        if !only {
            self.add_destinations(now, key, destinations, Some((index, leading.why)));
        }
        if leads {
            if leading.redirects
                && let Some(callee) = self.plan(key).and_then(|plan| plan.callees.get_mut(index))
            {
                callee.counts = callee.others.get(known..).unwrap_or_default().to_vec();
                (callee.status, callee.telephones) = (480, true);
            }
            for group in before {
                self.tell(now, key, proxy::Input::Stop(Some(group)));
            }
        }
        self.drain_proxy(now, key);
    }

    /// The telephones of an account as targets of its own rules, in a group of their own.
    fn ring_again(&mut self, now: Instant, key: &Key, index: usize, account: &Arc<Subscriber>) -> Vec<Target<Next>> {
        let Some(plan) = self.plan(key) else { return Vec::new() };
        let group = plan.new_group(None);
        let found = self.called(now, key, group, account);
        if let Some(callee) = self.plan(key).and_then(|plan| plan.callees.get_mut(index)) {
            callee.others.push(group);
            callee.telephones |= !found.is_empty();
        }
        if !found.is_empty() {
            self.alerts(key, account.account_id);
        }
        found
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
            let Some(callee) = self.plan(key).and_then(|plan| plan.callees.get(index)).filter(|callee| !callee.course.is_over()) else { continue };
            let (status, telephones) = (callee.status, callee.telephones);
            // What it came to counts already.
            let outcome = self.decide(now, key, index, |course, account, facts, at| course.failed(at, status, telephones, account, facts));
            self.follow_later(now, key, index, outcome);
        }
        if self.plan(key).is_some_and(|plan| plan.asked == 0) {
            self.tell(now, key, proxy::Input::Finish);
        }
    }

    /// Does what has its time.
    pub(crate) fn due_stages(&mut self, now: Instant, key: &Key) {
        let count = self.plan(key).map_or(0, |plan| plan.callees.len());
        for index in 0..count {
            loop {
                let callee = self.plan(key).and_then(|plan| plan.callees.get(index));
                let is_due = callee.is_some_and(|callee| callee.course.deadline(&account_of(&callee.account)).is_some_and(|after| callee.began + after <= now));
                if !is_due {
                    break;
                }
                let outcome = self.decide(now, key, index, |course, account, facts, at| course.due(at, account, facts).unwrap_or_default());
                self.follow_later(now, key, index, outcome);
            }
        }
    }

    /// A telephone or another server says where to call instead (3xx): followed as far as the caller may go there.
    pub(crate) fn redirected(&mut self, now: Instant, key: &Key, branch: BranchId, response: &Response) {
        let addresses = contacts(response);
        let proxied = self.proxies.get(key);
        let group = proxied.and_then(|proxied| proxied.proxy.group(branch));
        let index = self.plan(key).and_then(|plan| plan.callees.iter().position(|callee| Some(callee.group) == group));
        let Some(plan) = self.plan(key) else { return self.tell(now, key, proxy::Input::Redirect(branch, Vec::new())) };
        if addresses.is_empty() || !plan.may_go_on(true, addresses.len()) {
            return self.tell(now, key, proxy::Input::Redirect(branch, Vec::new()));
        }
        plan.asked += 1;
        let sender = plan.sender.clone();
        let (service, key) = (self.shared.service.clone(), key.clone());
        let task: Task = Box::pin(async move {
            let mut found = Vec::with_capacity(addresses.len());
            for (address, uri) in addresses {
                let signalled = service.route_signal(&address, &sender).await;
                let signalled = match Uri::parse(uri.as_bytes()) {
                    Ok(uri) => to_dialled(&uri, signalled),
                    Err(_) => signalled,
                };
                found.push((address, signalled));
            }
            Input::Redirected(key, branch, index, found)
        });
        self.tasks.push(task);
    }

    /// The Router knows where a telephone sends the call.
    pub(crate) fn redirects(&mut self, now: Instant, key: &Key, branch: BranchId, index: Option<usize>, found: Vec<(String, Signalled)>) {
        let Some(plan) = self.plan(key) else { return };
        plan.asked -= 1;
        let callee = index.and_then(|index| plan.callees.get(index));
        let who = callee.map_or_else(|| "another server".to_owned(), |callee| format!("a telephone of {}", callee.account.address));
        let mut destinations = Vec::new();
        for (address, signalled) in found {
            self.note_rule(key, format!("{who} redirects to {address}"));
            for destination in signalled.destinations {
                match destination {
                    Destination::Refused { status, reason } => self.note_rule(key, format!("{address} is refused: {status} {reason}")),
                    Destination::Blackhole => {}
                    other => destinations.push(other),
                }
            }
        }
        let (targets, results) = self.enter(now, key, destinations, index.map(|index| (index, Why::Always)));
        self.tell(now, key, proxy::Input::Redirect(branch, targets));
        for status in results {
            self.tell(now, key, proxy::Input::Result(status));
        }
        self.drain_proxy(now, key);
    }
}

/// The addresses in the Contact fields of a redirection, with their URIs, those wanted most first.
fn contacts(response: &Response) -> Vec<(String, String)> {
    let mut found: Vec<(u16, (String, String))> = response
        .contacts()
        .filter_map(|contact| {
            let Ok(Contact::Address(address)) = contact else { return None };
            Some((address.q(), (address_of(&address.uri)?, address.uri.text().to_owned())))
        })
        .collect();
    found.sort_by_key(|(q, _)| std::cmp::Reverse(*q));
    found.truncate(ADDRESSES);
    found.into_iter().map(|(_, address)| address).collect()
}
