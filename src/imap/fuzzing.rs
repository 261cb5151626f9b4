//! Properties that hold for every input; run by the fuzz targets and, over their corpora, by the tests.

pub mod shell;

use std::time::{Duration, Instant};

use bytes::Bytes;
use types::{
    Machine,
    stream::{Close, Input, Output},
};

use crate::{
    Config, Flags, SearchKey, SequenceSet, Server, command, cursor::Cursor, fetch_item::FetchItem,
    name,
};
use shell::{Shell, Stored};

/// A client's bytes against a session with some mail.
#[derive(Debug)]
pub struct Session {
    /// The machine.
    pub server: Server,
    /// The other side of its questions.
    pub shell: Shell,
    /// What it sent.
    pub sent: Vec<u8>,
    /// How it ended, when it has.
    pub closed: Option<Close>,
    /// Its clock.
    pub now: Instant,
}

impl Session {
    /// A session with the shell given, greeted.
    pub fn new(config: Config, shell: Shell) -> Self {
        let mut session = Self {
            server: Server::new(config),
            shell,
            sent: Vec::new(),
            closed: None,
            now: Instant::now(),
        };
        session.input(Input::Connected);
        session
    }

    /// Feeds one input and everything that follows from it.
    pub fn input(&mut self, input: Input<crate::Answer, crate::Notice>) {
        self.server.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.server.poll() {
            match output {
                Output::Send(bytes) => self.sent.extend_from_slice(&bytes),
                Output::Close(why) => self.closed = Some(why),
                Output::StartTls => self.server.handle(self.now, Input::TlsReady),
                Output::Ask(question) => {
                    let answer = self.shell.answer(question);
                    self.server.handle(self.now, Input::Answer(answer));
                }
            }
        }
    }

    /// Feeds bytes in pieces of this size.
    pub fn receive(&mut self, bytes: &[u8], piece: usize) {
        for piece in bytes.chunks(piece) {
            self.input(Input::Received(Bytes::copy_from_slice(piece)));
            // Replies that are held back are waited for.
            for _ in 0..4 {
                match self
                    .server
                    .deadline()
                    .filter(|at| *at < self.now + Duration::from_secs(10))
                {
                    Some(at) => {
                        self.now = at;
                        self.input(Input::Tick);
                    }
                    None => break,
                }
            }
        }
    }
}

fn session(signed_in: bool) -> Session {
    let mut shell = Shell::new();
    shell.create("Sent Items", Some(crate::SpecialUse::Sent));
    for raw in ["Subject: one\r\n\r\nbody\r\n", "From: a@b\r\n\r\n", "x"] {
        let mut stored = Stored::new(raw);
        stored.message.flags = Flags::SEEN;
        shell.deliver("INBOX", stored);
    }
    let config = Config {
        clear_passwords: true,
        max_append: 2000,
        max_command: 4000,
        ..Config::default()
    };
    let mut session = Session::new(config, shell);
    if signed_in {
        session.receive(b"a LOGIN mrc secret\r\nb SELECT INBOX\r\n", 100);
    }
    session
}

/// A whole session: any bytes, byte by byte as in one piece, and the machine never does more than it is asked.
///
/// # Panics
/// When a property does not hold.
pub fn imap_server(data: &[u8]) {
    for signed_in in [false, true] {
        let mut whole = session(signed_in);
        whole.receive(data, data.len().max(1));
        let mut bytewise = session(signed_in);
        bytewise.receive(data, 1);
        assert_eq!(
            String::from_utf8_lossy(&whole.sent),
            String::from_utf8_lossy(&bytewise.sent),
            "byte at a time equals whole"
        );
        assert_eq!(whole.closed, bytewise.closed);
    }
}

/// One command: reading never panics, and what is printed is read as the same.
///
/// # Panics
/// When a property does not hold.
pub fn imap_command(data: &[u8]) {
    let frame = Bytes::copy_from_slice(data);
    let _ = command::parse(&frame, 0);
    if let Ok(key) = SearchKey::parse_all(&mut Cursor::new(data)) {
        let printed = key.to_string();
        let again = SearchKey::parse_all(&mut Cursor::new(printed.as_bytes()));
        // Parentheses are printed where none stood; near the limit that is one level too many.
        assert!(again.as_ref() == Ok(&key) || data.len() > 90, "{printed}");
    }
    if let Ok(item) = FetchItem::parse(&mut Cursor::new(data)) {
        let printed = item.to_string();
        assert_eq!(
            FetchItem::parse(&mut Cursor::new(printed.as_bytes())),
            Ok(item),
            "{printed}"
        );
    }
    if let Some(set) = SequenceSet::parse(data) {
        assert_eq!(SequenceSet::parse(set.to_string().as_bytes()), Some(set));
    }
    if let Some(name) = name::decode(data) {
        assert_eq!(name::decode(name::encode(&name).as_bytes()), Some(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus(target: &str, run: impl Fn(&[u8])) {
        let folder = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
        let files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert!(files.len() >= 10);
        for file in files {
            run(&std::fs::read(file).unwrap());
        }
    }

    #[test]
    fn corpora() {
        corpus("imap_server", imap_server);
        corpus("imap_command", imap_command);
    }

    /// Words that commands are made of, thrown together.
    fn words() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
        let word = proptest::sample::select(vec![
            "a",
            "b",
            " ",
            " ",
            " ",
            "\r\n",
            "\r\n",
            "\n",
            "{3}",
            "{3+}",
            "{5000+}",
            "{5000}",
            "abc",
            "\"",
            "(",
            ")",
            "1",
            ":",
            "*",
            ",",
            "FETCH",
            "STORE",
            "UID",
            "SEARCH",
            "LOGIN mrc secret",
            "AUTHENTICATE PLAIN",
            "AUTHENTICATE LOGIN",
            "bXJj",
            "SELECT INBOX",
            "EXAMINE INBOX",
            "APPEND INBOX",
            "IDLE",
            "DONE",
            "EXPUNGE",
            "CLOSE",
            "COPY",
            "MOVE",
            "NOOP",
            "FLAGS",
            "+FLAGS (\\Deleted)",
            "BODY[]",
            "BODY.PEEK[1.MIME]<0.3>",
            "FULL",
            "LIST \"\" *",
            "STATUS INBOX (MESSAGES)",
            "NOT",
            "OR",
            "TEXT",
            "SEEN",
            "MODSEQ 1",
            "LOGOUT",
            "ENABLE CONDSTORE",
            "(CHANGEDSINCE 1)",
            "&",
            "\0",
            "\u{fc}",
        ]);
        use proptest::strategy::Strategy;
        proptest::collection::vec(word, 0..60).prop_map(|words| words.concat().into_bytes())
    }

    proptest::proptest! {
        #[test]
        fn any_words(data in words()) {
            imap_server(&data);
            imap_command(&data);
        }

        #[test]
        fn any_bytes(data in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            imap_server(&data);
            imap_command(&data);
        }
    }
}
