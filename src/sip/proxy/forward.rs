//! How a message changes on its way through (RFC 3261 §16.6, §16.7).

use std::net::SocketAddr;

use bytes::Bytes;

use super::{Checked, Routing};
use crate::header::{Address, Transport, Value, Via};
use crate::{Name, Request, Response, Splice, Uri, Writer};

/// What a request gets on the flow it leaves by.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// How it travels.
    pub transport: Transport,
    /// Our host and port there, as the Via has them.
    pub sent_by: &'a str,
    /// 64 random bits that tell the branch from all others; new for each flow that is tried.
    pub random: u64,
    /// The values of Record-Route fields, topmost first; see [`crate::record_route`].
    pub record_route: &'a [String],
}

/// The 100 that a proxy answers an INVITE with when it takes long (RFC 3261 §16.2); an endpoint makes one by itself after
/// 200 ms.
pub fn trying(request: &Request, source: SocketAddr) -> Bytes {
    Writer::reply(request, 100, "", "", source).finish()
}

/// A response on its way back, without our Via, with further edits.
pub fn relay<'a>(response: &'a Response, edit: impl FnOnce(&mut Splice<'a>)) -> Bytes {
    let mut splice = Splice::response(response);
    splice.remove_items(Name::Via, 1);
    edit(&mut splice);
    splice.finish()
}

/// Where a 2xx that strayed goes next, as its second Via says (RFC 3261 §16.7 step 9); `None` when the topmost is not ours.
pub fn next_via<'a>(response: &'a Response, is_own: impl Fn(&Via<'_>) -> bool) -> Option<Via<'a>> {
    response.via().ok().filter(|via| is_own(via))?;
    response.all(Name::Via).nth(1)?.ok()
}

/// The ACK to a 2xx on its way (RFC 3261 §16.11), with further edits. It follows its Route or request URI.
pub fn forward_ack<'a>(
    ack: &'a Request,
    source: SocketAddr,
    checked: &Checked,
    routing: &'a Routing,
    outgoing: &Outgoing<'_>,
    edit: impl FnOnce(&mut Splice<'a>),
) -> Bytes {
    let uri = routing.uri(ack).ok().map(|uri| uri.text());
    let passage = Passage {
        request: ack,
        source,
        checked,
        routing,
        breadth: checked.breadth,
        uri: uri.unwrap_or_default(),
        route: &[],
    };
    passage.splice(outgoing, edit)
}

/// A request on its way to a target.
pub(super) struct Passage<'a, 'b> {
    pub(super) request: &'a Request,
    pub(super) source: SocketAddr,
    pub(super) checked: &'b Checked,
    pub(super) routing: &'b Routing,
    pub(super) breadth: u32,
    pub(super) uri: &'b str,
    pub(super) route: &'b [String],
}

impl<'a: 'b, 'b> Passage<'a, 'b> {
    /// The request as it leaves.
    pub(super) fn splice(
        &self,
        outgoing: &Outgoing<'_>,
        edit: impl FnOnce(&mut Splice<'a>),
    ) -> Bytes {
        let mut splice = Splice::request(self.request);
        splice.stamp(self.source);
        self.put_route(&mut splice);
        let hops = self.checked.hops;
        splice.set_number(Name::MaxForwards, u32::from(hops));
        splice.set_number(Name::MaxBreadth, self.breadth);
        for value in outgoing.record_route.iter().rev() {
            splice.prepend(Name::RecordRoute, value);
        }
        let branch = format!("{:016x}.{:016x}", outgoing.random, self.checked.loop_hash);
        let parts = [
            "SIP/2.0/",
            outgoing.transport.name(),
            " ",
            outgoing.sent_by,
            ";rport;branch=z9hG4bK",
            &branch,
        ];
        splice.prepend_parts(Name::Via, &parts.map(str::as_bytes));
        edit(&mut splice);
        splice.finish()
    }

    /// Where it goes next: the topmost Route, or the request URI.
    pub(super) fn next_hop(&self) -> Option<Uri<'b>> {
        match self.next_route() {
            Some(value) => Address::parse(value).ok().map(|route| route.uri),
            None => Uri::parse(self.uri.as_bytes()).ok(),
        }
    }

    fn next_route(&self) -> Option<&'b [u8]> {
        let pushed = self.route.first().map(String::as_bytes);
        pushed.or_else(|| self.routing.left_values(self.request).next())
    }

    fn put_route(&self, splice: &mut Splice<'a>) {
        let strict = self
            .next_route()
            .and_then(|value| Address::parse(value).ok())
            .map(|route| route.uri)
            .filter(|hop| !hop.is_loose_router());
        if strict.is_none() && !self.routing.is_moved() {
            splice
                .uri_text(self.uri)
                .remove_items(Name::Route, self.routing.own_items());
            for value in self.route.iter().rev() {
                splice.prepend(Name::Route, value);
            }
            return;
        }
        // A strict router comes next: its URI changes places with the request URI (RFC 3261 §16.6 step 6).
        let own = self.route.iter().map(String::as_bytes);
        let mut values: Vec<&[u8]> = own.chain(self.routing.left_values(self.request)).collect();
        let last = format!("<{}>", self.uri);
        let uri = match strict {
            Some(hop) => {
                values.remove(0);
                values.push(last.as_bytes());
                hop.without_headers().to_owned()
            }
            None => self.uri.to_owned(),
        };
        splice.uri_text(&uri).remove(Name::Route);
        for value in values.iter().rev() {
            splice.prepend(Name::Route, value);
        }
    }
}
