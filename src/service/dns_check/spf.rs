//! What an SPF record (RFC 7208) says of addresses, and what it costs to find out.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use message::spf::{self, Hosts, Mechanism, Term, is_in};

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
    texts.into_iter().filter(|text| spf::is_record(text)).collect()
}

impl Spf {
    /// Reads a record for addresses: for each the qualifier of the first mechanism that matches it.
    pub(super) fn read<'a>(&'a mut self, dns: &'a dyn Outside, domain: &'a str, record: &'a str, addresses: &'a [IpAddr]) -> Pin<Box<dyn Future<Output = Vec<Option<char>>> + Send + 'a>> {
        Box::pin(async move {
            let mut results = vec![None; addresses.len()];
            let Some(record) = spf::parse(record) else { return results };
            self.invalid |= record.invalid;
            for Term { qualifier, mechanism } in &record.terms {
                let matched = self.mechanism(dns, domain, mechanism, addresses).await;
                for (result, matched) in results.iter_mut().zip(matched) {
                    if result.is_none() && matched {
                        *result = Some(*qualifier);
                    }
                }
            }
            if let Some(target) = &record.redirect
                && results.iter().any(Option::is_none)
            {
                let further = self.follow(dns, target, addresses).await;
                results.iter_mut().zip(further).for_each(|(result, further)| *result = result.or(further));
            }
            results
        })
    }

    /// Which of the addresses a mechanism matches.
    async fn mechanism(&mut self, dns: &dyn Outside, domain: &str, mechanism: &Mechanism, addresses: &[IpAddr]) -> Vec<bool> {
        match mechanism {
            Mechanism::All => vec![true; addresses.len()],
            Mechanism::Network(network, bits) => addresses.iter().map(|address| is_in(*address, *network, *bits)).collect(),
            Mechanism::Include(target) => self.follow(dns, target, addresses).await.into_iter().map(|result| result == Some('+')).collect(),
            Mechanism::A(hosts) => self.hosts(dns, domain, false, hosts, addresses).await,
            Mechanism::Mx(hosts) => self.hosts(dns, domain, true, hosts, addresses).await,
            Mechanism::Other(_) => {
                self.lookups += 1;
                self.uncertain = true;
                vec![false; addresses.len()]
            }
        }
    }

    /// Which of the addresses are those of a host, or of the hosts that take mail.
    async fn hosts(&mut self, dns: &dyn Outside, domain: &str, mail: bool, hosts: &Hosts, addresses: &[IpAddr]) -> Vec<bool> {
        self.lookups += 1;
        let target = hosts.domain.as_deref().unwrap_or(domain);
        if target.contains('%') || self.lookups > PATIENCE {
            self.uncertain = true;
            return vec![false; addresses.len()];
        }
        let names = if mail { self.heard(dns.exchanges(target).await).into_iter().map(|(_, host)| host).take(10).collect() } else { vec![target.to_owned()] };
        let mut found = Vec::new();
        for name in names {
            found.extend(self.heard(dns.addresses(&name).await));
        }
        addresses.iter().map(|address| found.iter().any(|host| is_in(*address, *host, hosts.bits(*address)))).collect()
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
