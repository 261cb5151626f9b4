use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{Limits, parse, transaction};

const INVITE: &str = "INVITE sip:bob@192.0.2.4 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5066;branch=z9hG4bKnashds8\r\n\
    Max-Forwards: 12\r\nTo: Bob <sip:bob@biloxi.com>\r\nFrom: Alice <sip:alice@atlanta.com>;tag=19\r\n\
    Call-ID: a84b4c76e66710\r\nCSeq: 7 INVITE\r\nContact: <sip:alice@192.0.2.1>\r\nContent-Length: 0\r\n\r\n";

fn as_method(method: &str) -> String {
    INVITE.replace("INVITE", method)
}

fn flow(id: u64, address: &str, transport: Transport) -> Flow {
    Flow {
        id,
        address: address.parse().unwrap(),
        transport,
    }
}

fn udp() -> Flow {
    flow(1, "192.0.2.1:5066", Transport::Udp)
}

fn octets(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// An endpoint with a clock; what it does is noted in words.
struct Play {
    endpoint: Endpoint,
    start: Instant,
    now: Instant,
    done: Vec<String>,
    /// The keys of new requests, in order.
    keys: Vec<Key>,
}

impl Play {
    fn new(transactions: usize) -> Self {
        let start = Instant::now();
        let config = Config {
            timers: Timers::default(),
            transactions,
            seed: 1,
        };
        let endpoint = Endpoint::new(start, config);
        Self {
            endpoint,
            start,
            now: start,
            done: Vec::new(),
            keys: Vec::new(),
        }
    }

    fn input(&mut self, input: Input) {
        self.endpoint.handle(self.now, input);
        self.note();
    }

    fn note(&mut self) {
        while let Some(output) = self.endpoint.poll() {
            let word = match output {
                Output::Transmit(_, flow, octets) => {
                    let text = String::from_utf8_lossy(&octets);
                    let text = text.strip_prefix("SIP/2.0 ").unwrap_or(&text);
                    format!("> {} to {}", text.split(' ').next().unwrap(), flow.id)
                }
                Output::Request(key, _, request) => {
                    self.keys.push(key);
                    format!("new {}", request.method())
                }
                Output::Ack(..) => "ACK".into(),
                Output::Cancelled(key, _) => {
                    assert!(self.keys.contains(&key));
                    "cancelled".into()
                }
                Output::Response(_, response) => response.status().to_string(),
                Output::Stray(_, response) => format!("stray {}", response.status()),
                Output::TimedOut(_) => "timed out".into(),
                Output::Unreachable(_) => "unreachable".into(),
                Output::Unanswered(_) => "unanswered".into(),
            };
            self.done.push(word);
        }
    }

    fn receive(&mut self, flow: Flow, text: &str) -> &mut Self {
        self.input(Input::Received(
            flow,
            parse(octets(text), &Limits::DATAGRAM),
        ));
        self
    }

    fn respond(&mut self, status: u16) -> &mut Self {
        let key = self.keys.last().unwrap().clone();
        let transaction = self.endpoint.received(&key).unwrap();
        let octets =
            Writer::reply(transaction.request(), status, "", "b", transaction.source()).finish();
        self.input(Input::Respond(key, status, octets));
        self
    }

    fn answer(&mut self, to: &str, status: u16) -> &mut Self {
        let Parsed::Message(Message::Request(request)) = parse(octets(to), &Limits::DATAGRAM)
        else {
            panic!("{to}");
        };
        let octets = Writer::reply(&request, status, "", "b", udp().address).finish();
        self.receive(udp(), std::str::from_utf8(&octets).unwrap())
    }

    fn until(&mut self, millis: u64) -> &mut Self {
        self.note();
        let end = self.start + Duration::from_millis(millis);
        while let Some(at) = self.endpoint.deadline().filter(|at| *at <= end) {
            self.now = at;
            self.input(Input::Tick);
        }
        self.now = end;
        self
    }

    fn done(&mut self) -> String {
        self.note();
        std::mem::take(&mut self.done).join(", ")
    }
}

#[test]
fn requests_are_new_once() {
    let mut play = Play::new(10);
    play.receive(udp(), INVITE)
        .receive(udp(), INVITE)
        .until(300)
        .receive(udp(), INVITE)
        .respond(486);
    assert_eq!(
        play.done(),
        "new INVITE, > 100 to 1, > 100 to 1, > 486 to 1"
    );
    play.until(900)
        .receive(udp(), &as_method("ACK"))
        .until(1000)
        .receive(udp(), &as_method("ACK"));
    assert_eq!(play.done(), "> 486 to 1");
    play.until(20_000).receive(udp(), &as_method("ACK"));
    assert_eq!(play.done(), "ACK");
    assert_eq!(
        (play.endpoint.transactions(), play.endpoint.deadline()),
        ((0, 0), None)
    );
}

#[test]
fn a_challenge_leaves_nothing_behind_and_a_brief_answer_not_for_long() {
    let register = |branch: &str| as_method("REGISTER").replace("z9hG4bK", &format!("z9hG4bK{branch}"));
    let respond = |play: &mut Play, status: u16, seconds: u64| {
        let key = play.keys.last().unwrap().clone();
        let octets = format!("SIP/2.0 {status} X\r\n\r\n").into();
        play.input(Input::RespondFor(key, status, octets, Duration::from_secs(seconds)));
    };
    let mut play = Play::new(10);
    play.receive(udp(), &register("a"));
    respond(&mut play, 401, 0);
    assert_eq!((play.done(), play.endpoint.transactions()), ("new REGISTER, > 401 to 1".into(), (0, 0)));
    play.receive(udp(), &register("b"));
    respond(&mut play, 200, 5);
    play.until(4_900).receive(udp(), &register("b"));
    assert_eq!((play.done(), play.endpoint.transactions()), ("new REGISTER, > 200 to 1, > 200 to 1".into(), (0, 1)));
    play.until(5_100);
    assert_eq!((play.endpoint.transactions(), play.done()), ((0, 0), String::new()));
    play.receive(udp(), &register("b"));
    assert_eq!(play.done(), "new REGISTER");
}

#[test]
fn an_accepted_call_hands_on_its_ack() {
    let mut play = Play::new(10);
    play.receive(udp(), INVITE)
        .respond(200)
        .receive(udp(), INVITE)
        .receive(udp(), &as_method("ACK"));
    assert_eq!(play.until(100_000).done(), "new INVITE, > 200 to 1, ACK");
    assert_eq!(play.endpoint.transactions(), (0, 0));
}

#[test]
fn a_cancel_comes_from_where_the_invite_came_from() {
    let cancel = as_method("CANCEL");
    let mut play = Play::new(10);
    play.receive(udp(), INVITE)
        .receive(flow(1, "192.0.2.66:5066", Transport::Udp), &cancel);
    assert_eq!(play.done(), "new INVITE, > 481 to 1");
    let mut play = Play::new(10);
    play.receive(udp(), INVITE)
        .receive(flow(1, "192.0.2.1:9", Transport::Udp), &cancel)
        .receive(udp(), &cancel);
    assert_eq!(play.done(), "new INVITE, > 200 to 1, cancelled, > 200 to 1");
    assert_eq!(play.respond(487).done(), "> 487 to 1");
    let tcp = |id| flow(id, "192.0.2.1:5066", Transport::Tcp);
    let mut play = Play::new(10);
    play.receive(tcp(5), INVITE)
        .receive(tcp(6), &cancel)
        .receive(tcp(5), &cancel.replace("7 CANCEL", "8 CANCEL"));
    assert_eq!(play.done(), "new INVITE, > 481 to 6, > 200 to 5, cancelled");
    let mut play = Play::new(10);
    play.receive(udp(), INVITE)
        .respond(200)
        .receive(udp(), &cancel);
    assert_eq!(play.done(), "new INVITE, > 200 to 1, > 200 to 1");
    assert_eq!(Play::new(10).receive(udp(), &cancel).done(), "> 481 to 1");
}

#[test]
fn too_many_are_told_to_wait() {
    let mut play = Play::new(10);
    let nth = |n: usize| as_method("OPTIONS").replace("hds8", &format!("hds{n}"));
    for n in 100..112 {
        play.receive(udp(), &nth(n));
    }
    let inside = nth(200).replace("biloxi.com>", "biloxi.com>;tag=1");
    play.receive(udp(), &inside);
    assert_eq!(
        play.done(),
        format!(
            "{}> 503 to 1, > 503 to 1, new OPTIONS",
            "new OPTIONS, ".repeat(10)
        )
    );
}

#[test]
fn other_times_and_limits_act_on_what_is_new() {
    let mut play = Play::new(1);
    let timers = Timers { t1: Duration::from_millis(100), b: Duration::from_secs(2), ..Timers::default() };
    play.endpoint.configure(timers, 2);
    play.receive(udp(), INVITE).receive(udp(), &as_method("OPTIONS").replace("branch=", "branch=z9hG4bKother"));
    assert_eq!(play.done().matches("new").count(), 2, "there is room for two");
    let sent = play.endpoint.send(play.now, udp(), octets(&INVITE.replace("branch=", "branch=z9hG4bKours"))).unwrap();
    play.until(350);
    assert_eq!(play.done().matches("> INVITE").count(), 3, "at once, after 0.1 and after 0.3 s");
    play.until(2_100);
    assert!(play.endpoint.sent(&sent).is_none(), "nobody waits longer than timer B");
}

#[test]
fn responses_find_their_request() {
    let mut play = Play::new(10);
    let key = play.endpoint.send(play.now, udp(), octets(INVITE)).unwrap();
    assert_eq!(play.endpoint.send(play.now, udp(), octets(INVITE)), None);
    assert_eq!(
        play.endpoint
            .send(play.now, udp(), octets(&INVITE.replace("z9hG4bK", ""))),
        None
    );
    play.until(600).answer(INVITE, 180);
    assert!(play.endpoint.sent(&key).unwrap().may_be_cancelled());
    let cancel = transaction::cancel(play.endpoint.sent(&key).unwrap().request(), []);
    let cancel = play.endpoint.send(play.now, udp(), cancel).unwrap();
    play.answer(&as_method("CANCEL"), 200)
        .answer(INVITE, 487)
        .answer(INVITE, 487);
    assert_eq!(
        play.done(),
        "> INVITE to 1, > INVITE to 1, 180, > CANCEL to 1, 200, > ACK to 1, 487, > ACK to 1"
    );
    assert_ne!(cancel, key);
    play.until(100_000)
        .answer(INVITE, 487)
        .answer(INVITE, 200)
        .answer(&as_method("BYE"), 200);
    assert_eq!(play.done(), "stray 200");
    assert_eq!(
        (play.endpoint.dropped(), play.endpoint.transactions()),
        (2, (0, 0))
    );
}

#[test]
fn what_cannot_be_sent_or_is_not_answered_is_told() {
    let mut play = Play::new(10);
    let key = play.endpoint.send(play.now, udp(), octets(INVITE)).unwrap();
    play.input(Input::Failed(Side::Client, key.clone()));
    play.input(Input::Failed(Side::Client, key));
    assert_eq!(play.done(), "> INVITE to 1, unreachable");
    let tcp = flow(3, "192.0.2.1:5066", Transport::Tcp);
    play.endpoint
        .send(play.now, tcp, octets(&as_method("OPTIONS")))
        .unwrap();
    assert_eq!(play.until(40_000).done(), "> OPTIONS to 3, timed out");
    play.receive(tcp, INVITE).respond(486);
    assert_eq!(
        play.until(80_000).done(),
        "new INVITE, > 486 to 3, unanswered"
    );
    assert_eq!(play.endpoint.transactions(), (0, 0));
}

#[test]
fn bad_messages_are_answered_or_dropped() {
    let mut play = Play::new(10);
    play.receive(udp(), &INVITE.replace(": 12", ": x"))
        .receive(udp(), "\r\n\r\n")
        .receive(udp(), "x\r\n\r\n");
    assert_eq!(
        (play.done().as_str(), play.endpoint.dropped()),
        ("> 400 to 1", 1)
    );
}

/// What a peer, the network and whoever answers may do.
#[derive(Debug, Clone, Copy)]
enum Step {
    Receive(usize, u64, usize),
    Answer(usize, usize, u16),
    Respond(u16),
    Send(usize, usize),
    Fail,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let status = || prop::sample::select(vec![100, 180, 183, 200, 202, 302, 404, 486, 487, 603]);
    prop_oneof![
        4 => (0..5_usize, 1..4_u64, 0..4_usize).prop_map(|(method, flow, branch)| Step::Receive(method, flow, branch)),
        2 => (0..5_usize, 0..4_usize, status()).prop_map(|(method, branch, status)| Step::Answer(method, branch, status)),
        3 => status().prop_map(Step::Respond),
        2 => (0..5_usize, 0..4_usize).prop_map(|(method, branch)| Step::Send(method, branch)),
        1 => Just(Step::Fail),
        3 => (0..40_000_u64).prop_map(Step::Wait),
    ]
}

proptest! {
    /// Whatever happens, transactions stay within their limit, and when everything is answered all of them end.
    #[test]
    fn everything_ends(steps in prop::collection::vec(step(), 0..60)) {
        const METHODS: [&str; 5] = ["INVITE", "ACK", "CANCEL", "OPTIONS", "BYE"];
        let text = |method: usize, branch: usize| {
            as_method(METHODS[method]).replace("hds8", &format!("hds{branch}"))
        };
        let mut play = Play::new(3);
        let mut millis = 0;
        for step in steps {
            match step {
                Step::Receive(method, id, branch) => {
                    let transport = if id == 3 { Transport::Tcp } else { Transport::Udp };
                    drop(play.receive(flow(id, "192.0.2.1:5066", transport), &text(method, branch)).done());
                }
                Step::Answer(method, branch, status) => drop(play.answer(&text(method, branch), status).done()),
                Step::Respond(status) => {
                    if play.keys.last().is_some_and(|key| play.endpoint.received(key).is_some()) {
                        play.respond(status);
                    }
                }
                Step::Send(method, branch) => {
                    let sent = play.endpoint.send(play.now, udp(), octets(&text(method, branch)));
                    prop_assert!(sent.is_none() || METHODS[method] != "ACK");
                }
                Step::Fail => {
                    if let Some(key) = play.keys.last().cloned() {
                        play.input(Input::Failed(Side::Server, key));
                    }
                }
                Step::Wait(more) => {
                    millis += more;
                    play.until(millis);
                }
            }
            prop_assert!(play.endpoint.transactions().1 <= 3);
        }
        for key in std::mem::take(&mut play.keys) {
            let octets = play.endpoint.received(&key).map(|open| Writer::reply(open.request(), 486, "", "b", open.source()).finish());
            play.input(Input::Respond(key, 486, octets.unwrap_or_default()));
        }
        for branch in 0..4 {
            play.answer(&text(0, branch), 486);
        }
        play.until(millis + 100_000);
        prop_assert_eq!(play.endpoint.transactions(), (0, 0));
        prop_assert_eq!(play.endpoint.deadline(), None);
    }
}
