//! Where mail for a domain goes (RFC 5321 §5.1), as a machine that asks for records and owns no socket.

use std::collections::VecDeque;
use std::net::IpAddr;

/// Hosts tried for one domain.
const MAX_HOSTS: usize = 10;
/// Addresses tried for one domain.
const MAX_ADDRESSES: usize = 20;

/// An MX record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Lower is better.
    pub preference: u16,
    /// The host, without the dot at its end; empty in a null MX (RFC 7505).
    pub host: String,
}

/// Why the DNS has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    /// The name does not exist.
    #[error("the name does not exist")]
    NoName,
    /// Nobody could tell; later somebody may.
    #[error("{0}")]
    Failed(String),
}

/// What is known of ourselves, and what is allowed.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Names of this host.
    pub own_names: Vec<String>,
    /// Addresses at which we ourselves would answer.
    pub own_addresses: Vec<IpAddr>,
    /// Private and loopback addresses may be used even when the DNS alone names them.
    pub allow_private: bool,
    /// Decides the order of equal preferences.
    pub seed: u64,
}

/// A host that takes the mail, with its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailHost {
    /// Name, or the address itself.
    pub name: String,
    /// Addresses, in the order in which they are tried.
    pub addresses: Vec<IpAddr>,
}

/// Why there is no host for the mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoHost {
    /// The domain takes no mail (RFC 7505).
    #[error("the domain takes no mail")]
    Null,
    /// There is no such domain, or it has neither MX nor address.
    #[error("host unknown")]
    Unknown,
    /// Its hosts have no address, or none that may be used.
    #[error("no usable address")]
    Unusable,
    /// We are the best host for it, and it is not ours.
    #[error("DNS loop")]
    Loop,
    /// The DNS cannot answer now.
    #[error("DNS error: {0}")]
    Dns(String),
}

/// What the walk wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// The MX records of a domain; answered by [`Walk::exchanges`].
    Exchanges(String),
    /// The addresses of a host; answered by [`Walk::addresses`].
    Addresses(String),
}

/// The walk from a domain to addresses.
#[derive(Debug)]
pub struct Walk {
    domain: String,
    rules: Rules,
    /// MX records are to be asked.
    lookup: bool,
    /// The DNS alone names the hosts.
    found: bool,
    pending: VecDeque<Exchange>,
    hosts: Vec<(u16, MailHost)>,
    failure: Option<String>,
    ended: Option<NoHost>,
}

impl Walk {
    /// Begins with a domain. Without `lookup` it is a host that somebody has named: no MX is asked, and any address will do.
    pub fn new(domain: &str, lookup: bool, rules: Rules) -> Self {
        let domain = domain.trim_end_matches('.').to_owned();
        let pending = if lookup { VecDeque::new() } else { VecDeque::from([Exchange { preference: 0, host: domain.clone() }]) };
        Self { domain, rules, lookup, found: lookup, pending, hosts: Vec::new(), failure: None, ended: None }
    }

    /// What has to be asked next.
    ///
    /// # Errors
    /// `Err` is the end of the walk: the hosts in the order in which they are tried, or why there is none.
    pub fn next(&self) -> Result<Ask, Result<Vec<MailHost>, NoHost>> {
        if let Some(fault) = &self.ended {
            return Err(Err(fault.clone()));
        }
        if self.lookup {
            return Ok(Ask::Exchanges(self.domain.clone()));
        }
        let addresses: usize = self.hosts.iter().map(|(_, host)| host.addresses.len()).sum();
        if let Some(exchange) = self.pending.front().filter(|_| self.hosts.len() < MAX_HOSTS && addresses < MAX_ADDRESSES) {
            return Ok(Ask::Addresses(exchange.host.clone()));
        }
        Err(match (self.hosts.is_empty(), &self.failure) {
            (false, _) => Ok(self.hosts.iter().map(|(_, host)| host.clone()).collect()),
            (true, Some(failure)) => Err(NoHost::Dns(failure.clone())),
            (true, None) => Err(NoHost::Unusable),
        })
    }

    /// The MX records of the domain.
    pub fn exchanges(&mut self, answer: Result<Vec<Exchange>, DnsError>) {
        self.lookup = false;
        let records = match answer {
            Ok(records) => records,
            Err(DnsError::NoName) => return self.ended = Some(NoHost::Unknown),
            Err(DnsError::Failed(text)) => return self.ended = Some(NoHost::Dns(text)),
        };
        if records.is_empty() {
            // The domain itself is its host (RFC 5321 §5.1).
            self.pending.push_back(Exchange { preference: 0, host: self.domain.clone() });
            return;
        }
        let mut records: Vec<Exchange> = records.into_iter().map(|r| Exchange { host: r.host.trim_end_matches('.').to_owned(), ..r }).filter(|r| !r.host.is_empty()).collect();
        if records.is_empty() {
            return self.ended = Some(NoHost::Null);
        }
        shuffle(&mut records, self.rules.seed);
        records.sort_by_key(|record| record.preference);
        let ours = records.iter().find(|r| self.rules.own_names.iter().any(|own| own.eq_ignore_ascii_case(&r.host))).map(|r| r.preference);
        records.retain(|record| ours.is_none_or(|ours| record.preference < ours));
        match records.is_empty() {
            true => self.ended = Some(NoHost::Loop),
            false => self.pending = records.into(),
        }
    }

