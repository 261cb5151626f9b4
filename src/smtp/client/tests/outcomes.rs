//! mail.md §6.3, row by row.

use super::*;

fn two() -> Vec<(Transaction, &'static str)> {
    vec![(
        mail("a@client1.com", &["b@b.example", "c@b.example"]),
        "text\r\n",
    )]
}

/// The replies to one pipelined transaction and what follows from them.
fn check(replies: &str, want: Outcome, rest: &str) {
    let commands = "C: MAIL FROM:<a@client1.com>\nC: RCPT TO:<b@b.example>\nC: RCPT TO:<c@b.example>\nC: DATA\n";
    let runner = play(
        &config(),
        &two(),
        &format!("{PIPELINING}{commands}{replies}\n{rest}"),
    );
    assert_eq!(runner.outcomes, [want], "{replies}");
}

const QUIT: &str = "C: QUIT\nS: 221 bye\nCLOSE Done";
const RESET: &str = "C: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\nCLOSE Done";

#[test]
fn refusals_of_the_session() {
    for (script, stage, code, advice) in [
        ("S: 450 later", Stage::Greeting, 450, Advice::NextHost),
        ("S: 554 no", Stage::Greeting, 554, Advice::NextHostOrFail),
        (
            "S: 220 hi\nC: EHLO mail.client1.com\nS: 450 later",
            Stage::Hello,
            450,
            Advice::NextHost,
        ),
        (
            "S: 220 hi\nC: EHLO mail.client1.com\nS: 550 no\nC: HELO mail.client1.com\nS: 550 no",
            Stage::Hello,
            550,
            Advice::NextHostOrFail,
        ),
    ] {
        let runner = play(&config(), &two(), &format!("{script}\nC: QUIT\nCLOSE Done"));
        match runner.end {
            Some(end @ End::Refused { .. }) => {
                assert_eq!(end.advice(), advice, "{script}");
                assert!(
                    matches!(end, End::Refused { stage: s, reply } if s == stage && reply.code == code)
                );
            }
            other => panic!("{script}: {other:?}"),
        }
        assert!(runner.outcomes.is_empty() && runner.queue.len() == 1);
    }
}

#[test]
fn mail_decides_for_the_message() {
    let later = "S: 451 later\nS: 503 no mail\nS: 503 no mail\nS: 503 no mail";
    check(later, Outcome::SuspendMessage(reply(451, "later")), QUIT);
    let never = "S: 550 never\nS: 503 no mail\nS: 503 no mail\nS: 554 no rcpt";
    check(never, Outcome::FailMessage(reply(550, "never")), QUIT);
    let odd = "S: 550 never\nS: 503 no mail\nS: 503 no mail\nS: 354 go\nC: .\nS: 554 no rcpt";
    check(odd, Outcome::FailMessage(reply(550, "never")), QUIT);
}

#[test]
fn rcpt_decides_for_the_recipient() {
    let delivered = RecipientOutcome::Delivered(reply(250, "queued"));
    let suspended = RecipientOutcome::Suspended(reply(450, "later"));
    let failed = RecipientOutcome::Failed(reply(550, "never"));
    let body = "S: 354 go\nC: text\nC: .\nS: 250 queued";
    let both = |a: &RecipientOutcome, b: &RecipientOutcome| {
        Outcome::Recipients(vec![a.clone(), b.clone()])
    };
    check(
        &format!("S: 250 ok\nS: 250 ok\nS: 450 later\n{body}"),
        both(&delivered, &suspended),
        QUIT,
    );
    check(
        &format!("S: 250 ok\nS: 550 never\nS: 250 ok\n{body}"),
        both(&failed, &delivered),
        QUIT,
    );
    check(
        "S: 250 ok\nS: 450 later\nS: 550 never\nS: 554 none",
        both(&suspended, &failed),
        RESET,
    );
    let empty = "S: 250 ok\nS: 450 later\nS: 550 never\nS: 354 go\nC: .\nS: 554 none";
    check(empty, both(&suspended, &failed), QUIT);
    // RFC 5321 §4.5.3.1.10: 452 behind an accepted one means "the others in the next transaction".
    let next = RecipientOutcome::NextTransaction(reply(452, "too many"));
    check(
        &format!("S: 250 ok\nS: 250 ok\nS: 452 too many\n{body}"),
        both(&delivered, &next),
        QUIT,
    );
    let full = RecipientOutcome::Suspended(reply(452, "full"));
    check(
        &format!("S: 250 ok\nS: 452 full\nS: 250 ok\n{body}"),
        both(&full, &delivered),
        QUIT,
    );
}

#[test]
fn the_message_decides_for_the_accepted() {
    let suspended = |text| RecipientOutcome::Suspended(reply(451, text));
    let failed = RecipientOutcome::Failed(reply(550, "never"));
    let refused = RecipientOutcome::Failed(reply(554, "spam"));
    let both = |a: &RecipientOutcome, b: &RecipientOutcome| {
        Outcome::Recipients(vec![a.clone(), b.clone()])
    };
    let accepted = "S: 250 ok\nS: 250 ok\nS: 550 never\n";
    check(
        &format!("{accepted}S: 451 data"),
        both(&suspended("data"), &failed),
        RESET,
    );
    check(
        &format!("{accepted}S: 354 go\nC: text\nC: .\nS: 451 dot"),
        both(&suspended("dot"), &failed),
        QUIT,
    );
    check(
        &format!("{accepted}S: 354 go\nC: text\nC: .\nS: 554 spam"),
        both(&refused, &failed),
        QUIT,
    );
}

