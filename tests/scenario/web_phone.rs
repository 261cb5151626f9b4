//! A telephone in a browser: SIP over WebSocket (RFC 7118), called from one of datagrams.

use libtest_mimic::{Failed, Trial};
use serde_json::json;
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

use crate::sip::{Telephone, field, status};

const PASSWORD: &str = "correct horse battery";

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("web_phone::registers_and_is_called", registers_and_is_called)]
}

type Socket = WebSocket<std::net::TcpStream>;

fn open(port: u16, headers: &[(&'static str, &'static str)]) -> Result<Socket, u16> {
    let mut request = format!("ws://127.0.0.1:{port}/sip").into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
    match tungstenite::client(request, stream) {
        Ok((socket, answer)) => {
            assert_eq!(answer.headers()["sec-websocket-protocol"], "sip");
            Ok(socket)
        }
        Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(answer))) => Err(answer.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

/// The next message that is no 100.
fn receive(socket: &mut Socket) -> String {
    loop {
        match socket.read().unwrap() {
            Message::Text(text) if status(&text) != 100 => return text.to_string(),
            _ => {}
        }
    }
}

fn register(cseq: u32, authorization: &str) -> String {
    format!(
        "REGISTER sip:main.example SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKws{cseq}\r\nMax-Forwards: 70\r\nFrom: <sip:webby@main.example>;tag=1\r\nTo: <sip:webby@main.example>\r\nCall-ID: ws\r\n\
         CSeq: {cseq} REGISTER\r\nContact: <sip:abc@x.invalid;transport=ws;ob>;reg-id=1;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000a95a0e128>\"\r\nSupported: path, outbound, gruu\r\nUser-Agent: browser\r\n\
         Expires: 600\r\n{authorization}Content-Length: 0\r\n\r\n"
    )
}

fn registers_and_is_called() -> Result<(), Failed> {
    let (_scratch, server, admin) = crate::administration::claimed();
    for name in ["webby", "desk"] {
        assert_eq!(admin.call("POST", "/domains/main.example/accounts", Some(json!({"name": name, "password": PASSWORD}))).status, 201);
    }
    let port = 8100 + server.offset;
    assert_eq!(open(port, &[]).err(), Some(400), "without the subprotocol");
    assert_eq!(open(port, &[("sec-websocket-protocol", "sip"), ("origin", "https://evil.example")]).err(), Some(403), "from a page of others");
    let mut socket = open(port, &[("sec-websocket-protocol", "sip"), ("origin", "https://main.example")]).unwrap();
    socket.send(Message::Text("\r\n\r\n".into())).unwrap();
    assert_eq!(socket.read().unwrap(), Message::Text("\r\n".into()), "RFC 5626 §4.4.1");

    let helper = Telephone::new(server.offset, "webby");
    socket.send(Message::Text(register(1, "").into())).unwrap();
    let challenged = receive(&mut socket);
    assert_eq!(status(&challenged), 401);
    assert!(challenged.contains("algorithm=SHA-256"), "{challenged}");
    let answer = helper.answer(&challenged, "REGISTER", "sip:main.example", PASSWORD);
    socket.send(Message::Text(register(2, &format!("Authorization: {answer}\r\n")).into())).unwrap();
    let registered = receive(&mut socket);
    assert_eq!(status(&registered), 200, "{registered}");
    assert_eq!(field(&registered, "Require"), Some("outbound"));
    let listed = admin.call("GET", "/sip/registrations?account=webby@main.example", None).body;
    assert_eq!(listed["data"][0]["transport"], "ws", "{listed}");

    let mut desk = Telephone::new(server.offset, "desk");
    let sdp = desk.sdp();
    // A browser is not called before its owner wants that.
    let invite = desk.request("INVITE", "sip:webby@main.example", "<sip:webby@main.example>", "too-early", "Content-Type: application/sdp\r\n", &sdp);
    desk.send(&invite);
    assert_eq!(status(&desk.receive()), 480);
    let dialler = admin.call("GET", "/accounts/webby@main.example/dialler", None);
    assert_eq!((&dialler.body["data"][0]["key"], &dialler.body["data"][0]["value"]), (&json!("incoming_calls"), &json!(false)), "{}", dialler.body);
    let changed = admin.call("PATCH", "/accounts/webby@main.example/dialler", Some(json!({"set": {"incoming_calls": true}})));
    assert_eq!((changed.status, &changed.body["data"][0]["value"]), (200, &json!(true)), "{}", changed.body);
    let invite = desk.request("INVITE", "sip:webby@main.example", "<sip:webby@main.example>", "to-web", "Content-Type: application/sdp\r\n", &sdp);
    desk.send(&invite);
    let came = receive(&mut socket);
    assert!(came.starts_with("INVITE sip:abc@x.invalid;transport=ws;ob SIP/2.0\r\n"), "{came}");
    socket.send(Message::Text(helper.reply(&came, 486, "").into())).unwrap();
    assert_eq!(status(&desk.receive()), 486);
    let ack = receive(&mut socket);
    assert!(ack.starts_with("ACK "), "{ack}");
    // Over the connection that it registered over it needs no password, but only for itself.
    assert_eq!(admin.call("PATCH", "/server/modules/sip", Some(json!({"set": {"auth_own_domain": "everybody"}}))).status, 200);
    let ask = |user: &str| {
        format!(
            "OPTIONS sip:desk@main.example SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bK{user}\r\nMax-Forwards: 70\r\nFrom: <sip:{user}@main.example>;tag=1\r\nTo: <sip:desk@main.example>\r\n\
             Call-ID: {user}\r\nCSeq: 9 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        )
    };
    assert_eq!(status(&desk.register(PASSWORD, 600)), 200);
    socket.send(Message::Text(ask("desk").into())).unwrap();
    assert_eq!(status(&receive(&mut socket)), 407, "it is not the desk");
    socket.send(Message::Text(ask("webby").into())).unwrap();
    let came = desk.receive();
    assert_eq!(field(&came, "P-Asserted-Identity"), Some("<sip:webby@main.example>"), "{came}");
    desk.send(&desk.reply(&came, 200, ""));
    assert_eq!(status(&receive(&mut socket)), 200);
    // When the page is gone, so is the telephone.
    drop(socket);
    let gone = (0..1000).any(|_| admin.call("GET", "/sip/registrations?account=webby@main.example", None).body["data"] == json!([]));
    assert!(gone, "its registration stays");
    Ok(())
}
