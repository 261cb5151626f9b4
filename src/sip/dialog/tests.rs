use super::*;
use crate::testing::{request, response};
use crate::{Limits, Message, Parsed, parse};

const VIA: &str = "SIP/2.0/UDP us;branch=z9hG4bKnew";

/// RFC 3261 §24.2, F4 as it reaches Bob.
fn invite() -> Request {
    request(
        "INVITE sip:bob@192.0.2.4 SIP/2.0\r\n\
         Record-Route: <sip:p2.biloxi.com;lr>,<sip:p1.atlanta.com;lr>;x=1\r\n\
         To: Bob <sip:bob@biloxi.com>\r\n\
         From: \"Alice, A.\" <sip:alice@atlanta.com>;tag=1928301774;y=\"z\"\r\n\
         Call-ID: a84b4c76e66710\r\n\
         CSeq: 314159 INVITE\r\n\
         Contact: <sip:alice@pc33.atlanta.com?Subject=x>\r\n\r\n",
    )
}

fn answer(status: u16, extra: &str) -> Response {
    response(&format!(
        "SIP/2.0 {status} X\r\n\
         Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK1\r\n\
         To: Bob <sip:bob@biloxi.com>;tag=a6c85cf\r\n\
         From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n\
         Call-ID: a84b4c76e66710\r\n\
         CSeq: 314159 INVITE\r\n{extra}\r\n"
    ))
}

fn in_dialog(line: &str, from: &str, to: &str, extra: &str) -> Request {
    let (method, _) = line.split_once(' ').unwrap();
    request(&format!(
        "{line} SIP/2.0\r\nFrom: {from}\r\nTo: {to}\r\n{}{extra}\r\n",
        if extra.contains("CSeq") {
            String::new()
        } else {
            format!("CSeq: 314160 {method}\r\n")
        },
    ))
}

