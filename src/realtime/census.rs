//! Counts of messages, transactions as they are shown and ended from here, and who is let to the door.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use model::call::CallTrace;
use model::sip::{SipCount, SipStats, SipTransaction};
use service::KeptTrace;
use sip::endpoint::{Flow, Side};
use sip::header::Transport;
use sip::proxy;
use sip::transaction::Key;
use sip::{Message, Method, Name, Parsed, Writer};
use types::{Machine, Timestamp};
use uuid::Uuid;

use crate::admit::tag;
use crate::call::{Call, moment};
use crate::ladder::Ladder;
use crate::sources::Gate;
use crate::switch::Switch;
use crate::write_behind::Write;

/// Ladders of failed calls that are kept in such a time.
const FAILED_KEPT: u32 = 600;
const FAILED_PERIOD: Duration = Duration::from_secs(60);
const TRANSPORTS: [Transport; 5] = [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss];
/// Methods that have a name.
const METHODS: usize = 14;
/// Those, all others as one, and six classes of responses.
const ROWS: usize = METHODS + 1 + 6;

/// Messages by method or class, and transport: how many came and left.
#[derive(Debug, Default)]
pub(crate) struct Counts([[(u64, u64); TRANSPORTS.len()]; ROWS]);

fn row_of_method(name: &[u8]) -> usize {
    Method::KNOWN.iter().position(|method| method.name().as_bytes() == name).unwrap_or(METHODS)
}

fn row_of_status(status: u16) -> usize {
    METHODS + usize::from((status / 100).clamp(1, 6))
}

impl Counts {
    fn cell(&mut self, row: usize, transport: Transport) -> Option<&mut (u64, u64)> {
        let column = TRANSPORTS.iter().position(|one| *one == transport)?;
        self.0.get_mut(row)?.get_mut(column)
    }

    fn came(&mut self, message: &Message, transport: Transport) {
        let row = match message {
            Message::Request(request) => row_of_method(request.method().name().as_bytes()),
            Message::Response(response) => row_of_status(response.status()),
        };
        if let Some(cell) = self.cell(row, transport) {
            cell.0 += 1;
        }
    }

    /// These octets were sent.
    pub(crate) fn left(&mut self, octets: &[u8], transport: Transport) {
        let row = match octets.strip_prefix(b"SIP/2.0 ").and_then(|rest| rest.first()) {
            Some(class) => row_of_status(100 * u16::from(class.saturating_sub(b'0'))),
            None => match octets.iter().take(64).position(|octet| *octet == b' ') {
                Some(end) => row_of_method(octets.get(..end).unwrap_or_default()),
                // A ping.
                None => return,
            },
        };
        if let Some(cell) = self.cell(row, transport) {
            cell.1 += 1;
        }
    }

    fn show(&self) -> (Vec<SipCount>, Vec<SipCount>) {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let (mut requests, mut responses) = (Vec::new(), Vec::new());
        for (row, cells) in self.0.iter().enumerate() {
            for ((received, sent), transport) in cells.iter().zip(TRANSPORTS).filter(|(count, _)| **count != (0, 0)) {
                let transport = transport.name().to_lowercase();
                let (list, name) = match row.checked_sub(METHODS) {
                    None => (&mut requests, Method::KNOWN.get(row).map(|method| method.name().to_owned()).unwrap_or_default()),
                    Some(0) => (&mut requests, "other".to_owned()),
                    Some(class) => (&mut responses, format!("{class}xx")),
                };
                list.push(SipCount { name, transport, received: number(*received), sent: number(*sent) });
            }
        }
        (requests, responses)
    }
}

fn id_of(side: Side, key: &Key) -> Uuid {
    let half = |number: u8| {
        let mut hasher = DefaultHasher::new();
        (number, side, key).hash(&mut hasher);
        hasher.finish()
    };
    Uuid::from_u64_pair(half(0), half(1))
}

/// A moment of the clock that only goes on, as the calendar has it.
fn calendar(now: Instant, at: Instant) -> Timestamp {
    let micros = |time: std::time::Duration| i64::try_from(time.as_micros()).unwrap_or(0);
    let ahead = micros(at.saturating_duration_since(now)) - micros(now.saturating_duration_since(at));
    Timestamp::from_micros(moment().micros().saturating_add(ahead))
}

impl Switch {
    /// Counts a message that came; whether anybody looks into it.
    pub(crate) fn lets_in(&mut self, now: Instant, flow: &Flow, parsed: &Parsed) -> bool {
        let Parsed::Message(message) = parsed else { return true };
        self.flows.counts.came(message, flow.transport);
        let Message::Request(request) = message else { return true };
        let ip = flow.address.ip();
        if self.shared.service.is_near(ip) {
            return true;
        }
        let rate = match u32::try_from(self.shared.service.module_settings().sip.stranger_rate) {
            Ok(rate) if rate > 0 && flow.transport == Transport::Udp => Some(f64::from(rate)),
            _ => None,
        };
        match self.shared.sources.judge(ip, now, rate, request) {
            Gate::Pass => true,
            Gate::Busy => {
                let mut writer = Writer::reply(request, 503, "", &tag(), flow.address);
                writer.field(Name::RetryAfter, "5");
                self.flows.send(flow, None, writer.finish());
                false
            }
            Gate::Silence => false,
        }
    }

