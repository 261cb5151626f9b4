//! Claiming a server, domains, accounts, settings, sessions, rights: over REST on a real server.

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{Options, Scratch, Server};

type Outcome = Result<(), Failed>;

const PASSWORD: &str = "correct horse battery";

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("administration::{name}"), run);
    vec![
        test("a_fresh_server_is_claimed_once", a_fresh_server_is_claimed_once),
        test("domains_and_accounts_live_and_die", domains_and_accounts_live_and_die),
        test("settings_say_where_they_come_from", settings_say_where_they_come_from),
        test("sessions_end_when_they_must", sessions_end_when_they_must),
        test("nobody_does_what_he_may_not", nobody_does_what_he_may_not),
        test("bad_input_names_the_field", bad_input_names_the_field),
        test("pages_hold_everything_once", pages_hold_everything_once),
        test("a_key_makes_a_call_safe_to_repeat", a_key_makes_a_call_safe_to_repeat),
        test("the_console_calls_any_operation", the_console_calls_any_operation),
        test("too_many_calls_are_told_to_wait", too_many_calls_are_told_to_wait),
    ]
}

/// A server claimed by its configuration, and its administrator.
pub(crate) fn claimed() -> (Scratch, Server, Client) {
    let scratch = Scratch::new();
    let mut options = Options::new(&scratch.0.join("data"));
    options.environment = vec![
        ("POSTAMT_BOOTSTRAP__MAIN_DOMAIN".to_owned(), "main.example".to_owned()),
        ("POSTAMT_BOOTSTRAP__POSTMASTER_PASSWORD".to_owned(), PASSWORD.to_owned()),
    ];
    let server = Server::start(&options);
    let mut client = Client::new(server.port());
    assert_eq!(client.sign_in("postmaster", PASSWORD), 200);
    let wide = json!({"count": -1, "period": 60});
    let limits = json!({"set": {"rate_default": wide, "rate_admin_read": wide, "rate_admin_write": wide, "rate_login": wide, "rate_anonymous": wide}});
    assert_eq!(client.call("PATCH", "/server/settings", Some(limits)).status, 200);
    (scratch, server, client)
}

fn a_fresh_server_is_claimed_once() -> Outcome {
    let scratch = Scratch::new();
    let server = Server::start(&Options::new(&scratch.0.join("data")));
    let client = Client::new(server.port());
    let waiting = client.call("GET", "/domains", None);
    assert_eq!((waiting.status, &waiting.body["code"]), (503, &json!("setup_required")));
    let state = client.call("GET", "/setup", None).body;
    assert_eq!(state["completed"], false);
    for network in state["interface_networks"].as_array().unwrap() {
        let (address, prefix) = network.as_str().unwrap().split_once('/').unwrap();
        assert!(!address.parse::<std::net::IpAddr>().unwrap().is_loopback() && prefix.parse::<u8>().unwrap() <= 128, "{network}");
    }
    let claim = |token: &str| json!({"token": token, "postmaster_password": PASSWORD, "main_domain": "Main.Example", "language": "de", "time_zone": "Europe/Berlin"});
    let wrong = client.call("POST", "/setup", Some(claim("wrong")));
    assert_eq!((wrong.status, &wrong.body["code"]), (403, &json!("setup_token_invalid")));
    let token = std::fs::read_to_string(server.data.join("setup-token"))?;
    assert_eq!(token.len(), 52);
    let weak = client.call("POST", "/setup", Some(json!({"token": token, "postmaster_password": "short", "main_domain": "main.example"})));
    assert_eq!((weak.status, &weak.body["code"], &weak.body["errors"][0]["pointer"]), (422, &json!("password_policy"), &json!("/postmaster_password")));
    let done = client.call("POST", "/setup", Some(claim(&token)));
    assert_eq!((done.status, &done.body["main_domain"], &done.body["administrator"]), (201, &json!("main.example"), &json!("postmaster@main.example")));
    assert_eq!(client.call("GET", "/setup", None).body, json!({"completed": true, "interface_networks": []}));
    let again = client.call("POST", "/setup", Some(claim(&token)));
    assert_eq!((again.status, &again.body["code"]), (409, &json!("setup_already_done")));
    assert!(!server.data.join("setup-token").exists());
    let admin = Client { port: server.port(), token: done.body["access_token"].as_str().map(str::to_owned) };
    assert_eq!(admin.call("GET", "/auth/session", None).body["server_rights"], json!(["master"]));
    let shown = admin.call("GET", "/server", None);
    assert_eq!((&shown.body["language"], &shown.body["time_zone"]), (&json!("de"), &json!("Europe/Berlin")));
    Ok(())
}

