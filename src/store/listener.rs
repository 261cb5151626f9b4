//! Listeners and certificates.

use model::certificate::CertificateKind;
use model::listener::{Listener, ListenerSettings, ListenerState, Protocol, TlsMode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use types::Timestamp;
use uuid::Uuid;

use crate::moment::{from_sql, to_sql};
use crate::{Result, Store, Tx};

/// A stored certificate; its key is sealed.
pub struct CertificateRow {
    /// Id.
    pub id: Uuid,
    /// Host names in it.
    pub names: Vec<String>,
    /// Where it comes from.
    pub kind: CertificateKind,
    /// The chain in PEM.
    pub chain: String,
    /// The key, sealed.
    pub sealed_key: Vec<u8>,
    /// When it ends.
    pub not_after: Timestamp,
    /// Whether listeners show it.
    pub active: bool,
    /// Version.
    pub version: i64,
}

fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(Value::String(text.to_owned())).ok()
}

macro_rules! listener {
    ($r:ident) => {
        Listener {
            id: $r.id,
            protocol: word(&$r.protocol).unwrap_or(Protocol::Smtp),
            address: $r.address,
            port: $r.port,
            tls: word(&$r.tls).unwrap_or(TlsMode::Off),
            enabled: $r.enabled,
            settings: serde_json::from_value::<ListenerSettings>($r.settings).unwrap_or_default(),
            state: ListenerState::Disabled,
            bound_port: None,
            last_error: None,
            version: $r.version,
        }
    };
}

impl Store {
    /// All listeners by port and address; whether they are open is not known here.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn listeners(&self) -> Result<Vec<Listener>> {
        let rows = sqlx::query!("SELECT id, protocol, address, port, tls, enabled, settings, version FROM listener ORDER BY port, address").fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|r| listener!(r)).collect())
    }

    /// Certificates, the newest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn certificates(&self) -> Result<Vec<CertificateRow>> {
        let rows = sqlx::query!("SELECT id, names, kind, chain_pem, sealed_key, not_after, active, version FROM certificate ORDER BY created_at DESC").fetch_all(&self.pool).await?;
        Ok(rows
            .into_iter()
            .map(|r| CertificateRow {
                id: r.id,
                names: r.names,
                kind: word(&r.kind).unwrap_or(CertificateKind::Imported),
                chain: r.chain_pem,
                sealed_key: r.sealed_key,
                not_after: from_sql(r.not_after),
                active: r.active,
                version: r.version,
            })
            .collect())
    }
}

impl Tx {
    /// Locks a listener and gives its version.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn lock_listener(&mut self, id: Uuid) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar!("SELECT version FROM listener WHERE id = $1 FOR UPDATE", id).fetch_optional(&mut *self.inner).await?)
    }

    /// Other enabled listeners on a port that would stand in the way of this address; datagrams and streams share ports.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn listener_in_the_way(&mut self, id: Uuid, protocol: &str, address: &str, port: i32) -> Result<bool> {
        Ok(sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM listener WHERE enabled AND port = $3 AND id <> $1 AND (protocol = 'sip_udp') = ($4 = 'sip_udp') AND (address = $2 OR address = '*' OR $2 = '*')) AS "in_the_way!""#,
            id,
            address,
            port,
            protocol
        )
        .fetch_one(&mut *self.inner)
        .await?)
    }

    /// Writes a listener, new or changed.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn save_listener(&mut self, id: Uuid, protocol: &str, address: &str, port: i32, tls: &str, enabled: bool, settings: &Value) -> Result<()> {
        sqlx::query!(
            "INSERT INTO listener (id, protocol, address, port, tls, enabled, settings) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (id) DO UPDATE SET protocol = $2, address = $3, port = $4, tls = $5, enabled = $6, settings = $7, version = listener.version + 1, updated_at = now()",
            id,
            protocol,
            address,
            port,
            tls,
            enabled,
            settings
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Deletes a listener.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn delete_listener(&mut self, id: Uuid) -> Result<()> {
        sqlx::query!("DELETE FROM listener WHERE id = $1", id).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Adds a certificate and makes it the one that is shown.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn activate_certificate(&mut self, row: &CertificateRow, kind: &str) -> Result<()> {
        sqlx::query!("UPDATE certificate SET active = false, version = version + 1 WHERE active").execute(&mut *self.inner).await?;
        sqlx::query!(
            "INSERT INTO certificate (id, names, kind, chain_pem, sealed_key, not_after, active) VALUES ($1, $2, $3, $4, $5, $6, true)",
            row.id,
            &row.names,
            kind,
            row.chain,
            row.sealed_key,
            to_sql(row.not_after)
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }
}
