//! What is doubtful in a table that compiles.

mod cover;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use model::routing::{
    Flow, RelayPrefix, RoutingError, RoutingErrorCode, RoutingValidation, RoutingWarning,
    RoutingWarningCode,
};
use uuid::Uuid;

use crate::address::{Address, Source, fold, is_object_name, rfind_outside};
use crate::context::Context;
use crate::domains::Name;
use crate::error::Situation;
use crate::pattern::Pattern;
use crate::place::{Place, word};
use crate::question::{Account, Answer, Object, Question};
use crate::route::Route;
use crate::router::Router;
use crate::rule::{DomainSide, Left, Rule};
use crate::table::LineError;
use crate::template::Filling;

/// Something a right side names that only the directory knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// An account, alias, forwarder, group or list.
    Object {
        /// Id of its domain.
        domain: Uuid,
        /// Case-folded name.
        name: String,
    },
    /// An application.
    Application {
        /// Name of the program.
        name: String,
    },
}

/// The errors of a table that does not compile, as the API shows them.
pub fn rejected(errors: &[LineError]) -> RoutingValidation {
    RoutingValidation {
        valid: false,
        errors: errors.iter().map(RoutingError::from).collect(),
        warnings: Vec::new(),
    }
}

impl Router {
    /// Everything the right sides name, without repetition. Look it up and hand what is missing to
    /// [`review`](Router::review).
    pub fn references(&self) -> Vec<Reference> {
        let mut seen = HashSet::new();
        let all = self.table.rules.iter().flat_map(|rule| self.named_by(rule));
        all.filter(|reference| seen.insert(reference.clone()))
            .collect()
    }

    /// Looks for mistakes in the table. An open relay is an error unless it is confirmed.
    pub fn review(&self, confirm_open_relay: bool, missing: &[Reference]) -> RoutingValidation {
        let missing: HashSet<&Reference> = missing.iter().collect();
        let mut review = RoutingValidation::default();
        for (number, rule) in self.table.rules.iter().enumerate() {
            let (line, mut remarks) = (rule.line, self.remarks(number, rule, &missing));
            if self.is_open_relay(rule) {
                let reason = "the record lets everybody relay to everywhere".to_owned();
                if confirm_open_relay {
                    remarks.push((RoutingWarningCode::OpenRelay, reason));
                } else {
                    let code = RoutingErrorCode::OpenRelay;
                    review.errors.push(RoutingError {
                        line,
                        column: 1,
                        code,
                        reason,
                    });
                }
            }
            let warning = |(code, text)| RoutingWarning {
                line: Some(line),
                code,
                text,
            };
            review.warnings.extend(remarks.into_iter().map(warning));
        }
        review.valid = review.errors.is_empty();
        review
    }

    /// What can be said about one record.
    fn remarks(
        &self,
        number: usize,
        rule: &Rule,
        missing: &HashSet<&Reference>,
    ) -> Vec<(RoutingWarningCode, String)> {
        use RoutingWarningCode as Code;
        let mut remarks = Vec::new();
        if let Some(earlier) = self.covering(number) {
            let same = earlier.left == rule.left;
            let code = if same {
                Code::Duplicate
            } else {
                Code::Shadowed
            };
            let line = earlier.line;
            remarks.push((
                code,
                format!("line {line} applies to everything this line matches"),
            ));
        }
        if let Some(reason) = self.never_applies(rule) {
            remarks.push((Code::NeverApplies, reason.to_owned()));
        }
        if let Some(better) = keeps_no_domain(rule) {
            let text = format!("the recipient's domain is replaced; to keep it write: {better}");
            remarks.push((Code::DomainLost, text));
        }
        for reference in self.named_by(rule) {
            match &reference {
                reference if !missing.contains(reference) => {}
                Reference::Object { name, .. } => {
                    remarks.push((
                        Code::UnknownObject,
                        format!("there is no {name} in that domain"),
                    ));
                }
                Reference::Application { name } => {
                    remarks.push((
                        Code::UnknownApplication,
                        format!("there is no application {name}"),
                    ));
                }
            }
        }
        if self.loops(rule) {
            let text = "an address that matches this line is routed in a circle";
            remarks.push((Code::LoopSuspected, text.to_owned()));
        }
        remarks
    }

    /// The address the right side makes, with `*` where captures go.
    fn sample_result(&self, rule: &Rule) -> Option<Address> {
        let (l, d) = rule.left.captures();
        let found = crate::rule::Match::sample(l, d, "*", "*");
        let raw = rule.right.expand(Filling {
            local: ("*", &found.local),
            domain: ("*", &found.domain),
        });
        let raw = match (rfind_outside(&raw, b'@'), &rule.left) {
            (None, Left::Domain(_)) => format!("*@{}", raw.replace('*', "x")),
            (None, Left::Account { .. }) => raw,
            (Some(at), _) => format!(
                "{}{}",
                raw.get(..at).unwrap_or_default(),
                raw.get(at..).unwrap_or_default().replace('*', "x")
            ),
        };
        let mut address = Address::default();
        address.assign(&raw, Flow::Signal, Source::Inside).ok()?;
        Some(address)
    }