fn domains_and_accounts_live_and_die() -> Outcome {
    let (_scratch, _server, admin) = claimed();
    let domain = admin.call("POST", "/domains", Some(json!({"name": "client.example", "aliases": ["mail.client.example"]})));
    assert_eq!((domain.status, domain.etag.as_deref()), (201, Some("\"1\"")));
    let taken = admin.call("POST", "/domains", Some(json!({"name": "mail.client.example"})));
    assert_eq!((taken.status, &taken.body["code"]), (409, &json!("domain_exists")));
    let made = admin.call("POST", "/domains/mail.client.example/accounts", Some(json!({"name": "Anna.Berg", "password": PASSWORD, "real_name": "Anna Berg", "aliases": ["a.berg"], "telnums": ["+4930123456"]})));
    assert_eq!((made.status, &made.body["address"]), (201, &json!("anna.berg@client.example")));
    let taken = admin.call("POST", "/domains/client.example/accounts", Some(json!({"name": "a.berg"})));
    assert_eq!((taken.status, &taken.body["code"], &taken.body["errors"][0]["pointer"]), (409, &json!("name_in_use"), &json!("/name")));
    for login in ["anna.berg@client.example", "a.berg%client.example", "A.Berg@mail.client.example", "anna.berg+shop@client.example"] {
        assert_eq!(Client::new(admin.port).sign_in(login, PASSWORD), 200, "{login}");
    }
    let path = "/accounts/anna.berg@client.example";
    assert_eq!(admin.call("GET", "/accounts/a.berg@mail.client.example", None).body["telnums"], json!(["+4930123456"]));
    // A name without a domain is one of the main domain, and of no other.
    assert_eq!(admin.call("GET", "/accounts/Postmaster", None).body["address"], "postmaster@main.example");
    for name in ["anna.berg", "a.berg", "nobody"] {
        let unknown = admin.call("GET", &format!("/accounts/{name}"), None);
        assert_eq!((unknown.status, &unknown.body["code"]), (404, &json!("not_found")), "{name}");
    }
    let changed = admin.call_if("PATCH", path, Some(json!({"real_name": "A. B."})), Some("\"1\""));
    assert_eq!((changed.status, changed.etag.as_deref()), (200, Some("\"2\"")));
    let stale = admin.call_if("PATCH", path, Some(json!({"real_name": "C"})), Some("\"1\""));
    assert_eq!((stale.status, &stale.body["code"], &stale.body["current_version"]), (412, &json!("version_conflict"), &json!("2")));
    assert_eq!(admin.call("DELETE", "/domains/client.example", None).body["code"], "not_empty");
    let id = made.body["id"].as_str().unwrap().to_owned();
    assert_eq!(admin.call("DELETE", path, None).status, 204);
    assert_eq!(Client::new(admin.port).sign_in("anna.berg@client.example", PASSWORD), 401);
    assert_eq!(admin.call("POST", &format!("/accounts/{id}/restore"), Some(json!({}))).status, 200);
    assert_eq!(Client::new(admin.port).sign_in("anna.berg@client.example", PASSWORD), 200);
    for (method, path) in [("DELETE", "/accounts/postmaster@main.example"), ("POST", "/accounts/pbx@main.example/suspend"), ("DELETE", "/domains/main.example"), ("POST", "/domains/main.example/suspend")] {
        let answer = admin.call(method, path, if method == "POST" { Some(json!({})) } else { None });
        assert_eq!((answer.status, &answer.body["code"]), (409, &json!("builtin_protected")), "{path}");
    }
    Ok(())
}

fn setting(view: &Value, key: &str) -> Value {
    view["data"].as_array().unwrap().iter().find(|s| s["key"] == key).unwrap().clone()
}

fn settings_say_where_they_come_from() -> Outcome {
    let (_scratch, _server, admin) = claimed();
    let path = "/accounts/pbx@main.example/settings";
    let shown = |source: &str, value: i64| {
        let found = setting(&admin.call("GET", path, None).body, "max_account_size");
        assert_eq!((&found["source"], &found["value"]), (&json!(source), &json!(value)));
    };
    shown("builtin", -1);
    assert_eq!(admin.call("PATCH", "/server/account-defaults", Some(json!({"set": {"max_account_size": 5}}))).status, 200);
    shown("server", 5);
    assert_eq!(admin.call("PATCH", path, Some(json!({"set": {"max_account_size": 7}}))).status, 200);
    shown("account", 7);
    assert_eq!(admin.call("PATCH", path, Some(json!({"unset": ["max_account_size"]}))).status, 200);
    shown("server", 5);
    let wrong = admin.call("PATCH", path, Some(json!({"set": {"max_account_size": -2}})));
    assert_eq!((wrong.status, &wrong.body["errors"][0]["pointer"]), (422, &json!("/set/max_account_size")));
    let limit = json!({"set": {"accounts_limit": 2}});
    assert_eq!(admin.call("PATCH", "/domains/main.example/settings", Some(limit)).status, 200);
    assert_eq!(admin.call("POST", "/domains/main.example/accounts", Some(json!({"name": "third"}))).body["code"], "domain_limit_reached");
    Ok(())
}

