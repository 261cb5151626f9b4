//! `/graphql/ws`: operations over a WebSocket, by the protocol `graphql-transport-ws`.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::Duration;

use async_graphql::{Request as Query, Response as Answer};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::StreamExt;
use futures_util::stream::{self, AbortHandle, SelectAll, Stream, abortable};
use net::Connection;
use serde_json::{Value, json};
use service::{Caller, Error, Kind};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::http::{Door, caller};
use crate::order::Order;

/// The protocol, as the handshake names it.
pub(crate) const PROTOCOL: &str = "graphql-transport-ws";
/// How long a client may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(10);
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Operations at a time.
const OPERATIONS: usize = 50;

/// What an operation gives: an answer, or its end.
type Outcome = (String, Option<Answer>);

/// Why a connection ends.
type End = (u16, String);

struct Talk {
    door: Door,
    connection: Option<Connection>,
    authorization: Option<String>,
    caller: Option<Caller>,
    streams: SelectAll<Pin<Box<dyn Stream<Item = Outcome> + Send>>>,
    running: HashMap<String, AbortHandle>,
}

/// Serves a connection to its end. `authorization` is what came with the handshake; the first message may bring its own.
pub(crate) async fn serve(mut socket: WebSocket, door: Door, connection: Option<Connection>, authorization: Option<String>) {
    if socket.protocol().is_none_or(|protocol| protocol != PROTOCOL) {
        return close(&mut socket, (4406, "Subprotocol not acceptable".to_owned())).await;
    }
    let mut talk = Talk { door, connection, authorization, caller: None, streams: SelectAll::new(), running: HashMap::new() };
    let end = talk.run(&mut socket).await;
    if let Some(end) = end {
        close(&mut socket, end).await;
    }
}

async fn close(socket: &mut WebSocket, (code, reason): End) {
    // Who has gone needs no reason.
    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
}

async fn say(socket: &mut WebSocket, message: Value) -> bool {
    socket.send(Message::Text(message.to_string().into())).await.is_ok()
}

impl Talk {
    /// The end of the connection; `None` when the client has gone.
    async fn run(&mut self, socket: &mut WebSocket) -> Option<End> {
        let patience = Instant::now() + PATIENCE;
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.reset();
        loop {
            let message = tokio::select! {
                message = socket.recv() => match message? {
                    Ok(Message::Text(text)) => match self.heard(text.as_str()).await {
                        Ok(message) => message,
                        Err(end) => return Some(end),
                    },
                    Ok(Message::Ping(_) | Message::Pong(_)) => None,
                    Ok(Message::Binary(_)) => return Some((4400, "Invalid message".to_owned())),
                    Ok(Message::Close(_)) | Err(_) => return None,
                },
                Some((id, answer)) = self.streams.next(), if !self.streams.is_empty() => self.told(id, answer),
                _ = heartbeat.tick() => {
                    let (service, standing) = (self.door.service.clone(), self.caller.as_ref().and_then(|caller| caller.account.clone()));
                    // The session may have ended meanwhile.
                    if let Some(standing) = standing && !service.is_welcome(&standing).await {
                        return Some((4403, "Forbidden".to_owned()));
                    }
                    Some(json!({"type": "ping"}))
                }
                () = sleep_until(patience), if self.caller.is_none() => return Some((4408, "Connection initialisation timeout".to_owned())),
            };
            if let Some(message) = message
                && !say(socket, message).await
            {
                return None;
            }
        }
    }

    /// Takes a message of the client; gives what to answer.
    async fn heard(&mut self, text: &str) -> Result<Option<Value>, End> {
        let invalid = || (4400, "Invalid message".to_owned());
        let message: Value = serde_json::from_str(text).map_err(|_| invalid())?;
        let id = || message["id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned).ok_or_else(invalid);
        match message["type"].as_str().unwrap_or_default() {
            "connection_init" if self.caller.is_some() => Err((4429, "Too many initialisation requests".to_owned())),
            "connection_init" => {
                let named = ["authorization", "Authorization"].iter().find_map(|key| message["payload"][*key].as_str());
                let authorization = named.or(self.authorization.as_deref());
                let caller = caller(&self.door, self.connection, authorization).await.and_then(|caller| caller.signed_in().map(drop).map(|()| caller));
                self.caller = Some(caller.map_err(|error| refused(&error))?);
                Ok(Some(json!({"type": "connection_ack"})))
            }
            "ping" => Ok(Some(json!({"type": "pong"}))),
            "pong" => Ok(None),
            "subscribe" => {
                let id = id()?;
                let query = serde_json::from_value::<Query>(message["payload"].clone()).map_err(|_| invalid())?;
                self.subscribe(id, query)
            }
            "complete" => {
                if let Some(handle) = self.running.remove(&id()?) {
                    handle.abort();
                }
                Ok(None)
            }
            _ => Err(invalid()),
        }
    }

    fn subscribe(&mut self, id: String, query: Query) -> Result<Option<Value>, End> {
        let Some(caller) = self.caller.clone() else { return Err((4401, "Unauthorized".to_owned())) };
        if self.running.contains_key(&id) {
            return Err((4409, format!("Subscriber for {id} already exists")));
        }
        if self.running.len() >= OPERATIONS {
            return Ok(Some(json!({"type": "error", "id": id, "payload": [{"message": format!("At most {OPERATIONS} operations may run at a time."), "extensions": {"code": "limit_reached"}}]})));
        }
        let (name, last) = (id.clone(), id.clone());
        let mut query = query.data(caller);
        let order = Order::of(&mut query);
        let answers = self.door.schema.execute_stream(query).map(move |mut answer| {
            order.arrange(&mut answer);
            (name.clone(), Some(answer))
        });
        let (stream, handle) = abortable(answers.chain(stream::once(async move { (last, None) })));
        self.streams.push(Box::pin(stream));
        self.running.insert(id, handle);
        Ok(None)
    }

    /// What an operation gave, as the protocol tells it.
    fn told(&mut self, id: String, answer: Option<Answer>) -> Option<Value> {
        let Some(mut answer) = answer else {
            return self.running.remove(&id).map(|_| json!({"type": "complete", "id": id}));
        };
        crate::http::name_limits(&mut answer);
        // An operation that could not begin ends with its errors.
        if answer.is_err() && answer.data == async_graphql::Value::Null {
            if let Some(handle) = self.running.remove(&id) {
                handle.abort();
            }
            return Some(json!({"type": "error", "id": id, "payload": answer.errors}));
        }
        Some(json!({"type": "next", "id": id, "payload": answer}))
    }
}

fn refused(error: &Error) -> End {
    match error.kind {
        Kind::Unauthenticated => (4401, error.code.to_owned()),
        Kind::Forbidden => (4403, error.code.to_owned()),
        _ => (1011, error.code.to_owned()),
    }
}
