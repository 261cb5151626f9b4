//! Accounts: making, naming, suspending, deleting, their settings and passwords.

use model::account::{Account, AccountSettings, AccountSettingsPatch, AccountState, CreateAccount, Names, PurgeAccount, RestoreAccount, SetPassword, SuspendAccount, SuspendMail, UpdateAccount};
use model::settings::{Settings, SettingsChange, SettingsView, Source, change, explain, fold};
use model::domain::DomainSettings;
use model::{ListParams, Page};
use serde::Deserialize;
use serde_json::{Value, json};
use store::account::AccountRow;
use store::{News, Tx};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{page_after, page_limit, page_of};
use crate::name::object_name;
use crate::operation::{Call, Done};
use crate::server::{check_version, settings_fault};
use crate::subscriber::user_names;
use crate::{Error, Kind, Result, Service, new_id};

/// Mailboxes of a new account: name, role, class.
const MAILBOXES: [(&str, Option<&str>, &str); 10] = [
    ("INBOX", Some("inbox"), "mail"),
    ("Drafts", Some("drafts"), "mail"),
    ("Sent Items", Some("sent"), "mail"),
    ("Trash", Some("trash"), "mail"),
    ("Junk", Some("junk"), "mail"),
    ("Archive", Some("archive"), "mail"),
    ("Calendar", None, "calendar"),
    ("Tasks", None, "tasks"),
    ("Contacts", None, "contacts"),
    ("Notes", None, "notes"),
];

/// Names an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountRef {
    /// The account: id, address, name in the main domain, or `me`.
    pub(crate) account: String,
}

/// Names another name of an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AliasRef {
    /// The account: id, address, name in the main domain, or `me`.
    pub(crate) account: String,
    /// The other name.
    pub(crate) name: String,
}

/// Accounts of one domain.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ListDomainAccounts {
    /// The domain: id or name.
    pub(crate) domain: String,
    /// Which part is wanted.
    #[serde(flatten)]
    pub(crate) page: ListParams,
}

/// Changes settings of an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateAccountSettings {
    /// The account: id, address, name in the main domain, or `me`.
    pub(crate) account: String,
    /// Values to set.
    pub(crate) set: Option<AccountSettingsPatch>,
    /// Names to return to inheritance.
    #[serde(default)]
    pub(crate) unset: Vec<String>,
}

impl Service {
    /// Finds an account by id, address, name in the main domain, or `me`; deleted ones only by id.
    pub(crate) async fn find_account(&self, call: &Call, account: &str) -> Result<AccountRow> {
        let unknown = || Error::not_found("account");
        let id = if account == "me" {
            call.caller.signed_in()?.account_id
        } else if let Ok(id) = account.parse::<Uuid>() {
            id
        } else {
            // As everywhere, a name without a domain is one of the main domain.
            let (name, domain) = match account.rsplit_once('@') {
                Some((name, domain)) => (name, idna::domain_to_ascii(domain).unwrap_or_default()),
                None => (account, self.mail_host().await?.to_string()),
            };
            self.store().account_by_name(&domain, &name.to_lowercase()).await?.ok_or_else(unknown)?
        };
        call.caller.signed_in()?;
        self.store().account(id).await?.ok_or_else(unknown)
    }

    /// Makes the row, the name and the mailboxes of an account.
    pub(crate) async fn insert_account_tx(&self, tx: &mut Tx, id: Uuid, domain: Uuid, name: &str, real_name: &str, builtin: bool) -> Result<()> {
        tx.insert_account(id, domain, name, real_name, builtin).await?;
        tx.take_name(domain, name, "account", id).await?;
        let ids: Vec<Uuid> = MAILBOXES.iter().map(|_| new_id()).collect();
        let names: Vec<String> = MAILBOXES.iter().map(|(name, ..)| (*name).to_owned()).collect();
        let roles: Vec<Option<String>> = MAILBOXES.iter().map(|(_, role, _)| role.map(str::to_owned)).collect();
        let classes: Vec<String> = MAILBOXES.iter().map(|(.., class)| (*class).to_owned()).collect();
        Ok(tx.insert_mailboxes(id, &ids, &names, &roles, &classes).await?)
    }

