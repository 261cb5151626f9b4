use std::fmt;

use bytes::BytesMut;

use crate::{
    cursor::{Cursor, Parsed, Syntax},
    write,
};

/// Most items of one FETCH.
const ITEMS_MAX: usize = 200;
/// Most numbers in a part number, most fields of one section.
const SECTION_MAX: usize = 100;

/// What part of a part is meant (RFC 3501 §6.4.5).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Piece {
    /// Everything.
    #[default]
    Whole,
    Header,
    /// Named header fields, or all others.
    Fields {
        names: Vec<String>,
        others: bool,
    },
    Text,
    Mime,
}

/// `BODY[…]`: a part by its numbers, and what of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Section {
    pub(crate) path: Vec<u32>,
    pub(crate) piece: Piece,
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self
            .path
            .iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join(".");
        f.write_str(&path)?;
        if !path.is_empty() && self.piece != Piece::Whole {
            f.write_str(".")?;
        }
        match &self.piece {
            Piece::Whole => Ok(()),
            Piece::Header => f.write_str("HEADER"),
            Piece::Text => f.write_str("TEXT"),
            Piece::Mime => f.write_str("MIME"),
            Piece::Fields { names, others } => {
                let mut list = BytesMut::new();
                for (at, name) in names.iter().enumerate() {
                    write::put(&mut list, if at == 0 { "" } else { " " });
                    write::astring(&mut list, name);
                }
                let not = if *others { ".NOT" } else { "" };
                write!(f, "HEADER.FIELDS{not} ({})", String::from_utf8_lossy(&list))
            }
        }
    }
}

/// One item of FETCH (RFC 3501 §6.4.5, RFC 7162 §3.1.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FetchItem {
    Flags,
    Uid,
    InternalDate,
    Size,
    Envelope,
    /// `BODY` without, `BODYSTRUCTURE` with extension data.
    Structure {
        extended: bool,
    },
    ModSeq,
    Body {
        section: Section,
        partial: Option<(u32, u32)>,
        peek: bool,
        name: BodyName,
    },
}

/// How a body item is called; the old names have no section and no partial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyName {
    Body,
    Rfc822,
    Rfc822Header,
    Rfc822Text,
}

impl FetchItem {
    /// Whether `\Seen` is set by fetching it.
    pub(crate) fn sets_seen(&self) -> bool {
        matches!(self, Self::Body { peek: false, .. })
    }

    fn old(name: BodyName, piece: Piece) -> Self {
        let peek = name == BodyName::Rfc822Header;
        Self::Body {
            section: Section {
                path: Vec::new(),
                piece,
            },
            partial: None,
            peek,
            name,
        }
    }

    /// Items of a FETCH command: a macro, one item or a list.
    pub(crate) fn parse_all(cursor: &mut Cursor<'_>) -> Parsed<Vec<Self>> {
        let fast = [Self::Flags, Self::InternalDate, Self::Size];
        if cursor.peek() == Some(b'(') {
            let items = cursor.list(Self::parse)?;
            return if (1..=ITEMS_MAX).contains(&items.len()) {
                Ok(items)
            } else {
                Err(Syntax("wrong number of items"))
            };
        }
        // A macro is a word of its own; `FULL` may not be taken for the beginning of something else.
        let word = cursor
            .run(|b| b.is_ascii_alphanumeric() || b == b'.')
            .to_ascii_uppercase();
        Ok(match word.as_slice() {
            b"FAST" => fast.to_vec(),
            b"ALL" => [&fast[..], &[Self::Envelope]].concat(),
            b"FULL" => [
                &fast[..],
                &[Self::Envelope, Self::Structure { extended: false }],
            ]
            .concat(),
            word => vec![Self::parse_named(word, cursor)?],
        })
    }

    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let word = cursor
            .run(|b| b.is_ascii_alphanumeric() || b == b'.')
            .to_ascii_uppercase();
        Self::parse_named(&word, cursor)
    }

    fn parse_named(word: &[u8], cursor: &mut Cursor<'_>) -> Parsed<Self> {
        Ok(match word {
            b"FLAGS" => Self::Flags,
            b"UID" => Self::Uid,
            b"INTERNALDATE" => Self::InternalDate,
            b"RFC822.SIZE" => Self::Size,
            b"ENVELOPE" => Self::Envelope,
            b"BODYSTRUCTURE" => Self::Structure { extended: true },
            b"MODSEQ" => Self::ModSeq,
            b"RFC822" => Self::old(BodyName::Rfc822, Piece::Whole),
            b"RFC822.HEADER" => Self::old(BodyName::Rfc822Header, Piece::Header),
            b"RFC822.TEXT" => Self::old(BodyName::Rfc822Text, Piece::Text),
            b"BODY" if cursor.peek() != Some(b'[') => Self::Structure { extended: false },
            b"BODY" | b"BODY.PEEK" => {
                let section = Section::parse(cursor)?;
                let partial = partial(cursor)?;
                Self::Body {
                    section,
                    partial,
                    peek: word.len() > 4,
                    name: BodyName::Body,
                }
            }
            _ => return Err(Syntax("unknown FETCH item")),
        })
    }
}

