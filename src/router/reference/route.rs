//! §3 and §6 to §13: the algorithm, one pass after the other.

use std::net::IpAddr;

use model::routing::{Flow, RelayPrefix, RouterSettings};

use super::address::{Addr, fold, has_route, is_name, parse, places, unquoted};
use super::left::{About, is_domain_level, matches};
use super::right::make;
use crate::fixture::Directory;
use crate::{Answer, Context, Domain, Host, ListOperation, Object, Question, Record};

/// The slow Router.
pub(crate) struct Simple<'a> {
    pub(crate) records: &'a [Record],
    pub(crate) settings: &'a RouterSettings,
    pub(crate) main: &'a Domain,
    pub(crate) client: &'a Domain,
    pub(crate) host: &'a Host,
    pub(crate) directory: &'a Directory,
}

/// A result in the notation of §1.
#[derive(Debug, PartialEq)]
pub(crate) struct Answered {
    pub(crate) text: String,
    pub(crate) relayable: bool,
    pub(crate) passes: u32,
    /// The records applied, counted from 0.
    pub(crate) applied: Vec<usize>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) relayable: bool,
    pub(super) granted: bool,
    pub(super) passes: u32,
    pub(super) hops: u32,
    pub(super) barred: bool,
    pub(super) real: Option<String>,
    pub(super) applied: Vec<usize>,
}

/// What one pass ends in.
pub(super) enum End {
    Again(Addr),
    Is(String),
    Error(&'static str),
    Text(String),
}

const SYNTAX: &str = "address syntax error";
pub(super) const USER: &str = "unknown user account";
const HOST: &str = "unknown host name";
pub(super) const NO: &str = "is not accepted";
const LOOP: &str = "routing loop";
const BLACK: &str = "blacklisted";
pub(super) const ASLEEP: &str = "temporarily disabled";
pub(super) const NOT: &str = "is not an account";

impl Simple<'_> {
    pub(crate) fn route(&self, input: &str, flow: Flow, context: &Context) -> Answered {
        let mut state = State {
            barred: context.blacklisted && flow == Flow::Mail,
            granted: context.internal,
            ..State::default()
        };
        let end = self.run(input, flow, context, &mut state);
        let text = match end {
            End::Is(text) => text,
            End::Error(words) => self.error(
                if context.blacklisted && flow == Flow::Mail {
                    BLACK
                } else {
                    words
                },
                input,
                flow,
                context,
            ),
            End::Text(_) if context.blacklisted && flow == Flow::Mail => {
                self.error(BLACK, input, flow, context)
            }
            End::Text(text) => format!(
                "ERROR {}{text}",
                if flow == Flow::Mail {
                    "550 5.1.1 "
                } else {
                    "403 "
                }
            ),
            End::Again(_) => unreachable!(),
        };
        Answered {
            text,
            relayable: state.relayable,
            passes: state.passes,
            applied: state.applied,
        }
    }

    fn run(&self, input: &str, flow: Flow, context: &Context, state: &mut State) -> End {
        let mut address = match parse(input, flow, true) {
            Ok(address) => address,
            Err(words) => return End::Error(words),
        };
        if state.barred {
            let domain = if address.domain.is_empty() {
                &*self.main.name
            } else {
                &address.domain
            };
            match parse(
                &format!("{}%{domain}@blacklisted", address.local),
                flow,
                false,
            ) {
                Ok(barred) => address = barred,
                Err(words) => return End::Error(words),
            }
        }
        loop {
            if i64::from(state.passes) >= self.settings.max_routing_steps {
                return End::Error(LOOP);
            }
            state.passes += 1;
            match self.pass(address, flow, context, state) {
                End::Again(next) => address = next,
                end => return end,
            }
        }
    }

