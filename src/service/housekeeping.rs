//! Takes away what nobody needs any more.

use std::time::Duration;

use crate::{Result, Service};

/// Time from one round to the next.
const ROUND: Duration = Duration::from_secs(3600);
/// Time between two steps of a round: nobody waits for it.
const PAUSE: Duration = Duration::from_millis(50);
/// A body without a message is kept so long, in hours.
const BODY_HOURS: i32 = 72;
/// Events can be asked for again so long, in hours.
const EVENT_HOURS: i32 = 24;
/// Messages sent through the API are listed so long, in days.
const SUBMISSION_DAYS: i32 = 90;
/// What happened to a message is told so long, in days.
const RECORD_DAYS: i32 = 30;
/// Records of calls are kept so long, in days.
const CALL_DAYS: i32 = 400;

impl Service {
    /// Keeps house, for as long as the server runs.
    pub async fn run_housekeeping(self) {
        loop {
            if let Err(error) = self.keep_house().await {
                tracing::warn!(%error, "what is over cannot be taken away now");
            }
            tokio::time::sleep(ROUND).await;
        }
    }

    async fn keep_house(&self) -> Result<()> {
        let store = self.store();
        store.drop_expired().await?;
        store.drop_history(EVENT_HOURS, SUBMISSION_DAYS, RECORD_DAYS, CALL_DAYS).await?;
        store.drop_old_ims().await?;
        let mut after = Vec::new();
        while let Some(last) = store.drop_unused_bodies(&after, BODY_HOURS).await? {
            after = last;
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}
