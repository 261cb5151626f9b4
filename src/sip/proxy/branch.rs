use std::time::Instant;

use bytes::Bytes;

use crate::Response;

/// One target that a request was sent to.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) uri: String,
    pub(super) route: Vec<String>,
    pub(super) group: u32,
    pub(super) lane: usize,
    pub(super) breadth: u32,
    pub(super) state: State,
    pub(super) cancel: Cancel,
    /// When it is given up if nothing else happens.
    pub(super) due: Instant,
    /// The request as it was sent last.
    pub(super) sent: Option<Bytes>,
}

#[derive(Debug)]
pub(super) enum State {
    /// The driver looks for the way.
    Resolving,
    Sent,
    /// A provisional response has come.
    Proceeding {
        /// Whether one beyond 100 was among them.
        progress: bool,
    },
    /// The driver decides about this 3xx.
    Redirected(Response),
    Final,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cancel {
    No,
    /// A CANCEL goes out when a provisional response has come (RFC 3261 §9.1), with these reasons.
    Wanted(Vec<String>),
    Sent,
}

impl Branch {
    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Final)
    }

    /// Whether it may still succeed.
    pub(super) fn is_tried(&self) -> bool {
        !self.is_over() && self.cancel == Cancel::No
    }
}
