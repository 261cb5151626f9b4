//! What went through the server: written down every minute, shown by hour, day, week and month.

use std::time::Duration;

use model::trend::{GetTrends, TrendPoint, TrendSpan, Trends};
use types::Timestamp;

use crate::operation::{Call, Done};
use crate::voice::VoiceCommand;
use crate::{Result, Service, now};

const MINUTE: i64 = 60;
/// A minute is written down so many seconds after its end, when what happened in it is committed.
const LATE: i64 = 2;

impl Service {
    /// Writes every minute down, for as long as the server runs.
    pub async fn run_trends(self) {
        loop {
            let into = (now().seconds() - LATE).rem_euclid(MINUTE);
            tokio::time::sleep(Duration::from_secs(u64::try_from(MINUTE - into).unwrap_or(60))).await;
            if let Err(error) = self.note_minute().await {
                tracing::warn!(%error, "what went through the server in the last minute cannot be written down");
            }
            if let Err(error) = self.write_routing_hits().await {
                tracing::warn!(%error, "how often lines of the routing table were applied cannot be written down");
            }
        }
    }

    async fn note_minute(&self) -> Result<()> {
        // Without telephony there is nobody to ask.
        let (calls, registrations) = match self.ask_voice(VoiceCommand::Stats).await {
            Ok(stats) => (stats.calls, stats.registrations),
            Err(_) => (0, 0),
        };
        let end = now().seconds().div_euclid(MINUTE) * MINUTE;
        Ok(self.store().note_trend(Timestamp::from_seconds(end), calls, registrations).await?)
    }

    /// What went through the server.
    pub(crate) async fn get_trends(self, call: Call, input: GetTrends) -> Result<Done<Trends>> {
        call.caller.may_server("monitors")?;
        let (length, step) = match input.span.unwrap_or_default() {
            TrendSpan::Hour => (3600, 60),
            TrendSpan::Day => (86_400, 600),
            TrendSpan::Week => (7 * 86_400, 3600),
            TrendSpan::Month => (30 * 86_400, 4 * 3600),
        };
        let until = (now().seconds().div_euclid(step) + 1) * step;
        let since = Timestamp::from_seconds(until - length);
        let rows = self.store().trend(since, i32::try_from(step).unwrap_or(i32::MAX)).await?;
        let point = |row: store::trend::TrendRow| TrendPoint { at: row.at, received: row.received, sent: row.sent, failed: row.failed, waiting: row.waiting, calls: row.calls, registrations: row.registrations };
        Ok(Trends { since, until: Timestamp::from_seconds(until), step_seconds: step, data: rows.into_iter().map(point).collect() }.into())
    }
}
