//! Forwarders, groups, aliases, numbers, renaming and rights: over REST on a real server.

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::routing::{company, made, route};

type Outcome = Result<(), Failed>;

const PASSWORD: &str = "correct horse battery";

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("names::{name}"), run);
    vec![
        test("a_forwarder_lives_and_dies", a_forwarder_lives_and_dies),
        test("a_group_lives_and_dies", a_group_lives_and_dies),
        test("an_account_changes_its_names_and_numbers", an_account_changes_its_names_and_numbers),
        test("nobody_gives_a_right_he_does_not_hold", nobody_gives_a_right_he_does_not_hold),
    ]
}

fn refused(answer: &Answer, status: u16, code: &str, pointer: &str) {
    assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)), "{}", answer.body);
    if !pointer.is_empty() {
        assert_eq!(answer.body["errors"][0]["pointer"], pointer);
    }
}

fn names_of(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|o| o["name"].as_str().unwrap()).collect()
}

fn a_forwarder_lives_and_dies() -> Outcome {
    let (_scratch, _server, admin) = company();
    let all = "/domains/company.dom/forwarders";
    made(&admin, "/domains/company.dom/accounts", json!({"name": "john", "aliases": ["j.smith"]}));
    let ext = made(&admin, all, json!({"name": "Ext", "to": "bob@remote.example"}));
    assert_eq!((&ext["name"], &ext["domain"], &ext["version"]), (&json!("ext"), &json!("company.dom"), &json!(1)));
    assert_eq!(route(&admin, "EXT@company.dom", "mail"), "SMTP(remote.example)bob@remote.example");
    for name in ["john", "j.smith", "ext"] {
        refused(&admin.call("POST", all, Some(json!({"name": name, "to": "x"}))), 409, "name_in_use", "/name");
    }
    refused(&admin.call("POST", "/domains/company.dom/accounts", Some(json!({"name": "ext"}))), 409, "name_in_use", "/name");
    refused(&admin.call("POST", all, Some(json!({"name": "y", "to": "a b"}))), 422, "validation_failed", "/to");
    let changed = admin.call_if("PATCH", &format!("{all}/ext"), Some(json!({"to": "voicemail#john"})), Some("\"1\""));
    assert_eq!((changed.status, changed.etag.as_deref()), (200, Some("\"2\"")));
    assert_eq!(route(&admin, "ext@company.dom", "signal"), "APP(john@company.dom) voicemail{}");
    refused(&admin.call_if("DELETE", &format!("{all}/ext"), None, Some("\"1\"")), 412, "version_conflict", "");
    refused(&admin.call("POST", &format!("{all}/ext/rename"), Some(json!({"new_name": "john"}))), 409, "name_in_use", "/new_name");
    let renamed = admin.call("POST", &format!("{all}/ext/rename"), Some(json!({"new_name": "desk"})));
    assert_eq!((renamed.status, &renamed.body["id"], &renamed.body["name"]), (200, &ext["id"], &json!("desk")));
    assert!(route(&admin, "ext@company.dom", "mail").starts_with("ERROR 550"));
    assert_eq!(route(&admin, "desk@company.dom", "signal"), "APP(john@company.dom) voicemail{}");
    assert_eq!(names_of(&admin.call("GET", all, None).body), ["desk"]);
    assert_eq!(admin.call("DELETE", &format!("{all}/desk"), None).status, 204);
    assert!(route(&admin, "desk@company.dom", "mail").starts_with("ERROR 550"));
    assert_eq!(admin.call("GET", &format!("{all}/desk"), None).status, 404);
    made(&admin, "/domains/company.dom/accounts", json!({"name": "desk"}));
    Ok(())
}

