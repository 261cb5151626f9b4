use std::ops::Deref;

use bytes::Bytes;

use crate::index::{self, Index, Length};
use crate::scan::{self, Cursor};
use crate::{Fields, Limits, Method, Name, Uri, check};

/// Why a message cannot be taken; its text is the reason phrase of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A header field that cannot be read.
    #[error("Bad {0}")]
    Bad(Name),
    /// A header field that must be there.
    #[error("Missing {0}")]
    Missing(Name),
    /// A header field that may be there once.
    #[error("Several {0}")]
    Several(Name),
    /// CSeq names another method than the request line.
    #[error("Method Mismatch In CSeq")]
    Mismatch,
    /// Neither a request line nor a status line.
    #[error("Bad Start Line")]
    StartLine,
    /// A request URI that cannot be read, or one with headers.
    #[error("Bad Request-URI")]
    Uri,
    /// A line that is no header field, or a bare CR, LF or NUL.
    #[error("Bad Header Line")]
    Line,
    /// No empty line behind the header fields.
    #[error("Incomplete Header")]
    Incomplete,
    /// More than the limits allow.
    #[error("Message Too Large")]
    TooLarge,
    /// Another version than SIP/2.0.
    #[error("Version Not Supported")]
    Version,
    /// A request URI that is neither SIP, SIPS nor telephone.
    #[error("Unsupported URI Scheme")]
    Scheme,
    /// A Via that says the answer goes to everybody or nobody (RFC 4475 §3.3.10).
    #[error("Unusable Via")]
    Unroutable,
}

impl Fault {
    /// The status code of an answer.
    pub fn status(self) -> u16 {
        match self {
            Self::TooLarge => 513,
            Self::Version => 505,
            Self::Scheme => 416,
            _ => 400,
        }
    }
}

/// A request with all its octets.
#[derive(Debug, Clone)]
pub struct Request {
    method: Method,
    uri: (u32, u32),
    fields: Fields,
}

impl Request {
    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The request URI.
    ///
    /// # Errors
    /// [`Fault::Uri`] in a request that was [`Refused`].
    pub fn uri(&self) -> Result<Uri<'_>, Fault> {
        Uri::parse(self.uri_octets()).map_err(|_| Fault::Uri)
    }

    /// The request URI as it came.
    pub fn uri_octets(&self) -> &[u8] {
        self.fields.between(self.uri.0, self.uri.1)
    }

    pub(crate) fn uri_range(&self) -> (u32, u32) {
        self.uri
    }
}

impl Deref for Request {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        &self.fields
    }
}

/// A response with all its octets.
#[derive(Debug, Clone)]
pub struct Response {
    status: u16,
    fields: Fields,
}

impl Response {
    /// The status code, 100 to 699.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase as it came, perhaps empty and perhaps no text.
    pub fn reason(&self) -> &[u8] {
        self.fields
            .start_line()
            .get(STATUS_LINE..)
            .unwrap_or_default()
    }
}

impl Deref for Response {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        &self.fields
    }
}

/// A message that keeps to the rules.
#[derive(Debug, Clone)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

/// A request that can only be answered with its fault; see [`Writer::refuse`](crate::Writer::refuse).
#[derive(Debug, Clone)]
pub struct Refused {
    /// The request, of which Via, From, To, Call-ID and CSeq can be copied and nothing else is certain.
    pub request: Request,
    /// Why.
    pub fault: Fault,
}

/// What octets turned out to be.
#[derive(Debug, Clone)]
pub enum Parsed {
    /// A message to work with.
    Message(Message),
    /// A request to be answered with its fault.
    Refused(Refused),
    /// Something to be dropped and counted: a malformed response or ACK, or a request that cannot be answered.
    Dropped(Fault),
    /// Line ends alone, which keep a path open.
    Nothing,
}

