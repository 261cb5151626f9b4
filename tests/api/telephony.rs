//! Telephony as its administrators and users see it: addresses, bans, transactions, counters, events.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::account::PASSWORD;
use crate::administration::claimed;
use crate::client::Client;
use crate::dns::Dns;
use crate::events::Stream;
use crate::server::{Options, Scratch, Server};
use crate::sip::{Telephone, status};

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("telephony::{name}"), run);
    vec![
        test("addresses_are_shown_and_act", addresses_are_shown_and_act),
        test("floods_and_scans_are_met", floods_and_scans_are_met),
        test("strangers_command_no_telephone", strangers_command_no_telephone),
        test("transactions_are_counted_and_ended", transactions_are_counted_and_ended),
        test("events_reach_whom_they_concern", events_reach_whom_they_concern),
        test("records_are_found_and_exported", records_are_found_and_exported),
        test("ladders_outlive_the_server", ladders_outlive_the_server),
        test("calls_leave_nothing_behind_when_they_must_not", calls_leave_nothing_behind_when_they_must_not),
        test("telephones_are_asked_whether_they_are_there", telephones_are_asked_whether_they_are_there),
        test("packets_of_a_call_are_captured", packets_of_a_call_are_captured),
        test("servers_that_fail_are_shown", servers_that_fail_are_shown),
        test("streams_are_listed_and_silence_is_told", streams_are_listed_and_silence_is_told),
    ]
}

/// A server with accounts, and an administrator.
pub(crate) fn server(users: &[&str]) -> (Scratch, Server, Client) {
    let (scratch, server, admin) = claimed();
    for name in users {
        assert_eq!(admin.call("POST", "/domains/main.example/accounts", Some(json!({"name": name, "password": PASSWORD}))).status, 201);
    }
    (scratch, server, admin)
}

pub(crate) fn registered(server: &Server, user: &str) -> Telephone {
    let mut one = Telephone::new(server.offset, user);
    assert_eq!(status(&one.register(PASSWORD, 600)), 200);
    one
}

fn signed_in(server: &Server, user: &str) -> Client {
    let mut client = Client::new(server.port());
    assert_eq!(client.sign_in(user, PASSWORD), 200);
    client
}

pub(crate) fn invite(from: &mut Telephone, to: &Telephone, call_id: &str) -> String {
    let (uri, description) = (format!("sip:{}@main.example", to.user), from.sdp());
    from.request("INVITE", &uri, &format!("<{uri}>"), call_id, "Content-Type: application/sdp\r\n", &description)
}

fn addresses_are_shown_and_act() -> Outcome {
    let (_scratch, server, admin) = server(&["anna", "bert"]);
    let lan = admin.call("GET", "/network/lan", None);
    assert_eq!((lan.status, &lan.body["wan_ipv4"]["set"], &lan.body["nated_ips"][0]), (200, &Value::Null, &json!("10.0.0.0/8")));
    let changed = admin.call_if("PATCH", "/network/lan", Some(json!({"wan_ipv4": "203.0.113.7", "lan_ipv4": "127.0.0.9"})), lan.etag.as_deref());
    assert_eq!((changed.status, &changed.body["wan_ipv4"]), (200, &json!({"set": "203.0.113.7", "acts": "203.0.113.7", "on_machine": false})));
    assert_eq!(changed.body["detected"]["warnings"], json!(["wan_ip_not_on_machine"]));
    assert_eq!(admin.call_if("PATCH", "/network/lan", Some(json!({"wan_ipv4": ""})), lan.etag.as_deref()).status, 412);
    let refused = admin.call("PATCH", "/network/lan", Some(json!({"wan_ipv6": "203.0.113.7"})));
    assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (422, &json!("/wan_ipv6")));
    assert_eq!(admin.call("PATCH", "/network/media-ports", Some(json!({"first_port": 22_001, "last_port": 22_010}))).body["calls"], 2, "four pairs between");
    let firewall = admin.call("POST", "/network/media-ports/firewall-check", Some(json!({}))).body;
    let media = firewall["rules"].as_array().unwrap().iter().find(|rule| rule["purpose"] == "media" && rule["address"] == "203.0.113.7").unwrap();
    assert_eq!((&media["protocol"], &media["first_port"], &media["last_port"]), (&json!("udp"), &json!(22_001), &json!(22_010)));
    assert!(firewall["instructions"].as_str().unwrap().contains("203.0.113.7 udp port 22001-22010 (media)"), "{firewall}");
    let sip = firewall["rules"].as_array().unwrap().iter().find(|rule| rule["purpose"] == "sip_udp").unwrap();
    assert_eq!(sip["first_port"], 5060 + i64::from(server.offset));
    // The phones of this machine are in its network: they are shown that address, and it leads back here.
    let (mut anna, bert) = (registered(&server, "anna"), registered(&server, "bert"));
    let answered = anna.call(&bert, "lan");
    let routes: Vec<&str> = answered.lines().filter(|line| line.starts_with("Record-Route:")).collect();
    assert!(!routes.is_empty() && routes.iter().all(|route| route.contains("127.0.0.9:")), "{answered}");
    anna.send(&anna.inside(&answered, "BYE", 90));
    assert!(bert.receive().starts_with("BYE "), "a Route with that address is ours");
    let user = signed_in(&server, "anna");
    for (method, path) in [("GET", "/network/lan"), ("PATCH", "/network/lan"), ("POST", "/network/lan/detect"), ("GET", "/network/media-ports"), ("PATCH", "/network/media-ports"), ("POST", "/network/media-ports/firewall-check")] {
        let body = (method != "GET").then(|| json!({}));
        assert_eq!(user.call(method, path, body.clone()).status, 403, "{method} {path}");
        assert_eq!(Client::new(server.port()).call(method, path, body).status, 401, "{method} {path}");
    }
    Ok(())
}

