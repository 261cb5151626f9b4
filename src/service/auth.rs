//! Sign-in with name and password, tokens, sessions.

use credentials::{Claims, Hashing, PasswordPolicy, ScramKeys, opaque};
use model::auth::{Login, Principal, Refresh, Tokens};
use model::routing::Flow;
use router::{Route, Situation};
use serde_json::{Value, json};
use store::News;
use types::Secret;
use uuid::Uuid;

use crate::operation::{Call, Done, Nothing};
use crate::{Error, Kind, Result, Service, new_id, now};

const ACCESS_SECONDS: i64 = 600;
const REFRESH_SECONDS: i64 = 30 * 86_400;
const SESSION_SECONDS: i64 = 90 * 86_400;
pub(crate) const SCRAM_ITERATIONS: u32 = 4096;

/// A password made ready to be stored.
pub(crate) struct Derived {
    pub(crate) verifier: String,
    pub(crate) scram: Value,
}

impl Service {
    /// Checks the policy and derives everything that is stored of a password.
    pub(crate) async fn derive_password(&self, password: &Secret, names: &[&str], pointer: &str) -> Result<Derived> {
        let failed = PasswordPolicy::default().check(password.reveal(), names);
        if !failed.is_empty() {
            let rules = failed.iter().map(|rule| rule.code()).collect::<Vec<_>>().join(", ");
            let detail = format!("The password breaks these rules: {rules}.");
            return Err(Error::new(Kind::Invalid, "password_policy", detail.clone()).at(pointer, "password_policy", detail));
        }
        let password = password.clone();
        self.hash(move || {
            let verifier = Hashing::default().hash(password.reveal(), &rand::random()).ok()?;
            let keys = ScramKeys::derive(password.reveal(), &rand::random::<[u8; 16]>(), SCRAM_ITERATIONS).ok()?;
            let scram = json!({"salt": hex(&keys.salt), "iterations": keys.iterations, "stored_key": hex(&keys.stored_key), "server_key": hex(&keys.server_key)});
            Some(Derived { verifier, scram })
        })
        .await?
        .ok_or_else(|| Error::invalid(pointer, "holds characters that cannot stand in a password"))
    }

