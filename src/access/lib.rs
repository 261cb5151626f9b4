//! Mailbox access: the shells of IMAP and POP.
//!
//! Types to know: [`Imap`] and [`Pop`], each a [`net::Serve`]; inside, one handler answers the questions of one machine.
//! Deliberately absent: protocols (the machines know them), decisions and storage (the service has them).

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod imap;
mod pop;
mod sessions;

pub use self::imap::Imap;
pub use self::pop::Pop;

/// Shakes hands on a clear stream.
async fn start_tls(certificates: &net::Certificates, stream: net::Stream) -> std::io::Result<net::Stream> {
    let refused = || std::io::Error::other("there is no certificate");
    match (stream, certificates.acceptor()) {
        (net::Stream::Clear(stream), Some(acceptor)) => {
            let stream = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await??;
            Ok(net::Stream::ServerTls(Box::new(stream)))
        }
        _ => Err(refused()),
    }
}

const HANDSHAKE: std::time::Duration = std::time::Duration::from_secs(30);

/// What a client can do about an error, for machines that know refusals only.
fn is_transient(error: &service::Error) -> bool {
    matches!(error.kind, service::Kind::Unavailable | service::Kind::Limited(_) | service::Kind::Internal)
}
