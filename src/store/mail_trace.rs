//! What happened to messages: their delivery records.

use serde_json::Value;
use types::Timestamp;
use uuid::Uuid;

use crate::moment::{from_sql, to_sql};
use crate::{Result, Store};

/// One thing that happened to a message.
#[derive(Debug, Clone)]
pub struct RecordRow {
    /// When.
    pub at: Timestamp,
    /// Shared by all records of the message.
    pub trace_id: Uuid,
    /// Number of the message.
    pub number: i64,
    /// Message-ID without angle brackets; the first record of a message has it.
    pub message_id: String,
    /// What: `received`, `delivered`, `sent`, `deferred`, `failed`, …
    pub kind: String,
    /// Particulars.
    pub detail: Value,
}

/// Whose messages are looked for, all of it at once.
#[derive(Debug, Clone, Default)]
pub struct TraceFilter {
    /// Not earlier.
    pub after: Timestamp,
    /// Earlier.
    pub before: Timestamp,
    /// Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// Number of the message.
    pub number: Option<i64>,
    /// Return path, lower case.
    pub sender: Option<String>,
    /// A recipient as given or delivered, lower case.
    pub recipient: Option<String>,
    /// Only messages that users of these domains sent or get, lower case.
    pub domains: Option<Vec<String>>,
    /// Only messages that the account of these addresses sent or gets, lower case.
    pub parties: Option<Vec<String>>,
    /// Only messages before this place.
    pub place: Option<(Timestamp, i64)>,
}

impl Store {
    /// All records of these messages, in the order they were written.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn delivery_records(&self, traces: &[Uuid]) -> Result<Vec<RecordRow>> {
        let rows = sqlx::query!("SELECT at, trace_id, message_number, message_id, kind, detail FROM delivery_record WHERE trace_id = ANY($1) ORDER BY at, n", traces).fetch_all(&self.pool).await?;
        Ok(rows
            .into_iter()
            .map(|r| RecordRow { at: from_sql(r.at), trace_id: r.trace_id, number: r.message_number, message_id: r.message_id, kind: r.kind, detail: r.detail })
            .collect())
    }

    /// Messages that were received in a time and fit, the newest first: their place, and their trace.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn find_traces(&self, filter: &TraceFilter, limit: i64) -> Result<Vec<((Timestamp, i64), Uuid)>> {
        let (place_at, place_n) = filter.place.map_or((None, 0), |(at, n)| (Some(to_sql(at)), n));
        let rows = sqlx::query!(
            r#"SELECT r.at, r.n, r.trace_id FROM delivery_record r
               CROSS JOIN LATERAL (SELECT lower(COALESCE(r.detail->>'from', '')) AS sender, lower(COALESCE(r.detail->>'authenticated', '')) AS author,
                 ARRAY(SELECT lower(x) FROM jsonb_array_elements_text(COALESCE(r.detail->'to', '[]') || COALESCE(r.detail->'delivered', '[]')) x) AS receivers) p
               WHERE r.kind = 'received' AND r.at >= $1 AND r.at < $2
                 AND ($3::text IS NULL OR (r.message_id = $3 AND r.message_id <> '')) AND ($4::bigint IS NULL OR r.message_number = $4)
                 AND ($5::text IS NULL OR p.sender = $5) AND ($6::text IS NULL OR $6 = ANY(p.receivers))
                 AND ($7::text[] IS NULL OR split_part(p.author, '@', 2) = ANY($7) OR EXISTS (SELECT FROM unnest(p.receivers) x WHERE split_part(x, '@', 2) = ANY($7)))
                 AND ($8::text[] IS NULL OR p.author = ANY($8) OR p.receivers && $8)
                 AND ($9::timestamptz IS NULL OR (r.at, r.n) < ($9, $10::bigint))
               ORDER BY r.at DESC, r.n DESC LIMIT $11"#,
            to_sql(filter.after),
            to_sql(filter.before),
            filter.message_id,
            filter.number,
            filter.sender,
            filter.recipient,
            filter.domains.as_deref() as Option<&[String]>,
            filter.parties.as_deref() as Option<&[String]>,
            place_at,
            place_n,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|r| ((from_sql(r.at), r.n), r.trace_id)).collect())
    }
}
