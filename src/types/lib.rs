//! The words everybody uses: values that are valid by construction, and the shape of a protocol machine.
//!
//! Types to know: [`Machine`], [`stream::Input`] and [`stream::Output`], [`Secret`], [`Timestamp`].
//! Deliberately absent: IO, clocks, randomness, any knowledge of a protocol.

mod machine;
mod secret;
pub mod stream;
mod timestamp;

pub use machine::Machine;
pub use secret::Secret;
pub use timestamp::Timestamp;
