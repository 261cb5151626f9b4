//! Listeners as objects: what is wanted is stored here; the composition root opens what is wanted and reports back.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use model::Page;
use model::listener::{CreateListener, Listener, ListenerSettings, ListenerState, Protocol, TlsMode, UpdateListener};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{News, Tx};
use tokio::sync::watch;
use types::AddressSet;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::operation::{Call, Done, Nothing};
use crate::server::check_version;
use crate::{Error, Kind, Result, Service, new_id};

/// What a new server listens on beside administration: protocol, port, TLS.
const DEFAULTS: [(Protocol, i32, TlsMode); 12] = [
    (Protocol::Smtp, 25, TlsMode::Starttls),
    (Protocol::Submission, 587, TlsMode::Starttls),
    (Protocol::Submission, 465, TlsMode::Implicit),
    (Protocol::Imap, 143, TlsMode::Starttls),
    (Protocol::Imap, 993, TlsMode::Implicit),
    (Protocol::Pop, 110, TlsMode::Starttls),
    (Protocol::Pop, 995, TlsMode::Implicit),
    (Protocol::HttpUser, 8100, TlsMode::Off),
    (Protocol::HttpUser, 9100, TlsMode::Implicit),
    (Protocol::SipUdp, 5060, TlsMode::Off),
    (Protocol::SipTcp, 5060, TlsMode::Off),
    (Protocol::SipTls, 5061, TlsMode::Implicit),
];
/// Administration is open from the first start.
const ADMINISTRATION: [(Protocol, i32, TlsMode); 2] = [(Protocol::HttpAdmin, 8010, TlsMode::Off), (Protocol::HttpAdmin, 9010, TlsMode::Implicit)];
const PATIENCE: Duration = Duration::from_secs(5);

/// What became of a listener: the port that is open, or why there is none.
pub type Opened = std::result::Result<u16, String>;

pub(crate) struct Listening {
    states: Mutex<HashMap<Uuid, Opened>>,
    wanted: watch::Sender<u64>,
    applied: watch::Sender<u64>,
}

impl Default for Listening {
    fn default() -> Self {
        Self { states: Mutex::default(), wanted: watch::Sender::new(0), applied: watch::Sender::new(0) }
    }
}

/// Names a listener.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListenerRef {
    /// Id of the listener.
    pub(crate) id: Uuid,
}

fn word<T: Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

impl Service {
    /// Tells when the wanted listeners or certificates change; the number rises with each change.
    pub fn listener_changes(&self) -> watch::Receiver<u64> {
        self.inner.listening.wanted.subscribe()
    }

    /// Everything up to this change was applied.
    pub fn listeners_applied(&self, change: u64) {
        self.inner.listening.applied.send_modify(|applied| *applied = change.max(*applied));
    }

