//! Uploads, and messages handed in through the API.

use bytes::Bytes;
use serde_json::Value;
use types::Timestamp;
use uuid::Uuid;

use crate::message::Stored;
use crate::moment::{from_sql, to_sql};
use crate::{Result, Store, Tx};

/// A body that is kept.
#[derive(Debug)]
pub struct Body {
    /// BLAKE3-256 of the clear octets.
    pub hash: [u8; 32],
    /// How `data` is written: 0 clear, 1 zstd.
    pub codec: i16,
    /// The octets as stored.
    pub data: Bytes,
    /// Clear octets.
    pub size: i64,
}

/// A file that was uploaded.
pub struct UploadRow {
    /// Id.
    pub id: Uuid,
    /// Media type.
    pub media_type: String,
    /// Clear octets.
    pub size: i64,
    /// The octets.
    pub stored: Stored,
}

/// A message handed in.
#[derive(Debug, Clone)]
pub struct SubmissionRow {
    /// The account.
    pub account: Uuid,
    /// Id.
    pub id: Uuid,
    /// `pending`, `sent`, `cancelled` or `failed`.
    pub state: String,
    /// Number of the message.
    pub number: i64,
    /// Shared by all records of the message.
    pub trace_id: Uuid,
    /// Message-ID without angle brackets.
    pub message_id: String,
    /// Return path.
    pub return_path: String,
    /// Address, route and wishes of each recipient.
    pub recipients: Value,
    /// BLAKE3-256 of the message.
    pub hash: Vec<u8>,
    /// Octets of the message.
    pub size: i64,
    /// When it is sent.
    pub send_at: Timestamp,
    /// Until when it can be called back.
    pub undo_until: Option<Timestamp>,
    /// Who handed it in.
    pub remote_ip: String,
    /// A copy goes into the mailbox of sent messages.
    pub save_sent: bool,
    /// Why it could not be sent.
    pub reply: String,
}

macro_rules! submission {
    ($r:ident) => {
        SubmissionRow {
            account: $r.account_id,
            id: $r.id,
            state: $r.state,
            number: $r.message_number,
            trace_id: $r.trace_id,
            message_id: $r.message_id,
            return_path: $r.return_path,
            recipients: $r.recipients,
            hash: $r.blob_hash,
            size: $r.size,
            send_at: from_sql($r.send_at),
            undo_until: $r.undo_until.map(from_sql),
            remote_ip: $r.remote_ip,
            save_sent: $r.save_sent,
            reply: $r.reply,
        }
    };
}

impl Store {
    /// Keeps an upload unless the account has `most` of them; says whether it was kept.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn insert_upload(&self, account: Uuid, id: Uuid, body: &Body, media_type: &str, expires: Timestamp, most: i64) -> Result<bool> {
        let mut tx = self.begin().await?;
        tx.insert_body(body).await?;
        let done = sqlx::query!(
            "INSERT INTO upload (id, account_id, blob_hash, size, media_type, expires_at) SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT count(*) FROM upload WHERE account_id = $2) < $7",
            id,
            account,
            &body.hash[..],
            body.size,
            media_type,
            to_sql(expires),
            most
        )
        .execute(&mut *tx.inner)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// An upload of an account that is not over.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn upload(&self, account: Uuid, id: Uuid) -> Result<Option<UploadRow>> {
        let row = sqlx::query!(
            "SELECT u.id, u.media_type, u.size, b.codec, b.data FROM upload u JOIN blob b ON b.hash = u.blob_hash WHERE u.account_id = $1 AND u.id = $2 AND u.expires_at > now()",
            account,
            id
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| UploadRow { id: r.id, media_type: r.media_type, size: r.size, stored: Stored { codec: r.codec, data: r.data } }))
    }

    /// Submissions of an account older than one of them, the newest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn submissions(&self, account: Uuid, before: Option<Uuid>, limit: i64) -> Result<Vec<SubmissionRow>> {
        let rows = sqlx::query!(
            "SELECT account_id, id, state, message_number, trace_id, message_id, return_path, recipients, blob_hash, size, send_at, undo_until, remote_ip, save_sent, reply \
             FROM submission WHERE account_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
            account,
            before,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|r| submission!(r)).collect())
    }

    /// A submission.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn submission(&self, account: Uuid, id: Uuid) -> Result<Option<SubmissionRow>> {
        let row = sqlx::query!(
            "SELECT account_id, id, state, message_number, trace_id, message_id, return_path, recipients, blob_hash, size, send_at, undo_until, remote_ip, save_sent, reply \
             FROM submission WHERE account_id = $1 AND id = $2",
            account,
            id
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| submission!(r)))
    }

    /// Milliseconds until the next submission is due; `None` when none waits.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn next_submission(&self) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar!(r#"SELECT CEIL(GREATEST(EXTRACT(EPOCH FROM min(send_at) - now()), 0) * 1000)::bigint AS "due" FROM submission WHERE state = 'pending'"#).fetch_one(&self.pool).await?)
    }
}

