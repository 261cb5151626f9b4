//! How programs and telephones find the services of a domain.

use model::dns_check::DnsCheckKind::{Naptr, Srv};
use model::dns_check::DnsCheckResult;
use model::dns_check::DnsCheckStatus::{Unknown, Warning};
use model::listener::{Listener, Protocol, TlsMode};

use super::verdict::{record, result, wrong};
use super::{Leads, Scene};
use crate::outside::Silence;

/// The name of the service that a listener offers (RFC 6186, RFC 8314 §5.1, RFC 3263 §4.1).
fn service(listener: &Listener) -> Option<&'static str> {
    Some(match (listener.protocol, listener.tls) {
        (Protocol::Submission, TlsMode::Implicit) => "_submissions._tcp",
        (Protocol::Submission, _) => "_submission._tcp",
        (Protocol::Imap, TlsMode::Implicit) => "_imaps._tcp",
        (Protocol::Imap, _) => "_imap._tcp",
        (Protocol::Pop, TlsMode::Implicit) => "_pop3s._tcp",
        (Protocol::Pop, _) => "_pop3._tcp",
        (Protocol::SipUdp, _) => "_sip._udp",
        (Protocol::SipTcp, _) => "_sip._tcp",
        (Protocol::SipTls, _) => "_sips._tcp",
        (Protocol::Smtp | Protocol::HttpAdmin | Protocol::HttpUser, _) => return None,
    })
}

impl Scene {
    /// Whether every service that a listener offers is found under the domain.
    pub(super) async fn services(&self, host: &str) -> Vec<DnsCheckResult> {
        let mut offered: Vec<(&str, i32)> = Vec::new();
        for listener in &self.listeners {
            let Some(name) = service(listener) else { continue };
            if !offered.iter().any(|(known, _)| *known == name) {
                offered.push((name, listener.bound_port.unwrap_or(listener.port)));
            }
        }
        offered.sort_unstable();
        let mut all = Vec::new();
        for (name, port) in offered {
            all.push(self.service(name, port, host).await);
        }
        all
    }

    async fn service(&self, service: &str, port: i32, host: &str) -> DnsCheckResult {
        let mut told = result(Srv, &format!("{service}.{}", self.domain));
        let value = format!("0 5 {port} {host}.");
        told.expected = vec![value.clone()];
        told.records = vec![record(&told.name, "SRV", value)];
        let found = match self.dns.services(&told.name).await {
            Ok(found) => found,
            Err(Silence::NoName) => Vec::new(),
            Err(Silence::Failed(_)) => return wrong(told, Unknown, "no_answer"),
        };
        told.found = found.iter().map(|one| format!("{} {} {} {}.", one.priority, one.weight, one.port, one.target)).collect();
        if found.is_empty() {
            return wrong(told, Warning, "srv_missing");
        }
        let mut doubt = None;
        for one in found.iter().filter(|one| i32::from(one.port) == port) {
            let leads = if one.target == host { Leads::Here } else { self.leads(&one.target).await.0 };
            match leads {
                Leads::Here | Leads::Shared => return told,
                Leads::Unheard => doubt = Some("no_answer"),
                Leads::Unknowing => doubt = Some("own_address_unknown"),
                Leads::Elsewhere | Leads::Nowhere => {}
            }
        }
        match doubt {
            Some(reason) => wrong(told, Unknown, reason),
            None => wrong(told, Warning, "srv_elsewhere"),
        }
    }

    /// Whether NAPTR records lead telephones here. None are needed: they ask for SRV then (RFC 3263 §4.1).
    pub(super) async fn naptr(&self) -> Vec<DnsCheckResult> {
        if !self.listeners.iter().any(|listener| matches!(listener.protocol, Protocol::SipUdp | Protocol::SipTcp | Protocol::SipTls)) {
            return Vec::new();
        }
        let mut told = result(Naptr, &self.domain);
        let found = match self.dns.naptr(&self.domain).await {
            Ok(found) => found,
            Err(Silence::NoName) => Vec::new(),
            Err(Silence::Failed(_)) => return vec![wrong(told, Unknown, "no_answer")],
        };
        told.found = found.iter().map(|one| format!("{} {} \"{}\" \"{}\" \"\" {}.", one.order, one.preference, one.flags, one.service, one.replacement)).collect();
        let sip = |service: &str| service.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("SIP+") || head.eq_ignore_ascii_case("SIPS"));
        let inside = |name: &str| name == self.domain || name.ends_with(&format!(".{}", self.domain));
        let away = found.iter().any(|one| sip(&one.service) && !inside(&one.replacement.to_ascii_lowercase()));
        vec![if away { wrong(told, Warning, "naptr_elsewhere") } else { told }]
    }
}
