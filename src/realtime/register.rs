//! REGISTER, and what becomes of bindings: answers, pings, the database and who listens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::json;
use service::{BindingRow, Occurrence, Prolonged, Subscriber};
use sip::endpoint::Flow;
use sip::header::Transport;
use sip::registrar::{Binding, Cause, Change, Key as BindingKey, Nat, Registration, Reply, Rules, State, Texts};
use sip::transaction::Key;
use sip::{Name, Request, Uri, Writer, nat};
use types::Timestamp;
use uuid::Uuid;

use crate::admit::tag;
use crate::meter::Metered;
use crate::own;
use crate::switch::Switch;
use crate::write_behind::Write;

/// How long an answer is there for a REGISTER that comes again (after 0.5 and 1.5 s); a later one is a registration like any other.
const ANSWERED: Duration = Duration::from_secs(2);
/// Rows read at a time when the server starts.
const ROWS: i64 = 5_000;

/// What an event tells of a binding.
#[derive(Serialize)]
struct Told<'a> {
    id: Uuid,
    address: &'a str,
    contact: &'a str,
}

fn seconds(moment: Timestamp) -> u64 {
    u64::try_from(moment.seconds()).unwrap_or(0)
}

fn timestamp(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

impl Switch {
    pub(crate) fn register(&mut self, now: Instant, key: &Key, flow: Flow, request: &Request, subscriber: &Arc<Subscriber>) {
        if !self.shared.service.is_near(flow.address.ip())
            && let Err(wait) = self.meter(now, Metered::Register, subscriber)
        {
            let mut writer = Writer::reply(request, 503, "", &tag(), flow.address);
            writer.field(Name::RetryAfter, wait.to_string());
            return self.answer_for(now, key, 503, writer.finish(), ANSWERED);
        }
        if let Some((status, reason)) = self.refuses_registration(now, &flow, request, subscriber) {
            let octets = Writer::reply(request, status, &reason, &tag(), flow.address).finish();
            return self.answer_for(now, key, status, octets, ANSWERED);
        }
        let moment = self.seconds(now);
        let service = &self.shared.service;
        let settings = service.module_settings();
        let sip = &settings.sip;
        let time = |seconds: i64| u32::try_from(seconds).unwrap_or(u32::MAX);
        let rules = Rules {
            min_expires: time(sip.min_expires),
            default_expires: time(sip.default_expires),
            max_expires: time(sip.max_expires),
            max_expires_nat_udp: time(sip.max_expires_nat_udp),
            max_bindings: usize::try_from(subscriber.settings.max_signal_contacts).unwrap_or(1),
            evict_oldest: sip.evict_oldest,
            foreign_contacts: false,
        };
        let aor = format!("sip:{}", subscriber.address);
        let (_, domain) = subscriber.address.rsplit_once('@').unwrap_or_default();
        let far = nat::is_far_caller(request, flow.address, |ip| own::is_translated(service, ip));
        let is_loop = |uri: &Uri<'_>| own::is_own_uri(&self.shared.service, &self.ports, uri);
        let registration = Registration {
            account: subscriber.account_id.as_u128(),
            request,
            flow,
            nat: if far { Nat::FarEnd } else { Nat::None },
            trusted: service.is_near(flow.address.ip()),
            own: &[&aor],
            is_loop: &is_loop,
            rules: &rules,
        };
        match self.locations.register(moment, &registration) {
            Err(refusal) => {
                let octets = refusal.reply(request, &tag(), flow.address).finish();
                self.answer_for(now, key, refusal.status, octets, ANSWERED);
            }
            Ok(registered) => {
                let names = subscriber.aliases.iter().map(|alias| format!("sip:{alias}@{domain}")).chain(subscriber.telnums.iter().map(|number| format!("tel:{number}")));
                let associated: Vec<String> = std::iter::once(aor.clone()).chain(names).collect();
                let associated: Vec<&str> = associated.iter().map(String::as_str).collect();
                let date = jiff::Timestamp::from_second(i64::try_from(moment).unwrap_or_default()).unwrap_or_default();
                let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap_or_default();
                let service_route = format!("<sip:{domain};lr>");
                let reply = Reply { tag: &tag(), source: flow.address, date: &date, aor: &aor, service_route: &service_route, associated: &associated, tokens: None };
                let octets = self.locations.reply(moment, subscriber.account_id.as_u128(), request, &registered, &reply);
                self.answer_for(now, key, 200, octets, ANSWERED);
                self.note_registered(&registered.changes, subscriber);
                self.deliver_waiting(subscriber);
                self.tell_unasked(subscriber, &registered.changes);
                self.resume_subscribers(now, subscriber.account_id);
            }
        }
    }

    fn note_registered(&mut self, changes: &[Change], subscriber: &Subscriber) {
        for change in changes {
            let (kind, key) = match change {
                Change::Added(key) => ("registration.added", key),
                Change::Refreshed(key) | Change::Prolonged(key) => ("registration.refreshed", key),
                Change::Confirmed(_) => {
                    self.events.registrations_changed(subscriber.account_id, None);
                    continue;
                }
                Change::Removed(..) => continue,
            };
            let Some(binding) = self.locations.get(*key) else { continue };
            let told = Told { id: Uuid::from_u128(binding.id), address: &subscriber.address, contact: binding.contact() };
            let object = serde_json::to_string(&told).unwrap_or_default();
            self.write(match change {
                Change::Prolonged(_) => prolonged(binding),
                _ => Write::Binding(Box::new(row(binding))),
            });
            self.events.registrations_changed(subscriber.account_id, None);
            self.write(Write::News(Occurrence { topic: "registrations", kind, account_id: Some(subscriber.account_id), domain_id: Some(subscriber.domain_id), object }));
        }
        self.note_changes(changes);
    }

    /// Notes what was removed.
    pub(crate) fn note_changes(&mut self, changes: &[Change]) {
        for change in changes {
            let Change::Removed(cause, binding) = change else { continue };
            self.events.registrations_changed(Uuid::from_u128(binding.account), Some((*cause, binding)));
            let id = Uuid::from_u128(binding.id);
            let object = json!({"id": id, "contact": binding.contact(), "cause": cause.event()});
            self.write(Write::Gone(id));
            self.write(Write::News(Occurrence { topic: "registrations", kind: "registration.removed", account_id: Some(Uuid::from_u128(binding.account)), domain_id: None, object: object.to_string() }));
        }
    }

    pub(crate) fn write(&self, write: Write) {
        if !write.is_history() || self.keeps_history() {
            self.writes.write(write);
        }
    }

    /// Whether calls and registrations leave something behind.
    pub(crate) fn keeps_history(&self) -> bool {
        self.shared.service.module_settings().sip.history
    }

    /// Takes bindings of an account away; how many there were.
    pub(crate) fn unregister(&mut self, account: Uuid, only: Option<Uuid>) -> i64 {
        let account = account.as_u128();
        let changes = match only {
            Some(id) => self.locations.remove(BindingKey { account, id: id.as_u128() }, Cause::Deactivated).into_iter().collect(),
            None => self.locations.clear(account, Cause::Deactivated),
        };
        self.note_changes(&changes);
        i64::try_from(changes.len()).unwrap_or(i64::MAX)
    }

    pub(crate) fn tick_registrar(&mut self, now: Instant) {
        let moment = self.seconds(now);
        if self.locations.deadline().is_none_or(|at| at > moment) {
            return;
        }
        let changes = self.locations.expire(moment);
        for change in &changes {
            if let Change::Prolonged(key) = change
                && let Some(binding) = self.locations.get(*key)
            {
                self.write(prolonged(binding));
            }
        }
        self.note_changes(&changes);
        for ping in self.locations.due_pings(moment) {
            self.ping(now, ping);
        }
    }

    /// Takes up the bindings that were there when the server stopped, and closes the records of its calls.
    pub(crate) async fn restore(&mut self) {
        match self.shared.service.close_call_records().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "calls were cut off when the server stopped"),
            Err(error) => tracing::error!(%error, "records of calls that were cut off cannot be closed"),
        }
        let (mut after, mut count) = (Uuid::nil(), 0_usize);
        loop {
            let rows = match self.shared.service.load_bindings(after, ROWS).await {
                Ok(rows) => rows,
                Err(error) => return tracing::error!(%error, "registrations cannot be read; telephones have to register anew"),
            };
            let Some((last, _)) = rows.last() else { break };
            after = last.id;
            let moment = self.seconds(Instant::now());
            for (row, _) in &rows {
                if self.take_up(moment, row) {
                    count += 1;
                } else {
                    self.write(Write::Gone(row.id));
                }
            }
        }
        if count > 0 {
            tracing::info!(count, "registrations taken up");
        }
    }

    fn take_up(&mut self, moment: u64, row: &BindingRow) -> bool {
        let (Some(transport), Ok(address)) = (Transport::parse(&row.transport), row.received.parse()) else { return false };
        let number = |name: &str| row.detail[name].as_u64().unwrap_or_default();
        let text = |name: &str| row.detail[name].as_str().unwrap_or_default();
        // Datagrams go by whichever socket is there.
        let flow = Flow { id: 0, address, transport };
        let state = State {
            account: row.account_id.as_u128(),
            id: row.id.as_u128(),
            q: u16::try_from(number("q")).unwrap_or(1000),
            cseq: u32::try_from(number("cseq")).unwrap_or_default(),
            expires_at: seconds(row.expires_at),
            created_at: seconds(row.created_at),
            refreshed_at: seconds(row.refreshed_at),
            reg_id: u32::try_from(number("reg_id")).ok().and_then(std::num::NonZeroU32::new),
            flow,
            connected: false,
            nat: match row.nat.as_str() {
                "far_end" => Nat::FarEnd,
                "near_end" => Nat::NearEnd,
                _ => Nat::None,
            },
            rtt_ms: None,
            misses: 0,
        };
        let texts = Texts { contact: &row.contact, params: text("params"), call_id: text("call_id"), instance: text("instance"), path: text("path"), user_agent: &row.user_agent };
        self.locations.restore(moment, state, texts)
    }
}

