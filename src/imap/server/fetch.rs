//! FETCH (RFC 3501 §6.4.5, RFC 7162 §3.1.4).

use std::collections::HashSet;

use bytes::Bytes;

use super::{Job, Server};
use crate::{
    BodyStructure, Envelope, FlagChange, FlagList, Flags, SequenceSet, date,
    fetch_item::{BodyName, FetchItem, Section},
    protocol::{Answer, Fetched, Needs, Question},
    section,
    view::{self, Row},
    write,
};

/// Messages written before the peer takes what is there.
const STREAM_BATCH: usize = 500;

/// An item with the name it has in responses.
#[derive(Debug)]
struct Shown {
    item: FetchItem,
    label: String,
}

impl From<FetchItem> for Shown {
    fn from(item: FetchItem) -> Self {
        let label = match &item {
            // Their own writers begin with the name.
            FetchItem::Flags | FetchItem::ModSeq => String::new(),
            FetchItem::Body {
                section,
                partial,
                name: BodyName::Body,
                ..
            } => {
                let start = partial.map_or(String::new(), |(start, _)| format!("<{start}>"));
                format!("BODY[{section}]{start} ")
            }
            item => format!("{item} "),
        };
        Self { item, label }
    }
}

/// A FETCH under way.
#[derive(Debug)]
pub(super) struct FetchJob {
    tag: String,
    uid: bool,
    items: Vec<Shown>,
    needs: Needs,
    /// Messages left to be shown, the next one last.
    uids: Vec<u32>,
    /// Messages whose flags must be shown unasked: they got `\Seen`.
    seen: HashSet<u32>,
    /// Some messages were gone.
    missing: bool,
}

impl Server {
    pub(super) fn fetch(
        &mut self,
        tag: String,
        uid: bool,
        set: &SequenceSet,
        mut items: Vec<FetchItem>,
        changed_since: Option<u64>,
    ) {
        if changed_since.is_some() && !items.contains(&FetchItem::ModSeq) {
            items.push(FetchItem::ModSeq);
        }
        if uid && !items.contains(&FetchItem::Uid) {
            items.insert(0, FetchItem::Uid);
        }
        if items.contains(&FetchItem::ModSeq) {
            self.enable_condstore();
        }
        let Some(rows) = self.meant(&tag, uid, set) else {
            return;
        };
        let fresh = |row: &&Row| changed_since.is_none_or(|since| row.modseq > since);
        let uids: Vec<u32> = rows.iter().filter(fresh).rev().map(|row| row.uid).collect();
        let writable = self
            .selected
            .as_ref()
            .is_some_and(|selected| !selected.read_only);
        let needs = needs(&items);
        let sets_seen = writable && items.iter().any(FetchItem::sets_seen);
        let items = items.into_iter().map(Shown::from).collect();
        let job = FetchJob {
            tag,
            uid,
            items,
            needs,
            uids,
            seen: HashSet::new(),
            missing: false,
        };
        let unseen = |row: &&Row| sets_seen && fresh(row) && !row.flags.contains(Flags::SEEN);
        let unseen: Vec<u32> = rows.iter().filter(unseen).map(|row| row.uid).collect();
        if unseen.is_empty() {
            return self.go_on(job);
        }
        let flags = FlagList {
            flags: Flags::SEEN,
            keywords: Vec::new(),
        };
        let question = Question::Store {
            uids: unseen,
            change: FlagChange::Add,
            flags,
            unchanged_since: None,
        };
        self.ask(question, Job::FetchSeen(Box::new(job)));
    }

    pub(super) fn fetch_seen_answer(&mut self, mut job: FetchJob, answer: Answer) {
        // Without the right to change flags the bodies are shown all the same.
        if let (Answer::Stored { messages, .. }, Some(selected)) = (answer, &mut self.selected) {
            for message in &messages {
                if selected.view.apply(message) {
                    job.seen.insert(message.uid);
                }
            }
        }
        self.go_on(job);
    }

    fn go_on(&mut self, job: FetchJob) {
        if job.uids.is_empty() {
            // RFC 5530 §3: told, so that the client looks for the news.
            let text = if job.missing {
                "OK [EXPUNGEISSUED] Some messages are gone"
            } else {
                "OK FETCH completed"
            };
            return self.finish(job.tag, text, job.uid);
        }
        if job.needs == Needs::default() {
            self.streaming = Some(job);
            return;
        }
        let batch = job.uids.iter().rev().take(self.config.fetch_batch.max(1));
        let question = Question::Fetch {
            uids: batch.copied().collect(),
            needs: job.needs,
        };
        self.ask(question, Job::Fetch(Box::new(job)));
    }