fn a_group_lives_and_dies() -> Outcome {
    let (_scratch, _server, admin) = company();
    let all = "/domains/company.dom/groups";
    let sales = made(&admin, all, json!({"name": "sales", "real_name": "Sales", "members": ["postmaster", "bob@remote.example", "Postmaster"]}));
    assert_eq!((&sales["members"], &sales["settings"]["remove_author"]), (&json!(["postmaster", "bob@remote.example"]), &json!(true)));
    assert_eq!(route(&admin, "sales@company.dom", "mail"), "GROUP(sales@company.dom)");
    refused(&admin.call("POST", all, Some(json!({"name": "pbx"}))), 409, "name_in_use", "/name");
    refused(&admin.call("POST", all, Some(json!({"name": "x", "members": ["ok", "a b"]}))), 422, "validation_failed", "/members/1");
    let members = format!("{all}/sales/members");
    let added = admin.call("POST", &members, Some(json!({"members": ["pbx", "BOB@remote.example"]})));
    assert_eq!((added.status, &added.body["data"]), (201, &json!(["postmaster", "bob@remote.example", "pbx"])));
    refused(&admin.call("PUT", &members, Some(json!({"members": []}))), 428, "precondition_required", "");
    assert_eq!(admin.call("DELETE", &format!("{members}/bob@remote.example"), None).status, 204);
    assert_eq!(admin.call("DELETE", &format!("{members}/bob@remote.example"), None).status, 404);
    assert_eq!(admin.call("GET", &members, None).body, json!({"data": ["postmaster", "pbx"], "version": 3}));
    made(&admin, all, json!({"name": "all-sales", "members": ["sales@COMPANY.dom"]}));
    made(&admin, all, json!({"name": "world", "members": ["all-sales"]}));
    for member in ["world", "sales", "World@company.dom"] {
        refused(&admin.call("POST", &members, Some(json!({"members": [member]}))), 409, "group_cycle", "/members");
    }
    refused(&admin.call("PATCH", &format!("{all}/sales"), Some(json!({"members": ["world"]}))), 409, "group_cycle", "/members");
    made(&admin, all, json!({"name": "first", "members": ["later"]}));
    refused(&admin.call("POST", all, Some(json!({"name": "later", "members": ["first"]}))), 409, "group_cycle", "/members");
    let changed = admin.call("PATCH", &format!("{all}/sales"), Some(json!({"settings": {"email_disabled": true}, "real_name": "S."})));
    assert_eq!((changed.status, &changed.body["real_name"], &changed.body["members"]), (200, &json!("S."), &json!(["postmaster", "pbx"])));
    assert_eq!(route(&admin, "sales@company.dom", "mail"), "ERROR 550 5.1.1 sales@company.dom is not accepted");
    let renamed = admin.call("POST", &format!("{all}/sales/rename"), Some(json!({"new_name": "team"})));
    assert_eq!((renamed.status, &renamed.body["id"]), (200, &sales["id"]));
    assert_eq!(route(&admin, "team@company.dom", "signal"), "GROUP(team@company.dom)");
    assert_eq!(names_of(&admin.call("GET", &format!("{all}?limit=3"), None).body), ["all-sales", "first", "team"]);
    assert_eq!(admin.call("DELETE", &format!("{all}/team"), None).status, 204);
    assert!(route(&admin, "team@company.dom", "mail").starts_with("ERROR 550 5.1.1"));
    Ok(())
}

fn an_account_changes_its_names_and_numbers() -> Outcome {
    let (_scratch, _server, admin) = company();
    made(&admin, "/domains/company.dom/accounts", json!({"name": "anna", "password": PASSWORD, "aliases": ["a.berg", "101"]}));
    let path = "/accounts/anna@company.dom";
    refused(&admin.call("PUT", &format!("{path}/aliases"), Some(json!({"aliases": []}))), 428, "precondition_required", "");
    let replaced = admin.call_if("PUT", &format!("{path}/aliases"), Some(json!({"aliases": ["berg", "101"]})), Some("\"1\""));
    assert_eq!((replaced.status, &replaced.body["data"]), (200, &json!(["101", "berg"])));
    refused(&admin.call_if("PUT", &format!("{path}/aliases"), Some(json!({"aliases": ["pbx"]})), Some("\"2\"")), 409, "name_in_use", "/aliases/0");
    assert!(route(&admin, "a.berg@company.dom", "mail").starts_with("ERROR"));
    assert_eq!(route(&admin, "berg@company.dom", "mail"), "LOCAL(anna@company.dom)");
    made(&admin, &format!("{path}/telnums"), json!({"number": "+4930123456"}));
    assert_eq!(route(&admin, "+4930123456@telnum", "signal"), "LOCAL(anna@company.dom)");
    refused(&admin.call("POST", "/accounts/pbx@company.dom/telnums", Some(json!({"number": "+4930123456"}))), 409, "name_in_use", "/number");
    refused(&admin.call("POST", &format!("{path}/telnums"), Some(json!({"number": "030"}))), 422, "validation_failed", "/number");
    assert_eq!(admin.call("DELETE", &format!("{path}/telnums/+4930123456"), None).status, 204);
    assert!(route(&admin, "+4930123456@telnum", "signal").starts_with("ERROR 404"));
    let renamed = admin.call("POST", &format!("{path}/rename"), Some(json!({"name": "Berg"})));
    assert_eq!((renamed.status, &renamed.body["address"], &renamed.body["aliases"]), (200, &json!("berg@company.dom"), &json!(["101", "anna"])));
    for login in ["anna", "berg"] {
        assert_eq!(Client::new(admin.port).sign_in(login, PASSWORD), 200, "{login}");
    }
    assert_eq!(route(&admin, "anna@company.dom", "mail"), "LOCAL(berg@company.dom)");
    let again = admin.call("POST", "/accounts/berg@company.dom/rename", Some(json!({"name": "lee", "keep_alias": false})));
    assert_eq!(again.body["aliases"], json!(["101", "anna"]));
    assert_eq!(admin.call("GET", "/accounts/berg@company.dom", None).status, 404);
    refused(&admin.call("POST", "/accounts/lee@company.dom/rename", Some(json!({"name": "pbx"}))), 409, "name_in_use", "/name");
    refused(&admin.call("POST", "/accounts/pbx@company.dom/rename", Some(json!({"name": "x"}))), 409, "builtin_protected", "");
    Ok(())
}

