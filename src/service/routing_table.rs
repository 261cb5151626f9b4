//! The routing table and the settings of the Router: reading, changing, explaining, going back.

use std::collections::{HashMap, HashSet, VecDeque};

use model::routing::{
    ExplainRequest, Explanation, LineOrigin, MoveRoutingLine, NewRoutingLine, RollbackRouting, RouterSettings, RouterSettingsPatch, RoutingErrorCode, RoutingLine, RoutingLinePatch, RoutingPart,
    RoutingTable, RoutingTableInput, RoutingValidation, RoutingVersion, UpdateRoutingLine,
};
use model::settings::{SettingsChange, SettingsView, Source, change, explain, fold};
use model::{ListParams, Page};
use router::{Address, Context, Line, LineError, Reason, Reference, Router, Table};
use serde::Deserialize;
use serde_json::{Value, json};
use store::News;
use store::routing_table::{LineRow, TableRow};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{cursor, page_after, page_limit};
use crate::operation::{Call, Done, Nothing, Octets};
use crate::routing::{line_of_text, with_id};
use crate::routing_confirmation::within;
use crate::server::{check_version, settings_fault};
use crate::{Error, Kind, Result, Service, new_id};

/// Names a line of the table.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineRef {
    /// The line.
    pub(crate) id: Uuid,
}

/// What an administrator says beside a new table.
#[derive(Default)]
struct Consent {
    /// It may relay for everybody.
    open_relay: bool,
    /// It goes back unless it is confirmed within so many seconds.
    within: Option<i64>,
}

/// Changes settings of the Router.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateRouterSettings {
    /// Values to set.
    pub(crate) set: Option<RouterSettingsPatch>,
    /// Names to return to the built-in value.
    #[serde(default)]
    pub(crate) unset: Vec<String>,
    /// Seconds, 10 to 3600, after which the earlier settings come back by themselves unless the change is confirmed; absent =
    /// the settings stay.
    pub(crate) confirm_within: Option<i64>,
}

/// Where the lines of an input stand, for the pointer of an error.
#[derive(Clone, Copy)]
enum Given {
    Text,
    Draft,
    Lines,
    /// One line in text form.
    Line,
    /// The fields of one line.
    Fields,
}

impl Given {
    fn one(text: Option<&String>) -> Self {
        if text.is_some() { Self::Line } else { Self::Fields }
    }

    fn pointer(self, line: u32, reason: Option<Reason>) -> String {
        match self {
            Self::Text | Self::Line => "/text".to_owned(),
            Self::Draft => "/table".to_owned(),
            Self::Lines => format!("/lines/{}", line.saturating_sub(1)),
            Self::Fields => match reason {
                Some(Reason::EmptyRight | Reason::StarWithoutWildcard | Reason::SurplusStar | Reason::RightSide) => "/right".to_owned(),
                _ => "/left".to_owned(),
            },
        }
    }

    fn syntax(self, errors: &[LineError]) -> Error {
        let detail = errors.first().map(ToString::to_string).unwrap_or_default();
        errors.iter().fold(Error::new(Kind::Invalid, "routing_syntax", detail), |all, error| {
            let params = json!({"line": error.line, "column": error.column, "reason": error.reason.to_string()});
            all.at(self.pointer(error.line, Some(error.reason)), "routing_syntax", error.to_string()).with(params)
        })
    }
}

pub(crate) fn may_read(call: &Call) -> Result<()> {
    call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))
}

pub(crate) fn text_of(lines: &[LineRow]) -> String {
    lines.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect()
}

/// Reads stored or given texts, one per line; numbers in errors count from 1.
fn read_lines(rows: &[LineRow]) -> Read {
    let (mut lines, mut errors) = (Vec::with_capacity(rows.len()), Vec::new());
    for (number, row) in (1..).zip(rows) {
        match line_of_text(&row.text) {
            Ok(line) => lines.push(with_id(line, row.id)),
            Err(error) => errors.push(LineError { line: number, ..error }),
        }
    }
    if errors.is_empty() { Ok(lines) } else { Err(errors) }
}

fn shown(table: &TableRow) -> RoutingTable {
    let line = |(position, row): (u32, &LineRow)| {
        // Stored lines were read when they were saved.
        line_of_text(&row.text).unwrap_or_else(|_| Line::blank()).to_model(row.id, position, row.origin, row.version)
    };
    RoutingTable { version: table.version, text: text_of(&table.lines), lines: (1..).zip(&table.lines).map(line).collect() }
}

