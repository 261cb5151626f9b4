use types::stream::Close;

use super::*;

#[test]
fn nothing_before_tls() {
    let start = || {
        let mut session = Session::new(
            Config {
                starttls: true,
                ..Config::default()
            },
            shell(),
        );
        session.sent.clear();
        session
    };
    check(start, "
        C: a CAPABILITY
        S: * CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE STARTTLS LOGINDISABLED AUTH=SCRAM-SHA-256
        S: a OK CAPABILITY completed
        C: b LOGIN mrc secret
        S: b NO [PRIVACYREQUIRED] Use TLS first
        C: c AUTHENTICATE PLAIN AG1yYwBzZWNyZXQ=
        S: c NO [PRIVACYREQUIRED] Use TLS first
        C: d SELECT INBOX
        S: d BAD Command not valid in this state
        C: e STARTTLS
        S: e OK Begin TLS now
        C: f CAPABILITY
        S: * CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN
        S: f OK CAPABILITY completed
        C: g STARTTLS
        S: g BAD TLS is not offered
    ");
}

#[test]
fn commands_behind_starttls_end_the_session() {
    let mut session = Session::new(
        Config {
            starttls: true,
            ..Config::default()
        },
        shell(),
    );
    session.receive(b"a STARTTLS\r\nb NOOP\r\n", 100);
    assert_eq!(session.closed, Some(Close::Fault));
}

#[test]
fn authenticate() {
    let start = || {
        let mut session = Session::new(secure(), shell());
        session.sent.clear();
        session
    };
    let capabilities = "CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE NAMESPACE CHILDREN UIDPLUS MOVE UNSELECT \
        CONDSTORE SPECIAL-USE CREATE-SPECIAL-USE STATUS=SIZE";
    let blank = " ";
    check(
        start,
        &format!(
            "
        C: a AUTHENTICATE PLAIN
        S: +{blank}
        C: *
        S: a BAD Authentication cancelled
        C: b AUTHENTICATE LOGIN
        S: + VXNlcm5hbWU6
        C: bXJj
        S: + UGFzc3dvcmQ6
        C: c2VjcmV0
        S: b OK [{capabilities}] Signed in
        C: c LOGIN mrc secret
        S: c BAD Command not valid in this state
    "
        ),
    );
    check(
        start,
        &format!(
            "
        C: a AUTHENTICATE GSSAPI
        S: a NO [CANNOT] Mechanism not supported
        C: b AUTHENTICATE PLAIN !
        S: b BAD [CLIENTBUG] Malformed authentication data
        C: c AUTHENTICATE plain AG1yYwBzZWNyZXQ=
        S: c OK [{capabilities}] Signed in
    "
        ),
    );
}

#[test]
fn scram() {
    // RFC 7677, with and without the initial response of RFC 4959.
    for (password, initial, outcome) in [
        ("secret", true, "a OK"),
        ("secret", false, "a OK"),
        ("wrong", true, "a NO"),
    ] {
        let mut session = Session::new(
            Config {
                starttls: true,
                ..Config::default()
            },
            shell(),
        );
        let credentials = sasl::Credentials {
            login: "mrc".into(),
            authzid: None,
            password: types::Secret::new(password),
        };
        let (mut client, first) =
            sasl::ClientExchange::start(sasl::Mechanism::ScramSha256, credentials, "abc".into());
        let mut line = "a AUTHENTICATE SCRAM-SHA-256".to_owned();
        if initial {
            client.initial_sent();
            line.push_str(&format!(" {}", first.unwrap()));
        }
        for _ in 0..4 {
            session.sent.clear();
            session.receive(format!("{line}\r\n").as_bytes(), 1);
            let sent = String::from_utf8(session.sent.clone()).unwrap();
            match sent.trim_end_matches("\r\n").strip_prefix("+ ") {
                Some(challenge) => match client.challenge(challenge.as_bytes()) {
                    sasl::ClientStep::Respond(text) => line = text,
                    sasl::ClientStep::Fail => panic!("the server's proof is false"),
                },
                None => break,
            }
        }
        let sent = String::from_utf8(session.sent).unwrap();
        assert!(sent.starts_with(outcome), "{sent}");
        assert_eq!(
            session.server.is_signed_in(),
            outcome == "a OK" && client.may_succeed()
        );
    }
}

#[test]
fn known_and_not_let_in() {
    for (refusal, code) in [
        (crate::Refusal::Limit, "LIMIT"),
        (crate::Refusal::Forbidden, "AUTHORIZATIONFAILED"),
        (crate::Refusal::Internal, "UNAVAILABLE"),
    ] {
        let mut session = Session::new(secure(), shell());
        session.sent.clear();
        session.shell.not_admitted = Some(refusal);
        session.receive(
            b"a LOGIN mrc secret\r\nb AUTHENTICATE PLAIN AG1yYwBzZWNyZXQ=\r\nc CAPABILITY\r\n",
            100,
        );
        let sent = String::from_utf8(session.sent).unwrap();
        for start in [
            format!("a NO [{code}] "),
            format!("b NO [{code}] "),
            "* CAPABILITY ".into(),
            "c OK".into(),
        ] {
            assert!(
                sent.lines().any(|line| line.starts_with(&start)),
                "{start}: {sent}"
            );
        }
    }
}

#[test]
fn failures_are_answered_late_and_end_the_session() {
    let mut session = Session::new(secure(), shell());
    session.sent.clear();
    for failure in 1..=3u64 {
        session.input(Input::Received("a LOGIN mrc wrong\r\n".into()));
        assert_eq!(session.sent, b"", "held back");
        wait(&mut session, failure - 1);
        assert_eq!(session.sent, b"", "held back");
        wait(&mut session, 1);
        assert!(session.sent.starts_with(b"a NO [AUTHENTICATIONFAILED]"));
        if failure < 3 {
            session.sent.clear();
        }
    }
    assert!(
        session
            .sent
            .ends_with(b"* BYE Too many failed sign-ins\r\n")
    );
    assert_eq!(session.closed, Some(Close::Fault));
}

#[test]
fn bad_input() {
    check(
        selected,
        "
        C: a FOO
        S: a BAD Syntax error: unknown command
        C: *
        S: * BAD Syntax error: expected a tag
        C: b FETCH 1
        S: b BAD Syntax error: expected a blank
        C: c LOGIN x {99999999999}
        S: c NO [TOOBIG] Literal too large
        C: d APPEND INBOX {99999999999}
        S: d NO [TOOBIG] Message too large
        C:
        C: e NOOP
        S: e OK NOOP completed
        C: f APPEND INBOX {1}
        S: + Ready for the literal
        C: \0
        S: f BAD Syntax error: NUL in a message
        C: g
        S: g BAD Syntax error: expected a command
    ",
    );
}

#[test]
fn too_many_errors() {
    let mut session = selected();
    session.receive(&b"x FOO\r\n".repeat(9), 1000);
    assert_eq!(session.closed, None);
    wait(&mut session, 61);
    session.receive(&b"x FOO\r\n".repeat(9), 1000);
    assert_eq!(session.closed, None);
    session.receive(b"x FOO\r\n", 1000);
    assert_eq!(session.closed, Some(Close::Fault));
    assert!(session.sent.ends_with(b"* BYE Too many errors\r\n"));
}

#[test]
fn long_lines_and_literals() {
    let mut session = selected();
    session.receive(&[b'x'; 70_000], 1000);
    assert!(session.sent.ends_with(b"* BAD [TOOBIG] Line too long\r\n"));
    assert_eq!(session.closed, Some(Close::Fault));

    // Unasked literals too large: read over when small, else the session ends.
    let config = Config {
        max_append: 1000,
        ..secure()
    };
    let mut session = signed_in(config);
    session.receive(b"a APPEND INBOX {2000+}\r\n", 1000);
    session.receive(&[b'y'; 2000], 100);
    session.receive(b"\r\nb NOOP\r\n", 1000);
    assert_eq!(
        session.sent,
        b"a NO [TOOBIG] Message too large\r\nb OK NOOP completed\r\n"
    );
    session.receive(b"a APPEND INBOX {200000+}\r\n", 1000);
    assert_eq!(session.closed, Some(Close::Fault));

    // Before sign-in little is taken.
    let mut session = Session::new(secure(), shell());
    session.receive(b"a LOGIN mrc {17000}\r\n", 1000);
    assert!(
        session
            .sent
            .ends_with(b"a NO [TOOBIG] Literal too large\r\n")
    );
}

#[test]
fn time_outs() {
    let mut session = Session::new(secure(), shell());
    wait(&mut session, 59);
    assert_eq!(session.closed, None);
    wait(&mut session, 1);
    assert_eq!(session.closed, Some(Close::Timeout));

    let mut session = selected();
    wait(&mut session, 1799);
    assert_eq!((session.closed, session.sent.len()), (None, 0));
    session.receive(b"a IDLE\r\n", 100);
    session.sent.clear();
    wait(&mut session, 119);
    assert_eq!(session.sent, b"");
    wait(&mut session, 1);
    assert_eq!(session.sent, b"* OK Still here\r\n");
    wait(&mut session, 1700);
    assert_eq!(session.closed, Some(Close::Timeout));
    assert!(session.sent.ends_with(b"* BYE Idle for too long\r\n"));
}

#[test]
fn ends() {
    let mut session = selected();
    session.input(Input::Notice(crate::Notice::Shutdown));
    assert_eq!(
        session.sent,
        b"* BYE [UNAVAILABLE] Server shutting down\r\n"
    );
    assert_eq!(session.closed, Some(Close::Shutdown));
    let mut session = selected();
    session.input(Input::Closed);
    assert_eq!(session.closed, Some(Close::Done));
    assert_eq!(types::Machine::deadline(&session.server), None);
}
