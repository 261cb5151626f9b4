//! Calls that are going on: their records, their ladders, and what is needed to end them.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use model::call::{CallDirection, CallParty, CallRecord, CallState};
use model::media::{MediaVerdict, PoorMedia};
use serde::Serialize;
use service::{MediaForce, MediaSide, Occurrence};
use sip::endpoint::Flow;
use sip::{Dialog, Message, Parsed, Request, Uri, parse};
use types::Timestamp;
use uuid::Uuid;

use crate::index::{Index, Mark};
use crate::ladder::Ladder;
use crate::session::Session;

#[cfg(test)]
mod tests;

/// How long the ladder of a call that is over can be asked for.
const KEPT: Duration = Duration::from_secs(900);
/// Most ladders of calls that are over; the oldest go first.
const KEPT_CALLS: usize = 2_000;

/// A call that is going on.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) record: CallRecord,
    pub(crate) ladder: Ladder,
    pub(crate) caller: End,
    /// Who was reached, by the tags under which they answer (RFC 3261 §12.1.2): a call that forks has several.
    reached: Vec<Reached>,
    /// The tag of the one who answered.
    won: Option<Box<str>>,
    /// What it was set up by, when it was answered.
    pub(crate) set_up: Option<SetUp>,
    /// Accounts whose telephones were tried.
    pub(crate) alerted: Vec<Uuid>,
    /// Where its INVITE came from.
    pub(crate) from: IpAddr,
    /// The 2xx that the caller got, sent again when the callee's comes again.
    pub(crate) answer: Option<Bytes>,
    /// The tag of the caller, which tells who sends a request.
    pub(crate) caller_tag: Box<str>,
    /// When its telephones have to confirm it.
    pub(crate) session: Option<Session>,
    began: Instant,
}

/// Somebody who was reached.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    tag: Box<str>,
    /// The branch of the INVITE that led there.
    pub(crate) branch: u32,
    pub(crate) end: End,
    /// An offer in a response waits for its answer in the PRACK or ACK; whether the caller gives it.
    pub(crate) awaits: Option<bool>,
}

/// Most who are reached and told apart.
const REACHED: usize = 64;

impl Call {
    /// An account calls or is called.
    fn has(&self, account: Uuid) -> bool {
        [&self.record.caller, &self.record.callee].iter().any(|party| party.account_id == Some(account))
    }

    /// Whether a response under this tag came before.
    pub(crate) fn knows(&self, tag: &str) -> bool {
        self.reached.iter().any(|one| &*one.tag == tag)
    }

    /// A response under this tag came from a branch.
    pub(crate) fn reach(&mut self, tag: &str, branch: u32, end: End) {
        if self.reached.len() < REACHED && !self.knows(tag) {
            self.reached.push(Reached { tag: tag.into(), branch, end, awaits: None });
        }
    }

    /// The one with this tag answered the call.
    pub(crate) fn win(&mut self, tag: &str) {
        self.won = Some(tag.into());
    }

    /// Whether this tag is that of a fork which the caller does not speak with: it answered too late.
    pub(crate) fn is_late(&self, tag: Option<&str>) -> bool {
        let known = tag.filter(|tag| self.knows(tag));
        known.is_some_and(|tag| self.won.as_deref().is_some_and(|won| won != tag))
    }

    fn place(&self, tag: Option<&str>) -> Option<usize> {
        let find = |tag: &str| self.reached.iter().position(|one| &*one.tag == tag);
        tag.and_then(find).or_else(|| find(self.won.as_deref()?))
    }

    /// Who speaks under this tag; whoever answered the call when it is unknown.
    pub(crate) fn reached(&self, tag: Option<&str>) -> Option<&Reached> {
        self.reached.get(self.place(tag)?)
    }

    /// The same, to be changed.
    pub(crate) fn reached_mut(&mut self, tag: Option<&str>) -> Option<&mut Reached> {
        let place = self.place(tag)?;
        self.reached.get_mut(place)
    }