/// The table as the caller wants it.
fn told(call: &Call, table: RoutingTable) -> Done<RoutingTable> {
    let text = call.as_it_is.then(|| Octets { media_type: "text/plain; charset=utf-8".to_owned(), name: None, data: table.text.clone().into() });
    let version = table.version;
    Done { octets: text, ..Done::versioned(table, version) }
}

/// The input with the text that came as it is.
fn with_text(call: &Call, input: RoutingTableInput) -> Result<RoutingTableInput> {
    let Some(octets) = &call.octets else { return Ok(input) };
    let text = std::str::from_utf8(&octets.data).map_err(|_| Error::new(Kind::Malformed, "invalid_parameter", "The table is not UTF-8."))?;
    Ok(RoutingTableInput { text: Some(text.to_owned()), ..input })
}

/// Gives lines their identity: a line that was there keeps id, origin and version.
pub(crate) fn adopt(old: &TableRow, lines: Vec<Line>) -> Vec<LineRow> {
    let builtin: HashSet<String> = router::default_lines().into_iter().map(|line| line.text).collect();
    let mut known: HashMap<&str, VecDeque<&LineRow>> = HashMap::new();
    for row in &old.lines {
        known.entry(&row.text).or_default().push_back(row);
    }
    let fresh = |text: String| {
        let origin = if !text.is_empty() && builtin.contains(&text) { LineOrigin::Builtin } else { LineOrigin::User };
        LineRow { id: new_id(), text, origin, version: old.version + 1 }
    };
    lines.into_iter().map(|line| known.get_mut(line.text.as_str()).and_then(VecDeque::pop_front).cloned().unwrap_or_else(|| fresh(line.text))).collect()
}

/// Lines, or every line that is none.
type Read = std::result::Result<Vec<Line>, Vec<LineError>>;

/// The lines of a whole table as it was given.
fn given(input: &RoutingTableInput) -> Result<(Given, Read)> {
    match (&input.text, &input.lines) {
        (Some(text), None) => Ok((Given::Text, Table::parse(text).map(|table| table.lines))),
        (None, Some(list)) => {
            let (mut lines, mut errors) = (Vec::new(), Vec::new());
            for (number, line) in (1..).zip(list) {
                match Line::from_input(line) {
                    Ok(line) => lines.push(line),
                    Err(error) => errors.push(LineError { line: number, ..error }),
                }
            }
            Ok((Given::Lines, if errors.is_empty() { Ok(lines) } else { Err(errors) }))
        }
        _ => Err(Error::invalid("/text", "give exactly one of text and lines")),
    }
}

/// A place counted from 1 as an index, within the table.
fn index(position: Option<u32>, len: usize) -> Result<usize> {
    match position {
        None => Ok(len),
        Some(0) => Err(Error::invalid("/position", "is counted from 1")),
        Some(position) => Ok(usize::try_from(position - 1).unwrap_or(len).min(len)),
    }
}

/// The line and its index; the caller must have seen its newest version.
fn find(call: &Call, table: &TableRow, id: Uuid) -> Result<(usize, LineRow)> {
    let (index, row) = table.lines.iter().enumerate().find(|(_, row)| row.id == id).ok_or_else(|| Error::not_found("line"))?;
    check_version(call, row.version)?;
    Ok((index, row.clone()))
}

impl Service {
    /// Changes the table: locks, lets `change` make the new lines, checks and saves them, and compiles the Router.
    async fn change_table(&self, call: &Call, action: &str, consent: Consent, given: Given, change: impl FnOnce(&TableRow) -> Result<Vec<LineRow>>) -> Result<TableRow> {
        call.caller.may_server("settings")?;
        let within = within(consent.within)?;
        let router = self.router().await?;
        let mut tx = self.store().begin().await?;
        let old = tx.lock_routing_table().await?;
        let next = TableRow { version: old.version + 1, lines: change(&old)? };
        let lines = read_lines(&next.lines).map_err(|errors| given.syntax(&errors))?;
        let compiled = Router::compile(&lines, router.settings(), router.domains().clone()).map_err(|errors| given.syntax(&errors))?;
        refuse_open_relay(&compiled, consent.open_relay, given, &old, &next)?;
        self.await_confirmation(&mut tx, call, RoutingPart::Table, next.version, Value::String(text_of(&old.lines)), within).await?;
        tx.save_routing_table(&next, &text_of(&next.lines), call.caller.name()).await?;
        let ip = call.caller.remote_ip.to_string();
        let object = json!({"version": next.version});
        tx.announce(&News { actor: call.caller.name(), remote_ip: &ip, action, name: "router/table", topic: "system", kind: "routing.changed", account: None, domain: None, object }).await?;
        tx.commit().await?;
        self.routing_changed().await;
        Ok(next)
    }

