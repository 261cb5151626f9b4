//! Named lists of addresses.

use model::address_list::AddressList;

use crate::{Result, Store, Tx};

impl Store {
    /// All lists.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn address_lists(&self) -> Result<Vec<AddressList>> {
        let rows = sqlx::query!("SELECT name, lines, version FROM address_list ORDER BY name").fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|r| AddressList { name: r.name, lines: r.lines, version: r.version }).collect())
    }
}

impl Tx {
    /// Locks a list and gives its version.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn lock_address_list(&mut self, name: &str) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar!("SELECT version FROM address_list WHERE name = $1 FOR UPDATE", name).fetch_optional(&mut *self.inner).await?)
    }

    /// Writes a list, new or changed.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn save_address_list(&mut self, name: &str, lines: &[String]) -> Result<()> {
        sqlx::query!(
            "INSERT INTO address_list (name, lines) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET lines = $2, version = address_list.version + 1, updated_at = now()",
            name,
            lines
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }
}
