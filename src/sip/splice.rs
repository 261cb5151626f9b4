use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bytes::{BufMut, Bytes};

use crate::header::{Source, Via};
use crate::index::offset;
use crate::scan::{first_item, is_blank};
use crate::uri::host_ip;
use crate::{Fields, Name, Params, Request, Response, Uri};

/// Edits of a message that is passed on. What is not edited leaves octet for octet; a Content-Length that was absent is
/// added.
#[derive(Debug)]
pub struct Splice<'a> {
    fields: &'a Fields,
    uri: Option<(u32, u32)>,
    edits: Edits,
    text: Vec<u8>,
    body: Option<&'a [u8]>,
}

/// Octets of the message that are replaced by some of the text.
#[derive(Debug, Clone, Copy, Default)]
struct Edit {
    start: u32,
    end: u32,
    /// Edits of one place stand in this order.
    rank: i32,
    text: (u32, u32),
}

/// Edits, the usual number of them in place.
#[derive(Debug, Default)]
struct Edits {
    few: [Edit; 10],
    count: usize,
    /// All of them when they are more.
    many: Vec<Edit>,
}

impl Edits {
    fn push(&mut self, edit: Edit) {
        match self.few.get_mut(self.count) {
            Some(place) => *place = edit,
            None => {
                if self.many.is_empty() {
                    self.many.extend(self.few);
                }
                self.many.push(edit);
            }
        }
        self.count += 1;
    }

    fn all(&mut self) -> &mut [Edit] {
        if self.many.is_empty() {
            self.few.get_mut(..self.count).unwrap_or_default()
        } else {
            &mut self.many
        }
    }
}

impl<'a> Splice<'a> {
    /// Edits a request.
    pub fn request(request: &'a Request) -> Self {
        Self {
            uri: Some(request.uri_range()),
            ..Self::response_fields(request)
        }
    }

    /// Edits a response.
    pub fn response(response: &'a Response) -> Self {
        Self::response_fields(response)
    }

    fn response_fields(fields: &'a Fields) -> Self {
        Self {
            fields,
            uri: None,
            edits: Edits::default(),
            text: Vec::with_capacity(512),
            body: None,
        }
    }

    fn edit(&mut self, start: u32, end: u32, rank: i32, text: impl FnOnce(&mut Vec<u8>)) {
        let from = self.text.len();
        text(&mut self.text);
        self.edits.push(Edit {
            start,
            end,
            rank,
            text: (offset(from), offset(self.text.len())),
        });
    }

    /// How far down edits of one place stand that were made after so many others.
    fn rank(&self) -> i32 {
        i32::try_from(self.edits.count).unwrap_or(i32::MAX - 1) + 1
    }

    /// Replaces the request URI; a response has none.
    pub fn uri(&mut self, uri: &Uri<'_>) -> &mut Self {
        self.uri_text(uri.text())
    }

    /// Replaces the request URI by what was read as one.
    pub(crate) fn uri_text(&mut self, uri: &str) -> &mut Self {
        if let Some((start, end)) = self.uri {
            self.edit(start, end, 0, |text| put_value(text, uri.as_bytes()));
        }
        self
    }

    /// Puts a field above all others of its name, or on top.
    pub fn prepend(&mut self, name: Name, value: impl AsRef<[u8]>) -> &mut Self {
        self.prepend_parts(name, &[value.as_ref()])
    }

    /// Puts a field made of some parts above all others of its name, or on top; none of them may end a line.
    pub(crate) fn prepend_parts(&mut self, name: Name, parts: &[&[u8]]) -> &mut Self {
        let first = self.fields.named(name).next();
        let at = first.map_or(self.fields.first_line(), |field| field.start);
        let rank = -self.rank();
        self.edit(at, at, rank, |text| {
            text.put_slice(name.text().as_bytes());
            text.put_slice(b": ");
            let from = text.len();
            for part in parts {
                text.put_slice(part);
            }
            flatten(text, from);
            text.put_slice(b"\r\n");
        });
        self
    }

    /// Puts a field below all others.
    pub fn append(&mut self, name: Name, value: impl AsRef<[u8]>) -> &mut Self {
        self.append_other(name.text(), value)
    }

    /// Puts a field with a name this room does not know below all others.
    pub fn append_other(&mut self, name: &str, value: impl AsRef<[u8]>) -> &mut Self {
        let at = self.fields.empty_line();
        let rank = self.rank();
        self.edit(at, at, rank, |text| put_field(text, name, value.as_ref()));
        self
    }

