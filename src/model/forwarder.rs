//! Forwarders: names whose mail and signals go to another address.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A name that leads to another address.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Forwarder {
    /// Id.
    pub id: Uuid,
    /// Name in the domain.
    pub name: String,
    /// Name of the domain.
    pub domain: String,
    /// Where it leads: any address the Router knows.
    pub to: String,
    /// Version of the object, its ETag.
    pub version: i64,
}

/// Creates a forwarder.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateForwarder {
    /// The domain: id or name.
    pub domain: String,
    /// Name in the domain.
    pub name: String,
    /// Where it leads.
    pub to: String,
}

/// Changes a forwarder.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateForwarder {
    /// The domain: id or name.
    pub domain: String,
    /// Name in the domain.
    pub name: String,
    /// Where it leads.
    pub to: String,
}

/// Gives another name to a forwarder.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameForwarder {
    /// The domain: id or name.
    pub domain: String,
    /// Name in the domain.
    pub name: String,
    /// The new name.
    pub new_name: String,
}
