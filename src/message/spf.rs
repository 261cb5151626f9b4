//! SPF records as they stand in the DNS (RFC 7208 §4.6): what is written, before anybody is asked what it means.

use std::fmt;
use std::net::IpAddr;

/// A record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The mechanisms in their order.
    pub terms: Vec<Term>,
    /// The domain whose record counts when no mechanism matches; the last one named.
    pub redirect: Option<String>,
    /// Something in it is no SPF.
    pub invalid: bool,
}

/// A mechanism and what it means when it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// `+`, `-`, `~` or `?`.
    pub qualifier: char,
    /// What has to match.
    pub mechanism: Mechanism,
}

/// What has to match (RFC 7208 §5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mechanism {
    /// `all`.
    All,
    /// `ip4` and `ip6`: a network of so many bits.
    Network(IpAddr, u32),
    /// `include`: the record of a domain.
    Include(String),
    /// `a`: addresses of a host.
    A(Hosts),
    /// `mx`: those of the hosts that take mail for a domain.
    Mx(Hosts),
    /// `exists` and `ptr`, with what follows: they depend on the message.
    Other(String),
}

/// Hosts, and how many bits of their addresses count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    /// The domain; that of the record when none is named.
    pub domain: Option<String>,
    /// Bits of IPv4 addresses, 0 to 32.
    pub four: u32,
    /// Bits of IPv6 addresses, 0 to 128.
    pub six: u32,
}

impl Hosts {
    /// How many bits count of addresses of this kind.
    pub fn bits(&self, address: IpAddr) -> u32 {
        if address.is_ipv4() { self.four } else { self.six }
    }
}

/// Whether an address is in a network of so many bits.
pub fn is_in(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let same = |a: u128, b: u128, width: u32| {
        let bits = bits.min(width);
        bits == 0 || (a ^ b) >> (width - bits) == 0
    };
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.into(), b.into(), 128),
        _ => false,
    }
}

/// Whether a text is an SPF record at all (RFC 7208 §4.5).
pub fn is_record(text: &str) -> bool {
    text.eq_ignore_ascii_case("v=spf1") || text.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("v=spf1 "))
}

/// Reads a record; what is no SPF in it is left out and noted. `None` for a text that is none.
pub fn parse(text: &str) -> Option<Record> {
    if !is_record(text) {
        return None;
    }
    let mut record = Record::default();
    for term in text.split_ascii_whitespace().skip(1) {
        if let Some((name, value)) = term.split_once('=').filter(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))) {
            if name.eq_ignore_ascii_case("redirect") {
                record.redirect = Some(value.to_owned());
            }
            continue;
        }
        let (qualifier, text) = match term.strip_prefix(['+', '-', '~', '?']).zip(term.chars().next()) {
            Some((rest, sign)) => (sign, rest),
            None => ('+', term),
        };
        match mechanism(text) {
            Some(mechanism) => record.terms.push(Term { qualifier, mechanism }),
            None => record.invalid = true,
        }
    }
    Some(record)
}

fn mechanism(text: &str) -> Option<Mechanism> {
    let (name, rest) = text.split_at(text.find([':', '/']).unwrap_or(text.len()));
    Some(match name.to_ascii_lowercase().as_str() {
        "all" if rest.is_empty() => Mechanism::All,
        family @ ("ip4" | "ip6") => {
            let (network, bits) = rest.strip_prefix(':').map(|rest| rest.split_once('/').map_or((rest, None), |(network, bits)| (network, Some(bits))))?;
            let network: IpAddr = network.parse().ok().filter(|network: &IpAddr| network.is_ipv6() == (family == "ip6"))?;
            let width = if network.is_ipv4() { 32 } else { 128 };
            Mechanism::Network(network, bits.map_or(Some(width), |bits| number(bits, width))?)
        }
        "include" => Mechanism::Include(rest.strip_prefix(':').filter(|domain| !domain.is_empty())?.to_owned()),
        "a" => Mechanism::A(hosts(rest)?),
        "mx" => Mechanism::Mx(hosts(rest)?),
        "exists" | "ptr" => Mechanism::Other(text.to_owned()),
        _ => return None,
    })
}

