use std::sync::{Arc, RwLock};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use x509_parser::extensions::GeneralName;

/// The certificate all listeners show, exchangeable while they run.
#[derive(Clone, Default)]
pub struct Certificates {
    current: Arc<RwLock<Option<Arc<ServerConfig>>>>,
}

/// Why a certificate cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The chain is no PEM certificate chain.
    #[error("the chain holds no certificate in PEM form")]
    Chain,
    /// The key is no PEM key.
    #[error("the key is not in PEM form")]
    Key,
    /// Chain and key do not belong together, or cannot be used.
    #[error("certificate and key cannot be used together: {0}")]
    Unusable(String),
    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Make(String),
}

/// A certificate with its key, in PEM.
pub struct Made {
    /// The chain.
    pub chain: String,
    /// The private key.
    pub key: String,
    /// Seconds since 1970 at which it ends.
    pub not_after: i64,
}

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Host names and addresses in it.
    pub names: Vec<String>,
    /// Seconds since 1970 at which it ends.
    pub not_after: i64,
}

impl Certificates {
    /// Shows this certificate from the next handshake on.
    ///
    /// # Errors
    /// When chain and key are not usable; the old certificate stays.
    pub fn show(&self, chain: &str, key: &str) -> Result<(), CertificateError> {
        let config = config(chain, key)?;
        if let Ok(mut current) = self.current.write() {
            *current = Some(Arc::new(config));
        }
        Ok(())
    }

    /// Checks a certificate without showing it, and reads what it says of itself.
    ///
    /// # Errors
    /// When chain and key are not usable.
    pub fn check(chain: &str, key: &str) -> Result<Facts, CertificateError> {
        config(chain, key)?;
        let first = CertificateDer::pem_slice_iter(chain.as_bytes()).flatten().next().ok_or(CertificateError::Chain)?;
        let (_, certificate) = x509_parser::parse_x509_certificate(&first).map_err(|_| CertificateError::Chain)?;
        let names = certificate.subject_alternative_name().ok().flatten().map(|extension| {
            let name = |name: &GeneralName<'_>| match name {
                GeneralName::DNSName(name) => Some((*name).to_owned()),
                GeneralName::IPAddress([a, b, c, d]) => Some(std::net::Ipv4Addr::new(*a, *b, *c, *d).to_string()),
                GeneralName::IPAddress(octets) => <[u8; 16]>::try_from(*octets).ok().map(|o| std::net::Ipv6Addr::from(o).to_string()),
                _ => None,
            };
            extension.value.general_names.iter().filter_map(name).collect()
        });
        Ok(Facts { names: names.unwrap_or_default(), not_after: certificate.validity().not_after.timestamp() })
    }

    /// Shakes hands for one connection; `None` while no certificate is there.
    pub fn acceptor(&self) -> Option<TlsAcceptor> {
        self.current.read().ok()?.clone().map(TlsAcceptor::from)
    }
}

fn config(chain: &str, key: &str) -> Result<ServerConfig, CertificateError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>().map_err(|_| CertificateError::Chain)?;
    if chain.is_empty() {
        return Err(CertificateError::Chain);
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| CertificateError::Key)?;
    let unusable = |e: rustls::Error| CertificateError::Unusable(e.to_string());
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unusable)
}

/// Makes a self-signed certificate for host names and addresses, good for a year from `now` (seconds since 1970).
///
/// # Errors
/// When a name cannot stand in a certificate.
pub fn self_signed(names: Vec<String>, now: i64) -> Result<Made, CertificateError> {
    let make = |e: rcgen::Error| CertificateError::Make(e.to_string());
    let mut params = rcgen::CertificateParams::new(names).map_err(make)?;
    params.distinguished_name.push(rcgen::DnType::CommonName, "Postamt self-signed");
    let year = 365 * 86_400;
    let date = |seconds: i64| {
        let days = seconds.div_euclid(86_400);
        // Civil date from a day count (proleptic Gregorian calendar).
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
        rcgen::date_time_ymd((yoe + era * 400 + i64::from(month <= 2)) as i32, month as u8, day as u8)
    };
    params.not_before = date(now - 86_400);
    params.not_after = date(now + year);
    let key = rcgen::KeyPair::generate().map_err(make)?;
    let certificate = params.self_signed(&key).map_err(make)?;
    Ok(Made { chain: certificate.pem(), key: key.serialize_pem(), not_after: (now + year).div_euclid(86_400) * 86_400 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_certificate_can_be_shown_and_a_foreign_key_cannot() {
        let made = self_signed(vec!["localhost".into(), "127.0.0.1".into()], 1_767_348_000).unwrap();
        let other = self_signed(vec!["localhost".into()], 1_767_348_000).unwrap();
        let certificates = Certificates::default();
        assert!(certificates.acceptor().is_none());
        certificates.show(&made.chain, &made.key).unwrap();
        let facts = Certificates::check(&made.chain, &made.key).unwrap();
        assert_eq!((facts.names, facts.not_after), (vec!["localhost".to_owned(), "127.0.0.1".to_owned()], made.not_after));
        assert!(certificates.acceptor().is_some());
        assert!(matches!(certificates.show(&made.chain, &other.key), Err(CertificateError::Unusable(_))));
        assert!(matches!(certificates.show("nonsense", &made.key), Err(CertificateError::Chain)));
        assert!(matches!(certificates.show(&made.chain, "nonsense"), Err(CertificateError::Key)));
    }
}
