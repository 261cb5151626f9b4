use crate::parameters::{MailParameters, ParameterError, RcptParameters};
use crate::path::{Path, take_path};

/// How a client introduces itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// RFC 5321, without extensions.
    Helo,
    /// RFC 5321, with extensions.
    Ehlo,
    /// RFC 2033.
    Lhlo,
}

/// One command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command<'a> {
    /// HELO, EHLO, LHLO and the name behind it, perhaps empty.
    Hello(Verb, &'a str),
    /// The sender (`None` for `<>`), its parameters and the first fault among them.
    Mail(Option<Path>, MailParameters, Result<(), ParameterError>),
    /// A recipient and its parameters.
    Rcpt(Path, Result<RcptParameters, ParameterError>),
    /// The message follows, ended by a dot.
    Data,
    /// So many octets of the message follow at once (RFC 3030 §2).
    Bdat {
        /// Octets.
        size: u64,
        /// Whether the message ends with them.
        last: bool,
    },
    /// Forget the transaction.
    Rset,
    /// Nothing.
    Noop,
    /// Verify a user.
    Vrfy,
    /// List the commands.
    Help,
    /// Good-bye.
    Quit,
    /// Begin TLS (RFC 3207).
    StartTls,
    /// Sign in: mechanism and initial response (RFC 4954).
    Auth(&'a str, Option<&'a str>),
}

/// Why a line is not a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No such command.
    #[error("unknown command")]
    Unknown,
    /// A command of some RFC that we do not offer.
    #[error("command not implemented")]
    NotImplemented,
    /// Control characters, or not UTF-8.
    #[error("unprintable characters")]
    Characters,
    /// The command's arguments are malformed.
    #[error("syntax error")]
    Arguments,
    /// BDAT with malformed arguments: where its octets end is unknown, so that nothing after it can be trusted.
    #[error("syntax error in BDAT")]
    Chunk,
    /// The sender's address is malformed.
    #[error("sender address syntax error")]
    Sender,
    /// A recipient's address is malformed.
    #[error("recipient address syntax error")]
    Recipient,
}

impl<'a> Command<'a> {
    /// Reads one line, without its line end.
    ///
    /// # Errors
    /// [`CommandError`] with what the reply should say.
    pub fn parse(line: &'a [u8]) -> Result<Self, CommandError> {
        let text = std::str::from_utf8(line).map_err(|_| CommandError::Characters)?;
        if text.chars().any(char::is_control) {
            return Err(CommandError::Characters);
        }
        let text = text.trim_end_matches(' ');
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim_start_matches(' ');
        let bare = |command| {
            if rest.is_empty() {
                Ok(command)
            } else {
                Err(CommandError::Arguments)
            }
        };
        match Keyword::find(verb).ok_or(CommandError::Unknown)? {
            Keyword::Hello(verb) => Ok(Self::Hello(verb, rest)),
            Keyword::Mail => mail(rest),
            Keyword::Rcpt => rcpt(rest),
            Keyword::Data => bare(Self::Data),
            Keyword::Bdat => bdat(rest).ok_or(CommandError::Chunk),
            Keyword::Rset => bare(Self::Rset),
            Keyword::Noop => Ok(Self::Noop),
            Keyword::Vrfy if rest.is_empty() => Err(CommandError::Arguments),
            Keyword::Vrfy => Ok(Self::Vrfy),
            Keyword::Help => Ok(Self::Help),
            Keyword::Quit => bare(Self::Quit),
            Keyword::StartTls => bare(Self::StartTls),
            Keyword::Auth => auth(rest),
            Keyword::Other => Err(CommandError::NotImplemented),
        }
    }
}

enum Keyword {
    Hello(Verb),
    Mail,
    Rcpt,
    Data,
    Bdat,
    Rset,
    Noop,
    Vrfy,
    Help,
    Quit,
    StartTls,
    Auth,
    Other,
}

impl Keyword {
    fn find(verb: &str) -> Option<Self> {
        let mut upper = [0; 8];
        let upper = upper.get_mut(..verb.len())?;
        upper.copy_from_slice(verb.as_bytes());
        upper.make_ascii_uppercase();
        Some(match &*upper {
            b"HELO" => Self::Hello(Verb::Helo),
            b"EHLO" => Self::Hello(Verb::Ehlo),
            b"LHLO" => Self::Hello(Verb::Lhlo),
            b"MAIL" => Self::Mail,
            b"RCPT" => Self::Rcpt,
            b"DATA" => Self::Data,
            b"BDAT" => Self::Bdat,
            b"RSET" => Self::Rset,
            b"NOOP" => Self::Noop,
            b"VRFY" => Self::Vrfy,
            b"HELP" => Self::Help,
            b"QUIT" => Self::Quit,
            b"STARTTLS" => Self::StartTls,
            b"AUTH" => Self::Auth,
            b"EXPN" | b"ETRN" | b"ATRN" | b"TURN" | b"SEND" | b"SOML" | b"SAML" | b"BURL" => {
                Self::Other
            }
            _ => return None,
        })
    }
}

