//! A user agent that speaks SIP by hand, over datagrams or a connection: for what no telephone does by itself.

use std::borrow::Cow;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sasl::digest::{Algorithm, Challenge, Ha1, Request};

use crate::exchange::PASSWORD;
use crate::netns::Space;

const PATIENCE: Duration = Duration::from_secs(20);

/// A SIP message as it came.
#[derive(Debug, Clone)]
pub(crate) struct Message(pub(crate) String);

impl Message {
    pub(crate) fn start(&self) -> &str {
        self.0.lines().next().unwrap_or_default()
    }

    /// Status of a response; 0 for a request.
    pub(crate) fn status(&self) -> u16 {
        self.start().strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0)
    }

    /// The first field of this name.
    pub(crate) fn field<'a>(&'a self, name: &str) -> Option<&'a str> {
        self.fields(name).next()
    }

    pub(crate) fn fields<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let name = name.to_owned();
        let head = self.0.split("\r\n\r\n").next().unwrap_or_default();
        head.lines().skip(1).filter_map(move |line| line.split_once(':').filter(|(found, _)| found.trim().eq_ignore_ascii_case(&name)).map(|(_, value)| value.trim()))
    }

    pub(crate) fn is(&self, method: &str) -> bool {
        self.start().split(' ').next() == Some(method)
    }

    fn tag(&self, name: &str) -> String {
        self.field(name).and_then(|value| value.split(";tag=").nth(1)).and_then(|rest| rest.split([';', ' ']).next()).unwrap_or_default().to_owned()
    }

    /// The same request once a dialog has a tag for it.
    pub(crate) fn within(&self, dialog: &Dialog) -> Self {
        let to = self.field("To").unwrap();
        Self(self.0.replacen(&format!("To: {to}\r\n"), &format!("To: {to};tag={}\r\n", dialog.local_tag), 1))
    }

    fn contact(&self) -> String {
        self.field("Contact").and_then(|value| value.split(['<', '>']).nth(1)).unwrap_or_default().to_owned()
    }
}

/// A dialog, seen from one end.
#[derive(Debug, Clone)]
pub(crate) struct Dialog {
    pub(crate) call_id: String,
    pub(crate) local_tag: String,
    pub(crate) remote_tag: String,
    local: String,
    remote: String,
    target: String,
    pub(crate) routes: Vec<String>,
    cseq: u32,
}

impl Dialog {
    /// The next request has the number after the INVITE, which is not acknowledged yet.
    pub(crate) fn early(mut self) -> Self {
        self.cseq += 1;
        self
    }

    /// The next request has the number of the last: an ACK.
    pub(crate) fn repeat(&mut self) {
        self.cseq -= 1;
    }
}

/// An INVITE that is on its way.
pub(crate) struct Invited {
    request: String,
    cseq: u32,
    uri: String,
}

/// A connection, and what came over it and was not read yet.
struct Connected {
    stream: TcpStream,
    came: Vec<u8>,
}

impl Connected {
    fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self { stream, came: Vec::new() }
    }

    /// The next message that is here.
    fn message(&mut self) -> Option<Message> {
        let head = self.came.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
        let length = Message(String::from_utf8_lossy(&self.came[..head]).into_owned()).field("Content-Length").map_or(0, |length| length.parse().unwrap());
        (self.came.len() >= head + length).then(|| Message(String::from_utf8_lossy(&self.came.drain(..head + length).collect::<Vec<u8>>()).into_owned()))
    }
}

enum Wire {
    Datagrams(UdpSocket),
    Stream(Mutex<Connected>),
}

pub(crate) struct Ua {
    wire: Wire,
    pub(crate) local: SocketAddr,
    server: SocketAddr,
    user: String,
    pub(crate) password: &'static str,
    cseq: u32,
    /// The last request it sent with credentials.
    pub(crate) last: String,
}

