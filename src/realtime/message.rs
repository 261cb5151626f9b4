//! Instant messages (MESSAGE, RFC 3428): to the devices of the recipient, or kept until one can be reached.
//!
//! Messages that an operation sends, and those that waited, go the way of all others: a request is made for them, and nobody
//! waits for its response but what is written here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::json;
use service::{Destination, ImRow, ImSent, Occurrence, OutgoingIm, Sender, Signalled, Subscriber};
use sip::endpoint::Flow;
use sip::header::Transport;
use sip::proxy::{self, Config, Proxy};
use sip::transaction::Key;
use sip::{Limits, Message, Method, Name, Parsed, Request, Writer, parse};
use tokio::sync::oneshot;
use types::Timestamp;
use uuid::Uuid;

use crate::admit::{address_of, answer, tag};
use crate::call::moment;
use crate::passing::Proxied;
use crate::ruled::{caller_of, has_rules, route_named};
use crate::switch::{Input, Switch, Task};
use crate::write_behind::Write;

/// Most octets of a message.
const LARGEST: usize = 64 * 1024;
/// How long the devices have; the message is kept then, before its sender gives up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a message comes from.
#[derive(Debug)]
pub(crate) enum Origin {
    /// From the network.
    Wire,
    /// From an operation, which is told what became of it.
    Operation(oneshot::Sender<ImSent>),
    /// It waited for this account.
    Waited(Arc<Subscriber>, Uuid),
}

/// A message on its way.
#[derive(Debug)]
pub(crate) struct Im {
    id: Uuid,
    origin: Origin,
    sender: Option<Arc<Subscriber>>,
    /// The sender's address.
    from: String,
    /// The address it was sent to.
    to: String,
    recipients: Vec<Arc<Subscriber>>,
    content_type: String,
    body: Bytes,
    at: Timestamp,
    pub(crate) due: Option<Instant>,
    /// It is being kept.
    keeping: bool,
    /// The rules of its recipients were asked, or are not.
    ruled: bool,
}

impl Im {
    /// Whether it is worth keeping: not that somebody is typing.
    fn is_kept(&self) -> bool {
        !self.content_type.to_ascii_lowercase().starts_with("application/im-iscomposing")
    }

    fn row(&self, account: Uuid, id: Uuid, outgoing: bool, state: &str, code: u16) -> ImRow {
        ImRow {
            account_id: account,
            id,
            peer: if outgoing { self.to.clone() } else { self.from.clone() },
            outgoing,
            state: state.to_owned(),
            code: Some(i32::from(code)),
            content_type: self.content_type.clone(),
            body: self.body.to_vec(),
            at: self.at,
            read: outgoing,
        }
    }

    fn news(&self, account: &Subscriber, id: Uuid, outgoing: bool, state: &str) -> Occurrence {
        let (kind, peer) = if outgoing { ("message.sent", &self.to) } else { ("message.received", &self.from) };
        let object = json!({"id": id, "peer": peer, "state": state, "content_type": self.content_type});
        Occurrence { topic: "im", kind, account_id: Some(account.account_id), domain_id: Some(account.domain_id), object: object.to_string() }
    }

    /// What the sender and each recipient keep of it, and what is told of it.
    fn kept(&self, sent: &str, received: Option<&str>, code: u16) -> (Vec<ImRow>, Vec<Occurrence>) {
        let (mut rows, mut news) = (Vec::new(), Vec::new());
        if let Some(sender) = &self.sender {
            rows.push(self.row(sender.account_id, self.id, true, sent, code));
            news.push(self.news(sender, self.id, true, sent));
        }
        for recipient in self.recipients.iter().filter(|_| received.is_some()) {
            let (id, state) = (Uuid::now_v7(), received.unwrap_or_default());
            rows.push(self.row(recipient.account_id, id, false, state, code));
            news.push(self.news(recipient, id, false, state));
        }
        (rows, news)
    }
}

/// Whether a message that came to this is kept: no device took it, and none refused it.
fn may_wait(status: u16) -> bool {
    matches!(status, 404 | 405 | 406 | 408 | 410 | 415 | 420 | 430 | 480..=483 | 500..=504)
}

