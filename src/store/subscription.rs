//! Subscriptions of telephones, written behind the memory that counts.

use types::Timestamp;
use uuid::Uuid;

use crate::moment::{from_sql, to_sql};
use crate::{Result, Store};

/// A subscription as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// Id.
    pub id: Uuid,
    /// The account that is watched.
    pub account_id: Uuid,
    /// The account that watches.
    pub watcher_id: Uuid,
    /// What is watched.
    pub package: String,
    /// Not of the account itself, but of all who stand in its roster.
    pub list: bool,
    /// Nobody has decided yet whether the watcher may.
    pub pending: bool,
    /// Address and port the watcher subscribed from.
    pub received: String,
    /// How it is connected.
    pub transport: String,
    /// Until when.
    pub expires_at: Timestamp,
    /// Its dialog.
    pub dialog: String,
    /// What tells it from others in its dialog.
    pub event_id: Option<String>,
    /// Our Contact in it.
    pub contact: String,
}

impl Store {
    /// Writes subscriptions, new or refreshed, and takes others away, in one transaction.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn save_subscriptions(&self, saved: &[SubscriptionRow], removed: &[Uuid]) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        if !removed.is_empty() {
            sqlx::query!("DELETE FROM sip_subscription WHERE id = ANY($1)", removed).execute(&mut *tx).await?;
        }
        if !saved.is_empty() {
            let texts = |of: fn(&SubscriptionRow) -> &str| saved.iter().map(|row| of(row).to_owned()).collect::<Vec<_>>();
            let ids = |of: fn(&SubscriptionRow) -> Uuid| saved.iter().map(of).collect::<Vec<_>>();
            sqlx::query!(
                "INSERT INTO sip_subscription (id, account_id, watcher_id, package, pending, received, transport, expires_at, dialog, event_id, contact, list) \
                 SELECT s.* FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bool[], $6::text[], $7::text[], $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::bool[]) \
                 AS s (id, account_id, watcher_id, package, pending, received, transport, expires_at, dialog, event_id, contact, list) JOIN account a ON a.id = s.account_id JOIN account w ON w.id = s.watcher_id \
                 ON CONFLICT (id) DO UPDATE SET pending = excluded.pending, received = excluded.received, transport = excluded.transport, expires_at = excluded.expires_at, dialog = excluded.dialog",
                &ids(|row| row.id),
                &ids(|row| row.account_id),
                &ids(|row| row.watcher_id),
                &texts(|row| &row.package),
                &saved.iter().map(|row| row.pending).collect::<Vec<_>>(),
                &texts(|row| &row.received),
                &texts(|row| &row.transport),
                &saved.iter().map(|row| to_sql(row.expires_at)).collect::<Vec<_>>(),
                &texts(|row| &row.dialog),
                &saved.iter().map(|row| row.event_id.clone()).collect::<Vec<_>>() as _,
                &texts(|row| &row.contact),
                &saved.iter().map(|row| row.list).collect::<Vec<_>>(),
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Subscriptions that are not over; those that are are taken away.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn subscriptions(&self) -> Result<Vec<SubscriptionRow>> {
        sqlx::query!("DELETE FROM sip_subscription WHERE expires_at <= now()").execute(&self.pool).await?;
        let rows = sqlx::query!("SELECT id, account_id, watcher_id, package, pending, received, transport, expires_at, dialog, event_id, contact, list FROM sip_subscription").fetch_all(&self.pool).await?;
        Ok(rows
            .into_iter()
            .map(|r| SubscriptionRow {
                id: r.id,
                account_id: r.account_id,
                watcher_id: r.watcher_id,
                package: r.package,
                list: r.list,
                pending: r.pending,
                received: r.received,
                transport: r.transport,
                expires_at: from_sql(r.expires_at),
                dialog: r.dialog,
                event_id: r.event_id,
                contact: r.contact,
            })
            .collect())
    }
}
