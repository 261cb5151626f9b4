//! Domains and their names.

use model::domain::{Domain, DomainState};
use serde_json::Value;
use uuid::Uuid;

use crate::moment::from_sql;
use crate::{Result, Store, Tx};

/// A domain with its settings patches.
pub struct DomainRow {
    /// As the API shows it.
    pub domain: Domain,
    /// Patch of its settings.
    pub settings: Value,
    /// Patch of the settings of its accounts.
    pub account_defaults: Value,
}

impl Store {
    /// A domain by id or by one of its names.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn domain(&self, id: Option<Uuid>, name: &str) -> Result<Option<DomainRow>> {
        let row = sqlx::query!(
            r#"SELECT d.id, d.name, d.state, d.builtin, d.assigned_ips, d.settings, d.account_defaults, d.version, d.created_at, d.updated_at,
               ARRAY(SELECT n.name FROM domain_name n WHERE n.domain_id = d.id AND n.is_alias ORDER BY n.name) AS "aliases!"
               FROM domain d WHERE d.state <> 'deleted' AND (d.id = $1 OR d.id = (SELECT domain_id FROM domain_name WHERE name = $2))"#,
            id,
            name
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| DomainRow {
            domain: Domain {
                id: r.id,
                name: r.name,
                state: if r.state == "suspended" { DomainState::Suspended } else { DomainState::Active },
                builtin: r.builtin,
                aliases: r.aliases,
                assigned_ips: r.assigned_ips,
                created_at: from_sql(r.created_at),
                updated_at: from_sql(r.updated_at),
                version: r.version,
            },
            settings: r.settings,
            account_defaults: r.account_defaults,
        }))
    }

    /// Domains by name, after one name; all of them, or only one.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn domains(&self, only: Option<Uuid>, after: &str, limit: i64) -> Result<Vec<Domain>> {
        let rows = sqlx::query!(
            r#"SELECT d.id, d.name, d.state, d.builtin, d.assigned_ips, d.version, d.created_at, d.updated_at,
               ARRAY(SELECT n.name FROM domain_name n WHERE n.domain_id = d.id AND n.is_alias ORDER BY n.name) AS "aliases!"
               FROM domain d WHERE d.state <> 'deleted' AND d.name > $1 AND ($2::uuid IS NULL OR d.id = $2) ORDER BY d.name LIMIT $3"#,
            after,
            only,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| Domain {
                id: r.id,
                name: r.name,
                state: if r.state == "suspended" { DomainState::Suspended } else { DomainState::Active },
                builtin: r.builtin,
                aliases: r.aliases,
                assigned_ips: r.assigned_ips,
                created_at: from_sql(r.created_at),
                updated_at: from_sql(r.updated_at),
                version: r.version,
            })
            .collect())
    }
}

impl Tx {
    /// Whether a name belongs to a domain already.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn domain_name_taken(&mut self, name: &str) -> Result<bool> {
        Ok(sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM domain_name WHERE name = $1) AS "taken!""#, name).fetch_one(&mut *self.inner).await?)
    }

    /// Makes a domain and its name.
    ///
    /// # Errors
    /// `Duplicate` when the name is taken.
    pub async fn insert_domain(&mut self, id: Uuid, name: &str, builtin: bool) -> Result<()> {
        sqlx::query!("INSERT INTO domain (id, name, builtin) VALUES ($1, $2, $3)", id, name, builtin).execute(&mut *self.inner).await?;
        sqlx::query!("INSERT INTO domain_name (name, domain_id, is_alias) VALUES ($1, $2, false)", name, id).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Adds another name.
    ///
    /// # Errors
    /// `Duplicate` when the name is taken.
    pub async fn insert_domain_alias(&mut self, id: Uuid, name: &str) -> Result<()> {
        sqlx::query!("INSERT INTO domain_name (name, domain_id, is_alias) VALUES ($1, $2, true)", name, id).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Takes another name away; says whether it was there.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn delete_domain_alias(&mut self, id: Uuid, name: &str) -> Result<bool> {
        let done = sqlx::query!("DELETE FROM domain_name WHERE domain_id = $1 AND name = $2 AND is_alias", id, name).execute(&mut *self.inner).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Locks a domain and gives its version.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn lock_domain(&mut self, id: Uuid) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar!("SELECT version FROM domain WHERE id = $1 AND state <> 'deleted' FOR UPDATE", id).fetch_optional(&mut *self.inner).await?)
    }

    /// Changes a domain; what is `None` stays. Gives the new version.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn update_domain(&mut self, id: Uuid, assigned_ips: Option<&[String]>, state: Option<&str>, settings: Option<&Value>) -> Result<i64> {
        Ok(sqlx::query_scalar!(
            "UPDATE domain SET assigned_ips = COALESCE($2, assigned_ips), state = COALESCE($3, state), settings = COALESCE($4, settings), \
             version = version + 1, updated_at = now() WHERE id = $1 RETURNING version",
            id,
            assigned_ips,
            state,
            settings
        )
        .fetch_one(&mut *self.inner)
        .await?)
    }

    /// Number of its accounts that are not deleted.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn count_accounts(&mut self, domain: Uuid) -> Result<i64> {
        Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM account WHERE domain_id = $1 AND state <> 'deleted'"#, domain).fetch_one(&mut *self.inner).await?)
    }

    /// Deletes an empty domain for good.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn delete_domain(&mut self, id: Uuid) -> Result<()> {
        sqlx::query!("DELETE FROM account WHERE domain_id = $1", id).execute(&mut *self.inner).await?;
        sqlx::query!("DELETE FROM domain WHERE id = $1", id).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Replaces the account defaults of a domain.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn update_account_defaults(&mut self, id: Uuid, defaults: &Value) -> Result<()> {
        sqlx::query!("UPDATE domain SET account_defaults = $2, version = version + 1, updated_at = now() WHERE id = $1", id, defaults).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Gives a domain another name; the old one stays as an alias or goes.
    ///
    /// # Errors
    /// When the database cannot answer, or the name is taken.
    pub async fn rename_domain(&mut self, id: Uuid, name: &str, keep_alias: bool) -> Result<()> {
        if keep_alias {
            sqlx::query!("UPDATE domain_name SET is_alias = true WHERE domain_id = $1", id).execute(&mut *self.inner).await?;
        } else {
            sqlx::query!("DELETE FROM domain_name WHERE domain_id = $1 AND NOT is_alias", id).execute(&mut *self.inner).await?;
        }
        sqlx::query!("INSERT INTO domain_name (name, domain_id, is_alias) VALUES ($1, $2, false)", name, id).execute(&mut *self.inner).await?;
        sqlx::query!("UPDATE domain SET name = $2, version = version + 1, updated_at = now() WHERE id = $1", id, name).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Takes all other names from a domain.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn delete_domain_aliases(&mut self, id: Uuid) -> Result<()> {
        sqlx::query!("DELETE FROM domain_name WHERE domain_id = $1 AND is_alias", id).execute(&mut *self.inner).await?;
        Ok(())
    }
}
