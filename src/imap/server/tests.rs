//! Dialogues; many follow the examples of the RFCs, with the fake shell of `fuzzing` behind the machine.

mod dialogue;
mod limits;
mod model;

use std::time::Duration;

use types::stream::Input;

use crate::{
    Config, Flags, Message, SpecialUse,
    envelope::tests::sample,
    fuzzing::{
        Session,
        shell::{Shell, Stored},
    },
};

/// Inside TLS, so that everything is allowed.
fn secure() -> Config {
    Config {
        secure: true,
        ..Config::default()
    }
}

/// INBOX with the message of RFC 3501 §8 and two more; Trash and Drafts.
fn shell() -> Shell {
    let mut shell = Shell::new();
    let raw = "From: Terry Gray <gray@cac.washington.edu>\r\nSubject: IMAP4rev1 WG mtg summary and minutes\r\n\r\nbody one\r\n";
    let first = Stored {
        envelope: sample(),
        date: 837_596_665,
        ..Stored::new(raw)
    };
    shell.deliver("INBOX", first);
    for (raw, flags, keyword) in [
        ("Subject: two\r\n\r\n2\r\n", Flags::SEEN, "$Label1"),
        ("From: x\r\n\r\n333\r\n", Flags::NONE, ""),
    ] {
        let keywords = if keyword.is_empty() {
            vec![]
        } else {
            vec![keyword.to_owned()]
        };
        let message = Message {
            flags,
            keywords,
            ..Message::default()
        };
        shell.deliver(
            "INBOX",
            Stored {
                message,
                date: 86_400 * 366,
                ..Stored::new(raw)
            },
        );
    }
    shell.create("Trash", Some(SpecialUse::Trash));
    shell.create("Entwürfe/neu", None);
    shell
}

fn signed_in(config: Config) -> Session {
    let mut session = Session::new(config, shell());
    session.receive(b"l LOGIN mrc secret\r\n", 1000);
    session.sent.clear();
    session
}

fn selected() -> Session {
    let mut session = signed_in(secure());
    session.receive(b"s SELECT INBOX\r\n", 1000);
    session.sent.clear();
    session
}

/// Plays `C:` and `S:` lines; what stands in a line after `\` is its end without CRLF.
fn play(session: &mut Session, script: &str, piece: usize) {
    let mut expected = String::new();
    for line in script
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty())
    {
        let (who, text) = line.split_at(2);
        let text = text.strip_prefix(' ').unwrap_or(text);
        let whole = text
            .strip_suffix('\\')
            .map_or_else(|| format!("{text}\r\n"), str::to_owned);
        match who {
            "C:" => {
                check_sent(session, &mut expected, line);
                session.receive(whole.as_bytes(), piece);
            }
            "S:" => expected.push_str(&whole),
            _ => panic!("no side: {line}"),
        }
    }
    check_sent(session, &mut expected, "the end");
}

fn check_sent(session: &mut Session, expected: &mut String, before: &str) {
    let sent = String::from_utf8_lossy(&session.sent).into_owned();
    assert_eq!(
        sent.replace("\r\n", "\n"),
        expected.replace("\r\n", "\n"),
        "before {before}"
    );
    session.sent.clear();
    expected.clear();
}

/// Plays a script in one piece and byte by byte.
fn check(start: impl Fn() -> Session, script: &str) {
    for piece in [10_000, 1] {
        play(&mut start(), script, piece);
    }
}

fn wait(session: &mut Session, seconds: u64) {
    session.now += Duration::from_secs(seconds);
    session.input(Input::Tick);
}
