//! Opens what is wanted, closes what is not, and tries again what could not be opened.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use cli::Serve;
use graphql::Schema;
use model::listener::{AccessMode, Listener, Protocol, ProxyProtocol, TlsMode};
use realtime::{Secured, Streams, Telephony};
use net::{Certificates, Connection, Connections, Endpoint, Gate, Stream};
use service::Service;
use tokio_util::task::TaskTracker;
use types::AddressSet;

/// Ports below this one move up in a trial, so that it needs no right to bind them.
const LOW_PORTS: u16 = 1024;
const LOW_PORT_SHIFT: u16 = 2000;
const RETRY: Duration = Duration::from_secs(10);

/// The sockets of this process.
pub(crate) struct Listeners {
    service: Service,
    certificates: Certificates,
    options: Serve,
    schema: Schema,
    telephony: Telephony,
    open: HashMap<uuid::Uuid, (Listener, Endpoint)>,
    connections: Counted,
    served: TaskTracker,
}

/// Connections by module, over all its listeners.
#[derive(Default)]
struct Counted {
    smtp: Connections,
    imap: Connections,
    pop: Connections,
}

impl Listeners {
    pub(crate) fn new(service: Service, certificates: Certificates, options: Serve, schema: Schema, telephony: Telephony) -> Self {
        Self { service, certificates, options, schema, telephony, open: HashMap::new(), connections: Counted::default(), served: TaskTracker::new() }
    }

    /// The connections that are being served, of every socket there is or was.
    pub(crate) fn served(&self) -> TaskTracker {
        self.served.clone()
    }

