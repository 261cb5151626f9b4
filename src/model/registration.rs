//! Telephones and where they are registered.

use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

/// A binding of the registrar: a telephone of an account (RFC 3261 §10).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Registration {
    /// Id of the binding.
    pub id: Uuid,
    /// The account it is registered for.
    pub account_id: Uuid,
    /// Its address.
    pub address: String,
    /// Where the telephone says it can be reached.
    pub contact: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// How it is connected: `udp`, `tcp`, `tls`, `ws` or `wss`.
    pub transport: String,
    /// Address and port its requests come from.
    pub received: String,
    /// How it calls itself.
    pub user_agent: String,
    /// Whether a NAT is in between: `none`, `far_end` or `near_end`.
    pub nat: String,
    /// When it registered first.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it registered last.
    #[schema(value_type = String, format = DateTime)]
    pub refreshed_at: Timestamp,
    /// It answers pings, or is not pinged with anything that has an answer; requests go there.
    pub reachable: bool,
    /// How long its last answer to a ping took, in milliseconds.
    pub rtt_ms: Option<i64>,
}

/// Chooses registrations.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRegistrations {
    /// Only those of this account: id, address, name in the main domain, or `me`.
    pub account: Option<String>,
    /// Only those of this domain: id or name.
    pub domain: Option<String>,
    /// Only those behind such a NAT.
    pub nat: Option<String>,
    /// Only those whose user agent holds this text.
    pub user_agent: Option<String>,
    /// Most on a page.
    pub limit: Option<i64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

/// Takes registrations away.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveRegistrations {
    /// All those of this account: id, address, name in the main domain, or `me`.
    pub account: String,
}

/// How many registrations were taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Removed {
    /// The number.
    pub removed: i64,
}

/// What a telephone said when it was asked whether it is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RegistrationPinged {
    /// Id of the binding.
    pub id: Uuid,
    /// It answered, whatever it said.
    pub reachable: bool,
    /// How long its answer took, in milliseconds.
    pub rtt_ms: Option<f64>,
    /// Status of its answer.
    pub code: Option<i32>,
}
