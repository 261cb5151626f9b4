//! Telephony with sipp, by the scenarios in `tests/data/sipp`: registrations, subscriptions, and many calls, messages and questions at once.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use libtest_mimic::{Failed, Trial};

use crate::exchange::Exchange;
use crate::netns;

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |transport: &'static str| Trial::test(format!("voice::sipp_over_{transport}"), move || sipp_over(transport)).with_ignored_flag(!netns::is_installed("sipp") || !netns::is_installed("openssl"));
    ["udp", "tcp", "tls"].map(test).into()
}

/// One sipp with its scenario and transport, listening at this port.
struct Sipp {
    child: Child,
    errors: PathBuf,
}

fn start(exchange: &Exchange, scenario: &str, transport: &str, port: u16, more: &[&str]) -> Sipp {
    let folder = &exchange.scratch.0;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/sipp/{scenario}.xml"));
    let to = if transport == "tls" { tunnel(exchange.port() + 1) } else { exchange.sip([127, 0, 0, 1]) };
    let errors = folder.join(format!("{scenario}.errors"));
    let (kind, via) = (if transport == "udp" { "u1" } else { "t1" }, transport.to_uppercase());
    // The URI of its request, which it would take for that of the server otherwise.
    let asked = if scenario == "subscribe" { "bob@main.example" } else { "main.example" };
    let mut command = Command::new("sipp");
    command.arg(to.to_string()).arg("-sf").arg(file).args(["-t", kind, "-key", "via", &via, "-i", "127.0.0.1", "-p", &port.to_string(), "-nostdin", "-auth_uri", asked, "-timeout", "60s", "-timeout_error"]);
    command.args(["-recv_timeout", "20000", "-trace_err", "-error_file"]).arg(&errors).args(more);
    let output = std::fs::File::create(folder.join(format!("{scenario}.log"))).unwrap();
    Sipp { child: command.current_dir(folder).stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output).spawn().unwrap(), errors }
}

/// This sipp knows no TLS: its connections are passed on under it by openssl.
fn tunnel(port: u16) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        // One sipp has one connection.
        let (stream, _) = listener.accept().unwrap();
        let mut client = Command::new("openssl").args(["s_client", "-quiet", "-connect", &format!("127.0.0.1:{port}")]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (inward, outward) = (client.stdin.take().unwrap(), client.stdout.take().unwrap());
        let back: TcpStream = stream.try_clone().unwrap();
        std::thread::spawn(move || pump(outward, back));
        // It ends with sipp.
        pump(stream, inward);
        let _ = client.kill();
        let _ = client.wait();
    });
    address
}

fn pump(mut from: impl Read, mut to: impl Write) {
    let mut buffer = [0; 8192];
    while let Ok(size) = from.read(&mut buffer) {
        if size == 0 || to.write_all(&buffer[..size]).is_err() || to.flush().is_err() {
            return;
        }
    }
}

impl Sipp {
    fn succeeds(mut self) {
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status} {}", std::fs::read_to_string(&self.errors).unwrap_or_default());
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that is free now.
fn free_port() -> u16 {
    loop {
        let port = UdpSocket::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap().local_addr().unwrap().port();
        if port < 65_000 {
            return port;
        }
    }
}

fn sipp_over(transport: &'static str) -> Outcome {
    let exchange = Exchange::new();
    let many = ["-m", "100", "-r", "200"];
    start(&exchange, "options", transport, free_port(), &many).succeeds();
    start(&exchange, "register", transport, free_port(), &["-m", "1"]).succeeds();
    start(&exchange, "subscribe", transport, free_port(), &["-m", "10", "-r", "10"]).succeeds();
    let own = exchange.list("/sip/registrations");
    // A binding goes with its connection.
    for stale in own {
        let _ = exchange.admin.call("DELETE", &format!("/sip/registrations/{}", stale["id"].as_str().unwrap()), None);
    }
    // Who is called is reached by datagrams, whatever the caller has.
    let port = free_port();
    start(&exchange, "register", "udp", port, &["-m", "1"]).succeeds();
    assert_eq!(exchange.list("/sip/registrations").len(), 1);
    let answers = start(&exchange, "answer", "udp", port, &["-m", "100"]);
    start(&exchange, "call", transport, free_port(), &["-m", "100", "-r", "50"]).succeeds();
    answers.succeeds();
    let records = exchange.list("/cdr?limit=200");
    assert_eq!((records.len(), records.iter().filter(|record| record["cause"] == "answered").count()), (100, 100));
    let reads = start(&exchange, "read", "udp", port, &["-m", "100"]);
    start(&exchange, "message", transport, free_port(), &many).succeeds();
    reads.succeeds();
    Ok(())
}
