//! Bindings of the registrar, written behind its memory.

use serde_json::Value;
use sqlx::types::Json;
use types::Timestamp;
use uuid::Uuid;

use crate::event::{Occurrence, tell};
use crate::moment::{from_sql, to_sql};
use crate::{Result, Store};

/// A binding as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct BindingRow {
    /// Id.
    pub id: Uuid,
    /// The account it is registered for.
    pub account_id: Uuid,
    /// Contact URI.
    pub contact: String,
    /// Until when.
    pub expires_at: Timestamp,
    /// How the telephone is connected.
    pub transport: String,
    /// Address and port its requests come from.
    pub received: String,
    /// How it calls itself.
    pub user_agent: String,
    /// Whether a NAT is in between.
    pub nat: String,
    /// What the registrar alone reads.
    pub detail: Value,
    /// When it registered first.
    pub created_at: Timestamp,
    /// When it registered last.
    pub refreshed_at: Timestamp,
}

/// A binding that was confirmed as it was. Its Call-ID and CSeq stay what they were here: they tell old requests from new ones, and
/// no request that was challenged before a restart passes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prolonged {
    /// Id.
    pub id: Uuid,
    /// Until when.
    pub expires_at: Timestamp,
    /// When it registered last.
    pub refreshed_at: Timestamp,
}

/// Which bindings are wanted.
#[derive(Debug, Clone, Default)]
pub struct BindingFilter {
    /// Of this account.
    pub account: Option<Uuid>,
    /// Of this domain.
    pub domain: Option<Uuid>,
    /// Behind such a NAT.
    pub nat: Option<String>,
    /// The user agent holds this text, in lower case.
    pub user_agent: String,
    /// Those after this one.
    pub after: Uuid,
}

impl Store {
    /// Writes bindings, takes others away and tells of both, in one transaction. Bindings of accounts that are gone are left
    /// out.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn save_bindings(&self, saved: &[BindingRow], prolonged: &[Prolonged], removed: &[Uuid], news: &[Occurrence]) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        if !removed.is_empty() {
            sqlx::query!("DELETE FROM sip_binding WHERE id = ANY($1)", removed).execute(&mut *tx).await?;
        }
        if !prolonged.is_empty() {
            sqlx::query!(
                "UPDATE sip_binding b SET expires_at = p.expires_at, refreshed_at = p.refreshed_at \
                 FROM UNNEST($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS p (id, expires_at, refreshed_at) WHERE b.id = p.id",
                &prolonged.iter().map(|one| one.id).collect::<Vec<_>>(),
                &prolonged.iter().map(|one| to_sql(one.expires_at)).collect::<Vec<_>>(),
                &prolonged.iter().map(|one| to_sql(one.refreshed_at)).collect::<Vec<_>>(),
            )
            .execute(&mut *tx)
            .await?;
        }
        if !saved.is_empty() {
            let texts = |of: fn(&BindingRow) -> &str| saved.iter().map(of).collect::<Vec<_>>();
            let times = |of: fn(&BindingRow) -> Timestamp| saved.iter().map(|row| to_sql(of(row))).collect::<Vec<_>>();
            sqlx::query!(
                "INSERT INTO sip_binding (id, account_id, contact, expires_at, transport, received, user_agent, nat, detail, created_at, refreshed_at) \
                 SELECT b.* FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[], $9::jsonb[], $10::timestamptz[], $11::timestamptz[]) \
                 AS b (id, account_id, contact, expires_at, transport, received, user_agent, nat, detail, created_at, refreshed_at) JOIN account a ON a.id = b.account_id \
                 ON CONFLICT (id) DO UPDATE SET contact = excluded.contact, expires_at = excluded.expires_at, transport = excluded.transport, received = excluded.received, \
                 user_agent = excluded.user_agent, nat = excluded.nat, detail = excluded.detail, refreshed_at = excluded.refreshed_at",
                &saved.iter().map(|row| row.id).collect::<Vec<_>>(),
                &saved.iter().map(|row| row.account_id).collect::<Vec<_>>(),
                &texts(|row| &row.contact) as _,
                &times(|row| row.expires_at),
                &texts(|row| &row.transport) as _,
                &texts(|row| &row.received) as _,
                &texts(|row| &row.user_agent) as _,
                &texts(|row| &row.nat) as _,
                &saved.iter().map(|row| Json(&row.detail)).collect::<Vec<_>>() as _,
                &times(|row| row.created_at),
                &times(|row| row.refreshed_at),
            )
            .execute(&mut *tx)
            .await?;
        }
        tell(&mut tx, news).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The account of a binding.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn account_of_binding(&self, id: Uuid) -> Result<Option<Uuid>> {
        Ok(sqlx::query_scalar!("SELECT account_id FROM sip_binding WHERE id = $1", id).fetch_optional(&self.pool).await?)
    }

    /// Bindings that are not over, with the address of the account, in the order of their ids.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn bindings(&self, filter: &BindingFilter, limit: i64) -> Result<Vec<(BindingRow, String)>> {
        let rows = sqlx::query!(
            r#"SELECT b.id, b.account_id, b.contact, b.expires_at, b.transport, b.received, b.user_agent, b.nat, b.detail, b.created_at, b.refreshed_at,
               a.name || '@' || a.domain AS "address!"
               FROM sip_binding b JOIN account a ON a.id = b.account_id
               WHERE b.id > $1 AND b.expires_at > now() AND ($2::uuid IS NULL OR b.account_id = $2) AND ($3::uuid IS NULL OR a.domain_id = $3)
               AND ($4::text IS NULL OR b.nat = $4) AND ($5 = '' OR strpos(lower(b.user_agent), $5) > 0) ORDER BY b.id LIMIT $6"#,
            filter.after,
            filter.account,
            filter.domain,
            filter.nat,
            filter.user_agent,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| {
                let row = BindingRow {
                    id: r.id,
                    account_id: r.account_id,
                    contact: r.contact,
                    expires_at: from_sql(r.expires_at),
                    transport: r.transport,
                    received: r.received,
                    user_agent: r.user_agent,
                    nat: r.nat,
                    detail: r.detail,
                    created_at: from_sql(r.created_at),
                    refreshed_at: from_sql(r.refreshed_at),
                };
                (row, r.address)
            })
            .collect())
    }
}
