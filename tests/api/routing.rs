//! The routing table, explaining, and how changes act at once: over REST on a real server.

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::server::{Options, Scratch, Server};

type Outcome = Result<(), Failed>;

const PASSWORD: &str = "correct horse battery";

const INCOMING: &str = "\
<+74951234567@gateway.company.dom> = pbx#pbx@localhost
;calls to a number of three digits go to gatewayincoming, with the digits as parameter
<(3d)@gateway.company.dom> = gatewayincoming{*}#pbx@localhost
<*@gateway.company.dom> = pbx#pbx@localhost
";

const OUTGOING: &str = "\
Signal:<7(10d)@*>=gatewaycaller{+7*,gwru}#pbx
Signal:<1(10d)@*>=gatewaycaller{+1*,gwus}#pbx
";

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("routing::{name}"), run);
    vec![
        test("a_new_server_has_the_default_records", a_new_server_has_the_default_records),
        test("the_seed_records_are_typed_and_explained", the_seed_records_are_typed_and_explained),
        test("a_table_is_changed_line_by_line_and_taken_back", a_table_is_changed_line_by_line_and_taken_back),
        test("mistakes_in_a_table_are_named", mistakes_in_a_table_are_named),
        test("changes_act_on_the_next_address", changes_act_on_the_next_address),
        test("logins_go_through_the_router", logins_go_through_the_router),
        test("explaining_needs_a_right", explaining_needs_a_right),
    ]
}

/// A server claimed for `company.dom`, and its administrator.
pub(crate) fn company() -> (Scratch, Server, Client) {
    let scratch = Scratch::new();
    let mut options = Options::new(&scratch.0.join("data"));
    options.environment = vec![
        ("POSTAMT_BOOTSTRAP__MAIN_DOMAIN".to_owned(), "company.dom".to_owned()),
        ("POSTAMT_BOOTSTRAP__POSTMASTER_PASSWORD".to_owned(), PASSWORD.to_owned()),
    ];
    let server = Server::start(&options);
    let mut client = Client::new(server.port());
    assert_eq!(client.sign_in("postmaster", PASSWORD), 200);
    (scratch, server, client)
}

fn explain(client: &Client, address: &str, flow: &str) -> Value {
    let answer = client.call("POST", "/router/explain", Some(json!({"address": address, "flow": flow})));
    assert_eq!(answer.status, 200, "{address}: {}", answer.body);
    answer.body
}

/// Where an address goes, in one line.
pub(crate) fn route(client: &Client, address: &str, flow: &str) -> String {
    explain(client, address, flow)["text"].as_str().unwrap().to_owned()
}

fn table(client: &Client) -> (String, String) {
    let answer = client.call("GET", "/router/table", None);
    assert_eq!(answer.etag.as_deref(), Some(format!("\"{}\"", answer.body["version"]).as_str()));
    (answer.body["text"].as_str().unwrap().to_owned(), answer.etag.unwrap())
}

fn replace(client: &Client, text: &str) -> Answer {
    client.call_if("PUT", "/router/table", Some(json!({"text": text})), Some(&table(client).1))
}

pub(crate) fn made(client: &Client, path: &str, body: Value) -> Value {
    let answer = client.call("POST", path, Some(body));
    assert_eq!(answer.status, 201, "{path}: {}", answer.body);
    answer.body
}

fn a_new_server_has_the_default_records() -> Outcome {
    let (_scratch, _server, admin) = company();
    let shown = admin.call("GET", "/router/table", None).body;
    assert_eq!(shown["version"], 1);
    let lines = shown["lines"].as_array().unwrap();
    assert!(lines.iter().all(|line| line["origin"] == "builtin" && line["version"] == 1));
    assert_eq!(lines.iter().filter(|line| line["left"] == "<root>").count(), 1);
    assert_eq!(shown["text"].as_str().unwrap().lines().count(), lines.len());
    for (address, flow, text) in [
        ("root@company.dom", "mail", "LOCAL(postmaster@company.dom)"),
        ("745@company.dom", "signal", "LOCAL(pbx@company.dom)"),
        ("*51@company.dom", "signal", "APP(pbx@company.dom) service{51}"),
        ("200@company.dom", "signal", "LOCAL(pbx@company.dom)"),
        ("112@company.dom", "signal", "APP(pbx@company.dom) emergency{}"),
    ] {
        assert_eq!(route(&admin, address, flow), text);
    }
    Ok(())
}

