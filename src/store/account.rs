//! Accounts and the names that lead to them.

use model::account::{Account, AccountState, Admin, SuspendMail, Telnum};
use serde_json::Value;
use uuid::Uuid;

use crate::moment::from_sql;
use crate::{Result, Store, Tx};

/// An account with its settings patch.
pub struct AccountRow {
    /// As the API shows it.
    pub account: Account,
    /// Patch of its settings.
    pub settings: Value,
}

pub(crate) fn state(text: &str) -> AccountState {
    match text {
        "suspended" => AccountState::Suspended,
        "deleted" => AccountState::Deleted,
        _ => AccountState::Active,
    }
}

pub(crate) fn suspend_mail(text: &str) -> SuspendMail {
    match text {
        "reject" => SuspendMail::Reject,
        "bounce" => SuspendMail::Bounce,
        _ => SuspendMail::Accept,
    }
}

macro_rules! account {
    ($r:ident) => {
        Account {
            id: $r.id,
            address: format!("{}@{}", $r.name, $r.domain),
            name: $r.name,
            domain: $r.domain,
            domain_id: $r.domain_id,
            real_name: $r.real_name,
            state: state(&$r.state),
            builtin: $r.builtin,
            aliases: $r.aliases,
            telnums: $r.telnums,
            suspend_mail: suspend_mail(&$r.suspend_mail),
            used_bytes: $r.used_bytes,
            used_messages: $r.used_messages,
            created_at: from_sql($r.created_at),
            updated_at: from_sql($r.updated_at),
            version: $r.version,
        }
    };
}

impl Store {
    /// An account by id.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn account(&self, id: Uuid) -> Result<Option<AccountRow>> {
        let asked = || {
            sqlx::query!(
                r#"SELECT a.id, a.name, a.domain, a.domain_id, a.real_name, a.state, a.builtin, a.settings, a.suspend_mail,
               COALESCE(s.used_bytes, 0) AS "used_bytes!", COALESCE(s.used_messages, 0) AS "used_messages!", a.version, a.created_at, a.updated_at, a.aliases, a.telnums
               FROM account a LEFT JOIN account_state s ON s.account_id = a.id WHERE a.id = $1"#,
                id
            )
        };
        Ok(self.single(asked).await?.map(|r| AccountRow { settings: r.settings, account: account!(r) }))
    }

    /// The account that a name (own or alias) of a domain leads to.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn account_by_name(&self, domain: &str, name: &str) -> Result<Option<Uuid>> {
        Ok(sqlx::query_scalar!(
            "SELECT o.object_id FROM domain_name n JOIN object_name o ON o.domain_id = n.domain_id \
             WHERE n.name = $1 AND o.name = $2 AND o.kind IN ('account', 'alias')",
            domain,
            name
        )
        .fetch_optional(&self.pool)
        .await?)
    }

    /// Accounts of a domain by name, after one name.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn accounts(&self, domain: Uuid, after: &str, limit: i64) -> Result<Vec<Account>> {
        let rows = sqlx::query!(
            r#"SELECT a.id, a.name, a.domain, a.domain_id, a.real_name, a.state, a.builtin, a.suspend_mail,
               COALESCE(s.used_bytes, 0) AS "used_bytes!", COALESCE(s.used_messages, 0) AS "used_messages!", a.version, a.created_at, a.updated_at, a.aliases, a.telnums
               FROM account a LEFT JOIN account_state s ON s.account_id = a.id
               WHERE a.domain_id = $1 AND a.name > $2 AND a.state <> 'deleted' ORDER BY a.name LIMIT $3"#,
            domain,
            after,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|r| account!(r)).collect())
    }
}

