//! From the forms people and protocols write to the canonical form.

use std::borrow::Cow;

use model::routing::Flow;

use super::uri::{self, Beside, Scheme};
use super::{
    Address, AddressError, MAX_LOCAL, Outside, Source, domain, find_outside, fold, push_domain,
    push_quoted, rfind_outside,
};
use super::{close_quote, unescape};

/// Octets a whole address may have after substitution.
const MAX_ADDRESS: usize = 1024;
/// Octets a text may have before it is read as an address (a URI carries parameters).
const MAX_INPUT: usize = 4096;

impl Address {
    /// Reads a text into this address, keeping the buffers. What a URI carried beside the address is returned.
    pub(crate) fn assign(
        &mut self,
        raw: &str,
        flow: Flow,
        source: Source,
    ) -> Result<Option<Box<Beside>>, AddressError> {
        self.folded.clear();
        if self.assign_plain(raw, flow) {
            return Ok(None);
        }
        if raw.len() > MAX_INPUT {
            return Err(AddressError::TooLong);
        }
        let mut text = raw.trim();
        if let Some(inner) = text
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'))
        {
            text = inner.trim();
            if text.is_empty() {
                text = "MAILER-DAEMON";
            }
        }
        let (text, beside) = match uri::strip(text) {
            Some((address, beside)) => (address, Some(beside)),
            None => (Cow::Borrowed(text), None),
        };
        let decoded = source == Source::Outside
            && (flow == Flow::Signal || beside.is_some())
            && beside.as_ref().is_none_or(|b| b.scheme != Scheme::Tel);
        let text = if decoded { decode_user(&text)? } else { text };
        self.assign_split(&turn_source_route(text)?, flow)?;
        Ok(beside.map(Box::new))
    }

    /// The common case, `name@domain` in plain characters; false when the text needs a closer look.
    fn assign_plain(&mut self, raw: &str, flow: Flow) -> bool {
        let bytes = raw.as_bytes();
        let (mut at, mut upper) = (bytes.len(), false);
        for (index, byte) in bytes.iter().enumerate() {
            match byte {
                b'a'..=b'z'
                | b'0'..=b'9'
                | b'.'
                | b'-'
                | b'_'
                | b'+'
                | b'#'
                | b'$'
                | b'&'
                | b'\''
                | b'*'
                | b'/'
                | b'='
                | b'?'
                | b'^'
                | b'`'
                | b'|'
                | b'~' => {}
                b'A'..=b'Z' => upper |= at == bytes.len(),
                b'@' if at == bytes.len() => at = index,
                _ => return false,
            }
        }
        let (Some(local), domain) = (raw.get(..at), raw.get(at + 1..).unwrap_or_default()) else {
            return false;
        };
        let domain = domain
            .strip_suffix('.')
            .filter(|d| !d.is_empty())
            .unwrap_or(domain);
        // A leading `+` of a call may be a number with separators.
        if local.is_empty()
            || local.len() > MAX_LOCAL
            || (flow == Flow::Signal && local.starts_with('+'))
            || !plain_domain(domain)
        {
            return false;
        }
        self.text.clear();
        self.text.reserve(bytes.len());
        self.text.push_str(local);
        self.at = local.len();
        if !domain.is_empty() {
            self.text.push('@');
            self.text.push_str(domain);
            if let Some(domain) = self.text.get_mut(self.at..) {
                domain.make_ascii_lowercase();
            }
        }
        if upper {
            self.folded.push_str(&self.text);
            self.folded.make_ascii_lowercase();
        }
        true
    }

    /// Splits at the rightmost `@`, else at the leftmost `!`, else at the rightmost `%`; an empty domain is none.
    fn assign_split(&mut self, text: &str, flow: Flow) -> Result<(), AddressError> {
        if text.len() > MAX_ADDRESS {
            return Err(AddressError::TooLong);
        }
        let text = text.trim_end_matches('@');
        let (local, domain, bangs) = match rfind_outside(text, b'@') {
            Some(at) => (text.get(..at), text.get(at + 1..), false),
            None => {
                let text = text.trim_start_matches('!');
                let hops = text.trim_end_matches('%');
                match (find_outside(text, b'!'), rfind_outside(hops, b'%')) {
                    (Some(at), _) => (text.get(at + 1..), text.get(..at), true),
                    (None, Some(at)) => (hops.get(..at), hops.get(at + 1..), false),
                    (None, None) => (Some(hops), None, false),
                }
            }
        };
        let local = local.unwrap_or_default();
        self.text.clear();
        push_local(local, bangs, &mut self.text);
        if flow == Flow::Signal && is_dialled(&self.text) {
            self.text
                .retain(|c| !matches!(c, ' ' | '(' | ')' | '.' | '-'));
        }
        check_local(&self.text, flow)?;
        self.at = self.text.len();
        if let Some(domain) = domain.filter(|d| !d.is_empty()) {
            self.text.push('@');
            push_domain(domain, &mut self.text)?;
            if self.text.len() == self.at + 1 {
                return Err(AddressError::Syntax);
            }
        }
        if let Cow::Owned(folded) = fold(self.text.get(..self.at).unwrap_or_default()) {
            self.folded = folded;
            self.folded
                .push_str(self.text.get(self.at..).unwrap_or_default());
        }
        Ok(())
    }
}