impl Switch {
    /// Passes on a message outside dialogs.
    pub(crate) fn message(&mut self, now: Instant, key: Key, flow: Flow, request: Request, sender: Sender, signalled: Signalled) {
        let account = sender.subscriber.as_ref().map(|subscriber| subscriber.account_id);
        if request.body().len() > LARGEST {
            return self.respond(now, &key, answer(&request, 513, "", &flow));
        }
        // A server that is trusted sends for many.
        let counts = account.is_some() || !self.shared.service.is_near(flow.address.ip());
        if counts && let Err(seconds) = self.shared.service.count_im(account, flow.address.ip()) {
            let mut writer = Writer::reply(&request, 503, "", &tag(), flow.address);
            writer.field(Name::RetryAfter, seconds.to_string());
            return self.answer(now, &key, 503, writer.finish());
        }
        let from = request.from().ok().and_then(|from| address_of(&from.uri)).unwrap_or_default();
        let im = Im {
            id: Uuid::now_v7(),
            origin: Origin::Wire,
            from: sender.subscriber.as_ref().map_or(from, |subscriber| subscriber.address.to_string()).to_lowercase(),
            sender: sender.subscriber.clone().or_else(|| sender.claimed.clone()),
            to: request.uri().ok().and_then(|uri| address_of(&uri)).unwrap_or_default().to_lowercase(),
            recipients: Vec::new(),
            content_type: request.value(Name::ContentType).map_or_else(|| "text/plain".to_owned(), |octets| String::from_utf8_lossy(octets).into_owned()),
            body: Bytes::copy_from_slice(request.body()),
            at: moment(),
            due: None,
            keeping: false,
            ruled: false,
        };
        self.carry(now, key, flow, request, sender, signalled, im);
    }

    /// Sends a message to where it goes.
    #[expect(clippy::too_many_arguments, reason = "all that is known of a request, and the message in it")]
    fn carry(&mut self, now: Instant, key: Key, flow: Flow, request: Request, sender: Sender, signalled: Signalled, mut im: Im) {
        let (checked, routing) = match self.checked(&request, &flow) {
            Ok(both) => both,
            Err(decision) => return self.respond(now, &key, decision),
        };
        let near = self.shared.service.is_near(flow.address.ip());
        if routing.left(&request).next().is_some() && sender.subscriber.is_none() && !near {
            return self.respond(now, &key, answer(&request, 403, "Route not allowed", &flow));
        }
        let waited = matches!(im.origin, Origin::Waited(..));
        let asks = !waited && !std::mem::replace(&mut im.ruled, true) && has_rules(&signalled);
        let signalled = if asks {
            let (ruled, named) = self.ask_rules(now, &flow, &request, &sender, signalled);
            if !named.is_empty() {
                let service = self.shared.service.clone();
                let task: Task = Box::pin(async move {
                    let ruled = route_named(&service, ruled, named).await;
                    Input::RuledMessage(Box::new((key, flow, request, sender, ruled, im)))
                });
                return self.tasks.push(task);
            }
            ruled
        } else {
            signalled
        };
        let (mut targets, mut results) = (Vec::new(), Vec::new());
        let caller = caller_of(&request, &sender);
        let says = signalled.says;
        for (group, destination) in (0_u32..).zip(signalled.destinations) {
            if let Destination::Account(account) = &destination {
                let own = caller.account == Some(account.account_id);
                if !own && !waited && let Some((status, _)) = rules::refused(&account.settings, &caller) {
                    results.push(status);
                    continue;
                }
                im.recipients.push(account.clone());
            }
            match self.targets_of(now, group, destination) {
                Ok(found) => targets.extend(found),
                Err(status) => results.push(status),
            }
        }
        im.due = (!im.recipients.is_empty() && !waited && im.is_kept()).then(|| now + PATIENCE);
        let proxy = Proxy::new(request, key.clone(), flow.address, checked, routing, Config::default());
        let proxied = Proxied { im: Some(Box::new(im)), caller: sender.subscriber, says, ..Proxied::new(proxy, flow) };
        self.proxies.insert(key.clone(), proxied);
        for status in results {
            self.tell(now, &key, proxy::Input::Result(status));
        }
        self.tell(now, &key, proxy::Input::Add(targets));
        self.drain_proxy(now, &key);
    }

    /// Sends a message on after the rules of its recipients were asked.
    pub(crate) fn carry_ruled(&mut self, now: Instant, (key, flow, request, sender, signalled, im): (Key, Flow, Request, Sender, Signalled, Im)) {
        self.carry(now, key, flow, request, sender, signalled, im);
    }

    /// No device took a message: it is kept, or its sender hears so. Whether it is.
    pub(crate) fn keep_message(&mut self, key: &Key, status: u16) -> bool {
        let Some(im) = self.proxies.get_mut(key).and_then(|proxied| proxied.im.as_mut()) else { return false };
        if im.keeping {
            return true;
        }
        im.due = None;
        let waited = matches!(im.origin, Origin::Waited(..));
        if im.recipients.is_empty() || waited || !im.is_kept() || !may_wait(status) {
            return false;
        }
        im.keeping = true;
        let (rows, news) = im.kept("stored", Some("waiting"), 202);
        let (service, key) = (self.shared.service.clone(), key.clone());
        let task: Task = Box::pin(async move {
            let status = match service.save_ims(&rows, &news).await {
                Ok(true) => 202,
                Ok(false) => 480,
                Err(error) => {
                    tracing::error!(%error, "an instant message is not kept");
                    503
                }
            };
            Input::Kept(key, status)
        });
        self.tasks.push(task);
        true
    }

