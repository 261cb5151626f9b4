//! What happened to messages, told to whom it concerns.

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::account::{PASSWORD, account};
use crate::client::Client;
use crate::smtp::Smtp;

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("mail_trace::messages_are_found_and_told", messages_are_found_and_told)]
}

fn found(client: &Client, query: &str) -> Vec<Value> {
    let page = client.call("GET", &format!("/mail-trace?{query}"), None);
    assert_eq!(page.status, 200, "{query}: {}", page.body);
    page.body["data"].as_array().unwrap().clone()
}

fn messages_are_found_and_told() -> Outcome {
    let anna = account();
    for (domain, name) in [("client.example", "bob"), ("main.example", "carl")] {
        assert_eq!(anna.admin.call("POST", &format!("/domains/{domain}/accounts"), Some(json!({"name": name, "password": PASSWORD, "aliases": [format!("{name}2")]}))).status, 201);
    }
    crate::submissions::full(&anna);
    let sign_in = |login: &str| {
        let mut client = Client::new(anna.rest.port);
        assert_eq!(client.sign_in(login, PASSWORD), 200);
        client
    };
    let (bob, carl) = (sign_in("bob@client.example"), sign_in("carl@main.example"));
    let mut smtp = Smtp::connect(2025 + anna.server.offset);
    for n in 0..3 {
        let reply = smtp.send("Far@Remote.example", &["bob2@client.example", "carl@main.example"], &format!("Message-ID: <{n}@remote.example>\r\nSubject: {n}\r\n\r\nx"));
        assert!(reply.starts_with("250 "), "{reply}");
    }
    let sent = anna.rest.call("POST", "/accounts/me/submissions", Some(json!({"to": [{"name": "", "email": "bob@client.example"}, {"name": "", "email": "full@client.example"}]}))).body;
    let id = sent["message_id"].as_str().unwrap();
    let admin = &anna.admin;
    let [trace] = &found(admin, &format!("filter[message_id]=%3C{id}%3E"))[..] else { panic!("one message has that id") };
    assert_eq!((&trace["message_id"], &trace["events"][0]["kind"], &trace["events"][0]["detail"]["delivered"]), (&json!(id), &json!("received"), &json!(["bob@client.example"])));
    assert_eq!((&trace["waiting"][0]["address"], &trace["waiting"][0]["module"]), (&json!("full@client.example"), &json!("local")));
    assert_eq!(found(admin, &format!("number={}", trace["number"])), std::slice::from_ref(trace));
    assert_eq!(found(admin, "sender=far@remote.example").len(), 3);
    assert_eq!(found(admin, "recipient=BOB2@client.example").len(), 3);
    assert_eq!(found(admin, "recipient=bob@client.example").len(), 4, "also as delivered");
    assert_eq!(found(admin, "recipient=bob@client.example&received_before=2020-01-01T00:00:00Z").len(), 0);
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    loop {
        let page = admin.call("GET", &format!("/mail-trace?sender=far@remote.example&limit=2{cursor}"), None).body;
        seen.extend(page["data"].as_array().unwrap().iter().map(|t| t["message_id"].as_str().unwrap().to_owned()));
        let Some(next) = page["page"]["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["2@remote.example", "1@remote.example", "0@remote.example"]);
    let own = found(&bob, "sender=far@remote.example");
    assert_eq!((own.len(), &own[0]["events"][0]["detail"]["to"], &own[0]["events"][0]["detail"]["delivered"]), (3, &json!(["bob2@client.example"]), &json!(["bob@client.example"])), "not the other recipient");
    assert_eq!(found(&carl, "").len(), 3);
    let path = format!("/mail-trace/{}", trace["trace_id"].as_str().unwrap());
    assert_eq!(carl.call("GET", &path, None).status, 404);
    assert_eq!(bob.call("GET", &path, None).body["waiting"], json!([]), "where else it goes is the author's affair");
    assert_eq!(anna.rest.call("GET", &path, None).body, admin.call("GET", &path, None).body, "the author sees all of it");
    let version = admin.call("GET", "/accounts/bob@client.example/rights", None).etag;
    assert_eq!(admin.call_if("PUT", "/accounts/bob@client.example/rights", Some(json!({"domain": ["domain", "can_view_logs"]})), version.as_deref()).status, 200);
    assert_eq!(found(&bob, "").len(), 4, "an administrator sees the mail of the domain");
    assert_eq!(bob.call("GET", &path, None).body["waiting"][0]["address"], "full@client.example");
    assert_eq!(Client::new(anna.rest.port).call("GET", "/mail-trace", None).status, 401);
    let refused = admin.call("GET", "/mail-trace?filter[sender][prefix]=a", None);
    assert_eq!((refused.status, &refused.body["code"]), (400, &json!("filter_not_supported")));
    Ok(())
}
