//! SIP as other servers, trunks and telephones meet it: where requests go, and how they are answered.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::account::PASSWORD;
use crate::client::Client;
use crate::dns::Dns;
use crate::sip::{Telephone, status};
use crate::telephony::{registered, server};

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("signalling::{name}"), run);
    vec![
        test("what_is_dialled_decides_port_and_transport", what_is_dialled_decides_port_and_transport),
        test("callers_are_named_as_they_may_be", callers_are_named_as_they_may_be),
        test("settings_act_at_once", settings_act_at_once),
        test("others_are_where_settings_say_and_asked_as_they_can", others_are_where_settings_say_and_asked_as_they_can),
        test("telephones_that_do_not_answer_pings_are_not_called", telephones_that_do_not_answer_pings_are_not_called),
    ]
}

/// The first message or octets that come by a connection.
fn first_octets(listener: &TcpListener) -> (TcpStream, Vec<u8>) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut buffer = vec![0; 4096];
    let length = stream.read(&mut buffer).unwrap();
    buffer.truncate(length);
    (stream, buffer)
}

fn what_is_dialled_decides_port_and_transport() -> Outcome {
    let (_scratch, server, admin) = server(&["anna", "bert"]);
    let (mut anna, bert) = (registered(&server, "anna"), registered(&server, "bert"));
    let dns = Dns::start();
    ["far.example", "other.example"].iter().for_each(|host| dns.host(host, "127.0.0.1"));
    assert_eq!(admin.call("PATCH", "/network/dns", Some(json!({"set": {"servers": [dns.address.to_string()]}}))).status, 200);
    let far = UdpSocket::bind("127.0.0.1:0").unwrap();
    far.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let port = far.local_addr().unwrap().port();
    let mut buffer = [0; 4096];
    let mut answers = |anna: &Telephone, line: &str| {
        let (length, from) = far.recv_from(&mut buffer).unwrap();
        let came = String::from_utf8_lossy(&buffer[..length]).into_owned();
        assert!(came.starts_with(&format!("{line} SIP/2.0\r\n")), "{line}: {came}");
        far.send_to(anna.reply(&came, 200, "").as_bytes(), from).unwrap();
    };
    let ask = |anna: &mut Telephone, method: &str, uri: &str, call_id: &str| {
        let message = anna.request(method, uri, &format!("<{uri}>"), call_id, "", "");
        anna.send(&message);
    };
    // The port that is dialled is the one that is asked, by calls, messages and anything else.
    for (method, uri) in [("OPTIONS", format!("sip:x@far.example:{port};transport=udp;user=phone")), ("MESSAGE", format!("sip:x@far.example:{port}")), ("INVITE", format!("sip:x;a=b@far.example:{port}"))] {
        ask(&mut anna, method, &format!("{uri};maddr=192.0.2.1"), &format!("port-{method}"));
        answers(&anna, &format!("{method} {uri}"));
        assert_eq!(status(&anna.receive()), 200, "{method}");
    }
    // So is the transport; SIPS means TLS.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream_port = listener.local_addr().unwrap().port();
    let uri = format!("sip:x@far.example:{stream_port};transport=tcp");
    ask(&mut anna, "OPTIONS", &uri, "tcp");
    let (mut stream, octets) = first_octets(&listener);
    let came = String::from_utf8(octets).unwrap();
    assert!(came.starts_with(&format!("OPTIONS {uri} SIP/2.0\r\n")) && came.contains("Via: SIP/2.0/TCP "), "{came}");
    stream.write_all(anna.reply(&came, 200, "").as_bytes()).unwrap();
    assert_eq!(status(&anna.receive()), 200);
    ask(&mut anna, "OPTIONS", &format!("sips:x@far.example:{stream_port}"), "tls");
    assert_eq!(first_octets(&listener).1[0], 22, "a hello of TLS");
    assert!(status(&anna.receive()) >= 400, "nobody shakes hands");
    // A telephone that redirects a call names the port, too.
    let (uri, description) = ("sip:bert@main.example", anna.sdp());
    let invite = anna.request("INVITE", uri, &format!("<{uri}>"), "moved", "Content-Type: application/sdp\r\n", &description);
    anna.send(&invite);
    let came = bert.receive();
    bert.send(&bert.reply(&came, 302, "").replace(&bert.contact(), &format!("<sip:y@far.example:{port}>")));
    assert!(bert.receive().starts_with("ACK "));
    answers(&anna, &format!("INVITE sip:y@far.example:{port}"));
    assert_eq!(status(&anna.receive()), 200);
    // What the Router makes of an address has a port of its own.
    let table = admin.call("GET", "/router/table", None);
    let text = format!("{}\nS:<*@other.example> = *@far.example:{port}\n", table.body["text"].as_str().unwrap_or_default());
    let changed = admin.call_if("PUT", "/router/table", Some(json!({"text": text})), table.etag.as_deref());
    assert_eq!(changed.status, 200, "{}", changed.body);
    ask(&mut anna, "OPTIONS", "sip:z@other.example:9;transport=tcp", "rewritten");
    answers(&anna, "OPTIONS sip:z@far.example");
    assert_eq!(status(&anna.receive()), 200);
    Ok(())
}

