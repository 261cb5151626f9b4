//! Sets of rules: those of the server, a domain or an account, checked and put in order.

use std::collections::{BTreeSet, HashMap};

use model::rule::SignalRule;

use crate::action::Action;
use crate::condition::{Condition, Facts, Field};
use crate::picture::Picture;

/// Most rules of a set, and most conditions and actions of a rule.
const RULES: usize = 300;
const PARTS: usize = 32;
/// Most octets of an argument.
const ARGUMENT: usize = 16 * 1024;

/// The stages that are no seconds.
pub mod stage {
    /// At once.
    pub const NOW: u16 = 0;
    /// The last stage that is a number of seconds.
    pub const LAST_SECOND: u16 = 600;
    /// Nobody answers.
    pub const NO_ANSWER: u16 = 995;
    /// Busy: 486, 600, 603.
    pub const BUSY: u16 = 997;
    /// Any other failure.
    pub const ERROR: u16 = 999;
}

/// Whose rules they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The server's.
    Server,
    /// A domain's.
    Domain,
    /// An account's.
    Account,
}

/// Why a rule cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer into the rule, or into the list of rules.
    pub pointer: String,
    /// For people.
    pub reason: String,
}

/// A rule, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    stage: u16,
    priority: u8,
    conditions: Vec<Condition>,
    /// What is done when it is met.
    pub actions: Vec<Action>,
}

impl Rule {
    pub(crate) fn stage(&self) -> u16 {
        self.stage
    }

    pub(crate) fn priority(&self) -> u8 {
        self.priority
    }

    /// Whether every call meets it.
    pub(crate) fn is_always_met(&self) -> bool {
        self.conditions.is_empty()
    }

    /// The places of conditions that nothing meets, and why.
    pub(crate) fn never_met(&self) -> impl Iterator<Item = (usize, &'static str)> {
        self.conditions.iter().enumerate().filter(|(_, condition)| condition.is_never_met()).map(|(n, _)| (n, "is met by nothing"))
    }

    /// Whether it speaks of a method: only then it is asked for signals that are neither calls nor messages.
    pub(crate) fn names_method(&self) -> bool {
        self.conditions.iter().any(|condition| condition.field() == Field::Method)
    }

    /// Whether it says which methods it is for, not which it is not for: only then it is asked for registrations.
    pub(crate) fn names_methods(&self) -> bool {
        self.conditions.iter().any(|condition| condition.field() == Field::Method && !condition.is_negated())
    }

    /// Whether all of its conditions are met.
    pub fn is_met(&self, facts: &dyn Facts, datasets: &HashMap<String, Vec<Picture>>) -> bool {
        self.conditions.iter().all(|condition| condition.is_met(facts, datasets))
    }
}

/// The rules of one level that act, by stage, the highest priority first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Set {
    rules: Vec<Rule>,
}

impl Set {
    /// Whether none acts.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules of a stage in their order.
    pub fn of_stage(&self, stage: u16) -> &[Rule] {
        let from = self.rules.partition_point(|rule| rule.stage < stage);
        let to = self.rules.partition_point(|rule| rule.stage <= stage);
        self.rules.get(from..to).unwrap_or_default()
    }

    /// Those of a stage with a priority above 5, or the others.
    pub(crate) fn of_half(&self, stage: u16, high: bool) -> &[Rule] {
        let rules = self.of_stage(stage);
        let (above, below) = rules.split_at(rules.partition_point(|rule| rule.priority > 5));
        if high { above } else { below }
    }

    /// The first stage of seconds after one.
    pub(crate) fn next_second(&self, after: u16) -> Option<u16> {
        let at = self.rules.partition_point(|rule| rule.stage <= after);
        self.rules.get(at).map(|rule| rule.stage).filter(|stage| *stage <= stage::LAST_SECOND)
    }

    /// The datasets that conditions ask for.
    pub fn datasets(&self) -> BTreeSet<&str> {
        self.rules.iter().flat_map(|rule| &rule.conditions).filter_map(Condition::dataset).collect()
    }

