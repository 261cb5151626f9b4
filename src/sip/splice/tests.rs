use super::*;
use crate::{Limits, Message, Parsed, parse};

const INVITE: &str = "INVITE sip:bob@biloxi.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK77ef4c2312983.1 ,\r\n SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8\r\n\
    x-Custom :  kept\r\n  as it is\r\n\
    Route: <sip:us.example.com;lr>, <sip:b,c.example.com;lr>\r\n\
    route: <sip:d.example.com;lr>\r\n\
    f: Alice <sip:alice@atlanta.com>;tag=1928301774\r\nTo: Bob <sip:bob@biloxi.com>\r\n\
    Call-ID: a84b4c76e66710\r\nCSeq: 314159 INVITE\r\nMax-Forwards: 69\r\n\
    Content-Type: application/sdp\r\nContent-Length: 4\r\n\r\nv=0\r";

fn request(text: &str) -> Request {
    match parse(Bytes::copy_from_slice(text.as_bytes()), &Limits::DATAGRAM) {
        Parsed::Message(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

/// The lines that changed: `-` gone, `+` new.
fn difference(edit: impl FnOnce(&mut Splice<'_>)) -> Vec<String> {
    let request = request(INVITE);
    let mut splice = Splice::request(&request);
    edit(&mut splice);
    let out = String::from_utf8(splice.finish().to_vec()).unwrap();
    let (old, new): (Vec<_>, Vec<_>) =
        (INVITE.split("\r\n").collect(), out.split("\r\n").collect());
    let gone = old
        .iter()
        .filter(|line| !new.contains(line))
        .map(|line| format!("-{line}"));
    let come = new
        .iter()
        .filter(|line| !old.contains(line))
        .map(|line| format!("+{line}"));
    gone.chain(come).collect()
}

#[test]
fn nothing_edited_is_nothing_changed() {
    let request = request(INVITE);
    assert_eq!(Splice::request(&request).finish(), INVITE);
    assert_eq!(request.octets(), INVITE);
}

#[test]
fn a_proxy_hop() {
    let out = difference(|splice| {
        let uri = Uri::parse(b"sip:bob@192.0.2.4").unwrap();
        splice
            .uri(&uri)
            .prepend(Name::Via, "SIP/2.0/UDP p;branch=z9hG4bK1")
            .remove_items(Name::Route, 1);
        splice
            .prepend(Name::RecordRoute, "<sip:in;lr>")
            .prepend(Name::RecordRoute, "<sip:out;lr>")
            .set(Name::MaxForwards, "68");
    });
    let want = [
        "-INVITE sip:bob@biloxi.com SIP/2.0",
        "-Route: <sip:us.example.com;lr>, <sip:b,c.example.com;lr>",
        "-Max-Forwards: 69",
        "+INVITE sip:bob@192.0.2.4 SIP/2.0",
        "+Record-Route: <sip:out;lr>",
        "+Record-Route: <sip:in;lr>",
        "+Via: SIP/2.0/UDP p;branch=z9hG4bK1",
        "+Route: <sip:b,c.example.com;lr>",
        "+Max-Forwards: 68",
    ];
    assert_eq!(out, want);
}

#[test]
fn items_are_taken_away_over_lines() {
    let routes = |items: usize| -> Vec<String> {
        let request = request(INVITE);
        let out = Splice::request(&request)
            .remove_items(Name::Route, items)
            .finish();
        let text = String::from_utf8(out.to_vec()).unwrap();
        super::tests::request(&text)
            .items(Name::Route)
            .map(|item| String::from_utf8_lossy(item).into())
            .collect()
    };
    assert_eq!(
        routes(1),
        ["<sip:b,c.example.com;lr>", "<sip:d.example.com;lr>"]
    );
    assert_eq!(routes(2), ["<sip:d.example.com;lr>"]);
    assert!(routes(3).is_empty() && routes(9).is_empty());
    assert_eq!(
        difference(|splice| {
            splice.remove(Name::Route);
        })
        .len(),
        2
    );
    assert_eq!(
        difference(|splice| {
            splice.remove_other("X-CUSTOM");
        }),
        ["-x-Custom :  kept", "-  as it is"]
    );
}

#[test]
fn values_stay_in_their_line() {
    let out = difference(|splice| {
        splice
            .append(Name::Subject, "a\r\nEvil: b\0")
            .append_other("X-B", "c");
    });
    assert_eq!(out, ["+Subject: a  Evil: b ", "+X-B: c"]);
}

#[test]
fn the_source_is_noted() {
    let stamp = |via: &str, source: &str| {
        let text = format!("Via: SIP/2.0/UDP {via}");
        let request = request(&INVITE.replacen(
            "Via: SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK77ef4c2312983.1 ",
            &text,
            1,
        ));
        let out = Splice::request(&request)
            .stamp(source.parse().unwrap())
            .finish();
        let text = String::from_utf8_lossy(&out)
            .lines()
            .nth(1)
            .unwrap()
            .to_owned();
        text["Via: SIP/2.0/UDP ".len()..]
            .trim_end_matches(',')
            .to_owned()
    };
    assert_eq!(
        stamp("192.0.2.1;branch=z9hG4bK1", "192.0.2.1:5060"),
        "192.0.2.1;branch=z9hG4bK1"
    );
    assert_eq!(
        stamp("192.0.2.1;branch=z9hG4bK1", "[::ffff:192.0.2.1]:5060"),
        "192.0.2.1;branch=z9hG4bK1"
    );
    assert_eq!(
        stamp("h.example:5070", "192.0.2.1:5060"),
        "h.example:5070;received=192.0.2.1"
    );
    assert_eq!(
        stamp("10.1.1.1;rport;branch=z9hG4bK1 ", "192.0.2.1:9988"),
        "10.1.1.1;received=192.0.2.1;rport=9988;branch=z9hG4bK1 "
    );
    assert_eq!(
        stamp("192.0.2.1;rport", "192.0.2.1:1"),
        "192.0.2.1;received=192.0.2.1;rport=1"
    );
    assert_eq!(
        stamp("192.0.2.1;received=6.6.6.6", "192.0.2.1:5060"),
        "192.0.2.1;received=192.0.2.1"
    );
    assert_eq!(
        stamp("192.0.2.1;received=6.6.6.6;rport=6;x", "[2001:db8::1]:2"),
        "192.0.2.1;x;received=2001:db8::1;rport=2"
    );
}

#[test]
fn bodies_are_replaced_with_their_length() {
    let request = request(INVITE);
    let out = Splice::request(&request).body(b"abcdefghijkl").finish();
    assert_eq!(
        out,
        INVITE
            .replace("Content-Length: 4", "Content-Length: 12")
            .replace("v=0\r", "abcdefghijkl")
            .as_str()
    );
    let without = INVITE.replace("Content-Length: 4\r\n", "");
    let request = super::tests::request(&without);
    assert_eq!(Splice::request(&request).finish(), INVITE);
}
