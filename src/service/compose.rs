//! A message from what a user gives: from its parts, or as a whole.

use bytes::Bytes;
use message::{Attachment, Builder, Facts, Mailbox, Repair};
use model::account::Account;
use model::message::MailAddress;
use model::routing::Flow;
use model::submission::SendMessage;
use router::{Context, Route};

use crate::message::file::message_of_json;
use crate::{Error, Kind, Result, Service, new_id, now};

/// Most Message-IDs of a conversation in one message.
const REFERENCES_MAX: usize = 20;

/// A message that is ready to go.
pub(crate) struct Composed {
    /// The message; Bcc is still in it.
    pub(crate) raw: Bytes,
    /// Message-ID without angle brackets.
    pub(crate) message_id: String,
    /// Return path.
    pub(crate) return_path: String,
    /// Pointer into the input and address of each recipient.
    pub(crate) recipients: Vec<(String, String)>,
}

fn mailbox(address: &MailAddress) -> Mailbox {
    Mailbox { name: Some(address.name.clone()).filter(|name| !name.is_empty()), email: address.email.clone() }
}

/// Message-IDs that can stand in a header; the first one and the last ones when there are too many.
fn references(given: &[String]) -> Vec<String> {
    let well = |id: &&str| !id.is_empty() && id.len() <= 250 && id.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>');
    let ids: Vec<&str> = given.iter().map(|id| id.trim().trim_matches(['<', '>'])).filter(well).collect();
    let last = ids.len().saturating_sub(REFERENCES_MAX);
    ids.iter().enumerate().filter(|(index, _)| *index == 0 || *index > last).map(|(_, id)| (*id).to_owned()).collect()
}

/// Recipients by pointer, each once.
fn recipients(input: &SendMessage) -> Vec<(String, String)> {
    let lists = [("to", &input.to), ("cc", &input.cc), ("bcc", &input.bcc)];
    let all = lists.into_iter().flat_map(|(name, list)| list.iter().enumerate().map(move |(index, address)| (format!("/{name}/{index}"), address.email.clone())));
    once(all.collect())
}

fn once(all: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut seen = std::collections::HashSet::new();
    all.into_iter().filter(|(_, email)| seen.insert(email.to_lowercase())).collect()
}

impl Service {
    /// Makes the message of a user.
    pub(crate) async fn compose(&self, account: &Account, input: &SendMessage) -> Result<Composed> {
        match &input.raw {
            Some(raw) => self.compose_whole(account, input, raw).await,
            None => self.compose_parts(account, input).await,
        }
    }

    async fn compose_parts(&self, account: &Account, input: &SendMessage) -> Result<Composed> {
        let own = MailAddress { name: account.real_name.clone(), email: account.address.clone() };
        let from = input.from.as_ref().unwrap_or(&own);
        if input.from.is_some() {
            self.check_own(account, &from.email, "/from/email").await?;
        }
        let message_id = format!("{}@{}", new_id(), account.domain);
        let answered = input.in_reply_to.as_deref().map(|id| id.trim().trim_matches(['<', '>']).to_owned()).filter(|id| !id.is_empty());
        let list = |list: &[MailAddress]| list.iter().map(mailbox).collect();
        let receipt = input.request_mdn.then(|| ("Disposition-Notification-To".to_owned(), format!("<{}>", from.email)));
        let builder = Builder {
            from: vec![mailbox(from)],
            to: list(&input.to),
            cc: list(&input.cc),
            bcc: list(&input.bcc),
            subject: input.subject.clone(),
            date: now().seconds(),
            message_id: message_id.clone(),
            references: if input.references.is_empty() { answered.iter().cloned().collect() } else { references(&input.references) },
            in_reply_to: answered,
            headers: receipt.into_iter().collect(),
            text: Some(input.text.clone()).filter(|text| !text.is_empty() || input.html.is_none()),
            html: input.html.clone(),
            attachments: self.attachments(account, input).await?,
            boundary: new_id().simple().to_string(),
            ..Builder::default()
        };
        let raw = tokio::task::spawn_blocking(move || builder.build()).await.map_err(|_| crate::message::broken())?;
        Ok(Composed { raw: raw.into(), message_id, return_path: account.address.clone(), recipients: recipients(input) })
    }

    async fn attachments(&self, account: &Account, input: &SendMessage) -> Result<Vec<Attachment>> {
        let mut files = Vec::new();
        for (index, wanted) in input.attachments.iter().enumerate() {
            let unknown = |field: &str, text: &str| Error::invalid(format!("/attachments/{index}/{field}"), text);
            let (content_type, data) = match (wanted.blob_id, wanted.message_id, &wanted.part) {
                (Some(blob), None, None) => self.upload(account.id, blob).await?.ok_or_else(|| unknown("blob_id", "is no upload of this account, or its time is over"))?,
                (None, Some(message), Some(part)) => match self.part(account.id, message, part).await {
                    Ok((_, content_type, data)) => (content_type, data),
                    Err(error) if error.kind == Kind::NotFound => return Err(unknown("part", "is no part of a message of this account")),
                    Err(error) => return Err(error),
                },
                _ => return Err(unknown("blob_id", "An attachment is either an upload, or a part of a message")),
            };
            files.push(Attachment { name: wanted.name.clone(), content_type, cid: wanted.cid.clone(), content: data.to_vec() });
        }
        Ok(files)
    }

    async fn compose_whole(&self, account: &Account, input: &SendMessage, raw: &str) -> Result<Composed> {
        if !input.subject.is_empty() || !input.text.is_empty() || input.html.is_some() || !input.attachments.is_empty() {
            return Err(Error::invalid("/raw", "is the whole message; subject, text, html and attachments cannot stand beside it"));
        }
        let raw = message_of_json(raw, input.encoding, "/raw")?;
        let (block, body) = raw.split_at(message::block_len(&raw));
        let identity = format!("{}@{}", new_id(), account.domain);
        let how = Repair { date: now().seconds(), message_id: &identity, from: Some(&account.address), remove_bcc: false };
        let raw = message::repair(block, &how).map_or_else(|| raw.clone(), |block| [&block, body].concat().into());
        let facts = Facts::of(&raw);
        for from in facts.envelope.from.iter().filter_map(message::Address::email) {
            self.check_own(account, &from, "/raw").await?;
        }
        let mut to = recipients(input);
        if to.is_empty() {
            let named = [&facts.envelope.to, &facts.envelope.cc, &facts.envelope.bcc];
            to = once(named.into_iter().flatten().filter_map(message::Address::email).map(|email| ("/raw".to_owned(), email)).collect());
        }
        let message_id = facts.message_id().unwrap_or_default().to_owned();
        Ok(Composed { message_id, return_path: account.address.clone(), recipients: to, raw })
    }

    /// Whether an address is one of the account.
    async fn check_own(&self, account: &Account, email: &str, pointer: &str) -> Result<()> {
        match self.route(email, Flow::Mail, &Context::default()).await?.route {
            Route::Local(local) if local.account.id == account.id && email.contains('@') => Ok(()),
            _ => Err(Error::invalid(pointer, format!("{email} is no address of this account"))),
        }
    }
}