    /// Makes this the only value of the name.
    pub fn set(&mut self, name: Name, value: impl AsRef<[u8]>) -> &mut Self {
        let fields = self.fields;
        let mut all = fields.named(name);
        let Some(first) = all.next() else {
            return self.append(name, value);
        };
        self.edit(first.value, first.value_end, 0, |text| {
            put_value(text, value.as_ref())
        });
        for field in all {
            self.edit(field.start, field.end, 0, |_| ());
        }
        self
    }

    /// Makes this number the only value of the name.
    pub fn set_number(&mut self, name: Name, number: u32) -> &mut Self {
        let (digits, length) = digits(number);
        self.set(
            name,
            digits.get(digits.len() - length..).unwrap_or_default(),
        )
    }

    /// Takes all fields of this name away.
    pub fn remove(&mut self, name: Name) -> &mut Self {
        let fields = self.fields;
        for field in fields.named(name) {
            self.edit(field.start, field.end, 0, |_| ());
        }
        self
    }

    /// Takes all fields of a name away that this room does not know.
    pub fn remove_other(&mut self, name: &str) -> &mut Self {
        let fields = self.fields;
        for (field, (kind, found, _)) in fields.index().iter().zip(fields.iter()) {
            if kind == Name::Other && found.eq_ignore_ascii_case(name) {
                self.edit(field.start, field.end, 0, |_| ());
            }
        }
        self
    }

    /// Takes the first so many items of a list away, such as one's own Route or Via.
    pub fn remove_items(&mut self, name: Name, items: usize) -> &mut Self {
        let fields = self.fields;
        let mut left = items;
        for field in fields.named(name) {
            let value = fields.value_of(field);
            let mut taken = 0;
            let mut whole = false;
            while left > 0 && !whole {
                left -= 1;
                let rest = value.get(taken..).unwrap_or_default();
                let comma = memchr::memchr(b',', rest).and_then(|_| first_item(rest));
                match comma {
                    Some(comma) => {
                        let blanks = rest
                            .iter()
                            .skip(comma + 1)
                            .take_while(|byte| is_blank(**byte))
                            .count();
                        taken += comma + 1 + blanks;
                    }
                    None => whole = true,
                }
            }
            if whole {
                self.edit(field.start, field.end, 0, |_| ());
            } else if taken > 0 {
                self.edit(field.value, field.value + offset(taken), 0, |_| ());
            }
            if left == 0 {
                break;
            }
        }
        self
    }

    /// Notes in the topmost Via where the request came from (RFC 3261 §18.2.1, RFC 3581 §4).
    pub fn stamp(&mut self, source: SocketAddr) -> &mut Self {
        let via = self.fields.via().ok();
        if let Some(stamp) = via.and_then(|via| Stamp::new(&via, source)) {
            let (start, end) = self.fields.range(stamp.place);
            self.edit(start, end, 0, |text| stamp.put(text));
        }
        self
    }

    /// Replaces the body; Content-Length follows, Content-Type does not.
    pub fn body(&mut self, body: &'a [u8]) -> &mut Self {
        self.body = Some(body);
        self.set(Name::ContentLength, body.len().to_string())
    }

    /// The message with its edits.
    pub fn finish(&mut self) -> Bytes {
        let (body_start, body_end) = self.fields.body_range();
        if self.body.is_none() && self.fields.value(Name::ContentLength).is_none() {
            self.append(
                Name::ContentLength,
                (body_end - body_start.min(body_end)).to_string(),
            );
        }
        let edits = self.edits.all();
        edits.sort_by_key(|edit| (edit.start, edit.rank));
        let body = self.body.map(<[u8]>::len);
        let length = body.map_or(body_end as usize, |body| body_start as usize + body);
        let mut out = Vec::with_capacity(spliced(length, edits));
        let mut at = 0;
        for edit in edits {
            let start = edit.start.max(at);
            out.put_slice(self.fields.between(at, start));
            let text = edit.text.0 as usize..edit.text.1 as usize;
            out.put_slice(self.text.get(text).unwrap_or_default());
            at = start.max(edit.end);
        }
        match self.body {
            Some(body) => {
                out.put_slice(self.fields.between(at, body_start));
                out.put_slice(body);
            }
            None => out.put_slice(self.fields.between(at, body_end)),
        }
        Bytes::from(out)
    }
}

