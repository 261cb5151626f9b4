//! Listeners, certificates and address lists as objects.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use serde_json::json;

use crate::administration::claimed;

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("listeners::{name}"), run);
    vec![
        test("two_addresses_share_a_port", two_addresses_share_a_port),
        test("a_listener_that_cannot_open_says_why", a_listener_that_cannot_open_says_why),
        test("a_proxy_says_who_the_peer_is", a_proxy_says_who_the_peer_is),
        test("tls_is_there_and_its_certificate_can_be_replaced", tls_is_there_and_its_certificate_can_be_replaced),
        test("address_lists_decide", address_lists_decide),
    ]
}

fn ask(address: &str, port: i64, first: &str) -> String {
    let mut stream = TcpStream::connect((address, u16::try_from(port).unwrap())).unwrap();
    // A server that closes at once may reset the connection while we still write.
    let _ = write!(stream, "{first}GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

fn two_addresses_share_a_port() -> Outcome {
    let (_scratch, server, admin) = claimed();
    let at = |address: &str| json!({"protocol": "http_user", "address": address, "port": 2500, "tls": "off"});
    let first = admin.call("POST", "/listeners", Some(at("127.0.0.1")));
    assert_eq!((first.status, &first.body["state"], &first.body["bound_port"]), (201, &json!("up"), &json!(2500 + server.offset)));
    let second = admin.call("POST", "/listeners", Some(at("127.0.0.2")));
    assert_eq!((second.status, &second.body["state"]), (201, &json!("up")));
    for address in ["127.0.0.1", "127.0.0.2"] {
        assert_eq!(ask(address, 2500 + i64::from(server.offset), ""), "HTTP/1.1 200 OK");
    }
    for address in ["*", "127.0.0.1"] {
        let third = admin.call("POST", "/listeners", Some(at(address)));
        assert_eq!((third.status, &third.body["code"]), (409, &json!("listener_conflict")));
    }
    let path = format!("/listeners/{}", second.body["id"].as_str().unwrap());
    assert_eq!(admin.call("DELETE", &path, None).status, 204);
    assert!(TcpStream::connect(("127.0.0.2", 2500 + server.offset)).is_err(), "a deleted listener is closed");
    for (body, pointer) in [(json!({"protocol": "http_user", "port": 2600, "tls": "starttls"}), "/tls"), (json!({"protocol": "http_user", "address": "nowhere", "port": 2600, "tls": "off"}), "/address")] {
        let wrong = admin.call("POST", "/listeners", Some(body));
        assert_eq!((wrong.status, &wrong.body["errors"][0]["pointer"]), (422, &json!(pointer)));
    }
    Ok(())
}

fn a_listener_that_cannot_open_says_why() -> Outcome {
    let (_scratch, server, admin) = claimed();
    let _holder = std::net::TcpListener::bind(("127.0.0.3", 2700 + server.offset))?;
    let made = admin.call("POST", "/listeners", Some(json!({"protocol": "http_user", "address": "127.0.0.3", "port": 2700, "tls": "off"})));
    assert_eq!((made.status, &made.body["state"]), (201, &json!("failed")));
    assert!(made.body["last_error"].as_str().unwrap().contains("in use"));
    let others = admin.call("GET", "/listeners", None).body;
    assert!(others["data"].as_array().unwrap().iter().any(|l| l["state"] == "up"));
    assert_eq!(crate::server::get(server.port(), "/health/ready").unwrap().0, 503);
    let path = format!("/listeners/{}", made.body["id"].as_str().unwrap());
    assert_eq!(admin.call("PATCH", &path, Some(json!({"enabled": false}))).body["state"], "disabled");
    assert_eq!(crate::server::get(server.port(), "/health/ready").unwrap().0, 200);
    Ok(())
}

fn a_proxy_says_who_the_peer_is() -> Outcome {
    let (_scratch, server, admin) = claimed();
    let made = admin.call(
        "POST",
        "/listeners",
        Some(json!({"protocol": "http_user", "address": "127.0.0.1", "port": 2800, "tls": "off", "settings": {"proxy_protocol": "v1", "proxy_ips": ["127.0.0.1"], "access": "deny", "access_ips": ["192.0.2.0/24"]}})),
    );
    assert_eq!(made.status, 201);
    let port = 2800 + i64::from(server.offset);
    // Metrics are for callers on this machine: the peer that the proxy names is what counts.
    assert_eq!(ask("127.0.0.1", port, "PROXY TCP4 127.0.0.9 127.0.0.1 1000 80\r\n"), "HTTP/1.1 200 OK");
    assert_eq!(ask("127.0.0.1", port, "PROXY TCP4 198.51.100.7 127.0.0.1 1000 80\r\n"), "HTTP/1.1 403 Forbidden");
    assert_eq!(ask("127.0.0.1", port, "PROXY TCP4 192.0.2.7 127.0.0.1 1000 80\r\n"), "", "the access list closes before a word");
    assert_eq!(ask("127.0.0.1", port, ""), "", "without a header nobody is served");
    Ok(())
}

fn curl(port: u16, arguments: &[&str]) -> String {
    let output = Command::new("curl").args(["-sS", "--max-time", "30"]).args(arguments).arg(format!("https://localhost:{port}/health/live")).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn tls_is_there_and_its_certificate_can_be_replaced() -> Outcome {
    let (scratch, server, admin) = claimed();
    let port = 9010 + server.offset;
    let file = scratch.0.join("shown.pem");
    let first = admin.call("GET", "/certificates", None).body["data"][0].clone();
    assert_eq!((&first["kind"], &first["active"]), (&json!("self_signed"), &json!(true)));
    assert!(first["names"].as_array().unwrap().contains(&json!("localhost")));
    std::fs::write(&file, first["chain"].as_str().unwrap())?;
    let trust = ["--cacert", file.to_str().unwrap()];
    assert_eq!(curl(port, &trust), "{\"live\":true}");
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let imported = admin.call("POST", "/certificates/import", Some(json!({"chain": made.cert.pem(), "key": made.signing_key.serialize_pem()})));
    assert_eq!((imported.status, &imported.body["kind"], &imported.body["names"]), (201, &json!("imported"), &json!(["localhost"])));
    assert!(imported.body.get("key").is_none());
    assert_ne!(curl(port, &trust), "{\"live\":true}", "the old certificate is not shown any more");
    std::fs::write(&file, made.cert.pem())?;
    assert_eq!(curl(port, &trust), "{\"live\":true}");
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let unfit = admin.call("POST", "/certificates/import", Some(json!({"chain": made.cert.pem(), "key": other.signing_key.serialize_pem()})));
    assert_eq!((unfit.status, &unfit.body["code"]), (422, &json!("certificate_invalid")));
    Ok(())
}

fn address_lists_decide() -> Outcome {
    let (_scratch, _server, admin) = claimed();
    let clients = admin.call("GET", "/network/address-lists/client_ips", None);
    assert_eq!(clients.body["lines"], json!(["127.0.0.0/8", "::1"]), "loopback alone");
    let put = |list: &str, lines: &[&str]| admin.call("PUT", &format!("/network/address-lists/{list}"), Some(json!({"lines": lines})));
    assert_eq!(put("office", &["10.0.0.0/8", "!10.1.0.0/16"]).status, 200);
    assert_eq!(put("client_ips", &["127.0.0.0/8", "#office"]).status, 200);
    let test = |address: &str| admin.call("POST", "/network/address-lists/client_ips/test", Some(json!({"address": address}))).body["listed"].clone();
    assert_eq!((test("10.2.0.1"), test("10.1.2.3"), test("192.0.2.1")), (json!(true), json!(false), json!(false)));
    let wrong = put("office", &["10.0.0.0/8", "10.0.0.1/8"]);
    assert_eq!((wrong.status, &wrong.body["errors"][0]["pointer"]), (422, &json!("/lines/1")));
    assert_eq!(put("office", &["#client_ips"]).status, 422, "a circle is refused");
    Ok(())
}