fn nobody_gives_a_right_he_does_not_hold() -> Outcome {
    let (_scratch, server, admin) = company();
    made(&admin, "/domains", json!({"name": "client.dom"}));
    for (domain, name) in [("company.dom", "john"), ("client.dom", "mary"), ("client.dom", "lee")] {
        made(&admin, &format!("/domains/{domain}/accounts"), json!({"name": name, "password": PASSWORD}));
    }
    let put = |client: &Client, account: &str, body: Value| client.call("PUT", &format!("/accounts/{account}/rights"), Some(body));
    refused(&put(&admin, "mary@client.dom", json!({"domain": ["everything"]})), 422, "validation_failed", "/domain/0");
    refused(&put(&admin, "mary@client.dom", json!({"server": ["settings"]})), 422, "right_scope", "/server");
    refused(&put(&admin, "postmaster@company.dom", json!({"server": []})), 409, "builtin_protected", "");
    let given = put(&admin, "mary@client.dom", json!({"domain": ["domain", "can_create_groups", "domain_settings:mail_to_unknown", "domain"]}));
    assert_eq!((given.status, &given.body["domain"]), (200, &json!(["can_create_groups", "domain", "domain_settings:mail_to_unknown"])));
    let mut mary = Client::new(server.port());
    assert_eq!(mary.sign_in("mary@client.dom", PASSWORD), 200);
    made(&mary, "/domains/client.dom/groups", json!({"name": "g"}));
    refused(&mary.call("POST", "/domains/client.dom/forwarders", Some(json!({"name": "f", "to": "x"}))), 403, "right_required", "");
    refused(&mary.call("POST", "/domains/company.dom/groups", Some(json!({"name": "g"}))), 404, "not_found", "");
    let beyond = put(&mary, "lee@client.dom", json!({"domain": ["domain", "can_create_accounts"]}));
    refused(&beyond, 403, "right_required", "");
    assert_eq!(beyond.body["required"], "can_create_accounts");
    refused(&put(&mary, "lee@client.dom", json!({"domain": ["account_settings:mail"]})), 403, "right_required", "");
    assert_eq!(put(&mary, "lee@client.dom", json!({"domain": ["domain", "domain_settings:mail_to_unknown"]})).status, 200);
    assert_eq!(mary.call("GET", "/accounts/lee@client.dom/rights", None).body["domain"], json!(["domain", "domain_settings:mail_to_unknown"]));
    refused(&put(&mary, "john@company.dom", json!({"domain": []})), 404, "not_found", "");
    assert_eq!(put(&admin, "john@company.dom", json!({"server": ["settings"], "domain": ["domain"]})).status, 200);
    let mut john = Client::new(server.port());
    assert_eq!(john.sign_in("john", PASSWORD), 200);
    made(&john, "/router/lines", json!({"text": "<x> = john"}));
    refused(&put(&john, "john@company.dom", json!({"server": ["master"], "domain": ["domain"]})), 403, "right_required", "");
    assert_eq!(put(&admin, "john@company.dom", json!({})).status, 200);
    refused(&john.call("GET", "/router/table", None), 403, "right_required", "");
    Ok(())
}
