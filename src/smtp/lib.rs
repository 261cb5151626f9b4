//! SMTP and LMTP.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]
#![allow(dead_code)]

mod buffer;
mod command;
mod header;
mod incoming;
mod outgoing;
mod parameters;
mod path;
mod reply;
pub use command::*;
pub use incoming::BareNewline;
pub use parameters::*;
pub use path::*;
pub use reply::*;