fn sessions_end_when_they_must() -> Outcome {
    let (_scratch, server, admin) = claimed();
    assert_eq!(admin.call("POST", "/domains/main.example/accounts", Some(json!({"name": "u", "password": PASSWORD}))).status, 201);
    let mut user = Client::new(server.port());
    assert_eq!(user.sign_in("u", "wrong password"), 401);
    assert_eq!(user.sign_in("nobody", PASSWORD), 401);
    let tokens = user.call("POST", "/auth/login", Some(json!({"login": "u", "password": PASSWORD}))).body;
    let first = json!({"refresh_token": tokens["refresh_token"]});
    let second = user.call("POST", "/auth/refresh", Some(first.clone()));
    assert_eq!(second.status, 200);
    user.token = second.body["access_token"].as_str().map(str::to_owned);
    assert_eq!(user.call("GET", "/accounts/me", None).status, 200);
    let reused = user.call("POST", "/auth/refresh", Some(first));
    assert_eq!((reused.status, &reused.body["code"]), (401, &json!("refresh_reused")));
    assert_eq!(user.call("GET", "/accounts/me", None).body["code"], "token_revoked");
    assert_eq!(user.sign_in("u", PASSWORD), 200);
    assert_eq!(user.call("POST", "/auth/logout", None).status, 204);
    assert_eq!(user.call("GET", "/accounts/me", None).status, 401);
    assert_eq!(user.sign_in("u", PASSWORD), 200);
    assert_eq!(admin.call("POST", "/accounts/u@main.example/suspend", Some(json!({}))).status, 200);
    assert_eq!(user.call("GET", "/accounts/me", None).status, 401);
    assert_eq!(user.sign_in("u", PASSWORD), 401);
    assert_eq!(admin.call("POST", "/accounts/u@main.example/resume", None).status, 200);
    assert_eq!(user.sign_in("u", PASSWORD), 200);
    let change = |old: &str| json!({"password": "another good phrase", "old_password": old});
    assert_eq!(user.call("POST", "/accounts/me/set-password", Some(change("wrong"))).status, 403);
    assert_eq!(user.call("POST", "/accounts/me/set-password", Some(change(PASSWORD))).status, 204);
    assert_eq!(user.call("GET", "/accounts/me", None).status, 200, "one's own session stays");
    assert_eq!(Client::new(server.port()).sign_in("u", PASSWORD), 401);
    assert_eq!(Client::new(server.port()).sign_in("u", "another good phrase"), 200);
    Ok(())
}

fn nobody_does_what_he_may_not() -> Outcome {
    let (_scratch, server, admin) = claimed();
    assert_eq!(admin.call("POST", "/domains/main.example/accounts", Some(json!({"name": "u", "password": PASSWORD}))).status, 201);
    let mut user = Client::new(server.port());
    let paths = [("GET", "/server"), ("GET", "/domains"), ("GET", "/domains/main.example"), ("GET", "/accounts/postmaster@main.example"), ("GET", "/server/settings")];
    for (method, path) in paths {
        let answer = user.call(method, path, None);
        assert_eq!((answer.status, &answer.body["code"]), (401, &json!("authentication_required")), "{path}");
    }
    assert_eq!(user.sign_in("u", PASSWORD), 200);
    for (method, path) in paths {
        let answer = user.call(method, path, None);
        assert_eq!((answer.status, &answer.body["code"]), (403, &json!("right_required")), "{path}");
        assert!(answer.body["required"].is_string(), "{path}");
    }
    assert_eq!(user.call("PATCH", "/accounts/me", Some(json!({"real_name": "U"}))).status, 200);
    assert_eq!(user.call("PATCH", "/accounts/me/settings", Some(json!({"set": {"relay": true}}))).status, 403);
    let forged = Client { port: server.port(), token: Some("eyJhbGciOiJub25lIn0.e30.".to_owned()) };
    assert_eq!(forged.call("GET", "/accounts/me", None).status, 401);
    Ok(())
}

