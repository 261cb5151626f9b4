//! The bindings of an account: `application/reginfo+xml` (RFC 3680 §5).

use std::fmt::Display;

use super::xml::Xml;
use crate::registrar::{Binding, Cause};

/// Writes the body: what is bound at `now`, Unix seconds, and what was bound until this version.
pub fn write<'a>(
    version: u32,
    aor: &str,
    now: u64,
    bindings: impl IntoIterator<Item = &'a Binding>,
    removed: impl IntoIterator<Item = (Cause, &'a Binding)>,
) -> String {
    let bindings: Vec<_> = bindings.into_iter().collect();
    let removed: Vec<_> = removed.into_iter().collect();
    let state = match (bindings.is_empty(), removed.is_empty()) {
        (false, _) => "active",
        (true, false) => "terminated",
        (true, true) => "init",
    };
    let mut xml = Xml::new();
    xml.open(
        "reginfo",
        &[
            ("xmlns", &"urn:ietf:params:xml:ns:reginfo"),
            ("version", &version),
            ("state", &"full"),
        ],
    );
    xml.open(
        "registration",
        &[("aor", &aor), ("id", &"r"), ("state", &state)],
    );
    for binding in bindings {
        let event = match binding.created_at == binding.refreshed_at {
            true => "registered",
            false => "refreshed",
        };
        contact(&mut xml, now, binding, "active", event);
    }
    for (cause, binding) in removed {
        contact(&mut xml, now, binding, "terminated", cause.event());
    }
    xml.finish()
}

fn contact(xml: &mut Xml, now: u64, binding: &Binding, state: &str, event: &str) {
    let texts = binding.texts();
    let id = format_args!("c{:032x}", binding.id).to_string();
    let expires = binding.expires_at.saturating_sub(now);
    let since = now.saturating_sub(binding.created_at);
    let q = format!("{}.{:03}", binding.q / 1000, binding.q % 1000);
    let attributes: [(&str, &dyn Display); 8] = [
        ("id", &id),
        ("state", &state),
        ("event", &event),
        ("duration-registered", &since),
        ("expires", &expires),
        ("q", &q),
        ("callid", &texts.call_id),
        ("cseq", &binding.cseq),
    ];
    xml.open("contact", &attributes);
    xml.leaf("uri", &[], texts.contact);
    if !texts.instance.is_empty() {
        let quoted = format!("\"{}\"", texts.instance);
        xml.leaf("unknown-param", &[("name", &"+sip.instance")], &quoted);
    }
    xml.close();
}
