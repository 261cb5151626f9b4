use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::header::{Event, SubscriptionState, Transport};
use crate::testing::request;
use crate::{Limits as MessageLimits, Message, Parsed, parse};

const ALICE: Resource = Resource {
    package: Package::Presence,
    account: 1,
    list: false,
};
const VIA: &str = "SIP/2.0/UDP us;branch=z9hG4bKn";

fn flow() -> Flow {
    Flow {
        id: 4,
        address: "203.0.113.7:49152".parse().unwrap(),
        transport: Transport::Udp,
    }
}

fn subscribe(watcher: &str, to_tag: &str, cseq: u32, fields: &str) -> Request {
    let fields: String = fields.lines().map(|line| format!("{line}\r\n")).collect();
    let to = match to_tag {
        "" => String::new(),
        tag => format!(";tag={tag}"),
    };
    request(&format!(
        "SUBSCRIBE sip:alice@example.com SIP/2.0\r\nTo: <sip:alice@example.com>{to}\r\nFrom: <sip:{watcher}@example.com>;tag=xfg9\r\n\
         Call-ID: {watcher}\r\nCSeq: {cseq} SUBSCRIBE\r\nContact: <sip:{watcher}@192.0.2.1>\r\nRecord-Route: <sip:p;lr>\r\n{fields}\r\n"
    ))
}

struct Table {
    notifier: Notifier,
    start: Instant,
}

impl Table {
    fn new() -> Self {
        Self {
            notifier: Notifier::new(Limits {
                per_resource: 3,
                per_watcher: 2,
            }),
            start: Instant::now(),
        }
    }

    fn at(&self, millis: u64) -> Instant {
        self.start + Duration::from_millis(millis)
    }

    fn subscribe(
        &mut self,
        millis: u64,
        watcher: &str,
        fields: &str,
        resource: Resource,
        standing: Standing,
    ) -> Result<Handle, u16> {
        let request = subscribe(watcher, "", 1, fields);
        let now = self.at(millis);
        let asked =
            Asked::read(&request, &Package::ALL, &Times::default()).map_err(|r| r.status)?;
        let subscriber = Subscriber {
            resource,
            watcher: (watcher != "stranger").then_some(watcher.len() as u128),
            standing,
            flow: flow(),
            tag: "ours",
            contact: "<sip:us>",
        };
        let handle = self.notifier.subscribe(now, &request, &asked, &subscriber);
        handle.map_err(|refusal| refusal.status)
    }

    fn refresh(
        &mut self,
        millis: u64,
        watcher: &str,
        cseq: u32,
        fields: &str,
    ) -> Result<Handle, u16> {
        let request = subscribe(watcher, "ours", cseq, fields);
        let asked = Asked::read(&request, &Package::ALL, &Times::default()).unwrap();
        assert!(asked.in_dialog);
        let now = self.at(millis);
        let handle = self.notifier.refresh(now, &request, &asked, flow());
        handle.map_err(|refusal| refusal.status)
    }

    /// Sends all that is due: number of the body, Subscription-State.
    fn tell(&mut self, millis: u64) -> Vec<String> {
        let now = self.at(millis);
        let mut told = Vec::new();
        while let Some(due) = self.notifier.poll(now) {
            let (_, octets) = self
                .notifier
                .notify(now, due.handle, VIA, Some(("text/plain", b"x")))
                .unwrap();
            let Parsed::Message(Message::Request(notify)) = parse(octets, &MessageLimits::STREAM)
            else {
                panic!();
            };
            let state: SubscriptionState = notify.require(Name::SubscriptionState).unwrap();
            let detail = state
                .reason()
                .map(str::to_owned)
                .or(state.expires().map(|e| e.to_string()));
            told.push(format!(
                "{} {} {}",
                due.version,
                state.state,
                detail.unwrap_or_default()
            ));
        }
        told
    }
}

