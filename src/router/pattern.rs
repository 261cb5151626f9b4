//! Patterns of the left side: literals, `*` and groups such as `(3d)`, matched on folded text.

mod matching;

#[cfg(test)]
mod tests;

use crate::table::{Fault, Reason};

pub(crate) use matching::Captures;

/// Wildcards a record may have.
pub(crate) const MAX_WILDCARDS: usize = 9;
/// Octets of the longest text a pattern is compared with.
pub(crate) const MAX_TEXT: usize = 255;
/// Largest count in a group.
const MAX_COUNT: usize = 40;

/// A pattern for a local part or a domain: a literal head, wildcards with literals between them, a literal tail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) head: Box<str>,
    /// Starts and ends with a wildcard; empty for a literal, which is all in `head`.
    pub(crate) body: Vec<Element>,
    pub(crate) tail: Box<str>,
    /// Fewest and most octets a matching text has.
    pub(crate) min: usize,
    pub(crate) max: usize,
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Element {
    Literal(Box<str>),
    Wild(Wild),
}

/// A wildcard: so many characters of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wild {
    pub(crate) class: Class,
    pub(crate) min: usize,
    pub(crate) max: usize,
    /// `*` takes the shortest text, a group the longest.
    pub(crate) lazy: bool,
}

/// Characters a group takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Digit,
    Letter,
    Alphanumeric,
    Hexadecimal,
    Any,
}

impl Class {
    /// Whether the class takes a byte of folded text.
    #[inline]
    pub(crate) fn takes(self, byte: u8) -> bool {
        match self {
            Self::Digit => byte.is_ascii_digit(),
            Self::Letter => byte.is_ascii_lowercase(),
            Self::Alphanumeric => byte.is_ascii_digit() || byte.is_ascii_lowercase(),
            Self::Hexadecimal => byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'),
            Self::Any => true,
        }
    }
}

