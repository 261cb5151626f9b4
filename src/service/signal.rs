//! Where a SIP request goes: the Router's flow for signals, with groups opened and relaying decided.

use std::net::IpAddr;
use std::sync::Arc;

use model::routing::Flow;
use model::server::SipRelay;
use router::{Context, Expansion, Outcome, Route, RouteError, Sink, Situation, Verdict};

use crate::{Service, Subscriber};

/// Who sends a signal.
#[derive(Debug, Clone, Default)]
pub struct Sender {
    /// The account that proved who it is.
    pub subscriber: Option<Arc<Subscriber>>,
    /// The account that the sender, whom we trust by its address, says to be; good for records, not for rights.
    pub claimed: Option<Arc<Subscriber>>,
    /// Where the signal comes from.
    pub peer: Option<IpAddr>,
    /// The sender says to be in a domain of ours.
    pub is_ours: bool,
}

/// One place a signal goes.
#[derive(Debug, Clone)]
pub enum Destination {
    /// The devices of an account.
    Account(Arc<Subscriber>),
    /// Another server.
    Remote {
        /// Request URI, `sip:user@host`.
        uri: String,
        /// Host to ask the DNS for: a name or an address.
        host: String,
        /// Port, when one is named.
        port: Option<u16>,
    },
    /// Nobody answers, ever.
    Blackhole,
    /// Nowhere.
    Refused {
        /// Status of the response.
        status: u16,
        /// Its reason.
        reason: String,
    },
}

/// What became of an address.
#[derive(Debug, Clone, Default)]
pub struct Signalled {
    /// Where it goes; several when a group was meant.
    pub destinations: Vec<Destination>,
    /// What was decided on the way, for who asks why.
    pub steps: Vec<String>,
    /// The account that is watched shows its presence to the sender by its roster.
    pub shown: bool,
    /// Rules of later stages do not act: one of the server's said so.
    pub discard: bool,
    /// The text of a refusal with this status, as a rule says it.
    pub says: Option<Box<(u16, String)>>,
}

impl Service {
    /// Where a signal for an address (`user@host`) goes.
    pub async fn route_signal(&self, address: &str, sender: &Sender) -> Signalled {
        self.route_signal_as(address, context_of(self, sender)).await
    }

    /// Where an address leads that the settings of an account name: with the account's rights, whoever calls it. Nobody gets a
    /// call to another server by calling someone who may not relay.
    pub async fn route_diverted(&self, address: &str, account: &Arc<Subscriber>) -> Signalled {
        let sender = Sender { subscriber: Some(account.clone()), is_ours: true, ..Sender::default() };
        self.route_signal_as(address, Context { internal: true, ..context_of(self, &sender) }).await
    }

    /// Where an address leads that a rule of the server names: whoever calls, the server may.
    pub async fn route_ruled(&self, address: &str, sender: &Sender) -> Signalled {
        self.route_signal_as(address, Context { internal: true, trusted: true, ..context_of(self, sender) }).await
    }

    /// Where an address would lead that a rule of an account names, or of the server without one. Nothing comes of it.
    pub(crate) async fn would_route(&self, address: &str, account: Option<&Arc<Subscriber>>) -> Signalled {
        let sender = Sender { subscriber: account.cloned(), is_ours: account.is_some(), ..Sender::default() };
        let context = context_of(self, &sender);
        let trusted = account.is_none() || context.trusted;
        self.route_signal_as(address, Context { internal: true, dry_run: true, trusted, ..context }).await
    }

    async fn route_signal_as(&self, address: &str, context: Context) -> Signalled {
        let mut found = Signalled::default();
        match self.route(address, Flow::Signal, &context).await {
            Ok(outcome) => self.add_signal(&mut found, address, outcome, &context).await,
            Err(error) => found.destinations.push(Destination::Refused { status: 503, reason: error.detail }),
        }
        found
    }

    /// The domain of ours that a host names, by its main name: one of ours, or an address of this machine, which stands for
    /// the main domain.
    ///
    /// # Errors
    /// Before the server is claimed.
    pub async fn own_domain(&self, host: &str) -> crate::Result<Option<Arc<str>>> {
        let router = self.router().await?;
        let domains = router.domains();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        if host == "localhost" || literal.is_ok_and(|ip| ip.is_loopback() || self.is_own_address(ip)) {
            return Ok(Some(domains.main().name.clone()));
        }
        Ok(domains.find(&host.to_ascii_lowercase()).map(|domain| domain.name.clone()))
    }

    /// Whether a host is a name of ours, by the Router as it was compiled last.
    pub fn is_own_name(&self, host: &str) -> bool {
        self.current_router().is_some_and(|router| router.domains().find(&host.to_ascii_lowercase()).is_some())
    }

    async fn add_signal(&self, found: &mut Signalled, address: &str, outcome: Outcome, context: &Context) {
        if let Route::Group { group, domain } = &outcome.route {
            found.steps.push(format!("{address} is the group {}@{}", group.name, domain.name));
            let mut expansion = Expansion::new(group, domain, Flow::Signal);
            while let Some(member) = expansion.next_member() {
                match self.route(&member, Flow::Signal, context).await {
                    Ok(outcome) => expansion.add(member, outcome),
                    Err(_) => break,
                }
            }
            for member in expansion.into_members() {
                self.add_final_signal(found, &member.address, &member.outcome, context).await;
            }
        } else {
            self.add_final_signal(found, address, &outcome, context).await;
        }
    }

    async fn add_final_signal(&self, found: &mut Signalled, address: &str, outcome: &Outcome, context: &Context) {
        for record in &outcome.records {
            found.steps.push(format!("line {} of the routing table", record.line));
        }
        found.steps.push(format!("{address} -> {}", outcome.route));
        let destination = match &outcome.route {
            Route::Local(local) => match self.subscriber(local.account.id).await {
                Ok(Some(subscriber)) if !subscriber.active || !subscriber.settings.signal => refused(480, "Temporarily Unavailable"),
                Ok(Some(subscriber)) => Destination::Account(subscriber),
                Ok(None) => refused(404, "Not Found"),
                Err(_) => refused(503, "Service Unavailable"),
            },
            Route::Sip(remote) => match outcome.verdict(address, context) {
                Some(Verdict::Refused(error)) => refused(error.sip(), &error.text),
                _ => {
                    let host = remote.host.trim_start_matches('[').trim_end_matches(']');
                    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
                    Destination::Remote { uri: remote.address.to_string(), host, port: remote.port }
                }
            },
            Route::Null(Sink::Blackhole) => Destination::Blackhole,
            Route::Null(_) => refused(480, "Temporarily Unavailable"),
            Route::Error(error) => refused(error.sip(), &error.text),
            Route::App(_) => refused(480, "Application Not Available"),
            other => {
                let error = RouteError::new(Situation::NotAnAccount, &other.to_string());
                refused(error.sip(), &error.text)
            }
        };
        found.destinations.push(destination);
    }
}

fn context_of(service: &Service, sender: &Sender) -> Context {
    let near = sender.peer.is_some_and(|peer| service.is_near(peer));
    let may_relay = service.module_settings().sip.relay_policy == SipRelay::Clients;
    Context {
        authenticated: sender.subscriber.as_ref().map(|subscriber| Arc::from(&*subscriber.address)),
        client: near,
        trusted: may_relay && (near || sender.subscriber.as_ref().is_some_and(|subscriber| subscriber.settings.relay)),
        caller_is_ours: sender.is_ours,
        peer: sender.peer,
        ..Context::default()
    }
}

fn refused(status: u16, reason: &str) -> Destination {
    Destination::Refused { status, reason: reason.to_owned() }
}
