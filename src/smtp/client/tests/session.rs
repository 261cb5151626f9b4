use super::*;

use types::Secret;

fn signing_in(login: &str) -> Config {
    let credentials = sasl::Credentials {
        login: login.to_owned(),
        authzid: None,
        password: Secret::new("pencil"),
    };
    Config {
        credentials: Some(credentials),
        ..config()
    }
}

#[test]
fn one_message_to_an_old_server() {
    let runner = play(
        &config(),
        &[(
            mail("a@client1.com", &["b@b.example", "c@b.example"]),
            ".one\r\ntwo",
        )],
        &format!(
            "{OLD}
             C: MAIL FROM:<a@client1.com>
             S: 250 ok
             C: RCPT TO:<b@b.example>
             S: 250 ok
             C: RCPT TO:<c@b.example>
             S: 251 forwarding
             C: DATA
             S: 354 go
             C: ..one
             C: two
             C: .
             S: 250 queued
             C: QUIT
             S: 221 bye
             CLOSE Done"
        ),
    );
    let delivered = RecipientOutcome::Delivered(reply(250, "queued"));
    assert_eq!(
        runner.outcomes,
        [Outcome::Recipients(vec![delivered.clone(), delivered])]
    );
    assert_eq!(
        (runner.end, runner.extensions),
        (None, Extensions::default())
    );
}

#[test]
fn commands_are_pipelined_and_the_connection_used_again() {
    let runner = play(
        &config(),
        &[
            (
                mail("a@client1.com", &["b@b.example", "c@b.example"]),
                "one\r\n",
            ),
            (mail("", &["d@b.example"]), ""),
        ],
        &format!(
            "{PIPELINING}
             C: MAIL FROM:<a@client1.com>
             C: RCPT TO:<b@b.example>
             C: RCPT TO:<c@b.example>
             C: DATA
             S: 250 ok
             S: 250 ok
             S: 250 ok
             S: 354 go
             C: one
             C: .
             S: 250 2.0.0 queued
             C: MAIL FROM:<>
             C: RCPT TO:<d@b.example>
             C: DATA
             S: 250 ok
             S: 250 ok
             S: 354 go
             C: .
             S: 250 2.0.0 queued
             C: QUIT
             END
             CLOSE Done"
        ),
    );
    assert_eq!(runner.outcomes.len(), 2);
    assert!(runner.extensions.pipelining);
    assert_eq!(runner.end, None);
}

#[test]
fn parameters_are_passed_on_when_offered() {
    let mut message = mail("a@client1.com", &["b@b.example"]);
    message.parameters = MailParameters {
        size: Some(3),
        body: Body::EightBit,
        ret: Some(Ret::Headers),
        envelope_id: Some("QQ=1".to_owned()),
        auth: None,
        utf8: true,
    };
    message.recipients[0].parameters = RcptParameters {
        notify: Some(Notify::NEVER),
        original: Some(OriginalRecipient {
            kind: "rfc822".to_owned(),
            address: "b+x@b.example".to_owned(),
        }),
    };
    play(
        &config(),
        &[(message.clone(), "a\r\n")],
        "S: 220 b.example
         C: EHLO mail.client1.com
         S: 250-b.example
         S: 250-SIZE 1000
         S: 250-8BITMIME
         S: 250-DSN
         S: 250-CHUNKING
         S: 250 SMTPUTF8
         C: MAIL FROM:<a@client1.com> SIZE=3 BODY=8BITMIME RET=HDRS ENVID=QQ+3D1 SMTPUTF8
         S: 250 ok
         C: RCPT TO:<b@b.example> NOTIFY=NEVER ORCPT=rfc822;b+2Bx@b.example
         S: 250 ok
         C: BDAT 3 LAST
         C: a
         S: 250 ok
         C: QUIT
         S: 221 bye
         CLOSE Done",
    );
    message.parameters.body = Body::SevenBit;
    message.parameters.utf8 = false;
    play(
        &config(),
        &[(message, "a\r\n")],
        &format!(
            "{OLD}
             C: MAIL FROM:<a@client1.com>
             S: 250 ok
             C: RCPT TO:<b@b.example>
             S: 250 ok
             C: DATA
             S: 354 go
             C: a
             C: .
             S: 250 ok
             C: QUIT
             S: 221 bye
             CLOSE Done"
        ),
    );
}

