//! Sockets, TLS, DNS and the one loop that drives every protocol machine over a byte stream.
//!
//! Types to know: [`Listeners`], [`Certificates`], [`drive`] with its [`Handler`], [`Connection`], [`Resolver`].
//! Deliberately absent: what is spoken, who may speak, where anything is stored.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod certificates;
mod client;
mod datagrams;
mod drive;
mod exchange;
pub mod http;
mod interfaces;
mod cookie;
mod listener;
mod proxy_protocol;
mod resolver;
mod stream;
mod stun;
mod web;

pub use certificates::{CertificateError, Certificates, Facts, Made, self_signed};
pub use client::{connect, opportunistic_tls};
pub use datagrams::{Datagrams, Reader, source_address};
pub use drive::{Handler, drive};
pub use exchange::{Ask, DnsError, Exchange, MailHost, NoHost, Rules, Walk};
pub use interfaces::{host_name, interface_addresses, interface_networks};
pub use cookie::cookie;
pub use listener::{Connection, Connections, Endpoint, Gate, OneOf, Serve, open, open_datagrams};
pub use proxy_protocol::{ProxyHeader, read_header};
pub use resolver::{Dns, Pointer, Resolver, ServiceHost};
pub use stream::Stream;
pub use stun::seen_by;
pub use web::{MayAsk, Web, WebError};
