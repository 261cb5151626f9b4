//! Which telephones a caller wants to reach (RFC 3841): Accept-Contact and Reject-Contact, held against what telephones say of
//! themselves when they register (RFC 3840).

use crate::params::Params;
use crate::registrar::Target;
use crate::scan::{self, Cursor};
use crate::{Name, Request};

/// Leaves out the targets that the caller does not want. One that says nothing of itself stays (RFC 3841 §7.2.1).
pub fn choose(request: &Request, targets: &mut Vec<Target<'_>>) {
    let read = |name| request.items(name).filter_map(predicate).collect::<Vec<Params<'_>>>();
    let (rejects, accepts) = (read(Name::RejectContact), read(Name::AcceptContact));
    if rejects.is_empty() && accepts.is_empty() {
        return;
    }
    targets.retain(|target| {
        let Some(way) = target.ways.first() else { return false };
        let texts = way.texts();
        let mut cursor = Cursor::new(texts.params.as_bytes());
        let says = Params::take(&mut cursor).unwrap_or_default();
        let features = Features { says, instance: texts.instance };
        features.are_none() || !rejects.iter().any(|one| features.are_rejected(*one)) && accepts.iter().all(|one| features.are_accepted(*one))
    });
}

/// What stands behind the star.
fn predicate(item: &[u8]) -> Option<Params<'_>> {
    let mut cursor = Cursor::new(scan::trim(item));
    cursor.eat(b'*').then(|| Params::whole(&mut cursor).ok())?
}

/// What a telephone says of itself.
#[derive(Clone, Copy)]
struct Features<'a> {
    says: Params<'a>,
    instance: &'a str,
}

/// Whether a parameter tells of a feature (RFC 3840 §9).
fn is_feature(name: &str) -> bool {
    const BASE: [&str; 14] =
        ["audio", "automata", "class", "duplex", "data", "control", "mobility", "description", "events", "priority", "methods", "schemes", "application", "video"];
    const MORE: [&str; 4] = ["language", "type", "isfocus", "actor"];
    name.starts_with('+') || BASE.iter().chain(&MORE).chain(&["text", "extensions"]).any(|base| base.eq_ignore_ascii_case(name))
}

impl Features<'_> {
    fn are_none(self) -> bool {
        self.instance.is_empty() && !self.says.iter().any(|(name, _)| is_feature(name))
    }

    /// Whether it is said to be so; `None` when nothing is said of it.
    fn have(self, name: &str, wanted: Option<&[u8]>) -> Option<bool> {
        if name.eq_ignore_ascii_case("+sip.instance") && !self.instance.is_empty() {
            return Some(unquoted(wanted) == self.instance);
        }
        let said = self.says.iter().find(|(found, _)| found.eq_ignore_ascii_case(name))?.1;
        let (said, wanted) = (unquoted(said), unquoted(wanted));
        Some(wanted.split(',').map(str::trim).any(|one| match one.strip_prefix('!') {
            Some(not) => !lists(said, not),
            None => lists(said, one),
        }))
    }

    /// Everything that is rejected is said of it.
    fn are_rejected(self, predicate: Params<'_>) -> bool {
        let mut features = predicate.iter().filter(|(name, _)| is_feature(name)).peekable();
        features.peek().is_some() && features.all(|(name, wanted)| self.have(name, wanted) == Some(true))
    }

    /// Nothing of what is required is denied; with `explicit` all of it has to be said.
    fn are_accepted(self, predicate: Params<'_>) -> bool {
        let explicit = predicate.has("explicit");
        !predicate.has("require") || predicate.iter().filter(|(name, _)| is_feature(name)).all(|(name, wanted)| self.have(name, wanted).unwrap_or(!explicit))
    }
}

/// The value of a feature without quotes; one that has none is true.
fn unquoted(value: Option<&[u8]>) -> &str {
    let text = value.map_or("TRUE", |value| scan::text(value).unwrap_or_default());
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

fn lists(said: &str, one: &str) -> bool {
    said.split(',').any(|said| said.trim().eq_ignore_ascii_case(one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Flow;
    use crate::header::Transport;
    use crate::registrar::{Locations, Nat, Registration, Rules};
    use crate::testing;

    const TELEPHONES: &str = "Contact: <sip:desk@192.0.2.1>;audio;methods=\"INVITE,BYE\"\r\nContact: <sip:screen@192.0.2.2>;audio;video;mobility=\"fixed\";+sip.instance=\"<urn:s>\"\r\n\
        Contact: <sip:mobile@192.0.2.3>;mobility=\"mobile\";audio=\"TRUE\";video=\"FALSE\"\r\nContact: <sip:old@192.0.2.4>;x=1\r\n";

    fn chosen(wishes: &str) -> String {
        let flow = Flow { id: 1, address: "192.0.2.1:5060".parse().unwrap(), transport: Transport::Udp };
        let register = testing::request(&format!("REGISTER sip:a.example SIP/2.0\r\nFrom: <sip:a@a.example>;tag=1\r\nTo: <sip:a@a.example>\r\n{TELEPHONES}Content-Length: 0\r\n\r\n"));
        let mut locations = Locations::new(1, 0);
        let registration =
            Registration { account: 1, request: &register, flow, nat: Nat::None, trusted: false, own: &[], is_loop: &|_| false, rules: &Rules::default() };
        locations.register(1, &registration).unwrap();
        let request = testing::request(&format!("INVITE sip:a@a.example SIP/2.0\r\nFrom: <sip:b@a.example>;tag=1\r\nTo: <sip:a@a.example>\r\n{wishes}Content-Length: 0\r\n\r\n"));
        let mut targets = locations.targets(1, 1);
        choose(&request, &mut targets);
        let mut names: Vec<String> = targets.iter().map(|target| target.ways.first().unwrap().uri().unwrap().user().unwrap().to_owned()).collect();
        names.sort();
        names.join(" ")
    }

    #[test]
    fn telephones_are_chosen_by_what_they_say() {
        let all = "desk mobile old screen";
        for (wishes, expected) in [
            ("", all),
            ("Accept-Contact: *;video\r\n", all),
            ("Accept-Contact: *;video;require\r\n", "desk old screen"),
            ("Accept-Contact: *;video;require;explicit\r\n", "old screen"),
            ("a: *;mobility=\"mobile\";require;explicit\r\n", "mobile old"),
            ("Accept-Contact: *;mobility=\"!mobile\";require;explicit\r\n", "old screen"),
            ("Accept-Contact: *;methods=\"SUBSCRIBE,bye\";require;explicit\r\n", "desk old"),
            ("Accept-Contact: *;audio;require, *;video;require;explicit\r\n", "old screen"),
            ("Accept-Contact: *;+sip.instance=\"<urn:s>\";require;explicit\r\n", "old screen"),
            ("Reject-Contact: *;video\r\n", "desk mobile old"),
            ("j: *;audio;mobility=\"mobile,fixed\"\r\n", "desk old"),
            ("Reject-Contact: *;audio\r\n", "old"),
            ("Reject-Contact: *\r\nAccept-Contact: *;require\r\n", all),
            ("Reject-Contact: audio\r\nAccept-Contact: *;=\r\n", all),
        ] {
            assert_eq!(chosen(wishes), expected, "{wishes}");
        }
    }
}
