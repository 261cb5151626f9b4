//! Properties that hold for every input; run by the fuzz targets and, over their corpora, by the tests.

use std::net::SocketAddr;

use bytes::Bytes;

use crate::header::{
    Authentication, CSeq, Event, MediaType, RAck, Reason, Replaces, Seconds, SessionExpires,
    SubscriptionState, Value, Via,
};
use crate::index;
use crate::uri::{escape_user, unescape};
use crate::{
    Fields, Frame, Framer, Limits, Message, Name, Parsed, Request, Splice, Uri, Writer, parse,
};

mod proxy;
mod services;

pub use services::{sip_presence, sip_services};

/// One datagram: what is taken leaves as it came, an edit is seen where it was made and nowhere else, and whatever is
/// refused can be answered.
///
/// # Panics
/// When a property does not hold.
pub fn sip_message(data: &[u8]) {
    let octets = Bytes::copy_from_slice(data);
    match parse(octets, &Limits::DATAGRAM) {
        Parsed::Message(Message::Request(request)) => {
            unchanged(&request, &Splice::request(&request).finish());
            edited(&request);
            proxy::passed_on(&request);
            answered(&request);
        }
        Parsed::Message(Message::Response(response)) => {
            unchanged(&response, &Splice::response(&response).finish());
            assert!((100..700).contains(&response.status()));
            let out = Splice::response(&response)
                .remove_items(Name::Via, 1)
                .finish();
            let left = index::index(&out, &Limits::DATAGRAM);
            assert!(left.fault.is_none());
        }
        Parsed::Refused(refused) => {
            let answer = Writer::refuse(&refused, "t", source()).finish();
            // Names may have grown from their compact forms.
            let limits = Limits {
                line: usize::MAX,
                ..Limits::STREAM
            };
            assert_eq!(index::index(&answer, &limits).fault, None, "{answer:?}");
        }
        Parsed::Dropped(_) | Parsed::Nothing => {}
    }
}

fn source() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 9], 5062))
}

fn unchanged(fields: &Fields, out: &[u8]) {
    if fields.value(Name::ContentLength).is_some() {
        assert_eq!(out, fields.as_bytes());
    }
    assert!(out.ends_with(fields.body()));
    // What was kept of the topmost Via is what stands there.
    let parts = |via: Via<'_>| {
        let place = fields.place(via.params.octets());
        let transport = via.transport_name().to_owned();
        (
            transport,
            via.host().to_owned(),
            via.port(),
            via.params.octets().to_vec(),
            place,
        )
    };
    assert_eq!(
        fields.via().map(parts),
        fields.require::<Via<'_>>(Name::Via).map(parts)
    );
    // Every view of every value may be asked for.
    for (name, text, value) in fields.iter() {
        assert!(name == Name::Other || Name::parse(text.as_bytes()) == name);
        views(value);
    }
    for name in Name::KNOWN {
        let items = fields.items(*name).count();
        assert!(items >= fields.values(*name).count() && items <= fields.as_bytes().len());
    }
}

fn views(value: &[u8]) {
    let _ = CSeq::parse(value);
    let _ = RAck::parse(value);
    let _ = Seconds::parse(value);
    let _ = SessionExpires::parse(value);
    let _ = Replaces::parse(value).map(|replaces| replaces.early_only);
    let _ = Event::parse(value).map(|event| event.id().is_some());
    let _ = SubscriptionState::parse(value).map(|state| state.expires());
    let _ = Reason::parse(value).map(|reason| (reason.cause(), reason.text().is_some()));
    let _ = MediaType::parse(value).map(|kind| kind.is("text", "plain"));
    let _ = Authentication::parse(value).map(|auth| auth.get("nonce").is_some());
}

fn all(fields: &Fields, name: Name) -> Vec<Vec<u8>> {
    fields.items(name).map(<[u8]>::to_vec).collect()
}

