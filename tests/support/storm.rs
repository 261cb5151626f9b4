//! Many connections that submit without pause, over every restart, and keep account of what was promised to them.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::account::PASSWORD;
use crate::lines::Lines;
use crate::server::Server;
use crate::smtp::Smtp;

const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Storm {
    stop: Arc<AtomicBool>,
    accepted: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<Record>>,
}

/// What senders know: identities of messages.
#[derive(Default)]
pub(crate) struct Record {
    /// With a 250.
    pub(crate) accepted: Vec<String>,
    /// Sent to the end, without a reply or with a temporary refusal: may be there once, or not.
    pub(crate) in_doubt: Vec<String>,
}

impl Storm {
    /// Starts so many connections; of the messages of each, every eighth goes elsewhere and must be in the queue.
    pub(crate) fn start(port: u16, connections: usize, folder: &Path, users: &'static [&'static str]) -> Self {
        let (stop, accepted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let threads = (0..connections)
            .map(|connection| {
                let (stop, accepted) = (stop.clone(), accepted.clone());
                let file = File::create(folder.join(format!("accepted-{connection}"))).unwrap();
                std::thread::spawn(move || Sender { port, connection, users, file, stop, accepted }.run())
            })
            .collect();
        Self { stop, accepted, threads }
    }

    /// Waits until so many more messages were accepted.
    pub(crate) fn wait_for(&self, more: usize) {
        let (from, give_up) = (self.accepted.load(Ordering::Relaxed), Instant::now() + PATIENCE);
        while self.accepted.load(Ordering::Relaxed) < from + more {
            assert!(Instant::now() < give_up, "mail is not accepted again");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn stop(self) -> Record {
        self.stop.store(true, Ordering::Relaxed);
        let mut whole = Record::default();
        for thread in self.threads {
            let part = thread.join().unwrap();
            whole.accepted.extend(part.accepted);
            whole.in_doubt.extend(part.in_doubt);
        }
        whole
    }
}

struct Sender {
    port: u16,
    connection: usize,
    users: &'static [&'static str],
    file: File,
    stop: Arc<AtomicBool>,
    accepted: Arc<AtomicUsize>,
}

impl Sender {
    fn run(mut self) -> Record {
        let (mut record, mut smtp) = (Record::default(), None);
        for n in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let Some(session) = smtp.as_mut() else {
                smtp = Smtp::try_connect(self.port);
                // Whoever is refused does not come again at once.
                std::thread::sleep(Duration::from_millis(if smtp.is_some() { 0 } else { 20 }));
                continue;
            };
            let identity = format!("{}.{n}@storm.example", self.connection);
            let to = if n % 8 == 7 { "bob@far.example" } else { self.users[n % self.users.len()] };
            let Some(reply) = transaction(session, to, &identity) else {
                smtp = None;
                continue;
            };
            if reply.starts_with("250 ") {
                // Known for good before anything else is sent.
                writeln!(self.file, "{identity}").unwrap();
                self.file.sync_data().unwrap();
                record.accepted.push(identity);
                self.accepted.fetch_add(1, Ordering::Relaxed);
            } else {
                record.in_doubt.push(identity);
                if !reply.starts_with('4') {
                    smtp = None;
                }
            }
        }
        record
    }
}

/// The reply to a message that was sent to its end, empty when the connection broke; nothing when it did not come so far.
fn transaction(smtp: &mut Smtp, to: &str, identity: &str) -> Option<String> {
    for (command, good) in [("MAIL FROM:<a@sender.example>".to_owned(), "250 "), (format!("RCPT TO:<{to}>"), "250 "), ("DATA".to_owned(), "354 ")] {
        if !smtp.try_write(format!("{command}\r\n").as_bytes()) || !smtp.reply().starts_with(good) {
            return None;
        }
    }
    let written = smtp.try_write(format!("Message-ID: <{identity}>\r\nSubject: storm\r\n\r\n{}.\r\n", "some text of a message\r\n".repeat(20)).as_bytes());
    Some(if written { smtp.reply() } else { String::new() })
}

/// How often each message is in a mailbox of the users, or in the queue.
pub(crate) fn found(server: &Server, users: &[&str]) -> HashMap<String, usize> {
    let mut found = HashMap::new();
    for user in users {
        let mut imap = Lines::connect(2143 + server.offset);
        imap.ok(&format!("LOGIN {user} \"{PASSWORD}\""));
        imap.ok("SELECT INBOX");
        for line in imap.ok("FETCH 1:* BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]").0 {
            if let Some(identity) = line.split_once("Message-ID: <").and_then(|(_, rest)| rest.split_once('>')) {
                *found.entry(identity.0.to_owned()).or_default() += 1;
            }
        }
    }
    let queued = server.sql("SELECT r.message_id FROM queue_message q JOIN delivery_record r ON r.message_number = q.id WHERE r.kind = 'received'");
    for identity in queued.lines() {
        *found.entry(identity.to_owned()).or_default() += 1;
    }
    found
}

/// Every message with a 250 is there once, every one in doubt at most once; says how it was.
pub(crate) fn settle(server: &Server, users: &[&str], record: &Record) -> String {
    let found = found(server, users);
    let count = |identity: &String| found.get(identity).copied().unwrap_or(0);
    let lost: Vec<_> = record.accepted.iter().filter(|identity| count(identity) == 0).collect();
    let doubled: Vec<_> = found.iter().filter(|(_, count)| **count > 1).collect();
    assert!(lost.is_empty(), "{} of {} accepted messages are lost: {lost:?}", lost.len(), record.accepted.len());
    assert!(doubled.is_empty(), "messages are there more than once: {doubled:?}");
    let kept = record.in_doubt.iter().filter(|identity| count(identity) > 0).count();
    assert_eq!(found.len(), record.accepted.len() + kept, "messages that nobody sent");
    format!("{} accepted, all there once; {} in doubt, {kept} of them there", record.accepted.len(), record.in_doubt.len())
}
