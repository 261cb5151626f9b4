//! Telephony between networks: telephones behind translators, transfers, IPv4 with IPv6, and networks that swallow media.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::ear::Ear;
use crate::exchange::Exchange;
use crate::netns::{self, Home, Host, Internet, Space};
use crate::phone::{self, Phone, RTP};
use crate::tone::{Heard, PAIRS};
use crate::ua::{Ua, connect};

type Outcome = Result<(), Failed>;

/// Ports of the relay.
const RELAY: RangeInclusive<u16> = 20_000..=31_999;
/// The relay judges after ten seconds of silence.
const VERDICT: Duration = Duration::from_secs(25);

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("voice::nat::{name}"), run).with_ignored_flag(!phone::is_possible() || !netns::is_possible());
    vec![
        test("phones_behind_translators_talk_hold_and_resume", phones_behind_translators_talk_hold_and_resume),
        test("a_call_is_handed_on_blindly", a_call_is_handed_on_blindly),
        test("a_call_is_handed_on_after_asking", a_call_is_handed_on_after_asking),
        test("ipv4_talks_with_ipv6", ipv4_talks_with_ipv6),
        test("a_verdict_names_who_is_not_heard_and_the_port", a_verdict_names_who_is_not_heard_and_the_port),
        test("sound_from_elsewhere_is_not_passed_on", sound_from_elsewhere_is_not_passed_on),
    ]
}

/// A telephone in a network, and what arrives there.
struct Station {
    phone: Phone,
    ear: Ear,
}

fn station(exchange: &Exchange, name: &str, number: usize, space: &Space, address: impl Into<IpAddr>, server: impl Into<IpAddr>) -> Station {
    let address = address.into();
    let mut phone = Phone::start_in(space, address, &exchange.scratch.0.join(name), PAIRS[number]);
    phone.register(&exchange.line(name, server, "udp"));
    Station { phone, ear: Ear::new(space, address) }
}

fn at_home(exchange: &Exchange, name: &str, number: usize, home: &Home, internet: &Internet) -> Station {
    station(exchange, name, number, &home.space, home.v4, internet.v4)
}

fn outside(exchange: &Exchange, name: &str, number: usize, host: &Host, internet: &Internet) -> Station {
    station(exchange, name, number, &host.space, host.v4, internet.v4)
}

/// Both hear each other, and only through the relay.
fn both_hear(one: &Station, other: &Station, server: impl Into<IpAddr>) {
    let server = server.into();
    for (ear, tones) in [(&one.ear, other.phone.tones), (&other.ear, one.phone.tones)] {
        from_relay(&ear.waits_for(&Heard::Only(tones)), server);
    }
}

fn from_relay(sources: &BTreeSet<SocketAddr>, server: IpAddr) -> u16 {
    let sources: Vec<_> = sources.iter().collect();
    let [source] = sources.as_slice() else { panic!("sound comes from {sources:?}") };
    assert!(source.ip() == server && RELAY.contains(&source.port()) && source.port() % 2 == 0, "sound comes from {source}");
    source.port()
}

fn phones_behind_translators_talk_hold_and_resume() -> Outcome {
    let mut internet = Internet::new();
    let (near, far) = (internet.home(), internet.home());
    let exchange = Exchange::open();
    let (mut alice, mut bob) = (at_home(&exchange, "alice", 0, &near, &internet), at_home(&exchange, "bob", 1, &far, &internet));
    for (name, home) in [("alice", &near), ("bob", &far)] {
        let found = exchange.list(&format!("/sip/registrations?account={name}@main.example")).remove(0);
        let received: SocketAddr = found["received"].as_str().unwrap().parse()?;
        assert_eq!((found["nat"].as_str(), received.ip()), (Some("far_end"), home.public.into()), "{found:#}");
    }
    alice.phone.dial("bob@main.example");
    bob.phone.answer();
    alice.phone.event("CALL_ESTABLISHED");
    both_hear(&alice, &bob, internet.v4);
    bob.phone.hears(alice.phone.tones);
    alice.phone.hears(bob.phone.tones);
    assert_eq!(exchange.live()["media_path"], "proxy");
    alice.phone.hold();
    assert_eq!(exchange.live()["state"], "held");
    bob.ear.waits_for(&Heard::Silence);
    assert_eq!((bob.ear.hears(Duration::from_secs(1)).heard, alice.ear.hears(Duration::from_millis(500)).heard), (Heard::Silence, Heard::Silence));
    alice.phone.resume();
    both_hear(&alice, &bob, internet.v4);
    assert_eq!(exchange.live()["state"], "connected");
    alice.phone.hang_up();
    bob.phone.over();
    let record = exchange.ended("bob", "answered", "caller");
    assert_eq!((record["caller"]["remote"].as_str().unwrap().starts_with(&near.public.to_string()), record["media_path"].as_str()), (true, Some("proxy")), "{record:#}");
    exchange.ladder(&record);
    // And the other way round; this time the callee has enough.
    bob.phone.dial("alice@main.example");
    alice.phone.answer();
    bob.phone.event("CALL_ESTABLISHED");
    both_hear(&alice, &bob, internet.v4);
    alice.phone.hang_up();
    bob.phone.over();
    exchange.ended("alice", "answered", "callee");
    Ok(())
}

