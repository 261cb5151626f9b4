//! Mailboxes.
//!
//! Lock order of everything that changes mail: the mailboxes concerned by id, then `account_state`. Counters and the
//! change number move in the transaction that changes the messages.

use model::mailbox::{Mailbox, MailboxClass, Role};
use serde_json::Value;
use uuid::Uuid;

use crate::{Result, Store, Tx};

fn role(text: &str) -> Option<Role> {
    Some(match text {
        "inbox" => Role::Inbox,
        "sent" => Role::Sent,
        "drafts" => Role::Drafts,
        "trash" => Role::Trash,
        "junk" => Role::Junk,
        "archive" => Role::Archive,
        _ => return None,
    })
}

/// A role as it is stored.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Inbox => "inbox",
        Role::Sent => "sent",
        Role::Drafts => "drafts",
        Role::Trash => "trash",
        Role::Junk => "junk",
        Role::Archive => "archive",
    }
}

fn class(text: &str) -> MailboxClass {
    match text {
        "calendar" => MailboxClass::Calendar,
        "tasks" => MailboxClass::Tasks,
        "contacts" => MailboxClass::Contacts,
        "notes" => MailboxClass::Notes,
        _ => MailboxClass::Mail,
    }
}

macro_rules! mailbox {
    ($r:expr) => {
        Mailbox {
            id: $r.id,
            name: $r.name,
            role: $r.role.as_deref().and_then(role),
            class: class(&$r.class),
            selectable: $r.selectable,
            subscribed: $r.subscribed,
            messages: $r.messages,
            unseen: $r.unseen,
            size: $r.size,
            uid_validity: $r.uid_validity,
            uid_next: $r.uid_next,
            modseq: $r.modseq,
            version: $r.version,
        }
    };
}

/// A mailbox about to be made.
pub struct NewMailbox<'a> {
    /// Id.
    pub id: Uuid,
    /// Full name.
    pub name: &'a str,
    /// Special use.
    pub role: Option<Role>,
    /// It may hold messages.
    pub selectable: bool,
}

/// A mailbox with all its messages in compact arrays, in the order of their UIDs.
pub struct Snapshot {
    /// The mailbox.
    pub mailbox: Mailbox,
    /// UIDs.
    pub uids: Vec<i64>,
    /// Flags.
    pub flags: Vec<i32>,
    /// Change numbers.
    pub modseqs: Vec<i64>,
    /// Keywords, parted by blanks.
    pub keywords: Vec<String>,
}

impl Store {
    /// Voice messages in the INBOX of an account, which bear the keyword `$Media`: new ones, heard ones, and those of each that
    /// are flagged as urgent.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn voice_messages(&self, account: Uuid) -> Result<[i64; 4]> {
        let row = sqlx::query!(
            r#"SELECT count(*) FILTER (WHERE e.flags & 1 = 0) AS "new!", count(*) FILTER (WHERE e.flags & 1 = 1) AS "old!",
               count(*) FILTER (WHERE e.flags & 5 = 4) AS "urgent_new!", count(*) FILTER (WHERE e.flags & 5 = 5) AS "urgent_old!"
               FROM mailbox m JOIN mailbox_email e ON e.account_id = m.account_id AND e.mailbox_id = m.id
               WHERE m.account_id = $1 AND m.role = 'inbox' AND e.flags & 8 = 0 AND EXISTS (SELECT FROM unnest(e.keywords) k WHERE lower(k) = '$media')"#,
            account
        )
        .fetch_one(&self.pool)
        .await?;
        Ok([row.new, row.old, row.urgent_new, row.urgent_old])
    }

    /// All mailboxes of an account by name.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn mailboxes(&self, account: Uuid) -> Result<Vec<Mailbox>> {
        let rows = sqlx::query!(
            "SELECT id, name, role, class, selectable, subscribed, messages, unseen, size, uid_validity, uid_next, modseq, version FROM mailbox WHERE account_id = $1 ORDER BY name",
            account
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|r| mailbox!(r)).collect())
    }

    /// A mailbox by id or name.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn mailbox(&self, account: Uuid, id: Option<Uuid>, name: &str) -> Result<Option<Mailbox>> {
        let row = sqlx::query!(
            "SELECT id, name, role, class, selectable, subscribed, messages, unseen, size, uid_validity, uid_next, modseq, version \
             FROM mailbox WHERE account_id = $1 AND (id = $2 OR ($2 IS NULL AND name = $3))",
            account,
            id,
            name
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| mailbox!(r)))
    }

    /// A mailbox by name, with its messages.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn snapshot(&self, account: Uuid, name: &str) -> Result<Option<Snapshot>> {
        let row = sqlx::query!(
            r#"SELECT m.id, m.name, m.role, m.class, m.selectable, m.subscribed, m.messages, m.unseen, m.size, m.uid_validity, m.uid_next, m.modseq, m.version,
               x.uids AS "uids!", x.flags AS "flags!", x.modseqs AS "modseqs!", x.keywords AS "keywords!"
               FROM mailbox m CROSS JOIN LATERAL (
                 SELECT COALESCE(array_agg(t.uid), '{}') AS uids, COALESCE(array_agg(t.flags), '{}') AS flags, COALESCE(array_agg(t.modseq), '{}') AS modseqs,
                 COALESCE(array_agg(array_to_string(t.keywords, ' ')), '{}') AS keywords
                 FROM (SELECT uid, flags, modseq, keywords FROM mailbox_email e WHERE e.account_id = m.account_id AND e.mailbox_id = m.id ORDER BY e.uid) t) x
               WHERE m.account_id = $1 AND m.name = $2"#,
            account,
            name
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| Snapshot { uids: r.uids, flags: r.flags, modseqs: r.modseqs, keywords: r.keywords, mailbox: mailbox!(r) }))
    }

    /// Tells all messages below this UID as recent to the session that asks; gives the first UID nobody was told before.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn take_recent(&self, account: Uuid, mailbox: Uuid, up_to: i64) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar!(
            "WITH old AS (SELECT id, recent_from FROM mailbox WHERE account_id = $1 AND id = $2 AND recent_from < $3 FOR UPDATE) \
             UPDATE mailbox m SET recent_from = $3 FROM old WHERE m.account_id = $1 AND m.id = old.id RETURNING old.recent_from",
            account,
            mailbox,
            up_to
        )
        .fetch_optional(&self.pool)
        .await?)
    }
}

