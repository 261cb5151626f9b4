//! Signal rules as calls and messages meet them; each device is played by hand over datagrams.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::dns::Dns;
use crate::exchange::{Exchange, PASSWORD};
use crate::ua::{Invited, Message, Ua};

type Outcome = Result<(), Failed>;

const BOB: &str = "sip:bob@main.example";
const OF_BOB: &str = "/accounts/bob@main.example/rules/signal";
const OF_DOMAIN: &str = "/domains/main.example/rules/signal";
const OF_SERVER: &str = "/server/rules/signal";

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("signal_rules::{name}"), run);
    vec![
        test("calls_go_where_rules_want_them", calls_go_where_rules_want_them),
        test("stages_come_in_their_time", stages_come_in_their_time),
        test("levels_have_their_order", levels_have_their_order),
        test("a_dry_run_tells_what_happens", a_dry_run_tells_what_happens),
        test("messages_meet_rules_and_rules_send_messages", messages_meet_rules_and_rules_send_messages),
        test("registrations_meet_rules_that_name_them", registrations_meet_rules_that_name_them),
        test("web_servers_are_asked", web_servers_are_asked),
        test("settings_look_for_the_callee", settings_look_for_the_callee),
        test("rules_are_kept_in_order", rules_are_kept_in_order),
        test("who_may_not_changes_nothing", who_may_not_changes_nothing),
        test("what_cannot_be_is_refused_with_its_field", what_cannot_be_is_refused_with_its_field),
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

fn replaced(client: &Client, path: &str, rules: &Value) -> Answer {
    let etag = client.call("GET", path, None).etag;
    client.call_if("PUT", path, Some(json!({"rules": rules})), etag.as_deref())
}

/// Gives a set its rules: name, stage, priority, conditions and actions each.
fn set(exchange: &Exchange, path: &str, rules: &[(&str, i32, i32, Value, Value)]) {
    let pairs = |list: &Value, words: &[&str]| -> Value {
        let one = |parts: &Value| -> Value { words.iter().zip(parts.as_array().unwrap()).map(|(word, part)| ((*word).to_owned(), part.clone())).collect::<serde_json::Map<_, _>>().into() };
        list.as_array().unwrap().iter().map(one).collect()
    };
    let rules: Value = rules
        .iter()
        .map(|(name, stage, priority, conditions, actions)| {
            json!({"name": name, "stage": stage, "priority": priority, "conditions": pairs(conditions, &["field", "op", "arg"]), "actions": pairs(actions, &["verb", "arg"])})
        })
        .collect();
    let answer = replaced(&exchange.admin, path, &rules);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// One rule of Bob's without conditions, which does one thing.
fn bob_has(exchange: &Exchange, stage: i32, verb: &str, arg: &str) {
    set(exchange, OF_BOB, &[("only", stage, 5, json!([]), json!([[verb, arg]]))]);
}

/// Takes a call and ends it; the INVITE.
fn take(caller: &mut Ua, callee: &Ua, invited: &Invited) -> Message {
    let invite = callee.expect("INVITE");
    callee.reply(&invite, 200, "OK");
    let (answer, dialog) = caller.outcome(invited);
    assert_eq!(answer.status(), 200, "{answer:#?}");
    callee.expect("ACK");
    let mut dialog = dialog.unwrap();
    caller.send_in(&mut dialog, "BYE", "", "");
    let bye = callee.expect("BYE");
    callee.reply(&bye, 200, "OK");
    invite
}

/// The call is taken off a telephone that rings.
fn called_off(ua: &Ua, invite: &Message) {
    let cancel = ua.expect("CANCEL");
    ua.reply(&cancel, 200, "OK");
    ua.reply(invite, 487, "Request Terminated");
}

/// Nobody was called.
fn silent(ua: &Ua) {
    let came = ua.receive_within(Duration::from_millis(100));
    assert!(came.is_none(), "{came:#?}");
}

fn calls_go_where_rules_want_them() -> Outcome {
    let exchange = Exchange::new();
    let (mut alice, bob, carol) = (ua(&exchange, "alice"), registered(&exchange, "bob"), registered(&exchange, "carol"));
    // At once, and what rules say of it stands in the record.
    bob_has(&exchange, 0, "redirect_to", "carol");
    let invited = alice.invite(BOB, "");
    let invite = take(&mut alice, &carol, &invited);
    assert_eq!(invite.field("Diversion"), Some("<sip:bob@main.example>;reason=unconditional"));
    silent(&bob);
    let record = exchange.record();
    assert!(record["routed"].to_string().contains("rule only of the account, stage 0: redirect to carol@main.example"), "{record:#}");
    // Refused, with the words of the rule.
    bob_has(&exchange, 0, "reject_with", "433 Anonymity Disallowed");
    let invited = alice.invite(BOB, "");
    assert_eq!(alice.outcome(&invited).0.start(), "SIP/2.0 433 Anonymity Disallowed");
    bob_has(&exchange, 0, "reject_with", "go away");
    let invited = alice.invite(BOB, "");
    assert_eq!(alice.outcome(&invited).0.start(), "SIP/2.0 603 go away");
    silent(&bob);
    // Conditions see the call.
    for (field, op, arg) in [
        ("method", "is", "invite"), ("call_type", "is", "AV"), ("from", "is", "alice"), ("from", "is", "*@main.example"), ("to", "in", "x@y.z, bob"), ("request_uri", "is", "bob@main.example"),
        ("req_field", "is", "x-mood: *merry*"), ("req_field", "is_not", "x-mood: sad"), ("agent_type", "is", "test*"), ("reg_clients", "is", "1"), ("authenticated", "is", ""),
        ("submit_address", "is", "SIP [127.0.0.1]"), ("presence", "is", "online"), ("current_date", "greater_than", "2026-01-01"), ("time_of_day", "in", "00:00-12:00, 12:00-24:00"),
    ] {
        set(&exchange, OF_BOB, &[("seen", 0, 5, json!([[field, op, arg]]), json!([["reject_with", "410 met"]]))]);
        let invited = alice.invite(BOB, "X-Mood: very merry\r\nUser-Agent: tester\r\n");
        assert_eq!(alice.outcome(&invited).0.start(), "SIP/2.0 410 met", "{field} {op} {arg}");
    }
    set(&exchange, OF_BOB, &[("unseen", 0, 5, json!([["from", "is", "alice"], ["reg_clients", "greater_than", "1"]]), json!([["reject_with", "410"]]))]);
    let invited = alice.invite(BOB, "");
    take(&mut alice, &bob, &invited);
    // The telephones are a target like others.
    bob_has(&exchange, 0, "redirect_to", "*, carol");
    let invited = alice.invite(BOB, "");
    let invite = carol.expect("INVITE");
    carol.reply(&invite, 180, "Ringing");
    take(&mut alice, &bob, &invited);
    called_off(&carol, &invite);
    // Where a rule leads nowhere, nobody is called, and no answer comes of it.
    bob_has(&exchange, 0, "redirect_to", "nobody");
    let invited = alice.invite(BOB, "");
    assert_eq!(alice.outcome(&invited).0.status(), 480);
    Ok(())
}

fn stages_come_in_their_time() -> Outcome {
    let exchange = Exchange::new();
    let (mut alice, bob, carol) = (ua(&exchange, "alice"), registered(&exchange, "bob"), registered(&exchange, "carol"));
    let rings = |invited: &Invited| {
        let _ = invited;
        let invite = bob.expect("INVITE");
        bob.reply(&invite, 180, "Ringing");
        invite
    };
    // After a second another rings too.
    bob_has(&exchange, 1, "fork_to", "carol");
    let invited = alice.invite(BOB, "");
    let invite = rings(&invited);
    assert!(carol.receive_within(Duration::from_millis(300)).is_none());
    take(&mut alice, &carol, &invited);
    called_off(&bob, &invite);
    // After a second another rings instead.
    bob_has(&exchange, 1, "redirect_to", "carol");
    let invited = alice.invite(BOB, "");
    let invite = rings(&invited);
    called_off(&bob, &invite);
    assert!(take(&mut alice, &carol, &invited).field("Diversion").unwrap().contains("no-answer"));
    // After a second it is refused, and not by what was called off.
    bob_has(&exchange, 1, "reject_with", "480 Gone home");
    let invited = alice.invite(BOB, "");
    let invite = rings(&invited);
    called_off(&bob, &invite);
    assert_eq!(alice.outcome(&invited).0.start(), "SIP/2.0 480 Gone home");
    // Busy.
    bob_has(&exchange, 997, "redirect_to", "carol");
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 486, "Busy Here");
    bob.expect("ACK");
    assert!(take(&mut alice, &carol, &invited).field("Diversion").unwrap().contains("user-busy"));
    // Another failure, which is none of the first two.
    set(&exchange, OF_BOB, &[("busy", 997, 5, json!([]), json!([["redirect_to", "nobody"]])), ("other", 999, 5, json!([]), json!([["redirect_to", "carol"]]))]);
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 500, "Out of order");
    bob.expect("ACK");
    take(&mut alice, &carol, &invited);
    // Nobody answers, which is waited for as long as the account says.
    let patience = exchange.admin.call("PATCH", "/accounts/bob@main.example/settings", Some(json!({"set": {"no_answer_seconds": 1}})));
    assert_eq!(patience.status, 200, "{}", patience.body);
    bob_has(&exchange, 995, "redirect_to", "carol");
    let invited = alice.invite(BOB, "");
    let invite = rings(&invited);
    called_off(&bob, &invite);
    take(&mut alice, &carol, &invited);
    // No rule of a later stage is asked.
    set(&exchange, OF_BOB, &[("late", 997, 5, json!([]), json!([["redirect_to", "carol"]])), ("first", 0, 5, json!([]), json!([["discard_rules", ""]]))]);
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 486, "Busy Here");
    assert_eq!(alice.outcome(&invited).0.status(), 486);
    // No telephone: what would be done when nobody answers is done at once.
    bob_has(&exchange, 995, "redirect_to", "carol");
    let mut bob = bob;
    assert_eq!(bob.request("REGISTER", "sip:main.example", "Expires: 0\r\n", "").status(), 200);
    let invited = alice.invite(BOB, "");
    take(&mut alice, &carol, &invited);
    set(&exchange, OF_BOB, &[("away", 0, 5, json!([["reg_clients", "is", "0"]]), json!([["redirect_to", "carol"]]))]);
    let invited = alice.invite(BOB, "");
    take(&mut alice, &carol, &invited);
    Ok(())
}

