use std::{borrow::Cow, ops::Range};

use mail_parser::{HeaderValue, parsers::MessageStream};
use serde::{Deserialize, Serialize};

use crate::{
    Envelope,
    envelope::clip,
    header,
    token::{PARAMETER, Token, Tokens},
};

/// Most parameters kept of one field.
const PARAMETERS_MAX: usize = 64;
/// Longest value read for a type or disposition, in bytes.
const VALUE_MAX: usize = 64 * 1024;

/// `Content-Disposition` (RFC 2183).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Disposition {
    /// `inline`, `attachment`, …, in lower case.
    #[serde(rename = "k")]
    pub kind: String,
    /// Parameters as written, names in lower case.
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<(String, String)>,
}

/// One MIME part (RFC 2045), or the message itself. All places are byte offsets into the raw message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Part {
    /// Levels below the message, which has 0.
    #[serde(rename = "l", default, skip_serializing_if = "is_zero")]
    pub depth: u32,
    /// Media type in lower case.
    #[serde(rename = "t")]
    pub kind: String,
    /// Media subtype in lower case.
    #[serde(rename = "u")]
    pub subtype: String,
    /// Parameters as written (RFC 2231 pieces kept apart), names in lower case.
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<(String, String)>,
    /// `Content-ID` as written.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `Content-Description` as written.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `Content-Transfer-Encoding` in lower case, `7bit` when absent.
    #[serde(rename = "e")]
    pub encoding: String,
    /// `Content-MD5` as written.
    #[serde(rename = "5", default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
    /// `Content-Disposition`.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<Disposition>,
    /// `Content-Language`, one tag each.
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    pub language: Vec<String>,
    /// `Content-Location` as written.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Where the part's own header begins.
    #[serde(rename = "h", default, skip_serializing_if = "is_zero")]
    pub header_start: u32,
    /// Where the body begins, after the empty line.
    #[serde(rename = "b", default, skip_serializing_if = "is_zero")]
    pub body_start: u32,
    /// Where the body ends; the line break before a boundary is not part of it (RFC 2046 §5.1.1).
    #[serde(rename = "z", default, skip_serializing_if = "is_zero")]
    pub body_end: u32,
    /// Lines of the body.
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    pub lines: u32,
    /// Envelope of the message inside, for `message/rfc822`.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Box<Envelope>>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

impl Part {
    /// Size of the body in bytes, still encoded.
    pub fn size(&self) -> u32 {
        self.body_end.saturating_sub(self.body_start)
    }

    /// Range of the part's own header, the empty line included.
    pub fn header_range(&self) -> Range<usize> {
        self.header_start as usize..self.body_start as usize
    }

    /// Range of the body.
    pub fn body_range(&self) -> Range<usize> {
        self.body_start as usize..self.body_end as usize
    }

    /// Whether the type is this one, given in lower case.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind == kind && self.subtype == subtype
    }

    /// Whether the part has parts of its own: a multipart, or a message inside a message.
    pub fn is_container(&self) -> bool {
        self.kind == "multipart" || self.is("message", "rfc822") || self.is("message", "global")
    }

    /// A parameter of the type as written, by its name in lower case.
    pub fn param(&self, name: &str) -> Option<&str> {
        find(&self.params, name)
    }

    /// File name in UTF-8, from the disposition or the type (RFC 2231, RFC 2047 tolerated).
    pub fn file_name(&self) -> Option<String> {
        let disposition = self
            .disposition
            .as_ref()
            .and_then(|d| decoded(&d.params, "filename"));
        disposition.or_else(|| decoded(&self.params, "name"))
    }

    /// Reads the `Content-` fields of a header block. Types that cannot be read are `text/plain` (RFC 2045 §5.2);
    /// `fallback` is the type of a part that states none.
    pub(crate) fn of(block: &[u8], fallback: (&str, &str)) -> Self {
        let mut part = Self {
            kind: fallback.0.to_owned(),
            subtype: fallback.1.to_owned(),
            encoding: "7bit".to_owned(),
            ..Self::default()
        };
        let mut typed = false;
        for field in header::fields(block) {
            let text = || header::unfold(field.value.get(..VALUE_MAX).unwrap_or(field.value));
            match field.name.to_ascii_lowercase().as_slice() {
                b"content-type" if !typed => {
                    typed = true;
                    part.set_type(&text());
                }
                b"content-transfer-encoding" => part.set_encoding(&text()),
                b"content-id" => part.id = Some(clip(text())),
                b"content-description" => part.description = Some(clip(text())),
                b"content-md5" => part.md5 = Some(clip(text())),
                b"content-location" => part.location = Some(clip(text())),
                b"content-disposition" => part.disposition = disposition(&text()),
                b"content-language" => {
                    let value = text();
                    let tags = value.split(',').map(str::trim).filter(|t| !t.is_empty());
                    part.language = tags
                        .take(PARAMETERS_MAX)
                        .map(|t| clip(t.to_owned()))
                        .collect();
                }
                _ => {}
            }
        }
        part
    }

    fn set_type(&mut self, value: &str) {
        let mut tokens = Tokens::new(value, PARAMETER).filter(|t| !matches!(t, Token::Comment(_)));
        match (tokens.next(), tokens.next(), tokens.next()) {
            (Some(Token::Atom(kind)), Some(Token::Special(b'/')), Some(Token::Atom(subtype))) => {
                self.kind = clip(kind.to_ascii_lowercase());
                self.subtype = clip(subtype.to_ascii_lowercase());
                self.params = params(tokens);
            }
            _ => (self.kind, self.subtype) = ("text".to_owned(), "plain".to_owned()),
        }
    }

    fn set_encoding(&mut self, value: &str) {
        if let Some(Token::Atom(encoding)) = Tokens::new(value, PARAMETER).next() {
            self.encoding = clip(encoding.to_ascii_lowercase());
        }
    }
}