    /// Object and application named by a right side in one of our domains.
    fn named_by(&self, rule: &Rule) -> Vec<Reference> {
        let Some(address) = self.sample_result(rule) else {
            return Vec::new();
        };
        let domain = match self.domains.name(address.domain()) {
            Some(Name::Own | Name::Loopback | Name::OwnAddress) => Some(self.domains.main()),
            Some(Name::Domain(domain) | Name::Alias(domain) | Name::Address(domain)) => {
                Some(domain)
            }
            None => address.domain().is_empty().then(|| self.domains.main()),
        };
        let (Some(domain), false) = (domain, address.has_route()) else {
            return Vec::new();
        };
        let local = address.local();
        if domain.name == self.domains.main().name && word(address.local_key()).is_some() {
            return Vec::new();
        }
        let (selector, name) = match rfind_outside(local, b'#') {
            Some(at) => (local.get(..at), local.get(at + 1..).unwrap_or_default()),
            None => (None, local),
        };
        let mut named = Vec::new();
        if is_object_name(name) && !matches!(name, "all" | "alldomains") {
            named.push(Reference::Object {
                domain: domain.id,
                name: fold(name).into_owned(),
            });
        }
        let application = selector
            .filter(|_| rule.flows.serve(Flow::Signal))
            .map(|selector| selector.split('{').next().unwrap_or(selector));
        named.extend(application.filter(|name| is_object_name(name)).map(|name| {
            Reference::Application {
                name: name.to_owned(),
            }
        }));
        named
    }

    /// Why a record can never apply.
    fn never_applies(&self, rule: &Rule) -> Option<&'static str> {
        let own = "the name is one of the server itself and is taken off before the table is read";
        let special = "the word ends routing before the table is read";
        let (local, domain) = match &rule.left {
            Left::Domain(pattern) => (None, pattern.as_literal()?),
            Left::Account {
                local,
                domain: DomainSide::Pattern(pattern),
            } => (Some(local), pattern.as_literal()?),
            Left::Account {
                local,
                domain: DomainSide::Empty,
            } => (Some(local), ""),
            Left::Account { .. } => return None,
        };
        match self.domains.name(domain) {
            Some(Name::Own | Name::Loopback | Name::OwnAddress | Name::Address(_)) => {
                return Some(own);
            }
            _ if matches!(self.place(domain), Place::Word(_)) => return Some(special),
            _ if domain.is_empty()
                && local.and_then(Pattern::as_literal).and_then(word).is_some() =>
            {
                return Some(special);
            }
            _ => {}
        }
        let result = self
            .sample_result(rule)
            .filter(|_| rule.right.constant().is_some())?;
        let same_local = local.is_none_or(|local| local.as_literal() == Some(result.local_key()))
            && !result.has_route();
        let same_domain = result.domain() == domain
            || (domain.is_empty() && self.domains.is_main_name(result.domain()));
        (same_local && same_domain).then_some("the record does not change the address")
    }

    /// A record for every name in every domain, whose result is not surely ours, and which gives the mark.
    fn is_open_relay(&self, rule: &Rule) -> bool {
        let any_name = match &rule.left {
            Left::Domain(_) => true,
            Left::Account { local, .. } => local.is_pure_wildcard(),
        };
        if rule.relay == RelayPrefix::NoRelay || !any_name || !rule.takes_any_domain() {
            return false;
        }
        let Some(address) = self.sample_result(rule) else {
            return true;
        };
        let host_is_ours = matches!(
            self.domains.name(address.domain()),
            Some(Name::Own | Name::Loopback | Name::OwnAddress | Name::Address(_))
        );
        let place = self.place(address.domain());
        // `* = *` and its like hand the caller's own domain on.
        let from_caller = !rule.right.names_domain() && !address.domain().is_empty();
        let remote = from_caller
            || !(host_is_ours
                || place.is_local()
                || matches!(place, Place::Word(_) | Place::Reserved(_)));
        let unified = matches!(
            place,
            Place::Suffix(
                crate::place::Suffix::Local
                    | crate::place::Suffix::Domain
                    | crate::place::Suffix::List
            )
        );
        remote && !unified
    }

    /// Whether one of three addresses the record matches never ends.
    fn loops(&self, rule: &Rule) -> bool {
        let context = Context {
            no_dns: true,
            dry_run: true,
            ..Context::default()
        };
        let somebody = Account {
            id: Uuid::nil(),
            name: "x".into(),
            login: true,
            signal: true,
            applications: true,
        };
        (0..3).any(|number| {
            let address = rule.left.sample(number, self.domains.main());
            let flows = [Flow::Mail, Flow::Access, Flow::Signal].into_iter().filter(|flow| rule.flows.serve(*flow));
            flows.into_iter().any(|flow| {
                let outcome = self.route(&address, flow, &context, |question| match question {
                    Question::Object { .. } | Question::Consult { .. } => Answer::Object(Object::Account(somebody.clone())),
                    Question::Number { .. } => Answer::Owner(None),
                    Question::Enum { .. } => Answer::Naptr([].into()),
                });
                let applied = outcome.records.iter().any(|record| record.line == rule.line);
                applied && matches!(&outcome.route, Route::Error(error) if error.situation == Situation::Loop)
            })
        })
    }
}

/// `d = fw._via`: the better right side, when the record loses the domain of the recipient.
fn keeps_no_domain(rule: &Rule) -> Option<String> {
    let Left::Domain(pattern) = &rule.left else {
        return None;
    };
    let right = rule.right.source();
    let lower = right.to_ascii_lowercase();
    let cuts = ["._via", ".via", "._smtp", ".smtp", "._smtpq", ".smtpq"]
        .iter()
        .any(|suffix| lower.ends_with(suffix));
    let (kept, left) = match pattern.as_literal() {
        Some(name) => (name.to_owned(), name.to_owned()),
        None => (format!("{}*{}", pattern.head, pattern.tail), "…".to_owned()),
    };
    (cuts && !lower.contains('@')).then(|| format!("{left} = {kept}@{right}"))
}
