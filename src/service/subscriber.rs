//! Subscribers: accounts as telephones know them, and the digest secrets that prove who a telephone is.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use model::account::{AccountSettings, DiallerSettings};
use model::domain::DomainSettings;
use model::routing::Flow;
use model::settings::{self, fold};
use router::{Route, Situation};
use sasl::digest::{Algorithm, Ha1};
use serde::{Deserialize, Serialize};
use types::{Secret, Timestamp};
use uuid::Uuid;

use crate::{Error, Kind, Result, Service, now};

/// Subscribers in each of the two halves that are remembered; the older half is dropped when the younger one is full.
const HALF: usize = 8_000;
/// Different settings that are kept to be shared; nearly all accounts of a domain have the same.
const KINDS: usize = 16;
/// A change is told by the notice of its commit, from whichever node; without one it acts after this long at the latest.
const GOOD_FOR_SECONDS: i64 = 300;

/// An account as a telephone knows it.
#[derive(Debug)]
pub struct Subscriber {
    /// The account.
    pub account_id: Uuid,
    /// Its domain.
    pub domain_id: Uuid,
    /// `name@domain`.
    pub address: Box<str>,
    /// Other names, without the domain.
    pub aliases: Vec<String>,
    /// Telephone numbers.
    pub telnums: Vec<String>,
    /// The account and its domain are active.
    pub active: bool,
    /// Settings as they act; accounts with the same ones share them.
    pub settings: Arc<AccountSettings>,
    /// How often all accounts of its domain register and call; `None` when that has no limit.
    pub domain_flows: Option<Box<DomainFlows>>,
    /// Settings of its telephone in the browser.
    pub dialler: DiallerSettings,
    /// The rules that act on signals for it; `None` when there are none.
    pub rules: Option<Box<rules::Rules>>,
    secrets: Option<Secrets>,
}

/// How often all accounts of a domain together register and call.
#[derive(Debug, Clone, Copy)]
pub struct DomainFlows {
    /// Registrations.
    pub register: settings::Flow,
    /// Calls that come.
    pub call_in: settings::Flow,
    /// Calls that go.
    pub call_out: settings::Flow,
}

impl DomainFlows {
    fn of(settings: &DomainSettings) -> Option<Box<Self>> {
        let flows = Self { register: settings.register_flow, call_in: settings.call_in_flow, call_out: settings.call_out_flow };
        [flows.register, flows.call_in, flows.call_out].iter().any(|flow| flow.count >= 0).then(|| Box::new(flows))
    }
}

/// Digest secrets as they are sealed: realm, and by algorithm the secret of each user name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Sealed {
    realm: String,
    md5: BTreeMap<String, String>,
    sha256: BTreeMap<String, String>,
}

/// The same as they are remembered: thousands of accounts are, so each secret stands as its octets behind its name.
struct Secrets {
    realm: Box<str>,
    proofs: Box<[Proof]>,
}

/// The secret of a user name.
struct Proof {
    algorithm: Algorithm,
    name: Box<str>,
    hash: Box<[u8]>,
}

impl From<Sealed> for Secrets {
    fn from(sealed: Sealed) -> Self {
        let of = |algorithm, by_name: BTreeMap<String, String>| {
            by_name.into_iter().filter_map(move |(name, hex)| Some(Proof { algorithm, name: name.into(), hash: Ha1::parse(algorithm, &hex)?.octets().collect() }))
        };
        let proofs = of(Algorithm::Md5, sealed.md5).chain(of(Algorithm::Sha256, sealed.sha256)).collect();
        Self { realm: sealed.realm.into(), proofs }
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("realm", &self.realm).finish_non_exhaustive()
    }
}

impl Subscriber {
    /// The digest secret of a user name; `None` when the name is not one of those known when the password was set.
    pub fn secret(&self, algorithm: Algorithm, username: &str, realm: &str) -> Option<Ha1> {
        let secrets = self.secrets.as_ref().filter(|secrets| secrets.realm.eq_ignore_ascii_case(realm))?;
        let proof = secrets.proofs.iter().find(|proof| proof.algorithm == algorithm && *proof.name == *username)?;
        Ha1::from_octets(algorithm, &proof.hash)
    }

    /// Whether a telephone can prove that it is this account.
    pub fn has_secret(&self) -> bool {
        self.secrets.is_some()
    }
}

/// The names by which a telephone may sign in as an account: `bob`, `bob@domain`, and so for every alias and number.
pub(crate) fn user_names<'a>(domain: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    names.into_iter().flat_map(|name| [name.to_owned(), format!("{name}@{domain}")]).collect()
}

