//! IMAP: one handler for one session.

mod answer;
mod convert;
mod snapshots;

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use imap::{Answer, Config, Notice, Question, Refusal};
use net::{Certificates, Connection, Connections, Handler, Serve, Stream};
use service::{Attempt, Change, Draining, Protocol, Service};
use tokio::sync::watch;
use uuid::Uuid;

use crate::sessions::{Session, Sessions};
use snapshots::Snapshots;

/// Sessions of one account at a time.
const SESSIONS_MAX: usize = 100;

/// Serves IMAP on every connection.
pub struct Imap {
    service: Service,
    certificates: Certificates,
    starttls: bool,
    sessions: Arc<Sessions>,
    snapshots: Arc<Snapshots>,
    connections: Connections,
}

impl Imap {
    /// `starttls`: whether it is offered outside TLS. `connections` are counted over all listeners.
    pub fn new(service: Service, certificates: Certificates, starttls: bool, connections: Connections) -> Self {
        Self { service, certificates, starttls, sessions: Arc::default(), snapshots: Arc::default(), connections }
    }
}

impl Serve for Imap {
    async fn serve(&self, mut stream: Stream, connection: Connection) {
        let settings = &self.service.module_settings().imap;
        let (_counted, full) = self.connections.enter(settings.max_connections);
        if connection.overflow || full {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"* BYE [UNAVAILABLE] Too many connections\r\n").await;
            return;
        }
        let ip = connection.peer.ip();
        let config = Config {
            secure: connection.tls,
            starttls: self.starttls && !connection.tls,
            clear_passwords: self.trusted(ip),
            nonce_seed: rand::random(),
            max_line: usize::try_from(settings.max_line).unwrap_or(usize::MAX),
            preauth_timeout: Duration::from_secs(settings.preauth_timeout.unsigned_abs()),
            idle_timeout: Duration::from_secs(settings.idle_timeout.unsigned_abs()),
            ..Config::default()
        };
        let mut session = ImapSession {
            service: self.service.clone(),
            certificates: self.certificates.clone(),
            snapshots: self.snapshots.clone(),
            sessions: self.sessions.clone(),
            attempt: Attempt { protocol: Protocol::Imap, remote_ip: ip },
            account: None,
            selected: None,
            draining: self.service.draining(),
        };
        let mut machine = imap::Server::new(config);
        // A connection that breaks is the peer's affair.
        let _ = net::drive(stream, &mut machine, &mut session).await;
    }

    fn trusted(&self, address: IpAddr) -> bool {
        self.service.is_near(address)
    }
}

/// What one session asks is answered here.
struct ImapSession {
    service: Service,
    certificates: Certificates,
    snapshots: Arc<Snapshots>,
    sessions: Arc<Sessions>,
    attempt: Attempt,
    account: Option<(Uuid, Session)>,
    selected: Option<Selected>,
    draining: Draining,
}

/// The selected mailbox and the news of it.
struct Selected {
    mailbox: Uuid,
    changes: watch::Receiver<Change>,
}

impl Selected {
    /// Number of the last change when everything so far is known; `None` while there is news.
    fn known_to(&self) -> Option<u64> {
        match self.changes.has_changed() {
            Ok(false) => Some(self.changes.borrow().number),
            _ => None,
        }
    }

    /// Takes a change of this session's own as known, unless others came before or with it.
    fn took_part(&mut self, known_to: Option<u64>) {
        let Some(before) = known_to else { return };
        if self.changes.borrow_and_update().number > before + 1 {
            self.changes.mark_changed();
        }
    }
}

impl Handler for ImapSession {
    type Question = Question;
    type Answer = Answer;
    type Notice = Notice;

    async fn answer(&mut self, question: Question) -> Answer {
        match question {
            Question::SignIn(question) => self.sign_in(question).await,
            question => match self.account.as_ref().map(|(account, _)| *account) {
                Some(account) => self.serve(account, question).await.unwrap_or_else(Answer::Refused),
                None => Answer::Refused(Refusal::Internal),
            },
        }
    }

    async fn notice(&mut self) -> Notice {
        tokio::select! {
            // What changed is told before the end.
            biased;
            notice = changed(self.selected.as_mut()) => notice,
            () = self.draining.begun() => Notice::Shutdown,
        }
    }

    async fn start_tls(&mut self, stream: Stream) -> io::Result<Stream> {
        crate::start_tls(&self.certificates, stream).await
    }
}

/// Waits for news of the selected mailbox.
async fn changed(selected: Option<&mut Selected>) -> Notice {
    let Some(selected) = selected else { return std::future::pending().await };
    if selected.changes.changed().await.is_err() {
        // Nobody tells any more; the channel is never closed while it is watched.
        return std::future::pending().await;
    }
    if selected.changes.borrow_and_update().gone { Notice::Gone } else { Notice::Resync }
}
