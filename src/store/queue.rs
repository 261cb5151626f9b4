//! The queue: recipients that wait, claimed in batches of one queue. A claim carries a lease and a fencing number; a result
//! with an older number changes nothing.
//!
//! Locks are taken in this order: messages of the queue by number, their recipients, then what `delivery.rs` locks. Claims
//! wait for nobody.

use serde_json::Value;
use sqlx::PgConnection;
use types::Timestamp;
use uuid::Uuid;

use crate::message::Stored;
use crate::moment::from_sql;
use crate::{Result, Store, Tx};

/// A queue that has something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Module.
    pub module: String,
    /// Name of the queue.
    pub queue: String,
    /// Seconds until then; 0 = now.
    pub seconds: i64,
}

/// How long a queue waits as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Failed tries so far.
    pub attempts: i32,
    /// Seconds since the first of them.
    pub age: i64,
}

/// A recipient that was claimed, with its message.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Number of the message.
    pub message: i64,
    /// Number of the recipient.
    pub n: i32,
    /// Number of the claim.
    pub fence: i64,
    /// The account, when it is one of ours.
    pub account: Option<Uuid>,
    /// As given by the sender.
    pub address: String,
    /// NOTIFY, ORCPT, mailbox, detail.
    pub params: Value,
    /// Module.
    pub module: String,
    /// Name of the queue.
    pub queue: String,
    /// What the Router made of the address.
    pub target: String,
    /// Failed tries so far.
    pub attempts: i32,
    /// What the last try ended with.
    pub last_reply: String,
    /// Seconds it waits, time on hold left out.
    pub age: i64,
    /// The sender was told that it waits.
    pub warned: bool,
    /// Seconds until it would have been due.
    pub due_in: f64,
    /// Shared by all records of the message.
    pub trace_id: Uuid,
    /// Return path, empty for none.
    pub return_path: String,
    /// Submit tag, authenticated name, ENVID, RET, flags.
    pub envelope: Value,
    /// BLAKE3-256 of the clear octets.
    pub hash: Vec<u8>,
    /// Octets of the clear message.
    pub size: i64,
    /// When it was taken.
    pub submitted_at: Timestamp,
}

/// What becomes of a claimed recipient.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// It leaves the queue.
    Done,
    /// It is tried again after so many seconds; the try has failed.
    Retry(f64),
    /// It is due again after so many seconds; it was not tried.
    Back(f64),
    /// As before, and its sender is told that it waits.
    Warned(f64),
}

/// The end of a claim.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Number of the message.
    pub message: i64,
    /// Number of the recipient.
    pub n: i32,
    /// Number of the claim.
    pub fence: i64,
    /// Shared by all records of the message.
    pub trace_id: Uuid,
    /// What becomes of it.
    pub ending: Ending,
    /// What the try ended with; empty leaves the text of the last try.
    pub reply: String,
    /// Kind and particulars of the delivery record, when one is written.
    pub record: Option<(&'static str, Value)>,
}

/// When recipients have waited too long, in seconds from now; `None` when nobody waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Oldest {
    /// Age of the oldest recipient whose sender was not told.
    pub unwarned: Option<i64>,
    /// Age of the oldest recipient whose sender was told.
    pub warned: Option<i64>,
}

/// A process that claims. While it lives it holds a lock, so that what it leaves behind is known to be free.
pub struct Owner {
    id: Uuid,
    connection: PgConnection,
}

/// The lock that says a process lives.
fn lock_key(owner: Uuid) -> i64 {
    i64::from_ne_bytes(owner.as_u64_pair().0.to_ne_bytes())
}

