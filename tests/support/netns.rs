//! Networks of a test's own: namespaces, the wires between them, and translators of addresses. All of it goes with its owner.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};

use nix::sched::{CloneFlags, setns};

/// Whether this process may make namespaces, and has the programs for it.
pub(crate) fn is_possible() -> bool {
    nix::unistd::geteuid().is_root() && ["ip", "nft"].iter().all(|program| is_installed(program))
}

/// Whether a program is there.
pub(crate) fn is_installed(program: &str) -> bool {
    let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).chain(more).any(|folder| folder.join(program).is_file()))
}

fn run(program: &str, arguments: &str) -> Result<(), String> {
    let output = Command::new(program).args(arguments.split(' ')).stdin(Stdio::null()).output().unwrap();
    if output.status.success() { Ok(()) } else { Err(format!("{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr))) }
}

fn ip(arguments: &str) {
    run("ip", arguments).unwrap();
}

/// A network namespace.
pub(crate) struct Space(String);

impl Space {
    fn new(name: String) -> Self {
        ip(&format!("netns add {name}"));
        let space = Self(name);
        space.ip("link set lo up");
        space
    }

    /// `ip` inside.
    fn ip(&self, arguments: &str) {
        ip(&format!("-n {} {arguments}", self.0));
    }

    /// A program that runs inside.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0, program]);
        command
    }

    /// Does something inside: what it opens stays inside.
    pub(crate) fn within<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        let path = Path::new("/run/netns").join(&self.0);
        std::thread::scope(|scope| {
            let inside = scope.spawn(move || {
                setns(fs::File::open(path).unwrap(), CloneFlags::CLONE_NEWNET).unwrap();
                what()
            });
            inside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Puts this table of rules in place of the one it had.
    pub(crate) fn filter(&self, rules: &[String]) {
        let text = format!("table inet fault\ndelete table inet fault\ntable inet fault {{\n chain passing {{\n  type filter hook forward priority 0;\n  {}\n }}\n}}\n", rules.join("\n  "));
        self.nft(&text);
    }

    fn nft(&self, text: &str) {
        use std::io::Write;
        let mut child = self.command("nft").args(["-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    }

    fn set(&self, name: &str, value: &str) {
        self.within(|| fs::write(Path::new("/proc/sys/net").join(name), value).unwrap());
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let _ = run("ip", &format!("netns del {}", self.0));
    }
}

/// A place without a translator on the public side.
pub(crate) struct Host {
    pub(crate) space: Space,
    pub(crate) v4: Ipv4Addr,
    pub(crate) v6: Ipv6Addr,
}

/// A private network behind a translator that changes addresses and ports.
pub(crate) struct Home {
    pub(crate) space: Space,
    /// The one machine in it.
    pub(crate) v4: Ipv4Addr,
    pub(crate) router: Space,
    /// What others see.
    pub(crate) public: Ipv4Addr,
}

/// The public side, where the server is: a bridge with an address of this machine. 16 addresses each, so that tests do not meet.
pub(crate) struct Internet {
    slice: u8,
    used: u8,
    pub(crate) v4: Ipv4Addr,
    pub(crate) v6: Ipv6Addr,
}

const SLICES: u8 = 32;

impl Internet {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(0);
        let pid = std::process::id();
        let first = u8::try_from(pid % u32::from(SLICES)).unwrap();
        for _ in 0..SLICES * 2 {
            let slice = (first + NEXT.fetch_add(1, Ordering::Relaxed) % SLICES) % SLICES;
            forget_if_left(slice);
            // Whoever makes the bridge has the slice, also among several runs of the tests.
            if run("ip", &format!("link add pb{slice} type bridge")).is_err() {
                continue;
            }
            ip(&format!("link set pb{slice} alias {pid}"));
            let internet = Self { slice, used: 1, v4: v4(slice, 1), v6: v6(slice, 1) };
            ip(&format!("addr add {}/28 dev pb{slice}", internet.v4));
            ip(&format!("addr add {}/64 dev pb{slice} nodad", internet.v6));
            ip(&format!("link set pb{slice} up"));
            return internet;
        }
        panic!("no network is free");
    }

    fn join(&mut self, kind: &str) -> (Space, u8) {
        self.used += 1;
        let (slice, number) = (self.slice, self.used);
        let space = Space::new(format!("pb{slice}-{kind}{number}"));
        let outside = format!("pb{slice}-{number}");
        ip(&format!("link add {outside} type veth peer name out netns {}", space.0));
        ip(&format!("link set {outside} master pb{slice} up"));
        space.ip(&format!("addr add {}/28 dev out", v4(slice, number)));
        space.ip("link set out up");
        (space, number)
    }

    /// A machine on the public side.
    pub(crate) fn host(&mut self) -> Host {
        let (space, number) = self.join("host");
        let host = Host { v4: v4(self.slice, number), v6: v6(self.slice, number), space };
        host.space.ip(&format!("addr add {}/64 dev out nodad", host.v6));
        host
    }

    /// A machine on the public side that has no IPv4.
    pub(crate) fn host_v6(&mut self) -> Host {
        let host = self.host();
        host.space.ip(&format!("addr del {}/28 dev out", host.v4));
        host
    }

    /// An address where nobody is.
    pub(crate) fn nobody(&self) -> Ipv4Addr {
        v4(self.slice, 14)
    }

    /// A private network.
    pub(crate) fn home(&mut self) -> Home {
        let (router, number) = self.join("nat");
        let space = Space::new(format!("pb{}-lan{number}", self.slice));
        router.ip(&format!("link add in type veth peer name out netns {}", space.0));
        router.ip(&format!("addr add 192.168.{number}.1/24 dev in"));
        router.ip("link set in up");
        let address = Ipv4Addr::new(192, 168, number, 2);
        space.ip(&format!("addr add {address}/24 dev out"));
        space.ip("link set out up");
        space.ip(&format!("route add default via 192.168.{number}.1"));
        router.set("ipv4/ip_forward", "1");
        router.nft("table ip nat {\n chain leaving {\n  type nat hook postrouting priority 100;\n  oifname \"out\" masquerade random\n }\n}\n");
        Home { space, v4: address, router, public: v4(self.slice, number) }
    }
}

impl Drop for Internet {
    fn drop(&mut self) {
        let _ = run("ip", &format!("link del pb{}", self.slice));
    }
}

/// The address of a machine, of those for documentation (RFC 5737).
fn v4(slice: u8, number: u8) -> Ipv4Addr {
    let low = (slice % 16) * 16 + number;
    if slice < 16 { Ipv4Addr::new(198, 51, 100, low) } else { Ipv4Addr::new(203, 0, 113, low) }
}

/// The same of RFC 3849.
fn v6(slice: u8, number: u8) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, u16::from(slice), 0, 0, 0, 0, u16::from(number))
}

/// Takes away what a run that was killed left behind.
fn forget_if_left(slice: u8) {
    let Ok(owner) = fs::read_to_string(format!("/sys/class/net/pb{slice}/ifalias")) else { return };
    if owner.trim().is_empty() || Path::new("/proc").join(owner.trim()).exists() {
        return;
    }
    for entry in fs::read_dir("/run/netns").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&format!("pb{slice}-")) {
            let _ = run("ip", &format!("netns del {name}"));
        }
    }
    let _ = run("ip", &format!("link del pb{slice}"));
}