    pub(crate) async fn announce_account(&self, call: &Call, mut tx: Tx, account: &Account, action: &str, kind: &str, object: Value) -> Result<()> {
        let ip = call.caller.remote_ip.to_string();
        let news = News { actor: call.caller.name(), remote_ip: &ip, action, name: &account.address, topic: "accounts", kind, account: Some(account.id), domain: Some(account.domain_id), object };
        tx.announce(&news).await?;
        tx.commit().await?;
        self.inner.standings.forget(account.id);
        self.forget_names();
        Ok(())
    }

    pub(crate) async fn lock_account(&self, call: &Call, id: Uuid) -> Result<Tx> {
        let mut tx = self.store().begin().await?;
        let version = tx.lock_account(id).await?.ok_or_else(|| Error::not_found("account"))?;
        check_version(call, version)?;
        Ok(tx)
    }

    /// Accounts of a domain.
    pub(crate) async fn list_domain_accounts(self, call: Call, input: ListDomainAccounts) -> Result<Done<Page<Account>>> {
        let domain = self.find_domain(&input.domain).await?.domain.id;
        call.caller.may_domain(domain, "domain")?;
        let limit = page_limit(&input.page)?;
        let rows = self.store().accounts(domain, &page_after(&input.page)?, limit + 1).await?;
        Ok(page_of(rows, limit, |account| &account.name))
    }

