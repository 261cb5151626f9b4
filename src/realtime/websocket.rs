//! SIP over WebSocket (RFC 7118), on the web listeners at `/sip`: one message of the socket is one message of SIP.

use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use axum::extract::{Request, State, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use net::Connection;
use service::Service;
use sip::endpoint::Flow;
use sip::header::Transport;
use sip::{Limits, Parsed, parse};
use tokio::sync::mpsc;

use crate::Telephony;
use crate::flow::fail_rest;
use crate::outgoing::{Waiting, outgoing};
use crate::switch::Input;

/// How often a peer is asked whether it is there; gone is who is silent twice as long.
const PING: Duration = Duration::from_secs(60);
/// The subprotocol that has to be offered (RFC 7118 §4).
const SIP: &str = "sip";

/// The path of telephones in browsers.
pub fn websocket(telephony: Telephony, service: Service) -> Router {
    Router::new().route("/sip", get(upgrade)).with_state((telephony, service))
}

async fn upgrade(State((telephony, service)): State<(Telephony, Service)>, socket: WebSocketUpgrade, request: Request) -> Response {
    let Some(connection) = request.extensions().get::<Connection>().copied() else { return StatusCode::BAD_REQUEST.into_response() };
    let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    if !offered.map(str::trim).any(|name| name.eq_ignore_ascii_case(SIP)) {
        return (StatusCode::BAD_REQUEST, "the subprotocol sip must be offered").into_response();
    }
    if !may_come_from(&service, request.headers()) {
        return (StatusCode::FORBIDDEN, "this page may not use the telephone").into_response();
    }
    let transport = if connection.tls { Transport::Wss } else { Transport::Ws };
    let flow = Flow { id: crate::next_flow(), address: connection.peer, transport };
    socket.protocols([SIP]).max_message_size(Limits::STREAM.message).on_upgrade(move |socket| run(flow, socket, telephony))
}

/// Whether a page of this origin may use the telephone: those of our own names and addresses, those of the settings, and what is no
/// browser.
fn may_come_from(service: &Service, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let host = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, rest)| rest).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let own = name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback() || service.is_own_address(ip));
    let listed = || origin.to_str().is_ok_and(|origin| service.module_settings().sip.ws_origins.iter().any(|one| one.trim_end_matches('/').eq_ignore_ascii_case(origin)));
    // A page that the same host serves is ours, whatever the host is called.
    own || listed() || name == "localhost" || service.is_own_name(name) || headers.get(header::HOST).and_then(|value| value.to_str().ok()).is_some_and(|own| own == host)
}

async fn run(flow: Flow, mut socket: WebSocket, telephony: Telephony) {
    let inputs = telephony.inputs;
    let (sender, mut waiting) = outgoing();
    if inputs.send(Input::Opened(flow, sender)).await.is_ok() {
        let behind = waiting.overflow();
        tokio::select! {
            () = exchange(flow, &mut socket, &mut waiting, &inputs) => {}
            () = behind => {}
        }
    }
    fail_rest(&mut waiting, &inputs, flow).await;
}

/// Carries messages both ways until one side ends it.
async fn exchange(flow: Flow, socket: &mut WebSocket, waiting: &mut Waiting, inputs: &mpsc::Sender<Input>) {
    // Whoever has just come is there.
    let mut pings = tokio::time::interval_at(tokio::time::Instant::now() + PING, PING);
    let mut silent = 0;
    loop {
        let mut written = None;
        let message = tokio::select! {
            next = waiting.recv() => match next {
                Some(next) => out(written.insert(next).octets.clone()),
                None => return,
            },
            _ = pings.tick() => {
                silent += 1;
                if silent > 1 {
                    return;
                }
                Message::Ping(bytes::Bytes::new())
            }
            came = socket.recv() => {
                silent = 0;
                let octets: bytes::Bytes = match came {
                    Some(Ok(Message::Text(text))) => text.into(),
                    Some(Ok(Message::Binary(octets))) => octets,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                };
                match parse(octets.clone(), &Limits::STREAM) {
                    Parsed::Nothing if octets.starts_with(b"\r\n\r\n") => Message::Text("\r\n".into()),
                    Parsed::Nothing => continue,
                    parsed => {
                        if inputs.send(Input::Received(vec![(flow, parsed)])).await.is_err() {
                            return;
                        }
                        continue;
                    }
                }
            }
        };
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

/// A message as it goes out: text, unless it holds other octets.
fn out(octets: bytes::Bytes) -> Message {
    Utf8Bytes::try_from(octets.clone()).map_or(Message::Binary(octets), Message::Text)
}
