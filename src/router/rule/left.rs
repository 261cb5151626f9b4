//! Reading a left side.

use super::{DomainSide, Left};
use crate::address::{
    fold, is_canonical_suffix, push_domain, rfind_outside, short_suffix, unquoted,
};
use crate::domains::Domains;
use crate::pattern::Pattern;
use crate::table::{Fault, Reason};

impl Left {
    /// Reads a left side; places of faults are bytes of it.
    pub(crate) fn parse(text: &str, domains: &Domains) -> Result<Self, Fault> {
        let Some(rest) = text.strip_prefix('<') else {
            if let Some(at) = rfind_outside(text, b'@') {
                return Err(Fault::new(at, Reason::NeedsAngle));
            }
            return match domain_pattern(text)? {
                pattern if pattern.as_literal() == Some("") => {
                    Err(Fault::new(0, Reason::EmptyLeft))
                }
                pattern => Ok(Self::Domain(pattern)),
            };
        };
        let inner = rest
            .strip_suffix('>')
            .filter(|inner| !has_angle(inner))
            .ok_or(Fault::new(0, Reason::Angle))?;
        let (local, domain, domain_at) = match rfind_outside(inner, b'@') {
            Some(at) => (
                inner.get(..at).unwrap_or_default(),
                inner.get(at + 1..).unwrap_or_default(),
                at + 2,
            ),
            None => (inner, "", 1),
        };
        let local_at = 1 + local.len() - local.trim_start().len();
        let domain_at = domain_at + domain.len() - domain.trim_start().len();
        let local = local_pattern(local.trim()).map_err(|fault| fault.moved(local_at))?;
        if local.as_literal() == Some("") {
            return Err(Fault::new(1, Reason::EmptyLeft));
        }
        let domain = domain.trim();
        if domain.eq_ignore_ascii_case("(local)") {
            return Ok(Self::Account {
                local,
                domain: DomainSide::Local,
            });
        }
        let domain = domain_pattern(domain).map_err(|fault| fault.moved(domain_at))?;
        let empty = domain
            .as_literal()
            .is_some_and(|name| name.is_empty() || domains.is_main_name(name));
        Ok(Self::Account {
            local,
            domain: if empty {
                DomainSide::Empty
            } else {
                DomainSide::Pattern(domain)
            },
        })
    }

    /// Number of captures in the local part and in the domain.
    pub(crate) fn captures(&self) -> (usize, usize) {
        match self {
            Self::Domain(pattern) => (0, pattern.wildcards()),
            Self::Account { local, domain } => {
                let domain = match domain {
                    DomainSide::Empty => 0,
                    DomainSide::Local => 1,
                    DomainSide::Pattern(pattern) => pattern.wildcards(),
                };
                (local.wildcards(), domain)
            }
        }
    }
}

/// Angle brackets inside the brackets, outside quotes.
fn has_angle(inner: &str) -> bool {
    crate::address::find_outside(inner, b'<').is_some()
        || crate::address::find_outside(inner, b'>').is_some()
}

/// The local part as it is compared: folded, `%` for `@`, no needless quotes.
fn local_pattern(text: &str) -> Result<Pattern, Fault> {
    let plain = unquoted(text);
    if plain.len() < text.len() {
        let literal = if crate::address::is_object_name(&plain) && !plain.contains("..") {
            plain.into_owned()
        } else {
            let mut quoted = String::new();
            crate::address::push_quoted(&plain, &mut quoted);
            quoted
        };
        return Ok(Pattern::literal(&fold(&literal)));
    }
    let pattern = Pattern::parse(text)?;
    Ok(pattern.map_literals(|literal| {
        let mut literal = fold(literal).into_owned();
        while let Some(at) = rfind_outside(&literal, b'@') {
            literal.replace_range(at..=at, "%");
        }
        literal
    }))
}

/// A domain name, IP literal or pattern in canonical form; empty for an empty text.
fn domain_pattern(text: &str) -> Result<Pattern, Fault> {
    let pattern = match Pattern::parse(text) {
        // An IP address may hold no wildcard; `\` has no place in a domain.
        Ok(pattern) if !text.contains('\\') => pattern,
        Ok(_) => return Err(Fault::new(0, Reason::Domain)),
        Err(fault) => return Err(fault),
    };
    if let Some(name) = pattern.as_literal() {
        let mut canonical = String::new();
        push_domain(name, &mut canonical).map_err(|_| Fault::new(0, Reason::Domain))?;
        if canonical.is_empty() && !name.is_empty() {
            return Err(Fault::new(0, Reason::Domain));
        }
        return Ok(Pattern::literal(&canonical));
    }
    let mut faulty = false;
    let mut pattern = pattern.map_literals(|literal| {
        let literal = a_labels(literal);
        faulty |= !literal.bytes().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'[' | b']')
        });
        literal
    });
    if faulty {
        return Err(Fault::new(0, Reason::Domain));
    }
    let tail = pattern.tail.strip_suffix('.').unwrap_or(&pattern.tail);
    let tail = match tail.rsplit_once('.') {
        Some((before, label)) if !is_canonical_suffix(label) => {
            short_suffix(label).map(|label| format!("{before}.{label}"))
        }
        _ => None,
    }
    .unwrap_or_else(|| tail.to_owned());
    pattern.min = pattern.min + tail.len() - pattern.tail.len();
    pattern.max = pattern.max + tail.len() - pattern.tail.len();
    pattern.tail = tail.into();
    Ok(pattern)
}

/// Lower case, and A-labels for the labels that are whole.
fn a_labels(literal: &str) -> String {
    let label = |label: &str| idna::domain_to_ascii(label).unwrap_or_else(|_| label.to_lowercase());
    if literal.is_ascii() {
        literal.to_ascii_lowercase()
    } else {
        literal.split('.').map(label).collect::<Vec<_>>().join(".")
    }
}
