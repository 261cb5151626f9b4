//! What the directory said about names, remembered within bounds.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use router::{Answer, Object, Situation};
use uuid::Uuid;

/// Names in each of the two halves; the older half is dropped when the younger one is full.
const HALF: usize = 50_000;

/// An answer of the directory.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) answer: Answer,
    /// How mail for the account is refused.
    pub(super) mail: Option<Situation>,
}

impl Known {
    /// The account in the answer.
    pub(super) fn account(&self) -> Option<Uuid> {
        match &self.answer {
            Answer::Object(Object::Account(account)) => Some(account.id),
            Answer::Owner(owner) => owner.as_ref().map(|owner| owner.account.id),
            _ => None,
        }
    }
}

impl From<Answer> for Known {
    fn from(answer: Answer) -> Self {
        Self { answer, mail: None }
    }
}

/// Answers about names of domains, and about numbers (without a domain); "nothing" is an answer too.
#[derive(Default)]
pub(super) struct Names {
    hasher: RandomState,
    halves: Mutex<Halves>,
}

#[derive(Default)]
struct Halves {
    /// Rises when everything is forgotten: an answer found before that is not taken any more.
    generation: u64,
    young: HashMap<u64, Entry>,
    old: HashMap<u64, Entry>,
}

/// Found by the hash of its key, so that looking up copies no text; the key is compared.
struct Entry {
    domain: Option<Uuid>,
    name: Box<str>,
    known: Known,
}

impl Names {
    /// The answer, or the generation in which one is to be found.
    pub(super) fn find(&self, domain: Option<Uuid>, name: &str) -> Result<Known, u64> {
        let hash = self.hasher.hash_one((domain, name));
        let mut halves = self.lock();
        let fits = |entry: &&Entry| entry.domain == domain && *entry.name == *name;
        if let Some(entry) = halves.young.get(&hash).filter(fits) {
            return Ok(entry.known.clone());
        }
        let Some(entry) = halves.old.remove(&hash).filter(|entry| fits(&entry)) else {
            return Err(halves.generation);
        };
        let known = entry.known.clone();
        halves.insert(hash, entry);
        Ok(known)
    }

    /// Remembers an answer found in a generation.
    pub(super) fn remember(&self, generation: u64, domain: Option<Uuid>, name: &str, known: Known) {
        let hash = self.hasher.hash_one((domain, name));
        let mut halves = self.lock();
        if halves.generation == generation {
            halves.insert(hash, Entry { domain, name: name.into(), known });
        }
    }

    /// Forgets everything.
    pub(super) fn forget(&self) {
        let mut halves = self.lock();
        halves.generation += 1;
        halves.young.clear();
        halves.old.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Halves> {
        self.halves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Halves {
    fn insert(&mut self, hash: u64, entry: Entry) {
        if self.young.len() >= HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Known {
        Answer::Object(Object::Nothing).into()
    }

    #[test]
    fn an_answer_is_remembered_until_names_change() {
        let (names, domain) = (Names::default(), Some(Uuid::from_u128(1)));
        let generation = names.find(domain, "a").unwrap_err();
        names.remember(generation, domain, "a", nothing());
        assert!(names.find(domain, "a").is_ok());
        assert!(names.find(None, "a").is_err() && names.find(domain, "b").is_err());
        names.forget();
        assert!(names.find(domain, "a").is_err());
    }

    #[test]
    fn an_answer_from_before_a_change_is_not_taken() {
        let names = Names::default();
        let generation = names.find(None, "+4930").unwrap_err();
        names.forget();
        names.remember(generation, None, "+4930", nothing());
        assert!(names.find(None, "+4930").is_err());
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let names = Names::default();
        names.remember(0, None, "hot", nothing());
        for n in 0..3 * HALF {
            names.remember(0, None, &n.to_string(), nothing());
            if n % 1000 == 0 {
                assert!(names.find(None, "hot").is_ok(), "{n}");
            }
        }
        let halves = names.lock();
        assert!(halves.young.len() <= HALF && halves.old.len() <= HALF);
    }
}
