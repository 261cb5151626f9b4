//! What a session knows of its selected mailbox: the messages as the client counts them, and the news it has not been
//! told yet (RFC 3501 §7.4.1, RFC 2180).

use std::{collections::BTreeSet, ops::RangeInclusive};

use bytes::BytesMut;

use crate::{
    Flags,
    keywords::Keywords,
    sequence::holds,
    write::{list, number, put},
};

/// State of one message, as the shell tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// UID.
    pub uid: u32,
    /// System flags.
    pub flags: Flags,
    /// Keywords.
    pub keywords: Vec<String>,
    /// Mod-sequence of the last change of flags.
    pub modseq: u64,
}

/// Messages of a mailbox in compact arrays: 15 bytes each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageList {
    uids: Vec<u32>,
    flags: Vec<Flags>,
    sets: Vec<u16>,
    modseqs: Vec<u64>,
    keywords: Keywords,
}

impl MessageList {
    /// Makes room for so many messages.
    pub fn with_capacity(messages: usize) -> Self {
        Self {
            uids: Vec::with_capacity(messages),
            flags: Vec::with_capacity(messages),
            sets: Vec::with_capacity(messages),
            modseqs: Vec::with_capacity(messages),
            keywords: Keywords::default(),
        }
    }

    /// Adds a message; UIDs must ascend, one that does not is left out.
    pub fn push<'x>(
        &mut self,
        uid: u32,
        flags: Flags,
        keywords: impl IntoIterator<Item = &'x str>,
        modseq: u64,
    ) {
        if uid > self.uids.last().copied().unwrap_or(0) {
            self.uids.push(uid);
            self.flags.push(flags);
            self.sets.push(self.keywords.intern(keywords));
            self.modseqs.push(modseq);
        }
    }

    /// Number of messages.
    pub fn len(&self) -> usize {
        self.uids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.uids.is_empty()
    }

    fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        let mut to = 0;
        for from in 0..self.uids.len() {
            if self.uids.get(from).is_some_and(|uid| keep(*uid)) {
                self.uids.swap(to, from);
                self.flags.swap(to, from);
                self.sets.swap(to, from);
                self.modseqs.swap(to, from);
                to += 1;
            }
        }
        self.uids.truncate(to);
        self.flags.truncate(to);
        self.sets.truncate(to);
        self.modseqs.truncate(to);
    }
}

/// One message of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) number: u32,
    pub(crate) uid: u32,
    pub(crate) flags: Flags,
    pub(crate) modseq: u64,
    set: u16,
}

#[derive(Debug)]
pub(crate) struct View {
    list: MessageList,
    /// UIDs that are gone and still counted by the client.
    gone: BTreeSet<u32>,
    /// UIDs whose flags the client must be told.
    changed: BTreeSet<u32>,
    /// Messages the client counts.
    told: usize,
    told_recent: usize,
    told_keywords: usize,
    uid_next: u32,
    /// First UID that is `\Recent` in this session.
    recent_from: u32,
    highest: u64,
    synced: u64,
}

impl View {
    pub(crate) fn new(list: MessageList, uid_next: u32, recent_from: u32, highest: u64) -> Self {
        let uid_next = uid_next.max(list.uids.last().map_or(1, |uid| uid.saturating_add(1)));
        let mut view = Self {
            told: list.len(),
            told_recent: 0,
            told_keywords: list.keywords.len(),
            list,
            gone: BTreeSet::new(),
            changed: BTreeSet::new(),
            uid_next,
            recent_from,
            highest,
            synced: highest,
        };
        view.told_recent = view.recent();
        view
    }

