use super::*;

#[track_caller]
fn check(flow: Flow, input: &str, expected: &str) {
    let shown = match Address::parse(input, flow) {
        Ok(address) => {
            assert_eq!(address.key().len(), address.as_str().len(), "{input}");
            let again = Address::parse(address.as_str(), Flow::Mail);
            if flow == Flow::Mail {
                assert_eq!(
                    again.as_ref().map(Address::as_str),
                    Ok(address.as_str()),
                    "canonical form of {input}"
                );
            }
            format!("{} @ {}", address.local(), address.domain())
        }
        Err(error) => error.to_string(),
    };
    assert_eq!(shown, expected, "{input}");
}

#[test]
fn forms_of_an_address() {
    for (input, expected) in [
        ("user@host.dom", "user @ host.dom"),
        ("<user@host.dom>", "user @ host.dom"),
        ("user", "user @ "),
        ("user@", "user @ "),
        ("user%", "user @ "),
        ("user%x@@", "user @ x"),
        ("user%x%%", "user @ x"),
        ("!!a!user", "user @ a"),
        ("user%b@a", "user%b @ a"),
        ("<@a:user@b>", "user%b @ a"),
        ("<@a,@b:user@c>", "user%c%b @ a"),
        ("a!user", "user @ a"),
        ("a!b!user", "user%b @ a"),
        ("a!b!c!user", "user%c%b @ a"),
        ("a!user@b", "a!user @ b"),
        ("user@[192.0.2.5]", "user @ [192.0.2.5]"),
        ("user@192.0.2.5", "user @ [192.0.2.5]"),
        ("user@192.0.2.5:26", "user @ [192.0.2.5]:26"),
        ("user@[IPv6:2001:db8::1]", "user @ [2001:db8::1]"),
        ("user@[2001:DB8:0::1]", "user @ [2001:db8::1]"),
        ("user@host.dom:26", "user @ host.dom:26"),
        ("user@[192.0.2.5]:26", "user @ [192.0.2.5]:26"),
        ("\"john doe\"@host.dom", "\"john doe\" @ host.dom"),
        ("\"a@b\"@host.dom", "\"a@b\" @ host.dom"),
        ("\"john\"@host.dom", "john @ host.dom"),
        ("\"jo\\hn\"@host.dom", "john @ host.dom"),
        ("\"a\\\"b\"@host.dom", "\"a\\\"b\" @ host.dom"),
        (
            "\"Sent Items\"#john@host.dom",
            "\"Sent Items\"#john @ host.dom",
        ),
        ("mbox#user@host.dom", "mbox#user @ host.dom"),
        ("app{p1,p2}#user@host.dom", "app{p1,p2}#user @ host.dom"),
        (
            "app{a@b,\"}\"}#user@host.dom",
            "app{a@b,\"}\"}#user @ host.dom",
        ),
        ("user+tag@host.dom", "user+tag @ host.dom"),
        ("<>", "MAILER-DAEMON @ "),
        (" < user@host.dom > ", "user @ host.dom"),
        ("mailto:user@host", "user @ host"),
        ("mailto:user%40x@host?subject=hi", "user%x @ host"),
        ("xmpp:user@host/res", "user @ host"),
        ("user%x%y", "user%x @ y"),
        ("a@b@c", "a%b @ c"),
        ("USER@Host.DOM.", "USER @ host.dom"),
        ("user@Bücher.example", "user @ xn--bcher-kva.example"),
        ("jörg@host.dom", "jörg @ host.dom"),
        ("u@fw.dom.via", "u @ fw.dom._via"),
        ("u@fw.dom:25.VIA", "u @ fw.dom:25._via"),
        ("u@[192.0.2.9]._relay", "u @ [192.0.2.9]._relay"),
        ("u@client.Domain", "u @ client._domain"),
        ("u@client.Local", "u @ client.local"),
        ("u@smtp", "u @ smtp"),
        ("a{b@host.dom", "a{b @ host.dom"),
    ] {
        check(Flow::Mail, input, expected);
    }
}

