//! Rosters: whom accounts know, and who sees whose presence.

use uuid::Uuid;

use crate::event::{Occurrence, tell};
use crate::{Result, Store, Tx};

/// Somebody in the roster of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RosterRow {
    /// Whose roster.
    pub account_id: Uuid,
    /// Address in lower case.
    pub peer: String,
    /// What the account calls the peer.
    pub name: String,
    /// Groups it stands in.
    pub groups: Vec<String>,
    /// The account knows the peer; otherwise the peer only asks.
    pub listed: bool,
    /// The account sees the presence of the peer.
    pub sees: bool,
    /// It waits to be allowed to.
    pub asked: bool,
    /// The peer sees the presence of the account.
    pub shows: bool,
    /// It waits to be allowed to.
    pub wanted: bool,
}

impl Store {
    /// The roster of an account by address, after one of them.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn roster(&self, account: Uuid, after: &str, limit: i64) -> Result<Vec<RosterRow>> {
        Ok(sqlx::query_as!(
            RosterRow,
            "SELECT account_id, peer, name, groups, listed, sees, asked, shows, wanted FROM roster_entry WHERE account_id = $1 AND peer > $2 ORDER BY peer LIMIT $3",
            account,
            after,
            limit
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Somebody in the roster of an account.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn roster_entry(&self, account: Uuid, peer: &str) -> Result<Option<RosterRow>> {
        Ok(sqlx::query_as!(RosterRow, "SELECT account_id, peer, name, groups, listed, sees, asked, shows, wanted FROM roster_entry WHERE account_id = $1 AND peer = $2", account, peer)
            .fetch_optional(&self.pool)
            .await?)
    }
}

impl Tx {
    /// Nobody else changes the rosters of these accounts until the end.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn lock_rosters(&mut self, accounts: &[Uuid]) -> Result<()> {
        sqlx::query!("SELECT id FROM account WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", accounts).fetch_all(&mut *self.inner).await?;
        Ok(())
    }

    /// Somebody in the roster of an account, as it is now.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn roster_entry(&mut self, account: Uuid, peer: &str) -> Result<Option<RosterRow>> {
        Ok(sqlx::query_as!(RosterRow, "SELECT account_id, peer, name, groups, listed, sees, asked, shows, wanted FROM roster_entry WHERE account_id = $1 AND peer = $2", account, peer)
            .fetch_optional(&mut *self.inner)
            .await?)
    }

    /// How many stand in the roster of an account.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn count_roster(&mut self, account: Uuid) -> Result<i64> {
        Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM roster_entry WHERE account_id = $1"#, account).fetch_one(&mut *self.inner).await?)
    }

    /// Writes an entry, new or changed; one that says nothing is taken away.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn save_roster_entry(&mut self, row: &RosterRow) -> Result<()> {
        if !(row.listed || row.wanted || row.shows || row.sees) {
            sqlx::query!("DELETE FROM roster_entry WHERE account_id = $1 AND peer = $2", row.account_id, row.peer).execute(&mut *self.inner).await?;
            return Ok(());
        }
        sqlx::query!(
            "INSERT INTO roster_entry (account_id, peer, name, groups, listed, sees, asked, shows, wanted) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (account_id, peer) DO UPDATE SET name = $3, groups = $4, listed = $5, sees = $6, asked = $7, shows = $8, wanted = $9",
            row.account_id,
            row.peer,
            row.name,
            &row.groups,
            row.listed,
            row.sees,
            row.asked,
            row.shows,
            row.wanted
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Tells what happened.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn tell(&mut self, news: &[Occurrence]) -> Result<()> {
        tell(&mut self.inner, news).await
    }
}
