//! Properties that hold for every input; run by the fuzz targets and, over their corpora, by the tests.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::Bytes;

use crate::{Description, MOST_MEDIA, NewOrigin, Rewrite, negotiate, part};

/// What is read can be rewritten, the result can be read and shows the relay alone, and a second rewriting changes nothing.
///
/// # Panics
/// When a property does not hold.
pub fn sdp_description(data: &[u8]) {
    let Ok(description) = Description::parse(&Bytes::copy_from_slice(data)) else { return };
    assert!(description.media.len() <= MOST_MEDIA);
    assert_eq!(negotiate::answer(&description, &description), Ok(()));
    assert_eq!(negotiate::new_offer(&description, &description), Ok(negotiate::NewOffer::Same));
    for address in [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 250)), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xfa))] {
        let ports: Vec<_> = (0..description.media.len()).map(|index| u16::try_from(20_000 + 2 * index).ok()).collect();
        let rewrite = Rewrite { address, origin: NewOrigin { user: "-", session: 7, version: 3 }, ports: &ports };
        let out = rewrite.apply(&description);
        let again = Description::parse(&out);
        assert!(again.is_ok(), "what is written can be read");
        let Ok(again) = again else { return };
        assert_eq!(rewrite.apply(&again), out);
        shows_the_relay(&description, &again, address, &ports);
    }
}

fn shows_the_relay(before: &Description, after: &Description, address: IpAddr, ports: &[Option<u16>]) {
    assert_eq!((after.media.len(), after.origin.version, after.ice, after.dtls), (before.media.len(), 3, false, before.dtls));
    assert!(after.connection.is_none_or(|connection| connection.address == Some(address)));
    for ((old, new), port) in before.media.iter().zip(&after.media).zip(ports) {
        assert_eq!(new.port, if old.port == 0 { 0 } else { port.unwrap_or_default() });
        assert_eq!((old.kind, old.protocol, old.rtcp_mux, old.encrypted), (new.kind, new.protocol, new.rtcp_mux, new.encrypted));
        assert!(new.rtcp.is_none() && new.connection.is_none_or(|connection| connection.address == Some(address)));
        assert_eq!(before.codecs(old), after.codecs(new));
        if old.port != 0 {
            assert_eq!(before.direction_of(old), after.direction_of(new));
        }
    }
}

/// Content type in the first line, body in the others: a description that is found lies within the body.
///
/// # Panics
/// When a property does not hold.
pub fn sdp_part(data: &[u8]) {
    let Some(end) = data.iter().position(|octet| *octet == b'\n') else { return };
    let (Some(Ok(content_type)), Some(body)) = (data.get(..end).map(std::str::from_utf8), data.get(end + 1..)) else { return };
    if let Ok(Some(range)) = part(content_type, body) {
        assert!(range.start <= range.end && range.end <= body.len());
    }
}
