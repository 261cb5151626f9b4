//! Connections that we open.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::Stream;

/// Opens a connection.
///
/// # Errors
/// When nobody answers in time.
pub async fn connect(address: SocketAddr, patience: Duration) -> io::Result<Stream> {
    let stream = tokio::time::timeout(patience, TcpStream::connect(address)).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    stream.set_nodelay(true)?;
    Ok(Stream::Clear(stream))
}

/// Shakes hands as a client that takes any certificate: against those who only listen (RFC 7435).
///
/// # Errors
/// When the handshake fails or takes too long.
pub async fn opportunistic_tls(stream: Stream, host: &str, patience: Duration) -> io::Result<Stream> {
    let Stream::Clear(clear) = stream else { return Err(io::ErrorKind::InvalidInput.into()) };
    let peer = clear.peer_addr()?;
    let name = ServerName::try_from(host.to_owned()).unwrap_or_else(|_| ServerName::from(peer.ip()));
    let config = config()?;
    let handshake = TlsConnector::from(config).connect(name, clear);
    let stream = tokio::time::timeout(patience, handshake).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    Ok(Stream::ClientTls(Box::new(stream)))
}

fn config() -> io::Result<Arc<ClientConfig>> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(config.clone());
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().map_err(io::Error::other)?;
    let config = builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider))).with_no_client_auth();
    Ok(CONFIG.get_or_init(|| Arc::new(config)).clone())
}

/// Takes every certificate; the signatures of the handshake must be right all the same.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(&self, _: &CertificateDer<'_>, _: &[CertificateDer<'_>], _: &ServerName<'_>, _: &[u8], _: UnixTime) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(&self, message: &[u8], certificate: &CertificateDer<'_>, signed: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(&self, message: &[u8], certificate: &CertificateDer<'_>, signed: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