/// Something that is used once.
pub(crate) fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{:x}x{:x}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Ua {
    /// On this machine, or inside.
    pub(crate) fn new(space: Option<&Space>, address: impl Into<IpAddr>, server: SocketAddr, user: &str) -> Self {
        let address = address.into();
        let open = || UdpSocket::bind((address, 0)).unwrap();
        let socket = space.map_or_else(open, |space| space.within(open));
        let local = socket.local_addr().unwrap();
        Self { wire: Wire::Datagrams(socket), local, server, user: user.to_owned(), password: PASSWORD, cseq: 1, last: String::new() }
    }

    /// On this machine, over a connection; whoever asks there hears nothing at its own address.
    pub(crate) fn connected(server: SocketAddr, user: &str) -> Self {
        let stream = TcpStream::connect(server).unwrap();
        let local = stream.local_addr().unwrap();
        Self { wire: Wire::Stream(Mutex::new(Connected::new(stream))), local, server, user: user.to_owned(), password: PASSWORD, cseq: 1, last: String::new() }
    }

    /// Goes on over this connection, under the address it had.
    pub(crate) fn go_on(&mut self, stream: TcpStream) {
        self.wire = Wire::Stream(Mutex::new(Connected::new(stream)));
    }

    pub(crate) fn send(&self, octets: &[u8]) {
        match &self.wire {
            Wire::Datagrams(socket) => drop(socket.send_to(octets, self.server).unwrap()),
            Wire::Stream(connected) => {
                let text = String::from_utf8_lossy(octets);
                let text = if text.starts_with("SIP/2.0") { text } else { text.replacen("SIP/2.0/UDP", "SIP/2.0/TCP", 1).into() };
                connected.lock().unwrap().stream.write_all(text.as_bytes()).unwrap();
            }
        }
    }

    /// The next message within this time.
    pub(crate) fn receive_within(&self, time: Duration) -> Option<Message> {
        let (end, mut buffer) = (Instant::now() + time, vec![0; 65_535]);
        loop {
            let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            let read = match &self.wire {
                Wire::Datagrams(socket) => {
                    socket.set_read_timeout(Some(left)).unwrap();
                    match socket.recv_from(&mut buffer) {
                        Ok((size, _)) => return Some(Message(String::from_utf8_lossy(&buffer[..size]).into_owned())),
                        Err(error) => Err(error),
                    }
                }
                Wire::Stream(connected) => {
                    let mut connected = connected.lock().unwrap();
                    if let Some(message) = connected.message() {
                        return Some(message);
                    }
                    connected.stream.set_read_timeout(Some(left)).unwrap();
                    let read = connected.stream.read(&mut buffer);
                    connected.came.extend_from_slice(&buffer[..*read.as_ref().unwrap_or(&0)]);
                    read
                }
            };
            match read {
                Ok(size) if size > 0 => {}
                // A signal to this process ends no wait.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ => return None,
            }
        }
    }

    /// Waits for a message that fits.
    pub(crate) fn wait(&self, what: &str, fits: impl Fn(&Message) -> bool) -> Message {
        let (end, mut seen) = (Instant::now() + PATIENCE, Vec::new());
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let message = if left.is_zero() { None } else { self.receive_within(left) };
            let message = message.unwrap_or_else(|| panic!("{} waits for {what}; came: {seen:#?}", self.user));
            if fits(&message) {
                return message;
            }
            seen.push(message.start().to_owned());
        }
    }

    /// Waits for a request.
    pub(crate) fn expect(&self, method: &str) -> Message {
        self.wait(method, |message| message.is(method))
    }

    fn final_of(&self, cseq: u32, method: &str) -> Message {
        let wanted = format!("{cseq} {method}");
        self.wait(&wanted, |message| message.status() >= 200 && message.field("CSeq") == Some(&*wanted))
    }

    pub(crate) fn contact(&self) -> String {
        let transport = if matches!(self.wire, Wire::Stream(_)) { ";transport=tcp" } else { "" };
        format!("<sip:{}@{}{transport}>", self.user, self.local)
    }

    /// A request outside dialogs, without credentials.
    pub(crate) fn make(&mut self, method: &str, uri: &str, more: &str, body: &str) -> String {
        self.cseq += 1;
        let (cseq, user) = (self.cseq, &self.user);
        let to = if method == "REGISTER" { format!("sip:{user}@main.example") } else { uri.to_owned() };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {};rport;branch=z9hG4bK{}\r\nMax-Forwards: 70\r\nFrom: <sip:{user}@main.example>;tag={}\r\nTo: <{to}>\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nContact: {}\r\n{more}Content-Length: {}\r\n\r\n{body}",
            self.local,
            unique(),
            unique(),
            unique(),
            self.contact(),
            body.len()
        )
    }

    /// The same request as a new one, with the answer to a challenge.
    fn answering(&mut self, request: &str, challenge: &Message) -> String {
        self.cseq += 1;
        let line = request.lines().next().unwrap();
        let (method, uri) = (line.split(' ').next().unwrap(), line.split(' ').nth(1).unwrap());
        let (asked, answered) = if challenge.status() == 401 { ("WWW-Authenticate", "Authorization") } else { ("Proxy-Authenticate", "Proxy-Authorization") };
        let value = challenge.fields(asked).find(|value| value.contains("MD5")).unwrap_or_else(|| panic!("{challenge:#?}"));
        let parts: Vec<(&str, &str)> = value.trim_start_matches("Digest ").split(',').filter_map(|part| part.trim().split_once('=')).map(|(name, value)| (name, value.trim_matches('"'))).collect();
        let challenge = Challenge::read(|name| parts.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| Cow::Borrowed(*value))).unwrap();
        let secret = Ha1::derive(Algorithm::Md5, &self.user, &challenge.realm, self.password);
        let credentials = challenge.answer((&self.user, &secret), uri, Request { method, body: b"" }, &unique(), 1);
        let old = request.lines().find(|line| line.starts_with("CSeq")).unwrap();
        let branch = request.split("branch=").nth(1).unwrap().split("\r\n").next().unwrap();
        self.last = request.replacen(old, &format!("CSeq: {} {method}\r\n{answered}: {credentials}", self.cseq), 1).replacen(branch, &format!("z9hG4bK{}", unique()), 1);
        self.last.clone()
    }

    /// Sends a request other than INVITE, also again with credentials; the final response.
    pub(crate) fn request(&mut self, method: &str, uri: &str, more: &str, body: &str) -> Message {
        let request = self.make(method, uri, more, body);
        self.send(request.as_bytes());
        let first = self.final_of(self.cseq, method);
        if !matches!(first.status(), 401 | 407) {
            return first;
        }
        let request = self.answering(&request, &first);
        self.send(request.as_bytes());
        self.final_of(self.cseq, method)
    }

    pub(crate) fn register(&mut self) {
        self.register_for(600);
    }

    pub(crate) fn register_for(&mut self, seconds: u32) {
        let answer = self.request("REGISTER", "sip:main.example", &format!("Expires: {seconds}\r\n"), "");
        assert_eq!(answer.status(), 200, "{answer:#?}");
    }

    /// Sends an INVITE, with credentials where they are asked for.
    pub(crate) fn invite(&mut self, uri: &str, more: &str) -> Invited {
        self.invite_with(uri, more, &self.sdp())
    }

    /// The description of one voice stream at a port where nobody listens.
    pub(crate) fn sdp(&self) -> String {
        describe(self.local.ip(), "m=audio 40000 RTP/AVP 0\r\n")
    }

    /// The same with this body.
    pub(crate) fn invite_with(&mut self, uri: &str, more: &str, body: &str) -> Invited {
        let mut request = self.make("INVITE", uri, &format!("{}{more}", kind(body)), body);
        self.send(request.as_bytes());
        // Who is near is not challenged.
        if !self.local.ip().is_loopback() {
            let first = self.wait("a challenge", |message| matches!(message.status(), 401 | 407));
            self.acknowledge(&request, &first);
            request = self.answering(&request, &first);
            self.send(request.as_bytes());
        }
        Invited { request, cseq: self.cseq, uri: uri.to_owned() }
    }

    /// The ACK of a refusal.
    pub(crate) fn acknowledge(&self, request: &str, response: &Message) {
        let field = |name: &str| request.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        let uri = request.split(' ').nth(1).unwrap();
        let cseq = field("CSeq").replace("INVITE", "ACK");
        let ack = format!("ACK {uri} SIP/2.0\r\n{}\r\nMax-Forwards: 70\r\n{}\r\nTo: {}\r\n{}\r\n{cseq}\r\nContent-Length: 0\r\n\r\n", field("Via"), field("From"), response.field("To").unwrap(), field("Call-ID"));
        self.send(ack.as_bytes());
    }

    /// The CANCEL of an INVITE.
    pub(crate) fn cancel(&self, invited: &Invited) -> String {
        let field = |name: &str| invited.request.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        let cseq = field("CSeq").replace("INVITE", "CANCEL");
        format!("CANCEL {} SIP/2.0\r\n{}\r\nMax-Forwards: 70\r\n{}\r\n{}\r\n{}\r\n{cseq}\r\nContent-Length: 0\r\n\r\n", invited.uri, field("Via"), field("From"), field("To"), field("Call-ID"))
    }

    /// The final answer to an INVITE, which is acknowledged; with a dialog when it is a 2xx.
    pub(crate) fn outcome(&mut self, invited: &Invited) -> (Message, Option<Dialog>) {
        let answer = self.final_of(invited.cseq, "INVITE");
        if answer.status() >= 300 {
            self.acknowledge(&invited.request, &answer);
            return (answer, None);
        }
        let mut dialog = self.dialog(invited, &answer);
        self.send_in(&mut dialog, "ACK", "", "");
        (answer, Some(dialog))
    }

    /// The dialog that a response to an INVITE begins.
    pub(crate) fn dialog(&self, invited: &Invited, answer: &Message) -> Dialog {
        let sent = Message(invited.request.clone());
        let mut routes: Vec<String> = answer.fields("Record-Route").flat_map(|value| value.split(',')).map(|value| value.trim().to_owned()).collect();
        routes.reverse();
        Dialog {
            call_id: sent.field("Call-ID").unwrap().to_owned(),
            local_tag: sent.tag("From"),
            remote_tag: answer.tag("To"),
            local: format!("sip:{}@main.example", self.user),
            remote: invited.uri.clone(),
            target: answer.contact(),
            routes,
            // The ACK has the number of its INVITE.
            cseq: invited.cseq - 1,
        }
    }

    /// Answers a request. A 2xx to an INVITE brings the dialog.
    pub(crate) fn reply(&self, request: &Message, status: u16, reason: &str) -> Dialog {
        let body = if request.is("INVITE") && status == 200 { self.sdp() } else { String::new() };
        self.reply_with(request, status, reason, "", &body)
    }

    /// The same with these fields and this body.
    pub(crate) fn reply_with(&self, request: &Message, status: u16, reason: &str, more: &str, body: &str) -> Dialog {
        let tag = if request.tag("To").is_empty() { unique() } else { request.tag("To") };
        let to = request.field("To").unwrap();
        let to = if request.tag("To").is_empty() { format!("{to};tag={tag}") } else { to.to_owned() };
        let mut text = format!("SIP/2.0 {status} {reason}\r\n");
        for name in ["Via", "Record-Route"] {
            for value in request.fields(name) {
                text += &format!("{name}: {value}\r\n");
            }
        }
        let field = |name: &str| request.field(name).unwrap();
        text += &format!("From: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\nContact: {}\r\n{more}{}Content-Length: {}\r\n\r\n{body}", field("From"), field("Call-ID"), field("CSeq"), self.contact(), kind(body), body.len());
        self.send(text.as_bytes());
        let remote = request.field("From").unwrap().split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        let routes = request.fields("Record-Route").flat_map(|value| value.split(',')).map(|value| value.trim().to_owned()).collect();
        Dialog { call_id: field("Call-ID").to_owned(), local_tag: tag, remote_tag: request.tag("From"), local: format!("sip:{}@main.example", self.user), remote, target: request.contact(), routes, cseq: 100 }
    }

    /// Sends a request of a dialog without waiting.
    pub(crate) fn send_in(&self, dialog: &mut Dialog, method: &str, more: &str, body: &str) {
        self.send(self.make_in(dialog, method, more, body).as_bytes());
    }

    pub(crate) fn make_in(&self, dialog: &mut Dialog, method: &str, more: &str, body: &str) -> String {
        dialog.cseq += 1;
        let routes: String = dialog.routes.iter().map(|route| format!("Route: {route}\r\n")).collect();
        format!(
            "{method} {} SIP/2.0\r\nVia: SIP/2.0/UDP {};rport;branch=z9hG4bK{}\r\nMax-Forwards: 70\r\n{routes}From: <{}>;tag={}\r\nTo: <{}>;tag={}\r\nCall-ID: {}\r\nCSeq: {} {method}\r\nContact: {}\r\n{more}Content-Length: {}\r\n\r\n{body}",
            dialog.target,
            self.local,
            unique(),
            dialog.local,
            dialog.local_tag,
            dialog.remote,
            dialog.remote_tag,
            dialog.call_id,
            dialog.cseq,
            self.contact(),
            body.len()
        )
    }

    /// The final answer to the last request of a dialog.
    pub(crate) fn answered_in(&self, dialog: &Dialog, method: &str) -> Message {
        self.final_of(dialog.cseq, method)
    }
}

/// A description of streams at an address.
pub(crate) fn describe(address: IpAddr, media: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n{media}")
}

fn kind(body: &str) -> &'static str {
    if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" }
}

/// A call between two user agents: the dialogs of both ends, and the INVITE as it arrived.
pub(crate) fn connect(caller: &mut Ua, callee: &Ua, uri: &str, more: &str) -> (Dialog, Dialog, Message) {
    let invited = caller.invite(uri, more);
    let invite = callee.expect("INVITE");
    let theirs = callee.reply(&invite, 200, "OK");
    let (answer, ours) = caller.outcome(&invited);
    callee.expect("ACK");
    (ours.unwrap_or_else(|| panic!("{answer:#?}")), theirs, invite)
}
