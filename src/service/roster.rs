//! Rosters: whom accounts know, and who sees whose presence. Each of two accounts has a side of its own; what one allows or takes
//! back changes both, and whoever watches at that moment is told.

use std::sync::Arc;

use model::account::{Account, ImFrom};
use model::roster::{AddBuddy, ApproveSubscription, Buddy, BuddyRef, ListRoster, RosterSubscription, UpdateBuddy};
use model::{ListParams, Page};
use serde_json::json;
use store::event::Occurrence;
use store::roster::RosterRow;
use store::{News, Tx};
use uuid::Uuid;

use crate::domain::{page_after, page_limit, page_of};
use crate::operation::{Call, Done};
use crate::signal::{Destination, Signalled};
use crate::voice::VoiceCommand;
use crate::{Error, Result, Sender, Service, Subscriber};

/// Most characters of a name, groups of an entry, and characters of the name of a group.
const NAME: usize = 128;
const GROUPS: usize = 20;
/// Entries read at a time.
const PAGE: i64 = 200;

fn show(row: RosterRow) -> Buddy {
    Buddy {
        subscription: match (row.sees, row.shows) {
            (false, false) => RosterSubscription::None,
            (true, false) => RosterSubscription::To,
            (false, true) => RosterSubscription::From,
            (true, true) => RosterSubscription::Both,
        },
        peer: row.peer,
        name: row.name,
        groups: row.groups,
        known: row.listed,
        asked: row.asked,
        waiting: row.wanted,
    }
}

fn check(name: &str, groups: &[String]) -> Result<()> {
    let fits = |text: &str| text.chars().count() <= NAME && !text.chars().any(char::is_control);
    if !fits(name) {
        return Err(Error::invalid("/name", "must have at most 128 characters and no control characters"));
    }
    if groups.len() > GROUPS {
        return Err(Error::invalid("/groups", "must be at most 20"));
    }
    match groups.iter().position(|group| group.trim().is_empty() || !fits(group)) {
        Some(n) => Err(Error::invalid(format!("/groups/{n}"), "must have 1 to 128 characters and no control characters")),
        None => Ok(()),
    }
}

fn changed(account: Uuid, domain: Uuid, peer: &str) -> Occurrence {
    Occurrence { topic: "im", kind: "roster.changed", account_id: Some(account), domain_id: Some(domain), object: json!({"peer": peer}).to_string() }
}

/// Somebody whom an account has in its roster.
#[derive(Debug, Clone)]
pub struct RosterMember {
    /// The address.
    pub peer: String,
    /// What the account calls it.
    pub name: String,
    /// The account sees its presence.
    pub sees: bool,
    /// The account it is, when it is one here.
    pub subscriber: Option<Arc<Subscriber>>,
}

/// Whose presence is shown to the other of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// That of the account.
    Ours,
    /// That of the buddy.
    Theirs,
}

/// Two sides of which the second is an account of ours, or is not.
struct Pair {
    account: Account,
    own: String,
    peer: String,
    other: Option<Arc<Subscriber>>,
}

impl Service {
    async fn pair(&self, call: &Call, account: &str, peer: &str) -> Result<Pair> {
        let account = self.find_account(call, account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "can_impersonate")?;
        let peer = if peer.contains('@') { peer.to_lowercase() } else { format!("{peer}@{}", account.domain).to_lowercase() };
        if peer.len() > 320 || peer.starts_with('@') || peer.ends_with('@') || peer.chars().any(|c| c.is_control() || c.is_whitespace() || "<>\"".contains(c)) {
            return Err(Error::invalid("/peer", "must be an address, or a name or number of the own domain"));
        }
        let other = self.subscriber_of_login(&peer, &account.domain).await?;
        let peer = other.as_ref().map_or(peer, |other| other.address.to_lowercase());
        Ok(Pair { own: account.address.to_lowercase(), account, peer, other })
    }

    /// A transaction in which nobody else changes the two sides, and the sides.
    async fn begin_pair(&self, pair: &Pair) -> Result<(Tx, Option<RosterRow>, Option<RosterRow>)> {
        let mut tx = self.store().begin().await?;
        let other = pair.other.as_ref().map(|other| other.account_id);
        tx.lock_rosters(&[Some(pair.account.id), other].into_iter().flatten().collect::<Vec<_>>()).await?;
        let ours = tx.roster_entry(pair.account.id, &pair.peer).await?;
        let theirs = match other {
            Some(other) => tx.roster_entry(other, &pair.own).await?,
            None => None,
        };
        Ok((tx, ours, theirs))
    }

