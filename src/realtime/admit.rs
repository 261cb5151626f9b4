//! Whether a request is let in, and where it goes: what needs the directory, asked without holding anybody up.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use model::server::{SipDigest, SipOwn, SipSettings};
use net::{Resolver, Web};
use sasl::digest::{Algorithm, NonceKeys};
use service::{Destination, Sender, Service, Signalled, Subscriber};
use sip::digest_auth::{Ask, Asks, Guard, Presented, Verdict};
use sip::endpoint::Flow;
use sip::proxy::Secret;
use sip::subscription::{Package, Standing};
use sip::{Method, Name, Request, Uri, Writer, record_route};
use uuid::Uuid;

use crate::sources::Sources;
use crate::write_behind::Writes;

/// What all requests are judged by.
pub(crate) struct Shared {
    pub(crate) service: Service,
    pub(crate) guard: Mutex<Guard>,
    pub(crate) secret: Secret,
    pub(crate) routes: record_route::Key,
    pub(crate) sources: Sources,
    /// Web servers that rules ask; none when TLS cannot be had.
    pub(crate) web: Option<Web>,
}

/// Seconds for which a key makes challenges; it knows them for as long again.
pub(crate) const DAY: u64 = 86_400;

fn nonce_keys(service: &Service, day: u64) -> NonceKeys {
    NonceKeys::new(&service.nonce_key(day), Some(&service.nonce_key(day.saturating_sub(1))))
}

