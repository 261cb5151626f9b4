//! Finding the records that may match an address without looking at the others.
//!
//! One index per flow. Exact left sides stand in hash maps; a pattern stands under its domain, under the labels its domain
//! pattern ends with, or among the open ones, and there in a tree along the literal start of its local pattern (or its
//! literal end). A look-up hands out short lists in table order; the caller keeps the earliest record that matches, so the
//! result is that of a linear scan.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use model::routing::Flow;

use crate::address::Address;
use crate::pattern::Pattern;
use crate::rule::{DomainSide, Left, Rule};

/// Literal octets of a local pattern the tree looks at.
const DEPTH: usize = 16;
/// Labels of a domain pattern's literal end the index looks at.
const LABELS: usize = 5;

type Map<V> = HashMap<Box<str>, V, FixedState>;

/// A record in a list, with the lengths its local pattern can match.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) rule: u32,
    min: u8,
    max: u8,
}

impl Entry {
    #[inline]
    pub(crate) fn fits(self, local: usize) -> bool {
        usize::from(self.min) <= local && local <= usize::from(self.max)
    }
}

#[derive(Debug, Default)]
struct Node {
    entries: Vec<Entry>,
    children: Vec<(u8, u32)>,
}

/// Two trees: along the start and along the end of the local part.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    starts: u32,
    ends: u32,
}

/// The records of one flow.
#[derive(Debug)]
pub(crate) struct Index {
    nodes: Vec<Node>,
    exact: Map<Vec<Entry>>,
    by_local: Map<Vec<Entry>>,
    by_domain: Map<Bucket>,
    by_suffix: Map<Bucket>,
    /// Bit n is set when `by_suffix` has keys of n labels.
    suffix_labels: u32,
    open: Bucket,
}

impl Index {
    /// Indexes the records that serve the flow.
    pub(crate) fn new(rules: &[Rule], flow: Flow) -> Self {
        let mut index = Self {
            nodes: vec![Node::default(), Node::default()],
            exact: Map::default(),
            by_local: Map::default(),
            by_domain: Map::default(),
            by_suffix: Map::default(),
            suffix_labels: 0,
            open: Bucket { starts: 0, ends: 1 },
        };
        for (number, rule) in rules.iter().enumerate() {
            if rule.flows.serve(flow) {
                index.add(u32::try_from(number).unwrap_or(u32::MAX), &rule.left);
            }
        }
        index
    }

    fn add(&mut self, rule: u32, left: &Left) {
        let (local, domain) = match left {
            Left::Domain(pattern) => (None, Some(pattern)),
            Left::Account {
                local,
                domain: DomainSide::Pattern(pattern),
            } => (Some(local), Some(pattern)),
            Left::Account {
                local,
                domain: DomainSide::Local,
            } => (Some(local), None),
            Left::Account {
                local,
                domain: DomainSide::Empty,
            } => {
                match local.as_literal() {
                    Some(name) => self.exact.entry(name.into()).or_default().push(Entry {
                        rule,
                        min: 0,
                        max: u8::MAX,
                    }),
                    None => {
                        let bucket = bucket(&mut self.by_domain, &mut self.nodes, "");
                        self.plant(bucket, rule, Some(local));
                    }
                }
                return;
            }
        };
        let any = Entry {
            rule,
            min: 0,
            max: u8::MAX,
        };
        let name = local.and_then(Pattern::as_literal);
        let bucket = match (domain.and_then(Pattern::as_literal), name) {
            (Some(domain), Some(name)) => {
                return self
                    .exact
                    .entry(format!("{name}@{domain}").into())
                    .or_default()
                    .push(any);
            }
            (None, Some(name)) => return self.by_local.entry(name.into()).or_default().push(any),
            (Some(domain), None) => bucket(&mut self.by_domain, &mut self.nodes, domain),
            (None, None) => match domain.and_then(|pattern| suffix(&pattern.tail)) {
                Some((labels, suffix)) => {
                    self.suffix_labels |= 1 << labels;
                    bucket(&mut self.by_suffix, &mut self.nodes, suffix)
                }
                None => self.open,
            },
        };
        self.plant(bucket, rule, local);
    }

