//! What is no JSON: messages, files and texts come and go as they are.

use std::fmt::Write;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use service::{Error, Gives, Kind, Octets, Operation};

/// Largest file; accounts may have a lower limit of their own.
const LIMIT: usize = 64 * 1024 * 1024;

fn media_type(headers: &HeaderMap) -> Option<&str> {
    let whole = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    whole.split(';').next().map(str::trim)
}

/// Whether the body of a request is no JSON but the thing itself.
pub(crate) fn come(operation: &Operation, headers: &HeaderMap) -> bool {
    match operation.takes {
        None => false,
        Some("*/*") => true,
        Some(kind) => media_type(headers).is_some_and(|given| given.eq_ignore_ascii_case(kind)),
    }
}

/// Whether the result shall be shown as it is; refuses what cannot be given.
pub(crate) fn wanted(operation: &Operation, headers: &HeaderMap) -> Result<bool, Error> {
    let lines: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok()).collect();
    let accepted = |kind: &str| {
        let (class, _) = kind.split_once('/').unwrap_or((kind, ""));
        let fits = |range: &str| range.eq_ignore_ascii_case(kind) || range == "*/*" || range.strip_suffix("/*").is_some_and(|c| c.eq_ignore_ascii_case(class));
        lines.is_empty() || lines.iter().flat_map(|line| line.split(',')).any(|range| fits(range.split(';').next().unwrap_or_default().trim()))
    };
    let named = |kind: &str| lines.iter().flat_map(|line| line.split(',')).any(|range| range.split(';').next().is_some_and(|range| range.trim().eq_ignore_ascii_case(kind)));
    let json = accepted("application/json") || accepted("application/problem+json");
    match operation.gives {
        Some(Gives::WhenAsked(kind)) if named(kind) => Ok(!named("application/json")),
        Some(Gives::AsItIs(_)) => Ok(!named("application/json")),
        _ if json => Ok(false),
        _ => Err(Error::new(Kind::Malformed, "not_acceptable", "The answer is application/json.")),
    }
}

/// The body as it is.
pub(crate) async fn read(request: Request) -> Result<Octets, Error> {
    let whole = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = whole.filter(|kind| kind.contains('/')).unwrap_or("application/octet-stream").to_owned();
    let too_large = |_| Error::new(Kind::Malformed, "body_too_large", "The body is larger than 64 MiB.");
    let data = to_bytes(request.into_body(), LIMIT).await.map_err(too_large)?;
    Ok(Octets { media_type, name: None, data })
}

/// The answer: to be kept as a file, never to be run as a part of this site.
pub(crate) fn respond(octets: Octets, status: u16, version: Option<i64>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let kind = HeaderValue::from_str(&octets.media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let mut response = (status, Body::from(octets.data)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::CACHE_CONTROL, "private"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(disposition) = octets.name.and_then(|name| HeaderValue::from_str(&disposition(&name)).ok()) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    if let Some(tag) = version.and_then(|version| HeaderValue::from_str(&format!("\"{version}\"")).ok()) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// `Content-Disposition` with the name for old and new clients (RFC 6266 §4.3).
fn disposition(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control() && !matches!(c, '/' | '\\')).take(200).collect();
    if name.is_empty() {
        return "attachment".to_owned();
    }
    let plain: String = name.chars().map(|c| if c.is_ascii() && c != '"' && c != '%' { c } else { '_' }).collect();
    let mut whole = format!("attachment; filename=\"{plain}\"");
    if plain != name {
        whole.push_str("; filename*=UTF-8''");
        for octet in name.bytes() {
            if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
                whole.push(char::from(octet));
            } else {
                // Writing to memory cannot fail.
                let _ = write!(whole, "%{octet:02X}");
            }
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_in_a_header() {
        for (name, expected) in [
            ("a b.txt", "attachment; filename=\"a b.txt\""),
            ("", "attachment"),
            ("../x\r\nY: z\".html", "attachment; filename=\"..xY: z_.html\"; filename*=UTF-8''..xY%3A%20z%22.html"),
            ("ü.pdf", "attachment; filename=\"_.pdf\"; filename*=UTF-8''%C3%BC.pdf"),
        ] {
            assert_eq!(disposition(name), expected);
        }
    }

    #[test]
    fn the_client_says_what_it_wants() {
        let check = |id: &str, accept: &str| {
            let mut headers = HeaderMap::new();
            if !accept.is_empty() {
                headers.insert(header::ACCEPT, accept.parse().unwrap());
            }
            wanted(Operation::find(id).unwrap(), &headers).ok()
        };
        for (id, accept, expected) in [
            ("getRaw", "", Some(true)),
            ("getRaw", "*/*", Some(true)),
            ("getRaw", "application/json", Some(false)),
            ("getRoutingTable", "", Some(false)),
            ("getRoutingTable", "*/*", Some(false)),
            ("getRoutingTable", "text/plain", Some(true)),
            ("getServer", "text/html", None),
            ("getServer", "application/*;q=0.5, text/html", Some(false)),
            ("getServer", "text/html, application/JSON", Some(false)),
        ] {
            assert_eq!(check(id, accept), expected, "{id} {accept}");
        }
    }
}
