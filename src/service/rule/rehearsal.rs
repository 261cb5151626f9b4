//! What the rules and settings of an account would make of a call: the course that live calls take, without a call.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use model::account::RulesAllowed;
use model::rule::{SignalRulesTested, TestSignalRules, TimelineStep};
use rules::{Caller, Course, Device, Facts, Field, Level, Moment, Rehearsal, Rules, Scene, Situation, Timed};
use uuid::Uuid;

use super::{made, refuse_faults};
use crate::operation::{Call, Done};
use crate::voice::VoiceCommand;
use crate::{Destination, Error, Result, Service, Subscriber};

/// Most telephones and fields of a call that is described.
const MOST: usize = 100;

/// A signal that somebody describes.
struct Described {
    method: String,
    call_type: &'static str,
    from: String,
    from_name: String,
    to: String,
    authenticated: String,
    agent: String,
    fields: Vec<String>,
    presence: String,
    devices: i64,
    start: Option<Moment>,
    domain: String,
}

/// The same, some time after it came.
struct Later<'a>(&'a Described, Duration);

impl Facts for Later<'_> {
    fn any(&self, field: Field, test: &mut dyn FnMut(&str) -> bool) -> bool {
        let signal = self.0;
        match field {
            Field::Method => test(&signal.method),
            Field::RequestUri | Field::To => test(&signal.to),
            Field::CallType => test(signal.call_type),
            Field::ReqField => signal.fields.iter().any(|line| test(line)),
            Field::AgentType => test(&signal.agent),
            Field::From => test(&signal.from),
            Field::FromName => !signal.from_name.is_empty() && test(&signal.from_name),
            Field::Authenticated => test(&signal.authenticated),
            Field::SubmitAddress => test("SIP"),
            Field::Presence => test(&signal.presence),
            Field::RegClients | Field::TimeOfDay | Field::CurrentDate | Field::CurrentDay => false,
        }
    }

    fn number(&self, field: Field) -> Option<i64> {
        (field == Field::RegClients).then_some(self.0.devices)
    }

    fn now(&self) -> Option<Moment> {
        // No stage is later than ten minutes; the day stays the same.
        let seconds = u32::try_from(self.1.as_secs()).unwrap_or(0);
        self.0.start.map(|start| Moment { second: (start.second + seconds).min(86_399), ..start })
    }

    fn domain(&self) -> &str {
        &self.0.domain
    }
}

fn device(given: &model::rule::DeviceState, n: usize) -> Result<Device> {
    let wrong = |field: &str, why: &str| Error::invalid(format!("/devices_state/{n}/{field}"), why);
    let status = given.status.map(|status| u16::try_from(status).ok().filter(|status| (200..700).contains(status)).ok_or_else(|| wrong("status", "must be 200 to 699"))).transpose()?;
    let after = u64::try_from(given.after).ok().filter(|after| *after <= 600).ok_or_else(|| wrong("after", "must be 0 to 600 seconds"))?;
    Ok(Device { status, after: Duration::from_secs(after) })
}

fn shown(timed: Timed, account: &str) -> TimelineStep {
    let note = timed.step.note(account);
    let rules::Step { stage, by, rule, action, targets } = timed.step;
    TimelineStep { t: i32::try_from(timed.at.as_secs()).unwrap_or(i32::MAX), stage: stage.into(), by: by.word().to_owned(), rule, action, targets, note }
}

impl Service {
    /// Tells what would happen to a call. Nothing is changed, and nobody is called.
    pub(crate) async fn test_signal_rules(self, call: Call, input: TestSignalRules) -> Result<Done<SignalRulesTested>> {
        let account = self.find_account(&call, &input.account).await?.account;
        if call.caller.may_domain(account.domain_id, "domain").is_err() {
            call.caller.may_own(account.id, account.domain_id, "signal_rules")?;
        }
        if input.fields.len() > MOST || input.devices_state.as_ref().is_some_and(|devices| devices.len() > MOST) {
            return Err(Error::invalid("/fields", format!("at most {MOST} fields and telephones can be described")));
        }
        let subscriber = self.subscriber(account.id).await?.ok_or_else(|| Error::not_found("account"))?;
        let state = self.ask_voice(|answer| VoiceCommand::Presence(account.id, answer)).await?;
        let devices: Vec<Device> = match &input.devices_state {
            Some(given) => given.iter().enumerate().map(|(n, given)| device(given, n)).collect::<Result<_>>()?,
            // A browser rings when its owner wants it.
            None => vec![Device { status: None, after: Duration::ZERO }; state.devices - if subscriber.dialler.incoming_calls { 0 } else { state.browsers.min(state.devices) }],
        };
        let start = match &input.time {
            Some(time) => Some(Moment::parse(time).ok_or_else(|| Error::invalid("/time", "must be a time such as 2026-06-18T10:30"))?),
            None => self.wall_clock(),
        };
        let domain = subscriber.address.rsplit_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default();
        let whole = |address: &str| rules::addresses(address, &domain).into_iter().next().unwrap_or_default();
        let method = input.method.clone().unwrap_or_else(|| "INVITE".to_owned()).to_uppercase();
        let from = whole(&input.from);
        let known = if from.is_empty() { None } else { self.subscriber_of_login(&from, &domain).await? };
        let authenticated = known.filter(|_| input.authenticated.unwrap_or(true));
        let described = Described {
            call_type: match method.as_str() {
                "INVITE" => "AV",
                "MESSAGE" => "IM",
                _ => "",
            },
            from_name: input.from_name.clone(),
            to: input.to.as_deref().map_or_else(|| subscriber.address.to_string(), whole),
            authenticated: authenticated.as_ref().map(|known| known.address.to_string()).unwrap_or_default(),
            agent: input.user_agent.clone(),
            fields: input.fields.clone(),
            presence: input.presence.clone().unwrap_or_else(|| state.status.word().to_owned()),
            devices: i64::try_from(devices.len()).unwrap_or(i64::MAX),
            start,
            domain: domain.clone(),
            method,
            from: from.clone(),
        };
        let own_rules = self.tried_rules(&subscriber, &input).await?;
        let (mut tested, discarded) = self.before_rules(&described).await?;
        if tested.status != 0 {
            return Ok(tested.into());
        }
        let mut caller = Caller { account: authenticated.as_ref().map(|known| known.account_id), anonymous: from.is_empty(), ..Caller::default() };
        if let Some(known) = &authenticated {
            caller.add(&known.address, true);
            caller.numbers.extend(known.telnums.iter().cloned());
        }
        if !from.is_empty() {
            caller.add(&from, true);
        }
        let situation = Situation { own: caller.account == Some(account.id), in_call: input.in_call, at_limit: false };
        let target = rules::Account { address: &subscriber.address, settings: &subscriber.settings, rules: own_rules.as_ref() };
        let course = Course::new(discarded);
        if described.method == "INVITE" {
            let rehearsal = self.rehearsed(&subscriber, &target, &course, &described, (&caller, situation, &devices)).await;
            tested.timeline.extend(rehearsal.timeline.into_iter().map(|timed| shown(timed, &subscriber.address)));
            tested.status = rehearsal.status.into();
            tested.reason = Some(rehearsal.reason).filter(|reason| !reason.is_empty());
        } else {
            let outcome = Course::default().signal(&target, &Later(&described, Duration::ZERO), &caller, situation.own);
            tested.timeline.extend(outcome.steps.into_iter().map(|step| shown(Timed { at: Duration::ZERO, step }, &subscriber.address)));
            let (status, reason) = outcome.refuse.unwrap_or((if devices.is_empty() { 480 } else { 200 }, String::new()));
            (tested.status, tested.reason) = (status.into(), Some(reason).filter(|reason| !reason.is_empty()));
        }
        Ok(tested.into())
    }

