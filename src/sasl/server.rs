use types::Secret;

use crate::scram::{self, ClientFinal, ClientFirst, Malformed};
use crate::{MAX_LINE, MAX_NAME, MAX_PASSWORD, Mechanism, ScramKeys, decode, encode};

/// Who signs in, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name whose password is proved, as the client sent it.
    pub login: String,
    /// The name to act for, when it was given and is not the login itself.
    pub authzid: Option<String>,
}

/// What an exchange must ask of somebody who knows the accounts. Every protocol hands this on unchanged, so that one
/// function answers for all of them.
#[derive(Debug)]
pub enum Question {
    /// Is this the password, and may this identity sign in here? Answer: `Accepted`, `Refused` or `Unavailable`.
    Password {
        /// Who signs in.
        identity: Identity,
        /// The clear password.
        password: Secret,
    },
    /// The SCRAM keys of this login. Answer: `Keys` or `Unavailable`. For an unknown user or one without keys the answer
    /// is `Keys` as well, with a salt derived from the name and keys that match nothing.
    ScramKeys {
        /// The name as the client sent it.
        login: String,
    },
    /// The client's proof has been checked. Answer: `Accepted` (only when `valid` and the identity may sign in here),
    /// `Refused` (count the failure) or `Unavailable`.
    Proof {
        /// Who signs in.
        identity: Identity,
        /// Whether the proof fits the keys. `Accepted` for an invalid proof is taken as `Refused`.
        valid: bool,
    },
}

/// Answer to a [`Question`].
#[derive(Debug, Clone)]
pub enum Answer {
    /// Signed in.
    Accepted,
    /// Wrong name or password, blocked, or not allowed here: all look alike.
    Refused,
    /// Cannot be decided now.
    Unavailable,
    /// The keys of the user, true or fake.
    Keys(ScramKeys),
}

/// What the protocol does next.
#[derive(Debug)]
pub enum Step {
    /// Send this base64 text (perhaps empty) behind the protocol's own prefix, then feed the next line to
    /// [`ServerExchange::response`].
    Challenge(String),
    /// Ask, then feed the answer to [`ServerExchange::answer`].
    Ask(Question),
    /// Signed in.
    Done(Identity),
    /// Not signed in; the exchange is over.
    Fail(Failure),
}

/// Why an exchange failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Wrong credentials, or not allowed.
    #[error("incorrect name or password")]
    Refused,
    /// Temporary failure on our side.
    #[error("temporary authentication failure")]
    Unavailable,
    /// The client sent `*`.
    #[error("authentication cancelled")]
    Cancelled,
    /// Not base64, or not a message of this mechanism.
    #[error("malformed authentication data")]
    Malformed,
    /// A line or a field above its limit.
    #[error("authentication data too long")]
    TooLong,
    /// The client insists on channel binding.
    #[error("channel binding not supported")]
    ChannelBinding,
}

/// One sign-in, seen from the server.
#[derive(Debug)]
pub struct ServerExchange {
    state: State,
    nonce: String,
}

#[derive(Debug)]
enum State {
    First(Mechanism),
    LoginPassword(String),
    Verifying(Identity),
    Keys(ClientFirst),
    Final {
        first: ClientFirst,
        server_first: String,
        keys: ScramKeys,
    },
    Proof {
        identity: Identity,
        valid: bool,
        server_final: String,
    },
    Acknowledge(Identity),
    Over,
}

impl ServerExchange {
    /// Starts an exchange. `initial` is the initial response as it stood on the wire (base64, or `=` for an empty one);
    /// `nonce` comes fresh from [`Nonces`](crate::Nonces).
    pub fn start(mechanism: Mechanism, initial: Option<&[u8]>, nonce: String) -> (Self, Step) {
        let mut exchange = Self {
            state: State::First(mechanism),
            nonce,
        };
        let step = match initial {
            Some(b"=") => exchange.message(Vec::new()),
            Some(line) => exchange.line(line),
            // LOGIN asks for the name; the others let the client begin.
            None if mechanism == Mechanism::Login => Step::Challenge(encode("Username:")),
            None => Step::Challenge(String::new()),
        };
        (exchange, step)
    }

    /// Takes the client's answer to a challenge: one line without its line end.
    pub fn response(&mut self, line: &[u8]) -> Step {
        if line == b"*" {
            return self.fail(Failure::Cancelled);
        }
        self.line(line)
    }

    /// Takes the answer to the question that is open.
    pub fn answer(&mut self, answer: Answer) -> Step {
        match (std::mem::replace(&mut self.state, State::Over), answer) {
            (_, Answer::Unavailable) => self.fail(Failure::Unavailable),
            (State::Verifying(identity), Answer::Accepted) => Step::Done(identity),
            (State::Keys(first), Answer::Keys(keys)) => self.server_first(first, keys),
            (
                State::Proof {
                    identity,
                    valid: true,
                    server_final,
                },
                Answer::Accepted,
            ) => {
                self.state = State::Acknowledge(identity);
                Step::Challenge(encode(server_final))
            }
            _ => self.fail(Failure::Refused),
        }
    }

    fn fail(&mut self, failure: Failure) -> Step {
        self.state = State::Over;
        Step::Fail(failure)
    }

