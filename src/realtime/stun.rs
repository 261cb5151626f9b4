//! STUN on a SIP port: a binding request is answered with where it came from (RFC 5626 §4.4.2, RFC 8489 §6.3).

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER: usize = 20;

/// The answer to a binding request; `None` for everything else.
pub(crate) fn answer(octets: &[u8], from: SocketAddr) -> Option<Bytes> {
    let (head, attributes) = octets.split_at_checked(HEADER)?;
    let length = usize::from(u16::from_be_bytes([*head.get(2)?, *head.get(3)?]));
    if head.get(..2)? != [0, 1] || head.get(4..8)? != COOKIE || attributes.len() != length || length % 4 != 0 {
        return None;
    }
    let id = head.get(8..)?;
    // XOR-MAPPED-ADDRESS (RFC 8489 §14.2).
    let mask: Vec<u8> = COOKIE.iter().chain(id).copied().collect();
    let (family, address) = match from.ip() {
        IpAddr::V4(ip) => (1, ip.octets().to_vec()),
        IpAddr::V6(ip) => (2, ip.octets().to_vec()),
    };
    let mut value = vec![0, family];
    value.extend(from.port().to_be_bytes().iter().zip(&mask).map(|(octet, mask)| octet ^ mask));
    value.extend(address.iter().zip(&mask).map(|(octet, mask)| octet ^ mask));
    let mut answer = vec![1, 1];
    let size = u16::try_from(value.len()).ok()?;
    answer.extend((size + 4).to_be_bytes());
    answer.extend(&mask);
    answer.extend([0, 0x20]);
    answer.extend(size.to_be_bytes());
    answer.extend(value);
    Some(answer.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_5769() {
        // RFC 5769 §2.2 and §2.3: the mapped address in the answers to this transaction.
        let id = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];
        let request: Vec<u8> = [0, 1, 0, 0].into_iter().chain(COOKIE).chain(id).collect();
        let answered = answer(&request, "192.0.2.1:32853".parse().unwrap()).unwrap();
        assert_eq!(answered[..4], [1, 1, 0, 12]);
        assert_eq!(answered[20..], [0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
        let six = answer(&request, "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().unwrap()).unwrap();
        assert_eq!(six[24..], [0, 2, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9]);
    }

    #[test]
    fn nothing_else_is_answered() {
        for octets in [&b""[..], b"\r\n\r\n", b"REGISTER sip:a SIP/2.0\r\n", &[0; 20], &[0, 1, 0, 4, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(answer(octets, "192.0.2.1:1".parse().unwrap()), None);
        }
    }
}
