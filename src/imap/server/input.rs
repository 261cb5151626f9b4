//! From bytes to commands: framing, literals, tags.

use bytes::Bytes;
use types::stream::Close;

use super::{Mode, Server};
use crate::{command, cursor::Syntax, frame::Frame};

/// Largest command before sign-in, in octets.
const PREAUTH_COMMAND: u64 = 16 * 1024;
/// Largest refused literal that is read over, in octets.
const SKIP_MAX: u64 = 64 * 1024;
impl Server {
    pub(super) fn received(&mut self, bytes: &Bytes) {
        self.last_input = self.now;
        if matches!(self.mode, Mode::Tls) {
            // RFC 3501 §6.2.1, RFC 9051 §6.2.1: clear text behind STARTTLS is an injection.
            return self.close(Close::Fault);
        }
        self.framer.push(bytes);
        if matches!(self.mode, Mode::Held { .. })
            && self.framer.so_far().len() > self.config.max_line
        {
            self.close(Close::Fault);
        }
    }

    /// Goes on with what is in the buffer as long as nothing is waited for.
    pub(super) fn run(&mut self) {
        while self.waiting.is_none() && self.streaming.is_none() {
            let frame = match &self.mode {
                Mode::Commands => self.framer.next(),
                Mode::SignIn { .. } | Mode::Idle { .. } => self.framer.next_line(),
                Mode::New | Mode::Held { .. } | Mode::Tls | Mode::Over => return,
            };
            match (frame, &self.mode) {
                (Frame::Incomplete, _) => return,
                (Frame::LineTooLong, _) => {
                    self.out.put("* BAD [TOOBIG] Line too long\r\n");
                    return self.close(Close::Fault);
                }
                (Frame::Literal { size }, _) => self.literal(size, false),
                (Frame::LiteralPlus { size }, _) => self.literal(size, true),
                (Frame::Command(line), Mode::Commands) => self.command(&line),
                (Frame::Command(line), Mode::Idle { .. }) => self.idle_line(&line),
                (Frame::Command(line), _) => self.sign_in_line(&line),
            }
        }
    }

    /// Decides whether the command may have this literal.
    fn literal(&mut self, size: u64, plus: bool) {
        let text = self.framer.so_far();
        let tag = command::tag(text).map(str::to_owned);
        let verb = tag
            .as_ref()
            .and_then(|tag| text.get(tag.len() + 1..tag.len() + 8));
        let append = verb.is_some_and(|verb| verb.eq_ignore_ascii_case(b"APPEND "));
        let limit = match append {
            _ if !self.signed_in => PREAUTH_COMMAND,
            true => self.config.max_append,
            false => self.config.max_command as u64,
        };
        // Names and flags may stand beside the message of an APPEND.
        let whole = size.saturating_add(self.framer.held() as u64);
        if tag.is_some() && size <= limit && whole <= limit + SKIP_MAX {
            self.framer.accept();
            if !plus {
                self.out.put("+ Ready for the literal\r\n");
            }
            return;
        }
        self.framer.skip();
        match tag {
            Some(tag) if append => self.reply(&tag, "NO [TOOBIG] Message too large"),
            Some(tag) => self.reply(&tag, "NO [TOOBIG] Literal too large"),
            None => self.bad("*", "Syntax error: expected a tag"),
        }
        if plus && size > SKIP_MAX {
            self.bye("[TOOBIG] Literal too large", Close::Fault);
        }
    }

    fn command(&mut self, frame: &Bytes) {
        if matches!(&frame[..], b"\r\n" | b"\n") {
            return;
        }
        let Some(tag) = command::tag(frame) else {
            return self.bad("*", "Syntax error: expected a tag");
        };
        let behind = if frame.get(tag.len()) == Some(&b' ') {
            tag.len() + 1
        } else {
            frame.len()
        };
        match command::parse(frame, behind) {
            Ok(command) => self.execute(tag.to_owned(), command),
            Err(Syntax(what)) => self.bad(tag, &format!("Syntax error: {what}")),
        }
    }
}
