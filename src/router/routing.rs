//! One routing run: passes over the address until it leads somewhere, with questions to the directory on the way.

mod local;
mod number;
mod reserved;
mod trace;

use std::sync::Arc;

use model::routing::{Flow, StepKind};
use uuid::Uuid;

use crate::address::{Address, AddressError, Beside, Source, rfind_outside};
use crate::context::Context;
use crate::domains::{Domain, Name};
use crate::error::{RouteError, Situation};
use crate::place::{Place, Word, foreign_place, word};
use crate::question::{Account, Answer, Object, Question};
use crate::route::{ListOperation, Local, Route, Sink, split_port};
use crate::router::Router;
use crate::rule::Site;

use local::Lookup;
pub(crate) use trace::Trace;

/// A routing run. Call [`poll`](Routing::poll); on [`Step::Ask`] find the answer, hand it to
/// [`answer`](Routing::answer) and poll again.
pub struct Routing<'a> {
    router: &'a Router,
    input: &'a str,
    flow: Flow,
    context: &'a Context,
    address: Address,
    beside: Option<Box<Beside>>,
    passes: u32,
    relayable: bool,
    /// The domain was written by a record, forwarder or rule, not by a peer: it may name a program or an error text.
    granted: bool,
    /// The peer is blacklisted and no record was applied yet.
    barred: bool,
    enum_hops: u8,
    /// The number ENUM and the owner are asked for, `+` and digits.
    number: String,
    /// A name that stands nowhere in the address.
    name: String,
    /// Domain before the record that gave a unified-account suffix.
    real_domain: Option<Box<str>>,
    records: Vec<Applied>,
    checkpoint: Checkpoint,
    failed: Option<AddressError>,
    waiting: Option<Ask>,
    answer: Option<Answer>,
    trace: Option<Box<Trace>>,
}

/// What a run wants next.
#[derive(Debug)]
pub enum Step<'q> {
    /// The answer to this question.
    Ask(Question<'q>),
    /// Nothing: this is the result. The run must not be polled again.
    Done(Outcome),
}

/// The result of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Where the address leads.
    pub route: Route,
    /// The flow it was routed for.
    pub flow: Flow,
    /// A record, forwarder or setting lets strangers use the result.
    pub relayable: bool,
    /// Passes over the address.
    pub passes: u32,
    /// The records that were applied, in order.
    pub records: Vec<Applied>,
    /// What a URI carried beside the address.
    pub beside: Option<Box<Beside>>,
    pub(crate) trace: Option<Box<Trace>>,
}

/// A record that was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// Line of the table, counted from 1.
    pub line: u32,
    /// Identity of the line.
    pub id: Option<Uuid>,
}

/// A pass seen before, to notice circles early.
#[derive(Default)]
struct Checkpoint {
    address: String,
    pass: u32,
    enum_hops: u8,
    granted: bool,
}

/// A question under way.
enum Ask {
    Lookup(Lookup),
    Consult(Arc<Domain>),
    /// The account of a unified-account suffix; its name is in `name`.
    Unified(Arc<Domain>, Option<Box<str>>),
    /// `operation@name.list`
    List(ListOperation),
    Owner,
    /// A forwarder named after a number, with or without `tel-`.
    NumberForwarder {
        prefixed: bool,
    },
    /// A root by its place in the settings, or the one in `name`.
    Enum(Option<usize>),
}

/// Where a run goes from here.
enum Next {
    /// Another pass.
    Pass,
    Ask(Ask),
    Done(Route),
}

impl<'a> Routing<'a> {
    pub(crate) fn new(router: &'a Router, input: &'a str, flow: Flow, context: &'a Context) -> Self {
        let mut routing = Self {
            router,
            input,
            flow,
            context,
            address: Address::default(),
            beside: None,
            passes: 0,
            relayable: context.relayable,
            granted: context.internal,
            barred: context.blacklisted && flow == Flow::Mail,
            enum_hops: 0,
            number: String::new(),
            name: String::new(),
            real_domain: None,
            records: Vec::new(),
            checkpoint: Checkpoint::default(),
            failed: None,
            waiting: None,
            answer: None,
            trace: context.trace.then(Box::default),
        };
        match routing.address.assign(input, flow, Source::Outside) {
            Ok(beside) => routing.beside = beside,
            Err(error) => routing.failed = Some(error),
        }
        if routing.failed.is_none() {
            if routing.trace.is_some() && routing.address.as_str() != input {
                routing.step(StepKind::Parse, Some(input.to_owned()));
            }
            routing.bar();
        }
        routing
    }