impl Owner {
    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Prolongs the leases of all its claims.
    ///
    /// # Errors
    /// When the connection is lost, and the lock with it.
    pub async fn renew(&mut self) -> Result<()> {
        sqlx::query!(
            "UPDATE queue_recipient r SET lease_until = now() + interval '60 seconds', next_try = now() + interval '60 seconds' \
             FROM (SELECT message_id, n FROM queue_recipient WHERE lease_owner = $1 FOR UPDATE SKIP LOCKED) mine WHERE r.message_id = mine.message_id AND r.n = mine.n",
            self.id
        )
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    /// Makes due at once what processes that no longer live had claimed.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn free_dead(&mut self) -> Result<u64> {
        let owners = sqlx::query_scalar!(r#"SELECT DISTINCT lease_owner AS "owner!" FROM queue_recipient WHERE lease_owner IS NOT NULL AND lease_owner <> $1"#, self.id).fetch_all(&mut self.connection).await?;
        let mut freed = 0;
        for owner in owners {
            let dead = sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "dead!""#, lock_key(owner)).fetch_one(&mut self.connection).await?;
            if dead {
                freed += sqlx::query!("UPDATE queue_recipient SET lease_owner = NULL, lease_until = NULL, next_try = now() WHERE lease_owner = $1", owner).execute(&mut self.connection).await?.rows_affected();
                sqlx::query!("SELECT pg_advisory_unlock($1)", lock_key(owner)).fetch_one(&mut self.connection).await?;
            }
        }
        Ok(freed)
    }
}

impl Store {
    /// Makes this process one that claims, under a new name or one it had before its connection was lost.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn queue_owner(&self, known: Option<Uuid>) -> Result<Owner> {
        let id = known.unwrap_or_else(Uuid::new_v4);
        let mut connection = self.pool.acquire().await?.detach();
        sqlx::query!("SELECT pg_advisory_lock($1)", lock_key(id)).execute(&mut connection).await?;
        Ok(Owner { id, connection })
    }

