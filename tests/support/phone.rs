//! A real telephone: baresip with a folder of its own, driven over its control socket. It speaks a pair of tones and records
//! what it hears.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::netns::{Space, is_installed};
use crate::tone::{Tones, samples, wait_to_hear};

const PATIENCE: Duration = Duration::from_secs(30);
const MODULES: [&str; 2] = ["/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules"];
const CONTROL: u16 = 4444;
/// Ports of telephones for media.
pub(crate) const RTP: RangeInclusive<u16> = 40_000..=44_999;

/// Whether there are telephones.
pub(crate) fn is_possible() -> bool {
    is_installed("baresip") && modules().is_some()
}

fn modules() -> Option<&'static str> {
    MODULES.into_iter().find(|folder| Path::new(folder).join("ctrl_tcp.so").exists())
}

/// As whom, and where, a telephone registers.
#[derive(Clone)]
pub(crate) struct Line {
    /// `name@domain`.
    pub(crate) address: String,
    /// The name it proves to be.
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) server: SocketAddr,
    /// `udp`, `tcp` or `tls`.
    pub(crate) transport: &'static str,
}

pub(crate) struct Phone {
    child: Child,
    control: TcpStream,
    told: Receiver<Value>,
    /// Events that were not asked for yet.
    events: Vec<Value>,
    folder: PathBuf,
    pub(crate) tones: Tones,
}

