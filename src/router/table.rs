//! The routing table as text: lines, their fields and their canonical print.

mod line;

#[cfg(test)]
mod tests;

use std::fmt;

use model::routing::{Flow, RoutingError, RoutingErrorCode};
use thiserror::Error;

pub use line::{Body, Line, Record};

/// Records a table may have.
pub const MAX_RECORDS: usize = 10_000;
/// Characters a line may have.
pub const MAX_LINE: usize = 1024;

/// The routing table in its order, with comments and disabled records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The lines from the first to the last.
    pub lines: Vec<Line>,
}

impl Table {
    /// Reads a whole table. Only the shape of the lines is checked here; [`Router::compile`](crate::Router::compile) checks
    /// patterns and right sides.
    ///
    /// # Errors
    /// Every line that is no line of a table.
    pub fn parse(text: &str) -> Result<Self, Vec<LineError>> {
        let (mut lines, mut errors) = (Vec::new(), Vec::new());
        for (index, text) in text.lines().enumerate() {
            match Line::parse(text) {
                Ok(line) => lines.push(line),
                Err(fault) => errors.push(fault.at(index, text)),
            }
        }
        if errors.is_empty() {
            Ok(Self { lines })
        } else {
            Err(errors)
        }
    }
}

impl fmt::Display for Table {
    /// Prints every line in canonical form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// The flows of a record's type prefixes; none means all three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Flows(u8);

impl Flows {
    /// The flows of a list.
    pub fn new(flows: &[Flow]) -> Self {
        Self(flows.iter().fold(0, |bits, flow| bits | Self::bit(*flow)))
    }

    /// The flows that were named, in the order mail, access, signal.
    pub fn list(self) -> Vec<Flow> {
        [Flow::Mail, Flow::Access, Flow::Signal]
            .into_iter()
            .filter(|flow| self.0 & Self::bit(*flow) != 0)
            .collect()
    }

    /// True when a record with these prefixes serves the flow.
    #[inline]
    pub fn serve(self, flow: Flow) -> bool {
        self.0 == 0 || self.0 & Self::bit(flow) != 0
    }

    /// True when every flow of `other` is served.
    pub fn cover(self, other: Flows) -> bool {
        [Flow::Mail, Flow::Access, Flow::Signal]
            .into_iter()
            .all(|flow| !other.serve(flow) || self.serve(flow))
    }

    /// True without any type prefix.
    pub fn is_unnamed(self) -> bool {
        self.0 == 0
    }

    fn bit(flow: Flow) -> u8 {
        match flow {
            Flow::Mail => 1,
            Flow::Access => 2,
            Flow::Signal => 4,
        }
    }
}

/// A line that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct LineError {
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// What is wrong.
    pub reason: Reason,
}

impl From<&LineError> for RoutingError {
    fn from(error: &LineError) -> Self {
        Self {
            line: error.line,
            column: error.column,
            code: RoutingErrorCode::RoutingSyntax,
            reason: error.reason.to_string(),
        }
    }
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Reason {
    /// No `=` outside quotes, braces and angle brackets.
    #[error("a record needs = between its left and right side")]
    NoEquals,
    /// Nothing before `=`.
    #[error("the left side is empty")]
    EmptyLeft,
    /// Nothing after `=`.
    #[error("the right side is empty")]
    EmptyRight,
    /// A quote that is never closed.
    #[error("the quote is never closed")]
    UnclosedQuote,
    /// A brace that is never closed.
    #[error("the brace is never closed")]
    UnclosedBrace,
    /// A `<` without `>`, or text after `>`.
    #[error("the angle brackets do not enclose the whole left side")]
    Angle,
    /// Two relay prefixes.
    #[error("only one of Relay:, RelayAll: and NoRelay: may stand before a record")]
    TwoRelayPrefixes,
    /// A `(` that starts no group.
    #[error("( starts no group such as (3d), (7-12d) or (2+a); write \\( for the character itself")]
    Group,
    /// Counts of a group out of range.
    #[error("a group counts from 1 to 40, the smaller number first")]
    GroupCount,
    /// `(local)` elsewhere than as the whole domain.
    #[error("(local) can only stand for the whole domain")]
    LocalGroup,
    /// More than nine wildcards.
    #[error("at most nine wildcards fit into a record")]
    TooManyWildcards,
    /// A domain with impossible characters.
    #[error("this is neither a domain name nor a pattern of one")]
    Domain,
    /// An address as a domain-level left side.
    #[error("an address on the left side needs angle brackets")]
    NeedsAngle,
    /// A star on the right without any wildcard on the left.
    #[error("the star has no wildcard on the left side to take its text from")]
    StarWithoutWildcard,
    /// More stars than wildcards.
    #[error("there are more stars than wildcards on the left side")]
    SurplusStar,
    /// A right side that gives no address.
    #[error("the right side gives no address")]
    RightSide,
    /// A line above [`MAX_LINE`].
    #[error("the line is longer than 1,024 characters")]
    LineTooLong,
    /// A table above [`MAX_RECORDS`].
    #[error("the table has more than 10,000 records")]
    TooManyRecords,
    /// A control character.
    #[error("control characters cannot stand in a line")]
    Control,
    /// Fields that would not read back as the same line.
    #[error("the fields do not make one line of the table")]
    Fields,
}

/// A fault at a byte of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) reason: Reason,
}

impl Fault {
    pub(crate) fn new(at: usize, reason: Reason) -> Self {
        Self { at, reason }
    }

    pub(crate) fn moved(self, by: usize) -> Self {
        Self {
            at: self.at + by,
            ..self
        }
    }

    /// The fault as an error of the line with this index (from 0).
    pub(crate) fn at(self, index: usize, text: &str) -> LineError {
        let before = text
            .bytes()
            .take(self.at)
            .filter(|b| (*b as i8) >= -0x40)
            .count();
        let number = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        LineError {
            line: number(index),
            column: number(before),
            reason: self.reason,
        }
    }
}
