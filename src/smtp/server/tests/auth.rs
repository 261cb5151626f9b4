use super::*;
use sasl::Mechanism;

fn submission() -> Config {
    Config {
        tls: Tls::Implicit,
        mechanisms: vec![Mechanism::Plain, Mechanism::Login, Mechanism::ScramSha256],
        ..Config::new(NAME, Protocol::Submission, PeerClass::Other)
    }
}

/// RFC 4954 §6, with a password of ours.
#[test]
fn plain_with_and_without_initial_response() {
    for auth in [
        "C: AUTH PLAIN AGFubmEAcGVuY2ls",
        "C: AUTH plain\nS: 334 \nC: AGFubmEAcGVuY2ls",
    ] {
        let shell = play(
            &submission(),
            &greeted(&format!(
                "C: MAIL FROM:<anna@client1.com>
                 S: 530 5.7.0 authentication required
                 {auth}
                 S: 235 2.7.0 authentication successful
                 C: AUTH PLAIN
                 S: 503 5.5.1 already authenticated
                 C: MAIL FROM:<anna@client1.com> AUTH=e+3Dmc2@example.com
                 S: 250 2.1.0 anna@client1.com sender accepted
                 C: RSET
                 S: 250 2.0.0 SMTP state reset"
            )),
        );
        assert_eq!(shell.signed_in, ["anna"]);
        assert!(shell.senders[0].authenticated && shell.senders[0].auth_offered);
        assert_eq!(
            shell.senders[0].parameters.auth.as_deref(),
            Some("e=mc2@example.com")
        );
    }
}

#[test]
fn login_and_cancelled() {
    play(
        &submission(),
        &greeted(
            "C: AUTH LOGIN
             S: 334 VXNlcm5hbWU6
             C: *
             S: 501 5.7.0 authentication cancelled
             C: AUTH LOGIN
             S: 334 VXNlcm5hbWU6
             C: YW5uYQ==
             S: 334 UGFzc3dvcmQ6
             C: cGVuY2ls
             S: 235 2.7.0 authentication successful",
        ),
    );
}

#[test]
fn scram_signs_in() {
    let credentials = sasl::Credentials {
        login: "anna".into(),
        authzid: None,
        password: types::Secret::new("pencil"),
    };
    let (mut client, initial) =
        sasl::ClientExchange::start(Mechanism::ScramSha256, credentials, "nonce".into());
    client.initial_sent();
    let mut play = Play::new(submission(), true);
    play.send(b"EHLO a.example\r\n");
    assert!(play.said.contains("250-AUTH PLAIN LOGIN SCRAM-SHA-256\r\n"));
    play.said.clear();
    play.send(format!("AUTH SCRAM-SHA-256 {}\r\n", initial.unwrap()).as_bytes());
    for _ in 0..2 {
        let said = std::mem::take(&mut play.said);
        let challenge = said.strip_prefix("334 ").unwrap().trim_end().to_owned();
        let sasl::ClientStep::Respond(text) = client.challenge(challenge.as_bytes()) else {
            panic!()
        };
        play.send(format!("{text}\r\n").as_bytes());
    }
    assert_eq!(play.said, "235 2.7.0 authentication successful\r\n");
    assert!(client.may_succeed());
}

#[test]
fn faults_are_told() {
    play(
        &Config {
            max_errors: 100,
            ..submission()
        },
        &format!(
            "{BANNER}
             C: AUTH PLAIN
             S: 503 5.5.1 polite people say HELO first
             C: HELO a.example
             S: 250 mail.client1.com is pleased to meet you
             C: AUTH CRAM-MD5
             S: 504 5.5.4 authentication mechanism not supported
             C: AUTH PLAIN !!!
             S: 501 5.5.2 malformed authentication data
             C: AUTH PLAIN =
             S: 501 5.5.2 malformed authentication data
             C: AUTH PLAIN {}
             S: 500 5.5.2 line too long
             C: AUTH PLAIN
             S: 334 
             C: {}
             S: 500 5.5.6 authentication data too long
             C: AUTH SCRAM-SHA-256 cD10bHMtZXhwb3J0ZXIsLG49dSxyPXg=
             S: 501 5.5.2 malformed authentication data
             C: AUTH PLAIN AGJyb2tlbgB4
             S: 454 4.7.0 temporary authentication failure
             C: NOOP
             S: 250 2.0.0 OK",
            "A".repeat(13_000),
            "A".repeat(12_300),
        ),
    );
}

