//! Who the sender of a request is, as others may believe it (RFC 3325, RFC 5876), and what is taken away on its way: what a
//! sender says of itself that nobody vouches for, what is to stay private, and proofs that were meant for this server.

use crate::header::{Address, Authentication, Value};
use crate::{Name, Request, Splice, Uri};

/// Fields by which a sender or those before it are named.
const ASSERTED: [Name; 2] = [Name::PAssertedIdentity, Name::RemotePartyId];
/// Fields that say by whom a request was sent on.
const HISTORY: [Name; 2] = [Name::Diversion, Name::HistoryInfo];

/// Who vouches for a sender.
#[derive(Clone, Copy)]
pub enum Origin<'a> {
    /// We do: it proved to be an account.
    Account {
        /// The SIP URI of the account.
        uri: &'a str,
        /// Its main telephone number, with `+`.
        number: Option<&'a str>,
        /// Whether a URI is another of the account, by which it may want to be known (P-Preferred-Identity).
        is_own: &'a dyn Fn(&Uri<'_>) -> bool,
        /// Whether what it says of those before it is believed, as of a trusted peer.
        peer: bool,
    },
    /// It does itself: it is trusted.
    Peer,
    /// Nobody.
    Stranger,
}

/// Writes into a request that is passed on who its sender is. `next_is_trusted`: whether the next hop keeps private what the sender
/// wants to be private (Privacy, RFC 3323); telephones do not.
pub fn put(splice: &mut Splice<'_>, request: &Request, origin: Origin<'_>, next_is_trusted: bool) {
    let remove = |splice: &mut Splice<'_>, names: &[Name]| {
        for name in names.iter().filter(|name| request.value(**name).is_some()) {
            splice.remove(*name);
        }
    };
    let hides = !next_is_trusted && is_private(request);
    match origin {
        Origin::Peer if !hides => {}
        Origin::Peer => remove(splice, &ASSERTED),
        Origin::Stranger => {
            remove(splice, &ASSERTED);
            remove(splice, &HISTORY);
        }
        Origin::Account { uri, number, is_own, peer } => {
            remove(splice, &ASSERTED);
            if !peer {
                remove(splice, &HISTORY);
            }
            if !hides {
                let wanted = request.first::<Address<'_>>(Name::PPreferredIdentity).ok().flatten();
                let wanted = wanted.map(|address| address.uri).filter(|uri| is_own(uri));
                let number = number.map(|number| format!("tel:{number}"));
                let (sip, tel) = match &wanted {
                    Some(wanted) if wanted.is_sip() => (wanted.without_headers(), number.as_deref()),
                    Some(wanted) => (uri, Some(wanted.text())),
                    None => (uri, number.as_deref()),
                };
                splice.append(Name::PAssertedIdentity, format!("<{sip}>"));
                if let Some(tel) = tel {
                    splice.append(Name::PAssertedIdentity, format!("<{tel}>"));
                }
            }
        }
    }
    remove(splice, &[Name::PPreferredIdentity]);
}

/// Whether the sender wants not to be named to those who are not trusted (RFC 3325 §9.3).
pub fn is_private(request: &Request) -> bool {
    let wants = |word: &str| request.tokens(Name::Privacy).flat_map(|token| token.split(';')).any(|one| one.trim().eq_ignore_ascii_case(word));
    wants("id") && !wants("none")
}

