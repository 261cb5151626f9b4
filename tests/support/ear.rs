//! Hears on the wire what arrives at a machine: its sound, and where that comes from.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};

use crate::netns::Space;
use crate::phone::RTP;
use crate::tone::{Heard, RATE, from_mu_law};

const PATIENCE: Duration = Duration::from_secs(15);

/// What came within a while.
pub(crate) struct Catch {
    pub(crate) heard: Heard,
    /// Where it came from.
    pub(crate) sources: BTreeSet<SocketAddr>,
}

pub(crate) struct Ear {
    socket: UdpSocket,
    address: IpAddr,
}

impl Ear {
    pub(crate) fn new(space: &Space, address: impl Into<IpAddr>) -> Self {
        let raw = space.within(|| socket(AddressFamily::Packet, SockType::Datagram, SockFlag::empty(), SockProtocol::EthAll).unwrap());
        let socket = UdpSocket::from(raw);
        Self { socket, address: address.into() }
    }

    /// Listens from now on until so much sound came, or for as long at most.
    fn listen(&self, enough: usize, time: Duration) -> Catch {
        // What came before is not meant.
        self.socket.set_nonblocking(true).unwrap();
        let mut packet = [0; 2048];
        while self.socket.recv(&mut packet).is_ok() {}
        self.socket.set_nonblocking(false).unwrap();
        let (mut samples, mut sources, end) = (Vec::new(), BTreeSet::new(), Instant::now() + time);
        while samples.len() < enough {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.socket.set_read_timeout(Some(left.max(Duration::from_millis(1)))).unwrap();
            let Ok(size) = self.socket.recv(&mut packet) else { continue };
            if let Some((source, sound)) = self.sound(&packet[..size]) {
                sources.insert(source);
                samples.extend(sound.iter().copied().map(from_mu_law));
            }
        }
        Catch { heard: Heard::of(&samples), sources }
    }

    /// Waits until half a second holds nothing but these tones; gives where they come from.
    pub(crate) fn waits_for(&self, wanted: &Heard) -> BTreeSet<SocketAddr> {
        let end = Instant::now() + PATIENCE;
        loop {
            let catch = self.listen(RATE / 2, Duration::from_secs(2));
            if catch.heard == *wanted {
                return catch.sources;
            }
            assert!(Instant::now() < end, "wanted {wanted:?}, heard {:?}", catch.heard);
        }
    }

    /// Listens for so long.
    pub(crate) fn hears(&self, time: Duration) -> Catch {
        self.listen(usize::MAX, time)
    }

    /// Source and sound of an IP packet that brings G.711 to this machine.
    fn sound<'a>(&self, packet: &'a [u8]) -> Option<(SocketAddr, &'a [u8])> {
        let (source, target, datagram): (IpAddr, IpAddr, &[u8]) = match packet.first()? >> 4 {
            4 if packet.get(9) == Some(&17) => {
                let address = |at: usize| <[u8; 4]>::try_from(packet.get(at..at + 4)?).ok().map(Ipv4Addr::from);
                (address(12)?.into(), address(16)?.into(), packet.get(usize::from(packet[0] & 15) * 4..)?)
            }
            6 if packet.get(6) == Some(&17) => {
                let address = |at: usize| <[u8; 16]>::try_from(packet.get(at..at + 16)?).ok().map(Ipv6Addr::from);
                (address(8)?.into(), address(24)?.into(), packet.get(40..)?)
            }
            _ => return None,
        };
        let port = |at: usize| Some(u16::from_be_bytes(datagram.get(at..at + 2)?.try_into().ok()?));
        let rtp = datagram.get(8..)?;
        let is_sound = target == self.address && RTP.contains(&port(2)?) && rtp.first()? & 0xc0 == 0x80 && rtp.get(1)? & 0x7f == 0;
        is_sound.then_some((SocketAddr::new(source, port(0)?), rtp.get(12..)?))
    }
}
