//! SEARCH (RFC 3501 §6.4.4, RFC 7162 §3.1.5): the view answers what it knows, the shell the rest.

use std::ops::RangeInclusive;

use super::{Job, Server, messages::DELETED};
use crate::{
    Criterion, Flags, SearchKey,
    protocol::{Answer, Question},
    sequence::holds,
    view::{Row, View},
    write,
};

/// A key with its sets resolved and its criteria numbered.
#[derive(Debug)]
enum Node {
    All,
    Numbers(Vec<RangeInclusive<u32>>),
    Uids(Vec<RangeInclusive<u32>>),
    Flag(Flags),
    Keyword(String),
    Recent,
    ModSeq(u64),
    Criterion(usize),
    Not(Box<Node>),
    Or(Box<Node>, Box<Node>),
    And(Vec<Node>),
}

/// A SEARCH under way.
#[derive(Debug)]
pub(super) struct SearchJob {
    tag: String,
    uid: bool,
    node: Node,
    with_modseq: bool,
}

impl Node {
    fn compile(key: &SearchKey, view: &View, criteria: &mut Vec<Criterion>) -> Self {
        let mut compile = |key: &SearchKey| Self::compile(key, view, criteria);
        match key {
            SearchKey::All => Self::All,
            SearchKey::Sequence(set) => Self::Numbers(set.resolve(view.count())),
            SearchKey::Uid(set) => Self::Uids(set.resolve(view.last_uid())),
            SearchKey::Flag(flag) => Self::Flag(*flag),
            SearchKey::Keyword(keyword) => Self::Keyword(keyword.clone()),
            SearchKey::Recent => Self::Recent,
            SearchKey::ModSeq(modseq) => Self::ModSeq(*modseq),
            SearchKey::Not(key) => Self::Not(Box::new(compile(key))),
            SearchKey::Or(a, b) => Self::Or(Box::new(compile(a)), Box::new(compile(b))),
            SearchKey::And(keys) => Self::And(keys.iter().map(compile).collect()),
            SearchKey::Criterion(criterion) => {
                criteria.push(criterion.clone());
                Self::Criterion(criteria.len() - 1)
            }
        }
    }

    /// Whether the message fits; `None` when that hangs on criteria not looked up (`found` is absent).
    fn fits(&self, row: Row, view: &View, found: Option<&[Vec<u32>]>) -> Option<bool> {
        Some(match self {
            Self::All => true,
            Self::Numbers(ranges) => holds(ranges, row.number),
            Self::Uids(ranges) => holds(ranges, row.uid),
            Self::Flag(flag) => row.flags.contains(*flag),
            Self::Keyword(keyword) => view.has_keyword(row, keyword),
            Self::Recent => view.is_recent(row.uid),
            Self::ModSeq(modseq) => row.modseq >= *modseq,
            Self::Criterion(at) => found?.get(*at)?.binary_search(&row.uid).is_ok(),
            Self::Not(node) => !node.fits(row, view, found)?,
            Self::Or(a, b) => match (a.fits(row, view, found), b.fits(row, view, found)) {
                (Some(true), _) | (_, Some(true)) => true,
                (Some(false), Some(false)) => false,
                _ => return None,
            },
            Self::And(nodes) => {
                let mut open = false;
                for node in nodes {
                    match node.fits(row, view, found) {
                        Some(false) => return Some(false),
                        Some(true) => {}
                        None => open = true,
                    }
                }
                return (!open).then_some(true);
            }
        })
    }
}

impl Server {
    pub(super) fn search(&mut self, tag: String, uid: bool, key: &SearchKey) {
        let with_modseq = key.has_mod_seq();
        if with_modseq {
            self.enable_condstore();
        }
        let Some(selected) = &self.selected else {
            return;
        };
        if selected.gone {
            return self.finish(tag, DELETED, uid);
        }
        let mut criteria = Vec::new();
        let node = Node::compile(key, &selected.view, &mut criteria);
        let job = SearchJob {
            tag,
            uid,
            node,
            with_modseq,
        };
        let view = &selected.view;
        let open = view
            .rows()
            .filter(|row| job.node.fits(*row, view, None).is_none());
        let uids: Vec<u32> = open.map(|row| row.uid).collect();
        if uids.is_empty() {
            return self.found(job, None);
        }
        self.ask(
            Question::Search { uids, criteria },
            Job::Search(Box::new(job)),
        );
    }

    pub(super) fn search_answer(&mut self, job: SearchJob, answer: Answer) {
        match answer {
            Answer::Found(found) => self.found(job, Some(&found)),
            other => self.refuse(job.tag, &other),
        }
    }

    fn found(&mut self, job: SearchJob, found: Option<&[Vec<u32>]>) {
        let Some(selected) = &self.selected else {
            return;
        };
        let view = &selected.view;
        let out = self.out.buffer();
        write::put(out, "* SEARCH");
        let mut highest = 0;
        for row in view
            .rows()
            .filter(|row| job.node.fits(*row, view, found) == Some(true))
        {
            write::put(out, " ");
            write::number(out, u64::from(if job.uid { row.uid } else { row.number }));
            highest = highest.max(row.modseq);
        }
        if job.with_modseq && highest > 0 {
            write::put(out, &format!(" (MODSEQ {highest})"));
        }
        write::put(out, "\r\n");
        self.finish(job.tag, "OK SEARCH completed", job.uid);
    }
}
