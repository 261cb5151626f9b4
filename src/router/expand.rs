//! The final members of a group, nested groups included.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use model::routing::Flow;

use crate::address::Address;
use crate::domains::Domain;
use crate::question::Group;
use crate::route::Route;
use crate::routing::Outcome;

/// Groups inside groups that are followed.
const MAX_DEPTH: u32 = 10;
/// Members that are looked at in all.
const MAX_MEMBERS: usize = 100_000;

/// The expansion of a group. Take [`next_member`](Expansion::next_member), route it with
/// [`Context::relayable`](crate::Context::relayable), hand the outcome to [`add`](Expansion::add), until none is left.
#[derive(Debug)]
pub struct Expansion {
    flow: Flow,
    pending: VecDeque<(String, u32)>,
    /// Depth of the member that was taken last.
    depth: u32,
    seen: HashSet<String>,
    members: Vec<Member>,
    truncated: bool,
}

/// A final member.
#[derive(Debug, Clone)]
pub struct Member {
    /// The address as the group has it, with a domain.
    pub address: String,
    /// Where it leads; never a group.
    pub outcome: Outcome,
}

impl Expansion {
    /// Starts with the members of a group.
    pub fn new(group: &Group, domain: &Domain, flow: Flow) -> Self {
        let seen = HashSet::from([group_key(group, domain)]);
        let mut expansion = Self {
            flow,
            pending: VecDeque::new(),
            depth: 0,
            seen,
            members: Vec::new(),
            truncated: false,
        };
        expansion.enter(group, domain, 1);
        expansion
    }

    /// The next address to route.
    pub fn next_member(&mut self) -> Option<String> {
        let (address, depth) = self.pending.pop_front()?;
        self.depth = depth;
        Some(address)
    }

    /// Takes the outcome of the address that was handed out last. Each final address is kept once.
    pub fn add(&mut self, address: String, outcome: Outcome) {
        match &outcome.route {
            Route::Group { group, domain } => {
                if self.depth >= MAX_DEPTH {
                    self.truncated = true;
                } else if self.seen.insert(group_key(group, domain)) {
                    let (group, domain) = (Arc::clone(group), Arc::clone(domain));
                    self.enter(&group, &domain, self.depth + 1);
                }
            }
            // Every failing member is reported by its own address.
            Route::Error(_) if self.seen.insert(format!("ERROR {address}")) => {
                self.members.push(Member { address, outcome })
            }
            Route::Error(_) => {}
            route => {
                if self.seen.insert(route.to_string()) {
                    self.members.push(Member { address, outcome });
                }
            }
        }
    }

    /// The final members, in the order of the group.
    pub fn into_members(self) -> Vec<Member> {
        self.members
    }

    /// True when groups were nested too deep or had too many members: some are left out.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    fn enter(&mut self, group: &Group, domain: &Domain, depth: u32) {
        for member in &group.members {
            if self.pending.len() + self.members.len() >= MAX_MEMBERS {
                self.truncated = true;
                return;
            }
            // Names without a domain are in the group's domain.
            let address = match Address::parse(member, self.flow) {
                Ok(address) if address.domain().is_empty() => format!("{address}@{}", domain.name),
                _ => member.to_string(),
            };
            self.pending.push_back((address, depth));
        }
    }
}

fn group_key(group: &Group, domain: &Domain) -> String {
    format!("GROUP({}@{})", group.name, domain.name)
}
