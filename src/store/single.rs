//! Connections for single statements that are asked for often. The pool asks the database after every use whether the
//! connection is well; a statement that came to its end has just shown it.

use std::sync::{Arc, Mutex};

use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow};
use sqlx::query::Map;
use sqlx::{ConnectOptions, PgPool, Postgres};
use tokio::sync::Semaphore;

use crate::{Result, Store};

#[derive(Debug, Clone)]
pub(crate) struct Singles(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: PgConnectOptions,
    idle: Mutex<Vec<PgConnection>>,
    /// As many as may be open at a time.
    free: Semaphore,
}

impl Singles {
    /// How many there may be. Several for each core: while one statement comes back, the next are being worked on.
    pub(crate) fn most() -> usize {
        6 * std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
    }

    /// Connections where the pool has its own.
    pub(crate) fn new(pool: &PgPool) -> Self {
        // A plan made once: these statements find single rows by key, whatever the values.
        let options = (*pool.connect_options()).clone().options([("plan_cache_mode", "force_generic_plan")]);
        Self(Arc::new(Inner { options, idle: Mutex::default(), free: Semaphore::new(Self::most()) }))
    }

    fn take(&self) -> Option<PgConnection> {
        self.0.idle.lock().ok()?.pop()
    }

    fn put(&self, connection: PgConnection) {
        if let Ok(mut idle) = self.0.idle.lock() {
            idle.push(connection);
        }
    }
}

impl Store {
    /// The row of a statement outside a transaction. It may run twice: a connection that broke while it was idle is no reason
    /// to fail, and whoever gives up waiting closes the connection.
    ///
    /// # Errors
    /// Those of the statement.
    pub(crate) async fn single<F, T>(&self, statement: impl Fn() -> Map<'static, Postgres, F, PgArguments>) -> Result<Option<T>>
    where
        F: FnMut(PgRow) -> sqlx::Result<T> + Send,
        T: Send + Unpin,
    {
        let _permit = self.singles.0.free.acquire().await.map_err(|_| sqlx::Error::PoolClosed)?;
        while let Some(mut connection) = self.singles.take() {
            match statement().fetch_optional(&mut connection).await {
                Err(sqlx::Error::Io(_)) => {}
                // The session ended while nobody asked.
                Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code.starts_with("57")) => {}
                outcome => {
                    self.singles.put(connection);
                    return Ok(outcome?);
                }
            }
        }
        let mut connection = self.singles.0.options.connect().await?;
        let found = statement().fetch_optional(&mut connection).await?;
        self.singles.put(connection);
        Ok(found)
    }
}