/// True for a domain that only has to be put into lower case.
fn plain_domain(domain: &str) -> bool {
    if domain.is_empty() {
        return true;
    }
    if domain.len() > super::MAX_DOMAIN || !domain::name_fits(domain.as_bytes()) {
        return false;
    }
    let label = domain.rsplit('.').next().unwrap_or_default();
    // Short labels may be a reserved suffix in its old spelling; digits may be an IP address.
    let suspect =
        matches!(label.len(), 3..=6) && domain::short_suffix(&label.to_ascii_lowercase()).is_some();
    !suspect && !label.bytes().all(|b| b.is_ascii_digit())
}

/// Percent-escapes of the part before the host.
fn decode_user(text: &str) -> Result<Cow<'_, str>, AddressError> {
    let host = text.rfind('@').unwrap_or(text.len());
    let (user, host) = text.split_at_checked(host).ok_or(AddressError::Syntax)?;
    match uri::decode(user).ok_or(AddressError::Syntax)? {
        Cow::Borrowed(_) => Ok(Cow::Borrowed(text)),
        Cow::Owned(user) => Ok(Cow::Owned(user + host)),
    }
}

/// `@a,@b:x@c` becomes `x@c@b@a` (RFC 5321 §4.1.1.3 lets servers understand source routes).
fn turn_source_route(text: Cow<'_, str>) -> Result<Cow<'_, str>, AddressError> {
    if !text.starts_with('@') {
        return Ok(text);
    }
    let mut in_literal = false;
    let colon = text
        .find(|c| {
            in_literal = (in_literal || c == '[') && c != ']';
            c == ':' && !in_literal
        })
        .ok_or(AddressError::Syntax)?;
    let (hops, rest) = text.split_at_checked(colon).ok_or(AddressError::Syntax)?;
    let mut turned = rest.get(1..).unwrap_or_default().to_owned();
    for hop in hops.rsplit(',') {
        let hop = hop.trim();
        if !hop.starts_with('@') || hop.len() == 1 {
            return Err(AddressError::Syntax);
        }
        turned.push_str(hop);
    }
    Ok(Cow::Owned(turned))
}

/// Appends a local part with its routes in `%` notation and no needless quotes.
fn push_local(raw: &str, bangs: bool, out: &mut String) {
    if bangs && let Some(at) = find_outside(raw, b'!') {
        // `b!c!user` is `user%c%b`; every hop is a host, the rest is the user.
        let mut hops = vec![raw.get(..at).unwrap_or_default()];
        let mut rest = raw.get(at + 1..).unwrap_or_default();
        while let Some(at) = find_outside(rest, b'!') {
            hops.push(rest.get(..at).unwrap_or_default());
            rest = rest.get(at + 1..).unwrap_or_default();
        }
        push_local(rest, false, out);
        for hop in hops.iter().rev() {
            out.push('%');
            out.push_str(hop);
        }
        return;
    }
    if raw.starts_with('"') && close_quote(raw.as_bytes(), 0) == Some(raw.len() - 1) {
        let inner = unescape(raw.get(1..raw.len() - 1).unwrap_or_default());
        if is_dot_atom(&inner) {
            out.push_str(&inner)
        } else {
            push_quoted(&inner, out)
        }
        return;
    }
    let start = out.len();
    out.push_str(raw);
    let routes: Vec<usize> = Outside::new(raw)
        .filter(|(_, b)| *b == b'@')
        .map(|(at, _)| start + at)
        .collect();
    for at in routes {
        out.replace_range(at..=at, "%");
    }
}

/// A quoted text that means the same without its quotes.
fn is_dot_atom(text: &str) -> bool {
    super::is_object_name(text) && !text.contains("..")
}

/// Digits with separators: a number somebody dialled.
fn is_dialled(local: &str) -> bool {
    let digits = local.strip_prefix('+').unwrap_or(local);
    (digits.len() < local.len() || digits.contains([' ', '(', ')']))
        && digits.bytes().any(|b| b.is_ascii_digit())
        && digits
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'(' | b')' | b'.' | b'-' | b' '))
}

fn check_local(local: &str, flow: Flow) -> Result<(), AddressError> {
    let invisible = |c: char| c.is_control() || (c.is_whitespace() && c != ' ');
    if local.is_empty() || local.chars().any(invisible) {
        return Err(AddressError::Syntax);
    }
    if local.len() > MAX_LOCAL {
        return Err(AddressError::TooLong);
    }
    let mut outside = Outside::new(local);
    let strange = outside.any(|(_, b)| match b {
        // A colon would read as a scheme or a port.
        b' ' | b'<' | b'>' | b'\\' | b':' => true,
        // RFC 5322 §3.2.3: never outside quotes in mail; a SIP user part may hold some of them.
        b'(' | b')' | b',' | b';' | b'[' | b']' => flow == Flow::Mail,
        _ => false,
    });
    if strange || outside.broken {
        Err(AddressError::Syntax)
    } else {
        Ok(())
    }
}
