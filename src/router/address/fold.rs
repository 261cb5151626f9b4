//! The form in which local parts are compared.

use std::borrow::Cow;

/// The text in the form in which names are compared: ASCII and simple Unicode case folding.
///
/// A character whose folding has another length in UTF-8 stays as it is. Positions in the folded text are therefore
/// positions in the text itself, and no foreign character ever equals an ASCII letter (`K` KELVIN SIGN is not `k`).
pub fn fold(text: &str) -> Cow<'_, str> {
    let folded = |b: &u8| b.is_ascii() && !b.is_ascii_uppercase();
    if text.as_bytes().iter().all(folded) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().map(fold_char).collect())
    }
}

fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let upper = only(c.to_uppercase()).unwrap_or(c);
    let lower = only(upper.to_lowercase()).unwrap_or(c);
    if lower.len_utf8() == c.len_utf8() {
        lower
    } else {
        only(c.to_lowercase())
            .filter(|l| l.len_utf8() == c.len_utf8())
            .unwrap_or(c)
    }
}

fn only(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next();
    if chars.next().is_none() { first } else { None }
}
