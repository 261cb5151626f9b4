//! Where an address leads, and the one-line text form that rules compare with.

use std::fmt;
use std::sync::Arc;

use model::routing::{Flow, RouteKind};

use crate::address::{Address, push_quoted, unquoted};
use crate::domains::Domain;
use crate::error::RouteError;
use crate::question::{Account, Group, List};

/// The result of routing.
#[derive(Debug, Clone, PartialEq)]
pub enum Route {
    /// An account.
    Local(Local),
    /// A real-time application on behalf of an account.
    App(App),
    /// A mailing list of a domain, and what to do with it.
    List {
        /// The list.
        list: List,
        /// Its domain.
        domain: Arc<Domain>,
        /// What the address asks for.
        operation: ListOperation,
    },
    /// A group of a domain; [`Expansion`](crate::Expansion) finds its final members.
    Group {
        /// The group.
        group: Arc<Group>,
        /// Its domain.
        domain: Arc<Domain>,
    },
    /// Every account of a domain, or of all domains without one.
    All(Option<Arc<Domain>>),
    /// A remote host by SMTP.
    Smtp(Remote),
    /// A remote host by SIP (or by XMPP, with the address of the result).
    Sip(Remote),
    /// An external program with its arguments.
    Pipe(Box<str>),
    /// Accepted and dropped.
    Null(Sink),
    /// Accepted, then the whole message is refused.
    Spamtrap,
    /// Refused.
    Error(RouteError),
}

/// An account as a result.
#[derive(Debug, Clone, PartialEq)]
pub struct Local {
    /// The account.
    pub account: Account,
    /// Its domain.
    pub domain: Arc<Domain>,
    /// The mailbox named before `#`.
    pub mailbox: Option<Box<str>>,
    /// The text after `+`, in mail only.
    pub detail: Option<Box<str>>,
    /// The address the mail was really for, when a whole domain is collected in one account.
    pub real_to: Option<Box<str>>,
}

/// An application as a result.
#[derive(Debug, Clone, PartialEq)]
pub struct App {
    /// The account on whose behalf it runs.
    pub account: Account,
    /// The account's domain.
    pub domain: Arc<Domain>,
    /// Name of the program as written; compared without regard to case.
    pub name: Box<str>,
    /// Parameters, without quotes.
    pub params: Vec<String>,
}

/// A remote host as a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Host to connect to: a name, or an IP address in brackets.
    pub host: Box<str>,
    /// Port, when the address names one.
    pub port: Option<u16>,
    /// Ask MX or SRV for the host; false for IP addresses and with a port.
    pub lookup: bool,
    /// The address in `RCPT TO`, or the request URI.
    pub address: Box<str>,
    /// The queue waits until somebody releases it.
    pub hold: bool,
}

/// Why something is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sink {
    /// `null`: a call ends with 480.
    Null,
    /// `blackhole`: a call gets 100 and then silence.
    Blackhole,
    /// The null return path.
    MailerDaemon,
    /// Unknown names of the domain are discarded.
    Unknown,
    /// Mail to this domain name at `wakeup`: release its SMTP queue.
    Wakeup(Box<str>),
}

/// What an address asks a mailing list for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListOperation {
    /// Distribute the message.
    Post,
    /// Subscribe.
    On,
    /// Unsubscribe.
    Off,
    /// Subscribe or change to feed mode.
    Feed,
    /// Digest mode.
    Digest,
    /// Index mode.
    Index,
    /// Member without mail.
    Null,
    /// Mode name only.
    Banned,
    /// Answer to a confirmation request, with its code.
    Confirm(Option<Box<str>>),
    /// A report about a distributed copy, with the code of the subscriber.
    Report(Option<Box<str>>),
    /// Mail for the owner.
    Admin,
    /// A command in the subject.
    Request,
}

