//! The port through which signalling has media relayed; the relay itself is a room above, handed down at start.

use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
pub use model::media::MediaForce;
use model::media::{MediaReport, MediaStats, PoorMedia};
use uuid::Uuid;

/// One end of a call as signalling sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaSide {
    /// Where its signalling comes from, or goes to.
    pub source: IpAddr,
    /// It is in our own network.
    pub lan: bool,
    /// It is behind a NAT of its own.
    pub far_end_nat: bool,
    /// It has signed in, or is a gateway or peer that is trusted.
    pub authenticated: bool,
}

/// What to send instead of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaBody {
    /// The body as it came.
    Unchanged,
    /// This one.
    Changed(Bytes),
}

/// Why a call cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct MediaRefused {
    /// SIP status: 400, 488 or 503.
    pub status: u16,
    /// Text for people.
    pub reason: &'static str,
    /// Seconds after which to try again.
    pub retry_after: Option<u32>,
}

/// Something that happened to the media of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaEvent {
    /// A stream flows one way only, `media.one_way`; once for each stream and end.
    OneWay {
        /// The call.
        call: Uuid,
        /// What is amiss.
        verdict: model::media::MediaVerdict,
    },
    /// What one end sends is heard badly for half a minute, `media.quality`; once until it is better again.
    Quality {
        /// The call.
        call: Uuid,
        /// What is heard badly.
        poor: PoorMedia,
    },
    /// Nothing has come from either end for long, `media.timeout`; signalling shall end the call.
    Timeout {
        /// The call.
        call: Uuid,
        /// For how long, in seconds.
        seconds: u32,
    },
    /// Many packets come to the ports of a call from elsewhere, `media.foreign_packets`; once for each call.
    ForeignPackets {
        /// The call.
        call: Uuid,
        /// Packets in a second.
        per_second: u32,
    },
    /// No port was left, `media.ports_exhausted`; at most once in 10 s.
    PortsExhausted {
        /// The local address.
        address: IpAddr,
    },
}

/// Why packets of a call cannot be captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CaptureRefused {
    /// Its media does not pass here.
    #[error("media of this call does not pass this server")]
    NotRelayed,
    /// They are captured already.
    #[error("packets of this call are captured already")]
    Running,
    /// Those of as many other calls are as there may be.
    #[error("packets of too many calls are captured now")]
    TooMany,
}

/// Packets of a call that were captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// Microseconds since it began.
    pub age: u64,
    /// Microseconds for which packets are taken.
    pub lasts: u64,
    /// Whole packets are kept, not their headers alone.
    pub full: bool,
    /// There was no room for all.
    pub truncated: bool,
    /// As they came and left.
    pub packets: Vec<CapturedPacket>,
}

/// One packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedPacket {
    /// Microseconds since the capture began.
    pub after: u64,
    /// Who sent it.
    pub from: SocketAddr,
    /// Where to.
    pub to: SocketAddr,
    /// Octets it had.
    pub length: u32,
    /// Those that are kept, from the first.
    pub octets: Vec<u8>,
}

/// What signalling asks of the relay. No call waits for more than a relay thread's turn.
pub trait MediaControl: Send + Sync + Debug {
    /// An offer passes from one end to the other, on this branch of the call (`None`: in its dialog, once a branch has won).
    ///
    /// # Errors
    /// When the media must be relayed and cannot be.
    #[expect(clippy::too_many_arguments, reason = "each is a fact of the message that passes")]
    fn offer(
        &self, call: Uuid, branch: Option<u32>, from_caller: bool, from: &MediaSide, to: &MediaSide, force: MediaForce, content_type: &str, body: &Bytes,
    ) -> Result<MediaBody, MediaRefused>;

    /// An answer passes to whoever offered. `preview`: in a provisional response that is not reliable.
    ///
    /// # Errors
    /// When the media is relayed and the answer does not fit.
    fn answer(&self, call: Uuid, branch: Option<u32>, from_caller: bool, preview: bool, content_type: &str, body: &Bytes) -> Result<MediaBody, MediaRefused>;

    /// This branch has answered the call; the others end.
    fn branch_won(&self, call: Uuid, branch: u32);

    /// This branch has failed or was cancelled.
    fn branch_ended(&self, call: Uuid, branch: u32);

    /// What is known of a call's media; `None` for one that no offer was seen of.
    fn report(&self, call: Uuid) -> Option<MediaReport>;

    /// The call has ended: ports go back. The last report. To be told of every call that an offer was passed of.
    fn end(&self, call: Uuid) -> Option<MediaReport>;

    /// Begins to keep packets of a call, whole or their headers, for so long.
    ///
    /// # Errors
    /// When there is nothing to keep, or no room.
    fn capture(&self, call: Uuid, seconds: u32, full: bool) -> Result<(), CaptureRefused>;

    /// What was kept of a call last, so far; `None` when nothing was, or others took its place.
    fn captured(&self, call: Uuid) -> Option<Captured>;

    /// The relay as a whole.
    fn stats(&self) -> MediaStats;
}
