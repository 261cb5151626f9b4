//! Telephone numbers: their owner, a forwarder of that name, ENUM, and at last `pstn`.

use model::routing::{Flow, StepKind};

use super::trace::Before;
use super::{Ask, Next, Routing};
use crate::address::Source;
use crate::error::Situation;
use crate::naptr::enum_uri;
use crate::question::{Naptr, Object, Owner};
use crate::route::Route;

/// ENUM look-ups that may lead on for one address.
const MAX_ENUM_HOPS: u8 = 3;

impl Routing<'_> {
    /// The number as a name without `+`.
    pub(super) fn digits(&self) -> &str {
        self.number.get(1..).unwrap_or_default()
    }

    /// `+N@telnum`: asks for the owner.
    pub(super) fn telnum(&mut self) -> Next {
        if !self.take_number() {
            return Next::Done(self.refuse(Situation::UnknownName));
        }
        Next::Ask(Ask::Owner)
    }

    /// `+N@zone.enum`: asks the zone in `name`.
    pub(super) fn ask_zone(&mut self) -> Next {
        if !self.take_number() || self.context.no_dns || self.enum_hops >= MAX_ENUM_HOPS {
            return Next::Done(self.refuse(Situation::UnknownName));
        }
        Next::Ask(Ask::Enum(None))
    }

    /// Takes the number out of the address; false when it is none.
    fn take_number(&mut self) -> bool {
        self.number.clear();
        self.number.extend(
            self.address
                .local()
                .chars()
                .filter(|c| !matches!(c, '-' | '.' | '(' | ')')),
        );
        is_number(&self.number)
    }

    pub(super) fn owned(&mut self, owner: Option<Owner>) -> Next {
        let Some(owner) = owner else {
            self.note(StepKind::Telnum, || "no account owns the number".to_owned());
            if self.flow == Flow::Access {
                return Next::Done(self.refuse(Situation::UnknownName));
            }
            return Next::Ask(Ask::NumberForwarder { prefixed: false });
        };
        let Some(domain) = self.router.domains.find(&owner.domain).cloned() else {
            return Next::Done(self.refuse(Situation::Temporary));
        };
        self.note(StepKind::Telnum, || {
            format!("owned by {}@{}", owner.account.name, domain.name)
        });
        Next::Done(
            self.settle(owner.account, domain)
                .map_or_else(|refused| refused, Route::Local),
        )
    }

    pub(super) fn number_forwarded(&mut self, prefixed: bool, object: Object) -> Next {
        match object {
            Object::Forwarder(target) => self.forward(&target, None),
            _ if !prefixed => {
                self.name.clear();
                self.name.push_str("tel-");
                self.name.extend(self.number.chars().skip(1));
                Next::Ask(Ask::NumberForwarder { prefixed: true })
            }
            _ => self.ask_enum(0),
        }
    }

    /// Asks the ENUM roots from this one on; without any the number leaves by `pstn`.
    fn ask_enum(&mut self, root: usize) -> Next {
        if root < self.router.settings.enum_zones.len()
            && !self.context.no_dns
            && self.enum_hops < MAX_ENUM_HOPS
        {
            return Next::Ask(Ask::Enum(Some(root)));
        }
        let before = self.before();
        let address = format!("{}@pstn", self.number);
        self.rewrite(StepKind::Telnum, before, &address)
    }

    pub(super) fn enum_answered(&mut self, root: Option<usize>, records: &[Naptr]) -> Next {
        let before = self.before();
        if let Some(uri) = enum_uri(records, &self.number, self.flow) {
            let mut address = crate::Address::default();
            // What the DNS says is as foreign as what a peer says; nonsense counts as not found.
            if let Ok(beside) = address.assign(&uri, self.flow, Source::Outside) {
                self.address = address;
                self.beside = beside;
                self.enum_hops += 1;
                self.granted = false;
                self.step(StepKind::Enum, before);
                return Next::Pass;
            }
        }
        self.note(StepKind::Enum, || "not found".to_owned());
        match root {
            Some(root) => self.ask_enum(root + 1),
            None => Next::Done(self.refuse(Situation::UnknownName)),
        }
    }

    /// Replaces the address by one of our own making.
    pub(super) fn rewrite(&mut self, kind: StepKind, before: Option<Before>, text: &str) -> Next {
        if let Err(error) = self.address.assign(text, self.flow, Source::Inside) {
            return Next::Done(self.refuse(error.into()));
        }
        self.step(kind, before);
        Next::Pass
    }
}

/// `+` and 5 to 15 digits.
pub(super) fn is_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    })
}
