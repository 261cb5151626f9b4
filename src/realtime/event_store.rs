//! Subscriptions outlive the server: they are written behind its memory, and taken up again at start.

use std::time::{Duration, Instant};

use service::SubscriptionRow;
use sip::Dialog;
use sip::endpoint::Flow;
use sip::header::Transport;
use sip::subscription::{Handle, Kept, Package, Resource, Standing, Subscriber as Watcher};
use types::Timestamp;
use uuid::Uuid;

use crate::call::moment;
use crate::events::resource;
use crate::held::comes_back;
use crate::switch::Switch;
use crate::write_behind::Write;

/// NOTIFYs that may have been sent in a dialog since it was stored.
const AHEAD: u32 = 1_000_000;

/// A stored dialog, in which our numbers go on beyond those that may have been used.
fn taken_up(stored: &str) -> Option<Dialog> {
    let mut lines: Vec<String> = stored.split('\n').map(str::to_owned).collect();
    let ours = lines.get_mut(6)?;
    *ours = ours.parse::<u32>().ok()?.saturating_add(AHEAD).to_string();
    Dialog::restore(&lines.join("\n"))
}

impl Switch {
    /// Writes a subscription that was made or refreshed.
    pub(crate) fn store_subscription(&mut self, now: Instant, handle: Handle) {
        let Some(subscription) = self.events.notifier.get(handle).filter(|subscription| !subscription.is_ending()) else { return };
        let Some(watcher) = subscription.watcher else { return };
        let left = subscription.expires_at.saturating_duration_since(now);
        let id = *self.events.stored.entry(handle).or_insert_with(Uuid::now_v7);
        let kept = subscription.kept();
        let row = SubscriptionRow {
            id,
            account_id: Uuid::from_u128(subscription.resource.account),
            watcher_id: Uuid::from_u128(watcher),
            package: subscription.resource.package.name().to_owned(),
            list: subscription.resource.list,
            pending: subscription.standing == Standing::Pending,
            received: subscription.flow.address.to_string(),
            transport: subscription.flow.transport.name().to_lowercase(),
            expires_at: Timestamp::from_micros(moment().micros().saturating_add(i64::try_from(left.as_micros()).unwrap_or(i64::MAX))),
            dialog: kept.dialog.store(),
            event_id: kept.event_id.as_deref().map(str::to_owned),
            contact: kept.contact.to_string(),
        };
        self.write(Write::Subscription(Box::new(row)));
    }

    /// Takes a subscription that is no more from the database.
    pub(crate) fn forget_subscription(&mut self, handle: Handle) {
        if self.events.notifier.get(handle).is_some() {
            return;
        }
        self.events.lists.remove(handle);
        if let Some(id) = self.events.stored.remove(&handle) {
            self.write(Write::Unsubscribed(id));
        }
    }

    /// Takes up the subscriptions that were there when the server stopped; all are told the state anew.
    pub(crate) async fn restore_subscriptions(&mut self) {
        let rows = match self.shared.service.load_subscriptions().await {
            Ok(rows) => rows,
            Err(error) => return tracing::error!(%error, "subscriptions cannot be read; telephones have to subscribe anew"),
        };
        let mut count = 0_usize;
        for row in rows {
            let id = row.id;
            if self.take_up_subscription(row).await.is_some() {
                count += 1;
            } else {
                self.write(Write::Unsubscribed(id));
            }
        }
        if count > 0 {
            tracing::info!(count, "subscriptions taken up");
        }
    }

    async fn take_up_subscription(&mut self, row: SubscriptionRow) -> Option<()> {
        let (package, transport) = (Package::parse(&row.package)?, Transport::parse(&row.transport)?);
        // Connections are gone with the server that had them; telephones come back.
        let flow = (transport == Transport::Udp || comes_back(transport)).then_some(Flow { id: 0, address: row.received.parse().ok()?, transport })?;
        let now = Instant::now();
        let left = u64::try_from(row.expires_at.micros() - moment().micros()).ok()?;
        let kept = Kept { dialog: taken_up(&row.dialog)?, event_id: row.event_id.map(Into::into), contact: row.contact.clone().into() };
        for account in [row.account_id, row.watcher_id] {
            if !self.events.known.contains_key(&account) {
                let subscriber = self.shared.service.subscriber(account).await.ok().flatten()?;
                self.events.known.insert(account, subscriber);
            }
        }
        let watcher = Watcher {
            resource: Resource { list: row.list, ..resource(package, row.account_id) },
            watcher: Some(row.watcher_id.as_u128()),
            standing: if row.pending { Standing::Pending } else { Standing::Active },
            flow,
            tag: "",
            contact: &row.contact,
        };
        let handle = self.events.notifier.restore(now, &watcher, kept, now + Duration::from_micros(left));
        self.events.stored.insert(handle, row.id);
        if package == Package::MessageSummary && self.events.inboxes.insert(row.account_id) {
            self.watch_inbox(row.account_id);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_beyond_those_that_were_used() {
        let stored = "id\nlocal\nremote\n<sip:a@x>\n<sip:b@y>\nsip:b@192.0.2.1\n7\n3\nconfirmed";
        assert_eq!(taken_up(stored).unwrap().local_cseq(), 7 + AHEAD);
        assert!(taken_up("nonsense").is_none());
    }
}