/// The length of a message with its sorted edits; octets are not allocated twice when it is right.
fn spliced(mut length: usize, edits: &[Edit]) -> usize {
    let mut at = 0;
    for edit in edits {
        let start = edit.start.max(at);
        at = start.max(edit.end);
        length += (edit.text.1 - edit.text.0) as usize;
        length = length.saturating_sub((at - start) as usize);
    }
    length
}

/// A whole line. A value cannot leave its line: CR, LF and NUL become blanks.
pub(crate) fn put_field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.put_slice(name.as_bytes());
    out.put_slice(b": ");
    put_value(out, value);
    out.put_slice(b"\r\n");
}

pub(crate) fn put_value(out: &mut Vec<u8>, value: &[u8]) {
    let from = out.len();
    out.put_slice(value);
    flatten(out, from);
}

/// Makes blanks of what could end a line, from there on.
pub(crate) fn flatten(out: &mut [u8], from: usize) {
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n' | b'\0');
    let new = out.get_mut(from..).unwrap_or_default();
    if memchr::memchr3(b'\r', b'\n', b'\0', new).is_some() {
        for byte in new.iter_mut().filter(|byte| is_end(byte)) {
            *byte = b' ';
        }
    }
}

/// What a Via gets to note where it came from (RFC 3261 §18.2.1, RFC 3581 §4).
#[derive(Debug)]
pub(crate) struct Stamp<'a> {
    /// Its octets that are replaced.
    pub(crate) place: &'a [u8],
    /// Its parameters when something was noted before.
    params: Option<Params<'a>>,
    source: SocketAddr,
    wants_rport: bool,
}

impl<'a> Stamp<'a> {
    /// `None` when nothing has to be noted.
    pub(crate) fn new(via: &Via<'a>, source: SocketAddr) -> Option<Self> {
        let params = via.params.octets();
        let (place, wants_rport) = match via.source() {
            Source::Unnoted if host_ip(via.host()) == Some(source.ip().to_canonical()) => {
                return None;
            }
            Source::Unnoted => (params.get(params.len()..).unwrap_or_default(), false),
            Source::Asked(param) => (param, true),
            Source::Other => (params, via.wants_rport()),
        };
        Some(Self {
            place,
            params: matches!(via.source(), Source::Other).then_some(via.params),
            source,
            wants_rport,
        })
    }

    /// Writes what stands there instead.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        let others = self
            .params
            .iter()
            .flat_map(|params| params.octets_of_each());
        for (name, value) in others {
            let noted = [b"rport".as_slice(), b"received"];
            if noted.iter().any(|noted| name.eq_ignore_ascii_case(noted)) {
                continue;
            }
            out.push(b';');
            out.put_slice(name);
            if let Some(value) = value {
                out.push(b'=');
                out.put_slice(value);
            }
        }
        out.put_slice(b";received=");
        match self.source.ip().to_canonical() {
            IpAddr::V4(ip) => put_ipv4(out, ip),
            IpAddr::V6(ip) => out.put_slice(ip.to_string().as_bytes()),
        }
        if self.wants_rport {
            out.put_slice(b";rport=");
            put_number(out, u32::from(self.source.port()));
        }
    }
}

fn put_ipv4(out: &mut Vec<u8>, ip: Ipv4Addr) {
    let mut text = [b'.'; 16];
    let mut at = 0;
    for octet in ip.octets() {
        for (place, least) in [(100, 100), (10, 10), (1, 0)] {
            if octet >= least
                && let Some(digit) = text.get_mut(at)
            {
                *digit = b'0' + octet / place % 10;
                at += 1;
            }
        }
        // The dot is there already.
        at += 1;
    }
    out.put_slice(text.get(..at - 1).unwrap_or_default());
}

pub(crate) fn put_number(out: &mut Vec<u8>, number: u32) {
    let (digits, length) = digits(number);
    out.put_slice(digits.get(digits.len() - length..).unwrap_or_default());
}

/// A number in decimal digits at the end of these, and how many they are.
fn digits(number: u32) -> ([u8; 10], usize) {
    let mut digits = [0; 10];
    let mut left = number;
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(left % 10).unwrap_or_default();
        left /= 10;
        length += 1;
        if left == 0 {
            break;
        }
    }
    (digits, length)
}

#[cfg(test)]
mod tests;
