//! Password and token formats: what is stored, what is handed out, and how the one is checked against the other.
//!
//! Types to know: [`Hashing`] for passwords, [`ScramKeys`] beside them, [`PasswordPolicy`], [`SigningKey`] and [`KeySet`]
//! for access tokens, [`opaque`] for tokens that are looked up, [`VerifiedCache`] for clients that sign in every minute.
//!
//! Deliberately absent: randomness and the clock (both are arguments), storage, rights, and who may sign in.
//!
//! Driven by: `service`, which runs the slow functions (hashing, SCRAM derivation) on its blocking pool.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod access_token;
mod encoding;
#[doc(hidden)]
pub mod fuzzing;
pub mod opaque;
mod password;
mod policy;
mod setup_token;
mod verified;

pub use access_token::{
    Actor, Claims, JWT_TYPE, KeyError, KeySet, SigningKey, TokenError, VerifyingKey,
};
pub use password::{HashError, Hashing, Verdict};
pub use policy::{FailedRule, PasswordPolicy};
pub use sasl::{ScramError, ScramKeys};
pub use setup_token::SetupToken;
pub use verified::VerifiedCache;

/// SHA-256, as an array.
fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    out.copy_from_slice(hash.as_ref());
    out
}
