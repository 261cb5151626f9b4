//! Voice messages told to telephones that never ask (RFC 3842 §3, before there were subscriptions): a NOTIFY outside of dialogs
//! when they register, and when the INBOX changes.

use std::sync::Arc;
use std::time::Instant;

use service::Subscriber;
use sip::registrar::Change;
use sip::subscription::Package;
use sip::{Method, Name};
use uuid::Uuid;

use crate::switch::{Input, Switch, Task};

impl Switch {
    /// Telephones registered: those of an account that wants it are told.
    pub(crate) fn tell_unasked(&mut self, account: &Arc<Subscriber>, changes: &[Change]) {
        if !account.settings.mwi_unsolicited || !changes.iter().any(|change| matches!(change, Change::Added(_))) {
            return;
        }
        self.events.known.insert(account.account_id, account.clone());
        if self.events.inboxes.insert(account.account_id) {
            self.watch_inbox(account.account_id);
        }
        self.count_unasked(account.account_id);
    }

    /// Whether an account has telephones that are told without asking.
    pub(crate) fn has_unasked(&self, account: Uuid) -> bool {
        self.events.known.get(&account).is_some_and(|known| known.settings.mwi_unsolicited) && !self.locations.list(account.as_u128()).is_empty()
    }

    pub(crate) fn count_unasked(&mut self, account: Uuid) {
        let service = self.shared.service.clone();
        let task: Task = Box::pin(async move {
            let counts = service.voice_messages(account).await.ok();
            // The setting may have changed since the telephone registered.
            let account = service.subscriber(account).await.ok().flatten();
            Input::Unasked(account.zip(counts))
        });
        self.tasks.push(task);
    }

    pub(crate) fn notify_unasked(&mut self, now: Instant, account: Arc<Subscriber>, counts: [i64; 4]) {
        let id = account.account_id;
        let wanted = account.settings.mwi_unsolicited;
        let address = format!("sip:{}", account.address);
        self.events.known.insert(id, account);
        if !wanted {
            return;
        }
        let body = crate::event_state::summary(&address, counts);
        let devices = self.locations.targets(self.seconds(now), id.as_u128());
        let ways: Vec<_> = devices.iter().filter_map(|device| device.ways.first()).map(|way| (way.flow, way.request_uri().to_owned(), way.routes())).collect();
        for (flow, uri, routes) in ways {
            let Some(flow) = self.flows.usable(flow) else { continue };
            let mut writer = self.own_request(&flow, &Method::Notify, &uri, routes, [&address, &address]);
            writer.field(Name::Event, Package::MessageSummary.name());
            writer.field(Name::SubscriptionState, "terminated;reason=noresource");
            let octets = writer.body(Package::MessageSummary.body(), body.as_bytes());
            // Its answer means nothing: a telephone that cannot read it says so.
            let _ = self.endpoint.send(now, flow, octets);
        }
    }
}
