//! Who reads: tokens in cookies that no script can read, renewed when they are over, and forms that only our pages can send.

use std::net::IpAddr;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use maud::{Markup, html};
use net::Connection;
use serde_json::{Value, json};
use service::{Call, Caller, Error, Kind, Operation, Reply, Service};

use crate::page;
use crate::words::Language;

/// Largest form: a text of a message in percent signs.
const FORM: usize = 4 * 1024 * 1024;
/// Sessions end after this time, used or not; a browser that is closed forgets nothing.
const MAX_AGE: u32 = 90 * 86_400;
const COOKIES: [&str; 3] = ["pa_basic_access", "pa_basic_refresh", "pa_basic_form"];

/// Somebody who is signed in, as one request finds them.
pub(crate) struct Session {
    service: Service,
    caller: Caller,
    /// Stands in every form, as it stands in its cookie.
    form: String,
    /// Cookies to be set, when the tokens were renewed.
    renewed: Vec<HeaderValue>,
    pub(crate) language: Language,
}

/// Where a request comes from.
struct From {
    ip: IpAddr,
    tls: bool,
}

impl From {
    fn of(connection: Option<&Connection>) -> Self {
        Self { ip: connection.map_or(IpAddr::from([0, 0, 0, 0]), |c| c.peer.ip()), tls: connection.is_some_and(|c| c.tls) }
    }

    fn name(&self, which: usize) -> String {
        format!("{}{}", if self.tls { "__Secure-" } else { "" }, COOKIES.get(which).copied().unwrap_or_default())
    }

    fn cookie(&self, which: usize, value: &str, age: u32) -> Option<HeaderValue> {
        let secure = if self.tls { "; Secure" } else { "" };
        format!("{}={value}; Path=/basic; Max-Age={age}; HttpOnly; SameSite=Strict{secure}", self.name(which)).parse().ok()
    }

    fn find(&self, headers: &HeaderMap, which: usize) -> Option<String> {
        net::cookie(headers, &self.name(which))
    }

    /// The cookies that hold these tokens.
    fn cookies(&self, tokens: &Value, form: &str) -> Vec<HeaderValue> {
        let values = [tokens["access_token"].as_str().unwrap_or_default(), tokens["refresh_token"].as_str().unwrap_or_default(), form];
        values.iter().enumerate().filter_map(|(which, value)| self.cookie(which, value, MAX_AGE)).collect()
    }
}

impl Session {
    /// Does an operation; gives its answer.
    pub(crate) async fn ask(&self, operation: &str, input: Value) -> Result<Value, Error> {
        read(self.perform(operation, input, false).await?)
    }

    /// Does an operation whose answer is a file.
    pub(crate) async fn file(&self, operation: &str, input: Value) -> Result<Reply, Error> {
        self.perform(operation, input, true).await
    }

    async fn perform(&self, operation: &str, input: Value, as_it_is: bool) -> Result<Reply, Error> {
        let operation = Operation::find(operation).ok_or_else(|| Error::not_found("operation"))?;
        operation.perform(&self.service, Call { as_it_is, ..Call::new(self.caller.clone(), None) }, input).await
    }

    /// The same, once for a key however often the form is sent.
    pub(crate) async fn ask_once(&self, operation: &str, input: Value, key: &str) -> Result<Value, Error> {
        let operation = Operation::find(operation).ok_or_else(|| Error::not_found("operation"))?;
        let (reply, _) = operation.perform_once(&self.service, Call::new(self.caller.clone(), None), input, key).await?;
        read(reply)
    }

    /// Id of the own account.
    pub(crate) fn account(&self) -> String {
        self.caller.account.as_ref().map(|standing| standing.account_id.to_string()).unwrap_or_default()
    }

    /// Address of the own account.
    pub(crate) fn address(&self) -> &str {
        self.caller.account.as_ref().map(|standing| standing.address.as_str()).unwrap_or_default()
    }

    /// The field that shows that a form is ours.
    pub(crate) fn token(&self) -> Markup {
        html! { input type="hidden" name="form" value=(self.form); }
    }

    /// Lets the browser keep renewed tokens.
    pub(crate) fn keep(&self, response: &mut Response) {
        for cookie in &self.renewed {
            response.headers_mut().append(header::SET_COOKIE, cookie.clone());
        }
    }

    /// Goes on to another page, as after every change.
    pub(crate) fn go(&self, to: &str) -> Response {
        let mut response = Redirect::to(to).into_response();
        self.keep(&mut response);
        response
    }

    /// The fields of a form of ours.
    pub(crate) async fn fields(&self, body: Body) -> Result<Fields, Error> {
        let fields = Fields::read(body).await?;
        match verify_slices_are_equal(fields.get("form").as_bytes(), self.form.as_bytes()) {
            Ok(()) => Ok(fields),
            Err(_) => Err(Error::new(Kind::Forbidden, "of_form", "The page was too old; please send it again.")),
        }
    }
}

