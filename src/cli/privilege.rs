//! Started as root, the server becomes an ordinary user and keeps one capability: binding low ports.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use caps::{CapSet, Capability, CapsHashSet};
use nix::unistd::{Gid, Uid, User, chown, setgid, setgroups, setuid};

/// Where data goes that the ordinary user could not reach otherwise.
const SYSTEM_FOLDER: &str = "/var/lib/postamt";

/// Why the process cannot become another user.
#[derive(Debug, thiserror::Error)]
pub enum PrivilegeError {
    /// There is neither the named user nor `nobody`.
    #[error("there is no user {0}; make it with: useradd --system --home-dir /var/lib/postamt --shell /usr/sbin/nologin {0}")]
    NoUser(String),
    /// A system call failed.
    #[error("cannot become {user}: {reason}")]
    System {
        /// The user.
        user: String,
        /// Why.
        reason: String,
    },
    /// A folder could not be made or handed over.
    #[error("{path}: {source}")]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

fn user(name: &str) -> Result<User, PrivilegeError> {
    let find = |name: &str| User::from_name(name).ok().flatten();
    find(name).or_else(|| if name == "postamt" { find("nobody") } else { None }).ok_or_else(|| PrivilegeError::NoUser(name.to_owned()))
}

/// Makes the data folder, and gives the folder to work in. Started as root, that folder belongs to `name`; when `name` cannot
/// reach it, the work is done below `/var/lib/postamt/` and the data folder holds links to it.
///
/// # Errors
/// When the folder cannot be made or the user does not exist.
pub fn home_for(data: &Path, name: &str) -> Result<PathBuf, PrivilegeError> {
    let fault = |path: &Path| {
        let path = path.to_owned();
        |source| PrivilegeError::Folder { path, source }
    };
    fs::create_dir_all(data).map_err(fault(data))?;
    let data = fs::canonicalize(data).map_err(fault(data))?;
    if !Uid::effective().is_root() {
        return Ok(data);
    }
    let user = user(name)?;
    if data.ancestors().skip(1).all(|folder| may_enter(folder, &user)) {
        hand_over(&data, &user)?;
        return Ok(data);
    }
    // FNV-1a of the path: several unreachable data folders must not meet in one place.
    let mark = data.as_os_str().as_encoded_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
    let home = Path::new(SYSTEM_FOLDER).join(format!("{mark:016x}"));
    fs::create_dir_all(&home).map_err(fault(&home))?;
    hand_over(&home, &user)?;
    for name in ["pg", "run", "secrets", "logs", "setup-token"] {
        let link = data.join(name);
        if fs::symlink_metadata(&link).is_err() {
            std::os::unix::fs::symlink(home.join(name), &link).map_err(fault(&link))?;
        }
    }
    Ok(home)
}

fn may_enter(folder: &Path, user: &User) -> bool {
    fs::metadata(folder).is_ok_and(|meta| {
        let mode = meta.permissions().mode();
        if meta.uid() == user.uid.as_raw() {
            mode & 0o100 != 0
        } else if meta.gid() == user.gid.as_raw() {
            mode & 0o010 != 0
        } else {
            mode & 0o001 != 0
        }
    })
}

/// Gives a folder and what the server keeps in it to the user.
fn hand_over(folder: &Path, user: &User) -> Result<(), PrivilegeError> {
    let fault = |source| PrivilegeError::Folder { path: folder.to_owned(), source };
    if fs::metadata(folder).map_err(fault)?.uid() == user.uid.as_raw() {
        return Ok(());
    }
    chown(folder, Some(user.uid), Some(user.gid)).map_err(|e| fault(e.into()))?;
    for entry in fs::read_dir(folder).map_err(fault)?.flatten() {
        let kind = entry.file_type().map_err(fault)?;
        if kind.is_dir() {
            hand_over(&entry.path(), user)?;
        } else if kind.is_file() {
            chown(&entry.path(), Some(user.uid), Some(user.gid)).map_err(|e| fault(e.into()))?;
        }
    }
    Ok(())
}

/// Becomes the user when started as root, keeping only `CAP_NET_BIND_SERVICE`; otherwise does nothing. Call it before any thread
/// is started.
///
/// # Errors
/// When the user does not exist or the system refuses.
pub fn become_user(name: &str) -> Result<(), PrivilegeError> {
    if !Uid::effective().is_root() {
        return Ok(());
    }
    let user = user(name)?;
    let fault = |reason: String| PrivilegeError::System { user: user.name.clone(), reason };
    let system = |e: nix::Error| fault(e.to_string());
    nix::sys::prctl::set_keepcaps(true).map_err(system)?;
    setgroups(&[Gid::from_raw(user.gid.as_raw())]).map_err(system)?;
    setgid(user.gid).map_err(system)?;
    setuid(user.uid).map_err(system)?;
    let keep: CapsHashSet = [Capability::CAP_NET_BIND_SERVICE].into_iter().collect();
    // Containers may withhold the capability; then low ports fail one by one and say so.
    let kept = caps::set(None, CapSet::Effective, &keep).and_then(|()| caps::set(None, CapSet::Permitted, &keep));
    if kept.is_err() {
        caps::clear(None, CapSet::Effective).and_then(|()| caps::clear(None, CapSet::Permitted)).map_err(|e| fault(e.to_string()))?;
    }
    nix::sys::prctl::set_keepcaps(false).map_err(system)
}
