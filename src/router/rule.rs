//! A compiled record: what it matches and what it makes of an address.

mod left;

#[cfg(test)]
mod tests;

use model::routing::{Flow, RelayPrefix};
use uuid::Uuid;

use crate::address::{Address, AddressError, Source};
use crate::domains::Domains;
use crate::pattern::{Captures, Pattern};
use crate::table::{Fault, Flows, Line, Reason, Record};
use crate::template::{Filling, Template};

/// What a left side compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Left {
    /// The domain only.
    Domain(Pattern),
    /// The local part and the domain.
    Account { local: Pattern, domain: DomainSide },
}

/// The domain of an account-level left side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DomainSide {
    /// None, or a name of the main domain.
    Empty,
    /// `(local)`: the empty domain, every domain and every alias.
    Local,
    /// A name or pattern.
    Pattern(Pattern),
}

/// A record ready for use.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// Line of the table, counted from 1.
    pub(crate) line: u32,
    pub(crate) id: Option<Uuid>,
    pub(crate) flows: Flows,
    pub(crate) relay: RelayPrefix,
    pub(crate) left: Left,
    pub(crate) right: Template,
    /// The result when it is the same for every address and flow.
    constant: Option<Address>,
    /// The record as typed, without its comment.
    pub(crate) text: Box<str>,
}

/// What is known about the domain of the address a record is compared with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    /// The empty domain, a domain or a domain alias.
    pub(crate) local: bool,
    /// An IP literal, a host with port, a reserved name or suffix: only an explicit left side matches it.
    pub(crate) explicit_only: bool,
}

/// The captures of both parts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Match {
    pub(crate) local: Captures,
    pub(crate) domain: Captures,
}

impl Match {
    /// Made-up captures: so many of each part, all with the same texts.
    pub(crate) fn sample(local: usize, domain: usize, local_text: &str, domain_text: &str) -> Self {
        let mut found = Self::default();
        (0..local).for_each(|_| found.local.whole(local_text));
        (0..domain).for_each(|_| found.domain.whole(domain_text));
        found
    }

    fn clear(&mut self) {
        self.local.clear();
        self.domain.clear();
    }

    pub(crate) fn filling<'a>(&'a self, address: &'a Address) -> Filling<'a> {
        Filling {
            local: (address.local(), &self.local),
            domain: (address.domain(), &self.domain),
        }
    }
}

impl Rule {
    /// Compiles a record; places of faults are bytes of the line.
    pub(crate) fn compile(
        number: u32,
        line: &Line,
        record: &Record,
        domains: &Domains,
    ) -> Result<Self, Fault> {
        let (left_at, right_at) = line.sides;
        let left = Left::parse(&record.left, domains).map_err(|fault| fault.moved(left_at))?;
        let (l, d) = left.captures();
        if l + d > crate::pattern::MAX_WILDCARDS {
            return Err(Fault::new(left_at, Reason::TooManyWildcards));
        }
        let domain_level = matches!(left, Left::Domain(_));
        let right = Template::compile(&record.right, l, d, domain_level)
            .map_err(|fault| fault.moved(right_at))?;
        let mut rule = Self {
            line: number,
            id: line.id,
            flows: record.flows,
            relay: record.relay,
            left,
            right,
            constant: None,
            text: line.record_text().into(),
        };
        if rule.sample().is_err() {
            return Err(Fault::new(right_at, Reason::RightSide));
        }
        rule.constant = rule.find_constant();
        Ok(rule)
    }

    /// The result for made-up captures.
    fn sample(&self) -> Result<Address, AddressError> {
        let (l, d) = self.left.captures();
        let found = Match::sample(l, d, "x1", "d1.example");
        let raw = self.raw(Filling {
            local: ("x1", &found.local),
            domain: ("d1.example", &found.domain),
        });
        let mut address = Address::default();
        address
            .assign(&raw, Flow::Signal, Source::Inside)
            .map(|_| address)
    }

    fn find_constant(&self) -> Option<Address> {
        if matches!(self.left, Left::Domain(_)) {
            return None;
        }
        let parse = |flow| {
            let mut address = Address::default();
            address
                .assign(self.right.constant()?, flow, Source::Inside)
                .ok()
                .filter(Option::is_none)
                .map(|_| address)
        };
        let (mail, signal) = (parse(Flow::Mail)?, parse(Flow::Signal)?);
        (mail == signal).then_some(mail)
    }

