use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt};

/// Who a proxy says the peer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxyHeader {
    /// The peer, and the address it connected to; absent when the proxy speaks for itself (a health check).
    pub addresses: Option<(SocketAddr, SocketAddr)>,
}

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

fn wrong(text: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// Reads a PROXY protocol header, version 1 or 2, and not a byte more.
///
/// # Errors
/// When there is none, or a wrong one.
pub async fn read_header<R: AsyncRead + Unpin>(stream: &mut R, version: u8) -> io::Result<ProxyHeader> {
    match version {
        1 => text(stream).await,
        _ => binary(stream).await,
    }
}

async fn text<R: AsyncRead + Unpin>(stream: &mut R) -> io::Result<ProxyHeader> {
    let mut line = Vec::with_capacity(107);
    while !line.ends_with(b"\r\n") {
        // 107 octets is the longest line the format knows; reading single octets keeps what follows in the socket.
        if line.len() >= 107 {
            return Err(wrong("PROXY line too long"));
        }
        line.push(stream.read_u8().await?);
        if line.len() <= 6 && !b"PROXY ".starts_with(&line) {
            return Err(wrong("no PROXY line"));
        }
    }
    let line = std::str::from_utf8(&line).map_err(|_| wrong("PROXY line is not text"))?;
    let mut words = line.trim_end().split(' ').skip(1);
    let mut word = || words.next().ok_or_else(|| wrong("PROXY line is incomplete"));
    let family = word()?;
    if family == "UNKNOWN" {
        return Ok(ProxyHeader { addresses: None });
    }
    let address = |text: &str| text.parse::<IpAddr>().map_err(|_| wrong("PROXY address is wrong"));
    let port = |text: &str| text.parse::<u16>().map_err(|_| wrong("PROXY port is wrong"));
    let (source, destination) = (address(word()?)?, address(word()?)?);
    let (from, to) = (port(word()?)?, port(word()?)?);
    let fits = match family {
        "TCP4" => source.is_ipv4() && destination.is_ipv4(),
        "TCP6" => source.is_ipv6() && destination.is_ipv6(),
        _ => false,
    };
    if !fits {
        return Err(wrong("PROXY family is wrong"));
    }
    Ok(ProxyHeader { addresses: Some((SocketAddr::new(source, from), SocketAddr::new(destination, to))) })
}

async fn binary<R: AsyncRead + Unpin>(stream: &mut R) -> io::Result<ProxyHeader> {
    let mut head = [0u8; 16];
    stream.read_exact(&mut head).await?;
    let [.., command, family, high, low] = head;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if !head.starts_with(SIGNATURE) || command >> 4 != 2 || length > 2048 {
        return Err(wrong("no PROXY header"));
    }
    let mut body = vec![0u8; length];
    stream.read_exact(&mut body).await?;
    let addresses = match (command & 0x0f, family, body.as_slice()) {
        (0, ..) => None,
        (1, 0x11, [a, b, c, d, e, f, g, h, p, q, r, s, ..]) => Some((
            SocketAddr::new(Ipv4Addr::new(*a, *b, *c, *d).into(), u16::from_be_bytes([*p, *q])),
            SocketAddr::new(Ipv4Addr::new(*e, *f, *g, *h).into(), u16::from_be_bytes([*r, *s])),
        )),
        (1, 0x21, body) if body.len() >= 36 => {
            let ip = |at: usize| -> io::Result<IpAddr> {
                let octets: [u8; 16] = body.get(at..at + 16).and_then(|s| s.try_into().ok()).ok_or_else(|| wrong("PROXY address is cut"))?;
                Ok(Ipv6Addr::from(octets).into())
            };
            let port = |at: usize| u16::from_be_bytes([body.get(at).copied().unwrap_or(0), body.get(at + 1).copied().unwrap_or(0)]);
            Some((SocketAddr::new(ip(0)?, port(32)), SocketAddr::new(ip(16)?, port(34))))
        }
        (1, 0x00, _) => None,
        _ => return Err(wrong("PROXY command or family is wrong")),
    };
    Ok(ProxyHeader { addresses })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(version: u8, input: &[u8]) -> (io::Result<ProxyHeader>, Vec<u8>) {
        let mut rest = input;
        let header = read_header(&mut rest, version).await;
        (header, rest.to_vec())
    }

    #[tokio::test]
    async fn version_1() {
        let (header, rest) = check(1, b"PROXY TCP4 192.0.2.1 198.51.100.7 40000 25\r\nEHLO x\r\n").await;
        let (from, to) = header.unwrap().addresses.unwrap();
        assert_eq!((from.to_string(), to.to_string(), rest.as_slice()), ("192.0.2.1:40000".into(), "198.51.100.7:25".into(), &b"EHLO x\r\n"[..]));
        assert_eq!(check(1, b"PROXY UNKNOWN\r\n").await.0.unwrap().addresses, None);
        for bad in [&b"EHLO x\r\n"[..], b"PROXY TCP4 ::1 ::1 1 2\r\n", b"PROXY TCP4 1.2.3.4\r\n", &[b'P'; 200]] {
            assert!(check(1, bad).await.0.is_err());
        }
    }

    #[tokio::test]
    async fn version_2() {
        let mut input = SIGNATURE.to_vec();
        input.extend([0x21, 0x11, 0, 12, 192, 0, 2, 1, 198, 51, 100, 7, 0x9c, 0x40, 0, 25]);
        input.extend(b"hi");
        let (header, rest) = check(2, &input).await;
        let (from, to) = header.unwrap().addresses.unwrap();
        assert_eq!((from.to_string(), to.to_string(), rest.as_slice()), ("192.0.2.1:40000".into(), "198.51.100.7:25".into(), &b"hi"[..]));
        assert!(check(2, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.0.is_err());
    }
}
