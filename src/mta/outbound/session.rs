//! One connection to another server: gives it messages and notes what becomes of them.

use std::convert::Infallible;
use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use net::{Handler, Stream};
use service::queue::{Claimed, Tried};
use smtp::client::{Advice, Answer, Cause, End, Extensions, Lack, Outcome, Question, RecipientOutcome};
use types::stream::Close;

use super::{Outbound, Parcel, Visit, envelope};

/// Octets of one piece of a message.
const PIECE: usize = 64 * 1024;
/// How long a connection is kept for what may come.
const KEPT: Duration = Duration::from_secs(5);
/// Shorter than the driver's patience, so that a clear try can follow.
const HANDSHAKE: Duration = Duration::from_secs(20);

pub(super) struct Session<'a> {
    outbound: &'a mut Outbound,
    host: String,
    /// Transactions that ended.
    handed: usize,
    current: Option<(Parcel, Bytes)>,
    extensions: Extensions,
    greeted: bool,
    no_tls: Option<io::Error>,
    end: Option<End>,
}

impl<'a> Session<'a> {
    pub(super) fn new(outbound: &'a mut Outbound, host: &str) -> Self {
        Self { outbound, host: host.to_owned(), handed: 0, current: None, extensions: Extensions::default(), greeted: false, no_tls: None, end: None }
    }

    /// What the end of the connection means.
    pub(super) async fn close(mut self, ended: io::Result<Close>) -> Visit {
        if let Some(error) = &self.no_tls {
            return Visit::NoTls(format!("451 4.7.5 {}: TLS: {error}", self.host));
        }
        if self.current.is_some() {
            self.finish(Outcome::RetryMessage(Cause::Closed)).await;
        }
        let handed = self.handed;
        match (self.end, ended) {
            (Some(end), _) => Visit::Over { advice: end.advice(), reply: describe(&self.host, &end), handed },
            (None, Ok(_)) => Visit::Done,
            (None, Err(error)) if self.greeted => Visit::Over { advice: Advice::Reconnect, reply: format!("451 4.4.2 {}: {error}", self.host), handed },
            (None, Err(error)) => Visit::Unreachable(format!("451 4.4.1 {}: {error}", self.host)),
        }
    }

