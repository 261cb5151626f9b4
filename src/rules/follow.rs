//! Rules that are met, and what they say is done.

use std::collections::HashMap;

use crate::action::{Action, Goal};
use crate::condition::{Facts, Field};
use crate::course::Account;
use crate::macros::{filled, filled_url};
use crate::outcome::{By, Effect, Lead, Outcome, Step, Why};
use crate::picture::Picture;
use crate::set::Rule;

/// Asks the rules of one level; whether others are asked after them.
pub(crate) fn half(account: &Account<'_>, by: By, stage: u16, high: Option<bool>, facts: &dyn Facts, outcome: &mut Outcome) -> bool {
    let Some(rules) = account.rules else { return true };
    let set = match by {
        By::Server => &rules.server,
        By::Domain => &rules.domain,
        By::Account | By::Settings => &rules.account,
    };
    let Some(set) = set else { return true };
    let asked = high.map_or_else(|| set.of_stage(stage), |high| set.of_half(stage, high));
    ask(asked, by, stage, account.address, facts, &rules.datasets, outcome)
}

/// Asks rules in their order; whether others are asked after them. A rule that names no method means calls and messages: who
/// sends his calls elsewhere at night still wants his telephones to subscribe and publish. Nor does who refuses all but calls
/// mean that his telephones shall not register.
pub(crate) fn ask(rules: &[Rule], by: By, stage: u16, account: &str, facts: &dyn Facts, datasets: &HashMap<String, Vec<Picture>>, outcome: &mut Outcome) -> bool {
    if rules.is_empty() {
        return true;
    }
    let is_common = facts.any(Field::Method, &mut |method| matches!(method, "INVITE" | "MESSAGE"));
    let is_registration = facts.any(Field::Method, &mut |method| method == "REGISTER");
    for rule in rules.iter().filter(|rule| !rule.actions.is_empty()) {
        if (is_common || if is_registration { rule.names_methods() } else { rule.names_method() }) && rule.is_met(facts, datasets) && !follow(rule, by, stage, account, facts, outcome) {
            return false;
        }
    }
    true
}

/// Does what a rule says; whether others are asked after it.
fn follow(rule: &Rule, by: By, stage: u16, account: &str, facts: &dyn Facts, outcome: &mut Outcome) -> bool {
    let mut ends = false;
    for action in &rule.actions {
        let lead = |goals: &[Goal]| Lead { why: Why::Rule(stage), targets: goals.iter().map(|goal| goal.address(account)).collect() };
        let mut step = |action: String, targets: Vec<String>| outcome.steps.push(Step { stage, by, rule: rule.name.clone(), action, targets });
        match action {
            Action::Redirect(goals) => {
                let lead = lead(goals);
                step("redirect".to_owned(), lead.targets.clone());
                outcome.forks.clear();
                outcome.redirect = Some(lead);
                ends = true;
            }
            Action::Fork(goals) => {
                let lead = lead(goals);
                step("fork".to_owned(), lead.targets.clone());
                outcome.forks.push(lead);
            }
            Action::Reject(status, text) => {
                step(format!("reject with {status} {text}").trim_end().to_owned(), Vec::new());
                (outcome.redirect, outcome.refuse) = (None, Some((*status, text.clone())));
                outcome.forks.clear();
                return false;
            }
            Action::Stop => {
                step("stop processing".to_owned(), Vec::new());
                return false;
            }
            Action::Discard => {
                step("discard rules".to_owned(), Vec::new());
                outcome.discard = true;
            }
            Action::Remember(dataset) => {
                let mut from = String::new();
                facts.any(Field::From, &mut |text| {
                    text.clone_into(&mut from);
                    true
                });
                step(format!("remember the caller in {dataset}"), Vec::new());
                if !from.is_empty() {
                    outcome.effects.push(Effect::Remember(dataset.clone(), from));
                }
            }
            Action::SendIm(to, text) => {
                let to = Goal::Address(to.clone()).address(account);
                step("send a message".to_owned(), vec![to.clone()]);
                outcome.effects.push(Effect::SendIm(to, filled(text, account, facts)));
            }
            Action::SendUrl(post, url) => {
                step("ask a web server".to_owned(), Vec::new());
                outcome.effects.push(Effect::SendUrl(*post, filled_url(url, account, facts)));
            }
            Action::Log(text) => {
                step("write to the log".to_owned(), Vec::new());
                outcome.effects.push(Effect::Log(filled(text, account, facts)));
            }
        }
    }
    !ends
}
