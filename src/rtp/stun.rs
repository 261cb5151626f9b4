//! STUN as far as it tells an end how others see it: binding requests and their answers (RFC 8489).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER: usize = 20;
/// XOR-MAPPED-ADDRESS (RFC 8489 §14.2).
const MAPPED: [u8; 2] = [0, 0x20];
/// MAPPED-ADDRESS, as servers before RFC 5389 tell it (RFC 8489 §14.1).
const PLAIN: [u8; 2] = [0, 0x01];

/// A number of a transaction that nobody else should guess.
pub type Id = [u8; 12];

/// The cookie and the transaction, which hide addresses from those who rewrite them on the way.
fn mask(id: &Id) -> [u8; 16] {
    let mut mask = [0; 16];
    let (cookie, transaction) = mask.split_at_mut(4);
    cookie.copy_from_slice(&COOKIE);
    transaction.copy_from_slice(id);
    mask
}

fn masked(octets: &mut [u8], mask: &[u8; 16]) {
    octets.iter_mut().zip(mask).for_each(|(octet, mask)| *octet ^= mask);
}

/// A binding request without attributes.
pub fn request(id: &Id) -> Vec<u8> {
    [&[0, 1, 0, 0][..], &mask(id)].concat()
}

/// The answer to a binding request from this address; `None` for everything else.
pub fn answer(octets: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let (head, attributes) = octets.split_at_checked(HEADER)?;
    let length = usize::from(u16::from_be_bytes([*head.get(2)?, *head.get(3)?]));
    if head.get(..2)? != [0, 1] || head.get(4..8)? != COOKIE || attributes.len() != length || length % 4 != 0 {
        return None;
    }
    let mask = mask(head.get(8..)?.first_chunk()?);
    let (family, mut address) = match from.ip() {
        IpAddr::V4(ip) => (1, ip.octets().to_vec()),
        IpAddr::V6(ip) => (2, ip.octets().to_vec()),
    };
    let mut port = from.port().to_be_bytes();
    masked(&mut port, &mask);
    masked(&mut address, &mask);
    let size = u8::try_from(4 + address.len()).ok()?;
    Some([&[1, 1, 0, size + 4][..], &mask, &MAPPED, &[0, size, 0, family], &port, &address].concat())
}

/// The address in a success response to the request with this number.
pub fn seen(octets: &[u8], id: &Id) -> Option<SocketAddr> {
    let (head, mut rest) = octets.split_at_checked(HEADER)?;
    if head.get(..2)? != [1, 1] || head.get(4..8)? != COOKIE || head.get(8..)? != id {
        return None;
    }
    let mut older = None;
    while let Some((attribute, further)) = rest.split_at_checked(4) {
        let size = usize::from(u16::from_be_bytes([*attribute.get(2)?, *attribute.get(3)?]));
        let (value, further) = further.split_at_checked(size)?;
        match *attribute.first_chunk()? {
            MAPPED => return address(value, &mask(id)),
            PLAIN => older = address(value, &[0; 16]),
            _ => {}
        }
        rest = further.get((4 - size % 4) % 4..).unwrap_or_default();
    }
    older
}

fn address(value: &[u8], mask: &[u8; 16]) -> Option<SocketAddr> {
    let mut port: [u8; 2] = *value.get(2..)?.first_chunk()?;
    masked(&mut port, mask);
    let mut octets = [0; 16];
    let given = value.get(4..)?;
    octets.get_mut(..given.len())?.copy_from_slice(given);
    masked(&mut octets, mask);
    let ip: IpAddr = match (value.get(1)?, given.len()) {
        (1, 4) => Ipv4Addr::from(*octets.first_chunk::<4>()?).into(),
        (2, 16) => Ipv6Addr::from(octets).into(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_be_bytes(port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5769 §2.2 and §2.3: the transaction, and the mapped addresses in its answers.
    const ID: Id = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];
    const FOUR: [u8; 12] = [0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43];
    const SIX: [u8; 24] = [0, 0x20, 0, 20, 0, 2, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9];
    const ADDRESSES: [&str; 2] = ["192.0.2.1:32853", "[2001:db8:1234:5678:11:2233:4455:6677]:32853"];

    fn response(attributes: &[u8]) -> Vec<u8> {
        let size = u8::try_from(attributes.len()).unwrap();
        [1, 1, 0, size].into_iter().chain(COOKIE).chain(ID).chain(attributes.iter().copied()).collect()
    }

    #[test]
    fn the_vectors_of_rfc_5769() {
        // Before the address: SOFTWARE of 11 octets with its padding.
        let software = [&[0x80, 0x22, 0, 11][..], b"test vector", b" "].concat();
        let [four, six] = ADDRESSES.map(|address| address.parse().unwrap());
        assert_eq!(seen(&response(&[&software[..], &FOUR].concat()), &ID), Some(four));
        assert_eq!(seen(&response(&SIX), &ID), Some(six));
        assert_eq!(answer(&request(&ID), four), Some(response(&FOUR)));
        assert_eq!(answer(&request(&ID), six), Some(response(&SIX)));
        assert_eq!(seen(&response(&[0, 1, 0, 8, 0, 1, 0x13, 0xc4, 192, 0, 2, 9]), &ID), Some("192.0.2.9:5060".parse().unwrap()));
    }

    #[test]
    fn nothing_else_is_an_answer() {
        let good = response(&FOUR);
        for size in 0..good.len() {
            assert_eq!(seen(&good[..size], &ID), None, "{size}");
        }
        assert_eq!(seen(&good, &[0; 12]), None);
        for at in [0, 1, 4, 25] {
            let mut bad = good.clone();
            bad[at] ^= 0xff;
            assert_eq!(seen(&bad, &ID), None, "{at}");
        }
    }

    #[test]
    fn nothing_else_is_answered() {
        let from: SocketAddr = ADDRESSES[0].parse().unwrap();
        let good = request(&ID);
        for size in 0..good.len() {
            assert_eq!(answer(&good[..size], from), None, "{size}");
        }
        for at in [0, 1, 2, 3, 4] {
            let mut bad = good.clone();
            bad[at] ^= 0xff;
            assert_eq!(answer(&bad, from), None, "{at}");
        }
        assert_eq!(answer(&response(&FOUR), from), None, "answers are not answered");
        assert!(answer(b"OPTIONS sip:a SIP/2.0\r\n\r\n", from).is_none());
    }
}
