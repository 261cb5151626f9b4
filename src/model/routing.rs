//! Routing as the API shows it: records, routes and the explanation of a decision.
//!
//! Names of operations and fields follow the API; what the values mean is decided by the `router` room.

use std::collections::BTreeMap;
use std::net::IpAddr;

use macros::Settings;
use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::settings::{SettingValue, setting_enum};

/// The kind of traffic an address is routed for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = RouteFlow)]
pub enum Flow {
    /// Senders and recipients of mail.
    #[default]
    Mail,
    /// Login names of every protocol.
    Access,
    /// Calls, messages and presence over SIP, XMPP and XIMSS.
    Signal,
}

/// What a record does to the relay mark of the address it is applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RelayPrefix {
    /// `Relay:` or no prefix: strangers may use the result, unless the address already carried a route.
    #[default]
    Relay,
    /// `RelayAll:`: strangers may use the result in any case.
    RelayAll,
    /// `NoRelay:`: gives no mark.
    NoRelay,
}

/// Where a routing line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineOrigin {
    /// Written by an administrator.
    #[default]
    User,
    /// One of the default records every new server gets; it may be edited or deleted like any other.
    Builtin,
}

/// One line of the routing table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoutingLine {
    /// Identity of the line; it survives edits and moves.
    pub id: Uuid,
    /// Place in the table, counted from 1; lines are tried in this order.
    pub position: u32,
    /// False for a record that is kept but not used (`;!` in the text form).
    pub enabled: bool,
    /// Where the line came from.
    pub origin: LineOrigin,
    /// Effect on the relay mark.
    pub relay_prefix: RelayPrefix,
    /// Flows the record serves; empty = all three.
    pub type_prefix: Vec<Flow>,
    /// The pattern, for example `<(3d)@gateway.company.dom>`; empty for a comment or blank line.
    pub left: String,
    /// What replaces the address, for example `gatewayincoming{*}#pbx`; empty for a comment or blank line.
    pub right: String,
    /// Text after `;`; null when there is none.
    pub comment: Option<String>,
    /// The whole line as it was typed.
    pub text: String,
    /// Version of the table in which this line was last changed.
    pub version: i64,
}

/// A new line for the routing table: either `text`, or `left` and `right` with their prefixes, or a `comment` alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRoutingLine {
    /// Place in the table, counted from 1; absent = at the end.
    #[serde(default)]
    pub position: Option<u32>,
    /// The whole line in text form; excludes all other fields but `position`.
    #[serde(default)]
    pub text: Option<String>,
    /// False keeps the record without using it.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Effect on the relay mark.
    #[serde(default)]
    pub relay_prefix: RelayPrefix,
    /// Flows the record serves; empty = all three.
    #[serde(default)]
    pub type_prefix: Vec<Flow>,
    /// The pattern.
    #[serde(default)]
    pub left: String,
    /// What replaces the address.
    #[serde(default)]
    pub right: String,
    /// Text after `;`.
    #[serde(default)]
    pub comment: Option<String>,
}

/// Changes one routing line; absent fields stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateRoutingLine {
    /// The line.
    pub id: Uuid,
    /// The whole line in text form; excludes all other fields.
    pub text: Option<String>,
    /// False keeps the record without using it.
    pub enabled: Option<bool>,
    /// Effect on the relay mark.
    pub relay_prefix: Option<RelayPrefix>,
    /// Flows the record serves; empty = all three.
    pub type_prefix: Option<Vec<Flow>>,
    /// The pattern.
    pub left: Option<String>,
    /// What replaces the address.
    pub right: Option<String>,
    /// Text after `;`; an empty text removes it.
    pub comment: Option<String>,
}

/// What changes in one routing line; absent fields stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoutingLinePatch {
    /// The whole line in text form; excludes all other fields.
    #[serde(default)]
    pub text: Option<String>,
    /// False keeps the record without using it.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Effect on the relay mark.
    #[serde(default)]
    pub relay_prefix: Option<RelayPrefix>,
    /// Flows the record serves; empty = all three.
    #[serde(default)]
    pub type_prefix: Option<Vec<Flow>>,
    /// The pattern.
    #[serde(default)]
    pub left: Option<String>,
    /// What replaces the address.
    #[serde(default)]
    pub right: Option<String>,
    /// Text after `;`; an empty text removes it.
    #[serde(default)]
    pub comment: Option<String>,
}

/// Where to put a routing line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveRoutingLine {
    /// The line.
    pub id: Uuid,
    /// The new place, counted from 1; a number past the end means the end.
    pub position: u32,
}

/// The whole routing table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoutingTable {
    /// Version of the table; a replacement names it in `If-Match`.
    pub version: i64,
    /// The table in text form.
    pub text: String,
    /// The same lines one by one.
    pub lines: Vec<RoutingLine>,
}

/// A replacement of the whole table, or a draft to validate: exactly one of `text` and `lines`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoutingTableInput {
    /// The table in text form.
    #[serde(default)]
    pub text: Option<String>,
    /// The table line by line; `position` is ignored, the order of the list counts.
    #[serde(default)]
    pub lines: Option<Vec<NewRoutingLine>>,
    /// True accepts a table that relays for everybody.
    #[serde(default)]
    pub confirm_open_relay: bool,
    /// When the table is saved: seconds, 10 to 3600, after which the earlier table comes back by itself unless the change is
    /// confirmed; absent = the table stays.
    #[serde(default)]
    pub confirm_within: Option<i64>,
}