impl Store {
    /// Accounts of one domain or all whose name or person holds `text` in lower case (everything holds the empty text), in
    /// the order they were made.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn find_accounts(&self, only: Option<Uuid>, text: &str, state: Option<&str>, after: Uuid, limit: i64) -> Result<Vec<Account>> {
        let rows = sqlx::query!(
            r#"SELECT a.id, a.name, a.domain, a.domain_id, a.real_name, a.state, a.builtin, a.suspend_mail,
               COALESCE(s.used_bytes, 0) AS "used_bytes!", COALESCE(s.used_messages, 0) AS "used_messages!", a.version, a.created_at, a.updated_at, a.aliases, a.telnums
               FROM account a LEFT JOIN account_state s ON s.account_id = a.id
               WHERE a.id > $1 AND ($2::uuid IS NULL OR a.domain_id = $2) AND ($3 = '' OR strpos(a.name || '@' || a.domain, $3) > 0 OR strpos(lower(a.real_name), $3) > 0)
               AND (a.state = $4 OR ($4::text IS NULL AND a.state <> 'deleted')) ORDER BY a.id LIMIT $5"#,
            after,
            only,
            text,
            state,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|r| account!(r)).collect())
    }

    /// Accounts that hold rights, of one domain or all, in the order they were made.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn admins(&self, only: Option<Uuid>, after: Uuid, limit: i64) -> Result<Vec<Admin>> {
        Ok(sqlx::query_as!(
            Admin,
            r#"SELECT a.id AS account_id, a.name || '@' || a.domain AS "address!", a.server_rights AS server, a.domain_rights AS domain FROM account a
               WHERE a.id > $1 AND ($2::uuid IS NULL OR a.domain_id = $2) AND a.state <> 'deleted' AND (a.server_rights <> '{}' OR a.domain_rights <> '{}') ORDER BY a.id LIMIT $3"#,
            after,
            only,
            limit
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Telephone numbers that begin so, of one domain or all, in order.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn find_telnums(&self, only: Option<Uuid>, prefix: &str, after: &str, limit: i64) -> Result<Vec<Telnum>> {
        Ok(sqlx::query_as!(
            Telnum,
            r#"SELECT t.number, t.account_id, a.name || '@' || a.domain AS "address!" FROM telnum t JOIN account a ON a.id = t.account_id
               WHERE t.number > $1 AND starts_with(t.number, $2) AND ($3::uuid IS NULL OR a.domain_id = $3) AND a.state <> 'deleted' ORDER BY t.number LIMIT $4"#,
            after,
            prefix,
            only,
            limit
        )
        .fetch_all(&self.pool)
        .await?)
    }
}

impl Store {
    /// Rights of an account: over the server, in its own domain.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn rights(&self, id: Uuid) -> Result<Option<(Vec<String>, Vec<String>)>> {
        let row = sqlx::query!("SELECT server_rights, domain_rights FROM account WHERE id = $1", id).fetch_optional(&self.pool).await?;
        Ok(row.map(|r| (r.server_rights, r.domain_rights)))
    }
}

