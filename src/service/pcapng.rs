//! Packet captures, for programs that show those: a ladder, each message as one datagram, credentials masked; or the media of a call.
//! <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html>

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use model::call::{CallTrace, TraceArrow};
use types::Timestamp;

use crate::CapturedPacket;

/// Packets that begin with their IP header.
const LINKTYPE_RAW: u16 = 101;
/// Most octets of a message in one datagram; longer ones, which came by TCP, are cut.
const LONGEST: usize = 65_000;

fn block(kind: u32, body: &[u8], into: &mut Vec<u8>) {
    let padding = body.len().next_multiple_of(4) - body.len();
    let length = u32::try_from(12 + body.len() + padding).unwrap_or(u32::MAX).to_le_bytes();
    into.extend_from_slice(&kind.to_le_bytes());
    into.extend_from_slice(&length);
    into.extend_from_slice(body);
    into.extend(std::iter::repeat_n(0, padding));
    into.extend_from_slice(&length);
}

/// The one's complement sum of RFC 1071.
fn checksum<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u16 {
    let mut sum = 0_u64;
    for part in parts {
        for pair in part.chunks(2) {
            sum += u64::from(u16::from_be_bytes([pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0)]));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}

/// A datagram of so many octets, of which the first are there, with its IP header; both ends are of one family. Without all its octets
/// it has no sum.
fn datagram(from: SocketAddr, to: SocketAddr, payload: &[u8], size: usize) -> Vec<u8> {
    let length = u16::try_from(8 + size).unwrap_or(u16::MAX).to_be_bytes();
    let mut udp = [from.port().to_be_bytes(), to.port().to_be_bytes(), length, [0, 0]].concat();
    let addresses = match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => [from.octets(), to.octets()].concat(),
        (from, to) => [v6(from).octets(), v6(to).octets()].concat(),
    };
    let sum = checksum([&addresses[..], &[0, 17], &length, &udp, payload]);
    if let Some(field) = udp.get_mut(6..8).filter(|_| payload.len() == size) {
        field.copy_from_slice(&(if sum == 0 { 0xffff } else { sum }).to_be_bytes());
    }
    let mut packet = if from.is_ipv4() {
        let total = u16::try_from(28 + size).unwrap_or(u16::MAX).to_be_bytes();
        let mut header = vec![0x45, 0, total[0], total[1], 0, 0, 0x40, 0, 64, 17, 0, 0];
        header.extend_from_slice(&addresses);
        let sum = checksum([&header[..]]).to_be_bytes();
        if let Some(field) = header.get_mut(10..12) {
            field.copy_from_slice(&sum);
        }
        header
    } else {
        let mut header = vec![0x60, 0, 0, 0, length[0], length[1], 17, 64];
        header.extend_from_slice(&addresses);
        header
    };
    packet.extend_from_slice(&udp);
    packet.extend_from_slice(payload);
    packet
}

fn v6(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}

/// The ends of an arrow. Where our own address of the family is not known, it is the unspecified one.
fn ends(trace: &CallTrace, arrow: &TraceArrow) -> Option<(SocketAddr, SocketAddr)> {
    let address = |id| trace.participants.iter().find(|one| one.id == id)?.address.parse::<SocketAddr>().ok().map(|address| SocketAddr::new(address.ip().to_canonical(), address.port()));
    let other = address(if arrow.from == 0 { arrow.to } else { arrow.from })?;
    let any: IpAddr = if other.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let own = address(0).filter(|own| own.is_ipv4() == other.is_ipv4()).unwrap_or(SocketAddr::new(any, 5060));
    Some(if arrow.from == 0 { (own, other) } else { (other, own) })
}

/// A file that holds nothing yet.
fn begin() -> Vec<u8> {
    let mut file = Vec::new();
    // Section: byte order, version 1.0, length unknown.
    block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes()[..], &1_u16.to_le_bytes(), &0_u16.to_le_bytes(), &u64::MAX.to_le_bytes()].concat(), &mut file);
    // Interface: no limit of length, microseconds.
    block(1, &[&LINKTYPE_RAW.to_le_bytes()[..], &[0, 0], &0_u32.to_le_bytes()].concat(), &mut file);
    file
}

/// Adds a packet that was so many octets long, in microseconds since 1970.
fn add(file: &mut Vec<u8>, micros: u64, packet: &[u8], size: usize, comment: &str) {
    let length = |octets: usize| u32::try_from(octets).unwrap_or(u32::MAX).to_le_bytes();
    let micros = micros.to_le_bytes();
    let (low, high) = micros.split_at(4);
    let mut body = [&0_u32.to_le_bytes()[..], high, low, &length(packet.len()), &length(size), packet].concat();
    body.resize(body.len().next_multiple_of(4), 0);
    if !comment.is_empty() {
        body.extend_from_slice(&1_u16.to_le_bytes());
        body.extend_from_slice(&u16::try_from(comment.len()).unwrap_or(0).to_le_bytes());
        body.extend_from_slice(comment.as_bytes());
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend_from_slice(&[0; 4]);
    }
    block(6, &body, file);
}