    /// The addresses of the host that was asked for.
    pub fn addresses(&mut self, answer: Result<Vec<IpAddr>, DnsError>) {
        let Some(exchange) = self.pending.pop_front() else { return };
        let mut addresses = match answer {
            Ok(addresses) => addresses,
            Err(DnsError::NoName) => Vec::new(),
            Err(DnsError::Failed(text)) => {
                self.failure = Some(text);
                return;
            }
        };
        if addresses.is_empty() && self.hosts.is_empty() && self.pending.is_empty() && exchange.host == self.domain {
            return self.ended = Some(NoHost::Unknown);
        }
        if addresses.iter().any(|address| self.rules.own_addresses.contains(address)) {
            // RFC 5321 §5.1: ourselves, and everything that is not better.
            self.pending.clear();
            self.hosts.retain(|(preference, _)| *preference < exchange.preference);
            if self.hosts.is_empty() {
                self.ended = Some(NoHost::Loop);
            }
            return;
        }
        addresses.retain(|address| !self.found || may_be_found(*address, self.rules.allow_private));
        let taken: usize = self.hosts.iter().map(|(_, host)| host.addresses.len()).sum();
        addresses.sort_by_key(IpAddr::is_ipv4);
        addresses.truncate(MAX_ADDRESSES.saturating_sub(taken));
        if !addresses.is_empty() {
            self.hosts.push((exchange.preference, MailHost { name: exchange.host, addresses }));
        }
    }
}

/// Whether an address that only the DNS names may be connected to.
fn may_be_found(address: IpAddr, allow_private: bool) -> bool {
    let private = match address.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local() || matches!(ip.octets(), [100, 64..=127, ..]),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    };
    let nowhere = match address.to_canonical() {
        IpAddr::V4(ip) => ip.octets()[0] == 0 || ip.is_multicast() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_unspecified() || ip.is_multicast(),
    };
    !nowhere && (allow_private || !private)
}

