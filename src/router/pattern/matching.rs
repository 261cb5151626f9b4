//! Comparing a text with a pattern.

use super::{Class, Element, MAX_TEXT, MAX_WILDCARDS, Pattern, Wild};

/// Places of the texts the wildcards took, in octets of the compared text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Captures {
    spans: [(u16, u16); MAX_WILDCARDS],
    len: usize,
}

impl Captures {
    fn push(&mut self, from: usize, to: usize) {
        let narrow = |n| u16::try_from(n).unwrap_or(u16::MAX);
        if let Some(slot) = self.spans.get_mut(self.len) {
            *slot = (narrow(from), narrow(to));
            self.len += 1;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// The text of the capture with this number, counted from 0.
    pub(crate) fn text<'t>(&self, number: usize, text: &'t str) -> &'t str {
        let taken = self
            .spans
            .get(..self.len)
            .and_then(|spans| spans.get(number));
        taken
            .and_then(|(from, to)| text.get(usize::from(*from)..usize::from(*to)))
            .unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[cfg(test)]
    pub(crate) fn span(&mut self, from: usize, to: usize) {
        self.push(from, to);
    }

    /// Takes the whole text as one capture.
    pub(crate) fn whole(&mut self, text: &str) {
        self.push(0, text.len());
    }
}

/// Dead ends: wildcard number and position from which the rest is known not to match.
type DeadEnds = [u64; MAX_WILDCARDS * (MAX_TEXT + 1) / 64];

impl Pattern {
    /// Compares folded text with the pattern; the captures of a match are added.
    #[inline]
    pub(crate) fn matches(&self, text: &str, captures: &mut Captures) -> bool {
        if text.len() < self.min || text.len() > self.max || text.len() > MAX_TEXT {
            return false;
        }
        if self.body.is_empty() {
            return *text == *self.head;
        }
        let (text, head, tail) = (text.as_bytes(), self.head.as_bytes(), self.tail.as_bytes());
        if !text.starts_with(head) || !text.ends_with(tail) {
            return false;
        }
        let (from, to) = (head.len(), text.len() - tail.len());
        // One wildcard has no choice.
        if let [Element::Wild(wild)] = self.body.as_slice() {
            let fits = text.get(from..to).is_some_and(|taken| wild.fits(taken));
            if fits {
                captures.push(from, to);
            }
            return fits;
        }
        let mut dead: DeadEnds = [0; _];
        Walk {
            body: &self.body,
            text,
            to,
        }
        .from(0, 0, from, captures, &mut dead)
    }
}

impl Wild {
    /// Whether the wildcard can take exactly this text.
    fn fits(self, taken: &[u8]) -> bool {
        if self.class == Class::Any {
            let count = taken.iter().filter(|b| (**b as i8) >= -0x40).count();
            return (self.min..=self.max).contains(&count);
        }
        (self.min..=self.max).contains(&taken.len())
            && taken.iter().all(|byte| self.class.takes(*byte))
    }
}

struct Walk<'a> {
    body: &'a [Element],
    text: &'a [u8],
    to: usize,
}

impl Walk<'_> {
    fn from(
        &self,
        element: usize,
        wildcard: usize,
        at: usize,
        captures: &mut Captures,
        dead: &mut DeadEnds,
    ) -> bool {
        let wild = match self.body.get(element) {
            None => return at == self.to,
            Some(Element::Literal(literal)) => {
                let fits = self
                    .text
                    .get(at..self.to)
                    .is_some_and(|rest| rest.starts_with(literal.as_bytes()));
                return fits
                    && self.from(element + 1, wildcard, at + literal.len(), captures, dead);
            }
            Some(Element::Wild(wild)) => wild,
        };
        let bit = wildcard * (MAX_TEXT + 1) + at;
        let (word, mask) = (bit / 64, 1_u64 << (bit % 64));
        if dead.get(word).is_some_and(|bits| bits & mask != 0) {
            return false;
        }
        let ends = self.ends(*wild, at);
        let mut attempt = |end: usize, captures: &mut Captures| {
            captures.push(at, end);
            let matched = self.from(element + 1, wildcard + 1, end, captures, dead);
            if !matched {
                captures.len -= 1;
            }
            matched
        };
        let boundary = |end: &usize| {
            self.text
                .get(*end)
                .is_none_or(|byte| (*byte as i8) >= -0x40)
        };
        let matched = match ends {
            Some((low, high)) if wild.lazy => (low..=high)
                .filter(boundary)
                .any(|end| attempt(end, captures)),
            Some((low, high)) => (low..=high)
                .rev()
                .filter(boundary)
                .any(|end| attempt(end, captures)),
            None => false,
        };
        if !matched && let Some(bits) = dead.get_mut(word) {
            *bits |= mask;
        }
        matched
    }

    /// Nearest and farthest end of a wildcard that starts at `at`.
    fn ends(&self, wild: Wild, at: usize) -> Option<(usize, usize)> {
        let rest = self.text.get(at..self.to)?;
        if wild.class != Class::Any {
            let run = rest
                .iter()
                .take(wild.max)
                .take_while(|byte| wild.class.takes(**byte))
                .count();
            return (run >= wild.min).then_some((at + wild.min, at + run));
        }
        // Counts are characters, places are octets.
        let starts = || {
            rest.iter()
                .enumerate()
                .filter(|(_, byte)| (**byte as i8) >= -0x40)
                .map(|(index, _)| index)
        };
        let count = starts().count();
        if count < wild.min {
            return None;
        }
        let place = |number: usize| at + starts().nth(number).unwrap_or(rest.len());
        Some((place(wild.min), place(wild.max)))
    }
}