/// Changes settings of SIP.
fn set(admin: &Client, values: Value) {
    let changed = admin.call("PATCH", "/server/modules/sip", Some(json!({"set": values})));
    assert_eq!(changed.status, 200, "{}", changed.body);
}

fn fields<'a>(message: &'a str, name: &str) -> Vec<&'a str> {
    message.lines().filter_map(|line| line.split_once(": ").filter(|(key, _)| *key == name).map(|(_, value)| value)).collect()
}

fn callers_are_named_as_they_may_be() -> Outcome {
    let (_scratch, server, admin) = server(&["anna", "bert"]);
    assert!([200, 201].contains(&admin.call("POST", "/accounts/anna@main.example/telnums", Some(json!({"number": "+4930123"}))).status));
    let (mut anna, bert) = (registered(&server, "anna"), registered(&server, "bert"));
    // A challenge of the registrar proves who calls as well.
    let challenge = anna.request("REGISTER", "sip:main.example", "<sip:anna@main.example>", "asks", "", "");
    anna.send(&challenge);
    let challenged = anna.receive();
    let uri = "sip:bert@main.example";
    let lies = "P-Asserted-Identity: <sip:chief@main.example>\r\nRemote-Party-ID: <sip:chief@main.example>\r\n";
    let came = |anna: &mut Telephone, call_id: &str, more: &str| {
        let message = anna.request("MESSAGE", uri, &format!("<{uri}>"), call_id, &format!("{more}Content-Type: text/plain\r\n"), "hello");
        anna.send(&message);
        let came = bert.receive();
        bert.send(&bert.reply(&came, 200, ""));
        assert_eq!(status(&anna.receive()), 200);
        came
    };
    let asserted = |message: &str| fields(message, "P-Asserted-Identity").iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let proof = format!("Proxy-Authorization: {}\r\n", anna.answer(&challenged, "MESSAGE", uri, PASSWORD));
    let foreign = "Proxy-Authorization: Digest username=\"a\", realm=\"far.example\", nonce=\"n\", uri=\"sip:a\", response=\"0\"\r\n";
    let told = came(&mut anna, "named", &format!("{lies}{proof}{foreign}"));
    assert_eq!(asserted(&told), ["<sip:anna@main.example>", "<tel:+4930123>"], "{told}");
    assert!(!told.contains("chief") && told.contains(foreign) && fields(&told, "Proxy-Authorization").len() == 1, "{told}");
    // Who is trusted by its address says itself who it is, but not to a telephone when that is private.
    assert_eq!(asserted(&came(&mut anna, "peer", lies)), ["<sip:chief@main.example>"]);
    let private = came(&mut anna, "private", &format!("{lies}Privacy: id\r\n"));
    assert!(!private.contains("chief"), "{private}");
    Ok(())
}