    fn error(&self, words: &str, input: &str, flow: Flow, context: &Context) -> String {
        let (smtp, sip) = match words {
            SYNTAX | "address too long" => {
                ("501 5.1.3", if words == SYNTAX { "400" } else { "414" })
            }
            HOST => ("550 5.1.2", "404"),
            NO => ("550 5.1.1", "403"),
            LOOP => ("550 5.4.6", "482"),
            ASLEEP => ("450 4.2.1", "480"),
            BLACK => ("550 5.7.1", "403"),
            _ => ("550 5.1.1", "404"),
        };
        let input = input.trim();
        let input = if input.starts_with('<') && input.ends_with('>') {
            &input[1..input.len() - 1]
        } else {
            input
        };
        let said = match words {
            BLACK => {
                let peer = context
                    .peer
                    .map(|ip| format!("Your host [{ip}]"))
                    .unwrap_or("Your host".to_owned());
                format!(
                    "{peer} is blacklisted. Send your questions to blacklist-admin@{}",
                    self.main.name
                )
            }
            "address too long" => words.to_owned(),
            _ => format!("{input} {words}"),
        };
        match flow {
            Flow::Mail => format!("ERROR {smtp} {said}"),
            Flow::Signal => format!("ERROR {sip} {said}"),
            Flow::Access => format!("ERROR {said}"),
        }
    }

    pub(super) fn domain(&self, name: &str) -> Option<&Domain> {
        [self.main, self.client]
            .into_iter()
            .find(|domain| *domain.name == *name)
    }

    fn with_alias(&self, name: &str) -> Option<&Domain> {
        [self.main, self.client]
            .into_iter()
            .find(|domain| domain.aliases.iter().any(|alias| alias == name))
    }

    /// What an own name becomes: `Some(None)` the empty domain, `Some(Some(d))` a domain.
    fn own(&self, name: &str) -> Option<Option<&Domain>> {
        if *name == *self.main.name
            || ["localhost", "[127.0.0.1]", "[0.0.0.0]", "[::1]"].contains(&name)
        {
            return Some(None);
        }
        let ip = name
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .and_then(|ip| ip.parse::<IpAddr>().ok());
        if let Some(ip) = ip {
            if self.client.addresses.contains(&ip) {
                return Some(Some(self.client));
            }
            return self.host.addresses.contains(&ip).then_some(None);
        }
        (self.host.names.iter().any(|host| host == name) && self.domain(name).is_none())
            .then_some(None)
    }

    fn pass(&self, mut a: Addr, flow: Flow, context: &Context, state: &mut State) -> End {
        // A1
        if let Some((host, port)) = a.domain.rsplit_once(':')
            && port
                .parse()
                .is_ok_and(|port: u16| self.host.ports.contains(&port))
            && (self.own(host).is_some()
                || self.domain(host).is_some()
                || self.with_alias(host).is_some())
        {
            a.domain = host.to_owned();
        }
        match self.own(&a.domain) {
            Some(Some(domain)) => a.domain = domain.name.to_string(),
            Some(None) => {
                a.domain.clear();
                if has_route(&a.local) {
                    state.granted = context.internal;
                    return again(parse(&a.local, flow, false));
                }
            }
            None => {}
        }
        // A2
        let word = if a.domain.is_empty() {
            fold(&a.local)
        } else {
            a.domain.clone()
        };
        let own_text = a.domain.is_empty() && word.starts_with("error{") && word.ends_with('}');
        if ["error", "null", "blackhole", "spamtrap"].contains(&&*word)
            || own_text
            || (a.domain.is_empty() && word == "mailer-daemon")
        {
            return special(&word, &a, flow, state);
        }
        // A3
        if !context.direct
            && let Some(end) = self.table(&a, flow, state)
        {
            return end;
        }
        if state.barred {
            return End::Error(BLACK);
        }
        // A4
        if let Some(end) = self.reserved(&a, flow, context, state) {
            return end;
        }
        // A5
        let known = a.domain.is_empty()
            || self.domain(&a.domain).is_some()
            || self.with_alias(&a.domain).is_some();
        if !a.domain.contains('.') && !known {
            let suffix = self
                .settings
                .add_domain_to_unqualified
                .0
                .clone()
                .unwrap_or(self.main.name.to_string());
            if context.direct || suffix.is_empty() {
                return End::Error(HOST);
            }
            return End::Again(Addr {
                domain: format!("{}.{suffix}", a.domain),
                ..a
            });
        }
        // A6
        if let Some(domain) = self.with_alias(&a.domain) {
            let name = if domain.name == self.main.name {
                String::new()
            } else {
                domain.name.to_string()
            };
            return End::Again(Addr { domain: name, ..a });
        }
        // A7, A8
        if known {
            self.local(a, flow, context, state)
        } else {
            remote(&a.domain.clone(), a, flow, false)
        }
    }

