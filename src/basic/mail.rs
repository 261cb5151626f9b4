//! Mailboxes, their messages, and one message.

use axum::extract::{Path, RawQuery, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::{Value, json};
use service::Error;

use crate::page::{failed, guard, page};
use crate::session::{Fields, Session};
use crate::words::Language;

/// Mailboxes in the order in which they are looked for.
const ROLES: [&str; 6] = ["inbox", "drafts", "sent", "archive", "junk", "trash"];
/// Messages on a page.
const LIMIT: i64 = 50;

/// Answers with what a page gives, or with what went wrong.
macro_rules! tell {
    ($session:expr, $asked:expr) => {
        match $asked {
            Ok(value) => value,
            Err(error) => return $crate::page::failed($session.language, Some(&$session), &error),
        }
    };
}
pub(crate) use tell;

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// An address as people read it.
pub(crate) fn address(one: &Value) -> String {
    match (text(one, "name"), text(one, "email")) {
        ("", email) => email.to_owned(),
        (name, email) => format!("\"{}\" <{email}>", name.replace(['"', '\\'], "")),
    }
}

pub(crate) fn addresses(list: &Value) -> String {
    list.as_array().into_iter().flatten().map(address).collect::<Vec<_>>().join(", ")
}

/// Who sent it, or whom it went to where everything is one's own.
fn who(message: &Value) -> String {
    let one = message["from"].as_array().and_then(|list| list.first());
    one.map(|one| if text(one, "name").is_empty() { text(one, "email").to_owned() } else { text(one, "name").to_owned() }).unwrap_or_default()
}

/// Day and time in UTC, short.
fn moment(message: &Value) -> String {
    text(message, "received_at").get(..16).unwrap_or_default().replace('T', " ")
}

/// Octets in words.
fn size(octets: &Value) -> String {
    let octets = octets.as_i64().unwrap_or_default();
    match octets {
        ..1024 => format!("{octets} B"),
        1024..1_048_576 => format!("{} KiB", octets / 1024),
        _ => format!("{}.{} MiB", octets / 1_048_576, octets % 1_048_576 * 10 / 1_048_576),
    }
}

fn subject(language: Language, message: &Value) -> &str {
    match text(message, "subject") {
        "" => language.say("no_subject"),
        subject => subject,
    }
}

fn is(message: &Value, keyword: &str) -> bool {
    message["keywords"][keyword] == true
}

/// The mailboxes that hold mail, those that every account has first.
async fn all_mailboxes(session: &Session) -> Result<Vec<Value>, Error> {
    let page = session.ask("listMailboxes", json!({"account": session.account()})).await?;
    let mut all = page["data"].as_array().cloned().unwrap_or_default();
    all.retain(|one| one["selectable"] == true && one["class"] == "mail");
    all.sort_by_key(|one| ROLES.iter().position(|role| one["role"] == *role).unwrap_or(ROLES.len()));
    Ok(all)
}

/// All mailboxes.
pub(crate) async fn mailboxes(session: Session, RawQuery(query): RawQuery) -> Response {
    let language = session.language;
    let all = tell!(session, all_mailboxes(&session).await);
    let content = html! {
        (done(language, query.as_deref()))
        table {
            thead { tr { th { (language.say("mailbox")) } th { (language.say("unread")) } th { (language.say("messages")) } } }
            tbody {
                @for one in &all {
                    tr {
                        td { a href={ "/basic/mailbox/" (text(one, "id")) } { (text(one, "name")) } }
                        td { (one["unseen"]) }
                        td { (one["messages"]) }
                    }
                }
            }
        }
    };
    page(StatusCode::OK, language, Some(&session), language.say("mailboxes"), &content)
}

/// Tells what a change before did.
fn done(language: Language, query: Option<&str>) -> Markup {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let words = Some(fields.get("done")).filter(|done| !done.is_empty()).and_then(|done| language.find(&format!("done.{done}")));
    html! { @if let Some(words) = words { p class="done" role="status" { (words) } } }
}

/// The messages of a page, those stored last first; with `mailbox` they can be chosen and changed together.
fn rows(language: Language, found: &Value, chosen: bool) -> Markup {
    let messages = found["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    html! {
        @if messages.is_empty() { p { (language.say("empty")) } }
        @else {
            table {
                thead { tr { @if chosen { th {} } th { (language.say("from")) } th { (language.say("subject")) } th { (language.say("date")) } th class="wide-only" { (language.say("size")) } } }
                tbody {
                    @for message in messages {
                        tr class=[(!is(message, "$seen")).then_some("unseen")] {
                            @if chosen { td { input type="checkbox" name="id" value=(text(message, "id")) aria-label=(subject(language, message)); } }
                            td { (who(message)) }
                            td {
                                @if is(message, "$flagged") { "★ " }
                                @if !is(message, "$seen") { "● " }
                                a href={ "/basic/message/" (text(message, "id")) } { (subject(language, message)) }
                                @if message["has_attachment"] == true { " 📎" }
                            }
                            td { (moment(message)) }
                            td class="wide-only" { (size(&message["size"])) }
                        }
                    }
                }
            }
        }
    }
}

/// The way on to the next page, with what is asked besides.
fn older(language: Language, found: &Value, asked: &[(&str, &str)]) -> Markup {
    let next = found["page"]["next_cursor"].as_str().filter(|_| found["page"]["has_more"] == true);
    html! {
        @if let Some(cursor) = next {
            p { a href={ "?" (form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).append_pair("cursor", cursor).finish()) } { (language.say("next")) } }
        }
    }
}

