//! Offers and answers of every shape, and media that follows them: user agents that speak SIP by hand, and their sockets of media.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use serde_json::json;

use crate::events::Stream;
use crate::exchange::Exchange;
use crate::netns::{self, Internet};
use crate::ua::{Message, Ua, describe};

type Outcome = Result<(), Failed>;

const BOB: &str = "sip:bob@main.example";
const RELIABLE: &str = "Supported: 100rel\r\n";

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("voice_media::{name}"), run);
    vec![
        test("ringing_is_confirmed_and_offers_follow_behind_a_translator", ringing_is_confirmed_and_offers_follow_behind_a_translator).with_ignored_flag(!netns::is_possible()),
        test("each_side_is_shown_the_address_of_its_own_network", each_side_is_shown_the_address_of_its_own_network).with_ignored_flag(!netns::is_possible()),
        test("an_offer_in_a_response_is_answered_in_its_prack", an_offer_in_a_response_is_answered_in_its_prack),
        test("each_fork_is_confirmed_where_it_is", each_fork_is_confirmed_where_it_is),
        test("what_cannot_be_relayed_ends_at_both_ends", what_cannot_be_relayed_ends_at_both_ends),
        test("ports_run_out_and_come_back", ports_run_out_and_come_back),
        test("accounts_have_their_media_relayed_or_not", accounts_have_their_media_relayed_or_not),
        test("sound_becomes_fax_and_sound_again", sound_becomes_fax_and_sound_again),
    ]
}

/// A socket of media on this machine.
struct Sound(UdpSocket);

impl Sound {
    fn new() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self(socket)
    }

    fn describe(&self, media: &str) -> String {
        let address = self.0.local_addr().unwrap();
        describe(address.ip(), &media.replace("PORT", &address.port().to_string()))
    }

    fn audio(&self) -> String {
        self.describe("m=audio PORT RTP/AVP 0\r\n")
    }

    /// Both are heard by each other, at what each was shown.
    fn meets(&self, shown: SocketAddr, other: &Self, shown_to_other: SocketAddr, packet: impl Fn(u8) -> Vec<u8>) {
        for (from, to, by) in [(self, shown, other), (other, shown_to_other, self)] {
            for number in 1..=2 {
                from.0.send_to(&packet(number), to).unwrap();
                let mut buffer = [0; 2048];
                let size = by.0.recv(&mut buffer).unwrap();
                assert_eq!(buffer[..size], packet(number));
            }
        }
    }
}

fn rtp(number: u8) -> Vec<u8> {
    [&[0x80, 0, 0, number, 0, 0, 0, number, 1, 2, 3, 4][..], &[0x55; 160]].concat()
}

/// Where the first stream of a message is.
fn shown(message: &Message) -> SocketAddr {
    let line = |start: &str| message.0.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_else(|| panic!("no {start} in {message:#?}")).to_owned();
    let address: IpAddr = line("c=IN IP4 ").parse().unwrap();
    let media = line("m=");
    SocketAddr::new(address, media.split(' ').nth(1).unwrap().parse().unwrap())
}

