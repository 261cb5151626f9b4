//! POP: one handler for one session.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use net::{Certificates, Connection, Connections, Handler, Serve, Stream};
use pop::{Answer, Config, Entry, Notice, Opened, Question, Refusal};
use service::message::{Depth, FlagChange, FlagUpdate};
use service::{Attempt, Draining, Protocol, Service};
use uuid::Uuid;

use crate::sessions::{Session, Sessions};

/// Sessions of one account at a time.
const SESSIONS_MAX: usize = 20;
/// Most messages shown; the rest comes with the next sign-in.
const MESSAGES_MAX: usize = 100_000;
const SEEN: i32 = 1;
const DELETED: i32 = 8;

/// Serves POP on every connection.
pub struct Pop {
    service: Service,
    certificates: Certificates,
    starttls: bool,
    sessions: Arc<Sessions>,
    connections: Connections,
}

impl Pop {
    /// `starttls`: whether it is offered outside TLS. `connections` are counted over all listeners.
    pub fn new(service: Service, certificates: Certificates, starttls: bool, connections: Connections) -> Self {
        Self { service, certificates, starttls, sessions: Arc::default(), connections }
    }
}

impl Serve for Pop {
    async fn serve(&self, mut stream: Stream, connection: Connection) {
        let settings = &self.service.module_settings().pop;
        let (_counted, full) = self.connections.enter(settings.max_connections);
        if connection.overflow || full {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"-ERR [SYS/TEMP] too many connections\r\n").await;
            return;
        }
        let ip = connection.peer.ip();
        let config = Config {
            secure: connection.tls,
            starttls: self.starttls && !connection.tls,
            clear_passwords: self.trusted(ip),
            nonce_seed: rand::random(),
            idle_timeout: Duration::from_secs(settings.idle_timeout.unsigned_abs()),
            ..Config::default()
        };
        let mut session = PopSession {
            service: self.service.clone(),
            certificates: self.certificates.clone(),
            sessions: self.sessions.clone(),
            attempt: Attempt { protocol: Protocol::Pop, remote_ip: ip },
            mailbox: "INBOX".to_owned(),
            account: None,
            opened: None,
            draining: self.service.draining(),
        };
        let mut machine = pop::Server::new(config);
        // A connection that breaks is the peer's affair.
        let _ = net::drive(stream, &mut machine, &mut session).await;
    }

    fn trusted(&self, address: IpAddr) -> bool {
        self.service.is_near(address)
    }
}

/// What one session asks is answered here.
struct PopSession {
    service: Service,
    certificates: Certificates,
    sessions: Arc<Sessions>,
    attempt: Attempt,
    /// Mailbox the login names.
    mailbox: String,
    account: Option<(Uuid, Session)>,
    /// The mailbox, and the UIDs of its messages in the order they are numbered.
    opened: Option<(Uuid, Vec<i64>)>,
    draining: Draining,
}

/// Parts `mailbox#account` and `account/mailbox@domain` into login and mailbox.
fn part_login(login: &str) -> (String, Option<String>) {
    if let Some((mailbox, account)) = login.split_once('#') {
        return (account.to_owned(), Some(mailbox.to_owned()));
    }
    let (local, domain) = match login.rsplit_once(['@', '%']) {
        Some((local, domain)) => (local, format!("@{domain}")),
        None => (login, String::new()),
    };
    match local.split_once('/') {
        Some((account, mailbox)) => (format!("{account}{domain}"), Some(mailbox.to_owned())),
        // `account@domain/mailbox`
        None => match domain.split_once('/') {
            Some((domain, mailbox)) => (format!("{local}{domain}"), Some(mailbox.to_owned())),
            None => (login.to_owned(), None),
        },
    }
}

fn refusal(error: &service::Error) -> Refusal {
    match error.kind {
        _ if crate::is_transient(error) => Refusal::Unavailable,
        service::Kind::NotFound => Refusal::NotFound,
        _ => Refusal::Forbidden,
    }
}

impl PopSession {
    async fn sign_in(&mut self, mut question: sasl::Question) -> Answer {
        let login = match &mut question {
            sasl::Question::Password { identity, .. } | sasl::Question::Proof { identity, .. } => &mut identity.login,
            sasl::Question::ScramKeys { login } => login,
        };
        let (account, mailbox) = part_login(login);
        *login = account;
        self.mailbox = mailbox.unwrap_or_else(|| "INBOX".to_owned());
        let (answer, standing) = self.service.answer_sign_in(&self.attempt, question).await;
        if let Some(standing) = standing {
            match self.sessions.enter(standing.account_id, SESSIONS_MAX) {
                Some(session) => self.account = Some((standing.account_id, session)),
                None => return Answer::Refused(Refusal::InUse),
            }
        }
        Answer::SignIn(answer)
    }

