use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, CustomizedPasswordHasher, Params, PasswordVerifier, Version};

/// Most memory a stored hash may ask for, in KiB; more is refused, so that an imported hash cannot stop the server.
const MAX_MEMORY: u32 = 1024 * 1024;
const MAX_ITERATIONS: u32 = 64;
const MAX_LANES: u32 = 16;

/// How passwords are hashed: Argon2id (RFC 9106) and its costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashing {
    /// Memory in KiB, 8 × lanes … 1048576; default 19456 (19 MiB).
    pub memory: u32,
    /// Passes over the memory, 1…64; default 2.
    pub iterations: u32,
    /// Parallel lanes, 1…16; default 1.
    pub lanes: u32,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            memory: 19 * 1024,
            iterations: 2,
            lanes: 1,
        }
    }
}

/// The costs are outside their ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("argon2id costs out of range")]
pub struct HashError;

/// What comparing a password with a stored hash gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The right password.
    Matches,
    /// The right password under other costs than today's: hash it again and store that.
    Outdated,
    /// The wrong password, or a hash we cannot read.
    Differs,
}

impl Verdict {
    /// Whether the password is right.
    pub fn is_match(self) -> bool {
        self != Self::Differs
    }
}

impl Hashing {
    /// Hashes `password` to a PHC string, `$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH`; slow on purpose. `salt` is random.
    ///
    /// # Errors
    /// [`HashError`] when the costs are out of range.
    pub fn hash(&self, password: &str, salt: &[u8; 16]) -> Result<String, HashError> {
        let prepared = sasl::prepare_password(password);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params()?);
        let params = self.params()?;
        let hash: PasswordHash = argon2
            .hash_password_with_params(prepared.as_bytes(), salt, params)
            .map_err(|_| HashError)?;
        Ok(hash.to_string())
    }

    /// Compares `password` with a stored PHC string. `None` (no such user, no password) costs the same time and never
    /// matches.
    pub fn verify(&self, password: &str, stored: Option<&str>) -> Verdict {
        let Some((hash, costs)) = stored.and_then(read) else {
            // The work is the point: an unknown user must not be answered faster than a known one.
            let _ = self.hash(password, &[0; 16]);
            return Verdict::Differs;
        };
        let prepared = sasl::prepare_password(password);
        match Argon2::default().verify_password(prepared.as_bytes(), &hash) {
            Ok(()) if costs == *self => Verdict::Matches,
            Ok(()) => Verdict::Outdated,
            Err(_) => Verdict::Differs,
        }
    }

    fn params(&self) -> Result<Params, HashError> {
        if !self.is_bounded() {
            return Err(HashError);
        }
        Params::new(self.memory, self.iterations, self.lanes, None).map_err(|_| HashError)
    }

    fn is_bounded(&self) -> bool {
        self.memory <= MAX_MEMORY && self.iterations <= MAX_ITERATIONS && self.lanes <= MAX_LANES
    }
}

/// A stored Argon2id hash with bounded costs.
fn read(stored: &str) -> Option<(PasswordHash, Hashing)> {
    let hash = PasswordHash::new(stored).ok()?;
    let params = Params::try_from(&hash).ok()?;
    let costs = Hashing {
        memory: params.m_cost(),
        iterations: params.t_cost(),
        lanes: params.p_cost(),
    };
    (hash.algorithm.as_str() == "argon2id" && costs.is_bounded()).then_some((hash, costs))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Hashing = Hashing {
        memory: 64,
        iterations: 1,
        lanes: 1,
    };

    #[test]
    fn the_default_costs_are_in_the_text() {
        let text = Hashing::default().hash("pencil", &[1; 16]).unwrap();
        assert!(
            text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$AQEBAQEBAQEBAQEBAQEBAQ$"),
            "{text}"
        );
        assert_eq!(
            Hashing::default().verify("pencil", Some(&text)),
            Verdict::Matches
        );
    }

    #[test]
    fn only_the_same_password_matches() {
        let text = QUICK.hash("péncil", &[2; 16]).unwrap();
        let check =
            |password, want| assert_eq!(QUICK.verify(password, Some(&text)), want, "{password}");
        check("péncil", Verdict::Matches);
        check("pe\u{301}ncil", Verdict::Matches);
        check("pencil", Verdict::Differs);
        check("", Verdict::Differs);
        assert_eq!(
            Hashing {
                iterations: 2,
                ..QUICK
            }
            .verify("péncil", Some(&text)),
            Verdict::Outdated
        );
        assert_ne!(QUICK.hash("péncil", &[3; 16]).unwrap(), text);
    }

    /// The `m=256` vector published with the reference implementation.
    #[test]
    fn a_known_hash_verifies() {
        let known =
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert_eq!(QUICK.verify("password", Some(known)), Verdict::Outdated);
        assert_eq!(QUICK.verify("passwore", Some(known)), Verdict::Differs);
    }

    #[test]
    fn nothing_else_matches() {
        for stored in [
            None,
            Some(""),
            Some("pencil"),
            Some("$argon2id$v=19$m=64,t=1,p=1$AQEBAQEBAQEBAQEBAQEBAQ"),
            Some(
                "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            ),
            Some(
                "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
            ),
        ] {
            assert_eq!(
                QUICK.verify("pencil", stored),
                Verdict::Differs,
                "{stored:?}"
            );
        }
        for costs in [
            Hashing { memory: 7, ..QUICK },
            Hashing { lanes: 0, ..QUICK },
            Hashing {
                memory: u32::MAX,
                ..QUICK
            },
        ] {
            assert_eq!(costs.hash("pencil", &[1; 16]), Err(HashError));
        }
    }
}
