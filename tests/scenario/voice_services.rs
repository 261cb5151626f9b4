//! What telephones get besides calls between them: call settings, instant messages, and states that are watched; each device
//! is played by hand over datagrams.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::client::Client;
use crate::exchange::{Exchange, PASSWORD};
use crate::ua::{Message, Ua, connect};

type Outcome = Result<(), Failed>;

const BOB: &str = "sip:bob@main.example";
const CAROL: &str = "sip:carol@main.example";

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("voice_services::{name}"), run);
    vec![
        test("settings_refuse_callers", settings_refuse_callers),
        test("settings_divert_calls", settings_divert_calls),
        test("nobody_is_called_in_a_circle_or_at_anothers_cost", nobody_is_called_in_a_circle_or_at_anothers_cost),
        test("each_member_of_a_group_decides", each_member_of_a_group_decides),
        test("owners_change_what_is_their_own", owners_change_what_is_their_own),
        test("messages_reach_devices_or_wait_for_them", messages_reach_devices_or_wait_for_them),
        test("messages_for_silent_devices_wait", messages_for_silent_devices_wait),
        test("messages_are_sent_and_read_by_operations", messages_are_sent_and_read_by_operations),
        test("states_are_told_to_whom_they_may_be", states_are_told_to_whom_they_may_be),
        test("a_roster_says_who_sees_whom", a_roster_says_who_sees_whom),
        test("a_roster_is_watched_as_a_list", a_roster_is_watched_as_a_list),
        test("strangers_send_no_messages", strangers_send_no_messages),
        test("who_watches_over_a_connection_is_told_after_a_restart", who_watches_over_a_connection_is_told_after_a_restart),
        test("calls_and_voice_messages_are_told", calls_and_voice_messages_are_told),
        test("what_another_node_changes_acts_here", what_another_node_changes_acts_here),
    ]
}

fn ua(exchange: &Exchange, name: &str) -> Ua {
    Ua::new(None, Ipv4Addr::LOCALHOST, exchange.sip(Ipv4Addr::LOCALHOST), name)
}

fn registered(exchange: &Exchange, name: &str) -> Ua {
    let mut ua = ua(exchange, name);
    ua.register();
    ua
}

