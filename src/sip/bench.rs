//! How fast messages are read and passed on and bindings kept, one core. Run with `cargo bench -p sip`.

#![allow(clippy::expect_used, clippy::panic)]

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sip::endpoint::{self, Endpoint, Flow};
use sip::header::{Address, Transport, Via};
use sip::proxy::{self, Outgoing, Proxy, Routing, Secret, Target};
use sip::registrar::{Locations, Nat, Registration, Reply, Rules};
use sip::{Frame, Framer, Limits, Message, Name, Parsed, Request, Splice, Writer, parse};
use types::Machine;

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
    let mut calls = Calls::new(&octets, source);
    measure("through a stateful proxy, INVITE, 180 and 200", || {
        calls.next_call()
    });
    let mut framer = Framer::new(Limits::STREAM);
    measure("framed from a stream", || {
        framer.push(&octets);
        match framer.next_frame() {
            Some(Frame::Parsed(Parsed::Message(message))) => message,
            other => panic!("{other:?}"),
        }
    });
    registrations();
}

const PHONES: u32 = 100_000;

fn register(phone: u32, cseq: u32) -> Request {
    request(&Bytes::from(format!(
        "REGISTER sip:example.com SIP/2.0\r\n\
         Via: SIP/2.0/TLS 192.168.1.20:5062;branch=z9hG4bK-{phone}-{cseq}---0f3eb40b11f97a9c;rport\r\n\
         Max-Forwards: 70\r\n\
         Contact: <sip:phone{phone}@192.168.1.20:5062;transport=tls>;reg-id=1;\
         +sip.instance=\"<urn:uuid:00000000-0000-1000-8000-{phone:012x}>\"\r\n\
         To: <sip:phone{phone}@example.com>\r\n\
         From: <sip:phone{phone}@example.com>;tag=5e00e125\r\n\
         Call-ID: {phone:032x}\r\n\
         CSeq: {cseq} REGISTER\r\n\
         Expires: 3600\r\n\
         Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE, UPDATE, PRACK\r\n\
         Supported: replaces, norefersub, timer, outbound, path, 100rel\r\n\
         User-Agent: Example Desk Phone 96.86.0.100\r\n\
         Content-Length: 0\r\n\r\n"
    )))
}

fn bind(locations: &mut Locations, now: u64, phone: u32, request: &Request) -> Bytes {
    let address = "203.0.113.5:5062".parse().expect("address");
    let registration = Registration {
        account: u128::from(phone) << 64,
        request,
        flow: Flow {
            id: u64::from(phone),
            address,
            transport: Transport::Tls,
        },
        nat: Nat::FarEnd,
        trusted: false,
        own: &["sip:phone@example.com"],
        is_loop: &|_| false,
        rules: &Rules::default(),
    };
    let registered = locations.register(now, &registration).expect("bound");
    let reply = Reply {
        tag: "t",
        source: address,
        date: "Sat, 13 Nov 2027 23:29:00 GMT",
        aor: "sip:phone@example.com",
        service_route: "<sip:example.com;lr>",
        associated: &["sip:phone@example.com"],
        tokens: None,
    };
    locations.reply(now, registration.account, request, &registered, &reply)
}

/// Memory of many bindings, and the time of a REGISTER that confirms one of them, with its answer.
fn registrations() {
    let before = resident();
    let mut locations = Locations::new(1 << 100, 25);
    let now = 1_800_000_000;
    for phone in 0..PHONES {
        bind(&mut locations, now, phone, &register(phone, 1));
    }
    println!(
        "{} bindings: {} KiB of memory more",
        locations.len(),
        resident().saturating_sub(before)
    );
    let mut best = f64::MAX;
    for round in 1..6 {
        let requests: Vec<Request> = (0..10_000).map(|n| register(n * 10, 1 + round)).collect();
        let start = Instant::now();
        for (phone, request) in (0..).step_by(10).zip(&requests) {
            black_box(bind(&mut locations, now + u64::from(round), phone, request));
        }
        best = best.min(start.elapsed().as_secs_f64() / 10_000.0);
    }
    println!("REGISTER refresh with its 200: {:.0} ns each", best * 1e9);
    let start = Instant::now();
    let pings = locations.due_pings(now + 60).len();
    let expired = locations.expire(now + 4000).len();
    println!(
        "{pings} pings and {expired} ends: {:.0} ms",
        start.elapsed().as_secs_f64() * 1e3
    );
}

/// KiB of memory in use by the process.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok())
        .unwrap_or(0)
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
        .set_number(Name::MaxForwards, u32::from(hops));
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

/// Calls that pass a proxy, each with branches of its own.
struct Calls {
    endpoint: Endpoint,
    now: Instant,
    source: SocketAddr,
    secret: Secret,
    call: u64,
    invite: Vec<u8>,
    responses: [Vec<u8>; 2],
}