/// A socket whose packets to the server do not come from the loopback; none on a machine without another address.
fn stranger(server: &Server, admin: &Client) -> Option<UdpSocket> {
    let probe = UdpSocket::bind("0.0.0.0:0").unwrap();
    probe.connect("198.51.100.1:9").ok()?;
    let own = probe.local_addr().unwrap().ip();
    let listeners = admin.call("GET", "/listeners", None).body;
    let listener = listeners["data"].as_array().unwrap().iter().find(|one| one["protocol"] == "sip_udp").unwrap().clone();
    let path = format!("/listeners/{}", listener["id"].as_str().unwrap());
    assert_eq!(admin.call("PATCH", &path, Some(json!({"address": own.to_string()}))).status, 200);
    let socket = UdpSocket::bind((own, 0)).unwrap();
    socket.connect((own, 5060 + server.offset)).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    Some(socket)
}

fn options(socket: &UdpSocket, number: usize, agent: &str) {
    let me = socket.local_addr().unwrap();
    let message = format!(
        "OPTIONS sip:main.example SIP/2.0\r\nVia: SIP/2.0/UDP {me};rport;branch=z9hG4bKo{number}\r\nMax-Forwards: 70\r\nFrom: <sip:x@far.example>;tag=x\r\nTo: <sip:main.example>\r\nCall-ID: o{number}\r\n\
         CSeq: 1 OPTIONS\r\nUser-Agent: {agent}\r\nContent-Length: 0\r\n\r\n"
    );
    socket.send(message.as_bytes()).unwrap();
}

fn heard(socket: &UdpSocket) -> Option<u16> {
    let mut buffer = [0; 4096];
    socket.recv(&mut buffer).ok().map(|length| status(&String::from_utf8_lossy(&buffer[..length])))
}

/// Whoever may call a telephone may not have it start anew, or dial.
fn strangers_command_no_telephone() -> Outcome {
    let (_scratch, server, admin) = server(&["anna"]);
    let Some(socket) = stranger(&server, &admin) else { return Ok(()) };
    let me = socket.local_addr().unwrap();
    let ask = |method: &str, number: usize, more: &str| {
        let message = format!(
            "{method} sip:anna@main.example SIP/2.0\r\nVia: SIP/2.0/UDP {me};rport;branch=z9hG4bK{method}{number}\r\nMax-Forwards: 70\r\nFrom: <sip:x@far.example>;tag=x\r\nTo: <sip:anna@main.example>\r\nCall-ID: {method}{number}\r\n\
             CSeq: 1 {method}\r\nContact: <sip:x@{me}>\r\n{more}Content-Length: 0\r\n\r\n"
        );
        socket.send(message.as_bytes()).unwrap();
        heard(&socket)
    };
    // The listener has just moved to another address. No telephone is there: whatever is let in finds none.
    let first = (0..40).find_map(|number| ask("INFO", number, ""));
    assert_eq!(first, Some(480));
    while heard(&socket).is_some() {}
    assert_eq!(ask("NOTIFY", 1, "Event: check-sync\r\nSubscription-State: terminated\r\n"), Some(403));
    assert_eq!(ask("REFER", 1, "Refer-To: <sip:+4919001234567@main.example>\r\n"), Some(403));
    Ok(())
}

