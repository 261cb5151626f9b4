//! A small client of the REST API.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

pub(crate) struct Client {
    pub(crate) port: u16,
    pub(crate) token: Option<String>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) etag: Option<String>,
    /// Status line and header fields.
    pub(crate) head: String,
}

/// An answer as it came.
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Raw {
    /// A field of the header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

/// A field of a header, by its name in lower case.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.split_once(": ").filter(|(field, _)| *field == name).map(|(_, value)| value))
}

impl Client {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, token: None }
    }

    pub(crate) fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.call_with(method, path, body, "")
    }

    pub(crate) fn call_if(&self, method: &str, path: &str, body: Option<Value>, etag: Option<&str>) -> Answer {
        self.call_with(method, path, body, &etag.map(|etag| format!("If-Match: {etag}\r\n")).unwrap_or_default())
    }

    /// Calls with further header lines.
    pub(crate) fn call_with(&self, method: &str, path: &str, body: Option<Value>, headers: &str) -> Answer {
        let body = body.map(|b| b.to_string());
        let kind = if body.is_some() { "Content-Type: application/json\r\n" } else { "" };
        let raw = self.raw(method, path, &format!("Accept: application/json\r\n{kind}{headers}"), body.unwrap_or_default().as_bytes());
        let answer = Answer { status: raw.status, body: serde_json::from_slice(&raw.body).unwrap_or(Value::Null), etag: raw.header("etag").map(str::to_owned), head: raw.head };
        crate::contract::check(method, path, answer.status, &answer.body);
        answer
    }

    /// Calls with these header lines and octets.
    pub(crate) fn raw(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Raw {
        let mut head = format!("{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        if let Some(token) = &self.token {
            head += &format!("Authorization: Bearer {token}\r\n");
        }
        head += headers;
        if !body.is_empty() {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(&[head.as_bytes(), b"\r\n", body].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        Raw { status: head[9..12].parse().unwrap(), head, body: answer.split_off(end + 4) }
    }

    /// Asks through the GraphQL door.
    pub(crate) fn graphql(&self, query: &str, variables: &Value) -> Value {
        let body = serde_json::json!({"query": query, "variables": variables}).to_string();
        let token = self.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!("POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{token}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    /// Signs in and keeps the token.
    pub(crate) fn sign_in(&mut self, login: &str, password: &str) -> u16 {
        let answer = self.call("POST", "/auth/login", Some(serde_json::json!({"login": login, "password": password})));
        self.token = answer.body["access_token"].as_str().map(str::to_owned);
        answer.status
    }
}
