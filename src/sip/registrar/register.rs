//! What a REGISTER asks for, checked as a whole before anything is done (RFC 3261 §10.3).

use std::borrow::Cow;
use std::num::NonZeroU32;

use super::{AccountId, Binding, Cause, Change, Key, Locations, Nat, State, Texts};
use crate::endpoint::Flow;
use crate::header::{Address, Contact, Seconds, Transport};
use crate::scan;
use crate::{Name, Request, Uri};

/// The option tags a registrar knows.
pub(super) const SUPPORTED: [&str; 3] = ["path", "outbound", "gruu"];

/// Most contacts of one REGISTER.
const MOST_CONTACTS: usize = 100;

/// Limits of registrations; times in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Shortest time a client may ask for.
    pub min_expires: u32,
    /// The time when the client names none.
    pub default_expires: u32,
    /// Longest time that is given.
    pub max_expires: u32,
    /// Longest time for datagrams from behind address translation.
    pub max_expires_nat_udp: u32,
    /// Most bindings of an account.
    pub max_bindings: usize,
    /// Whether the oldest makes room for one too many.
    pub evict_oldest: bool,
    /// Whether a contact may be other than a SIP URI.
    pub foreign_contacts: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            min_expires: 60,
            default_expires: 3600,
            max_expires: 7200,
            max_expires_nat_udp: 600,
            max_bindings: 10,
            evict_oldest: false,
            foreign_contacts: false,
        }
    }
}

/// A REGISTER whose sender may change the bindings of the account.
pub struct Registration<'a> {
    /// Whose bindings.
    pub account: AccountId,
    /// The request.
    pub request: &'a Request,
    /// Where it came from.
    pub flow: Flow,
    /// How the client's address translates.
    pub nat: Nat,
    /// Whether the sender is a proxy of ours, whose Path needs no consent of the client.
    pub trusted: bool,
    /// The URIs of the account itself, which are no contacts.
    pub own: &'a [&'a str],
    /// Whether a contact would come back to this server.
    pub is_loop: &'a dyn Fn(&Uri<'_>) -> bool,
    /// The limits.
    pub rules: &'a Rules,
}

/// What a REGISTER came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// What became of bindings; empty when it was a question.
    pub changes: Vec<Change>,
    /// Whether the rules of outbound were used (RFC 5626 §6).
    pub outbound: bool,
    /// Whether Path was stored.
    pub(super) path: bool,
}

/// A REGISTER that changed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status code.
    pub status: u16,
    /// The reason phrase; empty for the usual one.
    pub reason: &'static str,
    /// Fields the answer carries.
    pub fields: Vec<(Name, String)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, reason: &'static str) -> Self {
        let fields = Vec::new();
        Self {
            status,
            reason,
            fields,
        }
    }

    pub(crate) fn with(mut self, name: Name, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }
}

/// One contact of a request.
struct Wanted<'a> {
    address: Address<'a>,
    params: String,
    instance: Cow<'a, str>,
    reg_id: Option<NonZeroU32>,
    /// Seconds, 0 to remove.
    expires: u32,
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

    fn is_of(&self, binding: &Binding) -> bool {
        let texts = binding.texts();
        self.same_as(texts.contact, texts.instance, binding.reg_id)
    }
}

/// The parts of a REGISTER that are the same for all its contacts.
struct Common<'a> {
    call_id: &'a str,
    cseq: u32,
    path: String,
    user_agent: Cow<'a, str>,
    outbound: bool,
}

impl Locations {
    /// Does what a REGISTER asks for, or nothing of it.
    ///
    /// # Errors
    /// [`Refusal`] with the answer to give.
    pub fn register(
        &mut self,
        now: u64,
        registration: &Registration<'_>,
    ) -> Result<Registered, Refusal> {
        let request = registration.request;
        let common = common(registration)?;
        let mut contacts = Vec::new();
        for contact in request.contacts() {
            contacts.push(contact.map_err(|_| Refusal::new(400, "Bad Contact"))?);
        }
        if contacts.len() > MOST_CONTACTS {
            return Err(too_many());
        }
        let changes = if contacts.iter().any(|c| matches!(c, Contact::All)) {
            self.check_all(registration, &common, contacts.len())?;
            self.clear(registration.account, Cause::Unregistered)
        } else {
            let addresses = contacts.into_iter().filter_map(|contact| match contact {
                Contact::All => None,
                Contact::Address(address) => Some(address),
            });
            let wanted = wanted(registration, &common, addresses)?;
            self.check(registration, &common, &wanted)?;
            self.apply(now, registration, &common, &wanted)
        };
        Ok(Registered {
            changes,
            outbound: common.outbound,
            path: !common.path.is_empty(),
        })
    }

    /// Whether all bindings may be removed.
    fn check_all(
        &self,
        registration: &Registration<'_>,
        common: &Common<'_>,
        contacts: usize,
    ) -> Result<(), Refusal> {
        let expires = registration.request.first::<Seconds<'_>>(Name::Expires);
        if contacts > 1 || !matches!(expires, Ok(Some(Seconds { seconds: 0, .. }))) {
            return Err(Refusal::new(400, "Bad Contact"));
        }
        match self
            .list(registration.account)
            .iter()
            .any(|b| is_old(b, common))
        {
            true => Err(Refusal::new(500, "Old CSeq")),
            false => Ok(()),
        }
    }

