//! Looking after calls: silence one way, silence both ways, calls that nobody ends (media.md §8).

use std::collections::HashMap;

use rtp::{SECOND, Silent, Verdict, verdict};
use uuid::Uuid;

use crate::endpoint::Slot;
use crate::thread::Thread;

/// Sweeps after which each call was looked at.
const PARTS: usize = 10;
/// A call that is not answered, and whose end nobody tells.
const UNANSWERED: u64 = 900 * SECOND;

/// A call to look after.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    pub(crate) call: Uuid,
    /// When it began, or was described anew.
    pub(crate) since: u64,
    /// When it was answered.
    pub(crate) answered: Option<u64>,
    /// Silence of both after which it is given up.
    pub(crate) timeout: u64,
    /// Early media ends then.
    pub(crate) early_until: Option<u64>,
    pub(crate) streams: Vec<WatchedStream>,
    pub(crate) told: Told,
}

/// What was said of a call already.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told {
    timeout: bool,
}

/// One m-line: the endpoints of both ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WatchedStream {
    pub(crate) index: usize,
    pub(crate) caller: Watched,
    pub(crate) callee: Watched,
    pub(crate) said: [bool; 2],
}

/// One end of a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched {
    pub(crate) slot: Slot,
    pub(crate) promised: bool,
    pub(crate) shown_private: bool,
    pub(crate) port: u16,
}

/// What a thread has to say.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Notice {
    OneWay { call: Uuid, index: usize, verdict: Verdict, now: u64 },
    Timeout { call: Uuid, seconds: u64 },
    Abandoned { call: Uuid },
    Exhausted { address: std::net::IpAddr },
    Stop,
}

/// The calls of a thread.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    watches: Vec<Watch>,
    places: HashMap<Uuid, usize>,
    next: usize,
}

impl Sweep {
    pub(crate) fn watch(&mut self, mut watch: Watch) {
        match self.places.get(&watch.call).and_then(|at| self.watches.get_mut(*at)) {
            Some(place) => {
                for stream in &mut watch.streams {
                    if let Some(old) = place.streams.iter().find(|old| old.index == stream.index) {
                        stream.said = old.said;
                    }
                }
                *place = watch;
            }
            None => {
                self.places.insert(watch.call, self.watches.len());
                self.watches.push(watch);
            }
        }
    }

    pub(crate) fn forget(&mut self, call: Uuid) {
        let Some(at) = self.places.remove(&call) else { return };
        if at < self.watches.len() {
            self.watches.swap_remove(at);
        }
        if let Some(moved) = self.watches.get(at) {
            self.places.insert(moved.call, at);
        }
    }
}

impl Thread {
    /// Looks at a part of the calls.
    pub(crate) fn look_around(&mut self, now: u64) {
        self.close_due(now);
        let count = self.sweep.watches.len();
        for _ in 0..count.div_ceil(PARTS) {
            self.sweep.next = if self.sweep.next + 1 < count { self.sweep.next + 1 } else { 0 };
            let Some(mut watch) = self.sweep.watches.get(self.sweep.next).cloned() else { return };
            self.look_at(now, &mut watch);
            if let Some(place) = self.sweep.watches.get_mut(self.sweep.next) {
                *place = watch;
            }
        }
    }

    pub(crate) fn look_at(&mut self, now: u64, watch: &mut Watch) {
        let mut heard = watch.since;
        for stream in &mut watch.streams {
            let mut leg = |end: Watched| {
                let snapshot = self.endpoint(end.slot)?.snapshot(end.slot);
                heard = heard.max(snapshot.heard.unwrap_or(0));
                Some(snapshot.leg(end.promised, end.shown_private, end.port))
            };
            let (Some(caller), Some(callee)) = (leg(stream.caller), leg(stream.callee)) else { continue };
            let Some(answered) = watch.answered else { continue };
            let Some(found) = verdict(now, answered, &caller, &callee) else {
                stream.said = [false; 2];
                continue;
            };
            let said = match found.silent {
                Silent::Caller | Silent::Both => &mut stream.said[0],
                Silent::Callee => &mut stream.said[1],
            };
            if !std::mem::replace(said, true) {
                self.notify(Notice::OneWay { call: watch.call, index: stream.index, verdict: found, now });
            }
        }
        if watch.early_until.is_some_and(|until| now >= until) && watch.answered.is_none() {
            watch.early_until = None;
            let slots: Vec<Slot> = watch.streams.iter().map(|stream| stream.callee.slot).collect();
            for slot in slots {
                if let Some(endpoint) = self.endpoint(slot) {
                    endpoint.setup.peer = None;
                }
            }
        }
        let quiet = now.saturating_sub(heard);
        let (timeout, given_up) = if watch.answered.is_some() { (watch.timeout, 3 * watch.timeout) } else { (u64::MAX, UNANSWERED) };
        if quiet >= given_up {
            self.notify(Notice::Abandoned { call: watch.call });
        } else if quiet < timeout {
            watch.told.timeout = false;
        } else if !std::mem::replace(&mut watch.told.timeout, true) {
            self.notify(Notice::Timeout { call: watch.call, seconds: quiet / SECOND });
        }
    }

    fn notify(&self, notice: Notice) {
        // Nobody listens any more only when everything stops.
        let _ = self.notices.send(notice);
    }
}
