//! Putting a relay between two ends: its addresses and ports instead of theirs (media.md §4.1).

use std::net::IpAddr;

use bytes::{Bytes, BytesMut};

use crate::description::{Description, Media};
use crate::lines::Line;
use crate::read::is_ice;

/// The `o=` line that a relay shows to one end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewOrigin<'a> {
    /// User name, a token.
    pub user: &'a str,
    /// Session id.
    pub session: u64,
    /// Session version.
    pub version: u64,
}

/// What a relay shows to one end instead of the other end's own.
#[derive(Debug, Clone, Copy)]
pub struct Rewrite<'a> {
    /// Address of the relay.
    pub address: IpAddr,
    /// Its `o=` line.
    pub origin: NewOrigin<'a>,
    /// Port of each stream, in the order of the m-lines; `None` or a missing one rejects the stream. RTCP is on the next port.
    pub ports: &'a [Option<u16>],
}

enum Change {
    Keep,
    Drop,
    Replace(String),
}

impl Rewrite<'_> {
    /// The body with the changes; every line that needs none is as it was, and a body that needs none is the same one.
    pub fn apply(&self, description: &Description) -> Bytes {
        let body = &description.body;
        let mut out = BytesMut::new();
        let mut kept = 0;
        let mut changed = false;
        for (index, line) in description.lines.iter().enumerate() {
            let media = description.media.iter().enumerate().find(|(_, media)| media.lines.contains(&index));
            let change = self.change(description, media, line);
            let (whole, text) = match change {
                Change::Keep => (line.next..line.next, None),
                Change::Drop => (line.whole.start..line.next, None),
                Change::Replace(text) if body.get(line.whole.clone()) == Some(text.as_bytes()) => (line.next..line.next, None),
                Change::Replace(text) => (line.whole.clone(), Some(text)),
            };
            if !whole.is_empty() {
                changed = true;
                out.extend_from_slice(body.get(kept..whole.start).unwrap_or_default());
                out.extend_from_slice(text.as_deref().unwrap_or_default().as_bytes());
                kept = whole.end;
            }
            if media.is_some_and(|(_, media)| index + 1 == media.lines.end && needs_inactive(description, media)) {
                changed = true;
                out.extend_from_slice(body.get(kept..line.next).unwrap_or_default());
                kept = kept.max(line.next);
                if !out.ends_with(b"\n") {
                    // The last line may end with half of its end.
                    out.extend_from_slice(if out.ends_with(b"\r") { b"\n" } else { b"\r\n" });
                }
                out.extend_from_slice(b"a=inactive\r\n");
            }
        }
        if !changed {
            return body.clone();
        }
        out.extend_from_slice(body.get(kept..).unwrap_or_default());
        out.freeze()
    }

    fn change(&self, description: &Description, media: Option<(usize, &Media)>, line: &Line) -> Change {
        let value = description.body.get(line.value()).unwrap_or_default();
        match line.letter {
            b'o' => Change::Replace(format!("o={} {} {} IN {}", self.origin.user, self.origin.session, self.origin.version, shown(self.address))),
            b'c' => Change::Replace(format!("c=IN {}", shown(self.address))),
            b'm' => {
                let Some((index, media)) = media else { return Change::Keep };
                let port = if media.port == 0 { 0 } else { self.ports.get(index).copied().flatten().unwrap_or(0) };
                let text = description.text(&line.value());
                let mut words = text.splitn(3, ' ');
                let (kind, rest) = (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default());
                Change::Replace(format!("m={kind} {port} {rest}"))
            }
            b'a' if is_ice(value) || value.starts_with(b"rtcp:") || value.starts_with(b"group:BUNDLE") => Change::Drop,
            b'a' => match media {
                Some((_, media)) if is_direction(value) && held(description, media) => Change::Replace("a=inactive".to_owned()),
                _ => Change::Keep,
            },
            _ => Change::Keep,
        }
    }
}

fn shown(address: IpAddr) -> String {
    format!("{} {address}", if address.is_ipv6() { "IP6" } else { "IP4" })
}

fn is_direction(value: &[u8]) -> bool {
    matches!(value, b"sendrecv" | b"sendonly" | b"recvonly" | b"inactive")
}

fn held(description: &Description, media: &Media) -> bool {
    description.connection_of(media).is_some_and(|connection| connection.hold)
}

/// Held by its address, which is lost with the rewriting, and no direction of its own to say it with.
fn needs_inactive(description: &Description, media: &Media) -> bool {
    held(description, media) && media.direction.is_none() && media.port != 0
}
