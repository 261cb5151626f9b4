use std::net::IpAddr;
use std::time::Duration;

use model::server::{BareNewline, SmtpSettings};
use net::{Certificates, Connection, Connections, Stream};
use sasl::Mechanism;
use service::{Peer, Service};
use smtp::server::{Config, PeerClass, Protocol, Tls};
use smtp::{EnhancedCode, Reply, Server};

use crate::session::{PATIENCE, Session};

/// Receives mail: what a listener of SMTP or submission serves.
pub struct Smtp {
    service: Service,
    certificates: Certificates,
    protocol: Protocol,
    starttls: bool,
    connections: Connections,
}

impl Smtp {
    /// A listener's service; `starttls` offers TLS on connections that begin in the clear. `connections` are counted over
    /// all listeners.
    pub fn new(service: Service, certificates: Certificates, protocol: Protocol, starttls: bool, connections: Connections) -> Self {
        Self { service, certificates, protocol, starttls, connections }
    }

    fn class(&self, address: IpAddr) -> PeerClass {
        // Client IPs decide about loopback too: a proxy or a bridge may make every stranger look local.
        match (self.service.is_client(address), address.is_loopback()) {
            (true, true) => PeerClass::Own,
            (true, false) => PeerClass::Client,
            (false, _) => PeerClass::Other,
        }
    }

    async fn config(&self, connection: &Connection, settings: &SmtpSettings, full: bool) -> Config {
        let class = self.class(connection.peer.ip());
        let host = tokio::time::timeout(PATIENCE, self.service.mail_host()).await.ok().and_then(Result::ok);
        let name = host.as_deref().unwrap_or("localhost");
        let mut config = Config::new(name, self.protocol, class);
        config.refusal = match &host {
            Some(_) if !connection.overflow && !full => None,
            Some(_) => Some(Reply::new(421, EnhancedCode::new(4, 3, 2), format!("{name} too many connections"))),
            None => Some(Reply::new(421, EnhancedCode::new(4, 3, 2), format!("{name} service not available"))),
        };
        apply(&mut config, settings);
        config.tls = match connection.tls {
            true => Tls::Implicit,
            false if self.starttls && self.certificates.acceptor().is_some() => Tls::Offered,
            false => Tls::Off,
        };
        config.mechanisms = Mechanism::ALL.to_vec();
        config.nonce_seed = rand::random();
        config
    }
}

/// Takes over the settings.
fn apply(config: &mut Config, settings: &SmtpSettings) {
    let trusted = config.class != PeerClass::Other;
    let count = |value: i64| usize::try_from(value).unwrap_or(usize::MAX);
    let small = |value: i64| u32::try_from(value).unwrap_or(u32::MAX);
    let seconds = |value: i64| Duration::from_secs(value.unsigned_abs());
    config.max_size = Some(settings.max_size.unsigned_abs());
    config.max_recipients = count(if trusted { settings.rcpt_limit_clients } else { settings.rcpt_limit_nonclients });
    config.max_errors = small(if trusted { settings.max_errors_clients } else { settings.max_errors });
    config.max_messages = count(settings.messages_per_connection);
    config.max_hops = small(settings.max_hops);
    config.idle_timeout = seconds(settings.idle_timeout);
    config.prompt_delay = seconds(settings.prompt_delay);
    config.require_hello = settings.require_helo;
    config.bare_newline = match settings.bare_newline {
        BareNewline::Reject => smtp::BareNewline::Reject,
        BareNewline::Normalise => smtp::BareNewline::Normalise,
    };
}

impl net::Serve for Smtp {
    async fn serve(&self, stream: Stream, connection: Connection) {
        let settings = &self.service.module_settings().smtp;
        let (_counted, full) = self.connections.enter(settings.channels);
        let config = self.config(&connection, settings, full).await;
        let peer = Peer { ip: connection.peer.ip(), trusted: config.class != PeerClass::Other, login_offered: false, user: None };
        let mut session = Session::new(self.service.clone(), self.certificates.clone(), peer, connection.tls, settings.reply_codes);
        let mut machine = Server::new(config);
        // A broken connection is the peer's affair: it has no 250 and sends again.
        let _ = net::drive(stream, &mut machine, &mut session).await;
    }

    fn trusted(&self, address: IpAddr) -> bool {
        self.service.is_client(address)
    }
}
