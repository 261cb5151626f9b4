//! First run: a one-time token claims the server.

use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use credentials::SetupToken;
use model::setup::{CompleteSetup, SetupDone, SetupState};
use serde_json::json;
use store::News;
use types::{AddressSet, Secret};

use crate::name::domain_name;
use crate::operation::{Call, Done, Nothing};
use crate::subscriber::user_names;
use crate::{Error, Kind, Result, Service, new_id, now};

/// Wrong tokens after which a new one is made.
const MOST_FAILURES: i32 = 10;
const TOKEN_SECONDS: i64 = 24 * 3600;
pub(crate) const LANGUAGES: [&str; 3] = ["en", "de", "ru"];

/// What claiming needs, from a person or from the bootstrap configuration.
#[derive(Debug)]
pub struct Claim {
    /// Main domain.
    pub main_domain: String,
    /// Language.
    pub language: Option<String>,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// Password of postmaster.
    pub password: Secret,
    /// Lines for Client IPs beside loopback.
    pub client_ips: Vec<String>,
}

impl Service {
    /// Makes a set-up token when the server is not claimed yet, and keeps it in its file; gives its text.
    ///
    /// # Errors
    /// When the database cannot answer or the file cannot be written.
    pub async fn offer_setup(&self, given: Option<&Secret>) -> Result<Option<Secret>> {
        if self.inner.setup_done.load(Ordering::Acquire) {
            return Ok(None);
        }
        let (text, token) = match given {
            Some(text) if text.reveal().len() >= 24 => (text.clone(), SetupToken::from_text(text.reveal())),
            Some(_) => return Err(Error::new(Kind::Invalid, "validation_failed", "setup.token must have at least 24 characters")),
            None => SetupToken::new(&rand::random()),
        };
        self.store().set_setup_token(token.hash(), now().plus_seconds(TOKEN_SECONDS)).await?;
        let mut open = std::fs::OpenOptions::new();
        let written = open.write(true).create(true).truncate(true).mode(0o600).open(&self.inner.setup_file).and_then(|mut file| std::io::Write::write_all(&mut file, text.reveal().as_bytes()));
        if let Err(error) = written {
            tracing::warn!(%error, "the set-up token cannot be kept in its file");
        }
        Ok(Some(text))
    }

    /// Whether the server waits to be claimed.
    pub(crate) async fn get_setup_state(self, _call: Call, _input: Nothing) -> Result<Done<SetupState>> {
        let completed = self.inner.setup_done.load(Ordering::Acquire);
        // Who may not claim the server any more need not know where it stands.
        let interface_networks = if completed { Vec::new() } else { self.inner.networks.clone() };
        Ok(SetupState { completed, interface_networks }.into())
    }

    /// Claims the server with its token.
    pub(crate) async fn complete_setup(self, call: Call, input: CompleteSetup) -> Result<Done<SetupDone>> {
        if self.inner.setup_done.load(Ordering::Acquire) {
            return Err(already_done());
        }
        let hash = self.store().setup_token().await?.and_then(|hash| <[u8; 32]>::try_from(hash).ok());
        if !hash.is_some_and(|hash| SetupToken::from_hash(hash).verify(input.token.reveal())) {
            if self.store().count_setup_failure().await? >= MOST_FAILURES {
                self.offer_setup(None).await?;
                tracing::warn!(file = %self.inner.setup_file.display(), "too many wrong set-up tokens; a new one is in its file");
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            return Err(Error::new(Kind::Forbidden, "setup_token_invalid", "This is not the set-up token."));
        }
        let claim = Claim {
            main_domain: input.main_domain,
            language: input.language,
            time_zone: input.time_zone,
            password: input.postmaster_password,
            client_ips: input.client_ips,
        };
        let (main_domain, account) = self.claim(&claim, call.caller.name(), &call.caller.remote_ip.to_string()).await?;
        let tokens = self.begin_session(account, "set-up", &call.caller.remote_ip.to_string()).await?;
        Ok(SetupDone {
            administrator: format!("postmaster@{main_domain}"),
            main_domain,
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            expires_in: tokens.expires_in,
        }
        .into())
    }

    /// Claims the server: main domain, `postmaster`, `pbx`, signing key, in one transaction.
    ///
    /// # Errors
    /// `Conflict` when it was claimed already, `Invalid` for wrong values.
    pub async fn claim(&self, claim: &Claim, actor: &str, remote_ip: &str) -> Result<(String, uuid::Uuid)> {
        let main_domain = domain_name(&claim.main_domain, "/main_domain")?;
        let language = language(claim.language.as_deref().unwrap_or("en"))?;
        let time_zone = time_zone(claim.time_zone.as_deref().unwrap_or("UTC"))?;
        AddressSet::parse(&claim.client_ips).map_err(|error| Error::invalid("/client_ips", error.to_string()))?;
        let password = self.derive_password(&claim.password, &["postmaster"], "/postmaster_password").await?;
        let (kid, sealed, public) = self.make_signing_key()?;
        let (domain, postmaster, pbx) = (new_id(), new_id(), new_id());
        let mut tx = self.store().begin().await?;
        if tx.lock_server().await?.0 {
            return Err(already_done());
        }
        tx.insert_domain(domain, &main_domain, true).await?;
        self.insert_account_tx(&mut tx, postmaster, domain, "postmaster", "Administrator", true).await?;
        let digest = self.seal_digest(postmaster, &main_domain, &user_names(&main_domain, ["postmaster"]), &claim.password)?;
        tx.set_password(postmaster, &password.verifier, &password.scram, &digest).await?;
        tx.set_rights(postmaster, &["master".to_owned()], &[]).await?;
        self.insert_account_tx(&mut tx, pbx, domain, "pbx", "Telephony applications", true).await?;
        for alias in ["200", "conference"] {
            tx.take_name(domain, alias, "alias", pbx).await?;
        }
        tx.set_rights(pbx, &["pbx_service".to_owned()], &["can_impersonate".to_owned(), "can_create_groups".to_owned()]).await?;
        tx.insert_signing_key(&kid, &sealed, &public).await?;
        self.default_listeners_tx(&mut tx).await?;
        self.default_lists_tx(&mut tx, &claim.client_ips).await?;
        tx.claim_server(domain, language, time_zone).await?;
        crate::routing::insert_default_lines(&mut tx, actor).await?;
        let object = json!({"main_domain": main_domain});
        let news = News { actor, remote_ip, action: "completeSetup", name: &main_domain, topic: "auth", kind: "setup.completed", account: Some(postmaster), domain: Some(domain), object };
        tx.announce(&news).await?;
        tx.commit().await?;
        self.load_keys().await?;
        self.load_lists().await?;
        self.routing_changed().await;
        self.inner.setup_done.store(true, Ordering::Release);
        let _ = std::fs::remove_file(&self.inner.setup_file);
        self.apply_listeners().await;
        Ok((main_domain, postmaster))
    }
}

fn already_done() -> Error {
    Error::new(Kind::Conflict, "setup_already_done", "This server was claimed already.")
}

pub(crate) fn language(language: &str) -> Result<&str> {
    if LANGUAGES.contains(&language) { Ok(language) } else { Err(Error::invalid("/language", "must be en, de or ru")) }
}

pub(crate) fn time_zone(zone: &str) -> Result<&str> {
    jiff::tz::TimeZone::get(zone).map(|_| zone).map_err(|_| Error::invalid("/time_zone", "is no IANA time zone"))
}
