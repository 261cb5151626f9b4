use std::borrow::Cow;

use bytes::Bytes;

use super::{EnhancedCode, Reply};
use crate::buffer::{Buffer, TooLong};

/// Longest reply line in octets that is read; RFC 5321 §4.5.3.1.5 allows 512.
const MAX_LINE: usize = 2048;
/// Most lines of one reply.
const MAX_LINES: usize = 128;
/// Longest reply text in octets.
const MAX_REPLY: usize = 16 * 1024;

/// What a peer sends is not a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// A line does not begin with a code and a separator.
    #[error("not an SMTP reply")]
    Syntax,
    /// A line, or the reply as a whole, is longer than we read.
    #[error("reply too long")]
    TooLong,
}

/// Collects bytes into replies; never holds more than one reply beyond what was just fed.
#[derive(Debug, Default)]
pub struct ReplyParser {
    input: Buffer,
    text: String,
    lines: usize,
}

impl ReplyParser {
    /// Takes bytes from the peer.
    pub fn push(&mut self, bytes: Bytes) {
        self.input.push(bytes);
    }

    /// Whether bytes are left that no reply has used.
    pub fn is_empty(&self) -> bool {
        self.input.is_empty() && self.lines == 0
    }

    /// The next complete reply. After an error the connection is of no use.
    ///
    /// # Errors
    /// [`ReplyError`] when the peer does not speak SMTP or says too much.
    pub fn next_reply(&mut self) -> Result<Option<Reply>, ReplyError> {
        while let Some(line) = self.input.take_line(MAX_LINE) {
            let line = line.map_err(|TooLong| ReplyError::TooLong)?;
            let line = String::from_utf8_lossy(&line);
            let (code, last, text) = split(&line).ok_or(ReplyError::Syntax)?;
            self.lines += 1;
            if self.lines > MAX_LINES || self.text.len() + text.len() > MAX_REPLY {
                return Err(ReplyError::TooLong);
            }
            if self.lines > 1 {
                self.text.push('\n');
            }
            self.text.push_str(text);
            if last {
                self.lines = 0;
                return Ok(Some(finish(code, std::mem::take(&mut self.text))));
            }
        }
        Ok(None)
    }
}

/// Splits `250-text` and `250 text`; a bare `250` ends a reply as well (RFC 5321 §4.2).
fn split(line: &str) -> Option<(u16, bool, &str)> {
    let code: u16 = line
        .get(..3)?
        .parse()
        .ok()
        .filter(|code| (200..=599).contains(code))?;
    match line.get(3..)? {
        "" => Some((code, true, "")),
        rest => match rest.split_at_checked(1)? {
            (" ", text) => Some((code, true, text)),
            ("-", text) => Some((code, false, text)),
            _ => None,
        },
    }
}

/// Takes the enhanced code off the lines, when there is one and it agrees with the code (RFC 2034 §4).
fn finish(code: u16, text: String) -> Reply {
    let found = EnhancedCode::take(text.split('\n').next().unwrap_or_default());
    let Some((enhanced, _)) = found.filter(|(e, _)| u16::from(e.class()) == code / 100) else {
        return Reply {
            code,
            enhanced: None,
            text: Cow::Owned(text),
        };
    };
    let strip = |line| match EnhancedCode::take(line) {
        Some((same, rest)) if same == enhanced => rest,
        _ => line,
    };
    let lines: Vec<&str> = text.split('\n').map(strip).collect();
    Reply {
        code,
        enhanced: Some(enhanced),
        text: Cow::Owned(lines.join("\n")),
    }
}
