//! What the DNS says of a domain, and what it should say.

use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;

/// Asks the DNS about a domain.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunDnsCheck {
    /// The domain: id or name.
    pub domain: String,
    /// Who is asked.
    #[serde(default)]
    pub resolver: DnsResolver,
    /// What is looked at; absent or with `all` everything.
    #[serde(default)]
    pub checks: Vec<DnsCheckKind>,
}

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DnsResolver {
    /// The resolver of this server, by its settings.
    #[default]
    System,
}

/// What is looked at. Kinds for which the server has nothing to offer are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DnsCheckKind {
    /// Everything.
    All,
    /// Whether mail for the domain comes here.
    Mx,
    /// Whether the mail host has the addresses of this server.
    AAaaa,
    /// Whether the addresses of this server have its name.
    Ptr,
    /// Whether the name this server says in HELO leads to it.
    Helo,
    /// Whether this server may send for the domain (RFC 7208).
    Spf,
    /// What others shall do with mail that only claims to come from the domain (RFC 7489).
    Dmarc,
    /// Where others report trouble with TLS (RFC 8460).
    TlsRpt,
    /// How programs and telephones find the services (RFC 2782, RFC 6186, RFC 3263).
    Srv,
    /// How telephones find the transport (RFC 3263 §4.1).
    Naptr,
    /// Whether the zone is signed.
    Dnssec,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DnsCheckStatus {
    /// As it should be.
    Ok,
    /// It works, but not well.
    Warning,
    /// Something does not work.
    Error,
    /// It cannot be judged: the DNS does not answer, or the server does not know enough of itself.
    Unknown,
}

/// What the DNS said of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DnsCheck {
    /// Name of the domain.
    pub domain: String,
    /// When it was asked; nothing when it never was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub checked_at: Option<Timestamp>,
    /// How many checks went how.
    pub summary: DnsCheckSummary,
    /// Each check.
    pub results: Vec<DnsCheckResult>,
    /// All records of the domain as lines of a zone file.
    pub zone_snippet: String,
}

/// How many checks went how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DnsCheckSummary {
    /// As it should be.
    pub ok: u32,
    /// It works, but not well.
    pub warning: u32,
    /// Something does not work.
    pub error: u32,
    /// It cannot be judged.
    pub unknown: u32,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DnsCheckResult {
    /// Kind.
    pub check: DnsCheckKind,
    /// The name, or the address, that was asked for.
    pub name: String,
    /// How it went.
    pub status: DnsCheckStatus,
    /// What is there, as in a zone file.
    pub found: Vec<String>,
    /// What should be there, as in a zone file.
    pub expected: Vec<String>,
    /// Lookups that the SPF record costs others, at most 10 (RFC 7208 §4.6.4).
    pub lookups: Option<u32>,
    /// Records to enter.
    pub records: Vec<DnsRecord>,
    /// Stable word for the reason; nothing when all is well.
    pub reason: Option<String>,
    /// The reason for people.
    pub why: Option<String>,
}

/// A record to enter into a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DnsRecord {
    /// Its name, with the dot at its end.
    pub name: String,
    /// Its type, such as `MX`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Seconds for which it may be remembered.
    pub ttl: i64,
    /// Its value, with dots at the end of names; texts without quotes.
    pub value: String,
}
