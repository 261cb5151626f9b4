//! Telephony under bad input and faults: torture messages, strangers, floods of nothing, and a server that is killed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use serde_json::json;

use crate::exchange::{Exchange, PASSWORD};
use crate::netns::{self, Host, Internet};
use crate::ua::{Dialog, Message, Ua, connect, unique};

type Outcome = Result<(), Failed>;

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("voice::faults::{name}"), run);
    let from_outside = |name: &str, run: fn() -> Outcome| test(name, run).with_ignored_flag(!netns::is_possible());
    vec![
        // It waits for half a minute.
        test("what_is_too_large_or_too_slow_is_ended", what_is_too_large_or_too_slow_is_ended),
        from_outside("torture_by_datagram_has_its_outcome", torture_by_datagram_has_its_outcome),
        from_outside("torture_by_stream_has_its_outcome", torture_by_stream_has_its_outcome),
        from_outside("strangers_neither_relay_nor_meddle_with_calls", strangers_neither_relay_nor_meddle_with_calls),
        from_outside("who_guesses_passwords_is_not_listened_to", who_guesses_passwords_is_not_listened_to),
        test("credentials_serve_once", credentials_serve_once),
        test("a_killed_server_knows_its_telephones_again", a_killed_server_knows_its_telephones_again),
    ]
}

fn torture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sip/torture")
}

/// Name, octets, and what a stranger gets by datagram and by stream.
fn messages() -> Vec<(String, Vec<u8>, String, String)> {
    let table = std::fs::read_to_string(torture().join("outcomes.tsv")).unwrap();
    let wanted = include_str!("../data/torture.tsv");
    let found: Vec<_> = table
        .lines()
        .skip(1)
        .map(|line| {
            let name = line.split('\t').next().unwrap();
            let octets = std::fs::read(torture().join(format!("{name}.dat"))).unwrap();
            let row = wanted.lines().find(|row| row.split('\t').next() == Some(name)).unwrap_or(name);
            let column = |n: usize| row.split('\t').nth(n).unwrap_or("?").to_owned();
            (name.to_owned(), own_branch(&octets), column(1), column(2))
        })
        .collect();
    assert_eq!(found.len(), 49 + 12);
    found
}

/// Some of these messages have a branch in common: they would be one transaction.
fn own_branch(octets: &[u8]) -> Vec<u8> {
    for shared in ["branch=z9hG4bKkdjuw", "branch=z9hG4bKas3-111"] {
        if let Some(at) = octets.windows(shared.len()).position(|part| part == shared.as_bytes()) {
            return [&octets[..at + shared.len()], unique().as_bytes(), &octets[at + shared.len()..]].concat();
        }
    }
    octets.to_vec()
}

fn options() -> String {
    format!("OPTIONS sip:main.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.200;rport;branch=z9hG4bK{0}\r\nMax-Forwards: 70\r\nFrom: <sip:a@far.example>;tag={0}\r\nTo: <sip:main.example>\r\nCall-ID: {0}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n", unique())
}

/// Fails with all differences at once.
fn compare(got: &[(String, String, String)]) {
    let mut text = String::new();
    for (name, wanted, came) in got {
        if wanted != came {
            writeln!(text, "{name}: wanted {wanted:?}, came {came:?}").unwrap();
        }
    }
    assert!(text.is_empty(), "\n{text}");
}

/// A server that has the domain most of the messages are about, and one of its users.
fn open_with_example() -> Exchange {
    let exchange = Exchange::open();
    assert_eq!(exchange.admin.call("POST", "/domains", Some(json!({"name": "example.com"}))).status, 201);
    assert_eq!(exchange.admin.call("POST", "/domains/example.com/accounts", Some(json!({"name": "user", "password": PASSWORD}))).status, 201);
    exchange
}

/// What arrives at a machine in datagrams, at whatever port: answers go where the topmost Via says.
struct Mailbox {
    socket: UdpSocket,
    address: Ipv4Addr,
    came: Vec<Message>,
}

impl Mailbox {
    fn new(host: &Host) -> Self {
        use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
        let raw = host.space.within(|| socket(AddressFamily::Packet, SockType::Datagram, SockFlag::empty(), SockProtocol::EthAll).unwrap());
        Self { socket: raw.into(), address: host.v4, came: Vec::new() }
    }

