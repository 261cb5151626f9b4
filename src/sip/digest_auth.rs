//! Digest authentication of requests (RFC 3261 §22, RFC 8760): which credentials count, whether they may be looked at, and
//! the challenges that ask for them. The driver looks up what a name's secret is, between [`Guard::examine`] and
//! [`Guard::verify`].

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use sasl::digest::{
    self, Algorithm, Challenge, Credentials, DigestError, Ha1, NonceCheck, NonceKeys, Qop,
    ReplayWindow,
};

use crate::deadlines::Deadlines;
use crate::header::{Authentication, Value};
use crate::{Name, Request, Uri, Writer};

/// Who asks for credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// A registrar or user agent: 401 and WWW-Authenticate.
    Server,
    /// A proxy: 407 and Proxy-Authenticate.
    Proxy,
}

impl Asks {
    /// The status code of its challenge.
    pub fn status(self) -> u16 {
        match self {
            Self::Server => 401,
            Self::Proxy => 407,
        }
    }

    /// The field of its challenges.
    pub fn field(self) -> Name {
        match self {
            Self::Server => Name::WwwAuthenticate,
            Self::Proxy => Name::ProxyAuthenticate,
        }
    }
}

/// What a request presents for a realm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// Nothing for this realm, or a nonce that is not ours: challenge.
    Nothing,
    /// A nonce of ours that is too old: challenge with `stale`.
    Stale,
    /// What no client sends that means well, such as another URI than that of the request: 400, or challenge again.
    Unusable(DigestError),
    /// To be verified with the secret of its `username` for its `algorithm`.
    Credentials(Box<Credentials>),
}

/// What verifying came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The sender knows the secret, and this is no replay.
    Right,
    /// The sender knows the secret, and its count was used before: challenge with `stale`.
    Replayed,
    /// The sender does not know the secret.
    Wrong,
}

/// Realm and protection of a challenge.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Who asks.
    pub asks: Asks,
    /// The realm names are known in.
    pub realm: &'a str,
    /// What comes back with the credentials.
    pub opaque: Option<&'a str>,
    /// Whether only the nonce was too old.
    pub stale: bool,
    /// The only algorithm to ask for: some clients give up when they see another beside it.
    pub only: Option<Algorithm>,
}

/// Makes challenges and checks what comes back. Times are seconds of one clock that all nodes share.
#[derive(Debug)]
pub struct Guard {
    keys: NonceKeys,
    lifetime: u64,
    algorithms: Vec<Algorithm>,
    /// By the hash of a nonce, while it is in use. Nobody else makes nonces, so nobody can look for two of one hash.
    windows: HashMap<u64, ReplayWindow>,
    ends: Deadlines<u64, u64>,
}

/// Most nonces whose counts are remembered, about 60 octets each; beyond it a used count is not known to be used.
const MOST_WINDOWS: usize = 500_000;

impl Guard {
    /// `lifetime` of a nonce in seconds; `algorithms` in the order of the challenges.
    pub fn new(keys: NonceKeys, lifetime: u64, algorithms: Vec<Algorithm>) -> Self {
        Self {
            keys,
            lifetime,
            algorithms,
            windows: HashMap::new(),
            ends: Deadlines::new(),
        }
    }

    /// Takes new keys or settings; what was remembered stays.
    pub fn configure(&mut self, keys: NonceKeys, lifetime: u64, algorithms: Vec<Algorithm>) {
        (self.keys, self.lifetime, self.algorithms) = (keys, lifetime, algorithms);
    }

    /// Writes one challenge per algorithm into a 401 or 407; `random` is fresh.
    pub fn challenge(&self, writer: &mut Writer, now: u64, random: [u8; 8], ask: Ask<'_>) {
        let nonce = self.keys.make(now, random, ask.realm);
        let only = ask.only.filter(|only| self.algorithms.contains(only));
        let asked = self.algorithms.iter().filter(|one| only.is_none_or(|only| only == **one));
        for algorithm in asked {
            let challenge = Challenge {
                realm: ask.realm.to_owned(),
                nonce: nonce.clone(),
                algorithm: *algorithm,
                session: false,
                qop: vec![Qop::Auth],
                opaque: ask.opaque.map(str::to_owned),
                stale: ask.stale,
            };
            writer.field(ask.asks.field(), challenge.to_string());
        }
    }

