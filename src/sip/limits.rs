/// Bounds of what is read from a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest header field with its folds, and longest start line, in octets.
    pub line: usize,
    /// Most header fields of a message.
    pub fields: usize,
    /// Longest message in octets, at most [`Limits::LONGEST`].
    pub message: usize,
    /// Messages of a stream that are dropped before it is closed.
    pub dropped: u32,
}

impl Limits {
    /// What no limit can exceed, as offsets into a message are 32 bits wide.
    pub const LONGEST: usize = 64 * 1024 * 1024;

    /// The limits of a datagram: 64 KiB.
    pub const DATAGRAM: Self = Self {
        line: 8 * 1024,
        fields: 256,
        message: 64 * 1024,
        dropped: 3,
    };

    /// The limits of a stream or of a WebSocket message: 256 KiB.
    pub const STREAM: Self = Self {
        message: 256 * 1024,
        ..Self::DATAGRAM
    };

    /// What we wrote ourselves may be longer than what we take.
    pub(crate) const OURS: Self = Self {
        line: Self::STREAM.message,
        fields: 4 * Self::STREAM.fields,
        message: 2 * Self::STREAM.message,
        ..Self::STREAM
    };
}
