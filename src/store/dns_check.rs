//! What the DNS said of each domain when it was asked last.

use serde_json::Value;
use uuid::Uuid;

use crate::{Result, Store, Tx};

impl Store {
    /// The last check of a domain.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn dns_check(&self, domain: Uuid) -> Result<Option<Value>> {
        Ok(sqlx::query_scalar!("SELECT result FROM dns_check WHERE domain_id = $1", domain).fetch_optional(&self.pool).await?)
    }
}

impl Tx {
    /// Keeps a check of a domain instead of the last.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn save_dns_check(&mut self, domain: Uuid, result: &Value) -> Result<()> {
        sqlx::query!("INSERT INTO dns_check (domain_id, result) VALUES ($1, $2) ON CONFLICT (domain_id) DO UPDATE SET at = now(), result = EXCLUDED.result", domain, result)
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }
}
