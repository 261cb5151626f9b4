//! The torture tests of RFC 4475 and RFC 5118: every message with what becomes of it, in `torture/*.dat` and
//! `torture/outcomes.tsv`. A text marked `retyped` follows that of the RFC and was not compared with its archive octet for octet;
//! one marked `reconstructed` was made anew from what the RFC says of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::header::{Address, Contact, Via};
use crate::uri::unescape;
use crate::{
    Frame, Framer, Limits, Message, Name, Parsed, Request, Response, Splice, Writer, parse,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("torture")
}

fn octets(name: &str) -> Bytes {
    std::fs::read(folder().join(format!("{name}.dat")))
        .unwrap()
        .into()
}

/// Name, outcome of a datagram, outcome of a stream.
fn table() -> Vec<[&'static str; 3]> {
    let lines = include_str!("torture/outcomes.tsv").lines().skip(1);
    lines
        .map(|line| {
            let columns: Vec<_> = line.split('\t').collect();
            assert!(
                matches!(columns[2], "retyped" | "reconstructed") && columns.len() == 6,
                "{line}"
            );
            [columns[0], columns[3], columns[4]]
        })
        .collect()
}

fn word(parsed: &Parsed) -> String {
    match parsed {
        Parsed::Message(_) => "taken".into(),
        Parsed::Refused(refused) => format!("{} {}", refused.fault.status(), refused.fault),
        Parsed::Dropped(fault) => format!("drop {fault}"),
        Parsed::Nothing => "nothing".into(),
    }
}

fn stream(octets: &[u8], piece: usize) -> String {
    let mut framer = Framer::new(Limits::STREAM);
    let mut words = Vec::new();
    for piece in octets.chunks(piece) {
        framer.push(piece);
        while let Some(frame) = framer.next_frame() {
            words.push(match frame {
                Frame::Ping => "ping".into(),
                Frame::Parsed(parsed) => word(&parsed),
                Frame::Close(_) => "close".into(),
            });
        }
    }
    if framer.is_partial() {
        words.push("partial".into());
    }
    words.join("; ")
}

#[test]
fn every_message_has_its_outcome() {
    let table = table();
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            entry
                .unwrap()
                .file_name()
                .to_str()?
                .strip_suffix(".dat")
                .map(str::to_owned)
        })
        .collect();
    assert_eq!(
        files,
        table.iter().map(|[name, ..]| (*name).to_owned()).collect()
    );
    assert_eq!(table.len(), 49 + 12);
    for [name, datagram, of_stream] in table {
        let octets = octets(name);
        assert_eq!(
            word(&parse(octets.clone(), &Limits::DATAGRAM)),
            datagram,
            "{name}"
        );
        for piece in [octets.len(), 1, 64] {
            // A line end left over keeps nobody waiting.
            let got = stream(&octets, piece);
            assert_eq!(got, of_stream, "{name} by {piece}");
        }
    }
}

#[test]
fn refusals_can_be_sent_and_read() {
    for [name, datagram, _] in table() {
        if let Parsed::Refused(refused) = parse(octets(name), &Limits::DATAGRAM) {
            let answer = Writer::refuse(&refused, "t", "192.0.2.9:5060".parse().unwrap()).finish();
            assert!(
                answer.starts_with(format!("SIP/2.0 {datagram}\r\n").as_bytes()),
                "{name}"
            );
            for copied in [Name::From, Name::CallId, Name::CSeq] {
                let value = refused.request.value(copied).unwrap();
                assert!(
                    memchr::memmem::find(&answer, value).is_some(),
                    "{name} {copied}"
                );
            }
        }
    }
}

#[test]
fn taken_messages_leave_as_they_came() {
    for [name, ..] in table() {
        let octets = octets(name);
        let Parsed::Message(message) = parse(octets.clone(), &Limits::DATAGRAM) else {
            continue;
        };
        let out = match &message {
            Message::Request(request) => Splice::request(request).finish(),
            Message::Response(response) => Splice::response(response).finish(),
        };
        match name {
            "dblreq" => assert!(octets.starts_with(&out) && out.ends_with(b"\r\n\r\n")),
            "inv2543" => {
                assert!(memchr::memmem::find(&out, b"Content-Length: 105\r\n\r\nv=0").is_some())
            }
            _ => assert_eq!(out, octets, "{name}"),
        }
    }
}

fn request(name: &str) -> Request {
    match parse(octets(name), &Limits::DATAGRAM) {
        Parsed::Message(Message::Request(request)) => request,
        other => panic!("{name}: {other:?}"),
    }
}

fn response(name: &str) -> Response {
    match parse(octets(name), &Limits::DATAGRAM) {
        Parsed::Message(Message::Response(response)) => response,
        other => panic!("{name}: {other:?}"),
    }
}

fn contacts(request: &Request) -> Vec<Address<'_>> {
    let address = |contact| match contact {
        Ok(Contact::Address(address)) => address,
        other => panic!("{other:?}"),
    };
    request.contacts().map(address).collect()
}