    /// Writes both sides and tells of them; `shown` says who shows itself to the other from now on: whoever watches is told.
    #[expect(clippy::too_many_arguments, reason = "what is written, and what is told of it")]
    async fn end_pair(&self, call: &Call, action: &str, pair: &Pair, mut tx: Tx, ours: RosterRow, theirs: Option<RosterRow>, shown: &[(Whose, bool)]) -> Result<Buddy> {
        tx.save_roster_entry(&ours).await?;
        if let (Some(theirs), Some(other)) = (&theirs, &pair.other) {
            tx.save_roster_entry(theirs).await?;
            tx.tell(&[changed(other.account_id, other.domain_id, &pair.own)]).await?;
        }
        let ip = call.caller.remote_ip.to_string();
        let object = json!({"peer": pair.peer});
        tx.announce(&News { actor: call.caller.name(), remote_ip: &ip, action, name: &pair.account.address, topic: "im", kind: "roster.changed", account: Some(pair.account.id), domain: Some(pair.account.domain_id), object }).await?;
        tx.commit().await?;
        let whose = [Some(pair.account.id), theirs.and(pair.other.as_ref()).map(|other| other.account_id)];
        self.ask_voice(|answer| VoiceCommand::Rosters(whose.into_iter().flatten().collect(), answer)).await?;
        for (whose, shown) in shown {
            let Some(other) = &pair.other else { continue };
            let (watched, watcher) = if *whose == Whose::Ours { (pair.account.id, other.account_id) } else { (other.account_id, pair.account.id) };
            self.ask_voice(|answer| VoiceCommand::Roster(watched, watcher, *shown, answer)).await?;
        }
        Ok(show(ours))
    }

