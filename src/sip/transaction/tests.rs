use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use types::Machine;

use super::*;
use crate::{Limits, Message, Parsed, parse};

/// RFC 3261 §24.2 with a Route and two Via.
const INVITE: &str = "INVITE sip:bob@192.0.2.4 SIP/2.0\r\n\
    Via: SIP/2.0/UDP pc33.atlanta.com:5066;branch=z9hG4bKnashds8 , SIP/2.0/UDP other;branch=z9hG4bK2\r\n\
    Max-Forwards: 12\r\nRoute: <sip:ss1.example.com;lr>\r\nTo: Bob <sip:bob@biloxi.com>\r\n\
    From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\nCall-ID: a84b4c76e66710\r\nCSeq: 314159 INVITE\r\n\
    Contact: <sip:alice@pc33.atlanta.com>\r\nContent-Length: 0\r\n\r\n";

fn options() -> String {
    INVITE.replace("INVITE", "OPTIONS")
}

fn request(text: &str) -> Request {
    match parse(Bytes::copy_from_slice(text.as_bytes()), &Limits::DATAGRAM) {
        Parsed::Message(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn response(octets: Bytes) -> Response {
    match parse(octets, &Limits::DATAGRAM) {
        Parsed::Message(Message::Response(response)) => response,
        other => panic!("{other:?}"),
    }
}

fn source() -> SocketAddr {
    "192.0.2.1:5066".parse().unwrap()
}

fn answer(text: &str, status: u16) -> Bytes {
    Writer::reply(&request(text), status, "", "a6c85cf", source()).finish()
}

/// The first word of a request, the status of a response.
fn word(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets);
    let text = text.strip_prefix("SIP/2.0 ").unwrap_or(&text);
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// A transaction with a clock of its own and a record of what it did, as `milliseconds what`.
struct Play<M: Machine> {
    machine: M,
    start: Instant,
    now: Instant,
    done: Vec<String>,
    show: fn(M::Output) -> String,
    tick: M::Input,
}

impl<M: Machine> Play<M>
where
    M::Input: Clone,
{
    fn note(&mut self) {
        while let Some(output) = self.machine.poll() {
            self.done.push(format!(
                "{} {}",
                (self.now - self.start).as_millis(),
                (self.show)(output)
            ));
        }
    }

    fn input(&mut self, input: M::Input) {
        self.machine.handle(self.now, input);
        self.note();
    }

    /// Lets time pass until so many milliseconds after the start, stopping at each deadline.
    fn until(&mut self, millis: u64) -> &mut Self {
        self.note();
        let end = self.start + Duration::from_millis(millis);
        while let Some(at) = self.machine.deadline().filter(|at| *at <= end) {
            self.now = at;
            self.input(self.tick.clone());
        }
        self.now = end;
        self
    }

    fn done(&mut self) -> String {
        self.note();
        std::mem::take(&mut self.done).join(", ")
    }
}

fn client(text: &str, reliable: bool) -> Play<ClientTransaction> {
    let now = Instant::now();
    let octets = Bytes::copy_from_slice(text.as_bytes());
    Play {
        machine: ClientTransaction::send(now, octets, reliable, Timers::default()).unwrap(),
        start: now,
        now,
        done: Vec::new(),
        tick: ClientInput::Tick,
        show: |output| match output {
            ClientOutput::Send(octets) => format!("> {}", word(&octets)),
            ClientOutput::Response(response) => response.status().to_string(),
            ClientOutput::TimedOut => "timed out".into(),
            ClientOutput::TransportFailed => "failed".into(),
            ClientOutput::Terminated => "end".into(),
        },
    }
}

fn server(text: &str, reliable: bool) -> Play<ServerTransaction> {
    let now = Instant::now();
    Play {
        machine: ServerTransaction::new(now, request(text), source(), reliable, Timers::default()),
        start: now,
        now,
        done: Vec::new(),
        tick: ServerInput::Tick,
        show: |output| match output {
            ServerOutput::Send(octets) => format!("> {}", word(&octets)),
            ServerOutput::Ack(_) => "ACK".into(),
            ServerOutput::TimedOut => "timed out".into(),
            ServerOutput::TransportFailed => "failed".into(),
            ServerOutput::Terminated => "end".into(),
        },
    }
}

impl Play<ClientTransaction> {
    fn receive(&mut self, text: &str, status: u16) -> &mut Self {
        self.input(ClientInput::Response(response(answer(text, status))));
        self
    }
}

impl Play<ServerTransaction> {
    fn respond(&mut self, text: &str, status: u16) -> &mut Self {
        self.input(ServerInput::Respond {
            status,
            octets: answer(text, status),
        });
        self
    }

    fn ack(&mut self) -> &mut Self {
        self.input(ServerInput::Ack(request(&INVITE.replace("INVITE", "ACK"))));
        self
    }
}

#[test]
fn an_invite_is_sent_again_and_given_up() {
    let want = "0 > INVITE, 500 > INVITE, 1500 > INVITE, 3500 > INVITE, 7500 > INVITE, 15500 > INVITE, 31500 > INVITE, 32000 timed out, 32000 end";
    assert_eq!(client(INVITE, false).until(100_000).done(), want);
    assert_eq!(
        client(INVITE, true).until(100_000).done(),
        "0 > INVITE, 32000 timed out, 32000 end"
    );
}

#[test]
fn an_invite_rings_and_is_refused() {
    let mut play = client(INVITE, false);
    play.until(600)
        .receive(INVITE, 100)
        .until(1000)
        .receive(INVITE, 180);
    assert!(play.machine.may_be_cancelled());
    play.until(90_000)
        .receive(INVITE, 486)
        .until(91_000)
        .receive(INVITE, 486)
        .receive(INVITE, 200)
        .receive(INVITE, 180);
    assert!(!play.machine.may_be_cancelled());
    let want = "0 > INVITE, 500 > INVITE, 600 100, 1000 180, 90000 > ACK, 90000 486, 91000 > ACK, 122000 end";
    assert_eq!(play.until(200_000).done(), want);
    let mut play = client(INVITE, true);
    assert_eq!(
        play.until(10)
            .receive(INVITE, 486)
            .receive(INVITE, 486)
            .done(),
        "0 > INVITE, 10 > ACK, 10 486, 10 end"
    );
}

/// RFC 6026 §8.4: several branches may accept.
#[test]
fn an_invite_is_accepted_more_than_once() {
    for reliable in [false, true] {
        let mut play = client(INVITE, reliable);
        play.until(100)
            .receive(INVITE, 200)
            .until(200)
            .receive(INVITE, 200)
            .receive(INVITE, 486)
            .receive(INVITE, 180);
        assert_eq!(
            play.until(100_000).done(),
            "0 > INVITE, 100 200, 200 200, 32100 end"
        );
    }
}

#[test]
fn other_requests_are_sent_again_and_given_up() {
    let options = options();
    let resent = "0 > OPTIONS, 500 > OPTIONS, 1500 > OPTIONS, 3500 > OPTIONS, 7500 > OPTIONS, 11500 > OPTIONS, 15500 > OPTIONS, \
                  19500 > OPTIONS, 23500 > OPTIONS, 27500 > OPTIONS, 31500 > OPTIONS, 32000 timed out, 32000 end";
    assert_eq!(client(&options, false).until(100_000).done(), resent);
    assert_eq!(
        client(&options, true).until(100_000).done(),
        "0 > OPTIONS, 32000 timed out, 32000 end"
    );
    let mut play = client(&options, false);
    play.until(600)
        .receive(&options, 100)
        .until(7000)
        .receive(&options, 404)
        .receive(&options, 404);
    assert_eq!(
        play.until(100_000).done(),
        "0 > OPTIONS, 500 > OPTIONS, 600 100, 4600 > OPTIONS, 7000 404, 12000 end"
    );
    let mut play = client(&options, true);
    assert_eq!(
        play.until(5).receive(&options, 200).done(),
        "0 > OPTIONS, 5 200, 5 end"
    );
}

#[test]
fn faults_of_the_transport_end_it() {
    let mut play = client(INVITE, false);
    play.input(ClientInput::TransportFailed);
    play.input(ClientInput::TransportFailed);
    assert_eq!(play.until(100_000).done(), "0 > INVITE, 0 failed, 0 end");
    let mut play = server(INVITE, false);
    play.respond(INVITE, 486);
    play.input(ServerInput::TransportFailed);
    assert_eq!(play.until(100_000).done(), "0 > 486, 0 failed, 0 end");
}

#[test]
fn an_invite_is_refused_until_acknowledged() {
    let mut play = server(INVITE, false);
    play.input(ServerInput::Again);
    play.until(300).input(ServerInput::Again);
    play.respond(INVITE, 180)
        .until(1000)
        .respond(INVITE, 486)
        .respond(INVITE, 200);
    play.until(1100).input(ServerInput::Again);
    play.until(5000)
        .ack()
        .until(5100)
        .ack()
        .input(ServerInput::Again);
    let want = "200 > 100, 300 > 100, 300 > 180, 1000 > 486, 1100 > 486, 1500 > 486, 2500 > 486, 4500 > 486, 10000 end";
    assert_eq!(play.until(100_000).done(), want);
    let mut play = server(INVITE, true);
    assert_eq!(
        play.respond(INVITE, 486).until(50).ack().done(),
        "0 > 486, 50 end"
    );
}

#[test]
fn a_refusal_that_is_never_acknowledged_is_given_up() {
    let want = "0 > 486, 500 > 486, 1500 > 486, 3500 > 486, 7500 > 486, 11500 > 486, 15500 > 486, 19500 > 486, 23500 > 486, \
                27500 > 486, 31500 > 486, 32000 timed out, 32000 end";
    assert_eq!(
        server(INVITE, false)
            .respond(INVITE, 486)
            .until(100_000)
            .done(),
        want
    );
    assert_eq!(
        server(INVITE, true)
            .respond(INVITE, 486)
            .until(100_000)
            .done(),
        "0 > 486, 32000 timed out, 32000 end"
    );
}

/// RFC 6026 §8.5: what comes again after a 2xx is absorbed, ACK and further 2xx pass.
#[test]
fn an_accepted_invite_absorbs_what_comes_again() {
    for reliable in [false, true] {
        let mut play = server(INVITE, reliable);
        play.until(100)
            .respond(INVITE, 200)
            .input(ServerInput::Again);
        assert!(play.machine.is_answered());
        play.until(600)
            .ack()
            .respond(INVITE, 200)
            .respond(INVITE, 486);
        assert_eq!(
            play.until(100_000).done(),
            "100 > 200, 600 ACK, 600 > 200, 32100 end"
        );
    }
}

/// RFC 4320 §4.1: no provisional response before the client would wait for T2 anyway, and none but 100.
#[test]
fn other_requests_are_answered() {
    let options = options();
    let mut play = server(&options, false);
    play.input(ServerInput::Again);
    play.until(100)
        .respond(&options, 100)
        .until(4000)
        .respond(&options, 180)
        .respond(&options, 100);
    play.input(ServerInput::Again);
    play.until(5000)
        .respond(&options, 404)
        .respond(&options, 200)
        .input(ServerInput::Again);
    assert_eq!(
        play.until(100_000).done(),
        "4000 > 100, 4000 > 100, 5000 > 404, 5000 > 404, 37000 end"
    );
    assert_eq!(
        server(&options, true).respond(&options, 200).done(),
        "0 > 200, 0 end"
    );
    let want = "32000 timed out, 32000 end";
    assert_eq!(server(&options, false).until(100_000).done(), want);
}

/// RFC 3261 §9.1, §17.1.1.3.
#[test]
fn ack_and_cancel_follow_the_invite() {
    let invite = request(INVITE);
    let lines = |octets: Bytes| String::from_utf8(octets.to_vec()).unwrap();
    let rest = "SIP/2.0\r\nVia: SIP/2.0/UDP pc33.atlanta.com:5066;branch=z9hG4bKnashds8\r\nRoute: <sip:ss1.example.com;lr>\r\nMax-Forwards: 70\r\n\
                From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\nTo: Bob <sip:bob@biloxi.com>";
    assert_eq!(
        lines(ack(&invite, &response(answer(INVITE, 486)))),
        format!(
            "ACK sip:bob@192.0.2.4 {rest};tag=a6c85cf\r\nCall-ID: a84b4c76e66710\r\nCSeq: 314159 ACK\r\nContent-Length: 0\r\n\r\n"
        )
    );
    assert_eq!(
        lines(cancel(&invite, Some("SIP;cause=200"))),
        format!(
            "CANCEL sip:bob@192.0.2.4 {rest}\r\nCall-ID: a84b4c76e66710\r\nCSeq: 314159 CANCEL\r\nReason: SIP;cause=200\r\nContent-Length: 0\r\n\r\n"
        )
    );
}

#[test]
fn keys_tell_transactions_apart() {
    let key = |text: &str| Key::of_request(&request(text)).unwrap();
    let invite = request(INVITE);
    let octets = |octets: Bytes| String::from_utf8(octets.to_vec()).unwrap();
    let (ack, cancel) = (
        octets(ack(&invite, &response(answer(INVITE, 486)))),
        octets(cancel(&invite, [])),
    );
    assert_eq!(key(&ack), key(INVITE));
    assert_ne!(key(&cancel), key(INVITE));
    assert_eq!(Key::of_cancelled(&request(&cancel)).unwrap(), key(INVITE));
    assert_eq!(key(&INVITE.replace("pc33", "PC33")), key(INVITE));
    for (from, to) in [
        ("hds8", "hds9"),
        ("5066", "5067"),
        ("pc33", "pc34"),
        ("INVITE", "OPTIONS"),
    ] {
        assert_ne!(key(&INVITE.replace(from, to)), key(INVITE), "{to}");
    }
    assert_eq!(
        Key::of_response(&response(answer(INVITE, 200))),
        Some(key(INVITE))
    );
    // As RFC 2543 has it, an ACK brings a tag that the INVITE had not.
    let old = |text: &str| text.replace(";branch=z9hG4bKnashds8", ";branch=z9hG4bK");
    assert_eq!(
        key(&old(&ack)),
        key(&old(
            &INVITE.replace(" , SIP/2.0/UDP other;branch=z9hG4bK2", "")
        ))
    );
    for (from, to) in [
        ("314159", "314160"),
        ("c76e66", "c76e67"),
        ("1928301774", "1"),
        ("sip:bob@192", "sip:eve@192"),
    ] {
        assert_ne!(
            key(&old(&INVITE.replace(from, to))),
            key(&old(INVITE)),
            "{to}"
        );
    }
    assert_eq!(Key::of_response(&response(answer(&old(INVITE), 200))), None);
}

#[test]
fn merged_requests_are_seen() {
    let one = request(INVITE);
    assert!(is_merged(&one, &request(&INVITE.replace("hds8", "hds9"))));
    for (from, to) in [
        ("314159", "2"),
        ("1928301774", "2"),
        ("c76e66", "c76"),
        ("biloxi.com>", "biloxi.com>;tag=1"),
    ] {
        assert!(
            !is_merged(&one, &request(&INVITE.replace(from, to))),
            "{to}"
        );
    }
}
