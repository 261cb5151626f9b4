//! Signal rules over requests that are there: what conditions see of them, and what is done beside them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use rules::{Account, Caller, Course, Effect, Facts, Field, Moment, Outcome};
use service::{Destination, OutgoingIm, Sender, Service, Signalled, Subscriber};
use sip::endpoint::Flow;
use sip::proxy::as_dialled;
use sip::transaction::Key;
use sip::{Method, Name, Request, Uri};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::admit::{Shared, address_of};
use crate::call::moment;
use crate::switch::{Input, Switch, Task};

/// Who calls, as call settings ask for it.
pub(crate) fn caller_of(request: &Request, sender: &Sender) -> Caller {
    let mut caller = Caller { account: sender.subscriber.as_ref().or(sender.claimed.as_ref()).map(|subscriber| subscriber.account_id), ..Caller::default() };
    if let Some(subscriber) = &sender.subscriber {
        caller.addresses.push(subscriber.address.to_lowercase());
        caller.numbers.extend(subscriber.telnums.iter().cloned());
    }
    if let Ok(from) = request.from() {
        let uri: Uri<'_> = from.uri;
        if let Some(address) = address_of(&uri) {
            caller.add(&address, uri.is_sip());
        }
        let user = uri.user().unwrap_or_default();
        let nobody = uri.is_sip() && (user.is_empty() || user.eq_ignore_ascii_case("anonymous"));
        caller.anonymous = nobody || uri.host().eq_ignore_ascii_case("anonymous.invalid");
    }
    caller.anonymous |= request.tokens(Name::Privacy).any(|token| token.split(';').any(|one| ["id", "user"].iter().any(|word| one.trim().eq_ignore_ascii_case(word))));
    caller
}

/// An account as rules know it.
pub(crate) fn account_of(subscriber: &Subscriber) -> Account<'_> {
    Account { address: &subscriber.address, settings: &subscriber.settings, rules: subscriber.rules.as_deref() }
}

fn domain_of(address: &str) -> String {
    address.rsplit_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default()
}

/// What conditions see of a request. Without one nothing is asked.
pub(crate) struct Signal {
    request: Option<Request>,
    source: SocketAddr,
    authenticated: Option<Arc<Subscriber>>,
    domain: String,
    devices: Option<usize>,
    presence: Option<&'static str>,
    service: Service,
}

impl Signal {
    fn has_media(request: &Request, kinds: &[&[u8]]) -> bool {
        request.body().split(|octet| *octet == b'\n').any(|line| kinds.iter().any(|kind| line.starts_with(kind)))
    }

    /// `AV`, `IM`, or nothing.
    fn call_type(request: &Request) -> &'static str {
        match request.method() {
            Method::Message => "IM",
            // Who offers nothing wants to be offered a call.
            Method::Invite if request.body().is_empty() || Self::has_media(request, &[b"m=audio", b"m=video"]) => "AV",
            Method::Invite if Self::has_media(request, &[b"m=message"]) => "IM",
            _ => "",
        }
    }
}

/// The address in a URI; one that says nobody is shown as it is.
fn shown(uri: &Uri<'_>) -> String {
    address_of(uri).unwrap_or_else(|| uri.without_headers().to_owned())
}

impl Facts for Signal {
    fn any(&self, field: Field, test: &mut dyn FnMut(&str) -> bool) -> bool {
        let Some(request) = &self.request else { return false };
        match field {
            Field::Method => test(request.method().name()),
            Field::RequestUri => request.uri().is_ok_and(|uri| test(&shown(&uri))),
            Field::CallType => test(Self::call_type(request)),
            // What proves who somebody is is nobody else's.
            Field::ReqField => request.iter().filter(|(name, ..)| !matches!(name, Name::Authorization | Name::ProxyAuthorization)).any(|(_, name, value)| test(&format!("{name}: {}", String::from_utf8_lossy(value)))),
            Field::AgentType => test(&request.value(Name::UserAgent).map(String::from_utf8_lossy).unwrap_or_default()),
            Field::From => request.from().is_ok_and(|from| test(&shown(&from.uri))),
            Field::To => request.to().is_ok_and(|to| test(&shown(&to.uri))),
            Field::FromName => request.from().is_ok_and(|from| {
                let name = from.display_name().0;
                !name.is_empty() && test(&name)
            }),
            Field::Authenticated => test(self.authenticated.as_ref().map_or("", |subscriber| &subscriber.address)),
            Field::SubmitAddress => test(&format!("SIP [{}]", self.source.ip().to_canonical())),
            Field::Presence => self.presence.is_some_and(test),
            Field::RegClients | Field::TimeOfDay | Field::CurrentDate | Field::CurrentDay => false,
        }
    }

