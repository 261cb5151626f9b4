//! The Address Router.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod address;
mod context;
mod domains;
mod defaults;
mod error;
mod expand;
mod explain;
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
mod vectors;