    async fn change_line(&self, call: &Call, action: &str, given: Given, change: impl FnOnce(&TableRow) -> Result<(Uuid, Vec<LineRow>)>) -> Result<Done<RoutingLine>> {
        let mut changed = Uuid::nil();
        let make = |old: &TableRow| {
            let (id, lines) = change(old)?;
            changed = id;
            Ok(lines)
        };
        let table = self.change_table(call, action, Consent::default(), given, make).await?;
        let line = shown(&table).lines.into_iter().find(|line| line.id == changed).ok_or_else(|| Error::not_found("line"))?;
        let version = line.version;
        Ok(Done::versioned(line, version))
    }

    /// The routing table.
    pub(crate) async fn get_routing_table(self, call: Call, _input: Nothing) -> Result<Done<RoutingTable>> {
        may_read(&call)?;
        Ok(told(&call, shown(&self.store().routing_table().await?)))
    }

    /// Replaces the table, all or nothing.
    pub(crate) async fn replace_routing_table(self, call: Call, input: RoutingTableInput) -> Result<Done<RoutingTable>> {
        call.caller.may_server("settings")?;
        let input = with_text(&call, input)?;
        let (given, lines) = given(&input)?;
        let lines = lines.map_err(|errors| given.syntax(&errors))?;
        let make = |old: &TableRow| check_version(&call, old.version).map(|()| adopt(old, lines));
        let table = self.change_table(&call, "replaceRoutingTable", Consent { open_relay: input.confirm_open_relay, within: input.confirm_within }, given, make).await?;
        Ok(told(&call, shown(&table)))
    }

    /// Lines of the table by position.
    pub(crate) async fn list_routing_lines(self, call: Call, input: ListParams) -> Result<Done<Page<RoutingLine>>> {
        may_read(&call)?;
        let limit = usize::try_from(page_limit(&input)?).unwrap_or(usize::MAX);
        let after: u32 = page_after(&input)?.parse().unwrap_or_default();
        let mut data = shown(&self.store().routing_table().await?).lines;
        data.retain(|line| line.position > after);
        let has_more = data.len() > limit;
        data.truncate(limit);
        let next_cursor = data.last().filter(|_| has_more).map(|line| cursor(&line.position.to_string()));
        Ok(Page { data, page: model::PageInfo { next_cursor, has_more, total: None } }.into())
    }

    /// Adds a line.
    pub(crate) async fn create_routing_line(self, call: Call, input: NewRoutingLine) -> Result<Done<RoutingLine>> {
        let given = Given::one(input.text.as_ref());
        let line = Line::from_input(&input).map_err(|error| given.syntax(&[error]))?;
        let make = |old: &TableRow| {
            check_version(&call, old.version)?;
            let mut lines = old.lines.clone();
            let row = adopt(&TableRow { version: old.version, lines: Vec::new() }, vec![line]).remove(0);
            let id = row.id;
            lines.insert(index(input.position, lines.len())?, row);
            Ok((id, lines))
        };
        self.change_line(&call, "createRoutingLine", given, make).await
    }

    /// Puts a line elsewhere.
    pub(crate) async fn move_routing_line(self, call: Call, input: MoveRoutingLine) -> Result<Done<RoutingLine>> {
        let make = |old: &TableRow| {
            let (from, row) = find(&call, old, input.id)?;
            let mut lines = old.lines.clone();
            lines.remove(from);
            lines.insert(index(Some(input.position), lines.len())?, LineRow { version: old.version + 1, ..row });
            Ok((input.id, lines))
        };
        self.change_line(&call, "moveRoutingLine", Given::Line, make).await
    }

