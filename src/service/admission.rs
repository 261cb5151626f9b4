//! Who may send mail to whom: the decisions about MAIL and RCPT.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use model::account::AccountSettings;
use model::domain::{DomainSettings, ForceSmtpAuth};
use model::routing::Flow;
use model::server::ReplyCodes;
use model::settings::fold;
use router::{Context, Outcome, Route, RouteError, Sink, Situation, Verdict};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Refusal, Result, Service, Standing};

/// Accounts whose settings are remembered.
const REMEMBERED: usize = 50_000;

/// Who hands in mail.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address.
    pub ip: IpAddr,
    /// The address is ours or one of the Client IPs.
    pub trusted: bool,
    /// It could sign in on this connection.
    pub login_offered: bool,
    /// The user who signed in.
    pub user: Option<Submitter>,
}

/// A signed-in user who hands in mail.
#[derive(Debug, Clone)]
pub struct Submitter {
    /// The account.
    pub standing: Arc<Standing>,
    settings: Arc<AccountSettings>,
}

/// Why a recipient is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It is ours.
    Local,
    /// It is elsewhere, and the peer's address may relay.
    ForClient,
    /// It is elsewhere, and the user signed in.
    ForUser,
    /// It is elsewhere, and a record allows it.
    Relayed,
}

/// What the sender asked for with a recipient (RFC 3461).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecipientParams {
    /// NOTIFY, as written.
    pub notify: Option<String>,
    /// ORCPT: type and address, parted by a semicolon.
    pub original: Option<String>,
}

impl RecipientParams {
    pub(crate) fn to_json(&self) -> Value {
        let mut map = serde_json::Map::new();
        for (name, value) in [("notify", &self.notify), ("orcpt", &self.original)] {
            if let Some(value) = value {
                map.insert(name.to_owned(), json!(value));
            }
        }
        Value::Object(map)
    }
}

/// A recipient that was accepted.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// As given by the sender.
    pub address: String,
    /// What the sender asked for.
    pub params: RecipientParams,
    /// Why it was accepted.
    pub reach: Reach,
    pub(crate) outcome: Outcome,
}

/// Settings of accounts that got or sent mail lately.
#[derive(Default)]
pub(crate) struct Receivers(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    /// Rises when everything is forgotten: what was read before that is not taken any more.
    generation: u64,
    settings: HashMap<Uuid, Arc<AccountSettings>>,
}

impl Receivers {
    pub(crate) fn forget(&self) {
        if let Ok(mut remembered) = self.0.lock() {
            remembered.generation += 1;
            remembered.settings.clear();
        }
    }

    fn find(&self, account: Uuid) -> std::result::Result<Arc<AccountSettings>, u64> {
        let Ok(remembered) = self.0.lock() else { return Err(u64::MAX) };
        remembered.settings.get(&account).cloned().ok_or(remembered.generation)
    }

    fn remember(&self, generation: u64, account: Uuid, settings: Arc<AccountSettings>) {
        if let Ok(mut remembered) = self.0.lock()
            && remembered.generation == generation
        {
            if remembered.settings.len() >= REMEMBERED {
                remembered.settings.clear();
            }
            remembered.settings.insert(account, settings);
        }
    }
}

impl Service {
    /// Name of this host in mail: the main domain.
    ///
    /// # Errors
    /// Before the server is claimed.
    pub async fn mail_host(&self) -> Result<Arc<str>> {
        Ok(self.router().await?.domains().main().name.clone())
    }