/// Takes away the proofs in a request that were meant for this server; those for servers further on stay (RFC 3261 §22.3).
pub fn remove_proofs(splice: &mut Splice<'_>, request: &Request, is_own_realm: impl Fn(&str) -> bool) {
    for name in [Name::Authorization, Name::ProxyAuthorization] {
        let is_ours = |value: &[u8]| Authentication::parse(value).is_ok_and(|proof| proof.get("realm").is_some_and(|realm| is_own_realm(&realm)));
        if request.values(name).any(is_ours) {
            splice.remove(name);
            for value in request.values(name).filter(|value| !is_ours(value)) {
                splice.append(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn request(method: &str, more: &str) -> Request {
        testing::request(&format!("{method} sip:b@far.example SIP/2.0\r\nFrom: <sip:a@a.example>;tag=1\r\nTo: <sip:b@far.example>\r\n{more}Content-Length: 0\r\n\r\n"))
    }

    const OWN: &dyn Fn(&Uri<'_>) -> bool = &|uri| matches!(uri.text(), "sip:alias@main.example" | "tel:+492");
    const ANNA: Origin<'_> = Origin::Account { uri: "sip:anna@main.example", number: Some("+491"), is_own: OWN, peer: false };

    fn named(more: &str, origin: Origin<'_>, trusted: bool) -> String {
        let request = request("INVITE", more);
        let mut splice = Splice::request(&request);
        put(&mut splice, &request, origin, trusted);
        let text = String::from_utf8(splice.finish().to_vec()).unwrap();
        let named = |line: &&str| ["P-", "Remote-", "Diversion", "History"].iter().any(|name| line.starts_with(name));
        text.lines().filter(named).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn an_account_is_named_by_its_own_addresses_alone() {
        let lies = "P-Asserted-Identity: <sip:chief@main.example>\r\nRemote-Party-ID: <sip:chief@main.example>\r\nDiversion: <sip:x@y>\r\nHistory-Info: <sip:x@y>;index=1\r\n";
        let plain = "P-Asserted-Identity: <sip:anna@main.example>|P-Asserted-Identity: <tel:+491>";
        assert_eq!(named(lies, ANNA, false), plain);
        for (wanted, expected) in [
            ("<sip:alias@main.example>", "P-Asserted-Identity: <sip:alias@main.example>|P-Asserted-Identity: <tel:+491>"),
            ("\"Anna\" <tel:+492>", "P-Asserted-Identity: <sip:anna@main.example>|P-Asserted-Identity: <tel:+492>"),
            ("<sip:chief@main.example>", plain),
            ("<tel:+493>", plain),
            ("<", plain),
        ] {
            assert_eq!(named(&format!("P-Preferred-Identity: {wanted}\r\n"), ANNA, false), expected, "{wanted}");
        }
        let Origin::Account { uri, is_own, .. } = ANNA else { unreachable!() };
        let gateway = Origin::Account { uri, number: None, is_own, peer: true };
        assert_eq!(named("Diversion: <sip:x@y>\r\nRemote-Party-ID: <sip:chief@y>\r\n", gateway, false), "Diversion: <sip:x@y>|P-Asserted-Identity: <sip:anna@main.example>");
    }

    #[test]
    fn who_wants_to_be_private_is_named_to_the_trusted_alone() {
        for (privacy, hides) in [("id", true), ("ID;critical", true), ("header;id", true), ("user", false), ("none", false), ("id;none", false)] {
            let more = format!("Privacy: {privacy}\r\nP-Preferred-Identity: <tel:+492>\r\n");
            assert_eq!(named(&more, ANNA, false).is_empty(), hides, "{privacy}");
            assert!(named(&more, ANNA, true).contains("anna"), "{privacy}");
            let more = format!("Privacy: {privacy}\r\nP-Asserted-Identity: <tel:+4>\r\nRemote-Party-ID: <tel:+4>\r\n");
            assert_eq!(named(&more, Origin::Peer, false).is_empty(), hides, "{privacy}");
            assert_eq!(named(&more, Origin::Peer, true), "P-Asserted-Identity: <tel:+4>|Remote-Party-ID: <tel:+4>");
        }
    }

    #[test]
    fn nobody_vouches_for_strangers() {
        let more = "P-Asserted-Identity: <tel:+4>\r\nRemote-Party-ID: <tel:+4>\r\nDiversion: <tel:+4>\r\nHistory-Info: <tel:+4>;index=1\r\nP-Preferred-Identity: <tel:+4>\r\n";
        assert_eq!(named(more, Origin::Stranger, true), "");
        let kept = named(more, Origin::Peer, false);
        assert!(kept.contains("Asserted") && kept.contains("Diversion") && kept.contains("History") && !kept.contains("Preferred"), "{kept}");
    }

    #[test]
    fn proofs_for_others_stay() {
        let proof = |realm: &str| format!("Digest username=\"a\", realm=\"{realm}\", nonce=\"n\", uri=\"sip:a\", response=\"0\"");
        let more = format!("Proxy-Authorization: {}\r\nProxy-Authorization: {}\r\nAuthorization: {}\r\n", proof("far.example"), proof("main.example"), proof("main.example"));
        let request = request("INVITE", &more);
        let mut splice = Splice::request(&request);
        remove_proofs(&mut splice, &request, |realm| realm == "main.example");
        let text = String::from_utf8(splice.finish().to_vec()).unwrap();
        assert!(text.contains(&format!("Proxy-Authorization: {}\r\n", proof("far.example"))) && !text.contains("main.example"), "{text}");
        let mut splice = Splice::request(&request);
        remove_proofs(&mut splice, &request, |realm| realm == "other.example");
        assert_eq!(splice.finish(), request.octets());
    }
}
