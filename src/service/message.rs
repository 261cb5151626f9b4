//! Messages in mailboxes, for protocols: read, stored, flagged, copied, expunged, searched.
//!
//! Every change is announced to those who watch the mailbox, once, after its commit.

pub(crate) mod api;
pub(crate) mod content;
pub(crate) mod file;
pub(crate) mod find;
mod search;

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;
use message::Facts;
use model::message::Stored;
pub use search::Criterion;
pub(crate) use search::{Candidate, holds};
pub use store::mailbox::Snapshot;
pub use store::message::{Changes, Entry, FlagChange, FlagUpdate, Flagged};
use store::message::{Content, NewMessage};
use types::Timestamp;
use uuid::Uuid;

use crate::{Error, Kind, Result, Service, new_id, now};

/// Clear octets of messages read at a time.
const READ_BUDGET: i64 = 4 * 1024 * 1024;
/// Stored octets in which a header is looked for before the whole message is read.
const HEAD: i32 = 8 * 1024;
/// Messages searched at a time.
const SEARCH_BATCH: usize = 1000;
/// How long a quota is taken from memory, in seconds.
const QUOTA_SECONDS: i64 = 10;
const QUOTAS: usize = 10_000;

/// Quotas of accounts that stored something lately.
#[derive(Default)]
pub(crate) struct Quotas(Mutex<HashMap<Uuid, (Timestamp, i64)>>);

/// What is read of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Dates and sizes.
    Row,
    /// Facts too.
    Facts,
    /// The header too.
    Header,
    /// The whole message too.
    Body,
}

/// A message that was read.
pub struct ReadMessage {
    /// UID.
    pub uid: i64,
    /// When it was received.
    pub received_at: Timestamp,
    /// Octets.
    pub size: i64,
    /// What is known of it, when asked.
    pub facts: Facts,
    /// The message, or its header.
    pub raw: Option<Bytes>,
}

/// A message to be stored.
pub struct Arrival {
    /// The message.
    pub raw: Bytes,
    /// Flags as bits.
    pub flags: i32,
    /// Keywords.
    pub keywords: Vec<String>,
    /// When it was received; now when absent.
    pub received_at: Option<Timestamp>,
}

/// Where a message was stored.
pub struct Place {
    /// As the API tells it.
    pub stored: Stored,
    /// UIDVALIDITY of the mailbox.
    pub uid_validity: i64,
}

/// Messages copied or moved.
pub struct Copied {
    /// UIDVALIDITY of the target.
    pub uid_validity: i64,
    /// UID there and here of each.
    pub uids: Vec<(i64, i64)>,
    /// Change number of it.
    pub modseq: i64,
}

fn over_quota() -> Error {
    Error::new(Kind::Conflict, "quota_exceeded", "The account is full.")
}

pub(crate) fn broken() -> Error {
    Error::new(Kind::Internal, "internal", "The server made a mistake; it is in its log.")
}

impl Service {
    /// Octets the account may hold; -1: no limit.
    async fn quota(&self, account: Uuid) -> Result<i64> {
        let moment = now();
        let known = self.inner.quotas.0.lock().ok().and_then(|map| map.get(&account).copied());
        if let Some((until, quota)) = known
            && moment < until
        {
            return Ok(quota);
        }
        let quota = self.account_settings(account).await?.max_account_size;
        if let Ok(mut map) = self.inner.quotas.0.lock() {
            if map.len() >= QUOTAS {
                map.clear();
            }
            map.insert(account, (moment.plus_seconds(QUOTA_SECONDS), quota));
        }
        Ok(quota)
    }

