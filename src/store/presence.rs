//! What accounts say of themselves.

use types::Timestamp;
use uuid::Uuid;

use crate::event::{Occurrence, tell};
use crate::moment::from_sql;
use crate::{Result, Store};

/// What an account says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresenceRow {
    /// The account.
    pub account_id: Uuid,
    /// `online`, `away`, `dnd`, `busy`, `offline` or `invisible`.
    pub status: String,
    /// What it adds.
    pub note: String,
    /// Since when.
    pub updated_at: Timestamp,
}

impl Store {
    /// What all accounts say of themselves.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn presences(&self) -> Result<Vec<PresenceRow>> {
        let rows = sqlx::query!("SELECT account_id, status, note, updated_at FROM presence").fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|r| PresenceRow { account_id: r.account_id, status: r.status, note: r.note, updated_at: from_sql(r.updated_at) }).collect())
    }

    /// An account says something else of itself.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn set_presence(&self, account: Uuid, status: &str, note: &str, news: &[Occurrence]) -> Result<Timestamp> {
        let mut tx = self.pool.begin().await?;
        let at = sqlx::query_scalar!(
            "INSERT INTO presence (account_id, status, note) VALUES ($1, $2, $3) \
             ON CONFLICT (account_id) DO UPDATE SET status = excluded.status, note = excluded.note, updated_at = now() RETURNING updated_at",
            account,
            status,
            note
        )
        .fetch_one(&mut *tx)
        .await?;
        tell(&mut tx, news).await?;
        tx.commit().await?;
        Ok(from_sql(at))
    }
}
