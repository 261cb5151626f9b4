use super::*;
use crate::{Limits, Message, Parsed, Uri, parse};

/// RFC 3261 §24.2 (F4), received from elsewhere.
const INVITE: &str = "INVITE sip:bob@192.0.2.4 SIP/2.0\r\n\
    v: SIP/2.0/UDP server10.biloxi.com;branch=z9hG4bK4b43c2ff8.1;rport ,SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK77ef4c2312983.1\r\n\
    Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8\r\n\
    Record-Route: <sip:a;lr>\r\nRecord-Route: <sip:b;lr>\r\nTimestamp: 54\r\n\
    Max-Forwards: 68\r\nt: Bob\r\n <sip:bob@biloxi.com>\r\nFrom: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n\
    Call-ID: a84b4c76e66710\r\nCSeq: 314159 INVITE\r\nContent-Length: 0\r\n\r\n";

fn parsed(text: &str) -> Parsed {
    parse(Bytes::copy_from_slice(text.as_bytes()), &Limits::DATAGRAM)
}

fn request(text: &str) -> Request {
    match parsed(text) {
        Parsed::Message(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn source() -> SocketAddr {
    "192.0.2.7:5062".parse().unwrap()
}

#[test]
fn replies_are_made_of_the_request() {
    let request = request(INVITE);
    let mut writer = Writer::reply(&request, 180, "", "9fxced76sl", source());
    writer.field(Name::Contact, "<sip:bob@192.0.2.4>");
    assert_eq!(
        writer.finish(),
        "SIP/2.0 180 Ringing\r\n\
         Via: SIP/2.0/UDP server10.biloxi.com;branch=z9hG4bK4b43c2ff8.1;received=192.0.2.7;rport=5062 ,SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK77ef4c2312983.1\r\n\
         Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8\r\n\
         From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\nTo: Bob\r\n <sip:bob@biloxi.com>;tag=9fxced76sl\r\n\
         Call-ID: a84b4c76e66710\r\nCSeq: 314159 INVITE\r\nRecord-Route: <sip:a;lr>\r\nRecord-Route: <sip:b;lr>\r\n\
         Contact: <sip:bob@192.0.2.4>\r\nContent-Length: 0\r\n\r\n"
    );
}

#[test]
fn tags_and_routes_are_given_where_they_belong() {
    let request = request(INVITE);
    for (status, tag, routes, time) in [(100, false, 0, 1), (200, true, 2, 0), (404, true, 0, 0)] {
        let octets = Writer::reply(&request, status, "", "x", source()).finish();
        let Parsed::Message(Message::Response(response)) = parse(octets, &Limits::DATAGRAM) else {
            panic!("{status}");
        };
        assert_eq!(response.status(), status);
        assert_eq!(response.reason(), reason_phrase(status).as_bytes());
        assert_eq!(response.to().unwrap().tag().is_some(), tag, "{status}");
        assert_eq!(
            response.values(Name::RecordRoute).count(),
            routes,
            "{status}"
        );
        assert_eq!(response.values(Name::Timestamp).count(), time, "{status}");
    }
    let tagged =
        super::tests::request(&INVITE.replace("biloxi.com>\r\n", "biloxi.com>;tag=old\r\n"));
    let octets = Writer::reply(&tagged, 200, "", "new", source()).finish();
    assert!(String::from_utf8_lossy(&octets).contains("biloxi.com>;tag=old\r\n"));
}

#[test]
fn refusals_are_whole_messages() {
    for (bad, line) in [
        (INVITE.replace("68", "x"), "SIP/2.0 400 Bad Max-Forwards"),
        (
            INVITE.replace("Timestamp", "Bad Line\r\nTimestamp"),
            "SIP/2.0 400 Bad Header Line",
        ),
        (
            INVITE.replace("Bob\r\n <", "Bob\nEvil: 1 <"),
            "SIP/2.0 400 Bad Header Line",
        ),
        (
            INVITE.replace(";rport ,", ";rport;x=\"a\nEvil: 1\" ,"),
            "SIP/2.0 400 Bad Header Line",
        ),
        (
            INVITE.replace("SIP/2.0\r\n", "SIP/3.0\r\n"),
            "SIP/2.0 505 Version Not Supported",
        ),
        (
            INVITE.replace("sip:bob@192.0.2.4", "mailto:a@b"),
            "SIP/2.0 416 Unsupported URI Scheme",
        ),
    ] {
        let Parsed::Refused(refused) = parsed(&bad) else {
            panic!("{bad}");
        };
        let octets = Writer::refuse(&refused, "t", source()).finish();
        let text = String::from_utf8_lossy(&octets);
        assert_eq!(text.lines().next(), Some(line));
        assert!(!text.contains("\nEvil"));
        assert!(
            matches!(
                parse(octets.clone(), &Limits::DATAGRAM),
                Parsed::Message(Message::Response(_))
            ),
            "{text}"
        );
    }
}

#[test]
fn requests_are_written() {
    let mut writer = Writer::request(&Method::Message, Uri::parse(b"sip:a@b").unwrap().text());
    writer.field(Name::Subject, "x\r\ny").other("X-A", "b");
    assert_eq!(
        writer.body("text/plain", b"hi"),
        "MESSAGE sip:a@b SIP/2.0\r\nSubject: x  y\r\nX-A: b\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"
    );
}