    fn is_reserved(&self, domain: &str) -> bool {
        let label = domain.rsplit('.').next().unwrap();
        [
            "pipe",
            "telnum",
            "pstn",
            "blacklisted",
            "wakeup",
            "error",
            "null",
            "blackhole",
            "spamtrap",
        ]
        .contains(&domain)
            || (domain.contains('.')
                && [
                    "_via", "_relay", "_smtp", "_smtpq", "local", "_domain", "pipe", "_list",
                    "_enum",
                ]
                .contains(&label))
            || domain.contains(['[', ':'])
    }

    fn table(&self, a: &Addr, flow: Flow, state: &mut State) -> Option<End> {
        let ours = a.domain.is_empty()
            || self.domain(&a.domain).is_some()
            || self.with_alias(&a.domain).is_some();
        let about = About {
            ours,
            reserved: !ours && self.is_reserved(&a.domain),
        };
        for (number, record) in self.records.iter().enumerate() {
            if !record.flows.serve(flow) {
                continue;
            }
            let Some(taken) = matches(&record.left, a, &about, &self.main.name) else {
                continue;
            };
            let domain_level = is_domain_level(&record.left);
            let made = make(&record.right, &taken, domain_level);
            let own_text = record.right.to_lowercase().starts_with("error{");
            let text = if domain_level && !own_text {
                format!("{}@{}", a.local, made.text)
            } else {
                made.text
            };
            let next = parse(&text, flow, false);
            if let Ok(next) = &next {
                let stripped = [
                    &*self.main.name,
                    "localhost",
                    "[127.0.0.1]",
                    "[0.0.0.0]",
                    "[::1]",
                ]
                .contains(&&*next.domain)
                    || self.host.names.contains(&next.domain);
                let same = next.folded() == a.folded()
                    || (fold(&next.local) == fold(&a.local) && a.domain.is_empty() && stripped);
                if same {
                    continue;
                }
                let unified =
                    |domain: &str| domain.ends_with(".local") || domain.ends_with("._domain");
                if unified(&next.domain) && !unified(&a.domain) {
                    state.real = Some(if a.domain.is_empty() {
                        self.main.name.to_string()
                    } else {
                        a.domain.clone()
                    });
                }
            }
            state.applied.push(number);
            if next.is_ok() {
                state.relayable |= match record.relay {
                    RelayPrefix::NoRelay => false,
                    RelayPrefix::RelayAll => true,
                    RelayPrefix::Relay => !has_route(&a.local) && !made.carried,
                };
                state.granted = made.granted;
                state.barred = false;
            }
            return Some(again(next));
        }
        None
    }

    pub(super) fn ask(&self, domain: &Domain, name: &str) -> Object {
        if !is_name(name) {
            return Object::Nothing;
        }
        match self.directory.answer(Question::Object {
            domain: domain.id,
            name,
        }) {
            Answer::Object(object) => object,
            _ => unreachable!(),
        }
    }

