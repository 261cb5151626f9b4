//! A client that speaks SMTP by hand.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

pub(crate) struct Smtp {
    stream: BufReader<TcpStream>,
}

impl Smtp {
    /// Connects and introduces itself.
    pub(crate) fn connect(port: u16) -> Self {
        Self::connect_as(port, "")
    }

    /// The same behind a proxy that says who connects.
    pub(crate) fn connect_from(port: u16, ip: &str) -> Self {
        Self::connect_as(port, &format!("PROXY TCP4 {ip} 127.0.0.1 1000 25\r\n"))
    }

    fn connect_as(port: u16, first: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut smtp = Self { stream: BufReader::new(stream) };
        smtp.write(first.as_bytes());
        let greeting = smtp.reply();
        assert!(greeting.starts_with("220 "), "{greeting}");
        let hello = smtp.command("EHLO client.test");
        assert!(hello.starts_with("250"), "{hello}");
        smtp
    }

    /// Connects when the server is there and takes connections.
    pub(crate) fn try_connect(port: u16) -> Option<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        stream.set_nodelay(true).ok()?;
        let mut smtp = Self { stream: BufReader::new(stream) };
        (smtp.reply().starts_with("220 ") && smtp.try_write(b"EHLO client.test\r\n") && smtp.reply().starts_with("250")).then_some(smtp)
    }

    pub(crate) fn write(&mut self, octets: &[u8]) {
        self.stream.get_mut().write_all(octets).unwrap();
    }

    /// Whether the octets could be written; the server may be gone.
    pub(crate) fn try_write(&mut self, octets: &[u8]) -> bool {
        self.stream.get_mut().write_all(octets).is_ok()
    }

    /// A whole reply; its lines end in a line feed, but for the last.
    pub(crate) fn reply(&mut self) -> String {
        let mut whole = String::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).unwrap_or(0) == 0 {
                return whole;
            }
            whole.push_str(line.trim_end());
            if line.get(3..4) == Some(" ") {
                return whole;
            }
            whole.push('\n');
        }
    }

    /// Whether the server closes without another word.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.stream.fill_buf().is_ok_and(<[u8]>::is_empty)
    }

    pub(crate) fn command(&mut self, line: &str) -> String {
        self.write(format!("{line}\r\n").as_bytes());
        self.reply()
    }

    /// A transaction whose recipients must all be accepted; the reply to the message.
    pub(crate) fn send(&mut self, from: &str, to: &[&str], message: &str) -> String {
        let accepted = self.command(&format!("MAIL FROM:<{from}>"));
        assert!(accepted.starts_with("250 "), "{accepted}");
        for to in to {
            let accepted = self.command(&format!("RCPT TO:<{to}>"));
            assert!(accepted.starts_with("250 "), "{accepted}");
        }
        self.data(message)
    }

    /// The message of an open transaction.
    pub(crate) fn data(&mut self, message: &str) -> String {
        let ready = self.command("DATA");
        assert!(ready.starts_with("354 "), "{ready}");
        self.write(format!("{message}\r\n.\r\n").as_bytes());
        self.reply()
    }

    /// The replies to MAIL and one RCPT; the transaction is given up.
    pub(crate) fn probe(&mut self, from: &str, to: &str) -> (String, String) {
        let replies = (self.command(&format!("MAIL FROM:<{from}>")), self.command(&format!("RCPT TO:<{to}>")));
        self.command("RSET");
        replies
    }
}

/// Base 64 (RFC 4648 §4).
pub(crate) fn base64(octets: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in octets.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, octet| word << 8 | u32::from(*octet)) << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let sign = ALPHABET[(word >> (18 - 6 * index) & 63) as usize];
            text.push(if index <= chunk.len() { char::from(sign) } else { '=' });
        }
    }
    text
}
