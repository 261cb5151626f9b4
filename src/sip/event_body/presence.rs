//! Presence documents: `application/pidf+xml` (RFC 3863) with the activities of RFC 4480.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, Event};

use super::xml::Xml;

/// Longest note, in characters.
const LONGEST_NOTE: usize = 1000;

/// How far somebody can be reached; of several devices the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Availability {
    /// Not at all.
    #[default]
    Offline,
    /// Not now.
    Away,
    /// Now.
    Online,
    /// Not to be disturbed: one busy device makes its owner busy.
    Busy,
}

/// The presence of somebody, or of one of his devices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Presence {
    /// How far he can be reached.
    pub availability: Availability,
    /// Whether he is in a call.
    pub on_the_phone: bool,
    /// What he says of it; empty for nothing.
    pub note: String,
}

/// Why a document is no presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PresenceError {
    /// It is not well-formed, or it defines a type of its own.
    #[error("malformed XML")]
    Xml,
    /// Its root is another element than `presence`.
    #[error("not a presence document")]
    Root,
}

impl Presence {
    /// What comes of several devices: the greatest availability with its note, in a call when one is.
    pub fn aggregate<'a>(devices: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        for device in devices {
            let more = device.availability > all.availability;
            if more || device.availability == all.availability && all.note.is_empty() {
                all.note.clone_from(&device.note);
            }
            all.availability = all.availability.max(device.availability);
            all.on_the_phone |= device.on_the_phone;
        }
        all
    }

    /// Writes the document. `entity` is whose presence it is, `contact` where he is reached.
    pub fn write(&self, entity: &str, contact: Option<&str>) -> String {
        let mut xml = Xml::new();
        xml.open(
            "presence",
            &[
                ("xmlns", &"urn:ietf:params:xml:ns:pidf"),
                ("xmlns:dm", &"urn:ietf:params:xml:ns:pidf:data-model"),
                ("xmlns:rpid", &"urn:ietf:params:xml:ns:pidf:rpid"),
                ("entity", &entity),
            ],
        );
        xml.open("tuple", &[("id", &"t")]);
        xml.open("status", &[]);
        let open = self.availability > Availability::Offline;
        xml.leaf("basic", &[], if open { "open" } else { "closed" });
        xml.close();
        if let Some(contact) = contact {
            xml.leaf("contact", &[], contact);
        }
        xml.close();
        if !self.note.is_empty() {
            xml.leaf("note", &[], &self.note);
        }
        let activity = match self.availability {
            Availability::Busy => Some("rpid:busy"),
            Availability::Away => Some("rpid:away"),
            Availability::Offline | Availability::Online => None,
        };
        if activity.is_some() || self.on_the_phone {
            xml.open("dm:person", &[("id", &"p")]);
            xml.open("rpid:activities", &[]);
            if let Some(activity) = activity {
                xml.leaf(activity, &[], "");
            }
            if self.on_the_phone {
                xml.leaf("rpid:on-the-phone", &[], "");
            }
        }
        xml.finish()
    }

    /// Reads what a device publishes. Names are told apart without their namespaces; what is not known is passed over.
    ///
    /// # Errors
    /// [`PresenceError`].
    pub fn read(body: &[u8]) -> Result<Self, PresenceError> {
        let text = std::str::from_utf8(body).map_err(|_| PresenceError::Xml)?;
        let mut reader = Reader::from_str(text);
        let mut found = Found::default();
        let mut depth = 0_usize;
        let mut rooted = false;
        loop {
            match reader.read_event().map_err(|_| PresenceError::Xml)? {
                Event::Start(start) => {
                    root(&mut rooted, depth, start.local_name().as_ref())?;
                    depth += 1;
                    found.enter(start.local_name().as_ref());
                }
                Event::Empty(start) => {
                    root(&mut rooted, depth, start.local_name().as_ref())?;
                    found.enter(start.local_name().as_ref());
                    found.leave();
                }
                Event::End(_) => {
                    depth = depth.saturating_sub(1);
                    found.leave();
                }
                Event::Text(text) => found.text(&text.xml10_content()),
                Event::CData(text) => found.text(&text.xml10_content()),
                Event::GeneralRef(reference) => found.text(&resolve(&reference)?),
                Event::DocType(_) => return Err(PresenceError::Xml),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof if depth > 0 => return Err(PresenceError::Xml),
                Event::Eof if !rooted => return Err(PresenceError::Root),
                Event::Eof => return Ok(found.presence()),
            }
        }
    }
}

/// There is one root, and it is a presence.
fn root(rooted: &mut bool, depth: usize, name: &str) -> Result<(), PresenceError> {
    if depth > 0 {
        return Ok(());
    }
    if *rooted || name != "presence" {
        return Err(PresenceError::Root);
    }
    *rooted = true;
    Ok(())
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, PresenceError> {
    let character = reference
        .resolve_char_ref()
        .map_err(|_| PresenceError::Xml)?;
    match character {
        Some(character) => Ok(character.to_string()),
        None => resolve_xml_entity(reference)
            .map(str::to_owned)
            .ok_or(PresenceError::Xml),
    }
}

/// Which text is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Basic,
    Note,
}

#[derive(Debug, Default)]
struct Found {
    open: bool,
    busy: bool,
    away: bool,
    on_the_phone: bool,
    /// Elements inside of `activities`, with it.
    activities: usize,
    reading: Option<Reading>,
    basic: String,
    note: String,
    noted: bool,
}

impl Found {
    fn enter(&mut self, name: &str) {
        self.reading = match name {
            "basic" => Some(Reading::Basic),
            "note" if !self.noted => Some(Reading::Note),
            _ => None,
        };
        self.basic.clear();
        if self.activities == 1 {
            match name {
                "busy" | "meeting" | "appointment" | "presentation" | "performance" => {
                    self.busy = true;
                }
                "away" | "permanent-absence" | "holiday" | "vacation" | "meal" | "sleeping" => {
                    self.away = true;
                }
                "on-the-phone" => self.on_the_phone = true,
                _ => {}
            }
        }
        if self.activities > 0 || name == "activities" {
            self.activities += 1;
        }
    }

    fn leave(&mut self) {
        match self.reading.take() {
            Some(Reading::Basic) => self.open |= self.basic.trim() == "open",
            Some(Reading::Note) => self.noted = !self.note.is_empty(),
            None => {}
        }
        self.activities = self.activities.saturating_sub(1);
    }

    fn text(&mut self, text: &str) {
        let (into, most) = match self.reading {
            Some(Reading::Basic) => (&mut self.basic, 16),
            Some(Reading::Note) => (&mut self.note, LONGEST_NOTE),
            None => return,
        };
        let room = most.saturating_sub(into.chars().count());
        into.extend(text.chars().take(room));
    }

    fn presence(self) -> Presence {
        let availability = match (self.open, self.busy, self.away) {
            (false, ..) => Availability::Offline,
            (true, true, _) => Availability::Busy,
            (true, false, true) => Availability::Away,
            (true, false, false) => Availability::Online,
        };
        Presence {
            availability,
            on_the_phone: self.on_the_phone,
            note: self.note,
        }
    }
}
