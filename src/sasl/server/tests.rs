use proptest::prelude::*;

use super::*;
use crate::{ClientExchange, ClientStep, Credentials, Nonces};

fn start(mechanism: Mechanism, initial: Option<&str>) -> (ServerExchange, Step) {
    ServerExchange::start(
        mechanism,
        initial.map(str::as_bytes),
        "server-nonce".to_owned(),
    )
}

fn failure(step: Step) -> Failure {
    match step {
        Step::Fail(failure) => failure,
        other => panic!("{other:?}"),
    }
}

fn challenge(step: Step) -> String {
    match step {
        Step::Challenge(text) => String::from_utf8(decode(text.as_bytes()).unwrap()).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn password(step: Step) -> (String, Option<String>, String) {
    match step {
        Step::Ask(Question::Password { identity, password }) => (
            identity.login,
            identity.authzid,
            password.reveal().to_owned(),
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn plain_reads_names_and_password() {
    // RFC 4616 §4, both examples, and an authzid that equals the login.
    for (message, login, authzid) in [
        ("\0tim\0tanstaaftanstaaf", "tim", None),
        ("Ursel\0Kurt\0tanstaaftanstaaf", "Kurt", Some("Ursel")),
        ("tim\0tim\0tanstaaftanstaaf", "tim", None),
    ] {
        let (mut exchange, step) = start(Mechanism::Plain, Some(&encode(message)));
        let want = (
            login.to_owned(),
            authzid.map(str::to_owned),
            "tanstaaftanstaaf".to_owned(),
        );
        assert_eq!(password(step), want);
        assert!(matches!(exchange.answer(Answer::Accepted), Step::Done(i) if i.login == login));

        let (mut exchange, step) = start(Mechanism::Plain, None);
        assert_eq!(challenge(step), "");
        assert_eq!(
            password(exchange.response(encode(message).as_bytes())),
            want
        );
        assert_eq!(failure(exchange.answer(Answer::Refused)), Failure::Refused);
    }
}

#[test]
fn login_asks_twice_or_takes_the_name_at_once() {
    for initial in [None, Some("dGlt")] {
        let (mut exchange, mut step) = start(Mechanism::Login, initial);
        if initial.is_none() {
            assert_eq!(challenge(step), "Username:");
            step = exchange.response(b"dGlt");
        }
        assert_eq!(challenge(step), "Password:");
        assert_eq!(
            password(exchange.response(b"c2VjcmV0")),
            ("tim".into(), None, "secret".into())
        );
        assert!(matches!(exchange.answer(Answer::Accepted), Step::Done(_)));
    }
}

#[test]
fn bad_messages_end_the_exchange() {
    let long = |n| encode("x".repeat(n));
    let plain = |text: &str| Some(encode(text));
    for (mechanism, initial, want) in [
        (Mechanism::Plain, Some("!!!".to_owned()), Failure::Malformed),
        (Mechanism::Plain, Some("AHQ".to_owned()), Failure::Malformed),
        (Mechanism::Plain, Some("*".to_owned()), Failure::Malformed),
        (Mechanism::Plain, Some("=".to_owned()), Failure::Malformed),
        (Mechanism::Plain, plain("tim"), Failure::Malformed),
        (Mechanism::Plain, plain("\0tim"), Failure::Malformed),
        (
            Mechanism::Plain,
            plain("\0tim\0pw\0more"),
            Failure::Malformed,
        ),
        (Mechanism::Plain, plain("\0\0pw"), Failure::Malformed),
        (Mechanism::Plain, plain("\0tim\0"), Failure::Malformed),
        (
            Mechanism::Plain,
            Some(encode(b"\0t\xff\0pw")),
            Failure::Malformed,
        ),
        (
            Mechanism::Plain,
            plain(&format!("\0{}\0pw", "x".repeat(MAX_NAME + 1))),
            Failure::TooLong,
        ),
        (
            Mechanism::Plain,
            plain(&format!("\0tim\0{}", "x".repeat(MAX_PASSWORD + 1))),
            Failure::TooLong,
        ),
        (Mechanism::Plain, Some(long(MAX_LINE)), Failure::TooLong),
        (Mechanism::Login, Some("=".to_owned()), Failure::Malformed),
        (Mechanism::Login, Some(long(MAX_NAME + 1)), Failure::TooLong),
        (
            Mechanism::ScramSha256,
            plain("p=tls-exporter,,n=user,r=abc"),
            Failure::ChannelBinding,
        ),
        (
            Mechanism::ScramSha256,
            plain("x,,n=user,r=abc"),
            Failure::Malformed,
        ),
        (
            Mechanism::ScramSha256,
            plain("n,,m=1,n=user,r=abc"),
            Failure::Malformed,
        ),
        (
            Mechanism::ScramSha256,
            plain("n,,n=us=er,r=abc"),
            Failure::Malformed,
        ),
        (
            Mechanism::ScramSha256,
            plain("n,,n=user,r="),
            Failure::Malformed,
        ),
        (
            Mechanism::ScramSha256,
            plain("n,,n=,r=abc"),
            Failure::Malformed,
        ),
        (
            Mechanism::ScramSha256,
            plain("n,b=x,n=user,r=abc"),
            Failure::Malformed,
        ),
        (
            Mechanism::ScramSha256,
            plain(&format!("n,,n=user,r={}", "x".repeat(600))),
            Failure::Malformed,
        ),
    ] {
        let (mut exchange, step) = start(mechanism, initial.as_deref());
        assert_eq!(failure(step), want, "{mechanism} {initial:?}");
        assert_eq!(failure(exchange.response(b"")), Failure::Malformed);
        assert_eq!(failure(exchange.answer(Answer::Accepted)), Failure::Refused);
    }
}

#[test]
fn a_star_cancels() {
    for mechanism in Mechanism::ALL {
        let (mut exchange, _) = start(mechanism, None);
        assert_eq!(failure(exchange.response(b"*")), Failure::Cancelled);
    }
}

/// RFC 7677 §3, the whole dialogue.
#[test]
fn scram_example_of_the_rfc() {
    let keys = ScramKeys::derive(
        "pencil",
        &decode(b"W22ZaJ0SNY7soEsUEjb6gQ==").unwrap(),
        4096,
    )
    .unwrap();
    let (mut exchange, step) = ServerExchange::start(
        Mechanism::ScramSha256,
        Some(encode("n,,n=user,r=rOprNGfwEbeRWgbNEkqO").as_bytes()),
        "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".to_owned(),
    );
    assert!(matches!(step, Step::Ask(Question::ScramKeys { login }) if login == "user"));
    let first =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    assert_eq!(challenge(exchange.answer(Answer::Keys(keys))), first);
    let last = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    let step = exchange.response(encode(last).as_bytes());
    assert!(matches!(
        step,
        Step::Ask(Question::Proof { valid: true, .. })
    ));
    let verifier = challenge(exchange.answer(Answer::Accepted));
    assert_eq!(verifier, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    assert!(
        matches!(exchange.response(b""), Step::Done(i) if i.login == "user" && i.authzid.is_none())
    );

    let (mut client, initial) = ClientExchange::start(
        Mechanism::ScramSha256,
        credentials("user", None, "pencil"),
        "rOprNGfwEbeRWgbNEkqO".into(),
    );
    assert_eq!(initial.unwrap(), encode("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
    client.initial_sent();
    assert_eq!(
        client.challenge(encode(first).as_bytes()),
        ClientStep::Respond(encode(last))
    );
    assert!(!client.may_succeed());
    assert_eq!(
        client.challenge(encode(verifier).as_bytes()),
        ClientStep::Respond(String::new())
    );
    assert!(client.may_succeed());
}

#[test]
fn scram_refuses_a_changed_header_nonce_or_proof() {
    let keys = ScramKeys::derive("pencil", b"salt", 4096).unwrap();
    let zero = encode([0; 32]);
    for (last, want) in [
        (format!("c=eSws,r=abcserver-nonce,p={zero}"), None),
        (format!("c=biws,r=abcother,p={zero}"), None),
        (format!("c=biws,r=abc,p={zero}"), None),
        ("c=biws,r=abcserver-nonce".to_owned(), None),
        ("c=biws,r=abcserver-nonce,p=AAAA".to_owned(), Some(false)),
        (format!("c=biws,r=abcserver-nonce,p={zero}"), Some(false)),
    ] {
        let (mut exchange, _) = start(Mechanism::ScramSha256, Some(&encode("n,,n=user,r=abc")));
        exchange.answer(Answer::Keys(keys.clone()));
        match (exchange.response(encode(&last).as_bytes()), want) {
            (Step::Fail(Failure::Malformed), None) => {}
            // Even a careless `Accepted` does not make a false proof true.
            (Step::Ask(Question::Proof { valid: false, .. }), Some(false)) => {
                assert_eq!(failure(exchange.answer(Answer::Accepted)), Failure::Refused);
            }
            other => panic!("{last}: {other:?}"),
        }
    }
}

#[test]
fn a_client_refuses_a_false_server() {
    for first in [
        "r=other-nonce-more,s=c2FsdA==,i=4096",
        "r=mine,s=c2FsdA==,i=4096",
        "r=mine+,s=c2FsdA==,i=99999999",
        "r=mine+,s=c2FsdA==,i=0",
        "e=unknown-user",
        "",
    ] {
        let (mut client, _) = ClientExchange::start(
            Mechanism::ScramSha256,
            credentials("u", None, "p"),
            "mine".into(),
        );
        client.initial_sent();
        assert_eq!(
            client.challenge(encode(first).as_bytes()),
            ClientStep::Fail,
            "{first}"
        );
        assert!(!client.may_succeed());
    }
    let (mut client, _) = ClientExchange::start(
        Mechanism::ScramSha256,
        credentials("u", None, "p"),
        "mine".into(),
    );
    client.initial_sent();
    assert!(matches!(
        client.challenge(encode("r=mine+,s=c2FsdA==,i=4096").as_bytes()),
        ClientStep::Respond(_)
    ));
    assert_eq!(
        client.challenge(encode(format!("v={}", encode([0; 32]))).as_bytes()),
        ClientStep::Fail
    );
    assert!(!client.may_succeed());
}

fn credentials(login: &str, authzid: Option<&str>, password: &str) -> Credentials {
    Credentials {
        login: login.to_owned(),
        authzid: authzid.map(str::to_owned),
        password: Secret::new(password),
    }
}

/// Both sides against each other; answers whether the client was let in.
fn play(
    mechanism: Mechanism,
    client: Credentials,
    known: &Credentials,
    with_initial: bool,
) -> bool {
    let mut nonces = Nonces::new([3; 32]);
    let (mut client, initial) = ClientExchange::start(mechanism, client, nonces.next_nonce());
    let initial = initial.filter(|_| with_initial);
    if initial.is_some() {
        client.initial_sent();
    }
    let (mut server, mut step) = ServerExchange::start(
        mechanism,
        initial.as_deref().map(str::as_bytes),
        nonces.next_nonce(),
    );
    loop {
        step = match step {
            Step::Challenge(text) => match client.challenge(text.as_bytes()) {
                ClientStep::Respond(text) => server.response(text.as_bytes()),
                ClientStep::Fail => return false,
            },
            Step::Ask(Question::Password { identity, password }) => {
                let fits = identity.login == known.login && password == known.password;
                server.answer(if fits {
                    Answer::Accepted
                } else {
                    Answer::Refused
                })
            }
            Step::Ask(Question::ScramKeys { login }) => {
                assert_eq!(login, known.login);
                let keys = ScramKeys::derive(known.password.reveal(), b"salt", 4096).unwrap();
                server.answer(Answer::Keys(keys))
            }
            Step::Ask(Question::Proof { valid, .. }) => server.answer(if valid {
                Answer::Accepted
            } else {
                Answer::Refused
            }),
            Step::Done(identity) => {
                let authzid = if mechanism == Mechanism::Login {
                    None
                } else {
                    known.authzid.clone()
                };
                assert_eq!(
                    identity,
                    Identity {
                        login: known.login.clone(),
                        authzid
                    }
                );
                return client.may_succeed();
            }
            Step::Fail(_) => return false,
        };
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn both_sides_agree(
        login in "[^\0]{1,20}",
        authzid in proptest::option::of("[a-z,=]{21,30}"),
        password in "[^\0]{1,20}",
        with_initial: bool,
    ) {
        let known = credentials(&login, authzid.as_deref(), &password);
        let wrong = credentials(&login, authzid.as_deref(), &format!("{password}x"));
        for mechanism in Mechanism::ALL {
            prop_assert!(play(mechanism, known.clone(), &known, with_initial));
            prop_assert!(!play(mechanism, wrong.clone(), &known, with_initial));
        }
    }

    #[test]
    fn noise_never_signs_in(data: Vec<u8>) {
        crate::fuzzing::sasl_server(&data);
    }
}

#[test]
fn the_corpus_is_replayed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/sasl_server");
    let mut files = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        crate::fuzzing::sasl_server(&std::fs::read(file.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files >= 10);
}
