//! When a recipient or a queue is tried again.

use model::server::SmtpOutSettings;

const HOUR: i64 = 3600;

/// Seconds until the next try, after `attempts` failed ones before this and at this age in seconds.
pub(crate) fn retry_delay(settings: &SmtpOutSettings, attempts: i32, age: i64) -> i64 {
    let first = usize::try_from(attempts).ok().and_then(|attempts| settings.first_retries.get(attempts).copied());
    let later = match age {
        ..10_800 => settings.retry_every,
        10_800..86_400 => settings.retry_every.max(HOUR),
        _ => settings.retry_every.max(3 * HOUR),
    };
    // An age that was reached without tries, by a hold, starts with the long delays.
    first.filter(|_| age < 10_800).unwrap_or(later)
}

/// Up to a tenth more or less, so that what failed together is not tried together.
pub(crate) fn jitter(seconds: i64) -> f64 {
    let share = f64::from(rand::random::<u16>()) / f64::from(u16::MAX);
    #[allow(clippy::cast_precision_loss, reason = "seconds")]
    let seconds = seconds as f64;
    seconds * (0.9 + 0.2 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_with_tries_and_age() {
        let settings = SmtpOutSettings::default();
        let delay = |attempts, age| retry_delay(&settings, attempts, age);
        assert_eq!([delay(0, 0), delay(1, 300), delay(2, 900), delay(3, 2100), delay(9, 10_799)], [300, 600, 1200, 1800, 1800]);
        assert_eq!([delay(9, 10_800), delay(30, 86_399), delay(40, 86_400), delay(0, 90_000)], [3600, 3600, 10_800, 10_800]);
        let slow = SmtpOutSettings { retry_every: 7200, ..settings };
        assert_eq!([retry_delay(&slow, 3, 0), retry_delay(&slow, 9, 20_000), retry_delay(&slow, 9, 90_000)], [7200, 7200, 10_800]);
    }

    #[test]
    fn jitter_is_a_tenth() {
        assert!((0..1000).map(|_| jitter(100)).all(|seconds| (90.0..=110.0).contains(&seconds)));
    }
}