fn floods_and_scans_are_met() -> Outcome {
    let (_scratch, server, admin) = server(&["anna"]);
    let Some(socket) = stranger(&server, &admin) else { return Ok(()) };
    let me = socket.local_addr().unwrap().ip().to_string();
    let mut stream = Stream::open(&admin, "auth", None);
    // The listener has just moved to another address.
    let first = (10_000..10_040).find_map(|number| {
        options(&socket, number, "phone");
        heard(&socket)
    });
    assert_eq!(first, Some(200));
    while heard(&socket).is_some() {}
    options(&socket, 2, "friendly-scanner");
    let blocked = stream.next();
    assert_eq!((&blocked["type"], &blocked["object"]["address"], &blocked["object"]["reason"]), (&json!("auth.blocked"), &json!(me), &json!("scanner")));
    options(&socket, 3, "phone");
    assert_eq!(heard(&socket), None, "no word to a scanner");
    let bans = admin.call("GET", "/sip/bans", None).body;
    assert_eq!((&bans["data"][0]["address"], &bans["data"][0]["reason"]), (&json!(me), &json!("scanner")));
    let user = signed_in(&server, "anna");
    assert_eq!(user.call("GET", "/sip/bans", None).status, 403);
    assert_eq!(user.call("DELETE", &format!("/sip/bans/{me}"), None).status, 403);
    assert_eq!(admin.call("DELETE", &format!("/sip/bans/{me}"), None).status, 204);
    assert_eq!(admin.call("DELETE", &format!("/sip/bans/{me}"), None).status, 404);
    // The same by the other door.
    options(&socket, 4, "friendly-scanner");
    assert_eq!(stream.next()["object"]["address"], json!(me));
    let remove = || admin.graphql("mutation($input: RemoveBanInput!) { removeBan(input: $input) { done userErrors { code } } }", &json!({"input": {"address": me}}));
    let removed = remove();
    assert_eq!((&removed["data"]["removeBan"]["done"], &removed["data"]["removeBan"]["userErrors"]), (&json!(true), &json!([])), "{removed}");
    assert_eq!(remove()["data"]["removeBan"]["userErrors"][0]["code"], "not_found");
    for number in 10..1000 {
        options(&socket, number, "phone");
    }
    let answers: Vec<u16> = std::iter::from_fn(|| heard(&socket)).collect();
    let count = |status| answers.iter().filter(|one| **one == status).count();
    // Some answers are lost where nobody reads them at once.
    assert!(count(200) >= 100 && count(503) >= 10 && answers.len() < 900, "{} {} of {}", count(200), count(503), answers.len());
    let stats = admin.call("GET", "/sip/stats", None).body;
    assert!(stats["limited"].as_i64().unwrap() >= 50 && stats["silenced"].as_i64().unwrap() >= 2, "{stats}");
    assert_eq!(admin.call("GET", "/sip/bans", None).body["data"], json!([]), "a flood alone is no ban");
    assert_eq!(admin.call("PATCH", "/server/modules/sip", Some(json!({"set": {"stranger_rate": 0}}))).status, 200);
    options(&socket, 20_000, "phone");
    assert_eq!(heard(&socket), Some(200), "no limit, no refusal");
    Ok(())
}