    /// Takes what comes until this came, or until the time is over; whether it came.
    fn collect(&mut self, time: Duration, enough: impl Fn(&[Message]) -> bool) -> bool {
        let (end, mut packet) = (Instant::now() + time, vec![0; 65_535]);
        while !enough(&self.came) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            self.socket.set_read_timeout(Some(left.max(Duration::from_millis(1)))).unwrap();
            let Ok(size) = self.socket.recv(&mut packet) else { continue };
            let packet = &packet[..size];
            if size > 28 && u16::from_be_bytes([packet[6], packet[7]]) & 0x1fff != 0 {
                // The rest of a datagram that was too large.
                if let Some(last) = self.came.last_mut().filter(|_| packet[16..20] == self.address.octets()) {
                    last.0 += &String::from_utf8_lossy(&packet[20..]);
                }
            } else if size > 28 && packet[0] == 0x45 && packet[9] == 17 && packet[16..20] == self.address.octets() {
                self.came.push(Message(String::from_utf8_lossy(&packet[28..]).into_owned()));
            }
        }
        true
    }

    /// Final answers since a moment that are neither to OPTIONS of ours nor came before.
    fn answers(&self, since: usize, options: &str) -> String {
        let (before, after) = self.came.split_at(since);
        let mut lines: Vec<&str> = after.iter().filter(|one| one.status() >= 200 && !is_answer(one, options) && !before.iter().any(|old| old.0 == one.0)).map(|one| one.start().trim_start_matches("SIP/2.0 ")).collect();
        lines.dedup();
        if lines.is_empty() { "none".to_owned() } else { lines.join("; ") }
    }
}

fn is_answer(message: &Message, request: &str) -> bool {
    message.status() == 200 && message.field("Call-ID") == Message(request.to_owned()).field("Call-ID")
}

fn torture_by_datagram_has_its_outcome() -> Outcome {
    let mut internet = Internet::new();
    let stranger = internet.host();
    let exchange = open_with_example();
    let server = exchange.sip(internet.v4);
    let mut mailbox = Mailbox::new(&stranger);
    let socket = stranger.space.within(|| UdpSocket::bind((stranger.v4, 5060)).unwrap());
    let mut got = Vec::new();
    for (name, octets, wanted, _) in messages() {
        let since = mailbox.came.len();
        socket.send_to(&octets, server)?;
        if wanted != "none" {
            let _ = mailbox.collect(PATIENCE, |came| came[since..].iter().any(|one| one.status() >= 200 && !came[..since].iter().any(|old| old.0 == one.0)));
        }
        let options = options();
        socket.send_to(options.as_bytes(), server)?;
        assert!(mailbox.collect(PATIENCE, |came| came.iter().any(|one| is_answer(one, &options))), "no answer to OPTIONS after {name}");
        let came = mailbox.answers(since, &options);
        got.push((name, wanted, came));
    }
    compare(&got);
    Ok(())
}

/// A connection as a stranger has it.
struct Connection {
    stream: TcpStream,
    came: String,
    closed: bool,
}

impl Connection {
    fn new(host: Option<&Host>, server: SocketAddr) -> Self {
        let open = || TcpStream::connect(server).unwrap();
        let stream = host.map_or_else(open, |host| host.space.within(open));
        stream.set_nodelay(true).unwrap();
        Self { stream, came: String::new(), closed: false }
    }

    /// Writes, as far as the server reads.
    fn write(&mut self, octets: &[u8]) {
        self.closed |= self.stream.write_all(octets).is_err();
    }

    /// Reads until this came, the server closes, or the time is over; whether it came.
    fn read(&mut self, time: Duration, enough: impl Fn(&str) -> bool) -> bool {
        let (end, mut buffer) = (Instant::now() + time, [0; 65_535]);
        while !enough(&self.came) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.closed {
                return false;
            }
            self.stream.set_read_timeout(Some(left.max(Duration::from_millis(1)))).unwrap();
            match self.stream.read(&mut buffer) {
                Ok(0) => self.closed = true,
                Ok(size) => self.came += &String::from_utf8_lossy(&buffer[..size]),
                Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut | std::io::ErrorKind::Interrupted) => {}
                Err(error) => {
                    self.came += &format!("({error})");
                    self.closed = true;
                }
            }
        }
        true
    }

    /// Whether OPTIONS is answered.
    fn answers(&mut self) -> bool {
        let options = options().replace("SIP/2.0/UDP", "SIP/2.0/TCP");
        let id = Message(options.clone()).field("Call-ID").unwrap().to_owned();
        self.write(options.as_bytes());
        self.read(PATIENCE, |came| came.contains(&format!("Call-ID: {id}\r\n")))
    }

    fn finals(&self) -> Vec<String> {
        let lines = self.came.lines().filter_map(|line| line.strip_prefix("SIP/2.0 ")).filter(|line| !line.starts_with('1'));
        lines.map(str::to_owned).collect()
    }
}