/// What a proxy does to a request.
fn edited(request: &Request) {
    let via = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKfuzz";
    let mut splice = Splice::request(request);
    splice
        .stamp(source())
        .prepend(Name::Via, via)
        .remove_items(Name::Route, 1)
        .set(Name::MaxForwards, "7");
    let out = splice
        .prepend(Name::RecordRoute, "<sip:192.0.2.1;lr>")
        .remove(Name::ProxyAuthorization)
        .finish();
    let limits = Limits {
        fields: 300,
        message: 128 * 1024,
        line: 16 * 1024,
        ..Limits::DATAGRAM
    };
    let Parsed::Message(Message::Request(edited)) = parse(out.clone(), &limits) else {
        panic!("{out:?}");
    };
    let (before, after) = (all(request, Name::Via), all(&edited, Name::Via));
    assert_eq!(after[0], via.as_bytes());
    assert_eq!(after[2..], before[1..]);
    let noted = edited
        .all::<crate::header::Via<'_>>(Name::Via)
        .nth(1)
        .and_then(Result::ok);
    let noted = noted.map(|via| (via.received(), crate::uri::host_ip(via.host()), via.rport()));
    assert!(
        noted.is_some_and(|(received, host, _)| received.or(host) == Some(source().ip())),
        "{out:?}"
    );
    assert_eq!(
        all(&edited, Name::Route),
        all(request, Name::Route).get(1..).unwrap_or_default()
    );
    assert_eq!(
        all(&edited, Name::RecordRoute)[1..],
        all(request, Name::RecordRoute)
    );
    assert_eq!(
        (
            edited.max_forwards(),
            edited.values(Name::ProxyAuthorization).count()
        ),
        (Ok(Some(7)), 0)
    );
    assert_eq!(
        (edited.body(), edited.uri_octets()),
        (request.body(), request.uri_octets())
    );
    let touched = [
        Name::Via,
        Name::Route,
        Name::RecordRoute,
        Name::MaxForwards,
        Name::ProxyAuthorization,
        Name::ContentLength,
    ];
    let others = |fields: &Fields| -> Vec<_> {
        let kept = fields.iter().filter(|(name, _, _)| !touched.contains(name));
        kept.map(|(_, text, value)| (text.to_owned(), value.to_vec()))
            .collect()
    };
    assert_eq!(others(&edited), others(request));
}

fn answered(request: &Request) {
    let answer = Writer::reply(request, 404, "", "t", source()).finish();
    let limits = Limits {
        message: 128 * 1024,
        line: 16 * 1024,
        ..Limits::DATAGRAM
    };
    match parse(answer.clone(), &limits) {
        Parsed::Message(Message::Response(response)) => {
            assert_eq!(response.call_id(), request.call_id());
            assert_eq!(response.cseq(), request.cseq());
            assert_eq!(response.value(Name::From), request.value(Name::From));
            assert!(response.to().is_ok_and(|to| to.tag().is_some()));
            assert_eq!(
                response.items(Name::Via).count(),
                request.items(Name::Via).count()
            );
        }
        // A Via below the topmost is not held to anything before its turn comes.
        Parsed::Dropped(crate::Fault::Unroutable | crate::Fault::Bad(Name::Via)) => {}
        other => panic!("{other:?} {answer:?}"),
    }
}

/// A stream: how it is cut does not matter, and no more than one message is held.
///
/// # Panics
/// When a property does not hold.
pub fn sip_framer(data: &[u8]) {
    let limits = Limits {
        message: 2048,
        line: 512,
        fields: 32,
        ..Limits::STREAM
    };
    let whole = frames(data, data.len().max(1), limits);
    for piece in [1, 7] {
        assert_eq!(frames(data, piece, limits), whole);
    }
}

fn frames(data: &[u8], piece: usize, limits: Limits) -> Vec<String> {
    let mut framer = Framer::new(limits);
    let mut out = Vec::new();
    for piece in data.chunks(piece) {
        framer.push(piece);
        while let Some(frame) = framer.next_frame() {
            out.push(match frame {
                Frame::Ping => "ping".into(),
                Frame::Close(fault) => format!("close {fault}"),
                Frame::Parsed(Parsed::Message(Message::Request(message))) => {
                    format!("{:?}", message.octets())
                }
                Frame::Parsed(Parsed::Message(Message::Response(message))) => {
                    format!("{:?}", message.octets())
                }
                Frame::Parsed(Parsed::Refused(refused)) => {
                    format!("{} {:?}", refused.fault, refused.request.octets())
                }
                Frame::Parsed(Parsed::Dropped(fault)) => format!("drop {fault}"),
                Frame::Parsed(Parsed::Nothing) => panic!("a frame of nothing"),
            });
            assert!(out.len() <= data.len() + 2);
        }
    }
    out.push(format!("partial: {}", framer.is_partial()));
    out
}

