//! All SQL, and the private PostgreSQL that the server keeps when it is given no other.
//!
//! Types to know: [`Store`], [`Embedded`].
//! Deliberately absent: decisions. `service` decides; a file here has the statements of one resource.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod embedded;
mod error;
pub mod account;
pub mod call_record;
pub mod credential;
pub mod delivery;
pub mod directory;
pub mod dns_check;
pub mod domain;
pub mod forwarder;
pub mod group;
pub mod housekeeping;
pub mod im;
pub mod presence;
pub mod address_list;
pub mod event;
pub mod idempotency;
pub mod listener;
pub mod registration;
pub mod routing_confirmation;
pub mod routing_hit;
pub mod routing_table;
pub mod roster;
pub mod rule;
pub mod email;
pub mod mail_trace;
pub mod mailbox;
pub mod message;
pub mod queue;
pub mod transit;
pub mod server;
pub mod session;
pub mod submission;
pub mod subscription;
pub mod sign_in;
pub mod trend;
mod moment;
mod single;
mod tx;

use std::time::Duration;

pub use embedded::{Embedded, EmbeddedConfig, EmbeddedError};
pub use error::{Error, Result};
use sqlx::{Connection as _, PgPool};
pub use tx::{News, Tx};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

/// Key of the advisory lock that lets one node migrate at a time.
const MIGRATION_LOCK: i64 = 0x504F_5354;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
    singles: single::Singles,
}

impl Store {
    /// Connects, waiting for the database as long as `patience`.
    ///
    /// # Errors
    /// When it cannot be reached in that time.
    pub async fn connect(options: PgConnectOptions, connections: u32, patience: Duration) -> Result<Self> {
        let give_up = tokio::time::Instant::now() + patience;
        let options = options.application_name("postamt").options([("statement_timeout", "30s")]);
        loop {
            let pool = PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(Duration::from_secs(30))
                .test_before_acquire(false)
                // What a large batch or answer took is not kept by every connection it went through.
                .after_release(|connection, _| {
                    connection.shrink_buffers();
                    Box::pin(async { Ok(true) })
                })
                .connect_with(options.clone())
                .await;
            match pool {
                Ok(pool) => return Ok(Self { singles: single::Singles::new(&pool), pool }),
                Err(error) if tokio::time::Instant::now() >= give_up => return Err(error.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(250)).await,
            }
        }
    }

    /// Brings the schema up to date, one node at a time.
    ///
    /// # Errors
    /// When a migration fails, or one that has run was changed since.
    pub async fn migrate(&self) -> Result<()> {
        let mut connection = self.pool.acquire().await?;
        sqlx::query("SELECT pg_advisory_lock($1)").bind(MIGRATION_LOCK).execute(&mut *connection).await?;
        let done = MIGRATIONS.run_direct(None, &mut *connection, false).await;
        sqlx::query("SELECT pg_advisory_unlock($1)").bind(MIGRATION_LOCK).execute(&mut *connection).await?;
        done.map_err(|error| Error::Migration(error.to_string()))
    }

    /// Version of the newest migration.
    pub fn schema_version() -> i64 {
        MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
    }

    /// Whether the database answers.
    pub async fn alive(&self) -> bool {
        let answer = sqlx::query("SELECT 1").execute(&self.pool);
        matches!(tokio::time::timeout(Duration::from_secs(2), answer).await, Ok(Ok(_)))
    }
}
