//! Sets of signal rules, and the datasets that they ask for.

use model::rule::SignalRule;
use serde_json::Value;
use uuid::Uuid;

use crate::{Result, Store, Tx};

/// Whose rules they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleOwner {
    /// The server.
    Server,
    /// A domain.
    Domain(Uuid),
    /// An account.
    Account(Uuid),
}

/// A set of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSetRow {
    /// The rules in their order.
    pub rules: Vec<SignalRule>,
    /// Version of the set.
    pub version: i64,
}

/// A dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetRow {
    /// Its name.
    pub name: String,
    /// Its entries, the oldest first.
    pub entries: Vec<String>,
    /// Version of the dataset.
    pub version: i64,
}

impl RuleOwner {
    fn ids(self) -> (Option<Uuid>, Option<Uuid>) {
        match self {
            Self::Server => (None, None),
            Self::Domain(domain) => (None, Some(domain)),
            Self::Account(account) => (Some(account), None),
        }
    }
}

/// Rules as they are kept; what cannot be read any more is no rule.
pub(crate) fn rules_of(value: Value) -> Vec<SignalRule> {
    let Value::Array(rules) = value else { return Vec::new() };
    rules.into_iter().filter_map(|rule| serde_json::from_value(rule).ok()).collect()
}

impl Store {
    /// The rules of an owner; none in version 1 when there never were any.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn signal_rules(&self, owner: RuleOwner) -> Result<RuleSetRow> {
        let (account, domain) = owner.ids();
        let row = sqlx::query!("SELECT rules, version FROM rule_set WHERE account_id IS NOT DISTINCT FROM $1 AND domain_id IS NOT DISTINCT FROM $2", account, domain).fetch_optional(&self.pool).await?;
        Ok(row.map_or(RuleSetRow { rules: Vec::new(), version: 1 }, |row| RuleSetRow { rules: rules_of(row.rules), version: row.version }))
    }

    /// The rules of the server, and those of the domains that have any.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn shared_signal_rules(&self) -> Result<Vec<(Option<Uuid>, Vec<SignalRule>)>> {
        let rows = sqlx::query!("SELECT domain_id, rules FROM rule_set WHERE account_id IS NULL AND rules <> '[]'").fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|row| (row.domain_id, rules_of(row.rules))).collect())
    }

    /// The datasets of an account by name, all or those named.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn datasets(&self, account: Uuid, only: Option<&[String]>) -> Result<Vec<DatasetRow>> {
        let rows = sqlx::query!("SELECT name, entries, version FROM dataset WHERE account_id = $1 AND ($2::text[] IS NULL OR name = ANY($2)) ORDER BY name", account, only).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|row| DatasetRow { name: row.name, entries: row.entries, version: row.version }).collect())
    }

    /// Patch of the settings of the telephone in the browser.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn dialler(&self, account: Uuid) -> Result<Option<Value>> {
        Ok(sqlx::query_scalar!("SELECT dialler FROM account WHERE id = $1", account).fetch_optional(&self.pool).await?)
    }

    /// Adds an entry to a dataset, and makes the dataset when it is missing; the oldest entries go when there are more than
    /// `most`.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn remember(&self, account: Uuid, name: &str, entry: &str, most: i32) -> Result<()> {
        sqlx::query!(
            "INSERT INTO dataset (account_id, name, entries) VALUES ($1, $2, ARRAY[$3]) ON CONFLICT (account_id, name) DO UPDATE \
             SET entries = (dataset.entries || ARRAY[$3])[GREATEST(cardinality(dataset.entries) + 2 - $4, 1):], version = dataset.version + 1, updated_at = now() \
             WHERE NOT $3 = ANY(dataset.entries)",
            account,
            name,
            entry,
            most
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

impl Tx {
    /// Locks the rules of an owner against other changes and reads them.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn lock_signal_rules(&mut self, owner: RuleOwner) -> Result<RuleSetRow> {
        let (account, domain) = owner.ids();
        sqlx::query!("INSERT INTO rule_set (account_id, domain_id) VALUES ($1, $2) ON CONFLICT (account_id, domain_id) DO NOTHING", account, domain).execute(&mut *self.inner).await?;
        let row = sqlx::query!("SELECT rules, version FROM rule_set WHERE account_id IS NOT DISTINCT FROM $1 AND domain_id IS NOT DISTINCT FROM $2 FOR UPDATE", account, domain)
            .fetch_one(&mut *self.inner)
            .await?;
        Ok(RuleSetRow { rules: rules_of(row.rules), version: row.version })
    }

    /// Replaces the rules of an owner.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn save_signal_rules(&mut self, owner: RuleOwner, set: &RuleSetRow) -> Result<()> {
        let (account, domain) = owner.ids();
        let rules = serde_json::to_value(&set.rules).unwrap_or_default();
        sqlx::query!(
            "UPDATE rule_set SET rules = $3, version = $4, updated_at = now() WHERE account_id IS NOT DISTINCT FROM $1 AND domain_id IS NOT DISTINCT FROM $2",
            account,
            domain,
            rules,
            set.version
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Locks a dataset and gives its version.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn lock_dataset(&mut self, account: Uuid, name: &str) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar!("SELECT version FROM dataset WHERE account_id = $1 AND name = $2 FOR UPDATE", account, name).fetch_optional(&mut *self.inner).await?)
    }

    /// Writes a dataset, new or changed.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn save_dataset(&mut self, account: Uuid, name: &str, entries: &[String]) -> Result<()> {
        sqlx::query!(
            "INSERT INTO dataset (account_id, name, entries) VALUES ($1, $2, $3) ON CONFLICT (account_id, name) DO UPDATE SET entries = $3, version = dataset.version + 1, updated_at = now()",
            account,
            name,
            entries
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Takes a dataset away.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn delete_dataset(&mut self, account: Uuid, name: &str) -> Result<()> {
        sqlx::query!("DELETE FROM dataset WHERE account_id = $1 AND name = $2", account, name).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Replaces the settings of the telephone in the browser.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn save_dialler(&mut self, account: Uuid, dialler: &Value) -> Result<()> {
        sqlx::query!("UPDATE account SET dialler = $2, version = version + 1, updated_at = now() WHERE id = $1", account, dialler).execute(&mut *self.inner).await?;
        Ok(())
    }
}
