//! What the DNS says of a domain: a real server asks an authoritative name server of the test's own.

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::administration::claimed;
use crate::client::Client;
use crate::dns::Dns;

type Outcome = Result<(), Failed>;

const PASSWORD: &str = "correct horse battery";

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("dns_check::{name}"), run);
    vec![test("records_are_compared_with_what_they_should_be", records_are_compared_with_what_they_should_be), test("who_asks_too_often_waits", who_asks_too_often_waits)]
}

/// The results of one kind.
fn of<'a>(answer: &'a Value, check: &str) -> Vec<&'a Value> {
    answer["results"].as_array().unwrap().iter().filter(|one| one["check"] == check).collect()
}

fn records_are_compared_with_what_they_should_be() -> Outcome {
    let (_scratch, server, admin) = claimed();
    assert_eq!(admin.call("POST", "/domains", Some(json!({"name": "client.example"}))).status, 201);
    let dns = Dns::start();
    assert_eq!(admin.call("PATCH", "/network/dns", Some(json!({"set": {"servers": [dns.address.to_string()]}}))).status, 200);
    assert_eq!(admin.call("PATCH", "/network/lan", Some(json!({"wan_ipv4": "203.0.113.5"}))).status, 200);
    let path = "/domains/client.example/dns-check";
    let never = admin.call("GET", path, None);
    assert_eq!((never.status, &never.body["checked_at"], &never.body["results"]), (200, &Value::Null, &json!([])));
    dns.exchange("client.example", 10, "old.host.example");
    dns.host("old.host.example", "198.51.100.9");
    dns.named([203, 0, 113, 5].into(), "host5.isp.example");
    dns.text("client.example", "v=spf1 mx -all");
    dns.text("_dmarc.client.example", "v=DMARC1; p=none");
    dns.fail("_smtp._tls.client.example");
    let first = admin.call("POST", path, Some(json!({"resolver": "system", "checks": ["all"]}))).body;
    let mx = of(&first, "mx")[0];
    assert_eq!((&mx["status"], &mx["reason"], &mx["found"], &mx["expected"]), (&json!("error"), &json!("mx_elsewhere"), &json!(["10 old.host.example."]), &json!(["10 mail.main.example."])));
    assert_eq!(mx["records"], json!([{"name": "client.example.", "type": "MX", "ttl": 3600, "value": "10 mail.main.example."}]));
    let judged = |check: &str| of(&first, check).iter().map(|one| format!("{} {}", one["status"].as_str().unwrap(), one["reason"].as_str().unwrap_or_default())).collect::<Vec<_>>();
    assert_eq!(judged("a_aaaa"), ["error address_missing"]);
    assert_eq!((judged("ptr")[0].as_str(), &of(&first, "ptr")[0]["found"]), ("warning ptr_elsewhere", &json!(["host5.isp.example."])));
    assert_eq!((judged("spf"), judged("dmarc"), judged("tls_rpt")), (vec!["error spf_not_here".to_owned()], vec!["warning dmarc_none".to_owned()], vec!["unknown no_answer".to_owned()]));
    assert!(of(&first, "spf")[0]["expected"][0].as_str().unwrap().starts_with("v=spf1 ip4:203.0.113.5 "), "{}", of(&first, "spf")[0]);
    assert_eq!((judged("naptr"), judged("dkim"), judged("dnssec")), (vec!["ok ".to_owned()], Vec::<String>::new(), vec!["unknown dnssec_not_validated".to_owned()]));
    let offered: Vec<&str> = of(&first, "srv").iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(offered.contains(&"_sip._udp.client.example") && offered.contains(&"_submission._tcp.client.example"), "{offered:?}");
    let snippet = first["zone_snippet"].as_str().unwrap();
    assert!(snippet.contains("client.example. 3600 IN MX 10 mail.main.example.\n") && snippet.contains("IN TXT \"v=DMARC1; p=quarantine;") && !snippet.contains("in-addr.arpa"), "{snippet}");

    // Who looks again after a change sees it, however long the old answer was good.
    dns.text("_dmarc.client.example", "v=DMARC1; p=reject");
    let again = admin.call("POST", path, Some(json!({"checks": ["dmarc"]}))).body;
    assert_eq!(of(&again, "dmarc")[0]["reason"], "dmarc_several");

    // Whoever enters what is expected has everything in order.
    let world = Dns::start();
    for result in first["results"].as_array().unwrap() {
        for record in result["records"].as_array().unwrap() {
            let (name, value) = (record["name"].as_str().unwrap().trim_end_matches('.'), record["value"].as_str().unwrap());
            let words: Vec<&str> = value.split(' ').map(|word| word.trim_end_matches('.')).collect();
            match record["type"].as_str().unwrap() {
                "MX" => world.exchange(name, words[0].parse().unwrap(), words[1]),
                "A" => world.host(name, value),
                "PTR" => world.named([203, 0, 113, 5].into(), words[0]),
                "SRV" => world.service(name, words[2].parse().unwrap(), words[3]),
                "TXT" => world.text(name, value),
                other => assert_eq!(other, "AAAA"),
            }
        }
    }
    assert_eq!(admin.call("PATCH", "/network/dns", Some(json!({"set": {"servers": [world.address.to_string()]}}))).status, 200);
    let second = admin.call("POST", path, None).body;
    let left: Vec<&Value> = second["results"].as_array().unwrap().iter().filter(|one| one["status"] != "ok" && one["check"] != "dnssec" && !one["name"].as_str().unwrap().contains(':')).collect();
    assert_eq!(left, Vec::<&Value>::new());
    assert_eq!(admin.call("GET", path, None).body, second, "the last check is kept");
    assert_eq!(server.sql("SELECT actor, object FROM audit WHERE action = 'runDnsCheck' ORDER BY seq DESC LIMIT 1"), "postmaster@main.example|client.example");

    let some = admin.call("POST", path, Some(json!({"checks": ["dmarc"]}))).body;
    assert_eq!((some["results"].as_array().unwrap().len(), &some["summary"]), (1, &json!({"ok": 1, "warning": 0, "error": 0, "unknown": 0})));
    let wrong = admin.call("POST", path, Some(json!({"checks": ["dkim"]})));
    assert_eq!((wrong.status, &wrong.body["code"]), (400, &json!("invalid_parameter")), "there are no keys to look for");
    assert_eq!(admin.call("POST", "/domains/nowhere.example/dns-check", None).status, 404);
    Ok(())
}

fn who_asks_too_often_waits() -> Outcome {
    let (_scratch, server, admin) = claimed();
    // Nobody answers there.
    assert_eq!(admin.call("PATCH", "/network/dns", Some(json!({"set": {"servers": ["127.0.0.1:1"], "timeout": 1}}))).status, 200);
    let ask = |client: &Client| client.call("POST", "/domains/main.example/dns-check", Some(json!({"checks": ["dnssec"]})));
    let limited = (0..200).map(|_| ask(&admin)).find(|answer| answer.status != 200).expect("a limit");
    assert_eq!((limited.status, &limited.body["code"]), (429, &json!("rate_limited")));
    assert!(limited.head.to_lowercase().contains("retry-after: "), "{}", limited.head);
    assert_eq!(admin.call("GET", "/domains/main.example/dns-check", None).status, 200, "to look at the last one costs nothing");
    assert_eq!(admin.call("POST", "/domains/main.example/accounts", Some(json!({"name": "anna", "password": PASSWORD}))).status, 201);
    let mut anna = Client::new(server.port());
    assert_eq!(anna.sign_in("anna@main.example", PASSWORD), 200);
    assert_eq!(ask(&anna).status, 403);
    Ok(())
}
