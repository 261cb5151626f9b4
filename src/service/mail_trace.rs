//! What happened to messages, told to whom it concerns: all of it to who watches the server, the part of a domain to its
//! administrators, the part of an account to its owner.

use std::collections::HashSet;

use model::mail_trace::{MailTrace, SearchMailTrace, TraceEvent};
use model::queue::TransitRecipient;
use model::{ListParams, Page, PageInfo};
use serde::Deserialize;
use serde_json::Value;
use store::mail_trace::{RecordRow, TraceFilter};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::page_limit;
use crate::transit::show_recipient;
use crate::operation::{Call, Done};
use crate::{Error, Kind, Result, Service, now};

/// How far back a search looks that names no time, in seconds.
const LOOK_BACK: i64 = 30 * 86_400;

/// Names a message by its trace.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TraceRef {
    /// Shared by all records of the message.
    pub(crate) trace_id: Uuid,
}

/// What a caller may see.
enum Sight {
    /// Everything.
    All,
    /// What concerns these domains.
    Domains(HashSet<String>),
    /// What concerns the account of these addresses.
    Account(HashSet<String>),
}

impl Sight {
    fn holds(&self, address: &str) -> bool {
        let address = address.to_lowercase();
        match self {
            Self::All => true,
            Self::Domains(names) => address.rsplit_once('@').is_some_and(|(_, domain)| names.contains(domain)),
            Self::Account(addresses) => addresses.contains(&address),
        }
    }

    /// Whether all recipients of a message may be seen: it was sent from within sight.
    fn is_author(&self, records: &[RecordRow]) -> bool {
        matches!(self, Self::All) || records.iter().any(|record| record.detail["authenticated"].as_str().is_some_and(|author| self.holds(author)))
    }

    /// What may be seen of a record; `None` when it concerns others only.
    fn of(&self, record: &RecordRow) -> Option<Value> {
        let mut detail = record.detail.clone();
        if detail["to"].as_str().is_some_and(|to| !self.holds(to)) {
            return None;
        }
        for list in ["to", "delivered", "queued", "failed"] {
            if let Some(list) = detail.get_mut(list).and_then(Value::as_array_mut) {
                list.retain(|one| one.as_str().or_else(|| one["to"].as_str()).is_some_and(|address| self.holds(address)));
            }
        }
        Some(detail)
    }

    fn trace(&self, records: &[RecordRow], waiting: Vec<TransitRecipient>) -> Option<MailTrace> {
        let first = records.first()?;
        let author = self.is_author(records);
        let concerns = |detail: &Value| ["to", "delivered"].iter().any(|list| detail[*list].as_array().is_some_and(|list| !list.is_empty()));
        let mut seen = author;
        let mut events = Vec::new();
        for record in records {
            let Some(detail) = (if author { Some(record.detail.clone()) } else { self.of(record) }) else { continue };
            seen |= concerns(&detail);
            events.push(TraceEvent { at: record.at, kind: record.kind.clone(), detail });
        }
        let waiting = waiting.into_iter().filter(|recipient| author || self.holds(&recipient.address)).collect();
        seen.then(|| MailTrace { trace_id: first.trace_id, number: first.number, message_id: first.message_id.clone(), events, waiting })
    }
}

fn place_of(cursor: &str) -> Result<(Timestamp, i64)> {
    let wrong = || Error::new(Kind::Malformed, "cursor_mismatch", "This cursor is not one of this collection.");
    let (at, n) = cursor.split_once('.').ok_or_else(wrong)?;
    Ok((Timestamp::from_micros(at.parse().map_err(|_| wrong())?), n.parse().map_err(|_| wrong())?))
}

impl Service {
    async fn sight(&self, call: &Call) -> Result<Sight> {
        let standing = call.caller.signed_in()?;
        if standing.has_server_right("monitors") && call.caller.may_server("monitors").is_ok() {
            return Ok(Sight::All);
        }
        if call.caller.may_domain(standing.domain_id, "can_view_logs").is_ok() {
            let domain = self.find_domain(&standing.domain_id.to_string()).await?.domain;
            return Ok(Sight::Domains(domain.aliases.into_iter().chain([domain.name]).collect()));
        }
        let account = self.find_account(call, "me").await?.account;
        let aliases = account.aliases.iter().map(|alias| format!("{alias}@{}", account.domain));
        Ok(Sight::Account(aliases.chain([account.address.clone()]).collect()))
    }

