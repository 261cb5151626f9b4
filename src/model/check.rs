//! What of this server is as it should be, and what is not.

use serde::Serialize;
use utoipa::ToSchema;

/// What of this server was checked.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ServerChecks {
    /// Every check, in a fixed order.
    pub data: Vec<ServerCheck>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServerCheck {
    /// What is checked: `database`, `listeners`, `disk`, `open_files` (for the ports of media and all connections), `media_ports`
    /// (how many pairs are in use), `media_streams`, `local_ports` (that the system gives to others but which are ports of
    /// media), or a warning of the addresses as in `/network/lan`, which stands here only when it applies.
    pub check: String,
    /// How it stands.
    pub state: CheckState,
    /// What there is, when it is a number.
    pub found: Option<i64>,
    /// What it is measured by.
    pub bound: Option<i64>,
    /// The same for people.
    pub detail: String,
}

/// How a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// It works, but not for long or not for all.
    Warning,
    /// It does not work.
    Failed,
}