fn set(exchange: &Exchange, account: &str, settings: Value) {
    let all = ["do_not_disturb", "reject_anonymous", "divert_always", "divert_busy", "divert_no_answer", "no_answer_seconds", "divert_unregistered", "simultaneous_ring", "simultaneous_ring_seconds", "call_blacklist", "call_whitelist_only", "call_waiting", "accept_calls", "relay", "presence_domain_open"];
    let unset: Vec<&str> = all.into_iter().filter(|name| settings.get(*name).is_none()).collect();
    let answer = exchange.admin.call("PATCH", &format!("/accounts/{account}@main.example/settings"), Some(json!({"set": settings, "unset": unset})));
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// What a call comes to that nobody need answer.
fn refused(alice: &mut Ua, uri: &str, more: &str) -> u16 {
    let invited = alice.invite(uri, more);
    alice.outcome(&invited).0.status()
}

/// Accounts are remembered for minutes; the notice of a commit tells that they changed, whoever committed it.
fn what_another_node_changes_acts_here() -> Outcome {
    let exchange = Exchange::new();
    let mut alice = registered(&exchange, "alice");
    let status = |alice: &mut Ua| alice.request("REGISTER", "sip:main.example", "Expires: 600\r\n", "").status();
    exchange.server().sql("UPDATE account SET settings = settings || '{\"sip\": false}' WHERE name = 'alice'");
    assert_eq!(status(&mut alice), 200, "it is remembered");
    exchange.server().sql("SELECT pg_notify('postamt', 'accounts')");
    assert!((0..2000).any(|_| status(&mut alice) == 403), "the notice is heard");
    Ok(())
}

fn settings_refuse_callers() -> Outcome {
    let exchange = Exchange::new();
    let (mut alice, bob) = (ua(&exchange, "alice"), registered(&exchange, "bob"));
    for (settings, more, status) in [
        (json!({"accept_calls": false}), "", 480),
        (json!({"reject_anonymous": true}), "Privacy: id\r\n", 433),
        (json!({"call_blacklist": ["alice@main.example"]}), "", 603),
        (json!({"call_blacklist": ["al*"]}), "", 603),
        (json!({"call_whitelist_only": true}), "", 603),
        (json!({"do_not_disturb": true}), "", 486),
    ] {
        set(&exchange, "bob", settings.clone());
        assert_eq!(refused(&mut alice, BOB, more), status, "{settings}");
    }
    // One call at a time.
    set(&exchange, "bob", json!({"call_waiting": false}));
    let mut carol = ua(&exchange, "carol");
    let (mut dialog, ..) = connect(&mut carol, &bob, BOB, "");
    assert_eq!(refused(&mut alice, BOB, ""), 486);
    assert!(exchange.record()["routed"].to_string().contains("others do not wait"));
    carol.send_in(&mut dialog, "BYE", "", "");
    let bye = bob.expect("BYE");
    bob.reply(&bye, 200, "OK");
    set(&exchange, "bob", json!({"do_not_disturb": true}));
    assert_eq!(refused(&mut alice, BOB, ""), 486);
    // The telephone heard nothing of it.
    assert!(bob.receive_within(Duration::from_millis(200)).is_none());
    let record = exchange.record();
    let steps = record["routed"].to_string();
    assert!(steps.contains("does not want to be disturbed"), "{record:#}");
    let notes = exchange.admin.call("GET", &format!("/calls/{}/trace", record["id"].as_str().unwrap()), None).body["notes"].clone();
    assert!(notes.as_array().unwrap().iter().any(|note| note["kind"] == "rule"), "{notes:#}");
    Ok(())
}

/// Carol gets the call, and the caller hears her.
fn carol_answers(alice: &mut Ua, carol: &Ua, uri: &str) -> Message {
    let invited = alice.invite(uri, "");
    take(alice, carol, &invited)
}

fn take(alice: &mut Ua, carol: &Ua, invited: &crate::ua::Invited) -> Message {
    let invite = carol.expect("INVITE");
    carol.reply(&invite, 200, "OK");
    let (answer, dialog) = alice.outcome(invited);
    assert_eq!(answer.status(), 200, "{answer:#?}");
    carol.expect("ACK");
    let mut dialog = dialog.unwrap();
    alice.send_in(&mut dialog, "BYE", "", "");
    let bye = carol.expect("BYE");
    carol.reply(&bye, 200, "OK");
    invite
}

fn settings_divert_calls() -> Outcome {
    let exchange = Exchange::new();
    let (mut alice, bob, carol) = (ua(&exchange, "alice"), registered(&exchange, "bob"), registered(&exchange, "carol"));
    set(&exchange, "bob", json!({"divert_always": "carol"}));
    let invite = carol_answers(&mut alice, &carol, BOB);
    assert_eq!(invite.field("Diversion"), Some("<sip:bob@main.example>;reason=unconditional"));
    set(&exchange, "bob", json!({"do_not_disturb": true, "divert_busy": CAROL}));
    assert!(carol_answers(&mut alice, &carol, BOB).field("Diversion").unwrap().contains("user-busy"));
    // Busy by its own word.
    set(&exchange, "bob", json!({"divert_busy": "carol@main.example"}));
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 486, "Busy Here");
    bob.expect("ACK");
    take(&mut alice, &carol, &invited);
    // Nobody answers.
    set(&exchange, "bob", json!({"divert_no_answer": "carol", "no_answer_seconds": 1}));
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 180, "Ringing");
    let cancel = bob.expect("CANCEL");
    bob.reply(&cancel, 200, "OK");
    bob.reply(&invite, 487, "Request Terminated");
    assert!(take(&mut alice, &carol, &invited).field("Diversion").unwrap().contains("no-answer"));
    // Both ring; who answers gets it.
    set(&exchange, "bob", json!({"simultaneous_ring": ["carol"]}));
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 180, "Ringing");
    take(&mut alice, &carol, &invited);
    let cancel = bob.expect("CANCEL");
    bob.reply(&cancel, 200, "OK");
    bob.reply(&invite, 487, "Request Terminated");
    // The others ring later.
    set(&exchange, "bob", json!({"simultaneous_ring": ["carol"], "simultaneous_ring_seconds": 1}));
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 180, "Ringing");
    assert!(carol.receive_within(Duration::from_millis(300)).is_none());
    take(&mut alice, &carol, &invited);
    let cancel = bob.expect("CANCEL");
    bob.reply(&cancel, 200, "OK");
    bob.reply(&invite, 487, "Request Terminated");
    // A telephone redirects.
    set(&exchange, "bob", json!({}));
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    let moved = format!("SIP/2.0 302 Moved\r\n{}Contact: <{CAROL}>\r\nContent-Length: 0\r\n\r\n", echoed(&invite));
    bob.send(moved.as_bytes());
    take(&mut alice, &carol, &invited);
    // Where it leads nowhere, the caller hears of it.
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    let moved = format!("SIP/2.0 302 Moved\r\n{}Contact: <sip:nobody@main.example>\r\nContent-Length: 0\r\n\r\n", echoed(&invite));
    bob.send(moved.as_bytes());
    assert_eq!(alice.outcome(&invited).0.status(), 302);
    // No telephone.
    set(&exchange, "alice", json!({"divert_unregistered": "carol"}));
    let mut bob = bob;
    assert!(carol_answers(&mut bob, &carol, "sip:alice@main.example").field("Diversion").unwrap().contains("unavailable"));
    Ok(())
}

/// The fields of a request that its response repeats.
fn echoed(request: &Message) -> String {
    let mut text = String::new();
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        for value in request.fields(name) {
            let tag = if name == "To" { ";tag=moved" } else { "" };
            text += &format!("{name}: {value}{tag}\r\n");
        }
    }
    text
}

fn nobody_is_called_in_a_circle_or_at_anothers_cost() -> Outcome {
    let exchange = Exchange::new();
    let mut alice = ua(&exchange, "alice");
    set(&exchange, "bob", json!({"divert_always": "carol"}));
    set(&exchange, "carol", json!({"divert_always": "bob"}));
    assert_eq!(refused(&mut alice, BOB, ""), 480);
    assert!(exchange.record()["routed"].to_string().contains("was called already"));
    // Bob may not call other servers, so nobody gets there by calling him; this caller might himself.
    set(&exchange, "bob", json!({"divert_always": "x@remote.example", "relay": false}));
    assert_eq!(refused(&mut alice, BOB, ""), 480);
    assert!(exchange.record()["routed"].to_string().contains("is refused"), "{:#}", exchange.record());
    // Too many in a row.
    for n in 1..=7 {
        let made = exchange.admin.call("POST", "/domains/main.example/accounts", Some(json!({"name": format!("n{n}")})));
        assert_eq!(made.status, 201, "{}", made.body);
        set(&exchange, &format!("n{n}"), json!({"divert_always": format!("n{}", n + 1)}));
    }
    assert_eq!(refused(&mut alice, "sip:n1@main.example", ""), 482);
    Ok(())
}

