//! Sockets, TLS, DNS and the one loop that drives every protocol machine over a byte stream.
//!
//! Types to know: [`Listeners`], [`Certificates`], [`drive`] with its [`Handler`], [`Connection`].
//! Deliberately absent: what is spoken, who may speak, where anything is stored.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod certificates;
mod drive;
pub mod http;
mod interfaces;
mod listener;
mod proxy_protocol;
mod stream;

pub use certificates::{CertificateError, Certificates, Facts, Made, self_signed};
pub use drive::{Handler, drive};
pub use interfaces::{host_name, interface_addresses};
pub use listener::{Connection, Connections, Endpoint, Gate, OneOf, Serve, open};
pub use proxy_protocol::{ProxyHeader, read_header};
pub use stream::Stream;
