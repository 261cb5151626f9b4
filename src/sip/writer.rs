use std::net::SocketAddr;

use bytes::{BufMut, Bytes};

use crate::splice::{Stamp, flatten, put_field, put_number, put_value};
use crate::{Fields, Method, Name, Refused, Request};

/// A message of our own, written from top to bottom.
#[derive(Debug)]
pub struct Writer {
    out: Vec<u8>,
    /// Whether what is copied may hold what cannot stand in a line.
    flatten: bool,
}

impl Writer {
    /// Begins a request.
    pub fn request(method: &Method, uri: &str) -> Self {
        let mut writer = Self {
            out: Vec::with_capacity(1024),
            flatten: false,
        };
        put_value(&mut writer.out, method.name().as_bytes());
        writer.out.push(b' ');
        put_value(&mut writer.out, uri.as_bytes());
        writer.out.put_slice(b" SIP/2.0\r\n");
        writer
    }

    /// Begins a response; an empty reason becomes the usual one.
    pub fn response(status: u16, reason: &str) -> Self {
        let mut writer = Self {
            out: Vec::with_capacity(1024),
            flatten: false,
        };
        let reason = if reason.is_empty() {
            reason_phrase(status)
        } else {
            reason
        };
        writer.out.put_slice(b"SIP/2.0 ");
        put_number(&mut writer.out, u32::from(status));
        writer.out.push(b' ');
        put_value(&mut writer.out, reason.as_bytes());
        writer.out.put_slice(b"\r\n");
        writer
    }

    /// Begins the response to a request (RFC 3261 §8.2.6): Via with the source noted, From, To with `tag` unless it has one or
    /// the status is 100, Call-ID, CSeq, Timestamp in a 100, and Record-Route where a dialog begins (§12.1.1).
    pub fn reply(
        request: &Request,
        status: u16,
        reason: &str,
        tag: &str,
        source: SocketAddr,
    ) -> Self {
        Self::response(status, reason).answering(request, status, tag, source)
    }

    /// The response to a request that cannot be taken.
    pub fn refuse(refused: &Refused, tag: &str, source: SocketAddr) -> Self {
        let status = refused.fault.status();
        let mut writer = Self::response(status, &refused.fault.to_string());
        writer.flatten = true;
        writer.answering(&refused.request, status, tag, source)
    }

    fn answering(mut self, request: &Request, status: u16, tag: &str, source: SocketAddr) -> Self {
        self.vias(request, source);
        self.copy(request, Name::From);
        let to = request.value(Name::To).unwrap_or_default();
        let wants_tag = status > 100 && !tag.is_empty();
        if wants_tag && request.to().is_ok_and(|to| to.tag().is_none()) {
            put_name(&mut self.out, Name::To);
            self.value(to);
            self.out.put_slice(b";tag=");
            put_value(&mut self.out, tag.as_bytes());
            self.out.put_slice(b"\r\n");
        } else {
            self.copy(request, Name::To);
        }
        self.copy(request, Name::CallId);
        self.copy(request, Name::CSeq);
        if status == 100 {
            self.copy(request, Name::Timestamp);
        }
        if (101..300).contains(&status) && request.method().begins_dialog() {
            self.copy_all(request, Name::RecordRoute);
        }
        self
    }

    fn vias(&mut self, request: &Request, source: SocketAddr) {
        let mut first = request.via().ok();
        for value in request.values(Name::Via) {
            put_name(&mut self.out, Name::Via);
            let from = self.out.len();
            let stamp = first.take().and_then(|via| Stamp::new(&via, source));
            let before = stamp.as_ref().and_then(|stamp| {
                let place = stamp.place.as_ptr() as usize;
                value.split_at_checked(place.saturating_sub(value.as_ptr() as usize))
            });
            match (stamp, before) {
                (Some(stamp), Some((before, rest))) => {
                    self.value(before);
                    stamp.put(&mut self.out);
                    self.value(rest.get(stamp.place.len()..).unwrap_or_default());
                }
                _ => self.value(value),
            }
            if self.flatten {
                flatten(&mut self.out, from);
            }
            self.out.put_slice(b"\r\n");
        }
    }

    /// A value that was received.
    fn value(&mut self, value: &[u8]) {
        if self.flatten {
            put_value(&mut self.out, value);
        } else {
            self.out.put_slice(value);
        }
    }

    /// Copies the first field of this name.
    pub fn copy(&mut self, fields: &Fields, name: Name) -> &mut Self {
        self.copy_some(fields, name, 1)
    }

    /// Copies all fields of this name.
    pub fn copy_all(&mut self, fields: &Fields, name: Name) -> &mut Self {
        self.copy_some(fields, name, usize::MAX)
    }

    fn copy_some(&mut self, fields: &Fields, name: Name, most: usize) -> &mut Self {
        for value in fields.values(name).take(most) {
            put_name(&mut self.out, name);
            self.value(value);
            self.out.put_slice(b"\r\n");
        }
        self
    }

    /// Writes a field; CR, LF and NUL in its value become blanks.
    pub fn field(&mut self, name: Name, value: impl AsRef<[u8]>) -> &mut Self {
        put_field(&mut self.out, name.text(), value.as_ref());
        self
    }

    /// Writes a field with a name this room does not know.
    pub fn other(&mut self, name: &str, value: impl AsRef<[u8]>) -> &mut Self {
        put_field(&mut self.out, name, value.as_ref());
        self
    }

    /// Ends the message without a body.
    pub fn finish(self) -> Bytes {
        self.end(b"")
    }

    /// Ends the message with a body.
    pub fn body(mut self, media_type: &str, body: &[u8]) -> Bytes {
        put_field(
            &mut self.out,
            Name::ContentType.text(),
            media_type.as_bytes(),
        );
        self.end(body)
    }

    fn end(mut self, body: &[u8]) -> Bytes {
        put_field(
            &mut self.out,
            Name::ContentLength.text(),
            body.len().to_string().as_bytes(),
        );
        self.out.put_slice(b"\r\n");
        self.out.put_slice(body);
        Bytes::from(self.out)
    }
}

fn put_name(out: &mut Vec<u8>, name: Name) {
    out.put_slice(name.text().as_bytes());
    out.put_slice(b": ");
}

/// The usual reason phrase of a status code (RFC 3261 §21 and the registry of response codes).
pub fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        199 => "Early Dialog Terminated",
        200 => "OK",
        202 => "Accepted",
        204 => "No Notification",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        305 => "Use Proxy",
        380 => "Alternative Service",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        412 => "Conditional Request Failed",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        421 => "Extension Required",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        428 => "Use Identity Header",
        430 => "Flow Failed",
        433 => "Anonymity Disallowed",
        438 => "Invalid Identity Header",
        439 => "First Hop Lacks Outbound Support",
        440 => "Max-Breadth Exceeded",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        485 => "Ambiguous",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        493 => "Undecipherable",
        494 => "Security Agreement Required",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        _ => match status / 100 {
            1 => "Progress",
            2 => "OK",
            3 => "Redirection",
            4 => "Request Failure",
            5 => "Server Failure",
            _ => "Global Failure",
        },
    }
}

#[cfg(test)]
mod tests;
