//! Calls that an operation begins: telephones of the account ring, and the one that is picked up dials.

use std::net::Ipv4Addr;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::client::Client;
use crate::exchange::{Exchange, PASSWORD};
use crate::phone;
use crate::ua::{Dialog, Message, Ua};

type Outcome = Result<(), Failed>;

const BOB: &str = "sip:bob@main.example";

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("dialling::{name}"), run);
    vec![
        test("a_telephone_that_is_picked_up_dials", a_telephone_that_is_picked_up_dials),
        test("what_comes_to_nothing_is_told", what_comes_to_nothing_is_told),
        test("nobody_calls_at_anothers_cost", nobody_calls_at_anothers_cost),
        test("real_telephones_hear_each_other", real_telephones_hear_each_other).with_ignored_flag(!phone::is_possible()),
    ]
}

fn registered(exchange: &Exchange, name: &str) -> Ua {
    let mut ua = Ua::new(None, Ipv4Addr::LOCALHOST, exchange.sip(Ipv4Addr::LOCALHOST), name);
    ua.register();
    ua
}

fn signed_in(exchange: &Exchange, name: &str) -> Client {
    let mut client = Client::new(exchange.server().port());
    assert_eq!(client.sign_in(&format!("{name}@main.example"), PASSWORD), 200);
    client
}

fn start(client: &Client, body: &Value) -> String {
    let started = client.call("POST", "/calls", Some(body.clone()));
    assert_eq!((started.status, &started.body["state"]), (201, &json!("trying")), "{}", started.body);
    started.body["id"].as_str().unwrap().to_owned()
}

/// Rings and is picked up; its dialog, and the request to dial, which is answered so.
fn picks_up(ua: &Ua, answer: (u16, &str)) -> (Dialog, Message) {
    let invite = ua.expect("INVITE");
    assert!(invite.0.contains("a=inactive") && invite.field("Record-Route").is_none() && invite.field("From").unwrap().contains("sip:bob@main.example"), "{invite:#?}");
    ua.reply(&invite, 180, "Ringing");
    let dialog = ua.reply(&invite, 200, "OK");
    ua.expect("ACK");
    let refer = ua.expect("REFER");
    assert_eq!((refer.field("Refer-To"), refer.field("Referred-By")), (Some("<sip:bob@main.example>"), Some("<sip:alice@main.example>")), "{refer:#?}");
    ua.reply(&refer, answer.0, answer.1);
    (dialog, refer)
}

/// Tells what became of dialling.
fn tell(ua: &Ua, dialog: &mut Dialog, status: &str) {
    let state = if status.starts_with('1') { "active;expires=60" } else { "terminated;reason=noresource" };
    ua.send_in(dialog, "NOTIFY", &format!("Event: refer\r\nSubscription-State: {state}\r\nContent-Type: message/sipfrag;version=2.0\r\n"), &format!("SIP/2.0 {status}\r\n"));
    assert_eq!(ua.answered_in(dialog, "NOTIFY").status(), 200);
}

