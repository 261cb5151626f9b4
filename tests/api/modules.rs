//! Settings of modules: checked, shown with their origin, in force at once.

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::account::account;
use crate::client::Client;
use crate::lines::Lines;

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("modules::{name}"), run);
    vec![
        test("values_are_checked_and_shown_with_their_origin", values_are_checked_and_shown_with_their_origin),
        test("shells_act_on_changes_at_once", shells_act_on_changes_at_once),
        test("settings_and_codes_are_described", settings_and_codes_are_described),
    ]
}

fn shown(client: &Client, module: &str, key: &str) -> Value {
    let view = client.call("GET", &format!("/server/modules/{module}"), None);
    assert_eq!(view.status, 200, "{:#}", view.body);
    view.body["data"].as_array().unwrap().iter().find(|s| s["key"] == key).unwrap().clone()
}

fn values_are_checked_and_shown_with_their_origin() -> Outcome {
    let anna = account();
    let admin = &anna.admin;
    assert_eq!(admin.call("GET", "/server/modules", None).body["data"], json!(["smtp", "smtp_out", "queue", "imap", "pop", "media", "sip", "rules"]));
    let before = shown(admin, "queue", "trace_days");
    assert_eq!((&before["value"], &before["source"], &before["explicit"]), (&json!(30), &json!("builtin"), &Value::Null));
    let version = admin.call("GET", "/server/modules/queue", None).etag;
    let changed = admin.call_if("PATCH", "/server/modules/queue", Some(json!({"set": {"trace_days": 7}})), version.as_deref());
    assert_eq!(changed.status, 200);
    let after = shown(admin, "queue", "trace_days");
    assert_eq!((&after["value"], &after["source"], &after["explicit"], &after["inherited"]), (&json!(7), &json!("server"), &json!(7), &json!(30)));
    let stale = admin.call_if("PATCH", "/server/modules/queue", Some(json!({"set": {"trace_days": 8}})), version.as_deref());
    assert_eq!((stale.status, &stale.body["code"]), (412, &json!("version_conflict")));
    for (module, body, status, pointer) in [
        ("queue", json!({"set": {"trace_days": 0}}), 422, "/set/trace_days"),
        ("queue", json!({"set": {"trace_days": "seven"}}), 422, "/set/trace_days"),
        ("queue", json!({"set": {"port": 1}}), 422, "/set/port"),
        ("queue", json!({"unset": ["port"]}), 422, "/unset/port"),
        ("smtp_out", json!({"set": {"tls": "sometimes"}}), 422, "/set/tls"),
        ("queue", json!({"sett": {}}), 400, "/sett"),
    ] {
        let refused = admin.call("PATCH", &format!("/server/modules/{module}"), Some(body.clone()));
        assert_eq!((refused.status, refused.body["errors"][0]["pointer"].as_str()), (status, Some(pointer)), "{body}");
    }
    assert_eq!(admin.call("PATCH", "/server/modules/fax", Some(json!({}))).status, 404);
    assert_eq!(admin.call("PATCH", "/server/modules/queue", Some(json!({"unset": ["trace_days"]}))).status, 200);
    assert_eq!(shown(admin, "queue", "trace_days")["source"], "builtin");
    for (method, body) in [("GET", None), ("PATCH", Some(json!({})))] {
        let refused = anna.rest.call(method, "/server/modules/queue", body.clone());
        assert_eq!((refused.status, &refused.body["code"]), (403, &json!("right_required")));
        assert_eq!(Client::new(admin.port).call(method, "/server/modules/queue", body).status, 401);
    }
    Ok(())
}

fn shells_act_on_changes_at_once() -> Outcome {
    let anna = account();
    let set = |module: &str, values: Value| assert_eq!(anna.admin.call("PATCH", &format!("/server/modules/{module}"), Some(json!({"set": values}))).status, 200);
    let greeting = |port: u16| Lines::greeted(port).1;
    let open = Lines::connect(anna.imap);
    set("imap", json!({"max_connections": 1, "max_line": 1024}));
    assert!(greeting(anna.imap).starts_with("* BYE [UNAVAILABLE]"), "a second connection is one too many");
    set("imap", json!({"max_connections": 5}));
    drop(open);
    let mut long = Lines::connect(anna.imap);
    long.send(&format!("t NOOP {}", "x".repeat(2000)));
    assert!(long.line().contains("BAD [TOOBIG]"), "the line is longer than the new limit");
    set("pop", json!({"max_connections": 0}));
    assert!(greeting(anna.pop).starts_with("-ERR [SYS/TEMP]"));
    set("smtp", json!({"channels": 0}));
    let smtp = anna.imap - 2143 + 2025;
    assert!(greeting(smtp).starts_with("421 4.3.2"));
    set("smtp", json!({"channels": 10, "max_size": 200_000}));
    let mut smtp = crate::smtp::Smtp::connect(smtp);
    assert!(smtp.command("EHLO x.test").contains("SIZE 200000"));
    Ok(())
}

fn settings_and_codes_are_described() -> Outcome {
    let anna = account();
    let all = anna.rest.call("GET", "/meta/settings", None).body;
    let port = all["data"].as_array().unwrap().iter().find(|g| g["object"] == "smtp_out").unwrap()["settings"].as_array().unwrap().iter().find(|s| s["key"] == "port").unwrap().clone();
    assert_eq!((&port["type"], &port["min"], &port["max"], &port["default"]), (&json!("int"), &json!(1), &json!(65535), &json!(25)));
    let codes = anna.rest.call("GET", "/meta/error-codes", None).body;
    assert!(codes["data"].as_array().unwrap().contains(&json!({"code": "version_conflict", "status": 412})));
    let version = anna.rest.call("GET", "/meta/version", None).body;
    assert_eq!((&version["product"], &version["api_versions"]), (&json!("Postamt"), &json!(["v1"])));
    Ok(())
}
