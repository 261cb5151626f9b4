use bytes::Bytes;
use types::Secret;

use super::{Command, FlagChange, StatusItem};
use crate::{
    FlagList, SearchKey, SpecialUse,
    cursor::{Cursor, Parsed, Syntax},
    date,
    fetch_item::FetchItem,
    flags::{Flags, KEYWORD_LEN_MAX, KEYWORDS_MAX},
};

/// Longest tag in octets.
const TAG_MAX: usize = 64;

/// Tag of a command line, if it has one that can be answered.
pub(crate) fn tag(line: &[u8]) -> Option<&str> {
    let end = line
        .iter()
        .position(|b| matches!(b, b' ' | b'\r' | b'\n'))
        .unwrap_or(line.len());
    let tag = line.get(..end)?;
    let fits = |b: &u8| crate::write::is_atom_char(*b) && *b != b'+' || *b == b']';
    let valid = (1..=TAG_MAX).contains(&tag.len()) && tag.iter().all(fits);
    if valid {
        std::str::from_utf8(tag).ok()
    } else {
        None
    }
}

/// Reads a framed command behind its tag and blank, without its last line end.
pub(crate) fn parse(frame: &Bytes, start: usize) -> Parsed<Command> {
    let text = frame.get(start..).unwrap_or_default();
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let mut cursor = Cursor::new(text.strip_suffix(b"\r").unwrap_or(text));
    let mut verb = cursor.word().map_err(|_| Syntax("expected a command"))?;
    let uid = verb == "UID";
    if uid {
        cursor.space()?;
        verb = cursor.word()?;
        if !matches!(
            verb.as_str(),
            "FETCH" | "STORE" | "COPY" | "MOVE" | "SEARCH" | "EXPUNGE"
        ) {
            return Err(Syntax("unknown UID command"));
        }
    }
    let command = match simple(&verb) {
        Some(command) if !uid => command,
        _ if verb == "EXPUNGE" && !uid => Command::Expunge(None),
        _ if !WITH_ARGUMENTS.contains(&verb.as_str()) => return Err(Syntax("unknown command")),
        _ => {
            cursor.space()?;
            arguments(&verb, uid, &mut cursor, frame)?
        }
    };
    cursor.end()?;
    Ok(command)
}

const WITH_ARGUMENTS: [&str; 21] = [
    "AUTHENTICATE",
    "LOGIN",
    "ENABLE",
    "ID",
    "SELECT",
    "EXAMINE",
    "CREATE",
    "DELETE",
    "RENAME",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "LIST",
    "LSUB",
    "STATUS",
    "APPEND",
    "EXPUNGE",
    "SEARCH",
    "FETCH",
    "STORE",
    "COPY",
    "MOVE",
];

fn simple(verb: &str) -> Option<Command> {
    Some(match verb {
        "CAPABILITY" => Command::Capability,
        "NOOP" => Command::Noop,
        "LOGOUT" => Command::Logout,
        "STARTTLS" => Command::StartTls,
        "NAMESPACE" => Command::Namespace,
        "IDLE" => Command::Idle,
        "CHECK" => Command::Check,
        "CLOSE" => Command::Close,
        "UNSELECT" => Command::Unselect,
        _ => return None,
    })
}

fn arguments(verb: &str, uid: bool, cursor: &mut Cursor<'_>, frame: &Bytes) -> Parsed<Command> {
    Ok(match verb {
        "AUTHENTICATE" => authenticate(cursor)?,
        "LOGIN" => {
            let user = cursor.login_name()?;
            cursor.space()?;
            Command::Login {
                user,
                password: Secret::new(cursor.astring_text()?),
            }
        }
        "ENABLE" => {
            let mut names = vec![cursor.word()?];
            while cursor.eat(b' ') {
                names.push(cursor.word()?);
            }
            Command::Enable(names)
        }
        "ID" => id(cursor)?,
        "SELECT" | "EXAMINE" => select(cursor, verb == "EXAMINE")?,
        "CREATE" => create(cursor)?,
        "DELETE" => Command::Delete(cursor.mailbox()?),
        "RENAME" => {
            let from = cursor.mailbox()?;
            cursor.space()?;
            Command::Rename {
                from,
                to: cursor.mailbox()?,
            }
        }
        "SUBSCRIBE" | "UNSUBSCRIBE" => Command::Subscribe {
            mailbox: cursor.mailbox()?,
            on: verb == "SUBSCRIBE",
        },
        "LIST" | "LSUB" => {
            let reference = cursor.pattern()?;
            cursor.space()?;
            Command::List {
                reference,
                pattern: cursor.pattern()?,
                subscribed: verb == "LSUB",
            }
        }
        "STATUS" => {
            let mailbox = cursor.mailbox()?;
            cursor.space()?;
            Command::Status {
                mailbox,
                items: cursor.list(StatusItem::parse)?,
            }
        }
        "APPEND" => append(cursor, frame)?,
        "EXPUNGE" => Command::Expunge(Some(cursor.sequence_set()?)),
        "SEARCH" => search(cursor, uid)?,
        "FETCH" => fetch(cursor, uid)?,
        "STORE" => store(cursor, uid)?,
        "COPY" | "MOVE" => {
            let set = cursor.sequence_set()?;
            cursor.space()?;
            Command::Copy {
                uid,
                set,
                mailbox: cursor.mailbox()?,
                moves: verb == "MOVE",
            }
        }
        _ => return Err(Syntax("unknown command")),
    })
}

