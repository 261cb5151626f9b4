use std::net::IpAddr;

use super::Value;
use crate::Fields;
use crate::params::Params;
use crate::scan::{self, Cursor, Malformed};
use crate::uri::{host_ip, take_host, take_port};

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// A stream inside TLS.
    Tls,
    /// WebSocket (RFC 7118).
    Ws,
    /// WebSocket inside TLS.
    Wss,
}

impl Transport {
    /// The name in a Via.
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// Finds a transport by its name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss]
            .into_iter()
            .find(|t| t.name().eq_ignore_ascii_case(name))
    }

    /// Whether nothing sent is lost without notice, so that nothing is sent again (RFC 3261 §17).
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }

    /// The port when none is written (RFC 3261 §18.1.1, RFC 7118 §5).
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }
}

/// Octets of a value: where they begin and end in it.
type Range = (u16, u16);

/// Where the parts of a Via stand in its message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ViaParts {
    /// Where its transport stands.
    start: u32,
    transport: Range,
    host: Range,
    port: Option<u16>,
    params: Range,
    branch: Range,
    source: Source<Range>,
}

/// What a Via says of where its message came from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<T> {
    /// Nothing.
    Unnoted,
    /// It asks for the port: the parameter that does.
    Asked(T),
    /// Something is noted, or asked in another way.
    Other,
}

/// An item of Via (RFC 3261 §20.42).
#[derive(Debug, Clone, Copy)]
pub struct Via<'a> {
    transport: &'a [u8],
    host: &'a [u8],
    port: Option<u16>,
    branch: &'a [u8],
    source: Source<&'a [u8]>,
    /// Its parameters.
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// Where its parts stand in the message it was read from; `None` when it is too long.
    pub(crate) fn parts(&self, fields: &Fields) -> Option<ViaParts> {
        let start = fields.place(self.transport);
        let range = |part: &[u8]| -> Option<Range> {
            if part.is_empty() && part.as_ptr() != self.params.octets().as_ptr() {
                return Some((0, 0));
            }
            let (from, to) = fields.range(part);
            let offset = |at: u32| u16::try_from(at.checked_sub(start)?).ok();
            Some((offset(from)?, offset(to)?))
        };
        Some(ViaParts {
            start,
            transport: range(self.transport)?,
            host: range(self.host)?,
            port: self.port,
            params: range(self.params.octets())?,
            branch: range(self.branch)?,
            source: match self.source {
                Source::Unnoted => Source::Unnoted,
                Source::Asked(param) => Source::Asked(range(param)?),
                Source::Other => Source::Other,
            },
        })
    }

    /// The Via whose parts stand there.
    pub(crate) fn of_parts(parts: &ViaParts, fields: &'a Fields) -> Self {
        let part = |(from, to): Range| {
            fields.between(parts.start + u32::from(from), parts.start + u32::from(to))
        };
        Self {
            transport: part(parts.transport),
            host: part(parts.host),
            port: parts.port,
            params: Params::checked(part(parts.params)),
            branch: part(parts.branch),
            source: match parts.source {
                Source::Unnoted => Source::Unnoted,
                Source::Asked(param) => Source::Asked(part(param)),
                Source::Other => Source::Other,
            },
        }
    }

    /// The transport, `None` for one this room does not know.
    pub fn transport(&self) -> Option<Transport> {
        Transport::parse(self.transport_name())
    }

    /// The name of the transport as it stands.
    pub fn transport_name(&self) -> &'a str {
        scan::text(self.transport).unwrap_or_default()
    }

    /// The host the sender names, an IPv6 address in brackets.
    pub fn host(&self) -> &'a str {
        scan::text(self.host).unwrap_or_default()
    }

    /// The port the sender names.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// What tells the transaction from others.
    pub fn branch(&self) -> Option<&'a str> {
        scan::text(self.branch).filter(|branch| !branch.is_empty() && !branch.starts_with('"'))
    }

    /// What it says of where its message came from.
    pub(crate) fn source(&self) -> Source<&'a [u8]> {
        self.source
    }

    /// The branch when it is unique by itself (RFC 3261 §8.1.1.7); a bare magic cookie is not (RFC 4475 §3.2.1).
    pub fn unique_branch(&self) -> Option<&'a str> {
        const COOKIE: &str = "z9hG4bK";
        let branch = self.branch()?;
        let start = branch.get(..COOKIE.len())?;
        (start.eq_ignore_ascii_case(COOKIE) && branch.len() > COOKIE.len()).then_some(branch)
    }

    /// Where the request came from, as the next hop saw it (RFC 3261 §18.2.1); brackets may be there or not.
    pub fn received(&self) -> Option<IpAddr> {
        host_ip(self.params.get("received")?)
    }

    /// Whether the response shall go to the port the request came from (RFC 3581 §4).
    pub fn wants_rport(&self) -> bool {
        self.params.has("rport")
    }

    /// The port the request came from, as the next hop saw it (RFC 3581 §4).
    pub fn rport(&self) -> Option<u16> {
        self.params
            .number("rport")
            .and_then(|port| u16::try_from(port).ok())
    }

    /// Where a response over datagrams goes (RFC 3261 §18.2.2, RFC 3581 §4): host, and port when one is stated.
    pub fn response_target(&self) -> (&'a str, Option<u16>) {
        if let Some(maddr) = self.params.get("maddr").filter(|maddr| !maddr.is_empty()) {
            return (maddr, self.port);
        }
        match self
            .params
            .get("received")
            .filter(|received| host_ip(received).is_some())
        {
            Some(received) => (received, self.rport().or(self.port)),
            None => (self.host(), self.rport().or(self.port)),
        }
    }

    /// Whether a response that goes there reaches everybody or nobody: broadcast, multicast, unspecified.
    pub fn is_unroutable(&self) -> bool {
        let host = match host_ip(self.response_target().0) {
            Some(IpAddr::V6(ip)) => ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4),
            Some(ip) => ip,
            None => return false,
        };
        let broadcast = matches!(host, IpAddr::V4(ip) if ip.is_broadcast());
        broadcast || host.is_multicast() || host.is_unspecified()
    }

    /// Whether at least transport and sender can be read, so that a response finds its way.
    pub(crate) fn has_sent_by(octets: &[u8]) -> bool {
        sent_by(&mut Cursor::new(octets)).is_ok()
    }
}

