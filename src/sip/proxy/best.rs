//! Which response goes back when none is a 2xx (RFC 3261 §16.7 steps 6 and 7).

use super::BranchId;
use crate::{Limits, Message, Name, Parsed, Response, Splice, parse};

/// What a branch came to.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) status: u16,
    /// The response, unless it is our own verdict.
    pub(super) response: Option<(BranchId, Response)>,
}

/// The best of all outcomes in order of time: any 6xx, else the lowest class; a 408 only when there is nothing else.
pub(super) fn best(outcomes: &[Outcome]) -> Option<&Outcome> {
    // The least key wins, the last of equal ones.
    let key = |status: u16| match status {
        408 => (2, 0, 0),
        600.. => (0, 0, 0),
        // That of a branch which was called off says less than why.
        487 => (1, 4, 2),
        401 | 407 | 415 | 420 | 484 => (1, 4, 0),
        _ => (1, status / 100, 1),
    };
    outcomes
        .iter()
        .rev()
        .min_by_key(|outcome| key(outcome.status))
}

/// Whether all outcomes are 503, so that others will be, too.
pub(super) fn all_unavailable(outcomes: &[Outcome]) -> bool {
    outcomes.iter().all(|outcome| outcome.status == 503)
}

/// The chosen 401 or 407 with the challenges of all others.
pub(super) fn merged(chosen: &Response, outcomes: &[Outcome]) -> Option<Response> {
    const CHALLENGES: [Name; 2] = [Name::WwwAuthenticate, Name::ProxyAuthenticate];
    let mut splice = Splice::response(chosen);
    let mut added: Vec<(Name, &[u8])> = Vec::new();
    let challenged = outcomes
        .iter()
        .filter(|outcome| matches!(outcome.status, 401 | 407));
    for (_, other) in challenged.filter_map(|outcome| outcome.response.as_ref()) {
        for name in CHALLENGES {
            for value in other.values(name) {
                let known = chosen.values(name).any(|found| found == value);
                if !known && !added.contains(&(name, value)) {
                    added.push((name, value));
                }
            }
        }
    }
    if added.is_empty() {
        return None;
    }
    for (name, value) in added {
        splice.append(name, value);
    }
    match parse(splice.finish(), &Limits::OURS) {
        Parsed::Message(Message::Response(response)) => Some(response),
        _ => None,
    }
}