    /// Whether a condition looks at a field.
    pub fn looks_at(&self, field: Field) -> bool {
        self.rules.iter().flat_map(|rule| &rule.conditions).any(|condition| condition.field() == field)
    }
}

/// Checks a rule of this level; faults name what is at fault in it.
///
/// # Errors
/// All faults.
pub fn check(rule: &SignalRule, level: Level) -> Result<Rule, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fault = |pointer: String, reason: &str| faults.push(Fault { pointer, reason: reason.to_owned() });
    let name = rule.name.trim();
    if !(1..=64).contains(&name.chars().count()) || name.starts_with('#') || name.chars().any(char::is_control) {
        fault("/name".to_owned(), "must have 1 to 64 characters and not begin with #");
    }
    let stage = u16::try_from(rule.stage).ok().filter(|stage| *stage <= stage::LAST_SECOND || [stage::NO_ANSWER, stage::BUSY, stage::ERROR].contains(stage));
    if stage.is_none() {
        fault("/stage".to_owned(), "must be 0 to 600, 995, 997 or 999");
    }
    let priority = u8::try_from(rule.priority).ok().filter(|priority| *priority <= 10);
    if priority.is_none() {
        fault("/priority".to_owned(), "must be 0 to 10");
    }
    if rule.comment.chars().count() > 1024 {
        fault("/comment".to_owned(), "must have at most 1024 characters");
    }
    for (pointer, count) in [("/conditions", rule.conditions.len()), ("/actions", rule.actions.len())] {
        if count > PARTS {
            fault(pointer.to_owned(), "must be at most 32");
        }
    }
    let long = rule.conditions.iter().enumerate().map(|(n, condition)| ("conditions", n, condition.arg.len()));
    let long = long.chain(rule.actions.iter().enumerate().map(|(n, action)| ("actions", n, action.arg.len())));
    for (part, n, _) in long.filter(|(.., size)| *size > ARGUMENT) {
        fault(format!("/{part}/{n}/arg"), "must have at most 16 kB");
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let (mut conditions, mut actions) = (Vec::with_capacity(rule.conditions.len()), Vec::with_capacity(rule.actions.len()));
    for (n, given) in rule.conditions.iter().enumerate() {
        match Condition::parse(given) {
            Ok(condition) => conditions.push(condition),
            Err((at, reason)) => faults.push(Fault { pointer: format!("/conditions/{n}/{at}"), reason }),
        }
    }
    for (n, given) in rule.actions.iter().enumerate() {
        match Action::parse(given, level) {
            Ok(action) => actions.push(action),
            Err((at, reason)) => faults.push(Fault { pointer: format!("/actions/{n}/{at}"), reason }),
        }
    }
    match (stage, priority, faults.is_empty()) {
        (Some(stage), Some(priority), true) => Ok(Rule { name: name.to_owned(), stage, priority, conditions, actions }),
        _ => Err(faults),
    }
}

/// Makes a set of rules in the order of their list; faults name the rule by its place.
///
/// # Errors
/// All faults.
pub fn compile(rules: &[SignalRule], level: Level) -> Result<Set, Vec<Fault>> {
    let (mut set, mut faults) = (Vec::with_capacity(rules.len()), Vec::new());
    if rules.len() > RULES {
        faults.push(Fault { pointer: String::new(), reason: format!("must be at most {RULES}") });
        return Err(faults);
    }
    let mut names = BTreeSet::new();
    for (n, rule) in rules.iter().enumerate() {
        if !names.insert(rule.name.trim().to_lowercase()) {
            faults.push(Fault { pointer: format!("/{n}/name"), reason: "is the name of another rule".to_owned() });
        }
        match check(rule, level) {
            Ok(checked) if rule.enabled && checked.priority > 0 => set.push(checked),
            Ok(_) => {}
            Err(found) => faults.extend(found.into_iter().map(|fault| Fault { pointer: format!("/{n}{}", fault.pointer), ..fault })),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    // The place in the list decides between equals.
    set.sort_by_key(|rule| (rule.stage, std::cmp::Reverse(rule.priority)));
    Ok(Set { rules: set })
}
