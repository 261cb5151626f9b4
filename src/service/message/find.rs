//! Lists and searches of messages, those stored last first.

use std::collections::BTreeMap;

use message::Facts;
use model::message::{MailAddress, Message, MessageFilter, SearchMessages, ThreadView};
use model::{Page, PageInfo};
use serde::Deserialize;
use store::email::{EmailFilter, EmailRow, ThreadMember};
use utoipa::ToSchema;
use uuid::Uuid;

use super::api::{show, split_keywords};
use super::holds;
use crate::operation::{Call, Done};
use crate::{Error, Kind, Result, Service};

/// Most messages looked at for one page of a search.
const SCAN_MAX: usize = 10_000;
const SCAN_BATCH: i64 = 200;
/// Most messages named of one thread.
const THREAD_MAX: i64 = 500;
/// Messages of a thread that are asked who wrote them.
const THREAD_WRITERS: usize = 10;
const SEEN: i32 = 1;
const FLAGGED: i32 = 4;

/// Messages of an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListMessages {
    /// The account: id, address, name in the main domain, or `me`.
    pub(crate) account: String,
    /// Only of this mailbox: id or `path:` name.
    pub(crate) mailbox: Option<String>,
    /// Only of this thread, those stored last first.
    pub(crate) thread: Option<Uuid>,
    /// `thread`: of each thread the last message of the mailbox, with what the mailbox holds of it.
    pub(crate) collapse: Option<Collapse>,
    /// `exact` adds the total number.
    pub(crate) count: Option<String>,
    /// Messages passed over before the page begins, so that a list can be entered anywhere.
    pub(crate) position: Option<i64>,
    /// Messages per page, 1 to 500; 50 when absent.
    pub(crate) limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// What a list shows once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Collapse {
    /// Each thread.
    Thread,
}

/// A message cut off tells of a further page; the cursor is the id of the last one.
fn page_limit(limit: Option<i64>) -> Result<i64> {
    crate::domain::page_limit(&model::ListParams { limit, ..Default::default() })
}

fn cursors(data: &[Message]) -> Vec<String> {
    data.iter().map(|message| message.id.to_string()).collect()
}

pub(super) fn cursor_id(cursor: Option<&str>) -> Result<Option<Uuid>> {
    let wrong = |_| Error::new(Kind::Malformed, "cursor_mismatch", "This cursor is not one of this collection.");
    cursor.map(str::parse::<Uuid>).transpose().map_err(wrong)
}

/// What a search asks of the text of a message, folded.
struct Wanted {
    text: Option<String>,
    from: Option<String>,
    to: Option<String>,
    subject: Option<String>,
    has_attachment: Option<bool>,
}

impl Wanted {
    /// Whether the header decides: yes, no, or the body must be read.
    fn by_header(&self, facts: &Facts) -> Option<bool> {
        let any = |lists: &[&[message::Address]], wanted: &str| lists.iter().flat_map(|list| list.iter()).any(|a| holds(&format!("{} {}", a.display_name().unwrap_or_default(), a.email().unwrap_or_default()), wanted));
        let envelope = &facts.envelope;
        let (from, to, cc) = (envelope.from.as_slice(), envelope.to.as_slice(), envelope.cc.as_slice());
        let fits = self.has_attachment.is_none_or(|wanted| wanted == facts.has_attachment)
            && self.from.as_deref().is_none_or(|wanted| any(&[from], wanted))
            && self.to.as_deref().is_none_or(|wanted| any(&[to, cc], wanted))
            && self.subject.as_deref().is_none_or(|wanted| holds(&facts.subject(), wanted));
        match &self.text {
            _ if !fits => Some(false),
            Some(text) if !(any(&[from, to, cc], text) || holds(&facts.subject(), text)) => None,
            _ => Some(true),
        }
    }
}

/// What the database can tell of a search, and what must be looked up in the messages.
struct Search {
    filter: EmailFilter,
    wanted: Wanted,
}

/// What fits a search, and the message after which to read on; `None` at the end.
struct Found {
    rows: Vec<(EmailRow, Facts)>,
    next: Option<Uuid>,
}

