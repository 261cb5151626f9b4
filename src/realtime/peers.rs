//! What is known of others by settings: where domains are, and what telephones and servers cannot do.

use std::collections::HashMap;
use std::net::IpAddr;

use model::server::SipSettings;
use model::sip_peer::{Quirks, Workarounds};
use sip::locate::{Srv, shuffled};
use sip::uri::Scheme;
use sip::{Name, Request, Splice, Uri};

/// What is known of others.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    routes: HashMap<String, Vec<Srv>>,
    workarounds: Workarounds,
}

impl Peers {
    /// What the settings say.
    pub(crate) fn new(settings: &SipSettings) -> Self {
        let read = settings.static_routes.iter().filter_map(|route| route.read());
        // They are shared by weight like servers in the DNS.
        let servers = |targets: Vec<(String, u16)>| targets.into_iter().map(|(target, weight)| Srv { priority: 0, weight, port: 0, target }).collect();
        Self { routes: read.map(|route| (route.domain, servers(route.targets))).collect(), workarounds: Workarounds::new(&settings.workarounds) }
    }

    /// The URIs that are asked instead of this one, in order; `None` when the DNS is.
    pub(crate) fn route(&self, uri: &Uri<'_>, random: u64) -> Option<Vec<String>> {
        if self.routes.is_empty() || uri.port().is_some() {
            return None;
        }
        let targets = self.routes.get(&uri.host().trim_end_matches('.').to_ascii_lowercase())?;
        let in_order = targets.iter().all(|one| one.weight == 0);
        let ordered = if in_order { targets.iter().collect() } else { shuffled(targets, random) };
        // What is to be safe stays safe.
        let secure = uri.scheme() == Scheme::Sips;
        let written = |target: &str| match target.strip_prefix("sip:").filter(|_| secure) {
            Some(place) => format!("sips:{place}"),
            None => target.to_owned(),
        };
        Some(ordered.into_iter().map(|one| written(&one.target)).collect())
    }

    /// What somebody cannot do; what is not known is empty.
    pub(crate) fn quirks(&self, ip: Option<IpAddr>, domain: &str, agent: &str) -> Quirks {
        self.workarounds.quirks(ip, domain, agent)
    }
}

/// Does not offer what the next one cannot do.
pub(crate) fn hide(splice: &mut Splice<'_>, request: &Request, quirks: Quirks) {
    let hidden = [("timer", quirks.no_session_timer), ("100rel", quirks.no_100rel), ("replaces", quirks.no_replaces)];
    let is_hidden = |tag: &&str| hidden.iter().any(|(name, hides)| *hides && name.eq_ignore_ascii_case(tag));
    if request.tokens(Name::Supported).any(|tag| is_hidden(&tag)) {
        let left: Vec<&str> = request.tokens(Name::Supported).filter(|tag| !is_hidden(tag)).collect();
        if left.is_empty() {
            splice.remove(Name::Supported);
        } else {
            splice.set(Name::Supported, left.join(", "));
        }
    }
    for name in [Name::SessionExpires, Name::MinSe] {
        if quirks.no_session_timer && request.value(name).is_some() {
            splice.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use sip::{Limits, Message, Parsed, parse};

    use super::*;

    fn routed(routes: &[&str], uri: &str, random: u64) -> Option<Vec<String>> {
        let static_routes = routes.iter().map(|route| (*route).to_owned().try_into().unwrap()).collect();
        Peers::new(&SipSettings { static_routes, ..SipSettings::default() }).route(&Uri::parse(uri.as_bytes()).unwrap(), random)
    }

    #[test]
    fn domains_are_where_the_settings_say() {
        let routes = ["far.example sip:192.0.2.1:5070;transport=tcp sip:192.0.2.2", "sharing.example sip:a;weight=1 sip:b;weight=3"];
        let both = ["sip:192.0.2.1:5070;transport=tcp", "sip:192.0.2.2"].map(str::to_owned);
        assert_eq!(routed(&routes, "sip:x@FAR.example.", 7), Some(both.into()));
        assert_eq!(routed(&routes, "sips:x@far.example", 7).unwrap(), ["sips:192.0.2.1:5070;transport=tcp", "sips:192.0.2.2"]);
        for elsewhere in ["sip:x@far.example:5060", "sip:x@near.example"] {
            assert_eq!(routed(&routes, elsewhere, 7), None, "{elsewhere}");
        }
        let first: usize = (0..400).filter(|random| routed(&routes, "sip:sharing.example", *random).unwrap()[0] == "sip:b").count();
        assert!((200..380).contains(&first), "three of four, about: {first}");
    }

    #[test]
    fn what_cannot_be_done_is_not_offered() {
        let text = "INVITE sip:b@a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKx\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@a>\r\nContact: <sip:a@a>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\
                    Supported: timer, 100rel\r\nSupported: replaces\r\nSession-Expires: 90\r\nMin-SE: 90\r\nContent-Length: 0\r\n\r\n";
        let Parsed::Message(Message::Request(request)) = parse(text.into(), &Limits::STREAM) else { panic!() };
        let hidden = |quirks| {
            let mut splice = Splice::request(&request);
            hide(&mut splice, &request, quirks);
            let text = String::from_utf8(splice.finish().to_vec()).unwrap();
            text.lines().filter(|line| ["Supported", "Session", "Min"].iter().any(|name| line.starts_with(name))).collect::<Vec<_>>().join("|")
        };
        let nothing = Quirks::default();
        assert_eq!(hidden(nothing), "Supported: timer, 100rel|Supported: replaces|Session-Expires: 90|Min-SE: 90");
        assert_eq!(hidden(Quirks { no_session_timer: true, ..nothing }), "Supported: 100rel, replaces");
        assert_eq!(hidden(Quirks { no_100rel: true, no_replaces: true, ..nothing }), "Supported: timer|Session-Expires: 90|Min-SE: 90");
        assert_eq!(hidden(Quirks { no_100rel: true, no_replaces: true, no_session_timer: true, ..nothing }), "");
    }
}
