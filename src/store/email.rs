//! Messages by id, wherever they stand.

use types::Timestamp;
use uuid::Uuid;

use crate::message::Stored;
use crate::moment::{from_sql, to_sql};
use crate::{Result, Store, Tx};

/// A message with the places it stands in.
#[derive(Debug, Clone)]
pub struct EmailRow {
    /// Id.
    pub id: Uuid,
    /// Its thread.
    pub thread: Uuid,
    /// Octets.
    pub size: i64,
    /// When it was received.
    pub received_at: Timestamp,
    /// What is known of it.
    pub facts: Vec<u8>,
    /// Mailboxes it stands in.
    pub mailboxes: Vec<Uuid>,
    /// UID in each.
    pub uids: Vec<i64>,
    /// Flags it has anywhere.
    pub flags: i32,
    /// Keywords of each place, parted by blanks.
    pub keywords: Vec<String>,
    /// Highest change number.
    pub modseq: i64,
}

/// Which messages a listing takes.
#[derive(Debug, Clone, Default)]
pub struct EmailFilter {
    /// Only of this mailbox.
    pub mailbox: Option<Uuid>,
    /// Only of this thread.
    pub thread: Option<Uuid>,
    /// All these flags are set.
    pub flags_set: i32,
    /// None of these flags is set.
    pub flags_clear: i32,
    /// It has this keyword.
    pub keyword: Option<String>,
    /// It does not have this keyword.
    pub not_keyword: Option<String>,
    /// Received at or after.
    pub after: Option<Timestamp>,
    /// Received before.
    pub before: Option<Timestamp>,
}

/// A message of a thread.
#[derive(Debug, Clone)]
pub struct ThreadMember {
    /// The thread.
    pub thread: Uuid,
    /// The message.
    pub id: Uuid,
    /// Flags it has in the mailbox.
    pub flags: i32,
}

impl Store {
    /// Messages by id with their places; those that stand nowhere are left out. In the order of the ids, newest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn emails(&self, account: Uuid, ids: &[Uuid]) -> Result<Vec<EmailRow>> {
        emails(&self.pool, account, ids).await
    }

    /// Ids of messages, newest first, after one id and as many more as are passed over.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn email_ids(&self, account: Uuid, filter: &EmailFilter, after: Option<Uuid>, passed: i64, limit: i64) -> Result<Vec<Uuid>> {
        if let Some(thread) = filter.thread {
            // A thread is short: its messages are found first.
            return Ok(sqlx::query_scalar!(
                "SELECT id FROM email e WHERE account_id = $1 AND thread_id = $2 AND ($4::uuid IS NULL OR id < $4) \
                 AND EXISTS (SELECT FROM mailbox_email m WHERE m.account_id = $1 AND m.email_id = e.id AND ($3::uuid IS NULL OR m.mailbox_id = $3)) ORDER BY id DESC OFFSET $5 LIMIT $6",
                account,
                thread,
                filter.mailbox,
                after,
                passed,
                limit
            )
            .fetch_all(&self.pool)
            .await?);
        }
        Ok(sqlx::query_scalar!(
            "SELECT DISTINCT email_id FROM mailbox_email WHERE account_id = $1 AND ($2::uuid IS NULL OR mailbox_id = $2) AND ($3::uuid IS NULL OR email_id < $3) \
             AND flags & $4 = $4 AND flags & $5 = 0 AND ($6::text IS NULL OR EXISTS (SELECT FROM unnest(keywords) k WHERE lower(k) = $6)) \
             AND ($7::text IS NULL OR NOT EXISTS (SELECT FROM unnest(keywords) k WHERE lower(k) = $7)) \
             AND ($8::timestamptz IS NULL OR received_at >= $8) AND ($9::timestamptz IS NULL OR received_at < $9) ORDER BY email_id DESC OFFSET $11 LIMIT $10",
            account,
            filter.mailbox,
            after,
            filter.flags_set,
            filter.flags_clear,
            filter.keyword.as_deref(),
            filter.not_keyword.as_deref(),
            filter.after.map(to_sql),
            filter.before.map(to_sql),
            limit,
            passed
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Ids of those messages of an account or mailbox that are the last of their thread there, newest first, after one id and as
    /// many more as are passed over.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn thread_heads(&self, account: Uuid, mailbox: Option<Uuid>, after: Option<Uuid>, passed: i64, limit: i64) -> Result<Vec<Uuid>> {
        // Written so that it is looked up row by row, by indexes and only as far as rows are wanted, whatever is believed of a mailbox
        // that thousands of messages were just moved to.
        Ok(sqlx::query_scalar!(
            r#"SELECT m.email_id AS "id!" FROM (SELECT DISTINCT email_id FROM mailbox_email WHERE account_id = $1 AND ($2::uuid IS NULL OR mailbox_id = $2)
                 AND ($3::uuid IS NULL OR email_id < $3) ORDER BY email_id DESC) m
               WHERE (NOT EXISTS (SELECT FROM email o WHERE o.account_id = $1 AND o.id > m.email_id
                 AND o.thread_id = (SELECT thread_id FROM email WHERE account_id = $1 AND id = m.email_id)
                 AND EXISTS (SELECT FROM (SELECT mailbox_id FROM mailbox_email WHERE account_id = $1 AND email_id = o.id OFFSET 0) p WHERE $2::uuid IS NULL OR p.mailbox_id = $2))) IS TRUE
               ORDER BY m.email_id DESC OFFSET $4 LIMIT $5"#,
            account,
            mailbox,
            after,
            passed,
            limit
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// What an account or mailbox holds of the threads of these messages, newest first, of each at most so many.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn thread_members(&self, account: Uuid, mailbox: Option<Uuid>, heads: &[Uuid], most: i64) -> Result<Vec<ThreadMember>> {
        let rows = sqlx::query!(
            r#"SELECT t.thread_id, o.id AS "id!", o.flags AS "flags!" FROM (SELECT DISTINCT thread_id FROM email WHERE account_id = $1 AND id = ANY($3)) t CROSS JOIN LATERAL (
                 SELECT e.id, p.flags FROM email e CROSS JOIN LATERAL (SELECT bit_or(flags) AS flags FROM (SELECT mailbox_id, flags FROM mailbox_email WHERE account_id = $1 AND email_id = e.id OFFSET 0) x
                   WHERE $2::uuid IS NULL OR x.mailbox_id = $2) p
                 WHERE e.account_id = $1 AND e.thread_id = t.thread_id AND p.flags IS NOT NULL ORDER BY e.id DESC LIMIT $4) o ORDER BY o.id DESC"#,
            account,
            mailbox,
            heads,
            most
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|r| ThreadMember { thread: r.thread_id, id: r.id, flags: r.flags }).collect())
    }

    /// How many threads an account or mailbox holds.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn thread_count(&self, account: Uuid, mailbox: Option<Uuid>) -> Result<i64> {
        Ok(sqlx::query_scalar!(
            r#"WITH here AS MATERIALIZED (SELECT DISTINCT email_id FROM mailbox_email WHERE account_id = $1 AND ($2::uuid IS NULL OR mailbox_id = $2))
               SELECT count(*) AS "n!" FROM (SELECT DISTINCT thread_id FROM email e JOIN here ON here.email_id = e.id WHERE e.account_id = $1) t"#,
            account,
            mailbox
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// How many messages an account, mailbox or thread holds, each counted once.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn email_count(&self, account: Uuid, mailbox: Option<Uuid>, thread: Option<Uuid>) -> Result<i64> {
        Ok(sqlx::query_scalar!(
            r#"SELECT count(DISTINCT m.email_id) AS "n!" FROM mailbox_email m WHERE m.account_id = $1 AND ($2::uuid IS NULL OR m.mailbox_id = $2)
               AND ($3::uuid IS NULL OR EXISTS (SELECT FROM email e WHERE e.account_id = $1 AND e.id = m.email_id AND e.thread_id = $3))"#,
            account,
            mailbox,
            thread
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// Stored octets of messages, with their clear sizes.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn email_octets(&self, account: Uuid, ids: &[Uuid]) -> Result<Vec<(Uuid, i64, Stored)>> {
        let rows = sqlx::query!("SELECT e.id, e.size, b.codec, b.data FROM email e JOIN blob b ON b.hash = e.blob_hash WHERE e.account_id = $1 AND e.id = ANY($2) ORDER BY e.id DESC", account, ids)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|r| (r.id, r.size, Stored { codec: r.codec, data: r.data })).collect())
    }
}

