use super::*;
use crate::fixture;
use crate::{LineError, Table};

/// What the only record of a table makes of an address, by the scan of one record.
#[track_caller]
fn check(record: &str, flow: Flow, address: &str, expected: &str) {
    let router = fixture::standard(record);
    let mut parsed = Address::parse(address, flow).unwrap();
    if router.domains.is_main_name(parsed.domain()) {
        parsed.set_domain("");
    }
    let place = router.place(parsed.domain());
    let site = Site {
        local: place.is_local(),
        explicit_only: place.is_explicit_only(),
    };
    let shown = match router.change(&router.table.rules[0], &parsed, site, flow) {
        Some((_, Ok(address))) => address.to_string(),
        Some((_, Err(error))) => error.to_string(),
        None => "-".to_owned(),
    };
    assert_eq!(shown, expected, "{record} on {address}");
}

#[test]
fn left_sides() {
    let flow = Flow::Signal;
    for (record, address, expected) in [
        ("mail.company.dom = x.dom", "u@mail.company.dom", "u@x.dom"),
        ("*.company.dom = x.dom", "u@a.b.company.dom", "u@x.dom"),
        ("*.old.dom = *.new.dom", "U@x.old.dom", "U@x.new.dom"),
        ("* = x.dom", "u@company.dom", "-"),
        ("* = x.dom", "u@10.1.1.1", "-"),
        ("* = x.dom", "u@pstn", "-"),
        ("* = x.dom", "u@h._via", "-"),
        ("* = x.dom", "u@h.dom:26", "-"),
        ("* = x.dom", "u@client.dom", "u@x.dom"),
        (
            "friend.dom = friend.dom@fw.dom._via",
            "u@friend.dom",
            "u%friend.dom@fw.dom._via",
        ),
        ("tld = error", "u@tld", "u@error"),
        ("<sales> = x", "sales@company.dom", "x"),
        ("<sales@localhost> = x", "SALES", "x"),
        ("<sales@company.dom> = x", "sales", "x"),
        ("<sales> = x", "sales@client.dom", "-"),
        ("<sales@*> = x", "sales", "x"),
        ("<sales@*> = x", "sales@client.dom", "x"),
        ("<sales@*> = x", "sales@mail.client.dom", "x"),
        ("<sales@*> = x", "sales@remote.dom", "x"),
        ("<*@*> = x", "sales@telnum", "-"),
        ("<*@telnum> = x", "sales@telnum", "x"),
        ("<*@[10.1.1.1]> = x", "sales@10.1.1.1", "x"),
        ("<*@gw.dom:5070> = x", "sales@gw.dom:5070", "x"),
        ("<*@fw.via> = x", "sales@fw._via", "x"),
        ("<*@*.via> = x@*", "sales@fw._via", "x@fw"),
        ("<*@*.Old.Dom.> = *@*", "a@x.old.dom", "a@x"),
        ("<112@(local)> = x", "112@mail.client.dom", "x"),
        ("<112@(local)> = x", "112@remote.dom", "-"),
        ("<1(2d)@(LOCAL)> = y*@*", "112@client.dom", "y12@client.dom"),
        ("<1(2d)@(local)> = y*@*", "112", "y12"),
        (
            "<\"john doe\"@client.dom> = x",
            "\"John Doe\"@client.dom",
            "x",
        ),
        ("<\"john\"> = x", "john", "x"),
        ("<a@b@client.dom> = x", "a@b@client.dom", "x"),
        ("<*@Bücher.example> = x", "a@xn--bcher-kva.example", "x"),
        ("<*@*.Bücher.example> = x", "a@b.xn--bcher-kva.example", "x"),
        ("<JÖRG> = x", "jörg", "x"),
        ("<+(7-15d)@*> = +*@telnum", "+493012345@telnum", "-"),
        (
            "<+(7-15d)@*> = +*@telnum",
            "+493012345@company.dom",
            "+493012345@telnum",
        ),
        ("<*@*> = *@x.dom", "a%b@c", "a%b@x.dom"),
        ("<x*> = *", "x\"a b\"", "\"a b\""),
        ("<x*y> = *", "x\"a\"y", "a"),
        ("<x*> = *@y.dom", "x{a", "{a@y.dom"),
    ] {
        check(record, flow, address, expected);
    }
    let long = format!("{}@c.dom", "x".repeat(200));
    check("<*@c.dom> = **@d.dom", flow, &long, "address too long");
}

#[test]
fn faults_with_their_places() {
    let (main, client, host) = fixture::domains();
    let domains = std::sync::Arc::new(Domains::new(main, [client], &host));
    for (record, column, reason) in [
        ("Mail:<(3z)@a> = b", 7, Reason::Group),
        ("<a@(3z)> = b", 4, Reason::Group),
        ("<a@ x(local)> = b", 6, Reason::LocalGroup),
        ("<(local)@b> = b", 2, Reason::LocalGroup),
        ("a@b = c", 2, Reason::NeedsAngle),
        ("<a>b = c", 1, Reason::Angle),
        ("<<a>> = c", 1, Reason::Angle),
        ("<@a> = c", 2, Reason::EmptyLeft),
        ("a b = c", 1, Reason::Domain),
        ("<a@b,c> = c", 4, Reason::Domain),
        ("*,x = c", 1, Reason::Domain),
        ("<**********@b> = c", 1, Reason::TooManyWildcards),
        ("<a> = x * y", 9, Reason::StarWithoutWildcard),
        ("<a> = x y", 7, Reason::RightSide),
        ("<a> = <b c>", 8, Reason::RightSide),
        ("a.dom = b..c", 9, Reason::RightSide),
        ("<a> = @", 7, Reason::RightSide),
        ("<*-*> =  ***", 12, Reason::SurplusStar),
    ] {
        let lines = Table::parse(record).unwrap().lines;
        let errors =
            crate::Router::compile(&lines, &Default::default(), domains.clone()).unwrap_err();
        assert_eq!(
            errors,
            [LineError {
                line: 1,
                column,
                reason
            }],
            "{record}"
        );
    }
    let many = "a.dom = b\n".repeat(crate::MAX_RECORDS + 2);
    let errors = crate::Router::compile(
        &Table::parse(&many).unwrap().lines,
        &Default::default(),
        domains.clone(),
    )
    .unwrap_err();
    assert_eq!(
        errors,
        [LineError {
            line: 10_001,
            column: 1,
            reason: Reason::TooManyRecords
        }]
    );
    let disabled = Table::parse(";!<(3z)> = b").unwrap().lines;
    assert!(crate::Router::compile(&disabled, &Default::default(), domains).is_ok());
}
