//! Right sides: texts with stars that take what the wildcards of the left side matched.

mod compile;

#[cfg(test)]
mod tests;

use crate::address::{close_quote, push_escaped, push_quoted};
use crate::pattern::Captures;
use crate::table::{Fault, Reason};

/// A right side, or the address of a "rerouted" setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: Box<str>,
    pieces: Vec<Piece>,
    names_domain: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    /// A star outside braces and quotes: the text as it is.
    Star(Taken),
    /// A star inside a quoted string: the text with its quotes escaped.
    Quoted(Taken),
    /// A parameter of an application with at least one star in it.
    Parameter {
        quoted: bool,
        parts: Vec<Part>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(Box<str>),
    Star(Taken),
}

/// Which capture a star takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Local(usize),
    Domain(usize),
}

/// What the stars are filled from.
#[derive(Clone, Copy)]
pub(crate) struct Filling<'a> {
    pub(crate) local: (&'a str, &'a Captures),
    pub(crate) domain: (&'a str, &'a Captures),
}

impl Filling<'_> {
    fn text(&self, taken: Taken) -> &str {
        match taken {
            Taken::Local(number) => self.local.1.text(number, self.local.0),
            Taken::Domain(number) => self.domain.1.text(number, self.domain.0),
        }
    }
}

impl Template {
    /// Reads the address of a "rerouted" setting; every star is the unknown name.
    ///
    /// # Errors
    /// When the text gives no address.
    pub fn parse(source: &str) -> Result<Self, Reason> {
        let template = Self::compile(source.trim(), 1, 0, false).map_err(|fault| fault.reason)?;
        let mut captures = Captures::default();
        captures.whole("x");
        let none = Captures::default();
        let sample = template.expand(Filling {
            local: ("x", &captures),
            domain: ("", &none),
        });
        let mut address = crate::Address::default();
        let parsed = address.assign(
            &sample,
            model::routing::Flow::Signal,
            crate::address::Source::Inside,
        );
        if parsed.is_err() {
            Err(Reason::RightSide)
        } else {
            Ok(template)
        }
    }

    /// The text as typed.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// True when the domain of the result is written in the text itself, not taken from the address.
    pub(crate) fn names_domain(&self) -> bool {
        self.names_domain
    }

    /// The whole text when it has no star.
    pub(crate) fn constant(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text with its stars filled.
    pub(crate) fn expand(&self, filling: Filling<'_>) -> String {
        let mut out = String::with_capacity(self.source.len() + 32);
        self.expand_into(filling, &mut out);
        out
    }

    /// Appends the text with its stars filled.
    pub(crate) fn expand_into(&self, filling: Filling<'_>, out: &mut String) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Star(taken) => out.push_str(filling.text(*taken)),
                Piece::Quoted(taken) => push_escaped(filling.text(*taken), out),
                Piece::Parameter { quoted, parts } => {
                    expand_parameter(*quoted, parts, filling, out)
                }
            }
        }
    }

    /// True when a star carries a route of its own into the result.
    pub(crate) fn carries_route(&self, filling: Filling<'_>) -> bool {
        self.pieces.iter().any(|piece| match piece {
            Piece::Star(taken) => crate::address::has_route(filling.text(*taken)),
            _ => false,
        })
    }
}

/// Writes one parameter; a caller's text that could end it makes it a quoted string.
fn expand_parameter(quoted: bool, parts: &[Part], filling: Filling<'_>, out: &mut String) {
    let special = |text: &str| text.contains(['{', '}', ',', '#', '"', '\\']);
    let unsafe_star =
        |part: &Part| matches!(part, Part::Star(taken) if special(filling.text(*taken)));
    let start = out.len();
    for part in parts {
        out.push_str(match part {
            Part::Text(text) => text,
            Part::Star(taken) => filling.text(*taken),
        });
    }
    if quoted || parts.iter().any(unsafe_star) {
        let parameter = out.split_off(start);
        push_quoted(&parameter, out);
    }
}