    fn number(&self, field: Field) -> Option<i64> {
        self.devices.filter(|_| field == Field::RegClients).and_then(|devices| i64::try_from(devices).ok())
    }

    fn now(&self) -> Option<Moment> {
        self.service.wall_clock()
    }

    fn domain(&self) -> &str {
        &self.domain
    }
}

/// What the server's rules make of a request; `None` when there are none.
async fn at_start(shared: &Shared, flow: &Flow, request: &Request, authenticated: Option<Arc<Subscriber>>) -> Option<Outcome> {
    let service = &shared.service;
    let set = service.server_rules().await.ok().flatten()?;
    let pbx = service.pbx_account().await.ok()?;
    let facts = Signal { request: Some(request.clone()), source: flow.address, authenticated, domain: domain_of(&pbx), devices: None, presence: None, service: service.clone() };
    Some(rules::at_start(&set, &pbx, &facts))
}

/// Whether the server's rules refuse a registration: with which status and text.
pub(crate) async fn refuses(shared: &Shared, flow: &Flow, request: &Request, subscriber: &Arc<Subscriber>) -> Option<(u16, String)> {
    if takes_back(request) {
        return None;
    }
    let outcome = at_start(shared, flow, request, Some(subscriber.clone())).await?;
    say_outside(shared, &subscriber.address, request, &outcome.effects);
    outcome.refuse
}

/// Whether a registration is taken back: nobody is kept from that.
fn takes_back(request: &Request) -> bool {
    request.value(Name::Expires).is_some_and(|value| value.trim_ascii() == b"0") || request.value(Name::Contact).is_some_and(|value| value.trim_ascii() == b"*")
}

/// Where a signal goes: as the server's rules want it, who are asked before the Router.
pub(crate) async fn route(shared: &Shared, flow: &Flow, request: &Request, sender: &Sender, address: &str) -> Signalled {
    let signalled = route_by_rules(shared, flow, request, sender, address).await;
    match request.uri() {
        Ok(dialled) => to_dialled(&dialled, signalled),
        Err(_) => signalled,
    }
}

/// Addresses have neither port nor transport: at the host that was dialled, those that were dialled count.
pub(crate) fn to_dialled(dialled: &Uri<'_>, mut signalled: Signalled) -> Signalled {
    for destination in &mut signalled.destinations {
        if let Destination::Remote { uri, host, port: None } = destination
            && let Ok(routed) = Uri::parse(uri.as_bytes())
            && routed.host().eq_ignore_ascii_case(host)
            && let Some(found) = as_dialled(dialled, &routed)
        {
            *uri = found;
        }
    }
    signalled
}

async fn route_by_rules(shared: &Shared, flow: &Flow, request: &Request, sender: &Sender, address: &str) -> Signalled {
    let service = &shared.service;
    let Some(outcome) = at_start(shared, flow, request, sender.subscriber.clone()).await else { return service.route_signal(address, sender).await };
    let mut signalled = Signalled { steps: outcome.steps.iter().map(|step| step.note(address)).collect(), discard: outcome.discard, ..Signalled::default() };
    say_outside(shared, address, request, &outcome.effects);
    if let Some((status, reason)) = outcome.refuse {
        signalled.destinations.push(Destination::Refused { status, reason: reason.clone() });
        signalled.says = (!reason.is_empty()).then(|| Box::new((status, reason)));
        return signalled;
    }
    let itself = || vec!["*".to_owned()];
    let targets = outcome.redirect.map_or_else(itself, |lead| lead.targets).into_iter().chain(outcome.forks.into_iter().flat_map(|lead| lead.targets));
    for target in targets {
        let found = if target == "*" { service.route_signal(address, sender).await } else { service.route_ruled(&target, sender).await };
        signalled.steps.extend(found.steps);
        signalled.destinations.extend(found.destinations);
    }
    signalled
}

