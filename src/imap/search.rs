use std::fmt;

use bytes::BytesMut;

use crate::{
    Flags, SequenceSet,
    cursor::{Cursor, Parsed, Syntax},
    date, write,
};

/// Most keys of one SEARCH.
const KEYS_MAX: usize = 1000;
/// Deepest nesting of keys.
const DEPTH_MAX: usize = 50;

/// A search key the session cannot answer itself; the shell finds the messages it fits.
///
/// Texts are substrings compared without regard to case (RFC 3501 §6.4.4). Days count from 1970-01-01, in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Criterion {
    /// A header field has this text in its decoded value; an empty text fits every message that has the field.
    Header {
        /// Name of the field; `From`, `To`, `Cc`, `Bcc` and `Subject` for the keys of that name.
        field: String,
        /// The text.
        text: String,
    },
    /// The decoded body has this text.
    Body(String),
    /// Header or body have this text.
    Text(String),
    /// Received before this day.
    Before(i32),
    /// Received on this day.
    On(i32),
    /// Received on this day or later.
    Since(i32),
    /// `Date` before this day, its time zone disregarded.
    SentBefore(i32),
    /// `Date` on this day.
    SentOn(i32),
    /// `Date` on this day or later.
    SentSince(i32),
    /// More octets than this.
    Larger(u32),
    /// Fewer octets than this.
    Smaller(u32),
}

/// A search key (RFC 3501 §6.4.4, RFC 7162 §3.1.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchKey {
    /// Every message.
    All,
    /// By message number.
    Sequence(SequenceSet),
    /// By UID.
    Uid(SequenceSet),
    /// A system flag is set.
    Flag(Flags),
    /// A keyword is set.
    Keyword(String),
    /// `\Recent` in this session.
    Recent,
    /// The mod-sequence is this or higher.
    ModSeq(u64),
    /// What the shell has to look up.
    Criterion(Criterion),
    /// The key does not fit.
    Not(Box<Self>),
    /// One of both fits.
    Or(Box<Self>, Box<Self>),
    /// All fit.
    And(Vec<Self>),
}

impl SearchKey {
    /// Reads the keys of a SEARCH command up to its end.
    pub(crate) fn parse_all(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let mut left = KEYS_MAX;
        let mut keys = vec![Self::parse(cursor, DEPTH_MAX, &mut left)?];
        while !cursor.is_at_end() {
            cursor.space()?;
            keys.push(Self::parse(cursor, DEPTH_MAX, &mut left)?);
        }
        Ok(Self::all_of(keys))
    }

    fn all_of(mut keys: Vec<Self>) -> Self {
        match keys.len() {
            1 => keys.pop().unwrap_or(Self::All),
            _ => Self::And(keys),
        }
    }

