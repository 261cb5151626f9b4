use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    header,
    token::{ADDRESS, Token, Tokens},
};

/// Most addresses kept of one header field.
const ADDRESSES_MAX: usize = 1000;
/// Longest header value read for addresses, in bytes.
const VALUE_MAX: usize = 256 * 1024;

/// One address as IMAP shows it (RFC 3501 §7.4.2): encoded words stay encoded, quotes are gone.
///
/// A group begins with an entry that has only a mailbox (its name) and ends with one that has nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Address {
    /// Display name.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Source route, long obsolete (RFC 5322 §4.4).
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub adl: Option<String>,
    /// Local part, or the name of the group that begins here.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<String>,
    /// Domain; empty when the header had none, `None` at the borders of a group.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

impl Address {
    /// Display name in UTF-8 (RFC 2047).
    pub fn display_name(&self) -> Option<Cow<'_, str>> {
        self.name.as_deref().map(header::decode)
    }

    /// `local@domain`; `None` for the borders of a group and for entries without a domain.
    pub fn email(&self) -> Option<String> {
        match (&self.mailbox, &self.host) {
            (Some(mailbox), Some(host)) if !mailbox.is_empty() && !host.is_empty() => {
                Some(format!("{mailbox}@{host}"))
            }
            _ => None,
        }
    }

    /// Reads an address list (RFC 5322 §3.4 with the obsolete forms of §4.4); never fails.
    pub fn parse_list(value: &[u8]) -> Vec<Self> {
        let text = header::unfold(value.get(..VALUE_MAX).unwrap_or(value));
        let mut reader = Reader::default();
        for token in Tokens::new(&text, ADDRESS) {
            reader.take(token);
            if reader.list.len() >= ADDRESSES_MAX {
                break;
            }
        }
        reader.finish()
    }
}

#[derive(Default)]
struct Reader {
    list: Vec<Address>,
    phrase: Vec<String>,
    comment: Option<String>,
    /// Text of the angle address so far, for the route.
    angle: Option<String>,
    adl: Option<String>,
    local: String,
    host: Option<String>,
    group: bool,
}

impl Reader {
    fn take(&mut self, token: Token<'_>) {
        let inside = self.angle.is_some();
        match token {
            Token::Comment(text) => self.comment = Some(text.to_owned()).filter(|t| !t.is_empty()),
            Token::Atom(text) | Token::Literal(text) => self.word(text),
            Token::Quoted(text) => self.word(&text),
            Token::Special(b'<') if !inside => {
                // `a@b <c@d>`: what looked like an address was a name.
                self.restore_phrase();
                self.angle = Some(String::new());
            }
            Token::Special(b'>') if inside => self.end_address(),
            Token::Special(b':') if inside => {
                self.adl = self.angle.take();
                self.angle = Some(String::new());
                (self.local, self.host) = (String::new(), None);
            }
            Token::Special(b'@') => {
                self.route("@");
                self.host.get_or_insert_default();
            }
            Token::Special(b',') if inside && self.local.is_empty() => self.route(","),
            Token::Special(b',') => self.end_address(),
            Token::Special(b';') => {
                self.end_address();
                self.end_group();
            }
            Token::Special(b':') => self.begin_group(),
            Token::Special(_) => {}
        }
    }

    fn route(&mut self, text: &str) {
        if let Some(angle) = &mut self.angle {
            angle.push_str(text);
        }
    }

    fn word(&mut self, text: &str) {
        self.route(text);
        match (&mut self.host, &self.angle) {
            (Some(host), _) => host.push_str(text),
            (None, Some(_)) => self.local.push_str(text),
            (None, None) => self.phrase.push(text.to_owned()),
        }
    }

    fn restore_phrase(&mut self) {
        if let Some(host) = self.host.take() {
            let local = std::mem::take(&mut self.phrase).concat();
            self.phrase.push(format!("{local}@{host}"));
        }
    }

    fn end_address(&mut self) {
        let words = std::mem::take(&mut self.phrase);
        let comment = self.comment.take();
        let (adl, host) = (self.adl.take(), self.host.take());
        let local = std::mem::take(&mut self.local);
        let (name, mailbox) = if self.angle.take().is_some() {
            (
                Some(words.join(" ")).filter(|n| !n.is_empty()).or(comment),
                local,
            )
        } else if host.is_some() {
            (comment, words.concat())
        } else {
            (comment, words.join(" "))
        };
        if name.is_some() || !mailbox.is_empty() || host.is_some() {
            self.list.push(Address {
                name,
                adl,
                mailbox: Some(mailbox),
                host: Some(host.unwrap_or_default()),
            });
        }
    }

    fn begin_group(&mut self) {
        self.restore_phrase();
        let name = std::mem::take(&mut self.phrase).join(" ");
        self.comment = None;
        self.end_group();
        self.list.push(Address {
            mailbox: Some(name),
            ..Address::default()
        });
        self.group = true;
    }

    fn end_group(&mut self) {
        if std::mem::take(&mut self.group) {
            self.list.push(Address::default());
        }
    }

    fn finish(mut self) -> Vec<Address> {
        self.end_address();
        self.end_group();
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(list: &[Address]) -> String {
        let text = |v: &Option<String>| v.clone().unwrap_or_else(|| "-".into());
        list.iter()
            .map(|a| [&a.name, &a.adl, &a.mailbox, &a.host].map(text).join("|"))
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn check(value: &str, expected: &str) {
        assert_eq!(
            show(&Address::parse_list(value.as_bytes())),
            expected,
            "{value}"
        );
    }

    #[test]
    fn address_lists() {
        check("", "");
        check("a@b.example", "-|-|a|b.example");
        check("A B <a@b>, c@d", "A B|-|a|b -|-|c|d");
        check("\"Doe, John\" <john@x>", "Doe, John|-|john|x");
        check("=?utf-8?Q?J=C3=B8?= <j@x>", "=?utf-8?Q?J=C3=B8?=|-|j|x");
        check("a@b (Anna)", "Anna|-|a|b");
        check("<@r1,@r2:a@b>", "-|@r1,@r2|a|b");
        check("\"a b\"@x", "-|-|a b|x");
        check("a @ [1.2.3.4]", "-|-|a|[1.2.3.4]");
        check("john . doe @ x . y", "-|-|john.doe|x.y");
        check("a@b <c@d>", "a@b|-|c|d");
        check("root", "-|-|root|");
        check("Team: a@b, c@d;", "-|-|Team|- -|-|a|b -|-|c|d -|-|-|-");
        check(
            "undisclosed-recipients:;",
            "-|-|undisclosed-recipients|- -|-|-|-",
        );
        check("Open: a@b", "-|-|Open|- -|-|a|b -|-|-|-");
        check("<a@b", "-|-|a|b");
        check(",,a@b,,", "-|-|a|b");
        check("<>", "");
    }

    #[test]
    fn decoded_forms() {
        let list = Address::parse_list(b"=?utf-8?Q?J=C3=B8?= <j@x>, root, g:;");
        assert_eq!(list[0].display_name().unwrap(), "Jø");
        assert_eq!(list[0].email().unwrap(), "j@x");
        assert!(list[1..].iter().all(|a| a.email().is_none()));
    }
}
