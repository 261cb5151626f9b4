//! Mailboxes: for protocols by name, for the API as operations.

use model::Page;
use model::account::AccountSettings;
use model::mailbox::{CreateMailbox, Mailbox, Role, UpdateMailbox};
use model::settings::fold;
use serde::Deserialize;
use serde_json::json;
use store::Tx;
use store::mailbox::{NewMailbox, Snapshot};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::account::AccountRef;
use crate::operation::{Call, Done};
use crate::server::check_version;
use crate::{Error, Kind, Result, Service, new_id};

/// Names a mailbox.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailboxRef {
    /// The account: id, address, name in the main domain, or `me`.
    pub(crate) account: String,
    /// The mailbox: id, or `path:` and the name.
    pub(crate) mailbox: String,
}

/// Deletes a mailbox.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteMailbox {
    /// The account: id, address, name in the main domain, or `me`.
    pub(crate) account: String,
    /// The mailbox: id, or `path:` and the name.
    pub(crate) mailbox: String,
    /// What becomes of its messages: `move_to_trash` (when absent) or `destroy`.
    pub(crate) on_messages: Option<OnMessages>,
}

/// What becomes of the messages of a deleted mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnMessages {
    /// They are kept in the trash.
    MoveToTrash,
    /// They go too.
    Destroy,
}

/// A full name as it is stored: INBOX in capitals, levels of 1 to 128 characters, at most 32 of them, 512 octets in all.
pub(crate) fn mailbox_name(name: &str, pointer: &str) -> Result<String> {
    let levels: Vec<&str> = name.split('/').collect();
    let fault = if name.len() > 512 || levels.len() > 32 {
        "must have at most 512 octets and 32 levels"
    } else if !levels.iter().all(|level| (1..=128).contains(&level.chars().count())) {
        "must have levels of 1 to 128 characters"
    } else if name.starts_with(['#', '~']) || name.contains(|c: char| c.is_control() || matches!(c, '*' | '%')) {
        "must not begin with # or ~ nor hold *, % or control characters"
    } else {
        return Ok(canonical(name));
    };
    Err(Error::invalid(pointer, fault))
}

fn canonical(name: &str) -> String {
    let (first, rest) = name.split_at(name.find('/').unwrap_or(name.len()));
    if first.eq_ignore_ascii_case("INBOX") { format!("INBOX{rest}") } else { name.to_owned() }
}

fn exists() -> Error {
    Error::new(Kind::Conflict, "mailbox_exists", "There is a mailbox of that name.").at("/name", "mailbox_exists", "is taken")
}

fn protected() -> Error {
    Error::new(Kind::Conflict, "mailbox_protected", "INBOX cannot be treated so.")
}

/// A name taken meanwhile is told like one that was taken before.
fn taken(error: store::Error) -> Error {
    match error {
        store::Error::Duplicate { .. } => exists(),
        other => other.into(),
    }
}

/// A mailbox to be made.
pub struct MailboxWish<'a> {
    /// Full name.
    pub name: &'a str,
    /// It shall hold other mailboxes only.
    pub container: bool,
    /// Special use.
    pub role: Option<Role>,
}

