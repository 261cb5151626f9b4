use std::borrow::Cow;
use std::fmt;

use super::{Algorithm, Ha1, Hex, same};

/// Longest parameter that is read, in octets.
const MAX_PARAMETER: usize = 1024;

/// Why a challenge or credentials cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// A parameter that must be there is not, or it is longer than any need be.
    #[error("parameter {0} is absent or too long")]
    Parameter(&'static str),
    /// An algorithm this room does not compute.
    #[error("unknown algorithm")]
    Algorithm,
    /// A quality of protection other than auth and auth-int.
    #[error("unknown quality of protection")]
    Qop,
}

/// Quality of protection (RFC 7616 §3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qop {
    /// Method and URI are covered.
    Auth,
    /// The body is covered too.
    AuthInt,
}

impl Qop {
    fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Auth, Self::AuthInt]
            .into_iter()
            .find(|qop| qop.name().eq_ignore_ascii_case(name.trim()))
    }
}

/// What a response covers.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// Its body, used by [`Qop::AuthInt`] alone.
    pub body: &'a [u8],
}

/// What a client presents (RFC 7616 §3.4). Shown as the value of an Authorization field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name whose password this is.
    pub username: String,
    /// The realm the name is known in.
    pub realm: String,
    /// The nonce of the challenge.
    pub nonce: String,
    /// The URI as the client names it; the server compares it with that of the request.
    pub uri: String,
    /// The proof, in hexadecimal digits.
    pub response: String,
    /// Its hash.
    pub algorithm: Algorithm,
    /// Whether the hash is bound to this session.
    pub session: bool,
    /// What is covered; `None` in the way of RFC 2069, which can be replayed.
    pub qop: Option<Qop>,
    /// How often the nonce was used, eight hexadecimal digits; empty without `qop`.
    pub nc: String,
    /// The client's nonce; empty without `qop`.
    pub cnonce: String,
    /// What the challenge wants returned.
    pub opaque: Option<String>,
}

fn parameter<'a>(
    name: &'static str,
    get: &impl Fn(&str) -> Option<Cow<'a, str>>,
) -> Result<Option<String>, DigestError> {
    match get(name) {
        Some(value) if value.len() > MAX_PARAMETER => Err(DigestError::Parameter(name)),
        value => Ok(value.map(Cow::into_owned)),
    }
}

fn algorithm<'a>(
    get: &impl Fn(&str) -> Option<Cow<'a, str>>,
) -> Result<(Algorithm, bool), DigestError> {
    match get("algorithm") {
        Some(name) => Algorithm::parse(&name).ok_or(DigestError::Algorithm),
        None => Ok((Algorithm::Md5, false)),
    }
}

impl Credentials {
    /// Takes credentials out of the parameters of a field, which `get` finds by their names, without quotes.
    ///
    /// # Errors
    /// [`DigestError`] with what is amiss.
    pub fn read<'a>(get: impl Fn(&str) -> Option<Cow<'a, str>>) -> Result<Self, DigestError> {
        let must = |name| parameter(name, &get)?.ok_or(DigestError::Parameter(name));
        let (algorithm, session) = algorithm(&get)?;
        let qop = match get("qop") {
            Some(name) => Some(Qop::parse(&name).ok_or(DigestError::Qop)?),
            None => None,
        };
        let counted = |name| {
            if qop.is_some() || session {
                must(name)
            } else {
                Ok(String::new())
            }
        };
        let nc = if qop.is_some() {
            must("nc")?
        } else {
            String::new()
        };
        if qop.is_some() && !(nc.len() == 8 && nc.bytes().all(|digit| digit.is_ascii_hexdigit())) {
            return Err(DigestError::Parameter("nc"));
        }
        Ok(Self {
            username: must("username")?,
            realm: must("realm")?,
            nonce: must("nonce")?,
            uri: must("uri")?,
            response: must("response")?,
            algorithm,
            session,
            qop,
            nc,
            cnonce: counted("cnonce")?,
            opaque: parameter("opaque", &get)?,
        })
    }

    /// How often the nonce was used, 0 without `qop`.
    pub fn count(&self) -> u32 {
        u32::from_str_radix(&self.nc, 16).unwrap_or(0)
    }

    /// Whether the response was made with this secret for this request, in constant time. Whether the nonce, the realm and
    /// the URI are right is asked elsewhere.
    pub fn verify(&self, ha1: &Ha1, request: Request<'_>) -> bool {
        let right = same(
            self.compute(ha1, request).as_bytes(),
            self.response.to_ascii_lowercase().as_bytes(),
        );
        right && ha1.algorithm == self.algorithm
    }

    fn compute(&self, ha1: &Ha1, request: Request<'_>) -> Hex {
        let hash = |parts: &[&[u8]]| self.algorithm.hash(parts);
        let (nonce, cnonce) = (self.nonce.as_bytes(), self.cnonce.as_bytes());
        let secret = if self.session {
            hash(&[ha1.hex.as_bytes(), nonce, cnonce])
        } else {
            ha1.hex
        };
        let (method, uri) = (request.method.as_bytes(), self.uri.as_bytes());
        let covered = match self.qop {
            Some(Qop::AuthInt) => hash(&[method, uri, hash(&[request.body]).as_bytes()]),
            _ => hash(&[method, uri]),
        };
        match self.qop {
            Some(qop) => {
                let count = self.nc.as_bytes();
                hash(&[
                    secret.as_bytes(),
                    nonce,
                    count,
                    cnonce,
                    qop.name().as_bytes(),
                    covered.as_bytes(),
                ])
            }
            None => hash(&[secret.as_bytes(), nonce, covered.as_bytes()]),
        }
    }
}