    fn line(&mut self, line: &[u8]) -> Step {
        if line.len() > MAX_LINE {
            return self.fail(Failure::TooLong);
        }
        match decode(line) {
            Some(message) => self.message(message),
            None => self.fail(Failure::Malformed),
        }
    }

    fn message(&mut self, message: Vec<u8>) -> Step {
        let state = std::mem::replace(&mut self.state, State::Over);
        let Ok(text) = String::from_utf8(message) else {
            return self.fail(Failure::Malformed);
        };
        match state {
            State::First(Mechanism::Plain) => self.plain(&text),
            State::First(Mechanism::Login) => self.login_name(text),
            State::First(Mechanism::ScramSha256) => self.client_first(&text),
            State::LoginPassword(login) => self.verify(
                Identity {
                    login,
                    authzid: None,
                },
                text,
            ),
            State::Final {
                first,
                server_first,
                keys,
            } => self.client_final(first, &server_first, &keys, &text),
            State::Acknowledge(identity) if text.is_empty() => Step::Done(identity),
            _ => self.fail(Failure::Malformed),
        }
    }

    /// RFC 4616 §2: `[authzid] NUL authcid NUL passwd`.
    fn plain(&mut self, text: &str) -> Step {
        let mut parts = text.split('\0');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(authzid), Some(login), Some(password), None) => self.verify(
                identity(login.to_owned(), Some(authzid.to_owned())),
                password.to_owned(),
            ),
            _ => self.fail(Failure::Malformed),
        }
    }

    fn login_name(&mut self, login: String) -> Step {
        match check_name(&login) {
            Ok(()) => {
                self.state = State::LoginPassword(login);
                Step::Challenge(encode("Password:"))
            }
            Err(failure) => self.fail(failure),
        }
    }

    fn verify(&mut self, identity: Identity, password: String) -> Step {
        // An empty password means "anonymous" to some directories; it is never a password.
        let failure = match check_identity(&identity) {
            Err(failure) => failure,
            Ok(()) if password.len() > MAX_PASSWORD => Failure::TooLong,
            Ok(()) if password.is_empty() || password.contains('\0') => Failure::Malformed,
            Ok(()) => {
                self.state = State::Verifying(identity.clone());
                return Step::Ask(Question::Password {
                    identity,
                    password: Secret::new(password),
                });
            }
        };
        self.fail(failure)
    }

    fn client_first(&mut self, text: &str) -> Step {
        let first = match ClientFirst::parse(text) {
            Ok(first) => first,
            Err(Malformed::ChannelBinding) => return self.fail(Failure::ChannelBinding),
            Err(Malformed::Syntax) => return self.fail(Failure::Malformed),
        };
        let identity = identity(first.login.clone(), first.authzid.clone());
        if let Err(failure) = check_identity(&identity) {
            return self.fail(failure);
        }
        self.state = State::Keys(first);
        Step::Ask(Question::ScramKeys {
            login: identity.login,
        })
    }

    fn server_first(&mut self, first: ClientFirst, keys: ScramKeys) -> Step {
        let server_first = format!(
            "r={}{},s={},i={}",
            first.nonce,
            self.nonce,
            encode(&keys.salt),
            keys.iterations
        );
        let challenge = encode(&server_first);
        self.state = State::Final {
            first,
            server_first,
            keys,
        };
        Step::Challenge(challenge)
    }

    fn client_final(
        &mut self,
        first: ClientFirst,
        server_first: &str,
        keys: &ScramKeys,
        text: &str,
    ) -> Step {
        let Some(last) = ClientFinal::parse(text) else {
            return self.fail(Failure::Malformed);
        };
        // RFC 5802 §5.1: the header and the nonce must come back unchanged.
        let nonce_fits = last.nonce.strip_prefix(first.nonce.as_str()) == Some(self.nonce.as_str());
        if last.binding != encode(&first.gs2_header) || !nonce_fits {
            return self.fail(Failure::Malformed);
        }
        let auth_message = format!("{},{server_first},{}", first.bare, last.without_proof);
        let valid = scram::proof_is_valid(keys, &auth_message, &last.proof);
        let signature = scram::mac(&keys.server_key, auth_message.as_bytes());
        let identity = identity(first.login, first.authzid);
        let server_final = format!("v={}", encode(signature));
        self.state = State::Proof {
            identity: identity.clone(),
            valid,
            server_final,
        };
        Step::Ask(Question::Proof { identity, valid })
    }
}

fn identity(login: String, authzid: Option<String>) -> Identity {
    let authzid = authzid.filter(|name| !name.is_empty() && *name != login);
    Identity { login, authzid }
}

fn check_identity(identity: &Identity) -> Result<(), Failure> {
    check_name(&identity.login)?;
    identity.authzid.as_deref().map_or(Ok(()), check_name)
}

fn check_name(name: &str) -> Result<(), Failure> {
    match name.len() {
        0 => Err(Failure::Malformed),
        1..=MAX_NAME if name.contains('\0') => Err(Failure::Malformed),
        1..=MAX_NAME => Ok(()),
        _ => Err(Failure::TooLong),
    }
}

#[cfg(test)]
mod tests;
