use std::net::IpAddr;

/// An ordered list of address lines; the last line that matches decides.
///
/// Lines: `192.0.2.7`, `192.0.2.0/24`, `192.0.2.1-192.0.2.9`, each also with `!` in front (taken out again);
/// empty lines and text after `;` are comments. Addresses mapped into IPv6 are compared as IPv4.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressSet {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    line: usize,
    first: IpAddr,
    last: IpAddr,
    include: bool,
}

/// Why a line is no address line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct AddressLineError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl AddressSet {
    /// Reads address lines.
    ///
    /// # Errors
    /// The first line that is none.
    pub fn parse<S: AsRef<str>>(lines: &[S]) -> Result<Self, AddressLineError> {
        let mut entries = Vec::new();
        for (index, text) in lines.iter().enumerate() {
            let text = text.as_ref().split(';').next().unwrap_or_default().trim();
            if text.is_empty() {
                continue;
            }
            let (include, text) = text.strip_prefix('!').map_or((true, text), |rest| (false, rest.trim()));
            let (first, last) = range(text).map_err(|reason| AddressLineError { line: index + 1, reason })?;
            entries.push(Entry { line: index + 1, first, last, include });
        }
        Ok(Self { entries })
    }

    /// Whether there is no line in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the address is in the set.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.decide(address).is_some_and(|(_, include)| include)
    }

    /// The line that decides (counted from 1) and whether it takes the address in.
    pub fn decide(&self, address: IpAddr) -> Option<(usize, bool)> {
        let address = address.to_canonical();
        self.entries.iter().rev().find(|e| e.first <= address && address <= e.last).map(|e| (e.line, e.include))
    }
}

fn address(text: &str) -> Result<IpAddr, &'static str> {
    let text = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    text.trim().parse::<IpAddr>().map(|a| a.to_canonical()).map_err(|_| "not an IP address")
}

fn range(text: &str) -> Result<(IpAddr, IpAddr), &'static str> {
    if let Some((first, last)) = text.split_once('-') {
        let (first, last) = (address(first)?, address(last)?);
        return if first.is_ipv4() == last.is_ipv4() && first <= last { Ok((first, last)) } else { Err("the range is empty") };
    }
    let Some((base, bits)) = text.split_once('/') else {
        return address(text).map(|a| (a, a));
    };
    let bits: u32 = bits.trim().parse().map_err(|_| "the mask is not a number")?;
    match address(base)? {
        IpAddr::V4(base) if (1..=32).contains(&bits) => {
            let host = u32::MAX.checked_shr(bits).unwrap_or(0);
            let first = u32::from(base);
            if first & host != 0 { Err("bits behind the mask are set") } else { Ok((base.into(), IpAddr::V4((first | host).into()))) }
        }
        IpAddr::V6(base) if (1..=128).contains(&bits) => {
            let host = u128::MAX.checked_shr(bits).unwrap_or(0);
            let first = u128::from(base);
            if first & host != 0 { Err("bits behind the mask are set") } else { Ok((base.into(), IpAddr::V6((first | host).into()))) }
        }
        _ => Err("the mask is out of range"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_matching_line_decides() {
        let check = |lines: &[&str], address: &str, expected| {
            let set = AddressSet::parse(lines).unwrap();
            assert_eq!(set.contains(address.parse().unwrap()), expected, "{lines:?} {address}");
        };
        check(&["10.0.0.0/8", "!10.1.0.0/16"], "10.1.2.3", false);
        check(&["!10.1.0.0/16", "10.0.0.0/8"], "10.1.2.3", true);
        check(&["192.0.2.10-192.0.2.20 ; office"], "192.0.2.20", true);
        check(&["192.0.2.10-192.0.2.20"], "192.0.2.21", false);
        check(&["127.0.0.0/8", "::1"], "::ffff:127.0.0.1", true);
        check(&["2001:db8::/32"], "2001:db8:1::1", true);
        check(&["; nothing", ""], "192.0.2.1", false);
    }

    #[test]
    fn wrong_lines_are_named() {
        for line in ["10.0.0.1/8", "nonsense", "10.0.0.9-10.0.0.1", "10.0.0.0/33", "10.0.0.0/0", "10.0.0.1-::1"] {
            assert_eq!(AddressSet::parse(&["10.0.0.1", line]).unwrap_err().line, 2, "{line}");
        }
    }
}
