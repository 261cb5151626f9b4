//! SIP (RFC 3261): messages read in place and written by splicing, transactions, a stateful proxy, and what user agents and
//! registrars keep.
//!
//! Types to know: [`parse`] and [`Framer`] make [`Parsed`] of octets; [`Request`] and [`Response`] are octets with an index
//! of [`Fields`]; [`header`] holds the views of single header fields, read when asked for; [`Splice`] changes a message that
//! is passed on, [`Writer`] makes one of our own. Above the transactions of an [`Endpoint`] stand
//! [`Proxy`](proxy::Proxy), what becomes of one request that is passed on; [`Locations`](registrar::Locations), the bindings
//! of a node; [`Guard`](digest_auth::Guard), which knows who sent a request; [`Dialog`];
//! [`Notifier`](subscription::Notifier) and [`Publications`](publication::Publications) with the bodies of [`event_body`].
//!
//! Deliberately absent: what a session description means (octets here), our own names and addresses, sockets, look-ups,
//! accounts and rules: who may do what is decided by the driver.
//!
//! Invariants: nothing is allocated per header field; a field nobody changed leaves as it came, octet for octet; a bad
//! message is a value that says what to do, never a panic; a request that is refused has changed nothing.
//!
//! Driven by: `realtime`, with one [`Framer`] per connection, [`parse`] per datagram, one [`Endpoint`] per worker, and one
//! proxy per request.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod check;
mod deadlines;
pub mod dialog;
pub mod digest_auth;
pub mod endpoint;
pub mod event_body;
mod fields;
mod framer;
#[doc(hidden)]
pub mod fuzzing;
pub mod header;
pub mod identity;
mod index;
mod limits;
pub mod locate;
mod message;
mod method;
mod name;
pub mod nat;
mod params;
pub mod proxy;
pub mod record_route;
pub mod publication;
mod refusal;
pub mod registrar;
mod scan;
mod splice;
pub mod subscription;
#[cfg(test)]
mod testing;
pub mod token;
#[cfg(test)]
mod torture;
pub mod transaction;
pub mod uri;
mod writer;

pub use dialog::Dialog;
pub use endpoint::Endpoint;
pub use fields::Fields;
pub use framer::{Frame, Framer};
pub use limits::Limits;
pub use message::{Fault, Message, Parsed, Refused, Request, Response, parse};
pub use method::Method;
pub use name::Name;
pub use params::Params;
pub use refusal::Refusal;
pub use scan::Malformed;
pub use splice::Splice;
pub use uri::Uri;
pub use writer::{Writer, reason_phrase};
