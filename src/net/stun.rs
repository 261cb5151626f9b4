//! How others see us: one binding request to a STUN server (RFC 8489 §7).

use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use tokio::net::UdpSocket;

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER: usize = 20;
/// Waits for an answer, one after the other (RFC 8489 §6.2.1); then nobody is there.
const WAITS: [Duration; 4] = [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(1)];
/// Ports tried until one is free.
const TRIES: u16 = 50;

/// Asks a server from an address of ours and one of these ports, the last that is free; gives the port, and the address
/// and port that the server saw. `id` is the transaction, which nobody else should guess.
///
/// # Errors
/// When no port is free, or the server does not answer.
pub async fn seen_by(server: SocketAddr, from: IpAddr, ports: RangeInclusive<u16>, id: [u8; 12]) -> Result<(u16, SocketAddr)> {
    let mut bound = Err(Error::from(ErrorKind::AddrInUse));
    for port in ports.rev().take(TRIES.into()) {
        bound = UdpSocket::bind((from, port)).await;
        if bound.is_ok() {
            break;
        }
    }
    let socket = bound?;
    // Only the server is listened to.
    socket.connect(server).await?;
    let port = socket.local_addr()?.port();
    let request: Vec<u8> = [0, 1, 0, 0].into_iter().chain(COOKIE).chain(id).collect();
    let mut octets = [0; 1500];
    for wait in WAITS {
        socket.send(&request).await?;
        let heard = tokio::time::timeout(wait, async {
            loop {
                let size = socket.recv(&mut octets).await?;
                if let Some(seen) = octets.get(..size).and_then(|octets| read(octets, &id)) {
                    return Ok::<_, Error>(seen);
                }
            }
        });
        if let Ok(seen) = heard.await {
            return Ok((port, seen?));
        }
    }
    Err(Error::from(ErrorKind::TimedOut))
}

/// The address in the success response to our request (RFC 8489 §14.2), or in the older attribute (§14.1).
fn read(octets: &[u8], id: &[u8; 12]) -> Option<SocketAddr> {
    let (head, mut rest) = octets.split_at_checked(HEADER)?;
    if head.get(..2)? != [1, 1] || head.get(4..8)? != COOKIE || head.get(8..)? != id {
        return None;
    }
    let plain = [0; 16];
    let mask: Vec<u8> = COOKIE.iter().chain(id).copied().collect();
    let mut older = None;
    while let Some((attribute, further)) = rest.split_at_checked(4) {
        let size = usize::from(u16::from_be_bytes([*attribute.get(2)?, *attribute.get(3)?]));
        let (value, further) = further.split_at_checked(size)?;
        match attribute.get(..2)? {
            [0, 0x20] => return address(value, &mask),
            [0, 0x01] => older = address(value, &plain),
            _ => {}
        }
        rest = further.get((4 - size % 4) % 4..).unwrap_or_default();
    }
    older
}

fn address(value: &[u8], mask: &[u8]) -> Option<SocketAddr> {
    let clear = |octets: &[u8]| octets.iter().zip(mask).map(|(octet, mask)| octet ^ mask).collect::<Vec<u8>>();
    let port: [u8; 2] = clear(value.get(2..4)?).try_into().ok()?;
    let octets = clear(value.get(4..)?);
    let ip: IpAddr = match value.get(1)? {
        1 => Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?).into(),
        2 => Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?).into(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_be_bytes(port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5769 §2.2 and §2.3: the transaction, and the mapped addresses in its answers.
    const ID: [u8; 12] = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];
    const FOUR: [u8; 12] = [0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43];
    const SIX: [u8; 24] = [0, 0x20, 0, 20, 0, 2, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9];

    fn response(attributes: &[u8]) -> Vec<u8> {
        let size = u8::try_from(attributes.len()).unwrap();
        [1, 1, 0, size].into_iter().chain(COOKIE).chain(ID).chain(attributes.iter().copied()).collect()
    }

    #[test]
    fn the_vectors_of_rfc_5769() {
        // Before the address: SOFTWARE of 11 octets with its padding.
        let software = [&[0x80, 0x22, 0, 11][..], b"test vector", b" "].concat();
        assert_eq!(read(&response(&[&software[..], &FOUR].concat()), &ID), Some("192.0.2.1:32853".parse().unwrap()));
        assert_eq!(read(&response(&SIX), &ID), Some("[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().unwrap()));
        assert_eq!(read(&response(&[0, 1, 0, 8, 0, 1, 0x13, 0xc4, 192, 0, 2, 9]), &ID), Some("192.0.2.9:5060".parse().unwrap()));
    }

    #[test]
    fn nothing_else_is_an_answer() {
        let good = response(&FOUR);
        for size in 0..good.len() {
            assert_eq!(read(&good[..size], &ID), None, "{size}");
        }
        assert_eq!(read(&good, &[0; 12]), None);
        for at in [0, 1, 4, 25] {
            let mut bad = good.clone();
            bad[at] ^= 0xff;
            assert_eq!(read(&bad, &ID), None, "{at}");
        }
    }

    #[tokio::test]
    async fn a_server_is_asked_again_until_it_answers() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let answered = tokio::spawn(async move {
            let mut octets = [0; 100];
            server.recv_from(&mut octets).await.unwrap();
            let (_, peer) = server.recv_from(&mut octets).await.unwrap();
            let id: [u8; 12] = octets[8..20].try_into().unwrap();
            let mut other = [1, 1, 0, 12].into_iter().chain(COOKIE).chain([0; 12]).chain(FOUR).collect::<Vec<u8>>();
            server.send_to(&other, peer).await.unwrap();
            other[8..20].copy_from_slice(&id);
            server.send_to(&other, peer).await.unwrap();
            (peer, id)
        });
        let (port, seen) = seen_by(address, Ipv4Addr::LOCALHOST.into(), 40_000..=40_100, ID).await.unwrap();
        let (peer, id) = answered.await.unwrap();
        let mask: Vec<u8> = COOKIE.iter().chain(&id).copied().collect();
        assert_eq!((peer.port(), Some(seen)), (port, super::address(&FOUR[4..], &mask)));
        assert!((40_000..=40_100).contains(&port));
    }
}
