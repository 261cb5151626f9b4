use std::fmt;

use bytes::Bytes;

/// What a request asks for; methods are told apart by case (RFC 3261 §7.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Method {
    /// RFC 3261 §13.
    Invite,
    /// RFC 3261 §17.1.1.3.
    Ack,
    /// RFC 3261 §15.
    Bye,
    /// RFC 3261 §9.
    Cancel,
    /// RFC 3261 §10.
    Register,
    /// RFC 3261 §11.
    Options,
    /// RFC 3262.
    Prack,
    /// RFC 3311.
    Update,
    /// RFC 6665.
    Subscribe,
    /// RFC 6665.
    Notify,
    /// RFC 3903.
    Publish,
    /// RFC 3428.
    Message,
    /// RFC 3515.
    Refer,
    /// RFC 6086.
    Info,
    /// Any other token.
    Other(Bytes),
}

impl Method {
    /// All methods with a name of their own.
    pub const KNOWN: [Self; 14] = [
        Self::Invite,
        Self::Ack,
        Self::Bye,
        Self::Cancel,
        Self::Register,
        Self::Options,
        Self::Prack,
        Self::Update,
        Self::Subscribe,
        Self::Notify,
        Self::Publish,
        Self::Message,
        Self::Refer,
        Self::Info,
    ];

    /// The method of this name, when it is one of [`Method::KNOWN`].
    pub fn known(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"INVITE" => Self::Invite,
            b"ACK" => Self::Ack,
            b"BYE" => Self::Bye,
            b"CANCEL" => Self::Cancel,
            b"REGISTER" => Self::Register,
            b"OPTIONS" => Self::Options,
            b"PRACK" => Self::Prack,
            b"UPDATE" => Self::Update,
            b"SUBSCRIBE" => Self::Subscribe,
            b"NOTIFY" => Self::Notify,
            b"PUBLISH" => Self::Publish,
            b"MESSAGE" => Self::Message,
            b"REFER" => Self::Refer,
            b"INFO" => Self::Info,
            _ => return None,
        })
    }

    /// The name as it stands on the wire: a token.
    pub fn name(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Register => "REGISTER",
            Self::Options => "OPTIONS",
            Self::Prack => "PRACK",
            Self::Update => "UPDATE",
            Self::Subscribe => "SUBSCRIBE",
            Self::Notify => "NOTIFY",
            Self::Publish => "PUBLISH",
            Self::Message => "MESSAGE",
            Self::Refer => "REFER",
            Self::Info => "INFO",
            Self::Other(name) => std::str::from_utf8(name).unwrap_or_default(),
        }
    }

    /// Whether a 2xx to it, outside a dialog, begins one (RFC 3261 §12.1, RFC 6665 §4.1.2.1, RFC 3515 §2.4.4).
    pub fn begins_dialog(&self) -> bool {
        matches!(self, Self::Invite | Self::Subscribe | Self::Refer)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for method in Method::KNOWN {
            assert_eq!(Method::known(method.name().as_bytes()), Some(method));
        }
        for other in ["invite", "RE%47IST%45R", ""] {
            assert_eq!(Method::known(other.as_bytes()), None, "{other}");
        }
    }
}
