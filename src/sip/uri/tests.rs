use super::*;

fn uri(text: &str) -> Uri<'_> {
    Uri::parse(text.as_bytes()).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

/// RFC 3261 §19.1.3 and others.
#[test]
fn parts_are_found() {
    let read = uri(
        "sips:alice:secretword@atlanta.com:5061;transport=tcp;lr?subject=project%20x&priority=urgent",
    );
    assert_eq!(read.scheme(), Scheme::Sips);
    assert_eq!(
        (read.user(), read.password()),
        (Some("alice"), Some("secretword"))
    );
    assert_eq!((read.host(), read.port()), ("atlanta.com", Some(5061)));
    assert_eq!(
        (read.param("Transport"), read.is_loose_router()),
        (Some("tcp"), true)
    );
    let headers: Vec<_> = read.headers().collect();
    assert_eq!(
        headers,
        [("subject", "project%20x"), ("priority", "urgent")]
    );
    let read = uri("sip:alice;day=tuesday@atlanta.com");
    assert_eq!(
        (read.user(), read.params().count()),
        (Some("alice;day=tuesday"), 0)
    );
    let read = uri("sip:+1-212-555-1212:1234@gateway.com;user=phone");
    assert_eq!(
        (read.user(), read.param("user")),
        (Some("+1-212-555-1212"), Some("phone"))
    );
    let read = uri("sip:[2001:db8::10]:5070");
    assert_eq!(
        (read.host(), read.port(), read.user()),
        ("[2001:db8::10]", Some(5070), None)
    );
    assert_eq!(read.ip(), "2001:db8::10".parse().ok());
    assert_eq!(
        uri("sip:a@[2001:db8:::192.0.2.1]").ip(),
        uri("sip:[2001:db8::192.0.2.1]").ip()
    );
    let read = uri("tel:+1-201-555-0123;phone-context=example.com");
    assert_eq!(
        (read.user(), read.param("phone-context")),
        (Some("+1-201-555-0123"), Some("example.com"))
    );
    assert_eq!(uri("sip:*98#@example.com").user(), Some("*98#"));
    assert_eq!(uri("http://www.example.com/?a=b#c").scheme(), Scheme::Other);
}

#[test]
fn bad_ones_are_refused() {
    for bad in [
        "",
        "sip",
        "sip:",
        ":a",
        "1sip:a",
        "sip:@a",
        "sip:a@",
        "sip:a b@c",
        "sip:a@b c",
        "sip:2001:db8::10",
        "sip:[2001:db8::10",
        "sip:[fe80::1%25eth0]",
        "sip:a@b:",
        "sip:a@b:65536",
        "sip:a@b:x",
        "sip:a@b;",
        "sip:a@b;;lr",
        "sip:a@b?",
        "sip:a@b?x",
        "sip:a%@b",
        "sip:a%g1@b",
        "sip:a@b;c=%1",
        "sip:a@b@c",
        "sip:ä@b",
        "sip:a@b>",
        "<sip:a@b>",
        "tel:",
        "tel:+",
        "tel:12 3",
        "tel:1;",
        "http:",
        "http://a b",
        "sip:a@[::1]x",
        "sip:\u{0}@b",
    ] {
        assert!(Uri::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

/// RFC 3261 §19.1.4, RFC 3966 §4.
#[test]
fn equal_ones() {
    for (one, other) in [
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtlanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;newparam=5",
        ),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("sip:a@[2001:DB8::1]", "sip:a@[2001:db8:0:0::1]"),
        ("SIP:a@b", "sip:a@b"),
        ("tel:+1-201-555-0123", "tel:+12015550123"),
    ] {
        assert!(uri(one).same_as(&uri(other)), "{one} {other}");
        assert!(uri(other).same_as(&uri(one)), "{one} {other}");
    }
}

#[test]
fn different_ones() {
    for (one, other) in [
        (
            "SIP:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP",
        ),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        (
            "sip:bob@biloxi.com",
            "sip:bob@biloxi.com:6000;transport=tcp",
        ),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com?Subject=next%20meeting",
        ),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;security=off",
        ),
        ("sip:a@b", "sips:a@b"),
        ("sip:a%40c@b", "sip:a%2Fc@b"),
        ("sip:a%3Bc@b", "sip:a;c@b"),
        ("sip:a:x@b", "sip:a@b"),
        ("tel:123;phone-context=a", "tel:123"),
        ("tel:123", "tel:+123"),
    ] {
        assert!(!uri(one).same_as(&uri(other)), "{one} {other}");
        assert!(!uri(other).same_as(&uri(one)), "{one} {other}");
    }
}

#[test]
fn escapes_come_and_go() {
    assert_eq!(*unescape("null-%00-%6Eull"), *b"null-\0-null");
    assert_eq!(*unescape("plain"), *b"plain");
    assert_eq!(escape_user("a b@c#%ü+1"), "a%20b%40c%23%25%C3%BC+1");
    assert_eq!(
        *unescape(&escape_user("a b@c#%ü+1")),
        *"a b@c#%ü+1".as_bytes()
    );
}
