//! The contacts of a REGISTER, read and checked one by one.

use std::borrow::Cow;
use std::num::NonZeroU32;

use super::{Binding, Nat, Registration};
use crate::header::{Address, Contact, Seconds, Transport, Value};
use crate::{Name, Refusal, Request, Uri, scan};

/// The option tags a registrar knows.
pub(super) const SUPPORTED: [&str; 3] = ["path", "outbound", "gruu"];

/// One contact of a request.
pub(super) struct Wanted<'a> {
    pub(super) address: Address<'a>,
    pub(super) params: String,
    pub(super) instance: Cow<'a, str>,
    pub(super) reg_id: Option<NonZeroU32>,
    /// Seconds, 0 to remove.
    pub(super) expires: u32,
}

impl Wanted<'_> {
    /// Whether it asks for the same binding (RFC 3261 §10.3, RFC 5626 §6).
    fn same_as(&self, contact: &str, instance: &str, reg_id: Option<NonZeroU32>) -> bool {
        if self.reg_id.is_some() || reg_id.is_some() {
            return self.reg_id == reg_id && self.instance == instance;
        }
        let uri = &self.address.uri;
        uri.text() == contact
            || Uri::parse(contact.as_bytes()).is_ok_and(|other| uri.same_as(&other))
    }

    pub(super) fn is_of(&self, binding: &Binding) -> bool {
        let texts = binding.texts();
        self.same_as(texts.contact, texts.instance, binding.reg_id)
    }
}

/// The parts of a REGISTER that are the same for all its contacts.
pub(super) struct Common<'a> {
    pub(super) call_id: &'a str,
    pub(super) cseq: u32,
    pub(super) path: String,
    pub(super) user_agent: Cow<'a, str>,
    pub(super) outbound: bool,
}

fn has_token(request: &Request, name: Name, token: &str) -> bool {
    request
        .tokens(name)
        .any(|found| found.eq_ignore_ascii_case(token))
}

pub(super) fn common<'a>(registration: &Registration<'a>) -> Result<Common<'a>, Refusal> {
    let request = registration.request;
    let known = |tag: &&str| !SUPPORTED.iter().any(|s| s.eq_ignore_ascii_case(tag));
    let unknown: Vec<&str> = request.tokens(Name::Require).filter(known).collect();
    if !unknown.is_empty() {
        return Err(Refusal::new(420, "").with(Name::Unsupported, unknown.join(", ")));
    }
    let mut path = String::new();
    let mut reached = request.items(Name::Via).nth(1).is_none();
    for item in request.items(Name::Path) {
        let read = Address::parse(item);
        let (Ok(address), Some(text)) = (read, scan::text(item)) else {
            return Err(Refusal::new(400, "Bad Path"));
        };
        if path.is_empty() {
            reached |= address.uri.param("ob").is_some();
        } else {
            path.push(',');
        }
        path.push_str(text);
    }
    if !path.is_empty() && !registration.trusted && !has_token(request, Name::Supported, "path") {
        return Err(Refusal::new(420, "").with(Name::Unsupported, "path"));
    }
    let outbound = has_token(request, Name::Supported, "outbound")
        && request.contacts().any(|contact| {
            matches!(contact, Ok(Contact::Address(address)) if reg_id(&address).is_some())
        });
    if outbound && !reached {
        return Err(Refusal::new(439, ""));
    }
    let cseq = request
        .cseq()
        .map_err(|_| Refusal::new(400, "Bad CSeq"))?
        .number;
    let user_agent = request.value(Name::UserAgent).unwrap_or_default();
    Ok(Common {
        call_id: request.call_id(),
        cseq,
        path,
        user_agent: String::from_utf8_lossy(user_agent),
        outbound,
    })
}

/// The number of the flow, which counts with the identity of a device only (RFC 5626 §6).
fn reg_id(address: &Address<'_>) -> Option<NonZeroU32> {
    address.instance()?;
    NonZeroU32::new(address.reg_id()?)
}

