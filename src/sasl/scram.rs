//! The messages, keys and proofs of SCRAM-SHA-256 (RFC 5802, RFC 7677), used by both sides.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac, pbkdf2};

use crate::{decode, encode};

/// Octets of a SHA-256 hash.
pub(crate) const HASH: usize = 32;
/// Most rounds that are ever computed, so that the other side cannot make us busy for minutes.
pub(crate) const MAX_ITERATIONS: u32 = 1_000_000;
const MAX_SALT: usize = 1024;
const MAX_NONCE: usize = 512;

/// Why SCRAM keys could not be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScramError {
    /// Less than 4096 (RFC 7677 §4) or more than a million rounds.
    #[error("iteration count outside 4096..=1000000")]
    Iterations,
    /// The stored text is not `SCRAM-SHA-256$iterations:salt$stored:server`.
    #[error("not a SCRAM-SHA-256 key text")]
    Syntax,
}

/// What a server stores to verify a user by SCRAM-SHA-256 without knowing the password.
///
/// Its text form is that of RFC 5803: `SCRAM-SHA-256$4096:SALT$STOREDKEY:SERVERKEY`.
#[derive(Clone, PartialEq, Eq)]
pub struct ScramKeys {
    /// Random octets, different for each password.
    pub salt: Vec<u8>,
    /// Rounds of PBKDF2.
    pub iterations: u32,
    /// H(ClientKey).
    pub stored_key: [u8; HASH],
    /// HMAC(SaltedPassword, "Server Key").
    pub server_key: [u8; HASH],
}

impl ScramKeys {
    /// Derives the keys of `password`; slow on purpose (milliseconds).
    ///
    /// # Errors
    /// [`ScramError::Iterations`] when `iterations` is below 4096 or above a million.
    pub fn derive(password: &str, salt: &[u8], iterations: u32) -> Result<Self, ScramError> {
        if iterations < 4096 {
            return Err(ScramError::Iterations);
        }
        let salted = salted_password(password, salt, iterations).ok_or(ScramError::Iterations)?;
        Ok(Self {
            salt: salt.to_vec(),
            iterations,
            stored_key: hash(&client_key(&salted)),
            server_key: server_key(&salted),
        })
    }
}

/// Shows no key.
impl fmt::Debug for ScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramKeys")
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// Writes the stored form, which is a secret.
impl fmt::Display for ScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (salt, stored, server) = (
            encode(&self.salt),
            encode(self.stored_key),
            encode(self.server_key),
        );
        write!(
            f,
            "SCRAM-SHA-256${}:{salt}${stored}:{server}",
            self.iterations
        )
    }
}

impl FromStr for ScramKeys {
    type Err = ScramError;

    fn from_str(text: &str) -> Result<Self, ScramError> {
        let parse = || {
            let mut parts = text.strip_prefix("SCRAM-SHA-256$")?.split('$');
            let (info, keys) = (parts.next()?, parts.next()?);
            let (iterations, salt) = info.split_once(':')?;
            let (stored, server) = keys.split_once(':')?;
            let key = |text: &str| <[u8; HASH]>::try_from(decode(text.as_bytes())?).ok();
            Some(Self {
                salt: decode(salt.as_bytes())?,
                iterations: decimal(iterations)?,
                stored_key: key(stored)?,
                server_key: key(server)?,
            })
            .filter(|_| parts.next().is_none())
        };
        parse().ok_or(ScramError::Syntax)
    }
}

/// Brings a password into the form that is hashed (SASLprep, RFC 4013), so that every keyboard and every mechanism proves
/// the same one. A password that SASLprep forbids is used as it is: the user could choose it, so the user can prove it.
pub fn prepare_password(password: &str) -> Cow<'_, str> {
    stringprep::saslprep(password).unwrap_or(Cow::Borrowed(password))
}

/// RFC 5802 §3 `Hi`, over the prepared password; `None` for zero or too many rounds.
pub(crate) fn salted_password(password: &str, salt: &[u8], iterations: u32) -> Option<[u8; HASH]> {
    let rounds = NonZeroU32::new(iterations).filter(|n| n.get() <= MAX_ITERATIONS)?;
    let prepared = prepare_password(password);
    let mut out = [0; HASH];
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        rounds,
        salt,
        prepared.as_bytes(),
        &mut out,
    );
    Some(out)
}

pub(crate) fn client_key(salted: &[u8; HASH]) -> [u8; HASH] {
    mac(salted, b"Client Key")
}

pub(crate) fn server_key(salted: &[u8; HASH]) -> [u8; HASH] {
    mac(salted, b"Server Key")
}

pub(crate) fn mac(key: &[u8], message: &[u8]) -> [u8; HASH] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message);
    sized(tag.as_ref())
}

pub(crate) fn hash(message: &[u8]) -> [u8; HASH] {
    sized(digest::digest(&digest::SHA256, message).as_ref())
}

/// The digest as an array; it always has this length.
fn sized(bytes: &[u8]) -> [u8; HASH] {
    let mut out = [0; HASH];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}

pub(crate) fn xor(a: &[u8; HASH], b: &[u8; HASH]) -> [u8; HASH] {
    let mut out = *a;
    for (x, y) in out.iter_mut().zip(b) {
        *x ^= y;
    }
    out
}

/// Whether `proof` was made with the password behind `keys` (RFC 5802 §3).
pub(crate) fn proof_is_valid(keys: &ScramKeys, auth_message: &str, proof: &[u8]) -> bool {
    let Ok(proof) = <[u8; HASH]>::try_from(proof) else {
        return false;
    };
    let client_key = xor(&mac(&keys.stored_key, auth_message.as_bytes()), &proof);
    verify_slices_are_equal(&hash(&client_key), &keys.stored_key).is_ok()
}

