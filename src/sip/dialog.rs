//! Dialogs of our own user agents (RFC 3261 §12): what both sides remember between requests.

use std::net::SocketAddr;

use crate::header::{Address, Contact, Value};
use crate::message::Fault;
use crate::{Fields, Method, Name, Request, Response, Uri, Writer, scan};

/// What a dialog is found by (RFC 3261 §12).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialogId {
    /// The Call-ID.
    pub call_id: Box<str>,
    /// Our tag.
    pub local_tag: Box<str>,
    /// The tag of the other side; empty for one that knows none (RFC 2543).
    pub remote_tag: Box<str>,
}

impl DialogId {
    /// The dialog a received request belongs to; `None` when it is outside of any.
    pub fn of_request(request: &Request) -> Option<Self> {
        let to = request.to().ok()?;
        let from = request.from().ok()?;
        Some(Self::new(
            request.call_id(),
            to.tag()?,
            from.tag().unwrap_or_default(),
        ))
    }

    /// The dialog a received response belongs to or begins; `None` when it has no tag, as a 100.
    pub fn of_response(response: &Response) -> Option<Self> {
        let to = response.to().ok()?;
        let from = response.from().ok()?;
        Some(Self::new(
            response.call_id(),
            from.tag().unwrap_or_default(),
            to.tag()?,
        ))
    }

    /// The dialog of a request we answer with this tag.
    fn answered(request: &Request, tag: &str) -> Result<Self, Fault> {
        let tag = request.to()?.tag().unwrap_or(tag);
        let from = request.from()?;
        Ok(Self::new(
            request.call_id(),
            tag,
            from.tag().unwrap_or_default(),
        ))
    }

    fn new(call_id: &str, local_tag: &str, remote_tag: &str) -> Self {
        Self {
            call_id: call_id.into(),
            local_tag: local_tag.into(),
            remote_tag: remote_tag.into(),
        }
    }
}

/// Why a request cannot be taken inside its dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DialogError {
    /// It came after one that was sent later: 500 (RFC 3261 §12.2.2).
    #[error("Old CSeq")]
    Overtaken,
    /// It cannot be read: 400.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl DialogError {
    /// The status code of its answer.
    pub fn status(self) -> u16 {
        match self {
            Self::Overtaken => 500,
            Self::Fault(fault) => fault.status(),
        }
    }
}

/// A dialog as one of our user agents sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    id: DialogId,
    /// From of our requests without tag, To of our requests without tag.
    local: Box<str>,
    remote: Box<str>,
    target: Box<str>,
    /// Values of Route, each with its brackets, the next hop first.
    routes: Vec<Box<str>>,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    /// Whether a final response made it lasting.
    confirmed: bool,
}

/// Methods whose requests and 2xx say where the other side is from now on (RFC 3261 §12.2, RFC 3311, RFC 6665 §4.4.1).
fn refreshes_target(method: &str) -> bool {
    matches!(
        method,
        "INVITE" | "UPDATE" | "SUBSCRIBE" | "NOTIFY" | "REFER"
    )
}

impl Dialog {
    /// The dialog that our answer with this tag begins (RFC 3261 §12.1.1); `first_cseq` is that of our first request, less
    /// than 2^31.
    ///
    /// # Errors
    /// [`Fault`] when the request has no usable Contact or Record-Route.
    pub fn answering(request: &Request, tag: &str, first_cseq: u32) -> Result<Self, Fault> {
        Ok(Self {
            id: DialogId::answered(request, tag)?,
            local: without_tag(request, Name::To)?,
            remote: without_tag(request, Name::From)?,
            target: contact(request)?.ok_or(Fault::Missing(Name::Contact))?,
            routes: record_routes(request)?,
            local_cseq: first_cseq.saturating_sub(1),
            remote_cseq: Some(request.cseq()?.number),
            confirmed: false,
        })
    }

    /// The dialog that a response to our request begins (RFC 3261 §12.1.2): a provisional one an early dialog, a 2xx a
    /// confirmed one.
    ///
    /// # Errors
    /// [`Fault`] when the response has no tag, or no usable Contact or Record-Route.
    pub fn answered(request: &Request, response: &Response) -> Result<Self, Fault> {
        let id = DialogId::of_response(response).ok_or(Fault::Bad(Name::To))?;
        let mut routes = record_routes(response)?;
        routes.reverse();
        // A provisional response need not tell where it comes from.
        let target = match contact(response)? {
            Some(target) => target,
            None if response.status() < 200 => {
                scan::text(request.uri_octets()).ok_or(Fault::Uri)?.into()
            }
            None => return Err(Fault::Missing(Name::Contact)),
        };
        Ok(Self {
            id,
            local: without_tag(request, Name::From)?,
            remote: without_tag(response, Name::To)?,
            target,
            routes,
            local_cseq: request.cseq()?.number,
            remote_cseq: None,
            confirmed: response.status() >= 200,
        })
    }

