//! Names inside our domains (routing A7): accounts, forwarders, groups, lists, what is derived from them, and the unknown.

use std::sync::Arc;

use model::domain::MailToAll;
use model::routing::{Flow, RoutingWarningCode, StepKind};

use super::number::is_number;
use super::{Ask, Next, Routing};
use crate::address::{
    Address, Source, close_brace, find_outside, is_object_name, rfind_outside, split_params,
    unquoted,
};
use crate::domains::{Domain, Unknown};
use crate::error::{RouteError, Situation};
use crate::pattern::Captures;
use crate::place::Word;
use crate::question::{Account, Group, Object};
use crate::route::{App, ListOperation, Route, Sink};
use crate::template::{Filling, Template};

/// A question for a name inside the local part.
pub(super) struct Lookup {
    pub(super) domain: Arc<Domain>,
    stage: Stage,
    /// The name, as places in the local part.
    name: (usize, usize),
}

/// The order in which a local part is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The whole local part.
    Name,
    /// `list-on`
    Service,
    /// `list-confirm-CODE`
    CodedService,
    /// `mailbox#account`, `app{…}#account`
    Selected,
    /// `account+detail`
    Detailed,
}

impl Lookup {
    pub(super) fn name<'n>(&self, address: &'n Address) -> &'n str {
        address
            .local_key()
            .get(self.name.0..self.name.1)
            .unwrap_or_default()
    }
}

