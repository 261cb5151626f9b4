use proptest::prelude::*;

use super::presence::{Availability, Presence, PresenceError};
use super::*;
use crate::subscription::{Ending, Package, Standing};

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
    use resource_list::{Member, write};
    let members = [
        Member {
            uri: "sip:bob@h",
            name: "Bob",
            standing: Ok(Standing::Active),
            body: Some("<x/>"),
        },
        Member {
            uri: "sip:dave@h",
            name: "",
            standing: Ok(Standing::Pending),
            body: None,
        },
        Member {
            uri: "sip:eve@h",
            name: "",
            standing: Err(Ending::Rejected),
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
         <resource uri=\"sip:dave@h\"><instance id=\"i1\" state=\"pending\"/></resource>\
         <resource uri=\"sip:eve@h\"><instance id=\"i2\" state=\"terminated\" reason=\"rejected\"/></resource></list>\n\r\n\
         --b0\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <0@b0>\r\nContent-Type: application/dialog-info+xml\r\n\r\n<x/>\r\n--b0--\r\n"
    );
}

/// A list as somebody reads it who knows RFC 4662 only: `(uri, name, state, reason, body)` of each resource.
fn read_list(media_type: &str, body: &str) -> Vec<[String; 5]> {
    use quick_xml::events::Event;
    let boundary = media_type.split("boundary=\"").nth(1).unwrap().trim_end_matches('"');
    let (inside, end) = body.split_once(&format!("\r\n--{boundary}--\r\n")).unwrap();
    assert!(end.is_empty());
    let inside = format!("\r\n{inside}");
    let between = format!("\r\n--{boundary}\r\n");
    let parts: Vec<(String, &str)> = inside
        .split(&*between)
        .skip(1)
        .map(|part| {
            let (head, content) = part.split_once("\r\n\r\n").unwrap();
            let id = head.split("Content-ID: <").nth(1).unwrap().split('>').next().unwrap();
            (id.to_owned(), content)
        })
        .collect();
    let start = media_type.split("start=\"<").nth(1).unwrap().split('>').next().unwrap();
    assert_eq!(parts[0].0, start);
    let mut reader = quick_xml::Reader::from_str(parts[0].1);
    let (mut all, mut naming) = (Vec::<[String; 5]>::new(), false);
    loop {
        let event = reader.read_event().unwrap();
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                let attribute = |name: &str| {
                    let found = start.try_get_attribute(name).unwrap();
                    found.map_or(String::new(), |found| found.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap().into_owned())
                };
                match start.name().as_ref() {
                    "resource" => all.push([attribute("uri"), String::new(), String::new(), String::new(), String::new()]),
                    "instance" => {
                        let cid = attribute("cid");
                        let found = parts.iter().find(|(id, _)| *id == cid).map_or("", |(_, content)| content);
                        let last = all.last_mut().unwrap();
                        (last[2], last[3], last[4]) = (attribute("state"), attribute("reason"), found.to_owned());
                    }
                    _ => {}
                }
                naming = matches!(event, Event::Start(_)) && start.name().as_ref() == "name";
            }
            Event::Text(text) if naming => all.last_mut().unwrap()[1] += &text.xml10_content(),
            Event::GeneralRef(one) if naming => {
                let text = one.resolve_char_ref().unwrap().map_or_else(|| quick_xml::escape::resolve_xml_entity(one).unwrap().to_owned(), |c| c.to_string());
                all.last_mut().unwrap()[1] += &text;
            }
            Event::End(_) => naming = false,
            Event::Eof => return all,
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn a_list_that_is_written_is_read(
        members in prop::collection::vec(("[!-~]{1,20}", "[ -~\u{e9}<>&\"']{0,10}", 0..4_usize, prop::option::of("[ -~\r\n]{0,30}")), 0..6),
        version: u32,
        partial: bool,
    ) {
        let standings = [Ok(Standing::Active), Ok(Standing::Pending), Err(Ending::Rejected), Err(Ending::NoResource)];
        let told = [["active", ""], ["pending", ""], ["terminated", "rejected"], ["terminated", "noresource"]];
        let written: Vec<_> = members.iter().map(|(uri, name, standing, body)| resource_list::Member { uri, name, standing: standings[*standing], body: body.as_deref() }).collect();
        let (media_type, body) = resource_list::write(version, partial, "sip:l@h", Package::Presence, &written, "b0undary");
        let full = format!("version=\"{version}\" fullState=\"{}\"", !partial);
        prop_assert!(body.contains(&full));
        let read = read_list(&media_type, &body);
        let expected: Vec<_> = members
            .iter()
            .map(|(uri, name, standing, body)| [uri.clone(), name.clone(), told[*standing][0].to_owned(), told[*standing][1].to_owned(), body.clone().unwrap_or_default()])
            .collect();
        prop_assert_eq!(read, expected);
    }
}