    /// Rehearses a call until it is known of all targets whether they lead anywhere.
    async fn rehearsed(&self, subscriber: &Arc<Subscriber>, target: &rules::Account<'_>, course: &Course, described: &Described, (caller, situation, devices): (&Caller, Situation, &[Device])) -> Rehearsal {
        let mut known: HashMap<String, bool> = HashMap::from([("*".to_owned(), !devices.is_empty())]);
        loop {
            let rehearsal = {
                let reached = |target: &str| known.get(target).copied().unwrap_or(true);
                let scene = Scene { caller, situation, devices, reached: &reached };
                rules::rehearse(target, course.clone(), |at| Later(described, at), &scene)
            };
            let unknown: Vec<String> = rehearsal.timeline.iter().flat_map(|timed| &timed.step.targets).filter(|target| !known.contains_key(*target)).cloned().collect();
            if unknown.is_empty() {
                return rehearsal;
            }
            for target in unknown {
                let found = self.would_route(&target, Some(subscriber)).await;
                let leads = found.destinations.iter().any(|one| !matches!(one, Destination::Refused { .. } | Destination::Blackhole));
                known.insert(target, leads);
            }
        }
    }

    /// What the server's rules make of a signal before the account is known; status 0 when it goes on. Whether they discard all
    /// rules of later stages.
    async fn before_rules(&self, described: &Described) -> Result<(SignalRulesTested, bool)> {
        let mut tested = SignalRulesTested { timeline: Vec::new(), status: 0, reason: None };
        let Some(set) = self.server_rules().await? else { return Ok((tested, false)) };
        let main = self.pbx_account().await?;
        let outcome = rules::at_start(&set, &main, &Later(described, Duration::ZERO));
        tested.timeline.extend(outcome.steps.into_iter().map(|step| shown(Timed { at: Duration::ZERO, step }, &described.to)));
        if let Some((status, reason)) = outcome.refuse {
            (tested.status, tested.reason) = (status.into(), Some(reason).filter(|reason| !reason.is_empty()));
        } else if outcome.redirect.is_some_and(|lead| !lead.targets.iter().any(|target| target == "*")) {
            // It never comes to the account; whoever it goes to does not answer.
            tested.status = 408;
        }
        Ok((tested, outcome.discard))
    }

    /// The rules that act, or those that are tried instead of the account's own.
    async fn tried_rules(&self, subscriber: &Subscriber, input: &TestSignalRules) -> Result<Option<Rules>> {
        let Some(given) = &input.rules else { return Ok(subscriber.rules.as_deref().cloned()) };
        let tried: Vec<_> = given.iter().map(|rule| made(rule.clone(), Uuid::nil(), 1)).collect();
        let set = refuse_faults(&tried, Level::Account, None)?;
        let mut rules = subscriber.rules.as_deref().cloned().unwrap_or_default();
        rules.account = (subscriber.settings.signal_rules_allowed == RulesAllowed::Any).then(|| set.into());
        let sets = [&rules.server, &rules.domain, &rules.account];
        let names: BTreeSet<String> = sets.into_iter().flatten().flat_map(|set| set.datasets()).map(str::to_owned).collect();
        rules.datasets = self.datasets_of(subscriber.account_id, &names.into_iter().collect::<Vec<_>>()).await?;
        Ok(Some(rules))
    }

    /// The account for which applications act that the server's rules name.
    ///
    /// # Errors
    /// Before the server is claimed.
    pub async fn pbx_account(&self) -> Result<String> {
        Ok(format!("pbx@{}", self.router().await?.domains().main().name))
    }
}

