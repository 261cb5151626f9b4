//! Refusals: what a peer of each flow is told.

use std::fmt;
use std::net::IpAddr;

use model::routing::ReplyCodes;

/// Why an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Situation {
    /// No address.
    Syntax,
    /// Longer than the Router handles.
    TooLong,
    /// No such name in one of our domains.
    UnknownName,
    /// No such domain.
    UnknownHost,
    /// Routed to `error`, or closed to this sender.
    NotAccepted,
    /// More passes than allowed.
    Loop,
    /// The peer is blacklisted and no record helps.
    Blacklisted,
    /// The domain is suspended.
    Suspended,
    /// A group or list where an account is needed.
    NotAnAccount,
    /// The account takes no logins or calls.
    Disabled,
    /// The directory or a helper cannot answer.
    Temporary,
    /// Relaying for a stranger who could sign in.
    RelayNeedsLogin,
    /// Relaying for a stranger.
    Relay,
}

/// A refusal with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteError {
    /// Why.
    pub situation: Situation,
    /// The text a peer sees, the address in front.
    pub text: Box<str>,
    /// Accept the recipient all the same and report the failure to the sender ("accepted and bounced").
    pub bounce: bool,
}

/// An SMTP reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmtpReply<'a> {
    /// Reply code.
    pub code: u16,
    /// Enhanced status code; absent with compatible codes.
    pub enhanced: Option<&'static str>,
    /// Text.
    pub text: &'a str,
}

impl RouteError {
    /// The refusal of an address as the peer wrote it.
    pub fn new(situation: Situation, address: &str) -> Self {
        let words = match situation {
            Situation::Syntax => "address syntax error",
            Situation::TooLong => {
                return Self {
                    situation,
                    text: "address too long".into(),
                    bounce: false,
                };
            }
            Situation::UnknownName => "unknown user account",
            Situation::UnknownHost => "unknown host name",
            Situation::NotAccepted => "is not accepted",
            Situation::Loop => "routing loop",
            Situation::Blacklisted => "is not accepted from your host",
            Situation::Suspended => "temporarily disabled",
            Situation::NotAnAccount => "is not an account",
            Situation::Disabled => "account is disabled",
            Situation::Temporary => "temporary internal error",
            Situation::RelayNeedsLogin => "relaying prohibited. You should authenticate first",
            Situation::Relay => "prohibited. We do not relay",
        };
        let mut text = String::with_capacity(address.len() + words.len() + 1);
        text.extend(
            shown(address)
                .chars()
                .filter(|c| !c.is_control())
                .take(1024),
        );
        text.push(' ');
        text.push_str(words);
        Self {
            situation,
            text: text.into(),
            bounce: false,
        }
    }

    pub(crate) fn with_text(situation: Situation, text: impl Into<Box<str>>) -> Self {
        Self {
            situation,
            text: text.into(),
            bounce: false,
        }
    }

    pub(crate) fn blacklisted(peer: Option<IpAddr>, main: &str) -> Self {
        let host = peer.map_or_else(|| "Your host".to_owned(), |ip| format!("Your host [{ip}]"));
        Self::with_text(
            Situation::Blacklisted,
            format!("{host} is blacklisted. Send your questions to blacklist-admin@{main}"),
        )
    }

    /// The reply to `RCPT TO`, `MAIL FROM` or the reason of a failure report.
    pub fn smtp(&self, codes: ReplyCodes) -> SmtpReply<'_> {
        let (code, enhanced) = match self.situation {
            Situation::Syntax | Situation::TooLong => (501, "5.1.3"),
            Situation::UnknownName | Situation::NotAccepted | Situation::NotAnAccount => {
                (550, "5.1.1")
            }
            Situation::UnknownHost => (550, "5.1.2"),
            Situation::Loop => (550, "5.4.6"),
            Situation::Suspended => (450, "4.2.1"),
            Situation::Disabled => (550, "5.2.1"),
            Situation::Temporary => (451, "4.3.0"),
            Situation::Blacklisted | Situation::RelayNeedsLogin | Situation::Relay => {
                (550, "5.7.1")
            }
        };
        let historic = match self.situation {
            Situation::RelayNeedsLogin => Some(473),
            Situation::Relay => Some(571),
            Situation::Blacklisted => Some(591),
            _ => None,
        };
        match historic.filter(|_| codes == ReplyCodes::Compatible) {
            Some(code) => SmtpReply {
                code,
                enhanced: None,
                text: &self.text,
            },
            None => SmtpReply {
                code,
                enhanced: Some(enhanced),
                text: &self.text,
            },
        }
    }

    /// The code of the final response to a SIP request; the text is the reason phrase.
    pub fn sip(&self) -> u16 {
        match self.situation {
            Situation::Syntax => 400,
            Situation::TooLong => 414,
            Situation::UnknownName | Situation::UnknownHost | Situation::NotAnAccount => 404,
            Situation::NotAccepted | Situation::Blacklisted | Situation::Relay => 403,
            Situation::Loop => 482,
            Situation::Suspended | Situation::Disabled => 480,
            Situation::Temporary => 503,
            Situation::RelayNeedsLogin => 407,
        }
    }
}

/// The address as the peer wrote it, without its brackets.
fn shown(address: &str) -> &str {
    let address = address.trim();
    address
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .unwrap_or(address)
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
