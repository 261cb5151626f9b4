//! Room on the disk of the data folder, asked for at most once a second.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use model::server::QueueSettings;
use model::settings::fold;
use serde_json::Value;

use crate::{Refusal, Service};

/// How long an answer stays good.
const FRESH: Duration = Duration::from_secs(1);

/// What was found last.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
    found: Mutex<Found>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Found {
    at: Option<Instant>,
    /// Octets below which mail is refused.
    least: i64,
    full: bool,
}

impl Disk {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), found: Mutex::default() }
    }

    /// Whether less than `least` octets are free; a disk that cannot be asked has room.
    fn has_less_than(&self, least: i64) -> bool {
        let Ok(disk) = nix::sys::statvfs::statvfs(&self.folder) else { return false };
        disk.blocks_available().saturating_mul(disk.fragment_size()) < least.unsigned_abs()
    }

    /// What was found, and whether it is for the caller to look anew; meanwhile others go by what was found.
    fn look(&self) -> (Found, bool) {
        let Ok(mut found) = self.found.lock() else { return (Found::default(), false) };
        let stale = found.at.is_none_or(|at| at.elapsed() >= FRESH);
        if stale {
            found.at = Some(Instant::now());
        }
        (*found, stale)
    }
}

impl Service {
    /// Refuses mail while the disk has less room than the queue's settings want.
    ///
    /// # Errors
    /// The refusal.
    pub(crate) async fn check_disk(&self) -> std::result::Result<(), Refusal> {
        let disk = &self.inner.disk;
        let (mut found, stale) = disk.look();
        if stale {
            // Without a database the last settings hold.
            if let Ok(modules) = self.store().modules().await {
                let settings: QueueSettings = fold(&[modules.get("queue").unwrap_or(&Value::Null)]);
                found.least = settings.min_free;
            }
            let full = found.least > 0 && disk.has_less_than(found.least);
            if full && !found.full {
                tracing::error!(folder = %disk.folder.display(), min_free = found.least, "the disk is nearly full, mail is refused");
            }
            found.full = full;
            if let Ok(mut kept) = disk.found.lock() {
                *kept = Found { at: Some(Instant::now()), ..found };
            }
        }
        if found.full { Err(Refusal::new(452, "4.3.1", "insufficient system storage")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_has_some_room_and_not_all() {
        let disk = Disk::new(&std::env::temp_dir());
        assert!(!disk.has_less_than(1));
        assert!(disk.has_less_than(i64::MAX));
        assert!(!Disk::new(Path::new("/no/such/folder")).has_less_than(i64::MAX));
    }

    #[test]
    fn one_looks_and_the_others_go_by_it() {
        let disk = Disk::new(&std::env::temp_dir());
        assert!(disk.look().1);
        assert!(!disk.look().1);
    }
}