/// How a first message was read.
pub(crate) enum Malformed {
    Syntax,
    ChannelBinding,
}

/// `client-first-message` (RFC 5802 §7).
#[derive(Debug, Clone)]
pub(crate) struct ClientFirst {
    pub(crate) gs2_header: String,
    pub(crate) authzid: Option<String>,
    pub(crate) login: String,
    pub(crate) nonce: String,
    pub(crate) bare: String,
}

impl ClientFirst {
    pub(crate) fn parse(message: &str) -> Result<Self, Malformed> {
        // `p=` asks for channel binding, which belongs to the -PLUS mechanism.
        if message.starts_with('p') {
            return Err(Malformed::ChannelBinding);
        }
        Self::fields(message).ok_or(Malformed::Syntax)
    }

    fn fields(message: &str) -> Option<Self> {
        let rest = message
            .strip_prefix("n,")
            .or_else(|| message.strip_prefix("y,"))?;
        let (authzid, bare) = rest.split_once(',')?;
        let gs2_header = message.strip_suffix(bare)?.to_owned();
        let authzid = match authzid {
            "" => None,
            given => Some(unescape(given.strip_prefix("a=")?)?),
        };
        // A leading `m=` is a mandatory extension, and we know none.
        let mut attributes = bare.split(',');
        let login = unescape(attributes.next()?.strip_prefix("n=")?)?;
        let nonce = attributes
            .next()?
            .strip_prefix("r=")
            .filter(|n| is_nonce(n))?
            .to_owned();
        Some(Self {
            gs2_header,
            authzid,
            login,
            nonce,
            bare: bare.to_owned(),
        })
    }
}

/// `server-first-message`.
#[derive(Debug)]
pub(crate) struct ServerFirst {
    pub(crate) nonce: String,
    pub(crate) salt: Vec<u8>,
    pub(crate) iterations: u32,
}

impl ServerFirst {
    pub(crate) fn parse(message: &str) -> Option<Self> {
        let mut attributes = message.split(',');
        let nonce = attributes
            .next()?
            .strip_prefix("r=")
            .filter(|n| is_nonce(n))?
            .to_owned();
        let salt = decode(attributes.next()?.strip_prefix("s=")?.as_bytes())?;
        let iterations = decimal(attributes.next()?.strip_prefix("i=")?)?;
        (salt.len() <= MAX_SALT).then_some(Self {
            nonce,
            salt,
            iterations,
        })
    }
}

/// `client-final-message`.
#[derive(Debug)]
pub(crate) struct ClientFinal<'a> {
    pub(crate) without_proof: &'a str,
    pub(crate) binding: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) proof: Vec<u8>,
}

impl<'a> ClientFinal<'a> {
    pub(crate) fn parse(message: &'a str) -> Option<Self> {
        let (without_proof, proof) = message.rsplit_once(",p=")?;
        let mut attributes = without_proof.split(',');
        let binding = attributes.next()?.strip_prefix("c=")?;
        let nonce = attributes.next()?.strip_prefix("r=")?;
        Some(Self {
            without_proof,
            binding,
            nonce,
            proof: decode(proof.as_bytes())?,
        })
    }
}

/// A number without sign or leading zero.
fn decimal(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

/// Printable ASCII without comma (RFC 5802 §7).
fn is_nonce(text: &str) -> bool {
    (1..=MAX_NONCE).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && b != b',')
}

/// `saslname`: `=2C` is a comma, `=3D` an equals sign.
pub(crate) fn escape(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

pub(crate) fn unescape(name: &str) -> Option<String> {
    let mut out = String::with_capacity(name.len());
    let mut parts = name.split('=');
    out.push_str(parts.next()?);
    for part in parts {
        let (character, rest) = match part.strip_prefix("2C") {
            Some(rest) => (',', rest),
            None => ('=', part.strip_prefix("3D")?),
        };
        out.push(character);
        out.push_str(rest);
    }
    (!out.is_empty() && !out.contains('\0')).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_escaping() {
        for name in ["user", "a,b", "a=b", "=2C", ",=,=", "ü"] {
            assert_eq!(unescape(&escape(name)).as_deref(), Some(name));
        }
        for bad in ["", "a=", "a=2c", "=4A", "a\0"] {
            assert_eq!(unescape(bad), None, "{bad}");
        }
    }

    #[test]
    fn stored_text_is_read_back() {
        let keys = ScramKeys::derive("pencil", b"salt salt", 4096).unwrap();
        assert_eq!(keys.to_string().parse(), Ok(keys.clone()));
        assert!(!format!("{keys:?}").contains(&encode(keys.server_key)));
        for bad in [
            "",
            "SCRAM-SHA-256$4096:c2FsdA==$YQ==:YQ==",
            "SCRAM-SHA-1$1:YQ==$YQ==:YQ==",
            &format!("{keys}$x"),
        ] {
            assert_eq!(bad.parse::<ScramKeys>(), Err(ScramError::Syntax), "{bad}");
        }
        assert_eq!(
            ScramKeys::derive("x", b"s", 4095),
            Err(ScramError::Iterations)
        );
        assert_eq!(
            ScramKeys::derive("x", b"s", u32::MAX),
            Err(ScramError::Iterations)
        );
    }

    #[test]
    fn passwords_are_prepared() {
        // RFC 4013 §3: a soft hyphen maps to nothing, U+00AA to "a".
        let keys = |p| ScramKeys::derive(p, b"s", 4096).unwrap();
        assert_eq!(keys("I\u{ad}X"), keys("IX"));
        assert_eq!(keys("\u{aa}"), keys("a"));
        assert_ne!(keys("USER"), keys("user"));
        assert_ne!(keys("\u{7}"), keys(""));
    }
}
