//! Instant messages as each side keeps them.

use types::Timestamp;
use uuid::Uuid;

use crate::event::{Occurrence, tell};
use crate::moment::{from_sql, to_sql};
use crate::{Result, Store};

/// Messages that wait for one account, and for how many days.
const WAITING: i64 = 1000;
const DAYS: i32 = 30;

/// A message as one side keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct ImRow {
    /// Whose side.
    pub account_id: Uuid,
    /// Id, in the order of time.
    pub id: Uuid,
    /// The other side, in lower case.
    pub peer: String,
    /// The account sent it.
    pub outgoing: bool,
    /// `delivered`, `stored`, `waiting` or `failed`.
    pub state: String,
    /// Status of the last response.
    pub code: Option<i32>,
    /// Media type.
    pub content_type: String,
    /// The octets.
    pub body: Vec<u8>,
    /// When it was sent.
    pub at: Timestamp,
    /// The account has read it.
    pub read: bool,
}

/// A conversation of an account.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationRow {
    /// Its newest message.
    pub last: ImRow,
    /// Messages that are not read.
    pub unread: i64,
}

macro_rules! im {
    ($r:expr) => {
        ImRow {
            account_id: $r.account_id,
            id: $r.id,
            peer: $r.peer,
            outgoing: $r.outgoing,
            state: $r.state,
            code: $r.code,
            content_type: $r.content_type,
            body: $r.body,
            at: from_sql($r.at),
            read: $r.read,
        }
    };
}

impl Store {
    /// Writes messages, new or changed, and tells what happened, in one transaction; `false` when one that is to wait has no
    /// room, and then nothing is written.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn save_ims(&self, rows: &[ImRow], news: &[Occurrence]) -> Result<bool> {
        let mut tx = self.pool.begin().await?;
        let waiting: Vec<Uuid> = rows.iter().filter(|row| row.state == "waiting").map(|row| row.account_id).collect();
        if !waiting.is_empty() {
            let full = sqlx::query_scalar!(
                r#"SELECT 1 AS "one!" FROM instant_message WHERE account_id = ANY($1) AND state = 'waiting' GROUP BY account_id HAVING count(*) >= $2"#,
                &waiting,
                WAITING
            )
            .fetch_optional(&mut *tx)
            .await?;
            if full.is_some() {
                return Ok(false);
            }
        }
        let texts = |of: fn(&ImRow) -> &str| rows.iter().map(|row| of(row).to_owned()).collect::<Vec<_>>();
        sqlx::query!(
            "INSERT INTO instant_message (account_id, id, peer, outgoing, state, code, content_type, body, at, read_at) \
             SELECT m.account_id, m.id, m.peer, m.outgoing, m.state, m.code, m.content_type, m.body, m.at, CASE WHEN m.outgoing THEN m.at END \
             FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::bool[], $5::text[], $6::int[], $7::text[], $8::bytea[], $9::timestamptz[]) \
             AS m (account_id, id, peer, outgoing, state, code, content_type, body, at) JOIN account a ON a.id = m.account_id \
             ON CONFLICT (account_id, id) DO UPDATE SET state = excluded.state, code = excluded.code",
            &rows.iter().map(|row| row.account_id).collect::<Vec<_>>(),
            &rows.iter().map(|row| row.id).collect::<Vec<_>>(),
            &texts(|row| &row.peer),
            &rows.iter().map(|row| row.outgoing).collect::<Vec<_>>(),
            &texts(|row| &row.state),
            &rows.iter().map(|row| row.code).collect::<Vec<_>>() as _,
            &texts(|row| &row.content_type),
            &rows.iter().map(|row| row.body.clone()).collect::<Vec<_>>(),
            &rows.iter().map(|row| to_sql(row.at)).collect::<Vec<_>>(),
        )
        .execute(&mut *tx)
        .await?;
        tell(&mut tx, news).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Accounts for which messages wait.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn accounts_with_waiting_ims(&self) -> Result<Vec<Uuid>> {
        Ok(sqlx::query_scalar!("SELECT DISTINCT account_id FROM instant_message WHERE state = 'waiting'").fetch_all(&self.pool).await?)
    }

