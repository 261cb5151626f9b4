//! What load balancers and monitors ask (operations reference §7).

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use net::Connection;
use service::Service;

/// The process answers.
pub(crate) async fn live() -> Json<serde_json::Value> {
    Json(serde_json::json!({"live": true}))
}

/// The server can do its work: 200, or 503 with the checks that fail.
pub(crate) async fn ready(State(service): State<Service>) -> Response {
    let readiness = service.readiness().await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}

/// Metrics for Prometheus; for callers on this machine.
pub(crate) async fn metrics(request: Request) -> Response {
    match request.extensions().get::<Connection>() {
        Some(connection) if connection.peer.ip().is_loopback() => telemetry::render().into_response(),
        _ => StatusCode::FORBIDDEN.into_response(),
    }
}

/// Public keys that verify access tokens (RFC 7517).
pub(crate) async fn jwks(State(service): State<Service>) -> Response {
    match service.jwks() {
        Ok(keys) => Json(keys).into_response(),
        Err(error) => crate::problem::respond(&error),
    }
}
