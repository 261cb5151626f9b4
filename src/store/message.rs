//! Messages in mailboxes. The lock order stands in `mailbox.rs`.

use types::Timestamp;
use uuid::Uuid;

use crate::moment::{from_sql, to_sql};
use crate::{Result, Store, Tx};

/// State of one message in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// UID.
    pub uid: i64,
    /// Flags as bits: 1 seen, 2 answered, 4 flagged, 8 deleted, 16 draft.
    pub flags: i32,
    /// Keywords.
    pub keywords: Vec<String>,
    /// Change number.
    pub modseq: i64,
}

/// What has changed in a mailbox.
pub struct Changes {
    /// Messages new or changed.
    pub entries: Vec<Entry>,
    /// UIDs gone.
    pub expunged: Vec<i64>,
    /// Highest change number of the mailbox.
    pub modseq: i64,
}

/// Octets as they are stored.
pub struct Stored {
    /// 0 clear, 1 zstd.
    pub codec: i16,
    /// The octets, or the first of them.
    pub data: Vec<u8>,
}

/// What is read of a message in a mailbox.
pub struct Content {
    /// UID.
    pub uid: i64,
    /// Message.
    pub email: Uuid,
    /// When it was received.
    pub received_at: Timestamp,
    /// Octets of the clear message.
    pub size: i64,
    /// Facts, when asked.
    pub facts: Vec<u8>,
    /// Octets of the message, when asked.
    pub stored: Option<Stored>,
}

/// A message about to be stored.
pub struct NewMessage<'a> {
    /// Id.
    pub id: Uuid,
    /// Its thread.
    pub thread: Uuid,
    /// BLAKE3-256 of the clear octets.
    pub hash: &'a [u8],
    /// How `data` is written.
    pub codec: i16,
    /// The octets as stored.
    pub data: &'a [u8],
    /// Octets of the clear message.
    pub size: i64,
    /// What is known of it.
    pub facts: &'a [u8],
    /// When it was received.
    pub received_at: Timestamp,
    /// Flags.
    pub flags: i32,
    /// Keywords.
    pub keywords: &'a [String],
}

/// Where a message was stored.
pub struct Appended {
    /// Mailbox.
    pub mailbox: Uuid,
    /// Its UIDVALIDITY.
    pub uid_validity: i64,
    /// UID of the message.
    pub uid: i64,
}

/// How flags change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagChange {
    /// These and no others.
    Set,
    /// These too.
    Add,
    /// Without these.
    Remove,
}

/// Flags to change.
pub struct FlagUpdate<'a> {
    /// How.
    pub change: FlagChange,
    /// Flags as bits.
    pub flags: i32,
    /// Keywords.
    pub keywords: &'a [String],
    /// Leave out messages with a higher change number.
    pub unchanged_since: Option<i64>,
}

/// What became of a change of flags.
pub struct Flagged {
    /// State of all messages that were not left out.
    pub entries: Vec<Entry>,
    /// UIDs left out because they had changed.
    pub modified: Vec<i64>,
    /// Whether anything is different now.
    pub changed: bool,
}

