//! SMTP (RFC 5321), submission (RFC 6409) and LMTP (RFC 2033): the receiving and the sending side.
//!
//! Types to know: [`Server`] and [`Client`], both [`types::Machine`]s over the stream envelopes, with the questions they
//! ask in [`server`] and [`client`]; [`Path`], [`Reply`] and [`EnhancedCode`].
//!
//! Deliberately absent: what a message means (mail is bytes here; only `Received` fields are counted), who may send what to
//! whom (questions), names and addresses of hosts, queues, and connections. A message is never held as a whole.
//!
//! Invariants: a received message ends at CRLF.CRLF only; what is handed on consists of whole lines; what is sent does too.
//!
//! Driven by: `mta`, whose handlers answer the questions.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod buffer;
pub mod client;
mod command;
#[doc(hidden)]
pub mod fuzzing;
mod header;
mod incoming;
mod outgoing;
mod parameters;
mod path;
mod reply;
pub mod server;

pub use client::Client;
pub use command::{Command, CommandError, Verb};
pub use incoming::BareNewline;
pub use parameters::{
    Body, MailParameters, Notify, OriginalRecipient, ParameterError, RcptParameters, Ret,
};
pub use path::{Path, PathError, take_path};
pub use reply::{EnhancedCode, Reply, ReplyError, ReplyParser};
pub use server::Server;