    /// Messages the client counts.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.told).unwrap_or(u32::MAX)
    }

    /// Messages that are `\Recent` in this session.
    pub(crate) fn recent(&self) -> usize {
        let uids = self.list.uids.get(..self.told).unwrap_or_default();
        uids.len() - uids.partition_point(|uid| *uid < self.recent_from)
    }

    pub(crate) fn is_recent(&self, uid: u32) -> bool {
        uid >= self.recent_from
    }

    pub(crate) fn highest(&self) -> u64 {
        self.highest
    }

    /// Takes over the highest mod-sequence of an answer that may name no message.
    pub(crate) fn raise(&mut self, modseq: u64) {
        self.highest = self.highest.max(modseq);
    }

    /// Up to which mod-sequence every change is known. It lags behind the highest: a change made here says nothing of
    /// others made before it elsewhere.
    pub(crate) fn synced(&self) -> u64 {
        self.synced
    }

    /// Every change up to this mod-sequence is known.
    pub(crate) fn sync(&mut self, modseq: u64) {
        self.raise(modseq);
        self.synced = self.synced.max(modseq);
    }

    /// Number of the first message without `\Seen`.
    pub(crate) fn first_unseen(&self) -> Option<usize> {
        self.list
            .flags
            .iter()
            .position(|flags| !flags.contains(Flags::SEEN))
            .map(|at| at + 1)
    }

    pub(crate) fn keywords(&self) -> impl Iterator<Item = &str> {
        self.list.keywords.names()
    }

    fn row(&self, at: usize) -> Option<Row> {
        Some(Row {
            number: u32::try_from(at).ok()?.checked_add(1)?,
            uid: *self.list.uids.get(at)?,
            flags: *self.list.flags.get(at)?,
            modseq: *self.list.modseqs.get(at)?,
            set: *self.list.sets.get(at)?,
        })
    }

    pub(crate) fn find(&self, uid: u32) -> Option<Row> {
        self.list
            .uids
            .binary_search(&uid)
            .ok()
            .and_then(|at| self.row(at))
    }

    /// Messages the client counts and that are not gone, in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        (0..self.told)
            .filter_map(|at| self.row(at))
            .filter(|row| !self.gone.contains(&row.uid))
    }

    /// The messages of these ascending ranges, of UIDs or of numbers. The work is bound to the messages found.
    pub(crate) fn select(&self, uid: bool, ranges: &[RangeInclusive<u32>]) -> Vec<Row> {
        let uids = self.list.uids.get(..self.told).unwrap_or_default();
        let place = |number: u32, after: bool| match uid {
            true => uids.partition_point(|uid| if after { *uid <= number } else { *uid < number }),
            false => (number as usize)
                .saturating_sub(usize::from(!after))
                .min(uids.len()),
        };
        let spans = ranges
            .iter()
            .map(|range| place(*range.start(), false)..place(*range.end(), true));
        let rows = spans.flatten().filter_map(|at| self.row(at));
        rows.filter(|row| !self.gone.contains(&row.uid)).collect()
    }

    /// Largest UID the client counts; what `*` means in a set of UIDs.
    pub(crate) fn last_uid(&self) -> u32 {
        self.told
            .checked_sub(1)
            .and_then(|at| self.list.uids.get(at))
            .copied()
            .unwrap_or(0)
    }

    pub(crate) fn keywords_of(&self, row: Row) -> impl Iterator<Item = &str> {
        self.list.keywords.of(row.set)
    }

    pub(crate) fn has_keyword(&self, row: Row, keyword: &str) -> bool {
        self.keywords_of(row)
            .any(|name| name.eq_ignore_ascii_case(keyword))
    }

    /// Takes the state of a known message; what is older than what is known changes nothing. Returns whether it made a
    /// difference.
    pub(crate) fn apply(&mut self, message: &Message) -> bool {
        self.raise(message.modseq);
        let keywords = message.keywords.iter().map(String::as_str);
        let Ok(at) = self.list.uids.binary_search(&message.uid) else {
            return false;
        };
        let set = self.list.keywords.intern(keywords);
        match (
            self.list.flags.get_mut(at),
            self.list.sets.get_mut(at),
            self.list.modseqs.get_mut(at),
        ) {
            (Some(flags), Some(old), Some(modseq)) if message.modseq >= *modseq => {
                let differs = (*flags, *old) != (message.flags, set);
                (*flags, *old, *modseq) = (message.flags, set, message.modseq);
                differs
            }
            _ => false,
        }
    }

    /// Takes the flags of a message as told, because a response shows them.
    pub(crate) fn mark_told(&mut self, uid: u32) {
        self.changed.remove(&uid);
    }

    /// Takes news of another session's making: a message new or changed.
    pub(crate) fn news(&mut self, message: &Message) {
        if self.apply(message) {
            self.changed.insert(message.uid);
        } else if message.uid >= self.uid_next {
            // A UID below the next one was here and has gone: late news.
            let keywords = message.keywords.iter().map(String::as_str);
            self.list
                .push(message.uid, message.flags, keywords, message.modseq);
            self.uid_next = message.uid.saturating_add(1);
        }
    }

    /// Messages are gone; the client is told when it may be.
    pub(crate) fn expunge(&mut self, uids: impl IntoIterator<Item = u32>) {
        for uid in uids {
            if self.list.uids.binary_search(&uid).is_ok() {
                self.gone.insert(uid);
                self.changed.remove(&uid);
            } else {
                // It was never seen here; should its addition be told late, it is not believed.
                self.uid_next = self.uid_next.max(uid.saturating_add(1));
            }
        }
    }

    /// Every message is gone.
    pub(crate) fn expunge_all(&mut self) {
        self.expunge(self.list.uids.clone());
    }

    /// Tells of new messages, which may be done at any time.
    pub(crate) fn tell_added(&mut self, out: &mut BytesMut) {
        if self.told == self.list.len() {
            return;
        }
        self.told = self.list.len();
        put(out, "* ");
        number(out, self.told as u64);
        put(out, " EXISTS\r\n");
        if self.recent() != self.told_recent {
            self.told_recent = self.recent();
            put(out, "* ");
            number(out, self.told_recent as u64);
            put(out, " RECENT\r\n");
        }
    }

    /// Tells all news; those of expunged messages only when numbers may change (RFC 3501 §7.4.1).
    pub(crate) fn tell(&mut self, out: &mut BytesMut, expunges: bool, with_modseq: bool) {
        if expunges && !self.gone.is_empty() {
            self.tell_expunged(out);
        }
        self.tell_added(out);
        self.tell_new_keywords(out);
        for uid in std::mem::take(&mut self.changed) {
            if let Some(row) = self.find(uid) {
                self.fetch_flags(out, row, false, with_modseq);
            }
        }
    }

    fn tell_expunged(&mut self, out: &mut BytesMut) {
        let gone = std::mem::take(&mut self.gone);
        let mut removed = 0;
        for uid in &gone {
            match self.list.uids.binary_search(uid) {
                Ok(at) if at < self.told => {
                    put(out, "* ");
                    number(out, (at + 1 - removed) as u64);
                    put(out, " EXPUNGE\r\n");
                    removed += 1;
                }
                _ => {}
            }
        }
        self.list.retain(|uid| !gone.contains(&uid));
        self.told -= removed;
        self.told_recent = self.recent();
    }

    /// Tells the keywords when there are more than the client knows.
    pub(crate) fn tell_new_keywords(&mut self, out: &mut BytesMut) {
        if self.list.keywords.len() > self.told_keywords {
            self.tell_keywords(out);
        }
    }

    /// `FLAGS` with every keyword met so far (RFC 3501 §7.2.6).
    pub(crate) fn tell_keywords(&mut self, out: &mut BytesMut) {
        self.told_keywords = self.list.keywords.len();
        put(out, "* FLAGS ");
        list(out, Flags::ALL.names().chain(self.list.keywords.names()));
        put(out, "\r\n");
    }

    /// `FLAGS (…)` of a message.
    pub(crate) fn flags(&self, out: &mut BytesMut, row: Row) {
        let recent = self.is_recent(row.uid).then_some("\\Recent");
        put(out, "FLAGS ");
        list(
            out,
            row.flags.names().chain(recent).chain(self.keywords_of(row)),
        );
    }

    /// A whole FETCH response with the flags.
    pub(crate) fn fetch_flags(
        &self,
        out: &mut BytesMut,
        row: Row,
        with_uid: bool,
        with_modseq: bool,
    ) {
        put(out, "* ");
        number(out, u64::from(row.number));
        put(out, " FETCH (");
        if with_uid {
            put(out, "UID ");
            number(out, u64::from(row.uid));
            put(out, " ");
        }
        if with_modseq {
            modseq(out, row);
            put(out, " ");
        }
        self.flags(out, row);
        put(out, ")\r\n");
    }
}