/// Reads the one message of a datagram or of a WebSocket frame. Without Content-Length the body is the rest; what follows
/// the body is ignored (RFC 3261 §18.3).
pub fn parse(octets: Bytes, limits: &Limits) -> Parsed {
    let mut octets = octets;
    while octets.starts_with(b"\r\n") {
        octets = octets.slice(2..);
    }
    if octets.is_empty() {
        return Parsed::Nothing;
    }
    let mut index = index::index(&octets, limits);
    let rest = octets.len().saturating_sub(index.head as usize);
    let length = match index.length {
        Length::Octets(length) if length <= rest => length,
        Length::Absent => rest,
        Length::Octets(_) | Length::Bad => {
            index.fault = index.fault.or(Some(Fault::Bad(Name::ContentLength)));
            rest
        }
    };
    if octets.len() > limits.message {
        index.fault = Some(Fault::TooLarge);
    }
    finish(octets, index, length)
}

/// Makes a message of octets whose lines are known; `length` is that of the body.
pub(crate) fn finish(octets: Bytes, index: Index, length: usize) -> Parsed {
    let end = octets
        .len()
        .min((index.head as usize).saturating_add(length));
    let lines = index.fault;
    let fields = Fields::new(octets, index, end);
    let line = fields.start_line();
    if line
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"))
    {
        let checked = lines.map_or(Ok(()), Err).and_then(|()| status_line(line));
        let response = checked.map(|status| Response { status, fields });
        let checked =
            response.and_then(|response| check::response(&response).map(|via| (response, via)));
        return match checked {
            Ok((mut response, via)) => {
                response.fields.keep_via(via);
                Parsed::Message(Message::Response(response))
            }
            Err(fault) => Parsed::Dropped(fault),
        };
    }
    let Some(RequestLine { method, uri, whole }) = request_line(line) else {
        return Parsed::Dropped(Fault::StartLine);
    };
    let method =
        Method::known(method).unwrap_or_else(|| Method::Other(fields.octets().slice_ref(method)));
    let uri = (
        fields.place(uri),
        fields.place(uri) + index::offset(uri.len()),
    );
    let mut request = Request {
        method,
        uri,
        fields,
    };
    let checked = lines
        .map_or(whole, Err)
        .and_then(|()| check::request(&request));
    match checked {
        Ok(via) => {
            request.fields.keep_via(via);
            Parsed::Message(Message::Request(request))
        }
        Err(fault) if check::is_answerable(&request) => Parsed::Refused(Refused { request, fault }),
        Err(fault) => Parsed::Dropped(fault),
    }
}

/// `SIP/2.0 200 `.
const STATUS_LINE: usize = 12;

fn status_line(line: &[u8]) -> Result<u16, Fault> {
    let mut cursor = Cursor::new(line);
    cursor.skip(4);
    if cursor.take(scan::TOKEN) != b"2.0" {
        return Err(Fault::Version);
    }
    let blank = cursor.eat(b' ');
    let status = cursor.number(699).map_err(|_| Fault::StartLine)?;
    let whole = blank
        && cursor.at() == STATUS_LINE - 1
        && status >= 100
        && matches!(cursor.peek(), None | Some(b' '));
    u16::try_from(status)
        .ok()
        .filter(|_| whole)
        .ok_or(Fault::StartLine)
}

struct RequestLine<'a> {
    method: &'a [u8],
    uri: &'a [u8],
    /// Whether nothing is amiss.
    whole: Result<(), Fault>,
}

/// Takes a request line apart; `None` when it is none at all.
fn request_line(line: &[u8]) -> Option<RequestLine<'_>> {
    let trimmed = scan::trim(line);
    let first = memchr::memchr(b' ', trimmed)?;
    let last = memchr::memrchr(b' ', trimmed).filter(|last| *last > first)?;
    let (method, uri, version) = (
        trimmed.get(..first)?,
        trimmed.get(first + 1..last)?,
        trimmed.get(last + 1..)?,
    );
    if !scan::all(method, scan::TOKEN) || !version.get(..4)?.eq_ignore_ascii_case(b"SIP/") {
        return None;
    }
    let whole = if trimmed.len() != line.len() {
        Err(Fault::StartLine)
    } else {
        Ok(())
    };
    Some(RequestLine { method, uri, whole })
}
