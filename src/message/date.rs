use mail_parser::DateTime;

/// Latest second formatted (end of the year 9999); what lies outside is moved to the border.
const LATEST: i64 = 253_402_300_799;

/// Formats Unix seconds as a date of a header, in UTC: `Thu, 01 Jan 1970 00:00:00 +0000` (RFC 5322 §3.3).
pub fn format_date(seconds: i64) -> String {
    let date = DateTime::from_timestamp(seconds.clamp(0, LATEST));
    let day = day_name(date.day_of_week());
    let month = MONTHS
        .get(usize::from(date.month).saturating_sub(1))
        .copied()
        .unwrap_or("Jan");
    format!(
        "{day}, {:02} {month} {:04} {:02}:{:02}:{:02} +0000",
        date.day, date.year, date.hour, date.minute, date.second
    )
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

fn day_name(day: u8) -> &'static str {
    DAYS.get(usize::from(day)).copied().unwrap_or("Sun")
}

/// Reads the date of a header as Unix seconds, obsolete forms included (RFC 5322 §4.3); `None` when it is no date.
pub fn parse_date(value: &str) -> Option<i64> {
    DateTime::parse_rfc822(value)
        .filter(DateTime::is_valid)
        .map(|date| date.to_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (text, seconds) in [
            ("Fri, 21 Nov 1997 09:55:06 -0600", 880_127_706),
            ("21 Nov 97 09:55:06 GMT", 880_106_106),
            ("Tue, 1 Jul 2003 10:52:37 +0200 (CEST)", 1_057_049_557),
        ] {
            assert_eq!(parse_date(text), Some(seconds), "{text}");
        }
        for text in ["", "never", "99 Foo 2003 10:52:37 +0200"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
        assert_eq!(format_date(0), "Thu, 01 Jan 1970 00:00:00 +0000");
        assert_eq!(format_date(951_827_696), "Tue, 29 Feb 2000 12:34:56 +0000");
        assert_eq!(format_date(i64::MAX), "Fri, 31 Dec 9999 23:59:59 +0000");
        assert_eq!(format_date(-5), format_date(0));
    }

    #[test]
    fn what_is_written_is_read() {
        for seconds in (0..4_102_444_800).step_by(9_999_991) {
            assert_eq!(parse_date(&format_date(seconds)), Some(seconds));
        }
    }
}