    /// The queues that are due first, at most `limit` of them; those that are held are left out.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn queue_outlook(&self, limit: i64) -> Result<Vec<Due>> {
        let rows = sqlx::query!(
            r#"WITH RECURSIVE q AS (
                 (SELECT module, queue FROM queue_recipient WHERE state = 'waiting' ORDER BY module, queue LIMIT 1)
                 UNION ALL
                 SELECT n.module, n.queue FROM q, LATERAL (SELECT r.module, r.queue FROM queue_recipient r WHERE r.state = 'waiting' AND (r.module, r.queue) > (q.module, q.queue)
                   ORDER BY r.module, r.queue LIMIT 1) n)
               SELECT q.module AS "module!", q.queue AS "queue!", CEIL(GREATEST(EXTRACT(EPOCH FROM GREATEST(f.next_try, p.until) - now()), 0))::bigint AS "seconds!"
               FROM q CROSS JOIN LATERAL (SELECT r.next_try FROM queue_recipient r WHERE r.state = 'waiting' AND r.module = q.module AND r.queue = q.queue ORDER BY r.next_try LIMIT 1) f
               LEFT JOIN queue_pause p ON p.module = q.module AND p.queue = q.queue
               WHERE NOT EXISTS (SELECT FROM queue_hold h WHERE h.module = q.module AND h.queue = q.queue)
               ORDER BY GREATEST(f.next_try, p.until) LIMIT $1"#,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| Due { module: row.module, queue: row.queue, seconds: row.seconds }).collect())
    }

    /// Claims what is due in a queue, unless the queue is held or paused. Recipients of a message stand together.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn claim_queue(&self, owner: Uuid, module: &str, queue: &str, limit: i64) -> Result<Vec<Claimed>> {
        let rows = sqlx::query_as!(
            ClaimedRow,
            r#"WITH picked AS MATERIALIZED (SELECT r.message_id, r.n, r.next_try FROM queue_recipient r
                 WHERE r.state = 'waiting' AND r.module = $2 AND r.queue = $3 AND r.next_try <= now() AND (r.lease_until IS NULL OR r.lease_until <= now())
                   AND NOT EXISTS (SELECT FROM queue_hold h WHERE h.module = $2 AND h.queue = $3)
                   AND NOT EXISTS (SELECT FROM queue_pause p WHERE p.module = $2 AND p.queue = $3 AND p.until > now())
                 ORDER BY r.next_try, r.message_id LIMIT $4 FOR UPDATE OF r SKIP LOCKED),
               taken AS (UPDATE queue_recipient r SET lease_owner = $1, lease_until = now() + interval '60 seconds', next_try = now() + interval '60 seconds', fence = fence + 1
                 FROM picked p WHERE r.message_id = p.message_id AND r.n = p.n RETURNING r.*, p.next_try AS due)
               SELECT t.message_id AS "message!", t.n AS "n!", t.fence AS "fence!", t.account_id AS account, t.address AS "address!", t.params AS "params!", t.module AS "module!", t.queue AS "queue!",
                 t.target AS "target!", t.attempts AS "attempts!", t.last_reply AS "last_reply!", EXTRACT(EPOCH FROM now() - t.since)::bigint AS "age!", t.warned AS "warned!",
                 GREATEST(EXTRACT(EPOCH FROM t.due - now()), 0)::double precision AS "due_in!", m.trace_id AS "trace_id!", m.return_path AS "return_path!", m.envelope AS "envelope!", m.blob_hash AS "hash!",
                 m.size AS "size!", m.submitted_at AS "submitted_at!"
               FROM taken t JOIN queue_message m ON m.id = t.message_id ORDER BY t.message_id, t.n"#,
            owner,
            module,
            queue,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Claims recipients of remote queues, tried or not, whose sender is to be told: those that wait longer than `warn_after`
    /// (`None` = nobody is told), and those that are given up.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn claim_old(&self, owner: Uuid, warn_after: Option<i64>, give_up_after: i64, limit: i64) -> Result<Vec<Claimed>> {
        let rows = sqlx::query_as!(
            ClaimedRow,
            r#"WITH picked AS MATERIALIZED (SELECT r.message_id, r.n, r.next_try FROM queue_recipient r
                 WHERE r.state = 'waiting' AND r.module = 'smtp' AND (r.lease_until IS NULL OR r.lease_until <= now())
                   AND NOT EXISTS (SELECT FROM queue_hold h WHERE h.module = r.module AND h.queue = r.queue)
                   AND ((NOT r.warned AND r.since <= now() - make_interval(secs => LEAST($2::bigint, $3::bigint))) OR (r.warned AND r.since <= now() - make_interval(secs => $3::bigint)))
                 ORDER BY r.message_id, r.n LIMIT $4 FOR UPDATE OF r SKIP LOCKED),
               taken AS (UPDATE queue_recipient r SET lease_owner = $1, lease_until = now() + interval '60 seconds', next_try = now() + interval '60 seconds', fence = fence + 1
                 FROM picked p WHERE r.message_id = p.message_id AND r.n = p.n RETURNING r.*, p.next_try AS due)
               SELECT t.message_id AS "message!", t.n AS "n!", t.fence AS "fence!", t.account_id AS account, t.address AS "address!", t.params AS "params!", t.module AS "module!", t.queue AS "queue!",
                 t.target AS "target!", t.attempts AS "attempts!", COALESCE(NULLIF(t.last_reply, ''), p.last_reply, '') AS "last_reply!", EXTRACT(EPOCH FROM now() - t.since)::bigint AS "age!", t.warned AS "warned!",
                 GREATEST(EXTRACT(EPOCH FROM t.due - now()), 0)::double precision AS "due_in!", m.trace_id AS "trace_id!", m.return_path AS "return_path!", m.envelope AS "envelope!", m.blob_hash AS "hash!",
                 m.size AS "size!", m.submitted_at AS "submitted_at!"
               FROM taken t JOIN queue_message m ON m.id = t.message_id LEFT JOIN queue_pause p ON p.module = t.module AND p.queue = t.queue ORDER BY t.message_id, t.n"#,
            owner,
            warn_after as Option<i64>,
            give_up_after,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// How long the oldest recipients of remote queues wait; those that are being tried are left out.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn oldest_waiting(&self) -> Result<Oldest> {
        let row = sqlx::query!(
            r#"SELECT (SELECT EXTRACT(EPOCH FROM now() - since)::bigint FROM queue_recipient WHERE state = 'waiting' AND module = 'smtp' AND NOT warned AND lease_owner IS NULL ORDER BY since LIMIT 1) AS unwarned,
                 (SELECT EXTRACT(EPOCH FROM now() - since)::bigint FROM queue_recipient WHERE state = 'waiting' AND module = 'smtp' AND warned AND lease_owner IS NULL ORDER BY since LIMIT 1) AS warned"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Oldest { unwarned: row.unwarned, warned: row.warned })
    }

    /// Whether at least so many messages wait.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn queue_holds(&self, messages: i64) -> Result<bool> {
        let row = sqlx::query_scalar!(r#"SELECT count(*) >= $1 AS "full!" FROM (SELECT FROM queue_message LIMIT $1) AS waiting"#, messages).fetch_one(&self.pool).await?;
        Ok(row)
    }

    /// The octets of a message, as they are stored.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn queued_body(&self, hash: &[u8]) -> Result<Option<Stored>> {
        let row = sqlx::query!("SELECT codec, data FROM blob WHERE hash = $1", hash).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| Stored { codec: row.codec, data: row.data }))
    }

    /// Ends claims; says for each whether it was still good.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn settle_queue(&self, settled: &[Settled]) -> Result<Vec<bool>> {
        let mut tx = self.begin().await?;
        let good = tx.settle_queue(settled).await?;
        tx.commit().await?;
        Ok(good)
    }

    /// How long a queue was paused, when it was.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn queue_pause(&self, module: &str, queue: &str) -> Result<Option<Pause>> {
        let row = sqlx::query!(r#"SELECT attempts, EXTRACT(EPOCH FROM now() - since)::bigint AS "age!" FROM queue_pause WHERE module = $1 AND queue = $2"#, module, queue).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| Pause { attempts: row.attempts, age: row.age }))
    }

    /// Lets a queue wait as a whole for so many seconds.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn pause_queue(&self, module: &str, queue: &str, seconds: f64, reply: &str) -> Result<()> {
        sqlx::query!(
            "WITH told AS (INSERT INTO event (topic, type, object) VALUES ('queue', 'queue.host_state', jsonb_build_object('module', $1::text, 'name', $2::text, 'state', 'waiting', 'reply', $4::text))), \
               word AS (SELECT pg_notify('postamt', '')) \
             INSERT INTO queue_pause (module, queue, until, last_reply) SELECT $1, $2, now() + $3 * interval '1 second', $4 FROM word \
             ON CONFLICT (module, queue) DO UPDATE SET until = EXCLUDED.until, attempts = queue_pause.attempts + 1, last_reply = EXCLUDED.last_reply",
            module,
            queue,
            seconds,
            reply
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Ends the pause of a queue; says whether there was one.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn resume_queue(&self, module: &str, queue: &str) -> Result<bool> {
        let ended = sqlx::query!(
            "WITH gone AS (DELETE FROM queue_pause WHERE module = $1 AND queue = $2 RETURNING module, queue), \
               told AS (INSERT INTO event (topic, type, object) SELECT 'queue', 'queue.host_state', jsonb_build_object('module', module, 'name', queue, 'state', 'active') FROM gone) \
             SELECT pg_notify('postamt', '')::text AS told FROM gone",
            module,
            queue
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(!ended.is_empty())
    }

    /// Forgets the pauses of queues in which nobody waits.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn drop_pauses(&self) -> Result<()> {
        sqlx::query!("DELETE FROM queue_pause p WHERE NOT EXISTS (SELECT FROM queue_recipient r WHERE r.module = p.module AND r.queue = p.queue)").execute(&self.pool).await?;
        Ok(())
    }
}

