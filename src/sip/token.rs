//! Sealed tokens that stand in URIs and come back: only who has the key makes them or reads what is in them (RFC 5626 §5.2,
//! RFC 5627 §A.2).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::endpoint::Flow;
use crate::header::Transport;

const NONCE: usize = 12;
const SEAL: usize = 16;
/// Longest token that is read, in characters.
const LONGEST: usize = 1024;
const FLOW: &str = "flow";

/// The keys of tokens.
pub struct Tokens {
    /// The first seals, all open.
    keys: Vec<Keys>,
}

struct Keys {
    /// Makes the nonce of the content, so that the same content has the same token and no nonce is used for two.
    nonce: hmac::Key,
    seal: LessSafeKey,
}

fn keys(secret: &[u8; 32]) -> Option<Keys> {
    let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let derived = hmac::sign(&secret, b"seal");
    Some(Keys {
        nonce: hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&secret, b"nonce").as_ref()),
        seal: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, derived.as_ref()).ok()?),
    })
}

impl Tokens {
    /// `current` seals; what was sealed with `previous` is still read. Both are random and secret.
    pub fn new(current: &[u8; 32], previous: Option<&[u8; 32]>) -> Self {
        let secrets = std::iter::once(current).chain(previous);
        Self {
            keys: secrets.filter_map(keys).collect(),
        }
    }

    /// Seals content for a purpose, in characters that can stand in a user part and in a parameter. `None` never, but the
    /// cipher may refuse.
    pub fn seal(&self, purpose: &str, content: &[u8]) -> Option<String> {
        let keys = self.keys.first()?;
        let mut context = hmac::Context::with_key(&keys.nonce);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        context.update(content);
        let nonce: [u8; NONCE] = *context.sign().as_ref().first_chunk()?;
        let mut token = Vec::with_capacity(NONCE + content.len() + SEAL);
        token.extend(nonce);
        let mut sealed = content.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let aad = Aad::from(purpose.as_bytes());
        keys.seal
            .seal_in_place_append_tag(nonce, aad, &mut sealed)
            .ok()?;
        token.append(&mut sealed);
        Some(URL_SAFE_NO_PAD.encode(token))
    }

    /// The content of a token; `None` when it was not sealed here for this purpose.
    pub fn open(&self, purpose: &str, token: &str) -> Option<Vec<u8>> {
        if token.len() > LONGEST {
            return None;
        }
        let octets = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (nonce, sealed) = octets.split_first_chunk::<NONCE>()?;
        self.keys.iter().find_map(|keys| {
            let mut sealed = sealed.to_vec();
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let aad = Aad::from(purpose.as_bytes());
            let content = keys.seal.open_in_place(nonce, aad, &mut sealed).ok()?;
            Some(content.to_vec())
        })
    }

    /// A token that names a flow (RFC 5626 §5.2).
    pub fn seal_flow(&self, flow: &Flow) -> Option<String> {
        let mut content = Vec::with_capacity(28);
        content.extend(flow.id.to_be_bytes());
        content.push(transport_number(flow.transport));
        content.extend(flow.address.port().to_be_bytes());
        match flow.address.ip() {
            IpAddr::V4(ip) => content.extend(ip.octets()),
            IpAddr::V6(ip) => content.extend(ip.octets()),
        }
        self.seal(FLOW, &content)
    }

    /// The flow a token names. Whether it is still there, with the same peer, the driver knows (430 if not).
    pub fn open_flow(&self, token: &str) -> Option<Flow> {
        let content = self.open(FLOW, token)?;
        let (id, rest) = content.split_first_chunk()?;
        let ([transport, high, low], ip) = rest.split_first_chunk()?;
        let ip = match ip.len() {
            4 => IpAddr::from(*ip.first_chunk::<4>()?),
            _ => IpAddr::from(*ip.first_chunk::<16>()?),
        };
        Some(Flow {
            id: u64::from_be_bytes(*id),
            address: SocketAddr::new(ip, u16::from_be_bytes([*high, *low])),
            transport: TRANSPORTS
                .into_iter()
                .find(|t| transport_number(*t) == *transport)?,
        })
    }
}

const TRANSPORTS: [Transport; 5] = [
    Transport::Udp,
    Transport::Tcp,
    Transport::Tls,
    Transport::Ws,
    Transport::Wss,
];

fn transport_number(transport: Transport) -> u8 {
    match transport {
        Transport::Udp => 0,
        Transport::Tcp => 1,
        Transport::Tls => 2,
        Transport::Ws => 3,
        Transport::Wss => 4,
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flows_come_back() {
        let tokens = Tokens::new(&[1; 32], None);
        let rotated = Tokens::new(&[2; 32], Some(&[1; 32]));
        for address in ["192.0.2.1:5060", "[2001:db8::1]:65535"] {
            for transport in TRANSPORTS {
                let flow = Flow {
                    id: u64::MAX - 1,
                    address: address.parse().unwrap(),
                    transport,
                };
                let token = tokens.seal_flow(&flow).unwrap();
                assert_eq!(tokens.seal_flow(&flow), Some(token.clone()));
                assert_ne!(rotated.seal_flow(&flow), Some(token.clone()));
                assert_eq!(tokens.open_flow(&token), Some(flow));
                assert_eq!(rotated.open_flow(&token), Some(flow));
                let uri = format!("sip:{token}@h;pa={token}");
                assert!(crate::Uri::parse(uri.as_bytes()).is_ok());
            }
        }
    }

    #[test]
    fn nobody_else_makes_or_changes_one() {
        let tokens = Tokens::new(&[1; 32], None);
        let token = tokens.seal("a", b"content").unwrap();
        assert_eq!(tokens.open("a", &token).unwrap(), b"content");
        assert_eq!(tokens.open("b", &token), None);
        assert_eq!(Tokens::new(&[2; 32], None).open("a", &token), None);
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(tokens.open("a", &changed), None, "{at}");
        }
        for bad in ["", "a", "!", &"A".repeat(2000)] {
            assert_eq!(tokens.open("a", bad), None);
        }
        assert_eq!(
            tokens.open_flow(&tokens.seal(FLOW, b"short").unwrap()),
            None
        );
    }
}
