//! Mail transfer: the shell of the SMTP machines.
//!
//! Types to know: [`Smtp`], what a listener serves for SMTP and submission.
//! Deliberately absent: the protocol (`smtp`), who may send what to whom and where mail is kept (`service`).

mod inbound;
mod session;

pub use inbound::Smtp;
pub use smtp::server::Protocol;