impl Tx {
    /// Messages by id with their places; those that stand nowhere are left out.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn emails(&mut self, account: Uuid, ids: &[Uuid]) -> Result<Vec<EmailRow>> {
        emails(&mut *self.inner, account, ids).await
    }

    /// A message by id with its places; `None` when it stands nowhere.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn email(&mut self, account: Uuid, id: Uuid) -> Result<Option<EmailRow>> {
        Ok(emails(&mut *self.inner, account, &[id]).await?.pop())
    }
}

async fn emails(executor: impl sqlx::PgExecutor<'_>, account: Uuid, ids: &[Uuid]) -> Result<Vec<EmailRow>> {
    let rows = sqlx::query!(
        r#"SELECT e.id, e.thread_id, e.size, e.received_at, e.facts, p.mailboxes AS "mailboxes!", p.uids AS "uids!", p.flags AS "flags!", p.keywords AS "keywords!", p.modseq AS "modseq!"
           FROM email e CROSS JOIN LATERAL (SELECT array_agg(mailbox_id ORDER BY mailbox_id, uid) AS mailboxes, array_agg(uid ORDER BY mailbox_id, uid) AS uids, bit_or(flags) AS flags,
             array_agg(array_to_string(keywords, ' ')) AS keywords, max(modseq) AS modseq FROM mailbox_email m WHERE m.account_id = e.account_id AND m.email_id = e.id) p
           WHERE e.account_id = $1 AND e.id = ANY($2) AND p.modseq IS NOT NULL ORDER BY e.id DESC"#,
        account,
        ids
    )
    .fetch_all(executor)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| EmailRow { id: r.id, thread: r.thread_id, size: r.size, received_at: from_sql(r.received_at), facts: r.facts, mailboxes: r.mailboxes, uids: r.uids, flags: r.flags, keywords: r.keywords, modseq: r.modseq })
        .collect())
}