fn levels_have_their_order() -> Outcome {
    let exchange = Exchange::new();
    let (mut alice, bob, carol) = (ua(&exchange, "alice"), registered(&exchange, "bob"), registered(&exchange, "carol"));
    let status = |alice: &mut Ua| {
        let invited = alice.invite(BOB, "");
        alice.outcome(&invited).0.status()
    };
    let reject = |code: &str| json!([["reject_with", code]]);
    bob_has(&exchange, 0, "reject_with", "410 account");
    set(&exchange, OF_DOMAIN, &[("low", 0, 5, json!([]), reject("411"))]);
    assert_eq!(status(&mut alice), 410, "the account comes before the domain's rules of 5 and less");
    set(&exchange, OF_DOMAIN, &[("high", 0, 6, json!([]), reject("412"))]);
    assert_eq!(status(&mut alice), 412);
    set(&exchange, OF_SERVER, &[("low", 0, 1, json!([]), reject("413 server"))]);
    assert_eq!(status(&mut alice), 413, "the server's rules come before the account is known");
    let record = exchange.record();
    assert!(record["routed"].to_string().contains("rule low of the server, stage 0: reject with 413 server"), "{record:#}");
    set(&exchange, OF_DOMAIN, &[]);
    // The server may send calls elsewhere, and lets later stages pass when it is asked to.
    set(&exchange, OF_SERVER, &[("elsewhere", 0, 5, json!([["to", "is", "bob@main.example"]]), json!([["redirect_to", "carol"]]))]);
    let invited = alice.invite(BOB, "");
    take(&mut alice, &carol, &invited);
    silent(&bob);
    set(&exchange, OF_SERVER, &[("one", 0, 5, json!([]), json!([["discard_rules", ""]])), ("busy", 997, 9, json!([]), json!([["redirect_to", "carol"]]))]);
    bob_has(&exchange, 997, "redirect_to", "carol");
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 486, "Busy Here");
    bob.expect("ACK");
    assert_eq!(alice.outcome(&invited).0.status(), 486);
    // Without that the server's rule of the stage is the first.
    set(&exchange, OF_SERVER, &[("busy", 997, 9, json!([]), json!([["reject_with", "600 Server says so"]]))]);
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 486, "Busy Here");
    bob.expect("ACK");
    assert_eq!(alice.outcome(&invited).0.start(), "SIP/2.0 600 Server says so");
    // Whoever may have no rules has none that act.
    set(&exchange, OF_SERVER, &[]);
    let none = exchange.admin.call("PATCH", "/accounts/bob@main.example/settings", Some(json!({"set": {"signal_rules_allowed": "no"}})));
    assert_eq!(none.status, 200, "{}", none.body);
    bob_has(&exchange, 0, "reject_with", "410");
    let invited = alice.invite(BOB, "");
    take(&mut alice, &bob, &invited);
    Ok(())
}

