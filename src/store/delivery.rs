//! Mail that was accepted: a batch of messages becomes durable in one transaction of a few statements.
//!
//! Locks are taken in this order: claimed recipients of the queue as in `queue.rs`, bodies by hash, mailboxes by account and id, states of accounts by id. Two batches
//! never wait for each other in a circle, nor for anybody else who keeps this order.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use serde_json::{Value, json};
use types::Timestamp;
use uuid::Uuid;

use crate::moment::to_sql;
use crate::queue::Settled;
use crate::{Error, Result, Store, Tx};

/// Channel that tells every node that there are new events.
const CHANNEL: &str = "postamt";

/// A message that was accepted.
#[derive(Debug)]
pub struct NewMail {
    /// Number given in the reply.
    pub number: i64,
    /// Shared by all records of the message.
    pub trace_id: Uuid,
    /// `Message-ID` without angle brackets, perhaps empty.
    pub message_id: String,
    /// BLAKE3-256 of the clear octets.
    pub hash: [u8; 32],
    /// How `data` is written: 0 clear, 1 zstd.
    pub codec: i16,
    /// The octets as stored.
    pub data: Bytes,
    /// Octets of the clear message.
    pub size: i64,
    /// What is known of it.
    pub facts: Vec<u8>,
    /// When it was received.
    pub received_at: Timestamp,
    /// Return path, empty for none.
    pub return_path: String,
    /// What the queue keeps beside the return path: submit tag, authenticated name, ENVID, RET.
    pub envelope: Value,
    /// Particulars of the delivery record: remote address, name after EHLO.
    pub detail: Value,
    /// Accounts that get it now.
    pub targets: Vec<Target>,
    /// Recipients for whom it waits.
    pub queued: Vec<Queued>,
    /// Claims that end with it; when one of them is no longer good, nothing of the message is kept.
    pub claims: Vec<Settled>,
    /// It comes from the queue: it has its numbers and records, and who cannot take it now stays there.
    pub redelivered: bool,
}

/// An account that gets a message.
#[derive(Debug, Clone)]
pub struct Target {
    /// Account.
    pub account: Uuid,
    /// Its domain.
    pub domain: Uuid,
    /// `name@domain`.
    pub address: String,
    /// Id of the message in this account.
    pub email: Uuid,
    /// Its thread there.
    pub thread: Uuid,
    /// Mailbox by name; where there is none of that name, INBOX.
    pub mailbox: String,
    /// Octets the account may hold; -1 = no limit.
    pub quota: i64,
    /// The row for the queue when the account is full.
    pub otherwise: Queued,
}

/// A recipient for whom a message waits in the queue.
#[derive(Debug, Clone)]
pub struct Queued {
    /// The account, when it is one of ours.
    pub account: Option<Uuid>,
    /// As given by the sender.
    pub address: String,
    /// NOTIFY, ORCPT, mailbox, detail.
    pub params: Value,
    /// `smtp` or `local`.
    pub module: &'static str,
    /// Name of the queue: the next hop, or the account.
    pub queue: String,
    /// What the Router made of the address.
    pub target: String,
    /// It waits until somebody releases it.
    pub held: bool,
    /// Seconds until the first try.
    pub delay: i64,
    /// Why it waits; empty when it was never tried.
    pub last_reply: String,
}

/// What became of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Mailboxes it is in: account and mailbox.
    pub mailboxes: Vec<(Uuid, Uuid)>,
    /// Recipients in the queue.
    pub queued: usize,
    /// A claim was no longer good: somebody else has done the work.
    pub stale: bool,
    /// Why a message from the queue has to stay there.
    pub refused: Option<String>,
}

/// Why a batch is not durable.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct BatchError {
    /// What happened.
    pub error: Error,
    /// It happened at the commit, which may have taken effect all the same.
    pub in_doubt: bool,
}

