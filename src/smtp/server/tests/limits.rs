use super::*;

fn message(lines: &str) -> String {
    format!(
        "C: MAIL FROM:<a@b.example>
         S: 250 2.1.0 a@b.example sender accepted
         C: RCPT TO:<c@client1.com>
         S: 250 2.1.5 c@client1.com will leave the Internet
         C: DATA
         S: 354 Enter mail, end with \".\" on a line by itself
         {lines}
         C: .\n"
    )
}

#[test]
fn recipients_above_the_limit_are_refused_and_the_others_stay() {
    let config = Config {
        max_recipients: 2,
        null_sender_max_recipients: 1,
        ..smtp()
    };
    let shell = play(
        &config,
        &greeted(
            "C: MAIL FROM:<a@b.example>
             S: 250 2.1.0 a@b.example sender accepted
             C: RCPT TO:<one@client1.com>
             S: 250 2.1.5 one@client1.com will leave the Internet
             C: RCPT TO:<two@client1.com>
             S: 250 2.1.5 two@client1.com will leave the Internet
             C: RCPT TO:<three@client1.com>
             S: 452 4.5.3 too many recipients
             C: DATA
             S: 354 Enter mail, end with \".\" on a line by itself
             C: .
             S: 250 2.0.0 1 message accepted for delivery
             C: MAIL FROM:<>
             S: 250 2.1.0 <> sender accepted
             C: RCPT TO:<one@client1.com>
             S: 250 2.1.5 one@client1.com will leave the Internet
             C: RCPT TO:<two@client1.com>
             S: 452 4.5.3 too many recipients",
        ),
    );
    assert_eq!(shell.messages, [b""]);
}

#[test]
fn a_message_that_is_too_big_is_refused_at_its_end() {
    let config = Config {
        max_size: Some(20_000),
        ..trusted()
    };
    let line = "C: 0123456789012345678901234567890123456789\n".repeat(600);
    let shell = play(
        &config,
        &greeted(
            &(message(&line)
                + "S: 552 5.3.4 message too big\n"
                + &message("C: small")
                + "S: 250 2.0.0 1 message accepted for delivery"),
        ),
    );
    assert_eq!((shell.messages.len(), shell.discarded), (1, 1));
}

#[test]
fn long_lines_and_many_hops_are_refused() {
    let config = Config {
        max_line: 100,
        max_hops: 2,
        ..trusted()
    };
    let long = format!("C: {}", "x".repeat(101));
    let hops = "C: Received: one\nC: received: two\nC: Subject: x\nC: RECEIVED: three\nC: ";
    let body = "C: Received: one\nC: Received: two\nC:  \nC: Received: three";
    let shell = play(
        &config,
        &greeted(
            &(message(&long)
                + "S: 500 5.5.2 line too long\n"
                + &message(hops)
                + "S: 554 5.4.6 too many hops\n"
                + &message(&body.replace("C:  \n", "C: \n"))
                + "S: 250 2.0.0 1 message accepted for delivery"),
        ),
    );
    assert_eq!((shell.messages.len(), shell.discarded), (1, 2));
}

#[test]
fn what_the_shell_cannot_store_is_refused_at_the_end() {
    let shell = play(
        &trusted(),
        &greeted(
            "C: MAIL FROM:<a@b.example>
               S: 250 2.1.0 a@b.example sender accepted
               C: RCPT TO:<nospace@client1.com>
               S: 250 2.1.5 nospace@client1.com will leave the Internet
               C: DATA
               S: 452 4.3.1 cannot store
               C: RSET
               S: 250 2.0.0 SMTP state reset\n",
        ),
    );
    assert_eq!(shell.discarded, 0);
    let shell = play(
        &trusted(),
        &greeted(&(message("C: FULL DISK\nC: more") + "S: 452 4.3.1 disk is full")),
    );
    assert_eq!((shell.messages.len(), shell.discarded), (0, 1));
    let more = format!(
        "C: FULL DISK\n{}",
        "C: 0123456789012345678901234567890123456789\n".repeat(1000)
    );
    let script = message(&more)
        + "S: 452 4.3.1 disk is full\n"
        + &message("C: small")
        + "S: 250 2.0.0 1 message accepted for delivery";
    play(&trusted(), &greeted(&script));
}

#[test]
fn the_tar_delay_has_a_limit() {
    let mut play = Play::new(
        Config {
            max_errors: 100,
            ..smtp()
        },
        false,
    );
    for _ in 0..49 {
        play.send(b"FOO\r\n");
    }
    for seconds in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10] {
        play.said.clear();
        play.send(b"FOO\r\n");
        play.wait(seconds);
        assert_eq!(
            play.said, "500 5.5.1 unknown command\r\n",
            "after {seconds}"
        );
    }
}

/// mail.md §12 row 15, and the tar delay beyond half of the budget.
#[test]
fn eight_unknown_recipients_end_the_session() {
    let mut script =
        greeted("C: MAIL FROM:<a@b.example>\nS: 250 2.1.0 a@b.example sender accepted\n");
    for i in 1..=8u64 {
        script += "C: RCPT TO:<unknown@client1.com>\n";
        if i > 4 {
            script += &format!("W: {}\nW: 1\n", i - 5);
        }
        script += "S: 550 5.1.1 unknown@client1.com unknown user account\n";
    }
    play(
        &smtp(),
        &(script.clone() + "S: 421 4.7.0 too many errors\nCLOSE Fault"),
    );
    let patient = Config {
        recipient_error_points: 0,
        ..smtp()
    };
    play(
        &patient,
        &script
            .lines()
            .filter(|l| !l.starts_with("W:"))
            .collect::<Vec<_>>()
            .join("\n"),
    );
}

