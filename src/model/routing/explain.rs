//! A question to the Router, and its answer: where an address would go, and by which steps.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Flow, RoutingWarning};

/// A question to the Router: where would this address go, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainRequest {
    /// The address, in any form the server accepts.
    pub address: String,
    /// The kind of traffic.
    #[serde(default)]
    pub flow: Flow,
    /// Who sends; absent = a stranger.
    #[serde(default)]
    pub sender: ExplainSender,
    /// A draft table in text form, used instead of the live one.
    #[serde(default)]
    pub table: Option<String>,
    /// Route as for the outgoing leg of a gateway: without the table.
    #[serde(default)]
    pub direct: bool,
    /// Whether ENUM may be asked.
    #[serde(default)]
    pub dns: ExplainDns,
}

/// Who sends to the explained address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainSender {
    /// Address of the sender.
    #[serde(default)]
    pub address: Option<String>,
    /// Account the sender signed in as.
    #[serde(default)]
    pub authenticated_as: Option<String>,
    /// Network address the sender connects from.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub ip: Option<IpAddr>,
    /// Whether the sender may relay; absent = decided from the fields above.
    #[serde(default)]
    pub trusted: Option<bool>,
}

/// Whether the DNS is asked while explaining.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExplainDns {
    /// As in real traffic.
    #[default]
    Live,
    /// ENUM counts as not found.
    Off,
}

/// Where an address goes, and every step on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The result in fields.
    pub result: RouteResult,
    /// The result in one line, for example `LOCAL(john@company.dom)`.
    pub text: String,
    /// True when a record, forwarder or setting lets strangers use the result; it matters where something would be relayed.
    pub relayable: bool,
    /// What SMTP or SIP would decide for this sender; null for errors and logins.
    pub relay_verdict: Option<RelayVerdict>,
    /// Passes through the table.
    pub passes: u32,
    /// The steps in order.
    pub steps: Vec<ExplainStep>,
    /// Records that fit the address but were not applied.
    pub skipped: Vec<SkippedRecord>,
    /// Remarks.
    pub warnings: Vec<RoutingWarning>,
    /// Reply an SMTP peer would see; absent unless the flow is mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp: Option<ExplainReply>,
    /// Response a SIP peer would see; absent unless the flow is signal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sip: Option<ExplainReply>,
}

/// Reply to a peer; all null when the address would be accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExplainReply {
    /// Reply code.
    pub code: Option<u16>,
    /// Enhanced status code, SMTP only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enhanced: Option<String>,
    /// Reply text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Kinds of results.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RouteKind {
    /// An account.
    Local,
    /// A real-time application on behalf of an account.
    App,
    /// A mailing list or one of its service addresses.
    List,
    /// A group.
    Group,
    /// All accounts of one domain or of the server.
    All,
    /// A remote host by SMTP.
    Smtp,
    /// A remote host by SIP.
    Sip,
    /// An external program.
    Pipe,
    /// Accepted and dropped.
    Null,
    /// Accepted, then the whole message is refused.
    Spamtrap,
    /// Refused.
    Error,
}

/// A result in fields; only those of its kind are present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RouteResult {
    /// Kind of result.
    pub kind: RouteKind,
    /// Module that takes it, for example `SMTP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Queue of the module, for example the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Address handed to the module, for example the one sent in `RCPT TO`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The account, `name@domain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Mailbox of the account named in the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<String>,
    /// Text after `+` in the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Address the mail was really for, when a whole domain is collected in one account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real_to: Option<String>,
    /// Name of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Parameters of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Vec<String>>,
    /// Operation of the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Members of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<String>>,
    /// Error code of the flow; absent for logins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// Error text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Setting of the domain that decided about an unknown name, for example `mail_to_unknown=rejected`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

impl RouteResult {
    /// A result with nothing but its kind.
    pub fn new(kind: RouteKind) -> Self {
        Self {
            kind,
            module: None,
            queue: None,
            address: None,
            account: None,
            mailbox: None,
            detail: None,
            real_to: None,
            app: None,
            params: None,
            operation: None,
            members: None,
            code: None,
            text: None,
            policy: None,
        }
    }
}

/// What a server decides for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RelayVerdict {
    /// The decision.
    pub verdict: RelayDecision,
    /// Why.
    pub reason: String,
}

/// Kinds of relay decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RelayDecision {
    /// The result is local: no relaying takes place.
    Local,
    /// Relayed.
    RelayAllowed,
    /// Refused.
    RelayRefused,
}

/// One step of a routing run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExplainStep {
    /// Pass it belongs to, counted from 1.
    pub pass: u32,
    /// What was done.
    pub kind: StepKind,
    /// The address before.
    pub before: String,
    /// The address after; absent when it stayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The record that was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<StepRecord>,
    /// Texts the wildcards matched: `L1`, `L2` in the local part, `D1` in the domain.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub captures: BTreeMap<String, String>,
    /// Marks the step gave; present on steps that may give one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marks: Option<Vec<RouteMark>>,
    /// Remark in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Marks an address can get on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RouteMark {
    /// Strangers may relay to the result.
    Relayable,
}

/// A record named in a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepRecord {
    /// Line of the table, counted from 1.
    pub line: u32,
    /// Identity of the line; null in a draft table.
    pub id: Option<Uuid>,
    /// The record as typed.
    pub text: String,
}

/// A record that fitted but was not applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SkippedRecord {
    /// Line of the table, counted from 1.
    pub line: u32,
    /// Why it was not applied.
    pub reason: String,
}

/// Kinds of steps.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// The typed address was read.
    Parse,
    /// A rewritten address was brought into canonical form.
    Normalise,
    /// A name of the server itself was taken off.
    OwnName,
    /// A special word such as `error`.
    Special,
    /// A record was applied.
    Record,
    /// A reserved domain such as `pipe`.
    Reserved,
    /// A reserved suffix such as `._via`.
    Suffix,
    /// The default domain was added to a name without dots.
    Qualify,
    /// A domain alias was replaced by its domain.
    DomainAlias,
    /// An account was found by its name.
    Object,
    /// An account was found by an alias.
    Alias,
    /// A forwarder was replaced by its target.
    Forwarder,
    /// A group was found.
    Group,
    /// A mailing list was found.
    List,
    /// The text after `+` was split off.
    Detail,
    /// The mailbox before `#` was split off.
    Mailbox,
    /// An application was found.
    App,
    /// The setting for unknown names decided.
    UnknownSetting,
    /// A telephone number was looked at.
    Telnum,
    /// ENUM was asked.
    Enum,
    /// The address is remote.
    Remote,
    /// The sender's host is blacklisted.
    Blacklisted,
    /// The address goes in a circle.
    Loop,
}

impl StepKind {
    /// Every kind, in the order of the list above.
    pub const ALL: [StepKind; 23] = [
        StepKind::Parse,
        StepKind::Normalise,
        StepKind::OwnName,
        StepKind::Special,
        StepKind::Record,
        StepKind::Reserved,
        StepKind::Suffix,
        StepKind::Qualify,
        StepKind::DomainAlias,
        StepKind::Object,
        StepKind::Alias,
        StepKind::Forwarder,
        StepKind::Group,
        StepKind::List,
        StepKind::Detail,
        StepKind::Mailbox,
        StepKind::App,
        StepKind::UnknownSetting,
        StepKind::Telnum,
        StepKind::Enum,
        StepKind::Remote,
        StepKind::Blacklisted,
        StepKind::Loop,
    ];
}
