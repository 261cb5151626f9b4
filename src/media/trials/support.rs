//! Phones that are nothing but sockets.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use bytes::Bytes;
use model::media::{MediaForce, MediaReport, MediaSettings};
use service::media::{MediaBody, MediaControl, MediaEvent, MediaRefused, MediaSide};
use uuid::Uuid;

use crate::{Relay, Surroundings};

pub(super) const AUDIO: &str = "AUDIO";
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Phone {
    rtp: UdpSocket,
    rtcp: UdpSocket,
}

impl Phone {
    pub(super) fn new(address: &str) -> Self {
        let address: IpAddr = address.parse().unwrap();
        let open = || {
            let socket = UdpSocket::bind((address, 0)).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            socket
        };
        Self { rtp: open(), rtcp: open() }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.rtp.local_addr().unwrap()
    }

    pub(super) fn side(&self) -> MediaSide {
        MediaSide { source: self.address().ip(), lan: true, far_end_nat: false, authenticated: true }
    }

    /// A description with this phone's address; `AUDIO` in it stands for its audio stream.
    pub(super) fn describe(&self, media: &str) -> Bytes {
        self.describe_as(&self.address().ip().to_string(), self.address().port(), media)
    }

    pub(super) fn describe_as(&self, address: &str, port: u16, media: &str) -> Bytes {
        let rtcp = self.rtcp.local_addr().unwrap().port();
        let audio = format!("m=audio {port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=rtcp:{rtcp}\r\na=x-kept\r\n");
        let family = if address.contains(':') { "IP6" } else { "IP4" };
        Bytes::from(format!("v=0\r\no=- 1 1 IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n{}", media.replace(AUDIO, &audio)))
    }

    pub(super) fn send(&self, to: SocketAddr, datagram: &[u8]) {
        self.rtp.send_to(datagram, to).unwrap();
    }

    pub(super) fn send_rtcp(&self, to: SocketAddr, datagram: &[u8]) {
        self.rtcp.send_to(datagram, SocketAddr::new(to.ip(), to.port() + 1)).unwrap();
    }

    pub(super) fn hear(&self) -> (Vec<u8>, SocketAddr) {
        hear(&self.rtp)
    }

    pub(super) fn hear_rtcp(&self) -> (Vec<u8>, SocketAddr) {
        hear(&self.rtcp)
    }
}

fn hear(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 2048];
    let (length, from) = socket.recv_from(&mut buffer).expect("a packet");
    (buffer[..length].to_vec(), from)
}

pub(super) fn rtp(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&(u32::from(sequence) * 160).to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(&[0xd5; 160]);
    packet
}

/// A receiver report with one block.
pub(super) fn rtcp_receiver(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x81, 201, 0, 7];
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(&[0; 24]);
    packet
}

/// A sender report; `ntp` is the middle of its NTP time.
pub(super) fn rtcp_sender(ssrc: u32, ntp: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 200, 0, 6];
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(&[0, 0]);
    packet.extend_from_slice(&ntp.to_be_bytes());
    packet.extend_from_slice(&[0; 14]);
    packet
}

/// Address and port of a description.
pub(super) fn shown(text: &str) -> SocketAddr {
    let address = text.lines().find_map(|line| line.strip_prefix("c=IN IP")?.split_once(' ')).unwrap().1;
    let port = text.lines().find_map(|line| line.strip_prefix("m=")?.split(' ').nth(1)).unwrap();
    SocketAddr::new(address.parse().unwrap(), port.parse().unwrap())
}

pub(super) struct Net {
    pub(super) relay: Relay,
    pub(super) call: Uuid,
    events: Mutex<Receiver<MediaEvent>>,
}

fn around(settings: MediaSettings) -> Surroundings {
    Surroundings { settings, is_nated: Box::new(|address| matches!(address, IpAddr::V4(address) if address.is_private())) }
}

fn text(body: MediaBody) -> String {
    match body {
        MediaBody::Changed(body) => String::from_utf8(body.to_vec()).unwrap(),
        MediaBody::Unchanged => panic!("the relay was left out"),
    }
}

impl Net {
    pub(super) fn new(settings: MediaSettings) -> Self {
        let (tell, events) = channel();
        let relay = Relay::start(around(settings), move |event| tell.send(event).unwrap_or_default()).unwrap();
        Self { relay, call: Uuid::from_u128(0x1_2345), events: Mutex::new(events) }
    }

    pub(super) fn replace(&self, settings: MediaSettings) {
        self.relay.replace(around(settings));
    }

    pub(super) fn event(&self) -> MediaEvent {
        self.events.lock().unwrap().recv_timeout(PATIENCE).unwrap()
    }

    /// Asks until the thread has seen what it shall have seen.
    pub(super) fn until(&self, seen: impl Fn(&MediaReport) -> bool) {
        let start = std::time::Instant::now();
        while !self.relay.report(self.call).is_some_and(|report| seen(&report)) {
            assert!(start.elapsed() < PATIENCE);
        }
    }

    pub(super) fn offer_of(&self, branch: u32, from: &MediaSide, to: &MediaSide, body: &Bytes) -> String {
        text(self.relay.offer(self.call, Some(branch), true, from, to, MediaForce::Always, "application/sdp", body).unwrap())
    }

    pub(super) fn offer(&self, branch: u32, from: &Phone, to: &Phone) -> String {
        self.offer_of(branch, &from.side(), &to.side(), &from.describe(AUDIO))
    }

    pub(super) fn try_offer(&self, call: u128, from: &Phone, to: &Phone) -> Result<MediaBody, MediaRefused> {
        self.relay.offer(Uuid::from_u128(call), Some(0), true, &from.side(), &to.side(), MediaForce::Always, "application/sdp", &from.describe(AUDIO))
    }

    pub(super) fn answer(&self, branch: u32, preview: bool, from: &Phone) -> String {
        text(self.relay.answer(self.call, Some(branch), false, preview, "application/sdp", &from.describe(AUDIO)).unwrap())
    }

    pub(super) fn in_dialog(&self, from_caller: bool, from: &Phone, to: &Phone, body: &Bytes) -> String {
        text(self.relay.offer(self.call, None, from_caller, &from.side(), &to.side(), MediaForce::Auto, "application/sdp", body).unwrap())
    }

    pub(super) fn in_dialog_answer(&self, from_caller: bool, body: &Bytes) -> String {
        text(self.relay.answer(self.call, None, from_caller, false, "application/sdp", body).unwrap())
    }
}
