//! Tokens that mean nothing by themselves and are looked up by their hash: `prt_…` refresh tokens and
//! `pak_PREFIX_SECRET` API keys.

use types::Secret;

use crate::encoding::{base32, base64url, from_base64url};

/// What a token is for, told by its first letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `prt_` and 43 characters of base64url.
    Refresh,
    /// `pak_`, 8 characters that may be shown, `_`, 43 characters of base64url.
    ApiKey,
}

/// A new API key.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// The whole key, shown once.
    pub text: Secret,
    /// Its public beginning, `pak_PREFIX`, by which the owner recognises it.
    pub prefix: String,
}

/// Makes a refresh token from 256 random bits.
pub fn refresh_token(random: &[u8; 32]) -> Secret {
    Secret::new(format!("prt_{}", base64url(random)))
}

/// Makes an API key; the first five of the random octets become its public prefix.
pub fn api_key(random: &[u8; 37]) -> ApiKey {
    let (public, secret) = random.split_at(5);
    let prefix = format!("pak_{}", base32(public).to_lowercase());
    ApiKey {
        text: Secret::new(format!("{prefix}_{}", base64url(secret))),
        prefix,
    }
}

/// What kind of token `text` is; `None` saves the look-up when it cannot be one.
pub fn kind(text: &str) -> Option<Kind> {
    let is_secret = |text: &str| text.len() == 43 && from_base64url(text).is_some();
    if let Some(rest) = text.strip_prefix("prt_") {
        return is_secret(rest).then_some(Kind::Refresh);
    }
    let (prefix, secret) = text.strip_prefix("pak_")?.split_once('_')?;
    let is_prefix = prefix.len() == 8
        && prefix
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (is_prefix && is_secret(secret)).then_some(Kind::ApiKey)
}

/// SHA-256 of the whole text, under which a token is stored and found. A fast hash is enough for 256 random bits.
pub fn lookup_hash(text: &str) -> [u8; 32] {
    crate::sha256(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_recognised() {
        for byte in [0, 9, 0xfb, 255] {
            assert_eq!(
                kind(refresh_token(&[byte; 32]).reveal()),
                Some(Kind::Refresh)
            );
            let key = api_key(&[byte; 37]);
            assert_eq!(kind(key.text.reveal()), Some(Kind::ApiKey));
            assert_eq!(key.prefix.len(), 12);
            assert!(key.text.reveal().starts_with(&format!("{}_", key.prefix)));
        }
        let whole = refresh_token(&[1; 32]);
        for other in [
            "",
            "prt_",
            "pak_",
            "pak_abcdefgh_",
            &whole.reveal()[..46],
            &format!("{}A", whole.reveal()),
        ] {
            assert_eq!(kind(other), None, "{other}");
        }
    }

    #[test]
    fn the_hash_is_sha256() {
        // FIPS 180-4 example "abc".
        assert_eq!(lookup_hash("abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_ne!(lookup_hash("abc"), lookup_hash("abd"));
    }
}
