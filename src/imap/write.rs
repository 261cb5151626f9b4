//! The shapes of RFC 3501 §4 written straight into one buffer.

use bytes::BytesMut;

use crate::name;

/// Longest string that is quoted; longer ones are literals, which readers need not scan.
const QUOTED_MAX: usize = 1000;

pub(crate) fn put(out: &mut BytesMut, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

pub(crate) fn number(out: &mut BytesMut, value: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = value;
    for slot in digits.iter_mut().rev() {
        *slot = b'0' + (rest % 10) as u8;
        rest /= 10;
        at -= 1;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
}

/// Announces a literal of this length; its bytes follow.
pub(crate) fn literal_head(out: &mut BytesMut, len: usize) {
    put(out, "{");
    number(out, len as u64);
    put(out, "}\r\n");
}

/// A string: quoted when it is short text, else a literal. NUL has no place in either and is left out.
pub(crate) fn string(out: &mut BytesMut, text: &str) {
    let special = |b: u8| !(0x20..0x7f).contains(&b);
    if text.len() > QUOTED_MAX || text.bytes().any(special) {
        let clear = text.replace('\0', "");
        literal_head(out, clear.len());
        put(out, &clear);
        return;
    }
    put(out, "\"");
    for piece in text.split_inclusive(['"', '\\']) {
        match piece.as_bytes().split_last() {
            Some((last @ (b'"' | b'\\'), head)) => {
                out.extend_from_slice(head);
                out.extend_from_slice(&[b'\\', *last]);
            }
            _ => put(out, piece),
        }
    }
    put(out, "\"");
}

pub(crate) fn nstring(out: &mut BytesMut, text: Option<&str>) {
    match text {
        Some(text) => string(out, text),
        None => put(out, "NIL"),
    }
}

/// Whether the character may stand in an atom (RFC 3501 §9 `ATOM-CHAR`).
pub(crate) fn is_atom_char(b: u8) -> bool {
    b > 0x20 && b < 0x7f && !b"(){%*\"\\]".contains(&b)
}

/// An atom where that is possible, else a string.
pub(crate) fn astring(out: &mut BytesMut, text: &str) {
    if !text.is_empty()
        && !text.eq_ignore_ascii_case("NIL")
        && text.bytes().all(|b| is_atom_char(b) || b == b']')
    {
        put(out, text);
    } else {
        string(out, text);
    }
}

/// The name of a mailbox in modified UTF-7.
pub(crate) fn mailbox(out: &mut BytesMut, mailbox: &str) {
    astring(out, &name::encode(mailbox));
}

/// `(a b c)`.
pub(crate) fn list<'x>(out: &mut BytesMut, items: impl IntoIterator<Item = &'x str>) {
    put(out, "(");
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            put(out, " ");
        }
        put(out, item);
    }
    put(out, ")");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut BytesMut)) -> String {
        let mut out = BytesMut::new();
        write(&mut out);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn strings() {
        for (text, expected) in [
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("a\"b\\", "\"a\\\"b\\\\\""),
            ("a\r\nb", "{4}\r\na\r\nb"),
            ("ü\0", "{2}\r\nü"),
        ] {
            assert_eq!(written(|out| string(out, text)), expected);
        }
        for (text, expected) in [
            ("INBOX", "INBOX"),
            ("", "\"\""),
            ("nil", "\"nil\""),
            ("a b", "\"a b\""),
            ("a%", "\"a%\""),
        ] {
            assert_eq!(written(|out| astring(out, text)), expected);
        }
        assert_eq!(written(|out| mailbox(out, "Entwürfe")), "Entw&APw-rfe");
    }

    #[test]
    fn numbers() {
        for value in [0, 7, 10, 4_294_967_295, u64::MAX] {
            assert_eq!(written(|out| number(out, value)), value.to_string());
        }
    }
}