impl Tx {
    /// Locks claims and their messages; says for each whether it is good.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub(crate) async fn lock_claims(&mut self, claims: &[Settled]) -> Result<Vec<bool>> {
        let message: Vec<i64> = claims.iter().map(|s| s.message).collect();
        let n: Vec<i32> = claims.iter().map(|s| s.n).collect();
        sqlx::query!("SELECT id FROM queue_message WHERE id = ANY($1) ORDER BY id FOR UPDATE", &message).fetch_all(&mut *self.inner).await?;
        let rows = sqlx::query!(
            r#"SELECT r.message_id, r.n, r.fence FROM UNNEST($1::bigint[], $2::integer[]) AS s(message, n) JOIN queue_recipient r ON r.message_id = s.message AND r.n = s.n ORDER BY r.message_id, r.n FOR UPDATE OF r"#,
            &message,
            &n
        )
        .fetch_all(&mut *self.inner)
        .await?;
        Ok(claims.iter().map(|claim| rows.iter().any(|row| (row.message_id, row.n, row.fence) == (claim.message, claim.n, claim.fence))).collect())
    }

    /// Ends claims; says for each whether it was still good. A message without recipients leaves the queue.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn settle_queue(&mut self, settled: &[Settled]) -> Result<Vec<bool>> {
        let message: Vec<i64> = settled.iter().map(|s| s.message).collect();
        // The last two recipients of a message may end at the same time; one of them must see the other gone.
        sqlx::query!("SELECT id FROM queue_message WHERE id = ANY($1) ORDER BY id FOR UPDATE", &message).fetch_all(&mut *self.inner).await?;
        let n: Vec<i32> = settled.iter().map(|s| s.n).collect();
        let fence: Vec<i64> = settled.iter().map(|s| s.fence).collect();
        let traces: Vec<Uuid> = settled.iter().map(|s| s.trace_id).collect();
        let (kinds, delays): (Vec<&str>, Vec<f64>) = settled.iter().map(|s| ending(&s.ending)).unzip();
        let replies: Vec<&str> = settled.iter().map(|s| s.reply.as_str()).collect();
        let records: Vec<Option<&str>> = settled.iter().map(|s| s.record.as_ref().map(|(kind, _)| *kind)).collect();
        let details: Vec<Value> = settled.iter().map(|s| s.record.as_ref().map_or(Value::Null, |(_, detail)| detail.clone())).collect();
        let rows = sqlx::query!(
            r#"WITH s AS (SELECT * FROM UNNEST($1::bigint[], $2::integer[], $3::bigint[], $4::uuid[], $5::text[], $6::double precision[], $7::text[], $8::text[], $9::jsonb[])
                 WITH ORDINALITY AS s(message, n, fence, trace, ending, delay, reply, record, detail, i)),
               gone AS (DELETE FROM queue_recipient r USING s WHERE s.ending = 'done' AND r.message_id = s.message AND r.n = s.n AND r.fence = s.fence RETURNING r.account_id, s.i),
               later AS (UPDATE queue_recipient r SET lease_owner = NULL, lease_until = NULL, next_try = now() + s.delay * interval '1 second', warned = warned OR s.ending = 'warned',
                   attempts = attempts + (s.ending = 'retry')::integer, last_reply = COALESCE(NULLIF(s.reply, ''), last_reply)
                 FROM s WHERE s.ending <> 'done' AND r.message_id = s.message AND r.n = s.n AND r.fence = s.fence RETURNING r.account_id, s.i),
               ended AS (SELECT * FROM gone UNION ALL SELECT * FROM later),
               records AS (INSERT INTO delivery_record (trace_id, message_number, kind, account_id, detail)
                 SELECT s.trace, s.message, s.record, e.account_id, s.detail FROM s JOIN ended e USING (i) WHERE s.record IS NOT NULL)
               SELECT i AS "i!" FROM ended"#,
            &message,
            &n,
            &fence,
            &traces,
            &kinds as &[&str],
            &delays,
            &replies as &[&str],
            &records as &[Option<&str>],
            &details
        )
        .fetch_all(&mut *self.inner)
        .await?;
        if settled.iter().any(|s| s.ending == Ending::Done) {
            sqlx::query!("DELETE FROM queue_message m WHERE m.id = ANY($1) AND NOT EXISTS (SELECT FROM queue_recipient r WHERE r.message_id = m.id)", &message).execute(&mut *self.inner).await?;
        }
        let mut good = vec![false; settled.len()];
        for row in rows {
            if let Some(place) = usize::try_from(row.i - 1).ok().and_then(|i| good.get_mut(i)) {
                *place = true;
            }
        }
        Ok(good)
    }
}

