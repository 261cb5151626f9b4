//! Times of day, dates and days, as conditions name them.

/// A moment by the clock on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Year.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
    /// Second of the day, from 0.
    pub second: u32,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A day that a condition names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Day {
    /// Of the week, 0 = Monday.
    Week(u8),
    /// Of the month.
    Month(u8),
}

impl Moment {
    /// The day of the week, 0 = Monday.
    pub fn weekday(&self) -> u8 {
        // Days since 0000-03-01 of the Gregorian calendar carried back; that day was a Wednesday.
        let (month, year) = (i32::from(self.month), i32::from(self.year));
        let (shifted, year) = if month > 2 { (month - 3, year) } else { (month + 9, year - 1) };
        let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * shifted + 2) / 5 + i32::from(self.day) - 1;
        u8::try_from((days + 2).rem_euclid(7)).unwrap_or(0)
    }

    /// Reads `2026-06-18T10:30` or `24 Dec 2026 10:30`; midnight is meant where no time is said.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, time) = match text.as_bytes().get(4) {
            Some(b'-') => text.split_once(['T', 't', ' ']).unwrap_or((text, "")),
            _ => match text.match_indices(' ').nth(2) {
                Some((at, _)) => (text.get(..at)?, text.get(at + 1..)?),
                None => (text, ""),
            },
        };
        let (year, month, day) = if date.contains('-') {
            let mut parts = date.split('-');
            let found = (digits(parts.next()?)?, digits(parts.next()?)?, digits(parts.next()?)?);
            if parts.next().is_some() {
                return None;
            }
            found
        } else {
            let mut parts = date.split_whitespace();
            let day = digits(parts.next()?)?;
            let month = parts.next()?.to_ascii_lowercase();
            let month = 1 + MONTHS.iter().position(|name| *name == month)?;
            (digits(parts.next()?)?, u32::try_from(month).ok()?, day)
        };
        let length = match month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=length).contains(&day) {
            return None;
        }
        let second = if time.trim().is_empty() { 0 } else { time_of_day(time)? };
        Some(Self { year: i16::try_from(year).ok()?, month: u8::try_from(month).ok()?, day: u8::try_from(day).ok()?, second })
    }
}

fn digits(text: &str) -> Option<u32> {
    if text.is_empty() || text.len() > 4 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// The second of the day in `hh:mm`, `hh:mm:ss` or `5:30pm`; `24:00` is the end of it.
pub(crate) fn time_of_day(text: &str) -> Option<u32> {
    let text = text.trim().to_ascii_lowercase();
    let (text, noon) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(text), _) => (text.trim_end(), Some(0)),
        (_, Some(text)) => (text.trim_end(), Some(12)),
        _ => (text.as_str(), None),
    };
    let mut parts = text.split(':');
    let hour = digits(parts.next()?)?;
    let minute = match parts.next() {
        Some(minute) => digits(minute)?,
        None if noon.is_some() => 0,
        None => return None,
    };
    let second = parts.next().map_or(Some(0), digits)?;
    if parts.next().is_some() || minute > 59 || second > 59 {
        return None;
    }
    let hour = match noon {
        Some(add) if (1..=12).contains(&hour) => hour % 12 + add,
        Some(_) => return None,
        None => hour,
    };
    let seconds = hour * 3600 + minute * 60 + second;
    (seconds <= 86_400).then_some(seconds)
}

/// The two ends of `22:00-06:00`.
pub(crate) fn range(text: &str) -> Option<(u32, u32)> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (time_of_day(from)?, time_of_day(to)?);
    (from != to).then_some((from, to))
}

/// Whether a second of the day lies in a range, which may pass midnight; its end is outside.
pub(crate) fn within(second: u32, (from, to): (u32, u32)) -> bool {
    if from < to { (from..to).contains(&second) } else { second >= from || second < to }
}

impl Day {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        if let Some(day) = DAYS.iter().position(|name| *name == text) {
            return u8::try_from(day).ok().map(Self::Week);
        }
        digits(&text).and_then(|day| u8::try_from(day).ok()).filter(|day| (1..=31).contains(day)).map(Self::Month)
    }

    pub(crate) fn is(self, moment: &Moment) -> bool {
        match self {
            Self::Week(day) => moment.weekday() == day,
            Self::Month(day) => moment.day == day,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read() {
        let at = |text: &str| Moment::parse(text).map(|m| (m.year, m.month, m.day, m.second));
        assert_eq!(at("2026-06-18T10:30"), Some((2026, 6, 18, 37_800)));
        assert_eq!(at("2026-06-18"), Some((2026, 6, 18, 0)));
        assert_eq!(at("24 Dec 2026"), Some((2026, 12, 24, 0)));
        assert_eq!(at("24 dec 2026 5:30pm"), Some((2026, 12, 24, 63_000)));
        assert_eq!(at("2024-02-29"), Some((2024, 2, 29, 0)));
        for wrong in ["", "2026", "2026-13-01", "2026-02-29", "2026-06-31", "2026-06-18T25:00", "2026-06-18-1", "1 Foo 2026", "äöü-1-1", "2026-06-18T10:30+02:00"] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_of_the_week() {
        for (text, day) in [("2026-06-18", 3), ("2026-11-26", 3), ("2000-02-29", 1), ("1970-01-01", 3), ("2024-12-31", 1), ("2026-03-01", 6)] {
            assert_eq!(Moment::parse(text).unwrap().weekday(), day, "{text}");
        }
    }

    #[test]
    fn times_and_ranges() {
        for (text, second) in [("00:00", Some(0)), ("5:30pm", Some(63_000)), ("12am", Some(0)), ("12:01 PM", Some(43_260)), ("24:00", Some(86_400)), ("24:01", None), ("9", None), ("13pm", None), ("9:60", None), ("a:b", None)] {
            assert_eq!(time_of_day(text), second, "{text}");
        }
        let night = range("22:00-06:00").unwrap();
        assert!(within(82_800, night) && within(0, night) && !within(21_600, night) && !within(43_200, night));
        assert!(range("09:00-09:00").is_none());
    }
}
