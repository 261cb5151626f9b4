//! Datasets of accounts: reading and changing the lists that rules ask for.

use model::Page;
use model::dataset::{Dataset, DatasetRef, ReplaceDataset};
use serde_json::json;
use store::Tx;
use store::rule::DatasetRow;

use crate::account::AccountRef;
use crate::operation::{Call, Done};
use crate::server::check_version;
use crate::{Error, Result, Service};

/// Most entries of a dataset, and characters of an entry.
const ENTRIES: usize = 5000;
const ENTRY: usize = 256;

fn shown(row: DatasetRow) -> Dataset {
    Dataset { name: row.name, entries: row.entries, version: row.version }
}

impl Service {
    /// Datasets of an account.
    pub(crate) async fn list_datasets(self, call: Call, input: AccountRef) -> Result<Done<Page<Dataset>>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "signal_rules")?;
        Ok(Page::whole(self.store().datasets(account.id, None).await?.into_iter().map(shown).collect()).into())
    }

    /// A dataset.
    pub(crate) async fn get_dataset(self, call: Call, input: DatasetRef) -> Result<Done<Dataset>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "signal_rules")?;
        let named = [input.name.to_lowercase()];
        let row = self.store().datasets(account.id, Some(&named)).await?.into_iter().next().ok_or_else(|| Error::not_found("dataset"))?;
        let version = row.version;
        Ok(Done::versioned(shown(row), version))
    }

    async fn lock_dataset(&self, call: &Call, account: uuid::Uuid, name: &str, must_be: bool) -> Result<Tx> {
        let mut tx = self.store().begin().await?;
        match tx.lock_dataset(account, name).await? {
            Some(version) => check_version(call, version)?,
            None if must_be => return Err(Error::not_found("dataset")),
            None => {}
        }
        Ok(tx)
    }

    /// Replaces a dataset, or makes one.
    pub(crate) async fn replace_dataset(self, call: Call, input: ReplaceDataset) -> Result<Done<Dataset>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "signal_rules")?;
        let name = rules::dataset_name(&input.name).map_err(|why| Error::invalid("/name", why))?;
        if input.entries.len() > ENTRIES {
            return Err(Error::invalid("/entries", format!("must be at most {ENTRIES}")));
        }
        if let Some(n) = input.entries.iter().position(|entry| entry.trim().is_empty() || entry.chars().count() > ENTRY || entry.chars().any(char::is_control)) {
            return Err(Error::invalid(format!("/entries/{n}"), format!("must have 1 to {ENTRY} characters")));
        }
        let mut entries: Vec<String> = Vec::with_capacity(input.entries.len());
        let mut seen = std::collections::HashSet::new();
        entries.extend(input.entries.iter().map(|entry| entry.trim().to_lowercase()).filter(|entry| seen.insert(entry.clone())));
        let mut tx = self.lock_dataset(&call, account.id, &name, false).await?;
        tx.save_dataset(account.id, &name, &entries).await?;
        self.announce_account(&call, tx, &account, "replaceDataset", "account.updated", json!({"dataset": name})).await?;
        self.get_dataset(Call { expect: None, ..call }, DatasetRef { account: account.id.to_string(), name }).await
    }

    /// Takes a dataset away.
    pub(crate) async fn delete_dataset(self, call: Call, input: DatasetRef) -> Result<Done<()>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "signal_rules")?;
        let name = input.name.to_lowercase();
        let mut tx = self.lock_dataset(&call, account.id, &name, true).await?;
        tx.delete_dataset(account.id, &name).await?;
        self.announce_account(&call, tx, &account, "deleteDataset", "account.updated", json!({"dataset": name})).await?;
        Ok(().into())
    }
}
