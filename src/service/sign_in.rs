//! Sign-in for protocols: what a SASL exchange asks is answered here, the same for SMTP, IMAP and POP.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use credentials::{Hashing, ScramKeys, VerifiedCache};
use model::account::AccountSettings;
use model::settings::{Flow, fold};
use sasl::{Answer, Question};
use store::sign_in::SignInRow;
use types::{Secret, Timestamp};

use crate::{Service, Standing, now};

/// Verified passwords are remembered this long; a changed password is another key and does not hit.
const VERIFIED_SECONDS: i64 = 120;
const REMEMBERED: usize = 50_000;

/// A protocol by which one signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// SMTP.
    Smtp,
    /// IMAP.
    Imap,
    /// POP3.
    Pop,
}

/// A sign-in that is tried.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// By which protocol.
    pub protocol: Protocol,
    /// From where.
    pub remote_ip: IpAddr,
}

/// Passwords verified lately, and failures counted per account and address.
pub(crate) struct Guard {
    verified: VerifiedCache,
    passed: Mutex<HashMap<[u8; 32], Timestamp>>,
    failures: Mutex<HashMap<String, (Timestamp, i64)>>,
    decoy: [u8; 32],
}

impl Guard {
    pub(crate) fn new() -> Self {
        Self { verified: VerifiedCache::new(&rand::random()), passed: Mutex::default(), failures: Mutex::default(), decoy: rand::random() }
    }

    fn passed(&self, key: &[u8; 32], moment: Timestamp) -> bool {
        self.passed.lock().is_ok_and(|passed| passed.get(key).is_some_and(|until| moment < *until))
    }

    fn remember(&self, key: [u8; 32], moment: Timestamp) {
        if let Ok(mut passed) = self.passed.lock() {
            if passed.len() >= REMEMBERED {
                passed.clear();
            }
            passed.insert(key, moment.plus_seconds(VERIFIED_SECONDS));
        }
    }

    /// Whether the flow of failures is used up.
    fn blocked(&self, key: &str, flow: Flow, moment: Timestamp) -> bool {
        flow.count >= 0
            && self.failures.lock().is_ok_and(|map| map.get(key).is_some_and(|(begun, count)| moment < begun.plus_seconds(flow.period) && *count >= flow.count))
    }

    fn count_failure(&self, key: String, flow: Flow, moment: Timestamp) {
        if let Ok(mut map) = self.failures.lock() {
            if map.len() >= REMEMBERED {
                map.clear();
            }
            let entry = map.entry(key).or_insert((moment, 0));
            if moment >= entry.0.plus_seconds(flow.period) {
                *entry = (moment, 0);
            }
            entry.1 += 1;
        }
    }
}

impl Service {
    /// Answers what a SASL exchange asks. With `Accepted` comes the account that is let in.
    pub async fn answer_sign_in(&self, attempt: &Attempt, question: Question) -> (Answer, Option<Arc<Standing>>) {
        match question {
            Question::Password { identity, password } => match self.sign_in(attempt, &identity.login, identity.authzid.as_deref(), &password).await {
                Ok(Some(standing)) => (Answer::Accepted, Some(standing)),
                Ok(None) => (Answer::Refused, None),
                Err(_) => (Answer::Unavailable, None),
            },
            Question::ScramKeys { login } => match self.scram_keys(&login).await {
                Ok(keys) => (Answer::Keys(keys), None),
                Err(_) => (Answer::Unavailable, None),
            },
            Question::Proof { identity, valid } => match self.finish(attempt, &identity.login, identity.authzid.as_deref(), valid).await {
                Ok(Some(standing)) => (Answer::Accepted, Some(standing)),
                Ok(None) => (Answer::Refused, None),
                Err(_) => (Answer::Unavailable, None),
            },
        }
    }

    async fn sign_in(&self, attempt: &Attempt, login: &str, authzid: Option<&str>, password: &Secret) -> crate::Result<Option<Arc<Standing>>> {
        let row = self.sign_in_row(login).await?;
        let moment = now();
        let guard = &self.inner.guard;
        let verifier = row.as_ref().and_then(|row| row.verifier.clone());
        // The key holds the stored verifier: a changed password is never found under the old one.
        let key = verifier.as_ref().map(|verifier| guard.verified.key(verifier, password.reveal()));
        let valid = if key.is_some_and(|key| guard.passed(&key, moment)) {
            true
        } else {
            let password = password.clone();
            self.hash(move || Hashing::default().verify(password.reveal(), verifier.as_deref()).is_match()).await?
        };
        if let (true, Some(key)) = (valid, key) {
            guard.remember(key, moment);
        }
        Ok(self.admit(attempt, row, authzid, valid))
    }

    async fn finish(&self, attempt: &Attempt, login: &str, authzid: Option<&str>, valid: bool) -> crate::Result<Option<Arc<Standing>>> {
        let row = self.sign_in_row(login).await?;
        Ok(self.admit(attempt, row, authzid, valid))
    }