    /// The oldest message that waits for an account.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn next_waiting_im(&self, account: Uuid) -> Result<Option<ImRow>> {
        let row = sqlx::query!(
            r#"SELECT account_id, id, peer, outgoing, state, code, content_type, body, at, read_at IS NOT NULL AS "read!"
               FROM instant_message WHERE account_id = $1 AND state = 'waiting' AND at > now() - make_interval(days => $2) ORDER BY id LIMIT 1"#,
            account,
            DAYS
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| im!(r)))
    }

    /// A message that waited came to this.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn settle_im(&self, account: Uuid, id: Uuid, state: &str, code: i32) -> Result<()> {
        sqlx::query!("UPDATE instant_message SET state = $3, code = $4 WHERE account_id = $1 AND id = $2", account, id, state, code).execute(&self.pool).await?;
        Ok(())
    }

    /// Takes away what waited too long.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn drop_old_ims(&self) -> Result<()> {
        sqlx::query!("DELETE FROM instant_message WHERE state = 'waiting' AND at < now() - make_interval(days => $1)", DAYS).execute(&self.pool).await?;
        Ok(())
    }

    /// Messages of a conversation, the newest first, older than one of them.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn ims(&self, account: Uuid, peer: &str, before: Uuid, limit: i64) -> Result<Vec<ImRow>> {
        let rows = sqlx::query!(
            r#"SELECT account_id, id, peer, outgoing, state, code, content_type, body, at, read_at IS NOT NULL AS "read!"
               FROM instant_message WHERE account_id = $1 AND peer = $2 AND id < $3 ORDER BY id DESC LIMIT $4"#,
            account,
            peer,
            before,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|r| im!(r)).collect())
    }

    /// Conversations of an account, that with the newest message first, older than such a message.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn conversations(&self, account: Uuid, before: Uuid, limit: i64) -> Result<Vec<ConversationRow>> {
        let rows = sqlx::query!(
            r#"SELECT m.account_id AS "account_id!", m.id AS "id!", m.peer AS "peer!", m.outgoing AS "outgoing!", m.state AS "state!", m.code, m.content_type AS "content_type!", m.body AS "body!", m.at AS "at!",
               m.read_at IS NOT NULL AS "read!",
               (SELECT count(*) FROM instant_message u WHERE u.account_id = m.account_id AND u.peer = m.peer AND NOT u.outgoing AND u.read_at IS NULL) AS "unread!"
               FROM (SELECT DISTINCT ON (peer) * FROM instant_message WHERE account_id = $1 ORDER BY peer, id DESC) m
               WHERE m.id < $2 ORDER BY m.id DESC LIMIT $3"#,
            account,
            before,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|r| ConversationRow { unread: r.unread, last: im!(r) }).collect())
    }

    /// Takes a conversation away; the number of its messages. What still waits and nobody has read is not among them.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn delete_conversation(&self, account: Uuid, peer: &str) -> Result<u64> {
        let done = sqlx::query!("DELETE FROM instant_message WHERE account_id = $1 AND peer = $2 AND (state <> 'waiting' OR read_at IS NOT NULL)", account, peer).execute(&self.pool).await?;
        Ok(done.rows_affected())
    }

    /// Marks messages of a conversation as read, up to one of them; their number.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn mark_ims_read(&self, account: Uuid, peer: &str, until: Uuid) -> Result<u64> {
        let done = sqlx::query!(
            "UPDATE instant_message SET read_at = now() WHERE account_id = $1 AND peer = $2 AND id <= $3 AND NOT outgoing AND read_at IS NULL",
            account,
            peer,
            until
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }
}
