//! Reserved domains and suffixes, hosts by address or port, and the rest of the world (routing A4, A8).

use std::sync::Arc;

use model::routing::{Flow, StepKind};

use super::{Ask, Next, Routing, account_of, last_hop};
use crate::address::{Address, Source, fold, is_object_name, unquoted};
use crate::domains::Domain;
use crate::error::Situation;
use crate::place::{Reserved, Suffix};
use crate::question::Object;
use crate::route::{ListOperation, Remote, Route, Sink, sip_uri, split_port};

impl Routing<'_> {
    pub(super) fn reserved(&mut self, name: Reserved) -> Next {
        self.note(StepKind::Reserved, || {
            format!("{name:?}").to_ascii_lowercase()
        });
        match (name, self.flow) {
            (Reserved::Telnum, _) => self.telnum(),
            (Reserved::Pipe, Flow::Mail) if self.granted => Next::Done(Route::Pipe(
                unquoted(self.address.local()).into_owned().into_boxed_str(),
            )),
            (Reserved::Wakeup, Flow::Mail) => {
                Next::Done(Route::Null(Sink::Wakeup(self.address.local_key().into())))
            }
            (Reserved::Pstn, _) => Next::Done(self.refuse(Situation::UnknownName)),
            _ => self.elsewhere_unknown(),
        }
    }

    pub(super) fn suffix(&mut self, suffix: Suffix) -> Next {
        let host = self
            .address
            .domain()
            .rsplit_once('.')
            .map_or("", |(host, _)| host)
            .to_owned();
        self.note(StepKind::Suffix, || {
            format!("{suffix:?} {host}").to_ascii_lowercase()
        });
        let mail = self.flow == Flow::Mail;
        match suffix {
            Suffix::Via if self.flow != Flow::Access => self.connect(&host, true, false),
            Suffix::Smtp if mail => self.connect(&host, true, false),
            Suffix::SmtpHold if mail => self.connect(&host, true, true),
            Suffix::Relay if self.flow != Flow::Access => self.connect(&host, false, false),
            Suffix::Local => {
                let real_to = self.real_to(self.address.local());
                self.name = host;
                self.ask_unified(self.router.domains.main().clone(), Some(real_to))
            }
            Suffix::Domain => {
                let Some(domain) = self.router.domains.find(&host).cloned() else {
                    return Next::Done(self.refuse(Situation::UnknownHost));
                };
                let (real, name) = last_hop(self.address.local());
                let real_to = real.map(|local| self.real_to(local));
                self.name = fold(name).into_owned();
                self.ask_unified(domain, real_to)
            }
            Suffix::Pipe if mail && self.granted => Next::Done(Route::Pipe(
                format!("{host} {}", self.address.local()).into(),
            )),
            Suffix::List if mail => match ListOperation::parse(self.address.local()) {
                Some(operation) if is_object_name(&host) => {
                    self.name = host;
                    Next::Ask(Ask::List(operation))
                }
                _ => Next::Done(self.refuse(Situation::UnknownName)),
            },
            Suffix::Enum if self.flow != Flow::Access => {
                self.name = host;
                self.ask_zone()
            }
            _ => self.elsewhere_unknown(),
        }
    }

    /// The address mail was really for: this local part in the domain before the record.
    fn real_to(&self, local: &str) -> Box<str> {
        let domain = self
            .real_domain
            .as_deref()
            .unwrap_or_else(|| self.domain_name());
        format!("{local}@{domain}").into()
    }

    fn ask_unified(&mut self, domain: Arc<Domain>, real_to: Option<Box<str>>) -> Next {
        if is_object_name(&self.name) {
            Next::Ask(Ask::Unified(domain, real_to))
        } else {
            Next::Done(self.refuse(Situation::UnknownName))
        }
    }

    pub(super) fn unified(
        &mut self,
        domain: Arc<Domain>,
        real_to: Option<Box<str>>,
        object: Object,
    ) -> Next {
        if let Object::Forwarder(target) = object {
            return self.forward(&target, None);
        }
        let Some(account) = account_of(object) else {
            return Next::Done(self.refuse(Situation::UnknownName));
        };
        self.note_account(&account, &domain);
        Next::Done(match self.settle(account, domain) {
            Ok(mut local) => {
                local.real_to = real_to;
                Route::Local(local)
            }
            Err(refused) => refused,
        })
    }

    pub(super) fn listed(&mut self, operation: ListOperation, object: Object) -> Next {
        let domain = self.router.domains.main().clone();
        match object {
            Object::List(list) => {
                self.note(StepKind::List, || format!("{}@{}", list.name, domain.name));
                Next::Done(Route::List {
                    list,
                    domain,
                    operation,
                })
            }
            _ => Next::Done(self.refuse(Situation::UnknownName)),
        }
    }

    /// An IP literal, or a host with a port: no MX and no SRV.
    pub(super) fn host(&mut self) -> Next {
        let domain = self.address.domain().to_owned();
        self.connect(&domain, domain.starts_with('['), false)
    }

    pub(super) fn remote(&mut self) -> Next {
        let domain = self.address.domain().to_owned();
        self.connect(&domain, false, false)
    }

    /// A remote result. With `cut`, a route in the local part takes the place of the host.
    fn connect(&mut self, target: &str, cut: bool, hold: bool) -> Next {
        if self.flow == Flow::Access {
            return self.elsewhere_unknown();
        }
        let mut address = Address::default();
        if cut && self.address.has_route() {
            if let Err(error) = address.assign(self.address.local(), self.flow, Source::Inside) {
                return Next::Done(self.refuse(error.into()));
            }
        } else {
            address.copy_from(&self.address);
            address.set_domain(split_port(target).0);
        }
        let route = match self.flow {
            Flow::Signal => Route::Sip(Remote::new(target, sip_uri(&address), hold)),
            _ => Route::Smtp(Remote::new(target, address.as_str().to_owned(), hold)),
        };
        self.note(StepKind::Remote, || target.to_owned());
        Next::Done(route)
    }

    /// A name that means nothing in this flow.
    fn elsewhere_unknown(&mut self) -> Next {
        let situation = if self.flow == Flow::Access {
            Situation::UnknownName
        } else {
            Situation::UnknownHost
        };
        Next::Done(self.refuse(situation))
    }
}
