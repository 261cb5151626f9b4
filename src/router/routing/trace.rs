//! Recording the steps of a run; everything here does nothing unless a trace is asked for. A run notes what it did in few
//! octets; which other records would have matched is worked out when somebody wants to read it.

use model::routing::{
    ExplainStep, Flow, RouteMark, RoutingWarning, RoutingWarningCode, SkippedRecord, StepKind,
    StepRecord,
};

use super::Routing;
use crate::address::Address;
use crate::router::Router;
use crate::rule::{Match, Rule, Site};

/// What a run noted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace {
    /// Addresses one after the other.
    text: String,
    notes: Vec<Noted>,
    looks: Vec<Look>,
    warnings: Vec<RoutingWarning>,
}

/// A piece of the text of the trace.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: u32,
    end: u32,
}

#[derive(Debug, Clone)]
enum Noted {
    /// The address became another one, or stayed.
    Step {
        pass: u32,
        kind: StepKind,
        before: Piece,
        after: Piece,
        relayable: bool,
        note: Option<Box<str>>,
    },
    /// A record was applied: the last look at the table so far.
    Record {
        pass: u32,
        look: usize,
        relayable: bool,
        result: Piece,
    },
}

/// A look at the table.
#[derive(Debug, Clone)]
struct Look {
    address: Address,
    site: Site,
    /// The record that was applied, by its place in the table.
    applied: Option<usize>,
}

/// What there is to read about a run.
#[derive(Debug, Default)]
pub(crate) struct Story {
    pub(crate) steps: Vec<ExplainStep>,
    pub(crate) skipped: Vec<SkippedRecord>,
    pub(crate) warnings: Vec<RoutingWarning>,
}

impl Routing<'_> {
    /// The address as it is now, when it is going to change under a trace.
    pub(super) fn before(&mut self) -> Option<Before> {
        let trace = self.trace.as_mut()?;
        Some(Before(trace.keep(self.address.as_str())))
    }

    /// Records a step that changed the address.
    pub(super) fn step(&mut self, kind: StepKind, before: Option<Before>) {
        self.push(kind, before, false, None);
    }

    /// Records how the input was read.
    pub(super) fn parse_step(&mut self) {
        if let Some(trace) = &mut self.trace
            && self.address.as_str() != self.input
        {
            let before = Before(trace.keep(self.input));
            self.push(StepKind::Parse, Some(before), false, None);
        }
    }

    /// Records a step that changed the address and gave the relay mark.
    pub(super) fn marked_step(
        &mut self,
        kind: StepKind,
        before: Option<Before>,
        note: Option<String>,
    ) {
        self.push(kind, before, true, note);
    }

    /// Records a step that left the address alone.
    pub(super) fn note(&mut self, kind: StepKind, note: impl FnOnce() -> String) {
        if self.trace.is_some() {
            let before = self.before();
            self.push(kind, before, false, Some(note()));
        }
    }

    /// Records that a domain without accounts of this name decided by a setting.
    pub(super) fn policy_step(&mut self, before: Option<Before>, note: impl FnOnce() -> String) {
        if self.trace.is_some() {
            let note = Some(note());
            self.push(StepKind::UnknownSetting, before, false, note);
        }
    }

    fn push(
        &mut self,
        kind: StepKind,
        before: Option<Before>,
        relayable: bool,
        note: Option<String>,
    ) {
        let (Some(trace), Some(Before(before))) = (&mut self.trace, before) else {
            return;
        };
        let after = match trace.piece(before) == self.address.as_str() {
            true => before,
            false => trace.keep(self.address.as_str()),
        };
        trace.notes.push(Noted::Step {
            pass: self.passes.max(1),
            kind,
            before,
            after,
            relayable,
            note: note.filter(|n| !n.is_empty()).map(Into::into),
        });
    }

    /// Records a look at the table.
    pub(super) fn look(&mut self, site: Site, applied: Option<usize>) {
        if let Some(trace) = &mut self.trace {
            trace.looks.push(Look {
                address: self.address.clone(),
                site,
                applied,
            });
        }
    }

    /// Records that the record of the last look was applied, and what became of the address.
    pub(super) fn record_step(&mut self, result: &Address, relayable: bool) {
        if let Some(trace) = &mut self.trace {
            let noted = Noted::Record {
                pass: self.passes,
                look: trace.looks.len().saturating_sub(1),
                relayable,
                result: trace.keep(result.as_str()),
            };
            trace.notes.push(noted);
        }
    }

    /// Adds a remark.
    pub(super) fn warn(&mut self, code: RoutingWarningCode, text: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.warnings.push(RoutingWarning {
                line: None,
                code,
                text: text(),
            });
        }
    }
}

