//! One line: its text, its fields, and the way between them.

use std::fmt;

use model::routing::{
    Flow, LineOrigin, NewRoutingLine, RelayPrefix, RoutingLine, RoutingLinePatch,
};
use uuid::Uuid;

use super::{Fault, Flows, LineError, MAX_LINE, Reason};
use crate::address::{close_brace, close_quote};

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Identity of the line in the stored table.
    pub id: Option<Uuid>,
    /// The line as typed, without trailing blanks.
    pub text: String,
    /// What the line says.
    pub body: Body,
    /// Where left and right side start in `text`, in bytes.
    pub(crate) sides: (usize, usize),
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    Blank,
    /// A comment, the text after `;`.
    Comment(String),
    /// A record.
    Record(Record),
}

/// The fields of a record, its sides as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// False for a record behind `;!`.
    pub enabled: bool,
    /// Effect on the relay mark.
    pub relay: RelayPrefix,
    /// Flows named by type prefixes.
    pub flows: Flows,
    /// The left side with its angle brackets.
    pub left: String,
    /// The right side without enclosing angle brackets.
    pub right: String,
    /// Text after `;`.
    pub comment: Option<String>,
}

impl Line {
    /// A line that says nothing.
    pub fn blank() -> Self {
        Self {
            id: None,
            text: String::new(),
            body: Body::Blank,
            sides: (0, 0),
        }
    }

