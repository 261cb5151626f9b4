//! A telephone of datagrams, as simple as can be: it registers, calls, answers and hangs up.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use sasl::digest::{Challenge, Ha1, Request};

const PATIENCE: Duration = Duration::from_secs(10);

/// One telephone.
pub(crate) struct Telephone {
    socket: UdpSocket,
    server: SocketAddr,
    pub(crate) user: String,
    domain: String,
    cseq: u32,
    /// The address that it says to have, when that is not its own.
    says: Option<String>,
}

/// The value of a field of a message.
pub(crate) fn field<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.lines().find_map(|line| line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()))
}

fn fields<'a>(message: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    message.lines().filter_map(move |line| line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()))
}

/// The status of a response.
pub(crate) fn status(message: &str) -> u16 {
    message.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok()).unwrap_or(0)
}

impl Telephone {
    /// A telephone of a user of `main.example` at a server with this port offset.
    pub(crate) fn new(offset: u16, user: &str) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, server: SocketAddr::from(([127, 0, 0, 1], 5060 + offset)), user: user.to_owned(), domain: "main.example".to_owned(), cseq: 0, says: None }
    }

    /// The same with a Contact at this address, as it is seen in its own network.
    pub(crate) fn says(self, address: &str) -> Self {
        Self { says: Some(address.to_owned()), ..self }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    pub(crate) fn contact(&self) -> String {
        format!("<sip:{}@{}>", self.user, self.says.clone().unwrap_or_else(|| self.address().to_string()))
    }

    pub(crate) fn send(&self, message: &str) {
        self.socket.send_to(message.as_bytes(), self.server).unwrap();
    }

    /// Sends a packet of media to a port of the server.
    pub(crate) fn send_to(&self, packet: &[u8], port: u16) {
        self.socket.send_to(packet, ("127.0.0.1", port)).unwrap();
    }

    /// The next datagram, whatever it is.
    pub(crate) fn hear_octets(&self) -> Vec<u8> {
        let mut buffer = vec![0; 65_535];
        let length = self.socket.recv(&mut buffer).unwrap_or_else(|error| panic!("{} hears nothing: {error}", self.user));
        buffer.truncate(length);
        buffer
    }

    /// The next message that is no 100.
    pub(crate) fn receive(&self) -> String {
        let mut buffer = vec![0; 65_535];
        loop {
            let length = self.socket.recv(&mut buffer).unwrap_or_else(|error| panic!("{} hears nothing: {error}", self.user));
            let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if status(&message) != 100 && !message.trim().is_empty() {
                return message;
            }
        }
    }

    /// Says yes to whoever asks whether it is there, until nobody says anything for long.
    pub(crate) fn answers_options(&self) {
        let one = Self { socket: self.socket.try_clone().unwrap(), server: self.server, user: self.user.clone(), domain: self.domain.clone(), cseq: 0, says: self.says.clone() };
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_535];
            while let Ok(length) = one.socket.recv(&mut buffer) {
                let message = String::from_utf8_lossy(&buffer[..length]);
                if message.starts_with("OPTIONS ") {
                    one.send(&one.reply(&message, 200, ""));
                }
            }
        });
    }

    /// A request outside dialogs.
    pub(crate) fn request(&mut self, method: &str, uri: &str, to: &str, call_id: &str, more: &str, body: &str) -> String {
        self.cseq += 1;
        let (me, cseq, domain, user) = (self.address(), self.cseq, &self.domain, &self.user);
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {me};rport;branch=z9hG4bK{call_id}{cseq}{method}\r\nMax-Forwards: 70\r\nFrom: <sip:{user}@{domain}>;tag={user}\r\nTo: {to}\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContact: {}\r\n{more}Content-Length: {}\r\n\r\n{body}",
            self.contact(),
            body.len()
        )
    }

    /// Sends REGISTER, with the answer to the challenge of the first; the last response.
    pub(crate) fn register(&mut self, password: &str, expires: u32) -> String {
        let (uri, to, call_id) = (format!("sip:{}", self.domain), format!("<sip:{}@{}>", self.user, self.domain), format!("reg-{}-{}", self.user, self.address().port()));
        let more = format!("Expires: {expires}\r\n");
        let first = self.request("REGISTER", &uri, &to, &call_id, &more, "");
        self.send(&first);
        let challenged = self.receive();
        if status(&challenged) != 401 {
            return challenged;
        }
        let answer = self.answer(&challenged, "REGISTER", &uri, password);
        let second = self.request("REGISTER", &uri, &to, &call_id, &format!("{more}Authorization: {answer}\r\n"), "");
        self.send(&second);
        self.receive()
    }

    /// The answer to a challenge.
    pub(crate) fn answer(&self, challenged: &str, method: &str, uri: &str, password: &str) -> String {
        let challenge = fields(challenged, "WWW-Authenticate").chain(fields(challenged, "Proxy-Authenticate")).next().unwrap();
        let read = |name: &str| challenge.split([',', ' ']).find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')).map(|value| value.trim_matches('"').to_owned().into());
        let challenge = Challenge::read(read).unwrap();
        let ha1 = Ha1::derive(challenge.algorithm, &self.user, &challenge.realm, password);
        challenge.answer((&self.user, &ha1), uri, Request { method, body: b"" }, "0123456789", 1).to_string()
    }

    /// A description of sound at this telephone.
    pub(crate) fn sdp(&self) -> String {
        let me = self.address();
        format!("v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio {1} RTP/AVP 0\r\n", me.ip(), me.port())
    }

    /// Calls somebody; `other` rings and answers. Gives the 200 that came back.
    pub(crate) fn call(&mut self, other: &Telephone, call_id: &str) -> String {
        let uri = format!("sip:{}@{}", other.user, other.domain);
        let invite = self.request("INVITE", &uri, &format!("<{uri}>"), call_id, "Content-Type: application/sdp\r\n", &self.sdp());
        self.send(&invite);
        let came = other.receive();
        assert!(came.starts_with("INVITE "), "{came}");
        other.send(&other.reply(&came, 180, ""));
        assert_eq!(status(&self.receive()), 180);
        other.send(&other.reply(&came, 200, &other.sdp()));
        let answered = self.receive();
        assert_eq!(status(&answered), 200, "{answered}");
        self.send(&self.inside(&answered, "ACK", self.cseq));
        let ack = other.receive();
        assert!(ack.starts_with("ACK "), "{ack}");
        answered
    }

    /// A request inside the dialog that a 200 began.
    pub(crate) fn inside(&self, answered: &str, method: &str, cseq: u32) -> String {
        let target = field(answered, "Contact").unwrap().trim_matches(['<', '>']).to_owned();
        let mut routes: Vec<&str> = fields(answered, "Record-Route").collect();
        routes.reverse();
        let routes: String = routes.iter().map(|route| format!("Route: {route}\r\n")).collect();
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {};rport;branch=z9hG4bKin{}{cseq}{method}\r\nMax-Forwards: 70\r\n{routes}From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n",
            self.address(),
            field(answered, "Call-ID").unwrap(),
            field(answered, "From").unwrap(),
            field(answered, "To").unwrap(),
            field(answered, "Call-ID").unwrap(),
        )
    }

    /// The answer to a request.
    pub(crate) fn reply(&self, request: &str, status: u16, body: &str) -> String {
        let copied: String = ["Via", "Record-Route"].iter().flat_map(|name| fields(request, name).map(move |value| format!("{name}: {value}\r\n"))).collect();
        let to = field(request, "To").unwrap();
        let to = if to.contains("tag=") || status == 100 { to.to_owned() } else { format!("{to};tag={}", self.user) };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "SIP/2.0 {status} X\r\n{copied}From: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\nContact: {}\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            field(request, "From").unwrap(),
            field(request, "Call-ID").unwrap(),
            field(request, "CSeq").unwrap(),
            self.contact(),
            body.len()
        )
    }
}
