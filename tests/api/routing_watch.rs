//! Changes of the Router that must be confirmed, and how often its lines are applied: on a real server, through restarts.

use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::routing::{company, made, route};
use crate::server::{Options, Scratch, Server};
use crate::smtp::Smtp;

type Outcome = Result<(), Failed>;

const PASSWORD: &str = "correct horse battery";

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("routing_watch::{name}"), run);
    vec![
        test("what_nobody_confirms_goes_back_even_after_a_restart", what_nobody_confirms_goes_back_even_after_a_restart),
        test("what_is_confirmed_stays", what_is_confirmed_stays),
        test("who_saves_meanwhile_decides", who_saves_meanwhile_decides),
        test("lines_are_counted_when_they_are_used", lines_are_counted_when_they_are_used),
        test("what_another_node_saves_acts_here", what_another_node_saves_acts_here),
    ]
}

/// Asks until it is so; what the server does by itself has no event here.
fn wait(what: &str, so: impl Fn() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < give_up, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn table(client: &Client) -> (String, i64) {
    let body = client.call("GET", "/router/table", None).body;
    (body["text"].as_str().unwrap().to_owned(), body["version"].as_i64().unwrap())
}

/// Saves a table that must be confirmed.
fn save(client: &Client, text: &str) -> Answer {
    let version = format!("\"{}\"", table(client).1);
    client.call_if("PUT", "/router/table", Some(json!({"text": text, "confirm_within": 300})), Some(&version))
}

fn waiting(client: &Client) -> Vec<Value> {
    client.call("GET", "/router/confirmations", None).body["data"].as_array().unwrap().clone()
}

fn settle(client: &Client, id: &Value, action: &str) -> Answer {
    client.call("POST", &format!("/router/confirmations/{}/{action}", id.as_str().unwrap()), None)
}

/// The time to confirm is over.
fn let_time_pass(server: &Server) {
    server.sql("UPDATE routing_confirmation SET confirm_by = now() WHERE state = 'waiting'");
}

/// Stops a server in order and starts it again.
fn restarted(scratch: &Scratch, server: Server) -> (Server, Client) {
    let offset = server.offset;
    assert_eq!(server.stop(), Some(0));
    let server = Server::start_at(&Options::new(&scratch.0.join("data")), offset);
    let mut admin = Client::new(server.port());
    assert_eq!(admin.sign_in("postmaster", PASSWORD), 200);
    (server, admin)
}

fn what_nobody_confirms_goes_back_even_after_a_restart() -> Outcome {
    let (scratch, server, admin) = company();
    let (first, _) = table(&admin);
    assert_eq!(save(&admin, &format!("<x> = postmaster\n{first}")).status, 200);
    assert_eq!(route(&admin, "x@company.dom", "mail"), "LOCAL(postmaster@company.dom)");
    // Saved again while it waits: both go back together.
    assert_eq!(save(&admin, &format!("<x> = pbx\n{first}")).status, 200);
    let shown = waiting(&admin);
    assert_eq!((shown.len(), &shown[0]["part"], &shown[0]["version"], &shown[0]["saved_by"]), (1, &json!("table"), &json!(3), &json!("postmaster@company.dom")));
    let (server, admin) = restarted(&scratch, server);
    assert_eq!(waiting(&admin), shown);
    assert_eq!(route(&admin, "x@company.dom", "mail"), "LOCAL(pbx@company.dom)", "it is in force until it goes back");
    let_time_pass(&server);
    wait("the earlier table", || table(&admin).1 == 4);
    assert_eq!(table(&admin).0, first);
    assert!(route(&admin, "x@company.dom", "mail").starts_with("ERROR 550"));
    let history = admin.call("GET", "/router/history?limit=1", None).body;
    assert_eq!((&history["data"][0]["changed_by"], &history["data"][0]["new_text"]), (&json!("server"), &json!(first)));
    assert_eq!(server.sql("SELECT actor, action, object FROM audit ORDER BY seq DESC LIMIT 1"), "server|revertRouting|router/table");
    let event = server.sql("SELECT object->>'version', object->>'saved_by' FROM event WHERE type = 'routing.reverted'");
    assert_eq!(event, "4|postmaster@company.dom");
    assert!(waiting(&admin).is_empty());
    let late = settle(&admin, &shown[0]["id"], "confirm");
    assert_eq!((late.status, &late.body["code"]), (409, &json!("wrong_state")));
    // What is due while the server is down goes back when it starts.
    assert_eq!(save(&admin, "").status, 200);
    let_time_pass(&server);
    let (_server, admin) = restarted(&scratch, server);
    wait("the earlier table", || table(&admin).0 == first);
    Ok(())
}

fn what_is_confirmed_stays() -> Outcome {
    let (_scratch, server, admin) = company();
    let (first, _) = table(&admin);
    let next = format!("<x> = postmaster\n{first}");
    assert_eq!(save(&admin, &next).status, 200);
    let id = waiting(&admin)[0]["id"].clone();
    assert_eq!(settle(&admin, &id, "confirm").status, 204);
    assert!(waiting(&admin).is_empty());
    for action in ["confirm", "revert"] {
        assert_eq!(settle(&admin, &id, action).body["code"], "wrong_state");
    }
    assert_eq!(server.sql("SELECT actor, action FROM audit ORDER BY seq DESC LIMIT 1"), "postmaster@company.dom|confirmRouting");
    // Settings beside it go back, and at once when somebody wants it.
    let direct = || {
        let view = admin.call("GET", "/router/settings", None).body;
        view["data"].as_array().unwrap().iter().find(|one| one["key"] == "direct_mailbox_addressing").unwrap()["value"].clone()
    };
    let change = json!({"set": {"direct_mailbox_addressing": true}, "confirm_within": 10});
    assert_eq!(admin.call("PATCH", "/router/settings", Some(change.clone())).status, 200);
    assert_eq!((direct(), &waiting(&admin)[0]["part"]), (json!(true), &json!("settings")));
    assert_eq!(settle(&admin, &waiting(&admin)[0]["id"], "revert").status, 204);
    assert_eq!(direct(), json!(false));
    assert_eq!(admin.call("PATCH", "/router/settings", Some(change)).status, 200);
    server.sql("UPDATE routing_confirmation SET confirm_by = now()");
    wait("the earlier settings", || direct() == json!(false));
    assert_eq!(table(&admin), (next, 2), "a confirmed table is left alone");
    Ok(())
}

fn who_saves_meanwhile_decides() -> Outcome {
    let (_scratch, server, admin) = company();
    let (first, _) = table(&admin);
    let mine = format!("<x> = postmaster\n{first}");
    assert_eq!(save(&admin, &mine).status, 200);
    let id = waiting(&admin)[0]["id"].clone();
    let line = made(&admin, "/router/lines", json!({"text": "<y> = postmaster"}));
    assert!(waiting(&admin).is_empty(), "somebody has decided");
    let_time_pass(&server);
    for action in ["confirm", "revert"] {
        let late = settle(&admin, &id, action);
        assert_eq!((late.status, &late.body["code"], &late.body["current_version"]), (412, &json!("version_conflict"), &json!("3")));
    }
    assert_eq!(table(&admin).0, format!("{mine}<y> = postmaster\n"));
    assert_eq!(admin.call("DELETE", &format!("/router/lines/{}", line["id"].as_str().unwrap()), None).status, 204);
    for seconds in [9, 3601, -1] {
        let wrong = admin.call_if("PUT", "/router/table", Some(json!({"text": first, "confirm_within": seconds})), Some("\"4\""));
        assert_eq!((wrong.status, &wrong.body["errors"][0]["pointer"]), (422, &json!("/confirm_within")));
        let wrong = admin.call("PATCH", "/router/settings", Some(json!({"set": {}, "confirm_within": seconds})));
        assert_eq!((wrong.status, &wrong.body["errors"][0]["pointer"]), (422, &json!("/confirm_within")));
    }
    let unknown = settle(&admin, &json!("00000000-0000-0000-0000-000000000000"), "confirm");
    assert_eq!((unknown.status, &unknown.body["code"]), (404, &json!("not_found")));
    assert_eq!(table(&admin).1, 4);
    Ok(())
}

fn what_another_node_saves_acts_here() -> Outcome {
    let (_scratch, server, admin) = company();
    made(&admin, "/router/lines", json!({"text": "<x> = postmaster", "position": 1}));
    let leads = || route(&admin, "x@company.dom", "mail");
    wait("the notice of our own change", || leads() == "LOCAL(postmaster@company.dom)");
    server.sql("UPDATE routing_line SET text = '<x> = pbx' WHERE text = '<x> = postmaster'");
    server.sql("SELECT pg_notify('postamt', 'system')");
    wait("the table as it is stored", || leads() == "LOCAL(pbx@company.dom)");
    Ok(())
}

fn lines_are_counted_when_they_are_used() -> Outcome {
    let (scratch, server, admin) = company();
    let (first, _) = table(&admin);
    let hits = |admin: &Client| admin.call("GET", "/router/hits", None).body["data"].as_array().unwrap().iter().map(|one| (one["position"].as_i64().unwrap(), one["hits"].as_i64().unwrap())).collect::<Vec<_>>();
    let line = made(&admin, "/router/lines", json!({"text": "<sales> = postmaster", "position": 1}));
    for _ in 0..3 {
        assert_eq!(route(&admin, "sales@company.dom", "mail"), "LOCAL(postmaster@company.dom)");
    }
    let rehearsal = json!({"rules": [{"name": "a", "actions": [{"verb": "redirect_to", "arg": "sales"}, {"verb": "stop_processing"}]}]});
    assert_eq!(admin.call("POST", "/accounts/postmaster@company.dom/rules/signal/test", Some(rehearsal)).status, 200);
    assert_eq!(hits(&admin), [], "who explains and rehearses uses nothing");
    let mut smtp = Smtp::connect(2025 + server.offset);
    assert!(smtp.command("MAIL FROM:<a@far.example>").starts_with("250"));
    for _ in 0..2 {
        assert!(smtp.command("RCPT TO:<sales@company.dom>").starts_with("250"));
    }
    assert_eq!(hits(&admin), [(1, 2)]);
    // The line moves, and keeps its count; a count outlives a restart.
    made(&admin, "/router/lines", json!({"text": "<y> = postmaster", "position": 1}));
    assert!(smtp.command("RCPT TO:<Sales@company.dom>").starts_with("250"));
    assert!(smtp.command("RCPT TO:<y@company.dom>").starts_with("250"));
    assert_eq!(hits(&admin), [(1, 1), (2, 3)]);
    let page = admin.call("GET", "/router/hits?limit=1", None).body;
    let next = admin.call("GET", &format!("/router/hits?limit=1&cursor={}", page["page"]["next_cursor"].as_str().unwrap()), None).body;
    assert_eq!((&next["data"][0]["id"], &next["data"][0]["hits"], &next["page"]["has_more"]), (&line["id"], &json!(3), &json!(false)));
    drop(smtp);
    let (server, admin) = restarted(&scratch, server);
    assert_eq!(hits(&admin), [(1, 1), (2, 3)]);
    server.sql("UPDATE routing_hit SET hour = hour - interval '23 hours'");
    assert_eq!(hits(&admin), [(1, 1), (2, 3)]);
    server.sql("UPDATE routing_hit SET hour = hour - interval '1 hour'");
    assert_eq!(hits(&admin), [], "a day is over");
    assert_eq!(first.lines().count() + 2, admin.call("GET", "/router/lines?limit=500", None).body["data"].as_array().unwrap().len());
    Ok(())
}
