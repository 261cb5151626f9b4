//! TLS certificates.

use serde::{Deserialize, Serialize};
use types::{Secret, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

/// A certificate; its key is never shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Certificate {
    /// Id.
    pub id: Uuid,
    /// Host names in it.
    pub names: Vec<String>,
    /// Where it comes from.
    pub kind: CertificateKind,
    /// The chain in PEM.
    pub chain: String,
    /// SHA-256 of the first certificate, hexadecimal.
    pub fingerprint: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub not_after: Timestamp,
    /// Whether listeners show it.
    pub active: bool,
    /// Version of the object, its ETag.
    pub version: i64,
}

/// Where a certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CertificateKind {
    /// Made here at first start.
    SelfSigned,
    /// Brought in.
    Imported,
}

/// Brings in a certificate and its key; listeners show it at once.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportCertificate {
    /// The chain in PEM, the server's own certificate first.
    pub chain: String,
    /// The private key in PEM (PKCS#8, PKCS#1 or SEC1).
    #[schema(value_type = String)]
    pub key: Secret,
}
