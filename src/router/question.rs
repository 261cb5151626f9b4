//! What the Router asks while it routes, and the answers.

use std::sync::Arc;

use model::group::GroupSettings;
use uuid::Uuid;

/// A question of a routing run. It borrows from the run and can serve as the key of a cache look-up as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Question<'a> {
    /// What has this name in the domain? Answer: [`Answer::Object`].
    Object {
        /// Id of the domain.
        domain: Uuid,
        /// Case-folded name of an account, alias, forwarder, group or list.
        name: &'a str,
    },
    /// The name is unknown: may the external helper create it? Answer: [`Answer::Object`] with what has the name
    /// afterwards. Never cached.
    Consult {
        /// Id of the domain.
        domain: Uuid,
        /// Case-folded local part.
        name: &'a str,
    },
    /// Which account owns the telephone number? Answer: [`Answer::Owner`].
    Number {
        /// `+` and digits.
        number: &'a str,
    },
    /// NAPTR records of the number under an ENUM root (RFC 6116 §3.1). Answer: [`Answer::Naptr`].
    Enum {
        /// `+` and digits; [`enum_name`](crate::enum_name) makes the DNS name of it.
        number: &'a str,
        /// The root.
        zone: &'a str,
    },
}

/// The answer to a question.
#[derive(Debug, Clone)]
pub enum Answer {
    /// What has the name.
    Object(Object),
    /// The owner of the number.
    Owner(Option<Owner>),
    /// The records, in any order; empty when there are none or the DNS did not answer in time.
    Naptr(Arc<[Naptr]>),
    /// The directory or the helper cannot answer now: the run ends with a temporary error.
    Unavailable,
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// Nothing.
    Nothing,
    /// An account, by its name or an alias.
    Account(Account),
    /// A forwarder and its target.
    Forwarder(Arc<str>),
    /// A group.
    Group(Arc<Group>),
    /// A mailing list.
    List(List),
}

/// What the Router needs to know about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id.
    pub id: Uuid,
    /// Name in its domain, also when it was found by an alias.
    pub name: Arc<str>,
    /// It may sign in.
    pub login: bool,
    /// It takes calls and messages.
    pub signal: bool,
    /// Applications may run on its behalf.
    pub applications: bool,
}

/// The account that owns a telephone number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Name of the account's domain.
    pub domain: Arc<str>,
    /// The account.
    pub account: Account,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Id.
    pub id: Uuid,
    /// Name in its domain.
    pub name: Arc<str>,
    /// Addresses; those without a domain are in the group's domain.
    pub members: Vec<Arc<str>>,
    /// How it distributes.
    pub settings: GroupSettings,
}

/// A mailing list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Id.
    pub id: Uuid,
    /// Name in its domain.
    pub name: Arc<str>,
}

/// A NAPTR record (RFC 3403 §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naptr {
    /// Lower numbers first.
    pub order: u16,
    /// Among equal orders, lower numbers first.
    pub preference: u16,
    /// Flags; ENUM uses `u`.
    pub flags: String,
    /// Services, for example `E2U+sip`.
    pub services: String,
    /// Substitution, for example `!^.*$!sip:info@example.com!`.
    pub regexp: String,
}