impl Route {
    pub(crate) fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }

    /// The kind of result.
    pub fn kind(&self) -> RouteKind {
        match self {
            Self::Local(_) => RouteKind::Local,
            Self::App(_) => RouteKind::App,
            Self::List { .. } => RouteKind::List,
            Self::Group { .. } => RouteKind::Group,
            Self::All(_) => RouteKind::All,
            Self::Smtp(_) => RouteKind::Smtp,
            Self::Sip(_) => RouteKind::Sip,
            Self::Pipe(_) => RouteKind::Pipe,
            Self::Null(_) => RouteKind::Null,
            Self::Spamtrap => RouteKind::Spamtrap,
            Self::Error(_) => RouteKind::Error,
        }
    }

    /// The one-line form, for example `LOCAL(john@company.dom)`. The code of an error depends on the flow.
    pub fn text(&self, flow: Flow) -> String {
        match self {
            Self::Error(error) => match flow {
                Flow::Mail => {
                    let reply = error.smtp(model::routing::ReplyCodes::Standard);
                    format!(
                        "ERROR {} {} {error}",
                        reply.code,
                        reply.enhanced.unwrap_or_default()
                    )
                }
                Flow::Signal => format!("ERROR {} {error}", error.sip()),
                Flow::Access => format!("ERROR {error}"),
            },
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Route {
    /// Writes the one-line form; errors without a code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(local) => {
                write!(f, "LOCAL({}@{})", local.account.name, local.domain.name)?;
                for (name, value) in [
                    ("mailbox", &local.mailbox),
                    ("detail", &local.detail),
                    ("realto", &local.real_to),
                ] {
                    if let Some(value) = value {
                        write!(f, " {name}={value}")?;
                    }
                }
                Ok(())
            }
            Self::App(app) => write!(
                f,
                "APP({}@{}) {}{}",
                app.account.name,
                app.domain.name,
                app.name,
                Params(&app.params)
            ),
            Self::List {
                list,
                domain,
                operation,
            } => write!(f, "LIST({}@{}) {operation}", list.name, domain.name),
            Self::Group { group, domain } => write!(f, "GROUP({}@{})", group.name, domain.name),
            Self::All(Some(domain)) => write!(f, "ALL({})", domain.name),
            Self::All(None) => f.write_str("ALL(*)"),
            Self::Smtp(remote) => write!(f, "SMTP({}){}", remote.queue(), remote.address),
            Self::Sip(remote) => write!(f, "SIP({}){}", remote.queue(), remote.address),
            Self::Pipe(command) => write!(f, "PIPE({command})"),
            Self::Null(_) => f.write_str("NULL"),
            Self::Spamtrap => f.write_str("SPAMTRAP"),
            Self::Error(error) => write!(f, "ERROR {error}"),
        }
    }
}

/// Parameters in braces, those with special characters quoted.
struct Params<'a>(&'a [String]);

impl fmt::Display for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, param) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            if param.contains(['{', '}', ',', '#', '"', '\\']) || param.trim().len() < param.len() {
                let mut quoted = String::new();
                push_quoted(param, &mut quoted);
                f.write_str(&quoted)?;
            } else {
                f.write_str(param)?;
            }
        }
        f.write_str("}")
    }
}

impl Remote {
    /// Host with port if the address names one; the name of the SMTP queue.
    pub fn queue(&self) -> String {
        // A SIP host writes an IPv4 address without brackets (RFC 3261 §25.1).
        let sip = self.address.starts_with("sip:");
        let host = if sip {
            plain_ipv4(&self.host)
        } else {
            &self.host
        };
        self.port
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// A remote result for a host text of the canonical form, with or without port.
    pub(crate) fn new(target: &str, address: String, hold: bool) -> Self {
        let (host, port) = split_port(target);
        Self {
            host: host.into(),
            port,
            lookup: port.is_none() && !host.starts_with('['),
            address: address.into(),
            hold,
        }
    }
}

/// Host and port of a canonical domain.
pub(crate) fn split_port(domain: &str) -> (&str, Option<u16>) {
    let split = domain
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, Some(port.parse().ok()?))));
    split.unwrap_or((domain, None))
}

fn plain_ipv4(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .filter(|ip| !ip.contains(':'))
        .unwrap_or(host)
}

/// The request URI of an address; what a user part cannot hold is escaped (RFC 3261 §25.1).
pub(crate) fn sip_uri(address: &Address) -> String {
    let mut uri = String::with_capacity(address.as_str().len() + 8);
    uri.push_str("sip:");
    for byte in unquoted(address.local()).bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte);
        if plain {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri.push('@');
    let (host, port) = split_port(address.domain());
    uri.push_str(plain_ipv4(host));
    if let Some(port) = port {
        uri.push_str(&format!(":{port}"));
    }
    uri
}

impl ListOperation {
    /// The operation with this name, for example `on` or `confirm-CODE`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let is = |word: &str| name.eq_ignore_ascii_case(word);
        let code = |word: &str| {
            let (head, code) = name.split_at_checked(word.len())?;
            (head.eq_ignore_ascii_case(word) && !code.is_empty()).then(|| Some(code.into()))
        };
        Some(match () {
            () if is("post") => Self::Post,
            () if is("on") => Self::On,
            () if is("off") => Self::Off,
            () if is("feed") => Self::Feed,
            () if is("digest") => Self::Digest,
            () if is("index") => Self::Index,
            () if is("null") => Self::Null,
            () if is("banned") => Self::Banned,
            () if is("admin") => Self::Admin,
            () if is("request") => Self::Request,
            () if is("confirm") => Self::Confirm(None),
            () if is("report") => Self::Report(None),
            () => code("confirm-")
                .map(Self::Confirm)
                .or_else(|| code("report-").map(Self::Report))?,
        })
    }
}

impl fmt::Display for ListOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Post => "post",
            Self::On => "on",
            Self::Off => "off",
            Self::Feed => "feed",
            Self::Digest => "digest",
            Self::Index => "index",
            Self::Null => "null",
            Self::Banned => "banned",
            Self::Admin => "admin",
            Self::Request => "request",
            Self::Confirm(_) => "confirm",
            Self::Report(_) => "report",
        })?;
        match self {
            Self::Confirm(Some(code)) | Self::Report(Some(code)) => write!(f, "-{code}"),
            _ => Ok(()),
        }
    }
}
