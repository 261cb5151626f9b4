use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::net::SocketAddr;

use model::listener::{ListenerSettings, ListenerState, Protocol, TlsMode};
use model::server::DnsSettings;

use super::*;
use crate::outside::{Asked, Naptr, Offered};

/// A DNS by heart: records by name and type. A type `FAIL` answers nothing.
#[derive(Default)]
struct Zone(HashMap<(String, &'static str), Vec<String>>);

impl Zone {
    fn find<T>(&self, name: &str, kind: &'static str, read: impl Fn(&str) -> T) -> std::result::Result<Vec<T>, Silence> {
        if self.0.contains_key(&(name.to_owned(), "FAIL")) {
            return Err(Silence::Failed("no answer".to_owned()));
        }
        match self.0.get(&(name.to_owned(), kind)) {
            Some(values) => Ok(values.iter().map(|value| read(value)).collect()),
            None if self.0.keys().any(|(known, _)| known == name) => Ok(Vec::new()),
            None => Err(Silence::NoName),
        }
    }
}

fn asked<'a, T: Send + 'a>(answer: std::result::Result<Vec<T>, Silence>) -> Asked<'a, Vec<T>> {
    Box::pin(std::future::ready(answer))
}

fn words(value: &str) -> Vec<&str> {
    value.split(' ').collect()
}

impl Outside for Zone {
    fn configure(&self, _: &DnsSettings) -> std::result::Result<(), Silence> {
        Ok(())
    }
    fn exchanges<'a>(&'a self, domain: &'a str) -> Asked<'a, Vec<(u16, String)>> {
        asked(self.find(domain, "MX", |value| (words(value)[0].parse().unwrap(), words(value)[1].to_owned())))
    }
    fn addresses<'a>(&'a self, host: &'a str) -> Asked<'a, Vec<IpAddr>> {
        asked(self.find(host, "A", |value| value.parse().unwrap()))
    }
    fn names(&self, address: IpAddr) -> Asked<'_, Vec<String>> {
        asked(self.find(&address.to_string(), "PTR", str::to_owned))
    }
    fn texts<'a>(&'a self, name: &'a str) -> Asked<'a, Vec<String>> {
        asked(self.find(name, "TXT", str::to_owned))
    }
    fn services<'a>(&'a self, name: &'a str) -> Asked<'a, Vec<Offered>> {
        asked(self.find(name, "SRV", |value| Offered { priority: 0, weight: 5, port: words(value)[0].parse().unwrap(), target: words(value)[1].to_owned() }))
    }
    fn naptr<'a>(&'a self, name: &'a str) -> Asked<'a, Vec<Naptr>> {
        asked(self.find(name, "NAPTR", |value| Naptr { order: 10, preference: 50, flags: "s".to_owned(), service: "SIP+D2U".to_owned(), replacement: value.to_owned() }))
    }
    fn seen_by(&self, _: SocketAddr, _: IpAddr, _: RangeInclusive<u16>, _: [u8; 12]) -> Asked<'_, (u16, SocketAddr)> {
        Box::pin(std::future::ready(Err(Silence::NoName)))
    }
}

const OWN: [&str; 2] = ["203.0.113.5", "2001:db8::5"];
/// Everything right for `a.example`, served by `main.example`.
const GOOD: [(&str, &str, &str); 14] = [
    ("a.example", "MX", "10 mail.main.example"),
    ("mail.main.example", "A", "203.0.113.5"),
    ("mail.main.example", "A", "2001:db8::5"),
    ("main.example", "A", "203.0.113.5"),
    ("203.0.113.5", "PTR", "mail.main.example"),
    ("2001:db8::5", "PTR", "mail.main.example"),
    ("a.example", "TXT", "v=spf1 mx -all"),
    ("a.example", "TXT", "something else"),
    ("_dmarc.a.example", "TXT", "v=DMARC1; p=reject"),
    ("_smtp._tls.a.example", "TXT", "v=TLSRPTv1; rua=mailto:x@a.example"),
    ("_sip._udp.a.example", "SRV", "5060 mail.main.example"),
    ("_imaps._tcp.a.example", "SRV", "993 mail.main.example"),
    ("a.example", "NAPTR", "_sip._udp.a.example"),
    ("www.a.example", "A", "198.51.100.80"),
];