fn a_dry_run_tells_what_happens() -> Outcome {
    let exchange = Exchange::new();
    let (mut alice, bob, carol) = (ua(&exchange, "alice"), registered(&exchange, "bob"), registered(&exchange, "carol"));
    set(&exchange, OF_DOMAIN, &[("note", 0, 6, json!([["from", "is", "alice"]]), json!([["write_to_log", "Alice calls"]])), ("never", 0, 5, json!([["from", "is", "carol"]]), json!([["reject_with", "410"]]))]);
    set(&exchange, OF_BOB, &[
        ("ring", 1, 5, json!([["reg_clients", "is", "1"]]), json!([["fork_to", "nobody"]])),
        ("busy", 997, 7, json!([["method", "is", "INVITE"]]), json!([["redirect_to", "carol"]])),
    ]);
    // The telephone is busy after a second and a half; whom the call goes to then does not answer.
    let described = json!({"from": "alice@main.example", "authenticated": false, "devices_state": [{"status": 486, "after": 2}]});
    let dry = exchange.admin.call("POST", &format!("{OF_BOB}/test"), Some(described));
    assert_eq!(dry.status, 200, "{}", dry.body);
    let steps = dry.body["timeline"].as_array().unwrap();
    let told: Vec<String> = steps.iter().map(|step| step["note"].as_str().unwrap().to_owned()).collect();
    let lines: Vec<(i64, &str, &str, &str)> = steps.iter().map(|step| (step["t"].as_i64().unwrap(), step["by"].as_str().unwrap(), step["rule"].as_str().unwrap(), step["action"].as_str().unwrap())).collect();
    assert_eq!(lines, [(0, "domain", "note", "write to the log"), (1, "account", "ring", "fork"), (2, "account", "busy", "redirect")]);
    assert_eq!((&steps[2]["targets"], &steps[2]["stage"], &dry.body["status"]), (&json!(["carol@main.example"]), &json!(997), &json!(408)));
    // The same, live.
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 180, "Ringing");
    assert!(bob.receive_within(Duration::from_millis(1500)).is_none());
    bob.reply(&invite, 486, "Busy Here");
    bob.expect("ACK");
    take(&mut alice, &carol, &invited);
    let routed: Vec<String> = exchange.record()["routed"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).filter(|line| line.starts_with("bob@main.example: rule ")).collect();
    assert_eq!(routed, told);
    // Rules can be tried before they are kept; a moment, a caller and settings are described.
    let tried = json!({"from": "+491701234567", "time": "2026-06-18T23:10", "presence": "away", "rules": [
        {"name": "night", "conditions": [{"field": "time_of_day", "op": "in", "arg": "22:00-07:00"}, {"field": "presence", "op": "is", "arg": "away"}], "actions": [{"verb": "reject_with", "arg": "480 Asleep"}]}
    ]});
    let dry = exchange.admin.call("POST", &format!("{OF_BOB}/test"), Some(tried)).body;
    assert_eq!((&dry["status"], &dry["reason"], &dry["timeline"][0]["rule"]), (&json!(480), &json!("Asleep"), &json!("night")), "{dry:#}");
    let dnd = exchange.admin.call("PATCH", "/accounts/bob@main.example/settings", Some(json!({"set": {"do_not_disturb": true}})));
    assert_eq!(dnd.status, 200);
    let dry = exchange.admin.call("POST", &format!("{OF_BOB}/test"), Some(json!({"from": "carol", "rules": []}))).body;
    assert_eq!((&dry["status"], &dry["timeline"][0]["by"], &dry["timeline"][0]["rule"]), (&json!(486), &json!("settings"), &json!("do_not_disturb")), "{dry:#}");
    // Nobody was called by it.
    silent(&bob);
    Ok(())
}