impl Routing<'_> {
    pub(super) fn local(&mut self, domain: Arc<Domain>) -> Next {
        if self.address.local_key() == "mailer-daemon" {
            return Next::Done(self.special(Word::MailerDaemon));
        }
        if domain.suspended {
            return Next::Done(self.refuse(Situation::Suspended));
        }
        self.find(domain, Stage::Name)
    }

    /// Tries the stages from this one on.
    fn find(&mut self, domain: Arc<Domain>, mut stage: Stage) -> Next {
        loop {
            if let Some(name) = self.candidate(stage) {
                return Next::Ask(Ask::Lookup(Lookup {
                    domain,
                    stage,
                    name,
                }));
            }
            stage = match stage {
                Stage::Name => Stage::Service,
                Stage::Service => Stage::CodedService,
                Stage::CodedService => match self.everybody(&domain) {
                    Some(route) => return Next::Done(route),
                    None => Stage::Selected,
                },
                Stage::Selected => Stage::Detailed,
                Stage::Detailed => return self.derived(domain),
            };
        }
    }

    /// The name to ask for at a stage, when the local part has one.
    fn candidate(&self, stage: Stage) -> Option<(usize, usize)> {
        let local = self.address.local_key();
        let settings = &self.router.settings;
        let (from, to) = match stage {
            Stage::Name => (0, local.len()),
            Stage::Service if self.flow == Flow::Mail => {
                let at = local.rfind('-')?;
                ListOperation::parse(local.get(at + 1..)?)
                    .filter(|operation| *operation != ListOperation::Post)?;
                (0, at)
            }
            Stage::CodedService if self.flow == Flow::Mail => {
                let at = local
                    .rfind("-confirm-")
                    .or_else(|| local.rfind("-report-"))?;
                ListOperation::parse(local.get(at + 1..)?)?;
                (0, at)
            }
            Stage::Selected if self.flow != Flow::Mail || settings.direct_mailbox_addressing => {
                let at = rfind_outside(local, b'#').filter(|at| *at > 0)?;
                (at + 1, local.len())
            }
            Stage::Detailed if settings.account_detail_addressing => {
                (0, find_outside(local, b'+').filter(|at| *at > 0)?)
            }
            _ => return None,
        };
        local
            .get(from..to)
            .is_some_and(is_object_name)
            .then_some((from, to))
    }

    /// Goes on with what has the name.
    pub(super) fn found(&mut self, lookup: Lookup, object: Object) -> Next {
        let Lookup {
            domain,
            stage,
            name,
        } = lookup;
        match (stage, object) {
            (Stage::Name, Object::Account(account)) => {
                self.note_account(&account, &domain);
                Next::Done(
                    self.settle(account, domain)
                        .map_or_else(|refused| refused, Route::Local),
                )
            }
            (Stage::Name, Object::Forwarder(target)) => self.forward(&target, None),
            (Stage::Name, Object::Group(group)) => Next::Done(self.group(group, domain)),
            (Stage::Name, Object::List(list)) => {
                self.note(StepKind::List, || format!("{}@{}", list.name, domain.name));
                Next::Done(match self.flow {
                    Flow::Mail => Route::List {
                        list,
                        domain,
                        operation: ListOperation::Post,
                    },
                    _ => self.refuse(Situation::NotAnAccount),
                })
            }
            (Stage::Service | Stage::CodedService, Object::List(list)) => {
                let Some(operation) = self
                    .address
                    .local()
                    .get(name.1 + 1..)
                    .and_then(ListOperation::parse)
                else {
                    return Next::Done(self.refuse(Situation::UnknownName));
                };
                self.note(StepKind::List, || {
                    format!("{operation} of {}@{}", list.name, domain.name)
                });
                Next::Done(Route::List {
                    list,
                    domain,
                    operation,
                })
            }
            (Stage::Selected, Object::Account(account)) => {
                Next::Done(self.selected(account, domain, name.0))
            }
            (Stage::Selected, Object::Forwarder(target)) => {
                let selector = self
                    .address
                    .local()
                    .get(..name.0.saturating_sub(1))
                    .unwrap_or_default()
                    .to_owned();
                self.forward(&target, Some(&selector))
            }
            (Stage::Detailed, Object::Account(account)) => {
                Next::Done(self.detailed(account, domain, name.1))
            }
            (Stage::Detailed, Object::Forwarder(target)) => self.forward(&target, None),
            (Stage::Name, Object::Nothing) => self.find(domain, Stage::Service),
            (Stage::Service, _) => self.find(domain, Stage::CodedService),
            (Stage::CodedService, _) => match self.everybody(&domain) {
                Some(route) => Next::Done(route),
                None => self.find(domain, Stage::Selected),
            },
            (Stage::Selected, _) => self.find(domain, Stage::Detailed),
            (Stage::Detailed, _) => self.derived(domain),
        }
    }

    pub(super) fn note_account(&mut self, account: &Account, domain: &Domain) {
        if self.trace.is_some() {
            let alias = *account.name != *self.address.local_key();
            let kind = if alias {
                StepKind::Alias
            } else {
                StepKind::Object
            };
            self.note(kind, || format!("account {}@{}", account.name, domain.name));
        }
    }

    fn group(&mut self, group: Arc<Group>, domain: Arc<Domain>) -> Route {
        self.note(StepKind::Group, || {
            format!("{} members", group.members.len())
        });
        match self.flow {
            Flow::Mail if group.settings.email_disabled => self.refuse(Situation::NotAccepted),
            Flow::Signal if group.settings.signal_disabled => self.refuse(Situation::NotAnAccount),
            Flow::Access => self.refuse(Situation::NotAnAccount),
            _ => Route::Group { group, domain },
        }
    }

    /// `X#Y` with an account Y whose name starts at `from`.
    fn selected(&mut self, account: Account, domain: Arc<Domain>, from: usize) -> Route {
        let selector = self
            .address
            .local()
            .get(..from.saturating_sub(1))
            .unwrap_or_default()
            .to_owned();
        if self.flow == Flow::Signal {
            return self.application(&selector, account, domain);
        }
        self.note(StepKind::Mailbox, || {
            format!("account {}@{}", account.name, domain.name)
        });
        match self.settle(account, domain) {
            Ok(mut local) => {
                local.mailbox = Some(unquoted(&selector).into_owned().into());
                Route::Local(local)
            }
            Err(refused) => refused,
        }
    }

    /// `app{p1,p2}` on behalf of an account. The account's own rules and devices are passed by.
    fn application(&mut self, selector: &str, account: Account, domain: Arc<Domain>) -> Route {
        let Some((name, params)) = parse_application(selector) else {
            return self.refuse(Situation::UnknownName);
        };
        let main = self.address.domain().is_empty();
        self.note(StepKind::App, || {
            if main {
                "empty domain = main domain".to_owned()
            } else {
                String::new()
            }
        });
        if !account.applications {
            return self.refuse(Situation::Disabled);
        }
        Route::App(App {
            account,
            domain,
            name: name.into(),
            params,
        })
    }

    /// `Y+detail` with an account Y whose name ends at `to`.
    fn detailed(&mut self, account: Account, domain: Arc<Domain>, to: usize) -> Route {
        self.note(StepKind::Detail, || {
            format!("account {}@{}", account.name, domain.name)
        });
        let detail = self.address.local().get(to + 1..).unwrap_or_default();
        match self.settle(account, domain) {
            Ok(mut local) => {
                local.detail = Some(detail)
                    .filter(|d| self.flow == Flow::Mail && !d.is_empty())
                    .map(Into::into);
                Route::Local(local)
            }
            Err(refused) => refused,
        }
    }

    /// `all` and `alldomains`.
    fn everybody(&mut self, domain: &Arc<Domain>) -> Option<Route> {
        let is_main = Arc::ptr_eq(domain, self.router.domains.main());
        let server_wide = match self.address.local_key() {
            _ if self.flow != Flow::Mail => return None,
            "all" => false,
            "alldomains" if is_main => true,
            _ => return None,
        };
        let from_here = || {
            let sender = self
                .context
                .authenticated
                .as_deref()
                .and_then(|address| address.rsplit_once('@'));
            sender
                .and_then(|(_, name)| self.router.domains.find(&name.to_ascii_lowercase()))
                .is_some_and(|d| Arc::ptr_eq(d, domain))
        };
        let allowed = match domain.mail_to_all {
            _ if server_wide => self.context.administrator,
            MailToAll::Disabled => false,
            MailToAll::AuthenticatedDomainUsers => from_here(),
            MailToAll::ClientIps => self.context.client,
            MailToAll::Everyone => true,
        };
        self.note(StepKind::Special, || {
            if server_wide {
                "all domains".to_owned()
            } else {
                "all accounts of the domain".to_owned()
            }
        });
        Some(match allowed {
            false => self.refuse(Situation::NotAccepted),
            true => Route::All((!server_wide).then(|| domain.clone())),
        })
    }

    /// What the local part can still be when nothing has its name.
    fn derived(&mut self, domain: Arc<Domain>) -> Next {
        let is_main = Arc::ptr_eq(&domain, self.router.domains.main());
        if self.address.has_route() {
            let before = self.before();
            return self.follow_route(StepKind::OwnName, before);
        }
        let before = self.before();
        if is_number(self.address.local_key()) {
            let text = format!("{}@telnum", self.address.local());
            return self.rewrite(StepKind::Telnum, before, &text);
        }
        // RFC 2142 §5: these names exist in every domain.
        if self.flow == Flow::Mail
            && !is_main
            && matches!(self.address.local_key(), "postmaster" | "abuse")
        {
            return self.rewrite(StepKind::Object, before, "postmaster");
        }
        if domain.consult_external && self.context.dry_run {
            self.warn(RoutingWarningCode::ExternalHelper, || {
                "would consult external helper".to_owned()
            });
        } else if domain.consult_external {
            return Next::Ask(Ask::Consult(domain));
        }
        self.unknown(&domain)
    }

    /// The helper may have created the name: it is looked at once more.
    pub(super) fn consulted(&mut self, domain: Arc<Domain>, object: Object) -> Next {
        if object == Object::Nothing {
            return self.unknown(&domain);
        }
        let name = (0, self.address.local().len());
        self.found(
            Lookup {
                domain,
                stage: Stage::Name,
                name,
            },
            object,
        )
    }

    /// The domain's setting for unknown names decides.
    fn unknown(&mut self, domain: &Arc<Domain>) -> Next {
        let (setting, policy) = match self.flow {
            Flow::Mail => ("mail_to_unknown", &domain.mail_to_unknown),
            Flow::Access => ("access_to_unknown", &domain.access_to_unknown),
            Flow::Signal => ("signal_to_unknown", &domain.signal_to_unknown),
        };
        let before = self.before();
        let (word, route) = match policy {
            Unknown::Rerouted(template) => return self.reroute(template, setting),
            Unknown::Discarded if self.flow == Flow::Mail => {
                ("discarded", Route::Null(Sink::Unknown))
            }
            Unknown::AcceptedAndBounced if self.flow == Flow::Mail => {
                let error = RouteError {
                    bounce: true,
                    ..RouteError::new(Situation::UnknownName, self.input)
                };
                ("accepted_and_bounced", Route::Error(error))
            }
            _ => ("rejected", self.refuse(Situation::UnknownName)),
        };
        self.policy_step(before, || format!("{setting}={word}"));
        Next::Done(route)
    }

    fn reroute(&mut self, template: &Template, setting: &str) -> Next {
        let before = self.before();
        let local = self.address.local();
        let (mut captures, none) = (Captures::default(), Captures::default());
        captures.whole(local);
        let text = template.expand(Filling {
            local: (local, &captures),
            domain: ("", &none),
        });
        if let Err(error) = self.address.assign(&text, self.flow, Source::Inside) {
            return Next::Done(self.refuse(error.into()));
        }
        self.relayable = true;
        self.granted = template.names_domain();
        let note = self.trace.is_some().then(|| format!("{setting}=rerouted"));
        self.marked_step(StepKind::UnknownSetting, before, note);
        Next::Pass
    }
}

/// Name and parameters of `app` or `app{p1,p2}`.
fn parse_application(selector: &str) -> Option<(&str, Vec<String>)> {
    let (name, params) = match find_brace(selector) {
        Some(open) => {
            let inner = selector.get(open + 1..selector.len() - 1)?;
            let params = split_params(inner).map(|param| unquoted(param).into_owned());
            (
                selector.get(..open)?,
                if inner.trim().is_empty() {
                    Vec::new()
                } else {
                    params.collect()
                },
            )
        }
        None => (selector, Vec::new()),
    };
    let fits = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    fits.then_some((name, params))
}

/// The `{` that the last character closes.
fn find_brace(selector: &str) -> Option<usize> {
    let open = selector.find('{')?;
    (close_brace(selector.as_bytes(), open) == Some(selector.len() - 1)).then_some(open)
}