fn settings_act_at_once() -> Outcome {
    let (_scratch, server, admin) = server(&["anna", "bert"]);
    let (mut anna, bert) = (registered(&server, "anna"), registered(&server, "bert"));
    let uri = "sip:bert@main.example";
    let invite = |anna: &mut Telephone, call_id: &str| {
        let description = anna.sdp();
        let message = anna.request("INVITE", uri, &format!("<{uri}>"), call_id, "Supported: timer\r\nContent-Type: application/sdp\r\n", &description);
        anna.send(&message);
    };
    let refused = |anna: &Telephone, bert: &Telephone, came: &str| {
        bert.send(&bert.reply(came, 486, ""));
        assert!(bert.receive().starts_with("ACK "));
        assert_eq!(status(&anna.receive()), 486);
    };
    for (seconds, expected) in [(1800, vec!["1800"]), (120, vec!["120"]), (0, vec![])] {
        set(&admin, json!({"session_expires": seconds}));
        invite(&mut anna, &format!("session-{seconds}"));
        let came = bert.receive();
        assert_eq!(fields(&came, "Session-Expires"), expected, "{came}");
        refused(&anna, &bert, &came);
    }
    set(&admin, json!({"max_calls": 1}));
    invite(&mut anna, "first");
    let first = bert.receive();
    invite(&mut anna, "second");
    assert_eq!(status(&anna.receive()), 503, "one call is all there may be");
    refused(&anna, &bert, &first);
    set(&admin, json!({"max_calls": 0, "max_forwards": 9}));
    let message = anna.request("INVITE", uri, &format!("<{uri}>"), "hops", "", "").replace("Max-Forwards: 70\r\n", "");
    anna.send(&message);
    let came = bert.receive();
    assert_eq!(fields(&came, "Max-Forwards"), ["9"]);
    refused(&anna, &bert, &came);
    // Nobody may send elsewhere now, not even those who are trusted by their address.
    let ask = |anna: &mut Telephone, uri: &str, call_id: &str| {
        let message = anna.request("OPTIONS", uri, &format!("<{uri}>"), call_id, "", "");
        anna.send(&message);
        anna.receive()
    };
    set(&admin, json!({"relay_policy": "nobody", "auth_own_domain": "nobody"}));
    assert_eq!(status(&ask(&mut anna, "sip:x@far.example", "relay")) / 100, 4);
    // Everybody has to prove to be of a domain of ours, by the one way that is left.
    set(&admin, json!({"auth_own_domain": "everybody", "digest_algorithms": ["sha256"], "nonce_ttl": 30}));
    let challenged = ask(&mut anna, uri, "proof");
    assert_eq!(status(&challenged), 407);
    let challenges = fields(&challenged, "Proxy-Authenticate");
    assert!(challenges.len() == 1 && challenges[0].contains("algorithm=SHA-256"), "{challenged}");
    for (values, pointer) in [(json!({"t1_ms": 99}), "/set/t1_ms"), (json!({"digest_algorithms": ["sha1"]}), "/set/digest_algorithms"), (json!({"relay_policy": "everybody"}), "/set/relay_policy")] {
        let refused = admin.call("PATCH", "/server/modules/sip", Some(json!({"set": values})));
        assert_eq!((refused.status, refused.body["errors"][0]["pointer"].as_str()), (422, Some(pointer)));
    }
    Ok(())
}

