//! §9 and §10: names in our domains.

use model::domain::MailToAll;
use model::routing::Flow;

use super::address::{Addr, fold, has_route, parse, places, unquoted, with_escapes};
use super::left::Taken;
use super::right::make;
use super::route::{ASLEEP, End, NO, NOT, Simple, State, USER, again, forward, is_number, special};
use crate::{Context, Domain, ListOperation, Object, Unknown};

impl Simple<'_> {
    pub(super) fn local(&self, a: Addr, flow: Flow, context: &Context, state: &mut State) -> End {
        let domain = self.domain(&a.domain).unwrap_or(self.main);
        let (key, is_main) = (fold(&a.local), domain.name == self.main.name);
        if key == "mailer-daemon" {
            return special("mailer-daemon", &a, flow, state);
        }
        if domain.suspended {
            return End::Error(ASLEEP);
        }
        let found =
            |name: &str, rest: String| End::Is(format!("LOCAL({name}@{}){rest}", domain.name));
        match self.ask(domain, &key) {
            Object::Account(account) => return found(&account.name, String::new()),
            Object::Forwarder(target) => return forward(&target, None, flow, state),
            Object::Group(group) => {
                return match flow {
                    Flow::Access => End::Error(NOT),
                    _ => End::Is(format!("GROUP({}@{})", group.name, domain.name)),
                };
            }
            Object::List(list) if flow == Flow::Mail => {
                return End::Is(format!("LIST({}@{}) post", list.name, domain.name));
            }
            Object::List(_) => return End::Error(NOT),
            Object::Nothing => {}
        }
        if flow == Flow::Mail {
            let plain = key.rfind('-');
            let coded = key.rfind("-confirm-").or_else(|| key.rfind("-report-"));
            for at in [plain, coded].into_iter().flatten() {
                let operation = ListOperation::parse(&a.local[at + 1..])
                    .filter(|operation| *operation != ListOperation::Post);
                if let (Some(operation), Object::List(list)) =
                    (operation, self.ask(domain, &key[..at]))
                {
                    return End::Is(format!("LIST({}@{}) {operation}", list.name, domain.name));
                }
            }
            if key == "all" || (key == "alldomains" && is_main) {
                return self.everybody(domain, key == "alldomains", context);
            }
        }
        if let Some(at) = places(&a.local, '#').last().copied().filter(|at| *at > 0)
            && (flow != Flow::Mail || self.settings.direct_mailbox_addressing)
        {
            let selector = &a.local[..at];
            match self.ask(domain, &key[at + 1..]) {
                Object::Account(account) if flow == Flow::Signal => {
                    return application(selector).map_or(End::Error(USER), |app| {
                        End::Is(format!("APP({}@{}) {app}", account.name, domain.name))
                    });
                }
                Object::Account(account) => {
                    return found(&account.name, format!(" mailbox={}", unquoted(selector)));
                }
                Object::Forwarder(target) => return forward(&target, Some(selector), flow, state),
                _ => {}
            }
        }
        if let Some(at) = places(&a.local, '+').first().copied().filter(|at| *at > 0)
            && self.settings.account_detail_addressing
        {
            match self.ask(domain, &key[..at]) {
                Object::Account(account) => {
                    let detail = &a.local[at + 1..];
                    let shown = flow == Flow::Mail && !detail.is_empty();
                    return found(
                        &account.name,
                        if shown {
                            format!(" detail={detail}")
                        } else {
                            String::new()
                        },
                    );
                }
                Object::Forwarder(target) => return forward(&target, None, flow, state),
                _ => {}
            }
        }
        self.not_found(a, domain, flow, context, state)
    }

    fn everybody(&self, domain: &Domain, server: bool, context: &Context) -> End {
        let sender = context
            .authenticated
            .as_ref()
            .and_then(|address| address.rsplit_once('@'))
            .map(|(_, domain)| domain);
        let allowed = match domain.mail_to_all {
            _ if server => context.administrator,
            MailToAll::Disabled => false,
            MailToAll::AuthenticatedDomainUsers => sender.is_some_and(|name| {
                *name == *domain.name || domain.aliases.iter().any(|alias| alias == name)
            }),
            MailToAll::ClientIps => context.client,
            MailToAll::Everyone => true,
        };
        match allowed {
            false => End::Error(NO),
            true if server => End::Is("ALL(*)".to_owned()),
            true => End::Is(format!("ALL({})", domain.name)),
        }
    }

    fn not_found(
        &self,
        a: Addr,
        domain: &Domain,
        flow: Flow,
        context: &Context,
        state: &mut State,
    ) -> End {
        let key = fold(&a.local);
        if has_route(&a.local) {
            state.granted = context.internal;
            return again(parse(&a.local, flow, false));
        }
        if is_number(&key) {
            return again(parse(&format!("{}@telnum", a.local), flow, false));
        }
        if flow == Flow::Mail
            && domain.name != self.main.name
            && (key == "postmaster" || key == "abuse")
        {
            return again(parse("postmaster", flow, false));
        }
        let policy = match flow {
            Flow::Mail => &domain.mail_to_unknown,
            Flow::Access => &domain.access_to_unknown,
            Flow::Signal => &domain.signal_to_unknown,
        };
        match policy {
            Unknown::Rerouted(template) => {
                let made = make(
                    template.source(),
                    &Taken {
                        local: vec![a.local.clone()],
                        domain: Vec::new(),
                    },
                    false,
                );
                let next = parse(&made.text, flow, false);
                if next.is_ok() {
                    state.relayable = true;
                    state.granted = made.granted;
                }
                again(next)
            }
            Unknown::Discarded if flow == Flow::Mail => End::Is("NULL".to_owned()),
            _ => End::Error(USER),
        }
    }
}

fn application(selector: &str) -> Option<String> {
    let (name, inner) = match selector.split_once('{') {
        Some((name, rest)) => (name, rest.strip_suffix('}')?),
        None => (selector, ""),
    };
    if name.is_empty()
        || name.len() > 64
        || !name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    {
        return None;
    }
    let mut cuts = places(inner, ',');
    cuts.push(inner.len());
    let mut from = 0;
    let mut shown = Vec::new();
    for cut in cuts {
        let param = unquoted(inner[from..cut].trim());
        let quote = param.contains(['{', '}', ',', '#', '"', '\\']) || param.trim() != param;
        shown.push(if quote {
            format!("\"{}\"", with_escapes(&param))
        } else {
            param
        });
        from = cut + 1;
    }
    Some(format!("{name}{{{}}}", shown.join(",")))
}
