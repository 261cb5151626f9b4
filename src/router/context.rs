//! Who asks, as far as it matters for routing.

use std::net::IpAddr;
use std::sync::Arc;

use model::routing::{ExplainDns, ExplainRequest};

/// The circumstances of one routing run. The default is a stranger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// Address of the account the sender signed in as.
    pub authenticated: Option<Arc<str>>,
    /// The sender is a server administrator.
    pub administrator: bool,
    /// The peer is one of the client addresses.
    pub client: bool,
    /// The sender may relay: signed in with the relay service, a client address, the server itself.
    pub trusted: bool,
    /// The address comes from a rule or an application, not from a peer: it may name programs.
    pub internal: bool,
    /// The caller's domain is ours, so that a login could help (signal).
    pub caller_is_ours: bool,
    /// The peer could sign in on this connection (mail).
    pub login_offered: bool,
    /// The peer.
    pub peer: Option<IpAddr>,
    /// The outgoing leg of a gateway or a remote registration: the table and the default suffix are left out.
    pub direct: bool,
    /// The peer is blacklisted (mail recipients).
    pub blacklisted: bool,
    /// The address comes from a forwarder or group, which makes it relayable from the start.
    pub relayable: bool,
    /// ENUM counts as not found.
    pub no_dns: bool,
    /// Change nothing: the external helper is not asked.
    pub dry_run: bool,
    /// Record every step.
    pub trace: bool,
}

impl Context {
    /// The circumstances an explanation asks for: everything is recorded and nothing is changed. A sender who signed in
    /// counts as trusted unless the request says otherwise; the caller adds what only it knows (client addresses,
    /// administrator, blacklist).
    pub fn explaining(request: &ExplainRequest) -> Self {
        let sender = &request.sender;
        Self {
            authenticated: sender.authenticated_as.as_deref().map(Arc::from),
            trusted: sender.trusted.unwrap_or(sender.authenticated_as.is_some()),
            peer: sender.ip,
            direct: request.direct,
            no_dns: request.dns == ExplainDns::Off,
            dry_run: true,
            trace: true,
            ..Self::default()
        }
    }
}
