use std::time::Duration;

use types::stream::{Close, Input};

use crate::{Config, Notice, fuzzing::Session};

fn secure() -> Config {
    Config {
        secure: true,
        ..Config::default()
    }
}

const MESSAGES: [&str; 2] = [
    "Subject: one\r\n\r\nline\r\n.dot\r\nlast\r\n",
    "From: x\r\n\r\nno end",
];

fn signed_in() -> Session {
    let mut session = Session::new(secure(), &MESSAGES);
    session.receive(b"USER mrose\r\nPASS secret\r\n", 100);
    session.sent.clear();
    session
}

/// Plays `C:` and `S:` lines in one piece and byte by byte; returns the session played last.
fn check(start: impl Fn() -> Session, script: &str) -> Session {
    let play = |piece| {
        let mut session = start();
        let mut expected = String::new();
        for line in script
            .lines()
            .map(str::trim_start)
            .filter(|line| !line.is_empty())
        {
            let (who, text) = line.split_at(2);
            let text = format!("{}\r\n", text.strip_prefix(' ').unwrap_or(text));
            if who == "S:" {
                expected.push_str(&text);
                continue;
            }
            assert_eq!(
                String::from_utf8_lossy(&session.sent),
                expected,
                "before {line}"
            );
            session.sent.clear();
            expected.clear();
            session.receive(text.as_bytes(), piece);
        }
        assert_eq!(String::from_utf8_lossy(&session.sent), expected);
        session
    };
    play(10_000);
    play(1)
}

#[test]
fn rfc_1939_section_10() {
    let start = || Session::new(secure(), &MESSAGES);
    let session = check(
        start,
        "
        S: +OK Postamt ready
        C: USER mrose
        S: +OK Password, please
        C: PASS secret
        S: +OK 2 messages
        C: STAT
        S: +OK 2 51
        C: LIST
        S: +OK 2 messages (51 octets)
        S: 1 34
        S: 2 17
        S: .
        C: RETR 1
        S: +OK 34 octets
        S: Subject: one
        S:
        S: line
        S: ..dot
        S: last
        S: .
        C: DELE 1
        S: +OK Message deleted
        C: RETR 2
        S: +OK 17 octets
        S: From: x
        S:
        S: no end
        S: .
        C: DELE 2
        S: +OK Message deleted
        C: QUIT
        S: +OK Good-bye
    ",
    );
    assert_eq!(
        (session.removed, session.seen, session.closed),
        (vec![0, 1], vec![0, 1], Some(Close::Done))
    );
}

#[test]
fn transaction() {
    let session = check(
        signed_in,
        "
        C: UIDL
        S: +OK 2 messages (51 octets)
        S: 1 abc-a
        S: 2 abc-b
        S: .
        C: UIDL 2
        S: +OK 2 abc-b
        C: LIST 3
        S: -ERR no such message
        C: LIST x
        S: -ERR no such message
        C: TOP 1 1
        S: +OK Top of the message follows
        S: Subject: one
        S:
        S: line
        S: .
        C: TOP 1
        S: -ERR wrong arguments
        C: DELE 1
        S: +OK Message deleted
        C: DELE 1
        S: -ERR no such message
        C: STAT
        S: +OK 1 17
        C: RSET
        S: +OK 2 messages (51 octets)
        C: DELE 0
        S: -ERR no such message
        C: NOOP
        S: +OK Nothing done
        C: USER mrose
        S: -ERR not after sign-in
        C: XTND XMIT
        S: -ERR Unknown command
        C: QUIT
        S: +OK Good-bye
    ",
    );
    assert!(session.removed.is_empty() && session.seen.is_empty());
}

#[test]
fn capabilities() {
    // RFC 2449 §5, RFC 2595 §4.
    let start = || {
        Session::new(
            Config {
                starttls: true,
                ..Config::default()
            },
            &[],
        )
    };
    let common = "S: TOP\nS: UIDL\nS: RESP-CODES\nS: AUTH-RESP-CODE\nS: PIPELINING\nS: EXPIRE NEVER\nS: UTF8";
    check(
        start,
        &format!(
            "
        S: +OK Postamt ready
        C: CAPA
        S: +OK Capabilities follow
        {common}
        S: STLS
        S: SASL SCRAM-SHA-256
        S: IMPLEMENTATION Postamt
        S: .
        C: USER mrose
        S: -ERR [AUTH] use TLS first
        C: AUTH PLAIN
        S: -ERR [AUTH] use TLS first
        C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
        S: -ERR [AUTH] not supported
        C: STAT
        S: -ERR not before sign-in
        C: STLS
        S: +OK Begin TLS now
        C: CAPA
        S: +OK Capabilities follow
        {common}
        S: USER
        S: SASL SCRAM-SHA-256 PLAIN LOGIN
        S: IMPLEMENTATION Postamt
        S: .
        C: STLS
        S: -ERR TLS is not offered
    "
        ),
    );
    let mut session = start();
    session.receive(b"STLS\r\nCAPA\r\n", 100);
    assert_eq!(session.closed, Some(Close::Fault));
}

