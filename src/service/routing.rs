//! The Address Router at work: compiled from the database, its questions answered from memory or by one query each.
//!
//! Mailing lists, ENUM and the external helper have no tenant yet: nothing has a list's name, no number is in the DNS, and
//! the helper creates nothing.

mod hits;
mod names;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use model::account::{AccountSettings, AccountState, SuspendMail};
use model::domain::{DomainSettings, DomainState, MailToUnknown, ToUnknown};
use model::group::GroupSettings;
use model::routing::{Flow, LineOrigin, NewRoutingLine, RouterSettings};
use model::settings::fold;
use router::{Account, Answer, Context, Domains, Group, Host, Line, Object, Outcome, Owner, Question, Route, RouteError, Router, Situation, Step, Template, Unknown};
use serde_json::Value;
use store::directory::{Named, NamedAccount};
use store::Tx;
use uuid::Uuid;
use store::routing_table::{LineRow, RoutedDomain, TableRow};

use crate::{Error, Kind, Result, Service, new_id};
use hits::{Earlier, Hits};
use names::{Known, Names};

/// The compiled Router and what is known of the names it asks for.
#[derive(Default)]
pub(crate) struct Routing {
    /// None before the server is claimed.
    live: RwLock<Option<Live>>,
    earlier: Mutex<Earlier>,
    host: RwLock<Host>,
    /// A change is committed and the Router could not be compiled again yet.
    stale: AtomicBool,
    /// One compilation at a time, so that the newest state is the one that stays.
    compiling: tokio::sync::Mutex<()>,
    names: Names,
}

/// The Router in use, and how often its lines are applied.
#[derive(Clone)]
struct Live {
    router: Arc<Router>,
    hits: Arc<Hits>,
}

impl Routing {
    /// The counters in use; such as count nothing before the server is claimed.
    fn hits(&self) -> Arc<Hits> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(|live| live.hits.clone()).unwrap_or_default()
    }
}

impl Service {
    /// Routes an address as a peer wrote it. What the directory cannot answer is a temporary error of the route.
    ///
    /// # Errors
    /// `SetupRequired` before the server is claimed; `Unavailable` when the Router cannot be compiled.
    pub async fn route(&self, address: &str, flow: Flow, context: &Context) -> Result<Outcome> {
        let Live { router, hits } = self.live_router().await?;
        let outcome = self.route_by(&router, address, flow, context).await;
        if !context.dry_run {
            hits.count(&outcome.records);
        }
        Ok(outcome)
    }

    /// The Router as it is now.
    ///
    /// # Errors
    /// As [`Service::route`].
    pub async fn router(&self) -> Result<Arc<Router>> {
        Ok(self.live_router().await?.router)
    }

    async fn live_router(&self) -> Result<Live> {
        let routing = &self.inner.routing;
        if routing.stale.load(Ordering::Acquire) {
            self.compile_router().await?;
        }
        let live = routing.live.read().unwrap_or_else(PoisonError::into_inner).clone();
        live.ok_or_else(|| Error::new(Kind::SetupRequired, "setup_required", "The server was not claimed yet."))
    }

    /// The Router as it was compiled last.
    pub(crate) fn current_router(&self) -> Option<Arc<Router>> {
        self.inner.routing.live.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(|live| live.router.clone())
    }

    /// Routes by a Router that need not be the one in use.
    pub(crate) async fn route_by(&self, router: &Router, address: &str, flow: Flow, context: &Context) -> Outcome {
        let mut routing = router.start(address, flow, context);
        let mut closed = None;
        let mut outcome = loop {
            let known = match routing.poll() {
                Step::Done(outcome) => break outcome,
                Step::Ask(question) => self.ask(question).await,
            };
            if let (Some(situation), Some(id)) = (known.mail, known.account()) {
                closed = Some((id, situation));
            }
            routing.answer(known.answer);
        };
        // The Router knows no mail switch: an account closed to mail is refused here.
        if let (Flow::Mail, Route::Local(local), Some((id, situation))) = (flow, &outcome.route, closed)
            && local.account.id == id
        {
            outcome.route = Route::Error(RouteError::new(situation, address));
        }
        outcome
    }

    /// Drops what is remembered of names. To be called after every committed change of accounts, their states and
    /// settings, aliases, numbers, groups and forwarders.
    pub fn forget_names(&self) {
        self.inner.routing.names.forget();
        self.inner.receivers.forget();
        self.inner.shared_rules.forget();
        self.inner.subscribers.forget();
    }

    /// Has the Router compiled again before the next address: table, settings or domains may have been changed by another node.
    pub(crate) fn router_is_old(&self) {
        self.inner.routing.stale.store(true, Ordering::Release);
    }