/// A quoted string; what could end it is escaped, line ends cannot be in it.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars().filter(|c| !c.is_control()) {
            if matches!(c, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("\"")
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (username, realm) = (Quoted(&self.username), Quoted(&self.realm));
        let (nonce, uri) = (Quoted(&self.nonce), Quoted(&self.uri));
        write!(
            f,
            "Digest username={username}, realm={realm}, nonce={nonce}, uri={uri}"
        )?;
        let variant = if self.session { "-sess" } else { "" };
        write!(
            f,
            ", response={}, algorithm={}{variant}",
            Quoted(&self.response),
            self.algorithm
        )?;
        if let Some(qop) = self.qop {
            write!(f, ", qop={}, nc={}", qop.name(), self.nc)?;
        }
        if !self.cnonce.is_empty() {
            write!(f, ", cnonce={}", Quoted(&self.cnonce))?;
        }
        match &self.opaque {
            Some(opaque) => write!(f, ", opaque={}", Quoted(opaque)),
            None => Ok(()),
        }
    }
}

/// What a server asks for (RFC 7616 §3.3). Shown as the value of a WWW-Authenticate field, with `qop="auth"` unless it says
/// otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The realm names are known in.
    pub realm: String,
    /// What the client has to build into its response.
    pub nonce: String,
    /// The hash to use.
    pub algorithm: Algorithm,
    /// Whether the `-sess` variant is meant.
    pub session: bool,
    /// What may be covered, the best first; empty in the way of RFC 2069.
    pub qop: Vec<Qop>,
    /// What the client has to return.
    pub opaque: Option<String>,
    /// Whether the response was right and only its nonce too old.
    pub stale: bool,
}

impl Challenge {
    /// Takes a challenge out of the parameters of a field, which `get` finds by their names, without quotes.
    ///
    /// # Errors
    /// [`DigestError`] with what is amiss.
    pub fn read<'a>(get: impl Fn(&str) -> Option<Cow<'a, str>>) -> Result<Self, DigestError> {
        let must = |name| parameter(name, &get)?.ok_or(DigestError::Parameter(name));
        let (algorithm, session) = algorithm(&get)?;
        let qop = match get("qop") {
            Some(names) => {
                let known: Vec<_> = names.split(',').filter_map(Qop::parse).collect();
                if known.is_empty() {
                    return Err(DigestError::Qop);
                }
                known
            }
            None => Vec::new(),
        };
        Ok(Self {
            realm: must("realm")?,
            nonce: must("nonce")?,
            algorithm,
            session,
            qop,
            opaque: parameter("opaque", &get)?,
            stale: get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }

    /// Answers it for this user; `count` is how often the nonce is used with this answer, from 1.
    pub fn answer(
        &self,
        user: (&str, &Ha1),
        uri: &str,
        request: Request<'_>,
        cnonce: &str,
        count: u32,
    ) -> Credentials {
        let qop = self
            .qop
            .iter()
            .copied()
            .find(|qop| *qop == Qop::Auth)
            .or(self.qop.first().copied());
        let counted = qop.is_some() || self.session;
        let mut credentials = Credentials {
            username: user.0.to_owned(),
            realm: self.realm.clone(),
            nonce: self.nonce.clone(),
            uri: uri.to_owned(),
            response: String::new(),
            algorithm: self.algorithm,
            session: self.session,
            qop,
            nc: if qop.is_some() {
                format!("{count:08x}")
            } else {
                String::new()
            },
            cnonce: if counted {
                cnonce.to_owned()
            } else {
                String::new()
            },
            opaque: self.opaque.clone(),
        };
        credentials.response = credentials.compute(user.1, request).as_str().to_owned();
        credentials
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Digest realm={}, nonce={}",
            Quoted(&self.realm),
            Quoted(&self.nonce)
        )?;
        let variant = if self.session { "-sess" } else { "" };
        write!(f, ", algorithm={}{variant}", self.algorithm)?;
        if !self.qop.is_empty() {
            let names: Vec<_> = self.qop.iter().map(|qop| qop.name()).collect();
            write!(f, ", qop=\"{}\"", names.join(","))?;
        }
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque={}", Quoted(opaque))?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        Ok(())
    }
}
