//! Records of calls.

use model::call::CallRecord;
use serde_json::Value;
use types::Timestamp;
use uuid::Uuid;

use crate::event::{Occurrence, tell};
use crate::moment::to_sql;
use crate::{Result, Store};

/// Which records are wanted.
#[derive(Debug, Clone, Default)]
pub struct CallFilter {
    /// With this account on one side.
    pub account: Option<Uuid>,
    /// With this domain on one side.
    pub domain: Option<Uuid>,
    /// Begun since.
    pub since: Timestamp,
    /// Begun before, or at that moment with a smaller id.
    pub before: (Timestamp, Uuid),
}

fn read(detail: Value) -> Option<CallRecord> {
    serde_json::from_value(detail).ok()
}

impl Store {
    /// Writes records, new or changed, and tells what happened to calls, in one transaction.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn save_calls(&self, records: &[CallRecord], news: &[Occurrence]) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        if !records.is_empty() {
            let ids = |of: fn(&CallRecord) -> Option<Uuid>| records.iter().map(of).collect::<Vec<_>>();
            let times = |of: fn(&CallRecord) -> Option<Timestamp>| records.iter().map(|record| of(record).map(to_sql)).collect::<Vec<_>>();
            sqlx::query!(
                "INSERT INTO call_record (id, caller_account, callee_account, caller_domain, callee_domain, started_at, answered_at, ended_at, final_code, cause, detail) \
                 SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::int[], $10::text[], $11::jsonb[]) \
                 ON CONFLICT (id) DO UPDATE SET callee_account = excluded.callee_account, callee_domain = excluded.callee_domain, answered_at = excluded.answered_at, \
                 ended_at = excluded.ended_at, final_code = excluded.final_code, cause = excluded.cause, detail = excluded.detail WHERE call_record.ended_at IS NULL",
                &records.iter().map(|record| record.id).collect::<Vec<_>>(),
                &ids(|record| record.caller.account_id) as _,
                &ids(|record| record.callee.account_id) as _,
                &ids(|record| record.caller.domain_id) as _,
                &ids(|record| record.callee.domain_id) as _,
                &records.iter().map(|record| to_sql(record.started_at)).collect::<Vec<_>>(),
                &times(|record| record.answered_at) as _,
                &times(|record| record.ended_at) as _,
                &records.iter().map(|record| record.final_code).collect::<Vec<_>>() as _,
                &records.iter().map(|record| record.cause.clone()).collect::<Vec<_>>(),
                &records.iter().map(|record| serde_json::to_value(record).unwrap_or_default()).collect::<Vec<_>>(),
            )
            .execute(&mut *tx)
            .await?;
        }
        tell(&mut tx, news).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Records that fit, the newest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn call_records(&self, filter: &CallFilter, limit: i64) -> Result<Vec<CallRecord>> {
        let rows = sqlx::query_scalar!(
            "SELECT detail FROM call_record WHERE started_at >= $1 AND (started_at, id) < ($2, $3) \
             AND ($4::uuid IS NULL OR caller_account = $4 OR callee_account = $4) AND ($5::uuid IS NULL OR caller_domain = $5 OR callee_domain = $5) \
             ORDER BY started_at DESC, id DESC LIMIT $6",
            to_sql(filter.since),
            to_sql(filter.before.0),
            filter.before.1,
            filter.account,
            filter.domain,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// The record of a call.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn call_record(&self, id: Uuid) -> Result<Option<CallRecord>> {
        Ok(sqlx::query_scalar!("SELECT detail FROM call_record WHERE id = $1", id).fetch_optional(&self.pool).await?.and_then(read))
    }

    /// Closes the records that a stop of the server left open; gives their number.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn close_call_records(&self) -> Result<u64> {
        let closed = sqlx::query!(
            r#"UPDATE call_record SET ended_at = now(), cause = 'server_restart', detail = detail || jsonb_build_object('state', 'ended', 'cause', 'server_restart',
               'ended_by', 'server', 'ended_at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) WHERE ended_at IS NULL"#
        )
        .execute(&self.pool)
        .await?;
        Ok(closed.rows_affected())
    }
}