#[test]
fn what_the_server_cannot_take_is_not_sent() {
    let mut big = mail("a@client1.com", &["b@b.example"]);
    big.parameters.size = Some(1001);
    let mut eight_bit = mail("a@client1.com", &["b@b.example"]);
    eight_bit.parameters.body = Body::EightBit;
    let utf8 = mail("a@client1.com", &["пётр@b.example"]);
    let runner = play(
        &config(),
        &[(big, ""), (eight_bit, ""), (utf8, "")],
        "S: 220 b.example
         C: EHLO mail.client1.com
         S: 250-b.example
         S: 250 SIZE 1000
         C: QUIT
         S: 221 bye
         CLOSE Done",
    );
    let codes: Vec<_> = runner
        .outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::FailMessage(reply) => (reply.code, reply.enhanced.unwrap().to_string()),
            other => panic!("{other:?}"),
        })
        .collect();
    let want = [(552, "5.3.4"), (554, "5.6.3"), (553, "5.6.7")];
    assert_eq!(
        codes,
        want.map(|(code, enhanced)| (code, enhanced.to_owned()))
    );
}

#[test]
fn tls_when_offered_and_the_extensions_behind_it() {
    let hello = "S: 220 b.example
                 C: EHLO mail.client1.com
                 S: 250-b.example
                 S: 250-DSN
                 S: 250 STARTTLS\n";
    let runner = play(
        &config(),
        &[],
        &format!(
            "{hello}
             C: STARTTLS
             S: 220 go
             TLS
             C: EHLO mail.client1.com
             S: 250-b.example
             S: 250 SIZE
             C: QUIT
             S: 221 bye
             CLOSE Done"
        ),
    );
    assert_eq!(
        runner.extensions,
        Extensions {
            size: Some(0),
            ..Extensions::default()
        }
    );

    let refused = format!("{hello}C: STARTTLS\nS: 454 not now\n");
    play(
        &config(),
        &[],
        &(refused.clone() + "C: QUIT\nS: 221 bye\nCLOSE Done"),
    );
    let required = Config {
        tls: TlsPolicy::Required,
        ..config()
    };
    let runner = play(&required, &[], &(refused + "C: QUIT\nCLOSE Done"));
    assert_eq!(
        runner.end,
        Some(End::Refused {
            stage: Stage::StartTls,
            reply: reply(454, "not now")
        })
    );
    let runner = play(&required, &[], &format!("{OLD}C: QUIT\nCLOSE Done"));
    assert_eq!(runner.end, Some(End::Unsuitable(Lack::Tls)));
    let never = Config {
        tls: TlsPolicy::Never,
        ..config()
    };
    play(
        &never,
        &[],
        &format!("{hello}C: QUIT\nS: 221 bye\nCLOSE Done"),
    );
}

/// RFC 3207 §4.2: replies slipped in before the handshake.
#[test]
fn replies_behind_starttls_are_an_injection() {
    for separate in [false, true] {
        let mut play = Play::new(config(), Runner::default());
        play.hear(b"220 b.example\r\n250-b.example\r\n250 STARTTLS\r\n", false);
        if separate {
            play.hear(b"220 go\r\n", false);
            play.hear(b"250 AUTH PLAIN\r\n", false);
        } else {
            play.hear(b"220 go\r\n250 AUTH PLAIN\r\n", false);
        }
        let lost = End::Lost {
            stage: Stage::StartTls,
            cause: Cause::Protocol,
        };
        assert_eq!(
            (play.runner.end, play.closed),
            (Some(lost), Some(Close::Fault))
        );
    }
}

#[test]
fn signing_in_takes_the_best_mechanism_that_is_safe() {
    let hello = |mechanisms: &str| {
        format!(
            "S: 220 b.example\nC: EHLO mail.client1.com\nS: 250-b.example\nS: 250 AUTH {mechanisms}\n"
        )
    };
    let secure = Config {
        tls: TlsPolicy::Implicit,
        ..signing_in("anna")
    };
    let quit = "S: 235 ok\nC: QUIT\nS: 221 bye\nCLOSE Done";
    play(
        &secure,
        &[],
        &(hello("LOGIN PLAIN") + "C: AUTH PLAIN AGFubmEAcGVuY2ls\n" + quit),
    );
    let login =
        "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YW5uYQ==\nS: 334 UGFzc3dvcmQ6\nC: cGVuY2ls\n";
    play(&secure, &[], &(hello("LOGIN CRAM-MD5") + login + quit));
    for (config, mechanisms) in [(&signing_in("anna"), "PLAIN LOGIN"), (&secure, "CRAM-MD5")] {
        let runner = play(config, &[], &(hello(mechanisms) + "C: QUIT\nCLOSE Done"));
        assert_eq!(runner.end, Some(End::Unsuitable(Lack::Auth)));
    }
    let clear = Config {
        password_in_clear: true,
        ..signing_in("anna")
    };
    play(
        &clear,
        &[],
        &(hello("PLAIN") + "C: AUTH PLAIN AGFubmEAcGVuY2ls\n" + quit),
    );
    let runner = play(
        &secure,
        &[],
        &(hello("PLAIN") + "C: AUTH PLAIN AGFubmEAcGVuY2ls\nS: 535 no\nC: QUIT\nCLOSE Done"),
    );
    assert_eq!(
        runner.end,
        Some(End::Refused {
            stage: Stage::Auth,
            reply: reply(535, "no")
        })
    );
}