/// `MODSEQ (n)`.
pub(crate) fn modseq(out: &mut BytesMut, row: Row) {
    put(out, "MODSEQ (");
    number(out, row.modseq);
    put(out, ")");
}

/// Whether the row is meant by ranges of numbers or UIDs.
pub(crate) fn meant(row: Row, uid: bool, ranges: &[RangeInclusive<u32>]) -> bool {
    holds(ranges, if uid { row.uid } else { row.number })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(uids: &[u32]) -> View {
        let mut list = MessageList::with_capacity(uids.len());
        uids.iter()
            .for_each(|uid| list.push(*uid, Flags::NONE, [], 1));
        View::new(list, 0, u32::MAX, 1)
    }

    fn told(view: &mut View, expunges: bool) -> String {
        let mut out = BytesMut::new();
        view.tell(&mut out, expunges, false);
        String::from_utf8(out.to_vec())
            .unwrap()
            .replace("\r\n", "|")
    }

    fn message(uid: u32, flags: Flags, modseq: u64) -> Message {
        Message {
            uid,
            flags,
            keywords: Vec::new(),
            modseq,
        }
    }

    #[test]
    fn expunges_wait_and_number_downwards() {
        let mut view = view(&[2, 4, 6, 8]);
        view.expunge([4, 6, 5]);
        view.news(&message(9, Flags::NONE, 5));
        assert_eq!(told(&mut view, false), "* 5 EXISTS|");
        assert_eq!(
            view.rows()
                .map(|row| (row.number, row.uid))
                .collect::<Vec<_>>(),
            [(1, 2), (4, 8), (5, 9)]
        );
        assert_eq!(told(&mut view, true), "* 2 EXPUNGE|* 2 EXPUNGE|");
        assert_eq!(
            view.rows()
                .map(|row| (row.number, row.uid))
                .collect::<Vec<_>>(),
            [(1, 2), (2, 8), (3, 9)]
        );
        assert_eq!(told(&mut view, true), "");
    }

    #[test]
    fn late_news_change_nothing() {
        let mut view = view(&[2]);
        view.expunge([2]);
        told(&mut view, true);
        view.news(&message(2, Flags::SEEN, 9));
        assert_eq!(told(&mut view, true), "");
        // Expunged before its addition was told.
        view.expunge([5]);
        view.news(&message(5, Flags::NONE, 10));
        assert_eq!(told(&mut view, true), "");
        view.news(&message(6, Flags::SEEN, 12));
        view.news(&message(6, Flags::NONE, 11));
        assert_eq!(told(&mut view, true), "* 1 EXISTS|");
        assert_eq!(view.find(6).unwrap().flags, Flags::SEEN);
    }

    #[test]
    fn added_and_gone_untold_is_not_told() {
        let mut view = view(&[1]);
        view.news(&message(2, Flags::NONE, 2));
        view.expunge([2]);
        assert_eq!(told(&mut view, true), "");
        assert_eq!(view.count(), 1);
    }

    #[test]
    fn changes_and_keywords_are_told_once() {
        let mut view = view(&[1, 3]);
        let with = Message {
            keywords: vec!["$x".into()],
            ..message(3, Flags::SEEN, 2)
        };
        view.news(&with);
        view.news(&with);
        let all = "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $x)|";
        assert_eq!(
            told(&mut view, false),
            format!("{all}* 2 FETCH (FLAGS (\\Seen $x))|")
        );
        assert_eq!(told(&mut view, false), "");
    }

    #[test]
    fn selection() {
        let view = view(&[2, 4, 6, 8]);
        let uids = |uid, ranges: &[RangeInclusive<u32>]| {
            view.select(uid, ranges)
                .iter()
                .map(|r| r.uid)
                .collect::<Vec<_>>()
        };
        assert_eq!(uids(true, &[1..=4, 8..=u32::MAX]), [2, 4, 8]);
        assert_eq!(uids(false, &[1..=1, 3..=9]), [2, 6, 8]);
        assert_eq!(uids(true, &[3..=3]), []);
    }
}
