//! What leaves the database when its time is over.

use crate::{Result, Store};

/// Bodies looked at by one statement.
const STEP: i64 = 1000;

impl Store {
    /// Drops bodies that no message has and that nobody brought lately, of the next thousand after a hash; gives the last
    /// hash looked at. Whoever stores a body that is there already renews its `created_at`, so that a body never goes while
    /// a message comes.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn drop_unused_bodies(&self, after: &[u8], hours: i32) -> Result<Option<Vec<u8>>> {
        let last = sqlx::query_scalar!(
            r#"WITH looked AS MATERIALIZED (SELECT hash FROM blob WHERE hash > $1 ORDER BY hash LIMIT $3),
               unused AS MATERIALIZED (SELECT b.hash FROM blob b JOIN looked l ON l.hash = b.hash WHERE b.created_at < now() - make_interval(hours => $2)
                 AND NOT EXISTS (SELECT FROM email e WHERE e.blob_hash = b.hash) AND NOT EXISTS (SELECT FROM queue_message q WHERE q.blob_hash = b.hash)
                 AND NOT EXISTS (SELECT FROM upload u WHERE u.blob_hash = b.hash) AND NOT EXISTS (SELECT FROM submission s WHERE s.blob_hash = b.hash)
                 ORDER BY b.hash FOR UPDATE OF b SKIP LOCKED),
               gone AS (DELETE FROM blob USING unused WHERE blob.hash = unused.hash)
               SELECT hash AS "hash!" FROM looked ORDER BY hash DESC LIMIT 1"#,
            after,
            hours,
            STEP
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(last)
    }

    /// Drops sessions with their tokens, registrations, counts of routing lines, and answers kept for repeated requests, when
    /// they are over.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn drop_expired(&self) -> Result<()> {
        sqlx::query!("DELETE FROM session WHERE expires_at < now()").execute(&self.pool).await?;
        sqlx::query!("DELETE FROM refresh_token WHERE expires_at < now()").execute(&self.pool).await?;
        sqlx::query!("DELETE FROM sip_binding WHERE expires_at < now()").execute(&self.pool).await?;
        sqlx::query!("DELETE FROM call_trace WHERE keep_until < now()").execute(&self.pool).await?;
        sqlx::query!("DELETE FROM upload WHERE expires_at < now()").execute(&self.pool).await?;
        sqlx::query!("DELETE FROM routing_hit WHERE hour < now() - interval '48 hours'").execute(&self.pool).await?;
        sqlx::query!("DELETE FROM routing_confirmation WHERE state <> 'waiting' AND confirm_by < now() - interval '48 hours'").execute(&self.pool).await?;
        sqlx::query!("DELETE FROM idempotency WHERE created_at < now() - interval '24 hours'").execute(&self.pool).await?;
        Ok(())
    }

    /// Drops what is told of events, of messages sent through the API, of messages on their way and of calls, after so many
    /// hours and days.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn drop_history(&self, event_hours: i32, submission_days: i32, record_days: i32, call_days: i32) -> Result<()> {
        sqlx::query!("DELETE FROM event WHERE at < now() - make_interval(hours => $1)", event_hours).execute(&self.pool).await?;
        sqlx::query!("DELETE FROM submission WHERE state <> 'pending' AND send_at < now() - make_interval(days => $1)", submission_days).execute(&self.pool).await?;
        sqlx::query!("DELETE FROM trend WHERE at < now() - make_interval(days => $1)", record_days + 1).execute(&self.pool).await?;
        sqlx::query!("DELETE FROM delivery_record WHERE at < now() - make_interval(days => $1)", record_days).execute(&self.pool).await?;
        sqlx::query!("DELETE FROM call_record WHERE started_at < now() - make_interval(days => $1)", call_days).execute(&self.pool).await?;
        Ok(())
    }
}
