use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// A zone, one record a line: name, type, data.
const ZONE: &str = "\
example.com NAPTR 20 50 s SIP+D2U _sip._udp.example.com
example.com NAPTR 10 50 s SIP+D2T _sip._tcp.example.com.
example.com NAPTR 10 10 S sips+d2t _sips._tcp.Example.com
example.com NAPTR 5 10 s SIP+D2W _sip._ws.example.com
example.com NAPTR 5 10 u E2U+sip example.net
_sips._tcp.example.com SRV 1 0 5061 a.example.com
_sip._tcp.example.com SRV 2 0 5062 b.example.com
_sip._tcp.example.com SRV 1 0 5063 A.example.com.
_sip._udp.example.com SRV 1 0 5064 a.example.com
a.example.com A 2001:db8::1
a.example.com A 192.0.2.1
b.example.com A 192.0.2.2
srv.example A 192.0.2.9
_sip._udp.srv.example SRV 1 0 5070 b.example.com
_sip._tcp.srv.example SRV 1 0 5071 192.0.2.3
plain.example A 192.0.2.4
plain.example A 2001:db8::4
shut.example A 192.0.2.5
_sip._udp.shut.example SRV 0 0 0 .
slow.example FAILED
_sip._udp.slow.example FAILED
";

fn answer(question: &Question) -> Answer {
    let (name, kind) = match question {
        Question::Naptr(name) => (name, "NAPTR"),
        Question::Srv(name) => (name, "SRV"),
        Question::Addresses(name) => (name, "A"),
    };
    let lines = || ZONE.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    if lines().any(|words| words[0] == name && words[1] == "FAILED") {
        return Answer::Failed;
    }
    let found = lines().filter(|words| words[0] == name && words[1] == kind);
    let number = |text: &str| text.parse().unwrap();
    match kind {
        "NAPTR" => Answer::Naptr(
            found
                .map(|words| Naptr {
                    order: number(words[2]),
                    preference: number(words[3]),
                    flags: words[4].into(),
                    service: words[5].into(),
                    replacement: words[6].into(),
                })
                .collect(),
        ),
        "SRV" => Answer::Srv(
            found
                .map(|words| Srv {
                    priority: number(words[2]),
                    weight: number(words[3]),
                    port: number(words[4]),
                    target: words[5].into(),
                })
                .collect(),
        ),
        _ => Answer::Addresses(found.map(|words| words[2].parse().unwrap()).collect()),
    }
}

fn locate(uri: &str, large: bool) -> (usize, Result<String, Lost>) {
    let options = Options { large, random: 1 };
    let mut locator = Locator::new(&Uri::parse(uri.as_bytes()).unwrap(), options);
    let mut rounds = 0;
    loop {
        match locator.step() {
            Step::Ask(questions) => {
                assert!(!questions.is_empty());
                rounds += 1;
                for question in questions {
                    let answer = answer(&question);
                    locator.answer(question, answer);
                }
            }
            Step::Lost(lost) => return (rounds, Err(lost)),
            Step::Found(found) => {
                let shown = found.iter().map(|location| {
                    let address = std::net::SocketAddr::new(location.ip, location.port);
                    format!("{}/{address}", location.transport.name())
                });
                return (rounds, Ok(shown.collect::<Vec<_>>().join(" ")));
            }
        }
    }
}

