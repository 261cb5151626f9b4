//! HTTP: health, metrics and the start page.
//!
//! Types to know: [`router`].
//! Deliberately absent: SQL, rules, anything a handler would have to decide.

mod health;
mod start_page;

use axum::Router;
use axum::routing::get;
use service::Service;

/// All paths of the HTTP listeners.
pub fn router(service: Service) -> Router {
    Router::new()
        .route("/", get(start_page::show))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .with_state(service)
}
