//! The header of an RTP packet, and what else may come to its port.

/// What a datagram is by its first octets (RFC 7983 §7, RFC 5761 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// RTP, possibly encrypted.
    Rtp,
    /// RTCP, possibly encrypted.
    Rtcp,
    /// STUN.
    Stun,
    /// DTLS.
    Dtls,
    /// Anything else.
    Other,
}

/// Tells apart what shares a port.
pub fn kind(datagram: &[u8]) -> Kind {
    match datagram {
        [0..=3, _, ..] if datagram.len() >= 20 => Kind::Stun,
        [20..=63, ..] if datagram.len() >= 13 => Kind::Dtls,
        // RTCP packet types 192 to 223 are kept free of RTP payload types with and without marker.
        [128..=191, 192..=223, ..] if datagram.len() >= 8 => Kind::Rtcp,
        [128..=191, ..] if datagram.len() >= 12 => Kind::Rtp,
        _ => Kind::Other,
    }
}

/// The fixed header of an RTP packet (RFC 3550 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Marker.
    pub marker: bool,
    /// Payload type, 0 to 127.
    pub payload: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp in units of the stream's clock.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// Octets before the payload, with contributing sources and header extension.
    pub length: usize,
}

impl Header {
    /// Reads the header; `None` when the datagram is too short for what it announces or has another version.
    pub fn parse(datagram: &[u8]) -> Option<Self> {
        let (head, _) = datagram.split_first_chunk::<12>()?;
        let [first, second, s0, s1, t0, t1, t2, t3, i0, i1, i2, i3] = *head;
        if first >> 6 != 2 {
            return None;
        }
        let mut length = 12 + 4 * usize::from(first & 0x0f);
        if first & 0x10 != 0 {
            let words = datagram.get(length + 2..length + 4)?;
            let [high, low] = *words.first_chunk::<2>()?;
            length += 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
        }
        (length <= datagram.len()).then_some(Self {
            marker: second & 0x80 != 0,
            payload: second & 0x7f,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([i0, i1, i2, i3]),
            length,
        })
    }
}
