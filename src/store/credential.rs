//! What proves who an account is, and the keys that sign tokens.

use serde_json::Value;
use uuid::Uuid;

use crate::{Result, Store, Tx};

impl Store {
    /// Password verifier of an account.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn password(&self, account: Uuid) -> Result<Option<String>> {
        Ok(sqlx::query_scalar!("SELECT verifier FROM credential WHERE account_id = $1 AND kind = 'password'", account).fetch_optional(&self.pool).await?)
    }

    /// Signing keys, the newest first: sealed private part.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn signing_keys(&self) -> Result<Vec<Vec<u8>>> {
        Ok(sqlx::query_scalar!("SELECT sealed FROM signing_key ORDER BY created_at DESC LIMIT 2").fetch_all(&self.pool).await?)
    }
}

impl Tx {
    /// Sets the password verifier of an account.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn set_password(&mut self, account: Uuid, verifier: &str, scram: &Value, digest: &[u8]) -> Result<()> {
        sqlx::query!(
            "INSERT INTO credential (account_id, kind, verifier, scram, digest) VALUES ($1, 'password', $2, $3, $4) \
             ON CONFLICT (account_id, kind) DO UPDATE SET verifier = $2, scram = $3, digest = $4, changed_at = now()",
            account,
            verifier,
            scram,
            digest
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Adds a signing key.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn insert_signing_key(&mut self, kid: &str, sealed: &[u8], public: &[u8]) -> Result<()> {
        sqlx::query!("INSERT INTO signing_key (kid, sealed, public_key) VALUES ($1, $2, $3)", kid, sealed, public).execute(&mut *self.inner).await?;
        Ok(())
    }
}
