//! Presence, messages that wait, and who watches them.

use model::presence::{AccountPresence, ListSubscriptions, PresenceStatus, SetPresence, SipSubscription};
use model::{ListParams, Page, PageInfo};
use serde_json::json;
use store::event::Occurrence;
use store::presence::PresenceRow;
use store::subscription::SubscriptionRow;
use uuid::Uuid;

use crate::account::AccountRef;
use crate::changes::Change;
use crate::domain::page_limit;
use crate::operation::{Call, Done};
use crate::registration::Whose;
use crate::voice::VoiceCommand;
use crate::{Error, Kind, Result, Service};

/// Longest note, in characters.
const LONGEST_NOTE: usize = 1000;

fn word(status: PresenceStatus) -> &'static str {
    match status {
        PresenceStatus::Online => "online",
        PresenceStatus::Away => "away",
        PresenceStatus::Dnd => "dnd",
        PresenceStatus::Busy => "busy",
        PresenceStatus::Offline => "offline",
        PresenceStatus::Invisible => "invisible",
    }
}

impl Service {
    /// How an account can be reached: told to itself, to its administrators, and to its domain when it lets them see it.
    pub(crate) async fn get_presence(self, call: Call, input: AccountRef) -> Result<Done<AccountPresence>> {
        let account = self.find_account(&call, &input.account).await?.account;
        let standing = call.caller.signed_in()?;
        let open = self.subscriber(account.id).await?.is_some_and(|subscriber| subscriber.settings.presence_domain_open);
        let shown = match self.subscriber(standing.account_id).await? {
            Some(caller) => self.shows_presence(account.id, &caller.address).await?,
            None => false,
        };
        if !(shown || open && standing.domain_id == account.domain_id) {
            call.caller.may_own(account.id, account.domain_id, "domain")?;
        }
        let own = standing.account_id == account.id;
        Ok(self.presence_of(account.id, &account.address, own).await?.into())
    }

    async fn presence_of(&self, account: Uuid, address: &str, own: bool) -> Result<AccountPresence> {
        let state = self.ask_voice(|answer| VoiceCommand::Presence(account, answer)).await?;
        let hidden = state.status == PresenceStatus::Invisible && !own;
        Ok(AccountPresence {
            account_id: account,
            address: address.to_owned(),
            status: if hidden { PresenceStatus::Offline } else { state.status },
            note: if hidden { String::new() } else { state.note },
            on_the_phone: state.on_the_phone && !hidden,
            devices: i32::try_from(state.devices).unwrap_or(i32::MAX),
        })
    }

    /// An account says how it can be reached.
    pub(crate) async fn set_presence(self, call: Call, input: SetPresence) -> Result<Done<AccountPresence>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "can_impersonate")?;
        if input.note.chars().count() > LONGEST_NOTE || input.note.chars().any(|c| c.is_control() && c != '\n') {
            return Err(Error::invalid("/note", "must have at most 1000 characters and no control characters"));
        }
        let object = json!({"id": account.id, "address": account.address, "status": word(input.status)});
        let news = Occurrence { topic: "im", kind: "presence.changed", account_id: Some(account.id), domain_id: Some(account.domain_id), object: object.to_string() };
        let updated_at = self.store().set_presence(account.id, word(input.status), &input.note, &[news]).await?;
        let row = PresenceRow { account_id: account.id, status: word(input.status).to_owned(), note: input.note, updated_at };
        self.ask_voice(|answer| VoiceCommand::SetPresence(row, answer)).await?;
        Ok(self.presence_of(account.id, &account.address, true).await?.into())
    }

    /// Who watches what.
    pub(crate) async fn list_subscriptions(self, call: Call, input: ListSubscriptions) -> Result<Done<Page<SipSubscription>>> {
        let whose = self.whose(&call, input.account.as_deref(), input.domain.as_deref()).await?;
        let limit = page_limit(&ListParams { limit: input.limit, ..Default::default() })?;
        let wrong = |_| Error::new(Kind::Malformed, "cursor_mismatch", "This cursor is not one of this collection.");
        let after = input.cursor.as_deref().map(|cursor| cursor.parse::<i64>().map_err(wrong)).transpose()?;
        let mut data = self.ask_voice(VoiceCommand::Subscriptions).await?;
        data.retain(|one| {
            let concerns = match whose {
                Whose::All => true,
                Whose::Domain(domain) => one.domain_id == domain,
                Whose::Account(account) => one.account_id == account || one.watcher_id == Some(account),
            };
            concerns && after.is_none_or(|after| one.id > after)
        });
        data.sort_unstable_by_key(|one| one.id);
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = data.len() > size;
        data.truncate(size);
        let cursors: Vec<String> = data.iter().map(|one| one.id.to_string()).collect();
        let next_cursor = cursors.last().filter(|_| has_more).cloned();
        Ok(Done { cursors, ..Page { data, page: PageInfo { next_cursor, has_more, total: None } }.into() })
    }

    /// What all accounts say of themselves.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn presences(&self) -> Result<Vec<PresenceRow>> {
        Ok(self.store().presences().await?)
    }

    /// Writes subscriptions that were made or refreshed and takes away others.
    ///
    /// # Errors
    /// When the database cannot answer; nothing was written then.
    pub async fn save_subscriptions(&self, saved: &[SubscriptionRow], removed: &[Uuid]) -> Result<()> {
        Ok(self.store().save_subscriptions(saved, removed).await?)
    }

    /// Subscriptions that were there when the server stopped.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn load_subscriptions(&self) -> Result<Vec<SubscriptionRow>> {
        Ok(self.store().subscriptions().await?)
    }

    /// Voice messages in the INBOX of an account: new ones, heard ones, and the urgent ones of each.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn voice_messages(&self, account: Uuid) -> Result<[i64; 4]> {
        Ok(self.store().voice_messages(account).await?)
    }

    /// Watches the INBOX of an account; `None` when it has none.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn watch_inbox(&self, account: Uuid) -> Result<Option<tokio::sync::watch::Receiver<Change>>> {
        let inbox = self.store().mailboxes(account).await?.into_iter().find(|mailbox| mailbox.role == Some(model::mailbox::Role::Inbox));
        Ok(inbox.map(|inbox| self.changes().subscribe(account, inbox.id)))
    }
}
