use crate::Uri;
use crate::uri::{Scheme, unescape};

/// Where a request goes whose URI was `dialled`, as a table of addresses leads it to `routed`, which says no port: when the host is
/// the same, the scheme, port and parameters that were dialled stay (RFC 3263 §4 reads them). A user that stays is written as it was.
///
/// Not `maddr`, which would lead elsewhere than to the host that was decided on, nor a password.
pub fn as_dialled(dialled: &Uri<'_>, routed: &Uri<'_>) -> Option<String> {
    let same_host = match (dialled.ip(), routed.ip()) {
        (Some(one), Some(other)) => one == other,
        _ => dialled.host().trim_end_matches('.').eq_ignore_ascii_case(routed.host().trim_end_matches('.')),
    };
    if !dialled.is_sip() || !routed.is_sip() || routed.port().is_some() || !same_host {
        return None;
    }
    let same_user = dialled.user().map(unescape) == routed.user().map(unescape);
    let user = if same_user { dialled.user() } else { routed.user() };
    let mut uri = String::from(if dialled.scheme() == Scheme::Sips { "sips:" } else { "sip:" });
    if let Some(user) = user {
        uri.push_str(user);
        uri.push('@');
    }
    uri.push_str(routed.host());
    if let Some(port) = dialled.port() {
        uri.push(':');
        uri.push_str(&port.to_string());
    }
    for (name, value) in dialled.params() {
        if name.eq_ignore_ascii_case("maddr") || name.eq_ignore_ascii_case("ttl") {
            continue;
        }
        uri.push(';');
        uri.push_str(name);
        if let Some(value) = value {
            uri.push('=');
            uri.push_str(value);
        }
    }
    Some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(dialled: &str, routed: &str) -> Option<String> {
        as_dialled(&Uri::parse(dialled.as_bytes()).unwrap(), &Uri::parse(routed.as_bytes()).unwrap())
    }

    #[test]
    fn what_is_dialled_stays_while_its_host_does() {
        let table = [
            ("sip:x@far.example:5070", "sip:x@far.example", Some("sip:x@far.example:5070")),
            ("sip:x@FAR.example.", "sip:x@far.example", Some("sip:x@far.example")),
            ("sip:x@192.0.2.1:5070;transport=tcp?a=b", "sip:x@192.0.2.1", Some("sip:x@192.0.2.1:5070;transport=tcp")),
            ("sips:x@[2001:db8:0::1]", "sip:x@[2001:db8::1]", Some("sips:x@[2001:db8::1]")),
            ("sip:+1-2;ext=3@far.example;user=phone;lr", "sip:+1-2;ext=3@far.example", Some("sip:+1-2;ext=3@far.example;user=phone;lr")),
            ("sip:a%2Fb@far.example", "sip:a/b@far.example", Some("sip:a%2Fb@far.example")),
            ("sip:1@far.example:5070", "sip:2@far.example", Some("sip:2@far.example:5070")),
            ("sip:x:secret@far.example:5070;MADDR=192.0.2.9;ttl=3;x", "sip:x@far.example", Some("sip:x@far.example:5070;x")),
            ("sip:x@far.example:5070", "sip:x@other.example", None),
            ("sip:x@far.example:5070", "sip:x@far.example:5080", None),
            ("sip:x@192.0.2.1:5070", "sip:x@192.0.2.2", None),
            ("tel:+123", "sip:+123@far.example", None),
        ];
        for (dialled, routed, expected) in table {
            assert_eq!(after(dialled, routed).as_deref(), expected, "{dialled}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_comes_out_is_a_uri_of_the_routed_host(
            user in "[a-z0-9+;=]{1,8}", port in proptest::option::of(1_u16..), params in proptest::collection::vec("[a-z]{1,6}(=[a-z0-9]{1,4})?", 0..4), sips: bool,
        ) {
            let params: String = params.iter().map(|param| format!(";{param}")).collect();
            let port_text = port.map(|port| format!(":{port}")).unwrap_or_default();
            let dialled = format!("{}:{user}@Far.example{port_text}{params}", if sips { "sips" } else { "sip" });
            let text = after(&dialled, &format!("sip:{user}@far.example")).unwrap();
            let uri = Uri::parse(text.as_bytes()).unwrap();
            proptest::prop_assert_eq!((uri.host(), uri.port(), uri.user()), ("far.example", port, Some(&*user)));
            proptest::prop_assert!(uri.param("maddr").is_none());
            proptest::prop_assert_eq!(after(&text, &format!("sip:{user}@far.example")), Some(text.clone()));
        }
    }
}
