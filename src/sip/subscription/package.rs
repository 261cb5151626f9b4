use std::time::Duration;

/// What can be watched (RFC 6665 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Package {
    /// Whether somebody can be reached (RFC 3856).
    Presence,
    /// Who watches that (RFC 3857).
    PresenceWatchers,
    /// Messages that wait (RFC 3842).
    MessageSummary,
    /// Calls of an account (RFC 4235).
    Dialog,
    /// Its bindings (RFC 3680).
    Registration,
    /// Who takes part in a conference (RFC 4575).
    Conference,
}

impl Package {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Presence,
        Self::PresenceWatchers,
        Self::MessageSummary,
        Self::Dialog,
        Self::Registration,
        Self::Conference,
    ];

    /// The name in Event.
    pub fn name(self) -> &'static str {
        match self {
            Self::Presence => "presence",
            Self::PresenceWatchers => "presence.winfo",
            Self::MessageSummary => "message-summary",
            Self::Dialog => "dialog",
            Self::Registration => "reg",
            Self::Conference => "conference",
        }
    }

    /// Finds a package by its name, whose case counts.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|package| package.name() == name)
    }

    /// The media type of its body.
    pub fn body(self) -> &'static str {
        match self {
            Self::Presence => "application/pidf+xml",
            Self::PresenceWatchers => "application/watcherinfo+xml",
            Self::MessageSummary => "application/simple-message-summary",
            Self::Dialog => "application/dialog-info+xml",
            Self::Registration => "application/reginfo+xml",
            Self::Conference => "application/conference-info+xml",
        }
    }

    /// The shortest time between two notifications.
    pub(super) fn pause(self) -> Duration {
        Duration::from_millis(match self {
            Self::Presence | Self::PresenceWatchers => 5000,
            Self::Dialog => 500,
            // Each counts, but not each of a burst.
            Self::MessageSummary | Self::Registration | Self::Conference => 1000,
        })
    }
}
