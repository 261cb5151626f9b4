//! Answers kept under the key of their request, so that it can be repeated safely.

use crate::{Result, Store};

/// What is known of a key.
pub enum Known {
    /// Nothing: it is taken now, and the request is to be done.
    New,
    /// The first request is still being done.
    Running,
    /// It was given with another request.
    Other,
    /// It was done: status, version and body of the answer.
    Done(i16, Option<i64>, Vec<u8>),
}

impl Store {
    /// Takes a key, or tells what is known of it. Keys are forgotten after a day.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn take_idempotency_key(&self, scope: &str, key: &str, request: &[u8]) -> Result<Known> {
        sqlx::query!("DELETE FROM idempotency WHERE scope = $1 AND key = $2 AND created_at < now() - interval '24 hours'", scope, key).execute(&self.pool).await?;
        let taken = sqlx::query!("INSERT INTO idempotency (scope, key, request_hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", scope, key, request).execute(&self.pool).await?;
        if taken.rows_affected() == 1 {
            return Ok(Known::New);
        }
        let row = sqlx::query!(
            r#"SELECT request_hash, status, (headers ->> 'version')::bigint AS version, body FROM idempotency WHERE scope = $1 AND key = $2"#,
            scope,
            key
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(match row {
            None => Known::Running,
            Some(row) if row.request_hash != request => Known::Other,
            Some(row) => match row.status {
                Some(status) => Known::Done(status, row.version, row.body.unwrap_or_default()),
                None => Known::Running,
            },
        })
    }

    /// Keeps the answer, or frees the key when there is none worth keeping.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn settle_idempotency_key(&self, scope: &str, key: &str, answer: Option<(i16, Option<i64>, &[u8])>) -> Result<()> {
        match answer {
            Some((status, version, body)) => {
                sqlx::query!(
                    "UPDATE idempotency SET status = $3, headers = jsonb_build_object('version', $4::bigint), body = $5 WHERE scope = $1 AND key = $2",
                    scope,
                    key,
                    status,
                    version,
                    body
                )
                .execute(&self.pool)
                .await?
            }
            None => sqlx::query!("DELETE FROM idempotency WHERE scope = $1 AND key = $2", scope, key).execute(&self.pool).await?,
        };
        Ok(())
    }
}