    async fn open(&mut self, account: Uuid) -> Result<Answer, Refusal> {
        let snapshot = self.service.open_mailbox(account, &self.mailbox).await.map_err(|error| refusal(&error))?;
        let mailbox = snapshot.mailbox.id;
        let shown = snapshot.uids.iter().zip(&snapshot.flags).filter(|(_, flags)| **flags & DELETED == 0).map(|(uid, _)| *uid);
        let uids: Vec<i64> = shown.take(MESSAGES_MAX).collect();
        let (messages, _) = self.service.read_messages(account, mailbox, &uids, Depth::Row).await.map_err(|error| refusal(&error))?;
        // Messages that went meanwhile are not there at all.
        let uids = messages.iter().map(|message| message.uid).collect();
        let entry = |message: &service::message::ReadMessage| Entry { uid: u32::try_from(message.uid).unwrap_or(u32::MAX), size: u32::try_from(message.size).unwrap_or(u32::MAX) };
        let opened = Opened { uid_validity: u32::try_from(snapshot.mailbox.uid_validity).unwrap_or(0), messages: messages.iter().map(entry).collect(), read_only: false, alert: None };
        self.opened = Some((mailbox, uids));
        Ok(Answer::Opened(opened))
    }

    async fn retrieve(&self, account: Uuid, index: usize, whole: bool) -> Result<Answer, Refusal> {
        let (mailbox, uids) = self.opened.as_ref().ok_or(Refusal::Unavailable)?;
        let uid = *uids.get(index).ok_or(Refusal::NotFound)?;
        let (mut messages, _) = self.service.read_messages(account, *mailbox, &[uid], Depth::Body).await.map_err(|error| refusal(&error))?;
        let raw = messages.pop().and_then(|message| message.raw).ok_or(Refusal::NotFound)?;
        if whole && self.service.module_settings().pop.sets_seen {
            let update = FlagUpdate { change: FlagChange::Add, flags: SEEN, keywords: &[], unchanged_since: None };
            self.service.flag_messages(account, *mailbox, &[uid], &update).await.map_err(|error| refusal(&error))?;
        }
        Ok(Answer::Message(raw))
    }

    async fn delete(&self, account: Uuid, indices: &[usize]) -> Result<Answer, Refusal> {
        let (mailbox, uids) = self.opened.as_ref().ok_or(Refusal::Unavailable)?;
        let uids: Vec<i64> = indices.iter().filter_map(|index| uids.get(*index).copied()).collect();
        self.service.expunge_messages(account, *mailbox, &uids, false).await.map_err(|error| refusal(&error))?;
        Ok(Answer::Done)
    }
}

impl Handler for PopSession {
    type Question = Question;
    type Answer = Answer;
    type Notice = Notice;

    async fn answer(&mut self, question: Question) -> Answer {
        let account = self.account.as_ref().map(|(account, _)| *account);
        let answered = match (question, account) {
            (Question::SignIn(question), _) => return self.sign_in(question).await,
            (Question::Open, Some(account)) => self.open(account).await,
            (Question::Retrieve { index, whole }, Some(account)) => self.retrieve(account, index, whole).await,
            (Question::Delete { indices }, Some(account)) => self.delete(account, &indices).await,
            (_, None) => Err(Refusal::Unavailable),
        };
        answered.unwrap_or_else(Answer::Refused)
    }

    async fn notice(&mut self) -> Notice {
        self.draining.begun().await;
        Notice::Shutdown
    }

    async fn start_tls(&mut self, stream: Stream) -> io::Result<Stream> {
        crate::start_tls(&self.certificates, stream).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_name_a_mailbox() {
        for (login, account, mailbox) in [
            ("anna@client1.com", "anna@client1.com", None),
            ("private#john@client1.com", "john@client1.com", Some("private")),
            ("john/private@client1.com", "john@client1.com", Some("private")),
            ("john%client1.com", "john%client1.com", None),
            ("john@client1.com/a/b", "john@client1.com", Some("a/b")),
            ("john/private", "john", Some("private")),
        ] {
            assert_eq!(part_login(login), (account.to_owned(), mailbox.map(str::to_owned)), "{login}");
        }
    }
}