impl Tx {
    /// Locks these mailboxes (all of the account when there are none given) in their order, then the state of the account,
    /// and takes the next change number.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn lock_mailboxes(&mut self, account: Uuid, ids: Option<&[Uuid]>) -> Result<(i64, Vec<Mailbox>)> {
        let rows = sqlx::query!(
            r#"WITH m AS MATERIALIZED (SELECT * FROM mailbox WHERE account_id = $1 AND ($2::uuid[] IS NULL OR id = ANY($2)) ORDER BY id FOR UPDATE),
               s AS (UPDATE account_state SET modseq = modseq + 1 FROM (SELECT count(*) AS n FROM m) c WHERE account_id = $1 AND c.n > 0 RETURNING account_state.modseq)
               SELECT m.id AS "id!", m.name AS "name!", m.role, m.class AS "class!", m.selectable AS "selectable!", m.subscribed AS "subscribed!", m.messages AS "messages!",
               m.unseen AS "unseen!", m.size AS "size!", m.uid_validity AS "uid_validity!", m.uid_next AS "uid_next!", m.modseq AS "modseq!", m.version AS "version!", s.modseq AS "next!" FROM m, s"#,
            account,
            ids
        )
        .fetch_all(&mut *self.inner)
        .await?;
        let next = rows.first().map_or(0, |r| r.next);
        Ok((next, rows.into_iter().map(|r| mailbox!(r)).collect()))
    }

    /// Makes a mailbox with a UIDVALIDITY no mailbox of the account had before.
    ///
    /// # Errors
    /// `Duplicate` when the name is taken.
    pub async fn insert_mailbox(&mut self, account: Uuid, new: &NewMailbox<'_>) -> Result<()> {
        sqlx::query!(
            "WITH s AS (UPDATE account_state SET modseq = modseq + 1, uid_validity = GREATEST(uid_validity + 1, extract(epoch FROM now())::bigint) \
             WHERE account_id = $1 RETURNING modseq, uid_validity) \
             INSERT INTO mailbox (account_id, id, name, role, selectable, uid_validity, modseq) SELECT $1, $2, $3, $4, $5, s.uid_validity, s.modseq FROM s",
            account,
            new.id,
            new.name,
            new.role.map(role_name),
            new.selectable
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Gives another name to a mailbox and those below it.
    ///
    /// # Errors
    /// `Duplicate` when a name is taken.
    pub async fn rename_mailboxes(&mut self, account: Uuid, from: &str, to: &str) -> Result<()> {
        sqlx::query!(
            "UPDATE mailbox SET name = $3 || substr(name, length($2) + 1), version = version + 1 WHERE account_id = $1 AND (name = $2 OR starts_with(name, $2 || '/'))",
            account,
            from,
            to
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Changes a mailbox; what is `None` stays.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn update_mailbox(&mut self, account: Uuid, id: Uuid, subscribed: Option<bool>, selectable: Option<bool>, role: Option<Role>) -> Result<()> {
        sqlx::query!(
            "UPDATE mailbox SET subscribed = COALESCE($3, subscribed), selectable = COALESCE($4, selectable), role = COALESCE($5, role), version = version + 1 WHERE account_id = $1 AND id = $2",
            account,
            id,
            subscribed,
            selectable,
            role.map(role_name)
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Takes away a mailbox with its messages.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn delete_mailbox(&mut self, account: Uuid, id: Uuid) -> Result<()> {
        sqlx::query!(
            "WITH gone AS (DELETE FROM mailbox_email WHERE account_id = $1 AND mailbox_id = $2 RETURNING size, email_id), \
             nowhere AS (DELETE FROM email e USING (SELECT DISTINCT email_id FROM gone) g WHERE e.account_id = $1 AND e.id = g.email_id AND NOT EXISTS ( \
               SELECT FROM mailbox_email p WHERE p.account_id = $1 AND p.email_id = e.id AND p.mailbox_id <> $2)), \
             forgotten AS (DELETE FROM mailbox_expunged WHERE account_id = $1 AND mailbox_id = $2), \
             used AS (UPDATE account_state SET used_bytes = used_bytes - c.size, used_messages = used_messages - c.n \
               FROM (SELECT count(*) AS n, COALESCE(sum(size), 0)::bigint AS size FROM gone) c WHERE account_id = $1) \
             DELETE FROM mailbox WHERE account_id = $1 AND id = $2",
            account,
            id
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Writes an event of a mailbox into the outbox.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn tell_mailbox(&mut self, account: Uuid, kind: &str, object: &Value) -> Result<()> {
        sqlx::query!("INSERT INTO event (topic, type, account_id, object) VALUES ('mailbox', $1, $2, $3)", kind, account, object).execute(&mut *self.inner).await?;
        Ok(())
    }
}