fn a_telephone_that_is_picked_up_dials() -> Outcome {
    let exchange = Exchange::new();
    let (mut desk, hall, bob) = (registered(&exchange, "alice"), registered(&exchange, "alice"), registered(&exchange, "bob"));
    let id = start(&signed_in(&exchange, "alice"), &json!({"account": "me", "to": "bob"}));
    let elsewhere = hall.expect("INVITE");
    hall.reply(&elsewhere, 180, "Ringing");
    let live = exchange.live();
    assert_eq!((live["id"].as_str(), &live["state"], &live["caller"]["uri"], &live["dialled"]), (Some(&*id), &json!("trying"), &json!("sip:alice@main.example"), &json!(BOB)), "{live:#}");
    let (mut dialog, _) = picks_up(&desk, (202, "Accepted"));
    let cancel = hall.expect("CANCEL");
    hall.reply(&cancel, 200, "OK");
    hall.reply(&elsewhere, 487, "Request Terminated");
    hall.expect("ACK");
    tell(&desk, &mut dialog, "100 Trying");
    // It holds the call that it was picked up for.
    desk.send_in(&mut dialog, "INVITE", "Content-Type: application/sdp\r\n", "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\na=sendonly\r\n");
    let held = desk.answered_in(&dialog, "INVITE");
    assert!(held.status() == 200 && held.0.contains("a=inactive"), "{held:#?}");
    // What it dials is the call that was begun.
    let invited = desk.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 180, "Ringing");
    desk.wait("ringing", |message| message.status() == 180);
    let live = exchange.live();
    assert_eq!((live["id"].as_str(), &live["state"], &live["callee"]["uri"]), (Some(&*id), &json!("ringing"), &json!(BOB)), "{live:#}");
    bob.reply(&invite, 200, "OK");
    let (_, talk) = desk.outcome(&invited);
    bob.expect("ACK");
    tell(&desk, &mut dialog, "200 OK");
    let bye = desk.expect("BYE");
    desk.reply(&bye, 200, "OK");
    let live = exchange.live();
    assert_eq!((live["id"].as_str(), &live["state"]), (Some(&*id), &json!("connected")), "{live:#}");
    let mut talk = talk.unwrap();
    desk.send_in(&mut talk, "BYE", "", "");
    let bye = bob.expect("BYE");
    bob.reply(&bye, 200, "OK");
    let record = exchange.ended("bob", "answered", "caller");
    assert_eq!(record["id"].as_str(), Some(&*id));
    let ladder = exchange.ladder(&record);
    for (line, times) in [("REFER sip:", 1), ("NOTIFY sip:", 2), ("CANCEL ", 1), ("INVITE sip:bob", 2)] {
        assert_eq!(ladder.iter().filter(|one| one.starts_with(line)).count(), times, "{line} in {ladder:#?}");
    }
    // It is picked up by itself where its owner wants it, and ended while it rings.
    let id = start(&signed_in(&exchange, "alice"), &json!({"account": "me", "to": "+49301000002", "auto_answer": true}));
    let invite = desk.expect("INVITE");
    assert!(invite.field("Answer-Mode") == Some("Auto") && invite.field("Call-Info").unwrap().contains("answer-after=0"), "{invite:#?}");
    desk.reply(&invite, 180, "Ringing");
    assert_eq!(exchange.admin.call("POST", &format!("/calls/{id}/hangup"), None).status, 204);
    let cancel = desk.expect("CANCEL");
    desk.reply(&cancel, 200, "OK");
    // It was picked up at that moment: it is put down again.
    desk.reply(&invite, 200, "OK");
    desk.expect("ACK");
    desk.expect("BYE");
    exchange.ended("+49301000002", "hangup", "server");
    Ok(())
}

fn what_comes_to_nothing_is_told() -> Outcome {
    let exchange = Exchange::new();
    let alice = signed_in(&exchange, "alice");
    let body = json!({"account": "me", "to": "bob"});
    assert_eq!(alice.call("POST", "/calls", Some(body.clone())).status, 409, "no telephone");
    let mut desk = registered(&exchange, "alice");
    let ended = |id: &str, cause: &str, code: u16| {
        let record = exchange.ended("bob", cause, "caller");
        assert_eq!((record["id"].as_str(), record["final_code"].as_u64()), (Some(id), Some(code.into())), "{record:#}");
        assert!(exchange.list("/calls").is_empty());
    };
    // Nobody picks up.
    let id = start(&alice, &body);
    let invite = desk.expect("INVITE");
    desk.reply(&invite, 486, "Busy Here");
    desk.expect("ACK");
    ended(&id, "busy", 486);
    // The telephone cannot dial so.
    let id = start(&alice, &body);
    picks_up(&desk, (405, "Method Not Allowed"));
    desk.expect("BYE");
    ended(&id, "unavailable", 405);
    // It says that it came to nothing, without having dialled.
    let id = start(&alice, &body);
    let (mut dialog, _) = picks_up(&desk, (202, "Accepted"));
    tell(&desk, &mut dialog, "603 Declined");
    desk.expect("BYE");
    ended(&id, "rejected", 603);
    // It is put down before it can be asked.
    let id = start(&alice, &body);
    let invite = desk.expect("INVITE");
    let mut dialog = desk.reply(&invite, 200, "OK");
    desk.expect("REFER");
    desk.send_in(&mut dialog, "BYE", "", "");
    assert_eq!(desk.answered_in(&dialog, "BYE").status(), 200);
    ended(&id, "cancelled", 487);
    // What it dials is refused: that is the call.
    let id = start(&alice, &body);
    let (mut dialog, _) = picks_up(&desk, (202, "Accepted"));
    let invited = desk.invite(BOB, "");
    assert_eq!(desk.outcome(&invited).0.status(), 480);
    let record = exchange.ended("bob", "no_answer", "server");
    assert_eq!(record["id"].as_str(), Some(&*id));
    tell(&desk, &mut dialog, "480 Temporarily Unavailable");
    desk.expect("BYE");
    // Strangers in the dialog are told nothing.
    let id = start(&alice, &body);
    let invite = desk.expect("INVITE");
    let mut dialog = desk.reply(&invite, 200, "OK");
    let refer = desk.expect("REFER");
    desk.reply(&refer, 202, "Accepted");
    let mut other = dialog.clone();
    "guessed".clone_into(&mut other.local_tag);
    desk.send_in(&mut other, "BYE", "", "");
    assert_eq!(desk.answered_in(&other, "BYE").status(), 481);
    desk.send_in(&mut dialog, "PUBLISH", "", "");
    assert_eq!(desk.answered_in(&dialog, "PUBLISH").status(), 405);
    assert_eq!(alice.call("POST", &format!("/calls/{id}/hangup"), None).status, 204);
    desk.expect("BYE");
    assert!(exchange.list("/calls").is_empty());
    Ok(())
}

