//! `X-Request-Id`: names a request in its answer and in the problem it meets.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;

const NAME: HeaderName = HeaderName::from_static("x-request-id");
/// Larger problems are not made.
const PROBLEM: usize = 1024 * 1024;

/// The id that came with a request, or a new one.
fn id_of(request: &Request) -> String {
    let given = request.headers().get(NAME).and_then(|value| value.to_str().ok());
    let given = given.filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()));
    given.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned)
}

/// Names each request.
pub(crate) async fn name(request: Request, next: Next) -> Response {
    let (id, path) = (id_of(&request), request.uri().path().to_owned());
    let response = next.run(request).await;
    let problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json");
    let mut response = if problem { told(response, &id, &path).await } else { response };
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(NAME, value);
    }
    response
}

/// The problem with the request it belongs to (RFC 9457 §3.1.5).
async fn told(response: Response, id: &str, path: &str) -> Response {
    let (mut head, body) = response.into_parts();
    let octets = to_bytes(body, PROBLEM).await.unwrap_or_default();
    let Ok(Value::Object(mut problem)) = serde_json::from_slice(&octets) else { return Response::from_parts(head, Body::from(octets)) };
    problem.insert("instance".to_owned(), path.into());
    problem.insert("request_id".to_owned(), id.into());
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(Value::Object(problem).to_string()))
}
