//! The frame of every page, and how errors look in it.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use service::{Error, Kind};

use crate::session::Session;
use crate::words::Language;

/// Nothing runs, nothing is fetched from elsewhere, forms go to this server alone, and nothing frames a page.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'");

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color:#1a1d21;background:#fff}\
a{color:#1f4fd1}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .5rem;border-bottom:1px solid #d9dde3;vertical-align:top;overflow-wrap:anywhere}\
.unseen td{font-weight:600}nav{display:flex;flex-wrap:wrap;gap:1rem;align-items:center;border-bottom:1px solid #d9dde3;padding-bottom:.5rem;margin-bottom:1rem}\
nav form{margin:0}label{display:block;margin-top:.75rem}input[type=text],input[type=password],textarea,select{font:inherit;max-width:100%;padding:.35rem;border:1px solid #6b7480;border-radius:4px;color:inherit;background:inherit}\
form.wide input[type=text],form.wide input[type=password],textarea{width:100%;box-sizing:border-box}textarea{min-height:20rem;font-family:ui-monospace,monospace}\
button{font:inherit;padding:.35rem .8rem;margin:.75rem .5rem 0 0;border:1px solid #6b7480;border-radius:4px;background:#eef1f5;color:#1a1d21}nav button{margin:0}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}.error{border-left:4px solid #b3261e;padding:.5rem 1rem;background:#fdecea;color:#5f1410}.done{border-left:4px solid #1b7a3d;padding:.5rem 1rem;background:#e8f5ec;color:#0f4a24}\
@media(prefers-color-scheme:dark){body{color:#e8eaed;background:#15181c}a{color:#9db8ff}th,td,nav{border-color:#383e46}button{background:#2a3038;color:inherit}.error{background:#3a1715;color:#ffd9d5}.done{background:#12301d;color:#c9f2d6}}\
@media(max-width:40rem){.wide-only{display:none}}";

/// The one style.
pub(crate) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")], STYLE).into_response()
}

/// A page with what everybody sees at its top; `session` is missing before sign-in.
pub(crate) fn page(status: StatusCode, language: Language, session: Option<&Session>, title: &str, content: &Markup) -> Response {
    let body = html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – Postamt" }
                link rel="stylesheet" href="/basic/style.css";
            }
            body {
                nav {
                    @if let Some(session) = session {
                        a href="/basic/" { (language.say("mailboxes")) }
                        a href="/basic/compose" { (language.say("compose")) }
                        form action="/basic/search" method="get" {
                            input type="text" name="q" aria-label=(language.say("search"));
                            " " button { (language.say("search")) }
                        }
                        form action="/basic/sign-out" method="post" {
                            (session.token())
                            button { (language.say("sign_out")) }
                        }
                        span { (session.address()) }
                    }
                    a href="/" { (language.say("full")) }
                }
                main {
                    h1 { (title) }
                    (content)
                }
            }
        }
    };
    let mut response = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], body.into_string()).into_response();
    guard(&mut response, POLICY);
    if let Some(session) = session {
        session.keep(&mut response);
    }
    response
}

/// Headers of everything that goes out.
pub(crate) fn guard(response: &mut Response, policy: HeaderValue) {
    let fixed = |text| HeaderValue::from_static(text);
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        (header::REFERRER_POLICY, fixed("no-referrer")),
        (HeaderName::from_static("cross-origin-opener-policy"), fixed("same-origin")),
    ] {
        response.headers_mut().insert(name, value);
    }
}

/// What went wrong, in words of the language where there are some.
pub(crate) fn told(language: Language, error: &Error) -> Markup {
    html! {
        div class="error" role="alert" {
            p { (language.find(error.code).unwrap_or(&error.detail)) }
            @if !error.fields.is_empty() {
                ul { @for field in &error.fields { li { (field.detail) } } }
            }
        }
    }
}

/// The status of a page that tells of an error.
pub(crate) fn status(error: &Error) -> StatusCode {
    match error.kind {
        _ if error.code == "body_too_large" => StatusCode::PAYLOAD_TOO_LARGE,
        _ if error.code == "quota_exceeded" => StatusCode::INSUFFICIENT_STORAGE,
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Stale => StatusCode::PRECONDITION_FAILED,
        Kind::VersionMissing => StatusCode::PRECONDITION_REQUIRED,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
        Kind::SetupRequired | Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A page that holds nothing but what went wrong.
pub(crate) fn failed(language: Language, session: Option<&Session>, error: &Error) -> Response {
    page(status(error), language, session, language.say("error"), &html! { (told(language, error)) p { a href="/basic/" { (language.say("back")) } } })
}