#[test]
fn only_the_late_reply_waits() {
    let mut play = Play::new(
        Config {
            max_errors: 2,
            ..smtp()
        },
        false,
    );
    play.said.clear();
    play.send(b"NOOP\r\nFOO\r\nNOOP\r\nBAR\r\nQUIT\r\n");
    assert_eq!(
        play.said,
        "250 2.0.0 OK\r\n500 5.5.1 unknown command\r\n250 2.0.0 OK\r\n"
    );
    play.wait(1);
    assert!(
        play.said
            .ends_with("OK\r\n500 5.5.1 unknown command\r\n421 4.7.0 too many errors\r\n")
    );
    assert_eq!(play.closed, Some(Close::Fault));
}

#[test]
fn impatience_costs_points() {
    let mut play = Play::new(
        Config {
            max_errors: 4,
            ..smtp()
        },
        false,
    );
    play.send(b"EHLO a.example\r\nNOOP\r\n");
    assert_eq!(play.closed, None);
    play.send(b"FOO\r\n");
    play.wait(2);
    assert_eq!(play.closed, Some(Close::Fault));
}

#[test]
fn messages_of_a_connection_are_counted() {
    let config = Config {
        max_messages: 1,
        ..trusted()
    };
    play(
        &config,
        &greeted(
            &(message("C: x")
                + "S: 250 2.0.0 1 message accepted for delivery
                   C: MAIL FROM:<a@b.example>
                   S: 421 4.7.0 too many messages on this connection
                   CLOSE Fault"),
        ),
    );
}

#[test]
fn silence_and_age_end_the_session() {
    play(
        &smtp(),
        &greeted(
            "W: 299
             C: NOOP
             S: 250 2.0.0 OK
             W: 299
             W: 1
             S: 421 4.4.2 nothing heard for too long
             CLOSE Timeout",
        ),
    );
    let short = Config {
        total_time: Duration::from_secs(10),
        ..smtp()
    };
    play(
        &short,
        &greeted(
            "W: 9\nC: NOOP\nS: 250 2.0.0 OK\nW: 1\nS: 421 4.4.2 connection lasts too long\nCLOSE Timeout",
        ),
    );
    let tls = Config {
        tls: Tls::Offered,
        ..smtp()
    };
    play(
        &tls,
        &greeted("C: STARTTLS\nS: 220 2.0.0 ready to start TLS\nW: 300\nCLOSE Timeout"),
    );
}

#[test]
fn the_banner_can_wait() {
    let config = Config {
        prompt_delay: Duration::from_secs(5),
        ..smtp()
    };
    play(
        &config,
        &format!("W: 4\nW: 1\n{BANNER}C: NOOP\nS: 250 2.0.0 OK"),
    );
    play(
        &config,
        "W: 1
         R: E
         S: 554 5.5.1 protocol error: you talk before the banner
         CLOSE Fault",
    );
    play(
        &Config {
            class: PeerClass::Client,
            ..config
        },
        BANNER,
    );
}

#[test]
fn a_connection_can_be_refused() {
    let refusal = Reply::new(
        421,
        EnhancedCode::new(4, 3, 2),
        "mail.client1.com too many connections",
    );
    let config = Config {
        refusal: Some(refusal),
        ..smtp()
    };
    play(
        &config,
        "S: 421 4.3.2 mail.client1.com too many connections\nCLOSE Done",
    );
}

#[test]
fn a_shutdown_waits_for_the_message() {
    play(
        &smtp(),
        &greeted("DOWN\nS: 421 4.3.2 mail.client1.com service not available\nCLOSE Shutdown"),
    );
    let script = message("DOWN")
        + "S: 250 2.0.0 1 message accepted for delivery
           S: 421 4.3.2 mail.client1.com service not available
           CLOSE Shutdown";
    play(&smtp(), &greeted(&script));
}

#[test]
fn a_lost_peer_ends_the_session_quietly() {
    play(&smtp(), &greeted("END\nCLOSE Done"));
    play(
        &smtp(),
        &greeted("C: MAIL FROM:<a@b>\nS: 250 2.1.0 a@b sender accepted\nEND\nCLOSE Done"),
    );
}

#[test]
fn endless_lines_are_not_kept() {
    let mut play = Play::new(trusted(), false);
    play.said.clear();
    for _ in 0..1000 {
        play.send(&[b'x'; 1000]);
        assert!(play.server.input.len() <= MAX_LINE + 1000);
    }
    play.send(b"\r\nNOOP\r\n");
    assert_eq!(play.said, "500 5.5.2 line too long\r\n250 2.0.0 OK\r\n");
}

#[test]
fn a_flood_while_a_reply_is_held_ends_the_session() {
    let mut play = Play::new(
        Config {
            max_errors: 2,
            ..smtp()
        },
        false,
    );
    play.send(b"FOO\r\n");
    play.send(b"BAR\r\n");
    for _ in 0..=MAX_PENDING / 1000 {
        if play.closed.is_none() {
            play.send(&[b'\n'; 1000]);
        }
    }
    assert_eq!(play.closed, Some(Close::Fault));
}