    /// Tells the Router the addresses of this machine and the ports of its listeners.
    pub async fn set_host(&self, addresses: Vec<IpAddr>, ports: Vec<u16>) {
        let host = Host { names: Vec::new(), addresses, ports };
        let known = &self.inner.routing.host;
        if *known.read().unwrap_or_else(PoisonError::into_inner) != host {
            *known.write().unwrap_or_else(PoisonError::into_inner) = host;
            self.routing_changed().await;
        }
    }

    /// Whether an address is one of this machine, or one that it shows to others.
    pub fn is_own_address(&self, address: IpAddr) -> bool {
        let host = self.inner.routing.host.read().unwrap_or_else(PoisonError::into_inner);
        host.addresses.contains(&address.to_canonical()) || self.is_shown_address(address)
    }

    /// Whether an address stands at an interface of this machine.
    pub fn is_host_address(&self, address: IpAddr) -> bool {
        self.inner.routing.host.read().unwrap_or_else(PoisonError::into_inner).addresses.contains(&address.to_canonical())
    }

    /// Addresses of this machine.
    pub(crate) fn host_addresses(&self) -> Vec<IpAddr> {
        self.inner.routing.host.read().unwrap_or_else(PoisonError::into_inner).addresses.clone()
    }

    /// Addresses at which we ourselves answer on this port.
    pub fn own_addresses(&self, port: u16) -> Vec<IpAddr> {
        let host = self.inner.routing.host.read().unwrap_or_else(PoisonError::into_inner);
        let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        if host.ports.contains(&port) { host.addresses.iter().copied().chain(loopback).collect() } else { Vec::new() }
    }

    /// Compiles the Router again after a committed change of table, settings or domains. When that fails now, the next
    /// address tries again.
    pub(crate) async fn routing_changed(&self) {
        self.inner.routing.stale.store(true, Ordering::Release);
        self.forget_names();
        if let Err(error) = self.compile_router().await {
            tracing::warn!(%error, "the Router cannot be compiled now");
        }
    }

    pub(crate) async fn compile_router(&self) -> Result<()> {
        let routing = &self.inner.routing;
        let _one = routing.compiling.lock().await;
        let (settings, defaults, _) = self.store().router_settings().await?;
        let host = routing.host.read().unwrap_or_else(PoisonError::into_inner).clone();
        let domains = domains(self.store().routed_domains().await?, &defaults, &host);
        let rows = self.store().routing_table().await?.lines;
        let router = domains.map(|domains| Arc::new(compile(&rows, &fold(&[&settings]), domains)));
        {
            // Counters are changed for others under this lock alone, so that none are counted twice.
            let mut earlier = routing.earlier.lock().unwrap_or_else(PoisonError::into_inner);
            let hits = earlier.replace(&routing.hits(), &rows);
            *routing.live.write().unwrap_or_else(PoisonError::into_inner) = router.map(|router| Live { router, hits });
        }
        routing.stale.store(false, Ordering::Release);
        Ok(())
    }

    async fn ask(&self, question: Question<'_>) -> Known {
        let (domain, name) = match question {
            Question::Object { domain, name } => (Some(domain), name),
            Question::Number { number } => (None, number),
            Question::Consult { .. } => return Answer::Object(Object::Nothing).into(),
            Question::Enum { .. } => return Answer::Naptr(Arc::new([])).into(),
        };
        let names = &self.inner.routing.names;
        let generation = match names.find(domain, name) {
            Ok(known) => return known,
            Err(generation) => generation,
        };
        let known = match domain {
            Some(domain) => self.store().named(domain, name).await.map(object),
            None => self.store().number_owner(name).await.map(|owner| match owner {
                Some(row) if row.account.state != AccountState::Deleted => {
                    let (account, mail) = account(row.account);
                    Known { answer: Answer::Owner(Some(Owner { domain: row.domain.into(), account })), mail }
                }
                _ => Answer::Owner(None).into(),
            }),
        };
        match known {
            Ok(known) => {
                names.remember(generation, domain, name, known.clone());
                known
            }
            Err(error) => {
                tracing::warn!(%error, "the directory cannot answer");
                Answer::Unavailable.into()
            }
        }
    }
}

fn object(named: Option<Named>) -> Known {
    let object = match named {
        Some(Named::Account(row)) if row.state != AccountState::Deleted => {
            let (account, mail) = account(row);
            return Known { answer: Answer::Object(Object::Account(account)), mail };
        }
        Some(Named::Forwarder(target)) => Object::Forwarder(target.into()),
        Some(Named::Group { id, name, members, settings }) => {
            let settings = group_settings(settings);
            Object::Group(Arc::new(Group { id, name: name.into(), members: members.into_iter().map(Into::into).collect(), settings }))
        }
        Some(Named::Account(_) | Named::Other) | None => Object::Nothing,
    };
    Answer::Object(object).into()
}

