//! Cuts the bytes of a body section out of the raw message, without copying (RFC 3501 §6.4.5).

use bytes::{Bytes, BytesMut};

use crate::{
    BodyStructure,
    fetch_item::{Piece, Section},
};

/// Bytes of the section; `None` when the message has no such part.
pub(crate) fn cut(
    raw: &Bytes,
    structure: Option<&BodyStructure>,
    section: &Section,
) -> Option<Bytes> {
    let slice = |range: std::ops::Range<usize>| {
        let end = range.end.min(raw.len());
        raw.slice(range.start.min(end)..end)
    };
    if section.path.is_empty() {
        let body = header_len(raw);
        return Some(match &section.piece {
            Piece::Whole | Piece::Mime => raw.clone(),
            Piece::Header => slice(0..body),
            Piece::Text => slice(body..raw.len()),
            Piece::Fields { names, others } => filter(raw, names, *others),
        });
    }
    let structure = structure?;
    match &section.piece {
        Piece::Whole => structure.find(&section.path).map(|part| slice(part.body())),
        Piece::Mime => structure
            .find(&section.path)
            .map(|part| slice(part.header())),
        Piece::Header => structure
            .message_inside(&section.path)
            .map(|part| slice(part.header())),
        Piece::Text => structure
            .message_inside(&section.path)
            .map(|part| slice(part.body())),
        Piece::Fields { names, others } => structure
            .message_inside(&section.path)
            .map(|part| filter(&slice(part.header()), names, *others)),
    }
}

/// Whether the section can be cut from the header of the message alone.
pub(crate) fn needs_header_only(section: &Section) -> bool {
    section.path.is_empty() && matches!(section.piece, Piece::Header | Piece::Fields { .. })
}

/// Length of the header with its empty line.
fn header_len(raw: &[u8]) -> usize {
    let mut at = 0;
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        at += len;
        if matches!(rest.get(..len), Some(b"\n" | b"\r\n")) {
            break;
        }
    }
    at
}

/// The fields named, or all others, and the empty line (RFC 3501 §6.4.5: it is always there).
fn filter(raw: &[u8], names: &[String], others: bool) -> Bytes {
    let mut kept = BytesMut::new();
    let mut rest = raw.get(..header_len(raw)).unwrap_or_default();
    let mut keep = false;
    while !rest.is_empty() {
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let (line, after) = rest.split_at(len);
        rest = after;
        if matches!(line, b"\n" | b"\r\n") {
            break;
        }
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let name = memchr::memchr(b':', line)
                .and_then(|colon| line.get(..colon))
                .map(<[u8]>::trim_ascii_end);
            let named = name.is_some_and(|name| {
                names
                    .iter()
                    .any(|n| n.as_bytes().eq_ignore_ascii_case(name))
            });
            keep = named != others && name.is_some();
        }
        if keep {
            kept.extend_from_slice(line);
        }
    }
    kept.extend_from_slice(b"\r\n");
    kept.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cursor::Cursor, fetch_item::FetchItem, structure::tests::nested};

    fn check(raw: &str, section: &str, expected: Option<&str>) {
        let item =
            FetchItem::parse(&mut Cursor::new(format!("BODY[{section}]").as_bytes())).unwrap();
        let FetchItem::Body { section, .. } = item else {
            panic!("no body item")
        };
        let found = cut(
            &Bytes::copy_from_slice(raw.as_bytes()),
            Some(&nested()),
            &section,
        );
        assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{section}");
    }

    #[test]
    fn sections_of_the_message() {
        let raw = "From: a\r\nTo: b,\r\n c\r\nX : y\r\nno field\r\n\r\nbody\r\n";
        check(raw, "", Some(raw));
        check(raw, "HEADER", Some(&raw[..raw.len() - 6]));
        check(raw, "TEXT", Some("body\r\n"));
        check(
            raw,
            "HEADER.FIELDS (to x)",
            Some("To: b,\r\n c\r\nX : y\r\n\r\n"),
        );
        check(
            raw,
            "HEADER.FIELDS.NOT (TO)",
            Some("From: a\r\nX : y\r\n\r\n"),
        );
        check("From: a", "HEADER.FIELDS (to)", Some("\r\n"));
        check("From: a", "TEXT", Some(""));
    }

    #[test]
    fn sections_of_parts() {
        let raw: String = (0..100u8).map(|n| char::from(b'0' + n % 10)).collect();
        check(&raw, "1", Some("0123456789"));
        check(&raw, "1.MIME", Some("23456789"));
        check(&raw, "2.HEADER", Some("01234"));
        check(&raw, "2.TEXT", Some(&raw[45..70]));
        check(&raw, "2.2", Some("01234"));
        check(&raw, "1.TEXT", None);
        check(&raw, "9", None);
        // Places beyond a message that is shorter than told are cut off.
        check("short", "3", Some(""));
    }
}
