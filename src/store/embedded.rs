//! A private PostgreSQL below the data folder: made at first start, supervised, stopped with the server.
//!
//! It listens on a local socket in a folder of mode 0700 only, and is as durable as PostgreSQL is by default. The server's
//! role is no superuser and may create objects in its own schema alone.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::process::{Child, Command};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// Oldest PostgreSQL that will do.
const OLDEST: u32 = 15;
const DATABASE: &str = "postamt";
const SUPERUSER: &str = "postgres";
const START_TIME: Duration = Duration::from_secs(120);
/// Time until it is started again after it ended by itself: doubled as long as it does not last, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const LASTING: Duration = Duration::from_secs(10);
/// A socket path must fit into `sockaddr_un`; the name PostgreSQL gives it is 18 octets long.
const LONGEST_SOCKET_FOLDER: usize = 107 - 19;

/// Where and how the private PostgreSQL runs.
#[derive(Debug, Clone)]
pub struct EmbeddedConfig {
    /// The server's data folder.
    pub data: PathBuf,
    /// Shared buffers in MiB; `None` = a fifth of the memory, at most 8 GiB.
    pub shared_buffers_mib: Option<u64>,
    /// Connections the server wants.
    pub connections: u32,
}

/// Why the private PostgreSQL does not run.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No binaries.
    #[error("no PostgreSQL binaries of version {OLDEST} or newer were found (looked in /usr/lib/postgresql, /usr/pgsql-* and PATH). Install them (Debian: apt-get install postgresql-15) or set DATABASE_URL")]
    NoBinaries,
    /// The data folder belongs to another major version.
    #[error("{path} was made by PostgreSQL {found}, and no binaries of that version are installed. Install PostgreSQL {found}, or restore the data into a new folder")]
    OtherVersion {
        /// The cluster's folder.
        path: PathBuf,
        /// Its version.
        found: String,
    },
    /// A folder or file could not be made or read.
    #[error("{path}: {source}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A program failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Which one.
        program: String,
        /// What it said.
        output: String,
    },
    /// It did not come up.
    #[error("PostgreSQL did not come up: {0}; see {1}")]
    NotUp(String, PathBuf),
}

type Result<T> = std::result::Result<T, EmbeddedError>;

/// The running private PostgreSQL.
pub struct Embedded {
    options: PgConnectOptions,
    stop: Option<oneshot::Sender<()>>,
    supervisor: JoinHandle<()>,
    pid: watch::Receiver<Option<u32>>,
}

impl Embedded {
    /// Makes the cluster when there is none, starts it, waits until it answers.
    ///
    /// # Errors
    /// When binaries are missing, the folder is of another version, or it does not come up.
    pub async fn start(config: &EmbeddedConfig) -> Result<Self> {
        let cluster = config.data.join("pg");
        let bin = binaries(&cluster)?;
        let secrets = config.data.join("secrets");
        private_folder(&secrets)?;
        let superuser = secret(&secrets.join("pg-superuser"))?;
        let role = secret(&secrets.join("pg-role"))?;
        if !cluster.join("PG_VERSION").exists() {
            initialise(&bin, &config.data, &cluster, &superuser).await?;
        }
        end_orphan(&cluster).await;
        let socket = socket_folder(&config.data)?;
        let logs = config.data.join("logs");
        private_folder(&logs)?;
        let log = logs.join("postgresql.log");
        let launch = Launch { bin, cluster, socket: socket.clone(), log: log.clone(), settings: settings(config) };
        let child = launch.spawn()?;
        let (stop, stopped) = oneshot::channel();
        let (pid_sender, pid) = watch::channel(child.id());
        let supervisor = tokio::spawn(supervise(launch, child, stopped, pid_sender));
        let options = |user: &str, password: &str, database: &str| {
            PgConnectOptions::new_without_pgpass().socket(&socket).port(5432).username(user).password(password).database(database)
        };
        let embedded = Self { options: options(DATABASE, &role, DATABASE), stop: Some(stop), supervisor, pid };
        match prepare(&options(SUPERUSER, &superuser, "postgres"), &role).await {
            Ok(()) => Ok(embedded),
            Err(error) => {
                embedded.stop().await;
                Err(EmbeddedError::NotUp(error.to_string(), log))
            }
        }
    }