/// A change of the Router that goes back by itself unless it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoutingConfirmation {
    /// Id.
    pub id: Uuid,
    /// What was changed.
    pub part: RoutingPart,
    /// Version that was saved: of the table, or of the settings of the server.
    pub version: i64,
    /// Address of the account that saved it.
    pub saved_by: String,
    /// When it was saved.
    #[schema(value_type = String, format = DateTime)]
    pub saved_at: Timestamp,
    /// When it goes back.
    #[schema(value_type = String, format = DateTime)]
    pub confirm_by: Timestamp,
}

/// Parts of the Router that are saved as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoutingPart {
    /// The routing table.
    Table,
    /// The settings of the Router.
    Settings,
}

/// Names a change that waits to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoutingConfirmationRef {
    /// The change.
    pub id: Uuid,
}

/// How often a line of the table was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoutingHit {
    /// The line.
    pub id: Uuid,
    /// Its place in the table, counted from 1.
    pub position: u32,
    /// How often it was applied in this hour and the 23 hours before it.
    pub hits: i64,
}

/// One version of the table in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoutingVersion {
    /// Version the change produced.
    pub version: i64,
    /// When it was saved.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
    /// Address of the account that saved it.
    pub changed_by: String,
    /// The table before the change, in text form.
    pub old_text: String,
    /// The table after the change, in text form.
    pub new_text: String,
}

/// Which version of the table to restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackRouting {
    /// The version whose table becomes the newest one.
    pub version: i64,
}

/// What is wrong or doubtful in a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoutingValidation {
    /// True when the table can be saved.
    pub valid: bool,
    /// What keeps it from being saved.
    pub errors: Vec<RoutingError>,
    /// What can be saved but looks like a mistake.
    pub warnings: Vec<RoutingWarning>,
}

/// A line that cannot be saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoutingError {
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// Why: `routing_syntax`, or `open_relay` for a table that must be confirmed.
    pub code: RoutingErrorCode,
    /// The reason in words.
    pub reason: String,
}

/// Why a line cannot be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoutingErrorCode {
    /// The line does not follow the grammar.
    RoutingSyntax,
    /// The record would relay for everybody; repeat with `confirm_open_relay`.
    OpenRelay,
}

/// A remark about a table or about one routed address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoutingWarning {
    /// Line of the table it is about, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What kind of remark.
    pub code: RoutingWarningCode,
    /// The remark in words.
    pub text: String,
}

/// Kinds of remarks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RoutingWarningCode {
    /// A wildcard makes the result usable for strangers.
    OpenRelay,
    /// The record leads to an application but also serves mail and logins.
    MissingSignal,
    /// An earlier record catches everything this one would.
    Shadowed,
    /// An earlier record has the same left side and type.
    Duplicate,
    /// The record can never apply.
    NeverApplies,
    /// The records lead in a circle.
    LoopSuspected,
    /// `d = fw._via` loses the recipient's domain; `d = d@fw._via` keeps it.
    DomainLost,
    /// The right side names an account that does not exist.
    UnknownObject,
    /// The right side names an application that does not exist.
    UnknownApplication,
    /// The number is one digit away from a pattern.
    NumberLength,
    /// An external helper would have been asked.
    ExternalHelper,
}

/// Settings of the Address Router.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Settings)]
pub struct RouterSettings {
    /// Suffix for domain names without a dot; unset = the main domain, empty = none.
    pub add_domain_to_unqualified: UnqualifiedSuffix,
    /// An address assigned to a secondary domain stands for that domain; off = for the main domain.
    #[setting(default = true, view = "advanced")]
    pub secondary_ip_domains: bool,
    /// Name of the domain that holds telephone numbers.
    #[setting(default = "telnum", view = "expert")]
    pub telnum_domain: String,
    /// ENUM roots, asked in this order.
    #[setting(view = "advanced")]
    pub enum_zones: Vec<String>,
    /// `user@[1.2.3.4]` is accepted for the server's own addresses.
    #[setting(default = true, view = "advanced")]
    pub ip_literals: bool,
    /// `mailbox#account` delivers mail into that mailbox.
    #[setting(default = false)]
    pub direct_mailbox_addressing: bool,
    /// `account+detail` is an address of the account.
    #[setting(default = true)]
    pub account_detail_addressing: bool,
    /// Passes after which an address counts as a loop.
    #[setting(default = 100, min = 10, max = 1000, view = "expert")]
    pub max_routing_steps: i64,
    /// Shape of the SMTP codes of refusals.
    #[setting(default = ReplyCodes::Standard, view = "expert")]
    pub reply_codes: ReplyCodes,
}

/// The domain that is added to names without a dot; null = the main domain, empty = none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct UnqualifiedSuffix(pub Option<String>);

impl SettingValue for UnqualifiedSuffix {
    const KIND: &'static str = "string";
    fn fault(&self, min: Option<i64>, max: Option<i64>) -> Option<String> {
        self.0.as_ref().and_then(|suffix| suffix.fault(min, max))
    }
}

setting_enum! {
    /// Shape of the SMTP codes of refusals.
    ReplyCodes {
        /// RFC 5321 codes with enhanced codes.
        Standard,
        /// The historic codes 473, 571 and 591.
        Compatible,
    }
}

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

fn yes() -> bool {
    true
}