impl Phone {
    /// A telephone of this machine, with a loopback address of its own.
    pub(crate) fn start(folder: &Path, tones: Tones) -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let pid = std::process::id().to_be_bytes();
        let address = Ipv4Addr::new(127, pid[3] | 0x80, pid[2] ^ (number >> 8) as u8, (number & 0xff) as u8);
        let first = RTP.start() + number % 100 * 50;
        Self::launch(folder, tones, None, address.into(), address.into(), (first, first + 48))
    }

    /// A telephone in a network of its own.
    pub(crate) fn start_in(space: &Space, address: impl Into<IpAddr>, folder: &Path, tones: Tones) -> Self {
        Self::launch(folder, tones, Some(space), address.into(), Ipv4Addr::LOCALHOST.into(), (*RTP.start(), *RTP.end()))
    }

    fn launch(folder: &Path, tones: Tones, space: Option<&Space>, address: IpAddr, control: IpAddr, ports: (u16, u16)) -> Self {
        fs::create_dir_all(folder).unwrap();
        tones.write(&folder.join("own.wav"));
        let at = folder.display();
        let (listen, control) = (SocketAddr::new(address, 5060), SocketAddr::new(control, CONTROL));
        let config = format!(
            "module_path {}\nsip_listen {listen}\nrtp_ports {}-{}\naudio_source aufile,{at}/own.wav\naudio_player aubridge,sink\naudio_alert aubridge,alert\nsnd_path {at}\n\
             module g711.so\nmodule aufile.so\nmodule aubridge.so\nmodule sndfile.so\nmodule_app menu.so\nmodule_tmp uuid.so\nctrl_tcp_listen {control}\nmodule_app ctrl_tcp.so\n",
            modules().unwrap(),
            ports.0,
            ports.1
        );
        fs::write(folder.join("config"), config).unwrap();
        let log = fs::File::create(folder.join("log")).unwrap();
        let mut command = space.map_or_else(|| Command::new("baresip"), |space| space.command("baresip"));
        let child = command.arg("-f").arg(folder).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let open = || connect(control, folder);
        let control = space.map_or_else(open, |space| space.within(open));
        let (tell, told) = channel();
        let reader = control.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(reader);
            while let Some(message) = netstring(&mut reader) {
                if tell.send(message).is_err() {
                    return;
                }
            }
        });
        Self { child, control, told, events: Vec::new(), folder: folder.to_owned(), tones }
    }

    /// Registers and gives what came of it: `REGISTER_OK` or `REGISTER_FAIL`.
    pub(crate) fn try_register(&mut self, line: &Line) -> String {
        let Line { address, user, password, server, transport } = line;
        self.command("uanew", &format!("<sip:{address};transport={transport}>;auth_user={user};auth_pass={password};outbound=\"sip:{server};transport={transport}\";regint=600;audio_codecs=PCMU/8000/1"));
        let event = self.event_of(&["REGISTER_OK", "REGISTER_FAIL"]);
        event["type"].as_str().unwrap().to_owned()
    }

    pub(crate) fn register(&mut self, line: &Line) {
        let outcome = self.try_register(line);
        assert_eq!(outcome, "REGISTER_OK", "{}", self.log());
    }

    pub(crate) fn dial(&mut self, address: &str) {
        self.command("dial", address);
    }

    /// Waits until it rings; gives who calls.
    pub(crate) fn rings(&mut self) -> String {
        self.event("CALL_INCOMING")["peeruri"].as_str().unwrap().to_owned()
    }

    /// Waits until it rings and answers.
    pub(crate) fn answer(&mut self) {
        self.rings();
        self.pick_up();
    }

    /// Answers what rings.
    pub(crate) fn pick_up(&mut self) {
        self.command("accept", "");
        self.event("CALL_ESTABLISHED");
    }

    /// Waits until the call is over; gives why.
    pub(crate) fn over(&mut self) -> String {
        self.event("CALL_CLOSED")["param"].as_str().unwrap_or_default().to_owned()
    }

    /// The same, with this in the reason.
    pub(crate) fn over_with(&mut self, reason: &str) {
        let given = self.over();
        assert!(given.contains(reason), "{given} instead of {reason}\n{}", self.log());
    }

    pub(crate) fn hang_up(&mut self) {
        self.command("hangup", "");
        self.over();
    }

    pub(crate) fn hold(&mut self) {
        self.command("hold", "");
        self.event("CALL_REMOTE_SDP");
    }

    pub(crate) fn resume(&mut self) {
        self.command("resume", "");
        self.event("CALL_REMOTE_SDP");
    }

    /// Sends the other end to somebody else.
    pub(crate) fn transfer(&mut self, address: &str) {
        self.command("transfer", address);
    }

    /// Waits for an event; those before it are passed over.
    pub(crate) fn event(&mut self, kind: &str) -> Value {
        self.event_of(&[kind])
    }

    fn event_of(&mut self, kinds: &[&str]) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            while !self.events.is_empty() {
                let event = self.events.remove(0);
                if kinds.iter().any(|kind| event["type"] == **kind) {
                    return event;
                }
            }
            let message = self.told.recv_timeout(end.saturating_duration_since(Instant::now()));
            self.events.push(message.unwrap_or_else(|_| panic!("waited for {kinds:?}\n{}", self.log())));
        }
    }

    fn command(&mut self, command: &str, parameters: &str) {
        let text = json!({"command": command, "params": parameters, "token": "t"}).to_string();
        self.control.write_all(format!("{}:{text},", text.len()).as_bytes()).unwrap();
        loop {
            let message = self.told.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no answer to {command} {parameters}\n{}", self.log()));
            if message["response"] == true {
                assert_eq!(message["ok"], true, "{command} {parameters}: {message}");
                return;
            }
            self.events.push(message);
        }
    }

    /// Waits until half a second of what it hears now holds nothing but these tones. Only until the first hold: the telephone
    /// records no more then.
    pub(crate) fn hears(&self, tones: Tones) {
        wait_to_hear(tones, || self.recording(), || self.log());
    }

    /// Samples of the latest recording of what it hears.
    fn recording(&self) -> Vec<i16> {
        let names = fs::read_dir(&self.folder).unwrap().flatten().map(|entry| entry.path());
        let latest = names.filter(|path| path.to_string_lossy().ends_with("-dec.wav")).max();
        latest.map(|path| samples(&path)).unwrap_or_default()
    }

    /// Ends it in order: it takes its registration back.
    pub(crate) fn quit(mut self) {
        let text = json!({"command": "quit"}).to_string();
        self.control.write_all(format!("{}:{text},", text.len()).as_bytes()).unwrap();
        self.child.wait().unwrap();
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Connects as soon as there is somebody.
fn connect(control: SocketAddr, folder: &Path) -> TcpStream {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Ok(stream) = TcpStream::connect(control) {
            return stream;
        }
        assert!(Instant::now() < end, "no telephone\n{}", fs::read_to_string(folder.join("log")).unwrap_or_default());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Reads `SIZE:JSON,`.
fn netstring(reader: &mut impl BufRead) -> Option<Value> {
    let mut size = Vec::new();
    reader.read_until(b':', &mut size).ok()?;
    size.pop()?;
    let mut text = vec![0; std::str::from_utf8(&size).ok()?.trim().parse::<usize>().ok()? + 1];
    reader.read_exact(&mut text).ok()?;
    text.pop();
    serde_json::from_slice(&text).ok()
}
