use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};

use crate::exchange::{Ask, DnsError, Exchange, MailHost, NoHost, Rules, Walk};

/// Port of name servers that are named without one.
const DNS: u16 = 53;

/// Which name servers are asked, and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dns {
    /// Name servers; empty = those of the system.
    pub servers: Vec<SocketAddr>,
    /// Time for one answer.
    pub timeout: Duration,
}

/// Asks the DNS, and remembers answers as long as they say.
#[derive(Clone, Default)]
pub struct Resolver {
    current: Arc<RwLock<Option<(Dns, TokioResolver)>>>,
}

/// A host that offers a service (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceHost {
    /// Lower is tried first.
    pub priority: u16,
    /// How often it is tried first among equal priorities.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host, without the dot at its end; empty when the service is decidedly not there.
    pub target: String,
}

/// A NAPTR record (RFC 3403 §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// Lower is tried first.
    pub order: u16,
    /// Lower is tried first among equal orders.
    pub preference: u16,
    /// What kind of name comes next.
    pub flags: String,
    /// Such as `SIP+D2U`.
    pub service: String,
    /// The name that comes next, without the dot at its end.
    pub replacement: String,
}

impl Dns {
    /// Reads `address` or `address:port`.
    pub fn server(text: &str) -> Option<SocketAddr> {
        let address = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, DNS));
        address.or_else(|_| text.parse()).ok()
    }
}

impl Resolver {
    /// Asks these servers from now on; what was remembered of others is forgotten.
    ///
    /// # Errors
    /// When the system's own servers are wanted and cannot be read.
    pub fn configure(&self, dns: &Dns) -> Result<(), DnsError> {
        let same = |current: &Option<(Dns, TokioResolver)>| current.as_ref().is_some_and(|(known, _)| known == dns);
        if same(&self.current.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(());
        }
        let resolver = build(dns).map_err(failed)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some((dns.clone(), resolver));
        Ok(())
    }

    /// Forgets all answers.
    pub fn flush(&self) {
        if let Some((_, resolver)) = &*self.current.read().unwrap_or_else(PoisonError::into_inner) {
            resolver.clear_cache();
        }
    }

