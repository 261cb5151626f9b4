//! Rosters: whom accounts know, and who sees whose presence.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who of two sees the presence of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RosterSubscription {
    /// Neither.
    None,
    /// The account sees that of the buddy.
    To,
    /// The buddy sees that of the account.
    From,
    /// Both.
    Both,
}

/// Somebody in a roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Buddy {
    /// The address.
    pub peer: String,
    /// What the account calls the buddy.
    pub name: String,
    /// Groups the buddy stands in.
    pub groups: Vec<String>,
    /// The account knows the buddy; otherwise the buddy only asks to see its presence.
    pub known: bool,
    /// Who sees whose presence.
    pub subscription: RosterSubscription,
    /// The account waits to be allowed to see the presence of the buddy.
    pub asked: bool,
    /// The buddy waits to be allowed to see that of the account.
    pub waiting: bool,
}

/// Chooses entries of a roster.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRoster {
    /// The account: id, address or `me`.
    pub account: String,
    /// Most on a page.
    pub limit: Option<i64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

/// Puts somebody into a roster, and asks to see the presence of who is an account here.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddBuddy {
    /// The account: id, address or `me`.
    pub account: String,
    /// Whom: an address, or a name or number of the own domain.
    pub peer: String,
    /// What the account calls the buddy.
    #[serde(default)]
    pub name: String,
    /// Groups the buddy stands in.
    #[serde(default)]
    pub groups: Vec<String>,
}

/// Changes an entry of a roster.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateBuddy {
    /// The account: id, address or `me`.
    pub account: String,
    /// The address of the buddy.
    pub peer: String,
    /// What the account calls the buddy.
    pub name: Option<String>,
    /// Groups the buddy stands in.
    pub groups: Option<Vec<String>>,
}

/// Names an entry of a roster.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BuddyRef {
    /// The account: id, address or `me`.
    pub account: String,
    /// The address of the buddy.
    pub peer: String,
}

/// Lets somebody see the presence of an account, or not.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveSubscription {
    /// The account: id, address or `me`.
    pub account: String,
    /// The address of who asks, or sees it already.
    pub peer: String,
    /// Whether; true when absent.
    pub approve: Option<bool>,
}
