//! The one row of the server.

use model::server::Server;
use serde_json::Value;
use types::Timestamp;
use uuid::Uuid;

use crate::moment::to_sql;
use crate::{Result, Store, Tx};

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

    /// Remembers the hash of the set-up token.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn set_setup_token(&self, hash: &[u8], expires: Timestamp) -> Result<()> {
        sqlx::query!("UPDATE server SET setup_token_hash = $1, setup_token_expires = $2, setup_failures = 0 WHERE id = 1", hash, to_sql(expires))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Hash of the set-up token, while it is good.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn setup_token(&self) -> Result<Option<Vec<u8>>> {
        Ok(sqlx::query_scalar!("SELECT setup_token_hash FROM server WHERE id = 1 AND setup_token_expires > now()").fetch_optional(&self.pool).await?.flatten())
    }

    /// Counts a wrong set-up token; gives the number of them.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn count_setup_failure(&self) -> Result<i32> {
        Ok(sqlx::query_scalar!("UPDATE server SET setup_failures = setup_failures + 1 WHERE id = 1 RETURNING setup_failures").fetch_one(&self.pool).await?)
    }

    /// Identity of the server; `None` before it is claimed.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn server(&self) -> Result<Option<Server>> {
        let row = sqlx::query!("SELECT d.name, s.language, s.time_zone, s.version FROM server s JOIN domain d ON d.id = s.main_domain_id WHERE s.id = 1")
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|r| Server { main_domain: r.name, language: r.language, time_zone: r.time_zone, version: r.version }))
    }

    /// Settings patches of the modules, by name of the module.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn modules(&self) -> Result<Value> {
        Ok(sqlx::query_scalar!("SELECT modules FROM server WHERE id = 1").fetch_one(&self.pool).await?)
    }

    /// Settings patches of the modules, and the version of the server.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn modules_and_version(&self) -> Result<(Value, i64)> {
        let row = sqlx::query!("SELECT modules, version FROM server WHERE id = 1").fetch_one(&self.pool).await?;
        Ok((row.modules, row.version))
    }

    /// Settings patches of the server level: of the server itself, defaults of accounts, defaults of domains; and the version.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn server_settings(&self) -> Result<(Value, Value, Value, i64)> {
        let row = sqlx::query!("SELECT settings, account_defaults, domain_defaults, version FROM server WHERE id = 1").fetch_one(&self.pool).await?;
        Ok((row.settings, row.account_defaults, row.domain_defaults, row.version))
    }
}

impl Tx {
    /// Locks the row and says whether the server was claimed.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn lock_server(&mut self) -> Result<(bool, i64)> {
        let row = sqlx::query!(r#"SELECT setup_completed_at IS NOT NULL AS "done!", version FROM server WHERE id = 1 FOR UPDATE"#).fetch_one(&mut *self.inner).await?;
        Ok((row.done, row.version))
    }

    /// Claims the server.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn claim_server(&mut self, main_domain: Uuid, language: &str, time_zone: &str) -> Result<()> {
        sqlx::query!(
            "UPDATE server SET setup_completed_at = now(), setup_token_hash = NULL, main_domain_id = $1, language = $2, time_zone = $3 WHERE id = 1",
            main_domain,
            language,
            time_zone
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Replaces the settings patches of the modules.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn update_modules(&mut self, modules: &Value) -> Result<()> {
        sqlx::query!("UPDATE server SET modules = $1, version = version + 1, updated_at = now() WHERE id = 1", modules).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Replaces the defaults of all domains.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn update_domain_defaults(&mut self, defaults: &Value) -> Result<()> {
        sqlx::query!("UPDATE server SET domain_defaults = $1, version = version + 1, updated_at = now() WHERE id = 1", defaults).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Changes identity and settings of the server; what is `None` stays.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn update_server(&mut self, language: Option<&str>, time_zone: Option<&str>, settings: Option<&Value>, account_defaults: Option<&Value>) -> Result<()> {
        sqlx::query!(
            "UPDATE server SET language = COALESCE($1, language), time_zone = COALESCE($2, time_zone), settings = COALESCE($3, settings), \
             account_defaults = COALESCE($4, account_defaults), version = version + 1, updated_at = now() WHERE id = 1",
            language,
            time_zone,
            settings,
            account_defaults
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }
}
