use std::borrow::Cow;

use mail_parser::{HeaderValue, parsers::MessageStream};

/// Longest header value whose encoded words are decoded, in bytes; the rest stays as it is.
const DECODE_MAX: usize = 8 * 1024;

/// One header field as it stands in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'x> {
    /// Name without the colon and without blanks around it.
    pub name: &'x [u8],
    /// Everything after the colon, folds included, without the last line break.
    pub value: &'x [u8],
    /// Whole field with its line breaks.
    pub raw: &'x [u8],
}

impl Field<'_> {
    /// Compares the name without regard to case (RFC 5322 §1.2.2).
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// Iterates over the fields of a header block; lines that are no field are skipped, the first empty line ends it
/// (RFC 5322 §2.1).
pub fn fields(block: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut rest = block;
    std::iter::from_fn(move || {
        loop {
            let len = field_len(rest)?;
            let (raw, tail) = rest.split_at(len);
            rest = tail;
            if let Some(colon) = memchr::memchr(b':', raw) {
                let (name, value) = raw.split_at(colon);
                let name = name.trim_ascii();
                if !name.is_empty() && !name.iter().any(|b| b.is_ascii_whitespace()) {
                    let value = value.get(1..).unwrap_or_default();
                    let value = value.strip_suffix(b"\n").unwrap_or(value);
                    let value = value.strip_suffix(b"\r").unwrap_or(value);
                    return Some(Field { name, value, raw });
                }
            }
        }
    })
}

/// First field of this name in the message or header block.
pub fn field<'x>(block: &'x [u8], name: &str) -> Option<Field<'x>> {
    fields(block).find(|field| field.is(name))
}

/// Length of the header block with the empty line that ends it, in bytes; the whole length when there is no such line.
pub fn block_len(raw: &[u8]) -> usize {
    let mut at = 0;
    while let Some(line) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        let len = line_len(line);
        at += len;
        if matches!(line.get(..len), Some(b"\n" | b"\r\n")) {
            break;
        }
    }
    at
}

/// Length of the first line with its line feed.
pub(crate) fn line_len(bytes: &[u8]) -> usize {
    memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1)
}

/// Length of the first field with its folded lines; `None` at the end of the block.
fn field_len(rest: &[u8]) -> Option<usize> {
    if rest.is_empty() || rest.starts_with(b"\r\n") || rest.starts_with(b"\n") {
        return None;
    }
    let mut len = line_len(rest);
    while let Some(b' ' | b'\t') = rest.get(len) {
        len += line_len(rest.get(len..).unwrap_or_default());
    }
    Some(len)
}

/// The value without its line breaks and without blanks at both ends (RFC 5322 §2.2.3); bytes that are no UTF-8 are
/// replaced, NUL is dropped.
pub fn unfold(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value.trim_ascii());
    if text.contains(['\r', '\n', '\0']) {
        text.replace(['\r', '\n', '\0'], "")
    } else {
        text.into_owned()
    }
}

/// Decodes the encoded words of an unfolded value to UTF-8 (RFC 2047).
pub fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains("=?") || text.len() > DECODE_MAX {
        return Cow::Borrowed(text);
    }
    let line = format!("{text}\n");
    match MessageStream::new(line.as_bytes()).parse_unstructured() {
        HeaderValue::Text(decoded) => Cow::Owned(decoded.replace(['\r', '\n', '\0'], " ")),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_unfold_and_stop_at_the_empty_line() {
        let raw = b"From nobody\r\nSubject: a\r\n b\r\nTo : x@y.example\r\n: no name\r\nX:\r\n\r\nBody: no\r\n";
        let found: Vec<_> = fields(raw)
            .map(|f| {
                (
                    String::from_utf8_lossy(f.name).into_owned(),
                    unfold(f.value),
                )
            })
            .collect();
        let expected = [("Subject", "a b"), ("To", "x@y.example"), ("X", "")];
        assert_eq!(found, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert_eq!(block_len(raw), raw.len() - b"Body: no\r\n".len());
        assert_eq!(field(raw, "SUBJECT").unwrap().raw, b"Subject: a\r\n b\r\n");
    }

    #[test]
    fn a_block_without_an_end_is_all_header() {
        assert_eq!(block_len(b"A: b"), 4);
        assert_eq!(block_len(b""), 0);
        assert_eq!(block_len(b"\nbody"), 1);
    }

    #[test]
    fn encoded_words_are_decoded() {
        for (raw, decoded) in [
            ("plain", "plain"),
            (
                "=?iso-8859-1?Q?Keld_J=F8rn?= Simonsen",
                "Keld Jørn Simonsen",
            ),
            ("=?UTF-8?B?0J/RgNC4?= =?UTF-8?B?0LLQtdGC?=", "Привет"),
            ("=?utf-8?Q?broken", "=?utf-8?Q?broken"),
            ("a =?x?= b", "a =?x?= b"),
        ] {
            assert_eq!(decode(raw), decoded, "{raw}");
        }
    }
}
