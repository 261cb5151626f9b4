use std::fmt::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Longest address in octets; RFC 5321 §4.5.3.1.3 asks for 256.
const MAX_PATH: usize = 512;
/// Longest domain name in octets (RFC 1035 §2.3.4).
const MAX_DOMAIN: usize = 255;

/// The address inside a path, `local@domain` (RFC 5321 §4.1.2, RFC 6531 §3.3). A source route is read and dropped
/// (RFC 5321 appendix C).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    local: String,
    domain: Option<String>,
}

/// An address is malformed at this octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("address syntax error at octet {position}")]
pub struct PathError {
    /// Octets before the fault.
    pub position: usize,
}

impl Path {
    /// Makes a path of its parts: the local part without quotes, the domain name or literal (`[192.0.2.1]`).
    ///
    /// # Errors
    /// [`PathError`] when a part holds what no path can carry.
    pub fn new(local: &str, domain: Option<&str>) -> Result<Self, PathError> {
        let path = Self {
            local: local.to_owned(),
            domain: domain.map(str::to_owned),
        };
        // What is printed must be read back as the same, or it is not a path.
        path.to_string()
            .parse()
            .ok()
            .filter(|read| *read == path)
            .ok_or(PathError { position: 0 })
    }

    /// The local part, without quotes and escapes.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The domain name, or the address literal with its brackets; `None` for a bare name such as `postmaster`.
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// Whether the path can be sent without SMTPUTF8.
    pub fn is_ascii(&self) -> bool {
        self.local.is_ascii() && self.domain.as_deref().is_none_or(str::is_ascii)
    }
}

/// Reads `local@domain`, with or without angle brackets.
impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        match take_path(text)? {
            (Some(path), "") => Ok(path),
            (_, rest) => Err(PathError {
                position: text.len() - rest.len(),
            }),
        }
    }
}

/// Without angle brackets; quoted where needed, so that it is read back as the same.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_dot_string(&self.local) {
            f.write_str(&self.local)?;
        } else {
            f.write_char('"')?;
            for c in self.local.chars() {
                if matches!(c, '"' | '\\') {
                    f.write_char('\\')?;
                }
                f.write_char(c)?;
            }
            f.write_char('"')?;
        }
        match &self.domain {
            Some(domain) => write!(f, "@{domain}"),
            None => Ok(()),
        }
    }
}

/// Takes a path from the beginning of `text`: `<>`, `<@route:local@domain>`, `<local@domain>`, or the same without
/// brackets up to a blank. Answers the path (`None` for `<>`) and the rest, which is empty or begins with a blank.
///
/// # Errors
/// [`PathError`] with the octet that does not fit.
pub fn take_path(text: &str) -> Result<(Option<Path>, &str), PathError> {
    let mut cursor = Cursor { text, at: 0 };
    let bracket = cursor.eat(b'<');
    if bracket {
        cursor.blanks();
        if cursor.eat(b'>') {
            return cursor.end(None);
        }
        if cursor.peek() == Some(b'@') {
            cursor.source_route()?;
        }
    }
    let local = cursor.local()?;
    let domain = if cursor.eat(b'@') {
        Some(cursor.domain()?)
    } else {
        None
    };
    if bracket {
        cursor.blanks();
        if !cursor.eat(b'>') {
            return Err(cursor.error());
        }
    }
    let path = Path { local, domain };
    // What counts is the printed form: no brackets, no route, and quotes only where it needs them, two octets at most
    // that were not read.
    if cursor.at + 2 > MAX_PATH && path.to_string().len() > MAX_PATH {
        return Err(PathError { position: MAX_PATH });
    }
    cursor.end(Some(path))
}

/// `atext` of RFC 5321 §4.1.2 and any character beyond ASCII (RFC 6531 §3.3).
fn is_atom(c: char) -> bool {
    match c {
        '!' | '#'..='\'' | '*' | '+' | '-' | '/' | '=' | '?' | '^'..='~' => true,
        c if c.is_ascii() => c.is_ascii_alphanumeric(),
        c => !c.is_control() && !c.is_whitespace(),
    }
}

/// Whether a local part stands without quotes.
fn is_dot_string(local: &str) -> bool {
    local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atom))
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn blanks(&mut self) {
        while self.eat(b' ') {}
    }

    fn error(&self) -> PathError {
        PathError { position: self.at }
    }

    /// The path must be followed by a blank or nothing.
    fn end(self, path: Option<Path>) -> Result<(Option<Path>, &'a str), PathError> {
        match self.peek() {
            None | Some(b' ') => Ok((path, self.rest())),
            Some(_) => Err(self.error()),
        }
    }

    /// Takes characters while they satisfy `wanted`.
    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = rest.split(|c| !wanted(c)).next().unwrap_or_default();
        self.at += taken.len();
        taken
    }

    /// `@one,@two:`, which is thrown away.
    fn source_route(&mut self) -> Result<(), PathError> {
        loop {
            if !self.eat(b'@') {
                return Err(self.error());
            }
            self.domain()?;
            if self.eat(b':') {
                return Ok(());
            }
            if !self.eat(b',') {
                return Err(self.error());
            }
        }
    }

    /// A quoted string, or atoms and dots; dots may stand anywhere, as some carriers give out such addresses.
    fn local(&mut self) -> Result<String, PathError> {
        if self.eat(b'"') {
            return self.quoted();
        }
        match self.take_while(|c| c == '.' || is_atom(c)) {
            "" => Err(self.error()),
            local => Ok(local.to_owned()),
        }
    }

    fn quoted(&mut self) -> Result<String, PathError> {
        let mut out = String::new();
        let rest = self.rest();
        let mut chars = rest.char_indices();
        while let Some((at, c)) = chars.next() {
            let c = match c {
                '"' => {
                    self.at += at + 1;
                    return Ok(out);
                }
                '\\' => chars.next().map(|(_, c)| c).unwrap_or('\0'),
                c => c,
            };
            if c.is_control() {
                self.at += at;
                return Err(self.error());
            }
            out.push(c);
        }
        self.at = self.text.len();
        Err(self.error())
    }

    fn domain(&mut self) -> Result<String, PathError> {
        let start = self.at;
        let fault = PathError { position: start };
        if self.eat(b'[') {
            self.take_while(|c| c.is_ascii_graphic() && !matches!(c, '[' | ']' | '\\'));
            let literal = self.text.get(start + 1..self.at).unwrap_or_default();
            return match self.eat(b']') && is_literal(literal) {
                true => Ok(format!("[{literal}]")),
                false => Err(fault),
            };
        }
        let is_name = |c: char| {
            matches!(c, '.' | '-' | '_') || c.is_alphanumeric() || !c.is_ascii() && is_atom(c)
        };
        let name = self.take_while(is_name);
        // A final dot says "fully qualified" and is no part of a mail address.
        let name = name.strip_suffix('.').unwrap_or(name);
        let good = name.len() <= MAX_DOMAIN
            && name
                .split('.')
                .all(|label| (1..=63 * 4).contains(&label.len()));
        if good {
            Ok(name.to_owned())
        } else {
            Err(fault)
        }
    }
}

/// What may stand between the brackets of an address literal (RFC 5321 §4.1.3).
fn is_literal(text: &str) -> bool {
    match text.split_at_checked(5) {
        Some((tag, address)) if tag.eq_ignore_ascii_case("IPv6:") => {
            address.parse::<Ipv6Addr>().is_ok()
        }
        _ => text.parse::<Ipv4Addr>().is_ok(),
    }
}

#[cfg(test)]
mod tests;