/// What is checked when these records stand instead of the good ones of the same name and type; an empty value takes them away.
fn checked(changes: &[(&str, &'static str, &str)], own: &[&str]) -> Vec<DnsCheckResult> {
    let mut zone = Zone::default();
    for (name, kind, value) in GOOD.iter().filter(|(name, kind, _)| !changes.iter().any(|(n, k, _)| n == name && k == kind)).chain(changes) {
        if !value.is_empty() {
            zone.0.entry(((*name).to_owned(), kind)).or_default().push((*value).to_owned());
        }
    }
    let listener = |protocol, port, tls| Listener { id: uuid::Uuid::nil(), protocol, address: "*".into(), port, tls, enabled: true, settings: ListenerSettings::default(), state: ListenerState::Up, bound_port: None, last_error: None, version: 1 };
    let listeners = vec![listener(Protocol::SipUdp, 5060, TlsMode::Off), listener(Protocol::Imap, 993, TlsMode::Implicit), listener(Protocol::Smtp, 25, TlsMode::Off)];
    let scene = Scene { dns: Arc::new(zone), domain: "a.example".into(), helo: "main.example".into(), own: own.iter().map(|ip| ip.parse().unwrap()).collect(), listeners };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(scene.check(&BTreeSet::new()))
}

fn told(results: &[DnsCheckResult]) -> Vec<(DnsCheckKind, DnsCheckStatus, &str)> {
    results.iter().filter(|one| one.status != DnsCheckStatus::Ok && one.check != DnsCheckKind::Dnssec).map(|one| (one.check, one.status, one.reason.as_deref().unwrap_or_default())).collect()
}

use DnsCheckKind as K;
use DnsCheckStatus as S;

#[test]
fn a_domain_in_order_is_all_well() {
    let results = checked(&[], &OWN);
    assert_eq!(told(&results), []);
    let kinds: Vec<DnsCheckKind> = results.iter().map(|one| one.check).collect();
    assert_eq!(kinds, [K::Mx, K::AAaaa, K::Ptr, K::Ptr, K::Helo, K::Spf, K::Dmarc, K::TlsRpt, K::Srv, K::Srv, K::Naptr, K::Dnssec]);
    assert_eq!((results[0].found.as_slice(), results[5].lookups), (["10 mail.main.example.".to_owned()].as_slice(), Some(1)));
    assert_eq!(results[11].status, S::Unknown, "nobody has checked a signature");
    let summary = summary(&results);
    assert_eq!((summary.ok, summary.unknown), (11, 1));
}

#[test]
fn what_is_wrong_is_named() {
    for (changes, expected) in [
        (vec![("a.example", "MX", "")], vec![(K::Mx, S::Error, "mx_missing"), (K::Spf, S::Error, "spf_not_here")]),
        (vec![("a.example", "MX", ""), ("a.example", "A", "203.0.113.5"), ("a.example", "TXT", "v=spf1 a ip6:2001:db8::/32 -all")], vec![(K::Mx, S::Warning, "mx_by_address")]),
        (vec![("a.example", "MX", "0 "), ("a.example", "TXT", "v=spf1 +all")], vec![(K::Mx, S::Error, "mx_null")]),
        (vec![("a.example", "MX", "10 www.a.example"), ("a.example", "TXT", "v=spf1 ip4:203.0.113.0/24 ip6:2001:db8::5 -all")], vec![(K::Mx, S::Error, "mx_elsewhere")]),
        (vec![("a.example", "MX", "5 www.a.example"), ("a.example", "MX", "10 mail.main.example")], vec![(K::Mx, S::Warning, "mx_not_first")]),
        (vec![("mail.main.example", "A", "203.0.113.5"), ("mail.main.example", "A", "2001:db8::5"), ("mail.main.example", "A", "198.51.100.80")], vec![(K::AAaaa, S::Warning, "address_foreign")]),
        (vec![("203.0.113.5", "PTR", "")], vec![(K::Ptr, S::Error, "ptr_missing")]),
        (vec![("203.0.113.5", "PTR", "www.a.example")], vec![(K::Ptr, S::Warning, "ptr_elsewhere")]),
        (vec![("main.example", "A", "")], vec![(K::Helo, S::Warning, "helo_missing")]),
        (vec![("main.example", "A", "198.51.100.80")], vec![(K::Helo, S::Warning, "helo_elsewhere")]),
        (vec![("a.example", "TXT", "")], vec![(K::Spf, S::Error, "spf_missing")]),
        (vec![("a.example", "TXT", "v=spf1 mx -all"), ("a.example", "TXT", "v=spf1 -all")], vec![(K::Spf, S::Error, "spf_several")]),
        (vec![("a.example", "TXT", "v=spf1 nonsense -all")], vec![(K::Spf, S::Error, "spf_invalid")]),
        (vec![("a.example", "TXT", "v=spf1 exists:%{i}.x.example -all")], vec![(K::Spf, S::Unknown, "spf_uncertain")]),
        (vec![("_dmarc.a.example", "TXT", "")], vec![(K::Dmarc, S::Warning, "dmarc_missing")]),
        (vec![("_dmarc.a.example", "TXT", "v=DMARC1; p=none")], vec![(K::Dmarc, S::Warning, "dmarc_none")]),
        (vec![("_dmarc.a.example", "TXT", "v=DMARC1; rua=x")], vec![(K::Dmarc, S::Error, "dmarc_invalid")]),
        (vec![("_dmarc.a.example", "TXT", "v=DMARC1; p=none"), ("_dmarc.a.example", "TXT", "v=DMARC1; p=reject")], vec![(K::Dmarc, S::Error, "dmarc_several")]),
        (vec![("_smtp._tls.a.example", "TXT", "")], vec![(K::TlsRpt, S::Warning, "tls_rpt_missing")]),
        (vec![("_sip._udp.a.example", "SRV", "")], vec![(K::Srv, S::Warning, "srv_missing")]),
        (vec![("_sip._udp.a.example", "SRV", "5070 mail.main.example")], vec![(K::Srv, S::Warning, "srv_elsewhere")]),
        (vec![("_sip._udp.a.example", "SRV", "5060 www.a.example")], vec![(K::Srv, S::Warning, "srv_elsewhere")]),
        (vec![("_sip._udp.a.example", "SRV", "5060 main.example")], vec![]),
        (vec![("a.example", "NAPTR", "_sip._udp.other.example")], vec![(K::Naptr, S::Warning, "naptr_elsewhere")]),
    ] {
        let results = checked(&changes, &OWN);
        assert_eq!(told(&results), expected, "{changes:?}");
    }
    let nowhere = checked(&[("mail.main.example", "A", ""), ("203.0.113.5", "PTR", "main.example"), ("2001:db8::5", "PTR", "main.example"), ("main.example", "A", "2001:db8::5"), ("main.example", "A", "203.0.113.5"), ("a.example", "TXT", "v=spf1 +all")], &OWN);
    assert_eq!(told(&nowhere), [(K::AAaaa, S::Error, "address_missing")]);
    assert_eq!(nowhere[1].records.iter().map(|one| format!("{} {} {}", one.name, one.kind, one.value)).collect::<Vec<_>>(), ["mail.main.example. A 203.0.113.5", "mail.main.example. AAAA 2001:db8::5"]);
}

#[test]
fn what_nobody_answers_is_unknown_and_never_missing() {
    let names = ["a.example", "mail.main.example", "main.example", "203.0.113.5", "2001:db8::5", "_dmarc.a.example", "_smtp._tls.a.example", "_sip._udp.a.example", "_imaps._tcp.a.example"];
    let results = checked(&names.map(|name| (name, "FAIL", "x")), &OWN);
    assert!(results.iter().all(|one| one.status == S::Unknown && one.found.is_empty()), "{results:#?}");
    // A server that does not know its own addresses judges nobody by them.
    let results = checked(&[], &[]);
    let own: Vec<DnsCheckKind> = results.iter().filter(|one| one.reason.as_deref() == Some("own_address_unknown")).map(|one| one.check).collect();
    assert_eq!(own, [K::Mx, K::AAaaa, K::Helo, K::Spf]);
    assert!(!results.iter().any(|one| matches!(one.status, S::Error | S::Warning)), "{results:#?}");
}

#[test]
fn a_domain_above_speaks_for_those_below() {
    let scene = |policy: &str| {
        let zone = Zone(HashMap::from([(("_dmarc.example".to_owned(), "TXT"), vec!["v=DMARC1; p=none".to_owned()]), (("_dmarc.b.example".to_owned(), "TXT"), vec![policy.to_owned()])]));
        let scene = Scene { dns: Arc::new(zone), domain: "a.b.example".into(), helo: "main.example".into(), own: Vec::new(), listeners: Vec::new() };
        let told = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(scene.dmarc());
        (told.status, told.reason)
    };
    assert_eq!(scene("v=DMARC1; p=reject"), (S::Ok, None));
    assert_eq!(scene("v=DMARC1; p=reject; sp=none"), (S::Warning, Some("dmarc_none".to_owned())));
    assert_eq!(scene("nothing"), (S::Warning, Some("dmarc_missing".to_owned())), "a top-level domain is not asked");
}

#[test]
fn spf_is_followed_and_its_lookups_are_counted() {
    let zone = |records: &[(&str, &'static str, &str)]| {
        let mut zone = Zone::default();
        for (name, kind, value) in records {
            zone.0.entry(((*name).to_owned(), *kind)).or_default().push((*value).to_owned());
        }
        zone
    };
    let read = |zone: &Zone, record: &str| {
        let mut read = spf::Spf::default();
        let own: Vec<IpAddr> = ["192.0.2.7".parse().unwrap()].to_vec();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let result = runtime.block_on(read.read(zone, "d.example", record, &own))[0];
        (result, read)
    };
    let some = zone(&[
        ("d.example", "MX", "10 mx.d.example"), ("mx.d.example", "A", "192.0.2.200"), ("d.example", "A", "192.0.2.7"),
        ("all.example", "TXT", "v=spf1 ?all"), ("here.example", "TXT", "v=spf1 ip4:192.0.2.7 -all"), ("not.example", "TXT", "v=spf1 -all"), ("loop.example", "TXT", "v=spf1 include:loop.example -all"),
    ]);
    for (record, result, lookups, invalid) in [
        ("v=spf1 a -all", Some('+'), 1, false),
        ("v=spf1 mx -all", Some('-'), 1, false),
        ("v=spf1 mx/24 -all", Some('+'), 1, false),
        ("v=spf1 mx/33 -all", Some('-'), 0, true),
        ("v=spf1 ?a:d.example//64 ~all", Some('?'), 1, false),
        ("v=spf1 ip4:192.0.2.0/29 -all", Some('+'), 0, false),
        ("v=spf1 ip4:192.0.2.0/30 -all", Some('-'), 0, false),
        ("v=spf1 ip4:0.0.0.0/0", Some('+'), 0, false),
        ("v=spf1 ip6:::/0", None, 0, false),
        ("v=spf1 ip4:2001:db8::1", None, 0, true),
        ("v=spf1 include:here.example include:not.example ~all", Some('+'), 2, false),
        ("v=spf1 include:not.example ~all", Some('~'), 1, false),
        ("v=spf1 include:all.example -all", Some('-'), 1, false),
        ("v=spf1 include:nowhere.example -all", Some('-'), 1, true),
        ("v=spf1 redirect=here.example", Some('+'), 1, false),
        ("v=spf1 exp=why.example redirect=not.example", Some('-'), 1, false),
        ("v=spf1 include:loop.example", None, 26, false),
        ("v=spf1", None, 0, false),
    ] {
        let (found, read) = read(&some, record);
        assert_eq!((found, read.lookups, read.invalid), (result, lookups, invalid), "{record}");
    }
}
