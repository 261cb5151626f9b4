//! Sessions and their refresh tokens.

use model::auth::Session;
use types::Timestamp;
use uuid::Uuid;

use crate::moment::{from_sql, to_sql};
use crate::{Result, Store, Tx};

/// An account as it stands in a session.
pub struct StandingRow {
    /// Its domain.
    pub domain_id: Uuid,
    /// `name@domain`.
    pub address: String,
    /// Rights over the server.
    pub server_rights: Vec<String>,
    /// Rights in the own domain.
    pub domain_rights: Vec<String>,
}

/// A refresh token that was shown.
pub struct RefreshRow {
    /// Whose it is.
    pub account_id: Uuid,
    /// Of which session.
    pub session_id: Uuid,
    /// Whether it was used before.
    pub used: bool,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Store {
    /// The account of a session that is neither revoked nor over, when account and domain are active.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn standing(&self, account: Uuid, session: Uuid) -> Result<Option<StandingRow>> {
        let row = sqlx::query!(
            r#"SELECT a.domain_id, a.name || '@' || d.name AS "address!", a.server_rights, a.domain_rights
               FROM session s JOIN account a ON a.id = s.account_id JOIN domain d ON d.id = a.domain_id
               WHERE s.account_id = $1 AND s.id = $2 AND s.revoked_at IS NULL AND s.expires_at > now() AND a.state = 'active' AND d.state = 'active'"#,
            account,
            session
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| StandingRow { domain_id: r.domain_id, address: r.address, server_rights: r.server_rights, domain_rights: r.domain_rights }))
    }
}

impl Store {
    /// Sessions of an account that are neither revoked nor over, the oldest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn sessions(&self, account: Uuid) -> Result<Vec<Session>> {
        let rows = sqlx::query!(
            "SELECT id, device_name, remote_ip, created_at, last_used_at FROM session WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > now() ORDER BY created_at, id LIMIT 500",
            account
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| Session { id: r.id, device_name: r.device_name, remote_ip: r.remote_ip, created_at: from_sql(r.created_at), last_used_at: from_sql(r.last_used_at) })
            .collect())
    }
}

impl Tx {
    /// Begins a session.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn insert_session(&mut self, account: Uuid, id: Uuid, device: &str, ip: &str, expires: Timestamp) -> Result<()> {
        sqlx::query!("INSERT INTO session (account_id, id, device_name, remote_ip, expires_at) VALUES ($1, $2, $3, $4, $5)", account, id, device, ip, to_sql(expires))
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Remembers a refresh token.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn insert_refresh_token(&mut self, hash: &[u8], account: Uuid, session: Uuid, expires: Timestamp) -> Result<()> {
        sqlx::query!("INSERT INTO refresh_token (hash, account_id, session_id, expires_at) VALUES ($1, $2, $3, $4)", hash, account, session, to_sql(expires))
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Uses a refresh token up; tells whether it had been used before.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn use_refresh_token(&mut self, hash: &[u8]) -> Result<Option<RefreshRow>> {
        let row = sqlx::query!(
            r#"SELECT r.account_id, r.session_id, r.rotated_at IS NOT NULL AS "used!", r.expires_at FROM refresh_token r WHERE r.hash = $1 FOR UPDATE"#,
            hash
        )
        .fetch_optional(&mut *self.inner)
        .await?;
        sqlx::query!(
            "WITH t AS (UPDATE refresh_token SET rotated_at = COALESCE(rotated_at, now()) WHERE hash = $1 RETURNING account_id, session_id) \
             UPDATE session s SET last_used_at = now() FROM t WHERE s.account_id = t.account_id AND s.id = t.session_id",
            hash
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(row.map(|r| RefreshRow { account_id: r.account_id, session_id: r.session_id, used: r.used, expires_at: from_sql(r.expires_at) }))
    }

    /// Ends a session, or every session of an account; says whether there was one.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn revoke_sessions(&mut self, account: Uuid, only: Option<Uuid>, except: Option<Uuid>) -> Result<bool> {
        let done = sqlx::query!(
            "UPDATE session SET revoked_at = now() WHERE account_id = $1 AND revoked_at IS NULL AND ($2::uuid IS NULL OR id = $2) AND ($3::uuid IS NULL OR id <> $3)",
            account,
            only,
            except
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(done.rows_affected() > 0)
    }
}
