use super::{all, source};
use crate::caller_preferences::choose;
use crate::endpoint::Flow;
use crate::header::{Address, Transport, Via};
use crate::identity::{self, Origin};
use crate::proxy::{Outgoing, Routing, Secret, check, forward_ack};
use crate::registrar::{Locations, Nat, State, Texts};
use crate::{Limits, Message, Name, Parsed, Request, Splice, Uri, parse};

/// What a stateful proxy makes of a request: it can be read, has our Via on top, follows the routes that are left, and is known
/// again when it comes back unchanged.
pub(super) fn passed_on(request: &Request) {
    named(request);
    chosen(request);
    let secret = Secret::new([1; 16]);
    let Ok(checked) = check(request, &secret, &["a"]) else {
        return;
    };
    let is_own = |uri: &Uri<'_>| uri.host() == "a";
    let Ok(routing) = Routing::new(request, is_own) else {
        return;
    };
    let record_route = ["<sip:r;lr>".to_owned()];
    let outgoing = Outgoing {
        transport: Transport::Tls,
        sent_by: "r",
        random: 5,
        record_route: &record_route,
    };
    let out = forward_ack(request, source(), &checked, &routing, &outgoing, |_| ());
    let Parsed::Message(Message::Request(sent)) = parse(out.clone(), &Limits::OURS) else {
        panic!("{out:?}");
    };
    let hops = request.max_forwards().ok().flatten().unwrap_or(71);
    assert_eq!(sent.max_forwards(), Ok(Some(hops - 1)));
    assert_eq!(sent.values(Name::MaxBreadth).count(), 1);
    assert!(sent.via().is_ok_and(|via: Via<'_>| via.host() == "r"));
    assert_eq!(all(&sent, Name::Via)[2..], all(request, Name::Via)[1..]);
    assert_eq!(sent.body(), request.body());
    let left: Vec<Address<'_>> = routing.left(request).collect();
    let routes: Vec<_> = sent.all::<Address<'_>>(Name::Route).collect();
    assert_eq!(routes.len(), left.len());
    let strict = left
        .first()
        .is_some_and(|route| !route.uri.is_loose_router());
    if strict {
        assert_eq!(
            sent.uri_octets(),
            left.first()
                .map_or("", |first| first.uri.without_headers())
                .as_bytes()
        );
    } else {
        let texts = routes
            .iter()
            .flatten()
            .map(|route| route.uri.text().to_owned());
        assert!(texts.eq(left.iter().map(|route| route.uri.text().to_owned())));
    }
    if !strict && routing.own(request).next().is_none() {
        let back = check(&sent, &secret, &["a"]).map_err(|refusal| refusal.status);
        assert!(
            matches!(back, Err(482)) || hops == 1 && matches!(back, Err(483)),
            "{back:?} {out:?}"
        );
    }
}

/// Whoever sends a request, it can be read when its sender is named, says nothing more that nobody vouches for, and has no proof
/// that was for us.
fn named(request: &Request) {
    let account = Origin::Account { uri: "sip:me@a", number: Some("+1"), is_own: &|uri| uri.host() == "a", peer: false };
    for (origin, trusted) in [(Origin::Stranger, true), (Origin::Peer, false), (account, false), (account, true)] {
        let mut splice = Splice::request(request);
        identity::put(&mut splice, request, origin, trusted);
        identity::remove_proofs(&mut splice, request, |realm| realm == "a");
        let out = splice.finish();
        let Parsed::Message(Message::Request(sent)) = parse(out.clone(), &Limits::OURS) else {
            panic!("{out:?}");
        };
        assert_eq!(sent.value(Name::PPreferredIdentity), None);
        let hides = identity::is_private(request) && !trusted;
        match origin {
            Origin::Account { .. } => assert_eq!(sent.values(Name::PAssertedIdentity).count(), if hides { 0 } else { 2 }, "{out:?}"),
            Origin::Peer if !hides => assert_eq!(all(&sent, Name::PAssertedIdentity), all(request, Name::PAssertedIdentity)),
            _ => assert_eq!(sent.value(Name::PAssertedIdentity), None),
        }
    }
}

/// A telephone that says nothing of itself is always chosen, and none comes in addition.
fn chosen(request: &Request) {
    let mut locations = Locations::new(1, 0);
    for (id, params) in [(1, ""), (2, ";audio;video;methods=\"INVITE\"")] {
        let flow = Flow { id: 1, address: source(), transport: Transport::Udp };
        let state = State {
            account: 1,
            id,
            q: 1000,
            cseq: 1,
            expires_at: 100,
            created_at: 1,
            refreshed_at: 1,
            reg_id: None,
            flow,
            connected: true,
            nat: Nat::None,
            rtt_ms: None,
            misses: 0,
        };
        locations.restore(1, state, Texts { contact: "sip:x@a", params, ..Texts::default() });
    }
    let mut targets = locations.targets(1, 1);
    choose(request, &mut targets);
    assert!((1..=2).contains(&targets.len()));
    assert!(targets.iter().any(|target| target.ways.iter().any(|way| way.texts().params.is_empty())));
}
