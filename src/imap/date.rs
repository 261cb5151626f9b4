//! Dates of IMAP: `INTERNALDATE` and the days of SEARCH (RFC 3501 §9 `date-time`, `date`).

use bytes::BytesMut;

use crate::write;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAY: i64 = 86_400;

/// Days from 1970-01-01 to a day of the Gregorian calendar; the year begins in March, so that leap days end it.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a day number.
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (
        era * 400 + year + i64::from(month <= 2),
        month,
        of_year - (153 * shifted + 2) / 5 + 1,
    )
}

fn digits(text: &str, len: std::ops::RangeInclusive<usize>) -> Option<i64> {
    (len.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

/// Reads `d-Mon-yyyy`; the day number counts from 1970-01-01.
pub(crate) fn parse_day(text: &str) -> Option<i32> {
    let mut parts = text.split('-');
    let day = digits(parts.next()?, 1..=2)?;
    let name = parts.next()?;
    let month = MONTHS.iter().position(|m| m.eq_ignore_ascii_case(name))? as i64 + 1;
    let year = digits(parts.next()?, 4..=4)?;
    let number = days(year, month, day);
    // The day must exist: it comes back unchanged.
    (parts.next().is_none() && civil(number) == (year, month, day))
        .then(|| i32::try_from(number).ok())?
}

/// Writes a day as SEARCH takes it.
pub(crate) fn format_day(day: i32) -> String {
    let (year, month, day) = civil(i64::from(day));
    format!("{day}-{}-{year:04}", month_name(month))
}

fn month_name(month: i64) -> &'static str {
    usize::try_from(month - 1)
        .ok()
        .and_then(|at| MONTHS.get(at))
        .copied()
        .unwrap_or("Jan")
}

/// Reads `dd-Mon-yyyy hh:mm:ss +zzzz` (the day may have a leading blank) as Unix seconds.
pub(crate) fn parse_date_time(text: &str) -> Option<i64> {
    let mut words = text.trim_start_matches(' ').split(' ');
    let day = parse_day(words.next()?)?;
    let mut clock = words.next()?.split(':');
    let mut field = |max: i64| digits(clock.next()?, 2..=2).filter(|n| *n <= max);
    let (hour, minute, second) = (field(23)?, field(59)?, field(60)?);
    let zone = words.next()?;
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let zone = digits(zone.get(1..)?, 4..=4).filter(|z| z % 100 < 60)?;
    let offset = sign * (zone / 100 * 3600 + zone % 100 * 60);
    let done = words.next().is_none() && clock.next().is_none();
    done.then(|| i64::from(day) * DAY + hour * 3600 + minute * 60 + second - offset)
}

/// Writes Unix seconds as `"dd-Mon-yyyy hh:mm:ss +0000"`.
pub(crate) fn date_time(out: &mut BytesMut, seconds: i64) {
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let clock = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    let month = month_name(month);
    write::put(
        out,
        &format!("\"{day:2}-{month}-{year:04} {hour:02}:{minute:02}:{second:02} +0000\""),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_search() {
        for (text, day) in [
            ("1-Jan-1970", 0),
            ("29-feb-2000", 11_016),
            ("01-Mar-2000", 11_017),
            ("31-Dec-1969", -1),
        ] {
            assert_eq!(parse_day(text), Some(day), "{text}");
            assert_eq!(parse_day(&format_day(day)), Some(day));
        }
        for text in [
            "",
            "30-Feb-2000",
            "1-Foo-2000",
            "1-Jan-00",
            "1-Jan-2000-",
            "0-Jan-2000",
            "29-Feb-1900",
        ] {
            assert_eq!(parse_day(text), None, "{text}");
        }
    }

    #[test]
    fn internal_dates() {
        for (text, seconds, written) in [
            (
                "17-Jul-1996 02:44:25 -0700",
                837_596_665,
                "\"17-Jul-1996 09:44:25 +0000\"",
            ),
            (
                " 1-Jan-1970 00:00:00 +0000",
                0,
                "\" 1-Jan-1970 00:00:00 +0000\"",
            ),
        ] {
            assert_eq!(parse_date_time(text), Some(seconds));
            let mut out = BytesMut::new();
            date_time(&mut out, seconds);
            assert_eq!(&out[..], written.as_bytes());
        }
        for text in [
            "",
            "17-Jul-1996",
            "17-Jul-1996 24:00:00 +0000",
            "17-Jul-1996 02:44:25 0000",
            "1-Jul-1996 1:2:3 +0000",
        ] {
            assert_eq!(parse_date_time(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_comes_back() {
        for day in (-100_000..200_000).step_by(13) {
            let (y, m, d) = civil(day);
            assert_eq!(days(y, m, d), day);
        }
    }
}
