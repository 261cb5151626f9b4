//! §4 and §5.1: does a left side match, and what do its wildcards take.

use super::address::{Addr, fold, normal_domain, places};

#[derive(Debug, Clone)]
enum Element {
    Is(char),
    Takes {
        class: char,
        min: usize,
        max: usize,
        lazy: bool,
    },
}

/// What is known about the domain.
pub(super) struct About {
    pub(super) ours: bool,
    pub(super) reserved: bool,
}

pub(super) struct Taken {
    pub(super) local: Vec<String>,
    pub(super) domain: Vec<String>,
}

pub(super) fn is_domain_level(left: &str) -> bool {
    !left.starts_with('<')
}

pub(super) fn matches(left: &str, address: &Addr, about: &About, main: &str) -> Option<Taken> {
    if is_domain_level(left) {
        if address.domain.is_empty() {
            return None;
        }
        return Some(Taken {
            local: Vec::new(),
            domain: domain_matches(left, address, about)?,
        });
    }
    let inner = &left[1..left.len() - 1];
    let (local, domain) = match places(inner, '@').last() {
        Some(at) => (inner[..*at].trim(), inner[at + 1..].trim()),
        None => (inner.trim(), ""),
    };
    let domain = if domain.eq_ignore_ascii_case("(local)") {
        if !about.ours {
            return None;
        }
        vec![address.domain.clone()]
    } else if domain.is_empty() || fold(domain) == main || fold(domain) == "localhost" {
        if !address.domain.is_empty() {
            return None;
        }
        Vec::new()
    } else {
        domain_matches(domain, address, about)?
    };
    let mut elements = elements(local);
    for element in &mut elements {
        if let Element::Is('@') = element {
            *element = Element::Is('%');
        }
    }
    Some(Taken {
        local: try_match(&elements, &address.local)?,
        domain,
    })
}

fn domain_matches(pattern: &str, address: &Addr, about: &About) -> Option<Vec<String>> {
    let elements = if pattern.contains(['*', '(']) {
        elements(pattern)
    } else {
        normal_domain(pattern)
            .unwrap()
            .chars()
            .map(Element::Is)
            .collect()
    };
    let fixed = elements
        .iter()
        .any(|element| matches!(element, Element::Is(_)));
    if about.reserved && !fixed {
        return None;
    }
    try_match(&elements, &address.domain)
}

fn elements(text: &str) -> Vec<Element> {
    let chars: Vec<char> = fold(text).chars().collect();
    let mut result = Vec::new();
    let mut i = 0;
    let mut quoted = false;
    while i < chars.len() {
        match chars[i] {
            '"' => {
                quoted = !quoted;
                result.push(Element::Is('"'));
            }
            c if quoted => result.push(Element::Is(c)),
            '\\' if "*()\\".contains(chars[i + 1]) => {
                i += 1;
                result.push(Element::Is(chars[i]));
            }
            '*' => result.push(Element::Takes {
                class: 'c',
                min: 0,
                max: 255,
                lazy: true,
            }),
            '(' => {
                let close = i + chars[i..].iter().position(|c| *c == ')').unwrap();
                let inner: String = chars[i + 1..close].iter().collect();
                let (counts, class) = inner.split_at(inner.len() - 1);
                let (min, max) = match counts.split_once('-') {
                    Some((min, max)) => (min.parse().unwrap(), max.parse().unwrap()),
                    None => match counts.strip_suffix('+') {
                        Some(min) => (min.parse().unwrap(), 255),
                        None => (counts.parse().unwrap(), counts.parse().unwrap()),
                    },
                };
                result.push(Element::Takes {
                    class: class.chars().next().unwrap(),
                    min,
                    max,
                    lazy: false,
                });
                i = close;
            }
            c => result.push(Element::Is(c)),
        }
        i += 1;
    }
    result
}

fn try_match(elements: &[Element], text: &str) -> Option<Vec<String>> {
    let chars: Vec<char> = text.chars().collect();
    let folded: Vec<char> = fold(text).chars().collect();
    step(elements, &chars, &folded, 0)
}

fn step(elements: &[Element], chars: &[char], folded: &[char], at: usize) -> Option<Vec<String>> {
    let Some((first, rest)) = elements.split_first() else {
        return (at == chars.len()).then(Vec::new);
    };
    match first {
        Element::Is(c) => (folded.get(at) == Some(c)).then(|| step(rest, chars, folded, at + 1))?,
        Element::Takes {
            class,
            min,
            max,
            lazy,
        } => {
            let takes = |c: char| match class {
                'd' => c.is_ascii_digit(),
                'a' => c.is_ascii_alphabetic(),
                'x' => c.is_ascii_alphanumeric(),
                'h' => c.is_ascii_hexdigit(),
                _ => true,
            };
            let run = folded[at..]
                .iter()
                .take_while(|c| takes(**c))
                .count()
                .min(*max);
            let mut counts: Vec<usize> = (*min..=run).collect();
            if !lazy {
                counts.reverse();
            }
            counts.into_iter().find_map(|count| {
                let mut taken = step(rest, chars, folded, at + count)?;
                taken.insert(0, chars[at..at + count].iter().collect());
                Some(taken)
            })
        }
    }
}