fn set_media(exchange: &Exchange, settings: serde_json::Value) {
    let answer = exchange.admin.call("PATCH", "/server/modules/media", Some(json!({"set": settings})));
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn relaying() -> Exchange {
    let exchange = Exchange::new();
    set_media(&exchange, json!({"force": "always"}));
    exchange
}

fn ua(exchange: &Exchange, name: &str) -> Ua {
    Ua::new(None, Ipv4Addr::LOCALHOST, exchange.sip(Ipv4Addr::LOCALHOST), name)
}

fn registered(exchange: &Exchange, name: &str) -> Ua {
    let mut ua = ua(exchange, name);
    ua.register();
    ua
}

fn streams(exchange: &Exchange) -> i64 {
    exchange.admin.call("GET", "/media/stats", None).body["streams"].as_i64().unwrap()
}

fn ringing_is_confirmed_and_offers_follow_behind_a_translator() -> Outcome {
    let mut internet = Internet::new();
    let (home, open) = (internet.home(), internet.host());
    let exchange = Exchange::open();
    let server = exchange.sip(internet.v4);
    let mut alice = Ua::new(Some(&open.space), open.v4, server, "alice");
    let mut bob = Ua::new(Some(&home.space), home.v4, server, "bob");
    alice.register();
    bob.register();
    let invited = alice.invite(BOB, RELIABLE);
    let invite = bob.expect("INVITE");
    let relay = shown(&invite);
    assert_eq!(relay.ip(), internet.v4);
    let mut theirs = bob.reply_with(&invite, 183, "Session Progress", "Require: 100rel\r\nRSeq: 7\r\n", &bob.sdp());
    let progress = alice.wait("183", |message| message.status() == 183);
    assert_eq!(shown(&progress).ip(), internet.v4);
    let mut ours = alice.dialog(&invited, &progress).early();
    // What the telephone says of itself leads nowhere: it is reached by the way of its branch.
    alice.send_in(&mut ours, "PRACK", "RAck: 7 1 INVITE\r\n", "");
    bob.reply(&bob.expect("PRACK"), 200, "OK");
    assert_eq!(alice.answered_in(&ours, "PRACK").status(), 200);
    let described = "Content-Type: application/sdp\r\n";
    alice.send_in(&mut ours, "UPDATE", described, &alice.sdp());
    let update = bob.expect("UPDATE");
    assert_eq!(shown(&update), relay, "the port stays");
    bob.reply_with(&update, 200, "OK", "", &bob.sdp());
    assert_eq!(shown(&alice.answered_in(&ours, "UPDATE")), shown(&progress));
    bob.send_in(&mut theirs, "UPDATE", described, &bob.sdp());
    let update = alice.expect("UPDATE");
    assert_eq!(shown(&update), shown(&progress));
    alice.reply_with(&update, 200, "OK", "", &alice.sdp());
    assert_eq!(shown(&bob.answered_in(&theirs, "UPDATE")), relay);
    bob.reply_with(&invite.within(&theirs), 200, "OK", "", "");
    let (answer, dialog) = alice.outcome(&invited);
    assert_eq!(answer.status(), 200);
    bob.expect("ACK");
    let mut dialog = dialog.unwrap();
    dialog = dialog.early();
    alice.send_in(&mut dialog, "BYE", "", "");
    bob.reply(&bob.expect("BYE"), 200, "OK");
    exchange.ended("bob", "answered", "caller");
    Ok(())
}

/// The WAN address is that of a NAT in front, and on no machine here.
fn each_side_is_shown_the_address_of_its_own_network() -> Outcome {
    let mut internet = Internet::new();
    let (inside, outside) = (internet.host(), internet.host());
    let exchange = Exchange::open();
    let (lan, wan) = (internet.v4, internet.nobody());
    assert_eq!(exchange.admin.call("PUT", "/network/address-lists/lan_ips", Some(json!({"lines": [inside.v4.to_string()]}))).status, 200);
    set_media(&exchange, json!({"lan_ipv4": lan, "wan_ipv4": wan}));
    let mut phones = [("alice", &inside), ("bob", &outside)].map(|(name, host)| Ua::new(Some(&host.space), host.v4, exchange.sip(internet.v4), name));
    phones.iter_mut().for_each(Ua::register);
    let [alice, bob] = &mut phones;
    for (uri, addresses) in [(BOB, [lan, wan]), ("sip:alice@main.example", [wan, lan])] {
        let (caller, callee) = if uri == BOB { (&mut *alice, &*bob) } else { (&mut *bob, &*alice) };
        let invited = caller.invite(uri, "");
        let invite = callee.expect("INVITE");
        callee.reply(&invite, 200, "OK");
        let (answer, dialog) = caller.outcome(&invited);
        callee.expect("ACK");
        for (message, address, hidden) in [(&answer, addresses[0], callee.local), (&invite, addresses[1], caller.local)] {
            let place = shown(message);
            assert_eq!((place.ip(), (20_000..=31_999).contains(&place.port())), (address.into(), true));
            let body = message.0.split("\r\n\r\n").nth(1).unwrap();
            assert!(!body.contains(&hidden.ip().to_string()), "{body}");
        }
        let mut dialog = dialog.unwrap().early();
        caller.send_in(&mut dialog, "BYE", "", "");
        callee.reply(&callee.expect("BYE"), 200, "OK");
        assert_eq!(caller.answered_in(&dialog, "BYE").status(), 200);
    }
    Ok(())
}

fn an_offer_in_a_response_is_answered_in_its_prack() -> Outcome {
    let exchange = relaying();
    let (mut alice, bob) = (ua(&exchange, "alice"), registered(&exchange, "bob"));
    let (one, other) = (Sound::new(), Sound::new());
    let invited = alice.invite_with(BOB, RELIABLE, "");
    let invite = bob.expect("INVITE");
    let theirs = bob.reply_with(&invite, 183, "Session Progress", "Require: 100rel\r\nRSeq: 1\r\n", &other.audio());
    let progress = alice.wait("183", |message| message.status() == 183);
    let mut ours = alice.dialog(&invited, &progress).early();
    alice.send_in(&mut ours, "PRACK", "RAck: 1 1 INVITE\r\nContent-Type: application/sdp\r\n", &one.audio());
    let prack = bob.expect("PRACK");
    assert_ne!(shown(&prack), one.0.local_addr()?, "the answer goes by the relay");
    bob.reply(&prack, 200, "OK");
    assert_eq!(alice.answered_in(&ours, "PRACK").status(), 200);
    one.meets(shown(&progress), &other, shown(&prack), rtp);
    // The INVITE is answered without a description, and so is its ACK.
    bob.reply_with(&invite.within(&theirs), 200, "OK", "", "");
    assert_eq!(alice.outcome(&invited).0.status(), 200);
    assert!(!bob.expect("ACK").0.contains("m=audio"));
    one.meets(shown(&progress), &other, shown(&prack), rtp);
    // Without 100rel the offer comes with the 200 and its answer with the ACK.
    let (mut carol, bob) = (ua(&exchange, "carol"), bob);
    let invited = carol.invite_with(BOB, "", "");
    let invite = bob.expect("INVITE");
    bob.reply_with(&invite, 200, "OK", "", &other.audio());
    let answer = carol.wait("200", |message| message.status() == 200);
    let mut dialog = carol.dialog(&invited, &answer);
    carol.send_in(&mut dialog, "ACK", "Content-Type: application/sdp\r\n", &one.audio());
    one.meets(shown(&answer), &other, shown(&bob.expect("ACK")), rtp);
    Ok(())
}

/// Both telephones of Bob answer at once: the caller hears the first, and ends the second, each over its own connection.
fn each_fork_is_confirmed_where_it_is() -> Outcome {
    let exchange = relaying();
    let server = exchange.sip(Ipv4Addr::LOCALHOST);
    let mut alice = ua(&exchange, "alice");
    let mut phones = ["bob", "bob"].map(|name| Ua::connected(server, name));
    phones.iter_mut().for_each(Ua::register);
    let invited = alice.invite(BOB, "");
    let invites = [0, 1].map(|number: usize| phones[number].expect("INVITE"));
    let mut tags = Vec::new();
    for (phone, invite) in phones.iter().zip(&invites) {
        phone.reply_with(invite, 200, "OK", "", &phone.sdp());
        let answer = alice.wait("200", |message| message.status() == 200);
        let mut dialog = alice.dialog(&invited, &answer);
        alice.send_in(&mut dialog, "ACK", "", "");
        let ack = phone.expect("ACK");
        assert!(ack.field("To").unwrap().ends_with(&dialog.remote_tag));
        tags.push(dialog);
    }
    let [first, mut second]: [_; 2] = tags.try_into().unwrap_or_else(|_| panic!());
    alice.send_in(&mut second, "BYE", "", "");
    phones[1].reply(&phones[1].expect("BYE"), 200, "OK");
    assert_eq!(alice.answered_in(&second, "BYE").status(), 200);
    assert_eq!(exchange.live()["state"], "connected", "the call goes on with the first");
    let mut first = first.early();
    alice.send_in(&mut first, "BYE", "", "");
    phones[0].reply(&phones[0].expect("BYE"), 200, "OK");
    exchange.ended("bob", "answered", "caller");
    Ok(())
}

fn what_cannot_be_relayed_ends_at_both_ends() -> Outcome {
    let exchange = relaying();
    let (mut alice, bob) = (ua(&exchange, "alice"), registered(&exchange, "bob"));
    let invited = alice.invite_with(BOB, "", "this is no description");
    let (answer, _) = alice.outcome(&invited);
    assert_eq!(answer.start(), "SIP/2.0 400 Bad SDP");
    let many = alice.sdp().replace("40000 RTP", "40000/2 RTP");
    let invited = alice.invite_with(BOB, "", &many);
    assert_eq!(alice.outcome(&invited).0.status(), 488);
    // More streams than were offered; early it is called off, late it is taken and ended.
    let unfit = format!("{}m=audio 40002 RTP/AVP 0\r\n", bob.sdp());
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply_with(&invite, 183, "Session Progress", "", &unfit);
    assert_eq!(alice.outcome(&invited).0.status(), 488);
    bob.reply(&bob.expect("CANCEL"), 200, "OK");
    bob.reply(&invite, 487, "Request Terminated");
    bob.expect("ACK");
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply_with(&invite, 200, "OK", "", &unfit);
    assert_eq!(alice.outcome(&invited).0.status(), 488);
    bob.expect("ACK");
    bob.reply(&bob.expect("BYE"), 200, "OK");
    let record = exchange.ended("bob", "incompatible", "media");
    assert_eq!((record["final_code"].as_i64(), streams(&exchange)), (Some(488), 0));
    Ok(())
}

fn ports_run_out_and_come_back() -> Outcome {
    let exchange = relaying();
    set_media(&exchange, json!({"first_port": 21_000, "last_port": 21_003}));
    let mut events = Stream::open(&exchange.admin, "system", None);
    let (mut alice, mut carol, bob) = (ua(&exchange, "alice"), ua(&exchange, "carol"), registered(&exchange, "bob"));
    let invited = alice.invite(BOB, "");
    bob.reply(&bob.expect("INVITE"), 486, "Busy Here");
    bob.expect("ACK");
    assert_eq!(alice.outcome(&invited).0.status(), 486);
    // Both pairs rest now.
    let invited = carol.invite(BOB, "");
    let (answer, _) = carol.outcome(&invited);
    assert_eq!((answer.start(), answer.field("Retry-After")), ("SIP/2.0 503 No port for media", Some("30")));
    let event = std::iter::repeat_with(|| events.next()).find(|event| event["type"] == "media.ports_exhausted").unwrap();
    assert_eq!(event["object"]["address"], "127.0.0.1");
    set_media(&exchange, json!({"first_port": 21_004, "last_port": 21_007}));
    // The relay hears of it a moment later.
    let passed = (0..100).find_map(|_| {
        let invited = carol.invite(BOB, "");
        let invite = bob.receive_within(Duration::from_millis(200));
        if invite.is_none() {
            assert_eq!(carol.outcome(&invited).0.status(), 503);
        }
        Some((invited, invite?))
    });
    let (invited, invite) = passed.expect("other ports are used");
    assert!((21_004..21_008).contains(&shown(&invite).port()));
    bob.reply(&invite, 200, "OK");
    assert_eq!(carol.outcome(&invited).0.status(), 200);
    let checks = exchange.admin.call("GET", "/server/checks", None).body;
    let ports = checks["data"].as_array().unwrap().iter().find(|check| check["check"] == "media_ports").unwrap();
    assert_eq!((&ports["state"], &ports["found"], &ports["bound"]), (&json!("failed"), &json!(2), &json!(2)), "{checks:#}");
    Ok(())
}

fn accounts_have_their_media_relayed_or_not() -> Outcome {
    let exchange = Exchange::new();
    let (mut alice, bob) = (ua(&exchange, "alice"), registered(&exchange, "bob"));
    let set = |account: &str, force: &str| {
        let answer = exchange.admin.call("PATCH", &format!("/accounts/{account}@main.example/settings"), Some(json!({"set": {"media_force": force}})));
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    for (alice_wants, bob_wants, relayed) in [("auto", "auto", false), ("auto", "always", true), ("never", "always", true), ("always", "auto", true), ("never", "auto", false)] {
        set("alice", alice_wants);
        set("bob", bob_wants);
        let (mut ours, mut theirs, invite) = crate::ua::connect(&mut alice, &bob, BOB, "");
        assert_eq!(shown(&invite).port() != 40_000, relayed, "{alice_wants} {bob_wants}");
        // A new offer in the dialog goes the same way, from either end.
        for (from, dialog, to) in [(&alice, &mut ours, &bob), (&bob, &mut theirs, &alice)] {
            from.send_in(dialog, "UPDATE", "Content-Type: application/sdp\r\n", &from.sdp());
            let update = to.expect("UPDATE");
            assert_eq!(shown(&update).port() != 40_000, relayed, "{alice_wants} {bob_wants}");
            to.reply_with(&update, 200, "OK", "", &to.sdp());
            assert_eq!(from.answered_in(dialog, "UPDATE").status(), 200);
        }
        alice.send_in(&mut ours, "BYE", "", "");
        bob.reply(&bob.expect("BYE"), 200, "OK");
        assert_eq!(alice.answered_in(&ours, "BYE").status(), 200);
        assert_eq!(exchange.record()["media_path"] == "proxy", relayed);
    }
    // The server's own setting counts when an account has none.
    set_media(&exchange, json!({"force": "always"}));
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    assert_eq!(shown(&invite).port(), 40_000, "the account wants none");
    bob.reply(&invite, 486, "Busy Here");
    assert_eq!(alice.outcome(&invited).0.status(), 486);
    Ok(())
}

fn sound_becomes_fax_and_sound_again() -> Outcome {
    let exchange = relaying();
    let (mut alice, bob) = (ua(&exchange, "alice"), registered(&exchange, "bob"));
    let (one, other) = (Sound::new(), Sound::new());
    let invited = alice.invite_with(BOB, "", &one.audio());
    let invite = bob.expect("INVITE");
    let mut theirs = bob.reply_with(&invite, 200, "OK", "", &other.audio());
    let (answer, ours) = alice.outcome(&invited);
    bob.expect("ACK");
    let (at_one, at_other) = (shown(&answer), shown(&invite));
    one.meets(at_one, &other, at_other, rtp);
    let fax = |sound: &Sound| sound.describe("m=image PORT udptl t38\r\na=T38FaxVersion:0\r\n");
    // The receiving side asks for fax, and later for sound again.
    for (media, packet) in [(fax as fn(&Sound) -> String, (|number| vec![0, number, 1, 6, 0, 0]) as fn(u8) -> Vec<u8>), (Sound::audio, rtp)] {
        bob.send_in(&mut theirs, "INVITE", "Content-Type: application/sdp\r\n", &media(&other));
        let offer = alice.expect("INVITE");
        assert_eq!(shown(&offer), at_one);
        alice.reply_with(&offer, 200, "OK", "", &media(&one));
        let answer = bob.answered_in(&theirs, "INVITE");
        assert_eq!(shown(&answer), at_other);
        let mut ack = theirs.clone();
        ack.repeat();
        bob.send_in(&mut ack, "ACK", "", "");
        alice.expect("ACK");
        one.meets(at_one, &other, at_other, packet);
    }
    // Held by its address as of old (RFC 2543), and taken up again.
    let mut ours = ours.unwrap();
    for (body, state) in [(one.audio().replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0"), "held"), (one.audio(), "connected")] {
        alice.send_in(&mut ours, "INVITE", "Content-Type: application/sdp\r\n", &body);
        let offer = bob.expect("INVITE");
        assert_eq!((shown(&offer), offer.0.ends_with("a=inactive\r\n")), (at_other, state == "held"));
        let more = if state == "held" { "a=inactive\r\n" } else { "" };
        bob.reply_with(&offer, 200, "OK", "", &format!("{}{more}", other.audio()));
        assert_eq!(alice.answered_in(&ours, "INVITE").status(), 200);
        assert_eq!(exchange.live()["state"], state);
        let mut ack = ours.clone();
        ack.repeat();
        alice.send_in(&mut ack, "ACK", "", "");
        bob.expect("ACK");
    }
    one.meets(at_one, &other, at_other, rtp);
    Ok(())
}
