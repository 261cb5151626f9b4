use super::*;

fn read<'a, V: Value<'a>>(text: &'a str) -> V {
    V::parse(text.as_bytes()).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

fn refused<'a, V: Value<'a>>(bad: &[&'a str]) {
    for text in bad {
        assert!(V::parse(text.as_bytes()).is_err(), "{text}");
    }
}

/// RFC 3261 §20.10, §20.20, §20.39.
#[test]
fn addresses() {
    let address: Address = read(
        "\"Mr. \\\"Watson\\\"\" <sip:watson@worcester.bell-telephone.com;x=1>\r\n ;q=0.7; expires=3600;tag=a1",
    );
    assert_eq!(address.display_name(), ("Mr. \"Watson\"".into(), false));
    assert_eq!(
        (address.uri.param("x"), address.params.get("x")),
        (Some("1"), None)
    );
    assert_eq!(
        (address.q(), address.expires(), address.tag()),
        (700, Some(3600), Some("a1"))
    );
    let address: Address = read("sip:+12125551212@server.phone2net.com;tag=887s");
    assert_eq!(
        (address.uri.text(), address.tag()),
        ("sip:+12125551212@server.phone2net.com", Some("887s"))
    );
    let address: Address = read("caller<sip:caller@example.com>");
    assert_eq!(
        (address.display(), address.tag(), address.q()),
        (&b"caller"[..], None, 1000)
    );
    let address: Address = read("Bell, Alexander <sip:a.g.bell@example.com>;tag=43");
    assert_eq!(address.display(), b"Bell, Alexander");
    let address = Address::parse(b"\"\xff\" <sip:a@b>").unwrap();
    assert_eq!(address.display_name(), ("\"\u{fffd}\"".into(), true));
    let address: Address = read("<sip:a@b>;+sip.instance=\"<urn:uuid:1>\";reg-id=2");
    assert_eq!(
        (address.instance().as_deref(), address.reg_id()),
        (Some("<urn:uuid:1>"), Some(2))
    );
    refused::<Address>(&[
        "",
        "\"a <sip:a@b>",
        "<sip:a@b",
        "a <sip:a@b> b",
        "< sip:a@b>",
        "<sip:a@b >",
        "sip:a@b?c=d",
        "sip:a@b,c",
        "\"a\" sip:a@b",
        "<sip:a@b>;;",
        "<sip:a@b>;=",
        "<<sip:a@b>>",
        "a;b <sip:a@b>",
        "*",
    ]);
}

#[test]
fn contacts() {
    assert!(matches!(read("*"), Contact::All));
    assert!(matches!(read("<sip:a@b>"), Contact::Address(_)));
    for (q, want) in [
        ("0", 0),
        ("0.5", 500),
        ("0.333", 333),
        ("1", 1000),
        ("1.000", 1000),
        ("1.1", 1000),
        ("x", 1000),
        (".5", 1000),
    ] {
        let text = format!("<sip:a@b>;q={q}");
        assert_eq!(read::<Address>(&text).q(), want, "{q}");
    }
    assert_eq!(
        read::<Address>("<sip:a@b>;expires=99999999999").expires(),
        Some(u32::MAX)
    );
    assert_eq!(read::<Address>("<sip:a@b>;expires=x").expires(), None);
}

/// RFC 3261 §20.42, RFC 3581 §4, RFC 5118 §4.5.
#[test]
fn vias() {
    let via: Via = read(
        "SIP / 2.0 / UDP first.example.com: 4000;ttl=16 ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1",
    );
    assert_eq!(
        (via.transport(), via.host(), via.port()),
        (Some(Transport::Udp), "first.example.com", Some(4000))
    );
    assert_eq!(via.unique_branch(), Some("z9hG4bKa7c6a8dlze.1"));
    assert_eq!(
        (via.response_target(), via.is_unroutable()),
        (("224.2.0.1", Some(4000)), true)
    );
    let via: Via = read("SIP/2.0/UDP 10.1.1.1:4540;received=192.0.2.1;rport=9988;branch=z9hG4bK");
    assert_eq!(
        (via.response_target(), via.unique_branch()),
        (("192.0.2.1", Some(9988)), None)
    );
    assert_eq!(
        (via.branch(), via.rport(), via.wants_rport()),
        (Some("z9hG4bK"), Some(9988), true)
    );
    for received in ["[2001:db8::9:255]", "2001:db8::9:255"] {
        let text =
            format!("SIP/2.0/TLS [2001:db8::9:1];received={received};rport;branch=z9hG4bKas3-111");
        let via: Via = read(&text);
        assert_eq!(
            (via.received(), via.host()),
            ("2001:db8::9:255".parse().ok(), "[2001:db8::9:1]")
        );
        assert_eq!((via.rport(), via.wants_rport()), (None, true));
    }
    let via: Via = read("SIP/2.0/UNKNOWN t5.example.com");
    assert_eq!(
        (via.transport(), via.transport_name(), via.branch()),
        (None, "UNKNOWN", None)
    );
    for unroutable in [
        "255.255.255.255",
        "0.0.0.0",
        "[::]",
        "[ff02::1]",
        "[::ffff:255.255.255.255]",
    ] {
        assert!(
            read::<Via>(&format!("SIP/2.0/UDP {unroutable}")).is_unroutable(),
            "{unroutable}"
        );
    }
    refused::<Via>(&[
        "",
        "SIP/2.0/UDP",
        "SIP/2.0/UDPa b c",
        "HTTP/2.0/UDP a",
        "SIP/2.0 a",
        "SIP/2.0/UDP a;;b",
        "SIP/2.0/UDP a:x",
        "SIP/2.0/UDP ::1",
    ]);
}

#[test]
fn numbers() {
    assert_eq!(
        read::<CSeq>("0009\r\n  INVITE"),
        CSeq {
            number: 9,
            method: "INVITE"
        }
    );
    refused::<CSeq>(&[
        "",
        "1",
        "1INVITE",
        "INVITE",
        "4294967296 A",
        "-1 A",
        "1 A B",
    ]);
    let seconds: Seconds = read("18000 (in a meeting (or \") two);duration=3600");
    assert_eq!(
        (seconds.seconds, seconds.params.number("duration")),
        (18000, Some(3600))
    );
    assert_eq!(read::<Seconds>("99999999999999999999").seconds, u32::MAX);
    refused::<Seconds>(&["", "x", "-1", "1 2", "5 (a"]);
    assert_eq!(
        read::<RAck>("776656 1 INVITE"),
        RAck {
            response: 776_656,
            cseq: 1,
            method: "INVITE"
        }
    );
    refused::<RAck>(&["1 INVITE", "1 2", "1  2INVITE"]);
    let session: SessionExpires = read("4000;refresher=uac");
    assert_eq!((session.seconds, session.refresher), (4000, Some("uac")));
}

#[test]
fn words() {
    let event: Event = read("presence.winfo;id=7");
    assert_eq!((event.package, event.id()), ("presence.winfo", Some("7")));
    let state: SubscriptionState = read("Terminated;reason=rejected;retry-after=10;expires=0");
    assert!(state.is_terminated());
    assert_eq!(
        (state.reason(), state.retry_after(), state.expires()),
        (Some("rejected"), Some(10), Some(0))
    );
    let reason: Reason = read("SIP ;cause=200 ;text=\"Call completed elsewhere\"");
    assert_eq!(
        (reason.protocol, reason.cause(), reason.text().as_deref()),
        ("SIP", Some(200), Some("Call completed elsewhere"))
    );
    let replaces: Replaces =
        read("425928@bobster.example.org;to-tag=7743;from-tag=6472;early-only");
    assert_eq!(
        (
            replaces.call_id,
            replaces.to_tag,
            replaces.from_tag,
            replaces.early_only
        ),
        ("425928@bobster.example.org", "7743", "6472", true)
    );
    let target: Replaces =
        read("fa77as7dad8-sd98ajzz@host.example.com;local-tag=kkaz-;remote-tag=6544");
    assert_eq!(
        (target.to_tag, target.from_tag, target.early_only),
        ("kkaz-", "6544", false)
    );
    refused::<Replaces>(&[
        "a;to-tag=1",
        ";to-tag=1;from-tag=2",
        "a b;to-tag=1;from-tag=2",
    ]);
    let media: MediaType = read("multipart/mixed;boundary=\"a b\"");
    assert!(media.is("Multipart", "MIXED"));
    assert_eq!(media.params.unquoted("boundary").as_deref(), Some("a b"));
}

/// RFC 3261 §20.7, §20.27.
#[test]
fn authentication() {
    let credentials: Authentication = read(
        "Digest username=\"Alice\", realm=\"atlanta.com\",\r\n nonce=\"84a4cc6f3082121f32b42a2187831a9e\",qop=auth ,\
         response=\"7587245234b3434cc3412213e5f113a5432\", uri=\"sip:a;b=c@d\"",
    );
    assert!(credentials.is_digest());
    assert_eq!(credentials.get("Username").as_deref(), Some("Alice"));
    assert_eq!(credentials.get("uri").as_deref(), Some("sip:a;b=c@d"));
    assert_eq!(
        (credentials.get("qop").as_deref(), credentials.get("cnonce")),
        (Some("auth"), None)
    );
    let other: Authentication = read("NoOneKnowsThisScheme opaque-data=here");
    assert!(!other.is_digest());
    refused::<Authentication>(&[
        "",
        "Digest",
        "Digest a",
        "Digest a=",
        "Digest a=b,",
        "Digest a=\"b",
        "Digest a=b c=d",
    ]);
}
