//! `postamt queue`: what waits, and what is to be done with it.

use std::path::Path;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::console::{Asked, call};
use crate::table::{Table, text};

/// Rows that a list reads at a time.
const PAGE: u32 = 500;

/// What to do with the queue.
#[derive(Debug, Subcommand)]
pub enum QueueVerb {
    /// Lists queues; with MODULE/NAME, an address or --messages, the messages.
    List {
        /// A module, a part of a queue's name, MODULE/NAME, or the address of a sender or recipient.
        filter: Option<String>,
        /// In this state: active (queues only), waiting or held.
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// Lists messages rather than queues.
        #[arg(long)]
        messages: bool,
    },
    /// Shows a message: envelope, recipients, header, story.
    Show {
        /// Number of the message.
        number: i64,
    },
    /// Holds a message or a queue: it is not tried.
    Hold {
        /// Number of the message, or MODULE/NAME of the queue.
        what: What,
        /// Ends the hold: it goes on where it stood.
        #[arg(long)]
        off: bool,
    },
    /// Lets a message or a queue be tried now; a hold ends.
    #[command(visible_alias = "retry")]
    Release {
        /// Number of the message, or MODULE/NAME of the queue.
        what: What,
    },
    /// Makes a message or a queue fail; the senders are told.
    Reject {
        /// Number of the message, or MODULE/NAME of the queue.
        what: What,
        /// What the senders are told.
        #[arg(long, value_name = "TEXT")]
        text: Option<String>,
    },
    /// Asks the Router again, after a change of its table.
    Reroute {
        /// Number of the message, or MODULE/NAME of the queue.
        what: What,
    },
    /// Gives a message to others instead.
    Redirect {
        /// Number of the message.
        number: i64,
        /// Who gets it now.
        #[arg(required = true, value_name = "ADDRESS")]
        to: Vec<String>,
        /// Only what this recipient was to get.
        #[arg(long, value_name = "ADDRESS")]
        recipient: Option<String>,
    },
    /// Takes a message away; nobody is told.
    Delete {
        /// Number of the message.
        number: i64,
    },
}

/// A message or a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Number of the message.
    Message(i64),
    /// Module and name of the queue.
    Queue(String, String),
}

impl std::str::FromStr for What {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text.parse(), text.split_once('/')) {
            (Ok(number), _) => Ok(Self::Message(number)),
            (_, Some((module, name))) if !module.is_empty() && !name.is_empty() => Ok(Self::Queue(module.to_owned(), name.to_owned())),
            _ => Err("name a message by its number or a queue as MODULE/NAME, such as smtp/client.example"),
        }
    }
}

impl What {
    /// Operation and input of an action: `hold` becomes `holdMessage` or `holdQueue`.
    fn ask(&self, verb: &str) -> (String, Value) {
        match self {
            Self::Message(number) => (format!("{verb}Message"), json!({"number": number})),
            Self::Queue(module, name) => (format!("{verb}Queue"), json!({"module": module, "name": name})),
        }
    }
}

impl QueueVerb {
    /// Asks the running server; gives what is to be printed.
    ///
    /// # Errors
    /// When the server cannot be asked, or refuses.
    pub fn run(&self, socket: &Path, as_json: bool) -> Asked<String> {
        match self {
            Self::List { filter, state, messages } => list(socket, filter.as_deref(), state.as_deref(), *messages, as_json),
            Self::Show { number } => {
                let message = call(socket, "getTransitMessage", &json!({"number": number}))?;
                Ok(if as_json { format!("{message:#}\n") } else { show(&message) })
            }
            Self::Hold { what, off } => act(socket, what.ask(if *off { "unhold" } else { "hold" }), as_json),
            Self::Release { what } => act(socket, what.ask("release"), as_json),
            Self::Reroute { what } => act(socket, what.ask("reroute"), as_json),
            Self::Reject { what, text } => {
                let (operation, mut input) = what.ask("reject");
                if let Some(text) = text {
                    input["text"] = json!(text);
                }
                act(socket, (operation, input), as_json)
            }
            Self::Redirect { number, to, recipient } => act(socket, ("redirectMessage".to_owned(), json!({"number": number, "to": to, "recipient": recipient})), as_json),
            Self::Delete { number } => act(socket, ("deleteTransitMessage".to_owned(), json!({"number": number})), as_json),
        }
    }
}

fn act(socket: &Path, (operation, input): (String, Value), as_json: bool) -> Asked<String> {
    let done = call(socket, &operation, &input)?;
    if as_json {
        return Ok(format!("{done:#}\n"));
    }
    Ok(match (&done["recipients"], done["number"].as_i64()) {
        (Value::Number(recipients), None) => format!("done: {recipients} recipients\n"),
        (Value::Array(_), Some(_)) => recipients(&done),
        _ => "done\n".to_owned(),
    })
}

fn list(socket: &Path, filter: Option<&str>, state: Option<&str>, messages: bool, as_json: bool) -> Asked<String> {
    let mut input = json!({"limit": PAGE});
    if let Some(state) = state {
        input["state"] = json!(state);
    }
    let modules = ["smtp", "local", "list", "pipe"];
    let mut of_messages = messages;
    match filter {
        Some(filter) if filter.split_once('/').is_some_and(|(module, name)| modules.contains(&module) && !name.is_empty()) => {
            let (module, name) = filter.split_once('/').unwrap_or_default();
            (input["module"], input["queue"], of_messages) = (json!(module), json!(name), true);
        }
        Some(module) if modules.contains(&module) => input["module"] = json!(module),
        Some(address) if address.contains('@') => {
            let mut rows = Vec::new();
            for side in ["sender", "recipient"] {
                let mut input = input.clone();
                input[side] = json!(address);
                rows.extend(pages(socket, "listTransitMessages", input)?);
            }
            rows.sort_by_key(|row| row["number"].as_i64());
            rows.dedup_by_key(|row| row["number"].as_i64());
            return Ok(print(&rows, true, as_json));
        }
        Some(part) if messages => input["queue"] = json!(part),
        Some(part) => input["name"] = json!(part),
        None => {}
    }
    let rows = pages(socket, if of_messages { "listTransitMessages" } else { "listQueues" }, input)?;
    Ok(print(&rows, of_messages, as_json))
}