fn transactions_are_counted_and_ended() -> Outcome {
    let (_scratch, server, admin) = server(&["anna", "bert"]);
    let (mut anna, bert) = (registered(&server, "anna"), registered(&server, "bert"));
    let first = invite(&mut anna, &bert, "aborted");
    anna.send(&first);
    let came = bert.receive();
    bert.send(&bert.reply(&came, 180, ""));
    assert_eq!(status(&anna.receive()), 180);
    let open = |query: &str| admin.call("GET", &format!("/sip/transactions?{query}"), None).body["data"].as_array().unwrap().clone();
    let [waiting] = &open("method=INVITE&side=server&state=waiting")[..] else { panic!("one call waits") };
    assert_eq!((&waiting["sip_call_id"], &waiting["transport"], &waiting["side"]), (&json!("aborted"), &json!("udp"), &json!("server")));
    assert_eq!(open("method=INVITE&side=client&state=waiting").len(), 1);
    assert!(open("method=REGISTER&state=answered&address=127.0.0.1").len() <= 2, "a challenge leaves nothing behind, an answer stays for seconds");
    let user = signed_in(&server, "anna");
    let path = format!("/sip/transactions/{}", waiting["id"].as_str().unwrap());
    assert_eq!((user.call("DELETE", &path, None).status, user.call("GET", "/sip/transactions", None).status, user.call("GET", "/sip/stats", None).status), (403, 403, 403));
    assert_eq!(admin.call("DELETE", &path, None).status, 204);
    assert_eq!(status(&anna.receive()), 500);
    assert!(bert.receive().starts_with("CANCEL "));
    assert_eq!(admin.call("DELETE", &path, None).status, 404);
    let cdr = admin.call("GET", "/cdr?limit=1", None).body["data"][0].clone();
    assert_eq!((&cdr["final_code"], &cdr["ended_by"]), (&json!(500), &json!("server")));
    let stats = admin.call("GET", "/sip/stats", None).body;
    let of = |list: &str, name: &str| stats[list].as_array().unwrap().iter().find(|one| one["name"] == name).map(|one| (one["received"].as_i64().unwrap(), one["sent"].as_i64().unwrap()));
    assert_eq!((of("requests", "INVITE"), of("requests", "REGISTER"), of("requests", "CANCEL")), (Some((1, 1)), Some((4, 0)), Some((0, 1))), "{stats}");
    assert_eq!((of("responses", "4xx"), of("responses", "5xx")), (Some((0, 2)), Some((0, 1))), "{stats}");
    assert_eq!((&stats["registrations"], &stats["calls"], &stats["bans"]), (&json!(2), &json!(0), &json!(0)));
    Ok(())
}

