//! POP3 as a server machine (RFC 1939), with CAPA, STLS, AUTH, pipelining, response codes and UTF8.
//!
//! Types to know: [`Server`] (the machine), [`Question`] and [`Answer`] (what it asks of the shell), [`Config`]. The
//! mailbox is a snapshot of the time of sign-in; deletions are asked for at QUIT and never else.
//!
//! Deliberately absent: APOP and other mechanisms that need clear passwords, locks (every session has its own snapshot),
//! storage, clocks.
//!
//! Driven by: the shell of `access`, through the stream loop.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod command;
#[doc(hidden)]
pub mod fuzzing;
mod multiline;
mod protocol;
mod server;

pub use protocol::{Answer, Config, Entry, Notice, Opened, Question, Refusal};
pub use server::Server;
