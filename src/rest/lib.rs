//! HTTP: every operation of the register below `/api/v1`, health, metrics and the start page.
//!
//! Types to know: [`router`].
//! Deliberately absent: SQL, rules, anything a handler would have to decide.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod api;
mod console;
mod docs;
mod events;
mod health;
mod octets;
mod openapi;
mod problem;
mod request_id;
mod start_page;

use axum::Router;
use axum::routing::get;
pub use console::console;
pub use openapi::document;
use service::Service;

/// All paths of an HTTP listener; `admin` opens those of administration.
pub fn router(service: Service, admin: bool) -> Router {
    let router = Router::new()
        .route("/", get(start_page::show))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/api/docs", get(docs::page))
        .route("/api/docs.js", get(docs::script))
        .route("/api/v1/events", events::handler(admin))
        .route("/api/v1/openapi.json", get(|| async { axum::Json(document()) }))
        .route("/.well-known/jwks.json", get(health::jwks));
    api::routes(router, api::Door { admin }).layer(axum::middleware::from_fn(request_id::name)).with_state(service)
}