fn each_member_of_a_group_decides() -> Outcome {
    let exchange = Exchange::new();
    let (mut alice, bob, carol) = (ua(&exchange, "alice"), registered(&exchange, "bob"), registered(&exchange, "carol"));
    let made = exchange.admin.call("POST", "/domains/main.example/groups", Some(json!({"name": "team", "members": ["bob", "carol"]})));
    assert_eq!(made.status, 201, "{}", made.body);
    let team = "sip:team@main.example";
    set(&exchange, "bob", json!({"do_not_disturb": true}));
    carol_answers(&mut alice, &carol, team);
    assert!(bob.receive_within(Duration::from_millis(200)).is_none());
    // One is busy and sends it on to who rings already: nobody rings twice.
    set(&exchange, "bob", json!({"divert_busy": "carol"}));
    let invited = alice.invite(team, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 486, "Busy Here");
    bob.expect("ACK");
    take(&mut alice, &carol, &invited);
    // All are busy: one of them sends the call on.
    set(&exchange, "bob", json!({"divert_busy": "alice"}));
    let mut dora = alice;
    dora.register();
    let mut caller = ua(&exchange, "carol");
    let invited = caller.invite(team, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 486, "Busy Here");
    let invite = carol.expect("INVITE");
    carol.reply(&invite, 486, "Busy Here");
    take(&mut caller, &dora, &invited);
    Ok(())
}

fn signed_in(exchange: &Exchange, name: &str) -> Client {
    let mut client = Client::new(exchange.server().port());
    assert_eq!(client.sign_in(&format!("{name}@main.example"), PASSWORD), 200);
    client
}

fn owners_change_what_is_their_own() -> Outcome {
    let exchange = Exchange::new();
    let bob = signed_in(&exchange, "bob");
    let change = |account: &str, set: Value| bob.call("PATCH", &format!("/accounts/{account}/settings"), Some(json!({"set": set}))).status;
    assert_eq!(change("me", json!({"divert_busy": "carol", "call_waiting": false})), 200);
    assert_eq!(change("me", json!({"divert_busy": "carol", "calls_limit": 5})), 403);
    assert_eq!(change("me", json!({"relay": true})), 403);
    assert_eq!(change("carol@main.example", json!({"divert_busy": "bob"})), 403);
    assert_eq!(change("me", json!({"no_answer_seconds": 0})), 422);
    let described = exchange.list("/meta/settings");
    let account = described.iter().find(|group| group["object"] == "account").unwrap();
    let own = account["settings"].as_array().unwrap().iter().find(|setting| setting["key"] == "divert_busy").unwrap();
    assert_eq!(own["own"], true);
    Ok(())
}

const TEXT: &str = "Content-Type: text/plain\r\n";

fn messages_reach_devices_or_wait_for_them() -> Outcome {
    let mut exchange = Exchange::new();
    let mut alice = ua(&exchange, "alice");
    let mut bob = registered(&exchange, "bob");
    let send = |ua: &mut Ua, uri: &str, text: &str| {
        let request = ua.make("MESSAGE", uri, TEXT, text);
        ua.send(request.as_bytes());
    };
    send(&mut alice, BOB, "hello bob");
    let came = bob.expect("MESSAGE");
    assert!(came.0.ends_with("hello bob"));
    bob.reply(&came, 200, "OK");
    assert_eq!(alice.wait("200", |message| message.status() >= 200).status(), 200);
    for text in ["first", "second"] {
        assert_eq!(alice.request("MESSAGE", CAROL, TEXT, text).status(), 202);
    }
    // Nobody is, and who is typing need not be known later.
    assert_eq!(alice.request("MESSAGE", "sip:nobody@main.example", TEXT, "x").status(), 404);
    assert_eq!(alice.request("MESSAGE", CAROL, "Content-Type: application/im-iscomposing+xml\r\n", "<isComposing/>").status(), 480);
    // What waits survives the server, and comes in order.
    exchange.kill();
    let carol = registered(&exchange, "carol");
    for text in ["first", "second"] {
        let came = carol.expect("MESSAGE");
        assert!(came.0.ends_with(text), "{came:#?}");
        assert!(came.field("From").unwrap().contains("alice@main.example") && came.field("Date").is_some());
        carol.reply(&came, 200, "OK");
    }
    assert!(carol.receive_within(Duration::from_millis(300)).is_none());
    exchange.admin.sign_in("postmaster", PASSWORD);
    let carol = signed_in(&exchange, "carol");
    let listed = until(|| {
        let data = carol.call("GET", "/accounts/me/conversations/alice@main.example/messages", None).body["data"].clone();
        data.as_array().unwrap().iter().all(|message| message["state"] == "delivered").then_some(data)
    });
    let texts: Vec<&str> = listed.as_array().unwrap().iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["second", "first"], "{listed:#}");
    // No device takes more than 64 KiB.
    let body = "x".repeat(65_537);
    let request = alice.make("MESSAGE", CAROL, TEXT, &body).replace("SIP/2.0/UDP", "SIP/2.0/TCP");
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, exchange.port())).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"SIP/2.0 513 ");
    // A device that refuses is believed.
    bob.register();
    send(&mut alice, BOB, "no");
    let came = bob.expect("MESSAGE");
    bob.reply(&came, 603, "Decline");
    assert_eq!(alice.wait("603", |message| message.status() >= 200).status(), 603);
    Ok(())
}

fn messages_for_silent_devices_wait() -> Outcome {
    let exchange = Exchange::new();
    let (mut alice, mut bob) = (ua(&exchange, "alice"), registered(&exchange, "bob"));
    // The telephone is gone without a word.
    assert_eq!(alice.request("MESSAGE", BOB, TEXT, "still there?").status(), 202);
    while bob.receive_within(Duration::from_millis(100)).is_some() {}
    assert!(bob.receive_within(Duration::from_secs(5)).is_none(), "it is sent on though it waits");
    bob.register();
    let came = bob.expect("MESSAGE");
    assert!(came.0.ends_with("still there?"), "{came:#?}");
    bob.reply(&came, 200, "OK");
    Ok(())
}