    fn reserved(&self, a: &Addr, flow: Flow, context: &Context, state: &mut State) -> Option<End> {
        let elsewhere = End::Error(if flow == Flow::Access { USER } else { HOST });
        if a.domain.is_empty()
            || self.domain(&a.domain).is_some()
            || self.with_alias(&a.domain).is_some()
            || !self.is_reserved(&a.domain)
        {
            return None;
        }
        let (mail, access) = (flow == Flow::Mail, flow == Flow::Access);
        if a.domain.contains('.')
            && let Some((host, label)) = a.domain.rsplit_once('.')
        {
            match label {
                "_via" if !access => return Some(remote(host, a.clone(), flow, true)),
                "_smtp" | "_smtpq" if mail => return Some(remote(host, a.clone(), flow, true)),
                "_relay" if !access => return Some(remote(host, a.clone(), flow, false)),
                "local" => {
                    let real = format!(
                        "{}@{}",
                        a.local,
                        state.real.clone().unwrap_or(a.domain.clone())
                    );
                    return Some(self.unified(self.main, host, Some(real), flow, state));
                }
                "_domain" => {
                    let Some(domain) = self.domain(host).or_else(|| self.with_alias(host)) else {
                        return Some(End::Error(HOST));
                    };
                    let (real, name) = match places(&a.local, '%').last() {
                        Some(at) => (Some(&a.local[..*at]), &a.local[at + 1..]),
                        None => (None, &*a.local),
                    };
                    let real = real.map(|real| {
                        format!("{real}@{}", state.real.clone().unwrap_or(a.domain.clone()))
                    });
                    return Some(self.unified(domain, &fold(name), real, flow, state));
                }
                "pipe" if mail && state.granted => {
                    return Some(End::Is(format!("PIPE({host} {})", a.local)));
                }
                "_list" if mail => {
                    let operation = ListOperation::parse(&a.local);
                    let found =
                        operation.is_some() && matches!(self.ask(self.main, host), Object::List(_));
                    let text = || format!("LIST({host}@{}) {}", self.main.name, operation.unwrap());
                    return Some(if found {
                        End::Is(text())
                    } else {
                        End::Error(USER)
                    });
                }
                "_enum" if !access => {
                    let number = a.local.replace(['-', '.', '(', ')'], "");
                    let asked = is_number(&number) && !context.no_dns && state.hops < 3;
                    return Some(
                        match asked.then(|| self.enum_uri(&number, host, flow)).flatten() {
                            Some(next) => {
                                state.hops += 1;
                                state.granted = false;
                                End::Again(next)
                            }
                            None => End::Error(USER),
                        },
                    );
                }
                "_via" | "_relay" | "_smtp" | "_smtpq" | "pipe" | "_list" | "_enum" => {
                    return Some(elsewhere);
                }
                _ => {}
            }
        }
        Some(match &*a.domain {
            "telnum" => self.number(a, flow, context, state),
            "pstn" => End::Error(USER),
            "pipe" if mail && state.granted => End::Is(format!("PIPE({})", unquoted(&a.local))),
            "wakeup" if mail => End::Is("NULL".to_owned()),
            "pipe" | "wakeup" | "blacklisted" => elsewhere,
            _ => remote(
                &a.domain.clone(),
                a.clone(),
                flow,
                a.domain.starts_with('['),
            ),
        })
    }

    fn unified(
        &self,
        domain: &Domain,
        name: &str,
        real: Option<String>,
        flow: Flow,
        state: &mut State,
    ) -> End {
        match self.ask(domain, name) {
            Object::Account(_) if domain.suspended => End::Error(ASLEEP),
            Object::Account(account) => End::Is(format!(
                "LOCAL({}@{}){}",
                account.name,
                domain.name,
                real.map(|real| format!(" realto={real}"))
                    .unwrap_or_default()
            )),
            Object::Forwarder(target) => forward(&target, None, flow, state),
            _ => End::Error(USER),
        }
    }