fn messages_meet_rules_and_rules_send_messages() -> Outcome {
    const TEXT: &str = "Content-Type: text/plain\r\n";
    let exchange = Exchange::new();
    let (mut alice, bob, carol) = (ua(&exchange, "alice"), registered(&exchange, "bob"), registered(&exchange, "carol"));
    let im = json!([["call_type", "is", "IM"]]);
    set(&exchange, OF_BOB, &[("no", 0, 5, im.clone(), json!([["reject_with", "603 No letters"]]))]);
    assert_eq!(alice.request("MESSAGE", BOB, TEXT, "hello").start(), "SIP/2.0 603 No letters");
    silent(&bob);
    // Another reads them.
    set(&exchange, OF_BOB, &[("desk", 0, 5, im, json!([["redirect_to", "carol"]]))]);
    let request = alice.make("MESSAGE", BOB, TEXT, "for the desk");
    alice.send(request.as_bytes());
    let came = carol.expect("MESSAGE");
    assert!(came.0.ends_with("for the desk"), "{came:#?}");
    carol.reply(&came, 200, "OK");
    assert_eq!(alice.wait("200", |message| message.status() >= 200).status(), 200);
    silent(&bob);
    // Where a rule leads nowhere, he reads them himself.
    set(&exchange, OF_BOB, &[("away", 0, 5, json!([]), json!([["redirect_to", "#voicemail"]]))]);
    let request = alice.make("MESSAGE", BOB, TEXT, "for you");
    alice.send(request.as_bytes());
    let came = bob.expect("MESSAGE");
    bob.reply(&came, 200, "OK");
    assert_eq!(alice.wait("200", |message| message.status() >= 200).status(), 200);
    // A rule that names no method means calls and messages; one that does means what it names.
    let options = |alice: &mut Ua, status: u16| {
        let request = alice.make("OPTIONS", BOB, "", "");
        alice.send(request.as_bytes());
        if status == 200 {
            let came = bob.expect("OPTIONS");
            bob.reply(&came, 200, "OK");
        }
        let answer = alice.wait("an answer", |message| message.status() >= 200);
        assert_eq!(answer.status(), status, "{answer:#?}");
    };
    options(&mut alice, 200);
    set(&exchange, OF_BOB, &[("no", 0, 5, json!([["method", "in", "OPTIONS, SUBSCRIBE"]]), json!([["reject_with", "405 Not this way"]]))]);
    options(&mut alice, 405);
    // Who calls is remembered, told of, and met with another rule from then on.
    set(&exchange, OF_BOB, &[
        ("again", 0, 9, json!([["from", "in", "#Callers"]]), json!([["reject_with", "480 Once is enough"]])),
        ("first", 0, 5, json!([["method", "is", "INVITE"]]), json!([["remember_from_in", "Callers"], ["send_im", "carol Somebody calls Bob"], ["reject_with", "486 Busy"]])),
    ]);
    let invited = alice.invite(BOB, "");
    assert_eq!(alice.outcome(&invited).0.start(), "SIP/2.0 486 Busy");
    let came = carol.expect("MESSAGE");
    assert!(came.0.ends_with("Somebody calls Bob") && came.field("P-Asserted-Identity").unwrap().contains("bob@main.example"), "{came:#?}");
    carol.reply(&came, 200, "OK");
    // The message went out after the caller was written down, or with it.
    let dataset = "/accounts/bob@main.example/datasets/callers";
    let give_up = std::time::Instant::now() + Duration::from_secs(20);
    while exchange.admin.call("GET", dataset, None).status != 200 {
        assert!(std::time::Instant::now() < give_up);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(exchange.admin.call("GET", dataset, None).body["entries"], json!(["alice@main.example"]));
    let invited = alice.invite(BOB, "");
    assert_eq!(alice.outcome(&invited).0.start(), "SIP/2.0 480 Once is enough");
    assert_eq!(exchange.admin.call("DELETE", dataset, None).status, 204);
    let invited = alice.invite(BOB, "");
    assert_eq!(alice.outcome(&invited).0.status(), 486);
    Ok(())
}

fn registrations_meet_rules_that_name_them() -> Outcome {
    let exchange = Exchange::new();
    let mut bob = ua(&exchange, "bob");
    let register = |bob: &mut Ua, seconds: u32| bob.request("REGISTER", "sip:main.example", &format!("Expires: {seconds}\r\nUser-Agent: old phone\r\n"), "");
    // Whoever refuses calls, or all but calls, means no registrations.
    for conditions in [json!([]), json!([["method", "is_not", "INVITE"]]), json!([["method", "is", "INVITE"]]), json!([["reg_clients", "is", "0"]])] {
        for path in [OF_BOB, OF_DOMAIN, OF_SERVER] {
            set(&exchange, path, &[("no calls", 0, 5, conditions.clone(), json!([["reject_with", "486"]]))]);
            assert_eq!(register(&mut bob, 600).status(), 200, "{path} {conditions}");
            set(&exchange, path, &[]);
        }
    }
    assert_eq!(register(&mut bob, 0).status(), 200);
    let refuse = json!([["reject_with", "403 Only in the office"]]);
    for path in [OF_BOB, OF_DOMAIN, OF_SERVER] {
        for (field, op, arg, wanted) in [("submit_address", "is", "SIP [127.0.0.1]", 403), ("submit_address", "is", "SIP [192.0.2.*]", 200), ("agent_type", "is", "old*", 403), ("authenticated", "is", "bob@main.example", 403)] {
            set(&exchange, path, &[("office", 0, 5, json!([["method", "in", "REGISTER, SUBSCRIBE"], [field, op, arg]]), refuse.clone())]);
            let answer = register(&mut bob, 600);
            assert_eq!(answer.status(), wanted, "{path} {field}: {answer:#?}");
            if wanted == 403 {
                assert_eq!(answer.start(), "SIP/2.0 403 Only in the office");
                assert!(exchange.list("/sip/registrations").is_empty());
            } else {
                // What is there is taken back whatever rules say.
                set(&exchange, path, &[("office", 0, 5, json!([["method", "is", "REGISTER"]]), refuse.clone())]);
                assert_eq!(register(&mut bob, 0).status(), 200);
            }
        }
        set(&exchange, path, &[]);
    }
    // Sending it elsewhere means nothing, and its owner hears of a new telephone.
    let carol = registered(&exchange, "carol");
    let alert = json!([["redirect_to", "alice"], ["send_im", "carol somebody registers"]]);
    set(&exchange, OF_BOB, &[("alert", 0, 5, json!([["method", "is", "REGISTER"]]), alert)]);
    assert_eq!(register(&mut bob, 600).status(), 200);
    let told = carol.expect("MESSAGE");
    carol.reply(&told, 200, "OK");
    assert!(told.0.ends_with("somebody registers") && told.field("From").unwrap().contains("bob@main.example"), "{told:#?}");
    Ok(())
}

fn web_servers_are_asked() -> Outcome {
    let exchange = Exchange::new();
    let (dns, hook) = (Dns::start(), TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    dns.host("hook.example", "127.0.0.1");
    assert_eq!(exchange.admin.call("PATCH", "/network/dns", Some(json!({"set": {"servers": [dns.address.to_string()]}}))).status, 200);
    let (port, mut alice) = (hook.local_addr().unwrap().port(), ua(&exchange, "alice"));
    let mut call = |path: &str, url: &str| {
        set(&exchange, path, &[("hook", 0, 5, json!([]), json!([["send_url", url], ["reject_with", "486 Told"]]))]);
        let invited = alice.invite(BOB, "");
        assert_eq!(alice.outcome(&invited).0.start(), "SIP/2.0 486 Told");
        set(&exchange, path, &[]);
    };
    let asked = || {
        let (stream, _) = hook.accept().unwrap();
        let head: Vec<String> = BufReader::new(&stream).lines().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
        (&stream).write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
        head
    };
    // What is in here is not asked, by whatever name, unless an administrator allows it.
    call(OF_BOB, &format!("http://127.0.0.1:{port}/refused"));
    call(OF_BOB, &format!("http://hook.example:{port}/refused"));
    call(OF_BOB, &format!("http://[::ffff:127.0.0.1]:{port}/refused"));
    let allow = |allowed: &[&str]| assert_eq!(exchange.admin.call("PATCH", "/server/modules/rules", Some(json!({"set": {"url_allow": allowed}}))).status, 200);
    allow(&["hook.example"]);
    call(OF_BOB, &format!("http://hook.example:{port}/by-name?from=^E&to=^R&account=^A&hops=^H{{Max-Forwards}}"));
    let head = asked();
    assert_eq!(head[0], "GET /by-name?from=alice%40main.example&to=bob%40main.example&account=bob%40main.example&hops=70 HTTP/1.1", "{head:#?}");
    allow(&["127.0.0.0/8"]);
    call(OF_SERVER, &format!("[POST] http://127.0.0.1:{port}/by-address"));
    assert_eq!(asked()[0], "POST /by-address HTTP/1.1");
    let wrong = exchange.admin.call("PATCH", "/server/modules/rules", Some(json!({"set": {"url_allow": "x"}})));
    assert_eq!((wrong.status, &wrong.body["errors"][0]["pointer"]), (422, &json!("/set/url_allow")), "{}", wrong.body);
    Ok(())
}

fn settings_look_for_the_callee() -> Outcome {
    let exchange = Exchange::new();
    let (mut alice, bob, carol) = (ua(&exchange, "alice"), registered(&exchange, "bob"), registered(&exchange, "carol"));
    let settings = |set: Value| {
        let answer = exchange.admin.call("PATCH", "/accounts/bob@main.example/settings", Some(json!({"set": set})));
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    settings(json!({"find_me": ["carol"], "find_me_seconds": 1}));
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 180, "Ringing");
    called_off(&bob, &invite);
    assert!(take(&mut alice, &carol, &invited).field("Diversion").unwrap().contains("follow-me"));
    // All ring on.
    settings(json!({"find_me_together": true}));
    let invited = alice.invite(BOB, "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 180, "Ringing");
    let also = carol.expect("INVITE");
    carol.reply(&also, 180, "Ringing");
    bob.reply(&invite, 200, "OK");
    assert_eq!(alice.outcome(&invited).0.status(), 200);
    called_off(&carol, &also);
    // Calls that fail go elsewhere.
    settings(json!({"find_me": [], "divert_error": "carol"}));
    let invited = alice.invite(BOB, "");
    let failing = bob.expect("INVITE");
    bob.reply(&failing, 500, "Out of order");
    bob.expect("ACK");
    assert!(take(&mut alice, &carol, &invited).field("Diversion").unwrap().contains("out-of-service"));
    Ok(())
}

fn rules_are_kept_in_order() -> Outcome {
    let exchange = Exchange::new();
    let admin = &exchange.admin;
    for path in [OF_SERVER, OF_DOMAIN, OF_BOB] {
        let empty = admin.call("GET", path, None);
        assert_eq!((empty.status, empty.etag.as_deref(), &empty.body), (200, Some("\"1\""), &json!({"data": [], "version": 1})));
        let first = admin.call("POST", path, Some(json!({"name": " First ", "actions": [{"verb": "stop_processing"}]})));
        assert_eq!((first.status, &first.body["name"], &first.body["priority"], &first.body["enabled"], first.etag.as_deref()), (201, &json!("First"), &json!(5), &json!(true), Some("\"2\"")), "{}", first.body);
        let id = first.body["id"].as_str().unwrap();
        let second = admin.call("POST", path, Some(json!({"name": "Second", "stage": 995, "priority": 0, "position": 1})));
        assert_eq!((second.status, &second.body["enabled"]), (201, &json!(false)), "{}", second.body);
        let names = |answer: &Answer| answer.body["data"].as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(&admin.call("GET", path, None)), ["Second", "First"]);
        let ordered = admin.call("POST", &format!("{path}/reorder"), Some(json!({"rules": [id, "second"]})));
        assert_eq!((ordered.status, names(&ordered)), (200, vec!["First".to_owned(), "Second".to_owned()]), "{}", ordered.body);
        // By id or name, and only what was seen.
        let one = admin.call("GET", &format!("{path}/{id}"), None);
        assert_eq!((one.status, &one.body), (200, &admin.call("GET", &format!("{path}/FIRST"), None).body));
        let stale = admin.call_if("PATCH", &format!("{path}/First"), Some(json!({"comment": "x"})), Some("\"1\""));
        assert_eq!((stale.status, &stale.body["code"]), (412, &json!("version_conflict")));
        let changed = admin.call_if("PATCH", &format!("{path}/First"), Some(json!({"comment": "x", "enabled": false})), Some("\"2\""));
        assert_eq!((changed.status, &changed.body["priority"], &changed.body["enabled"], &changed.body["comment"]), (200, &json!(5), &json!(false), &json!("x")), "{}", changed.body);
        // The whole set, which has to be known; a name keeps its id.
        let unseen = admin.call("PUT", path, Some(json!({"rules": []})));
        assert_eq!(unseen.status, 428, "{}", unseen.body);
        let whole = replaced(admin, path, &json!([{"name": "Third"}, {"name": "first"}]));
        assert_eq!((whole.status, &whole.body["data"][1]["id"]), (200, &json!(id)), "{}", whole.body);
        assert_eq!(admin.call("DELETE", &format!("{path}/Third"), None).status, 204);
        assert_eq!(admin.call("DELETE", &format!("{path}/Third"), None).status, 404);
        assert_eq!(names(&admin.call("GET", path, None)), ["first"]);
    }
    let told = exchange.server().sql("SELECT DISTINCT type FROM event WHERE object ? 'signal_rules' ORDER BY type");
    assert_eq!(told, "account.updated\ndomain.updated\nserver.updated");
    // They go with their account.
    assert_eq!(exchange.server().sql("SELECT count(*) FROM rule_set"), "3");
    assert_eq!(admin.call("POST", "/accounts/bob@main.example/purge", Some(json!({"force": true}))).status, 204);
    assert_eq!(exchange.server().sql("SELECT count(*) FROM rule_set"), "2");
    Ok(())
}

fn signed_in(exchange: &Exchange, name: &str) -> Client {
    let mut client = Client::new(exchange.admin.port);
    assert_eq!(client.sign_in(&format!("{name}@main.example"), PASSWORD), 200);
    client
}

fn who_may_not_changes_nothing() -> Outcome {
    let exchange = Exchange::new();
    let (alice, bob) = (signed_in(&exchange, "alice"), signed_in(&exchange, "bob"));
    let rule = || Some(json!({"name": "mine", "actions": [{"verb": "redirect_to", "arg": "carol"}]}));
    let mine = "/accounts/me/rules/signal";
    assert_eq!(bob.call("POST", mine, rule()).status, 201);
    assert_eq!(bob.call("POST", &format!("{mine}/test"), Some(json!({"from": "alice"}))).body["timeline"][0]["rule"], "mine");
    assert_eq!(bob.call("PUT", "/accounts/me/datasets/Friends", Some(json!({"entries": ["Alice@main.example", "alice@main.example", "+49*"]}))).body["entries"], json!(["alice@main.example", "+49*"]));
    // Not another's, nor those of all.
    for path in [OF_BOB, OF_DOMAIN, OF_SERVER, "/accounts/bob@main.example/datasets", "/accounts/bob@main.example/dialler"] {
        assert_eq!(alice.call("GET", path, None).status, 403, "{path}");
    }
    assert_eq!(alice.call("POST", OF_BOB, rule()).status, 403);
    assert_eq!(alice.call("POST", OF_DOMAIN, rule()).status, 403);
    assert_eq!(alice.call("POST", OF_SERVER, rule()).status, 403);
    assert_eq!(alice.call("POST", &format!("{OF_BOB}/test"), Some(json!({}))).status, 403);
    // Who administers the domain reads them, and changes them by a right of its own.
    let rights = |domain: Value| {
        let etag = exchange.admin.call("GET", "/accounts/alice@main.example/rights", None).etag;
        let given = exchange.admin.call_if("PUT", "/accounts/alice@main.example/rights", Some(json!({"domain": domain})), etag.as_deref());
        assert_eq!(given.status, 200, "{}", given.body);
    };
    rights(json!(["domain"]));
    let alice_too = Client { port: 8010 + exchange.server().offset, token: alice.token.clone() };
    assert_eq!(alice_too.call("GET", OF_BOB, None).status, 200);
    let refused = alice_too.call("POST", OF_BOB, rule());
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("right_required")), "{}", refused.body);
    rights(json!(["domain", "signal_rules"]));
    assert_eq!(alice_too.call("DELETE", &format!("{OF_BOB}/mine"), None).status, 204);
    assert_eq!(alice_too.call("POST", OF_DOMAIN, rule()).status, 201);
    assert_eq!(alice_too.call("POST", OF_SERVER, rule()).status, 403);
    // An owner who may have no rules reads them and no more.
    let none = exchange.admin.call("PATCH", "/accounts/bob@main.example/settings", Some(json!({"set": {"signal_rules_allowed": "no"}})));
    assert_eq!(none.status, 200);
    assert_eq!(bob.call("GET", mine, None).status, 200);
    let refused = bob.call("POST", mine, rule());
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("right_required")), "{}", refused.body);
    Ok(())
}

