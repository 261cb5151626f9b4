//! The light client at `/basic/`: mail read, written and sent by pages without a script, for text browsers and old machines.
//!
//! Types to know: [`routes`].
//! Deliberately absent: anything the operations of the register do not give; every page is made from their answers.
//! Driven by the web listener of users.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod compose;
mod mail;
mod page;
mod session;
mod words;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use service::Service;

/// The pages below `/basic/`.
pub fn routes(service: Service) -> Router {
    Router::new()
        .route("/basic", get(|| async { Redirect::permanent("/basic/") }))
        .route("/basic/", get(mail::mailboxes))
        .route("/basic/style.css", get(page::style))
        .route("/basic/sign-in", get(session::form).post(session::sign_in))
        .route("/basic/sign-out", post(session::sign_out))
        .route("/basic/mailbox/{mailbox}", get(mail::list).post(mail::change_many))
        .route("/basic/search", get(mail::search))
        .route("/basic/message/{id}", get(mail::read).post(mail::change))
        .route("/basic/message/{id}/part/{part}", get(mail::part))
        .route("/basic/compose", get(compose::form).post(compose::send))
        .with_state(service)
}
