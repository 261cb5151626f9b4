//! How fast messages are read and passed on, one core. Run with `cargo bench -p sip`.

#![allow(clippy::expect_used, clippy::panic)]

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use sip::header::{Address, Via};
use sip::{Frame, Framer, Limits, Message, Name, Parsed, Request, Splice, Writer, parse};

/// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HEAD: &str = "INVITE sip:+4930123456@example.com;user=phone SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.168.1.20:5062;branch=z9hG4bK-524287-1---0f3eb40b11f97a9c;rport\r\n\
    Max-Forwards: 70\r\n\
    Route: <sip:192.0.2.10:5060;lr>\r\n\
    Contact: <sip:alice@192.168.1.20:5062;transport=udp>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000a95a0e128>\"\r\n\
    To: <sip:+4930123456@example.com;user=phone>\r\n\
    From: \"Alice Example\" <sip:alice@example.com>;tag=5e00e125\r\n\
    Call-ID: 3f2a9c77d1e04c1bb1d2a9d0e8c6b5f4\r\n\
    CSeq: 2 INVITE\r\n\
    Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE, UPDATE, PRACK\r\n\
    Supported: replaces, norefersub, timer, outbound, path, 100rel\r\n\
    Session-Expires: 1800;refresher=uac\r\n\
    User-Agent: Example Phone 5.6.1\r\n\
    Content-Type: application/sdp\r\n";

const BODY: &str = "v=0\r\no=alice 3884881090 3884881090 IN IP4 192.168.1.20\r\ns=-\r\nc=IN IP4 192.168.1.20\r\nt=0 0\r\n\
    m=audio 58804 RTP/AVP 9 8 0 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\na=rtcp:58805 IN IP4 192.168.1.20\r\n";

fn main() {
    let text = format!("{HEAD}Content-Length: {}\r\n\r\n{BODY}", BODY.len());
    let octets = Bytes::from(text);
    println!(
        "INVITE of {} octets, {} header fields",
        octets.len(),
        request(&octets).iter().count()
    );
    let source = "203.0.113.5:5062".parse().expect("address");
    measure("parse", || request(&octets));
    measure("parse, Via and Route, splice", || {
        pass_on(&request(&octets), source)
    });
    let parsed = request(&octets);
    measure("splice alone", || pass_on(&parsed, source));
    measure("100 Trying", || {
        Writer::reply(&parsed, 100, "", "", source).finish()
    });
    let mut framer = Framer::new(Limits::STREAM);
    measure("framed from a stream", || {
        framer.push(&octets);
        match framer.next_frame() {
            Some(Frame::Parsed(Parsed::Message(message))) => message,
            other => panic!("{other:?}"),
        }
    });
}

fn request(octets: &Bytes) -> Request {
    match parse(octets.clone(), &Limits::DATAGRAM) {
        Parsed::Message(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

/// What a proxy with Record-Route does to a request.
fn pass_on(request: &Request, source: std::net::SocketAddr) -> Bytes {
    let via: Via<'_> = request.via().expect("Via");
    assert!(via.unique_branch().is_some());
    let route: Option<Address<'_>> = request.first(Name::Route).expect("Route");
    let own = route.is_some_and(|route| route.uri.host() == "192.0.2.10");
    let hops = request.max_forwards().ok().flatten().unwrap_or(70) - 1;
    let target = sip::Uri::parse(b"sip:bob@198.51.100.7:5060;transport=udp").expect("URI");
    let mut splice = Splice::request(request);
    splice
        .uri(&target)
        .stamp(source)
        .set(Name::MaxForwards, hops.to_string());
    splice.prepend(
        Name::Via,
        "SIP/2.0/UDP 192.0.2.10;rport;branch=z9hG4bK0123456789abcdef.0123456789abcdef",
    );
    splice.prepend(Name::RecordRoute, "<sip:192.0.2.10;lr;pa=0123456789abcdef>");
    if own {
        splice.remove_items(Name::Route, 1);
    }
    splice.finish()
}

fn measure<T>(name: &str, mut work: impl FnMut() -> T) {
    const ROUNDS: u32 = 10_000;
    let mut best = f64::MAX;
    for _ in 0..100 {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            black_box(work());
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!(
        "{name}: {:.0} messages/s, {:.0} ns each",
        f64::from(ROUNDS) / best,
        best * 1e9 / f64::from(ROUNDS)
    );
}