fn bad_input_names_the_field() -> Outcome {
    let (_scratch, _server, admin) = claimed();
    let accounts = "/domains/main.example/accounts";
    for (body, status, code, pointer) in [
        (json!({"name": ".a"}), 422, "validation_failed", "/name"),
        (json!({"name": "ä"}), 422, "validation_failed", "/name"),
        (json!({"name": "ok", "nonsense": 1}), 400, "unknown_field", "/nonsense"),
        (json!({}), 400, "invalid_parameter", "/name"),
        (json!({"name": "ok", "telnums": ["123"]}), 422, "validation_failed", "/telnums/0"),
        (json!({"name": "ok", "domain": "other"}), 400, "invalid_parameter", "/domain"),
    ] {
        let answer = admin.call("POST", accounts, Some(body.clone()));
        assert_eq!((answer.status, &answer.body["code"], &answer.body["errors"][0]["pointer"]), (status, &json!(code), &json!(pointer)), "{body}");
    }
    assert_eq!(admin.call("POST", "/domains", Some(json!([1]))).body["code"], "malformed_json");
    assert_eq!(admin.call("GET", "/domains?limit=0", None).status, 400);
    assert_eq!(admin.call("GET", "/domains?cursor=zz", None).body["code"], "cursor_mismatch");
    assert_eq!(admin.call("GET", "/nothing", None).body["code"], "route_not_found");
    assert_eq!(admin.call("GET", "/accounts/00000000-0000-0000-0000-000000000000", None).status, 404);
    Ok(())
}

fn pages_hold_everything_once() -> Outcome {
    let (_scratch, _server, admin) = claimed();
    for n in 0..7 {
        assert_eq!(admin.call("POST", "/domains/main.example/accounts", Some(json!({"name": format!("u{n}")}))).status, 201);
    }
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.call("GET", &format!("/domains/main.example/accounts?limit=2{cursor}"), None).body;
        names.extend(page["data"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap().to_owned()));
        match page["page"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(names, ["pbx", "postmaster", "u0", "u1", "u2", "u3", "u4", "u5", "u6"]);
    Ok(())
}

fn a_key_makes_a_call_safe_to_repeat() -> Outcome {
    let (_scratch, _server, admin) = claimed();
    let path = "/domains/main.example/accounts";
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..20).map(|_| scope.spawn(|| admin.call_with("POST", path, Some(json!({"name": "once"})), "Idempotency-Key: hr-4711\r\n").status)).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert!(statuses.contains(&201) && statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
    let again = admin.call_with("POST", path, Some(json!({"name": "once"})), "Idempotency-Key: hr-4711\r\n");
    assert_eq!((again.status, &again.body["name"], again.etag.as_deref()), (201, &json!("once"), Some("\"1\"")));
    let other = admin.call_with("POST", path, Some(json!({"name": "twice"})), "Idempotency-Key: hr-4711\r\n");
    assert_eq!((other.status, &other.body["code"]), (422, &json!("idempotency_key_reused")));
    let accounts = admin.call("GET", path, None).body["data"].as_array().unwrap().len();
    assert_eq!(accounts, 3, "postmaster, pbx, once");
    Ok(())
}

fn too_many_calls_are_told_to_wait() -> Outcome {
    let (_scratch, server, admin) = claimed();
    let defaults = json!({"unset": ["rate_login", "rate_anonymous"]});
    assert_eq!(admin.call("PATCH", "/server/settings", Some(defaults)).status, 200);
    let mut stranger = Client::new(server.port());
    let statuses: Vec<u16> = (0..12).map(|_| stranger.sign_in("postmaster", "wrong password")).collect();
    // Ten in a minute from one address; the administrator's own sign-in was the first of them.
    assert_eq!(statuses.iter().filter(|s| **s == 401).count(), 9, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429));
    let refused = stranger.call("POST", "/auth/login", Some(json!({"login": "a", "password": "b"})));
    assert_eq!((refused.status, &refused.body["code"]), (429, &json!("rate_limited")));
    assert_eq!(admin.call("GET", "/server", None).status, 200, "others go on");
    Ok(())
}

fn the_console_calls_any_operation() -> Outcome {
    let (_scratch, server, _admin) = claimed();
    let call = |operation: &str, input: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_postamt")).arg("--data").arg(&server.data).args(["call", operation, input]).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(if output.status.success() { &output.stdout } else { &output.stderr }).into_owned())
    };
    let (code, text) = call("getAccount", r#"{"account":"postmaster@main.example"}"#);
    assert_eq!((code, serde_json::from_str::<Value>(&text)?["name"].clone()), (Some(0), json!("postmaster")));
    let (code, text) = call("deleteAccount", r#"{"account":"postmaster@main.example"}"#);
    assert_eq!((code, serde_json::from_str::<Value>(&text)?["code"].clone()), (Some(1), json!("builtin_protected")));
    assert_eq!(call("nonsense", "{}").0, Some(1));
    let elsewhere = std::process::Command::new(env!("CARGO_BIN_EXE_postamt")).args(["--data", "/nowhere", "call", "getServer"]).output()?;
    assert_eq!(elsewhere.status.code(), Some(2));
    Ok(())
}