#[test]
fn the_short_tortuous_invite_is_understood() {
    let invite = request("wsinv");
    assert_eq!(invite.to().unwrap().tag(), Some("1918181833n"));
    assert_eq!(invite.from().unwrap().display_name().0, "J Rosenberg \\\"");
    assert_eq!(invite.max_forwards(), Ok(Some(68)));
    assert_eq!(
        (invite.cseq().unwrap().number, invite.cseq().unwrap().method),
        (9, "INVITE")
    );
    let vias: Vec<Via> = invite.all(Name::Via).map(Result::unwrap).collect();
    let hosts: Vec<_> = vias
        .iter()
        .map(|via| (via.host(), via.branch().unwrap()))
        .collect();
    assert_eq!(
        hosts,
        [
            ("192.0.2.2", "390skdjuw"),
            ("spindle.example.com", "z9hG4bK9ikj8"),
            ("192.168.255.111", "z9hG4bK30239")
        ]
    );
    assert_eq!(vias[0].unique_branch(), None);
    let route: Address = invite.require(Name::Route).unwrap();
    assert!(route.uri.is_loose_router() && route.uri.param("unknown-no-value") == Some(""));
    let contact = contacts(&invite)[0];
    assert_eq!(
        (
            contact.q(),
            contact.params.get("newparam"),
            contact.params.has("secondparam")
        ),
        (330, Some("newvalue"), true)
    );
    assert_eq!(
        invite.other("unknownheaderwithunusualvalue").next(),
        Some(&b";;,,;;,;"[..])
    );
    assert_eq!(
        (invite.value(Name::Subject), invite.body().len()),
        (Some(&b""[..]), 150)
    );
}

#[test]
fn odd_characters_are_understood() {
    let odd = request("intmeth");
    assert_eq!(
        odd.method().name(),
        "!interesting-Method0123456789_*+`.%indeed'~"
    );
    assert_eq!(
        odd.uri().unwrap().password(),
        Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)")
    );
    assert_eq!(odd.from().unwrap().tag(), Some("_token~1'+`*%!-."));
    assert_eq!(
        odd.to().unwrap().display_name().0,
        "BEL:\u{7} NUL:\u{0} DEL:\u{7f}"
    );
    assert_eq!(
        odd.call_id(),
        "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"
    );
    let escaped = request("esc01");
    assert_eq!(
        escaped.uri().unwrap().user().map(unescape).as_deref(),
        Some(&b"sips:user@example.com"[..])
    );
    let null = request("escnull");
    let bindings = contacts(&null);
    assert!(bindings.len() == 2 && !bindings[0].uri.same_as(&bindings[1].uri));
    let twisted = request("esc02");
    assert_eq!(twisted.method().name(), "RE%47IST%45R");
    assert_eq!(contacts(&twisted).len(), 2);
    assert_eq!(
        request("semiuri").uri().unwrap().user(),
        Some("user;par=u%40example.net")
    );
    assert_eq!(
        request("baddn").from().unwrap().display(),
        b"Bell, Alexander"
    );
    assert_eq!(
        response("unreason").reason(),
        "= 2**3 * 5**2 но сто девяносто девять - простое".as_bytes()
    );
    assert_eq!(
        (response("noreason").status(), response("noreason").reason()),
        (100, &b""[..])
    );
    assert_eq!(request("badbranch").via().unwrap().unique_branch(), None);
    assert_eq!(request("zeromf").max_forwards(), Ok(Some(0)));
    assert_eq!(
        request("bext01").tokens(Name::ProxyRequire).last(),
        Some("norDoAnyProxiesSupportThis")
    );
}

#[test]
fn parameters_belong_where_they_stand() {
    let (field, uri) = (request("cparam01"), request("cparam02"));
    let (field, uri) = (contacts(&field)[0], contacts(&uri)[0]);
    assert_eq!(
        (
            field.params.has("unknownparam"),
            field.uri.param("unknownparam")
        ),
        (true, None)
    );
    assert_eq!(
        (
            uri.params.has("unknownparam"),
            uri.uri.param("unknownparam")
        ),
        (false, Some(""))
    );
    let register = request("regescrt");
    let route: Vec<_> = contacts(&register)[0]
        .uri
        .headers()
        .map(|(name, value)| (name, unescape(value).into_owned()))
        .collect();
    assert_eq!(route, [("Route", b"<sip:sip.example.com>".to_vec())]);
}

#[test]
fn ipv6_addresses_are_understood() {
    let port = |name: &str| request(name).uri().unwrap().port();
    assert_eq!(
        (port("port-ambiguous"), port("port-unambiguous")),
        (None, Some(5070))
    );
    for name in ["via-received-delim", "via-received-bare"] {
        assert_eq!(
            request(name).via().unwrap().received(),
            "2001:db8::9:255".parse().ok(),
            "{name}"
        );
    }
    let ip = |name: &str| request(name).uri().unwrap().ip();
    assert_eq!(
        ip("ipv6-bug-abnf-3-colons"),
        ip("ipv6-correct-abnf-2-colons")
    );
}