/// Fisher and Yates, with xorshift* behind it.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed | 1;
    for last in (1..items.len()).rev() {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let place = state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        items.swap(last, usize::try_from(place).unwrap_or(0) % (last + 1));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A zone: `name: 10 host, 20 host` or `name: address address` or `name: SERVFAIL`.
    struct Zone(Vec<(String, String)>);

    impl Zone {
        fn new(text: &str) -> Self {
            Self(text.lines().filter_map(|line| line.trim().split_once(": ")).map(|(a, b)| (a.to_owned(), b.to_owned())).collect())
        }

        fn find(&self, name: &str) -> Result<&str, DnsError> {
            match self.0.iter().find(|(known, _)| known == name) {
                Some((_, text)) if text == "SERVFAIL" => Err(DnsError::Failed("server failure".into())),
                Some((_, text)) => Ok(text),
                None => Err(DnsError::NoName),
            }
        }

        fn walk(&self, domain: &str, lookup: bool, rules: Rules) -> Result<Vec<MailHost>, NoHost> {
            let mut walk = Walk::new(domain, lookup, rules);
            loop {
                match walk.next() {
                    Err(end) => return end,
                    Ok(Ask::Exchanges(name)) => walk.exchanges(self.find(&name).map(|text| {
                        let record = |record: &str| record.trim().split_once(' ').and_then(|(p, host)| Some(Exchange { preference: p.parse().ok()?, host: host.trim().to_owned() }));
                        text.split(',').filter_map(record).collect()
                    })),
                    Ok(Ask::Addresses(name)) => walk.addresses(self.find(&name).map(|text| text.split(' ').filter_map(|a| a.parse().ok()).collect())),
                }
            }
        }
    }

    const ZONE: &str = "
        a.example: 20 mx2.a.example., 10 mx1.a.example
        mx1.a.example: 192.0.2.1 2001:db8::1
        mx2.a.example: 192.0.2.2
        plain.example: 192.0.2.9
        null.example: 0 .
        empty.example: nothing
        broken.example: SERVFAIL
        half.example: 10 broken.example, 20 mx2.a.example
        gone.example: 10 nowhere.example
        dark.example: 10 broken.example
        ours.example: 10 mail.us.example, 20 mx2.a.example
        backup.example: 10 mx1.a.example, 20 mail.us.example, 20 mx2.a.example, 30 mx2.a.example
        private.example: 10 inside.example, 20 mx2.a.example
        inside.example: 10.0.0.1 127.0.0.1 ::1 fd00::1 169.254.1.1 0.0.0.0
        only.example: 10 inside.example
        many.example: 1 mx1.a.example, 1 mx2.a.example, 1 plain.example
    ";

    fn rules() -> Rules {
        Rules { own_names: vec!["Mail.us.example".into()], ..Rules::default() }
    }

    fn names(domain: &str, rules: Rules) -> Result<Vec<String>, NoHost> {
        Zone::new(ZONE).walk(domain, true, rules).map(|hosts| hosts.into_iter().map(|host| host.name).collect())
    }

    #[test]
    fn hosts_come_in_order_or_with_a_reason() {
        let cases: &[(&str, Result<&[&str], NoHost>)] = &[
            ("a.example.", Ok(&["mx1.a.example", "mx2.a.example"])),
            ("plain.example", Ok(&["plain.example"])),
            ("null.example", Err(NoHost::Null)),
            ("empty.example", Err(NoHost::Unknown)),
            ("unknown.example", Err(NoHost::Unknown)),
            ("broken.example", Err(NoHost::Dns("server failure".into()))),
            ("half.example", Ok(&["mx2.a.example"])),
            ("gone.example", Err(NoHost::Unusable)),
            ("dark.example", Err(NoHost::Dns("server failure".into()))),
            ("ours.example", Err(NoHost::Loop)),
            ("backup.example", Ok(&["mx1.a.example"])),
            ("private.example", Ok(&["mx2.a.example"])),
            ("only.example", Err(NoHost::Unusable)),
        ];
        for (domain, expected) in cases {
            let expected = expected.clone().map(|hosts| hosts.iter().map(|host| (*host).to_owned()).collect());
            assert_eq!(names(domain, rules()), expected, "{domain}");
        }
    }

    #[test]
    fn an_address_of_ours_ends_the_walk() {
        let own = |address: &str| Rules { own_addresses: vec![address.parse().unwrap()], ..Rules::default() };
        assert_eq!(names("a.example", own("192.0.2.1")), Err(NoHost::Loop));
        assert_eq!(names("a.example", own("192.0.2.2")), Ok(vec!["mx1.a.example".to_owned()]));
        assert_eq!(names("plain.example", own("192.0.2.9")), Err(NoHost::Loop));
        assert_eq!(Zone::new(ZONE).walk("plain.example", false, own("192.0.2.9")), Err(NoHost::Loop));
    }

    #[test]
    fn private_addresses_need_leave_unless_somebody_named_the_host() {
        let hosts = |lookup, allow_private, domain| Zone::new(ZONE).walk(domain, lookup, Rules { allow_private, ..Rules::default() }).map(|hosts| hosts[0].addresses.len());
        assert_eq!(hosts(true, false, "only.example"), Err(NoHost::Unusable));
        assert_eq!(hosts(true, true, "only.example"), Ok(5), "0.0.0.0 is nowhere");
        assert_eq!(hosts(false, false, "inside.example"), Ok(6));
        assert_eq!(hosts(false, false, "unknown.example"), Err(NoHost::Unknown));
    }

    #[test]
    fn version_6_goes_first() {
        let hosts = Zone::new(ZONE).walk("a.example", true, rules()).unwrap();
        assert_eq!(hosts[0].addresses, ["2001:db8::1", "192.0.2.1"].map(|a| a.parse::<IpAddr>().unwrap()));
    }

    #[test]
    fn equal_preferences_are_shuffled_by_the_seed() {
        let order = |seed| names("many.example", Rules { seed, ..Rules::default() }).unwrap();
        let orders: BTreeSet<Vec<String>> = (0..200u64).map(|n| order(n.wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
        assert_eq!(orders.len(), 6, "every order is possible");
        assert_eq!(order(7), order(7));
    }

    #[test]
    fn hosts_and_addresses_are_bounded() {
        let records: Vec<Exchange> = (0..50).map(|n| Exchange { preference: n, host: format!("h{n}.example") }).collect();
        let mut walk = Walk::new("big.example", true, Rules::default());
        walk.exchanges(Ok(records));
        let mut asked = 0;
        while let Ok(Ask::Addresses(_)) = walk.next() {
            asked += 1;
            walk.addresses(Ok((1..4).map(|n| IpAddr::from([192, 0, 2, n])).collect()));
        }
        let hosts = walk.next().unwrap_err().unwrap();
        assert_eq!((asked, hosts.len(), hosts.iter().map(|h| h.addresses.len()).sum::<usize>()), (7, 7, 20));
    }
}