impl Store {
    /// Stores a message in a mailbox of this name; `None` when there is no such mailbox or the account would hold more than
    /// `quota` octets (-1: no limit).
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn append(&self, account: Uuid, mailbox: &str, quota: i64, new: &NewMessage<'_>) -> Result<Option<Appended>> {
        let row = sqlx::query!(
            r#"WITH m AS MATERIALIZED (SELECT id, uid_next, uid_validity FROM mailbox WHERE account_id = $1 AND name = $2 AND selectable FOR UPDATE),
               s AS (UPDATE account_state SET modseq = modseq + 1, used_bytes = used_bytes + $3, used_messages = used_messages + 1
                 FROM m WHERE account_id = $1 AND ($4::bigint < 0 OR used_bytes + $3 <= $4) RETURNING modseq),
               b AS (INSERT INTO blob (hash, codec, size, data) SELECT $5, $6, $3, $7 FROM s ON CONFLICT (hash) DO UPDATE SET created_at = now()),
               e AS (INSERT INTO email (account_id, id, thread_id, blob_hash, size, received_at, facts) SELECT $1, $8, $9, $5, $3, $10, $11 FROM s),
               x AS (INSERT INTO mailbox_email (account_id, mailbox_id, uid, email_id, flags, keywords, modseq, size, received_at)
                 SELECT $1, m.id, m.uid_next, $8, $12, $13, s.modseq, $3, $10 FROM m, s),
               c AS (UPDATE mailbox SET uid_next = m.uid_next + 1, messages = messages + 1, unseen = unseen + 1 - ($12 & 1), size = size + $3, modseq = s.modseq
                 FROM m, s WHERE mailbox.account_id = $1 AND mailbox.id = m.id),
               t AS (INSERT INTO event (topic, type, account_id, object) SELECT 'mailbox', 'mail.appended', $1, jsonb_build_object('mailbox', m.id, 'uid', m.uid_next, 'email', $8::uuid) FROM m, s)
               SELECT m.id AS "id!", m.uid_validity AS "uid_validity!", m.uid_next AS "uid!" FROM m, s"#,
            account,
            mailbox,
            new.size,
            quota,
            new.hash,
            new.codec,
            new.data,
            new.id,
            new.thread,
            to_sql(new.received_at),
            new.facts,
            new.flags,
            new.keywords
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| Appended { mailbox: r.id, uid_validity: r.uid_validity, uid: r.uid }))
    }

    /// Dates and sizes of messages, by UID.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn contents(&self, account: Uuid, mailbox: Uuid, uids: &[i64]) -> Result<Vec<Content>> {
        let rows = sqlx::query!("SELECT uid, email_id, received_at, size FROM mailbox_email WHERE account_id = $1 AND mailbox_id = $2 AND uid = ANY($3) ORDER BY uid", account, mailbox, uids)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|r| Content { uid: r.uid, email: r.email_id, received_at: from_sql(r.received_at), size: r.size, facts: Vec::new(), stored: None }).collect())
    }

    /// Messages with their facts, by UID.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn contents_with_facts(&self, account: Uuid, mailbox: Uuid, uids: &[i64]) -> Result<Vec<Content>> {
        let rows = sqlx::query!(
            "SELECT p.uid, p.email_id, p.received_at, p.size, e.facts FROM mailbox_email p JOIN email e ON e.account_id = p.account_id AND e.id = p.email_id \
             WHERE p.account_id = $1 AND p.mailbox_id = $2 AND p.uid = ANY($3) ORDER BY p.uid",
            account,
            mailbox,
            uids
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|r| Content { uid: r.uid, email: r.email_id, received_at: from_sql(r.received_at), size: r.size, facts: r.facts, stored: None }).collect())
    }

    /// Messages with their facts and stored octets, of each the first `octets`, by UID; the last one is the first by which
    /// the clear sizes together reach `budget`.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn contents_with_octets(&self, account: Uuid, mailbox: Uuid, uids: &[i64], octets: i32, budget: i64) -> Result<Vec<Content>> {
        let rows = sqlx::query!(
            r#"WITH p AS (SELECT uid, email_id, received_at, size, sum(LEAST(size, $4::int)) OVER (ORDER BY uid) - LEAST(size, $4::int) AS before
                 FROM mailbox_email WHERE account_id = $1 AND mailbox_id = $2 AND uid = ANY($3))
               SELECT p.uid, p.email_id, p.received_at, p.size, e.facts, b.codec, substring(b.data FROM 1 FOR $4) AS "data!"
               FROM p JOIN email e ON e.account_id = $1 AND e.id = p.email_id JOIN blob b ON b.hash = e.blob_hash WHERE p.before < $5::bigint ORDER BY p.uid"#,
            account,
            mailbox,
            uids,
            octets,
            budget
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| Content { uid: r.uid, email: r.email_id, received_at: from_sql(r.received_at), size: r.size, facts: r.facts, stored: Some(Stored { codec: r.codec, data: r.data }) })
            .collect())
    }

    /// What has changed in a mailbox since a change number; `None` when it is gone.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn changes(&self, account: Uuid, mailbox: Uuid, since: i64) -> Result<Option<Changes>> {
        let rows = sqlx::query!(
            r#"SELECT m.modseq AS highest, x.uid AS "uid?", x.flags AS "flags?", x.keywords AS "keywords?", x.modseq AS "modseq?", x.gone AS "gone?" FROM mailbox m LEFT JOIN LATERAL (
                 SELECT uid, flags, keywords, modseq, false AS gone FROM mailbox_email e WHERE e.account_id = m.account_id AND e.mailbox_id = m.id AND e.modseq > $3
                 UNION ALL SELECT uid, 0, '{}', modseq, true FROM mailbox_expunged g WHERE g.account_id = m.account_id AND g.mailbox_id = m.id AND g.modseq > $3) x ON true
               WHERE m.account_id = $1 AND m.id = $2 ORDER BY x.uid"#,
            account,
            mailbox,
            since
        )
        .fetch_all(&self.pool)
        .await?;
        let Some(modseq) = rows.first().map(|r| r.highest) else { return Ok(None) };
        let mut changes = Changes { entries: Vec::new(), expunged: Vec::new(), modseq };
        for row in rows {
            match (row.uid, row.gone) {
                (Some(uid), Some(true)) => changes.expunged.push(uid),
                (Some(uid), _) => changes.entries.push(Entry { uid, flags: row.flags.unwrap_or(0), keywords: row.keywords.unwrap_or_default(), modseq: row.modseq.unwrap_or(0) }),
                (None, _) => {}
            }
        }
        Ok(Some(changes))
    }
}

