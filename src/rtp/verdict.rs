//! The media verdict: which way a stream is silent, since when, and why (media.md §8).

use crate::SECOND;

/// Silence that is worth a verdict.
const LONG: u64 = 10 * SECOND;
/// Packets the other way that show that the call lives.
const ALIVE: u64 = 50;

/// What is known of one end of a stream, and of what comes from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Leg {
    /// The descriptions say that it sends and that the other end wants to hear it.
    pub promised: bool,
    /// Packets of it that were taken.
    pub packets: u64,
    /// When the latest was taken.
    pub last: Option<u64>,
    /// Packets that came to its port from elsewhere.
    pub foreign: u64,
    /// Packets of payload types that its description does not name.
    pub wrong_payload: u64,
    /// The network said that what was sent to it is not received.
    pub unreachable: bool,
    /// It was shown a private address, and is not in our network.
    pub shown_private: bool,
    /// The port of ours that it was shown.
    pub port: u16,
}

/// Who is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silent {
    /// The caller.
    Caller,
    /// The called.
    Callee,
    /// Both.
    Both,
}

/// Why an end is silent, as far as one can guess from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Packets come, from an address that cannot be believed.
    NotLatched,
    /// It was told to send to a private address that it cannot reach.
    PrivateAddress,
    /// Nothing has ever come: a filter is on the way, or our port is not open.
    Firewall,
    /// Packets come in a format that nobody agreed on.
    WrongPayload,
    /// Its address refuses what is sent to it.
    Unreachable,
    /// It was heard, and is no more.
    Stopped,
}

/// A way that is silent though it should not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Who is not heard.
    pub silent: Silent,
    /// Since when.
    pub since: u64,
    /// Why; of the caller when both are silent.
    pub why: Why,
    /// The port of ours that must be open for it.
    pub port: u16,
}

/// Judges a stream whose answer came at `answered`; `None` when it is sound or too young to tell.
pub fn verdict(now: u64, answered: u64, caller: &Leg, callee: &Leg) -> Option<Verdict> {
    let since = |leg: &Leg| leg.last.unwrap_or(0).max(answered);
    let silent = |leg: &Leg| leg.promised && now.saturating_sub(since(leg)) >= LONG;
    let judged = |silent, leg: &Leg, since| Some(Verdict { silent, since, why: why(leg), port: leg.port });
    match (silent(caller), silent(callee)) {
        (true, true) => judged(Silent::Both, caller, since(caller).min(since(callee))),
        (true, false) if !callee.promised || callee.packets >= ALIVE => judged(Silent::Caller, caller, since(caller)),
        (false, true) if !caller.promised || caller.packets >= ALIVE => judged(Silent::Callee, callee, since(callee)),
        _ => None,
    }
}

fn why(leg: &Leg) -> Why {
    match leg {
        leg if leg.unreachable => Why::Unreachable,
        leg if leg.packets > 0 => Why::Stopped,
        leg if leg.wrong_payload > 0 => Why::WrongPayload,
        leg if leg.foreign > 0 => Why::NotLatched,
        leg if leg.shown_private => Why::PrivateAddress,
        _ => Why::Firewall,
    }
}
