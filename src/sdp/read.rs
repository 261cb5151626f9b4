//! Reading a body.

use std::net::IpAddr;
use std::ops::Range;

use bytes::Bytes;

use crate::MOST_MEDIA;
use crate::description::{Connection, Description, Direction, Kind, Media, Origin, Protocol, Rtcp};
use crate::fault::{Fault, Reason};
use crate::lines::{Line, lines};

pub(crate) fn description(body: &Bytes) -> Result<Description, Fault> {
    let lines = lines(body)?;
    let origin = match lines.as_slice() {
        [version, origin, ..] if version.letter == b'v' && body.get(version.value()) == Some(b"0") && origin.letter == b'o' => read_origin(body, origin)?,
        _ => return Err(Reason::Start.at(0)),
    };
    let mut found = Description { body: body.clone(), lines: Vec::new(), origin, connection: None, direction: None, media: Vec::new(), ice: false, dtls: false };
    for (index, line) in lines.iter().enumerate().skip(2) {
        take(&mut found, index, line)?;
    }
    for media in &found.media {
        if media.port != 0 && media.connection.is_none() && found.connection.is_none() {
            return Err(Reason::NoConnection.at(lines.get(media.lines.start).map_or(0, |line| line.whole.start)));
        }
    }
    found.lines = lines;
    Ok(found)
}

fn take(found: &mut Description, index: usize, line: &Line) -> Result<(), Fault> {
    let at = line.whole.start;
    let body = found.body.clone();
    let value = body.get(line.value()).unwrap_or_default();
    if let Some(media) = found.media.last_mut().filter(|_| line.letter != b'm') {
        media.lines.end = index + 1;
    }
    match line.letter {
        b'v' | b'o' => return Err(Reason::Repeated.at(at)),
        b'm' if found.media.len() == MOST_MEDIA => return Err(Reason::TooMuch.at(at)),
        b'm' => found.media.push(read_media(value, index, line)?),
        b'c' => {
            let place = found.media.last_mut().map_or(&mut found.connection, |media| &mut media.connection);
            once(place, read_connection(value).ok_or(Reason::Connection.at(at))?, at)?;
        }
        b'a' => attribute(found, value, at)?,
        _ => {}
    }
    Ok(())
}

fn once<T>(place: &mut Option<T>, value: T, at: usize) -> Result<(), Fault> {
    match place.replace(value) {
        Some(_) => Err(Reason::Repeated.at(at)),
        None => Ok(()),
    }
}

fn attribute(found: &mut Description, value: &[u8], at: usize) -> Result<(), Fault> {
    found.ice |= is_ice(value);
    found.dtls |= value.starts_with(b"fingerprint:");
    let direction = match value {
        b"sendrecv" => Some(Direction::SendRecv),
        b"sendonly" => Some(Direction::SendOnly),
        b"recvonly" => Some(Direction::RecvOnly),
        b"inactive" => Some(Direction::Inactive),
        _ => None,
    };
    if let Some(direction) = direction {
        let place = found.media.last_mut().map_or(&mut found.direction, |media| &mut media.direction);
        return once(place, direction, at);
    }
    let Some(media) = found.media.last_mut() else { return Ok(()) };
    if let Some(value) = value.strip_prefix(b"rtcp:") {
        return once(&mut media.rtcp, read_rtcp(value).ok_or(Reason::Attribute.at(at))?, at);
    }
    media.rtcp_mux |= value == b"rtcp-mux";
    media.encrypted |= value.starts_with(b"crypto:") || value.starts_with(b"fingerprint:");
    Ok(())
}

/// Attributes of ICE (RFC 8839 §5), which mean nothing on the other side of a relay.
pub(crate) fn is_ice(attribute: &[u8]) -> bool {
    let name = attribute.split(|octet| *octet == b':').next().unwrap_or_default();
    matches!(name, b"candidate" | b"remote-candidates" | b"end-of-candidates") || name.starts_with(b"ice-")
}

fn words(value: &[u8]) -> Option<Vec<&str>> {
    Some(std::str::from_utf8(value).ok()?.split(' ').collect())
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}

