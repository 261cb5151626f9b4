//! The nouns and verbs of the API: resources, settings and events, as every door shows them.
//!
//! Types to know: [`settings::Settings`], [`Page`], and one module per resource. Inputs refuse unknown fields; what a
//! door shows is exactly what is written here.
//! Deliberately absent: SQL, protocols, IO.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod account;
pub mod address_list;
pub mod auth;
pub mod call;
pub mod certificate;
pub mod check;
pub mod dataset;
pub mod dns_check;
pub mod domain;
pub mod event;
pub mod forwarder;
pub mod group;
pub mod im;
pub mod listener;
pub mod mail_trace;
pub mod mailbox;
pub mod media;
pub mod message;
pub mod network;
mod page;
pub mod presence;
pub mod queue;
pub mod registration;
pub mod roster;
pub mod routing;
pub mod rule;
pub mod server;
pub mod settings;
pub mod setup;
pub mod sip;
pub mod sip_peer;
pub mod submission;
pub mod trend;

pub use page::{ListParams, Page, PageInfo};

/// Makes `Option<Option<T>>` tell "absent" (unchanged) from `null` (clear) in a merge patch (RFC 7396).
pub fn clearable<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}
