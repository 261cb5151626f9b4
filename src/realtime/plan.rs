//! What may still happen to a call: the accounts that it was for, how far each is, and how often it was sent on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use rules::{Caller, Course, Why};
use service::{Sender, Subscriber};
use sip::Request;
use uuid::Uuid;

use crate::ruled::{account_of, caller_of};

/// Most times a call is sent elsewhere, and most addresses it is sent to.
const REDIRECTIONS: usize = 5;
pub(crate) const ADDRESSES: usize = 20;

/// What may still happen to a call.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) caller: Caller,
    pub(crate) sender: Sender,
    pub(crate) callees: Vec<Callee>,
    /// Accounts that were asked once: nobody is called in a circle.
    pub(crate) seen: HashSet<Uuid>,
    pub(crate) redirections: usize,
    pub(crate) addresses: usize,
    /// How many answers of the Router are awaited.
    pub(crate) asked: usize,
    pub(crate) groups: u32,
    /// The Diversion fields of what was diverted, by group, the latest first.
    pub(crate) diversions: HashMap<u32, Vec<String>>,
    /// The server's rules have discarded those of later stages.
    pub(crate) discarded: bool,
}

/// An account that is called.
#[derive(Debug)]
pub(crate) struct Callee {
    pub(crate) account: Arc<Subscriber>,
    /// The group of its telephones.
    pub(crate) group: u32,
    /// The groups of the other addresses that ring for it.
    pub(crate) others: Vec<u32>,
    /// The callee for whom it rings.
    pub(crate) parent: Option<usize>,
    /// The groups whose outcome counts: of its telephones, or of what they were redirected to.
    pub(crate) counts: Vec<u32>,
    /// Whether it has telephones that were tried.
    pub(crate) telephones: bool,
    pub(crate) status: u16,
    pub(crate) course: Course,
    /// When it was called.
    pub(crate) began: Instant,
}

/// Where a call goes next, while the Router is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leading {
    pub(crate) why: Why,
    /// Whoever rings is called off.
    pub(crate) redirects: bool,
    /// The telephones of the account are among the targets.
    pub(crate) telephones: bool,
}

impl Plan {
    pub(crate) fn new(request: &Request, sender: Sender, discarded: bool) -> Self {
        Self {
            caller: caller_of(request, &sender),
            sender,
            callees: Vec::new(),
            seen: HashSet::new(),
            redirections: 0,
            addresses: 0,
            asked: 0,
            groups: 0,
            diversions: HashMap::new(),
            discarded,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.callees.iter().filter_map(|callee| Some(callee.began + callee.course.deadline(&account_of(&callee.account))?)).min()
    }

    /// The Diversion fields for a group, topmost first.
    pub(crate) fn diversions(&self, group: u32) -> &[String] {
        self.diversions.get(&group).map_or(&[], Vec::as_slice)
    }

    /// A new group; what was diverted stays so.
    pub(crate) fn new_group(&mut self, parent: Option<(usize, Why)>) -> u32 {
        let group = self.groups;
        self.groups += 1;
        if let Some((index, why)) = parent
            && let Some(callee) = self.callees.get_mut(index)
        {
            callee.others.push(group);
            let mut fields = vec![format!("<sip:{}>;reason={}", callee.account.address, why.reason())];
            let of_callee = self.diversions.get(&callee.group).cloned().unwrap_or_default();
            fields.extend(of_callee);
            self.diversions.insert(group, fields);
        }
        group
    }

    /// The groups of all that rings for a callee.
    pub(crate) fn groups_of(&self, index: usize) -> Vec<u32> {
        let belongs = |mut one: usize| loop {
            if one == index {
                return true;
            }
            match self.callees.get(one).and_then(|callee| callee.parent) {
                Some(parent) if parent < one => one = parent,
                _ => return false,
            }
        };
        let of = self.callees.iter().enumerate().filter(|(one, _)| belongs(*one)).map(|(_, callee)| callee);
        of.flat_map(|callee| std::iter::once(callee.group).chain(callee.others.iter().copied())).collect()
    }

    /// Whether the call may go on to so many more addresses; counts them.
    pub(crate) fn may_go_on(&mut self, redirects: bool, addresses: usize) -> bool {
        self.redirections += usize::from(redirects);
        self.addresses += addresses;
        self.redirections <= REDIRECTIONS && self.addresses <= ADDRESSES
    }

    /// What a branch of a group came to; that it is busy counts more than anything else.
    pub(crate) fn note(&mut self, group: u32, status: u16) {
        let busy = |status| matches!(status, 486 | 600 | 603);
        for callee in self.callees.iter_mut().filter(|callee| callee.counts.contains(&group)) {
            if !busy(callee.status) || busy(status) {
                callee.status = status;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let octets = "INVITE sip:b@a.example SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:c@a.example>;tag=1\r\nTo: <sip:b@a.example>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n";
        match sip::parse(octets.into(), &sip::Limits::DATAGRAM) {
            sip::Parsed::Message(sip::Message::Request(request)) => Plan::new(&request, Sender::default(), false),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_call_is_sent_on_so_often_and_no_more() {
        let mut plan = plan();
        assert!((0..REDIRECTIONS).all(|_| plan.may_go_on(true, 1)));
        assert!(!plan.may_go_on(true, 1));
        let mut plan = self::plan();
        assert!((0..ADDRESSES).all(|_| plan.may_go_on(false, 1)));
        assert!(!plan.may_go_on(false, 1));
    }
}