fn the_seed_records_are_typed_and_explained() -> Outcome {
    let (_scratch, _server, admin) = company();
    let (defaults, _) = table(&admin);
    let saved = replace(&admin, &format!("{INCOMING}{OUTGOING}{defaults}"));
    assert_eq!((saved.status, saved.etag.as_deref()), (200, Some("\"2\"")));
    assert_eq!(saved.body["lines"][0]["origin"], "user");
    assert_eq!(saved.body["lines"][1]["comment"], "calls to a number of three digits go to gatewayincoming, with the digits as parameter");
    assert_eq!(saved.body["lines"][6]["origin"], "builtin");
    for (address, text) in [
        ("+74951234567@gateway.company.dom", "APP(pbx@company.dom) pbx{}"),
        ("215@gateway.company.dom", "APP(pbx@company.dom) gatewayincoming{215}"),
        ("12345678900@company.dom", "APP(pbx@company.dom) gatewaycaller{+12345678900,gwus}"),
        ("74951234567@company.dom", "APP(pbx@company.dom) gatewaycaller{+74951234567,gwru}"),
    ] {
        assert_eq!(route(&admin, address, "signal"), text);
    }
    let told = explain(&admin, "12345678900@company.dom", "signal");
    assert_eq!(told["result"], json!({"kind": "app", "app": "gatewaycaller", "params": ["+12345678900", "gwus"], "account": "pbx@company.dom"}));
    assert_eq!(told["relay_verdict"]["verdict"], "local");
    let record = told["steps"].as_array().unwrap().iter().find(|step| step["kind"] == "record").unwrap();
    assert_eq!((&record["record"]["line"], &record["record"]["id"], &record["captures"]["L1"]), (&json!(6), &saved.body["lines"][5]["id"], &json!("2345678900")));
    let unknown = explain(&admin, "nobody@company.dom", "mail");
    assert_eq!((&unknown["result"]["kind"], &unknown["result"]["code"], &unknown["result"]["policy"]), (&json!("error"), &json!(550), &json!("mail_to_unknown=rejected")));
    let draft = admin.call("POST", "/router/explain", Some(json!({"address": "x@company.dom", "table": "<x> = postmaster"}))).body;
    assert_eq!((&draft["text"], &draft["steps"][1]["record"]["id"]), (&json!("LOCAL(postmaster@company.dom)"), &Value::Null));
    assert_eq!(route(&admin, "x@company.dom", "mail"), "ERROR 550 5.1.1 x@company.dom unknown user account");
    Ok(())
}

fn a_table_is_changed_line_by_line_and_taken_back() -> Outcome {
    let (_scratch, _server, admin) = company();
    let (first, _) = table(&admin);
    let line = made(&admin, "/router/lines", json!({"position": 1, "type_prefix": ["mail"], "relay_prefix": "no_relay", "left": "<sales>", "right": "postmaster", "comment": "for now"}));
    assert_eq!((&line["text"], &line["position"], &line["version"]), (&json!("NoRelay:Mail:<sales> = postmaster ; for now"), &json!(1), &json!(2)));
    assert_eq!(route(&admin, "sales@company.dom", "mail"), "LOCAL(postmaster@company.dom)");
    let path = format!("/router/lines/{}", line["id"].as_str().unwrap());
    let changed = admin.call_if("PATCH", &path, Some(json!({"right": "pbx"})), Some("\"2\""));
    assert_eq!((changed.status, changed.etag.as_deref(), &changed.body["id"]), (200, Some("\"3\""), &line["id"]));
    assert_eq!(route(&admin, "sales@company.dom", "mail"), "LOCAL(pbx@company.dom)");
    let stale = admin.call_if("PATCH", &path, Some(json!({"enabled": false})), Some("\"2\""));
    assert_eq!((stale.status, &stale.body["current_version"]), (412, &json!("3")));
    assert_eq!(admin.call("PATCH", &path, Some(json!({"enabled": false}))).body["text"], ";!NoRelay:Mail:<sales> = pbx ; for now");
    assert!(route(&admin, "sales@company.dom", "mail").starts_with("ERROR 550"));
    let count = first.lines().count() + 1;
    let moved = admin.call("POST", &format!("{path}/move"), Some(json!({"position": 999})));
    assert_eq!((moved.status, &moved.body["position"]), (200, &json!(count)));
    assert_eq!(admin.call("PATCH", &path, Some(json!({"nonsense": 1}))).body["code"], "unknown_field");
    assert_eq!(admin.call("DELETE", &path, None).status, 204);
    assert_eq!(admin.call("DELETE", &path, None).status, 404);
    assert_eq!(table(&admin).0, first);
    let history = admin.call("GET", "/router/history?limit=2", None).body;
    let versions: Vec<i64> = history["data"].as_array().unwrap().iter().map(|v| v["version"].as_i64().unwrap()).collect();
    assert_eq!((versions, &history["page"]["has_more"]), (vec![6, 5], &json!(true)));
    assert_eq!((&history["data"][0]["changed_by"], &history["data"][0]["new_text"]), (&json!("postmaster@company.dom"), &json!(first)));
    let next = admin.call("GET", &format!("/router/history?cursor={}", history["page"]["next_cursor"].as_str().unwrap()), None).body;
    assert_eq!(next["data"].as_array().unwrap().len(), 4);
    let back = admin.call("POST", "/router/rollback", Some(json!({"version": 3})));
    assert_eq!((back.status, &back.body["version"]), (200, &json!(7)));
    assert_eq!(route(&admin, "sales@company.dom", "mail"), "LOCAL(pbx@company.dom)");
    assert_eq!(admin.call("POST", "/router/rollback", Some(json!({"version": 99}))).status, 404);
    let page = admin.call("GET", "/router/lines?limit=1", None).body;
    assert_eq!((&page["data"][0]["left"], &page["page"]["has_more"]), (&json!("<sales>"), &json!(true)));
    let rest = admin.call("GET", &format!("/router/lines?cursor={}", page["page"]["next_cursor"].as_str().unwrap()), None).body;
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["data"][0]["position"]), (count - 1, &json!(2)));
    Ok(())
}