    /// Whoever answered the call.
    pub(crate) fn callee(&self) -> Option<&End> {
        self.won.as_deref().and_then(|tag| self.reached(Some(tag))).map(|reached| &reached.end)
    }
}

/// The tag of the called end in a request inside a dialog.
pub(crate) fn callee_tag(request: &Request, from_caller: bool) -> Option<String> {
    let end = if from_caller { request.to() } else { request.from() };
    end.ok()?.tag().map(str::to_owned)
}

/// One end of a call.
#[derive(Debug, Clone)]
pub(crate) struct End {
    /// Where its requests come from.
    pub(crate) flow: Flow,
    /// What the media relay knows it by.
    pub(crate) side: MediaSide,
    /// Requests of the other end in the dialog go to its flow: nothing else reaches it.
    pub(crate) by_flow: bool,
    /// Whether its media goes through here, as its account has it.
    pub(crate) relay: MediaForce,
}

/// The messages that set a call up: its dialogs are read from them when it is ended from here.
#[derive(Debug)]
pub(crate) struct SetUp {
    /// The INVITE as it came.
    pub(crate) received: Bytes,
    /// The INVITE as it left to who answered.
    pub(crate) sent: Bytes,
    /// The 2xx as it came.
    pub(crate) answer: Bytes,
}

impl SetUp {
    /// The dialogs with caller and callee.
    pub(crate) fn dialogs(&self) -> Option<[Dialog; 2]> {
        let message = |octets: &Bytes| match parse(octets.clone(), &sip::Limits::STREAM) {
            Parsed::Message(message) => Some(message),
            _ => None,
        };
        let (Message::Request(received), Message::Request(sent), Message::Response(answer)) = (message(&self.received)?, message(&self.sent)?, message(&self.answer)?) else { return None };
        let tag = answer.to().ok()?.tag()?.to_owned();
        Some([Dialog::answering(&received, &tag, rand::random::<u32>() >> 2).ok()?, Dialog::answered(&sent, &answer).ok()?])
    }
}

/// All calls of this node.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    live: HashMap<Uuid, Call>,
    index: Index,
    over: HashMap<Uuid, (Instant, Ladder)>,
    /// The same in the order in which they ended.
    ended: VecDeque<(Instant, Uuid)>,
}

/// The moment now.
pub(crate) fn moment() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Who a request says to come from.
pub(crate) fn caller_party(request: &Request, flow: &Flow, account: Option<(Uuid, Uuid)>, authenticated: bool) -> CallParty {
    let from = request.from().ok();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    CallParty {
        account_id: account.map(|(account, _)| account),
        domain_id: account.map(|(_, domain)| domain),
        uri: from.as_ref().map(|from| from.uri.without_headers().to_owned()).unwrap_or_default(),
        name: from.as_ref().map(|from| from.display_name().0.into_owned()).unwrap_or_default(),
        remote: flow.address.to_string(),
        transport: flow.transport.name().to_lowercase(),
        user_agent: request.value(sip::Name::UserAgent).map(text).unwrap_or_default(),
        authenticated,
    }
}

/// A record that begins.
pub(crate) fn begin(request: &Request, caller: CallParty, routed: Vec<String>) -> CallRecord {
    let dialled = request.uri().map(|uri: Uri<'_>| uri.without_headers().to_owned()).unwrap_or_default();
    CallRecord {
        id: Uuid::now_v7(),
        state: CallState::Trying,
        direction: CallDirection::Internal,
        sip_call_id: request.call_id().to_owned(),
        caller,
        callee: CallParty { uri: dialled.clone(), ..CallParty::default() },
        dialled,
        routed,
        started_at: moment(),
        ringing_at: None,
        answered_at: None,
        ended_at: None,
        duration_seconds: None,
        final_code: None,
        cause: String::new(),
        ended_by: String::new(),
        media_path: "direct".to_owned(),
        media: None,
    }
}

/// Why a call that was not answered ended.
pub(crate) fn cause_of(status: u16) -> &'static str {
    match status {
        486 | 600 => "busy",
        408 | 480 => "no_answer",
        487 => "cancelled",
        404 | 410 | 484 | 485 | 604 => "not_found",
        401 | 403 | 407 | 433 | 603 | 607 => "rejected",
        488 | 606 | 415 => "incompatible",
        _ => "unavailable",
    }
}

