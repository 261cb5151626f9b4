//! SIP of this node as it works now: addresses that are banned, transactions, counters.

use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

/// An address that is not listened to for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SipBan {
    /// The address; of IPv6 the network of 64 bits.
    pub address: String,
    /// Why: `wrong_passwords` (its passwords are refused), `scanner` or `unknown_users` (nothing of it is answered).
    pub reason: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// Names a ban.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BanRef {
    /// The address.
    pub address: String,
}

/// Chooses transactions.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListTransactions {
    /// Only those of this method.
    pub method: Option<String>,
    /// Only `server`: requests received, or `client`: requests sent.
    pub side: Option<String>,
    /// Only those in this state.
    pub state: Option<String>,
    /// Only those whose other side has this IP address.
    pub address: Option<String>,
    /// Most to be shown, the newest first: 1 to 500.
    pub limit: Option<i64>,
}

/// A transaction that lasts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SipTransaction {
    /// Id while it lasts.
    pub id: Uuid,
    /// `server`: the request was received; `client`: it was sent.
    pub side: String,
    /// Its method.
    pub method: String,
    /// Its Call-ID.
    pub sip_call_id: String,
    /// Branch of its topmost Via.
    pub branch: String,
    /// The other side.
    pub remote: String,
    /// How it travels.
    pub transport: String,
    /// `waiting` for its final answer, or `answered`: it lasts a while longer for repeated messages.
    pub state: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub began_at: Timestamp,
    /// When its next timer is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
}

/// Names a transaction.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransactionRef {
    /// Id of the transaction.
    pub id: Uuid,
}

/// Counters of SIP on this node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SipStats {
    /// Since when is counted.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// Requests by method and transport.
    pub requests: Vec<SipCount>,
    /// Responses by class and transport.
    pub responses: Vec<SipCount>,
    /// Transactions of received requests now.
    pub server_transactions: i64,
    /// Transactions of sent requests now.
    pub client_transactions: i64,
    /// Telephones registered now.
    pub registrations: i64,
    /// Calls now.
    pub calls: i64,
    /// Addresses banned now.
    pub bans: i64,
    /// Answers to an INVITE that no transaction waited for.
    pub stray: i64,
    /// Messages that were dropped: malformed ones that cannot be answered, and responses to nothing.
    pub dropped: i64,
    /// Requests above the rate of their address that were answered with 503.
    pub limited: i64,
    /// Registrations that were one too many for an account or its domain (`register_flow`).
    pub register_limited: i64,
    /// Calls that were one too many to reach an account or its domain (`call_in_flow`).
    pub calls_in_limited: i64,
    /// Calls that were one too many to be made by an account or its domain (`call_out_flow`).
    pub calls_out_limited: i64,
    /// Requests that were not answered at all, their address being banned or far above its rate.
    pub silenced: i64,
}

/// How many messages of a kind came and left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SipCount {
    /// Method, or class such as `2xx`.
    pub name: String,
    /// How they travelled.
    pub transport: String,
    /// How many came.
    pub received: i64,
    /// How many left.
    pub sent: i64,
}

/// A server elsewhere that failed and is asked after the others of its name for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TargetHealth {
    /// Its address and port.
    pub address: String,
    /// How it was reached.
    pub transport: String,
    /// Why: 408 it does not answer, 503 it cannot be reached or says that it is overloaded.
    pub code: i32,
    /// How often in this time.
    pub failures: i64,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub failed_at: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub retry_at: Timestamp,
}
