//! What operations on mail in transit are given.

use model::ListParams;
use serde::{Deserialize, Deserializer};
use types::Timestamp;
use utoipa::ToSchema;

use crate::{Error, Result};

/// Which queues are wanted.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQueues {
    /// Of this module: `smtp`, `local`, `list` or `pipe`.
    pub(crate) module: Option<String>,
    /// In this state: `active`, `waiting` or `held`.
    pub(crate) state: Option<String>,
    /// With this in their name.
    pub(crate) name: Option<String>,
    /// Queues per page, 1 to 500; 50 when absent.
    pub(crate) limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

impl ListQueues {
    pub(super) fn page(&self) -> ListParams {
        ListParams { limit: self.limit, cursor: self.cursor.clone(), count: None }
    }
}

/// Names a queue.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueRef {
    /// The module: `smtp`, `local`, `list` or `pipe`.
    pub(crate) module: String,
    /// Host, account, list or program.
    pub(crate) name: String,
}

impl QueueRef {
    pub(super) fn check(&self) -> Result<()> {
        match self.module.as_str() {
            "smtp" | "local" | "list" | "pipe" => Ok(()),
            _ => Err(Error::not_found("module")),
        }
    }
}

/// Makes everything in a queue fail.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectQueue {
    /// The module: `smtp`, `local`, `list` or `pipe`.
    pub(crate) module: String,
    /// Host, account, list or program.
    pub(crate) name: String,
    /// What the senders are told.
    pub(crate) text: Option<String>,
}

/// Makes fail what somebody sent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectByFilter {
    /// The return path.
    pub(crate) sender: Option<String>,
    /// Who signed in to send it.
    pub(crate) authenticated: Option<String>,
    /// Only for this recipient.
    pub(crate) recipient: Option<String>,
    /// What the senders are told.
    pub(crate) text: Option<String>,
}

/// Which messages are wanted.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListTransit {
    /// With this in their return path.
    pub(crate) sender: Option<String>,
    /// Sent by who signed in so.
    pub(crate) authenticated: Option<String>,
    /// With this in the address of a recipient.
    pub(crate) recipient: Option<String>,
    /// In a queue of this module.
    pub(crate) module: Option<String>,
    /// In this queue.
    pub(crate) queue: Option<String>,
    /// With a recipient in this state: `waiting` or `held`.
    pub(crate) state: Option<String>,
    /// Taken before.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) queued_before: Option<Timestamp>,
    /// Messages per page, 1 to 500; 50 when absent.
    pub(crate) limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

impl ListTransit {
    pub(super) fn page(&self) -> ListParams {
        ListParams { limit: self.limit, cursor: self.cursor.clone(), count: None }
    }
}

/// Names a message in transit.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TransitRef {
    /// The number given in the SMTP 250.
    #[serde(deserialize_with = "number")]
    pub(crate) number: i64,
}

/// Names a message in transit, or one recipient of it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageAction {
    /// The number given in the SMTP 250.
    #[serde(deserialize_with = "number")]
    pub(crate) number: i64,
    /// Only this recipient.
    pub(crate) recipient: Option<String>,
}

/// Makes a message fail.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectMessage {
    /// The number given in the SMTP 250.
    #[serde(deserialize_with = "number")]
    pub(crate) number: i64,
    /// Only this recipient.
    pub(crate) recipient: Option<String>,
    /// What the sender is told.
    pub(crate) text: Option<String>,
}

/// Gives a message to others instead.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedirectMessage {
    /// The number given in the SMTP 250.
    #[serde(deserialize_with = "number")]
    pub(crate) number: i64,
    /// Only what this recipient was to get.
    pub(crate) recipient: Option<String>,
    /// Who gets it now.
    pub(crate) to: Vec<String>,
}

/// A number, or the digits of one: a path has nothing else.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Digits(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(number) => Ok(number),
        Either::Digits(digits) => digits.parse().map_err(|_| serde::de::Error::custom("`number` is no number")),
    }
}
