use model::routing::RoutingWarningCode;

use super::*;
use crate::fixture;
use crate::{DEFAULT_TABLE, Table};

/// The review of a table in words: `line code`, errors first.
#[track_caller]
fn check(table: &str, expected: &[&str]) {
    let review = fixture::standard(table).review(false, &[]);
    let word = |value: serde_json::Value| value.as_str().unwrap().to_owned();
    let errors = review
        .errors
        .iter()
        .map(|e| format!("{} {}", e.line, word(serde_json::to_value(e.code).unwrap())));
    let warnings = review.warnings.iter().map(|w| {
        format!(
            "{} {}",
            w.line.unwrap(),
            word(serde_json::to_value(w.code).unwrap())
        )
    });
    assert_eq!(
        errors.clone().chain(warnings).collect::<Vec<_>>(),
        expected,
        "{table}"
    );
    assert_eq!(review.valid, errors.count() == 0);
}

#[test]
fn doubtful_tables() {
    for (table, expected) in [
        ("", [].as_slice()),
        (DEFAULT_TABLE, &[]),
        (fixture::IN, &[]),
        (fixture::OUT, &[]),
        ("<a> = john\n<A@company.dom> = jane", &["2 duplicate"]),
        ("Mail:<a> = john\n<a> = jane", &[]),
        ("<a> = john\nMail:<a> = jane", &["2 duplicate"]),
        ("Mail:<a> = john\nSignal:<a> = jane", &[]),
        ("<*@gw.dom> = john\n<(3d)@gw.dom> = jane", &["2 shadowed"]),
        ("<(3d)@gw.dom> = jane\n<*@gw.dom> = john", &[]),
        ("<x*@*> = john\n<xy*@a.dom> = jane", &["2 shadowed"]),
        ("<x*@*> = john\n<xy*@pstn> = jane", &[]),
        ("<x*@*> = john\n<xy*@*._via> = jane", &[]),
        (
            "<(2-4d)@(local)> = john\n<(3d)> = jane\n<(3d)@client.dom> = jane\n<(3d)@other.dom> = jane",
            &["2 shadowed", "3 shadowed"],
        ),
        (
            "*.a.dom = client.dom\n<x@b.a.dom> = jane\n*.b.a.dom = company.dom",
            &["2 shadowed", "3 shadowed"],
        ),
        ("d.dom = fw.dom._via", &["1 domain_lost"]),
        ("d.dom = d.dom@fw.dom._via", &[]),
        ("* = fw.dom._via", &["1 open_relay", "1 domain_lost"]),
        ("<*@*> = *@fw.dom", &["1 open_relay"]),
        ("RelayAll:Mail:<*@*> = *%x@[192.0.2.99]", &["1 open_relay"]),
        ("NoRelay:<*@*> = *@fw.dom", &[]),
        ("Signal:<*@*> = collect{*}#pbx", &[]),
        ("* = company.dom", &[]),
        (
            "<a> = b\n<b> = a",
            &["1 loop_suspected", "2 loop_suspected"],
        ),
        ("<x*@l.dom> = xx*@l.dom", &["1 loop_suspected"]),
        ("<error> = john", &["1 never_applies"]),
        ("x.dom = y.dom\n<a@error> = john", &["2 never_applies"]),
        ("company.dom = client.dom", &["1 never_applies"]),
        ("<a@[192.0.2.10]> = john", &["1 never_applies"]),
        ("<john> = john", &["1 never_applies"]),
        ("x.dom = X.dom", &["1 never_applies"]),
    ] {
        check(table, expected);
    }
}

#[test]
fn open_relay_can_be_confirmed() {
    let review = fixture::standard("<*@*> = *@fw.dom").review(true, &[]);
    assert!(review.valid);
    assert_eq!(review.warnings[0].code, RoutingWarningCode::OpenRelay);
}

#[test]
fn what_right_sides_name() {
    let table = "<a> = John\n<b@c.dom> = mary@mail.client.dom\nSignal:<c(2d)> = run{*,x}#pbx\n<d> = box#jane\nMail:<e> = x#jane\n\
                 <f> = error\n<g> = u@remote.dom\n<h*> = *\ni.dom = client.dom\n<j> = all\n<k(1d)@*> = pbx@*\n<l> = john";
    let router = fixture::standard(table);
    let (main, client) = (fixture::id(1), fixture::id(2));
    let object = |domain, name: &str| Reference::Object {
        domain,
        name: name.to_owned(),
    };
    let application = |name: &str| Reference::Application {
        name: name.to_owned(),
    };
    let named = router.references();
    assert_eq!(
        named,
        [
            object(main, "john"),
            object(client, "mary"),
            object(main, "pbx"),
            application("run"),
            object(main, "jane"),
            application("box")
        ]
    );
    let review = router.review(false, &[object(client, "mary"), application("run")]);
    let codes: Vec<_> = review.warnings.iter().map(|w| (w.line, w.code)).collect();
    assert_eq!(
        codes,
        [
            (Some(2), RoutingWarningCode::UnknownObject),
            (Some(3), RoutingWarningCode::UnknownApplication)
        ]
    );
}

#[test]
fn errors_for_the_api() {
    let errors = Table::parse("a\nb").unwrap_err();
    let shown = rejected(&errors);
    assert!(!shown.valid);
    assert_eq!(
        (
            shown.errors[1].line,
            shown.errors[1].column,
            shown.errors[1].code
        ),
        (2, 2, RoutingErrorCode::RoutingSyntax)
    );
}
