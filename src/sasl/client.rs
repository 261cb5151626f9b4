use aws_lc_rs::constant_time::verify_slices_are_equal;
use types::Secret;

use crate::scram::{self, HASH, ServerFirst};
use crate::{MAX_LINE, Mechanism, decode, encode};

/// What a client signs in with.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The name whose password this is.
    pub login: String,
    /// The name to act for; `None` for the login itself.
    pub authzid: Option<String>,
    /// The clear password.
    pub password: Secret,
}

/// What a client does with a challenge.
#[derive(Debug, PartialEq, Eq)]
pub enum ClientStep {
    /// Send this base64 text (perhaps empty) as the response.
    Respond(String),
    /// The server's message is wrong or its proof false: cancel with `*` and give up.
    Fail,
}

/// One sign-in, seen from the client.
#[derive(Debug)]
pub struct ClientExchange {
    credentials: Credentials,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The message that begins the exchange, when the server asks for it.
    Begin(Mechanism, String),
    LoginName,
    LoginPassword,
    ScramFirst {
        nonce: String,
    },
    ScramFinal {
        signature: [u8; HASH],
    },
    Complete,
    Failed,
}

impl ClientExchange {
    /// Starts an exchange. The text is the initial response (base64, or `=` when empty) for protocols that can send it
    /// with the command; without it, call [`challenge`](Self::challenge) with the server's empty challenge. LOGIN has
    /// none.
    pub fn start(
        mechanism: Mechanism,
        credentials: Credentials,
        nonce: String,
    ) -> (Self, Option<String>) {
        let first = first_message(mechanism, &credentials, &nonce);
        let mut exchange = Self {
            credentials,
            state: State::LoginName,
        };
        let Some(first) = first else {
            return (exchange, None);
        };
        let initial = encode(first);
        exchange.state = State::Begin(mechanism, nonce);
        (exchange, Some(initial))
    }

    /// Says that the initial response went out with the command.
    pub fn initial_sent(&mut self) {
        if let State::Begin(mechanism, nonce) = std::mem::replace(&mut self.state, State::Failed) {
            self.state = after_first(mechanism, nonce);
        }
    }

    /// Takes one challenge: base64 without prefix and line end.
    pub fn challenge(&mut self, line: &[u8]) -> ClientStep {
        let message = if line.len() > MAX_LINE {
            None
        } else {
            decode(line)
        };
        let (next, step) = match message {
            Some(message) => self.next(&message),
            None => (State::Failed, ClientStep::Fail),
        };
        self.state = next;
        step
    }

    /// Whether a success that the protocol reports now may be believed: with SCRAM only after the server's proof.
    pub fn may_succeed(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    fn next(&mut self, message: &[u8]) -> (State, ClientStep) {
        let respond = |text: &str| ClientStep::Respond(encode(text));
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Begin(mechanism, nonce) if message.is_empty() => {
                let first = first_message(mechanism, &self.credentials, &nonce).unwrap_or_default();
                (after_first(mechanism, nonce), respond(&first))
            }
            State::LoginName => (State::LoginPassword, respond(&self.credentials.login)),
            State::LoginPassword => (State::Complete, respond(self.credentials.password.reveal())),
            State::ScramFirst { nonce } => match self.prove(&nonce, message) {
                Some((signature, text)) => (State::ScramFinal { signature }, respond(&text)),
                None => (State::Failed, ClientStep::Fail),
            },
            State::ScramFinal { signature } if proves(&signature, message) => {
                (State::Complete, respond(""))
            }
            _ => (State::Failed, ClientStep::Fail),
        }
    }

    /// Answers `server-first-message`: the signature to expect and `client-final-message`.
    fn prove(&self, nonce: &str, message: &[u8]) -> Option<([u8; HASH], String)> {
        let message = std::str::from_utf8(message).ok()?;
        let server = ServerFirst::parse(message)?;
        // RFC 5802 §5.1: the server must add to our nonce.
        server
            .nonce
            .strip_prefix(nonce)
            .filter(|added| !added.is_empty())?;
        let salted = scram::salted_password(
            self.credentials.password.reveal(),
            &server.salt,
            server.iterations,
        )?;
        let client_key = scram::client_key(&salted);
        let without_proof = format!(
            "c={},r={}",
            encode(gs2_header(&self.credentials)),
            server.nonce
        );
        let auth_message = format!(
            "{},{message},{without_proof}",
            bare(&self.credentials, nonce)
        );
        let stored_key = scram::hash(&client_key);
        let proof = scram::xor(
            &client_key,
            &scram::mac(&stored_key, auth_message.as_bytes()),
        );
        let signature = scram::mac(&scram::server_key(&salted), auth_message.as_bytes());
        Some((signature, format!("{without_proof},p={}", encode(proof))))
    }
}

fn first_message(mechanism: Mechanism, credentials: &Credentials, nonce: &str) -> Option<String> {
    match mechanism {
        Mechanism::Login => None,
        Mechanism::Plain => {
            let authzid = credentials.authzid.as_deref().unwrap_or_default();
            Some(format!(
                "{authzid}\0{}\0{}",
                credentials.login,
                credentials.password.reveal()
            ))
        }
        Mechanism::ScramSha256 => Some(gs2_header(credentials) + &bare(credentials, nonce)),
    }
}

fn after_first(mechanism: Mechanism, nonce: String) -> State {
    match mechanism {
        Mechanism::ScramSha256 => State::ScramFirst { nonce },
        _ => State::Complete,
    }
}

fn gs2_header(credentials: &Credentials) -> String {
    match &credentials.authzid {
        Some(name) => format!("n,a={},", scram::escape(name)),
        None => "n,,".to_owned(),
    }
}

fn bare(credentials: &Credentials, nonce: &str) -> String {
    format!("n={},r={nonce}", scram::escape(&credentials.login))
}

/// Whether `server-final-message` carries the signature we expect.
fn proves(signature: &[u8; HASH], message: &[u8]) -> bool {
    let verifier = message
        .strip_prefix(b"v=")
        .map(|rest| rest.split(|b| *b == b',').next().unwrap_or_default());
    verifier
        .and_then(decode)
        .is_some_and(|v| verify_slices_are_equal(&v, signature).is_ok())
}
