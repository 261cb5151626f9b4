//! Listeners: the sockets of every protocol.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A socket that a protocol listens on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Listener {
    /// Id.
    pub id: Uuid,
    /// What is spoken on it.
    pub protocol: Protocol,
    /// Local address, or `*` for all.
    pub address: String,
    /// Port as stored; a port offset of the process is added when it opens.
    pub port: i32,
    /// When TLS begins.
    pub tls: TlsMode,
    /// A disabled listener keeps its row.
    pub enabled: bool,
    /// Whom it serves.
    pub settings: ListenerSettings,
    /// Whether it is open.
    pub state: ListenerState,
    /// Port that is really open.
    pub bound_port: Option<i32>,
    /// Why it is not open.
    pub last_error: Option<String>,
    /// Version of the object, its ETag.
    pub version: i64,
}

/// What is spoken on a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// SMTP between servers.
    Smtp,
    /// SMTP with authentication required.
    Submission,
    /// IMAP.
    Imap,
    /// POP3.
    Pop,
    /// Administration by HTTP.
    HttpAdmin,
    /// Users by HTTP.
    HttpUser,
    /// SIP by datagrams.
    SipUdp,
    /// SIP by TCP.
    SipTcp,
    /// SIP under TLS.
    SipTls,
}

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TlsMode {
    /// Never.
    Off,
    /// When the client asks for it.
    Starttls,
    /// At once.
    Implicit,
}

/// Whether a listener is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListenerState {
    /// It is open.
    Up,
    /// It could not be opened.
    Failed,
    /// It is switched off.
    Disabled,
}

/// Whom a listener serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListenerSettings {
    /// How `access_ips` is meant.
    pub access: AccessMode,
    /// Address lines.
    pub access_ips: Vec<String>,
    /// Connections at a time.
    pub max_connections: i64,
    /// Connections of one address at a time, Client IPs excepted; 0 = no limit.
    pub max_connections_per_ip: i64,
    /// PROXY protocol header before anything else.
    pub proxy_protocol: ProxyProtocol,
    /// Address lines of the proxies that may send it.
    pub proxy_ips: Vec<String>,
}

impl Default for ListenerSettings {
    fn default() -> Self {
        Self {
            access: AccessMode::None,
            access_ips: Vec::new(),
            max_connections: 10_000,
            max_connections_per_ip: 50,
            proxy_protocol: ProxyProtocol::Off,
            proxy_ips: Vec::new(),
        }
    }
}

/// How the address lines of a listener are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessMode {
    /// Everybody is served.
    None,
    /// Only those listed.
    Grant,
    /// All but those listed.
    Deny,
}

/// PROXY protocol of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProxyProtocol {
    /// Not spoken.
    Off,
    /// The text form.
    V1,
    /// The binary form.
    V2,
}

/// Opens a listener.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateListener {
    /// What is spoken on it.
    pub protocol: Protocol,
    /// Local address, `*` when absent.
    pub address: Option<String>,
    /// Port.
    #[schema(minimum = 1, maximum = 65535)]
    pub port: i32,
    /// When TLS begins.
    pub tls: TlsMode,
    /// True when absent.
    pub enabled: Option<bool>,
    /// Whom it serves.
    pub settings: Option<ListenerSettings>,
}

/// Changes a listener.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateListener {
    /// Id of the listener.
    pub id: Uuid,
    /// Local address, or `*`.
    pub address: Option<String>,
    /// Port.
    #[schema(minimum = 1, maximum = 65535)]
    pub port: Option<i32>,
    /// When TLS begins.
    pub tls: Option<TlsMode>,
    /// Whether it is open.
    pub enabled: Option<bool>,
    /// Whom it serves, all of it.
    pub settings: Option<ListenerSettings>,
}
