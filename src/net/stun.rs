//! How others see us: one binding request to a STUN server (RFC 8489 §7).

use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use rtp::stun;
use tokio::net::UdpSocket;

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
    let request = stun::request(&id);
    let mut octets = [0; 1500];
    for wait in WAITS {
        socket.send(&request).await?;
        let heard = tokio::time::timeout(wait, async {
            loop {
                let size = socket.recv(&mut octets).await?;
                if let Some(seen) = octets.get(..size).and_then(|octets| stun::seen(octets, &id)) {
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[tokio::test]
    async fn a_server_is_asked_again_until_it_answers() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let seen: SocketAddr = "192.0.2.1:32853".parse().unwrap();
        let answered = tokio::spawn(async move {
            let mut octets = [0; 100];
            server.recv_from(&mut octets).await.unwrap();
            let (size, peer) = server.recv_from(&mut octets).await.unwrap();
            // First the answer to somebody else's question.
            for request in [&stun::request(&[0; 12])[..], &octets[..size]] {
                server.send_to(&stun::answer(request, seen).unwrap(), peer).await.unwrap();
            }
            peer
        });
        let (port, told) = seen_by(address, Ipv4Addr::LOCALHOST.into(), 40_000..=40_100, [7; 12]).await.unwrap();
        assert_eq!((answered.await.unwrap().port(), told), (port, seen));
        assert!((40_000..=40_100).contains(&port));
    }
}