fn torture_by_stream_has_its_outcome() -> Outcome {
    let mut internet = Internet::new();
    let stranger = internet.host();
    let exchange = open_with_example();
    let server = exchange.sip(internet.v4);
    let mut got = Vec::new();
    for (name, octets, _, wanted) in messages() {
        let mut connection = Connection::new(Some(&stranger), server);
        connection.write(&octets);
        let waits = wanted.ends_with("waits");
        let finals = |came: &str| came.lines().filter(|line| line.starts_with("SIP/2.0 ") && !line.starts_with("SIP/2.0 1")).count();
        let count = wanted.split("; ").filter(|one| one.starts_with(|c: char| c.is_ascii_digit())).count();
        connection.read(PATIENCE, |came| finals(came) >= count);
        // What waits for more would take the next message for it.
        let is_open = !waits && connection.answers();
        assert!(Connection::new(Some(&stranger), server).answers(), "no answer to OPTIONS after {name}");
        let mut answers = connection.finals();
        if is_open {
            answers.pop();
        } else {
            answers.push(if waits && !connection.closed { "waits" } else { "closed" }.to_owned());
        }
        got.push((name, wanted, if answers.is_empty() { "none".to_owned() } else { answers.join("; ") }));
    }
    compare(&got);
    Ok(())
}

fn strangers_neither_relay_nor_meddle_with_calls() -> Outcome {
    let mut internet = Internet::new();
    let (near, far, elsewhere) = (internet.host(), internet.host(), internet.host());
    let exchange = Exchange::open();
    let server = exchange.sip(internet.v4);
    let mut alice = Ua::new(Some(&near.space), near.v4, server, "alice");
    let mut bob = Ua::new(Some(&far.space), far.v4, server, "bob");
    let mut stranger = Ua::new(Some(&elsewhere.space), elsewhere.v4, server, "mallory");
    alice.register();
    bob.register();
    // Not for strangers: others' domains, by address or by Route.
    let relayed = |stranger: &mut Ua, uri: &str, from: &str, more: &str| {
        let request = stranger.make("INVITE", uri, more, "").replace("<sip:mallory@main.example>", from);
        stranger.send(request.as_bytes());
        let answer = stranger.wait("a refusal", |message| message.status() >= 200);
        stranger.acknowledge(&request, &answer);
        answer.status()
    };
    let far_away = "<sip:mallory@far.example>";
    assert_eq!(relayed(&mut stranger, "sip:friend@elsewhere.example", far_away, ""), 403);
    assert_eq!(relayed(&mut stranger, "sip:friend@192.0.2.77", far_away, ""), 403);
    assert_eq!(relayed(&mut stranger, "sip:bob@main.example", far_away, "Route: <sip:192.0.2.77;lr>\r\n"), 403);
    assert_eq!(relayed(&mut stranger, "sip:bob@main.example", "<sip:alice@main.example>", ""), 407, "who says to be ours proves it");
    // A call that rings is cancelled by its caller alone.
    let invited = alice.invite("sip:bob@main.example", "");
    let invite = bob.expect("INVITE");
    bob.reply(&invite, 180, "Ringing");
    alice.wait("ringing", |message| message.status() == 180);
    let cancel = alice.cancel(&invited);
    stranger.send(cancel.as_bytes());
    assert_eq!(stranger.wait("a refusal", |message| message.status() >= 200).status(), 481);
    assert_eq!(exchange.live()["state"], "ringing");
    let mut theirs = bob.reply(&invite, 200, "OK");
    let mut ours = alice.outcome(&invited).1.unwrap();
    bob.expect("ACK");
    // And ended by its ends alone: with all its names, but without the way it went.
    for forged in [Vec::new(), vec![ours.routes[0].replacen(";pa=", ";pa=x", 1)]] {
        let mut spoofed: Dialog = ours.clone();
        spoofed.routes = forged;
        stranger.send_in(&mut spoofed, "BYE", "", "");
        let status = stranger.answered_in(&spoofed, "BYE").status();
        assert!(matches!(status, 403 | 407 | 481), "{status}");
    }
    assert_eq!(exchange.live()["state"], "connected");
    bob.send_in(&mut theirs, "INFO", "", "");
    let next = alice.expect("INFO");
    alice.reply(&next, 200, "OK");
    alice.send_in(&mut ours, "BYE", "", "");
    let bye = bob.wait("a request", |message| message.status() == 0);
    assert!(bye.is("BYE"), "nothing of the stranger's came: {bye:#?}");
    bob.reply(&bye, 200, "OK");
    exchange.ended("bob", "answered", "caller");
    Ok(())
}

