//! Events by SSE: in order, resumable, only for those whom they concern.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Stdio};
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::administration::claimed;
use crate::client::Client;
use crate::server::Server;

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("events::{name}"), run);
    vec![test("events_come_in_order_and_resume", events_come_in_order_and_resume), test("a_user_hears_only_of_himself", a_user_hears_only_of_himself), test("events_that_are_committed_out_of_order_are_all_heard", events_that_are_committed_out_of_order_are_all_heard)]
}

pub(crate) struct Stream(BufReader<TcpStream>);

impl Stream {
    pub(crate) fn open(client: &Client, topics: &str, after: Option<i64>) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", client.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let after = after.map(|n| format!("Last-Event-ID: {n}\r\n")).unwrap_or_default();
        let token = client.token.as_deref().unwrap_or_default();
        write!(stream, "GET /api/v1/events?topics={topics} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{after}\r\n").unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert!(line.contains("200"), "{line}");
        Self(reader)
    }

    pub(crate) fn next(&mut self) -> Value {
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ended");
            if let Some(data) = line.strip_prefix("data: ") {
                return serde_json::from_str(data).unwrap();
            }
        }
    }
}

fn events_come_in_order_and_resume() -> Outcome {
    let (_scratch, _server, admin) = claimed();
    let mut stream = Stream::open(&admin, "accounts", None);
    let make = |name: &str| admin.call("POST", "/domains/main.example/accounts", Some(json!({"name": name}))).status;
    assert_eq!(make("a0"), 201);
    let first = stream.next();
    assert_eq!((&first["type"], &first["object"]["address"]), (&json!("account.created"), &json!("a0@main.example")));
    drop(stream);
    for n in 1..=100 {
        assert_eq!(make(&format!("a{n}")), 201);
    }
    let mut stream = Stream::open(&admin, "accounts", first["id"].as_i64());
    for n in 1..=100 {
        assert_eq!(stream.next()["object"]["address"], format!("a{n}@main.example"));
    }
    assert_eq!(make("last"), 201);
    assert_eq!(stream.next()["object"]["address"], "last@main.example");
    Ok(())
}

fn a_user_hears_only_of_himself() -> Outcome {
    let (_scratch, server, admin) = claimed();
    for name in ["u", "v"] {
        let made = admin.call("POST", "/domains/main.example/accounts", Some(json!({"name": name, "password": "correct horse battery"})));
        assert_eq!(made.status, 201);
    }
    let mut user = Client::new(server.port());
    assert_eq!(user.sign_in("u", "correct horse battery"), 200);
    let mut stream = Stream::open(&user, "accounts", None);
    for name in ["v", "u"] {
        let changed = admin.call("PATCH", &format!("/accounts/{name}@main.example"), Some(json!({"real_name": name})));
        assert_eq!(changed.status, 200);
    }
    let heard = stream.next();
    let own = user.call("GET", "/accounts/me", None).body["id"].clone();
    assert_eq!((&heard["account"], &heard["type"]), (&own, &json!("account.updated")), "the change of the other account was not heard");
    Ok(())
}

/// A session with the database that does one command after the other.
struct Session(Child, BufReader<ChildStdout>);

impl Session {
    fn new(server: &Server) -> Self {
        let mut child = server.psql().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self(child, output)
    }

    /// Does it, and waits until it is done.
    fn run(&mut self, commands: &str) {
        writeln!(self.0.stdin.as_mut().unwrap(), "{commands};\n\\echo done").unwrap();
        let mut line = String::new();
        while !line.ends_with("done\n") {
            assert!(self.1.read_line(&mut line).unwrap() > 0, "{commands}: {line}");
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The transaction that began first gets the later number and is done first; the other is told of all the same.
fn events_that_are_committed_out_of_order_are_all_heard() -> Outcome {
    let (_scratch, server, admin) = claimed();
    let mut stream = Stream::open(&admin, "system", None);
    let (mut first, mut second) = (Session::new(&server), Session::new(&server));
    let told = |name: &str| format!("INSERT INTO event (topic, type, object) VALUES ('system', 'system.test', '{{\"name\": \"{name}\"}}'); NOTIFY postamt");
    // The server may have news of its own.
    let heard = |stream: &mut Stream| std::iter::repeat_with(|| stream.next()).find(|event| event["type"] == "system.test").unwrap();
    first.run("BEGIN; SELECT pg_current_xact_id()");
    second.run(&format!("BEGIN; {}", told("late")));
    first.run(&format!("{}; COMMIT", told("early")));
    let early = heard(&mut stream);
    assert_eq!(early["object"]["name"], "early");
    second.run("COMMIT");
    let late = heard(&mut stream);
    assert_eq!(late["object"]["name"], "late");
    assert!(late["id"].as_i64() < early["id"].as_i64(), "{early} {late}");
    // Whoever comes back gets what comes after, and that only.
    assert_eq!(heard(&mut Stream::open(&admin, "system", early["id"].as_i64())), late);
    second.run(&told("new"));
    assert_eq!(heard(&mut Stream::open(&admin, "system", late["id"].as_i64()))["object"]["name"], "new");
    Ok(())
}
