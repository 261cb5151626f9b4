use proptest::prelude::*;

use super::presence::{Availability, Presence, PresenceError};
use super::*;
use crate::subscription::Standing;

fn read(text: &str) -> Result<Presence, PresenceError> {
    Presence::read(text.as_bytes())
}

/// RFC 3863 §4.3.1 and RFC 4480 §4, shortened.
#[test]
fn published_presence_is_understood() {
    use Availability::{Away, Busy, Offline, Online};
    let tuple =
        |basic: &str| format!("<tuple id='a'><status><basic>{basic}</basic></status></tuple>");
    let person = |activities: &str| {
        format!("<dm:person id='p'><rpid:activities>{activities}</rpid:activities></dm:person>")
    };
    for (inside, availability, on_the_phone, note) in [
        (String::new(), Offline, false, ""),
        (tuple("open"), Online, false, ""),
        (tuple(" open\n"), Online, false, ""),
        (tuple("closed"), Offline, false, ""),
        (tuple("closed") + &tuple("open"), Online, false, ""),
        (tuple("open") + &person("<rpid:busy/>"), Busy, false, ""),
        (
            tuple("open") + &person("<rpid:away></rpid:away>"),
            Away,
            false,
            "",
        ),
        (
            tuple("open") + &person("<rpid:away/><rpid:meeting/><rpid:on-the-phone/>"),
            Busy,
            true,
            "",
        ),
        (
            tuple("open") + &person("<rpid:other>busy</rpid:other>"),
            Online,
            false,
            "",
        ),
        (tuple("open") + "<x><busy/></x>", Online, false, ""),
        (
            tuple("open") + &person("<rpid:mood><busy/></rpid:mood>"),
            Online,
            false,
            "",
        ),
        (
            tuple("closed") + &person("<rpid:busy/>"),
            Offline,
            false,
            "",
        ),
        (
            tuple("open")
                + "<note xml:lang='en'>I&apos;ll be &lt;back&gt; &#x263a;</note><note>b</note>",
            Online,
            false,
            "I'll be <back> \u{263a}",
        ),
        (
            tuple("open") + "<note/><note><![CDATA[a & b]]></note>",
            Online,
            false,
            "a & b",
        ),
    ] {
        let text = format!(
            "<?xml version='1.0'?>\n<!-- x -->\n<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='pres:a@b'>{inside}</presence>"
        );
        let want = Presence {
            availability,
            on_the_phone,
            note: note.into(),
        };
        assert_eq!(read(&text), Ok(want), "{text}");
    }
}

#[test]
fn other_documents_are_refused() {
    for (text, fault) in [
        ("", PresenceError::Root),
        ("hello", PresenceError::Root),
        ("<dialog-info/>", PresenceError::Root),
        ("<presence/><presence/>", PresenceError::Root),
        ("<presence>", PresenceError::Xml),
        ("<presence><a></presence>", PresenceError::Xml),
        ("<presence>&unknown;</presence>", PresenceError::Xml),
        ("<presence>&#0;</presence>", PresenceError::Xml),
        (
            "<!DOCTYPE presence [<!ENTITY a \"b\">]><presence/>",
            PresenceError::Xml,
        ),
    ] {
        assert_eq!(read(text), Err(fault), "{text}");
    }
    assert_eq!(
        Presence::read(b"<presence>\xff</presence>"),
        Err(PresenceError::Xml)
    );
    let deep = format!(
        "<presence>{}{}</presence>",
        "<a>".repeat(20_000),
        "</a>".repeat(20_000)
    );
    assert_eq!(read(&deep), Ok(Presence::default()));
}

#[test]
fn devices_add_up() {
    use Availability::{Away, Busy, Offline, Online};
    let device = |availability, on_the_phone, note: &str| Presence {
        availability,
        on_the_phone,
        note: note.into(),
    };
    assert_eq!(Presence::aggregate([]), Presence::default());
    for (devices, want) in [
        (
            vec![device(Away, false, "a"), device(Online, false, "b")],
            device(Online, false, "b"),
        ),
        (
            vec![device(Busy, false, "a"), device(Online, true, "b")],
            device(Busy, true, "a"),
        ),
        (
            vec![device(Offline, false, ""), device(Offline, false, "gone")],
            device(Offline, false, "gone"),
        ),
        (
            vec![device(Online, false, ""), device(Online, false, "x")],
            device(Online, false, "x"),
        ),
        (
            vec![device(Online, false, "x"), device(Online, false, "y")],
            device(Online, false, "x"),
        ),
        (
            vec![device(Online, false, "x"), device(Busy, false, "")],
            device(Busy, false, ""),
        ),
    ] {
        assert_eq!(Presence::aggregate(&devices), want);
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        availability in prop::sample::select(vec![Availability::Offline, Availability::Away, Availability::Online, Availability::Busy]),
        on_the_phone: bool,
        note in "[ -~\r\n\t\u{e9}<>&\"']{0,30}",
        entity in ".{0,20}",
    ) {
        let presence = Presence { availability, on_the_phone, note };
        prop_assert_eq!(read(&presence.write(&entity, Some(&entity))), Ok(presence));
    }
}

