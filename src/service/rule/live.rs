//! Rules as live signals meet them: read once, checked once, and remembered until something changes.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use jiff::tz::TimeZone;
use model::account::{AccountSettings, RulesAllowed};
use model::rule::SignalRule;
use rules::{Level, Moment, Picture, Rules, Set};
use types::Timestamp;
use uuid::Uuid;

use crate::{Result, Service, Subscriber, now};

/// A change is told by the notice of its commit; without one it acts after this long at the latest.
const GOOD_FOR_SECONDS: i64 = 300;
/// Most entries of a dataset that is added to.
const ENTRIES: i32 = 5000;

/// The rules that many accounts share, and the clock that all rules go by.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Those of the server by `None`, those of domains by their ids.
    sets: HashMap<Option<Uuid>, Arc<Set>>,
    zone: Option<TimeZone>,
}

#[derive(Default)]
pub(crate) struct SharedRules(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    /// Rises when everything is forgotten: what was read before that is not taken any more.
    generation: u64,
    known: Option<(Timestamp, Arc<Shared>)>,
    /// What was known last, good enough to tell the time by.
    last: Option<Arc<Shared>>,
}

impl SharedRules {
    pub(crate) fn forget(&self) {
        if let Ok(mut remembered) = self.0.lock() {
            remembered.generation += 1;
            remembered.known = None;
        }
    }

    /// What is remembered; whoever finds it old renews it, and all others take it as it is.
    fn find(&self, moment: Timestamp) -> std::result::Result<Arc<Shared>, u64> {
        let Ok(mut remembered) = self.0.lock() else { return Err(u64::MAX) };
        let generation = remembered.generation;
        match &mut remembered.known {
            Some((at, shared)) if moment < at.plus_seconds(GOOD_FOR_SECONDS) => Ok(shared.clone()),
            Some((at, _)) => {
                *at = moment;
                Err(generation)
            }
            None => Err(generation),
        }
    }

    fn last(&self) -> Option<Arc<Shared>> {
        self.0.lock().ok()?.last.clone()
    }

    fn remember(&self, generation: u64, moment: Timestamp, shared: Arc<Shared>) {
        if let Ok(mut remembered) = self.0.lock()
            && remembered.generation == generation
        {
            remembered.last = Some(shared.clone());
            remembered.known = Some((moment, shared));
        }
    }
}

/// Rules as they act. Those that were kept were checked; should an older program have let more pass, none of them acts.
pub(crate) fn acting(rules: &[SignalRule], level: Level) -> Option<Arc<Set>> {
    match rules::compile(rules, level) {
        Ok(set) => Some(set).filter(|set| !set.is_empty()).map(Arc::new),
        Err(faults) => {
            tracing::error!(pointer = faults.first().map(|fault| fault.pointer.as_str()), "signal rules cannot be read and do not act");
            None
        }
    }
}

impl Service {
    async fn shared_rules(&self) -> Result<Arc<Shared>> {
        let (shared, moment) = (&self.inner.shared_rules, now());
        let generation = match shared.find(moment) {
            Ok(shared) => return Ok(shared),
            Err(generation) => generation,
        };
        let zone = self.store().server().await?.and_then(|server| TimeZone::get(&server.time_zone).ok());
        let sets = self.store().shared_signal_rules().await?;
        let level = |owner: &Option<Uuid>| if owner.is_some() { Level::Domain } else { Level::Server };
        let sets = sets.into_iter().filter_map(|(owner, rules)| Some((owner, acting(&rules, level(&owner))?))).collect();
        let read = Arc::new(Shared { sets, zone });
        shared.remember(generation, moment, read.clone());
        Ok(read)
    }

    /// The rules of the server, when there are any.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn server_rules(&self) -> Result<Option<Arc<Set>>> {
        Ok(self.shared_rules().await?.sets.get(&None).cloned())
    }

    /// The rules that act on signals for an account; `None` when there are none at all.
    pub(crate) async fn rules_for(&self, account: Uuid, domain: Uuid, settings: &AccountSettings, own: &[SignalRule]) -> Result<Option<Rules>> {
        let shared = self.shared_rules().await?;
        let allowed = settings.signal_rules_allowed == RulesAllowed::Any && !own.is_empty();
        let rules = Rules {
            server: shared.sets.get(&None).cloned(),
            domain: shared.sets.get(&Some(domain)).cloned(),
            account: if allowed { acting(own, Level::Account) } else { None },
            datasets: HashMap::new(),
        };
        let sets: Vec<&Arc<Set>> = [&rules.server, &rules.domain, &rules.account].into_iter().flatten().collect();
        if sets.is_empty() {
            return Ok(None);
        }
        let names: BTreeSet<&str> = sets.iter().flat_map(|set| set.datasets()).collect();
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let datasets = self.datasets_of(account, &names).await?;
        Ok(Some(Rules { datasets, ..rules }))
    }

    /// Datasets of an account as conditions ask for them.
    pub(crate) async fn datasets_of(&self, account: Uuid, names: &[String]) -> Result<HashMap<String, Vec<Picture>>> {
        if names.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = self.store().datasets(account, Some(names)).await?;
        Ok(rows.into_iter().map(|row| (row.name, row.entries.iter().map(|entry| Picture::parse(entry)).collect())).collect())
    }

    /// The moment by the clock of the server's time zone.
    pub fn wall_clock(&self) -> Option<Moment> {
        let zone = self.inner.shared_rules.last()?.zone.clone();
        let at = jiff::Timestamp::from_microsecond(now().micros()).ok()?.to_zoned(zone.unwrap_or(TimeZone::UTC));
        let second = u32::try_from(i32::from(at.hour()) * 3600 + i32::from(at.minute()) * 60 + i32::from(at.second())).ok()?;
        Some(Moment { year: at.year(), month: u8::try_from(at.month()).ok()?, day: u8::try_from(at.day()).ok()?, second })
    }

    /// Adds an address to a dataset of an account, as a rule wants it.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn remember_in(&self, account: &Subscriber, dataset: &str, address: &str) -> Result<()> {
        self.store().remember(account.account_id, dataset, &address.to_lowercase(), ENTRIES).await?;
        self.inner.subscribers.forget_one(account.account_id);
        Ok(())
    }
}
