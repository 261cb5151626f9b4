use std::{fmt, ops::RangeInclusive};

/// Most ranges of one set.
const RANGES_MAX: usize = 10_000;
/// Longest text of one set in octets.
const TEXT_MAX: usize = 8 * 1024;

/// A set of message numbers or UIDs as written: `1,3:5,9:*` (RFC 3501 §9 `sequence-set`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceSet(Vec<(Number, Number)>);

/// A number of a set; `*` is the largest in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Is(u32),
    Star,
}

impl Number {
    fn parse(text: &[u8]) -> Option<Self> {
        match text {
            b"*" => Some(Self::Star),
            // nz-number: no sign, no leading zero.
            [b'1'..=b'9', ..] => std::str::from_utf8(text).ok()?.parse().ok().map(Self::Is),
            _ => None,
        }
    }

    fn value(self, largest: u32) -> u32 {
        match self {
            Self::Is(number) => number,
            Self::Star => largest,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(number) => number.fmt(f),
            Self::Star => f.write_str("*"),
        }
    }
}

impl SequenceSet {
    /// Reads a set; `None` when it is none, or beyond 8 KiB or 10,000 ranges.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() > TEXT_MAX {
            return None;
        }
        let mut ranges = Vec::new();
        for item in text.split(|b| *b == b',') {
            let mut ends = item.split(|b| *b == b':');
            let first = Number::parse(ends.next()?)?;
            let last = ends.next().map_or(Some(first), Number::parse)?;
            if ends.next().is_some() || ranges.len() >= RANGES_MAX {
                return None;
            }
            ranges.push((first, last));
        }
        Some(Self(ranges))
    }

    /// The numbers meant, as ascending ranges that do not touch, when `largest` is the largest in use.
    pub fn resolve(&self, largest: u32) -> Vec<RangeInclusive<u32>> {
        let ends = |&(a, b): &(Number, Number)| {
            let (a, b) = (a.value(largest), b.value(largest));
            (a.min(b), a.max(b))
        };
        let mut ranges: Vec<_> = self.0.iter().map(ends).collect();
        ranges.sort_unstable();
        let mut merged: Vec<RangeInclusive<u32>> = Vec::with_capacity(ranges.len());
        for (start, end) in ranges {
            match merged.last_mut() {
                Some(last) if start <= last.end().saturating_add(1) => {
                    *last = *last.start()..=end.max(*last.end());
                }
                _ => merged.push(start..=end),
            }
        }
        merged
    }

    /// Message numbers meant in a mailbox of `count` messages; `None` when one does not exist (answered by `BAD`). The
    /// far end of a range with `*` may lie beyond the last message (RFC 3501 §9: `*:4` and `4:*` are alike).
    pub fn numbers(&self, count: u32) -> Option<Vec<RangeInclusive<u32>>> {
        let mut clamped = self.clone();
        for (a, b) in &mut clamped.0 {
            match (&mut *a, &mut *b) {
                (Number::Is(n), Number::Star) | (Number::Star, Number::Is(n)) => {
                    *n = (*n).min(count)
                }
                (Number::Is(n), Number::Is(m)) if (*n).max(*m) > count => return None,
                _ => {}
            }
        }
        let mut ranges = clamped.resolve(count);
        if count == 0 {
            ranges.clear();
        }
        Some(ranges)
    }

    /// Whether `*` stands in the set.
    pub fn has_star(&self) -> bool {
        self.0
            .iter()
            .any(|(a, b)| matches!(a, Number::Star) || matches!(b, Number::Star))
    }
}

impl fmt::Display for SequenceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            first.fmt(f)?;
            if last != first {
                write!(f, ":{last}")?;
            }
        }
        Ok(())
    }
}

/// Whether the ascending ranges hold the number.
pub(crate) fn holds(ranges: &[RangeInclusive<u32>], number: u32) -> bool {
    let after = ranges.partition_point(|range| *range.start() <= number);
    after
        .checked_sub(1)
        .and_then(|at| ranges.get(at))
        .is_some_and(|range| range.contains(&number))
}

/// Joins numbers in the order given to ranges: `1:3,7` (RFC 4315 §3).
pub(crate) fn runs(numbers: impl IntoIterator<Item = u32>) -> String {
    use fmt::Write as _;
    let mut text = String::new();
    let mut run: Option<(u32, u32)> = None;
    let mut put = |(first, last): (u32, u32)| {
        let comma = if text.is_empty() { "" } else { "," };
        let _ = if first == last {
            write!(text, "{comma}{first}")
        } else {
            write!(text, "{comma}{first}:{last}")
        };
    };
    for number in numbers {
        run = match run {
            Some((first, last)) if last.checked_add(1) == Some(number) => Some((first, number)),
            Some(done) => {
                put(done);
                Some((number, number))
            }
            None => Some((number, number)),
        };
    }
    run.map(put);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets() {
        for (text, ranges) in [
            ("1", vec![1..=1]),
            ("2:4,1", vec![1..=4]),
            ("4:2", vec![2..=4]),
            ("*", vec![10..=10]),
            ("12:*", vec![10..=12]),
            ("1,1,1:2,9:*", vec![1..=2, 9..=10]),
            ("4294967295", vec![u32::MAX..=u32::MAX]),
        ] {
            let set = SequenceSet::parse(text.as_bytes()).unwrap();
            assert_eq!(set.resolve(10), ranges, "{text}");
            assert_eq!(set.to_string(), text);
        }
    }

    #[test]
    fn no_sets() {
        for text in [
            "",
            "0",
            "01",
            "+1",
            "1:",
            ":1",
            "1:2:3",
            "1,",
            ",",
            "a",
            "1 2",
            "4294967296",
            "**",
        ] {
            assert_eq!(SequenceSet::parse(text.as_bytes()), None, "{text}");
        }
        assert!(SequenceSet::parse(&b"1,".repeat(5000)).is_none());
    }

    #[test]
    fn numbers_of_a_mailbox() {
        let numbers =
            |text: &str, count| SequenceSet::parse(text.as_bytes()).unwrap().numbers(count);
        assert_eq!(numbers("1:3", 3), Some(vec![1..=3]));
        assert_eq!(numbers("1:4", 3), None);
        assert_eq!(numbers("7:*", 3), Some(vec![3..=3]));
        assert_eq!(numbers("1:*", 0), Some(vec![]));
        assert_eq!(numbers("1", 0), None);
    }

    #[test]
    fn runs_of_numbers() {
        for (numbers, text) in [
            (vec![], ""),
            (vec![3], "3"),
            (vec![1, 2, 3, 7, 9, 8], "1:3,7,9,8"),
        ] {
            assert_eq!(runs(numbers), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn resolve_is_the_union(items in proptest::collection::vec((1u32..30, 1u32..30), 1..8)) {
            let text = items.iter().map(|(a, b)| format!("{a}:{b}")).collect::<Vec<_>>().join(",");
            let set = SequenceSet::parse(text.as_bytes()).unwrap();
            let ranges = set.resolve(10);
            for n in 1..31 {
                let naive = items.iter().any(|(a, b)| (*a.min(b)..=*a.max(b)).contains(&n));
                assert_eq!(holds(&ranges, n), naive);
            }
            assert_eq!(SequenceSet::parse(set.to_string().as_bytes()), Some(set));
        }
    }
}
