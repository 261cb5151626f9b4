//! Whatever order things come in, upstream gets one final answer or several 2xx, and no branch is cancelled too early.

use std::collections::HashSet;

use proptest::prelude::*;

use super::play::{INVITE, Play};
use super::*;

#[derive(Debug, Clone)]
enum Step {
    Answer(u32, u16),
    Unreachable(u32),
    Add(u8, u16, u32),
    Redirect(bool),
    Stop,
    Cancel,
    Finish,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop::sample::select(vec![
        100, 180, 183, 180, 200, 202, 302, 401, 407, 404, 408, 486, 487, 500, 503, 600, 603,
    ]);
    prop_oneof![
        12 => (0u32..6, status).prop_map(|(branch, status)| Step::Answer(branch, status)),
        1 => (0u32..6).prop_map(Step::Unreachable),
        4 => (1u8..4, 0u16..3, 0u32..3).prop_map(|(count, q, group)| Step::Add(count, q, group)),
        2 => any::<bool>().prop_map(Step::Redirect),
        1 => Just(Step::Stop),
        1 => Just(Step::Cancel),
        1 => Just(Step::Finish),
        3 => (0u64..60_000).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn one_final_answer(
        invite in prop::bool::weighted(0.8),
        disposition in prop::sample::select(vec!["proxy", "no-fork", "sequential", "parallel", "no-cancel"]),
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let method = if invite { "INVITE" } else { "SUBSCRIBE" };
        let text = INVITE.replace("INVITE", method)
            .replace("Contact", &format!("Request-Disposition: {disposition}\r\nContact"));
        let mut play = Play::new(&text);
        let mut millis = 0;
        let mut provisional = HashSet::new();
        for step in steps {
            match step {
                Step::Answer(branch, status) if play.sent.contains_key(&BranchId(branch)) => {
                    provisional.insert(BranchId(branch));
                    play.answer(branch, status);
                }
                Step::Unreachable(branch) if play.sent.contains_key(&BranchId(branch)) => {
                    play.unreachable(branch);
                }
                Step::Add(count, q, group) => {
                    let targets: Vec<_> = (0..count).map(|at| ("a", q.wrapping_sub(u16::from(at) % 2), group)).collect();
                    play.add(&targets);
                }
                Step::Redirect(follow) => {
                    if let Some(id) = play.redirected.pop() {
                        let target = Target::new("sip:c@192.0.2.99", 0).unwrap();
                        let targets = if follow { vec![target] } else { Vec::new() };
                        play.input(Input::Redirect(id, targets));
                    }
                }
                Step::Stop => { play.input(Input::Stop(None)); }
                Step::Cancel if invite => { play.follow(&Method::Cancel, ""); }
                Step::Finish => { play.input(Input::Finish); }
                Step::Wait(more) => {
                    millis += more;
                    play.until(millis);
                }
                _ => {}
            }
            for id in play.cancels.keys() {
                prop_assert!(invite && provisional.contains(id));
            }
        }
        play.input(Input::Finish);
        play.until(millis + 2_000_000);
        prop_assert_eq!(play.ended, 1, "{:?}", play.proxy);
        let answered = play.finals.iter().filter(|status| **status < 300).count();
        prop_assert_eq!(play.finals.len(), if answered > 0 { answered } else { play.finals.len().min(1) });
        if invite {
            prop_assert!(!play.finals.is_empty());
        } else {
            prop_assert!(play.finals.len() <= 1);
            prop_assert!(!play.finals.contains(&408));
        }
        prop_assert_eq!(play.endpoint.transactions(), (0, 0));
        prop_assert_eq!(play.proxy.deadline(), None);
    }
}