fn read_origin(body: &[u8], line: &Line) -> Result<Origin, Fault> {
    let fault = Reason::Origin.at(line.whole.start);
    let words = words(body.get(line.value()).unwrap_or_default()).ok_or(fault)?;
    let [user, session, version, "IN", "IP4" | "IP6", address] = words.as_slice() else { return Err(fault) };
    if user.is_empty() || address.is_empty() || !digits(session) || !digits(version) {
        return Err(fault);
    }
    let start = line.value().start + user.len() + 1;
    Ok(Origin { session: start..start + session.len(), version: version.parse().unwrap_or(u64::MAX) })
}

fn read_connection(value: &[u8]) -> Option<Connection> {
    let words = words(value)?;
    let ["IN", family @ ("IP4" | "IP6"), host] = words.as_slice() else { return None };
    let v6 = *family == "IP6";
    match host.parse::<IpAddr>() {
        // A multicast address (with its TTL or without) is nothing that a call between two can use.
        Ok(address) if address.is_ipv6() != v6 || address.is_multicast() => None,
        Ok(address) => Some(Connection { address: Some(address), hold: address.is_unspecified(), v6 }),
        Err(_) if is_name(host) => Some(Connection { address: None, hold: host.to_ascii_lowercase().ends_with(".invalid"), v6 }),
        Err(_) => None,
    }
}

fn is_name(host: &str) -> bool {
    let good = host.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_'));
    good && (1..=255).contains(&host.len()) && host.bytes().any(|octet| octet.is_ascii_alphabetic())
}

fn read_rtcp(value: &[u8]) -> Option<Rtcp> {
    let words = words(value)?;
    match words.as_slice() {
        [port] if digits(port) => Some(Rtcp { port: port.parse().ok()?, address: None }),
        [port, "IN", "IP4" | "IP6", host] if digits(port) => Some(Rtcp { port: port.parse().ok()?, address: host.parse().ok() }),
        _ => None,
    }
}

fn read_media(value: &[u8], index: usize, line: &Line) -> Result<Media, Fault> {
    let fault = Reason::Media.at(line.whole.start);
    let text = std::str::from_utf8(value).map_err(|_| fault)?;
    let mut words = text.splitn(4, ' ');
    let (Some(kind), Some(ports), Some(protocol), Some(formats)) = (words.next(), words.next(), words.next(), words.next()) else { return Err(fault) };
    let (port, count) = ports.split_once('/').map_or((ports, None), |(port, count)| (port, Some(count)));
    if kind.is_empty() || protocol.is_empty() || formats.split(' ').any(str::is_empty) || !digits(port) {
        return Err(fault);
    }
    match count {
        None | Some("1") => {}
        Some(count) if digits(count) => return Err(Reason::PortCount.at(line.whole.start)),
        Some(_) => return Err(fault),
    }
    let start = line.whole.end - formats.len();
    Ok(Media {
        kind: kind_of(kind),
        port: port.parse().map_err(|_| fault)?,
        protocol: protocol_of(protocol),
        formats: start..line.whole.end,
        connection: None,
        direction: None,
        rtcp: None,
        rtcp_mux: false,
        encrypted: false,
        lines: Range { start: index, end: index + 1 },
    })
}

fn kind_of(word: &str) -> Kind {
    match word {
        "audio" => Kind::Audio,
        "video" => Kind::Video,
        "image" => Kind::Image,
        "application" => Kind::Application,
        "text" => Kind::Text,
        "message" => Kind::Message,
        _ => Kind::Other,
    }
}

fn protocol_of(word: &str) -> Protocol {
    match word.to_ascii_uppercase().as_str() {
        "RTP/AVP" | "RTP/AVPF" => Protocol::Rtp,
        "RTP/SAVP" | "RTP/SAVPF" | "UDP/TLS/RTP/SAVP" | "UDP/TLS/RTP/SAVPF" => Protocol::Srtp,
        "UDPTL" | "UDP" | "UDP/BFCP" | "UDP/TLS/BFCP" | "UDP/TLS/UDPTL" | "DTLS/SCTP" | "UDP/DTLS/SCTP" => Protocol::Datagrams,
        _ => Protocol::Other,
    }
}