fn a_call_is_handed_on_blindly() -> Outcome {
    let mut internet = Internet::new();
    let (near, far, open) = (internet.home(), internet.home(), internet.host());
    let exchange = Exchange::open();
    let (mut alice, mut bob) = (at_home(&exchange, "alice", 0, &near, &internet), at_home(&exchange, "bob", 1, &far, &internet));
    let mut carol = outside(&exchange, "carol", 2, &open, &internet);
    alice.phone.dial("bob@main.example");
    bob.phone.answer();
    alice.phone.event("CALL_ESTABLISHED");
    both_hear(&alice, &bob, internet.v4);
    bob.phone.transfer("sip:carol@main.example");
    carol.phone.answer();
    both_hear(&alice, &carol, internet.v4);
    bob.phone.over();
    assert!(exchange.live()["dialled"].as_str().unwrap().contains("carol"));
    carol.phone.hang_up();
    exchange.ended("carol", "answered", "callee");
    Ok(())
}

/// By hand: the telephones that are at hand know no Replaces (RFC 3891). Alice calls Bob, asks Carol, and connects them.
fn a_call_is_handed_on_after_asking() -> Outcome {
    let mut internet = Internet::new();
    let (near, far, open) = (internet.home(), internet.home(), internet.host());
    let exchange = Exchange::open();
    let server = exchange.sip(internet.v4);
    let mut alice = Ua::new(Some(&near.space), near.v4, server, "alice");
    let mut bob = Ua::new(Some(&far.space), far.v4, server, "bob");
    let mut carol = Ua::new(Some(&open.space), open.v4, server, "carol");
    for phone in [&mut alice, &mut bob, &mut carol] {
        phone.register();
    }
    let (mut with_bob, mut from_alice, _) = connect(&mut alice, &bob, "sip:bob@main.example", "");
    let (asking, mut asked, _) = connect(&mut alice, &carol, "sip:carol@main.example", "");
    let refer = format!("Refer-To: <sip:carol@main.example?Replaces={}%3Bto-tag%3D{}%3Bfrom-tag%3D{}>\r\nReferred-By: <sip:alice@main.example>\r\n", asking.call_id.replace('@', "%40"), asking.remote_tag, asking.local_tag);
    alice.send_in(&mut with_bob, "REFER", &refer, "");
    let received = bob.expect("REFER");
    assert_eq!(received.field("Refer-To"), Some(refer.lines().next().unwrap().trim_start_matches("Refer-To: ")));
    bob.reply(&received, 202, "Accepted");
    assert_eq!(alice.answered_in(&with_bob, "REFER").status(), 202);
    let replaces = format!("Replaces: {};to-tag={};from-tag={}\r\nRequire: replaces\r\n", asking.call_id, asking.remote_tag, asking.local_tag);
    let (_, mut from_bob, invite) = connect(&mut bob, &carol, "sip:carol@main.example", &replaces);
    assert_eq!(invite.field("Replaces"), Some(replaces.lines().next().unwrap().trim_start_matches("Replaces: ")));
    // Carol leaves the call that was replaced, Bob tells how it went, Alice leaves.
    carol.send_in(&mut asked, "BYE", "", "");
    alice.reply(&alice.expect("BYE"), 200, "OK");
    assert_eq!(carol.answered_in(&asked, "BYE").status(), 200);
    bob.send_in(&mut from_alice, "NOTIFY", "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\nContent-Type: message/sipfrag\r\n", "SIP/2.0 200 OK\r\n");
    let told = alice.expect("NOTIFY");
    assert!(told.0.ends_with("SIP/2.0 200 OK\r\n"), "{told:#?}");
    alice.reply(&told, 200, "OK");
    assert_eq!(bob.answered_in(&from_alice, "NOTIFY").status(), 200);
    alice.send_in(&mut with_bob, "BYE", "", "");
    bob.reply(&bob.expect("BYE"), 200, "OK");
    assert_eq!(alice.answered_in(&with_bob, "BYE").status(), 200);
    let live = exchange.live();
    assert!(live["caller"]["uri"].as_str().unwrap().contains("bob@"), "{live:#}");
    carol.send_in(&mut from_bob, "BYE", "", "");
    bob.reply(&bob.expect("BYE"), 200, "OK");
    exchange.ended("carol", "answered", "callee");
    assert_eq!(exchange.list("/cdr").len(), 3);
    Ok(())
}

