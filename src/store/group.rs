//! Groups and their members.

use model::group::Group;
use serde_json::Value;
use uuid::Uuid;

use crate::{Result, Store, Tx};

macro_rules! group {
    ($r:ident) => {
        Group {
            id: $r.id,
            name: $r.name,
            domain: $r.domain,
            real_name: $r.real_name,
            members: $r.members,
            settings: serde_json::from_value($r.settings).unwrap_or_default(),
            version: $r.version,
        }
    };
}

impl Store {
    /// A group by name.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn group(&self, domain: Uuid, name: &str) -> Result<Option<Group>> {
        let row = sqlx::query!(
            "SELECT g.id, g.name, d.name AS domain, g.real_name, g.members, g.settings, g.version FROM mail_group g JOIN domain d ON d.id = g.domain_id \
             WHERE g.domain_id = $1 AND g.name = $2",
            domain,
            name
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| group!(r)))
    }

    /// Groups of a domain by name, after one name.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn groups(&self, domain: Uuid, after: &str, limit: i64) -> Result<Vec<Group>> {
        let rows = sqlx::query!(
            "SELECT g.id, g.name, d.name AS domain, g.real_name, g.members, g.settings, g.version FROM mail_group g JOIN domain d ON d.id = g.domain_id \
             WHERE g.domain_id = $1 AND g.name > $2 ORDER BY g.name LIMIT $3",
            domain,
            after,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|r| group!(r)).collect())
    }

    /// The groups among names, which are given by domain and name in step: domain and members of each.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn groups_among(&self, domains: &[Uuid], names: &[String]) -> Result<Vec<(Uuid, Vec<String>)>> {
        let rows = sqlx::query!(
            "SELECT g.domain_id, g.members FROM UNNEST($1::uuid[], $2::text[]) AS n (domain_id, name) JOIN mail_group g ON g.domain_id = n.domain_id AND g.name = n.name",
            domains,
            names
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|r| (r.domain_id, r.members)).collect())
    }
}

impl Tx {
    /// Makes a group; its name is taken apart from this.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn insert_group(&mut self, id: Uuid, domain: Uuid, name: &str, real_name: &str, members: &[String], settings: &Value) -> Result<()> {
        sqlx::query!("INSERT INTO mail_group (id, domain_id, name, real_name, members, settings) VALUES ($1, $2, $3, $4, $5, $6)", id, domain, name, real_name, members, settings)
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Locks a group; gives its members and version.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn lock_group(&mut self, id: Uuid) -> Result<Option<(Vec<String>, i64)>> {
        let row = sqlx::query!("SELECT members, version FROM mail_group WHERE id = $1 FOR UPDATE", id).fetch_optional(&mut *self.inner).await?;
        Ok(row.map(|r| (r.members, r.version)))
    }

    /// Changes a group; what is `None` stays.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn update_group(&mut self, id: Uuid, name: Option<&str>, real_name: Option<&str>, members: Option<&[String]>, settings: Option<&Value>) -> Result<()> {
        sqlx::query!(
            "UPDATE mail_group SET name = COALESCE($2, name), real_name = COALESCE($3, real_name), members = COALESCE($4, members), settings = COALESCE($5, settings), \
             version = version + 1, updated_at = now() WHERE id = $1",
            id,
            name,
            real_name,
            members,
            settings
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Deletes a group; its name is freed apart from this.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn delete_group(&mut self, id: Uuid) -> Result<()> {
        sqlx::query!("DELETE FROM mail_group WHERE id = $1", id).execute(&mut *self.inner).await?;
        Ok(())
    }
}