fn authenticate(cursor: &mut Cursor<'_>) -> Parsed<Command> {
    let mechanism = cursor.atom()?.to_owned();
    let initial = if cursor.eat(b' ') {
        Some(cursor.run(|b| b > b' ').to_vec())
    } else {
        None
    };
    Ok(Command::Authenticate { mechanism, initial })
}

fn id(cursor: &mut Cursor<'_>) -> Parsed<Command> {
    if !cursor.eat_word("NIL") {
        let values = cursor.list(|cursor| {
            if cursor.eat_word("NIL") {
                Ok(())
            } else {
                cursor.string().map(drop)
            }
        })?;
        // RFC 2971 §3.3: at most 30 pairs.
        if values.len() > 60 || values.len() % 2 != 0 {
            return Err(Syntax("wrong number of ID values"));
        }
    }
    Ok(Command::Id)
}

fn select(cursor: &mut Cursor<'_>, examine: bool) -> Parsed<Command> {
    let mailbox = cursor.mailbox()?;
    let mut condstore = false;
    if cursor.eat(b' ') {
        for parameter in cursor.list(Cursor::word)? {
            // RFC 4466 §2.1: an unknown parameter is BAD.
            if parameter != "CONDSTORE" {
                return Err(Syntax("unknown SELECT parameter"));
            }
            condstore = true;
        }
    }
    Ok(Command::Select {
        mailbox,
        examine,
        condstore,
    })
}

fn create(cursor: &mut Cursor<'_>) -> Parsed<Command> {
    let mailbox = cursor.mailbox()?;
    let mut uses = Vec::new();
    if cursor.eat(b' ') {
        cursor.expect(b'(', "expected a list")?;
        if !cursor.eat_word("USE ") {
            return Err(Syntax("unknown CREATE parameter"));
        }
        uses = cursor.list(|cursor| {
            cursor.expect(b'\\', "expected a special use")?;
            cursor.atom().map(|word| format!("\\{word}"))
        })?;
        cursor.expect(b')', "unclosed list")?;
    }
    Ok(Command::Create { mailbox, uses })
}

fn append(cursor: &mut Cursor<'_>, frame: &Bytes) -> Parsed<Command> {
    let mailbox = cursor.mailbox()?;
    cursor.space()?;
    let mut flags = FlagList::default();
    if cursor.peek() == Some(b'(') {
        flags = flag_list(cursor)?;
        cursor.space()?;
    }
    let mut date = None;
    if cursor.peek() == Some(b'"') {
        let text = cursor.astring_text()?;
        date = Some(date::parse_date_time(&text).ok_or(Syntax("expected a date"))?);
        cursor.space()?;
    }
    let literal = cursor.literal()?;
    if literal.contains(&0) {
        return Err(Syntax("NUL in a message"));
    }
    let message = if literal.is_empty() {
        Bytes::new()
    } else {
        frame.slice_ref(literal)
    };
    Ok(Command::Append {
        mailbox,
        flags,
        date,
        message,
    })
}

fn search(cursor: &mut Cursor<'_>, uid: bool) -> Parsed<Command> {
    if cursor.eat_word("CHARSET ") {
        let charset = cursor.astring_text()?;
        cursor.space()?;
        if !["UTF-8", "US-ASCII"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(&charset))
        {
            cursor.run(|_| true);
            return Ok(Command::SearchCharset);
        }
    }
    Ok(Command::Search {
        uid,
        key: SearchKey::parse_all(cursor)?,
    })
}

