//! Asking a telephone whether it is there: OPTIONS to a binding, and how long the answer takes.

use std::time::Instant;

use service::Probed;
use sip::registrar::Key as BindingKey;
use sip::transaction::Key;
use sip::Method;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::switch::Switch;

/// Questions that wait at a time.
const MOST: usize = 1000;

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

    /// A question was answered so, 408 or 480 when not at all; whether it was one.
    pub(crate) fn probed(&mut self, key: &Key, status: u16, answered: bool) -> bool {
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
