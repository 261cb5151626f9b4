//! `POST /graphql`.

use async_graphql::dynamic::Schema;
use async_graphql::{Request as Query, Response as Answer, ServerError};
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use net::Connection;
use service::{Caller, Error, Kind, Service};

use crate::resolve::top_level;

/// Largest query.
const BODY_LIMIT: usize = 256 * 1024;

#[derive(Clone)]
struct Door {
    service: Service,
    schema: Schema,
    admin: bool,
}

/// The path of the GraphQL door; `admin` opens the operations of administration.
pub fn routes(service: Service, schema: Schema, admin: bool) -> Router {
    Router::new().route("/graphql", post(answer)).with_state(Door { service, schema, admin })
}

async fn answer(State(door): State<Door>, request: Request) -> Response {
    let connection = request.extensions().get::<Connection>().copied();
    let ip = connection.map_or(std::net::IpAddr::from([0, 0, 0, 0]), |c| c.peer.ip());
    let authorization = request.headers().get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default().to_owned());
    let caller = door.service.caller(authorization.as_deref(), ip, connection.is_some_and(|c| c.tls), door.admin).await;
    let refused = |status: StatusCode, error: ServerError| (status, Json(Answer::from_errors(vec![error]))).into_response();
    // Operations for everybody must not fail over an old token: they are how one gets a new one.
    let (caller, stale) = match caller {
        Ok(caller) => (caller, None),
        Err(error) if error.kind == Kind::Unauthenticated => (Caller::stranger(ip, door.admin), Some(error)),
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
    let mut answer = door.schema.execute(query.data(caller)).await;
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