fn fetch(cursor: &mut Cursor<'_>, uid: bool) -> Parsed<Command> {
    let set = cursor.sequence_set()?;
    cursor.space()?;
    let items = FetchItem::parse_all(cursor)?;
    let mut changed_since = None;
    if cursor.eat(b' ') {
        changed_since = Some(modifier(cursor, "CHANGEDSINCE ")?);
    }
    Ok(Command::Fetch {
        uid,
        set,
        items,
        changed_since,
    })
}

fn store(cursor: &mut Cursor<'_>, uid: bool) -> Parsed<Command> {
    let set = cursor.sequence_set()?;
    cursor.space()?;
    let mut unchanged_since = None;
    if cursor.peek() == Some(b'(') {
        unchanged_since = Some(modifier(cursor, "UNCHANGEDSINCE ")?);
        cursor.space()?;
    }
    let change = match cursor.peek() {
        Some(b'+') => FlagChange::Add,
        Some(b'-') => FlagChange::Remove,
        _ => FlagChange::Set,
    };
    if change != FlagChange::Set {
        cursor.eat(b'+');
        cursor.eat(b'-');
    }
    let silent = match cursor.word()?.as_str() {
        "FLAGS" => false,
        "FLAGS.SILENT" => true,
        _ => return Err(Syntax("unknown STORE item")),
    };
    cursor.space()?;
    let flags = match cursor.peek() {
        Some(b'(') => flag_list(cursor)?,
        // RFC 3501 §9: the parentheses may be left out.
        _ => {
            let mut flags = FlagList::default();
            flag(cursor, &mut flags)?;
            while cursor.eat(b' ') {
                flag(cursor, &mut flags)?;
            }
            flags
        }
    };
    Ok(Command::Store {
        uid,
        set,
        unchanged_since,
        change,
        silent,
        flags,
    })
}

/// `(NAME number)`.
fn modifier(cursor: &mut Cursor<'_>, name: &'static str) -> Parsed<u64> {
    cursor.expect(b'(', "expected a modifier")?;
    if !cursor.eat_word(name) {
        return Err(Syntax("unknown modifier"));
    }
    let value = cursor.number64()?;
    cursor.expect(b')', "unclosed modifier")?;
    Ok(value)
}

impl StatusItem {
    fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let word = cursor.word()?;
        let found = Self::ALL.iter().find(|(_, name)| *name == word);
        found
            .map(|(item, _)| *item)
            .ok_or(Syntax("unknown STATUS item"))
    }
}

fn flag_list(cursor: &mut Cursor<'_>) -> Parsed<FlagList> {
    let mut flags = FlagList::default();
    cursor.list(|cursor| flag(cursor, &mut flags))?;
    Ok(flags)
}

/// A system flag or keyword; `\Recent` is taken and has no effect, other names with a backslash are unknown.
fn flag(cursor: &mut Cursor<'_>, flags: &mut FlagList) -> Parsed<()> {
    if cursor.eat(b'\\') {
        let name = format!("\\{}", cursor.atom()?);
        match Flags::parse(name.as_bytes()) {
            Some(flag) => flags.flags = flags.flags.union(flag),
            None if name.eq_ignore_ascii_case("\\Recent") => {}
            None => return Err(Syntax("unknown system flag")),
        }
        return Ok(());
    }
    let keyword = cursor.atom()?;
    if keyword.len() > KEYWORD_LEN_MAX || flags.keywords.len() >= KEYWORDS_MAX {
        return Err(Syntax("too many or too long keywords"));
    }
    flags.add_keyword(keyword);
    Ok(())
}

