use std::time::{Duration, Instant};

use sasl::digest::{Algorithm, NonceKeys};

use super::source;
use crate::dialog::{Dialog, DialogId};
use crate::digest_auth::Guard;
use crate::endpoint::Flow;
use crate::event_body::presence::Presence;
use crate::header::{Transport, Via};
use crate::publication::Publications;
use crate::registrar::{Change, Locations, Nat, Registration, Reply, Rules};
use crate::subscription::{
    Asked, Limits as Bounds, Notifier, Package, Resource, Standing, Subscriber, Times,
};
use crate::token::Tokens;
use crate::{
    Frame, Framer, Limits, Message, Method, Name, Parsed, Request, Response, Writer, parse,
};

/// A presence document: what was read is written and read again.
///
/// # Panics
/// When a property does not hold.
pub fn sip_presence(data: &[u8]) {
    if let Ok(presence) = Presence::read(data) {
        let again = Presence::read(presence.write("sip:a@b", Some("sip:c")).as_bytes());
        // What cannot stand in a document at all may have been read from one, but is not written.
        let stands = |c: &char| {
            !matches!(c, '\u{fffe}' | '\u{ffff}') && (*c >= ' ' || matches!(c, '\t' | '\r' | '\n'))
        };
        let kept: String = presence.note.chars().filter(stands).collect();
        assert_eq!(
            again,
            Ok(Presence {
                note: kept,
                ..presence
            })
        );
    }
}

/// Messages of a stream, given to all that our user agents do: what they write can be read, and nothing is held that the
/// limits do not allow.
///
/// # Panics
/// When a property does not hold.
pub fn sip_services(data: &[u8]) {
    let mut framer = Framer::new(Limits::STREAM);
    framer.push(data);
    let mut services = Services::new();
    let mut dialogs = Vec::new();
    while let Some(frame) = framer.next_frame() {
        match frame {
            Frame::Parsed(Parsed::Message(Message::Request(request))) => {
                services.request(&request);
                dialogs.extend(Dialog::answering(&request, "ours", 1));
                for dialog in &mut dialogs {
                    let before = dialog.clone();
                    if dialog.request(&request).is_err() {
                        assert_eq!(*dialog, before);
                    }
                }
                services.last = Some(request);
            }
            Frame::Parsed(Parsed::Message(Message::Response(response))) => {
                services.response(&response, &mut dialogs);
            }
            _ => {}
        }
        dialogs.truncate(8);
    }
    dialogs.iter_mut().for_each(written);
    services.finish();
}

struct Services {
    now: u64,
    start: Instant,
    locations: Locations,
    tokens: Tokens,
    notifier: Notifier,
    publications: Publications<Vec<u8>>,
    guard: Guard,
    last: Option<Request>,
}

const RULES: Rules = Rules {
    min_expires: 60,
    default_expires: 3600,
    max_expires: 7200,
    max_expires_nat_udp: 600,
    max_bindings: 4,
    evict_oldest: false,
    foreign_contacts: true,
};

const VIA: &str = "SIP/2.0/TCP us;branch=z9hG4bKours";

fn flow() -> Flow {
    Flow {
        id: 1,
        address: source(),
        transport: Transport::Wss,
    }
}

fn read(octets: bytes::Bytes) -> Message {
    // What is copied into one line may have come in several.
    let limits = Limits {
        line: usize::MAX,
        message: Limits::LONGEST,
        ..Limits::STREAM
    };
    match parse(octets.clone(), &limits) {
        Parsed::Message(message) => message,
        other => panic!("{other:?} {:?}", String::from_utf8_lossy(&octets)),
    }
}

fn written(dialog: &mut Dialog) {
    assert_eq!(Dialog::restore(&dialog.store()).as_ref(), Some(&*dialog));
    for method in [Method::Bye, Method::Notify] {
        let Message::Request(request) = read(dialog.next(&method, VIA).finish()) else {
            panic!("a response");
        };
        let id = DialogId::of_request(&request);
        if let Some(id) = id {
            let ours = dialog.id();
            let mirrored = (&id.remote_tag, &id.local_tag, &id.call_id);
            assert_eq!(mirrored, (&ours.local_tag, &ours.remote_tag, &ours.call_id));
        }
    }
}

impl Services {
    fn new() -> Self {
        let start = Instant::now();
        Self {
            now: 1_800_000_000,
            start,
            locations: Locations::new(1, 25),
            tokens: Tokens::new(&[1; 32], None),
            notifier: Notifier::new(Bounds {
                per_resource: 5,
                per_watcher: 5,
            }),
            publications: Publications::new(Times::default(), 1),
            guard: Guard::new(NonceKeys::new(&[1; 32], None), 300, Algorithm::ALL.to_vec()),
            last: None,
        }
    }

