//! Whether the server can do its work.

use serde::Serialize;
use tokio::sync::watch;

use crate::Service;

/// What is known without asking the database.
#[derive(Debug, Default)]
pub(crate) struct Health {
    draining: watch::Sender<bool>,
}

/// Tells one listener, once, that the server is about to stop.
#[derive(Debug, Clone)]
pub struct Draining {
    news: watch::Receiver<bool>,
    told: bool,
}

impl Draining {
    /// Waits until the server is about to stop; after that it waits for ever. Cancel-safe.
    pub async fn begun(&mut self) {
        if self.told || self.news.wait_for(|draining| *draining).await.is_err() {
            std::future::pending::<()>().await;
        }
        self.told = true;
    }
}

/// Whether the server is ready for work; holds no version, names or addresses, for anybody may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// All checks hold.
    pub ready: bool,
    /// Each check.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What is checked.
    pub check: &'static str,
    /// Whether it holds.
    pub ok: bool,
}

impl Service {
    /// Whether the database answers, every listener is open and the server is not about to stop.
    pub async fn readiness(&self) -> Readiness {
        let health = &self.inner.health;
        let checks = vec![
            Check { check: "database", ok: self.inner.store.alive().await },
            Check { check: "listeners", ok: self.all_listeners_open() },
            Check { check: "running", ok: !*health.draining.borrow() },
        ];
        Readiness { ready: checks.iter().all(|c| c.ok), checks }
    }

    /// Takes no further work: the server is about to stop.
    pub fn drain(&self) {
        self.inner.health.draining.send_replace(true);
    }

    /// Tells one session when the server is about to stop.
    pub fn draining(&self) -> Draining {
        Draining { news: self.inner.health.draining.subscribe(), told: false }
    }
}
