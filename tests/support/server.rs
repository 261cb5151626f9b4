//! A server of a test's own: started on free ports below a scratch folder, stopped by its own pid.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(60);

/// A scratch folder that goes away with its owner.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let path = std::env::temp_dir().join(format!("postamt-it-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How a server is started.
pub(crate) struct Options {
    pub(crate) data: PathBuf,
    /// An ordinary user to start it as, when the test runs as root.
    pub(crate) user: Option<u32>,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
}

impl Options {
    pub(crate) fn new(data: &Path) -> Self {
        Self { data: data.to_owned(), user: None, arguments: Vec::new(), environment: Vec::new() }
    }
}

pub(crate) struct Server {
    child: Child,
    pub(crate) offset: u16,
    pub(crate) data: PathBuf,
}

/// One more port for each offset in use: whoever listens on it has the others too, also among several runs of the tests.
static CLAIMS: Mutex<BTreeMap<u16, TcpListener>> = Mutex::new(BTreeMap::new());
const CLAIM: u16 = 7900;

/// An offset at which the ports of a trial are free; spread over processes, so that two runs do not meet.
fn free_offset() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // No two ports of one server lie a multiple of this apart, so servers at different offsets never meet.
    const STEP: u16 = 83;
    let first = u16::try_from(std::process::id() % 190).unwrap();
    loop {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let offset = 1000 + (first + n) % 190 * STEP;
        let Ok(claim) = TcpListener::bind(("127.0.0.1", CLAIM + offset)) else { continue };
        let free = |port: u16| TcpListener::bind(("127.0.0.1", port + offset)).is_ok();
        if [2025, 2110, 2143, 2465, 2587, 2993, 2995, 5060, 5061, 8010, 8100, 9010, 9100].into_iter().all(free) && UdpSocket::bind(("127.0.0.1", 5060 + offset)).is_ok() {
            CLAIMS.lock().unwrap().insert(offset, claim);
            return offset;
        }
    }
}

impl Server {
    /// Starts a server and waits until it is ready.
    pub(crate) fn start(options: &Options) -> Self {
        Self::start_at(options, free_offset())
    }

    pub(crate) fn start_at(options: &Options, offset: u16) -> Self {
        let server = Self::spawn_at(options, offset);
        server.wait_ready();
        server
    }

    /// Starts a server and does not wait.
    pub(crate) fn spawn(options: &Options) -> Self {
        Self::spawn_at(options, free_offset())
    }

    fn spawn_at(options: &Options, offset: u16) -> Self {
        Self { child: command(options, offset).spawn().unwrap(), offset, data: options.data.clone() }
    }

    pub(crate) fn port(&self) -> u16 {
        8010 + self.offset
    }

    /// Waits for `/health/ready` to say yes, by asking; there is no event to wait for from outside.
    pub(crate) fn wait_ready(&self) {
        let give_up = Instant::now() + PATIENCE;
        loop {
            if let Some((200, body)) = get(self.port(), "/health/ready") {
                assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["ready"], true);
                return;
            }
            assert!(Instant::now() < give_up, "the server did not become ready");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    /// Process id of its PostgreSQL.
    pub(crate) fn postmaster(&self) -> Pid {
        let text = std::fs::read_to_string(self.data.join("pg/postmaster.pid")).unwrap();
        Pid::from_raw(text.lines().next().unwrap().parse().unwrap())
    }

    /// Asks its PostgreSQL: rows as lines, columns parted by bars.
    pub(crate) fn sql(&self, query: &str) -> String {
        let output = self.psql().args(["-c", query]).output().unwrap();
        assert!(output.status.success(), "{query}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// A session with its PostgreSQL, to be given commands.
    pub(crate) fn psql(&self) -> Command {
        let home = std::fs::canonicalize(self.data.join("run")).unwrap();
        let password = std::fs::read_to_string(self.data.join("secrets/pg-role")).unwrap();
        let mut command = Command::new("psql");
        command.arg("-h").arg(&home).args(["-U", "postamt", "-d", "postamt", "-AtqX"]).env("PGPASSWORD", password).env("PGOPTIONS", "-c search_path=postamt");
        command
    }

    /// Starts a server that ends by itself, perhaps before anybody could see it ready, and waits for that.
    pub(crate) fn run_to_end(options: &Options, offset: u16) {
        command(options, offset).spawn().unwrap().wait().unwrap();
    }

    /// kill -9, PostgreSQL left alone.
    pub(crate) fn kill_hard(mut self) -> u16 {
        kill(self.pid(), Signal::SIGKILL).unwrap();
        self.child.wait().unwrap();
        let offset = self.offset;
        std::mem::forget(self);
        offset
    }

    /// Stops it in order and gives its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        kill(self.pid(), Signal::SIGTERM).unwrap();
        let code = self.child.wait().unwrap().code();
        CLAIMS.lock().unwrap().remove(&self.offset);
        std::mem::forget(self);
        code
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = kill(self.pid(), Signal::SIGTERM);
        let _ = self.child.wait();
        // A test that has failed must not fail all others.
        CLAIMS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.offset);
    }
}

/// The command that starts a server.
pub(crate) fn command(options: &Options, offset: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postamt"));
    command.args(["serve", "--dev", "--port-offset", &offset.to_string(), "--data"]).arg(&options.data).args(&options.arguments);
    command.env_remove("DATABASE_URL").envs(options.environment.iter().cloned());
    command.stdout(Stdio::null()).stderr(Stdio::inherit()).env("POSTAMT_LOG__LEVEL", "warn");
    if let Some(user) = options.user {
        command.uid(user).gid(user);
    }
    command
}

/// A GET without any client library between the test and the socket.
pub(crate) fn get(port: u16, path: &str) -> Option<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let split = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
    let status = std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()?;
    Some((status, answer.split_off(split + 4)))
}
