//! One binding, packed: its numbers, and its texts in one allocation.

use std::num::NonZeroU32;
use std::ops::Deref;

use super::{AccountId, BindingId};
use crate::endpoint::Flow;
use crate::scan::{self, Items};
use crate::uri::unescape;
use crate::{Uri, header::Transport};

/// How a client's address translates on its way to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Nat {
    /// Not at all.
    #[default]
    None,
    /// The client is behind a translator of its own.
    FarEnd,
    /// We are on two networks, and it is on the inner one.
    NearEnd,
}

/// What a binding is besides its texts; all times are Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Whose it is.
    pub account: AccountId,
    /// Which it is.
    pub id: BindingId,
    /// Preference in thousandths.
    pub q: u16,
    /// CSeq of the last REGISTER.
    pub cseq: u32,
    /// When it ends.
    pub expires_at: u64,
    /// When it began.
    pub created_at: u64,
    /// When it was last confirmed.
    pub refreshed_at: u64,
    /// Which flow of its device it is, when it was made by the rules of outbound (RFC 5626).
    pub reg_id: Option<NonZeroU32>,
    /// Where its last REGISTER came from.
    pub flow: Flow,
    /// Whether the flow is still there; without it a connection to the contact has to be opened.
    pub connected: bool,
    /// How addresses translate.
    pub nat: Nat,
    /// Milliseconds the last answer to a ping took.
    pub rtt_ms: Option<u32>,
    /// Pings in a row that nobody answered.
    pub misses: u8,
}

impl State {
    /// Whether requests may be sent there; after two pings without an answer they may not.
    pub fn is_reachable(&self) -> bool {
        self.misses < 2
    }

    /// Whether it has to be pinged; WebSockets have pings of their own.
    pub(super) fn wants_pings(&self) -> bool {
        let web = matches!(self.flow.transport, Transport::Ws | Transport::Wss);
        self.nat == Nat::FarEnd && self.connected && !web
    }

    /// Whether it is reached over this connection.
    pub(super) fn uses(&self, flow: u64) -> bool {
        self.connected && self.flow.transport.is_reliable() && self.flow.id == flow
    }

    /// Whether nothing reaches it but the flow it registered over.
    pub(super) fn needs_flow(&self) -> bool {
        let web = matches!(self.flow.transport, Transport::Ws | Transport::Wss);
        let stream = self.flow.transport.is_reliable();
        web || stream && (self.reg_id.is_some() || self.nat == Nat::FarEnd)
    }
}

/// The texts of a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Texts<'a> {
    /// The URI of the contact.
    pub contact: &'a str,
    /// Its parameters but for those that have a place of their own, each with its semicolon.
    pub params: &'a str,
    /// Call-ID of the last REGISTER.
    pub call_id: &'a str,
    /// `+sip.instance` without quotes; empty without one.
    pub instance: &'a str,
    /// The values of Path with commas between them (RFC 3327); empty without one.
    pub path: &'a str,
    /// User-Agent of the last REGISTER.
    pub user_agent: &'a str,
}

impl<'a> Texts<'a> {
    fn all(self) -> [&'a str; 6] {
        [
            self.contact,
            self.params,
            self.call_id,
            self.instance,
            self.path,
            self.user_agent,
        ]
    }
}

/// Where an account can be reached for a while (RFC 3261 §10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    state: State,
    text: Box<str>,
    ends: [u32; 6],
    /// When the wheel looks at it.
    pub(super) armed: u64,
    /// The end that was told of last, in a change or by who restored it.
    pub(super) told_until: u64,
    /// Whether its next ping is set.
    pub(super) pinged: bool,
}

impl Deref for Binding {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl Binding {
    pub(super) fn new(state: State, texts: Texts<'_>) -> Self {
        let mut binding = Self {
            state,
            text: Box::default(),
            ends: [0; 6],
            armed: u64::MAX,
            told_until: state.expires_at,
            pinged: false,
        };
        binding.pack(texts);
        binding
    }

    /// Takes new texts; nothing is allocated when they are the old ones.
    pub(super) fn set_texts(&mut self, texts: Texts<'_>) {
        if self.texts() != texts {
            self.pack(texts);
        }
    }

    /// Whether its end is off from what was told by a tenth of the time it was given, or more.
    pub(super) fn is_news(&self) -> bool {
        self.expires_at.abs_diff(self.told_until) >= self.grace().max(1)
    }

    /// A tenth of the time it was given.
    pub(super) fn grace(&self) -> u64 {
        self.expires_at.saturating_sub(self.refreshed_at) / 10
    }

    pub(super) fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn pack(&mut self, texts: Texts<'_>) {
        let all = texts.all();
        let mut end = 0;
        for (place, text) in self.ends.iter_mut().zip(all) {
            end += text.len();
            *place = crate::index::offset(end);
        }
        self.text = all.concat().into();
    }

    /// Its texts.
    pub fn texts(&self) -> Texts<'_> {
        let mut start = 0;
        let mut cuts = self.ends.iter().map(|end| {
            let cut = self.text.get(start..*end as usize).unwrap_or_default();
            start = *end as usize;
            cut
        });
        let mut next = || cuts.next().unwrap_or_default();
        Texts {
            contact: next(),
            params: next(),
            call_id: next(),
            instance: next(),
            path: next(),
            user_agent: next(),
        }
    }

    /// The URI of the contact as it was registered.
    pub fn contact(&self) -> &str {
        let end = self.ends.first().copied().unwrap_or_default();
        self.text.get(..end as usize).unwrap_or_default()
    }

    /// The same, read.
    pub fn uri(&self) -> Option<Uri<'_>> {
        Uri::parse(self.contact().as_bytes()).ok()
    }

    /// The URI of a request that goes there: the contact without headers (RFC 3261 §19.1.5).
    pub fn request_uri(&self) -> &str {
        let contact = self.contact();
        // Most have no question mark; one may belong to the user.
        match contact.contains('?') {
            true => Uri::parse(contact.as_bytes()).map_or(contact, |uri| uri.without_headers()),
            false => contact,
        }
    }

    /// The values of Route in a request that goes there: Path, then what the contact itself asks for (RFC 3327 §5.4, RFC
    /// 4475 §3.3.14).
    pub fn routes(&self) -> Vec<String> {
        let path = Items::new(self.texts().path.as_bytes()).filter_map(scan::text);
        let mut routes: Vec<String> = path
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect();
        let uri = self.uri();
        let headers = uri.iter().flat_map(|uri| uri.headers());
        for (_, value) in headers.filter(|(name, _)| name.eq_ignore_ascii_case("Route")) {
            routes.extend(String::from_utf8(unescape(value).into_owned()));
        }
        routes
    }

    /// Whether it is made by the rules of outbound (RFC 5626).
    pub fn is_outbound(&self) -> bool {
        self.reg_id.is_some()
    }

    /// Octets it occupies, with what the allocator rounds up to.
    #[cfg(test)]
    pub(super) fn octets(&self) -> usize {
        size_of::<Self>() + self.text.len().next_multiple_of(16) + 16
    }
}