    async fn sign_in_row(&self, login: &str) -> crate::Result<Option<SignInRow>> {
        match self.account_of_login(login).await? {
            Some(account) => Ok(self.store().sign_in(account).await?),
            None => Ok(None),
        }
    }

    /// Decides about a proof: limits, state and services of the account. Failures of every kind look the same.
    fn admit(&self, attempt: &Attempt, row: Option<SignInRow>, authzid: Option<&str>, valid: bool) -> Option<Arc<Standing>> {
        let (guard, moment) = (&self.inner.guard, now());
        let per_ip = Flow { count: 20, period: 600 };
        let ip_key = attempt.remote_ip.to_string();
        let trusted = attempt.remote_ip.is_loopback();
        let Some(row) = row else {
            guard.count_failure(ip_key, per_ip, moment);
            return None;
        };
        let [server, domain, own] = &row.settings;
        let settings: AccountSettings = fold(&[server, domain, own]);
        let account_key = row.account_id.to_string();
        let blocked = guard.blocked(&account_key, settings.failed_login_flow, moment) || (!trusted && guard.blocked(&ip_key, per_ip, moment));
        if !valid {
            guard.count_failure(account_key, settings.failed_login_flow, moment);
            guard.count_failure(ip_key, per_ip, moment);
        }
        let service = match attempt.protocol {
            Protocol::Smtp => settings.mail,
            Protocol::Imap => settings.imap,
            Protocol::Pop => settings.pop,
        };
        let for_another = authzid.is_some_and(|other| !other.is_empty() && !other.eq_ignore_ascii_case(&row.address));
        if blocked || !valid || !row.active || !service || for_another {
            return None;
        }
        Some(Arc::new(Standing {
            account_id: row.account_id,
            domain_id: row.domain_id,
            address: row.address,
            session_id: None,
            server_rights: row.server_rights,
            domain_rights: row.domain_rights,
        }))
    }

    /// SCRAM keys of a login name; an unknown name gets a salt of its own that is always the same.
    async fn scram_keys(&self, login: &str) -> crate::Result<ScramKeys> {
        let stored = self.sign_in_row(login).await?.and_then(|row| scram_of(&row.scram?));
        if let Some(keys) = stored {
            return Ok(keys);
        }
        let salt = VerifiedCache::new(&self.inner.guard.decoy).key(&login.to_lowercase(), "salt");
        let salt = salt.get(..16).unwrap_or_default().to_vec();
        Ok(ScramKeys { salt, iterations: crate::auth::SCRAM_ITERATIONS, stored_key: rand::random(), server_key: rand::random() })
    }
}

fn scram_of(value: &serde_json::Value) -> Option<ScramKeys> {
    let octets = |key: &str| -> Option<Vec<u8>> {
        let text = value.get(key)?.as_str()?;
        (0..text.len() / 2).map(|i| u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()).collect()
    };
    Some(ScramKeys {
        salt: octets("salt")?,
        iterations: u32::try_from(value.get("iterations")?.as_u64()?).ok()?,
        stored_key: octets("stored_key")?.try_into().ok()?,
        server_key: octets("server_key")?.try_into().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_block_for_the_rest_of_the_period() {
        let guard = Guard::new();
        let flow = Flow { count: 3, period: 60 };
        let start = Timestamp::from_seconds(1000);
        for _ in 0..3 {
            assert!(!guard.blocked("a", flow, start));
            guard.count_failure("a".into(), flow, start);
        }
        assert!(guard.blocked("a", flow, start.plus_seconds(59)));
        assert!(!guard.blocked("b", flow, start));
        assert!(!guard.blocked("a", flow, start.plus_seconds(60)));
        assert!(!guard.blocked("a", Flow { count: -1, period: 60 }, start));
    }

    #[test]
    fn verified_passwords_are_forgotten_in_time() {
        let guard = Guard::new();
        let key = guard.verified.key("verifier", "password");
        guard.remember(key, Timestamp::from_seconds(0));
        assert!(guard.passed(&key, Timestamp::from_seconds(119)));
        assert!(!guard.passed(&key, Timestamp::from_seconds(120)));
        assert!(!guard.passed(&guard.verified.key("other verifier", "password"), Timestamp::from_seconds(1)));
    }

    #[test]
    fn stored_scram_keys_are_read_back() {
        let value = serde_json::json!({"salt": "00ff", "iterations": 4096, "stored_key": "11".repeat(32), "server_key": "22".repeat(32)});
        let keys = scram_of(&value).unwrap();
        assert_eq!((keys.salt, keys.iterations, keys.stored_key), (vec![0, 255], 4096, [0x11; 32]));
        assert!(scram_of(&serde_json::json!({"salt": "00"})).is_none());
    }
}
