//! Asking telephones whether they are there: OPTIONS to a binding and how long the answer takes, and pings of those behind
//! translators.

use std::time::Instant;

use model::server::SipPing;
use service::{Probed, Reached};
use sip::registrar::{Key as BindingKey, Ping};
use sip::transaction::Key;
use sip::{Method, Name};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::switch::Switch;

/// Questions that wait at a time.
const MOST: usize = 1000;
/// A lone CRLF pair keeps the way through a translator open.
const LINES: &[u8] = b"\r\n\r\n";

impl Switch {
    /// Asks a telephone; `None` is told when there is no such binding.
    pub(crate) fn probe(&mut self, now: Instant, account: Uuid, id: Uuid, told: oneshot::Sender<Option<Probed>>) {
        // Whoever asked may have given up waiting.
        let tell = |told: oneshot::Sender<Option<Probed>>, answer| {
            let _ = told.send(answer);
        };
        let Some(binding) = self.locations.get(BindingKey { account: account.as_u128(), id: id.as_u128() }) else { return tell(told, None) };
        let (flow, uri, routes) = (binding.flow, binding.request_uri().to_owned(), binding.routes());
        let silent = Probed { code: None, rtt_ms: None };
        let Some(flow) = self.flows.usable(flow).filter(|_| self.probes.len() < MOST) else { return tell(told, Some(silent)) };
        let from = format!("sip:{}", self.sent_by(&flow));
        let writer = self.own_request(&flow, &Method::Options, &uri, routes, [&from, &uri]);
        match self.endpoint.send(now, flow, writer.finish()) {
            Some(key) => drop(self.probes.insert(key, (now, told))),
            None => tell(told, Some(silent)),
        }
    }

    /// Keeps the way to a telephone behind a translator open, as the settings want it.
    pub(crate) fn ping(&mut self, now: Instant, ping: Ping) {
        let Some(flow) = self.flows.usable(ping.flow) else { return };
        let method = match self.sip_settings().nat_ping_method {
            // A connection tells by itself when it is gone.
            _ if flow.transport.is_reliable() => None,
            SipPing::Crlf => None,
            SipPing::Options => Some(Method::Options),
            SipPing::Notify => Some(Method::Notify),
        };
        let Some(method) = method else {
            self.flows.send(&flow, None, LINES.into());
            return;
        };
        let Some(binding) = self.locations.get(ping.key) else { return };
        let (uri, routes) = (binding.request_uri().to_owned(), binding.routes());
        let from = format!("sip:{}", self.sent_by(&flow));
        let mut writer = self.own_request(&flow, &method, &uri, routes, [&from, &uri]);
        if method == Method::Notify {
            writer.field(Name::Event, "keep-alive").field(Name::SubscriptionState, "active");
        }
        if let Some(key) = self.endpoint.send(now, flow, writer.finish()) {
            self.pings.insert(key, (now, ping.key));
        }
    }

    /// A ping was answered, or not at all; whether it was one.
    fn pinged(&mut self, key: &Key, status: u16, answered: bool) -> bool {
        if status < 200 {
            return self.pings.contains_key(key);
        }
        let Some((sent, binding)) = self.pings.remove(key) else { return false };
        if answered {
            self.locations.pong(binding, u32::try_from(sent.elapsed().as_millis()).unwrap_or(u32::MAX));
        } else if self.locations.missed(binding)
            && let Some(binding) = self.locations.get(binding)
        {
            tracing::info!(contact = binding.contact(), "a telephone does not answer and is not called until it does");
        }
        true
    }

    /// Whether telephones can be reached, and how long their last answers took in milliseconds; `None` for those that are gone.
    pub(crate) fn reached(&self, bindings: &[(Uuid, Uuid)]) -> Vec<Option<Reached>> {
        let one = |(account, id): &(Uuid, Uuid)| self.locations.get(BindingKey { account: account.as_u128(), id: id.as_u128() });
        bindings.iter().map(|key| one(key).map(|binding| (binding.is_reachable(), binding.rtt_ms))).collect()
    }

    /// A question was answered so, 408 or 480 when not at all; whether it was one.
    pub(crate) fn probed(&mut self, key: &Key, status: u16, answered: bool) -> bool {
        if self.pinged(key, status, answered) {
            return true;
        }
        if status < 200 {
            return self.probes.contains_key(key);
        }
        let Some((sent, told)) = self.probes.remove(key) else { return false };
        let code = answered.then(|| i32::from(status));
        let rtt_ms = answered.then(|| (sent.elapsed().as_secs_f64() * 100_000.0).round() / 100.0);
        let _ = told.send(Some(Probed { code, rtt_ms }));
        true
    }
}