/// Stored settings of a group; what no longer fits counts as the default.
pub(crate) fn group_settings(stored: Value) -> GroupSettings {
    serde_json::from_value(stored).unwrap_or_default()
}

/// The account for the Router, and how mail for it is refused.
fn account(row: NamedAccount) -> (Account, Option<Situation>) {
    let active = row.state == AccountState::Active;
    let [server, domain, own] = &row.settings;
    let settings: AccountSettings = fold(&[server, domain, own]);
    let mail = match row.suspend_mail {
        _ if !settings.mail => Some(Situation::Disabled),
        SuspendMail::Reject if !active => Some(Situation::Suspended),
        SuspendMail::Bounce if !active => Some(Situation::Disabled),
        _ => None,
    };
    (Account { id: row.id, name: row.name.into(), login: active, signal: active, applications: active }, mail)
}

/// What is ours; `None` before there is a main domain.
fn domains(rows: Vec<RoutedDomain>, defaults: &Value, host: &Host) -> Option<Arc<Domains>> {
    let (main, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.main);
    let main = main.into_iter().next()?;
    Some(Arc::new(Domains::new(domain(main, defaults), others.into_iter().map(|row| domain(row, defaults)), host)))
}

fn domain(row: RoutedDomain, defaults: &Value) -> router::Domain {
    let settings: DomainSettings = fold(&[defaults, &row.settings]);
    // An address that cannot be used refuses, as if none were set.
    let rerouted = |address: &str| Template::parse(address).map_or(Unknown::Rejected, Unknown::Rerouted);
    let unknown = |setting, address: &str| match setting {
        ToUnknown::Rejected => Unknown::Rejected,
        ToUnknown::Rerouted => rerouted(address),
    };
    router::Domain {
        aliases: row.aliases,
        addresses: row.addresses.iter().filter_map(|ip| ip.parse().ok()).collect(),
        suspended: row.state == DomainState::Suspended,
        mail_to_unknown: match settings.mail_to_unknown {
            MailToUnknown::Rejected => Unknown::Rejected,
            MailToUnknown::Rerouted => rerouted(&settings.mail_reroute_address),
            MailToUnknown::Discarded => Unknown::Discarded,
            MailToUnknown::AcceptedAndBounced => Unknown::AcceptedAndBounced,
        },
        access_to_unknown: unknown(settings.access_to_unknown, &settings.access_reroute_address),
        signal_to_unknown: unknown(settings.signal_to_unknown, &settings.signal_reroute_address),
        mail_to_all: settings.mail_to_all,
        ..router::Domain::new(row.id, &row.name)
    }
}

/// Reads one line of text.
pub(crate) fn line_of_text(text: &str) -> std::result::Result<Line, router::LineError> {
    Line::from_input(&NewRoutingLine { text: Some(text.to_owned()), enabled: true, ..NewRoutingLine::default() })
}

/// Compiles stored lines. They were checked when they were saved; one that fits no longer (another version wrote it) is
/// left out rather than stopping all mail.
fn compile(rows: &[LineRow], settings: &RouterSettings, domains: Arc<Domains>) -> Router {
    let mut lines: Vec<Line> = rows.iter().map(|row| line_of_text(&row.text).map_or_else(|_| Line::blank(), |line| with_id(line, row.id))).collect();
    loop {
        match Router::compile(&lines, settings, domains.clone()) {
            Ok(router) => return router,
            Err(errors) => {
                for error in errors {
                    tracing::error!(%error, "a stored record cannot be used");
                    if let Some(line) = lines.get_mut((error.line as usize).saturating_sub(1)) {
                        *line = Line::blank();
                    }
                }
            }
        }
    }
}

/// Puts the default records into the table of a server that is being claimed.
pub(crate) async fn insert_default_lines(tx: &mut Tx, actor: &str) -> Result<()> {
    let line = |line: Line| LineRow { id: new_id(), text: line.text, origin: LineOrigin::Builtin, version: 1 };
    let lines = router::default_lines().into_iter().map(line).collect();
    Ok(tx.save_routing_table(&TableRow { version: 1, lines }, router::DEFAULT_TABLE, actor).await?)
}

/// The line with its stored identity.
pub(crate) fn with_id(mut line: Line, id: Uuid) -> Line {
    line.id = Some(id);
    line
}
