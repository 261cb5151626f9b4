use std::borrow::Cow;

use mail_parser::decoders::{
    base64::base64_decode, charsets::map::charset_decoder, html::html_to_text,
    quoted_printable::quoted_printable_decode,
};

use crate::{Facts, Part};

/// Most text of one message that goes into the search index, in bytes.
const SEARCH_MAX: usize = 1024 * 1024;

/// Body of a part with its transfer encoding undone; as it stands when that is broken.
pub fn part_bytes<'x>(raw: &'x [u8], part: &Part) -> Cow<'x, [u8]> {
    decode_transfer(
        raw.get(part.body_range()).unwrap_or_default(),
        &part.encoding,
    )
}

/// Body of a text part in UTF-8; unknown character sets are read as UTF-8, bytes that are none are replaced.
pub fn part_text<'x>(raw: &'x [u8], part: &Part) -> Cow<'x, str> {
    decode_text(part_bytes(raw, part), part)
}

fn decode_transfer<'x>(body: &'x [u8], encoding: &str) -> Cow<'x, [u8]> {
    let decoded = match encoding {
        "base64" => base64_decode(body),
        "quoted-printable" => quoted_printable_decode(body),
        _ => None,
    };
    decoded.map_or(Cow::Borrowed(body), Cow::Owned)
}

fn decode_text<'x>(bytes: Cow<'x, [u8]>, part: &Part) -> Cow<'x, str> {
    match part
        .param("charset")
        .and_then(|name| charset_decoder(name.as_bytes()))
    {
        Some(decode) => Cow::Owned(decode(&bytes)),
        None => match bytes {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        },
    }
}

/// The part shown to readers of this subtype: the first that is no attachment.
fn body_part<'f>(facts: &'f Facts, subtype: &str) -> Option<&'f Part> {
    facts
        .parts
        .iter()
        .find(|part| part.is("text", subtype) && !facts.is_attachment(part))
}

/// The plain text of a message in UTF-8; made from the HTML when there is only that, empty when there is neither.
pub fn text_body<'x>(raw: &'x [u8], facts: &Facts) -> Cow<'x, str> {
    match (body_part(facts, "plain"), body_part(facts, "html")) {
        (Some(part), _) => part_text(raw, part),
        (None, Some(part)) => Cow::Owned(html_to_text(&part_text(raw, part))),
        (None, None) => Cow::Borrowed(""),
    }
}

/// The HTML of a message in UTF-8, not sanitised; `None` when it has none.
pub fn html_body<'x>(raw: &'x [u8], facts: &Facts) -> Option<Cow<'x, str>> {
    body_part(facts, "html").map(|part| part_text(raw, part))
}

/// All text of a message for the search index: text parts (HTML without its tags) and file names, at most 1 MiB.
pub fn search_text(raw: &[u8], facts: &Facts) -> String {
    let mut all = String::new();
    for part in &facts.parts {
        if part.kind == "text" {
            let text = part_text(raw, part);
            all.push_str(&if part.subtype == "html" {
                Cow::Owned(html_to_text(&text))
            } else {
                text
            });
            all.push('\n');
        }
        if let Some(name) = part.file_name() {
            all.push_str(&name);
            all.push('\n');
        }
        if all.len() >= SEARCH_MAX {
            all.truncate(all.floor_char_boundary(SEARCH_MAX));
            break;
        }
    }
    all
}

/// Bytes of a body that the preview is made from.
const PREVIEW_SOURCE: usize = 16 * 1024;

/// First characters of the text, blanks and line breaks run together.
pub(crate) fn preview(raw: &[u8], facts: &Facts, chars: usize) -> String {
    let Some(part) = body_part(facts, "plain").or_else(|| body_part(facts, "html")) else {
        return String::new();
    };
    let body = raw.get(part.body_range()).unwrap_or_default();
    let head = body.get(..PREVIEW_SOURCE).unwrap_or(body);
    // Whole lines only, so that no encoded character is cut in two.
    let head = head
        .get(..memchr::memrchr(b'\n', head).map_or(head.len(), |at| at + 1))
        .filter(|_| head.len() < body.len())
        .unwrap_or(head);
    let text = decode_text(decode_transfer(head, &part.encoding), part);
    let text = if part.subtype == "html" {
        Cow::Owned(html_to_text(&text))
    } else {
        text
    };
    let mut preview = String::new();
    let mut left = chars;
    for word in text.split_whitespace() {
        if !preview.is_empty() && left > 0 {
            preview.push(' ');
            left -= 1;
        }
        let clear = word.chars().filter(|c| !c.is_control()).take(left);
        let before = preview.len();
        preview.extend(clear);
        left -= preview
            .get(before..)
            .map_or(0, |added| added.chars().count());
        if left == 0 {
            break;
        }
    }
    preview
}

/// Subject without `Re:`, `Fwd:` and the like, for threading (RFC 5256 §2.1).
pub fn base_subject(subject: &str) -> &str {
    mail_parser::parsers::fields::thread::thread_name(subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(raw: &str) -> Facts {
        Facts::of(raw.as_bytes())
    }

    #[test]
    fn bodies() {
        let raw = "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\
            Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe\r\n--b\r\nContent-Type: text/html\r\n\
            Content-Transfer-Encoding: base64\r\n\r\nPGI+SGk8L2I+\r\n--b--\r\n";
        let facts = facts(raw);
        assert_eq!(text_body(raw.as_bytes(), &facts), "Grüße");
        assert_eq!(html_body(raw.as_bytes(), &facts).unwrap(), "<b>Hi</b>");
        assert_eq!(search_text(raw.as_bytes(), &facts), "Grüße\nHi\n");
        assert_eq!(facts.preview, "Grüße");
    }

    #[test]
    fn broken_encodings_are_shown_as_they_stand() {
        let raw = "Content-Transfer-Encoding: base64\r\n\r\n***\r\n";
        assert_eq!(text_body(raw.as_bytes(), &facts(raw)), "***\r\n");
    }

    #[test]
    fn previews() {
        for (body, expected) in [
            ("a  b\r\n\tc", "a b c".to_owned()),
            ("", String::new()),
            (&"x".repeat(400), "x".repeat(256)),
            (&"ab ".repeat(200), format!("{}a", "ab ".repeat(85))),
        ] {
            assert_eq!(facts(&format!("\r\n{body}")).preview, expected);
        }
        assert_eq!(
            facts("Content-Type: text/html\r\n\r\n<p>Hello <b>you</b></p>").preview,
            "Hello you"
        );
    }
}