/// Asks again until there is an answer; there is no event to wait for.
fn until<T>(ask: impl Fn() -> Option<T>) -> T {
    let give_up = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < give_up, "it did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn messages_are_sent_and_read_by_operations() -> Outcome {
    let exchange = Exchange::new();
    let (alice, bob) = (signed_in(&exchange, "alice"), signed_in(&exchange, "bob"));
    let messages = "/accounts/me/conversations/bob@main.example/messages";
    let stored = alice.call("POST", messages, Some(json!({"text": "later"})));
    assert_eq!((stored.status, &stored.body["state"]), (201, &json!("stored")), "{}", stored.body);
    let device = registered(&exchange, "bob");
    let came = device.expect("MESSAGE");
    assert!(came.0.ends_with("later"));
    device.reply(&came, 200, "OK");
    std::thread::scope(|scope| {
        let sent = scope.spawn(|| alice.call("POST", messages, Some(json!({"text": "now"}))));
        let came = device.expect("MESSAGE");
        assert!(came.0.ends_with("now") && came.field("P-Asserted-Identity").unwrap().contains("alice@main.example"), "{came:#?}");
        device.reply(&came, 200, "OK");
        let sent = sent.join().unwrap();
        assert_eq!((sent.status, &sent.body["state"]), (201, &json!("delivered")), "{}", sent.body);
    });
    let nobody = alice.call("POST", "/accounts/me/conversations/nobody/messages", Some(json!({"text": "x"})));
    assert_eq!((nobody.status, &nobody.body["code"]), (422, &json!("unknown_recipient")), "{}", nobody.body);
    let listed = until(|| {
        let listed = bob.call("GET", "/accounts/me/conversations", None).body["data"].clone();
        (listed[0]["unread"] == 2).then_some(listed)
    });
    assert_eq!((&listed[0]["peer"], &listed[0]["last"]["text"]), (&json!("alice@main.example"), &json!("now")), "{listed:#}");
    let ours = until(|| {
        let ours = alice.call("GET", messages, None).body["data"].clone();
        (ours.as_array().unwrap().len() == 2).then_some(ours)
    });
    assert!(ours.as_array().unwrap().iter().all(|message| message["outgoing"] == true), "{ours:#}");
    let of_alice = "/accounts/me/conversations/alice@main.example";
    assert_eq!(bob.call("POST", &format!("{of_alice}/read"), Some(json!({}))).body["marked"], 2);
    assert_eq!(bob.call("GET", "/accounts/me/conversations", None).body["data"][0]["unread"], 0);
    let told = exchange.server().sql("SELECT type, object->>'state', account_id = (SELECT id FROM account WHERE name = 'bob') FROM event WHERE topic = 'im' ORDER BY seq");
    assert_eq!(told, "message.sent|stored|f\nmessage.received|waiting|t\nmessage.sent|delivered|f\nmessage.received|delivered|t");
    // Nobody floods.
    let codes: Vec<u16> = (0..60).map(|_| alice.call("POST", "/accounts/me/conversations/nobody/messages", Some(json!({"text": "x"}))).status).collect();
    assert_eq!((codes.first(), codes.last()), (Some(&422), Some(&429)), "{codes:?}");
    // Nobody reads what others say, not the domain's administrator either.
    for client in [&alice, &exchange.admin] {
        let answer = client.call("GET", "/accounts/bob@main.example/conversations", None);
        assert_eq!(answer.status, if std::ptr::eq(client, &exchange.admin) { 200 } else { 403 }, "{}", answer.body);
    }
    assert_eq!(alice.call("POST", "/accounts/bob@main.example/conversations/carol/messages", Some(json!({"text": "x"}))).status, 403);
    assert_eq!(bob.call("DELETE", of_alice, None).status, 204);
    assert_eq!(bob.call("DELETE", of_alice, None).status, 404);
    assert_eq!(alice.call("GET", messages, None).body["data"].as_array().unwrap().len(), 2);
    Ok(())
}

/// Subscribes and answers the first NOTIFY, which it gives.
fn subscribe(watcher: &mut Ua, package: &str, uri: &str) -> Message {
    let answer = watcher.request("SUBSCRIBE", uri, &format!("Event: {package}\r\nExpires: 600\r\n"), "");
    assert_eq!(answer.status(), 200, "{answer:#?}");
    notified(watcher)
}

fn notified(watcher: &Ua) -> Message {
    let notify = watcher.expect("NOTIFY");
    watcher.reply(&notify, 200, "OK");
    notify
}

