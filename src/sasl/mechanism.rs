use std::fmt;

/// A SASL mechanism this room can speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mechanism {
    /// RFC 4616: name and password in one message.
    Plain,
    /// The widespread predecessor of PLAIN: name and password asked one after the other.
    Login,
    /// RFC 7677: a proof of the password that does not reveal it.
    ScramSha256,
}

impl Mechanism {
    /// All mechanisms, the strongest first.
    pub const ALL: [Self; 3] = [Self::ScramSha256, Self::Plain, Self::Login];

    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
        }
    }

    /// Finds a mechanism by its registered name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|m| m.name().eq_ignore_ascii_case(name))
    }

    /// Whether the password itself crosses the wire, so that the mechanism belongs inside TLS only.
    pub fn reveals_password(self) -> bool {
        !matches!(self, Self::ScramSha256)
    }

    /// The strongest of the names a server offers.
    pub fn strongest<'a>(offered: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut best: Option<Self> = None;
        for name in offered {
            let rank = |m: Self| Self::ALL.iter().position(|x| *x == m);
            if let Some(found) = Self::parse(name)
                && best.is_none_or(|b| rank(found) < rank(b))
            {
                best = Some(found);
            }
        }
        best
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        for m in Mechanism::ALL {
            assert_eq!(Mechanism::parse(&m.name().to_lowercase()), Some(m));
        }
        for unknown in ["", "CRAM-MD5", "SCRAM-SHA-256-PLUS", "PLAIN "] {
            assert_eq!(Mechanism::parse(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn the_strongest_offer_wins() {
        let check =
            |offer: &str, want| assert_eq!(Mechanism::strongest(offer.split(' ')), want, "{offer}");
        check("LOGIN PLAIN", Some(Mechanism::Plain));
        check("PLAIN scram-sha-256 LOGIN", Some(Mechanism::ScramSha256));
        check("CRAM-MD5 LOGIN", Some(Mechanism::Login));
        check("GSSAPI", None);
    }
}