    /// How to connect as the server's role.
    pub fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Process id of the postmaster, while it runs.
    pub fn pid(&self) -> Option<u32> {
        *self.pid.borrow()
    }

    /// Stops it in an orderly way.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = (&mut self.supervisor).await;
    }
}

/// Abandoned while it starts, it stops by itself; nobody waits for it.
impl Drop for Embedded {
    fn drop(&mut self) {
        if let Some(pid) = self.pid().filter(|_| self.stop.is_some()) {
            interrupt(pid);
        }
    }
}

/// Asks a postmaster for a fast shutdown.
fn interrupt(pid: u32) {
    if let Ok(pid) = i32::try_from(pid) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGINT);
    }
}

/// Finds the folder of the binaries: those of the cluster's own version, else the newest.
fn binaries(cluster: &Path) -> Result<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    let mut add = |bin: PathBuf| {
        if bin.join("postgres").exists()
            && let Some(version) = version_of(&bin)
        {
            found.push((version, bin));
        }
    };
    for (root, prefix) in [("/usr/lib/postgresql", ""), ("/usr", "pgsql-"), ("/opt/homebrew/opt", "postgresql@"), ("/usr/local/opt", "postgresql@")] {
        for entry in fs::read_dir(root).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(prefix) {
                add(entry.path().join("bin"));
            }
        }
    }
    std::env::var_os("PATH").iter().flat_map(std::env::split_paths).for_each(&mut add);
    found.retain(|(version, _)| *version >= OLDEST);
    found.sort();
    if let Ok(made_by) = fs::read_to_string(cluster.join("PG_VERSION")) {
        let made_by = made_by.trim();
        let same = found.into_iter().rev().find(|(version, _)| version.to_string() == made_by);
        return same.map(|(_, bin)| bin).ok_or_else(|| EmbeddedError::OtherVersion { path: cluster.to_owned(), found: made_by.to_owned() });
    }
    found.pop().map(|(_, bin)| bin).ok_or(EmbeddedError::NoBinaries)
}

fn version_of(bin: &Path) -> Option<u32> {
    let output = std::process::Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().find_map(|word| word.split(['.', 'b', 'r', 'd']).next()?.parse().ok())
}

fn private_folder(path: &Path) -> Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|source| EmbeddedError::File { path: path.to_owned(), source })
}

/// Reads a secret, or makes one of 32 random octets.
fn secret(path: &Path) -> Result<String> {
    let fault = |source| EmbeddedError::File { path: path.to_owned(), source };
    match fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fault(error)),
        _ => {}
    }
    let text: String = rand::random::<[u8; 32]>().iter().map(|octet| format!("{octet:02x}")).collect();
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).map_err(fault)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
    Ok(text)
}