fn what_is_too_large_or_too_slow_is_ended() -> Outcome {
    let exchange = Exchange::new();
    let server = exchange.sip(Ipv4Addr::LOCALHOST);
    // Connections that say nothing, and one that never comes to an end.
    let silent: Vec<Connection> = (0..100).map(|_| Connection::new(None, server)).collect();
    let mut slow = Connection::new(None, server);
    let began = Instant::now();
    slow.write(b"OPTIONS sip:main.example SIP/2.0\r\nSubject: ");
    let large = |size: usize| options().replace("Content-Length: 0", &format!("Subject: {}\r\nContent-Length: 0", "x".repeat(size)));
    let mut connection = Connection::new(None, server);
    connection.write(large(9000).as_bytes());
    assert!(connection.read(PATIENCE, |came| came.contains("SIP/2.0 513 ")), "{}", connection.came);
    let mut connection = Connection::new(None, server);
    connection.write(options().replace("Content-Length: 0", "Content-Length: 300000").as_bytes());
    assert!(!connection.read(PATIENCE, |_| false) && connection.closed, "a message of 300 kB is not waited for");
    assert!(connection.came.is_empty() || connection.came.starts_with("SIP/2.0 513 "), "{}", connection.came);
    let mut connection = Connection::new(None, server);
    connection.write(&vec![b'x'; 1 << 20]);
    assert!(!connection.read(PATIENCE, |_| false) && connection.closed, "a header without an end is not waited for");
    let ua = Ua::new(None, Ipv4Addr::LOCALHOST, server, "mallory");
    ua.send(large(9000).as_bytes());
    assert_eq!(ua.wait("a refusal", |message| message.status() >= 200).status(), 513);
    assert!(Connection::new(None, server).answers());
    // One octet every second, for a part of a message that may take half a minute.
    while !slow.read(Duration::from_secs(1), |_| false) && !slow.closed {
        slow.write(b"x");
        assert!(began.elapsed() < Duration::from_secs(60), "a message may take for ever");
    }
    assert!(began.elapsed() > Duration::from_secs(15), "closed after {:?}: {}", began.elapsed(), slow.came);
    assert!(silent.into_iter().all(|mut one| one.answers()), "who only waits is not closed yet");
    Ok(())
}

fn who_guesses_passwords_is_not_listened_to() -> Outcome {
    let mut internet = Internet::new();
    let (host, other) = (internet.host(), internet.host());
    let exchange = Exchange::open();
    let server = exchange.sip(internet.v4);
    let mut guesser = Ua::new(Some(&host.space), host.v4, server, "alice");
    guesser.password = "guessed";
    let register = |ua: &mut Ua| ua.request("REGISTER", "sip:main.example", "Expires: 600\r\n", "").status();
    // Somebody who is not there is refused like a wrong password.
    let mut nobody = Ua::new(Some(&host.space), host.v4, server, "nobody");
    assert_eq!(register(&mut nobody), 401);
    for _ in 0..4 {
        assert_eq!(register(&mut guesser), 401);
    }
    guesser.password = PASSWORD;
    assert_eq!(register(&mut guesser), 403, "even when it is right at last");
    assert!(exchange.list("/sip/registrations").is_empty());
    // Others are not concerned.
    Ua::new(Some(&other.space), other.v4, server, "alice").register();
    Ok(())
}

