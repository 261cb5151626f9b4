//! The queue as administrators see and change it. What is being tried at the moment is left alone: the try ends it, or it can
//! be asked for again.
//!
//! Locks are taken in the order of `queue.rs`: messages by number, then their recipients.

use serde_json::{Value, json};
use types::Timestamp;
use uuid::Uuid;

use crate::delivery::Queued;
use crate::moment::{from_sql, to_sql};
use crate::{Result, Store, Tx};

/// Which queues are wanted.
#[derive(Debug, Clone, Default)]
pub struct QueueFilter {
    /// Of this module.
    pub module: Option<String>,
    /// In this state: `active`, `waiting` or `held`.
    pub state: Option<String>,
    /// This one alone.
    pub name: Option<String>,
    /// With this in their name.
    pub contains: Option<String>,
}

/// A queue.
#[derive(Debug, Clone)]
pub struct QueueRow {
    /// Module.
    pub module: String,
    /// Name.
    pub queue: String,
    /// Recipients in it.
    pub recipients: i64,
    /// Messages in it.
    pub messages: i64,
    /// When its oldest message came.
    pub oldest: Option<Timestamp>,
    /// `active`, `waiting` or `held`.
    pub state: String,
    /// Next try.
    pub next_try: Option<Timestamp>,
    /// What the last try ended with.
    pub last_error: String,
}

/// What waits in a module.
#[derive(Debug, Clone)]
pub struct SummaryRow {
    /// Module.
    pub module: String,
    /// Queues.
    pub queues: i64,
    /// Recipients.
    pub recipients: i64,
    /// When its oldest message came.
    pub oldest: Timestamp,
}

/// Which messages are wanted.
#[derive(Debug, Clone, Default)]
pub struct TransitFilter {
    /// This one alone.
    pub number: Option<i64>,
    /// With this in their return path.
    pub sender: Option<String>,
    /// Sent by who signed in so.
    pub authenticated: Option<String>,
    /// With this in a recipient.
    pub recipient: Option<String>,
    /// In a queue of this module.
    pub module: Option<String>,
    /// In this queue.
    pub queue: Option<String>,
    /// With a recipient in this state: `waiting` or `held`.
    pub state: Option<String>,
    /// Taken before.
    pub before: Option<Timestamp>,
}

/// A message in the queue.
#[derive(Debug, Clone)]
pub struct TransitRow {
    /// Number.
    pub number: i64,
    /// Shared by all records of the message.
    pub trace_id: Uuid,
    /// Return path, empty for none.
    pub return_path: String,
    /// Submit tag, authenticated name, ENVID, RET, flags.
    pub envelope: Value,
    /// BLAKE3-256 of the clear octets.
    pub hash: Vec<u8>,
    /// Octets.
    pub size: i64,
    /// When it was taken.
    pub submitted_at: Timestamp,
}

/// A recipient in the queue.
#[derive(Debug, Clone)]
pub struct WaitingRow {
    /// Number of the message.
    pub message: i64,
    /// Number within the message.
    pub n: i32,
    /// As given by the sender.
    pub address: String,
    /// NOTIFY, ORCPT, mailbox, detail.
    pub params: Value,
    /// Module.
    pub module: String,
    /// Queue.
    pub queue: String,
    /// What the Router made of the address.
    pub target: String,
    /// On hold.
    pub held: bool,
    /// A try runs.
    pub trying: bool,
    /// Tries so far.
    pub attempts: i32,
    /// Next try.
    pub next_try: Timestamp,
    /// What the last try ended with.
    pub last_reply: String,
}

/// Which recipients an action is about, in the order of their messages.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which<'a> {
    /// Of this message.
    pub message: Option<i64>,
    /// With this address.
    pub recipient: Option<&'a str>,
    /// In this queue: module and name.
    pub queue: Option<(&'a str, &'a str)>,
    /// Of messages with this return path.
    pub sender: Option<&'a str>,
    /// Of messages sent by who signed in so.
    pub authenticated: Option<&'a str>,
    /// After this message and recipient.
    pub after: (i64, i32),
    /// Of messages up to this number.
    pub newest: i64,
}

/// What an action does to a recipient without taking it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// A hold ends, it is due now.
    Release,
    /// It waits until somebody ends that.
    Hold,
    /// A hold ends; the time it took does not count.
    Unhold,
}

