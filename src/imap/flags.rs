use std::fmt;

/// Most keywords of one message.
pub const KEYWORDS_MAX: usize = 64;
/// Longest keyword in octets.
pub const KEYWORD_LEN_MAX: usize = 128;

/// System flags of a message as bits (RFC 3501 §2.3.2), in the layout of the store: 1 seen, 2 answered, 4 flagged,
/// 8 deleted, 16 draft. `\Recent` is not among them; it belongs to a session.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Flags(u8);

/// The bits and the names on the wire.
const NAMES: [(Flags, &str); 5] = [
    (Flags::ANSWERED, "\\Answered"),
    (Flags::FLAGGED, "\\Flagged"),
    (Flags::DELETED, "\\Deleted"),
    (Flags::SEEN, "\\Seen"),
    (Flags::DRAFT, "\\Draft"),
];

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// Read.
    pub const SEEN: Self = Self(1);
    /// Answered.
    pub const ANSWERED: Self = Self(2);
    /// Marked.
    pub const FLAGGED: Self = Self(4);
    /// To be expunged.
    pub const DELETED: Self = Self(8);
    /// Not finished.
    pub const DRAFT: Self = Self(16);
    /// Every flag.
    pub const ALL: Self = Self(31);

    /// Takes the known bits of a stored number.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// The number to store.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether all flags of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both together.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These without those.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Finds a system flag by its name with the backslash, in any case.
    pub fn parse(name: &[u8]) -> Option<Self> {
        let found = NAMES
            .iter()
            .find(|(_, n)| n.as_bytes().eq_ignore_ascii_case(name));
        found.map(|(flag, _)| *flag)
    }

    /// Names of the flags set.
    pub fn names<'x>(self) -> impl Iterator<Item = &'x str> {
        NAMES
            .iter()
            .filter(move |(flag, _)| self.contains(*flag))
            .map(|(_, name)| *name)
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// System flags and keywords together, as a client names them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FlagList {
    /// System flags.
    pub flags: Flags,
    /// Keywords as written, each once (they are compared without regard to case).
    pub keywords: Vec<String>,
}

impl FlagList {
    /// Adds a keyword unless it is there.
    pub(crate) fn add_keyword(&mut self, keyword: &str) {
        if !self
            .keywords
            .iter()
            .any(|k| k.eq_ignore_ascii_case(keyword))
        {
            self.keywords.push(keyword.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_names() {
        let both = Flags::parse(b"\\SEEN").unwrap().union(Flags::DELETED);
        assert_eq!(both.bits(), 9);
        assert_eq!(both.names().collect::<Vec<_>>(), ["\\Deleted", "\\Seen"]);
        assert_eq!(both.without(Flags::SEEN), Flags::DELETED);
        assert_eq!(Flags::from_bits(255), Flags::ALL);
        assert_eq!(Flags::parse(b"\\Recent"), None);
    }
}
