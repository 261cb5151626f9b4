//! What was accepted stays, and service comes back by itself, whatever breaks.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::account::PASSWORD;
use crate::client::Client;
use crate::lines::Lines;
use crate::server::{Options, Scratch, Server};
use crate::smtp::Smtp;
use crate::storm::{Storm, settle};

type Outcome = Result<(), Failed>;

const CONNECTIONS: usize = 16;
const USERS: &[&str] = &["john@client.example", "anna@client.example", "mary@client.example"];
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("faults::{name}"), run);
    vec![
        test("mail_outlives_kill_9_of_the_server", mail_outlives_kill_9_of_the_server),
        test("mail_outlives_the_worst_moments", mail_outlives_the_worst_moments),
        test("mail_outlives_kill_9_of_postgresql", mail_outlives_kill_9_of_postgresql),
        test("a_database_that_hangs_makes_mail_wait", a_database_that_hangs_makes_mail_wait),
        test("a_full_disk_heals_when_there_is_room", a_full_disk_heals_when_there_is_room).with_ignored_flag(!nix::unistd::Uid::effective().is_root()),
        test("a_nearly_full_disk_refuses_mail", a_nearly_full_disk_refuses_mail),
        test("silence_ends_a_connection", silence_ends_a_connection),
        test("a_stop_is_told_to_every_session", a_stop_is_told_to_every_session),
    ]
}