    /// One account.
    pub(crate) async fn get_account(self, call: Call, input: AccountRef) -> Result<Done<Account>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "domain")?;
        let version = account.version;
        Ok(Done::versioned(account, version))
    }

    pub(crate) async fn show(&self, id: Uuid) -> Result<Done<Account>> {
        let account = self.store().account(id).await?.ok_or_else(|| Error::not_found("account"))?.account;
        let version = account.version;
        Ok(Done::versioned(account, version))
    }

    /// Makes an account with its mailboxes.
    pub(crate) async fn create_account(self, call: Call, input: CreateAccount) -> Result<Done<Account>> {
        let row = self.find_domain(&input.domain).await?;
        let domain = row.domain.id;
        call.caller.may_domain(domain, "can_create_accounts")?;
        let name = object_name(&input.name, "/name")?;
        let real_name = real_name(input.real_name.as_deref().unwrap_or_default())?;
        let password = match &input.password {
            Some(password) => Some(self.derive_password(password, &[&name, real_name], "/password").await?),
            None => None,
        };
        let (_, _, server, _) = self.store().server_settings().await?;
        let limit = fold::<DomainSettings>(&[&server, &row.settings]).accounts_limit;
        let mut tx = self.store().begin().await?;
        tx.lock_domain(domain).await?.ok_or_else(|| Error::not_found("domain"))?;
        if limit >= 0 && tx.count_accounts(domain).await? >= limit {
            return Err(Error::new(Kind::Conflict, "domain_limit_reached", "The domain has as many accounts as it may have."));
        }
        let id = new_id();
        refuse_taken(&mut tx, domain, &name, "/name").await?;
        self.insert_account_tx(&mut tx, id, domain, &name, real_name, false).await?;
        let mut names = vec![name.clone()];
        for (index, alias) in input.aliases.iter().enumerate() {
            let pointer = format!("/aliases/{index}");
            let alias = object_name(alias, &pointer)?;
            refuse_taken(&mut tx, domain, &alias, &pointer).await?;
            tx.take_name(domain, &alias, "alias", id).await?;
            names.push(alias);
        }
        for (index, number) in input.telnums.iter().enumerate() {
            give_telnum(&mut tx, id, number, &format!("/telnums/{index}")).await?;
        }
        if let (Some(password), Some(secret)) = (password, &input.password) {
            let names = user_names(&row.domain.name, names.iter().chain(&input.telnums).map(String::as_str));
            let digest = self.seal_digest(id, &row.domain.name, &names, secret)?;
            tx.set_password(id, &password.verifier, &password.scram, &digest).await?;
        }
        let ip = call.caller.remote_ip.to_string();
        let address = format!("{name}@{}", row.domain.name);
        let object = json!({"address": address});
        tx.announce(&News { actor: call.caller.name(), remote_ip: &ip, action: "createAccount", name: &address, topic: "accounts", kind: "account.created", account: Some(id), domain: Some(domain), object }).await?;
        tx.commit().await?;
        self.forget_names();
        self.show(id).await
    }

    /// Changes an account.
    pub(crate) async fn update_account(self, call: Call, input: UpdateAccount) -> Result<Done<Account>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "basic_settings")?;
        let real_name = input.real_name.as_deref().map(real_name).transpose()?;
        let mut tx = self.lock_account(&call, account.id).await?;
        tx.update_account(account.id, real_name, None, None, None).await?;
        self.announce_account(&call, tx, &account, "updateAccount", "account.updated", json!({})).await?;
        self.show(account.id).await
    }

    /// Sets a password; everybody else's sessions of the account end.
    pub(crate) async fn set_account_password(self, call: Call, input: SetPassword) -> Result<Done<()>> {
        let account = self.find_account(&call, &input.account).await?.account;
        let caller = call.caller.signed_in()?;
        let own = caller.account_id == account.id;
        if call.caller.may_domain(account.domain_id, "basic_settings").is_err() {
            call.caller.may_own(account.id, account.domain_id, "basic_settings")?;
            let old = input.old_password.as_ref().ok_or_else(|| Error::invalid("/old_password", "is needed to change one's own password"))?;
            if !self.check_password(Some(account.id), old).await? {
                return Err(Error::new(Kind::Forbidden, "invalid_credentials", "The old password is wrong.").at("/old_password", "invalid_credentials", "is wrong"));
            }
        }
        let password = self.derive_password(&input.password, &[&account.name, &account.real_name], "/password").await?;
        let keep = if own { caller.session_id } else { None };
        let mut tx = self.lock_account(&call, account.id).await?;
        let names = user_names(&account.domain, [&account.name].into_iter().chain(&account.aliases).chain(&account.telnums).map(String::as_str));
        let digest = self.seal_digest(account.id, &account.domain, &names, &input.password)?;
        tx.set_password(account.id, &password.verifier, &password.scram, &digest).await?;
        tx.revoke_sessions(account.id, None, keep).await?;
        self.announce_account(&call, tx, &account, "setAccountPassword", "account.updated", json!({})).await?;
        if self.module_settings().sip.drop_on_password_change {
            self.drop_telephones(account.id);
        }
        Ok(().into())
    }

    async fn set_account_state(&self, call: &Call, account: &Account, state: &str, suspend_mail: Option<&str>, action: &str, kind: &str) -> Result<()> {
        if account.builtin {
            return Err(Error::builtin_protected());
        }
        let mut tx = self.lock_account(call, account.id).await?;
        tx.update_account(account.id, None, Some(state), suspend_mail, None).await?;
        if state != "active" {
            tx.revoke_sessions(account.id, None, None).await?;
        }
        self.announce_account(call, tx, account, action, kind, json!({"state": state})).await?;
        if state != "active" {
            self.drop_telephones(account.id);
        }
        Ok(())
    }

    /// Suspends an account: sign-in is refused, sessions end.
    pub(crate) async fn suspend_account(self, call: Call, input: SuspendAccount) -> Result<Done<Account>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_domain(account.domain_id, "can_create_accounts")?;
        if account.state != AccountState::Active {
            return Err(Error::wrong_state("Only an active account can be suspended."));
        }
        let mail = match input.suspend_mail.unwrap_or(SuspendMail::Accept) {
            SuspendMail::Accept => "accept",
            SuspendMail::Reject => "reject",
            SuspendMail::Bounce => "bounce",
        };
        self.set_account_state(&call, &account, "suspended", Some(mail), "suspendAccount", "account.suspended").await?;
        self.show(account.id).await
    }

    /// Lets a suspended account work again.
    pub(crate) async fn resume_account(self, call: Call, input: AccountRef) -> Result<Done<Account>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_domain(account.domain_id, "can_create_accounts")?;
        if account.state != AccountState::Suspended {
            return Err(Error::wrong_state("The account is not suspended."));
        }
        self.set_account_state(&call, &account, "active", None, "resumeAccount", "account.resumed").await?;
        self.show(account.id).await
    }

    /// Deletes an account; it can be restored for a while, and keeps its names meanwhile.
    pub(crate) async fn delete_account(self, call: Call, input: AccountRef) -> Result<Done<()>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_domain(account.domain_id, "can_create_accounts")?;
        if account.state == AccountState::Deleted {
            return Err(Error::not_found("account"));
        }
        self.set_account_state(&call, &account, "deleted", None, "deleteAccount", "account.deleted").await?;
        Ok(().into())
    }

    /// Restores a deleted account with everything it had.
    pub(crate) async fn restore_account(self, call: Call, input: RestoreAccount) -> Result<Done<Account>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_domain(account.domain_id, "can_create_accounts")?;
        if account.state != AccountState::Deleted {
            return Err(Error::wrong_state("The account is not deleted."));
        }
        if input.new_name.is_some() {
            return Err(Error::invalid("/new_name", "a deleted account keeps its name; it needs no other"));
        }
        self.set_account_state(&call, &account, "active", None, "restoreAccount", "account.restored").await?;
        self.show(account.id).await
    }

    /// Takes an account away for good, with its mail and its names.
    pub(crate) async fn purge_account(self, call: Call, input: PurgeAccount) -> Result<Done<()>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_domain(account.domain_id, "can_create_accounts")?;
        if account.builtin {
            return Err(Error::builtin_protected());
        }
        if account.state != AccountState::Deleted {
            if !input.force {
                return Err(Error::wrong_state("Delete the account first."));
            }
            call.caller.may_server("master")?;
        }
        let mut tx = self.lock_account(&call, account.id).await?;
        tx.purge_account(account.id).await?;
        self.announce_account(&call, tx, &account, "purgeAccount", "account.purged", json!({"address": account.address})).await?;
        Ok(().into())
    }

    /// Counts anew what an account holds.
    pub(crate) async fn recalculate_quota(self, call: Call, input: AccountRef) -> Result<Done<Account>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_domain(account.domain_id, "basic_settings")?;
        let mut tx = self.store().begin().await?;
        tx.lock_mailboxes(account.id, None).await?;
        tx.recount(account.id).await?;
        self.announce_account(&call, tx, &account, "recalculateQuota", "account.updated", json!({})).await?;
        self.show(account.id).await
    }

    /// Settings of an account with their origin.
    pub(crate) async fn get_account_settings(self, call: Call, input: AccountRef) -> Result<Done<SettingsView>> {
        let row = self.find_account(&call, &input.account).await?;
        call.caller.may_own(row.account.id, row.account.domain_id, "domain")?;
        self.explain_account(&row).await
    }

    async fn explain_account(&self, row: &AccountRow) -> Result<Done<SettingsView>> {
        let (_, server, ..) = self.store().server_settings().await?;
        let domain = self.find_domain(&row.account.domain_id.to_string()).await?.account_defaults;
        let data = explain::<AccountSettings>(&[(Source::Server, &server), (Source::Domain, &domain), (Source::Account, &row.settings)]);
        Ok(Done::versioned(SettingsView { data, version: row.account.version }, row.account.version))
    }

    /// Changes settings of an account; the owner may change those that are his own.
    pub(crate) async fn update_account_settings(self, call: Call, input: UpdateAccountSettings) -> Result<Done<SettingsView>> {
        let id = self.find_account(&call, &input.account).await?.account.id;
        let mut tx = self.lock_account(&call, id).await?;
        let row = self.store().account(id).await?.ok_or_else(|| Error::not_found("account"))?;
        if is_own(&input) {
            call.caller.may_own(row.account.id, row.account.domain_id, "basic_settings")?;
        } else {
            call.caller.may_domain(row.account.domain_id, "basic_settings")?;
        }
        let next = change::<AccountSettings>(&row.settings, &SettingsChange { set: input.set, unset: input.unset }).map_err(settings_fault)?;
        tx.update_account(id, None, None, None, Some(&next)).await?;
        self.announce_account(&call, tx, &row.account, "updateAccountSettings", "account.updated", json!({"settings": next})).await?;
        let row = self.store().account(id).await?.ok_or_else(|| Error::not_found("account"))?;
        self.explain_account(&row).await
    }

    /// Other names of an account.
    pub(crate) async fn list_aliases(self, call: Call, input: AccountRef) -> Result<Done<Names>> {
        let account = self.get_account(call, input).await?.value;
        Ok(Done::versioned(Names { data: account.aliases, version: account.version }, account.version))
    }

    /// Adds another name to an account.
    pub(crate) async fn add_alias(self, call: Call, input: AliasRef) -> Result<Done<Names>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_domain(account.domain_id, "can_create_aliases")?;
        let name = object_name(&input.name, "/name")?;
        let mut tx = self.lock_account(&call, account.id).await?;
        refuse_taken(&mut tx, account.domain_id, &name, "/name").await?;
        tx.take_name(account.domain_id, &name, "alias", account.id).await?;
        tx.update_account(account.id, None, None, None, None).await?;
        self.announce_account(&call, tx, &account, "addAlias", "account.updated", json!({"alias": name})).await?;
        let account = self.show(account.id).await?.value;
        Ok(Done::versioned(Names { data: account.aliases, version: account.version }, account.version))
    }

    /// Takes another name from an account.
    pub(crate) async fn remove_alias(self, call: Call, input: AliasRef) -> Result<Done<()>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_domain(account.domain_id, "can_create_aliases")?;
        let mut tx = self.lock_account(&call, account.id).await?;
        if !tx.free_alias(account.id, &input.name.to_lowercase()).await? {
            return Err(Error::not_found("name"));
        }
        tx.update_account(account.id, None, None, None, None).await?;
        self.announce_account(&call, tx, &account, "removeAlias", "account.updated", json!({"alias": input.name})).await?;
        Ok(().into())
    }
}

