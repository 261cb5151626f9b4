//! Two servers that disagree about line ends must never see two messages where the sender's server saw one.

use super::*;
use crate::incoming::BareNewline;

const SECOND: &str =
    "MAIL FROM:<evil@b.example>\r\nRCPT TO:<victim@client1.com>\r\nDATA\r\nsmuggled\r\n.\r\n";

/// Sends `end` where a sloppy server would see the end of a message, and a second message behind it.
fn smuggle(end: &str, bare_newline: BareNewline, bytewise: bool) -> Play {
    let mut play = Play::new(
        Config {
            bare_newline,
            ..trusted()
        },
        bytewise,
    );
    play.send(b"EHLO a.example\r\n");
    play.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@client1.com>\r\nDATA\r\n");
    play.said.clear();
    play.send(format!("first{end}{SECOND}").as_bytes());
    play
}

const SLOPPY_ENDS: [&str; 13] = [
    "\n.\n",
    "\r.\r",
    "\r\n.\n",
    "\n.\r\n",
    "\r.\r\n",
    "\r\n.\r",
    "\r\n.\r\r\n",
    "\r\r\n.\r\r\n",
    "\n\n.\r\n",
    "\n\r\n.\n",
    "\r\n\n.\r\n",
    "\r\n\r.\r\n",
    "\n\r.\r\n",
];

#[test]
fn bare_newlines_are_refused_and_the_session_ends() {
    for end in SLOPPY_ENDS {
        for bytewise in [false, true] {
            let play = smuggle(end, BareNewline::Reject, bytewise);
            assert_eq!(play.said, "521 5.5.2 bare newline\r\n", "{end:?}");
            assert_eq!(
                (play.closed, play.shell.messages.len()),
                (Some(Close::Fault), 0),
                "{end:?}"
            );
            assert_eq!(play.shell.senders.len(), 1, "{end:?}");
        }
    }
}

#[test]
fn normalised_newlines_stay_inside_the_one_message() {
    for end in SLOPPY_ENDS {
        for bytewise in [false, true] {
            let play = smuggle(end, BareNewline::Normalise, bytewise);
            assert_eq!(
                play.said, "250 2.0.0 1 message accepted for delivery\r\n",
                "{end:?}"
            );
            assert_eq!(
                (play.shell.messages.len(), play.shell.senders.len()),
                (1, 1),
                "{end:?}"
            );
            let text = String::from_utf8(play.shell.messages[0].clone()).unwrap();
            assert!(
                text.contains("smuggled\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']),
                "{text:?}"
            );
        }
    }
}

#[test]
fn a_dot_with_company_does_not_end_a_message() {
    for end in [
        "\r\n.\0\r\n",
        "\r\n\0.\r\n",
        "\0\r\n.\0",
        "\r\n. \r\n",
        "\r\n .\r\n",
        "\r\n..\r\n",
        "\r\n.\t\r\n",
    ] {
        for bytewise in [false, true] {
            let play = smuggle(end, BareNewline::Reject, bytewise);
            assert_eq!(
                play.said, "250 2.0.0 1 message accepted for delivery\r\n",
                "{end:?}"
            );
            assert_eq!(
                (play.shell.messages.len(), play.shell.senders.len()),
                (1, 1),
                "{end:?}"
            );
        }
    }
}

#[test]
fn counted_messages_must_have_whole_lines_too() {
    for body in ["a\nb", "a\rb", "a\r", "a\r\n.\n", "\n"] {
        for bytewise in [false, true] {
            let mut play = Play::new(trusted(), bytewise);
            play.send(b"HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n");
            play.said.clear();
            play.send(format!("BDAT {} LAST\r\n{body}NOOP\r\n", body.len()).as_bytes());
            assert_eq!(play.said, "521 5.5.2 bare newline\r\n", "{body:?}");
            assert_eq!(
                (play.closed, play.shell.messages.len()),
                (Some(Close::Fault), 0),
                "{body:?}"
            );
        }
    }
}

/// RFC 3207 §4.2: commands slipped in before the handshake must not be taken for the client's.
#[test]
fn commands_behind_starttls_end_the_session() {
    let config = Config {
        tls: Tls::Offered,
        ..trusted()
    };
    let mut play = Play::new(config.clone(), false);
    play.said.clear();
    play.send(b"STARTTLS\r\nMAIL FROM:<evil@b.example>\r\n");
    assert_eq!(
        play.said,
        "421 4.7.0 protocol error: data behind STARTTLS\r\n"
    );
    assert!(!play.wants_tls);
    assert_eq!(play.closed, Some(Close::Fault));

    // The same in a packet of its own, before the handshake.
    let mut play = Play::new(config, false);
    play.send(b"STARTTLS\r\n");
    assert!(play.wants_tls);
    play.said.clear();
    play.send(b"MAIL FROM:<evil@b.example>\r\n");
    assert_eq!((play.said.as_str(), play.closed), ("", Some(Close::Fault)));
    assert!(play.shell.senders.is_empty());
}
