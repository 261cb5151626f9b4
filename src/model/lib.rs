//! The nouns and verbs of the API: resources, settings and events, as every door shows them.
//!
//! Deliberately absent: SQL, protocols, IO.

pub mod routing;
