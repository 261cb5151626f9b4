//! The words everybody uses: values that are valid by construction, and the shape of a protocol machine.
//!
//! Types to know: [`Machine`], [`stream::Input`] and [`stream::Output`], [`Secret`], [`Timestamp`].
//! [`AddressSet`] holds address lines.
//! Deliberately absent: IO, clocks, randomness, any knowledge of a protocol.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod address_set;
mod machine;
mod secret;
pub mod stream;
mod timestamp;

pub use address_set::{AddressLineError, AddressSet};
pub use machine::Machine;
pub use secret::Secret;
pub use timestamp::Timestamp;
