//! Properties that hold for every input; run by the fuzz target and, over its corpus, by the tests.

use std::time::Duration;

use model::account::AccountSettings;
use model::rule::SignalRule;
use uuid::Uuid;

use crate::condition::{Facts, Field};
use crate::course::{Account, Course, Rules, Situation};
use crate::moment::Moment;
use crate::{Caller, Device, Level, Scene, compile, rehearse, wire};

struct Call(Duration);

impl Facts for Call {
    fn any(&self, field: Field, test: &mut dyn FnMut(&str) -> bool) -> bool {
        match field {
            Field::Method => test("INVITE"),
            Field::From => test("ann@a.example"),
            Field::ReqField => ["Subject: x", "Priority: urgent"].into_iter().any(test),
            _ => test(""),
        }
    }

    fn number(&self, _: Field) -> Option<i64> {
        Some(1)
    }

    fn now(&self) -> Option<Moment> {
        Moment::parse("2026-06-18T10:30").map(|moment| Moment { second: (moment.second + u32::try_from(self.0.as_secs()).unwrap_or(0)) % 86_400, ..moment })
    }

    fn domain(&self) -> &str {
        "a.example"
    }
}

/// Rules in the CommuniGate form are printed as they are read; a set that is made of them runs a call to its end in few steps, to
/// the same end each time.
pub fn signal_rules(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(imported) = wire::parse(&text) else { return };
    let rules: Vec<_> = imported.into_iter().map(|one| one.rule).collect();
    let again: Vec<_> = wire::parse(&wire::print(&rules)).unwrap_or_default().into_iter().map(|one| one.rule).collect();
    assert_eq!(again, rules, "{text}");
    let whole = |rule: model::rule::NewSignalRule| SignalRule {
        id: Uuid::nil(),
        name: rule.name,
        stage: rule.stage,
        priority: rule.priority.unwrap_or(5),
        enabled: true,
        conditions: rule.conditions,
        actions: rule.actions,
        comment: rule.comment,
        version: 1,
    };
    let rules: Vec<SignalRule> = rules.into_iter().map(whole).collect();
    let set = match compile(&rules, Level::Account) {
        Ok(set) => set,
        Err(faults) => return faults.iter().for_each(|fault| assert!(fault.pointer.is_empty() || fault.pointer.starts_with('/'))),
    };
    let rules = Rules { account: Some(set.into()), ..Rules::default() };
    let settings = AccountSettings::default();
    let account = Account { address: "bob@a.example", settings: &settings, rules: Some(&rules) };
    let busy = [Device { status: Some(486), after: Duration::from_secs(1) }];
    for devices in [&busy[..], &[], &[Device { status: None, after: Duration::ZERO }]] {
        let run = || rehearse(&account, Course::new(false), Call, &Scene { caller: &Caller::default(), situation: Situation::default(), devices, reached: &|target| target != "102@a.example" });
        let rehearsal = run();
        assert!(rehearsal.timeline.is_sorted_by_key(|timed| timed.at));
        assert!(rehearsal.timeline.len() <= 300 * 32, "no rule is followed twice in a stage");
        assert_eq!(run(), rehearsal);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[test]
    fn the_corpus_is_replayed() {
        let folder = format!("{}/../../fuzz/corpus/signal_rules", env!("CARGO_MANIFEST_DIR"));
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() >= 10);
        for file in files {
            super::signal_rules(&std::fs::read(file).unwrap());
        }
    }

    fn word() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("From".to_owned()), Just("is".to_owned()), Just("not in".to_owned()), Just("Fork to".to_owned()), Just("Redirect To".to_owned()), Just("Reject with".to_owned()),
            Just("Discard Rules".to_owned()), Just("102".to_owned()), Just("*".to_owned()), Just("---".to_owned()), Just("486 Busy".to_owned()), "\\PC{0,6}"
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn texts_of_any_kind(text in "[(),\"\\\\a5 #-]{0,60}") {
            super::signal_rules(text.as_bytes());
        }

        #[test]
        fn rules_of_any_kind(rules in prop::collection::vec((prop::sample::select(vec![0, 1, 5, 20, 995, 997, 999]), 0..11, word(), word(), word(), word(), word()), 0..8)) {
            let text: Vec<String> = rules.iter().enumerate().map(|(n, (stage, priority, field, op, arg, verb, to))| {
                let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
                format!("({stage},{priority},r{n},(({},{},{})),(({},{})))", quoted(field), quoted(op), quoted(arg), quoted(verb), quoted(to))
            }).collect();
            super::signal_rules(format!("({})", text.join(",")).as_bytes());
        }
    }
}
