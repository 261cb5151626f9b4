//! The steps before reserved domains and our own: own names, special words, the table, the default suffix (routing A1, A2,
//! A3, A5), and what rewrites the address on the way.

use model::routing::{Flow, StepKind};

use super::trace::Before;
use super::{Applied, Next, Routing};
use crate::address::{Address, Source};
use crate::domains::Name;
use crate::error::{RouteError, Situation};
use crate::place::{Place, Word, foreign_place};
use crate::route::{Route, Sink, split_port};
use crate::router::Router;
use crate::rule::Site;

impl<'a> Routing<'a> {
    /// Names and addresses of the server become the empty domain or the name of a domain (routing A1).
    pub(super) fn take_off_own_name(&mut self) -> Result<Place<'a>, Next> {
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
            Some(Name::OwnAddress | Name::Address(_)) if !literals => {
                return Err(Next::Done(self.refuse(Situation::UnknownHost)));
            }
            Some(Name::Domain(found)) => (with_port.then_some(&*found.name), Place::Domain(found)),
            Some(Name::Alias(found)) => (with_port.then_some(domain), Place::Alias(found)),
            Some(Name::Address(found)) if router.settings.secondary_ip_domains => {
                (Some(&*found.name), Place::Domain(found))
            }
            Some(_) => (Some(""), Place::Empty),
        };
        let Some(stripped) = stripped.map(str::to_owned) else {
            return Ok(place);
        };
        let before = self.before();
        self.address.set_domain(&stripped);
        if !stripped.is_empty() || !self.address.has_route() {
            self.step(StepKind::OwnName, before);
            return Ok(place);
        }
        Err(self.follow_route(StepKind::OwnName, before))
    }

    /// The route inside the local part becomes the address.
    pub(super) fn follow_route(&mut self, kind: StepKind, before: Option<Before>) -> Next {
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
    pub(super) fn apply_record(&mut self, place: Place<'_>) -> Option<Next> {
        let router: &'a Router = self.router;
        let site = Site {
            local: place.is_local(),
            explicit_only: place.is_explicit_only(),
        };
        let hit = router.first_change(&self.address, site, self.flow);
        self.look(site, hit.as_ref().map(|hit| hit.number));
        let hit = hit?;
        let marks = hit.rule.marks(&self.address, &hit.found);
        self.records.push(Applied {
            line: hit.rule.line,
            id: hit.rule.id,
        });
        let address = match hit.result {
            Ok(address) => address,
            Err(error) => return Some(Next::Done(self.refuse(error.into()))),
        };
        let unified = |domain: &str| domain.ends_with(".local") || domain.ends_with("._domain");
        if unified(address.domain()) && !unified(self.address.domain()) {
            self.real_domain = Some(self.domain_name().into());
        }
        self.record_step(&address, marks);
        self.address = address;
        self.relayable |= marks;
        self.granted = hit.rule.right.names_domain();
        self.barred = false;
        Some(Next::Pass)
    }

    /// Adds the default suffix to a name without dots (routing A5).
    pub(super) fn qualify(&mut self) -> Next {
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
    pub(super) fn special(&mut self, word: Word) -> Route {
        self.note(StepKind::Special, || {
            format!("{word:?}").to_ascii_lowercase()
        });
        match (word, self.flow) {
            (Word::Error, Flow::Access)
            | (Word::Spamtrap | Word::MailerDaemon | Word::Null | Word::Blackhole, Flow::Access) => {
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
    pub(super) fn refuse_with_own_text(&self) -> Route {
        let own = self
            .address
            .local()
            .get(6..)
            .and_then(|rest| rest.strip_suffix('}'));
        match own.filter(|text| {
            self.granted && self.address.domain().is_empty() && !text.trim().is_empty()
        }) {
            Some(text) => Route::Error(RouteError::with_text(
                Situation::NotAccepted,
                &*crate::address::unquoted(text.trim()),
            )),
            None => self.refuse(Situation::NotAccepted),
        }
    }

    /// For a blacklisted peer the Router is asked for `local%domain@blacklisted`.
    pub(super) fn bar(&mut self) {
        if !self.barred {
            return;
        }
        let before = self.before();
        let text = format!(
            "{}%{}@blacklisted",
            self.address.local(),
            self.domain_name()
        );
        match self.address.assign(&text, self.flow, Source::Inside) {
            Ok(_) => self.step(StepKind::Blacklisted, before),
            Err(error) => self.failed = Some(error),
        }
    }

    /// Replaces the address by the target of a forwarder.
    pub(super) fn forward(&mut self, target: &str, selector: Option<&str>) -> Next {
        let before = self.before();
        let mut address = Address::default();
        let mut assigned = address
            .assign(target, self.flow, Source::Inside)
            .map(|_| ());
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
}
