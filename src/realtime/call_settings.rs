//! What the call settings of an account make of a call: who is refused, what happens at once, and where it goes when nobody
//! answers.

use model::account::AccountSettings;
use service::Sender;
use sip::{Name, Request, Uri};
use uuid::Uuid;

use crate::admit::address_of;

/// Who calls, as settings ask for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// The account it is, by proof or by the word of whom we trust.
    pub(crate) account: Option<Uuid>,
    /// Addresses in lower case: the one that was proved, or what the request says.
    pub(crate) addresses: Vec<String>,
    /// Telephone numbers, `+` and digits where they are global.
    pub(crate) numbers: Vec<String>,
    /// He does not say who he is.
    pub(crate) anonymous: bool,
}

/// What happens to a call at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// The telephones ring.
    Ring,
    /// It is refused with this status.
    Refuse(u16, &'static str),
    /// The account is busy.
    Busy(&'static str),
    /// It goes elsewhere.
    Divert,
}

/// Why a call goes to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// All calls do.
    Always,
    /// The account is busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// No telephone can be reached.
    Unreachable,
    /// They ring too.
    Together,
}

impl Why {
    /// For who reads the ladder.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Always => "diverts all calls",
            Self::Busy => "is busy and diverts",
            Self::NoAnswer => "does not answer and diverts",
            Self::Unreachable => "cannot be reached and diverts",
            Self::Together => "also rings",
        }
    }

    /// The reason in a Diversion field (RFC 5806 §8.1).
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Always => "unconditional",
            Self::Busy => "user-busy",
            Self::NoAnswer => "no-answer",
            Self::Unreachable => "unavailable",
            Self::Together => "follow-me",
        }
    }

    /// The addresses that the settings name.
    pub(crate) fn addresses(self, settings: &AccountSettings, domain: &str) -> Vec<String> {
        match self {
            Self::Always => addresses(&settings.divert_always, domain),
            Self::Busy => addresses(&settings.divert_busy, domain),
            Self::NoAnswer => addresses(&settings.divert_no_answer, domain),
            Self::Unreachable if settings.divert_unregistered.trim().is_empty() => addresses(&settings.divert_no_answer, domain),
            Self::Unreachable => addresses(&settings.divert_unregistered, domain),
            Self::Together => settings.simultaneous_ring.iter().flat_map(|one| addresses(one, domain)).collect(),
        }
    }
}

impl Caller {
    pub(crate) fn of(request: &Request, sender: &Sender) -> Self {
        let mut caller = Self::default();
        let from = request.from().ok();
        caller.account = sender.subscriber.as_ref().or(sender.claimed.as_ref()).map(|subscriber| subscriber.account_id);
        if let Some(subscriber) = &sender.subscriber {
            caller.addresses.push(subscriber.address.to_lowercase());
            caller.numbers.extend(subscriber.telnums.iter().cloned());
        }
        if let Some(uri) = from.as_ref().map(|from| from.uri) {
            caller.add(&uri);
            let user = uri.user().unwrap_or_default();
            let nobody = uri.is_sip() && (user.is_empty() || user.eq_ignore_ascii_case("anonymous"));
            caller.anonymous = nobody || uri.host().eq_ignore_ascii_case("anonymous.invalid");
        }
        caller.anonymous |= request.tokens(Name::Privacy).any(|token| token.split(';').any(|one| ["id", "user"].iter().any(|word| one.trim().eq_ignore_ascii_case(word))));
        caller
    }

    fn add(&mut self, uri: &Uri<'_>) {
        let Some(address) = address_of(uri) else { return };
        let user = address.split('@').next().unwrap_or_default();
        self.numbers.extend(number(user));
        if uri.is_sip() {
            self.addresses.push(address.to_lowercase());
        }
    }

    /// Whether a line of a list means this caller.
    fn is_meant(&self, line: &str) -> bool {
        let line = line.trim().to_lowercase();
        if line.contains('@') {
            return self.addresses.iter().any(|address| fits(&line, address));
        }
        match number(&line) {
            Some(line) => self.numbers.iter().any(|number| fits(&line, number)),
            None => !line.is_empty() && self.addresses.iter().any(|address| fits(&line, address.split('@').next().unwrap_or_default())),
        }
    }

    pub(crate) fn is_listed(&self, lines: &[String]) -> bool {
        lines.iter().any(|line| self.is_meant(line))
    }
}

/// Whoever may not reach the account at all, by call or message: the status, and why.
pub(crate) fn refused(settings: &AccountSettings, caller: &Caller) -> Option<(u16, &'static str)> {
    if settings.reject_anonymous && caller.anonymous {
        Some((433, "refuses callers who do not say who they are"))
    } else if caller.is_listed(&settings.call_blacklist) {
        Some((603, "refuses this caller"))
    } else if settings.call_whitelist_only && !caller.is_listed(&settings.call_whitelist) {
        Some((603, "refuses callers who are not on the list"))
    } else {
        None
    }
}

/// What happens to a call at once; `in_call` when the account is in another. Nobody is refused by himself.
pub(crate) fn first(settings: &AccountSettings, caller: &Caller, own: bool, in_call: bool) -> First {
    if own {
        return First::Ring;
    }
    if !settings.accept_calls {
        return First::Refuse(480, "takes no calls");
    }
    if let Some((status, why)) = refused(settings, caller) {
        return First::Refuse(status, why);
    }
    if !settings.divert_always.trim().is_empty() {
        First::Divert
    } else if settings.do_not_disturb {
        First::Busy("does not want to be disturbed")
    } else if in_call && !settings.call_waiting {
        First::Busy("is in a call, and others do not wait")
    } else {
        First::Ring
    }
}

