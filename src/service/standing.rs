//! Who a token belongs to, and what that account may do, from memory when it was asked before.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use types::Timestamp;
use uuid::Uuid;

use crate::{Caller, Error, Kind, Result, Service, Standing, now};

/// Sessions remembered at a time.
const REMEMBERED: usize = 20_000;
/// Another node's change acts here after this long at the latest.
const GOOD_FOR_SECONDS: i64 = 2;

#[derive(Default)]
pub(crate) struct Standings {
    sessions: Mutex<HashMap<(Uuid, Uuid), (Timestamp, Arc<Standing>)>>,
    /// Tokens whose signature was good, by hash: a signature costs more than the operation behind it.
    tokens: Mutex<HashMap<[u8; 32], Bearer>>,
}

/// Whom a token names, and until when (seconds).
#[derive(Debug, Clone, Copy)]
struct Bearer {
    account: Uuid,
    session: Uuid,
    expires: i64,
}

impl Standings {
    /// Forgets what is known of an account: it was changed.
    pub(crate) fn forget(&self, account: Uuid) {
        if let Ok(mut sessions) = self.sessions.lock() {
            sessions.retain(|(id, _), _| *id != account);
        }
    }

    /// Forgets everything: a domain was changed.
    pub(crate) fn forget_all(&self) {
        if let Ok(mut sessions) = self.sessions.lock() {
            sessions.clear();
        }
    }

    fn bearer(&self, token: &[u8; 32], moment: i64) -> Option<Bearer> {
        let tokens = self.tokens.lock().ok()?;
        tokens.get(token).copied().filter(|bearer| moment < bearer.expires)
    }

    fn remember(&self, token: [u8; 32], bearer: Bearer, moment: i64) {
        let Ok(mut tokens) = self.tokens.lock() else { return };
        if tokens.len() >= REMEMBERED {
            tokens.retain(|_, bearer| moment < bearer.expires);
            if tokens.len() >= REMEMBERED {
                tokens.clear();
            }
        }
        tokens.insert(token, bearer);
    }
}

impl Service {
    /// Issuer written into tokens.
    pub(crate) const ISSUER: &'static str = "postamt";

    /// The caller behind an `Authorization` header, or an anonymous one without. A token must not travel in the clear beyond this
    /// machine.
    ///
    /// # Errors
    /// When the token is wrong, over or revoked, or came without TLS from elsewhere.
    pub async fn caller(&self, authorization: Option<&str>, remote_ip: IpAddr, tls: bool, admin_door: bool) -> Result<Caller> {
        let anonymous = Caller::stranger(remote_ip, admin_door);
        let Some(authorization) = authorization else { return Ok(anonymous) };
        if !tls && !remote_ip.is_loopback() {
            return Err(Error::new(Kind::Forbidden, "tls_required", "Use HTTPS: a token must not travel in the clear."));
        }
        let bearer = authorization.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let token = bearer.map_or("", |(_, token)| token.trim());
        let moment = now();
        let bearer = self.bearer(token, moment.seconds())?;
        let standing = self.standing(bearer.account, bearer.session, moment).await?;
        Ok(Caller { account: Some(standing), expires_at: Timestamp::from_seconds(bearer.expires), ..anonymous })
    }

    /// Whom a token names, when we signed it and it is not over.
    fn bearer(&self, token: &str, moment: i64) -> Result<Bearer> {
        let standings = &self.inner.standings;
        let hash = *blake3::hash(token.as_bytes()).as_bytes();
        if let Some(bearer) = standings.bearer(&hash, moment) {
            return Ok(bearer);
        }
        let claims = self.with_keys(|_, keys| keys.verify(token, Self::ISSUER, moment)).map_err(|_| Error::unauthenticated())?;
        let claims = claims.map_err(|error| match error {
            credentials::TokenError::Expired => Error::new(Kind::Unauthenticated, "token_expired", "The access token is over; refresh it."),
            _ => Error::unauthenticated(),
        })?;
        let ids = claims.sub.parse::<Uuid>().ok().zip(claims.sid.as_deref().and_then(|s| s.parse::<Uuid>().ok()));
        let (account, session) = ids.ok_or_else(Error::unauthenticated)?;
        let bearer = Bearer { account, session, expires: claims.exp };
        standings.remember(hash, bearer, moment);
        Ok(bearer)
    }

    async fn standing(&self, account: Uuid, session: Uuid, moment: Timestamp) -> Result<Arc<Standing>> {
        let sessions = &self.inner.standings.sessions;
        let known = sessions.lock().ok().and_then(|map| map.get(&(account, session)).cloned());
        if let Some((at, standing)) = known
            && moment < at.plus_seconds(GOOD_FOR_SECONDS)
        {
            return Ok(standing);
        }
        let row = self.store().standing(account, session).await?;
        let row = row.ok_or_else(|| Error::new(Kind::Unauthenticated, "token_revoked", "This session was ended."))?;
        let standing = Arc::new(Standing {
            account_id: account,
            domain_id: row.domain_id,
            address: row.address,
            session_id: Some(session),
            server_rights: row.server_rights,
            domain_rights: row.domain_rights,
        });
        if let Ok(mut map) = sessions.lock() {
            if map.len() >= REMEMBERED {
                map.clear();
            }
            map.insert((account, session), (moment, standing.clone()));
        }
        Ok(standing)
    }
}