impl Tx {
    /// The kind of object that has a name in a domain.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn name_holder(&mut self, domain: Uuid, name: &str) -> Result<Option<(String, Uuid)>> {
        let row = sqlx::query!("SELECT kind, object_id FROM object_name WHERE domain_id = $1 AND name = $2", domain, name).fetch_optional(&mut *self.inner).await?;
        Ok(row.map(|r| (r.kind, r.object_id)))
    }

    /// Gives a name of a domain to an object.
    ///
    /// # Errors
    /// `Duplicate` when it is taken.
    pub async fn take_name(&mut self, domain: Uuid, name: &str, kind: &str, object: Uuid) -> Result<()> {
        sqlx::query!("INSERT INTO object_name (domain_id, name, kind, object_id) VALUES ($1, $2, $3, $4)", domain, name, kind, object).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Frees an alias; says whether it was there.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn free_alias(&mut self, account: Uuid, name: &str) -> Result<bool> {
        let done = sqlx::query!("DELETE FROM object_name WHERE object_id = $1 AND name = $2 AND kind = 'alias'", account, name).execute(&mut *self.inner).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Makes an account.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn insert_account(&mut self, id: Uuid, domain: Uuid, name: &str, real_name: &str, builtin: bool) -> Result<()> {
        sqlx::query!("INSERT INTO account (id, domain_id, name, real_name, builtin) VALUES ($1, $2, $3, $4, $5)", id, domain, name, real_name, builtin)
            .execute(&mut *self.inner)
            .await?;
        sqlx::query!("INSERT INTO account_state (account_id) VALUES ($1)", id).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Gives a telephone number to an account.
    ///
    /// # Errors
    /// `Duplicate` when it has an owner.
    pub async fn insert_telnum(&mut self, account: Uuid, number: &str) -> Result<()> {
        sqlx::query!("INSERT INTO telnum (number, account_id) VALUES ($1, $2)", number, account).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Makes the mailboxes of a new account: names, roles and classes, in step.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn insert_mailboxes(&mut self, account: Uuid, ids: &[Uuid], names: &[String], roles: &[Option<String>], classes: &[String]) -> Result<()> {
        sqlx::query!(
            "INSERT INTO mailbox (account_id, id, name, role, class, uid_validity) \
             SELECT $1, m.id, m.name, m.role, m.class, extract(epoch FROM now())::bigint FROM UNNEST($2::uuid[], $3::text[], $4::text[], $5::text[]) AS m (id, name, role, class)",
            account,
            ids,
            names,
            roles as &[Option<String>],
            classes
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Locks an account and gives its version.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn lock_account(&mut self, id: Uuid) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar!("SELECT version FROM account WHERE id = $1 FOR UPDATE", id).fetch_optional(&mut *self.inner).await?)
    }

    /// Changes an account; what is `None` stays. Gives the new version.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn update_account(&mut self, id: Uuid, real_name: Option<&str>, state: Option<&str>, suspend_mail: Option<&str>, settings: Option<&Value>) -> Result<i64> {
        Ok(sqlx::query_scalar!(
            "UPDATE account SET real_name = COALESCE($2, real_name), state = COALESCE($3, state), suspend_mail = COALESCE($4, suspend_mail), \
             settings = COALESCE($5, settings), deleted_at = CASE WHEN $3 = 'deleted' THEN now() ELSE deleted_at END, \
             version = version + 1, updated_at = now() WHERE id = $1 RETURNING version",
            id,
            real_name,
            state,
            suspend_mail,
            settings
        )
        .fetch_one(&mut *self.inner)
        .await?)
    }

    /// Sets the rights of an account.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn set_rights(&mut self, id: Uuid, server: &[String], domain: &[String]) -> Result<()> {
        sqlx::query!("UPDATE account SET server_rights = $2, domain_rights = $3, version = version + 1, updated_at = now() WHERE id = $1", id, server, domain)
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Masters beside one account.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn other_masters(&mut self, id: Uuid) -> Result<i64> {
        Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM account WHERE 'master' = ANY (server_rights) AND state = 'active' AND id <> $1"#, id)
            .fetch_one(&mut *self.inner)
            .await?)
    }

    /// Gives an account another name; the old one stays as an alias or becomes free.
    ///
    /// # Errors
    /// `Duplicate` when the name is taken.
    pub async fn rename_account(&mut self, id: Uuid, name: &str, keep_alias: bool) -> Result<()> {
        if keep_alias {
            sqlx::query!("UPDATE object_name SET kind = 'alias' WHERE object_id = $1 AND kind = 'account'", id).execute(&mut *self.inner).await?;
        } else {
            sqlx::query!("DELETE FROM object_name WHERE object_id = $1 AND kind = 'account'", id).execute(&mut *self.inner).await?;
        }
        sqlx::query!("INSERT INTO object_name (domain_id, name, kind, object_id) SELECT domain_id, $2, 'account', id FROM account WHERE id = $1", id, name)
            .execute(&mut *self.inner)
            .await?;
        sqlx::query!("UPDATE account SET name = $2, version = version + 1, updated_at = now() WHERE id = $1", id, name).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Frees every alias of an account.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn free_aliases(&mut self, account: Uuid) -> Result<()> {
        sqlx::query!("DELETE FROM object_name WHERE object_id = $1 AND kind = 'alias'", account).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Frees the only name of a forwarder or group.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn free_name(&mut self, object: Uuid) -> Result<()> {
        sqlx::query!("DELETE FROM object_name WHERE object_id = $1", object).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Whether a telephone number has an owner.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn telnum_taken(&mut self, number: &str) -> Result<bool> {
        Ok(sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM telnum WHERE number = $1) AS "taken!""#, number).fetch_one(&mut *self.inner).await?)
    }

    /// Takes a telephone number, or all of them, from an account; says whether there was one.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn delete_telnums(&mut self, account: Uuid, only: Option<&str>) -> Result<bool> {
        let done = sqlx::query!("DELETE FROM telnum WHERE account_id = $1 AND ($2::text IS NULL OR number = $2)", account, only).execute(&mut *self.inner).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Takes a deleted account away with everything it had.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn purge_account(&mut self, id: Uuid) -> Result<()> {
        sqlx::query!("DELETE FROM mailbox_email WHERE account_id = $1", id).execute(&mut *self.inner).await?;
        sqlx::query!("DELETE FROM mailbox_expunged WHERE account_id = $1", id).execute(&mut *self.inner).await?;
        sqlx::query!("DELETE FROM email WHERE account_id = $1", id).execute(&mut *self.inner).await?;
        self.free_name(id).await?;
        sqlx::query!("DELETE FROM account WHERE id = $1", id).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Counts anew what the account and its mailboxes hold; they are locked.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn recount(&mut self, account: Uuid) -> Result<()> {
        sqlx::query!(
            "UPDATE mailbox m SET messages = c.messages, unseen = c.unseen, size = c.size \
             FROM (SELECT b.id, count(e.uid) AS messages, count(e.uid) FILTER (WHERE e.flags & 1 = 0) AS unseen, COALESCE(sum(e.size), 0)::bigint AS size \
                   FROM mailbox b LEFT JOIN mailbox_email e ON e.account_id = b.account_id AND e.mailbox_id = b.id WHERE b.account_id = $1 GROUP BY b.id) c \
             WHERE m.account_id = $1 AND m.id = c.id",
            account
        )
        .execute(&mut *self.inner)
        .await?;
        sqlx::query!(
            "UPDATE account_state SET used_bytes = c.bytes, used_messages = c.messages \
             FROM (SELECT COALESCE(sum(size), 0)::bigint AS bytes, count(*) AS messages FROM mailbox_email WHERE account_id = $1) c WHERE account_id = $1",
            account
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }
}
