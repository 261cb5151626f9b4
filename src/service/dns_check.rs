//! What the DNS says of a domain beside what it should say, so that mail and calls for it come here. What cannot be judged is
//! unknown; kinds for which the server has nothing to offer are left out.

mod mail;
mod services;
mod spf;
mod verdict;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use model::dns_check::{DnsCheck, DnsCheckKind, DnsCheckResult, DnsCheckStatus, DnsCheckSummary, RunDnsCheck};
use model::listener::Listener;
use serde_json::json;

use crate::domain::DomainRef;
use crate::operation::{Call, Done};
use crate::outside::{Outside, Silence};
use crate::{Error, Kind, Result, Service, now};

/// Whose DNS is looked at, and what the server knows of itself.
struct Scene {
    dns: Arc<dyn Outside>,
    domain: String,
    /// Name that the server says in HELO.
    helo: String,
    /// Addresses by which others reach the server; none when it does not know them.
    own: Vec<IpAddr>,
    listeners: Vec<Listener>,
}

/// Where a name leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leads {
    /// To this server alone.
    Here,
    /// To this server and others.
    Shared,
    /// To other machines.
    Elsewhere,
    /// Nowhere: it has no address.
    Nowhere,
    /// Nobody can tell.
    Unheard,
    /// Somewhere; the server does not know its own addresses.
    Unknowing,
}

impl Scene {
    /// Where a host leads, and its addresses.
    async fn leads(&self, host: &str) -> (Leads, Vec<IpAddr>) {
        let found = match self.dns.addresses(host).await {
            Ok(found) => found,
            Err(Silence::NoName) => Vec::new(),
            Err(Silence::Failed(_)) => return (Leads::Unheard, Vec::new()),
        };
        let ours = found.iter().filter(|ip| self.own.contains(ip)).count();
        let leads = match ours {
            _ if found.is_empty() => Leads::Nowhere,
            _ if self.own.is_empty() => Leads::Unknowing,
            0 => Leads::Elsewhere,
            _ if ours == found.len() => Leads::Here,
            _ => Leads::Shared,
        };
        (leads, found)
    }

    /// The name for the mail host when none leads here yet.
    fn usual_host(&self) -> String {
        format!("mail.{}", self.helo)
    }

    async fn check(&self, wanted: &BTreeSet<DnsCheckKind>) -> Vec<DnsCheckResult> {
        use DnsCheckKind::{AAaaa, All, Dmarc, Dnssec, Helo, Mx, Naptr, Ptr, Spf, Srv, TlsRpt};
        let wants = |kind| wanted.is_empty() || wanted.contains(&All) || wanted.contains(&kind);
        // Others go by the host that it finds.
        let (mx, host) = match [Mx, AAaaa, Srv].into_iter().any(wants) {
            true => self.mx().await,
            false => (verdict::result(Mx, &self.domain), self.usual_host()),
        };
        let (host_addresses, ptr, helo, spf, dmarc, tls_rpt, srv, naptr) = tokio::join!(
            async { if wants(AAaaa) { vec![self.addresses(&host).await] } else { Vec::new() } },
            async { if wants(Ptr) { self.names().await } else { Vec::new() } },
            async { if wants(Helo) { vec![self.helo().await] } else { Vec::new() } },
            async { if wants(Spf) { vec![self.spf().await] } else { Vec::new() } },
            async { if wants(Dmarc) { vec![self.dmarc().await] } else { Vec::new() } },
            async { if wants(TlsRpt) { vec![self.tls_rpt().await] } else { Vec::new() } },
            async { if wants(Srv) { self.services(&host).await } else { Vec::new() } },
            async { if wants(Naptr) { self.naptr().await } else { Vec::new() } },
        );
        let dnssec = wants(Dnssec).then(|| verdict::wrong(verdict::result(Dnssec, &self.domain), DnsCheckStatus::Unknown, "dnssec_not_validated"));
        let mx = wants(Mx).then_some(mx);
        mx.into_iter().chain(host_addresses).chain(ptr).chain(helo).chain(spf).chain(dmarc).chain(tls_rpt).chain(srv).chain(naptr).chain(dnssec).collect()
    }
}

fn summary(results: &[DnsCheckResult]) -> DnsCheckSummary {
    results.iter().fold(DnsCheckSummary::default(), |mut summary, result| {
        match result.status {
            DnsCheckStatus::Ok => summary.ok += 1,
            DnsCheckStatus::Warning => summary.warning += 1,
            DnsCheckStatus::Error => summary.error += 1,
            DnsCheckStatus::Unknown => summary.unknown += 1,
        }
        summary
    })
}

impl Service {
    /// What the DNS said of a domain when it was asked last.
    pub(crate) async fn get_last_dns_check(self, call: Call, input: DomainRef) -> Result<Done<DnsCheck>> {
        let domain = self.find_domain(&input.domain).await?.domain;
        call.caller.may_domain(domain.id, "domain")?;
        let never = DnsCheck { domain: domain.name, checked_at: None, summary: DnsCheckSummary::default(), results: Vec::new(), zone_snippet: String::new() };
        // What another version wrote and this one cannot read is asked for again.
        Ok(self.store().dns_check(domain.id).await?.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or(never).into())
    }

    /// Asks the DNS about a domain, and keeps what it says.
    pub(crate) async fn run_dns_check(self, call: Call, input: RunDnsCheck) -> Result<Done<DnsCheck>> {
        let domain = self.find_domain(&input.domain).await?.domain;
        call.caller.may_domain(domain.id, "domain")?;
        let mut own = self.outside_addresses();
        own.extend(domain.assigned_ips.iter().filter_map(|ip| ip.parse().ok()).filter(|ip| !crate::network::is_private(*ip)));
        own.sort_unstable();
        own.dedup();
        let listeners = self.shown_listeners().await?.into_iter().filter(|listener| listener.enabled).collect();
        let scene = Scene { dns: self.outside()?, domain: domain.name.clone(), helo: self.mail_host().await?.to_string(), own, listeners };
        let results = scene.check(&input.checks.iter().copied().collect()).await;
        // Names of addresses stand in the zone of another.
        let zone_snippet = verdict::zone(results.iter().filter(|result| result.check != DnsCheckKind::Ptr).flat_map(|result| &result.records));
        let check = DnsCheck { domain: domain.name, checked_at: Some(now()), summary: summary(&results), results, zone_snippet };
        let mut tx = self.store().begin().await?;
        let kept = serde_json::to_value(&check).map_err(|_| Error::new(Kind::Internal, "internal", "The check cannot be written down."))?;
        tx.save_dns_check(domain.id, &kept).await?;
        let ip = call.caller.remote_ip.to_string();
        let object = json!({"ok": check.summary.ok, "warning": check.summary.warning, "error": check.summary.error, "unknown": check.summary.unknown});
        let news = store::News { actor: call.caller.name(), remote_ip: &ip, action: "runDnsCheck", name: &check.domain, topic: "domains", kind: "domain.dns_checked", account: None, domain: Some(domain.id), object };
        tx.announce(&news).await?;
        tx.commit().await?;
        Ok(check.into())
    }
}
