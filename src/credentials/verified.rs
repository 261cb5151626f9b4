use std::fmt;

use aws_lc_rs::hmac;

/// Keys for a short-lived cache of credentials that were verified by the slow hash, so that a client which signs in every
/// minute costs microseconds. The cache itself, its bound and its expiry belong to the caller, who drops a user's entries
/// when the password changes.
pub struct VerifiedCache {
    key: hmac::Key,
}

impl VerifiedCache {
    /// `secret` is random and lives as long as the process; it is never stored.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, secret),
        }
    }

    /// The key under which this user's verified password is remembered; reveals neither. `user` is the account's id or
    /// routed name, `credential` the clear password.
    pub fn key(&self, user: &str, credential: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        // The length keeps ("ab", "c") apart from ("a", "bc").
        context.update(&(user.len() as u64).to_be_bytes());
        context.update(user.as_bytes());
        context.update(sasl::prepare_password(credential).as_bytes());
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}

impl fmt::Debug for VerifiedCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifiedCache(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_by_user_password_and_secret() {
        let cache = VerifiedCache::new(&[1; 32]);
        let key = cache.key("ab", "c");
        assert_eq!(key, cache.key("ab", "c"));
        for other in [
            cache.key("a", "bc"),
            cache.key("ab", "d"),
            VerifiedCache::new(&[2; 32]).key("ab", "c"),
        ] {
            assert_ne!(key, other);
        }
    }
}