fn states_are_told_to_whom_they_may_be() -> Outcome {
    let mut exchange = Exchange::new();
    let (mut alice, mut bob) = (ua(&exchange, "alice"), ua(&exchange, "bob"));
    let first = subscribe(&mut alice, "presence", BOB);
    assert!(first.0.contains("<basic>closed</basic>") && first.field("Subscription-State").unwrap().starts_with("active"), "{first:#?}");
    let watchers = subscribe(&mut bob, "presence.winfo", BOB);
    assert!(watchers.0.contains("sip:alice@main.example"), "{watchers:#?}");
    let bindings = subscribe(&mut bob, "reg", BOB);
    assert!(bindings.0.contains("state=\"init\""), "{bindings:#?}");
    bob.register();
    let bindings = notified(&bob);
    assert!(bindings.0.contains("state=\"active\"") && bindings.0.contains(&bob.local.to_string()), "{bindings:#?}");
    // Not before five seconds after the last.
    assert!(notified(&alice).0.contains("<basic>open</basic>"));
    let document = "<?xml version=\"1.0\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"sip:bob@main.example\"><tuple id=\"1\"><status><basic>open</basic></status></tuple><note>lunch</note><dm:person id=\"2\"><r:activities><r:meal/></r:activities></dm:person></presence>";
    let published = bob.request("PUBLISH", BOB, "Event: presence\r\nContent-Type: application/pidf+xml\r\n", document);
    assert_eq!(published.status(), 200, "{published:#?}");
    assert!(published.field("SIP-ETag").is_some());
    let told = notified(&alice);
    assert!(told.0.contains("lunch") && told.0.contains("away"), "{told:#?}");
    assert_eq!(alice.request("PUBLISH", BOB, "Event: presence\r\nContent-Type: application/pidf+xml\r\n", document).status(), 403);
    // By operation.
    let client = signed_in(&exchange, "bob");
    let shown = client.call("GET", "/presence/me", None).body;
    assert_eq!((&shown["status"], &shown["note"], &shown["devices"]), (&json!("away"), &json!("lunch"), &json!(1)), "{shown:#}");
    let said = client.call("PUT", "/presence/me", Some(json!({"status": "invisible", "note": "away from all"})));
    assert_eq!((said.status, &said.body["status"]), (200, &json!("invisible")), "{}", said.body);
    assert!(notified(&alice).0.contains("<basic>closed</basic>"));
    let seen = signed_in(&exchange, "alice").call("GET", "/presence/bob@main.example", None).body;
    assert_eq!((&seen["status"], &seen["note"]), (&json!("offline"), &json!("")), "{seen:#}");
    // What others may not know, and what nobody tells.
    for (package, status) in [("message-summary", 403), ("reg", 403), ("presence.winfo", 403), ("dialog", 200), ("nonsense", 489)] {
        let carol_asks = ua(&exchange, "carol").request("SUBSCRIBE", "sip:alice@main.example", &format!("Event: {package}\r\n"), "");
        assert_eq!(carol_asks.status(), status, "{package}: {carol_asks:#?}");
    }
    let listed = exchange.list("/sip/subscriptions?account=bob@main.example");
    let packages: Vec<&str> = listed.iter().map(|one| one["package"].as_str().unwrap()).collect();
    assert_eq!(packages, ["presence", "presence.winfo", "reg"], "{listed:#?}");
    assert_eq!(listed[0]["watcher"], "alice@main.example");
    // A subscription is refreshed and ended in its dialog.
    let mut dialog = bob.reply(&bindings, 200, "OK");
    for (expires, state) in [(300, "active;expires="), (0, "terminated;reason=timeout")] {
        bob.send_in(&mut dialog, "SUBSCRIBE", &format!("Event: reg\r\nExpires: {expires}\r\n"), "");
        let answer = bob.answered_in(&dialog, "SUBSCRIBE");
        assert_eq!((answer.status(), answer.field("Expires")), (200, Some(&*expires.to_string())), "{answer:#?}");
        let notify = bob.wait("reg", |message| message.is("NOTIFY") && message.field("Event") == Some("reg"));
        bob.reply(&notify, 200, "OK");
        assert!(notify.field("Subscription-State").unwrap().starts_with(state), "{notify:#?}");
    }
    // Who watches is told anew after a restart, in the dialogs there were.
    until(|| (exchange.server().sql("SELECT count(*) FROM sip_subscription WHERE package IN ('presence', 'presence.winfo', 'reg')") == "2").then_some(()));
    exchange.kill();
    let again = notified(&alice);
    assert_eq!(again.field("Call-ID"), first.field("Call-ID"));
    let number = |message: &Message| message.field("CSeq").unwrap().split(' ').next().unwrap().parse::<u32>().unwrap();
    assert!(number(&again) > number(&first) && again.0.contains("<basic>closed</basic>"), "{again:#?}");
    Ok(())
}

const ROSTER: &str = "/accounts/me/roster";

fn a_roster_says_who_sees_whom() -> Outcome {
    let exchange = Exchange::new();
    let (mut alice, _device) = (ua(&exchange, "alice"), registered(&exchange, "bob"));
    set(&exchange, "bob", json!({"presence_domain_open": false}));
    let (of_alice, of_bob) = (signed_in(&exchange, "alice"), signed_in(&exchange, "bob"));
    let entry = |client: &Client, peer: &str| client.call("GET", ROSTER, None).body["data"].as_array().unwrap().iter().find(|one| one["peer"] == peer).cloned().unwrap_or_default();
    // Who watches unasked is told nothing, and asks by it.
    let first = subscribe(&mut alice, "presence", BOB);
    assert!(first.field("Subscription-State").unwrap().starts_with("pending") && first.0.contains("<basic>closed</basic>"), "{first:#?}");
    let asks = entry(&of_bob, "alice@main.example");
    assert_eq!((&asks["waiting"], &asks["known"], &asks["subscription"]), (&json!(true), &json!(false), &json!("none")), "{asks}");
    assert_eq!(of_alice.call("GET", "/presence/bob@main.example", None).status, 403);
    let approve = |yes: bool| of_bob.call("POST", &format!("{ROSTER}/alice@main.example/approve"), Some(json!({"approve": yes})));
    let approved = approve(true);
    assert_eq!((approved.status, &approved.body["subscription"], &approved.body["waiting"], &approved.body["known"]), (200, &json!("from"), &json!(false), &json!(true)), "{}", approved.body);
    let told = notified(&alice);
    assert!(told.field("Subscription-State").unwrap().starts_with("active") && told.0.contains("<basic>open</basic>"), "{told:#?}");
    assert_eq!(of_alice.call("GET", "/presence/bob@main.example", None).status, 200);
    // Another time it is known at once.
    let again = subscribe(&mut alice, "presence", BOB);
    assert!(again.field("Subscription-State").unwrap().starts_with("active"), "{again:#?}");
    let added = of_alice.call("POST", ROSTER, Some(json!({"peer": "robert", "name": "Bob", "groups": ["Work"]})));
    assert_eq!((added.status, &added.body["peer"], &added.body["subscription"], &added.body["asked"]), (201, &json!("bob@main.example"), &json!("to"), &json!(false)), "{}", added.body);
    // It is taken back: both ways to watch end.
    assert_eq!(approve(false).status, 200);
    for _ in 0..2 {
        let over = notified(&alice);
        assert_eq!(over.field("Subscription-State"), Some("terminated;reason=rejected"), "{over:#?}");
    }
    assert_eq!(entry(&of_alice, "bob@main.example")["subscription"], "none");
    assert_eq!(approve(false).status, 409, "nobody asks");
    // Asked by an operation, and let.
    let asked = of_alice.call("POST", ROSTER, Some(json!({"peer": "bob"})));
    assert_eq!((asked.status, &asked.body["asked"], &asked.body["name"]), (201, &json!(true), &json!("")), "{}", asked.body);
    approve(true);
    assert_eq!(of_bob.call("POST", ROSTER, Some(json!({"peer": "alice"}))).body["asked"], true);
    assert_eq!(of_alice.call("POST", &format!("{ROSTER}/bob@main.example/approve"), Some(json!({}))).body["subscription"], "both");
    let renamed = of_bob.call("PATCH", &format!("{ROSTER}/alice@main.example"), Some(json!({"name": "Al"}))).body;
    assert_eq!((&renamed["name"], &renamed["subscription"]), (&json!("Al"), &json!("both")));
    assert_eq!(of_bob.call("DELETE", &format!("{ROSTER}/alice@main.example"), None).status, 204);
    assert_eq!((entry(&of_bob, "alice@main.example"), &entry(&of_alice, "bob@main.example")["subscription"]), (Value::Null, &json!("none")));
    // What cannot be, and whose it is.
    for (peer, status) in [("alice", 422), ("nobody", 422), ("friend@far.example", 201), ("a b@far.example", 422)] {
        assert_eq!(of_alice.call("POST", ROSTER, Some(json!({"peer": peer}))).status, status, "{peer}");
    }
    assert_eq!(of_alice.call("GET", "/accounts/bob@main.example/roster", None).status, 403);
    assert_eq!(of_alice.call("POST", "/accounts/bob@main.example/roster", Some(json!({"peer": "carol"}))).status, 403);
    assert_eq!(exchange.admin.call("PATCH", "/accounts/alice@main.example/settings", Some(json!({"set": {"max_roster_items": 2}}))).status, 200);
    assert_eq!(of_alice.call("POST", ROSTER, Some(json!({"peer": "carol"}))).status, 409);
    Ok(())
}