impl Service {
    /// All mailboxes of an account by name.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn mailboxes(&self, account: Uuid) -> Result<Vec<Mailbox>> {
        Ok(self.store().mailboxes(account).await?)
    }

    /// A mailbox by its full name.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn mailbox_named(&self, account: Uuid, name: &str) -> Result<Mailbox> {
        self.store().mailbox(account, None, &canonical(name)).await?.ok_or_else(|| Error::not_found("mailbox"))
    }

    /// A mailbox by its full name with all its messages.
    ///
    /// # Errors
    /// `NotFound`, also for a mere container.
    pub async fn open_mailbox(&self, account: Uuid, name: &str) -> Result<Snapshot> {
        let snapshot = self.store().snapshot(account, &canonical(name)).await?;
        snapshot.filter(|s| s.mailbox.selectable).ok_or_else(|| Error::not_found("mailbox"))
    }

    /// Makes the caller the session that is told all messages below `uid_next` as recent; gives the first of them, if any.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn take_recent(&self, account: Uuid, mailbox: Uuid, uid_next: i64) -> Result<Option<i64>> {
        Ok(self.store().take_recent(account, mailbox, uid_next).await?)
    }

    /// Makes a mailbox and the levels missing above it; a container of that name becomes a mailbox.
    ///
    /// # Errors
    /// `Conflict` when there is one; `Invalid` for a name that cannot be.
    pub async fn make_mailbox(&self, account: Uuid, wish: &MailboxWish<'_>) -> Result<Uuid> {
        let name = mailbox_name(wish.name, "/name")?;
        let limit = self.account_settings(account).await?.max_mailboxes;
        let mut tx = self.store().begin().await?;
        let (_, all) = tx.lock_mailboxes(account, None).await?;
        if let Some(role) = wish.role
            && all.iter().any(|m| m.role == Some(role))
        {
            return Err(Error::new(Kind::Conflict, "role_taken", "Another mailbox has that special use."));
        }
        if i64::try_from(all.len()).unwrap_or(i64::MAX) >= limit {
            return Err(Error::new(Kind::Conflict, "mailbox_limit_reached", "The account has as many mailboxes as it may have."));
        }
        let id = match all.iter().find(|m| m.name == name) {
            Some(there) if there.selectable || wish.container => return Err(exists()),
            Some(there) => {
                tx.update_mailbox(account, there.id, None, Some(true), wish.role).await?;
                there.id
            }
            None => {
                make_parents(&mut tx, account, &all, &name).await?;
                let id = new_id();
                tx.insert_mailbox(account, &NewMailbox { id, name: &name, role: wish.role, selectable: !wish.container }).await.map_err(taken)?;
                id
            }
        };
        tx.tell_mailbox(account, "mailbox.created", &json!({"mailbox": id, "name": name})).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Deletes a mailbox with its messages.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for INBOX and while there are mailboxes below.
    pub async fn drop_mailbox(&self, account: Uuid, name: &str) -> Result<()> {
        let id = self.mailbox_named(account, name).await?.id;
        self.remove_mailbox(account, id, OnMessages::Destroy).await
    }

    async fn remove_mailbox(&self, account: Uuid, id: Uuid, on_messages: OnMessages) -> Result<()> {
        let mut tx = self.store().begin().await?;
        let (modseq, all) = tx.lock_mailboxes(account, None).await?;
        let mailbox = all.iter().find(|m| m.id == id).ok_or_else(|| Error::not_found("mailbox"))?;
        if mailbox.role == Some(Role::Inbox) {
            return Err(protected());
        }
        let below = format!("{}/", mailbox.name);
        if all.iter().any(|m| m.name.starts_with(&below)) {
            return Err(Error::new(Kind::Conflict, "mailbox_has_children", "There are mailboxes below it."));
        }
        let mut trash = None;
        if on_messages == OnMessages::MoveToTrash && mailbox.messages > 0 && mailbox.role != Some(Role::Trash) {
            let target = special_tx(&mut tx, account, &all, Role::Trash, "Trash").await?;
            let uids = tx.all_uids(account, id).await?;
            tx.copy_messages(account, id, target, modseq, &uids).await?;
            trash = Some(target);
        }
        tx.delete_mailbox(account, id).await?;
        tx.tell_mailbox(account, "mailbox.deleted", &json!({"mailbox": id, "name": mailbox.name})).await?;
        tx.commit().await?;
        self.announce_mailbox_gone(account, id);
        if let Some(trash) = trash {
            self.announce_mailbox(account, trash);
        }
        Ok(())
    }

    /// Renames a mailbox and those below it; of INBOX moves the messages and leaves it empty.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` when the name is taken, `Invalid` for a name that cannot be.
    pub async fn rename_mailbox(&self, account: Uuid, from: &str, to: &str) -> Result<()> {
        let (from, to) = (canonical(from), mailbox_name(to, "/name")?);
        if to.strip_prefix(&from).is_some_and(|rest| rest.starts_with('/')) && from != "INBOX" {
            return Err(Error::invalid("/name", "must not lie below the mailbox itself"));
        }
        let mut tx = self.store().begin().await?;
        let (modseq, all) = tx.lock_mailboxes(account, None).await?;
        let mailbox = all.iter().find(|m| m.name == from).ok_or_else(|| Error::not_found("mailbox"))?;
        if all.iter().any(|m| m.name == to) {
            return Err(exists());
        }
        make_parents(&mut tx, account, &all, &to).await?;
        let target = if from == "INBOX" {
            let target = new_id();
            tx.insert_mailbox(account, &NewMailbox { id: target, name: &to, role: None, selectable: true }).await.map_err(taken)?;
            let uids = tx.all_uids(account, mailbox.id).await?;
            tx.copy_messages(account, mailbox.id, target, modseq, &uids).await?;
            tx.expunge(account, mailbox.id, modseq, &uids, false).await?;
            target
        } else {
            tx.rename_mailboxes(account, &from, &to).await.map_err(taken)?;
            mailbox.id
        };
        tx.tell_mailbox(account, "mailbox.renamed", &json!({"mailbox": target, "from": from, "name": to})).await?;
        tx.commit().await?;
        self.announce_mailbox(account, mailbox.id);
        Ok(())
    }

    /// Changes whether clients show a mailbox.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn subscribe_mailbox(&self, account: Uuid, name: &str, on: bool) -> Result<()> {
        let mailbox = self.mailbox_named(account, name).await?;
        if mailbox.subscribed == on {
            return Ok(());
        }
        let mut tx = self.store().begin().await?;
        tx.lock_mailboxes(account, Some(&[mailbox.id])).await?;
        tx.update_mailbox(account, mailbox.id, Some(on), None, None).await?;
        tx.tell_mailbox(account, "mailbox.updated", &json!({"mailbox": mailbox.id, "subscribed": on})).await?;
        Ok(tx.commit().await?)
    }

    /// Settings in force for an account.
    pub(crate) async fn account_settings(&self, account: Uuid) -> Result<AccountSettings> {
        let row = self.store().sign_in(account).await?.ok_or_else(|| Error::not_found("account"))?;
        let [server, domain, own] = &row.settings;
        Ok(fold(&[server, domain, own]))
    }

    /// The account whose mail a call concerns: one's own, or any with the right to read all.
    pub(crate) async fn mail_account(&self, call: &Call, account: &str) -> Result<Uuid> {
        let own = call.caller.signed_in()?.account_id;
        if account == "me" {
            return Ok(own);
        }
        let id = self.find_account(call, account).await?.account.id;
        if id != own {
            call.caller.may_server("mailbox_read_all")?;
        }
        Ok(id)
    }

    /// The mailbox that an id, or `path:` and a name, means.
    pub(crate) async fn find_mailbox(&self, account: Uuid, mailbox: &str) -> Result<Mailbox> {
        let unknown = || Error::not_found("mailbox");
        let found = match (mailbox.strip_prefix("path:"), mailbox.parse::<Uuid>()) {
            (Some(name), _) => self.store().mailbox(account, None, &canonical(name)).await?,
            (None, Ok(id)) => self.store().mailbox(account, Some(id), "").await?,
            (None, Err(_)) => None,
        };
        found.ok_or_else(unknown)
    }

    /// Mailboxes of an account.
    pub(crate) async fn list_mailboxes(self, call: Call, input: AccountRef) -> Result<Done<Page<Mailbox>>> {
        let account = self.mail_account(&call, &input.account).await?;
        Ok(Page::whole(self.mailboxes(account).await?).into())
    }

    /// One mailbox.
    pub(crate) async fn get_mailbox(self, call: Call, input: MailboxRef) -> Result<Done<Mailbox>> {
        let account = self.mail_account(&call, &input.account).await?;
        let mailbox = self.find_mailbox(account, &input.mailbox).await?;
        let version = mailbox.version;
        Ok(Done::versioned(mailbox, version))
    }

    async fn show_mailbox(&self, account: Uuid, id: Uuid) -> Result<Done<Mailbox>> {
        let mailbox = self.store().mailbox(account, Some(id), "").await?.ok_or_else(|| Error::not_found("mailbox"))?;
        let version = mailbox.version;
        Ok(Done::versioned(mailbox, version))
    }

    /// Makes a mailbox.
    pub(crate) async fn create_mailbox(self, call: Call, input: CreateMailbox) -> Result<Done<Mailbox>> {
        let account = self.mail_account(&call, &input.account).await?;
        let id = self.make_mailbox(account, &MailboxWish { name: &input.name, container: false, role: None }).await?;
        self.show_mailbox(account, id).await
    }

    /// Renames a mailbox, or changes whether clients show it.
    pub(crate) async fn update_mailbox(self, call: Call, input: UpdateMailbox) -> Result<Done<Mailbox>> {
        let account = self.mail_account(&call, &input.account).await?;
        let mailbox = self.find_mailbox(account, &input.mailbox).await?;
        check_version(&call, mailbox.version)?;
        if let Some(name) = input.name.as_deref().filter(|name| *name != mailbox.name) {
            self.rename_mailbox(account, &mailbox.name, name).await?;
        }
        if let Some(on) = input.subscribed {
            let name = self.show_mailbox(account, mailbox.id).await?.value.name;
            self.subscribe_mailbox(account, &name, on).await?;
        }
        self.show_mailbox(account, mailbox.id).await
    }

    /// Deletes a mailbox.
    pub(crate) async fn delete_mailbox(self, call: Call, input: DeleteMailbox) -> Result<Done<()>> {
        let account = self.mail_account(&call, &input.account).await?;
        let mailbox = self.find_mailbox(account, &input.mailbox).await?;
        check_version(&call, mailbox.version)?;
        self.remove_mailbox(account, mailbox.id, input.on_messages.unwrap_or(OnMessages::MoveToTrash)).await?;
        Ok(().into())
    }
}