fn mistakes_in_a_table_are_named() -> Outcome {
    let (_scratch, _server, admin) = company();
    let missing = admin.call("PUT", "/router/table", Some(json!({"text": ""})));
    assert_eq!((missing.status, &missing.body["code"]), (428, &json!("precondition_required")));
    let stale = admin.call_if("PUT", "/router/table", Some(json!({"text": ""})), Some("\"7\""));
    assert_eq!((stale.status, &stale.body["code"], &stale.body["current_version"]), (412, &json!("version_conflict"), &json!("1")));
    let wrong = replace(&admin, "; fine\n<a> = b\n<(0d)@x.dom> = y\nnothing\n");
    assert_eq!((wrong.status, &wrong.body["code"]), (422, &json!("routing_syntax")));
    let at = |answer: &Answer, n: usize| {
        let error = &answer.body["errors"][n];
        (error["pointer"].as_str().unwrap().to_owned(), error["params"]["line"].as_u64().unwrap(), error["params"]["column"].as_u64().unwrap())
    };
    assert_eq!(at(&wrong, 0), ("/text".to_owned(), 4, 8));
    let wrong = replace(&admin, "; fine\n<a> = b\n<(0d)@x.dom> = y\n");
    assert_eq!((wrong.status, at(&wrong, 0)), (422, ("/text".to_owned(), 3, 2)));
    let lines = json!({"lines": [{"left": "<a>", "right": "b"}, {"left": "a b", "right": "c"}]});
    let wrong = admin.call_if("PUT", "/router/table", Some(lines), Some(&table(&admin).1));
    assert_eq!((wrong.status, at(&wrong, 0).0.as_str()), (422, "/lines/1"));
    for (body, pointer) in [(json!({"text": "x"}), "/text"), (json!({"left": "a b", "right": "c"}), "/left"), (json!({"left": "<a>", "right": "*"}), "/right")] {
        let wrong = admin.call("POST", "/router/lines", Some(body));
        assert_eq!((wrong.status, &wrong.body["code"], at(&wrong, 0).0.as_str()), (422, &json!("routing_syntax"), pointer));
    }
    assert_eq!(admin.call("POST", "/router/lines", Some(json!({"text": "<a> = b", "position": 0}))).body["errors"][0]["pointer"], "/position");
    let open = replace(&admin, "<*@*> = *%*@relay.example._via\n");
    assert_eq!((open.status, &open.body["errors"][0]["code"]), (422, &json!("open_relay")));
    assert_eq!(table(&admin).1, "\"1\"", "nothing was saved");
    let confirmed = json!({"text": "<*@*> = *%*@relay.example._via\n", "confirm_open_relay": true});
    assert_eq!(admin.call_if("PUT", "/router/table", Some(confirmed), Some("\"1\"")).status, 200);
    made(&admin, "/router/lines", json!({"text": "<a> = postmaster"}));
    let told = admin.call("POST", "/router/validate", Some(json!({"text": "<a> = nobody\n<a> = postmaster\n"}))).body;
    let codes: Vec<&str> = told["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect();
    assert_eq!((&told["valid"], codes), (&json!(true), vec!["unknown_object", "duplicate"]));
    assert_eq!(admin.call("POST", "/router/validate", Some(json!({"text": "x"}))).body["errors"][0]["line"], 1);
    assert_eq!(admin.call("POST", "/router/validate", Some(json!({}))).status, 422);
    let draft = admin.call("POST", "/router/explain", Some(json!({"address": "a", "table": "x"})));
    assert_eq!((draft.status, &draft.body["errors"][0]["pointer"]), (422, &json!("/table")));
    Ok(())
}

fn changes_act_on_the_next_address() -> Outcome {
    let (_scratch, _server, admin) = company();
    let mail = |address: &str| route(&admin, address, "mail");
    assert!(mail("john@company.dom").starts_with("ERROR 550 5.1.1"));
    made(&admin, "/domains/company.dom/accounts", json!({"name": "john", "telnums": ["+4930123456"]}));
    assert_eq!(mail("JOHN@Company.DOM"), "LOCAL(john@company.dom)");
    assert_eq!(mail("john+work@company.dom"), "LOCAL(john@company.dom) detail=work");
    assert_eq!(route(&admin, "004930123456@company.dom", "signal"), "LOCAL(john@company.dom)");
    assert!(mail("101@company.dom").starts_with("ERROR"));
    made(&admin, "/accounts/john@company.dom/aliases", json!({"name": "101"}));
    assert_eq!(route(&admin, "101@company.dom", "signal"), "LOCAL(john@company.dom)");
    assert_eq!(admin.call("DELETE", "/accounts/john@company.dom/aliases/101", None).status, 204);
    assert!(mail("101@company.dom").starts_with("ERROR"));
    for (given, text) in [("accept", "LOCAL(john@company.dom)"), ("reject", "ERROR 450 4.2.1 john@company.dom temporarily disabled"), ("bounce", "ERROR 550 5.2.1 john@company.dom account is disabled")] {
        assert_eq!(admin.call("POST", "/accounts/john@company.dom/suspend", Some(json!({"suspend_mail": given}))).status, 200);
        assert_eq!(mail("john@company.dom"), text);
        assert!(route(&admin, "john@company.dom", "signal").starts_with("ERROR 480"));
        assert_eq!(admin.call("POST", "/accounts/john@company.dom/resume", None).status, 200);
        assert_eq!(mail("john@company.dom"), "LOCAL(john@company.dom)");
    }
    let mail_off = |set: Value| assert_eq!(admin.call("PATCH", "/accounts/john@company.dom/settings", Some(json!({"set": set}))).status, 200);
    mail_off(json!({"mail": false}));
    assert!(mail("john@company.dom").starts_with("ERROR 550 5.2.1"));
    mail_off(json!({"mail": true}));
    assert_eq!(admin.call("PATCH", "/server/account-defaults", Some(json!({"set": {"mail": false}}))).status, 200);
    assert!(mail("postmaster@company.dom").starts_with("ERROR 550 5.2.1"));
    assert_eq!(mail("john@company.dom"), "LOCAL(john@company.dom)");
    assert_eq!(admin.call("PATCH", "/server/account-defaults", Some(json!({"unset": ["mail"]}))).status, 200);
    assert_eq!(mail("postmaster@company.dom"), "LOCAL(postmaster@company.dom)");
    assert_eq!(admin.call("DELETE", "/accounts/john@company.dom", None).status, 204);
    assert!(mail("john@company.dom").starts_with("ERROR 550 5.1.1"));

    assert_eq!(mail("mary@client.dom"), "SMTP(client.dom)mary@client.dom");
    made(&admin, "/domains", json!({"name": "client.dom"}));
    assert!(mail("mary@client.dom").starts_with("ERROR 550"));
    made(&admin, "/domains/client.dom/accounts", json!({"name": "mary"}));
    made(&admin, "/domains/client.dom/aliases", json!({"name": "mail.client.dom"}));
    assert_eq!(mail("mary@mail.client.dom"), "LOCAL(mary@client.dom)");
    assert_eq!(admin.call("PATCH", "/domains/client.dom", Some(json!({"assigned_ips": ["192.0.2.11"]}))).status, 200);
    assert_eq!(mail("mary@[192.0.2.11]"), "LOCAL(mary@client.dom)");
    let settings = |set: Value| admin.call("PATCH", "/domains/client.dom/settings", Some(json!({"set": set})));
    let wrong = settings(json!({"mail_to_unknown": "rerouted"}));
    assert_eq!((wrong.status, &wrong.body["errors"][0]["pointer"]), (422, &json!("/set/mail_reroute_address")));
    assert_eq!(settings(json!({"mail_to_unknown": "rerouted", "mail_reroute_address": "*%client.dom@old.example._via"})).status, 200);
    assert_eq!(mail("nobody@client.dom"), "SMTP(old.example)nobody@client.dom");
    assert_eq!(admin.call("POST", "/domains/client.dom/suspend", None).status, 200);
    assert_eq!(mail("mary@client.dom"), "ERROR 450 4.2.1 mary@client.dom temporarily disabled");
    assert_eq!(mail("u@sales"), "SMTP(sales.company.dom)u@sales.company.dom");
    let shown = admin.call("PATCH", "/router/settings", Some(json!({"set": {"add_domain_to_unqualified": ""}})));
    assert_eq!(shown.status, 200, "{}", shown.body);
    assert_eq!(mail("u@sales"), "ERROR 550 5.1.2 u@sales unknown host name");
    assert_eq!(admin.call("PATCH", "/router/settings", Some(json!({"set": {"max_routing_steps": 5}}))).status, 422);
    Ok(())
}

fn logins_go_through_the_router() -> Outcome {
    let (_scratch, server, admin) = company();
    made(&admin, "/domains/company.dom/accounts", json!({"name": "john", "password": PASSWORD, "aliases": ["j.smith"], "telnums": ["+4930123456"]}));
    assert_eq!(admin.call("PATCH", "/server/settings", Some(json!({"set": {"rate_login": {"count": -1, "period": 60}}}))).status, 200);
    let sign_in = |login: &str| Client::new(server.port()).sign_in(login, PASSWORD);
    for login in ["john", "J.Smith", "john%company.dom", "john+shop@company.dom", "+4930123456", " john@company.dom ", "john@localhost"] {
        assert_eq!(sign_in(login), 200, "{login}");
    }
    for login in ["", "@", "boss", "john@elsewhere.example", "root", "+4930999999"] {
        assert_eq!(sign_in(login), 401, "{login}");
    }
    made(&admin, "/router/lines", json!({"text": "Access:<boss> = john"}));
    assert_eq!(sign_in("boss"), 200);
    assert_eq!(admin.call("POST", "/accounts/john@company.dom/suspend", Some(json!({}))).status, 200);
    assert_eq!(sign_in("boss"), 401);
    Ok(())
}

fn explaining_needs_a_right() -> Outcome {
    let (_scratch, server, admin) = company();
    made(&admin, "/domains", json!({"name": "client.dom"}));
    made(&admin, "/domains/client.dom/accounts", json!({"name": "mary", "password": PASSWORD}));
    let mut mary = Client::new(server.port());
    let ask = |client: &Client, body: Value| client.call("POST", "/router/explain", Some(body)).status;
    assert_eq!(ask(&mary, json!({"address": "mary@client.dom"})), 401);
    assert_eq!(mary.sign_in("mary@client.dom", PASSWORD), 200);
    assert_eq!(ask(&mary, json!({"address": "mary@client.dom"})), 403);
    let rights = admin.call("PUT", "/accounts/mary@client.dom/rights", Some(json!({"domain": ["domain"]})));
    assert_eq!(rights.status, 200, "{}", rights.body);
    assert_eq!(ask(&mary, json!({"address": "mary@client.dom"})), 200);
    assert_eq!(ask(&mary, json!({"address": "112@client.dom", "flow": "signal"})), 200);
    assert_eq!(explain(&mary, "root@client.dom", "signal")["skipped"], json!([]));
    for (body, status) in [
        (json!({"address": "postmaster@company.dom"}), 404),
        (json!({"address": "postmaster"}), 404),
        (json!({"address": "u@remote.example"}), 403),
        (json!({"address": "mary@client.dom", "table": ""}), 403),
    ] {
        assert_eq!(ask(&mary, body.clone()), status, "{body}");
    }
    for (method, path) in [("GET", "/router/table"), ("GET", "/router/lines"), ("GET", "/router/history"), ("GET", "/router/settings"), ("POST", "/router/validate")] {
        let answer = mary.call(method, path, (method == "POST").then(|| json!({"text": ""})));
        assert_eq!((answer.status, &answer.body["code"]), (403, &json!("right_required")), "{path}");
    }
    Ok(())
}