fn written(writer: Writer) -> Request {
    match parse(writer.finish(), &Limits::STREAM) {
        Parsed::Message(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn routes(request: &Request) -> Vec<&str> {
    request.items(Name::Route).filter_map(scan::text).collect()
}

fn value(request: &Request, name: Name) -> &str {
    scan::text(request.value(name).unwrap()).unwrap()
}

#[test]
fn the_side_that_answers() {
    let invite = invite();
    let mut dialog = Dialog::answering(&invite, "a6c85cf", 1).unwrap();
    assert!(!dialog.is_confirmed());
    dialog.confirm();
    assert!(dialog.is_confirmed());
    assert_eq!(
        (dialog.target(), dialog.next_hop()),
        ("sip:alice@pc33.atlanta.com", "sip:p2.biloxi.com;lr")
    );
    let bye = written(dialog.next(&Method::Bye, VIA));
    assert_eq!(bye.start_line(), b"BYE sip:alice@pc33.atlanta.com SIP/2.0");
    assert_eq!(
        routes(&bye),
        ["<sip:p2.biloxi.com;lr>", "<sip:p1.atlanta.com;lr>;x=1"]
    );
    assert_eq!(
        value(&bye, Name::From),
        "Bob <sip:bob@biloxi.com>;tag=a6c85cf"
    );
    assert_eq!(
        value(&bye, Name::To),
        "\"Alice, A.\" <sip:alice@atlanta.com>;y=\"z\";tag=1928301774"
    );
    assert_eq!(
        (value(&bye, Name::CSeq), bye.call_id()),
        ("1 BYE", "a84b4c76e66710")
    );
    assert_eq!(
        (value(&bye, Name::Via), value(&bye, Name::MaxForwards)),
        (VIA, "70")
    );
    // The other side finds the dialog by it.
    let id = DialogId::of_request(&bye).unwrap();
    assert_eq!((&*id.local_tag, &*id.remote_tag), ("1928301774", "a6c85cf"));
    assert_eq!(
        value(&written(dialog.next(&Method::Info, VIA)), Name::CSeq),
        "2 INFO"
    );
    let info = in_dialog(
        "INFO sip:bob@192.0.2.4",
        "<sip:alice@atlanta.com>;tag=1928301774",
        "<sip:bob@biloxi.com>;tag=a6c85cf",
        "",
    );
    assert_eq!(DialogId::of_request(&info).as_ref(), Some(dialog.id()));
    assert_eq!(DialogId::of_request(&invite), None);
    let text = dialog
        .reply(&invite, 200, "", "192.0.2.1:5060".parse().unwrap())
        .finish();
    assert!(memchr::memmem::find(&text, b"To: Bob <sip:bob@biloxi.com>;tag=a6c85cf\r\n").is_some());
}

#[test]
fn the_side_that_asks() {
    let invite = invite();
    let ringing = answer(
        180,
        "Record-Route: <sip:p2.biloxi.com;lr>\r\nRecord-Route: <sip:p1.atlanta.com;lr>\r\n",
    );
    let mut dialog = Dialog::answered(&invite, &ringing).unwrap();
    // A provisional response need not have a Contact.
    assert_eq!(
        (dialog.target(), dialog.is_confirmed()),
        ("sip:bob@192.0.2.4", false)
    );
    assert_eq!(dialog.next_hop(), "sip:p1.atlanta.com;lr");
    let ok = answer(
        200,
        "Record-Route: <sip:p3.biloxi.com;lr>,\r\n <sip:p1.atlanta.com;lr>\r\nContact: <sip:bob@192.0.2.5>\r\n",
    );
    assert_eq!(DialogId::of_response(&ok).as_ref(), Some(dialog.id()));
    dialog.response(&ok).unwrap();
    assert!(dialog.is_confirmed());
    let ack = written(dialog.ack(VIA, 314_159));
    assert_eq!(ack.start_line(), b"ACK sip:bob@192.0.2.5 SIP/2.0");
    assert_eq!(
        routes(&ack),
        ["<sip:p1.atlanta.com;lr>", "<sip:p3.biloxi.com;lr>"]
    );
    assert_eq!(
        (value(&ack, Name::CSeq), dialog.local_cseq()),
        ("314159 ACK", 314_159)
    );
    assert_eq!(
        value(&written(dialog.next(&Method::Bye, VIA)), Name::CSeq),
        "314160 BYE"
    );
    // Once confirmed the routes stay as they are (RFC 3261 §12.2).
    dialog
        .response(&answer(
            200,
            "Record-Route: <sip:other;lr>\r\nContact: <sip:bob@192.0.2.6>\r\n",
        ))
        .unwrap();
    assert_eq!(
        (dialog.target(), dialog.next_hop()),
        ("sip:bob@192.0.2.6", "sip:p1.atlanta.com;lr")
    );
    dialog
        .response(&answer(486, "Contact: <sip:x@y>\r\n"))
        .unwrap();
    assert_eq!(dialog.target(), "sip:bob@192.0.2.6");
    assert_eq!(
        Dialog::answered(&invite, &answer(200, "")),
        Err(Fault::Missing(Name::Contact))
    );
    assert_eq!(
        Dialog::answered(&invite, &answer(200, "Contact: *\r\n")),
        Err(Fault::Bad(Name::Contact))
    );
    assert_eq!(
        Dialog::answered(
            &invite,
            &answer(200, "Contact: <sip:a@b>\r\nRecord-Route: ;\r\n")
        ),
        Err(Fault::Bad(Name::RecordRoute))
    );
}

/// RFC 3261 §12.2.2.
#[test]
fn requests_come_in_order() {
    let mut dialog = Dialog::answering(&invite(), "t", 1).unwrap();
    let (from, to) = (
        "<sip:alice@atlanta.com>;tag=1928301774",
        "<sip:bob@biloxi.com>;tag=t",
    );
    for (line, cseq, contact, want, target) in [
        (
            "INFO",
            314_159,
            "sip:a@1",
            Err(DialogError::Overtaken),
            "sip:alice@pc33.atlanta.com",
        ),
        (
            "ACK",
            314_159,
            "sip:a@1",
            Ok(()),
            "sip:alice@pc33.atlanta.com",
        ),
        (
            "INFO",
            314_162,
            "sip:a@1",
            Ok(()),
            "sip:alice@pc33.atlanta.com",
        ),
        (
            "INVITE",
            314_161,
            "sip:a@2",
            Err(DialogError::Overtaken),
            "sip:alice@pc33.atlanta.com",
        ),
        ("INVITE", 314_163, "sip:a@3", Ok(()), "sip:a@3"),
        ("UPDATE", 314_164, "sip:a@4", Ok(()), "sip:a@4"),
        ("UPDATE", 314_165, "", Ok(()), "sip:a@4"),
        (
            "UPDATE",
            314_166,
            "*",
            Err(DialogError::Fault(Fault::Bad(Name::Contact))),
            "sip:a@4",
        ),
        ("BYE", 314_166, "", Ok(()), "sip:a@4"),
    ] {
        let contact = match contact {
            "" => String::new(),
            "*" => "Contact: *\r\n".to_owned(),
            uri => format!("Contact: <{uri}>\r\n"),
        };
        let extra = format!("CSeq: {cseq} {line}\r\n{contact}");
        let request = in_dialog(&format!("{line} sip:bob@192.0.2.4"), from, to, &extra);
        assert_eq!(dialog.request(&request), want, "{line} {cseq}");
        assert_eq!(dialog.target(), target, "{line} {cseq}");
    }
    assert_eq!(
        (
            DialogError::Overtaken.status(),
            DialogError::Fault(Fault::Uri).status()
        ),
        (500, 400)
    );
}

/// RFC 3261 §12.2.1.1, §16.12.1.2: a next hop that knows no loose routing is named in the request line.
#[test]
fn a_strict_next_hop_is_obeyed() {
    let invite = request(
        "INVITE sip:bob@192.0.2.4 SIP/2.0\r\nRecord-Route: <sip:proxy1>,<sip:proxy2>,<sip:proxy3;lr>,<sip:proxy4>\r\n\
         To: <sip:bob@biloxi.com>\r\nFrom: sip:alice@atlanta.com;tag=1\r\nContact: sip:user@remoteua\r\n\r\n",
    );
    let mut dialog = Dialog::answering(&invite, "t", 7).unwrap();
    let request = written(dialog.next(&Method::Update, VIA));
    assert_eq!(request.start_line(), b"UPDATE sip:proxy1 SIP/2.0");
    assert_eq!(
        routes(&request),
        [
            "<sip:proxy2>",
            "<sip:proxy3;lr>",
            "<sip:proxy4>",
            "<sip:user@remoteua>"
        ]
    );
    assert_eq!(
        (value(&request, Name::CSeq), dialog.next_hop()),
        ("7 UPDATE", "sip:proxy1")
    );
    assert_eq!(value(&request, Name::To), "<sip:alice@atlanta.com>;tag=1");
}

/// RFC 6665 §4.4.1: the NOTIFY is faster than the 2xx of its SUBSCRIBE.
#[test]
fn a_notification_may_begin_a_dialog() {
    let subscribe = request(
        "SUBSCRIBE sip:bob@biloxi.com SIP/2.0\r\nFrom: <sip:alice@atlanta.com>;tag=1\r\nTo: <sip:bob@biloxi.com>\r\n\
         CSeq: 9 SUBSCRIBE\r\nContact: <sip:alice@h>\r\nEvent: presence\r\n\r\n",
    );
    let notify = in_dialog(
        "NOTIFY sip:alice@h",
        "<sip:bob@biloxi.com>;tag=2",
        "<sip:alice@atlanta.com>;tag=1",
        "Contact: <sip:bob@n>\r\nRecord-Route: <sip:p;lr>\r\n",
    );
    let mut dialog = Dialog::notified(&subscribe, &notify).unwrap();
    assert_eq!(
        (&*dialog.id().local_tag, &*dialog.id().remote_tag),
        ("1", "2")
    );
    assert_eq!(
        value(&written(dialog.next(&Method::Subscribe, VIA)), Name::CSeq),
        "10 SUBSCRIBE"
    );
    assert_eq!(dialog.next_hop(), "sip:p;lr");
    assert_eq!(dialog.request(&notify), Err(DialogError::Overtaken));
}

#[test]
fn a_stored_dialog_comes_back() {
    let mut dialog = Dialog::answering(&invite(), "t", 7).unwrap();
    dialog.next(&Method::Info, VIA);
    assert_eq!(Dialog::restore(&dialog.store()), Some(dialog.clone()));
    dialog.confirm();
    assert_eq!(Dialog::restore(&dialog.store()), Some(dialog));
    let ok = answer(200, "Contact: <sip:b@h>\r\n");
    let without_routes = Dialog::answered(&invite(), &ok).unwrap();
    assert_eq!(
        Dialog::restore(&without_routes.store()),
        Some(without_routes)
    );
    for bad in ["", "a\nb", "a\nb\nc\nd\ne\nf\nx\n-\nearly"] {
        assert_eq!(Dialog::restore(bad), None);
    }
}