fn write_to_log(account: &str, request: &Request, text: &str) {
    let from = request.from().map(|from| shown(&from.uri)).unwrap_or_default();
    tracing::info!(target: "call", %account, caller = %from, text, "a rule writes");
}

/// Has a web server asked.
fn send_url(shared: &Shared, account: Option<Uuid>, address: &str, post: bool, url: &str) {
    let Some(web) = &shared.web else { return };
    if !shared.service.may_ask_web(account) {
        tracing::warn!(account = %address, "rules ask web servers too often");
        return;
    }
    let address = address.to_owned();
    web.ask(post, url, move |answer| match answer {
        Ok(status) => tracing::info!(account = %address, status, "a rule asked a web server"),
        Err(error) => tracing::warn!(account = %address, %error, "a rule asked a web server"),
    });
}

/// Does what rules want written down or told to web servers before it is known whose signal it is.
fn say_outside(shared: &Shared, address: &str, request: &Request, effects: &[Effect]) {
    for effect in effects {
        match effect {
            Effect::Log(text) => write_to_log(address, request, text),
            Effect::SendUrl(post, url) => send_url(shared, None, address, *post, url),
            Effect::Remember(..) | Effect::SendIm(..) => {}
        }
    }
}

/// What the rules of an account name.
pub(crate) struct Named {
    account: Arc<Subscriber>,
    targets: Vec<String>,
    /// The signal goes there instead; when they lead nowhere, it goes to the account as ever.
    instead: bool,
}

impl Switch {
    /// What the rules of an account see of a request.
    pub(crate) fn facts(&self, now: Instant, request: Option<&Request>, flow: &Flow, sender: Option<Arc<Subscriber>>, account: &Arc<Subscriber>) -> Signal {
        let presence = account.rules.as_ref().is_some_and(|rules| rules.looks_at(Field::Presence)).then(|| self.presence_state(now, account.account_id).status.word());
        let devices = account.rules.is_some().then(|| self.telephones(now, account));
        Signal {
            request: request.filter(|_| account.rules.is_some()).cloned(),
            source: flow.address,
            authenticated: sender,
            domain: if account.rules.is_some() { domain_of(&account.address) } else { String::new() },
            devices,
            presence,
            service: self.shared.service.clone(),
        }
    }

