use std::collections::BTreeMap;

/// Many deadlines on one clock, a list per moment: cheap to set, taken in order, set again rather than taken back.
#[derive(Debug)]
pub(crate) struct Deadlines<At, T> {
    moments: BTreeMap<At, Vec<T>>,
}

impl<At: Ord + Copy, T> Deadlines<At, T> {
    pub(crate) fn new() -> Self {
        Self {
            moments: BTreeMap::new(),
        }
    }

    pub(crate) fn set(&mut self, at: At, item: T) {
        self.moments.entry(at).or_default().push(item);
    }

    /// Takes one item that is due, with the moment it was set for.
    pub(crate) fn pop(&mut self, now: At) -> Option<(At, T)> {
        loop {
            let mut first = self
                .moments
                .first_entry()
                .filter(|first| *first.key() <= now)?;
            let at = *first.key();
            match first.get_mut().pop() {
                Some(item) => return Some((at, item)),
                None => drop(first.remove()),
            }
        }
    }

    /// Octets of all that waits.
    #[cfg(test)]
    pub(crate) fn octets(&self) -> usize {
        let lists = self.moments.values();
        lists
            .map(|items| 64 + items.capacity() * size_of::<T>())
            .sum()
    }

    /// When the next item is due.
    pub(crate) fn next(&self) -> Option<At> {
        let mut held = self.moments.iter().filter(|(_, items)| !items.is_empty());
        held.next().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_in_order_and_not_too_early() {
        let mut deadlines = Deadlines::new();
        for at in [5, 3, 9, 3] {
            deadlines.set(at, at * 10);
        }
        assert_eq!((deadlines.next(), deadlines.pop(2)), (Some(3), None));
        assert_eq!(deadlines.pop(4), Some((3, 30)));
        deadlines.set(1, 10);
        assert_eq!(deadlines.pop(4), Some((1, 10)));
        assert_eq!(deadlines.pop(4), Some((3, 30)));
        assert_eq!((deadlines.pop(4), deadlines.next()), (None, Some(5)));
        assert_eq!(deadlines.pop(100), Some((5, 50)));
        assert_eq!(deadlines.pop(100), Some((9, 90)));
        assert_eq!((deadlines.pop(100), deadlines.next()), (None, None));
    }
}
