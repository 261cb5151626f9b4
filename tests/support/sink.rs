//! Another mail server, as a test wants it to be: it answers a recipient by the name, and keeps what it took.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What a sink was told and what it took.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) connections: usize,
    /// MAIL and RCPT lines.
    pub(crate) commands: Vec<String>,
    pub(crate) messages: Vec<String>,
    /// Recipients that were put off once.
    put_off: HashSet<String>,
}

/// Listens on a port of 127.0.0.1 until the test process ends. The local part decides: `later…` is put off once, `busy…`
/// always, `never…` is refused, `gone…` loses the connection at the end of its first message.
pub(crate) struct Sink {
    pub(crate) port: u16,
    pub(crate) taken: Arc<Mutex<Taken>>,
}

impl Sink {
    /// A sink with these lines of an EHLO reply.
    pub(crate) fn start(extensions: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Arc::<Mutex<Taken>>::default();
        let shared = taken.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taken = shared.clone();
                taken.lock().unwrap().connections += 1;
                // A connection may end in the middle of a line.
                std::thread::spawn(move || serve(stream, extensions, &taken));
            }
        });
        Self { port, taken }
    }

    pub(crate) fn messages(&self) -> usize {
        self.taken.lock().unwrap().messages.len()
    }
}

fn serve(stream: TcpStream, extensions: &[&str], taken: &Mutex<Taken>) -> Option<()> {
    let mut out = stream.try_clone().ok()?;
    let mut lines = BufReader::new(stream).lines();
    out.write_all(b"220 sink.example\r\n").ok()?;
    let (mut ends_badly, mut accepted) = (false, 0);
    while let Some(Ok(line)) = lines.next() {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let reply = match verb.as_str() {
            "EHLO" => {
                let mut text = String::new();
                let words = std::iter::once("sink.example").chain(extensions.iter().copied()).collect::<Vec<_>>();
                for (n, word) in words.iter().enumerate() {
                    text += &format!("250{}{word}\r\n", if n + 1 == words.len() { ' ' } else { '-' });
                }
                text
            }
            "RCPT" => {
                taken.lock().unwrap().commands.push(line.clone());
                ends_badly |= line.contains("<gone");
                let reply = recipient(&line, taken);
                accepted += usize::from(reply.starts_with("250 "));
                reply
            }
            "DATA" if accepted == 0 => "554 5.5.1 no recipients\r\n".to_owned(),
            "DATA" => {
                out.write_all(b"354 go on\r\n").ok()?;
                let mut message = String::new();
                loop {
                    let line = lines.next()?.ok()?;
                    if line == "." {
                        break;
                    }
                    message += line.strip_prefix('.').unwrap_or(&line);
                    message.push('\n');
                }
                if std::mem::take(&mut ends_badly) && taken.lock().unwrap().put_off.insert("gone".to_owned()) {
                    return None;
                }
                taken.lock().unwrap().messages.push(message);
                "250 2.0.0 taken\r\n".to_owned()
            }
            "RSET" | "MAIL" => {
                accepted = 0;
                taken.lock().unwrap().commands.push(line.clone());
                "250 2.0.0 good\r\n".to_owned()
            }
            "QUIT" => "221 2.0.0 bye\r\n".to_owned(),
            _ => {
                taken.lock().unwrap().commands.push(line.clone());
                "250 2.0.0 good\r\n".to_owned()
            }
        };
        out.write_all(reply.as_bytes()).ok()?;
    }
    Some(())
}

fn recipient(line: &str, taken: &Mutex<Taken>) -> String {
    let name = line.split(['<', '>']).nth(1).unwrap_or_default();
    match name {
        _ if name.starts_with("never") => "550 5.1.1 nobody of that name\r\n".to_owned(),
        _ if name.starts_with("busy") => "450 4.2.1 not now\r\n".to_owned(),
        _ if name.starts_with("later") && taken.lock().unwrap().put_off.insert(name.to_owned()) => "450 4.2.1 not yet\r\n".to_owned(),
        _ => "250 2.1.5 good\r\n".to_owned(),
    }
}
