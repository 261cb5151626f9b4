//! Which records can never apply because an earlier one takes everything they match.

use crate::address::Address;
use crate::domains::Domain;
use crate::pattern::{Captures, Class, Element, MAX_TEXT, Pattern, Wild};
use crate::router::Router;
use crate::rule::{DomainSide, Left, Rule, Site};

impl Router {
    /// An earlier record that serves the same flows and matches everything this one does. Found by trying the earlier
    /// records that match a sample, so a cover by several records together is not seen.
    pub(super) fn covering(&self, number: usize) -> Option<&Rule> {
        let rule = self.table.rules.get(number)?;
        let mut address = Address::parse(
            &rule.left.sample(0, self.domains.main()),
            model::routing::Flow::Signal,
        )
        .ok()?;
        if self.domains.is_main_name(address.domain()) {
            address.set_domain("");
        }
        let place = self.place(address.domain());
        let site = Site {
            local: place.is_local(),
            explicit_only: place.is_explicit_only(),
        };
        let matching = self.matching_before(number, &address, site);
        matching
            .into_iter()
            .filter_map(|earlier| self.table.rules.get(earlier))
            .find(|earlier| {
                earlier.flows.cover(rule.flows) && self.covers(&earlier.left, &rule.left)
            })
    }

    fn covers(&self, wide: &Left, narrow: &Left) -> bool {
        match (wide, narrow) {
            (Left::Domain(wide), Left::Domain(narrow)) => self.covers_domain(wide, narrow),
            (
                Left::Domain(wide),
                Left::Account {
                    domain: DomainSide::Pattern(narrow),
                    ..
                },
            ) => self.covers_domain(wide, narrow),
            (Left::Domain(_), Left::Account { .. }) => false,
            (Left::Account { local, domain }, Left::Domain(narrow)) => {
                local.is_pure_wildcard()
                    && local.min == 0
                    && matches!(domain, DomainSide::Pattern(wide) if self.covers_domain(wide, narrow))
            }
            (
                Left::Account { local, domain },
                Left::Account {
                    local: narrow_local,
                    domain: narrow_domain,
                },
            ) => covers(local, narrow_local) && self.covers_side(domain, narrow_domain),
        }
    }

    fn covers_side(&self, wide: &DomainSide, narrow: &DomainSide) -> bool {
        match (wide, narrow) {
            (DomainSide::Empty, DomainSide::Empty)
            | (DomainSide::Local, DomainSide::Empty | DomainSide::Local) => true,
            (DomainSide::Local, DomainSide::Pattern(name)) => name
                .as_literal()
                .is_some_and(|name| self.place(name).is_local()),
            (DomainSide::Pattern(wide), DomainSide::Pattern(narrow)) => {
                self.covers_domain(wide, narrow)
            }
            (DomainSide::Pattern(wide), DomainSide::Empty | DomainSide::Local) => {
                wide.is_pure_wildcard() && wide.min == 0
            }
            (DomainSide::Empty, _) => false,
        }
    }

    /// A pure wildcard leaves IP addresses, ports and reserved domains alone.
    fn covers_domain(&self, wide: &Pattern, narrow: &Pattern) -> bool {
        let reserved = match narrow.as_literal() {
            Some(name) => self.place(name).is_explicit_only(),
            None => {
                !narrow.is_pure_wildcard()
                    && self.place(&format!("x{}", narrow.tail)).is_explicit_only()
            }
        };
        covers(wide, narrow) && !(wide.is_pure_wildcard() && reserved)
    }

    /// Earlier records whose left side matches the address, whatever their flow.
    fn matching_before(&self, number: usize, address: &Address, site: Site) -> Vec<usize> {
        let mut found = Vec::new();
        for flow in [
            model::routing::Flow::Mail,
            model::routing::Flow::Access,
            model::routing::Flow::Signal,
        ] {
            self.candidates(address, flow, |candidate| {
                let matches = |rule: &Rule| rule.matches(address, site, &mut Default::default());
                if candidate < number && self.table.rules.get(candidate).is_some_and(matches) {
                    found.push(candidate);
                }
            });
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Whether the wide pattern surely matches every text the narrow one matches.
fn covers(wide: &Pattern, narrow: &Pattern) -> bool {
    if wide == narrow {
        return true;
    }
    if let Some(text) = narrow.as_literal() {
        return wide.matches(text, &mut Captures::default());
    }
    match wide.body.as_slice() {
        [Element::Wild(wild)] if wild.class == Class::Any && wild.max >= MAX_TEXT => {
            narrow.head.starts_with(&*wide.head)
                && narrow.tail.ends_with(&*wide.tail)
                && narrow.min >= wide.min
        }
        [Element::Wild(wild)] => {
            wide.head == narrow.head
                && wide.tail == narrow.tail
                && matches!(narrow.body.as_slice(), [Element::Wild(inner)] if wild.class == inner.class && wild.min <= inner.min && inner.max <= wild.max)
        }
        _ => false,
    }
}

impl Left {
    /// An address the left side matches; higher numbers take longer texts for the wildcards.
    pub(super) fn sample(&self, number: usize, main: &Domain) -> String {
        match self {
            Self::Domain(pattern) => format!("x@{}", pattern.sample(number, "d.example")),
            Self::Account { local, domain } => {
                let local = local.sample(number, "x");
                match domain {
                    DomainSide::Empty | DomainSide::Local => format!("{local}@{}", main.name),
                    DomainSide::Pattern(pattern) => {
                        format!("{local}@{}", pattern.sample(number, "d.example"))
                    }
                }
            }
        }
    }
}

impl Pattern {
    fn sample(&self, number: usize, star: &str) -> String {
        let mut text = self.head.to_string();
        for element in &self.body {
            match element {
                Element::Literal(literal) => text.push_str(literal),
                Element::Wild(wild) => wild.sample(number, star, &mut text),
            }
        }
        text + &self.tail
    }
}

impl Wild {
    fn sample(self, number: usize, star: &str, text: &mut String) {
        if self.lazy {
            return text.push_str(
                star.get(..star.len() * usize::from(number != 1))
                    .unwrap_or_default(),
            );
        }
        let character = match self.class {
            Class::Digit | Class::Hexadecimal => '5',
            Class::Letter | Class::Alphanumeric | Class::Any => 'b',
        };
        let count = if number == 2 {
            self.max.min(self.min + 8)
        } else {
            self.min
        };
        text.extend(std::iter::repeat_n(character, count));
    }
}
