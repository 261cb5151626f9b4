//! The explanation of a run in the shape the API shows.

use model::routing::{
    ExplainReply, Explanation, Flow, RelayDecision, RouteResult, RoutingWarning,
    RoutingWarningCode, StepKind,
};

use crate::address::{Address, find_outside};
use crate::context::Context;
use crate::error::{RouteError, Situation};
use crate::pattern::{Class, Element};
use crate::relay::Verdict;
use crate::route::{Route, Sink};
use crate::router::Router;
use crate::routing::Outcome;
use crate::rule::{Left, Match, Rule, Site};

impl Outcome {
    /// Explains a run that was started with [`Context::trace`]; `address` and `context` are those of the run.
    pub fn explain(&self, router: &Router, address: &str, context: &Context) -> Explanation {
        let trace = self.trace.as_deref();
        let trace = trace.map(|trace| trace.tell(router, self.flow)).unwrap_or_default();
        let verdict = self.verdict(address, context);
        let mut warnings = trace.warnings;
        self.add_warnings(router, address, context, verdict.as_ref(), &mut warnings);
        let refusal = match (&self.route, &verdict) {
            (Route::Error(error), _) if !error.bounce => Some(error),
            (_, Some(Verdict::Refused(error))) => Some(error),
            _ => None,
        };
        let policy = trace
            .steps
            .iter()
            .rev()
            .find(|step| step.kind == StepKind::UnknownSetting)
            .and_then(|step| step.note.clone());
        Explanation {
            result: RouteResult {
                policy,
                ..self.result()
            },
            text: self.route.text(self.flow),
            relayable: self.relayable,
            relay_verdict: verdict
                .as_ref()
                .map(|verdict| verdict.to_model(&self.route)),
            passes: self.passes,
            steps: trace.steps,
            skipped: trace.skipped,
            warnings,
            smtp: (self.flow == Flow::Mail).then(|| {
                refusal.map_or_else(ExplainReply::default, |error| smtp_reply(router, error))
            }),
            sip: (self.flow == Flow::Signal).then(|| match (&self.route, refusal) {
                (_, Some(error)) => ExplainReply {
                    code: Some(error.sip()),
                    enhanced: None,
                    text: Some(error.text.to_string()),
                },
                (Route::Null(Sink::Null), None) => ExplainReply {
                    code: Some(480),
                    ..ExplainReply::default()
                },
                _ => ExplainReply::default(),
            }),
        }
    }

    fn result(&self) -> RouteResult {
        let mut result = RouteResult::new(self.route.kind());
        let mut handed = |module: &str, queue: String, address: Option<String>| {
            result.module = Some(module.to_owned());
            result.queue = Some(queue);
            result.address = address;
        };
        match &self.route {
            Route::Local(local) => {
                let account = format!("{}@{}", local.account.name, local.domain.name);
                handed("LOCAL", account.clone(), None);
                result.account = Some(account);
                result.mailbox = local.mailbox.as_deref().map(str::to_owned);
                result.detail = local.detail.as_deref().map(str::to_owned);
                result.real_to = local.real_to.as_deref().map(str::to_owned);
            }
            Route::App(app) => {
                result.account = Some(format!("{}@{}", app.account.name, app.domain.name));
                result.app = Some(app.name.to_string());
                result.params = Some(app.params.clone());
            }
            Route::List {
                list,
                domain,
                operation,
            } => {
                handed("LIST", format!("{}@{}", list.name, domain.name), None);
                result.operation = Some(operation.to_string());
            }
            Route::Group { group, domain } => {
                handed("LIST", format!("{}@{}", group.name, domain.name), None);
                result.members = Some(
                    group
                        .members
                        .iter()
                        .map(|member| member.to_string())
                        .collect(),
                );
            }
            Route::All(domain) => handed(
                "LIST",
                domain
                    .as_ref()
                    .map_or("*", |domain| &domain.name)
                    .to_owned(),
                None,
            ),
            Route::Smtp(remote) => handed("SMTP", remote.queue(), Some(remote.address.to_string())),
            Route::Sip(remote) => handed("SIP", remote.queue(), Some(remote.address.to_string())),
            Route::Pipe(command) => handed("PIPE", command.to_string(), None),
            Route::Null(_) | Route::Spamtrap => {}
            Route::Error(error) => {
                result.text = Some(error.text.to_string());
                result.code = match self.flow {
                    Flow::Mail => Some(error.smtp(model::routing::ReplyCodes::Standard).code),
                    Flow::Signal => Some(error.sip()),
                    Flow::Access => None,
                };
            }
        }
        result
    }