    /// A signed-in user as one who hands in mail.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn submitter(&self, standing: Arc<Standing>) -> Result<Submitter> {
        let settings = self.receiver(standing.account_id).await?;
        Ok(Submitter { standing, settings })
    }

    /// Settings of an account, from memory when it got mail lately.
    pub(crate) async fn receiver(&self, account: Uuid) -> Result<Arc<AccountSettings>> {
        let receivers = &self.inner.receivers;
        let generation = match receivers.find(account) {
            Ok(settings) => return Ok(settings),
            Err(generation) => generation,
        };
        let settings = Arc::new(self.account_settings(account).await?);
        receivers.remember(generation, account, settings.clone());
        Ok(settings)
    }

    /// Whether a return path may be used, `None` being the null one; gives it with a domain. `size` is what the peer
    /// announces.
    ///
    /// # Errors
    /// The refusal.
    pub async fn check_sender(&self, peer: &Peer, path: Option<&str>, size: Option<u64>) -> std::result::Result<String, Refusal> {
        self.check_disk()?;
        self.check_queue().await?;
        if let Some(user) = &peer.user {
            check_size_out(user, size.unwrap_or(0))?;
        }
        let path = match (path, &peer.user) {
            (None, _) => return Ok(String::new()),
            (Some(path), _) if path.contains('@') => path.to_owned(),
            (Some(path), Some(user)) => format!("{path}@{}", user.standing.address.rsplit('@').next().unwrap_or_default()),
            (Some(_), None) => return Err(Refusal::new(550, "5.1.7", "return-path domain is not specified")),
        };
        let context = peer.context(false);
        let route = self.route(&path, Flow::Mail, &context).await?.route;
        let domain = match &route {
            Route::Error(error) => match error.situation {
                Situation::Temporary => return Err(Refusal::new(451, "4.3.0", format!("{path} temporary internal error"))),
                Situation::UnknownName => return Err(unknown_sender()),
                // The account is there; that it takes no mail does not forbid it to send.
                Situation::Disabled | Situation::Suspended => None,
                _ => return Err(closed_sender()),
            },
            Route::Null(Sink::Unknown) => return Err(unknown_sender()),
            Route::Null(Sink::MailerDaemon) => None,
            Route::Null(_) | Route::Spamtrap => return Err(closed_sender()),
            Route::Local(local) => Some(local.domain.id),
            Route::Group { domain, .. } | Route::List { domain, .. } => Some(domain.id),
            _ => None,
        };
        if let (Some(domain), None) = (domain, &peer.user) {
            self.check_local_sender(peer, domain).await?;
        }
        Ok(path)
    }

    /// Whether a sender of one of our domains must have signed in.
    async fn check_local_sender(&self, peer: &Peer, domain: Uuid) -> std::result::Result<(), Refusal> {
        let row = self.store().domain(Some(domain), "").await.map_err(crate::Error::from)?;
        let (.., defaults, _) = self.store().server_settings().await.map_err(crate::Error::from)?;
        let settings: DomainSettings = fold(&[&defaults, row.as_ref().map_or(&Value::Null, |row| &row.settings)]);
        let forced = match settings.force_smtp_auth {
            ForceSmtpAuth::Nobody => false,
            ForceSmtpAuth::Clients => peer.trusted,
            ForceSmtpAuth::NonClients => !peer.trusted,
            ForceSmtpAuth::Everybody => true,
        };
        if forced { Err(Refusal::new(530, "5.7.1", "authentication required for local senders")) } else { Ok(()) }
    }

    /// Whether a peer may send to an address.
    ///
    /// # Errors
    /// The refusal.
    pub async fn check_recipient(&self, peer: &Peer, codes: ReplyCodes, return_path: &str, address: &str, params: RecipientParams, size: Option<u64>) -> std::result::Result<Recipient, Refusal> {
        let listed = |list: &str| self.is_listed(list, peer.ip);
        let blacklisted = !peer.trusted && peer.user.is_none() && listed("blacklisted_ips") && !listed("white_hole_ips");
        let context = peer.context(blacklisted);
        let outcome = self.route(address, Flow::Mail, &context).await?;
        if let Route::Error(error) = &outcome.route {
            return Err(refused(error, codes));
        }
        let reach = match outcome.verdict(address, &context) {
            Some(Verdict::Refused(error)) => return Err(refused(&error, codes)),
            Some(Verdict::Allowed { marked: true }) => Reach::Relayed,
            Some(Verdict::Allowed { marked: false }) if peer.may_relay_as_user() => Reach::ForUser,
            Some(Verdict::Allowed { marked: false }) => Reach::ForClient,
            Some(Verdict::Local) | None => Reach::Local,
        };
        let checked = Recipient { address: address.to_owned(), params, reach, outcome };
        self.check_route(peer, return_path, &checked, size).await?;
        Ok(checked)
    }

    /// What a result means for one message.
    async fn check_route(&self, peer: &Peer, return_path: &str, recipient: &Recipient, size: Option<u64>) -> std::result::Result<(), Refusal> {
        let address = &recipient.address;
        match &recipient.outcome.route {
            Route::Smtp(_) | Route::Null(_) => Ok(()),
            Route::Local(local) => self.check_room(address, local.account.id, size.unwrap_or(0)).await,
            Route::Spamtrap if peer.trusted || peer.user.is_some() => Err(Refusal::new(550, "5.1.1", format!("{address} is not accepted"))),
            Route::Spamtrap => Ok(()),
            Route::Group { group, .. } if group.settings.email_disabled => Err(Refusal::new(550, "5.7.1", format!("{address} takes no mail"))),
            Route::Group { group, .. } if group.settings.reject_automatic && return_path.is_empty() => {
                Err(Refusal::new(550, "5.7.1", format!("{address} takes no automatic mail")))
            }
            Route::Group { .. } => Ok(()),
            other => Err(undeliverable(address, other)),
        }
    }

    async fn check_room(&self, address: &str, account: Uuid, size: u64) -> std::result::Result<(), Refusal> {
        let settings = self.receiver(account).await?;
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        if settings.max_message_size >= 0 && size > settings.max_message_size {
            return Err(Refusal::new(552, "5.3.4", format!("{address} message too big for the account")));
        }
        if settings.max_account_size >= 0 && settings.quota_retry_for == 0 {
            let row = self.store().account(account).await.map_err(crate::Error::from)?;
            let used = row.map_or(0, |row| row.account.used_bytes);
            if used.saturating_add(size) > settings.max_account_size {
                return Err(account_full(address));
            }
        }
        Ok(())
    }
}

