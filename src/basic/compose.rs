//! Writing a message, answering one, and sending it.

use axum::extract::{RawQuery, Request};
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use message::Address;
use serde_json::{Value, json};
use service::{Error, Kind};

use crate::mail::{address, addresses, tell};
use crate::page::{page, status, told};
use crate::session::{Fields, Session};
use crate::words::Language;

/// What stands in the form.
#[derive(Debug, Default, PartialEq)]
struct Draft {
    to: String,
    cc: String,
    bcc: String,
    subject: String,
    text: String,
    in_reply_to: String,
    /// The form is sent once, however often the button is pressed.
    key: String,
}

impl Draft {
    fn new() -> Self {
        Self { key: format!("basic-{:032x}", rand::random::<u128>()), ..Self::default() }
    }

    /// What a form holds.
    fn of(fields: &Fields) -> Self {
        let get = |name: &str| fields.get(name).to_owned();
        Self { to: get("to"), cc: get("cc"), bcc: get("bcc"), subject: get("subject"), text: get("text"), in_reply_to: get("in_reply_to"), key: get("key") }
    }

    /// Quotes a message; to everybody who got it, when wanted.
    fn reply(self, language: Language, message: &Value, own: &str, all: bool) -> Self {
        let to = if message["reply_to"].as_array().is_some_and(|list| !list.is_empty()) { &message["reply_to"] } else { &message["from"] };
        let others = |key: &str| message[key].as_array().into_iter().flatten().filter(|one| one["email"].as_str().is_none_or(|email| !email.eq_ignore_ascii_case(own)));
        let cc: Vec<String> = if all { others("to").chain(others("cc")).map(address).collect() } else { Vec::new() };
        let text = message["body"]["text"].as_str().unwrap_or_default();
        let quoted: String = text.lines().map(|line| if line.starts_with('>') { format!(">{line}\n") } else { format!("> {line}\n") }).collect();
        let head = format!("\n\n{}, {} {}\n", message["date"].as_str().unwrap_or_default(), addresses(&message["from"]), language.say("wrote"));
        let in_reply_to = message["message_id"].as_str().unwrap_or_default().to_owned();
        Self { to: addresses(to), cc: cc.join(", "), subject: prefixed("Re", message), text: head + &quoted, in_reply_to, ..self }
    }

    /// Passes a message on.
    fn forward(self, language: Language, message: &Value) -> Self {
        let mut text = "\n\n----\n".to_owned();
        for (name, value) in [("from", addresses(&message["from"])), ("to", addresses(&message["to"])), ("date", message["date"].as_str().unwrap_or_default().to_owned()), ("subject", message["subject"].as_str().unwrap_or_default().to_owned())] {
            text += &format!("{}: {value}\n", language.find(name).unwrap_or(name));
        }
        text = text + "\n" + message["body"]["text"].as_str().unwrap_or_default();
        Self { subject: prefixed("Fwd", message), text, ..self }
    }

    /// As the operation wants it.
    fn input(&self, account: &str) -> Result<Value, Error> {
        let mut input = json!({"account": account, "subject": self.subject, "text": self.text});
        let mut wrong = Error::new(Kind::Invalid, "invalid_address", "Some addresses cannot be read.");
        for (field, value) in [("to", &self.to), ("cc", &self.cc), ("bcc", &self.bcc)] {
            let list = Address::parse_list(value.as_bytes());
            let known: Vec<Value> = list.iter().filter_map(|one| Some(json!({"name": one.display_name().unwrap_or_default(), "email": one.email()?}))).collect();
            if known.len() != list.len() || (known.is_empty() && !value.trim().is_empty()) {
                wrong = wrong.at(format!("/{field}"), "invalid_address", format!("Not an address: {value}"));
            }
            input[field] = known.into();
        }
        if !wrong.fields.is_empty() {
            return Err(wrong);
        }
        if ["to", "cc", "bcc"].iter().all(|field| input[*field].as_array().is_none_or(Vec::is_empty)) {
            return Err(Error::new(Kind::Invalid, "nobody", "Say to whom the message goes."));
        }
        if !self.in_reply_to.is_empty() {
            input["in_reply_to"] = self.in_reply_to.as_str().into();
        }
        Ok(input)
    }

