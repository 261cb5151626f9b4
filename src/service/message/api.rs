//! Messages for the API, by id, wherever they stand.

use std::collections::{BTreeMap, BTreeSet};

use message::{Facts, Part};
use model::mailbox::{Mailbox, Role};
use model::message::{Attachment, BulkDone, BulkMessages, BulkPlaces, Deletion, Encoding, HeaderField, Headers, MailAddress, Message, MessageBody, MessagePlace, Stored, UpdateMessage};
use serde::Deserialize;
use store::email::EmailRow;
use store::message::{FlagChange, FlagUpdate};
use store::Tx;
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use super::file::message_of_json;
pub(crate) use super::file::RawMessage;
use super::Arrival;
use super::find::cursor_id;
use crate::mailbox::special_tx;
use crate::operation::{Call, Done};
use crate::{Error, Result, Service};

/// Most messages changed at once.
const BULK_MAX: usize = 500;
/// System flags by the names of JMAP (RFC 8621 §4.1.1).
const FLAGS: [(i32, &str); 5] = [(1, "$seen"), (2, "$answered"), (4, "$flagged"), (8, "$deleted"), (16, "$draft")];

/// Names a message.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageRef {
    /// The account: id, address, name in the main domain, or `me`.
    pub(crate) account: String,
    /// Id of the message.
    pub(crate) id: Uuid,
}

/// Deletes a message.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteMessage {
    /// The account: id, address, name in the main domain, or `me`.
    pub(crate) account: String,
    /// Id of the message.
    pub(crate) id: Uuid,
    /// `true`: it does not go to the trash first.
    pub(crate) permanent: Option<String>,
}

/// Stores a message.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportMessage {
    /// The account: id, address, name in the main domain, or `me`.
    pub(crate) account: String,
    /// The mailbox: id or `path:` name; INBOX when absent.
    pub(crate) mailbox: Option<String>,
    /// The message (RFC 5322); bare line feeds become CRLF unless it is base64.
    #[serde(default)]
    pub(crate) raw: String,
    /// How `raw` is written: `utf-8` (when absent) or `base64`.
    pub(crate) encoding: Option<Encoding>,
    /// Flags and keywords to set.
    #[serde(default)]
    pub(crate) keywords: Vec<String>,
    /// When it was received; now when absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) received_at: Option<Timestamp>,
}

fn unknown() -> Error {
    Error::not_found("message")
}

/// Parts flags from keywords; refuses what is no keyword (RFC 3501 §9 `flag-keyword`, RFC 8621 §4.1.1).
pub(super) fn split_keywords<'a>(names: impl IntoIterator<Item = &'a str>, pointer: &str) -> Result<(i32, Vec<String>)> {
    let (mut flags, mut keywords) = (0, Vec::new());
    for name in names {
        if let Some((bit, _)) = FLAGS.iter().find(|(_, flag)| flag.eq_ignore_ascii_case(name)) {
            flags |= bit;
        } else if (1..=128).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic() && !b"(){]%*\"\\".contains(&b)) {
            keywords.push(name.to_owned());
        } else {
            return Err(Error::invalid(pointer, format!("{name:?} cannot be a keyword")));
        }
    }
    Ok((flags, keywords))
}

fn addresses(list: &[message::Address]) -> Vec<MailAddress> {
    list.iter().filter_map(|a| Some(MailAddress { name: a.display_name().unwrap_or_default().into_owned(), email: a.email()? })).collect()
}

pub(super) fn show(row: EmailRow, facts: &Facts) -> Message {
    let flags = FLAGS.iter().filter(|(bit, _)| row.flags & bit != 0).map(|(_, name)| (*name).to_owned());
    let free = row.keywords.iter().flat_map(|place| place.split(' ')).filter(|k| !k.is_empty()).map(str::to_owned);
    let envelope = &facts.envelope;
    Message {
        id: row.id,
        thread_id: row.thread,
        mailboxes: row.mailboxes.iter().zip(&row.uids).map(|(mailbox_id, uid)| MessagePlace { mailbox_id: *mailbox_id, uid: *uid }).collect(),
        keywords: flags.chain(free).map(|keyword| (keyword, true)).collect::<BTreeMap<_, _>>(),
        modseq: row.modseq,
        from: addresses(&envelope.from),
        to: addresses(&envelope.to),
        cc: addresses(&envelope.cc),
        bcc: addresses(&envelope.bcc),
        reply_to: addresses(&envelope.reply_to),
        subject: facts.subject().into_owned(),
        message_id: facts.message_id().unwrap_or_default().to_owned(),
        references: facts.references.clone(),
        date: envelope.date.clone().unwrap_or_default(),
        received_at: row.received_at,
        size: row.size,
        preview: facts.preview.clone(),
        has_attachment: facts.has_attachment,
        thread: None,
        body: None,
    }
}