    /// What to do next.
    pub fn poll(&mut self) -> Step<'_> {
        let mut next = match (self.waiting.take(), self.answer.take(), self.failed.take()) {
            (_, _, Some(error)) => Next::Done(self.refuse(error.into())),
            (Some(ask), Some(answer), None) => self.resume(ask, answer),
            (Some(ask), None, None) => Next::Ask(ask),
            (None, _, None) => Next::Pass,
        };
        loop {
            match next {
                Next::Pass => next = self.pass(),
                Next::Ask(ask) => {
                    self.waiting = Some(ask);
                    return Step::Ask(self.question());
                }
                Next::Done(route) => return Step::Done(self.finish(route)),
            }
        }
    }

    /// Takes the answer to the question that [`poll`](Routing::poll) returned.
    pub fn answer(&mut self, answer: Answer) {
        self.answer = Some(answer);
    }

    fn question(&self) -> Question<'_> {
        let main = self.router.domains.main().id;
        match &self.waiting {
            Some(Ask::Lookup(lookup)) => Question::Object { domain: lookup.domain.id, name: lookup.name(&self.address) },
            Some(Ask::Consult(domain)) => Question::Consult { domain: domain.id, name: self.address.local_key() },
            Some(Ask::Unified(domain, _)) => Question::Object { domain: domain.id, name: &self.name },
            Some(Ask::NumberForwarder { prefixed: true }) => Question::Object { domain: main, name: &self.name },
            Some(Ask::NumberForwarder { prefixed: false }) => Question::Object { domain: main, name: self.digits() },
            Some(Ask::Enum(zone)) => {
                let zone = zone.map_or(Some(&self.name), |number| self.router.settings.enum_zones.get(number));
                Question::Enum { number: &self.number, zone: zone.map_or("", String::as_str) }
            }
            Some(Ask::List(_)) => Question::Object { domain: main, name: &self.name },
            Some(Ask::Owner) | None => Question::Number { number: &self.number },
        }
    }

    /// Goes on with an answer. One that does not fit the question counts as none.
    fn resume(&mut self, ask: Ask, answer: Answer) -> Next {
        match (ask, answer) {
            (Ask::Lookup(lookup), Answer::Object(object)) => self.found(lookup, object),
            (Ask::Consult(domain), Answer::Object(object)) => self.consulted(domain, object),
            (Ask::Unified(domain, real_to), Answer::Object(object)) => self.unified(domain, real_to, object),
            (Ask::List(operation), Answer::Object(object)) => self.listed(operation, object),
            (Ask::Owner, Answer::Owner(owner)) => self.owned(owner),
            (Ask::NumberForwarder { prefixed }, Answer::Object(object)) => self.number_forwarded(prefixed, object),
            (Ask::Enum(zone), Answer::Naptr(records)) => self.enum_answered(zone, &records),
            _ => Next::Done(self.refuse(Situation::Temporary)),
        }
    }

    /// One pass: own names, special words, the table, reserved domains, our domains, the world.
    fn pass(&mut self) -> Next {
        let circle = self.circle();
        if self.passes >= self.router.limit() || circle.is_some() {
            self.passes = self.router.limit();
            self.note(StepKind::Loop, || match circle {
                Some(pass) => format!("the same address as after pass {pass}: it would never end"),
                None => "no end after the allowed number of passes".to_owned(),
            });
            return Next::Done(self.refuse(Situation::Loop));
        }
        self.passes += 1;
        let place = match self.take_off_own_name() {
            Ok(place) => place,
            Err(next) => return next,
        };
        let word = match place {
            Place::Word(word) => Some(word),
            Place::Empty => word(self.address.local_key()),
            _ => None,
        };
        if let Some(word) = word {
            return Next::Done(self.special(word));
        }
        if !self.context.direct
            && let Some(next) = self.apply_record(place)
        {
            return next;
        }
        if self.barred {
            return Next::Done(self.refuse(Situation::Blacklisted));
        }
        match place {
            Place::Reserved(name) => self.reserved(name),
            Place::Suffix(suffix) => self.suffix(suffix),
            Place::Host => self.host(),
            Place::Bare => self.qualify(),
            Place::Alias(domain) => {
                let before = self.before();
                let name = if Arc::ptr_eq(domain, self.router.domains.main()) { "" } else { &domain.name };
                self.address.set_domain(name);
                self.step(StepKind::DomainAlias, before);
                Next::Pass
            }
            Place::Empty => self.local(self.router.domains.main().clone()),
            Place::Domain(domain) => self.local(domain.clone()),
            Place::Remote | Place::Word(_) => self.remote(),
        }
    }

    /// Names and addresses of the server become the empty domain or the name of a domain (routing A1).
    fn take_off_own_name(&mut self) -> Result<Place<'a>, Next> {
        let router: &'a Router = self.router;
        let mut domain = self.address.domain();
        let mut name = router.domains.name(domain);
        if name.is_none()
            && let (host, Some(port)) = split_port(domain)
            && router.domains.is_own_port(port)
            && let Some(own) = router.domains.name(host)
        {
            name = Some(own);
            domain = host;
        }
        let with_port = domain.len() < self.address.domain().len();
        let literals = router.settings.ip_literals;
        let (stripped, place) = match name {
            None if domain.is_empty() => return Ok(Place::Empty),
            None => return Ok(foreign_place(domain, &router.settings.telnum_domain)),
            Some(Name::OwnAddress | Name::Address(_)) if !literals => return Err(Next::Done(self.refuse(Situation::UnknownHost))),
            Some(Name::Domain(found)) => (with_port.then_some(&*found.name), Place::Domain(found)),
            Some(Name::Alias(found)) => (with_port.then_some(domain), Place::Alias(found)),
            Some(Name::Address(found)) if router.settings.secondary_ip_domains => (Some(&*found.name), Place::Domain(found)),
            Some(_) => (Some(""), Place::Empty),
        };
        let Some(stripped) = stripped.map(str::to_owned) else { return Ok(place) };
        let before = self.before();
        self.address.set_domain(&stripped);
        if !stripped.is_empty() || !self.address.has_route() {
            self.step(StepKind::OwnName, before);
            return Ok(place);
        }
        Err(self.follow_route(StepKind::OwnName, before))
    }

    /// The route inside the local part becomes the address.
    fn follow_route(&mut self, kind: StepKind, before: Option<String>) -> Next {
        let local = self.address.local().to_owned();
        // Whoever wrote the route, it was no record.
        self.granted = self.context.internal;
        if let Err(error) = self.address.assign(&local, self.flow, Source::Inside) {
            return Next::Done(self.refuse(error.into()));
        }
        self.step(kind, before);
        Next::Pass
    }

    /// Applies the first record that matches and changes the address (routing A3).
    fn apply_record(&mut self, place: Place<'_>) -> Option<Next> {
        let router: &'a Router = self.router;
        let site = Site { local: place.is_local(), explicit_only: place.is_explicit_only() };
        let hit = router.first_change(&self.address, site, self.flow);
        if self.trace.is_some() {
            self.skip_records(site, hit.as_ref().map(|hit| hit.number));
        }
        let hit = hit?;
        let marks = hit.rule.marks(&self.address, &hit.found);
        self.records.push(Applied { line: hit.rule.line, id: hit.rule.id });
        let address = match hit.result {
            Ok(address) => address,
            Err(error) => return Some(Next::Done(self.refuse(error.into()))),
        };
        let unified = |domain: &str| domain.ends_with(".local") || domain.ends_with("._domain");
        if unified(address.domain()) && !unified(self.address.domain()) {
            self.real_domain = Some(self.domain_name().into());
        }
        if self.trace.is_some() {
            self.record_step(hit.rule, &hit.found, site, &address, marks);
        }
        self.address = address;
        self.relayable |= marks;
        self.granted = hit.rule.right.names_domain();
        self.barred = false;
        Some(Next::Pass)
    }

    /// Adds the default suffix to a name without dots (routing A5).
    fn qualify(&mut self) -> Next {
        match &self.router.suffix {
            Some(suffix) if !self.context.direct => {
                let before = self.before();
                let domain = format!("{}.{suffix}", self.address.domain());
                self.address.set_domain(&domain);
                self.step(StepKind::Qualify, before);
                Next::Pass
            }
            _ => Next::Done(self.refuse(Situation::UnknownHost)),
        }
    }

    /// A word that ends routing (routing A2).
    fn special(&mut self, word: Word) -> Route {
        self.note(StepKind::Special, || format!("{word:?}").to_ascii_lowercase());
        match (word, self.flow) {
            (Word::Error, Flow::Access) | (Word::Spamtrap | Word::MailerDaemon | Word::Null | Word::Blackhole, Flow::Access) => {
                self.refuse(Situation::UnknownName)
            }
            (Word::Error, _) => self.refuse_with_own_text(),
            (Word::Spamtrap, Flow::Mail) => Route::Spamtrap,
            (Word::Spamtrap, _) => self.refuse(Situation::NotAccepted),
            (Word::MailerDaemon, Flow::Mail) => Route::Null(Sink::MailerDaemon),
            (Word::MailerDaemon, _) => self.refuse(Situation::UnknownName),
            (Word::Null, _) => Route::Null(Sink::Null),
            (Word::Blackhole, _) => Route::Null(Sink::Blackhole),
        }
    }

    /// `error{Own text}` speaks for itself when a record wrote it.
    fn refuse_with_own_text(&self) -> Route {
        let own = self.address.local().get(6..).and_then(|rest| rest.strip_suffix('}'));
        match own.filter(|text| self.granted && self.address.domain().is_empty() && !text.trim().is_empty()) {
            Some(text) => Route::Error(RouteError::with_text(Situation::NotAccepted, &*crate::address::unquoted(text.trim()))),
            None => self.refuse(Situation::NotAccepted),
        }
    }

    /// For a blacklisted peer the Router is asked for `local%domain@blacklisted`.
    fn bar(&mut self) {
        if !self.barred {
            return;
        }
        let before = self.before();
        let text = format!("{}%{}@blacklisted", self.address.local(), self.domain_name());
        match self.address.assign(&text, self.flow, Source::Inside) {
            Ok(_) => self.step(StepKind::Blacklisted, before),
            Err(error) => self.failed = Some(error),
        }
    }

    /// The domain of the address by its name.
    fn domain_name(&self) -> &str {
        match self.address.domain() {
            "" => &self.router.domains.main().name,
            domain => domain,
        }
    }

    fn refuse(&self, situation: Situation) -> Route {
        Route::Error(match situation {
            Situation::Blacklisted => RouteError::blacklisted(self.context.peer, &self.router.domains.main().name),
            _ => RouteError::new(situation, self.input),
        })
    }

    /// The account as a result of this flow.
    fn settle(&self, account: Account, domain: Arc<Domain>) -> Result<Local, Route> {
        let refused = match self.flow {
            _ if domain.suspended => Some(Situation::Suspended),
            Flow::Access if !account.login => Some(Situation::Disabled),
            Flow::Signal if !account.signal => Some(Situation::Disabled),
            _ => None,
        };
        match refused {
            Some(situation) => Err(self.refuse(situation)),
            None => Ok(Local { account, domain, mailbox: None, detail: None, real_to: None }),
        }
    }

    /// Replaces the address by the target of a forwarder.
    fn forward(&mut self, target: &str, selector: Option<&str>) -> Next {
        let before = self.before();
        let mut address = Address::default();
        let mut assigned = address.assign(target, self.flow, Source::Inside).map(|_| ());
        if let (Ok(()), Some(selector)) = (assigned, selector) {
            let text = format!("{selector}#{address}");
            assigned = address.assign(&text, self.flow, Source::Inside).map(|_| ());
        }
        if let Err(error) = assigned {
            return Next::Done(self.refuse(error.into()));
        }
        self.address = address;
        self.relayable = true;
        self.granted = selector.is_none();
        self.marked_step(StepKind::Forwarder, before, None);
        Next::Pass
    }

    /// The earlier pass after which the address was the same, in the same state: it would never end.
    fn circle(&mut self) -> Option<u32> {
        if self.passes < 4 {
            return None;
        }
        let checkpoint = &mut self.checkpoint;
        if checkpoint.address == self.address.as_str() && checkpoint.enum_hops == self.enum_hops && checkpoint.granted == self.granted {
            return Some(checkpoint.pass);
        }
        if self.passes.is_power_of_two() {
            checkpoint.address.clear();
            checkpoint.address.push_str(self.address.as_str());
            (checkpoint.pass, checkpoint.enum_hops, checkpoint.granted) = (self.passes, self.enum_hops, self.granted);
        }
        None
    }

    fn finish(&mut self, mut route: Route) -> Outcome {
        // A blacklisted peer reaches only what a record delivers.
        let temporary = matches!(&route, Route::Error(error) if error.situation == Situation::Temporary);
        if self.context.blacklisted && self.flow == Flow::Mail && route.is_error() && !temporary {
            route = self.refuse(Situation::Blacklisted);
        }
        Outcome {
            route,
            flow: self.flow,
            relayable: self.relayable,
            passes: self.passes,
            records: std::mem::take(&mut self.records),
            beside: self.beside.take(),
            trace: self.trace.take(),
        }
    }
}

impl From<AddressError> for Situation {
    fn from(error: AddressError) -> Self {
        match error {
            AddressError::Syntax => Self::Syntax,
            AddressError::TooLong => Self::TooLong,
        }
    }
}

/// The part after the last `%` of a local part, and the part before it.
fn last_hop(local: &str) -> (Option<&str>, &str) {
    match rfind_outside(local, b'%') {
        Some(at) => (local.get(..at), local.get(at + 1..).unwrap_or_default()),
        None => (None, local),
    }
}

/// The account behind an object, when it is one.
fn account_of(object: Object) -> Option<Account> {
    match object {
        Object::Account(account) => Some(account),
        _ => None,
    }
}