#[test]
fn passwords_are_not_taken_in_the_clear() {
    let clear = Config {
        tls: Tls::Offered,
        ..submission()
    };
    let shell = play(
        &clear,
        &format!(
            "{BANNER}
             C: EHLO a.example
             S: 250-mail.client1.com is pleased to meet you
             S: 250-PIPELINING
             S: 250-SIZE 52428800
             S: 250-8BITMIME
             S: 250-DSN
             S: 250-STARTTLS
             S: 250-ENHANCEDSTATUSCODES
             S: 250-CHUNKING
             S: 250-SMTPUTF8
             S: 250 HELP
             C: AUTH PLAIN AGFubmEAcGVuY2ls
             S: 538 5.7.11 encryption required
             C: STARTTLS
             S: 220 2.0.0 ready to start TLS
             TLS
             C: HELO a.example
             S: 250 mail.client1.com is pleased to meet you
             C: AUTH PLAIN AGFubmEAcGVuY2ls
             S: 235 2.7.0 authentication successful"
        ),
    );
    assert_eq!(shell.signed_in, ["anna"]);
    let own = Config {
        class: PeerClass::Own,
        ..clear
    };
    play(
        &own,
        &greeted("C: AUTH PLAIN AGFubmEAcGVuY2ls\nS: 235 2.7.0 authentication successful"),
    );
    let none = Config {
        mechanisms: Vec::new(),
        ..submission()
    };
    play(
        &none,
        &greeted("C: AUTH PLAIN AGFubmEAcGVuY2ls\nS: 502 5.5.1 command not implemented"),
    );
}

#[test]
fn a_sign_in_before_starttls_is_forgotten() {
    let own = Config {
        tls: Tls::Offered,
        class: PeerClass::Own,
        ..submission()
    };
    play(
        &own,
        &greeted(
            "C: AUTH PLAIN AGFubmEAcGVuY2ls
             S: 235 2.7.0 authentication successful
             C: STARTTLS
             S: 220 2.0.0 ready to start TLS
             TLS
             C: HELO a.example
             S: 250 mail.client1.com is pleased to meet you
             C: MAIL FROM:<anna@client1.com>
             S: 530 5.7.0 authentication required",
        ),
    );
}

#[test]
fn nobody_signs_in_during_a_transaction() {
    let relaxed = Config {
        auth_required: false,
        ..submission()
    };
    play(
        &relaxed,
        &greeted(
            "C: MAIL FROM:<anna@client1.com>
             S: 250 2.1.0 anna@client1.com sender accepted
             C: AUTH PLAIN AGFubmEAcGVuY2ls
             S: 503 5.5.1 not during a mail transaction",
        ),
    );
}

#[test]
fn failures_are_answered_later_and_later() {
    let config = Config {
        max_errors: 100,
        ..submission()
    };
    let mut script = String::new();
    for delay in [1, 2, 4, 8, 16, 16] {
        script += &format!(
            "C: AUTH PLAIN AGFubmEAd3Jvbmc=
             W: {}
             W: 1
             S: 535 5.7.8 incorrect name or password\n",
            delay - 1
        );
    }
    play(&config, &greeted(&script));
}

#[test]
fn failures_use_up_the_budget() {
    play(
        &submission(),
        &greeted(
            "C: AUTH PLAIN AGFubmEAd3Jvbmc=
             W: 1
             S: 535 5.7.8 incorrect name or password
             C: AUTH PLAIN AGFubmEAd3Jvbmc=
             W: 2
             S: 535 5.7.8 incorrect name or password
             C: AUTH PLAIN AGFubmEAd3Jvbmc=
             W: 4
             S: 535 5.7.8 incorrect name or password
             C: AUTH PLAIN AGFubmEAd3Jvbmc=
             W: 8
             S: 535 5.7.8 incorrect name or password
             S: 421 4.7.0 too many errors
             CLOSE Fault",
        ),
    );
}