    /// The dialog that a NOTIFY begins which answers our SUBSCRIBE before its 2xx does (RFC 6665 §4.4.1).
    ///
    /// # Errors
    /// [`Fault`] as in [`Dialog::answering`].
    pub fn notified(subscribe: &Request, notify: &Request) -> Result<Self, Fault> {
        let cseq = subscribe.cseq()?.number;
        let mut dialog = Self::answering(notify, "", cseq.saturating_add(1))?;
        dialog.confirmed = true;
        Ok(dialog)
    }

    /// What it is found by.
    pub fn id(&self) -> &DialogId {
        &self.id
    }

    /// Where the other side is.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Whether a final response made it lasting.
    pub fn is_confirmed(&self) -> bool {
        self.confirmed
    }

    /// The number of our last request.
    pub fn local_cseq(&self) -> u32 {
        self.local_cseq
    }

    /// Our answer with a 2xx is sent.
    pub fn confirm(&mut self) {
        self.confirmed = true;
    }

    /// A response to one of our requests inside the dialog, or another one to that which began it. A 2xx to the INVITE of an
    /// early dialog brings the route set anew (RFC 3261 §13.2.2.4), and one to a target refresh the target.
    ///
    /// # Errors
    /// [`Fault`] when Contact or Record-Route cannot be read; nothing is changed then.
    pub fn response(&mut self, response: &Response) -> Result<(), Fault> {
        if !(200..300).contains(&response.status()) {
            return Ok(());
        }
        let method = response.cseq()?.method;
        let target = contact(response)?.filter(|_| refreshes_target(method));
        if !self.confirmed && matches!(method, "INVITE" | "SUBSCRIBE" | "REFER") {
            let mut routes = record_routes(response)?;
            routes.reverse();
            self.routes = routes;
            self.confirmed = true;
        }
        if let Some(target) = target {
            self.target = target;
        }
        Ok(())
    }

    /// A request inside the dialog, ACK and CANCEL apart, whose numbers are those of their INVITE. Notes its number and,
    /// from a target refresh, where the other side is.
    ///
    /// # Errors
    /// [`DialogError`] with the status of the answer; nothing is changed then.
    pub fn request(&mut self, request: &Request) -> Result<(), DialogError> {
        if matches!(request.method(), Method::Ack | Method::Cancel) {
            return Ok(());
        }
        let cseq = request.cseq()?;
        if self.remote_cseq.is_some_and(|last| cseq.number <= last) {
            return Err(DialogError::Overtaken);
        }
        if let Some(target) = contact(request)?.filter(|_| refreshes_target(cseq.method)) {
            self.target = target;
        }
        self.remote_cseq = Some(cseq.number);
        Ok(())
    }

    /// Begins our next request, up to CSeq; the caller adds Contact and what the method needs. `via` is the value of Via with
    /// a new branch.
    pub fn next(&mut self, method: &Method, via: &str) -> Writer {
        self.local_cseq = self.local_cseq.saturating_add(1);
        self.write(method, via, self.local_cseq)
    }

    /// Begins the ACK of a 2xx to our INVITE with this number (RFC 3261 §13.2.2.4).
    pub fn ack(&self, via: &str, invite: u32) -> Writer {
        self.write(&Method::Ack, via, invite)
    }

    fn write(&self, method: &Method, via: &str, cseq: u32) -> Writer {
        let strict = self.routes.first().filter(|route| !is_loose(route));
        let uri = match strict {
            Some(route) => bare(route),
            None => &self.target,
        };
        let mut writer = Writer::request(method, uri);
        writer.field(Name::Via, via);
        writer.field(Name::MaxForwards, "70");
        for route in self.routes.iter().skip(usize::from(strict.is_some())) {
            writer.field(Name::Route, route.as_bytes());
        }
        if strict.is_some() {
            writer.field(Name::Route, format!("<{}>", self.target));
        }
        writer.field(Name::From, tagged(&self.local, &self.id.local_tag));
        writer.field(Name::To, tagged(&self.remote, &self.id.remote_tag));
        writer.field(Name::CallId, self.id.call_id.as_bytes());
        writer.field(Name::CSeq, format!("{cseq} {method}"));
        writer
    }