/// Runs initdb beside the final place, so that a cluster is there whole or not at all.
async fn initialise(bin: &Path, data: &Path, cluster: &Path, superuser: &str) -> Result<()> {
    let fresh = data.join("pg.new");
    let _ = fs::remove_dir_all(&fresh);
    let password_file = data.join("secrets/pg-superuser");
    let output = Command::new(bin.join("initdb"))
        .args(["--data-checksums", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--username", SUPERUSER, "--pwfile"])
        .arg(&password_file)
        .arg("--pgdata")
        .arg(&fresh)
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|source| EmbeddedError::File { path: bin.join("initdb"), source })?;
    if !output.status.success() || superuser.is_empty() {
        let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(EmbeddedError::Program { program: "initdb".to_owned(), output: text });
    }
    fs::rename(&fresh, cluster).map_err(|source| EmbeddedError::File { path: cluster.to_owned(), source })
}

/// Ends a postmaster that a killed server left behind; its committed data is safe, its clients are gone.
async fn end_orphan(cluster: &Path) {
    let Some(pid) = fs::read_to_string(cluster.join("postmaster.pid")).ok().and_then(|text| text.lines().next()?.trim().parse::<i32>().ok()) else {
        return;
    };
    // By now the number may be that of another PostgreSQL; a postmaster works in the folder of its cluster.
    let folder = fs::canonicalize(cluster).ok();
    let is_postgres = || {
        let named = fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "postgres");
        named && folder.is_some() && fs::read_link(format!("/proc/{pid}/cwd")).ok() == folder
    };
    for signal in [Signal::SIGINT, Signal::SIGQUIT] {
        if !is_postgres() {
            return;
        }
        tracing::info!(pid, "ending the PostgreSQL that a killed server left behind");
        let _ = kill(Pid::from_raw(pid), signal);
        for _ in 0..200 {
            if !is_postgres() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The socket's folder: `run/` in the data folder, or a short one when that path is too long for a socket.
fn socket_folder(data: &Path) -> Result<PathBuf> {
    let run = data.join("run");
    private_folder(&run)?;
    if run.as_os_str().len() <= LONGEST_SOCKET_FOLDER {
        return Ok(run);
    }
    let link = run.join("socket-folder");
    if let Ok(short) = fs::read_link(&link)
        && short.is_dir()
    {
        return Ok(short);
    }
    let short = std::env::temp_dir().join(format!("postamt-{:016x}", rand::random::<u64>()));
    private_folder(&short)?;
    let _ = fs::set_permissions(&short, fs::Permissions::from_mode(0o700));
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink(&short, &link).map_err(|source| EmbeddedError::File { path: link, source })?;
    Ok(short)
}

fn settings(config: &EmbeddedConfig) -> Vec<String> {
    let memory_mib = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok())
        .map_or(1024, |kib| kib / 1024);
    let shared = config.shared_buffers_mib.unwrap_or((memory_mib / 5).clamp(64, 8192));
    vec![
        "listen_addresses=".into(),
        format!("shared_buffers={shared}MB"),
        format!("effective_cache_size={}MB", (memory_mib / 2).max(128)),
        format!("max_connections={}", config.connections as usize + crate::single::Singles::most() + 10),
        "work_mem=8MB".into(),
        "max_wal_size=2GB".into(),
        "wal_compression=on".into(),
        "synchronous_commit=on".into(),
        "fsync=on".into(),
        "full_page_writes=on".into(),
        "password_encryption=scram-sha-256".into(),
        "log_line_prefix=%m [%p] ".into(),
        "jit=off".into(),
    ]
}

struct Launch {
    bin: PathBuf,
    cluster: PathBuf,
    socket: PathBuf,
    log: PathBuf,
    settings: Vec<String>,
}

impl Launch {
    fn spawn(&self) -> Result<Child> {
        let fault = |path: &Path| {
            let path = path.to_owned();
            |source| EmbeddedError::File { path, source }
        };
        let log = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&self.log).map_err(fault(&self.log))?;
        let errors = log.try_clone().map_err(fault(&self.log))?;
        let mut command = Command::new(self.bin.join("postgres"));
        command.arg("-D").arg(&self.cluster).arg("-k").arg(&self.socket);
        for setting in &self.settings {
            command.arg("-c").arg(setting);
        }
        // A group of its own: Ctrl-C in the terminal must reach the server first, which then stops PostgreSQL.
        command.stdin(Stdio::null()).stdout(log).stderr(errors).process_group(0);
        let child = command.spawn().map_err(fault(&self.bin))?;
        if let Some(pid) = child.id() {
            let_others_finish(pid);
        }
        Ok(child)
    }
}

/// A backend that wakes up waits until the server has said what it was about to say (SCHED_BATCH, which children inherit): on
/// few cores every statement saves a change of tasks, and media is not held up. Where `chrt` is missing things stay as they are.
fn let_others_finish(postmaster: u32) {
    let asked = Command::new("chrt").args(["--batch", "--pid", "0", &postmaster.to_string()]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    tokio::spawn(asked);
}

async fn supervise(launch: Launch, mut child: Child, mut stopped: oneshot::Receiver<()>, pid: watch::Sender<Option<u32>>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let begun = tokio::time::Instant::now();
        tokio::select! {
            status = child.wait() => {
                let _ = pid.send(None);
                tracing::error!(?status, log = %launch.log.display(), "PostgreSQL ended by itself, starting it again");
                pause = if begun.elapsed() < LASTING { (pause * 2).min(LONGEST_PAUSE) } else { FIRST_PAUSE };
                // Until the last backend has left the shared memory a new postmaster refuses to start.
                if tokio::time::timeout(pause, &mut stopped).await.is_ok() {
                    break;
                }
                end_orphan(&launch.cluster).await;
                match launch.spawn() {
                    Ok(next) => child = next,
                    Err(error) => tracing::error!(%error, "PostgreSQL cannot be started"),
                }
                let _ = pid.send(child.id());
            }
            _ = &mut stopped => break,
        }
    }
    if let Some(id) = child.id() {
        interrupt(id);
    }
    let _ = tokio::time::timeout(Duration::from_secs(30), child.wait()).await;
    let _ = pid.send(None);
}

/// Waits until it answers; makes the role, the database and the schema when they are missing.
async fn prepare(superuser: &PgConnectOptions, role_password: &str) -> std::result::Result<(), sqlx::Error> {
    let quiet = superuser.clone().disable_statement_logging();
    let give_up = tokio::time::Instant::now() + START_TIME;
    let mut connection = loop {
        match PgConnection::connect_with(&quiet).await {
            Ok(connection) => break connection,
            Err(error) if tokio::time::Instant::now() >= give_up => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    let role: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_roles WHERE rolname = $1").bind(DATABASE).fetch_optional(&mut connection).await?;
    if role.is_none() {
        // The password is hexadecimal and made here.
        let create = format!("CREATE ROLE {DATABASE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{role_password}'");
        sqlx::query(AssertSqlSafe(create)).execute(&mut connection).await?;
    }
    let database: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1").bind(DATABASE).fetch_optional(&mut connection).await?;
    if database.is_none() {
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {DATABASE}"))).execute(&mut connection).await?;
    }
    connection.close().await?;
    let mut connection = PgConnection::connect_with(&quiet.database(DATABASE)).await?;
    for statement in [
        "CREATE SCHEMA IF NOT EXISTS postamt",
        "GRANT USAGE, CREATE ON SCHEMA postamt TO postamt",
        "ALTER ROLE postamt IN DATABASE postamt SET search_path = postamt",
    ] {
        sqlx::query(statement).execute(&mut connection).await?;
    }
    connection.close().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_another_version_is_refused_by_name() {
        let folder = std::env::temp_dir().join(format!("postamt-test-{:x}", rand::random::<u64>()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("PG_VERSION"), "9\n").unwrap();
        let error = binaries(&folder).unwrap_err();
        assert!(matches!(error, EmbeddedError::OtherVersion { ref found, .. } if found == "9"), "{error}");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_long_data_path_gets_a_short_socket_folder_that_stays() {
        let long = std::env::temp_dir().join(format!("postamt-test-{:x}", rand::random::<u64>())).join("x".repeat(150));
        let short = socket_folder(&long).unwrap();
        assert!(short.as_os_str().len() <= LONGEST_SOCKET_FOLDER);
        assert_eq!(fs::metadata(&short).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(socket_folder(&long).unwrap(), short);
        fs::remove_dir_all(long.parent().unwrap()).unwrap();
        fs::remove_dir_all(short).unwrap();
    }
}