    /// Keeps the sockets as they are wanted, for as long as the server runs.
    pub(crate) async fn run(mut self) {
        let mut changes = self.service.listener_changes();
        loop {
            let change = *changes.borrow_and_update();
            self.apply().await;
            self.service.listeners_applied(change);
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }

    /// Opens and closes; a failure of one leaves the others as they are.
    pub(crate) async fn apply(&mut self) {
        match self.service.shown_certificate().await {
            Ok(Some((chain, key))) => {
                if let Err(error) = self.certificates.show(&chain, key.reveal()) {
                    tracing::error!(%error, "the certificate cannot be shown");
                }
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the certificate cannot be read"),
        }
        let wanted = match self.service.wanted_listeners().await {
            Ok(wanted) => wanted,
            Err(error) => return tracing::error!(%error, "the listeners cannot be read"),
        };
        // Closed first: a port may move from one listener to another.
        let stale: Vec<_> = self.open.values().filter(|(open, _)| !wanted.iter().any(|w| w.id == open.id && w.version == open.version)).map(|(open, _)| open.id).collect();
        for id in stale {
            if let Some((_, endpoint)) = self.open.remove(&id) {
                endpoint.close().await;
            }
        }
        self.service.retain_listener_states(&wanted);
        for listener in wanted {
            if self.open.contains_key(&listener.id) {
                continue;
            }
            match self.bind(&listener) {
                Ok(endpoint) => {
                    tracing::info!(protocol = ?listener.protocol, local = %endpoint.local, "listening");
                    self.service.listener_state(listener.id, Ok(endpoint.local.port()));
                    if let Some(secured) = secured(listener.protocol) {
                        self.telephony.listens(secured, endpoint.local.port()).await;
                    }
                    self.open.insert(listener.id, (listener, endpoint));
                }
                Err(error) => {
                    tracing::error!(protocol = ?listener.protocol, port = listener.port, %error, "cannot listen");
                    self.service.listener_state(listener.id, Err(error.to_string()));
                }
            }
        }
        let mut ports: Vec<u16> = self.open.values().map(|(_, endpoint)| endpoint.local.port()).collect();
        ports.sort_unstable();
        self.service.set_host(net::interface_addresses(), ports).await;
    }

    fn bind(&self, listener: &Listener) -> std::io::Result<Endpoint> {
        let address = self.address(&listener.address);
        let port = port_for(u16::try_from(listener.port).unwrap_or_default(), &self.options);
        let gate = Gate { served: self.served.clone(), ..gate(listener) };
        let (certificates, service) = (self.certificates.clone(), self.service.clone());
        let starttls = listener.tls == TlsMode::Starttls;
        match listener.protocol {
            Protocol::HttpAdmin | Protocol::HttpUser => {
                let admin = listener.protocol == Protocol::HttpAdmin;
                let app = rest::router(service.clone(), admin).merge(graphql::routes(service.clone(), self.schema.clone(), admin));
                let app = if admin { app } else { app.merge(basic::routes(service.clone())).merge(realtime::websocket(self.telephony.clone(), service.clone())) };
                net::open(address, port, gate, certificates, Arc::new(Http { app, service }))
            }
            Protocol::Smtp | Protocol::Submission => {
                let spoken = if listener.protocol == Protocol::Smtp { mta::Protocol::Smtp } else { mta::Protocol::Submission };
                let smtp = mta::Smtp::new(service, certificates.clone(), spoken, starttls, self.connections.smtp.clone());
                net::open(address, port, gate, certificates, Arc::new(smtp))
            }
            Protocol::Imap => net::open(address, port, gate, certificates.clone(), Arc::new(access::Imap::new(service, certificates, starttls, self.connections.imap.clone()))),
            Protocol::SipUdp => {
                // AF31 unless it is set otherwise (RFC 4594 §4.2).
                let tos = u32::try_from(service.module_settings().sip.udp_tos).unwrap_or_default();
                net::open_datagrams(address, port, tos, |socket| self.telephony.clone().serve_datagrams(socket))
            }
            Protocol::SipTcp | Protocol::SipTls => {
                let streams = Streams::new(self.telephony.clone(), service, secured(listener.protocol).unwrap_or(Secured::Clear));
                net::open(address, port, gate, certificates, Arc::new(streams))
            }
            Protocol::Pop => net::open(address, port, gate, certificates.clone(), Arc::new(access::Pop::new(service, certificates, starttls, self.connections.pop.clone()))),
        }
    }

    /// The address to bind; a trial turns "every address" into loopback, or into `--host`.
    fn address(&self, stored: &str) -> Option<IpAddr> {
        let trial = self.options.dev.then(|| self.options.host.unwrap_or(IpAddr::from([127, 0, 0, 1])));
        stored.parse().ok().or(trial).or(self.options.host).filter(|address: &IpAddr| !address.is_unspecified())
    }
}

/// How connections of telephones are secured; `None` for what is no listener for them.
fn secured(protocol: Protocol) -> Option<Secured> {
    match protocol {
        Protocol::SipTcp => Some(Secured::Clear),
        Protocol::SipTls => Some(Secured::Tls),
        _ => None,
    }
}

/// The port that is really opened.
pub(crate) fn port_for(port: u16, options: &Serve) -> u16 {
    let shift = if options.dev && port < LOW_PORTS { LOW_PORT_SHIFT } else { 0 };
    port.saturating_add(shift).saturating_add(options.port_offset)
}

fn gate(listener: &Listener) -> Gate {
    let settings = &listener.settings;
    let set = |lines: &[String]| AddressSet::parse(lines).unwrap_or_default();
    Gate {
        access: match settings.access {
            AccessMode::None => None,
            AccessMode::Grant => Some((true, set(&settings.access_ips))),
            AccessMode::Deny => Some((false, set(&settings.access_ips))),
        },
        max_connections: settings.max_connections,
        max_per_ip: settings.max_connections_per_ip,
        proxy: match settings.proxy_protocol {
            ProxyProtocol::Off => None,
            ProxyProtocol::V1 => Some((1, set(&settings.proxy_ips))),
            ProxyProtocol::V2 => Some((2, set(&settings.proxy_ips))),
        },
        implicit_tls: listener.tls == TlsMode::Implicit,
        ..Gate::default()
    }
}

struct Http {
    app: axum::Router,
    service: Service,
}

impl net::Serve for Http {
    async fn serve(&self, stream: Stream, connection: Connection) {
        if !connection.overflow {
            let mut draining = self.service.draining();
            net::http::serve(stream, connection, self.app.clone(), draining.begun()).await;
        }
    }

    fn trusted(&self, address: IpAddr) -> bool {
        self.service.is_near(address)
    }
}
