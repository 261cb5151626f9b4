use std::borrow::Cow;

use crate::scan::{self, Cursor, Malformed};

/// Parameters behind a value, `;name=value;name` (RFC 3261 §25.1 `generic-param`), with the first semicolon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Params<'a> {
    octets: &'a [u8],
}

impl<'a> Params<'a> {
    /// Parameters that have been read before.
    pub(crate) fn checked(octets: &'a [u8]) -> Self {
        Self { octets }
    }

    /// Takes parameters up to the end or to an octet that cannot belong to them, which is left.
    #[inline]
    pub(crate) fn take(cursor: &mut Cursor<'a>) -> Result<Self, Malformed> {
        Self::take_each(cursor, |_, _, _| ())
    }

    /// The same, telling name, value and all octets of each.
    #[inline]
    pub(crate) fn take_each(
        cursor: &mut Cursor<'a>,
        mut each: impl FnMut(&'a [u8], Option<&'a [u8]>, &'a [u8]),
    ) -> Result<Self, Malformed> {
        let start = cursor.at();
        let mut end = start;
        while cursor.eat_between(b';') {
            let name = cursor.take(scan::TOKEN);
            if name.is_empty() {
                return Err(cursor.malformed());
            }
            let whole = end;
            let mut value = None;
            end = cursor.at();
            if cursor.eat_between(b'=') {
                value = Some(take_value(cursor)?);
                end = cursor.at();
            }
            each(name, value, cursor.between(whole, end));
        }
        let octets = cursor.since(start).get(..end - start).unwrap_or_default();
        Ok(Self { octets })
    }

    /// Reads parameters that fill `octets`.
    #[inline]
    pub(crate) fn whole(cursor: &mut Cursor<'a>) -> Result<Self, Malformed> {
        let params = Self::take(cursor)?;
        cursor.end()?;
        Ok(params)
    }

    /// The octets as received.
    pub fn octets(self) -> &'a [u8] {
        self.octets
    }

    /// Name and value of each, the value as it stands, with quotes if any.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, Option<&'a [u8]>)> {
        self.octets_of_each()
            .filter_map(|(name, value)| Some((scan::text(name)?, value)))
    }

    #[inline]
    pub(crate) fn octets_of_each(self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> {
        let mut cursor = Cursor::new(self.octets);
        std::iter::from_fn(move || {
            if !cursor.eat_between(b';') {
                return None;
            }
            let name = cursor.take(scan::TOKEN);
            let value = if cursor.eat_between(b'=') {
                Some(take_value(&mut cursor).ok()?)
            } else {
                None
            };
            Some((name, value))
        })
    }

    /// Whether there is a parameter of this name, in any case.
    pub fn has(self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// The value of the first parameter of this name as it stands; empty when it has none.
    pub fn raw(self, name: &str) -> Option<&'a [u8]> {
        let found = self
            .octets_of_each()
            .find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))?;
        Some(found.1.unwrap_or_default())
    }

    /// The value of the first parameter of this name, when it is text without quotes.
    pub fn get(self, name: &str) -> Option<&'a str> {
        scan::text(self.raw(name)?).filter(|text| !text.starts_with('"'))
    }

    /// The value of the first parameter of this name without quotes and escapes, when it is text.
    pub fn unquoted(self, name: &str) -> Option<Cow<'a, str>> {
        unquote(self.raw(name)?)
    }

    /// The value of the first parameter of this name as a number.
    pub fn number(self, name: &str) -> Option<u32> {
        let mut cursor = Cursor::new(self.raw(name)?);
        let number = cursor.number(u64::from(u32::MAX)).ok()?;
        cursor.end().ok()?;
        u32::try_from(number).ok()
    }
}

#[inline]
pub(crate) fn take_value<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Malformed> {
    if cursor.peek() == Some(b'"') {
        return cursor.quoted();
    }
    match cursor.take(scan::VALUE) {
        b"" => Err(cursor.malformed()),
        value => Ok(value),
    }
}

/// A token or quoted string without quotes and escapes; `None` when it is no text.
pub(crate) fn unquote(value: &[u8]) -> Option<Cow<'_, str>> {
    let text = scan::text(value)?;
    let Some(inner) = text
        .strip_prefix('"')
        .map(|text| text.strip_suffix('"').unwrap_or(text))
    else {
        return Some(Cow::Borrowed(text));
    };
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    Some(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found() {
        let mut cursor = Cursor::new(
            b" ; tag\r\n = 1; lr;received=2001:db8::9:255 ;+sip.instance=\"<urn:uuid:\\\"1>\",next",
        );
        let params = Params::take(&mut cursor).unwrap();
        assert_eq!(cursor.rest(), b",next");
        assert_eq!(params.get("TAG"), Some("1"));
        assert_eq!(params.number("tag"), Some(1));
        assert_eq!(params.get("lr"), Some(""));
        assert_eq!(params.get("received"), Some("2001:db8::9:255"));
        assert_eq!(params.get("+sip.instance"), None);
        assert_eq!(params.unquoted("+sip.instance").unwrap(), "<urn:uuid:\"1>");
        assert_eq!(params.number("lr"), None);
        assert!(!params.has("ta"));
    }

    #[test]
    fn stray_separators_are_refused() {
        for bad in [";", ";;a", ";a;", ";=b", ";a=", ";a=\"b", ";a b", "a"] {
            let mut cursor = Cursor::new(bad.as_bytes());
            assert!(Params::whole(&mut cursor).is_err(), "{bad}");
        }
    }
}