    /// Runs a slow function on the blocking pool, a bounded number at a time.
    pub(crate) async fn hash<T: Send + 'static>(&self, slow: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let broken = || Error::new(Kind::Unavailable, "overloaded", "The server cannot do this now; try again later.");
        let _permit = self.inner.hashing.acquire().await.map_err(|_| broken())?;
        tokio::task::spawn_blocking(slow).await.map_err(|_| broken())
    }

    /// The account a login name leads to: the Router decides, as for every address. Aliases, `%` for `@`, `+detail`, telephone
    /// numbers and `Access:` records work; who may not sign in has no account here.
    ///
    /// # Errors
    /// When the directory cannot answer.
    pub async fn account_of_login(&self, login: &str) -> Result<Option<Uuid>> {
        match self.route(login, Flow::Access, &router::Context::default()).await?.route {
            Route::Local(local) => Ok(Some(local.account.id)),
            Route::Error(error) if error.situation == Situation::Temporary => {
                Err(Error::new(Kind::Unavailable, "overloaded", "The server cannot do this now; try again later."))
            }
            _ => Ok(None),
        }
    }

    /// Checks name and password; unknown names take as long as wrong passwords.
    pub(crate) async fn check_password(&self, account: Option<Uuid>, password: &Secret) -> Result<bool> {
        let stored = match account {
            Some(account) => self.store().password(account).await?,
            None => None,
        };
        let password = password.clone();
        self.hash(move || Hashing::default().verify(password.reveal(), stored.as_deref()).is_match()).await
    }

    /// Signs in and begins a session.
    pub(crate) async fn login(self, call: Call, input: Login) -> Result<Done<Tokens>> {
        let account = self.account_of_login(&input.login).await?;
        if !self.check_password(account, &input.password).await? {
            return Err(Error::invalid_credentials());
        }
        let account = account.ok_or_else(Error::invalid_credentials)?;
        Ok(self.begin_session(account, input.device_name.as_deref().unwrap_or_default(), &call.caller.remote_ip.to_string()).await?.into())
    }

    /// Begins a session for an account that proved who it is; a suspended one is refused like a wrong password.
    pub(crate) async fn begin_session(&self, account: Uuid, device: &str, ip: &str) -> Result<Tokens> {
        let (session, moment) = (new_id(), now());
        let device: String = device.chars().take(128).collect();
        let mut tx = self.store().begin().await?;
        tx.insert_session(account, session, &device, ip, moment.plus_seconds(SESSION_SECONDS)).await?;
        let refresh = opaque::refresh_token(&rand::random());
        tx.insert_refresh_token(&opaque::lookup_hash(refresh.reveal()), account, session, moment.plus_seconds(REFRESH_SECONDS)).await?;
        tx.commit().await?;
        if self.store().standing(account, session).await?.is_none() {
            return Err(Error::invalid_credentials());
        }
        self.tokens(account, session, &refresh)
    }

    fn tokens(&self, account: Uuid, session: Uuid, refresh: &Secret) -> Result<Tokens> {
        let moment = now().seconds();
        let claims = Claims {
            iss: Self::ISSUER.to_owned(),
            sub: account.to_string(),
            aud: String::new(),
            exp: moment + ACCESS_SECONDS,
            iat: moment,
            jti: new_id().to_string(),
            sid: Some(session.to_string()),
            scope: String::new(),
            amr: vec!["pwd".to_owned()],
            auth_time: moment,
            act: None,
            dom: None,
        };
        let access_token = self.with_keys(|key, _| key.sign(&claims))?;
        Ok(Tokens { access_token, token_type: "Bearer".to_owned(), expires_in: ACCESS_SECONDS, refresh_token: Some(refresh.reveal().to_owned()) })
    }

    /// Exchanges a refresh token; a second use of the same one ends the session.
    pub(crate) async fn refresh_token(self, call: Call, input: Refresh) -> Result<Done<Tokens>> {
        let moment = now();
        let given = input.refresh_token.ok_or_else(|| Error::new(Kind::Unauthenticated, "authentication_required", "There is no refresh token, in the body or in a cookie."))?;
        let mut tx = self.store().begin().await?;
        let row = tx.use_refresh_token(&opaque::lookup_hash(given.reveal())).await?;
        let row = row.filter(|row| row.expires_at > moment).ok_or_else(|| Error::new(Kind::Unauthenticated, "token_expired", "This refresh token is not good any more."))?;
        if row.used {
            tx.revoke_sessions(row.account_id, Some(row.session_id), None).await?;
            let object = json!({"session": row.session_id});
            let ip = call.caller.remote_ip.to_string();
            tx.announce(&News { actor: "anonymous", remote_ip: &ip, action: "refreshToken", name: "", topic: "auth", kind: "auth.blocked", account: Some(row.account_id), domain: None, object }).await?;
            tx.commit().await?;
            self.inner.standings.forget(row.account_id);
            return Err(Error::new(Kind::Unauthenticated, "refresh_reused", "This refresh token was used before; the session is ended."));
        }
        let refresh = opaque::refresh_token(&rand::random());
        tx.insert_refresh_token(&opaque::lookup_hash(refresh.reveal()), row.account_id, row.session_id, moment.plus_seconds(REFRESH_SECONDS)).await?;
        tx.commit().await?;
        if self.store().standing(row.account_id, row.session_id).await?.is_none() {
            return Err(Error::new(Kind::Unauthenticated, "token_revoked", "This session was ended."));
        }
        Ok(self.tokens(row.account_id, row.session_id, &refresh)?.into())
    }

    /// Ends the session of the caller.
    pub(crate) async fn logout(self, call: Call, _input: Nothing) -> Result<Done<()>> {
        let standing = call.caller.signed_in()?;
        let mut tx = self.store().begin().await?;
        tx.revoke_sessions(standing.account_id, standing.session_id, None).await?;
        tx.commit().await?;
        self.inner.standings.forget(standing.account_id);
        Ok(().into())
    }

    /// Who the caller is.
    pub(crate) async fn get_current_principal(self, call: Call, _input: Nothing) -> Result<Done<Principal>> {
        let standing = call.caller.signed_in()?;
        let language = self.store().server().await?.map(|server| server.language).unwrap_or_default();
        Ok(Principal {
            account_id: standing.account_id,
            address: standing.address.clone(),
            server_rights: standing.server_rights.clone(),
            domain_rights: standing.domain_rights.clone(),
            expires_at: call.caller.expires_at,
            language,
        }
        .into())
    }

    /// Public keys that verify access tokens.
    ///
    /// # Errors
    /// When there is no key yet.
    pub fn jwks(&self) -> Result<Value> {
        self.with_keys(|_, keys| keys.jwks())
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
