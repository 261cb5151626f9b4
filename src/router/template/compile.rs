//! Reading a right side.

use super::{Fault, Part, Piece, Reason, Taken, Template, close_quote};
use crate::address::{close_brace, rfind_outside, split_params};

impl Template {
    /// Reads a right side for a left side with so many captures in its local and its domain part. In a domain-level
    /// record all stars take from the domain.
    pub(crate) fn compile(
        source: &str,
        local: usize,
        domain: usize,
        domain_level: bool,
    ) -> Result<Self, Fault> {
        let at = rfind_outside(source, b'@');
        let mut stars = Stars {
            local,
            domain,
            domain_level,
            at,
            seen: [0, 0],
        };
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut position = 0;
        while let Some(c) = source.get(position..).and_then(|rest| rest.chars().next()) {
            let end = match c {
                '"' => {
                    close_quote(source.as_bytes(), position)
                        .ok_or(Fault::new(position, Reason::UnclosedQuote))?
                        + 1
                }
                '{' => {
                    close_brace(source.as_bytes(), position)
                        .ok_or(Fault::new(position, Reason::UnclosedBrace))?
                        + 1
                }
                _ => position + c.len_utf8(),
            };
            let span = source.get(position..end).unwrap_or_default();
            match c {
                '"' => quoted(span, position, &mut stars, &mut text, &mut pieces)?,
                '{' => braces(span, position, &mut stars, &mut text, &mut pieces)?,
                '\\' if source.get(end..).is_some_and(|rest| rest.starts_with('*')) => {
                    text.push('*');
                    position = end + 1;
                    continue;
                }
                '*' => {
                    flush(&mut text, &mut pieces);
                    pieces.push(Piece::Star(stars.take(position)?));
                }
                _ => text.push(c),
            }
            position = end;
        }
        flush(&mut text, &mut pieces);
        Ok(Self {
            source: source.into(),
            pieces,
            names_domain: names_domain(source, at, domain_level),
        })
    }
}

fn flush(text: &mut String, pieces: &mut Vec<Piece>) {
    if !text.is_empty() {
        pieces.push(Piece::Text(std::mem::take(text).into()));
    }
}

/// A quoted string; its stars stay inside the quotes.
fn quoted(
    span: &str,
    position: usize,
    stars: &mut Stars,
    text: &mut String,
    pieces: &mut Vec<Piece>,
) -> Result<(), Fault> {
    let mut escaped = false;
    for (offset, c) in span.char_indices() {
        match c {
            '*' if escaped => {
                text.pop();
                text.push('*');
            }
            '*' => {
                flush(text, pieces);
                pieces.push(Piece::Quoted(stars.take(position + offset)?));
            }
            _ => text.push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    Ok(())
}

/// The parameters of an application.
fn braces(
    span: &str,
    position: usize,
    stars: &mut Stars,
    text: &mut String,
    pieces: &mut Vec<Piece>,
) -> Result<(), Fault> {
    text.push('{');
    let inner = span.get(1..span.len() - 1).unwrap_or_default();
    for (index, parameter) in split_params(inner).enumerate() {
        if index > 0 {
            text.push(',');
        }
        let start = position + (parameter.as_ptr() as usize - span.as_ptr() as usize);
        let (quoted, parts) = parameter_parts(parameter, start, stars)?;
        match parts.as_slice() {
            _ if parts.iter().any(|part| matches!(part, Part::Star(_))) => {
                flush(text, pieces);
                pieces.push(Piece::Parameter { quoted, parts });
            }
            [Part::Text(plain)] if !quoted => text.push_str(plain),
            _ => text.push_str(parameter),
        }
    }
    text.push('}');
    Ok(())
}

/// Splits one parameter at its stars; a quoted one loses its quotes.
fn parameter_parts(
    parameter: &str,
    start: usize,
    stars: &mut Stars,
) -> Result<(bool, Vec<Part>), Fault> {
    let quoted = parameter.starts_with('"')
        && close_quote(parameter.as_bytes(), 0) == Some(parameter.len() - 1);
    let inner = if quoted {
        parameter.get(1..parameter.len() - 1).unwrap_or_default()
    } else {
        parameter
    };
    let start = start + usize::from(quoted);
    let (mut parts, mut text) = (Vec::new(), String::new());
    let mut chars = inner.char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        let escaped = chars
            .peek()
            .filter(|(_, next)| c == '\\' && (quoted || *next == '*'))
            .map(|(_, next)| *next);
        if let Some(next) = escaped {
            text.push(next);
            chars.next();
        } else if c == '*' {
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text).into()));
            }
            parts.push(Part::Star(stars.take(start + offset)?));
        } else {
            text.push(c);
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(text.into()));
    }
    Ok((quoted, parts))
}

/// Numbers the stars of each part and finds what they take.
struct Stars {
    local: usize,
    domain: usize,
    domain_level: bool,
    at: Option<usize>,
    seen: [usize; 2],
}

impl Stars {
    fn take(&mut self, position: usize) -> Result<Taken, Fault> {
        let in_domain = self.domain_level || self.at.is_some_and(|at| position > at);
        let number = self
            .seen
            .get_mut(usize::from(in_domain))
            .map_or(0, |seen| std::mem::replace(seen, *seen + 1));
        // A part without captures takes from the other one.
        let from_domain = if in_domain {
            self.domain > 0 || self.domain_level
        } else {
            self.local == 0
        };
        let captures = if from_domain { self.domain } else { self.local };
        let number = match captures {
            0 => return Err(Fault::new(position, Reason::StarWithoutWildcard)),
            1 => 0,
            _ if number < captures => number,
            _ => return Err(Fault::new(position, Reason::SurplusStar)),
        };
        Ok(if from_domain {
            Taken::Domain(number)
        } else {
            Taken::Local(number)
        })
    }
}

/// Whether no caller can choose the domain of the result, nor the text of an error.
fn names_domain(source: &str, at: Option<usize>, domain_level: bool) -> bool {
    let own_text = source
        .get(..6)
        .is_some_and(|word| word.eq_ignore_ascii_case("error{"));
    let domain = match at.or_else(|| rfind_outside(source, b'%')) {
        Some(at) => source.get(at + 1..),
        None => domain_level.then_some(source),
    };
    own_text || domain.is_some_and(|domain| !domain.contains('*'))
}