    async fn traces(&self, sight: &Sight, traces: &[Uuid]) -> Result<Vec<MailTrace>> {
        let records = self.store().delivery_records(traces).await?;
        let numbers: Vec<i64> = records.iter().map(|record| record.number).collect();
        let waiting = self.store().waiting(&numbers).await?;
        let one = |trace: &Uuid| {
            let own: Vec<RecordRow> = records.iter().filter(|record| record.trace_id == *trace).cloned().collect();
            let number = own.first().map_or(0, |record| record.number);
            sight.trace(&own, waiting.iter().filter(|row| row.message == number).cloned().map(show_recipient).collect())
        };
        Ok(traces.iter().filter_map(one).collect())
    }

    /// Messages that fit, the newest first.
    pub(crate) async fn search_mail_trace(self, call: Call, input: SearchMailTrace) -> Result<Done<Page<MailTrace>>> {
        let sight = self.sight(&call).await?;
        let limit = page_limit(&ListParams { limit: input.limit, ..Default::default() })?;
        let number = input.number.as_deref().map(|number| number.parse::<i64>().map_err(|_| Error::invalid("/number", "is no number of a message"))).transpose()?;
        let moment = now();
        let lower = |text: Option<String>| text.map(|text| text.trim().trim_matches(['<', '>']).to_lowercase());
        let filter = TraceFilter {
            after: input.received_after.unwrap_or_else(|| moment.plus_seconds(-LOOK_BACK)),
            before: input.received_before.unwrap_or_else(|| moment.plus_seconds(86_400)),
            message_id: input.message_id.map(|id| id.trim().trim_matches(['<', '>']).to_owned()),
            number,
            sender: lower(input.sender),
            recipient: lower(input.recipient),
            domains: if let Sight::Domains(names) = &sight { Some(names.iter().cloned().collect()) } else { None },
            parties: if let Sight::Account(addresses) = &sight { Some(addresses.iter().cloned().collect()) } else { None },
            place: input.cursor.as_deref().map(place_of).transpose()?,
        };
        let mut found = self.store().find_traces(&filter, limit + 1).await?;
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = found.len() > size;
        found.truncate(size);
        let next_cursor = found.last().filter(|_| has_more).map(|((at, n), _)| format!("{}.{n}", at.micros()));
        let traces: Vec<Uuid> = found.into_iter().map(|(_, trace)| trace).collect();
        Ok(Page { data: self.traces(&sight, &traces).await?, page: PageInfo { next_cursor, has_more, total: None } }.into())
    }

    /// The story of one message.
    pub(crate) async fn get_mail_trace(self, call: Call, input: TraceRef) -> Result<Done<MailTrace>> {
        let sight = self.sight(&call).await?;
        let trace = self.traces(&sight, &[input.trace_id]).await?.pop();
        Ok(trace.ok_or_else(|| Error::not_found("message"))?.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(kind: &str, detail: Value) -> RecordRow {
        RecordRow { at: Timestamp::default(), trace_id: Uuid::nil(), number: 1, message_id: "m@x".to_owned(), kind: kind.to_owned(), detail }
    }

    #[test]
    fn others_are_not_seen() {
        let records = [
            record("received", json!({"from": "a@far.example", "to": ["bob@one.example", "carl@two.example"], "delivered": ["bob@one.example"], "queued": [{"to": "carl@two.example"}]})),
            record("deferred", json!({"to": "carl@two.example", "reply": "450"})),
        ];
        let sees = |sight: &Sight| sight.trace(&records, Vec::new()).map(|trace| trace.events.iter().map(|event| event.detail.clone()).collect::<Vec<_>>());
        let account = |address: &str| Sight::Account([address.to_owned()].into());
        assert_eq!(sees(&Sight::All).unwrap().len(), 2);
        let bob = sees(&account("bob@one.example")).unwrap();
        assert_eq!(bob, [json!({"from": "a@far.example", "to": ["bob@one.example"], "delivered": ["bob@one.example"], "queued": []})]);
        assert_eq!(sees(&account("dora@one.example")), None);
        assert_eq!(sees(&account("a@far.example")), None, "a return path proves nothing");
        assert_eq!(sees(&Sight::Domains(["two.example".to_owned()].into())).unwrap().len(), 2);
        assert_eq!(place_of("1700.4").unwrap(), (Timestamp::from_micros(1700), 4));
        assert!(place_of("x").is_err());
    }

    #[test]
    fn an_author_sees_all_recipients() {
        let records = [record("received", json!({"authenticated": "anna@one.example", "to": ["x@far.example"], "queued": [{"to": "x@far.example"}]})), record("sent", json!({"to": "x@far.example"}))];
        let trace = Sight::Account(["anna@one.example".to_owned()].into()).trace(&records, Vec::new()).unwrap();
        assert_eq!((trace.events.len(), &trace.events[0].detail["queued"][0]["to"]), (2, &json!("x@far.example")));
    }
}
