//! The course of a call for one account: what its rules and settings make of it at once, after a time, and when the
//! telephones failed.
//!
//! Within a stage the server's and the domain's rules above priority 5 come first, then the account's, then the domain's and the
//! server's others. The account's settings act with its own rules: whom it refuses before them, where it diverts to after them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use model::account::AccountSettings;

use crate::address::addresses;
use crate::caller::{Caller, refused};
use crate::condition::{Facts, Field};
use crate::follow::{ask, half};
use crate::outcome::{By, Lead, Outcome, Step, Why};
use crate::picture::Picture;
use crate::set::{Set, stage};

/// The rules that act on calls for an account.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Those of the server.
    pub server: Option<Arc<Set>>,
    /// Those of its domain.
    pub domain: Option<Arc<Set>>,
    /// Its own.
    pub account: Option<Arc<Set>>,
    /// The datasets that they ask for.
    pub datasets: HashMap<String, Vec<Picture>>,
}

impl Rules {
    fn sets(&self) -> impl Iterator<Item = &Set> {
        [&self.server, &self.domain, &self.account].into_iter().filter_map(Option::as_deref)
    }

    /// Whether a condition looks at a field.
    pub fn looks_at(&self, field: Field) -> bool {
        self.sets().any(|set| set.looks_at(field))
    }

    fn has(&self, stage: u16) -> bool {
        self.sets().any(|set| !set.of_stage(stage).is_empty())
    }

    fn next_second(&self, after: u16) -> Option<u16> {
        self.sets().filter_map(|set| set.next_second(after)).min()
    }
}

/// An account that is called.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// `name@domain`.
    pub address: &'a str,
    /// Its settings.
    pub settings: &'a AccountSettings,
    /// The rules that act.
    pub rules: Option<&'a Rules>,
}

impl Account<'_> {
    fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    fn has_rules(&self, stage: u16) -> bool {
        self.rules.is_some_and(|rules| rules.has(stage))
    }

    /// The addresses that its settings name.
    fn diverted(&self, why: Why) -> Vec<String> {
        let settings = self.settings;
        let text = match why {
            Why::Always => &settings.divert_always,
            Why::Busy => &settings.divert_busy,
            Why::NoAnswer => &settings.divert_no_answer,
            Why::Unreachable if settings.divert_unregistered.trim().is_empty() => &settings.divert_no_answer,
            Why::Unreachable => &settings.divert_unregistered,
            Why::Error if settings.divert_error.trim().is_empty() => return self.diverted(Why::Unreachable),
            Why::Error => &settings.divert_error,
            Why::Together => return settings.simultaneous_ring.iter().flat_map(|one| addresses(one, self.domain())).collect(),
            Why::FindMe | Why::Rule(_) => return Vec::new(),
        };
        addresses(text, self.domain())
    }
}

/// How an account stands when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Situation {
    /// It calls itself.
    pub own: bool,
    /// It is in another call.
    pub in_call: bool,
    /// It has as many calls as it may have.
    pub at_limit: bool,
}

