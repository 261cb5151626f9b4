//! The Address Router: every sender, recipient, login name and called party goes through it, and comes out as one
//! [`Route`] with its reasons.
//!
//! Types to know:
//! - [`Router`], compiled from the lines of a [`Table`], the settings and the [`Domains`]; immutable and shared.
//! - [`Routing`], one run over one address: it asks a [`Question`], takes an [`Answer`], and ends in an [`Outcome`].
//! - [`Outcome::verdict`] decides about relaying, [`Outcome::explain`] tells every step, [`Router::review`] names what is
//!   doubtful in a table.
//! - [`Expansion`] finds the final members of a group.
//!
//! A pass takes the server's own names off the address, looks for special words, tries the records from the first line,
//! then reserved domains, then our own domains, then the world; whatever changes the address starts another pass.
//! Records are found through an index, with the result of a scan from the first line (`reference` is that scan).
//!
//! Deliberately absent: accounts (they are asked for one by one and never held), caches, DNS, the clock, delivery.
//! `service` drives it: it answers the questions from a bounded cache or the database, and swaps the Router when the
//! table, the settings or a domain changes.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod address;
mod context;
mod defaults;
mod domains;
mod error;
mod expand;
mod explain;
#[doc(hidden)]
pub mod fuzzing;
mod index;
mod naptr;
mod pattern;
mod place;
mod question;
mod relay;
mod route;
mod router;
mod routing;
mod rule;
mod table;
mod template;
mod validate;

pub use address::{Address, AddressError, Beside, Scheme, fold};
pub use context::Context;
pub use defaults::{DEFAULT_TABLE, default_lines};
pub use domains::{Domain, Domains, Host, Unknown};
pub use error::{RouteError, Situation, SmtpReply};
pub use expand::{Expansion, Member};
pub use naptr::enum_name;
pub use question::{Account, Answer, Group, List, Naptr, Object, Owner, Question};
pub use relay::Verdict;
pub use route::{App, ListOperation, Local, Remote, Route, Sink};
pub use router::Router;
pub use routing::{Applied, Outcome, Routing, Step};
pub use table::{Body, Flows, Line, LineError, MAX_LINE, MAX_RECORDS, Reason, Record, Table};
pub use template::Template;
pub use validate::{Reference, rejected};

#[cfg(test)]
mod examples;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod vectors;