#[test]
fn presence_is_written() {
    let busy = Presence {
        availability: Availability::Busy,
        on_the_phone: true,
        note: "a<b".into(),
    };
    let text = busy.write("sip:a\"b@c", Some("sip:a@c"));
    assert!(text.contains("entity=\"sip:a&quot;b@c\"><tuple id=\"t\"><status><basic>open</basic></status><contact>sip:a@c</contact></tuple><note>a&lt;b</note><dm:person id=\"p\"><rpid:activities><rpid:busy/><rpid:on-the-phone/></rpid:activities></dm:person></presence>"), "{text}");
}

/// RFC 3842 §5.2, §3.
#[test]
fn waiting_messages_are_written() {
    let counts = message_summary::Counts {
        new: 4,
        old: 8,
        urgent_new: 1,
        urgent_old: 2,
    };
    assert_eq!(
        message_summary::write("sip:alice@vmail.example.com", counts),
        "Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\nVoice-Message: 4/8 (1/2)\r\n"
    );
    let none = message_summary::write("sip:a\r\nb", message_summary::Counts::default());
    assert!(none.starts_with("Messages-Waiting: no\r\nMessage-Account: sip:ab\r\n"));
}

/// RFC 4235 §6.1.
#[test]
fn calls_are_written() {
    use dialog_info::{Call, Over, Party, State, write};
    let call = Call {
        id: "as7d900as8",
        call_id: "a84b4c76e66710",
        local_tag: "1928301774",
        remote_tag: "",
        initiator: true,
        state: State::Trying,
        duration: None,
        local: Party::default(),
        remote: Party {
            identity: "sip:b@h",
            display: "B & C",
            target: "sip:b@192.0.2.1",
        },
    };
    let text = write(0, false, "sip:alice@example.com", [call]);
    assert_eq!(
        text,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" state=\"full\" entity=\"sip:alice@example.com\">\
         <dialog id=\"as7d900as8\" call-id=\"a84b4c76e66710\" local-tag=\"1928301774\" direction=\"initiator\">\
         <state>trying</state><remote><identity display=\"B &amp; C\">sip:b@h</identity><target uri=\"sip:b@192.0.2.1\"/></remote>\
         </dialog></dialog-info>\n"
    );
    for (state, want) in [
        (State::Early, "<state>early</state>"),
        (State::Terminated(None), "<state>terminated</state>"),
        (
            State::Terminated(Some(Over::Rejected(486))),
            "<state event=\"rejected\" code=\"486\">terminated</state>",
        ),
        (
            State::Terminated(Some(Over::RemoteBye)),
            "<state event=\"remote-bye\">terminated</state>",
        ),
    ] {
        let call = Call {
            state,
            duration: Some(5),
            ..call
        };
        let text = write(3, true, "e", [call]);
        assert!(
            text.contains(&format!("{want}<duration>5</duration>")),
            "{text}"
        );
        assert!(text.contains("version=\"3\" state=\"partial\""));
    }
}

/// RFC 3858 §5.
#[test]
fn watchers_are_written() {
    let watcher = watcher_info::Watcher {
        id: 7,
        uri: "sip:bob@h",
        standing: Standing::Pending,
        duration: 20,
    };
    let active = watcher_info::Watcher {
        standing: Standing::Active,
        ..watcher
    };
    let text = watcher_info::write(1, "sip:alice@h", [watcher, active]);
    assert!(text.contains(
        "version=\"1\" state=\"full\"><watcher-list resource=\"sip:alice@h\" package=\"presence\">\
         <watcher id=\"w7\" event=\"subscribe\" status=\"pending\" duration-subscribed=\"20\">sip:bob@h</watcher>\
         <watcher id=\"w7\" event=\"approved\" status=\"active\""
    ), "{text}");
}