/// What made a stage come.
#[derive(Clone, Copy)]
enum Trigger<'a> {
    Begin(&'a Caller, Situation),
    /// A signal that is no call.
    Signal(&'a Caller),
    Second,
    Failed(Why),
}

/// The parts of a stage in their order.
const PARTS: [Part; 7] = [Part::Half(By::Server, true), Part::Half(By::Domain, true), Part::Refusals, Part::Own, Part::Diversions, Part::Half(By::Domain, false), Part::Half(By::Server, false)];

#[derive(Clone, Copy)]
enum Part {
    Half(By, bool),
    Refusals,
    Own,
    Diversions,
}

/// A call for one account.
#[derive(Debug, Clone, Default)]
pub struct Course {
    own: bool,
    /// Nothing more is done.
    over: bool,
    /// No rule of a later stage is asked.
    discarded: bool,
    /// The settings have sent the call elsewhere, and do nothing more.
    settled: bool,
    /// The last stage of seconds that came.
    second: u16,
    /// The stages of failures that came.
    came: [bool; 3],
    /// When others ring too, when the next address is tried, and when nobody answers.
    rings_also: Option<Duration>,
    finds: Option<Duration>,
    found: usize,
    gives_up: Option<Duration>,
}

fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

/// What the server's rules make of a signal before anybody knows for whom it is; names without a domain are of that of `account`,
/// for which applications act.
pub fn at_start(set: &Set, account: &str, facts: &dyn Facts) -> Outcome {
    let mut outcome = Outcome::default();
    let datasets = HashMap::new();
    ask(set.of_stage(stage::NOW), By::Server, stage::NOW, account, facts, &datasets, &mut outcome);
    outcome
}

impl Course {
    /// A call that comes; rules of later stages do not act when the server's have discarded them.
    pub fn new(discarded: bool) -> Self {
        Self { discarded, ..Self::default() }
    }

    /// Whether nothing more is done.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Does nothing more.
    pub fn finish(&mut self) {
        self.over = true;
    }

    /// What happens at once. Unless it is redirected or refused, the telephones ring.
    pub fn begin(&mut self, account: &Account<'_>, facts: &dyn Facts, caller: &Caller, situation: Situation) -> Outcome {
        self.own = situation.own;
        let mut outcome = self.run(stage::NOW, Trigger::Begin(caller, situation), account, facts);
        if outcome.busy {
            let later = self.failure(486, true, account, facts);
            outcome.then(later);
            if outcome.redirect.is_none() && outcome.refuse.is_none() {
                if outcome.forks.is_empty() {
                    outcome.refuse = Some((486, String::new()));
                } else {
                    // Nobody rings but those who are called now.
                    let targets = std::mem::take(&mut outcome.forks).into_iter().flat_map(|lead| lead.targets).collect();
                    outcome.redirect = Some(Lead { why: Why::Busy, targets });
                }
            }
        }
        if outcome.refuse.is_some() {
            self.over = true;
            return outcome;
        }
        self.plan(account, outcome.redirect.is_none(), &mut outcome);
        outcome
    }

    /// What happens at once to a signal that is no call.
    pub fn signal(&mut self, account: &Account<'_>, facts: &dyn Facts, caller: &Caller, own: bool) -> Outcome {
        (self.own, self.over) = (own, true);
        self.run(stage::NOW, Trigger::Signal(caller), account, facts)
    }

    /// What happens later, and when.
    fn plan(&mut self, account: &Account<'_>, rings: bool, outcome: &mut Outcome) {
        let settings = account.settings;
        let after = seconds(settings.simultaneous_ring_seconds);
        if !settings.simultaneous_ring.is_empty() && !self.own && !self.settled {
            if !after.is_zero() {
                self.rings_also = Some(after);
            } else if rings {
                // That is no later stage.
                Self::together(account, outcome);
            }
        }
        let mut patience = seconds(settings.no_answer_seconds);
        if self.acts_by_settings() && !settings.find_me.is_empty() {
            let step = seconds(settings.find_me_seconds);
            self.finds = Some(step);
            // Whoever is called last has his time.
            patience = patience.max(step * u32::try_from(settings.find_me.len() + 1).unwrap_or(1));
        }
        self.await_answer(account, patience);
    }

    fn acts_by_settings(&self) -> bool {
        !self.own && !self.settled && !self.discarded
    }

    fn await_answer(&mut self, account: &Account<'_>, until: Duration) {
        let by_settings = self.acts_by_settings() && !account.settings.divert_no_answer.trim().is_empty();
        let by_rules = !self.discarded && account.has_rules(stage::NO_ANSWER);
        self.gives_up = (!self.came[0] && (by_settings || by_rules)).then_some(until);
    }

    /// When something happens next, since the call came.
    pub fn deadline(&self, account: &Account<'_>) -> Option<Duration> {
        if self.over {
            return None;
        }
        [self.next_second(account).map(|second| Duration::from_secs(second.into())), self.rings_also, self.finds, self.gives_up].into_iter().flatten().min()
    }

    fn next_second(&self, account: &Account<'_>) -> Option<u16> {
        account.rules.filter(|_| !self.discarded).and_then(|rules| rules.next_second(self.second))
    }

    /// What happens now, so long after the call came; `None` when nothing is due.
    pub fn due(&mut self, at: Duration, account: &Account<'_>, facts: &dyn Facts) -> Option<Outcome> {
        let first = self.deadline(account).filter(|first| *first <= at)?;
        if self.rings_also.is_some_and(|at| at <= first) {
            return Some(self.ring_also(account));
        }
        if self.finds.is_some_and(|at| at <= first) {
            return Some(self.find(account, first));
        }
        if self.gives_up.is_some_and(|at| at <= first) {
            self.gives_up = None;
            let outcome = self.failure(408, true, account, facts);
            return Some(self.after(outcome, account, at));
        }
        let second = self.next_second(account)?;
        self.second = second;
        let outcome = self.run(second, Trigger::Second, account, facts);
        Some(self.after(outcome, account, at))
    }

    /// What happens after all that was tried came to this status; `telephones` is false when there were none to try. Nothing
    /// is waited for then: what would come later comes now.
    pub fn failed(&mut self, at: Duration, status: u16, telephones: bool, account: &Account<'_>, facts: &dyn Facts) -> Outcome {
        if self.over {
            return Outcome::default();
        }
        if self.rings_also.is_some() && self.acts_by_settings() {
            return self.ring_also(account);
        }
        if self.finds.is_some() && self.acts_by_settings() {
            return self.find(account, at);
        }
        let mut outcome = self.failure(status, telephones, account, facts);
        while !outcome.decides() {
            let Some(second) = self.next_second(account) else {
                self.over = true;
                return outcome;
            };
            self.second = second;
            let later = self.run(second, Trigger::Second, account, facts);
            outcome.then(later);
        }
        self.after(outcome, account, at)
    }

    /// What an outcome means for what comes later.
    fn after(&mut self, outcome: Outcome, account: &Account<'_>, at: Duration) -> Outcome {
        if outcome.refuse.is_some() {
            self.over = true;
        } else if outcome.redirect.is_some() {
            // Whoever is called now has his time.
            self.await_answer(account, at + seconds(account.settings.no_answer_seconds));
        }
        outcome
    }

    /// The stage of a failure, once.
    fn failure(&mut self, status: u16, telephones: bool, account: &Account<'_>, facts: &dyn Facts) -> Outcome {
        let (place, stage, why) = match status {
            486 | 600 | 603 => (1, stage::BUSY, Why::Busy),
            408 | 480 | 487 => (0, stage::NO_ANSWER, if telephones { Why::NoAnswer } else { Why::Unreachable }),
            _ => (2, stage::ERROR, Why::Error),
        };
        match self.came.get_mut(place) {
            Some(came) if !*came && !self.discarded => *came = true,
            _ => return Outcome::default(),
        }
        if place == 0 {
            self.gives_up = None;
        }
        self.run(stage, Trigger::Failed(why), account, facts)
    }

    fn together(account: &Account<'_>, outcome: &mut Outcome) {
        let after = account.settings.simultaneous_ring_seconds;
        let lead = Lead { why: Why::Together, targets: account.diverted(Why::Together) };
        outcome.steps.push(of_settings(u16::try_from(after).unwrap_or(0), &lead));
        outcome.forks.push(lead);
    }

    fn ring_also(&mut self, account: &Account<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        self.rings_also = None;
        if self.acts_by_settings() {
            Self::together(account, &mut outcome);
        }
        outcome
    }

    /// The next address at which the account is looked for.
    fn find(&mut self, account: &Account<'_>, at: Duration) -> Outcome {
        let settings = account.settings;
        let mut outcome = Outcome::default();
        let next = settings.find_me.get(self.found).filter(|_| self.acts_by_settings());
        self.found += 1;
        let step = seconds(settings.find_me_seconds);
        self.finds = settings.find_me.get(self.found).map(|_| at + step);
        if let Some(next) = next {
            let lead = Lead { why: Why::FindMe, targets: addresses(next, account.domain()) };
            let second = u16::try_from(settings.find_me_seconds.saturating_mul(i64::try_from(self.found).unwrap_or(1))).unwrap_or(stage::LAST_SECOND);
            outcome.steps.push(of_settings(second.min(stage::LAST_SECOND), &lead));
            if settings.find_me_together { outcome.forks.push(lead) } else { outcome.redirect = Some(lead) }
            if self.gives_up.is_some() && self.finds.is_none() {
                self.gives_up = Some(at + step.max(seconds(settings.no_answer_seconds)));
            }
        }
        outcome
    }

    /// Asks everybody who has something to say in a stage.
    fn run(&mut self, stage: u16, trigger: Trigger<'_>, account: &Account<'_>, facts: &dyn Facts) -> Outcome {
        let mut outcome = Outcome::default();
        for part in PARTS {
            let goes_on = match part {
                Part::Refusals => self.refusals(trigger, account, &mut outcome),
                Part::Diversions => self.diversions(stage, trigger, account, &mut outcome),
                Part::Own => half(account, By::Account, stage, None, facts, &mut outcome),
                // The server's were asked before the account was known.
                Part::Half(By::Server, _) if stage == stage::NOW => true,
                Part::Half(by, high) => half(account, by, stage, Some(high), facts, &mut outcome),
            };
            if !goes_on {
                break;
            }
        }
        self.discarded |= outcome.discard;
        outcome
    }

    /// Whom the settings refuse.
    fn refusals(&self, trigger: Trigger<'_>, account: &Account<'_>, outcome: &mut Outcome) -> bool {
        let (caller, situation) = match trigger {
            Trigger::Begin(caller, situation) => (caller, Some(situation)),
            Trigger::Signal(caller) => (caller, None),
            Trigger::Second | Trigger::Failed(_) => return true,
        };
        let settled = |rule: &str, action: &str| Step { stage: stage::NOW, by: By::Settings, rule: rule.to_owned(), action: action.to_owned(), targets: Vec::new() };
        if situation.is_some_and(|situation| situation.at_limit) {
            outcome.steps.push(settled("calls_limit", "has as many calls as it may have"));
            outcome.busy = true;
            return false;
        }
        if self.own {
            return true;
        }
        let refusal = if situation.is_some() && !account.settings.accept_calls { Some((480, "takes no calls")) } else { refused(account.settings, caller) };
        if let Some((status, why)) = refusal {
            outcome.steps.push(settled("refusals", &format!("{why}: {status}")));
            outcome.refuse = Some((status, String::new()));
        }
        refusal.is_none()
    }

    /// Where the settings divert to.
    fn diversions(&mut self, stage: u16, trigger: Trigger<'_>, account: &Account<'_>, outcome: &mut Outcome) -> bool {
        if !self.acts_by_settings() {
            return true;
        }
        let settings = account.settings;
        let why = match trigger {
            Trigger::Begin(..) => Why::Always,
            Trigger::Failed(why) => why,
            Trigger::Second | Trigger::Signal(_) => return true,
        };
        let targets = account.diverted(why);
        if !targets.is_empty() {
            self.settled = true;
            let lead = Lead { why, targets };
            outcome.steps.push(of_settings(stage, &lead));
            outcome.redirect = Some(lead);
            outcome.forks.clear();
            return false;
        }
        if let Trigger::Begin(_, situation) = trigger {
            let busy = match situation.in_call && !settings.call_waiting {
                _ if settings.do_not_disturb => Some(("do_not_disturb", "does not want to be disturbed")),
                true => Some(("call_waiting", "is in a call, and others do not wait")),
                false => None,
            };
            if let Some((rule, action)) = busy {
                outcome.steps.push(Step { stage, by: By::Settings, rule: rule.to_owned(), action: action.to_owned(), targets: Vec::new() });
                outcome.busy = true;
                return false;
            }
        }
        true
    }
}

fn of_settings(stage: u16, lead: &Lead) -> Step {
    Step { stage, by: By::Settings, rule: lead.why.setting().to_owned(), action: lead.why.text().to_owned(), targets: lead.targets.clone() }
}

#[cfg(test)]
mod tests;