impl fmt::Display for FetchItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flags => "FLAGS",
            Self::Uid => "UID",
            Self::InternalDate => "INTERNALDATE",
            Self::Size => "RFC822.SIZE",
            Self::Envelope => "ENVELOPE",
            Self::Structure { extended: true } => "BODYSTRUCTURE",
            Self::Structure { extended: false } => "BODY",
            Self::ModSeq => "MODSEQ",
            Self::Body {
                name: BodyName::Rfc822,
                ..
            } => "RFC822",
            Self::Body {
                name: BodyName::Rfc822Header,
                ..
            } => "RFC822.HEADER",
            Self::Body {
                name: BodyName::Rfc822Text,
                ..
            } => "RFC822.TEXT",
            Self::Body {
                section,
                partial,
                peek,
                name: BodyName::Body,
            } => {
                write!(f, "BODY{}[{section}]", if *peek { ".PEEK" } else { "" })?;
                return partial.map_or(Ok(()), |(start, len)| write!(f, "<{start}.{len}>"));
            }
        })
    }
}

impl Section {
    fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.expect(b'[', "expected a section")?;
        let mut section = Self::default();
        while cursor.peek().is_some_and(|b| b.is_ascii_digit()) {
            section.path.push(cursor.number()?);
            if !cursor.eat(b'.') {
                cursor.expect(b']', "unclosed section")?;
                return Ok(section);
            }
            if section.path.len() >= SECTION_MAX {
                return Err(Syntax("part number too deep"));
            }
        }
        let word = cursor
            .run(|b| b.is_ascii_alphanumeric() || b == b'.')
            .to_ascii_uppercase();
        section.piece = match word.as_slice() {
            b"" if section.path.is_empty() => Piece::Whole,
            b"HEADER" => Piece::Header,
            b"TEXT" => Piece::Text,
            b"MIME" if !section.path.is_empty() => Piece::Mime,
            b"HEADER.FIELDS" | b"HEADER.FIELDS.NOT" => {
                cursor.space()?;
                let names = cursor.list(Cursor::astring_text)?;
                if names.is_empty() || names.len() > SECTION_MAX {
                    return Err(Syntax("wrong number of header fields"));
                }
                Piece::Fields {
                    names,
                    others: word.ends_with(b"NOT"),
                }
            }
            _ => return Err(Syntax("unknown section")),
        };
        cursor.expect(b']', "unclosed section")?;
        Ok(section)
    }
}

fn partial(cursor: &mut Cursor<'_>) -> Parsed<Option<(u32, u32)>> {
    if !cursor.eat(b'<') {
        return Ok(None);
    }
    let start = cursor.number()?;
    cursor.expect(b'.', "broken partial")?;
    let len = cursor.number()?;
    cursor.expect(b'>', "broken partial")?;
    if len == 0 {
        Err(Syntax("empty partial"))
    } else {
        Ok(Some((start, len)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, &'static str> {
        let mut cursor = Cursor::new(text.as_bytes());
        let items = FetchItem::parse_all(&mut cursor).map_err(|e| e.0)?;
        cursor.end().map_err(|e| e.0)?;
        Ok(items
            .iter()
            .map(FetchItem::to_string)
            .collect::<Vec<_>>()
            .join(" "))
    }

    #[test]
    fn items() {
        for text in [
            "FLAGS",
            "BODY",
            "BODY[]",
            "BODY.PEEK[HEADER]",
            "BODY[1.2.3]<0.1024>",
            "BODY[4.2.HEADER.FIELDS.NOT (DATE FROM)]",
            "BODY[1.MIME]",
            "RFC822.HEADER",
            "BODYSTRUCTURE",
        ] {
            assert_eq!(parse(text).as_deref(), Ok(text));
        }
        assert_eq!(
            parse("full").as_deref(),
            Ok("FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY")
        );
        assert_eq!(
            parse("(uid body.peek[header.fields (\"x\" to)])").as_deref(),
            Ok("UID BODY.PEEK[HEADER.FIELDS (x to)]")
        );
        for text in [
            "",
            "()",
            "FOO",
            "(FAST)",
            "BODY[MIME]",
            "BODY[1.]",
            "BODY[",
            "BODY[]<1>",
            "BODY[]<1.0>",
            "BODY[HEADER.FIELDS ()]",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
