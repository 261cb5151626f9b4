//! Defaults, renamed domains, lists over all domains, sessions, accounts that go for good: over REST on a real server.

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::account::{PASSWORD, account};
use crate::administration::claimed;
use crate::client::Client;

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("directory::{name}"), run);
    vec![
        test("defaults_are_inherited_level_by_level", defaults_are_inherited_level_by_level),
        test("a_renamed_domain_keeps_its_accounts", a_renamed_domain_keeps_its_accounts),
        test("lists_show_what_the_caller_administers", lists_show_what_the_caller_administers),
        test("sessions_are_listed_and_ended", sessions_are_listed_and_ended),
        test("a_purged_account_is_gone_for_good", a_purged_account_is_gone_for_good),
        test("usage_is_counted_anew", usage_is_counted_anew),
    ]
}

fn setting(client: &Client, path: &str, key: &str) -> (Value, Value) {
    let view = client.call("GET", path, None).body;
    let found = view["data"].as_array().unwrap().iter().find(|s| s["key"] == key).unwrap();
    (found["source"].clone(), found["value"].clone())
}

fn defaults_are_inherited_level_by_level() -> Outcome {
    let anna = account();
    let set = |path: &str, body: Value| assert_eq!(anna.admin.call("PATCH", path, Some(body)).status, 200, "{path}");
    let own = "/accounts/anna@client.example/settings";
    set("/server/account-defaults", json!({"set": {"max_mailboxes": 5}}));
    set("/domains/client.example/account-defaults", json!({"set": {"max_mailboxes": 2}}));
    assert_eq!(setting(&anna.admin, own, "max_mailboxes"), (json!("domain"), json!(2)));
    assert_eq!(setting(&anna.admin, "/domains/client.example/account-defaults", "max_mailboxes"), (json!("domain"), json!(2)));
    set("/domains/client.example/account-defaults", json!({"unset": ["max_mailboxes"]}));
    assert_eq!(setting(&anna.admin, own, "max_mailboxes"), (json!("server"), json!(5)));
    set("/server/domain-defaults", json!({"set": {"accounts_limit": 1}}));
    assert_eq!(setting(&anna.admin, "/domains/client.example/settings", "accounts_limit"), (json!("server"), json!(1)));
    let full = anna.admin.call("POST", "/domains/client.example/accounts", Some(json!({"name": "second"})));
    assert_eq!((full.status, &full.body["code"]), (409, &json!("domain_limit_reached")));
    for path in ["/server/domain-defaults", "/domains/client.example/account-defaults"] {
        let wrong = anna.admin.call("PATCH", path, Some(json!({"unset": ["nothing"]})));
        assert_eq!((wrong.status, &wrong.body["errors"][0]["pointer"]), (422, &json!("/unset/nothing")), "{path}");
        assert_eq!(anna.rest.call("PATCH", path, Some(json!({}))).status, 403, "{path}");
    }
    Ok(())
}

fn a_renamed_domain_keeps_its_accounts() -> Outcome {
    let anna = account();
    let renamed = anna.admin.call("POST", "/domains/client.example/rename", Some(json!({"name": "Customer.example"})));
    assert_eq!((renamed.status, &renamed.body["name"], &renamed.body["aliases"]), (200, &json!("customer.example"), &json!(["client.example"])));
    assert_eq!(anna.rest.call("GET", "/accounts/me", None).body["address"], "anna@customer.example");
    for login in ["anna@customer.example", "anna@client.example"] {
        assert_eq!(Client::new(anna.admin.port).sign_in(login, PASSWORD), 200, "{login}");
    }
    let version = anna.admin.call("GET", "/domains/customer.example", None).etag;
    let replaced = anna.admin.call_if("PUT", "/domains/customer.example/aliases", Some(json!({"aliases": ["c.example", "main.example"]})), version.as_deref());
    assert_eq!((replaced.status, &replaced.body["errors"][0]["pointer"]), (409, &json!("/aliases/1")));
    let replaced = anna.admin.call_if("PUT", "/domains/customer.example/aliases", Some(json!({"aliases": ["c.example"]})), version.as_deref());
    assert_eq!((replaced.status, &replaced.body["data"]), (200, &json!(["c.example"])));
    assert_eq!(Client::new(anna.admin.port).sign_in("anna@client.example", PASSWORD), 401, "the old name is gone");
    let taken = anna.admin.call("POST", "/domains/customer.example/rename", Some(json!({"name": "main.example"})));
    assert_eq!((taken.status, &taken.body["code"]), (409, &json!("domain_exists")));
    let server = anna.admin.call("POST", "/server/rename-main-domain", Some(json!({"name": "head.example", "keep_alias": false})));
    assert_eq!((server.status, &server.body["main_domain"]), (200, &json!("head.example")));
    assert_eq!(anna.admin.call("GET", "/accounts/me", None).body["address"], "postmaster@head.example");
    assert_eq!(anna.admin.call("GET", "/domains/main.example", None).status, 404);
    Ok(())
}

