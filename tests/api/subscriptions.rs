//! GraphQL subscriptions over a WebSocket: the protocol, who hears what, going on after a break.

use std::net::TcpStream;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

use crate::account::{PASSWORD, account};
use crate::client::Client;

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("subscriptions::{name}"), run);
    vec![
        test("events_are_heard_by_whom_they_concern", events_are_heard_by_whom_they_concern),
        test("the_protocol_is_kept", the_protocol_is_kept),
        test("streams_end_with_the_session_and_are_bounded", streams_end_with_the_session_and_are_bounded),
    ]
}

struct Socket(WebSocket<TcpStream>);

impl Socket {
    fn open(port: u16, protocol: &str) -> Self {
        let mut request = format!("ws://127.0.0.1:{port}/graphql/ws").into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", protocol.parse().unwrap());
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(tungstenite::client(request, stream).unwrap().0)
    }

    fn say(&mut self, message: &Value) {
        self.0.send(Message::Text(message.to_string().into())).unwrap();
    }

    /// The next message but for heartbeats; a close is its code.
    fn hear(&mut self) -> Value {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(text.as_str()).unwrap();
                    if message["type"] != "ping" {
                        return message;
                    }
                }
                Message::Close(frame) => return json!(u16::from(frame.unwrap().code)),
                _ => {}
            }
        }
    }

    /// Signed in, ready to subscribe.
    fn of(client: &Client) -> Self {
        let mut socket = Self::open(client.port, "graphql-transport-ws");
        socket.say(&json!({"type": "connection_init", "payload": {"authorization": format!("Bearer {}", client.token.as_ref().unwrap())}}));
        assert_eq!(socket.hear(), json!({"type": "connection_ack"}));
        socket
    }

    fn subscribe(&mut self, id: &str, query: &str) {
        self.say(&json!({"type": "subscribe", "id": id, "payload": {"query": query}}));
    }

    /// Waits until a subscription hears: it is open before the query that follows it is answered.
    fn settle(&mut self) {
        self.subscribe("settle", "{ getVersion { product } }");
        assert_eq!(self.hear()["payload"]["data"]["getVersion"]["product"], "Postamt");
        assert_eq!(self.hear(), json!({"type": "complete", "id": "settle"}));
    }
}

const ACCOUNTS: &str = "subscription { events(topics: [\"accounts\"]) { id type account object } }";