impl Tx {
    /// Changes flags of messages in a locked mailbox.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn store_flags(&mut self, account: Uuid, mailbox: Uuid, modseq: i64, uids: &[i64], update: &FlagUpdate<'_>) -> Result<Flagged> {
        let change = match update.change {
            FlagChange::Set => 0,
            FlagChange::Add => 1,
            FlagChange::Remove => 2,
        };
        let folded: Vec<String> = update.keywords.iter().map(|k| k.to_ascii_lowercase()).collect();
        let rows = sqlx::query!(
            r#"WITH old AS (SELECT uid, flags, keywords, modseq, COALESCE(modseq <= $8, true) AS fits,
                 CASE $4::int WHEN 0 THEN $5::int WHEN 1 THEN flags | $5 ELSE flags & ~$5 END AS next_flags,
                 CASE $4 WHEN 0 THEN $6::text[] ELSE ARRAY(SELECT k FROM unnest(keywords) WITH ORDINALITY o(k, n) WHERE lower(k) <> ALL($7::text[]) ORDER BY n) || CASE $4 WHEN 1 THEN $6 ELSE '{}' END END AS next_keywords
                 FROM mailbox_email WHERE account_id = $1 AND mailbox_id = $2 AND uid = ANY($3)),
               new AS (SELECT *, fits AND (flags <> next_flags OR NOT (keywords @> next_keywords AND keywords <@ next_keywords)) AS changes FROM old),
               done AS (UPDATE mailbox_email e SET flags = n.next_flags, keywords = n.next_keywords, modseq = $9 FROM new n
                 WHERE e.account_id = $1 AND e.mailbox_id = $2 AND e.uid = n.uid AND n.changes),
               counted AS (UPDATE mailbox SET modseq = $9, unseen = mailbox.unseen + c.unseen FROM (SELECT sum((flags & 1) - (next_flags & 1)) AS unseen FROM new WHERE changes) c
                 WHERE account_id = $1 AND id = $2 AND c.unseen IS NOT NULL),
               told AS (INSERT INTO event (topic, type, account_id, object) SELECT 'mailbox', 'mail.flags_changed', $1, jsonb_build_object('mailbox', $2::uuid, 'uids', c.uids)
                 FROM (SELECT jsonb_agg(uid) AS uids FROM new WHERE changes) c WHERE c.uids IS NOT NULL)
               SELECT uid AS "uid!", CASE WHEN changes THEN next_flags ELSE flags END AS "flags!", CASE WHEN changes THEN next_keywords ELSE keywords END AS "keywords!",
               CASE WHEN changes THEN $9 ELSE modseq END AS "modseq!", fits AS "fits!", changes AS "changes!" FROM new ORDER BY uid"#,
            account,
            mailbox,
            uids,
            change,
            update.flags,
            update.keywords,
            &folded,
            update.unchanged_since,
            modseq
        )
        .fetch_all(&mut *self.inner)
        .await?;
        let mut flagged = Flagged { entries: Vec::with_capacity(rows.len()), modified: Vec::new(), changed: false };
        for row in rows {
            flagged.changed |= row.changes;
            if row.fits {
                flagged.entries.push(Entry { uid: row.uid, flags: row.flags, keywords: row.keywords, modseq: row.modseq });
            } else {
                flagged.modified.push(row.uid);
            }
        }
        Ok(flagged)
    }

    /// Copies messages into a locked mailbox from `first_uid` on; gives UID there and here of each.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn copy_messages(&mut self, account: Uuid, from: Uuid, to: Uuid, modseq: i64, uids: &[i64]) -> Result<Vec<(i64, i64)>> {
        let rows = sqlx::query!(
            r#"WITH base AS (SELECT uid_next FROM mailbox WHERE account_id = $1 AND id = $3),
               src AS (SELECT uid, email_id, flags, keywords, size, received_at, base.uid_next - 1 + row_number() OVER (ORDER BY uid) AS new_uid
                 FROM mailbox_email, base WHERE account_id = $1 AND mailbox_id = $2 AND uid = ANY($5)),
               put AS (INSERT INTO mailbox_email (account_id, mailbox_id, uid, email_id, flags, keywords, modseq, size, received_at)
                 SELECT $1, $3, new_uid, email_id, flags, keywords, $4, size, received_at FROM src),
               c AS (SELECT count(*) AS n, COALESCE(sum(size), 0)::bigint AS size, COALESCE(sum(1 - (flags & 1)), 0) AS unseen FROM src),
               counted AS (UPDATE mailbox m SET uid_next = m.uid_next + c.n, messages = m.messages + c.n, size = m.size + c.size, unseen = m.unseen + c.unseen, modseq = $4
                 FROM c WHERE m.account_id = $1 AND m.id = $3 AND c.n > 0),
               used AS (UPDATE account_state s SET used_bytes = s.used_bytes + c.size, used_messages = s.used_messages + c.n FROM c WHERE s.account_id = $1),
               told AS (INSERT INTO event (topic, type, account_id, object) SELECT 'mailbox', 'mail.appended', $1, jsonb_build_object('mailbox', $3::uuid, 'uids', (SELECT jsonb_agg(new_uid) FROM src)) FROM c WHERE c.n > 0)
               SELECT uid AS "uid!", new_uid AS "new_uid!" FROM src ORDER BY uid"#,
            account,
            from,
            to,
            modseq,
            uids
        )
        .fetch_all(&mut *self.inner)
        .await?;
        Ok(rows.into_iter().map(|r| (r.uid, r.new_uid)).collect())
    }

    /// Removes messages from a locked mailbox, when `deleted_only` those with the deleted flag; gives their UIDs. What stands
    /// nowhere else is gone: all changes of an account wait for each other, so that no copy of it is on its way.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn expunge(&mut self, account: Uuid, mailbox: Uuid, modseq: i64, uids: &[i64], deleted_only: bool) -> Result<Vec<i64>> {
        Ok(sqlx::query_scalar!(
            r#"WITH gone AS (DELETE FROM mailbox_email WHERE account_id = $1 AND mailbox_id = $2 AND uid = ANY($4) AND (NOT $5 OR flags & 8 = 8) RETURNING uid, email_id, flags, size),
               kept AS (INSERT INTO mailbox_expunged (account_id, mailbox_id, uid, email_id, modseq) SELECT $1, $2, uid, email_id, $3 FROM gone),
               nowhere AS (DELETE FROM email e USING (SELECT DISTINCT email_id FROM gone) g WHERE e.account_id = $1 AND e.id = g.email_id AND NOT EXISTS (
                 SELECT FROM mailbox_email p WHERE p.account_id = $1 AND p.email_id = e.id AND NOT (p.mailbox_id = $2 AND p.uid IN (SELECT uid FROM gone)))),
               c AS (SELECT count(*) AS n, COALESCE(sum(size), 0)::bigint AS size, COALESCE(sum(1 - (flags & 1)), 0) AS unseen FROM gone),
               counted AS (UPDATE mailbox m SET messages = m.messages - c.n, size = m.size - c.size, unseen = m.unseen - c.unseen, modseq = $3 FROM c WHERE m.account_id = $1 AND m.id = $2 AND c.n > 0),
               used AS (UPDATE account_state s SET used_bytes = s.used_bytes - c.size, used_messages = s.used_messages - c.n FROM c WHERE s.account_id = $1),
               told AS (INSERT INTO event (topic, type, account_id, object) SELECT 'mailbox', 'mail.expunged', $1, jsonb_build_object('mailbox', $2::uuid, 'uids', (SELECT jsonb_agg(uid) FROM gone)) FROM c WHERE c.n > 0)
               SELECT uid AS "uid!" FROM gone ORDER BY uid"#,
            account,
            mailbox,
            modseq,
            uids,
            deleted_only
        )
        .fetch_all(&mut *self.inner)
        .await?)
    }

    /// UIDs of all messages of a mailbox.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn all_uids(&mut self, account: Uuid, mailbox: Uuid) -> Result<Vec<i64>> {
        Ok(sqlx::query_scalar!("SELECT uid FROM mailbox_email WHERE account_id = $1 AND mailbox_id = $2 ORDER BY uid", account, mailbox).fetch_all(&mut *self.inner).await?)
    }

    /// Octets the account uses; its state must be locked.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn used_bytes(&mut self, account: Uuid) -> Result<i64> {
        Ok(sqlx::query_scalar!("SELECT used_bytes FROM account_state WHERE account_id = $1", account).fetch_one(&mut *self.inner).await?)
    }
}