    /// Reads one line.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim_end();
        if text.chars().nth(MAX_LINE).is_some() {
            return Err(Fault::new(
                text.char_indices().nth(MAX_LINE).map_or(0, |(at, _)| at),
                Reason::LineTooLong,
            ));
        }
        if let Some(at) = text.find(|c: char| c.is_control() && c != '\t') {
            return Err(Fault::new(at, Reason::Control));
        }
        let line = |body, sides| Self {
            id: None,
            text: text.to_owned(),
            body,
            sides,
        };
        let start = text.len() - text.trim_start().len();
        let Some(comment) = text.trim_start().strip_prefix(';') else {
            if text.is_empty() {
                return Ok(Self::blank());
            }
            let (record, sides) = parse_record(text, start)?;
            return Ok(line(Body::Record(record), sides));
        };
        if comment.starts_with('!')
            && let Ok((record, sides)) = parse_record(text, start + 2)
        {
            return Ok(line(
                Body::Record(Record {
                    enabled: false,
                    ..record
                }),
                sides,
            ));
        }
        Ok(line(Body::Comment(comment.to_owned()), (0, 0)))
    }

    /// The line an API client describes; `position` says nothing about it.
    ///
    /// # Errors
    /// When the fields do not make a line. The error's line is 1.
    pub fn from_input(input: &NewRoutingLine) -> Result<Self, LineError> {
        let parsed = |text: &str| Self::parse(text).map_err(|fault| fault.at(0, text));
        if let Some(text) = &input.text {
            let text_only = NewRoutingLine {
                text: Some(text.clone()),
                position: input.position,
                enabled: true,
                ..NewRoutingLine::default()
            };
            if *input != text_only || text.contains(['\n', '\r']) {
                return Err(Fault::new(0, Reason::Fields).at(0, text));
            }
            return parsed(text);
        }
        let body = if input.left.is_empty() && input.right.is_empty() {
            input.comment.clone().map_or(Body::Blank, Body::Comment)
        } else {
            Body::Record(Record {
                enabled: input.enabled,
                relay: input.relay_prefix,
                flows: Flows::new(&input.type_prefix),
                left: input.left.trim().to_owned(),
                right: input.right.trim().to_owned(),
                comment: input
                    .comment
                    .as_deref()
                    .map(str::trim)
                    .filter(|c| !c.is_empty())
                    .map(str::to_owned),
            })
        };
        let text = body.to_string();
        let line = parsed(&text)?;
        let same = match (&line.body, &body) {
            // Enclosing brackets of the right side are dropped on reading.
            (Body::Record(read), Body::Record(given)) => {
                read == given
                    || *read
                        == Record {
                            right: inside_angle(&given.right).to_owned(),
                            ..given.clone()
                        }
            }
            (read, given) => read == given,
        };
        if same {
            Ok(line)
        } else {
            Err(Fault::new(0, Reason::Fields).at(0, &text))
        }
    }

    /// The line with the changes of an API client; it keeps its identity.
    ///
    /// # Errors
    /// When the changed fields do not make a line. The error's line is 1.
    pub fn patched(&self, patch: &RoutingLinePatch) -> Result<Self, LineError> {
        let mut input = self.to_input();
        if let Some(text) = &patch.text {
            if *patch
                != (RoutingLinePatch {
                    text: Some(text.clone()),
                    ..RoutingLinePatch::default()
                })
            {
                return Err(Fault::new(0, Reason::Fields).at(0, text));
            }
            input = NewRoutingLine {
                text: Some(text.clone()),
                enabled: true,
                ..NewRoutingLine::default()
            };
        } else {
            input.enabled = patch.enabled.unwrap_or(input.enabled);
            input.relay_prefix = patch.relay_prefix.unwrap_or(input.relay_prefix);
            input.type_prefix = patch.type_prefix.clone().unwrap_or(input.type_prefix);
            input.left = patch.left.clone().unwrap_or(input.left);
            input.right = patch.right.clone().unwrap_or(input.right);
            input.comment = patch
                .comment
                .clone()
                .or(input.comment)
                .filter(|c| !c.is_empty());
        }
        Ok(Self {
            id: self.id,
            ..Self::from_input(&input)?
        })
    }

    fn to_input(&self) -> NewRoutingLine {
        let blank = NewRoutingLine {
            enabled: true,
            ..NewRoutingLine::default()
        };
        match &self.body {
            Body::Blank => blank,
            Body::Comment(text) => NewRoutingLine {
                comment: Some(text.clone()),
                ..blank
            },
            Body::Record(record) => NewRoutingLine {
                enabled: record.enabled,
                relay_prefix: record.relay,
                type_prefix: record.flows.list(),
                left: record.left.clone(),
                right: record.right.clone(),
                comment: record.comment.clone(),
                ..blank
            },
        }
    }

    /// The line as the API shows it.
    pub fn to_model(
        &self,
        id: Uuid,
        position: u32,
        origin: LineOrigin,
        version: i64,
    ) -> RoutingLine {
        let fields = self.to_input();
        RoutingLine {
            id,
            position,
            enabled: fields.enabled,
            origin,
            relay_prefix: fields.relay_prefix,
            type_prefix: fields.type_prefix,
            left: fields.left,
            right: fields.right,
            comment: fields.comment,
            text: self.text.clone(),
            version,
        }
    }

    /// The record of the line when it is one and in use.
    pub fn record(&self) -> Option<&Record> {
        match &self.body {
            Body::Record(record) if record.enabled => Some(record),
            _ => None,
        }
    }

    /// The record as typed, without its comment.
    pub(crate) fn record_text(&self) -> &str {
        let end = structure(&self.text, 0)
            .ok()
            .and_then(|s| s.comment)
            .unwrap_or(self.text.len());
        self.text.get(..end).unwrap_or_default().trim()
    }
}

impl fmt::Display for Line {
    /// Prints the canonical form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.body.fmt(f)
    }
}

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => Ok(()),
            Self::Comment(text) => write!(f, ";{text}"),
            Self::Record(record) => record.fmt(f),
        }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.enabled {
            f.write_str(";!")?;
        }
        f.write_str(match self.relay {
            RelayPrefix::Relay => "",
            RelayPrefix::RelayAll => "RelayAll:",
            RelayPrefix::NoRelay => "NoRelay:",
        })?;
        for flow in self.flows.list() {
            f.write_str(match flow {
                Flow::Mail => "Mail:",
                Flow::Access => "Access:",
                Flow::Signal => "Signal:",
            })?;
        }
        write!(f, "{} = {}", self.left, self.right)?;
        self.comment
            .as_ref()
            .map_or(Ok(()), |comment| write!(f, " ; {comment}"))
    }
}

/// Where the parts of a record meet.
struct Structure {
    equals: Option<usize>,
    comment: Option<usize>,
}

