use types::Secret;

/// A command of a client (RFC 1939 §5 to §7, RFC 2449, RFC 2595, RFC 5034, RFC 6856).
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    User(String),
    Pass(Secret),
    Auth {
        mechanism: String,
        initial: Option<Vec<u8>>,
    },
    Mechanisms,
    Apop,
    Stls,
    Utf8,
    Capa,
    Stat,
    List(Option<Number>),
    Uidl(Option<Number>),
    Top(Number, u32),
    Retr(Number),
    Dele(Number),
    Rset,
    Noop,
    Quit,
}

/// A message number; `None` when it is no number, which is answered like one that does not exist.
pub(crate) type Number = Option<u32>;

/// Why a line is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    Verb,
    Arguments,
}

/// Reads a line without its end.
pub(crate) fn parse(line: &[u8]) -> Result<Command, Wrong> {
    let line = std::str::from_utf8(line).map_err(|_| Wrong::Verb)?;
    let (verb, rest) = line
        .split_once(' ')
        .map_or((line, None), |(verb, rest)| (verb, Some(rest)));
    let words: Vec<&str> = rest
        .unwrap_or_default()
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect();
    let alone = |command: Command| {
        if words.is_empty() {
            Ok(command)
        } else {
            Err(Wrong::Arguments)
        }
    };
    match verb.to_ascii_uppercase().as_str() {
        "USER" => match rest.map(str::trim).filter(|name| !name.is_empty()) {
            Some(name) => Ok(Command::User(name.to_owned())),
            None => Err(Wrong::Arguments),
        },
        // RFC 1939 §7: blanks belong to the password.
        "PASS" => rest
            .map(|password| Command::Pass(Secret::new(password)))
            .ok_or(Wrong::Arguments),
        "AUTH" => match words.as_slice() {
            [] => Ok(Command::Mechanisms),
            [mechanism] => Ok(Command::Auth {
                mechanism: (*mechanism).to_owned(),
                initial: None,
            }),
            [mechanism, initial] => Ok(Command::Auth {
                mechanism: (*mechanism).to_owned(),
                initial: Some(initial.as_bytes().to_vec()),
            }),
            _ => Err(Wrong::Arguments),
        },
        "APOP" => Ok(Command::Apop),
        "STLS" => alone(Command::Stls),
        "UTF8" => alone(Command::Utf8),
        "CAPA" => alone(Command::Capa),
        "STAT" => alone(Command::Stat),
        "RSET" => alone(Command::Rset),
        "NOOP" => alone(Command::Noop),
        "QUIT" => alone(Command::Quit),
        verb => numbered(verb, &words),
    }
}

/// Commands about messages.
fn numbered(verb: &str, words: &[&str]) -> Result<Command, Wrong> {
    match (verb, words) {
        ("LIST", []) => Ok(Command::List(None)),
        ("LIST", [one]) => Ok(Command::List(Some(number(one)))),
        ("UIDL", []) => Ok(Command::Uidl(None)),
        ("UIDL", [one]) => Ok(Command::Uidl(Some(number(one)))),
        ("RETR", [one]) => Ok(Command::Retr(number(one))),
        ("DELE", [one]) => Ok(Command::Dele(number(one))),
        ("TOP", [one, lines]) => {
            let lines = number(lines).ok_or(Wrong::Arguments)?;
            Ok(Command::Top(number(one), lines))
        }
        ("LIST" | "UIDL" | "RETR" | "DELE" | "TOP", _) => Err(Wrong::Arguments),
        _ => Err(Wrong::Verb),
    }
}

fn number(text: &str) -> Number {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands() {
        for (line, expected) in [
            ("noop", Ok(Command::Noop)),
            ("USER a b", Ok(Command::User("a b".into()))),
            ("PASS  x ", Ok(Command::Pass(Secret::new(" x ")))),
            ("LIST", Ok(Command::List(None))),
            ("LIST 2", Ok(Command::List(Some(Some(2))))),
            ("UIDL x", Ok(Command::Uidl(Some(None)))),
            ("TOP 1 0", Ok(Command::Top(Some(1), 0))),
            ("RETR +1", Ok(Command::Retr(None))),
            (
                "AUTH PLAIN =",
                Ok(Command::Auth {
                    mechanism: "PLAIN".into(),
                    initial: Some(b"=".to_vec()),
                }),
            ),
            ("AUTH", Ok(Command::Mechanisms)),
            ("", Err(Wrong::Verb)),
            ("XTND XMIT", Err(Wrong::Verb)),
            ("USER", Err(Wrong::Arguments)),
            ("PASS", Err(Wrong::Arguments)),
            ("TOP 1", Err(Wrong::Arguments)),
            ("TOP 1 x", Err(Wrong::Arguments)),
            ("STAT 1", Err(Wrong::Arguments)),
            ("DELE", Err(Wrong::Arguments)),
            ("LIST 1 2", Err(Wrong::Arguments)),
        ] {
            assert_eq!(parse(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(parse(b"\xff"), Err(Wrong::Verb));
    }
}