fn derive(realm: &str, names: &[String], password: &str) -> Sealed {
    let all = |algorithm| names.iter().map(|name| (name.clone(), Ha1::derive(algorithm, name, realm, password).reveal().to_owned())).collect();
    Sealed { realm: realm.to_owned(), md5: all(Algorithm::Md5), sha256: all(Algorithm::Sha256) }
}

#[derive(Default)]
pub(crate) struct Subscribers(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    /// Rises when everything is forgotten: what was read before that is not taken any more.
    generation: u64,
    young: HashMap<Uuid, (Timestamp, Arc<Subscriber>)>,
    old: HashMap<Uuid, (Timestamp, Arc<Subscriber>)>,
    /// Settings that were met lately, the latest last.
    settings: Vec<Arc<AccountSettings>>,
}

impl Remembered {
    /// The same settings as others have, in one place.
    fn shared(&mut self, settings: AccountSettings) -> Arc<AccountSettings> {
        if let Some(known) = self.settings.iter().find(|known| ***known == settings) {
            return known.clone();
        }
        if self.settings.len() >= KINDS {
            self.settings.remove(0);
        }
        let settings = Arc::new(settings);
        self.settings.push(settings.clone());
        settings
    }

    fn insert(&mut self, at: Timestamp, subscriber: Arc<Subscriber>) {
        if self.young.len() >= HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(subscriber.account_id, (at, subscriber));
    }
}

impl Subscribers {
    pub(crate) fn forget(&self) {
        if let Ok(mut remembered) = self.0.lock() {
            remembered.generation += 1;
            (remembered.young, remembered.old) = Default::default();
        }
    }

    /// Forgets one account alone.
    pub(crate) fn forget_one(&self, account: Uuid) {
        if let Ok(mut remembered) = self.0.lock() {
            remembered.generation += 1;
            remembered.young.remove(&account);
            remembered.old.remove(&account);
        }
    }

    fn find(&self, account: Uuid, moment: Timestamp) -> std::result::Result<Arc<Subscriber>, u64> {
        let Ok(mut remembered) = self.0.lock() else { return Err(u64::MAX) };
        let is_good = |at: Timestamp| moment < at.plus_seconds(GOOD_FOR_SECONDS);
        if let Some((at, subscriber)) = remembered.young.get(&account) {
            return if is_good(*at) { Ok(subscriber.clone()) } else { Err(remembered.generation) };
        }
        match remembered.old.remove(&account) {
            Some((at, subscriber)) if is_good(at) => {
                remembered.insert(at, subscriber.clone());
                Ok(subscriber)
            }
            _ => Err(remembered.generation),
        }
    }

    fn shared(&self, settings: AccountSettings) -> Arc<AccountSettings> {
        match self.0.lock() {
            Ok(mut remembered) => remembered.shared(settings),
            Err(_) => Arc::new(settings),
        }
    }

    fn remember(&self, generation: u64, moment: Timestamp, subscriber: Arc<Subscriber>) {
        if let Ok(mut remembered) = self.0.lock()
            && remembered.generation == generation
        {
            remembered.insert(moment, subscriber);
        }
    }
}

impl Service {
    /// Seals the digest secrets of a password, for the names under which a telephone may give it.
    pub(crate) fn seal_digest(&self, account: Uuid, domain: &str, names: &[String], password: &Secret) -> Result<Vec<u8>> {
        let secrets = serde_json::to_vec(&derive(domain, names, password.reveal())).unwrap_or_default();
        self.inner.master.seal(&about(account), &secrets)
    }

