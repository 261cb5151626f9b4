//! The worked examples of the reference, step by step, and the example of the API.

use std::sync::Arc;

use model::routing::{ExplainRequest, Explanation, Flow, RouterSettings};
use serde_json::{Value, json};

use crate::fixture::{self, IN, OUT};
use crate::{
    Account, Answer, Context, Domain, Domains, Expansion, Host, Naptr, Object, Outcome, Question,
    Route, Router, Step, Table,
};

fn explain(router: &Router, address: &str, flow: Flow) -> Explanation {
    let context = Context {
        trace: true,
        ..Context::default()
    };
    let directory = fixture::directory();
    router
        .route(address, flow, &context, |question| {
            directory.answer(question)
        })
        .explain(router, address, &context)
}

/// The steps as `pass kind before -> after`.
fn steps(explanation: &Explanation) -> Vec<String> {
    let kind = |kind| {
        serde_json::to_value(kind)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    let step = |s: &model::routing::ExplainStep| match &s.after {
        Some(after) => format!("{} {} {} -> {after}", s.pass, kind(s.kind), s.before),
        None => format!("{} {} {}", s.pass, kind(s.kind), s.before),
    };
    explanation.steps.iter().map(step).collect()
}

#[test]
fn incoming_from_a_gateway() {
    let router = fixture::standard(IN);
    let explanation = explain(&router, "+74951234567@gateway.company.dom", Flow::Signal);
    assert_eq!(
        steps(&explanation),
        [
            "1 record +74951234567@gateway.company.dom -> pbx#pbx@localhost",
            "2 own_name pbx#pbx@localhost -> pbx#pbx",
            "2 app pbx#pbx",
        ]
    );
    let explanation = explain(&router, "215@gateway.company.dom", Flow::Signal);
    assert_eq!(explanation.steps[0].captures["L1"], "215");
    assert_eq!(explanation.steps[0].record.as_ref().unwrap().line, 4);
    assert_eq!(
        explanation.result.params.as_deref(),
        Some(["215".to_owned()].as_slice())
    );
}

#[test]
fn outgoing() {
    let router = fixture::standard(OUT);
    let explanation = explain(&router, "12345678900@company.dom", Flow::Signal);
    assert_eq!(
        steps(&explanation),
        [
            "1 own_name 12345678900@company.dom -> 12345678900",
            "1 record 12345678900 -> gatewaycaller{+12345678900,gwus}#pbx",
            "2 app gatewaycaller{+12345678900,gwus}#pbx",
        ]
    );
    let captures: Vec<_> = explanation.steps[1]
        .captures
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    assert_eq!(captures, [("D1", ""), ("L1", "2345678900")]);
}

/// Example 9.10 of the API reference, but for the note about the stock program, which only the upper room knows.
#[test]
fn example_of_the_api() {
    let request: ExplainRequest = serde_json::from_value(json!({"address":"12345678901@client1.com","flow":"signal",
        "sender":{"authenticated_as":"anna.berg@client1.com","ip":"198.51.100.7","trusted":true},"dns":"live"}))
    .unwrap();
    let table = "; numbers\n<info@client1.com> = anna.berg@client1.com\n\nSignal:<7(10d)@*>=gatewaycaller{+7*,gwru}#pbx\n\
                 Mail:<*@client1.com> = x@client1.com\n\nSignal:<1(10d)@*>=gatewaycaller{+1*,gwus}#pbx\n";
    let mut lines = Table::parse(table).unwrap().lines;
    lines[6].id = Some(fixture::id(0x192));
    let domains = Domains::new(
        Domain::new(fixture::id(1), "mycompany.example"),
        [Domain::new(fixture::id(2), "client1.com")],
        &Host::default(),
    );
    let router = Router::compile(&lines, &RouterSettings::default(), Arc::new(domains)).unwrap();
    let context = Context::explaining(&request);
    assert!(context.trusted && context.peer == request.sender.ip && !context.no_dns);
    let outcome = router.route(
        &request.address,
        request.flow,
        &context,
        |question| match question {
            Question::Object { name: "pbx", .. } => {
                Answer::Object(Object::Account(fixture::account("pbx")))
            }
            _ => Answer::Object(Object::Nothing),
        },
    );
    let shown = serde_json::to_value(outcome.explain(&router, &request.address, &context)).unwrap();
    let expected = json!({"result":{"kind":"app","app":"gatewaycaller","params":["+12345678901","gwus"],"account":"pbx@mycompany.example"},
        "text":"APP(pbx@mycompany.example) gatewaycaller{+12345678901,gwus}",
        "relayable":false,"relay_verdict":{"verdict":"local","reason":"application of a local account"},
        "passes":2,
        "steps":[{"pass":1,"kind":"record","before":"12345678901@client1.com",
            "record":{"line":7,"id":fixture::id(0x192),"text":"Signal:<1(10d)@*>=gatewaycaller{+1*,gwus}#pbx"},
            "captures":{"L1":"2345678901","D1":"client1.com"},"after":"gatewaycaller{+12345678901,gwus}#pbx","marks":["relayable"]},
         {"pass":2,"kind":"app","before":"gatewaycaller{+12345678901,gwus}#pbx","note":"empty domain = main domain"}],
        "skipped":[{"line":5,"reason":"flow mail only"}],"warnings":[],"sip":{"code":null}});
    for (key, value) in expected.as_object().unwrap() {
        match key.as_str() {
            // The printed example shows no marks, but §11 marks an address whose record has no prefix.
            "relayable" => assert_eq!(shown[key], Value::Bool(true)),
            _ => assert_eq!(&shown[key], value, "{key}"),
        }
    }
    assert_eq!(
        shown.as_object().unwrap().len(),
        expected.as_object().unwrap().len()
    );
}

#[test]
fn unknown_user_names_the_policy() {
    let explanation = explain(&fixture::standard(""), "nobody@company.dom", Flow::Mail);
    assert_eq!(
        explanation.result.policy.as_deref(),
        Some("mail_to_unknown=rejected")
    );
    assert_eq!(
        (
            explanation.result.code,
            explanation.smtp.unwrap().enhanced.as_deref()
        ),
        (Some(550), Some("5.1.1"))
    );
    let explanation = explain(&fixture::standard(""), "nobody@client.dom", Flow::Mail);
    assert_eq!(
        explanation.result.policy.as_deref(),
        Some("mail_to_unknown=rerouted")
    );
}

#[test]
fn a_run_waits_for_its_answers() {
    let router = fixture::standard("");
    let context = Context::default();
    let mut routing = router.start("sales+x@company.dom", Flow::Mail, &context);
    let mut asked = Vec::new();
    let outcome = loop {
        match routing.poll() {
            Step::Ask(Question::Object { name, .. }) => asked.push(name.to_owned()),
            Step::Ask(other) => panic!("{other:?}"),
            Step::Done(outcome) => break outcome,
        }
        // Polling again without an answer repeats the question.
        assert!(
            matches!(routing.poll(), Step::Ask(Question::Object { name, .. }) if Some(name) == asked.last().map(String::as_str))
        );
        routing.answer(Answer::Object(Object::Nothing));
    };
    assert_eq!(asked, ["sales"]);
    assert!(outcome.route.to_string().contains("unknown user account"));
    let unavailable = router.route("john", Flow::Mail, &context, |_| Answer::Unavailable);
    assert_eq!(
        unavailable.route.text(Flow::Mail),
        "ERROR 451 4.3.0 john temporary internal error"
    );
    assert_eq!(
        unavailable.route.text(Flow::Signal),
        "ERROR 503 john temporary internal error"
    );
    let nonsense = router.route("john", Flow::Mail, &context, |_| Answer::Owner(None));
    assert_eq!(nonsense.route, unavailable.route);
}

#[test]
fn accounts_with_services_off() {
    let router = fixture::standard("");
    let route = |address: &str, flow| {
        let account = Account {
            login: false,
            signal: false,
            applications: false,
            ..fixture::account("john")
        };
        router
            .route(address, flow, &Context::default(), |_| {
                Answer::Object(Object::Account(account.clone()))
            })
            .route
            .text(flow)
    };
    assert_eq!(route("john", Flow::Mail), "LOCAL(john@company.dom)");
    assert_eq!(
        route("john", Flow::Access),
        "ERROR john account is disabled"
    );
    assert_eq!(
        route("john", Flow::Signal),
        "ERROR 480 john account is disabled"
    );
    assert_eq!(
        route("x#john", Flow::Signal),
        "ERROR 480 x#john account is disabled"
    );
}

fn naptr(services: &str, regexp: &str) -> Arc<[Naptr]> {
    Arc::new([Naptr {
        order: 1,
        preference: 1,
        flags: "u".into(),
        services: services.into(),
        regexp: regexp.into(),
    }])
}

#[test]
fn numbers_by_enum() {
    let settings = RouterSettings {
        enum_zones: vec!["private.example".into(), "e164.arpa".into()],
        ..RouterSettings::default()
    };
    let (main, client, host) = fixture::domains();
    let router = fixture::router("", &settings, main, client, &host);
    let mut directory = fixture::directory();
    let mut add = |number: &str, zone: &str, services, regexp| {
        directory
            .naptr
            .insert((number.into(), zone.into()), naptr(services, regexp))
    };
    add(
        "+4911111",
        "e164.arpa",
        "E2U+sip",
        "!^.*$!sip:bob@remote.example;transport=tcp!",
    );
    add(
        "+4911111",
        "private.example",
        "E2U+email:mailto",
        "!^.*$!mailto:bob@remote.example!",
    );
    add(
        "+4922222",
        "private.example",
        "E2U+sip",
        "!^(.*)$!tel:+4933333!",
    );
    add(
        "+4933333",
        "private.example",
        "E2U+sip",
        "!^(.*)$!tel:+4922222!",
    );
    add(
        "+4944444",
        "private.example",
        "E2U+sip",
        "!^.*$!not an address!",
    );
    add(
        "+4955555",
        "special.example",
        "E2U+sip",
        "!^.*$!sip:john@company.dom!",
    );
    directory.add("company.dom", "4966666", Object::Forwarder("jane".into()));
    directory.add(
        "company.dom",
        "tel-4977777",
        Object::Forwarder("ext".into()),
    );
    let route = |address: &str, flow, context: &Context| {
        router.route(address, flow, context, |question| {
            directory.answer(question)
        })
    };
    let text = |address: &str, flow| route(address, flow, &Context::default()).route.text(flow);
    assert_eq!(
        text("+4911111@client.dom", Flow::Signal),
        "SIP(remote.example)sip:bob@remote.example"
    );
    assert_eq!(
        text("+4911111@client.dom", Flow::Mail),
        "SMTP(remote.example)bob@remote.example"
    );
    assert_eq!(
        text("+4922222@client.dom", Flow::Signal),
        "ERROR 404 +4922222@client.dom unknown user account"
    );
    assert_eq!(
        text("+4944444", Flow::Signal),
        "ERROR 404 +4944444 unknown user account"
    );
    assert_eq!(
        text("+4955555@special.example.enum", Flow::Signal),
        "LOCAL(john@company.dom)"
    );
    assert_eq!(text("+4966666", Flow::Mail), "LOCAL(jane@company.dom)");
    assert_eq!(
        text("+4977777@telnum", Flow::Signal),
        "SIP(remote.example)sip:bob@remote.example"
    );
    let outcome = route("+4911111", Flow::Signal, &Context::default());
    assert!(!outcome.relayable);
    assert_eq!(outcome.beside.unwrap().parameters, "transport=tcp");
    let silent = Context {
        no_dns: true,
        ..Context::default()
    };
    assert_eq!(
        route("+4911111", Flow::Signal, &silent)
            .route
            .text(Flow::Signal),
        "ERROR 404 +4911111 unknown user account"
    );
}

#[test]
fn helpers_create_what_is_missing() {
    let (mut main, client, host) = fixture::domains();
    main.consult_external = true;
    let router = fixture::router("", &RouterSettings::default(), main, client, &host);
    let mut directory = fixture::directory();
    directory.creatable.insert(
        ("company.dom".into(), "fresh".into()),
        Object::Account(fixture::account("fresh")),
    );
    let text = |outcome: Outcome| outcome.route.text(Flow::Mail);
    let context = Context::default();
    assert_eq!(
        text(router.route("Fresh", Flow::Mail, &context, |question| {
            directory.answer(question)
        })),
        "LOCAL(fresh@company.dom)"
    );
    assert!(
        text(router.route("gone", Flow::Mail, &context, |question| {
            directory.answer(question)
        }))
        .contains("unknown")
    );
    let dry = Context {
        dry_run: true,
        trace: true,
        ..Context::default()
    };
    let outcome = router.route("fresh", Flow::Mail, &dry, |question| match question {
        Question::Consult { .. } => panic!("a dry run asks no helper"),
        other => directory.answer(other),
    });
    assert!(
        outcome
            .explain(&router, "fresh", &dry)
            .warnings
            .iter()
            .any(|w| w.text == "would consult external helper")
    );
}

#[test]
fn groups_within_groups() {
    let router = fixture::standard("");
    let mut directory = fixture::directory();
    directory.add(
        "company.dom",
        "staff",
        fixture::group(
            "staff",
            &[
                "sales",
                "101",
                "nobody",
                "bob@remote.example",
                "crew@client.dom",
                "bob@remote.example",
            ],
        ),
    );
    directory.add(
        "client.dom",
        "crew",
        fixture::group("crew", &["mary", "staff@company.dom", "jane@company.dom"]),
    );
    let context = Context {
        relayable: true,
        ..Context::default()
    };
    let route = |address: &str| {
        router.route(address, Flow::Mail, &context, |question| {
            directory.answer(question)
        })
    };
    let Route::Group { group, domain } = route("staff").route else {
        panic!()
    };
    let mut expansion = Expansion::new(&group, &domain, Flow::Mail);
    while let Some(member) = expansion.next_member() {
        let outcome = route(&member);
        expansion.add(member, outcome);
    }
    assert!(!expansion.is_truncated());
    let members: Vec<_> = expansion
        .into_members()
        .into_iter()
        .map(|member| member.outcome.route.text(Flow::Mail))
        .collect();
    assert_eq!(
        members,
        [
            "LOCAL(john@company.dom)",
            "ERROR 550 5.1.1 nobody@company.dom unknown user account",
            "SMTP(remote.example)bob@remote.example",
            "LOCAL(jane@company.dom)",
            "LOCAL(mary@client.dom)",
        ]
    );
}

#[test]
fn groups_nested_too_deep() {
    let router = fixture::standard("");
    let mut directory = fixture::directory();
    for depth in 0..12 {
        directory.add(
            "company.dom",
            &format!("g{depth}"),
            fixture::group(&format!("g{depth}"), &[&format!("g{}", depth + 1)]),
        );
    }
    let route = |address: &str| {
        router.route(address, Flow::Mail, &Context::default(), |question| {
            directory.answer(question)
        })
    };
    let Route::Group { group, domain } = route("g0").route else {
        panic!()
    };
    let mut expansion = Expansion::new(&group, &domain, Flow::Mail);
    while let Some(member) = expansion.next_member() {
        let outcome = route(&member);
        expansion.add(member, outcome);
    }
    assert!(expansion.is_truncated());
}

#[test]
fn tables_settings_and_domains_are_swapped_apart() {
    let router = fixture::standard("<x> = john");
    let directory = fixture::directory();
    let text = |router: &Router, address: &str| {
        router
            .route(address, Flow::Mail, &Context::default(), |question| {
                directory.answer(question)
            })
            .route
            .text(Flow::Mail)
    };
    let settings = RouterSettings {
        account_detail_addressing: false,
        ..RouterSettings::default()
    };
    assert!(text(&router.with_settings(&settings), "john+x").contains("unknown"));
    let (main, client, host) = fixture::domains();
    let renamed = Domains::new(
        Domain {
            name: "other.dom".into(),
            ..main.clone()
        },
        [client.clone()],
        &host,
    );
    assert!(router.with_domains(Arc::new(renamed)).is_none());
    let alone = router
        .with_domains(Arc::new(Domains::new(main, [], &host)))
        .unwrap();
    assert_eq!(
        text(&alone, "mary@client.dom"),
        "SMTP(client.dom)mary@client.dom"
    );
    assert_eq!(text(&alone, "x"), "LOCAL(john@company.dom)");
}