/// Where messages can be moved, and the button that does it.
fn places(language: Language, all: &[Value]) -> Markup {
    html! {
        label for="place" { (language.say("move")) }
        select id="place" name="place" { @for one in all { option value=(text(one, "id")) { (text(one, "name")) } } }
        " " button name="action" value="move" { (language.say("move")) }
    }
}

/// The messages of a mailbox.
pub(crate) async fn list(session: Session, Path(mailbox): Path<String>, RawQuery(query): RawQuery) -> Response {
    let language = session.language;
    let fields = Fields::parse(query.as_deref().unwrap_or_default().as_bytes());
    let mut input = json!({"account": session.account(), "mailbox": mailbox, "limit": LIMIT});
    if !fields.get("cursor").is_empty() {
        input["cursor"] = fields.get("cursor").into();
    }
    let found = tell!(session, session.ask("listMessages", input).await);
    let all = tell!(session, all_mailboxes(&session).await);
    let name = all.iter().find(|one| text(one, "id") == mailbox).map_or("", |one| text(one, "name"));
    let content = html! {
        (done(language, query.as_deref()))
        form method="post" action={ "/basic/mailbox/" (mailbox) } {
            (session.token())
            (rows(language, &found, true))
            p {
                button name="action" value="seen" { (language.say("read")) }
                button name="action" value="unseen" { (language.say("unread")) }
                button name="action" value="delete" { (language.say("delete")) }
                (places(language, &all))
            }
        }
        (older(language, &found, &[]))
    };
    page(StatusCode::OK, language, Some(&session), name, &content)
}

/// Finds messages in all mailboxes.
pub(crate) async fn search(session: Session, RawQuery(query): RawQuery) -> Response {
    let language = session.language;
    let fields = Fields::parse(query.as_deref().unwrap_or_default().as_bytes());
    let mut input = json!({"account": session.account(), "text": fields.get("q"), "limit": LIMIT});
    if !fields.get("cursor").is_empty() {
        input["cursor"] = fields.get("cursor").into();
    }
    let found = tell!(session, session.ask("searchMessages", input).await);
    let content = html! { (rows(language, &found, false)) (older(language, &found, &[("q", fields.get("q"))])) };
    page(StatusCode::OK, language, Some(&session), &format!("{}: {}", language.say("search"), fields.get("q")), &content)
}

/// Does to a message what a form asks; gives the key of what was done.
async fn act(session: &Session, id: &str, fields: &Fields) -> Result<&'static str, Error> {
    let account = session.account();
    let keyword = |name: &str, on: bool| json!({"account": account, "id": id, "keywords": {name: on}});
    let (operation, input, done) = match fields.get("action") {
        "seen" => ("updateMessage", keyword("$seen", true), "seen"),
        "unseen" => ("updateMessage", keyword("$seen", false), "unseen"),
        "flag" => ("updateMessage", keyword("$flagged", true), "flagged"),
        "move" => ("updateMessage", json!({"account": account, "id": id, "mailbox_ids": [fields.get("place")]}), "moved"),
        "delete" => ("deleteMessage", json!({"account": account, "id": id}), "deleted"),
        _ => return Err(Error::not_found("action")),
    };
    session.ask(operation, input).await?;
    Ok(done)
}

/// Changes chosen messages of a mailbox.
pub(crate) async fn change_many(session: Session, Path(mailbox): Path<String>, request: Request) -> Response {
    let fields = tell!(session, session.fields(request.into_body()).await);
    let mut done = "";
    for id in fields.all("id").take(usize::try_from(LIMIT).unwrap_or_default()) {
        done = tell!(session, act(&session, id, &fields).await);
    }
    session.go(&format!("/basic/mailbox/{mailbox}?done={done}"))
}