/// Takes `FROM:` or `TO:` in any case, and blanks behind it.
fn after_colon<'a>(rest: &'a str, word: &str) -> Result<&'a str, CommandError> {
    let (found, rest) = rest.split_once(':').ok_or(CommandError::Arguments)?;
    match found.trim_end_matches(' ').eq_ignore_ascii_case(word) {
        true => Ok(rest.trim_start_matches(' ')),
        false => Err(CommandError::Arguments),
    }
}

fn mail<'a>(rest: &'a str) -> Result<Command<'a>, CommandError> {
    let rest = after_colon(rest, "FROM")?;
    let (path, rest) = take_path(rest).map_err(|_| CommandError::Sender)?;
    let (parameters, fault) = MailParameters::parse(rest);
    Ok(Command::Mail(path, parameters, fault))
}

fn rcpt<'a>(rest: &'a str) -> Result<Command<'a>, CommandError> {
    let rest = after_colon(rest, "TO")?;
    match take_path(rest) {
        Ok((Some(path), rest)) => Ok(Command::Rcpt(path, RcptParameters::parse(rest))),
        _ => Err(CommandError::Recipient),
    }
}

fn bdat<'a>(rest: &'a str) -> Option<Command<'a>> {
    let mut words = rest.split(' ').filter(|word| !word.is_empty());
    let size = words
        .next()
        .filter(|size| size.bytes().all(|b| b.is_ascii_digit()))?
        .parse()
        .ok()?;
    let last = match words.next() {
        None => false,
        Some(word) if word.eq_ignore_ascii_case("LAST") => true,
        Some(_) => return None,
    };
    words
        .next()
        .is_none()
        .then_some(Command::Bdat { size, last })
}

fn auth(rest: &str) -> Result<Command<'_>, CommandError> {
    let mut words = rest.split(' ').filter(|word| !word.is_empty());
    match (words.next(), words.next(), words.next()) {
        (Some(mechanism), initial, None) => Ok(Command::Auth(mechanism, initial)),
        _ => Err(CommandError::Arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    #[test]
    fn commands_are_read() {
        let mail = |text: &str| {
            let path = if text.is_empty() {
                None
            } else {
                Some(path(text))
            };
            Command::Mail(path, MailParameters::default(), Ok(()))
        };
        let rcpt = |text| Command::Rcpt(path(text), Ok(RcptParameters::default()));
        for (line, want) in [
            ("HELO", Command::Hello(Verb::Helo, "")),
            (
                "ehlo mail.client1.com ",
                Command::Hello(Verb::Ehlo, "mail.client1.com"),
            ),
            ("LHLO x", Command::Hello(Verb::Lhlo, "x")),
            ("MAIL FROM:<a@b>", mail("a@b")),
            ("mail from: <a@b>", mail("a@b")),
            ("MAIL FROM:a@b", mail("a@b")),
            ("Mail From :a@b", mail("a@b")),
            ("MAIL FROM:<>", mail("")),
            ("RCPT TO:<\"a b\"@c>", rcpt("\"a b\"@c")),
            ("RCPT to: a@c", rcpt("a@c")),
            ("DATA", Command::Data),
            (
                "BDAT 86 LAST",
                Command::Bdat {
                    size: 86,
                    last: true,
                },
            ),
            (
                "BDAT 0",
                Command::Bdat {
                    size: 0,
                    last: false,
                },
            ),
            ("NOOP what ever", Command::Noop),
            ("VRFY anna", Command::Vrfy),
            ("HELP MAIL", Command::Help),
            ("STARTTLS", Command::StartTls),
            ("AUTH PLAIN", Command::Auth("PLAIN", None)),
            ("AUTH plain =", Command::Auth("plain", Some("="))),
        ] {
            assert_eq!(Command::parse(line.as_bytes()), Ok(want), "{line}");
        }
    }

    #[test]
    fn faults_are_named() {
        for (line, want) in [
            ("", CommandError::Unknown),
            ("FOO", CommandError::Unknown),
            ("DATADATADATA", CommandError::Unknown),
            ("ETRN client1.com", CommandError::NotImplemented),
            ("EXPN list", CommandError::NotImplemented),
            ("MAIL", CommandError::Arguments),
            ("MAIL <a@b>", CommandError::Arguments),
            ("MAIL TO:<a@b>", CommandError::Arguments),
            ("MAIL FROM:", CommandError::Sender),
            ("MAIL FROM:<a@b", CommandError::Sender),
            ("RCPT TO:<>", CommandError::Recipient),
            ("RCPT TO:<a@b>x", CommandError::Recipient),
            ("DATA x", CommandError::Arguments),
            ("RSET x", CommandError::Arguments),
            ("VRFY", CommandError::Arguments),
            ("AUTH", CommandError::Arguments),
            ("AUTH a b c", CommandError::Arguments),
            ("BDAT", CommandError::Chunk),
            ("BDAT x", CommandError::Chunk),
            ("BDAT +1", CommandError::Chunk),
            ("BDAT 5 FIRST", CommandError::Chunk),
            ("BDAT 99999999999999999999999", CommandError::Chunk),
            ("BDAT 5 LAST LAST", CommandError::Chunk),
            ("NOOP \0", CommandError::Characters),
            ("NOOP a\rb", CommandError::Characters),
        ] {
            assert_eq!(Command::parse(line.as_bytes()), Err(want), "{line:?}");
        }
        assert_eq!(Command::parse(b"NOOP \xff"), Err(CommandError::Characters));
    }
}
