//! Codecs of a stream: `a=rtpmap`, and the static payload types of RFC 3551 §6.

use crate::description::{Description, Media};

/// One format of an RTP stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codec<'a> {
    /// Payload type, 0 to 127.
    pub payload: u8,
    /// Encoding name; empty when a dynamic payload type is not explained.
    pub name: &'a str,
    /// RTP clock in Hz; 0 = unknown.
    pub clock: u32,
    /// Channels of audio.
    pub channels: u8,
    /// Parameters of `a=fmtp`; empty = none.
    pub parameters: &'a str,
}

/// RFC 3551 tables 4 and 5: payload type, name, clock, channels.
const STATIC: [(u8, &str, u32, u8); 24] = [
    (0, "PCMU", 8000, 1),
    (3, "GSM", 8000, 1),
    (4, "G723", 8000, 1),
    (5, "DVI4", 8000, 1),
    (6, "DVI4", 16_000, 1),
    (7, "LPC", 8000, 1),
    (8, "PCMA", 8000, 1),
    (9, "G722", 8000, 1),
    (10, "L16", 44_100, 2),
    (11, "L16", 44_100, 1),
    (12, "QCELP", 8000, 1),
    (13, "CN", 8000, 1),
    (14, "MPA", 90_000, 1),
    (15, "G728", 8000, 1),
    (16, "DVI4", 11_025, 1),
    (17, "DVI4", 22_050, 1),
    (18, "G729", 8000, 1),
    (25, "CelB", 90_000, 1),
    (26, "JPEG", 90_000, 1),
    (28, "nv", 90_000, 1),
    (31, "H261", 90_000, 1),
    (32, "MPV", 90_000, 1),
    (33, "MP2T", 90_000, 1),
    (34, "H263", 90_000, 1),
];

pub(crate) fn codecs<'a>(description: &'a Description, media: &Media) -> Vec<Codec<'a>> {
    if !media.protocol.is_rtp() {
        return Vec::new();
    }
    let payloads = description.text(&media.formats).split(' ').filter_map(|format| format.parse::<u8>().ok()).filter(|payload| *payload < 128);
    payloads
        .take(128)
        .map(|payload| {
            let find = |name| description.attributes(media, name).find_map(|value| of_payload(value, payload));
            let mut codec = match find("rtpmap").and_then(|text| mapped(payload, text)) {
                Some(codec) => codec,
                None => STATIC.iter().find(|entry| entry.0 == payload).map_or(Codec { payload, name: "", clock: 0, channels: 1, parameters: "" }, |entry| {
                    Codec { payload, name: entry.1, clock: entry.2, channels: entry.3, parameters: "" }
                }),
            };
            codec.parameters = find("fmtp").unwrap_or_default();
            codec
        })
        .collect()
}

/// What follows the payload type, when it is this one.
fn of_payload(value: &str, payload: u8) -> Option<&str> {
    let (number, rest) = value.split_once(' ')?;
    (number.parse() == Ok(payload)).then(|| rest.trim())
}

/// `name/clock[/channels]` (RFC 8866 §6.6).
fn mapped(payload: u8, text: &str) -> Option<Codec<'_>> {
    let mut pieces = text.split('/');
    let (name, clock) = (pieces.next()?, pieces.next()?.parse().ok()?);
    let channels = pieces.next().map_or(Some(1), |text| text.parse().ok())?;
    Some(Codec { payload, name, clock, channels, parameters: "" })
}