    fn show(&self, session: &Session, error: Option<&Error>) -> Response {
        let language = session.language;
        let line = |name: &'static str, words: &'static str, value: &str| html! {
            label for=(name) { (words) }
            input type="text" id=(name) name=(name) value=(value);
        };
        let content = html! {
            @if let Some(error) = error { (told(language, error)) }
            form class="wide" method="post" action="/basic/compose" {
                (session.token())
                input type="hidden" name="key" value=(self.key);
                input type="hidden" name="in_reply_to" value=(self.in_reply_to);
                (line("to", language.say("to"), &self.to))
                (line("cc", language.say("cc"), &self.cc))
                (line("bcc", language.say("bcc"), &self.bcc))
                (line("subject", language.say("subject"), &self.subject))
                label for="text" { (language.say("text")) }
                // A line feed right behind the tag would be lost.
                textarea id="text" name="text" { "\n" (self.text) }
                button { (language.say("send")) }
            }
        };
        page(error.map_or(StatusCode::OK, status), language, Some(session), language.say("compose"), &content)
    }
}

/// The subject with a prefix, once.
fn prefixed(prefix: &str, message: &Value) -> String {
    let subject = message["subject"].as_str().unwrap_or_default();
    let has = subject.get(..prefix.len() + 1).is_some_and(|begin| begin.eq_ignore_ascii_case(&format!("{prefix}:")));
    if has { subject.to_owned() } else { format!("{prefix}: {subject}") }
}

/// An empty form, or one that answers a message or passes it on.
pub(crate) async fn form(session: Session, RawQuery(query): RawQuery) -> Response {
    let fields = Fields::parse(query.as_deref().unwrap_or_default().as_bytes());
    let id = [fields.get("reply"), fields.get("forward")].into_iter().find(|id| !id.is_empty());
    let Some(id) = id else { return Draft { to: fields.get("to").to_owned(), ..Draft::new() }.show(&session, None) };
    let message = tell!(session, session.ask("getMessage", json!({"account": session.account(), "id": id})).await);
    let draft = if fields.get("forward").is_empty() { Draft::new().reply(session.language, &message, session.address(), !fields.get("all").is_empty()) } else { Draft::new().forward(session.language, &message) };
    draft.show(&session, None)
}

/// Sends what was written; nothing of it is lost when that fails.
pub(crate) async fn send(session: Session, request: Request) -> Response {
    let fields = tell!(session, session.fields(request.into_body()).await);
    let draft = Draft::of(&fields);
    let sent = match draft.input(&session.account()) {
        Ok(input) => session.ask_once("sendMessage", input, &draft.key).await,
        Err(error) => Err(error),
    };
    match sent {
        Ok(_) => session.go("/basic/?done=sent"),
        // A key stands for one text: what is mended is another one.
        Err(error) => Draft { key: Draft::new().key, ..draft }.show(&session, Some(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Value {
        json!({"from": [{"name": "Anna B", "email": "anna@a.example"}], "to": [{"name": "", "email": "me@a.example"}, {"name": "", "email": "carl@a.example"}], "cc": [], "reply_to": [],
               "subject": "re: Lunch", "date": "Mon", "message_id": "<1@a>", "body": {"text": "one\n> two"}})
    }

    #[test]
    fn a_reply_quotes_and_leaves_oneself_out() {
        let draft = Draft::default().reply(Language::English, &message(), "ME@a.example", true);
        assert_eq!((draft.to.as_str(), draft.cc.as_str(), draft.subject.as_str(), draft.in_reply_to.as_str()), ("\"Anna B\" <anna@a.example>", "carl@a.example", "re: Lunch", "<1@a>"));
        assert_eq!(draft.text, "\n\nMon, \"Anna B\" <anna@a.example> wrote:\n> one\n>> two\n");
        let input = draft.input("x").unwrap();
        assert_eq!(input["to"], json!([{"name": "Anna B", "email": "anna@a.example"}]));
        assert_eq!(Draft::default().forward(Language::German, &message()).subject, "Fwd: re: Lunch");
    }

    #[test]
    fn what_is_no_address_is_told_with_its_field() {
        for (to, code) in [("", "nobody"), ("nobody", "invalid_address"), ("a@b.example, nobody", "invalid_address")] {
            let draft = Draft { to: to.to_owned(), ..Draft::default() };
            assert_eq!(draft.input("x").unwrap_err().code, code, "{to}");
        }
    }
}
