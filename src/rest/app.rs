//! The web app: files that never change under their name, and the page that loads them for every other path.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use service::{Error, Kind};

use crate::problem;

/// Scripts and styles come from here alone; nothing may frame the app, and no text becomes a script by accident.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; \
    media-src 'self' blob:; frame-src 'self' blob:; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
    require-trusted-types-for 'script'; trusted-types dompurify ProseMirrorClipboard";
/// The empty page into which the app puts the HTML of a message: nothing in it runs, and nothing is fetched.
const FRAME: &str = "/message-frame";
/// The same, once the reader wants to see the pictures of others.
const FRAME_OF_REMOTE: &str = "/message-frame/remote";
const FRAME_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; base-uri 'none'; \
    sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox";
const FRAME_OF_REMOTE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data: http: https:; form-action 'none'; frame-ancestors 'self'; base-uri 'none'; \
    sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox";
/// Below these, what is not there is told to programs, not shown to people.
const FOR_PROGRAMS: [&str; 6] = ["/api/", "/graphql", "/health", "/metrics", "/.well-known/", "/assets/"];

/// What is asked for by a path that is no operation.
pub(crate) fn answer(admin: bool, request: &Request) -> Response {
    let path = request.uri().path();
    if request.method() == Method::GET || request.method() == Method::HEAD {
        if let Some(file) = web::find(path.trim_start_matches('/')).filter(|file| !file.name.ends_with(".html")) {
            return respond(file, request.headers());
        }
        if !admin && ["/Pronto", "/hPronto"].contains(&path.trim_end_matches('/')) {
            return Redirect::temporary("/").into_response();
        }
        match path {
            FRAME => return frame(FRAME_POLICY),
            FRAME_OF_REMOTE => return frame(FRAME_OF_REMOTE_POLICY),
            _ => {}
        }
        if !FOR_PROGRAMS.iter().any(|place| path.starts_with(place)) {
            return match web::find(if admin { "admin.html" } else { "user.html" }) {
                Some(page) => respond(page, request.headers()),
                None => unbuilt(),
            };
        }
    }
    problem::respond(&Error::new(Kind::NotFound, "route_not_found", "There is no such path."))
}

fn respond(file: &'static web::File, wanted: &HeaderMap) -> Response {
    let page = file.name.ends_with(".html");
    let caching = if file.name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let tag = format!("\"{}\"", file.tag);
    if wanted.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag), (header::CACHE_CONTROL, caching.to_owned())]).into_response();
    }
    let (encoding, octets) = file.encoded(wanted.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default());
    let headers = [(header::CONTENT_TYPE, media_type(file.name).to_owned()), (header::CACHE_CONTROL, caching.to_owned()), (header::ETAG, tag), (header::VARY, "Accept-Encoding".to_owned()), (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned())];
    let mut response = (headers, octets).into_response();
    let mut add = |name, value| response.headers_mut().insert(name, axum::http::HeaderValue::from_static(value));
    if let Some(encoding) = encoding {
        add(header::CONTENT_ENCODING, encoding);
    }
    if page {
        add(header::CONTENT_SECURITY_POLICY, POLICY);
        add(header::REFERRER_POLICY, "no-referrer");
        add(header::HeaderName::from_static("permissions-policy"), "camera=(self), microphone=(self), geolocation=()");
        add(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    }
    response
}

fn frame(policy: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, "<!doctype html><html lang=\"\"><head><meta charset=\"utf-8\"><title>Message</title></head><body></body></html>").into_response()
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "webmanifest" => "application/json",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// The page of a server that was built without the web app.
fn unbuilt() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, include_str!("unbuilt.html")).into_response()
}