fn events_are_heard_by_whom_they_concern() -> Outcome {
    let anna = account();
    let rename = |account: &str, name: &str| assert_eq!(anna.admin.call("PATCH", &format!("/accounts/{account}"), Some(json!({"real_name": name}))).status, 200);
    let (mut own, mut all) = (Socket::of(&anna.rest), Socket::of(&anna.admin));
    for socket in [&mut own, &mut all] {
        socket.subscribe("1", ACCOUNTS);
        socket.settle();
    }
    rename("pbx@main.example", "P");
    rename("anna@client.example", "A");
    let id = anna.rest.call("GET", "/accounts/me", None).body["id"].clone();
    let heard = own.hear();
    let event = &heard["payload"]["data"]["events"];
    assert_eq!((&heard["type"], &heard["id"], &event["type"], &event["account"]), (&json!("next"), &json!("1"), &json!("account.updated"), &id), "not the other account");
    assert_ne!(all.hear()["payload"]["data"]["events"]["account"], id, "the administrator hears both");
    assert_eq!(all.hear()["payload"]["data"]["events"]["account"], id);
    let last = event["id"].as_str().unwrap().to_owned();
    drop(own);
    for n in 0..3 {
        rename("anna@client.example", &format!("A{n}"));
    }
    let mut own = Socket::of(&anna.rest);
    own.subscribe("again", &format!("subscription {{ events(topics: [\"accounts\"], lastEventId: \"{last}\") {{ id }} }}"));
    let mut ids: Vec<i64> = (0..3).map(|_| own.hear()["payload"]["data"]["events"]["id"].as_str().unwrap().parse().unwrap()).collect();
    ids.insert(0, last.parse()?);
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    let (mut mail, mut foreign) = (Socket::of(&anna.rest), Socket::of(&anna.admin));
    mail.subscribe("m", "subscription { mailboxChanged(account: \"me\") { type object } }");
    mail.settle();
    foreign.subscribe("f", "subscription { mailboxChanged(account: \"anna@client.example\") { type } }");
    let refused = foreign.hear();
    assert_eq!((&refused["type"], &refused["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("not_found")));
    assert_eq!(anna.rest.call("POST", "/accounts/me/messages", Some(json!({"raw": "Subject: x\r\n\r\ny"}))).status, 201);
    assert_eq!(mail.hear()["payload"]["data"]["mailboxChanged"]["type"], "mail.appended");
    Ok(())
}

fn the_protocol_is_kept() -> Outcome {
    let anna = account();
    let port = anna.rest.port;
    let open = || Socket::open(port, "graphql-transport-ws");
    let ends = |mut socket: Socket, message: Value, code: u16| {
        socket.say(&message);
        assert_eq!(socket.hear(), json!(code), "{message}");
    };
    let mut old = Socket::open(port, "graphql-transport-ws, graphql-ws");
    old.say(&json!({"type": "ping"}));
    assert_eq!(old.hear(), json!({"type": "pong"}));
    ends(open(), json!({"type": "subscribe", "id": "1", "payload": {"query": ACCOUNTS}}), 4401);
    ends(open(), json!({"type": "connection_init"}), 4401);
    ends(open(), json!({"type": "connection_init", "payload": {"authorization": "Bearer nonsense"}}), 4401);
    ends(open(), json!({"type": "nonsense"}), 4400);
    ends(open(), json!("text"), 4400);
    ends(Socket::of(&anna.rest), json!({"type": "connection_init"}), 4429);
    ends(Socket::of(&anna.rest), json!({"type": "subscribe", "payload": {"query": ACCOUNTS}}), 4400);
    let mut socket = Socket::of(&anna.rest);
    socket.subscribe("1", ACCOUNTS);
    socket.settle();
    socket.subscribe("bad", "subscription { nothing }");
    let error = socket.hear();
    assert_eq!((&error["type"], &error["id"], error["payload"].is_array()), (&json!("error"), &json!("bad"), true));
    socket.subscribe("topic", "subscription { events(topics: [\"nonsense\"]) { id } }");
    assert_eq!(socket.hear()["payload"][0]["extensions"]["code"], "invalid_parameter");
    socket.subscribe("right", "{ getServer { language } }");
    assert_eq!(socket.hear()["payload"][0]["extensions"]["code"], "right_required");
    socket.say(&json!({"type": "complete", "id": "1"}));
    socket.settle();
    let mut other = Socket::of(&anna.rest);
    other.subscribe("1", ACCOUNTS);
    other.settle();
    assert_eq!(anna.rest.call("PATCH", "/accounts/me", Some(json!({"real_name": "A"}))).status, 200);
    assert_eq!(other.hear()["type"], "next");
    socket.settle();
    socket.subscribe("1", ACCOUNTS);
    socket.settle();
    socket.subscribe("1", ACCOUNTS);
    assert_eq!(socket.hear(), json!(4409));
    Ok(())
}

fn streams_end_with_the_session_and_are_bounded() -> Outcome {
    let anna = account();
    let mut phone = Client::new(anna.rest.port);
    assert_eq!(phone.sign_in("anna@client.example", PASSWORD), 200);
    let (mut ended, mut socket) = (Socket::of(&phone), Socket::of(&anna.rest));
    ended.subscribe("1", ACCOUNTS);
    for n in 0..9 {
        socket.subscribe(&n.to_string(), ACCOUNTS);
    }
    socket.settle();
    ended.settle();
    socket.subscribe("one too many", ACCOUNTS);
    assert_eq!(socket.hear()["payload"][0]["extensions"]["code"], "limit_reached");
    assert_eq!(phone.call("POST", "/auth/logout", None).status, 204);
    assert_eq!(ended.hear(), json!(4403), "with the next heartbeat");
    socket.subscribe("in its place", ACCOUNTS);
    socket.settle();
    Ok(())
}