    /// Stores a message in a mailbox.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` (`quota_exceeded`) when the account is full.
    pub async fn append_message(&self, account: Uuid, mailbox: &str, arrival: Arrival) -> Result<Place> {
        let quota = self.quota(account).await?;
        let raw = arrival.raw;
        // Reading a large message takes long enough to hold up others.
        let (packed, facts) = if raw.len() < 256 * 1024 {
            (content::pack(&raw), Facts::of(&raw))
        } else {
            let raw = raw.clone();
            tokio::task::spawn_blocking(move || (content::pack(&raw), Facts::of(&raw))).await.map_err(|_| broken())?
        };
        let id = new_id();
        let size = i64::try_from(raw.len()).unwrap_or(i64::MAX);
        let new = NewMessage {
            id,
            thread: content::thread_of(account, &facts, id),
            hash: &packed.hash,
            codec: packed.codec,
            data: &packed.data,
            size,
            facts: &facts.encode(),
            received_at: arrival.received_at.unwrap_or_else(now),
            flags: arrival.flags,
            keywords: &arrival.keywords,
        };
        let Some(done) = self.store().append(account, mailbox, quota, &new).await? else {
            let there = self.mailbox_named(account, mailbox).await?;
            return Err(if there.selectable { over_quota() } else { Error::not_found("mailbox") });
        };
        self.announce_mailbox(account, done.mailbox);
        Ok(Place { stored: Stored { id, mailbox_id: done.mailbox, uid: done.uid, size }, uid_validity: done.uid_validity })
    }

