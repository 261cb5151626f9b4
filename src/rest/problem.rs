//! Errors as RFC 9457 problems.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use service::{Error, FieldError, Kind};

fn status(error: &Error) -> StatusCode {
    match (error.kind, error.code) {
        (_, "body_too_large") => StatusCode::PAYLOAD_TOO_LARGE,
        (_, "quota_exceeded") => StatusCode::INSUFFICIENT_STORAGE,
        (_, "not_acceptable") => StatusCode::NOT_ACCEPTABLE,
        (_, "unsupported_media_type") => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        (Kind::Malformed, _) => StatusCode::BAD_REQUEST,
        (Kind::Unauthenticated, _) => StatusCode::UNAUTHORIZED,
        (Kind::Forbidden, _) => StatusCode::FORBIDDEN,
        (Kind::NotFound, _) => StatusCode::NOT_FOUND,
        (Kind::Conflict, _) => StatusCode::CONFLICT,
        (Kind::Stale, _) => StatusCode::PRECONDITION_FAILED,
        (Kind::VersionMissing, _) => StatusCode::PRECONDITION_REQUIRED,
        (Kind::Invalid, _) => StatusCode::UNPROCESSABLE_ENTITY,
        (Kind::Limited(_), _) => StatusCode::TOO_MANY_REQUESTS,
        (Kind::SetupRequired | Kind::Unavailable, _) => StatusCode::SERVICE_UNAVAILABLE,
        (Kind::Internal, _) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The answer that tells an error.
pub(crate) fn respond(error: &Error) -> Response {
    let status = status(error);
    let mut problem = json!({
        "type": format!("about:blank#{}", error.code),
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "code": error.code,
        "detail": error.detail,
    });
    let mut add = |key: &str, value: Value| {
        if let Some(map) = problem.as_object_mut() {
            map.insert(key.to_owned(), value);
        }
    };
    if !error.fields.is_empty() {
        add("errors", error.fields.iter().map(field).collect());
    }
    if let Some(right) = error.required {
        add("required", right.into());
    }
    if let Some(version) = error.current_version {
        add("current_version", version.to_string().into());
    }
    let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], problem.to_string()).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
    }
    if error.code == "idempotency_in_progress" {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    if let Kind::Limited(seconds) = error.kind {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn field(fault: &FieldError) -> Value {
    let mut shown = json!({"pointer": fault.pointer, "code": fault.code, "detail": fault.detail});
    if let (Some(map), false) = (shown.as_object_mut(), fault.params.is_null()) {
        map.insert("params".to_owned(), fault.params.clone());
    }
    shown
}
