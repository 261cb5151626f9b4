//! The console program of Linphone: it speaks a pair of tones from a file and records what it hears.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::netns::is_installed;
use crate::phone::Line;
use crate::tone::{Tones, samples, wait_to_hear};

const PATIENCE: Duration = Duration::from_secs(30);

/// Whether it is there.
pub(crate) fn is_possible() -> bool {
    is_installed("linphonec")
}

pub(crate) struct Linphone {
    child: Child,
    input: ChildStdin,
    said: Arc<(Mutex<String>, Condvar)>,
    /// As much of it as was read.
    read: usize,
    folder: PathBuf,
    pub(crate) tones: Tones,
}

impl Linphone {
    /// Starts it as somebody and waits until it is registered.
    pub(crate) fn registered(folder: &Path, tones: Tones, line: &Line) -> Self {
        fs::create_dir_all(folder.join(".local/share/linphone")).unwrap();
        tones.write(&folder.join("own.wav"));
        let Line { address, user, password, server, transport } = line;
        let domain = address.split('@').nth(1).unwrap();
        let config = format!(
            "[sip]\nverify_server_certs=0\nverify_server_cn=0\nsip_port=-1\nsip_tcp_port=-1\nsip_tls_port=-1\ndefault_proxy=0\nmedia_encryption=none\n\
             [proxy_0]\nreg_proxy=<sip:{server};transport={transport}>\nreg_route=<sip:{server};transport={transport};lr>\nreg_identity=sip:{address}\nreg_expires=600\nreg_sendregister=1\npublish=0\n\
             [auth_info_0]\nusername={user}\npasswd={password}\ndomain={domain}\n[video]\nenabled=0\ncapture=0\ndisplay=0\n[audio_codec_0]\nmime=PCMU\nrate=8000\nenabled=1\n[rtp]\naudio_rtp_port=45000-45999\n"
        );
        fs::write(folder.join("rc"), config).unwrap();
        let log = fs::File::create(folder.join("log")).unwrap();
        let mut command = Command::new("linphonec");
        command.arg("-c").arg(folder.join("rc")).args(["-d", "0"]).env("HOME", folder).env_remove("DISPLAY").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let (input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let said = Arc::new((Mutex::new(String::new()), Condvar::new()));
        let heard = said.clone();
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(size @ 1..) = output.read(&mut chunk) {
                heard.0.lock().unwrap().push_str(&String::from_utf8_lossy(&chunk[..size]));
                heard.1.notify_all();
            }
        });
        let mut phone = Self { child, input, said, read: 0, folder: folder.to_owned(), tones };
        let end = Instant::now() + PATIENCE;
        loop {
            phone.say("status register");
            if phone.one_of(&["registered, identity", "registered=0", "registered=-1"]) == 0 {
                break;
            }
            assert!(Instant::now() < end, "not registered: {}", phone.log());
            std::thread::sleep(Duration::from_millis(100));
        }
        // What it plays and records it has to know before the first call.
        phone.say("soundcard use files");
        phone.hears_of("Using wav files");
        phone.say(&format!("record {}", folder.join("heard.wav").display()));
        phone.say(&format!("play {}", folder.join("own.wav").display()));
        phone
    }

    /// Gives a command of its console.
    pub(crate) fn say(&mut self, command: &str) {
        writeln!(self.input, "{command}").unwrap();
    }

    /// Waits until its console shows this.
    pub(crate) fn hears_of(&mut self, text: &str) {
        self.one_of(&[text]);
    }

    /// Waits until its console shows one of these; gives which.
    fn one_of(&mut self, texts: &[&str]) -> usize {
        let (said, news) = &*self.said;
        let end = Instant::now() + PATIENCE;
        let mut whole = said.lock().unwrap();
        loop {
            let found = texts.iter().enumerate().filter_map(|(which, text)| whole[self.read..].find(text).map(|at| (self.read + at + text.len(), which))).min();
            if let Some((read, which)) = found {
                self.read = read;
                return which;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited for {texts:?} in {}\n{}", &whole[self.read..], fs::read_to_string(self.folder.join("log")).unwrap_or_default());
            whole = news.wait_timeout(whole, left).unwrap().0;
        }
    }

    /// Waits until half a second of what it hears holds nothing but these tones.
    pub(crate) fn hears(&self, tones: Tones) {
        wait_to_hear(tones, || samples(&self.folder.join("heard.wav")), || self.log());
    }

    fn log(&self) -> String {
        format!("{}\n{}", self.said.0.lock().unwrap(), fs::read_to_string(self.folder.join("log")).unwrap_or_default())
    }
}

impl Drop for Linphone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