    /// Writes the next messages of a FETCH that the view answers.
    pub(super) fn stream(&mut self, mut job: FetchJob) {
        for _ in 0..STREAM_BATCH {
            let Some(uid) = job.uids.pop() else { break };
            match self
                .selected
                .as_ref()
                .and_then(|selected| selected.view.find(uid))
            {
                Some(row) => self.show(&job, row, &Fetched::default()),
                None => job.missing = true,
            }
        }
        self.go_on(job);
    }

    pub(super) fn fetch_answer(&mut self, mut job: FetchJob, answer: Answer) {
        let Answer::Fetched { messages, through } = answer else {
            return self.refuse(job.tag, &answer);
        };
        let before = job.uids.len();
        let mut answered = 0;
        while job.uids.last().is_some_and(|uid| *uid <= through) {
            job.uids.pop();
            answered += 1;
        }
        if job.uids.len() == before {
            // An answer without progress would be asked for ever.
            return self.finish(job.tag, "NO [SERVERBUG] Internal error", false);
        }
        let mut shown = 0;
        for message in &messages {
            let complete = !(job.needs.header || job.needs.body) || message.raw.is_some();
            let row = self
                .selected
                .as_ref()
                .and_then(|selected| selected.view.find(message.uid));
            if let Some(row) = row.filter(|_| complete) {
                self.show(&job, row, message);
                shown += 1;
            }
        }
        job.missing |= shown < answered;
        self.go_on(job);
    }

    /// Writes one FETCH response.
    fn show(&mut self, job: &FetchJob, row: Row, message: &Fetched) {
        let out = self.out.buffer();
        write::put(out, "* ");
        write::number(out, u64::from(row.number));
        write::put(out, " FETCH (");
        let has = |item: &FetchItem| job.items.iter().any(|shown| shown.item == *item);
        let unasked = job.seen.contains(&row.uid) && !has(&FetchItem::Flags);
        let flags = unasked.then(|| Shown::from(FetchItem::Flags));
        let modseq = (unasked && self.condstore && !has(&FetchItem::ModSeq))
            .then(|| Shown::from(FetchItem::ModSeq));
        let tell_flags = unasked || has(&FetchItem::Flags);
        for (at, shown) in flags.iter().chain(&modseq).chain(&job.items).enumerate() {
            if at > 0 {
                self.out.put(" ");
            }
            self.out.put(&shown.label);
            self.show_item(&shown.item, row, message);
        }
        self.out.put(")\r\n");
        if let Some(selected) = self.selected.as_mut().filter(|_| tell_flags) {
            selected.view.mark_told(row.uid);
        }
    }

    fn show_item(&mut self, item: &FetchItem, row: Row, message: &Fetched) {
        if let FetchItem::Body {
            section, partial, ..
        } = item
        {
            return self.show_body(section, *partial, message);
        }
        let out = self.out.buffer();
        match item {
            FetchItem::Uid => write::number(out, u64::from(row.uid)),
            FetchItem::InternalDate => date::date_time(out, message.date),
            FetchItem::Size => write::number(out, u64::from(message.size)),
            FetchItem::ModSeq => view::modseq(out, row),
            FetchItem::Flags => {
                if let Some(selected) = &self.selected {
                    selected.view.flags(out, row);
                }
            }
            FetchItem::Envelope => match &message.envelope {
                Some(envelope) => envelope.write(out),
                None => Envelope::default().write(out),
            },
            FetchItem::Structure { extended } => match &message.structure {
                Some(structure) => structure.write(out, *extended),
                None => BodyStructure::default().write(out, *extended),
            },
            FetchItem::Body { .. } => {}
        }
    }

    fn show_body(&mut self, section: &Section, partial: Option<(u32, u32)>, message: &Fetched) {
        let raw = message.raw.clone().unwrap_or_default();
        match section::cut(&raw, message.structure.as_ref(), section) {
            Some(bytes) => {
                let bytes = partial.map_or(bytes.clone(), |(start, len)| cut(&bytes, start, len));
                write::literal_head(self.out.buffer(), bytes.len());
                self.out.body(bytes);
            }
            None => self.out.put("NIL"),
        }
    }
}

fn cut(bytes: &Bytes, start: u32, len: u32) -> Bytes {
    let start = (start as usize).min(bytes.len());
    let end = start.saturating_add(len as usize).min(bytes.len());
    bytes.slice(start..end)
}

fn needs(items: &[FetchItem]) -> Needs {
    let mut needs = Needs::default();
    for item in items {
        match item {
            FetchItem::Flags | FetchItem::Uid | FetchItem::ModSeq => {}
            FetchItem::InternalDate => needs.date = true,
            FetchItem::Size => needs.size = true,
            FetchItem::Envelope => needs.envelope = true,
            FetchItem::Structure { .. } => needs.structure = true,
            FetchItem::Body { section, .. } if section::needs_header_only(section) => {
                needs.header = true
            }
            FetchItem::Body { section, .. } => {
                needs.body = true;
                needs.structure |= !section.path.is_empty();
            }
        }
    }
    needs
}
