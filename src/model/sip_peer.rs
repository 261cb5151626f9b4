//! What the server knows of others by its settings: where they are, and what they cannot do.

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};
use types::AddressSet;
use utoipa::ToSchema;

use crate::settings::SettingValue;

/// Where requests to a domain go instead of asking the DNS, as `far.example sip:192.0.2.1:5070;transport=tcp sip:gw.example`: one
/// target after the other, or by chance according to `;weight=N` when one has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
pub struct StaticRoute(String);

impl TryFrom<String> for StaticRoute {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Targets::parse(&text).map(|_| Self(text))
    }
}

impl From<StaticRoute> for String {
    fn from(route: StaticRoute) -> Self {
        route.0
    }
}

impl StaticRoute {
    /// What it says.
    pub fn read(&self) -> Option<Targets> {
        Targets::parse(&self.0).ok()
    }
}

/// What a static route says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets {
    /// The domain, in small letters.
    pub domain: String,
    /// URIs of hosts, with their weights.
    pub targets: Vec<(String, u16)>,
}

impl Targets {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut words = text.split_ascii_whitespace();
        let domain = words.next().filter(|domain| is_name(domain)).ok_or("no domain")?.to_ascii_lowercase();
        let targets: Option<Vec<(String, u16)>> = words.map(target).collect();
        let targets = targets.filter(|targets| (1..=20).contains(&targets.len())).ok_or("no target, or too many")?;
        Ok(Self { domain, targets })
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() < 256 && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._".contains(&octet))
}

/// `sip:HOST[:PORT][;transport=T][;weight=N]`, without its weight, and that.
fn target(text: &str) -> Option<(String, u16)> {
    let mut parts = text.split(';');
    let mut uri = parts.next()?.to_ascii_lowercase();
    let place = uri.strip_prefix("sips:").or(uri.strip_prefix("sip:"))?;
    let (host, port) = match place.strip_prefix('[') {
        Some(six) => {
            let (host, rest) = six.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (None, rest.strip_prefix(':').or(rest.is_empty().then_some("1"))?)
        }
        None => {
            let (host, port) = place.split_once(':').unwrap_or((place, "1"));
            (Some(host), port)
        }
    };
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    if !is_port || host.is_some_and(|host| !is_name(host)) {
        return None;
    }
    let mut weight = 0;
    for part in parts {
        match part.split_once('=')? {
            ("transport", transport) if ["udp", "tcp", "tls"].contains(&transport) => {
                uri.push_str(";transport=");
                uri.push_str(transport);
            }
            ("weight", number) => weight = number.parse().ok()?,
            _ => return None,
        }
    }
    Some((uri, weight))
}

/// What others cannot do, and what is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quirks {
    /// It is not asked by TCP where datagrams reach it, whatever their size.
    pub no_tcp: bool,
    /// It is not offered session timers.
    pub no_session_timer: bool,
    /// It is not offered reliable provisional answers.
    pub no_100rel: bool,
    /// It is not offered to take over calls.
    pub no_replaces: bool,
    /// Its media always go by the relay.
    pub force_media_proxy: bool,
}

impl Quirks {
    fn flag(&mut self, name: &str) -> Option<&mut bool> {
        Some(match name {
            "no_tcp" => &mut self.no_tcp,
            "no_session_timer" => &mut self.no_session_timer,
            "no_100rel" => &mut self.no_100rel,
            "no_replaces" => &mut self.no_replaces,
            "force_media_proxy" => &mut self.force_media_proxy,
            _ => return None,
        })
    }

    /// Those of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            no_tcp: self.no_tcp || other.no_tcp,
            no_session_timer: self.no_session_timer || other.no_session_timer,
            no_100rel: self.no_100rel || other.no_100rel,
            no_replaces: self.no_replaces || other.no_replaces,
            force_media_proxy: self.force_media_proxy || other.force_media_proxy,
        }
    }
}

#[derive(Debug, Clone)]
enum Whom {
    Addresses(AddressSet),
    Domain(String),
    Agent(Vec<String>),
}

/// Whom a workaround is for and what it is: `192.0.2.0/24 no_tcp`, `far.example no_100rel no_replaces`, `agent:Old*Phone*
/// force_media_proxy`. Agents may hold blanks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Workaround(String);

impl TryFrom<String> for Workaround {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        One::parse(&text).map(|_| Self(text))
    }
}

impl From<Workaround> for String {
    fn from(workaround: Workaround) -> Self {
        workaround.0
    }
}

#[derive(Debug, Clone)]
struct One {
    whom: Whom,
    quirks: Quirks,
}

