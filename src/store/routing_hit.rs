//! How often lines of the routing table were applied.

use types::Timestamp;
use uuid::Uuid;

use crate::moment::to_sql;
use crate::{Result, Store};

impl Store {
    /// Adds to the counts of an hour, that of a moment.
    ///
    /// # Errors
    /// When the database cannot answer; nothing was added then.
    pub async fn add_routing_hits(&self, at: Timestamp, lines: &[Uuid], hits: &[i64]) -> Result<()> {
        sqlx::query!(
            "INSERT INTO routing_hit (hour, line_id, hits) SELECT date_trunc('hour', $1::timestamptz), l.id, l.hits FROM UNNEST($2::uuid[], $3::bigint[]) AS l (id, hits) \
             ON CONFLICT (hour, line_id) DO UPDATE SET hits = routing_hit.hits + EXCLUDED.hits",
            to_sql(at),
            lines,
            hits
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// What was counted in the hour of a moment and in the 23 hours before it.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn routing_hits(&self, at: Timestamp) -> Result<Vec<(Uuid, i64)>> {
        let rows = sqlx::query!(r#"SELECT line_id, sum(hits)::bigint AS "hits!" FROM routing_hit WHERE hour >= date_trunc('hour', $1::timestamptz) - interval '23 hours' GROUP BY line_id"#, to_sql(at));
        Ok(rows.fetch_all(&self.pool).await?.into_iter().map(|row| (row.line_id, row.hits)).collect())
    }
}
