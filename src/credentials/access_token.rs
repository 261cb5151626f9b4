use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::encoding::{base64url, from_base64url};
use crate::sha256;

/// The `typ` of our access tokens (RFC 9068 §2.1), which tells them from ID tokens signed by the same key.
pub const JWT_TYPE: &str = "at+jwt";
/// The only audience.
const AUDIENCE: &str = "postamt";
/// Longest token that is looked at, in octets.
const MAX_TOKEN: usize = 8192;
/// Seconds by which the clocks of two nodes may differ.
const SKEW: i64 = 60;

/// What an access token says. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The server that issued it.
    pub iss: String,
    /// Id of the account.
    pub sub: String,
    /// Whom it is meant for: always `postamt`; set by [`SigningKey::sign`].
    #[serde(default)]
    pub aud: String,
    /// Valid before this moment.
    pub exp: i64,
    /// Issued at.
    pub iat: i64,
    /// Id of this token.
    pub jti: String,
    /// Id of the session, by which it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Scopes, separated by blanks.
    #[serde(default)]
    pub scope: String,
    /// How the user proved to be the user (RFC 8176).
    #[serde(default)]
    pub amr: Vec<String>,
    /// When the user did so.
    pub auth_time: i64,
    /// Who really acts, when somebody impersonates the account (RFC 8693 §4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
    /// Id of the account's Domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dom: Option<String>,
}

/// The impersonating account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Its id.
    pub sub: String,
}

/// A key that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not an Ed25519 private key in PKCS #8.
    #[error("not an Ed25519 key")]
    Key,
}

/// Why a token is refused; the caller of the API learns only that it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a compact JWS of ours.
    #[error("malformed token")]
    Malformed,
    /// Signed with a key that is not in the set.
    #[error("unknown key")]
    UnknownKey,
    /// The signature does not fit.
    #[error("bad signature")]
    Signature,
    /// Too old, or from the future.
    #[error("token expired")]
    Expired,
    /// For another audience, or from another issuer.
    #[error("not meant for this server")]
    Foreign,
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    typ: String,
    kid: String,
    /// Extensions that must be understood (RFC 7515 §4.1.11): we understand none.
    #[serde(default, skip_serializing)]
    crit: Option<serde::de::IgnoredAny>,
}

/// A private Ed25519 key that signs access tokens.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: VerifyingKey,
}

impl SigningKey {
    /// Makes a key from 32 random octets.
    ///
    /// # Errors
    /// [`KeyError`] should the library refuse them.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_seed_unchecked(seed)
            .map(Self::new)
            .map_err(|_| KeyError::Key)
    }

    /// Reads a stored key.
    ///
    /// # Errors
    /// [`KeyError`] when it is not an Ed25519 key in PKCS #8.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
            .map(Self::new)
            .map_err(|_| KeyError::Key)
    }

    /// The key in PKCS #8, to be stored encrypted.
    ///
    /// # Errors
    /// [`KeyError`] should the library fail to write it.
    pub fn to_pkcs8(&self) -> Result<Vec<u8>, KeyError> {
        self.pair
            .to_pkcs8()
            .map(|der| der.as_ref().to_vec())
            .map_err(|_| KeyError::Key)
    }

    fn new(pair: Ed25519KeyPair) -> Self {
        let mut public = [0; 32];
        for (to, from) in public.iter_mut().zip(pair.public_key().as_ref()) {
            *to = *from;
        }
        Self {
            pair,
            public: VerifyingKey::new(public),
        }
    }

    /// The public half.
    pub fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// Signs `claims` as a compact JWS (RFC 7515 §7.1, RFC 8037).
    pub fn sign(&self, claims: &Claims) -> String {
        let header = serde_json::json!({"alg": "EdDSA", "typ": JWT_TYPE, "kid": self.public.kid});
        let claims = Claims {
            aud: AUDIENCE.to_owned(),
            ..claims.clone()
        };
        // A struct of texts and numbers always serialises.
        let claims = serde_json::to_string(&claims).unwrap_or_default();
        self.seal(&header.to_string(), &claims)
    }

    fn seal(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", base64url(header), base64url(payload));
        let signature = base64url(self.pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.public.kid)
            .finish_non_exhaustive()
    }
}

/// A public Ed25519 key and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    kid: String,
    public: [u8; 32],
}

impl VerifyingKey {
    /// Takes the 32 octets of a public key; the id is its thumbprint (RFC 7638).
    pub fn new(public: [u8; 32]) -> Self {
        let canonical = format!(
            r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
            base64url(public)
        );
        Self {
            kid: base64url(sha256(canonical.as_bytes())),
            public,
        }
    }

    /// The key's id, as in the token's header.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The 32 octets of the key.
    pub fn octets(&self) -> &[u8; 32] {
        &self.public
    }
}

/// The keys whose tokens are accepted: today's, and during a rotation yesterday's.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
}

impl KeySet {
    /// Collects the keys.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        Self {
            keys: keys.into_iter().collect(),
        }
    }

    /// The set as JSON Web Key Set (RFC 7517 §5), for `/.well-known/jwks.json`.
    pub fn jwks(&self) -> serde_json::Value {
        let keys: Vec<_> = self
            .keys
            .iter()
            .map(|key| {
                serde_json::json!({
                    "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                    "kid": key.kid, "x": base64url(key.public),
                })
            })
            .collect();
        serde_json::json!({ "keys": keys })
    }

    /// Checks signature, times, audience and issuer of `token`; `now` in seconds since 1970. Whether the session was
    /// revoked is the caller's to know.
    ///
    /// # Errors
    /// [`TokenError`] with the first thing that is wrong; nothing unsigned is ever trusted, whatever `alg` says.
    pub fn verify(&self, token: &str, issuer: &str, now: i64) -> Result<Claims, TokenError> {
        let payload = self.open(token)?;
        let claims: Claims = serde_json::from_slice(&payload).map_err(|_| TokenError::Malformed)?;
        if now >= claims.exp || claims.iat > now.saturating_add(SKEW) {
            return Err(TokenError::Expired);
        }
        if claims.aud != AUDIENCE || claims.iss != issuer {
            return Err(TokenError::Foreign);
        }
        Ok(claims)
    }

    /// The payload of a well-signed token.
    fn open(&self, token: &str) -> Result<Vec<u8>, TokenError> {
        let (signed, signature) = token
            .rsplit_once('.')
            .filter(|_| token.len() <= MAX_TOKEN)
            .ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let part = |text: &str| from_base64url(text).ok_or(TokenError::Malformed);
        let header: Header =
            serde_json::from_slice(&part(header)?).map_err(|_| TokenError::Malformed)?;
        if header.alg != "EdDSA" || header.typ != JWT_TYPE || header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        let key = self
            .keys
            .iter()
            .find(|key| key.kid == header.kid)
            .ok_or(TokenError::UnknownKey)?;
        UnparsedPublicKey::new(&ED25519, key.public)
            .verify(signed.as_bytes(), &part(signature)?)
            .map_err(|_| TokenError::Signature)?;
        part(payload)
    }
}

#[cfg(test)]
mod tests;