impl One {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (mut quirks, mut rest) = (Quirks::default(), text.trim());
        while let Some((before, name)) = rest.rsplit_once(' ') {
            let Some(flag) = quirks.flag(name) else { break };
            *flag = true;
            rest = before.trim_end();
        }
        if quirks == Quirks::default() {
            return Err("no workaround");
        }
        let whom = match rest.strip_prefix("agent:") {
            Some(pattern) if !pattern.is_empty() => Whom::Agent(pattern.to_lowercase().split('*').map(str::to_owned).collect()),
            Some(_) => return Err("no agent"),
            None => match AddressSet::parse(&[rest]) {
                Ok(set) if !set.is_empty() => Whom::Addresses(set),
                _ if is_name(rest) => Whom::Domain(rest.to_ascii_lowercase()),
                _ => return Err("neither address nor domain"),
            },
        };
        Ok(Self { whom, quirks })
    }
}

/// Workarounds, read.
#[derive(Debug, Clone, Default)]
pub struct Workarounds(Vec<One>);

impl Workarounds {
    /// Reads them.
    pub fn new(list: &[Workaround]) -> Self {
        Self(list.iter().filter_map(|one| One::parse(&one.0).ok()).collect())
    }

    /// What somebody at this address, in this domain, who calls itself so, cannot do. What is not known is empty.
    pub fn quirks(&self, ip: Option<IpAddr>, domain: &str, agent: &str) -> Quirks {
        let fits = |one: &&One| match &one.whom {
            Whom::Addresses(set) => ip.is_some_and(|ip| set.contains(ip)),
            Whom::Domain(own) => own.eq_ignore_ascii_case(domain),
            Whom::Agent(parts) => fits(parts, &agent.to_lowercase()),
        };
        self.0.iter().filter(fits).fold(Quirks::default(), |all, one| all.and(one.quirks))
    }
}

/// Whether a text is these parts with anything between them.
fn fits(parts: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = parts else {
        return parts.first().is_some_and(|only| only == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for part in middle {
        match rest.find(part.as_str()).and_then(|at| rest.get(at + part.len()..)) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

impl SettingValue for StaticRoute {
    const KIND: &'static str = "string";
    fn fault(&self, _: Option<i64>, _: Option<i64>) -> Option<String> {
        None
    }
}

impl SettingValue for Workaround {
    const KIND: &'static str = "string";
    fn fault(&self, _: Option<i64>, _: Option<i64>) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_read() {
        let read = |text: &str| StaticRoute::try_from(text.to_owned()).map(|route| (route.read().unwrap(), String::from(route)));
        let text = "Far.example sip:192.0.2.1:5070;transport=tcp;weight=3  sips:[2001:db8::1] SIP:gw.example:5080";
        let (Targets { domain, targets }, again) = read(text).unwrap();
        assert_eq!((domain.as_str(), again.as_str()), ("far.example", text));
        assert_eq!(targets, [("sip:192.0.2.1:5070;transport=tcp".to_owned(), 3), ("sips:[2001:db8::1]".to_owned(), 0), ("sip:gw.example:5080".to_owned(), 0)]);
        for bad in ["", "far.example", "far.example 192.0.2.1", "far.example sip:", "far.example sip:a@b", "far.example sip:a:0", "far.example sip:a:x", "far.example sip:a;transport=ws", "far.example sip:a;weight=x", "far.example sip:[::1", "far example/ sip:a"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn workarounds_fit_those_they_are_for() {
        let list: Vec<Workaround> = ["192.0.2.0/24 no_tcp", "Far.example no_100rel no_replaces", "agent:Old * Phone 1.* no_session_timer", "2001:db8::1 force_media_proxy", "agent:Exact no_tcp"]
            .map(|text| Workaround::try_from(text.to_owned()).unwrap())
            .into();
        let known = Workarounds::new(&list);
        let of = |ip: &str, domain: &str, agent: &str| known.quirks(ip.parse().ok(), domain, agent);
        let nothing = Quirks::default();
        for (found, expected) in [
            (of("192.0.2.7", "", ""), Quirks { no_tcp: true, ..nothing }),
            (of("192.0.3.7", "FAR.example", ""), Quirks { no_100rel: true, no_replaces: true, ..nothing }),
            (of("192.0.2.7", "", "old brown phone 1.2"), Quirks { no_tcp: true, no_session_timer: true, ..nothing }),
            (of("2001:db8::1", "", ""), Quirks { force_media_proxy: true, ..nothing }),
            (of("", "near.example", "An old brown phone 1.2"), nothing),
            (of("", "", "old phone 1.2"), nothing),
            (of("", "", "exact"), Quirks { no_tcp: true, ..nothing }),
            (of("", "", "exactly"), nothing),
        ] {
            assert_eq!(found, expected);
        }
        for bad in ["", "no_tcp", "192.0.2.0/24", "192.0.2.0/24 fly", "far.example fly no_tcp", "agent: no_tcp", "192.0.2.0/99 no_tcp"] {
            assert!(Workaround::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert_eq!(serde_json::to_value(list.first()).unwrap(), "192.0.2.0/24 no_tcp");
    }
}