impl Store {
    /// What waits in each module.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn queue_summary(&self) -> Result<Vec<SummaryRow>> {
        let rows = sqlx::query!(
            r#"SELECT s.module AS "module!", s.queues AS "queues!", s.recipients AS "recipients!", m.submitted_at AS "oldest!"
               FROM (SELECT module, count(DISTINCT queue) AS queues, count(*) AS recipients, min(message_id) AS first FROM queue_recipient GROUP BY module) s
               JOIN queue_message m ON m.id = s.first ORDER BY s.module"#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| SummaryRow { module: row.module, queues: row.queues, recipients: row.recipients, oldest: from_sql(row.oldest) }).collect())
    }

    /// Queues after a module and name, those that are held and empty among them.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn queues(&self, filter: &QueueFilter, after: (&str, &str), limit: i64) -> Result<Vec<QueueRow>> {
        // What is asked of each queue may leave many out; otherwise no more names are read than are shown.
        let names = if filter.state.is_some() || filter.contains.is_some() { i64::MAX } else { limit };
        let rows = sqlx::query!(
            r#"WITH RECURSIVE q AS (
                 (SELECT module, queue, 1::bigint AS i FROM queue_recipient WHERE (module, queue) > ($1::text, $2::text) AND ($3::text IS NULL OR module = $3) AND ($4::text IS NULL OR queue = $4)
                   ORDER BY module, queue LIMIT 1)
                 UNION ALL
                 SELECT n.module, n.queue, q.i + 1 FROM q, LATERAL (SELECT r.module, r.queue FROM queue_recipient r WHERE (r.module, r.queue) > (q.module, q.queue) AND ($3::text IS NULL OR r.module = $3)
                   AND $4::text IS NULL ORDER BY r.module, r.queue LIMIT 1) n WHERE q.i < $5),
               named AS (SELECT module, queue FROM q UNION
                 SELECT module, queue FROM queue_hold WHERE (module, queue) > ($1::text, $2::text) AND ($3::text IS NULL OR module = $3) AND ($4::text IS NULL OR queue = $4)),
               shown AS (SELECT n.module, n.queue, r.recipients, r.messages, m.submitted_at AS oldest,
                   CASE WHEN h.held_at IS NOT NULL OR r.waiting = 0 THEN 'held' WHEN p.until > now() THEN 'waiting' WHEN r.next_try <= now() OR r.trying THEN 'active' ELSE 'waiting' END AS state,
                   CASE WHEN h.held_at IS NULL THEN GREATEST(r.next_try, p.until) END AS next_try, COALESCE(p.last_reply, r.last_reply, '') AS last_error
                 FROM named n LEFT JOIN queue_hold h USING (module, queue) LEFT JOIN queue_pause p USING (module, queue)
                 CROSS JOIN LATERAL (SELECT count(*) AS recipients, count(DISTINCT message_id) AS messages, min(message_id) AS first, count(*) FILTER (WHERE state = 'waiting') AS waiting,
                     min(next_try) FILTER (WHERE state = 'waiting') AS next_try, bool_or(lease_until > now()) AS trying, max(last_reply) FILTER (WHERE last_reply <> '') AS last_reply
                   FROM queue_recipient r WHERE r.module = n.module AND r.queue = n.queue) r
                 LEFT JOIN queue_message m ON m.id = r.first)
               SELECT module AS "module!", queue AS "queue!", recipients AS "recipients!", messages AS "messages!", oldest AS "oldest?", state AS "state!", next_try AS "next_try?", last_error AS "last_error!"
               FROM shown WHERE ($6::text IS NULL OR state = $6) AND ($7::text IS NULL OR strpos(lower(queue), lower($7)) > 0) ORDER BY module, queue LIMIT $8"#,
            after.0,
            after.1,
            filter.module.as_deref() as Option<&str>,
            filter.name.as_deref() as Option<&str>,
            names,
            filter.state.as_deref() as Option<&str>,
            filter.contains.as_deref() as Option<&str>,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| QueueRow {
                module: row.module,
                queue: row.queue,
                recipients: row.recipients,
                messages: row.messages,
                oldest: row.oldest.map(from_sql),
                state: row.state,
                next_try: row.next_try.map(from_sql),
                last_error: row.last_error,
            })
            .collect())
    }

    /// Messages in the queue, by number.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn transit(&self, filter: &TransitFilter, after: i64, limit: i64) -> Result<Vec<TransitRow>> {
        let rows = sqlx::query!(
            r#"SELECT m.id, m.trace_id, m.return_path, m.envelope, m.blob_hash, m.size, m.submitted_at FROM queue_message m
               WHERE m.id > $1 AND ($2::bigint IS NULL OR m.id = $2) AND ($3::text IS NULL OR strpos(lower(m.return_path), lower($3)) > 0) AND ($4::text IS NULL OR lower(m.envelope->>'authenticated') = lower($4))
                 AND ($5::timestamptz IS NULL OR m.submitted_at < $5)
                 AND EXISTS (SELECT FROM queue_recipient r WHERE r.message_id = m.id AND ($6::text IS NULL OR strpos(lower(r.address), lower($6)) > 0) AND ($7::text IS NULL OR r.module = $7)
                   AND ($8::text IS NULL OR r.queue = $8) AND ($9::text IS NULL OR r.state = $9))
               ORDER BY m.id LIMIT $10"#,
            after,
            filter.number as Option<i64>,
            filter.sender.as_deref() as Option<&str>,
            filter.authenticated.as_deref() as Option<&str>,
            filter.before.map(to_sql) as Option<sqlx::types::time::OffsetDateTime>,
            filter.recipient.as_deref() as Option<&str>,
            filter.module.as_deref() as Option<&str>,
            filter.queue.as_deref() as Option<&str>,
            filter.state.as_deref() as Option<&str>,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| TransitRow {
                number: row.id,
                trace_id: row.trace_id,
                return_path: row.return_path,
                envelope: row.envelope,
                hash: row.blob_hash,
                size: row.size,
                submitted_at: from_sql(row.submitted_at),
            })
            .collect())
    }

    /// Who is still to get these messages.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn waiting(&self, messages: &[i64]) -> Result<Vec<WaitingRow>> {
        let rows = sqlx::query_as!(
            WaitingSql,
            r#"SELECT message_id, n, address, params, module, queue, target, state, COALESCE(lease_until > now(), false) AS "trying!", attempts, next_try, last_reply
               FROM queue_recipient WHERE message_id = ANY($1) ORDER BY message_id, n"#,
            messages
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The newest message in the queue.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn newest_transit(&self) -> Result<i64> {
        Ok(sqlx::query_scalar!(r#"SELECT COALESCE(max(id), 0) AS "id!" FROM queue_message"#).fetch_one(&self.pool).await?)
    }
}

impl Tx {
    /// Locks recipients that nobody tries now, and their messages.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn pick(&mut self, which: &Which<'_>, limit: i64) -> Result<Vec<WaitingRow>> {
        let ids = sqlx::query!(
            r#"SELECT r.message_id, r.n FROM queue_recipient r JOIN queue_message m ON m.id = r.message_id
               WHERE (r.message_id, r.n) > ($1::bigint, $2::integer) AND r.message_id <= $3 AND ($4::bigint IS NULL OR r.message_id = $4) AND ($5::text IS NULL OR lower(r.address) = lower($5))
                 AND ($6::text IS NULL OR (r.module = $6 AND r.queue = $7)) AND ($8::text IS NULL OR lower(m.return_path) = lower($8))
                 AND ($9::text IS NULL OR lower(m.envelope->>'authenticated') = lower($9)) AND (r.lease_until IS NULL OR r.lease_until <= now())
               ORDER BY r.message_id, r.n LIMIT $10"#,
            which.after.0,
            which.after.1,
            which.newest,
            which.message as Option<i64>,
            which.recipient as Option<&str>,
            which.queue.map(|(module, _)| module) as Option<&str>,
            which.queue.map(|(_, name)| name).unwrap_or_default(),
            which.sender as Option<&str>,
            which.authenticated as Option<&str>,
            limit
        )
        .fetch_all(&mut *self.inner)
        .await?;
        let (message, n): (Vec<i64>, Vec<i32>) = ids.into_iter().map(|row| (row.message_id, row.n)).unzip();
        sqlx::query!("SELECT id FROM queue_message WHERE id = ANY($1) ORDER BY id FOR UPDATE", &message).fetch_all(&mut *self.inner).await?;
        // A try may have begun, or ended it all, meanwhile.
        let rows = sqlx::query_as!(
            WaitingSql,
            r#"SELECT r.message_id, r.n, r.address, r.params, r.module, r.queue, r.target, r.state, false AS "trying!", r.attempts, r.next_try, r.last_reply
               FROM queue_recipient r JOIN UNNEST($1::bigint[], $2::integer[]) AS p(message, n) ON r.message_id = p.message AND r.n = p.n
               WHERE r.lease_until IS NULL OR r.lease_until <= now() ORDER BY r.message_id, r.n FOR UPDATE OF r"#,
            &message,
            &n
        )
        .fetch_all(&mut *self.inner)
        .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Turns recipients that were picked; gives the number of those it changed.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn turn(&mut self, picked: &[WaitingRow], turn: Turn, by: &str) -> Result<i64> {
        let (message, n): (Vec<i64>, Vec<i32>) = picked.iter().map(|row| (row.message, row.n)).unzip();
        let (word, kind) = match turn {
            Turn::Release => ("release", "released"),
            Turn::Hold => ("hold", "held"),
            Turn::Unhold => ("unhold", "unheld"),
        };
        let changed = sqlx::query!(
            r#"WITH p AS (SELECT * FROM UNNEST($1::bigint[], $2::integer[]) AS p(message, n)),
               c AS (UPDATE queue_recipient r SET state = CASE WHEN $3 = 'hold' THEN 'held' ELSE 'waiting' END, held_at = CASE WHEN $3 = 'hold' THEN now() END, lease_owner = NULL, lease_until = NULL,
                   since = CASE WHEN r.state = 'held' THEN since + (now() - COALESCE(held_at, since)) ELSE since END,
                   next_try = CASE WHEN $3 = 'release' THEN now() WHEN $3 = 'unhold' THEN next_try + (now() - COALESCE(held_at, since)) ELSE next_try END
                 FROM p WHERE r.message_id = p.message AND r.n = p.n AND CASE $3 WHEN 'hold' THEN r.state = 'waiting' WHEN 'unhold' THEN r.state = 'held' ELSE true END
                 RETURNING r.message_id, r.address, r.account_id)
               INSERT INTO delivery_record (trace_id, message_number, kind, account_id, detail)
               SELECT m.trace_id, m.id, $4, c.account_id, jsonb_build_object('to', c.address, 'by', $5::text) FROM c JOIN queue_message m ON m.id = c.message_id"#,
            &message,
            &n,
            word,
            kind,
            by
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(i64::try_from(changed.rows_affected()).unwrap_or(i64::MAX))
    }

    /// Makes recipients that were picked fail: their rows become reports to the sender, for the queue to send. Nobody is told
    /// of messages without a return path.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn fail(&mut self, picked: &[WaitingRow], reply: &str, by: &str) -> Result<()> {
        let (message, n): (Vec<i64>, Vec<i32>) = picked.iter().map(|row| (row.message, row.n)).unzip();
        self.record(picked, "rejected", &json!({"reply": reply, "by": by})).await?;
        sqlx::query!(
            "UPDATE queue_recipient r SET module = 'local', queue = r.address, target = r.address, account_id = NULL, state = 'waiting', held_at = NULL, next_try = now(), last_reply = $3, \
             lease_owner = NULL, lease_until = NULL, fence = fence + 1 \
             FROM UNNEST($1::bigint[], $2::integer[]) AS p(message, n) WHERE r.message_id = p.message AND r.n = p.n",
            &message,
            &n,
            reply
        )
        .execute(&mut *self.inner)
        .await?;
        let mute: Vec<i64> = sqlx::query_scalar!("SELECT id FROM queue_message WHERE id = ANY($1) AND return_path = ''", &message).fetch_all(&mut *self.inner).await?;
        let mute: Vec<WaitingRow> = picked.iter().filter(|row| mute.contains(&row.message)).cloned().collect();
        self.take_away(&mute).await
    }

    /// Writes what happened to recipients that were picked into the story of their messages.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn record(&mut self, picked: &[WaitingRow], kind: &str, detail: &Value) -> Result<()> {
        let (message, address): (Vec<i64>, Vec<&str>) = picked.iter().map(|row| (row.message, row.address.as_str())).unzip();
        sqlx::query!(
            "INSERT INTO delivery_record (trace_id, message_number, kind, detail) SELECT m.trace_id, m.id, $3, jsonb_build_object('to', p.address) || $4 \
             FROM UNNEST($1::bigint[], $2::text[]) AS p(message, address) JOIN queue_message m ON m.id = p.message",
            &message,
            &address as &[&str],
            kind,
            detail
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Takes recipients away, and messages that have no others.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn take_away(&mut self, picked: &[WaitingRow]) -> Result<()> {
        let (message, n): (Vec<i64>, Vec<i32>) = picked.iter().map(|row| (row.message, row.n)).unzip();
        sqlx::query!("DELETE FROM queue_recipient r USING UNNEST($1::bigint[], $2::integer[]) AS p(message, n) WHERE r.message_id = p.message AND r.n = p.n", &message, &n).execute(&mut *self.inner).await?;
        sqlx::query!("DELETE FROM queue_message m WHERE m.id = ANY($1) AND NOT EXISTS (SELECT FROM queue_recipient r WHERE r.message_id = m.id)", &message).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Adds recipients to a message in the queue; their age is that of the message.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn add_waiting(&mut self, message: i64, rows: &[Queued]) -> Result<()> {
        for row in rows {
            sqlx::query!(
                "INSERT INTO queue_recipient (message_id, n, account_id, address, params, module, queue, target, state, next_try, last_reply, since) \
                 SELECT m.id, (SELECT COALESCE(max(n), -1) + 1 FROM queue_recipient WHERE message_id = m.id), $2::uuid, $3, $4, $5, $6, $7, $8, now(), $9, m.submitted_at FROM queue_message m WHERE m.id = $1",
                message,
                row.account as Option<Uuid>,
                row.address,
                row.params,
                row.module,
                row.queue,
                row.target,
                if row.held { "held" } else { "waiting" },
                row.last_reply
            )
            .execute(&mut *self.inner)
            .await?;
        }
        Ok(())
    }

    /// Holds a queue; says whether it was not held.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn hold_queue(&mut self, module: &str, queue: &str) -> Result<bool> {
        Ok(sqlx::query!("INSERT INTO queue_hold (module, queue) VALUES ($1, $2) ON CONFLICT DO NOTHING", module, queue).execute(&mut *self.inner).await?.rows_affected() > 0)
    }

    /// Ends the hold of a queue; the time it took does not count for its recipients. Says whether it was held.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn unhold_queue(&mut self, module: &str, queue: &str) -> Result<bool> {
        let Some(held_at) = sqlx::query_scalar!("DELETE FROM queue_hold WHERE module = $1 AND queue = $2 RETURNING held_at", module, queue).fetch_optional(&mut *self.inner).await? else {
            return Ok(false);
        };
        sqlx::query!(
            "UPDATE queue_recipient SET since = since + (now() - GREATEST(since, $3)), next_try = next_try + (now() - GREATEST(since, $3)) \
             WHERE module = $1 AND queue = $2 AND state = 'waiting' AND lease_owner IS NULL",
            module,
            queue,
            held_at
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(true)
    }

    /// Ends the hold and the pause of a queue: it may be tried now.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn wake_queue(&mut self, module: &str, queue: &str) -> Result<()> {
        self.unhold_queue(module, queue).await?;
        sqlx::query!("DELETE FROM queue_pause WHERE module = $1 AND queue = $2", module, queue).execute(&mut *self.inner).await?;
        Ok(())
    }
}

struct WaitingSql {
    message_id: i64,
    n: i32,
    address: String,
    params: Value,
    module: String,
    queue: String,
    target: String,
    state: String,
    trying: bool,
    attempts: i32,
    next_try: sqlx::types::time::OffsetDateTime,
    last_reply: String,
}

impl From<WaitingSql> for WaitingRow {
    fn from(row: WaitingSql) -> Self {
        Self {
            message: row.message_id,
            n: row.n,
            address: row.address,
            params: row.params,
            module: row.module,
            queue: row.queue,
            target: row.target,
            held: row.state == "held",
            trying: row.trying,
            attempts: row.attempts,
            next_try: from_sql(row.next_try),
            last_reply: row.last_reply,
        }
    }
}
