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
pub mod server;

pub use command::{Command, CommandError, Verb};
pub use incoming::BareNewline;
pub use parameters::{
    Body, MailParameters, Notify, OriginalRecipient, ParameterError, RcptParameters, Ret,
};
pub use path::{Path, PathError, take_path};
pub use reply::{EnhancedCode, Reply, ReplyError, ReplyParser};
pub use server::Server;
