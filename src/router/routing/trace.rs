//! Recording the steps of a run; everything here does nothing unless a trace is asked for.

use model::routing::{
    ExplainStep, RouteMark, RoutingWarning, RoutingWarningCode, SkippedRecord, StepKind, StepRecord,
};

use super::Routing;
use crate::address::Address;
use crate::rule::{Match, Rule, Site};

/// The steps of a run, in the shape the API shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace {
    pub(crate) steps: Vec<ExplainStep>,
    pub(crate) skipped: Vec<SkippedRecord>,
    pub(crate) warnings: Vec<RoutingWarning>,
}

impl Routing<'_> {
    /// The address as it is now, when it is going to change under a trace.
    pub(super) fn before(&self) -> Option<String> {
        self.trace
            .is_some()
            .then(|| self.address.as_str().to_owned())
    }

    /// Records a step that changed the address.
    pub(super) fn step(&mut self, kind: StepKind, before: Option<String>) {
        self.push(kind, before, None, None);
    }

    /// Records a step that changed the address and gave the relay mark.
    pub(super) fn marked_step(
        &mut self,
        kind: StepKind,
        before: Option<String>,
        note: Option<String>,
    ) {
        self.push(kind, before, Some(vec![RouteMark::Relayable]), note);
    }

    /// Records a step that left the address alone.
    pub(super) fn note(&mut self, kind: StepKind, note: impl FnOnce() -> String) {
        if self.trace.is_some() {
            let before = self.before();
            self.push(kind, before, None, Some(note()));
        }
    }

    /// Records that a domain without accounts of this name decided by a setting.
    pub(super) fn policy_step(&mut self, before: Option<String>, note: impl FnOnce() -> String) {
        if self.trace.is_some() {
            let note = Some(note());
            self.push(StepKind::UnknownSetting, before, None, note);
        }
    }

    fn push(
        &mut self,
        kind: StepKind,
        before: Option<String>,
        marks: Option<Vec<RouteMark>>,
        note: Option<String>,
    ) {
        let (Some(trace), Some(before)) = (&mut self.trace, before) else {
            return;
        };
        let after = Some(self.address.as_str())
            .filter(|after| *after != before)
            .map(str::to_owned);
        trace.steps.push(ExplainStep {
            pass: self.passes.max(1),
            kind,
            before,
            after,
            record: None,
            captures: Default::default(),
            marks,
            note: note.filter(|n| !n.is_empty()),
        });
    }

    /// Records that a table record was applied, and how its result was normalised.
    pub(super) fn record_step(
        &mut self,
        rule: &Rule,
        found: &Match,
        site: Site,
        result: &Address,
        marks: bool,
    ) {
        let router = self.router;
        let raw = rule.raw(found.filling(&self.address));
        let captures = rule.captures(&self.address, found).collect();
        let before = self.address.as_str().to_owned();
        let pass = self.passes;
        let Some(trace) = &mut self.trace else { return };
        trace.steps.push(ExplainStep {
            pass,
            kind: StepKind::Record,
            before,
            after: Some(raw.clone()),
            record: Some(StepRecord {
                line: rule.line,
                id: rule.id,
                text: rule.text.to_string(),
            }),
            captures,
            marks: Some(if marks {
                vec![RouteMark::Relayable]
            } else {
                Vec::new()
            }),
            note: None,
        });
        let later = router
            .table
            .rules
            .iter()
            .filter(|later| later.line > rule.line && later.flows.serve(self.flow));
        for later in later.filter(|later| later.particularity() > rule.particularity()) {
            if later.matches(&self.address, site, &mut Match::default()) {
                let text = format!(
                    "the record is more particular, but line {} above it applies first",
                    rule.line
                );
                trace.warnings.push(RoutingWarning {
                    line: Some(later.line),
                    code: RoutingWarningCode::Shadowed,
                    text,
                });
            }
        }
        if raw != result.as_str() {
            let after = Some(result.as_str().to_owned());
            trace.steps.push(ExplainStep {
                pass,
                kind: StepKind::Normalise,
                before: raw,
                after,
                record: None,
                captures: Default::default(),
                marks: None,
                note: None,
            });
        }
    }

    /// Records which matching records were not applied, up to the one that was.
    pub(super) fn skip_records(&mut self, site: Site, applied: Option<usize>) {
        let router = self.router;
        let Some(trace) = &mut self.trace else { return };
        let open = Site {
            explicit_only: false,
            ..site
        };
        for rule in router
            .table
            .rules
            .iter()
            .take(applied.unwrap_or(usize::MAX))
        {
            let mut found = Match::default();
            if !rule.matches(&self.address, open, &mut found) {
                continue;
            }
            let reason = if !rule.flows.serve(self.flow) {
                let flows: Vec<String> = rule
                    .flows
                    .list()
                    .iter()
                    .map(|flow| format!("{flow:?}").to_ascii_lowercase())
                    .collect();
                format!("flow {} only", flows.join(" and "))
            } else if site.explicit_only && !rule.matches(&self.address, site, &mut found) {
                "a wildcard does not match an IP address, a port or a reserved domain".to_owned()
            } else {
                "identity: it does not change the address".to_owned()
            };
            let skipped = SkippedRecord {
                line: rule.line,
                reason,
            };
            if !trace.skipped.contains(&skipped) {
                trace.skipped.push(skipped);
            }
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
