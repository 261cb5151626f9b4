//! The relay under load: `cargo bench -p media -- --port 2224` answers the bencoded control protocol that `bench/rtp_load
//! --control ng --port 2224` speaks, so that this relay and others are measured by the same line.
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use bytes::Bytes;
use media::{Relay, Surroundings, usually_nated};
use model::media::MediaSettings;
use service::media::{MediaBody, MediaControl, MediaForce, MediaSide};
use uuid::Uuid;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn argument(name: &str) -> Option<i64> {
    let mut words = std::env::args().skip_while(|word| word != name);
    words.nth(1)?.parse().ok()
}

/// A string, a number or a list at the start of a bencoded text, and what follows.
fn value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    match text.first()? {
        b'l' => {
            let mut rest = &text[1..];
            while rest.first()? != &b'e' {
                rest = value(rest)?.1;
            }
            Some((b"", &rest[1..]))
        }
        _ => {
            let colon = text.iter().position(|octet| *octet == b':')?;
            let length: usize = std::str::from_utf8(&text[..colon]).ok()?.parse().ok()?;
            text[colon + 1..].split_at_checked(length)
        }
    }
}

fn dictionary(text: &[u8]) -> Option<HashMap<&[u8], &[u8]>> {
    let (mut found, mut rest) = (HashMap::new(), text.strip_prefix(b"d")?);
    while rest.first()? != &b'e' {
        let (key, after) = value(rest)?;
        let (content, after) = value(after)?;
        found.insert(key, content);
        rest = after;
    }
    Some(found)
}

fn answer(relay: &Relay, question: &[u8]) -> Option<String> {
    let question = dictionary(question)?;
    let of = |key: &str| question.get(key.as_bytes()).copied();
    let mut hasher = DefaultHasher::new();
    of("call-id")?.hash(&mut hasher);
    let call = Uuid::from_u128(u128::from(hasher.finish()));
    let side = MediaSide { source: IpAddr::V4(Ipv4Addr::LOCALHOST), lan: true, far_end_nat: false, authenticated: true };
    let body = of("sdp").map(Bytes::copy_from_slice);
    let body = match of("command")? {
        b"offer" => relay.offer(call, Some(0), true, &side, &side, MediaForce::Always, "application/sdp", &body?).ok()?,
        b"answer" => relay.answer(call, Some(0), false, false, "application/sdp", &body?).ok()?,
        _ => {
            relay.end(call);
            return Some("d6:result2:oke".to_owned());
        }
    };
    let MediaBody::Changed(body) = body else { return None };
    Some(format!("d6:result2:ok3:sdp{}:{}e", body.len(), String::from_utf8_lossy(&body)))
}

fn main() {
    let Some(port) = argument("--port") else {
        println!("give --port N, and load it with bench/rtp_load --control ng --port N (--threads, --first-port, --last-port)");
        return;
    };
    let mut settings = MediaSettings { first_port: 10_000, last_port: 31_999, ..MediaSettings::default() };
    settings.threads = argument("--threads").unwrap_or(settings.threads);
    let relay = Relay::start(Surroundings { settings, is_nated: Box::new(usually_nated) }, |event| eprintln!("{event:?}")).unwrap();
    let control = UdpSocket::bind(("127.0.0.1", u16::try_from(port).unwrap())).unwrap();
    println!("pid {} answers on port {port}", std::process::id());
    let mut buffer = vec![0; 65_536];
    loop {
        let (length, from) = control.recv_from(&mut buffer).unwrap();
        let Some(space) = buffer[..length].iter().position(|octet| *octet == b' ') else { continue };
        let (cookie, question) = buffer[..length].split_at(space);
        let text = answer(&relay, &question[1..]).unwrap_or_else(|| "d6:result5:errore".to_owned());
        control.send_to(&[cookie, b" ", text.as_bytes()].concat(), from).unwrap();
    }
}
