//! Telephony with real telephones (baresip) on loopback: they register, call each other and hear each other.

use libtest_mimic::{Failed, Trial};
use serde_json::json;

use crate::exchange::Exchange;
use crate::linphone::{self, Linphone};
use crate::phone::{self, Phone};
use crate::tone::PAIRS;

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("voice::{name}"), run).with_ignored_flag(!phone::is_possible());
    vec![
        test("phones_call_each_other_over_udp", || phones_call_each_other("udp")),
        test("phones_call_each_other_over_tcp", || phones_call_each_other("tcp")),
        test("phones_call_each_other_over_tls", || phones_call_each_other("tls")),
        test("linphone_and_baresip_call_each_other_over_tls", linphone_and_baresip_call_each_other).with_ignored_flag(!phone::is_possible() || !linphone::is_possible()),
        test("a_call_is_refused_cancelled_or_leads_nowhere", a_call_is_refused_cancelled_or_leads_nowhere),
        test("a_call_that_nobody_takes_is_diverted", a_call_that_nobody_takes_is_diverted),
        test("an_administrator_sees_and_ends_calls_and_registrations", an_administrator_sees_and_ends_calls_and_registrations),
    ]
}

/// Makes a call that is answered, in which both hear each other.
fn talk(caller: &mut Phone, callee: &mut Phone, address: &str) {
    caller.dial(address);
    callee.answer();
    caller.event("CALL_ESTABLISHED");
    callee.hears(caller.tones);
    caller.hears(callee.tones);
}

fn phones_call_each_other(transport: &'static str) -> Outcome {
    let exchange = Exchange::new();
    let (mut alice, mut bob) = (exchange.registered("alice", 0, transport), exchange.registered("bob", 1, transport));
    talk(&mut alice, &mut bob, "bob@main.example");
    let live = exchange.live();
    assert_eq!((live["state"].as_str(), live["direction"].as_str(), live["caller"]["transport"].as_str(), live["callee"]["transport"].as_str()), (Some("connected"), Some("internal"), Some(transport), Some(transport)), "{live:#}");
    alice.hang_up();
    bob.over();
    let record = exchange.ended("sip:bob@main.example", "answered", "caller");
    assert_eq!(record["id"], live["id"]);
    let ladder = exchange.ladder(&record);
    // Each came and went on.
    for wanted in ["INVITE sip:", "SIP/2.0 180", "SIP/2.0 200 Answering", "ACK ", "BYE ", "SIP/2.0 200 OK"] {
        assert_eq!(ladder.iter().filter(|line| line.starts_with(wanted)).count(), 2, "{wanted} in {ladder:#?}");
    }
    for (address, to) in [("robert@main.example", "robert"), ("+49301000002@main.example", "+49301000002")] {
        talk(&mut alice, &mut bob, address);
        bob.hang_up();
        alice.over();
        exchange.ended(to, "answered", "callee");
    }
    bob.dial("alice@main.example");
    assert!(alice.rings().contains("bob@main.example"));
    bob.quit();
    alice.over();
    assert_eq!(exchange.list("/calls"), Vec::<serde_json::Value>::new());
    assert_eq!(exchange.list("/sip/registrations").len(), 1, "a telephone that is put away takes its registration back");
    Ok(())
}

fn linphone_and_baresip_call_each_other() -> Outcome {
    let exchange = Exchange::new();
    let mut alice = Linphone::registered(&exchange.scratch.0.join("alice"), PAIRS[0], &exchange.line("alice", [127, 0, 0, 1], "tls"));
    let mut bob = exchange.registered("bob", 1, "tls");
    let found = exchange.list("/sip/registrations?account=alice@main.example");
    assert_eq!((found.len(), found[0]["transport"].as_str()), (1, Some("tls")), "{found:#?}");
    assert!(found[0]["user_agent"].as_str().unwrap().starts_with("Linphone"), "{found:#?}");
    alice.say("call sip:bob@main.example");
    bob.answer();
    alice.hears_of("connected");
    bob.hears(alice.tones);
    alice.hears(bob.tones);
    alice.say("terminate");
    bob.over();
    exchange.ended("sip:bob@main.example", "answered", "caller");
    bob.dial("alice@main.example");
    alice.hears_of("incoming call from");
    alice.say("answer");
    bob.event("CALL_ESTABLISHED");
    bob.hears(alice.tones);
    bob.hang_up();
    alice.hears_of("ended");
    exchange.ended("alice@main.example", "answered", "caller");
    Ok(())
}