    fn parse(cursor: &mut Cursor<'_>, depth: usize, left: &mut usize) -> Parsed<Self> {
        *left = left.checked_sub(1).ok_or(Syntax("too many search keys"))?;
        let depth = depth.checked_sub(1).ok_or(Syntax("search keys too deep"))?;
        match cursor.peek() {
            Some(b'(') => {
                let keys = cursor.list(|cursor| Self::parse(cursor, depth, left))?;
                return if keys.is_empty() {
                    Err(Syntax("empty search list"))
                } else {
                    Ok(Self::all_of(keys))
                };
            }
            Some(b'0'..=b'9' | b'*') => return cursor.sequence_set().map(Self::Sequence),
            _ => {}
        }
        let word = cursor.word()?;
        let mut nested = |cursor: &mut Cursor<'_>| {
            cursor.space()?;
            Self::parse(cursor, depth, left).map(Box::new)
        };
        match word.as_str() {
            "NOT" => Ok(Self::Not(nested(cursor)?)),
            "OR" => Ok(Self::Or(nested(cursor)?, nested(cursor)?)),
            "UID" => {
                cursor.space()?;
                cursor.sequence_set().map(Self::Uid)
            }
            "KEYWORD" => keyword(cursor).map(Self::Keyword),
            "UNKEYWORD" => keyword(cursor).map(|k| Self::not(Self::Keyword(k))),
            "MODSEQ" => mod_seq(cursor).map(Self::ModSeq),
            word => match Self::simple(word) {
                Some(key) => Ok(key),
                None => criterion(word, cursor).map(Self::Criterion),
            },
        }
    }

    fn not(key: Self) -> Self {
        Self::Not(Box::new(key))
    }

    /// Keys without an argument.
    fn simple(word: &str) -> Option<Self> {
        if let Some(flag) = Flags::parse(format!("\\{word}").as_bytes()) {
            return Some(Self::Flag(flag));
        }
        let unset = word
            .strip_prefix("UN")
            .and_then(|word| Flags::parse(format!("\\{word}").as_bytes()));
        if let Some(flag) = unset {
            return Some(Self::not(Self::Flag(flag)));
        }
        match word {
            "ALL" => Some(Self::All),
            "RECENT" => Some(Self::Recent),
            "OLD" => Some(Self::not(Self::Recent)),
            "NEW" => Some(Self::And(vec![
                Self::Recent,
                Self::not(Self::Flag(Flags::SEEN)),
            ])),
            _ => None,
        }
    }

    /// Whether a MODSEQ key is among the keys.
    pub(crate) fn has_mod_seq(&self) -> bool {
        match self {
            Self::ModSeq(_) => true,
            Self::Not(key) => key.has_mod_seq(),
            Self::Or(a, b) => a.has_mod_seq() || b.has_mod_seq(),
            Self::And(keys) => keys.iter().any(Self::has_mod_seq),
            _ => false,
        }
    }
}

fn keyword(cursor: &mut Cursor<'_>) -> Parsed<String> {
    cursor.space()?;
    cursor.atom().map(str::to_owned)
}

/// `MODSEQ ["name" type] number`; all flags of a message share one mod-sequence, so the entry makes no difference.
fn mod_seq(cursor: &mut Cursor<'_>) -> Parsed<u64> {
    cursor.space()?;
    if cursor.peek() == Some(b'"') {
        cursor.string()?;
        cursor.space()?;
        if !matches!(cursor.word()?.as_str(), "ALL" | "PRIV" | "SHARED") {
            return Err(Syntax("unknown entry type"));
        }
        cursor.space()?;
    }
    cursor.number64()
}

fn criterion(word: &str, cursor: &mut Cursor<'_>) -> Parsed<Criterion> {
    let field = match word {
        "FROM" => "From",
        "TO" => "To",
        "CC" => "Cc",
        "BCC" => "Bcc",
        "SUBJECT" => "Subject",
        "HEADER" | "BODY" | "TEXT" | "BEFORE" | "ON" | "SINCE" | "SENTBEFORE" | "SENTON"
        | "SENTSINCE" | "LARGER" | "SMALLER" => "",
        _ => return Err(Syntax("unknown search key")),
    };
    cursor.space()?;
    if !field.is_empty() {
        return Ok(Criterion::Header {
            field: field.to_owned(),
            text: cursor.astring_text()?,
        });
    }
    Ok(match word {
        "HEADER" => {
            let field = cursor.astring_text()?;
            cursor.space()?;
            Criterion::Header {
                field,
                text: cursor.astring_text()?,
            }
        }
        "BODY" => Criterion::Body(cursor.astring_text()?),
        "TEXT" => Criterion::Text(cursor.astring_text()?),
        "LARGER" => Criterion::Larger(cursor.number()?),
        "SMALLER" => Criterion::Smaller(cursor.number()?),
        word => {
            let day = date::parse_day(&cursor.astring_text()?).ok_or(Syntax("expected a date"))?;
            match word {
                "BEFORE" => Criterion::Before(day),
                "ON" => Criterion::On(day),
                "SINCE" => Criterion::Since(day),
                "SENTBEFORE" => Criterion::SentBefore(day),
                "SENTON" => Criterion::SentOn(day),
                _ => Criterion::SentSince(day),
            }
        }
    })
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |f: &mut fmt::Formatter<'_>, key: &str, text: &str| {
            let mut out = BytesMut::new();
            write::string(&mut out, text);
            write!(f, "{key} {}", String::from_utf8_lossy(&out))
        };
        let day = |f: &mut fmt::Formatter<'_>, key: &str, day: i32| {
            write!(f, "{key} {}", date::format_day(day))
        };
        match self {
            Self::Header { field, text: value } => {
                text(f, "HEADER", field)?;
                text(f, "", value)
            }
            Self::Body(value) => text(f, "BODY", value),
            Self::Text(value) => text(f, "TEXT", value),
            Self::Before(date) => day(f, "BEFORE", *date),
            Self::On(date) => day(f, "ON", *date),
            Self::Since(date) => day(f, "SINCE", *date),
            Self::SentBefore(date) => day(f, "SENTBEFORE", *date),
            Self::SentOn(date) => day(f, "SENTON", *date),
            Self::SentSince(date) => day(f, "SENTSINCE", *date),
            Self::Larger(size) => write!(f, "LARGER {size}"),
            Self::Smaller(size) => write!(f, "SMALLER {size}"),
        }
    }
}

