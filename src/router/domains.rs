//! What is ours: the domains with their aliases and addresses, and the names and addresses of the server.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::FixedState;
use model::domain::MailToAll;
use uuid::Uuid;

use crate::address::{push_domain, push_ip};
use crate::template::Template;

/// What the Router knows about one domain.
#[derive(Debug, Clone, PartialEq)]
pub struct Domain {
    /// Id.
    pub id: Uuid,
    /// Name, lower-case A-labels.
    pub name: Arc<str>,
    /// Other names.
    pub aliases: Vec<String>,
    /// Addresses of this server that stand for the domain.
    pub addresses: Vec<IpAddr>,
    /// Nothing is taken or let in.
    pub suspended: bool,
    /// Mail for unknown names.
    pub mail_to_unknown: Unknown,
    /// Unknown login names.
    pub access_to_unknown: Unknown,
    /// Signals for unknown names.
    pub signal_to_unknown: Unknown,
    /// An external helper may create what is unknown.
    pub consult_external: bool,
    /// Who may write to everybody.
    pub mail_to_all: MailToAll,
}

/// What happens to unknown names of a domain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Unknown {
    /// Refused.
    #[default]
    Rejected,
    /// Taken and dropped (mail).
    Discarded,
    /// Sent to this address.
    Rerouted(Template),
    /// Taken, then reported back (mail).
    AcceptedAndBounced,
}

impl Domain {
    /// A domain with default settings.
    pub fn new(id: Uuid, name: &str) -> Self {
        Self {
            id,
            name: name.into(),
            aliases: Vec::new(),
            addresses: Vec::new(),
            suspended: false,
            mail_to_unknown: Unknown::Rejected,
            access_to_unknown: Unknown::Rejected,
            signal_to_unknown: Unknown::Rejected,
            consult_external: false,
            mail_to_all: MailToAll::AuthenticatedDomainUsers,
        }
    }
}

/// Names and addresses of the server itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    /// Host names of the nodes.
    pub names: Vec<String>,
    /// All addresses of the nodes.
    pub addresses: Vec<IpAddr>,
    /// Ports of the listeners.
    pub ports: Vec<u16>,
}

/// The domains of the server: built by one query, replaced as a whole when one of them changes. Accounts are not in it.
#[derive(Debug)]
pub struct Domains {
    main: Arc<Domain>,
    names: HashMap<Box<str>, Name, FixedState>,
    ports: Vec<u16>,
}

/// What a domain part names.
#[derive(Debug, Clone)]
pub(crate) enum Name {
    /// The server: becomes the empty domain.
    Own,
    /// A loopback address; as `Own`, and no setting turns it off.
    Loopback,
    /// An address of the server.
    OwnAddress,
    /// An address assigned to a secondary domain.
    Address(Arc<Domain>),
    /// A secondary domain.
    Domain(Arc<Domain>),
    /// Another name of a domain.
    Alias(Arc<Domain>),
}

impl Domains {
    /// Puts together what is ours. A name that is no domain name is left out; a domain wins over an alias, and both over a
    /// host name.
    pub fn new(main: Domain, others: impl IntoIterator<Item = Domain>, host: &Host) -> Self {
        let main = Arc::new(main);
        let mut names: HashMap<Box<str>, Name, FixedState> = HashMap::default();
        let canonical = |name: &str| {
            let mut text = String::new();
            push_domain(name, &mut text)
                .ok()
                .filter(|()| !text.is_empty())?;
            Some(text.into_boxed_str())
        };
        let literal = |ip: IpAddr| {
            let mut text = String::new();
            push_ip(ip, &mut text);
            text.into_boxed_str()
        };
        let others: Vec<Arc<Domain>> = others.into_iter().map(Arc::new).collect();
        names.extend(
            host.names
                .iter()
                .filter_map(|name| canonical(name))
                .map(|name| (name, Name::Own)),
        );
        names.extend(
            host.addresses
                .iter()
                .map(|ip| (literal(*ip), Name::OwnAddress)),
        );
        for domain in std::iter::once(&main).chain(&others) {
            names.extend(
                domain
                    .aliases
                    .iter()
                    .filter_map(|name| canonical(name))
                    .map(|name| (name, Name::Alias(domain.clone()))),
            );
        }
        for domain in &others {
            names.extend(canonical(&domain.name).map(|name| (name, Name::Domain(domain.clone()))));
            names.extend(
                domain
                    .addresses
                    .iter()
                    .map(|ip| (literal(*ip), Name::Address(domain.clone()))),
            );
        }
        names.extend(
            main.addresses
                .iter()
                .map(|ip| (literal(*ip), Name::OwnAddress)),
        );
        names.extend(["[127.0.0.1]", "[0.0.0.0]", "[::1]"].map(|ip| (ip.into(), Name::Loopback)));
        names.insert("localhost".into(), Name::Own);
        names.extend(canonical(&main.name).map(|name| (name, Name::Own)));
        Self {
            main,
            names,
            ports: host.ports.clone(),
        }
    }

    /// The main domain.
    pub fn main(&self) -> &Arc<Domain> {
        &self.main
    }

    /// The domain with this name or alias; an empty name is the main domain.
    pub fn find(&self, name: &str) -> Option<&Arc<Domain>> {
        match self.names.get(name) {
            _ if name.is_empty() || *name == *self.main.name => Some(&self.main),
            Some(Name::Domain(domain) | Name::Alias(domain)) => Some(domain),
            _ => None,
        }
    }

    /// What a domain part names.
    #[inline]
    pub(crate) fn name(&self, domain: &str) -> Option<&Name> {
        self.names.get(domain)
    }

    /// True when one of our listeners has this port.
    pub(crate) fn is_own_port(&self, port: u16) -> bool {
        self.ports.contains(&port)
    }

    /// True for the names that a left side may use for the empty domain.
    pub(crate) fn is_main_name(&self, name: &str) -> bool {
        name == "localhost" || *name == *self.main.name
    }
}