/// What an event tells of a call.
#[derive(Serialize)]
struct Told<'a> {
    id: Uuid,
    state: CallState,
    caller: &'a str,
    callee: &'a str,
    final_code: Option<i32>,
    cause: &'a str,
    #[serde(flatten)]
    amiss: Amiss<'a>,
}

/// What is amiss with the media of a call.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Amiss<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verdict: Option<&'a MediaVerdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) poor: Option<&'a PoorMedia>,
    /// Packets a second that come to its ports from elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) foreign_per_second: Option<u32>,
}

/// What is told of a call: once for each account concerned, or once for nobody.
pub(crate) fn news(kind: &'static str, record: &CallRecord) -> Vec<Occurrence> {
    news_with(kind, record, Amiss::default())
}

/// The same, with what is amiss with its media.
pub(crate) fn news_with(kind: &'static str, record: &CallRecord, amiss: Amiss<'_>) -> Vec<Occurrence> {
    let told = Told { id: record.id, state: record.state, caller: &record.caller.uri, callee: &record.callee.uri, final_code: record.final_code, cause: &record.cause, amiss };
    let object = serde_json::to_string(&told).unwrap_or_default();
    let one = |party: &CallParty| Occurrence { topic: "calls", kind, account_id: party.account_id, domain_id: party.domain_id, object: object.clone() };
    let mut news: Vec<Occurrence> = [&record.caller, &record.callee].into_iter().filter(|party| party.account_id.is_some()).map(one).collect();
    news.dedup_by_key(|one| one.account_id);
    if news.is_empty() {
        news.push(one(&record.caller));
    }
    news
}

impl Calls {
    /// Adds a call; its id.
    pub(crate) fn add(&mut self, now: Instant, record: CallRecord, caller: End, request: &Request) -> Uuid {
        let id = record.id;
        let caller_tag = request.from().ok().and_then(|from| from.tag().map(Into::into)).unwrap_or_default();
        let from = caller.flow.address.ip();
        let call = Call { record, ladder: Ladder::default(), caller, reached: Vec::new(), won: None, set_up: None, alerted: Vec::new(), from, answer: None, caller_tag, session: None, began: now };
        self.index.add(&call);
        self.live.insert(id, call);
        id
    }

    /// Takes a call out whose place another takes.
    pub(crate) fn take(&mut self, id: Uuid) -> Option<Call> {
        let call = self.live.remove(&id)?;
        self.index.remove(&call);
        Some(call)
    }

    /// A call that is going on.
    pub(crate) fn get(&self, id: Uuid) -> Option<&Call> {
        self.live.get(&id)
    }

    /// A call that is going on.
    pub(crate) fn get_mut(&mut self, id: Uuid) -> Option<&mut Call> {
        self.live.get_mut(&id)
    }

    /// Records of the calls that are going on.
    pub(crate) fn records(&self) -> Vec<CallRecord> {
        self.live.values().map(|call| call.record.clone()).collect()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }

    fn change(&mut self, id: Uuid, change: impl FnOnce(&mut Call)) {
        let Some(call) = self.live.get_mut(&id) else { return };
        self.index.remove(call);
        change(call);
        self.index.add(call);
    }

    /// An account is called, or has answered.
    pub(crate) fn set_callee(&mut self, id: Uuid, account: Uuid, domain: Uuid) {
        self.change(id, |call| (call.record.callee.account_id, call.record.callee.domain_id) = (Some(account), Some(domain)));
    }

    /// Telephones of an account ring.
    pub(crate) fn alert(&mut self, id: Uuid, account: Uuid) {
        self.change(id, |call| call.alerted.push(account));
    }