impl Tx {
    async fn insert_body(&mut self, body: &Body) -> Result<()> {
        sqlx::query!("INSERT INTO blob (hash, codec, size, data) VALUES ($1, $2, $3, $4) ON CONFLICT (hash) DO UPDATE SET created_at = now()", &body.hash[..], body.codec, body.size, &body.data[..])
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Keeps a message that waits until it is sent.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn insert_submission(&mut self, row: &SubmissionRow, body: &Body) -> Result<()> {
        self.insert_body(body).await?;
        sqlx::query!(
            "INSERT INTO submission (account_id, id, state, message_number, trace_id, message_id, return_path, recipients, blob_hash, size, send_at, undo_until, remote_ip, save_sent) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            row.account,
            row.id,
            row.state,
            row.number,
            row.trace_id,
            row.message_id,
            row.return_path,
            row.recipients,
            &body.hash[..],
            body.size,
            to_sql(row.send_at),
            row.undo_until.map(to_sql),
            row.remote_ip,
            row.save_sent
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Locks the submission that is due first, among those that nobody else is sending.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn due_submission(&mut self) -> Result<Option<SubmissionRow>> {
        let row = sqlx::query!(
            "SELECT account_id, id, state, message_number, trace_id, message_id, return_path, recipients, blob_hash, size, send_at, undo_until, remote_ip, save_sent, reply \
             FROM submission WHERE state = 'pending' AND send_at <= now() ORDER BY send_at LIMIT 1 FOR UPDATE SKIP LOCKED"
        )
        .fetch_optional(&mut *self.inner)
        .await?;
        Ok(row.map(|r| submission!(r)))
    }

    /// Locks a submission, waiting for whoever sends it.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn lock_submission(&mut self, account: Uuid, id: Uuid) -> Result<Option<SubmissionRow>> {
        let row = sqlx::query!(
            "SELECT account_id, id, state, message_number, trace_id, message_id, return_path, recipients, blob_hash, size, send_at, undo_until, remote_ip, save_sent, reply \
             FROM submission WHERE account_id = $1 AND id = $2 FOR UPDATE",
            account,
            id
        )
        .fetch_optional(&mut *self.inner)
        .await?;
        Ok(row.map(|r| submission!(r)))
    }

    /// Whether a message was taken already.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn was_taken(&mut self, trace: Uuid) -> Result<bool> {
        Ok(sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM delivery_record WHERE trace_id = $1) AS "taken!""#, trace).fetch_one(&mut *self.inner).await?)
    }

    /// Ends a submission, or puts it off by so many seconds.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn settle_submission(&mut self, account: Uuid, id: Uuid, state: &str, reply: &str, delay: i64) -> Result<()> {
        sqlx::query!(
            "UPDATE submission SET state = $3, reply = $4, send_at = CASE WHEN $5 > 0 THEN now() + $5 * interval '1 second' ELSE send_at END WHERE account_id = $1 AND id = $2",
            account,
            id,
            state,
            reply,
            delay as f64
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }
}
