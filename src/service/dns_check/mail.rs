//! What mail needs: that it comes here, and that others take it from here.

use std::net::IpAddr;

use model::dns_check::DnsCheckKind::{AAaaa, Dmarc, Helo, Mx, Ptr, Spf, TlsRpt};
use model::dns_check::DnsCheckStatus::{Error, Unknown, Warning};
use model::dns_check::DnsCheckResult;

use super::spf::{ALLOWED, records};
use super::verdict::{address_records, record, result, reverse_name, wrong};
use super::{Leads, Scene, spf};
use crate::outside::Silence;

/// Labels below which nobody says what others shall do with mail.
const LEAST_LABELS: usize = 2;

fn shown(addresses: &[IpAddr]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

impl Scene {
    /// Whether mail comes here, and the host by which it comes or should come.
    pub(super) async fn mx(&self) -> (DnsCheckResult, String) {
        let mut told = result(Mx, &self.domain);
        let mut exchanges = match self.dns.exchanges(&self.domain).await {
            Ok(exchanges) => exchanges,
            Err(Silence::NoName) => Vec::new(),
            Err(Silence::Failed(_)) => return (self.expect_mx(wrong(told, Unknown, "no_answer"), None), self.usual_host()),
        };
        exchanges.sort();
        told.found = exchanges.iter().map(|(preference, host)| format!("{preference} {host}.")).collect();
        if exchanges.is_empty() {
            let by_address = matches!(self.leads(&self.domain).await.0, Leads::Here | Leads::Shared);
            let told = if by_address { wrong(told, Warning, "mx_by_address") } else { wrong(told, Error, "mx_missing") };
            return (self.expect_mx(told, None), self.usual_host());
        }
        if exchanges.iter().all(|(_, host)| host.is_empty()) {
            return (self.expect_mx(wrong(told, Error, "mx_null"), None), self.usual_host());
        }
        let best = exchanges.first().map(|(preference, _)| *preference);
        let mut doubt = None;
        for (preference, host) in &exchanges {
            match self.leads(host).await.0 {
                Leads::Here | Leads::Shared if Some(*preference) == best => return (self.expect_mx(told, Some((*preference, host))), host.clone()),
                Leads::Here | Leads::Shared => return (self.expect_mx(wrong(told, Warning, "mx_not_first"), None), host.clone()),
                Leads::Unheard => doubt = Some("no_answer"),
                Leads::Unknowing => doubt = doubt.or(Some("own_address_unknown")),
                Leads::Elsewhere | Leads::Nowhere => {}
            }
        }
        let usual = self.usual_host();
        let named = exchanges.iter().any(|(_, host)| *host == usual);
        match doubt {
            Some(reason) => (self.expect_mx(wrong(told, Unknown, reason), None), usual),
            // The name is right; what it leads to is looked at beside.
            None if named => (self.expect_mx(told, None), usual),
            None => (self.expect_mx(wrong(told, Error, "mx_elsewhere"), None), usual),
        }
    }

    fn expect_mx(&self, mut told: DnsCheckResult, there: Option<(u16, &String)>) -> DnsCheckResult {
        let value = there.map_or_else(|| format!("10 {}.", self.usual_host()), |(preference, host)| format!("{preference} {host}."));
        told.expected = vec![value.clone()];
        told.records = vec![record(&self.domain, "MX", value)];
        told
    }

    /// Whether the mail host has the addresses of this server.
    pub(super) async fn addresses(&self, host: &str) -> DnsCheckResult {
        self.host(result(AAaaa, host), ["address_missing", "address_elsewhere", "address_foreign"], Error).await
    }

    /// Whether the name in HELO leads to this server (RFC 5321 §4.1.4).
    pub(super) async fn helo(&self) -> DnsCheckResult {
        self.host(result(Helo, &self.helo), ["helo_missing", "helo_elsewhere", ""], Warning).await
    }

    async fn host(&self, mut told: DnsCheckResult, [missing, elsewhere, foreign]: [&'static str; 3], grave: model::dns_check::DnsCheckStatus) -> DnsCheckResult {
        let (leads, found) = self.leads(&told.name).await;
        told.found = shown(&found);
        told.expected = shown(&self.own);
        told.records = address_records(&told.name, &self.own);
        match leads {
            Leads::Here => told,
            Leads::Shared if foreign.is_empty() => told,
            Leads::Shared => wrong(told, Warning, foreign),
            Leads::Elsewhere => wrong(told, grave, elsewhere),
            Leads::Nowhere => wrong(told, grave, missing),
            Leads::Unheard => wrong(told, Unknown, "no_answer"),
            Leads::Unknowing => wrong(told, Unknown, "own_address_unknown"),
        }
    }

    /// Whether the addresses of this server have names that lead back to them.
    pub(super) async fn names(&self) -> Vec<DnsCheckResult> {
        let mut all = Vec::new();
        for address in &self.own {
            let mut told = result(Ptr, &address.to_string());
            told.expected = vec![format!("{}.", self.helo)];
            told.records = vec![record(&reverse_name(*address), "PTR", format!("{}.", self.helo))];
            all.push(match self.dns.names(*address).await {
                Err(Silence::Failed(_)) => wrong(told, Unknown, "no_answer"),
                Ok(names) if !names.is_empty() => {
                    told.found = names.iter().map(|name| format!("{name}.")).collect();
                    let (mut back, mut silent) = (false, false);
                    for name in names.iter().take(5) {
                        match self.dns.addresses(name).await {
                            Ok(found) => back |= found.contains(address),
                            Err(Silence::Failed(_)) => silent = true,
                            Err(Silence::NoName) => {}
                        }
                    }
                    match (back, silent) {
                        (true, _) => told,
                        (false, true) => wrong(told, Unknown, "no_answer"),
                        (false, false) => wrong(told, Warning, "ptr_elsewhere"),
                    }
                }
                _ => wrong(told, Error, "ptr_missing"),
            });
        }
        all
    }

    /// Whether this server may send for the domain.
    pub(super) async fn spf(&self) -> DnsCheckResult {
        let mut told = result(Spf, &self.domain);
        let own: String = self.own.iter().map(|ip| format!(" ip{}:{ip}", if ip.is_ipv4() { 4 } else { 6 })).collect();
        let mut found = match self.dns.texts(&self.domain).await {
            Ok(texts) => records(texts),
            Err(Silence::NoName) => Vec::new(),
            Err(Silence::Failed(_)) => return self.text(wrong(told, Unknown, "no_answer"), format!("v=spf1 mx{own} -all")),
        };
        told.found.clone_from(&found);
        let several = found.len() > 1;
        let Some(there) = found.pop() else { return self.text(wrong(told, Error, "spf_missing"), format!("v=spf1 mx{own} -all")) };
        if several {
            return self.text(wrong(told, Error, "spf_several"), format!("v=spf1 mx{own} -all"));
        }
        let mut read = spf::Spf::default();
        let results = read.read(&*self.dns, &self.domain, &there, &self.own).await;
        told.lookups = Some(read.lookups);
        let left_out = results.iter().any(|result| *result != Some('+'));
        // What is there stays, and this server is added in front.
        let with_own = format!("v=spf1{own}{}", there.get(6..).unwrap_or_default());
        match () {
            () if read.lookups > ALLOWED => self.text(wrong(told, Error, "spf_lookups"), there),
            () if read.silent => self.text(wrong(told, Unknown, "no_answer"), there),
            () if read.invalid => self.text(wrong(told, Error, "spf_invalid"), format!("v=spf1 mx{own} -all")),
            () if self.own.is_empty() => self.text(wrong(told, Unknown, "own_address_unknown"), there),
            () if left_out && read.uncertain => self.text(wrong(told, Unknown, "spf_uncertain"), with_own),
            () if left_out => self.text(wrong(told, Error, "spf_not_here"), with_own),
            () => self.text(told, there),
        }
    }

    fn text(&self, mut told: DnsCheckResult, expected: String) -> DnsCheckResult {
        told.records = vec![record(&told.name, "TXT", expected.clone())];
        told.expected = vec![expected];
        told
    }

    /// What others shall do with mail that only claims to come from the domain. A domain above may say so for it.
    pub(super) async fn dmarc(&self) -> DnsCheckResult {
        let name = format!("_dmarc.{}", self.domain);
        let expected = format!("v=DMARC1; p=quarantine; rua=mailto:postmaster@{}", self.domain);
        let mut told = result(Dmarc, &name);
        let labels: Vec<&str> = self.domain.split('.').collect();
        for above in 0..=labels.len().saturating_sub(LEAST_LABELS) {
            let asked = format!("_dmarc.{}", labels.get(above..).unwrap_or_default().join("."));
            let found: Vec<String> = match self.dns.texts(&asked).await {
                Ok(texts) => texts.into_iter().filter(|text| text.split(';').next().is_some_and(|first| first.replace(' ', "") == "v=DMARC1")).collect(),
                Err(Silence::NoName) => continue,
                Err(Silence::Failed(_)) => return self.text(wrong(told, Unknown, "no_answer"), expected),
            };
            let Some(there) = found.first().cloned() else { continue };
            told.found = found;
            if told.found.len() > 1 {
                return self.text(wrong(told, Error, "dmarc_several"), expected);
            }
            let tag = |wanted: &str| there.split(';').filter_map(|tag| tag.split_once('=')).find(|(name, _)| name.trim() == wanted).map(|(_, value)| value.trim().to_ascii_lowercase());
            let policy = if above > 0 { tag("sp").or_else(|| tag("p")) } else { tag("p") };
            return match policy.as_deref() {
                Some("quarantine" | "reject") if above == 0 => self.text(told, there),
                Some("quarantine" | "reject") => told,
                Some("none") => self.text(wrong(told, Warning, "dmarc_none"), expected),
                _ => self.text(wrong(told, Error, "dmarc_invalid"), expected),
            };
        }
        self.text(wrong(told, Warning, "dmarc_missing"), expected)
    }

    /// Where others report trouble with TLS.
    pub(super) async fn tls_rpt(&self) -> DnsCheckResult {
        let mut told = result(TlsRpt, &format!("_smtp._tls.{}", self.domain));
        let expected = format!("v=TLSRPTv1; rua=mailto:postmaster@{}", self.domain);
        match self.dns.texts(&told.name).await {
            Err(Silence::Failed(_)) => self.text(wrong(told, Unknown, "no_answer"), expected),
            Err(Silence::NoName) => self.text(wrong(told, Warning, "tls_rpt_missing"), expected),
            Ok(texts) => {
                told.found = texts.into_iter().filter(|text| text.starts_with("v=TLSRPTv1;")).collect();
                match told.found.first().cloned() {
                    Some(there) => self.text(told, there),
                    None => self.text(wrong(told, Warning, "tls_rpt_missing"), expected),
                }
            }
        }
    }
}