    /// The next message, waiting a little for one; `None` when the connection is to be closed.
    async fn next(&mut self) -> Option<Box<smtp::client::Transaction>> {
        loop {
            if self.handed >= usize::try_from(self.outbound.settings.reuse).unwrap_or(1).max(1) {
                return None;
            }
            if !self.outbound.refill().await {
                let hand = self.outbound.hand.clone();
                if hand.stop.load(Ordering::Acquire) || hand.hurry.load(Ordering::Acquire) {
                    return None;
                }
                tokio::time::timeout(KEPT, hand.notify.notified()).await.ok()?;
                continue;
            }
            let parcel = self.outbound.waiting.pop_front()?;
            let Some(first) = parcel.rows.first() else { continue };
            let body = match self.outbound.service.queued_message(first).await {
                Ok(Some(body)) => body,
                Ok(None) => {
                    self.settle(parcel.rows, |_| Tried::Failed("554 5.3.0 the message cannot be read any more".to_owned())).await;
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, "a message cannot be read now");
                    return None;
                }
            };
            match envelope::transaction(&parcel.rows, &body, &self.extensions) {
                Ok(transaction) => {
                    self.current = Some((parcel, body));
                    return Some(Box::new(transaction));
                }
                Err(reply) => self.settle(parcel.rows, |_| Tried::Failed(reply.clone())).await,
            }
        }
    }

    /// Notes what became of the current message.
    async fn finish(&mut self, outcome: Outcome) {
        let Some((parcel, _)) = self.current.take() else { return };
        match outcome {
            Outcome::Recipients(results) => {
                self.handed += 1;
                let reports = self.extensions.dsn;
                let (mut tried, mut again) = (Vec::new(), Vec::new());
                for (row, result) in parcel.rows.into_iter().zip(results) {
                    match result {
                        RecipientOutcome::Delivered(reply) => tried.push((row, Tried::Delivered { reply: reply.to_string(), reports })),
                        RecipientOutcome::Suspended(reply) => tried.push((row, Tried::Later(reply.to_string()))),
                        RecipientOutcome::Failed(reply) => tried.push((row, Tried::Failed(reply.to_string()))),
                        RecipientOutcome::NextTransaction(_) => again.push(row),
                    }
                }
                if !again.is_empty() {
                    self.outbound.waiting.push_front(Parcel { rows: again, retried: false });
                }
                self.outbound.settle(&self.host, tried).await;
            }
            Outcome::SuspendMessage(reply) => self.settle(parcel.rows, |_| Tried::Later(reply.to_string())).await,
            Outcome::FailMessage(reply) => {
                self.handed += 1;
                self.settle(parcel.rows, |_| Tried::Failed(reply.to_string())).await;
            }
            Outcome::RetryMessage(_) if !parcel.retried => self.outbound.waiting.push_front(Parcel { retried: true, ..parcel }),
            Outcome::RetryMessage(cause) => {
                let reply = format!("451 4.4.2 {}: {}", self.host, lost(cause));
                self.settle(parcel.rows, |_| Tried::Later(reply.clone())).await;
            }
        }
    }

    async fn settle(&self, rows: Vec<Claimed>, tried: impl Fn(&Claimed) -> Tried) {
        let tried = rows.into_iter().map(|row| (tried(&row), row)).map(|(tried, row)| (row, tried)).collect();
        self.outbound.settle(&self.host, tried).await;
    }
}

impl Handler for Session<'_> {
    type Question = Question;
    type Answer = Answer;
    type Notice = Infallible;

    async fn answer(&mut self, question: Question) -> Answer {
        match question {
            Question::Next { done, extensions } => {
                self.extensions = extensions;
                if !std::mem::replace(&mut self.greeted, true)
                    && let Err(error) = self.outbound.service.resume_queue("smtp", &self.outbound.queue).await
                {
                    tracing::warn!(%error, "the pause of a queue cannot be ended");
                }
                if let Some(outcome) = done {
                    self.finish(outcome).await;
                }
                self.next().await.map_or(Answer::Quit, Answer::Transaction)
            }
            Question::Body => match &mut self.current {
                Some((_, body)) => {
                    let bytes = body.split_to(body.len().min(PIECE));
                    Answer::Piece { bytes, last: body.is_empty() }
                }
                None => Answer::Noted,
            },
            Question::Over { done, end } => {
                if let Some(outcome) = done {
                    self.finish(outcome).await;
                }
                self.end = Some(end);
                Answer::Noted
            }
        }
    }

    async fn start_tls(&mut self, stream: Stream) -> io::Result<Stream> {
        match net::opportunistic_tls(stream, &self.host, HANDSHAKE).await {
            Ok(stream) => Ok(stream),
            Err(error) => {
                self.no_tls = Some(io::Error::new(error.kind(), error.to_string()));
                Err(error)
            }
        }
    }
}

fn describe(host: &str, end: &End) -> String {
    match end {
        End::Refused { reply, .. } | End::Closing(reply) => reply.to_string(),
        End::Unsuitable(Lack::Tls) => format!("451 4.7.5 {host} offers no TLS"),
        End::Unsuitable(Lack::Auth) => format!("451 4.7.0 {host} offers no way to sign in"),
        End::Lost { cause, .. } => format!("451 4.4.2 {host}: {}", lost(*cause)),
    }
}

fn lost(cause: Cause) -> &'static str {
    match cause {
        Cause::Closed => "the connection was lost",
        Cause::Timeout => "no answer in time",
        Cause::Protocol => "it does not speak SMTP",
    }
}
