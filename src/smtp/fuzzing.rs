//! Properties of both machines and of the address grammar over arbitrary bytes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use types::Machine;
use types::stream::{Close, Input, Output};

use crate::client::{self, Client, Outcome, Recipient, TlsPolicy, Transaction};
use crate::parameters::{Body, MailParameters, RcptParameters};
use crate::path::take_path;
use crate::server::{self, PeerClass, Protocol, Server, Tls};
use crate::{BareNewline, Command, EnhancedCode, Path, Reply};

/// Longest wait of a held reply.
const HELD: Duration = Duration::from_secs(16);

/// What a session left behind.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    said: Vec<u8>,
    messages: Vec<Vec<u8>>,
    closed: Option<Close>,
    outcomes: Vec<Outcome>,
    end: Option<client::End>,
}

/// A client sends `data` (first octet: settings) to a server: how it is cut does not matter, messages consist of whole
/// lines, replies stay in proportion.
pub fn smtp_server(data: &[u8]) {
    let (flags, input) = data.split_first().unwrap_or((&0, &[]));
    let whole = serve(server_config(*flags), &[input]);
    let pieces: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(serve(server_config(*flags), &pieces), whole);
    assert!(whole.said.len() <= 500 * (input.len() + 1));
    for message in &whole.messages {
        let newlines = message
            .iter()
            .filter(|b| matches!(b, b'\r' | b'\n'))
            .count();
        assert_eq!(
            message.windows(2).filter(|w| w == b"\r\n").count() * 2,
            newlines
        );
    }
}

fn server_config(flags: u8) -> server::Config {
    let on = |bit: u8| flags & (1 << bit) != 0;
    let protocol = if on(0) {
        Protocol::Lmtp
    } else {
        Protocol::Smtp
    };
    server::Config {
        bare_newline: if on(1) {
            BareNewline::Normalise
        } else {
            BareNewline::Reject
        },
        mechanisms: if on(2) {
            sasl::Mechanism::ALL.to_vec()
        } else {
            Vec::new()
        },
        auth_requires_tls: false,
        check_hello: on(3),
        require_hello: on(4),
        max_size: on(5).then_some(20),
        tls: if on(6) { Tls::Offered } else { Tls::Off },
        max_line: 100,
        max_hops: 2,
        max_errors: u32::MAX,
        ..server::Config::new("mail.client1.com", protocol, PeerClass::Other)
    }
}

fn serve(config: server::Config, pieces: &[&[u8]]) -> Seen {
    let mut now = Instant::now();
    let mut server = Server::new(config);
    let mut seen = Seen::default();
    let mut message = Vec::new();
    let received = pieces
        .iter()
        .filter(|p| !p.is_empty())
        .map(|p| Input::Received(Bytes::copy_from_slice(p)));
    let mut tls = false;
    for input in std::iter::once(Input::Connected).chain(received) {
        if seen.closed.is_some() || tls {
            break;
        }
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            server.handle(now, input);
            while let Some(output) = server.poll() {
                assert!(
                    seen.closed.is_none() && inputs.is_empty(),
                    "nothing comes after Close or a question"
                );
                match output {
                    Output::Send(bytes) => seen.said.extend_from_slice(&bytes),
                    Output::Ask(question) => inputs.push_back(Input::Answer(serve_answer(
                        question,
                        &mut message,
                        &mut seen,
                    ))),
                    // What follows would be TLS.
                    Output::StartTls => tls = true,
                    Output::Close(why) => seen.closed = Some(why),
                }
            }
            if let Some(deadline) = server
                .deadline()
                .filter(|d| inputs.is_empty() && *d <= now + HELD)
            {
                now = deadline;
                inputs.push_back(Input::Tick);
            }
        }
    }
    // Bytes behind STARTTLS end the session at once or with the next packet.
    if tls || seen.said.ends_with(b"data behind STARTTLS\r\n") {
        seen.said.clear();
        seen.closed = None;
    }
    seen
}