fn credentials_serve_once() -> Outcome {
    let exchange = Exchange::new();
    let server = exchange.sip(Ipv4Addr::LOCALHOST);
    let mut alice = Ua::new(None, Ipv4Addr::LOCALHOST, server, "alice");
    alice.register();
    assert_eq!(exchange.list("/sip/registrations").len(), 1);
    // Somebody who has seen it moves the number to himself.
    let thief = Ua::new(None, Ipv4Addr::LOCALHOST, server, "alice");
    let branch = Message(alice.last.clone()).field("Via").unwrap().rsplit_once("branch=").unwrap().1.to_owned();
    let replayed = alice.last.replace(&branch, &format!("z9hG4bK{}", unique())).replace(&alice.local.to_string(), &thief.local.to_string());
    thief.send(replayed.as_bytes());
    let answer = thief.wait("a challenge", |message| message.status() >= 200);
    assert_eq!((answer.status(), answer.field("WWW-Authenticate").unwrap().contains("stale=true")), (401, true), "{answer:#?}");
    let found = exchange.list("/sip/registrations");
    assert!(found.len() == 1 && found[0]["contact"].as_str().unwrap().contains(&alice.local.to_string()), "{found:#?}");
    // The same request once more is but a retransmission.
    alice.send(alice.last.as_bytes());
    assert_eq!(alice.wait("the answer", |message| message.status() >= 200).status(), 200);
    Ok(())
}

fn a_killed_server_knows_its_telephones_again() -> Outcome {
    let mut exchange = Exchange::new();
    let server = exchange.sip(Ipv4Addr::LOCALHOST);
    let mut alice = Ua::new(None, Ipv4Addr::LOCALHOST, server, "alice");
    let mut bob = Ua::new(None, Ipv4Addr::LOCALHOST, server, "bob");
    alice.register();
    bob.register();
    let (mut ours, mut theirs, _) = connect(&mut alice, &bob, "sip:bob@main.example", "");
    let contacts = |exchange: &Exchange| exchange.list("/sip/registrations").iter().map(|one| (one["id"].to_string(), one["contact"].to_string())).collect::<BTreeMap<_, _>>();
    let before = contacts(&exchange);
    // Registering again prolongs what is there; it is stored when a tenth of the time is won.
    let ends = |exchange: &Exchange| exchange.list("/sip/registrations").iter().map(|one| one["expires_at"].to_string()).max();
    let first = ends(&exchange);
    alice.register_for(700);
    let (last, live) = (ends(&exchange), exchange.live());
    // It was answered long ago, and the last minute that was written down is not this one.
    let sql = |exchange: &Exchange, text: &str| exchange.server().sql(text);
    while sql(&exchange, "UPDATE call_record SET answered_at = now() - interval '100 seconds' RETURNING 1").is_empty() {}
    sql(&exchange, "DELETE FROM trend");
    sql(&exchange, "INSERT INTO trend (at, received, sent, failed, waiting, calls, registrations) SELECT answered_at + interval '40 seconds', 0, 0, 0, 0, 1, 2 FROM call_record");
    exchange.kill();
    assert_eq!(before.len(), 2);
    assert_eq!(contacts(&exchange), before);
    assert!(last > first && ends(&exchange) == last, "{first:?} {last:?} {:?}", ends(&exchange));
    assert!(exchange.list("/calls").is_empty());
    let record = exchange.record();
    let of = |name: &str| record[name].as_str().unwrap_or_default();
    assert_eq!((&record["id"], of("cause"), of("ended_by"), of("state")), (&live["id"], "server_restart", "server", "ended"), "{record:#}");
    assert_eq!(record["duration_seconds"], 40.0, "{record:#}");
    // The ends go on with what they have: their dialog still passes.
    alice.send_in(&mut ours, "INFO", "", "");
    let info = bob.expect("INFO");
    bob.reply(&info, 200, "OK");
    assert_eq!(alice.answered_in(&ours, "INFO").status(), 200);
    bob.send_in(&mut theirs, "BYE", "", "");
    let bye = alice.expect("BYE");
    alice.reply(&bye, 200, "OK");
    // And a new call finds its way.
    let (mut again, _, _) = connect(&mut alice, &bob, "sip:bob@main.example", "");
    alice.send_in(&mut again, "BYE", "", "");
    let bye = bob.expect("BYE");
    bob.reply(&bye, 200, "OK");
    exchange.ended("bob", "answered", "caller");
    Ok(())
}
