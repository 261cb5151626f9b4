//! RTP and RTCP (RFC 3550) as a relay sees them: packets, what a stream has been through, whom to believe, what is amiss.
//!
//! Types to know: [`Header`] and [`kind`] read a datagram; [`Stream`] counts what arrives from one end; [`Latch`] decides
//! whose packets are taken; [`verdict`] says which way is silent and why; [`stun`] asks how others see an address, and tells.
//!
//! Deliberately absent: sockets, the payload, encryption.
//!
//! Times are microseconds on any steady clock that all calls share. Nothing on a packet's way allocates.
//!
//! Driven by: the relay threads of `media`; of STUN `net` and `realtime`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

#[doc(hidden)]
pub mod fuzzing;
mod latch;
mod packet;
mod quality;
mod rtcp;
mod stream;
pub mod stun;
mod verdict;
#[cfg(test)]
mod tests;

pub use latch::{Expected, Latch, Mode, Seen};
pub use packet::{Header, Kind, kind};
pub use quality::{Coding, Quality, coding, mos};
pub use rtcp::{Compound, Report, ReportBlock, Voip, compound};
pub use stream::{Arrival, Remote, RoundTrip, Stream};
pub use verdict::{Leg, Silent, Verdict, Why, verdict};

/// Microseconds of a second.
pub const SECOND: u64 = 1_000_000;