#[test]
fn refused_chunks_leave_something_to_forget() {
    let text = "0123456\r\n".repeat(20_000);
    let pieces = text
        .as_bytes()
        .chunks(50_000)
        .map(Bytes::copy_from_slice)
        .collect();
    let runner = Runner {
        queue: [(mail("a@b", &["c@d"]), pieces)].into(),
        ..Runner::default()
    };
    let mut play = Play::new(config(), runner);
    play.hear(
        b"220 b\r\n250-b\r\n250 CHUNKING\r\n250 ok\r\n250 ok\r\n",
        false,
    );
    play.said.clear();
    play.hear(b"552 too big\r\n503 what?\r\n", false);
    assert_eq!(play.said, b"RSET\r\n");
    play.hear(b"250 ok\r\n", false);
    let failed = RecipientOutcome::Failed(reply(552, "too big"));
    assert_eq!(play.runner.outcomes, [Outcome::Recipients(vec![failed])]);
}

#[test]
fn service_closing_suspends_the_message() {
    let closing = reply(421, "shutting down");
    let commands = "C: MAIL FROM:<a@client1.com>\nC: RCPT TO:<b@b.example>\nC: RCPT TO:<c@b.example>\nC: DATA\n";
    for before in [
        "",
        "S: 250 ok\n",
        "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: text\nC: .\n",
    ] {
        let script = format!("{PIPELINING}{commands}{before}S: 421 shutting down\nCLOSE Done");
        let runner = play(&config(), &two(), &script);
        assert_eq!(runner.outcomes, [Outcome::SuspendMessage(closing.clone())]);
        let end = runner.end.unwrap();
        assert_eq!(
            (&end, end.advice()),
            (&End::Closing(closing.clone()), Advice::SuspendIfFirst)
        );
    }
    let runner = play(&config(), &two(), "S: 421 shutting down\nCLOSE Done");
    assert_eq!(
        (runner.outcomes.len(), runner.end),
        (0, Some(End::Closing(closing.clone())))
    );
    // What is done stays done when the server closes at RSET.
    let script = format!(
        "{PIPELINING}{commands}S: 250 ok\nS: 550 a\nS: 550 b\nS: 554 c\nC: RSET\nS: 421 shutting down\nCLOSE Done"
    );
    let runner = play(&config(), &two(), &script);
    assert!(matches!(&runner.outcomes[..], [Outcome::Recipients(_)]));
}

#[test]
fn a_lost_connection_is_tried_again() {
    let commands = "C: MAIL FROM:<a@client1.com>\nC: RCPT TO:<b@b.example>\nC: RCPT TO:<c@b.example>\nC: DATA\n";
    let sent = "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: text\nC: .\n";
    for (script, stage, cause, close) in [
        (
            format!("{PIPELINING}{commands}END\nCLOSE Done"),
            Stage::Mail,
            Cause::Closed,
            Close::Done,
        ),
        (
            format!("{PIPELINING}{commands}W: 300\nCLOSE Timeout"),
            Stage::Mail,
            Cause::Timeout,
            Close::Timeout,
        ),
        (
            format!("{PIPELINING}{commands}S: 250 ok\nW: 299\nW: 1\nCLOSE Timeout"),
            Stage::Rcpt,
            Cause::Timeout,
            Close::Timeout,
        ),
        (
            format!("{PIPELINING}{commands}S: hello\nCLOSE Fault"),
            Stage::Mail,
            Cause::Protocol,
            Close::Fault,
        ),
        (
            format!("{PIPELINING}{commands}{sent}W: 599\nW: 1\nCLOSE Timeout"),
            Stage::End,
            Cause::Timeout,
            Close::Timeout,
        ),
        (
            format!("{PIPELINING}{commands}{sent}END\nCLOSE Done"),
            Stage::End,
            Cause::Closed,
            Close::Done,
        ),
    ] {
        let runner = play(&config(), &two(), &script);
        assert_eq!(runner.outcomes, [Outcome::RetryMessage(cause)], "{script}");
        let end = runner.end.unwrap();
        assert_eq!(
            (&end, end.advice()),
            (&End::Lost { stage, cause }, Advice::Reconnect),
            "{script} {close:?}"
        );
    }
    for (script, stage, cause) in [
        ("W: 300\nCLOSE Timeout", Stage::Greeting, Cause::Timeout),
        ("END\nCLOSE Done", Stage::Greeting, Cause::Closed),
        (
            "S: HTTP/1.1 400 Bad Request\nCLOSE Fault",
            Stage::Greeting,
            Cause::Protocol,
        ),
        (
            "S: 220 hi\nC: EHLO mail.client1.com\nW: 300\nCLOSE Timeout",
            Stage::Hello,
            Cause::Timeout,
        ),
    ] {
        let runner = play(&config(), &two(), script);
        let end = runner.end.unwrap();
        assert_eq!(
            (&end, end.advice()),
            (&End::Lost { stage, cause }, Advice::NextHost),
            "{script}"
        );
        assert!(runner.outcomes.is_empty());
    }
}

#[test]
fn a_message_that_cannot_be_read_is_not_ended() {
    let queue = [(
        mail("a@b", &["c@d"]),
        vec![Bytes::from_static(b"half"), Bytes::new()],
    )];
    for hello in ["250 b\r\n", "250-b\r\n250 CHUNKING\r\n"] {
        let runner = Runner {
            queue: queue.clone().into(),
            broken: true,
            ..Runner::default()
        };
        let mut play = Play::new(config(), runner);
        play.hear(
            format!("220 b\r\n{hello}250 ok\r\n250 ok\r\n354 go\r\n").as_bytes(),
            false,
        );
        assert_eq!(play.runner.outcomes, [Outcome::RetryMessage(Cause::Closed)]);
        assert_eq!(play.closed, Some(Close::Done));
        let said = String::from_utf8_lossy(&play.said);
        assert!(
            !said.contains("\r\n.\r\n") && !said.contains("LAST"),
            "{said}"
        );
    }
}
