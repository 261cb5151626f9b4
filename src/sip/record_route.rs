//! Record-Route of our own (RFC 3261 §16.6 step 4, RFC 5658): what keeps this server in a dialog, and tells it whose request
//! it is.
//!
//! Each value bears a token that nobody else can make: which call it is, and which side the value faces. It holds for the
//! Call-ID it was made for.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::header::Transport;
use crate::proxy::Routing;
use crate::{Request, Uri};

/// The URI parameter that bears the token.
const PARAM: &str = "pa";
/// Octets of the check in a token.
const CHECK: usize = 12;
/// Octets of what a token says: side, notes, call.
const SAID: usize = 18;

/// What tokens are made and checked with: 256 random bits, secret, the same on all nodes.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// The side of a call that a Record-Route faces. A request inside the dialog comes from the side that its first own Route
/// faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Both, as the call leaves as it came; the tags tell who sent a request.
    Both,
    /// Who began the dialog.
    Caller,
    /// The other.
    Callee,
}

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// The call, in the driver's numbers, such as a UUID.
    pub call: u128,
    /// Which side it faces.
    pub side: Side,
    /// What else the driver wants to know again.
    pub notes: u8,
}

/// A Route with a token that is not ours, or that belongs to another call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("forged route token")]
pub struct Forged;

/// Where messages of one side arrive at this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interface<'a> {
    /// Host, and port unless it is the usual one.
    pub host: &'a str,
    /// How they travel.
    pub transport: Transport,
    /// Whether it is a SIPS URI, as it must be when the request URI or the next Route is one (RFC 3261 §16.6 step 4).
    pub sips: bool,
}

