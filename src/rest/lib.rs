//! HTTP: every operation of the register below `/api/v1`, health, metrics and the web app.
//!
//! Types to know: [`router`].
//! Deliberately absent: SQL, rules, anything a handler would have to decide.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod api;
mod app;
mod console;
mod cookie;
mod docs;
mod events;
mod health;
mod octets;
mod openapi;
mod problem;
mod request_id;

use axum::Router;
use axum::routing::get;
pub use console::console;
pub use openapi::document;
use service::Service;

/// All paths of an HTTP listener; `admin` opens those of administration.
pub fn router(service: Service, admin: bool) -> Router {
    let router = Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/api/docs", get(docs::page))
        .route("/api/docs.js", get(docs::script))
        .route("/api/v1/events", events::handler(admin))
        .route("/api/v1/openapi.json", get(|| async { axum::Json(document()) }))
        .route("/.well-known/jwks.json", get(health::jwks));
    let router = api::routes(router, api::Door { admin }).fallback(move |request: axum::extract::Request| async move { app::answer(admin, &request) });
    router.layer(axum::middleware::from_fn(request_id::name)).with_state(service)
}