    /// Changes a line.
    pub(crate) async fn update_routing_line(self, call: Call, input: UpdateRoutingLine) -> Result<Done<RoutingLine>> {
        let UpdateRoutingLine { id, text, enabled, relay_prefix, type_prefix, left, right, comment } = input;
        let given = Given::one(text.as_ref());
        let patch = RoutingLinePatch { text, enabled, relay_prefix, type_prefix, left, right, comment };
        let make = |old: &TableRow| {
            let (at, row) = find(&call, old, id)?;
            let line = line_of_text(&row.text).and_then(|line| line.patched(&patch)).map_err(|error| given.syntax(&[error]))?;
            let next = LineRow { text: line.text, version: old.version + 1, ..row };
            let lines = old.lines.iter().enumerate().map(|(n, row)| if n == at { next.clone() } else { row.clone() }).collect();
            Ok((id, lines))
        };
        self.change_line(&call, "updateRoutingLine", given, make).await
    }

    /// Takes a line away.
    pub(crate) async fn delete_routing_line(self, call: Call, input: LineRef) -> Result<Done<()>> {
        let make = |old: &TableRow| {
            let (at, _) = find(&call, old, input.id)?;
            let mut lines = old.lines.clone();
            lines.remove(at);
            Ok(lines)
        };
        self.change_table(&call, "deleteRoutingLine", Consent::default(), Given::Line, make).await?;
        Ok(().into())
    }

    /// Changes of the table, the newest first.
    pub(crate) async fn list_routing_history(self, call: Call, input: ListParams) -> Result<Done<Page<RoutingVersion>>> {
        may_read(&call)?;
        let limit = page_limit(&input)?;
        let before = page_after(&input)?.parse().unwrap_or(i64::MAX);
        let rows = self.store().routing_history(before, limit + 1).await?;
        let has_more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        let take = usize::try_from(limit).unwrap_or(usize::MAX);
        let version = |row: store::routing_table::HistoryRow| RoutingVersion { version: row.version, changed_at: row.at, changed_by: row.actor, old_text: row.before, new_text: row.after };
        let data: Vec<RoutingVersion> = rows.into_iter().take(take).map(version).collect();
        let next_cursor = data.last().filter(|_| has_more).map(|last| cursor(&last.version.to_string()));
        Ok(Page { data, page: model::PageInfo { next_cursor, has_more, total: None } }.into())
    }

    /// Makes an earlier table the newest one.
    pub(crate) async fn rollback_routing(self, call: Call, input: RollbackRouting) -> Result<Done<RoutingTable>> {
        call.caller.may_server("settings")?;
        let text = self.store().routing_version(input.version).await?.ok_or_else(|| Error::not_found("version"))?;
        let lines = Table::parse(&text).map_err(|errors| Given::Text.syntax(&errors))?.lines;
        let make = |old: &TableRow| check_version(&call, old.version).map(|()| adopt(old, lines));
        // It was confirmed when it was saved.
        let table = self.change_table(&call, "rollbackRouting", Consent { open_relay: true, within: None }, Given::Text, make).await?;
        Ok(Done::versioned(shown(&table), table.version))
    }

    /// Names what is wrong or doubtful in a table without saving it.
    pub(crate) async fn validate_routing(self, call: Call, input: RoutingTableInput) -> Result<Done<RoutingValidation>> {
        may_read(&call)?;
        let input = with_text(&call, input)?;
        let router = self.router().await?;
        let lines = match given(&input)?.1 {
            Ok(lines) => lines,
            Err(errors) => return Ok(router::rejected(&errors).into()),
        };
        let draft = match Router::compile(&lines, router.settings(), router.domains().clone()) {
            Ok(draft) => draft,
            Err(errors) => return Ok(router::rejected(&errors).into()),
        };
        let mut missing = Vec::new();
        for reference in draft.references() {
            // Which applications there are is known when there are applications.
            if let Reference::Object { domain, name } = &reference
                && self.store().named(*domain, name).await?.is_none()
            {
                missing.push(reference);
            }
        }
        Ok(draft.review(input.confirm_open_relay, &missing).into())
    }

