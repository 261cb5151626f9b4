//! The vectors of `vectors.tsv`, each with everything its line states.

use model::routing::{
    ExplainReply, Explanation, Flow, RelayDecision, ReplyCodes, RouterSettings, UnqualifiedSuffix,
};

use crate::fixture::{self, IN, OUT};
use crate::{Context, DEFAULT_TABLE, Route, Template, Unknown, Verdict};

const VECTORS: &str = include_str!("vectors.tsv");

struct Case {
    settings: RouterSettings,
    client: crate::Domain,
    context: Context,
}

fn case(options: &str) -> Case {
    let (_, client, _) = fixture::domains();
    let mut case = Case {
        settings: RouterSettings::default(),
        client,
        context: Context::default(),
    };
    for option in options.split_whitespace() {
        match option {
            "direct" => case.context.direct = true,
            "authenticated" => {
                case.context.authenticated = Some("john@company.dom".into());
                case.context.trusted = true;
            }
            "administrator" => case.context.administrator = true,
            "internal" => case.context.internal = true,
            "login_offered" => case.context.login_offered = true,
            "ours" => case.context.caller_is_ours = true,
            "blacklisted" => {
                case.context.blacklisted = true;
                case.context.peer = Some("203.0.113.9".parse().unwrap());
            }
            "mailboxes" => case.settings.direct_mailbox_addressing = true,
            "nodetail" => case.settings.account_detail_addressing = false,
            "noliterals" => case.settings.ip_literals = false,
            "nosuffix" => {
                case.settings.add_domain_to_unqualified = UnqualifiedSuffix(Some(String::new()))
            }
            "suspended" => case.client.suspended = true,
            "discarded" => case.client.mail_to_unknown = Unknown::Discarded,
            "bounced" => case.client.mail_to_unknown = Unknown::AcceptedAndBounced,
            _ => {
                let address = option.strip_prefix("reroute=").expect(option);
                case.client.mail_to_unknown = Unknown::Rerouted(Template::parse(address).unwrap());
            }
        }
    }
    case
}

fn table(name: &str) -> String {
    let part = |part: &str| match part {
        "E" => String::new(),
        "IN" => IN.to_owned(),
        "OUT" => OUT.to_owned(),
        "DEF" => DEFAULT_TABLE.to_owned(),
        record => format!("{record}\n"),
    };
    name.split(" // ").map(part).collect()
}

fn check(line: &str) {
    let fields: Vec<&str> = line.split('\t').collect();
    let [number, names, options, flow, address, text, facts] = fields.as_slice() else {
        panic!("{line}")
    };
    let flow = match *flow {
        "mail" => Flow::Mail,
        "access" => Flow::Access,
        _ => Flow::Signal,
    };
    let case = case(options);
    let (main, _, host) = fixture::domains();
    let router = fixture::router(&table(names), &case.settings, main, case.client, &host);
    let directory = fixture::directory();
    let plain = router.route(address, flow, &case.context, |question| {
        directory.answer(question)
    });
    let context = Context {
        trace: true,
        ..case.context.clone()
    };
    let outcome = router.route(address, flow, &context, |question| {
        directory.answer(question)
    });
    let explanation = outcome.explain(&router, address, &context);

    let shown = plain.route.text(flow);
    match text.strip_suffix("...") {
        Some(start) => assert!(shown.starts_with(start), "{number}: {shown}"),
        None => assert_eq!(shown, *text, "{number}"),
    }
    assert!(!shown.contains(char::is_control), "{number}");
    assert_eq!(
        (&plain.route, plain.relayable, plain.passes, &plain.records),
        (
            &outcome.route,
            outcome.relayable,
            outcome.passes,
            &outcome.records
        ),
        "{number}: with trace"
    );
    assert_eq!(explanation.text, shown, "{number}");
    assert_eq!(explanation.result.kind, plain.route.kind(), "{number}");
    for fact in facts.split_whitespace() {
        check_fact(
            &format!("{number} {fact}"),
            fact,
            &explanation,
            &outcome,
            &context,
            address,
        );
    }
}