fn attachment(facts: &Facts, index: usize, part: &Part) -> Attachment {
    Attachment {
        part: facts.section(index),
        name: part.file_name().unwrap_or_default(),
        media_type: format!("{}/{}", part.kind, part.subtype),
        size: i64::from(part.size()),
        cid: part.id.as_deref().unwrap_or_default().trim_matches(['<', '>']).to_owned(),
        disposition: part.disposition.as_ref().map_or_else(|| if shown_in_html(part) { "inline" } else { "attachment" }.to_owned(), |d| d.kind.clone()),
    }
}

/// Whether the HTML can show this part by its id.
fn shown_in_html(part: &Part) -> bool {
    part.kind == "image" && part.id.is_some()
}

fn body(raw: &[u8], facts: &Facts) -> MessageBody {
    let text = message::text_body(raw, facts);
    let html = message::html_body(raw, facts).map(std::borrow::Cow::into_owned);
    MessageBody {
        text: Some(text.into_owned()).filter(|text| !text.is_empty()),
        html_available: html.is_some(),
        html,
        attachments: facts.parts.iter().enumerate().filter(|(_, part)| facts.is_attachment(part) || shown_in_html(part)).map(|(index, part)| attachment(facts, index, part)).collect(),
    }
}

impl Service {
    pub(super) async fn email_row(&self, account: Uuid, id: Uuid) -> Result<EmailRow> {
        self.store().emails(account, &[id]).await?.pop().ok_or_else(unknown)
    }

    /// One message with its text and parts.
    pub(crate) async fn get_message(self, call: Call, input: MessageRef) -> Result<Done<Message>> {
        let account = self.mail_account(&call, &input.account).await?;
        self.show_message(account, input.id).await
    }

    async fn show_message(&self, account: Uuid, id: Uuid) -> Result<Done<Message>> {
        let row = self.email_row(account, id).await?;
        let raw = self.whole_message(account, id).await?.ok_or_else(super::broken)?;
        let facts = Facts::decode(&row.facts).unwrap_or_else(|| Facts::of(&raw));
        Ok(Message { body: Some(body(&raw, &facts)), ..show(row, &facts) }.into())
    }

    /// Header fields of a message.
    pub(crate) async fn get_headers(self, call: Call, input: MessageRef) -> Result<Done<Headers>> {
        let account = self.mail_account(&call, &input.account).await?;
        self.email_row(account, input.id).await?;
        let raw = self.whole_message(account, input.id).await?.ok_or_else(super::broken)?;
        let block = raw.get(..message::block_len(&raw)).unwrap_or_default();
        let field = |field: message::Field<'_>| HeaderField { name: String::from_utf8_lossy(field.name).into_owned(), value: message::decode(&message::unfold(field.value)).into_owned() };
        Ok(Headers { data: message::fields(block).map(field).collect() }.into())
    }

    /// A message as it stands on the wire.
    pub(crate) async fn get_raw(self, call: Call, input: MessageRef) -> Result<Done<RawMessage>> {
        let account = self.mail_account(&call, &input.account).await?;
        self.email_row(account, input.id).await?;
        let raw = self.whole_message(account, input.id).await?.ok_or_else(super::broken)?;
        Ok(super::file::raw_message(&call, input.id, raw))
    }

    /// Stores a message.
    pub(crate) async fn import_message(self, call: Call, input: ImportMessage) -> Result<Done<Stored>> {
        let account = self.mail_account(&call, &input.account).await?;
        let mailbox = self.find_mailbox(account, input.mailbox.as_deref().unwrap_or("path:INBOX")).await?;
        let raw = match call.octets {
            Some(octets) => octets.data,
            None => message_of_json(&input.raw, input.encoding, "/raw")?,
        };
        if raw.is_empty() {
            return Err(Error::invalid("/raw", "is empty"));
        }
        let (flags, keywords) = split_keywords(input.keywords.iter().map(String::as_str), "/keywords")?;
        let place = self.append_message(account, &mailbox.name, Arrival { raw, flags, keywords, received_at: input.received_at }).await?;
        Ok(place.stored.into())
    }

    /// Changes keywords of a message and the mailboxes it stands in.
    pub(crate) async fn update_message(self, call: Call, input: UpdateMessage) -> Result<Done<Message>> {
        let account = self.mail_account(&call, &input.account).await?;
        let change = self.change_of(account, &input.keywords.unwrap_or_default(), input.mailbox_ids.as_deref()).await?;
        let mut tx = self.store().begin().await?;
        let (modseq, all) = tx.lock_mailboxes(account, None).await?;
        let row = tx.email(account, input.id).await?.ok_or_else(unknown)?;
        let touched = change.apply(&mut tx, account, modseq, &[row], &all).await?;
        tx.commit().await?;
        self.announce_all(account, touched);
        self.show_message(account, input.id).await
    }

