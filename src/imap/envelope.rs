use bytes::BytesMut;

use crate::write::{nstring, put};

/// One address of an envelope (RFC 3501 §7.4.2): encoded words stay encoded, quotes are gone. A group begins with an
/// entry that has only a mailbox and ends with one that has nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// Display name.
    pub name: Option<String>,
    /// Source route.
    pub adl: Option<String>,
    /// Local part, or name of the group.
    pub mailbox: Option<String>,
    /// Domain; `None` at the borders of a group.
    pub host: Option<String>,
}

/// Envelope of a message (RFC 3501 §7.4.2), values as they stand in the header, unfolded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Envelope {
    /// `Date`.
    pub date: Option<String>,
    /// `Subject`.
    pub subject: Option<String>,
    /// `From`.
    pub from: Vec<Address>,
    /// `Sender`; when empty, `from` is shown.
    pub sender: Vec<Address>,
    /// `Reply-To`; when empty, `from` is shown.
    pub reply_to: Vec<Address>,
    /// `To`.
    pub to: Vec<Address>,
    /// `Cc`.
    pub cc: Vec<Address>,
    /// `Bcc`.
    pub bcc: Vec<Address>,
    /// `In-Reply-To`.
    pub in_reply_to: Option<String>,
    /// `Message-ID`.
    pub message_id: Option<String>,
}

impl Envelope {
    /// Writes the envelope as FETCH shows it.
    pub fn write(&self, out: &mut BytesMut) {
        put(out, "(");
        nstring(out, self.date.as_deref());
        put(out, " ");
        nstring(out, self.subject.as_deref());
        let or_from = |list| {
            if Vec::is_empty(list) {
                &self.from
            } else {
                list
            }
        };
        let lists = [
            &self.from,
            or_from(&self.sender),
            or_from(&self.reply_to),
            &self.to,
            &self.cc,
            &self.bcc,
        ];
        for list in lists {
            put(out, " ");
            addresses(out, list);
        }
        for value in [&self.in_reply_to, &self.message_id] {
            put(out, " ");
            nstring(out, value.as_deref());
        }
        put(out, ")");
    }
}

fn addresses(out: &mut BytesMut, list: &[Address]) {
    if list.is_empty() {
        return put(out, "NIL");
    }
    put(out, "(");
    for address in list {
        let fields = [&address.name, &address.adl, &address.mailbox, &address.host];
        for (at, field) in fields.into_iter().enumerate() {
            put(out, if at == 0 { "(" } else { " " });
            nstring(out, field.as_deref());
        }
        put(out, ")");
    }
    put(out, ")");
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn address(name: Option<&str>, mailbox: &str, host: &str) -> Address {
        let own = |text: &str| Some(text.to_owned());
        Address {
            name: name.and_then(own),
            adl: None,
            mailbox: own(mailbox),
            host: own(host),
        }
    }

    /// The envelope of RFC 3501 §8.
    pub(crate) fn sample() -> Envelope {
        let gray = vec![address(Some("Terry Gray"), "gray", "cac.washington.edu")];
        Envelope {
            date: Some("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)".into()),
            subject: Some("IMAP4rev1 WG mtg summary and minutes".into()),
            from: gray,
            to: vec![address(None, "imap", "cac.washington.edu")],
            cc: vec![
                address(None, "minutes", "CNRI.Reston.VA.US"),
                address(Some("John Klensin"), "KLENSIN", "MIT.EDU"),
            ],
            message_id: Some("<B27397-0100000@cac.washington.edu>".into()),
            ..Envelope::default()
        }
    }

    pub(crate) const SAMPLE: &str = "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \
        \"IMAP4rev1 WG mtg summary and minutes\" \
        ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
        ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((NIL NIL \"imap\" \"cac.washington.edu\")) \
        ((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL \
        \"<B27397-0100000@cac.washington.edu>\")";

    #[test]
    fn envelope_of_the_rfc() {
        let mut out = BytesMut::new();
        sample().write(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), SAMPLE);
    }
}