/// What a mailbox holds of a thread; `writers` are those of its messages that were read.
fn thread_view(members: &[&ThreadMember], writers: &BTreeMap<Uuid, Vec<MailAddress>>) -> ThreadView {
    let mut from: Vec<MailAddress> = Vec::new();
    for writer in members.iter().filter_map(|member| writers.get(&member.id)).flatten() {
        if !from.iter().any(|known| known.email.eq_ignore_ascii_case(&writer.email)) {
            from.push(writer.clone());
        }
    }
    ThreadView {
        ids: members.iter().map(|member| member.id).collect(),
        unseen: members.iter().map(|member| i64::from(member.flags & SEEN == 0)).sum(),
        flagged: members.iter().any(|member| member.flags & FLAGGED != 0),
        from,
    }
}

impl Service {
    async fn show_rows(&self, account: Uuid, ids: &[Uuid]) -> Result<Vec<Message>> {
        let rows = self.store().emails(account, ids).await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let facts = Facts::decode(&row.facts).unwrap_or_default();
                show(row, &facts)
            })
            .collect())
    }

    /// The last messages of threads, with what the mailbox holds of each.
    async fn show_threads(&self, account: Uuid, mailbox: Option<Uuid>, heads: &[Uuid]) -> Result<Vec<Message>> {
        let members = self.store().thread_members(account, mailbox, heads, THREAD_MAX).await?;
        let mut threads: BTreeMap<Uuid, Vec<&ThreadMember>> = BTreeMap::new();
        for member in &members {
            threads.entry(member.thread).or_default().push(member);
        }
        let mut read: Vec<Uuid> = threads.values().flat_map(|list| list.iter().take(THREAD_WRITERS).map(|member| member.id)).collect();
        read.extend(heads);
        read.sort_unstable();
        read.dedup();
        let mut messages = self.show_rows(account, &read).await?;
        let writers: BTreeMap<Uuid, Vec<MailAddress>> = messages.iter().map(|message| (message.id, message.from.clone())).collect();
        messages.retain(|message| heads.contains(&message.id));
        for message in &mut messages {
            message.thread = threads.get(&message.thread_id).map(|list| thread_view(list, &writers));
        }
        Ok(messages)
    }

    /// Messages of an account or mailbox, those stored last first.
    pub(crate) async fn list_messages(self, call: Call, input: ListMessages) -> Result<Done<Page<Message>>> {
        let account = self.mail_account(&call, &input.account).await?;
        let limit = page_limit(input.limit)?;
        let mailbox = match &input.mailbox {
            Some(mailbox) => Some(self.find_mailbox(account, mailbox).await?.id),
            None => None,
        };
        let position = input.position.unwrap_or(0);
        if position < 0 {
            return Err(Error::invalid("/position", "must not be negative"));
        }
        if input.collapse.is_some() && input.thread.is_some() {
            return Err(Error::invalid("/collapse", "is not for one thread"));
        }
        let exact = match input.count.as_deref() {
            None => false,
            Some("exact") => true,
            Some(_) => return Err(Error::invalid("/count", "must be exact")),
        };
        let after = cursor_id(input.cursor.as_deref())?;
        let mut ids = match input.collapse {
            Some(Collapse::Thread) => self.store().thread_heads(account, mailbox, after, position, limit + 1).await?,
            None => {
                let filter = EmailFilter { mailbox, thread: input.thread, ..EmailFilter::default() };
                self.store().email_ids(account, &filter, after, position, limit + 1).await?
            }
        };
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = ids.len() > size;
        ids.truncate(size);
        let next_cursor = ids.last().filter(|_| has_more).map(Uuid::to_string);
        let total = match (exact, input.collapse) {
            (false, _) => None,
            (true, Some(Collapse::Thread)) => Some(self.store().thread_count(account, mailbox).await?),
            (true, None) => Some(self.store().email_count(account, mailbox, input.thread).await?),
        };
        let data = if input.collapse.is_some() { self.show_threads(account, mailbox, &ids).await? } else { self.show_rows(account, &ids).await? };
        let page = Page { data, page: PageInfo { next_cursor, has_more, total } };
        Ok(Done { cursors: cursors(&page.data), ..page.into() })
    }

    async fn search_of(&self, account: Uuid, given: MessageFilter) -> Result<Search> {
        let mut filter = EmailFilter { after: given.received_after, before: given.received_before, ..EmailFilter::default() };
        if let Some(mailbox) = &given.mailbox {
            filter.mailbox = Some(self.find_mailbox(account, mailbox).await?.id);
        }
        let (set, free) = split_keywords(given.keyword.as_deref(), "/keyword")?;
        (filter.flags_set, filter.keyword) = (set, free.first().map(|k| k.to_lowercase()));
        let (clear, free) = split_keywords(given.not_keyword.as_deref(), "/not_keyword")?;
        (filter.flags_clear, filter.not_keyword) = (clear, free.first().map(|k| k.to_lowercase()));
        let fold = |text: Option<String>| text.map(|text| text.to_lowercase()).filter(|text| !text.is_empty());
        let wanted = Wanted { text: fold(given.text), from: fold(given.from), to: fold(given.to), subject: fold(given.subject), has_attachment: given.has_attachment };
        Ok(Search { filter, wanted })
    }

    /// Reads on after a message until so many fit, or enough were looked at.
    async fn scan(&self, account: Uuid, search: &Search, mut after: Option<Uuid>, limit: usize) -> Result<Found> {
        let (mut rows, mut scanned, mut has_more) = (Vec::new(), 0, true);
        while has_more && rows.len() < limit && scanned < SCAN_MAX {
            let ids = self.store().email_ids(account, &search.filter, after, 0, SCAN_BATCH).await?;
            scanned += ids.len();
            has_more = i64::try_from(ids.len()).unwrap_or(0) == SCAN_BATCH;
            after = ids.last().copied().or(after);
            for row in self.store().emails(account, &ids).await? {
                let facts = Facts::decode(&row.facts).unwrap_or_default();
                let fits = match (search.wanted.by_header(&facts), &search.wanted.text) {
                    (Some(fits), _) => fits,
                    (None, Some(text)) => self.whole_message(account, row.id).await?.is_some_and(|raw| holds(&message::search_text(&raw, &facts), text)),
                    (None, None) => true,
                };
                if fits && rows.len() == limit {
                    // What is left of this batch comes with the next page.
                    (has_more, after) = (true, rows.last().map(|(row, _): &(EmailRow, Facts)| row.id));
                    break;
                }
                if fits {
                    rows.push((row, facts));
                }
            }
        }
        Ok(Found { rows, next: after.filter(|_| has_more) })
    }

    /// Ids of messages that fit, and the cursor to go on with.
    pub(super) async fn found_ids(&self, account: Uuid, filter: MessageFilter, after: Option<Uuid>, limit: usize) -> Result<(Vec<Uuid>, Option<String>)> {
        let search = self.search_of(account, filter).await.map_err(|error| error.below("/filter"))?;
        let found = self.scan(account, &search, after, limit).await?;
        Ok((found.rows.iter().map(|(row, _)| row.id).collect(), found.next.map(|id| id.to_string())))
    }

    /// Searches messages, those stored last first.
    pub(crate) async fn search_messages(self, call: Call, input: SearchMessages) -> Result<Done<Page<Message>>> {
        let SearchMessages { account, mailbox, text, from, to, subject, keyword, not_keyword, has_attachment, received_after, received_before, limit, cursor } = input;
        let account = self.mail_account(&call, &account).await?;
        let limit = usize::try_from(page_limit(limit)?).unwrap_or(usize::MAX);
        let search = self.search_of(account, MessageFilter { mailbox, text, from, to, subject, keyword, not_keyword, has_attachment, received_after, received_before }).await?;
        let found = self.scan(account, &search, cursor_id(cursor.as_deref())?, limit).await?;
        let data: Vec<Message> = found.rows.into_iter().map(|(row, facts)| show(row, &facts)).collect();
        let next_cursor = found.next.map(|id| id.to_string());
        let has_more = next_cursor.is_some();
        Ok(Done { cursors: cursors(&data), ..Page { data, page: PageInfo { next_cursor, has_more, total: None } }.into() })
    }
}