fn what_cannot_be_is_refused_with_its_field() -> Outcome {
    let exchange = Exchange::new();
    let with = |more: Value| {
        let mut rule = json!({"name": "x"});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    };
    for (rule, pointer) in [
        (json!({"name": ""}), "/name"),
        (json!({"name": "#Vacation"}), "/name"),
        (with(json!({"stage": 601})), "/stage"),
        (with(json!({"stage": -1})), "/stage"),
        (with(json!({"priority": 11})), "/priority"),
        (with(json!({"priority": 0, "enabled": true})), "/enabled"),
        (with(json!({"conditions": [{"field": "from", "op": "is", "arg": "x"}, {"field": "colour", "op": "is", "arg": "x"}]})), "/conditions/1/field"),
        (with(json!({"conditions": [{"field": "from", "op": "less_than", "arg": "x"}]})), "/conditions/0/op"),
        (with(json!({"conditions": [{"field": "time_of_day", "op": "in", "arg": "night"}]})), "/conditions/0/arg"),
        (with(json!({"actions": [{"verb": "explode"}]})), "/actions/0/verb"),
        (with(json!({"actions": [{"verb": "stop_processing"}, {"verb": "redirect_to", "arg": "a b"}]})), "/actions/1/arg"),
        (with(json!({"actions": [{"verb": "reject_with", "arg": "200 OK"}]})), "/actions/0/arg"),
        (with(json!({"position": 0})), "/position"),
    ] {
        let answer = exchange.admin.call("POST", OF_BOB, Some(rule.clone()));
        assert_eq!((answer.status, &answer.body["errors"][0]["pointer"]), (422, &json!(pointer)), "{rule}: {}", answer.body);
        assert!(answer.head.contains("application/problem+json"), "{}", answer.head);
    }
    let im = json!({"name": "x", "actions": [{"verb": "send_im", "arg": "bob hello"}]});
    assert_eq!(exchange.admin.call("POST", OF_SERVER, Some(im)).body["errors"][0]["pointer"], "/actions/0/verb");
    let unknown = exchange.admin.call("POST", OF_BOB, Some(json!({"name": "x", "colour": "red"})));
    assert_eq!((unknown.status, &unknown.body["code"]), (400, &json!("unknown_field")));
    // In a list the rule is named by its place.
    let twice = replaced(&exchange.admin, OF_BOB, &json!([{"name": "a"}, {"name": "A"}, {"name": "b", "actions": [{"verb": "x"}]}]));
    let pointers: Vec<&str> = twice.body["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!((twice.status, pointers), (422, vec!["/rules/1/name", "/rules/2/actions/0/verb"]));
    assert_eq!(exchange.admin.call("POST", OF_BOB, Some(json!({"name": "a"}))).status, 201);
    let order = exchange.admin.call("POST", &format!("{OF_BOB}/reorder"), Some(json!({"rules": ["a", "a"]})));
    assert_eq!((order.status, &order.body["errors"][0]["pointer"]), (422, &json!("/rules/1")));
    let order = exchange.admin.call("POST", &format!("{OF_BOB}/reorder"), Some(json!({"rules": []})));
    assert_eq!((order.status, &order.body["errors"][0]["pointer"]), (422, &json!("/rules")));
    for (input, pointer) in [(json!({"time": "noon"}), "/time"), (json!({"devices_state": [{"status": 100}]}), "/devices_state/0/status"), (json!({"rules": [{"name": "x", "stage": 700}]}), "/rules/0/stage")] {
        let answer = exchange.admin.call("POST", &format!("{OF_BOB}/test"), Some(input.clone()));
        assert_eq!((answer.status, &answer.body["errors"][0]["pointer"]), (422, &json!(pointer)), "{input}: {}", answer.body);
    }
    // The same without saving, and what is but doubtful.
    let reviewed = |path: &str, rules: Value| {
        let answer = exchange.admin.call("POST", &format!("{path}/validate"), Some(json!({"rules": rules})));
        assert_eq!(answer.status, 200, "{}", answer.body);
        let list = |name: &str| answer.body[name].as_array().unwrap().iter().map(|one| (one["pointer"].as_str().unwrap().to_owned(), one["detail"].as_str().unwrap().to_owned())).collect::<Vec<_>>();
        (list("errors"), list("warnings"))
    };
    let go = |to: &str| json!([{"verb": "redirect_to", "arg": to}]);
    let (errors, warnings) = reviewed(OF_BOB, json!([{"name": "a", "stage": 700}, {"name": "b", "actions": [{"verb": "x"}]}]));
    assert_eq!((errors[0].0.as_str(), errors[1].0.as_str(), warnings.len()), ("/rules/0/stage", "/rules/1/actions/0/verb", 0));
    let (errors, warnings) = reviewed(OF_BOB, json!([
        {"name": "a", "actions": go("carol")}, {"name": "b", "actions": go("carol")}, {"name": "c", "stage": 1, "actions": go("nobody, robert")},
        {"name": "d", "stage": 2, "conditions": [{"field": "from", "op": "in", "arg": "#Friends"}], "actions": go("*")}
    ]));
    let told: Vec<(&str, bool)> = warnings.iter().map(|(pointer, detail)| (pointer.as_str(), ["never asked because of a", "nobody@main.example leads nowhere: 404", "robert@main.example is the account itself", "no dataset friends"].iter().any(|words| detail.contains(words)))).collect();
    assert_eq!((errors.len(), told), (0, vec![("/rules/1", true), ("/rules/2/actions/0/arg", true), ("/rules/2/actions/0/arg", true), ("/rules", true)]), "{warnings:#?}");
    for path in [OF_DOMAIN, OF_SERVER] {
        assert_eq!(reviewed(path, json!([{"name": "a", "actions": go("carol")}, {"name": "b", "stage": 1, "actions": go("nobody")}])).1[0].0, "/rules/1/actions/0/arg");
    }
    for (path, body, pointer) in [
        ("/accounts/bob@main.example/datasets/a,b", json!({"entries": []}), "/name"),
        ("/accounts/bob@main.example/datasets/ab", json!({"entries": ["x", " "]}), "/entries/1"),
    ] {
        let answer = exchange.admin.call("PUT", path, Some(body));
        assert_eq!((answer.status, &answer.body["errors"][0]["pointer"]), (422, &json!(pointer)), "{}", answer.body);
    }
    Ok(())
}