struct SentBy<'a> {
    transport: &'a [u8],
    host: &'a [u8],
    port: Option<u16>,
}

fn sent_by<'a>(cursor: &mut Cursor<'a>) -> Result<SentBy<'a>, Malformed> {
    const USUAL: &[u8] = b"SIP/2.0/";
    if cursor.rest().starts_with(USUAL) {
        cursor.skip(USUAL.len());
        cursor.blanks();
    } else {
        if !cursor.take(scan::TOKEN).eq_ignore_ascii_case(b"SIP") {
            return Err(cursor.malformed());
        }
        cursor.expect(b'/')?;
        if cursor.take(scan::TOKEN).is_empty() {
            return Err(cursor.malformed());
        }
        cursor.expect(b'/')?;
    }
    let transport = cursor.take(scan::TOKEN);
    let end = cursor.at();
    cursor.blanks();
    if transport.is_empty() || cursor.at() == end {
        return Err(cursor.malformed());
    }
    let host = take_host(cursor)?;
    // Blanks may stand around the colon (RFC 3261 §25.1 `sent-by`).
    let port = if cursor.eat_between(b':') {
        Some(take_port(cursor)?)
    } else {
        None
    };
    Ok(SentBy {
        transport,
        host,
        port,
    })
}

impl<'a> Value<'a> for Via<'a> {
    fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(octets);
        let SentBy {
            transport,
            host,
            port,
        } = sent_by(&mut cursor)?;
        let mut branch: Option<&[u8]> = None;
        let mut source = Source::Unnoted;
        let params = Params::take_each(&mut cursor, |name, value, whole| {
            let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
            match name.len() {
                6 if branch.is_none() && is(b"branch") => branch = Some(value.unwrap_or_default()),
                5 if is(b"rport") => {
                    source = match (source, value) {
                        (Source::Unnoted, None) => Source::Asked(whole),
                        _ => Source::Other,
                    }
                }
                8 if is(b"received") => source = Source::Other,
                _ => {}
            }
        })?;
        cursor.end()?;
        Ok(Self {
            transport,
            host,
            port,
            branch: branch.unwrap_or_default(),
            source,
            params,
        })
    }
}
