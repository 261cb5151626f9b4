use crate::header::Address;
use crate::message::Fault;
use crate::{Name, Request, Uri};

/// How the Route fields of a request are read (RFC 3261 §16.4): which are our own, and whether a strict router came before.
#[derive(Debug, Clone, Default)]
pub struct Routing {
    /// The request URI that a strict router had moved to the end.
    moved: Option<String>,
    /// Topmost items that are ours.
    own: usize,
}

impl Routing {
    /// Reads the Route fields; `is_own` knows the URIs that lead to this server.
    ///
    /// # Errors
    /// [`Fault::Bad`] for a Route that cannot be read, or leads nowhere by SIP.
    pub fn new(request: &Request, is_own: impl Fn(&Uri<'_>) -> bool) -> Result<Self, Fault> {
        let mut routing = Self::default();
        if request.value(Name::Route).is_none() {
            return Ok(routing);
        }
        let mut count: usize = 0;
        let (mut last, mut strange) = (None, None);
        for route in request.all::<Address<'_>>(Name::Route) {
            let uri = route?.uri;
            if routing.own == count && is_own(&uri) {
                routing.own += 1;
            }
            if !uri.is_sip() {
                strange = strange.or(Some(count));
            }
            count += 1;
            last = Some(uri);
        }
        // Only what we put into Record-Route looks like this in a request URI.
        let uri = request.uri()?;
        if uri.user().is_none()
            && uri.is_loose_router()
            && is_own(&uri)
            && let Some(last) = last
        {
            routing.moved = Some(last.without_headers().to_owned());
            routing.own = routing.own.min(count - 1);
        }
        // What a strict router kept may be of any kind: it was no Route.
        let routes = if routing.moved.is_some() { count - 1 } else { count };
        if strange.is_some_and(|at| at < routes) {
            return Err(Fault::Bad(Name::Route));
        }
        Ok(routing)
    }

    /// The request URI, as it was before a strict router took its place.
    ///
    /// # Errors
    /// [`Fault::Uri`] in a request that was refused.
    pub fn uri<'a>(&'a self, request: &'a Request) -> Result<Uri<'a>, Fault> {
        match &self.moved {
            Some(uri) => Uri::parse(uri.as_bytes()).map_err(|_| Fault::Uri),
            None => request.uri(),
        }
    }

    /// The URIs that we had put into Record-Route, with what they note.
    pub fn own<'a>(&self, request: &'a Request) -> impl Iterator<Item = Uri<'a>> {
        let moved = self.moved.as_ref().and_then(|_| request.uri().ok());
        moved
            .into_iter()
            .chain(routes(request).take(self.own).map(|route| route.uri))
    }

    /// The routes that are left, topmost first; the first is the next hop.
    pub fn left<'a>(&self, request: &'a Request) -> impl Iterator<Item = Address<'a>> {
        let count = if self.moved.is_some() {
            request.items(Name::Route).count().saturating_sub(1)
        } else {
            usize::MAX
        };
        routes(request).take(count).skip(self.own)
    }

    /// The values of what is left, as they stand.
    pub(super) fn left_values<'a>(
        &self,
        request: &'a Request,
    ) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let count = request.items(Name::Route).count();
        let count = count.saturating_sub(usize::from(self.moved.is_some()));
        request.items(Name::Route).take(count).skip(self.own)
    }

    /// How many topmost items are ours.
    pub(super) fn own_items(&self) -> usize {
        self.own
    }

    /// Whether a strict router came before.
    pub(super) fn is_moved(&self) -> bool {
        self.moved.is_some()
    }
}

fn routes(request: &Request) -> impl Iterator<Item = Address<'_>> {
    request.all(Name::Route).filter_map(Result::ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_route_leads_on_by_sip() {
        let routing = |uri: &str, routes: &str| {
            let request = testing::request(&format!("OPTIONS {uri} SIP/2.0\r\nFrom: <sip:a@a.example>;tag=1\r\nTo: <sip:b@far.example>\r\nRoute: {routes}\r\nContent-Length: 0\r\n\r\n"));
            Routing::new(&request, |uri| uri.host() == "own").map(|routing| routing.uri(&request).unwrap().without_headers().to_owned())
        };
        assert_eq!(routing("sip:b@far", "<sip:p;lr>, <sips:q;lr>"), Ok("sip:b@far".to_owned()));
        assert_eq!(routing("sip:own;lr", "<sip:p;lr>, <tel:+491>"), Ok("tel:+491".to_owned()), "what a strict router kept");
        for (uri, routes) in [("sip:b@far", "<tel:+491>"), ("sip:b@far", "<xyz:p;lr>"), ("sip:own;lr", "<tel:+491>, <sip:b@far>"), ("sip:b@far", "<sip:p;lr>, <http://q>")] {
            assert_eq!(routing(uri, routes), Err(Fault::Bad(Name::Route)), "{uri} {routes}");
        }
    }
}