/// The times of a binding as they are stored.
fn prolonged(binding: &Binding) -> Write {
    Write::Prolonged(Prolonged { id: Uuid::from_u128(binding.id), expires_at: timestamp(binding.expires_at), refreshed_at: timestamp(binding.refreshed_at) })
}

/// A binding as it is stored.
fn row(binding: &Binding) -> BindingRow {
    let texts = binding.texts();
    BindingRow {
        id: Uuid::from_u128(binding.id),
        account_id: Uuid::from_u128(binding.account),
        contact: texts.contact.to_owned(),
        expires_at: timestamp(binding.expires_at),
        transport: binding.flow.transport.name().to_lowercase(),
        received: binding.flow.address.to_string(),
        user_agent: texts.user_agent.to_owned(),
        nat: match binding.nat {
            Nat::None => "none",
            Nat::FarEnd => "far_end",
            Nat::NearEnd => "near_end",
        }
        .to_owned(),
        detail: json!({
            "q": binding.q, "cseq": binding.cseq, "reg_id": binding.reg_id.map(std::num::NonZeroU32::get), "params": texts.params,
            "call_id": texts.call_id, "instance": texts.instance, "path": texts.path,
        }),
        created_at: timestamp(binding.created_at),
        refreshed_at: timestamp(binding.refreshed_at),
    }
}
