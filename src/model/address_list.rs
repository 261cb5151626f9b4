//! Named lists of addresses.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A named list of address lines; the last line that matches decides.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AddressList {
    /// Name of the list.
    pub name: String,
    /// Lines: `192.0.2.7`, `192.0.2.0/24`, `192.0.2.1-192.0.2.9`, `!192.0.2.5`, `#other`, `; comment`.
    pub lines: Vec<String>,
    /// Version of the object, its ETag.
    pub version: i64,
}

/// Replaces a list.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceAddressList {
    /// Name of the list.
    pub list: String,
    /// Its lines, all of them.
    pub lines: Vec<String>,
}

/// Whether an address is in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AddressTest {
    /// Whether it is in.
    pub listed: bool,
    /// The line that decided, counted from 1.
    pub line: Option<i32>,
}
