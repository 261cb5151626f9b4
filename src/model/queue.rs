//! Mail that waits: messages in transit and the queues they stand in.

use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::mail_trace::TraceEvent;
use crate::message::HeaderField;

/// A logical queue: a remote host, or an account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Queue {
    /// Which module empties it.
    pub module: QueueModule,
    /// Host, account, list or program.
    pub name: String,
    /// Waiting recipients.
    pub recipients: i64,
    /// Waiting messages.
    pub messages: i64,
    /// When its oldest message came; null when nothing waits in a queue that is held.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub oldest: Option<Timestamp>,
    /// What it does now.
    pub state: QueueState,
    /// When it is tried next; null while it is held.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_try: Option<Timestamp>,
    /// What the last try ended with.
    pub last_error: String,
}

/// Who empties a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueueModule {
    /// To other servers.
    Smtp,
    /// Into accounts.
    Local,
    /// To lists and groups.
    List,
    /// To programs.
    Pipe,
}

/// What a queue does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueueState {
    /// It is being emptied, or due.
    Active,
    /// It waits for its next try.
    Waiting,
    /// An administrator holds it.
    Held,
}

/// How much waits in each module.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QueueSummary {
    /// One entry per module that has anything waiting.
    pub data: Vec<ModuleSummary>,
}

/// How much waits in one module.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModuleSummary {
    /// Module.
    pub module: QueueModule,
    /// Queues.
    pub queues: i64,
    /// Recipients.
    pub recipients: i64,
    /// When the oldest message came.
    #[schema(value_type = String, format = DateTime)]
    pub oldest: Timestamp,
}

/// A message in transit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransitMessage {
    /// The number given in the SMTP 250.
    pub number: i64,
    /// Shared by all records of this message.
    pub trace_id: Uuid,
    /// Return path; empty for reports.
    pub return_path: String,
    /// When it was taken.
    #[schema(value_type = String, format = DateTime)]
    pub queued_at: Timestamp,
    /// Octets.
    pub size: i64,
    /// How it came: `SMTP [IP]`, `API [IP]`, …
    pub source: String,
    /// Who signed in to send it.
    pub authenticated: Option<String>,
    /// Whether all who are still to get it are on hold.
    pub held: bool,
    /// Who is still to get it.
    pub recipients: Vec<TransitRecipient>,
    /// Header fields; only when one message is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Vec<HeaderField>>,
    /// What happened to it so far; only when one message is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<TraceEvent>>,
}

/// A recipient that has not got its message yet.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransitRecipient {
    /// Number within the message.
    pub n: i32,
    /// Address as given by the sender.
    pub address: String,
    /// Module.
    pub module: QueueModule,
    /// Queue.
    pub queue: String,
    /// Address the Router made of it.
    pub target: String,
    /// Whether it waits, is held or is being tried.
    pub state: RecipientState,
    /// Tries so far.
    pub attempts: i32,
    /// Next try; null while it is held or being tried.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_try: Option<Timestamp>,
    /// What the last try ended with.
    pub last_reply: String,
}

/// Whether a recipient waits, is held or is being tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecipientState {
    /// Waits for its next try.
    Waiting,
    /// Held by an administrator.
    Held,
    /// A try runs.
    Trying,
}

/// What an action on queues or messages did.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QueueAction {
    /// Recipients it touched.
    pub recipients: i64,
}

/// Takes a message with its envelope into the queue.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitRawMessage {
    /// Return path; empty for none.
    pub from: String,
    /// Recipients.
    pub to: Vec<String>,
    /// The message, RFC 5322 text.
    pub raw: String,
}

/// A message that was taken.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Accepted {
    /// Number of the message.
    pub number: i64,
    /// Shared by all records of this message.
    pub trace_id: Uuid,
}