    /// Reads messages of a mailbox in the order of their UIDs. Gives the UID up to which everything asked for was read:
    /// large messages make the answer stop early.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn read_messages(&self, account: Uuid, mailbox: Uuid, uids: &[i64], depth: Depth) -> Result<(Vec<ReadMessage>, i64)> {
        let last = uids.last().copied().unwrap_or(0);
        let rows = match depth {
            Depth::Row => self.store().contents(account, mailbox, uids).await?,
            Depth::Facts => self.store().contents_with_facts(account, mailbox, uids).await?,
            Depth::Header => self.store().contents_with_octets(account, mailbox, uids, HEAD, READ_BUDGET).await?,
            Depth::Body => self.store().contents_with_octets(account, mailbox, uids, i32::MAX, READ_BUDGET).await?,
        };
        let cap = if depth == Depth::Header { i64::from(HEAD) } else { i64::MAX };
        let read: i64 = rows.iter().map(|row| row.size.min(cap)).sum();
        let through = if depth >= Depth::Header && read >= READ_BUDGET { rows.last().map_or(last, |row| row.uid) } else { last };
        let mut messages = Vec::with_capacity(rows.len());
        for row in rows {
            let known = if depth >= Depth::Facts { Facts::decode(&row.facts) } else { Some(Facts::default()) };
            match self.read_row(account, row, known, depth).await? {
                Some(message) => messages.push(message),
                None => tracing::error!(%account, %mailbox, "a stored message cannot be read"),
            }
        }
        Ok((messages, through))
    }

    async fn read_row(&self, account: Uuid, row: Content, known: Option<Facts>, depth: Depth) -> Result<Option<ReadMessage>> {
        let raw = match (row.stored, depth) {
            (None, _) => None,
            (Some(stored), Depth::Header) => {
                let wanted = known.as_ref().and_then(|facts| facts.parts.first()).map(|root| root.body_start as usize);
                match wanted.and_then(|wanted| content::unpack_head(&stored, wanted)) {
                    Some(head) => Some(head),
                    None => match self.whole_message(account, row.email).await? {
                        Some(raw) => Some(raw),
                        None => return Ok(None),
                    },
                }
            }
            (Some(stored), _) => match content::unpack(stored, row.size) {
                Some(raw) => Some(raw),
                None => return Ok(None),
            },
        };
        let facts = known.or_else(|| raw.as_deref().map(Facts::of)).unwrap_or_default();
        Ok(Some(ReadMessage { uid: row.uid, received_at: row.received_at, size: row.size, facts, raw }))
    }

    /// The clear octets of a message.
    pub(crate) async fn whole_message(&self, account: Uuid, email: Uuid) -> Result<Option<Bytes>> {
        let found = self.store().email_octets(account, &[email]).await?.pop();
        Ok(found.and_then(|(_, size, stored)| content::unpack(stored, size)))
    }

    /// Changes flags of messages.
    ///
    /// # Errors
    /// `NotFound` when the mailbox is gone.
    pub async fn flag_messages(&self, account: Uuid, mailbox: Uuid, uids: &[i64], update: &FlagUpdate<'_>) -> Result<Flagged> {
        let mut tx = self.store().begin().await?;
        let (modseq, locked) = tx.lock_mailboxes(account, Some(&[mailbox])).await?;
        if locked.is_empty() {
            return Err(Error::not_found("mailbox"));
        }
        let flagged = tx.store_flags(account, mailbox, modseq, uids, update).await?;
        if flagged.changed {
            tx.commit().await?;
            self.announce_mailbox(account, mailbox);
        }
        Ok(flagged)
    }

    /// Copies or moves messages into a mailbox, all or none.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` (`quota_exceeded`).
    pub async fn copy_messages(&self, account: Uuid, mailbox: Uuid, uids: &[i64], target: &str, moves: bool) -> Result<Copied> {
        let target = self.mailbox_named(account, target).await?;
        let quota = self.quota(account).await?;
        let mut tx = self.store().begin().await?;
        let (modseq, locked) = tx.lock_mailboxes(account, Some(&[mailbox, target.id])).await?;
        if !locked.iter().any(|m| m.id == target.id && m.selectable) {
            return Err(Error::not_found("mailbox"));
        }
        let copied = tx.copy_messages(account, mailbox, target.id, modseq, uids).await?;
        if moves {
            let gone: Vec<i64> = copied.iter().map(|(uid, _)| *uid).collect();
            tx.expunge(account, mailbox, modseq, &gone, false).await?;
        } else if quota >= 0 && !copied.is_empty() && tx.used_bytes(account).await? > quota {
            return Err(over_quota());
        }
        tx.commit().await?;
        self.announce_mailbox(account, target.id);
        if moves && mailbox != target.id {
            self.announce_mailbox(account, mailbox);
        }
        Ok(Copied { uid_validity: target.uid_validity, uids: copied, modseq })
    }

    /// Removes those of the messages that have the deleted flag, or all of them; gives the UIDs and the change number.
    ///
    /// # Errors
    /// `NotFound` when the mailbox is gone.
    pub async fn expunge_messages(&self, account: Uuid, mailbox: Uuid, uids: &[i64], deleted_only: bool) -> Result<(Vec<i64>, i64)> {
        let mut tx = self.store().begin().await?;
        let (modseq, locked) = tx.lock_mailboxes(account, Some(&[mailbox])).await?;
        if locked.is_empty() {
            return Err(Error::not_found("mailbox"));
        }
        let gone = tx.expunge(account, mailbox, modseq, uids, deleted_only).await?;
        if !gone.is_empty() {
            tx.commit().await?;
            self.announce_mailbox(account, mailbox);
        }
        Ok((gone, modseq))
    }

    /// What has changed in a mailbox since a change number.
    ///
    /// # Errors
    /// `NotFound` when the mailbox is gone.
    pub async fn mailbox_changes(&self, account: Uuid, mailbox: Uuid, since: i64) -> Result<Changes> {
        self.store().changes(account, mailbox, since).await?.ok_or_else(|| Error::not_found("mailbox"))
    }

    /// Which of the messages fit each criterion.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn search_mailbox(&self, account: Uuid, mailbox: Uuid, uids: &[i64], criteria: Vec<Criterion>) -> Result<Vec<Vec<i64>>> {
        let criteria: Vec<Criterion> = criteria.into_iter().map(Criterion::folded).collect();
        let depth = criteria.iter().map(depth_of).max().unwrap_or(Depth::Row);
        let mut found = vec![Vec::new(); criteria.len()];
        for batch in uids.chunks(SEARCH_BATCH) {
            let mut rest = batch;
            while !rest.is_empty() {
                let (messages, through) = self.read_messages(account, mailbox, rest, depth).await?;
                rest = rest.get(rest.partition_point(|uid| *uid <= through)..).unwrap_or_default();
                for message in messages {
                    let candidate = Candidate { received: message.received_at.seconds(), size: message.size, facts: &message.facts, raw: message.raw.as_deref().unwrap_or_default() };
                    for (criterion, fitting) in criteria.iter().zip(&mut found) {
                        if criterion.fits(&candidate) {
                            fitting.push(message.uid);
                        }
                    }
                }
                // A long search lets others work in between.
                tokio::task::yield_now().await;
            }
        }
        Ok(found)
    }
}

fn depth_of(criterion: &Criterion) -> Depth {
    if criterion.needs_body() {
        Depth::Body
    } else if criterion.needs_header() {
        Depth::Header
    } else if criterion.needs_facts() {
        Depth::Facts
    } else {
        Depth::Row
    }
}