impl Submitter {
    /// Recipients the account may send to in a period.
    pub(crate) fn flow(&self) -> model::settings::Flow {
        self.settings.mail_out_flow
    }
}

impl Peer {
    fn may_relay_as_user(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.settings.relay)
    }

    fn context(&self, blacklisted: bool) -> Context {
        Context {
            authenticated: self.user.as_ref().map(|user| user.standing.address.as_str().into()),
            administrator: self.user.as_ref().is_some_and(|user| user.standing.has_server_right("master")),
            client: self.trusted,
            trusted: self.trusted || self.may_relay_as_user(),
            login_offered: self.login_offered && self.user.is_none(),
            peer: Some(self.ip),
            blacklisted,
            ..Context::default()
        }
    }
}

/// The size an account may send.
pub(crate) fn check_size_out(user: &Submitter, size: u64) -> std::result::Result<(), Refusal> {
    let limit = user.settings.max_mail_out_size;
    if limit >= 0 && size > limit.unsigned_abs() {
        return Err(Refusal::new(552, "5.3.4", "message too big for the account"));
    }
    Ok(())
}

pub(crate) fn account_full(address: &str) -> Refusal {
    Refusal::new(452, "4.2.2", format!("{address} account is full (quota exceeded)"))
}

/// A result that mail cannot be delivered to, yet or ever: refused rather than lost.
pub(crate) fn undeliverable(address: &str, route: &Route) -> Refusal {
    let what = match route {
        Route::List { .. } => "mailing lists are not served here",
        Route::All(_) => "mail to all accounts is not served here",
        Route::Pipe(_) => "programs are not run here",
        Route::App(_) | Route::Sip(_) => "takes calls, not mail",
        _ => "is not accepted",
    };
    Refusal::new(550, "5.3.2", format!("{address} {what}"))
}

pub(crate) fn refused(error: &RouteError, codes: ReplyCodes) -> Refusal {
    let reply = error.smtp(codes_of(codes));
    Refusal { code: reply.code, enhanced: reply.enhanced, text: reply.text.to_owned() }
}

fn codes_of(codes: ReplyCodes) -> model::routing::ReplyCodes {
    match codes {
        ReplyCodes::Standard => model::routing::ReplyCodes::Standard,
        ReplyCodes::Compatible => model::routing::ReplyCodes::Compatible,
    }
}

fn unknown_sender() -> Refusal {
    Refusal::new(550, "5.1.8", "return-path unknown user account")
}

fn closed_sender() -> Refusal {
    Refusal::new(550, "5.1.8", "return-path address is not accepted")
}