/// A URI: its text is read back as the same, it equals itself, and its user survives escaping.
///
/// # Panics
/// When a property does not hold.
pub fn sip_uri(data: &[u8]) {
    let Ok(uri) = Uri::parse(data) else {
        return;
    };
    assert_eq!(uri.text().as_bytes(), data);
    assert!(uri.same_as(&uri));
    let text = uri.to_string();
    let again = Uri::parse(text.as_bytes()).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    assert!(again.same_as(&uri) && uri.same_as(&again));
    if uri.is_sip() {
        assert!(!uri.host().is_empty());
        if let Some(user) = uri
            .user()
            .and_then(|user| String::from_utf8(unescape(user).into_owned()).ok())
        {
            let made = format!("sip:{}@h", escape_user(&user));
            let made =
                Uri::parse(made.as_bytes()).unwrap_or_else(|fault| panic!("{made}: {fault}"));
            assert_eq!(
                made.user().map(|user| unescape(user).into_owned()),
                Some(user.into_bytes())
            );
        }
    }
    assert!(uri.params().count() + uri.headers().count() <= data.len());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    fn corpus(target: &str, run: fn(&[u8])) {
        let folder = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
        let files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert!(files.len() >= 10);
        for file in files {
            run(&std::fs::read(file).unwrap());
        }
    }

    static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| seeds("sip_message"));
    static SERVICES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| seeds("sip_services"));

    fn seeds(target: &str) -> Vec<Vec<u8>> {
        let folder = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
            .into_iter()
            .map(|file| std::fs::read(file).unwrap())
            .collect()
    }

    #[test]
    fn corpora() {
        corpus("sip_message", sip_message);
        corpus("sip_framer", sip_framer);
        corpus("sip_uri", sip_uri);
        corpus("sip_presence", sip_presence);
        corpus("sip_services", sip_services);
    }

    /// Whole messages with some of their parts odd.
    fn message() -> impl Strategy<Value = String> {
        let start = prop::sample::select(vec![
            "INVITE sip:a@b SIP/2.0",
            "OPTIONS sip:b;lr SIP/2.0",
            "ACK sip:a SIP/2.0",
            "SIP/2.0 200 OK",
            "SIP/2.0 180 ",
            "X tel:+1 SIP/2.0",
            "REGISTER sip:a?b=c SIP/2.0",
            "INVITE  sip:a SIP/2.0",
            "BYE sip:[::1]:5 SIP/2.0",
            "BYE sip:a;lr SIP/2.0",
            "INVITE x:y SIP/2.0",
            "MESSAGE sip:a SIP/3.0",
        ]);
        let line = prop::sample::select(vec![
            "Via: SIP/2.0/UDP h;branch=z9hG4bK1",
            "v: SIP/2.0/TCP 192.0.2.9;rport , SIP/2.0/UDP [::1]:7;received=1.2.3.4;rport=3 ",
            "Via: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK1",
            "Via: SIP/2.0/UDP a;;",
            "Via: SIP/2.0/UDP 0.0.0.0",
            "Route: <sip:a;lr>,\r\n <sip:b,c>",
            "Route: ,",
            "Route:",
            "route: <sip:x>",
            "From: sip:f;tag=1",
            "f: \"a, \\\"b\" <sip:f>;x=\"y;z\"",
            "From: <sip:f>;tag",
            "To: sip:t",
            "t: T <sip:t>\r\n ;tag=2",
            "Call-ID: c@d",
            "i:",
            "CSeq: 1 INVITE",
            "CSeq: 2 OPTIONS",
            "CSeq: 4294967295 BYE",
            "Max-Forwards: 70",
            "Max-Forwards: x",
            "Max-Forwards: 1",
            "Max-Breadth: 3",
            "Max-Breadth: x, 2",
            "Proxy-Require: a",
            "Route: <sip:a;lr>",
            "Request-Disposition: no-fork",
            "Record-Route: <sip:r;lr>",
            "Contact: *",
            "m: <sip:c>;q=0.5,sip:d",
            "Expires: 99999999999999999999",
            "Content-Length: 3",
            "l: 4",
            "l: -1",
            "X: ;;,,\r\n\t;",
            "no field",
            "Content-Type: a/b",
            "Proxy-Authorization: Digest a=\"b\"",
            "Subject: \u{0}",
            "Subject: \"\\\u{0}\"",
            "Date: a\nb",
            "\u{e9}: x",
            "Session-Expires: 90;refresher=uac",
            "Reason: SIP;cause=200",
        ]);
        let whole = [
            "Via: SIP/2.0/UDP h;branch=z9hG4bK1;rport",
            "From: <sip:f>;tag=1",
            "To: sip:t",
            "Call-ID: c",
            "Content-Type: a/b",
            "l: 3",
        ];
        (
            start,
            vec(line, 0..6),
            0..4_usize,
            any::<prop::sample::Index>(),
        )
            .prop_map(move |(start, odd, leave, at)| {
                let method = start
                    .split(' ')
                    .next()
                    .filter(|method| !method.contains('/'))
                    .unwrap_or("INVITE");
                let mut lines: Vec<String> = whole.iter().map(|line| (*line).to_owned()).collect();
                lines.push(format!("CSeq: 1 {method}"));
                // Often nothing is amiss but what the odd lines bring.
                if leave == 0 {
                    let gone = at.index(lines.len());
                    lines.remove(gone);
                }
                for line in odd {
                    lines.insert(at.index(lines.len() + 1), line.to_owned());
                }
                format!("{start}\r\n{}\r\n\r\nabcd", lines.join("\r\n"))
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn any_message(text in message()) {
            sip_message(text.as_bytes());
        }

        #[test]
        fn any_stream(texts in vec(message(), 1..4), ends in vec(prop::sample::select(vec!["", "\r\n", "\r\n\r\n", "\r", "x"]), 3)) {
            let text: String = texts.iter().zip(ends.iter().cycle()).map(|(text, end)| format!("{text}{end}")).collect();
            sip_framer(text.as_bytes());
        }

        /// The corpus with octets changed, taken out, doubled and put elsewhere.
        #[test]
        fn any_mutation(file in any::<prop::sample::Index>(), changes in vec((any::<prop::sample::Index>(), 0..30_usize, any::<u8>(), 0..5_u8), 1..6)) {
            let mut octets = file.get(&SEEDS).clone();
            for (at, length, octet, kind) in changes {
                let at = at.index(octets.len().max(1));
                let end = (at + length).min(octets.len());
                let odd = b"\r\n \t\0\",;:<>=%\\@[]/?*";
                let octet = if octet < 128 { octet } else { odd[usize::from(octet) % odd.len()] };
                match kind {
                    0 => octets.splice(at..end, []).for_each(drop),
                    1 => octets.insert(at, octet),
                    2 => octets.splice(at..at, octets[at..end].to_vec()).for_each(drop),
                    3 => octets.rotate_left(at),
                    _ => octets.get_mut(at).into_iter().for_each(|old| *old = octet),
                }
            }
            sip_message(&octets);
            sip_framer(&octets);
            sip_services(&octets);
        }

        /// The same of what user agents send.
        #[test]
        fn any_services(lines in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..4), file in any::<prop::sample::Index>()) {
            let octets: &Vec<u8> = file.get(&SERVICES);
            let text = String::from_utf8_lossy(octets).into_owned();
            let mut all: Vec<&str> = text.split_inclusive("\r\n").collect();
            for (from, to) in lines {
                let line = *from.get(&all);
                let to = to.index(all.len());
                all[to] = line;
            }
            sip_services(all.concat().as_bytes());
        }

        #[test]
        fn any_octets(octets in vec(any::<u8>(), 0..200)) {
            sip_message(&octets);
            sip_framer(&octets);
            sip_uri(&octets);
        }

        #[test]
        fn any_uri(parts in vec(prop::sample::select(vec![
            "sip:", "sips:", "tel:", "x:", "a", "B", "+1-2", "@", ":", ";", "=", "?", "&", "%41", "%3b", "%", "[::1]", "[2001:db8:::192.0.2.1]", "5060", ".", ",",
            "lr", "transport", "TCP", "user", "phone", "#", "*", " ", "é", "-", "<", "method",
        ]), 0..12)) {
            sip_uri(parts.concat().as_bytes());
        }
    }
}
