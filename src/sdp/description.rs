//! A body with what was found in it.

use std::net::IpAddr;
use std::ops::Range;

use bytes::Bytes;

use crate::codec::{self, Codec};
use crate::fault::Fault;
use crate::lines::Line;
use crate::read;

/// A session description: the body as it came, and what a relay must know of it.
#[derive(Debug, Clone)]
pub struct Description {
    pub(crate) body: Bytes,
    pub(crate) lines: Vec<Line>,
    /// Who made it.
    pub origin: Origin,
    /// The address of streams that have none of their own.
    pub connection: Option<Connection>,
    /// The direction of streams that have none of their own.
    pub direction: Option<Direction>,
    /// The streams in their order.
    pub media: Vec<Media>,
    /// Lines of ICE are there (RFC 8839).
    pub ice: bool,
    /// Keys come by DTLS: an `a=fingerprint` is there (RFC 8122).
    pub dtls: bool,
}

/// The `o=` line (RFC 8866 §5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Session id, as written.
    pub session: Range<usize>,
    /// Session version; a number beyond 64 bits counts as the largest.
    pub version: u64,
}

/// A `c=` line (RFC 8866 §5.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// The address; `None` for a name.
    pub address: Option<IpAddr>,
    /// A form that says "send me nothing": `0.0.0.0`, `::` or a name under `.invalid` (RFC 3264 §8.4, RFC 6157 §4.2).
    pub hold: bool,
    /// Written as IP6.
    pub v6: bool,
}

/// One m-line and its lines.
#[derive(Debug, Clone)]
pub struct Media {
    /// What it carries.
    pub kind: Kind,
    /// Port; 0 = rejected or offered as such.
    pub port: u16,
    /// How it is carried.
    pub protocol: Protocol,
    /// The formats as written, separated by spaces.
    pub formats: Range<usize>,
    /// Its own address.
    pub connection: Option<Connection>,
    /// Its own direction.
    pub direction: Option<Direction>,
    /// `a=rtcp` (RFC 3605).
    pub rtcp: Option<Rtcp>,
    /// `a=rtcp-mux` (RFC 5761).
    pub rtcp_mux: bool,
    /// `a=crypto` or `a=fingerprint`: ciphertext between the ends.
    pub encrypted: bool,
    /// Index of the m-line and of the line after the last of this stream.
    pub(crate) lines: Range<usize>,
}

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `audio`.
    Audio,
    /// `video`.
    Video,
    /// `image`: fax by T.38.
    Image,
    /// `application`.
    Application,
    /// `text`.
    Text,
    /// `message`: MSRP.
    Message,
    /// Anything else.
    Other,
}

/// How a stream is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// RTP in the clear: `RTP/AVP`, `RTP/AVPF`.
    Rtp,
    /// Encrypted RTP: `RTP/SAVP`, `RTP/SAVPF` and those over DTLS.
    Srtp,
    /// Other datagrams: `udptl`, `UDP/…`, `DTLS/…`.
    Datagrams,
    /// Anything else: TCP and what is unknown.
    Other,
}

/// The `a=rtcp` attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rtcp {
    /// Port of RTCP.
    pub port: u16,
    /// Address, when it is not that of the stream.
    pub address: Option<IpAddr>,
}

/// Direction of a stream, seen from whoever describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// It sends only.
    SendOnly,
    /// It receives only.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// The describer sends.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// The describer wants to receive.
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }
}

impl Protocol {
    /// RTP, in the clear or not.
    pub fn is_rtp(self) -> bool {
        matches!(self, Self::Rtp | Self::Srtp)
    }

    /// Datagrams, which a relay of datagrams can forward.
    pub fn is_datagrams(self) -> bool {
        self != Self::Other
    }
}

impl Description {
    /// Reads a body.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(body: &Bytes) -> Result<Self, Fault> {
        read::description(body)
    }

    /// The body as it came.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Text at a position; empty when it is none.
    pub fn text(&self, at: &Range<usize>) -> &str {
        self.body.get(at.clone()).and_then(|octets| std::str::from_utf8(octets).ok()).unwrap_or_default()
    }

    /// The address that counts for a stream.
    pub fn connection_of(&self, media: &Media) -> Option<Connection> {
        media.connection.or(self.connection)
    }

    /// The direction that counts for a stream; what is held by its address counts as inactive.
    pub fn direction_of(&self, media: &Media) -> Direction {
        if self.connection_of(media).is_some_and(|connection| connection.hold) {
            return Direction::Inactive;
        }
        media.direction.or(self.direction).unwrap_or(Direction::SendRecv)
    }

    /// Codecs of a stream in the order of its formats; empty unless it is RTP.
    pub fn codecs(&self, media: &Media) -> Vec<Codec<'_>> {
        codec::codecs(self, media)
    }

    /// Values of the attributes `a=name:value` of a stream.
    pub fn attributes<'a>(&'a self, media: &Media, name: &'a str) -> impl Iterator<Item = &'a str> {
        let lines = self.lines.get(media.lines.clone()).unwrap_or_default();
        lines.iter().filter(|line| line.letter == b'a').filter_map(move |line| {
            let text = self.text(&line.value());
            text.strip_prefix(name)?.strip_prefix(':')
        })
    }
}