fn nobody_calls_at_anothers_cost() -> Outcome {
    let exchange = Exchange::new();
    let (desk, of_alice, of_bob) = (registered(&exchange, "alice"), signed_in(&exchange, "alice"), signed_in(&exchange, "bob"));
    let refused = |client: &Client, body: Value, status: u16, code: &str| {
        let answer = client.call("POST", "/calls", Some(body.clone()));
        assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)), "{body}: {}", answer.body);
    };
    refused(&of_bob, json!({"account": "alice@main.example", "to": "bob"}), 403, "right_required");
    refused(&exchange.admin, json!({"account": "alice@main.example", "to": "bob", "auto_answer": true}), 403, "not_own");
    refused(&of_alice, json!({"account": "me", "to": "nobody"}), 422, "unknown_recipient");
    refused(&of_alice, json!({"account": "me", "to": "a b"}), 422, "validation_failed");
    // Elsewhere only for who may relay.
    let relay = |yes: bool| assert_eq!(exchange.admin.call("PATCH", "/accounts/alice@main.example/settings", Some(json!({"set": {"relay": yes, "calls_limit": if yes { 0 } else { 1 }}}))).status, 200);
    relay(false);
    refused(&of_alice, json!({"account": "me", "to": "somebody@far.example"}), 403, "relay_denied");
    relay(true);
    refused(&of_alice, json!({"account": "me", "to": "somebody@far.example"}), 409, "wrong_state");
    assert!(desk.receive_within(Duration::from_millis(200)).is_none(), "nothing rings for what is refused");
    // An administrator may, and nobody's telephones ring without end.
    relay(false);
    start(&exchange.admin, &json!({"account": "alice@main.example", "to": "bob"}));
    desk.expect("INVITE");
    refused(&of_alice, json!({"account": "me", "to": "bob"}), 409, "wrong_state");
    Ok(())
}

fn real_telephones_hear_each_other() -> Outcome {
    let exchange = Exchange::new();
    let (mut alice, mut bob) = (exchange.registered("alice", 0, "tls"), exchange.registered("bob", 1, "udp"));
    let id = start(&signed_in(&exchange, "alice"), &json!({"account": "me", "to": "robert"}));
    assert!(alice.rings().contains("robert@main.example"));
    alice.pick_up();
    bob.answer();
    bob.hears(alice.tones);
    alice.hears(bob.tones);
    let live = exchange.live();
    assert_eq!((live["id"].as_str(), &live["state"]), (Some(&*id), &json!("connected")), "{live:#}");
    bob.hang_up();
    exchange.ended("robert", "answered", "callee");
    Ok(())
}