    /// A message is kept, or there was no room for it.
    pub(crate) fn message_kept(&mut self, now: Instant, key: &Key, status: u16) {
        let Some(proxied) = self.proxies.get_mut(key) else { return };
        let Some(im) = proxied.im.take() else { return };
        let request = proxied.proxy.request().clone();
        let flow = proxied.flow;
        // A device that comes back gets the message when it registers, and only then.
        for (_, client) in proxied.ways.values().filter_map(|way| way.sent.as_ref()) {
            self.endpoint.forget(client);
        }
        if status == 202 {
            self.waiting.extend(im.recipients.iter().map(|recipient| recipient.account_id));
        }
        self.respond(now, key, answer(&request, status, "", &flow));
        self.tell_origin(im.origin, status);
        self.ended(key);
    }

    /// The message has had its time.
    pub(crate) fn message_due(&mut self, now: Instant, key: &Key) {
        let im = self.proxies.get(key).and_then(|proxied| proxied.im.as_ref());
        if im.is_some_and(|im| im.due.is_some_and(|due| due <= now)) {
            self.keep_message(key, 408);
        }
    }

    /// A message came to this status.
    pub(crate) fn message_settled(&mut self, key: &Key, status: u16) {
        let Some(im) = self.proxies.get_mut(key).and_then(|proxied| proxied.im.take()) else { return };
        let done = status < 300;
        if let Origin::Waited(account, id) = im.origin {
            return self.waited(account, id, status);
        }
        if im.is_kept() {
            let (rows, news) = im.kept(if done { "delivered" } else { "failed" }, done.then_some("delivered"), status);
            rows.into_iter().for_each(|row| self.write(Write::Im(Box::new(row))));
            self.tell_news(news);
        }
        self.tell_origin(im.origin, status);
    }

    fn tell_origin(&self, origin: Origin, status: u16) {
        if let Origin::Operation(told) = origin {
            // Whoever asked may have given up waiting.
            let _ = told.send(ImSent { status });
        }
    }

    /// Sends a message that an operation gave.
    pub(crate) fn send_message(&mut self, outgoing: OutgoingIm, told: oneshot::Sender<ImSent>) {
        let service = self.shared.service.clone();
        let task: Task = Box::pin(async move {
            let sender = Sender { subscriber: Some(outgoing.sender.clone()), is_ours: true, ..Sender::default() };
            let mut signalled = service.route_signal(&outgoing.peer, &sender).await;
            service.refuse_strangers(&mut signalled, &sender, &outgoing.sender.address).await;
            Input::Message(Box::new(outgoing), signalled, told)
        });
        self.tasks.push(task);
    }

    pub(crate) fn message_routed(&mut self, now: Instant, outgoing: OutgoingIm, signalled: Signalled, told: oneshot::Sender<ImSent>) {
        if let [Destination::Refused { status, .. }] = signalled.destinations.as_slice() {
            return self.tell_origin(Origin::Operation(told), *status);
        }
        let sender = Sender { subscriber: Some(outgoing.sender.clone()), is_ours: true, ..Sender::default() };
        let im = Im {
            id: outgoing.id,
            origin: Origin::Operation(told),
            from: outgoing.sender.address.to_lowercase(),
            sender: Some(outgoing.sender),
            to: outgoing.peer.to_lowercase(),
            recipients: Vec::new(),
            content_type: outgoing.content_type,
            body: outgoing.body,
            at: outgoing.at,
            due: None,
            keeping: false,
            ruled: outgoing.by_rule,
        };
        self.inject(now, im, sender, signalled);
    }

    /// Makes a request for a message of our own and sends it.
    fn inject(&mut self, now: Instant, im: Im, sender: Sender, signalled: Signalled) {
        let octets = request(&im, &tag());
        let flow = Flow { id: 0, address: ([127, 0, 0, 1], 5060).into(), transport: Transport::Tcp };
        let made = match parse(octets, &Limits::STREAM) {
            Parsed::Message(Message::Request(request)) => Key::of_request(&request).ok().map(|key| (key, request)),
            _ => None,
        };
        match made {
            Some((key, request)) => self.carry(now, key, flow, request, sender, signalled, im),
            None => match im.origin {
                Origin::Waited(account, id) => self.waited(account, id, 400),
                origin => self.tell_origin(origin, 400),
            },
        }
    }

