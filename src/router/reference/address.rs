//! §2: syntax and normalisation, on vectors of characters.

use model::routing::Flow;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Addr {
    pub(super) local: String,
    pub(super) domain: String,
}

impl Addr {
    pub(super) fn text(&self) -> String {
        if self.domain.is_empty() {
            self.local.clone()
        } else {
            format!("{}@{}", self.local, self.domain)
        }
    }

    pub(super) fn folded(&self) -> String {
        fold(&self.text())
    }
}

pub(super) fn fold(text: &str) -> String {
    text.chars()
        .map(|c| c.to_lowercase().next().unwrap())
        .collect()
}

/// Where each character stands: true outside quotes and braces. `None` with an open quote.
pub(super) fn outside(text: &str) -> Option<Vec<(usize, char, bool)>> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut result = Vec::new();
    let mut braces_count = true;
    let mut i = 0;
    while i < chars.len() {
        let end = match chars[i].1 {
            '"' => quote_end(&chars, i)?,
            '{' if braces_count => match brace_end(&chars, i) {
                Some(end) => end,
                None => {
                    braces_count = false;
                    continue;
                }
            },
            _ => i,
        };
        for (at, c) in &chars[i..=end] {
            result.push((*at, *c, i == end && *c != '"'));
        }
        i = end + 1;
    }
    Some(result)
}

fn quote_end(chars: &[(usize, char)], open: usize) -> Option<usize> {
    let mut i = open + 1;
    while i < chars.len() {
        match chars[i].1 {
            '\\' => i += 1,
            '"' => return Some(i),
            _ => {}
        }
        i += 1;
    }
    None
}

fn brace_end(chars: &[(usize, char)], open: usize) -> Option<usize> {
    let mut depth = 0;
    let mut i = open;
    while i < chars.len() {
        match chars[i].1 {
            '"' => i = quote_end(chars, i)?,
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
        i += 1;
    }
    None
}

/// All places of a character outside quotes and braces.
pub(super) fn places(text: &str, wanted: char) -> Vec<usize> {
    outside(text)
        .unwrap_or_default()
        .into_iter()
        .filter(|(_, c, out)| *out && *c == wanted)
        .map(|(at, _, _)| at)
        .collect()
}

pub(super) fn has_route(text: &str) -> bool {
    ['%', '!', '@'].iter().any(|c| !places(text, *c).is_empty())
}

pub(super) type Parsed = Result<Addr, &'static str>;

/// N1 to N10. `outside_world` texts have their escapes decoded.
pub(super) fn parse(text: &str, flow: Flow, outside_world: bool) -> Parsed {
    let mut text = text.trim().to_owned();
    if text.starts_with('<') && text.ends_with('>') {
        text = text[1..text.len() - 1].trim().to_owned();
        if text.is_empty() {
            text = "MAILER-DAEMON".to_owned();
        }
    }
    let mut uri = false;
    for scheme in ["sip:", "mailto:"] {
        if text.to_lowercase().starts_with(scheme) {
            text = text[scheme.len()..]
                .split([';', '?'])
                .next()
                .unwrap()
                .to_owned();
            uri = true;
        }
    }
    if let Some(number) = text.strip_prefix("tel:") {
        text = format!("{}@telnum", number.replace(['-', '.', '(', ')', ' '], ""));
    } else if outside_world && (uri || flow == Flow::Signal) {
        text = decode(&text)?;
    }
    if let Some(rest) = text.strip_prefix('@') {
        let (hops, rest) = rest.split_once(':').ok_or("address syntax error")?;
        let mut hops: Vec<&str> = hops.split(",@").collect();
        hops.reverse();
        text = format!("{rest}@{}", hops.join("@"));
    }
    if text.len() > 1024 {
        return Err("address too long");
    }
    let (mut local, mut domain) = split(&text);
    while domain.is_empty() && local != text {
        text = local;
        (local, domain) = split(&text);
    }
    let mut local = unneeded_quotes(&local);
    for at in places(&local, '@').into_iter().rev() {
        local.replace_range(at..=at, "%");
    }
    if flow == Flow::Signal && is_dialled(&local) {
        local = local.replace([' ', '(', ')', '.', '-'], "");
    }
    let allowed = |c: char| match c {
        ' ' | '<' | '>' | '\\' | ':' => false,
        '(' | ')' | ',' | ';' | '[' | ']' => flow != Flow::Mail,
        _ => true,
    };
    match outside(&local) {
        Some(chars)
            if !local.is_empty()
                && chars.iter().all(|(_, c, out)| {
                    !c.is_control() && (*c == ' ' || !c.is_whitespace()) && (!out || allowed(*c))
                }) => {}
        _ => return Err("address syntax error"),
    }
    if local.len() > 255 {
        return Err("address too long");
    }
    Ok(Addr {
        local,
        domain: normal_domain(&domain)?,
    })
}

fn decode(text: &str) -> Result<String, &'static str> {
    let host = text.rfind('@').unwrap_or(text.len());
    let (user, rest) = text.split_at(host);
    let mut bytes = Vec::new();
    let mut i = 0;
    while i < user.len() {
        let escape = user
            .get(i + 1..i + 3)
            .filter(|_| user.as_bytes()[i] == b'%')
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escape.filter(|_| user.as_bytes()[i + 1] != b'+') {
            Some(byte) => {
                bytes.push(byte);
                i += 3;
            }
            None => {
                bytes.push(user.as_bytes()[i]);
                i += 1;
            }
        }
    }
    String::from_utf8(bytes)
        .map(|user| user + rest)
        .map_err(|_| "address syntax error")
}

