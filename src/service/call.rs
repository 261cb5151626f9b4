//! Calls that are going on, and the records of those that are over.

use model::call::{CallRecord, CallRef, CallTrace, ListCallRecords, ListCdr, StartCall, TraceCall, TraceDetail};
use model::media::{CallStream, ListMediaStreams, MediaReport, MediaStats};
use model::{ListParams, Page, PageInfo};
use store::call_record::CallFilter;
use types::Timestamp;
use uuid::Uuid;

use crate::domain::page_limit;
use crate::operation::{Call, Done, Nothing, Octets};
use crate::registration::Whose;
use crate::signal::Destination;
use crate::voice::{OutgoingCall, VoiceCommand};
use crate::{Error, Kind, Result, Service, now};

fn concerns(record: &CallRecord, whose: Whose) -> bool {
    let sides = [&record.caller, &record.callee];
    match whose {
        Whose::All => true,
        Whose::Domain(id) => sides.iter().any(|side| side.domain_id == Some(id)),
        Whose::Account(id) => sides.iter().any(|side| side.account_id == Some(id)),
    }
}

/// Calls whose media is asked for at a time.
const CALLS_AT_A_TIME: usize = 100;

/// A message without its body.
fn without_body(message: &mut String) {
    if let Some(end) = message.find("\r\n\r\n") {
        message.truncate(end + 4);
    }
}

fn place(record: &CallRecord) -> String {
    format!("{}.{}", record.started_at.micros(), record.id)
}

fn place_of(cursor: &str) -> Result<(Timestamp, Uuid)> {
    let place = || {
        let (at, id) = cursor.split_once('.')?;
        Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?))
    };
    place().ok_or_else(|| Error::new(Kind::Malformed, "cursor_mismatch", "This cursor is not one of this collection."))
}

impl Service {
    /// Calls that are going on, the oldest first.
    pub(crate) async fn list_calls(self, call: Call, input: ListCallRecords) -> Result<Done<Page<CallRecord>>> {
        let whose = self.whose(&call, input.account.as_deref(), input.domain.as_deref()).await?;
        let limit = usize::try_from(page_limit(&ListParams { limit: input.limit, ..Default::default() })?).unwrap_or(usize::MAX);
        let after = input.cursor.as_deref().map(place_of).transpose()?;
        let mut live = self.ask_voice(VoiceCommand::Calls).await?;
        live.retain(|record| {
            let place = (record.started_at, record.id);
            concerns(record, whose) && after.is_none_or(|after| place > after) && input.since.is_none_or(|since| record.started_at >= since) && input.until.is_none_or(|until| record.started_at < until)
        });
        live.sort_unstable_by_key(|record| (record.started_at, record.id));
        let has_more = live.len() > limit;
        live.truncate(limit);
        Ok(paged(live, has_more))
    }

    /// A call that is going on or is over.
    pub(crate) async fn get_call(self, call: Call, input: CallRef) -> Result<Done<CallRecord>> {
        Ok(self.find_call(&call, input.call).await?.into())
    }

    /// The record of a call that the caller may see.
    pub(crate) async fn find_call(&self, call: &Call, id: Uuid) -> Result<CallRecord> {
        let unknown = || Error::not_found("call");
        let whose = self.whose(call, None, None).await?;
        let live = self.ask_voice(VoiceCommand::Calls).await?.into_iter().find(|record| record.id == id);
        let record = match live {
            Some(record) => record,
            None => {
                self.ask_voice(VoiceCommand::Flush).await?;
                self.store().call_record(id).await?.ok_or_else(unknown)?
            }
        };
        if concerns(&record, whose) { Ok(record) } else { Err(unknown()) }
    }