fn ipv4_talks_with_ipv6() -> Outcome {
    let mut internet = Internet::new();
    let (near, far) = (internet.home(), internet.host_v6());
    let exchange = Exchange::open();
    let mut alice = at_home(&exchange, "alice", 0, &near, &internet);
    let mut bob = station(&exchange, "bob", 1, &far.space, far.v6, internet.v6);
    alice.phone.dial("bob@main.example");
    bob.phone.answer();
    alice.phone.event("CALL_ESTABLISHED");
    from_relay(&alice.ear.waits_for(&Heard::Only(bob.phone.tones)), internet.v4.into());
    from_relay(&bob.ear.waits_for(&Heard::Only(alice.phone.tones)), internet.v6.into());
    bob.phone.hang_up();
    alice.phone.over();
    exchange.ended("bob", "answered", "callee");
    Ok(())
}

/// Most of it is waiting: all at the same time.
fn a_verdict_names_who_is_not_heard_and_the_port() -> Outcome {
    let faults: [fn(); 5] = [|| swallowed(true, false), || swallowed(false, true), || swallowed(true, true), wrong_address, gone];
    std::thread::scope(|scope| {
        let running: Vec<_> = faults.into_iter().map(|fault| scope.spawn(fault)).collect();
        for one in running {
            one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
    Ok(())
}

/// The networks of some swallow what they send.
fn swallowed(of_caller: bool, of_callee: bool) {
    let mut internet = Internet::new();
    let (near, far) = (internet.home(), internet.home());
    let exchange = Exchange::open();
    let (mut alice, mut bob) = (at_home(&exchange, "alice", 0, &near, &internet), at_home(&exchange, "bob", 1, &far, &internet));
    alice.phone.dial("bob@main.example");
    bob.phone.answer();
    alice.phone.event("CALL_ESTABLISHED");
    let (for_alice, for_bob) = relayed(&alice, &bob, &internet);
    let id = exchange.live()["id"].as_str().unwrap().to_owned();
    assert_eq!(report(&exchange, &id)["verdicts"], json!([]), "nothing is said of a sound call");
    let rule = format!("iifname \"in\" udp sport {}-{} drop", RTP.start(), RTP.end());
    for (home, blocked) in [(&near, of_caller), (&far, of_callee)] {
        if blocked {
            home.router.filter(std::slice::from_ref(&rule));
        }
    }
    let (silent, ports) = match (of_caller, of_callee) {
        (true, true) => ("both", [for_alice, for_bob]),
        (true, false) => ("caller", [for_alice; 2]),
        _ => ("callee", [for_bob; 2]),
    };
    // Of two who fall silent together one is noticed a moment earlier.
    let verdict = (0..1000).map(|_| verdict(&exchange, &id)).find(|verdict| verdict["silent"] == silent);
    let verdict = verdict.unwrap_or_else(|| panic!("{silent} is not told: {}", report(&exchange, &id)));
    let opens: SocketAddr = verdict["open"].as_str().unwrap().parse().unwrap();
    assert_eq!((verdict["silent"].as_str(), opens.ip(), ports.contains(&opens.port())), (Some(silent), internet.v4.into(), true), "{verdict:#} {ports:?}");
    assert_eq!(verdict["reason"], "stopped");
    assert_eq!(bob.ear.hears(Duration::from_millis(300)).heard == Heard::Silence, of_caller);
    assert_eq!(alice.ear.hears(Duration::from_millis(300)).heard == Heard::Silence, of_callee);
}

/// The server shows an address where nobody is.
fn wrong_address() {
    let mut internet = Internet::new();
    let (near, far) = (internet.home(), internet.home());
    let exchange = Exchange::open();
    let nobody = internet.nobody();
    assert_eq!(exchange.admin.call("PATCH", "/server/modules/media", Some(json!({"set": {"wan_ipv4": nobody}}))).status, 200);
    let (mut alice, mut bob) = (at_home(&exchange, "alice", 0, &near, &internet), at_home(&exchange, "bob", 1, &far, &internet));
    alice.phone.dial("bob@main.example");
    bob.phone.answer();
    let id = exchange.live()["id"].as_str().unwrap().to_owned();
    let verdict = verdict(&exchange, &id);
    let opens: SocketAddr = verdict["open"].as_str().unwrap().parse().unwrap();
    assert_eq!((verdict["silent"].as_str(), verdict["reason"].as_str(), opens.ip(), RELAY.contains(&opens.port())), (Some("both"), Some("firewall"), nobody.into(), true), "{verdict:#}");
}

/// A telephone is no more, and its machine says that nobody listens.
fn gone() {
    let mut internet = Internet::new();
    let (near, open) = (internet.home(), internet.host());
    let exchange = Exchange::open();
    let (mut alice, mut bob) = (at_home(&exchange, "alice", 0, &near, &internet), outside(&exchange, "bob", 1, &open, &internet));
    alice.phone.dial("bob@main.example");
    bob.phone.answer();
    alice.phone.event("CALL_ESTABLISHED");
    relayed(&alice, &bob, &internet);
    let id = exchange.live()["id"].as_str().unwrap().to_owned();
    drop(bob.phone);
    let verdict = verdict(&exchange, &id);
    assert_eq!((verdict["silent"].as_str(), verdict["reason"].as_str()), (Some("callee"), Some("icmp_unreachable")), "{verdict:#}");
}

/// The ports of the relay for the caller and for the callee, when both are heard.
fn relayed(alice: &Station, bob: &Station, internet: &Internet) -> (u16, u16) {
    let port = |station: &Station, tones| from_relay(&station.ear.waits_for(&Heard::Only(tones)), internet.v4.into());
    (port(alice, bob.phone.tones), port(bob, alice.phone.tones))
}

fn report(exchange: &Exchange, id: &str) -> Value {
    let answer = exchange.admin.call("GET", &format!("/calls/{id}/media"), None);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// What is said of the media of a call, as soon as something is said: once, after ten seconds, and in the ladder too.
fn verdict(exchange: &Exchange, id: &str) -> Value {
    let end = Instant::now() + VERDICT;
    loop {
        let found = report(exchange, id)["verdicts"].clone();
        if let Some(verdict) = found.get(0) {
            assert_eq!(found.as_array().unwrap().len(), 1, "{found:#}");
            let seconds = verdict["seconds"].as_f64().unwrap();
            assert!((9.0..15.0).contains(&seconds), "{verdict:#}");
            noted(exchange, id, verdict["open"].as_str().unwrap());
            return verdict.clone();
        }
        assert!(Instant::now() < end, "no verdict");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Waits until a note of the ladder about media says this.
fn noted(exchange: &Exchange, id: &str, text: &str) {
    let end = Instant::now() + VERDICT;
    loop {
        let trace = exchange.admin.call("GET", &format!("/calls/{id}/trace"), None).body;
        if trace["notes"].as_array().unwrap().iter().any(|note| note["kind"] == "media" && note["text"].as_str().unwrap().contains(text)) {
            return;
        }
        assert!(Instant::now() < end, "{text} is not in {:#}", trace["notes"]);
        std::thread::sleep(Duration::from_millis(200));
    }
}

struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn sound_from_elsewhere_is_not_passed_on() -> Outcome {
    let mut internet = Internet::new();
    let (near, far, elsewhere) = (internet.home(), internet.home(), internet.host());
    let exchange = Exchange::open();
    let (mut alice, mut bob) = (at_home(&exchange, "alice", 0, &near, &internet), at_home(&exchange, "bob", 1, &far, &internet));
    alice.phone.dial("bob@main.example");
    bob.phone.answer();
    alice.phone.event("CALL_ESTABLISHED");
    let (for_alice, for_bob) = relayed(&alice, &bob, &internet);
    let id = exchange.live()["id"].as_str().unwrap().to_owned();
    let socket = elsewhere.space.within(|| UdpSocket::bind((elsewhere.v4, 0)).unwrap());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // It stops, whatever happens.
        let _stop = Stop(&stop);
        scope.spawn(|| {
            // As loud as can be, 200 times a second.
            let mut packet = [&[0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4][..], &[0x00, 0x80].repeat(80)].concat();
            for number in 0_u16.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                packet[2..4].copy_from_slice(&number.to_be_bytes());
                for port in [for_alice, for_bob] {
                    socket.send_to(&packet, (internet.v4, port)).unwrap();
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let heard = [&bob, &alice].map(|station| station.ear.hears(Duration::from_secs(2)).heard);
        noted(&exchange, &id, "from elsewhere");
        assert_eq!(heard, [Heard::Only(alice.phone.tones), Heard::Only(bob.phone.tones)]);
    });
    let report = report(&exchange, &id);
    for stream in report["streams"].as_array().unwrap() {
        assert!(stream["foreign"].as_i64() > Some(100), "{report:#}");
    }
    assert_eq!(report["verdicts"], json!([]), "{report:#}");
    Ok(())
}
