//! What one connection asks, answered by calls of the service.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use model::server::ReplyCodes;
use net::{Certificates, Handler, Stream};
use service::{Attempt, Draining, Peer, Reach, Recipient, RecipientParams, Refusal, Service, Submission};
use smtp::server::{Answer, Destination, Notice, Question, Sender};
use smtp::{Body, EnhancedCode, Notify, OriginalRecipient, RcptParameters, Reply, Ret};

/// Time for an answer that needs the database; then the peer is told to come again.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Session {
    service: Service,
    certificates: Certificates,
    peer: Peer,
    attempt: Attempt,
    tls: bool,
    codes: ReplyCodes,
    draining: Draining,
    transaction: Option<Transaction>,
    data: Data,
}

/// The message on its way.
struct Transaction {
    sender: Sender,
    return_path: String,
    recipients: Vec<Recipient>,
}

/// What has come of it; a single piece is not copied.
#[derive(Default)]
struct Data {
    first: Bytes,
    more: BytesMut,
}

impl Data {
    fn push(&mut self, piece: Bytes) {
        if self.first.is_empty() && self.more.is_empty() {
            self.first = piece;
            return;
        }
        if self.more.is_empty() {
            self.more.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.more.extend_from_slice(&piece);
    }

    fn take(&mut self) -> Bytes {
        if self.more.is_empty() { std::mem::take(&mut self.first) } else { std::mem::take(&mut self.more).freeze() }
    }
}

impl Session {
    pub(crate) fn new(service: Service, certificates: Certificates, peer: Peer, tls: bool, codes: ReplyCodes) -> Self {
        let attempt = Attempt { protocol: service::Protocol::Smtp, remote_ip: peer.ip };
        let draining = service.draining();
        Self { service, certificates, peer, attempt, tls, codes, draining, transaction: None, data: Data::default() }
    }

    async fn authenticate(&mut self, question: sasl::Question) -> Answer {
        let (answer, standing) = self.service.answer_sign_in(&self.attempt, question).await;
        if let Some(standing) = standing {
            match self.service.submitter(standing).await {
                Ok(user) => self.peer.user = Some(user),
                Err(_) => return Answer::Sasl(sasl::Answer::Unavailable),
            }
        }
        Answer::Sasl(answer)
    }

    async fn sender(&mut self, sender: Sender) -> Answer {
        self.peer.login_offered = sender.auth_offered;
        if !sender.authenticated {
            self.peer.user = None;
        }
        let path = sender.path.as_ref().map(ToString::to_string);
        match self.service.check_sender(&self.peer, path.as_deref(), sender.parameters.size).await {
            Ok(return_path) => {
                self.transaction = Some(Transaction { sender, return_path, recipients: Vec::new() });
                self.data = Data::default();
                Answer::Accepted
            }
            Err(refusal) => self.refuse("sender", refusal),
        }
    }

    async fn recipient(&mut self, address: &str, parameters: RcptParameters) -> Answer {
        let Some(transaction) = &mut self.transaction else { return not_now() };
        let params = RecipientParams { notify: parameters.notify.map(notify), original: parameters.original.map(original) };
        let size = transaction.sender.parameters.size;
        match self.service.check_recipient(&self.peer, self.codes, &transaction.return_path, address, params, size).await {
            Ok(recipient) => {
                let destination = destination(recipient.reach);
                transaction.recipients.push(recipient);
                Answer::Recipient(destination)
            }
            Err(refusal) => self.refuse("recipient", refusal),
        }
    }

    async fn end(&mut self) -> Answer {
        let message = self.data.take();
        let Some(transaction) = self.transaction.take() else { return not_now() };
        let Sender { parameters, hello, .. } = transaction.sender;
        let extended = hello.as_ref().is_some_and(|hello| hello.extended);
        let submission = Submission {
            return_path: transaction.return_path,
            source: "SMTP",
            peer: self.peer.clone(),
            hello: hello.map(|hello| hello.name.to_string()).filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned()),
            // RFC 3848.
            with: match (extended, self.tls, self.peer.user.is_some()) {
                (false, ..) => "SMTP",
                (_, false, false) => "ESMTP",
                (_, true, false) => "ESMTPS",
                (_, false, true) => "ESMTPA",
                (_, true, true) => "ESMTPSA",
            },
            envelope_id: parameters.envelope_id,
            ret: parameters.ret.map(|ret| if ret == Ret::Full { "FULL" } else { "HDRS" }),
            utf8: parameters.utf8,
            eight_bit: parameters.body == Body::EightBit,
            recipients: transaction.recipients,
            message,
        };
        match self.service.submit(submission).await {
            Ok(accepted) => Answer::Message(accepted.number.unsigned_abs()),
            Err(refusal) => self.refuse("message", refusal),
        }
    }