    pub(super) fn number(&self, a: &Addr, flow: Flow, context: &Context, state: &mut State) -> End {
        let number = a.local.replace(['-', '.', '(', ')'], "");
        if !is_number(&number) {
            return End::Error(USER);
        }
        if let Some(owner) = self.directory.numbers.get(&number) {
            let suspended = self.domain(&owner.domain).unwrap().suspended;
            return if suspended {
                End::Error(ASLEEP)
            } else {
                End::Is(format!("LOCAL({}@{})", owner.account.name, owner.domain))
            };
        }
        if flow == Flow::Access {
            return End::Error(USER);
        }
        for name in [number[1..].to_owned(), format!("tel-{}", &number[1..])] {
            if let Object::Forwarder(target) = self.ask(self.main, &name) {
                return forward(&target, None, flow, state);
            }
        }
        for zone in &self.settings.enum_zones {
            if state.hops < 3
                && !context.no_dns
                && let Some(next) = self.enum_uri(&number, zone, flow)
            {
                state.hops += 1;
                state.granted = false;
                return End::Again(next);
            }
        }
        again(parse(&format!("{number}@pstn"), flow, false))
    }

    /// The test's records are all of the form `!^.*$!URI!`.
    fn enum_uri(&self, number: &str, zone: &str, flow: Flow) -> Option<Addr> {
        let records = self
            .directory
            .naptr
            .get(&(number.to_owned(), zone.to_owned()))?;
        let service = if flow == Flow::Mail {
            "E2U+email:mailto"
        } else {
            "E2U+sip"
        };
        let record = records.iter().find(|record| record.services == service)?;
        parse(record.regexp.split('!').nth(2).unwrap(), flow, true).ok()
    }
}

pub(super) fn again(next: super::address::Parsed) -> End {
    next.map_or_else(End::Error, End::Again)
}

pub(super) fn is_number(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else {
        return false;
    };
    digits.len() >= 5 && digits.len() <= 15 && digits.chars().all(|c| c.is_ascii_digit())
}

pub(super) fn special(word: &str, a: &Addr, flow: Flow, state: &State) -> End {
    let is = |text: &str| End::Is(text.to_owned());
    if flow == Flow::Access {
        return End::Error(USER);
    }
    match (word, flow) {
        ("null" | "blackhole", _) | ("mailer-daemon", Flow::Mail) => is("NULL"),
        ("mailer-daemon", _) => End::Error(USER),
        ("spamtrap", Flow::Mail) => is("SPAMTRAP"),
        ("spamtrap" | "error", _) => End::Error(NO),
        _ => {
            let text = unquoted(a.local[6..a.local.len() - 1].trim());
            if state.granted && !text.trim().is_empty() {
                End::Text(text)
            } else {
                End::Error(NO)
            }
        }
    }
}

pub(super) fn forward(target: &str, selector: Option<&str>, flow: Flow, state: &mut State) -> End {
    let mut next = parse(target, flow, false);
    if let (Ok(address), Some(selector)) = (&next, selector) {
        next = parse(&format!("{selector}#{}", address.text()), flow, false);
    }
    if next.is_ok() {
        state.relayable = true;
        state.granted = selector.is_none();
    }
    again(next)
}

fn remote(target: &str, a: Addr, flow: Flow, cut: bool) -> End {
    if flow == Flow::Access {
        return End::Error(USER);
    }
    let host = match target.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => target,
    };
    let recipient = if cut && has_route(&a.local) {
        match parse(&a.local, flow, false) {
            Ok(recipient) => recipient,
            Err(words) => return End::Error(words),
        }
    } else {
        Addr {
            local: a.local,
            domain: host.to_owned(),
        }
    };
    if flow == Flow::Mail {
        return End::Is(format!("SMTP({target}){}", recipient.text()));
    }
    let plain = |host: &str| {
        if host.matches(':').count() < 2 {
            host.replace(['[', ']'], "")
        } else {
            host.to_owned()
        }
    };
    let mut user = String::new();
    for byte in unquoted(&recipient.local).bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte) {
            user.push(byte as char);
        } else {
            user += &format!("%{byte:02X}");
        }
    }
    End::Is(format!(
        "SIP({})sip:{user}@{}",
        plain(target),
        plain(&recipient.domain)
    ))
}