const RECEIVED: &str = "z9hG4bK-524287-1---";
const SENT: &str = "z9hG4bK";

impl Calls {
    fn new(invite: &[u8], source: SocketAddr) -> Self {
        let now = Instant::now();
        let config = endpoint::Config {
            timers: sip::transaction::Timers::default(),
            transactions: 1_000_000,
            seed: 1,
        };
        let mut calls = Self {
            endpoint: Endpoint::new(now, config),
            now,
            source,
            secret: Secret::new([1; 16]),
            call: 0,
            invite: invite.to_vec(),
            responses: [Vec::new(), Vec::new()],
        };
        let (sent, _) = calls.invite();
        let sent = request(&sent);
        calls.responses = [180, 200].map(|status| {
            let mut writer = Writer::reply(&sent, status, "", "b", source);
            writer.field(Name::Contact, "<sip:bob@198.51.100.7:5060>");
            writer.body("application/sdp", BODY.as_bytes()).to_vec()
        });
        calls
    }

    fn flow(&self) -> Flow {
        Flow {
            id: 1,
            address: self.source,
            transport: Transport::Udp,
        }
    }

    /// Receives an INVITE and forwards it.
    fn invite(&mut self) -> (Bytes, Proxy<()>) {
        self.call += 1;
        self.now += Duration::from_millis(1);
        self.endpoint.handle(self.now, endpoint::Input::Tick);
        put(&mut self.invite, RECEIVED, self.call);
        let parsed = parse(Bytes::copy_from_slice(&self.invite), &Limits::DATAGRAM);
        let flow = self.flow();
        self.endpoint
            .handle(self.now, endpoint::Input::Received(flow, parsed));
        let (key, request) = loop {
            match self.endpoint.poll() {
                Some(endpoint::Output::Request(key, _, request)) => break (key, request),
                Some(_) => {}
                None => panic!("no request"),
            }
        };
        let checked = proxy::check(&request, &self.secret, &[]).expect("checks");
        let routing = Routing::new(&request, |uri| uri.host() == "192.0.2.10").expect("routes");
        let config = proxy::Config::default();
        let mut proxy = Proxy::new(request, key, self.source, checked, routing, config);
        let target = Target::new("sip:bob@198.51.100.7:5060;transport=udp", ()).expect("URI");
        proxy.handle(self.now, proxy::Input::Add(vec![target]));
        let Some(proxy::Output::Branch(id, ())) = proxy.poll() else {
            panic!("no branch");
        };
        let record_route = ["<sip:192.0.2.10;lr;pa=0123456789abcdef>".to_owned()];
        let outgoing = Outgoing {
            transport: Transport::Udp,
            sent_by: "192.0.2.10",
            random: self.call,
            record_route: &record_route,
        };
        let octets = proxy.forward(self.now, id, &outgoing, |_| ());
        (octets.expect("forwarded"), proxy)
    }

    fn next_call(&mut self) {
        let (octets, mut proxy) = self.invite();
        let flow = self.flow();
        self.endpoint.send(self.now, flow, octets).expect("sent");
        for place in 0..2 {
            put(&mut self.responses[place], SENT, self.call);
            let octets = Bytes::copy_from_slice(&self.responses[place]);
            let parsed = parse(octets, &Limits::DATAGRAM);
            self.endpoint
                .handle(self.now, endpoint::Input::Received(flow, parsed));
            while let Some(output) = self.endpoint.poll() {
                if let endpoint::Output::Response(_, response) = output {
                    let input = proxy::Input::Response(proxy::BranchId(0), response);
                    proxy.handle(self.now, input);
                }
            }
            let mut relayed = false;
            while let Some(output) = proxy.poll() {
                if let proxy::Output::Relay(_, response) = output {
                    let octets = proxy::relay(&response, |_| ());
                    let key = proxy.key().clone();
                    let input = endpoint::Input::Respond(key, response.status(), octets);
                    self.endpoint.handle(self.now, input);
                    relayed = true;
                }
            }
            assert!(relayed);
        }
        while let Some(output) = self.endpoint.poll() {
            black_box(output);
        }
    }
}

/// Writes sixteen digits behind a mark.
fn put(text: &mut [u8], mark: &str, number: u64) {
    let at = text
        .windows(mark.len())
        .position(|window| window == mark.as_bytes())
        .expect("mark")
        + mark.len();
    text[at..at + 16].copy_from_slice(format!("{number:016x}").as_bytes());
}

/// Measures what the arguments name, or everything.
fn measure<T>(name: &str, mut work: impl FnMut() -> T) {
    const ROUNDS: u32 = 10_000;
    let mut wanted = std::env::args().skip(1).filter(|arg| !arg.starts_with('-'));
    if wanted.next().is_some_and(|wanted| !name.contains(&wanted)) {
        return;
    }
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