    /// Calls somebody by a telephone of the account.
    pub(crate) async fn start_call(self, call: Call, input: StartCall) -> Result<Done<CallRecord>> {
        let account = self.find_account(&call, &input.account).await?.account;
        call.caller.may_own(account.id, account.domain_id, "can_control_calls")?;
        let auto_answer = input.auto_answer.unwrap_or(false);
        if auto_answer && call.caller.signed_in()?.account_id != account.id {
            return Err(Error::new(Kind::Forbidden, "not_own", "A telephone is picked up without its owner for its owner only.").at("/auto_answer", "not_own", "is for one's own telephones"));
        }
        let to = if input.to.contains('@') { input.to } else { format!("{}@{}", input.to, account.domain) };
        if to.len() > 320 || to.starts_with('@') || to.ends_with('@') || to.chars().any(|c| c.is_control() || c.is_whitespace() || "<>\"".contains(c)) {
            return Err(Error::invalid("/to", "must be an address, or a name or number of the own domain"));
        }
        let subscriber = self.subscriber(account.id).await?.filter(|subscriber| subscriber.active && subscriber.settings.signal);
        let subscriber = subscriber.ok_or_else(|| Error::wrong_state("The account makes no calls."))?;
        let wrong_to = |status: u16, reason: &str| match status {
            403 | 407 => Error::new(Kind::Forbidden, "relay_denied", format!("The account may not call this: {reason}.")),
            _ => Error::new(Kind::Invalid, "unknown_recipient", "There is nobody to call.").at("/to", "unknown_recipient", "is nobody"),
        };
        // Nobody's telephone rings for what cannot be called.
        let leads = self.would_route(&to, Some(&subscriber)).await.destinations;
        if let Some(Destination::Refused { status, reason }) = leads.first().filter(|_| leads.iter().all(|one| matches!(one, Destination::Refused { .. }))) {
            return Err(wrong_to(*status, reason));
        }
        let outgoing = Box::new(OutgoingCall { account: subscriber, to, auto_answer });
        match self.ask_voice(|answer| VoiceCommand::StartCall(outgoing, answer)).await? {
            Ok(record) => Ok(record.into()),
            Err(480) => Err(Error::wrong_state("No telephone of the account that can dial is registered.")),
            Err(486) => Err(Error::wrong_state("The account has as many calls as it may have.")),
            Err(_) => Err(Error::new(Kind::Limited(10), "outgoing_limit", "Telephones of the account ring already for other calls; try again later.")),
        }
    }

    /// Ends a call for both sides.
    pub(crate) async fn hangup_call(self, call: Call, input: CallRef) -> Result<Done<()>> {
        let record = self.find_call(&call, input.call).await?;
        let standing = call.caller.signed_in()?;
        let sides = [&record.caller, &record.callee];
        if !sides.iter().any(|side| side.account_id == Some(standing.account_id)) {
            let domains = sides.iter().filter_map(|side| side.domain_id);
            let mut may = call.caller.may_server("can_control_calls");
            for domain in domains {
                may = may.or_else(|_| call.caller.may_domain(domain, "can_control_calls"));
            }
            may?;
        }
        if !self.ask_voice(|answer| VoiceCommand::HangUp(record.id, answer)).await? {
            return Err(Error::wrong_state("The call is over."));
        }
        Ok(().into())
    }

    /// What passed in a call, as a ladder.
    pub(crate) async fn trace_call(self, call: Call, input: TraceCall) -> Result<Done<CallTrace>> {
        let record = self.find_call(&call, input.call).await?;
        let full = input.detail == Some(TraceDetail::Full);
        if full {
            call.caller.may_server("trace_full")?;
        }
        let trace = match self.ask_voice(|answer| VoiceCommand::Trace(record.id, answer)).await? {
            Some(trace) => Some(trace),
            None => {
                self.ask_voice(VoiceCommand::Flush).await?;
                self.store().call_trace(record.id).await?
            }
        };
        let mut trace = trace.ok_or_else(|| Error::not_found("trace"))?;
        if full {
            self.note_sip(&call, "traceCall", &record.id.to_string()).await?;
        } else {
            trace.arrows.iter_mut().for_each(|arrow| without_body(&mut arrow.message));
        }
        if call.as_it_is {
            let octets = Octets { media_type: "application/x-pcapng".to_owned(), name: Some(format!("{}.pcapng", record.id)), data: crate::pcapng::capture(&trace).into() };
            return Ok(Done { octets: Some(octets), ..trace.into() });
        }
        Ok(trace.into())
    }

