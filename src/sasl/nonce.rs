use std::fmt;

use aws_lc_rs::digest::{self, SHA256};

use crate::encode;

/// An endless row of nonces from one random seed, so that a machine can sign in several times without randomness of its
/// own.
#[derive(Clone)]
pub struct Nonces {
    seed: [u8; 32],
    used: u64,
}

impl Nonces {
    /// Starts the row; `seed` is random and secret, one for each connection.
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed, used: 0 }
    }

    /// The next nonce: 24 printable characters, none of them a comma.
    pub fn next_nonce(&mut self) -> String {
        let mut context = digest::Context::new(&SHA256);
        context.update(&self.seed);
        context.update(&self.used.to_be_bytes());
        self.used = self.used.wrapping_add(1);
        let hash = context.finish();
        encode(hash.as_ref().get(..18).unwrap_or_default())
    }
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces")
            .field("used", &self.used)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_differ_and_are_printable() {
        let mut nonces = Nonces::new([7; 32]);
        let row: Vec<String> = (0..100).map(|_| nonces.next_nonce()).collect();
        let mut unique = row.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), row.len());
        assert!(
            row.iter()
                .all(|n| n.len() == 24 && n.bytes().all(|b| b.is_ascii_graphic() && b != b','))
        );
        assert_ne!(Nonces::new([8; 32]).next_nonce(), row[0]);
    }

    #[test]
    fn debug_hides_the_seed() {
        assert_eq!(
            format!("{:?}", Nonces::new([7; 32])),
            "Nonces { used: 0, .. }"
        );
    }
}
