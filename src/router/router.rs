//! The compiled Router: table, settings and domains.

use std::sync::Arc;

use model::routing::{Flow, RouterSettings};

use crate::address::{Address, AddressError, push_domain};
use crate::context::Context;
use crate::domains::{Domains, Name};
use crate::index::{Entry, Index};
use crate::place::{Place, place};
use crate::question::{Answer, Question};
use crate::routing::{Outcome, Routing, Step};
use crate::rule::{Match, Rule, Site};
use crate::table::{Fault, Line, LineError, MAX_RECORDS, Reason};

/// The Address Router: immutable, cheap to share; a change of table, settings or domains makes a new one.
#[derive(Debug, Clone)]
pub struct Router {
    pub(crate) table: Arc<Compiled>,
    pub(crate) settings: Arc<RouterSettings>,
    pub(crate) domains: Arc<Domains>,
    /// Appended to names without dots.
    pub(crate) suffix: Option<Arc<str>>,
}

/// The records of a table with their indexes.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) rules: Vec<Rule>,
    indexes: [Index; 3],
}

/// The record that applies to an address.
pub(crate) struct Hit<'r> {
    pub(crate) rule: &'r Rule,
    pub(crate) number: usize,
    pub(crate) found: Match,
    pub(crate) result: Result<Address, AddressError>,
}

impl Router {
    /// Compiles a table.
    ///
    /// # Errors
    /// Every line that cannot be used.
    pub fn compile(
        lines: &[Line],
        settings: &RouterSettings,
        domains: Arc<Domains>,
    ) -> Result<Self, Vec<LineError>> {
        let table = Arc::new(Compiled::new(lines, &domains)?);
        Ok(Self {
            table,
            suffix: suffix(settings, &domains),
            settings: Arc::new(settings.clone()),
            domains,
        })
    }

    /// The same table with other settings.
    pub fn with_settings(&self, settings: &RouterSettings) -> Self {
        Self {
            suffix: suffix(settings, &self.domains),
            settings: Arc::new(settings.clone()),
            ..self.clone()
        }
    }

    /// The same table with other domains; `None` when the main domain got another name, which needs a new compilation.
    pub fn with_domains(&self, domains: Arc<Domains>) -> Option<Self> {
        let same = domains.main().name == self.domains.main().name;
        same.then(|| Self {
            suffix: suffix(&self.settings, &domains),
            domains,
            ..self.clone()
        })
    }

    /// Starts routing an address as a peer wrote it.
    pub fn start<'a>(&'a self, address: &'a str, flow: Flow, context: &'a Context) -> Routing<'a> {
        Routing::new(self, address, flow, context)
    }

    /// Routes an address with a directory that answers at once.
    pub fn route(
        &self,
        address: &str,
        flow: Flow,
        context: &Context,
        mut directory: impl FnMut(Question<'_>) -> Answer,
    ) -> Outcome {
        let mut routing = self.start(address, flow, context);
        loop {
            let answer = match routing.poll() {
                Step::Done(outcome) => return outcome,
                Step::Ask(question) => directory(question),
            };
            routing.answer(answer);
        }
    }

    /// The settings.
    pub fn settings(&self) -> &RouterSettings {
        &self.settings
    }

    /// The domains.
    pub fn domains(&self) -> &Arc<Domains> {
        &self.domains
    }

    #[inline]
    pub(crate) fn place(&self, domain: &str) -> Place<'_> {
        place(&self.domains, domain, &self.settings.telnum_domain)
    }

    pub(crate) fn limit(&self) -> u32 {
        u32::try_from(self.settings.max_routing_steps)
            .unwrap_or(100)
            .clamp(1, 1000)
    }

    /// The first record of the table that matches the address and changes it.
    pub(crate) fn first_change(
        &self,
        address: &Address,
        site: Site,
        flow: Flow,
    ) -> Option<Hit<'_>> {
        let length = address.local().len();
        let mut best: Option<Hit<'_>> = None;
        self.index(flow).lists(address, |list: &[Entry]| {
            for entry in list {
                let number = entry.rule as usize;
                if best.as_ref().is_some_and(|hit| hit.number <= number) {
                    return;
                }
                if entry.fits(length)
                    && let Some(rule) = self.table.rules.get(number)
                    && let Some((found, result)) = self.change(rule, address, site, flow)
                {
                    best = Some(Hit {
                        rule,
                        number,
                        found,
                        result,
                    });
                    return;
                }
            }
        });
        best
    }

    /// Hands out every record that may match the address in this flow, in no particular order.
    pub(crate) fn candidates(&self, address: &Address, flow: Flow, mut visit: impl FnMut(usize)) {
        self.index(flow).lists(address, |list: &[Entry]| {
            list.iter().for_each(|entry| visit(entry.rule as usize))
        });
    }

    fn index(&self, flow: Flow) -> &Index {
        let [mail, access, signal] = &self.table.indexes;
        match flow {
            Flow::Mail => mail,
            Flow::Access => access,
            Flow::Signal => signal,
        }
    }

    /// What the record makes of the address, if it matches and changes it.
    pub(crate) fn change(
        &self,
        rule: &Rule,
        address: &Address,
        site: Site,
        flow: Flow,
    ) -> Option<(Match, Result<Address, AddressError>)> {
        let mut found = Match::default();
        if !rule.matches(address, site, &mut found) {
            return None;
        }
        let mut out = Address::default();
        match rule.rewrite(address, &found, flow, &mut out) {
            Ok(()) if self.is_same(address, &out) => None,
            Ok(()) => Some((found, Ok(out))),
            Err(error) => Some((found, Err(error))),
        }
    }

    /// An identity: the same address, or the same once the server's own name is taken off again.
    fn is_same(&self, before: &Address, after: &Address) -> bool {
        before.key() == after.key()
            || (before.local_key() == after.local_key()
                && match self.domains.name(after.domain()) {
                    Some(Name::Own | Name::Loopback) => before.domain().is_empty(),
                    _ => false,
                })
    }
}

impl Compiled {
    fn new(lines: &[Line], domains: &Domains) -> Result<Self, Vec<LineError>> {
        let (mut rules, mut errors) = (Vec::with_capacity(lines.len()), Vec::new());
        for (index, line) in lines.iter().enumerate() {
            let Some(record) = line.record() else {
                continue;
            };
            if rules.len() == MAX_RECORDS {
                errors.push(Fault::new(0, Reason::TooManyRecords).at(index, &line.text));
                break;
            }
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            match Rule::compile(number, line, record, domains) {
                Ok(rule) => rules.push(rule),
                Err(fault) => errors.push(fault.at(index, &line.text)),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let indexes = [Flow::Mail, Flow::Access, Flow::Signal].map(|flow| Index::new(&rules, flow));
        Ok(Self { rules, indexes })
    }
}

/// The default suffix in canonical form.
fn suffix(settings: &RouterSettings, domains: &Domains) -> Option<Arc<str>> {
    let mut suffix = String::new();
    let name = settings
        .add_domain_to_unqualified
        .0
        .as_deref()
        .unwrap_or(&domains.main().name);
    push_domain(name, &mut suffix)
        .ok()
        .filter(|()| !suffix.is_empty())?;
    Some(suffix.into())
}
