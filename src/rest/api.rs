//! The generic door: every operation of the register gets its path, its input from path, query and body, and its answer.


use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use net::Connection;
use serde_json::{Map, Value};
use service::{Allowance, Call, Caller, Error, Kind, Method, Operation, Reply, Service};

use crate::cookie::Browser;
use crate::{octets, problem};

/// Largest JSON body.
const BODY_LIMIT: usize = 1024 * 1024;

/// Whether a listener is the administrators'.
#[derive(Clone, Copy)]
pub(crate) struct Door {
    pub(crate) admin: bool,
}

/// Adds every operation below `/api/v1`.
pub(crate) fn routes(mut router: Router<Service>, door: Door) -> Router<Service> {
    for operation in service::operations::ALL {
        let filter = match operation.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Put => MethodFilter::PUT,
            Method::Patch => MethodFilter::PATCH,
            Method::Delete => MethodFilter::DELETE,
        };
        let handler = move |State(service): State<Service>, path: RawPathParams, request: Request| async move {
            let path = path.iter().map(|(key, value)| (key.to_owned(), Value::String(value.to_owned()))).collect();
            answer(&service, operation, door, path, request).await
        };
        router = router.route(&format!("/api/v1{}", operation.path), on(filter, handler));
    }
    router
}

async fn answer(service: &Service, operation: &'static Operation, door: Door, path: Map<String, Value>, request: Request) -> Response {
    let connection = request.extensions().get::<Connection>().copied();
    let caller = match caller(service, operation, door, connection, request.headers().get(header::AUTHORIZATION).cloned()).await {
        Ok(caller) => caller,
        Err(error) => return problem::respond(&error),
    };
    let browser = Browser::of(operation, door, connection, request.headers());
    let known = request.headers().get(header::IF_NONE_MATCH).filter(|_| operation.method == Method::Get).cloned();
    let mut response = match perform(service, operation, caller.clone(), path, request, browser.as_ref()).await {
        Ok((reply, _)) if reply.version.is_some_and(|version| known.is_some_and(|known| names(&known, version))) => unchanged(reply.version),
        Ok((mut reply, repeated)) => {
            let cookie = browser.as_ref().and_then(|browser| browser.keep(&mut reply));
            let mut response = match reply.octets {
                Some(octets) => octets::respond(octets, operation.status, reply.version),
                None => success(operation, reply, repeated),
            };
            if let Some(cookie) = cookie {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => problem::respond(&error),
    };
    if let Some(allowance) = service.allowance(operation, &caller) {
        tell_allowance(response.headers_mut(), &allowance);
    }
    response
}

/// Whether an `If-None-Match` names this version (RFC 9110 §13.1.2).
fn names(known: &HeaderValue, version: i64) -> bool {
    let tag = format!("\"{version}\"");
    known.to_str().unwrap_or_default().split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == "*" || one == tag)
}

fn unchanged(version: Option<i64>) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    if let Some(tag) = version.and_then(|version| format!("\"{version}\"").parse().ok()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// How much of the limit is left, in the fields the IETF drafts for it.
fn tell_allowance(headers: &mut HeaderMap, allowance: &Allowance) {
    let Allowance { name, quota, window, left, full_in } = allowance;
    for (field, text) in [("ratelimit-policy", format!("\"{name}\";q={quota};w={window}")), ("ratelimit", format!("\"{name}\";r={left};t={full_in}"))] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(HeaderName::from_static(field), value);
        }
    }
}

async fn caller(service: &Service, operation: &Operation, door: Door, connection: Option<Connection>, authorization: Option<HeaderValue>) -> Result<Caller, Error> {
    let ip = connection.map_or(std::net::IpAddr::from([0, 0, 0, 0]), |c| c.peer.ip());
    // An operation for everybody must not fail over an old token: it is how one gets a new one.
    let authorization = authorization.as_ref().filter(|_| operation.access != service::Access::Public).map(|value| value.to_str().unwrap_or_default());
    service.caller(authorization, ip, connection.is_some_and(|c| c.tls), door.admin).await
}