fn ending(ending: &Ending) -> (&'static str, f64) {
    match ending {
        Ending::Done => ("done", 0.0),
        Ending::Retry(seconds) => ("retry", *seconds),
        Ending::Back(seconds) => ("back", *seconds),
        Ending::Warned(seconds) => ("warned", *seconds),
    }
}

struct ClaimedRow {
    message: i64,
    n: i32,
    fence: i64,
    account: Option<Uuid>,
    address: String,
    params: Value,
    module: String,
    queue: String,
    target: String,
    attempts: i32,
    last_reply: String,
    age: i64,
    warned: bool,
    due_in: f64,
    trace_id: Uuid,
    return_path: String,
    envelope: Value,
    hash: Vec<u8>,
    size: i64,
    submitted_at: sqlx::types::time::OffsetDateTime,
}

impl From<ClaimedRow> for Claimed {
    fn from(row: ClaimedRow) -> Self {
        Self {
            message: row.message,
            n: row.n,
            fence: row.fence,
            account: row.account,
            address: row.address,
            params: row.params,
            module: row.module,
            queue: row.queue,
            target: row.target,
            attempts: row.attempts,
            last_reply: row.last_reply,
            age: row.age,
            warned: row.warned,
            due_in: row.due_in,
            trace_id: row.trace_id,
            return_path: row.return_path,
            envelope: row.envelope,
            hash: row.hash,
            size: row.size,
            submitted_at: from_sql(row.submitted_at),
        }
    }
}
