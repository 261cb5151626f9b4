use std::collections::HashMap;

/// Keywords of a mailbox and the combinations of them that messages have; a message then costs two bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keywords {
    names: Vec<String>,
    /// Combinations as indices of names; the first is the empty one.
    sets: Vec<Box<[u16]>>,
    index: HashMap<Box<[u16]>, u16>,
}

impl Default for Keywords {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            sets: vec![Box::default()],
            index: HashMap::new(),
        }
    }
}

impl Keywords {
    /// Number of the combination. When more are in use than two bytes count, the message shows none.
    pub(crate) fn intern<'x>(&mut self, keywords: impl IntoIterator<Item = &'x str>) -> u16 {
        let mut set: Vec<u16> = keywords
            .into_iter()
            .filter_map(|keyword| self.name_index(keyword))
            .collect();
        if set.is_empty() {
            return 0;
        }
        set.sort_unstable();
        set.dedup();
        if let Some(found) = self.index.get(set.as_slice()) {
            return *found;
        }
        let Ok(number) = u16::try_from(self.sets.len()) else {
            return 0;
        };
        let set: Box<[u16]> = set.into();
        self.sets.push(set.clone());
        self.index.insert(set, number);
        number
    }

    fn name_index(&mut self, keyword: &str) -> Option<u16> {
        let known = self
            .names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(keyword));
        let at = known.unwrap_or_else(|| {
            self.names.push(keyword.to_owned());
            self.names.len() - 1
        });
        u16::try_from(at).ok()
    }

    /// Names of a combination.
    pub(crate) fn of(&self, set: u16) -> impl Iterator<Item = &str> {
        let set = self.sets.get(usize::from(set)).map_or(&[][..], |set| set);
        set.iter()
            .filter_map(|at| self.names.get(usize::from(*at)))
            .map(String::as_str)
    }

    /// Every keyword met so far.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_are_shared() {
        let mut keywords = Keywords::default();
        assert_eq!(keywords.intern([]), 0);
        let one = keywords.intern(["a", "B"]);
        assert_eq!(keywords.intern(["b", "A", "a"]), one);
        assert_ne!(keywords.intern(["a"]), one);
        assert_eq!(keywords.of(one).collect::<Vec<_>>(), ["a", "B"]);
        assert_eq!(keywords.names().collect::<Vec<_>>(), ["a", "B"]);
        assert_eq!(keywords.of(999).count(), 0);
    }
}
