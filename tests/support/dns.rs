//! An authoritative name server of a test's own.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};

const A: u16 = 1;
const PTR: u16 = 12;
const MX: u16 = 15;
const TXT: u16 = 16;
const SRV: u16 = 33;
const NO_NAME: u8 = 3;
const FAILURE: u8 = 2;

/// Answers on a port of loopback until the test process ends.
pub(crate) struct Dns {
    pub(crate) address: SocketAddr,
    zone: Arc<Mutex<HashMap<String, Entry>>>,
}

#[derive(Default, Clone)]
struct Entry {
    addresses: Vec<Ipv4Addr>,
    exchanges: Vec<(u16, String)>,
    others: Vec<(u16, Vec<u8>)>,
    broken: bool,
}

impl Dns {
    pub(crate) fn start() -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let address = socket.local_addr().unwrap();
        let zone = Arc::<Mutex<HashMap<String, Entry>>>::default();
        let served = zone.clone();
        std::thread::spawn(move || {
            let mut query = [0; 1500];
            while let Ok((size, peer)) = socket.recv_from(&mut query) {
                if let Some(answer) = answer(&query[..size], &served.lock().unwrap()) {
                    let _ = socket.send_to(&answer, peer);
                }
            }
        });
        Self { address, zone }
    }

    /// `host` has this address.
    pub(crate) fn host(&self, host: &str, address: &str) {
        self.zone.lock().unwrap().entry(host.to_owned()).or_default().addresses.push(address.parse().unwrap());
    }

    /// Mail for `domain` goes to `host`; an empty host is a null MX.
    pub(crate) fn exchange(&self, domain: &str, preference: u16, host: &str) {
        self.zone.lock().unwrap().entry(domain.to_owned()).or_default().exchanges.push((preference, host.to_owned()));
    }

    /// `name` has this text.
    pub(crate) fn text(&self, name: &str, text: &str) {
        let pieces = text.as_bytes().chunks(255).flat_map(|piece| [&[u8::try_from(piece.len()).unwrap()], piece].concat()).collect();
        self.other(name, TXT, pieces);
    }

    /// The address has this name.
    pub(crate) fn named(&self, address: Ipv4Addr, host: &str) {
        let [a, b, c, d] = address.octets();
        self.other(&format!("{d}.{c}.{b}.{a}.in-addr.arpa"), PTR, name(host));
    }

    /// The service is offered by a host.
    pub(crate) fn service(&self, service: &str, port: u16, host: &str) {
        self.other(service, SRV, [&[0, 0, 0, 5], &port.to_be_bytes()[..], &name(host)].concat());
    }

    fn other(&self, name: &str, kind: u16, octets: Vec<u8>) {
        self.zone.lock().unwrap().entry(name.to_owned()).or_default().others.push((kind, octets));
    }

    /// Questions about `domain` fail.
    pub(crate) fn fail(&self, domain: &str) {
        self.zone.lock().unwrap().entry(domain.to_owned()).or_default().broken = true;
    }
}

/// Answers one question (RFC 1035 §4); TTL 0, so that nothing is remembered, but for records that no mail needs.
fn answer(query: &[u8], zone: &HashMap<String, Entry>) -> Option<Vec<u8>> {
    let mut labels = Vec::new();
    let mut at = 12;
    loop {
        let size = usize::from(*query.get(at)?);
        at += 1;
        if size == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(query.get(at..at + size)?).to_lowercase());
        at += size;
    }
    let kind = u16::from_be_bytes(query.get(at..at + 2)?.try_into().unwrap());
    let entry = zone.get(&labels.join("."));
    let records: Vec<Vec<u8>> = match (entry, kind) {
        (Some(entry), A) => entry.addresses.iter().map(|ip| ip.octets().to_vec()).collect(),
        (Some(entry), MX) => entry.exchanges.iter().map(|(preference, host)| [&preference.to_be_bytes()[..], &name(host)].concat()).collect(),
        (Some(entry), _) => entry.others.iter().filter(|(other, _)| *other == kind).map(|(_, octets)| octets.clone()).collect(),
        _ => Vec::new(),
    };
    let code = match entry {
        None => NO_NAME,
        Some(entry) if entry.broken => FAILURE,
        Some(_) => 0,
    };
    let mut reply = query[..2].to_vec();
    // A response, authoritative, with the recursion that was desired.
    reply.extend([0x84 | (query[2] & 1), code, 0, 1, 0, u8::try_from(records.len()).unwrap(), 0, 0, 0, 0]);
    reply.extend(&query[12..at + 4]);
    for record in records {
        reply.extend([0xC0, 12]);
        reply.extend(kind.to_be_bytes());
        reply.extend([0, 1, 0, 0, 0, if matches!(kind, A | MX) { 0 } else { 60 }]);
        reply.extend(u16::try_from(record.len()).unwrap().to_be_bytes());
        reply.extend(record);
    }
    Some(reply)
}

fn name(host: &str) -> Vec<u8> {
    let labels = host.split('.').filter(|label| !label.is_empty());
    let mut out: Vec<u8> = labels.flat_map(|label| [&[u8::try_from(label.len()).unwrap()][..], label.as_bytes()].concat()).collect();
    out.push(0);
    out
}
