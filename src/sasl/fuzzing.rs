//! Properties of the exchanges over arbitrary bytes.

use crate::{Answer, Mechanism, Nonces, Question, ScramKeys, ServerExchange, Step};

/// Plays `data` (first octet: mechanism and whether there is an initial response; the rest: lines) against a server
/// exchange; it never signs in without an accepted password or a valid proof.
pub fn sasl_server(data: &[u8]) {
    let (first, rest) = data.split_first().unwrap_or((&0, &[]));
    let mechanism = Mechanism::ALL[usize::from(first % 3)];
    let mut lines = rest.split(|b| *b == b'\n');
    let initial = if first & 0x80 == 0 {
        None
    } else {
        lines.next()
    };
    let keys = ScramKeys {
        salt: b"salt".to_vec(),
        iterations: 4096,
        stored_key: [1; 32],
        server_key: [2; 32],
    };
    let (mut exchange, mut step) =
        ServerExchange::start(mechanism, initial, Nonces::new([0; 32]).next_nonce());
    for _ in 0..8 {
        step = match step {
            Step::Challenge(_) => match lines.next() {
                Some(line) => exchange.response(line),
                None => return,
            },
            Step::Ask(Question::ScramKeys { .. }) => exchange.answer(Answer::Keys(keys.clone())),
            Step::Ask(Question::Password { .. }) => exchange.answer(Answer::Refused),
            // Nobody can guess the proof of a random key.
            Step::Ask(Question::Proof { valid, .. }) => {
                assert!(!valid);
                exchange.answer(Answer::Accepted)
            }
            Step::Fail(_) => {
                assert!(matches!(exchange.response(b""), Step::Fail(_)));
                return;
            }
            Step::Done(identity) => panic!("signed in as {identity:?}"),
        };
    }
    panic!("an exchange has at most eight steps");
}
