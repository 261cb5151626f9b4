//! Digest authentication (RFC 7616, in SIP RFC 8760), both sides, with MD5 and SHA-256.
//!
//! A protocol reads and frames the header fields; here are what they hold, how it is computed, and nonces that nobody has
//! to store. `userhash` and `username*` are deliberately absent: no SIP device sends them.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest as sha;
use md5::Digest as _;

mod exchange;
mod nonce;

pub use exchange::{Challenge, Credentials, DigestError, Qop, Request};
pub use nonce::{NonceCheck, NonceKeys, ReplayWindow};

/// The hash of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// SHA-256 (RFC 7616 §3.2).
    Sha256,
    /// MD5, which most devices still know alone.
    Md5,
}

impl Algorithm {
    /// All algorithms, the strongest first.
    pub const ALL: [Self; 2] = [Self::Sha256, Self::Md5];

    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Md5 => "MD5",
        }
    }

    /// Finds an algorithm by its name, in any case, and says whether it is the `-sess` variant.
    pub fn parse(name: &str) -> Option<(Self, bool)> {
        let (name, session) = match name
            .len()
            .checked_sub(5)
            .and_then(|at| name.split_at_checked(at))
        {
            Some((name, end)) if end.eq_ignore_ascii_case("-sess") => (name, true),
            _ => (name, false),
        };
        let found = Self::ALL
            .into_iter()
            .find(|a| a.name().eq_ignore_ascii_case(name))?;
        Some((found, session))
    }

    /// Octets of a hash.
    fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Md5 => 16,
        }
    }

    /// The hash of the parts with colons between them, in hexadecimal digits.
    fn hash(self, parts: &[&[u8]]) -> Hex {
        let mut joined = parts
            .iter()
            .enumerate()
            .flat_map(|(at, part)| [if at > 0 { ":".as_bytes() } else { b"" }, part]);
        match self {
            Self::Sha256 => {
                let mut context = sha::Context::new(&sha::SHA256);
                joined.for_each(|part| context.update(part));
                Hex::new(context.finish().as_ref())
            }
            Self::Md5 => {
                let context = joined.try_fold(md5::Md5::new(), |context, part| {
                    Ok::<_, ()>(context.chain_update(part))
                });
                Hex::new(&context.unwrap_or_default().finalize())
            }
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A hash in lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Hex {
    digits: [u8; 64],
    length: usize,
}

impl Hex {
    fn new(hash: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or_default();
        let mut hex = Self {
            digits: [0; 64],
            length: 0,
        };
        for (pair, byte) in hex.digits.chunks_exact_mut(2).zip(hash) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
            hex.length += 2;
        }
        hex
    }

    fn as_bytes(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or_default()
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

/// What a server stores to verify a user: the hash of name, realm and password (RFC 7616 §3.4.2). As good as the password
/// within its realm.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ha1 {
    algorithm: Algorithm,
    hex: Hex,
}

impl Ha1 {
    /// Derives it from a password.
    pub fn derive(algorithm: Algorithm, username: &str, realm: &str, password: &str) -> Self {
        let hex = algorithm.hash(&[username.as_bytes(), realm.as_bytes(), password.as_bytes()]);
        Self { algorithm, hex }
    }

    /// Reads the stored form: hexadecimal digits; `None` when it has not the length of the hash.
    pub fn parse(algorithm: Algorithm, text: &str) -> Option<Self> {
        let mut hex = Hex {
            digits: [0; 64],
            length: text.len(),
        };
        let good =
            text.len() == algorithm.length() * 2 && text.bytes().all(|b| b.is_ascii_hexdigit());
        hex.digits
            .get_mut(..text.len())
            .filter(|_| good)?
            .copy_from_slice(text.to_ascii_lowercase().as_bytes());
        Some(Self { algorithm, hex })
    }

    /// The hash itself, of [`Algorithm::length`] octets.
    pub fn octets(&self) -> impl Iterator<Item = u8> + '_ {
        let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()).unwrap_or_default();
        self.hex.as_bytes().chunks_exact(2).map(move |pair| pair.iter().fold(0, |octet, digit| (octet << 4) | value(*digit)))
    }

    /// From the hash itself; `None` when it has not its length.
    pub fn from_octets(algorithm: Algorithm, hash: &[u8]) -> Option<Self> {
        (hash.len() == algorithm.length()).then(|| Self { algorithm, hex: Hex::new(hash) })
    }

    /// One that no password has, to spend the same time on an unknown user.
    pub fn dummy(algorithm: Algorithm) -> Self {
        Self {
            algorithm,
            hex: Hex::new(&[0; 32][..algorithm.length()]),
        }
    }

    /// The hash it is of.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The form to store.
    pub fn reveal(&self) -> &str {
        self.hex.as_str()
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ha1")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

fn same(one: &[u8], other: &[u8]) -> bool {
    verify_slices_are_equal(one, other).is_ok()
}

#[cfg(test)]
mod tests;
