//! What an SPF record (RFC 7208) says of addresses, and what it costs to find out.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use crate::outside::{Outside, Silence};

/// Lookups after which nobody goes on (RFC 7208 §4.6.4 allows 10).
const PATIENCE: u32 = 25;
/// Lookups that others make at most.
pub(super) const ALLOWED: u32 = 10;

/// What was found on the way through a record and those it includes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Spf {
    /// Lookups that the whole record costs when nothing matches early.
    pub(super) lookups: u32,
    /// Something in it is no SPF.
    pub(super) invalid: bool,
    /// It depends on what only a real message has.
    pub(super) uncertain: bool,
    /// Somebody did not answer.
    pub(super) silent: bool,
}

/// The texts that are SPF records.
pub(super) fn records(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().filter(|text| text.eq_ignore_ascii_case("v=spf1") || text.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("v=spf1 "))).collect()
}

/// Whether an address is in a network of so many bits; all bits when none are named.
fn is_in(address: IpAddr, network: IpAddr, bits: Option<u32>) -> bool {
    let same = |a: u128, b: u128, width: u32| {
        let bits = bits.unwrap_or(width).min(width);
        bits == 0 || (a ^ b) >> (width - bits) == 0
    };
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.into(), b.into(), 128),
        _ => false,
    }
}

/// Lengths of networks after a mechanism, `/24`, `//64` or `/24//64`: for IPv4 and IPv6.
fn lengths(text: &str) -> Option<(Option<u32>, Option<u32>)> {
    let (four, six) = text.split_once("//").map_or((text, None), |(four, six)| (four, Some(six)));
    let number = |text: &str, most: u32| text.parse().ok().filter(|bits| *bits <= most);
    let four = match four.strip_prefix('/') {
        Some(bits) => Some(number(bits, 32)?),
        None if four.is_empty() => None,
        None => return None,
    };
    Some((four, match six { Some(bits) => Some(number(bits, 128)?), None => None }))
}

impl Spf {
    /// Reads a record for addresses: for each the qualifier of the first mechanism that matches it.
    pub(super) fn read<'a>(&'a mut self, dns: &'a dyn Outside, domain: &'a str, record: &'a str, addresses: &'a [IpAddr]) -> Pin<Box<dyn Future<Output = Vec<Option<char>>> + Send + 'a>> {
        Box::pin(async move {
            let mut results = vec![None; addresses.len()];
            let mut redirect = None;
            for term in record.split_ascii_whitespace().skip(1) {
                if let Some((name, value)) = term.split_once('=').filter(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))) {
                    if name.eq_ignore_ascii_case("redirect") {
                        redirect = Some(value.to_owned());
                    }
                    continue;
                }
                let (qualifier, mechanism) = match term.chars().next() {
                    Some(sign @ ('+' | '-' | '~' | '?')) => (sign, &term[1..]),
                    _ => ('+', term),
                };
                let matched = self.mechanism(dns, domain, mechanism, addresses).await;
                for (result, matched) in results.iter_mut().zip(matched) {
                    if result.is_none() && matched {
                        *result = Some(qualifier);
                    }
                }
            }
            if let Some(target) = redirect
                && results.iter().any(Option::is_none)
            {
                let further = self.follow(dns, &target, addresses).await;
                results.iter_mut().zip(further).for_each(|(result, further)| *result = result.or(further));
            }
            results
        })
    }

    /// Which of the addresses a mechanism matches.
    async fn mechanism(&mut self, dns: &dyn Outside, domain: &str, mechanism: &str, addresses: &[IpAddr]) -> Vec<bool> {
        let none = vec![false; addresses.len()];
        let end = mechanism.find([':', '/']).unwrap_or(mechanism.len());
        let (name, rest) = mechanism.split_at(end);
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "all" => vec![true; addresses.len()],
            "ip4" | "ip6" => {
                let text = rest.strip_prefix(':').unwrap_or_default();
                let (network, bits) = text.split_once('/').map_or((text, Some(None)), |(network, bits)| (network, bits.parse().ok().map(Some)));
                match (network.parse::<IpAddr>(), bits) {
                    (Ok(network), Some(bits)) if network.is_ipv6() == (name == "ip6") => addresses.iter().map(|address| is_in(*address, network, bits)).collect(),
                    _ => {
                        self.invalid = true;
                        none
                    }
                }
            }
            "include" => {
                let target = rest.strip_prefix(':').unwrap_or_default().to_owned();
                self.follow(dns, &target, addresses).await.into_iter().map(|result| result == Some('+')).collect()
            }
            "a" | "mx" => self.hosts(dns, domain, &name, rest, addresses).await,
            "exists" | "ptr" => {
                self.lookups += 1;
                self.uncertain = true;
                none
            }
            _ => {
                self.invalid = true;
                none
            }
        }
    }

    /// Which of the addresses are those of a host, or of the hosts that take mail.
    async fn hosts(&mut self, dns: &dyn Outside, domain: &str, name: &str, rest: &str, addresses: &[IpAddr]) -> Vec<bool> {
        let none = vec![false; addresses.len()];
        self.lookups += 1;
        let (target, bits) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let target = target.strip_prefix(':').unwrap_or(domain);
        let Some((four, six)) = lengths(bits) else {
            self.invalid = true;
            return none;
        };
        if target.contains('%') || self.lookups > PATIENCE {
            self.uncertain = true;
            return none;
        }
        let hosts = if name == "a" { vec![target.to_owned()] } else { self.heard(dns.exchanges(target).await).into_iter().map(|(_, host)| host).take(10).collect() };
        let mut found = Vec::new();
        for host in hosts {
            found.extend(self.heard(dns.addresses(&host).await));
        }
        addresses.iter().map(|address| found.iter().any(|host| is_in(*address, *host, if address.is_ipv4() { four } else { six }))).collect()
    }

    /// What the record of another domain says of the addresses.
    async fn follow(&mut self, dns: &dyn Outside, target: &str, addresses: &[IpAddr]) -> Vec<Option<char>> {
        let none = vec![None; addresses.len()];
        self.lookups += 1;
        if target.is_empty() {
            self.invalid = true;
            return none;
        }
        if target.contains('%') || self.lookups > PATIENCE {
            self.uncertain = true;
            return none;
        }
        let mut found = records(self.heard(dns.texts(target).await));
        match (found.pop(), found.is_empty()) {
            (Some(record), true) => self.read(dns, target, &record, addresses).await,
            // An included domain must have exactly one record (RFC 7208 §5.2).
            _ => {
                self.invalid |= !self.silent;
                none
            }
        }
    }

    fn heard<T>(&mut self, answer: Result<Vec<T>, Silence>) -> Vec<T> {
        self.silent |= matches!(answer, Err(Silence::Failed(_)));
        answer.unwrap_or_default()
    }
}
