//! Who sends a request, as it is told to others: what an account is called by.

use service::Subscriber;
use sip::identity::{self, Origin};
use sip::{Request, Splice, Uri};

use crate::admit::address_of;

/// Names the sender: an account by its addresses, others only when they are trusted.
pub(crate) fn put_identity(splice: &mut Splice<'_>, request: &Request, caller: Option<&Subscriber>, near: bool, next_is_trusted: bool) {
    let Some(caller) = caller else {
        let origin = if near { Origin::Peer } else { Origin::Stranger };
        return identity::put(splice, request, origin, next_is_trusted);
    };
    let (domain, uri) = (caller.address.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default(), format!("sip:{}", caller.address));
    let is_own = |uri: &Uri<'_>| {
        let Some(address) = address_of(uri) else { return false };
        let Some((user, host)) = address.rsplit_once('@') else { return caller.telnums.contains(&address) };
        let is_name = || address.eq_ignore_ascii_case(&caller.address) || caller.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(user));
        host.eq_ignore_ascii_case(domain) && (is_name() || caller.telnums.iter().any(|number| number == user))
    };
    let number = caller.telnums.first().map(String::as_str);
    identity::put(splice, request, Origin::Account { uri: &uri, number, is_own: &is_own, peer: near }, next_is_trusted);
}
