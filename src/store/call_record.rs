//! Records of calls.

use model::call::{CallRecord, CallTrace};
use serde_json::Value;
use sqlx::types::Json;
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
    /// Ended for this reason.
    pub cause: Option<String>,
    /// With this, in lower case, in the address of one side or in what was dialled.
    pub number: Option<String>,
}

/// A ladder that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptTrace {
    /// The ladder.
    pub trace: CallTrace,
    /// For how long.
    pub keep_until: Timestamp,
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
                &records.iter().map(|record| record.cause.as_str()).collect::<Vec<_>>() as _,
                &records.iter().map(Json).collect::<Vec<_>>() as _,
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
             AND ($7::text IS NULL OR cause = $7) \
             AND ($8::text IS NULL OR strpos(lower(concat_ws(' ', detail->>'dialled', detail->'caller'->>'uri', detail->'callee'->>'uri')), $8) > 0) \
             ORDER BY started_at DESC, id DESC LIMIT $6",
            to_sql(filter.since),
            to_sql(filter.before.0),
            filter.before.1,
            filter.account,
            filter.domain,
            limit,
            filter.cause.as_deref(),
            filter.number.as_deref()
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

    /// Keeps ladders of calls that are over.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn save_call_traces(&self, traces: &[KeptTrace]) -> Result<()> {
        sqlx::query!(
            "INSERT INTO call_trace (call_id, keep_until, detail) SELECT * FROM UNNEST($1::uuid[], $2::timestamptz[], $3::jsonb[]) \
             ON CONFLICT (call_id) DO UPDATE SET keep_until = excluded.keep_until, detail = excluded.detail",
            &traces.iter().map(|kept| kept.trace.id).collect::<Vec<_>>(),
            &traces.iter().map(|kept| to_sql(kept.keep_until)).collect::<Vec<_>>(),
            // The database takes no NUL in a text.
            &traces.iter().map(|kept| serde_json::to_string(&kept.trace).ok().and_then(|text| serde_json::from_str(&text.replace("\\u0000", "?")).ok()).unwrap_or_default()).collect::<Vec<Value>>(),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The ladder of a call, when it was kept.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn call_trace(&self, id: Uuid) -> Result<Option<CallTrace>> {
        let detail = sqlx::query_scalar!("SELECT detail FROM call_trace WHERE call_id = $1 AND keep_until > now()", id).fetch_optional(&self.pool).await?;
        Ok(detail.and_then(|detail| serde_json::from_value(detail).ok()))
    }

    /// Closes the records that a stop of the server left open, with the last minute that it is known to have lived through: nobody
    /// is charged for the time it was gone. Gives their number.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn close_call_records(&self) -> Result<u64> {
        let closed = sqlx::query!(
            r#"UPDATE call_record c SET ended_at = e.at, cause = 'server_restart', detail = detail || jsonb_build_object('state', 'ended', 'cause', 'server_restart',
               'ended_by', 'server', 'ended_at', to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'duration_seconds', extract(epoch FROM e.at - c.answered_at)::float8)
               FROM (SELECT o.id, least(now(), greatest(coalesce(o.answered_at, o.started_at), (SELECT max(t.at) FROM trend t WHERE t.at <= now()))) AS at FROM call_record o WHERE o.ended_at IS NULL) e
               WHERE e.id = c.id"#
        )
        .execute(&self.pool)
        .await?;
        Ok(closed.rows_affected())
    }
}
