//! What a REGISTER asks for, checked as a whole before anything is done (RFC 3261 §10.3).

use super::contacts::{Common, Wanted, common, wanted};
use super::{AccountId, Binding, Cause, Change, Key, Locations, Nat, State, Texts};
use crate::endpoint::Flow;
use crate::header::{Contact, Seconds};
use crate::{Name, Refusal, Request, Uri};

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
                    changes.extend(self.refresh(now, key, registration, common, contact));
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
    ) -> Option<Change> {
        let binding = self.get_mut(key)?;
        let (old, was_connected) = (binding.flow, binding.connected);
        let texts = texts(common, contact);
        let before = Texts { call_id: texts.call_id, ..binding.texts() };
        let mut same = before == texts;
        binding.set_texts(texts);
        let state = State {
            created_at: binding.created_at,
            rtt_ms: binding.rtt_ms,
            ..state(now, key, registration, common, contact)
        };
        same &= (binding.q, binding.reg_id, binding.flow, binding.nat) == (state.q, state.reg_id, state.flow, state.nat);
        *binding.state_mut() = state;
        let told = !same || binding.is_news();
        if told {
            binding.told_until = binding.expires_at;
        }
        if old != registration.flow || !was_connected {
            self.forget_flow(key.account, old.id);
            self.note_flow(key);
        }
        self.arm(key);
        self.arm_ping(key, now, 0);
        Some(match (same, told) {
            (false, _) => Change::Refreshed(key),
            (true, true) => Change::Prolonged(key),
            (true, false) => Change::Confirmed(key),
        })
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
