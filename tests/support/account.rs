//! A claimed server with one user.

use serde_json::json;

use crate::client::Client;
use crate::server::{Options, Scratch, Server};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// `anna@client.example` on a server of her own.
pub(crate) struct Anna {
    /// IMAP port.
    pub(crate) imap: u16,
    /// POP port.
    pub(crate) pop: u16,
    /// REST as herself.
    pub(crate) rest: Client,
    /// REST as the administrator.
    pub(crate) admin: Client,
    // Stopped before its folder goes.
    pub(crate) server: Server,
    pub(crate) scratch: Scratch,
}

pub(crate) fn account() -> Anna {
    let scratch = Scratch::new();
    let mut options = Options::new(&scratch.0.join("data"));
    options.environment = vec![
        ("POSTAMT_BOOTSTRAP__MAIN_DOMAIN".to_owned(), "main.example".to_owned()),
        ("POSTAMT_BOOTSTRAP__POSTMASTER_PASSWORD".to_owned(), PASSWORD.to_owned()),
    ];
    let server = Server::start(&options);
    let mut admin = Client::new(server.port());
    assert_eq!(admin.sign_in("postmaster", PASSWORD), 200);
    assert_eq!(admin.call("POST", "/domains", Some(json!({"name": "client.example"}))).status, 201);
    assert_eq!(admin.call("POST", "/domains/client.example/accounts", Some(json!({"name": "anna", "password": PASSWORD}))).status, 201);
    let mut rest = Client::new(server.port());
    assert_eq!(rest.sign_in("anna@client.example", PASSWORD), 200);
    Anna { imap: 2143 + server.offset, pop: 2110 + server.offset, rest, admin, server, scratch }
}
