//! Pictures: texts in which `*` stands for anything.

/// A text in which `*` stands for zero or more characters; all else is meant as it is, in whatever case, and means the whole text.
/// `\*`, `\,` and `\\` are the characters themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What stands before, between and after the asterisks, folded.
    parts: Vec<String>,
}

/// A text as it is compared: in lower case, a run of white space as one blank, none at the ends.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

impl Picture {
    /// Reads a picture.
    pub fn parse(text: &str) -> Self {
        let mut parts = vec![String::new()];
        let mut chars = text.trim().chars();
        while let Some(c) = chars.next() {
            let c = match c {
                '*' => {
                    parts.push(String::new());
                    continue;
                }
                '\\' => chars.next().unwrap_or('\\'),
                c => c,
            };
            if let Some(last) = parts.last_mut() {
                last.push(c);
            }
        }
        // White space at an asterisk counts; within it is one blank.
        let folded = |part: &String| {
            let mut out = String::with_capacity(part.len());
            for c in part.chars() {
                match c.is_whitespace() {
                    true if out.ends_with(' ') => {}
                    true => out.push(' '),
                    false => out.extend(c.to_lowercase()),
                }
            }
            out
        };
        Self { parts: parts.iter().map(folded).collect() }
    }

    /// Reads a list of pictures parted by commas; blanks around each do not count, and empty ones are left out.
    pub fn list(text: &str) -> Vec<Self> {
        let (mut items, mut item, mut escaped) = (Vec::new(), String::new(), false);
        for c in text.chars() {
            if c == ',' && !escaped {
                items.push(std::mem::take(&mut item));
                continue;
            }
            escaped = c == '\\' && !escaped;
            item.push(c);
        }
        items.push(item);
        items.iter().filter(|item| !item.trim().is_empty()).map(|item| Self::parse(item)).collect()
    }

    /// The whole text, when there is no asterisk in it.
    pub fn plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Whether a text, folded by [`fold`], fits.
    pub fn fits(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.parts.as_slice() else { return self.plain() == Some(text) };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        for part in middle {
            let Some(at) = rest.find(part.as_str()) else { return false };
            rest = rest.get(at + part.len()..).unwrap_or_default();
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pictures() {
        for (picture, text, fits) in [
            ("*", "", true), ("*", "any", true), ("ann@shop.example", "Ann@Shop.example", true), ("*@shop.example", "ann@shop.example", true),
            ("shop.example", "ann@shop.example", false), ("*important*", "Your IMPORTANT invoice 17", true), ("important", "Your important", false),
            ("a*b*c", "abc", true), ("a*b*c", "a-b-b-c", true), ("a*b*c", "acb", false), ("a*a", "a", false), (r"\*69", "*69", true), (r"\*69", "169", false),
            (r"a\\b", r"a\b", true), ("two  words", "two\t words", true), ("", "", true), ("", "x", false), ("*ü", "MÜ", true),
        ] {
            assert_eq!(Picture::parse(picture).fits(&fold(text)), fits, "{picture} {text}");
        }
        let list = Picture::list(r" x@y.z, *@shop.example ,, a\,b ");
        assert_eq!(list.len(), 3);
        assert!(list[1].fits("ann@shop.example") && list[2].fits("a,b"));
    }

    /// What `*` means, said slowly.
    fn slow(picture: &[char], text: &[char]) -> bool {
        match picture.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|at| slow(rest, &text[at..])),
            Some((c, rest)) => text.first() == Some(c) && slow(rest, &text[1..]),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn an_asterisk_is_anything(picture in "[ab*]{0,8}", text in "[ab]{0,10}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(Picture::parse(&picture).fits(&text), slow(&chars(&picture), &chars(&text)));
        }
    }
}
