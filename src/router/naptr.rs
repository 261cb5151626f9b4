//! ENUM: from a telephone number to a URI (RFC 6116).

use model::routing::Flow;

use crate::question::Naptr;

/// Octets a regular expression from the DNS may have.
const MAX_EXPRESSION: usize = 256;

/// The DNS name of a number under a root: digits reversed, dots between (RFC 6116 §3.2).
pub fn enum_name(number: &str, zone: &str) -> String {
    let mut name = String::with_capacity(number.len() * 2 + zone.len());
    for digit in number.chars().rev().filter(char::is_ascii_digit) {
        name.push(digit);
        name.push('.');
    }
    name.push_str(zone);
    name
}

/// The URI the records give for the number in this flow: the first by order and preference whose service and expression
/// fit. Only terminal records (flag `u`) are used.
pub(crate) fn enum_uri(records: &[Naptr], number: &str, flow: Flow) -> Option<String> {
    let mut usable: Vec<&Naptr> = records
        .iter()
        .filter(|r| r.flags.eq_ignore_ascii_case("u") && serves(&r.services, flow))
        .collect();
    usable.sort_by_key(|record| (record.order, record.preference));
    usable
        .into_iter()
        .find_map(|record| substitute(&record.regexp, number))
}

/// Whether one of the services behind `E2U` is for the flow (RFC 6116 §3.4.3).
fn serves(services: &str, flow: Flow) -> bool {
    let mut parts = services.split('+');
    let enum_service = parts
        .next()
        .is_some_and(|first| first.eq_ignore_ascii_case("E2U"));
    let wanted: &[&str] = match flow {
        Flow::Mail => &["email:mailto", "mailto"],
        Flow::Signal => &["sip"],
        Flow::Access => &[],
    };
    enum_service && parts.any(|part| wanted.iter().any(|w| part.eq_ignore_ascii_case(w)))
}

/// Applies `!expression!replacement!flags` to the number (RFC 3402 §3.2).
fn substitute(regexp: &str, number: &str) -> Option<String> {
    let delimiter = regexp.chars().next()?;
    if regexp.len() > MAX_EXPRESSION || delimiter.is_alphanumeric() || delimiter == '\\' {
        return None;
    }
    let mut fields = split_escaped(regexp.get(delimiter.len_utf8()..)?, delimiter);
    let (expression, replacement, flags) = (fields.next()?, fields.next()?, fields.next()?);
    if fields.next().is_some() {
        return None;
    }
    let expression = regex_lite::RegexBuilder::new(&expression)
        .case_insensitive(flags.eq_ignore_ascii_case("i"))
        .size_limit(1 << 16)
        .build()
        .ok()?;
    let captures = expression.captures(number)?;
    let mut uri = String::new();
    let mut chars = replacement.chars();
    while let Some(c) = chars.next() {
        match (c, (c == '\\').then(|| chars.next()).flatten()) {
            (_, Some(digit)) if digit.is_ascii_digit() => {
                let group = digit.to_digit(10).and_then(|n| captures.get(n as usize));
                uri.push_str(group.map_or("", |m| m.as_str()));
            }
            (_, Some(escaped)) => uri.push(escaped),
            (plain, None) => uri.push(plain),
        }
    }
    // The expression replaces what it matched; a useful one matches the whole number.
    let whole = captures.get(0)?;
    let before = number.get(..whole.start())?;
    let after = number.get(whole.end()..)?;
    Some(format!("{before}{uri}{after}"))
}

/// Fields between delimiters; an escaped delimiter belongs to its field.
fn split_escaped(text: &str, delimiter: char) -> impl Iterator<Item = String> {
    let mut fields = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let escaped = (c == '\\').then(|| chars.next()).flatten();
        if c == delimiter {
            fields.push(String::new());
        } else if let Some(field) = fields.last_mut() {
            match escaped {
                Some(e) if e == delimiter => field.push(e),
                Some(e) => field.extend([c, e]),
                None => field.push(c),
            }
        }
    }
    fields.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(order: u16, preference: u16, flags: &str, services: &str, regexp: &str) -> Naptr {
        Naptr {
            order,
            preference,
            flags: flags.into(),
            services: services.into(),
            regexp: regexp.into(),
        }
    }

    #[test]
    fn names() {
        // RFC 6116 §3.2
        assert_eq!(
            enum_name("+442079460148", "e164.arpa"),
            "8.4.1.0.6.4.9.7.0.2.4.4.e164.arpa"
        );
    }

    #[test]
    fn records_by_order_and_service() {
        // RFC 6116 §3.6
        let records = [
            record(100, 51, "u", "E2U+h323", "!^(.*)$!h323:info@example.com!"),
            record(
                100,
                50,
                "u",
                "E2U+sip",
                "!^(\\+441632960083)$!sip:\\1@example.com!",
            ),
            record(
                100,
                52,
                "u",
                "E2U+email:mailto",
                "!^.*$!mailto:info@example.com!",
            ),
            record(10, 1, "", "E2U+sip", "!^.*$!sip:nonterminal@example.com!"),
            record(200, 1, "U", "e2u+SIP", "!^.*$!sip:later@example.com!"),
        ];
        assert_eq!(
            enum_uri(&records, "+441632960083", Flow::Signal).as_deref(),
            Some("sip:+441632960083@example.com")
        );
        assert_eq!(
            enum_uri(&records, "+441632960084", Flow::Signal).as_deref(),
            Some("sip:later@example.com")
        );
        assert_eq!(
            enum_uri(&records, "+441632960083", Flow::Mail).as_deref(),
            Some("mailto:info@example.com")
        );
        assert_eq!(enum_uri(&records, "+441632960083", Flow::Access), None);
    }

    #[test]
    fn substitutions() {
        for (regexp, uri) in [
            (
                "!^\\+49(.*)$!sip:\\1@de.example!",
                Some("sip:301@de.example"),
            ),
            ("/^.*$/sip:a\\/b@x.example/i", Some("sip:a/b@x.example")),
            ("!^\\+49301$!sip:a\\\\1@x!", Some("sip:a\\1@x")),
            ("!^\\+1!sip:x@y!", None),
            ("!(!sip:x@y!", None),
            ("!^.*$!sip:x@y", None),
            ("!^.*$!a!b!c!", None),
            ("", None),
        ] {
            assert_eq!(substitute(regexp, "+49301").as_deref(), uri, "{regexp}");
        }
        assert_eq!(
            substitute(&format!("!{}!x!", "(a*)*".repeat(100)), "+49301"),
            None
        );
    }
}
