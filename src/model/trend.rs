//! What went through the server, to be drawn.

use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;

/// How far back one looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrendSpan {
    /// An hour, by the minute.
    Hour,
    /// A day, by ten minutes.
    #[default]
    Day,
    /// A week, by the hour.
    Week,
    /// Thirty days, by four hours.
    Month,
}

/// Asks what went through the server.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetTrends {
    /// How far back; a day when absent.
    pub span: Option<TrendSpan>,
}

/// What went through the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Trends {
    /// When the first step begins.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When the last step ends.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Length of a step in seconds.
    pub step_seconds: i64,
    /// Each step of which something is known; while the server did not run there is none.
    pub data: Vec<TrendPoint>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrendPoint {
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Messages taken in.
    pub received: i64,
    /// Messages taken by other servers.
    pub sent: i64,
    /// Recipients that failed for good.
    pub failed: i64,
    /// Most recipients that waited.
    pub waiting: i64,
    /// Most calls at a time.
    pub calls: i64,
    /// Most telephones registered.
    pub registrations: i64,
}