    fn request(&mut self, request: &Request) {
        // Answers go back over all of them, and only the topmost was read.
        if request
            .all::<Via<'_>>(Name::Via)
            .any(|via| via.map_or(true, |via| via.is_unroutable()))
        {
            return;
        }
        self.now += 7;
        self.guard.examine(self.now, request, "example.com");
        let now = self.start + Duration::from_secs(self.now - 1_800_000_000);
        match request.method() {
            Method::Register => self.register(request),
            Method::Subscribe => self.subscribe(now, request),
            Method::Publish => {
                let resource = Resource {
                    package: Package::Presence,
                    account: 1,
                    list: false,
                };
                let state = Some(request.body().to_vec()).filter(|body| !body.is_empty());
                let published = self.publications.publish(now, request, resource, state);
                if let Ok(published) = published {
                    read(published.reply(request, "t", source()));
                }
                assert!(self.publications.states(resource).count() <= 32);
            }
            _ => {}
        }
    }

    fn register(&mut self, request: &Request) {
        let registration = Registration {
            account: 1,
            request,
            flow: flow(),
            nat: Nat::FarEnd,
            trusted: false,
            own: &["sip:alice@example.com"],
            is_loop: &|_| false,
            rules: &RULES,
        };
        let before = self.locations.list(1).to_vec();
        match self.locations.register(self.now, &registration) {
            Ok(registered) => {
                for change in &registered.changes {
                    if let Change::Added(key) | Change::Refreshed(key) | Change::Prolonged(key) | Change::Confirmed(key) = change {
                        let binding = self.locations.get(*key);
                        assert!(binding.is_some_and(|binding| binding.expires_at > self.now));
                    }
                }
                let reply = Reply {
                    tag: "t",
                    source: source(),
                    date: "Sat, 13 Nov 2027 23:29:00 GMT",
                    aor: "sip:alice@example.com",
                    service_route: "<sip:example.com;lr>",
                    associated: &["sip:alice@example.com"],
                    tokens: Some(&self.tokens),
                };
                let octets = self
                    .locations
                    .reply(self.now, 1, request, &registered, &reply);
                let Message::Response(response) = read(octets) else {
                    panic!("a request");
                };
                let told = response.contacts().map(|contact| contact.is_ok());
                let live = self.locations.list(1).iter();
                let live = live.filter(|binding| binding.expires_at > self.now).count();
                assert_eq!(told.filter(|good| *good).count(), live);
            }
            Err(refusal) => {
                read(refusal.reply(request, "t", source()).finish());
                assert_eq!(self.locations.list(1), before);
            }
        }
        assert!(self.locations.len() <= RULES.max_bindings);
        for target in self.locations.targets(self.now, 1) {
            for way in target.ways {
                let mut writer = Writer::request(&Method::Invite, way.request_uri());
                for route in way.routes() {
                    writer.field(Name::Route, route);
                }
                assert!(!writer.finish().is_empty() && way.uri().is_some());
            }
        }
    }

    fn subscribe(&mut self, now: Instant, request: &Request) {
        let Ok(asked) = Asked::read(request, &Package::ALL, &Times::default()) else {
            return;
        };
        let subscriber = Subscriber {
            resource: Resource {
                package: asked.package,
                account: 1,
                list: false,
            },
            watcher: Some(2),
            standing: Standing::Active,
            flow: flow(),
            tag: "ours",
            contact: "<sip:us>",
        };
        let handle = match asked.in_dialog {
            true => self.notifier.refresh(now, request, &asked, flow()),
            false => self.notifier.subscribe(now, request, &asked, &subscriber),
        };
        match handle {
            Ok(handle) => drop(read(self.notifier.reply(
                request,
                handle,
                asked.expires,
                flow(),
            ))),
            Err(refusal) => drop(read(refusal.reply(request, "t", source()).finish())),
        }
        self.tell(now);
        assert!(self.notifier.len() <= 5);
    }

    fn tell(&mut self, now: Instant) {
        while let Some(due) = self.notifier.poll(now) {
            let notify = self.notifier.notify(now, due.handle, VIA, Some(("text/plain", b"body")));
            read(notify.map(|(_, octets)| octets).unwrap_or_default());
        }
    }

    fn response(&mut self, response: &Response, dialogs: &mut Vec<Dialog>) {
        if let Some(request) = &self.last {
            dialogs.extend(Dialog::answered(request, response));
        }
        for dialog in dialogs {
            let before = dialog.clone();
            if dialog.response(response).is_err() {
                assert_eq!(*dialog, before);
            }
        }
    }

    /// Everything ends.
    fn finish(mut self) {
        self.locations.expire(self.now + 10_000);
        assert!(self.locations.is_empty());
        let later = self.start + Duration::from_secs(1_000_000);
        self.tell(later);
        assert!(self.notifier.is_empty());
        while self.publications.expire(later).is_some() {}
        assert_eq!(self.publications.deadline(), None);
    }
}