/// RFC 3856 §11 in our words: SUBSCRIBE, 200, NOTIFY.
#[test]
fn a_subscriber_is_told() {
    let mut table = Table::new();
    let fields = "Event: presence;id=7\nAccept: application/pidf+xml\nExpires: 600";
    let handle = table
        .subscribe(0, "watcher", fields, ALICE, Standing::Active)
        .unwrap();
    let request = subscribe("watcher", "", 1, fields);
    let ok = table.notifier.reply(&request, handle, 600, flow());
    let ok = std::str::from_utf8(&ok).unwrap();
    for part in [
        "SIP/2.0 200 OK\r\n",
        "To: <sip:alice@example.com>;tag=ours\r\n",
        "Record-Route: <sip:p;lr>\r\n",
        "Contact: <sip:us>\r\n",
        "Expires: 600\r\n",
    ] {
        assert!(ok.contains(part), "{part}");
    }
    let now = table.at(1500);
    let due = table.notifier.poll(now).unwrap();
    assert_eq!(
        (due.handle, due.version, due.ending, due.resource),
        (handle, 0, None, ALICE)
    );
    let (to, octets) = table
        .notifier
        .notify(now, handle, VIA, Some(("application/pidf+xml", b"<presence/>")))
        .unwrap();
    assert_eq!(to, flow());
    let Parsed::Message(Message::Request(notify)) = parse(octets, &MessageLimits::STREAM) else {
        panic!();
    };
    assert_eq!(notify.start_line(), b"NOTIFY sip:watcher@192.0.2.1 SIP/2.0");
    let event: Event = notify.require(Name::Event).unwrap();
    assert_eq!((event.package, event.id()), ("presence", Some("7")));
    let value = |name| {
        notify
            .value(name)
            .map(|value| std::str::from_utf8(value).unwrap())
    };
    assert_eq!(value(Name::SubscriptionState), Some("active;expires=598"));
    assert_eq!(value(Name::ContentType), Some("application/pidf+xml"));
    assert_eq!(value(Name::Route), Some("<sip:p;lr>"));
    assert_eq!(
        (value(Name::CSeq), notify.body()),
        (Some("1 NOTIFY"), &b"<presence/>"[..])
    );
    assert_eq!(table.notifier.poll(now), None);
    assert_eq!(table.notifier.deadline(), Some(table.at(600_000)));
}

#[test]
fn what_is_not_served_is_refused() {
    let served = [Package::Presence, Package::Dialog];
    for (fields, want) in [
        ("Event: presence", Ok(3600)),
        ("Event: presence\nExpires: 0", Ok(0)),
        ("Event: presence\nExpires: 99999", Ok(7200)),
        (
            "Event: presence\nAccept: text/plain, application/*;q=0.5",
            Ok(3600),
        ),
        ("Event: presence\nAccept: */*", Ok(3600)),
        ("Event: presence\nAccept:", Ok(3600)),
        ("Event: presence\nAccept: text/plain", Err(406)),
        (
            "Event: presence\nAccept: application/pidf+xml;q=0",
            Err(406),
        ),
        ("Event: presence\nExpires: 59", Err(423)),
        ("", Err(489)),
        ("Event: presence.winfo", Err(489)),
        ("Event: unknown", Err(489)),
        ("Event: ;", Err(400)),
    ] {
        let request = subscribe("w", "", 1, fields);
        let asked = Asked::read(&request, &served, &Times::default());
        let got = asked.map(|asked| asked.expires).map_err(|refusal| {
            if refusal.status == 489 {
                assert_eq!(
                    refusal.fields,
                    [(Name::AllowEvents, "presence, dialog".to_owned())]
                );
            }
            refusal.status
        });
        assert_eq!(got, want, "{fields}");
    }
}

