//! Subscribers over connections that are gone: they are told over the connection by which they register again, or one that is
//! opened to where they listen, and not at all until then.

use std::net::SocketAddr;
use std::time::Instant;

use sip::Uri;
use sip::endpoint::Flow;
use sip::header::Transport;
use sip::registrar::Binding;
use sip::subscription::Handle;
use sip::transaction::Key;
use sip::uri::Scheme;
use uuid::Uuid;

use crate::switch::Switch;

/// Whether a subscriber over this can come back; pages of browsers never do.
pub(crate) fn comes_back(transport: Transport) -> bool {
    matches!(transport, Transport::Tcp | Transport::Tls)
}

impl Switch {
    /// What leads to a subscriber now.
    pub(crate) fn way_to_subscriber(&mut self, handle: Handle) -> Option<Flow> {
        let subscription = self.events.notifier.get(handle)?;
        let flow = subscription.flow;
        if let Some(usable) = self.flows.usable(flow) {
            return Some(usable);
        }
        if !comes_back(flow.transport) {
            return None;
        }
        let dialog = &subscription.kept().dialog;
        let ways: Vec<&Binding> = self.locations.list(subscription.watcher?).iter().filter(|binding| binding.flow.transport == flow.transport && self.flows.is_open(binding.flow.id)).collect();
        let same = ways.iter().find(|binding| binding.contact() == dialog.target());
        let from_there: Vec<_> = ways.iter().filter(|binding| binding.flow.address.ip() == flow.address.ip()).collect();
        let binding = same.or(if let [one] = from_there[..] { Some(one) } else { None });
        if let Some(binding) = binding {
            return Some(binding.flow);
        }
        // Behind a translator nobody listens at what it says of itself.
        let uri = Uri::parse(dialog.next_hop().as_bytes()).ok()?;
        let ip = uri.ip().filter(|ip| ip.to_canonical() == flow.address.ip().to_canonical())?;
        let secure = uri.scheme() == Scheme::Sips || uri.param("transport").is_some_and(|name| name.eq_ignore_ascii_case("tls"));
        if secure != (flow.transport == Transport::Tls) {
            return None;
        }
        let address = SocketAddr::new(ip, uri.port().unwrap_or(if secure { 5061 } else { 5060 }));
        Some(self.flows.stream_to(address, flow.transport).unwrap_or_else(|| self.connect(address, flow.transport, ip.to_string())))
    }

    /// Nothing leads to a subscriber: whether he is told later.
    pub(crate) fn hold_subscriber(&mut self, handle: Handle) -> bool {
        let watcher = self.events.notifier.get(handle).filter(|one| comes_back(one.flow.transport)).and_then(|one| one.watcher);
        let Some(watcher) = watcher else { return false };
        if !self.events.notifier.hold(handle) {
            return false;
        }
        self.events.lists.tell_whole(handle);
        let notifier = &self.events.notifier;
        let held = self.events.held.entry(Uuid::from_u128(watcher)).or_default();
        held.retain(|one| notifier.get(*one).is_some());
        if !held.contains(&handle) {
            held.push(handle);
        }
        true
    }

    /// A NOTIFY did not get out; whether it was one.
    pub(crate) fn notify_lost(&mut self, key: &Key) -> bool {
        let Some(handle) = self.events.sent(key) else { return false };
        if self.hold_subscriber(handle) {
            self.events.forget_sent(key);
            return true;
        }
        self.notify_answered(key, 480)
    }

    /// An account has registered a telephone: it is told what it could not be told.
    pub(crate) fn resume_subscribers(&mut self, now: Instant, watcher: Uuid) {
        if self.events.held.is_empty() {
            return;
        }
        let Some(held) = self.events.held.remove(&watcher) else { return };
        held.into_iter().for_each(|handle| self.events.notifier.resume(now, handle));
        self.tick_events(now);
    }
}
