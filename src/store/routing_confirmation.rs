//! Changes of the Router that wait to be confirmed.

use serde_json::Value;
use types::Timestamp;
use uuid::Uuid;

use crate::moment::from_sql;
use crate::{Result, Store, Tx};

/// A change that goes back by itself unless it is confirmed.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfirmationRow {
    /// Id.
    pub id: Uuid,
    /// `table` or `settings`.
    pub part: String,
    /// Version that was saved.
    pub version: i64,
    /// What comes back: the table as text, or the settings.
    pub before: Value,
    /// Who saved it.
    pub actor: String,
    /// When.
    pub saved_at: Timestamp,
    /// Until when it must be confirmed.
    pub confirm_by: Timestamp,
    /// `waiting`, `confirmed`, `reverted` or `overtaken`.
    pub state: String,
    /// The time to confirm it is over.
    pub due: bool,
}

/// A row as it is selected.
macro_rules! row {
    ($row:expr) => {
        ConfirmationRow {
            id: $row.id,
            part: $row.part,
            version: $row.version,
            before: $row.before,
            actor: $row.actor,
            saved_at: from_sql($row.saved_at),
            confirm_by: from_sql($row.confirm_by),
            state: $row.state,
            due: $row.due,
        }
    };
}

impl Store {
    /// Changes that wait to be confirmed, that whose time ends first in front.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn waiting_confirmations(&self) -> Result<Vec<ConfirmationRow>> {
        let rows = sqlx::query!(
            r#"SELECT id, part, version, before, actor, saved_at, confirm_by, state, confirm_by <= now() AS "due!" FROM routing_confirmation WHERE state = 'waiting' ORDER BY confirm_by"#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| row!(row)).collect())
    }

    /// Which part of the Router a change concerns.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn confirmation_part(&self, id: Uuid) -> Result<Option<String>> {
        Ok(sqlx::query_scalar!("SELECT part FROM routing_confirmation WHERE id = $1", id).fetch_optional(&self.pool).await?)
    }
}

impl Tx {
    /// Ends the wait of a part of the Router because somebody saves it anew; gives what would have come back.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn overtake_confirmation(&mut self, part: &str) -> Result<Option<Value>> {
        let before = sqlx::query_scalar!("UPDATE routing_confirmation SET state = 'overtaken' WHERE part = $1 AND state = 'waiting' RETURNING before", part);
        Ok(before.fetch_optional(&mut *self.inner).await?)
    }

    /// Lets a change wait to be confirmed for so many seconds.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn insert_confirmation(&mut self, id: Uuid, part: &str, version: i64, before: &Value, actor: &str, seconds: i32) -> Result<()> {
        sqlx::query!(
            "INSERT INTO routing_confirmation (id, part, version, before, actor, confirm_by) VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))",
            id,
            part,
            version,
            before,
            actor,
            f64::from(seconds)
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Locks a change. Who wants to change the part it concerns has locked that before.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn lock_confirmation(&mut self, id: Uuid) -> Result<Option<ConfirmationRow>> {
        let row = sqlx::query!(
            r#"SELECT id, part, version, before, actor, saved_at, confirm_by, state, confirm_by <= now() AS "due!" FROM routing_confirmation WHERE id = $1 FOR UPDATE"#,
            id
        )
        .fetch_optional(&mut *self.inner)
        .await?;
        Ok(row.map(|row| row!(row)))
    }

    /// Ends the wait of a change.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn settle_confirmation(&mut self, id: Uuid, state: &str) -> Result<()> {
        sqlx::query!("UPDATE routing_confirmation SET state = $2 WHERE id = $1", id, state).execute(&mut *self.inner).await?;
        Ok(())
    }
}
