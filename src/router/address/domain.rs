//! The domain part: names, IP literals, ports and reserved suffixes in canonical form.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{AddressError, MAX_DOMAIN};

/// Appends the canonical form of a domain: lower case, A-labels, no trailing dot, IP literals in brackets, reserved
/// suffixes with their underscore. An empty text appends nothing.
pub(crate) fn push_domain(raw: &str, out: &mut String) -> Result<(), AddressError> {
    let start = out.len();
    let raw = raw.strip_suffix('.').unwrap_or(raw);
    if raw.is_empty() {
        return Ok(());
    }
    if let Some(rest) = raw.strip_prefix('[') {
        let (inner, tail) = rest.split_once(']').ok_or(AddressError::Syntax)?;
        push_ip(ip_literal(inner).ok_or(AddressError::Syntax)?, out);
        match tail.strip_prefix(':') {
            Some(port) => push_port(port, out)?,
            None => push_suffix_only(tail, out)?,
        }
    } else if let Ok(ip) = raw.parse::<IpAddr>() {
        push_ip(ip, out);
    } else if let Some((name, port)) = raw.split_once(':') {
        match name.parse::<Ipv4Addr>() {
            Ok(ip) => push_ip(ip.into(), out),
            Err(_) => push_name(name, out)?,
        }
        push_port(port, out)?;
    } else {
        push_name(raw, out)?;
    }
    canonical_suffix(start, out);
    if out.len() - start > MAX_DOMAIN {
        Err(AddressError::TooLong)
    } else {
        Ok(())
    }
}

/// An address inside brackets, with or without the tag of RFC 5321 §4.1.3.
fn ip_literal(inner: &str) -> Option<IpAddr> {
    match inner.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("ipv6:") => {
            inner.get(5..)?.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
        }
        _ => inner.parse().ok(),
    }
}

/// Appends an IP address in brackets.
pub(crate) fn push_ip(ip: IpAddr, out: &mut String) {
    out.push('[');
    out.push_str(&ip.to_string());
    out.push(']');
}

/// `26` or `26._via`, with the colon.
fn push_port(text: &str, out: &mut String) -> Result<(), AddressError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (port, tail) = text.split_at_checked(digits).ok_or(AddressError::Syntax)?;
    let port: u16 = port.parse().map_err(|_| AddressError::Syntax)?;
    if port == 0 {
        return Err(AddressError::Syntax);
    }
    out.push(':');
    out.push_str(&port.to_string());
    push_suffix_only(tail, out)
}

/// After a literal or a port only a reserved suffix may follow.
fn push_suffix_only(tail: &str, out: &mut String) -> Result<(), AddressError> {
    if tail.is_empty() {
        return Ok(());
    }
    let label = tail
        .strip_prefix('.')
        .ok_or(AddressError::Syntax)?
        .to_ascii_lowercase();
    if short_suffix(&label).is_none() && !is_canonical_suffix(&label) {
        return Err(AddressError::Syntax);
    }
    out.push('.');
    out.push_str(&label);
    Ok(())
}

fn push_name(name: &str, out: &mut String) -> Result<(), AddressError> {
    let start = out.len();
    if name.is_ascii() {
        out.extend(name.chars().map(|c| c.to_ascii_lowercase()));
    } else {
        out.push_str(&idna::domain_to_ascii(name).map_err(|_| AddressError::Syntax)?);
    }
    if name_fits(out.get(start..).unwrap_or_default().as_bytes()) {
        Ok(())
    } else {
        Err(AddressError::Syntax)
    }
}

/// Labels of 1 to 63 letters, digits, `-` and `_`.
pub(super) fn name_fits(name: &[u8]) -> bool {
    let mut label = 0_usize;
    for byte in name {
        match byte {
            b'.' if label == 0 => return false,
            b'.' => label = 0,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' if label < 63 => label += 1,
            _ => return false,
        }
    }
    label > 0
}

/// The canonical spelling of a reserved suffix that is written without its underscore.
pub(crate) fn short_suffix(label: &str) -> Option<&'static str> {
    Some(match label {
        "via" => "_via",
        "relay" => "_relay",
        "smtp" => "_smtp",
        "smtpq" => "_smtpq",
        "domain" => "_domain",
        "list" => "_list",
        "enum" => "_enum",
        _ => return None,
    })
}

/// True for the last label of a reserved domain in canonical spelling.
pub(crate) fn is_canonical_suffix(label: &str) -> bool {
    matches!(
        label,
        "_via" | "_relay" | "_smtp" | "_smtpq" | "local" | "_domain" | "pipe" | "_list" | "_enum"
    )
}

fn canonical_suffix(start: usize, out: &mut String) {
    let Some(dot) = out
        .get(start..)
        .and_then(|domain| domain.rfind('.'))
        .map(|dot| start + dot)
    else {
        return;
    };
    if let Some(label) = out.get(dot + 1..).and_then(short_suffix) {
        out.truncate(dot + 1);
        out.push_str(label);
    }
}
