//! Records of calls as files: a table for spreadsheets, or one JSON object on each line.

use std::borrow::Cow;

use model::call::{CallRecord, CdrFormat, ExportCdr, ListCdr};
use types::Timestamp;
use uuid::Uuid;

use crate::message::file::{FileContent, shown};
use crate::operation::{Call, Done};
use crate::voice::VoiceCommand;
use crate::{Error, Result, Service};

/// Most records in one file.
const MOST: i64 = 20_000;
/// Records read at a time.
const STEP: i64 = 1000;

const COLUMNS: [&str; 20] = [
    "id", "direction", "started_at", "ringing_at", "answered_at", "ended_at", "duration_seconds", "caller", "caller_name", "caller_remote", "caller_user_agent", "dialled", "callee", "callee_remote",
    "callee_user_agent", "final_code", "cause", "ended_by", "media_path", "sip_call_id",
];

fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Null) | Err(_) => String::new(),
        Ok(other) => other.to_string(),
    }
}

fn cells(record: &CallRecord) -> [String; COLUMNS.len()] {
    let (caller, callee) = (&record.caller, &record.callee);
    [
        record.id.to_string(),
        word(&record.direction),
        word(&record.started_at),
        word(&record.ringing_at),
        word(&record.answered_at),
        word(&record.ended_at),
        word(&record.duration_seconds),
        caller.uri.clone(),
        caller.name.clone(),
        caller.remote.clone(),
        caller.user_agent.clone(),
        record.dialled.clone(),
        callee.uri.clone(),
        callee.remote.clone(),
        callee.user_agent.clone(),
        word(&record.final_code),
        record.cause.clone(),
        record.ended_by.clone(),
        record.media_path.clone(),
        record.sip_call_id.clone(),
    ]
}

/// A cell of a table (RFC 4180). Callers name themselves: no spreadsheet shall take a name for a formula.
fn cell(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !formula && !text.contains(['"', ',', '\r', '\n']) {
        return text.into();
    }
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\"")).into()
}

fn table<'a>(columns: impl IntoIterator<Item = Cow<'a, str>>, into: &mut String) {
    for (number, text) in columns.into_iter().enumerate() {
        if number > 0 {
            into.push(',');
        }
        into.push_str(&text);
    }
    into.push_str("\r\n");
}

fn file(format: CdrFormat, records: &[CallRecord]) -> String {
    let mut text = String::new();
    match format {
        CdrFormat::Csv => {
            table(COLUMNS.map(Cow::Borrowed), &mut text);
            for record in records {
                table(cells(record).iter().map(|text| cell(text)), &mut text);
            }
        }
        CdrFormat::JsonLines => {
            for record in records {
                text.push_str(&serde_json::to_string(record).unwrap_or_default());
                text.push('\n');
            }
        }
    }
    text
}

impl Service {
    /// Records of calls that fit as a file, the newest first.
    pub(crate) async fn export_cdr(self, call: Call, input: ExportCdr) -> Result<Done<FileContent>> {
        let most = input.most.unwrap_or(MOST);
        if !(1..=MOST).contains(&most) {
            return Err(Error::invalid("/most", format!("must be between 1 and {MOST}")));
        }
        let list = ListCdr { account: input.account, domain: input.domain, since: input.since, until: input.until, cause: input.cause, number: input.number, ..ListCdr::default() };
        let mut filter = self.cdr_filter(&call, &list).await?;
        self.ask_voice(VoiceCommand::Flush).await?;
        let mut records: Vec<CallRecord> = Vec::new();
        loop {
            let left = most - i64::try_from(records.len()).unwrap_or(most);
            let mut some = self.store().call_records(&filter, left.min(STEP)).await?;
            let Some(last) = some.last() else { break };
            let before: (Timestamp, Uuid) = (last.started_at, last.id);
            filter.before = before;
            let enough = i64::try_from(some.len()).unwrap_or(0) >= left;
            records.append(&mut some);
            if enough {
                break;
            }
        }
        let format = input.format.unwrap_or(CdrFormat::Csv);
        let (name, kind) = match format {
            CdrFormat::Csv => ("calls.csv", "text/csv; charset=utf-8"),
            CdrFormat::JsonLines => ("calls.jsonl", "application/jsonl"),
        };
        Ok(shown(&call, name.to_owned(), kind.to_owned(), file(format, &records).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        for (text, expected) in [("plain", "plain"), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""), ("=HYPERLINK(1)", "\"'=HYPERLINK(1)\""), ("+49 30", "\"'+49 30\""), ("two\nlines", "\"two\nlines\""), ("", "")] {
            assert_eq!(cell(text), expected);
        }
        let mut line = String::new();
        table(["a", "b,c"].map(cell), &mut line);
        assert_eq!(line, "a,\"b,c\"\r\n");
    }
}
