//! Mail transfer: the shell of the SMTP machines.
//!
//! Types to know: [`Smtp`], what a listener serves for SMTP and submission; [`Runner`], which empties the queues.
//! Deliberately absent: the protocol (`smtp`), who may send what to whom and where mail is kept (`service`).

mod destination;
mod inbound;
mod outbound;
mod runner;
mod session;

pub use inbound::Smtp;
pub use runner::Runner;
pub use smtp::server::Protocol;
