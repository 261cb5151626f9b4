//! The words everybody uses: values that are valid by construction, and the shape of a protocol machine.
//!
//! Types to know: [`Machine`], [`stream::Input`] and [`stream::Output`], [`Secret`].
//! Deliberately absent: IO, clocks, randomness, any knowledge of a protocol.

mod machine;
mod secret;
pub mod stream;

pub use machine::Machine;
pub use secret::Secret;