fn read(reply: Reply) -> Result<Value, Error> {
    if reply.body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&reply.body).map_err(|_| Error::new(Kind::Internal, "internal", "The answer of the server cannot be read."))
}

/// Fields of a form, in their order.
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    async fn read(body: Body) -> Result<Self, Error> {
        let octets = to_bytes(body, FORM).await.map_err(|_| Error::new(Kind::Malformed, "body_too_large", "The form is larger than 4 MiB."))?;
        Ok(Self::parse(&octets))
    }

    /// As they stand in a query or a body.
    pub(crate) fn parse(octets: &[u8]) -> Self {
        Self(form_urlencoded::parse(octets).into_owned().collect())
    }

    /// The first of this name, or nothing.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// All of this name.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl FromRequestParts<Service> for Session {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Response> {
        let from = From::of(parts.extensions.get::<Connection>());
        let language = Language::of(&parts.headers);
        let strange = || Redirect::to("/basic/sign-in").into_response();
        let Some(form) = from.find(&parts.headers, 2).filter(|form| !form.is_empty()) else { return Err(strange()) };
        let session = |caller, renewed| Self { service: service.clone(), caller, form: form.clone(), renewed, language };
        let access = from.find(&parts.headers, 0).unwrap_or_default();
        match service.caller(Some(&format!("Bearer {access}")), from.ip, from.tls, false).await {
            Ok(caller) => return Ok(session(caller, Vec::new())),
            Err(error) if error.kind == Kind::Unauthenticated => {}
            Err(error) => return Err(page::failed(language, None, &error)),
        }
        let Some(refresh) = from.find(&parts.headers, 1) else { return Err(strange()) };
        let renewed = public(service, &from, "refreshToken", json!({"refresh_token": refresh})).await;
        let Ok(tokens) = renewed else { return Err(strange()) };
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap_or_default());
        match service.caller(Some(&bearer), from.ip, from.tls, false).await {
            Ok(caller) => Ok(session(caller, from.cookies(&tokens, &form))),
            Err(_) => Err(strange()),
        }
    }
}

/// An operation for everybody.
async fn public(service: &Service, from: &From, operation: &str, input: Value) -> Result<Value, Error> {
    let operation = Operation::find(operation).ok_or_else(|| Error::not_found("operation"))?;
    let caller = service.caller(None, from.ip, from.tls, false).await?;
    read(operation.perform(service, Call::new(caller, None), input).await?)
}

/// Where one signs in.
pub(crate) async fn form(headers: HeaderMap) -> Response {
    asked(StatusCode::OK, Language::of(&headers), "", None)
}

fn asked(status: StatusCode, language: Language, login: &str, error: Option<&Error>) -> Response {
    let content = html! {
        @if let Some(error) = error { (page::told(language, error)) }
        form class="wide" method="post" action="/basic/sign-in" {
            label for="login" { (language.say("login")) }
            input type="text" id="login" name="login" value=(login) autocomplete="username" required;
            label for="password" { (language.say("password")) }
            input type="password" id="password" name="password" autocomplete="current-password" required;
            button { (language.say("sign_in")) }
        }
    };
    page::page(status, language, None, language.say("sign_in"), &content)
}

/// Signs in. A form of a stranger could sign a browser in as the stranger: such a request names its origin.
pub(crate) async fn sign_in(State(service): State<Service>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (from, language) = (From::of(parts.extensions.get::<Connection>()), Language::of(&parts.headers));
    let foreign = parts.headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    let fields = match Fields::read(body).await {
        Ok(_) if foreign => return asked(StatusCode::FORBIDDEN, language, "", Some(&Error::new(Kind::Forbidden, "of_form", "The form came from another site."))),
        Ok(fields) => fields,
        Err(error) => return asked(page::status(&error), language, "", Some(&error)),
    };
    let input = json!({"login": fields.get("login"), "password": fields.get("password"), "device_name": "/basic/"});
    match public(&service, &from, "login", input).await {
        Ok(tokens) => {
            let mut response = Redirect::to("/basic/").into_response();
            let form = format!("{:032x}", rand::random::<u128>());
            for cookie in from.cookies(&tokens, &form) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => asked(page::status(&error), language, fields.get("login"), Some(&error)),
    }
}

/// Ends the session.
pub(crate) async fn sign_out(session: Session, request: Request) -> Response {
    let from = From::of(request.extensions().get::<Connection>());
    if let Err(error) = session.fields(request.into_body()).await {
        return page::failed(session.language, Some(&session), &error);
    }
    // A session that is over already has ended all the same.
    let _ = session.ask("logout", json!({})).await;
    let mut response = Redirect::to("/basic/sign-in").into_response();
    for cookie in (0..COOKIES.len()).filter_map(|which| from.cookie(which, "", 0)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
