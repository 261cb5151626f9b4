//! The master key that seals secrets at rest, and the keys that sign access tokens.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::RwLock;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use credentials::{KeySet, SigningKey};

use crate::{Error, Kind, Result, Service};

/// Seals secrets at rest (AES-256-GCM), and gives keys that outlive a restart (HKDF, RFC 5869).
pub struct MasterKey(LessSafeKey, Prk);

fn internal(detail: &str) -> Error {
    Error::new(Kind::Internal, "internal", detail)
}

impl MasterKey {
    /// Reads the key, 32 octets in hexadecimal, or makes one with mode 0600.
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds no key.
    pub fn load(path: &Path) -> std::io::Result<Self> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let text: String = rand::random::<[u8; 32]>().iter().map(|b| format!("{b:02x}")).collect();
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)?;
                }
                let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
                std::io::Write::write_all(&mut file, text.as_bytes())?;
                file.sync_all()?;
                text
            }
            Err(error) => return Err(error),
        };
        let text = text.trim();
        let octets: Option<Vec<u8>> = (0..32).map(|i| u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()).collect();
        octets
            .filter(|_| text.len() == 64)
            .and_then(|octets| Some(Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &octets).ok()?), Salt::new(HKDF_SHA256, b"postamt").extract(&octets))))
            .ok_or_else(|| std::io::Error::new(std::io::ErrorKind::InvalidData, "the master key must be 64 hexadecimal digits"))
    }

    /// The key for a purpose, always the same.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn derive(&self, purpose: &str) -> Result<[u8; 32]> {
        let mut key = [0; 32];
        let filled = self.1.expand(&[purpose.as_bytes()], HKDF_SHA256).and_then(|derived| derived.fill(&mut key));
        filled.map_err(|_| internal("A key cannot be derived."))?;
        Ok(key)
    }

    /// Seals a secret; `about` is bound to it and must be named again to open it.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn seal(&self, about: &str, secret: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = nonce.to_vec();
        let mut body = secret.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about.as_bytes()), &mut body)
            .map_err(|_| internal("A secret cannot be sealed."))?;
        sealed.extend(body);
        Ok(sealed)
    }

    /// Opens what was sealed.
    ///
    /// # Errors
    /// When it was sealed with another key, about something else, or was changed.
    pub fn open(&self, about: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let wrong = || internal("A stored secret does not fit the master key.");
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        let mut body = body.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let clear = self.0.open_in_place(nonce, Aad::from(about.as_bytes()), &mut body).map_err(|_| wrong())?;
        Ok(clear.to_vec())
    }
}

/// Signing keys in memory.
#[derive(Default)]
pub(crate) struct Keys {
    current: RwLock<Option<(SigningKey, KeySet)>>,
}

impl Service {
    /// Reads the signing keys.
    pub(crate) async fn load_keys(&self) -> Result<()> {
        let mut keys = Vec::new();
        for sealed in self.store().signing_keys().await? {
            let pkcs8 = self.inner.master.open("signing_key", &sealed)?;
            keys.push(SigningKey::from_pkcs8(&pkcs8).map_err(|_| internal("A signing key cannot be read."))?);
        }
        let set = KeySet::new(keys.iter().map(|key| key.public().clone()));
        if let Ok(mut current) = self.inner.keys.current.write() {
            *current = keys.into_iter().next().map(|key| (key, set));
        }
        Ok(())
    }

    /// Makes a signing key and seals it: kid, sealed private part, public part.
    pub(crate) fn make_signing_key(&self) -> Result<(String, Vec<u8>, Vec<u8>)> {
        let key = SigningKey::from_seed(&rand::random()).map_err(|_| internal("A signing key cannot be made."))?;
        let pkcs8 = key.to_pkcs8().map_err(|_| internal("A signing key cannot be written."))?;
        Ok((key.public().kid().to_owned(), self.inner.master.seal("signing_key", &pkcs8)?, key.public().octets().to_vec()))
    }

    /// Does something with the signing key and the set of good keys.
    pub(crate) fn with_keys<T>(&self, act: impl FnOnce(&SigningKey, &KeySet) -> T) -> Result<T> {
        let current = self.inner.keys.current.read().map_err(|_| internal("The signing keys are out of reach."))?;
        let (key, set) = current.as_ref().ok_or_else(|| internal("There is no signing key."))?;
        Ok(act(key, set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_with_its_key_and_subject() {
        let folder = std::env::temp_dir().join(format!("postamt-key-{:x}", rand::random::<u64>()));
        let key = MasterKey::load(&folder.join("a")).unwrap();
        let sealed = key.seal("subject", b"secret").unwrap();
        assert_eq!(key.open("subject", &sealed).unwrap(), b"secret");
        assert_eq!(MasterKey::load(&folder.join("a")).unwrap().open("subject", &sealed).unwrap(), b"secret");
        assert!(key.open("other", &sealed).is_err());
        assert_eq!(key.derive("routes").unwrap(), MasterKey::load(&folder.join("a")).unwrap().derive("routes").unwrap());
        assert_ne!(key.derive("routes").unwrap(), key.derive("other").unwrap());
        assert!(MasterKey::load(&folder.join("b")).unwrap().open("subject", &sealed).is_err());
        assert!(key.open("subject", &sealed[..5]).is_err());
        fs::write(folder.join("c"), "short").unwrap();
        assert!(MasterKey::load(&folder.join("c")).is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
