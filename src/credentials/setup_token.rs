use aws_lc_rs::constant_time::verify_slices_are_equal;
use types::Secret;

use crate::encoding::base32;
use crate::sha256;

/// The token that claims a fresh server: 32 random octets as 52 base32 characters, of which only the hash is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetupToken {
    hash: [u8; 32],
}

impl SetupToken {
    /// Makes a token from random octets: the clear text, shown once, and what is stored.
    pub fn new(random: &[u8; 32]) -> (Secret, Self) {
        let text = base32(random);
        let token = Self::from_text(&text);
        (Secret::new(text), token)
    }

    /// Takes a text that an administrator chose.
    pub fn from_text(text: &str) -> Self {
        Self {
            hash: sha256(text.as_bytes()),
        }
    }

    /// Reads what was stored.
    pub fn from_hash(hash: [u8; 32]) -> Self {
        Self { hash }
    }

    /// The SHA-256 that is stored.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// Whether `given` is the token, compared in constant time; blanks around it come from copying and do not count.
    pub fn verify(&self, given: &str) -> bool {
        verify_slices_are_equal(&sha256(given.trim().as_bytes()), &self.hash).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_is_taken() {
        let (text, token) = SetupToken::new(&[9; 32]);
        assert_eq!(text.reveal().len(), 52);
        assert!(token.verify(text.reveal()));
        assert!(token.verify(&format!(" {}\n", text.reveal())));
        assert!(SetupToken::from_hash(*token.hash()).verify(text.reveal()));
        for wrong in ["", "x", &text.reveal()[1..], &text.reveal().to_lowercase()] {
            assert!(!token.verify(wrong), "{wrong}");
        }
        assert!(
            SetupToken::from_text("chosen by the administrator")
                .verify("chosen by the administrator")
        );
    }
}