    /// Changes or deletes many messages at once.
    pub(crate) async fn bulk_messages(self, call: Call, input: BulkMessages) -> Result<Done<BulkDone>> {
        let account = self.mail_account(&call, &input.account).await?;
        if input.delete.is_some() && (input.keywords.is_some() || input.mailbox_ids.is_some()) {
            return Err(Error::invalid("/delete", "stands alone"));
        }
        let change = self.change_of(account, &input.keywords.unwrap_or_default(), input.mailbox_ids.as_deref()).await?;
        let (ids, next_cursor) = match (input.ids, input.filter) {
            (Some(ids), None) if (1..=BULK_MAX).contains(&ids.len()) => (ids, None),
            (Some(_), None) => return Err(Error::invalid("/ids", format!("must name 1 to {BULK_MAX} messages"))),
            (None, Some(filter)) => self.found_ids(account, filter, cursor_id(input.cursor.as_deref())?, BULK_MAX).await?,
            _ => return Err(Error::invalid("/filter", "stands in place of ids")),
        };
        let mut tx = self.store().begin().await?;
        let (modseq, all) = tx.lock_mailboxes(account, None).await?;
        let rows = tx.emails(account, &ids).await?;
        let touched = match input.delete {
            None => change.apply(&mut tx, account, modseq, &rows, &all).await?,
            Some(how) => delete_tx(&mut tx, account, modseq, &rows, &all, how).await?,
        };
        tx.commit().await?;
        self.announce_all(account, touched);
        Ok(BulkDone { matched: i64::try_from(rows.len()).unwrap_or(i64::MAX), before: stood(&rows), next_cursor }.into())
    }

    /// What shall be different with messages.
    async fn change_of(&self, account: Uuid, keywords: &BTreeMap<String, bool>, mailboxes: Option<&[String]>) -> Result<Change> {
        let names = |on: bool| keywords.iter().filter(move |(_, set)| **set == on).map(|(name, _)| name.as_str());
        let (add, remove) = (split_keywords(names(true), "/keywords")?, split_keywords(names(false), "/keywords")?);
        let mut targets = None;
        if let Some(mailboxes) = mailboxes {
            let mut ids = Vec::new();
            for mailbox in mailboxes {
                ids.push(self.find_mailbox(account, mailbox).await?.id);
            }
            if ids.is_empty() {
                return Err(Error::invalid("/mailbox_ids", "must name a mailbox; use deleteMessage to take the message away"));
            }
            targets = Some(ids);
        }
        Ok(Change { add, remove, targets })
    }

    fn announce_all(&self, account: Uuid, mut mailboxes: Vec<Uuid>) {
        mailboxes.sort_unstable();
        mailboxes.dedup();
        for mailbox in mailboxes {
            self.announce_mailbox(account, mailbox);
        }
    }

    /// Moves a message to the trash; one that is there already, or when told so, is taken away for good.
    pub(crate) async fn delete_message(self, call: Call, input: DeleteMessage) -> Result<Done<()>> {
        let account = self.mail_account(&call, &input.account).await?;
        let mut tx = self.store().begin().await?;
        let (modseq, all) = tx.lock_mailboxes(account, None).await?;
        let row = tx.email(account, input.id).await?.ok_or_else(unknown)?;
        let how = if input.permanent.as_deref() == Some("true") { Deletion::Permanent } else { Deletion::ToTrash };
        let touched = delete_tx(&mut tx, account, modseq, &[row], &all, how).await?;
        tx.commit().await?;
        self.announce_all(account, touched);
        Ok(().into())
    }

    /// Takes a message away for good, when it is still there.
    pub(crate) async fn destroy_message(&self, account: Uuid, id: Uuid) -> Result<()> {
        let mut tx = self.store().begin().await?;
        let (modseq, all) = tx.lock_mailboxes(account, None).await?;
        let rows = tx.emails(account, &[id]).await?;
        let touched = delete_tx(&mut tx, account, modseq, &rows, &all, Deletion::Permanent).await?;
        tx.commit().await?;
        self.announce_all(account, touched);
        Ok(())
    }
}

/// What shall be different with messages: flags and keywords to set and to clear, mailboxes to stand in.
struct Change {
    add: (i32, Vec<String>),
    remove: (i32, Vec<String>),
    targets: Option<Vec<Uuid>>,
}