    /// Does what rules of an account want done beside a signal.
    pub(crate) fn do_beside(&mut self, account: &Arc<Subscriber>, request: &Request, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Log(text) => write_to_log(&account.address, request, &text),
                Effect::SendUrl(post, url) => send_url(&self.shared, Some(account.account_id), &account.address, post, &url),
                Effect::Remember(dataset, address) => {
                    let (service, account) = (self.shared.service.clone(), account.clone());
                    let task: Task = Box::pin(async move {
                        if let Err(error) = service.remember_in(&account, &dataset, &address).await {
                            tracing::error!(%error, account = %account.address, "a rule cannot remember a caller");
                        }
                        Input::Nothing
                    });
                    self.tasks.push(task);
                }
                Effect::SendIm(to, text) => {
                    if self.shared.service.count_im(Some(account.account_id), ([127, 0, 0, 1]).into()).is_err() {
                        tracing::warn!(account = %account.address, "a rule sends too many messages");
                        continue;
                    }
                    let outgoing = OutgoingIm { id: Uuid::now_v7(), sender: account.clone(), peer: to, content_type: "text/plain".to_owned(), body: Bytes::from(text), at: moment(), by_rule: true };
                    // Nobody waits for what becomes of it.
                    self.send_message(outgoing, oneshot::channel().0);
                }
            }
        }
    }

    /// What the rules of accounts make of a signal that is no call: refusals stand where the accounts stood, and the addresses
    /// that they name are still to be routed.
    pub(crate) fn ask_rules(&mut self, now: Instant, flow: &Flow, request: &Request, sender: &Sender, signalled: Signalled) -> (Signalled, Vec<Named>) {
        let (mut ruled, mut named) = (Signalled { destinations: Vec::new(), ..signalled }, Vec::new());
        let caller = caller_of(request, sender);
        for destination in signalled.destinations {
            let account = match &destination {
                // Whoever publishes for himself, or asks for his own messages, is not kept from it.
                Destination::Account(account) if account.rules.is_some() && (*request.method() == Method::Message || caller.account != Some(account.account_id)) => account.clone(),
                _ => {
                    ruled.destinations.push(destination);
                    continue;
                }
            };
            let facts = self.facts(now, Some(request), flow, sender.subscriber.clone(), &account);
            let own = caller.account == Some(account.account_id);
            let Outcome { steps, redirect, forks, refuse, effects, .. } = Course::default().signal(&account_of(&account), &facts, &caller, own);
            ruled.steps.extend(steps.iter().map(|step| step.note(&account.address)));
            self.do_beside(&account, request, effects);
            if let Some((status, reason)) = refuse {
                ruled.says = (!reason.is_empty()).then(|| Box::new((status, reason.clone())));
                ruled.destinations.push(Destination::Refused { status, reason });
                continue;
            }
            let stays = redirect.as_ref().is_none_or(|lead| lead.targets.iter().any(|target| target == "*"));
            if stays {
                ruled.destinations.push(destination);
            }
            let targets: Vec<String> = redirect.into_iter().chain(forks).flat_map(|lead| lead.targets).filter(|target| target != "*").collect();
            if !targets.is_empty() {
                named.push(Named { account, targets, instead: !stays });
            }
        }
        (ruled, named)
    }

    /// Whether the rules of an account and its domain refuse that a telephone of it registers: with which status and text.
    pub(crate) fn refuses_registration(&mut self, now: Instant, flow: &Flow, request: &Request, account: &Arc<Subscriber>) -> Option<(u16, String)> {
        if account.rules.is_none() || takes_back(request) {
            return None;
        }
        let sender = Sender { subscriber: Some(account.clone()), is_ours: true, ..Sender::default() };
        let facts = self.facts(now, Some(request), flow, Some(account.clone()), account);
        let outcome = Course::default().signal(&account_of(account), &facts, &caller_of(request, &sender), true);
        self.do_beside(account, request, outcome.effects);
        outcome.refuse
    }

    /// The same for a request that is passed on once that is known.
    pub(crate) fn rule_request(&mut self, now: Instant, key: Key, flow: Flow, request: Request, sender: Sender, signalled: Signalled) {
        if !has_rules(&signalled) {
            return self.route_request(now, key, flow, request, sender, signalled);
        }
        let (ruled, named) = self.ask_rules(now, &flow, &request, &sender, signalled);
        if named.is_empty() {
            return self.route_request(now, key, flow, request, sender, ruled);
        }
        let service = self.shared.service.clone();
        let task: Task = Box::pin(async move {
            let ruled = route_named(&service, ruled, named).await;
            Input::Ruled(key, flow, request, sender, ruled)
        });
        self.tasks.push(task);
    }
}

/// Whether a signal is for an account that has rules.
pub(crate) fn has_rules(signalled: &Signalled) -> bool {
    signalled.destinations.iter().any(|destination| matches!(destination, Destination::Account(account) if account.rules.is_some()))
}

/// Finds where the addresses lead that rules name, with the rights of their accounts.
pub(crate) async fn route_named(service: &Service, mut ruled: Signalled, named: Vec<Named>) -> Signalled {
    for Named { account, targets, instead } in named {
        let before = ruled.destinations.len();
        for target in targets {
            let found = service.route_diverted(&target, &account).await;
            ruled.steps.extend(found.steps);
            ruled.destinations.extend(found.destinations.into_iter().filter(|destination| !matches!(destination, Destination::Refused { .. } | Destination::Blackhole)));
        }
        if instead && ruled.destinations.len() == before {
            ruled.destinations.push(Destination::Account(account));
        }
    }
    ruled
}