/// The one special use a CREATE may ask for; `None` when it asks for what is not offered (RFC 6154 §3).
pub(crate) fn special_use(uses: &[String]) -> Option<Option<SpecialUse>> {
    match uses {
        [] => Some(None),
        [one] => SpecialUse::parse(one).map(Some),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SequenceSet;

    fn parse(text: &str) -> Result<Command, &'static str> {
        super::parse(&Bytes::copy_from_slice(text.as_bytes()), 0).map_err(|e| e.0)
    }

    fn set(text: &str) -> SequenceSet {
        SequenceSet::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn commands() {
        for (text, command) in [
            ("noop\r\n", Command::Noop),
            (
                "LOGIN a {3}\r\np\"w",
                Command::Login {
                    user: "a".into(),
                    password: Secret::new("p\"w"),
                },
            ),
            (
                "LOGIN anna%client1.com \"p\"",
                Command::Login {
                    user: "anna%client1.com".into(),
                    password: Secret::new("p"),
                },
            ),
            (
                "AUTHENTICATE plain AGE=",
                Command::Authenticate {
                    mechanism: "plain".into(),
                    initial: Some(b"AGE=".to_vec()),
                },
            ),
            ("ID NIL", Command::Id),
            ("id (\"name\" \"x\" \"os\" NIL)", Command::Id),
            (
                "SELECT inbox (CONDSTORE)",
                Command::Select {
                    mailbox: "INBOX".into(),
                    examine: false,
                    condstore: true,
                },
            ),
            (
                "CREATE \"a b\" (USE (\\Sent))",
                Command::Create {
                    mailbox: "a b".into(),
                    uses: vec!["\\Sent".into()],
                },
            ),
            (
                "LIST \"\" %",
                Command::List {
                    reference: String::new(),
                    pattern: "%".into(),
                    subscribed: false,
                },
            ),
        ] {
            assert_eq!(parse(text), Ok(command), "{text}");
        }
    }

    #[test]
    fn commands_about_messages() {
        let list = |flags, keywords: &[&str]| FlagList {
            flags,
            keywords: keywords.iter().map(|k| (*k).into()).collect(),
        };
        for (text, command) in [
            (
                "STATUS x (MESSAGES size)",
                Command::Status {
                    mailbox: "x".into(),
                    items: vec![StatusItem::Messages, StatusItem::Size],
                },
            ),
            ("EXPUNGE", Command::Expunge(None)),
            ("UID EXPUNGE 1:3", Command::Expunge(Some(set("1:3")))),
            (
                "APPEND x (\\Seen a \\Recent A) \" 1-Jan-1970 00:00:01 +0000\" {2+}\r\nhi",
                Command::Append {
                    mailbox: "x".into(),
                    flags: list(Flags::SEEN, &["a"]),
                    date: Some(1),
                    message: Bytes::from_static(b"hi"),
                },
            ),
            (
                "UID STORE 1 (UNCHANGEDSINCE 5) -flags.silent \\Deleted x",
                Command::Store {
                    uid: true,
                    set: set("1"),
                    unchanged_since: Some(5),
                    change: FlagChange::Remove,
                    silent: true,
                    flags: list(Flags::DELETED, &["x"]),
                },
            ),
            (
                "FETCH 1:* UID (CHANGEDSINCE 12)",
                Command::Fetch {
                    uid: false,
                    set: set("1:*"),
                    items: vec![FetchItem::Uid],
                    changed_since: Some(12),
                },
            ),
            (
                "MOVE * Trash",
                Command::Copy {
                    uid: false,
                    set: set("*"),
                    mailbox: "Trash".into(),
                    moves: true,
                },
            ),
            ("SEARCH CHARSET KOI8-R ALL", Command::SearchCharset),
        ] {
            assert_eq!(parse(text), Ok(command), "{text}");
        }
    }

    #[test]
    fn no_commands() {
        for text in [
            "",
            "FOO",
            "NOOP x",
            "UID NOOP",
            "UID EXPUNGE",
            "EXPUNGE 1",
            "LOGIN a",
            "LOGIN  a b",
            "SELECT a (QRESYNC)",
            "ID",
            "ID (\"a\")",
            "CREATE a (USE \\Sent)",
            "STATUS a MESSAGES",
            "APPEND a",
            "APPEND a {1}\r\n\0",
            "STORE 1 FLAGS",
            "STORE 1 FLAGS (\\Foo)",
            "FETCH 1",
            "FETCH 0 UID",
            "COPY 1:2",
            "SEARCH",
            "SELECT a&b",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tags() {
        for (line, expected) in [
            ("a1 NOOP", Some("a1")),
            ("x]y\r\n", Some("x]y")),
            ("a+ NOOP", None),
            ("", None),
            (" NOOP", None),
            ("* BYE", None),
        ] {
            assert_eq!(tag(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(tag("t".repeat(65).as_bytes()), None);
    }
}