    /// Tells where an address goes, and why. Nothing is changed.
    pub(crate) async fn explain_route(self, call: Call, input: ExplainRequest) -> Result<Done<Explanation>> {
        let live = self.router().await?;
        let administrator = may_read(&call).is_ok();
        if !administrator {
            self.may_explain(&call, &live, &input)?;
        }
        let draft = match &input.table {
            Some(text) => {
                let lines = Table::parse(text).map_err(|errors| Given::Draft.syntax(&errors))?.lines;
                Some(Router::compile(&lines, live.settings(), live.domains().clone()).map_err(|errors| Given::Draft.syntax(&errors))?)
            }
            None => None,
        };
        let router = draft.as_ref().unwrap_or(&live);
        let mut context = Context::explaining(&input);
        context.client = input.sender.ip.is_some_and(|ip| self.is_client(ip));
        context.trusted = input.sender.trusted.unwrap_or(context.trusted || context.client);
        context.caller_is_ours = input.sender.address.as_deref().and_then(|address| Address::parse(address, input.flow).ok()).is_some_and(|from| router.domains().find(from.domain()).is_some());
        let outcome = self.route_by(router, &input.address, input.flow, &context).await;
        let mut explanation = outcome.explain(router, &input.address, &context);
        if !administrator {
            let applied: HashSet<u32> = outcome.records.iter().map(|record| record.line).collect();
            explanation.skipped.clear();
            explanation.warnings.retain(|warning| warning.line.is_none_or(|line| applied.contains(&line)));
        }
        Ok(explanation.into())
    }

    /// Administrators of a domain may ask about its addresses, by the live table.
    fn may_explain(&self, call: &Call, router: &Router, input: &ExplainRequest) -> Result<()> {
        let address = Address::parse(&input.address, input.flow);
        match address.as_ref().ok().and_then(|address| router.domains().find(address.domain())) {
            Some(domain) if input.table.is_none() => call.caller.may_domain(domain.id, "domain"),
            _ => may_read(call),
        }
    }

    /// Settings of the Router with their origin.
    pub(crate) async fn get_router_settings(self, call: Call, _input: Nothing) -> Result<Done<SettingsView>> {
        may_read(&call)?;
        let (settings, _, version) = self.store().router_settings().await?;
        Ok(Done::versioned(SettingsView { data: explain::<RouterSettings>(&[(Source::Server, &settings)]), version }, version))
    }

    /// Changes settings of the Router.
    pub(crate) async fn update_router_settings(self, call: Call, input: UpdateRouterSettings) -> Result<Done<SettingsView>> {
        let within = within(input.confirm_within)?;
        let mut tx = self.lock_server(&call, "settings").await?;
        let (stored, _, version) = self.store().router_settings().await?;
        let next = change::<RouterSettings>(&stored, &SettingsChange { set: input.set, unset: input.unset }).map_err(settings_fault)?;
        let settings: RouterSettings = fold(&[&next]);
        let is_name = |name: &str| name.is_empty() || idna::domain_to_ascii_strict(name).is_ok();
        if !settings.add_domain_to_unqualified.0.as_deref().is_none_or(is_name) {
            return Err(Error::invalid("/set/add_domain_to_unqualified", "is no domain name"));
        }
        if settings.telnum_domain.is_empty() || !is_name(&settings.telnum_domain) {
            return Err(Error::invalid("/set/telnum_domain", "is no domain name"));
        }
        self.await_confirmation(&mut tx, &call, RoutingPart::Settings, version + 1, stored, within).await?;
        tx.update_router_settings(&next).await?;
        let ip = call.caller.remote_ip.to_string();
        let object = json!({"router_settings": next});
        tx.announce(&News { actor: call.caller.name(), remote_ip: &ip, action: "updateRouterSettings", name: "router/settings", topic: "system", kind: "routing.changed", account: None, domain: None, object })
            .await?;
        tx.commit().await?;
        self.routing_changed().await;
        self.get_router_settings(Call { expect: None, ..call }, Nothing {}).await
    }
}

/// A record that relays for everybody must be confirmed once; a line that was there before has been.
fn refuse_open_relay(router: &Router, confirmed: bool, given: Given, old: &TableRow, next: &TableRow) -> Result<()> {
    let known: HashSet<&str> = old.lines.iter().map(|row| row.text.as_str()).collect();
    let is_new = |line: u32| next.lines.get((line as usize).saturating_sub(1)).is_some_and(|row| !known.contains(row.text.as_str()));
    let faults = router.review(confirmed, &[]).errors;
    let fault = faults.into_iter().find(|error| error.code == RoutingErrorCode::OpenRelay && is_new(error.line));
    fault.map_or(Ok(()), |error| {
        let detail = format!("line {}: {}; confirm it with confirm_open_relay", error.line, error.reason);
        let params = json!({"line": error.line, "column": error.column});
        Err(Error::new(Kind::Invalid, "validation_failed", detail.clone()).at(given.pointer(error.line, None), "open_relay", detail).with(params))
    })
}
