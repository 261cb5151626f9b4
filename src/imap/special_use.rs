/// What a mailbox is for (RFC 6154 §2); a mailbox has at most one use, a use at most one mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecialUse {
    /// Kept, out of the way.
    Archive,
    /// Not finished.
    Drafts,
    /// Taken for spam.
    Junk,
    /// Sent.
    Sent,
    /// Deleted.
    Trash,
}

impl SpecialUse {
    /// All uses with their names.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Archive, "\\Archive"),
        (Self::Drafts, "\\Drafts"),
        (Self::Junk, "\\Junk"),
        (Self::Sent, "\\Sent"),
        (Self::Trash, "\\Trash"),
    ];

    /// The attribute of LIST.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(found, _)| *found == self)
            .map_or("", |(_, name)| name)
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(name))
            .map(|(found, _)| *found)
    }
}
