use super::{all, source};
use crate::header::{Address, Transport, Via};
use crate::proxy::{Outgoing, Routing, Secret, check, forward_ack};
use crate::{Limits, Message, Name, Parsed, Request, Uri, parse};

/// What a stateful proxy makes of a request: it can be read, has our Via on top, follows the routes that are left, and is known
/// again when it comes back unchanged.
pub(super) fn passed_on(request: &Request) {
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
