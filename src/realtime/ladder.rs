//! The ladder of one call: what passed and what was decided, in a bounded ring that costs little until somebody asks.

use std::collections::VecDeque;

use bytes::Bytes;
use model::call::{CallTrace, TraceArrow, TraceNote, TraceParticipant};
use sip::endpoint::Flow;
use types::Timestamp;
use uuid::Uuid;

/// Most entries, and most octets of messages, of one call.
const ENTRIES: usize = 200;
const OCTETS: usize = 256 * 1024;

#[derive(Debug, Clone)]
enum Entry {
    /// A message that came (`true`) or left.
    Message(bool, Flow, Bytes),
    Note(&'static str, String),
}

/// What passed in a call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ladder {
    entries: VecDeque<(Timestamp, Entry)>,
    octets: usize,
    truncated: bool,
    /// It is to be kept for days.
    pub(crate) kept: bool,
    /// Nothing is noted.
    pub(crate) off: bool,
}

impl Ladder {
    /// Notes a message that came.
    pub(crate) fn received(&mut self, at: Timestamp, flow: Flow, octets: Bytes) {
        self.push(at, Entry::Message(true, flow, octets));
    }

    /// Notes a message that left.
    pub(crate) fn sent(&mut self, at: Timestamp, flow: Flow, octets: Bytes) {
        self.push(at, Entry::Message(false, flow, octets));
    }

    /// Notes a decision.
    pub(crate) fn note(&mut self, at: Timestamp, kind: &'static str, text: impl Into<String>) {
        self.push(at, Entry::Note(kind, text.into()));
    }

    fn push(&mut self, at: Timestamp, entry: Entry) {
        if self.off {
            return;
        }
        if let Entry::Message(_, _, octets) = &entry {
            self.octets += octets.len();
        }
        self.entries.push_back((at, entry));
        while self.entries.len() > ENTRIES || self.octets > OCTETS {
            self.truncated = true;
            let Some((_, gone)) = self.entries.pop_front() else { return };
            if let Entry::Message(_, _, octets) = gone {
                self.octets = self.octets.saturating_sub(octets.len());
            }
        }
    }

    /// The flow of the first message.
    pub(crate) fn first(&self) -> Option<Flow> {
        self.entries.iter().find_map(|(_, entry)| if let Entry::Message(_, flow, _) = entry { Some(*flow) } else { None })
    }

    /// As the API shows it, with our own address.
    pub(crate) fn show(&self, id: Uuid, own: String) -> CallTrace {
        let mut trace = CallTrace {
            id,
            participants: vec![TraceParticipant { id: 0, label: "Postamt".to_owned(), address: own }],
            arrows: Vec::new(),
            notes: Vec::new(),
            truncated: self.truncated,
        };
        for (at, entry) in &self.entries {
            match entry {
                Entry::Note(kind, text) => trace.notes.push(TraceNote { at: *at, kind: (*kind).to_owned(), text: text.clone() }),
                Entry::Message(came, flow, octets) => {
                    let other = participant(&mut trace.participants, flow);
                    let text = String::from_utf8_lossy(octets);
                    let label = text.lines().next().unwrap_or_default().to_owned();
                    let code = label.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)?.parse().ok());
                    let (from, to) = if *came { (other, 0) } else { (0, other) };
                    trace.arrows.push(TraceArrow { at: *at, from, to, label, code, transport: flow.transport.name().to_owned(), message: masked(&text) });
                }
            }
        }
        trace
    }
}

fn participant(known: &mut Vec<TraceParticipant>, flow: &Flow) -> i32 {
    let address = flow.address.to_string();
    if let Some(found) = known.iter().find(|one| one.address == address) {
        return found.id;
    }
    let id = i32::try_from(known.len()).unwrap_or(i32::MAX);
    known.push(TraceParticipant { id, label: address.clone(), address });
    id
}

/// A message without what proves who somebody is, and without keys of media.
fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    // What people write to each other is theirs alone.
    let is_message = text.starts_with("MESSAGE ");
    for line in text.split_inclusive('\n') {
        if is_message && line.trim_end().is_empty() {
            shown.push_str(line);
            break;
        }
        let lower = line.to_ascii_lowercase();
        let secret = ["authorization:", "proxy-authorization:", "a=crypto:", "a=ice-pwd:"].iter().any(|start| lower.starts_with(start));
        let masks = if secret { line.find(':') } else { None };
        match masks {
            Some(at) => {
                shown.push_str(line.get(..=at).unwrap_or_default());
                shown.push_str(" ***\r\n");
            }
            None => shown.push_str(line),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use sip::header::Transport;

    use super::*;

    fn flow(port: u16) -> Flow {
        Flow { id: 1, address: ([192, 0, 2, 1], port).into(), transport: Transport::Udp }
    }

    #[test]
    fn a_ladder_shows_who_said_what_but_no_secrets() {
        let mut ladder = Ladder::default();
        let at = Timestamp::from_seconds(1);
        ladder.received(at, flow(1), "INVITE sip:b@a SIP/2.0\r\nAuthorization: Digest response=\"0123\"\r\n\r\na=crypto:1 AES inline:key\r\n".into());
        ladder.note(at, "route", "b@a -> account");
        ladder.sent(at, flow(2), "INVITE sip:b@c SIP/2.0\r\n\r\n".into());
        ladder.received(at, flow(2), "SIP/2.0 180 Ringing\r\n\r\n".into());
        let shown = ladder.show(Uuid::nil(), String::new());
        let arrows: Vec<_> = shown.arrows.iter().map(|arrow| (arrow.from, arrow.to, arrow.code)).collect();
        assert_eq!(arrows, [(1, 0, None), (0, 2, None), (2, 0, Some(180))]);
        assert_eq!((shown.participants.len(), shown.notes.len()), (3, 1));
        assert_eq!(masked("MESSAGE sip:b@a SIP/2.0\r\nTo: b\r\n\r\nI love you\r\n"), "MESSAGE sip:b@a SIP/2.0\r\nTo: b\r\n\r\n");
        let first = &shown.arrows[0].message;
        assert!(!first.contains("0123") && !first.contains("inline") && first.contains("INVITE"), "{first}");
    }

    #[test]
    fn a_ladder_is_bounded() {
        let mut ladder = Ladder::default();
        for _ in 0..1000 {
            ladder.received(Timestamp::default(), flow(1), vec![b'x'; 10_000].into());
        }
        assert!(ladder.octets <= OCTETS && ladder.entries.len() <= ENTRIES && ladder.show(Uuid::nil(), String::new()).truncated);
    }
}
