//! Everything that can be done, once: allow, begin, decide, write, announce. Every door calls these operations.
//!
//! Types to know: [`Service`].
//! Deliberately absent: protocols, HTTP, sockets.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod health;

use std::sync::Arc;

pub use health::{Check, Readiness};
use store::Store;

/// The operations of the server.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    health: health::Health,
}

impl Service {
    /// Builds the service over a migrated database.
    pub fn new(store: Store) -> Self {
        Self { inner: Arc::new(Inner { store, health: health::Health::default() }) }
    }
}