    /// Devices of an account can be reached: it gets what waits for it, the oldest first.
    pub(crate) fn deliver_waiting(&mut self, account: &Arc<Subscriber>) {
        if self.waiting.contains(&account.account_id) && self.delivering.insert(account.account_id) {
            self.look_for_waiting(account.clone(), None);
        }
    }

    fn look_for_waiting(&mut self, account: Arc<Subscriber>, settled: Option<(Uuid, bool, u16)>) {
        let service = self.shared.service.clone();
        let task: Task = Box::pin(async move {
            if let Some((id, delivered, code)) = settled
                && let Err(error) = service.settle_im(account.account_id, id, delivered, code).await
            {
                tracing::error!(%error, "an instant message was delivered and may be delivered again");
                return Input::Waiting(account, None, true);
            }
            match service.next_waiting_im(account.account_id).await {
                Ok(row) => Input::Waiting(account, row.map(Box::new), false),
                Err(_) => Input::Waiting(account, None, true),
            }
        });
        self.tasks.push(task);
    }

    /// The next message that waits for an account is known.
    pub(crate) fn waiting_found(&mut self, now: Instant, account: Arc<Subscriber>, row: Option<Box<ImRow>>, failed: bool) {
        let Some(row) = row else {
            self.delivering.remove(&account.account_id);
            if !failed {
                self.waiting.remove(&account.account_id);
            }
            return;
        };
        let im = Im {
            id: row.id,
            origin: Origin::Waited(account.clone(), row.id),
            sender: None,
            from: row.peer,
            to: account.address.to_lowercase(),
            recipients: Vec::new(),
            content_type: row.content_type,
            body: row.body.into(),
            at: row.at,
            due: None,
            keeping: false,
            ruled: false,
        };
        let signalled = Signalled { destinations: vec![Destination::Account(account)], ..Signalled::default() };
        self.inject(now, im, Sender::default(), signalled);
    }

    /// A message that waited came to this status: the next one comes, unless the devices cannot be reached any more.
    fn waited(&mut self, account: Arc<Subscriber>, id: Uuid, status: u16) {
        if may_wait(status) {
            self.delivering.remove(&account.account_id);
        } else {
            self.look_for_waiting(account, Some((id, status < 300, status)));
        }
    }

    /// For whom messages wait since before the server started.
    pub(crate) async fn restore_waiting(&mut self) {
        match self.shared.service.accounts_with_waiting_ims().await {
            Ok(accounts) => self.waiting.extend(accounts),
            Err(error) => tracing::error!(%error, "instant messages that wait cannot be read"),
        }
    }
}

/// The request for a message of our own.
fn request(im: &Im, tag: &str) -> Bytes {
    let date = jiff::Timestamp::from_microsecond(im.at.micros()).unwrap_or_default();
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap_or_default();
    let mut writer = Writer::request(&Method::Message, &uri(&im.to));
    writer.field(Name::Via, format!("SIP/2.0/TCP postamt.invalid;branch=z9hG4bK{tag}"));
    writer.field(Name::MaxForwards, "70");
    writer.field(Name::From, format!("<{}>;tag={tag}", uri(&im.from)));
    writer.field(Name::To, format!("<{}>", uri(&im.to)));
    writer.field(Name::CallId, im.id.to_string());
    writer.field(Name::CSeq, "1 MESSAGE");
    writer.field(Name::Date, date);
    writer.body(&im.content_type, &im.body)
}

/// An address as a URI.
pub(crate) fn uri(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((user, host)) => format!("sip:{}@{host}", sip::uri::escape_user(user)),
        None => format!("tel:{address}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_our_own_is_one_that_can_be_read() {
        let im = Im {
            id: Uuid::nil(),
            origin: Origin::Wire,
            sender: None,
            from: "a b@a.example".to_owned(),
            to: "+4930@a.example".to_owned(),
            recipients: Vec::new(),
            content_type: "text/plain".to_owned(),
            body: "hello".into(),
            at: Timestamp::from_seconds(0),
            due: None,
            keeping: false,
            ruled: false,
        };
        let Parsed::Message(Message::Request(read)) = parse(request(&im, "t"), &Limits::STREAM) else { panic!("unreadable") };
        assert_eq!((read.body(), address_of(&read.uri().unwrap()).unwrap()), (&b"hello"[..], im.to));
        assert_eq!(address_of(&read.from().unwrap().uri).unwrap(), im.from);
        assert!(String::from_utf8_lossy(read.as_bytes()).contains("Date: Thu, 01 Jan 1970"));
    }

    #[test]
    fn what_a_device_refuses_is_not_kept() {
        assert!([480, 408, 405, 503, 404].into_iter().all(may_wait));
        assert!(![403, 486, 488, 513, 600, 603].into_iter().any(may_wait));
    }
}
