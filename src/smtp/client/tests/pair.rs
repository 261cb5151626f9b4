//! Our client against our server: what one sends is what the other has.

use super::*;
use crate::server::tests::Play as ServerPlay;
use crate::server::{self, PeerClass, Protocol, Tls};
use proptest::prelude::*;

/// Carries octets between both until nothing moves.
fn converse(client: &mut Play, server: &mut ServerPlay) {
    for _ in 0..10_000 {
        if client.wants_tls && server.wants_tls && client.said.is_empty() && server.said.is_empty()
        {
            client.wants_tls = false;
            server.wants_tls = false;
            server.feed(Input::TlsReady);
            client.feed(Input::TlsReady);
        }
        let (to_server, to_client) = (
            std::mem::take(&mut client.said),
            std::mem::take(&mut server.said),
        );
        if to_server.is_empty() && to_client.is_empty() {
            return;
        }
        if !to_client.is_empty() && client.closed.is_none() {
            client.feed(Input::Received(to_client.into()));
        }
        if !to_server.is_empty() && server.closed.is_none() {
            server.send(&to_server);
        }
    }
    panic!("they never stop");
}

fn server_config() -> server::Config {
    server::Config {
        tls: Tls::Offered,
        mechanisms: sasl::Mechanism::ALL.to_vec(),
        ..server::Config::new("b.example", Protocol::Smtp, PeerClass::Client)
    }
}

/// Sends messages over one connection; answers what arrived.
fn deliver(
    messages: &[Vec<u8>],
    pieces: usize,
    config: Config,
) -> (Vec<Vec<u8>>, Vec<Outcome>, ServerPlay) {
    let queue = messages
        .iter()
        .map(|message| {
            let mut transaction = mail(
                "a@client1.com",
                &["b@b.example", "unknown@b.example", "c@b.example"],
            );
            transaction.parameters.size = Some(message.len() as u64);
            transaction.parameters.body = Body::EightBit;
            (
                transaction,
                message.chunks(pieces).map(Bytes::copy_from_slice).collect(),
            )
        })
        .collect();
    let mut client = Play::new(
        config,
        Runner {
            queue,
            ..Runner::default()
        },
    );
    let mut server = ServerPlay::new(server_config(), false);
    converse(&mut client, &mut server);
    assert_eq!(
        (client.closed, server.closed),
        (Some(Close::Done), Some(Close::Done))
    );
    assert_eq!(client.runner.end, None);
    (
        std::mem::take(&mut server.shell.messages),
        client.runner.outcomes,
        server,
    )
}

fn modes() -> impl Iterator<Item = Config> {
    [(true, true), (true, false), (false, true), (false, false)]
        .into_iter()
        .map(|(pipelining, chunking)| Config {
            pipelining,
            chunking,
            ..config()
        })
}

#[test]
fn a_signed_in_client_delivers_and_learns_about_each_recipient() {
    for mode in modes() {
        let credentials = sasl::Credentials {
            login: "anna".into(),
            authzid: None,
            password: types::Secret::new("pencil"),
        };
        let mode = Config {
            credentials: Some(credentials),
            tls: TlsPolicy::Required,
            ..mode
        };
        let message = b"Subject: x\r\n\r\n.\r\n..\r\n".to_vec();
        let (arrived, outcomes, server) = deliver(&[message.clone(), message.clone()], 5, mode);
        assert_eq!(arrived, [message.clone(), message]);
        assert_eq!(server.shell.signed_in, ["anna"]);
        for outcome in outcomes {
            let Outcome::Recipients(results) = outcome else {
                panic!("{outcome:?}")
            };
            assert!(matches!(
                &results[..],
                [RecipientOutcome::Delivered(_), RecipientOutcome::Failed(reply), RecipientOutcome::Delivered(_)]
                    if reply.code == 550 && reply.enhanced == Some(EnhancedCode::new(5, 1, 1))
            ));
        }
    }
}

/// Lines as mail has them, many with dots at their beginning, some long.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        "[.a]{0,4}".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..80),
        (0usize..3000).prop_map(|n| vec![b'x'; n]),
    ];
    proptest::collection::vec(line, 0..40).prop_map(|lines| {
        let mut message = Vec::new();
        for mut line in lines {
            line.retain(|b| !matches!(b, b'\r' | b'\n'));
            message.extend(line);
            message.extend(b"\r\n");
        }
        message
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn messages_arrive_unchanged(
        messages in proptest::collection::vec(message(), 1..4),
        pieces in prop_oneof![1usize..50, Just(4096), Just(100_000)],
    ) {
        for mode in modes() {
            let (arrived, outcomes, _) = deliver(&messages, pieces, mode);
            prop_assert_eq!(&arrived, &messages);
            prop_assert_eq!(outcomes.len(), messages.len());
        }
    }

    #[test]
    fn sloppy_messages_arrive_with_whole_lines(message in "[a.\r\n]{0,60}", pieces in 1usize..10) {
        for mode in modes() {
            let (arrived, _, _) = deliver(&[message.clone().into_bytes()], pieces, mode);
            let text = String::from_utf8(arrived[0].clone()).unwrap();
            prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
            let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n").trim_end_matches('\n').to_owned();
            prop_assert_eq!(lines(&text), lines(&message));
        }
    }
}
