//! Media of calls: the relay of RTP and other datagrams between two ends that cannot, or shall not, reach each other.
//!
//! Types to know: [`Relay`] implements the port [`service::media::MediaControl`]; [`Surroundings`] is what it is told of
//! settings and networks, replaceable while it runs.
//!
//! Deliberately absent: signalling (the port is all it knows of it), transcoding, mixing, encryption, ICE.
//!
//! Threads: each relay thread owns its sockets and their state and takes orders from a queue; nothing on a packet's way is
//! locked or allocated, and the clock is read once for all packets that wait. One more thread passes events on.
//!
//! Driven by: `main`, which hands it to signalling.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod agree;
mod call;
mod capture;
mod control;
mod decide;
mod endpoint;
mod engine;
mod loops;
mod ports;
mod report;
mod socket;
mod sweep;
mod thread;
#[cfg(test)]
mod trials;

pub use control::Relay;
pub use decide::{Surroundings, usually_nated};
