//! SASL exchanges (RFC 4422), both sides: PLAIN, LOGIN and SCRAM-SHA-256; and Digest authentication (RFC 7616).
//!
//! Types to know: [`ServerExchange`] and [`Step`] for servers, [`Question`] and [`Answer`] for whoever knows the
//! accounts, [`ClientExchange`] for clients, [`ScramKeys`] for what is stored. [`digest`] is the way of HTTP and SIP.
//!
//! Deliberately absent: any protocol's framing. A protocol adds its prefix (`334 `, `+ `) before a challenge and its line
//! end behind it; base64, the initial response `=` and the cancelling `*` are understood here. Also absent: accounts,
//! randomness (nonces come from a seed that is given) and channel binding.
//!
//! Driven by: the machines of `smtp`, `imap`, `pop` and every later room that signs users in.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod client;
pub mod digest;
#[doc(hidden)]
pub mod fuzzing;
mod mechanism;
mod nonce;
mod scram;
mod server;

pub use client::{ClientExchange, ClientStep, Credentials};
pub use mechanism::Mechanism;
pub use nonce::Nonces;
pub use scram::{ScramError, ScramKeys, prepare_password};
pub use server::{Answer, Failure, Identity, Question, ServerExchange, Step};

/// Longest base64 line of an exchange in octets, without the line end (RFC 4954 §4).
pub const MAX_LINE: usize = 12_286;

/// Longest login or authorization name in octets.
pub const MAX_NAME: usize = 1024;

/// Longest password in octets.
pub const MAX_PASSWORD: usize = 4096;

fn encode(message: impl AsRef<[u8]>) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(message)
}

/// Decodes one base64 line; `None` for anything that is not exactly base64.
fn decode(line: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(line).ok()
}
