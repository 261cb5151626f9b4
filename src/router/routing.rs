//! One routing run: passes over the address until it leads somewhere, with questions to the directory on the way.

mod local;
mod number;
mod reserved;
mod steps;
mod trace;

use std::sync::Arc;

use model::routing::{Flow, StepKind};
use uuid::Uuid;

use crate::address::{Address, AddressError, Beside, Source, rfind_outside};
use crate::context::Context;
use crate::domains::Domain;
use crate::error::{RouteError, Situation};
use crate::place::{Place, word};
use crate::question::{Account, Answer, Object, Question};
use crate::route::{ListOperation, Local, Route};
use crate::router::Router;

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
    pub(crate) fn new(
        router: &'a Router,
        input: &'a str,
        flow: Flow,
        context: &'a Context,
    ) -> Self {
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
            routing.parse_step();
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
            Some(Ask::Lookup(lookup)) => Question::Object {
                domain: lookup.domain.id,
                name: lookup.name(&self.address),
            },
            Some(Ask::Consult(domain)) => Question::Consult {
                domain: domain.id,
                name: self.address.local_key(),
            },
            Some(Ask::Unified(domain, _)) => Question::Object {
                domain: domain.id,
                name: &self.name,
            },
            Some(Ask::NumberForwarder { prefixed: true }) => Question::Object {
                domain: main,
                name: &self.name,
            },
            Some(Ask::NumberForwarder { prefixed: false }) => Question::Object {
                domain: main,
                name: self.digits(),
            },
            Some(Ask::Enum(zone)) => {
                let zone = zone.map_or(Some(&self.name), |number| {
                    self.router.settings.enum_zones.get(number)
                });
                Question::Enum {
                    number: &self.number,
                    zone: zone.map_or("", String::as_str),
                }
            }
            Some(Ask::List(_)) => Question::Object {
                domain: main,
                name: &self.name,
            },
            Some(Ask::Owner) | None => Question::Number {
                number: &self.number,
            },
        }
    }

    /// Goes on with an answer. One that does not fit the question counts as none.
    fn resume(&mut self, ask: Ask, answer: Answer) -> Next {
        match (ask, answer) {
            (Ask::Lookup(lookup), Answer::Object(object)) => self.found(lookup, object),
            (Ask::Consult(domain), Answer::Object(object)) => self.consulted(domain, object),
            (Ask::Unified(domain, real_to), Answer::Object(object)) => {
                self.unified(domain, real_to, object)
            }
            (Ask::List(operation), Answer::Object(object)) => self.listed(operation, object),
            (Ask::Owner, Answer::Owner(owner)) => self.owned(owner),
            (Ask::NumberForwarder { prefixed }, Answer::Object(object)) => {
                self.number_forwarded(prefixed, object)
            }
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
                let name = if Arc::ptr_eq(domain, self.router.domains.main()) {
                    ""
                } else {
                    &domain.name
                };
                self.address.set_domain(name);
                self.step(StepKind::DomainAlias, before);
                Next::Pass
            }
            Place::Empty => self.local(self.router.domains.main().clone()),
            Place::Domain(domain) => self.local(domain.clone()),
            Place::Remote | Place::Word(_) => self.remote(),
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
            Situation::Blacklisted => {
                RouteError::blacklisted(self.context.peer, &self.router.domains.main().name)
            }
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
            None => Ok(Local {
                account,
                domain,
                mailbox: None,
                detail: None,
                real_to: None,
            }),
        }
    }

    /// The earlier pass after which the address was the same, in the same state: it would never end.
    fn circle(&mut self) -> Option<u32> {
        if self.passes < 4 {
            return None;
        }
        let checkpoint = &mut self.checkpoint;
        if checkpoint.address == self.address.as_str()
            && checkpoint.enum_hops == self.enum_hops
            && checkpoint.granted == self.granted
        {
            return Some(checkpoint.pass);
        }
        if self.passes.is_power_of_two() {
            checkpoint.address.clear();
            checkpoint.address.push_str(self.address.as_str());
            (checkpoint.pass, checkpoint.enum_hops, checkpoint.granted) =
                (self.passes, self.enum_hops, self.granted);
        }
        None
    }

    fn finish(&mut self, mut route: Route) -> Outcome {
        // A blacklisted peer reaches only what a record delivers.
        let temporary =
            matches!(&route, Route::Error(error) if error.situation == Situation::Temporary);
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