/// How often something is killed: three times, or as often as `POSTAMT_KILLS` says.
fn kills() -> usize {
    std::env::var("POSTAMT_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

fn options(data: &Path) -> Options {
    let mut options = Options::new(data);
    options.environment = vec![
        ("POSTAMT_BOOTSTRAP__MAIN_DOMAIN".to_owned(), "main.example".to_owned()),
        ("POSTAMT_BOOTSTRAP__POSTMASTER_PASSWORD".to_owned(), PASSWORD.to_owned()),
    ];
    options
}

/// A server with the users; what goes elsewhere stays in the queue.
fn start(data: &Path) -> Server {
    let server = Server::start(&options(data));
    let mut admin = Client::new(server.port());
    assert_eq!(admin.sign_in("postmaster", PASSWORD), 200);
    assert_eq!(admin.call("POST", "/domains", Some(json!({"name": "client.example"}))).status, 201);
    for user in USERS {
        let name = user.split('@').next().unwrap();
        assert_eq!(admin.call("POST", "/domains/client.example/accounts", Some(json!({"name": name, "password": PASSWORD}))).status, 201);
    }
    assert_eq!(admin.call("PATCH", "/server/modules/smtp_out", Some(json!({"set": {"enabled": false}}))).status, 200);
    server
}

/// Changes settings of a module through the API.
fn set(server: &Server, module: &str, set: serde_json::Value) {
    let mut admin = Client::new(server.port());
    assert_eq!(admin.sign_in("postmaster", PASSWORD), 200);
    assert_eq!(admin.call("PATCH", &format!("/server/modules/{module}"), Some(json!({"set": set}))).status, 200);
}

/// A moment between now and some later time, different in every run.
fn random_moment() -> Duration {
    use std::hash::{BuildHasher, Hasher};
    Duration::from_micros(std::collections::hash_map::RandomState::new().build_hasher().finish() % 400_000)
}

fn mail_outlives_kill_9_of_the_server() -> Outcome {
    let scratch = Scratch::new();
    let mut server = start(&scratch.0.join("data"));
    let storm = Storm::start(2025 + server.offset, CONNECTIONS, &scratch.0, USERS);
    for _ in 0..kills() {
        storm.wait_for(100);
        std::thread::sleep(random_moment());
        let data = server.data.clone();
        let offset = server.kill_hard();
        server = Server::start_at(&options(&data), offset);
    }
    storm.wait_for(100);
    println!("server killed {} times: {}", kills(), settle(&server, USERS, &storm.stop()));
    Ok(())
}

/// The process ends by itself just before a transaction, and between the commit and the reply.
fn mail_outlives_the_worst_moments() -> Outcome {
    let scratch = Scratch::new();
    let mut server = start(&scratch.0.join("data"));
    let storm = Storm::start(2025 + server.offset, CONNECTIONS, &scratch.0, USERS);
    let data = server.data.clone();
    storm.wait_for(50);
    for round in 0..kills() {
        let offset = server.kill_hard();
        for place in ["before-flush", "before-reply"] {
            let mut options = options(&data);
            options.environment.push(("POSTAMT_FAILPOINT".to_owned(), format!("{place}:{}", 20 + 7 * round)));
            Server::run_to_end(&options, offset);
            assert!(data.join("pg/postmaster.pid").exists(), "{place}: it must not have stopped in order");
        }
        server = Server::start_at(&options(&data), offset);
        storm.wait_for(50);
    }
    let record = storm.stop();
    assert!(record.in_doubt.len() >= 2 * kills(), "nothing was on its way when the server died");
    println!("server killed {} times at the worst moments: {}", 2 * kills(), settle(&server, USERS, &record));
    Ok(())
}

fn mail_outlives_kill_9_of_postgresql() -> Outcome {
    let scratch = Scratch::new();
    let server = start(&scratch.0.join("data"));
    let storm = Storm::start(2025 + server.offset, CONNECTIONS, &scratch.0, USERS);
    for round in 0..kills() {
        storm.wait_for(100);
        std::thread::sleep(random_moment());
        let old = server.postmaster();
        // One backend that dies takes all others with it, and the postmaster starts them anew.
        match children(old).into_iter().next_back().filter(|_| round % 3 == 2) {
            Some(backend) => kill(backend, Signal::SIGKILL)?,
            None => kill(old, Signal::SIGKILL)?,
        }
    }
    storm.wait_for(100);
    println!("PostgreSQL killed {} times: {}", kills(), settle(&server, USERS, &storm.stop()));
    Ok(())
}

/// Processes started by another one.
fn children(parent: Pid) -> Vec<Pid> {
    let status = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let processes = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut found: Vec<i32> = processes.filter(|pid| status(*pid).rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok()) == Some(parent.as_raw())).collect();
    found.sort_unstable();
    found.into_iter().map(Pid::from_raw).collect()
}

fn a_database_that_hangs_makes_mail_wait() -> Outcome {
    let scratch = Scratch::new();
    let server = start(&scratch.0.join("data"));
    let mut sessions: Vec<Smtp> = (0..4).map(|_| Smtp::connect(2025 + server.offset)).collect();
    for session in &mut sessions {
        assert!(session.send("a@sender.example", &[USERS[0]], "Subject: before\r\n\r\nx").starts_with("250 "));
        for line in ["MAIL FROM:<a@sender.example>", &format!("RCPT TO:<{}>", USERS[0])] {
            assert!(session.command(line).starts_with("250 "));
        }
        assert!(session.command("DATA").starts_with("354 "));
    }
    let postmaster = server.postmaster();
    let stopped: Vec<Pid> = std::iter::once(postmaster).chain(children(postmaster)).collect();
    for pid in &stopped {
        kill(*pid, Signal::SIGSTOP)?;
    }
    for (n, session) in sessions.iter_mut().enumerate() {
        session.write(format!("Message-ID: <{n}@hang.example>\r\n\r\nx\r\n.\r\n").as_bytes());
    }
    // A reply comes before the client would give up.
    let replies: Vec<String> = sessions.iter_mut().map(Smtp::reply).collect();
    for pid in &stopped {
        kill(*pid, Signal::SIGCONT)?;
    }
    for reply in replies {
        assert!(reply.starts_with("451 4.3.0 "), "{reply}");
    }
    let give_up = Instant::now() + PATIENCE;
    while !sessions[0].send("a@sender.example", &[USERS[0]], "Message-ID: <after@hang.example>\r\n\r\nx").starts_with("250 ") {
        assert!(Instant::now() < give_up, "mail is not accepted again");
    }
    let counts = crate::storm::found(&server, USERS);
    assert_eq!(counts.get("after@hang.example"), Some(&1));
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    Ok(())
}

/// A small file system of its own, gone with its owner.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn new(folder: PathBuf) -> Self {
        std::fs::create_dir_all(&folder).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=320m,mode=0755", "tmpfs"]).arg(&folder).status();
        assert!(mounted.is_ok_and(|status| status.success()), "a tmpfs can be mounted");
        Self(folder)
    }

    /// Fills it but for so many octets.
    fn fill(&self, left: u64) {
        let disk = nix::sys::statvfs::statvfs(&self.0).unwrap();
        let free = disk.blocks_available() * disk.fragment_size();
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        // Others write too: it may be full before.
        if let Err(error) = std::io::copy(&mut std::io::Read::take(std::io::repeat(1), free.saturating_sub(left)), &mut file) {
            assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn a_full_disk_heals_when_there_is_room() -> Outcome {
    let scratch = Scratch::new();
    let disk = SmallDisk::new(scratch.0.join("data"));
    let server = start(&disk.0);
    set(&server, "queue", json!({"min_free": 0}));
    let pid = server.pid();
    let storm = Storm::start(2025 + server.offset, 4, &scratch.0, USERS);
    storm.wait_for(50);
    disk.fill(0);
    let mut big = Smtp::connect(2025 + server.offset);
    let body = format!("Subject: big\r\n\r\n{}", pseudo_random_lines(400_000));
    let give_up = Instant::now() + PATIENCE;
    let reply = loop {
        assert!(Instant::now() < give_up, "the disk does not get full");
        let reply = match big.try_write(b"NOOP\r\n") && big.reply().starts_with("250 ") {
            true => refusal(&mut big, &body),
            false => String::new(),
        };
        match reply.get(..3) {
            Some("250") => {}
            Some("451" | "452") => break reply,
            _ => big = Smtp::try_connect(2025 + server.offset).unwrap_or(big),
        }
    };
    println!("full disk: {reply}");
    disk.make_room();
    storm.wait_for(100);
    assert_eq!(server.pid(), pid);
    let record = storm.stop();
    // The big ones have no identity and are not counted.
    println!("full disk: {}", settle(&server, USERS, &record));
    drop(server);
    Ok(())
}

/// The first reply of a transaction that is not positive, or that to the message.
fn refusal(smtp: &mut Smtp, message: &str) -> String {
    for (line, good) in [("MAIL FROM:<a@sender.example>", "250 "), ("RCPT TO:<john@client.example>", "250 "), ("DATA", "354 ")] {
        if !smtp.try_write(format!("{line}\r\n").as_bytes()) {
            return String::new();
        }
        let reply = smtp.reply();
        if !reply.starts_with(good) {
            return reply;
        }
    }
    if smtp.try_write(format!("{message}\r\n.\r\n").as_bytes()) { smtp.reply() } else { String::new() }
}

/// Text that cannot be packed.
fn pseudo_random_lines(octets: usize) -> String {
    let mut word = 0x9e37_79b9_7f4a_7c15_u64;
    let mut text = String::with_capacity(octets + 20);
    while text.len() < octets {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        text += &format!("{word:016x}{:016x}\r\n", word.wrapping_mul(0x2545_f491_4f6c_dd1d));
    }
    text
}

fn a_nearly_full_disk_refuses_mail() -> Outcome {
    let scratch = Scratch::new();
    let server = start(&scratch.0.join("data"));
    let mut smtp = Smtp::connect(2025 + server.offset);
    set(&server, "queue", json!({"min_free": 1_000_000_000_000_000_i64}));
    assert_eq!(smtp.command("MAIL FROM:<a@sender.example>"), "452 4.3.1 insufficient system storage");
    set(&server, "queue", json!({"min_free": 0}));
    assert!(smtp.command("MAIL FROM:<a@sender.example>").starts_with("250 "));
    Ok(())
}

fn silence_ends_a_connection() -> Outcome {
    let scratch = Scratch::new();
    let server = start(&scratch.0.join("data"));
    // Shorter than the API allows; any change makes it known.
    server.sql(r#"UPDATE server SET modules = '{"smtp": {"idle_timeout": 1}}' WHERE id = 1"#);
    set(&server, "pop", json!({}));
    // Whoever wants TLS and then says nothing is let go too.
    let mut upgraded = Smtp::connect(2025 + server.offset);
    assert!(upgraded.command("STARTTLS").starts_with("220 "));
    let mut implicit = std::net::TcpStream::connect(("127.0.0.1", 2465 + server.offset))?;
    implicit.set_read_timeout(Some(PATIENCE))?;
    // In a command, in a message, and after half of a line.
    for octets in ["", "MAIL FROM:<a@sender.example>\r\nRCPT TO:<john@client.example>\r\nDATA\r\nSubject: x\r\n", "MAIL FR"] {
        let mut smtp = Smtp::connect(2025 + server.offset);
        smtp.write(octets.as_bytes());
        let mut last = String::new();
        loop {
            match smtp.reply() {
                reply if reply.is_empty() => break,
                reply => last = reply,
            }
        }
        assert!(last.starts_with("421 "), "{octets:?}: {last}");
    }
    assert!(upgraded.has_ended(), "the silent handshake goes on");
    let mut octets = Vec::new();
    let ended = std::io::Read::read_to_end(&mut implicit, &mut octets);
    assert!(octets.is_empty() && ended.is_ok_and(|read| read == 0), "the silent handshake goes on");
    Ok(())
}

fn a_stop_is_told_to_every_session() -> Outcome {
    let scratch = Scratch::new();
    let server = start(&scratch.0.join("data"));
    let (smtp, imap, pop) = (2025 + server.offset, 2143 + server.offset, 2110 + server.offset);
    let mut idle = Smtp::connect(smtp);
    let mut sending = Smtp::connect(smtp);
    for line in ["MAIL FROM:<a@sender.example>", "RCPT TO:<john@client.example>"] {
        assert!(sending.command(line).starts_with("250 "));
    }
    assert!(sending.command("DATA").starts_with("354 "));
    let mut stranger = Lines::connect(imap);
    let mut waiting = Lines::connect(imap);
    waiting.ok(&format!("LOGIN {} \"{PASSWORD}\"", USERS[0]));
    waiting.ok("SELECT INBOX");
    waiting.send("i IDLE");
    assert!(waiting.line().starts_with('+'));
    let mut collector = Lines::connect(pop);
    kill(server.pid(), Signal::SIGTERM)?;
    assert!(idle.reply().starts_with("421 4.3.2 "), "an idle session of SMTP");
    assert!(stranger.line().starts_with("* BYE "), "IMAP before the login");
    assert!(waiting.line().starts_with("* BYE "), "IMAP in IDLE");
    assert!(collector.line().starts_with("-ERR [SYS/TEMP]"), "POP");
    // Whoever is in a message ends it first, and gets what was promised.
    sending.write(b"Message-ID: <last@stop.example>\r\n\r\nx\r\n.\r\n");
    assert!(sending.reply().starts_with("250 "));
    assert!(sending.reply().starts_with("421 4.3.2 "));
    let data = server.data.clone();
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&options(&data));
    assert_eq!(crate::storm::found(&server, USERS).get("last@stop.example"), Some(&1));
    Ok(())
}