fn events_reach_whom_they_concern() -> Outcome {
    let (_scratch, server, admin) = server(&["anna", "bert", "carl"]);
    let clients = ["anna", "bert", "carl"].map(|user| signed_in(&server, user));
    let [mut of_anna, mut of_bert, mut of_carl] = clients.each_ref().map(|client| Stream::open(client, "calls,registrations", None));
    let mut of_admin = Stream::open(&admin, "calls", None);
    let (mut anna, bert) = (registered(&server, "anna"), registered(&server, "bert"));
    let answered = anna.call(&bert, "events");
    anna.send(&anna.inside(&answered, "BYE", 90));
    let bye = bert.receive();
    bert.send(&bert.reply(&bye, 200, ""));
    let id = admin.call("GET", "/cdr", None).body["data"][0]["id"].clone();
    let kinds = |stream: &mut Stream, count: usize| (0..count).map(|_| stream.next()).map(|event| event["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(kinds(&mut of_anna, 5), ["registration.added", "call.started", "call.ringing", "call.answered", "call.ended"]);
    assert_eq!(kinds(&mut of_bert, 4), ["registration.added", "call.ringing", "call.answered", "call.ended"]);
    let first = of_admin.next();
    assert_eq!((&first["type"], &first["object"]["id"]), (&json!("call.started"), &id));
    // Somebody else hears of nothing before what is his own.
    registered(&server, "carl");
    let own = of_carl.next();
    assert_eq!((&own["type"], &own["object"]["address"]), (&json!("registration.added"), &json!("carl@main.example")));
    let version = admin.call("GET", "/accounts/anna@main.example/rights", None).etag;
    assert_eq!(admin.call_if("PUT", "/accounts/anna@main.example/rights", Some(json!({"domain": ["domain"]})), version.as_deref()).status, 200);
    let mut of_domain = Stream::open(&signed_in(&server, "anna"), "registrations", None);
    assert_eq!(admin.call("DELETE", "/sip/registrations?account=carl@main.example", None).body["removed"], 1);
    let gone = of_domain.next();
    assert_eq!((&gone["type"], &gone["object"]["id"]), (&json!("registration.removed"), &own["object"]["id"]), "an administrator of the domain hears of its telephones");
    Ok(())
}

/// A call that the other side refuses with this status.
fn refused(from: &mut Telephone, to: &Telephone, call_id: &str, code: u16) {
    let message = invite(from, to, call_id);
    from.send(&message);
    let came = to.receive();
    assert!(came.starts_with("INVITE "), "{came}");
    to.send(&to.reply(&came, code, ""));
    assert!(to.receive().starts_with("ACK "));
    assert_eq!(status(&from.receive()), code);
}

fn records_are_found_and_exported() -> Outcome {
    let (_scratch, server, admin) = server(&["anna", "bert", "carl"]);
    let (mut anna, mut bert, carl) = (registered(&server, "anna"), registered(&server, "bert"), registered(&server, "carl"));
    refused(&mut anna, &bert, "one", 486);
    refused(&mut bert, &carl, "two", 603);
    let ids = |client: &Client, query: &str| client.call("GET", &format!("/cdr?{query}"), None).body["data"].as_array().unwrap().iter().map(|one| one["sip_call_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(&admin, ""), ["two", "one"]);
    assert_eq!((ids(&admin, "filter[cause]=busy"), ids(&admin, "cause=rejected&number=CARL"), ids(&admin, "number=nobody")), (vec!["one".to_owned()], vec!["two".to_owned()], vec![]));
    assert_eq!((ids(&admin, "account=carl@main.example"), ids(&admin, "since=2040-01-01T00:00:00Z"), ids(&admin, "until=2020-01-01T00:00:00Z")), (vec!["two".to_owned()], vec![], vec![]));
    let user = signed_in(&server, "anna");
    assert_eq!(ids(&user, ""), ["one"]);
    let export = |client: &Client, input: Value| client.call("POST", "/cdr/export", Some(input)).body;
    let table = export(&admin, json!({}));
    assert_eq!((&table["name"], &table["type"]), (&json!("calls.csv"), &json!("text/csv; charset=utf-8")));
    let lines: Vec<&str> = table["content"].as_str().unwrap().split("\r\n").collect();
    assert!(lines.len() == 4 && lines[0].starts_with("id,direction,started_at,") && lines[1].contains(",sip:carl@main.example,") && lines[2].contains(",486,busy,callee,"), "{lines:?}");
    let objects = export(&user, json!({"format": "json_lines", "most": 5}));
    let objects: Vec<Value> = objects["content"].as_str().unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((objects.len(), &objects[0]["sip_call_id"]), (1, &json!("one")), "one's own alone");
    let whole = user.raw("POST", "/cdr/export", "Content-Type: application/json\r\nAccept: text/csv\r\n", b"{}");
    assert!(whole.header("content-type").is_some_and(|kind| kind.starts_with("text/csv")) && whole.body.starts_with(b"id,direction,"));
    assert_eq!(Client::new(server.port()).call("POST", "/cdr/export", Some(json!({}))).status, 401);
    Ok(())
}

fn ladders_outlive_the_server() -> Outcome {
    let scratch = Scratch::new();
    let mut options = Options::new(&scratch.0.join("data"));
    options.environment = [("MAIN_DOMAIN", "main.example"), ("POSTMASTER_PASSWORD", PASSWORD)].map(|(key, value)| (format!("POSTAMT_BOOTSTRAP__{key}"), value.to_owned())).to_vec();
    let server = Server::start(&options);
    let sign_in = |server: &Server| {
        let mut client = Client::new(server.port());
        assert_eq!(client.sign_in("postmaster", PASSWORD), 200);
        client
    };
    let admin = sign_in(&server);
    for name in ["anna", "bert", "carl"] {
        assert_eq!(admin.call("POST", "/domains/main.example/accounts", Some(json!({"name": name, "password": PASSWORD}))).status, 201);
    }
    assert_eq!(admin.call("PATCH", "/accounts/carl@main.example/settings", Some(json!({"set": {"trace_calls": true}}))).status, 200);
    let (mut anna, bert, carl) = (registered(&server, "anna"), registered(&server, "bert"), registered(&server, "carl"));
    refused(&mut anna, &bert, "busy", 486);
    refused(&mut anna, &bert, "failed", 500);
    refused(&mut anna, &carl, "traced", 486);
    let records = admin.call("GET", "/cdr", None).body["data"].clone();
    let id = |call_id: &str| records.as_array().unwrap().iter().find(|one| one["sip_call_id"] == call_id).unwrap()["id"].as_str().unwrap().to_owned();
    let trace = |client: &Client, call_id: &str, more: &str| client.call("GET", &format!("/calls/{}/trace{more}", id(call_id)), None);
    let before = trace(&admin, "failed", "");
    assert_eq!((before.status, trace(&admin, "busy", "").status), (200, 200), "all are in memory");
    let offset = server.offset;
    assert_eq!(server.stop(), Some(0));
    let server = Server::start_at(&options, offset);
    let admin = sign_in(&server);
    assert_eq!((trace(&admin, "busy", "").status, trace(&admin, "traced", "").status), (404, 200));
    let after = trace(&admin, "failed", "");
    assert_eq!(after.body, before.body);
    let message = |trace: &Value| trace["arrows"][0]["message"].as_str().unwrap().to_owned();
    assert!(message(&after.body).starts_with("INVITE ") && !message(&after.body).contains("m=audio"));
    assert!(message(&trace(&admin, "failed", "?detail=full").body).contains("m=audio"));
    assert!(server.sql("SELECT count(*) FROM audit WHERE action = 'traceCall'").contains('1'), "who looks at whole messages is noted");
    let capture = admin.raw("GET", &format!("/calls/{}/trace", id("failed")), "Accept: application/x-pcapng\r\n", b"");
    assert!(capture.body.starts_with(b"\x0a\x0d\x0d\x0a") && capture.body.windows(11).any(|part| part == b"INVITE sip:"));
    assert!(!capture.body.windows(7).any(|part| part == b"m=audio"));
    let user = signed_in(&server, "anna");
    assert_eq!((trace(&user, "failed", "").status, trace(&user, "failed", "?detail=full").status), (200, 403));
    assert_eq!(trace(&signed_in(&server, "carl"), "failed", "").status, 404);
    Ok(())
}

fn calls_leave_nothing_behind_when_they_must_not() -> Outcome {
    let (_scratch, server, admin) = server(&["anna", "bert"]);
    let keep = |history: bool| assert_eq!(admin.call("PATCH", "/server/modules/sip", Some(json!({"set": {"history": history}}))).status, 200);
    let mut heard = Stream::open(&admin, "calls,registrations", None);
    keep(false);
    let (mut anna, bert) = (registered(&server, "anna"), registered(&server, "bert"));
    refused(&mut anna, &bert, "forgotten", 500);
    keep(true);
    refused(&mut anna, &bert, "remembered", 500);
    let records = admin.call("GET", "/cdr", None).body["data"].clone();
    let known: Vec<&str> = records.as_array().unwrap().iter().map(|one| one["sip_call_id"].as_str().unwrap()).collect();
    assert_eq!(known, ["remembered"]);
    let first = heard.next();
    assert_eq!((&first["type"], &first["object"]["id"]), (&json!("call.started"), &records[0]["id"]), "nothing was told before");
    assert_eq!(server.sql("SELECT count(*) FROM call_trace").trim(), "1");
    assert_eq!(admin.call("GET", "/sip/registrations", None).body["data"].as_array().unwrap().len(), 2, "telephones are known all the same");
    Ok(())
}

fn telephones_are_asked_whether_they_are_there() -> Outcome {
    let (_scratch, server, admin) = server(&["anna", "bert"]);
    let (anna, bert) = (registered(&server, "anna"), registered(&server, "bert"));
    anna.answers_options();
    let ping = |client: &Client, of: &Telephone| {
        let listed = admin.call("GET", &format!("/sip/registrations?account={}@main.example", of.user), None);
        client.call("POST", &format!("/sip/registrations/{}/ping", listed.body["data"][0]["id"].as_str().unwrap()), Some(json!({})))
    };
    let there = ping(&admin, &anna);
    assert_eq!((there.status, &there.body["reachable"], &there.body["code"]), (200, &json!(true), &json!(200)), "{}", there.body);
    assert!(there.body["rtt_ms"].as_f64().is_some_and(|time| time > 0.0 && time < 5000.0), "{}", there.body);
    let silent = ping(&admin, &bert).body;
    assert_eq!((&silent["reachable"], &silent["rtt_ms"], &silent["code"]), (&json!(false), &Value::Null, &Value::Null), "{silent}");
    // One's own alone.
    let user = signed_in(&server, "anna");
    assert_eq!((ping(&user, &anna).status, ping(&user, &bert).status), (200, 404));
    Ok(())
}

/// The port that sound for the other side is sent to.
fn media_port(answered: &str) -> u16 {
    answered.lines().find_map(|line| line.strip_prefix("m=audio ")).unwrap().split(' ').next().unwrap().parse().unwrap()
}

/// A packet of G.711 with this number, whose sound is told from all else.
fn sound(number: u16) -> Vec<u8> {
    [&[0x80, 0][..], &number.to_be_bytes(), &(u32::from(number) * 160).to_be_bytes(), &[7; 4], &[0x5a; 160]].concat()
}

fn packets_of_a_call_are_captured() -> Outcome {
    let (_scratch, server, admin) = server(&["anna", "bert"]);
    let (mut anna, bert) = (registered(&server, "anna"), registered(&server, "bert"));
    let of = |client: &Client, id: &str, input: Value| client.call("POST", &format!("/calls/{id}/media/capture"), Some(input));
    let live = || admin.call("GET", "/calls", None).body["data"][0]["id"].as_str().unwrap().to_owned();
    anna.call(&bert, "direct");
    let refused = of(&admin, &live(), json!({}));
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("wrong_state")), "its media does not pass here: {}", refused.body);
    assert_eq!(admin.call("POST", &format!("/calls/{}/hangup", live()), Some(json!({}))).status, 204);
    for one in [&anna, &bert] {
        let bye = one.receive();
        one.send(&one.reply(&bye, 200, ""));
    }
    assert_eq!(admin.call("PATCH", "/server/modules/media", Some(json!({"set": {"force": "always"}}))).status, 200);
    let port = media_port(&anna.call(&bert, "relayed"));
    let id = live();
    let file = |client: &Client| client.raw("GET", &format!("/calls/{id}/media/capture"), "Accept: application/x-pcapng\r\n", b"");
    let has = |file: &[u8], part: &[u8]| file.windows(part.len()).filter(|window| *window == part).count();
    assert_eq!(file(&admin).status, 404, "nothing is captured unasked");
    let user = signed_in(&server, "anna");
    assert_eq!((of(&user, &id, json!({})).status, file(&user).status), (403, 403));
    let wrong = of(&admin, &id, json!({"seconds": 61}));
    assert_eq!((wrong.status, &wrong.body["errors"][0]["pointer"]), (422, &json!("/seconds")));
    // Headers alone, for a second.
    let begun = of(&admin, &id, json!({"seconds": 1}));
    assert_eq!((begun.status, &begun.body["running"], &begun.body["packets"], &begun.body["full"]), (202, &json!(true), &json!(0), &json!(false)), "{}", begun.body);
    assert_eq!(of(&admin, &id, json!({})).status, 409, "one at a time");
    let shown = || admin.call("GET", &format!("/calls/{id}/media/capture"), None).body;
    let hear = |number: u16| {
        anna.send_to(&sound(number), port);
        while bert.hear_octets() != sound(number) {}
    };
    (1..=5).for_each(hear);
    let headers = file(&admin);
    assert_eq!((headers.status, headers.header("content-type")), (200, Some("application/x-pcapng")));
    assert_eq!((has(&headers.body, &sound(3)[..12]), has(&headers.body, &[0x5a; 8])), (2, 0), "it came and it left, and nobody hears it");
    assert_eq!((shown()["packets"].as_i64(), shown()["octets"].as_i64()), (Some(10), Some(10 * 172)));
    // What comes when the time is over is not in it.
    let end = Instant::now() + Duration::from_secs(10);
    while shown()["running"] == true {
        assert!(Instant::now() < end, "it never ends");
        std::thread::sleep(Duration::from_millis(50));
    }
    hear(6);
    assert_eq!(shown()["packets"], 10);
    // Whole packets; they outlive the call.
    assert_eq!(of(&admin, &id, json!({"seconds": 60, "full": true})).status, 202);
    hear(7);
    assert_eq!(admin.call("POST", &format!("/calls/{id}/hangup"), Some(json!({}))).status, 204);
    let whole = file(&admin);
    assert_eq!((has(&whole.body, &sound(7)), has(&whole.body, &sound(3)[..12])), (2, 0));
    assert_eq!(server.sql("SELECT count(*) FROM audit WHERE action = 'captureMedia'"), "2");
    assert_eq!(server.sql("SELECT count(*) FROM audit WHERE action = 'getMediaCapture'"), "2");
    Ok(())
}

fn servers_that_fail_are_shown() -> Outcome {
    let (_scratch, server, admin) = server(&["anna"]);
    let anna = registered(&server, "anna");
    // Of the two addresses of a name one says that it cannot.
    let own = u8::try_from(std::process::id() % 250).unwrap();
    let addresses = [2, 3].map(|last| Ipv4Addr::new(127, 77, own, last));
    let sockets = addresses.map(|address| UdpSocket::bind((address, 5060)).unwrap());
    let dns = Dns::start();
    addresses.iter().for_each(|address| dns.host("far.example", &address.to_string()));
    assert_eq!(admin.call("PATCH", "/network/dns", Some(json!({"set": {"servers": [dns.address.to_string()]}}))).status, 200);
    let uri = "sip:x@far.example";
    sockets.iter().for_each(|socket| socket.set_nonblocking(true).unwrap());
    // Which of them is asked now; it answers with this.
    let answers = |code: u16| {
        let end = Instant::now() + Duration::from_secs(20);
        let mut buffer = [0; 4096];
        loop {
            for socket in &sockets {
                let Ok((length, server)) = socket.recv_from(&mut buffer) else { continue };
                let reply = anna.reply(&String::from_utf8_lossy(&buffer[..length]), code, "");
                socket.send_to(reply.replace("Content-Length", "Retry-After: 1000\r\nContent-Length").as_bytes(), server).unwrap();
                return socket.local_addr().unwrap().to_string();
            }
            assert!(Instant::now() < end, "nobody is asked");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let ask = |call_id: &str| {
        let message = Telephone::new(server.offset, "anna").request("OPTIONS", uri, &format!("<{uri}>"), call_id, "", "");
        anna.send(&message);
    };
    ask("once");
    let (failed, sound) = (answers(503), answers(200));
    assert_ne!(failed, sound);
    assert_eq!(status(&anna.receive()), 200);
    for time in ["again", "once-more"] {
        ask(time);
        assert_eq!(answers(200), sound, "the other one is left alone");
        assert_eq!(status(&anna.receive()), 200);
    }
    let listed = admin.call("GET", "/sip/targets-health", None).body;
    let one = &listed["data"][0];
    assert_eq!((&one["address"], &one["transport"], &one["code"], &one["failures"]), (&json!(failed), &json!("udp"), &json!(503), &json!(1)), "{listed}");
    assert!(one["retry_at"].as_str() > one["failed_at"].as_str());
    assert_eq!(signed_in(&server, "anna").call("GET", "/sip/targets-health", None).status, 403);
    Ok(())
}

fn streams_are_listed_and_silence_is_told() -> Outcome {
    let (_scratch, server, admin) = server(&["anna", "bert", "carl"]);
    assert_eq!(admin.call("PATCH", "/server/modules/media", Some(json!({"set": {"force": "always"}}))).status, 200);
    let [user, other] = ["anna", "carl"].map(|user| signed_in(&server, user));
    let mut of_other = Stream::open(&other, "calls,accounts", None);
    let (mut anna, bert) = (registered(&server, "anna"), registered(&server, "bert"));
    let mut heard = Stream::open(&user, "calls", None);
    let answered = anna.call(&bert, "silent");
    let port = media_port(&answered);
    let list = |client: &Client, query: &str| client.call("GET", &format!("/media/streams?{query}"), None).body["data"].as_array().unwrap().clone();
    let streams = list(&admin, "");
    assert_eq!((streams.len(), &streams[0]["caller"], &streams[0]["stream"]["kind"]), (2, &json!("sip:anna@main.example"), &json!("audio")));
    assert_eq!((list(&user, "").len(), list(&other, "").len(), list(&admin, "filter[quality]=poor").len()), (2, 0, 0));
    assert_eq!(admin.call("GET", "/media/streams?quality=fine", None).status, 422);
    // Only the caller is heard.
    let mut packet = [0_u8; 172];
    packet[0] = 0x80;
    let told = std::thread::spawn(move || {
        loop {
            let event = heard.next();
            if event["type"] == "media.one_way" {
                return event;
            }
        }
    });
    for number in 0..1500_u16 {
        packet[2..4].copy_from_slice(&number.to_be_bytes());
        packet[4..8].copy_from_slice(&(u32::from(number) * 160).to_be_bytes());
        anna.send_to(&packet, port);
        std::thread::sleep(Duration::from_millis(20));
        if told.is_finished() {
            break;
        }
    }
    let event = told.join().unwrap();
    assert_eq!((&event["object"]["verdict"]["silent"], &event["object"]["caller"]), (&json!("callee"), &json!("sip:anna@main.example")));
    assert_eq!(admin.call("PATCH", "/accounts/carl@main.example", Some(json!({"real_name": "Carl"}))).status, 200);
    assert_eq!(of_other.next()["type"], "account.updated", "nobody else heard of it");
    Ok(())
}
