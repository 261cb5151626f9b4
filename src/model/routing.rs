//! Routing as the API shows it: the table, its versions and settings, and [`Explanation`] of a decision.
//!
//! Names of operations and fields follow the API; what the values mean is decided by the `router` room.

use macros::Settings;
use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::settings::{SettingValue, setting_enum};

mod explain;

pub use explain::{ExplainDns, ExplainReply, ExplainRequest, ExplainSender, ExplainStep, Explanation, RelayDecision, RelayVerdict, RouteKind, RouteMark, RouteResult, SkippedRecord, StepKind, StepRecord};

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

fn yes() -> bool {
    true
}