fn lists_show_what_the_caller_administers() -> Outcome {
    let (_scratch, server, admin) = claimed();
    for domain in ["a.example", "b.example"] {
        assert_eq!(admin.call("POST", "/domains", Some(json!({"name": domain}))).status, 201);
        for (name, number) in [("one", 1), ("two", 2)] {
            let number = format!("+49301234{}{number}", domain.as_bytes()[0]);
            let body = json!({"name": name, "password": PASSWORD, "real_name": format!("Person {name}"), "telnums": [number]});
            assert_eq!(admin.call("POST", &format!("/domains/{domain}/accounts"), Some(body)).status, 201);
        }
    }
    let version = admin.call("GET", "/accounts/one@a.example/rights", None).etag;
    assert_eq!(admin.call_if("PUT", "/accounts/one@a.example/rights", Some(json!({"domain": ["domain", "can_create_aliases"]})), version.as_deref()).status, 200);
    let mut own = Client::new(server.port());
    assert_eq!(own.sign_in("one@a.example", PASSWORD), 200);
    let addresses = |client: &Client, query: &str| -> Vec<String> {
        let page = client.call("GET", &format!("/accounts?{query}"), None).body;
        page["data"].as_array().unwrap_or_else(|| panic!("{page}")).iter().map(|a| a["address"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(addresses(&admin, "").len(), 6);
    assert_eq!(addresses(&admin, "q=PERSON%20two"), ["two@a.example", "two@b.example"]);
    assert_eq!(addresses(&own, ""), ["one@a.example", "two@a.example"]);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.call("GET", &format!("/accounts?limit=4{cursor}"), None).body;
        seen.extend(page["data"].as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["page"]["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 6);
    assert_eq!(seen.iter().collect::<std::collections::BTreeSet<_>>().len(), 6);
    let numbers = |client: &Client, query: &str| client.call("GET", &format!("/telnums?{query}"), None).body["data"].as_array().unwrap().len();
    assert_eq!((numbers(&admin, "number=%2B49"), numbers(&own, ""), numbers(&own, "number=%2B1")), (4, 2, 0));
    let admins = |client: &Client| -> Vec<String> { client.call("GET", "/admins", None).body["data"].as_array().unwrap().iter().map(|a| a["address"].as_str().unwrap().to_owned()).collect() };
    assert_eq!(admins(&admin), ["postmaster@main.example", "pbx@main.example", "one@a.example"]);
    assert_eq!(admins(&own), ["one@a.example"]);
    let held = |client: &Client| client.call("GET", "/rights", None).body["data"].as_array().unwrap().iter().filter(|r| r["held"] == true).count();
    assert_eq!((held(&admin), held(&own)), (34, 2), "master holds all but mailbox_read_all");
    let mut user = Client::new(server.port());
    assert_eq!(user.sign_in("two@a.example", PASSWORD), 200);
    for path in ["/accounts", "/telnums", "/admins"] {
        assert_eq!(user.call("GET", path, None).status, 403, "{path}");
    }
    Ok(())
}

fn sessions_are_listed_and_ended() -> Outcome {
    let anna = account();
    let mut phone = Client::new(anna.rest.port);
    let tokens = phone.call("POST", "/auth/login", Some(json!({"login": "anna@client.example", "password": PASSWORD, "device_name": "Phone"}))).body;
    phone.token = tokens["access_token"].as_str().map(str::to_owned);
    let list = anna.rest.call("GET", "/accounts/me/sessions", None).body;
    let sessions = list["data"].as_array().unwrap();
    assert_eq!((sessions.len(), &sessions[1]["device_name"], &sessions[1]["remote_ip"]), (2, &json!("Phone"), &json!("127.0.0.1")));
    let path = format!("/accounts/me/sessions/{}", sessions[1]["id"].as_str().unwrap());
    assert_eq!(anna.rest.call("DELETE", &path, None).status, 204);
    assert_eq!(phone.call("GET", "/accounts/me", None).body["code"], "token_revoked");
    assert_eq!(anna.rest.call("DELETE", &path, None).status, 404);
    assert_eq!(phone.sign_in("anna@client.example", PASSWORD), 200);
    assert_eq!(phone.call("POST", "/accounts/postmaster@main.example/kill-sessions", None).status, 404, "of another domain");
    assert_eq!(anna.admin.call("POST", "/accounts/anna@client.example/kill-sessions", None).status, 204);
    for client in [&phone, &anna.rest] {
        assert_eq!(client.call("GET", "/accounts/me", None).status, 401);
    }
    let mut others = [Client::new(phone.port), Client::new(phone.port)];
    for client in &mut others {
        assert_eq!(client.sign_in("anna@client.example", PASSWORD), 200);
    }
    assert_eq!(others[0].call("POST", "/auth/logout-all", None).status, 204);
    assert_eq!(others[1].call("GET", "/accounts/me", None).status, 401);
    Ok(())
}

fn a_purged_account_is_gone_for_good() -> Outcome {
    let anna = account();
    let id = anna.rest.call("GET", "/accounts/me", None).body["id"].as_str().unwrap().to_owned();
    let raw = "Subject: x\r\n\r\ny\r\n";
    assert_eq!(anna.rest.call("POST", "/accounts/me/messages", Some(json!({"raw": raw}))).status, 201);
    let purge = format!("/accounts/{id}/purge");
    let refused = anna.admin.call("POST", &purge, Some(json!({})));
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("wrong_state")));
    assert_eq!(anna.admin.call("DELETE", &format!("/accounts/{id}"), None).status, 204);
    assert_eq!(anna.admin.call("POST", &purge, Some(json!({}))).status, 204);
    assert_eq!(anna.admin.call("GET", &format!("/accounts/{id}"), None).status, 404);
    for table in ["account", "email", "mailbox", "mailbox_email", "object_name", "session", "account_state"] {
        let column = match table {
            "account" => "id",
            "object_name" => "object_id",
            _ => "account_id",
        };
        assert_eq!(anna.server.sql(&format!("SELECT count(*) FROM {table} WHERE {column} = '{id}'")), "0", "{table}");
    }
    assert_eq!(anna.admin.call("POST", "/domains/client.example/accounts", Some(json!({"name": "anna"}))).status, 201, "the name is free");
    assert_eq!(anna.admin.call("POST", "/accounts/anna@client.example/purge", Some(json!({"force": true}))).status, 204);
    let builtin = anna.admin.call("POST", "/accounts/pbx@main.example/purge", Some(json!({"force": true})));
    assert_eq!((builtin.status, &builtin.body["code"]), (409, &json!("builtin_protected")));
    Ok(())
}

fn usage_is_counted_anew() -> Outcome {
    let anna = account();
    let raw = "Subject: x\r\n\r\ny\r\n";
    assert_eq!(anna.rest.call("POST", "/accounts/me/messages", Some(json!({"raw": raw}))).status, 201);
    let used = |client: &Client| client.call("GET", "/accounts/anna@client.example", None).body["used_bytes"].as_i64().unwrap();
    let right = used(&anna.admin);
    anna.server.sql("UPDATE account_state SET used_bytes = 7, used_messages = 7; UPDATE mailbox SET messages = 7, unseen = 7, size = 7");
    let counted = anna.admin.call("POST", "/accounts/anna@client.example/recalculate-quota", None).body;
    assert_eq!((counted["used_bytes"].as_i64(), counted["used_messages"].as_i64()), (Some(right), Some(1)));
    let inbox = anna.rest.call("GET", "/accounts/me/mailboxes/path:INBOX", None).body;
    assert_eq!((&inbox["messages"], &inbox["unseen"]), (&json!(1), &json!(1)));
    assert_eq!(anna.rest.call("GET", "/accounts/me/mailboxes/path:Trash", None).body["messages"], 0);
    Ok(())
}