impl<E: Into<Error>> From<E> for BatchError {
    fn from(error: E) -> Self {
        Self { error: error.into(), in_doubt: false }
    }
}

/// A mailbox that is locked, and where it stands.
struct Locked {
    id: Uuid,
    next: i64,
    count: i64,
    size: i64,
    first: i64,
}

/// An account that is locked.
struct State {
    modseq: i64,
    used: i64,
    bytes: i64,
    count: i64,
}

/// A message in its place.
struct Placed {
    message: usize,
    account: Uuid,
    email: Uuid,
    thread: Uuid,
    mailbox: Uuid,
    uid: i64,
    modseq: i64,
}

#[derive(Default)]
struct Plan {
    mailboxes: BTreeMap<(Uuid, String), Locked>,
    states: HashMap<Uuid, State>,
    placed: Vec<Placed>,
    delivered: Vec<Vec<String>>,
    queued: Vec<Vec<Queued>>,
    refused: Vec<Option<String>>,
}

impl Store {
    /// The first of the next 1000 message numbers, which are this node's from now on.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn message_numbers(&self) -> Result<i64> {
        Ok(sqlx::query_scalar!(r#"SELECT nextval('message_number') AS "first!""#).fetch_one(&self.pool).await?)
    }

    /// Makes a batch of messages durable, in the mailboxes and in the queue; gives what became of each.
    ///
    /// # Errors
    /// When nothing of it is durable, or nobody knows.
    pub async fn deliver_batch(&self, batch: &[NewMail]) -> std::result::Result<Vec<Delivered>, BatchError> {
        let mut tx = self.begin().await?;
        let fresh = tx.fresh(batch).await?;
        let live: Vec<&NewMail> = batch.iter().zip(&fresh).filter_map(|(mail, fresh)| fresh.then_some(mail)).collect();
        let batch = live.as_slice();
        tx.insert_blobs(batch).await?;
        let mut plan = Plan::default();
        if batch.iter().any(|mail| !mail.targets.is_empty()) {
            tx.lock_targets(batch, &mut plan).await?;
        }
        plan.place(batch);
        tx.write_batch(batch, &plan).await?;
        if plan.queued.iter().any(|rows| !rows.is_empty()) {
            tx.insert_queued(batch, &plan).await?;
        }
        let ended: Vec<Settled> = batch.iter().zip(&plan.refused).filter(|(_, refused)| refused.is_none()).flat_map(|(mail, _)| mail.claims.iter().cloned()).collect();
        if !ended.is_empty() {
            tx.settle_queue(&ended).await?;
        }
        tx.commit().await.map_err(|error| BatchError { error, in_doubt: true })?;
        let mut results = plan.results().into_iter();
        Ok(fresh.into_iter().map(|fresh| if fresh { results.next().unwrap_or_default() } else { Delivered { stale: true, ..Delivered::default() } }).collect())
    }
}

impl Plan {
    /// Decides where each message goes; the order of the batch is the order of the UIDs.
    fn place(&mut self, batch: &[&NewMail]) {
        for (index, mail) in batch.iter().enumerate() {
            let (mut delivered, mut queued, mut seen) = (Vec::new(), mail.queued.clone(), BTreeSet::new());
            for target in &mail.targets {
                match self.put(index, mail, target, &mut seen) {
                    Ok(true) => delivered.push(target.address.clone()),
                    Ok(false) => {}
                    Err(row) => queued.push(*row),
                }
            }
            self.delivered.push(delivered);
            let refused = if mail.redelivered { std::mem::take(&mut queued).into_iter().next().map(|row| row.last_reply) } else { None };
            self.refused.push(refused);
            self.queued.push(queued);
        }
    }

