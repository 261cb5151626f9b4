//! Session descriptions (RFC 8866): read with positions, edited in place, and the rules of offer and answer (RFC 3264).
//!
//! Types to know: [`Description`] is a body with what was found in it and where; [`Rewrite`] puts a relay's addresses and
//! ports into it; [`part`] finds the description in a body of several parts; [`negotiate`] compares descriptions.
//!
//! Deliberately absent: sockets, ports to choose, encryption and ICE (their lines are kept or taken out, never understood),
//! descriptions of our own making.
//!
//! Invariants: a line nobody changed leaves as it came, octet for octet; what two readers might read differently (a line
//! that must stand once and stands twice) is refused; a fault is a value with its position.
//!
//! Driven by: `media`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod codec;
mod description;
mod fault;
#[doc(hidden)]
pub mod fuzzing;
mod lines;
pub mod negotiate;
mod part;
mod read;
mod rewrite;
#[cfg(test)]
mod tests;

pub use codec::Codec;
pub use description::{Connection, Description, Direction, Kind, Media, Origin, Protocol, Rtcp};
pub use fault::{Fault, Reason};
pub use part::part;
pub use rewrite::{NewOrigin, Rewrite};

/// Longest body that is read, in octets.
pub const LONGEST: usize = 64 * 1024;
/// Most m-lines of a description.
pub const MOST_MEDIA: usize = 30;
/// Most lines of a description.
pub const MOST_LINES: usize = 4096;
