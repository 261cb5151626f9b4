//! Telephony: SIP over datagrams, TCP, TLS and WebSocket; registrar, proxy and calls of this node.
//!
//! Types to know: [`Telephony`] is the handle that listeners feed; behind it one task, the switch, owns all transactions
//! (`sip::Endpoint`), bindings (`sip::registrar`) and calls. [`Streams`] serves the connections of one listener.
//!
//! Deliberately absent: what SIP messages mean (`sip`), who may do what and where an address leads (`service`), packets of
//! media (a port of `service`, implemented by `media`), SQL.
//!
//! Driven by: `main`, which opens listeners and hands down the media relay.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod admit;
mod bodies;
mod call;
mod census;
mod dialling;
mod divert;
mod event_state;
mod event_store;
mod events;
mod flow;
mod health;
mod held;
mod in_dialog;
mod index;
mod ladder;
mod lists;
mod locating;
mod message;
mod meter;
mod naming;
mod outgoing;
mod own;
mod passing;
mod peers;
mod plan;
mod probe;
mod progress;
mod register;
mod sources;
mod replaces;
mod ruled;
mod session;
mod switch;
mod unasked;
mod websocket;
mod write_behind;

use std::future::pending;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use net::{Connection, Datagrams, Resolver, Stream};
use service::{MediaControl, MediaEvent, Service};
use sip::endpoint::Flow;
use sip::header::Transport;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use crate::switch::{Input, Switch};
use crate::write_behind::Writes;
pub use crate::websocket::websocket;

/// Inputs that wait at a time; datagrams wait in the kernel beyond that, connections at their senders.
const WAITING: usize = 4096;
/// How long the last writes may take when the server stops.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// The next number of a flow; 0 is none.
pub(crate) fn next_flow() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A thread with a runtime of its own, for as long as the process lives: nobody else's work delays a call, datagrams are read
/// where they are dealt with, and what telephony knows stays in the caches of one core.
fn thread() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new().name("sip".to_owned()).spawn(move || runtime.block_on(pending::<()>()))?;
    Ok(handle)
}

/// How a listener's connections are secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secured {
    /// Not.
    Clear,
    /// By TLS.
    Tls,
}

/// Telephony of this node, running.
#[derive(Debug, Clone)]
pub struct Telephony {
    inputs: mpsc::Sender<Input>,
    thread: Handle,
    writes: Writes,
    writer: AbortHandle,
}

impl Telephony {
    /// Starts it. Nothing is heard until listeners are opened.
    ///
    /// # Errors
    /// When the system gives it no thread.
    pub fn start(service: Service, resolver: Resolver, media: Arc<dyn MediaControl>) -> io::Result<Self> {
        let thread = thread()?;
        let (inputs, received) = mpsc::channel(WAITING);
        let (writes, to_write) = write_behind::writes();
        let writer = tokio::spawn(write_behind::run(service.clone(), to_write)).abort_handle();
        if let Some(commands) = service.voice_commands() {
            let shared = Arc::new(admit::Shared::new(service, resolver.clone(), writes.clone()));
            let switch = Switch::new(shared, media, resolver, inputs.clone(), writes.clone());
            thread.spawn(switch.run(received, commands));
        }
        Ok(Self { inputs, thread, writes, writer })
    }

    /// Writes what is not written yet; what happens afterwards is not written any more.
    pub async fn stop(&self) {
        let (told, written) = oneshot::channel();
        self.writes.flush(told);
        if !matches!(timeout(LAST_WRITES, written).await, Ok(Ok(()))) {
            tracing::warn!("what happened last to registrations and calls is not written down");
        }
        self.writer.abort();
    }

    /// Hears datagrams until the task is aborted.
    pub async fn serve_datagrams(self, socket: Datagrams) {
        let id = next_flow();
        let port = socket.local().port();
        let open = async {
            self.inputs.send(Input::Socket(id, socket.clone())).await?;
            self.inputs.send(Input::Port(Transport::Udp, Some(port))).await
        };
        if open.await.is_ok() {
            // It ends with this future.
            let mut reading = JoinSet::new();
            reading.spawn_on(flow::read_datagrams(id, socket, self.inputs.clone()), &self.thread);
            reading.join_next().await;
        }
    }

    /// Tells the port of a listener for connections.
    pub async fn listens(&self, secured: Secured, port: u16) {
        // Telephony is gone when the server stops.
        let _ = self.inputs.send(Input::Port(transport(secured), Some(port))).await;
    }

    /// Tells what happened to the media of a call; may be called from any thread.
    pub fn media_event(&self, event: MediaEvent) {
        // A switch that is behind by thousands of inputs hears of it with the next event.
        let _ = self.inputs.try_send(Input::Media(event));
    }
}

fn transport(secured: Secured) -> Transport {
    match secured {
        Secured::Clear => Transport::Tcp,
        Secured::Tls => Transport::Tls,
    }
}

/// Serves the connections of a listener.
#[derive(Debug)]
pub struct Streams {
    telephony: Telephony,
    service: ServiceHandle,
    secured: Secured,
}

/// A service that is shown as nothing.
struct ServiceHandle(Service);

impl std::fmt::Debug for ServiceHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Service")
    }
}

impl Streams {
    /// Connections to a listener that is secured so.
    pub fn new(telephony: Telephony, service: Service, secured: Secured) -> Self {
        Self { telephony, service: ServiceHandle(service), secured }
    }
}

impl net::Serve for Streams {
    async fn serve(&self, stream: Stream, connection: Connection) {
        if connection.overflow {
            return;
        }
        let flow = Flow { id: next_flow(), address: connection.peer, transport: transport(self.secured) };
        let (sender, outgoing) = outgoing::outgoing();
        let inputs = self.telephony.inputs.clone();
        if inputs.send(Input::Opened(flow, sender)).await.is_ok() {
            flow::run_stream(flow, stream, outgoing, inputs).await;
        }
    }

    fn trusted(&self, address: IpAddr) -> bool {
        self.service.0.is_near(address)
    }
}
