//! The local console: every operation by name, over a socket that only the server's user and root can open.

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::Router;
use serde_json::{Value, json};
use service::{Call, Caller, Error, Kind, Operation, Service};

use crate::problem;

/// Paths of the local socket: `POST /call/{operation}` with the input as JSON.
pub fn console(service: Service) -> Router {
    Router::new().route("/call/{operation}", post(call)).with_state(service)
}

async fn call(State(service): State<Service>, Path(name): Path<String>, request: Request) -> Response {
    match perform(&service, &name, request).await {
        Ok(body) => (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], Body::from(body)).into_response(),
        Err(error) => problem::respond(&error),
    }
}

async fn perform(service: &Service, name: &str, request: Request) -> Result<Vec<u8>, Error> {
    let malformed = |detail: String| Error::new(Kind::Malformed, "malformed_json", detail);
    // Read first: an answer before the end of the request may be lost with the connection.
    let octets = to_bytes(request.into_body(), 32 * 1024 * 1024).await.map_err(|_| malformed("The input cannot be read.".to_owned()))?;
    let operation = Operation::find(name).ok_or_else(|| Error::not_found("operation"))?;
    let mut input: Value = serde_json::from_slice(&octets).map_err(|error| malformed(format!("The input is no JSON: {error}")))?;
    let expect = input.as_object_mut().and_then(|input| input.remove("if_version")).and_then(|version| version.as_i64());
    let reply = operation.perform(service, Call::new(Caller::local_console(), expect), input).await?;
    Ok(if reply.body.is_empty() { json!({"done": true}).to_string().into_bytes() } else { reply.body })
}

