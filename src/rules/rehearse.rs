//! Rehearsals: the course of a call that nobody is called in.

use std::time::Duration;

use crate::caller::Caller;
use crate::condition::Facts;
use crate::course::{Account, Course, Situation};
use crate::outcome::{Lead, Outcome, Step};

/// How long whoever is called elsewhere rings in vain (Timer C of RFC 3261 §16.8, as the proxy has it).
const IN_VAIN: Duration = Duration::from_secs(190);

/// A telephone of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// What it answers with; `None` when it rings for ever.
    pub status: Option<u16>,
    /// When.
    pub after: Duration,
}

/// A step and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timed {
    /// Since the call came.
    pub at: Duration,
    /// What was decided.
    pub step: Step,
}

/// What would happen to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// What would be decided.
    pub timeline: Vec<Timed>,
    /// What the caller would hear in the end.
    pub status: u16,
    /// Its text, when a rule says one.
    pub reason: String,
}

/// Those who ring, and what they will have said by when.
struct Stage<'a> {
    devices: &'a [Device],
    reached: &'a dyn Fn(&str) -> bool,
    ringing: Vec<(Duration, u16)>,
    /// What was heard of them; that somebody is busy counts more than anything else.
    status: u16,
    telephones: bool,
    rehearsal: Rehearsal,
}

impl Stage<'_> {
    fn ring(&mut self, at: Duration) {
        self.telephones |= !self.devices.is_empty();
        self.ringing.extend(self.devices.iter().map(|device| device.status.map_or((at + IN_VAIN, 408), |status| (at + device.after, status))));
    }

    fn lead(&mut self, at: Duration, lead: &Lead) {
        for target in lead.targets.iter().filter(|target| (self.reached)(target)) {
            if target == "*" { self.ring(at) } else { self.ringing.push((at + IN_VAIN, 408)) }
        }
    }

    /// Lets an outcome happen; whether the call goes on.
    fn apply(&mut self, at: Duration, outcome: Outcome) -> bool {
        self.rehearsal.timeline.extend(outcome.steps.into_iter().map(|step| Timed { at, step }));
        // Where nobody can be reached, whoever rings rings on.
        if let Some(lead) = outcome.redirect.as_ref().filter(|lead| lead.targets.iter().any(|target| (self.reached)(target))) {
            self.ringing.clear();
            (self.status, self.telephones) = (480, true);
            self.lead(at, lead);
        }
        outcome.forks.iter().for_each(|lead| self.lead(at, lead));
        if let Some((status, reason)) = outcome.refuse {
            (self.rehearsal.status, self.rehearsal.reason) = (status, reason);
            return false;
        }
        true
    }

    /// Whoever has said something by now is heard; whether somebody answered.
    fn hear(&mut self, at: Duration) -> bool {
        let busy = |status| matches!(status, 486 | 600 | 603);
        while let Some(place) = self.ringing.iter().position(|(until, _)| *until <= at) {
            let (_, status) = self.ringing.swap_remove(place);
            if status < 300 {
                self.rehearsal.status = status;
                return true;
            }
            if !busy(self.status) || busy(status) {
                self.status = status;
            }
        }
        false
    }
}

/// What a call is rehearsed with.
pub struct Scene<'a> {
    /// Who calls.
    pub caller: &'a Caller,
    /// How the account stands.
    pub situation: Situation,
    /// Its telephones.
    pub devices: &'a [Device],
    /// Whether a target leads anywhere; whoever is called there never answers.
    pub reached: &'a dyn Fn(&str) -> bool,
}

/// Runs a call without anybody being called. `facts` is asked for each moment.
pub fn rehearse<F: Facts>(account: &Account<'_>, mut course: Course, facts: impl Fn(Duration) -> F, scene: &Scene<'_>) -> Rehearsal {
    let nothing = Rehearsal { timeline: Vec::new(), status: 480, reason: String::new() };
    let mut stage = Stage { devices: scene.devices, reached: scene.reached, ringing: Vec::new(), status: 480, telephones: false, rehearsal: nothing };
    let mut at = Duration::ZERO;
    let outcome = course.begin(account, &facts(at), scene.caller, scene.situation);
    let rings = outcome.redirect.is_none() && outcome.refuse.is_none();
    if rings {
        stage.ring(at);
    }
    if !stage.apply(at, outcome) {
        return stage.rehearsal;
    }
    loop {
        if stage.hear(at) {
            return stage.rehearsal;
        }
        let outcome = if stage.ringing.is_empty() {
            if course.is_over() {
                stage.rehearsal.status = stage.status;
                return stage.rehearsal;
            }
            course.failed(at, stage.status, stage.telephones, account, &facts(at))
        } else {
            let heard = stage.ringing.iter().map(|(until, _)| *until).min();
            let Some(next) = [heard, course.deadline(account)].into_iter().flatten().min() else { return stage.rehearsal };
            at = at.max(next);
            match course.due(at, account, &facts(at)) {
                // Whoever answers at the same moment is heard first.
                Some(outcome) if !stage.hear(at) => outcome,
                Some(_) => return stage.rehearsal,
                None => continue,
            }
        };
        if !stage.apply(at, outcome) {
            return stage.rehearsal;
        }
    }
}