    /// The listeners that shall be open.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn wanted_listeners(&self) -> Result<Vec<Listener>> {
        Ok(self.store().listeners().await?.into_iter().filter(|listener| listener.enabled).collect())
    }

    /// Remembers what became of opening a listener.
    pub fn listener_state(&self, id: Uuid, state: Opened) {
        if let Ok(mut states) = self.inner.listening.states.lock() {
            states.insert(id, state);
        }
    }

    /// Forgets the listeners that are not wanted any more.
    pub fn retain_listener_states(&self, wanted: &[Listener]) {
        if let Ok(mut states) = self.inner.listening.states.lock() {
            states.retain(|id, _| wanted.iter().any(|listener| listener.id == *id));
        }
    }

    pub(crate) fn all_listeners_open(&self) -> bool {
        self.inner.listening.states.lock().is_ok_and(|states| states.values().all(std::result::Result::is_ok))
    }

    /// Asks the composition root to open and close what changed, and waits until it did.
    pub(crate) async fn apply_listeners(&self) {
        let listening = &self.inner.listening;
        if listening.wanted.receiver_count() == 0 {
            return; // Nobody opens listeners yet: the server is just starting.
        }
        let mut change = 0;
        listening.wanted.send_modify(|wanted| {
            *wanted += 1;
            change = *wanted;
        });
        let mut applied = listening.applied.subscribe();
        let waited = tokio::time::timeout(PATIENCE, applied.wait_for(|applied| *applied >= change)).await;
        if waited.is_err() {
            tracing::warn!("listeners take long to open");
        }
    }

    /// Makes the listeners of administration when there are none at all.
    pub(crate) async fn ensure_administration(&self) -> Result<()> {
        if self.store().listeners().await?.is_empty() {
            let mut tx = self.store().begin().await?;
            insert_defaults(&mut tx, &ADMINISTRATION).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Makes the listeners of a claimed server.
    pub(crate) async fn default_listeners_tx(&self, tx: &mut Tx) -> Result<()> {
        insert_defaults(tx, &DEFAULTS).await
    }

    pub(crate) async fn shown_listeners(&self) -> Result<Vec<Listener>> {
        let mut listeners = self.store().listeners().await?;
        if let Ok(states) = self.inner.listening.states.lock() {
            for listener in &mut listeners {
                match states.get(&listener.id) {
                    Some(Ok(port)) => (listener.state, listener.bound_port) = (ListenerState::Up, Some(i32::from(*port))),
                    Some(Err(reason)) => (listener.state, listener.last_error) = (ListenerState::Failed, Some(reason.clone())),
                    None => {}
                }
            }
        }
        Ok(listeners)
    }

    async fn shown_listener(&self, id: Uuid) -> Result<Done<Listener>> {
        let found = self.shown_listeners().await?.into_iter().find(|listener| listener.id == id);
        let listener = found.ok_or_else(|| Error::not_found("listener"))?;
        let version = listener.version;
        Ok(Done::versioned(listener, version))
    }

    /// All listeners with their state.
    pub(crate) async fn list_listeners(self, call: Call, _input: Nothing) -> Result<Done<Page<Listener>>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        Ok(Page::whole(self.shown_listeners().await?).into())
    }

    /// One listener.
    pub(crate) async fn get_listener(self, call: Call, input: ListenerRef) -> Result<Done<Listener>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        self.shown_listener(input.id).await
    }

    async fn save_listener(&self, call: &Call, mut tx: Tx, listener: &Listener, action: &str) -> Result<()> {
        check(listener)?;
        if listener.enabled && tx.listener_in_the_way(listener.id, &word(listener.protocol), &listener.address, listener.port).await? {
            let detail = format!("Another listener has port {} at this address.", listener.port);
            return Err(Error::new(Kind::Conflict, "listener_conflict", detail.clone()).at("/port", "listener_conflict", detail));
        }
        let settings = serde_json::to_value(&listener.settings).unwrap_or(Value::Null);
        tx.save_listener(listener.id, &word(listener.protocol), &listener.address, listener.port, &word(listener.tls), listener.enabled, &settings).await?;
        self.announce_listener(call, tx, action, listener).await
    }

    async fn announce_listener(&self, call: &Call, mut tx: Tx, action: &str, listener: &Listener) -> Result<()> {
        let ip = call.caller.remote_ip.to_string();
        let name = format!("{} {}:{}", word(listener.protocol), listener.address, listener.port);
        let object = json!({"listener": listener.id});
        tx.announce(&News { actor: call.caller.name(), remote_ip: &ip, action, name: &name, topic: "system", kind: "listener.state", account: None, domain: None, object }).await?;
        tx.commit().await?;
        self.apply_listeners().await;
        Ok(())
    }

    /// Opens a listener.
    pub(crate) async fn create_listener(self, call: Call, input: CreateListener) -> Result<Done<Listener>> {
        call.caller.may_server("settings")?;
        let listener = Listener {
            id: new_id(),
            protocol: input.protocol,
            address: input.address.unwrap_or_else(|| "*".to_owned()),
            port: input.port,
            tls: input.tls,
            enabled: input.enabled.unwrap_or(true),
            settings: input.settings.unwrap_or_default(),
            state: ListenerState::Disabled,
            bound_port: None,
            last_error: None,
            version: 1,
        };
        let tx = self.store().begin().await?;
        self.save_listener(&call, tx, &listener, "createListener").await?;
        self.shown_listener(listener.id).await
    }

    async fn lock_listener(&self, call: &Call, id: Uuid) -> Result<(Tx, Listener)> {
        call.caller.may_server("settings")?;
        let mut tx = self.store().begin().await?;
        let version = tx.lock_listener(id).await?.ok_or_else(|| Error::not_found("listener"))?;
        check_version(call, version)?;
        let listener = self.shown_listener(id).await?.value;
        Ok((tx, listener))
    }

    /// Changes a listener; it is closed and opened anew.
    pub(crate) async fn update_listener(self, call: Call, input: UpdateListener) -> Result<Done<Listener>> {
        let (tx, mut listener) = self.lock_listener(&call, input.id).await?;
        listener.address = input.address.unwrap_or(listener.address);
        listener.port = input.port.unwrap_or(listener.port);
        listener.tls = input.tls.unwrap_or(listener.tls);
        listener.enabled = input.enabled.unwrap_or(listener.enabled);
        listener.settings = input.settings.unwrap_or(listener.settings);
        self.save_listener(&call, tx, &listener, "updateListener").await?;
        self.shown_listener(listener.id).await
    }

    /// Closes a listener for good; the last one for administration stays.
    pub(crate) async fn delete_listener(self, call: Call, input: ListenerRef) -> Result<Done<()>> {
        let (mut tx, listener) = self.lock_listener(&call, input.id).await?;
        let others = self.store().listeners().await?.into_iter().any(|l| l.id != listener.id && l.protocol == Protocol::HttpAdmin && l.enabled);
        if listener.protocol == Protocol::HttpAdmin && !others {
            return Err(Error::builtin_protected());
        }
        tx.delete_listener(input.id).await?;
        self.announce_listener(&call, tx, "deleteListener", &listener).await?;
        Ok(().into())
    }
}

