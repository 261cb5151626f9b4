//! Calls: those that are going on, and the records of those that are over.

use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::media::MediaReport;

/// A call, from its INVITE on. When it is over, this is its record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallRecord {
    /// Id of the call, the same on all legs and in the log.
    pub id: Uuid,
    /// How far it is.
    pub state: CallState,
    /// Between whom.
    pub direction: CallDirection,
    /// Call-ID of the caller's telephone.
    pub sip_call_id: String,
    /// Who calls.
    pub caller: CallParty,
    /// Who is called: the telephone that answered, or the account that was meant.
    pub callee: CallParty,
    /// What was dialled.
    pub dialled: String,
    /// What the Router and the account's settings made of it.
    pub routed: Vec<String>,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When a telephone rang.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ringing_at: Option<Timestamp>,
    /// When it was answered.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Timestamp>,
    /// When it was over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// From the answer to the end, in seconds.
    pub duration_seconds: Option<f64>,
    /// The final response to the caller.
    pub final_code: Option<i32>,
    /// Why it ended: `answered`, `busy`, `no_answer`, `cancelled`, `rejected`, `not_found`, `unavailable`, `server_restart` and
    /// the like.
    pub cause: String,
    /// Who ended it: `caller`, `callee`, `server`, `timer` or `media`.
    pub ended_by: String,
    /// Whether the sound goes through this server: `direct` or `proxy`.
    pub media_path: String,
    /// What was known of its media when it ended.
    pub media: Option<MediaReport>,
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// It was begun.
    Trying,
    /// A telephone rings.
    Ringing,
    /// It was answered.
    Connected,
    /// One side put it on hold.
    Held,
    /// It is over.
    Ended,
}

/// Between whom a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallDirection {
    /// Between accounts of this server.
    Internal,
    /// From elsewhere to an account.
    Inbound,
    /// From an account to elsewhere.
    Outbound,
    /// Through this server.
    Transit,
}

/// One side of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallParty {
    /// The account, when it is one of this server.
    pub account_id: Option<Uuid>,
    /// Its domain.
    pub domain_id: Option<Uuid>,
    /// SIP address.
    pub uri: String,
    /// Name as shown.
    pub name: String,
    /// Address and port its requests come from or go to.
    pub remote: String,
    /// How it is connected.
    pub transport: String,
    /// How the telephone calls itself.
    pub user_agent: String,
    /// Whether it proved who it is.
    pub authenticated: bool,
}

/// Chooses calls or records of calls.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListCallRecords {
    /// Only those of this account: id, address, name in the main domain, or `me`.
    pub account: Option<String>,
    /// Only those of this domain: id or name.
    pub domain: Option<String>,
    /// Only those begun since.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Only those begun before.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Most on a page.
    pub limit: Option<i64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

/// Chooses records of calls.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListCdr {
    /// Only those of this account: id, address, name in the main domain, or `me`.
    pub account: Option<String>,
    /// Only those of this domain: id or name.
    pub domain: Option<String>,
    /// Only those begun since.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Only those begun before.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Only those that ended for this reason, such as `busy`.
    pub cause: Option<String>,
    /// Only those with this in the address of the caller or the callee, or in what was dialled.
    pub number: Option<String>,
    /// Most on a page.
    pub limit: Option<i64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

/// How records of calls are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CdrFormat {
    /// A table for spreadsheets (RFC 4180).
    Csv,
    /// One JSON object on each line.
    JsonLines,
}

/// Asks for records of calls as a file.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportCdr {
    /// Only those of this account: id, address, name in the main domain, or `me`.
    pub account: Option<String>,
    /// Only those of this domain: id or name.
    pub domain: Option<String>,
    /// Only those begun since.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Only those begun before.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Only those that ended for this reason, such as `busy`.
    pub cause: Option<String>,
    /// Only those with this in the address of the caller or the callee, or in what was dialled.
    pub number: Option<String>,
    /// How they are written; a table when absent.
    pub format: Option<CdrFormat>,
    /// Most in the file, the newest: up to 20000.
    pub most: Option<i64>,
}

/// How much of a call's ladder is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceDetail {
    /// Messages without their bodies.
    Headers,
    /// Whole messages, for who has the right `trace_full`; that is noted in the audit trail.
    Full,
}

/// Asks for the ladder of a call.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceCall {
    /// Id of the call.
    pub call: Uuid,
    /// How much is wanted; without bodies when absent.
    pub detail: Option<TraceDetail>,
}

/// Names a call.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallRef {
    /// Id of the call.
    pub call: Uuid,
}

/// Begins a call: the telephones of an account ring, and the one that is picked up dials.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartCall {
    /// Who calls: id, address, name in the main domain, or `me`.
    pub account: String,
    /// Whom: an address, or a name or number as the account would dial it.
    pub to: String,
    /// The telephone picks itself up where it can, for its owner only.
    pub auto_answer: Option<bool>,
}

/// What passed in a call, as a ladder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallTrace {
    /// The call.
    pub id: Uuid,
    /// Who took part; the Router is one of them.
    pub participants: Vec<TraceParticipant>,
    /// What passed between them, in order.
    pub arrows: Vec<TraceArrow>,
    /// What was decided.
    pub notes: Vec<TraceNote>,
    /// Whether earlier entries were dropped, the ladder being full.
    pub truncated: bool,
}

/// A column of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TraceParticipant {
    /// Its number.
    pub id: i32,
    /// What it is called.
    pub label: String,
    /// Its address and port.
    pub address: String,
}

/// A message of the ladder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TraceArrow {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who sent it.
    pub from: i32,
    /// Who got it.
    pub to: i32,
    /// Its first line.
    pub label: String,
    /// Its status, when it is a response.
    pub code: Option<i32>,
    /// How it travelled.
    pub transport: String,
    /// The message with credentials masked, and without its body unless the whole is asked for.
    pub message: String,
}

/// A decision in the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TraceNote {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What kind of decision: `route`, `auth`, `rule`, `dns`, `timer` or `media`.
    pub kind: String,
    /// What was decided.
    pub text: String,
}
