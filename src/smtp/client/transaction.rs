use std::fmt::Write;

use bytes::Bytes;
use types::stream::Output;

use super::{
    Asked, Cause, Client, Expected, Outcome, Question, Recipient, RecipientOutcome, Stage,
    Transaction,
};
use crate::outgoing::Outgoing;
use crate::parameters::{Body, Ret, encode_xtext};
use crate::path::Path;
use crate::reply::{EnhancedCode, Reply};

/// A chunk of BDAT is sent when it has so many octets.
const CHUNK: usize = 64 * 1024;

/// The transaction under way.
#[derive(Debug)]
pub(super) struct Running {
    transaction: Transaction,
    chunking: bool,
    mail: Option<Reply>,
    /// Replies to RCPT, in order.
    recipients: Vec<Reply>,
    outgoing: Outgoing,
    /// Pieces of the chunk that is gathered.
    chunk: Vec<Bytes>,
    /// The first refusal of a chunk.
    refusal: Option<Reply>,
}

impl Running {
    fn mail_accepted(&self) -> bool {
        self.mail.as_ref().is_some_and(Reply::is_positive)
    }

    fn has_recipients(&self) -> bool {
        self.mail_accepted() && self.recipients.iter().any(Reply::is_positive)
    }
}

impl Client {
    /// Starts a transaction, or says why the server cannot take it.
    pub(super) fn begin(&mut self, transaction: Transaction) {
        if let Some(reply) = self.unfit(&transaction) {
            self.done = Some(Outcome::FailMessage(reply));
            return self.next_transaction();
        }
        let chunking = self.config.chunking && self.extensions.chunking;
        let mail = self.mail_line(&transaction);
        self.command(&mail, Expected::Mail);
        if self.pipelining() {
            for (i, recipient) in transaction.recipients.iter().enumerate() {
                let line = self.rcpt_line(recipient);
                self.command(&line, Expected::Rcpt(i));
            }
            if !chunking && !transaction.probe {
                self.command("DATA\r\n", Expected::Data);
            }
        }
        self.running = Some(Running {
            transaction,
            chunking,
            mail: None,
            recipients: Vec::new(),
            outgoing: Outgoing::new(!chunking),
            chunk: Vec::new(),
            refusal: None,
        });
    }

    fn pipelining(&self) -> bool {
        self.config.pipelining && self.extensions.pipelining
    }

    /// Why this server cannot take this message, whatever it would say.
    fn unfit(&self, transaction: &Transaction) -> Option<Reply> {
        let parameters = &transaction.parameters;
        let reply =
            |code, (a, b, c), text| Some(Reply::fixed(code, EnhancedCode::new(a, b, c), text));
        if needs_utf8(transaction) && !self.extensions.utf8 {
            return reply(553, (5, 6, 7), "the next server does not support SMTPUTF8");
        }
        if parameters.body == Body::EightBit && !self.extensions.eight_bit {
            return reply(554, (5, 6, 3), "the next server does not support 8BITMIME");
        }
        let limit = self.extensions.size.filter(|limit| *limit > 0);
        if parameters
            .size
            .zip(limit)
            .is_some_and(|(size, limit)| size > limit)
        {
            return reply(552, (5, 3, 4), "message too big for the next server");
        }
        None
    }

    fn mail_line(&self, transaction: &Transaction) -> String {
        let parameters = &transaction.parameters;
        let sender = transaction
            .sender
            .as_ref()
            .map(Path::to_string)
            .unwrap_or_default();
        let mut line = format!("MAIL FROM:<{sender}>");
        if let Some(size) = parameters.size.filter(|_| self.extensions.size.is_some()) {
            let _ = write!(line, " SIZE={size}");
        }
        if parameters.body == Body::EightBit {
            line.push_str(" BODY=8BITMIME");
        }
        if self.dsn() {
            line.push_str(match parameters.ret {
                Some(Ret::Full) => " RET=FULL",
                Some(Ret::Headers) => " RET=HDRS",
                None => "",
            });
            if let Some(id) = parameters
                .envelope_id
                .as_deref()
                .filter(|id| !id.is_empty())
            {
                let _ = write!(line, " ENVID={}", encode_xtext(id));
            }
        }
        // RFC 4954 §5: only to a server that knows who we are.
        if let Some(submitter) = parameters
            .auth
            .as_deref()
            .filter(|_| self.config.credentials.is_some())
        {
            let submitter = if submitter.is_empty() {
                "<>".to_owned()
            } else {
                encode_xtext(submitter)
            };
            let _ = write!(line, " AUTH={submitter}");
        }
        if needs_utf8(transaction) {
            line.push_str(" SMTPUTF8");
        }
        line.push_str("\r\n");
        line
    }

    fn rcpt_line(&self, recipient: &Recipient) -> String {
        let mut line = format!("RCPT TO:<{}>", recipient.path);
        if self.dsn() {
            if let Some(notify) = recipient.parameters.notify {
                let _ = write!(line, " NOTIFY={notify}");
            }
            if let Some(original) = &recipient.parameters.original {
                let _ = write!(line, " ORCPT={original}");
            }
        }
        line.push_str("\r\n");
        line
    }

    fn dsn(&self) -> bool {
        self.config.dsn && self.extensions.dsn
    }