    /// Puts a message into its mailbox, where it may be already; gives the row for the queue when that cannot be.
    fn put(&mut self, index: usize, mail: &NewMail, target: &Target, seen: &mut BTreeSet<Uuid>) -> std::result::Result<bool, Box<Queued>> {
        let named = (target.account, target.mailbox.clone());
        let key = if self.mailboxes.contains_key(&named) { named } else { (target.account, "INBOX".to_owned()) };
        let (Some(mailbox), Some(state)) = (self.mailboxes.get_mut(&key), self.states.get_mut(&target.account)) else {
            let gone = Queued { delay: 0, last_reply: format!("550 5.1.1 {} unknown user account", target.address), ..target.otherwise.clone() };
            return Err(Box::new(gone));
        };
        if seen.contains(&mailbox.id) {
            return Ok(false);
        }
        if target.quota >= 0 && state.used + state.bytes + mail.size > target.quota {
            return Err(Box::new(target.otherwise.clone()));
        }
        seen.insert(mailbox.id);
        self.placed.push(Placed { message: index, account: target.account, email: target.email, thread: target.thread, mailbox: mailbox.id, uid: mailbox.next, modseq: state.modseq });
        mailbox.next += 1;
        mailbox.count += 1;
        mailbox.size += mail.size;
        state.bytes += mail.size;
        state.count += 1;
        Ok(true)
    }

    fn results(&self) -> Vec<Delivered> {
        let mut results: Vec<Delivered> = self.queued.iter().zip(&self.refused).map(|(rows, refused)| Delivered { queued: rows.len(), refused: refused.clone(), ..Delivered::default() }).collect();
        for placed in &self.placed {
            if let Some(result) = results.get_mut(placed.message) {
                result.mailboxes.push((placed.account, placed.mailbox));
            }
        }
        results
    }
}

impl Tx {
    /// Which messages may be kept: those whose claims are good. The claims stay locked.
    async fn fresh(&mut self, batch: &[NewMail]) -> Result<Vec<bool>> {
        let claims: Vec<Settled> = batch.iter().flat_map(|mail| mail.claims.iter().cloned()).collect();
        if claims.is_empty() {
            return Ok(vec![true; batch.len()]);
        }
        let mut good = self.lock_claims(&claims).await?.into_iter();
        Ok(batch.iter().map(|mail| good.by_ref().take(mail.claims.len()).fold(true, |all, good| all & good)).collect())
    }

