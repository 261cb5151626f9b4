//! Messages for the tests of this room.

use bytes::Bytes;

use crate::{Limits, Message, Parsed, Request, Response, parse};

fn message(text: &str) -> Message {
    match parse(Bytes::copy_from_slice(text.as_bytes()), &Limits::STREAM) {
        Parsed::Message(message) => message,
        other => panic!("{text}: {other:?}"),
    }
}

/// A request; Via, CSeq and Call-ID may be left out.
pub(crate) fn request(text: &str) -> Request {
    let method = text.split(' ').next().unwrap();
    let mut fields = String::new();
    for (name, value) in [
        ("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1"),
        ("CSeq", &format!("1 {method}")),
        ("Call-ID", "a84b4c76e66710"),
    ] {
        if !text.contains(&format!("\r\n{name}: ")) {
            fields += &format!("\r\n{name}: {value}");
        }
    }
    let (line, rest) = text.split_once("\r\n").unwrap();
    match message(&format!("{line}{fields}\r\n{rest}")) {
        Message::Request(request) => request,
        Message::Response(_) => panic!("{text}"),
    }
}

/// A response.
pub(crate) fn response(text: &str) -> Response {
    match message(text) {
        Message::Response(response) => response,
        Message::Request(_) => panic!("{text}"),
    }
}