    async fn find_answer(&mut self, question: Question) -> Answer {
        match question {
            Question::Authenticate(question) => self.authenticate(question).await,
            Question::Hello(_) | Question::Begin => Answer::Accepted,
            Question::Sender(sender) => self.sender(*sender).await,
            Question::Recipient { path, parameters } => self.recipient(&path.to_string(), parameters).await,
            Question::Chunk(piece) => {
                self.data.push(piece);
                Answer::Accepted
            }
            Question::End { .. } => self.end().await,
            Question::Discard => {
                self.transaction = None;
                self.data = Data::default();
                Answer::Accepted
            }
        }
    }

    fn refuse(&self, what: &'static str, refusal: Refusal) -> Answer {
        tracing::debug!(target: "mail", remote_ip = %self.peer.ip, what, %refusal, "refused");
        let enhanced = refusal.enhanced.and_then(EnhancedCode::take).map(|(code, _)| code);
        Answer::Reply(Reply { code: refusal.code, enhanced, text: refusal.text.into() })
    }
}

impl Handler for Session {
    type Question = Question;
    type Answer = Answer;
    type Notice = Notice;

    async fn answer(&mut self, question: Question) -> Answer {
        let signs_in = matches!(question, Question::Authenticate(_));
        let answer = tokio::time::timeout(PATIENCE, self.find_answer(question)).await;
        answer.unwrap_or_else(|_| if signs_in { Answer::Sasl(sasl::Answer::Unavailable) } else { not_now() })
    }

    async fn notice(&mut self) -> Notice {
        self.draining.begun().await;
        Notice::Shutdown
    }

    async fn start_tls(&mut self, stream: Stream) -> io::Result<Stream> {
        let Stream::Clear(clear) = stream else { return Err(io::ErrorKind::InvalidInput.into()) };
        let acceptor = self.certificates.acceptor().ok_or(io::ErrorKind::NotFound)?;
        let stream = acceptor.accept(clear).await?;
        self.tls = true;
        self.peer.user = None;
        Ok(Stream::ServerTls(Box::new(stream)))
    }
}

fn not_now() -> Answer {
    Answer::Reply(Reply::fixed(451, EnhancedCode::new(4, 3, 0), "temporary internal error, try again later"))
}

fn destination(reach: Reach) -> Destination {
    match reach {
        Reach::Local => Destination::Local,
        Reach::ForClient => Destination::ForClient,
        Reach::ForUser => Destination::ForUser,
        Reach::Relayed => Destination::Relayed,
    }
}

fn notify(notify: Notify) -> String {
    let words = [(notify.success, "SUCCESS"), (notify.failure, "FAILURE"), (notify.delay, "DELAY")];
    let words: Vec<&str> = words.into_iter().filter_map(|(wanted, word)| wanted.then_some(word)).collect();
    if words.is_empty() { "NEVER".to_owned() } else { words.join(",") }
}

fn original(original: OriginalRecipient) -> String {
    format!("{};{}", original.kind, original.address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_message_are_put_together() {
        let mut data = Data::default();
        assert!(data.take().is_empty());
        let piece = Bytes::from_static(b"one");
        data.push(piece.clone());
        assert_eq!(data.take().as_ptr(), piece.as_ptr(), "a single piece is not copied");
        for piece in ["one ", "two ", "three"] {
            data.push(Bytes::from(piece));
        }
        assert_eq!(data.take(), "one two three");
        assert!(data.take().is_empty());
    }

    #[test]
    fn notify_is_kept_as_written() {
        assert_eq!(notify(Notify::NEVER), "NEVER");
        assert_eq!(notify(Notify { success: true, failure: false, delay: true }), "SUCCESS,DELAY");
    }
}