fn disposition(value: &str) -> Option<Disposition> {
    let mut tokens = Tokens::new(value, PARAMETER).filter(|t| !matches!(t, Token::Comment(_)));
    match tokens.next() {
        Some(Token::Atom(kind)) => Some(Disposition {
            kind: clip(kind.to_ascii_lowercase()),
            params: params(tokens),
        }),
        _ => None,
    }
}

/// Reads `; name=value …`; what does not fit the form is skipped up to the next semicolon.
fn params<'x>(tokens: impl Iterator<Item = Token<'x>>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut name: Option<String> = None;
    let mut value: Option<String> = None;
    for token in tokens.chain([Token::Special(b';')]) {
        match token {
            Token::Special(b';') => {
                if let (Some(name), Some(value)) = (name.take(), value.take()) {
                    found.push((clip(name), clip(value)));
                }
                if found.len() >= PARAMETERS_MAX {
                    break;
                }
            }
            Token::Special(b'=') if name.is_some() && value.is_none() => {
                value = Some(String::new())
            }
            Token::Special(other) => {
                if let Some(value) = &mut value {
                    value.push(char::from(other));
                }
            }
            Token::Atom(text) => extend(&mut name, &mut value, text),
            Token::Quoted(text) => extend(&mut name, &mut value, &text),
            Token::Comment(_) | Token::Literal(_) => {}
        }
    }
    found
}

fn extend(name: &mut Option<String>, value: &mut Option<String>, text: &str) {
    match value {
        // Unquoted blanks in values are wrong and common: `name=my file.pdf`.
        Some(value) if value.is_empty() => value.push_str(text),
        Some(value) => {
            if !value.ends_with(['/', '=', '(', ')']) {
                value.push(' ');
            }
            value.push_str(text);
        }
        None if name.is_none() => *name = Some(text.to_ascii_lowercase()),
        None => {}
    }
}

fn find<'x>(params: &'x [(String, String)], name: &str) -> Option<&'x str> {
    params
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, value)| value.as_str())
}

/// A parameter in UTF-8: continuations and character sets joined (RFC 2231), encoded words decoded.
fn decoded(params: &[(String, String)], name: &str) -> Option<String> {
    if let Some(value) = find(params, name) {
        return Some(header::decode(value).into_owned());
    }
    if !params.iter().any(|(n, _)| {
        n.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('*'))
    }) {
        return None;
    }
    let quoted = params.iter().map(|(n, v)| {
        if n.ends_with('*') {
            format!("; {n}={v}")
        } else {
            format!("; {n}=\"{}\"", escape(v))
        }
    });
    let line = format!("x/y{}\r\n", quoted.collect::<String>());
    match MessageStream::new(line.as_bytes()).parse_content_type() {
        HeaderValue::ContentType(value) => value.attribute(name).map(str::to_owned),
        _ => None,
    }
}

fn escape(value: &str) -> Cow<'_, str> {
    if value.contains(['"', '\\']) {
        Cow::Owned(value.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        Cow::Borrowed(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &str, expected: &str) {
        let part = Part::of(headers.as_bytes(), ("text", "plain"));
        let params: Vec<_> = part
            .params
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        assert_eq!(
            format!("{}/{} {}", part.kind, part.subtype, params.join(";")),
            expected,
            "{headers}"
        );
    }

    #[test]
    fn content_types() {
        check("", "text/plain ");
        check(
            "Content-Type: Text/HTML; Charset=\"UTF-8\"",
            "text/html charset=UTF-8",
        );
        check(
            "content-type: text/plain;\r\n charset=us-ascii (Plain text)",
            "text/plain charset=us-ascii",
        );
        check(
            "Content-Type: application/pdf; name=my file.pdf; x",
            "application/pdf name=my file.pdf",
        );
        check(
            "Content-Type: multipart/mixed; boundary=a/b=c:d",
            "multipart/mixed boundary=a/b=c:d",
        );
        check("Content-Type: broken", "text/plain ");
        check("Content-Type: a/b; n*0=x; n*1*=y", "a/b n*0=x;n*1*=y");
    }

    #[test]
    fn other_fields() {
        let part = Part::of(
            b"Content-ID: <1@x>\r\nContent-Transfer-Encoding: BASE64 (c)\r\nContent-Language: en, de\r\n\
              Content-Disposition: Attachment; filename*=UTF-8''%e2%82%ac%20rates.pdf\r\n\r\n",
            ("text", "plain"),
        );
        assert_eq!(part.encoding, "base64");
        assert_eq!(part.id.as_deref(), Some("<1@x>"));
        assert_eq!(part.language, ["en", "de"]);
        assert_eq!(part.disposition.as_ref().unwrap().kind, "attachment");
        assert_eq!(part.file_name().as_deref(), Some("€ rates.pdf"));
    }

    #[test]
    fn file_names() {
        for (value, name) in [
            ("attachment; filename=\"a b.txt\"", Some("a b.txt")),
            (
                "attachment; filename=\"=?utf-8?Q?=C3=BC.txt?=\"",
                Some("ü.txt"),
            ),
            (
                "attachment; filename*0=\"long \"; filename*1=\"name.txt\"",
                Some("long name.txt"),
            ),
            ("inline", None),
        ] {
            let part = Part::of(
                format!("Content-Disposition: {value}\r\n").as_bytes(),
                ("text", "plain"),
            );
            assert_eq!(part.file_name().as_deref(), name, "{value}");
        }
    }
}