/// Makes the levels above a name that are missing.
async fn make_parents(tx: &mut Tx, account: Uuid, all: &[Mailbox], name: &str) -> Result<()> {
    for (at, _) in name.match_indices('/') {
        let level = name.get(..at).unwrap_or_default();
        if !all.iter().any(|m| m.name == level) {
            tx.insert_mailbox(account, &NewMailbox { id: new_id(), name: level, role: None, selectable: true }).await.map_err(taken)?;
        }
    }
    Ok(())
}

/// The mailbox of an account for a special use, made anew under this name when there is none.
pub(crate) async fn special_tx(tx: &mut Tx, account: Uuid, all: &[Mailbox], role: Role, name: &str) -> Result<Uuid> {
    if let Some(there) = all.iter().find(|m| m.role == Some(role)) {
        return Ok(there.id);
    }
    if let Some(named) = all.iter().find(|m| m.name == name) {
        tx.update_mailbox(account, named.id, None, Some(true), Some(role)).await?;
        return Ok(named.id);
    }
    let id = new_id();
    tx.insert_mailbox(account, &NewMailbox { id, name, role: Some(role), selectable: true }).await.map_err(taken)?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (given, stored) in [("inbox", "INBOX"), ("Inbox/x", "INBOX/x"), ("inboxes", "inboxes"), ("a/inbox", "a/inbox"), ("Grüße/Ä b", "Grüße/Ä b")] {
            assert_eq!(mailbox_name(given, "/name").unwrap(), stored);
        }
        for bad in ["", "a//b", "/a", "a/", "#x", "~x", "a*", "a\nb", &"x".repeat(129), &"x/".repeat(300)] {
            assert_eq!(mailbox_name(bad, "/name").unwrap_err().fields[0].pointer, "/name", "{bad}");
        }
    }
}
