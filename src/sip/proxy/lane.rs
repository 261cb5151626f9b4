use std::collections::VecDeque;
use std::time::Instant;

use super::Target;

/// Targets that are tried one preference after the other.
#[derive(Debug)]
pub(super) struct Lane<T> {
    /// Those whose turn has come, as far as there was no room for them.
    pub(super) ready: VecDeque<Target<T>>,
    /// Those whose turn will come, equal preferences together.
    waves: VecDeque<Vec<Target<T>>>,
    /// When the next wave comes, whatever became of the last.
    pub(super) next: Option<Instant>,
}

impl<T> Lane<T> {
    pub(super) fn new() -> Self {
        Self {
            ready: VecDeque::new(),
            waves: VecDeque::new(),
            next: None,
        }
    }

    /// Puts targets of the same preference behind all others.
    pub(super) fn push(&mut self, wave: Vec<Target<T>>) {
        if !wave.is_empty() {
            self.waves.push_back(wave);
        }
    }

    /// Sorts targets into waves by preference; equal ones keep their order.
    pub(super) fn sorted(mut targets: Vec<Target<T>>) -> Self {
        let mut lane = Self::new();
        targets.sort_by_key(|target| std::cmp::Reverse(target.q));
        let mut wave: Vec<Target<T>> = Vec::new();
        for target in targets {
            if wave.last().is_some_and(|last| last.q != target.q) {
                lane.push(std::mem::take(&mut wave));
            }
            wave.push(target);
        }
        lane.push(wave);
        lane
    }

    /// Begins the next wave; `after` is when that behind it comes.
    pub(super) fn advance(&mut self, after: Instant) {
        self.ready
            .extend(self.waves.pop_front().unwrap_or_default());
        self.next = (!self.waves.is_empty()).then_some(after);
    }

    /// Whether nothing is left to try.
    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.waves.is_empty()
    }

    /// Whether a wave waits for its turn.
    pub(super) fn has_waves(&self) -> bool {
        !self.waves.is_empty()
    }

    /// Forgets the targets of a group, or all.
    pub(super) fn forget(&mut self, group: Option<u32>) {
        let stays = |target: &Target<T>| group.is_some_and(|group| target.group != group);
        self.ready.retain(stays);
        for wave in &mut self.waves {
            wave.retain(stays);
        }
        self.waves.retain(|wave| !wave.is_empty());
        if self.waves.is_empty() {
            self.next = None;
        }
    }
}