    fn marked(&self, mark: &Mark) -> impl Iterator<Item = &Call> + use<'_> {
        self.index.of(mark).iter().filter_map(|id| self.live.get(id))
    }

    /// The accounts of the live calls with a Call-ID: a call that comes back here has two with the same.
    pub(crate) fn parties(&self, call_id: &str) -> Option<Vec<Uuid>> {
        let mut calls = self.marked(&Mark::CallId(call_id.into())).peekable();
        calls.peek()?;
        Some(calls.flat_map(|call| [call.record.caller.account_id, call.record.callee.account_id]).flatten().collect())
    }

    /// How many calls there are from an address by callers who have not signed in.
    pub(crate) fn of_stranger(&self, ip: IpAddr) -> usize {
        self.index.of(&Mark::Stranger(ip)).len()
    }

    /// Calls of an account, also those that ring for it.
    pub(crate) fn concerning(&self, account: Uuid) -> impl Iterator<Item = &Call> {
        self.marked(&Mark::Account(account)).filter(move |call| {
            let rings = call.record.answered_at.is_none() && call.alerted.contains(&account);
            rings || call.has(account)
        })
    }

    /// Whether an account calls or speaks.
    pub(crate) fn is_talking(&self, account: Uuid) -> bool {
        self.concerning(account).any(|call| call.record.answered_at.is_some() || call.record.caller.account_id == Some(account))
    }

    /// How many calls an account has, without this one.
    pub(crate) fn others_of(&self, account: Uuid, this: Option<Uuid>) -> usize {
        self.marked(&Mark::Account(account)).filter(|call| Some(call.record.id) != this && call.has(account)).count()
    }

    /// The ladder of a call, also for a while when it is over: its BYE goes on then.
    pub(crate) fn ladder(&mut self, id: Uuid) -> Option<&mut Ladder> {
        match self.live.get_mut(&id) {
            Some(call) => Some(&mut call.ladder),
            None => self.over.get_mut(&id).map(|(_, ladder)| ladder),
        }
    }

    /// What passed in a call, also for a while when it is over.
    pub(crate) fn ladder_of(&self, id: Uuid) -> Option<&Ladder> {
        self.live.get(&id).map(|call| &call.ladder).or_else(|| self.over.get(&id).map(|(_, ladder)| ladder))
    }

    /// A call is over: its record as it stays. Its ladder is to be put away.
    pub(crate) fn end(&mut self, id: Uuid, cause: &str, ended_by: &str) -> Option<Call> {
        let mut call = self.take(id)?;
        let (record, at) = (&mut call.record, moment());
        record.ended_at = Some(at);
        record.state = CallState::Ended;
        record.cause = cause.to_owned();
        record.ended_by = ended_by.to_owned();
        #[allow(clippy::cast_precision_loss, reason = "calls of 285 years need no microseconds")]
        let seconds = record.answered_at.map(|answered| (at.micros() - answered.micros()) as f64 / 1e6);
        record.duration_seconds = seconds;
        Some(call)
    }

    /// Keeps the ladder of a call that is over.
    pub(crate) fn put_away(&mut self, now: Instant, id: Uuid, ladder: Ladder) {
        if self.ended.len() >= KEPT_CALLS
            && let Some((_, oldest)) = self.ended.pop_front()
        {
            self.over.remove(&oldest);
        }
        self.ended.push_back((now, id));
        self.over.insert(id, (now, ladder));
    }

    /// Forgets ladders nobody asks for any more; gives the calls that last longer than they may, or that
    /// nobody confirms, with the reason.
    pub(crate) fn sweep(&mut self, now: Instant, longest: Duration) -> Vec<(Uuid, &'static str)> {
        while let Some((_, oldest)) = self.ended.pop_front_if(|(since, _)| now.duration_since(*since) >= KEPT) {
            self.over.remove(&oldest);
        }
        let why = |call: &Call| match call.session {
            _ if now.duration_since(call.began) > longest => Some("max_duration"),
            Some(session) if session.is_over(now) => Some("session_timer"),
            _ => None,
        };
        self.live.iter().filter_map(|(id, call)| Some((*id, why(call)?))).collect()
    }
}