/// The capture of a ladder.
pub(crate) fn capture(trace: &CallTrace) -> Vec<u8> {
    let mut file = begin();
    for arrow in &trace.arrows {
        let Some((from, to)) = ends(trace, arrow) else { continue };
        let message = arrow.message.as_bytes();
        let message = message.get(..LONGEST).unwrap_or(message);
        let packet = datagram(from, to, message, message.len());
        // A comment: how it travelled in truth.
        add(&mut file, u64::try_from(arrow.at.micros()).unwrap_or(0), &packet, packet.len(), &arrow.transport);
    }
    file
}

/// The capture of packets of media; it began at this moment.
pub(crate) fn media(began: Timestamp, packets: &[CapturedPacket]) -> Vec<u8> {
    let mut file = begin();
    let began = u64::try_from(began.micros()).unwrap_or(0);
    for one in packets {
        let size = usize::try_from(one.length).unwrap_or(usize::MAX);
        let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        let packet = datagram(canonical(one.from), canonical(one.to), &one.octets, size);
        let whole = packet.len() + size.saturating_sub(one.octets.len());
        add(&mut file, began + one.after, &packet, whole, "");
    }
    file
}

#[cfg(test)]
mod tests {
    use model::call::TraceParticipant;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn sums_are_those_of_rfc_1071() {
        assert_eq!(checksum([&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7][..]]), !0xddf2);
        assert_eq!(checksum([&[1][..]]), !0x0100);
    }

    #[test]
    fn blocks_hold_datagrams_of_both_families() {
        let end = |id, address: &str| TraceParticipant { id, label: String::new(), address: address.to_owned() };
        let arrow = |from, to, message: &str| TraceArrow { at: Timestamp::from_micros(0x1_0000_0002), from, to, label: String::new(), code: None, transport: "TLS".to_owned(), message: message.to_owned() };
        let trace = CallTrace {
            id: Uuid::nil(),
            participants: vec![end(0, "192.0.2.1:5060"), end(1, "192.0.2.7:4000"), end(2, "[2001:db8::2]:5061")],
            arrows: vec![arrow(1, 0, "INVITE"), arrow(0, 2, "INVITE again")],
            notes: Vec::new(),
            truncated: false,
        };
        let file = capture(&trace);
        let (mut rest, mut kinds, mut packets) = (&file[..], Vec::new(), Vec::new());
        let number = |octets: &[u8]| u32::from_le_bytes(octets[..4].try_into().unwrap());
        while !rest.is_empty() {
            let length = number(&rest[4..]) as usize;
            assert_eq!((length % 4, number(&rest[length - 4..]) as usize), (0, length));
            kinds.push(number(rest));
            if number(rest) == 6 {
                assert_eq!((number(&rest[12..]), number(&rest[16..])), (1, 2), "the moment");
                packets.push(&rest[28..28 + number(&rest[20..]) as usize]);
            }
            rest = &rest[length..];
        }
        assert_eq!(kinds, [0x0a0d_0d0a, 1, 6, 6]);
        assert_eq!((packets[0][0], &packets[0][12..20], &packets[0][28..]), (0x45, &[192, 0, 2, 7, 192, 0, 2, 1][..], &b"INVITE"[..]));
        assert_eq!(checksum([&packets[0][..20]]), 0, "a header with its sum sums up to nothing");
        assert_eq!((packets[1][0] >> 4, &packets[1][48..]), (6, &b"INVITE again"[..]));
        assert_eq!(checksum([&packets[1][8..40], &[0, 17], &packets[1][44..46], &packets[1][40..]]), 0);
        assert_eq!(u16::from_be_bytes([packets[1][40], packets[1][41]]), 5060, "our own port is not known there");
    }
    #[test]
    fn packets_of_which_the_head_alone_is_kept_say_how_long_they_were() {
        let packet = CapturedPacket { after: 5, from: "192.0.2.7:4000".parse().unwrap(), to: "192.0.2.1:20000".parse().unwrap(), length: 172, octets: vec![0x80; 12] };
        let file = media(Timestamp::from_micros(1_000_000), &[packet]);
        let block = &file[file.len() - 28 - 4 - 40..];
        let number = |octets: &[u8]| u32::from_le_bytes(octets[..4].try_into().unwrap());
        assert_eq!((number(block), number(&block[16..]), number(&block[20..]), number(&block[24..])), (6, 1_000_005, 40, 200));
        assert_eq!((&block[28 + 2..28 + 4], &block[28 + 24..28 + 28], &block[28 + 28..28 + 40]), (&[0, 200][..], &[0, 180, 0, 0][..], &[0x80; 12][..]));
    }
}
