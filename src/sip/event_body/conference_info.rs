//! Who takes part in a conference: `application/conference-info+xml` (RFC 4575).

use std::fmt::Display;

use super::xml::Xml;

/// How somebody takes part (RFC 4575 §5.7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// He is being called.
    DialingOut,
    /// It rings.
    Alerting,
    /// He hears and speaks.
    Connected,
    /// He hears something else.
    OnHold,
    /// He hears and is not heard.
    MutedViaFocus,
    /// He is gone.
    Disconnected,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::DialingOut => "dialing-out",
            Self::Alerting => "alerting",
            Self::Connected => "connected",
            Self::OnHold => "on-hold",
            Self::MutedViaFocus => "muted-via-focus",
            Self::Disconnected => "disconnected",
        }
    }
}

/// One who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Participant<'a> {
    /// His address.
    pub uri: &'a str,
    /// His name; empty for none.
    pub display: &'a str,
    /// Where he is.
    pub endpoint: &'a str,
    /// How he takes part.
    pub status: Status,
}

/// Writes the body: all who take part in the conference `entity` as of this version.
pub fn write<'a>(
    version: u32,
    entity: &str,
    subject: &str,
    participants: impl IntoIterator<Item = Participant<'a>>,
) -> String {
    let participants: Vec<_> = participants.into_iter().collect();
    let mut xml = Xml::new();
    let attributes: [(&str, &dyn Display); 4] = [
        ("xmlns", &"urn:ietf:params:xml:ns:conference-info"),
        ("entity", &entity),
        ("state", &"full"),
        ("version", &version),
    ];
    xml.open("conference-info", &attributes);
    if !subject.is_empty() {
        xml.open("conference-description", &[]);
        xml.leaf("subject", &[], subject);
        xml.close();
    }
    xml.open("conference-state", &[]);
    xml.leaf("user-count", &[], &participants.len().to_string());
    xml.close();
    xml.open("users", &[]);
    for user in participants {
        xml.open("user", &[("entity", &user.uri)]);
        if !user.display.is_empty() {
            xml.leaf("display-text", &[], user.display);
        }
        xml.open("endpoint", &[("entity", &user.endpoint)]);
        xml.leaf("status", &[], user.status.name());
        xml.close();
        xml.close();
    }
    xml.finish()
}
