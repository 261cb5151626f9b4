//! Sockets for datagrams.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::UdpSocket;

/// Room for bursts, in octets: what the kernel keeps while we are busy.
const BUFFER: usize = 4 * 1024 * 1024;

/// A bound socket for datagrams, shared by all who send.
#[derive(Debug, Clone)]
pub struct Datagrams {
    socket: Arc<std::net::UdpSocket>,
    local: SocketAddr,
}

impl Datagrams {
    /// Binds a socket (`None` = every address) whose datagrams have this type of service.
    ///
    /// # Errors
    /// When it cannot be bound.
    pub fn bind(address: Option<IpAddr>, port: u16, tos: u32) -> io::Result<Self> {
        let open = |ip: IpAddr| -> io::Result<std::net::UdpSocket> {
            let domain = if ip.is_ipv4() { socket2::Domain::IPV4 } else { socket2::Domain::IPV6 };
            let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, None)?;
            if ip.is_ipv6() {
                socket.set_only_v6(address.is_some())?;
            }
            // Marks and buffers are wishes: a kernel that refuses them still carries datagrams.
            let _ = if ip.is_ipv4() { socket.set_tos_v4(tos) } else { socket.set_tclass_v6(tos) };
            let _ = socket.set_recv_buffer_size(BUFFER);
            let _ = socket.set_send_buffer_size(BUFFER);
            socket.bind(&SocketAddr::new(ip, port).into())?;
            socket.set_nonblocking(true)?;
            Ok(socket.into())
        };
        let socket = match address {
            Some(ip) => open(ip),
            // Machines without IPv6 serve IPv4 alone.
            None => open(Ipv6Addr::UNSPECIFIED.into()).or_else(|error| if error.kind() == io::ErrorKind::AddrInUse { Err(error) } else { open(Ipv4Addr::UNSPECIFIED.into()) }),
        }?;
        let local = socket.local_addr()?;
        Ok(Self { socket: Arc::new(socket), local })
    }

    /// Where it is bound.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// The reading side, which wakes up the runtime that this is called in.
    ///
    /// # Errors
    /// When the kernel gives no more descriptors.
    pub fn reader(&self) -> io::Result<Reader> {
        Ok(Reader { socket: UdpSocket::from_std(self.socket.try_clone()?)? })
    }

    /// Sends a datagram at once, or not at all.
    ///
    /// # Errors
    /// When the kernel does not take it.
    pub fn send(&self, to: SocketAddr, octets: &[u8]) -> io::Result<()> {
        let to = match (self.local, to.ip()) {
            (SocketAddr::V6(_), IpAddr::V4(ip)) => SocketAddr::new(ip.to_ipv6_mapped().into(), to.port()),
            _ => to,
        };
        self.socket.send_to(octets, to).map(|_| ())
    }
}

/// Reads a socket for datagrams.
#[derive(Debug)]
pub struct Reader {
    socket: UdpSocket,
}

impl Reader {
    /// Waits for datagrams and takes what is there, at most `most`: gives each to `take` with where it came from.
    ///
    /// # Errors
    /// When the socket is of no use any more.
    pub async fn receive(&self, buffer: &mut [u8], most: usize, mut take: impl FnMut(SocketAddr, &[u8])) -> io::Result<()> {
        self.socket.readable().await?;
        for _ in 0..most {
            match self.socket.try_recv_from(buffer) {
                Ok((length, from)) => take(canonical(from), buffer.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // What an earlier datagram met (ICMP); it says nothing of this socket.
                Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset | io::ErrorKind::HostUnreachable) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The address of this machine that datagrams to another leave from.
pub fn source_address(to: IpAddr) -> Option<IpAddr> {
    let unspecified: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = std::net::UdpSocket::bind((unspecified, 0)).ok()?;
    // Connecting sends nothing: the kernel only looks for the way.
    socket.connect((to, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip().to_canonical())
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_for_all_addresses_speaks_to_both_kinds() {
        let server = Datagrams::bind(None, 0, 0x68).unwrap();
        let client = Datagrams::bind(Some(Ipv4Addr::LOCALHOST.into()), 0, 0).unwrap();
        client.send(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), server.local().port()), b"one").unwrap();
        let (mut buffer, mut got) = ([0; 64], Vec::new());
        server.reader().unwrap().receive(&mut buffer, 8, |from, octets| got.push((from, octets.to_vec()))).await.unwrap();
        assert_eq!(got, [(client.local(), b"one".to_vec())]);
        server.send(client.local(), b"two").unwrap();
        client.reader().unwrap().receive(&mut buffer, 8, |from, octets| got.push((from, octets.to_vec()))).await.unwrap();
        assert_eq!((got[1].0.port(), got[1].1.as_slice()), (server.local().port(), &b"two"[..]));
        assert_eq!(source_address(Ipv4Addr::LOCALHOST.into()), Some(Ipv4Addr::LOCALHOST.into()));
    }
}