#[test]
fn a_server_that_skips_its_proof_is_not_believed() {
    let mut play = Play::new(signing_in("anna"), Runner::default());
    play.hear(
        b"220 b.example\r\n250-b.example\r\n250 AUTH SCRAM-SHA-256\r\n",
        false,
    );
    assert!(String::from_utf8_lossy(&play.said).contains("AUTH SCRAM-SHA-256 "));
    play.hear(b"235 ok\r\n", false);
    assert_eq!(
        play.runner.end,
        Some(End::Lost {
            stage: Stage::Auth,
            cause: Cause::Protocol
        })
    );
    let mut play = Play::new(signing_in("anna"), Runner::default());
    play.hear(
        b"220 b.example\r\n250-b.example\r\n250 AUTH SCRAM-SHA-256\r\n334 bm9uc2Vuc2U=\r\n",
        false,
    );
    assert!(play.said.ends_with(b"\r\n*\r\n"));
}

#[test]
fn large_messages_go_in_chunks_without_copies() {
    let pieces: Vec<Bytes> = (0..10)
        .map(|_| Bytes::from("0123456\r\n".repeat(4000)))
        .collect();
    let addresses: Vec<_> = pieces.iter().map(|p| p.as_ptr()).collect();
    let runner = Runner {
        queue: [(mail("a@b", &["c@d"]), pieces)].into(),
        ..Runner::default()
    };
    let mut play = Play::new(config(), runner);
    play.hear(b"220 b\r\n250-b\r\n250 CHUNKING\r\n250 ok\r\n", false);
    play.client
        .handle(play.now, Input::Received(Bytes::from_static(b"250 ok\r\n")));
    let mut seen = Vec::new();
    while let Some(output) = play.client.poll() {
        match output {
            Output::Send(bytes) if bytes.len() == 36_000 => seen.push(bytes.as_ptr()),
            Output::Send(bytes) => play.said.extend_from_slice(&bytes),
            Output::Ask(question) => {
                let answer = play.runner.answer(question);
                play.client.handle(play.now, Input::Answer(answer));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, addresses);
    let said = String::from_utf8_lossy(&play.said);
    assert_eq!(
        said.matches("BDAT 72000\r\n").count() + said.matches("BDAT 72000 LAST\r\n").count(),
        5,
        "{said}"
    );
    play.hear(
        b"250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n250 2.0.0 queued\r\n221 bye\r\n",
        false,
    );
    assert_eq!(play.closed, Some(Close::Done));
    assert!(
        matches!(&play.runner.outcomes[0], Outcome::Recipients(r) if matches!(r[0], RecipientOutcome::Delivered(_)))
    );
}

#[test]
fn probing_sends_no_message() {
    let probe = Transaction {
        probe: true,
        ..mail("", &["a@b.example"])
    };
    let runner = play(
        &config(),
        &[(probe.clone(), ""), (probe, "")],
        &format!(
            "{PIPELINING}
             C: MAIL FROM:<>
             C: RCPT TO:<a@b.example>
             S: 250 ok
             S: 250 ok
             C: RSET
             S: 250 ok
             C: MAIL FROM:<>
             C: RCPT TO:<a@b.example>
             S: 250 ok
             S: 550 5.1.1 no
             C: RSET
             S: 250 ok
             C: QUIT
             S: 221 bye
             CLOSE Done"
        ),
    );
    let no = Reply::new(550, EnhancedCode::new(5, 1, 1), "no");
    assert_eq!(
        runner.outcomes,
        [
            Outcome::Recipients(vec![RecipientOutcome::Delivered(reply(250, "ok"))]),
            Outcome::Recipients(vec![RecipientOutcome::Failed(no)]),
        ]
    );
}
