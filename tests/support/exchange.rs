//! A claimed server with telephone accounts: alice (+49301000001), bob (also robert, +49301000002) and carol.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::{Value, json};

use crate::client::Client;
use crate::phone::{Line, Phone};
use crate::server::{Options, Scratch, Server};
use crate::tone::PAIRS;

/// Telephones take it from a line of settings: no blanks.
pub(crate) const PASSWORD: &str = "phone-secret-77";

pub(crate) struct Exchange {
    pub(crate) admin: Client,
    pub(crate) options: Options,
    /// None after [`Exchange::kill`].
    server: Option<Server>,
    pub(crate) scratch: Scratch,
}

impl Exchange {
    /// On loopback alone.
    pub(crate) fn new() -> Self {
        Self::start(&[])
    }

    /// On all addresses of this machine.
    pub(crate) fn open() -> Self {
        Self::start(&["--host", "0.0.0.0"])
    }

    fn start(arguments: &[&str]) -> Self {
        let scratch = Scratch::new();
        let mut options = Options::new(&scratch.0.join("data"));
        options.arguments = arguments.iter().map(ToString::to_string).collect();
        options.environment = vec![
            ("POSTAMT_BOOTSTRAP__MAIN_DOMAIN".to_owned(), "main.example".to_owned()),
            ("POSTAMT_BOOTSTRAP__POSTMASTER_PASSWORD".to_owned(), PASSWORD.to_owned()),
        ];
        let server = Server::start(&options);
        let mut admin = Client::new(server.port());
        assert_eq!(admin.sign_in("postmaster", PASSWORD), 200);
        for (number, name) in (1..).zip(["alice", "bob", "carol"]) {
            let aliases = if name == "bob" { json!(["robert"]) } else { json!([]) };
            let account = json!({"name": name, "password": PASSWORD, "aliases": aliases, "telnums": [format!("+4930100000{number}")]});
            let made = admin.call("POST", "/domains/main.example/accounts", Some(account));
            assert_eq!(made.status, 201, "{}", made.body);
        }
        Self { admin, options, server: Some(server), scratch }
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// Kills the server, then starts it again with what it left.
    pub(crate) fn kill(&mut self) {
        let offset = self.server.take().unwrap().kill_hard();
        self.server = Some(Server::start_at(&self.options, offset));
    }

    /// Port for SIP in clear.
    pub(crate) fn port(&self) -> u16 {
        5060 + self.server().offset
    }

    /// Where to send SIP.
    pub(crate) fn sip(&self, ip: impl Into<IpAddr>) -> SocketAddr {
        SocketAddr::new(ip.into(), self.port())
    }

    pub(crate) fn line(&self, name: &str, ip: impl Into<IpAddr>, transport: &'static str) -> Line {
        let port = self.port() + u16::from(transport == "tls");
        Line { address: format!("{name}@main.example"), user: name.to_owned(), password: PASSWORD.to_owned(), server: SocketAddr::new(ip.into(), port), transport }
    }

    /// A telephone on this machine, not yet registered; its number chooses its tones.
    pub(crate) fn phone(&self, name: &str, number: usize) -> Phone {
        Phone::start(&self.scratch.0.join(name), PAIRS[number])
    }

    /// A registered telephone on this machine.
    pub(crate) fn registered(&self, name: &str, number: usize, transport: &'static str) -> Phone {
        let mut phone = self.phone(name, number);
        phone.register(&self.line(name, Ipv4Addr::LOCALHOST, transport));
        phone
    }

    /// What a list holds.
    pub(crate) fn list(&self, path: &str) -> Vec<Value> {
        let answer = self.admin.call("GET", path, None);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body["data"].as_array().unwrap().clone()
    }

    /// The only call that is going on.
    pub(crate) fn live(&self) -> Value {
        let mut calls = self.list("/calls");
        assert_eq!(calls.len(), 1, "{calls:#?}");
        calls.remove(0)
    }

    /// The record of the latest call, by REST and GraphQL.
    pub(crate) fn record(&self) -> Value {
        let record = self.list("/cdr?limit=1").remove(0);
        let query = "{ listCdr(first: 1) { edges { node { id cause endedBy finalCode dialled } } } }";
        let answer = self.admin.graphql(query, &json!({}));
        let node = &answer["data"]["listCdr"]["edges"][0]["node"];
        for (here, there) in [("id", "id"), ("cause", "cause"), ("ended_by", "endedBy"), ("final_code", "finalCode"), ("dialled", "dialled")] {
            assert_eq!(record[here], node[there], "{answer:#}");
        }
        record
    }

    /// Asserts how the latest call ended.
    pub(crate) fn ended(&self, dialled: &str, cause: &str, ended_by: &str) -> Value {
        let record = self.record();
        let of = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        let place = of("dialled");
        assert_eq!((place.contains(dialled), &*of("cause"), &*of("ended_by"), &*of("state")), (true, cause, ended_by, "ended"), "{record:#}");
        assert_eq!(record["duration_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), record["answered_at"].is_string(), "{record:#}");
        record
    }

    /// First lines of the ladder of a call, by REST; GraphQL shows the same.
    pub(crate) fn ladder(&self, call: &Value) -> Vec<String> {
        let id = call["id"].as_str().unwrap();
        let trace = self.admin.call("GET", &format!("/calls/{id}/trace"), None);
        assert_eq!(trace.status, 200, "{}", trace.body);
        let labels = |arrows: &Value| arrows.as_array().into_iter().flatten().map(|arrow| arrow["label"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let lines = labels(&trace.body["arrows"]);
        let answer = self.admin.graphql(&format!("{{ traceCall(call: \"{id}\") {{ arrows {{ label }} }} }}"), &json!({}));
        assert_eq!(labels(&answer["data"]["traceCall"]["arrows"]), lines, "{answer:#}");
        lines
    }
}
