//! Room on the disk of the data folder, asked for at most once a second.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

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
    pub(crate) fn has_less_than(&self, least: i64) -> bool {
        let Ok(disk) = nix::sys::statvfs::statvfs(&self.folder) else { return false };
        disk.blocks_available().saturating_mul(disk.fragment_size()) < least.unsigned_abs()
    }

    /// What was found, and whether it is for the caller to look anew; meanwhile others go by what was found.
    fn look(&self, least: i64) -> (Found, bool) {
        let Ok(mut found) = self.found.lock() else { return (Found::default(), false) };
        let stale = found.least != least || found.at.is_none_or(|at| at.elapsed() >= FRESH);
        if stale {
            (found.at, found.least) = (Some(Instant::now()), least);
        }
        (*found, stale)
    }
}

impl Service {
    /// Refuses mail while the disk has less room than the queue's settings want.
    ///
    /// # Errors
    /// The refusal.
    pub(crate) fn check_disk(&self) -> std::result::Result<(), Refusal> {
        let least = self.module_settings().queue.min_free;
        let disk = &self.inner.disk;
        let (mut found, stale) = disk.look(least);
        if stale {
            let full = least > 0 && disk.has_less_than(least);
            if full && !found.full {
                tracing::error!(folder = %disk.folder.display(), min_free = least, "the disk is nearly full, mail is refused");
            }
            found.full = full;
            if let Ok(mut kept) = disk.found.lock() {
                *kept = found;
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
        assert!(disk.look(1).1);
        assert!(!disk.look(1).1);
        assert!(disk.look(2).1, "a new wish is a new question");
    }
}