/// Reads all contacts; of two for the same binding the later counts.
pub(super) fn wanted<'a>(
    registration: &Registration<'a>,
    common: &Common<'_>,
    addresses: impl Iterator<Item = Address<'a>>,
) -> Result<Vec<Wanted<'a>>, Refusal> {
    let header = registration.request.first::<Seconds<'_>>(Name::Expires);
    let header = header.ok().flatten().map(|expires| expires.seconds);
    let mut wanted: Vec<Wanted<'a>> = Vec::new();
    for address in addresses {
        check_uri(registration, &address.uri)?;
        let instance = address.params.unquoted("+sip.instance").unwrap_or_default();
        let contact = Wanted {
            params: kept_params(&address),
            instance,
            reg_id: reg_id(&address).filter(|_| common.outbound),
            expires: lifetime(registration, &address, header)?,
            address,
        };
        wanted.retain(|other| {
            !contact.same_as(other.address.uri.text(), &other.instance, other.reg_id)
        });
        wanted.push(contact);
    }
    let lasting = wanted.iter().filter(|contact| contact.expires > 0);
    if lasting.count() > 1 && wanted.iter().any(|contact| contact.reg_id.is_some()) {
        return Err(Refusal::new(400, "Several Contacts With reg-id"));
    }
    Ok(wanted)
}

fn check_uri(registration: &Registration<'_>, uri: &Uri<'_>) -> Result<(), Refusal> {
    if !uri.is_sip() {
        return match registration.rules.foreign_contacts {
            true => Ok(()),
            false => Err(Refusal::new(400, "Contact Is Not SIP")),
        };
    }
    let same_name = |own: &&str| {
        Uri::parse(own.as_bytes()).is_ok_and(|own| {
            own.user() == uri.user()
                && own.host().eq_ignore_ascii_case(uri.host())
                && uri.port().unwrap_or(5060) == own.port().unwrap_or(5060)
        })
    };
    if registration.own.iter().any(same_name) || (registration.is_loop)(uri) {
        return Err(Refusal::new(400, "Contact Loops"));
    }
    let transport = uri.param("transport").and_then(Transport::parse);
    let web = matches!(transport, Some(Transport::Ws | Transport::Wss));
    let direct = registration.request.value(Name::Path).is_none();
    let came = registration.flow.transport;
    if web && direct && !matches!(came, Transport::Ws | Transport::Wss) {
        return Err(Refusal::new(400, "Contact Of Another Transport"));
    }
    Ok(())
}

fn lifetime(
    registration: &Registration<'_>,
    address: &Address<'_>,
    header: Option<u32>,
) -> Result<u32, Refusal> {
    let rules = registration.rules;
    let asked = address.expires().or(header);
    let asked = asked.unwrap_or(rules.default_expires.max(rules.min_expires));
    if asked == 0 {
        return Ok(0);
    }
    if asked < rules.min_expires {
        let refusal = Refusal::new(423, "");
        return Err(refusal.with(Name::MinExpires, rules.min_expires.to_string()));
    }
    let most = match (registration.nat, registration.flow.transport) {
        (Nat::FarEnd, Transport::Udp) => rules.max_expires.min(rules.max_expires_nat_udp),
        _ => rules.max_expires,
    };
    Ok(asked.min(most.max(rules.min_expires)))
}

/// The parameters of a contact that are not held elsewhere.
fn kept_params(address: &Address<'_>) -> String {
    const ELSEWHERE: [&str; 6] = [
        "q",
        "expires",
        "+sip.instance",
        "reg-id",
        "pub-gruu",
        "temp-gruu",
    ];
    let mut kept = String::new();
    for (name, value) in address.params.iter() {
        if ELSEWHERE
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other))
        {
            continue;
        }
        let text = value.map(scan::text);
        if let Some(None) = text {
            continue;
        }
        kept.push(';');
        kept.push_str(name);
        if let Some(value) = text.flatten() {
            kept.push('=');
            kept.push_str(value);
        }
    }
    kept
}