    /// Streams of calls that go on and are relayed, call by call, the oldest first.
    pub(crate) async fn list_media_streams(self, call: Call, input: ListMediaStreams) -> Result<Done<Page<CallStream>>> {
        let whose = self.whose(&call, input.account.as_deref(), input.domain.as_deref()).await?;
        if let Some(wrong) = input.quality.as_deref().filter(|quality| !["good", "fair", "poor"].contains(quality)) {
            return Err(Error::invalid("/quality", format!("{wrong} is neither good, fair nor poor")));
        }
        let limit = usize::try_from(page_limit(&ListParams { limit: input.limit, ..Default::default() })?).unwrap_or(usize::MAX);
        let after = input.cursor.as_deref().map(place_of).transpose()?;
        let mut live = self.ask_voice(VoiceCommand::Calls).await?;
        live.retain(|record| concerns(record, whose) && after.is_none_or(|after| (record.started_at, record.id) > after));
        live.sort_unstable_by_key(|record| (record.started_at, record.id));
        let (mut data, mut cursors, mut seen) = (Vec::new(), Vec::new(), 0);
        for some in live.chunks(CALLS_AT_A_TIME) {
            let ids = some.iter().map(|record| record.id).collect();
            let reports = self.ask_voice(|answer| VoiceCommand::MediaOf(ids, answer)).await?;
            for record in some {
                seen += 1;
                let streams = reports.iter().find(|report| report.call == record.id).map(|report| report.streams.clone()).unwrap_or_default();
                for stream in streams.into_iter().filter(|stream| input.quality.is_none() || stream.quality == input.quality) {
                    data.push(CallStream { call: record.id, caller: record.caller.uri.clone(), callee: record.callee.uri.clone(), stream });
                    cursors.push(place(record));
                }
                if data.len() >= limit {
                    break;
                }
            }
            if data.len() >= limit {
                break;
            }
        }
        let has_more = seen < live.len();
        let next_cursor = cursors.last().filter(|_| has_more).cloned();
        Ok(Done { cursors, ..Page { data, page: PageInfo { next_cursor, has_more, total: None } }.into() })
    }

    /// What is known of the media of a call: while it goes on as it is now, afterwards as it was at the end.
    pub(crate) async fn get_call_media(self, call: Call, input: CallRef) -> Result<Done<MediaReport>> {
        let record = self.find_call(&call, input.call).await?;
        let live = self.ask_voice(|answer| VoiceCommand::Media(record.id, answer)).await?;
        let none = MediaReport { call: record.id, relayed: false, streams: Vec::new(), verdicts: Vec::new() };
        Ok(live.or(record.media).unwrap_or(none).into())
    }

    /// The media relay as a whole.
    pub(crate) async fn get_media_stats(self, call: Call, _input: Nothing) -> Result<Done<MediaStats>> {
        call.caller.may_server("monitors")?;
        Ok(self.ask_voice(VoiceCommand::MediaStats).await?.into())
    }

    /// Records of calls, the newest first.
    pub(crate) async fn list_cdr(self, call: Call, input: ListCdr) -> Result<Done<Page<CallRecord>>> {
        let limit = page_limit(&ListParams { limit: input.limit, ..Default::default() })?;
        let filter = self.cdr_filter(&call, &input).await?;
        self.ask_voice(VoiceCommand::Flush).await?;
        let mut records = self.store().call_records(&filter, limit + 1).await?;
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = records.len() > size;
        records.truncate(size);
        Ok(paged(records, has_more))
    }

    /// Which records are asked for and may be seen.
    pub(crate) async fn cdr_filter(&self, call: &Call, input: &ListCdr) -> Result<CallFilter> {
        let whose = self.whose(call, input.account.as_deref(), input.domain.as_deref()).await?;
        Ok(CallFilter {
            account: if let Whose::Account(id) = whose { Some(id) } else { None },
            domain: if let Whose::Domain(id) = whose { Some(id) } else { None },
            since: input.since.unwrap_or_default(),
            before: match input.cursor.as_deref() {
                Some(cursor) => place_of(cursor)?,
                None => (input.until.unwrap_or_else(|| now().plus_seconds(60)), Uuid::nil()),
            },
            cause: input.cause.clone(),
            number: input.number.as_deref().map(|number| number.trim().to_lowercase()).filter(|number| !number.is_empty()),
        })
    }

    /// The record of a call.
    pub(crate) async fn get_cdr(self, call: Call, input: CallRef) -> Result<Done<CallRecord>> {
        Ok(self.find_call(&call, input.call).await?.into())
    }
}

fn paged(data: Vec<CallRecord>, has_more: bool) -> Done<Page<CallRecord>> {
    let cursors: Vec<String> = data.iter().map(place).collect();
    let next_cursor = cursors.last().filter(|_| has_more).cloned();
    Done { cursors, ..Page { data, page: PageInfo { next_cursor, has_more, total: None } }.into() }
}