/// What is told of each member of a list: `(uri, instance and name, state)`.
fn members(told: &Message) -> Vec<(String, String, String)> {
    let boundary = told.field("Content-Type").unwrap().split("boundary=\"").nth(1).unwrap().trim_end_matches('"').to_owned();
    let parts: Vec<&str> = told.0.split(&format!("--{boundary}")).collect();
    let list = parts.iter().find(|part| part.contains("<list ")).unwrap_or_else(|| panic!("{told:#?}"));
    let mut all = Vec::new();
    for resource in list.split("<resource uri=\"").skip(1) {
        let (uri, rest) = resource.split_once('"').unwrap();
        let cid = rest.split("cid=\"").nth(1).and_then(|rest| rest.split('"').next());
        let body = cid.map_or("", |cid| parts.iter().find(|part| part.contains(&format!("Content-ID: <{cid}>"))).unwrap_or_else(|| panic!("{told:#?}")));
        all.push((uri.to_owned(), rest.split("</resource>").next().unwrap().to_owned(), body.to_owned()));
    }
    all
}

fn a_roster_is_watched_as_a_list() -> Outcome {
    const LIST: &str = "sip:roster@main.example";
    let mut exchange = Exchange::new();
    let (mut alice, mut bob, mut carol) = (ua(&exchange, "alice"), registered(&exchange, "bob"), ua(&exchange, "carol"));
    for name in ["bob", "carol"] {
        set(&exchange, name, json!({"presence_domain_open": false}));
    }
    let of = |name: &str| signed_in(&exchange, name);
    let (of_alice, of_bob) = (of("alice"), of("bob"));
    let add = |body: Value| assert_eq!(of_alice.call("POST", ROSTER, Some(body)).status, 201);
    add(json!({"peer": "bob", "name": "Bob & Co"}));
    add(json!({"peer": "carol"}));
    add(json!({"peer": "friend@far.example"}));
    let approve = |client: &Client, yes: bool| assert_eq!(client.call("POST", &format!("{ROSTER}/alice@main.example/approve"), Some(json!({"approve": yes}))).status, 200);
    approve(&of_bob, true);
    // Who cannot read lists is not told of one, and there is none of what lists do not show.
    let asked = alice.request("SUBSCRIBE", LIST, "Event: presence\r\n", "");
    assert_eq!((asked.status(), asked.field("Require")), (421, Some("eventlist")), "{asked:#?}");
    for (uri, package, status) in [(LIST, "reg", 489), ("sip:roster2@main.example", "presence", 404)] {
        let asked = alice.request("SUBSCRIBE", uri, &format!("Event: {package}\r\nSupported: eventlist\r\n"), "");
        assert_eq!(asked.status(), status, "{uri} {package}: {asked:#?}");
    }
    let watch = |watcher: &mut Ua, package: &str| {
        let answer = watcher.request("SUBSCRIBE", LIST, &format!("Event: {package}\r\nSupported: eventlist\r\nAccept: multipart/related, application/rlmi+xml, application/pidf+xml, application/dialog-info+xml\r\nExpires: 600\r\n"), "");
        assert_eq!((answer.status(), answer.field("Require")), (200, Some("eventlist")), "{answer:#?}");
        notified(watcher)
    };
    let first = watch(&mut alice, "presence");
    assert_eq!(first.field("Require"), Some("eventlist"));
    assert!(first.0.contains("version=\"0\" fullState=\"true\"") && first.0.contains("uri=\"sip:roster@main.example\""), "{first:#?}");
    let told = members(&first);
    let uris: Vec<&str> = told.iter().map(|(uri, ..)| &**uri).collect();
    assert_eq!(uris, ["sip:bob@main.example", "sip:carol@main.example", "sip:friend@far.example"]);
    assert!(told[0].1.contains("state=\"active\"") && told[0].1.contains("<name>Bob &amp; Co</name>") && told[0].2.contains("<basic>open</basic>"), "{told:#?}");
    assert!(told[1].1.contains("state=\"pending\"") && told[1].2.is_empty(), "{told:#?}");
    assert!(told[2].1.contains("state=\"terminated\" reason=\"noresource\"") && told[2].2.is_empty(), "{told:#?}");
    // Only what is another state, and not of whom she may not see.
    let said = |client: &Client, status: &str| assert_eq!(client.call("PUT", "/presence/me", Some(json!({"status": status}))).status, 200);
    said(&of("carol"), "away");
    said(&of_bob, "dnd");
    let told = notified(&alice);
    assert!(told.0.contains("version=\"1\" fullState=\"false\""), "{told:#?}");
    assert!(matches!(&members(&told)[..], [(uri, _, state)] if uri == "sip:bob@main.example" && state.contains("busy")), "{told:#?}");
    // Another decision, and another member: all of it is told anew.
    approve(&of("carol"), true);
    let told = notified(&alice);
    assert!(told.0.contains("version=\"2\" fullState=\"true\"") && members(&told)[1].2.contains("away"), "{told:#?}");
    approve(&of_bob, false);
    let told = notified(&alice);
    assert!(members(&told)[0].1.contains("pending") && members(&told)[0].2.is_empty(), "{told:#?}");
    assert_eq!(of_alice.call("DELETE", &format!("{ROSTER}/friend@far.example"), None).status, 204);
    assert_eq!(members(&notified(&alice)).len(), 2);
    // Calls: of neighbours that let them be seen.
    let mut second = ua(&exchange, "alice");
    let calls = members(&watch(&mut second, "dialog"));
    assert!(calls.iter().all(|(_, _, state)| state.contains("<dialog-info ") && !state.contains("<dialog ")), "{calls:#?}");
    let invited = carol.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 180, "Ringing");
    let told = second.wait("both ring", |message| message.is("NOTIFY") && message.0.contains(">early<"));
    second.reply(&told, 200, "OK");
    assert!(told.0.contains("fullState=\"false\"") && members(&told).iter().any(|(uri, _, state)| uri == "sip:bob@main.example" && state.contains("recipient")), "{told:#?}");
    bob.reply(&invite, 486, "Busy Here");
    assert_eq!(carol.outcome(&invited).0.status(), 486);
    // Others are told of their own: nobody in it.
    let empty = watch(&mut bob, "presence");
    assert!(empty.0.contains("fullState=\"true\"") && members(&empty).iter().all(|(uri, ..)| uri == "sip:alice@main.example"), "{empty:#?}");
    // It outlives the server, and is told whole again; who refreshes, too.
    let listed = exchange.list("/sip/subscriptions?account=alice@main.example");
    assert_eq!(listed.iter().filter(|one| one["address"] == "roster@main.example").count(), 2, "{listed:#?}");
    until(|| (exchange.server().sql("SELECT count(*) FROM sip_subscription WHERE list") == "3").then_some(()));
    exchange.kill();
    let again = alice.wait("the list", |message| message.field("Call-ID") == first.field("Call-ID"));
    let mut dialog = alice.reply(&again, 200, "OK");
    assert!(again.0.contains("version=\"0\" fullState=\"true\"") && members(&again).len() == 2, "{again:#?}");
    for (expires, state) in [(300, "active;expires="), (0, "terminated;reason=timeout")] {
        alice.send_in(&mut dialog, "SUBSCRIBE", &format!("Event: presence\r\nSupported: eventlist\r\nExpires: {expires}\r\n"), "");
        assert_eq!(alice.answered_in(&dialog, "SUBSCRIBE").status(), 200);
        let told = notified(&alice);
        assert!(told.field("Subscription-State").unwrap().starts_with(state) && members(&told).len() == 2, "{told:#?}");
    }
    Ok(())
}