async fn insert_defaults(tx: &mut Tx, listeners: &[(Protocol, i32, TlsMode)]) -> Result<()> {
    let settings = serde_json::to_value(ListenerSettings::default()).unwrap_or(Value::Null);
    for (protocol, port, tls) in listeners {
        tx.save_listener(new_id(), &word(protocol), "*", *port, &word(tls), true, &settings).await?;
    }
    Ok(())
}

fn check(listener: &Listener) -> Result<()> {
    if listener.address != "*" {
        listener.address.parse::<IpAddr>().map_err(|_| Error::invalid("/address", "must be * or an IP address"))?;
    }
    if !(1..=65_535).contains(&listener.port) {
        return Err(Error::invalid("/port", "must be 1 to 65535"));
    }
    if matches!(listener.protocol, Protocol::HttpAdmin | Protocol::HttpUser) && listener.tls == TlsMode::Starttls {
        return Err(Error::invalid("/tls", "HTTP has TLS at once or not at all"));
    }
    let tls = match listener.protocol {
        Protocol::SipUdp | Protocol::SipTcp => Some(TlsMode::Off),
        Protocol::SipTls => Some(TlsMode::Implicit),
        _ => None,
    };
    if tls.is_some_and(|tls| tls != listener.tls) {
        return Err(Error::invalid("/tls", "sip_udp and sip_tcp are without TLS, sip_tls has it at once"));
    }
    for (field, lines) in [("access_ips", &listener.settings.access_ips), ("proxy_ips", &listener.settings.proxy_ips)] {
        AddressSet::parse(lines).map_err(|error| Error::invalid(format!("/settings/{field}/{}", error.line - 1), error.reason))?;
    }
    if listener.settings.max_connections < 0 || listener.settings.max_connections_per_ip < 0 {
        return Err(Error::invalid("/settings/max_connections", "must not be negative"));
    }
    Ok(())
}