async fn perform(service: &Service, operation: &'static Operation, caller: Caller, path: Map<String, Value>, request: Request, browser: Option<&Browser>) -> Result<(Reply, bool), Error> {
    let expect = expected_version(request.headers())?;
    let key = request.headers().get("idempotency-key").map(|value| value.to_str().unwrap_or_default().to_owned());
    let as_it_is = octets::wanted(operation, request.headers())?;
    let mut input = Map::new();
    let mut octets = None;
    if operation.method == Method::Get || operation.method == Method::Delete {
        query(request.uri().query().unwrap_or_default(), &mut input)?;
    } else if octets::come(operation, request.headers()) {
        // Nobody who is not known may send so much.
        caller.signed_in()?;
        query(request.uri().query().unwrap_or_default(), &mut input)?;
        octets = Some(octets::read(request).await?);
    } else {
        body(request, &mut input).await?;
    }
    if let Some(browser) = browser {
        browser.complete(&mut input);
    }
    for key in path.keys().filter(|key| input.contains_key(*key)) {
        let detail = format!("{key} is named by the path and must not stand in the body or query.");
        return Err(Error::new(Kind::Malformed, "invalid_parameter", detail.clone()).at(format!("/{key}"), "invalid_parameter", detail));
    }
    input.extend(path);
    let (call, input) = (Call { octets, as_it_is, ..Call::new(caller, expect) }, Value::Object(input));
    match key {
        Some(key) if operation.method == Method::Post => operation.perform_once(service, call, input, &key).await,
        _ => operation.perform(service, call, input).await.map(|reply| (reply, false)),
    }
}

fn expected_version(headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).and_then(|t| t.parse().ok());
    version.map(Some).ok_or_else(|| Error::new(Kind::Malformed, "invalid_parameter", "If-Match must be an ETag this server gave."))
}

/// Query words become fields; digits become numbers where the name says so.
fn query(text: &str, input: &mut Map<String, Value>) -> Result<(), Error> {
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text: &str| percent_decode(text).ok_or_else(|| Error::new(Kind::Malformed, "invalid_parameter", "The query is not UTF-8."));
        let (key, value) = (decode(key)?, decode(value)?);
        // `filter[sender]=x` asks for equality with a field.
        let key = match key.strip_prefix("filter[").map(|rest| rest.strip_suffix(']').filter(|field| !field.contains(['[', ']']))) {
            Some(Some(field)) => field.to_owned(),
            Some(None) => return Err(Error::new(Kind::Malformed, "filter_not_supported", format!("{key} is no filter of this collection."))),
            None => key,
        };
        let value = match value.parse::<i64>() {
            Ok(number) if ["limit", "position"].contains(&key.as_str()) => number.into(),
            _ => Value::String(value),
        };
        input.insert(key, value);
    }
    Ok(())
}

fn percent_decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                octets.push(u8::try_from(char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?).ok()?);
                rest = tail;
            }
            (b'+', _) => {
                octets.push(b' ');
                rest = tail;
            }
            _ => {
                octets.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(octets).ok()
}

async fn body(request: Request, input: &mut Map<String, Value>) -> Result<(), Error> {
    let kind = request.headers().get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default().to_owned());
    let too_large = || Error::new(Kind::Malformed, "body_too_large", "The body is larger than 1 MiB.");
    let octets = to_bytes(request.into_body(), BODY_LIMIT).await.map_err(|_| too_large())?;
    if octets.is_empty() {
        return Ok(());
    }
    if !kind.is_some_and(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))) {
        return Err(Error::new(Kind::Malformed, "unsupported_media_type", "Send application/json."));
    }
    match serde_json::from_slice(&octets) {
        Ok(Value::Object(fields)) => {
            input.extend(fields);
            Ok(())
        }
        Ok(_) => Err(Error::new(Kind::Malformed, "malformed_json", "The body must be a JSON object.")),
        Err(error) => Err(Error::new(Kind::Malformed, "malformed_json", format!("The body is no JSON: {error}"))),
    }
}

fn success(operation: &Operation, reply: Reply, repeated: bool) -> Response {
    let status = StatusCode::from_u16(operation.status).unwrap_or(StatusCode::OK);
    if reply.body.is_empty() {
        return status.into_response();
    }
    let mut response = (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], Body::from(reply.body)).into_response();
    if let Some(tag) = reply.version.and_then(|version| format!("\"{version}\"").parse().ok()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    if repeated {
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    response
}


#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_version_is_named() {
        let check = |text: &'static str| names(&HeaderValue::from_static(text), 7);
        assert!(check("\"7\"") && check("W/\"7\"") && check("\"1\", \"7\"") && check("*"));
        assert!(!check("\"77\"") && !check("7") && !check(""));
    }

    #[test]
    fn queries_are_decoded() {
        let mut input = Map::new();
        query("limit=7&cursor=a%20b+c&x&filter[sender]=a%40b&filter%5Bto%5D=c", &mut input).unwrap();
        assert_eq!(Value::Object(input), serde_json::json!({"limit": 7, "cursor": "a b c", "x": "", "sender": "a@b", "to": "c"}));
        assert_eq!(query("filter[to][prefix]=a", &mut Map::new()).unwrap_err().code, "filter_not_supported");
        assert!(query("a=%ff", &mut Map::new()).is_err());
    }
}
