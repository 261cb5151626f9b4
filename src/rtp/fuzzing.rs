//! Properties that hold for every input; run by the fuzz targets and, over their corpora, by the tests.

use std::net::SocketAddr;

use crate::{Expected, Header, Kind, Latch, Mode, Report, Seen, Stream, compound, kind, stun};

/// Octets are cut into datagrams by a length in front of each: none breaks the counters, and what is counted adds up.
///
/// # Panics
/// When a property does not hold.
pub fn rtp_packet(data: &[u8]) {
    let end = SocketAddr::from(([192, 0, 2, 1], 4000));
    let expected = Expected { described: Some(end), signalling: Some(end.ip()), private: true };
    let (mut stream, mut latch) = (Stream::default(), Latch::new(0, Mode::Auto, expected));
    let (mut rest, mut now, mut packets) = (data, 0u64, 0u64);
    while let Some((length, after)) = rest.split_first() {
        let (datagram, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        now += u64::from(*length) * 997;
        let Some(header) = Header::parse(datagram) else { continue };
        assert!((12..=datagram.len()).contains(&header.length) && header.payload < 128);
        assert!(matches!(kind(datagram), Kind::Rtp | Kind::Rtcp));
        packets += 1;
        stream.arrive(now, &header, datagram.len(), 8000);
        let from = SocketAddr::from(([192, 0, 2, header.payload % 3], 4000));
        let seen = latch.packet(now, from, Some((header.ssrc, header.sequence)));
        assert!(from.ip() == end.ip() || seen != Seen::Taken || latch.latched() == Some(from));
        assert!(latch.remote().is_some());
    }
    assert_eq!(stream.packets, packets);
    assert!(stream.duplicates + stream.reordered <= packets);
    assert!(stream.lost() <= stream.expected() && (0.0..=100.0).contains(&stream.loss_percent()));
    assert!(stream.jitter_ms() >= 0.0 && stream.jitter_mean_ms() <= stream.jitter_max_ms() + 1e-9);
    assert!(packets == 0 || stream.expected() > 0);
}

/// A compound packet is read to its end, or not at all.
///
/// # Panics
/// When a property does not hold.
pub fn rtcp_packet(data: &[u8]) {
    let Some(packets) = compound(data) else { return };
    let mut count = 0;
    for report in packets {
        count += 1;
        if let Report::Sender { blocks, .. } | Report::Receiver { blocks, .. } = report {
            assert!(blocks.count() <= 31);
        }
    }
    assert!(count >= 1 && count <= data.len() / 4);
    assert!(data.len().is_multiple_of(4));
}

/// A number, then a datagram: what an answer tells is told again the same way, and nobody is answered who asked nothing; an
/// answer of ours is read by whoever asked, and by nobody else.
///
/// # Panics
/// When a property does not hold.
pub fn stun_message(data: &[u8]) {
    let Some((id, datagram)) = data.split_first_chunk::<12>() else { return };
    let from = |octets: &[u8]| stun::answer(octets, SocketAddr::from(([192, 0, 2, 1], 4000)));
    let told = stun::seen(datagram, id);
    if let Some(address) = told {
        assert_eq!(kind(datagram), Kind::Stun);
        assert!(from(datagram).is_none(), "an answer is not answered");
        let again = stun::answer(&stun::request(id), address);
        assert_eq!(again.as_deref().and_then(|again| stun::seen(again, id)), told);
    }
    if let Some(answer) = from(datagram) {
        assert!(datagram.len() % 4 == 0 && answer.len() <= 44, "{}", answer.len());
        let asked: Option<&[u8; 12]> = datagram.get(8..).and_then(|rest| rest.first_chunk());
        assert!(asked.is_some_and(|asked| stun::seen(&answer, asked) == Some(SocketAddr::from(([192, 0, 2, 1], 4000)))));
        assert!(asked == Some(id) || stun::seen(&answer, id).is_none());
    }
}
