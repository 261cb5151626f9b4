use std::fmt;

use aws_lc_rs::hmac;

use super::same;
use crate::{decode, encode};

/// Octets of the time, of randomness, and of the seal.
const TIME: usize = 8;
const RANDOM: usize = 8;
const SEAL: usize = 16;

/// Makes and knows nonces that are stored nowhere: the time, randomness, and a seal over both and the realm.
pub struct NonceKeys {
    /// The first makes nonces, all know them.
    keys: Vec<hmac::Key>,
}

/// What a nonce turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceCheck {
    /// Ours and young enough.
    Fresh,
    /// Ours and too old: a new challenge says `stale=true`.
    Stale,
    /// Not ours, or made for another realm.
    Foreign,
}

impl NonceKeys {
    /// `current` makes nonces; those of `previous` are still known. Both are random and secret.
    pub fn new(current: &[u8; 32], previous: Option<&[u8; 32]>) -> Self {
        let key = |octets: &[u8; 32]| hmac::Key::new(hmac::HMAC_SHA256, octets);
        Self {
            keys: std::iter::once(current).chain(previous).map(key).collect(),
        }
    }

    /// A nonce; `now` in seconds of any clock that all nodes share, `random` fresh.
    pub fn make(&self, now: u64, random: [u8; RANDOM], realm: &str) -> String {
        let mut octets = Vec::with_capacity(TIME + RANDOM + SEAL);
        octets.extend_from_slice(&now.to_be_bytes());
        octets.extend_from_slice(&random);
        if let Some(key) = self.keys.first() {
            let seal = seal(key, &octets, realm);
            octets.extend_from_slice(seal.as_ref().get(..SEAL).unwrap_or_default());
        }
        encode(octets)
    }

    /// What a presented nonce is, when nonces live for `lifetime` seconds.
    pub fn check(&self, nonce: &str, now: u64, lifetime: u64, realm: &str) -> NonceCheck {
        let octets = decode(nonce.as_bytes()).filter(|octets| octets.len() == TIME + RANDOM + SEAL);
        let Some((sealed, presented)) = octets
            .as_deref()
            .and_then(|octets| octets.split_at_checked(TIME + RANDOM))
        else {
            return NonceCheck::Foreign;
        };
        let known = |key: &hmac::Key| {
            let seal = seal(key, sealed, realm);
            same(seal.as_ref().get(..SEAL).unwrap_or_default(), presented)
        };
        let Some(made) = sealed.first_chunk().map(|time| u64::from_be_bytes(*time)) else {
            return NonceCheck::Foreign;
        };
        if !self.keys.iter().any(known) {
            return NonceCheck::Foreign;
        }
        // Another node's clock may be a little ahead.
        if now.saturating_sub(made) > lifetime {
            NonceCheck::Stale
        } else {
            NonceCheck::Fresh
        }
    }
}

fn seal(key: &hmac::Key, octets: &[u8], realm: &str) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(octets);
    context.update(realm.as_bytes());
    context.sign()
}

impl fmt::Debug for NonceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NonceKeys").finish_non_exhaustive()
    }
}

/// Which counts of a nonce were seen: none twice, and none 64 or more behind the highest.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReplayWindow {
    highest: u32,
    /// Bit n stands for `highest - n`.
    seen: u64,
}

impl ReplayWindow {
    /// Notes a count; `false` when it is a replay.
    pub fn accept(&mut self, count: u32) -> bool {
        if count > self.highest {
            let shift = count - self.highest;
            self.seen = self.seen.checked_shl(shift).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let bit = 1_u64.checked_shl(self.highest - count).unwrap_or(0);
        let fresh = count > 0 && bit != 0 && self.seen & bit == 0;
        self.seen |= if fresh { bit } else { 0 };
        fresh
    }
}
