//! Addresses in the one canonical form every pass of the Router works on: `local%d1%d2@domain`.

mod domain;
mod fold;
mod parse;
mod scan;
mod uri;

#[cfg(test)]
mod tests;

use std::fmt;

use model::routing::Flow;
use thiserror::Error;

pub(crate) use domain::{is_canonical_suffix, push_domain, push_ip, short_suffix};
pub use fold::fold;
pub(crate) use scan::{
    Outside, close_brace, close_quote, find_outside, rfind_outside, split_params,
};
pub use uri::{Beside, Scheme};

/// Octets a local part may have inside the Router.
pub(crate) const MAX_LOCAL: usize = 255;
/// Octets a domain part may have, port and reserved suffix included.
pub(crate) const MAX_DOMAIN: usize = 255;

/// An address in canonical form. The domain is lower case and may be empty, which means the main domain; the local part
/// keeps its case and its quotes.
#[derive(Clone, Default)]
pub struct Address {
    text: String,
    /// Length of the local part.
    at: usize,
    /// The case-folded text, empty when `text` is its own folding.
    folded: String,
}

/// Why a text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressError {
    /// The text does not follow the address syntax.
    #[error("address syntax error")]
    Syntax,
    /// A part is longer than the Router handles.
    #[error("address too long")]
    TooLong,
}

/// Where a text came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A peer or the DNS wrote it: URIs and their escapes are decoded.
    Outside,
    /// A record, forwarder or setting wrote it.
    Inside,
}

impl Address {
    /// Reads an address as a peer writes it, with its brackets, source routes, `!` and `%` routes and URI schemes.
    ///
    /// # Errors
    /// When the text is no address or too long.
    pub fn parse(text: &str, flow: Flow) -> Result<Self, AddressError> {
        let mut address = Self::default();
        address.assign(text, flow, Source::Outside)?;
        Ok(address)
    }

    /// The whole canonical text.
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The local part as written, quotes included.
    #[inline]
    pub fn local(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    /// The domain part, lower case, without `@`; empty = the main domain.
    #[inline]
    pub fn domain(&self) -> &str {
        self.text.get(self.at + 1..).unwrap_or_default()
    }

    /// The whole text in the form in which addresses are compared.
    #[inline]
    pub fn key(&self) -> &str {
        if self.folded.is_empty() {
            &self.text
        } else {
            &self.folded
        }
    }

    /// The local part in the form in which addresses are compared; same length as [`Address::local`].
    #[inline]
    pub fn local_key(&self) -> &str {
        self.key().get(..self.at).unwrap_or_default()
    }

    /// True when the local part carries a route (`%`, `!` or `@` outside quotes and braces).
    pub fn has_route(&self) -> bool {
        has_route(self.local())
    }

    /// Replaces the domain by one that is in canonical form already.
    pub(crate) fn set_domain(&mut self, domain: &str) {
        self.text.truncate(self.at);
        if !domain.is_empty() {
            self.text.push('@');
            self.text.push_str(domain);
        }
        if !self.folded.is_empty() {
            self.folded.truncate(self.at);
            self.folded
                .push_str(self.text.get(self.at..).unwrap_or_default());
        }
    }

    /// Takes over another address, keeping the buffers.
    pub(crate) fn copy_from(&mut self, other: &Address) {
        self.text.clone_from(&other.text);
        self.folded.clone_from(&other.folded);
        self.at = other.at;
    }
}

/// True when the text holds `%`, `!` or `@` outside quotes and braces.
pub(crate) fn has_route(text: &str) -> bool {
    text.bytes().any(|b| matches!(b, b'%' | b'!' | b'@'))
        && Outside::new(text).any(|(_, b)| matches!(b, b'%' | b'!' | b'@'))
}

/// The text inside the quotes when the whole text is one quoted string, without its escapes.
pub(crate) fn unquoted(text: &str) -> std::borrow::Cow<'_, str> {
    match text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(inner) if close_quote(text.as_bytes(), 0) == Some(text.len() - 1) => {
            unescape(inner).into()
        }
        _ => text.into(),
    }
}

/// Drops the backslash of every escaped character.
pub(crate) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' {
            chars.next().unwrap_or(c)
        } else {
            c
        });
    }
    out
}

/// Appends the text as a quoted string.
pub(crate) fn push_quoted(text: &str, out: &mut String) {
    out.push('"');
    push_escaped(text, out);
    out.push('"');
}

/// Appends the text as it stands inside a quoted string.
pub(crate) fn push_escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
}

/// True for a text that can be the name of an account, group, forwarder, list or alias.
pub(crate) fn is_object_name(name: &str) -> bool {
    let fits = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '_' | '-' | '.')
            || (!c.is_ascii() && c.is_alphanumeric())
    };
    let bytes = name.as_bytes();
    (1..=128).contains(&bytes.len())
        && bytes.first() != Some(&b'.')
        && bytes.last() != Some(&b'.')
        && (bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
            || name.chars().all(fits))
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Address {}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.text)
    }
}
