//! First run: claiming a fresh server.

use serde::{Deserialize, Serialize};
use types::Secret;
use utoipa::ToSchema;

/// Whether the server waits to be claimed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SetupState {
    /// True once the server was claimed.
    pub completed: bool,
    /// Address ranges of this machine's networks, offered as further Client IPs; none is taken by itself.
    pub interface_networks: Vec<String>,
}

/// Claims a fresh server.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteSetup {
    /// The one-time token printed at start and kept in `setup-token` in the data folder.
    #[schema(value_type = String)]
    pub token: Secret,
    /// Password of the administrator `postmaster`.
    #[schema(value_type = String)]
    pub postmaster_password: Secret,
    /// Main domain of the server.
    pub main_domain: String,
    /// Language of the server: en, de or ru; en when absent.
    pub language: Option<String>,
    /// IANA time zone; UTC when absent.
    pub time_zone: Option<String>,
    /// Address lines to add to Client IPs beside loopback.
    #[serde(default)]
    pub client_ips: Vec<String>,
}

/// A claimed server.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SetupDone {
    /// Main domain.
    pub main_domain: String,
    /// Address of the administrator.
    pub administrator: String,
    /// Access token of the administrator.
    pub access_token: String,
    /// Refresh token of the administrator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Seconds the access token is good for.
    pub expires_in: i64,
}
