//! A client that speaks lines: enough of IMAP and POP to ask and to read whole answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

pub(crate) struct Lines {
    stream: BufReader<TcpStream>,
    tag: u32,
}

impl Lines {
    /// Connects and reads the greeting.
    pub(crate) fn connect(port: u16) -> Self {
        let (lines, greeting) = Self::greeted(port);
        assert!(greeting.starts_with("* OK") || greeting.starts_with("+OK"), "{greeting}");
        lines
    }

    /// Connects and gives the greeting, whatever it is.
    pub(crate) fn greeted(port: u16) -> (Self, String) {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut lines = Self { stream: BufReader::new(stream), tag: 0 };
        let greeting = lines.line();
        (lines, greeting)
    }

    /// A line without its end; literals stand in it, after a line feed.
    pub(crate) fn line(&mut self) -> String {
        let mut whole = String::new();
        loop {
            let mut octets = Vec::new();
            self.stream.read_until(b'\n', &mut octets).unwrap();
            let line = String::from_utf8(octets).unwrap();
            assert!(line.ends_with("\r\n"), "the connection ended after {whole:?}{line:?}");
            let line = line.trim_end();
            whole.push_str(line);
            let literal = line.strip_suffix('}').and_then(|rest| rest.rsplit_once('{')).and_then(|(_, size)| size.parse::<usize>().ok());
            let Some(size) = literal else { return whole };
            let mut body = vec![0; size];
            self.stream.read_exact(&mut body).unwrap();
            whole.push('\n');
            whole.push_str(&String::from_utf8(body).unwrap());
        }
    }

    pub(crate) fn send(&mut self, line: &str) {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    /// An IMAP command: untagged lines, then the rest of the tagged line.
    pub(crate) fn imap(&mut self, command: &str) -> (Vec<String>, String) {
        self.tag += 1;
        let tag = format!("t{}", self.tag);
        self.send(&format!("{tag} {command}"));
        self.answer(&tag)
    }

    fn answer(&mut self, tag: &str) -> (Vec<String>, String) {
        let mut untagged = Vec::new();
        loop {
            let line = self.line();
            match line.strip_prefix(tag) {
                Some(rest) => return (untagged, rest.trim_start().to_owned()),
                None => untagged.push(line),
            }
        }
    }

    /// An IMAP command that must succeed: its untagged lines and the text after `OK`.
    pub(crate) fn ok(&mut self, command: &str) -> (Vec<String>, String) {
        let (untagged, done) = self.imap(command);
        assert!(done.starts_with("OK"), "{command}: {done}");
        (untagged, done)
    }

    /// APPEND with a literal.
    pub(crate) fn append(&mut self, mailbox: &str, flags: &str, message: &str) -> String {
        self.tag += 1;
        let tag = format!("t{}", self.tag);
        self.send(&format!("{tag} APPEND {mailbox} ({flags}) {{{}}}", message.len()));
        assert!(self.line().starts_with('+'));
        self.send(message);
        self.answer(&tag).1
    }

    /// A POP command that must succeed: the rest of its `+OK`.
    pub(crate) fn pop(&mut self, command: &str) -> String {
        self.send(command);
        let line = self.line();
        line.strip_prefix("+OK").unwrap_or_else(|| panic!("{command}: {line}")).trim_start().to_owned()
    }

    /// The lines of a POP answer up to the dot.
    pub(crate) fn pop_lines(&mut self, command: &str) -> Vec<String> {
        self.pop(command);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            match line.trim_end_matches(['\r', '\n']) {
                "." => return lines,
                text => lines.push(text.to_owned()),
            }
        }
    }
}