fn telephones_that_do_not_answer_pings_are_not_called() -> Outcome {
    let (_scratch, server, admin) = server(&["anna", "bert"]);
    set(&admin, json!({"nat_ping_interval": 1, "nat_ping_method": "options", "t1_ms": 100}));
    let mut anna = registered(&server, "anna");
    // What it says of itself is an address of a network of its own: it is behind a translator.
    let mut bert = Telephone::new(server.offset, "bert").says("10.77.0.9:5060");
    assert_eq!(status(&bert.register(PASSWORD, 600)), 200);
    let shown = || admin.call("GET", "/sip/registrations?account=bert@main.example", None).body["data"][0].clone();
    let ping = bert.receive();
    assert!(ping.starts_with("OPTIONS sip:bert@10.77.0.9:5060 SIP/2.0\r\n"), "{ping}");
    bert.send(&bert.reply(&ping, 404, ""));
    let until = |what: &str, is: &dyn Fn(&Value) -> bool| {
        let end = Instant::now() + Duration::from_secs(40);
        while !is(&shown()) {
            assert!(Instant::now() < end, "{what}: {}", shown());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    until("answers are timed, whatever they say", &|one| one["reachable"] == true && one["rtt_ms"].is_i64());
    until("silence is noticed", &|one| one["reachable"] == false);
    let uri = "sip:bert@main.example";
    let message = anna.request("OPTIONS", uri, &format!("<{uri}>"), "silent", "", "");
    anna.send(&message);
    assert_eq!(status(&anna.receive()), 480);
    set(&admin, json!({"nat_ping_method": "notify"}));
    let ping = loop {
        let ping = bert.receive();
        if ping.starts_with("NOTIFY ") {
            break ping;
        }
    };
    assert!(ping.contains("Event: keep-alive\r\n"), "{ping}");
    bert.send(&bert.reply(&ping, 200, ""));
    until("whoever answers is called again", &|one| one["reachable"] == true);
    Ok(())
}

fn others_are_where_settings_say_and_asked_as_they_can() -> Outcome {
    let (_scratch, server, admin) = server(&["anna", "bert"]);
    let (mut anna, bert) = (registered(&server, "anna"), registered(&server, "bert"));
    let dns = Dns::start();
    dns.host("broken.example", "192.0.2.1");
    dns.fail("broken.example");
    assert_eq!(admin.call("PATCH", "/network/dns", Some(json!({"set": {"servers": [dns.address.to_string()]}}))).status, 200);
    // A trunk that takes datagrams and connections.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let far = UdpSocket::bind(("127.0.0.1", port)).unwrap();
    far.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let heard = || {
        let mut buffer = [0; 4096];
        let (length, from) = far.recv_from(&mut buffer).unwrap();
        (String::from_utf8_lossy(&buffer[..length]).into_owned(), from)
    };
    set(&admin, json!({"static_routes": [format!("far.example sip:127.0.0.1:{port}")]}));
    let uri = "sip:x@far.example";
    let ask = |anna: &mut Telephone, uri: &str, call_id: &str, more: &str| {
        let message = anna.request("OPTIONS", uri, &format!("<{uri}>"), call_id, more, "");
        anna.send(&message);
    };
    ask(&mut anna, uri, "static", "Supported: 100rel, timer, path\r\n");
    let (came, from) = heard();
    assert!(came.starts_with("OPTIONS sip:x@far.example SIP/2.0\r\n") && came.contains("Supported: 100rel, timer, path\r\n"), "{came}");
    far.send_to(anna.reply(&came, 200, "").as_bytes(), from).unwrap();
    assert_eq!(status(&anna.receive()), 200);
    // What is too large for a datagram goes by a connection, but not to who has none.
    let large = format!("X-Large: {}\r\n", "x".repeat(1200));
    ask(&mut anna, uri, "large", &large);
    let (mut stream, octets) = first_octets(&listener);
    let came = String::from_utf8(octets).unwrap();
    stream.write_all(anna.reply(&came, 200, "").as_bytes()).unwrap();
    assert_eq!(status(&anna.receive()), 200);
    set(&admin, json!({"workarounds": ["far.example no_tcp no_100rel", "127.0.0.0/8 no_session_timer"]}));
    ask(&mut anna, uri, "still-large", &format!("{large}Supported: 100rel, timer, path\r\n"));
    let (came, from) = heard();
    assert!(came.contains("Supported: path\r\n"), "{came}");
    far.send_to(anna.reply(&came, 200, "").as_bytes(), from).unwrap();
    assert_eq!(status(&anna.receive()), 200);
    // It sends a call on to somebody here.
    let description = anna.sdp();
    let invite = anna.request("INVITE", uri, &format!("<{uri}>"), "moved", "Content-Type: application/sdp\r\n", &description);
    anna.send(&invite);
    let (came, from) = heard();
    far.send_to(anna.reply(&came, 302, "").replace(&anna.contact(), "<sip:bert@main.example>").as_bytes(), from).unwrap();
    assert!(heard().0.starts_with("ACK "));
    let came = bert.receive();
    assert!(came.starts_with(&format!("INVITE sip:bert@{}", bert.contact().split(['@', '>']).nth(1).unwrap())), "{came}");
    bert.send(&bert.reply(&came, 486, ""));
    assert!(bert.receive().starts_with("ACK "));
    assert_eq!(status(&anna.receive()), 486);
    for (host, warning) in [("unknown.example", "no DNS"), ("broken.example", "DNS timeout")] {
        ask(&mut anna, &format!("sip:x@{host}"), host, "");
        let refused = anna.receive();
        assert_eq!(status(&refused), 480, "{refused}");
        assert_eq!(fields(&refused, "Warning"), [format!("399 postamt \"{warning}\"")]);
    }
    for (values, pointer) in [(json!({"static_routes": ["far.example 192.0.2.1"]}), "/set/static_routes"), (json!({"workarounds": ["far.example fly"]}), "/set/workarounds")] {
        let refused = admin.call("PATCH", "/server/modules/sip", Some(json!({"set": values})));
        assert_eq!((refused.status, refused.body["errors"][0]["pointer"].as_str()), (422, Some(pointer)));
    }
    Ok(())
}
