//! Who may take a call over (RFC 3891): one of its parties, or whoever was asked to by a REFER that passed here. Anybody else
//! who knows its tags would steal it. And who may have a telephone do something without being in a call with it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use service::{Destination, Sender};
use sip::header::{Address, Replaces};
use sip::{Method, Name, Request, uri::unescape};
use uuid::Uuid;

use crate::switch::Switch;

/// How long a REFER is good for.
const GOOD_FOR: Duration = Duration::from_secs(32);

/// Calls that somebody was asked to take over, by their Call-IDs.
#[derive(Debug, Default)]
pub(crate) struct Referred(HashMap<Box<str>, Instant>);

impl Referred {
    fn note(&mut self, now: Instant, call_id: &str) {
        self.0.retain(|_, since| now.duration_since(*since) < GOOD_FOR);
        self.0.insert(call_id.into(), now);
    }

    fn holds(&self, now: Instant, call_id: &str) -> bool {
        self.0.get(call_id).is_some_and(|since| now.duration_since(*since) < GOOD_FOR)
    }
}

/// The Call-ID in the Replaces of a Refer-To, which is a header of its URI (RFC 3891 §6.1).
fn referred_call(request: &Request) -> Option<String> {
    let address: Address<'_> = request.first(Name::ReferTo).ok()??;
    let (_, value) = address.uri.headers().find(|(name, _)| name.eq_ignore_ascii_case("Replaces"))?;
    let value = String::from_utf8(unescape(value).into_owned()).ok()?;
    value.split(';').next().map(|call_id| call_id.trim().to_owned())
}

impl Switch {
    /// Notes a REFER of a party that asks the other to take a call over.
    pub(crate) fn note_refer(&mut self, now: Instant, request: &Request) {
        if let Some(call_id) = referred_call(request) {
            self.referred.note(now, &call_id);
        }
    }

    /// Whether a request that replaces a call of this node may do so.
    pub(crate) fn may_replace(&self, now: Instant, request: &Request, sender: &Sender) -> bool {
        let Ok(Some(replaces)) = request.first::<Replaces<'_>>(Name::Replaces) else { return true };
        let account = sender.subscriber.as_ref().or(sender.claimed.as_ref()).map(|subscriber| subscriber.account_id);
        let Some(parties) = self.calls.parties(replaces.call_id) else { return true };
        let is_party = |id: Uuid| parties.contains(&id);
        account.is_some_and(is_party) || self.referred.holds(now, replaces.call_id)
    }

    /// Whether a request outside dialogs may have a telephone dial (REFER: for one of its calls, RFC 4538, or one's own telephone,
    /// by its GRUU) or fetch its settings anew (NOTIFY that nobody asked for). Of strangers, a telephone would dial at its
    /// owner's cost.
    pub(crate) fn may_command(&self, request: &Request, sender: &Sender, near: bool, destinations: &[Destination]) -> bool {
        let account = sender.subscriber.as_ref().or(sender.claimed.as_ref()).map(|subscriber| subscriber.account_id);
        let own = || account.is_some() && destinations.iter().all(|one| matches!(one, Destination::Account(called) if Some(called.account_id) == account));
        match request.method() {
            Method::Notify => near || own(),
            Method::Refer => {
                let target = request.first::<Replaces<'_>>(Name::TargetDialog).ok().flatten();
                let parties = target.and_then(|target| self.calls.parties(target.call_id));
                let is_device = request.uri().is_ok_and(|uri| uri.param("gr").is_some());
                account.zip(parties).is_some_and(|(account, parties)| parties.contains(&account)) || is_device && own()
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use sip::{Limits, Message, Parsed, parse};

    use super::*;

    fn refer(refer_to: &str) -> Request {
        let text = format!("REFER sip:b@a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKx\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@a>;tag=2\r\nCall-ID: c\r\nCSeq: 1 REFER\r\nRefer-To: {refer_to}\r\nContent-Length: 0\r\n\r\n");
        match parse(text.into(), &Limits::DATAGRAM) {
            Parsed::Message(Message::Request(request)) => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refer_names_the_call_it_is_about() {
        // RFC 5589 §7.3.
        let attended = refer("<sips:transfertarget@example.com?Replaces=090459243588173445%3Bto-tag%3D7553452%3Bfrom-tag%3D31431>");
        assert_eq!(referred_call(&attended).as_deref(), Some("090459243588173445"));
        assert_eq!(referred_call(&refer("<sip:carol@a>")), None);
    }

    #[test]
    fn a_refer_is_good_for_a_while() {
        let (mut referred, now) = (Referred::default(), Instant::now());
        referred.note(now, "c");
        assert!(referred.holds(now + Duration::from_secs(31), "c") && !referred.holds(now + GOOD_FOR, "c") && !referred.holds(now, "d"));
        referred.note(now + GOOD_FOR, "d");
        assert_eq!(referred.0.len(), 1);
    }
}
