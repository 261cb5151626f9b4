//! Forwarders.

use model::forwarder::Forwarder;
use uuid::Uuid;

use crate::{Result, Store, Tx};

impl Store {
    /// A forwarder by name.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn forwarder(&self, domain: Uuid, name: &str) -> Result<Option<Forwarder>> {
        let row = sqlx::query_as!(
            Forwarder,
            r#"SELECT f.id, f.name, d.name AS domain, f.target AS "to", f.version FROM forwarder f JOIN domain d ON d.id = f.domain_id WHERE f.domain_id = $1 AND f.name = $2"#,
            domain,
            name
        );
        Ok(row.fetch_optional(&self.pool).await?)
    }

    /// Forwarders of a domain by name, after one name.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn forwarders(&self, domain: Uuid, after: &str, limit: i64) -> Result<Vec<Forwarder>> {
        let rows = sqlx::query_as!(
            Forwarder,
            r#"SELECT f.id, f.name, d.name AS domain, f.target AS "to", f.version FROM forwarder f JOIN domain d ON d.id = f.domain_id
               WHERE f.domain_id = $1 AND f.name > $2 ORDER BY f.name LIMIT $3"#,
            domain,
            after,
            limit
        );
        Ok(rows.fetch_all(&self.pool).await?)
    }
}

impl Tx {
    /// Makes a forwarder; its name is taken apart from this.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn insert_forwarder(&mut self, id: Uuid, domain: Uuid, name: &str, to: &str) -> Result<()> {
        sqlx::query!("INSERT INTO forwarder (id, domain_id, name, target) VALUES ($1, $2, $3, $4)", id, domain, name, to).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Locks a forwarder and gives its version.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn lock_forwarder(&mut self, id: Uuid) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar!("SELECT version FROM forwarder WHERE id = $1 FOR UPDATE", id).fetch_optional(&mut *self.inner).await?)
    }

    /// Changes a forwarder; what is `None` stays.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn update_forwarder(&mut self, id: Uuid, name: Option<&str>, to: Option<&str>) -> Result<()> {
        sqlx::query!("UPDATE forwarder SET name = COALESCE($2, name), target = COALESCE($3, target), version = version + 1, updated_at = now() WHERE id = $1", id, name, to)
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Deletes a forwarder; its name is freed apart from this.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn delete_forwarder(&mut self, id: Uuid) -> Result<()> {
        sqlx::query!("DELETE FROM forwarder WHERE id = $1", id).execute(&mut *self.inner).await?;
        Ok(())
    }
}