impl Change {
    /// Makes it so; all mailboxes of the account are locked. Gives the mailboxes that are different now.
    async fn apply(&self, tx: &mut Tx, account: Uuid, modseq: i64, rows: &[EmailRow], all: &[Mailbox]) -> Result<Vec<Uuid>> {
        for (change, (flags, keywords)) in [(FlagChange::Add, &self.add), (FlagChange::Remove, &self.remove)] {
            if *flags != 0 || !keywords.is_empty() {
                for (mailbox, uids) in places(rows) {
                    tx.store_flags(account, mailbox, modseq, &uids, &FlagUpdate { change, flags: *flags, keywords, unchanged_since: None }).await?;
                }
            }
        }
        let mut touched: Vec<Uuid> = places(rows).into_keys().collect();
        if let Some(targets) = &self.targets {
            place(tx, account, modseq, rows, targets, all).await?;
            touched.extend(targets);
        }
        Ok(touched)
    }
}

/// Messages by the mailboxes they stand in.
fn stood(rows: &[EmailRow]) -> Vec<BulkPlaces> {
    let mut found: BTreeMap<Vec<Uuid>, Vec<Uuid>> = BTreeMap::new();
    for row in rows {
        let mut mailboxes = row.mailboxes.clone();
        mailboxes.dedup();
        found.entry(mailboxes).or_default().push(row.id);
    }
    found.into_iter().map(|(mailbox_ids, ids)| BulkPlaces { mailbox_ids, ids }).collect()
}

/// Where messages stand: UIDs by mailbox.
fn places<'a>(rows: impl IntoIterator<Item = &'a EmailRow>) -> BTreeMap<Uuid, Vec<i64>> {
    let mut found: BTreeMap<Uuid, Vec<i64>> = BTreeMap::new();
    for row in rows {
        for (mailbox, uid) in row.mailboxes.iter().zip(&row.uids) {
            found.entry(*mailbox).or_default().push(*uid);
        }
    }
    found
}

/// Makes messages stand in these mailboxes and no others; all mailboxes of the account are locked.
async fn place(tx: &mut Tx, account: Uuid, modseq: i64, rows: &[EmailRow], targets: &[Uuid], all: &[Mailbox]) -> Result<()> {
    if let Some(container) = all.iter().find(|m| targets.contains(&m.id) && !m.selectable) {
        return Err(Error::invalid("/mailbox_ids", format!("{} holds other mailboxes only", container.name)));
    }
    for target in targets.iter().collect::<BTreeSet<_>>() {
        let mut copies: BTreeMap<Uuid, Vec<i64>> = BTreeMap::new();
        for row in rows.iter().filter(|row| !row.mailboxes.contains(target)) {
            let (Some(from), Some(uid)) = (row.mailboxes.first(), row.uids.first()) else { return Err(unknown()) };
            copies.entry(*from).or_default().push(*uid);
        }
        for (from, uids) in copies {
            if tx.copy_messages(account, from, *target, modseq, &uids).await?.len() != uids.len() {
                return Err(unknown());
            }
        }
    }
    for (mailbox, uids) in places(rows).into_iter().filter(|(mailbox, _)| !targets.contains(mailbox)) {
        tx.expunge(account, mailbox, modseq, &uids, false).await?;
    }
    Ok(())
}

/// Takes messages away; all mailboxes of the account are locked. Gives the mailboxes that are different now.
async fn delete_tx(tx: &mut Tx, account: Uuid, modseq: i64, rows: &[EmailRow], all: &[Mailbox], how: Deletion) -> Result<Vec<Uuid>> {
    let trash = all.iter().find(|m| m.role == Some(Role::Trash)).map(|m| m.id);
    let gone = |row: &&EmailRow| how == Deletion::Permanent || trash.is_some_and(|trash| row.mailboxes == [trash]);
    for (mailbox, uids) in places(rows.iter().filter(gone)) {
        tx.expunge(account, mailbox, modseq, &uids, false).await?;
    }
    let mut touched: Vec<Uuid> = places(rows).into_keys().collect();
    let kept: Vec<EmailRow> = rows.iter().filter(|row| !gone(row)).cloned().collect();
    if !kept.is_empty() {
        let trash = special_tx(tx, account, all, Role::Trash, "Trash").await?;
        place(tx, account, modseq, &kept, &[trash], all).await?;
        touched.push(trash);
    }
    Ok(touched)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_parted_from_flags() {
        assert_eq!(split_keywords(["$Seen", "$flagged", "Work"], "/k").unwrap(), (5, vec!["Work".to_owned()]));
        for bad in ["", "a b", "ü", "a*", "\\Seen", "(", &"x".repeat(129)] {
            assert!(split_keywords([bad], "/k").is_err(), "{bad}");
        }
    }
}
