//! Who is behind an address translator, told by what clients write of themselves and where they are seen.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::header::{Contact, Via};
use crate::uri::host_ip;
use crate::{Fields, Name, Request, Response};

/// Whether an address is seen inside one network only: RFC 1918, 100.64.0.0/10, 169.254.0.0/16 and fc00::/7. The list of
/// translated addresses unless an administrator has another.
pub fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            ip.is_private() || ip.is_link_local() || network(ip, 10) == [100, 64, 0, 0]
        }
        IpAddr::V6(ip) => ip.is_unique_local(),
    }
}

fn network(ip: Ipv4Addr, bits: u32) -> [u8; 4] {
    (ip.to_bits() & u32::MAX << (32 - bits)).to_be_bytes()
}

/// Whether the client that sent a request is behind a far translator. `is_translated` knows the addresses that are private to
/// the networks of clients.
pub fn is_far_caller(
    request: &Request,
    source: SocketAddr,
    is_translated: impl Fn(IpAddr) -> bool,
) -> bool {
    let Ok(via) = request.via() else {
        return false;
    };
    let public = !is_translated(source.ip().to_canonical());
    let translated = |ip: Option<IpAddr>| ip.is_some_and(|ip| is_translated(ip.to_canonical()));
    if public && translated(host_ip(via.host())) {
        return true;
    }
    // Of a proxy before us the Contact says nothing.
    if request.items(Name::Via).take(2).count() > 1 || !translated(contact_ip(request)) {
        return false;
    }
    public || via.wants_rport() && source.port() != sent_port(&via)
}

fn sent_port(via: &Via<'_>) -> u16 {
    let usual = via
        .transport()
        .map_or(5060, |transport| transport.default_port());
    via.port().unwrap_or(usual)
}

/// Whether the client that sent a response is behind a far translator. Only of one that was reached without another proxy.
pub fn is_far_callee(
    response: &Response,
    source: SocketAddr,
    is_translated: impl Fn(IpAddr) -> bool,
) -> bool {
    !is_translated(source.ip().to_canonical())
        && contact_ip(response).is_some_and(|ip| is_translated(ip.to_canonical()))
}

/// The address in the first Contact.
fn contact_ip(fields: &Fields) -> Option<IpAddr> {
    match fields.contacts().next()?.ok()? {
        Contact::Address(contact) => contact.uri.ip(),
        Contact::All => None,
    }
}

/// Whether two clients can reach each other without a relay: both in networks of ours, or seen at the same address, behind the
/// same translator.
pub fn is_same_network(one: IpAddr, other: IpAddr, is_near: impl Fn(IpAddr) -> bool) -> bool {
    let (one, other) = (one.to_canonical(), other.to_canonical());
    one == other || is_near(one) && is_near(other)
}

/// Whether a message crosses this server's own border: one side is in a network of ours, the other is not.
pub fn crosses_border(one: IpAddr, other: IpAddr, is_near: impl Fn(IpAddr) -> bool) -> bool {
    is_near(one.to_canonical()) != is_near(other.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Message, Parsed, Writer, parse};

    fn request(via: &str, contact: &str) -> Request {
        let text = format!(
            "REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP {via};branch=z9hG4bKx\r\nTo: <sip:a@a>\r\nFrom: <sip:a@a>;tag=1\r\n\
             Call-ID: a\r\nCSeq: 1 REGISTER\r\nContact: {contact}\r\nContent-Length: 0\r\n\r\n"
        );
        match parse(text.into(), &Limits::DATAGRAM) {
            Parsed::Message(Message::Request(request)) => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn callers_are_found() {
        let private = "<sip:a@192.168.1.20:5062>";
        let public = "<sip:a@203.0.113.5>";
        // Via, Contact, source, whether it is far.
        let table = [
            ("192.168.1.20:5062;rport", private, "203.0.113.5:5062", true),
            ("192.168.1.20:5062", public, "203.0.113.5:5062", true),
            ("203.0.113.5", private, "203.0.113.5:5060", true),
            (
                "203.0.113.5",
                "<sip:a@[::ffff:10.0.0.1]>",
                "203.0.113.5:5060",
                true,
            ),
            ("[fd00::1]", public, "[2001:db8::1]:5060", true),
            ("203.0.113.5", public, "203.0.113.5:5060", false),
            (
                "phone.example.com",
                "<sip:a@phone.example.com>",
                "203.0.113.5:5060",
                false,
            ),
            (
                "x.invalid;rport",
                "<sip:a@x.invalid>",
                "203.0.113.5:40000",
                false,
            ),
            ("203.0.113.5", "*", "203.0.113.5:5060", false),
            // In our own network, and behind a translator there.
            ("192.168.1.20", private, "192.168.1.20:5060", false),
            (
                "192.168.1.20:5062;rport",
                private,
                "192.168.1.1:5062",
                false,
            ),
            (
                "192.168.1.20:5062;rport",
                private,
                "192.168.1.1:40000",
                true,
            ),
            ("192.168.1.20;rport", private, "192.168.1.1:5060", false),
            ("192.168.1.20:5062", private, "192.168.1.1:40000", false),
            // A proxy whose clients are no business of ours.
            (
                "203.0.113.5, SIP/2.0/UDP 10.0.0.1",
                private,
                "203.0.113.5:5060",
                false,
            ),
        ];
        for (via, contact, source, far) in table {
            let request = request(via, contact);
            let found = is_far_caller(&request, source.parse().unwrap(), is_private);
            assert_eq!(found, far, "{via} {contact} {source}");
        }
    }

    #[test]
    fn callees_are_found() {
        let table = [
            ("<sip:b@10.0.0.1>", "203.0.113.5:5060", true),
            ("<sip:b@10.0.0.1>", "10.0.0.1:5060", false),
            ("<sip:b@203.0.113.5>", "203.0.113.5:5060", false),
        ];
        for (contact, source, far) in table {
            let source = source.parse().unwrap();
            let mut writer = Writer::reply(&request("a", "*"), 200, "", "t", source);
            writer.field(Name::Contact, contact);
            let Parsed::Message(Message::Response(response)) =
                parse(writer.finish(), &Limits::DATAGRAM)
            else {
                panic!("{contact}");
            };
            assert_eq!(
                is_far_callee(&response, source, is_private),
                far,
                "{contact}"
            );
        }
    }

    #[test]
    fn networks_are_told_apart() {
        let ip = |text: &str| -> IpAddr { text.parse().unwrap() };
        for private in [
            "10.1.2.3",
            "172.31.0.1",
            "192.168.0.1",
            "100.127.0.1",
            "169.254.1.1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_private(ip(private)), "{private}");
        }
        for public in [
            "172.32.0.1",
            "100.128.0.1",
            "100.63.0.1",
            "203.0.113.1",
            "2001:db8::1",
            "fe80::1",
        ] {
            assert!(!is_private(ip(public)), "{public}");
        }
        let table = [
            ("10.0.0.1", "10.0.0.2", true, false),
            ("203.0.113.5", "::ffff:203.0.113.5", true, false),
            ("203.0.113.5", "203.0.113.6", false, false),
            ("10.0.0.1", "203.0.113.6", false, true),
        ];
        for (one, other, same, crosses) in table {
            let (one, other) = (ip(one), ip(other));
            assert_eq!(is_same_network(one, other, is_private), same);
            assert_eq!(crosses_border(one, other, is_private), crosses);
        }
    }
}
