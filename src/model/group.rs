//! Groups: one name for several addresses.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// One name for several addresses.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Group {
    /// Id.
    pub id: Uuid,
    /// Name in the domain.
    pub name: String,
    /// Name of the domain.
    pub domain: String,
    /// Shown name.
    pub real_name: String,
    /// Addresses; names without a domain are in the group's domain.
    pub members: Vec<String>,
    /// How it distributes.
    pub settings: GroupSettings,
    /// Version of the object, its ETag.
    pub version: i64,
}

/// How a group distributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GroupSettings {
    /// The author gets no copy.
    pub remove_author: bool,
    /// Who is named in To or Cc already gets no copy.
    pub remove_to_cc: bool,
    /// Mail that no human wrote is refused.
    pub reject_automatic: bool,
    /// Reply-To becomes the group.
    pub set_reply_to: bool,
    /// Members' rules cannot redirect the copy again.
    pub final_delivery: bool,
    /// Mail is refused.
    pub email_disabled: bool,
    /// Calls are refused.
    pub signal_disabled: bool,
}

impl Default for GroupSettings {
    fn default() -> Self {
        Self {
            remove_author: true,
            remove_to_cc: false,
            reject_automatic: true,
            set_reply_to: false,
            final_delivery: false,
            email_disabled: false,
            signal_disabled: false,
        }
    }
}

/// Creates a group.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateGroup {
    /// The domain: id or name.
    pub domain: String,
    /// Name in the domain.
    pub name: String,
    /// Shown name.
    pub real_name: Option<String>,
    /// Addresses.
    #[serde(default)]
    pub members: Vec<String>,
    /// How it distributes.
    pub settings: Option<GroupSettings>,
}

/// Changes a group.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateGroup {
    /// The domain: id or name.
    pub domain: String,
    /// Name of the group.
    pub group: String,
    /// Shown name.
    pub real_name: Option<String>,
    /// Addresses, all of them.
    pub members: Option<Vec<String>>,
    /// How it distributes, all of it.
    pub settings: Option<GroupSettings>,
}

/// Gives another name to a group.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameGroup {
    /// The domain: id or name.
    pub domain: String,
    /// Name of the group.
    pub group: String,
    /// The new name.
    pub new_name: String,
}

/// Members of a group.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Members {
    /// Addresses, in the order of the group.
    pub data: Vec<String>,
    /// Version of the group.
    pub version: i64,
}

/// Members to add to a group, or all of them.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupMembers {
    /// The domain: id or name.
    pub domain: String,
    /// Name of the group.
    pub group: String,
    /// Addresses; names without a domain are in the group's domain.
    pub members: Vec<String>,
}