/// N3 to N5.
fn split(text: &str) -> (String, String) {
    if let Some(at) = places(text, '@').last() {
        return (text[..*at].to_owned(), text[at + 1..].to_owned());
    }
    if let Some(at) = places(text, '!').first() {
        let mut hops: Vec<String> = Vec::new();
        let mut rest = text[at + 1..].to_owned();
        while let Some(next) = places(&rest, '!').first().copied() {
            hops.push(rest[..next].to_owned());
            rest = rest[next + 1..].to_owned();
        }
        let mut local = unneeded_quotes(&rest);
        for hop in hops.iter().rev() {
            local = format!("{local}%{hop}");
        }
        return (local, text[..*at].to_owned());
    }
    if let Some(at) = places(text, '%').last() {
        return (text[..*at].to_owned(), text[at + 1..].to_owned());
    }
    (text.to_owned(), String::new())
}

fn unneeded_quotes(local: &str) -> String {
    let chars: Vec<(usize, char)> = local.char_indices().collect();
    if chars.first().is_none_or(|(_, c)| *c != '"') || quote_end(&chars, 0) != Some(chars.len() - 1)
    {
        return local.to_owned();
    }
    let inner = without_escapes(&local[1..local.len() - 1]);
    if is_name(&inner) && !inner.contains("..") {
        inner
    } else {
        format!("\"{}\"", with_escapes(&inner))
    }
}

pub(super) fn without_escapes(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap() } else { c });
    }
    out
}

pub(super) fn with_escapes(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The inside of a text that is one quoted string.
pub(super) fn unquoted(text: &str) -> String {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    if chars.first().is_some_and(|(_, c)| *c == '"')
        && quote_end(&chars, 0) == Some(chars.len() - 1)
    {
        without_escapes(&text[1..text.len() - 1])
    } else {
        text.to_owned()
    }
}

/// §2.3
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 128
        && !text.starts_with('.')
        && !text.ends_with('.')
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "_-.".contains(c))
}

fn is_dialled(local: &str) -> bool {
    let rest = local.strip_prefix('+').unwrap_or(local);
    rest.chars()
        .all(|c| c.is_ascii_digit() || "().- ".contains(c))
        && rest.chars().any(|c| c.is_ascii_digit())
        && (local.starts_with('+') || rest.contains([' ', '(', ')']))
}

/// N7 with §7: lower case, brackets, ports, underscore spellings.
pub(super) fn normal_domain(domain: &str) -> Result<String, &'static str> {
    let domain = domain
        .strip_suffix('.')
        .filter(|_| domain.len() > 1)
        .unwrap_or(domain)
        .to_lowercase();
    if domain.is_empty() {
        return Ok(domain);
    }
    let (host, suffix) = match domain.rsplit_once('.') {
        Some((host, label))
            if ["via", "relay", "smtp", "smtpq", "domain", "list", "enum"].contains(&label) =>
        {
            (host.to_owned(), format!("._{label}"))
        }
        Some((host, label))
            if [
                "_via", "_relay", "_smtp", "_smtpq", "_domain", "_list", "_enum", "local", "pipe",
            ]
            .contains(&label) =>
        {
            (host.to_owned(), format!(".{label}"))
        }
        _ => (domain.clone(), String::new()),
    };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (
            name.to_owned(),
            Some(
                port.parse::<u16>()
                    .ok()
                    .filter(|p| *p > 0)
                    .ok_or("address syntax error")?,
            ),
        ),
        _ => (host, None),
    };
    let name = if name.is_ascii() {
        name
    } else {
        idna::domain_to_ascii(&name).map_err(|_| "address syntax error")?
    };
    if name.starts_with('[') != name.ends_with(']') {
        return Err("address syntax error");
    }
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let name = if let Ok(ip) = bare.parse::<std::net::IpAddr>() {
        format!("[{ip}]")
    } else if name.split('.').all(|label| {
        !label.is_empty()
            && label.len() < 64
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    }) {
        name
    } else {
        return Err("address syntax error");
    };
    let domain = format!(
        "{name}{}{suffix}",
        port.map(|p| format!(":{p}")).unwrap_or_default()
    );
    if domain.len() > 255 {
        Err("address too long")
    } else {
        Ok(domain)
    }
}