/// A number without signs and superfluous zeros.
fn number(text: &str, most: u32) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|bits| plain && *bits <= most)
}

/// `:domain/24//64`, of which each part may be missing.
fn hosts(rest: &str) -> Option<Hosts> {
    let (domain, lengths) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let domain = match domain.strip_prefix(':') {
        Some("") => return None,
        domain => domain.map(str::to_owned),
    };
    let (four, six) = lengths.split_once("//").map_or((lengths, None), |(four, six)| (four, Some(six)));
    let four = match four.strip_prefix('/') {
        Some(bits) => number(bits, 32)?,
        None if four.is_empty() => 32,
        None => return None,
    };
    Some(Hosts { domain, four, six: six.map_or(Some(128), |bits| number(bits, 128))? })
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("v=spf1")?;
        for Term { qualifier, mechanism } in &self.terms {
            write!(f, " {qualifier}{mechanism}")?;
        }
        self.redirect.as_ref().map_or(Ok(()), |domain| write!(f, " redirect={domain}"))
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Network(network, bits) => write!(f, "{}:{network}/{bits}", if network.is_ipv4() { "ip4" } else { "ip6" }),
            Self::Include(domain) => write!(f, "include:{domain}"),
            Self::A(hosts) => write!(f, "a{hosts}"),
            Self::Mx(hosts) => write!(f, "mx{hosts}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.domain.as_ref().map_or(Ok(()), |domain| write!(f, ":{domain}"))?;
        write!(f, "/{}//{}", self.four, self.six)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_are_written() {
        for (text, plain, invalid) in [
            ("v=spf1", "v=spf1", false),
            ("V=SPF1 MX -all", "v=spf1 +mx/32//128 -all", false),
            ("v=spf1  a  ~a:b.example/24 ?mx//64 a/8//9", "v=spf1 +a/32//128 ~a:b.example/24//128 ?mx/32//64 +a/8//9", false),
            ("v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.1 ip6:2001:db8::/32 -ip6:::/0", "v=spf1 +ip4:192.0.2.0/24 +ip4:192.0.2.1/32 +ip6:2001:db8::/32 -ip6:::/0", false),
            ("v=spf1 include:_spf.b.example exists:%{i}.c.example ptr", "v=spf1 +include:_spf.b.example +exists:%{i}.c.example +ptr", false),
            ("v=spf1 redirect=b.example exp=why.example REDIRECT=c.example", "v=spf1 redirect=c.example", false),
            ("v=spf1 ip4:2001:db8::1 ip6:192.0.2.1 ip4:192.0.2.0/33 ip6:::/129 ip4 ip4:", "v=spf1", true),
            ("v=spf1 mx/33 a//129 a/ a// a/08 a/+8 a: mx:/24 a/8/9", "v=spf1", true),
            ("v=spf1 include: include -all:x all/0 nonsense +", "v=spf1", true),
        ] {
            let record = parse(text).unwrap();
            assert_eq!((record.to_string().as_str(), record.invalid), (plain, invalid), "{text}");
        }
        for text in ["", "v=spf10 all", "v=spf1\tall", "v=spf2.0/pra", " v=spf1", "v=DMARC1", "v=spf1ä"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn networks_hold_what_has_their_bits() {
        let at = |text: &str| text.parse::<IpAddr>().unwrap();
        for (address, network, bits, inside) in [
            ("192.0.2.7", "192.0.2.0", 29, true), ("192.0.2.8", "192.0.2.0", 29, false), ("203.0.113.1", "0.0.0.0", 0, true), ("192.0.2.7", "192.0.2.7", 32, true),
            ("2001:db8::1", "2001:db8::", 32, true), ("2001:db9::1", "2001:db8::", 32, false), ("2001:db8::1", "::", 0, true), ("192.0.2.7", "::", 0, false),
        ] {
            assert_eq!(is_in(at(address), at(network), bits), inside, "{address} {network}/{bits}");
        }
    }
}
