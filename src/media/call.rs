//! A call as the relay knows it: legs, branches, and what each end was last shown.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use sdp::{Description, NewOrigin, Rewrite};
use service::media::MediaSide;
use uuid::Uuid;

use crate::decide::{Local, Surroundings};
use crate::endpoint::Slot;
use crate::loops::Place;

/// A pair of ports toward one end, for one m-line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leg {
    pub(crate) rtp: Slot,
    pub(crate) rtcp: Slot,
    pub(crate) port: u16,
    pub(crate) local: Local,
    /// Where the end says that it listens: for RTP and for RTCP.
    pub(crate) described: Option<(SocketAddr, SocketAddr)>,
}

impl Leg {
    pub(crate) fn shown(&self) -> SocketAddr {
        SocketAddr::new(self.local.shown, self.port)
    }
}

/// What one end was last shown of the other.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    session: u64,
    version: u64,
    source: Bytes,
    body: Bytes,
}

impl Shown {
    /// The description for the end; its version rises when it differs from the one before (RFC 3264 §8).
    pub(crate) fn show(&mut self, description: &Description, address: IpAddr, ports: &[Option<u16>]) -> Bytes {
        if self.session == 0 {
            // 62 bits, as some read a signed number.
            self.session = rand::random::<u64>() >> 2 | 1;
            self.version = 1;
        }
        let mut origin = NewOrigin { user: "-", session: self.session, version: self.version };
        let mut body = Rewrite { address, origin, ports }.apply(description);
        if !self.body.is_empty() && body != self.body {
            self.version += 1;
            origin.version = self.version;
            body = Rewrite { address, origin, ports }.apply(description);
        }
        self.source = description.body().clone();
        self.body = body.clone();
        body
    }
}

/// Offer and answer on a branch.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) from_caller: bool,
    pub(crate) offer: Description,
    pub(crate) answer: Option<Description>,
}

impl Exchange {
    /// The descriptions of caller and called.
    pub(crate) fn both(&self) -> Option<(&Description, &Description)> {
        let answer = self.answer.as_ref()?;
        Some(if self.from_caller { (&self.offer, answer) } else { (answer, &self.offer) })
    }
}

/// One branch of a call.
#[derive(Debug, Default)]
pub(crate) struct Branch {
    pub(crate) relayed: bool,
    pub(crate) side: Option<MediaSide>,
    /// Our address toward the called.
    pub(crate) local: Option<Local>,
    /// Toward the called.
    pub(crate) legs: Vec<Option<Leg>>,
    /// The offer that waits for an answer or had one last.
    pub(crate) exchange: Option<Exchange>,
    /// The last one that was answered.
    pub(crate) agreed: Option<Exchange>,
    pub(crate) to_caller: Shown,
    pub(crate) to_callee: Shown,
    /// The call that its offer came back from.
    pub(crate) came_back: Option<Uuid>,
    /// The answer of its last preview.
    pub(crate) preview: Bytes,
}

/// A call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) id: Uuid,
    /// The relay thread that has all its sockets.
    pub(crate) worker: usize,
    pub(crate) caller: Option<MediaSide>,
    /// Our address toward the caller.
    pub(crate) local: Option<Local>,
    /// Toward the caller, shared by all branches.
    pub(crate) legs: Vec<Option<Leg>>,
    pub(crate) branches: BTreeMap<u32, Branch>,
    /// The branch whose media the caller hears.
    pub(crate) active: Option<u32>,
    pub(crate) won: Option<u32>,
    pub(crate) answered: Option<u64>,
    /// When somebody was first heard before the answer.
    pub(crate) early: Option<u64>,
    pub(crate) ended: bool,
    /// The answer that is awaited, as its own offer came back here and was answered.
    pub(crate) direct: Option<Place>,
}

impl Call {
    pub(crate) fn new(id: Uuid, worker: usize) -> Self {
        Self { id, worker, caller: None, local: None, legs: Vec::new(), branches: BTreeMap::new(), active: None, won: None, answered: None, early: None, ended: false, direct: None }
    }

    /// The branch that is meant: the named one, the one that won, or the only one.
    pub(crate) fn branch_number(&self, branch: Option<u32>) -> Option<u32> {
        branch.or(self.won).or_else(|| self.branches.keys().next().copied().filter(|_| self.branches.len() == 1))
    }

    /// Takes note of both ends as they are now, and of our address toward each; finding it asks the routing table.
    pub(crate) fn meet(&mut self, around: &Surroundings, number: u32, caller: &MediaSide, callee: &MediaSide) {
        if self.local.is_none() || self.caller.is_some_and(|before| before.source != caller.source) {
            self.local = around.local(caller);
        }
        self.caller = Some(*caller);
        let branch = self.branches.entry(number).or_default();
        if branch.local.is_none() || branch.side.is_some_and(|before| before.source != callee.source) {
            branch.local = around.local(callee);
        }
        branch.side = Some(*callee);
    }

    /// The branch that counts: that of the dialog, else the one that is heard, else any.
    pub(crate) fn leading(&self) -> Option<&Branch> {
        let number = self.won.or(self.active).or_else(|| self.branches.keys().next().copied())?;
        self.branches.get(&number)
    }

    pub(crate) fn all_legs(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().chain(self.branches.values().flat_map(|branch| &branch.legs)).flatten()
    }
}