    /// The hosts that take mail for a domain (RFC 5321 §5.1). Without `lookup` the domain is a host that somebody named.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn mail_hosts(&self, domain: &str, lookup: bool, rules: Rules) -> Result<Vec<MailHost>, NoHost> {
        let mut walk = Walk::new(domain, lookup, rules);
        loop {
            match walk.next() {
                Err(end) => return end,
                Ok(Ask::Exchanges(name)) => walk.exchanges(self.exchanges(&name).await),
                Ok(Ask::Addresses(name)) => walk.addresses(self.addresses(&name).await),
            }
        }
    }

    /// The MX records of a domain; none when it exists and has none.
    ///
    /// # Errors
    /// When there is no such name, or nobody can tell.
    pub async fn exchanges(&self, domain: &str) -> Result<Vec<Exchange>, DnsError> {
        let exchange = |data: &RData| match data {
            RData::MX(mx) => Some(Exchange { preference: mx.preference, host: mx.exchange.to_ascii() }),
            _ => None,
        };
        self.lookup(domain, RecordType::MX, exchange).await
    }

    /// The SRV records of a name (RFC 2782); none when it exists and has none.
    ///
    /// # Errors
    /// When there is no such name, or nobody can tell.
    pub async fn services(&self, name: &str) -> Result<Vec<ServiceHost>, DnsError> {
        let host = |data: &RData| match data {
            RData::SRV(srv) => Some(ServiceHost { priority: srv.priority, weight: srv.weight, port: srv.port, target: undotted(&srv.target) }),
            _ => None,
        };
        self.lookup(name, RecordType::SRV, host).await
    }

    /// The NAPTR records of a name (RFC 3403); none when it exists and has none.
    ///
    /// # Errors
    /// When there is no such name, or nobody can tell.
    pub async fn naptr(&self, name: &str) -> Result<Vec<Pointer>, DnsError> {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let pointer = |data: &RData| match data {
            RData::NAPTR(naptr) => Some(Pointer {
                order: naptr.order,
                preference: naptr.preference,
                flags: text(&naptr.flags),
                service: text(&naptr.services),
                replacement: undotted(&naptr.replacement),
            }),
            _ => None,
        };
        self.lookup(name, RecordType::NAPTR, pointer).await
    }

    /// The TXT records of a name, the pieces of each put together; none when it exists and has none.
    ///
    /// # Errors
    /// When there is no such name, or nobody can tell.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let text = |data: &RData| match data {
            RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
            _ => None,
        };
        self.lookup(name, RecordType::TXT, text).await
    }

    /// The names of an address (PTR records); none when it stands in the DNS and has none.
    ///
    /// # Errors
    /// When nothing is known of the address, or nobody can tell.
    pub async fn names(&self, address: IpAddr) -> Result<Vec<String>, DnsError> {
        let name = |data: &RData| match data {
            RData::PTR(ptr) => Some(undotted(&ptr.0)),
            _ => None,
        };
        self.lookup(&Name::from(address).to_ascii(), RecordType::PTR, name).await
    }

    /// The addresses of a host; an address in brackets is its own.
    ///
    /// # Errors
    /// When there is no such name, or nobody can tell.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DnsError> {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = literal.strip_prefix("IPv6:").unwrap_or(literal).parse() {
            return Ok(vec![address]);
        }
        let address = |data: &RData| data.ip_addr();
        let (six, four) = tokio::join!(self.lookup(host, RecordType::AAAA, address), self.lookup(host, RecordType::A, address));
        match (six, four) {
            (Ok(six), Ok(four)) => Ok(six.into_iter().chain(four).collect()),
            (Ok(some), Err(_)) | (Err(_), Ok(some)) if !some.is_empty() => Ok(some),
            (Err(DnsError::NoName), _) | (_, Err(DnsError::NoName)) => Err(DnsError::NoName),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    async fn lookup<T>(&self, name: &str, kind: RecordType, take: impl Fn(&RData) -> Option<T>) -> Result<Vec<T>, DnsError> {
        let resolver = self.current.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(_, resolver)| resolver.clone());
        let Some(resolver) = resolver else { return Err(DnsError::Failed("no name servers".into())) };
        // What is no name cannot be in the DNS.
        let Ok(mut name) = Name::from_utf8(name) else { return Err(DnsError::NoName) };
        name.set_fqdn(true);
        match resolver.lookup(name, kind).await {
            Ok(found) => Ok(found.answers().iter().filter_map(|record| take(&record.data)).collect()),
            Err(error) if error.is_nx_domain() => Err(DnsError::NoName),
            Err(NetError::Dns(hickory_resolver::net::DnsError::NoRecordsFound(none))) if none.response_code == hickory_resolver::proto::op::ResponseCode::NoError => Ok(Vec::new()),
            Err(error) => Err(failed(error)),
        }
    }
}

fn undotted(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_owned()
}

#[allow(clippy::needless_pass_by_value, reason = "a mapper of errors")]
fn failed(error: NetError) -> DnsError {
    DnsError::Failed(error.to_string())
}

fn build(dns: &Dns) -> Result<TokioResolver, NetError> {
    let mut builder = if dns.servers.is_empty() {
        TokioResolver::builder_tokio()?
    } else {
        let server = |address: &SocketAddr| {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                connection.port = address.port();
                connection
            });
            NameServerConfig::new(address.ip(), true, connections.to_vec())
        };
        let config = ResolverConfig::from_parts(None, Vec::new(), dns.servers.iter().map(server).collect());
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).with_options(ResolverOpts::default())
    };
    builder.options_mut().timeout = dns.timeout;
    builder.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_have_a_port() {
        let server = |text: &str| Dns::server(text).map(|server| server.to_string());
        assert_eq!(server("192.0.2.1").as_deref(), Some("192.0.2.1:53"));
        assert_eq!(server("192.0.2.1:5353").as_deref(), Some("192.0.2.1:5353"));
        assert_eq!(server("2001:db8::1").as_deref(), Some("[2001:db8::1]:53"));
        assert_eq!(server("[2001:db8::1]:5353").as_deref(), Some("[2001:db8::1]:5353"));
        assert_eq!(server("ns.example"), None);
    }

    #[tokio::test]
    async fn an_address_is_its_own_and_no_name_is_no_name() {
        let resolver = Resolver::default();
        for text in ["192.0.2.1", "[192.0.2.1]", "[IPv6:2001:db8::1]", "[2001:db8::1]"] {
            assert_eq!(resolver.addresses(text).await.unwrap().len(), 1, "{text}");
        }
        assert!(matches!(resolver.addresses("host.example").await, Err(DnsError::Failed(_))));
        resolver.configure(&Dns { servers: vec![Dns::server("127.0.0.1:1").unwrap()], timeout: Duration::from_secs(1) }).unwrap();
        assert_eq!(resolver.addresses(&"long.".repeat(80)).await, Err(DnsError::NoName));
    }
}
