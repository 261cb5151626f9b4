//! State that others publish (RFC 3903): what it is belongs to the driver, here is how long it lasts and who may change it.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::deadlines::Deadlines;
use crate::scan;
use crate::subscription::{Package, Resource, Times, event, unknown};
use crate::{Name, Refusal, Request, Writer};

/// Most publications of one resource.
const MOST: usize = 32;

/// What a PUBLISH came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The new entity tag; empty when it was taken back.
    pub etag: String,
    /// Seconds it lasts.
    pub expires: u32,
    /// Whether the state of the resource is another.
    pub changed: bool,
}

impl Published {
    fn nothing(changed: bool) -> Self {
        Self {
            etag: String::new(),
            expires: 0,
            changed,
        }
    }

    /// The 200.
    pub fn reply(&self, request: &Request, tag: &str, source: SocketAddr) -> Bytes {
        let mut writer = Writer::reply(request, 200, "", tag, source);
        if !self.etag.is_empty() {
            writer.field(Name::SipEtag, &self.etag);
        }
        writer.field(Name::Expires, self.expires.to_string());
        writer.finish()
    }
}

/// What is published of one resource.
#[derive(Debug)]
struct Entities<T> {
    all: Vec<Entity<T>>,
    /// The earliest moment that is set for them.
    armed: Option<Instant>,
}

#[derive(Debug)]
struct Entity<T> {
    etag: String,
    expires_at: Instant,
    state: T,
}

/// All publications of a node; `T` is what the body of one was read as.
#[derive(Debug)]
pub struct Publications<T> {
    times: Times,
    seed: u64,
    count: u64,
    resources: HashMap<Resource, Entities<T>>,
    deadlines: Deadlines<Instant, Resource>,
}

impl<T> Publications<T> {
    /// None yet; from `seed`, random, entity tags are made.
    pub fn new(times: Times, seed: u64) -> Self {
        Self {
            times,
            seed,
            count: 0,
            resources: HashMap::new(),
            deadlines: Deadlines::new(),
        }
    }

    /// The package a PUBLISH is for.
    ///
    /// # Errors
    /// 489 when it is none of these (RFC 3903 §6), 400 when it cannot be read.
    pub fn package(request: &Request, served: &[Package]) -> Result<Package, Refusal> {
        let package = event(request)?.and_then(|event| Package::parse(event.package));
        package
            .filter(|package| served.contains(package))
            .ok_or_else(|| unknown(served))
    }

    /// Takes a PUBLISH; `state` is what its body was read as, `None` without one (RFC 3903 §4.1).
    ///
    /// # Errors
    /// [`Refusal`]: 412 when its entity tag is not current, 423, 400 for a new one without a body.
    pub fn publish(
        &mut self,
        now: Instant,
        request: &Request,
        resource: Resource,
        state: Option<T>,
    ) -> Result<Published, Refusal> {
        let expires = self.times.given(request)?;
        let expires_at = now + Duration::from_secs(expires.into());
        let condition = request.values(Name::SipIfMatch).map(scan::text).next();
        let entities = self.resources.get_mut(&resource);
        let count = entities.as_ref().map_or(0, |entities| entities.all.len());
        let changed = state.is_some();
        let etag = etag(self.seed, self.count);
        match (condition, state) {
            (Some(tag), state) => {
                let live = |e: &&mut Entity<T>| Some(&*e.etag) == tag && e.expires_at > now;
                let entity = entities.and_then(|entities| entities.all.iter_mut().find(live));
                let entity = entity.ok_or_else(|| Refusal::new(412, ""))?;
                if expires == 0 {
                    entity.expires_at = now;
                    self.forget(now, resource);
                    return Ok(Published::nothing(true));
                }
                (entity.etag, entity.expires_at) = (etag.clone(), expires_at);
                if let Some(state) = state {
                    entity.state = state;
                }
            }
            (None, None) => return Err(Refusal::new(400, "Missing Body")),
            (None, Some(_)) if expires == 0 => return Ok(Published::nothing(false)),
            (None, Some(_)) if count >= MOST => {
                return Err(Refusal::new(403, "Too many publications"));
            }
            (None, Some(state)) => {
                let entities = self.resources.entry(resource).or_insert(Entities {
                    all: Vec::new(),
                    armed: None,
                });
                entities.all.push(Entity {
                    etag: etag.clone(),
                    expires_at,
                    state,
                });
            }
        }
        self.count += 1;
        self.arm(resource);
        Ok(Published {
            etag,
            expires,
            changed,
        })
    }

    fn arm(&mut self, resource: Resource) {
        let Some(entities) = self.resources.get_mut(&resource) else {
            return;
        };
        let first = entities.all.iter().map(|entity| entity.expires_at).min();
        if let Some(at) = first.filter(|at| entities.armed.is_none_or(|armed| *at < armed)) {
            entities.armed = Some(at);
            self.deadlines.set(at, resource);
        }
    }

    /// Forgets what is over; `true` when anything was.
    fn forget(&mut self, now: Instant, resource: Resource) -> bool {
        let Some(entities) = self.resources.get_mut(&resource) else {
            return false;
        };
        let before = entities.all.len();
        entities.all.retain(|entity| entity.expires_at > now);
        let after = entities.all.len();
        if after == 0 {
            self.resources.remove(&resource);
        }
        after < before
    }

    /// What is published of a resource.
    pub fn states(&self, resource: Resource) -> impl Iterator<Item = &T> {
        let entities = self.resources.get(&resource).into_iter();
        let entities = entities.flat_map(|entities| &entities.all);
        entities.map(|entity| &entity.state)
    }

    /// When [`Publications::expire`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Forgets what is over, and answers a resource whose state is another for that; to be called until it answers `None`.
    pub fn expire(&mut self, now: Instant) -> Option<Resource> {
        while let Some((at, resource)) = self.deadlines.pop(now) {
            let entities = self.resources.get_mut(&resource);
            let Some(entities) = entities.filter(|entities| entities.armed == Some(at)) else {
                continue;
            };
            entities.armed = None;
            let changed = self.forget(now, resource);
            self.arm(resource);
            if changed {
                return Some(resource);
            }
        }
        None
    }
}

/// Another for each success, and not to be guessed.
fn etag(seed: u64, count: u64) -> String {
    let mut hasher = DefaultHasher::new();
    (seed, count).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests;