    /// The roster of an account.
    pub(crate) async fn list_roster(self, call: Call, input: ListRoster) -> Result<Done<Page<Buddy>>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "mailbox_read_all")?;
        let page = ListParams { limit: input.limit, cursor: input.cursor, ..Default::default() };
        let limit = page_limit(&page)?;
        let rows = self.store().roster(account.id, &page_after(&page)?, limit + 1).await?;
        Ok(page_of(rows.into_iter().map(show).collect(), limit, |buddy: &Buddy| buddy.peer.as_str()))
    }

    /// Puts somebody into a roster.
    pub(crate) async fn add_buddy(self, call: Call, input: AddBuddy) -> Result<Done<Buddy>> {
        let pair = self.pair(&call, &input.account, &input.peer).await?;
        check(&input.name, &input.groups)?;
        if pair.peer == pair.own {
            return Err(Error::invalid("/peer", "is the account itself"));
        }
        let of_ours = self.own_domain(pair.peer.rsplit_once('@').map_or("", |(_, domain)| domain)).await?.is_some();
        if pair.other.is_none() && of_ours {
            return Err(Error::invalid("/peer", "is no account here"));
        }
        let (mut tx, ours, theirs) = self.begin_pair(&pair).await?;
        self.has_room(&mut tx, pair.account.id, ours.is_some()).await?;
        let mut ours = ours.unwrap_or_else(|| RosterRow { account_id: pair.account.id, peer: pair.peer.clone(), ..RosterRow::default() });
        (ours.name, ours.groups, ours.listed) = (input.name, input.groups, true);
        let theirs = match (&pair.other, theirs) {
            (None, _) => None,
            (Some(other), theirs) => {
                let known = theirs.is_some();
                let mut theirs = theirs.unwrap_or_else(|| RosterRow { account_id: other.account_id, peer: pair.own.clone(), ..RosterRow::default() });
                (ours.sees, ours.asked, theirs.wanted) = (theirs.shows, !theirs.shows, !theirs.shows);
                // Nobody's roster is filled up by those who ask.
                (known || self.has_room(&mut tx, other.account_id, false).await.is_ok()).then_some(theirs)
            }
        };
        Ok(self.end_pair(&call, "addBuddy", &pair, tx, ours, theirs, &[]).await?.into())
    }

    async fn has_room(&self, tx: &mut Tx, account: Uuid, known: bool) -> Result<()> {
        let most = self.subscriber(account).await?.map_or(0, |subscriber| subscriber.settings.max_roster_items);
        if !known && tx.count_roster(account).await? >= most {
            return Err(Error::wrong_state(format!("The roster has no room for more than {most}.")));
        }
        Ok(())
    }

    /// Changes what an account calls somebody in its roster, and the groups.
    pub(crate) async fn update_buddy(self, call: Call, input: UpdateBuddy) -> Result<Done<Buddy>> {
        let pair = self.pair(&call, &input.account, &input.peer).await?;
        check(input.name.as_deref().unwrap_or_default(), input.groups.as_deref().unwrap_or_default())?;
        let (tx, ours, _) = self.begin_pair(&pair).await?;
        let mut ours = ours.filter(|ours| ours.listed).ok_or_else(|| Error::not_found("buddy"))?;
        ours.name = input.name.unwrap_or(ours.name);
        ours.groups = input.groups.unwrap_or(ours.groups);
        Ok(self.end_pair(&call, "updateBuddy", &pair, tx, ours, None, &[]).await?.into())
    }

    /// Takes somebody from a roster: neither sees the other any more.
    pub(crate) async fn remove_buddy(self, call: Call, input: BuddyRef) -> Result<Done<()>> {
        let pair = self.pair(&call, &input.account, &input.peer).await?;
        let (tx, ours, theirs) = self.begin_pair(&pair).await?;
        let ours = ours.ok_or_else(|| Error::not_found("buddy"))?;
        let gone = RosterRow { account_id: ours.account_id, peer: ours.peer, ..RosterRow::default() };
        let theirs = theirs.map(|theirs| RosterRow { sees: false, asked: false, shows: false, wanted: false, ..theirs });
        self.end_pair(&call, "removeBuddy", &pair, tx, gone, theirs, &[(Whose::Ours, false), (Whose::Theirs, false)]).await?;
        Ok(().into())
    }

    /// Lets somebody see the presence of an account, or not any more.
    pub(crate) async fn approve_subscription(self, call: Call, input: ApproveSubscription) -> Result<Done<Buddy>> {
        let pair = self.pair(&call, &input.account, &input.peer).await?;
        let (tx, ours, theirs) = self.begin_pair(&pair).await?;
        let mut ours = ours.ok_or_else(|| Error::not_found("buddy"))?;
        let shows = input.approve.unwrap_or(true);
        if !(ours.wanted || ours.shows) {
            return Err(Error::wrong_state("Nobody asks for it."));
        }
        (ours.shows, ours.wanted, ours.listed) = (shows, false, ours.listed || shows);
        let theirs = theirs.map(|theirs| RosterRow { sees: shows, asked: false, ..theirs });
        Ok(self.end_pair(&call, "approveSubscription", &pair, tx, ours, theirs, &[(Whose::Ours, shows)]).await?.into())
    }

    /// Whether an account shows its presence to another by its roster.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn shows_presence(&self, watched: Uuid, watcher: &str) -> Result<bool> {
        Ok(self.store().roster_entry(watched, &watcher.to_lowercase()).await?.is_some_and(|row| row.shows))
    }

    /// Whom an account has in its roster, by address, so many at most.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn roster_members(&self, account: Uuid, most: usize) -> Result<Vec<RosterMember>> {
        let (mut members, mut after) = (Vec::new(), String::new());
        loop {
            let rows = self.store().roster(account, &after, PAGE).await?;
            let Some(last) = rows.last() else { return Ok(members) };
            after.clone_from(&last.peer);
            for row in rows.into_iter().filter(|row| row.listed) {
                if members.len() == most {
                    return Ok(members);
                }
                let subscriber = self.subscriber_of_login(&row.peer, "").await?;
                members.push(RosterMember { peer: row.peer, name: row.name, sees: row.sees, subscriber });
            }
        }
    }

    /// Somebody watches an account that does not show itself: the account is asked.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn ask_to_watch(&self, watched: &Subscriber, watcher: &Subscriber) -> Result<()> {
        let own = watcher.address.to_lowercase();
        let mut tx = self.store().begin().await?;
        tx.lock_rosters(&[watched.account_id]).await?;
        let row = tx.roster_entry(watched.account_id, &own).await?;
        if row.as_ref().is_some_and(|row| row.wanted || row.shows) || self.has_room(&mut tx, watched.account_id, row.is_some()).await.is_err() {
            return Ok(());
        }
        let row = row.unwrap_or_else(|| RosterRow { account_id: watched.account_id, peer: own.clone(), ..RosterRow::default() });
        tx.save_roster_entry(&RosterRow { wanted: true, ..row }).await?;
        tx.tell(&[changed(watched.account_id, watched.domain_id, &own)]).await?;
        Ok(tx.commit().await?)
    }

    /// Refuses instant messages for those that take none of this sender, by name or by what he says to be.
    pub async fn refuse_strangers(&self, signalled: &mut Signalled, sender: &Sender, from: &str) {
        let account = sender.subscriber.as_ref().or(sender.claimed.as_ref());
        let from = account.map_or_else(|| from.to_lowercase(), |account| account.address.to_lowercase());
        for destination in &mut signalled.destinations {
            let Destination::Account(called) = &*destination else { continue };
            let known = match called.settings.im_from {
                _ if account.is_some_and(|account| account.account_id == called.account_id) => true,
                ImFrom::Everybody => true,
                ImFrom::Nobody => false,
                // Whoever cannot be found out about is a stranger.
                ImFrom::Roster => self.store().roster_entry(called.account_id, &from).await.is_ok_and(|row| row.is_some_and(|row| row.listed)),
            };
            if !known {
                signalled.steps.push(format!("{} takes no messages of {from}", called.address));
                *destination = Destination::Refused { status: 403, reason: "Messages of known senders only".to_owned() };
            }
        }
    }
}