/// All pages of a list.
pub(crate) fn pages(socket: &Path, operation: &str, mut input: Value) -> Asked<Vec<Value>> {
    let mut rows = Vec::new();
    loop {
        let mut page = call(socket, operation, &input)?;
        if let Some(data) = page["data"].as_array_mut() {
            rows.append(data);
        }
        match page["page"]["next_cursor"].take() {
            Value::String(cursor) => input["cursor"] = Value::String(cursor),
            _ => return Ok(rows),
        }
    }
}

fn print(rows: &[Value], of_messages: bool, as_json: bool) -> String {
    match (as_json, of_messages) {
        (true, _) => format!("{:#}\n", json!(rows)),
        (false, true) => messages(rows),
        (false, false) => queues(rows),
    }
}

fn queues(rows: &[Value]) -> String {
    if rows.is_empty() {
        return "nothing waits\n".to_owned();
    }
    let mut table = Table::new(&["QUEUE", "MESSAGES", "RECIPIENTS", "STATE", "OLDEST", "NEXT TRY", "LAST ERROR"]);
    for row in rows {
        table.row([format!("{}/{}", text(&row["module"]), text(&row["name"])), text(&row["messages"]), text(&row["recipients"]), text(&row["state"]), moment(&row["oldest"]), moment(&row["next_try"]), text(&row["last_error"])]);
    }
    table.print()
}

fn messages(rows: &[Value]) -> String {
    if rows.is_empty() {
        return "nothing waits\n".to_owned();
    }
    let mut table = Table::new(&["NUMBER", "TAKEN", "SIZE", "FROM", "TO", "STATE", "NEXT TRY"]);
    for row in rows {
        for (index, to) in row["recipients"].as_array().into_iter().flatten().enumerate() {
            let once = |value: String| if index == 0 { value } else { " ".to_owned() };
            table.row([once(text(&row["number"])), once(moment(&row["queued_at"])), once(text(&row["size"])), once(sender(row)), text(&to["address"]), text(&to["state"]), moment(&to["next_try"])]);
        }
    }
    table.print()
}

fn show(message: &Value) -> String {
    let mut out = format!("message {}, {} octets, taken {} by {}\nfrom    {}\n", message["number"], message["size"], moment(&message["queued_at"]), text(&message["source"]), sender(message));
    if let Some(user) = message["authenticated"].as_str() {
        out += &format!("user    {user}\n");
    }
    out += &format!("\n{}\n", recipients(message));
    for field in message["headers"].as_array().into_iter().flatten() {
        out += &format!("{}: {}\n", text(&field["name"]), text(&field["value"]).trim());
    }
    out.push('\n');
    for event in message["events"].as_array().into_iter().flatten() {
        out += &format!("{}  {:<10}  {}\n", moment(&event["at"]), text(&event["kind"]), event["detail"]);
    }
    out
}

fn recipients(message: &Value) -> String {
    let mut table = Table::new(&["TO", "QUEUE", "STATE", "TRIES", "NEXT TRY", "LAST REPLY"]);
    for to in message["recipients"].as_array().into_iter().flatten() {
        table.row([text(&to["address"]), format!("{}/{}", text(&to["module"]), text(&to["queue"])), text(&to["state"]), text(&to["attempts"]), moment(&to["next_try"]), text(&to["last_reply"])]);
    }
    table.print()
}

fn sender(message: &Value) -> String {
    format!("<{}>", text(&message["return_path"]))
}

/// A moment without fractions.
fn moment(value: &Value) -> String {
    let text = text(value);
    text.get(..19).map_or(text.clone(), |whole| whole.replace('T', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_queues_are_told_apart() {
        assert_eq!("17".parse(), Ok(What::Message(17)));
        assert_eq!("smtp/[10.0.0.1]:25/x".parse(), Ok(What::Queue("smtp".to_owned(), "[10.0.0.1]:25/x".to_owned())));
        for bad in ["", "smtp", "smtp/", "/x", "1.5"] {
            assert!(bad.parse::<What>().is_err(), "{bad}");
        }
        assert_eq!(What::Message(3).ask("hold"), ("holdMessage".to_owned(), json!({"number": 3})));
    }

    #[test]
    fn a_message_is_readable() {
        let message = json!({
            "number": 5, "size": 120, "queued_at": "2026-01-02T03:04:05.678Z", "source": "SMTP [10.0.0.1]", "return_path": "a@b.example", "authenticated": null,
            "recipients": [{"address": "c@d.example", "module": "smtp", "queue": "d.example", "state": "waiting", "attempts": 2, "next_try": null, "last_reply": "450 later"}],
            "headers": [{"name": "Subject", "value": " Hello"}], "events": [{"at": "2026-01-02T03:04:05.678Z", "kind": "received", "detail": {"to": 1}}],
        });
        let lines: Vec<String> = show(&message).lines().map(str::to_owned).collect();
        assert_eq!(lines[0], "message 5, 120 octets, taken 2026-01-02 03:04:05 by SMTP [10.0.0.1]");
        assert_eq!(lines[4], "c@d.example  smtp/d.example  waiting  2      -         450 later");
        assert!(lines.contains(&"Subject: Hello".to_owned()), "{lines:?}");
        assert_eq!(messages(&[]), "nothing waits\n");
    }
}
