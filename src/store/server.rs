//! The one row of the server.

use crate::{Result, Store};

impl Store {
    /// Whether the server was claimed.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn setup_completed(&self) -> Result<bool> {
        Ok(sqlx::query_scalar!(r#"SELECT setup_completed_at IS NOT NULL AS "done!" FROM server WHERE id = 1"#)
            .fetch_one(&self.pool)
            .await?)
    }
}
