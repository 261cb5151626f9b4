use std::cell::Cell;

use super::*;
use crate::header::Transport;
use crate::testing::request;
use crate::token::Tokens;
use crate::{Name, Request, Uri};

mod model;

const AOR: &str = "sip:alice@example.com";
const NOW: u64 = 1_800_000_000;

fn flow(transport: Transport, id: u64) -> Flow {
    Flow {
        id,
        address: "203.0.113.7:49152".parse().unwrap(),
        transport,
    }
}

/// A REGISTER of alice; every line is a field.
fn register(fields: &str) -> Request {
    let fields: String = fields
        .split('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| format!("{line}\r\n"))
        .collect();
    request(&format!(
        "REGISTER sip:example.com SIP/2.0\r\nFrom: <{AOR}>;tag=1\r\nTo: <{AOR}>\r\n{fields}\r\n"
    ))
}

struct Phone {
    locations: Locations,
    rules: Rules,
    flow: Flow,
    nat: Nat,
    trusted: bool,
    cseq: Cell<u32>,
}

impl Phone {
    fn new() -> Self {
        Self {
            locations: Locations::new(1000, 25),
            rules: Rules::default(),
            flow: flow(Transport::Udp, 1),
            nat: Nat::None,
            trusted: false,
            cseq: Cell::new(0),
        }
    }

    fn send(&mut self, now: u64, request: &Request) -> Result<Registered, Refusal> {
        let is_loop = |uri: &Uri<'_>| uri.host() == "10.0.0.1";
        self.locations.register(
            now,
            &Registration {
                account: 1,
                request,
                flow: self.flow,
                nat: self.nat,
                trusted: self.trusted,
                own: &[AOR, "sip:alice@mail.example.com"],
                is_loop: &is_loop,
                rules: &self.rules,
            },
        )
    }

    /// Sends a REGISTER with a CSeq of its own.
    fn register(&mut self, now: u64, fields: &str) -> Result<Registered, Refusal> {
        self.cseq.set(self.cseq.get() + 1);
        let cseq = self.cseq.get();
        self.send(now, &register(&format!("CSeq: {cseq} REGISTER\n{fields}")))
    }

    /// Contacts with the seconds they have.
    fn bound(&self, now: u64) -> Vec<(String, u64)> {
        let list = self.locations.list(1).iter();
        list.map(|b| (b.contact().to_owned(), b.expires_at - now))
            .collect()
    }

    fn reply(&self, now: u64, fields: &str, registered: &Registered, tokens: &Tokens) -> String {
        let reply = Reply {
            tag: "t",
            source: self.flow.address,
            date: "Sat, 13 Nov 2027 23:29:00 GMT",
            aor: AOR,
            service_route: "<sip:example.com;lr>",
            associated: &[AOR, "tel:+4930123"],
            tokens: Some(tokens),
        };
        let octets = self
            .locations
            .reply(now, 1, &register(fields), registered, &reply);
        String::from_utf8(octets.to_vec()).unwrap()
    }
}

fn tokens() -> Tokens {
    Tokens::new(&[3; 32], None)
}

/// Two bindings first, then one REGISTER: its status, and what is bound.
#[test]
fn every_case_has_its_answer() {
    let two = "a 3600, b 1800";
    let cases = [
        ("", 200, two),
        ("Contact: <sip:c@192.0.2.3>", 200, "a 3600, b 1800, c 3600"),
        (
            "Contact: sip:c@192.0.2.3\nExpires: 100",
            200,
            "a 3600, b 1800, c 100",
        ),
        (
            "Contact: <sip:c@192.0.2.3>;expires=90\nExpires: 100",
            200,
            "a 3600, b 1800, c 90",
        ),
        (
            "Contact: <sip:a@192.0.2.1>;expires=99999999999999999999",
            200,
            "a 7200, b 1800",
        ),
        ("Contact: <sip:A@192.0.2.1>", 200, "a 3600, b 1800, A 3600"),
        (
            "Contact: <sip:%61@192.0.2.1;ob>;expires=60",
            200,
            "%61 60, b 1800",
        ),
        ("Contact: <sip:a@192.0.2.1>;expires=0", 200, "b 1800"),
        ("Contact: <sip:x@192.0.2.9>;expires=0", 200, two),
        (
            "Contact: <sip:a@192.0.2.1>;expires=0, <sip:c@192.0.2.3>",
            200,
            "b 1800, c 3600",
        ),
        (
            "Contact: <sip:c@192.0.2.3>, <sip:c@192.0.2.3>;expires=70",
            200,
            "a 3600, b 1800, c 70",
        ),
        ("Contact: *\nExpires: 0", 200, ""),
        ("Contact: *", 400, two),
        ("Contact: *\nExpires: 60", 400, two),
        ("Contact: *, <sip:a@192.0.2.1>\nExpires: 0", 400, two),
        ("Contact: *;expires=0", 400, two),
        ("Contact: <sip:c@192.0.2.3>;expires=59", 423, two),
        ("Contact: <sip:c@192.0.2.3>\nExpires: 1", 423, two),
        (
            "Contact: <sip:a@192.0.2.1>;expires=0, <sip:c@192.0.2.3>;expires=1",
            423,
            two,
        ),
        ("Contact: <mailto:a@b>", 400, two),
        ("Contact: <tel:+49301>, <sip:c@192.0.2.3>", 400, two),
        ("Contact: <sip:alice@example.com>", 400, two),
        (
            "Contact: <sip:alice@EXAMPLE.com:5060;transport=tcp>",
            400,
            two,
        ),
        ("Contact: <sip:alice@mail.example.com>", 400, two),
        ("Contact: <sip:x@10.0.0.1>", 400, two),
        (
            "Contact: <sip:alice@192.0.2.3>",
            200,
            "a 3600, b 1800, alice 3600",
        ),
        ("Contact: <sip:c@x.invalid;transport=ws>", 400, two),
        (
            "Contact: <sip:c@192.0.2.3>, <sip:d@192.0.2.3>, <sip:e@192.0.2.3>",
            403,
            two,
        ),
        (
            "Contact: <sip:a@192.0.2.1>;expires=0, <sip:d@192.0.2.3>, <sip:e@192.0.2.3>",
            200,
            "b 1800, d 3600, e 3600",
        ),
        ("Contact: <sip:c@192.0.2.3>\nPath: <sip:p;lr>", 420, two),
        (
            "Contact: <sip:c@192.0.2.3>\nPath: <sip:p;lr>\nSupported: path",
            200,
            "a 3600, b 1800, c 3600",
        ),
        (
            "Contact: <sip:c@192.0.2.3>\nPath: ;\nSupported: path",
            400,
            two,
        ),
        (
            "Contact: <sip:c@192.0.2.3>\nRequire: path, nothing",
            420,
            two,
        ),
        (
            "Contact: <sip:c@192.0.2.3>\nRequire: path, GRUU",
            200,
            "a 3600, b 1800, c 3600",
        ),
    ];
    for (fields, status, bound) in cases {
        let mut phone = Phone::new();
        phone.rules.max_bindings = 3;
        let first = "Contact: <sip:a@192.0.2.1>, <sip:b@192.0.2.2>;expires=1800";
        assert_eq!(phone.register(NOW, first).unwrap().changes.len(), 2);
        // A `*` with parameters does not even pass as a message.
        if fields.contains("*;") {
            continue;
        }
        let got = phone.register(NOW, fields);
        let got_status = got.as_ref().map_or_else(|refusal| refusal.status, |_| 200);
        assert_eq!(got_status, status, "{fields}");
        let shown: Vec<_> = phone
            .bound(NOW)
            .into_iter()
            .map(|(uri, left)| {
                let uri = Uri::parse(uri.as_bytes())
                    .unwrap()
                    .user()
                    .unwrap()
                    .to_owned();
                format!("{uri} {left}")
            })
            .collect();
        assert_eq!(shown.join(", "), bound, "{fields}");
    }
}

#[test]
fn refusals_say_what_is_needed() {
    let mut phone = Phone::new();
    let refusal = phone
        .register(NOW, "Contact: <sip:c@h>;expires=5")
        .unwrap_err();
    let request = register("");
    let text = |refusal: &Refusal| {
        let writer = refusal.reply(&request, "t", "192.0.2.1:5060".parse().unwrap());
        String::from_utf8(writer.finish().to_vec()).unwrap()
    };
    assert!(text(&refusal).starts_with("SIP/2.0 423 Interval Too Brief\r\n"));
    assert!(text(&refusal).contains("\r\nMin-Expires: 60\r\n"));
    let refusal = phone
        .register(NOW, "Contact: <sip:c@h>\nPath: <sip:p>")
        .unwrap_err();
    assert_eq!(refusal.fields, [(Name::Unsupported, "path".to_owned())]);
    let refusal = phone.register(NOW, "Require: a, path, b").unwrap_err();
    assert_eq!(refusal.fields, [(Name::Unsupported, "a, b".to_owned())]);
    phone.rules.max_bindings = 1;
    phone.register(NOW, "Contact: <sip:c@h>").unwrap();
    let refusal = phone.register(NOW, "Contact: <sip:d@h>").unwrap_err();
    assert!(text(&refusal).starts_with("SIP/2.0 403 Too many registrations\r\n"));
    let many: Vec<_> = (0..101).map(|n| format!("<sip:{n}@h>;expires=0")).collect();
    let refusal = phone
        .register(NOW, &format!("Contact: {}", many.join(",")))
        .unwrap_err();
    assert_eq!(refusal.status, 403);
}

/// RFC 3261 §10.3 step 7: a REGISTER that was overtaken changes nothing.
#[test]
fn an_overtaken_request_changes_nothing() {
    let mut phone = Phone::new();
    let mut send = |call_id: &str, cseq: u32, contact: &str| {
        let fields = format!("Call-ID: {call_id}\nCSeq: {cseq} REGISTER\n{contact}");
        phone.send(NOW, &register(&fields)).map_err(|r| r.status)
    };
    assert!(send("x", 5, "Contact: <sip:a@h>").is_ok());
    assert_eq!(send("x", 5, "Contact: <sip:a@h>"), Err(500));
    assert_eq!(
        send("x", 4, "Contact: <sip:b@h>, <sip:a@h>;expires=0"),
        Err(500)
    );
    assert_eq!(send("x", 4, "Contact: *\nExpires: 0"), Err(500));
    assert!(send("y", 1, "Contact: <sip:a@h>").is_ok());
    assert!(send("x", 4, "Contact: <sip:b@h>").is_ok());
    assert_eq!(send("x", 4, "Contact: *\nExpires: 0"), Err(500));
    assert!(send("x", 6, "Contact: *\nExpires: 0").is_ok());
    assert!(phone.locations.is_empty());
}

#[test]
fn the_oldest_makes_room_where_it_may() {
    let mut phone = Phone::new();
    phone.rules = Rules {
        max_bindings: 2,
        evict_oldest: true,
        ..phone.rules
    };
    for (at, contact) in [(0, "a"), (1, "b"), (2, "a"), (3, "c")] {
        let fields = format!("Contact: <sip:{contact}@h>");
        let registered = phone.register(NOW + at, &fields).unwrap();
        let evicted = registered.changes.iter().filter_map(|change| match change {
            Change::Removed(Cause::Evicted, binding) => Some(binding.contact().to_owned()),
            _ => None,
        });
        let want: &[&str] = if contact == "c" { &["sip:b@h"] } else { &[] };
        assert_eq!(evicted.collect::<Vec<_>>(), want);
    }
}

#[test]
fn datagrams_through_translation_are_bound_for_less() {
    for (transport, nat, want) in [
        (Transport::Udp, Nat::FarEnd, 600),
        (Transport::Tcp, Nat::FarEnd, 3600),
        (Transport::Udp, Nat::NearEnd, 3600),
    ] {
        let mut phone = Phone::new();
        (phone.flow, phone.nat) = (flow(transport, 7), nat);
        phone.register(NOW, "Contact: <sip:a@10.9.9.9>").unwrap();
        assert_eq!(phone.bound(NOW), [("sip:a@10.9.9.9".to_owned(), want)]);
    }
}

const OUTBOUND: &str = "Supported: path, outbound\nContact: <sip:line1@192.168.1.2;transport=tcp>;reg-id=1;\
    +sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"";

/// RFC 5626 §9.2, §6.
#[test]
fn a_flow_takes_the_place_of_the_flow_before() {
    let mut phone = Phone::new();
    phone.flow = flow(Transport::Tcp, 1);
    let registered = phone.register(NOW, OUTBOUND).unwrap();
    assert!(registered.outbound);
    let text = phone.reply(NOW, OUTBOUND, &registered, &tokens());
    for field in [
        "Require: outbound",
        "Flow-Timer: 120",
        "Supported: path, outbound, gruu",
        "Service-Route: <sip:example.com;lr>",
        "P-Associated-URI: <sip:alice@example.com>, <tel:+4930123>",
        "Date: Sat, 13 Nov 2027 23:29:00 GMT",
        "Contact: <sip:line1@192.168.1.2;transport=tcp>;expires=3600;\
         +sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\";reg-id=1",
    ] {
        assert!(text.contains(&format!("\r\n{field}\r\n")), "{field} {text}");
    }
    phone.flow = flow(Transport::Tcp, 2);
    let moved = OUTBOUND.replace("192.168.1.2", "192.168.1.3");
    let registered = phone.register(NOW + 9, &moved).unwrap();
    assert!(matches!(registered.changes[..], [Change::Refreshed(_)]));
    // A tenth of its time later it is told of again, not before.
    for (later, told) in [(9, false), (368, false), (369, true), (370, false)] {
        let again = phone.register(NOW + later, &format!("Call-ID: at{later}\n{moved}")).unwrap();
        let is_told = matches!(again.changes[..], [Change::Prolonged(_)]);
        assert!(is_told || matches!(again.changes[..], [Change::Confirmed(_)]), "{:?}", again.changes);
        assert_eq!(is_told, told, "{later}");
    }
    assert_eq!(phone.locations.expire(NOW + 3599), []);
    assert!(matches!(phone.locations.expire(NOW + 3600)[..], [Change::Prolonged(_)]));
    assert_eq!(phone.locations.expire(NOW + 3969), []);
    assert_eq!(phone.locations.len(), 1);
    // The old flow ends without harm, the second is another way.
    assert_eq!(phone.locations.of_flow(1).count(), 0);
    assert!(phone.locations.close_flow(1).is_empty());
    phone.flow = flow(Transport::Tcp, 3);
    phone
        .register(NOW + 380, &moved.replace("reg-id=1", "reg-id=2"))
        .unwrap();
    let targets = phone.locations.targets(NOW + 380, 1);
    let ways: Vec<_> = targets[0].ways.iter().map(|way| way.flow.id).collect();
    assert_eq!((targets.len(), ways), (1, vec![3, 2]));
    let lost = phone.locations.close_flow(3);
    assert!(matches!(&lost[..], [Change::Removed(Cause::FlowFailed, b)] if b.flow.id == 3));
    assert_eq!(phone.locations.targets(NOW + 380, 1)[0].ways.len(), 1);
}

/// RFC 5626 §6: when outbound counts.
#[test]
fn outbound_is_used_where_it_can_be() {
    let again = OUTBOUND.replace("192.168.1.2", "192.168.1.3");
    let without = |text: &str| again.replace(text, "x");
    let edge = "Via: SIP/2.0/TCP edge;branch=z9hG4bK2, SIP/2.0/TCP 192.168.1.2;branch=z9hG4bK1\n";
    for (fields, want) in [
        (again.clone(), Ok(1)),
        (without("outbound"), Ok(2)),
        (without("reg-id"), Ok(2)),
        (again.replace("reg-id=1", "reg-id=0"), Ok(2)),
        (without("+sip.instance"), Ok(2)),
        (format!("{edge}{again}"), Err(439)),
        (format!("{edge}Path: <sip:edge;lr>\n{again}"), Err(439)),
        (
            format!("{edge}Path: <sip:edge;lr;ob>, <sip:far;lr>\n{again}"),
            Ok(1),
        ),
        (format!("{again}, <sip:b@h>"), Err(400)),
        (format!("{again}, <sip:b@h>;expires=0"), Ok(1)),
    ] {
        let mut phone = Phone::new();
        phone.flow = flow(Transport::Tcp, 1);
        phone.register(NOW, OUTBOUND).unwrap();
        let got = phone.register(NOW, &fields).map(|_| phone.locations.len());
        assert_eq!(got.map_err(|refusal| refusal.status), want, "{fields}");
    }
}

/// RFC 3327 §5.5: through two proxies, used in the order they stand.
#[test]
fn a_path_is_kept_echoed_and_used() {
    let mut phone = Phone::new();
    let fields = "Supported: path\nPath: <sip:P3.EXAMPLEHOME.COM;lr>,<sip:P1.EXAMPLEVISITED.COM;lr>\nContact: <sip:UA1@192.0.2.4>";
    let registered = phone.register(NOW, fields).unwrap();
    let text = phone.reply(NOW, fields, &registered, &tokens());
    assert!(
        text.contains("\r\nPath: <sip:P3.EXAMPLEHOME.COM;lr>,<sip:P1.EXAMPLEVISITED.COM;lr>\r\n")
    );
    assert_eq!(
        phone.locations.list(1)[0].routes(),
        [
            "<sip:P3.EXAMPLEHOME.COM;lr>",
            "<sip:P1.EXAMPLEVISITED.COM;lr>"
        ]
    );
    // A proxy of ours need not ask.
    phone.trusted = true;
    assert!(
        phone
            .register(NOW, &fields.replace("Supported: path", ""))
            .is_ok()
    );
    // And without it the way is gone.
    phone.register(NOW, "Contact: <sip:UA1@192.0.2.4>").unwrap();
    assert!(phone.locations.list(1)[0].routes().is_empty());
}

/// RFC 4475 §3.3.12, §3.3.13, §3.3.14, §3.1.1.4.
#[test]
fn odd_contacts_are_kept_as_they_came() {
    let mut phone = Phone::new();
    let fields =
        "Contact: sip:+19725552222@gw1.example.net;unknownparam;methods=\"INVITE,BYE\";q=0.25";
    let registered = phone.register(NOW, fields).unwrap();
    let text = phone.reply(NOW, fields, &registered, &tokens());
    assert!(text.contains("Contact: <sip:+19725552222@gw1.example.net>;expires=3600;q=0.25;unknownparam;methods=\"INVITE,BYE\"\r\n"), "{text}");
    phone
        .register(
            NOW,
            "Contact: <sip:+19725552222@gw1.example.net;unknownparam>",
        )
        .unwrap();
    let list = phone.locations.list(1);
    assert_eq!((list.len(), list[0].texts().params), (1, ""));
    assert_eq!(
        list[0].contact(),
        "sip:+19725552222@gw1.example.net;unknownparam"
    );
    phone
        .register(
            NOW,
            "Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>",
        )
        .unwrap();
    let binding = &phone.locations.list(1)[1];
    assert_eq!(binding.request_uri(), "sip:user@example.com");
    assert_eq!(binding.routes(), ["<sip:sip.example.com>"]);
    phone
        .register(
            NOW,
            "Contact: <sip:%00@host5.example.com>, <sip:%00%00@host5.example.com>",
        )
        .unwrap();
    assert_eq!(phone.locations.len(), 4);
    assert!(matches!(
        phone.register(NOW, "Contact: <tel:+1>"),
        Err(Refusal { status: 400, .. })
    ));
    phone.rules.foreign_contacts = true;
    assert!(phone.register(NOW, "Contact: <tel:+1>").is_ok());
}

/// RFC 5627 §5.2, §9.
#[test]
fn gruus_are_given_and_lead_back() {
    let mut phone = Phone::new();
    let tokens = tokens();
    let fields = "Supported: gruu\nContact: <sip:callee@192.0.2.1>;+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\"";
    let mut given = Vec::new();
    for _ in 0..2 {
        let registered = phone.register(NOW, fields).unwrap();
        let text = phone.reply(NOW, fields, &registered, &tokens);
        assert!(text.contains(
            ";pub-gruu=\"sip:alice@example.com;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6\""
        ));
        let temporary = text.split(";temp-gruu=\"").nth(1).unwrap();
        given.push(temporary.split('"').next().unwrap().to_owned());
    }
    // Each REGISTER gives another, and none tells whose it is; all are good while the Call-ID is the same.
    assert_ne!(given[0], given[1]);
    let temporary = |phone: &Phone, uri: &str| {
        let uri = Uri::parse(uri.as_bytes()).unwrap();
        phone
            .locations
            .by_temporary_gruu(NOW, &uri, &tokens)
            .is_some()
    };
    for uri in &given {
        assert!(uri.starts_with("sip:tgruu.") && uri.ends_with("@example.com;gr"));
        assert!(temporary(&phone, uri));
        assert!(!temporary(&phone, &uri.replace(";gr", "")));
        assert!(!temporary(&phone, &uri.replace("tgruu.", "tgruu.A")));
    }
    let public = |uri: &str| {
        let uri = Uri::parse(uri.as_bytes()).unwrap();
        phone.locations.by_gruu(NOW, 1, &uri).is_some()
    };
    assert!(public(
        "sip:alice@example.com;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
    ));
    assert!(!public(
        "sip:alice@example.com;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf7"
    ));
    assert!(!public("sip:alice@example.com;gr"));
    phone
        .register(NOW, &format!("Call-ID: other\n{fields}"))
        .unwrap();
    assert!(!temporary(&phone, &given[1]));
    assert!(
        phone
            .locations
            .device(NOW, 1, "<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>")
            .is_some()
    );
    // Without a device there is none.
    let plain = phone
        .register(NOW, "Contact: <sip:x@h>\nSupported: gruu")
        .unwrap();
    assert_eq!(
        phone
            .reply(NOW, "Supported: gruu", &plain, &tokens)
            .matches("pub-gruu")
            .count(),
        1
    );
}

#[test]
fn targets_are_devices_by_preference() {
    let mut phone = Phone::new();
    for (at, contact) in [
        (0, "<sip:a@h>;q=0.5"),
        (1, "<sip:b@h>;q=1"),
        (2, "<sip:c@h>;+sip.instance=\"<i>\";q=0.1"),
        (3, "<sip:d@h>;+sip.instance=\"<i>\";q=0.7"),
        (3, "<sip:e@h>;q=0"),
    ] {
        phone
            .register(NOW + at, &format!("Contact: {contact}"))
            .unwrap();
    }
    let show = |locations: &Locations, now| -> Vec<(u16, String)> {
        let targets = locations.targets(now, 1).into_iter();
        targets
            .map(|t| {
                (
                    t.q,
                    t.ways
                        .iter()
                        .map(|way| way.uri().unwrap().user().unwrap())
                        .collect(),
                )
            })
            .collect()
    };
    let want = [(1000, "b"), (700, "dc"), (500, "a"), (0, "e")];
    let want = want.map(|(q, ways)| (q, ways.to_owned()));
    assert_eq!(show(&phone.locations, NOW + 3), want);
    let key = |user: &str| {
        let list = phone.locations.list(1).iter();
        let mut found = list.filter(|b| b.contact() == format!("sip:{user}@h"));
        found
            .next()
            .map(|b| Key {
                account: 1,
                id: b.id,
            })
            .unwrap()
    };
    let (b, d) = (key("b"), key("d"));
    // Two pings without an answer in a row, and it is passed over.
    assert!(!phone.locations.missed(d));
    phone.locations.pong(d, 30);
    assert!(!phone.locations.missed(d));
    assert!(phone.locations.missed(d) && !phone.locations.missed(d));
    phone.locations.missed(b);
    phone.locations.missed(b);
    assert_eq!(
        show(&phone.locations, NOW + 3),
        [(500, "a".to_owned()), (100, "c".into()), (0, "e".into())]
    );
    assert_eq!(phone.locations.get(d).unwrap().rtt_ms, Some(30));
    phone.locations.pong(d, 20);
    assert_eq!(show(&phone.locations, NOW + 3)[0], (700, "dc".to_owned()));
    // A REGISTER is a sign of life too; what is over is no target even before it is taken away.
    phone.register(NOW + 5, "Contact: <sip:b@h>").unwrap();
    assert_eq!(show(&phone.locations, NOW + 5)[0], (1000, "b".to_owned()));
    assert_eq!(show(&phone.locations, NOW + 3603), [(1000, "b".to_owned())]);
}

#[test]
fn ways_through_translation_are_kept_open() {
    let mut phone = Phone::new();
    phone.nat = Nat::FarEnd;
    phone
        .register(NOW, "Contact: <sip:a@10.9.9.9>;expires=60")
        .unwrap();
    phone
        .register(NOW + 1, "Contact: <sip:a@10.9.9.9>;expires=60")
        .unwrap();
    let mut pings = Vec::new();
    for now in NOW..NOW + 100 {
        pings.extend(
            phone
                .locations
                .due_pings(now)
                .into_iter()
                .map(|ping| (now - NOW, ping.flow.id)),
        );
        phone.locations.expire(now);
    }
    assert_eq!(pings.len(), 2, "{pings:?}");
    assert_eq!((pings[1].0 - pings[0].0, pings[0].1), (25, 1));
    assert_eq!(
        (phone.locations.len(), phone.locations.deadline()),
        (0, None)
    );
    for (nat, transport) in [(Nat::None, Transport::Udp), (Nat::FarEnd, Transport::Wss)] {
        (phone.nat, phone.flow) = (nat, flow(transport, 2));
        phone.register(NOW, "Contact: <sip:a@10.9.9.9>").unwrap();
        assert!(phone.locations.due_pings(NOW + 60).is_empty());
    }
    // From one that needs none to one that does.
    (phone.nat, phone.flow) = (Nat::FarEnd, flow(Transport::Udp, 1));
    phone.register(NOW, "Contact: <sip:a@10.9.9.9>").unwrap();
    assert_eq!(phone.locations.due_pings(NOW + 25).len(), 1);
    phone.locations.set_ping_interval(0);
    assert_eq!(phone.locations.due_pings(NOW + 50).len(), 1);
    assert_eq!(phone.locations.due_pings(NOW + 500).len(), 0);
}

#[test]
fn stored_bindings_come_back_when_something_reaches_them() {
    for (transport, nat, contact, comes) in [
        (Transport::Udp, Nat::FarEnd, "<sip:a@10.9.9.9>;x=1", true),
        (Transport::Tcp, Nat::None, "<sip:a@192.0.2.1>;x=1", true),
        (Transport::Tcp, Nat::FarEnd, "<sip:a@10.9.9.9>;x=1", false),
        (
            Transport::Wss,
            Nat::None,
            "<sip:a@h.invalid;transport=ws>;x=1",
            false,
        ),
    ] {
        let mut phone = Phone::new();
        (phone.flow, phone.nat) = (flow(transport, 9), nat);
        phone
            .register(NOW, &format!("Contact: {contact}\nUser-Agent: U"))
            .unwrap();
        let stored = phone.locations.list(1)[0].clone();
        let mut locations = Locations::new(5, 25);
        assert!(!locations.restore(stored.expires_at, *stored, stored.texts()));
        assert_eq!(
            locations.restore(NOW + 1, *stored, stored.texts()),
            comes,
            "{contact}"
        );
        assert!(!locations.restore(NOW + 1, *stored, stored.texts()));
        assert_eq!(locations.len(), usize::from(comes));
        for binding in locations.iter() {
            // It may have been confirmed a tenth of its time later without being stored again.
            assert_eq!(binding.expires_at, stored.expires_at + (stored.expires_at - NOW) / 10);
            assert_eq!(binding.texts(), stored.texts());
            assert_eq!(binding.connected, transport == Transport::Udp);
        }
        // The same happens to it when the connection ends while we live.
        if transport != Transport::Udp {
            assert_eq!(phone.locations.close_flow(9).len(), usize::from(!comes));
            assert_eq!(phone.locations.len(), usize::from(comes));
        }
        assert_eq!(locations.expire(NOW + 7200).len(), usize::from(comes));
    }
}

/// What 100,000 phones take: less than 1 KiB each, so that they fit in 100 MiB.
#[test]
fn a_binding_is_small() {
    const PHONES: usize = 10_000;
    let mut locations = Locations::new(1 << 100, 25);
    for phone in 0..PHONES {
        let fields = format!(
            "Call-ID: {phone:032x}@192.168.100.{}\nCSeq: 2 REGISTER\nSupported: path, outbound, gruu\nUser-Agent: Example Desk Phone T54W 96.86.0.100\n\
             Contact: <sip:+4930{phone:08}@192.168.100.100:12345;transport=tls>;reg-id=1;audio;methods=\"INVITE,ACK,BYE,CANCEL,OPTIONS,REFER,NOTIFY\";\
             +sip.instance=\"<urn:uuid:00000000-0000-1000-8000-{phone:012x}>\"",
            phone % 250
        );
        let registration = Registration {
            account: phone as u128,
            request: &register(&fields),
            flow: flow(Transport::Tls, phone as u64),
            nat: Nat::FarEnd,
            trusted: false,
            own: &[],
            is_loop: &|_| false,
            rules: &Rules::default(),
        };
        locations.register(NOW, &registration).unwrap();
    }
    let octets = locations.octets() / PHONES;
    assert!(octets < 900, "{octets} octets a binding");
}

#[test]
fn a_connection_is_known_by_its_registration() {
    for (transport, want) in [
        (Transport::Udp, false),
        (Transport::Tcp, false),
        (Transport::Tls, true),
        (Transport::Ws, true),
        (Transport::Wss, true),
    ] {
        let mut phone = Phone::new();
        phone.flow = flow(transport, 5);
        phone
            .register(NOW, "Contact: <sip:a@h>;expires=60")
            .unwrap();
        let known = |flow: &Flow, now, account| phone.locations.is_flow_of(now, flow, account);
        assert_eq!(known(&phone.flow, NOW, 1), want);
        assert!(!known(&flow(transport, 6), NOW, 1));
        assert!(!known(&phone.flow, NOW, 2) && !known(&phone.flow, NOW + 60, 1));
        let address = "203.0.113.8:49152".parse().unwrap();
        assert!(!known(
            &Flow {
                address,
                ..phone.flow
            },
            NOW,
            1
        ));
    }
}