/// The algorithms that are asked for: those of the settings, or else all.
fn algorithms(set: &[SipDigest]) -> Vec<Algorithm> {
    let mut found = Vec::new();
    let all = if set.is_empty() { &[SipDigest::Sha256, SipDigest::Md5] } else { set };
    for one in all {
        let algorithm = match one {
            SipDigest::Sha256 => Algorithm::Sha256,
            SipDigest::Md5 => Algorithm::Md5,
        };
        if !found.contains(&algorithm) {
            found.push(algorithm);
        }
    }
    found
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Decision {
    /// It is answered so.
    Answer(u16, Bytes),
    /// It changes or asks for the bindings of this account.
    Register(Arc<Subscriber>),
    /// It asks for the states of all in the roster of this account.
    List(Arc<Subscriber>),
    /// It is passed on.
    Proxy(Sender, Signalled),
}

impl Shared {
    pub(crate) fn new(service: Service, resolver: Resolver, writes: Writes) -> Self {
        let asked = service.clone();
        let web = Web::new(resolver, Arc::new(move |host: &str, ip| asked.is_web_allowed(host, ip)));
        let routes = record_route::Key::new(service.route_key());
        let guard = Guard::new(nonce_keys(&service, unix_now() / DAY), 300, algorithms(&[]));
        Self {
            service,
            guard: Mutex::new(guard),
            secret: Secret::new(rand::random()),
            routes,
            web: web.inspect_err(|error| tracing::error!(%error, "rules cannot ask web servers")).ok(),
            sources: Sources::new(writes),
        }
    }
}

impl Shared {
    /// Takes up settings, and the keys of the day.
    pub(crate) fn configure(&self, settings: &SipSettings, day: u64) {
        if let Ok(mut guard) = self.guard.lock() {
            guard.configure(nonce_keys(&self.service, day), u64::try_from(settings.nonce_ttl).unwrap_or(300), algorithms(&settings.digest_algorithms));
        }
    }
}

/// An answer of our own.
pub(crate) fn answer(request: &Request, status: u16, reason: &str, flow: &Flow) -> Decision {
    Decision::Answer(status, Writer::reply(request, status, reason, &tag(), flow.address).finish())
}

/// A tag nobody can guess.
pub(crate) fn tag() -> String {
    format!("{:016x}", rand::random::<u64>())
}

/// Seconds of the clock that all nodes share.
pub(crate) fn unix_now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Judges a request outside dialogs, neither ACK nor CANCEL.
///
/// `known`: the accounts that registered over the connection it came by.
pub(crate) async fn admit(shared: &Shared, flow: Flow, request: &Request, known: &[Uuid]) -> Decision {
    let outcome = if *request.method() == Method::Register { register(shared, &flow, request).await } else { signal(shared, &flow, request, known).await };
    match outcome {
        Ok(decision) | Err(decision) => decision,
    }
}

async fn register(shared: &Shared, flow: &Flow, request: &Request) -> Result<Decision, Decision> {
    let bad = |reason| answer(request, 400, reason, flow);
    let uri = request.uri().map_err(|_| bad("Bad Request URI"))?;
    let to = request.to().map_err(|_| bad("Bad To"))?.uri;
    if !to.is_sip() {
        return Err(bad("Bad To"));
    }
    let domain = own_domain(shared, flow, request, uri.host()).await?.ok_or_else(|| answer(request, 403, "Not a domain of this server", flow))?;
    let subscriber = authenticate(shared, flow, request, &domain, Asks::Server).await?;
    let home = own_domain(shared, flow, request, to.host()).await?.ok_or_else(|| answer(request, 404, "", flow))?;
    let user = user_of(&to);
    let owner = shared.service.subscriber_of_login(&user, &home).await.map_err(|_| answer(request, 503, "", flow))?;
    let owner = owner.ok_or_else(|| answer(request, 404, "", flow))?;
    if owner.account_id != subscriber.account_id {
        return Err(answer(request, 403, "Not your address", flow));
    }
    if !owner.active || !owner.settings.sip || !owner.settings.signal {
        return Err(answer(request, 403, "Service disabled", flow));
    }
    if let Some((status, reason)) = crate::ruled::refuses(shared, flow, request, &owner).await {
        return Err(answer(request, status, &reason, flow));
    }
    Ok(Decision::Register(owner))
}

async fn signal(shared: &Shared, flow: &Flow, request: &Request, known: &[Uuid]) -> Result<Decision, Decision> {
    let bad = |reason| answer(request, 400, reason, flow);
    let uri = request.uri().map_err(|_| bad("Bad Request URI"))?;
    let from = request.from().map_err(|_| bad("Bad From"))?.uri;
    let near = shared.service.is_near(flow.address.ip());
    let home = own_domain(shared, flow, request, from.host()).await?;
    let realm = match &home {
        Some(domain) => domain.clone(),
        None => own_domain(shared, flow, request, "").await?.ok_or_else(|| answer(request, 503, "", flow))?,
    };
    let presents = request.value(Name::Authorization).is_some() || request.value(Name::ProxyAuthorization).is_some();
    let asks = if matches!(request.method(), Method::Subscribe | Method::Publish) { Asks::Server } else { Asks::Proxy };
    // What is told of an account is told to those it is meant for, wherever they are.
    let watches = matches!(request.method(), Method::Subscribe | Method::Publish) && crate::events::is_served(request);
    let settings = shared.service.module_settings();
    let proves = match (&home, settings.sip.auth_own_domain) {
        (None, _) => settings.sip.auth_outside_calls && !near,
        (Some(_), SipOwn::Nobody) => false,
        (Some(_), SipOwn::NonClients) => !near,
        (Some(_), SipOwn::Everybody) => true,
    };
    let said = match &home {
        Some(home) if !presents && (!known.is_empty() || !watches && !proves) => shared.service.subscriber_of_login(&user_of(&from), home).await.ok().flatten(),
        _ => None,
    };
    let subscriber = match &said {
        Some(subscriber) if known.contains(&subscriber.account_id) => said.clone(),
        _ if presents || watches || proves => Some(authenticate(shared, flow, request, &realm, asks).await?),
        _ => None,
    };
    if let Some(subscriber) = &subscriber
        && (!subscriber.active || !subscriber.settings.signal)
    {
        return Err(answer(request, 403, "Service disabled", flow));
    }
    if let Some(subscriber) = &subscriber
        && *request.method() == Method::Subscribe
        && names_list(shared, flow, request, &uri, subscriber).await?
    {
        return Ok(Decision::List(subscriber.clone()));
    }
    let claimed = said.filter(|_| subscriber.is_none());
    let sender = Sender { subscriber, claimed, peer: Some(flow.address.ip()), is_ours: home.is_some() };
    let address = address_of(&uri).ok_or_else(|| answer(request, 404, "", flow))?;
    let mut signalled = crate::ruled::route(shared, flow, request, &sender, &address).await;
    match request.method() {
        Method::Message => shared.service.refuse_strangers(&mut signalled, &sender, &address_of(&from).unwrap_or_default()).await,
        Method::Subscribe => look_into_roster(shared, request, &sender, &mut signalled).await,
        _ => {}
    }
    if let [Destination::Refused { status: 407, .. }] = signalled.destinations.as_slice() {
        return Err(challenge(shared, flow, request, &realm, asks, false));
    }
    Ok(Decision::Proxy(sender, signalled))
}

/// Whether a SUBSCRIBE is for the list of who sent it: in its domain, unless an account there has the name.
async fn names_list(shared: &Shared, flow: &Flow, request: &Request, uri: &Uri<'_>, subscriber: &Subscriber) -> Result<bool, Decision> {
    if !crate::lists::is_named(uri) {
        return Ok(false);
    }
    let domain = own_domain(shared, flow, request, uri.host()).await?.filter(|domain| subscriber.address.rsplit_once('@').is_some_and(|(_, own)| own.eq_ignore_ascii_case(domain)));
    let Some(domain) = domain else { return Ok(false) };
    let taken = shared.service.subscriber_of_login(crate::lists::NAME, &domain).await.map_err(|_| answer(request, 503, "", flow))?;
    Ok(taken.is_none())
}

/// Who watches presence without being of the domain, or where that is not told, is looked for in the roster; it learns of who asks.
async fn look_into_roster(shared: &Shared, request: &Request, sender: &Sender, signalled: &mut Signalled) {
    let ([Destination::Account(watched)], Some(watcher)) = (signalled.destinations.as_slice(), &sender.subscriber) else { return };
    if !crate::events::is_of(request, Package::Presence) || crate::events::standing(Package::Presence, watcher, watched, false) != Some(Standing::Pending) {
        return;
    }
    // Whom nothing is known of waits.
    let shown = shared.service.shows_presence(watched.account_id, &watcher.address).await.unwrap_or(false);
    if !shown && let Err(error) = shared.service.ask_to_watch(watched, watcher).await {
        tracing::error!(%error, "a roster does not learn of who asks");
    }
    signalled.shown = shown;
}

/// The address a request URI stands for: `user@host`, or the number of a tel URI at the main domain.
pub(crate) fn address_of(uri: &Uri<'_>) -> Option<String> {
    if uri.is_sip() {
        // A user that hides an address in itself is nobody of ours, and no way to others.
        let user = uri.user().filter(|user| !user.is_empty())?;
        let user = String::from_utf8(sip::uri::unescape(user).into_owned()).ok().filter(|user| !user.contains(['\0', '@']))?;
        // So has a number.
        let is_number = uri.param("user").is_some_and(|kind| kind.eq_ignore_ascii_case("phone")) && user.starts_with(|c: char| c == '+' || c.is_ascii_digit());
        let user = match user.split(';').next().filter(|_| is_number) {
            Some(number) if number.chars().all(|c| c.is_ascii_digit() || "+*-.()".contains(c)) => digits(number),
            _ => user,
        };
        // An address has one spelling.
        return Some(match uri.ip() {
            Some(ip) => format!("{user}@{}", crate::flow::host_text(ip)),
            None => format!("{user}@{}", uri.host()),
        });
    }
    let number = digits(uri.user()?);
    let context = uri.param("phone-context").filter(|context| !number.starts_with('+') && !context.is_empty());
    let number = match context {
        None => number,
        Some(context) if context.starts_with('+') => digits(context) + &number,
        // A domain says whose number it is (RFC 3966 §5.1.5).
        Some(domain) => format!("{number}@{domain}"),
    };
    Some(number).filter(|number| number.starts_with(|c: char| c == '+' || c == '*' || c.is_ascii_digit()))
}

/// A number without what is there to be read by people (RFC 3966 §5.1.1).
fn digits(number: &str) -> String {
    number.chars().filter(|c| c.is_ascii_digit() || matches!(c, '+' | '*')).collect()
}

fn user_of(uri: &Uri<'_>) -> String {
    String::from_utf8_lossy(&sip::uri::unescape(uri.user().unwrap_or_default())).into_owned()
}

async fn own_domain(shared: &Shared, flow: &Flow, request: &Request, host: &str) -> Result<Option<Arc<str>>, Decision> {
    shared.service.own_domain(host).await.map_err(|_| answer(request, 503, "", flow))
}

/// Whoever proves to know the password of an account; or the challenge.
async fn authenticate(shared: &Shared, flow: &Flow, request: &Request, realm: &str, asks: Asks) -> Result<Arc<Subscriber>, Decision> {
    let now = unix_now();
    let presented = shared.guard.lock().map_or(Presented::Nothing, |guard| guard.examine(now, request, realm));
    let credentials = match presented {
        Presented::Credentials(credentials) => credentials,
        Presented::Stale => return Err(challenge(shared, flow, request, realm, asks, true)),
        Presented::Nothing | Presented::Unusable(_) => return Err(challenge(shared, flow, request, realm, asks, false)),
    };
    let (ip, moment) = (flow.address.ip(), Instant::now());
    let trusted = shared.service.is_near(ip);
    if !trusted && !shared.sources.may_try(ip, moment) {
        return Err(answer(request, 403, "", flow));
    }
    let subscriber = shared.service.subscriber_of_login(&credentials.username, realm).await.map_err(|_| answer(request, 503, "", flow))?;
    if subscriber.as_ref().is_some_and(|subscriber| !subscriber.has_secret()) && trusted {
        let mut writer = Writer::reply(request, 403, "", &tag(), flow.address);
        writer.field(Name::Warning, "399 postamt \"no digest secret\"");
        return Err(Decision::Answer(403, writer.finish()));
    }
    let secret = subscriber.as_ref().and_then(|subscriber| subscriber.secret(credentials.algorithm, &credentials.username, realm));
    let verdict = shared.guard.lock().map(|mut guard| guard.verify(now, request, &credentials, secret.as_slice()).0);
    match (verdict, subscriber) {
        (Ok(Verdict::Right), Some(subscriber)) => {
            if !trusted {
                shared.sources.proved(ip, moment);
            }
            Ok(subscriber)
        }
        (Ok(Verdict::Replayed), _) => Err(challenge(shared, flow, request, realm, asks, true)),
        (_, subscriber) => {
            tracing::info!(remote_ip = %ip, account = %credentials.username, "a wrong password for SIP");
            if !trusted {
                shared.sources.failed(ip, moment, subscriber.is_some());
            }
            Err(challenge(shared, flow, request, realm, asks, false))
        }
    }
}

/// Whether a client gives up at the sight of SHA-256, though MD5 is offered beside it: baresip before version 2, and sipp and
/// other simple clients, which do not say what they are.
fn old_digest(request: &Request) -> bool {
    let Some(agent) = request.value(Name::UserAgent) else { return true };
    agent.starts_with(b"baresip v0.") || agent.starts_with(b"baresip v1.")
}

fn challenge(shared: &Shared, flow: &Flow, request: &Request, realm: &str, asks: Asks, stale: bool) -> Decision {
    let mut writer = Writer::reply(request, asks.status(), "", &tag(), flow.address);
    if let Ok(guard) = shared.guard.lock() {
        guard.challenge(&mut writer, unix_now(), rand::random(), Ask { asks, realm, opaque: None, stale, only: old_digest(request).then_some(Algorithm::Md5) });
    }
    Decision::Answer(asks.status(), writer.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_stand_for_addresses() {
        for (uri, address) in [
            ("sip:bob@main.example:5070;transport=tcp", Some("bob@main.example")),
            ("sip:b%6Fb@main.example", Some("bob@main.example")),
            ("sip:bob@[2001:db8:0::1]", Some("bob@[2001:db8::1]")),
            ("sip:main.example", None),
            ("sip:a%40b@main.example", None),
            ("sip:+49-30.(1)23@main.example;user=phone", Some("+4930123@main.example")),
            ("sip:+49-30;ext=5@main.example;user=phone", Some("+4930@main.example")),
            ("sip:bob-1@main.example;user=phone", Some("bob-1@main.example")),
            ("sip:1-2@main.example", Some("1-2@main.example")),
            ("tel:+49-30-123", Some("+4930123")),
            ("tel:123;phone-context=+49-30", Some("+4930123")),
            ("tel:+123;phone-context=+49", Some("+123")),
            ("tel:*21;phone-context=main.example", Some("*21@main.example")),
            ("tel:456", Some("456")),
        ] {
            assert_eq!(address_of(&Uri::parse(uri.as_bytes()).unwrap()).as_deref(), address, "{uri}");
        }
    }
}