    pub(super) fn transaction_answered(&mut self, expected: Expected, reply: Reply) {
        let Some(running) = &mut self.running else {
            return;
        };
        match expected {
            Expected::Mail => running.mail = Some(reply),
            Expected::Rcpt(_) => running.recipients.push(reply),
            Expected::Data => return self.data_answered(reply),
            Expected::Chunk => {
                if !reply.is_positive() {
                    running.refusal.get_or_insert(reply);
                }
                return;
            }
            _ => return self.message_answered(reply),
        }
        if self.expected.is_empty() {
            self.next_command();
        }
    }

    /// All replies are in: what comes next.
    fn next_command(&mut self) {
        let Some(running) = &self.running else { return };
        let next = running.transaction.recipients.get(running.recipients.len());
        if let Some(recipient) = next.filter(|_| running.mail_accepted()) {
            let expected = Expected::Rcpt(running.recipients.len());
            let line = self.rcpt_line(recipient);
            return self.command(&line, expected);
        }
        if running.transaction.probe || !running.has_recipients() {
            return self.finish(None, false);
        }
        match running.chunking {
            true => self.ask_body(),
            false => self.command("DATA\r\n", Expected::Data),
        }
    }

    fn data_answered(&mut self, reply: Reply) {
        let Some(running) = &self.running else { return };
        match (reply.code, running.has_recipients()) {
            (354, true) => self.ask_body(),
            // RFC 2920 §3.1: nobody is left, but the server waits for a message.
            (354, false) => self.command(".\r\n", Expected::Message),
            (400..=599, _) => self.finish(Some(reply), false),
            _ => self.lost_at(Stage::Data, Cause::Protocol),
        }
    }

    fn ask_body(&mut self) {
        // The driver may write the commands while the piece is fetched.
        self.flush();
        self.asked = Some(Asked::Body);
        self.outputs.push_back(Output::Ask(Question::Body));
    }

    /// Sends a piece of the message.
    pub(super) fn piece(&mut self, bytes: Bytes, last: bool) {
        let Some(running) = &mut self.running else {
            return;
        };
        let bytes = running.outgoing.push(bytes);
        let end = if last { running.outgoing.finish() } else { b"" };
        if running.chunking {
            running.chunk.extend([bytes, Bytes::from_static(end)]);
            self.chunk(last);
        } else {
            self.send(bytes);
            self.send(Bytes::from_static(end));
        }
        match last {
            true if self.running.as_ref().is_some_and(|r| r.chunking) => {}
            true => self.expected.push_back(Expected::Message),
            false => {
                self.asked = Some(Asked::Body);
                self.outputs.push_back(Output::Ask(Question::Body));
            }
        }
    }

    /// Sends the gathered chunk when it is big enough, or the last.
    fn chunk(&mut self, last: bool) {
        let Some(running) = &mut self.running else {
            return;
        };
        let size: usize = running.chunk.iter().map(Bytes::len).sum();
        if size < CHUNK && !last {
            return;
        }
        let pieces = std::mem::take(&mut running.chunk);
        match last {
            true => self.command(&format!("BDAT {size} LAST\r\n"), Expected::Message),
            false => self.command(&format!("BDAT {size}\r\n"), Expected::Chunk),
        }
        for piece in pieces {
            self.send(piece);
        }
    }

    fn message_answered(&mut self, reply: Reply) {
        let Some(running) = &mut self.running else {
            return;
        };
        let refusal = running.refusal.take();
        // A refused chunk leaves the transaction open (RFC 3030 §2).
        let ended = refusal.is_none();
        let reply = refusal.unwrap_or(reply);
        match reply.code {
            // The empty message that ended an unwanted DATA.
            _ if !running.has_recipients() => self.finish(None, ended),
            200..=299 | 400..=599 => self.finish(Some(reply), ended),
            _ => self.lost_at(Stage::End, Cause::Protocol),
        }
    }

    /// Ends our side of the transaction; `reply` is that to the message, for the recipients that were accepted. Unless the
    /// server has `ended` it too, it is told to forget it.
    fn finish(&mut self, reply: Option<Reply>, ended: bool) {
        let Some(running) = self.running.take() else {
            return;
        };
        let leftover = running.mail_accepted() && !ended;
        self.done = Some(outcome(running, reply));
        match leftover {
            true => self.command("RSET\r\n", Expected::Reset),
            false => self.next_transaction(),
        }
    }
}

fn needs_utf8(transaction: &Transaction) -> bool {
    let sender = transaction
        .sender
        .as_ref()
        .is_some_and(|path| !path.is_ascii());
    transaction.parameters.utf8
        || sender
        || transaction.recipients.iter().any(|r| !r.path.is_ascii())
}

/// mail.md's table of outcomes: MAIL decides for the message, RCPT for a recipient, the message's reply for the accepted.
fn outcome(running: Running, reply: Option<Reply>) -> Outcome {
    match running.mail {
        Some(mail) if mail.is_permanent() => return Outcome::FailMessage(mail),
        Some(mail) if !mail.is_positive() => return Outcome::SuspendMessage(mail),
        _ => {}
    }
    let mut accepted_before = false;
    let results = running.recipients.into_iter().map(|rcpt| {
        let too_many = rcpt.code == 452 && accepted_before;
        let accepted = rcpt.is_positive();
        accepted_before |= accepted;
        match reply.clone().filter(|_| accepted).unwrap_or(rcpt) {
            reply if reply.is_positive() => RecipientOutcome::Delivered(reply),
            reply if reply.is_permanent() => RecipientOutcome::Failed(reply),
            reply if too_many => RecipientOutcome::NextTransaction(reply),
            reply => RecipientOutcome::Suspended(reply),
        }
    });
    Outcome::Recipients(results.collect())
}
