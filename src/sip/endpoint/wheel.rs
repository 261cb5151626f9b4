use std::time::{Duration, Instant};

/// Length of a slot.
const STEP: Duration = Duration::from_millis(10);
/// Slots of the wheel, somewhat more than the longest timer; what lies beyond waits in the last.
const SLOTS: u64 = 4096;

/// Many deadlines, kept to 10 ms: cheap to set, and set again rather than taken back.
#[derive(Debug)]
pub(super) struct Wheel<T> {
    start: Instant,
    /// The first slot that has not been emptied.
    next: u64,
    slots: Vec<Vec<T>>,
    held: usize,
}

impl<T> Wheel<T> {
    pub(super) fn new(start: Instant) -> Self {
        let slots = (0..SLOTS).map(|_| Vec::new()).collect();
        Self {
            start,
            next: 0,
            slots,
            held: 0,
        }
    }

    /// Sets a deadline and answers its slot, by which it is known when it comes back.
    pub(super) fn set(&mut self, at: Instant, item: T) -> u64 {
        let slot = self.slot(at);
        if let Some(items) = self.slots.get_mut(index(slot)) {
            items.push(item);
            self.held += 1;
        }
        slot
    }

    /// Whether a deadline would stand in an earlier slot than this.
    pub(super) fn is_before(&self, at: Instant, slot: u64) -> bool {
        self.slot(at) < slot
    }

    fn slot(&self, at: Instant) -> u64 {
        let wait = at.saturating_duration_since(self.start).as_nanos();
        let slot = u64::try_from(wait.div_ceil(STEP.as_nanos())).unwrap_or(u64::MAX);
        slot.clamp(self.next, self.next + SLOTS - 1)
    }

    /// Takes one slot that is due, with its number.
    pub(super) fn due(&mut self, now: Instant) -> Option<(u64, Vec<T>)> {
        let passed = now.saturating_duration_since(self.start).as_nanos() / STEP.as_nanos();
        let last = u64::try_from(passed).unwrap_or(u64::MAX);
        while self.next <= last {
            if self.held == 0 {
                self.next = last + 1;
                return None;
            }
            let slot = self.next;
            self.next += 1;
            let items = self
                .slots
                .get_mut(index(slot))
                .map(std::mem::take)
                .unwrap_or_default();
            if !items.is_empty() {
                self.held -= items.len();
                return Some((slot, items));
            }
        }
        None
    }

    /// When the next slot is due that holds anything.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.held == 0 {
            return None;
        }
        let holds = |slot: &u64| {
            self.slots
                .get(index(*slot))
                .is_some_and(|items| !items.is_empty())
        };
        let slot = (self.next..self.next + SLOTS).find(holds)?;
        self.start
            .checked_add(Duration::from_millis(slot.saturating_mul(10)))
    }
}

fn index(slot: u64) -> usize {
    usize::try_from(slot % SLOTS).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_in_order_and_not_too_early() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut wheel = Wheel::new(start);
        assert_eq!(wheel.deadline(), None);
        for millis in [500, 3, 7, 500, 32_000, 100_000, 501] {
            wheel.set(at(millis), millis);
        }
        let mut seen = Vec::new();
        while let Some(next) = wheel.deadline() {
            assert!(wheel.due(next - Duration::from_millis(1)).is_none());
            let (slot, items) = wheel.due(next).unwrap();
            assert_eq!(at(slot * 10), next);
            for millis in items {
                // What lies beyond the wheel comes early, to be set again.
                assert!(at(millis) <= next || millis == 100_000);
                seen.push(millis);
            }
        }
        assert_eq!(seen, [3, 7, 500, 500, 501, 32_000, 100_000]);
    }

    #[test]
    fn a_long_sleep_loses_nothing() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        wheel.set(start + Duration::from_secs(1), 1);
        let later = start + Duration::from_secs(1000);
        assert_eq!(wheel.due(later), Some((100, vec![1])));
        assert_eq!(wheel.due(later), None);
        let slot = wheel.set(start, 2);
        assert!(wheel.due(later).is_none() && wheel.deadline() > Some(later));
        assert_eq!(wheel.due(later + STEP), Some((slot, vec![2])));
    }
}