/// An address that was kept before it changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before(Piece);

impl Trace {
    fn keep(&mut self, text: &str) -> Piece {
        // A run has at most a thousand passes over an address of bounded length.
        let position = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let start = position(self.text.len());
        self.text.push_str(text);
        Piece {
            start,
            end: position(self.text.len()),
        }
    }

    fn piece(&self, piece: Piece) -> &str {
        let range = piece.start as usize..piece.end as usize;
        self.text.get(range).unwrap_or_default()
    }

    /// Tells the story of a run through this table.
    pub(crate) fn tell(&self, router: &Router, flow: Flow) -> Story {
        let mut story = Story::default();
        for noted in &self.notes {
            match noted {
                Noted::Step {
                    pass,
                    kind,
                    before,
                    after,
                    relayable,
                    note,
                } => {
                    let (before, after) = (self.piece(*before), self.piece(*after));
                    story.steps.push(ExplainStep {
                        after: (after != before).then(|| after.to_owned()),
                        marks: relayable.then(|| vec![RouteMark::Relayable]),
                        note: note.as_deref().map(str::to_owned),
                        ..plain(*pass, *kind, before)
                    });
                }
                Noted::Record {
                    pass,
                    look,
                    relayable,
                    result,
                } => {
                    let look = self.looks.get(*look);
                    let rule = look.and_then(|look| router.table.rules.get(look.applied?));
                    if let (Some(look), Some(rule)) = (look, rule) {
                        let result = self.piece(*result);
                        story.add_record(router, flow, (look, rule), *pass, *relayable, result);
                    }
                }
            }
        }
        for look in &self.looks {
            story.add_skipped(router, flow, look);
        }
        story.warnings.extend(self.warnings.iter().cloned());
        story
    }
}

fn plain(pass: u32, kind: StepKind, before: &str) -> ExplainStep {
    ExplainStep {
        pass,
        kind,
        before: before.to_owned(),
        after: None,
        record: None,
        captures: Default::default(),
        marks: None,
        note: None,
    }
}

impl Story {
    /// A record that was applied, how its result was normalised, and which later ones are more particular.
    fn add_record(
        &mut self,
        router: &Router,
        flow: Flow,
        (look, rule): (&Look, &Rule),
        pass: u32,
        relayable: bool,
        result: &str,
    ) {
        let mut found = Match::default();
        rule.matches(&look.address, look.site, &mut found);
        let raw = rule.raw(found.filling(&look.address));
        self.steps.push(ExplainStep {
            after: Some(raw.clone()),
            record: Some(StepRecord {
                line: rule.line,
                id: rule.id,
                text: rule.text.to_string(),
            }),
            captures: rule.captures(&look.address, &found).collect(),
            marks: Some(Vec::from_iter(relayable.then_some(RouteMark::Relayable))),
            ..plain(pass, StepKind::Record, look.address.as_str())
        });
        let later = router
            .table
            .rules
            .iter()
            .filter(|later| later.line > rule.line && later.flows.serve(flow));
        for later in later.filter(|later| later.particularity() > rule.particularity()) {
            if later.matches(&look.address, look.site, &mut Match::default()) {
                let text = format!(
                    "the record is more particular, but line {} above it applies first",
                    rule.line
                );
                self.warnings.push(RoutingWarning {
                    line: Some(later.line),
                    code: RoutingWarningCode::Shadowed,
                    text,
                });
            }
        }
        if raw != result {
            self.steps.push(ExplainStep {
                after: Some(result.to_owned()),
                ..plain(pass, StepKind::Normalise, &raw)
            });
        }
    }

    /// The matching records that were not applied, up to the one that was.
    fn add_skipped(&mut self, router: &Router, flow: Flow, look: &Look) {
        let open = Site {
            explicit_only: false,
            ..look.site
        };
        let before = look.applied.unwrap_or(usize::MAX);
        for rule in router.table.rules.iter().take(before) {
            let mut found = Match::default();
            if !rule.matches(&look.address, open, &mut found) {
                continue;
            }
            let reason = if !rule.flows.serve(flow) {
                let flows: Vec<String> = rule
                    .flows
                    .list()
                    .iter()
                    .map(|flow| format!("{flow:?}").to_ascii_lowercase())
                    .collect();
                format!("flow {} only", flows.join(" and "))
            } else if look.site.explicit_only
                && !rule.matches(&look.address, look.site, &mut found)
            {
                "a wildcard does not match an IP address, a port or a reserved domain".to_owned()
            } else {
                "identity: it does not change the address".to_owned()
            };
            let skipped = SkippedRecord {
                line: rule.line,
                reason,
            };
            if !self.skipped.contains(&skipped) {
                self.skipped.push(skipped);
            }
        }
    }
}
