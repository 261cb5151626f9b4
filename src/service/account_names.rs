//! Names and numbers of an account: renaming, all aliases at once, telephone numbers.

use model::account::{Account, AccountState, Names, RenameAccount, ReplaceAliases, ReplaceTelnums, TelnumRef};
use serde_json::json;

use crate::account::{AccountRef, give_telnum, refuse_taken};
use crate::name::object_name;
use crate::operation::{Call, Done};
use crate::{Error, Result, Service};

impl Service {
    /// Gives an account another name; the old one stays as an alias unless that is not wanted.
    pub(crate) async fn rename_account(self, call: Call, input: RenameAccount) -> Result<Done<Account>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_domain(account.domain_id, "can_create_accounts")?;
        if account.builtin {
            return Err(Error::builtin_protected());
        }
        if account.state == AccountState::Deleted {
            return Err(Error::not_found("account"));
        }
        let name = object_name(&input.name, "/name")?;
        if name == account.name {
            return Err(Error::invalid("/name", "is the name of the account already"));
        }
        let mut tx = self.lock_account(&call, account.id).await?;
        if account.aliases.contains(&name) {
            tx.free_alias(account.id, &name).await?;
        }
        refuse_taken(&mut tx, account.domain_id, &name, "/name").await?;
        tx.rename_account(account.id, &name, input.keep_alias.unwrap_or(true)).await?;
        self.announce_account(&call, tx, &account, "renameAccount", "account.renamed", json!({"name": name})).await?;
        self.show(account.id).await
    }

    /// Replaces the other names of an account.
    pub(crate) async fn replace_aliases(self, call: Call, input: ReplaceAliases) -> Result<Done<Names>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_domain(account.domain_id, "can_create_aliases")?;
        let mut tx = self.lock_account(&call, account.id).await?;
        tx.free_aliases(account.id).await?;
        for (index, alias) in input.aliases.iter().enumerate() {
            let pointer = format!("/aliases/{index}");
            let alias = object_name(alias, &pointer)?;
            refuse_taken(&mut tx, account.domain_id, &alias, &pointer).await?;
            tx.take_name(account.domain_id, &alias, "alias", account.id).await?;
        }
        tx.update_account(account.id, None, None, None, None).await?;
        self.announce_account(&call, tx, &account, "replaceAliases", "account.updated", json!({"aliases": input.aliases})).await?;
        let account = self.show(account.id).await?.value;
        Ok(Done::versioned(Names { data: account.aliases, version: account.version }, account.version))
    }

    /// Telephone numbers of an account.
    pub(crate) async fn list_telnums(self, call: Call, input: AccountRef) -> Result<Done<Names>> {
        let account = self.get_account(call, input).await?.value;
        Ok(Done::versioned(Names { data: account.telnums, version: account.version }, account.version))
    }

    /// Gives a telephone number to an account.
    pub(crate) async fn add_telnum(self, call: Call, input: TelnumRef) -> Result<Done<Names>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_domain(account.domain_id, "can_create_telnums")?;
        let mut tx = self.lock_account(&call, account.id).await?;
        give_telnum(&mut tx, account.id, &input.number, "/number").await?;
        tx.update_account(account.id, None, None, None, None).await?;
        self.announce_account(&call, tx, &account, "addTelnum", "account.updated", json!({"telnum": input.number})).await?;
        let account = self.show(account.id).await?.value;
        Ok(Done::versioned(Names { data: account.telnums, version: account.version }, account.version))
    }

    /// Replaces the telephone numbers of an account.
    pub(crate) async fn replace_telnums(self, call: Call, input: ReplaceTelnums) -> Result<Done<Names>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_domain(account.domain_id, "can_create_telnums")?;
        let mut tx = self.lock_account(&call, account.id).await?;
        tx.delete_telnums(account.id, None).await?;
        for (index, number) in input.telnums.iter().enumerate() {
            give_telnum(&mut tx, account.id, number, &format!("/telnums/{index}")).await?;
        }
        tx.update_account(account.id, None, None, None, None).await?;
        self.announce_account(&call, tx, &account, "replaceTelnums", "account.updated", json!({"telnums": input.telnums})).await?;
        let account = self.show(account.id).await?.value;
        Ok(Done::versioned(Names { data: account.telnums, version: account.version }, account.version))
    }

    /// Takes a telephone number from an account.
    pub(crate) async fn remove_telnum(self, call: Call, input: TelnumRef) -> Result<Done<()>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_domain(account.domain_id, "can_create_telnums")?;
        let mut tx = self.lock_account(&call, account.id).await?;
        if !tx.delete_telnums(account.id, Some(&input.number)).await? {
            return Err(Error::not_found("number"));
        }
        tx.update_account(account.id, None, None, None, None).await?;
        self.announce_account(&call, tx, &account, "removeTelnum", "account.updated", json!({"telnum": input.number})).await?;
        Ok(().into())
    }
}
