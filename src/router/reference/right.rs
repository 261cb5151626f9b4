//! §5.2: what a right side makes of the captures.

use super::address::{has_route, places, unquoted, with_escapes};
use super::left::Taken;

pub(super) struct Made {
    pub(super) text: String,
    /// A star carried a route of its own into the result.
    pub(super) carried: bool,
    /// The domain, or the error text, stands in the right side itself.
    pub(super) granted: bool,
}

pub(super) fn make(right: &str, taken: &Taken, domain_level: bool) -> Made {
    let at = places(right, '@').last().copied();
    let mut stars = Stars {
        taken,
        domain_level,
        at,
        seen: (0, 0),
    };
    let mut text = String::new();
    let mut carried = false;
    let chars: Vec<(usize, char)> = right.char_indices().collect();
    let mut i = 0;
    while i < chars.len() {
        let (place, c) = chars[i];
        match c {
            '\\' if right[place + 1..].starts_with('*') => {
                text.push('*');
                i += 1;
            }
            '*' => {
                let star = stars.next(place);
                carried |= has_route(&star);
                text.push_str(&star);
            }
            '"' => {
                let end = (i + 1..chars.len())
                    .find(|j| chars[*j].1 == '"' && chars[j - 1].1 != '\\')
                    .unwrap();
                for (place, c) in &chars[i..=end] {
                    if *c == '*' {
                        text.push_str(&with_escapes(&stars.next(*place)))
                    } else {
                        text.push(*c)
                    }
                }
                i = end;
            }
            '{' => {
                let end = chars.iter().rposition(|(_, c)| *c == '}').unwrap();
                let inner = &right[chars[i].0 + 1..chars[end].0];
                text.push_str(&parameters(inner, chars[i].0 + 1, &mut stars));
                i = end;
            }
            c => text.push(c),
        }
        i += 1;
    }
    let lower = right.to_lowercase();
    let domain = at
        .or_else(|| places(right, '%').last().copied())
        .map(|at| &right[at + 1..])
        .or(domain_level.then_some(right));
    Made {
        text,
        carried,
        granted: lower.starts_with("error{") || domain.is_some_and(|domain| !domain.contains('*')),
    }
}

fn parameters(inner: &str, start: usize, stars: &mut Stars<'_>) -> String {
    let mut cuts = places(inner, ',');
    cuts.push(inner.len());
    let mut from = 0;
    let mut done = Vec::new();
    for cut in cuts {
        let raw = &inner[from..cut];
        let parameter = raw.trim();
        let place = start + from + raw.find(parameter).unwrap_or(0);
        done.push(if parameter.contains('*') {
            parameter_text(parameter, place, stars)
        } else {
            parameter.to_owned()
        });
        from = cut + 1;
    }
    format!("{{{}}}", done.join(","))
}

fn parameter_text(parameter: &str, place: usize, stars: &mut Stars<'_>) -> String {
    let plain = unquoted(parameter);
    let quoted = plain.len() < parameter.len();
    let inner = if quoted {
        &parameter[1..parameter.len() - 1]
    } else {
        parameter
    };
    let (mut text, mut dangerous) = (String::new(), quoted);
    for (offset, c) in inner.char_indices() {
        if c == '*' {
            let star = stars.next(place + usize::from(quoted) + offset);
            dangerous |= star.contains(['{', '}', ',', '#', '"', '\\']);
            text.push_str(&star);
        } else {
            text.push(c);
        }
    }
    if dangerous {
        format!("\"{}\"", with_escapes(&text))
    } else {
        text
    }
}

struct Stars<'a> {
    taken: &'a Taken,
    domain_level: bool,
    at: Option<usize>,
    seen: (usize, usize),
}

impl Stars<'_> {
    fn next(&mut self, place: usize) -> String {
        let in_domain = self.domain_level || self.at.is_some_and(|at| place > at);
        let (own, other, seen) = if in_domain {
            (&self.taken.domain, &self.taken.local, &mut self.seen.1)
        } else {
            (&self.taken.local, &self.taken.domain, &mut self.seen.0)
        };
        let number = *seen;
        *seen += 1;
        let group = if own.is_empty() && !self.domain_level {
            other
        } else {
            own
        };
        group[if group.len() == 1 { 0 } else { number }].clone()
    }
}