/// Finds the first `=` and the first `;` outside quotes, braces and angle brackets.
fn structure(text: &str, from: usize) -> Result<Structure, Fault> {
    let bytes = text.as_bytes();
    let mut found = Structure {
        equals: None,
        comment: None,
    };
    let mut angle = None;
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match (byte, angle) {
            (b'\\', _) => at += 1,
            (b'"', _) => {
                at = close_quote(bytes, at).ok_or(Fault::new(at, Reason::UnclosedQuote))?
            }
            (b'{', _) => {
                at = close_brace(bytes, at).ok_or(Fault::new(at, Reason::UnclosedBrace))?
            }
            (b'<', None) => angle = Some(at),
            (b'>', Some(_)) => angle = None,
            (b'=', None) if found.equals.is_none() => found.equals = Some(at),
            (b';', None) => {
                found.comment = Some(at);
                break;
            }
            _ => {}
        }
        at += 1;
    }
    match angle {
        Some(open) => Err(Fault::new(open, Reason::Angle)),
        None => Ok(found),
    }
}

fn parse_record(text: &str, from: usize) -> Result<(Record, (usize, usize)), Fault> {
    let structure = structure(text, from)?;
    let end = structure.comment.unwrap_or(text.len());
    let equals = structure.equals.ok_or(Fault::new(end, Reason::NoEquals))?;
    let (relay, flows, left_at) = parse_prefixes(text, from, equals)?;
    let left = text.get(left_at..equals).unwrap_or_default().trim_end();
    if left.is_empty() {
        return Err(Fault::new(left_at.min(equals), Reason::EmptyLeft));
    }
    let right = text.get(equals + 1..end).unwrap_or_default();
    let mut right_at = equals + 1 + (right.len() - right.trim_start().len());
    let mut right = right.trim();
    if let Some(inner) = enclosed(right) {
        right_at += 1 + (inner.len() - inner.trim_start().len());
        right = inner.trim();
    }
    if right.is_empty() {
        return Err(Fault::new(right_at.min(end), Reason::EmptyRight));
    }
    let comment = text
        .get(end + 1..)
        .map(str::trim)
        .filter(|c| !c.is_empty())
        .map(str::to_owned);
    let record = Record {
        enabled: true,
        relay: relay.unwrap_or_default(),
        flows,
        left: left.to_owned(),
        right: right.to_owned(),
        comment,
    };
    Ok((record, (left_at, right_at)))
}

/// The text inside enclosing angle brackets, or the text itself.
fn inside_angle(text: &str) -> &str {
    enclosed(text).map_or(text, str::trim)
}

/// What one pair of angle brackets encloses, when it reads the same without them: brackets inside, or a `;`, would not.
fn enclosed(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('<')?.strip_suffix('>')?;
    let bytes = inner.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'"' => at = close_quote(bytes, at)?,
            b'{' => at = close_brace(bytes, at)?,
            b'<' | b'>' | b';' => return None,
            _ => {}
        }
        at += 1;
    }
    Some(inner)
}

/// Reads `Relay:`-like and type prefixes in any order and gives the place where the left side starts.
fn parse_prefixes(
    text: &str,
    from: usize,
    equals: usize,
) -> Result<(Option<RelayPrefix>, Flows, usize), Fault> {
    let (mut relay, mut flows) = (None, Vec::new());
    let mut at = from;
    loop {
        let rest = text.get(at..equals).unwrap_or_default();
        at += rest.len() - rest.trim_start().len();
        let rest = rest.trim_start();
        let Some(colon) = rest.find(':') else { break };
        let word = rest.get(..colon).unwrap_or_default().trim_end();
        let known = |names: &[&str]| names.iter().any(|name| word.eq_ignore_ascii_case(name));
        let prefix = if known(&["Relay"]) {
            Some(RelayPrefix::Relay)
        } else if known(&["NoRelay"]) {
            Some(RelayPrefix::NoRelay)
        } else if known(&["RelayAll"]) {
            Some(RelayPrefix::RelayAll)
        } else {
            None
        };
        if prefix.is_some() {
            if relay.is_some() {
                return Err(Fault::new(at, Reason::TwoRelayPrefixes));
            }
            relay = prefix;
        } else if known(&["Mail", "M"]) {
            flows.push(Flow::Mail);
        } else if known(&["Access", "A"]) {
            flows.push(Flow::Access);
        } else if known(&["Signal", "S"]) {
            flows.push(Flow::Signal);
        } else {
            break;
        }
        at += colon + 1;
    }
    Ok((relay, Flows::new(&flows), at))
}