fn a_call_is_refused_cancelled_or_leads_nowhere() -> Outcome {
    let exchange = Exchange::new();
    let mut alice = exchange.registered("alice", 0, "udp");
    alice.dial("nobody@main.example");
    alice.over_with("404");
    exchange.ended("nobody", "not_found", "server");
    alice.dial("bob@main.example");
    alice.over_with("480");
    let mut bob = exchange.registered("bob", 1, "udp");
    alice.dial("bob@main.example");
    bob.rings();
    bob.hang_up();
    alice.over_with("486");
    let record = exchange.ended("bob", "busy", "callee");
    assert_eq!(record["final_code"], 486);
    alice.dial("bob@main.example");
    bob.rings();
    alice.event("CALL_RINGING");
    assert_eq!(exchange.live()["state"], "ringing");
    alice.hang_up();
    bob.over();
    let record = exchange.ended("bob", "cancelled", "caller");
    assert_eq!(record["final_code"], 487);
    // He wants none.
    assert_eq!(exchange.admin.call("PATCH", "/accounts/bob@main.example/settings", Some(json!({"set": {"accept_calls": false}}))).status, 200);
    alice.dial("bob@main.example");
    alice.over_with("480");
    Ok(())
}

fn a_call_that_nobody_takes_is_diverted() -> Outcome {
    let exchange = Exchange::new();
    let settings = json!({"set": {"divert_no_answer": "carol", "no_answer_seconds": 2, "divert_busy": "carol"}});
    assert_eq!(exchange.admin.call("PATCH", "/accounts/bob@main.example/settings", Some(settings)).status, 200);
    let (mut alice, mut bob) = (exchange.registered("alice", 0, "udp"), exchange.registered("bob", 1, "tcp"));
    let mut carol = exchange.registered("carol", 2, "tls");
    alice.dial("bob@main.example");
    bob.rings();
    carol.answer();
    bob.over();
    alice.event("CALL_ESTABLISHED");
    carol.hears(alice.tones);
    alice.hears(carol.tones);
    carol.hang_up();
    alice.over();
    let record = exchange.ended("bob", "answered", "callee");
    assert_eq!(record["callee"]["uri"], "sip:carol@main.example", "{record:#}");
    // He says that he is busy.
    alice.dial("bob@main.example");
    bob.rings();
    bob.hang_up();
    carol.answer();
    alice.event("CALL_ESTABLISHED");
    carol.hears(alice.tones);
    alice.hang_up();
    carol.over();
    exchange.ended("bob", "answered", "caller");
    Ok(())
}

fn an_administrator_sees_and_ends_calls_and_registrations() -> Outcome {
    let exchange = Exchange::new();
    let mut stranger = exchange.phone("stranger", 2);
    let mut wrong = exchange.line("carol", [127, 0, 0, 1], "udp");
    wrong.password = "guessed".to_owned();
    assert_eq!(stranger.try_register(&wrong), "REGISTER_FAIL");
    assert!(exchange.list("/sip/registrations").is_empty());
    let (mut alice, mut bob) = (exchange.registered("alice", 0, "udp"), exchange.registered("bob", 1, "tls"));
    let found = exchange.list("/sip/registrations?account=bob@main.example");
    assert_eq!((found.len(), found[0]["transport"].as_str(), found[0]["nat"].as_str()), (1, Some("tls"), Some("none")), "{found:#?}");
    talk(&mut alice, &mut bob, "bob@main.example");
    let id = exchange.live()["id"].as_str().unwrap().to_owned();
    assert_eq!(exchange.admin.call("POST", &format!("/calls/{id}/hangup"), None).status, 204);
    alice.over();
    bob.over();
    exchange.ended("bob", "hangup", "server");
    assert_eq!(exchange.admin.call("POST", &format!("/calls/{id}/hangup"), None).status, 409);
    // One that rings is ended too.
    alice.dial("bob@main.example");
    bob.rings();
    let id = exchange.live()["id"].as_str().unwrap().to_owned();
    assert_eq!(exchange.admin.call("POST", &format!("/calls/{id}/hangup"), None).status, 204);
    alice.over();
    bob.over();
    exchange.ended("bob", "hangup", "server");
    let id = found[0]["id"].as_str().unwrap();
    assert_eq!(exchange.admin.call("DELETE", &format!("/sip/registrations/{id}"), None).status, 204);
    alice.dial("bob@main.example");
    alice.over_with("480");
    assert_eq!(exchange.admin.call("DELETE", "/sip/registrations?account=alice@main.example", None).body["removed"], 1);
    assert!(exchange.list("/sip/registrations").is_empty());
    Ok(())
}
