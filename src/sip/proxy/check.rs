//! What a request must satisfy to be passed on (RFC 3261 §16.3, RFC 5393).

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

use bytes::Bytes;

use crate::{Name, Request, Writer};

/// Max-Breadth of a request that has none, and the most that is believed (RFC 5393 §5.3.3.1).
const MAX_BREADTH: u32 = 60;
/// Max-Forwards of a request that has none (RFC 3261 §16.6 step 3).
pub const MAX_FORWARDS: u8 = 70;

/// What a server knows its own branches by: random, secret, the same on all its nodes.
#[derive(Clone, Copy)]
pub struct Secret([u8; 16]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// A secret of 128 random bits.
    pub fn new(key: [u8; 16]) -> Self {
        Self(key)
    }

    /// A keyed hash of all that decides where a request goes, and one for the tags of our own answers. It comes out the same
    /// when the request comes again as it was, and differs when it comes with another request URI (a spiral).
    fn hash(&self, request: &Request) -> (u64, u64) {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        request.uri_octets().hash(&mut hasher);
        let mut identity: [&[u8]; 4] = [b""; 4];
        for field in request.index() {
            let value = request.value_of(field);
            match field.name {
                Name::From => identity[0] = value,
                Name::To => identity[1] = value,
                Name::CallId => identity[2] = value,
                Name::CSeq => identity[3] = value,
                Name::Route | Name::ProxyRequire | Name::ProxyAuthorization => {
                    (field.name, value).hash(&mut hasher);
                }
                _ => {}
            }
        }
        identity.hash(&mut hasher);
        let loop_hash = hasher.finish();
        hasher.write_u8(1);
        (loop_hash, hasher.finish())
    }
}

/// What [`check()`] found out about a request that may be passed on.
#[derive(Debug, Clone, Copy)]
pub struct Checked {
    pub(super) loop_hash: u64,
    pub(super) tag: u64,
    /// Max-Forwards when it leaves.
    pub(super) hops: u8,
    /// How many branches it may have at a time, here and further on.
    pub(super) breadth: u32,
}

/// Why a request is not passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status of the answer.
    pub status: u16,
    /// The fields it has besides the usual ones.
    pub fields: Vec<(Name, String)>,
    tag: u64,
}

impl Refusal {
    /// The answer to the request, which came from there.
    pub fn answer(&self, request: &Request, source: SocketAddr) -> Bytes {
        let tag = format!("{:016x}", self.tag);
        let mut writer = Writer::reply(request, self.status, "", &tag, source);
        for (name, value) in &self.fields {
            writer.field(*name, value);
        }
        writer.finish()
    }
}

/// Checks whether a request may be passed on; its scheme has been checked when it was read. `supported` are the option tags
/// that may stand in Proxy-Require.
///
/// # Errors
/// [`Refusal`] with 483 for too many hops, 482 for a loop, 440 when it may not be in any more branches, 420 for an unknown
/// extension. An ACK is then dropped.
pub fn check(request: &Request, secret: &Secret, supported: &[&str]) -> Result<Checked, Refusal> {
    check_within(request, secret, supported, MAX_FORWARDS)
}

/// The same with another Max-Forwards for a request that has none.
///
/// # Errors
/// As [`check`].
pub fn check_within(
    request: &Request,
    secret: &Secret,
    supported: &[&str],
    max_forwards: u8,
) -> Result<Checked, Refusal> {
    let (loop_hash, tag) = secret.hash(request);
    let refusal = |status, fields| Refusal {
        status,
        fields,
        tag,
    };
    let hops = match request.max_forwards() {
        Ok(None) => max_forwards,
        Ok(Some(hops)) => hops.checked_sub(1).ok_or(refusal(483, Vec::new()))?,
        Err(_) => return Err(refusal(400, Vec::new())),
    };
    // The hash cannot be guessed, so a Via that has it is ours.
    let mark = format!(".{loop_hash:016x}");
    if request
        .values(Name::Via)
        .any(|via| memchr::memmem::find(via, mark.as_bytes()).is_some())
    {
        return Err(refusal(482, Vec::new()));
    }
    let breadth = request.tokens(Name::MaxBreadth).next();
    let breadth = breadth.map_or(MAX_BREADTH, |value| {
        value.parse().unwrap_or(MAX_BREADTH).min(MAX_BREADTH)
    });
    if breadth == 0 {
        return Err(refusal(440, Vec::new()));
    }
    let unknown = |tag: &&str| {
        !supported
            .iter()
            .any(|known| known.eq_ignore_ascii_case(tag))
    };
    let unknown: Vec<&str> = request.tokens(Name::ProxyRequire).filter(unknown).collect();
    if !unknown.is_empty() {
        return Err(refusal(420, vec![(Name::Unsupported, unknown.join(", "))]));
    }
    Ok(Checked {
        loop_hash,
        tag,
        hops,
        breadth,
    })
}