    /// Compares an address; `found` holds the captures when it matches.
    #[inline]
    pub(crate) fn matches(&self, address: &Address, site: Site, found: &mut Match) -> bool {
        found.clear();
        match &self.left {
            Left::Domain(pattern) => {
                let domain = address.domain();
                let out_of_reach =
                    domain.is_empty() || (site.explicit_only && pattern.is_pure_wildcard());
                !out_of_reach && pattern.matches(domain, &mut found.domain)
            }
            Left::Account { local, domain } => {
                domain.matches(address.domain(), site, &mut found.domain)
                    && local.matches(address.local_key(), &mut found.local)
            }
        }
    }

    /// Compares the domain of an address alone.
    pub(crate) fn matches_domain(&self, address: &Address, site: Site, found: &mut Match) -> bool {
        match &self.left {
            Left::Domain(_) => self.matches(address, site, found),
            Left::Account { domain, .. } => {
                domain.matches(address.domain(), site, &mut found.domain)
            }
        }
    }

    /// True when no character of the domain is fixed.
    pub(crate) fn takes_any_domain(&self) -> bool {
        match &self.left {
            Left::Domain(pattern)
            | Left::Account {
                domain: DomainSide::Pattern(pattern),
                ..
            } => pattern.is_pure_wildcard(),
            Left::Account { .. } => false,
        }
    }

    /// The higher, the more particular: fixed characters first, then groups before stars.
    pub(crate) fn particularity(&self) -> usize {
        match &self.left {
            Left::Domain(pattern) => pattern.particularity(),
            Left::Account { local, domain } => {
                local.particularity()
                    + match domain {
                        DomainSide::Pattern(pattern) => pattern.particularity(),
                        DomainSide::Local => 1,
                        DomainSide::Empty => 2,
                    }
            }
        }
    }

    /// Writes what the record makes of a matching address.
    pub(crate) fn rewrite(
        &self,
        address: &Address,
        found: &Match,
        flow: Flow,
        out: &mut Address,
    ) -> Result<(), AddressError> {
        match &self.constant {
            Some(constant) => {
                out.copy_from(constant);
                Ok(())
            }
            None => out
                .assign(&self.raw(found.filling(address)), flow, Source::Inside)
                .map(|_| ()),
        }
    }

    /// The rewritten text before normalisation. A domain-level record replaces what follows the last `@`.
    pub(crate) fn raw(&self, filling: Filling<'_>) -> String {
        let mut raw = String::with_capacity(96);
        if matches!(self.left, Left::Domain(_)) && !self.is_error_text() {
            raw.push_str(filling.local.0);
            raw.push('@');
        }
        self.right.expand_into(filling, &mut raw);
        raw
    }

    /// `error{Own text}`, which stands for the whole address even in a domain-level record.
    fn is_error_text(&self) -> bool {
        self.right
            .source()
            .get(..6)
            .is_some_and(|word| word.eq_ignore_ascii_case("error{"))
    }

    /// Whether applying the record to the address marks the result as relayable.
    pub(crate) fn marks(&self, address: &Address, found: &Match) -> bool {
        match self.relay {
            RelayPrefix::NoRelay => false,
            RelayPrefix::RelayAll => true,
            // A capture may cut a route out of quotes or braces; such an address is not simple either.
            RelayPrefix::Relay => {
                !address.has_route() && !self.right.carries_route(found.filling(address))
            }
        }
    }

    /// The captures under their names, `L1`, `D1` and so on.
    pub(crate) fn captures(
        &self,
        address: &Address,
        found: &Match,
    ) -> impl Iterator<Item = (String, String)> {
        let list = |letter: char, captures: Captures, text: &str| {
            let text = text.to_owned();
            (0..captures.len()).map(move |number| {
                (
                    format!("{letter}{}", number + 1),
                    captures.text(number, &text).to_owned(),
                )
            })
        };
        list('L', found.local, address.local()).chain(list('D', found.domain, address.domain()))
    }
}

impl DomainSide {
    #[inline]
    fn matches(&self, domain: &str, site: Site, captures: &mut Captures) -> bool {
        match self {
            Self::Empty => domain.is_empty(),
            Self::Local => {
                if site.local {
                    captures.whole(domain);
                }
                site.local
            }
            Self::Pattern(pattern) => {
                !(site.explicit_only && pattern.is_pure_wildcard())
                    && pattern.matches(domain, captures)
            }
        }
    }
}