#[test]
fn auth() {
    // RFC 5034 §6.
    let start = || Session::new(secure(), &[]);
    check(
        start,
        "
        S: +OK Postamt ready
        C: PASS secret
        S: -ERR USER first
        C: AUTH CRAM-MD5
        S: -ERR [AUTH] mechanism not supported
        C: AUTH LOGIN
        S: + VXNlcm5hbWU6
        C: *
        S: -ERR authentication cancelled
        C: AUTH
        S: +OK Mechanisms follow
        S: SCRAM-SHA-256
        S: PLAIN
        S: LOGIN
        S: .
        C: AUTH PLAIN AG1yb3NlAHNlY3JldA==
        S: +OK 0 messages
    ",
    );
}

#[test]
fn scram() {
    // RFC 5034 §6, RFC 7677.
    let mut session = Session::new(Config::default(), &MESSAGES);
    let credentials = sasl::Credentials {
        login: "mrose".into(),
        authzid: None,
        password: types::Secret::new("secret"),
    };
    let (mut client, _) =
        sasl::ClientExchange::start(sasl::Mechanism::ScramSha256, credentials, "abc".into());
    let mut line = "AUTH SCRAM-SHA-256".to_owned();
    for _ in 0..4 {
        session.sent.clear();
        session.receive(format!("{line}\r\n").as_bytes(), 1);
        let sent = String::from_utf8(session.sent.clone()).unwrap();
        let Some(challenge) = sent
            .trim_end_matches("\r\n")
            .strip_prefix("+ ")
            .map(str::to_owned)
        else {
            break;
        };
        match client.challenge(challenge.as_bytes()) {
            sasl::ClientStep::Respond(text) => line = text,
            sasl::ClientStep::Fail => panic!("the server's proof is false"),
        }
    }
    assert_eq!(session.sent, b"+OK 2 messages\r\n");
    assert!(client.may_succeed());
}

#[test]
fn failures_are_answered_late_and_end_the_session() {
    let mut session = Session::new(secure(), &[]);
    session.sent.clear();
    for failure in 1..=3 {
        session.input(Input::Received("USER mrose\r\nPASS wrong\r\n".into()));
        assert_eq!(session.sent, b"+OK Password, please\r\n");
        session.now += Duration::from_secs(failure);
        session.input(Input::Tick);
        assert_eq!(
            session.sent,
            b"+OK Password, please\r\n-ERR [AUTH] wrong name or password\r\n"
        );
        session.sent.clear();
    }
    assert_eq!(session.closed, Some(Close::Fault));
}

#[test]
fn ends_without_quit_delete_nothing() {
    let start = || {
        let mut session = signed_in();
        session.receive(b"DELE 1\r\n", 100);
        session
    };
    let mut session = start();
    session.input(Input::Closed);
    assert_eq!(
        (session.closed, session.removed.len()),
        (Some(Close::Done), 0)
    );
    let mut session = start();
    session.input(Input::Notice(Notice::Shutdown));
    assert_eq!(
        (session.closed, session.removed.len()),
        (Some(Close::Shutdown), 0)
    );
    let mut session = start();
    session.now += Duration::from_secs(599);
    session.input(Input::Tick);
    assert_eq!(session.closed, None);
    session.now += Duration::from_secs(1);
    session.input(Input::Tick);
    assert_eq!(
        (session.closed, session.removed.len()),
        (Some(Close::Timeout), 0)
    );
}

#[test]
fn limits() {
    let mut session = signed_in();
    session.receive(format!("{}\r\nNOOP\r\n", "x".repeat(600)).as_bytes(), 1);
    assert_eq!(session.sent, b"-ERR line too long\r\n+OK Nothing done\r\n");
    session.receive(&b"FOO\r\n".repeat(10), 7);
    assert_eq!(session.closed, Some(Close::Fault));
    let mut session = signed_in();
    session.receive(&[b'x'; 20_000], 1000);
    assert_eq!(session.closed, Some(Close::Fault));
}

#[test]
fn large_messages_pass_uncopied() {
    let text = format!(
        "A: b\r\n\r\n{}.end\r\n",
        "0123456789abcdef\r\n".repeat(5000)
    );
    let mut session = Session::new(secure(), &[&text]);
    session.receive(b"USER mrose\r\nPASS secret\r\n", 100);
    session.sent.clear();
    session.receive(b"RETR 1\r\n", 100);
    let expected = format!(
        "+OK {} octets\r\n{}.\r\n",
        text.len(),
        text.replace("\r\n.end", "\r\n..end")
    );
    assert_eq!(String::from_utf8_lossy(&session.sent), expected);
}
