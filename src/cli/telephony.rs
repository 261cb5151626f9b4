//! `postamt reg` and `postamt call list|trace|hangup`: telephones that are registered, and calls.

use std::path::Path;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::console::{Asked, call};
use crate::queue::pages;
use crate::table::{Table, text};

const PAGE: u32 = 500;

/// What to do with registrations.
#[derive(Debug, Subcommand)]
pub enum RegVerb {
    /// Lists the telephones that are registered.
    List {
        /// Only those of this account.
        account: Option<String>,
    },
}

impl RegVerb {
    /// Asks the running server; gives what is to be printed.
    ///
    /// # Errors
    /// When the server cannot be asked, or refuses.
    pub fn run(&self, socket: &Path, as_json: bool) -> Asked<String> {
        let Self::List { account } = self;
        let mut input = json!({"limit": PAGE});
        if let Some(account) = account {
            input["account"] = json!(account);
        }
        let rows = pages(socket, "listRegistrations", input)?;
        if as_json {
            return Ok(format!("{:#}\n", json!(rows)));
        }
        let mut table = Table::new(&["ACCOUNT", "CONTACT", "FROM", "BY", "NAT", "UNTIL", "TELEPHONE"]);
        for row in &rows {
            table.row(["address", "contact", "received", "transport", "nat", "expires_at", "user_agent"].map(|field| text(&row[field])));
        }
        Ok(table.print())
    }
}

/// A word after `call` that is no operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallVerb {
    /// The calls that are going on.
    List,
    /// What passed in a call.
    Trace(String),
    /// Ends a call.
    Hangup(String),
}

impl CallVerb {
    /// Reads `list`, `trace ID` and `hangup ID`; operations of the API have other names.
    pub fn read(operation: &str, input: &str) -> Option<Self> {
        match operation {
            "list" => Some(Self::List),
            "trace" => Some(Self::Trace(input.to_owned())),
            "hangup" => Some(Self::Hangup(input.to_owned())),
            _ => None,
        }
    }

    /// Asks the running server; gives what is to be printed.
    ///
    /// # Errors
    /// When the server cannot be asked, or refuses.
    pub fn run(&self, socket: &Path) -> Asked<String> {
        match self {
            Self::List => {
                let rows = pages(socket, "listCalls", json!({"limit": PAGE}))?;
                let mut table = Table::new(&["CALL", "STATE", "SINCE", "FROM", "TO", "MEDIA"]);
                for row in &rows {
                    let end = |side: &str| text(&row[side]["uri"]);
                    table.row([text(&row["id"]), text(&row["state"]), text(&row["started_at"]), end("caller"), end("callee"), text(&row["media_path"])]);
                }
                Ok(table.print())
            }
            Self::Trace(id) => call(socket, "traceCall", &json!({"call": id})).map(|trace| ladder(&trace)),
            Self::Hangup(id) => call(socket, "hangupCall", &json!({"call": id})).map(|_| "done\n".to_owned()),
        }
    }
}

/// Arrows and notes by time.
fn ladder(trace: &Value) -> String {
    let list = |name: &str| trace[name].as_array().cloned().unwrap_or_default();
    let participants = list("participants");
    let who = |id: &Value| participants.iter().find(|one| one["id"] == *id).map_or_else(String::new, |one| text(&one["label"]));
    let mut lines: Vec<(String, String)> = list("arrows").iter().map(|arrow| (text(&arrow["at"]), format!("{} -> {}  {}", who(&arrow["from"]), who(&arrow["to"]), text(&arrow["label"])))).collect();
    lines.extend(list("notes").iter().map(|note| (text(&note["at"]), format!("({}) {}", text(&note["kind"]), text(&note["text"])))));
    lines.sort_by(|one, other| one.0.cmp(&other.0));
    lines.iter().map(|(at, line)| format!("{at}  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_is_in_order() {
        let trace = json!({
            "participants": [{"id": 0, "label": "Postamt"}, {"id": 1, "label": "192.0.2.1:5060"}],
            "arrows": [{"at": "2026-01-01T00:00:00.000Z", "from": 1, "to": 0, "label": "INVITE sip:b@a SIP/2.0"}, {"at": "2026-01-01T00:00:02.000Z", "from": 0, "to": 1, "label": "SIP/2.0 200 OK"}],
            "notes": [{"at": "2026-01-01T00:00:01.000Z", "kind": "route", "text": "b@a -> LOCAL(b@a)"}],
        });
        let lines = ladder(&trace);
        assert_eq!(
            lines,
            "2026-01-01T00:00:00.000Z  192.0.2.1:5060 -> Postamt  INVITE sip:b@a SIP/2.0\n2026-01-01T00:00:01.000Z  (route) b@a -> LOCAL(b@a)\n2026-01-01T00:00:02.000Z  Postamt -> 192.0.2.1:5060  SIP/2.0 200 OK\n"
        );
        assert_eq!(CallVerb::read("trace", "x"), Some(CallVerb::Trace("x".to_owned())));
        assert_eq!(CallVerb::read("listCalls", "{}"), None);
    }
}