/// Whether a change is of nothing but settings that the owner may change.
fn is_own(input: &UpdateAccountSettings) -> bool {
    let set = serde_json::to_value(&input.set).unwrap_or_default();
    let mut names = set.as_object().into_iter().flatten().map(|(key, _)| key).chain(&input.unset).peekable();
    names.peek().is_some() && names.all(|name| AccountSettings::FIELDS.iter().any(|field| field.own && field.key == name))
}

pub(crate) fn real_name(text: &str) -> Result<&str> {
    if text.chars().count() > 256 || text.chars().any(char::is_control) {
        return Err(Error::invalid("/real_name", "must have at most 256 characters and no control characters"));
    }
    Ok(text)
}

pub(crate) async fn refuse_taken(tx: &mut Tx, domain: Uuid, name: &str, pointer: &str) -> Result<()> {
    match tx.name_holder(domain, name).await? {
        Some((kind, _)) => Err(Error::name_in_use(pointer, name, &kind)),
        None => Ok(()),
    }
}

/// Gives a telephone number (E.164) to an account.
pub(crate) async fn give_telnum(tx: &mut Tx, account: Uuid, number: &str, pointer: &str) -> Result<()> {
    let digits = number.strip_prefix('+').unwrap_or_default();
    if !(5..=15).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Error::invalid(pointer, "must be + and 5 to 15 digits"));
    }
    if tx.telnum_taken(number).await? {
        let detail = format!("{number} is a number of an account already.");
        return Err(Error::new(Kind::Conflict, "name_in_use", detail.clone()).at(pointer, "name_in_use", detail));
    }
    Ok(tx.insert_telnum(account, number).await?)
}
