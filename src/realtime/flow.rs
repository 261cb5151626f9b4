//! Flows: sockets for datagrams and connections, with the tasks that read and write them.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use net::{Datagrams, Stream};
use sip::endpoint::{Flow, Side};
use sip::header::Transport;
use sip::transaction::Key;
use sip::{Frame, Framer, Limits, Parsed, parse};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};

use crate::census::Counts;
use crate::switch::Input;

/// Messages that wait to be written to one connection; one that reads so slowly is closed.
const WAITING: usize = 256;
/// Datagrams taken at a time before others have their turn.
const BATCH: usize = 64;
/// A connection that says nothing for so long is closed, unless telephones are registered over it.
const IDLE: Duration = Duration::from_secs(600);
/// How long a part of a message waits for the rest.
const PARTIAL: Duration = Duration::from_secs(30);
/// How long opening a connection may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is written to a connection, and for which transaction.
pub(crate) type Outgoing = (Option<(Side, Key)>, Bytes);

/// The way out of a flow.
#[derive(Debug, Clone)]
pub(crate) enum Sender {
    /// By datagrams.
    Datagrams(Datagrams),
    /// By a connection.
    Stream(mpsc::Sender<Outgoing>),
}

/// All flows there are, by number.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    senders: HashMap<u64, Sender>,
    /// Connections by the other side, to be used again.
    streams: HashMap<(SocketAddr, Transport), u64>,
    /// Where we send from, by where we send to.
    sources: HashMap<IpAddr, IpAddr>,
    /// Messages that came and left.
    pub(crate) counts: Counts,
}

impl Flows {
    /// Notes a socket.
    pub(crate) fn add_datagrams(&mut self, id: u64, socket: Datagrams) {
        self.senders.insert(id, Sender::Datagrams(socket));
    }

    /// Notes a connection.
    pub(crate) fn add_stream(&mut self, flow: Flow, sender: mpsc::Sender<Outgoing>) {
        self.senders.insert(flow.id, Sender::Stream(sender));
        self.streams.insert((flow.address, flow.transport), flow.id);
    }

    /// Forgets a flow.
    pub(crate) fn remove(&mut self, flow: u64) {
        self.senders.remove(&flow);
        self.streams.retain(|_, id| *id != flow);
    }

    /// Whether a flow is there.
    pub(crate) fn is_open(&self, flow: u64) -> bool {
        self.senders.contains_key(&flow)
    }

    /// The socket that datagrams to an address leave by.
    pub(crate) fn datagrams_to(&self, address: SocketAddr) -> Option<Flow> {
        let fits = |socket: &Datagrams| match (socket.local(), address) {
            (SocketAddr::V4(_), SocketAddr::V6(_)) => false,
            (SocketAddr::V6(local), SocketAddr::V4(_)) => local.ip().is_unspecified(),
            _ => true,
        };
        let mut found: Vec<u64> = self.senders.iter().filter(|(_, sender)| matches!(sender, Sender::Datagrams(socket) if fits(socket))).map(|(id, _)| *id).collect();
        found.sort_unstable();
        found.first().map(|id| Flow { id: *id, address, transport: Transport::Udp })
    }

    /// A flow as it can be used now: datagrams go by another socket when theirs is gone.
    pub(crate) fn usable(&self, flow: Flow) -> Option<Flow> {
        if self.is_open(flow.id) {
            return Some(flow);
        }
        if flow.transport == Transport::Udp { self.datagrams_to(flow.address) } else { None }
    }

    /// A connection that is there already.
    pub(crate) fn stream_to(&self, address: SocketAddr, transport: Transport) -> Option<Flow> {
        self.streams.get(&(address, transport)).filter(|id| self.is_open(**id)).map(|id| Flow { id: *id, address, transport })
    }

    /// Hands octets to a flow; `false` when it cannot take them.
    pub(crate) fn send(&mut self, flow: &Flow, transaction: Option<(Side, Key)>, octets: Bytes) -> bool {
        self.counts.left(&octets, flow.transport);
        match self.senders.get(&flow.id) {
            Some(Sender::Datagrams(socket)) => match socket.send(flow.address, &octets) {
                // What the kernel has no room for is lost as on the way; the transaction sends again.
                Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
                Ok(()) => true,
            },
            Some(Sender::Stream(sender)) => sender.try_send((transaction, octets)).is_ok(),
            None => false,
        }
    }

    /// The address of ours that the other side of a flow knows us by.
    pub(crate) fn source(&mut self, to: IpAddr) -> IpAddr {
        if let Some(source) = self.sources.get(&to) {
            return *source;
        }
        let source = net::source_address(to).unwrap_or(to);
        if self.sources.len() >= 10_000 {
            self.sources.clear();
        }
        self.sources.insert(to, source);
        source
    }

    /// The port of the socket that a flow of datagrams uses.
    pub(crate) fn local_port(&self, flow: u64) -> Option<u16> {
        match self.senders.get(&flow)? {
            Sender::Datagrams(socket) => Some(socket.local().port()),
            Sender::Stream(_) => None,
        }
    }
}

