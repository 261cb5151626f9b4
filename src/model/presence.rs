//! Presence of accounts, and who watches what.

use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

/// How somebody can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresenceStatus {
    /// Now.
    Online,
    /// Not now.
    Away,
    /// Not to be disturbed.
    Dnd,
    /// Busy.
    Busy,
    /// Not at all.
    Offline,
    /// Now, but nobody shall see it.
    Invisible,
}

impl PresenceStatus {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Away => "away",
            Self::Dnd => "dnd",
            Self::Busy => "busy",
            Self::Offline => "offline",
            Self::Invisible => "invisible",
        }
    }
}

/// The presence of an account.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AccountPresence {
    /// The account.
    pub account_id: Uuid,
    /// Its address.
    pub address: String,
    /// How it can be reached, of all that it and its devices say.
    pub status: PresenceStatus,
    /// What it adds.
    pub note: String,
    /// It is in a call.
    pub on_the_phone: bool,
    /// Telephones that are registered.
    pub devices: i32,
}

/// Says something of oneself.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPresence {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// How it can be reached.
    pub status: PresenceStatus,
    /// What it adds; at most 1000 characters.
    #[serde(default)]
    pub note: String,
}

/// Somebody watches a state of an account (RFC 6665).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SipSubscription {
    /// Number of the subscription on this node.
    pub id: i64,
    /// What is watched: `presence`, `presence.winfo`, `message-summary`, `dialog` or `reg`.
    pub package: String,
    /// Whose.
    pub account_id: Uuid,
    /// Domain of that account.
    pub domain_id: Uuid,
    /// Its address.
    pub address: String,
    /// The account that watches.
    pub watcher_id: Option<Uuid>,
    /// Its address.
    pub watcher: String,
    /// Whether the watcher is told: `active` or `pending`.
    pub state: String,
    /// Address and port the watcher subscribed from.
    pub remote: String,
    /// How it is connected.
    pub transport: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// Chooses subscriptions.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSubscriptions {
    /// Only those of or to this account: id, address, name in the main domain, or `me`.
    pub account: Option<String>,
    /// Only those to accounts of this domain: id or name.
    pub domain: Option<String>,
    /// Most on a page.
    pub limit: Option<i64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}