    /// The URI whose host our requests go to (RFC 3261 §8.1.2).
    pub fn next_hop(&self) -> &str {
        self.routes
            .first()
            .map_or(&self.target, |route| bare(route))
    }

    /// Begins the answer to a request inside the dialog, or to that which began it, with our tag.
    pub fn reply(
        &self,
        request: &Request,
        status: u16,
        reason: &str,
        source: SocketAddr,
    ) -> Writer {
        Writer::reply(request, status, reason, &self.id.local_tag, source)
    }
}

/// What is not there.
const NONE: &str = "-";

impl Dialog {
    /// All of it in lines of text, to be stored.
    pub fn store(&self) -> String {
        let remote_cseq = self.remote_cseq.map_or(NONE.to_owned(), |n| n.to_string());
        let local_cseq = self.local_cseq.to_string();
        let confirmed = if self.confirmed { "confirmed" } else { "early" };
        let first: [&str; 9] = [
            &self.id.call_id,
            &self.id.local_tag,
            &self.id.remote_tag,
            &self.local,
            &self.remote,
            &self.target,
            &local_cseq,
            &remote_cseq,
            confirmed,
        ];
        let routes = self.routes.iter().map(|route| &**route);
        let lines: Vec<&str> = first.into_iter().chain(routes).collect();
        lines.join("\n")
    }

    /// Reads what was stored; `None` when it is something else.
    pub fn restore(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let mut next = || lines.next();
        let id = DialogId::new(next()?, next()?, next()?);
        let (local, remote, target) = (next()?.into(), next()?.into(), next()?.into());
        let local_cseq = next()?.parse().ok()?;
        let remote_cseq = match next()? {
            NONE => None,
            number => Some(number.parse().ok()?),
        };
        let confirmed = next()? == "confirmed";
        Some(Self {
            id,
            local,
            remote,
            target,
            routes: lines.map(Into::into).collect(),
            local_cseq,
            remote_cseq,
            confirmed,
        })
    }
}

/// A value of From or To with a tag.
fn tagged(value: &str, tag: &str) -> String {
    if tag.is_empty() {
        return value.to_owned();
    }
    format!("{value};tag={tag}")
}

/// From or To without its tag, with brackets around the URI.
fn without_tag(fields: &Fields, name: Name) -> Result<Box<str>, Fault> {
    let address: Address<'_> = fields.require(name)?;
    let display = scan::text(address.display()).unwrap_or_default();
    let mut value = String::with_capacity(64);
    value.push_str(display);
    if !display.is_empty() {
        value.push(' ');
    }
    value.push('<');
    value.push_str(address.uri.text());
    value.push('>');
    for (param, text) in address.params.iter() {
        let text = text.and_then(scan::text);
        if !param.eq_ignore_ascii_case("tag") {
            value.push(';');
            value.push_str(param);
            value.extend(text.iter().flat_map(|text| ["=", text]));
        }
    }
    // A fold inside quotes would end a line of ours.
    Ok(value.replace(['\r', '\n'], " ").into())
}

/// The URI of the one Contact, SIP or SIPS (RFC 3261 §12.1.1), without headers, which are not honoured here.
fn contact(fields: &Fields) -> Result<Option<Box<str>>, Fault> {
    match fields.first::<Contact<'_>>(Name::Contact)? {
        None => Ok(None),
        Some(Contact::Address(address)) if address.uri.is_sip() => {
            // A user may hold question marks too.
            Ok(Some(address.uri.without_headers().into()))
        }
        Some(_) => Err(Fault::Bad(Name::Contact)),
    }
}

fn record_routes(fields: &Fields) -> Result<Vec<Box<str>>, Fault> {
    let bad = Fault::Bad(Name::RecordRoute);
    let route = |item| {
        let address = Address::parse(item).ok();
        let address = address.filter(|address| address.uri.is_sip()).ok_or(bad)?;
        let params = scan::text(address.params.octets()).ok_or(bad)?;
        let params = params.replace(['\r', '\n'], " ");
        Ok(format!("<{}>{params}", address.uri.text()).into())
    };
    fields.items(Name::RecordRoute).map(route).collect()
}

/// The URI of a value that is kept with brackets.
fn bare(route: &str) -> &str {
    let uri = route.strip_prefix('<').unwrap_or(route);
    uri.split('>').next().unwrap_or(uri)
}

fn is_loose(route: &str) -> bool {
    Uri::parse(bare(route).as_bytes()).is_ok_and(|uri| uri.is_loose_router())
}

#[cfg(test)]
mod tests;