impl Pattern {
    /// Reads a pattern. Literals are taken as they are: the caller folds them.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let mut elements = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let at = text.len() - rest.len();
            let mut taken = c.len_utf8();
            let wild = match c {
                '*' => Some(Wild {
                    class: Class::Any,
                    min: 0,
                    max: MAX_TEXT,
                    lazy: true,
                }),
                '(' => {
                    let close = rest.find(')').ok_or(Fault::new(at, Reason::Group))?;
                    taken = close + 1;
                    Some(
                        parse_group(rest.get(1..close).unwrap_or_default())
                            .map_err(|reason| Fault::new(at, reason))?,
                    )
                }
                _ => None,
            };
            if let Some(wild) = wild {
                if !literal.is_empty() {
                    elements.push(Element::Literal(std::mem::take(&mut literal).into()));
                }
                elements.push(Element::Wild(wild));
            } else if c == '"' {
                // Quoted text stands for itself, quotes included, as in the address.
                taken = crate::address::close_quote(rest.as_bytes(), 0)
                    .ok_or(Fault::new(at, Reason::UnclosedQuote))?
                    + 1;
                literal.push_str(rest.get(..taken).unwrap_or_default());
            } else if c == '\\'
                && let Some(escaped) = rest
                    .chars()
                    .nth(1)
                    .filter(|e| matches!(e, '*' | '(' | ')' | '\\'))
            {
                taken += 1;
                literal.push(escaped);
            } else {
                literal.push(c);
            }
            rest = rest.get(taken..).unwrap_or_default();
        }
        Ok(Self::new(elements, literal))
    }

    /// A pattern that only matches the text itself.
    pub(crate) fn literal(text: &str) -> Self {
        Self::new(Vec::new(), text.to_owned())
    }

    fn new(mut elements: Vec<Element>, tail: String) -> Self {
        if elements.is_empty() {
            return Self {
                min: tail.len(),
                max: tail.len(),
                head: tail.into(),
                body: Vec::new(),
                tail: "".into(),
            };
        }
        let head = match elements.first() {
            Some(Element::Literal(_)) => match elements.remove(0) {
                Element::Literal(head) => head,
                Element::Wild(_) => "".into(),
            },
            _ => "".into(),
        };
        let (mut min, mut max) = (head.len() + tail.len(), head.len() + tail.len());
        for element in &elements {
            match element {
                Element::Literal(text) => {
                    min += text.len();
                    max += text.len();
                }
                Element::Wild(wild) => {
                    min += wild.min;
                    // A character of the class Any has up to four octets.
                    max += if wild.class == Class::Any {
                        MAX_TEXT
                    } else {
                        wild.max
                    };
                }
            }
        }
        Self {
            head,
            body: elements,
            tail: tail.into(),
            min,
            max,
        }
    }

    /// Number of wildcards.
    pub(crate) fn wildcards(&self) -> usize {
        self.body
            .iter()
            .filter(|element| matches!(element, Element::Wild(_)))
            .count()
    }

    /// The text a pattern without wildcards stands for.
    pub(crate) fn as_literal(&self) -> Option<&str> {
        self.body.is_empty().then_some(&*self.head)
    }

    /// True when no character is fixed: such a wildcard takes anything.
    pub(crate) fn is_pure_wildcard(&self) -> bool {
        self.head.is_empty()
            && self.tail.is_empty()
            && !self.body.is_empty()
            && self.wildcards() == self.body.len()
    }

    /// The higher, the more particular: fixed characters first, then groups before stars.
    pub(crate) fn particularity(&self) -> usize {
        let inner = |element: &Element| {
            if let Element::Literal(text) = element {
                text.len()
            } else {
                0
            }
        };
        let star = self
            .body
            .iter()
            .any(|element| matches!(element, Element::Wild(wild) if wild.lazy));
        2 * (self.head.len() + self.tail.len() + self.body.iter().map(inner).sum::<usize>())
            + usize::from(!star)
    }

    /// The same pattern with its literals changed.
    pub(crate) fn map_literals(self, mut change: impl FnMut(&str) -> String) -> Self {
        let literal = self.as_literal().map(&mut change);
        if let Some(text) = literal {
            return Self::literal(&text);
        }
        let (head, tail) = (change(&self.head), change(&self.tail));
        let mut elements = Vec::with_capacity(self.body.len() + 1);
        if !head.is_empty() {
            elements.push(Element::Literal(head.into()));
        }
        elements.extend(self.body.into_iter().map(|element| match element {
            Element::Literal(text) => Element::Literal(change(&text).into()),
            wild @ Element::Wild(_) => wild,
        }));
        Self::new(elements, tail)
    }
}

/// `3d`, `7-12d` or `2+a`, without the parentheses.
fn parse_group(inner: &str) -> Result<Wild, Reason> {
    if inner.eq_ignore_ascii_case("local") {
        return Err(Reason::LocalGroup);
    }
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let first = digits(inner);
    let (number, rest) = inner.split_at_checked(first).ok_or(Reason::Group)?;
    let min: usize = number.parse().map_err(|_| Reason::Group)?;
    let (max, class) = if let Some(rest) = rest.strip_prefix('-') {
        let (number, class) = rest.split_at_checked(digits(rest)).ok_or(Reason::Group)?;
        (number.parse().map_err(|_| Reason::Group)?, class)
    } else if let Some(class) = rest.strip_prefix('+') {
        (MAX_TEXT, class)
    } else {
        (min, rest)
    };
    let class = match class {
        "d" | "D" => Class::Digit,
        "a" | "A" => Class::Letter,
        "x" | "X" => Class::Alphanumeric,
        "h" | "H" => Class::Hexadecimal,
        "c" | "C" => Class::Any,
        _ => return Err(Reason::Group),
    };
    if min == 0 || min > max || min > MAX_COUNT || (max > MAX_COUNT && max != MAX_TEXT) {
        return Err(Reason::GroupCount);
    }
    Ok(Wild {
        class,
        min,
        max,
        lazy: false,
    })
}
