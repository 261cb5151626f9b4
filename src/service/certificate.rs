//! Certificates: the one that listeners show is the newest.

use model::Page;
use model::certificate::{Certificate, CertificateKind, ImportCertificate};
use serde_json::json;
use store::News;
use store::listener::CertificateRow;
use types::{Secret, Timestamp};

use crate::operation::{Call, Done, Nothing};
use crate::{Error, Kind, Result, Service, new_id};

/// What is read out of a certificate.
#[derive(Debug, Clone)]
pub struct CertificateFacts {
    /// Host names in it.
    pub names: Vec<String>,
    /// When it ends.
    pub not_after: Timestamp,
}

/// Checks that chain and key belong together and reads the certificate; a port, implemented by the network room.
pub type CheckCertificate = fn(&str, &str) -> std::result::Result<CertificateFacts, String>;

impl Service {
    /// Chain and key that listeners show.
    ///
    /// # Errors
    /// When the database cannot answer or the key does not fit the master key.
    pub async fn shown_certificate(&self) -> Result<Option<(String, Secret)>> {
        let Some(row) = self.store().certificates().await?.into_iter().find(|row| row.active) else { return Ok(None) };
        let key = self.inner.master.open("certificate", &row.sealed_key)?;
        Ok(Some((row.chain, Secret::new(String::from_utf8_lossy(&key)))))
    }

    /// Stores a certificate and makes it the one that is shown.
    ///
    /// # Errors
    /// `Invalid` when chain and key do not belong together.
    pub async fn install_certificate(&self, chain: &str, key: &Secret, kind: CertificateKind, actor: &str, remote_ip: &str) -> Result<()> {
        let unfit = |reason: String| Error::new(Kind::Invalid, "certificate_invalid", reason.clone()).at("/chain", "certificate_invalid", reason);
        let facts = (self.inner.check_certificate)(chain, key.reveal()).map_err(unfit)?;
        let row = CertificateRow {
            id: new_id(),
            names: facts.names,
            kind,
            chain: chain.to_owned(),
            sealed_key: self.inner.master.seal("certificate", key.reveal().as_bytes())?,
            not_after: facts.not_after,
            active: true,
            version: 1,
        };
        let word = if kind == CertificateKind::SelfSigned { "self_signed" } else { "imported" };
        let mut tx = self.store().begin().await?;
        tx.activate_certificate(&row, word).await?;
        let object = json!({"certificate": row.id});
        tx.announce(&News { actor, remote_ip, action: "importCertificate", name: "certificate", topic: "system", kind: "certificate.issued", account: None, domain: None, object }).await?;
        tx.commit().await?;
        Ok(())
    }

    /// All certificates; keys are never shown.
    pub(crate) async fn list_certificates(self, call: Call, _input: Nothing) -> Result<Done<Page<Certificate>>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        let rows = self.store().certificates().await?;
        Ok(Page::whole(rows.into_iter().map(shown).collect()).into())
    }

    /// Brings in a certificate; listeners show it at once.
    pub(crate) async fn import_certificate(self, call: Call, input: ImportCertificate) -> Result<Done<Certificate>> {
        call.caller.may_server("settings")?;
        let ip = call.caller.remote_ip.to_string();
        self.install_certificate(&input.chain, &input.key, CertificateKind::Imported, call.caller.name(), &ip).await?;
        self.apply_listeners().await;
        let row = self.store().certificates().await?.into_iter().find(|row| row.active).ok_or_else(|| Error::not_found("certificate"))?;
        Ok(shown(row).into())
    }
}

fn shown(row: CertificateRow) -> Certificate {
    let first = row.chain.split("-----BEGIN CERTIFICATE-----").nth(1).and_then(|rest| rest.split("-----END").next()).unwrap_or_default();
    let der = base64_octets(first);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der);
    Certificate {
        id: row.id,
        names: row.names,
        kind: row.kind,
        fingerprint: digest.as_ref().iter().map(|octet| format!("{octet:02x}")).collect(),
        chain: row.chain,
        not_after: row.not_after,
        active: row.active,
        version: row.version,
    }
}

fn base64_octets(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default()
}
