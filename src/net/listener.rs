use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;
use types::AddressSet;

use crate::{Certificates, Datagrams, Stream, read_header};

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Connection {
    /// The peer; what a listed proxy says, when one is in between.
    pub peer: SocketAddr,
    /// The address it connected to.
    pub local: SocketAddr,
    /// Whether TLS is on already.
    pub tls: bool,
    /// Whether the connection is one too many: the protocol says so in its own words and closes.
    pub overflow: bool,
}

/// What a listener does with each connection.
pub trait Serve: Send + Sync + 'static {
    /// Serves one connection to its end.
    fn serve(&self, stream: Stream, connection: Connection) -> impl Future<Output = ()> + Send;
    /// Whether per-address limits do not count for this address.
    fn trusted(&self, address: IpAddr) -> bool;
}

/// Whom a socket serves; counted over all its connections.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    /// Only these, or all but these.
    pub access: Option<(bool, AddressSet)>,
    /// Connections at a time.
    pub max_connections: i64,
    /// Connections of one address at a time; 0 = no limit.
    pub max_per_ip: i64,
    /// PROXY protocol version, and the proxies that may send it.
    pub proxy: Option<(u8, AddressSet)>,
    /// Shake hands before anything else.
    pub implicit_tls: bool,
    /// Connections that are being served, for whoever waits for their end.
    pub served: TaskTracker,
}

/// A bound socket that accepts until it is dropped.
pub struct Endpoint {
    /// Where it is bound.
    pub local: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Endpoint {
    /// Closes the socket and waits until it is closed; connections go on.
    pub async fn close(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn bind(address: Option<IpAddr>, port: u16) -> io::Result<TcpListener> {
    let open = |ip: IpAddr| -> io::Result<TcpListener> {
        let socket = socket2::Socket::new(
            if ip.is_ipv4() { socket2::Domain::IPV4 } else { socket2::Domain::IPV6 },
            socket2::Type::STREAM,
            None,
        )?;
        socket.set_reuse_address(true)?;
        if ip.is_ipv6() {
            socket.set_only_v6(address.is_some())?;
        }
        socket.bind(&SocketAddr::new(ip, port).into())?;
        socket.listen(1024)?;
        socket.set_nonblocking(true)?;
        TcpListener::from_std(socket.into())
    };
    match address {
        Some(ip) => open(ip),
        // Machines without IPv6 serve IPv4 alone.
        None => open(Ipv6Addr::UNSPECIFIED.into()).or_else(|error| {
            if error.kind() == io::ErrorKind::AddrInUse { Err(error) } else { open(Ipv4Addr::UNSPECIFIED.into()) }
        }),
    }
}

/// Binds a socket (`None` = every address) and serves what connects.
///
/// # Errors
/// When the socket cannot be bound.
pub fn open<S: Serve>(address: Option<IpAddr>, port: u16, gate: Gate, certificates: Certificates, serve: Arc<S>) -> io::Result<Endpoint> {
    let listener = bind(address, port)?;
    let local = listener.local_addr()?;
    let task = tokio::spawn(accept(listener, Arc::new(gate), certificates, serve));
    Ok(Endpoint { local, task })
}

/// Binds a socket for datagrams (`None` = every address) and serves them until it is closed.
///
/// # Errors
/// When the socket cannot be bound.
pub fn open_datagrams<F: Future<Output = ()> + Send + 'static>(address: Option<IpAddr>, port: u16, tos: u32, serve: impl FnOnce(Datagrams) -> F) -> io::Result<Endpoint> {
    let socket = Datagrams::bind(address, port, tos)?;
    let local = socket.local();
    let task = tokio::spawn(serve(socket));
    Ok(Endpoint { local, task })
}

/// Connections of one kind over all its listeners, counted while their guards live.
#[derive(Debug, Clone, Default)]
pub struct Connections(Arc<AtomicI64>);

/// One connection that counts.
#[derive(Debug)]
pub struct OneOf(Connections);

impl Connections {
    /// Counts a connection; the second says that it is beyond `max`.
    pub fn enter(&self, max: i64) -> (OneOf, bool) {
        let open = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        (OneOf(self.clone()), open > max)
    }
}

impl Drop for OneOf {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Counts {
    total: AtomicI64,
    per_ip: Mutex<HashMap<IpAddr, i64>>,
}

struct Counted {
    counts: Arc<Counts>,
    ip: IpAddr,
}

impl Counts {
    fn enter(self: &Arc<Self>, ip: IpAddr) -> (Counted, i64, i64) {
        let total = self.total.fetch_add(1, Ordering::Relaxed) + 1;
        let mine = self.per_ip.lock().map_or(0, |mut map| {
            let count = map.entry(ip).or_insert(0);
            *count += 1;
            *count
        });
        (Counted { counts: self.clone(), ip }, total, mine)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.counts.total.fetch_sub(1, Ordering::Relaxed);
        if let Ok(mut map) = self.counts.per_ip.lock()
            && let Some(count) = map.get_mut(&self.ip)
        {
            *count -= 1;
            if *count <= 0 {
                map.remove(&self.ip);
            }
        }
    }
}

async fn accept<S: Serve>(listener: TcpListener, gate: Arc<Gate>, certificates: Certificates, serve: Arc<S>) {
    let counts = Arc::new(Counts::default());
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let (gate, certificates, serve, counts) = (gate.clone(), certificates.clone(), serve.clone(), counts.clone());
                tokio::spawn(async move {
                    // A broken or refused connection is the peer's affair; nothing waits for the result.
                    let _ = admit(stream, peer, &gate, &certificates, &*serve, &counts).await;
                });
            }
            // Out of descriptors or the like: give running connections time to end.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn admit<S: Serve>(mut stream: TcpStream, peer: SocketAddr, gate: &Gate, certificates: &Certificates, serve: &S, counts: &Arc<Counts>) -> io::Result<()> {
    let _ = stream.set_nodelay(true);
    let mut connection = Connection { peer: canonical(peer), local: canonical(stream.local_addr()?), tls: false, overflow: false };
    if let Some((version, proxies)) = &gate.proxy {
        if !proxies.contains(connection.peer.ip()) {
            return Ok(());
        }
        let header = tokio::time::timeout(Duration::from_secs(10), read_header(&mut stream, *version)).await??;
        if let Some((from, to)) = header.addresses {
            (connection.peer, connection.local) = (canonical(from), canonical(to));
        }
    }
    let ip = connection.peer.ip();
    if let Some((grant, set)) = &gate.access
        && set.contains(ip) != *grant
    {
        return Ok(());
    }
    let (_counted, total, mine) = counts.enter(ip);
    connection.overflow = total > gate.max_connections || (gate.max_per_ip > 0 && mine > gate.max_per_ip && !serve.trusted(ip));
    let stream = if gate.implicit_tls {
        let Some(acceptor) = certificates.acceptor() else { return Ok(()) };
        connection.tls = true;
        let stream = tokio::time::timeout(Duration::from_secs(30), acceptor.accept(stream)).await??;
        Stream::ServerTls(Box::new(stream))
    } else {
        Stream::Clear(stream)
    };
    gate.served.track_future(serve.serve(stream, connection)).await;
    Ok(())
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
