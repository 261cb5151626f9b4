//! Inputs and outputs shared by every machine that speaks over one byte stream (SMTP, IMAP, POP, …), so that one loop
//! drives them all.
//!
//! Contract between machine and driver:
//! - At most one [`Output::Ask`] is open at a time. After it the driver feeds nothing but the matching
//!   [`Input::Answer`] (and [`Input::Tick`] when the deadline passes); a machine that already holds pipelined bytes keeps
//!   them in its own bounded buffer and goes on with them after the answer.
//! - After [`Output::StartTls`] the driver shakes hands and feeds [`Input::TlsReady`]; whatever clear bytes the machine
//!   still held at that moment are an injection and end the session (RFC 3207 §4.2, RFC 9051 §6.2.1).
//! - After [`Output::Close`] the driver flushes what was sent and closes; the machine is not called again.

use bytes::Bytes;

/// What happens to a stream machine. `A` are its answers, `N` its notices.
#[derive(Debug)]
pub enum Input<A, N> {
    /// The connection is open: the machine may send its greeting.
    Connected,
    /// Bytes from the peer, at least one.
    Received(Bytes),
    /// The peer closed its side.
    Closed,
    /// The answer to the question that is open.
    Answer(A),
    /// News that nobody asked for (a mailbox changed, the server drains).
    Notice(N),
    /// The TLS handshake that [`Output::StartTls`] asked for is done.
    TlsReady,
    /// The deadline has passed.
    Tick,
}

/// What a stream machine wants done. `Q` are its questions.
#[derive(Debug)]
pub enum Output<Q> {
    /// Send these bytes to the peer.
    Send(Bytes),
    /// Ask the shell; the answer comes back as [`Input::Answer`].
    Ask(Q),
    /// Flush, then shake hands as the TLS server (or client, for a client machine).
    StartTls,
    /// Flush and close.
    Close(Close),
}

/// Why a machine closes its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// The peer said good-bye, or closed.
    Done,
    /// Nothing came for too long.
    Timeout,
    /// Too many errors, or one that cannot be forgiven.
    Fault,
    /// This side is shutting down.
    Shutdown,
}