    /// Puts a record into the tree of its bucket.
    fn plant(&mut self, bucket: Bucket, rule: u32, local: Option<&Pattern>) {
        let narrow = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
        let (mut node, entry, path): (u32, Entry, Vec<u8>) = match local {
            None => (
                bucket.starts,
                Entry {
                    rule,
                    min: 0,
                    max: u8::MAX,
                },
                Vec::new(),
            ),
            Some(pattern) => {
                let entry = Entry {
                    rule,
                    min: narrow(pattern.min),
                    max: narrow(pattern.max),
                };
                if pattern.head.is_empty() && !pattern.tail.is_empty() {
                    (
                        bucket.ends,
                        entry,
                        pattern.tail.bytes().rev().take(DEPTH).collect(),
                    )
                } else {
                    (
                        bucket.starts,
                        entry,
                        pattern.head.bytes().take(DEPTH).collect(),
                    )
                }
            }
        };
        for byte in path {
            let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
            let Some(current) = self.nodes.get_mut(node as usize) else {
                return;
            };
            node = match current.children.iter().find(|(b, _)| *b == byte) {
                Some((_, child)) => *child,
                None => {
                    current.children.push((byte, next));
                    self.nodes.push(Node::default());
                    next
                }
            };
        }
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.entries.push(entry);
        }
    }

    /// Hands out every list with records that may match the address; each is in table order.
    #[inline]
    pub(crate) fn lists<'i>(&'i self, address: &Address, mut visit: impl FnMut(&'i [Entry])) {
        let (local, domain) = (address.local_key(), address.domain());
        if let Some(list) = self.exact.get(address.key()) {
            visit(list);
        }
        if let Some(bucket) = self.by_domain.get(domain) {
            self.walk(*bucket, local, &mut visit);
        }
        if !self.by_local.is_empty()
            && let Some(list) = self.by_local.get(local)
        {
            visit(list);
        }
        if self.suffix_labels != 0 {
            let dots = domain
                .bytes()
                .enumerate()
                .rev()
                .filter(|(_, byte)| *byte == b'.')
                .map(|(at, _)| at + 1);
            for (labels, start) in (1..=LABELS).zip(dots.chain([0])) {
                if self.suffix_labels & (1 << labels) != 0
                    && let Some(bucket) = domain
                        .get(start..)
                        .and_then(|suffix| self.by_suffix.get(suffix))
                {
                    self.walk(*bucket, local, &mut visit);
                }
            }
        }
        self.walk(self.open, local, &mut visit);
    }

    #[inline]
    fn walk<'i>(&'i self, bucket: Bucket, local: &str, visit: &mut impl FnMut(&'i [Entry])) {
        self.descend(bucket.starts, local.bytes(), visit);
        self.descend(bucket.ends, local.bytes().rev(), visit);
    }

    #[inline]
    fn descend<'i>(
        &'i self,
        root: u32,
        path: impl Iterator<Item = u8>,
        visit: &mut impl FnMut(&'i [Entry]),
    ) {
        let mut node = self.nodes.get(root as usize);
        let mut path = path.take(DEPTH);
        while let Some(current) = node {
            if !current.entries.is_empty() {
                visit(&current.entries);
            }
            if current.children.is_empty() {
                return;
            }
            node = path
                .next()
                .and_then(|byte| current.children.iter().find(|(b, _)| *b == byte))
                .and_then(|(_, child)| self.nodes.get(*child as usize));
        }
    }
}

fn bucket(map: &mut Map<Bucket>, nodes: &mut Vec<Node>, key: &str) -> Bucket {
    *map.entry(key.into()).or_insert_with(|| {
        let starts = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
        nodes.extend([Node::default(), Node::default()]);
        Bucket {
            starts,
            ends: starts.saturating_add(1),
        }
    })
}

/// The whole labels a domain pattern ends with, at most [`LABELS`], and their number.
fn suffix(tail: &str) -> Option<(usize, &str)> {
    let labels = tail
        .get(tail.find('.')? + 1..)
        .filter(|labels| !labels.is_empty())?;
    let count = labels.split('.').count();
    let start = labels
        .rmatch_indices('.')
        .nth(LABELS - 1)
        .map_or(0, |(at, _)| at + 1);
    Some((count.min(LABELS), labels.get(start..)?))
}