    /// What a request presents for a realm, in either field; of several the one whose algorithm we name first.
    pub fn examine(&self, now: u64, request: &Request, realm: &str) -> Presented {
        let mut best: Option<(usize, Credentials)> = None;
        let mut fault = None;
        for name in [Name::Authorization, Name::ProxyAuthorization] {
            for value in request.values(name) {
                let Some(read) = credentials(value, realm) else {
                    continue;
                };
                match read.and_then(|credentials| self.rank(request, credentials)) {
                    Ok(found) if best.as_ref().is_none_or(|best| found.0 < best.0) => {
                        best = Some(found);
                    }
                    Ok(_) => {}
                    Err(error) => fault = Some(error),
                }
            }
        }
        let Some((_, credentials)) = best else {
            return fault.map_or(Presented::Nothing, Presented::Unusable);
        };
        match self
            .keys
            .check(&credentials.nonce, now, self.lifetime, realm)
        {
            NonceCheck::Fresh => Presented::Credentials(Box::new(credentials)),
            NonceCheck::Stale => Presented::Stale,
            NonceCheck::Foreign => Presented::Nothing,
        }
    }

    /// The place of its algorithm among ours.
    fn rank(
        &self,
        request: &Request,
        credentials: Credentials,
    ) -> Result<(usize, Credentials), DigestError> {
        if !names_target(request, &credentials.uri) {
            return Err(DigestError::Parameter("uri"));
        }
        // Without it a proof could be used again for as long as its nonce lives.
        if credentials.qop.is_none() {
            return Err(DigestError::Qop);
        }
        let mut known = self.algorithms.iter();
        let rank = known
            .position(|known| *known == credentials.algorithm)
            .ok_or(DigestError::Algorithm)?;
        Ok((rank, credentials))
    }

    /// Verifies credentials with the secrets their name may have, such as those of its device passwords: the place of the
    /// one that is right. Without any secret as much time is spent as with one.
    pub fn verify(
        &mut self,
        now: u64,
        request: &Request,
        credentials: &Credentials,
        secrets: &[Ha1],
    ) -> (Verdict, Option<usize>) {
        let covered = digest::Request {
            method: request.method().name(),
            body: request.body(),
        };
        if secrets.is_empty() {
            credentials.verify(&Ha1::dummy(credentials.algorithm), covered);
        }
        let right = secrets
            .iter()
            .position(|ha1| credentials.verify(ha1, covered));
        let verdict = match right {
            None => Verdict::Wrong,
            Some(_) if self.accept(now, credentials) => Verdict::Right,
            Some(_) => Verdict::Replayed,
        };
        (verdict, right)
    }

    /// Notes that a count of a nonce is used; `false` when it was.
    fn accept(&mut self, now: u64, credentials: &Credentials) -> bool {
        while let Some((_, nonce)) = self.ends.pop(now) {
            self.windows.remove(&nonce);
        }
        let count = credentials.count();
        let mut hasher = DefaultHasher::new();
        credentials.nonce.hash(&mut hasher);
        let nonce = hasher.finish();
        if let Some(window) = self.windows.get_mut(&nonce) {
            return window.accept(count);
        }
        let mut window = ReplayWindow::default();
        let fresh = window.accept(count);
        if self.windows.len() < MOST_WINDOWS {
            // A nonce that another node's clock made a little ahead lives a little longer.
            self.ends.set(now + self.lifetime.saturating_add(60), nonce);
            self.windows.insert(nonce, window);
        }
        fresh
    }
}

/// Digest credentials for this realm; `None` for others and for what cannot be read (RFC 4475 §3.3.7).
fn credentials(value: &[u8], realm: &str) -> Option<Result<Credentials, DigestError>> {
    let read = Authentication::parse(value).ok()?;
    let ours = read.is_digest() && read.get("realm").is_some_and(|found| found == realm);
    ours.then(|| Credentials::read(|name| read.get(name)))
}

/// Whether the digest was made for this request. Clients differ in parameters and port, and some name the address they send to
/// instead of the domain; otherwise user and host must be the same.
fn names_target(request: &Request, uri: &str) -> bool {
    if request.uri_octets() == uri.as_bytes() {
        return true;
    }
    let (Ok(target), Ok(named)) = (request.uri(), Uri::parse(uri.as_bytes())) else {
        return false;
    };
    target.is_sip()
        && named.is_sip()
        && (target.host().eq_ignore_ascii_case(named.host()) && target.user() == named.user()
            || named.ip().is_some() && (named.user().is_none() || target.user() == named.user()))
}

#[cfg(test)]
mod tests;
