//! Addresses and ports of this server in its networks: as set, as found, and what a firewall has to let through.

use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;

/// Addresses of this server for telephones inside and outside.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Lan {
    /// IPv4 address for the local network.
    pub lan_ipv4: ShownAddress,
    /// IPv6 address for the local network.
    pub lan_ipv6: ShownAddress,
    /// IPv4 address for everybody else.
    pub wan_ipv4: ShownAddress,
    /// IPv6 address for everybody else.
    pub wan_ipv6: ShownAddress,
    /// STUN server that is asked when the firewall is checked; nothing when none is.
    pub stun_server: Option<String>,
    /// Lines that tell which addresses are in the local network; changed as address list `lan_ips`.
    pub lan_ips: Vec<String>,
    /// Lines that tell which addresses mean nothing beyond a NAT; changed as address list `nated_ips`.
    pub nated_ips: Vec<String>,
    /// What was found on this machine.
    pub detected: DetectedLan,
    /// Version of the settings, their ETag.
    pub version: i64,
}

/// An address that this server shows to telephones.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShownAddress {
    /// The address as set; nothing when it is found by the route.
    pub set: Option<String>,
    /// The address that acts; nothing when there is no way to such addresses.
    pub acts: Option<String>,
    /// Whether it is one of this machine; else a NAT in front must keep ports.
    pub on_machine: bool,
}

/// What was found on this machine.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DetectedLan {
    /// Addresses of its interfaces.
    pub addresses: Vec<String>,
    /// IPv4 address of the way to the Internet.
    pub route_ipv4: Option<String>,
    /// IPv6 address of the way to the Internet.
    pub route_ipv6: Option<String>,
    /// What may be wrong: `wan_ip_private` (telephones outside are shown an address they cannot reach),
    /// `wan_ip_not_on_machine` (a NAT in front must pass all ports unchanged), `wan_ip_not_on_route` (packets to the Internet
    /// leave from another address of this machine), `lan_ip_not_on_machine`.
    pub warnings: Vec<String>,
}

/// Changes addresses for telephones; an empty address is found by the route.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateLan {
    /// IPv4 address for the local network.
    pub lan_ipv4: Option<String>,
    /// IPv6 address for the local network.
    pub lan_ipv6: Option<String>,
    /// IPv4 address for everybody else.
    pub wan_ipv4: Option<String>,
    /// IPv6 address for everybody else.
    pub wan_ipv6: Option<String>,
    /// STUN server as `host` or `host:port`, asked when the firewall is checked; empty = none.
    pub stun_server: Option<String>,
}

/// Ports of relayed media.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MediaPorts {
    /// First UDP port.
    pub first_port: i64,
    /// Last UDP port.
    pub last_port: i64,
    /// Relayed streams above which calls that need the relay are refused.
    pub max_streams: i64,
    /// Relayed calls of two that the ports suffice for, for each local address, when RTCP has ports of its own.
    pub calls: i64,
    /// Version of the settings, their ETag.
    pub version: i64,
}

/// Changes ports of relayed media; calls that go on keep theirs.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMediaPorts {
    /// First UDP port.
    pub first_port: Option<i64>,
    /// Last UDP port.
    pub last_port: Option<i64>,
    /// Relayed streams above which calls that need the relay are refused.
    pub max_streams: Option<i64>,
}

/// What a firewall in front has to let through.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FirewallCheck {
    /// Every range of ports to open, for each address.
    pub rules: Vec<FirewallRule>,
    /// The same for people.
    pub instructions: String,
    /// What may be wrong: as found on this machine, and `wan_ip_mismatch` (others see another address than they are shown),
    /// `port_not_preserved` (a NAT changes ports), `stun_no_answer`.
    pub warnings: Vec<String>,
    /// What the STUN server saw, when one is set.
    pub probes: Vec<StunProbe>,
    /// When it was asked; nothing when it was not since the start.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub probed_at: Option<Timestamp>,
}

/// A question to a STUN server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StunProbe {
    /// Address and port of the server.
    pub server: String,
    /// Address and port it was asked from.
    pub local: String,
    /// Address and port it saw; nothing when it did not answer.
    pub seen: Option<String>,
}

/// A range of ports to open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct FirewallRule {
    /// Address that is reached from outside.
    pub address: String,
    /// Address on this machine, when a NAT in front has to pass packets to it.
    pub forward_to: Option<String>,
    /// `udp` or `tcp`.
    pub protocol: String,
    /// First port.
    pub first_port: i64,
    /// Last port.
    pub last_port: i64,
    /// What for: a listener's protocol, or `media`.
    pub purpose: String,
}
