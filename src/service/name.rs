//! Names of objects and domains.

use crate::{Error, Result};

/// An object name in lower case: letters, digits, `_`, `-`, `.`; no dot first or last; at most 128 characters.
///
/// # Errors
/// `Invalid` at the pointer.
pub(crate) fn object_name(name: &str, pointer: &str) -> Result<String> {
    let fault = if name.is_empty() || name.len() > 128 {
        "must have 1 to 128 characters"
    } else if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b)) {
        "may hold letters, digits, _, - and . only"
    } else if name.starts_with('.') || name.ends_with('.') {
        "must not begin or end with a dot"
    } else {
        return Ok(name.to_ascii_lowercase());
    };
    Err(Error::invalid(pointer, fault))
}

/// A domain name in lower-case A-labels with at least two labels, none of them reserved by the Router.
///
/// # Errors
/// `Invalid` at the pointer.
pub(crate) fn domain_name(name: &str, pointer: &str) -> Result<String> {
    const RESERVED: [&str; 10] = ["local", "domain", "_domain", "_via", "via", "_relay", "relay", "smtp", "_smtp", "_smtpq"];
    let ascii = idna::domain_to_ascii_strict(name.trim_end_matches('.')).map_err(|_| Error::invalid(pointer, "is no domain name"))?;
    let labels: Vec<&str> = ascii.split('.').collect();
    if labels.len() < 2 || ascii.len() > 253 {
        return Err(Error::invalid(pointer, "needs at least two labels and at most 253 characters"));
    }
    if labels.last().is_some_and(|last| RESERVED.contains(last) || last.bytes().all(|b| b.is_ascii_digit())) {
        return Err(Error::invalid(pointer, "ends in a word that the Router reserves"));
    }
    Ok(ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a.b-", "A_1", "x"] {
            assert_eq!(object_name(good, "/name").unwrap(), good.to_lowercase());
        }
        for bad in [".a", "a.", "", "ä", "a b", &"x".repeat(129)] {
            assert_eq!(object_name(bad, "/name").unwrap_err().fields[0].pointer, "/name", "{bad}");
        }
        assert_eq!(domain_name("Bücher.Example.", "/name").unwrap(), "xn--bcher-kva.example");
        for bad in ["localhost", "a..b", "x.local", "10.0.0.1", "-a.example", "a b.example"] {
            assert!(domain_name(bad, "/name").is_err(), "{bad}");
        }
    }
}