impl Key {
    /// A key of these octets.
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The values of the Record-Route fields of a request that came by one interface and leaves by another, topmost first.
    pub fn values(
        &self,
        call_id: &str,
        (call, notes): (u128, u8),
        incoming: &Interface<'_>,
        outgoing: &Interface<'_>,
    ) -> Vec<String> {
        let value = |interface: &Interface<'_>, side| {
            let token = self.seal(call_id, &Token { call, side, notes });
            let scheme = if interface.sips { "sips" } else { "sip" };
            let transport = match interface.transport {
                Transport::Udp => "",
                Transport::Tcp => ";transport=tcp",
                // In a SIPS URI it goes without saying (RFC 3261 §26.2.2).
                Transport::Tls if interface.sips => "",
                Transport::Tls => ";transport=tls",
                Transport::Ws | Transport::Wss => ";transport=ws",
            };
            format!(
                "<{scheme}:{}{transport};lr;{PARAM}={token}>",
                interface.host
            )
        };
        if incoming == outgoing {
            vec![value(incoming, Side::Both)]
        } else {
            vec![value(outgoing, Side::Callee), value(incoming, Side::Caller)]
        }
    }

    /// A token as text.
    pub fn seal(&self, call_id: &str, token: &Token) -> String {
        let mut octets = [0; SAID + CHECK];
        let side = match token.side {
            Side::Both => 0,
            Side::Caller => 1,
            Side::Callee => 2,
        };
        let (said, check) = octets.split_at_mut(SAID);
        let call = token.call.to_be_bytes();
        let parts = [side, token.notes].into_iter().chain(call);
        said.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        let made = self.check(call_id, said);
        check.iter_mut().zip(made).for_each(|(to, from)| *to = from);
        URL_SAFE_NO_PAD.encode(octets)
    }

    /// What a token says.
    ///
    /// # Errors
    /// [`Forged`] unless it was made with this key for this Call-ID.
    pub fn open(&self, call_id: &str, text: &str) -> Result<Token, Forged> {
        let mut octets = [0; SAID + CHECK];
        // A shorter text leaves fewer octets.
        if URL_SAFE_NO_PAD.decode_slice(text, &mut octets) != Ok(SAID + CHECK) {
            return Err(Forged);
        }
        let (said, check) = octets.split_at(SAID);
        let differing = check
            .iter()
            .zip(self.check(call_id, said))
            .fold(0, |all, (found, made)| all | (found ^ made));
        let ([side, notes], Ok(call)) = (
            [said.first(), said.get(1)].map(|octet| octet.copied().unwrap_or_default()),
            <[u8; 16]>::try_from(said.get(2..).unwrap_or_default()),
        ) else {
            return Err(Forged);
        };
        let side = match side {
            0 => Side::Both,
            1 => Side::Caller,
            _ => Side::Callee,
        };
        let token = Token {
            call: u128::from_be_bytes(call),
            side,
            notes,
        };
        (differing == 0).then_some(token).ok_or(Forged)
    }

    /// The token of the first own Route of a request; `None` when its own Routes have none, as those a client is set up with.
    ///
    /// # Errors
    /// [`Forged`] when one of them is not ours, or they belong to different calls; the request is to be refused (403).
    pub fn verify(&self, request: &Request, routing: &Routing) -> Result<Option<Token>, Forged> {
        let mut first: Option<Token> = None;
        for text in routing
            .own(request)
            .filter_map(|uri: Uri<'_>| uri.param(PARAM))
        {
            let token = self.open(request.call_id(), text)?;
            if first.is_some_and(|first| first.call != token.call) {
                return Err(Forged);
            }
            first = first.or(Some(token));
        }
        Ok(first)
    }

    fn check(&self, call_id: &str, said: &[u8]) -> [u8; CHECK] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(said).update(call_id.as_bytes());
        let mut check = [0; CHECK];
        let made = *hasher.finalize().as_bytes();
        check.iter_mut().zip(made).for_each(|(to, from)| *to = from);
        check
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Message, Parsed, parse};

    const UDP: Interface<'_> = Interface {
        host: "192.0.2.10",
        transport: Transport::Udp,
        sips: false,
    };
    const TLS: Interface<'_> = Interface {
        host: "pbx.example.com:5071",
        transport: Transport::Tls,
        sips: false,
    };

    fn key() -> Key {
        Key::new([3; 32])
    }

    #[test]
    fn tokens_say_what_they_were_told_and_to_nobody_else() {
        let token = Token {
            call: u128::MAX - 5,
            side: Side::Caller,
            notes: 200,
        };
        let text = key().seal("a@b", &token);
        assert_eq!(text.len(), 40);
        assert_eq!(key().open("a@b", &text), Ok(token));
        assert_eq!(key().open("a@c", &text), Err(Forged));
        assert_eq!(Key::new([4; 32]).open("a@b", &text), Err(Forged));
        for place in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[place] = if other[place] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(key().open("a@b", &other), Err(Forged), "{place}");
            assert_eq!(key().open("a@b", &text[..place]), Err(Forged));
        }
        assert_eq!(key().open("a@b", &format!("{text}A")), Err(Forged));
    }

    #[test]
    fn interfaces_are_recorded() {
        let values = |incoming, outgoing| -> Vec<String> {
            let values = key().values("a", (7, 0), &incoming, &outgoing);
            let before = |value: &String| value.split_once(";pa=").unwrap().0.to_owned();
            values.iter().map(before).collect()
        };
        assert_eq!(values(UDP, UDP), ["<sip:192.0.2.10;lr"]);
        assert_eq!(
            values(UDP, TLS),
            [
                "<sip:pbx.example.com:5071;transport=tls;lr",
                "<sip:192.0.2.10;lr"
            ]
        );
        let (sips, ws) = (
            Interface { sips: true, ..TLS },
            Interface {
                transport: Transport::Wss,
                ..UDP
            },
        );
        assert_eq!(
            values(sips, ws),
            [
                "<sip:192.0.2.10;transport=ws;lr",
                "<sips:pbx.example.com:5071;lr"
            ]
        );
    }

    #[test]
    fn a_dialog_leads_back() {
        let request = |routes: &[String]| {
            let text = format!(
                "BYE sip:bob@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKx\r\nTo: <sip:a@a>;tag=1\r\n\
                 From: <sip:b@b>;tag=2\r\nCall-ID: a\r\nCSeq: 1 BYE\r\nRoute: {}\r\nContent-Length: 0\r\n\r\n",
                routes.join(", ")
            );
            match parse(text.into(), &Limits::DATAGRAM) {
                Parsed::Message(Message::Request(request)) => request,
                other => panic!("{other:?}"),
            }
        };
        let own = |uri: &Uri<'_>| uri.host() == "192.0.2.10" || uri.host() == "pbx.example.com";
        let verify = |routes: &[String]| {
            let request = request(routes);
            key().verify(&request, &Routing::new(&request, own).unwrap())
        };
        let mut values = key().values("a", (7, 1), &UDP, &TLS);
        // The callee takes them in order, the caller in reverse.
        let side = |found: Result<Option<Token>, Forged>| found.unwrap().map(|token| token.side);
        assert_eq!(side(verify(&values)), Some(Side::Callee));
        values.reverse();
        assert_eq!(side(verify(&values)), Some(Side::Caller));
        values.push("<sip:other.example.com;lr;pa=1>".into());
        assert_eq!(side(verify(&values)), Some(Side::Caller));
        assert_eq!(side(verify(&["<sip:192.0.2.10;lr>".into()])), None);
        assert_eq!(verify(&["<sip:192.0.2.10;lr;pa=1>".into()]), Err(Forged));
        values[1] = key().values("a", (8, 1), &UDP, &UDP).remove(0);
        assert_eq!(verify(&values), Err(Forged));
    }
}