/// Why a call goes elsewhere after its telephones came to this status, when it does.
pub(crate) fn after(settings: &AccountSettings, status: u16, telephones: bool) -> Option<Why> {
    let why = match status {
        486 | 600 | 603 => Why::Busy,
        408 | 480 | 487 if telephones => Why::NoAnswer,
        _ => Why::Unreachable,
    };
    (!why.addresses(settings, "").is_empty()).then_some(why)
}

/// The addresses of a setting: a name or number is of the account's own domain.
fn addresses(text: &str, domain: &str) -> Vec<String> {
    let one = |part: &str| {
        let part = part.trim().trim_start_matches('<').trim_end_matches('>');
        if part.is_empty() {
            return None;
        }
        let lower = part.to_ascii_lowercase();
        if ["sip:", "sips:", "tel:"].iter().any(|scheme| lower.starts_with(scheme)) {
            let address = address_of(&Uri::parse(part.as_bytes()).ok()?)?;
            return Some(if address.contains('@') { address } else { format!("{address}@{domain}") });
        }
        if part.contains('@') {
            return Some(part.to_owned());
        }
        Some(format!("{}@{domain}", number(part).unwrap_or_else(|| part.to_owned())))
    };
    text.split(',').filter_map(one).collect()
}

/// A telephone number without what only eases reading, `00` as `+`; `None` for a name. `*` stays what it is.
fn number(text: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_digit() || "+*#-./() ".contains(c);
    if !text.chars().all(fits) || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || "+*#".contains(*c)).collect();
    Some(match digits.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => digits,
    })
}

/// Whether a text fits a picture in which `*` stands for anything.
fn fits(picture: &str, text: &str) -> bool {
    let mut parts = picture.split('*');
    let Some(rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    let mut rest = rest;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(addresses: &[&str], numbers: &[&str]) -> Caller {
        let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
        Caller { addresses: owned(addresses), numbers: owned(numbers), ..Caller::default() }
    }

    #[test]
    fn a_list_means_addresses_names_and_numbers() {
        let bob = caller(&["bob@a.example"], &["+4930123"]);
        for (line, meant) in [
            ("bob@a.example", true), ("BOB@A.example", true), ("*@a.example", true), ("*@*.example", true), ("bob", true), ("b*", true), ("*", true),
            ("+4930123", true), ("0049 30-123", true), ("+49*", true), ("+4930", false), ("30123", false), ("alice", false), ("*@b.example", false), ("", false),
        ] {
            assert_eq!(bob.is_meant(line), meant, "{line}");
        }
    }

    #[test]
    fn names_and_numbers_are_of_the_own_domain() {
        let found = addresses("bob, 0049 30 123 ,carol@b.example,<sip:dora@c.example>, tel:+49-30-1,,sip:", "a.example");
        assert_eq!(found, ["bob@a.example", "+4930123@a.example", "carol@b.example", "dora@c.example", "+49301@a.example"]);
    }

    #[test]
    fn what_happens_at_once() {
        let settings = |change: fn(&mut AccountSettings)| {
            let mut settings = AccountSettings::default();
            change(&mut settings);
            settings
        };
        let bob = caller(&["bob@a.example"], &[]);
        let nobody = Caller { anonymous: true, ..Caller::default() };
        let check = |change, caller: &Caller, in_call| first(&settings(change), caller, false, in_call);
        assert_eq!(check(|_| (), &bob, true), First::Ring);
        assert!(matches!(check(|s| s.accept_calls = false, &bob, false), First::Refuse(480, _)));
        assert!(matches!(check(|s| s.reject_anonymous = true, &nobody, false), First::Refuse(433, _)));
        assert_eq!(check(|s| s.reject_anonymous = true, &bob, false), First::Ring);
        assert!(matches!(check(|s| s.call_blacklist = vec!["bob".to_owned()], &bob, false), First::Refuse(603, _)));
        assert!(matches!(check(|s| s.call_whitelist_only = true, &bob, false), First::Refuse(603, _)));
        let listed: fn(&mut AccountSettings) = |s| (s.call_whitelist_only, s.call_whitelist) = (true, vec!["*@a.example".to_owned()]);
        assert_eq!(check(listed, &bob, false), First::Ring);
        assert_eq!(check(|s| (s.divert_always, s.do_not_disturb) = ("x".to_owned(), true), &bob, false), First::Divert);
        assert!(matches!(check(|s| s.do_not_disturb = true, &bob, false), First::Busy(_)));
        assert!(matches!(check(|s| s.call_waiting = false, &bob, true), First::Busy(_)));
        assert_eq!(check(|s| s.call_waiting = false, &bob, false), First::Ring);
        assert_eq!(first(&settings(|s| s.divert_always = "x".to_owned()), &bob, true, false), First::Ring);
    }

    #[test]
    fn where_a_call_goes_that_failed() {
        let mut settings = AccountSettings::default();
        assert_eq!(after(&settings, 486, true), None);
        (settings.divert_busy, settings.divert_no_answer) = ("x".to_owned(), "y".to_owned());
        assert_eq!([486, 603, 480, 408].map(|status| after(&settings, status, true)), [Some(Why::Busy), Some(Why::Busy), Some(Why::NoAnswer), Some(Why::NoAnswer)]);
        // Nobody can answer where no telephone is.
        assert_eq!(after(&settings, 480, false), Some(Why::Unreachable));
        assert_eq!(Why::Unreachable.addresses(&settings, "a"), ["y@a"]);
        settings.divert_unregistered = "z".to_owned();
        assert_eq!(Why::Unreachable.addresses(&settings, "a"), ["z@a"]);
        assert_eq!(after(&settings, 503, true), Some(Why::Unreachable));
    }
}
