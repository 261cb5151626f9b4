//! Who subscribes, and what is told him.

use super::{Handle, Resource};
use crate::dialog::Dialog;
use crate::endpoint::Flow;
use crate::registrar::AccountId;

/// Whether a subscriber is told the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// He is.
    Active,
    /// Nobody has decided yet: he is told as little as if nothing were known.
    Pending,
}

/// Why a subscription is over (RFC 6665 §4.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was not refreshed, or taken back.
    Timeout,
    /// The subscriber may subscribe again at once.
    Deactivated,
    /// The subscriber may subscribe again later, after so many seconds.
    Probation(u32),
    /// The subscriber may not know.
    Rejected,
    /// What was watched is no more.
    NoResource,
    /// The subscriber waited in vain to be allowed.
    Giveup,
}

impl Ending {
    /// The reason in Subscription-State.
    pub fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Deactivated => "deactivated",
            Self::Probation(_) => "probation",
            Self::Rejected => "rejected",
            Self::NoResource => "noresource",
            Self::Giveup => "giveup",
        }
    }
}

/// Who subscribes to what, as the driver found out.
#[derive(Debug, Clone, Copy)]
pub struct Subscriber<'a> {
    /// What he watches.
    pub resource: Resource,
    /// The account he was authenticated as, `None` for a stranger.
    pub watcher: Option<AccountId>,
    /// Whether he is told.
    pub standing: Standing,
    /// Where the request came from.
    pub flow: Flow,
    /// The tag of our answer, random.
    pub tag: &'a str,
    /// The value of Contact in our messages, `<sip:…>`.
    pub contact: &'a str,
}

/// What a subscription is made of besides its times, to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its dialog; our requests go to [`Dialog::next_hop`] when its flow is no more.
    pub dialog: Dialog,
    /// What tells it from others in its dialog.
    pub event_id: Option<Box<str>>,
    /// The value of Contact in our messages.
    pub contact: Box<str>,
}

/// Somebody to be told now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The subscription.
    pub handle: Handle,
    /// What is watched.
    pub resource: Resource,
    /// The number of the body, one more for each, where the package counts them.
    pub version: u32,
    /// Whether the state may be told; otherwise the body is as if nothing were known.
    pub standing: Standing,
    /// Why this is the last, when it is.
    pub ending: Option<Ending>,
}