    /// All transactions there are, the newest first.
    pub(crate) fn transactions(&self) -> Vec<SipTransaction> {
        let now = Instant::now();
        let show = |open: sip::endpoint::Open<'_>| SipTransaction {
            id: id_of(open.side, open.key),
            side: if open.side == Side::Server { "server" } else { "client" }.to_owned(),
            method: open.request.method().name().to_owned(),
            sip_call_id: open.request.call_id().to_owned(),
            branch: open.request.via().ok().and_then(|via| via.branch().map(str::to_owned)).unwrap_or_default(),
            remote: open.flow.address.to_string(),
            transport: open.flow.transport.name().to_lowercase(),
            state: if open.answered { "answered" } else { "waiting" }.to_owned(),
            began_at: calendar(now, open.since),
            due_at: open.due.map(|at| calendar(now, at)),
        };
        let mut all: Vec<SipTransaction> = self.endpoint.open().map(show).collect();
        all.sort_by(|one, other| (other.began_at, other.id).cmp(&(one.began_at, one.id)));
        all
    }

    /// Ends a transaction from here: what was received gets 500, what was passed on is cancelled. Whether there was one that
    /// is not answered yet.
    pub(crate) fn abort(&mut self, now: Instant, id: Uuid) -> bool {
        let found = self.endpoint.open().find(|open| !open.answered && id_of(open.side, open.key) == id).map(|open| (open.side, open.key.clone(), open.flow.address));
        let Some((side, key, _)) = found else { return false };
        let server = match side {
            Side::Server => key,
            Side::Client => match self.branches.get(&key) {
                Some((server, _)) => server.clone(),
                None => {
                    self.endpoint.forget(&key);
                    return true;
                }
            },
        };
        let Some(received) = self.endpoint.received(&server) else { return false };
        let octets = Writer::reply(received.request(), 500, "Aborted", &tag(), received.source()).finish();
        self.answer(now, &server, 500, octets);
        if let Some(proxied) = self.proxies.get_mut(&server) {
            let call = proxied.call.filter(|_| proxied.in_dialog.is_none());
            proxied.proxy.handle(now, proxy::Input::Stop(None));
            self.end_call(now, call, 500, "server");
            self.drain_proxy(now, &server);
        }
        true
    }

    fn show_ladder(&mut self, id: Uuid, ladder: &Ladder) -> CallTrace {
        let own = ladder.first().map(|flow| self.sent_by(&flow)).unwrap_or_default();
        ladder.show(id, own)
    }

    /// What passed in a call, also for a while when it is over.
    pub(crate) fn trace(&mut self, id: Uuid) -> Option<CallTrace> {
        let ladder = self.calls.ladder_of(id)?.clone();
        Some(self.show_ladder(id, &ladder))
    }

    /// Keeps the ladder of a call that is over, when it failed or its trace is on. Of failed ones only so many, whatever
    /// strangers try.
    pub(crate) fn keep_trace(&mut self, now: Instant, call: &Call) {
        let settings = self.shared.service.module_settings();
        let sip = &settings.sip;
        let failed = call.record.final_code.is_some_and(|code| code >= 400 && !matches!(code, 486 | 487));
        let seconds = if sip.trace_calls || call.ladder.kept {
            sip.trace_days * 86_400
        } else if failed && sip.trace_failed_hours > 0 && self.may_keep(now) {
            sip.trace_failed_hours * 3600
        } else {
            return;
        };
        let trace = self.show_ladder(call.record.id, &call.ladder);
        self.write(Write::Trace(Box::new(KeptTrace { trace, keep_until: moment().plus_seconds(seconds) })));
    }

    fn may_keep(&mut self, now: Instant) -> bool {
        if now.duration_since(self.kept.0) >= FAILED_PERIOD {
            self.kept = (now, 0);
        }
        self.kept.1 += 1;
        self.kept.1 <= FAILED_KEPT
    }

    /// Counters as they stand.
    pub(crate) fn stats(&self) -> SipStats {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let (requests, responses) = self.flows.counts.show();
        let (client, server) = self.endpoint.transactions();
        let (limited, silenced) = self.shared.sources.counts();
        let now = Instant::now();
        SipStats {
            started_at: Timestamp::from_seconds(i64::try_from(self.epoch.1).unwrap_or_default()),
            requests,
            responses,
            server_transactions: number(server),
            client_transactions: number(client),
            registrations: number(self.locations.len()),
            calls: number(self.calls.len()),
            bans: number(self.shared.sources.bans(now).len()),
            stray: i64::try_from(self.strays).unwrap_or(i64::MAX),
            dropped: i64::try_from(self.endpoint.dropped()).unwrap_or(i64::MAX),
            limited,
            register_limited: self.meters.refused[0],
            calls_in_limited: self.meters.refused[1],
            calls_out_limited: self.meters.refused[2],
            silenced,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_by_kind_and_way() {
        assert_eq!(Method::KNOWN.len(), METHODS);
        let mut counts = Counts::default();
        for octets in ["INVITE sip:a@b SIP/2.0\r\n", "INVITE sip:a@b SIP/2.0\r\n", "SIP/2.0 183 X\r\n", "FETCH sip:a SIP/2.0\r\n", "\r\n\r\n"] {
            counts.left(octets.as_bytes(), Transport::Tls);
        }
        let (requests, responses) = counts.show();
        let seen = |list: Vec<SipCount>| list.into_iter().map(|one| (one.name, one.transport, one.received, one.sent)).collect::<Vec<_>>();
        let one = |name: &str, sent| (name.to_owned(), "tls".to_owned(), 0, sent);
        assert_eq!(seen(requests), [one("INVITE", 2), one("other", 1)]);
        assert_eq!(seen(responses), [one("1xx", 1)]);
    }
}