    /// An account as telephones know it, from memory when it was asked for lately.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn subscriber(&self, account: Uuid) -> Result<Option<Arc<Subscriber>>> {
        let (subscribers, moment) = (&self.inner.subscribers, now());
        let generation = match subscribers.find(account, moment) {
            Ok(subscriber) => return Ok(Some(subscriber)),
            Err(generation) => generation,
        };
        let Some(row) = self.store().sign_in(account).await? else { return Ok(None) };
        let [server, domain, own] = &row.settings;
        let opened = row.digest.as_ref().and_then(|sealed| self.inner.master.open(&about(account), sealed).ok());
        let settings: AccountSettings = fold(&[server, domain, own]);
        let rules = self.rules_for(account, row.domain_id, &settings, &row.rules).await?;
        let subscriber = Arc::new(Subscriber {
            account_id: account,
            domain_id: row.domain_id,
            address: row.address.into(),
            aliases: row.aliases,
            telnums: row.telnums,
            active: row.active,
            settings: subscribers.shared(settings),
            domain_flows: DomainFlows::of(&fold(&[&row.domain_settings[0], &row.domain_settings[1]])),
            dialler: fold(&[&row.dialler]),
            rules: rules.map(Box::new),
            secrets: opened.and_then(|octets| Some(serde_json::from_slice::<Sealed>(&octets).ok()?.into())),
        });
        subscribers.remember(generation, moment, subscriber.clone());
        Ok(Some(subscriber))
    }

    /// The account a telephone signs in as: `username` as it gives it, within the realm when it holds no domain.
    ///
    /// # Errors
    /// When the directory cannot answer.
    pub async fn subscriber_of_login(&self, username: &str, realm: &str) -> Result<Option<Arc<Subscriber>>> {
        let whole;
        let login = if username.contains(['@', '%']) {
            username
        } else {
            whole = format!("{username}@{realm}");
            &whole
        };
        match self.route(login, Flow::Access, &router::Context::default()).await?.route {
            Route::Local(local) => self.subscriber(local.account.id).await,
            Route::Error(error) if error.situation == Situation::Temporary => Err(Error::new(Kind::Unavailable, "overloaded", "The server cannot do this now; try again later.")),
            _ => Ok(None),
        }
    }
}

fn about(account: Uuid) -> String {
    format!("digest:{account}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscriber(account_id: Uuid) -> Subscriber {
        let names = user_names("a.example", ["bob", "+4930123"]);
        Subscriber {
            account_id,
            domain_id: Uuid::nil(),
            address: "bob@a.example".into(),
            aliases: Vec::new(),
            telnums: Vec::new(),
            active: true,
            settings: Arc::default(),
            domain_flows: None,
            dialler: DiallerSettings::default(),
            rules: None,
            secrets: Some(derive("a.example", &names, "secret").into()),
        }
    }

    #[test]
    fn those_asked_for_lately_are_remembered_and_no_more() {
        let (known, at) = (Subscribers::default(), Timestamp::from_seconds(1_000));
        let id = |number: usize| Uuid::from_u128(number as u128);
        known.remember(0, at, Arc::new(subscriber(id(7))));
        for number in 0..3 * HALF {
            known.remember(0, at, Arc::new(Subscriber { secrets: None, ..subscriber(id(number)) }));
            assert!(known.find(id(7), at).is_ok(), "{number}: it is asked for all the time");
        }
        let found = (0..3 * HALF).filter(|number| known.find(id(*number), at).is_ok()).count();
        assert!(found <= 2 * HALF && known.find(id(3 * HALF - 1), at).is_ok(), "{found}");
        assert!(known.find(id(7), at.plus_seconds(GOOD_FOR_SECONDS)).is_err());
        known.forget_one(id(7));
        assert_eq!(known.find(id(7), at).err(), Some(1));
        known.remember(0, at, Arc::new(subscriber(id(7))));
        assert!(known.find(id(7), at).is_err(), "what was read before it was forgotten is not taken");
    }

    #[test]
    fn the_same_settings_stand_once() {
        let mut remembered = Remembered::default();
        let of = |seconds| AccountSettings { no_answer_seconds: seconds, ..AccountSettings::default() };
        let first = remembered.shared(of(1));
        for other in 2..=KINDS as i64 {
            remembered.shared(of(other));
            assert!(Arc::ptr_eq(&first, &remembered.shared(of(1))));
        }
        remembered.shared(of(0));
        assert!(!Arc::ptr_eq(&first, &remembered.shared(of(1))), "no more kinds than that are kept");
        assert_eq!(remembered.settings.len(), KINDS);
    }

    #[test]
    fn a_secret_is_found_by_the_name_it_was_made_for() {
        let subscriber = subscriber(Uuid::nil());
        for name in ["bob", "bob@a.example", "+4930123"] {
            let found = subscriber.secret(Algorithm::Md5, name, "A.example").unwrap();
            assert_eq!(found.reveal(), Ha1::derive(Algorithm::Md5, name, "a.example", "secret").reveal(), "{name}");
            assert!(subscriber.secret(Algorithm::Sha256, name, "a.example").is_some());
        }
        assert!(subscriber.secret(Algorithm::Md5, "Bob", "a.example").is_none());
        assert!(subscriber.secret(Algorithm::Md5, "bob", "b.example").is_none());
    }
}
