//! What the name of a remote queue says about its hosts.

/// A host to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    /// Name, or address without brackets.
    pub(crate) host: String,
    /// Port, when one is named.
    pub(crate) port: Option<u16>,
    /// MX records are asked.
    pub(crate) lookup: bool,
}

impl Destination {
    /// Reads `host`, `host:port`, `[address]` or `[address]:port`.
    pub(crate) fn parse(text: &str) -> Self {
        let literal = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (host, port, literal) = match (literal, text.rsplit_once(':')) {
            (Some((address, rest)), _) => (address, rest.strip_prefix(':'), true),
            (None, Some((host, port))) if !host.contains(':') => (host, Some(port), false),
            (None, _) => (text, None, false),
        };
        let host = host.strip_prefix("IPv6:").unwrap_or(host).to_owned();
        let port = port.and_then(|port| port.parse().ok());
        Self { lookup: port.is_none() && !literal && host.parse::<std::net::IpAddr>().is_err(), host, port }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_queues_are_read() {
        for (text, host, port, lookup) in [
            ("a.example", "a.example", None, true),
            ("a.example:2525", "a.example", Some(2525), false),
            ("[192.0.2.1]", "192.0.2.1", None, false),
            ("[192.0.2.1]:2525", "192.0.2.1", Some(2525), false),
            ("[IPv6:2001:db8::1]:25", "2001:db8::1", Some(25), false),
            ("2001:db8::1", "2001:db8::1", None, false),
            ("192.0.2.1", "192.0.2.1", None, false),
        ] {
            assert_eq!(Destination::parse(text), Destination { host: host.to_owned(), port, lookup }, "{text}");
        }
    }
}
