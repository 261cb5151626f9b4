//! `postamt route`: where an address goes, and why.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::console::{AskError, Asked, call};
use crate::table::text;

/// What to ask the Router.
#[derive(Debug, Subcommand)]
pub enum RouteVerb {
    /// Tells where an address goes, step by step.
    Explain {
        /// The address, in any form the server accepts.
        address: String,
        /// The kind of traffic.
        #[arg(long = "type", value_enum, default_value_t = FlowName::Mail)]
        flow: FlowName,
        /// Address of the sender.
        #[arg(long, value_name = "ADDRESS")]
        from: Option<String>,
        /// Network address the sender connects from.
        #[arg(long, value_name = "ADDRESS")]
        ip: Option<IpAddr>,
        /// Account the sender signed in as.
        #[arg(long = "as", value_name = "ACCOUNT")]
        account: Option<String>,
        /// A draft of the table, used instead of the live one.
        #[arg(long, value_name = "FILE")]
        table: Option<PathBuf>,
    },
}

/// A kind of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FlowName {
    /// Mail.
    Mail,
    /// Logins.
    Access,
    /// Calls.
    Signal,
}

impl FlowName {
    fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Access => "access",
            Self::Signal => "signal",
        }
    }
}

impl RouteVerb {
    /// Asks the running server; gives what is to be printed.
    ///
    /// # Errors
    /// When the server cannot be asked, or refuses.
    pub fn run(&self, socket: &Path, as_json: bool) -> Asked<String> {
        let Self::Explain { address, flow, from, ip, account, table } = self;
        let draft = match table {
            Some(file) => Some(std::fs::read_to_string(file).map_err(|error| AskError::Refused(format!("{}: {error}", file.display())))?),
            None => None,
        };
        let input = json!({"address": address, "flow": flow.word(), "table": draft, "sender": {"address": from, "ip": ip, "authenticated_as": account}});
        let explained = call(socket, "explainRoute", &input)?;
        Ok(if as_json { format!("{explained:#}\n") } else { show(address, &explained) })
    }
}

fn show(address: &str, explained: &Value) -> String {
    let mut out = String::new();
    let entries = |name: &str| explained[name].as_array().cloned().unwrap_or_default();
    for step in entries("steps") {
        let after = step["after"].as_str().map(|after| format!(" -> {after}")).unwrap_or_default();
        let record = step["record"].as_object().map(|record| {
            let line = record.get("line").map(|line| format!("line {}: ", text(line))).unwrap_or_default();
            format!("  [{line}{}]", text(record.get("text").unwrap_or(&Value::Null)))
        });
        let note = step["note"].as_str().map(|note| format!("  ({note})")).unwrap_or_default();
        out += &format!("{:>2}  {:<12}  {}{after}{}{note}\n", text(&step["pass"]), text(&step["kind"]), text(&step["before"]), record.unwrap_or_default());
    }
    for skipped in entries("skipped") {
        out += &format!("    line {} was not applied: {}\n", skipped["line"], text(&skipped["reason"]));
    }
    for warning in entries("warnings") {
        out += &format!("    remark: {}\n", text(&warning["text"]));
    }
    out += &format!("{address} goes to {}\n", text(&explained["text"]));
    let verdict = &explained["relay_verdict"];
    if let Some(word) = verdict["verdict"].as_str() {
        out += &format!("{}: {}\n", word.replace('_', " "), text(&verdict["reason"]));
    }
    for protocol in ["smtp", "sip"] {
        let reply = &explained[protocol];
        if !reply["code"].is_null() {
            let parts = [text(&reply["code"]), text(&reply["enhanced"]), text(&reply["text"])];
            out += &format!("{}: {}\n", protocol.to_uppercase(), parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" "));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_lines() {
        let explained = json!({
            "text": "LOCAL(john@company.dom)", "relay_verdict": {"verdict": "relay_allowed", "reason": "a client"}, "smtp": {"code": null},
            "steps": [{"pass": 1, "kind": "table", "before": "j@company.dom", "after": "john@company.dom", "record": {"line": 3, "text": "<j> = john"}, "note": "a note"}],
            "skipped": [{"line": 4, "reason": "for calls only"}], "warnings": [],
        });
        let expected = " 1  table         j@company.dom -> john@company.dom  [line 3: <j> = john]  (a note)\n    line 4 was not applied: for calls only\nj@company.dom goes to LOCAL(john@company.dom)\nrelay allowed: a client\n";
        assert_eq!(show("j@company.dom", &explained), expected);
    }
}
