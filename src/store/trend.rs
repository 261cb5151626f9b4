//! What went through the server, minute by minute.

use types::Timestamp;

use crate::moment::{from_sql, to_sql};
use crate::{Result, Store};

/// Some minutes together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrendRow {
    /// When they began.
    pub at: Timestamp,
    /// Messages taken in.
    pub received: i64,
    /// Messages taken by other servers.
    pub sent: i64,
    /// Recipients that failed for good.
    pub failed: i64,
    /// Most recipients that waited at the end of one of them.
    pub waiting: i64,
    /// Most calls.
    pub calls: i64,
    /// Most telephones registered.
    pub registrations: i64,
}

impl Store {
    /// Writes down the minute that ends at a moment, once.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn note_trend(&self, end: Timestamp, calls: i64, registrations: i64) -> Result<()> {
        sqlx::query!(
            "INSERT INTO trend (at, received, sent, failed, waiting, calls, registrations) \
             SELECT $1::timestamptz, count(*) FILTER (WHERE kind = 'received'), count(*) FILTER (WHERE kind = 'sent'), count(*) FILTER (WHERE kind = 'failed'), \
             (SELECT count(*) FROM queue_recipient), $2::bigint, $3::bigint FROM delivery_record WHERE at >= $1 - interval '1 minute' AND at < $1 ON CONFLICT (at) DO NOTHING",
            to_sql(end),
            calls,
            registrations
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The minutes since a moment, so many seconds together; where nothing was written down there is none.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn trend(&self, since: Timestamp, step_seconds: i32) -> Result<Vec<TrendRow>> {
        let rows = sqlx::query!(
            r#"SELECT date_bin(make_interval(secs => $2), at - interval '1 minute', 'epoch') AS "at!", sum(received)::bigint AS "received!", sum(sent)::bigint AS "sent!", sum(failed)::bigint AS "failed!",
               max(waiting) AS "waiting!", max(calls) AS "calls!", max(registrations) AS "registrations!" FROM trend WHERE at > $1 GROUP BY 1 ORDER BY 1"#,
            to_sql(since),
            f64::from(step_seconds)
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| TrendRow { at: from_sql(row.at), received: row.received, sent: row.sent, failed: row.failed, waiting: row.waiting, calls: row.calls, registrations: row.registrations }).collect())
    }
}
