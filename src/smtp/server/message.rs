use types::stream::Close;

use super::{Answer, Asked, Message, Mode, Protocol, Question, Server, Then, replies};
use crate::incoming::{Found, Framing, Incoming, Limits};
use crate::reply::{EnhancedCode, Reply};

const RECEIVED: EnhancedCode = EnhancedCode::new(2, 0, 0);

/// The octets that one BDAT announced.
#[derive(Debug)]
pub(super) struct Chunk {
    size: u64,
    remaining: u64,
    last: bool,
    /// The chunk has to be read all the same (RFC 3030 §2), and then refused.
    refusal: Option<Reply>,
}

impl Server {
    /// Why the message may not come now; with it, whether the client could have known.
    fn message_out_of_place(&self) -> Option<(u32, &'static Reply)> {
        match &self.transaction {
            None => Some((1, &replies::NO_SENDER)),
            // A pipelining client sends DATA before it learns that no recipient is left (RFC 2920 §3.1).
            Some(t) if t.recipients == 0 && t.refused => Some((0, &replies::NO_VALID_RECIPIENTS)),
            Some(t) if t.recipients == 0 => Some((1, &replies::NO_RECIPIENTS)),
            Some(_) => None,
        }
    }

    pub(super) fn begin_data(&mut self) {
        if let Some((points, reply)) = self.message_out_of_place() {
            return self.error(points, reply);
        }
        if self
            .transaction
            .as_ref()
            .is_some_and(|t| t.message.is_some())
        {
            return self.error(1, &replies::MESSAGE_BEGUN);
        }
        self.ask(Asked::Begin(None), Question::Begin);
    }

    pub(super) fn begin_bdat(&mut self, size: u64, last: bool) {
        let mut chunk = Chunk {
            size,
            remaining: size,
            last,
            refusal: None,
        };
        if let Some((_, reply)) = self.message_out_of_place() {
            chunk.refusal = Some(reply.clone());
        }
        let message = self.transaction.as_ref().and_then(|t| t.message.as_ref());
        let total = message
            .map_or(0, |m| m.incoming.size())
            .saturating_add(size);
        if total > self.config.max_size.unwrap_or(u64::MAX) && chunk.refusal.is_none() {
            chunk.refusal = Some(replies::TOO_BIG.clone());
        }
        if message.is_none() && chunk.refusal.is_none() {
            return self.ask(Asked::Begin(Some(chunk)), Question::Begin);
        }
        self.mode = Mode::Bdat(chunk);
    }

    pub(super) fn begin_answered(&mut self, chunk: Option<Chunk>, answer: Answer) {
        let refusal = match answer {
            Answer::Reply(reply) if !reply.is_positive() => Some(reply),
            _ => None,
        };
        let limits = Limits {
            bare_newline: self.config.bare_newline,
            line: self.config.max_line,
            size: self.config.max_size.unwrap_or(u64::MAX),
        };
        let framing = if chunk.is_some() {
            Framing::Octets
        } else {
            Framing::Dots
        };
        if let (None, Some(transaction)) = (&refusal, &mut self.transaction) {
            transaction.message = Some(Message {
                incoming: Incoming::new(framing, limits),
                refusal: None,
            });
        }
        match (chunk, refusal) {
            (None, None) => {
                self.mode = Mode::Data;
                self.reply(&replies::ENTER_MAIL);
            }
            (None, Some(reply)) => self.refuse(0, &reply),
            (Some(chunk), refusal) => self.mode = Mode::Bdat(Chunk { refusal, ..chunk }),
        }
    }

    /// Reads what is there of a message that ends with a dot.
    pub(super) fn data(&mut self) -> bool {
        let bytes = self.input.take(u64::MAX);
        let Some(message) = self.message().filter(|_| !bytes.is_empty()) else {
            return false;
        };
        match message.incoming.receive(&bytes) {
            Found::More => {}
            Found::Bare => self.refuse_bare_newline(),
            Found::End(at) => {
                self.input.put_back(bytes.slice(at..));
                self.mode = Mode::Ending;
            }
        }
        self.ask_piece();
        true
    }

