//! Sign-in, tokens and who one is.

use serde::{Deserialize, Serialize};
use types::{Secret, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

/// Signs in with name and password.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Login name: `user`, `user@domain`, `user%domain`, an alias or a telephone number.
    pub login: String,
    /// Password.
    #[schema(value_type = String)]
    pub password: Secret,
    /// Name of the device, shown in the list of sessions.
    pub device_name: Option<String>,
}

/// Tokens of a session.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Tokens {
    /// Access token for `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds the access token is good for.
    pub expires_in: i64,
    /// Good for one use at `/auth/refresh`; absent when it went into a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// Exchanges a refresh token.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The newest refresh token of the session; absent when a cookie holds it.
    #[schema(value_type = Option<String>)]
    pub refresh_token: Option<Secret>,
}

/// Who a caller is and what the caller may do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Principal {
    /// Id of the account.
    pub account_id: Uuid,
    /// Address of the account.
    pub address: String,
    /// Server rights.
    pub server_rights: Vec<String>,
    /// Rights in the own domain.
    pub domain_rights: Vec<String>,
    /// When the access token ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Language of the server.
    pub language: String,
}

/// Public keys that verify access tokens (RFC 7517).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Jwks {
    /// One key per signing key.
    pub keys: Vec<Jwk>,
}

/// An Ed25519 public key (RFC 8037).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Jwk {
    /// Key type, `OKP`.
    pub kty: String,
    /// Curve, `Ed25519`.
    pub crv: String,
    /// Key id.
    pub kid: String,
    /// Algorithm, `EdDSA`.
    pub alg: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// The public key, base64url.
    pub x: String,
}

/// A session of an account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Session {
    /// Id.
    pub id: Uuid,
    /// Name the device gave itself.
    pub device_name: String,
    /// Address it signed in from.
    pub remote_ip: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When its tokens were renewed last.
    #[schema(value_type = String, format = DateTime)]
    pub last_used_at: Timestamp,
}