impl fmt::Display for SearchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("ALL"),
            Self::Sequence(set) => set.fmt(f),
            Self::Uid(set) => write!(f, "UID {set}"),
            Self::Flag(flag) => f.write_str(
                flag.names()
                    .next()
                    .unwrap_or("\\ALL")
                    .get(1..)
                    .unwrap_or("ALL"),
            ),
            Self::Keyword(keyword) => write!(f, "KEYWORD {keyword}"),
            Self::Recent => f.write_str("RECENT"),
            Self::ModSeq(value) => write!(f, "MODSEQ {value}"),
            Self::Criterion(criterion) => criterion.fmt(f),
            Self::Not(key) => write!(f, "NOT {key}"),
            Self::Or(a, b) => write!(f, "OR {a} {b}"),
            Self::And(keys) => {
                for (at, key) in keys.iter().enumerate() {
                    write!(f, "{}{key}", if at == 0 { "(" } else { " " })?;
                }
                f.write_str(")")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SearchKey, &'static str> {
        SearchKey::parse_all(&mut Cursor::new(text.as_bytes())).map_err(|e| e.0)
    }

    #[test]
    fn keys() {
        for (text, printed) in [
            ("ALL", "ALL"),
            (
                "flagged since 1-Feb-1994 not from \"Smith\"",
                "(Flagged SINCE 1-Feb-1994 NOT HEADER \"From\" \"Smith\")",
            ),
            ("OR (SEEN 1:3) UNDRAFT", "OR (Seen 1:3) NOT Draft"),
            ("NEW", "(RECENT NOT Seen)"),
            ("UNKEYWORD $Junk", "NOT KEYWORD $Junk"),
            (
                "MODSEQ \"/flags/\\\\draft\" all 620162338",
                "MODSEQ 620162338",
            ),
            ("TEXT {3}\r\na\"b", "TEXT \"a\\\"b\""),
            ("HEADER X \"\" LARGER 5", "(HEADER \"X\" \"\" LARGER 5)"),
            ("SENTON \"01-Mar-2000\"", "SENTON 1-Mar-2000"),
            ("UID 1,2 *", "(UID 1,2 *)"),
        ] {
            let key = parse(text).unwrap();
            assert_eq!(key.to_string(), printed);
            // `From` and the like print as HEADER; what is printed means the same.
            assert_eq!(parse(&key.to_string()), Ok(key));
        }
    }

    #[test]
    fn no_keys() {
        for text in [
            "",
            "FOO",
            "NOT",
            "OR ALL",
            "()",
            "(ALL",
            "SINCE 1-Foo-2000",
            "UID x",
            "LARGER -1",
            "ALL ",
            "UNALL",
            "UNRECENT",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"NOT ".repeat(5000)).is_err());
        assert!(parse(&format!("{}ALL", "(".repeat(5000))).is_err());
    }
}