    /// Reads what is there of a counted piece of message, or answers it.
    pub(super) fn bdat(&mut self) -> bool {
        let Mode::Bdat(chunk) = &mut self.mode else {
            return false;
        };
        if chunk.remaining == 0 {
            self.chunk_complete();
            return true;
        }
        let bytes = self.input.take(chunk.remaining);
        chunk.remaining -= bytes.len() as u64;
        let wanted = chunk.refusal.is_none();
        if bytes.is_empty() {
            return false;
        }
        if let Some(message) = self.message().filter(|_| wanted) {
            if message.incoming.receive(&bytes) == Found::Bare {
                self.refuse_bare_newline();
            }
            self.ask_piece();
        }
        true
    }

    fn chunk_complete(&mut self) {
        let Mode::Bdat(chunk) = std::mem::replace(&mut self.mode, Mode::Command) else {
            return;
        };
        let refusal = chunk
            .refusal
            .or_else(|| self.message().and_then(|m| m.refusal.clone()));
        if let Some(reply) = refusal {
            // RFC 3030 §2: after an error nothing of the message is kept. Only the last chunk has as many replies as LMTP
            // has recipients.
            self.forget(if chunk.last {
                Then::Refuse(reply)
            } else {
                Then::Reply(reply)
            });
        } else if !chunk.last {
            self.reply(&Reply::new(
                250,
                RECEIVED,
                format!("{} octets received", chunk.size),
            ));
        } else if self
            .message()
            .is_some_and(|m| m.incoming.finish() == Found::Bare)
        {
            self.refuse_bare_newline();
        } else {
            self.mode = Mode::Ending;
        }
    }

    fn message(&mut self) -> Option<&mut Message> {
        self.transaction.as_mut().and_then(|t| t.message.as_mut())
    }

    fn refuse_bare_newline(&mut self) {
        if let Some(message) = self.message() {
            message.incoming.discard();
        }
        self.reply_and_close(&replies::BARE_NEWLINE, Close::Fault);
    }

    fn ask_piece(&mut self) {
        if let Some(piece) = self.message().and_then(|m| m.incoming.take_piece()) {
            self.ask(Asked::Piece, Question::Chunk(piece));
        }
    }

    pub(super) fn piece_answered(&mut self, answer: Answer) {
        if let (Answer::Reply(reply), Some(message)) = (answer, self.message())
            && !reply.is_positive()
        {
            message.incoming.discard();
            message.refusal.get_or_insert(reply);
        }
    }

    /// Hands over the rest of a complete message, then the message itself.
    pub(super) fn ending(&mut self) {
        let max_hops = self.config.max_hops;
        let Some(message) = self.message() else {
            self.mode = Mode::Command;
            return;
        };
        let incoming = &mut message.incoming;
        let (size, hops) = (incoming.size(), incoming.hops());
        let refusal = if incoming.is_too_big() {
            Some(replies::TOO_BIG.clone())
        } else if incoming.has_long_line() {
            Some(replies::LINE_TOO_LONG.clone())
        } else if hops > max_hops {
            Some(replies::TOO_MANY_HOPS.clone())
        } else {
            message.refusal.clone()
        };
        if let Some(reply) = refusal {
            self.mode = Mode::Command;
            self.forget(Then::Refuse(reply));
        } else if let Some(rest) = incoming.take_rest() {
            self.ask(Asked::Piece, Question::Chunk(rest));
        } else {
            self.mode = Mode::Command;
            self.ask(Asked::End, Question::End { size, hops });
        }
    }

    pub(super) fn end_answered(&mut self, answer: Answer) {
        self.messages += 1;
        let replies = match answer {
            Answer::Message(number) => {
                vec![Reply::new(
                    250,
                    RECEIVED,
                    format!("{number} message accepted for delivery"),
                )]
            }
            Answer::Reply(reply) => vec![reply],
            Answer::Recipients(replies) if self.config.protocol == Protocol::Lmtp => replies,
            _ => vec![replies::ACCEPTED.clone()],
        };
        self.message_replies(replies);
    }

    /// Answers the message and ends the transaction. LMTP answers once for each recipient (RFC 2033 §4.2); a single
    /// reply is meant for all of them.
    pub(super) fn message_replies(&mut self, replies: Vec<Reply>) {
        let recipients = self.transaction.as_ref().map_or(1, |t| t.recipients.max(1));
        let count = if self.config.protocol == Protocol::Lmtp {
            recipients
        } else {
            1
        };
        let single = if replies.len() == 1 {
            replies.first()
        } else {
            None
        };
        for i in 0..count {
            let reply = single
                .or_else(|| replies.get(i))
                .unwrap_or(&replies::INTERNAL);
            self.refuse(0, reply);
        }
        self.transaction = None;
    }
}
