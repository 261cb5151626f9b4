//! The routing table with its history, and what else the Router is compiled from.

use model::domain::DomainState;
use model::routing::LineOrigin;
use serde_json::Value;
use sqlx::PgExecutor;
use types::Timestamp;
use uuid::Uuid;

use crate::moment::from_sql;
use crate::{Result, Store, Tx};

/// Versions of the table that are shown; one more is kept, for the text before the oldest change.
const KEPT: i64 = 100;

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineRow {
    /// Identity.
    pub id: Uuid,
    /// The line as typed.
    pub text: String,
    /// Where it came from.
    pub origin: LineOrigin,
    /// Version of the table in which it was changed last.
    pub version: i64,
}

/// The whole table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// Version.
    pub version: i64,
    /// The lines in their order.
    pub lines: Vec<LineRow>,
}

/// One version in the history.
pub struct HistoryRow {
    /// Version the change produced.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// Text before.
    pub before: String,
    /// Text after.
    pub after: String,
}

/// A domain, as far as the Router goes.
pub struct RoutedDomain {
    /// Id.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Whether it works.
    pub state: DomainState,
    /// Other names.
    pub aliases: Vec<String>,
    /// Addresses assigned to it.
    pub addresses: Vec<String>,
    /// Settings patch.
    pub settings: Value,
    /// The main domain.
    pub main: bool,
}

impl Store {
    /// The routing table.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn routing_table(&self) -> Result<TableRow> {
        table(&self.pool).await
    }

    /// Settings of the Router, defaults of domain settings, and the version of both.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn router_settings(&self) -> Result<(Value, Value, i64)> {
        let row = sqlx::query!("SELECT router_settings, domain_defaults, version FROM server WHERE id = 1").fetch_one(&self.pool).await?;
        Ok((row.router_settings, row.domain_defaults, row.version))
    }

    /// Every domain.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn routed_domains(&self) -> Result<Vec<RoutedDomain>> {
        let rows = sqlx::query!(
            r#"SELECT d.id, d.name, d.state, d.assigned_ips, d.settings, d.id IS NOT DISTINCT FROM s.main_domain_id AS "main!",
               COALESCE(array_agg(n.name) FILTER (WHERE n.is_alias), '{}') AS "aliases!"
               FROM domain d CROSS JOIN server s LEFT JOIN domain_name n ON n.domain_id = d.id
               WHERE d.state <> 'deleted' GROUP BY d.id, s.main_domain_id"#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| RoutedDomain {
                id: r.id,
                name: r.name,
                state: if r.state == "suspended" { DomainState::Suspended } else { DomainState::Active },
                aliases: r.aliases,
                addresses: r.assigned_ips,
                settings: r.settings,
                main: r.main,
            })
            .collect())
    }

    /// Changes of the table before a version, the newest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn routing_history(&self, before: i64, limit: i64) -> Result<Vec<HistoryRow>> {
        let rows = sqlx::query!(
            r#"SELECT h.version, h.at, h.actor, COALESCE((SELECT p.content FROM routing_history p WHERE p.version < h.version ORDER BY p.version DESC LIMIT 1), '') AS "before!",
               h.content FROM routing_history h JOIN routing_table t ON t.id = 1 WHERE h.version < $1 AND h.version > t.version - $3 ORDER BY h.version DESC LIMIT $2"#,
            before,
            limit,
            KEPT
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|r| HistoryRow { version: r.version, at: from_sql(r.at), actor: r.actor, before: r.before, after: r.content }).collect())
    }

    /// The table of an earlier version as text.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn routing_version(&self, version: i64) -> Result<Option<String>> {
        Ok(sqlx::query_scalar!("SELECT content FROM routing_history WHERE version = $1", version).fetch_optional(&self.pool).await?)
    }
}

impl Tx {
    /// Locks the table against other changes and reads it.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn lock_routing_table(&mut self) -> Result<TableRow> {
        sqlx::query!("SELECT version FROM routing_table WHERE id = 1 FOR UPDATE").fetch_one(&mut *self.inner).await?;
        table(&mut *self.inner).await
    }

    /// Replaces the table by one with a new version, and keeps it in the history.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn save_routing_table(&mut self, table: &TableRow, content: &str, actor: &str) -> Result<()> {
        sqlx::query!("DELETE FROM routing_line").execute(&mut *self.inner).await?;
        let ids: Vec<Uuid> = table.lines.iter().map(|line| line.id).collect();
        let texts: Vec<String> = table.lines.iter().map(|line| line.text.clone()).collect();
        let origins: Vec<String> = table.lines.iter().map(|line| if line.origin == LineOrigin::Builtin { "builtin" } else { "user" }.to_owned()).collect();
        let versions: Vec<i64> = table.lines.iter().map(|line| line.version).collect();
        sqlx::query!(
            "INSERT INTO routing_line (id, position, text, origin, version) \
             SELECT l.id, l.position, l.text, l.origin, l.version FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::bigint[]) WITH ORDINALITY AS l (id, text, origin, version, position)",
            &ids,
            &texts,
            &origins,
            &versions
        )
        .execute(&mut *self.inner)
        .await?;
        sqlx::query!("UPDATE routing_table SET version = $1, updated_at = now() WHERE id = 1", table.version).execute(&mut *self.inner).await?;
        sqlx::query!(
            "INSERT INTO routing_history (version, actor, content) VALUES ($1, $2, $3) ON CONFLICT (version) DO UPDATE SET at = now(), actor = $2, content = $3",
            table.version,
            actor,
            content
        )
        .execute(&mut *self.inner)
        .await?;
        sqlx::query!("DELETE FROM routing_history WHERE version < $1::bigint - $2::bigint", table.version, KEPT).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Changes the settings of the Router.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn update_router_settings(&mut self, settings: &Value) -> Result<()> {
        sqlx::query!("UPDATE server SET router_settings = $1, version = version + 1, updated_at = now() WHERE id = 1", settings).execute(&mut *self.inner).await?;
        Ok(())
    }
}

async fn table<'e>(executor: impl PgExecutor<'e>) -> Result<TableRow> {
    let rows = sqlx::query!(
        r#"SELECT t.version AS table_version, l.id AS "id?", l.text AS "text?", l.origin AS "origin?", l.version AS "version?"
           FROM routing_table t LEFT JOIN routing_line l ON true WHERE t.id = 1 ORDER BY l.position"#
    )
    .fetch_all(executor)
    .await?;
    let version = rows.first().map_or(1, |r| r.table_version);
    let line = |id, text, origin: String, version| LineRow { id, text, origin: if origin == "builtin" { LineOrigin::Builtin } else { LineOrigin::User }, version };
    Ok(TableRow { version, lines: rows.into_iter().filter_map(|r| Some(line(r.id?, r.text?, r.origin?, r.version?))).collect() })
}