fn serve_answer(
    question: server::Question,
    message: &mut Vec<u8>,
    seen: &mut Seen,
) -> server::Answer {
    let refuse = |code, class| {
        let reply = Reply::fixed(code, EnhancedCode::new(class, 1, 1), "no");
        server::Answer::Reply(reply)
    };
    match question {
        server::Question::Authenticate(sasl::Question::Password { password, .. }) => {
            let good = password.reveal() == "pencil";
            server::Answer::Sasl(if good {
                sasl::Answer::Accepted
            } else {
                sasl::Answer::Refused
            })
        }
        server::Question::Authenticate(_) => server::Answer::Sasl(sasl::Answer::Unavailable),
        server::Question::Recipient { path, .. } => match path.local().bytes().next() {
            Some(b'u') => refuse(550, 5),
            Some(b'l') => refuse(451, 4),
            Some(b'q') => refuse(421, 4),
            _ => server::Answer::Recipient(server::Destination::Relayed),
        },
        server::Question::Begin => {
            assert!(message.is_empty());
            server::Answer::Accepted
        }
        server::Question::Chunk(piece) => {
            assert!(!piece.is_empty());
            message.extend_from_slice(&piece);
            if message.starts_with(b"full") {
                refuse(452, 4)
            } else {
                server::Answer::Accepted
            }
        }
        server::Question::End { size, .. } => {
            assert_eq!(message.len() as u64, size);
            seen.messages.push(std::mem::take(message));
            server::Answer::Message(seen.messages.len() as u64)
        }
        server::Question::Discard => {
            message.clear();
            server::Answer::Accepted
        }
        server::Question::Hello(_) | server::Question::Sender(_) => server::Answer::Accepted,
    }
}

/// A server sends `data` (first octet: settings) to a client with two messages: how it is cut does not matter, every
/// message begun has an outcome, and nothing is sent that ends a message early.
pub fn smtp_client(data: &[u8]) {
    let (flags, input) = data.split_first().unwrap_or((&0, &[]));
    let whole = send(*flags, &[input]);
    let pieces: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(send(*flags, &pieces), whole);
    assert!(whole.outcomes.len() <= 2 && whole.said.len() <= 10_000);
    assert!(whole.closed.is_some(), "the server has closed");
}

fn send(flags: u8, pieces: &[&[u8]]) -> Seen {
    let on = |bit: u8| flags & (1 << bit) != 0;
    let credentials = || sasl::Credentials {
        login: "anna".to_owned(),
        authzid: None,
        password: types::Secret::new("pencil"),
    };
    let mut client = Client::new(client::Config {
        pipelining: on(0),
        chunking: on(1),
        credentials: on(2).then(credentials),
        password_in_clear: true,
        tls: if on(3) {
            TlsPolicy::WhenOffered
        } else {
            TlsPolicy::Never
        },
        ..client::Config::new("mail.client1.com")
    });
    let now = Instant::now();
    let mut seen = Seen::default();
    let mut left = 2;
    let received = pieces
        .iter()
        .filter(|p| !p.is_empty())
        .map(|p| Input::Received(Bytes::copy_from_slice(p)));
    for input in std::iter::once(Input::Connected)
        .chain(received)
        .chain([Input::Closed])
    {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front().filter(|_| seen.closed.is_none()) {
            client.handle(now, input);
            while let Some(output) = client.poll() {
                assert!(
                    seen.closed.is_none() && inputs.is_empty(),
                    "nothing comes after Close or a question"
                );
                match output {
                    Output::Send(bytes) => seen.said.extend_from_slice(&bytes),
                    Output::Ask(question) => {
                        inputs.push_back(Input::Answer(send_answer(question, &mut left, &mut seen)))
                    }
                    Output::StartTls => {}
                    Output::Close(why) => seen.closed = Some(why),
                }
            }
        }
    }
    seen
}

