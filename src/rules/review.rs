//! What is doubtful in rules that can be: those that are never asked, and what is never done.

use model::rule::SignalRule;

use crate::action::{Action, Goal};
use crate::set::{Fault, Level, Rule, check, stage};

/// Whether no rule of its stage is asked after it, whatever the call.
fn ends(rule: &Rule) -> bool {
    rule.is_always_met() && rule.actions.iter().any(|action| matches!(action, Action::Redirect(_) | Action::Reject(..) | Action::Stop))
}

/// The doubts about rules that can be; pointers name a rule by its place.
pub fn review(rules: &[SignalRule], level: Level) -> Vec<Fault> {
    let mut doubts = Vec::new();
    let acting: Vec<(usize, Rule)> = rules.iter().enumerate().filter(|(_, rule)| rule.enabled).filter_map(|(n, rule)| Some((n, check(rule, level).ok()?))).collect();
    let mut doubt = |n: usize, rest: String, reason: String| doubts.push(Fault { pointer: format!("/{n}{rest}"), reason });
    for (n, rule) in &acting {
        if rule.actions.is_empty() {
            doubt(*n, "/actions".to_owned(), "does nothing".to_owned());
        }
        if let Some(last) = rule.actions.iter().position(|action| matches!(action, Action::Reject(..) | Action::Stop)).filter(|last| last + 1 < rule.actions.len()) {
            doubt(*n, format!("/actions/{}", last + 1), "is never done: the action before it is the last".to_owned());
        }
        for (m, condition) in rule.never_met() {
            doubt(*n, format!("/conditions/{m}/arg"), condition.to_owned());
        }
        // The highest priority first; the place decides between equals.
        let before = |(m, other): &&(usize, Rule)| (std::cmp::Reverse(other.priority()), *m) < (std::cmp::Reverse(rule.priority()), *n);
        let same = acting.iter().filter(before).find(|(_, other)| other.stage() == rule.stage() && ends(other));
        let discards = |other: &Rule| other.is_always_met() && other.stage() == stage::NOW && other.actions.contains(&Action::Discard);
        let earlier = acting.iter().find(|(_, other)| rule.stage() != stage::NOW && discards(other));
        if let Some((_, other)) = same.or(earlier) {
            doubt(*n, String::new(), format!("is never asked because of {}", other.name));
        }
    }
    doubts
}

/// The addresses that the rules of an account name, with the pointers to them.
pub fn targets(rules: &[SignalRule], level: Level, account: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (n, rule) in rules.iter().enumerate() {
        for (m, action) in check(rule, level).map(|rule| rule.actions).unwrap_or_default().into_iter().enumerate() {
            if let Action::Redirect(goals) | Action::Fork(goals) = action {
                found.extend(goals.iter().filter(|goal| **goal != Goal::Devices).map(|goal| (format!("/{n}/actions/{m}/arg"), goal.address(account))));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use model::rule::NewSignalRule;
    use uuid::Uuid;

    use super::*;
    use crate::wire;

    #[test]
    fn doubts_are_named() {
        let whole = |NewSignalRule { name, stage, priority, conditions, actions, comment, .. }| SignalRule {
            id: Uuid::nil(), name, stage, priority: priority.unwrap_or(5), enabled: priority != Some(0), conditions, actions, comment, version: 1,
        };
        let doubts = |text: &str| {
            let rules: Vec<SignalRule> = wire::parse(text).unwrap().into_iter().map(|imported| whole(imported.rule)).collect();
            review(&rules, Level::Account).into_iter().map(|fault| format!("{} {}", fault.pointer, fault.reason)).collect::<Vec<_>>()
        };
        assert_eq!(doubts(r#"((0,5,a,(),(("Redirect To",x))))"#), Vec::<String>::new());
        assert_eq!(doubts(r#"((0,5,a,(),(("Redirect To",x))),(0,5,b,(),(("Fork to",y))),(1,5,c,(),(("Fork to",y))))"#), ["/1 is never asked because of a"]);
        assert_eq!(doubts(r#"((0,5,a,((From,is,x)),(("Redirect To",x))),(0,5,b,(),(("Fork to",y))))"#), Vec::<String>::new());
        assert_eq!(doubts(r#"((0,5,a,(),(("Fork to",y))),(0,9,b,(),(("Stop Processing","---"))))"#), ["/0 is never asked because of b"]);
        assert_eq!(doubts(r#"((995,5,a,(),(("Fork to",y))),(0,1,b,(),(("Discard Rules","---"))))"#), ["/0 is never asked because of b"]);
        assert_eq!(doubts(r#"((0,5,a,(),()))"#), ["/0/actions does nothing"]);
        assert_eq!(doubts(r#"((0,0,a,(),()))"#), Vec::<String>::new());
        assert_eq!(doubts(r#"((0,5,a,((From,in," ,")),(("Reject with","x"),("Fork to",y))))"#), ["/0/actions/1 is never done: the action before it is the last", "/0/conditions/0/arg is met by nothing"]);
        assert_eq!(doubts(r#"((0,5,a,((RegClients,"less than",0)),(("Reject with","x"))))"#), ["/0/conditions/0/arg is met by nothing"]);
    }
}