fn strangers_send_no_messages() -> Outcome {
    let exchange = Exchange::new();
    let (mut alice, mut carol, bob) = (ua(&exchange, "alice"), ua(&exchange, "carol"), registered(&exchange, "bob"));
    let of_bob = signed_in(&exchange, "bob");
    let from = |whom: &str| assert_eq!(of_bob.call("PATCH", "/accounts/me/settings", Some(json!({"set": {"im_from": whom}}))).status, 200, "it is the owner's");
    from("roster");
    assert_eq!(of_bob.call("POST", ROSTER, Some(json!({"peer": "alice"}))).status, 201);
    // Who asks to see him is not known for that.
    assert_eq!(signed_in(&exchange, "carol").call("POST", ROSTER, Some(json!({"peer": "bob"}))).status, 201);
    let send = |ua: &mut Ua, text: &str| {
        let request = ua.make("MESSAGE", BOB, TEXT, text);
        ua.send(request.as_bytes());
    };
    let heard = |ua: &Ua| ua.wait("an answer", |message| message.status() >= 200).status();
    let arrives = |ua: &mut Ua, text: &str| {
        send(ua, text);
        let came = bob.expect("MESSAGE");
        assert!(came.0.ends_with(text), "{came:#?}");
        bob.reply(&came, 200, "OK");
        assert_eq!(heard(ua), 200);
    };
    send(&mut carol, "buy this");
    assert_eq!(heard(&carol), 403);
    arrives(&mut alice, "known");
    let by_operation = |name: &str| signed_in(&exchange, name).call("POST", "/accounts/me/conversations/bob@main.example/messages", Some(json!({"text": "x"}))).body["code"].clone();
    assert_eq!(by_operation("carol"), 403);
    // Calls are not meant: they have lists of their own.
    let invited = carol.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 486, "Busy Here");
    assert_eq!(carol.outcome(&invited).0.status(), 486);
    bob.expect("ACK");
    from("nobody");
    send(&mut alice, "not now");
    assert_eq!(heard(&alice), 403);
    let mut own = ua(&exchange, "bob");
    arrives(&mut own, "to myself");
    from("everybody");
    arrives(&mut carol, "again");
    assert!(bob.receive_within(Duration::from_millis(200)).is_none());
    Ok(())
}