/// Changes a message.
pub(crate) async fn change(session: Session, Path(id): Path<String>, request: Request) -> Response {
    let fields = tell!(session, session.fields(request.into_body()).await);
    let done = tell!(session, act(&session, &id, &fields).await);
    match (done, fields.get("mailbox")) {
        ("flagged", _) => session.go(&format!("/basic/message/{id}?done={done}")),
        (_, "") => session.go(&format!("/basic/?done={done}")),
        (_, mailbox) => session.go(&format!("/basic/mailbox/{mailbox}?done={done}")),
    }
}

/// One message; reading it marks it as read.
pub(crate) async fn read(session: Session, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let language = session.language;
    let account = session.account();
    let message = tell!(session, session.ask("getMessage", json!({"account": account, "id": id})).await);
    if !is(&message, "$seen") {
        tell!(session, session.ask("updateMessage", json!({"account": account, "id": id, "keywords": {"$seen": true}})).await);
    }
    let all = tell!(session, all_mailboxes(&session).await);
    let mailbox = message["mailboxes"][0]["mailbox_id"].as_str().unwrap_or_default();
    let body = &message["body"];
    let files = body["attachments"].as_array().map(Vec::as_slice).unwrap_or_default();
    let content = html! {
        (done(language, query.as_deref()))
        table {
            tbody {
                @for (name, key) in [(language.say("from"), "from"), (language.say("to"), "to"), (language.say("cc"), "cc")] {
                    @if message[key].as_array().is_some_and(|list| !list.is_empty()) { tr { th scope="row" { (name) } td { (addresses(&message[key])) } } }
                }
                tr { th scope="row" { (language.say("date")) } td { (text(&message, "date")) } }
            }
        }
        p {
            a href={ "/basic/compose?reply=" (id) } { (language.say("reply")) } " · "
            a href={ "/basic/compose?all=1&reply=" (id) } { (language.say("all")) } " · "
            a href={ "/basic/compose?forward=" (id) } { (language.say("forward")) } " · "
            a href={ "/basic/message/" (id) "/part/raw" } { (language.say("raw")) } " · "
            a href={ "/basic/mailbox/" (mailbox) } { (language.say("back")) }
        }
        @match body["text"].as_str() {
            Some(words) => pre { (words) },
            None => p { (language.say("no_text")) },
        }
        @if !files.is_empty() {
            h2 { (language.say("attachments")) }
            ul {
                @for file in files {
                    li { a href={ "/basic/message/" (id) "/part/" (text(file, "part")) } { @if text(file, "name").is_empty() { (text(file, "part")) } @else { (text(file, "name")) } } " (" (text(file, "type")) ", " (size(&file["size"])) ")" }
                }
            }
        }
        form method="post" action={ "/basic/message/" (id) } {
            (session.token())
            input type="hidden" name="mailbox" value=(mailbox);
            button name="action" value="delete" { (language.say("delete")) }
            button name="action" value="unseen" { (language.say("unread")) }
            button name="action" value="flag" { (language.say("flag")) }
            (places(language, &all))
        }
    };
    page(StatusCode::OK, language, Some(&session), subject(language, &message), &content)
}

/// A part of a message as a file; `raw` is the message itself. Nothing of it is shown by the browser as a page of ours.
pub(crate) async fn part(session: Session, Path((id, part)): Path<(String, String)>) -> Response {
    let (operation, input) = match part.as_str() {
        "raw" => ("getRaw", json!({"account": session.account(), "id": id})),
        _ => ("getPart", json!({"account": session.account(), "id": id, "part": part})),
    };
    let reply = tell!(session, session.file(operation, input).await);
    let Some(file) = reply.octets else { return failed(session.language, Some(&session), &Error::not_found("part")) };
    let name = file.name.unwrap_or_else(|| format!("{id}.eml"));
    // RFC 6266 §4.1 with the encoding of RFC 8187.
    let encoded: String = name.bytes().map(|octet| if octet.is_ascii_alphanumeric() || b"-._".contains(&octet) { char::from(octet).to_string() } else { format!("%{octet:02X}") }).collect();
    let shown = HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{encoded}")).unwrap_or(HeaderValue::from_static("attachment"));
    let mut response = ([(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")), (header::CONTENT_DISPOSITION, shown)], file.data).into_response();
    guard(&mut response, HeaderValue::from_static("sandbox; default-src 'none'"));
    session.keep(&mut response);
    response
}
