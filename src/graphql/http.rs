//! `POST /graphql`.

use std::net::IpAddr;

use async_graphql::dynamic::Schema;
use async_graphql::{Request as Query, Response as Answer, ServerError};
use axum::body::to_bytes;
use axum::extract::{Request, State, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use net::Connection;
use service::{Caller, Error, Kind, Service};

use crate::order::Order;
use crate::resolve::top_level;
use crate::socket::{PROTOCOL, serve};

/// Largest query.
const BODY_LIMIT: usize = 256 * 1024;

#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) service: Service,
    pub(crate) schema: Schema,
    admin: bool,
}

/// The path of the GraphQL door; `admin` opens the operations of administration.
pub fn routes(service: Service, schema: Schema, admin: bool) -> Router {
    Router::new().route("/graphql", post(answer)).route("/graphql/ws", get(upgrade)).with_state(Door { service, schema, admin })
}

fn address(connection: Option<Connection>) -> IpAddr {
    connection.map_or(IpAddr::from([0, 0, 0, 0]), |c| c.peer.ip())
}

fn authorization(headers: &HeaderMap) -> Option<String> {
    headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default().to_owned())
}

/// Who asks.
pub(crate) async fn caller(door: &Door, connection: Option<Connection>, authorization: Option<&str>) -> Result<Caller, Error> {
    door.service.caller(authorization, address(connection), connection.is_some_and(|c| c.tls), door.admin).await
}

/// Gives the limits of queries their codes.
pub(crate) fn name_limits(answer: &mut Answer) {
    for error in answer.errors.iter_mut().filter(|error| error.extensions.is_none()) {
        let code = match error.message.as_str() {
            text if text.contains("too deep") => "query_too_deep",
            text if text.contains("too complex") => "query_too_complex",
            _ => continue,
        };
        error.extensions.get_or_insert_default().set("code", code);
    }
}

async fn upgrade(State(door): State<Door>, socket: WebSocketUpgrade, request: Request) -> Response {
    let connection = request.extensions().get::<Connection>().copied();
    let authorization = authorization(request.headers());
    socket.protocols([PROTOCOL]).max_message_size(BODY_LIMIT).on_upgrade(move |socket| serve(socket, door, connection, authorization))
}

async fn answer(State(door): State<Door>, request: Request) -> Response {
    let connection = request.extensions().get::<Connection>().copied();
    let known = caller(&door, connection, authorization(request.headers()).as_deref()).await;
    let refused = |status: StatusCode, error: ServerError| (status, Json(Answer::from_errors(vec![error]))).into_response();
    // Operations for everybody must not fail over an old token: they are how one gets a new one.
    let (caller, stale) = match known {
        Ok(caller) => (caller, None),
        Err(error) if error.kind == Kind::Unauthenticated => (Caller::stranger(address(connection), door.admin), Some(error)),
        Err(error) => return refused(StatusCode::FORBIDDEN, told(&error)),
    };
    let Ok(body) = to_bytes(request.into_body(), BODY_LIMIT).await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, ServerError::new("The query is larger than 256 KiB.", None));
    };
    let Ok(query) = serde_json::from_slice::<Query>(&body) else {
        return refused(StatusCode::BAD_REQUEST, ServerError::new("The body is no GraphQL request in JSON.", None));
    };
    // The shape of the API is for those who may use it.
    let query = if caller.account.is_some() { query } else { query.disable_introspection() };
    let mut query = query.data(caller);
    let order = Order::of(&mut query);
    let mut answer = door.schema.execute(query).await;
    order.arrange(&mut answer);
    name_limits(&mut answer);
    let Some(stale) = stale else { return Json(answer).into_response() };
    for error in answer.errors.iter_mut().filter(|error| code(error) == Some("authentication_required")) {
        let told = told(&stale);
        (error.message, error.extensions) = (told.message, told.extensions);
    }
    let status = if answer.errors.is_empty() { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    (status, Json(answer)).into_response()
}

fn told(error: &Error) -> ServerError {
    top_level(error).into_server_error(async_graphql::Pos::default())
}

fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        async_graphql::Value::String(code) => Some(code),
        _ => None,
    }
}
