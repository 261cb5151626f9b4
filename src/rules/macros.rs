//! Macros in the texts of actions (rules.md §7): what a signal says of itself, put where a text asks for it.

use crate::condition::{Facts, Field};

/// Most characters of a value.
const LONGEST: usize = 1000;

/// A text with the values of its macros.
pub(crate) fn filled(text: &str, account: &str, facts: &dyn Facts) -> String {
    fill(text, account, facts, &|value, out| out.push_str(value))
}

/// The same in a URL, in which values are percent-encoded (RFC 3986 §2.1).
pub(crate) fn filled_url(url: &str, account: &str, facts: &dyn Facts) -> String {
    fill(url, account, facts, &|value, out| {
        for octet in value.bytes() {
            match octet {
                b'-' | b'.' | b'_' | b'~' => out.push(char::from(octet)),
                _ if octet.is_ascii_alphanumeric() => out.push(char::from(octet)),
                _ => out.push_str(&format!("%{octet:02X}")),
            }
        }
    })
}

fn fill(text: &str, account: &str, facts: &dyn Facts, put: &dyn Fn(&str, &mut String)) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('^') {
        out.push_str(before);
        let letter = after.chars().next();
        let mut next = after.get(letter.map_or(0, char::len_utf8)..).unwrap_or_default();
        let value = match letter {
            Some('A') => account.to_owned(),
            Some('E') => first(facts, Field::From),
            Some('N') => first(facts, Field::FromName),
            Some('F') => match (first(facts, Field::FromName), first(facts, Field::From)) {
                (name, address) if name.is_empty() => address,
                (name, address) => format!("{name} <{address}>"),
            },
            Some('R') => first(facts, Field::To),
            Some('I') => field(facts, "Call-ID"),
            Some('S') => field(facts, "Subject"),
            Some('H') if let Some((name, after)) = next.strip_prefix('{').and_then(|named| named.split_once('}')) => {
                next = after;
                field(facts, name)
            }
            Some('^') => {
                out.push('^');
                rest = next;
                continue;
            }
            // What is no macro stays as it is.
            _ => {
                out.push('^');
                rest = after;
                continue;
            }
        };
        let value: String = value.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        put(&value, &mut out);
        rest = next;
    }
    out.push_str(rest);
    out
}

fn first(facts: &dyn Facts, field: Field) -> String {
    let mut found = String::new();
    facts.any(field, &mut |text| {
        text.clone_into(&mut found);
        true
    });
    found
}

/// The first field of this name.
fn field(facts: &dyn Facts, name: &str) -> String {
    let mut found = String::new();
    facts.any(Field::ReqField, &mut |line| match line.split_once(':') {
        Some((of, value)) if of.trim().eq_ignore_ascii_case(name.trim()) => {
            value.trim().clone_into(&mut found);
            true
        }
        _ => false,
    });
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::moment::Moment;

    struct Call;

    impl Facts for Call {
        fn any(&self, field: Field, test: &mut dyn FnMut(&str) -> bool) -> bool {
            match field {
                Field::From => test("anna@a.example"),
                Field::FromName => test("Anna & \u{7}Söhne"),
                Field::To => test("bob@b.example"),
                Field::ReqField => ["Via: x", "Call-ID: 1@2", "X-Ticket: a b", "x-ticket: c"].iter().any(|line| test(line)),
                _ => false,
            }
        }

        fn number(&self, _: Field) -> Option<i64> {
            None
        }

        fn now(&self) -> Option<Moment> {
            None
        }

        fn domain(&self) -> &'static str {
            "b.example"
        }
    }

    #[test]
    fn macros_are_filled() {
        for (text, wanted) in [
            ("^F calls ^A", "Anna & Söhne <anna@a.example> calls me@b.example"),
            ("^E ^N ^R ^I", "anna@a.example Anna & Söhne bob@b.example 1@2"),
            ("^H{X-Ticket}^H{X-None}^S.", "a b."),
            ("^^ ^x ^H ^H{a ^", "^ ^x ^H ^H{a ^"),
        ] {
            assert_eq!(filled(text, "me@b.example", &Call), wanted, "{text}");
        }
        assert_eq!(filled_url("https://x/?n=^N&e=^E&p=%2B", "me@b.example", &Call), "https://x/?n=Anna%20%26%20S%C3%B6hne&e=anna%40a.example&p=%2B");
    }

    proptest! {
        #[test]
        fn a_url_stays_one(text in "\\PC{0,40}") {
            let host = "https://host.example/";
            let url = filled_url(&format!("{host}?a=^N^H{{X-Ticket}}"), &text, &Call);
            prop_assert!(url.starts_with(host) && url.bytes().all(|octet| octet.is_ascii_graphic()));
            prop_assert!(filled(&text, &text, &Call).len() <= text.len() * 40 + 200);
        }
    }
}
