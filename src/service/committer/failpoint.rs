//! Where a test makes the process end: `POSTAMT_FAILPOINT=NAME:N` kills it the N-th time it comes to the place NAME.
//! Builds for use know nothing of it.

/// Ends the process when this is the place and the time.
#[cfg(debug_assertions)]
pub(super) fn reach(place: &str) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use nix::sys::signal::{Signal, raise};

    static WANTED: LazyLock<Option<(String, u64)>> = LazyLock::new(|| {
        let text = std::env::var("POSTAMT_FAILPOINT").ok()?;
        let (name, count) = text.split_once(':')?;
        Some((name.to_owned(), count.parse().ok()?))
    });
    static REACHED: AtomicU64 = AtomicU64::new(0);
    if let Some((name, count)) = &*WANTED
        && name == place
        && REACHED.fetch_add(1, Ordering::Relaxed) + 1 == *count
    {
        let _ = raise(Signal::SIGKILL);
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub(super) fn reach(_place: &str) {}
