//! The sockets of the relay.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use nix::sys::socket::sockopt::{Ipv4RecvErr, Ipv6RecvErr};
use nix::sys::socket::{MsgFlags, recvmsg, setsockopt};
use socket2::{Domain, Protocol, Socket, Type};

const BUFFER: usize = 256 * 1024;
/// Refusals that are taken at a time.
const REFUSALS: u32 = 64;

/// Opens one port, ready for a relay thread. `dscp` is 0 to 63.
pub(crate) fn open(address: SocketAddr, dscp: u8) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    let mark = u32::from(dscp) << 2;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
        socket.set_tclass_v6(mark)?;
    } else {
        socket.set_tos_v4(mark)?;
    }
    // The kernel may grant less; then bursts are shorter.
    let _ = socket.set_recv_buffer_size(BUFFER);
    let _ = socket.set_send_buffer_size(BUFFER);
    // A socket that is not connected is told of refusals only when it asks for it.
    let told = if address.is_ipv6() { setsockopt(&socket, Ipv6RecvErr, &true) } else { setsockopt(&socket, Ipv4RecvErr, &true) };
    told?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Takes what the network said of packets that were sent (ICMP): how many it refused.
pub(crate) fn refusals(socket: &UdpSocket) -> u32 {
    let mut refused = 0;
    let mut octets = [0; 64];
    while refused < REFUSALS && recvmsg::<()>(socket.as_raw_fd(), &mut [IoSliceMut::new(&mut octets)], None, MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT).is_ok() {
        refused += 1;
    }
    refused
}

/// What is sent is never split on its way. A voice's packets are small, and the kernel need not number what stays whole.
pub(crate) fn never_split(socket: &UdpSocket) {
    // Where it cannot be set the packets are numbered.
    let _ = rustix::net::sockopt::set_ip_mtu_discover(socket, rustix::net::sockopt::Ipv4PathMtuDiscovery::DO);
}

/// Takes one packet that waits: its length and where it came from. Without the C library, whose calls can be cancelled and cost for it.
#[inline]
pub(crate) fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    let (length, _, from) = rustix::net::recvfrom(socket, buffer, rustix::net::RecvFlags::DONTWAIT)?;
    let from = from.and_then(|from| SocketAddr::try_from(from).ok()).ok_or(io::ErrorKind::AddrNotAvailable)?;
    Ok((length, from))
}

/// Sends one packet.
#[inline]
pub(crate) fn send(socket: &UdpSocket, datagram: &[u8], to: SocketAddr) -> io::Result<()> {
    rustix::net::sendto(socket, datagram, rustix::net::SendFlags::DONTWAIT, &to)?;
    Ok(())
}

/// The address of this machine from which another is reached.
pub(crate) fn route(to: IpAddr) -> io::Result<IpAddr> {
    let any = match to {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((any, 0))?;
    // Sends nothing; the port does not matter.
    socket.connect((to, 9))?;
    socket.local_addr().map(|address| address.ip())
}

/// This machine has the address.
pub(crate) fn is_ours(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

/// Raises the limit of open files to what the system allows.
pub(crate) fn raise_limits() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