#[test]
fn changes_are_told_once_and_not_too_often() {
    let mut table = Table::new();
    let handle = table
        .subscribe(0, "w", "Event: presence", ALICE, Standing::Active)
        .unwrap();
    let dialog = Resource {
        package: Package::Dialog,
        ..ALICE
    };
    table
        .subscribe(0, "ww", "Event: dialog", dialog, Standing::Active)
        .unwrap();
    assert_eq!((handle.number(), table.tell(0).len()), (0, 2));
    for _ in 0..3 {
        table.notifier.changed(ALICE);
        table.notifier.changed(dialog);
    }
    assert_eq!(table.notifier.deadline(), Some(table.at(500)));
    assert_eq!(table.tell(499), [""; 0]);
    assert_eq!(table.tell(500), ["1 active 3599"]);
    assert_eq!(table.tell(4999), [""; 0]);
    assert_eq!(table.tell(5000), ["1 active 3595"]);
    // After a rest the next is told at once.
    table.notifier.changed(ALICE);
    assert_eq!(table.tell(10_000), ["2 active 3590"]);
    // An end does not wait.
    table.notifier.changed(ALICE);
    table
        .notifier
        .end(table.at(10_001), handle, Ending::Rejected);
    assert_eq!(table.tell(10_001), ["3 terminated rejected"]);
    assert_eq!(table.notifier.len(), 1);
    table
        .notifier
        .end_all(table.at(10_002), dialog, Ending::Probation(30));
    assert_eq!(table.tell(10_002), ["2 terminated probation"]);
    assert!(table.notifier.is_empty());
}

#[test]
fn subscriptions_are_refreshed_and_run_out() {
    let mut table = Table::new();
    let presence = "Event: presence\nExpires: 60";
    table
        .subscribe(0, "w", presence, ALICE, Standing::Active)
        .unwrap();
    assert_eq!(table.tell(0), ["0 active 60"]);
    assert_eq!(table.refresh(1000, "w", 1, presence), Err(500));
    assert_eq!(
        table.refresh(1000, "w", 2, "Event: presence;id=1"),
        Err(481)
    );
    assert_eq!(table.refresh(1000, "w", 2, "Event: dialog"), Err(481));
    assert_eq!(table.refresh(1000, "other", 2, presence), Err(481));
    assert!(table.refresh(50_000, "w", 3, presence).is_ok());
    // Whoever refreshes is told at once.
    assert_eq!(table.tell(50_000), ["1 active 60"]);
    assert_eq!(table.tell(109_999), [""; 0]);
    assert_eq!(table.tell(110_000), ["2 terminated timeout"]);
    assert!(table.notifier.is_empty());
    table
        .subscribe(120_000, "w", presence, ALICE, Standing::Active)
        .unwrap();
    table.tell(120_000);
    assert!(
        table
            .refresh(121_000, "w", 2, "Event: presence\nExpires: 0")
            .is_ok()
    );
    assert_eq!(table.refresh(121_000, "w", 3, presence), Err(481));
    assert_eq!(table.tell(121_000), ["1 terminated timeout"]);
    // To be told once.
    table
        .subscribe(
            130_000,
            "w",
            "Event: presence\nExpires: 0",
            ALICE,
            Standing::Active,
        )
        .unwrap();
    assert_eq!(table.tell(130_000), ["0 terminated timeout"]);
    assert!(table.notifier.is_empty());
}

#[test]
fn a_watcher_waits_for_a_decision_and_is_seen() {
    let mut table = Table::new();
    let watchers = Resource {
        package: Package::PresenceWatchers,
        ..ALICE
    };
    table
        .subscribe(
            0,
            "alice",
            "Event: presence.winfo",
            watchers,
            Standing::Active,
        )
        .unwrap();
    assert_eq!(table.tell(0), ["0 active 3600"]);
    let handle = table
        .subscribe(9000, "bob", "Event: presence", ALICE, Standing::Pending)
        .unwrap();
    // She is told of him, he of nothing.
    let mut told = table.tell(9000);
    told.sort();
    assert_eq!(told, ["0 pending 3600", "1 active 3591"]);
    table.notifier.changed(ALICE);
    assert_eq!(table.tell(20_000), [""; 0]);
    assert_eq!(table.notifier.of(ALICE).next().unwrap().1.watcher, Some(3));
    table
        .notifier
        .decide(table.at(20_000), handle, Standing::Active);
    assert_eq!(table.tell(20_000).len(), 2);
    table.notifier.changed(ALICE);
    assert_eq!(table.tell(25_000), ["2 active 3584"]);
    assert!(!table.notifier.answered(handle, 200) && !table.notifier.answered(handle, 500));
    assert!(table.notifier.answered(handle, 481) && !table.notifier.answered(handle, 481));
    assert_eq!(table.tell(30_000).len(), 1);
    assert_eq!(table.notifier.len(), 1);
}