fn send_answer(question: client::Question, left: &mut usize, seen: &mut Seen) -> client::Answer {
    match question {
        client::Question::Next { done, .. } => {
            seen.outcomes.extend(done);
            if *left == 0 {
                return client::Answer::Quit;
            }
            *left -= 1;
            let recipient = |local| {
                let path = Path::new(local, Some("b.example")).ok()?;
                Some(Recipient {
                    path,
                    parameters: RcptParameters::default(),
                })
            };
            client::Answer::Transaction(Box::new(Transaction {
                sender: None,
                parameters: MailParameters {
                    size: Some(12),
                    body: Body::SevenBit,
                    ..MailParameters::default()
                },
                recipients: ["one", "two words"]
                    .into_iter()
                    .filter_map(recipient)
                    .collect(),
                probe: *left == 0,
            }))
        }
        client::Question::Body => client::Answer::Piece {
            bytes: Bytes::from_static(b".\r\n..\r\ntext\r"),
            last: true,
        },
        client::Question::Over { done, end } => {
            seen.outcomes.extend(done);
            seen.end = Some(end);
            client::Answer::Noted
        }
    }
}

/// Paths are printed as they are read; commands and replies are read without a panic.
pub fn smtp_path(data: &[u8]) {
    let _ = Command::parse(data);
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(path) = text.parse::<Path>() {
        assert_eq!(path.to_string().parse().as_ref(), Ok(&path));
        assert_eq!(format!("<{path}>").parse().as_ref(), Ok(&path));
        assert_eq!(Path::new(path.local(), path.domain()).as_ref(), Ok(&path));
        assert!(!path.to_string().contains(['\r', '\n', '\0']));
    }
    if let Ok((_, rest)) = take_path(text) {
        assert!(text.ends_with(rest) && (rest.is_empty() || rest.starts_with(' ')));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn replay(name: &str, target: fn(&[u8])) {
        let folder = format!("{}/../../fuzz/corpus/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut files = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            println!("{}", path.display());
            target(&std::fs::read(path).unwrap());
            files += 1;
        }
        assert!(files >= 10, "{name}");
    }

    #[test]
    fn the_corpora_are_replayed() {
        replay("smtp_server", smtp_server);
        replay("smtp_client", smtp_client);
        replay("smtp_path", smtp_path);
    }

    /// Mutations of the corpus: bytes changed, removed and doubled.
    fn mutated(name: &'static str) -> impl Strategy<Value = Vec<u8>> {
        let folder = format!("{}/../../fuzz/corpus/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut seeds: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|f| f.unwrap().path())
            .collect();
        seeds.sort();
        let seeds: Vec<_> = seeds
            .into_iter()
            .map(|path| std::fs::read(path).unwrap())
            .collect();
        let change = (any::<prop::sample::Index>(), 0usize..4, any::<u8>());
        (
            proptest::sample::select(seeds),
            any::<u8>(),
            proptest::collection::vec(change, 0..6),
        )
            .prop_map(|(mut seed, flags, changes)| {
                seed.insert(0, flags);
                for (at, kind, byte) in changes {
                    let at = at.index(seed.len());
                    match kind {
                        0 => seed[at] = byte,
                        1 => seed.insert(at, byte),
                        2 => drop(seed.drain(at..(at + usize::from(byte % 8)).min(seed.len()))),
                        _ => seed.extend_from_within(at..),
                    }
                    if seed.is_empty() {
                        seed.push(flags);
                    }
                }
                seed
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn servers_survive_mutations(data in mutated("smtp_server")) {
            smtp_server(&data);
        }

        #[test]
        fn clients_survive_mutations(data in mutated("smtp_client")) {
            smtp_client(&data);
        }

        #[test]
        fn paths_survive_mutations(data in mutated("smtp_path")) {
            smtp_path(&data[1..]);
        }
    }
}
