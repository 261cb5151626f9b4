use serde_json::Value;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::{Result, Store};

/// A transaction; dropped without [`Tx::commit`] it leaves nothing behind.
pub struct Tx {
    pub(crate) inner: Transaction<'static, Postgres>,
}

impl Store {
    /// Begins a transaction.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(Tx { inner: self.pool.begin().await? })
    }
}

impl Tx {
    /// Makes everything durable.
    ///
    /// # Errors
    /// When it was not; then nothing of it stays.
    pub async fn commit(self) -> Result<()> {
        Ok(self.inner.commit().await?)
    }

    /// Writes an event into the outbox and an audit line; the notice of the commit tells its topic.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn announce(&mut self, news: &News<'_>) -> Result<()> {
        sqlx::query!(
            "WITH line AS (INSERT INTO audit (actor, remote_ip, action, object) VALUES ($1, $2, $3, $4)), word AS (SELECT pg_notify('postamt', $5)) \
             INSERT INTO event (topic, type, account_id, domain_id, object) SELECT $5, $6, $7::uuid, $8::uuid, $9 FROM word",
            news.actor,
            news.remote_ip,
            news.action,
            news.name,
            news.topic,
            news.kind,
            news.account,
            news.domain,
            news.object
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }
}

/// What happened, for the outbox and the audit trail.
#[derive(Debug, Clone)]
pub struct News<'a> {
    /// Who did it.
    pub actor: &'a str,
    /// From where.
    pub remote_ip: &'a str,
    /// Operation.
    pub action: &'a str,
    /// Name of the object.
    pub name: &'a str,
    /// Topic of the event.
    pub topic: &'a str,
    /// Type of the event.
    pub kind: &'a str,
    /// Account concerned.
    pub account: Option<Uuid>,
    /// Domain concerned.
    pub domain: Option<Uuid>,
    /// Particulars.
    pub object: Value,
}