#[test]
fn there_are_limits() {
    let mut table = Table::new();
    let mut add = |watcher: &str, package| {
        let resource = Resource {
            package,
            account: 1,
            list: false,
        };
        let event = format!("Event: {}", package.name());
        table
            .subscribe(0, watcher, &event, resource, Standing::Active)
            .map(|_| ())
    };
    use Package::{Dialog, Presence, Registration};
    let watchers = [
        ("a", Presence, Ok(())),
        ("a", Dialog, Ok(())),
        ("a", Registration, Err(403)),
        ("stranger", Presence, Ok(())),
        ("bb", Presence, Ok(())),
        ("ccc", Presence, Err(403)),
        ("ccc", Dialog, Ok(())),
    ];
    for (watcher, package, want) in watchers {
        assert_eq!(add(watcher, package), want, "{watcher} {package:?}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Subscribe(u8, bool, u32),
    Refresh(u8, u32),
    Changed,
    Wait(u64),
    End(u64),
    Answered(u64, u16),
}

fn step() -> impl Strategy<Value = Step> {
    let expires = || prop::sample::select(vec![0, 60, 100, 3600]);
    prop_oneof![
        (0..4_u8, any::<bool>(), expires())
            .prop_map(|(w, active, e)| Step::Subscribe(w, active, e)),
        (0..4_u8, expires()).prop_map(|(w, e)| Step::Refresh(w, e)),
        Just(Step::Changed),
        (0..90_000_u64).prop_map(Step::Wait),
        (0..9_u64).prop_map(Step::End),
        (0..9_u64, prop::sample::select(vec![200, 481, 408]))
            .prop_map(|(h, s)| Step::Answered(h, s)),
    ]
}

proptest! {
    /// Whatever happens: nobody is told of presence twice in 5 s but for a refresh, a decision or an end, and what is told
    /// last is `terminated`; in the end nothing is left.
    #[test]
    fn everything_ends(steps in vec(step(), 0..40)) {
        let mut table = Table::new();
        table.notifier.limits.per_watcher = 99;
        let (mut millis, mut cseq) = (0, 1);
        for step in steps {
            let now = table.at(millis);
            match step {
                Step::Subscribe(watcher, active, expires) => {
                    let fields = format!("Event: presence\nExpires: {expires}");
                    let standing = if active { Standing::Active } else { Standing::Pending };
                    let before = table.notifier.len();
                    let got = table.subscribe(millis, &format!("w{watcher}"), &fields, ALICE, standing);
                    prop_assert_eq!(got.is_ok(), before < 3);
                }
                Step::Refresh(watcher, expires) => {
                    cseq += 1;
                    let known = table.notifier.iter().any(|(_, s)| &*s.kept.dialog.id().call_id == format!("w{watcher}").as_str() && !s.is_ending());
                    let got = table.refresh(millis, &format!("w{watcher}"), cseq, &format!("Event: presence\nExpires: {expires}"));
                    prop_assert_eq!(got.is_ok(), known);
                }
                Step::Changed => table.notifier.changed(ALICE),
                Step::Wait(wait) => millis += wait,
                Step::End(handle) => table.notifier.end(now, Handle(handle), Ending::NoResource),
                Step::Answered(handle, status) => {
                    let known = table.notifier.get(Handle(handle)).is_some();
                    prop_assert_eq!(table.notifier.answered(Handle(handle), status), known && status != 200);
                }
            }
            if millis % 2 == 0 {
                table.tell(millis);
                prop_assert_eq!(table.notifier.poll(table.at(millis)), None);
                prop_assert!(table.notifier.deadline().is_none_or(|at| at > table.at(millis)));
            }
            let live = table.notifier.len();
            prop_assert_eq!(table.notifier.dialogs.values().map(Vec::len).sum::<usize>(), live);
            prop_assert_eq!(table.notifier.of(ALICE).count(), live);
            prop_assert_eq!(table.notifier.watchers.values().sum::<usize>(), live);
        }
        let left = table.notifier.len();
        let told = table.tell(millis + 8_000_000);
        prop_assert_eq!(told.len(), left);
        prop_assert!(told.iter().all(|told| told.contains("terminated")));
        prop_assert!(table.notifier.is_empty() && table.notifier.dialogs.is_empty() && table.notifier.resources.is_empty());
        prop_assert_eq!(table.notifier.poll(table.at(millis + 9_000_000)), None);
        prop_assert_eq!(table.notifier.deadline(), None);
    }
}

#[test]
fn a_stored_subscription_goes_on() {
    let mut table = Table::new();
    let fields = "Event: presence;id=7";
    let handle = table
        .subscribe(0, "w", fields, ALICE, Standing::Active)
        .unwrap();
    assert_eq!(table.tell(0), ["0 active 3600"]);
    let stored = table.notifier.get(handle).unwrap().kept().clone();
    let mut after = Table::new();
    let subscriber = Subscriber {
        resource: ALICE,
        watcher: Some(1),
        standing: Standing::Active,
        flow: flow(),
        tag: "",
        contact: "",
    };
    let (now, end) = (after.at(0), after.at(100_000));
    after.notifier.restore(now, &subscriber, stored, end);
    assert_eq!(after.tell(0), ["0 active 100"]);
    assert!(after.refresh(1000, "w", 2, fields).is_ok());
    assert_eq!(after.tell(1000), ["1 active 3600"]);
    assert_eq!(after.notifier.watchers[&1], 1);
}

#[test]
fn who_cannot_be_reached_is_told_later_or_not_at_all() {
    let mut table = Table::new();
    let fields = "Event: presence\nExpires: 600";
    let handle = table
        .subscribe(0, "watcher", fields, ALICE, Standing::Active)
        .unwrap();
    let due = table.notifier.poll(table.at(0)).unwrap();
    assert!(table.notifier.hold(handle));
    table.notifier.changed(ALICE);
    assert_eq!(table.notifier.poll(table.at(500_000)), None);
    assert_eq!(table.notifier.deadline(), Some(table.at(600_000)));
    // What he did not get has no number.
    let now = table.at(500_000);
    table.notifier.resume(now, handle);
    assert_eq!(table.notifier.poll(now), Some(due));
    table.notifier.resume(now, handle);
    assert_eq!(table.notifier.poll(now), None, "nothing was left untold");
    // He refreshes.
    assert!(table.notifier.hold(handle));
    table.refresh(550_000, "watcher", 2, fields).unwrap();
    assert_eq!(table.tell(550_000), ["0 active 600"]);
    // His time is over.
    assert!(table.notifier.hold(handle));
    let last = table.notifier.poll(table.at(1_150_000)).unwrap();
    assert_eq!(last.ending, Some(Ending::Timeout));
    assert!(!table.notifier.hold(handle));
    assert!(table.notifier.answered(handle, 480) && table.notifier.is_empty());
}

/// RFC 4662 §4: who does not know lists is told of none, and what is told of one says that it is one.
#[test]
fn a_list_is_told_to_who_knows_lists() {
    let mut table = Table::new();
    let list = Resource { list: true, ..ALICE };
    let refused = table.subscribe(0, "alice", "Event: presence", list, Standing::Active);
    assert_eq!(refused, Err(421));
    let fields = "Event: presence\nSupported: eventlist";
    let handle = table.subscribe(0, "alice", fields, list, Standing::Active).unwrap();
    let ok = table.notifier.reply(&subscribe("alice", "", 1, fields), handle, 600, flow());
    assert!(std::str::from_utf8(&ok).unwrap().contains("Require: eventlist\r\n"));
    let due = table.notifier.poll(table.at(0)).unwrap();
    let (_, octets) = table.notifier.notify(table.at(0), due.handle, VIA, Some(("multipart/related", b"x"))).unwrap();
    let told = std::str::from_utf8(&octets).unwrap();
    assert!(told.contains("Require: eventlist\r\n") && told.contains("Content-Type: multipart/related\r\n"), "{told}");
    // It is another resource than the account.
    table.notifier.changed(ALICE);
    assert!(table.tell(10_000).is_empty());
    table.notifier.changed(list);
    assert_eq!(table.tell(10_000).len(), 1);
}