fn who_watches_over_a_connection_is_told_after_a_restart() -> Outcome {
    let mut exchange = Exchange::new();
    let server = exchange.sip(Ipv4Addr::LOCALHOST);
    let connected = |name: &str| Ua::connected(server, name);
    let (mut alice, mut carol, mut bob) = (connected("alice"), connected("carol"), connected("bob"));
    // Alice's telephone comes back by itself, Carol's listens at its address, and Bob's refreshes.
    alice.register();
    let of_alice = subscribe(&mut alice, "presence", BOB);
    let doors = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    carol.local = doors.local_addr().unwrap();
    let of_carol = subscribe(&mut carol, "presence", BOB);
    let of_bob = subscribe(&mut bob, "reg", BOB);
    let mut dialog = bob.reply(&of_bob, 200, "OK");
    let stored = |exchange: &Exchange| exchange.server().sql("SELECT count(*) FROM sip_subscription WHERE transport = 'tcp'");
    until(|| (stored(&exchange) == "3").then_some(()));
    exchange.kill();
    carol.go_on(doors.accept().unwrap().0);
    let told = notified(&carol);
    assert_eq!(told.field("Call-ID"), of_carol.field("Call-ID"));
    assert!(told.field("Subscription-State").unwrap().starts_with("active"), "{told:#?}");
    // Nothing leads to the others; their subscriptions wait.
    exchange.admin.sign_in("postmaster", PASSWORD);
    let listed = exchange.list("/sip/subscriptions");
    assert_eq!(listed.len(), 3, "{listed:#?}");
    let back = || TcpStream::connect(server).unwrap();
    alice.go_on(back());
    alice.register();
    let told = notified(&alice);
    assert_eq!((told.field("Call-ID"), told.0.contains("<basic>closed</basic>")), (of_alice.field("Call-ID"), true), "{told:#?}");
    bob.go_on(back());
    bob.send_in(&mut dialog, "SUBSCRIBE", "Event: reg\r\nExpires: 300\r\n", "");
    assert_eq!(bob.answered_in(&dialog, "SUBSCRIBE").status(), 200);
    let told = notified(&bob);
    assert!(told.field("Call-ID") == of_bob.field("Call-ID") && told.0.contains("version=\"0\""), "{told:#?}");
    // A connection that breaks meanwhile is the same: what changes is told when the telephone is back.
    alice.go_on(back());
    bob.register();
    until(|| exchange.list("/sip/registrations?account=bob@main.example").first().cloned());
    assert!(alice.receive_within(Duration::from_millis(200)).is_none());
    alice.register();
    let told = notified(&alice);
    assert_eq!((told.field("Call-ID"), told.0.contains("<basic>open</basic>")), (of_alice.field("Call-ID"), true), "{told:#?}");
    Ok(())
}

fn calls_and_voice_messages_are_told() -> Outcome {
    let exchange = Exchange::new();
    let (mut alice, mut bob, mut carol) = (ua(&exchange, "alice"), registered(&exchange, "bob"), ua(&exchange, "carol"));
    assert!(!subscribe(&mut alice, "dialog", BOB).0.contains("<dialog "));
    let invited = carol.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 180, "Ringing");
    let early = alice.wait("early", |message| message.0.contains(">early<"));
    alice.reply(&early, 200, "OK");
    assert!(early.0.contains("recipient") && early.0.contains("sip:carol@main.example"), "{early:#?}");
    bob.reply(&invite, 200, "OK");
    let mut dialog = carol.outcome(&invited).1.unwrap();
    bob.expect("ACK");
    let confirmed = alice.wait("confirmed", |message| message.0.contains(">confirmed<"));
    alice.reply(&confirmed, 200, "OK");
    carol.send_in(&mut dialog, "BYE", "", "");
    let bye = bob.expect("BYE");
    bob.reply(&bye, 200, "OK");
    let over = alice.wait("the end", |message| message.is("NOTIFY") && !message.0.contains("<dialog "));
    alice.reply(&over, 200, "OK");
    // Voice messages bear a mark.
    let first = subscribe(&mut bob, "message-summary", BOB);
    assert!(first.0.contains("Messages-Waiting: no"), "{first:#?}");
    let client = signed_in(&exchange, "bob");
    let raw = "From: a@x.example\r\nTo: bob@main.example\r\nSubject: Voice\r\n\r\nlisten\r\n";
    let stored = client.call("POST", "/accounts/me/messages", Some(json!({"mailbox": "path:INBOX", "raw": raw})));
    let id = stored.body["id"].as_str().unwrap_or_else(|| panic!("{}", stored.body)).to_owned();
    let keywords = |words: Value| assert_eq!(client.call("PATCH", &format!("/accounts/me/messages/{id}"), Some(json!({"keywords": words}))).status, 200);
    keywords(json!({"$Media": true}));
    let waits = bob.wait("one", |message| message.0.contains("Voice-Message: 1/0"));
    bob.reply(&waits, 200, "OK");
    keywords(json!({"$seen": true}));
    let heard = bob.wait("none", |message| message.0.contains("Voice-Message: 0/1"));
    bob.reply(&heard, 200, "OK");
    // Old telephones do not ask.
    set(&exchange, "carol", json!({"mwi_unsolicited": true}));
    carol.register();
    let told = notified(&carol);
    assert!(told.0.contains("Voice-Message: 0/0") && told.field("Subscription-State").unwrap().starts_with("terminated"), "{told:#?}");
    let client = signed_in(&exchange, "carol");
    let stored = client.call("POST", "/accounts/me/messages", Some(json!({"mailbox": "path:INBOX", "raw": raw})));
    let id = stored.body["id"].as_str().unwrap_or_else(|| panic!("{}", stored.body)).to_owned();
    assert_eq!(client.call("PATCH", &format!("/accounts/me/messages/{id}"), Some(json!({"keywords": {"$Media": true}}))).status, 200);
    carol.wait("one", |message| message.0.contains("Voice-Message: 1/0"));
    Ok(())
}