    fn add_warnings(
        &self,
        router: &Router,
        address: &str,
        context: &Context,
        verdict: Option<&Verdict>,
        out: &mut Vec<RoutingWarning>,
    ) {
        let applied = |line: u32| router.table.rules.iter().find(|rule| rule.line == line);
        let applied: Vec<&Rule> = self
            .records
            .iter()
            .filter_map(|record| applied(record.line))
            .collect();
        let mut warn = |line: Option<u32>, code, text: String| {
            let warning = RoutingWarning { line, code, text };
            if !out.contains(&warning) {
                out.push(warning);
            }
        };
        let error = match &self.route {
            Route::Error(error) => Some(error.situation),
            _ => None,
        };
        if error.is_some() && self.flow != Flow::Signal {
            for rule in applied.iter().filter(|rule| {
                rule.flows.is_unnamed() && find_outside(rule.right.source(), b'#').is_some()
            }) {
                warn(
                    Some(rule.line),
                    RoutingWarningCode::MissingSignal,
                    "the record starts an application: add Signal: before it".to_owned(),
                );
            }
        }
        if error == Some(Situation::Loop) {
            let mut lines: Vec<u32> = applied.iter().map(|rule| rule.line).collect();
            lines.sort_unstable();
            lines.dedup();
            let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
            warn(
                None,
                RoutingWarningCode::LoopSuspected,
                format!(
                    "the records of these lines lead in a circle: {}",
                    lines.join(", ")
                ),
            );
        }
        let relayed = verdict.is_some_and(|verdict| {
            verdict.to_model(&self.route).verdict == RelayDecision::RelayAllowed
        });
        if relayed && self.relayable && !context.trusted {
            for rule in applied.iter().filter(|rule| rule.takes_any_domain()) {
                warn(
                    Some(rule.line),
                    RoutingWarningCode::OpenRelay,
                    "a wildcard for every domain lets strangers relay".to_owned(),
                );
            }
        }
        if self.flow == Flow::Signal && error == Some(Situation::UnknownName) {
            near_numbers(router, address, &mut warn);
        }
    }
}

fn smtp_reply(router: &Router, error: &RouteError) -> ExplainReply {
    let reply = error.smtp(router.settings.reply_codes);
    ExplainReply {
        code: Some(reply.code),
        enhanced: reply.enhanced.map(str::to_owned),
        text: Some(reply.text.to_owned()),
    }
}

/// Remarks about records that want one digit more or less than the number has.
fn near_numbers(
    router: &Router,
    address: &str,
    warn: &mut impl FnMut(Option<u32>, RoutingWarningCode, String),
) {
    let Ok(mut address) = Address::parse(address, Flow::Signal) else {
        return;
    };
    let number = address.local().to_owned();
    let digits = number.trim_start_matches(['+', '*']).len();
    if digits < 5
        || !number
            .trim_start_matches(['+', '*'])
            .bytes()
            .all(|b| b.is_ascii_digit())
    {
        return;
    }
    if router.domains.is_main_name(address.domain()) {
        address.set_domain("");
    }
    let place = router.place(address.domain());
    let site = Site {
        local: place.is_local(),
        explicit_only: place.is_explicit_only(),
    };
    for rule in router
        .table
        .rules
        .iter()
        .filter(|rule| rule.flows.serve(Flow::Signal))
    {
        let Left::Account { local, .. } = &rule.left else {
            continue;
        };
        let numeric = local.body.iter().all(|element| match element {
            Element::Wild(wild) => wild.class == Class::Digit,
            Element::Literal(text) => text.bytes().all(|b| b.is_ascii_digit()),
        });
        let wanted = if number.len() + 1 == local.min {
            digits + 1
        } else {
            digits.saturating_sub(1)
        };
        let near = number.len() + 1 == local.min || number.len() == local.max + 1;
        if numeric
            && !local.body.is_empty()
            && near
            && number.starts_with(&*local.head)
            && rule.matches_domain(&address, site, &mut Match::default())
        {
            warn(
                Some(rule.line),
                RoutingWarningCode::NumberLength,
                format!("{number} has {digits} digits, the record needs {wanted}"),
            );
        }
    }
}
