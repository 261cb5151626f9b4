use model::routing::{LineOrigin, NewRoutingLine, RelayPrefix, RoutingLinePatch};
use uuid::Uuid;

use super::*;
use crate::DEFAULT_TABLE;
use crate::fixture::{IN, OUT};

/// Canonical print of a text, which reads back as the same table.
#[track_caller]
fn check(text: &str, canonical: &str) {
    let table = Table::parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    assert_eq!(table.to_string(), format!("{canonical}\n"), "{text}");
    let again = Table::parse(canonical).unwrap();
    let bodies = |table: &Table| {
        table
            .lines
            .iter()
            .map(|line| line.body.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(bodies(&again), bodies(&table), "{text}");
    assert_eq!(again.to_string(), format!("{canonical}\n"), "{text}");
}

#[test]
fn lines_in_canonical_form() {
    for (text, canonical) in [
        ("a.dom=b.dom", "a.dom = b.dom"),
        ("Signal: <7(10d)@*> = x", "Signal:<7(10d)@*> = x"),
        ("s:norelay:<a>=b", "NoRelay:Signal:<a> = b"),
        ("Relay:a.dom=b", "a.dom = b"),
        (
            "RELAYALL : M : A: <a> = <b@c> ;  why ",
            "RelayAll:Mail:Access:<a> = b@c ; why",
        ),
        ("gw.dom:5060 = x", "gw.dom:5060 = x"),
        ("<a;b=c@d> = e{f;g=h}", "<a;b=c@d> = e{f;g=h}"),
        (
            "<\"a;=b\"@d> = \"c;=d\"@pipe;x",
            "<\"a;=b\"@d> = \"c;=d\"@pipe ; x",
        ),
        (
            "<\\*(2d)@(local)> = service{*}#pbx",
            "<\\*(2d)@(local)> = service{*}#pbx",
        ),
        ("; comment = here", "; comment = here"),
        (";", ";"),
        ("a=b\n  \n c=d", "a = b\n\nc = d"),
        (" ;!Mail:a.dom=b", ";!Mail:a.dom = b"),
        (";!not a record", ";!not a record"),
        (
            "a.dom = error{Gone; ask = us}",
            "a.dom = error{Gone; ask = us}",
        ),
    ] {
        check(text, canonical);
    }
    for table in [IN, DEFAULT_TABLE] {
        check(table.trim_end(), table.trim_end());
    }
    check(
        OUT.trim_end(),
        "Signal:<7(10d)@*> = gatewaycaller{+7*,gwru}#pbx\nSignal:<1(10d)@*> = gatewaycaller{+1*,gwus}#pbx",
    );
    assert_eq!(
        crate::default_lines()
            .iter()
            .filter(|line| line.record().is_some())
            .count(),
        12
    );
}

#[test]
fn faults_with_their_places() {
    for (text, line, column, reason) in [
        ("x", 1, 2, Reason::NoEquals),
        ("ok=ok\n = b", 2, 2, Reason::EmptyLeft),
        ("Mail: = b", 1, 7, Reason::EmptyLeft),
        ("a = ; b", 1, 5, Reason::EmptyRight),
        ("a = <>", 1, 6, Reason::EmptyRight),
        ("<a = b", 1, 1, Reason::Angle),
        ("äö \"x = b", 1, 4, Reason::UnclosedQuote),
        ("a = x{b", 1, 6, Reason::UnclosedBrace),
        ("Relay:NoRelay:a = b", 1, 7, Reason::TwoRelayPrefixes),
        ("a\u{1}=b", 1, 2, Reason::Control),
    ] {
        let errors = Table::parse(text).unwrap_err();
        assert_eq!(
            errors,
            [LineError {
                line,
                column,
                reason
            }],
            "{text}"
        );
    }
    let long = format!("{} = b", "ä".repeat(MAX_LINE));
    assert_eq!(
        Table::parse(&long).unwrap_err(),
        [LineError {
            line: 1,
            column: 1025,
            reason: Reason::LineTooLong
        }]
    );
    assert_eq!(Table::parse("x\nok=ok\ny").unwrap_err().len(), 2);
}

#[test]
fn fields_of_the_api() {
    let input = |left: &str, right: &str| NewRoutingLine {
        enabled: true,
        relay_prefix: RelayPrefix::NoRelay,
        type_prefix: vec![Flow::Signal, Flow::Mail],
        left: left.to_owned(),
        right: right.to_owned(),
        ..NewRoutingLine::default()
    };
    let line = Line::from_input(&input("<a>", "b")).unwrap();
    assert_eq!(line.text, "NoRelay:Mail:Signal:<a> = b");
    let shown = line.to_model(Uuid::nil(), 3, LineOrigin::Builtin, 7);
    assert_eq!(
        (shown.position, shown.version, shown.type_prefix.as_slice()),
        (3, 7, [Flow::Mail, Flow::Signal].as_slice())
    );
    assert_eq!(
        (
            shown.left.as_str(),
            shown.right.as_str(),
            shown.text.as_str()
        ),
        ("<a>", "b", "NoRelay:Mail:Signal:<a> = b")
    );

    let text = |text: &str| NewRoutingLine {
        text: Some(text.to_owned()),
        enabled: true,
        ..NewRoutingLine::default()
    };
    assert_eq!(
        Line::from_input(&text(";!a = b")).unwrap().to_string(),
        ";!a = b"
    );
    let comment = NewRoutingLine {
        comment: Some(" words".to_owned()),
        enabled: true,
        ..NewRoutingLine::default()
    };
    assert_eq!(Line::from_input(&comment).unwrap().text, "; words");
    assert_eq!(
        Line::from_input(&NewRoutingLine {
            enabled: true,
            ..NewRoutingLine::default()
        })
        .unwrap()
        .body,
        Body::Blank
    );
    for bad in [
        input("a = c", "b"),
        input("a", "b ; c"),
        input("Mail:a", "b"),
        input("", "b"),
        NewRoutingLine {
            comment: Some("x\ny".to_owned()),
            ..input("a", "b")
        },
        NewRoutingLine {
            comment: Some("!a = b".to_owned()),
            enabled: true,
            ..NewRoutingLine::default()
        },
        NewRoutingLine {
            left: "a".to_owned(),
            ..text("a = b")
        },
        text("a = b\nc = d"),
    ] {
        assert!(Line::from_input(&bad).is_err(), "{bad:?}");
    }
}

#[test]
fn patches() {
    let mut line = Line::from_input(&NewRoutingLine {
        text: Some("Mail:<a> = b ; old".to_owned()),
        enabled: true,
        ..NewRoutingLine::default()
    })
    .unwrap();
    line.id = Some(Uuid::from_u128(5));
    let patch = RoutingLinePatch {
        enabled: Some(false),
        right: Some("c".to_owned()),
        comment: Some(String::new()),
        ..RoutingLinePatch::default()
    };
    let patched = line.patched(&patch).unwrap();
    assert_eq!(
        (patched.to_string().as_str(), patched.id),
        (";!Mail:<a> = c", line.id)
    );
    assert!(patched.record().is_none());
    let back = patched
        .patched(&RoutingLinePatch {
            text: Some("<a>=d".to_owned()),
            ..RoutingLinePatch::default()
        })
        .unwrap();
    assert_eq!((back.text.as_str(), back.id), ("<a>=d", line.id));
    assert!(
        line.patched(&RoutingLinePatch {
            text: Some("<a>=d".to_owned()),
            enabled: Some(true),
            ..RoutingLinePatch::default()
        })
        .is_err()
    );
}
