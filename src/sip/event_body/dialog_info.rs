//! The calls of an account: `application/dialog-info+xml` (RFC 4235).

use std::fmt::Display;

use super::xml::Xml;

/// How far a call is (RFC 4235 §3.7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Sent, nothing heard.
    Trying,
    /// Something heard, without a tag.
    Proceeding,
    /// It rings.
    Early,
    /// It is answered.
    Confirmed,
    /// It is over.
    Terminated(Option<Over>),
}

/// Why a call is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The caller gave up.
    Cancelled,
    /// It was refused with this status.
    Rejected(u16),
    /// Another call took its place.
    Replaced,
    /// We hung up.
    LocalBye,
    /// The other side hung up.
    RemoteBye,
    /// Something went wrong.
    Error,
    /// Nothing was heard any more.
    Timeout,
}

/// One side of a call; what is empty is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Party<'a> {
    /// Its address.
    pub identity: &'a str,
    /// Its name.
    pub display: &'a str,
    /// Where it is, which only somebody may know who may pick up.
    pub target: &'a str,
}

/// One call as the account sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    /// What tells it from others.
    pub id: &'a str,
    /// The Call-ID; empty not to be told.
    pub call_id: &'a str,
    /// The tag of the account; empty not to be told.
    pub local_tag: &'a str,
    /// The tag of the other side; empty when there is none or it is not to be told.
    pub remote_tag: &'a str,
    /// Whether the account called.
    pub initiator: bool,
    /// How far it is.
    pub state: State,
    /// Seconds since it began.
    pub duration: Option<u64>,
    /// The account.
    pub local: Party<'a>,
    /// The other side.
    pub remote: Party<'a>,
}

/// Writes the body: these calls of `entity` as of this version, all there are unless it is `partial`.
pub fn write<'a>(
    version: u32,
    partial: bool,
    entity: &str,
    calls: impl IntoIterator<Item = Call<'a>>,
) -> String {
    let mut xml = Xml::new();
    xml.open(
        "dialog-info",
        &[
            ("xmlns", &"urn:ietf:params:xml:ns:dialog-info"),
            ("version", &version),
            ("state", &if partial { "partial" } else { "full" }),
            ("entity", &entity),
        ],
    );
    for call in calls {
        let direction = if call.initiator {
            "initiator"
        } else {
            "recipient"
        };
        let all: [(&str, &dyn Display); 5] = [
            ("id", &call.id),
            ("call-id", &call.call_id),
            ("local-tag", &call.local_tag),
            ("remote-tag", &call.remote_tag),
            ("direction", &direction),
        ];
        let told: Vec<_> = all
            .into_iter()
            .filter(|(_, value)| !value.to_string().is_empty())
            .collect();
        xml.open("dialog", &told);
        state(&mut xml, call.state);
        if let Some(duration) = call.duration {
            xml.leaf("duration", &[], &duration.to_string());
        }
        party(&mut xml, "local", call.local);
        party(&mut xml, "remote", call.remote);
        xml.close();
    }
    xml.finish()
}

fn state(xml: &mut Xml, state: State) {
    let mut code = None;
    let (name, event) = match state {
        State::Trying => ("trying", ""),
        State::Proceeding => ("proceeding", ""),
        State::Early => ("early", ""),
        State::Confirmed => ("confirmed", ""),
        State::Terminated(over) => {
            let event = match over {
                None => "",
                Some(Over::Cancelled) => "cancelled",
                Some(Over::Rejected(status)) => {
                    code = Some(status);
                    "rejected"
                }
                Some(Over::Replaced) => "replaced",
                Some(Over::LocalBye) => "local-bye",
                Some(Over::RemoteBye) => "remote-bye",
                Some(Over::Error) => "error",
                Some(Over::Timeout) => "timeout",
            };
            ("terminated", event)
        }
    };
    let mut attributes: Vec<(&str, &dyn Display)> = Vec::new();
    if !event.is_empty() {
        attributes.push(("event", &event));
    }
    if let Some(code) = &code {
        attributes.push(("code", code));
    }
    xml.leaf("state", &attributes, name);
}

fn party(xml: &mut Xml, side: &'static str, party: Party<'_>) {
    if party == Party::default() {
        return;
    }
    xml.open(side, &[]);
    if !party.identity.is_empty() {
        let display: [(&str, &dyn Display); 1] = [("display", &party.display)];
        let named = !party.display.is_empty();
        let attributes = if named { &display[..] } else { &[] };
        xml.leaf("identity", attributes, party.identity);
    }
    if !party.target.is_empty() {
        xml.leaf("target", &[("uri", &party.target)], "");
    }
    xml.close();
}
