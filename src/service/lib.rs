//! Everything that can be done, once: allow, begin, decide, write, announce. Every door calls these operations.
//!
//! Types to know: [`Service`], [`Operation`] and the register [`operations::ALL`], [`Caller`], [`Error`].
//! Deliberately absent: protocols, HTTP, sockets.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod account;
mod account_names;
mod address_list;
mod admission;
mod auth;
mod call;
mod call_export;
mod capture;
mod caller;
mod certificate;
mod committer;
mod compose;
mod dataset;
mod defaults;
mod delivery;
mod describe;
mod dialler;
mod directory;
mod changes;
mod check;
mod disk;
mod dns;
mod dns_check;
mod domain;
mod draft;
mod error;
mod events;
mod forwarder;
mod group;
mod health;
mod housekeeping;
mod idempotency;
mod im;
mod keys;
mod limit;
mod listener;
mod mail_trace;
mod mailbox;
pub mod media;
pub mod message;
mod meta;
mod modules;
mod name;
mod network;
mod operation;
pub mod operations;
mod outside;
mod presence;
mod pcapng;
pub mod queue;
mod refusal;
mod registration;
mod rights;
mod roster;
mod routing;
mod routing_confirmation;
mod routing_table;
mod rule;
mod server;
mod session;
mod setup;
mod sign_in;
mod signal;
mod sip;
mod standing;
mod transit;
mod trend;
mod submission;
mod subscriber;
mod upload;
mod voice;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use admission::{Peer, Reach, Recipient, RecipientParams, Submitter};
pub use caller::{Caller, Standing};
pub use certificate::{CertificateFacts, CheckCertificate};
pub use delivery::{Accepted, Submission};
pub use describe::{Description, Input, reference};
pub use events::{Events, Heard};
pub use changes::{Change, Changes};
pub use error::{Error, FieldError, Kind, Result};
pub use health::{Check, Draining, Readiness};
pub use keys::MasterKey;
pub use mailbox::MailboxWish;
pub use modules::ModuleSettings;
pub use limit::Allowance;
pub use listener::Opened;
pub use media::{CaptureRefused, Captured, CapturedPacket, MediaBody, MediaControl, MediaEvent, MediaForce, MediaRefused, MediaSide};
pub use outside::{Asked, Naptr, Offered, Outside, Silence};
pub use operation::{Access, Call, Gives, Method, Octets, Operation, Reply, Shape};
pub use refusal::Refusal;
pub use setup::Claim;
pub use sign_in::{Attempt, Protocol};
pub use signal::{Destination, Sender, Signalled};
pub use roster::RosterMember;
pub use subscriber::{DomainFlows, Subscriber};
pub use store::call_record::KeptTrace;
pub use store::event::Occurrence;
pub use store::registration::{BindingRow, Prolonged};
pub use store::im::ImRow;
pub use store::presence::PresenceRow;
pub use store::subscription::SubscriptionRow;
pub use voice::{ImSent, OutgoingCall, OutgoingIm, PresenceState, Probed, Reached, VoiceCommand};
use store::Store;
use types::Timestamp;

/// The operations of the server.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    master: MasterKey,
    setup_done: AtomicBool,
    keys: keys::Keys,
    standings: standing::Standings,
    guard: sign_in::Guard,
    routing: routing::Routing,
    receivers: admission::Receivers,
    subscribers: subscriber::Subscribers,
    shared_rules: rule::live::SharedRules,
    committer: committer::Committer,
    queue: queue::Queue,
    changes: Changes,
    quotas: message::Quotas,
    hashing: tokio::sync::Semaphore,
    disk: disk::Disk,
    /// How others saw this server when a STUN server was asked last, and what may be wrong by that.
    probed: std::sync::Mutex<Option<network::Probed>>,
    setup_file: std::path::PathBuf,
    networks: Vec<String>,
    health: health::Health,
    listening: listener::Listening,
    lists: address_list::Lists,
    limits: limit::Limits,
    modules: modules::Modules,
    outbox: events::Outbox,
    sending: submission::Wake,
    voice: voice::Voice,
    outside: std::sync::OnceLock<Arc<dyn Outside>>,
    check_certificate: CheckCertificate,
}

impl Service {
    /// Builds the service over a migrated database. `setup_file` is where a set-up token is kept until the server is claimed, and
    /// `networks` are those of this machine, offered to whoever claims it.
    ///
    /// # Errors
    /// When the database cannot answer, or was sealed with another master key.
    pub async fn new(store: Store, master: MasterKey, setup_file: std::path::PathBuf, networks: Vec<String>, check_certificate: CheckCertificate) -> Result<Self> {
        let setup_done = AtomicBool::new(store.setup_completed().await?);
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let committer = committer::Committer::start(&store);
        let inner = Inner {
            store,
            master,
            setup_done,
            keys: keys::Keys::default(),
            standings: standing::Standings::default(),
            guard: sign_in::Guard::new(),
            routing: routing::Routing::default(),
            receivers: admission::Receivers::default(),
            subscribers: subscriber::Subscribers::default(),
            shared_rules: rule::live::SharedRules::default(),
            committer,
            queue: queue::Queue::default(),
            changes: Changes::default(),
            quotas: message::Quotas::default(),
            // A storm of sign-ins waits here instead of starving everything else.
            hashing: tokio::sync::Semaphore::new(cores),
            // The data folder is where the token lies.
            disk: disk::Disk::new(setup_file.parent().unwrap_or(&setup_file)),
            probed: std::sync::Mutex::default(),
            setup_file,
            networks,
            health: health::Health::default(),
            listening: listener::Listening::default(),
            lists: address_list::Lists::default(),
            limits: limit::Limits::default(),
            modules: modules::Modules::default(),
            outbox: events::Outbox::default(),
            sending: submission::Wake::default(),
            voice: voice::Voice::default(),
            outside: std::sync::OnceLock::new(),
            check_certificate,
        };
        let service = Self { inner: Arc::new(inner) };
        service.load_keys().await?;
        service.load_lists().await?;
        service.load_limits().await?;
        service.load_modules().await?;
        service.ensure_administration().await?;
        service.compile_router().await?;
        Ok(service)
    }

    fn store(&self) -> &Store {
        &self.inner.store
    }

    async fn require_setup(&self) -> Result<()> {
        if self.inner.setup_done.load(Ordering::Acquire) {
            return Ok(());
        }
        Err(Error::new(Kind::SetupRequired, "setup_required", "Claim the server first, with the token it printed."))
    }
}

/// The clock, read in one place.
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// A new id, ordered by time.
fn new_id() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}