    /// Whether all that is wanted can be done.
    fn check(
        &self,
        registration: &Registration<'_>,
        common: &Common<'_>,
        wanted: &[Wanted<'_>],
    ) -> Result<(), Refusal> {
        let bindings = self.list(registration.account);
        let mut count = bindings.len();
        // Two contacts that differ may both be the same as a third; the first of them has it.
        let mut taken = Vec::new();
        for contact in wanted {
            let mut left = bindings.iter().filter(|b| !taken.contains(&b.id));
            match left.find(|binding| contact.is_of(binding)) {
                Some(binding) if is_old(binding, common) => {
                    return Err(Refusal::new(500, "Old CSeq"));
                }
                Some(binding) => {
                    count -= usize::from(contact.expires == 0);
                    taken.push(binding.id);
                }
                None => count += usize::from(contact.expires > 0),
            }
        }
        let rules = registration.rules;
        if count > bindings.len() && count > rules.max_bindings && !rules.evict_oldest {
            return Err(too_many());
        }
        Ok(())
    }

    fn apply(
        &mut self,
        now: u64,
        registration: &Registration<'_>,
        common: &Common<'_>,
        wanted: &[Wanted<'_>],
    ) -> Vec<Change> {
        let account = registration.account;
        let mut changes = Vec::with_capacity(wanted.len());
        for contact in wanted {
            let found = self.list(account).iter().find(|b| contact.is_of(b));
            let key = found.map(|binding| Key {
                account,
                id: binding.id,
            });
            match key {
                Some(key) if contact.expires == 0 => {
                    changes.extend(self.remove(key, Cause::Unregistered));
                }
                None if contact.expires == 0 => {}
                Some(key) => {
                    self.refresh(now, key, registration, common, contact);
                    changes.push(Change::Refreshed(key));
                }
                None => changes.push(self.add(now, registration, common, contact)),
            }
        }
        let most = registration.rules.max_bindings.max(1);
        let evicts = registration.rules.evict_oldest && !wanted.is_empty();
        while evicts && self.list(account).len() > most {
            let oldest = self.list(account).iter().min_by_key(|b| b.refreshed_at);
            let key = oldest.map(|oldest| Key {
                account,
                id: oldest.id,
            });
            changes.extend(key.and_then(|key| self.remove(key, Cause::Evicted)));
        }
        changes
    }

    fn refresh(
        &mut self,
        now: u64,
        key: Key,
        registration: &Registration<'_>,
        common: &Common<'_>,
        contact: &Wanted<'_>,
    ) {
        let Some(binding) = self.get_mut(key) else {
            return;
        };
        let (old, was_connected) = (binding.flow, binding.connected);
        binding.set_texts(texts(common, contact));
        let state = State {
            created_at: binding.created_at,
            rtt_ms: binding.rtt_ms,
            ..state(now, key, registration, common, contact)
        };
        *binding.state_mut() = state;
        if old != registration.flow || !was_connected {
            self.forget_flow(key.account, old.id);
            self.note_flow(key);
        }
        self.arm(key);
        self.arm_ping(key, now, 0);
    }

    fn add(
        &mut self,
        now: u64,
        registration: &Registration<'_>,
        common: &Common<'_>,
        contact: &Wanted<'_>,
    ) -> Change {
        let key = Key {
            account: registration.account,
            id: self.next_id,
        };
        self.next_id = self.next_id.wrapping_add(1);
        let state = state(now, key, registration, common, contact);
        self.insert(now, Binding::new(state, texts(common, contact)));
        Change::Added(key)
    }
}

fn too_many() -> Refusal {
    Refusal::new(403, "Too many registrations")
}

/// Whether the request came before what made the binding what it is.
fn is_old(binding: &Binding, common: &Common<'_>) -> bool {
    common.cseq <= binding.cseq && binding.texts().call_id == common.call_id
}

fn texts<'a>(common: &'a Common<'_>, contact: &'a Wanted<'_>) -> Texts<'a> {
    Texts {
        contact: contact.address.uri.text(),
        params: &contact.params,
        call_id: common.call_id,
        instance: &contact.instance,
        path: &common.path,
        user_agent: &common.user_agent,
    }
}

fn state(
    now: u64,
    key: Key,
    registration: &Registration<'_>,
    common: &Common<'_>,
    contact: &Wanted<'_>,
) -> State {
    State {
        account: key.account,
        id: key.id,
        q: contact.address.q(),
        cseq: common.cseq,
        expires_at: now.saturating_add(u64::from(contact.expires)),
        created_at: now,
        refreshed_at: now,
        reg_id: contact.reg_id,
        flow: registration.flow,
        connected: true,
        nat: registration.nat,
        rtt_ms: None,
        misses: 0,
    }
}

fn has_token(request: &Request, name: Name, token: &str) -> bool {
    request
        .tokens(name)
        .any(|found| found.eq_ignore_ascii_case(token))
}

fn common<'a>(registration: &Registration<'a>) -> Result<Common<'a>, Refusal> {
    let request = registration.request;
    let known = |tag: &&str| !SUPPORTED.iter().any(|s| s.eq_ignore_ascii_case(tag));
    let unknown: Vec<&str> = request.tokens(Name::Require).filter(known).collect();
    if !unknown.is_empty() {
        return Err(Refusal::new(420, "").with(Name::Unsupported, unknown.join(", ")));
    }
    let mut path = String::new();
    let mut reached = request.items(Name::Via).nth(1).is_none();
    for item in request.items(Name::Path) {
        let read = <Address<'_> as crate::header::Value<'_>>::parse(item);
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
fn wanted<'a>(
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