#[test]
fn forms_of_a_signal_address() {
    for (input, expected) in [
        ("sip:user@host:5070;transport=tcp", "user @ host:5070"),
        ("sip:user@host:5060", "user @ host:5060"),
        ("sip:user:secret@host", "user @ host"),
        ("sip:+49-30-1234@host;user=phone", "+49301234 @ host"),
        ("tel:+49-30-1234", "+49301234 @ telnum"),
        ("tel:1234;phone-context=+4930", "+49301234 @ telnum"),
        ("tel:101;phone-context=client.dom", "101 @ client.dom"),
        ("tel:101", "101 @ "),
        ("sip:%2B49301@host", "+49301 @ host"),
        ("a%40b@host", "a%b @ host"),
        ("u%evil@host", "u%evil @ host"),
        ("1(234)567-89-00@company.dom", "12345678900 @ company.dom"),
        ("12-34@company.dom", "12-34 @ company.dom"),
        ("*51@company.dom", "*51 @ company.dom"),
        ("a,b}#john@app.dom", "a,b}#john @ app.dom"),
        ("%00x@host", "address syntax error"),
        ("%FFx@host", "address syntax error"),
    ] {
        check(Flow::Signal, input, expected);
    }
    let mut address = Address::default();
    let beside = address
        .assign("SIPS:u@h;transport=tls?x=y", Flow::Signal, Source::Outside)
        .unwrap()
        .unwrap();
    assert_eq!(
        (beside.scheme, beside.parameters.as_str()),
        (Scheme::Sips, "transport=tls?x=y")
    );
    let beside = address
        .assign("xmpp:u@h/home;x", Flow::Signal, Source::Outside)
        .unwrap()
        .unwrap();
    assert_eq!(
        (beside.resource.as_str(), address.as_str()),
        ("home", "u@h")
    );
}

#[test]
fn what_is_no_address() {
    for input in [
        "",
        " ",
        "@",
        "@a",
        "@a:",
        "@a,b:x@c",
        "user name@host",
        "a@b..c",
        "a@.b",
        "a@.",
        "\"open@host",
        "a@host:0",
        "a@host:x",
        "a@host:70000",
        "a@[1.2.3]",
        "a@[1.2.3.4",
        "a@[1.2.3.4]x",
        "a\u{7}@host",
        "a,b@host",
        "a@-host:5.foo",
        "a@h*st",
        "x\\y@host",
        "x@%",
        "a:b@host",
        "a\u{a0}@host",
        "\"a\u{2003}b\"@host",
    ] {
        check(Flow::Mail, input, "address syntax error");
    }
    check(
        Flow::Mail,
        &format!("{}@host", "x".repeat(256)),
        "address too long",
    );
    check(
        Flow::Mail,
        &format!("x%{}@host", "x".repeat(256)),
        "address too long",
    );
    check(
        Flow::Mail,
        &format!("x@{}", "abcdefg.".repeat(40)),
        "address too long",
    );
    check(
        Flow::Mail,
        &format!("x%{}", "y%".repeat(600)),
        "address too long",
    );
    check(Flow::Mail, &"x".repeat(5000), "address too long");
}

#[test]
fn comparison_keeps_positions() {
    for (text, folded) in [
        ("JOHN.Doe", "john.doe"),
        ("MÜLLER", "müller"),
        ("ΣΑΣ ς", "σασ σ"),
        ("\u{212a}\u{17f}", "\u{212a}\u{17f}"),
        ("İı", "İı"),
    ] {
        assert_eq!(fold(text), folded);
        assert_eq!(fold(text).len(), text.len());
    }
}

#[test]
fn object_names() {
    for (name, good) in [
        ("john", true),
        ("j.smith_2-x", true),
        ("müller", true),
        ("", false),
        (".x", false),
        ("x.", false),
        ("a b", false),
        ("+49", false),
        ("a#b", false),
    ] {
        assert_eq!(is_object_name(name), good, "{name}");
    }
    assert!(!is_object_name(&"x".repeat(129)));
}

#[test]
fn parameters() {
    let split = |text| split_params(text).collect::<Vec<_>>();
    assert_eq!(split("a, b ,\"c,d\",{e,f}"), ["a", "b", "\"c,d\"", "{e,f}"]);
    assert_eq!(split(""), [""]);
}