#[test]
fn targets_follow_from_the_uri() {
    // URI, whether the request is large, rounds of questions, targets.
    let table: &[(&str, bool, usize, &str)] = &[
        ("sip:192.0.2.7", false, 0, "UDP/192.0.2.7:5060"),
        (
            "sip:a@192.0.2.7:5070;transport=TCP",
            false,
            0,
            "TCP/192.0.2.7:5070",
        ),
        (
            "sip:[2001:db8::7];transport=tls",
            false,
            0,
            "TLS/[2001:db8::7]:5061",
        ),
        ("sips:192.0.2.7", false, 0, "TLS/192.0.2.7:5061"),
        (
            "sips:192.0.2.7;transport=tcp",
            false,
            0,
            "TLS/192.0.2.7:5061",
        ),
        (
            "sip:192.0.2.7",
            true,
            0,
            "TCP/192.0.2.7:5060 UDP/192.0.2.7:5060",
        ),
        ("sip:192.0.2.7;transport=tcp", true, 0, "TCP/192.0.2.7:5060"),
        (
            "sip:example.com;maddr=192.0.2.8",
            false,
            0,
            "UDP/192.0.2.8:5060",
        ),
        (
            "sip:a.example.com:5080",
            false,
            1,
            "UDP/192.0.2.1:5080 UDP/[2001:db8::1]:5080",
        ),
        (
            "sip:A.example.com:5080;transport=tcp",
            false,
            1,
            "TCP/[2001:db8::1]:5080 TCP/192.0.2.1:5080",
        ),
        (
            "sip:example.com",
            false,
            3,
            "TLS/[2001:db8::1]:5061 TLS/192.0.2.1:5061 TCP/[2001:db8::1]:5063 TCP/192.0.2.1:5063 TCP/192.0.2.2:5062 \
             UDP/192.0.2.1:5064 UDP/[2001:db8::1]:5064",
        ),
        (
            "sips:example.com",
            false,
            3,
            "TLS/[2001:db8::1]:5061 TLS/192.0.2.1:5061",
        ),
        (
            "sip:example.com;transport=udp",
            false,
            2,
            "UDP/192.0.2.1:5064 UDP/[2001:db8::1]:5064",
        ),
        (
            "sip:srv.example",
            false,
            3,
            "UDP/192.0.2.2:5070 TCP/192.0.2.3:5071",
        ),
        (
            "sip:srv.example",
            true,
            3,
            "TCP/192.0.2.3:5071 TCP/192.0.2.2:5070 UDP/192.0.2.2:5070",
        ),
        (
            "sip:plain.example.",
            false,
            3,
            "UDP/192.0.2.4:5060 UDP/[2001:db8::4]:5060",
        ),
        (
            "sips:plain.example",
            false,
            3,
            "TLS/192.0.2.4:5061 TLS/[2001:db8::4]:5061",
        ),
        (
            "sip:plain.example;transport=tcp",
            false,
            2,
            "TCP/192.0.2.4:5060 TCP/[2001:db8::4]:5060",
        ),
    ];
    for (uri, large, rounds, targets) in table {
        let found = locate(uri, *large);
        assert_eq!(found, (*rounds, Ok((*targets).to_owned())), "{uri} {large}");
    }
    let lost = [
        ("sip:none.example", Lost::Unknown),
        ("sip:none.example:5060", Lost::Unknown),
        // SRV records say that there is no service (RFC 2782).
        ("sip:shut.example", Lost::Unknown),
        ("sip:slow.example", Lost::Unanswered),
        ("tel:+4930", Lost::Unsupported),
        ("sip:example.com;transport=sctp", Lost::Unsupported),
        ("sip:example.com;transport=ws", Lost::Unsupported),
        ("sips:example.com;transport=udp", Lost::Unsupported),
    ];
    for (uri, why) in lost {
        assert_eq!(locate(uri, false).1, Err(why), "{uri}");
    }
}

#[test]
fn load_is_shared_by_weight() {
    let record = |priority, weight, port| Srv {
        priority,
        weight,
        port,
        target: "a".into(),
    };
    let records = [
        record(2, 5, 4),
        record(1, 30, 1),
        record(1, 60, 2),
        record(1, 0, 3),
    ];
    let mut first: HashMap<u16, u32> = HashMap::new();
    for random in 0..20_000 {
        let ordered = order::shuffled(&records, random);
        assert_eq!((ordered.len(), ordered[3].port), (4, 4));
        *first.entry(ordered[0].port).or_default() += 1;
    }
    assert!((6_000..7_200).contains(&first[&1]), "{first:?}");
    assert!((12_400..13_600).contains(&first[&2]), "{first:?}");
    assert!((100..400).contains(&first[&3]), "{first:?}");
}

proptest! {
    #[test]
    fn the_list_is_short_and_comes_to_an_end(
        counts in prop::collection::vec((0u16..3, 0u16..100, 0usize..30), 0..60),
        random: u64,
        large: bool,
    ) {
        let uri = Uri::parse(b"sip:example.com").unwrap();
        let mut locator = Locator::new(&uri, Options { large, random });
        for _ in 0..4 {
            let Step::Ask(questions) = locator.step() else { break };
            prop_assert!(questions.len() <= MOST);
            for question in questions {
                let answer = match &question {
                    Question::Naptr(_) => Answer::Naptr(Vec::new()),
                    Question::Srv(_) => Answer::Srv(counts.iter().enumerate().map(|(place, (priority, weight, _))| Srv {
                        priority: *priority, weight: *weight, port: 1, target: place.to_string() + "x",
                    }).collect()),
                    Question::Addresses(name) => {
                        let place: usize = name.trim_end_matches('x').parse().unwrap_or_default();
                        let count = counts.get(place).map_or(1, |(_, _, count)| *count);
                        Answer::Addresses((0..count).map(|at| IpAddr::from([10, 0, place as u8, at as u8])).collect())
                    }
                };
                locator.answer(question, answer);
            }
        }
        match locator.step() {
            Step::Found(found) => prop_assert!(!found.is_empty() && found.len() <= MOST),
            Step::Lost(lost) => prop_assert_eq!(lost, Lost::Unknown),
            Step::Ask(questions) => prop_assert!(false, "{questions:?}"),
        }
    }
}
