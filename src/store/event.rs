//! The outbox: events in the order in which their transactions became visible.

use model::event::Event;
use sqlx::PgConnection;
use sqlx::postgres::PgListener;
use uuid::Uuid;

use crate::moment::from_sql;
use crate::{Result, Store};

/// The channel on which a commit that wrote events says so.
const CHANNEL: &str = "postamt";

/// Hears of commits that wrote events. It may miss some: what counts is the outbox.
pub struct Notices(PgListener);

impl Notices {
    /// Waits for the next commit that wrote events: the topic, when an operation wrote it (see `Tx::announce`), or an empty text. `None`
    /// when the connection was lost and is there again, so that notices may have been missed.
    ///
    /// # Errors
    /// When the connection is lost and cannot be made again.
    pub async fn next(&mut self) -> Result<Option<String>> {
        Ok(self.0.try_recv().await?.map(|notice| notice.payload().to_owned()))
    }
}

impl Store {
    /// Begins to hear of commits.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn notices(&self) -> Result<Notices> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Notices(listener))
    }

    /// Where the newest event stands that none can precede any more.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn newest_event(&self) -> Result<EventPlace> {
        let found = sqlx::query!(r#"SELECT xid::text::bigint AS "xid!", seq FROM event WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid DESC, seq DESC LIMIT 1"#)
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.map_or(EventPlace::default(), |r| EventPlace { transaction: r.xid, number: r.seq }))
    }

    /// Where the event of a number stands, while it is kept.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn event_place(&self, number: i64) -> Result<Option<EventPlace>> {
        let found = sqlx::query_scalar!(r#"SELECT xid::text::bigint AS "xid!" FROM event WHERE seq = $1"#, number).fetch_optional(&self.pool).await?;
        Ok(found.map(|transaction| EventPlace { transaction, number }))
    }

    /// Events after a place, up to the oldest transaction that is still open: what is read once is never overtaken.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn events_after(&self, place: EventPlace, limit: i64) -> Result<Vec<(EventPlace, Event)>> {
        let rows = sqlx::query!(
            r#"SELECT xid::text::bigint AS "xid!", seq, at, topic, type AS kind, account_id, domain_id, object FROM event
             WHERE (xid, seq) > ($1::bigint::text::xid8, $2) AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, seq LIMIT $3"#,
            place.transaction,
            place.number,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| {
                let place = EventPlace { transaction: r.xid, number: r.seq };
                (place, Event { id: r.seq, kind: r.kind, topic: r.topic, time: from_sql(r.at), account: r.account_id, domain: r.domain_id, object: r.object })
            })
            .collect())
    }
}

/// Where an event stands among all: by the transaction that wrote it, then by its number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventPlace {
    /// Number of the transaction.
    pub transaction: i64,
    /// Number of the event.
    pub number: i64,
}

/// Something that happened, to be told together with what else happened.
#[derive(Debug, Clone)]
pub struct Occurrence {
    /// Topic of the event.
    pub topic: &'static str,
    /// Type of the event.
    pub kind: &'static str,
    /// The account concerned.
    pub account_id: Option<Uuid>,
    /// The domain concerned.
    pub domain_id: Option<Uuid>,
    /// Particulars, in JSON.
    pub object: String,
}

/// Writes events into the outbox, in one statement. The registrar knows no domains: its events get that of their account.
pub(crate) async fn tell(connection: &mut PgConnection, news: &[Occurrence]) -> Result<()> {
    if news.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "WITH word AS (SELECT pg_notify('postamt', '')) INSERT INTO event (topic, type, account_id, domain_id, object) \
         SELECT n.topic, n.kind, n.account, CASE WHEN n.domain IS NULL AND n.topic = 'registrations' THEN (SELECT a.domain_id FROM account a WHERE a.id = n.account) ELSE n.domain END, \
         n.object::jsonb FROM word, UNNEST($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::text[]) WITH ORDINALITY AS n (topic, kind, account, domain, object, place) ORDER BY n.place",
        &news.iter().map(|one| one.topic).collect::<Vec<_>>() as _,
        &news.iter().map(|one| one.kind).collect::<Vec<_>>() as _,
        &news.iter().map(|one| one.account_id).collect::<Vec<_>>() as _,
        &news.iter().map(|one| one.domain_id).collect::<Vec<_>>() as _,
        &news.iter().map(|one| one.object.as_str()).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