fn check_fact(
    label: &str,
    fact: &str,
    explanation: &Explanation,
    outcome: &crate::Outcome,
    context: &Context,
    address: &str,
) {
    let (name, value) = fact.split_once('=').unwrap_or((fact, ""));
    let verdict = explanation.relay_verdict.as_ref().map(|v| v.verdict);
    let code = |reply: &Option<ExplainReply>| {
        reply
            .as_ref()
            .unwrap()
            .code
            .map(|c| c.to_string())
            .unwrap_or_default()
    };
    match name {
        "passes" => assert_eq!(explanation.passes.to_string(), value, "{label}"),
        "relayable" => assert!(explanation.relayable, "{label}"),
        "unmarked" => assert!(!explanation.relayable, "{label}"),
        "accept" => assert_eq!(verdict, Some(RelayDecision::RelayAllowed), "{label}"),
        "refuse" => assert_eq!(verdict, Some(RelayDecision::RelayRefused), "{label}"),
        "local" => assert_eq!(verdict, Some(RelayDecision::Local), "{label}"),
        "smtp" => {
            let enhanced = explanation
                .smtp
                .as_ref()
                .unwrap()
                .enhanced
                .clone()
                .unwrap_or_default();
            assert_eq!(
                format!("{}/{enhanced}", code(&explanation.smtp)),
                value,
                "{label}"
            );
        }
        "sip" => assert_eq!(code(&explanation.sip), value, "{label}"),
        "compatible" => {
            let error = match (&outcome.route, outcome.verdict(address, context)) {
                (Route::Error(error), _) => error.clone(),
                (_, Some(Verdict::Refused(error))) => error,
                _ => panic!("{label}"),
            };
            assert_eq!(
                error.smtp(ReplyCodes::Compatible).code.to_string(),
                value,
                "{label}"
            );
        }
        "warning" => {
            let codes: Vec<String> = explanation
                .warnings
                .iter()
                .map(|w| {
                    serde_json::to_value(w.code)
                        .unwrap()
                        .as_str()
                        .unwrap()
                        .to_owned()
                })
                .collect();
            assert!(codes.iter().any(|code| code == value), "{label}: {codes:?}");
        }
        "skipped" => {
            let reasons: Vec<String> = explanation
                .skipped
                .iter()
                .map(|s| s.reason.replace(' ', "_"))
                .collect();
            assert!(
                reasons.iter().any(|reason| reason.contains(value)),
                "{label}: {reasons:?}"
            );
        }
        "line" => assert!(
            outcome
                .records
                .iter()
                .any(|record| record.line.to_string() == value),
            "{label}: {:?}",
            outcome.records
        ),
        "members" => assert_eq!(
            explanation.result.members.as_ref().unwrap().join(","),
            value,
            "{label}"
        ),
        "params" => assert_eq!(
            explanation
                .result
                .params
                .as_ref()
                .unwrap()
                .len()
                .to_string(),
            value,
            "{label}"
        ),
        "bounce" => assert!(
            matches!(&outcome.route, Route::Error(error) if error.bounce),
            "{label}"
        ),
        "hold" | "nolookup" => match &outcome.route {
            Route::Smtp(remote) | Route::Sip(remote) => assert!(
                if name == "hold" {
                    remote.hold
                } else {
                    !remote.lookup
                },
                "{label}"
            ),
            other => panic!("{label}: {other}"),
        },
        _ => panic!("{label}"),
    }
}

#[test]
fn vectors() {
    let lines: Vec<&str> = VECTORS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let numbers: std::collections::BTreeSet<u32> = lines
        .iter()
        .filter_map(|line| {
            line.split('\t')
                .next()?
                .trim_end_matches(['a', 'b'])
                .parse()
                .ok()
        })
        .collect();
    assert_eq!(numbers, (1..=102).collect());
    let failed: Vec<_> = lines
        .iter()
        .filter(|line| std::panic::catch_unwind(|| check(line)).is_err())
        .collect();
    assert!(failed.is_empty(), "{} vectors failed", failed.len());
}
