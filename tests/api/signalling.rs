//! SIP as other servers, trunks and telephones meet it: where requests go, and how they are answered.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use serde_json::json;

use crate::dns::Dns;
use crate::sip::{Telephone, status};
use crate::telephony::{registered, server};

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("signalling::{name}"), run);
    vec![test("what_is_dialled_decides_port_and_transport", what_is_dialled_decides_port_and_transport)]
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