/// Reads datagrams until the socket is of no use.
pub(crate) async fn read_datagrams(id: u64, socket: Datagrams, inputs: mpsc::Sender<Input>) {
    let mut buffer = vec![0; 65_535];
    let limits = Limits::DATAGRAM;
    let reader = match socket.reader() {
        Ok(reader) => reader,
        Err(error) => return tracing::error!(%error, "a socket for SIP cannot be read"),
    };
    loop {
        let mut batch = Vec::new();
        let received = reader
            .receive(&mut buffer, BATCH, |address, octets| {
                let flow = Flow { id, address, transport: Transport::Udp };
                if let Some(answer) = rtp::stun::answer(octets, address) {
                    // An answer that cannot be sent is lost as on the way.
                    let _ = socket.send(address, &answer);
                    return;
                }
                match parse(Bytes::copy_from_slice(octets), &limits) {
                    Parsed::Nothing => {}
                    parsed => batch.push((flow, parsed)),
                }
            })
            .await;
        if !batch.is_empty() && inputs.send(Input::Received(batch)).await.is_err() {
            return;
        }
        if let Err(error) = received {
            tracing::error!(%error, "a socket for SIP can no longer be read");
            return;
        }
    }
}

/// Reads and writes a connection to its end.
pub(crate) async fn run_stream(flow: Flow, stream: Stream, mut outgoing: mpsc::Receiver<Outgoing>, inputs: mpsc::Sender<Input>) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let (pongs, mut pong) = mpsc::channel::<()>(4);
    let (last, mut is_last) = oneshot::channel::<()>();
    let write = async {
        loop {
            let octets = tokio::select! {
                biased;
                next = outgoing.recv() => match next { Some((_, octets)) => octets, None => break },
                Some(()) = pong.recv() => Bytes::from_static(b"\r\n"),
                Ok(()) = &mut is_last => break,
            };
            if writer.write_all(&octets).await.is_err() || writer.flush().await.is_err() {
                return;
            }
        }
        // The other side may be gone.
        let _ = writer.shutdown().await;
    };
    let read = async {
        let mut framer = Framer::new(Limits::STREAM);
        let mut buffer = vec![0; 8 * 1024];
        // Since when a message is incomplete: however slowly it goes on, it has no more time.
        let mut partial: Option<Instant> = None;
        loop {
            let patience = partial.map_or(IDLE, |since| PARTIAL.saturating_sub(since.elapsed()));
            let length = match tokio::time::timeout(patience, reader.read(&mut buffer)).await {
                Ok(Ok(length)) if length > 0 => length,
                // Telephones that are registered over a connection may be silent: it is closed when the last one is gone.
                Err(_) if partial.is_none() && crate::switch::keeps(&inputs, flow).await => continue,
                _ => return false,
            };
            framer.push(buffer.get(..length).unwrap_or_default());
            let mut batch = Vec::new();
            let mut closing = false;
            while let Some(frame) = framer.next_frame() {
                partial = None;
                match frame {
                    // A peer that does not read its pongs needs no more of them.
                    Frame::Ping => drop(pongs.try_send(())),
                    Frame::Parsed(parsed) => batch.push((flow, parsed)),
                    Frame::Close(_) => closing = true,
                }
            }
            partial = framer.is_partial().then(|| partial.unwrap_or_else(Instant::now));
            if !batch.is_empty() && inputs.send(Input::Received(batch)).await.is_err() {
                return false;
            }
            if closing {
                // The answer to what cannot be gone on with is on its way when this is told.
                crate::switch::keeps(&inputs, flow).await;
                return true;
            }
        }
    };
    {
        let mut write = std::pin::pin!(write);
        let closing = tokio::select! {
            () = &mut write => false,
            closing = read => closing,
        };
        if closing && last.send(()).is_ok() {
            // Who does not read its answer goes without.
            let _ = tokio::time::timeout(PATIENCE, write).await;
        }
    }
    fail_rest(&mut outgoing, &inputs, flow).await;
}

/// Opens a connection and serves it; what waits for it fails when nobody answers.
pub(crate) async fn open_stream(flow: Flow, host: String, mut outgoing: mpsc::Receiver<Outgoing>, inputs: mpsc::Sender<Input>) {
    let opened = async {
        let clear = net::connect(flow.address, PATIENCE).await?;
        match flow.transport {
            Transport::Tls => net::opportunistic_tls(clear, &host, PATIENCE).await,
            _ => Ok(clear),
        }
    };
    match opened.await {
        Ok(stream) => run_stream(flow, stream, outgoing, inputs).await,
        Err(error) => {
            tracing::debug!(remote = %flow.address, %error, "no connection");
            fail_rest(&mut outgoing, &inputs, flow).await;
        }
    }
}

pub(crate) async fn fail_rest(outgoing: &mut mpsc::Receiver<Outgoing>, inputs: &mpsc::Sender<Input>, flow: Flow) {
    outgoing.close();
    let mut failed = Vec::new();
    while let Ok((transaction, _)) = outgoing.try_recv() {
        failed.extend(transaction);
    }
    // The switch is gone when nobody listens.
    let _ = inputs.send(Input::Closed(flow, failed)).await;
}

/// The way out of a new connection, and what its task takes from.
pub(crate) fn outgoing() -> (mpsc::Sender<Outgoing>, mpsc::Receiver<Outgoing>) {
    mpsc::channel(WAITING)
}

/// A host as it stands in a URI or a Via.
pub(crate) fn host_text(ip: IpAddr) -> Arc<str> {
    match ip {
        IpAddr::V4(ip) => ip.to_string().into(),
        IpAddr::V6(ip) => format!("[{ip}]").into(),
    }
}