    async fn insert_blobs(&mut self, batch: &[&NewMail]) -> Result<()> {
        let mut mails: Vec<&NewMail> = batch.to_vec();
        mails.sort_by_key(|mail| mail.hash);
        mails.dedup_by_key(|mail| mail.hash);
        let hashes: Vec<&[u8]> = mails.iter().map(|mail| &mail.hash[..]).collect();
        let codecs: Vec<i16> = mails.iter().map(|mail| mail.codec).collect();
        let sizes: Vec<i64> = mails.iter().map(|mail| mail.size).collect();
        let data: Vec<&[u8]> = mails.iter().map(|mail| &mail.data[..]).collect();
        sqlx::query!(
            "INSERT INTO blob (hash, codec, size, data) SELECT * FROM UNNEST($1::bytea[], $2::smallint[], $3::bigint[], $4::bytea[]) ON CONFLICT (hash) DO UPDATE SET created_at = now()",
            &hashes as &[&[u8]],
            &codecs,
            &sizes,
            &data as &[&[u8]]
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Locks the mailboxes that are meant, INBOX of their accounts where one may be missing, then the accounts.
    async fn lock_targets(&mut self, batch: &[&NewMail], plan: &mut Plan) -> Result<()> {
        let mut wanted: BTreeSet<(Uuid, &str)> = BTreeSet::new();
        for target in batch.iter().flat_map(|mail| &mail.targets) {
            wanted.insert((target.account, &target.mailbox));
            wanted.insert((target.account, "INBOX"));
        }
        let accounts: Vec<Uuid> = wanted.iter().map(|(account, _)| *account).collect();
        let names: Vec<&str> = wanted.iter().map(|(_, name)| *name).collect();
        let rows = sqlx::query!(
            r#"WITH m AS MATERIALIZED (SELECT b.account_id, b.id, b.name, b.uid_next FROM UNNEST($1::uuid[], $2::text[]) AS w(account, name)
                 JOIN mailbox b ON b.account_id = w.account AND b.name = w.name WHERE b.selectable AND b.class = 'mail' ORDER BY b.account_id, b.id FOR UPDATE OF b),
               s AS MATERIALIZED (SELECT account_id, modseq, used_bytes FROM account_state WHERE account_id = ANY(ARRAY(SELECT account_id FROM m)) ORDER BY account_id FOR UPDATE)
               SELECT m.account_id AS "account!", m.id AS "id!", m.name AS "name!", m.uid_next AS "uid_next!", s.modseq AS "modseq!", s.used_bytes AS "used!"
               FROM m JOIN s ON s.account_id = m.account_id"#,
            &accounts,
            &names as &[&str]
        )
        .fetch_all(&mut *self.inner)
        .await?;
        for row in rows {
            plan.states.entry(row.account).or_insert(State { modseq: row.modseq + 1, used: row.used, bytes: 0, count: 0 });
            plan.mailboxes.insert((row.account, row.name), Locked { id: row.id, next: row.uid_next, first: row.uid_next, count: 0, size: 0 });
        }
        Ok(())
    }

    /// Writes messages, counters, one event for each mailbox and one record for each message, and wakes who listens.
    async fn write_batch(&mut self, batch: &[&NewMail], plan: &Plan) -> Result<()> {
        let hashes: Vec<&[u8]> = batch.iter().map(|mail| &mail.hash[..]).collect();
        let sizes: Vec<i64> = batch.iter().map(|mail| mail.size).collect();
        let times: Vec<_> = batch.iter().map(|mail| to_sql(mail.received_at)).collect();
        let facts: Vec<&[u8]> = batch.iter().map(|mail| &mail.facts[..]).collect();
        let traces: Vec<Uuid> = batch.iter().map(|mail| mail.trace_id).collect();
        let numbers: Vec<i64> = batch.iter().map(|mail| mail.number).collect();
        let ids: Vec<&str> = batch.iter().map(|mail| mail.message_id.as_str()).collect();
        let details: Vec<Value> = batch.iter().zip(plan.delivered.iter().zip(&plan.queued)).map(|(mail, (delivered, queued))| record(mail, delivered, queued)).collect();
        // One from the queue gets its record with the end of its claim.
        let recorded: Vec<bool> = batch.iter().map(|mail| !mail.redelivered).collect();
        let message: Vec<i64> = plan.placed.iter().map(|p| i64::try_from(p.message).unwrap_or_default() + 1).collect();
        let account: Vec<Uuid> = plan.placed.iter().map(|p| p.account).collect();
        let email: Vec<Uuid> = plan.placed.iter().map(|p| p.email).collect();
        let threads: Vec<Uuid> = plan.placed.iter().map(|p| p.thread).collect();
        let mailbox: Vec<Uuid> = plan.placed.iter().map(|p| p.mailbox).collect();
        let uid: Vec<i64> = plan.placed.iter().map(|p| p.uid).collect();
        let modseq: Vec<i64> = plan.placed.iter().map(|p| p.modseq).collect();
        let touched: Vec<(&Uuid, &Locked)> = plan.mailboxes.iter().filter(|(_, m)| m.count > 0).map(|((account, _), m)| (account, m)).collect();
        let box_account: Vec<Uuid> = touched.iter().map(|(account, _)| **account).collect();
        let box_id: Vec<Uuid> = touched.iter().map(|(_, m)| m.id).collect();
        let box_count: Vec<i64> = touched.iter().map(|(_, m)| m.count).collect();
        let box_size: Vec<i64> = touched.iter().map(|(_, m)| m.size).collect();
        let box_modseq: Vec<i64> = touched.iter().map(|(account, _)| plan.states.get(account).map_or(0, |s| s.modseq)).collect();
        let events: Vec<Value> = touched.iter().map(|(_, m)| json!({"mailbox": m.id, "uids": (m.first..m.next).collect::<Vec<_>>()})).collect();
        let changed: Vec<(&Uuid, &State)> = plan.states.iter().filter(|(_, s)| s.count > 0).collect();
        let state_account: Vec<Uuid> = changed.iter().map(|(account, _)| **account).collect();
        let state_bytes: Vec<i64> = changed.iter().map(|(_, s)| s.bytes).collect();
        let state_count: Vec<i64> = changed.iter().map(|(_, s)| s.count).collect();
        sqlx::query!(
            r#"WITH msg AS (SELECT * FROM UNNEST($1::bytea[], $2::bigint[], $3::timestamptz[], $4::bytea[]) WITH ORDINALITY AS m(hash, size, at, facts, n)),
               put AS (SELECT * FROM UNNEST($5::bigint[], $6::uuid[], $7::uuid[], $8::uuid[], $9::uuid[], $10::bigint[], $11::bigint[]) AS p(n, account, email, thread, mailbox, uid, modseq)),
               mails AS (INSERT INTO email (account_id, id, thread_id, blob_hash, size, received_at, facts)
                 SELECT p.account, p.email, p.thread, m.hash, m.size, m.at, m.facts FROM put p JOIN msg m ON m.n = p.n),
               places AS (INSERT INTO mailbox_email (account_id, mailbox_id, uid, email_id, modseq, size, received_at)
                 SELECT p.account, p.mailbox, p.uid, p.email, p.modseq, m.size, m.at FROM put p JOIN msg m ON m.n = p.n),
               counters AS (UPDATE mailbox SET uid_next = uid_next + b.count, messages = messages + b.count, unseen = unseen + b.count, size = mailbox.size + b.size, modseq = b.modseq
                 FROM UNNEST($12::uuid[], $13::uuid[], $14::bigint[], $15::bigint[], $16::bigint[]) AS b(account, id, count, size, modseq)
                 WHERE mailbox.account_id = b.account AND mailbox.id = b.id),
               events AS (INSERT INTO event (topic, type, account_id, object) SELECT 'mailbox', 'mail.delivered', e.account, e.object FROM UNNEST($12, $17::jsonb[]) AS e(account, object)),
               used AS (UPDATE account_state SET modseq = modseq + 1, used_bytes = used_bytes + a.bytes, used_messages = used_messages + a.count
                 FROM UNNEST($18::uuid[], $19::bigint[], $20::bigint[]) AS a(account, bytes, count) WHERE account_state.account_id = a.account),
               records AS (INSERT INTO delivery_record (at, trace_id, message_number, message_id, kind, detail)
                 SELECT r.at, r.trace, r.number, r.id, 'received', r.detail FROM UNNEST($3, $21::uuid[], $22::bigint[], $23::text[], $24::jsonb[], $26::boolean[]) AS r(at, trace, number, id, detail, recorded) WHERE r.recorded)
               SELECT pg_notify($25, '')::text AS told"#,
            &hashes as &[&[u8]],
            &sizes,
            &times,
            &facts as &[&[u8]],
            &message,
            &account,
            &email,
            &threads,
            &mailbox,
            &uid,
            &modseq,
            &box_account,
            &box_id,
            &box_count,
            &box_size,
            &box_modseq,
            &events,
            &state_account,
            &state_bytes,
            &state_count,
            &traces,
            &numbers,
            &ids as &[&str],
            &details,
            CHANNEL,
            &recorded
        )
        .fetch_one(&mut *self.inner)
        .await?;
        Ok(())
    }

    async fn insert_queued(&mut self, batch: &[&NewMail], plan: &Plan) -> Result<()> {
        let waiting: Vec<(&NewMail, &Vec<Queued>)> = batch.iter().copied().zip(&plan.queued).filter(|(_, rows)| !rows.is_empty()).collect();
        let ids: Vec<i64> = waiting.iter().map(|(mail, _)| mail.number).collect();
        let traces: Vec<Uuid> = waiting.iter().map(|(mail, _)| mail.trace_id).collect();
        let paths: Vec<&str> = waiting.iter().map(|(mail, _)| mail.return_path.as_str()).collect();
        let envelopes: Vec<Value> = waiting.iter().map(|(mail, _)| mail.envelope.clone()).collect();
        let hashes: Vec<&[u8]> = waiting.iter().map(|(mail, _)| &mail.hash[..]).collect();
        let sizes: Vec<i64> = waiting.iter().map(|(mail, _)| mail.size).collect();
        let rows: Vec<(i64, i32, &Queued)> = waiting.iter().flat_map(|(mail, rows)| rows.iter().zip(0..).map(|(row, n)| (mail.number, n, row))).collect();
        let message: Vec<i64> = rows.iter().map(|(id, ..)| *id).collect();
        let n: Vec<i32> = rows.iter().map(|(_, n, _)| *n).collect();
        let account: Vec<Option<Uuid>> = rows.iter().map(|(.., row)| row.account).collect();
        let address: Vec<&str> = rows.iter().map(|(.., row)| row.address.as_str()).collect();
        let params: Vec<Value> = rows.iter().map(|(.., row)| row.params.clone()).collect();
        let module: Vec<&str> = rows.iter().map(|(.., row)| row.module).collect();
        let queue: Vec<&str> = rows.iter().map(|(.., row)| row.queue.as_str()).collect();
        let target: Vec<&str> = rows.iter().map(|(.., row)| row.target.as_str()).collect();
        let state: Vec<&str> = rows.iter().map(|(.., row)| if row.held { "held" } else { "waiting" }).collect();
        let delay: Vec<i64> = rows.iter().map(|(.., row)| row.delay).collect();
        let reply: Vec<&str> = rows.iter().map(|(.., row)| row.last_reply.as_str()).collect();
        sqlx::query!(
            r#"WITH q AS (INSERT INTO queue_message (id, trace_id, return_path, envelope, blob_hash, size)
                 SELECT * FROM UNNEST($1::bigint[], $2::uuid[], $3::text[], $4::jsonb[], $5::bytea[], $6::bigint[]))
               INSERT INTO queue_recipient (message_id, n, account_id, address, params, module, queue, target, state, next_try, last_reply)
               SELECT r.message, r.n, r.account, r.address, r.params, r.module, r.queue, r.target, r.state, now() + r.delay * interval '1 second', r.reply
               FROM UNNEST($7::bigint[], $8::integer[], $9::uuid[], $10::text[], $11::jsonb[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bigint[], $17::text[])
                 AS r(message, n, account, address, params, module, queue, target, state, delay, reply)"#,
            &ids,
            &traces,
            &paths as &[&str],
            &envelopes,
            &hashes as &[&[u8]],
            &sizes,
            &message,
            &n,
            &account as &[Option<Uuid>],
            &address as &[&str],
            &params,
            &module as &[&str],
            &queue as &[&str],
            &target as &[&str],
            &state as &[&str],
            &delay,
            &reply as &[&str]
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }
}

/// The story of a message so far: who sent it, where it is, for whom it waits.
fn record(mail: &NewMail, delivered: &[String], queued: &[Queued]) -> Value {
    let mut detail = mail.detail.clone();
    if let Value::Object(map) = &mut detail {
        map.insert("from".to_owned(), json!(mail.return_path));
        map.insert("size".to_owned(), json!(mail.size));
        if !delivered.is_empty() {
            map.insert("delivered".to_owned(), json!(delivered));
        }
        if !queued.is_empty() {
            map.insert("queued".to_owned(), queued.iter().map(|row| json!({"to": row.address, "module": row.module, "queue": row.queue, "reply": row.last_reply})).collect());
        }
    }
    detail
}