/// RFC 3680 §5.1.
#[test]
fn bindings_are_written() {
    use crate::registrar::*;
    let mut locations = Locations::new(10, 0);
    let state = State {
        account: 1,
        id: 0xab,
        q: 500,
        cseq: 9,
        expires_at: 200,
        created_at: 100,
        refreshed_at: 100,
        reg_id: None,
        flow: crate::endpoint::Flow {
            id: 1,
            address: "192.0.2.1:5060".parse().unwrap(),
            transport: crate::header::Transport::Udp,
        },
        connected: true,
        nat: Nat::None,
        rtt_ms: None,
        misses: 0,
    };
    let texts = Texts {
        contact: "sip:a@h",
        call_id: "c<1",
        instance: "<i>",
        ..Texts::default()
    };
    assert!(locations.restore(100, state, texts));
    let write = |removed: Vec<(Cause, &Binding)>, with: bool| {
        let list = if with { locations.list(1) } else { &[] };
        reg_info::write(2, "sip:alice@h", 150, list, removed)
    };
    let text = write(Vec::new(), true);
    assert!(text.contains(
        "<registration aor=\"sip:alice@h\" id=\"r\" state=\"active\"><contact id=\"c000000000000000000000000000000ab\" state=\"active\" \
         event=\"registered\" duration-registered=\"50\" expires=\"60\" q=\"0.500\" callid=\"c&lt;1\" cseq=\"9\"><uri>sip:a@h</uri>\
         <unknown-param name=\"+sip.instance\">&quot;&lt;i&gt;&quot;</unknown-param></contact></registration>"
    ), "{text}");
    let gone = write(vec![(Cause::Expired, &locations.list(1)[0])], false);
    assert!(gone.contains("state=\"terminated\"><contact") && gone.contains("event=\"expired\""));
    assert!(write(Vec::new(), false).contains("id=\"r\" state=\"init\""));
}

/// RFC 4575 §6.
#[test]
fn conferences_are_written() {
    use conference_info::{Participant, Status, write};
    let user = Participant {
        uri: "sip:bob@h",
        display: "Bob",
        endpoint: "sip:bob@192.0.2.1",
        status: Status::Connected,
    };
    let text = write(
        3,
        "sip:conf@h",
        "A & B",
        [
            user,
            Participant {
                display: "",
                status: Status::OnHold,
                ..user
            },
        ],
    );
    assert!(text.contains(
        "<conference-info xmlns=\"urn:ietf:params:xml:ns:conference-info\" entity=\"sip:conf@h\" state=\"full\" version=\"3\">\
         <conference-description><subject>A &amp; B</subject></conference-description><conference-state><user-count>2</user-count>\
         </conference-state><users><user entity=\"sip:bob@h\"><display-text>Bob</display-text><endpoint entity=\"sip:bob@192.0.2.1\">\
         <status>connected</status></endpoint></user><user entity=\"sip:bob@h\"><endpoint entity=\"sip:bob@192.0.2.1\"><status>on-hold</status>"
    ), "{text}");
}

/// RFC 4662 §6.
#[test]
fn lists_are_written() {
    use crate::subscription::Package;
    use resource_list::{Member, write};
    let members = [
        Member {
            uri: "sip:bob@h",
            name: "Bob",
            standing: Standing::Active,
            body: Some("<x/>"),
        },
        Member {
            uri: "sip:dave@h",
            name: "",
            standing: Standing::Pending,
            body: None,
        },
    ];
    let (media_type, body) = write(1, false, "sip:list@h", Package::Dialog, &members, "b0");
    assert_eq!(
        media_type,
        "multipart/related;type=\"application/rlmi+xml\";start=\"<list@b0>\";boundary=\"b0\""
    );
    assert_eq!(
        body,
        "--b0\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <list@b0>\r\nContent-Type: application/rlmi+xml;charset=\"UTF-8\"\r\n\r\n\
         <?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" uri=\"sip:list@h\" version=\"1\" fullState=\"true\">\
         <resource uri=\"sip:bob@h\"><name>Bob</name><instance id=\"i0\" state=\"active\" cid=\"0@b0\"/></resource>\
         <resource uri=\"sip:dave@h\"><instance id=\"i1\" state=\"pending\"/></resource></list>\n\r\n\
         --b0\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <0@b0>\r\nContent-Type: application/dialog-info+xml\r\n\r\n<x/>\r\n--b0--\r\n"
    );
}
